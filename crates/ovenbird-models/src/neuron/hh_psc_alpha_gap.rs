//! `hh_psc_alpha_gap`: Hodgkin-Huxley neuron with gap junctions and alpha-shaped synaptic currents.
//!
//! # Equations
//!
//! C_m dV/dt = -(g_Na m^3 h (V - E_Na) + (g_Kv1 n^4 + g_Kv3 p^2) (V - E_K) + g_L (V - E_L))
//!             + I_e + I_stim + I_ex + I_in + I_gap
//!
//! dx/dt = alpha_x(V) (1 - x) - beta_x(V) x for the gates x = m, h, n, p, with the rates, V in mV
//! and rates in 1/ms,
//!
//! | gate | alpha                                      | beta                             |
//! |------|--------------------------------------------|----------------------------------|
//! | m    | 40 (V - 75.5) / (1 - e^(-(V - 75.5)/13.5)) | 1.2262 e^(-V/42.248)             |
//! | h    | 0.0035 e^(-V/24.186)       | 0.017 (V + 51.25) / (1 - e^(-(V + 51.25)/5.2))   |
//! | p    | (V - 95) / (1 - e^(-(V - 95)/11.8))        | 0.025 e^(-V/22.222)              |
//! | n    | 0.014 (V + 44) / (1 - e^(-(V + 44)/2.3))   | 0.0043 e^(-(V + 44)/34)          |
//!
//! Synaptic currents are those of [`hh_psc_alpha`](super::hh_psc_alpha).
//!
//! The gap current is I_gap = sum_j g_ij (V_j - V_i), where V_j enters as a polynomial in the
//! fraction s = t / resolution of the time step:
//! I_gap(s) = -(sum_j g_ij) V + c_0 + c_1 s + c_2 s^2 + c_3 s^3, with c_k = sum_j g_ij c_kj.
//!
//! # Parameters
//!
//! | name         | unit | default | check                                            |
//! |--------------|------|---------|--------------------------------------------------|
//! | `t_ref`      | ms   | 2.0     | >= 0: "Refractory time cannot be negative."      |
//! | `g_Na`       | nS   | 4500    | >= 0: "All conductances must be non-negative."   |
//! | `g_Kv1`      | nS   | 9       | as `g_Na`                                        |
//! | `g_Kv3`      | nS   | 9000    | as `g_Na`                                        |
//! | `g_L`        | nS   | 10      | as `g_Na`                                        |
//! | `C_m`        | pF   | 40      | > 0: "Capacitance must be strictly positive."    |
//! | `E_Na`       | mV   | 74      |                                                  |
//! | `E_K`        | mV   | -90     |                                                  |
//! | `E_L`        | mV   | -70     |                                                  |
//! | `tau_syn_ex` | ms   | 0.2     | > 0: "All time constants must be strictly positive." |
//! | `tau_syn_in` | ms   | 2.0     | as `tau_syn_ex`                                  |
//! | `I_e`        | pA   | 0       |                                                  |
//!
//! The checks run in the order capacitance, refractory time, time constants, conductances.
//!
//! # State
//!
//! Settable and readable: `V_m` (initially [`V_INITIAL`]), `Act_m`, `Inact_h`, `Act_n`, `Inact_p`
//! (initially the equilibria at that potential; must not be negative: "All (in)activation variables
//! must be non-negative."). Recordable: these and `I_syn_ex`, `I_syn_in`.
//!
//! # One time step
//!
//! As for [`hh_psc_alpha`](super::hh_psc_alpha), with the tolerance [`TOLERANCE`], a thousandth of
//! that model's.
//!
//! # Slices, and waveform relaxation
//!
//! A slice has d = `min_delay` steps; gap junctions limit it to `wfr_comm_interval`. Each neuron
//! holds the sum of its gap weights, and d sets of coefficients, one for each step (lag) of the
//! slice: those that the other side sent, times weight, summed. Both are reset to zero after each
//! update of the slice, be it final or an iteration, once they have been used; the delivery that
//! follows fills them anew. Gap junctions use receptor 0.
//!
//! *Iteration* (where `use_wfr` is true and any gap junction exists), before the slice's final
//! update, at most `wfr_max_iterations` times:
//!
//! 1. Each neuron steps through the lags to the end of the slice, also where the run ends before,
//!    reading its spike buffers without clearing them. It makes no test for spikes, no recording,
//!    and no change of `I_stim`, which keeps the value that it had at the beginning of the slice for
//!    all lags. Spike input is added after each lag as usual.
//! 2. For each lag it keeps the coefficients [`interpolate`] of its own V, which need y_i and y_ip1,
//!    the potentials at the beginning and the end of the lag (the latter before or after the spike
//!    input alike), and for order 3 also the resolution times dV/dt at both, computed with the gap
//!    current at s = 0 and s = 1.
//! 3. It has converged if, at the end of every lag, V differs by no more than `wfr_tol` from V at
//!    the same lag in the previous iteration. The values of the previous iteration are taken to be
//!    zero in the first one, so that there are at least two, unless |V| <= `wfr_tol` throughout.
//! 4. State and refractory count return to their values at the beginning of the slice. The
//!    suggested step size of the integration does not: it is carried from iteration to iteration
//!    and into the final update.
//! 5. All neurons' coefficients are exchanged, also after the last iteration. The iterations end
//!    when all neurons of all threads and ranks have converged. Where they have not, the
//!    warning is "Maximum number of iterations reached at interval A-B ms", and the run goes on.
//!
//! *Final update*: as above with the coefficients received last. It sends, for each lag that was
//! updated, the constant V at the end of the last lag (c_0 = V, others zero), which is what the
//! first iteration of the next slice uses. Coefficients of a final update are exchanged at the end of
//! a whole slice only. A run that ends in the midst of a slice leaves coefficients and weights
//! zero, so that the next one begins its iterations, over the remaining lags, without gap current;
//! lags that an update does not cover are sent as zero.
//!
//! Nothing is delivered before the very first slice, whose first iteration (or final update) thus
//! has no gap current.
//!
//! Without waveform relaxation (`use_wfr` false), slices are of one step, only final updates are
//! made, and so V_j is constant over a step: its value at the step's beginning.
//!
//! Kernel properties: `use_wfr` (true), `wfr_comm_interval` (1.0 ms), `wfr_tol` (1e-4 mV),
//! `wfr_max_iterations` (15), `wfr_interpolation_order` (3; "Interpolation order must be 0, 1, or
//! 3.").

