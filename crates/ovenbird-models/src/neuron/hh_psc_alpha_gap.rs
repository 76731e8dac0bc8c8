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
