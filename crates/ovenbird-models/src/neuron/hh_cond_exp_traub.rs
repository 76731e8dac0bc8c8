//! # hh_cond_exp_traub
//!
//! Hodgkin-Huxley neuron of Traub and Miles, modified for Brette et al. (2007), with exponentially
//! decaying synaptic conductances.
//!
//! ```text
//! C_m dV_m/dt = -(g_Na m^3 h (V_m - E_Na) + g_K n^4 (V_m - E_K) + g_L (V_m - E_L))
//!               - g_ex (V_m - E_ex) - g_in (V_m - E_in) + I_e + I_stim
//! dg_ex/dt = -g_ex / tau_syn_ex
//! dg_in/dt = -g_in / tau_syn_in
//! ```
//!
//! with dx/dt = alpha_x (1 - x) - beta_x x for the gates x = m, h, n (`Act_m`, `Inact_h`, `Act_n`)
//! and the rates in 1/ms, with V = V_m - V_T in mV,
//!
//! | gate | alpha                                  | beta                                  |
//! |------|----------------------------------------|---------------------------------------|
//! | m    | 0.32 (V - 13) / (1 - e^(-(V - 13)/4))  | 0.28 (V - 40) / (e^((V - 40)/5) - 1)  |
//! | h    | 0.128 e^(-(V - 17)/18)                 | 4 / (1 + e^(-(V - 40)/5))             |
//! | n    | 0.032 (V - 15) / (1 - e^(-(V - 15)/5)) | 0.5 e^(-(V - 10)/40)                  |
//!
//! A spike that arrives over a synapse of weight w (nS) adds w to `g_ex` if w > 0 and -w to `g_in`
//! otherwise. The neuron spikes at a local maximum of `V_m` at or above `V_T` + 30 mV, and not
//! again for `t_ref`; its dynamics go on unchanged meanwhile. The gates of a new neuron are those
//! in equilibrium at V = -60 mV.
//!
//! The system is integrated with an adaptive Runge-Kutta-Fehlberg method of orders 4 and 5 with an
//! absolute error of 1e-3 per step of the integration; an external current is constant over a step.
//!
//! References:
//! Brette R et al. (2007) Journal of Computational Neuroscience 23:349-398.
//! Traub RD & Miles R (1991) Neuronal networks of the hippocampus. Cambridge University Press.

use super::hodgkin_huxley::{equilibrium, gate};
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
    /// Sodium peak conductance.
    g_Na: f64 = 20000.0, "nS";
    /// Potassium peak conductance.
    g_K: f64 = 6000.0, "nS";
    /// Leak conductance.
    g_L: f64 = 10.0, "nS";
    /// Membrane capacitance.
    C_m: f64 = 200.0, "pF", POSITIVE;
    /// Sodium reversal potential.
    E_Na: f64 = 50.0, "mV";
    /// Potassium reversal potential.
    E_K: f64 = -90.0, "mV";
    /// Leak reversal potential.
    E_L: f64 = -60.0, "mV";
    /// Offset of the potential in the rates of the gates; moves the threshold.
    V_T: f64 = -63.0, "mV";
    /// Excitatory reversal potential.
    E_ex: f64 = 0.0, "mV";
    /// Inhibitory reversal potential.
    E_in: f64 = -80.0, "mV";
    /// Time constant of the excitatory synaptic conductance.
    tau_syn_ex: f64 = 5.0, "ms", POSITIVE;
    /// Time constant of the inhibitory synaptic conductance.
    tau_syn_in: f64 = 10.0, "ms", POSITIVE;
    /// Refractory period.
    t_ref: f64 = 2.0, "ms", NON_NEGATIVE;
    /// Constant input current.
    I_e: f64 = 0.0, "pA";
}

ovenbird_core::state! {
    /// Membrane potential (mV).
    V_m: f64 = V_INITIAL;
    /// Activation of the sodium channel.
    Act_m: f64 = initial_gates()[0];
    /// Inactivation of the sodium channel.
    Inact_h: f64 = initial_gates()[1];
    /// Activation of the potassium channel.
    Act_n: f64 = initial_gates()[2];
    /// Excitatory synaptic conductance (nS).
    g_ex: f64 = 0.0;
    /// Inhibitory synaptic conductance (nS).
    g_in: f64 = 0.0;
    /// Membrane potential at the beginning of the last step (mV).
    V_before: f64 = 0.0;
    /// External current of the present step (pA).
    I_stim: f64 = 0.0;
    /// Step size of the integration, carried over from step to step; 0 before the first (ms).
    step_size: f64 = 0.0;
    /// Steps left of the refractory period.
    refractory: i32 = 0;
}

