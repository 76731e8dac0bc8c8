//! Several connections of one source, target and model: they are listed in the order in which they
//! were made, whatever becomes of them, and a set that is held keeps those that it has.

use ovenbird::core::simulation::{ConnectionSet, Filter};
use ovenbird::core::value::Column;
use ovenbird::prelude::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

const MODELS: [&str; 3] = ["static_synapse", "stdp_synapse", "tsodyks2_synapse"];
/// Neurons; the node after them is a stimulator.
const NEURONS: u32 = 5;

/// Source, target, weight and delay.
type Pair = (u32, u32, f64, f64);

/// A connection as the reference knows it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Made {
    source: u32,
    target: u32,
    model: usize,
    weight: f64,
    delay: f64,
    gone: bool,
}

#[derive(Clone, Debug)]
enum Step {
    /// Pairs of source and target with weights and delays, of a model; one weight or delay for all
    /// where that is said, and one call for each pair or one for all.
    Connect(Vec<Pair>, usize, [bool; 3]),
    /// Holds the connections from a source, or all.
    Hold(Option<u32>),
    /// Sets weights or delays or both of every so many connections of a held set, or of all.
    Set(usize, usize, [bool; 2], Vec<(f64, f64)>),
    /// Removes every so many connections of a held set, or of all.
    Remove(usize, usize),
    Run,
}

/// Delays and weights of which several are often equal; weights have either sign.
fn numbers() -> impl Strategy<Value = (f64, f64)> {
    let weight = prop_oneof![Just(1.0), Just(2.0), Just(-1.0), 0.5f64..3.0, -3.0f64..-0.5];
    (weight, (10u32..13).prop_map(|d| f64::from(d) / 10.0))
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let pair = (1..=NEURONS + 1, 1..=NEURONS, numbers());
    let pairs = prop::collection::vec(pair.prop_map(|(s, t, (w, d))| (s, t, w, d)), 1..25);
    let numbers = || prop::collection::vec(numbers(), 3);
    let step = prop_oneof![
        4 => (pairs, 0..MODELS.len(), any::<[bool; 3]>())
            .prop_map(|(pairs, model, how)| Step::Connect(pairs, model, how)),
        2 => prop::option::of(1..=NEURONS + 1).prop_map(Step::Hold),
        3 => (0usize..4, 1usize..5, any::<[bool; 2]>(), numbers())
            .prop_map(|(set, every, what, values)| Step::Set(set, every, what, values)),
        2 => (0usize..4, 2usize..6).prop_map(|(set, every)| Step::Remove(set, every)),
        1 => Just(Step::Run),
    ];
    prop::collection::vec(step, 3..14)
}

struct Test {
    sim: Simulation,
    made: Vec<Made>,
    /// Sets with the indices of their connections.
    held: Vec<(ConnectionSet, Vec<usize>)>,
}

/// Weights that a model can have.
fn fit(model: usize, weight: f64) -> f64 {
    if MODELS[model] == "stdp_synapse" {
        weight.abs()
    } else {
        weight
    }
}

impl Test {
    fn new(threads: i64) -> ovenbird::Result<Self> {
        let mut sim = ovenbird::simulation();
        sim.set_status(&dict([
            ("local_num_threads", threads.into()),
            ("min_delay", 0.5.into()),
            ("max_delay", 2.0.into()),
        ]))?;
        sim.create("iaf_psc_alpha", 3)?;
        sim.create("iaf_psc_delta", 2)?;
        sim.create("poisson_generator", 1)?;
        Ok(Test {
            sim,
            made: Vec::new(),
            held: Vec::new(),
        })
    }

    /// Connections that exist, in the order of sets.
    fn listed(&self, source: Option<u32>) -> Vec<usize> {
        let m = &self.made;
        let fits = |&i: &usize| !m[i].gone && source.is_none_or(|s| s == m[i].source);
        let mut list: Vec<usize> = (0..m.len()).filter(fits).collect();
        let is_device = |i: usize| m[i].source > NEURONS;
        list.sort_by_key(|&i| (m[i].model, is_device(i), m[i].source, m[i].target));
        list
    }

