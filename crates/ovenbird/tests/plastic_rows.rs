//! Rows of plastic connections that reach thousands of targets in two families, with many spikes to
//! read at once: the rule applied spike by spike, and the same bits at every width and on any number
//! of threads.

use ovenbird::core::math::Width;
use ovenbird::core::simulation::Filter;
use ovenbird::prelude::*;
use std::collections::BTreeMap;

const MODEL: &str = "stdp_pl_synapse_hom";
const DURATION: f64 = 1000.0;
const WEIGHT: f64 = 5.0;
/// Mean intervals of the sources (ms): the last one is silent for up to forty spikes of a target.
const INTERVALS: [f64; 4] = [2.0, 10.0, 40.0, 300.0];

/// A connection: source, target, delay and weight.
type Connection = (u32, u32, f64, f64);

struct Outcome {
    connections: Vec<Connection>,
    trains: BTreeMap<u32, Vec<f64>>,
}

/// Spikes at irregular intervals of this mean.
fn train(mean: f64, source: usize) -> Vec<f64> {
    let share = |i: usize| (0.618_034 * (i + 17 * source) as f64).fract();
    let mut times = vec![5.0];
    while let Some(&last) = times.last().filter(|t| **t < DURATION - 20.0) {
        let interval = 2.0 * mean * share(times.len());
        times.push(last + 0.1 * (10.0 * interval).round().max(2.0));
    }
    times
}

/// Generators of given trains for parrots, which have connections of several delays to neurons
/// that fire at 10 to 60 Hz.
fn build(sim: &mut Simulation, mu: f64) -> ovenbird::Result<Vec<u32>> {
    let many = sim.create("iaf_psc_alpha", 2100)?.ids();
    let few = sim.create("iaf_psc_exp", 300)?.ids();
    for (ids, factor) in [(&many, 7), (&few, 11)] {
        let current = |i: usize| 380.0 + (i * factor % 97) as f64 * 5.0;
        let currents = (0..ids.len()).map(current).collect();
        sim.set(ids, &dict([("I_e", Value::Floats(currents))]))?;
    }
    let once = [static_synapse(sim, 1.0, 1.0)?];
    let sources = sim.create("parrot_neuron", INTERVALS.len() as i64)?.ids();
    for (s, (&source, mean)) in sources.iter().zip(INTERVALS).enumerate() {
        let generator = sim.create("spike_generator", 1)?.ids();
        let times = Value::Floats(train(mean, s));
        sim.set(&generator, &dict([("spike_times", times)]))?;
        sim.connect(&generator, &[source], &all_to_all(), &once)?;
    }
    sim.set_defaults(MODEL, &dict([("mu", mu.into())]))?;
    let all: Vec<u32> = many.iter().chain(&few).copied().collect();
    for (delay, targets) in [(1.5, &all), (3.0, &many), (10.0, &all)] {
        let synapse = dict([
            ("synapse_model", Value::Str(MODEL.to_owned())),
            ("weight", WEIGHT.into()),
            ("delay", delay.into()),
        ]);
        let synapse = [sim.syn_spec(synapse)?];
        sim.connect(&sources, targets, &all_to_all(), &synapse)?;
    }
    Ok(all.into_iter().chain(sources).collect())
}

fn column(sim: &mut Simulation, key: &str) -> ovenbird::Result<Vec<f64>> {
    let filter = Filter {
        model: Some(sim.synapse_index(MODEL)?),
        ..Filter::default()
    };
    let mut set = sim.connections(&filter)?;
    let values = sim.connection_values(&mut set, key)?.expect("a key");
    (0..set.len()).map(|i| values.at(i).as_float(key)).collect()
}

