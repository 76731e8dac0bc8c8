//! Structural plasticity: targets are reached, counts agree with connections, and neither threads
//! nor ranks change a bit.

use ovenbird::core::rank::{Communicator, in_process};
use ovenbird::core::simulation::Filter;
use ovenbird::prelude::*;

type Rank = Box<dyn Communicator>;

/// Connections as (source, target), and the elements of the nodes of this rank.
#[derive(Debug, PartialEq, Default)]
struct Outcome {
    connections: Vec<(i64, i64)>,
    elements: Vec<(u32, String)>,
}

fn on(rank: Option<Rank>) -> Simulation {
    let registry = ovenbird::models::registry();
    match rank {
        Some(rank) => Simulation::with_ranks(registry, rank),
        None => Simulation::new(registry),
    }
}

fn element(curve: &str, rate: f64, eps: f64) -> Value {
    Value::Dict(dict([
        ("growth_curve", curve.into()),
        ("growth_rate", rate.into()),
        ("eps", eps.into()),
        ("continuous", false.into()),
    ]))
}

fn grows(model: &str, autapses: bool, multapses: bool) -> Value {
    Value::Dict(dict([
        ("synapse_model", model.into()),
        ("pre_synaptic_element", "axon".into()),
        ("post_synaptic_element", "dendrite".into()),
        ("allow_autapses", autapses.into()),
        ("allow_multapses", multapses.into()),
    ]))
}

/// Noisy neurons whose elements first grow, and retract when calcium exceeds `target`.
fn network(
    sim: &mut Simulation,
    (threads, model): (i64, &str),
    multapses: bool,
    target: f64,
) -> ovenbird::Result<Vec<u32>> {
    sim.set_status(&dict([
        ("local_num_threads", threads.into()),
        ("rng_seed", 7i64.into()),
        ("structural_plasticity_update_interval", 25.0.into()),
    ]))?;
    sim.copy_model(
        model,
        "grown",
        &dict([("weight", 60.0.into()), ("delay", 1.5.into())]),
    )?;
    let synapses = dict([("all", grows("grown", false, multapses))]);
    sim.set_status(&dict([(
        "structural_plasticity_synapses",
        Value::Dict(synapses),
    )]))?;
    let elements = dict([
        ("axon", element("sigmoid", 0.02, 1.2 * target)),
        ("dendrite", element("linear", 0.02, target)),
    ]);
    let params = dict([
        ("synaptic_elements", Value::Dict(elements)),
        ("tau_Ca", 100.0.into()),
        ("beta_Ca", 0.05.into()),
    ]);
    let neurons = sim.create_with("iaf_psc_alpha", 40, &params)?.ids();
    let noise = sim.create_with("poisson_generator", 1, &dict([("rate", 2000.0.into())]))?;
    let drive = [ovenbird::static_synapse(sim, 35.0, 1.5)?];
    sim.connect(&noise.ids(), &neurons, &all_to_all(), &drive)?;
    sim.enable_structural_plasticity();
    Ok(neurons)
}

fn look(sim: &mut Simulation, neurons: &[u32]) -> ovenbird::Result<Outcome> {
    let mut out = Outcome::default();
    let model = sim.synapse_index("grown")?;
    let filter = Filter {
        model: Some(model),
        ..Filter::default()
    };
    let mut set = sim.connections(&filter)?;
    let n = set.len();
    let mut ends = |key: &str| -> ovenbird::Result<Vec<i64>> {
        let column = sim.connection_values(&mut set, key)?.expect("a key");
        (0..n).map(|i| column.at(i).as_int(key)).collect()
    };
    let (sources, targets) = (ends("source")?, ends("target")?);
    out.connections = sources.into_iter().zip(targets).collect();
    for group in sim.groups(neurons)? {
        let column = sim.get(&group, "synaptic_elements").expect("a key");
        for (i, &id) in group.ids.iter().enumerate() {
            if column.at(i) != Value::Unknown {
                out.elements.push((id, format!("{:?}", column.at(i))));
            }
        }
    }
    Ok(out)
}

