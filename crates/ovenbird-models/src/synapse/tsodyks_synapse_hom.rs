//! # tsodyks_synapse_hom
//!
//! [`tsodyks_synapse`](tsodyks_synapse.md) with weight and parameters that all synapses of the
//! model share.
//!
//! References:
//! Tsodyks M, Uziel A, Markram H (2000) Journal of Neuroscience 20:RC50.

use super::tsodyks::{self, State, check, release};
use ovenbird_core::error::Result;
use ovenbird_core::model::{Nothing, Synapse, SynapseInfo};
use ovenbird_core::synapse::Delivery;

ovenbird_core::params! {
    /// Weight of all synapses, in the unit of the target's input.
    weight: f64 = 1.0, "";
    /// Increment of the probability of release at each spike.
    U: f64 = 0.5, "", UNIT_INTERVAL;
    /// Time constant of the synaptic current; that of the target should equal it.
    tau_psc: f64 = 3.0, "ms", POSITIVE;
    /// Time constant of recovery.
    tau_rec: f64 = 800.0, "ms", POSITIVE;
    /// Time constant of facilitation, 0 for none.
    tau_fac: f64 = 0.0, "ms", NON_NEGATIVE;
}

/// The synapse model `tsodyks_synapse_hom`.
pub struct TsodyksSynapseHom;

impl Synapse for TsodyksSynapseHom {
    type Params = Nothing;
    type Common = Params;
    type State = State;
    type Entry = Nothing;
    type Constants = (tsodyks::Params, f64);

    const INFO: SynapseInfo = SynapseInfo {
        common_weight: true,
        ..SynapseInfo::stateful::<Self>(
            "tsodyks_synapse_hom",
            "Short-term depression and facilitation with common parameters",
            include_str!("tsodyks_synapse_hom.rs"),
        )
    };

    fn check(_: &Nothing, s: &State, _: f64) -> Result<()> {
        check(s)
    }

    fn weight(c: &Params) -> f64 {
        c.weight
    }

    fn constants(_: &Nothing, c: &Params) -> (tsodyks::Params, f64) {
        let p = tsodyks::Params {
            U: c.U,
            tau_psc: c.tau_psc,
            tau_rec: c.tau_rec,
            tau_fac: c.tau_fac,
        };
        (p, c.weight)
    }

    fn deliver((p, weight): &(tsodyks::Params, f64), s: &mut State, spike: &mut Delivery<'_, '_>) {
        let released = release(p, s, spike.interval());
        spike.send_all(released * weight);
    }
}
