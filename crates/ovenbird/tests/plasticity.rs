//! Plastic synapses: closed forms, and the same bits on any number of threads.

use ovenbird::core::math::Width;
use ovenbird::core::simulation::Filter;
use ovenbird::prelude::*;

fn spec(sim: &Simulation, entries: Dict) -> ovenbird::Result<[SynSpec; 1]> {
    Ok([sim.syn_spec(entries)?])
}

fn column(sim: &mut Simulation, model: &str, key: &str) -> ovenbird::Result<Vec<f64>> {
    let filter = Filter {
        model: Some(sim.synapse_index(model)?),
        ..Filter::default()
    };
    let mut set = sim.connections(&filter)?;
    let column = sim
        .connection_values(&mut set, key)?
        .expect("the model has it");
    let number = |i| column.at(i).as_float(key);
    (0..set.len()).map(number).collect()
}

/// Two parrots that repeat given spikes, and a synapse from the first to the second.
fn pair(
    (pre, post): (&[f64], &[f64]),
    synapse: Dict,
    delay: f64,
) -> ovenbird::Result<(Simulation, Nodes)> {
    let mut sim = ovenbird::simulation();
    let parrots = sim.create("parrot_neuron", 2)?;
    for (parrot, times) in parrots.ids().into_iter().zip([pre, post]) {
        let generator = sim.create("spike_generator", 1)?;
        // a parrot repeats a spike after the delay of one step
        let times = times.iter().map(|t| t - 0.1).collect();
        sim.set(
            &generator.ids(),
            &dict([("spike_times", Value::Floats(times))]),
        )?;
        let synapse = [static_synapse(&sim, 1.0, 0.1)?];
        sim.connect(&generator.ids(), &[parrot], &all_to_all(), &synapse)?;
    }
    let mut entries = synapse;
    entries.set("delay", delay.into());
    entries.set("receptor_type", 1i64.into());
    let spec = spec(&sim, entries)?;
    sim.connect(&[parrots.first], &[parrots.last], &all_to_all(), &spec)?;
    Ok((sim, parrots))
}

fn close(a: f64, b: f64) {
    assert!((a - b).abs() <= 1e-13 * b.abs().max(1.0), "{a} is not {b}");
}

/// Additive STDP: the textbook window. The target's spike counts when it reaches the synapse.
#[test]
fn a_pair_of_spikes_changes_the_weight_by_the_stdp_window() -> ovenbird::Result<()> {
    let delay = 1.5;
    for interval in [-40.0f64, -7.3, -0.1, 0.1, 3.2, 25.0] {
        let pre = 50.0;
        let post = pre + interval - delay;
        // a last spike of the source brings the weight up to date
        let end = 1000.0;
        let synapse = dict([
            ("synapse_model", Value::Str("stdp_synapse".to_owned())),
            ("weight", 50.0.into()),
            ("lambda", 0.01.into()),
            ("alpha", 1.2.into()),
            ("mu_plus", 0.0.into()),
            ("mu_minus", 0.0.into()),
            ("tau_plus", 17.0.into()),
        ]);
        let (mut sim, parrots) = pair((&[pre, end], &[post]), synapse, delay)?;
        sim.set(&[parrots.last], &dict([("tau_minus", 33.0.into())]))?;
        sim.simulate(1100.0)?;
        let change = |after: f64, tau: f64| (-after / tau).exp();
        // at the last spike the trace of the target has decayed, but not to nothing
        let late = -1.2 * change(end - delay - post, 33.0);
        let first = if interval > 0.0 {
            change(interval, 17.0)
        } else {
            -1.2 * change(-interval, 33.0)
        };
        let expected = 50.0 + 100.0 * 0.01 * (first + late);
        close(column(&mut sim, "stdp_synapse", "weight")?[0], expected);
    }
    Ok(())
}

/// A spike of the target that reaches the synapse together with one of the source facilitates with
/// the trace before it, and does not depress.
#[test]
fn simultaneous_spikes_do_not_depress_each_other() -> ovenbird::Result<()> {
    let synapse = dict([
        (
            "synapse_model",
            Value::Str("stdp_pl_synapse_hom".to_owned()),
        ),
        ("weight", 20.0.into()),
    ]);
    let (mut sim, _) = pair((&[30.0, 40.0], &[39.0]), synapse, 1.0)?;
    sim.simulate(60.0)?;
    let expected = 20.0 + 0.1 * 20f64.powf(0.4) * (-10.0f64 / 20.0).exp();
    close(
        column(&mut sim, "stdp_pl_synapse_hom", "weight")?[0],
        expected,
    );
    close(
        column(&mut sim, "stdp_pl_synapse_hom", "Kplus")?[0],
        1.0 + (-0.5f64).exp(),
    );
    Ok(())
}

/// Depletion without facilitation: each release takes the fraction U of what has recovered.
#[test]
fn resources_recover_exponentially() -> ovenbird::Result<()> {
    let synapse = dict([
        ("synapse_model", Value::Str("tsodyks2_synapse".to_owned())),
        ("tau_rec", 100.0.into()),
        ("U", 0.4.into()),
        ("u", 0.4.into()),
    ]);
    let (mut sim, _) = pair((&[10.0, 30.0, 80.0], &[]), synapse, 1.0)?;
    sim.simulate(100.0)?;
    let mut x = 1.0f64;
    for h in [20.0f64, 50.0] {
        x = 1.0 - (1.0 - (x - 0.4 * x)) * (-h / 100.0).exp();
    }
    close(column(&mut sim, "tsodyks2_synapse", "x")?[0], x);
    Ok(())
}

