//! `hh_psc_alpha`: Hodgkin-Huxley neuron with alpha-shaped synaptic currents.
//!
//! # Equations
//!
//! C_m dV/dt = -(g_Na m^3 h (V - E_Na) + g_K n^4 (V - E_K) + g_L (V - E_L))
//!             + I_e + I_stim + I_ex + I_in
//!
//! dx/dt = alpha_x(V) (1 - x) - beta_x(V) x for the gates x = m, h, n, with the rates, V in mV and
//! rates in 1/ms,
//!
//! | gate | alpha                                  | beta                      |
//! |------|----------------------------------------|---------------------------|
//! | m    | 0.1 (V + 40) / (1 - e^(-(V + 40)/10))  | 4 e^(-(V + 65)/18)        |
//! | h    | 0.07 e^(-(V + 65)/20)                  | 1 / (1 + e^(-(V + 35)/10))|
//! | n    | 0.01 (V + 55) / (1 - e^(-(V + 55)/10)) | 0.125 e^(-(V + 65)/80)    |
//!
//! Each synaptic current is an alpha function: d(dI)/dt = -dI / tau, dI_syn/dt = dI - I_syn / tau.
//! A spike of weight w (pA) adds w e / tau to dI, so that the current peaks at w. Positive weights
//! act on `I_syn_ex` with `tau_syn_ex`, all others on `I_syn_in` with `tau_syn_in`; inhibitory
//! current is negative.
//!
//! # Parameters
//!
//! | name         | unit | default  | check                                            |
//! |--------------|------|----------|--------------------------------------------------|
//! | `t_ref`      | ms   | 2.0      | >= 0: "Refractory time cannot be negative."      |
//! | `g_Na`       | nS   | 12000    | >= 0: "All conductances must be non-negative."   |
//! | `g_K`        | nS   | 3600     | as `g_Na`                                        |
//! | `g_L`        | nS   | 30       | as `g_Na`                                        |
//! | `C_m`        | pF   | 100      | > 0: "Capacitance must be strictly positive."    |
//! | `E_Na`       | mV   | 50       |                                                  |
//! | `E_K`        | mV   | -77      |                                                  |
//! | `E_L`        | mV   | -54.402  |                                                  |
//! | `tau_syn_ex` | ms   | 0.2      | > 0: "All time constants must be strictly positive." |
//! | `tau_syn_in` | ms   | 2.0      | as `tau_syn_ex`                                  |
//! | `I_e`        | pA   | 0        |                                                  |
//!
//! The checks run in the order capacitance, refractory time, time constants, conductances, on the
//! values after all of a call's assignments.
//!
//! # State
//!
//! Settable and readable: `V_m` (initially -65 mV), `Act_m`, `Inact_h`, `Act_n` (initially the
//! equilibria at -65 mV, whatever `V_m` is set to; must not be negative: "All (in)activation
//! variables must be non-negative."). Synaptic currents and their derivatives start at zero and are
//! neither readable nor settable by name. Recordable: `V_m`, `I_syn_ex`, `I_syn_in`, `Act_m`,
//! `Inact_h`, `Act_n`.
//!
//! # One time step
//!
//! 1. Remember V as `U_old`; integrate all eight variables over the resolution with
//!    [`control`], the step size being carried over from the previous time step. It starts at the
//!    resolution, once when the buffers are initialised, and survives further runs.
//! 2. Add the step's excitatory and inhibitory spike input, times
//!    [`alpha_initial_value`](super::hodgkin_huxley::alpha_initial_value), to `dI_ex` and `dI_in`.
//! 3. [`detect_spike`](super::hodgkin_huxley::detect_spike): while refractory count down, else
//!    spike where V >= 0 mV and `U_old` > V; the spike is stamped with the end of the step, and
//!    `t_ref` in steps, rounded to the grid, is then the refractory count.
//! 4. Record.
//! 5. The step's input current becomes `I_stim`, which acts during the next step. It starts at
//!    zero.
//!
//! All inputs use receptor 0.

use ovenbird_core::math::{Real, exp_linear};
use ovenbird_core::ode::{Control, System};

