//! The solver against closed forms, against the GNU Scientific Library, and lanes against scalars.

use proptest::prelude::*;

use super::*;
use crate::math::{LANES, LaneMask, Lanes, LookUp, Mask, Real, Width};
use crate::model::{Failure, StepContext};
use crate::rng::{Key, Purpose};
use std::ops::Range;

/// A rotation with angular frequency `omega` that decays with `rate`, and is drawn with `pull` times
/// what it was at the first stage of a trial step.
#[derive(Clone, Copy)]
struct Spiral<R> {
    rate: R,
    omega: R,
    pull: R,
    first: R,
}

impl<R: Real> Spiral<R> {
    fn new(rate: R, omega: R) -> Self {
        Self::pulled(rate, omega, 0.0)
    }

    fn pulled(rate: R, omega: R, pull: f64) -> Self {
        Spiral {
            rate,
            omega,
            pull: R::splat(pull),
            first: R::splat(0.0),
        }
    }
}

impl<R: Real> System<R> for Spiral<R> {
    type State = [R; 2];

    #[inline(always)]
    fn derivatives(&self, _: impl LookUp, _t: R, y: &[R; 2], dydt: &mut [R; 2]) {
        dydt[0] = self.pull * self.first - self.rate * y[0] - self.omega * y[1];
        dydt[1] = self.omega * y[0] - self.rate * y[1];
    }

    #[inline(always)]
    fn first_derivatives(&mut self, look_up: impl LookUp, t: R, y: &[R; 2], dydt: &mut [R; 2]) {
        self.first = y[0] + t;
        self.derivatives(look_up, t, y, dydt);
    }
}

crate::per_lane!(Spiral {
    rate,
    omega,
    pull,
    first
});

/// Spirals, and what makes some of them diverge.
struct Spirals(Vec<Spiral<f64>>);

impl Population for Spirals {
    type System = Spiral<Lanes>;

    fn first(&self) -> Spiral<Lanes> {
        Spiral::spread(&self.0[0])
    }

    #[inline(always)]
    fn set_group(&self, system: &mut Spiral<Lanes>, nodes: Range<usize>) {
        for (lane, node) in nodes.enumerate() {
            system.place(lane, &self.0[node]);
        }
    }

    #[inline(always)]
    fn set_lane(&self, system: &mut Spiral<Lanes>, lane: usize, node: usize) {
        system.place(lane, &self.0[node]);
    }
}

/// The states and step sizes of spirals.
#[derive(Clone)]
struct States {
    y: [Vec<f64>; 2],
    h: Vec<f64>,
}

impl States {
    /// One interval, as a block of neurons takes it.
    fn advance_together(
        &mut self,
        spirals: &Spirals,
        control: &Control<f64>,
        width: Width,
    ) -> Result<(), Failure> {
        let [a, b] = &mut self.y;
        let (y, h) = (&mut [&mut a[..], &mut b[..]], &mut self.h);
        let context = StepContext {
            step: 0,
            lag: 0,
            h: INTERVAL,
            registers: width.registers(),
            key: Key::new(0, Purpose::Neuron),
            iterating: false,
        };
        width.run(
            #[inline(always)]
            || advance_nodes(spirals, control, &context, y, h),
        )
    }

    /// One interval of one node.
    fn advance_one(
        &mut self,
        spirals: &Spirals,
        control: &Control<f64>,
        i: usize,
    ) -> Failures<bool> {
        let mut y = [self.y[0][i], self.y[1][i]];
        let mut solver = Rkf45::new(&y);
        let h = &mut self.h[i];
        let failures = solver.advance(
            &mut spirals.0[i].clone(),
            control,
            INTERVAL,
            true,
            &mut y,
            h,
        );
        [self.y[0][i], self.y[1][i]] = y;
        failures
    }
}

const INTERVAL: f64 = 0.1;

/// Two cascaded low-pass filters, the first one fast.
struct Cascade;

impl System<f64> for Cascade {
    type State = [f64; 2];

    fn derivatives(&self, _: impl LookUp, _t: f64, y: &[f64; 2], dydt: &mut [f64; 2]) {
        dydt[0] = -50.0 * y[0] + 3.0;
        dydt[1] = y[0] - y[1];
    }
}

/// y' = a polynomial of degree four in t, in a state of dynamic dimension.
struct Quartic;

impl System<f64> for Quartic {
    type State = Vec<f64>;

    fn derivatives(&self, _: impl LookUp, t: f64, _y: &Vec<f64>, dydt: &mut Vec<f64>) {
        dydt[0] = 1.0 - 2.0 * t + 3.0 * t * t - 4.0 * t * t * t + 5.0 * t * t * t * t;
    }
}

