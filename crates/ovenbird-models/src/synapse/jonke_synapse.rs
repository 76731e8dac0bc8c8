//! # jonke_synapse
//!
//! Spike-timing dependent plasticity whose steps depend exponentially on the weight, with a
//! constant loss; parameters are common to all synapses of the model:
//!
//! ```text
//! at a spike of the target:  w <- min(Wmax, w + lambda (exp(mu_plus w) K_plus - beta))
//! at a spike of the source:  w <- max(0, w + lambda (-alpha exp(mu_minus w) K_minus - beta))
//! ```
//!
//! References:
//! Jonke Z et al. (2017) Journal of Neuroscience 37:8511-8523.

use ovenbird_core::math::{LookUp, Real, exp};
use ovenbird_core::model::{Nothing, Synapse, SynapseInfo};
use ovenbird_core::synapse::{Delivery, PairRule};

mod state {
    ovenbird_core::numbers! {
        /// Trace of the source's spikes.
        Kplus: f64 = 0.0, "", NON_NEGATIVE;
    }
}
use state::Params as State;

mod common {
    ovenbird_core::params! {
        /// Depression relative to facilitation.
        alpha: f64 = 1.0, "";
        /// Constant loss at each spike.
        beta: f64 = 0.0, "";
        /// Learning rate.
        lambda: f64 = 0.01, "";
        /// Exponent of the weight in facilitation.
        mu_plus: f64 = 0.0, "";
        /// Exponent of the weight in depression.
        mu_minus: f64 = 0.0, "";
        /// Time constant of the facilitation trace.
        tau_plus: f64 = 20.0, "ms", MAYBE_INFINITE;
        /// Upper bound of the weight.
        Wmax: f64 = 100.0, "";
    }
}
use common::Params as Common;

/// The synapse model `jonke_synapse`.
pub struct JonkeSynapse;

/// The rule with the trace as the source's last spike left it.
struct Rule<'a> {
    c: &'a Common,
    k_plus: f64,
}

impl PairRule for Rule<'_> {
    #[inline(always)]
    fn facilitate<R: Real>(&self, _: impl LookUp, w: R, interval: R) -> R {
        let c = self.c;
        let trace = R::splat(self.k_plus) * exp(-interval / R::splat(c.tau_plus));
        let step = exp(R::splat(c.mu_plus) * w) * trace - R::splat(c.beta);
        let new = w + R::splat(c.lambda) * step;
        let bound = R::splat(c.Wmax);
        R::select(new.lt(bound), new, bound)
    }

    #[inline(always)]
    fn depress<R: Real>(&self, w: R, trace: R) -> R {
        let c = self.c;
        let step = R::splat(c.alpha) * exp(R::splat(c.mu_minus) * w) * trace + R::splat(c.beta);
        let new = w - R::splat(c.lambda) * step;
        R::select(new.gt(R::splat(0.0)), new, R::splat(0.0))
    }
}

impl Synapse for JonkeSynapse {
    type Params = Nothing;
    type Common = Common;
    type State = State;
    type Entry = Nothing;
    type Constants = Common;

    const INFO: SynapseInfo = SynapseInfo {
        reads_history: true,
        ..SynapseInfo::stateful::<Self>(
            "jonke_synapse",
            "STDP with exponential dependence on the weight",
            include_str!("jonke_synapse.rs"),
        )
    };

    /// Depression leaves no negative weight, unless there is no learning.
    fn sends_negative(_: &Nothing, c: &Common, weight: f64) -> bool {
        c.lambda == 0.0 && weight < 0.0
    }

    fn constants(_: &Nothing, c: &Common) -> Common {
        c.clone()
    }

    fn deliver(c: &Common, s: &mut State, spike: &mut Delivery<'_, '_>) {
        if c.lambda == 0.0 {
            spike.scale(1.0);
        } else {
            spike.pair(&Rule { c, k_plus: s.Kplus });
        }
        s.Kplus = s.Kplus * exp(-spike.interval() / c.tau_plus) + 1.0;
    }
}
