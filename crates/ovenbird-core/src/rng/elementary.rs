//! Elementary functions from additions, multiplications, divisions and bit operations only, so
//! that they give the same bits on every platform and at every SIMD width.
//!
//! Errors are below 1 ulp (`pow`: 2 ulp). `ln` and `exp` have no branches and vectorise.

const LN2_HI: f64 = f64::from_bits(0x3fe6_2e42_fefa_3800);
const LN2_LO: f64 = f64::from_bits(0x3d2e_f357_93c7_6730);
/// 1.5 * 2^52: adding and subtracting it rounds to the nearest integer, ties to even.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// `1 / (2 i + 3)` doubled: the series of `ln((1 + s) / (1 - s))` after its first term.
const LN_SERIES: [f64; 11] = [
    2.0 / 3.0,
    2.0 / 5.0,
    2.0 / 7.0,
    2.0 / 9.0,
    2.0 / 11.0,
    2.0 / 13.0,
    2.0 / 15.0,
    2.0 / 17.0,
    2.0 / 19.0,
    2.0 / 21.0,
    2.0 / 23.0,
];

/// `1 / (i + 2)!`
const EXP_SERIES: [f64; 13] = {
    let mut terms = [0.5; 13];
    let mut i = 1;
    while i < 13 {
        terms[i] = terms[i - 1] / (i + 2) as f64;
        i += 1;
    }
    terms
};

#[inline(always)]
fn horner<const N: usize>(coefficients: &[f64; N], x: f64) -> f64 {
    let mut sum = coefficients[N - 1];
    for i in (0..N - 1).rev() {
        sum = sum * x + coefficients[i];
    }
    sum
}

/// Splits a normal `x > 0` into `m` in `[sqrt(1/2), sqrt(2))` and an exponent.
#[inline(always)]
fn split_exponent(x: f64) -> (f64, f64) {
    // Moves the cut between exponents from 1 to sqrt(1/2).
    const OFFSET: u64 = 0x3fe6_a09e_667f_3bcd;
    let shifted = x.to_bits().wrapping_sub(OFFSET);
    // The sum is a double in [2^52, 2^53) whose last bits hold the biased exponent.
    let biased = (shifted >> 52).wrapping_add(1024) & 0xfff;
    let exponent =
        f64::from_bits(0x4330_0000_0000_0000 | biased) - (4_503_599_627_370_496.0 + 1024.0);
    let mantissa = (shifted & 0x000f_ffff_ffff_ffff).wrapping_add(OFFSET);
    (f64::from_bits(mantissa), exponent)
}

/// Natural logarithm of a normal number `x > 0`.
#[inline(always)]
pub fn ln_normal(x: f64) -> f64 {
    let (m, k) = split_exponent(x);
    let f = m - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let r = z * horner(&LN_SERIES, z);
    let half_square = 0.5 * f * f;
    k * LN2_HI - ((half_square - (s * (half_square + r) + k * LN2_LO)) - f)
}

/// Natural logarithm.
pub fn ln(x: f64) -> f64 {
    if x.is_nan() || x < 0.0 {
        f64::NAN
    } else if x == 0.0 {
        f64::NEG_INFINITY
    } else if x == f64::INFINITY {
        x
    } else if x < f64::MIN_POSITIVE {
        ln_normal(x * (1u64 << 54) as f64) - 54.0 * (LN2_HI + LN2_LO)
    } else {
        ln_normal(x)
    }
}

/// `ln(1 + x)` for `x > -1`, accurate for small `x`.
pub fn ln_1p(x: f64) -> f64 {
    let u = 1.0 + x;
    // The rounding error of `u` cancels in `ln(u) / (u - 1)`, which varies slowly.
    if u == 1.0 { x } else { ln(u) * (x / (u - 1.0)) }
}

/// `2^k` times `x` for integral `|k| <= 2000`, rounded once.
fn scale(x: f64, k: f64) -> f64 {
    let power = |k: i64| f64::from_bits(((k + 1023) as u64) << 52);
    let k = k as i64;
    let first = k.clamp(-1000, 1000);
    let second = (k - first).clamp(-1000, 1000);
    x * power(first) * power(second)
}

/// `exp(x + low)` for `|low|` far below an ulp of `x`.
fn exp_sum(x: f64, low: f64) -> f64 {
    if x > 709.8 {
        return f64::INFINITY;
    }
    if x < -745.2 {
        return 0.0;
    }
    let k = (x * std::f64::consts::LOG2_E + ROUND) - ROUND;
    let high = x - k * LN2_HI;
    let rest = low - k * LN2_LO;
    let r = high + rest;
    let lost = (high - r) + rest;
    let (first, rounded) = fast_two_sum(1.0, r);
    scale(first + (rounded + lost + r * r * horner(&EXP_SERIES, r)), k)
}