ovenbird_core::variables! { HhCondExpTraub;
    /// Membrane potential.
    V_m: "mV", |_, s| s.V_m, set |_, s, x| s.V_m = x;
    /// Excitatory synaptic conductance.
    @recordable g_ex: "nS", |_, s| s.g_ex;
    /// Inhibitory synaptic conductance.
    @recordable g_in: "nS", |_, s| s.g_in;
    /// Activation of the sodium channel.
    Act_m: "", |_, s| s.Act_m, set |_, s, x| s.Act_m = gate("Act_m", x)?;
    /// Inactivation of the sodium channel.
    Inact_h: "", |_, s| s.Inact_h, set |_, s, x| s.Inact_h = gate("Inact_h", x)?;
    /// Activation of the potassium channel.
    Act_n: "", |_, s| s.Act_n, set |_, s, x| s.Act_n = gate("Act_n", x)?;
}

/// Indices in the state that is integrated.
const V_M: usize = 0;
const HH_M: usize = 1;
const HH_H: usize = 2;
const HH_N: usize = 3;
const G_EX: usize = 4;
const G_IN: usize = 5;
const DIM: usize = 6;

/// Initial membrane potential in mV.
const V_INITIAL: f64 = -60.0;

/// How far above `V_T` a spike's maximum is, in mV.
const PEAK: f64 = 30.0;

/// Absolute error per integration step, in the units of each variable.
const TOLERANCE: f64 = 1e-3;

const EXP_1_4: f64 = 1.284_025_416_687_741_4;
const EXP_13_4: f64 = 25.790_339_917_193_062;
const EXP_3: f64 = 20.085_536_923_187_668;
const EXP_8: f64 = 2_980.957_987_041_728_3;
const EXP_17_18: f64 = 2.571_384_434_788_029_7;

/// The rates of the gates in 1/ms.
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
    /// The rates at the membrane potential `v` relative to `V_T`, in mV; beyond 700 mV they do not
    /// change.
    #[inline(always)]
    fn at(v: R) -> Self {
        let c = R::splat;
        let v = v.max(c(-700.0)).min(c(700.0));
        // All exponentials but one are powers of e^(-v/40), up to constant factors.
        let exp_40 = exp2(v * c(-LOG2_E / 40.0));
        let exp_20 = exp_40 * exp_40;
        let exp_10 = exp_20 * exp_20;
        let exp_5 = exp_10 * exp_10;
        let exp_4 = exp_5 * exp_20;
        let exp_18 = exp2(v * c(-LOG2_E / 18.0));
        let falling = exp_5 * c(EXP_8);
        Self {
            alpha_m: c(1.28) * exp_linear((v - c(13.0)) * c(0.25), exp_4 * c(EXP_13_4)),
            beta_m: c(1.4) * falling * exp_linear((v - c(40.0)) * c(0.2), falling),
            alpha_h: c(0.128 * EXP_17_18) * exp_18,
            beta_h: c(4.0) / (c(1.0) + falling),
            alpha_n: c(0.16) * exp_linear((v - c(15.0)) * c(0.2), exp_5 * c(EXP_3)),
            beta_n: c(0.5 * EXP_1_4) * exp_40,
        }
    }
}

/// The gates of a new neuron.
fn initial_gates() -> [f64; 3] {
    let r = Rates::at(V_INITIAL);
    [
        equilibrium(r.alpha_m, r.beta_m),
        equilibrium(r.alpha_h, r.beta_h),
        equilibrium(r.alpha_n, r.beta_n),
    ]
}

/// The constants of the right-hand side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dynamics<R> {
    /// `g_Na`, `g_K` and `g_L` in nS.
    g_na: R,
    g_k: R,
    g_l: R,
    /// `E_Na`, `E_K`, `E_L`, `E_ex` and `E_in` in mV.
    e_na: R,
    e_k: R,
    e_l: R,
    e_ex: R,
    e_in: R,
    /// `V_T` in mV.
    v_t: R,
    /// 1 / `C_m` in 1/pF.
    inverse_c_m: R,
    /// -1 / `tau_syn_ex` and -1 / `tau_syn_in` in 1/ms.
    decay_ex: R,
    decay_in: R,
    /// `I_stim` + `I_e` in pA.
    current: R,
}

