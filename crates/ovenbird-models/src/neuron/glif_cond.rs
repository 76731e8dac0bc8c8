//! # glif_cond
//!
//! Generalised leaky integrate-and-fire neuron with conductance-based synapses.
//!
//! With v = V_m - E_L,
//!
//! ```text
//! C_m dv/dt = -g_m v - sum_i g_i (v + E_L - E_rev_i) + I + I_asc
//! ```
//!
//! outside the refractory period, and dv/dt = 0 within. A spike of weight w (nS) that arrives at
//! receptor i adds a conductance `w (e / tau_syn_i) t exp(-t / tau_syn_i)`, whose peak is w. The
//! receptors are numbered from 1; there are as many as `tau_syn` and `E_rev` have elements.
//!
//! Five models result from three mechanisms:
//!
//! | model | `spike_dependent_threshold` | `after_spike_currents` | `adapting_threshold` |
//! |-------|-----------------------------|------------------------|----------------------|
//! | GLIF1 | no                          | no                     | no                   |
//! | GLIF2 | yes                         | no                     | no                   |
//! | GLIF3 | no                          | yes                    | no                   |
//! | GLIF4 | yes                         | yes                    | no                   |
//! | GLIF5 | yes                         | yes                    | yes                  |
//!
//! The neuron spikes when `V_m` exceeds the threshold, the sum of `V_th` and a spike-dependent and
//! a voltage-dependent component. Then `V_m` is reset to `V_reset`, or with a spike-dependent
//! threshold to `E_L + voltage_reset_fraction v + voltage_reset_add`, and held for `t_ref`.
//! Each after-spike current decays with its rate `asc_decay`; at a spike a fraction `asc_r` of it
//! remains and `asc_amps` is added. I_asc is their sum, averaged over a step. The currents begin
//! with `ASCurrents`; `asc_init` only says how many there are.
//!
//! Conductances and v are integrated with an adaptive Runge-Kutta-Fehlberg method of orders 4 and 5
//! with an absolute error of 1e-3 per step of the integration; an external current I is constant
//! over a step.
//!
//! References:
//! Teeter C et al. (2018) Nature Communications 9:709.
//! Meffin H, Burkitt AN & Grayden DB (2004) Journal of Computational Neuroscience 16:159-175.

use super::hodgkin_huxley::alpha_initial_value;
use ovenbird_core::error::{Error, Result};
use ovenbird_core::math::{LaneMask, Lanes, LookUp, Real, exp, first_not_finite};
use ovenbird_core::model::{
    Block, ElementType, Event, Failure, Field, Inputs, Neuron, NodeInfo, Output, Port, StepContext,
    Variable, VariableFamily,
};
use ovenbird_core::ode::{Control, Rkf45, StateVector, System, lane_groups, lanes_of, step_sizes};
use ovenbird_core::time::Clock;
use ovenbird_core::value::Value;
use std::marker::PhantomData;

ovenbird_core::params! {
    /// Threshold at infinite time after the last spike.
    V_th: f64 = -51.68, "mV";
    /// Membrane conductance.
    g_m: f64 = 9.43, "nS", POSITIVE;
    /// Resting potential.
    E_L: f64 = -78.85, "mV";
    /// Membrane capacitance.
    C_m: f64 = 58.72, "pF", POSITIVE;
    /// Refractory period.
    t_ref: f64 = 3.75, "ms", POSITIVE;
    /// Potential after a spike, without a spike-dependent threshold.
    V_reset: f64 = -78.85, "mV";
    /// Increment of the spike-dependent threshold at a spike.
    th_spike_add: f64 = 0.37, "mV";
    /// Decay rate of the spike-dependent threshold.
    th_spike_decay: f64 = 0.009, "1/ms";
    /// Fraction of the potential that is left after a spike.
    voltage_reset_fraction: f64 = 0.2;
    /// Increment of the potential after a spike.
    voltage_reset_add: f64 = 18.51, "mV";
    /// Rate at which the voltage-dependent threshold follows the potential.
    th_voltage_index: f64 = 0.005, "1/ms";
    /// Decay rate of the voltage-dependent threshold.
    th_voltage_decay: f64 = 0.09, "1/ms";
    /// Initial after-spike currents, for the check of their number.
    asc_init: Vec<f64> = vec![0.0, 0.0], "pA";
    /// Decay rates of the after-spike currents.
    asc_decay: Vec<f64> = vec![0.003, 0.1], "1/ms";
    /// Increments of the after-spike currents at a spike.
    asc_amps: Vec<f64> = vec![-9.18, -198.94], "pA";
    /// Fractions of the after-spike currents that are left after a spike.
    asc_r: Vec<f64> = vec![1.0, 1.0];
    /// Rise times of the synaptic conductances, one per receptor.
    tau_syn: Vec<f64> = vec![0.2, 2.0], "ms";
    /// Reversal potentials, one per receptor.
    E_rev: Vec<f64> = vec![0.0, -85.0], "mV";
    /// Whether the threshold and the reset depend on spikes.
    spike_dependent_threshold: bool = false;
    /// Whether spikes are followed by currents.
    after_spike_currents: bool = false;
    /// Whether the threshold depends on the potential.
    adapting_threshold: bool = false;
}

