//! What every rank does in a test, whatever the ranks are: threads or processes. Each rank compares
//! what it holds with the same network on one rank.

use ovenbird::core::connect::SpaceSpec;
use ovenbird::core::parameter::{BinaryOp, Place};
use ovenbird::core::rank::Communicator;
use ovenbird::core::simulation::{ExchangePolicy, Filter, Positions};
use ovenbird::core::space::Mask;
use ovenbird::prelude::*;
use std::collections::BTreeSet;

pub type Rank = Box<dyn Communicator>;

/// What a run leaves behind, bit by bit: spikes, samples, states and connections, each with the
/// node that decides which rank has it.
#[derive(Debug, Default, PartialEq)]
pub struct Outcome {
    spikes: Vec<(u32, u64)>,
    samples: Vec<(u32, u64, u64)>,
    states: Vec<(u32, u64)>,
    connections: Vec<(u32, [u64; 4])>,
    /// What weight recorders have: the target, then time, source and weight.
    weights: Vec<(u32, [u64; 3])>,
}

impl Outcome {
    /// The part of the nodes that pass.
    fn of(&self, here: impl Fn(u32) -> bool) -> Outcome {
        Outcome {
            spikes: self.spikes.iter().filter(|s| here(s.0)).copied().collect(),
            samples: self.samples.iter().filter(|s| here(s.0)).copied().collect(),
            states: self.states.iter().filter(|s| here(s.0)).copied().collect(),
            connections: self
                .connections
                .iter()
                .filter(|c| here(c.0))
                .copied()
                .collect(),
            weights: self.weights.iter().filter(|w| here(w.0)).copied().collect(),
        }
    }
}

fn on(rank: Option<Rank>) -> Simulation {
    let registry = ovenbird::models::registry();
    match rank {
        Some(rank) => Simulation::with_ranks(registry, rank),
        None => Simulation::new(registry),
    }
}

fn constant(x: f64) -> Parameter {
    Parameter::constant(x).expect("a number")
}

fn redrawn(p: &Parameter, min: f64, max: f64) -> Amount {
    Amount::Drawn(Parameter::redraw(p, min, max).expect("a range"))
}

fn normal(mean: f64, std: f64, min: f64, max: f64) -> Amount {
    redrawn(&Parameter::normal(mean, std).expect("a width"), min, max)
}

fn synapse(sim: &Simulation, weight: Amount, delay: Amount) -> ovenbird::Result<[SynSpec; 1]> {
    Ok([SynSpec {
        model: sim.synapse_index("static_synapse")?,
        weight,
        delay: Some(delay),
        receptor: vec![0],
        numbers: Vec::new(),
        elements: None,
    }])
}

/// Spikes travel while nodes are updated, as they do where there are many nodes.
fn overlap(sim: &mut Simulation) {
    sim.set_exchange(ExchangePolicy {
        overlap: Some(true),
        ..ExchangePolicy::default()
    });
}

fn threads(sim: &mut Simulation, n: usize) -> ovenbird::Result<()> {
    sim.set_status(&dict([("local_num_threads", (n as i64).into())]))
}

/// What this rank has of everything.
fn look(
    sim: &mut Simulation,
    neurons: &[u32],
    (recorder, meter): (u32, u32),
) -> ovenbird::Result<Outcome> {
    let mut out = Outcome::default();
    let spikes = sim.events(recorder)?;
    let pairs = spikes.senders.iter().zip(&spikes.times);
    out.spikes = pairs.map(|(&s, t)| (s, t.to_bits())).collect();
    let samples = sim.events(meter)?;
    for (i, &s) in samples.senders.iter().enumerate() {
        let (t, v) = (samples.times[i].to_bits(), samples.values[0][i].to_bits());
        out.samples.push((s, t, v));
    }
    for group in sim.groups(neurons)? {
        let Some(column) = sim.get(&group, "V_m") else {
            continue;
        };
        for (i, &id) in group.ids.iter().enumerate() {
            if let Value::Float(x) = column.at(i) {
                out.states.push((id, x.to_bits()));
            }
        }
    }
    let mut found = sim.connections(&Filter::default())?;
    let mut number = |key: &str| -> ovenbird::Result<Vec<u64>> {
        let column = sim.connection_values(&mut found, key)?.expect("a key");
        let bits = |i| match column.at(i) {
            Value::Float(x) => x.to_bits(),
            Value::Int(x) => x as u64,
            other => panic!("{key} is {other:?}"),
        };
        Ok((0..found.len()).map(bits).collect())
    };
    let (s, t) = (number("source")?, number("target")?);
    let (w, d) = (number("weight")?, number("delay")?);
    let neuron: BTreeSet<u64> = neurons.iter().map(|&n| n.into()).collect();
    for i in 0..found.len() {
        let owner = if neuron.contains(&t[i]) { t[i] } else { s[i] };
        out.connections
            .push((owner as u32, [s[i], t[i], w[i], d[i]]));
    }
    out.connections.sort_unstable();
    Ok(out)
}

