//! # tsodyks2_synapse
//!
//! Short-term plasticity in the formulation of Maass and Markram: a spike has the effect
//! `weight x u`. Over the time `h` to the next spike
//!
//! ```text
//! x <- 1 + (x - x u - 1) exp(-h / tau_rec)
//! u <- U + u (1 - U) exp(-h / tau_fac)
//! ```
//!
//! References:
//! Maass W, Markram H (2002) Neural Networks 15:155-161.
//! Tsodyks MV, Markram H (1997) Proceedings of the National Academy of Sciences 94:719-723.

use ovenbird_core::math::exp;
use ovenbird_core::model::{Nothing, Synapse, SynapseInfo};
use ovenbird_core::synapse::Delivery;

ovenbird_core::numbers! {
    /// Increment of the probability of release at each spike.
    U: f64 = 0.5, "", UNIT_INTERVAL;
    /// Time constant of recovery.
    tau_rec: f64 = 800.0, "ms", POSITIVE;
    /// Time constant of facilitation, 0 for none.
    tau_fac: f64 = 0.0, "ms", NON_NEGATIVE;
}

mod state {
    ovenbird_core::numbers! {
        /// Probability of release.
        u: f64 = 0.5, "", UNIT_INTERVAL;
        /// Fraction of the weight that is available.
        x: f64 = 1.0, "";
    }
}
use state::Params as State;

/// The synapse model `tsodyks2_synapse`.
pub struct Tsodyks2Synapse;

impl Synapse for Tsodyks2Synapse {
    type Params = Params;
    type Common = Nothing;
    type State = State;
    type Entry = Nothing;
    type Constants = Params;

    const INFO: SynapseInfo = SynapseInfo::stateful::<Self>(
        "tsodyks2_synapse",
        "Short-term depression and facilitation, event by event",
        include_str!("tsodyks2_synapse.rs"),
    );

    const NEVER: f64 = -1.0;

    fn constants(p: &Params, _: &Nothing) -> Params {
        p.clone()
    }

    fn deliver(p: &Params, s: &mut State, spike: &mut Delivery<'_, '_>) {
        if spike.last >= 0.0 {
            let h = spike.interval();
            let facilitation = if p.tau_fac == 0.0 {
                0.0
            } else {
                exp(-h / p.tau_fac)
            };
            s.x = 1.0 + (s.x - s.x * s.u - 1.0) * exp(-h / p.tau_rec);
            s.u = p.U + s.u * (1.0 - p.U) * facilitation;
        }
        spike.scale(s.x * s.u);
    }
}
