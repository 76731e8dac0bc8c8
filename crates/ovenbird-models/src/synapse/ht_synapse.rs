//! # ht_synapse
//!
//! Short-term depression: a spike has the effect `weight P` and takes the fraction `delta_P` of the
//! pool `P`, which recovers to 1 with `tau_P`.
//!
//! References:
//! Hill S, Tononi G (2005) Journal of Neurophysiology 93:1671-1698.

use ovenbird_core::math::exp;
use ovenbird_core::model::{Nothing, Synapse, SynapseInfo};
use ovenbird_core::synapse::Delivery;

ovenbird_core::numbers! {
    /// Time constant of recovery.
    tau_P: f64 = 500.0, "ms", POSITIVE;
    /// Fraction of the pool that a spike takes.
    delta_P: f64 = 0.125, "", UNIT_INTERVAL;
}

mod state {
    ovenbird_core::numbers! {
        /// Size of the pool.
        P: f64 = 1.0, "", UNIT_INTERVAL;
    }
}
use state::Params as State;

/// The synapse model `ht_synapse`.
pub struct HtSynapse;

impl Synapse for HtSynapse {
    type Params = Params;
    type Common = Nothing;
    type State = State;
    type Entry = Nothing;
    type Constants = Params;

    const INFO: SynapseInfo = SynapseInfo::stateful::<Self>(
        "ht_synapse",
        "Short-term depression of a pool",
        include_str!("ht_synapse.rs"),
    );

    fn constants(p: &Params, _: &Nothing) -> Params {
        p.clone()
    }

    fn deliver(p: &Params, s: &mut State, spike: &mut Delivery<'_, '_>) {
        s.P = 1.0 - (1.0 - s.P) * exp(-spike.interval() / p.tau_P);
        spike.scale(s.P);
        s.P *= 1.0 - p.delta_P;
    }
}