/// A balanced network with Poisson drive, rules of all kinds, shared, distributed and plastic
/// weights, distributed delays, two runs that end within a slice, and connections made between
/// them.
pub fn random_network(rank: Option<Rank>, n_threads: usize) -> ovenbird::Result<Outcome> {
    let mut sim = on(rank);
    threads(&mut sim, n_threads)?;
    let ex = sim.create("iaf_psc_alpha", 203)?.ids();
    let noise = sim.create("poisson_generator", 2)?.ids();
    let inh = sim.create("iaf_psc_exp", 52)?.ids();
    let all = [ex.clone(), inh.clone()].concat();
    let spread = Parameter::uniform(-75.0, -56.0).expect("a range");
    sim.set(&all, &dict([("V_m", Value::Parameter(spread))]))?;
    let currents = (0..all.len()).map(|i| 300.0 + (i % 5) as f64).collect();
    sim.set(&all, &dict([("I_e", Value::Floats(currents))]))?;
    sim.set(&noise, &dict([("rate", 9000.0.into())]))?;
    let drive = synapse(&sim, Amount::Same(20.0), Amount::Same(0.7))?;
    sim.connect(&noise, &all, &all_to_all(), &drive)?;
    let infinite = f64::INFINITY;
    let spread = synapse(
        &sim,
        normal(30.0, 10.0, 0.0, infinite),
        normal(1.5, 0.8, 0.3, 9.0),
    )?;
    sim.connect(&ex, &all, &fixed_indegree(20)?, &spread)?;
    let back = synapse(
        &sim,
        normal(-140.0, 20.0, -infinite, 0.0),
        normal(0.8, 0.4, 0.3, 5.0),
    )?;
    sim.connect(
        &inh,
        &all,
        &ConnSpec::new(Rule::FixedTotalNumber(1501)),
        &back,
    )?;
    let same = synapse(&sim, Amount::Same(12.5), Amount::Same(1.1))?;
    let some = ConnSpec {
        allow_autapses: false,
        ..ConnSpec::new(Rule::PairwiseBernoulli(constant(0.05)))
    };
    sim.connect(&ex, &inh, &some, &same)?;
    sim.connect(
        &inh,
        &ex,
        &ConnSpec::new(Rule::FixedOutdegree(constant(3.0))),
        &back,
    )?;
    let recorder = sim.create("spike_recorder", 1)?.ids();
    let meter = sim.create("voltmeter", 1)?.ids();
    let plain = synapse(&sim, Amount::Same(1.0), Amount::Same(1.0))?;
    sim.connect(&all, &recorder, &all_to_all(), &plain)?;
    sim.connect(&meter, &all[190..220], &all_to_all(), &plain)?;
    sim.simulate(30.4)?;
    let few = ConnSpec {
        allow_multapses: false,
        ..fixed_indegree(7)?
    };
    let late = synapse(&sim, normal(3.0, 4.0, -9.0, 9.0), Amount::Same(2.0))?;
    sim.connect(&all, &ex, &few, &late)?;
    let plastic = SynSpec {
        model: sim.synapse_index("stdp_synapse")?,
        ..synapse(&sim, normal(20.0, 5.0, 1.0, 90.0), Amount::Same(1.4))?[0].clone()
    };
    sim.connect(&ex, &ex, &fixed_indegree(5)?, &[plastic])?;
    sim.simulate(0.1)?;
    sim.simulate(40.0)?;
    look(&mut sim, &all, (recorder[0], meter[0]))
}

