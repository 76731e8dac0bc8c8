//! The embedded Runge-Kutta-Fehlberg method of orders 4 and 5.

use super::control::{self, Control};
use crate::math::{LookUp, Mask, Memory, Real};

/// The number of trial steps within one interval after which the solver gives up.
pub const MAX_ATTEMPTS: u32 = 1_000_000;

pub(super) const STAGES: usize = 6;

/// The times of the stages as fractions of the step.
const FRACTIONS: [f64; STAGES] = [0.0, 1.0 / 4.0, 3.0 / 8.0, 12.0 / 13.0, 1.0, 1.0 / 2.0];

/// Weights of the earlier stages in the state at which a stage is evaluated.
const STAGE_WEIGHTS: [[f64; STAGES - 1]; STAGES] = [
    [0.0; STAGES - 1],
    [1.0 / 4.0, 0.0, 0.0, 0.0, 0.0],
    [3.0 / 32.0, 9.0 / 32.0, 0.0, 0.0, 0.0],
    [1932.0 / 2197.0, -7200.0 / 2197.0, 7296.0 / 2197.0, 0.0, 0.0],
    [439.0 / 216.0, -8.0, 3680.0 / 513.0, -845.0 / 4104.0, 0.0],
    [
        -8.0 / 27.0,
        2.0,
        -3544.0 / 2565.0,
        1859.0 / 4104.0,
        -11.0 / 40.0,
    ],
];

/// Weights in the solution of order 4: of the first, the third and the fifth stage.
const SOLUTION: [f64; 3] = [25.0 / 216.0, 1408.0 / 2565.0, -1.0 / 5.0];

/// Solution of order 5 minus that of order 4: weights of the first, the third, the fifth, and the
/// sixth stage.
const ERROR: [f64; 4] = [1.0 / 360.0, -128.0 / 4275.0, 1.0 / 50.0, 2.0 / 55.0];

/// The weight of the fourth stage over that of the third, in the solution as in the error.
const FOURTH: f64 = (2197.0 * 2565.0) / (4104.0 * 1408.0);

/// The state of a system: an array where the dimension is known to the compiler, a vector where
/// it is not.
pub trait StateVector<R>: Clone + AsRef<[R]> + AsMut<[R]> {
    /// Calls `body` with the index of each component.
    ///
    /// Where the dimension is known there is no loop: the compiler would vectorise over components
    /// instead of lanes, with gathers and scatters.
    #[inline(always)]
    fn each(&self, mut body: impl FnMut(usize)) {
        for i in 0..self.as_ref().len() {
            body(i);
        }
    }
}

impl<R: Clone, const N: usize> StateVector<R> for [R; N] {
    #[inline(always)]
    fn each(&self, mut body: impl FnMut(usize)) {
        macro_rules! unrolled {
            ($($i:literal)*) => { $( if $i < N { body($i); } )* };
        }
        unrolled!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
        (16..N).for_each(body);
    }
}

impl<R: Clone> StateVector<R> for Vec<R> {}

/// A system of ordinary differential equations y' = f(t, y), for one neuron or a lane group.
pub trait System<R: Real> {
    /// What holds y and y'.
    type State: StateVector<R>;

    /// Whether `look_up` is used. Where it is not, the solver is compiled for one way of looking
    /// up only.
    const LOOKS_UP: bool = false;

    /// Stores f(`t`, `y`) in `dydt`; `t` counts from the beginning of the interval, and `look_up`
    /// is how this machine reads tables.
    ///
    /// Must treat the lanes alike and independently, and should be `#[inline(always)]`.
    fn derivatives(&self, look_up: impl LookUp, t: R, y: &Self::State, dydt: &mut Self::State);

    /// As [`System::derivatives`], at the first stage of a trial step: what is kept of it, the
    /// other stages may start from.
    #[inline(always)]
    fn first_derivatives(
        &mut self,
        look_up: impl LookUp,
        t: R,
        y: &Self::State,
        dydt: &mut Self::State,
    ) {
        self.derivatives(look_up, t, y, dydt);
    }
}