ovenbird_core::state! {
    /// Membrane potential relative to `E_L` (mV).
    v: f64 = 0.0;
    /// For each receptor what drives the conductance (nS/ms), and the conductance (nS). There is
    /// one receptor until the first step.
    synapses: Vec<f64> = vec![0.0, 0.0];
    /// External current of the present step (pA).
    I: f64 = 0.0;
    /// After-spike currents (pA).
    ASCurrents: Vec<f64> = vec![0.0, 0.0];
    /// Their sum, averaged over a step (pA).
    ASCurrents_sum: f64 = 0.0;
    /// Threshold relative to `E_L` (mV).
    threshold: f64 = -51.68 + 78.85;
    /// Its spike-dependent component (mV).
    threshold_spike: f64 = 0.0;
    /// Its voltage-dependent component (mV).
    threshold_voltage: f64 = 0.0;
    /// Step size of the integration, carried over from step to step; 0 before the first (ms).
    step_size: f64 = 0.0;
    /// Steps left of the refractory period.
    refractory: i32 = 0;
}

/// Every second of `values`.
fn alternate(values: &[f64], first: usize) -> Value {
    Value::Floats(values.iter().skip(first).step_by(2).copied().collect())
}

fn set_currents(p: &Params, s: &mut State, value: &Value) -> Result<()> {
    let new = Vec::<f64>::from_value("ASCurrents", value)?;
    supported(p.after_spike_currents, "After spike currents are")?;
    if new.len() != p.asc_decay.len() {
        return Err(Error::bad_property(format!(
            "After spike current values must have have the same size ({}) of its parameters \
             (i.e., asc_init, k, asc_amps, r).",
            p.asc_decay.len()
        )));
    }
    if let Some(x) = first_not_finite(&new) {
        return Err(Error::bad_property(format!(
            "ASCurrents must be finite, got {x}"
        )));
    }
    s.ASCurrents = new;
    Ok(())
}

fn supported(yes: bool, what: &str) -> Result<()> {
    if yes {
        return Ok(());
    }
    Err(Error::bad_property(format!(
        "{what} not supported or settable in the current model mechanisms."
    )))
}

const VARIABLES: &[Variable<GlifCond>] = &[
    Variable::new(
        "V_m",
        "mV",
        "Membrane potential",
        |p: &Params, s: &State| s.v + p.E_L,
    )
    .writable(|p: &Params, s: &mut State, value| {
        s.v = value.as_float("V_m")? - p.E_L;
        Ok(())
    }),
    Variable::new("I", "pA", "External current", |_, s: &State| s.I).recordable(),
    Variable::new(
        "ASCurrents_sum",
        "pA",
        "Sum of the after-spike currents, averaged over a step",
        |_, s: &State| s.ASCurrents_sum,
    )
    .recordable(),
    Variable::new("threshold", "mV", "Threshold", |p: &Params, s: &State| {
        s.threshold + p.E_L
    })
    .recordable(),
    Variable::new(
        "threshold_spike",
        "mV",
        "Spike-dependent component of the threshold",
        |_, s: &State| s.threshold_spike,
    )
    .writable(|p: &Params, s: &mut State, value| {
        s.threshold_spike = value.as_float("threshold_spike")?;
        supported(p.spike_dependent_threshold, "Threshold spike component is")
    })
    .recordable(),
    Variable::new(
        "threshold_voltage",
        "mV",
        "Voltage-dependent component of the threshold",
        |_, s: &State| s.threshold_voltage,
    )
    .writable(|p: &Params, s: &mut State, value| {
        s.threshold_voltage = value.as_float("threshold_voltage")?;
        supported(p.adapting_threshold, "Threshold voltage component is")
    })
    .recordable(),
    Variable::status(
        "ASCurrents",
        "pA",
        "After-spike currents",
        |_, s: &State| Value::Floats(s.ASCurrents.clone()),
    )
    .writable(set_currents),
    Variable::status(
        "dg",
        "nS/ms",
        "What drives the synaptic conductances",
        |_, s: &State| alternate(&s.synapses, 0),
    ),
    Variable::status("g", "nS", "Synaptic conductances", |_, s: &State| {
        alternate(&s.synapses, 1)
    }),
    Variable::status(
        "has_connections",
        "",
        "Whether any synapse ends on the neuron",
        |_, _| Value::Bool(false),
    ),
];

