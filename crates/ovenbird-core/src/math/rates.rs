//! The voltage dependence of channels' rates, four at a time.
//!
//! Exponents are in sixteenths: 2^(t/16) is a power 2^(n/16), n integral, which is looked up, times
//! 2^(f/16), |f| <= 1/2, which is a polynomial. Four are made side by side: each operation needs the
//! one before it, and those of the others fill the wait.

use super::elementary::ROUND;
use super::polynomial::Polynomial;
use super::{LookUp, Real};
use std::f64::consts::{LOG2_E, SQRT_2};

/// The natural logarithm's unit in sixteenths of an octave: e^x = 2^(x SIXTEENTHS / 16).
pub(super) const SIXTEENTHS: f64 = 16.0 * LOG2_E;

/// 2^(f/16) / [`RATE_SCALE`] for |f| <= 1/2 to within 5e-15 of it.
///
/// This polynomial and the next are those of least relative error (Remez), with the shift of the
/// form that rounds least.
pub(super) const RATE: Polynomial<2> = Polynomial {
    shift: 39.0,
    first: [1.0, -40.579_755_449_384_01],
    steps: [
        [6_407.427_482_733_970_5, 576_861.465_026_177_6],
        [1_453.802_101_995_689, 27_477_150.692_345_046],
    ],
};
pub(super) const RATE_SCALE: f64 = 1.271_565_890_984_857_7e-9;

/// (2^(f/16) - 1) / f for |f| <= 1/2 to within 1e-15 of it.
const QUOTIENT: Polynomial<2> = Polynomial {
    shift: 49.0,
    first: [9.181_219_584_876_753e-12, -5.279_105_357_600_509e-10],
    steps: [
        [8_642.657_019_013_64, 1.205_746_235_360_777_9e-5],
        [4_206.052_004_129_777, 0.002_176_946_702_617_002_3],
    ],
};

/// The bits of a factor times 2^(j/16) for j below 16, each less j 2^48: with n 2^48 added to the
/// entry of the lowest bits of n, they are those of the factor times 2^(n/16).
pub(super) struct Powers([u64; 16]);

impl Powers {
    pub(super) const fn of(factor: f64) -> Self {
        const ROOTS: [f64; 16] = [
            1.0,
            1.044_273_782_427_413_8,
            1.090_507_732_665_257_7,
            1.138_788_634_756_691_6,
            1.189_207_115_002_721,
            1.241_857_812_073_484,
            1.296_839_554_651_009_6,
            1.354_255_546_936_892_7,
            SQRT_2,
            1.476_826_145_939_499_3,
            1.542_210_825_407_940_7,
            1.610_490_331_949_254_3,
            1.681_792_830_507_429,
            1.756_252_160_373_299_5,
            1.834_008_086_409_342_4,
            1.915_206_561_397_147_4,
        ];
        let mut bits = [0; 16];
        let mut j = 0;
        while j < 16 {
            bits[j] = (factor * ROOTS[j]).to_bits().wrapping_sub((j as u64) << 48);
            j += 1;
        }
        Self(bits)
    }

    /// The factor times 2^(n/16), for n in the lowest bits of `rounded`.
    #[inline(always)]
    pub(super) fn at<R: Real>(&self, look_up: impl LookUp, rounded: R) -> R {
        rounded.look_up(look_up, &self.0, |bits, entry| {
            (bits << 48).wrapping_add(entry)
        })
    }
}

/// Four rates a e^(v/b) of different factors a and widths b.
pub(super) struct ExponentialRates {
    powers: [Powers; 4],
    /// Of the exponents, in sixteenths.
    pub(super) slopes: [f64; 4],
}

impl ExponentialRates {
    /// Rates with the factors `a`, from 1e-30 to 1e30, and the widths `b`.
    pub const fn new(a: [f64; 4], b: [f64; 4]) -> Self {
        Self {
            powers: [
                Powers::of(RATE_SCALE * a[0]),
                Powers::of(RATE_SCALE * a[1]),
                Powers::of(RATE_SCALE * a[2]),
                Powers::of(RATE_SCALE * a[3]),
            ],
            slopes: [
                SIXTEENTHS / b[0],
                SIXTEENTHS / b[1],
                SIXTEENTHS / b[2],
                SIXTEENTHS / b[3],
            ],
        }
    }

