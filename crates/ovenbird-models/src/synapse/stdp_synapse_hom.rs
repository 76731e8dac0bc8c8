//! # stdp_synapse_hom
//!
//! [`stdp_synapse`](stdp_synapse.md) with parameters that all synapses of the model share.

use super::multiplicative::{Multiplicative, Pairs};
use ovenbird_core::math::exp;
use ovenbird_core::model::{Nothing, Synapse, SynapseInfo};
use ovenbird_core::synapse::Delivery;

ovenbird_core::numbers! {
    /// Trace of the source's spikes.
    Kplus: f64 = 0.0, "";
}

mod common {
    ovenbird_core::params! {
        /// Time constant of the facilitation trace.
        tau_plus: f64 = 20.0, "ms", MAYBE_INFINITE;
        /// Learning rate.
        lambda: f64 = 0.01, "";
        /// Depression relative to facilitation.
        alpha: f64 = 1.0, "";
        /// Exponent of the weight in facilitation.
        mu_plus: f64 = 1.0, "";
        /// Exponent of the weight in depression.
        mu_minus: f64 = 1.0, "";
        /// Bound of the weight.
        Wmax: f64 = 100.0, "";
    }
}
use common::Params as Common;

/// The synapse model `stdp_synapse_hom`.
pub struct StdpSynapseHom;

impl Synapse for StdpSynapseHom {
    type Params = Nothing;
    type Common = Common;
    type State = Params;
    type Entry = Nothing;
    type Constants = Multiplicative;

    const INFO: SynapseInfo = SynapseInfo {
        reads_history: true,
        ..SynapseInfo::stateful::<Self>(
            "stdp_synapse_hom",
            "STDP of all pairs of spikes with common parameters",
            include_str!("stdp_synapse_hom.rs"),
        )
    };

    fn sends_negative(_: &Nothing, c: &Common, _: f64) -> bool {
        c.Wmax < 0.0
    }

    fn constants(_: &Nothing, c: &Common) -> Multiplicative {
        Multiplicative {
            rate: 1.0 / c.tau_plus,
            lambda: c.lambda,
            alpha_lambda: c.alpha * c.lambda,
            mu_plus: c.mu_plus,
            mu_minus: c.mu_minus,
            w_max: c.Wmax,
        }
    }

    fn deliver(rule: &Multiplicative, s: &mut Params, spike: &mut Delivery<'_, '_>) {
        let k_plus = s.Kplus;
        spike.pair(&Pairs::<false> { rule, k_plus });
        s.Kplus = s.Kplus * exp(-spike.interval() * rule.rate) + 1.0;
    }
}