/// Index of the membrane potential in the state that is integrated.
const V_M: usize = 0;

/// Index of what drives the conductance of a receptor, counted from zero.
#[inline(always)]
const fn dg_syn(receptor: usize) -> usize {
    1 + 2 * receptor
}

/// Index of the conductance of a receptor, counted from zero.
#[inline(always)]
const fn g_syn(receptor: usize) -> usize {
    2 + 2 * receptor
}

/// Absolute error per integration step, in the units of each variable.
const TOLERANCE: f64 = 1e-3;

fn control<R: Real>() -> Control<R> {
    Control::y(TOLERANCE, 0.0)
}

/// The constants of a receptor.
#[derive(Clone, Copy, Debug, Default)]
struct Receptor<R> {
    /// 1 / `tau_syn` in 1/ms.
    inverse_tau: R,
    /// `E_rev` - `E_L` in mV.
    e_rev: R,
}

/// The constants of the right-hand side, for a state held by `Y`.
struct Dynamics<'a, R: Real, Y> {
    /// `g_m` in nS.
    g_m: R,
    /// 1 / `C_m` in 1/pF.
    inverse_c_m: R,
    /// External current and sum of the after-spike currents in pA.
    current: R,
    /// Where the neuron is refractory.
    refractory: R::Mask,
    receptors: &'a [Receptor<R>],
    state: PhantomData<Y>,
}

impl<R: Real, Y: StateVector<R>> System<R> for Dynamics<'_, R, Y> {
    type State = Y;

    #[inline(always)]
    fn derivatives(&self, _: impl LookUp, _t: R, y: &Y, dydt: &mut Y) {
        let (y, dydt) = (y.as_ref(), dydt.as_mut());
        let v = y[V_M];
        let mut i_syn = R::splat(0.0);
        for (i, receptor) in self.receptors.iter().enumerate() {
            let (dg, g) = (y[dg_syn(i)], y[g_syn(i)]);
            i_syn = i_syn + g * (v - receptor.e_rev);
            dydt[dg_syn(i)] = -dg * receptor.inverse_tau;
            dydt[g_syn(i)] = dg - g * receptor.inverse_tau;
        }
        let slope = (self.current - self.g_m * v - i_syn) * self.inverse_c_m;
        dydt[V_M] = R::select(self.refractory, R::splat(0.0), slope);
    }
}

/// The constants of one after-spike current.
#[derive(Clone, Copy, Debug)]
struct AfterSpikeCurrent {
    /// `asc_amps`: the jump at a spike, in pA.
    amplitude: f64,
    /// e^(-k h) for the decay rate k and the resolution h.
    decay: f64,
    /// (1 - e^(-k h)) / (k h): the mean over a step relative to the value at its beginning.
    mean: f64,
    /// `asc_r` e^(-k t_ref): what is left after the refractory period.
    refractory_decay: f64,
}

impl AfterSpikeCurrent {
    /// The constants for a decay rate in 1/ms, an amplitude in pA, the fraction `asc_r`, the
    /// refractory time and the resolution in ms.
    fn new(decay: f64, amplitude: f64, r: f64, t_ref: f64, resolution: f64) -> Self {
        let step_decay = exp(-decay * resolution);
        Self {
            amplitude,
            decay: step_decay,
            mean: ((1.0 / decay) / resolution) * (1.0 - step_decay),
            refractory_decay: r * exp(-decay * t_ref),
        }
    }
}