/// Exponential function.
pub fn exp(x: f64) -> f64 {
    if x.is_nan() { x } else { exp_sum(x, 0.0) }
}

/// The product as an unevaluated sum, exact unless it over- or underflows (Dekker 1971).
fn two_product(a: f64, b: f64) -> (f64, f64) {
    let split = |x: f64| {
        let high = f64::from_bits(x.to_bits() & !0x07ff_ffff);
        (high, x - high)
    };
    let product = a * b;
    let ((a1, a2), (b1, b2)) = (split(a), split(b));
    (product, ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2)
}

/// The sum as an unevaluated sum, exact for `|a| >= |b|`.
fn fast_two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    (sum, b - (sum - a))
}

/// Product of two unevaluated sums.
fn multiply(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    let (high, low) = two_product(a.0, b.0);
    fast_two_sum(high, low + (a.0 * b.1 + a.1 * b.0))
}

/// Natural logarithm of a finite `x > 0` as an unevaluated sum, to about 2^-64 relative.
fn ln_double(x: f64) -> (f64, f64) {
    let subnormal = x < f64::MIN_POSITIVE;
    let (m, k) = split_exponent(if subnormal {
        x * (1u64 << 54) as f64
    } else {
        x
    });
    let k = if subnormal { k - 54.0 } else { k };
    // s = (m - 1) / (m + 1); ln m = 2 s + 2/3 s^3 + 2/5 s^5 + ...
    let f = m - 1.0;
    let (d, d_low) = fast_two_sum(2.0, f);
    let s = f / d;
    let (back, back_low) = two_product(s, d);
    let s = (s, (((f - back) - back_low) - s * d_low) / d);
    let z = multiply(s, s);
    let cube = multiply(s, z);
    let series = LN_SERIES.split_first_chunk::<1>().map_or(0.0, |(_, rest)| {
        rest.iter().rev().fold(0.0, |sum, c| sum * z.0 + c)
    });
    let third = multiply(cube, (LN_SERIES[0], 3.700_743_415_417_188e-17));
    let (first, rest) = fast_two_sum(2.0 * s.0, third.0);
    let rest = rest + (2.0 * s.1 + third.1 + cube.0 * (z.0 * series));
    if k == 0.0 {
        return fast_two_sum(first, rest);
    }
    let (high, low) = fast_two_sum(k * LN2_HI, first);
    fast_two_sum(high, low + (rest + k * LN2_LO))
}

/// `x` to the power `y`, with the special cases of IEEE 754.
pub fn pow(x: f64, y: f64) -> f64 {
    if y == 0.0 || x == 1.0 {
        return 1.0;
    }
    if x.is_nan() || y.is_nan() {
        return f64::NAN;
    }
    let integral = y == y.trunc();
    let odd = integral && y.abs() < (1u64 << 53) as f64 && (y as i64) % 2 != 0;
    let sign = if x.is_sign_negative() && odd {
        -1.0
    } else {
        1.0
    };
    let a = x.abs();
    if a == 0.0 || a == f64::INFINITY {
        return if (a == 0.0) == (y < 0.0) {
            sign * f64::INFINITY
        } else {
            sign * 0.0
        };
    }
    if y.is_infinite() {
        return match ((a > 1.0) == (y > 0.0), a == 1.0) {
            (_, true) => 1.0,
            (true, _) => f64::INFINITY,
            (false, _) => 0.0,
        };
    }
    if x < 0.0 && !integral {
        return f64::NAN;
    }
    let log = ln_double(a);
    // Beyond this the result over- or underflows; the exact product must not.
    if (y * log.0).abs() > 1000.0 {
        return if y * log.0 > 0.0 {
            sign * f64::INFINITY
        } else {
            sign * 0.0
        };
    }
    let (high, low) = multiply(log, (y, 0.0));
    sign * exp_sum(high, low)
}