/// Few connections from each neuron, so that spikes need not go to all ranks: some are made between
/// runs that end within slices, some removed, and some plastic.
pub fn sparse(rank: Option<Rank>, n_threads: usize) -> ovenbird::Result<Outcome> {
    let ranks = rank.as_ref().map_or(1, |r| r.ranks());
    let mut sim = on(rank);
    overlap(&mut sim);
    threads(&mut sim, n_threads)?;
    let cells = sim.create("iaf_psc_alpha", 151)?.ids();
    let currents = (0..cells.len()).map(|i| 420.0 + (i % 7) as f64).collect();
    sim.set(&cells, &dict([("I_e", Value::Floats(currents))]))?;
    let plain = synapse(
        &sim,
        normal(40.0, 30.0, 0.0, 200.0),
        normal(2.0, 0.5, 1.0, 4.0),
    )?;
    let plastic = SynSpec {
        model: sim.synapse_index("stdp_synapse")?,
        ..synapse(&sim, Amount::Same(60.0), Amount::Same(1.5))?[0].clone()
    };
    let one = fixed_indegree(1)?;
    sim.connect(&cells[..100], &cells, &one, &plain)?;
    let recorder = sim.create("spike_recorder", 1)?.ids();
    let meter = sim.create("voltmeter", 1)?.ids();
    let to_device = synapse(&sim, Amount::Same(1.0), Amount::Same(1.0))?;
    sim.connect(&cells, &recorder, &all_to_all(), &to_device)?;
    sim.connect(&meter, &cells, &all_to_all(), &to_device)?;
    sim.simulate(25.3)?;
    assert_eq!(sim.sends_selectively(), ranks > 1, "{ranks} ranks");
    assert_eq!(sim.overlaps_exchange(), ranks > 1);
    sim.connect(
        &cells[50..],
        &cells[..60],
        &one,
        std::slice::from_ref(&plastic),
    )?;
    sim.simulate(7.6)?;
    let mut some = sim.connections(&Filter {
        sources: Some(&cells[..20]),
        ..Filter::default()
    })?;
    sim.disconnect(&mut some)?;
    sim.connect(&cells[..9], &cells[..9], &all_to_all(), &[plastic])?;
    for ms in [0.5, 0.3, 30.0, 10.1] {
        sim.simulate(ms)?;
    }
    look(&mut sim, &cells, (recorder[0], meter[0]))
}

/// Neurons whose connections come and go with their synaptic elements.
pub fn grown(rank: Option<Rank>, n_threads: usize) -> ovenbird::Result<Outcome> {
    let mut sim = on(rank);
    overlap(&mut sim);
    threads(&mut sim, n_threads)?;
    let number = |x: f64| Value::Float(x);
    let element = |rate: f64, eps: f64| {
        Value::Dict(dict([
            ("growth_curve", "linear".into()),
            ("growth_rate", number(rate)),
            ("eps", number(eps)),
            ("continuous", false.into()),
        ]))
    };
    sim.set_status(&dict([(
        "structural_plasticity_update_interval",
        number(20.6),
    )]))?;
    let model = dict([("weight", number(60.0)), ("delay", number(1.5))]);
    sim.copy_model("static_synapse", "grown", &model)?;
    let kind = Value::Dict(dict([
        ("synapse_model", "grown".into()),
        ("pre_synaptic_element", "axon".into()),
        ("post_synaptic_element", "dendrite".into()),
    ]));
    let kinds = Value::Dict(dict([("all", kind)]));
    sim.set_status(&dict([("structural_plasticity_synapses", kinds)]))?;
    let elements = Value::Dict(dict([
        ("axon", element(0.02, 0.3)),
        ("dendrite", element(0.02, 0.25)),
    ]));
    let params = dict([
        ("synaptic_elements", elements),
        ("tau_Ca", number(100.0)),
        ("beta_Ca", number(0.05)),
    ]);
    let cells = sim.create_with("iaf_psc_alpha", 40, &params)?.ids();
    let rate = dict([("rate", number(2000.0))]);
    let noise = sim.create_with("poisson_generator", 1, &rate)?.ids();
    let drive = synapse(&sim, Amount::Same(35.0), Amount::Same(1.5))?;
    sim.connect(&noise, &cells, &all_to_all(), &drive)?;
    let recorder = sim.create("spike_recorder", 1)?.ids();
    let meter = sim.create("voltmeter", 1)?.ids();
    let to_device = synapse(&sim, Amount::Same(1.0), Amount::Same(1.0))?;
    sim.connect(&cells, &recorder, &all_to_all(), &to_device)?;
    sim.connect(&meter, &cells, &all_to_all(), &to_device)?;
    sim.enable_structural_plasticity();
    for ms in [110.3, 0.4, 139.3] {
        sim.simulate(ms)?;
    }
    look(&mut sim, &cells, (recorder[0], meter[0]))
}

