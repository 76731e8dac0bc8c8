//! How near the engine is to a bare loop over the same network: a guard against regressions that
//! holds on any machine, since both run by turns on the same one.
//!
//! Run optimised: `cargo test --release -p ovenbird --test limits -- --ignored`.

use ovenbird::core::math::vectorize;
use ovenbird::core::simulation::{RunControl, Simulation};
use ovenbird::prelude::*;
use std::time::{Duration, Instant};

/// The balanced network of Brunel (2000), alpha-shaped currents: sizes, weights (pA), drive.
struct Network {
    excitatory: usize,
    inhibitory: usize,
    weight: f64,
    /// External spikes per neuron and step.
    drive: f64,
}

const STEP: f64 = 0.1;
const TAU_M: f64 = 20.0;
const TAU_SYN: f64 = 0.5;
const C_M: f64 = 250.0;
const THRESHOLD: f64 = 20.0;
const G: f64 = 5.0;
const DELAY: f64 = 1.5;
const REFRACTORY: f64 = 2.0;
const E: f64 = std::f64::consts::E;

impl Network {
    fn new(order: usize) -> Self {
        // the height of the postsynaptic potential of 1 pA, searched on a fine grid
        let a = 1.0 / TAU_SYN - 1.0 / TAU_M;
        let psp = |t: f64| {
            let fall = (-t / TAU_SYN).exp();
            E / (TAU_SYN * C_M) * (((-t / TAU_M).exp() - fall) / (a * a) - t * fall / a)
        };
        let peak = (0..20_000)
            .map(|i| psp(f64::from(i) * 1e-3))
            .fold(0.0, f64::max);
        let weight = 0.1 / peak;
        // twice the input that would just reach the threshold
        let drive = 2.0 * THRESHOLD * C_M / (weight * E * TAU_M * TAU_SYN) * STEP;
        Network {
            excitatory: 4 * order,
            inhibitory: order,
            weight,
            drive,
        }
    }

    fn len(&self) -> usize {
        self.excitatory + self.inhibitory
    }
}

/// A small generator for the bare loop (Marsaglia 2003, Journal of Statistical Software 8:14).
struct XorShift(u64);

impl XorShift {
    #[inline(always)]
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> u32 {
        (((self.next() >> 32) * n as u64) >> 32) as u32
    }
}

/// Poisson numbers by inversion, begun where a table of the leading bits points.
struct Poisson {
    cumulative: Vec<f64>,
    start: Vec<u16>,
}

impl Poisson {
    fn new(mean: f64) -> Self {
        let mut term = (-mean).exp();
        let mut cumulative = vec![term];
        for k in 1..400 {
            term *= mean / f64::from(k);
            cumulative.push(cumulative[cumulative.len() - 1] + term);
        }
        cumulative.push(2.0);
        let first = |i: i32| cumulative.partition_point(|&c| c <= f64::from(i) / 2048.0) as u16;
        let start = (0..2048).map(first).collect();
        Poisson { cumulative, start }
    }

    #[inline(always)]
    fn draw(&self, random: &mut XorShift) -> f64 {
        let word = random.next();
        let u = (word >> 11) as f64 / (1u64 << 53) as f64;
        let mut k = usize::from(self.start[(word >> 53) as usize]);
        while self.cumulative[k] < u {
            k += 1;
        }
        k as f64
    }
}

/// The network as arrays and loops.
struct Bare {
    network: Network,
    first: Vec<usize>,
    targets: Vec<u32>,
    poisson: Poisson,
    random: XorShift,
    /// For each slot of the ring the excitatory, then the inhibitory input of all.
    ring: Vec<f64>,
    drive: Vec<f64>,
    state: [Vec<f64>; 5],
    pause: Vec<i32>,
    fired: Vec<u8>,
    step: usize,
    spikes: usize,
}

const SLOTS: usize = 16;

