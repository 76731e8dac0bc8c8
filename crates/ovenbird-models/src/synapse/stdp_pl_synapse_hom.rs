//! # stdp_pl_synapse_hom
//!
//! Spike-timing dependent plasticity with a power law, and parameters that all synapses of the
//! model share:
//!
//! ```text
//! at a spike of the target:  w <- w + lambda w^mu K_plus
//! at a spike of the source:  w <- max(0, w - lambda alpha w K_minus)
//! ```
//!
//! `K_plus` is a trace of the source's spikes with time constant `tau_plus`, `K_minus` one of the
//! target's with its `tau_minus`. The delay counts as dendritic: the target's spikes reach the
//! synapse after `delay`.
//!
//! References:
//! Morrison A, Aertsen A, Diesmann M (2007) Neural Computation 19:1437-1467.

use ovenbird_core::math::{Real, exp, power_exp};
use ovenbird_core::model::{Nothing, Synapse, SynapseInfo};
use ovenbird_core::synapse::{Delivery, PairRule};

ovenbird_core::numbers! {
    /// Trace of the source's spikes.
    Kplus: f64 = 0.0, "";
}

mod common {
    ovenbird_core::params! {
        /// Time constant of the facilitation trace.
        tau_plus: f64 = 20.0, "ms", POSITIVE;
        /// Learning rate.
        lambda: f64 = 0.1, "";
        /// Depression relative to facilitation.
        alpha: f64 = 1.0, "";
        /// Exponent of the weight in facilitation.
        mu: f64 = 0.4, "";
    }
}
use common::Params as Common;

/// The synapse model `stdp_pl_synapse_hom`.
pub struct StdpPlSynapseHom;

/// The rule with the trace as the source's last spike left it.
struct Rule {
    rate: f64,
    gain: f64,
    mu: f64,
    loss: f64,
}

impl PairRule for Rule {
    #[inline(always)]
    fn facilitate<R: Real>(&self, w: R, interval: R) -> R {
        w + R::splat(self.gain) * power_exp(w, self.mu, -interval * R::splat(self.rate))
    }

    #[inline(always)]
    fn depress<R: Real>(&self, w: R, trace: R) -> R {
        let new = w - R::splat(self.loss) * w * trace;
        R::select(new.gt(R::splat(0.0)), new, R::splat(0.0))
    }
}

impl Synapse for StdpPlSynapseHom {
    type Params = Nothing;
    type Common = Common;
    type State = Params;
    type Entry = Nothing;
    type Constants = Common;

    const INFO: SynapseInfo = SynapseInfo {
        reads_history: true,
        ..SynapseInfo::stateful::<Self>(
            "stdp_pl_synapse_hom",
            "Power-law STDP with common parameters",
            include_str!("stdp_pl_synapse_hom.rs"),
        )
    };

    /// Depression leaves no negative weight.
    fn sends_negative(_: &Nothing, _: &Common, _: f64) -> bool {
        false
    }

    fn constants(_: &Nothing, c: &Common) -> Common {
        c.clone()
    }

    fn deliver(c: &Common, s: &mut Params, spike: &mut Delivery<'_, '_>) {
        let rate = 1.0 / c.tau_plus;
        spike.pair(&Rule {
            rate,
            gain: c.lambda * s.Kplus,
            mu: c.mu,
            loss: c.lambda * c.alpha,
        });
        s.Kplus = s.Kplus * exp(-spike.interval() * rate) + 1.0;
    }
}
