//! What the models of spike-timing dependent plasticity with a bounded, weight dependent step share.

use ovenbird_core::error::{Error, Result};
use ovenbird_core::math::{Real, exp, power};
use ovenbird_core::synapse::PairRule;

ovenbird_core::numbers! {
    /// Time constant of the facilitation trace.
    tau_plus: f64 = 20.0, "ms", MAYBE_INFINITE;
    /// Learning rate.
    lambda: f64 = 0.01, "";
    /// Depression relative to facilitation.
    alpha: f64 = 1.0, "";
    /// Exponent of the weight in facilitation.
    mu_plus: f64 = 1.0, "";
    /// Exponent of the weight in depression.
    mu_minus: f64 = 1.0, "";
    /// Bound of the weight.
    Wmax: f64 = 100.0, "";
}

impl Params {
    pub(super) fn rule(&self) -> Multiplicative {
        Multiplicative {
            rate: 1.0 / self.tau_plus,
            lambda: self.lambda,
            alpha_lambda: self.alpha * self.lambda,
            mu_plus: self.mu_plus,
            mu_minus: self.mu_minus,
            w_max: self.Wmax,
        }
    }
}

/// The rule of Guetig et al. (2003): with x = w / Wmax, a spike of the target adds
/// `lambda (1 - x)^mu_plus K_plus` and one of the source takes away
/// `alpha lambda x^mu_minus K_minus`, within 0 and 1.
#[derive(Clone, Copy, Debug)]
pub struct Multiplicative {
    /// One over the time constant of the source's trace.
    pub rate: f64,
    pub lambda: f64,
    pub alpha_lambda: f64,
    pub mu_plus: f64,
    pub mu_minus: f64,
    pub w_max: f64,
}

impl Multiplicative {
    #[inline(always)]
    pub fn up<R: Real>(&self, w: R, trace: R) -> R {
        let (one, w_max) = (R::splat(1.0), R::splat(self.w_max));
        let x = w / w_max;
        let x = x + R::splat(self.lambda) * power(one - x, self.mu_plus) * trace;
        R::select(x.lt(one), x * w_max, w_max)
    }

    #[inline(always)]
    pub fn down<R: Real>(&self, w: R, trace: R) -> R {
        let (zero, w_max) = (R::splat(0.0), R::splat(self.w_max));
        let x = w / w_max;
        let x = x - R::splat(self.alpha_lambda) * power(x, self.mu_minus) * trace;
        R::select(x.gt(zero), x * w_max, zero)
    }

    /// The decay of the source's trace over `interval`.
    #[inline(always)]
    pub fn decay<R: Real>(&self, interval: R) -> R {
        exp(-interval * R::splat(self.rate))
    }
}

/// The rule with the trace as the source's last spike left it; `NEAREST` pairs with the nearest
/// spike of the target alone.
pub(super) struct Pairs<'a, const NEAREST: bool> {
    pub rule: &'a Multiplicative,
    pub k_plus: f64,
}

impl<const NEAREST: bool> PairRule for Pairs<'_, NEAREST> {
    const NEAREST: bool = NEAREST;

    #[inline(always)]
    fn facilitate<R: Real>(&self, w: R, interval: R) -> R {
        let trace = R::splat(self.k_plus) * self.rule.decay(interval);
        self.rule.up(w, trace)
    }

    #[inline(always)]
    fn depress<R: Real>(&self, w: R, trace: R) -> R {
        self.rule.down(w, trace)
    }
}

/// Refuses a weight and a bound of different signs.
pub(super) fn same_sign(weight: f64, w_max: f64) -> Result<()> {
    if (weight >= 0.0) == (w_max >= 0.0) {
        return Ok(());
    }
    Err(Error::bad_property(format!(
        "Weight and Wmax must have same sign: weight is {weight}, Wmax {w_max}."
    )))
}