    /// The rates at `v`, to within (6 + |v/b| / 5) 1e-15, for |v/b| up to 500.
    #[inline(always)]
    pub fn at<R: Real>(&self, look_up: impl LookUp, v: R) -> [R; 4] {
        let round = R::splat(ROUND);
        let slopes = each(self.slopes, R::splat);
        let rounded = each(slopes, |slope| slope.mul_add(v, round));
        let f = both(slopes, rounded, |slope, rounded| {
            slope.mul_add(v, round - rounded)
        });
        let [p, q, r, s] = each(f, |f| RATE.at(f));
        let power = |i: usize| self.powers[i].at(look_up, rounded[i]);
        [power(0) * p, power(1) * q, power(2) * r, power(3) * s]
    }
}

/// Four rates a t / (2^t - 1) of different factors a.
///
/// x / (1 - e^-x) = ln 2 t / (2^t - 1) with t = -x / ln 2 is the voltage dependence of many
/// channels' rates.
pub(super) struct LinearRates {
    powers: [Powers; 4],
    /// 16 / a.
    pub(super) inverse: [f64; 4],
}

impl LinearRates {
    /// Rates with the factors `a`, from 1e-3 to 1e3.
    pub const fn new(a: [f64; 4]) -> Self {
        let inverse = [16.0 / a[0], 16.0 / a[1], 16.0 / a[2], 16.0 / a[3]];
        Self {
            powers: [
                Powers::of(inverse[0]),
                Powers::of(inverse[1]),
                Powers::of(inverse[2]),
                Powers::of(inverse[3]),
            ],
            inverse,
        }
    }

    /// a (t/16) / (2^(t/16) - 1) for four t, with one division and to within 1.1e-14; for t of
    /// magnitudes from 1e-30 on that add up to 15,000 at most. Where one t is zero all four are NaN.
    #[inline(always)]
    pub fn at<R: Real>(&self, look_up: impl LookUp, t: [R; 4]) -> [R; 4] {
        quotients(t, self.denominators(look_up, t))
    }

    /// 16 / a (2^(t/16) - 1), also where it is small.
    #[inline(always)]
    pub(super) fn denominators<R: Real>(&self, look_up: impl LookUp, t: [R; 4]) -> [R; 4] {
        let (rounded, f) = rounded_and_rest(t);
        let p = each(f, |f| QUOTIENT.at(f) * f);
        let one = |i: usize| {
            let power = self.powers[i].at(look_up, rounded[i]);
            power.mul_add(p[i], power - R::splat(self.inverse[i]))
        };
        [one(0), one(1), one(2), one(3)]
    }
}

/// Four quotients with one division.
#[inline(always)]
pub(super) fn quotients<R: Real>([t, u, v, w]: [R; 4], [dt, du, dv, dw]: [R; 4]) -> [R; 4] {
    let (tu, vw) = (dt * du, dv * dw);
    let inverse = R::splat(1.0) / (tu * vw);
    let (inverse_tu, inverse_vw) = (vw * inverse, tu * inverse);
    [
        t * (du * inverse_tu),
        u * (dt * inverse_tu),
        v * (dw * inverse_vw),
        w * (dv * inverse_vw),
    ]
}

/// The nearest integers, in the lowest bits of numbers, and what is left of at most 1/2.
#[inline(always)]
fn rounded_and_rest<R: Real>(t: [R; 4]) -> ([R; 4], [R; 4]) {
    let round = R::splat(ROUND);
    let rounded = each(t, |t| t + round);
    (
        rounded,
        both(t, rounded, |t, rounded| t - (rounded - round)),
    )
}

/// What `f` makes of four numbers.
#[inline(always)]
fn each<T, R: Real>([a, b, c, d]: [T; 4], f: impl Fn(T) -> R) -> [R; 4] {
    [f(a), f(b), f(c), f(d)]
}

/// What `f` makes of four pairs of numbers.
#[inline(always)]
fn both<R: Real>(x: [R; 4], y: [R; 4], f: impl Fn(R, R) -> R) -> [R; 4] {
    [f(x[0], y[0]), f(x[1], y[1]), f(x[2], y[2]), f(x[3], y[3])]
}