fn taken(sim: &Simulation, neurons: &[u32], name: &str) -> Vec<i64> {
    let mut all = Vec::new();
    for group in sim.groups(neurons).expect("nodes exist") {
        let column = sim.get(&group, "synaptic_elements").expect("a key");
        for i in 0..group.ids.len() {
            let Value::Dict(elements) = column.at(i) else {
                panic!("elements are a dictionary");
            };
            let Some(Value::Dict(e)) = elements.get(name) else {
                panic!("{name} exists");
            };
            all.push(
                e.get("z_connected")
                    .expect("a key")
                    .as_int("z")
                    .expect("a number"),
            );
        }
    }
    all
}

fn run(rank: Option<Rank>, threads: i64, model: &str) -> ovenbird::Result<Outcome> {
    let mut sim = on(rank);
    let neurons = network(&mut sim, (threads, model), true, 0.25)?;
    for ms in [110.3, 0.4, 239.3] {
        sim.simulate(ms)?;
    }
    look(&mut sim, &neurons)
}

#[test]
fn the_structure_does_not_depend_on_threads() -> ovenbird::Result<()> {
    for model in ["static_synapse", "stdp_synapse"] {
        let one = run(None, 1, model)?;
        assert!(
            one.connections.len() > 40,
            "{} connections",
            one.connections.len()
        );
        for threads in 2..=4 {
            assert_eq!(
                run(None, threads, model)?,
                one,
                "{model} on {threads} threads"
            );
        }
    }
    Ok(())
}

#[test]
fn the_structure_does_not_depend_on_ranks() -> ovenbird::Result<()> {
    let one = run(None, 1, "static_synapse")?;
    for (ranks, threads) in [(2, 1), (3, 2)] {
        let parts: Vec<ovenbird::Result<Outcome>> = std::thread::scope(|scope| {
            let start = |rank| scope.spawn(move || run(Some(rank), threads, "static_synapse"));
            let started: Vec<_> = in_process(ranks).into_iter().map(start).collect();
            let join = |t: std::thread::ScopedJoinHandle<'_, _>| t.join().expect("a rank passes");
            started.into_iter().map(join).collect()
        });
        let mut all = Outcome::default();
        for part in parts {
            let part = part?;
            all.connections.extend(part.connections);
            all.elements.extend(part.elements);
        }
        all.connections.sort_unstable();
        all.elements.sort();
        assert_eq!(all, one, "{ranks} ranks");
    }
    Ok(())
}

#[test]
fn elements_are_taken_by_exactly_the_connections_there_are() -> ovenbird::Result<()> {
    for multapses in [true, false] {
        let mut sim = on(None);
        let neurons = network(&mut sim, (2, "static_synapse"), multapses, 0.1)?;
        let (mut grew, mut shrank, mut before) = (false, false, 0);
        for _ in 0..30 {
            sim.simulate(25.0)?;
            let now = look(&mut sim, &neurons)?.connections;
            let mut unique = now.clone();
            unique.dedup();
            assert!(multapses || unique == now);
            assert!(now.iter().all(|(s, t)| s != t), "no autapses");
            let count = |end: fn(&(i64, i64)) -> i64| -> Vec<i64> {
                let of = |id: &u32| now.iter().filter(|c| end(c) == i64::from(*id)).count() as i64;
                neurons.iter().map(of).collect()
            };
            assert_eq!(taken(&sim, &neurons, "axon"), count(|c| c.0));
            assert_eq!(taken(&sim, &neurons, "dendrite"), count(|c| c.1));
            grew |= now.len() > before;
            shrank |= now.len() < before;
            before = now.len();
        }
        assert!(grew && shrank, "connections come and go");
    }
    Ok(())
}

