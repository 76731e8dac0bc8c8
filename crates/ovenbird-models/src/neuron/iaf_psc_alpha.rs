//! # iaf_psc_alpha
//!
//! Leaky integrate-and-fire neuron with alpha-shaped postsynaptic currents.
//!
//! Below threshold the membrane potential follows
//!
//! ```text
//! dV_m/dt = -(V_m - E_L) / tau_m + (I_syn_ex + I_syn_in + I_e + I_stim) / C_m
//! ```
//!
//! A spike that arrives over a synapse of weight w (pA) adds a current
//! `w (e / tau_syn) t exp(-t / tau_syn)`, whose peak is w, to `I_syn_ex` if w >= 0 and to
//! `I_syn_in` otherwise. When `V_m >= V_th` the neuron spikes and is held at `V_reset` for `t_ref`.
//! The system is linear and is integrated exactly on the grid; an external current is constant
//! over a step.
//!
//! References:
//! Rotter S & Diesmann M (1999) Biological Cybernetics 81:381-402.
//! Diesmann M, Gewaltig M-O, Rotter S & Aertsen A (2001) Neurocomputing 38-40:565-571.

use super::threshold::{self, Threshold};
use ovenbird_core::error::Result;
use ovenbird_core::for_each_node;
use ovenbird_core::math::{exp, expm1, phi1, phi2};
use ovenbird_core::model::{
    Block, ElementType, Event, Failure, Inputs, Neuron, NodeInfo, Output, Port, StepContext,
    Variable,
};
use ovenbird_core::time::Clock;

ovenbird_core::params! {
    /// Membrane capacitance.
    C_m: f64 = 250.0, "pF", POSITIVE;
    /// Membrane time constant.
    tau_m: f64 = 10.0, "ms", POSITIVE;
    /// Rise time of the excitatory synaptic current.
    tau_syn_ex: f64 = 2.0, "ms", POSITIVE;
    /// Rise time of the inhibitory synaptic current.
    tau_syn_in: f64 = 2.0, "ms", POSITIVE;
    /// Refractory period.
    t_ref: f64 = 2.0, "ms", NON_NEGATIVE;
    /// Resting potential.
    E_L: f64 = -70.0, "mV";
    /// Constant input current.
    I_e: f64 = 0.0, "pA";
    /// Potential after a spike.
    V_reset: f64 = -70.0, "mV";
    /// Spike threshold.
    V_th: f64 = -55.0, "mV", MAYBE_INFINITE;
    /// Lowest possible membrane potential.
    V_min: f64 = f64::NEG_INFINITY, "mV", MAYBE_INFINITE;
}

ovenbird_core::state! {
    /// Membrane potential relative to `E_L` (mV).
    u: f64 = 0.0;
    /// Excitatory synaptic current (pA) and its slope, scaled.
    i_ex: f64 = 0.0;
    /// Slope of the excitatory current.
    di_ex: f64 = 0.0;
    /// Inhibitory synaptic current (pA).
    i_in: f64 = 0.0;
    /// Slope of the inhibitory current.
    di_in: f64 = 0.0;
    /// External current of the present step (pA).
    i_stim: f64 = 0.0;
    /// Steps left of the refractory period.
    refractory: i32 = 0;
}

ovenbird_core::variables! { IafPscAlpha;
    /// Membrane potential.
    V_m: "mV", |p, s| s.u + p.E_L, set |p, s, x| s.u = x - p.E_L;
    /// Excitatory synaptic current.
    @recordable I_syn_ex: "pA", |_, s| s.i_ex;
    /// Inhibitory synaptic current.
    @recordable I_syn_in: "pA", |_, s| s.i_in;
}

/// The neuron model `iaf_psc_alpha`.
pub struct IafPscAlpha;

/// Propagators over one step.
pub struct Derived {
    decay_ex: f64,
    slope_ex: f64,
    psc_ex: f64,
    decay_in: f64,
    slope_in: f64,
    psc_in: f64,
    /// From slope and current to the potential.
    slope_ex_to_u: f64,
    ex_to_u: f64,
    slope_in_to_u: f64,
    in_to_u: f64,
    /// `exp(-h / tau_m) - 1`.
    leak: f64,
    current_to_u: f64,
    i_e: f64,
    threshold: Threshold,
    lowest: f64,
}

const EXCITATORY: usize = 0;
const INHIBITORY: usize = 1;
const CURRENT: usize = 2;

impl Neuron for IafPscAlpha {
    type Params = Params;
    type Columns = StateColumns;
    type Derived = Derived;

    const INFO: NodeInfo = NodeInfo::new(
        "iaf_psc_alpha",
        ElementType::Neuron,
        "Leaky integrate-and-fire neuron with alpha-shaped postsynaptic currents",
        include_str!("iaf_psc_alpha.rs"),
    );

