//! # iaf_psc_delta
//!
//! Leaky integrate-and-fire neuron with delta-shaped postsynaptic currents.
//!
//! Below threshold the membrane potential follows
//!
//! ```text
//! dV_m/dt = -(V_m - E_L) / tau_m + (I_e + I_stim) / C_m
//! ```
//!
//! and a spike that arrives over a synapse of weight w moves it by w mV. The potential does not
//! fall below `V_min`. When `V_m >= V_th` the neuron spikes and is held at `V_reset` for `t_ref`.
//!
//! Spikes that arrive while the neuron is refractory are lost, or with `refractory_input` added to
//! the potential at the end of the refractory period, each damped by `exp(-s / tau_m)` for the time
//! s that was left. The system is linear and is integrated exactly on the grid.
//!
//! With `ignore_and_spike` the threshold has no effect, and the neuron spikes and is reset at fixed
//! intervals.
//!
//! References:
//! Rotter S & Diesmann M (1999) Biological Cybernetics 81:381-402.
//! Diesmann M, Gewaltig M-O, Rotter S & Aertsen A (2001) Neurocomputing 38-40:565-571.

use super::threshold::{self, Threshold};
use ovenbird_core::error::Result;
use ovenbird_core::for_each_node;
use ovenbird_core::math::exp;
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
    V_min: f64 = f64::MIN, "mV", MAYBE_INFINITE;
    /// Whether spikes that arrive in the refractory period take effect at its end.
    refractory_input: bool = false;
}

ovenbird_core::state! {
    /// Membrane potential relative to `E_L` (mV).
    u: f64 = 0.0;
    /// Spikes of the refractory period, damped to its end (mV).
    late: f64 = 0.0;
    /// External current of the present step (pA).
    i_stim: f64 = 0.0;
    /// Steps left of the refractory period.
    refractory: i32 = 0;
}

ovenbird_core::variables! { IafPscDelta;
    /// Membrane potential.
    V_m: "mV", |p, s| s.u + p.E_L, set |p, s, x| s.u = x - p.E_L;
}

/// The neuron model `iaf_psc_delta`.
pub struct IafPscDelta;

/// Propagators over one step.
pub struct Derived {
    decay: f64,
    current_to_u: f64,
    i_e: f64,
    threshold: Threshold,
    lowest: f64,
    refractory_input: bool,
    /// `-h / tau_m`.
    exponent: f64,
}

const SPIKES: usize = 0;
const CURRENT: usize = 1;

impl Neuron for IafPscDelta {
    type Params = Params;
    type Columns = StateColumns;
    type Derived = Derived;

    const INFO: NodeInfo = NodeInfo::new(
        "iaf_psc_delta",
        ElementType::Neuron,
        "Leaky integrate-and-fire neuron with delta-shaped postsynaptic currents",
        include_str!("iaf_psc_delta.rs"),
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
        Derived {
            decay,
            current_to_u: 1.0 / p.C_m * (1.0 - decay) * p.tau_m,
            i_e: p.I_e,
            threshold: Threshold::new(p.V_th, p.V_reset, p.E_L, p.t_ref, clock),
            lowest: p.V_min - p.E_L,
            refractory_input: p.refractory_input,
            exponent: -h / p.tau_m,
        }
    }

    fn channels(_: &Params) -> usize {
        2
    }

    fn port(_: &Params, event: Event, receptor: i64) -> Option<Port> {
        match (event, receptor) {
            (Event::Spike, 0) => Some(Port::one(SPIKES)),
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
        let n = block.len;
        let s = block.state;
        let (u, refractory) = (&mut s.u[..n], &mut s.refractory[..n]);
        let (late, i_stim) = (&mut s.late[..n], &mut s.i_stim[..n]);
        let spikes = &inputs.channel(SPIKES)[..n];
        let current = &inputs.channel(CURRENT)[..n];
        let fired = &mut output.fired[..n];
        if block.forced.is_none() && !block.constants.any(|c| c.refractory_input) {
            for_each_node!(block.constants, n, |i, c| {
                let free = c.free(u[i], i_stim[i], spikes[i]);
                let free = if free < c.lowest { c.lowest } else { free };
                let fire = c.threshold.end(true, free, &mut u[i], &mut refractory[i]);
                i_stim[i] = current[i];
                fired[i] = u8::from(fire);
            });
            return Ok(());
        }
        for_each_node!(block.constants, n, |i, c| {
            if refractory[i] == 0 {
                let mut free = c.free(u[i], i_stim[i], spikes[i]);
                if c.refractory_input {
                    free += late[i];
                    late[i] = 0.0;
                }
                u[i] = if free < c.lowest { c.lowest } else { free };
            } else {
                if c.refractory_input && spikes[i] != 0.0 {
                    late[i] += spikes[i] * exp(f64::from(refractory[i]) * c.exponent);
                }
                refractory[i] -= 1;
            }
            i_stim[i] = current[i];
            let above = u[i] >= c.threshold.theta;
            let fire = block.forced.map_or(above, |f| f[i].decide(above));
            if fire {
                c.threshold.reset(&mut u[i], &mut refractory[i]);
            }
            fired[i] = u8::from(fire);
        });
        Ok(())
    }
}

impl Derived {
    /// The potential at the end of a step outside the refractory period.
    #[inline(always)]
    fn free(&self, u: f64, i_stim: f64, spikes: f64) -> f64 {
        self.current_to_u * (i_stim + self.i_e) + self.decay * u + spikes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The response to a current and to one spike is known in closed form.
    #[test]
    fn the_step_follows_the_closed_form() {
        for tau_m in [0.5, 10.0, 200.0] {
            let p = Params {
                tau_m,
                I_e: 100.0,
                ..Params::default()
            };
            let clock = Clock::default();
            let d = IafPscDelta::derive(&p, &clock);
            let mut u = 3.0;
            for k in 1..=300 {
                u = d.free(u, 0.0, 0.0);
                let fraction = (-f64::from(k) * clock.resolution() / tau_m).exp();
                let exact = 3.0 * fraction + p.I_e * tau_m / p.C_m * (1.0 - fraction);
                assert!((u - exact).abs() < 1e-11, "{tau_m} {k}: {u} {exact}");
            }
        }
    }
}
