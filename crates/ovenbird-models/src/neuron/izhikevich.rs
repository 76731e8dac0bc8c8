//! # izhikevich
//!
//! Izhikevich's simple spiking neuron.
//!
//! ```text
//! dV_m/dt = 0.04 V_m^2 + 5 V_m + 140 - U_m + I_e + I_stim
//! dU_m/dt = a (b V_m - U_m)
//! ```
//!
//! A spike that arrives moves `V_m` by the weight of its synapse. When `V_m >= V_th` the neuron
//! spikes, `V_m` is set to `c` and `U_m` grows by `d`. Time is in ms and potentials are in mV.
//!
//! With `consistent_integration` the equations are integrated by the forward Euler method. Without
//! it they are integrated as in the publication, which was made for a resolution of 1 ms: `V_m` in
//! two half steps, in which the spikes that arrive act as a current, and then `U_m` with the new
//! `V_m`.
//!
//! References:
//! Izhikevich EM (2003) IEEE Transactions on Neural Networks 14:1569-1572.
//! Pauli R, Weidel P, Kunkel S & Morrison A (2018) Frontiers in Neuroinformatics 12:46.

use ovenbird_core::for_each_node;
use ovenbird_core::model::{
    Block, ElementType, Event, Failure, Inputs, Neuron, NodeInfo, Output, Port, StepContext,
    Variable,
};
use ovenbird_core::time::Clock;
use std::hint::select_unpredictable as select;

ovenbird_core::params! {
    /// Rate of the recovery.
    a: f64 = 0.02, "1/ms";
    /// Sensitivity of the recovery to the potential.
    b: f64 = 0.2, "1/ms";
    /// Potential after a spike.
    c: f64 = -65.0, "mV";
    /// Growth of the recovery variable at a spike.
    d: f64 = 8.0, "mV/ms";
    /// Constant input current.
    I_e: f64 = 0.0, "pA";
    /// Spike threshold.
    V_th: f64 = 30.0, "mV", MAYBE_INFINITE;
    /// Lowest possible membrane potential.
    V_min: f64 = f64::MIN, "mV", MAYBE_INFINITE;
    /// Whether to use the forward Euler method instead of the published one.
    consistent_integration: bool = true;
}

ovenbird_core::state! {
    /// Membrane potential (mV).
    v: f64 = -65.0;
    /// Recovery variable (mV/ms).
    u: f64 = 0.2 * -65.0;
    /// External current of the present step (pA).
    i_stim: f64 = 0.0;
}

ovenbird_core::variables! { Izhikevich;
    /// Membrane potential.
    V_m: "mV", |_, s| s.v, set |_, s, x| s.v = x;
    /// Recovery variable.
    U_m: "mV/ms", |_, s| s.u, set |_, s, x| s.u = x;
}

/// The neuron model `izhikevich`.
pub struct Izhikevich;

/// Parameters with the resolution.
pub struct Derived {
    p: Params,
    h: f64,
}

const SPIKES: usize = 0;
const CURRENT: usize = 1;

impl Derived {
    #[inline(always)]
    fn slope(&self, v: f64, u: f64, i_stim: f64) -> f64 {
        0.04 * v * v + 5.0 * v + 140.0 - u + i_stim + self.p.I_e
    }

    /// Potential and recovery after a step, before the threshold is applied.
    #[inline(always)]
    fn euler(&self, v: f64, u: f64, i_stim: f64, spikes: f64) -> (f64, f64) {
        let next = v + (self.h * self.slope(v, u, i_stim) + spikes);
        (next, u + self.h * self.p.a * (self.p.b * v - u))
    }

    /// The same as in the publication.
    #[inline(always)]
    fn published(&self, v: f64, u: f64, i_stim: f64, spikes: f64) -> (f64, f64) {
        let half = self.h * 0.5;
        let v = v + half * (self.slope(v, u, i_stim) + spikes);
        let v = v + half * (self.slope(v, u, i_stim) + spikes);
        (v, u + self.h * self.p.a * (self.p.b * v - u))
    }
}

impl Neuron for Izhikevich {
    type Params = Params;
    type Columns = StateColumns;
    type Derived = Derived;

    const INFO: NodeInfo = NodeInfo::new(
        "izhikevich",
        ElementType::Neuron,
        "Izhikevich's simple spiking neuron",
        include_str!("izhikevich.rs"),
    );

    fn variables() -> &'static [Variable<Self>] {
        VARIABLES
    }

    fn derive(p: &Params, clock: &Clock) -> Derived {
        Derived {
            p: p.clone(),
            h: clock.resolution(),
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
        let (v, u, i_stim) = (&mut s.v[..n], &mut s.u[..n], &mut s.i_stim[..n]);
        let spikes = &inputs.channel(SPIKES)[..n];
        let current = &inputs.channel(CURRENT)[..n];
        let fired = &mut output.fired[..n];
        for_each_node!(block.constants, n, |i, c| {
            let (next, recovery) = if c.p.consistent_integration {
                c.euler(v[i], u[i], i_stim[i], spikes[i])
            } else {
                c.published(v[i], u[i], i_stim[i], spikes[i])
            };
            let next = if next < c.p.V_min { c.p.V_min } else { next };
            let fire = next >= c.p.V_th;
            v[i] = select(fire, c.p.c, next);
            u[i] = select(fire, recovery + c.p.d, recovery);
            i_stim[i] = current[i];
            fired[i] = u8::from(fire);
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn derived() -> Derived {
        Izhikevich::derive(&Params::default(), &Clock::default())
    }

    /// At the fixed point `V_m = -70`, `U_m = -14` both slopes vanish.
    #[test]
    fn the_fixed_point_stays() {
        let d = derived();
        for step in [Derived::euler, Derived::published] {
            let (mut v, mut u) = (-70.0, -14.0);
            for _ in 0..1000 {
                (v, u) = step(&d, v, u, 0.0, 0.0);
            }
            assert!(
                (v + 70.0).abs() < 1e-9 && (u + 14.0).abs() < 1e-9,
                "{v} {u}"
            );
        }
    }

    /// With `a = 0` and `U_m` and the current chosen so that the slope is `0.04 (V_m + 62.5)^2`,
    /// the potential is known in closed form; both methods are of first order or better.
    #[test]
    fn steps_follow_the_closed_form() {
        let mut d = derived();
        (d.p.a, d.h) = (0.0, 1e-4);
        let u = 140.0 - 0.04 * 62.5 * 62.5;
        for step in [Derived::euler, Derived::published] {
            let mut v = -52.5;
            for _ in 0..10_000 {
                (v, _) = step(&d, v, u, 0.0, 0.0);
            }
            let exact = 1.0 / (1.0 / 10.0 - 0.04) - 62.5;
            assert!((v - exact).abs() < 1e-3, "{v} {exact}");
        }
    }
}
