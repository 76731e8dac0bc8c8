//! `glif_cond`: generalised leaky integrate-and-fire neuron with conductance-based synapses.
//!
//! # Equations
//!
//! With v = V - E_L,
//!
//! C_m dv/dt = -g_m v - sum_i g_i (v + E_L - E_rev,i) + I + I_asc
//!
//! outside the refractory period, and dv/dt = 0 within. Conductances are alpha functions:
//! d(dg_i)/dt = -dg_i / tau_i, dg_i/dt = dg_i - g_i / tau_i; a spike of weight w (nS) adds
//! w e / tau_i to dg_i, so that the conductance peaks at w. I_asc is the sum of the after-spike
//! currents averaged over the time step, I the input current; there is no constant current
//! parameter.
//!
//! Potentials and thresholds are kept relative to E_L and shown in absolute terms, except for the
//! threshold's components.
//!
//! # Parameters
//!
//! | name                     | unit | default          | check                              |
//! |--------------------------|------|------------------|------------------------------------|
//! | `V_th`                   | mV   | -51.68           | `V_reset` < `V_th`: "Reset potential must be smaller than threshold." |
//! | `g_m`                    | nS   | 9.43             | > 0: "Membrane conductance must be strictly positive." |
//! | `E_L`                    | mV   | -78.85           |                                    |
//! | `C_m`                    | pF   | 58.72            | > 0: "Capacitance must be strictly positive." |
//! | `t_ref`                  | ms   | 3.75             | > 0: "Refractory time constant must be strictly positive." |
//! | `V_reset`                | mV   | -78.85           | see `V_th`                         |
//! | `th_spike_add`           | mV   | 0.37             |                                    |
//! | `th_spike_decay`         | 1/ms | 0.009            | > 0 if R: "Spike induced threshold time constant must be strictly positive." |
//! | `voltage_reset_fraction` |      | 0.2              | in \[0, 1\] if R: "Voltage fraction coefficient following spike must be within \[0.0, 1.0\]." |
//! | `voltage_reset_add`      | mV   | 18.51            |                                    |
//! | `th_voltage_index`       | 1/ms | 0.005            |                                    |
//! | `th_voltage_decay`       | 1/ms | 0.09             | > 0 if A: "Voltage-induced threshold time constant must be strictly positive." |
//! | `asc_init`               | pA   | \[0, 0\]         | one size for all four if ASC: "All after spike current parameters (i.e., asc_init, k, asc_amps, r) must have the same size." |
//! | `asc_decay`              | 1/ms | \[0.003, 0.1\]   | > 0 if ASC: "After-spike current time constant must be strictly positive." |
//! | `asc_amps`               | pA   | \[-9.18, -198.94\] |                                  |
//! | `asc_r`                  |      | \[1, 1\]         | in \[0, 1\] if ASC: "After spike current fraction following spike coefficients r must be within \[0.0, 1.0\]." |
//! | `tau_syn`                | ms   | \[0.2, 2\]       | > 0: "All synaptic time constants must be strictly positive." |
//! | `E_rev`                  | mV   | \[0, -85\]       | as long as `tau_syn`: "The reversal potential and synaptic time constant arrays, i.e., E_rev (N) and tau_syn (M), must have the same size." |
//! | `spike_dependent_threshold` (R) | | false          | the combination, see below         |
//! | `after_spike_currents` (ASC)    | | false          |                                    |
//! | `adapting_threshold` (A)        | | false          |                                    |
//! | `has_connections`        |      | false            | read only                          |
//!
//! Allowed are none (GLIF1), R (2), ASC (3), R and ASC (4), and all three (5); else: "Incorrect
//! model mechanism combination setting.See documents for setting of model mechanism
//! parameters:spike_dependent_threshold, after_spike_currents, adapting_threshold."
//!
//! Checks run in this order: combination, reset, capacitance, conductance, refractory time, R, ASC
//! (sizes, then per current decay and fraction), A, and where `tau_syn` or `E_rev` were assigned:
//! sizes, a changed number of receptors where a synapse is connected ("The neuron has connections,
//! therefore the number of ports cannot be reduced.", also where it grows), time constants.
//! A change of `E_L` without one of `V_th`, `V_reset`, or `V_m` leaves those at their absolute
//! values.
//!
//! # State
//!
//! `V_m` (initially `E_L`), `ASCurrents` (initially `asc_init` as it was when the model was
//! defined, \[0, 0\]; later assignments to `asc_init` do not change it), and the read-only
//! vectors `dg` and `g`. `threshold_spike` and `threshold_voltage` can be set but not read. Errors:
//! - "After spike currents are not supported or settable in the current model mechanisms."
//! - "After spike current values must have have the same size (N) of its parameters (i.e.,
//!   asc_init, k, asc_amps, r)."
//! - "Threshold spike component is not supported or settable in the current model mechanisms."
//! - "Threshold voltage component is not supported or settable in the current model mechanisms."
//!
//! Recordable: `V_m`, `I`, `ASCurrents_sum`, `threshold` (absolute), `threshold_spike`,
//! `threshold_voltage`, and `g_1` to `g_n` for the n receptors.
//!
//! Spikes use receptors 1 to n, whatever the sign of the weight; currents and recorders receptor 0.
//!
//! # One time step
//!
//! 1. Integrate v, dg_i, g_i over the resolution with [`control`], the step size being carried
//!    over; the refractory state, I, and I_asc are those at the end of the previous step. It starts
//!    at the resolution.
//! 2. [`MembraneState::after_integration`]: threshold, after-spike currents, spike test, reset,
//!    refractory count. A spike is stamped with the end of the step. The count is `t_ref` in steps,
//!    rounded to the grid; during that many further steps v is held at its value after the reset.
//! 3. Add the step's spike input to dg_i, each times
//!    [`alpha_initial_value`](super::hodgkin_huxley::alpha_initial_value).
//! 4. The step's input current becomes I, which acts during the next step. It starts at zero.
//! 5. Record.