    fn get(&mut self, source: Option<u32>) -> ovenbird::Result<ConnectionSet> {
        let source = source.map(|s| vec![s]);
        self.sim.connections(&Filter {
            sources: source.as_deref(),
            ..Filter::default()
        })
    }

    fn floats(&mut self, set: &mut ConnectionSet, key: &str) -> ovenbird::Result<Vec<f64>> {
        match self.sim.connection_values(set, key)? {
            Some(Column::Floats(list)) => Ok(list),
            Some(Column::Ints(list)) => Ok(list.into_iter().map(|x| x as f64).collect()),
            other => panic!("{key} is {other:?}"),
        }
    }

    fn check(&mut self, mut set: ConnectionSet, indices: &[usize]) -> ovenbird::Result<()> {
        let expected = |f: &dyn Fn(&Made) -> f64| -> Vec<f64> {
            indices.iter().map(|&i| f(&self.made[i])).collect()
        };
        let columns = [
            ("source", expected(&|m| m.source.into())),
            ("target", expected(&|m| m.target.into())),
            ("weight", expected(&|m| m.weight)),
            ("delay", expected(&|m| (m.delay * 10.0).round() * 0.1)),
        ];
        for (key, expected) in columns {
            assert_eq!(self.floats(&mut set, key)?, expected, "{key}");
        }
        Ok(())
    }

    fn check_all(&mut self) -> ovenbird::Result<()> {
        for (mut set, indices) in self.held.clone() {
            if indices.iter().any(|&i| self.made[i].gone) {
                assert!(self.sim.connection_values(&mut set, "weight").is_err());
            } else {
                self.check(set, &indices)?;
            }
        }
        let all = self.get(None)?;
        self.check(all, &self.listed(None))?;
        for source in 1..=NEURONS + 1 {
            let some = self.get(Some(source))?;
            self.check(some, &self.listed(Some(source)))?;
        }
        Ok(())
    }

    fn connect(
        &mut self,
        pairs: &[Pair],
        model: usize,
        [one_weight, one_delay, single]: [bool; 3],
    ) -> ovenbird::Result<()> {
        // all connections of a stimulator are of one model, which has no state
        let of_device = |p: &&Pair| p.0 > NEURONS;
        let (devices, neurons): (Vec<_>, Vec<_>) = pairs.iter().partition(of_device);
        for (pairs, model) in [(devices, 0), (neurons, model)] {
            let index = self.sim.synapse_index(MODELS[model])?;
            let calls: Vec<_> = match single {
                true => pairs.chunks(1).collect(),
                false => pairs.chunks(pairs.len().max(1)).collect(),
            };
            for call in calls {
                let amount = |f: &dyn Fn(&Pair) -> f64, one: bool| match one {
                    true => Amount::Same(f(&call[0])),
                    false => Amount::Each(call.iter().map(f).collect()),
                };
                let (weight, delay) = (
                    |p: &(_, _, f64, _)| fit(model, p.2),
                    |p: &(_, _, _, f64)| p.3,
                );
                let synapse = SynSpec {
                    model: index,
                    weight: amount(&weight, one_weight),
                    delay: Some(amount(&delay, one_delay)),
                    receptor: vec![0],
                    numbers: Vec::new(),
                    elements: None,
                };
                let ends: (Vec<u32>, Vec<u32>) = call.iter().map(|p| (p.0, p.1)).unzip();
                self.sim
                    .connect(&ends.0, &ends.1, &ConnSpec::new(Rule::OneToOne), &[synapse])?;
                self.made.extend(call.iter().map(|p| Made {
                    source: p.0,
                    target: p.1,
                    model,
                    weight: weight(if one_weight { &call[0] } else { p }),
                    delay: delay(if one_delay { &call[0] } else { p }),
                    gone: false,
                }));
            }
        }
        Ok(())
    }