/// Neurons at the places of others, given as a list, and what is known of these places.
fn create_listed(sim: &mut Simulation, cells: &[u32], mask: &Mask) -> ovenbird::Result<Vec<u32>> {
    let (points, _) = sim.positions(cells)?;
    let column = |d: usize| points.iter().map(|p| p[d]).collect();
    let places = Positions::Free {
        columns: vec![column(0), column(1)],
        extent: Some(vec![1.0, 1.0]),
        wrap: true,
    };
    let listed = sim.create_layer("iaf_psc_alpha", &places)?.ids();
    let apart = listed[0] - cells[0];
    let inside = sim.select_by_mask(cells, &[0.4, 0.1], mask)?;
    let same: Vec<u32> = inside.iter().map(|id| id + apart).collect();
    assert!(same.len() > 10);
    assert_eq!(sim.select_by_mask(&listed, &[0.4, 0.1], mask)?, same);
    let own = sim.ranks().rank();
    let wanted = &listed[own..own + 7];
    let (found, dimensions) = sim.find_positions(listed[0], wanted)?;
    assert_eq!((&found[..], dimensions), (&points[own..own + 7], 2));
    match sim.positions(wanted) {
        Ok((found, _)) => assert_eq!(&found[..], &points[own..own + 7]),
        Err(e) => assert!(
            sim.ranks().count() > 1 && e.message.contains("is known on its own rank only"),
            "{e}"
        ),
    }
    Ok(listed)
}

/// Scattered neurons that excite their neighbours, by masks and kernels, and inhibit those farther
/// away; others at the same places, which are given as a list.
pub fn in_space(rank: Option<Rank>, n_threads: usize) -> ovenbird::Result<Outcome> {
    let mut sim = on(rank);
    threads(&mut sim, n_threads)?;
    let uniform = Parameter::uniform(-0.5, 0.5).expect("a range");
    let places = Positions::Drawn {
        coordinates: vec![uniform.clone(), uniform],
        n: 307,
        extent: Some(vec![1.0, 1.0]),
        wrap: true,
    };
    let cells = sim.create_layer("iaf_psc_alpha", &places)?.ids();
    let x = Parameter::position(Place::Node, 0);
    let current = Parameter::binary(BinaryOp::Multiply, &x, &constant(300.0)).expect("a product");
    let current = Parameter::binary(BinaryOp::Add, &current, &constant(350.0)).expect("a sum");
    let radius = Value::Dict(dict([("radius", 0.2.into())]));
    let mask = Mask::from_dict(&dict([("circular", radius)]))?;
    let listed = create_listed(&mut sim, &cells, &mask)?;
    let all = [&cells[..], &listed].concat();
    sim.set(&all, &dict([("I_e", Value::Parameter(current))]))?;
    let distance = Parameter::distance(None);
    let near = Parameter::gaussian_profile(&distance, 0.0, 0.07).expect("a width");
    let masked = SpaceSpec {
        mask: Some(mask),
        ..SpaceSpec::default()
    };
    let later = Parameter::binary(BinaryOp::Add, &distance, &constant(0.5)).expect("a sum");
    let later = Amount::Drawn(later);
    let excite = synapse(&sim, normal(60.0, 10.0, 0.0, 200.0), later)?;
    let inhibit = synapse(&sim, Amount::Same(-50.0), Amount::Same(1.2))?;
    let cases = [
        (
            Rule::PairwiseBernoulli(near.clone()),
            SpaceSpec::default(),
            &excite,
        ),
        (
            Rule::PairwiseBernoulli(constant(0.3)),
            masked.clone(),
            &excite,
        ),
        (Rule::FixedOutdegree(constant(9.0)), masked, &inhibit),
        (
            Rule::FixedIndegree(constant(5.0)),
            SpaceSpec {
                kernel: Some(near),
                ..SpaceSpec::default()
            },
            &inhibit,
        ),
    ];
    for (rule, space, synapses) in cases {
        let rule = ConnSpec {
            space: Some(space),
            ..ConnSpec::new(rule)
        };
        sim.connect(&cells, &cells, &rule, synapses)?;
        sim.connect(&listed, &cells, &rule, synapses)?;
        sim.connect(&listed[3..], &listed[..200], &rule, synapses)?;
    }
    let recorder = sim.create("spike_recorder", 1)?.ids();
    let meter = sim.create("voltmeter", 1)?.ids();
    let plain = synapse(&sim, Amount::Same(1.0), Amount::Same(1.0))?;
    sim.connect(&all, &recorder, &all_to_all(), &plain)?;
    sim.connect(&meter, &cells[..20], &all_to_all(), &plain)?;
    sim.simulate(50.0)?;
    look(&mut sim, &all, (recorder[0], meter[0]))
}