/// The lanes that could not be advanced, by cause.
///
/// The state of such a lane is that after its last successful step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Failures<M> {
    /// State, derivatives, or step size turned infinite or NaN at any step size.
    pub non_finite: M,
    /// The step size that the error calls for is too small to advance the time.
    pub step_underflow: M,
    /// The interval's end was not reached within [`MAX_ATTEMPTS`] trial steps.
    pub too_many_steps: M,
}

impl<M: Mask> Failures<M> {
    /// No lane failed.
    #[inline(always)]
    pub fn none() -> Self {
        let none = M::splat(false);
        Self {
            non_finite: none,
            step_underflow: none,
            too_many_steps: none,
        }
    }

    /// The lanes that failed for any reason.
    #[inline(always)]
    pub fn any_cause(&self) -> M {
        self.non_finite | self.step_underflow | self.too_many_steps
    }

    /// Whether all lanes were advanced to the end of the interval.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        !self.any_cause().any()
    }
}

/// The solver: the memory of the stages, reused from step to step.
#[derive(Clone, Debug)]
pub struct Rkf45<Y> {
    /// The slopes at the stages.
    k: [Y; STAGES],
    /// The state at the end of a trial step.
    pub(super) trial: Y,
    end_slope: Y,
    /// By how much the solutions of both orders differ at its end, over its length.
    errors: Y,
}

/// The outcome of one trial step.
pub(super) struct Trial<R: Real> {
    /// The time that it covers.
    pub span: Span<R>,
    /// Largest error in units of what is allowed; infinite where the step is not finite.
    pub ratio: R,
}

impl<R: Real> Trial<R> {
    /// Takes the step that led to `new`, or not, in the lanes in `running`, which stand at the
    /// times `t` before `end`. Returns the lanes that got stuck.
    ///
    /// With `KEEP` a lane that takes the whole interval in this step keeps its suggested step size:
    /// the control would not shorten it, so the next interval is tried in one step in either case.
    #[inline(always)]
    pub(super) fn conclude<const KEEP: bool, Y: StateVector<R>>(
        &self,
        new: &Y,
        end: R,
        running: R::Mask,
        t: &mut R,
        y: &mut Y,
        step_size: &mut R,
    ) -> Failures<R::Mask> {
        let mut changes = running;
        if KEEP {
            changes = running & !(control::accepts(self.ratio) & self.span.h.ge(end));
            if !changes.any() {
                keep(running, new, y);
                *t = R::select(running, end, *t);
                return Failures::none();
            }
        }
        let verdict = control::judge(self.ratio, self.span.h);

        let reached = self.span.end;
        let retry_advances = (reached + verdict.step_size).gt(reached);
        let advances = (verdict.reject & retry_advances) | (!verdict.reject & reached.gt(*t));
        let stuck = running & !advances;

        let running = running & !stuck;
        let accepted = running & !verdict.reject;
        keep(accepted, new, y);
        *t = R::select(accepted, reached, *t);
        *step_size = R::select(running & changes, verdict.step_size, *step_size);
        let finite = self.ratio.lt(R::splat(f64::INFINITY));
        Failures {
            non_finite: stuck & !finite,
            step_underflow: stuck & finite,
            too_many_steps: R::Mask::splat(false),
        }
    }
}

/// The time that a trial step covers.
#[derive(Clone, Copy, Default)]
pub(super) struct Span<R> {
    begin: R,
    /// Its length.
    pub h: R,
    end: R,
}

impl<R: Real> Span<R> {
    /// From `begin`, as long as `step_size` but not beyond `limit`.
    #[inline(always)]
    pub(super) fn new(begin: R, step_size: R, limit: R) -> Self {
        let remaining = limit - begin;
        let reaches_limit = step_size.gt(remaining);
        let h = R::select(reaches_limit, remaining, step_size);
        let end = R::select(reaches_limit, limit, begin + h);
        Span { begin, h, end }
    }

    /// When a stage is evaluated.
    #[inline(always)]
    pub(super) fn time(&self, stage: usize) -> R {
        self.begin + R::splat(FRACTIONS[stage]) * self.h
    }
}

/// Takes `new` over into `y` in some lanes.
#[inline(always)]
fn keep<R: Real, Y: StateVector<R>>(lanes: R::Mask, new: &Y, y: &mut Y) {
    new.each(
        #[inline(always)]
        |i| {
            y.as_mut()[i] = R::select(lanes, new.as_ref()[i], y.as_ref()[i]);
        },
    );
}

