//! Powers in plain arithmetic.

use super::elementary::{ROUND, exp, ln};
use super::rates::Powers;
use super::real::Real;
use super::registers::LookUp;
use std::f64::consts::LOG2_E;

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

/// x^y e^(-r t) for an exponent y and a rate r.
///
/// In sixteenths: x = 2^n c (1 + d) with c the middle of one of sixteen parts of [1, 2), and the
/// result is one of sixteen roots of two times a power of two and a polynomial. What belongs to the
/// part and to the root is looked up.
#[derive(Clone, Copy, Debug)]
pub struct DecayingPower {
    /// y and -r / ln(2), sixteen times.
    y: f64,
    decay: f64,
}

const fn bits(list: [f64; 16]) -> [u64; 16] {
    let mut bits = [0; 16];
    let mut i = 0;
    while i < 16 {
        bits[i] = list[i].to_bits();
        i += 1;
    }
    bits
}

/// The bits of 1 / c.
const INVERSES: [u64; 16] = {
    let mut list = [0.0; 16];
    let mut i = 0;
    while i < 16 {
        list[i] = 32.0 / (33.0 + 2.0 * i as f64);
        i += 1;
    }
    bits(list)
};

/// The bits of -log2 of these inverses as they are rounded.
const LOGARITHMS: [u64; 16] = bits([
    0.044_394_119_358_453_395,
    0.129_283_016_944_966_5,
    0.209_453_365_628_949_7,
    0.285_402_218_862_248_37,
    0.357_552_004_618_083_6,
    0.426_264_754_702_097_96,
    0.491_853_096_329_674_67,
    0.554_588_851_677_637_4,
    0.614_709_844_115_208_3,
    0.672_425_341_971_495_6,
    0.727_920_454_563_199_2,
    0.781_359_713_524_659_7,
    0.832_890_014_164_741_7,
    0.882_643_049_361_841_2,
    0.930_737_337_562_886_2,
    0.977_279_923_499_916_5,
]);

/// Coefficients of the polynomial that approximates log2(1 + d) / d for |d| <= 1/33 with an
/// error of the logarithm below 2e-17.
const LOG2_POLY: [f64; 8] = [
    1.442_695_040_888_960_7,
    -0.721_347_520_444_470_5,
    0.480_898_347_012_172_16,
    -0.360_673_760_325_626_27,
    0.288_538_797_600_808_36,
    -0.240_448_871_445_018_84,
    0.206_420_446_013_641_7,
    -0.180_690_262_208_904,
];

/// Coefficients of the polynomial that approximates (2^(f/16) - 1) / f for |f| <= 1/2 with an
/// error of the power below 2e-17.
const ROOT_POLY: [f64; 6] = [
    0.043_321_698_784_996_61,
    0.000_938_384_792_808_988_1,
    1.355_080_777_749_983_6e-5,
    1.467_610_032_063_305e-7,
    1.271_608_503_011_442_5e-9,
    9.181_373_508_959_728e-12,
];

impl DecayingPower {
    /// With the exponent `y`, and the rate as one over the unit of time.
    pub fn new(y: f64, rate: f64) -> Self {
        Self {
            y: 16.0 * y,
            decay: -16.0 * LOG2_E * rate,
        }
    }

    /// x^y e^(-r t) to within about |y| (1 + |log2(x)|) + 1.5 |r t| + 2 units in the last place;
    /// zero below 2^-1022, infinite from 2^1023.97 on. NaN where x is negative.
    #[inline(always)]
    pub fn at<R: Real>(&self, look_up: impl LookUp, x: R, t: R) -> R {
        let decay = t * R::splat(self.decay);
        let sixteenths = log2(look_up, x).mul_add(R::splat(self.y), decay);
        power_of_root(look_up, sixteenths)
    }
}

/// The binary logarithm, to within a unit in the last place of it or of one half.
#[inline(always)]
fn log2<R: Real>(look_up: impl LookUp, x: R) -> R {
    let (n, m) = x.split(look_up);
    let part = m.map_bits(|bits| bits >> 48);
    let inverse = part.look_up(look_up, &INVERSES, |_, entry| entry);
    let log2 = n + part.look_up(look_up, &LOGARITHMS, |_, entry| entry);
    let d = m.mul_add(inverse, R::splat(-1.0));
    let c = |i: usize| R::splat(LOG2_POLY[i]);
    let d2 = d * d;
    let low = c(3).mul_add(d, c(2)).mul_add(d2, c(1).mul_add(d, c(0)));
    let high = c(7).mul_add(d, c(6)).mul_add(d2, c(5).mul_add(d, c(4)));
    high.mul_add(d2 * d2, low).mul_add(d, log2)
}