/// The constants of the spike-dependent threshold and reset (mechanism R).
#[derive(Clone, Copy, Debug)]
struct SpikeThreshold {
    /// `th_spike_add` in mV.
    add: f64,
    /// e^(-`th_spike_decay` h).
    decay: f64,
    /// e^(-`th_spike_decay` `t_ref`).
    refractory_decay: f64,
    /// `voltage_reset_fraction`.
    reset_fraction: f64,
    /// `voltage_reset_add` in mV.
    reset_add: f64,
}

impl SpikeThreshold {
    /// The constants for the parameters `th_spike_add`, `th_spike_decay`, and `(fraction, add)` of
    /// the voltage reset, the refractory time and the resolution in ms.
    fn new(add: f64, decay: f64, reset: (f64, f64), t_ref: f64, resolution: f64) -> Self {
        Self {
            add,
            decay: exp(-decay * resolution),
            refractory_decay: exp(-decay * t_ref),
            reset_fraction: reset.0,
            reset_add: reset.1,
        }
    }
}

/// The constants of the voltage-dependent threshold (mechanism A).
#[derive(Clone, Copy, Debug)]
struct VoltageThreshold {
    /// e^(-`g_m` h / `C_m`).
    membrane_decay: f64,
    /// e^(-`th_voltage_decay` h).
    decay: f64,
    /// a / (b - `g_m` / `C_m`) with a = `th_voltage_index`, b = `th_voltage_decay`.
    phi: f64,
    /// a / b.
    ratio: f64,
    g_m: f64,
}

impl VoltageThreshold {
    /// The constants for `th_voltage_index` and `th_voltage_decay` in 1/ms, `g_m` in nS, `C_m` in
    /// pF, and the resolution in ms.
    fn new(index: f64, decay: f64, g_m: f64, c_m: f64, resolution: f64) -> Self {
        Self {
            membrane_decay: exp(-g_m * resolution / c_m),
            decay: 1.0 / exp(decay * resolution),
            phi: index / (decay - g_m / c_m),
            ratio: index / decay,
            g_m,
        }
    }

    /// The component after a step that began with the potential `v` and the component
    /// `threshold`, under the constant current `current`.
    fn after_step(&self, threshold: f64, v: f64, current: f64) -> f64 {
        let v_inf = current / self.g_m;
        let deflection = self.phi * (v - v_inf);
        let asymptote = self.ratio * v_inf;
        deflection * self.membrane_decay
            + self.decay * (threshold - deflection - asymptote)
            + asymptote
    }
}

/// The constants of threshold, after-spike currents, and reset.
#[derive(Clone, Debug)]
struct SpikeRules {
    /// `V_th` - `E_L` in mV.
    threshold_inf: f64,
    /// `V_reset` - `E_L` in mV.
    v_reset: f64,
    /// `t_ref` in steps.
    refractory_steps: i32,
    /// Mechanism R.
    spike_threshold: Option<SpikeThreshold>,
    /// Mechanism ASC.
    after_spike_currents: Option<Vec<AfterSpikeCurrent>>,
    /// Mechanism A.
    voltage_threshold: Option<VoltageThreshold>,
}

/// What follows the rules after each step.
struct Membrane<'a> {
    threshold: &'a mut f64,
    threshold_spike: &'a mut f64,
    threshold_voltage: &'a mut f64,
    currents: &'a mut [f64],
    current_sum: &'a mut f64,
    refractory: &'a mut i32,
}

impl Membrane<'_> {
    /// The rules that follow the integration of a step from potential `v_old` to `v` under the
    /// input current `current`. Updates `v`; returns whether there is a spike.
    ///
    /// Where neither R nor A is present the components of the threshold keep the values that
    /// they have. While refractory, all but the count and the total threshold stands still.
    fn after_integration(
        mut self,
        rules: &SpikeRules,
        v_old: f64,
        v: &mut f64,
        current: f64,
    ) -> bool {
        if *self.refractory > 0 {
            *self.refractory -= 1;
            *v = v_old;
            self.update_threshold(rules);
            return false;
        }
        if let Some(r) = &rules.spike_threshold {
            *self.threshold_spike *= r.decay;
        }
        *self.current_sum = 0.0;
        if let Some(constants) = &rules.after_spike_currents {
            for (value, c) in self.currents.iter_mut().zip(constants) {
                *self.current_sum += c.mean * *value;
                *value *= c.decay;
            }
        }
        if let Some(a) = &rules.voltage_threshold {
            *self.threshold_voltage =
                a.after_step(*self.threshold_voltage, v_old, current + *self.current_sum);
        }
        self.update_threshold(rules);
        if *v <= *self.threshold || v.is_nan() {
            return false;
        }

        *self.refractory = rules.refractory_steps;
        if let Some(constants) = &rules.after_spike_currents {
            for (value, c) in self.currents.iter_mut().zip(constants) {
                *value = c.amplitude + *value * c.refractory_decay;
            }
        }
        match &rules.spike_threshold {
            None => *v = rules.v_reset,
            Some(r) => {
                *v = r.reset_fraction * v_old + r.reset_add;
                *self.threshold_spike = *self.threshold_spike * r.refractory_decay + r.add;
                self.update_threshold(rules);
            }
        }
        true
    }

    fn update_threshold(&mut self, rules: &SpikeRules) {
        *self.threshold = *self.threshold_spike + *self.threshold_voltage + rules.threshold_inf;
    }
}