use ovenbird_core::math::Real;
use ovenbird_core::ode::{Control, System};

/// Index of the membrane potential, relative to `E_L`, in the state.
pub const V_M: usize = 0;

/// Index of the derivative-like variable of the conductance of a receptor, counted from zero.
#[inline(always)]
pub const fn dg_syn(receptor: usize) -> usize {
    1 + 2 * receptor
}

/// Index of the conductance (nS) of a receptor, counted from zero.
#[inline(always)]
pub const fn g_syn(receptor: usize) -> usize {
    2 + 2 * receptor
}

/// Dimension of the state for a number of receptors.
pub const fn dim(receptors: usize) -> usize {
    1 + 2 * receptors
}

/// Absolute error per integration step, in the units of each variable.
pub const TOLERANCE: f64 = 1e-3;

/// The step-size control of the model.
pub fn control<R: Real>() -> Control<R> {
    Control::y(TOLERANCE, 0.0)
}

/// The constants of a receptor.
#[derive(Clone, Copy, Debug)]
pub struct Receptor<R> {
    /// 1 / `tau_syn` in 1/ms.
    pub inverse_tau: R,
    /// `E_rev` - `E_L` in mV.
    pub e_rev: R,
}

/// The constants of the right-hand side.
#[derive(Clone, Debug)]
pub struct Dynamics<R: Real> {
    /// `g_m` in nS.
    pub g_m: R,
    /// 1 / `C_m` in 1/pF.
    pub inverse_c_m: R,
    /// `V_reset` - `E_L` in mV, at which synaptic currents are evaluated while refractory.
    pub v_reset: R,
    /// Input current and sum of the after-spike currents in pA.
    pub current: R,
    /// Where the neuron is refractory.
    pub refractory: R::Mask,
    /// Receptors, in the order of their ports.
    pub receptors: Vec<Receptor<R>>,
}