impl<Y: Clone> Rkf45<Y> {
    /// A solver for states of the dimension of `state`.
    pub fn new(state: &Y) -> Self {
        Self::with_slopes(std::array::from_fn(|_| state.clone()))
    }

    /// A solver that has evaluated some stages.
    #[inline(always)]
    pub(super) fn with_slopes(k: [Y; STAGES]) -> Self {
        Self {
            trial: k[0].clone(),
            end_slope: k[0].clone(),
            errors: k[0].clone(),
            k,
        }
    }

    /// Advances the lanes in `active` over the time `interval`.
    ///
    /// `step_size` is the suggested step size of each lane; it is updated, and is to be passed on
    /// to the next call. Lanes outside `active` keep state and step size.
    ///
    /// # Panics
    ///
    /// If `y` does not have the dimension that the solver was made for.
    #[inline(always)]
    pub fn advance<R, S>(
        &mut self,
        system: &mut S,
        control: &Control<R>,
        interval: f64,
        active: R::Mask,
        y: &mut Y,
        step_size: &mut R,
    ) -> Failures<R::Mask>
    where
        R: Real,
        Y: StateVector<R>,
        S: System<R, State = Y>,
    {
        assert_eq!(
            y.as_ref().len(),
            self.trial.as_ref().len(),
            "dimension of the state"
        );
        let end = R::splat(interval);
        let mut t = R::splat(0.0);
        let mut failures = Failures {
            non_finite: R::Mask::splat(false),
            step_underflow: R::Mask::splat(false),
            too_many_steps: active & t.lt(end),
        };
        let mut attempts = 0;
        while failures.too_many_steps.any() && attempts < MAX_ATTEMPTS {
            attempts += 1;
            let running = failures.too_many_steps;
            let span = Span::new(t, *step_size, end);
            let trial = self.attempt(system, control, span, y);
            let stuck = trial.conclude::<false, Y>(&self.trial, end, running, &mut t, y, step_size);
            failures.non_finite = failures.non_finite | stuck.non_finite;
            failures.step_underflow = failures.step_underflow | stuck.step_underflow;
            failures.too_many_steps = running & !stuck.any_cause() & t.lt(end);
        }
        failures
    }

    /// Makes a step from `y` into `self.trial`.
    #[inline(always)]
    fn attempt<R, S>(
        &mut self,
        system: &mut S,
        control: &Control<R>,
        span: Span<R>,
        y: &Y,
    ) -> Trial<R>
    where
        R: Real,
        Y: StateVector<R>,
        S: System<R, State = Y>,
    {
        self.stages(system, span, y);
        let ratio = self.outcome(system, control, span.begin, span.h, y);
        Trial { span, ratio }
    }

    /// The error ratio of a step from `y` at the time `begin`, whose stages have been evaluated; the
    /// state at its end goes into `self.trial`.
    #[inline(always)]
    pub(super) fn outcome<R, S>(
        &mut self,
        system: &S,
        control: &Control<R>,
        begin: R,
        h: R,
        y: &Y,
    ) -> R
    where
        R: Real,
        Y: StateVector<R>,
        S: System<R, State = Y>,
    {
        y.each(
            #[inline(always)]
            |i| {
                let (solution, error) = self.combine::<R>(i);
                self.errors.as_mut()[i] = error;
                self.trial.as_mut()[i] = h.mul_add(solution, y.as_ref()[i]);
            },
        );
        let (ratio, finite) = self.error(system, control, begin, h);
        R::select(finite, ratio, R::splat(f64::INFINITY))
    }

    /// Evaluates the derivatives of all stages of a step from `y`.
    #[inline(always)]
    fn stages<R, S>(&mut self, system: &mut S, span: Span<R>, y: &Y)
    where
        R: Real,
        Y: StateVector<R>,
        S: System<R, State = Y>,
    {
        let h = span.h;
        system.first_derivatives(Memory, span.time(0), y, &mut self.k[0]);
        self.argument::<1, R>(h, y);
        system.derivatives(Memory, span.time(1), &self.trial, &mut self.k[1]);
        self.argument::<2, R>(h, y);
        system.derivatives(Memory, span.time(2), &self.trial, &mut self.k[2]);
        self.argument::<3, R>(h, y);
        system.derivatives(Memory, span.time(3), &self.trial, &mut self.k[3]);
        self.argument::<4, R>(h, y);
        system.derivatives(Memory, span.time(4), &self.trial, &mut self.k[4]);
        self.argument::<5, R>(h, y);
        system.derivatives(Memory, span.time(5), &self.trial, &mut self.k[5]);
    }