use ovenbird_core::math::{Real, exp_linear};
use ovenbird_core::ode::{Control, System};

use super::hodgkin_huxley::equilibrium;

/// Index of the membrane potential (mV) in the state.
pub const V_M: usize = 0;
/// Index of the sodium channel's activation.
pub const HH_M: usize = 1;
/// Index of the sodium channel's inactivation.
pub const HH_H: usize = 2;
/// Index of the activation of the Kv1 channel.
pub const HH_N: usize = 3;
/// Index of the activation of the Kv3 channel.
pub const HH_P: usize = 4;
/// Index of the derivative-like variable of the excitatory current (pA/ms).
pub const DI_EXC: usize = 5;
/// Index of the excitatory current (pA).
pub const I_EXC: usize = 6;
/// Index of the derivative-like variable of the inhibitory current (pA/ms).
pub const DI_INH: usize = 7;
/// Index of the inhibitory current (pA).
pub const I_INH: usize = 8;
/// Dimension of the state.
pub const DIM: usize = 9;

/// Initial membrane potential in mV.
pub const V_INITIAL: f64 = -69.604_011_916_312_22;

/// Absolute error per integration step, in the units of each variable.
pub const TOLERANCE: f64 = 1e-6;

/// The step-size control of the model.
pub fn control<R: Real>() -> Control<R> {
    Control::y(TOLERANCE, 0.0)
}

/// The rates of the gates in 1/ms at one membrane potential.
#[derive(Clone, Copy, Debug)]
pub struct Rates<R> {
    /// Opening rate of m.
    pub alpha_m: R,
    /// Closing rate of m.
    pub beta_m: R,
    /// Opening rate of h.
    pub alpha_h: R,
    /// Closing rate of h.
    pub beta_h: R,
    /// Opening rate of n.
    pub alpha_n: R,
    /// Closing rate of n.
    pub beta_n: R,
    /// Opening rate of p.
    pub alpha_p: R,
    /// Closing rate of p.
    pub beta_p: R,
}

/// `slope` (v - `v_half`) / (1 - e^(-(v - `v_half`) / `width`)).
#[inline(always)]
fn linear_rate<R: Real>(v: R, slope: f64, v_half: f64, width: f64) -> R {
    let x = (v - R::splat(v_half)) * R::splat(1.0 / width);
    R::splat(slope * width) * exp_linear(x, (-x).exp())
}

