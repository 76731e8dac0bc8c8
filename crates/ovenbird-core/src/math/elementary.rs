//! `exp`, `expm1`, and `ln` in plain arithmetic, without branches or tables.

use super::real::Real;

/// The upper 32 bits of ln 2: products with integers up to 2^21 are exact.
const LN2_HI: f64 = 0.693_147_180_369_123_8;
/// ln 2 minus [`LN2_HI`].
const LN2_LO: f64 = 1.908_214_929_270_587_7e-10;

/// Adding this to an `f64` of magnitude below 2^51 rounds it to an integer, which then stands in
/// the low bits.
pub(super) const ROUND: f64 = 6_755_399_441_055_744.0;
/// As [`ROUND`], with the exponent's bias added to the integer.
const ROUND_BIASED: f64 = ROUND + 1023.0;

/// Beyond these, `exp` is zero and infinite, respectively.
const EXP_MIN: f64 = -746.0;
const EXP_MAX: f64 = 710.0;
/// Below this, `expm1` rounds to -1.
const EXPM1_MIN: f64 = -40.0;

/// Coefficients of the polynomial that approximates (e^r - 1 - r) / r^2 for |r| <= ln(2) / 2 with
/// a relative error of e^r below 2^-61.
const EXP_POLY: [f64; 11] = [
    0.5,
    0.166_666_666_666_666_7,
    0.041_666_666_666_666_67,
    0.008_333_333_333_326_112,
    0.001_388_888_888_888_373,
    0.000_198_412_698_749_012_6,
    2.480_158_732_560_532_4e-5,
    2.755_725_529_796_964_3e-6,
    2.755_727_357_010_214e-7,
    2.510_525_953_844_849e-8,
    2.091_471_734_171_637_8e-9,
];

/// Coefficients of the polynomial in w = s^2 that approximates (2 atanh(s) / s - 2) / w for
/// s = f / (2 + f), 1 + f in [sqrt(1/2), sqrt(2)], with a relative error of the logarithm below
/// 2^-57.
const LN_POLY: [f64; 7] = [
    0.666_666_666_666_667,
    0.399_999_999_998_988_9,
    0.285_714_286_262_538_36,
    0.222_222_110_894_037_95,
    0.181_828_924_325_368_7,
    0.153_316_117_220_550_08,
    0.146_178_071_534_173_25,
];

/// Coefficients of the polynomial that approximates (2^f - 1 - f ln 2) / f^2 for |f| <= 1/2 with a
/// relative error of 2^f below 2^-57.
const EXP2_POLY: [f64; 10] = [
    0.240_226_506_959_101_22,
    0.055_504_108_664_820_74,
    0.009_618_129_107_596_992,
    0.001_333_355_814_668_604_8,
    0.000_154_035_304_540_566_33,
    1.525_273_354_692_460_3e-5,
    1.321_543_661_426_431e-6,
    1.017_818_463_932_498_6e-7,
    7.073_578_411_155_063e-9,
    4.436_304_380_627_714e-10,
];

/// Splits `x` into n ln 2 + r with integral n and |r| <= ln(2) / 2, and returns n and e^r - 1.
#[inline(always)]
fn reduced_expm1<R: Real>(x: R) -> (R, R) {
    let round = R::splat(ROUND);
    let n = (x * R::splat(std::f64::consts::LOG2_E) + round) - round;
    let r = (x - n * R::splat(LN2_HI)) - n * R::splat(LN2_LO);

    let c = |i: usize| R::splat(EXP_POLY[i]);
    let r2 = r * r;
    let r4 = r2 * r2;
    let low = (c(0) + c(1) * r) + (c(2) + c(3) * r) * r2;
    let middle = (c(4) + c(5) * r) + (c(6) + c(7) * r) * r2;
    let high = (c(8) + c(9) * r) + c(10) * r2;
    let q = low + r4 * (middle + r4 * high);
    (n, r + r2 * q)
}

/// 2^n for integral n in [-1022, 1023].
#[inline(always)]
fn power_of_two<R: Real>(n: R) -> R {
    (n + R::splat(ROUND_BIASED)).map_bits(|bits| bits << 52)
}