impl<R: Real> System<R> for Dynamics<R> {
    type State = [R; DIM];

    #[inline(always)]
    fn derivatives(&self, _: impl LookUp, _t: R, y: &[R; DIM], dydt: &mut [R; DIM]) {
        let [v, m, h, n, g_ex, g_in] = *y;
        let r = Rates::at(v - self.v_t);
        let n2 = n * n;
        let i_na = self.g_na * (m * m) * (m * h) * (v - self.e_na);
        let i_k = (self.g_k * (n2 * n2)).mul_add(v - self.e_k, i_na);
        let i_l = self.g_l.mul_add(v - self.e_l, i_k);
        let i_ex = g_ex.mul_add(v - self.e_ex, i_l);
        let i_all = g_in.mul_add(v - self.e_in, i_ex);
        dydt[V_M] = (self.current - i_all) * self.inverse_c_m;
        dydt[HH_M] = r.alpha_m - (r.alpha_m + r.beta_m) * m;
        dydt[HH_H] = r.alpha_h - (r.alpha_h + r.beta_h) * h;
        dydt[HH_N] = r.alpha_n - (r.alpha_n + r.beta_n) * n;
        dydt[G_EX] = g_ex * self.decay_ex;
        dydt[G_IN] = g_in * self.decay_in;
    }
}

ovenbird_core::per_lane!(Dynamics {
    g_na,
    g_k,
    g_l,
    e_na,
    e_k,
    e_l,
    e_ex,
    e_in,
    v_t,
    inverse_c_m,
    decay_ex,
    decay_in,
    current,
});

/// Derived constants.
pub struct Derived {
    dynamics: Dynamics<f64>,
    /// `V_T` + 30 mV.
    peak: f64,
    refractory_steps: i32,
}

integrated!();

/// The neuron model `hh_cond_exp_traub`.
pub struct HhCondExpTraub;

const EXCITATORY: usize = 0;
const INHIBITORY: usize = 1;
const CURRENT: usize = 2;

impl Neuron for HhCondExpTraub {
    type Params = Params;
    type Columns = StateColumns;
    type Derived = Derived;

    const INFO: NodeInfo = NodeInfo::new(
        "hh_cond_exp_traub",
        ElementType::Neuron,
        "Hodgkin-Huxley neuron of Traub and Miles with exponentially decaying synaptic conductances",
        include_str!("hh_cond_exp_traub.rs"),
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
                e_ex: p.E_ex,
                e_in: p.E_in,
                v_t: p.V_T,
                inverse_c_m: 1.0 / p.C_m,
                decay_ex: -1.0 / p.tau_syn_ex,
                decay_in: -1.0 / p.tau_syn_in,
                current: p.I_e,
            },
            peak: p.V_T + PEAK,
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
            &mut *s.g_ex,
            &mut *s.g_in,
        ];
        let control = Control::y(TOLERANCE, 0.0);
        advance_nodes(&nodes, &control, context, &mut columns, s.step_size)?;

        let (v, before) = (&s.V_m[..n], &s.V_before[..n]);
        let (g_ex, g_in) = (&mut s.g_ex[..n], &mut s.g_in[..n]);
        let (i_stim, refractory) = (&mut s.I_stim[..n], &mut s.refractory[..n]);
        let [ex, inh, current] = [EXCITATORY, INHIBITORY, CURRENT].map(|c| &inputs.channel(c)[..n]);
        let fired = &mut output.fired[..n];
        for_each_node!(block.constants, n, |i, c| {
            g_ex[i] += ex[i];
            g_in[i] -= inh[i];
            let quiet = refractory[i] > 0;
            let fire = !quiet & (v[i] >= c.peak) & (before[i] > v[i]);
            let left = refractory[i] - i32::from(quiet);
            refractory[i] = if fire { c.refractory_steps } else { left };
            i_stim[i] = current[i];
            fired[i] = u8::from(fire);
        });
        Ok(())
    }
}
