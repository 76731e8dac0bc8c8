//! What models of the Hodgkin-Huxley type have in common.

use ovenbird_core::error::{Error, Result};
use std::f64::consts::E;

/// The jump of the derivative of an alpha-shaped current with rise time `tau_syn` (ms) for an event
/// of weight one, such that the current's peak is one: e / tau_syn.
pub fn alpha_initial_value(tau_syn: f64) -> f64 {
    E / tau_syn
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
    fn alpha_current_peaks_at_one() {
        let tau = 1.7;
        let peak = alpha_initial_value(tau) * tau * (-1.0f64).exp();
        assert!((peak - 1.0).abs() < 1e-15);
    }
}