#[test]
fn neurons_reach_their_target() -> ovenbird::Result<()> {
    let mut sim = on(None);
    sim.set_status(&dict([(
        "structural_plasticity_update_interval",
        20.0.into(),
    )]))?;
    sim.copy_model("static_synapse", "grown", &dict([("weight", 40.0.into())]))?;
    let synapses = dict([("all", grows("grown", true, true))]);
    sim.set_status(&dict([(
        "structural_plasticity_synapses",
        Value::Dict(synapses),
    )]))?;
    let (rate, tau, beta) = (8.0, 1000.0, 0.01);
    // the mean concentration at a rate in spikes per second
    let eps = rate * beta * tau / 1000.0;
    let source = dict([
        ("axon", element("linear", 0.0, eps)),
        ("dendrite", element("linear", 0.0, eps)),
    ]);
    let mut plenty = source.clone();
    if let Some(Value::Dict(axon)) = plenty
        .0
        .iter_mut()
        .find(|e| e.0 == "axon")
        .map(|e| &mut e.1)
    {
        axon.set("z", 10_000.0.into());
        axon.set("tau_vacant", 1e-12.into());
    }
    let parrots = sim.create_with(
        "parrot_neuron",
        20,
        &dict([("synaptic_elements", Value::Dict(plenty))]),
    )?;
    let noise = sim.create_with("poisson_generator", 1, &dict([("rate", 100.0.into())]))?;
    let drive = [ovenbird::static_synapse(&sim, 1.0, 1.0)?];
    sim.connect(&noise.ids(), &parrots.ids(), &all_to_all(), &drive)?;
    let elements = dict([("dendrite", element("linear", 0.003, eps))]);
    let params = dict([
        ("synaptic_elements", Value::Dict(elements)),
        ("tau_Ca", tau.into()),
        ("beta_Ca", beta.into()),
    ]);
    let neurons = sim.create_with("iaf_psc_alpha", 20, &params)?.ids();
    sim.enable_structural_plasticity();
    sim.simulate(30_000.0)?;
    let mut sum = 0.0;
    for _ in 0..20 {
        sim.simulate(1000.0)?;
        let group = &sim.groups(&neurons)?[0];
        let calcium = sim.get(group, "Ca").expect("a key");
        let mean: f64 = (0..20)
            .map(|i| calcium.at(i).as_float("Ca").expect("a number"))
            .sum();
        sum += mean / 20.0 / 20.0;
    }
    assert!((sum / eps - 1.0).abs() < 0.1, "calcium {sum}, target {eps}");
    Ok(())
}

#[test]
fn growth_begins_when_a_neuron_does() -> ovenbird::Result<()> {
    let mut sim = on(None);
    sim.create("iaf_psc_alpha", 1)?;
    sim.simulate(100.0)?;
    let elements = dict([("axon", element("linear", 0.5, 1.0))]);
    let params = dict([("synaptic_elements", Value::Dict(elements))]);
    let new = sim.create_with("iaf_psc_alpha", 1, &params)?.ids();
    sim.simulate(10.0)?;
    let Value::Dict(elements) = sim
        .get(&sim.groups(&new)?[0], "synaptic_elements")
        .expect("a key")
        .at(0)
    else {
        panic!("elements are a dictionary");
    };
    let Some(Value::Dict(axon)) = elements.get("axon") else {
        panic!("there is an axon");
    };
    let z = axon.get("z").expect("a key").as_float("z")?;
    assert!((z - 5.0).abs() < 1e-12, "{z}");
    Ok(())
}

#[test]
fn what_cannot_grow_is_refused() -> ovenbird::Result<()> {
    let mut sim = on(None);
    let mut refuse = |value: Value, text: &str| {
        let synapses = dict([("s", value)]);
        let status = dict([("structural_plasticity_synapses", Value::Dict(synapses))]);
        let e = sim.set_status(&status).expect_err("refused");
        assert!(e.message.contains(text), "{}", e.message);
    };
    refuse(
        grows("static_synaps", true, true),
        "did you mean 'static_synapse'",
    );
    refuse(grows("gap_junction", true, true), "symmetric");
    refuse(
        Value::Dict(dict([("synapse_model", "static_synapse".into())])),
        "missing",
    );
    sim.set_status(&dict([(
        "structural_plasticity_update_interval",
        0.25.into(),
    )]))?;
    sim.enable_structural_plasticity();
    let e = sim.simulate(1.0).expect_err("not on the grid");
    assert!(
        e.message.contains("multiple of the resolution"),
        "{}",
        e.message
    );
    Ok(())
}