/// Binary digits of 2/pi after 64 zeros.
const TWO_OVER_PI: [u64; 20] = [
    0,
    0xa2f9_836e_4e44_1529,
    0xfc27_57d1_f534_ddc0,
    0xdb62_9599_3c43_9041,
    0xfe51_63ab_debb_c561,
    0xb724_6e3a_424d_d2e0,
    0x0649_2eea_09d1_921c,
    0xfe1d_eb1c_b129_a73e,
    0xe882_35f5_2ebb_4484,
    0xe99c_7026_b45f_7e41,
    0x3991_d639_8353_39f4,
    0x9c84_5f8b_bdf9_283b,
    0x1ff8_97ff_de05_980f,
    0xef2f_118b_5a0a_6d1f,
    0x6d36_7ecf_27cb_09b7,
    0x4f46_3f66_9e5f_ea2d,
    0x7527_bac7_ebe5_f17b,
    0x3d07_39f7_8a52_92ea,
    0x6bfb_5fb1_1f8d_5d08,
    0x5603_3046_fc7b_6bab,
];

/// Splits a finite `x >= 0` into a multiple of pi/2, modulo 4, and a rest in [-pi/4, pi/4] as an
/// unevaluated sum (Payne and Hanek 1983).
fn reduce(x: f64) -> (u64, (f64, f64)) {
    if x <= std::f64::consts::FRAC_PI_4 {
        return (0, (x, 0.0));
    }
    let exponent = ((x.to_bits() >> 52) as i64) - 1075;
    let mantissa = x.to_bits() & 0x000f_ffff_ffff_ffff | 1 << 52;
    // Digits of 2/pi that contribute multiples of 4 to the product are left out; the 192 that
    // follow are multiplied modulo 2^192: two digits of quadrant, 190 of fraction.
    let start = (exponent + 62) as usize;
    let digits = |i: usize| {
        let word = start / 64 + i;
        let pair = u128::from(TWO_OVER_PI[word]) << 64 | u128::from(TWO_OVER_PI[word + 1]);
        (pair << (start % 64) >> 64) as u64
    };
    let low = u128::from(digits(2)) * u128::from(mantissa);
    let middle = u128::from(digits(1)) * u128::from(mantissa) + (low >> 64);
    let high = digits(0)
        .wrapping_mul(mantissa)
        .wrapping_add((middle >> 64) as u64);
    let mut top =
        (u128::from(high) << 64 | u128::from(middle as u64)) << 2 | u128::from(low as u64 >> 62);
    let mut rest = (low as u64) << 2;
    let mut quadrant = high >> 62;
    let negative = top >> 127 == 1;
    if negative {
        quadrant += 1;
        top = (!top).wrapping_add(u128::from(rest == 0));
        rest = rest.wrapping_neg();
    }
    let chunks = [
        (top >> 96) as u32,
        (top >> 64) as u32,
        (top >> 32) as u32,
        top as u32,
    ]
    .into_iter()
    .chain([(rest >> 32) as u32, rest as u32]);
    let mut unit = if negative { -1.0 } else { 1.0 };
    let mut sum = (0.0, 0.0);
    for chunk in chunks {
        unit /= (1u64 << 32) as f64;
        let (high, lost) = fast_two_sum(sum.0, f64::from(chunk) * unit);
        sum = (high, sum.1 + lost);
    }
    let half_pi = (std::f64::consts::FRAC_PI_2, 6.123_233_995_736_766e-17);
    (quadrant & 3, multiply(fast_two_sum(sum.0, sum.1), half_pi))
}

/// `(-1)^(i + 1) / (2 i + first)!` from `i = 0`.
const fn alternating_series<const N: usize>(first: usize) -> [f64; N] {
    let mut terms = [0.0; N];
    let mut factorial = 1.0;
    let mut k = 1;
    while k < first + 2 * N - 1 {
        factorial *= k as f64;
        if k >= first && (k - first).is_multiple_of(2) {
            let i = (k - first) / 2;
            terms[i] = if i.is_multiple_of(2) { -1.0 } else { 1.0 } / factorial;
        }
        k += 1;
    }
    terms
}

const SIN_SERIES: [f64; 8] = alternating_series(3);
const COS_SERIES: [f64; 7] = alternating_series(4);

fn sin_kernel((x, low): (f64, f64)) -> f64 {
    let z = x * x;
    x + (x * z * horner(&SIN_SERIES, z) + low * (1.0 - 0.5 * z))
}

fn cos_kernel((x, low): (f64, f64)) -> f64 {
    let z = x * x;
    let half = 0.5 * z;
    let first = 1.0 - half;
    first + (((1.0 - first) - half) - (z * z * horner(&COS_SERIES, z) + x * low))
}

