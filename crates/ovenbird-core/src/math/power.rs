//! Powers in plain arithmetic.

use super::elementary::{exp, ln, power_exp_fused};
use super::real::Real;

/// `x` to the power `y`: exact for `y` 0, 1 and 2, else with a relative error of about
/// `|y ln x|` units in the last place. NaN where a negative number has no real power.
#[inline(always)]
pub fn power<R: Real>(x: R, y: f64) -> R {
    if y == 1.0 {
        return x;
    }
    if y == 0.0 {
        return R::splat(1.0);
    }
    if y == 2.0 {
        return x * x;
    }
    if y != y.trunc() {
        return fractional_power(x, y);
    }
    let result = fractional_power(x.abs(), y);
    // even beyond 2^53, where every f64 is an even integer
    if y % 2.0 == 0.0 {
        return result;
    }
    R::select(x.lt(R::splat(0.0)), -result, result)
}

/// [`power`] for a `y` that is not an integer.
#[inline(always)]
pub fn fractional_power<R: Real>(x: R, y: f64) -> R {
    exp(R::splat(y) * ln(x))
}

/// `x^y e^z`, with one exponential where `y` is not an integer; its relative error is that of
/// [`power`].
#[inline(always)]
pub fn power_exp<R: Real>(x: R, y: f64, z: R) -> R {
    if y == y.trunc() {
        return power(x, y) * exp(z);
    }
    power_exp_fused(x, y, z)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::Lanes;
    use proptest::prelude::*;

    #[test]
    fn special_cases_are_those_of_the_field() {
        assert_eq!(power(0.0, 0.4), 0.0);
        assert_eq!(power(0.0, 0.0), 1.0);
        assert_eq!(power(0.0, -0.5), f64::INFINITY);
        assert_eq!(power(-2.0, 1.0), -2.0);
        assert!((power(-2.0, 3.0) + 8.0f64).abs() < 1e-14);
        assert!((power(-2.0, 4.0) - 16.0f64).abs() < 1e-13);
        assert!(power(-2.0, 0.5).is_nan() && power(f64::NAN, 0.5).is_nan());
        assert_eq!(power(1.0, 1e300), 1.0);
        assert_eq!(power_exp(0.0, 0.4, -1.0), 0.0);
        assert_eq!(power_exp(0.0, -0.4, -1.0), f64::INFINITY);
        assert_eq!(power_exp(3.0, 0.4, -1e9), 0.0);
        assert_eq!(power_exp(f64::INFINITY, 0.4, -1.0), f64::INFINITY);
        assert!(power_exp(-2.0, 0.4, -1.0).is_nan() && power_exp(f64::NAN, 0.4, 0.0).is_nan());
        let small = power_exp(1e-310, 0.4, -1.0);
        assert!((small * 1e124 * 1.0f64.exp() - 1.0).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn agrees_with_the_library(x in 1e-9f64..1e9, y in -4.0f64..4.0) {
            let expected = x.powf(y);
            prop_assert!((power(x, y) - expected).abs() <= 1e-13 * expected);
            let with = power_exp(x, y, -0.7);
            prop_assert!((with - expected * (-0.7f64).exp()).abs() <= 1e-13 * with);
            prop_assert_eq!(power(Lanes::from_fn(|_| x), y).0[5].to_bits(), power(x, y).to_bits());
            let z = Lanes::from_fn(|_| -0.7);
            let lanes = power_exp(Lanes::from_fn(|_| x), y, z).0[5];
            prop_assert_eq!(lanes.to_bits(), with.to_bits());
        }
    }
}