impl Bare {
    fn new(order: usize) -> Self {
        let network = Network::new(order);
        let n = network.len();
        let mut random = XorShift(0x9E37_79B9_7F4A_7C15);
        let mut rows = vec![Vec::new(); n];
        for target in 0..n as u32 {
            for _ in 0..network.excitatory / 10 {
                rows[random.below(network.excitatory) as usize].push(target);
            }
            for _ in 0..network.inhibitory / 10 {
                rows[network.excitatory + random.below(network.inhibitory) as usize].push(target);
            }
        }
        let mut first = vec![0];
        first.extend(rows.iter().scan(0, |sum, row| {
            *sum += row.len();
            Some(*sum)
        }));
        Bare {
            poisson: Poisson::new(network.drive),
            network,
            first,
            targets: rows.concat(),
            random,
            ring: vec![0.0; SLOTS * 2 * n],
            drive: vec![0.0; n],
            state: std::array::from_fn(|_| vec![0.0; n]),
            pause: vec![0; n],
            fired: vec![0; n],
            step: 0,
            spikes: 0,
        }
    }

    fn advance(&mut self, steps: usize) {
        for _ in 0..steps {
            for x in &mut self.drive {
                *x = self.poisson.draw(&mut self.random) * self.network.weight;
            }
            vectorize(
                #[inline(always)]
                || self.update(),
            );
            self.deliver();
            self.step += 1;
        }
    }

    #[inline(always)]
    fn update(&mut self) {
        let n = self.network.len();
        let a = 1.0 / TAU_SYN - 1.0 / TAU_M;
        let (p11, p33) = ((-STEP / TAU_SYN).exp(), (-STEP / TAU_M).exp());
        let (p21, p32) = (STEP * p11, (p33 - p11) / (C_M * a));
        let p31 = ((p33 - p11) / (a * a) - STEP * p11 / a) / C_M;
        let rise = E / TAU_SYN;
        let pause_steps = (REFRACTORY / STEP) as i32;
        let now = self.step % SLOTS * 2 * n;
        let (ex, inh) = self.ring[now..now + 2 * n].split_at_mut(n);
        let [dex, iex, din, iin, v] = &mut self.state;
        let (dex, iex, din, iin, v) = (
            &mut dex[..n],
            &mut iex[..n],
            &mut din[..n],
            &mut iin[..n],
            &mut v[..n],
        );
        let (drive, pause, fired) = (&self.drive[..n], &mut self.pause[..n], &mut self.fired[..n]);
        for i in 0..n {
            let free = p31 * (dex[i] + din[i]) + p32 * (iex[i] + iin[i]) + p33 * v[i];
            let u = if pause[i] > 0 { v[i] } else { free };
            let fires = u >= THRESHOLD;
            iex[i] = p21 * dex[i] + p11 * iex[i];
            iin[i] = p21 * din[i] + p11 * iin[i];
            dex[i] = p11 * dex[i] + rise * (ex[i] + drive[i]);
            din[i] = p11 * din[i] + rise * inh[i];
            (ex[i], inh[i]) = (0.0, 0.0);
            fired[i] = u8::from(fires);
            v[i] = if fires { 0.0 } else { u };
            pause[i] = if fires {
                pause_steps
            } else {
                (pause[i] - 1).max(0)
            };
        }
    }

    fn deliver(&mut self) {
        let n = self.network.len();
        let slot = (self.step + (DELAY / STEP) as usize) % SLOTS * 2 * n;
        let (ex, inh) = self.ring[slot..slot + 2 * n].split_at_mut(n);
        for source in (0..n).filter(|&i| self.fired[i] != 0) {
            self.spikes += 1;
            let excites = source < self.network.excitatory;
            let (sums, weight) = if excites {
                (&mut *ex, self.network.weight)
            } else {
                (&mut *inh, -G * self.network.weight)
            };
            for &target in &self.targets[self.first[source]..self.first[source + 1]] {
                sums[target as usize] += weight;
            }
        }
    }
}