fn simulate(threads: i64, width: Width, mu: f64) -> ovenbird::Result<Outcome> {
    let mut sim = ovenbird::simulation();
    sim.set_width(width);
    sim.set_status(&dict([("local_num_threads", threads.into())]))?;
    let neurons = build(&mut sim, mu)?;
    let recorder = sim.create("spike_recorder", 1)?;
    let once = [static_synapse(&sim, 1.0, 1.0)?];
    sim.connect(&neurons, &recorder.ids(), &all_to_all(), &once)?;
    sim.simulate(DURATION)?;
    let mut trains: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    let events = sim.events(recorder.first)?;
    for (sender, time) in events.senders.iter().zip(events.times.iter()) {
        trains.entry(*sender).or_default().push(*time);
    }
    let ends = column(&mut sim, "source")?.into_iter();
    let ends = ends.zip(column(&mut sim, "target")?);
    let numbers = column(&mut sim, "delay")?.into_iter();
    let numbers = numbers.zip(column(&mut sim, "weight")?);
    let mut connections: Vec<Connection> = ends
        .zip(numbers)
        .map(|((source, target), (delay, weight))| (source as u32, target as u32, delay, weight))
        .collect();
    connections.sort_by(|a, b| a.partial_cmp(b).expect("numbers"));
    Ok(Outcome {
        connections,
        trains,
    })
}

/// The weight after all spikes of the source, each with those of the target that reach the synapse
/// before it; and how many of them it had to read at most.
fn expected(source: &[f64], target: &[f64], delay: f64, mu: f64) -> (f64, usize) {
    let decay = |interval: f64| (-interval / 20.0).exp();
    let (mut w, mut k_plus, mut last) = (WEIGHT, 0.0, 0.0);
    // the trace of the target and its last spike in it; the number of spikes read
    let (mut k_minus, mut before, mut read, mut most) = (0.0, 0.0, 0, 0);
    for &time in source {
        let new = target[read..].partition_point(|&t| t + delay < time + 1e-6);
        for t in &target[read..read + new] {
            w += 0.1 * w.powf(mu) * k_plus * decay(t + delay - last);
        }
        // a spike that arrives with the source's own is read, but is not in the trace
        let simultaneous = target[read..read + new]
            .last()
            .is_some_and(|t| t + delay > time - 1e-6);
        let past = &target[read..read + new - usize::from(simultaneous)];
        let (mut trace, mut newest) = (k_minus, before);
        for &t in past {
            (trace, newest) = (trace * decay(t - newest) + 1.0, t);
        }
        w = (w - 0.1 * w * trace * decay(time - delay - newest)).max(0.0);
        (k_minus, before) = (trace, newest);
        if simultaneous {
            let t = target[read + new - 1];
            (k_minus, before) = (k_minus * decay(t - before) + 1.0, t);
        }
        (read, most) = (read + new, most.max(new));
        (k_plus, last) = (k_plus * decay(time - last) + 1.0, time);
    }
    (w, most)
}

#[test]
fn weights_are_those_of_the_rule_spike_by_spike() -> ovenbird::Result<()> {
    for mu in [0.4, 1.0, -0.7] {
        let outcome = simulate(1, Width::widest(), mu)?;
        let mut most = 0;
        for &(source, target, delay, weight) in &outcome.connections {
            let [pre, post] = [source, target].map(|id| &outcome.trains[&id]);
            let (expected, read) = expected(pre, post, delay, mu);
            let error = (weight - expected).abs() / expected;
            let at = format!("{source} to {target} after {delay} ms, mu {mu}");
            assert!(error < 1e-12, "{at}: {weight} is not {expected}");
            most = most.max(read);
        }
        assert!(most > 20, "spikes that are not at hand are read: {most}");
    }
    Ok(())
}

#[test]
fn weights_have_the_same_bits_at_every_width_and_on_any_number_of_threads() -> ovenbird::Result<()>
{
    let weights = |threads, width| -> ovenbird::Result<Vec<_>> {
        let connections = simulate(threads, width, 0.4)?.connections.into_iter();
        Ok(connections
            .map(|c| (c.0, c.1, c.2.to_bits(), c.3.to_bits()))
            .collect())
    };
    let one = weights(1, Width::widest())?;
    for width in Width::available() {
        assert!(weights(2, width)? == one, "{width:?}");
    }
    for threads in [3, 40] {
        assert!(
            weights(threads, Width::widest())? == one,
            "{threads} threads"
        );
    }
    Ok(())
}
