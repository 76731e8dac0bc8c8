//! What models of the Hodgkin-Huxley type have in common.

use ovenbird_core::error::{Error, Result};
use ovenbird_core::math::{Lanes, Real, exp2};
use ovenbird_core::ode::{NODES, STAGES};
use std::f64::consts::{E, LOG2_E};

/// The jump of the derivative of an alpha-shaped current with rise time `tau_syn` (ms) for an event
/// of weight one, such that the current's peak is one: e / tau_syn.
pub fn alpha_initial_value(tau_syn: f64) -> f64 {
    E / tau_syn
}

/// An alpha-shaped current over a time step in which nothing arrives.
#[derive(Clone, Copy, Debug)]
pub struct AlphaCurrent<R> {
    /// The current at the beginning, in pA.
    current: R,
    /// What drives it at the beginning, in pA/ms.
    drive: R,
    /// -1 / (`tau_syn` ln 2) in 1/ms.
    exponent: R,
    /// The drive above which it changes fast within a time step.
    limit: R,
}

ovenbird_core::per_lane!(AlphaCurrent {
    current,
    drive,
    exponent,
    limit
});

impl AlphaCurrent<f64> {
    /// No current, with the rise time `tau_syn` and time steps of length `h` in ms. The drive
    /// counts as fast where [`Rkf45`](ovenbird_core::ode::Rkf45) would make an error above `error`
    /// if it took the time step at once: its solutions of order 4 and 5 differ by (h / tau)^5 / 780.
    pub fn new(tau_syn: f64, h: f64, error: f64) -> Self {
        Self {
            current: 0.0,
            drive: 0.0,
            exponent: -LOG2_E / tau_syn,
            limit: 780.0 * error / (h / tau_syn).powi(5),
        }
    }
}

impl AlphaCurrent<Lanes> {
    /// Begins with current and drive of consecutive nodes.
    #[inline(always)]
    pub fn load(&mut self, [current, drive]: [&[f64]; 2]) {
        self.current = Lanes::load(current);
        self.drive = Lanes::load(drive);
    }

    /// Begins with current and drive of a node in one lane.
    #[inline(always)]
    pub fn set_lane(&mut self, lane: usize, [current, drive]: [f64; 2]) {
        self.current.set_lane(lane, current);
        self.drive.set_lane(lane, drive);
    }
}

impl<R: Real> AlphaCurrent<R> {
    /// Whether it changes fast within the time step.
    #[inline(always)]
    pub fn is_fast(&self) -> R::Mask {
        self.drive.abs().gt(self.limit)
    }

    /// A current and its drive with the rise time `tau_syn`.
    #[cfg(test)]
    pub fn begin(tau_syn: R, current: R, drive: R) -> Self {
        Self {
            current,
            drive,
            exponent: R::splat(-LOG2_E) / tau_syn,
            limit: R::splat(100.0),
        }
    }

    /// The current in pA at the stages of an integration step of length `h` from time `t` (ms).
    #[inline(always)]
    pub fn at_stages(&self, t: R, h: R) -> [R; STAGES] {
        // below this a power of two is as good as zero
        let power = |x: R| exp2(x.max(R::splat(-1000.0)));
        let x = h * self.exponent;
        // five of the six times are whole multiples of an eighth of the step
        let eighth = power(x * R::splat(0.125));
        let quarter = eighth * eighth;
        let half = quarter * quarter;
        let odd = power(x * R::splat(NODES[3]));
        let decays = [
            R::splat(1.0),
            quarter,
            quarter * eighth,
            odd,
            half * half,
            half,
        ];
        let start = power(t * self.exponent);
        let current = start * t.mul_add(self.drive, self.current);
        let drive = start * h * self.drive;
        macro_rules! each_stage {
            ($($i:literal)*) => {
                [$( decays[$i] * R::splat(NODES[$i]).mul_add(drive, current) ),*]
            };
        }
        each_stage!(0 1 2 3 4 5)
    }
}

/// The equilibrium of a gate that opens with rate `alpha` and closes with rate `beta`.
pub fn equilibrium(alpha: f64, beta: f64) -> f64 {
    alpha / (alpha + beta)
}

/// The value of a gate, which a user sets.
///
/// # Errors
/// When it is negative.
pub fn gate(key: &str, x: f64) -> Result<f64> {
    if x < 0.0 {
        return Err(Error::bad_property(format!(
            "All (in)activation variables must be non-negative: {key} is {x}."
        )));
    }
    Ok(x)
}

/// Counts down the refractory period, or tests for a spike: a local maximum at or above 0 mV.
///
/// `v_old` and `v_new` are the membrane potentials at the beginning and the end of a time step.
/// `refractory` counts the steps during which no spike is detected; it is set to
/// `refractory_steps` at a spike. The dynamics go on unchanged meanwhile.
#[inline(always)]
pub fn detect_spike(v_old: f64, v_new: f64, refractory: &mut i32, refractory_steps: i32) -> bool {
    if *refractory > 0 {
        *refractory -= 1;
        return false;
    }
    let spike = v_new >= 0.0 && v_old > v_new;
    if spike {
        *refractory = refractory_steps;
    }
    spike
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spike_is_a_falling_potential_above_zero() {
        let mut refractory = 0;
        assert!(!detect_spike(-1.0, 10.0, &mut refractory, 2));
        assert!(!detect_spike(10.0, 10.0, &mut refractory, 2));
        assert!(!detect_spike(1.0, -0.5, &mut refractory, 2));
        assert!(detect_spike(10.0, 0.0, &mut refractory, 2));
        assert_eq!(refractory, 2);
        assert!(!detect_spike(10.0, 9.0, &mut refractory, 2));
        assert!(!detect_spike(10.0, 9.0, &mut refractory, 2));
        assert!(detect_spike(10.0, 9.0, &mut refractory, 0));
        assert!(detect_spike(9.0, 8.0, &mut refractory, 0));
    }

    #[test]
    fn alpha_current_follows_the_closed_form() {
        let tau = 0.7;
        let current = AlphaCurrent {
            current: 3.0,
            drive: -20.0,
            ..AlphaCurrent::new(tau, 0.1, 1e-6)
        };
        for (t, h) in [(0.0, 0.1), (0.04, 0.06), (0.3, 900.0)] {
            let stages = current.at_stages(t, h);
            for (c, value) in NODES.into_iter().zip(stages) {
                let at = t + c * h;
                let exact = (3.0 - 20.0 * at) * (-at / tau).exp();
                assert!(
                    (value - exact).abs() < 1e-14,
                    "{t} {h} {c}: {value} {exact}"
                );
            }
        }
    }

    #[test]
    fn alpha_current_peaks_at_one() {
        let tau = 1.7;
        let peak = alpha_initial_value(tau) * tau * (-1.0f64).exp();
        assert!((peak - 1.0).abs() < 1e-15);
    }
}
