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

#[cfg(test)]
mod tests {
    use ovenbird_core::math::{LANES, LaneMask, Lanes, Mask, vectorize};
    use ovenbird_core::ode::Rkf45;

    use super::super::hodgkin_huxley::alpha_initial_value;
    use super::*;

    const E_L: f64 = -78.85;

    fn dynamics<R: Real>(current: R, refractory: R::Mask) -> Dynamics<R> {
        let c = R::splat;
        let receptor = |tau: f64, e_rev: f64| Receptor {
            inverse_tau: c(1.0 / tau),
            e_rev: c(e_rev - E_L),
        };
        Dynamics {
            g_m: c(9.43),
            inverse_c_m: c(1.0 / 58.72),
            v_reset: c(0.0),
            current,
            refractory,
            receptors: vec![receptor(0.2, 0.0), receptor(2.0, -85.0)],
        }
    }

    /// All mechanisms (GLIF5), defaults otherwise.
    fn rules() -> SpikeRules {
        SpikeRules {
            threshold_inf: -51.68 - E_L,
            v_reset: 0.0,
            refractory_steps: 38,
            spike_threshold: Some(SpikeThreshold::new(0.37, 0.009, (0.2, 18.51), 3.75, 0.1)),
            after_spike_currents: Some(vec![
                AfterSpikeCurrent::new(0.003, -9.18, 1.0, 3.75, 0.1),
                AfterSpikeCurrent::new(0.1, -198.94, 1.0, 3.75, 0.1),
            ]),
            voltage_threshold: Some(VoltageThreshold::new(0.005, 0.09, 9.43, 58.72, 0.1)),
        }
    }

    fn initial_membrane(rules: &SpikeRules) -> MembraneState {
        MembraneState {
            threshold: rules.threshold_inf,
            threshold_spike: 0.0,
            threshold_voltage: 0.0,
            currents: vec![0.0; 2],
            current_sum: 0.0,
            refractory: 0,
        }
    }

    /// Time in steps, `V_m`, `ASCurrents_sum`, `threshold`, `threshold_spike`, `threshold_voltage`,
    /// `g_1`, `g_2` in NEST 3.10.0 at resolution 0.1: `spike_dependent_threshold`,
    /// `after_spike_currents`, and `adapting_threshold` set, a `dc_generator` of 400 pA from 5 ms,
    /// and a spike generator with `spike_times` 3, 40, 41 connected with weight 20 to receptor 1,
    /// and with weight 15 and delay 1.5 to receptor 2.
    const TRACE: [(u32, [f64; 7]); 8] = [
        (
            150,
            [
                -53.461150113611154,
                0.0,
                -51.12168918073651,
                0.0,
                0.5583108192634858,
                3.878591546007201e-21,
                1.123308420585738,
            ],
        ),
        (
            300,
            [
                -50.301451205224744,
                -82.46311496301813,
                -50.22969910711272,
                0.338154538550355,
                1.1121463543369243,
                2.4479721593070145e-53,
                0.0015088333702586432,
            ],
        ),
        (
            450,
            [
                -54.788095206122975,
                -135.6744748062117,
                -49.492228712222555,
                0.999556833474973,
                1.1882144543024715,
                0.0002516348034349266,
                27.002138045085157,
            ],
        ),
        (
            600,
            [
                -55.322862190600574,
                -89.40768232657462,
                -49.87319997307294,
                0.874902117363441,
                0.931897909563611,
                4.024299116740138e-36,
                0.0927845842044283,
            ],
        ),
        (
            750,
            [
                -55.87164523220311,
                -150.9934258699881,
                -49.38616346063093,
                1.1134219775609064,
                1.1804145618081616,
                1.9697329405551733e-68,
                9.437538975117357e-05,
            ],
        ),
        (
            900,
            [
                -56.65536653555297,
                -229.4267327126507,
                -49.005634107516215,
                1.3363250327360496,
                1.3380408597477356,
                7.649878895486207e-101,
                7.601208627562206e-08,
            ],
        ),
        (
            1050,
            [
                -49.17695993900034,
                -81.216761706679,
                -49.10932957615026,
                1.1675684442885246,
                1.40310197956122,
                2.6809359133809447e-133,
                5.521254294129907e-11,
            ],
        ),
        (
            1200,
            [
                -54.0093039775894,
                -122.31505431450765,
                -49.00605263085919,
                1.3557070884388989,
                1.3182402807019178,
                8.862951988079103e-166,
                3.7822115463752874e-14,
            ],
        ),
    ];

