//! Nodes in space: which are connected, how many, and the same on any number of threads.

use ovenbird::core::connect::SpaceSpec;
use ovenbird::core::parameter::{BinaryOp, Comparison, Place};
use ovenbird::core::simulation::{Filter, Positions};
use ovenbird::core::space::Mask;
use ovenbird::core::value::Column;
use ovenbird::prelude::*;

fn made(p: std::result::Result<Parameter, impl std::fmt::Debug>) -> Parameter {
    p.expect("arguments are in their domains")
}

fn constant(x: f64) -> Parameter {
    made(Parameter::constant(x))
}

fn with_threads(threads: i64) -> ovenbird::Result<Simulation> {
    let mut sim = ovenbird::simulation();
    sim.set_status(&dict([("local_num_threads", threads.into())]))?;
    Ok(sim)
}

fn scattered(sim: &mut Simulation, n: usize, wrap: bool) -> ovenbird::Result<Vec<u32>> {
    let uniform = made(Parameter::uniform(-0.5, 0.5));
    let positions = Positions::Drawn {
        coordinates: vec![uniform.clone(), uniform],
        n,
        extent: Some(vec![1.0, 1.0]),
        wrap,
    };
    Ok(sim.create_layer("iaf_psc_alpha", &positions)?.ids())
}

fn circle(radius: f64) -> ovenbird::Result<Mask> {
    let spec = Value::Dict(dict([("radius", radius.into())]));
    Mask::from_dict(&dict([("circular", spec)]))
}

fn gaussian(std: f64) -> Parameter {
    made(Parameter::gaussian_profile(
        &Parameter::distance(None),
        0.0,
        std,
    ))
}

fn in_space(rule: Rule, space: SpaceSpec) -> ConnSpec {
    ConnSpec {
        space: Some(space),
        ..ConnSpec::new(rule)
    }
}

/// Source, target, weight and delay of all connections, sorted.
fn connections(sim: &mut Simulation) -> ovenbird::Result<Vec<(i64, i64, u64, u64)>> {
    let mut set = sim.connections(&Filter::default())?;
    let mut columns = Vec::new();
    for key in ["source", "target", "weight", "delay"] {
        columns.push(match sim.connection_values(&mut set, key)? {
            Some(Column::Ints(v)) => v,
            Some(Column::Floats(v)) => v.iter().map(|x| x.to_bits() as i64).collect(),
            other => panic!("{key}: {other:?}"),
        });
    }
    let row = |i: usize| {
        let at = |c: usize| columns[c][i];
        (at(0), at(1), at(2) as u64, at(3) as u64)
    };
    let mut rows: Vec<_> = (0..set.len()).map(row).collect();
    rows.sort_unstable();
    Ok(rows)
}

fn synapses(sim: &Simulation) -> ovenbird::Result<Vec<SynSpec>> {
    let distance = Parameter::distance(None);
    let x = Parameter::position(Place::Source, 0);
    let noise = made(Parameter::normal(0.0, 1.0));
    let weight = made(Parameter::binary(BinaryOp::Add, &x, &noise));
    let delay = made(Parameter::binary(BinaryOp::Add, &distance, &constant(1.0)));
    Ok(vec![SynSpec {
        weight: Amount::Drawn(weight),
        delay: Some(Amount::Drawn(delay)),
        ..static_synapse(sim, 1.0, 1.0)?
    }])
}

/// Every rule, with and without mask and kernel.
fn network(threads: i64) -> ovenbird::Result<Vec<(i64, i64, u64, u64)>> {
    let mut sim = with_threads(threads)?;
    let a = scattered(&mut sim, 600, true)?;
    let b = scattered(&mut sim, 500, false)?;
    let synapses = synapses(&sim)?;
    let mask = Some(circle(0.2)?);
    let masked = SpaceSpec {
        mask,
        ..SpaceSpec::default()
    };
    let on_source = SpaceSpec {
        on_source: true,
        ..masked.clone()
    };
    let weighted = SpaceSpec {
        kernel: Some(gaussian(0.1)),
        ..masked.clone()
    };
    let open = SpaceSpec::default();
    let bernoulli = |p: &Parameter| Rule::PairwiseBernoulli(p.clone());
    let half = constant(0.5);
    let rules = [
        in_space(bernoulli(&half), masked.clone()),
        in_space(bernoulli(&gaussian(0.1)), on_source),
        in_space(bernoulli(&gaussian(0.05)), open.clone()),
        in_space(Rule::PairwisePoisson(gaussian(0.1)), masked.clone()),
        in_space(Rule::FixedIndegree(constant(7.0)), weighted.clone()),
        in_space(Rule::FixedOutdegree(constant(5.0)), masked),
        ConnSpec {
            allow_multapses: false,
            allow_autapses: false,
            ..in_space(Rule::FixedOutdegree(constant(4.0)), weighted)
        },
    ];
    for rule in &rules {
        sim.connect(&a, &b, rule, &synapses)?;
        sim.connect(&b, &b, rule, &synapses)?;
    }
    // alike synapses take another way
    let plain = [static_synapse(&sim, 2.5, 1.5)?];
    sim.connect(&b, &a, &rules[5], &plain)?;
    connections(&mut sim)
}