impl<R: Real> System<R> for Dynamics<R> {
    type State = Vec<R>;

    #[inline(always)]
    fn derivatives(&self, _t: R, y: &Vec<R>, dydt: &mut Vec<R>) {
        let v = R::select(self.refractory, self.v_reset, y[V_M]);
        let mut i_syn = R::splat(0.0);
        for (i, receptor) in self.receptors.iter().enumerate() {
            let (dg, g) = (y[dg_syn(i)], y[g_syn(i)]);
            i_syn = i_syn + g * (v - receptor.e_rev);
            dydt[dg_syn(i)] = -dg * receptor.inverse_tau;
            dydt[g_syn(i)] = dg - g * receptor.inverse_tau;
        }
        let slope = (self.current - self.g_m * v - i_syn) * self.inverse_c_m;
        dydt[V_M] = R::select(self.refractory, R::splat(0.0), slope);
    }
}

/// The constants of one after-spike current.
#[derive(Clone, Copy, Debug)]
pub struct AfterSpikeCurrent {
    /// `asc_amps`: the jump at a spike, in pA.
    pub amplitude: f64,
    /// e^(-k h) for the decay rate k and the resolution h.
    pub decay: f64,
    /// (1 - e^(-k h)) / (k h): the mean over a step relative to the value at its beginning.
    pub mean: f64,
    /// `asc_r` e^(-k t_ref): what is left after the refractory period.
    pub refractory_decay: f64,
}

impl AfterSpikeCurrent {
    /// The constants for a decay rate in 1/ms, an amplitude in pA, the fraction `asc_r`, the
    /// refractory time and the resolution in ms.
    pub fn new(decay: f64, amplitude: f64, r: f64, t_ref: f64, resolution: f64) -> Self {
        let step_decay = (-decay * resolution).exp();
        Self {
            amplitude,
            decay: step_decay,
            mean: ((1.0 / decay) / resolution) * (1.0 - step_decay),
            refractory_decay: r * (-decay * t_ref).exp(),
        }
    }
}

/// The constants of the spike-dependent threshold and reset (mechanism R).
#[derive(Clone, Copy, Debug)]
pub struct SpikeThreshold {
    /// `th_spike_add` in mV.
    pub add: f64,
    /// e^(-`th_spike_decay` h).
    pub decay: f64,
    /// e^(-`th_spike_decay` `t_ref`).
    pub refractory_decay: f64,
    /// `voltage_reset_fraction`.
    pub reset_fraction: f64,
    /// `voltage_reset_add` in mV.
    pub reset_add: f64,
}

impl SpikeThreshold {
    /// The constants for the parameters `th_spike_add`, `th_spike_decay`, and `(fraction, add)` of
    /// the voltage reset, the refractory time and the resolution in ms.
    pub fn new(add: f64, decay: f64, reset: (f64, f64), t_ref: f64, resolution: f64) -> Self {
        Self {
            add,
            decay: (-decay * resolution).exp(),
            refractory_decay: (-decay * t_ref).exp(),
            reset_fraction: reset.0,
            reset_add: reset.1,
        }
    }
}

/// The constants of the voltage-dependent threshold (mechanism A).
#[derive(Clone, Copy, Debug)]
pub struct VoltageThreshold {
    /// e^(-`g_m` h / `C_m`).
    membrane_decay: f64,
    /// e^(-`th_voltage_decay` h).
    decay: f64,
    /// a / (b - `g_m` / `C_m`) with a = `th_voltage_index`, b = `th_voltage_decay`.
    phi: f64,
    /// a / b.
    ratio: f64,
    g_m: f64,
}

impl VoltageThreshold {
    /// The constants for `th_voltage_index` and `th_voltage_decay` in 1/ms, `g_m` in nS, `C_m` in
    /// pF, and the resolution in ms.
    pub fn new(index: f64, decay: f64, g_m: f64, c_m: f64, resolution: f64) -> Self {
        Self {
            membrane_decay: (-g_m * resolution / c_m).exp(),
            decay: 1.0 / (decay * resolution).exp(),
            phi: index / (decay - g_m / c_m),
            ratio: index / decay,
            g_m,
        }
    }