/// Sine.
pub fn sin(x: f64) -> f64 {
    if !x.is_finite() {
        return f64::NAN;
    }
    let (quadrant, rest) = reduce(x.abs());
    let y = match quadrant {
        0 => sin_kernel(rest),
        1 => cos_kernel(rest),
        2 => -sin_kernel(rest),
        _ => -cos_kernel(rest),
    };
    if x.is_sign_negative() { -y } else { y }
}

/// Cosine.
pub fn cos(x: f64) -> f64 {
    if !x.is_finite() {
        return f64::NAN;
    }
    let (quadrant, rest) = reduce(x.abs());
    match quadrant {
        0 => cos_kernel(rest),
        1 => -sin_kernel(rest),
        2 => -cos_kernel(rest),
        _ => sin_kernel(rest),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Key, Purpose, Stream};
    use super::*;

    /// The largest difference in ulp from the platform's function, itself right to 1 ulp.
    fn worst(
        ours: impl Fn(f64) -> f64,
        reference: impl Fn(f64) -> f64,
        mut draw: impl FnMut(&mut Stream) -> f64,
    ) -> f64 {
        let mut s = Stream::new(Key::new(1, Purpose::Evaluate), 0, 0, 0);
        let mut worst = 0.0f64;
        for _ in 0..50_000 {
            let x = draw(&mut s);
            let (a, b) = (ours(x), reference(x));
            let ulp = f64::from_bits(b.abs().to_bits() + 1) - b.abs();
            let error = if a == b { 0.0 } else { ((a - b) / ulp).abs() };
            assert!(error <= 2.0, "x = {x:e}: {a:e} is not {b:e}");
            worst = worst.max(error);
        }
        worst
    }

    fn any_finite(s: &mut Stream) -> f64 {
        loop {
            let x = f64::from_bits(s.next_u64());
            if x.is_finite() {
                return x;
            }
        }
    }

    #[test]
    fn functions_agree_with_the_platform_to_the_last_bits() {
        assert!(worst(ln, f64::ln, |s| any_finite(s).abs()) <= 1.0);
        assert!(worst(ln, f64::ln, |s| s.uniform_open() * 2.0) <= 1.0);
        assert!(worst(ln_1p, f64::ln_1p, |s| s.uniform_open() - 0.5) <= 2.0);
        assert!(worst(exp, f64::exp, |s| 1500.0 * s.uniform() - 750.0) <= 1.0);
        assert!(worst(exp, f64::exp, |s| s.uniform() - 0.5) <= 1.0);
        for range in [1.0, 100.0, 1e9] {
            assert!(worst(sin, f64::sin, |s| range * (s.uniform() - 0.5)) <= 1.0);
            assert!(worst(cos, f64::cos, |s| range * (s.uniform() - 0.5)) <= 1.0);
        }
        assert!(worst(sin, f64::sin, any_finite) <= 1.0);
        assert!(worst(cos, f64::cos, any_finite) <= 1.0);
        for y in [2.0, -1.0, 0.5, 2.5, -3.7, 30.0] {
            let draw = |s: &mut Stream| 10.0 * s.uniform_open();
            assert!(worst(|x| pow(x, y), |x| x.powf(y), draw) <= 1.0);
        }
        assert!(
            worst(
                |x| pow(1.7, x),
                |x| 1.7f64.powf(x),
                |s| 2e3 * s.uniform() - 1e3
            ) <= 2.0
        );
    }

    #[test]
    fn special_values_follow_ieee_754() {
        // Bit for bit, but for the last bit of numbers that are not exact.
        let values = [
            0.0,
            -0.0,
            1.0,
            -1.0,
            2.0,
            -2.0,
            3.0,
            -3.0,
            0.5,
            -0.5,
            1e300,
            -1e300,
            5e-324,
            1e-310,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
            f64::MAX,
            9_007_199_254_740_991.0,
        ];
        let same = |a: f64, b: f64| {
            let inexact = b.is_normal() && (b.fract() != 0.0 || b.abs() > 1e16);
            a.to_bits().abs_diff(b.to_bits()) <= u64::from(inexact) || (a.is_nan() && b.is_nan())
        };
        for x in values {
            assert!(same(ln(x), x.ln()), "ln({x})");
            assert!(same(exp(x), x.exp()), "exp({x}): {} {}", exp(x), x.exp());
            assert!(same(sin(x), x.sin()), "sin({x})");
            assert!(same(cos(x), x.cos()), "cos({x})");
            for y in values {
                assert!(same(pow(x, y), x.powf(y)), "pow({x}, {y}): {}", pow(x, y));
            }
        }
    }
}