/// The exponential function, correct to within one unit in the last place.
///
/// Overflows to infinity, underflows gradually to zero, and passes NaN on.
#[inline(always)]
pub fn exp<R: Real>(x: R) -> R {
    // Comparisons written so that NaN falls through to the arithmetic.
    let x = R::select(x.lt(R::splat(EXP_MIN)), R::splat(EXP_MIN), x);
    let x = R::select(x.gt(R::splat(EXP_MAX)), R::splat(EXP_MAX), x);
    let (n, p) = reduced_expm1(x);

    // n reaches from -1076 to 1024, so the scale is applied in two halves that are both normal.
    let round = R::splat(ROUND);
    let half = (n * R::splat(0.5) + round) - round;
    (R::splat(1.0) + p) * power_of_two(half) * power_of_two(n - half)
}

/// e^x - 1, correct to within two units in the last place, also where e^x is close to one.
#[inline(always)]
pub fn expm1<R: Real>(x: R) -> R {
    let original = x;
    let x = R::select(x.lt(R::splat(EXPM1_MIN)), R::splat(EXPM1_MIN), x);
    let x = R::select(x.gt(R::splat(EXP_MAX)), R::splat(EXP_MAX), x);
    let (n, p) = reduced_expm1(x);

    // n reaches from -58 to 1024. The scale 2^n is applied as 2^(n - 1) and then 2, since 2^1024
    // is not representable.
    let half_scale = power_of_two(n - R::splat(1.0));
    let result = (half_scale * p + (half_scale - R::splat(0.5))) * R::splat(2.0);
    // Keeps the sign of a zero.
    R::select(
        original.abs().lt(R::splat(f64::MIN_POSITIVE)),
        original,
        result,
    )
}

const ONE_BITS: u64 = 0x3ff0_0000_0000_0000;
const MANTISSA: u64 = 0x000f_ffff_ffff_ffff;
/// 2^52, with which a small integer in the mantissa becomes an `f64`.
const INTEGER: f64 = 4_503_599_627_370_496.0;
const INTEGER_BITS: u64 = INTEGER.to_bits();

/// `x`, or 2^54 x where it is smaller than any normal number, and where that is.
#[inline(always)]
fn without_subnormals<R: Real>(x: R) -> (R::Mask, R) {
    const TWO_54: f64 = 18_014_398_509_481_984.0;
    let subnormal = x.lt(R::splat(f64::MIN_POSITIVE));
    (subnormal, R::select(subnormal, x * R::splat(TWO_54), x))
}

/// What [`LookUp::split`](super::LookUp::split) gives.
#[inline(always)]
pub(super) fn exponent_and_factor<R: Real>(x: R) -> (R, R) {
    let (subnormal, scaled) = without_subnormals(x);
    let n = scaled.map_bits(|bits| (bits >> 52) | INTEGER_BITS);
    let bias = R::splat(INTEGER + 1023.0);
    let n = n - R::select(subnormal, bias + R::splat(54.0), bias);
    let n = R::select(x.lt(R::splat(f64::INFINITY)), n, x);
    let n = R::select(x.le(R::splat(0.0)), R::splat(f64::NEG_INFINITY), n);
    let n = R::select(x.lt(R::splat(0.0)), R::splat(f64::NAN), n);
    (n, scaled.map_bits(|bits| (bits & MANTISSA) | ONE_BITS))
}

/// Splits a positive `x` into k and f with x = 2^k (1 + f), integral k, and 1 + f in
/// [sqrt(1/2), sqrt(2)).
#[inline(always)]
fn power_and_fraction<R: Real>(x: R) -> (R, R) {
    const SQRT_HALF_BITS: u64 = 0x3fe6_a09e_667f_3bcd;

    let (subnormal, scaled) = without_subnormals(x);

    // x = 2^k m with m in [sqrt(1/2), sqrt(2)): the exponent field of x / sqrt(1/2) gives k.
    let shifted = |bits: u64| bits.wrapping_add(ONE_BITS.wrapping_sub(SQRT_HALF_BITS));
    let k =
        scaled.map_bits(|bits| (shifted(bits) >> 52) | INTEGER_BITS) - R::splat(INTEGER + 1023.0);
    let k = R::select(subnormal, k - R::splat(54.0), k);
    let m = scaled.map_bits(|bits| (shifted(bits) & MANTISSA).wrapping_add(SQRT_HALF_BITS));

    (k, m - R::splat(1.0))
}