    /// Every so many connections of a held set whose connections all exist, or of all.
    fn some(&mut self, set: usize, every: usize) -> ovenbird::Result<(ConnectionSet, Vec<usize>)> {
        let exists =
            |held: &&(ConnectionSet, Vec<usize>)| held.1.iter().all(|&i| !self.made[i].gone);
        let (all, indices) = match self.held.get(set).filter(exists).cloned() {
            Some((mut all, indices)) => {
                self.sim.connection_values(&mut all, "weight")?;
                (all, indices)
            }
            None => (self.get(None)?, self.listed(None)),
        };
        let chosen: Vec<usize> = (0..indices.len()).step_by(every).collect();
        let some = self.sim.take_connections(&all, &chosen)?;
        Ok((some, chosen.into_iter().map(|i| indices[i]).collect()))
    }

    fn step(&mut self, step: &Step) -> ovenbird::Result<()> {
        match step {
            Step::Connect(pairs, model, how) => self.connect(pairs, *model, *how)?,
            Step::Hold(source) => {
                let held = (self.get(*source)?, self.listed(*source));
                self.held.push(held);
            }
            Step::Set(set, every, what, values) => {
                let (mut some, indices) = self.some(*set, *every)?;
                let mut params = Dict::default();
                let values = || indices.iter().zip(values.iter().cycle());
                let weights: Vec<f64> = values()
                    .map(|(&i, v)| fit(self.made[i].model, v.0))
                    .collect();
                let delays: Vec<f64> = values().map(|(_, v)| v.1).collect();
                if what[0] {
                    params.set("weight", Value::Floats(weights.clone()));
                }
                if what[1] {
                    params.set("delay", Value::Floats(delays.clone()));
                }
                self.sim.set_connections(&mut some, &params)?;
                for (n, &i) in indices.iter().enumerate() {
                    let made = &mut self.made[i];
                    made.weight = if what[0] { weights[n] } else { made.weight };
                    made.delay = if what[1] { delays[n] } else { made.delay };
                }
            }
            Step::Remove(set, every) => {
                let (mut some, indices) = self.some(*set, *every)?;
                self.sim.disconnect(&mut some)?;
                indices.iter().for_each(|&i| self.made[i].gone = true);
            }
            Step::Run => self.sim.simulate(1.0)?,
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn connections_with_the_same_ends_stay_in_the_order_in_which_they_were_made(
        steps in steps(), threads in 1i64..4,
    ) {
        let mut test = Test::new(threads).expect("the simulation is set up");
        for step in &steps {
            test.step(step).unwrap_or_else(|e| panic!("{step:?}: {e}"));
            test.check_all().unwrap_or_else(|e| panic!("after {step:?}: {e}"));
        }
    }
}

/// Sources and targets of connections with their weights, in the order of sets.
fn weights(sim: &mut Simulation) -> ovenbird::Result<BTreeMap<(i64, i64), Vec<f64>>> {
    let mut all = sim.connections(&Filter::default())?;
    let mut column = |key| sim.connection_values(&mut all, key);
    let (Some(Column::Ints(sources)), Some(Column::Ints(targets)), Some(Column::Floats(weights))) =
        (column("source")?, column("target")?, column("weight")?)
    else {
        panic!("ends are whole numbers, and weights are not");
    };
    let mut found: BTreeMap<_, Vec<f64>> = BTreeMap::new();
    for ((s, t), w) in sources.into_iter().zip(targets).zip(weights) {
        found.entry((s, t)).or_default().push(w);
    }
    Ok(found)
}

/// Rules that go by target and by source, with weights of both signs, whose order is that of the
/// draws on one thread: on any number of threads it is the same.
#[test]
fn threads_do_not_matter_to_the_order() -> ovenbird::Result<()> {
    let constant = |k: f64| Parameter::constant(k).expect("a constant is in its domain");
    let normal = Parameter::normal(0.0, 1.0).expect("the deviation is positive");
    let delay = Parameter::uniform(0.5, 3.0).expect("the bounds are in order");
    let mut reference = None;
    for threads in [1i64, 2, 3] {
        let mut sim = ovenbird::simulation();
        sim.set_status(&dict([("local_num_threads", threads.into())]))?;
        let cells = sim.create("iaf_psc_alpha", 300)?.ids();
        let synapse = [SynSpec {
            weight: Amount::Drawn(normal.clone()),
            delay: Some(Amount::Drawn(delay.clone())),
            ..static_synapse(&sim, 1.0, 1.0)?
        }];
        for round in 0..2 {
            for rule in [
                Rule::FixedIndegree(constant(150.0)),
                Rule::FixedOutdegree(constant(150.0)),
                Rule::FixedTotalNumber(20_000),
            ] {
                sim.connect(&cells, &cells, &ConnSpec::new(rule), &synapse)?;
            }
            if round == 0 {
                sim.simulate(0.1)?;
            }
        }
        let found = weights(&mut sim)?;
        assert_eq!(*reference.get_or_insert(found.clone()), found);
    }
    Ok(())
}

/// A list of weights goes up in the order in which connections are made, so those of a pair do.
#[test]
fn rules_by_source_keep_the_order_of_each_pair() -> ovenbird::Result<()> {
    let constant = |k: f64| Parameter::constant(k).expect("a constant is in its domain");
    let delay = Parameter::uniform(0.5, 3.0).expect("the bounds are in order");
    let mut reference = None;
    for threads in [1i64, 2, 3] {
        let mut sim = ovenbird::simulation();
        sim.set_status(&dict([("local_num_threads", threads.into())]))?;
        let mut cells = sim.create("iaf_psc_alpha", 200)?.ids();
        cells.extend(sim.create("iaf_psc_delta", 200)?.ids());
        let synapse = [SynSpec {
            weight: Amount::Each((1..=400 * 150).map(f64::from).collect()),
            delay: Some(Amount::Drawn(delay.clone())),
            ..static_synapse(&sim, 1.0, 1.0)?
        }];
        let rule = ConnSpec::new(Rule::FixedOutdegree(constant(150.0)));
        sim.connect(&cells, &cells, &rule, &synapse)?;
        let found = weights(&mut sim)?;
        assert_eq!(found.values().map(Vec::len).sum::<usize>(), 400 * 150);
        assert!(found.values().all(|list| list.is_sorted_by(|a, b| a < b)));
        assert_eq!(*reference.get_or_insert(found.clone()), found);
    }
    Ok(())
}

/// Few and many connections by source, some with delays that take more than a byte, the last
/// sources with short ones.
#[test]
fn rules_by_source_keep_long_delays() -> ovenbird::Result<()> {
    for (neurons, degree) in [(20usize, 5usize), (300, 50), (3000, 2)] {
        for model in ["static_synapse", "stdp_synapse"] {
            for threads in [1i64, 2, 3] {
                let mut sim = ovenbird::simulation();
                sim.set_status(&dict([("local_num_threads", threads.into())]))?;
                let cells = sim.create("iaf_psc_alpha", neurons as i64)?.ids();
                let delay = |i: usize| match i / degree % 4 {
                    0 => 25.6,
                    2 => 40.0 + (i % 7) as f64,
                    _ => 1.0 + (i % 3) as f64 / 10.0,
                };
                let given: Vec<f64> = (0..neurons * degree).map(delay).collect();
                let synapse = [SynSpec {
                    model: sim.synapse_index(model)?,
                    weight: Amount::Each((1..=given.len()).map(|i| i as f64 / 1e4).collect()),
                    delay: Some(Amount::Each(given.clone().into())),
                    ..static_synapse(&sim, 1.0, 1.0)?
                }];
                let degree = Parameter::constant(degree as f64)?;
                let rule = ConnSpec::new(Rule::FixedOutdegree(degree));
                sim.connect(&cells, &cells, &rule, &synapse)?;
                let mut set = sim.connections(&Filter::default())?;
                let mut column = |key| sim.connection_values(&mut set, key);
                let (Some(Column::Floats(weights)), Some(Column::Floats(delays))) =
                    (column("weight")?, column("delay")?)
                else {
                    panic!("weights and delays are no whole numbers");
                };
                for (weight, delay) in weights.iter().zip(delays) {
                    let made = (weight * 1e4).round() as usize - 1;
                    assert!((delay - given[made]).abs() < 1e-9, "{made}: {delay}");
                }
                assert_eq!(weights.len(), given.len());
            }
        }
    }
    Ok(())
}

#[test]
fn synapses_of_one_model_are_made_pair_by_pair() -> ovenbird::Result<()> {
    for threads in [1i64, 2] {
        let mut sim = ovenbird::simulation();
        sim.set_status(&dict([("local_num_threads", threads.into())]))?;
        let cells = sim.create("iaf_psc_alpha", 4)?.ids();
        let synapse = |factor: f64| -> ovenbird::Result<SynSpec> {
            Ok(SynSpec {
                weight: Amount::Each((1..=2000).map(|i| factor * f64::from(i)).collect()),
                ..static_synapse(&sim, 1.0, 1.0)?
            })
        };
        let synapses = [synapse(1.0)?, synapse(0.5)?];
        let one_to_one = ConnSpec::new(Rule::OneToOne);
        sim.connect(&[cells[0]; 2000], &[cells[1]; 2000], &one_to_one, &synapses)?;
        let expected: Vec<f64> = (1..=2000)
            .flat_map(|i| [f64::from(i), 0.5 * f64::from(i)])
            .collect();
        assert_eq!(
            weights(&mut sim)?.into_values().collect::<Vec<_>>(),
            [expected]
        );
    }
    Ok(())
}

/// Long lists are connected piece by piece, to the same network, or not at all.
#[test]
fn long_lists_of_pairs_can_be_lent() -> ovenbird::Result<()> {
    const PAIRS: i64 = 300_000;
    let end = |i: i64| 1 + i * i % 97;
    let sources: Vec<i64> = (0..PAIRS).map(end).collect();
    let targets: Vec<i64> = (1..=PAIRS).map(end).collect();
    let numbers: Vec<f64> = (0..PAIRS).map(|i| (i as f64).sin()).collect();
    let rule = ConnSpec::new(Rule::OneToOne);
    let mut found = Vec::new();
    for threads in [1i64, 2] {
        for lent in [true, false] {
            let mut sim = ovenbird::simulation();
            sim.set_status(&dict([("local_num_threads", threads.into())]))?;
            sim.create("iaf_psc_alpha", 60)?;
            sim.create("iaf_psc_delta", 40)?;
            sim.create("poisson_generator", 1)?;
            let synapse = SynSpec {
                weight: Amount::Each(numbers.clone().into()),
                delay: Some(Amount::Each(numbers.iter().map(|x| 1.5 + x).collect())),
                ..static_synapse(&sim, 1.0, 1.0)?
            };
            let synapse = [synapse];
            if lent {
                for wrong in [0, 101, 102] {
                    let mut sources = sources.clone();
                    sources[PAIRS as usize - 1] = wrong;
                    assert!(!sim.connect_pairs(&sources, &targets, &rule, &synapse)?);
                    assert_eq!(sim.connections(&Filter::default())?.len(), 0);
                }
                assert!(sim.connect_pairs(&sources, &targets, &rule, &synapse)?);
            } else {
                let ids = |list: &[i64]| list.iter().map(|&id| id as u32).collect::<Vec<_>>();
                sim.connect(&ids(&sources), &ids(&targets), &rule, &synapse)?;
            }
            found.push(weights(&mut sim)?);
        }
    }
    assert_eq!(
        found[0].values().map(Vec::len).sum::<usize>(),
        PAIRS as usize
    );
    assert!(found.windows(2).all(|pair| pair[0] == pair[1]));
    Ok(())
}
