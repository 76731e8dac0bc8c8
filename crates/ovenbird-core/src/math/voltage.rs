//! The rates of four gates as functions of the membrane potential.
//!
//! The potentials at which a solver's stages evaluate them mostly lie within a fraction of a
//! millivolt. There an exponential is that at the first stage times a polynomial, which takes two
//! thirds of the work of one from scratch, and no look-up.

use super::polynomial::Polynomial;
use super::rates::{ExponentialRates, LinearRates, RATE, RATE_SCALE, SIXTEENTHS, quotients};
use super::{Lanes, LookUp, Mask, Real};
use crate::ode::PerLane;
use std::f64::consts::LN_2;

/// How far from an anchor the polynomials are used.
const REACH: f64 = 0.25;

/// Beyond these potentials rates do not change.
const LIMIT: f64 = 600.0;

/// Linear rates are taken from an anchor where denominators 1 - e^-x are of at least this |x|: nearer
/// to zero little would be left of the polynomial's accuracy.
const LEAST_EXPONENT: f64 = 0.125;

/// 2^(f/16) as a polynomial times a factor.
#[derive(Clone, Copy)]
struct Power<const STEPS: usize> {
    polynomial: Polynomial<STEPS>,
    factor: f64,
    /// The greatest |f|.
    bound: f64,
}

/// To within 5e-15.
const SHORT: Power<2> = Power {
    polynomial: RATE,
    factor: RATE_SCALE,
    bound: 0.5,
};

/// To within 7e-15.
const LONG: Power<3> = Power {
    polynomial: Polynomial {
        shift: 55.0,
        first: [1.0, -168.287_998_292_885_08],
        steps: [
            [28_088.988_170_154_706, 5_209_288.996_521_064],
            [3_049.735_456_960_795_4, 4_130_169_764.809_019],
            [1_408.090_106_880_101_5, 18_265_543_756.075_916],
        ],
    },
    factor: 5.680_083_995_983_234_7e-14,
    bound: 2.6,
};

impl<const STEPS: usize> Power<STEPS> {
    /// 2^(s x / 16) for |x| up to [`REACH`], as a polynomial in x.
    const fn of_slope(self, s: f64) -> Self {
        let (polynomial, factor) = self.polynomial.stretched(s);
        let bound = self.bound / s.abs();
        assert!(bound >= REACH, "the exponent is too steep");
        Self {
            polynomial,
            factor: self.factor * factor,
            bound,
        }
    }
}

/// Eight rates that depend on a potential v: four exponentials a e^(v/b), and four linear ones
/// a x / (1 - e^-x) with x = (v - h) / w.
pub struct VoltageRates {
    exponential: ExponentialRates,
    linear: LinearRates,
    /// The potentials h of the linear ones, and the slopes of their exponents, in sixteenths.
    half: [f64; 4],
    slopes: [f64; 4],
    exponential_powers: [Power<2>; 4],
    wide_powers: [Power<2>; 2],
    narrow_powers: [Power<3>; 2],
}

/// What is known of rates at a potential, to start from at others.
#[derive(Clone, Copy, Debug)]
pub struct Anchor<R> {
    v: R,
    /// How far from `v` it is of use; negative where nothing is known.
    reach: R,
    /// The exponential rates, and the exponentials of the linear ones' denominators over the slopes
    /// of their exponents, each times the factor of its polynomial.
    exponential: [R; 4],
    linear: [R; 4],
}

impl PerLane for Anchor<Lanes> {
    type One = Anchor<f64>;

    #[inline(always)]
    fn spread(_: &Anchor<f64>) -> Self {
        Self::default()
    }

    #[inline(always)]
    fn pick(&self, lane: usize) -> Anchor<f64> {
        let four = |[a, b, c, d]: &[Lanes; 4]| [a.0[lane], b.0[lane], c.0[lane], d.0[lane]];
        Anchor {
            v: self.v.0[lane],
            reach: self.reach.0[lane],
            exponential: four(&self.exponential),
            linear: four(&self.linear),
        }
    }

    /// Leaves it as it is: each trial step begins with an anchor of its own.
    #[inline(always)]
    fn place(&mut self, _: usize, _: &Anchor<f64>) {}
}

impl<R: Real> Default for Anchor<R> {
    /// Nothing is known.
    #[inline(always)]
    fn default() -> Self {
        let zero = R::splat(0.0);
        Self {
            v: zero,
            reach: R::splat(-1.0),
            exponential: [zero; 4],
            linear: [zero; 4],
        }
    }
}

