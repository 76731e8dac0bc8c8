//! # stdp_synapse
//!
//! Spike-timing dependent plasticity of all pairs of spikes, with exponents for the dependence on
//! the weight:
//!
//! ```text
//! at a spike of the target:  w <- min(Wmax, w + Wmax lambda (1 - w/Wmax)^mu_plus K_plus)
//! at a spike of the source:  w <- max(0, w - Wmax alpha lambda (w/Wmax)^mu_minus K_minus)
//! ```
//!
//! `K_plus` is a trace of the source's spikes with time constant `tau_plus`, `K_minus` one of the
//! target's with its `tau_minus`. The delay counts as dendritic: the target's spikes reach the
//! synapse after `delay`.
//!
//! References:
//! Guetig R et al. (2003) Journal of Neuroscience 23:3697-3714.
//! Rubin J, Lee DD, Sompolinsky H (2001) Physical Review Letters 86:364-367.
//! Song S, Miller KD, Abbott LF (2000) Nature Neuroscience 3:919-926.
//! van Rossum MCW, Bi GQ, Turrigiano GG (2000) Journal of Neuroscience 20:8812-8821.

use super::multiplicative::{Multiplicative, Params, same_sign};
use ovenbird_core::error::Result;
use ovenbird_core::math::exp;
use ovenbird_core::model::{Nothing, Synapse, SynapseInfo};
use ovenbird_core::synapse::Delivery;

mod state {
    ovenbird_core::numbers! {
        /// Trace of the source's spikes.
        Kplus: f64 = 0.0, "", NON_NEGATIVE;
    }
}
use state::Params as State;

/// The synapse model `stdp_synapse`.
pub struct StdpSynapse;

impl Synapse for StdpSynapse {
    type Params = Params;
    type Common = Nothing;
    type State = State;
    type Entry = Nothing;
    type Constants = Multiplicative;

    const INFO: SynapseInfo = SynapseInfo {
        reads_history: true,
        ..SynapseInfo::stateful::<Self>(
            "stdp_synapse",
            "STDP of all pairs of spikes",
            include_str!("stdp_synapse.rs"),
        )
    };

    fn check(p: &Params, _: &State, weight: f64) -> Result<()> {
        same_sign(weight, p.Wmax)
    }

    fn sends_negative(p: &Params, _: &Nothing, _: f64) -> bool {
        p.Wmax < 0.0
    }

    fn constants(p: &Params, _: &Nothing) -> Multiplicative {
        p.rule()
    }

    fn deliver(rule: &Multiplicative, s: &mut State, spike: &mut Delivery<'_, '_>) {
        rule.deliver::<false>(s.Kplus, spike);
        s.Kplus = s.Kplus * exp(-spike.interval() * rule.rate) + 1.0;
    }
}