#[test]
fn same_bits_on_any_number_of_threads() -> ovenbird::Result<()> {
    let one = network(1)?;
    assert!(one.len() > 10_000);
    for threads in [2, 3, 5] {
        assert!(network(threads)? == one, "{threads} threads");
    }
    Ok(())
}

#[test]
fn all_in_the_mask_and_no_others_are_connected() -> ovenbird::Result<()> {
    for on_source in [false, true] {
        let mut sim = with_threads(2)?;
        let grid = Positions::Grid {
            shape: vec![12, 9],
            center: None,
            extent: Some(vec![12.0, 9.0]),
            wrap: true,
        };
        let a = sim.create_layer("iaf_psc_alpha", &grid)?.ids();
        let corner = Value::Floats(vec![-0.2, -1.2]);
        let other = Value::Floats(vec![2.2, 0.2]);
        let spec = Value::Dict(dict([("lower_left", corner), ("upper_right", other)]));
        let space = SpaceSpec {
            mask: Some(Mask::from_dict(&dict([("rectangular", spec)]))?),
            on_source,
            ..SpaceSpec::default()
        };
        let rule = in_space(Rule::PairwiseBernoulli(constant(1.0)), space);
        let plain = [static_synapse(&sim, 1.0, 1.0)?];
        sim.connect(&a, &a, &rule, &plain)?;
        let found = connections(&mut sim)?;
        // columns 0, 1 and 2 to the right, rows 0 and 1 down
        assert_eq!(found.len(), 6 * a.len());
        for (source, target, ..) in found {
            let (driver, pool) = if on_source {
                (target, source)
            } else {
                (source, target)
            };
            let ends = [driver, pool].map(|id| ((id - 1) / 9, (id - 1) % 9));
            let columns = (ends[1].0 - ends[0].0).rem_euclid(12);
            let rows = (ends[1].1 - ends[0].1).rem_euclid(9);
            assert!(columns <= 2 && rows <= 1, "{source} {target}");
        }
    }
    Ok(())
}

/// How many connections a kernel gives, and how far the count is from its expectation, in
/// standard deviations.
fn deviation(
    kernel: &Parameter,
    space: SpaceSpec,
    probability: impl Fn(f64) -> f64,
) -> ovenbird::Result<(usize, f64)> {
    let mut sim = with_threads(2)?;
    let nodes = scattered(&mut sim, 1500, true)?;
    let rule = in_space(Rule::PairwiseBernoulli(kernel.clone()), space);
    let plain = [static_synapse(&sim, 1.0, 1.0)?];
    sim.connect(&nodes, &nodes, &rule, &plain)?;
    let (mut mean, mut variance) = (0.0, 0.0);
    for &s in &nodes {
        let sources = vec![s; nodes.len()];
        for r in sim
            .connection_distances(&sources, &nodes)
            .expect("known nodes")
        {
            let p = probability(r);
            mean += p;
            variance += p * (1.0 - p);
        }
    }
    let n = connections(&mut sim)?.len();
    Ok((n, (n as f64 - mean) / variance.sqrt()))
}

#[test]
fn kernels_give_the_expected_number_of_connections() -> ovenbird::Result<()> {
    let bell = |r: f64| (-r * r / (2.0 * 0.05 * 0.05)).exp();
    let (n, z) = deviation(&gaussian(0.05), SpaceSpec::default(), bell)?;
    assert!(n > 30_000 && z.abs() < 4.0, "{n} {z}");
    let masked = SpaceSpec {
        mask: Some(circle(0.08)?),
        ..SpaceSpec::default()
    };
    let cut = |r: f64| if r <= 0.08 { bell(r) } else { 0.0 };
    let (n, z) = deviation(&gaussian(0.05), masked, cut)?;
    assert!(n > 10_000 && z.abs() < 4.0, "{n} {z}");
    let noise = made(Parameter::uniform(0.0, 1.0));
    let noisy = made(Parameter::binary(
        BinaryOp::Multiply,
        &gaussian(0.1),
        &noise,
    ));
    let mean = |r: f64| 0.5 * (-r * r / (2.0 * 0.1 * 0.1)).exp();
    let (n, z) = deviation(&noisy, SpaceSpec::default(), mean)?;
    assert!(n > 50_000 && z.abs() < 4.0, "{n} {z}");
    Ok(())
}