impl VoltageRates {
    /// Exponential rates [a, b], linear ones [a, h, w] of widths from 11.6 on, and linear ones of
    /// widths from 2.3 on. Exponential ones have widths from 11.6 to 700 and factors a from 1e-30 to
    /// 1e30, linear ones factors from 2e-3 to 1e3. Widths may be negative.
    ///
    /// # Panics
    ///
    /// If a width is too small, or the half potentials are so far out that exponents at the
    /// [`LIMIT`] are too large together; where the rates are a constant, when it is compiled.
    pub const fn new(
        [a, b, c, d]: [[f64; 2]; 4],
        [e, f]: [[f64; 3]; 2],
        [g, h]: [[f64; 3]; 2],
    ) -> Self {
        let slopes = [
            -SIXTEENTHS / e[2],
            -SIXTEENTHS / f[2],
            -SIXTEENTHS / g[2],
            -SIXTEENTHS / h[2],
        ];
        let exponential = ExponentialRates::new([a[0], b[0], c[0], d[0]], [a[1], b[1], c[1], d[1]]);
        let steep = exponential.slopes;
        let half = [e[1], f[1], g[1], h[1]];
        assert!(
            sum_of_exponents(slopes, half) <= 15_000.0,
            "the product of the denominators may overflow"
        );
        Self {
            exponential,
            linear: LinearRates::new([LN_2 * e[0], LN_2 * f[0], LN_2 * g[0], LN_2 * h[0]]),
            half,
            slopes,
            exponential_powers: [
                SHORT.of_slope(steep[0]),
                SHORT.of_slope(steep[1]),
                SHORT.of_slope(steep[2]),
                SHORT.of_slope(steep[3]),
            ],
            wide_powers: [SHORT.of_slope(slopes[0]), SHORT.of_slope(slopes[1])],
            narrow_powers: [LONG.of_slope(slopes[2]), LONG.of_slope(slopes[3])],
        }
    }

    /// The exponential and the linear rates at `v`, to within 1.1e-14 and 1e-16 |v|; beyond 600 they
    /// do not change.
    #[inline(always)]
    pub fn at<R: Real>(&self, look_up: impl LookUp, v: R) -> [[R; 4]; 2] {
        let v = within_limits(v);
        let linear = self.linear.at(look_up, self.exponents(v));
        [self.exponential.at(look_up, v), linear]
    }

    /// The rates at `v` as [`VoltageRates::at`] has them, and what is known from there on.
    #[inline(always)]
    pub fn anchored_at<R: Real>(&self, look_up: impl LookUp, v: R) -> ([[R; 4]; 2], Anchor<R>) {
        let known = v.abs().le(R::splat(LIMIT - REACH));
        let v = within_limits(v);
        let t = self.exponents(v);
        let denominators = self.linear.denominators(look_up, t);
        let exponential = self.exponential.at(look_up, v);
        let known = known & self.large(t, 0) & self.large(t, 1);
        let known = known & self.large(t, 2) & self.large(t, 3);
        let [a, b, c, d] = &self.exponential_powers;
        let [e, f] = &self.wide_powers;
        let [g, h] = &self.narrow_powers;
        let anchor = Anchor {
            v,
            reach: R::select(known, R::splat(REACH), R::splat(-1.0)),
            exponential: [
                exponential[0] * R::splat(a.factor),
                exponential[1] * R::splat(b.factor),
                exponential[2] * R::splat(c.factor),
                exponential[3] * R::splat(d.factor),
            ],
            linear: [
                self.scaled_power(denominators, 0, e.factor),
                self.scaled_power(denominators, 1, f.factor),
                self.scaled_power(denominators, 2, g.factor),
                self.scaled_power(denominators, 3, h.factor),
            ],
        };
        ([exponential, quotients(t, denominators)], anchor)
    }

    /// The rates at `v`: to within 7e-14 from the anchor where that reaches, elsewhere as
    /// [`VoltageRates::at`] has them.
    #[inline(always)]
    pub fn from<R: Real>(&self, anchor: &Anchor<R>, look_up: impl LookUp, v: R) -> [[R; 4]; 2] {
        let x = v - anchor.v;
        let reached = x.abs().le(anchor.reach);
        let [exponential, linear] = self.moved(anchor, x, v);
        if reached.all() {
            return [exponential, linear];
        }
        let [other_exponential, other_linear] = self.at(look_up, v);
        [
            select(reached, exponential, other_exponential),
            select(reached, linear, other_linear),
        ]
    }

