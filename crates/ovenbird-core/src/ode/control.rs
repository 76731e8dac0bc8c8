//! Step-size control.

use crate::math::{Mask, Real, exp2, log2};

/// Error ratios above this make a step be repeated.
const REJECT_ABOVE: f64 = 1.1;
/// Error ratios below this make the next step longer.
const GROW_BELOW: f64 = 0.5;
/// The part of the step size that the error's scaling law suggests which is used.
const SAFETY: f64 = 0.9;
const MAX_SHRINK: f64 = 0.2;
const MAX_GROWTH: f64 = 5.0;
/// The method's order, as the control counts it.
const ORDER: f64 = 5.0;

/// The error that a step may make:
/// D_i = `eps_abs` + `eps_rel` (`a_y` |y_i| + `a_dydt` h |y'_i|).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Control<R> {
    /// Absolute error.
    pub eps_abs: R,
    /// Relative error.
    pub eps_rel: R,
    /// Weight of the state in the relative error.
    pub a_y: f64,
    /// Weight of the change over the step in the relative error.
    pub a_dydt: f64,
}

impl<R: Real> Control<R> {
    /// The error relative to the state: `a_y` = 1, `a_dydt` = 0.
    pub fn y(eps_abs: f64, eps_rel: f64) -> Self {
        Self {
            eps_abs: R::splat(eps_abs),
            eps_rel: R::splat(eps_rel),
            a_y: 1.0,
            a_dydt: 0.0,
        }
    }

    /// The error relative to the change over the step: `a_y` = 0, `a_dydt` = 1.
    pub fn yp(eps_abs: f64, eps_rel: f64) -> Self {
        Self {
            eps_abs: R::splat(eps_abs),
            eps_rel: R::splat(eps_rel),
            a_y: 0.0,
            a_dydt: 1.0,
        }
    }

    /// Whether the scale is `eps_abs` alone.
    #[inline(always)]
    pub(super) fn is_absolute(&self) -> bool {
        let zero = R::splat(0.0);
        (self.eps_rel.le(zero) & zero.le(self.eps_rel)).all()
            || (self.a_y == 0.0 && self.a_dydt == 0.0)
    }

    /// Whether the scale depends on the derivatives at the end of the step.
    #[inline(always)]
    pub(super) fn uses_derivatives(&self) -> bool {
        self.a_dydt != 0.0 && !self.is_absolute()
    }

    /// The scale of one component.
    #[inline(always)]
    pub(super) fn scale(&self, y: R, dydt: R, h: R) -> R {
        let state = R::splat(self.a_y) * y.abs();
        let change = R::splat(self.a_dydt) * h * dydt.abs();
        self.eps_rel * (state + change) + self.eps_abs
    }
}

/// What the control makes of a trial step.
pub(super) struct Verdict<R: Real> {
    /// Where the step must be repeated.
    pub reject: R::Mask,
    /// The step size for the repetition or the next step.
    pub step_size: R,
}

/// Where a trial step with the error ratio `ratio`, which is not NaN, is kept.
#[inline(always)]
pub(super) fn accepts<R: Real>(ratio: R) -> R::Mask {
    ratio.le(R::splat(REJECT_ABOVE))
}

/// Judges a trial step of length `h` with the error ratio `ratio`, which is not NaN.
#[inline(always)]
pub(super) fn judge<R: Real>(ratio: R, h: R) -> Verdict<R> {
    let reject = !accepts(ratio);
    let grow = ratio.lt(R::splat(GROW_BELOW));

    // Beyond these the factor is at its limit.
    let ratio = ratio.max(R::splat(1e-30)).min(R::splat(1e30));
    let exponent = R::select(
        reject,
        R::splat(-1.0 / ORDER),
        R::splat(-1.0 / (ORDER + 1.0)),
    );
    let factor = R::splat(SAFETY) * exp2(log2(ratio) * exponent);
    let shrink = factor.max(R::splat(MAX_SHRINK));
    let growth = factor.max(R::splat(1.0)).min(R::splat(MAX_GROWTH));
    let factor = R::select(reject, shrink, R::select(grow, growth, R::splat(1.0)));
    Verdict {
        reject,
        step_size: factor * h,
    }
}
