//! # tsodyks_synapse
//!
//! Short-term plasticity by depletion and recovery of synaptic resources, and by facilitation of
//! their release (equations 3 and 4 of the reference, integrated exactly between spikes): of the
//! resources, `x` are recovered, `y` active, and the rest inactive. A spike raises the probability
//! of release `u` by `U (1 - u)` and makes `u x` active; its effect is `weight` times that. `u`
//! decays with `tau_fac`, `y` with `tau_psc`, and inactive resources recover with `tau_rec`.
//!
//! References:
//! Tsodyks M, Uziel A, Markram H (2000) Journal of Neuroscience 20:RC50.

use super::tsodyks::{Params, State, check, release};
use ovenbird_core::error::Result;
use ovenbird_core::model::{Nothing, Synapse, SynapseInfo};
use ovenbird_core::synapse::Delivery;

/// The synapse model `tsodyks_synapse`.
pub struct TsodyksSynapse;

impl Synapse for TsodyksSynapse {
    type Params = Params;
    type Common = Nothing;
    type State = State;
    type Entry = Nothing;
    type Constants = Params;

    const INFO: SynapseInfo = SynapseInfo::stateful::<Self>(
        "tsodyks_synapse",
        "Short-term depression and facilitation",
        include_str!("tsodyks_synapse.rs"),
    );

    fn check(_: &Params, s: &State, _: f64) -> Result<()> {
        check(s)
    }

    fn constants(p: &Params, _: &Nothing) -> Params {
        p.clone()
    }

    fn deliver(p: &Params, s: &mut State, spike: &mut Delivery<'_, '_>) {
        let released = release(p, s, spike.interval());
        spike.scale(released);
    }
}
