//! Time as integers: ticks (the time base) and steps (the resolution).
//!
//! This is the only module that rounds times. A step `k` covers the interval `(k h, (k + 1) h]`;
//! what happens in it is stamped with the step's right border, `k + 1`.

use crate::error::{Error, Kind, Result};

/// A number of steps of the simulation's resolution.
pub type Step = i64;

/// Ticks per millisecond unless set otherwise, as in NEST.
pub const DEFAULT_TICKS_PER_MS: i64 = 1000;

/// The largest representable time in ticks; beyond it a time counts as infinite.
pub const MAX_TICKS: i64 = i64::MAX / 8;

/// The step that stands for "never".
pub const FOREVER: Step = i64::MAX / 4;

/// Adding it to a smaller number rounds that to an integer, which the low bits then hold.
const TO_INTEGER: f64 = (1u64 << 52) as f64;
/// How near to the middle between two steps a quotient by way of the reciprocal says nothing.
const UNSURE: f64 = 1e-6;

/// The time base and the resolution of a simulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    ticks_per_ms: i64,
    ticks_per_step: i64,
}

impl Default for Clock {
    fn default() -> Self {
        Clock {
            ticks_per_ms: DEFAULT_TICKS_PER_MS,
            ticks_per_step: 100,
        }
    }
}

impl Clock {
    /// A clock with `ticks_per_ms` ticks in a millisecond and a resolution of `resolution` ms.
    ///
    /// # Errors
    /// When the resolution is not a positive whole number of ticks.
    pub fn new(ticks_per_ms: i64, resolution: f64) -> Result<Self> {
        if ticks_per_ms < 1 {
            return Err(Error::bad_property(format!(
                "tics_per_ms must be a positive number, got {ticks_per_ms}"
            )));
        }
        let ticks = resolution * ticks_per_ms as f64;
        if !resolution.is_finite() || ticks.round() < 1.0 || ticks > MAX_TICKS as f64 {
            return Err(Error::new(
                Kind::Kernel,
                format!(
                    "resolution must be at least one tick (1/{ticks_per_ms} ms), got {resolution} ms"
                ),
            ));
        }
        if (ticks - ticks.round()).abs() > 1e-9 * ticks {
            return Err(Error::bad_property(format!(
                "Resolution {resolution} ms must be a multiple of the tic length, 1/{ticks_per_ms} ms"
            )));
        }
        Ok(Clock {
            ticks_per_ms,
            ticks_per_step: ticks.round() as i64,
        })
    }

    /// Ticks in a millisecond.
    pub fn ticks_per_ms(&self) -> i64 {
        self.ticks_per_ms
    }

    /// Ticks in a step.
    pub fn ticks_per_step(&self) -> i64 {
        self.ticks_per_step
    }

    /// The resolution in ms.
    #[inline]
    pub fn resolution(&self) -> f64 {
        self.ticks_per_step as f64 / self.ticks_per_ms as f64
    }

    /// The time of `steps` in ms.
    #[inline]
    pub fn ms(&self, steps: Step) -> f64 {
        if steps >= FOREVER {
            return f64::MAX;
        }
        let ticks = match steps.checked_mul(self.ticks_per_step) {
            Some(ticks) => ticks as f64,
            None => (i128::from(steps) * i128::from(self.ticks_per_step)) as f64,
        };
        ticks / self.ticks_per_ms as f64
    }

    /// The nearest tick to `ms`; infinite times give the largest.
    pub fn ticks(&self, ms: f64) -> i64 {
        let ticks = (ms * self.ticks_per_ms as f64).round();
        if ticks >= MAX_TICKS as f64 {
            MAX_TICKS
        } else if ticks <= -(MAX_TICKS as f64) {
            -MAX_TICKS
        } else {
            ticks as i64
        }
    }