/// y' = 1 / (1/2 - t), whose solution diverges at t = 1/2, or NaN throughout.
struct Singular {
    poison: f64,
}

impl System<f64> for Singular {
    type State = [f64; 1];

    fn derivatives(&self, _: impl LookUp, t: f64, _y: &[f64; 1], dydt: &mut [f64; 1]) {
        dydt[0] = self.poison / ((0.5 - t) * (0.5 - t));
    }
}

#[test]
fn spiral_follows_the_closed_form() {
    let mut system = Spiral::new(0.3, 2.0);
    for (tolerance, bound) in [(1e-4, 1e-3), (1e-8, 1e-7), (1e-11, 1e-10)] {
        let mut y = [1.0, 0.0];
        let mut h = 0.1;
        let mut solver = Rkf45::new(&y);
        for step in 1..=50 {
            let control = Control::y(tolerance, 0.0);
            let failures = solver.advance(&mut system, &control, 0.1, true, &mut y, &mut h);
            assert!(failures.is_empty());
            let t = 0.1 * f64::from(step);
            let decay = (-0.3 * t).exp();
            assert!((y[0] - decay * (2.0 * t).cos()).abs() < bound);
            assert!((y[1] - decay * (2.0 * t).sin()).abs() < bound);
        }
    }
}

#[test]
fn solution_is_of_fifth_order() {
    let mut system = Spiral::new(0.0, 1.0);
    // A tolerance that accepts every step, and a start far above the interval, which then is
    // covered in one step.
    let mut error = |h: f64| {
        let mut y = [1.0, 0.0];
        let mut step_size = 10.0;
        let mut solver = Rkf45::new(&y);
        solver.advance(
            &mut system,
            &Control::y(1e9, 0.0),
            h,
            true,
            &mut y,
            &mut step_size,
        );
        (y[0] - h.cos()).hypot(y[1] - h.sin())
    };
    let order = (error(0.4) / error(0.2)).log2();
    assert!((order - 6.0).abs() < 0.1, "local order {order}");
}

#[test]
fn time_enters_at_the_nodes() {
    let mut y = vec![0.0];
    let mut h = 2.0;
    let mut solver = Rkf45::new(&y);
    let failures = solver.advance(
        &mut Quartic,
        &Control::y(1e3, 0.0),
        2.0,
        true,
        &mut y,
        &mut h,
    );
    assert!(failures.is_empty());
    assert!(
        (y[0] - (2.0 - 4.0 + 8.0 - 16.0 + 32.0)).abs() < 1e-12,
        "{}",
        y[0]
    );
}

/// The end of each interval of 0.1 as reached by `gsl_odeiv_evolve_apply`, GSL 1.15 and 2.7.1, with
/// `gsl_odeiv_step_rkf45` and `gsl_odeiv_control_y_new(1e-6, 0)` from y = (1, 0), h = 0.1:
/// (h, y_0, y_1) printed with `%.17g`.
const GSL_CASCADE: [[f64; 3]; 6] = [
    [
        0.009_709_184_760_899_435,
        0.066_333_489_409_115_13,
        0.022938605602427928,
    ],
    [
        0.01066344389158938,
        0.060_042_546_416_319_34,
        0.026581549947507718,
    ],
    [
        0.051828304995821355,
        0.060_000_254_303_625_89,
        0.029_762_516_415_028_53,
    ],
    [
        0.10796797147597705,
        0.060000000341456604,
        0.032_639_998_114_913_56,
    ],
    [
        0.22652755887238368,
        0.059999998353730453,
        0.035_243_646_601_052_11,
    ],
    [
        0.174_285_052_145_557_3,
        0.060_000_007_937_182_58,
        0.037_599_524_940_123_4,
    ],
];

#[test]
fn step_sizes_are_those_of_gsl() {
    let mut y = [1.0, 0.0];
    let mut h = 0.1;
    let mut solver = Rkf45::new(&y);
    for [gsl_h, gsl_y0, gsl_y1] in GSL_CASCADE {
        let control = Control::y(1e-6, 0.0);
        assert!(
            solver
                .advance(&mut Cascade, &control, 0.1, true, &mut y, &mut h)
                .is_empty()
        );
        // Error ratios cancel to fewer digits than the state has.
        assert!((h / gsl_h - 1.0).abs() < 1e-7, "{h} {gsl_h}");
        assert!((y[0] / gsl_y0 - 1.0).abs() < 1e-12, "{} {gsl_y0}", y[0]);
        assert!((y[1] / gsl_y1 - 1.0).abs() < 1e-12, "{} {gsl_y1}", y[1]);
    }
}