/// Derived constants.
pub struct Derived {
    g_m: f64,
    inverse_c_m: f64,
    receptors: Vec<Receptor<f64>>,
    psc: Vec<f64>,
    rules: SpikeRules,
}

/// The neuron model `glif_cond`.
pub struct GlifCond;

/// The input channel of currents; those of the receptors follow.
const CURRENT: usize = 0;

impl Neuron for GlifCond {
    type Params = Params;
    type Columns = StateColumns;
    type Derived = Derived;

    const INFO: NodeInfo = NodeInfo::new(
        "glif_cond",
        ElementType::Neuron,
        "Generalised leaky integrate-and-fire neuron with conductance-based synapses",
        include_str!("glif_cond.rs"),
    );

    fn variables() -> &'static [Variable<Self>] {
        VARIABLES
    }

    fn families() -> &'static [VariableFamily<Self>] {
        &[VariableFamily {
            prefix: "g_",
            unit: "nS",
            doc: "Synaptic conductance of a receptor",
            count: |p| p.tau_syn.len(),
            get: |_, s, i| s.synapses.get(2 * i + 1).copied().unwrap_or(0.0),
        }]
    }

    fn check(p: &Params) -> Result<()> {
        let bad = |text: &str| Err(Error::bad_property(text));
        let (r, asc, a) = (
            p.spike_dependent_threshold,
            p.after_spike_currents,
            p.adapting_threshold,
        );
        if a && !(r && asc) {
            return bad(
                "Incorrect model mechanism combination setting. adapting_threshold needs both \
                 spike_dependent_threshold and after_spike_currents.",
            );
        }
        if p.V_reset >= p.V_th {
            return bad("Reset potential must be smaller than threshold.");
        }
        if r && p.th_spike_decay <= 0.0 {
            return bad("Spike induced threshold time constant must be strictly positive.");
        }
        if r && !(0.0..=1.0).contains(&p.voltage_reset_fraction) {
            return bad("Voltage fraction coefficient following spike must be within [0.0, 1.0].");
        }
        if asc {
            let n = p.asc_decay.len();
            if [&p.asc_init, &p.asc_amps, &p.asc_r]
                .iter()
                .any(|v| v.len() != n)
            {
                return bad(
                    "All after spike current parameters (i.e., asc_init, k, asc_amps, r) must \
                     have the same size.",
                );
            }
            if p.asc_decay.iter().any(|&k| k <= 0.0) {
                return bad("After-spike current time constant must be strictly positive.");
            }
            if p.asc_r.iter().any(|r| !(0.0..=1.0).contains(r)) {
                return bad(
                    "After spike current fraction following spike coefficients r must be within \
                     [0.0, 1.0].",
                );
            }
        }
        if a && p.th_voltage_decay <= 0.0 {
            return bad("Voltage-induced threshold time constant must be strictly positive.");
        }
        let (n, m) = (p.E_rev.len(), p.tau_syn.len());
        if n != m {
            return bad(&format!(
                "The reversal potential and synaptic time constant arrays, i.e., E_rev ({n}) and \
                 tau_syn ({m}), must have the same size."
            ));
        }
        if p.tau_syn.iter().any(|&tau| tau <= 0.0) {
            return bad("All synaptic time constants must be strictly positive.");
        }
        Ok(())
    }

    fn migrate(old: &Params, new: &Params, state: &mut State) {
        state.v += old.E_L - new.E_L;
    }

    fn derive(p: &Params, clock: &Clock) -> Derived {
        let (h, t_ref) = (clock.resolution(), p.t_ref);
        let currents = p.asc_decay.iter().zip(&p.asc_amps).zip(&p.asc_r);
        let reset = (p.voltage_reset_fraction, p.voltage_reset_add);
        let receptors = p.tau_syn.iter().zip(&p.E_rev);
        Derived {
            g_m: p.g_m,
            inverse_c_m: 1.0 / p.C_m,
            receptors: receptors
                .map(|(tau, e_rev)| Receptor {
                    inverse_tau: 1.0 / tau,
                    e_rev: e_rev - p.E_L,
                })
                .collect(),
            psc: p
                .tau_syn
                .iter()
                .map(|&tau| alpha_initial_value(tau))
                .collect(),
            rules: SpikeRules {
                threshold_inf: p.V_th - p.E_L,
                v_reset: p.V_reset - p.E_L,
                refractory_steps: clock.round(t_ref) as i32,
                spike_threshold: p.spike_dependent_threshold.then(|| {
                    SpikeThreshold::new(p.th_spike_add, p.th_spike_decay, reset, t_ref, h)
                }),
                after_spike_currents: p.after_spike_currents.then(|| {
                    currents
                        .map(|((&k, &amp), &r)| AfterSpikeCurrent::new(k, amp, r, t_ref, h))
                        .collect()
                }),
                voltage_threshold: p.adapting_threshold.then(|| {
                    VoltageThreshold::new(p.th_voltage_index, p.th_voltage_decay, p.g_m, p.C_m, h)
                }),
            },
        }
    }

    fn channels(p: &Params) -> usize {
        1 + p.tau_syn.len()
    }

    fn port(p: &Params, event: Event, receptor: i64) -> Option<Port> {
        match (event, usize::try_from(receptor).ok()?) {
            (Event::Spike, r) if (1..=p.tau_syn.len()).contains(&r) => Some(Port::one(r)),
            (Event::Current, 0) => Some(Port::one(CURRENT)),
            _ => None,
        }
    }

    fn receptor(_: &Params, channel: usize) -> i64 {
        channel as i64
    }

    #[inline(always)]
    fn step(
        context: &StepContext,
        block: Block<'_, Self>,
        inputs: &Inputs<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), Failure> {
        for i in 0..block.len {
            let wanted = 2 * block.constants.of(i).receptors.len();
            if block.state.synapses[i].len() != wanted {
                block.state.synapses[i].resize(wanted, 0.0);
            }
        }
        let most = block.state.synapses.iter().map(|s| s.len() / 2).max();
        match most.unwrap_or(0) {
            0..=2 => advance(context, block, inputs, output, [Lanes::default(); 5], 2),
            n => {
                let state = vec![Lanes::default(); 1 + 2 * n];
                advance(context, block, inputs, output, state, n)
            }
        }
    }
}

