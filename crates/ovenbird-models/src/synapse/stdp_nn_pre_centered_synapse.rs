//! # stdp_nn_pre_centered_synapse
//!
//! The rule of [`stdp_synapse`](stdp_synapse.md) with the presynaptic-centred nearest-neighbour
//! scheme: each spike of the source is paired with the last spike of the target before it and the
//! first after it. A spike of the target therefore ends the trace of the source's spikes.
//!
//! References:
//! Morrison A, Diesmann M, Gerstner W (2008) Biological Cybernetics 98:459-478.

use super::multiplicative::{Multiplicative, Params, same_sign};
use ovenbird_core::error::Result;
use ovenbird_core::model::{Nothing, Synapse, SynapseInfo};
use ovenbird_core::synapse::Delivery;

mod entry {
    ovenbird_core::numbers! {
        /// Trace of the source's spikes since the target's last one.
        Kplus: f64 = 0.0, "", NON_NEGATIVE;
    }
}
use entry::Params as Entry;

/// The synapse model `stdp_nn_pre_centered_synapse`.
pub struct StdpNnPreCenteredSynapse;

impl Synapse for StdpNnPreCenteredSynapse {
    type Params = Params;
    type Common = Nothing;
    type State = Nothing;
    type Entry = Entry;
    type Constants = Multiplicative;

    const INFO: SynapseInfo = SynapseInfo {
        reads_history: true,
        ..SynapseInfo::stateful::<Self>(
            "stdp_nn_pre_centered_synapse",
            "STDP of nearest neighbours, centred on the source",
            include_str!("stdp_nn_pre_centered_synapse.rs"),
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
        let decay = rule.decay(spike.interval());
        spike.each(|w, own, past, _| {
            let k_plus = &mut own[0];
            if let Some(post) = past.posts().first() {
                *w = rule.up(*w, *k_plus * rule.decay(past.interval(post)));
                *k_plus = 0.0;
            }
            *w = rule.down(*w, past.traces().1);
            *k_plus = *k_plus * decay + 1.0;
            Some(*w)
        });
    }
}
