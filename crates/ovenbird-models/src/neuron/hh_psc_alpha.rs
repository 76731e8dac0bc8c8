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

#[cfg(test)]
mod tests {
    use ovenbird_core::math::{LANES, LaneMask, Lanes, Mask, vectorize};
    use ovenbird_core::ode::Rkf45;

    use super::super::hodgkin_huxley::{alpha_initial_value, detect_spike};
    use super::*;

    /// The default parameters, and a constant current.
    pub fn dynamics<R: Real>(current: R) -> Dynamics<R> {
        let c = R::splat;
        Dynamics {
            g_na: c(12000.0),
            g_k: c(3600.0),
            g_l: c(30.0),
            e_na: c(50.0),
            e_k: c(-77.0),
            e_l: c(-54.402),
            inverse_c_m: c(1.0 / 100.0),
            inverse_tau_ex: c(1.0 / 0.2),
            inverse_tau_in: c(1.0 / 2.0),
            current,
        }
    }

    /// Steps a neuron at the resolution 0.1 ms, showing `record` the step's number and the state
    /// at its end; `input` gives the current, the excitatory, and the inhibitory spike input.
    fn simulate(
        i_e: f64,
        steps: u32,
        input: impl Fn(u32) -> [f64; 3],
        mut record: impl FnMut(u32, &[f64; DIM]),
    ) -> Vec<u32> {
        let mut y = initial_state();
        let mut solver = Rkf45::new(&y);
        let mut h = 0.1;
        let mut system = dynamics(i_e);
        let mut refractory = 0;
        let mut spikes = Vec::new();
        for step in 1..=steps {
            let v_old = y[V_M];
            assert!(
                solver
                    .advance(&system, &control(), 0.1, true, &mut y, &mut h)
                    .is_empty()
            );
            let [current, excitation, inhibition] = input(step);
            y[DI_EXC] += excitation * alpha_initial_value(0.2);
            y[DI_INH] += inhibition * alpha_initial_value(2.0);
            if detect_spike(v_old, y[V_M], &mut refractory, 20) {
                spikes.push(step);
            }
            record(step, &y);
            system.current = i_e + current;
        }
        spikes
    }

    fn assert_close(value: f64, reference: f64, what: &str) {
        let error = (value - reference).abs() / reference.abs();
        assert!(
            error < 1e-9,
            "{what}: {value} instead of {reference}, relative error {error:e}"
        );
    }

    /// Time in steps, `V_m`, `Act_m`, `Inact_h`, `Act_n` in NEST 3.10.0:
    /// `nest.resolution = 0.1; n = nest.Create("hh_psc_alpha", params={"I_e": 650.0})`, a
    /// multimeter of interval 0.1, `nest.Simulate(200.1)`.
    const DRIVEN: [(u32, [f64; 4]); 8] = [
        (
            250,
            [
                -73.84551414014882,
                0.01744236553103527,
                0.27286976507419164,
                0.5593783097801415,
            ],
        ),
        (
            500,
            [
                -62.53689899568405,
                0.06751826992026634,
                0.4957081452161813,
                0.368352323252606,
            ],
        ),
        (
            750,
            [
                -18.412747056403475,
                0.4607581129670595,
                0.32231945899046566,
                0.46384182136290597,
            ],
        ),
        (
            1000,
            [
                -70.17999523398629,
                0.027198460345916355,
                0.4063778183853017,
                0.4442627413692015,
            ],
        ),
        (
            1250,
            [
                -59.54545109374875,
                0.09456825928511932,
                0.4841464420740346,
                0.3732952474969035,
            ],
        ),
        (
            1500,
            [
                -65.604965300879,
                0.35449222466164776,
                0.07968729763023631,
                0.7282597156218887,
            ],
        ),
        (
            1750,
            [
                -66.04095561649909,
                0.04471102009365398,
                0.47446871919913697,
                0.38702339575496175,
            ],
        ),
        (
            2000,
            [
                -56.5219866295808,
                0.12876213664653688,
                0.4476921824523979,
                0.3936014224017651,
            ],
        ),
    ];
    const DRIVEN_SPIKES: [u32; 11] = [28, 209, 391, 573, 755, 936, 1118, 1300, 1482, 1663, 1845];

