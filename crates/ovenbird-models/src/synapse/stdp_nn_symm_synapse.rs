//! # stdp_nn_symm_synapse
//!
//! The rule of [`stdp_synapse`](stdp_synapse.md) with the symmetric nearest-neighbour scheme: each
//! spike of the target is paired with the last one of the source, and each spike of the source with
//! the last one of the target.
//!
//! References:
//! Morrison A, Diesmann M, Gerstner W (2008) Biological Cybernetics 98:459-478.

use super::multiplicative::{Multiplicative, Params, same_sign};
use ovenbird_core::error::Result;
use ovenbird_core::model::{Nothing, Synapse, SynapseInfo};
use ovenbird_core::synapse::Delivery;

/// The synapse model `stdp_nn_symm_synapse`.
pub struct StdpNnSymmSynapse;

impl Synapse for StdpNnSymmSynapse {
    type Params = Params;
    type Common = Nothing;
    type State = Nothing;
    type Entry = Nothing;
    type Constants = Multiplicative;

    const INFO: SynapseInfo = SynapseInfo {
        reads_history: true,
        ..SynapseInfo::stateful::<Self>(
            "stdp_nn_symm_synapse",
            "STDP of nearest neighbours, symmetric",
            include_str!("stdp_nn_symm_synapse.rs"),
        )
    };

    fn check(p: &Params, _: &Nothing, weight: f64) -> Result<()> {
        same_sign(weight, p.Wmax)
    }

    fn sends_negative(p: &Params, _: &Nothing, _: f64) -> bool {
        p.Wmax < 0.0
    }

    fn constants(p: &Params, _: &Nothing) -> Multiplicative {
        p.rule()
    }

    fn deliver(rule: &Multiplicative, _: &mut Nothing, spike: &mut Delivery<'_, '_>) {
        rule.deliver::<true>(1.0, spike);
    }
}
