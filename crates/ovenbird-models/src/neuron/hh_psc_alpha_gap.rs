//! # hh_psc_alpha_gap
//!
//! Hodgkin-Huxley neuron with gap junctions and alpha-shaped postsynaptic currents.
//!
//! ```text
//! C_m dV_m/dt = -(g_Na m^3 h (V_m - E_Na) + (g_Kv1 n^4 + g_Kv3 p^2) (V_m - E_K) + g_L (V_m - E_L))
//!               + I_e + I_stim + I_syn_ex + I_syn_in + I_gap
//! I_gap = sum_j g_j (V_j - V_m)
//! ```
//!
//! with dx/dt = alpha_x (1 - x) - beta_x x for the gates x = m, h, n, p (`Act_m`, `Inact_h`,
//! `Act_n`, `Inact_p`) and the rates, V_m in mV and rates in 1/ms,
//!
//! | gate | alpha                                          | beta                            |
//! |------|------------------------------------------------|---------------------------------|
//! | m    | 40 (V_m - 75.5) / (1 - e^(-(V_m - 75.5)/13.5)) | 1.2262 e^(-V_m/42.248)          |
//! | h    | 0.0035 e^(-V_m/24.186)     | 0.017 (V_m + 51.25) / (1 - e^(-(V_m + 51.25)/5.2))  |
//! | n    | 0.014 (V_m + 44) / (1 - e^(-(V_m + 44)/2.3))   | 0.0043 e^(-(V_m + 44)/34)       |
//! | p    | (V_m - 95) / (1 - e^(-(V_m - 95)/11.8))        | 0.025 e^(-V_m/22.222)           |
//!
//! Synaptic currents and spikes are those of `hh_psc_alpha`. The potential V_j of a neighbour is a
//! polynomial in the time within a step (kernel attribute `wfr_interpolation_order`), which
//! waveform relaxation iterates until it changes by no more than `wfr_tol`. Without waveform
//! relaxation (`use_wfr` False) it is V_j at the beginning of the step.
//!
//! The system is integrated with an adaptive Runge-Kutta-Fehlberg method of orders 4 and 5 with an
//! absolute error of 1e-6 per step of the integration; an external current is constant over a step.
//!
//! References:
//! Hahne J, Helias M, Kunkel S, Igarashi J, Bolten M, Frommer A & Diesmann M (2015) Frontiers in
//! Neuroinformatics 9:22.
//! Mancilla JG, Lewis TJ, Pinto DJ, Rinzel J & Connors BW (2007) Journal of Neuroscience
//! 27:2058-2073.

use super::hodgkin_huxley::{alpha_initial_value, detect_spike, equilibrium, gate};
use super::integrated::{Nodes, integrated};
use ovenbird_core::error::Result;
use ovenbird_core::for_each_node;
use ovenbird_core::math::{Anchor, Lanes, LookUp, Memory, Real, VoltageRates};
use ovenbird_core::model::{
    Block, ElementType, Event, Failure, GapInput, Inputs, Neuron, NodeInfo, Output, Port,
    StepContext, Variable,
};
use ovenbird_core::ode::{Control, PerLane, Population, System, advance_nodes, lane_groups};
use ovenbird_core::time::Clock;
use std::ops::Range;

ovenbird_core::params! {
    /// Refractory period.
    t_ref: f64 = 2.0, "ms", NON_NEGATIVE;
    /// Sodium peak conductance.
    g_Na: f64 = 4500.0, "nS", NON_NEGATIVE;
    /// Potassium peak conductance of the Kv1 channels.
    g_Kv1: f64 = 9.0, "nS", NON_NEGATIVE;
    /// Potassium peak conductance of the Kv3 channels.
    g_Kv3: f64 = 9000.0, "nS", NON_NEGATIVE;
    /// Leak conductance.
    g_L: f64 = 10.0, "nS", NON_NEGATIVE;
    /// Membrane capacitance.
    C_m: f64 = 40.0, "pF", POSITIVE;
    /// Sodium reversal potential.
    E_Na: f64 = 74.0, "mV";
    /// Potassium reversal potential.
    E_K: f64 = -90.0, "mV";
    /// Leak reversal potential.
    E_L: f64 = -70.0, "mV";
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
    /// Activation of the Kv1 channel.
    Act_n: f64 = initial_state()[HH_N];
    /// Activation of the Kv3 channel.
    Inact_p: f64 = initial_state()[HH_P];
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

ovenbird_core::variables! { HhPscAlphaGap;
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
    /// Activation of the Kv1 channel.
    Act_n: "", |_, s| s.Act_n, set |_, s, x| s.Act_n = gate("Act_n", x)?;
    /// Activation of the Kv3 channel.
    Inact_p: "", |_, s| s.Inact_p, set |_, s, x| s.Inact_p = gate("Inact_p", x)?;
}

/// Index of the membrane potential (mV) in the state that is integrated.
const V_M: usize = 0;
const HH_M: usize = 1;
const HH_H: usize = 2;
const HH_N: usize = 3;
const HH_P: usize = 4;
const DI_EXC: usize = 5;
const I_EXC: usize = 6;
const DI_INH: usize = 7;
const I_INH: usize = 8;
/// Dimension of the state that is integrated.
const DIM: usize = 9;

/// Initial membrane potential in mV.
const V_INITIAL: f64 = -69.604_011_916_312_22;

/// Absolute error per integration step, in the units of each variable.
const TOLERANCE: f64 = 1e-6;

fn control<R: Real>() -> Control<R> {
    Control::y(TOLERANCE, 0.0)
}

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
    /// Opening rate of p.
    alpha_p: R,
    /// Closing rate of p.
    beta_p: R,
}