    /// The nearest step to `ms`.
    pub fn round(&self, ms: f64) -> Step {
        let steps = ms / self.resolution();
        if steps >= FOREVER as f64 {
            FOREVER
        } else if steps <= -(FOREVER as f64) {
            -FOREVER
        } else {
            let ticks = self.ticks(ms);
            (ticks + self.ticks_per_step / 2).div_euclid(self.ticks_per_step)
        }
    }

    /// The nearest step to a delay of `ms`, which is not rounded to ticks first.
    pub fn delay(&self, ms: f64) -> Step {
        (ms * self.ticks_per_ms as f64 / self.ticks_per_step as f64).round() as Step
    }

    /// The steps nearest to many delays of `ms` milliseconds, as [`Clock::delay`]: `false` if one
    /// is less than one step or not less than `limit`, and then `steps` mean nothing.
    pub fn delays(&self, ms: &[f64], limit: u32, steps: &mut [u32]) -> bool {
        let (per_ms, per_step) = (self.ticks_per_ms as f64, self.ticks_per_step as f64);
        let limit = f64::from(limit);
        let bits = |x: f64| x.to_bits() as i64;
        let (first, last) = (bits(TO_INTEGER + 1.0), bits(TO_INTEGER + limit - 1.0));
        let clear = bits(0.5 - UNSURE);
        let sure = crate::math::vectorize(
            #[inline(always)]
            || {
                // values of its own: what is captured would be read again for each number
                let (per_ms, inverse) = (per_ms, 1.0 / per_step);
                let (first, last, clear) = (first, last, clear);
                // negative once a number is out of bounds or near the middle; comparisons would be
                // branches
                let mut bad = 0i64;
                for (x, out) in ms.iter().zip(&mut *steps) {
                    let near = x * per_ms * inverse;
                    let shifted = near + TO_INTEGER;
                    let off = (near - (shifted - TO_INTEGER)).abs();
                    let whole = shifted.to_bits() as i64;
                    bad |= whole | whole.wrapping_sub(first) | last.wrapping_sub(whole);
                    bad |= clear.wrapping_sub(off.to_bits() as i64);
                    *out = whole as u32;
                }
                bad >= 0
            },
        );
        sure || crate::math::vectorize(
            #[inline(always)]
            || {
                let mut fit = 1u32;
                for (x, out) in ms.iter().zip(steps) {
                    let exact = (x * per_ms / per_step).round();
                    fit &= u32::from((exact >= 1.0) & (exact < limit));
                    *out = exact as u32;
                }
                fit == 1
            },
        )
    }

    /// The step whose right border is the first at or after `ms`.
    pub fn ceil(&self, ms: f64) -> Step {
        if ms / self.resolution() >= FOREVER as f64 {
            return FOREVER;
        }
        let ticks = self.ticks(ms);
        -((-ticks).div_euclid(self.ticks_per_step))
    }

    /// The first step at or after `ms`, where not even a part of a tick may be missing.
    pub fn stamp(&self, ms: f64) -> Step {
        let ticks = ms * self.ticks_per_ms as f64;
        if ticks >= MAX_TICKS as f64 {
            return FOREVER;
        }
        let below = (ticks as i64).div_euclid(self.ticks_per_step);
        below + Step::from(self.ms(below) < ms)
    }

    /// The step at `ms`, rounded to a tick, if the tick lies on the grid.
    pub fn on_grid(&self, ms: f64) -> Option<Step> {
        let ticks = self.ticks(ms);
        (ticks % self.ticks_per_step == 0).then_some(ticks / self.ticks_per_step)
    }

    /// The whole steps in `ms`.
    pub fn floor(&self, ms: f64) -> Step {
        if ms / self.resolution() >= FOREVER as f64 {
            return FOREVER;
        }
        self.ticks(ms).div_euclid(self.ticks_per_step)
    }