/// Advances a block whose nodes have at most `n` receptors; a node with fewer has others that never
/// receive anything, which changes nothing.
#[inline(always)]
fn advance<Y: StateVector<Lanes>>(
    context: &StepContext,
    mut block: Block<'_, GlifCond>,
    inputs: &Inputs<'_>,
    output: &mut Output<'_>,
    mut y: Y,
    n: usize,
) -> Result<(), Failure> {
    let mut solver = Rkf45::new(&y);
    let mut receptors = vec![Receptor::default(); n];
    let current = inputs.channel(CURRENT);
    for group in lane_groups(block.len) {
        let all = |get: fn(&Derived) -> f64| lanes_of(&block.constants, &group, get);
        for (r, receptor) in receptors.iter_mut().enumerate() {
            let of = |d: &Derived| d.receptors.get(r).copied().unwrap_or_default();
            receptor.inverse_tau = lanes_of(&block.constants, &group, |d| of(d).inverse_tau);
            receptor.e_rev = lanes_of(&block.constants, &group, |d| of(d).e_rev);
        }
        let s = &mut block.state;
        let refractory = &s.refractory[group.clone()];
        let mut system = Dynamics {
            g_m: all(|d| d.g_m),
            inverse_c_m: all(|d| d.inverse_c_m),
            current: Lanes::load(&s.I[group.clone()])
                + Lanes::load(&s.ASCurrents_sum[group.clone()]),
            refractory: LaneMask::from_fn(|l| refractory.get(l).is_some_and(|&steps| steps > 0)),
            receptors: &receptors,
            state: PhantomData,
        };
        load(&s.v[group.clone()], &s.synapses[group.clone()], y.as_mut());
        let v_old = y.as_ref()[V_M];
        let mut h = step_sizes(&s.step_size[group.clone()], context.h);
        let active = LaneMask::first(group.len());
        solver
            .advance(&mut system, &control(), context.h, active, &mut y, &mut h)
            .check(group.start)?;
        h.store(&mut s.step_size[group.clone()]);
        for (lane, i) in group.enumerate() {
            let d = block.constants.of(i);
            let mut v = y.as_ref()[V_M].lane(lane);
            let membrane = Membrane {
                threshold: &mut s.threshold[i],
                threshold_spike: &mut s.threshold_spike[i],
                threshold_voltage: &mut s.threshold_voltage[i],
                currents: &mut s.ASCurrents[i],
                current_sum: &mut s.ASCurrents_sum[i],
                refractory: &mut s.refractory[i],
            };
            let spike = membrane.after_integration(&d.rules, v_old.lane(lane), &mut v, s.I[i]);
            output.fired[i] = u8::from(spike);
            s.v[i] = v;
            s.I[i] = current[i];
            for (r, (pair, psc)) in s.synapses[i].chunks_exact_mut(2).zip(&d.psc).enumerate() {
                let arrived = inputs.channel(1 + r)[i];
                pair[0] = y.as_ref()[dg_syn(r)].lane(lane) + arrived * psc;
                pair[1] = y.as_ref()[g_syn(r)].lane(lane);
            }
        }
    }
    Ok(())
}