/// Exponential are the rates of the closing of m, the opening of h, and the closing of n and p; linear
/// far from half the others, of the opening of m and p, the closing of h, and the opening of n.
const RATES: VoltageRates = VoltageRates::new(
    [
        [1.2262, -42.248],
        [0.0035, -24.186],
        [0.0043 * EXP_MINUS_44_34, -34.0],
        [0.025, -22.222],
    ],
    [[40.0 * 13.5, 75.5, 13.5], [11.8, 95.0, 11.8]],
    [[0.017 * 5.2, -51.25, 5.2], [0.014 * 2.3, -44.0, 2.3]],
);

/// e^(-44/34).
const EXP_MINUS_44_34: f64 = 0.274_139_645_570_127_43;

impl<R> Rates<R> {
    /// From what [`RATES`] give.
    #[inline(always)]
    fn of([exponential, linear]: [[R; 4]; 2]) -> Self {
        let [beta_m, alpha_h, beta_n, beta_p] = exponential;
        let [alpha_m, alpha_p, beta_h, alpha_n] = linear;
        Self {
            alpha_m,
            beta_m,
            alpha_h,
            beta_h,
            alpha_n,
            beta_n,
            alpha_p,
            beta_p,
        }
    }
}

/// The state of a new neuron.
fn initial_state() -> [f64; DIM] {
    let rates = Rates::of(RATES.at(Memory, V_INITIAL));
    let mut y = [0.0; DIM];
    y[V_M] = V_INITIAL;
    y[HH_M] = equilibrium(rates.alpha_m, rates.beta_m);
    y[HH_H] = equilibrium(rates.alpha_h, rates.beta_h);
    y[HH_N] = equilibrium(rates.alpha_n, rates.beta_n);
    y[HH_P] = equilibrium(rates.alpha_p, rates.beta_p);
    y
}

/// The gap-junction input during one time step: a polynomial in the fraction of the step.
#[derive(Clone, Copy, Debug, Default)]
struct Coupling<R> {
    /// The sum of the weights of all gap junctions of the neuron, in nS.
    conductance: R,
    /// The weighted sums of the neighbours' coefficients, in pA.
    constant: R,
    linear: R,
    quadratic: R,
    cubic: R,
}

ovenbird_core::per_lane!(Coupling {
    conductance,
    constant,
    linear,
    quadratic,
    cubic
});

impl<R: Real> Coupling<R> {
    /// The gap current in pA at the fraction `s` of the time step and the potential `v`.
    #[inline(always)]
    fn current(&self, s: R, v: R) -> R {
        let high = self.cubic.mul_add(s, self.quadratic);
        let sent = high.mul_add(s, self.linear).mul_add(s, self.constant);
        v.mul_add(-self.conductance, sent)
    }
}

impl<R: Real> Coupling<R> {
    #[inline(always)]
    fn new(conductance: R, [constant, linear, quadratic, cubic]: [R; 4]) -> Self {
        Coupling {
            conductance,
            constant,
            linear,
            quadratic,
            cubic,
        }
    }
}

impl Coupling<f64> {
    /// What arrives at a node.
    #[inline(always)]
    fn of(input: &GapInput<'_>, node: usize) -> Self {
        Coupling::new(input.weight[node], input.coefficients(node))
    }
}