fn engine(order: usize) -> ovenbird::Result<(Simulation, u32)> {
    let network = Network::new(order);
    let mut sim = ovenbird::simulation();
    let parameters = dict([
        ("E_L", 0.0.into()),
        ("C_m", C_M.into()),
        ("tau_m", TAU_M.into()),
        ("t_ref", REFRACTORY.into()),
        ("V_th", THRESHOLD.into()),
        ("V_reset", 0.0.into()),
        ("V_m", 0.0.into()),
        ("tau_syn_ex", TAU_SYN.into()),
        ("tau_syn_in", TAU_SYN.into()),
    ]);
    let ex = sim
        .create("iaf_psc_alpha", network.excitatory as i64)?
        .ids();
    let inh = sim
        .create("iaf_psc_alpha", network.inhibitory as i64)?
        .ids();
    let all = [ex.clone(), inh.clone()].concat();
    sim.set(&all, &parameters)?;
    let noise = sim.create("poisson_generator", 1)?.ids();
    sim.set(
        &noise,
        &dict([("rate", (network.drive / STEP * 1000.0).into())]),
    )?;
    let recorder = sim.create("spike_recorder", 1)?;
    let excite = [static_synapse(&sim, network.weight, DELAY)?];
    let inhibit = [static_synapse(&sim, -G * network.weight, DELAY)?];
    let degree = |n: usize| fixed_indegree((n / 10) as u32);
    sim.connect(&noise, &all, &all_to_all(), &excite)?;
    sim.connect(&ex, &all, &degree(network.excitatory)?, &excite)?;
    sim.connect(&inh, &all, &degree(network.inhibitory)?, &inhibit)?;
    sim.connect(&all, &recorder.ids(), &all_to_all(), &excite)?;
    sim.prepare()?;
    Ok((sim, recorder.first))
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// The least of several times each: what other load on the machine adds is left out.
fn least_of(rounds: usize, mut a: impl FnMut(), mut b: impl FnMut()) -> (Duration, Duration) {
    let mut least = (Duration::MAX, Duration::MAX);
    for _ in 0..rounds {
        least.0 = least.0.min(timed(&mut a));
        least.1 = least.1.min(timed(&mut b));
    }
    least
}

#[test]
#[ignore = "measures: wants an optimised build and half a minute"]
fn a_balanced_network_takes_at_most_half_as_long_again_as_a_bare_loop() {
    let order = 2500;
    let mut bare = Bare::new(order);
    let (mut sim, recorder) = engine(order).expect("valid");
    let span = 20.0;
    let run = |sim: &mut Simulation| {
        sim.run(span, &mut |_| RunControl::Continue)
            .expect("prepared");
    };
    // beyond the first volleys, and every page touched
    run(&mut sim);
    bare.advance((span / STEP) as usize);
    let rounds = 9;
    let (engine, loops) = least_of(
        rounds,
        || run(&mut sim),
        || bare.advance((span / STEP) as usize),
    );
    let events = sim.events(recorder).expect("a recorder").times.len();
    let rate = |spikes: usize| spikes as f64 / (rounds + 1) as f64 / span / order as f64 / 5.0;
    let (of_engine, of_loop) = (rate(events), rate(bare.spikes));
    assert!(
        (of_engine / of_loop - 1.0).abs() < 0.1,
        "{of_engine} {of_loop}"
    );
    let ratio = engine.as_secs_f64() / loops.as_secs_f64();
    assert!(
        ratio < 1.5,
        "{ratio:.2} times the bare loop: {engine:?}, {loops:?}"
    );
}

/// Connections per second against plain pushes of random numbers of the same size.
#[test]
#[ignore = "measures: wants an optimised build and half a minute"]
fn connecting_takes_a_small_multiple_of_storing_what_was_drawn() {
    let (n, degree) = (4000, 500);
    let connect = || {
        let mut sim = ovenbird::simulation();
        let ids = sim.create("iaf_psc_alpha", n).expect("known").ids();
        let synapse = [static_synapse(&sim, 1.0, DELAY).expect("valid")];
        let rule = fixed_indegree(degree).expect("valid");
        sim.connect(&ids, &ids, &rule, &synapse).expect("valid");
        sim.prepare().expect("idle");
    };
    let store = || {
        let mut random = XorShift(7);
        let mut rows = vec![Vec::new(); n as usize];
        for target in 0..n as u32 {
            for _ in 0..degree {
                rows[random.below(n as usize) as usize].push(target);
            }
        }
        std::hint::black_box(rows);
    };
    let (engine, loops) = least_of(9, connect, store);
    let ratio = engine.as_secs_f64() / loops.as_secs_f64();
    assert!(
        ratio < 2.0,
        "{ratio:.2} times plain pushes: {engine:?}, {loops:?}"
    );
}