/// `rate` e^(-(v - `v_ref`) / `width`).
#[inline(always)]
fn exponential_rate<R: Real>(v: R, rate: f64, v_ref: f64, width: f64) -> R {
    R::splat(rate) * ((v - R::splat(v_ref)) * R::splat(-1.0 / width)).exp()
}

impl<R: Real> Rates<R> {
    /// The rates at the membrane potential `v` in mV.
    #[inline(always)]
    pub fn at(v: R) -> Self {
        Self {
            alpha_m: linear_rate(v, 40.0, 75.5, 13.5),
            beta_m: exponential_rate(v, 1.2262, 0.0, 42.248),
            alpha_h: exponential_rate(v, 0.0035, 0.0, 24.186),
            beta_h: linear_rate(v, 0.017, -51.25, 5.2),
            alpha_n: linear_rate(v, 0.014, -44.0, 2.3),
            beta_n: exponential_rate(v, 0.0043, -44.0, 34.0),
            alpha_p: linear_rate(v, 1.0, 95.0, 11.8),
            beta_p: exponential_rate(v, 0.025, 0.0, 22.222),
        }
    }
}

/// The state of a new neuron.
pub fn initial_state() -> [f64; DIM] {
    let rates = Rates::at(V_INITIAL);
    let mut y = [0.0; DIM];
    y[V_M] = V_INITIAL;
    y[HH_M] = equilibrium(rates.alpha_m, rates.beta_m);
    y[HH_H] = equilibrium(rates.alpha_h, rates.beta_h);
    y[HH_N] = equilibrium(rates.alpha_n, rates.beta_n);
    y[HH_P] = equilibrium(rates.alpha_p, rates.beta_p);
    y
}

/// How a neuron's potential within a time step is described to its gap-junction partners: by a
/// polynomial of this order in the fraction of the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpolation {
    /// The value at the beginning of the step.
    Constant,
    /// The straight line between the values at beginning and end.
    Linear,
    /// The cubic Hermite polynomial: values and derivatives at beginning and end.
    Cubic,
}

impl Interpolation {
    /// The interpolation of the given order, which must be 0, 1, or 3.
    pub fn from_order(order: i64) -> Option<Self> {
        match order {
            0 => Some(Self::Constant),
            1 => Some(Self::Linear),
            3 => Some(Self::Cubic),
            _ => None,
        }
    }
}

/// The coefficients c_0 to c_3 of the polynomial in the fraction s of a time step for a potential
/// that goes from `v_start` to `v_end`, all in mV; those beyond the order are zero.
///
/// `hf_start` and `hf_end`, the resolution times dV/dt at beginning and end, are used by
/// [`Interpolation::Cubic`] only.
#[inline(always)]
pub fn interpolate<R: Real>(
    interpolation: Interpolation,
    v_start: R,
    v_end: R,
    hf_start: R,
    hf_end: R,
) -> [R; 4] {
    let c = R::splat;
    match interpolation {
        Interpolation::Constant => [v_start, c(0.0), c(0.0), c(0.0)],
        Interpolation::Linear => [v_start, v_end - v_start, c(0.0), c(0.0)],
        Interpolation::Cubic => [
            v_start,
            hf_start,
            c(-3.0) * v_start + c(3.0) * v_end - c(2.0) * hf_start - hf_end,
            c(2.0) * v_start - c(2.0) * v_end + hf_start + hf_end,
        ],
    }
}

/// The gap-junction input during one time step.
#[derive(Clone, Copy, Debug, Default)]
pub struct GapInput<R> {
    /// The sum of the weights of all gap junctions of the neuron, in nS.
    pub conductance: R,
    /// The weighted sum of the partners' coefficients, see [`interpolate`], in pA.
    pub coefficients: [R; 4],
}

impl<R: Real> GapInput<R> {
    /// The gap current in pA at the fraction `s` of the time step and the potential `v`.
    #[inline(always)]
    pub fn current(&self, s: R, v: R) -> R {
        let [c0, c1, c2, c3] = self.coefficients;
        c0 - self.conductance * v + c1 * s + c2 * s * s + c3 * s * s * s
    }
}

