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

use ovenbird_core::math::{DecayingPower, LookUp, Real, exp, power};
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
struct Rule<P> {
    power: P,
    gain: f64,
    loss: f64,
}

/// w^mu times the decay of the source's trace over an interval.
trait Power {
    fn at<R: Real>(&self, look_up: impl LookUp, w: R, interval: R) -> R;
}

impl Power for DecayingPower {
    #[inline(always)]
    fn at<R: Real>(&self, look_up: impl LookUp, w: R, interval: R) -> R {
        self.at(look_up, w, interval)
    }
}

/// For integral mu.
struct Whole {
    mu: f64,
    rate: f64,
}

impl Power for Whole {
    #[inline(always)]
    fn at<R: Real>(&self, _: impl LookUp, w: R, interval: R) -> R {
        power(w, self.mu) * exp(-interval * R::splat(self.rate))
    }
}

impl<P: Power> PairRule for Rule<P> {
    // whole powers look nothing up, but are twice as fast in lanes: how to raise to mu is chosen in
    // the loop, of which the compiler makes no vectors otherwise
    const LOOKS_UP: bool = true;

    #[inline(always)]
    fn facilitate<R: Real>(&self, look_up: impl LookUp, w: R, interval: R) -> R {
        w + R::splat(self.gain) * self.power.at(look_up, w, interval)
    }

    #[inline(always)]
    fn depress<R: Real>(&self, w: R, trace: R) -> R {
        let new = w - R::splat(self.loss) * w * trace;
        R::select(new.gt(R::splat(0.0)), new, R::splat(0.0))
    }
}

fn pair(c: &Common, k_plus: f64, power: impl Power, spike: &mut Delivery<'_, '_>) {
    spike.pair(&Rule {
        power,
        gain: c.lambda * k_plus,
        loss: c.lambda * c.alpha,
    });
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
        if c.mu == c.mu.trunc() {
            pair(c, s.Kplus, Whole { mu: c.mu, rate }, spike);
        } else {
            pair(c, s.Kplus, DecayingPower::new(c.mu, rate), spike);
        }
        s.Kplus = s.Kplus * exp(-spike.interval() * rate) + 1.0;
    }
}