    /// The rates at `v`, `x` from the anchor.
    #[inline(always)]
    fn moved<R: Real>(&self, anchor: &Anchor<R>, x: R, v: R) -> [[R; 4]; 2] {
        let [a, b, c, d] = &self.exponential_powers;
        let exponential = [
            anchor.exponential[0] * a.polynomial.at(x),
            anchor.exponential[1] * b.polynomial.at(x),
            anchor.exponential[2] * c.polynomial.at(x),
            anchor.exponential[3] * d.polynomial.at(x),
        ];
        let [e, f] = &self.wide_powers;
        let [g, h] = &self.narrow_powers;
        let denominators = [
            anchor.linear[0].mul_add(e.polynomial.at(x), self.minus_one(0)),
            anchor.linear[1].mul_add(f.polynomial.at(x), self.minus_one(1)),
            anchor.linear[2].mul_add(g.polynomial.at(x), self.minus_one(2)),
            anchor.linear[3].mul_add(h.polynomial.at(x), self.minus_one(3)),
        ];
        let [e, f, g, h] = self.half.map(R::splat);
        [
            exponential,
            quotients([v - e, v - f, v - g, v - h], denominators),
        ]
    }

    /// The exponents of the linear rates, in sixteenths, which vanish between two numbers and at
    /// none.
    #[inline(always)]
    fn exponents<R: Real>(&self, v: R) -> [R; 4] {
        [
            self.exponent(v, 0),
            self.exponent(v, 1),
            self.exponent(v, 2),
            self.exponent(v, 3),
        ]
    }

    #[inline(always)]
    fn exponent<R: Real>(&self, v: R, i: usize) -> R {
        let slope = self.slopes[i];
        R::splat(slope).mul_add(v, R::splat(-slope * self.half[i]))
    }

    /// Where an exponent is of at least [`LEAST_EXPONENT`] within reach.
    #[inline(always)]
    fn large<R: Real>(&self, t: [R; 4], i: usize) -> R::Mask {
        let least = LEAST_EXPONENT * SIXTEENTHS + REACH * self.slopes[i].abs();
        t[i].abs().ge(R::splat(least))
    }

    /// The exponential in a denominator, in units of the slope, times `factor`.
    #[inline(always)]
    fn scaled_power<R: Real>(&self, denominators: [R; 4], i: usize, factor: f64) -> R {
        let power = denominators[i] + R::splat(self.linear.inverse[i]);
        power * R::splat(factor / self.slopes[i])
    }

    /// What the exponential in a denominator is added to, in units of the slope.
    #[inline(always)]
    fn minus_one<R: Real>(&self, i: usize) -> R {
        R::splat(-self.linear.inverse[i] / self.slopes[i])
    }
}

/// The greatest magnitudes of exponents, in sixteenths, together.
const fn sum_of_exponents(slopes: [f64; 4], half: [f64; 4]) -> f64 {
    let (mut sum, mut i) = (0.0, 0);
    while i < 4 {
        sum += slopes[i].abs() * (LIMIT + half[i].abs());
        i += 1;
    }
    sum
}

#[inline(always)]
fn within_limits<R: Real>(v: R) -> R {
    v.max(R::splat(-LIMIT)).min(R::splat(LIMIT))
}