/// The constants of the right-hand side.
#[derive(Clone, Copy, Debug)]
pub struct Dynamics<R> {
    /// `g_Na` in nS.
    pub g_na: R,
    /// `g_Kv1` in nS.
    pub g_kv1: R,
    /// `g_Kv3` in nS.
    pub g_kv3: R,
    /// `g_L` in nS.
    pub g_l: R,
    /// `E_Na` in mV.
    pub e_na: R,
    /// `E_K` in mV.
    pub e_k: R,
    /// `E_L` in mV.
    pub e_l: R,
    /// 1 / `C_m` in 1/pF.
    pub inverse_c_m: R,
    /// 1 / `tau_syn_ex` in 1/ms.
    pub inverse_tau_ex: R,
    /// 1 / `tau_syn_in` in 1/ms.
    pub inverse_tau_in: R,
    /// `I_stim` + `I_e` in pA.
    pub current: R,
    /// Gap-junction input of this time step.
    pub gap: GapInput<R>,
    /// 1 / resolution in 1/ms.
    pub inverse_resolution: f64,
}

impl<R: Real> System<R> for Dynamics<R> {
    type State = [R; DIM];

    #[inline(always)]
    fn derivatives(&self, t: R, y: &[R; DIM], dydt: &mut [R; DIM]) {
        let one = R::splat(1.0);
        let [v, m, h, n, p, di_ex, i_ex, di_in, i_in] = *y;
        let rates = Rates::at(v);
        let i_na = self.g_na * m * m * m * h * (v - self.e_na);
        let i_k = (self.g_kv1 * n * n * n * n + self.g_kv3 * p * p) * (v - self.e_k);
        let i_l = self.g_l * (v - self.e_l);
        let i_gap = self.gap.current(t * R::splat(self.inverse_resolution), v);
        let i_ion = i_na + i_k + i_l;
        dydt[V_M] = (self.current - i_ion + i_ex + i_in + i_gap) * self.inverse_c_m;
        dydt[HH_M] = rates.alpha_m * (one - m) - rates.beta_m * m;
        dydt[HH_H] = rates.alpha_h * (one - h) - rates.beta_h * h;
        dydt[HH_N] = rates.alpha_n * (one - n) - rates.beta_n * n;
        dydt[HH_P] = rates.alpha_p * (one - p) - rates.beta_p * p;
        dydt[DI_EXC] = -di_ex * self.inverse_tau_ex;
        dydt[I_EXC] = di_ex - i_ex * self.inverse_tau_ex;
        dydt[DI_INH] = -di_in * self.inverse_tau_in;
        dydt[I_INH] = di_in - i_in * self.inverse_tau_in;
    }
}

#[cfg(test)]
mod tests {
    use ovenbird_core::math::{LANES, LaneMask, Lanes, Mask, vectorize};
    use ovenbird_core::ode::Rkf45;

    use super::super::hodgkin_huxley::detect_spike;
    use super::*;

    /// The default parameters, and a constant current.
    fn dynamics<R: Real + Default>(current: R) -> Dynamics<R> {
        let c = R::splat;
        Dynamics {
            g_na: c(4500.0),
            g_kv1: c(9.0),
            g_kv3: c(9000.0),
            g_l: c(10.0),
            e_na: c(74.0),
            e_k: c(-90.0),
            e_l: c(-70.0),
            inverse_c_m: c(1.0 / 40.0),
            inverse_tau_ex: c(1.0 / 0.2),
            inverse_tau_in: c(1.0 / 2.0),
            current,
            gap: GapInput::default(),
            inverse_resolution: 1.0 / 0.1,
        }
    }

    /// Time in steps, `V_m`, `Act_m`, `Inact_h`, `Act_n`, `Inact_p` in NEST 3.10.0:
    /// `nest.resolution = 0.1; n = nest.Create("hh_psc_alpha_gap", params={"I_e": 200.0})`, a
    /// multimeter of interval 0.1, `nest.Simulate(200.1)`.
    const DRIVEN: [(u32, [f64; 5]); 8] = [
        (
            250,
            [
                -66.77611113979803,
                0.02372620355615521,
                0.45765558683131147,
                0.7400561971053743,
                0.0027670715829870253,
            ],
        ),
        (
            500,
            [
                -59.34452539892496,
                0.04666694069338357,
                0.5276882305091043,
                0.7670205859136496,
                0.000816365313768917,
            ],
        ),
        (
            750,
            [
                -58.983541192838025,
                0.048215794628745486,
                0.534103820593561,
                0.7726047403297909,
                0.0008143738343507952,
            ],
        ),
        (
            1000,
            [
                -59.16628071780541,
                0.04747172035708288,
                0.5355779994238561,
                0.775066192364148,
                0.0008011818457118306,
            ],
        ),
        (
            1250,
            [
                -59.413118619371616,
                0.04647192117799556,
                0.5360889108489418,
                0.7771731173353909,
                0.0007866744087669483,
            ],
        ),
        (
            1500,
            [
                -59.67038027623631,
                0.04544812185111046,
                0.5361910526586434,
                0.7792590786236572,
                0.0007737204956410406,
            ],
        ),
        (
            1750,
            [
                -59.93255186247942,
                0.04442452105235102,
                0.5359581436507361,
                0.7813638123604942,
                0.0007628596643284316,
            ],
        ),
        (
            2000,
            [
                -60.200079940649154,
                0.04340035573529527,
                0.5353917037466088,
                0.7834923890662437,
                0.0007544457003631297,
            ],
        ),
    ];
    const DRIVEN_SPIKES: [u32; 9] = [58, 188, 369, 604, 855, 1109, 1362, 1616, 1870];

