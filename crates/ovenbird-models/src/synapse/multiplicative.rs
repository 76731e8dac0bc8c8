//! What the models of spike-timing dependent plasticity with a bounded, weight dependent step
//! share.

use ovenbird_core::error::{Error, Result};
use ovenbird_core::math::{LookUp, Real, exp, fractional_power, power};
use ovenbird_core::synapse::{Delivery, PairRule};
use std::marker::PhantomData;

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
    /// The weight after a spike of the target at which the source's trace is `trace`.
    #[inline(always)]
    pub fn up<R: Real>(&self, w: R, trace: R) -> R {
        self.up_by::<R, Any>(w, trace)
    }

    /// The weight after a spike of the source at which the target's trace is `trace`.
    #[inline(always)]
    pub fn down<R: Real>(&self, w: R, trace: R) -> R {
        self.down_by::<R, Any>(w, trace)
    }

    #[inline(always)]
    fn up_by<R: Real, E: Exponent>(&self, w: R, trace: R) -> R {
        let (one, w_max) = (R::splat(1.0), R::splat(self.w_max));
        let x = w / w_max;
        let x = x + R::splat(self.lambda) * E::power(one - x, self.mu_plus) * trace;
        R::select(x.lt(one), x * w_max, w_max)
    }

    #[inline(always)]
    fn down_by<R: Real, E: Exponent>(&self, w: R, trace: R) -> R {
        let (zero, w_max) = (R::splat(0.0), R::splat(self.w_max));
        let x = w / w_max;
        let x = x - R::splat(self.alpha_lambda) * E::power(x, self.mu_minus) * trace;
        R::select(x.gt(zero), x * w_max, zero)
    }

    /// Delivers a spike of a source whose last spike left the trace `k_plus`; with `NEAREST` the
    /// target's trace is that of its nearest spike alone.
    pub fn deliver<const NEAREST: bool>(&self, k_plus: f64, spike: &mut Delivery<'_, '_>) {
        let fractional = |y: f64| y != y.trunc();
        match (self.mu_plus, self.mu_minus) {
            (1.0, 1.0) => self.pair::<One, One, NEAREST>(k_plus, spike),
            (0.0, 0.0) => self.pair::<Zero, Zero, NEAREST>(k_plus, spike),
            (0.0, 1.0) => self.pair::<Zero, One, NEAREST>(k_plus, spike),
            (up, down) if fractional(up) && fractional(down) => {
                self.pair::<Fraction, Fraction, NEAREST>(k_plus, spike);
            }
            _ => self.pair::<Any, Any, NEAREST>(k_plus, spike),
        }
    }

    fn pair<Up: Exponent, Down: Exponent, const NEAREST: bool>(
        &self,
        k_plus: f64,
        spike: &mut Delivery<'_, '_>,
    ) {
        spike.pair(&Pairs::<Up, Down, NEAREST> {
            rule: self,
            k_plus,
            exponents: PhantomData,
        });
    }

    /// The decay of the source's trace over `interval`.
    #[inline(always)]
    pub fn decay<R: Real>(&self, interval: R) -> R {
        exp(-interval * R::splat(self.rate))
    }
}

/// How powers with the exponents of the rule are calculated. It is chosen before the loop over
/// connections: a choice inside keeps the compiler from making vectors of it.
trait Exponent {
    fn power<R: Real>(x: R, y: f64) -> R;
}

struct Zero;
struct One;
struct Fraction;
struct Any;

impl Exponent for Zero {
    #[inline(always)]
    fn power<R: Real>(_: R, _: f64) -> R {
        R::splat(1.0)
    }
}

impl Exponent for One {
    #[inline(always)]
    fn power<R: Real>(x: R, _: f64) -> R {
        x
    }
}

impl Exponent for Fraction {
    #[inline(always)]
    fn power<R: Real>(x: R, y: f64) -> R {
        fractional_power(x, y)
    }
}

impl Exponent for Any {
    #[inline(always)]
    fn power<R: Real>(x: R, y: f64) -> R {
        power(x, y)
    }
}

/// The rule with the trace as the source's last spike left it; `NEAREST` pairs with the nearest
/// spike of the target alone.
struct Pairs<'a, Up, Down, const NEAREST: bool> {
    rule: &'a Multiplicative,
    k_plus: f64,
    exponents: PhantomData<(Up, Down)>,
}

impl<Up: Exponent, Down: Exponent, const NEAREST: bool> PairRule for Pairs<'_, Up, Down, NEAREST> {
    const NEAREST: bool = NEAREST;

    #[inline(always)]
    fn facilitate<R: Real>(&self, _: impl LookUp, w: R, interval: R) -> R {
        let trace = R::splat(self.k_plus) * self.rule.decay(interval);
        self.rule.up_by::<R, Up>(w, trace)
    }

    #[inline(always)]
    fn depress<R: Real>(&self, w: R, trace: R) -> R {
        self.rule.down_by::<R, Down>(w, trace)
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