/// Several connections between the same nodes, whose weights are set where they are held and then
/// change by themselves, before others from the same sources come.
pub fn multapses(rank: Option<Rank>, n_threads: usize) -> ovenbird::Result<Outcome> {
    let mut sim = on(rank);
    threads(&mut sim, n_threads)?;
    let cells = sim.create("iaf_psc_alpha", 31)?.ids();
    let currents = (0..cells.len()).map(|i| 410.0 + (i % 7) as f64).collect();
    sim.set(&cells, &dict([("I_e", Value::Floats(currents))]))?;
    let same = |w: f64| Amount::Same(w);
    let own = normal(11.0, 3.0, 1.0, 30.0);
    let plastic = |sim: &Simulation, weight: Amount| -> ovenbird::Result<[SynSpec; 1]> {
        Ok([SynSpec {
            model: sim.synapse_index("stdp_synapse")?,
            ..synapse(sim, weight, Amount::Same(1.5))?[0].clone()
        }])
    };
    let some = ConnSpec::new(Rule::PairwiseBernoulli(constant(0.3)));
    let dense = fixed_indegree(40)?;
    let makers = [
        synapse(&sim, same(7.3), same(1.5))?,
        synapse(&sim, same(5.1), same(1.5))?,
        synapse(&sim, own.clone(), same(1.5))?,
        plastic(&sim, own.clone())?,
    ];
    for maker in &makers {
        sim.connect(&cells, &cells, &dense, maker)?;
    }
    let recorder = sim.create("spike_recorder", 1)?.ids();
    let meter = sim.create("voltmeter", 1)?.ids();
    let plain = synapse(&sim, same(1.0), same(1.0))?;
    sim.connect(&cells, &recorder, &all_to_all(), &plain)?;
    sim.connect(&meter, &cells, &all_to_all(), &plain)?;
    sim.simulate(20.3)?;
    for (model, target, factor) in [("static_synapse", 5, 0.7), ("stdp_synapse", 8, 1.9)] {
        let mut few = sim.connections(&Filter {
            sources: Some(&cells),
            targets: Some(&cells[target..target + 1]),
            model: Some(sim.synapse_index(model)?),
            ..Filter::default()
        })?;
        let every_third = |i: usize| if i.is_multiple_of(3) { 4.0 } else { 21.0 };
        let weights = (0..few.len()).map(|i| every_third(i) * factor).collect();
        sim.set_connections(&mut few, &dict([("weight", Value::Floats(weights))]))?;
    }
    sim.simulate(15.1)?;
    for maker in [
        synapse(&sim, same(6.9), same(1.5))?,
        plastic(&sim, own)?,
        synapse(&sim, same(9.7), same(1.0))?,
    ] {
        sim.connect(&cells, &cells[10..20], &some, &maker)?;
    }
    sim.simulate(40.4)?;
    look(&mut sim, &cells, (recorder[0], meter[0]))
}

/// Recorded weights, fixed and plastic, where spikes travel while nodes are updated.
pub fn recorded_weights(rank: Option<Rank>, n_threads: usize) -> ovenbird::Result<Outcome> {
    let ranks = rank.as_ref().map_or(1, |r| r.ranks());
    let mut sim = on(rank);
    overlap(&mut sim);
    threads(&mut sim, n_threads)?;
    let cells = sim.create("iaf_psc_alpha", 40)?.ids();
    let currents = (0..cells.len()).map(|i| 420.0 + (i % 9) as f64).collect();
    sim.set(&cells, &dict([("I_e", Value::Floats(currents))]))?;
    let weights = sim.create("weight_recorder", 1)?.ids();
    for model in ["static_synapse", "stdp_synapse", "tsodyks2_synapse"] {
        let seen = dict([("weight_recorder", Value::Int(weights[0].into()))]);
        sim.copy_model(model, &format!("seen_{model}"), &seen)?;
        let spec = SynSpec {
            model: sim.synapse_index(&format!("seen_{model}"))?,
            ..synapse(
                &sim,
                normal(20.0, 6.0, 1.0, 60.0),
                normal(2.0, 0.4, 1.1, 3.0),
            )?[0]
                .clone()
        };
        sim.connect(&cells, &cells, &fixed_indegree(4)?, &[spec])?;
    }
    let recorder = sim.create("spike_recorder", 1)?.ids();
    let meter = sim.create("voltmeter", 1)?.ids();
    let plain = synapse(&sim, Amount::Same(1.0), Amount::Same(2.0))?;
    sim.connect(&cells, &recorder, &all_to_all(), &plain)?;
    sim.connect(&meter, &cells, &all_to_all(), &plain)?;
    for ms in [17.3, 0.2, 0.4, 0.3, 22.6, 1.1, 20.0] {
        sim.simulate(ms)?;
        assert_eq!(sim.overlaps_exchange(), ranks > 1);
    }
    let mut out = look(&mut sim, &cells, (recorder[0], meter[0]))?;
    let seen = sim.events(weights[0])?;
    let recorder = &sim.groups(&weights)?[0];
    let events = sim.get(recorder, "events").map(|column| column.at(0));
    let Some(Value::Dict(events)) = events else {
        panic!("a recorder has events");
    };
    let Some(Value::Ints(targets)) = events.get("targets") else {
        panic!("a weight recorder has targets");
    };
    for (i, &target) in targets.iter().enumerate() {
        let what = [
            seen.times[i].to_bits(),
            seen.senders[i].into(),
            seen.values[0][i].to_bits(),
        ];
        out.weights.push((target as u32, what));
    }
    Ok(out)
}