    #[test]
    fn constant_current_gives_the_trace_of_nest() {
        let mut y = initial_state();
        let mut solver = Rkf45::new(&y);
        let mut h = 0.1;
        let system = dynamics(200.0);
        let mut refractory = 0;
        let mut spikes = Vec::new();
        let mut rows = DRIVEN.iter().peekable();
        for step in 1..=2000 {
            let v_old = y[V_M];
            assert!(
                solver
                    .advance(&system, &control(), 0.1, true, &mut y, &mut h)
                    .is_empty()
            );
            if detect_spike(v_old, y[V_M], &mut refractory, 20) {
                spikes.push(step);
            }
            if let Some((_, values)) = rows.next_if(|(time, _)| *time == step) {
                for (i, &value) in values.iter().enumerate() {
                    let error = (y[i] / value - 1.0).abs();
                    assert!(error < 1e-9, "variable {i} at step {step}: {error:e}");
                }
            }
        }
        assert!(rows.next().is_none());
        assert_eq!(spikes, DRIVEN_SPIKES);
    }

    /// Two neurons, 0 and 1, coupled by a gap junction, iterated over slices of ten steps.
    struct Pair {
        y: [[f64; DIM]; 2],
        h: [f64; 2],
        current: [f64; 2],
        gap: [[GapInput<f64>; SLICE]; 2],
    }

    const SLICE: usize = 10;
    const WEIGHT: f64 = 30.0;
    const RESOLUTION: f64 = 0.1;

    impl Pair {
        /// One pass over the slice. Returns the own interpolation, and V at the end of each lag.
        fn pass(&mut self, neuron: usize) -> ([[f64; 4]; SLICE], [f64; SLICE]) {
            let mut sent = [[0.0; 4]; SLICE];
            let mut ends = [0.0; SLICE];
            let mut solver = Rkf45::new(&self.y[neuron]);
            for lag in 0..SLICE {
                let mut system = dynamics(self.current[neuron]);
                system.gap = self.gap[neuron][lag];
                let slope = |t: f64, y: &[f64; DIM]| {
                    let mut dydt = [0.0; DIM];
                    system.derivatives(t, y, &mut dydt);
                    RESOLUTION * dydt[V_M]
                };
                let y = &mut self.y[neuron];
                let (v_start, hf_start) = (y[V_M], slope(0.0, y));
                let h = &mut self.h[neuron];
                assert!(
                    solver
                        .advance(&system, &control(), RESOLUTION, true, y, h)
                        .is_empty()
                );
                let hf_end = slope(RESOLUTION, y);
                sent[lag] = interpolate(Interpolation::Cubic, v_start, y[V_M], hf_start, hf_end);
                ends[lag] = y[V_M];
            }
            (sent, ends)
        }

        fn slice(&mut self) {
            let mut last = [[0.0; SLICE]; 2];
            for _ in 0..15 {
                let start = self.y;
                let passes = [0, 1].map(|neuron| self.pass(neuron));
                self.y = start;
                let mut converged = true;
                for (neuron, (sent, ends)) in passes.into_iter().enumerate() {
                    let pairs = ends.iter().zip(&last[neuron]);
                    converged &= pairs.into_iter().all(|(a, b)| (a - b).abs() <= 1e-4);
                    last[neuron] = ends;
                    self.deliver(1 - neuron, sent);
                }
                if converged {
                    break;
                }
            }
            for neuron in 0..2 {
                self.pass(neuron);
            }
            for neuron in 0..2 {
                let v = self.y[neuron][V_M];
                self.deliver(1 - neuron, [[v, 0.0, 0.0, 0.0]; SLICE]);
            }
        }