#[test]
fn the_distances_of_connections_follow_the_kernel() -> ovenbird::Result<()> {
    // of 3000 scattered nodes, a thousand connections each to sources chosen by an exponential
    let mut sim = with_threads(1)?;
    let nodes = scattered(&mut sim, 3000, true)?;
    let decay = made(Parameter::exponential_profile(
        &Parameter::distance(None),
        0.1,
    ));
    let space = SpaceSpec {
        kernel: Some(decay),
        ..SpaceSpec::default()
    };
    let rule = in_space(Rule::FixedIndegree(constant(1000.0)), space);
    let plain = [static_synapse(&sim, 1.0, 1.0)?];
    sim.connect(&nodes, &nodes[..1], &rule, &plain)?;
    let sources: Vec<u32> = connections(&mut sim)?.iter().map(|c| c.0 as u32).collect();
    assert_eq!(sources.len(), 1000);
    let here = |ids: &[u32]| {
        sim.connection_distances(ids, &vec![nodes[0]; ids.len()])
            .unwrap()
    };
    let near = here(&sources).iter().filter(|r| **r < 0.1).count() as f64;
    let weight = |r: &f64| (-r / 0.1).exp();
    let all: f64 = here(&nodes).iter().map(weight).sum();
    let inside: f64 = here(&nodes).iter().filter(|r| **r < 0.1).map(weight).sum();
    let p = inside / all;
    let z = (near - 1000.0 * p) / (1000.0 * p * (1.0 - p)).sqrt();
    assert!(z.abs() < 4.0, "{near} of 1000, probability {p}");
    Ok(())
}

#[test]
fn degrees_without_repetition_are_distinct_and_refused_where_impossible() -> ovenbird::Result<()> {
    let mut sim = with_threads(2)?;
    let nodes = scattered(&mut sim, 40, false)?;
    let spec = |kernel: Option<Parameter>, k: f64| ConnSpec {
        allow_multapses: false,
        allow_autapses: false,
        ..in_space(
            Rule::FixedIndegree(constant(k)),
            SpaceSpec {
                kernel,
                ..SpaceSpec::default()
            },
        )
    };
    let plain = [static_synapse(&sim, 1.0, 1.0)?];
    for kernel in [None, Some(gaussian(0.3))] {
        let mut sim = with_threads(2)?;
        let nodes = scattered(&mut sim, 40, false)?;
        sim.connect(&nodes, &nodes, &spec(kernel, 39.0), &plain)?;
        let mut pairs: Vec<_> = connections(&mut sim)?.iter().map(|c| (c.0, c.1)).collect();
        pairs.dedup();
        assert_eq!(pairs.len(), 39 * 40);
        assert!(pairs.iter().all(|(s, t)| s != t));
    }
    assert!(
        sim.connect(&nodes, &nodes, &spec(None, 40.0), &plain)
            .is_err()
    );
    let near = made(Parameter::compare(
        Comparison::Less,
        &Parameter::distance(None),
        &constant(1e-6),
    ));
    let lonely = spec(Some(near), 1.0);
    assert!(sim.connect(&nodes, &nodes, &lonely, &plain).is_err());
    assert_eq!(sim.num_connections(), 0);
    Ok(())
}

#[test]
fn parameters_of_nodes_can_be_their_positions() -> ovenbird::Result<()> {
    let mut sim = with_threads(3)?;
    let nodes = scattered(&mut sim, 50, false)?;
    let y = Parameter::position(Place::Node, 1);
    sim.set(&nodes, &dict([("I_e", Value::Parameter(y.clone()))]))?;
    let (positions, _) = sim.positions(&nodes)?;
    let groups = sim.groups(&nodes)?;
    let Some(Column::Floats(values)) = sim.get(&groups[0], "I_e") else {
        panic!("I_e is a number")
    };
    assert!(positions.iter().zip(&values).all(|(p, v)| p[1] == *v));
    let elsewhere = sim.create("iaf_psc_alpha", 1)?.ids();
    assert!(
        sim.set(&elsewhere, &dict([("I_e", Value::Parameter(y))]))
            .is_err()
    );
    Ok(())
}
