//! # iaf_cond_alpha
//!
//! Leaky integrate-and-fire neuron with alpha-shaped synaptic conductances.
//!
//! ```text
//! C_m dV_m/dt = -g_L (V_m - E_L) - g_ex (V_m - E_ex) - g_in (V_m - E_in) + I_e + I_stim
//! dg_X/dt = dg_X - g_X / tau_syn_X
//! d(dg_X)/dt = -dg_X / tau_syn_X          X = ex, in
//! ```
//!
//! A spike that arrives over a synapse of weight w (nS) adds a conductance
//! `|w| (e / tau_syn) t exp(-t / tau_syn)`, whose peak is |w|, to `g_ex` if w > 0 and to `g_in`
//! otherwise. When `V_m >= V_th` at the end of a step the neuron spikes and is held at `V_reset`
//! for `t_ref`. Where the potential exceeds `V_th` within a step, currents are those at `V_th`.
//!
//! The system is integrated with an adaptive Runge-Kutta-Fehlberg method of orders 4 and 5 with an
//! absolute error of 1e-3 per step of the integration; an external current is constant over a step.
//!
//! References:
//! Meffin H, Burkitt AN & Grayden DB (2004) Journal of Computational Neuroscience 16:159-175.
//! Bernander O, Douglas RJ, Martin KA & Koch C (1991) PNAS 88:11569-11573.
//! Kuhn A, Aertsen A & Rotter S (2004) Journal of Neuroscience 24:2345-2356.

use super::hodgkin_huxley::alpha_initial_value;
use super::integrated::{Nodes, integrated};
use super::threshold;
use ovenbird_core::error::Result;
use ovenbird_core::for_each_node;
use ovenbird_core::math::{LookUp, Real};
use ovenbird_core::model::{
    Block, ElementType, Event, Failure, Inputs, Neuron, NodeInfo, Output, Port, StepContext,
    Variable,
};
use ovenbird_core::ode::{Control, System, advance_nodes};
use ovenbird_core::time::Clock;

ovenbird_core::params! {
    /// Spike threshold.
    V_th: f64 = -55.0, "mV";
    /// Potential after a spike.
    V_reset: f64 = -60.0, "mV";
    /// Refractory period.
    t_ref: f64 = 2.0, "ms", NON_NEGATIVE;
    /// Leak conductance.
    g_L: f64 = 16.6667, "nS";
    /// Leak reversal potential.
    E_L: f64 = -70.0, "mV";
    /// Excitatory reversal potential.
    E_ex: f64 = 0.0, "mV";
    /// Inhibitory reversal potential.
    E_in: f64 = -85.0, "mV";
    /// Membrane capacitance.
    C_m: f64 = 250.0, "pF", POSITIVE;
    /// Rise time of the excitatory synaptic conductance.
    tau_syn_ex: f64 = 0.2, "ms", POSITIVE;
    /// Rise time of the inhibitory synaptic conductance.
    tau_syn_in: f64 = 2.0, "ms", POSITIVE;
    /// Constant input current.
    I_e: f64 = 0.0, "pA";
}

ovenbird_core::state! {
    /// Membrane potential (mV).
    V_m: f64 = -70.0;
    /// What drives the excitatory synaptic conductance (nS/ms).
    dg_ex: f64 = 0.0;
    /// Excitatory synaptic conductance (nS).
    g_ex: f64 = 0.0;
    /// What drives the inhibitory synaptic conductance (nS/ms).
    dg_in: f64 = 0.0;
    /// Inhibitory synaptic conductance (nS).
    g_in: f64 = 0.0;
    /// External current of the present step (pA).
    I_stim: f64 = 0.0;
    /// Step size of the integration, carried over from step to step; 0 before the first (ms).
    step_size: f64 = 0.0;
    /// Steps left of the refractory period.
    refractory: i32 = 0;
    /// The same in ms.
    t_ref_remaining: f64 = 0.0;
}

ovenbird_core::variables! { IafCondAlpha;
    /// Membrane potential.
    V_m: "mV", |_, s| s.V_m, set |_, s, x| s.V_m = x;
    /// Excitatory synaptic conductance.
    g_ex: "nS", |_, s| s.g_ex, set |_, s, x| s.g_ex = x;
    /// Inhibitory synaptic conductance.
    g_in: "nS", |_, s| s.g_in, set |_, s, x| s.g_in = x;
    /// What is left of the refractory period.
    @recordable t_ref_remaining: "ms", |_, s| s.t_ref_remaining;
    /// What drives the excitatory synaptic conductance.
    @unrecorded dg_ex: "nS/ms", |_, s| s.dg_ex, set |_, s, x| s.dg_ex = x;
    /// What drives the inhibitory synaptic conductance.
    @unrecorded dg_in: "nS/ms", |_, s| s.dg_in, set |_, s, x| s.dg_in = x;
}

/// Indices in the state that is integrated.
const V_M: usize = 0;
const DG_EX: usize = 1;
const G_EX: usize = 2;
const DG_IN: usize = 3;
const G_IN: usize = 4;
const DIM: usize = 5;

/// Absolute error per integration step, in the units of each variable.
const TOLERANCE: f64 = 1e-3;

