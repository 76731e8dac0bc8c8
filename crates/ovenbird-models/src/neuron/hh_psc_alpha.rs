//! # hh_psc_alpha
//!
//! Hodgkin-Huxley neuron with alpha-shaped postsynaptic currents.
//!
//! ```text
//! C_m dV_m/dt = -(g_Na m^3 h (V_m - E_Na) + g_K n^4 (V_m - E_K) + g_L (V_m - E_L))
//!               + I_e + I_stim + I_syn_ex + I_syn_in
//! ```
//!
//! with dx/dt = alpha_x (1 - x) - beta_x x for the gates x = m, h, n (`Act_m`, `Inact_h`, `Act_n`)
//! and the rates, V_m in mV and rates in 1/ms,
//!
//! | gate | alpha                                      | beta                        |
//! |------|--------------------------------------------|-----------------------------|
//! | m    | 0.1 (V_m + 40) / (1 - e^(-(V_m + 40)/10))  | 4 e^(-(V_m + 65)/18)        |
//! | h    | 0.07 e^(-(V_m + 65)/20)                    | 1 / (1 + e^(-(V_m + 35)/10))|
//! | n    | 0.01 (V_m + 55) / (1 - e^(-(V_m + 55)/10)) | 0.125 e^(-(V_m + 65)/80)    |
//!
//! A spike that arrives over a synapse of weight w (pA) adds a current
//! `w (e / tau_syn) t exp(-t / tau_syn)`, whose peak is w, to `I_syn_ex` if w >= 0 and to
//! `I_syn_in` otherwise. The neuron spikes at a local maximum of `V_m` at or above 0 mV, and not
//! again for `t_ref`; its dynamics go on unchanged meanwhile.
//!
//! The system is integrated with an adaptive Runge-Kutta-Fehlberg method of orders 4 and 5 with an
//! absolute error of 1e-3 per step of the integration; an external current is constant over a step.
//!
//! References:
//! Gerstner W & Kistler W (2002) Spiking neuron models. Cambridge University Press.
//! Hodgkin AL & Huxley AF (1952) Journal of Physiology 117:500-544.

use super::hodgkin_huxley::{alpha_initial_value, detect_spike, equilibrium, gate};
use super::integrated::{Nodes, integrated};
use ovenbird_core::error::Result;
use ovenbird_core::for_each_node;
use ovenbird_core::math::{LookUp, Real, exp_linear, exp2};
use ovenbird_core::model::{
    Block, ElementType, Event, Failure, Inputs, Neuron, NodeInfo, Output, Port, StepContext,
    Variable,
};
use ovenbird_core::ode::{Control, System, advance_nodes};
use ovenbird_core::time::Clock;
use std::f64::consts::LOG2_E;

ovenbird_core::params! {
    /// Refractory period.
    t_ref: f64 = 2.0, "ms", NON_NEGATIVE;
    /// Sodium peak conductance.
    g_Na: f64 = 12000.0, "nS", NON_NEGATIVE;
    /// Potassium peak conductance.
    g_K: f64 = 3600.0, "nS", NON_NEGATIVE;
    /// Leak conductance.
    g_L: f64 = 30.0, "nS", NON_NEGATIVE;
    /// Membrane capacitance.
    C_m: f64 = 100.0, "pF", POSITIVE;
    /// Sodium reversal potential.
    E_Na: f64 = 50.0, "mV";
    /// Potassium reversal potential.
    E_K: f64 = -77.0, "mV";
    /// Leak reversal potential.
    E_L: f64 = -54.402, "mV";
    /// Rise time of the excitatory synaptic current.
    tau_syn_ex: f64 = 0.2, "ms", POSITIVE;
    /// Rise time of the inhibitory synaptic current.
    tau_syn_in: f64 = 2.0, "ms", POSITIVE;
    /// Constant input current.
    I_e: f64 = 0.0, "pA";
}