impl Coupling<Lanes> {
    /// What arrives at consecutive nodes.
    #[inline(always)]
    fn of_group(input: &GapInput<'_>, nodes: Range<usize>) -> Self {
        let conductance = Lanes::load(&input.weight[nodes.clone()]);
        Coupling::new(conductance, input.lanes(nodes))
    }
}

/// The constants of the right-hand side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dynamics<R> {
    /// `g_Na` in nS.
    g_na: R,
    /// `g_Kv1` in nS.
    g_kv1: R,
    /// `g_Kv3` in nS.
    g_kv3: R,
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
    /// -1 / `tau_syn_ex` in 1/ms.
    decay_ex: R,
    /// -1 / `tau_syn_in` in 1/ms.
    decay_in: R,
    /// `I_stim` + `I_e` in pA.
    current: R,
    /// Gap-junction input of this time step.
    gap: Coupling<R>,
    /// 1 / resolution in 1/ms.
    inverse_resolution: R,
    /// The rates at the first stage of a trial step.
    anchor: Anchor<R>,
}

impl<R: Real> Dynamics<R> {
    /// The slope of the membrane potential, in mV/ms, at the fraction `s` of the time step.
    #[inline(always)]
    fn slope(&self, s: R, y: &[R; DIM]) -> R {
        let [v, m, h, n, p, _, i_ex, _, i_in] = *y;
        let n2 = n * n;
        let g_na = self.g_na * (m * m) * (m * h);
        let g_k = (self.g_kv3 * p).mul_add(p, self.g_kv1 * (n2 * n2));
        let input = self.current + i_ex + i_in + self.gap.current(s, v);
        let current = self.g_l.mul_add(self.e_l - v, input);
        let current = g_k.mul_add(self.e_k - v, current);
        g_na.mul_add(self.e_na - v, current) * self.inverse_c_m
    }

    /// The slopes of all variables at the time `t` and the rates of the gates.
    #[inline(always)]
    fn slopes(&self, t: R, y: &[R; DIM], rates: &Rates<R>, dydt: &mut [R; DIM]) {
        let [_, m, h, n, p, di_ex, i_ex, di_in, i_in] = *y;
        dydt[V_M] = self.slope(t * self.inverse_resolution, y);
        dydt[HH_M] = gate_slope(rates.alpha_m, rates.beta_m, m);
        dydt[HH_H] = gate_slope(rates.alpha_h, rates.beta_h, h);
        dydt[HH_N] = gate_slope(rates.alpha_n, rates.beta_n, n);
        dydt[HH_P] = gate_slope(rates.alpha_p, rates.beta_p, p);
        dydt[DI_EXC] = di_ex * self.decay_ex;
        dydt[I_EXC] = i_ex.mul_add(self.decay_ex, di_ex);
        dydt[DI_INH] = di_in * self.decay_in;
        dydt[I_INH] = i_in.mul_add(self.decay_in, di_in);
    }
}

/// The slope of a gate.
#[inline(always)]
fn gate_slope<R: Real>(alpha: R, beta: R, x: R) -> R {
    x.mul_add(-(alpha + beta), alpha)
}

impl<R: Real> System<R> for Dynamics<R> {
    type State = [R; DIM];

    const LOOKS_UP: bool = true;

    #[inline(always)]
    fn derivatives(&self, look_up: impl LookUp, t: R, y: &[R; DIM], dydt: &mut [R; DIM]) {
        let rates = RATES.from(&self.anchor, look_up, y[V_M]);
        self.slopes(t, y, &Rates::of(rates), dydt);
    }

    #[inline(always)]
    fn first_derivatives(&mut self, look_up: impl LookUp, t: R, y: &[R; DIM], dydt: &mut [R; DIM]) {
        let (rates, anchor) = RATES.anchored_at(look_up, y[V_M]);
        self.anchor = anchor;
        self.slopes(t, y, &Rates::of(rates), dydt);
    }
}

ovenbird_core::per_lane!(Dynamics {
    g_na,
    g_kv1,
    g_kv3,
    g_l,
    e_na,
    e_k,
    e_l,
    inverse_c_m,
    decay_ex,
    decay_in,
    current,
    gap,
    inverse_resolution,
    anchor,
});

/// Derived constants.
pub struct Derived {
    dynamics: Dynamics<f64>,
    psc_ex: f64,
    psc_in: f64,
    refractory_steps: i32,
}

integrated!();

/// The nodes of a block, and what arrives at them through gap junctions.
struct Coupled<'a> {
    nodes: Nodes<'a, Derived>,
    gap: &'a Option<GapInput<'a>>,
}