    fn variables() -> &'static [Variable<Self>] {
        VARIABLES
    }

    fn check(p: &Params) -> Result<()> {
        threshold::check(p.V_reset, p.V_th)
    }

    fn migrate(old: &Params, new: &Params, state: &mut State) {
        state.u += old.E_L - new.E_L;
    }

    fn derive(p: &Params, clock: &Clock) -> Derived {
        let h = clock.resolution();
        let rate = |tau: f64| 1.0 / tau - 1.0 / p.tau_m;
        let to_u = |tau: f64| h / p.C_m * exp(-h / tau) * phi1(h * rate(tau));
        let slope_to_u = |tau: f64| h * h / p.C_m * exp(-h / tau) * phi2(h * rate(tau));
        let decay = |tau: f64| exp(-h / tau);
        let e = std::f64::consts::E;
        Derived {
            decay_ex: decay(p.tau_syn_ex),
            slope_ex: h * decay(p.tau_syn_ex),
            psc_ex: e / p.tau_syn_ex,
            decay_in: decay(p.tau_syn_in),
            slope_in: h * decay(p.tau_syn_in),
            psc_in: e / p.tau_syn_in,
            slope_ex_to_u: slope_to_u(p.tau_syn_ex),
            ex_to_u: to_u(p.tau_syn_ex),
            slope_in_to_u: slope_to_u(p.tau_syn_in),
            in_to_u: to_u(p.tau_syn_in),
            leak: expm1(-h / p.tau_m),
            current_to_u: -p.tau_m / p.C_m * expm1(-h / p.tau_m),
            i_e: p.I_e,
            threshold: Threshold::new(p.V_th, p.V_reset, p.E_L, p.t_ref, clock),
            lowest: p.V_min - p.E_L,
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
        _: &StepContext,
        block: Block<'_, Self>,
        inputs: &Inputs<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), Failure> {
        if inputs.connected(CURRENT) {
            step::<true>(block, inputs, output);
        } else {
            step::<false>(block, inputs, output);
        }
        Ok(())
    }
}

/// Without `CURRENTS` the column that holds the current is zero and stays so.
#[inline(always)]
fn step<const CURRENTS: bool>(
    block: Block<'_, IafPscAlpha>,
    inputs: &Inputs<'_>,
    output: &mut Output<'_>,
) {
    let n = block.len;
    let s = block.state;
    let (u, refractory) = (&mut s.u[..n], &mut s.refractory[..n]);
    let (i_ex, di_ex) = (&mut s.i_ex[..n], &mut s.di_ex[..n]);
    let (i_in, di_in) = (&mut s.i_in[..n], &mut s.di_in[..n]);
    let i_stim = &mut s.i_stim[..n];
    let ex = &inputs.channel(EXCITATORY)[..n];
    let inh = &inputs.channel(INHIBITORY)[..n];
    let current = &inputs.channel(CURRENT)[..n];
    let fired = &mut output.fired[..n];
    for_each_node!(block.constants, n, |i, c| {
        let stim = if CURRENTS { i_stim[i] } else { 0.0 };
        let free = c.current_to_u * (stim + c.i_e)
            + c.slope_ex_to_u * di_ex[i]
            + c.ex_to_u * i_ex[i]
            + c.slope_in_to_u * di_in[i]
            + c.in_to_u * i_in[i]
            + c.leak * u[i]
            + u[i];
        let free = if free < c.lowest { c.lowest } else { free };
        let fire = c.threshold.end(true, free, &mut u[i], &mut refractory[i]);
        i_ex[i] = c.slope_ex * di_ex[i] + c.decay_ex * i_ex[i];
        di_ex[i] = c.decay_ex * di_ex[i] + c.psc_ex * ex[i];
        i_in[i] = c.slope_in * di_in[i] + c.decay_in * i_in[i];
        di_in[i] = c.decay_in * di_in[i] + c.psc_in * inh[i];
        if CURRENTS {
            i_stim[i] = current[i];
        }
        fired[i] = u8::from(fire);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The response to one spike is known in closed form.
    #[test]
    fn propagators_follow_the_closed_form() {
        for tau_syn in [0.5, 2.0, 10.0, 10.0 + 1e-9] {
            let p = Params {
                tau_syn_ex: tau_syn,
                ..Params::default()
            };
            let clock = Clock::default();
            let (d, h) = (IafPscAlpha::derive(&p, &clock), clock.resolution());
            let (mut u, mut i, mut di) = (0.0, 0.0, d.psc_ex);
            for k in 1..=200 {
                u += d.slope_ex_to_u * di + d.ex_to_u * i + d.leak * u;
                i = d.slope_ex * di + d.decay_ex * i;
                di *= d.decay_ex;
                let t = f64::from(k) * h;
                let (a, b) = (1.0 / p.tau_m, 1.0 / tau_syn);
                let (c, e) = (b - a, std::f64::consts::E);
                let exact = if c.abs() < 1e-6 {
                    e / tau_syn / p.C_m * t * t / 2.0 * (-t * b).exp()
                } else {
                    e / tau_syn / p.C_m * ((-t * a).exp() - (-t * b).exp() - c * t * (-t * b).exp())
                        / (c * c)
                };
                assert!(
                    (u - exact).abs() < 1e-9 * 1e-2,
                    "{tau_syn} {t}: {u} {exact}"
                );
            }
        }
    }
}