    #[test]
    fn constant_current_gives_the_trace_of_nest() {
        let mut rows = DRIVEN.iter();
        let spikes = simulate(
            650.0,
            2000,
            |_| [0.0; 3],
            |step, y| {
                if step % 250 == 0 {
                    let (time, values) = rows.next().expect("a row for each 25 ms");
                    assert_eq!(*time, step);
                    for (i, &value) in values.iter().enumerate() {
                        assert_close(y[i], value, &format!("variable {i} at step {step}"));
                    }
                }
            },
        );
        assert!(rows.next().is_none());
        assert_eq!(spikes, DRIVEN_SPIKES);
    }

    /// Time in steps, `V_m`, `I_syn_ex`, `I_syn_in` in NEST 3.10.0 for `I_e` = 100, a spike
    /// generator with `spike_times` 3, 20, 21 connected with weight 2000 and with weight -150 and
    /// delay 1.5, and a `dc_generator` of 400 pA from 30 ms.
    const INPUT: [(u32, [f64; 3]); 11] = [
        (41, [-62.17240312940217, 1648.7213936849178, 0.0]),
        (42, [-60.39065026282924, 2000.0001781381218, 0.0]),
        (
            50,
            [-50.80824850467239, 183.1564321516814, -79.387500624397],
        ),
        (
            60,
            [35.467935104170515, 2.468186674506482, -144.45285938553513],
        ),
        (
            225,
            [-21.933307928620327, 1138.2025525342324, -124.10696985108952],
        ),
        (
            300,
            [
                -72.84426929771573,
                9.301229637301165e-13,
                -60.69306777676392,
            ],
        ),
        (
            310,
            [
                -71.54199885806348,
                7.048466831068423e-15,
                -41.48446184809961,
            ],
        ),
        (
            311,
            [
                -71.02936382386885,
                4.322491413165156e-15,
                -39.90567945184505,
            ],
        ),
        (
            312,
            [
                -70.55478435424925,
                2.650459890390625e-15,
                -38.38221965131888,
            ],
        ),
        (
            450,
            [
                -73.23399014206295,
                7.14103146528612e-45,
                -0.0974765687458714,
            ],
        ),
        (
            600,
            [
                -62.74484390118845,
                3.150111332841035e-77,
                -8.92593828342529e-05,
            ],
        ),
    ];

    #[test]
    fn input_gives_the_trace_of_nest() {
        // Delays of 10 and 15 steps; the current is first seen a delay after the generator's start.
        let input = |step: u32| {
            let current = if step >= 310 { 400.0 } else { 0.0 };
            let excitation = if [40, 210, 220].contains(&step) {
                2000.0
            } else {
                0.0
            };
            let inhibition = if [45, 215, 225].contains(&step) {
                -150.0
            } else {
                0.0
            };
            [current, excitation, inhibition]
        };
        let mut rows = INPUT.iter().peekable();
        let spikes = simulate(100.0, 600, input, |step, y| {
            if let Some((_, values)) = rows.next_if(|(time, _)| *time == step) {
                for (i, &value) in [V_M, I_EXC, I_INH].iter().zip(values) {
                    assert!(
                        (y[*i] - value).abs() <= 1e-9 * value.abs(),
                        "{step}: {} {value}",
                        y[*i]
                    );
                }
            }
        });
        assert!(rows.next().is_none());
        assert_eq!(spikes, [59, 229, 400]);
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

    #[test]
    fn a_lane_has_the_bits_of_a_neuron_alone() {
        let currents = Lanes::from_fn(|lane| 200.0 * lane as f64 - 100.0);
        let steps = 300;
        let mut y = initial_state().map(Lanes::splat);
        let mut solver = Rkf45::new(&y);
        let mut h = Lanes::splat(0.1);
        let system = dynamics(currents);
        vectorize(
            #[inline(always)]
            || {
                for _ in 0..steps {
                    let all = LaneMask::splat(true);
                    let failures = solver.advance(&system, &control(), 0.1, all, &mut y, &mut h);
                    assert!(failures.is_empty());
                }
            },
        );
        for lane in 0..LANES {
            let i_e = currents.lane(lane);
            simulate(
                i_e,
                steps,
                |_| [0.0; 3],
                |step, one| {
                    if step == steps {
                        for i in 0..DIM {
                            assert_eq!(one[i].to_bits(), y[i].lane(lane).to_bits(), "lane {lane}");
                        }
                    }
                },
            );
        }
    }
}