impl Coupled<'_> {
    /// Stores potential and slope of all nodes at the fraction `s` of the time step.
    #[inline(always)]
    fn signal(&self, s: f64, columns: &[&mut [f64]; DIM], v: &mut [f64], slope: &mut [f64]) {
        v.copy_from_slice(columns[V_M]);
        let mut system = self.first();
        for nodes in lane_groups(v.len()) {
            let y: [Lanes; DIM] = std::array::from_fn(|k| Lanes::load(&columns[k][nodes.clone()]));
            self.set_group(&mut system, nodes.clone());
            system.slope(Lanes::splat(s), &y).store(&mut slope[nodes]);
        }
    }
}

impl Population for Coupled<'_> {
    type System = Dynamics<Lanes>;

    #[inline(always)]
    fn first(&self) -> Dynamics<Lanes> {
        self.nodes.first()
    }

    #[inline(always)]
    fn set_group(&self, system: &mut Dynamics<Lanes>, nodes: Range<usize>) {
        self.nodes.set_group(system, nodes.clone());
        if let Some(input) = self.gap {
            system.gap = Coupling::of_group(input, nodes);
        }
    }

    #[inline(always)]
    fn set_lane(&self, system: &mut Dynamics<Lanes>, lane: usize, node: usize) {
        self.nodes.set_lane(system, lane, node);
        if let Some(input) = self.gap {
            system.gap.place(lane, &Coupling::of(input, node));
        }
    }
}

/// The neuron model `hh_psc_alpha_gap`.
pub struct HhPscAlphaGap;

const EXCITATORY: usize = 0;
const INHIBITORY: usize = 1;
const CURRENT: usize = 2;

impl Neuron for HhPscAlphaGap {
    type Params = Params;
    type Columns = StateColumns;
    type Derived = Derived;

    const INFO: NodeInfo = NodeInfo {
        gap_junctions: true,
        ..NodeInfo::new(
            "hh_psc_alpha_gap",
            ElementType::Neuron,
            "Hodgkin-Huxley neuron with gap junctions and alpha-shaped postsynaptic currents",
            include_str!("hh_psc_alpha_gap.rs"),
        )
    };