/// The natural logarithm, correct to within one unit in the last place.
///
/// Negative infinity at zero, NaN below zero; NaN and positive infinity are passed on.
#[inline(always)]
pub fn ln<R: Real>(x: R) -> R {
    let (k, f) = power_and_fraction(x);
    let s = f / (R::splat(2.0) + f);
    let w = s * s;
    let c = |i: usize| R::splat(LN_POLY[i]);
    let w2 = w * w;
    let low = c(0) + c(1) * w;
    let middle = c(2) + c(3) * w;
    let high = c(4) + c(5) * w + c(6) * w2;
    let tail = w * (low + w2 * (middle + w2 * high));
    let half_f2 = R::splat(0.5) * f * f;
    let result =
        k * R::splat(LN2_HI) - ((half_f2 - (s * (half_f2 + tail) + k * R::splat(LN2_LO))) - f);

    let result = R::select(x.lt(R::splat(f64::INFINITY)), result, x);
    let result = R::select(x.le(R::splat(0.0)), R::splat(f64::NEG_INFINITY), result);
    R::select(x.lt(R::splat(0.0)), R::splat(f64::NAN), result)
}

/// 2^t as 2^n and 2^f - 1, for integral n and |f| <= 1/2, to within an ulp of 2^t, for t in
/// [-1022, 1023].
#[inline(always)]
fn exp2_parts<R: Real>(t: R) -> (R, R) {
    let biased = t + R::splat(ROUND_BIASED);
    let f = t - (biased - R::splat(ROUND_BIASED));
    let scale = biased.map_bits(|bits| bits << 52);
    let c = |i: usize| R::splat(EXP2_POLY[i]);
    let f2 = f * f;
    let even = c(8).mul_add(f2, c(6)).mul_add(f2, c(4)).mul_add(f2, c(2));
    let odd = c(9).mul_add(f2, c(7)).mul_add(f2, c(5)).mul_add(f2, c(3));
    let q = odd.mul_add(f, even).mul_add(f2, c(1).mul_add(f, c(0)));
    let p = q.mul_add(f, R::splat(std::f64::consts::LN_2)) * f;
    (scale, p)
}

/// 2^t for t in [-1022, 1023], to within an ulp; elsewhere it may be anything.
///
/// Half the work of [`exp`]. e^x is 2^(x / ln 2), where the rounding of the argument adds a
/// relative error of |x| ulps at most.
#[inline(always)]
pub fn exp2<R: Real>(t: R) -> R {
    let (scale, p) = exp2_parts(t);
    scale.mul_add(p, scale)
}

/// e^x for x below 709, to within |x| + 1 units in the last place; zero below -709.
///
/// Half the work of [`exp`].
#[inline(always)]
pub fn exp_fused<R: Real>(x: R) -> R {
    let t = x * R::splat(std::f64::consts::LOG2_E);
    // at this end the scale is zero
    let t = R::select(t.lt(R::splat(-1023.0)), R::splat(-1023.0), t);
    exp2(t)
}

/// The binary logarithm of a positive, finite `x`, to within two units in the last place or 2^-53.
///
/// With fused multiplications, which is two thirds of the work of [`ln`].
#[inline(always)]
pub fn log2<R: Real>(x: R) -> R {
    let (k, f) = power_and_fraction(x);
    let s = f / (R::splat(2.0) + f);
    let w = s * s;
    let c = |i: usize| R::splat(LN_POLY[i]);
    let w2 = w * w;
    let low = c(1).mul_add(w, c(0));
    let middle = c(3).mul_add(w, c(2));
    let high = c(6).mul_add(w2, c(5).mul_add(w, c(4)));
    let tail = high.mul_add(w2, middle).mul_add(w2, low);
    let ln = tail.mul_add(w, R::splat(2.0)) * s;
    ln.mul_add(R::splat(std::f64::consts::LOG2_E), k)
}

/// x / (1 - e^-x), continued to one at zero: the voltage dependence of many channels' rates.
///
/// `exp_minus_x` is e^-x, which a caller often has at hand for several rates at once.
#[inline(always)]
pub fn exp_linear<R: Real>(x: R, exp_minus_x: R) -> R {
    // Below this, the terms that the series leaves out are less than an ulp.
    let near_zero = x.abs().lt(R::splat(0.05));
    let x2 = x * x;
    let tail = R::splat(1.0 / 12.0) + x2 * (R::splat(-1.0 / 720.0) + x2 * R::splat(1.0 / 30240.0));
    let series = R::splat(1.0) + (R::splat(0.5) * x + x2 * tail);
    R::select(near_zero, series, x / (R::splat(1.0) - exp_minus_x))
}
