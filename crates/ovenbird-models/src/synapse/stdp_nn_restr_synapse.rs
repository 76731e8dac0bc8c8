//! # stdp_nn_restr_synapse
//!
//! The rule of [`stdp_synapse`](stdp_synapse.md) with the restricted symmetric nearest-neighbour
//! scheme: only spikes that follow each other immediately are paired, each with at most one before
//! and one after it.
//!
//! References:
//! Morrison A, Diesmann M, Gerstner W (2008) Biological Cybernetics 98:459-478.

use super::multiplicative::{Multiplicative, Params, same_sign};
use ovenbird_core::error::Result;
use ovenbird_core::model::{Nothing, Synapse, SynapseInfo};
use ovenbird_core::synapse::Delivery;

/// The synapse model `stdp_nn_restr_synapse`.
pub struct StdpNnRestrSynapse;

impl Synapse for StdpNnRestrSynapse {
    type Params = Params;
    type Common = Nothing;
    type State = Nothing;
    type Entry = Nothing;
    type Constants = Multiplicative;

    const INFO: SynapseInfo = SynapseInfo {
        reads_history: true,
        ..SynapseInfo::stateful::<Self>(
            "stdp_nn_restr_synapse",
            "STDP of nearest neighbours, restricted",
            include_str!("stdp_nn_restr_synapse.rs"),
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
        spike.each(|w, _, past, _| {
            if let Some(post) = past.posts().first() {
                *w = rule.up(*w, rule.decay(past.interval(post)));
                *w = rule.down(*w, past.traces().1);
            }
            Some(*w)
        });
    }
}
