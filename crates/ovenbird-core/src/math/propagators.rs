//! Functions that propagators of linear systems are made of, smooth where time constants meet.

use super::expm1;

/// `(e^x - 1) / x`, one at zero.
pub fn phi1(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { expm1(x) / x }
}

/// `(e^x - 1 - x) / x^2`, one half at zero.
pub fn phi2(x: f64) -> f64 {
    if x.abs() < 0.5 {
        // sum of x^k / (k + 2)!, to beyond double precision
        let (mut term, mut sum) = (0.5, 0.5);
        for k in 3..=18 {
            term *= x / f64::from(k);
            sum += term;
        }
        sum
    } else {
        (expm1(x) - x) / (x * x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_meet() {
        for x in [0.5, -0.5] {
            let below = phi2(x * (1.0 - 1e-12));
            assert!((phi2(x) - below).abs() < 1e-12 * below);
        }
        assert_eq!((phi1(0.0), phi2(0.0)), (1.0, 0.5));
        assert!((phi2(1.0) - (std::f64::consts::E - 2.0)).abs() < 1e-15);
        assert!((phi1(1e-9) - (1.0 + 5e-10)).abs() < 1e-15);
    }
}