/// Loads the state of a lane group; what a node does not have is zero.
#[inline(always)]
fn load(v: &[f64], synapses: &[Vec<f64>], y: &mut [Lanes]) {
    y[V_M] = Lanes::load(v);
    for (k, value) in y[1..].iter_mut().enumerate() {
        *value = Lanes::from_fn(|lane| {
            let node = synapses.get(lane);
            node.and_then(|s| s.get(k)).copied().unwrap_or(0.0)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(rules: &SpikeRules, s: &mut State, v_old: f64, v: &mut f64, current: f64) -> bool {
        let membrane = Membrane {
            threshold: &mut s.threshold,
            threshold_spike: &mut s.threshold_spike,
            threshold_voltage: &mut s.threshold_voltage,
            currents: &mut s.ASCurrents,
            current_sum: &mut s.ASCurrents_sum,
            refractory: &mut s.refractory,
        };
        membrane.after_integration(rules, v_old, v, current)
    }

    #[test]
    fn plain_reset_without_mechanisms() {
        let rules = SpikeRules {
            threshold_inf: 20.0,
            v_reset: 1.0,
            refractory_steps: 2,
            spike_threshold: None,
            after_spike_currents: None,
            voltage_threshold: None,
        };
        let mut s = State::default();
        let mut v = 20.0;
        assert!(
            !apply(&rules, &mut s, 19.0, &mut v, 0.0),
            "at the threshold"
        );
        v = 20.1;
        assert!(apply(&rules, &mut s, 20.0, &mut v, 0.0));
        assert_eq!((v, s.refractory, s.threshold), (1.0, 2, 20.0));
        for _ in 0..2 {
            let mut drifted = 30.0;
            assert!(!apply(&rules, &mut s, v, &mut drifted, 0.0));
            assert_eq!(drifted, v);
        }
        v = 21.0;
        assert!(apply(&rules, &mut s, 1.0, &mut v, 0.0));
    }

    /// d(threshold)/dt = index v - decay threshold, where v relaxes to current / g_m.
    #[test]
    fn voltage_dependent_threshold_follows_its_equation() {
        let (index, decay, g_m, c_m) = (0.005, 0.09, 9.43, 58.72);
        let (v, current, start) = (12.0, 150.0, 0.4);
        let exact =
            VoltageThreshold::new(index, decay, g_m, c_m, 0.1).after_step(start, v, current);
        let steps = 200_000;
        let dt = 0.1 / f64::from(steps);
        let (mut theta, v_inf) = (start, current / g_m);
        for k in 0..steps {
            let t = (f64::from(k) + 0.5) * dt;
            let v = v_inf + (v - v_inf) * (-g_m / c_m * t).exp();
            theta += dt * (index * v - decay * theta);
        }
        assert!((theta - exact).abs() < 1e-8, "{theta} {exact}");
    }
}