/// As [`GSL_CASCADE`] with `gsl_odeiv_control_yp_new(1e-6, 1e-6)`.
const GSL_CASCADE_YP: [[f64; 3]; 3] = [
    [
        0.009289513551216563,
        0.066_333_474_487_102_28,
        0.022_938_605_906_958_81,
    ],
    [
        0.015091158841138083,
        0.060_042_551_392_711_57,
        0.026_581_549_845_948_59,
    ],
    [
        0.053_713_336_922_121_28,
        0.060_000_262_452_356_16,
        0.02976251624871204,
    ],
];

#[test]
fn step_sizes_relative_to_the_change_are_those_of_gsl() {
    let mut y = [1.0, 0.0];
    let mut h = 0.1;
    let mut solver = Rkf45::new(&y);
    for [gsl_h, gsl_y0, gsl_y1] in GSL_CASCADE_YP {
        let control = Control::yp(1e-6, 1e-6);
        assert!(
            solver
                .advance(&mut Cascade, &control, 0.1, true, &mut y, &mut h)
                .is_empty()
        );
        assert!((h / gsl_h - 1.0).abs() < 1e-7, "{h} {gsl_h}");
        assert!((y[0] / gsl_y0 - 1.0).abs() < 1e-12, "{} {gsl_y0}", y[0]);
        assert!((y[1] / gsl_y1 - 1.0).abs() < 1e-12, "{} {gsl_y1}", y[1]);
    }
}

#[test]
fn failures_are_reported_and_end() {
    let advance = |poison: f64, mut y: [f64; 1], mut h: f64| {
        let mut solver = Rkf45::new(&y);
        let mut system = Singular { poison };
        let control = Control::y(1e-6, 0.0);
        let failures = solver.advance(&mut system, &control, 1.0, true, &mut y, &mut h);
        (failures, y[0])
    };
    let (failures, y) = advance(f64::NAN, [3.0], 1.0);
    assert!(failures.non_finite && !failures.step_underflow && !failures.too_many_steps);
    assert_eq!(y, 3.0, "the state is that of the last successful step");
    assert!(advance(1.0, [f64::NAN], 1.0).0.non_finite);
    assert!(advance(1.0, [f64::INFINITY], 1.0).0.non_finite);
    assert!(
        !advance(1.0, [0.0], 1.0).0.is_empty(),
        "the solution diverges within the interval"
    );
    assert!(advance(1.0, [0.0], 0.0).0.step_underflow);
    assert!(advance(1.0, [0.0], -1.0).0.step_underflow);
    assert!(advance(1.0, [0.0], f64::NAN).0.non_finite);
    assert!(advance(0.0, [0.0], 0.3).0.is_empty());
}

#[test]
fn inactive_lanes_are_left_alone() {
    let mut system = Spiral::new(Lanes::splat(1.0), Lanes::splat(1.0));
    let active = LaneMask::from_fn(|lane| lane != 3);
    let mut y = [Lanes::splat(1.0), Lanes::splat(0.0)];
    y[0].set_lane(3, f64::NAN);
    let mut h = Lanes::splat(0.1);
    h.set_lane(3, 0.7);
    let mut solver = Rkf45::new(&y);
    let control = Control::y(1e-6, 0.0);
    let failures = solver.advance(&mut system, &control, 0.1, active, &mut y, &mut h);
    assert!(failures.is_empty());
    assert!(y[0].lane(3).is_nan() && y[1].lane(3) == 0.0 && h.lane(3) == 0.7);
    assert!(y[0].lane(2) < 1.0);
}

#[test]
fn a_failed_lane_does_not_stop_the_others() {
    let mut rate = Lanes::splat(1.0);
    rate.set_lane(5, f64::NAN);
    let mut system = Spiral::new(rate, Lanes::splat(1.0));
    let mut y = [Lanes::splat(1.0), Lanes::splat(0.0)];
    let mut h = Lanes::splat(0.1);
    let mut solver = Rkf45::new(&y);
    let all = LaneMask::splat(true);
    let control = Control::y(1e-6, 0.0);
    let failures = solver.advance(&mut system, &control, 0.1, all, &mut y, &mut h);
    assert_eq!(failures.any_cause(), LaneMask::from_fn(|lane| lane == 5));
    assert_eq!(failures.non_finite, failures.any_cause());
    assert_eq!(y[0].lane(5), 1.0);
    assert!((y[0].lane(4) - (-0.1f64).exp() * 0.1f64.cos()).abs() < 1e-6);
}

