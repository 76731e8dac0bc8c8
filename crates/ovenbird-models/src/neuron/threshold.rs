//! The threshold, the reset and the refractory period that integrate-and-fire neurons share.

use ovenbird_core::error::{Error, Result};
use ovenbird_core::time::Clock;
use std::hint::select_unpredictable as select;

/// Checks that a neuron does not spike by being reset, both potentials in mV.
///
/// # Errors
/// When the reset potential is not below the threshold.
pub fn check(v_reset: f64, v_th: f64) -> Result<()> {
    if v_reset >= v_th {
        return Err(Error::bad_property(
            "Reset potential must be smaller than threshold.",
        ));
    }
    Ok(())
}

/// What happens to a neuron at threshold; potentials are relative to the resting potential, in mV.
#[derive(Clone, Copy, Debug)]
pub struct Threshold {
    pub theta: f64,
    pub reset: f64,
    pub refractory_steps: i32,
}

impl Threshold {
    /// From the parameters of a neuron (mV and ms).
    pub fn new(v_th: f64, v_reset: f64, e_l: f64, t_ref: f64, clock: &Clock) -> Self {
        Self {
            theta: v_th - e_l,
            reset: v_reset - e_l,
            refractory_steps: clock.round(t_ref) as i32,
        }
    }

    /// Ends a step that leads from `u` to the potential `free` unless the neuron is refractory, and
    /// then, if the threshold is `armed`, to a spike where it is reached; returns whether it is.
    ///
    /// Selects, since a branch would become masked stores to the same place, which the next load of
    /// it waits for.
    #[inline(always)]
    pub fn end(&self, armed: bool, free: f64, u: &mut f64, refractory: &mut i32) -> bool {
        let quiet = *refractory > 0;
        let next = select(quiet, *u, free);
        let fire = next >= self.theta && armed;
        *u = select(fire, self.reset, next);
        let left = *refractory - i32::from(quiet);
        *refractory = select(fire, self.refractory_steps, left);
        fire
    }

    /// Resets a neuron that spikes.
    #[inline(always)]
    pub fn reset(&self, u: &mut f64, refractory: &mut i32) {
        *u = self.reset;
        *refractory = self.refractory_steps;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THRESHOLD: Threshold = Threshold {
        theta: 15.0,
        reset: 1.0,
        refractory_steps: 2,
    };

    #[test]
    fn a_neuron_is_held_at_reset_for_the_refractory_period() {
        let (mut u, mut refractory) = (14.0, 0);
        let mut step = |free| {
            let fire = THRESHOLD.end(true, free, &mut u, &mut refractory);
            (fire, u, refractory)
        };
        assert_eq!(step(15.0), (true, 1.0, 2));
        assert_eq!(step(20.0), (false, 1.0, 1));
        assert_eq!(step(20.0), (false, 1.0, 0));
        assert_eq!(step(14.5), (false, 14.5, 0));
    }

    #[test]
    fn without_a_threshold_nothing_is_reset() {
        let (mut u, mut refractory) = (14.0, 0);
        assert!(!THRESHOLD.end(false, 20.0, &mut u, &mut refractory));
        assert_eq!((u, refractory), (20.0, 0));
    }

    #[test]
    fn reset_is_below_threshold() {
        assert!(check(-70.0, -55.0).is_ok());
        assert!(check(-55.0, -55.0).is_err());
    }
}