/// Pairs of neurons with drawn weights and delays, whose targets are in order or not.
pub fn drawn_pairs(rank: Option<Rank>, n_threads: usize) -> ovenbird::Result<Outcome> {
    let mut sim = on(rank);
    threads(&mut sim, n_threads)?;
    let cells = sim.create("iaf_psc_alpha", 701)?.ids();
    sim.set(&cells, &dict([("I_e", 420.0.into())]))?;
    let strewn: Vec<u32> = (0..3000).map(|i| cells[(i * i + 7 * i) % 701]).collect();
    let apart: Vec<u32> = (0..3000).map(|i| cells[i * 89 % 701]).collect();
    let others = ConnSpec {
        allow_autapses: false,
        ..ConnSpec::new(Rule::OneToOne)
    };
    let plain = Parameter::normal(3.0, 9.0).expect("a width");
    let tail = Parameter::exponential(2.0).expect("a mean");
    let sum = Parameter::binary(BinaryOp::Add, &plain, &tail).expect("a sum");
    let delay = normal(1.5, 0.5, 0.3, 9.0);
    let spec = synapse(&sim, Amount::Drawn(plain), delay.clone())?;
    sim.connect(&cells, &cells, &ConnSpec::new(Rule::OneToOne), &spec)?;
    sim.connect(&strewn, &apart, &others, &spec)?;
    let spec = synapse(&sim, Amount::Drawn(sum), delay)?;
    sim.connect(&apart, &strewn, &others, &spec)?;
    let recorder = sim.create("spike_recorder", 1)?.ids();
    let meter = sim.create("voltmeter", 1)?.ids();
    let plain = synapse(&sim, Amount::Same(1.0), Amount::Same(1.0))?;
    sim.connect(&cells, &recorder, &all_to_all(), &plain)?;
    sim.connect(&meter, &cells[..50], &all_to_all(), &plain)?;
    sim.simulate(30.0)?;
    look(&mut sim, &cells, (recorder[0], meter[0]))
}

impl Outcome {
    /// How many weights were recorded, and whether in the order of time.
    pub fn recorded_weights(&self) -> (usize, bool) {
        let times = self.weights.iter().map(|w| f64::from_bits(w.1[0]));
        (self.weights.len(), times.is_sorted())
    }
}

/// What connects pairs of neurons by gap junctions of a conductance in nS.
fn gap_junctions(sim: &Simulation, conductance: f64) -> ovenbird::Result<(ConnSpec, [SynSpec; 1])> {
    let both = ConnSpec {
        make_symmetric: true,
        ..ConnSpec::new(Rule::OneToOne)
    };
    let gap = SynSpec {
        model: sim.synapse_index("gap_junction")?,
        weight: Amount::Same(conductance),
        delay: None,
        receptor: vec![0],
        numbers: Vec::new(),
        elements: None,
    };
    Ok((both, [gap]))
}

/// Hodgkin-Huxley neurons on a ring of gap junctions, iterated or not.
pub fn coupled(rank: Option<Rank>, n_threads: usize, iterate: bool) -> ovenbird::Result<Outcome> {
    let mut sim = on(rank);
    threads(&mut sim, n_threads)?;
    sim.set_status(&dict([("use_wfr", iterate.into())]))?;
    let n = 11u32;
    let cells = sim.create("hh_psc_alpha_gap", n.into())?.ids();
    let currents = (0..n).map(|i| 100.0 + 40.0 * f64::from(i)).collect();
    sim.set(&cells, &dict([("I_e", Value::Floats(currents))]))?;
    let (both, gap) = gap_junctions(&sim, 20.0)?;
    for shift in [1, 3] {
        let others: Vec<u32> = (0..n).map(|i| 1 + (i + shift) % n).collect();
        sim.connect(&cells, &others, &both, &gap)?;
    }
    let spikes = synapse(&sim, Amount::Same(40.0), Amount::Same(1.0))?;
    sim.connect(&cells, &cells, &fixed_indegree(2)?, &spikes)?;
    let recorder = sim.create("spike_recorder", 1)?.ids();
    let meter = sim.create("voltmeter", 1)?.ids();
    let plain = synapse(&sim, Amount::Same(1.0), Amount::Same(1.0))?;
    sim.connect(&cells, &recorder, &all_to_all(), &plain)?;
    sim.connect(&meter, &cells, &all_to_all(), &plain)?;
    sim.simulate(15.0)?;
    sim.simulate(5.3)?;
    look(&mut sim, &cells, (recorder[0], meter[0]))
}