proptest! {
    #[test]
    fn a_lane_has_the_bits_of_a_neuron_alone_at_every_width(
        rate in prop::array::uniform8(-2.0f64..60.0),
        omega in prop::array::uniform8(-80.0f64..80.0),
        start in prop::array::uniform8(-100.0f64..100.0),
        tolerance in prop::sample::select(vec![1e-3, 1e-6, 1e-9]),
        relative in any::<bool>(),
    ) {
        let (relative, steps) = (if relative { tolerance } else { 0.0 }, 5);
        let alone: Vec<_> = (0..LANES).map(|lane| {
            let mut y = [start[lane], 0.5];
            let mut h = 0.1;
            let mut solver = Rkf45::new(&y);
            let mut system = Spiral::pulled(rate[lane], omega[lane], 0.5);
            let control = Control::yp(tolerance, relative);
            for _ in 0..steps {
                solver.advance(&mut system, &control, 0.1, true, &mut y, &mut h);
            }
            [y[0], y[1], h].map(f64::to_bits)
        }).collect();
        for width in Width::available() {
            let mut y = [Lanes(start), Lanes::splat(0.5)];
            let mut h = Lanes::splat(0.1);
            let mut solver = Rkf45::new(&y);
            let mut system = Spiral::pulled(Lanes(rate), Lanes(omega), 0.5);
            let control = Control::yp(tolerance, relative);
            let all = LaneMask::splat(true);
            for _ in 0..steps {
                let failures = width.run(
                    #[inline(always)]
                    || solver.advance(&mut system, &control, 0.1, all, &mut y, &mut h),
                );
                prop_assert!(failures.is_empty());
            }
            for (lane, alone) in alone.iter().enumerate() {
                let lane = [y[0], y[1], h].map(|x| x.lane(lane).to_bits());
                prop_assert_eq!(&lane, alone, "{:?}", width);
            }
        }
    }
    #[test]
    fn a_block_has_the_bits_of_its_nodes_alone(
        nodes in prop::collection::vec(
            (
                (-2.0f64..60.0, -80.0f64..80.0, any::<bool>()),
                prop::sample::select(vec![1e-3, 0.03, 0.1, 0.2, 1.0]),
            ),
            1..60,
        ),
        tolerance in prop::sample::select(vec![1e-3, 1e-6, 1e-9]),
        relative in any::<bool>(),
    ) {
        let spiral = |&((rate, omega, still), _)| match still {
            true => Spiral::pulled(0.1, 0.2, 0.05),
            false => Spiral::pulled(rate, omega, 0.05),
        };
        let spirals = Spirals(nodes.iter().map(spiral).collect());
        let control = Control::yp(tolerance, if relative { tolerance } else { 0.0 });
        let n = nodes.len();
        let begin = States {
            y: [(0..n).map(|i| i as f64).collect(), vec![0.5; n]],
            h: nodes.iter().map(|node| node.1).collect(),
        };
        for width in Width::available() {
            let (mut together, mut alone) = (begin.clone(), begin.clone());
            for _ in 0..4 {
                prop_assert!(together.advance_together(&spirals, &control, width).is_ok());
                for i in 0..n {
                    prop_assert!(alone.advance_one(&spirals, &control, i).is_empty());
                    let bits = |s: &States| [s.y[0][i].to_bits(), s.y[1][i].to_bits()];
                    prop_assert_eq!(bits(&together), bits(&alone), "node {} of {}", i, n);
                    let (a, b) = (together.h[i], alone.h[i]);
                    let whole = a >= INTERVAL && b >= INTERVAL;
                    prop_assert!(whole || a.to_bits() == b.to_bits(), "{} {}", a, b);
                }
            }
        }
    }
}

#[test]
fn a_block_tells_which_node_fails_and_why() {
    for n in [1, 7, 8, 9, 16, 17, 40] {
        for bad in [0, n / 2, n - 1] {
            // from the first step on, and after some hundred steps, when it becomes infinite
            assert_failure(n, bad, f64::NAN, 1e-3);
            assert_failure(n, bad, -8e3, 1e-3);
        }
    }
    // an error that only very small steps keep small enough
    assert_failure(9, 8, -1e6, 0.0);
}

/// Compares what a block of `n` spirals tells of a bad one with what it tells alone.
fn assert_failure(n: usize, bad: usize, rate: f64, relative: f64) {
    let control = Control::y(1e-6, relative);
    let good = Spiral::new(1.0, 9.0);
    let mut spirals = Spirals(vec![good; n]);
    spirals.0[bad].rate = rate;
    let mut states = States {
        y: [vec![1.0; n], vec![0.0; n]],
        h: vec![INTERVAL; n],
    };
    let failures = states.clone().advance_one(&spirals, &control, bad);
    let why = match (failures.non_finite, failures.step_underflow) {
        (true, _) => "its state is not finite any more",
        (_, true) => "no step size is small enough for the error allowed",
        _ => "too many steps are needed",
    };
    let failed = states.advance_together(&spirals, &control, Width::widest());
    let failed = failed.unwrap_err();
    assert_eq!(
        (failed.index, failed.what),
        (bad, why),
        "{n} nodes, rate {rate}"
    );
}
