//! # iaf_psc_exp
//!
//! Leaky integrate-and-fire neuron with exponential postsynaptic currents.
//!
//! Below threshold the membrane potential follows
//!
//! ```text
//! dV_m/dt = -(V_m - E_L) / tau_m + (I_syn_ex + I_syn_in + I_e + I_stim) / C_m
//! ```
//!
//! A spike that arrives over a synapse of weight w (pA) adds a current `w exp(-t / tau_syn)` to
//! `I_syn_ex` if w >= 0 and to `I_syn_in` otherwise. The system is linear and is integrated exactly
//! on the grid; an external current is constant over a step. A current that arrives at receptor 1
//! is filtered through the excitatory kernel: `tau_syn_ex dI_syn_ex/dt = -I_syn_ex + I_1`.
//!
//! With `delta = 0` the neuron spikes when `V_m >= V_th`. With `delta > 0` it spikes at random with
//! the intensity `rho exp((V_m - V_th) / delta)`, at most once in a step, also while it is
//! refractory. After a spike the potential is held at `V_reset` for `t_ref`.
//!
//! References:
//! Rotter S & Diesmann M (1999) Biological Cybernetics 81:381-402.
//! Tsodyks M, Uziel A & Markram H (2000) Journal of Neuroscience 20:RC50.
//! Schuecker J, Diesmann M & Helias M (2015) Physical Review E 92:052119.

use super::threshold::{self, Threshold};
use ovenbird_core::error::Result;
use ovenbird_core::for_each_node;
use ovenbird_core::math::{exp, phi1};
use ovenbird_core::model::{
    Block, ElementType, Event, Failure, Inputs, Neuron, NodeInfo, Output, Port, StepContext,
    Variable,
};
use ovenbird_core::rng::Stream;
use ovenbird_core::time::Clock;

ovenbird_core::params! {
    /// Membrane capacitance.
    C_m: f64 = 250.0, "pF", POSITIVE;
    /// Membrane time constant.
    tau_m: f64 = 10.0, "ms", POSITIVE;
    /// Time constant of the excitatory synaptic current.
    tau_syn_ex: f64 = 2.0, "ms", POSITIVE;
    /// Time constant of the inhibitory synaptic current.
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
    /// Intensity of random firing at threshold.
    rho: f64 = 0.01, "1/s", NON_NEGATIVE;
    /// Width of the threshold region; zero for a sharp threshold.
    delta: f64 = 0.0, "mV", NON_NEGATIVE;
}

ovenbird_core::state! {
    /// Membrane potential relative to `E_L` (mV).
    u: f64 = 0.0;
    /// Excitatory synaptic current (pA).
    i_ex: f64 = 0.0;
    /// Inhibitory synaptic current (pA).
    i_in: f64 = 0.0;
    /// External current of the present step (pA).
    i_stim: f64 = 0.0;
    /// External current of the present step that is filtered (pA).
    i_filtered: f64 = 0.0;
    /// Steps left of the refractory period.
    refractory: i32 = 0;
}

ovenbird_core::variables! { IafPscExp;
    /// Membrane potential.
    V_m: "mV", |p, s| s.u + p.E_L, set |p, s, x| s.u = x - p.E_L;
    /// Excitatory synaptic current.
    @recordable I_syn_ex: "pA", |_, s| s.i_ex;
    /// Inhibitory synaptic current.
    @recordable I_syn_in: "pA", |_, s| s.i_in;
}

/// The neuron model `iaf_psc_exp`.
pub struct IafPscExp;

/// Propagators over one step.
pub struct Derived {
    decay_ex: f64,
    decay_in: f64,
    decay: f64,
    ex_to_u: f64,
    in_to_u: f64,
    current_to_u: f64,
    i_e: f64,
    threshold: Threshold,
    /// Where firing is random: the probability to spike in a step at threshold, and `1 / delta`.
    escape: Option<(f64, f64)>,
}

const EXCITATORY: usize = 0;
const INHIBITORY: usize = 1;
const CURRENT: usize = 2;
const FILTERED: usize = 3;

/// Widths of the threshold region below this (mV) are taken as a sharp threshold.
const SHARP: f64 = 1e-10;

impl Neuron for IafPscExp {
    type Params = Params;
    type Columns = StateColumns;
    type Derived = Derived;

    const INFO: NodeInfo = NodeInfo::new(
        "iaf_psc_exp",
        ElementType::Neuron,
        "Leaky integrate-and-fire neuron with exponential postsynaptic currents",
        include_str!("iaf_psc_exp.rs"),
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
        let decay = exp(-h / p.tau_m);
        let to_u =
            |tau: f64| h / p.C_m * exp(-h / tau) * phi1(h * (p.tau_m - tau) / (tau * p.tau_m));
        Derived {
            decay_ex: exp(-h / p.tau_syn_ex),
            decay_in: exp(-h / p.tau_syn_in),
            decay,
            ex_to_u: to_u(p.tau_syn_ex),
            in_to_u: to_u(p.tau_syn_in),
            current_to_u: p.tau_m / p.C_m * (1.0 - decay),
            i_e: p.I_e,
            threshold: Threshold::new(p.V_th, p.V_reset, p.E_L, p.t_ref, clock),
            escape: (p.delta > SHARP).then(|| (p.rho * h * 1e-3, 1.0 / p.delta)),
        }
    }