ovenbird_core::state! {
    /// Membrane potential (mV).
    V_m: f64 = V_INITIAL;
    /// Activation of the sodium channel.
    Act_m: f64 = initial_state()[HH_M];
    /// Inactivation of the sodium channel.
    Inact_h: f64 = initial_state()[HH_H];
    /// Activation of the potassium channel.
    Act_n: f64 = initial_state()[HH_N];
    /// What drives the excitatory synaptic current (pA/ms).
    dI_syn_ex: f64 = 0.0;
    /// Excitatory synaptic current (pA).
    I_syn_ex: f64 = 0.0;
    /// What drives the inhibitory synaptic current (pA/ms).
    dI_syn_in: f64 = 0.0;
    /// Inhibitory synaptic current (pA).
    I_syn_in: f64 = 0.0;
    /// Membrane potential at the beginning of the last step (mV).
    V_before: f64 = 0.0;
    /// External current of the present step (pA).
    I_stim: f64 = 0.0;
    /// Step size of the integration, carried over from step to step; 0 before the first (ms).
    step_size: f64 = 0.0;
    /// Steps left of the refractory period.
    refractory: i32 = 0;
}

ovenbird_core::variables! { HhPscAlpha;
    /// Membrane potential.
    V_m: "mV", |_, s| s.V_m, set |_, s, x| s.V_m = x;
    /// Excitatory synaptic current.
    @recordable I_syn_ex: "pA", |_, s| s.I_syn_ex;
    /// Inhibitory synaptic current.
    @recordable I_syn_in: "pA", |_, s| s.I_syn_in;
    /// Activation of the sodium channel.
    Act_m: "", |_, s| s.Act_m, set |_, s, x| s.Act_m = gate("Act_m", x)?;
    /// Inactivation of the sodium channel.
    Inact_h: "", |_, s| s.Inact_h, set |_, s, x| s.Inact_h = gate("Inact_h", x)?;
    /// Activation of the potassium channel.
    Act_n: "", |_, s| s.Act_n, set |_, s, x| s.Act_n = gate("Act_n", x)?;
}

/// Index of the membrane potential (mV) in the state that is integrated.
const V_M: usize = 0;
const HH_M: usize = 1;
const HH_H: usize = 2;
const HH_N: usize = 3;
const DI_EXC: usize = 4;
const I_EXC: usize = 5;
const DI_INH: usize = 6;
const I_INH: usize = 7;
/// Dimension of the state that is integrated.
const DIM: usize = 8;

/// Initial membrane potential in mV.
const V_INITIAL: f64 = -65.0;

/// Absolute error per integration step, in the units of each variable.
const TOLERANCE: f64 = 1e-3;

fn control<R: Real>() -> Control<R> {
    Control::y(TOLERANCE, 0.0)
}

const EXP_1: f64 = std::f64::consts::E;
const EXP_5_HALVES: f64 = 12.182_493_960_703_473;
const EXP_3: f64 = 20.085_536_923_187_668;

/// The rates of the gates in 1/ms at one membrane potential.
#[derive(Clone, Copy, Debug)]
struct Rates<R> {
    /// Opening rate of m.
    alpha_m: R,
    /// Closing rate of m.
    beta_m: R,
    /// Opening rate of h.
    alpha_h: R,
    /// Closing rate of h.
    beta_h: R,
    /// Opening rate of n.
    alpha_n: R,
    /// Closing rate of n.
    beta_n: R,
}