/// Few coupled neurons among others: most ranks have none of them, and some have only such as are
/// coupled among themselves.
pub fn coupled_apart(rank: Option<Rank>, n_threads: usize) -> ovenbird::Result<Outcome> {
    let mut sim = on(rank);
    threads(&mut sim, n_threads)?;
    let mut cells: Vec<u32> = Vec::new();
    let mut coupled = Vec::new();
    // 60 apart on one rank, of up to 6
    for (others, hh) in [(0, 1), (1, 1), (57, 1), (59, 1), (2, 0)] {
        if others > 0 {
            cells.extend(sim.create("iaf_psc_alpha", others)?.ids());
        }
        if hh > 0 {
            coupled.extend(sim.create("hh_psc_alpha_gap", hh)?.ids());
        }
    }
    assert_eq!(coupled, [1, 3, 61, 121]);
    let currents = vec![400.0, 650.0, 300.0, 100.0];
    sim.set(&coupled, &dict([("I_e", Value::Floats(currents))]))?;
    let (both, gap) = gap_junctions(&sim, 15.0)?;
    let recorder = sim.create("spike_recorder", 1)?.ids();
    let meter = sim.create("voltmeter", 1)?.ids();
    let plain = synapse(&sim, Amount::Same(1.0), Amount::Same(1.0))?;
    let all = [&coupled[..], &cells[..]].concat();
    sim.connect(&all, &recorder, &all_to_all(), &plain)?;
    sim.connect(&meter, &all[..9], &all_to_all(), &plain)?;
    sim.connect(&[1, 1, 61], &[61, 121, 121], &both, &gap)?;
    let strong = synapse(&sim, Amount::Same(900.0), Amount::Same(1.0))?;
    sim.connect(&coupled, &cells[..20], &all_to_all(), &strong)?;
    sim.simulate(20.0)?;
    // now three that share a rank say much to one on another, and nobody else says anything
    sim.connect(&[1, 61, 121], &[3, 3, 3], &both, &gap)?;
    sim.simulate(20.3)?;
    look(&mut sim, &all, (recorder[0], meter[0]))
}

/// Stimulators that draw, recorded and sampled themselves.
pub fn devices(rank: Option<Rank>, n_threads: usize) -> ovenbird::Result<Outcome> {
    let mut sim = on(rank);
    threads(&mut sim, n_threads)?;
    let cells = sim.create("iaf_psc_alpha", 13)?.ids();
    let noise = sim.create("noise_generator", 1)?.ids();
    let poisson = sim.create("poisson_generator", 1)?.ids();
    sim.set(
        &noise,
        &dict([("mean", 500.0.into()), ("std", 300.0.into())]),
    )?;
    sim.set(&poisson, &dict([("rate", 4000.0.into())]))?;
    let recorder = sim.create("spike_recorder", 1)?.ids();
    let meter = sim.create("multimeter", 1)?.ids();
    let names = Value::Strs(vec!["I".to_owned()]);
    sim.set(&meter, &dict([("record_from", names)]))?;
    let plain = synapse(&sim, Amount::Same(1.0), Amount::Same(1.0))?;
    sim.connect(&noise, &cells, &all_to_all(), &plain)?;
    sim.connect(&poisson, &cells, &all_to_all(), &plain)?;
    sim.connect(&poisson, &recorder, &all_to_all(), &plain)?;
    sim.connect(&cells, &recorder, &all_to_all(), &plain)?;
    sim.connect(&meter, &noise, &all_to_all(), &plain)?;
    sim.simulate(50.0)?;
    let mut out = look(&mut sim, &cells, (recorder[0], meter[0]))?;
    // what passes between devices is where the id of the one that receives would be
    let device = |id: u32| match id {
        i if i == poisson[0] => recorder[0],
        other => other,
    };
    out.spikes.iter_mut().for_each(|s| s.0 = device(s.0));
    for c in &mut out.connections {
        c.0 = match (c.1[0] as u32, c.1[1] as u32) {
            (s, t) if s == poisson[0] && t == recorder[0] => t,
            (s, t) if s == meter[0] => t,
            _ => c.0,
        };
    }
    out.connections.sort_unstable();
    Ok(out)
}