    fn channels(_: &Params) -> usize {
        4
    }

    fn port(_: &Params, event: Event, receptor: i64) -> Option<Port> {
        match (event, receptor) {
            (Event::Spike, 0) => Some(Port::by_sign(EXCITATORY, INHIBITORY)),
            (Event::Current, 0) => Some(Port::one(CURRENT)),
            (Event::Current, 1) => Some(Port::one(FILTERED)),
            _ => None,
        }
    }

    fn receptor(_: &Params, channel: usize) -> i64 {
        i64::from(channel == FILTERED)
    }

    #[inline(always)]
    fn step(
        context: &StepContext,
        block: Block<'_, Self>,
        inputs: &Inputs<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), Failure> {
        if inputs.connected(CURRENT) || inputs.connected(FILTERED) {
            step::<true>(context, block, inputs, output);
        } else {
            step::<false>(context, block, inputs, output);
        }
        Ok(())
    }
}

/// Without `CURRENTS` the columns that hold currents are zero and stay so.
#[inline(always)]
fn step<const CURRENTS: bool>(
    context: &StepContext,
    block: Block<'_, IafPscExp>,
    inputs: &Inputs<'_>,
    output: &mut Output<'_>,
) {
    let n = block.len;
    let random = block.constants.any(|c| c.escape.is_some());
    let s = block.state;
    let (u, refractory) = (&mut s.u[..n], &mut s.refractory[..n]);
    let (i_ex, i_in) = (&mut s.i_ex[..n], &mut s.i_in[..n]);
    let (i_stim, i_filtered) = (&mut s.i_stim[..n], &mut s.i_filtered[..n]);
    let ex = &inputs.channel(EXCITATORY)[..n];
    let inh = &inputs.channel(INHIBITORY)[..n];
    let current = &inputs.channel(CURRENT)[..n];
    let filtered = &inputs.channel(FILTERED)[..n];
    let fired = &mut output.fired[..n];
    for_each_node!(block.constants, n, |i, c| {
        let (stim, to_filter) = if CURRENTS {
            (i_stim[i], i_filtered[i])
        } else {
            (0.0, 0.0)
        };
        let free = u[i] * c.decay
            + i_ex[i] * c.ex_to_u
            + i_in[i] * c.in_to_u
            + (c.i_e + stim) * c.current_to_u;
        // where firing is random, the spikes of this step come below
        let fire = c
            .threshold
            .end(!random, free, &mut u[i], &mut refractory[i]);
        i_ex[i] = i_ex[i] * c.decay_ex + (1.0 - c.decay_ex) * to_filter + ex[i];
        i_in[i] = i_in[i] * c.decay_in + inh[i];
        if CURRENTS {
            i_stim[i] = current[i];
            i_filtered[i] = filtered[i];
        }
        fired[i] = u8::from(fire);
    });
    if random {
        for_each_node!(block.constants, n, |i, c| {
            let fire = match c.escape {
                Some(escape) => escapes(escape, u[i] - c.threshold.theta, block.ids[i], context),
                None => u[i] >= c.threshold.theta,
            };
            if fire {
                c.threshold.reset(&mut u[i], &mut refractory[i]);
                fired[i] = 1;
            }
        });
    }
}

/// Whether a neuron spikes at random in this step, `distance` mV above threshold.
fn escapes((base, steepness): (f64, f64), distance: f64, id: u32, at: &StepContext) -> bool {
    let step = at.step as u64;
    let draw = Stream::new(at.key, id, step as u32, (step >> 32) as u32).uniform();
    draw < base * exp(steepness * distance)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The response to one spike is known in closed form.
    #[test]
    fn propagators_follow_the_closed_form() {
        for tau_syn in [0.5, 2.0, 10.0, 10.0 + 1e-9, 30.0] {
            let p = Params {
                tau_syn_ex: tau_syn,
                ..Params::default()
            };
            let clock = Clock::default();
            let (d, h) = (IafPscExp::derive(&p, &clock), clock.resolution());
            let (mut u, mut i) = (0.0, 1.0);
            for k in 1..=200 {
                u = u * d.decay + i * d.ex_to_u;
                i *= d.decay_ex;
                let t = f64::from(k) * h;
                let (a, b) = (1.0 / p.tau_m, 1.0 / tau_syn);
                let exact = if (b - a).abs() < 1e-6 {
                    t / p.C_m * (-t * b).exp()
                } else {
                    ((-t * a).exp() - (-t * b).exp()) / (b - a) / p.C_m
                };
                assert!((u - exact).abs() < 1e-11, "{tau_syn} {t}: {u} {exact}");
            }
        }
    }

    #[test]
    fn a_constant_current_leads_to_its_potential() {
        let p = Params::default();
        let d = IafPscExp::derive(&p, &Clock::default());
        let limit = d.current_to_u / (1.0 - d.decay);
        assert!((limit - p.tau_m / p.C_m).abs() < 1e-15);
        assert!(d.escape.is_none());
    }
}