        fn deliver(&mut self, neuron: usize, sent: [[f64; 4]; SLICE]) {
            self.gap[neuron] = sent.map(|coefficients| GapInput {
                conductance: WEIGHT,
                coefficients: coefficients.map(|c| WEIGHT * c),
            });
        }
    }

    /// `V_m` of both neurons in NEST 3.10.0, time in ms: as above, but two neurons with `I_e` 200
    /// and 100, connected by
    /// `nest.Connect(a, b, {"rule": "one_to_one", "make_symmetric": True},
    /// {"synapse_model": "gap_junction", "weight": 30.0})`.
    const COUPLED: [(u32, [f64; 2]); 5] = [
        (1, [-65.64784627516484, -66.84361349120633]),
        (5, [-55.42293117097182, -57.254956546901305]),
        (20, [-56.545769646365414, -58.15745379573082]),
        (50, [-53.33985081604414, -55.09425864115579]),
        (100, [-65.00756997948272, -66.34471053152755]),
    ];

    #[test]
    fn waveform_relaxation_gives_the_trace_of_nest() {
        let mut pair = Pair {
            y: [initial_state(); 2],
            h: [RESOLUTION; 2],
            current: [200.0, 100.0],
            gap: [[GapInput::default(); SLICE]; 2],
        };
        let mut rows = COUPLED.iter().peekable();
        for ms in 1..=100 {
            pair.slice();
            if let Some((_, values)) = rows.next_if(|(time, _)| *time == ms) {
                for (y, &value) in pair.y.iter().zip(values) {
                    let error = (y[V_M] / value - 1.0).abs();
                    assert!(error < 1e-9, "V_m at {ms} ms: {} {value} {error:e}", y[V_M]);
                }
            }
        }
        assert!(rows.next().is_none());
    }

    #[test]
    fn interpolation_meets_values_and_slopes() {
        let (v0, v1, f0, f1) = (-60.0, -55.0, 2.0, 7.5);
        let at = |c: [f64; 4], s: f64| c[0] + s * (c[1] + s * (c[2] + s * c[3]));
        let slope = |c: [f64; 4], s: f64| c[1] + s * (2.0 * c[2] + s * 3.0 * c[3]);
        let cubic = interpolate(Interpolation::Cubic, v0, v1, f0, f1);
        assert_eq!((at(cubic, 0.0), at(cubic, 1.0)), (v0, v1));
        assert_eq!((slope(cubic, 0.0), slope(cubic, 1.0)), (f0, f1));
        let linear = interpolate(Interpolation::Linear, v0, v1, f0, f1);
        assert_eq!(
            (at(linear, 0.0), at(linear, 0.5), at(linear, 1.0)),
            (v0, -57.5, v1)
        );
        let constant = interpolate(Interpolation::Constant, v0, v1, f0, f1);
        assert_eq!((at(constant, 0.0), at(constant, 1.0)), (v0, v0));
        assert_eq!(Interpolation::from_order(3), Some(Interpolation::Cubic));
        assert_eq!(Interpolation::from_order(2), None);
    }

    #[test]
    fn gap_current_vanishes_between_equal_potentials() {
        let gap = GapInput {
            conductance: 3.0,
            coefficients: [-180.0, 0.0, 0.0, 0.0],
        };
        assert_eq!(gap.current(0.3, -60.0), 0.0);
        assert_eq!(gap.current(0.3, -61.0), 3.0);
    }

    #[test]
    fn a_lane_has_the_bits_of_a_neuron_alone() {
        let currents = Lanes::from_fn(|lane| 60.0 * lane as f64);
        let gap_coefficient = |lane: usize| -50.0 * lane as f64;
        let mut y = initial_state().map(Lanes::splat);
        let mut solver = Rkf45::new(&y);
        let mut h = Lanes::splat(0.1);
        let mut system = dynamics(currents);
        system.gap.conductance = Lanes::splat(1.0);
        system.gap.coefficients[1] = Lanes::from_fn(gap_coefficient);
        vectorize(
            #[inline(always)]
            || {
                for _ in 0..200 {
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
            let mut one = initial_state();
            let mut solver = Rkf45::new(&one);
            let mut h = 0.1;
            let mut system = dynamics(currents.lane(lane));
            system.gap.conductance = 1.0;
            system.gap.coefficients[1] = gap_coefficient(lane);
            for _ in 0..200 {
                solver.advance(&system, &control(), 0.1, true, &mut one, &mut h);
            }
            for i in 0..DIM {
                assert_eq!(one[i].to_bits(), y[i].lane(lane).to_bits(), "lane {lane}");
            }
        }
    }
}
