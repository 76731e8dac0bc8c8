//! The hot paths one by one: update of neurons, Poisson drive, delivery of spikes, plasticity, build of
//! rows.
//!
//! Each works on a network that does nothing else; throughput is per neuron step, per event, or per
//! synapse.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ovenbird::core::simulation::{RunControl, Simulation};
use ovenbird::prelude::*;
use std::hint::black_box;
use std::time::Duration;

const NEURONS: i64 = 10_000;
const STEPS: u64 = 100;
/// Steps of `STEPS` at the default resolution, in ms.
const SPAN: f64 = 10.0;

fn number(x: f64) -> Parameter {
    Parameter::constant(x).expect("finite")
}

fn synapse(sim: &Simulation, weight: Amount, delay: Amount) -> [SynSpec; 1] {
    [SynSpec {
        model: sim.synapse_index("static_synapse").expect("known"),
        weight,
        delay: Some(delay),
        receptor: vec![0],
        numbers: Vec::new(),
        elements: None,
    }]
}

fn normal(mean: f64, std: f64, min: f64) -> Amount {
    let p = Parameter::normal(mean, std).expect("in the domain");
    Amount::Drawn(Parameter::redraw(&p, min, f64::INFINITY).expect("in the domain"))
}

fn run(sim: &mut Simulation) {
    let control = sim.run(SPAN, &mut |_| RunControl::Continue);
    black_box(control.expect("prepared"));
}

/// Neurons without input.
fn update(c: &mut Criterion) {
    let mut group = c.benchmark_group("update");
    group.throughput(Throughput::Elements(NEURONS as u64 * STEPS));
    for model in [
        "iaf_psc_alpha",
        "iaf_psc_exp",
        "iaf_psc_delta",
        "iaf_cond_exp",
        "iaf_cond_alpha",
        "hh_psc_alpha",
        "hh_cond_exp_traub",
        "hh_psc_alpha_gap",
    ] {
        let mut sim = ovenbird::simulation();
        sim.create(model, NEURONS).expect("known");
        sim.prepare().expect("idle");
        group.bench_function(model, |b| b.iter(|| run(&mut sim)));
    }
    group.finish();
}

/// The same neurons with an independent Poisson drive each: the difference is the drive.
fn poisson(c: &mut Criterion) {
    let mut group = c.benchmark_group("poisson_drive");
    group.throughput(Throughput::Elements(NEURONS as u64 * STEPS));
    for rate in [1000.0, 20_000.0] {
        let mut sim = ovenbird::simulation();
        let neurons = sim.create("iaf_psc_delta", NEURONS).expect("known").ids();
        let noise = sim.create("poisson_generator", 1).expect("known");
        sim.set(&noise.ids(), &dict([("rate", rate.into())]))
            .expect("valid");
        let weak = synapse(&sim, Amount::Same(1e-9), Amount::Same(1.5));
        sim.connect(&noise.ids(), &neurons, &all_to_all(), &weak)
            .expect("valid");
        sim.prepare().expect("idle");
        group.bench_function(format!("{rate}"), |b| b.iter(|| run(&mut sim)));
    }
    group.finish();
}

/// A thousand neurons spike every 2 ms, to 1000 targets each; the update of the targets is included.
fn deliver(c: &mut Criterion) {
    let mut group = c.benchmark_group("deliver");
    let (sources, out) = (1000, 1000.0);
    group.throughput(Throughput::Elements(
        sources * out as u64 * (SPAN / 2.0) as u64,
    ));
    for spread in [false, true] {
        let mut sim = ovenbird::simulation();
        let neurons = sim.create("iaf_psc_alpha", NEURONS).expect("known").ids();
        let busy = sim
            .create("iaf_psc_alpha", sources as i64)
            .expect("known")
            .ids();
        let forced = dict([
            ("ignore_and_spike", true.into()),
            ("ignore_and_spike_interval", 2.0.into()),
        ]);
        sim.set(&busy, &forced).expect("valid");
        let (weight, delay) = if spread {
            (normal(1e-9, 1e-10, 0.0), normal(1.5, 0.75, 0.1))
        } else {
            (Amount::Same(1e-9), Amount::Same(1.5))
        };
        let rule = ConnSpec::new(Rule::FixedOutdegree(number(out)));
        let synapses = synapse(&sim, weight, delay);
        sim.connect(&busy, &neurons, &rule, &synapses)
            .expect("valid");
        sim.prepare().expect("idle");
        let name = if spread {
            "own_weights_and_delays"
        } else {
            "homogeneous"
        };
        group.bench_function(name, |b| b.iter(|| run(&mut sim)));
    }
    group.finish();
}

/// A thousand neurons that spike at random, 15 times per second on average, with plastic connections
/// from each to a thousand; the update of the neurons is included.
fn plasticity(c: &mut Criterion) {
    let mut group = c.benchmark_group("plasticity");
    let (n, degree, rate) = (1000, 1000.0, 15.0);
    group.throughput(Throughput::Elements(
        (n as f64 * degree * rate * SPAN * 1e-3) as u64,
    ));
    for model in ["stdp_synapse", "stdp_pl_synapse_hom", "tsodyks2_synapse"] {
        let mut sim = ovenbird::simulation();
        let neurons = sim.create("iaf_psc_delta", n).expect("known").ids();
        let noise = sim.create("poisson_generator", 1).expect("known");
        sim.set(&noise.ids(), &dict([("rate", rate.into())]))
            .expect("valid");
        let strong = synapse(&sim, Amount::Same(1000.0), Amount::Same(1.5));
        sim.connect(&noise.ids(), &neurons, &all_to_all(), &strong)
            .expect("valid");
        if model.starts_with("stdp") {
            sim.set_defaults(model, &dict([("lambda", 1e-9.into())]))
                .expect("valid");
        }
        let weak = SynSpec {
            model: sim.synapse_index(model).expect("known"),
            ..synapse(&sim, Amount::Same(1e-6), Amount::Same(1.5))[0].clone()
        };
        let rule = ConnSpec::new(Rule::FixedIndegree(number(degree)));
        sim.connect(&neurons, &neurons, &rule, &[weak])
            .expect("valid");
        sim.prepare().expect("idle");
        run(&mut sim);
        group.bench_function(model, |b| b.iter(|| run(&mut sim)));
    }
    group.finish();
}

/// Connect, and the rows that are made of it when a run is prepared.
fn build(c: &mut Criterion) {
    let mut group = c.benchmark_group("build");
    let (n, degree) = (4000, 500.0);
    group.throughput(Throughput::Elements(n as u64 * degree as u64));
    for spread in [false, true] {
        let name = if spread {
            "own_weights_and_delays"
        } else {
            "homogeneous"
        };
        group.bench_function(name, |b| {
            let fresh = || {
                let mut sim = ovenbird::simulation();
                let neurons = sim.create("iaf_psc_alpha", n).expect("known").ids();
                (sim, neurons)
            };
            b.iter_batched(
                fresh,
                |(mut sim, neurons)| {
                    let (weight, delay) = if spread {
                        (normal(1.0, 0.1, 0.0), normal(1.5, 0.75, 0.1))
                    } else {
                        (Amount::Same(1.0), Amount::Same(1.5))
                    };
                    let rule = ConnSpec::new(Rule::FixedIndegree(number(degree)));
                    let synapses = synapse(&sim, weight, delay);
                    sim.connect(&neurons, &neurons, &rule, &synapses)
                        .expect("valid");
                    sim.prepare().expect("idle");
                    sim
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group! {
    name = kernels;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    targets = update, poisson, deliver, plasticity, build
}
criterion_main!(kernels);
