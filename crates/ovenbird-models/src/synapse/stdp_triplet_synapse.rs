//! # stdp_triplet_synapse
//!
//! Spike-timing dependent plasticity in which also the spike before the last counts:
//!
//! ```text
//! at a spike of the target:  |w| <- |w| + K_plus (Aplus + Aplus_triplet K_minus_triplet)
//! at a spike of the source:  |w| <- |w| - K_minus (Aminus + Aminus_triplet K_plus_triplet)
//! ```
//!
//! within 0 and `Wmax`, whose sign is that of the weight. The target's traces decay with its
//! `tau_minus` and `tau_minus_triplet`; the slow traces are read as they were just before a spike.
//!
//! References:
//! Pfister JP, Gerstner W (2006) Journal of Neuroscience 26:9673-9682.

use super::multiplicative::same_sign;
use ovenbird_core::error::Result;
use ovenbird_core::math::exp;
use ovenbird_core::model::{Nothing, Synapse, SynapseInfo};
use ovenbird_core::synapse::Delivery;

ovenbird_core::numbers! {
    /// Time constant of the fast trace of the source's spikes.
    tau_plus: f64 = 16.8, "ms", MAYBE_INFINITE;
    /// Time constant of the slow trace of the source's spikes.
    tau_plus_triplet: f64 = 101.0, "ms", MAYBE_INFINITE;
    /// Step of facilitation by pairs.
    Aplus: f64 = 5e-10, "";
    /// Step of depression by pairs.
    Aminus: f64 = 7e-3, "";
    /// Step of facilitation by triplets.
    Aplus_triplet: f64 = 6.2e-3, "";
    /// Step of depression by triplets.
    Aminus_triplet: f64 = 2.3e-4, "";
    /// Bound of the weight.
    Wmax: f64 = 100.0, "";
}

mod state {
    ovenbird_core::numbers! {
        /// Fast trace of the source's spikes.
        Kplus: f64 = 0.0, "", NON_NEGATIVE;
        /// Slow trace of the source's spikes.
        Kplus_triplet: f64 = 0.0, "", NON_NEGATIVE;
    }
}
use state::Params as State;

/// The synapse model `stdp_triplet_synapse`.
pub struct StdpTripletSynapse;

impl Synapse for StdpTripletSynapse {
    type Params = Params;
    type Common = Nothing;
    type State = State;
    type Entry = Nothing;
    type Constants = Params;

    const INFO: SynapseInfo = SynapseInfo {
        reads_history: true,
        ..SynapseInfo::stateful::<Self>(
            "stdp_triplet_synapse",
            "STDP of triplets of spikes",
            include_str!("stdp_triplet_synapse.rs"),
        )
    };

    fn check(p: &Params, _: &State, weight: f64) -> Result<()> {
        same_sign(weight, p.Wmax)
    }

    fn sends_negative(p: &Params, _: &Nothing, _: f64) -> bool {
        p.Wmax < 0.0
    }

    fn constants(p: &Params, _: &Nothing) -> Params {
        p.clone()
    }

    fn deliver(p: &Params, s: &mut State, spike: &mut Delivery<'_, '_>) {
        let k_plus = s.Kplus;
        s.Kplus_triplet *= exp(-spike.interval() / p.tau_plus_triplet);
        let triplet = s.Kplus_triplet;
        spike.each(|w, _, past, _| {
            for post in past.posts() {
                let trace = k_plus * exp(-past.interval(post) / p.tau_plus);
                let slow = post.triplet - 1.0;
                let new = w.abs() + trace * (p.Aplus + p.Aplus_triplet * slow);
                *w = new.min(p.Wmax.abs()).copysign(p.Wmax);
            }
            let step = past.trace() * (p.Aminus + p.Aminus_triplet * triplet);
            *w = (w.abs() - step).max(0.0).copysign(p.Wmax);
            Some(*w)
        });
        s.Kplus_triplet += 1.0;
        s.Kplus = s.Kplus * exp(-spike.interval() / p.tau_plus) + 1.0;
    }
}