    fn variables() -> &'static [Variable<Self>] {
        VARIABLES
    }

    fn derive(p: &Params, clock: &Clock) -> Derived {
        Derived {
            dynamics: Dynamics {
                g_na: p.g_Na,
                g_kv1: p.g_Kv1,
                g_kv3: p.g_Kv3,
                g_l: p.g_L,
                e_na: p.E_Na,
                e_k: p.E_K,
                e_l: p.E_L,
                inverse_c_m: 1.0 / p.C_m,
                decay_ex: -1.0 / p.tau_syn_ex,
                decay_in: -1.0 / p.tau_syn_in,
                current: p.I_e,
                gap: Coupling::default(),
                inverse_resolution: 1.0 / clock.resolution(),
                anchor: Anchor::default(),
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

    fn carry(iterated: &State, restored: &mut State) {
        restored.step_size = iterated.step_size;
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
        let nodes = Coupled {
            nodes: Nodes {
                constants: &block.constants,
                i_stim: s.I_stim,
                held: None,
            },
            gap: &block.gap,
        };
        let mut columns = [
            &mut *s.V_m,
            &mut *s.Act_m,
            &mut *s.Inact_h,
            &mut *s.Act_n,
            &mut *s.Inact_p,
            &mut *s.dI_syn_ex,
            &mut *s.I_syn_ex,
            &mut *s.dI_syn_in,
            &mut *s.I_syn_in,
        ];
        if let Some(signal) = output.gap.as_mut().filter(|signal| signal.starts) {
            nodes.signal(0.0, &columns, signal.start, signal.start_slope);
        }
        advance_nodes(&nodes, &control(), context, &mut columns, s.step_size)?;
        if let Some(signal) = &mut output.gap {
            nodes.signal(1.0, &columns, signal.end, signal.end_slope);
        }

        let (di_ex, di_in) = (&mut s.dI_syn_ex[..n], &mut s.dI_syn_in[..n]);
        let [ex, inh, current] = [EXCITATORY, INHIBITORY, CURRENT].map(|c| &inputs.channel(c)[..n]);
        for_each_node!(block.constants, n, |i, c| {
            di_ex[i] += ex[i] * c.psc_ex;
            di_in[i] += inh[i] * c.psc_in;
        });
        if context.iterating {
            return Ok(());
        }
        let (v, before) = (&s.V_m[..n], &s.V_before[..n]);
        let (i_stim, refractory) = (&mut s.I_stim[..n], &mut s.refractory[..n]);
        let fired = &mut output.fired[..n];
        for_each_node!(block.constants, n, |i, c| {
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
    use ovenbird_core::math::{LANES, Mask, vectorize};
    use ovenbird_core::ode::Rkf45;

    #[test]
    fn gap_current_vanishes_between_equal_potentials() {
        let gap = Coupling {
            conductance: 3.0,
            constant: -180.0,
            ..Coupling::default()
        };
        assert_eq!(gap.current(0.3, -60.0), 0.0);
        assert_eq!(gap.current(0.3, -61.0), 3.0);
    }

    #[test]
    fn initial_gates_are_in_equilibrium() {
        let (y, rates) = (initial_state(), Rates::of(RATES.at(Memory, V_INITIAL)));
        for (gate, alpha, beta) in [
            (HH_M, rates.alpha_m, rates.beta_m),
            (HH_H, rates.alpha_h, rates.beta_h),
            (HH_N, rates.alpha_n, rates.beta_n),
            (HH_P, rates.alpha_p, rates.beta_p),
        ] {
            assert!((alpha * (1.0 - y[gate]) - beta * y[gate]).abs() < 1e-15);
        }
    }

    #[test]
    fn rates_are_those_of_the_model() {
        let linear = |x: f64| if x == 0.0 { 1.0 } else { x / -(-x).exp_m1() };
        let halves = [75.5, 95.0, -51.25, -44.0];
        let points = (-6000..=6000).map(|i| 0.1 * f64::from(i));
        for v in points
            .chain(halves)
            .chain(halves.map(f64::next_up))
            .chain(halves.map(f64::next_down))
        {
            let r = Rates::of(RATES.at(Memory, v));
            for (rate, exact) in [
                (r.alpha_m, 40.0 * 13.5 * linear((v - 75.5) / 13.5)),
                (r.beta_m, 1.2262 / (v / 42.248).exp()),
                (r.alpha_h, 0.0035 / (v / 24.186).exp()),
                (r.beta_h, 0.017 * 5.2 * linear((v + 51.25) / 5.2)),
                (r.alpha_n, 0.014 * 2.3 * linear((v + 44.0) / 2.3)),
                (r.beta_n, 0.0043 / ((v + 44.0) / 34.0).exp()),
                (r.alpha_p, 11.8 * linear((v - 95.0) / 11.8)),
                (r.beta_p, 0.025 / (v / 22.222).exp()),
            ] {
                // exponents, up to 280 at 600 mV, are rounded
                let bound = 1e-14 + 1e-16 * v.abs();
                let error = (rate / exact - 1.0).abs();
                assert!(error < bound, "{rate} instead of {exact} at {v}");
            }
        }
    }

    /// Integrates with a coupling whose linear coefficient is `slope`.
    fn integrate<R: Real>(current: R, slope: R) -> [R; DIM] {
        let d = HhPscAlphaGap::derive(&Params::default(), &Clock::default()).dynamics;
        let c = R::splat;
        let mut system = Dynamics {
            g_na: c(d.g_na),
            g_kv1: c(d.g_kv1),
            g_kv3: c(d.g_kv3),
            g_l: c(d.g_l),
            e_na: c(d.e_na),
            e_k: c(d.e_k),
            e_l: c(d.e_l),
            inverse_c_m: c(d.inverse_c_m),
            decay_ex: c(d.decay_ex),
            decay_in: c(d.decay_in),
            current,
            gap: Coupling {
                conductance: c(1.0),
                constant: c(-60.0),
                linear: slope,
                ..Coupling::default()
            },
            inverse_resolution: c(d.inverse_resolution),
            anchor: Anchor::default(),
        };
        let mut y = initial_state().map(R::splat);
        let (mut solver, mut h) = (Rkf45::new(&y), c(0.1));
        for _ in 0..200 {
            let all = R::Mask::splat(true);
            let failures = solver.advance(&mut system, &control(), 0.1, all, &mut y, &mut h);
            assert!(failures.is_empty());
        }
        y
    }

    #[test]
    fn a_lane_has_the_bits_of_a_neuron_alone() {
        let current = Lanes::from_fn(|lane| 60.0 * lane as f64);
        let slope = Lanes::from_fn(|lane| -50.0 * lane as f64);
        let y = vectorize(|| integrate(current, slope));
        for lane in 0..LANES {
            let alone = integrate(current.lane(lane), slope.lane(lane)).map(f64::to_bits);
            assert_eq!(alone, y.map(|y| y.lane(lane).to_bits()), "lane {lane}");
        }
    }
}