/// Plastic synapses of many models onto one population that fires at its own rhythm: spikes,
/// weights and traces.
fn network(threads: i64, width: Width) -> ovenbird::Result<(Vec<f64>, Vec<u64>)> {
    let mut sim = ovenbird::simulation();
    sim.set_width(width);
    sim.set_status(&dict([
        ("local_num_threads", threads.into()),
        ("rng_seed", 3i64.into()),
    ]))?;
    let n = 330u32;
    let cells = sim.create("iaf_psc_alpha", n.into())?.ids();
    let currents = (0..n).map(|i| 380.0 + f64::from(i * 7 % 31)).collect();
    sim.set(&cells, &dict([("I_e", Value::Floats(currents))]))?;
    sim.set(
        &cells[..n as usize / 2],
        &dict([("tau_minus", 11.0.into())]),
    )?;
    let drawn = |p: std::result::Result<Parameter, _>| Value::Parameter(p.expect("in the domain"));
    let models: [(&str, &str, Value); 9] = [
        ("stdp_pl_synapse_hom", "Kplus", 0.5.into()),
        (
            "stdp_synapse",
            "lambda",
            drawn(Parameter::uniform(0.0, 0.2)),
        ),
        ("stdp_nn_symm_synapse", "lambda", 0.1.into()),
        (
            "stdp_nn_pre_centered_synapse",
            "Kplus",
            drawn(Parameter::uniform(0.0, 1.0)),
        ),
        ("stdp_triplet_synapse", "Aplus", 0.01.into()),
        ("tsodyks_synapse", "U", drawn(Parameter::uniform(0.2, 0.9))),
        ("bernoulli_synapse", "p_transmit", 0.4.into()),
        ("quantal_stp_synapse", "n", 3i64.into()),
        ("static_synapse_lbl", "synapse_label", 4i64.into()),
    ];
    for (i, (model, key, value)) in models.into_iter().enumerate() {
        let delays = drawn(Parameter::uniform(0.5, 4.0));
        let synapse = spec(
            &sim,
            dict([
                ("synapse_model", Value::Str(model.to_owned())),
                ("weight", (4.0 + i as f64).into()),
                ("delay", delays),
                (key, value),
            ]),
        )?;
        sim.connect(&cells, &cells, &fixed_indegree(9)?, &synapse)?;
        if i == 4 {
            // groups of these get states unlike those of later connections
            sim.simulate(40.0)?;
        }
    }
    let recorder = sim.create("spike_recorder", 1)?;
    let plain = [static_synapse(&sim, 1.0, 1.0)?];
    sim.connect(&cells, &recorder.ids(), &all_to_all(), &plain)?;
    sim.simulate(160.0)?;
    let filter = Filter {
        model: Some(sim.synapse_index("stdp_synapse")?),
        ..Filter::default()
    };
    let all = sim.connections(&filter)?;
    let mut changed = sim.take_connections(&all, &[0, 5, 1000])?;
    let numbers = dict([("Kplus", 0.25.into()), ("weight", 33.0.into())]);
    sim.set_connections(&mut changed, &numbers)?;
    sim.simulate(60.3)?;
    let mut bits = Vec::new();
    for (model, key) in [
        ("stdp_pl_synapse_hom", "weight"),
        ("stdp_synapse", "weight"),
        ("stdp_synapse", "Kplus"),
        ("stdp_nn_symm_synapse", "weight"),
        ("stdp_nn_pre_centered_synapse", "Kplus"),
        ("stdp_triplet_synapse", "weight"),
        ("tsodyks_synapse", "x"),
        ("quantal_stp_synapse", "a"),
    ] {
        let values = column(&mut sim, model, key)?;
        assert_eq!(values.len(), 9 * n as usize);
        bits.extend(values.into_iter().map(f64::to_bits));
    }
    Ok((sim.events(recorder.first)?.times, bits))
}

#[test]
fn plastic_networks_have_the_same_bits_on_any_number_of_threads() -> ovenbird::Result<()> {
    let (spikes, numbers) = network(1, Width::widest())?;
    assert!(spikes.len() > 1000, "{} spikes", spikes.len());
    for threads in [2, 3, 7] {
        let (other_spikes, other_numbers) = network(threads, Width::widest())?;
        assert!(spikes == other_spikes, "{threads} threads");
        assert!(numbers == other_numbers, "{threads} threads");
    }
    for width in Width::available() {
        let (other_spikes, other_numbers) = network(2, width)?;
        assert!(spikes == other_spikes, "{width:?}");
        assert!(numbers == other_numbers, "{width:?}");
    }
    Ok(())
}

/// A synapse between equal neurons takes few bytes, and its history does not grow with time.
#[test]
fn plastic_synapses_are_small_and_histories_stay_short() -> ovenbird::Result<()> {
    let mut sim = ovenbird::simulation();
    let cells = sim.create("iaf_psc_alpha", 500)?.ids();
    sim.set(&cells, &dict([("I_e", 600.0.into())]))?;
    let synapse = spec(
        &sim,
        dict([
            ("synapse_model", Value::Str("stdp_synapse".to_owned())),
            ("weight", 1.0.into()),
        ]),
    )?;
    sim.connect(&cells, &cells, &fixed_indegree(200)?, &synapse)?;
    sim.prepare()?;
    sim.cleanup()?;
    let status = sim.status();
    let held = status
        .get("memory_connections")
        .expect("a kernel attribute");
    let per_synapse = held.as_float("memory_connections")? / (500.0 * 200.0);
    assert!(per_synapse < 16.0, "{per_synapse} bytes");
    sim.simulate(3000.0)?;
    for group in sim.groups(&cells)? {
        let lengths = sim.get(&group, "archiver_length").expect("neurons archive");
        for i in 0..group.ids.len() {
            let length = lengths.at(i).as_int("archiver_length")?;
            assert!(length < 40, "{length} spikes are kept");
        }
    }
    Ok(())
}