/// Four times one or the other.
#[inline(always)]
fn select<R: Real>(mask: R::Mask, [a, b, c, d]: [R; 4], [e, f, g, h]: [R; 4]) -> [R; 4] {
    [
        R::select(mask, a, e),
        R::select(mask, b, f),
        R::select(mask, c, g),
        R::select(mask, d, h),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::{Lanes, Memory, Width};
    use proptest::prelude::*;

    const EXPONENTIAL: [[f64; 2]; 4] = [[1.2, -42.0], [0.0035, -11.6], [0.002, 34.0], [0.02, 22.0]];
    const WIDE: [[f64; 3]; 2] = [[540.0, 75.5, 13.5], [11.8, 95.0, 11.6]];
    const NARROW: [[f64; 3]; 2] = [[0.09, -51.25, -5.2], [0.03, -44.0, 2.3]];
    const RATES: VoltageRates = VoltageRates::new(EXPONENTIAL, WIDE, NARROW);

    fn bits(rates: [[f64; 4]; 2]) -> [[u64; 4]; 2] {
        rates.map(|four| four.map(f64::to_bits))
    }

    /// The rates at `v` from an anchor at `anchor`.
    fn from(anchor: f64, v: f64) -> [[f64; 4]; 2] {
        let (_, anchor) = RATES.anchored_at(Memory, anchor);
        RATES.from(&anchor, Memory, v)
    }

    fn exact(v: f64) -> [[f64; 4]; 2] {
        let exponential = EXPONENTIAL.map(|[a, b]| a * (v / b).exp());
        let linear = |[a, half, width]: [f64; 3]| {
            let x = (v - half) / width;
            a * if x == 0.0 { 1.0 } else { x / -(-x).exp_m1() }
        };
        let ([a, b], [c, d]) = (WIDE, NARROW);
        [exponential, [a, b, c, d].map(linear)]
    }

    fn worst(rates: [[f64; 4]; 2], v: f64) -> f64 {
        let pairs = rates
            .as_flattened()
            .iter()
            .zip(exact(v).as_flattened().to_vec());
        pairs
            .map(|(rate, exact)| (rate / exact - 1.0).abs())
            .fold(0.0, f64::max)
    }

    /// Checks the rates at `start + x` from an anchor at `start`; returns whether that reaches.
    fn check_from(start: f64, x: f64) -> bool {
        let (rates, anchor) = RATES.anchored_at(Memory, start);
        assert_eq!(bits(rates), bits(RATES.at(Memory, start)));
        let bound = 1.1e-14 + 1e-16 * start.abs();
        let error = worst(rates, start);
        assert!(error < bound, "{error} at {start}");
        let v = start + x;
        let error = worst(RATES.from(&anchor, Memory, v), v);
        assert!(error < 7e-14, "{error} at {v} from {start}");
        anchor.reach == REACH
    }

    #[test]
    fn rates_are_accurate() {
        let points = 6001;
        let reached = (0..points).filter(|&i| {
            let x = 0.25 * f64::from(i % 17 - 8) / 8.0;
            check_from(0.04 * f64::from(i) - 120.0, x)
        });
        let reached = reached.count();
        assert!(reached > 9 * points as usize / 10, "{reached}");
    }

    #[test]
    fn rates_are_accurate_towards_half_potentials() {
        for [_, half, width] in WIDE.into_iter().chain(NARROW) {
            let edge = 0.125 * f64::abs(width) + 0.25;
            for i in 0..4000 {
                let away = edge - 0.01 + 1e-5 * (f64::from(i) + 0.5);
                for side in [-1.0, 1.0] {
                    let x = -side * (0.25 - 1e-4 * f64::from(i % 100));
                    let reached = check_from(half + side * away, x);
                    assert_eq!(reached, away > edge, "{away} from {half}");
                }
            }
        }
    }

    #[test]
    fn what_an_anchor_does_not_reach_is_calculated_from_scratch() {
        let far = [(-70.0, -69.7), (-70.0, 20.0), (40.0, 39.7)];
        let at_half = [-51.25, -44.0, 75.5, 95.0].map(|half| (half + 0.1, half - 0.1));
        let at_limits = [
            (599.9, 600.0),
            (-599.9, -600.5),
            (700.0, 700.1),
            (1e300, 1e300),
        ];
        for (anchor, v) in far.into_iter().chain(at_half).chain(at_limits) {
            let scratch = bits(RATES.at(Memory, v));
            assert_eq!(bits(from(anchor, v)), scratch, "{v} from {anchor}");
            let unknown = RATES.from(&Anchor::default(), Memory, v);
            assert_eq!(bits(unknown), scratch, "{v} without an anchor");
        }
        let near = from(-70.0, -69.8);
        assert_ne!(bits(near), bits(RATES.at(Memory, -69.8)));
    }

    proptest! {
        #[test]
        fn lanes_have_the_bits_of_scalars(
            start in prop::array::uniform8(-120.0f64..120.0),
            x in prop::array::uniform8(-0.26f64..0.26),
        ) {
            let v = |lane: usize| start[lane] + x[lane];
            let (starts, to) = (Lanes::from_fn(|lane| start[lane]), Lanes::from_fn(v));
            for width in Width::available() {
                let together = width.run(|| match width.registers() {
                    Some(registers) => {
                        let (_, anchor) = RATES.anchored_at(registers, starts);
                        RATES.from(&anchor, registers, to)
                    }
                    None => {
                        let (_, anchor) = RATES.anchored_at(Memory, starts);
                        RATES.from(&anchor, Memory, to)
                    }
                });
                for (lane, &start) in start.iter().enumerate() {
                    let together = together.map(|four| four.map(|rate| rate.lane(lane)));
                    prop_assert_eq!(bits(together), bits(from(start, v(lane))));
                }
            }
        }
    }
}