    /// The component after a step that began with the potential `v` and the component
    /// `threshold`, under the constant current `current`.
    fn after_step(&self, threshold: f64, v: f64, current: f64) -> f64 {
        let v_inf = current / self.g_m;
        let deflection = self.phi * (v - v_inf);
        let asymptote = self.ratio * v_inf;
        deflection * self.membrane_decay
            + self.decay * (threshold - deflection - asymptote)
            + asymptote
    }
}

/// The constants of threshold, after-spike currents, and reset.
#[derive(Clone, Debug)]
pub struct SpikeRules {
    /// `V_th` - `E_L` in mV.
    pub threshold_inf: f64,
    /// `V_reset` - `E_L` in mV.
    pub v_reset: f64,
    /// `t_ref` in steps.
    pub refractory_steps: u32,
    /// Mechanism R.
    pub spike_threshold: Option<SpikeThreshold>,
    /// Mechanism ASC.
    pub after_spike_currents: Option<Vec<AfterSpikeCurrent>>,
    /// Mechanism A.
    pub voltage_threshold: Option<VoltageThreshold>,
}

/// What the model keeps beside the integrated variables.
#[derive(Clone, Debug, PartialEq)]
pub struct MembraneState {
    /// Threshold relative to `E_L` in mV; initially `V_th` - `E_L`.
    pub threshold: f64,
    /// Its spike-dependent component.
    pub threshold_spike: f64,
    /// Its voltage-dependent component.
    pub threshold_voltage: f64,
    /// After-spike currents in pA.
    pub currents: Vec<f64>,
    /// Their sum, averaged over a step; initially the sum of `asc_init`.
    pub current_sum: f64,
    /// Steps for which the neuron stays refractory.
    pub refractory: u32,
}

impl MembraneState {
    /// The rules that follow the integration of a step from potential `v_old` to `v` under the
    /// input current `current`. Updates `v`; returns whether there is a spike.
    ///
    /// Where neither R nor A is present the components of the threshold keep the values that
    /// they have. While refractory, all but the count and the total threshold stands still.
    pub fn after_integration(
        &mut self,
        rules: &SpikeRules,
        v_old: f64,
        v: &mut f64,
        current: f64,
    ) -> bool {
        if self.refractory > 0 {
            self.refractory -= 1;
            *v = v_old;
            self.update_threshold(rules);
            return false;
        }
        if let Some(r) = &rules.spike_threshold {
            self.threshold_spike *= r.decay;
        }
        self.current_sum = 0.0;
        if let Some(constants) = &rules.after_spike_currents {
            for (value, c) in self.currents.iter_mut().zip(constants) {
                self.current_sum += c.mean * *value;
                *value *= c.decay;
            }
        }
        if let Some(a) = &rules.voltage_threshold {
            self.threshold_voltage =
                a.after_step(self.threshold_voltage, v_old, current + self.current_sum);
        }
        self.update_threshold(rules);
        if *v <= self.threshold || v.is_nan() {
            return false;
        }

        self.refractory = rules.refractory_steps;
        if let Some(constants) = &rules.after_spike_currents {
            for (value, c) in self.currents.iter_mut().zip(constants) {
                *value = c.amplitude + *value * c.refractory_decay;
            }
        }
        match &rules.spike_threshold {
            None => *v = rules.v_reset,
            Some(r) => {
                *v = r.reset_fraction * v_old + r.reset_add;
                self.threshold_spike = self.threshold_spike * r.refractory_decay + r.add;
                self.update_threshold(rules);
            }
        }
        true
    }

    fn update_threshold(&mut self, rules: &SpikeRules) {
        self.threshold = self.threshold_spike + self.threshold_voltage + rules.threshold_inf;
    }
}