/// Runs a network on this rank and compares its part with that of one rank alone.
pub fn compare(
    rank: Rank,
    n_threads: usize,
    reference: &Outcome,
    run: impl Fn(Option<Rank>, usize) -> ovenbird::Result<Outcome>,
) {
    let (me, n) = (rank.rank(), rank.ranks());
    let here = |id: u32| id as usize % (n * n_threads) % n == me;
    let mine = run(Some(rank), n_threads).expect("a network that runs");
    let wanted = reference.of(here);
    let place = format!("on rank {me} of {n} with {n_threads} threads");
    assert!(mine.spikes == wanted.spikes, "spikes differ {place}");
    assert!(mine.samples == wanted.samples, "samples differ {place}");
    assert!(mine.states == wanted.states, "states differ {place}");
    assert!(
        mine.connections == wanted.connections,
        "connections differ {place}"
    );
    assert!(mine.weights == wanted.weights, "weights differ {place}");
}

/// Checks that a network does enough for a comparison to mean something.
pub fn check_active(outcome: &Outcome, spikes: usize, samples: usize, connections: usize) {
    assert!(outcome.spikes.len() > spikes, "{}", outcome.spikes.len());
    assert!(outcome.samples.len() > samples, "{}", outcome.samples.len());
    assert!(
        outcome.connections.len() > connections,
        "{}",
        outcome.connections.len()
    );
}

/// A delay that is wrong on one rank only refuses the connections on all, and the network stays
/// usable; a neuron that becomes infinite ends the run on all ranks with one message.
pub fn errors(rank: Rank) -> ovenbird::Result<String> {
    let mut sim = on(Some(rank));
    let cells = sim.create("iaf_psc_alpha", 10)?.ids();
    let plain = synapse(&sim, Amount::Same(1.0), Amount::Same(1.0))?;
    sim.connect(&cells, &cells, &fixed_indegree(3)?, &plain)?;
    let before = sim.num_connections();
    let delays = (0..10).map(|i| if i == 4 { -1.0 } else { 1.0 }).collect();
    let bad = synapse(&sim, Amount::Same(1.0), Amount::Each(delays))?;
    let rule = ConnSpec::new(Rule::OneToOne);
    let refused = sim
        .connect(&cells, &cells, &rule, &bad)
        .expect_err("it fails");
    assert!(
        refused.message.contains("Delay value -1 is invalid"),
        "{refused}"
    );
    assert_eq!(sim.num_connections(), before);
    sim.simulate(5.0)?;
    sim.set(
        &cells[6..7],
        &dict([("I_e", (-1e308).into()), ("C_m", 1e-3.into())]),
    )?;
    let ended = sim.simulate(50.0).expect_err("it fails");
    assert!(ended.message.contains("is not finite"), "{ended}");
    assert!(ended.message.contains("node ID 7"), "{ended}");
    let again = sim.simulate(1.0).expect_err("it fails");
    assert!(again.message.contains("ResetKernel"), "{again}");
    sim.reset();
    sim.create("iaf_psc_alpha", 3)?;
    sim.simulate(1.0)?;
    sim.leave()?;
    Ok(refused.message + "\n" + &ended.message)
}

/// Ranks that go different ways learn of it.
pub fn divergence(rank: Rank) -> ovenbird::Result<String> {
    let first = rank.rank() == 0;
    let mut sim = on(Some(rank));
    let cells = sim.create("iaf_psc_alpha", 10)?.ids();
    let plain = synapse(&sim, Amount::Same(1.0), Amount::Same(1.0))?;
    sim.connect(&cells, &cells, &all_to_all(), &plain)?;
    let parted = if first {
        sim.connect(&cells, &cells, &all_to_all(), &plain)
    } else {
        sim.simulate(5.0)
    };
    // once apart, ranks neither wait for each other nor go on
    assert_eq!(
        sim.simulate(5.0).expect_err("it fails"),
        parted.clone().expect_err("it fails")
    );
    sim.leave()?;
    Ok(parted.expect_err("it fails").message)
}

/// Ranks that have made different networks learn of it when they connect them.
pub fn different_networks(rank: Rank) -> ovenbird::Result<String> {
    let n = 10 + rank.rank() as i64;
    let mut sim = on(Some(rank));
    let cells = sim.create("iaf_psc_alpha", n)?.ids();
    let plain = synapse(&sim, Amount::Same(1.0), Amount::Same(1.0))?;
    let refused = sim.connect(&cells[..3], &cells[..3], &all_to_all(), &plain);
    assert_eq!(sim.num_connections(), 0);
    sim.leave()?;
    Ok(refused.expect_err("it fails").message)
}