/// The constants of the right-hand side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dynamics<R> {
    /// `V_th` in mV.
    v_th: R,
    /// `g_L` in nS.
    g_l: R,
    /// `E_L`, `E_ex` and `E_in` in mV.
    e_l: R,
    e_ex: R,
    e_in: R,
    /// 1 / `C_m` in 1/pF; 0 while the neuron is refractory.
    inverse_c_m: R,
    /// 1 / `tau_syn_ex` and 1 / `tau_syn_in` in 1/ms.
    inverse_tau_ex: R,
    inverse_tau_in: R,
    /// `I_stim` + `I_e` in pA.
    current: R,
}

impl<R: Real> System<R> for Dynamics<R> {
    type State = [R; DIM];

    #[inline(always)]
    fn derivatives(&self, _: impl LookUp, _t: R, y: &[R; DIM], dydt: &mut [R; DIM]) {
        let [v, dg_ex, g_ex, dg_in, g_in] = *y;
        let v = v.min(self.v_th);
        let leak = self.g_l * (v - self.e_l);
        let inhibition = g_in.mul_add(v - self.e_in, leak);
        let all = g_ex.mul_add(v - self.e_ex, inhibition);
        dydt[V_M] = (self.current - all) * self.inverse_c_m;
        dydt[DG_EX] = -dg_ex * self.inverse_tau_ex;
        dydt[G_EX] = dg_ex - g_ex * self.inverse_tau_ex;
        dydt[DG_IN] = -dg_in * self.inverse_tau_in;
        dydt[G_IN] = dg_in - g_in * self.inverse_tau_in;
    }
}

ovenbird_core::per_lane!(Dynamics {
    v_th,
    g_l,
    e_l,
    e_ex,
    e_in,
    inverse_c_m,
    inverse_tau_ex,
    inverse_tau_in,
    current,
});

/// Derived constants.
pub struct Derived {
    dynamics: Dynamics<f64>,
    psc_ex: f64,
    psc_in: f64,
    v_reset: f64,
    refractory_steps: i32,
}

integrated!();

/// The neuron model `iaf_cond_alpha`.
pub struct IafCondAlpha;

const EXCITATORY: usize = 0;
const INHIBITORY: usize = 1;
const CURRENT: usize = 2;

impl Neuron for IafCondAlpha {
    type Params = Params;
    type Columns = StateColumns;
    type Derived = Derived;

    const INFO: NodeInfo = NodeInfo::new(
        "iaf_cond_alpha",
        ElementType::Neuron,
        "Leaky integrate-and-fire neuron with alpha-shaped synaptic conductances",
        include_str!("iaf_cond_alpha.rs"),
    );

    fn variables() -> &'static [Variable<Self>] {
        VARIABLES
    }

    fn check(p: &Params) -> Result<()> {
        threshold::check(p.V_reset, p.V_th)
    }

    fn derive(p: &Params, clock: &Clock) -> Derived {
        Derived {
            dynamics: Dynamics {
                v_th: p.V_th,
                g_l: p.g_L,
                e_l: p.E_L,
                e_ex: p.E_ex,
                e_in: p.E_in,
                inverse_c_m: 1.0 / p.C_m,
                inverse_tau_ex: 1.0 / p.tau_syn_ex,
                inverse_tau_in: 1.0 / p.tau_syn_in,
                current: p.I_e,
            },
            psc_ex: alpha_initial_value(p.tau_syn_ex),
            psc_in: alpha_initial_value(p.tau_syn_in),
            v_reset: p.V_reset,
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
        let nodes = Nodes {
            constants: &block.constants,
            i_stim: s.I_stim,
            held: Some(s.refractory),
        };
        let mut columns = [
            &mut *s.V_m,
            &mut *s.dg_ex,
            &mut *s.g_ex,
            &mut *s.dg_in,
            &mut *s.g_in,
        ];
        let control = Control::y(TOLERANCE, 0.0);
        advance_nodes(&nodes, &control, context, &mut columns, s.step_size)?;

        let [v, dg_ex, _, dg_in, _] = columns.map(|column| &mut column[..n]);
        let (i_stim, refractory) = (&mut s.I_stim[..n], &mut s.refractory[..n]);
        let remaining = &mut s.t_ref_remaining[..n];
        let [ex, inh, current] = [EXCITATORY, INHIBITORY, CURRENT].map(|c| &inputs.channel(c)[..n]);
        let fired = &mut output.fired[..n];
        for_each_node!(block.constants, n, |i, c| {
            let quiet = refractory[i] > 0;
            let fire = !quiet & (v[i] >= c.dynamics.v_th);
            v[i] = if quiet | fire { c.v_reset } else { v[i] };
            let left = refractory[i] - i32::from(quiet);
            refractory[i] = if fire { c.refractory_steps } else { left };
            remaining[i] = context.h * f64::from(refractory[i]);
            dg_ex[i] += ex[i] * c.psc_ex;
            dg_in[i] -= inh[i] * c.psc_in;
            i_stim[i] = current[i];
            fired[i] = u8::from(fire);
        });
        Ok(())
    }
}