/// 2^(t/16)
#[inline(always)]
fn power_of_root<R: Real>(look_up: impl LookUp, t: R) -> R {
    const POWERS: Powers = Powers::of(1.0);
    // at -1023 and 1024 the looked up power is zero and infinite; NaN passes
    let tiny = t.lt(R::splat(-16.0 * 1022.0));
    let t = R::select(tiny, R::splat(-16.0 * 1023.0), t);
    let most = R::splat(16.0 * 1024.0);
    let t = R::select(t.gt(most), most, t);
    let rounded = t + R::splat(ROUND);
    let f = t - (rounded - R::splat(ROUND));
    let power = POWERS.at(look_up, rounded);
    let c = |i: usize| R::splat(ROOT_POLY[i]);
    let f2 = f * f;
    let q = c(5).mul_add(f, c(4)).mul_add(f2, c(3).mul_add(f, c(2)));
    let q = q.mul_add(f2, c(1).mul_add(f, c(0)));
    power * q.mul_add(f, R::splat(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::{LANES, Lanes, Memory, Registers, Width};
    use proptest::prelude::*;
    use std::f64::consts::E;

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
    }

    #[test]
    fn decaying_powers_have_the_limits_of_powers() {
        let at = |x: f64, y: f64, t: f64| DecayingPower::new(y, 0.1).at(Memory, x, t);
        assert_eq!((at(0.0, 0.4, 1.0), at(-0.0, 0.4, 1.0)), (0.0, 0.0));
        assert_eq!(at(0.0, -0.4, 1.0), f64::INFINITY);
        assert_eq!(at(f64::INFINITY, 0.4, 1.0), f64::INFINITY);
        assert_eq!(
            (at(3.0, 0.4, 1e10), at(3.0, 0.4, -1e10)),
            (0.0, f64::INFINITY)
        );
        assert!(at(-2.0, 0.4, 1.0).is_nan() && at(f64::NAN, 0.4, 0.0).is_nan());
        assert!((at(1e-310, 0.4, 10.0) * 1e124 * E - 1.0).abs() < 1e-12);
        for (exponent, scale) in [(1023.75, 2f64.powi(1023)), (-1021.9, 2f64.powi(-1022))] {
            let scaled = at(2.0, exponent, 0.0) / scale;
            let expected = 2f64.powf(exponent - scale.log2());
            assert!((scaled / expected - 1.0).abs() < 1e-12, "{exponent}");
        }
        assert_eq!(at(2.0, -1022.1, 0.0), 0.0);
        assert_eq!(at(2.0, 1023.99, 0.0), f64::INFINITY);
    }

    /// The binary logarithm of m 2^-63 in [1, 2), in units of 2^-60: a bit for each square.
    fn fixed_log2(mut m: u64) -> u64 {
        (0..60).fold(0, |bits, _| {
            let square = (u128::from(m) * u128::from(m)) >> 63;
            let bit = (square >> 64) as u64;
            m = (square >> bit) as u64;
            bits << 1 | bit
        })
    }

    #[test]
    fn logarithms_are_those_of_the_inverses() {
        for (inverse, logarithm) in INVERSES.into_iter().zip(LOGARITHMS) {
            // twice the inverse is in [1, 2)
            let mantissa = inverse << 11 | 1 << 63;
            let exact = (1 << 60) - fixed_log2(mantissa);
            let found = (f64::from_bits(logarithm) * 2f64.powi(60)) as u64;
            let unit = 1 << if exact >> 59 == 1 { 7 } else { 6 };
            assert!(
                found.abs_diff(exact) <= unit / 2 + 4,
                "{found} is not {exact}"
            );
        }
    }

    #[test]
    fn decaying_powers_have_the_same_bits_at_every_width() {
        let power = DecayingPower::new(0.4, 0.05);
        let both = |look_up: Option<Registers>, x: Lanes, t: Lanes| match look_up {
            Some(look_up) => power.at(look_up, x, t),
            None => power.at(Memory, x, t),
        };
        let odd = [
            0.0,
            -0.0,
            5e-324,
            1e-310,
            f64::INFINITY,
            -1.0,
            f64::NAN,
            f64::MAX,
        ];
        let x = |i: i32| Lanes::from_fn(|lane| 1.37f64.powi(7 * i + lane as i32));
        for x in (-250..250).map(x).chain([Lanes(odd)]) {
            let t = x.map_bits(|bits| bits & 0x000f_ffff_ffff_ffff | 0x4030_0000_0000_0000);
            for width in Width::available() {
                let all = width.run(|| both(width.registers(), x, t));
                for lane in 0..LANES {
                    let alone = power.at(Memory, x.0[lane], t.0[lane]);
                    let same = all.0[lane].to_bits() == alone.to_bits();
                    assert!(
                        same || all.0[lane].is_nan() && alone.is_nan(),
                        "{}",
                        x.0[lane]
                    );
                }
            }
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_library(x in 1e-9f64..1e9, y in -4.0f64..4.0) {
            let expected = x.powf(y);
            prop_assert!((power(x, y) - expected).abs() <= 1e-13 * expected);
            prop_assert_eq!(power(Lanes::from_fn(|_| x), y).0[5].to_bits(), power(x, y).to_bits());
        }

        #[test]
        fn decaying_powers_agree_with_the_library(
            x in prop_oneof![1e-9f64..1e9, 0.9f64..1.1],
            y in prop_oneof![-3.0f64..3.0, -300.0f64..300.0],
            t in -200.0f64..200.0,
        ) {
            let rate = 0.05;
            let logarithm = x.log2();
            prop_assume!((logarithm * y).abs() < 900.0);
            let value = DecayingPower::new(y, rate).at(Memory, x, t);
            let expected = x.powf(y) * (-rate * t).exp();
            let units = y.abs() * (1.0 + logarithm.abs()) + 1.5 * (rate * t).abs() + 4.0;
            prop_assert!((value / expected - 1.0).abs() <= units * f64::EPSILON);
        }
    }
}