    /// The steps of `ms` when it is a whole number of them.
    pub fn exact(&self, ms: f64) -> Option<Step> {
        if !ms.is_finite() {
            return None;
        }
        let ticks = ms * self.ticks_per_ms as f64;
        if ticks.abs() >= MAX_TICKS as f64 || (ticks - ticks.round()).abs() > 1e-6 {
            return None;
        }
        let ticks = ticks.round() as i64;
        (ticks % self.ticks_per_step == 0).then_some(ticks / self.ticks_per_step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMIT: u32 = 1 << 24;

    #[test]
    fn rounding_goes_to_the_nearest_step() {
        let clock = Clock::default();
        assert_eq!(clock.round(0.05), 1);
        assert_eq!(clock.round(0.15), 2);
        assert_eq!(clock.round(0.14), 1);
        assert_eq!(clock.delay(0.8499), 8);
        assert_eq!(clock.delay(0.85), 9);
        assert_eq!(clock.ceil(0.11), 2);
        assert_eq!(clock.exact(0.11), None);
        assert_eq!(clock.exact(0.3), Some(3));
        assert_eq!(clock.ms(593), 59.3);
        assert_eq!((clock.stamp(0.11), clock.stamp(0.2)), (2, 2));
        assert_eq!((clock.stamp(0.200_01), clock.stamp(f64::MAX)), (3, FOREVER));
        assert_eq!(
            (clock.on_grid(0.200_01), clock.on_grid(0.21)),
            (Some(2), None)
        );
    }

    #[test]
    fn infinite_times_are_never() {
        let clock = Clock::default();
        assert_eq!(clock.round(f64::MAX), FOREVER);
        assert_eq!(clock.ceil(f64::INFINITY), FOREVER);
        assert_eq!(clock.ms(FOREVER), f64::MAX);
        assert_eq!(Clock::new(1000, 1.0).unwrap().ceil(1.0), 1);
    }

    #[test]
    fn a_resolution_is_a_whole_number_of_ticks() {
        assert!(Clock::new(1000, 0.0005).is_err());
        assert!(Clock::new(1000, 0.1005).is_err());
        assert!(Clock::new(1000, f64::NAN).is_err());
        assert_eq!(Clock::new(1000, 0.25).unwrap().ticks_per_step(), 250);
    }

    /// Delays of some steps and a part of a step.
    fn delays() -> impl Strategy<Value = Vec<f64>> {
        let part = prop_oneof![Just(0.5), Just(0.0), Just(0.4999999), -0.5f64..0.5];
        let one = (1u32..5000, part).prop_map(|(steps, part)| f64::from(steps) + part);
        prop::collection::vec(one, 1..100)
    }

    proptest! {
        #[test]
        fn delays_are_rounded_as_the_clock_does(
            steps in delays(), resolution in prop::sample::select(vec![1.0, 0.1, 0.05, 0.003]),
        ) {
            let clock = Clock::new(1000, resolution)?;
            let ms: Vec<f64> = steps.iter().map(|x| x * resolution).collect();
            let mut found = vec![0; ms.len()];
            let fit = clock.delays(&ms, LIMIT, &mut found);
            let expected: Vec<i64> = ms.iter().map(|&x| clock.delay(x)).collect();
            prop_assert_eq!(fit, expected.iter().all(|&x| x >= 1));
            let found: Vec<i64> = found.into_iter().map(i64::from).collect();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn delays_that_are_no_steps_do_not_fit() {
        let clock = Clock::default();
        for bad in [
            0.0,
            0.04,
            -1.0,
            f64::NAN,
            f64::INFINITY,
            -f64::INFINITY,
            1e300,
            2e6,
        ] {
            assert!(!clock.delays(&[1.0, bad, 1.5], LIMIT, &mut [0; 3]), "{bad}");
        }
        let longest = clock.ms(i64::from(LIMIT) - 1);
        let mut steps = [0; 2];
        assert!(clock.delays(&[0.1, longest], LIMIT, &mut steps));
        assert_eq!(steps, [1, LIMIT - 1]);
    }
}