impl<R: Real> Rates<R> {
    /// The rates at the membrane potential `v` in mV; beyond 700 mV they do not change.
    #[inline(always)]
    fn at(v: R) -> Self {
        let c = R::splat;
        let v = v.max(c(-700.0)).min(c(700.0));
        let u = v + c(65.0);
        // All exponentials but one are powers of e^(-u/80), up to constant factors.
        let exp_80 = exp2(u * c(-LOG2_E / 80.0));
        let exp_40 = exp_80 * exp_80;
        let exp_20 = exp_40 * exp_40;
        let exp_10 = exp_20 * exp_20;
        let exp_18 = exp2(u * c(-LOG2_E / 18.0));
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
fn initial_state() -> [f64; DIM] {
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
pub(super) struct Dynamics<R> {
    /// `g_Na` in nS.
    g_na: R,
    /// `g_K` in nS.
    g_k: R,
    /// `g_L` in nS.
    g_l: R,
    /// `E_Na` in mV.
    e_na: R,
    /// `E_K` in mV.
    e_k: R,
    /// `E_L` in mV.
    e_l: R,
    /// 1 / `C_m` in 1/pF.
    inverse_c_m: R,
    /// 1 / `tau_syn_ex` in 1/ms.
    inverse_tau_ex: R,
    /// 1 / `tau_syn_in` in 1/ms.
    inverse_tau_in: R,
    /// `I_stim` + `I_e` in pA.
    current: R,
}

impl<R: Real> System<R> for Dynamics<R> {
    type State = [R; DIM];

    #[inline(always)]
    fn derivatives(&self, _: impl LookUp, _t: R, y: &[R; DIM], dydt: &mut [R; DIM]) {
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

/// Derived constants.
pub struct Derived {
    dynamics: Dynamics<f64>,
    psc_ex: f64,
    psc_in: f64,
    refractory_steps: i32,
}

ovenbird_core::per_lane!(Dynamics {
    g_na,
    g_k,
    g_l,
    e_na,
    e_k,
    e_l,
    inverse_c_m,
    inverse_tau_ex,
    inverse_tau_in,
    current,
});

integrated!();

/// The neuron model `hh_psc_alpha`.
pub struct HhPscAlpha;

const EXCITATORY: usize = 0;
const INHIBITORY: usize = 1;
const CURRENT: usize = 2;

impl Neuron for HhPscAlpha {
    type Params = Params;
    type Columns = StateColumns;
    type Derived = Derived;

    const INFO: NodeInfo = NodeInfo::new(
        "hh_psc_alpha",
        ElementType::Neuron,
        "Hodgkin-Huxley neuron with alpha-shaped postsynaptic currents",
        include_str!("hh_psc_alpha.rs"),
    );

    fn variables() -> &'static [Variable<Self>] {
        VARIABLES
    }

    fn derive(p: &Params, clock: &Clock) -> Derived {
        Derived {
            dynamics: Dynamics {
                g_na: p.g_Na,
                g_k: p.g_K,
                g_l: p.g_L,
                e_na: p.E_Na,
                e_k: p.E_K,
                e_l: p.E_L,
                inverse_c_m: 1.0 / p.C_m,
                inverse_tau_ex: 1.0 / p.tau_syn_ex,
                inverse_tau_in: 1.0 / p.tau_syn_in,
                current: p.I_e,
            },
            psc_ex: alpha_initial_value(p.tau_syn_ex),
            psc_in: alpha_initial_value(p.tau_syn_in),
            refractory_steps: clock.round(p.t_ref) as i32,
        }
    }

    fn channels(_: &Params) -> usize {
        3
    }

    fn port(_: &Params, event: Event, receptor: i64) -> Option<Port> {
        match (event, receptor) {
            (Event::Spike, 0) => Some(Port::by_sign(EXCITATORY, INHIBITORY)),
            (Event::Current, 0) => Some(Port::one(CURRENT)),
            _ => None,
        }
    }

    #[inline(always)]
    fn step(
        context: &StepContext,
        block: Block<'_, Self>,
        inputs: &Inputs<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), Failure> {
        let n = block.len;
        let s = block.state;
        s.V_before.copy_from_slice(s.V_m);
        let nodes = Nodes {
            constants: &block.constants,
            i_stim: s.I_stim,
            held: None,
        };
        let mut columns = [
            &mut *s.V_m,
            &mut *s.Act_m,
            &mut *s.Inact_h,
            &mut *s.Act_n,
            &mut *s.dI_syn_ex,
            &mut *s.I_syn_ex,
            &mut *s.dI_syn_in,
            &mut *s.I_syn_in,
        ];
        advance_nodes(&nodes, &control(), context, &mut columns, s.step_size)?;

        let (v, before) = (&s.V_m[..n], &s.V_before[..n]);
        let (di_ex, di_in) = (&mut s.dI_syn_ex[..n], &mut s.dI_syn_in[..n]);
        let (i_stim, refractory) = (&mut s.I_stim[..n], &mut s.refractory[..n]);
        let [ex, inh, current] = [EXCITATORY, INHIBITORY, CURRENT].map(|c| &inputs.channel(c)[..n]);
        let fired = &mut output.fired[..n];
        for_each_node!(block.constants, n, |i, c| {
            di_ex[i] += ex[i] * c.psc_ex;
            di_in[i] += inh[i] * c.psc_in;
            i_stim[i] = current[i];
            let spike = detect_spike(before[i], v[i], &mut refractory[i], c.refractory_steps);
            fired[i] = u8::from(spike);
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ovenbird_core::math::{LANES, Lanes, Mask, vectorize};
    use ovenbird_core::ode::Rkf45;

    fn dynamics<R: Real>(current: R) -> Dynamics<R> {
        let d = HhPscAlpha::derive(&Params::default(), &Clock::default()).dynamics;
        let c = R::splat;
        Dynamics {
            g_na: c(d.g_na),
            g_k: c(d.g_k),
            g_l: c(d.g_l),
            e_na: c(d.e_na),
            e_k: c(d.e_k),
            e_l: c(d.e_l),
            inverse_c_m: c(d.inverse_c_m),
            inverse_tau_ex: c(d.inverse_tau_ex),
            inverse_tau_in: c(d.inverse_tau_in),
            current,
        }
    }

    #[test]
    fn rates_are_continuous_where_their_terms_vanish() {
        for (v, rate) in [
            (-40.0, Rates::at(-40.0).alpha_m),
            (-55.0, 10.0 * Rates::at(-55.0).alpha_n),
        ] {
            assert!((rate - 1.0).abs() < 1e-15, "{v}: {rate}");
        }
    }

    #[test]
    fn rates_are_those_of_the_equations() {
        for i in 0..2000 {
            let v = -120.0 + 0.0937 * f64::from(i);
            let r = Rates::at(v);
            let expected = [
                0.1 * (v + 40.0) / -(-(v + 40.0) / 10.0).exp_m1(),
                4.0 * (-(v + 65.0) / 18.0).exp(),
                0.07 * (-(v + 65.0) / 20.0).exp(),
                1.0 / (1.0 + (-(v + 35.0) / 10.0).exp()),
                0.01 * (v + 55.0) / -(-(v + 55.0) / 10.0).exp_m1(),
                0.125 * (-(v + 65.0) / 80.0).exp(),
            ];
            let rates = [
                r.alpha_m, r.beta_m, r.alpha_h, r.beta_h, r.alpha_n, r.beta_n,
            ];
            for (rate, exact) in rates.iter().zip(expected) {
                assert!((rate / exact - 1.0).abs() < 3e-14, "{v}: {rate} {exact}");
            }
        }
    }

    fn integrate<R: Real>(current: R) -> [R; DIM] {
        let mut y = initial_state().map(R::splat);
        let (mut solver, mut h) = (Rkf45::new(&y), R::splat(0.1));
        let (mut system, all) = (dynamics(current), R::Mask::splat(true));
        for _ in 0..300 {
            let failures = solver.advance(&mut system, &control(), 0.1, all, &mut y, &mut h);
            assert!(failures.is_empty());
        }
        y
    }

    #[test]
    fn a_lane_has_the_bits_of_a_neuron_alone() {
        let currents = Lanes::from_fn(|lane| 200.0 * lane as f64 - 100.0);
        let y = vectorize(|| integrate(currents));
        for lane in 0..LANES {
            let alone = integrate(currents.lane(lane)).map(f64::to_bits);
            assert_eq!(alone, y.map(|y| y.lane(lane).to_bits()), "lane {lane}");
        }
    }
}
