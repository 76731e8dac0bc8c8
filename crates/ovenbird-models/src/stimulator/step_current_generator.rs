//! # step_current_generator
//!
//! Sends a current that is constant between given times. From `amplitude_times[i]` on, as seen by
//! its targets, it is `amplitude_values[i]`; before the first of the times it is zero. Times that
//! are past when they are set have no effect: the current stays as it is until the next.

use ovenbird_core::error::{Error, Result};
use ovenbird_core::model::{
    ElementType, Emission, Moment, NodeInfo, Settling, Signal, Stimulator, Targets,
};
use ovenbird_core::time::{Clock, Step};

ovenbird_core::params! {
    /// Times at which the current changes.
    amplitude_times: Vec<f64> = Vec::new(), "ms";
    /// The current from each of the times on.
    amplitude_values: Vec<f64> = Vec::new(), "pA";
    /// Whether times off the grid are rounded up.
    allow_offgrid_times: bool = false;
}

/// The stimulator model `step_current_generator`.
pub struct StepCurrentGenerator;

/// The course of the current.
pub struct Derived {
    /// Ascending.
    steps: Vec<Step>,
    values: Vec<f64>,
    /// Times up to this one have no effect.
    since: Step,
    /// The current at that time.
    before: f64,
}

impl Derived {
    /// The current from `step` on.
    fn at(&self, step: Step) -> f64 {
        match self.steps.partition_point(|&s| s <= step).checked_sub(1) {
            Some(i) if self.steps[i] > self.since => self.values[i],
            _ => self.before,
        }
    }
}

fn bad<T>(text: impl Into<String>) -> Result<T> {
    Err(Error::bad_property(text))
}

fn settle_times(p: &mut Params, clock: &Clock) -> Result<()> {
    let mut previous = 0;
    for t in &mut p.amplitude_times {
        if *t <= 0.0 {
            return bad("Amplitude can only be changed at strictly positive times (t > 0).");
        }
        let step = match clock.on_grid(*t) {
            Some(step) => step,
            None if p.allow_offgrid_times => clock.stamp(*t),
            None => {
                return bad(format!(
                    "step_current_generator: Time point {t} is not representable in current \
                     resolution."
                ));
            }
        };
        if step <= previous {
            return bad(
                "step_current_generator: amplitude times must be at strictly increasing time \
                 steps.",
            );
        }
        previous = step;
        *t = clock.ms(step);
    }
    Ok(())
}

impl Stimulator for StepCurrentGenerator {
    type Params = Params;
    type Derived = Derived;
    type Cache = ();

    const INFO: NodeInfo = NodeInfo::new(
        "step_current_generator",
        ElementType::Stimulator,
        "Sends a current that is constant between given times",
        include_str!("step_current_generator.rs"),
    );
    const SIGNAL: Signal = Signal::Currents;

    fn settle(p: &mut Params, at: &Settling<'_>) -> Result<()> {
        let new_times = at.sets("amplitude_times");
        if new_times != at.sets("amplitude_values") {
            return bad("Amplitude times and values must be reset together.");
        }
        if at.sets("allow_offgrid_times") && !new_times && !p.amplitude_times.is_empty() {
            return bad(
                "allow_offgrid_times can only be changed before amplitude_times have been set, or \
                 together with amplitude_times and amplitude_values.",
            );
        }
        if p.amplitude_times.len() != p.amplitude_values.len() {
            return bad("Amplitude times and values have to be the same size.");
        }
        if new_times {
            settle_times(p, at.clock)?;
        }
        Ok(())
    }

    fn derive(p: &Params, clock: &Clock) -> Derived {
        Derived {
            steps: p.amplitude_times.iter().map(|&t| clock.round(t)).collect(),
            values: p.amplitude_values.clone(),
            since: 0,
            before: 0.0,
        }
    }

    fn carry_over(new: &mut Derived, old: Option<&Derived>, now: Step) {
        new.since = now;
        new.before = old.map_or(0.0, |old| old.at(now));
    }

    fn emit(
        _: &Params,
        derived: &Derived,
        at: &Moment,
        _: Targets<'_>,
        (): &mut (),
        _: &mut [f64],
    ) -> Emission {
        Emission::Current(derived.at(at.step + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn derived(times: &[f64], values: &[f64]) -> Derived {
        let p = Params {
            amplitude_times: times.to_vec(),
            amplitude_values: values.to_vec(),
            ..Params::default()
        };
        StepCurrentGenerator::derive(&p, &Clock::default())
    }

    #[test]
    fn the_current_is_a_staircase() {
        let d = derived(&[0.1, 0.5, 2.0], &[3.0, -1.0, 7.0]);
        let at = [
            (0, 0.0),
            (1, 3.0),
            (4, 3.0),
            (5, -1.0),
            (19, -1.0),
            (20, 7.0),
            (999, 7.0),
        ];
        assert!(at.iter().all(|&(step, x)| d.at(step) == x));
    }

    #[test]
    fn past_times_have_no_effect_and_the_present_current_lasts() {
        let old = derived(&[0.1, 9.0], &[3.0, 4.0]);
        let mut new = derived(&[0.3, 0.5, 1.5], &[5.0, 6.0, 7.0]);
        StepCurrentGenerator::carry_over(&mut new, Some(&old), 5);
        assert_eq!([5, 6, 14, 15].map(|s| new.at(s)), [3.0, 3.0, 3.0, 7.0]);
    }
}