    #[test]
    fn after_spike_currents_give_the_trace_of_nest() {
        let rules = rules();
        let mut y = vec![0.0; dim(2)];
        let mut membrane = initial_membrane(&rules);
        let mut solver = Rkf45::new(&y);
        let (mut h, mut current) = (0.1, 0.0);
        let mut system = dynamics(0.0, false);
        let mut spikes = Vec::new();
        let mut rows = TRACE.iter().peekable();
        for step in 1..=1200 {
            let v_old = y[V_M];
            system.current = current + membrane.current_sum;
            system.refractory = membrane.refractory > 0;
            assert!(
                solver
                    .advance(&system, &control(), 0.1, true, &mut y, &mut h)
                    .is_empty()
            );
            if membrane.after_integration(&rules, v_old, &mut y[V_M], current) {
                spikes.push(step);
            }
            if [40, 410, 420].contains(&step) {
                y[dg_syn(0)] += 20.0 * alpha_initial_value(0.2);
            }
            if [45, 415, 425].contains(&step) {
                y[dg_syn(1)] += 15.0 * alpha_initial_value(2.0);
            }
            current = if step >= 60 { 400.0 } else { 0.0 };
            if let Some((_, values)) = rows.next_if(|(time, _)| *time == step) {
                let own = [
                    y[V_M] + E_L,
                    membrane.current_sum,
                    membrane.threshold + E_L,
                    membrane.threshold_spike,
                    membrane.threshold_voltage,
                    y[g_syn(0)],
                    y[g_syn(1)],
                ];
                for (i, (own, &value)) in own.iter().zip(values).enumerate() {
                    let error = (own - value).abs();
                    assert!(
                        error <= 1e-9 * value.abs(),
                        "variable {i} at step {step}: {own} {value}"
                    );
                }
            }
        }
        assert!(rows.next().is_none());
        assert_eq!(spikes, [162, 301, 414, 646, 841, 1052]);
    }

    #[test]
    fn a_lane_has_the_bits_of_a_neuron_alone() {
        let refractory = |lane: usize| lane % 3 == 1;
        let current = |lane: usize| 100.0 * lane as f64;
        let start = |lane: usize| [3.0, 40.0 * lane as f64, 1.0, 5.0, 2.0];
        let system = dynamics(Lanes::from_fn(current), LaneMask::from_fn(refractory));
        let mut y: Vec<Lanes> = (0..5)
            .map(|i| Lanes::from_fn(|lane| start(lane)[i]))
            .collect();
        let mut h = Lanes::splat(0.1);
        let mut solver = Rkf45::new(&y);
        vectorize(
            #[inline(always)]
            || {
                for _ in 0..50 {
                    let all = LaneMask::splat(true);
                    assert!(
                        solver
                            .advance(&system, &control(), 0.1, all, &mut y, &mut h)
                            .is_empty()
                    );
                }
            },
        );
        for lane in 0..LANES {
            let system = dynamics(current(lane), refractory(lane));
            let mut one = start(lane).to_vec();
            let mut one_h = 0.1;
            let mut solver = Rkf45::new(&one);
            for _ in 0..50 {
                solver.advance(&system, &control(), 0.1, true, &mut one, &mut one_h);
            }
            for i in 0..5 {
                assert_eq!(one[i].to_bits(), y[i].lane(lane).to_bits(), "lane {lane}");
            }
            assert_eq!(refractory(lane), one[V_M] == 3.0);
        }
    }

    #[test]
    fn plain_reset_without_mechanisms() {
        let rules = SpikeRules {
            threshold_inf: 20.0,
            v_reset: 1.0,
            refractory_steps: 2,
            spike_threshold: None,
            after_spike_currents: None,
            voltage_threshold: None,
        };
        let mut membrane = initial_membrane(&rules);
        let mut v = 20.0;
        assert!(
            !membrane.after_integration(&rules, 19.0, &mut v, 0.0),
            "at the threshold"
        );
        v = 20.1;
        assert!(membrane.after_integration(&rules, 20.0, &mut v, 0.0));
        assert_eq!((v, membrane.refractory, membrane.threshold), (1.0, 2, 20.0));
        for _ in 0..2 {
            let mut drifted = 30.0;
            assert!(!membrane.after_integration(&rules, v, &mut drifted, 0.0));
            assert_eq!(drifted, v);
        }
        v = 21.0;
        assert!(membrane.after_integration(&rules, 1.0, &mut v, 0.0));
    }
}
