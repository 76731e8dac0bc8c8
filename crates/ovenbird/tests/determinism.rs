//! One seed gives the same bits on any number of threads.

use ovenbird::core::math::Width;
use ovenbird::prelude::*;

type Outcome = (Vec<(f64, u32)>, Vec<u64>);

fn parameter(p: std::result::Result<Parameter, impl std::fmt::Debug>) -> Parameter {
    p.expect("arguments are in their domains")
}

fn normal(mean: f64, std: f64, min: f64, max: f64) -> Amount {
    let drawn = parameter(Parameter::normal(mean, std));
    Amount::Drawn(parameter(Parameter::redraw(&drawn, min, max)))
}

/// A random network that uses several rules, homogeneous and distributed synapses, and two runs
/// with new connections between them.
fn simulate(threads: usize, width: Width) -> ovenbird::Result<Outcome> {
    let mut sim = ovenbird::simulation();
    sim.set_width(width);
    sim.set_status(&dict([
        ("local_num_threads", (threads as i64).into()),
        ("rng_seed", 42i64.into()),
    ]))?;
    let ex = sim.create("iaf_psc_alpha", 1300)?;
    let inh = sim.create("iaf_psc_alpha", 301)?;
    let all: Vec<u32> = ex.ids().into_iter().chain(inh.ids()).collect();
    let spread = Value::Parameter(parameter(Parameter::uniform(-75.0, -56.0)));
    sim.set(&all, &dict([("V_m", spread)]))?;
    let currents = (0..all.len()).map(|i| 300.0 + (i % 5) as f64).collect();
    sim.set(&all, &dict([("I_e", Value::Floats(currents))]))?;

    let static_index = sim.synapse_index("static_synapse")?;
    let synapse = |weight, delay| {
        [SynSpec {
            model: static_index,
            weight,
            delay: Some(delay),
            receptor: vec![0],
            numbers: Vec::new(),
            elements: None,
        }]
    };
    let infinite = f64::INFINITY;
    let noise = sim.create("poisson_generator", 2)?;
    sim.set(&noise.ids(), &dict([("rate", 9000.0.into())]))?;
    let drive = synapse(Amount::Same(20.0), Amount::Same(0.7));
    sim.connect(&noise.ids(), &all, &all_to_all(), &drive)?;
    let fixed = |k: f64| ConnSpec::new(Rule::FixedIndegree(parameter(Parameter::constant(k))));
    sim.connect(
        &ex.ids(),
        &all,
        &fixed(40.0),
        &synapse(normal(15.0, 5.0, 0.0, infinite), normal(1.5, 0.8, 0.3, 9.0)),
    )?;
    let total = ConnSpec::new(Rule::FixedTotalNumber(20_011));
    sim.connect(
        &inh.ids(),
        &all,
        &total,
        &synapse(
            normal(-70.0, 10.0, -infinite, 0.0),
            normal(0.8, 0.4, 0.3, 5.0),
        ),
    )?;
    let some = ConnSpec {
        allow_autapses: false,
        ..ConnSpec::new(Rule::PairwiseBernoulli(parameter(Parameter::constant(
            0.02,
        ))))
    };
    sim.connect(
        &ex.ids(),
        &inh.ids(),
        &some,
        &synapse(Amount::Same(12.5), Amount::Same(1.1)),
    )?;
    let recorder = sim.create("spike_recorder", 1)?;
    let plain = synapse(Amount::Same(1.0), Amount::Same(1.0));
    sim.connect(&all, &recorder.ids(), &all_to_all(), &plain)?;
    sim.simulate(100.0)?;
    let few = ConnSpec {
        allow_multapses: false,
        ..fixed(7.0)
    };
    sim.connect(
        &all,
        &ex.ids(),
        &few,
        &synapse(normal(3.0, 4.0, -9.0, 9.0), Amount::Same(2.0)),
    )?;
    sim.simulate(80.3)?;

    let events = sim.events(recorder.first)?;
    let spikes: Vec<_> = events.times.into_iter().zip(events.senders).collect();
    let mut bits = Vec::new();
    for group in sim.groups(&all)? {
        let column = sim.get(&group, "V_m").expect("neurons have a membrane");
        bits.extend((0..group.ids.len()).map(|i| match column.at(i) {
            Value::Float(x) => x.to_bits(),
            other => panic!("V_m is a number, not {other:?}"),
        }));
    }
    Ok((spikes, bits))
}

#[test]
fn spikes_and_potentials_have_the_same_bits_on_any_number_of_threads() -> ovenbird::Result<()> {
    let (spikes, potentials) = simulate(1, Width::widest())?;
    assert!(
        spikes.len() > 1000,
        "the network is active: {}",
        spikes.len()
    );
    for threads in [2, 3, 7] {
        let (s, v) = simulate(threads, Width::widest())?;
        assert!(s == spikes, "spikes differ on {threads} threads");
        assert!(v == potentials, "potentials differ on {threads} threads");
    }
    Ok(())
}

#[test]
fn vector_instructions_change_no_bit() -> ovenbird::Result<()> {
    let widest = simulate(2, Width::widest())?;
    for width in Width::available() {
        assert!(simulate(2, width)? == widest, "{width:?}");
    }
    Ok(())
}