    /// The state at which the derivatives of a stage are taken, into `self.trial`.
    #[inline(always)]
    pub(super) fn argument<const STAGE: usize, R: Real>(&mut self, h: R, y: &Y)
    where
        Y: StateVector<R>,
    {
        let weights = &STAGE_WEIGHTS[STAGE];
        y.each(
            #[inline(always)]
            |i| {
                let mut sum = R::splat(weights[0]) * self.k[0].as_ref()[i];
                if STAGE > 1 {
                    sum = self.add_term(sum, weights[1], 1, i);
                }
                if STAGE > 2 {
                    sum = self.add_term(sum, weights[2], 2, i);
                }
                if STAGE > 3 {
                    sum = self.add_term(sum, weights[3], 3, i);
                }
                if STAGE > 4 {
                    sum = self.add_term(sum, weights[4], 4, i);
                }
                self.trial.as_mut()[i] = h.mul_add(sum, y.as_ref()[i]);
            },
        );
    }

    /// What the slopes of component `i` make of the solution of order 5, and of its difference from
    /// that of order 4.
    #[inline(always)]
    fn combine<R: Real>(&self, i: usize) -> (R, R)
    where
        Y: StateVector<R>,
    {
        let [k1, _, k3, k4, k5, k6] = &self.k;
        let (k1, k5, k6) = (k1.as_ref()[i], k5.as_ref()[i], k6.as_ref()[i]);
        let k34 = R::splat(FOURTH).mul_add(k4.as_ref()[i], k3.as_ref()[i]);
        let c = R::splat;
        let error = c(ERROR[0]) * k1;
        let error = c(ERROR[1]).mul_add(k34, error);
        let error = c(ERROR[2]).mul_add(k5, error);
        let error = c(ERROR[3]).mul_add(k6, error);
        let fourth = c(SOLUTION[0]) * k1;
        let fourth = c(SOLUTION[1]).mul_add(k34, fourth);
        let fourth = c(SOLUTION[2]).mul_add(k5, fourth);
        (fourth + error, error)
    }

    /// Adds the weighted slope of component `i` in one stage.
    #[inline(always)]
    fn add_term<R: Real>(&self, sum: R, weight: f64, stage: usize, i: usize) -> R
    where
        Y: StateVector<R>,
    {
        R::splat(weight).mul_add(self.k[stage].as_ref()[i], sum)
    }

    /// The largest error of `self.trial` in units of what is allowed, and whether it is finite.
    #[inline(always)]
    fn error<R, S>(&mut self, system: &S, control: &Control<R>, t: R, h: R) -> (R, R::Mask)
    where
        R: Real,
        Y: StateVector<R>,
        S: System<R, State = Y>,
    {
        let mut largest = R::splat(0.0);
        // A sum is finite only where all terms are, and where these are, so are the slopes that
        // enter them, which are those that enter the errors.
        let mut sum = R::splat(0.0);
        if control.is_absolute() {
            self.trial.each(
                #[inline(always)]
                |i| {
                    let error = self.errors.as_ref()[i].abs();
                    largest = error.max(largest);
                    sum = sum + self.trial.as_ref()[i];
                },
            );
            largest = h * largest * (R::splat(1.0) / control.eps_abs);
        } else {
            if control.uses_derivatives() {
                system.derivatives(Memory, t + h, &self.trial, &mut self.end_slope);
            }
            self.trial.each(
                #[inline(always)]
                |i| {
                    let error = (h * self.errors.as_ref()[i]).abs();
                    let new = self.trial.as_ref()[i];
                    let scale = control.scale(new, self.end_slope.as_ref()[i], h);
                    largest = (error / scale).max(largest);
                    sum = sum + new;
                },
            );
        }
        let finite = sum.is_finite();
        (largest.max(R::splat(f64::MIN_POSITIVE)), finite)
    }
}
