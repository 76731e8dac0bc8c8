//! What one rank of many holds, counted.

use super::Rank;
use ovenbird::Simulation;
use ovenbird::core::connect::SpaceSpec;
use ovenbird::core::rank::{Communicator, Gathered, Head, Lost};
use ovenbird::core::simulation::{Filter, Positions};
use ovenbird::core::space::Mask;
use ovenbird::prelude::*;
use std::collections::BTreeSet;

/// The first of many ranks, of which each other gives it what it gives to that one.
struct OneOf {
    ranks: usize,
    begun: (Head, Vec<Vec<u64>>),
}

impl OneOf {
    fn boxed(ranks: usize) -> Rank {
        let begun = (Head::default(), Vec::new());
        Box::new(OneOf { ranks, begun })
    }
}

impl Communicator for OneOf {
    fn rank(&self) -> usize {
        0
    }

    fn ranks(&self) -> usize {
        self.ranks
    }

    fn begin(&mut self, head: Head, words: &[u64], counts: Option<&[usize]>) -> Result<(), Lost> {
        let mut left = words;
        let mut part = |n: usize| {
            let (part, others) = left.split_at(n);
            left = others;
            part.to_vec()
        };
        let parts = match counts {
            Some(counts) => counts.iter().map(|&n| part(n)).collect(),
            None => vec![words.to_vec(); self.ranks],
        };
        self.begun = (head, parts);
        Ok(())
    }

    fn complete(&mut self, all: &mut Gathered) -> Result<(), Lost> {
        all.clear();
        for part in &self.begun.1 {
            all.heads.push(self.begun.0);
            all.words.extend_from_slice(part);
            all.ends.push(all.words.len());
        }
        Ok(())
    }

    fn abandon(&mut self, _: &str) {}
}

/// What the neurons of a network are connected by.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Network {
    /// Equal connections from random sources.
    Equal,
    /// Plastic ones with weights of their own.
    Plastic,
    /// Equal ones from the surroundings; neurons stand on a grid.
    Grid,
    /// As on a grid, at drawn places.
    Scattered,
}

/// Bytes of nodes and buffers, of connections, and of all tables together.
#[derive(Clone, Copy, Debug)]
struct Held {
    nodes: f64,
    connections: f64,
    tables: f64,
    count: f64,
    /// The sources on other ranks and here, and the blocks of them, that have connections here.
    sources: f64,
    blocks: f64,
}

fn create(sim: &mut Simulation, network: Network, n: i64) -> ovenbird::Result<Vec<u32>> {
    let positions = match network {
        Network::Equal | Network::Plastic => return Ok(sim.create("iaf_psc_alpha", n)?.ids()),
        Network::Grid => Positions::Grid {
            shape: vec![n / 50, 50],
            center: None,
            extent: None,
            wrap: true,
        },
        Network::Scattered => Positions::Drawn {
            coordinates: vec![Parameter::uniform(-0.5, 0.5).expect("a range"); 2],
            n: n as usize,
            extent: Some(vec![1.0, 1.0]),
            wrap: true,
        },
    };
    Ok(sim.create_layer("iaf_psc_alpha", &positions)?.ids())
}

/// What a rank holds of a network of `n` neurons, each with about `indegree` connections.
fn held(rank: Option<Rank>, network: Network, n: i64, indegree: u32) -> ovenbird::Result<Held> {
    let registry = ovenbird::models::registry();
    let mut sim = match rank {
        Some(rank) => Simulation::with_ranks(registry, rank),
        None => Simulation::new(registry),
    };
    let cells = create(&mut sim, network, n)?;
    let mut synapse = static_synapse(&sim, 1.0, 1.5)?;
    let mut rule = fixed_indegree(indegree)?;
    match network {
        Network::Equal => {}
        Network::Plastic => {
            synapse.model = sim.synapse_index("stdp_synapse")?;
            synapse.weight = Amount::Drawn(Parameter::uniform(1.0, 2.0).expect("a range"));
        }
        Network::Grid | Network::Scattered => {
            let radius = (f64::from(indegree) / n as f64 / std::f64::consts::PI).sqrt();
            let circle = Value::Dict(dict([("radius", radius.into())]));
            rule = ConnSpec::new(Rule::PairwiseBernoulli(
                Parameter::constant(1.0).expect("1"),
            ));
            rule.space = Some(SpaceSpec {
                mask: Some(Mask::from_dict(&dict([("circular", circle)]))?),
                ..SpaceSpec::default()
            });
        }
    }
    sim.connect(&cells, &cells, &rule, &[synapse])?;
    sim.simulate(1.5)?;
    let mut found = sim.connections(&Filter::default())?;
    let column = sim.connection_values(&mut found, "source")?.expect("a key");
    let sources: BTreeSet<i64> = (0..found.len())
        .map(|i| column.at(i).as_int("source").expect("an id"))
        .collect();
    let blocks: BTreeSet<i64> = sources.iter().map(|s| s >> 8).collect();
    let m = sim.memory();
    Ok(Held {
        nodes: (m.nodes + m.buffers) as f64,
        connections: m.connections as f64,
        tables: m.tables as f64,
        count: sim.num_connections() as f64,
        sources: sources.len() as f64,
        blocks: blocks.len() as f64,
    })
}