use super::hodgkin_huxley::equilibrium;

/// Index of the membrane potential (mV) in the state.
pub const V_M: usize = 0;
/// Index of the sodium channel's activation.
pub const HH_M: usize = 1;
/// Index of the sodium channel's inactivation.
pub const HH_H: usize = 2;
/// Index of the potassium channel's activation.
pub const HH_N: usize = 3;
/// Index of the derivative-like variable of the excitatory current (pA/ms).
pub const DI_EXC: usize = 4;
/// Index of the excitatory current (pA).
pub const I_EXC: usize = 5;
/// Index of the derivative-like variable of the inhibitory current (pA/ms).
pub const DI_INH: usize = 6;
/// Index of the inhibitory current (pA).
pub const I_INH: usize = 7;
/// Dimension of the state.
pub const DIM: usize = 8;

/// Initial membrane potential in mV.
pub const V_INITIAL: f64 = -65.0;

/// Absolute error per integration step, in the units of each variable.
pub const TOLERANCE: f64 = 1e-3;

/// The step-size control of the model.
pub fn control<R: Real>() -> Control<R> {
    Control::y(TOLERANCE, 0.0)
}

const EXP_1: f64 = std::f64::consts::E;
const EXP_5_HALVES: f64 = 12.182_493_960_703_473;
const EXP_3: f64 = 20.085_536_923_187_668;

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
}

impl<R: Real> Rates<R> {
    /// The rates at the membrane potential `v` in mV.
    #[inline(always)]
    pub fn at(v: R) -> Self {
        let c = R::splat;
        let u = v + c(65.0);
        // All exponentials but one are powers of e^(-u/80), up to constant factors.
        let exp_80 = (u * c(-1.0 / 80.0)).exp();
        let exp_40 = exp_80 * exp_80;
        let exp_20 = exp_40 * exp_40;
        let exp_10 = exp_20 * exp_20;
        let exp_18 = (u * c(-1.0 / 18.0)).exp();
        let x_m = (v + c(40.0)) * c(0.1);
        let x_n = (v + c(55.0)) * c(0.1);
        Self {
            alpha_m: exp_linear(x_m, exp_10 * c(EXP_5_HALVES)),
            beta_m: c(4.0) * exp_18,
            alpha_h: c(0.07) * exp_20,
            beta_h: c(1.0) / (c(1.0) + exp_10 * c(EXP_3)),
            alpha_n: c(0.1) * exp_linear(x_n, exp_10 * c(EXP_1)),
            beta_n: c(0.125) * exp_80,
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
    y
}

/// The constants of the right-hand side.
#[derive(Clone, Copy, Debug)]
pub struct Dynamics<R> {
    /// `g_Na` in nS.
    pub g_na: R,
    /// `g_K` in nS.
    pub g_k: R,
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
}

impl<R: Real> System<R> for Dynamics<R> {
    type State = [R; DIM];

    #[inline(always)]
    fn derivatives(&self, _t: R, y: &[R; DIM], dydt: &mut [R; DIM]) {
        let one = R::splat(1.0);
        let [v, m, h, n, di_ex, i_ex, di_in, i_in] = *y;
        let rates = Rates::at(v);
        let i_na = self.g_na * m * m * m * h * (v - self.e_na);
        let i_k = self.g_k * n * n * n * n * (v - self.e_k);
        let i_l = self.g_l * (v - self.e_l);
        let i_ion = i_na + i_k + i_l;
        dydt[V_M] = (self.current - i_ion + i_ex + i_in) * self.inverse_c_m;
        dydt[HH_M] = rates.alpha_m * (one - m) - rates.beta_m * m;
        dydt[HH_H] = rates.alpha_h * (one - h) - rates.beta_h * h;
        dydt[HH_N] = rates.alpha_n * (one - n) - rates.beta_n * n;
        dydt[DI_EXC] = -di_ex * self.inverse_tau_ex;
        dydt[I_EXC] = di_ex - i_ex * self.inverse_tau_ex;
        dydt[DI_INH] = -di_in * self.inverse_tau_in;
        dydt[I_INH] = di_in - i_in * self.inverse_tau_in;
    }
}