/// Bytes of connections. Equal ones: 4 for each; for each source that has any 4 for its row and 20
/// for a group with its delay; and the tables of blocks of 256 sources. Plastic ones: 12, with a
/// weight; 64 for each source, with the time of its last spike and its trace.
fn formula(network: Network, n: f64, held: &Held) -> f64 {
    let (connection, source, block) = match network {
        Network::Plastic => (12.0, 64.0, 250.0),
        _ => (4.0, 24.0, 200.0),
    };
    connection * held.count + source * held.sources + block * held.blocks + 8.0 * n / 256.0
}

#[test]
fn memory_of_a_rank_is_in_proportion_to_what_it_holds() -> ovenbird::Result<()> {
    for (network, n, indegree) in [
        (Network::Equal, 6000, 200),
        (Network::Plastic, 6000, 100),
        (Network::Grid, 6000, 60),
        (Network::Scattered, 6000, 60),
    ] {
        let whole = held(None, network, n, indegree)?;
        for ranks in [1, 2, 4, 8] {
            let parts = super::on(ranks, |rank| held(Some(rank), network, n, indegree));
            for part in parts {
                let part = part?;
                let place = format!("{network:?}, {ranks} ranks: {part:?}");
                let share = part.count / whole.count;
                assert!((share * ranks as f64 - 1.0).abs() < 0.03, "{share} {place}");
                let nodes = part.nodes / (whole.nodes / ranks as f64);
                assert!((0.97..1.1).contains(&nodes), "{nodes} {place}");
                let predicted = part.connections / formula(network, n as f64, &part);
                assert!((0.9..1.05).contains(&predicted), "{predicted} {place}");
                // where spikes are sent selectively a bit for each own node and other rank
                let routes = (n as f64 / ranks as f64 / 64.0).ceil() * 8.0 * (ranks - 1) as f64;
                assert!(part.tables < 4000.0 + routes, "{place}");
            }
        }
    }
    Ok(())
}

#[test]
fn a_rank_takes_less_than_a_bit_for_each_node_that_it_has_nothing_to_do_with()
-> ovenbird::Result<()> {
    for network in [Network::Equal, Network::Plastic] {
        // the same share of ever larger networks
        let share = |ranks: usize| held(Some(OneOf::boxed(ranks)), network, 500 * ranks as i64, 20);
        let (few, many) = (share(200)?, share(2000)?);
        assert_eq!((few.count, many.count), (10_000.0, 10_000.0));
        assert!((many.nodes / few.nodes - 1.0).abs() < 1e-9);
        let more_nodes = 500.0 * 1800.0;
        // sources and blocks that the same connections come from, and the tables of the ranks
        let of_connections = |n: f64, held: &Held| formula(network, n, held) - 8.0 * n / 256.0;
        let expected = of_connections(1e6, &many) - of_connections(1e5, &few);
        let more = many.connections - few.connections;
        let bits = (more - expected) * 8.0 / more_nodes;
        assert!(bits < 1.0, "{network:?}: {bits} bits for each further node");
        // where spikes go: one bit for each node and rank, of which there are 500 to a rank
        let routes = 1800.0 * f64::from(501u32.div_ceil(64)) * 8.0;
        let of_ranks = (many.tables - few.tables - routes) / 1800.0;
        assert!(of_ranks < 256.0, "{of_ranks} bytes for each further rank");
    }
    Ok(())
}
