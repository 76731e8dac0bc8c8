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
    /// As on a grid, at places that are given as a list.
    Listed,
}

/// Bytes of nodes and buffers, of connections, and of all tables together.
#[derive(Clone, Copy, Debug)]
struct Held {
    nodes: f64,
    connections: f64,
    tables: f64,
    count: f64,
    /// The sources on other ranks and here that have connections here.
    senders: f64,
    /// Pairs of a thread with a source, a block of 256 sources, and a page of 64 blocks that have
    /// connections there.
    sources: f64,
    blocks: f64,
    pages: f64,
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
        Network::Listed => {
            let column = |turn: f64| (1..=n).map(|i| (i as f64 * turn).fract() - 0.5).collect();
            Positions::Free {
                columns: vec![column(0.618_033_988_749), column(0.414_213_562_373)],
                extent: Some(vec![1.0, 1.0]),
                wrap: true,
            }
        }
    };
    Ok(sim.create_layer("iaf_psc_alpha", &positions)?.ids())
}

/// What a rank with some threads holds of a network of `n` neurons, each with about `indegree`
/// connections.
fn held(
    rank: Option<Rank>,
    threads: usize,
    network: Network,
    n: i64,
    indegree: u32,
) -> ovenbird::Result<Held> {
    let registry = ovenbird::models::registry();
    let mut sim = match rank {
        Some(rank) => Simulation::with_ranks(registry, rank),
        None => Simulation::new(registry),
    };
    sim.set_status(&dict([("local_num_threads", (threads as i64).into())]))?;
    let cells = create(&mut sim, network, n)?;
    let mut synapse = static_synapse(&sim, 1.0, 1.5)?;
    let mut rule = fixed_indegree(indegree)?;
    match network {
        Network::Equal => {}
        Network::Plastic => {
            synapse.model = sim.synapse_index("stdp_synapse")?;
            synapse.weight = Amount::Drawn(Parameter::uniform(1.0, 2.0).expect("a range"));
        }
        Network::Grid | Network::Scattered | Network::Listed => {
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
    let count = found.len();
    let mut ends = |key: &str| -> ovenbird::Result<Vec<usize>> {
        let column = sim.connection_values(&mut found, key)?.expect("a key");
        let id = |i| column.at(i).as_int(key).expect("an id") as usize;
        Ok((0..count).map(id).collect())
    };
    let (sources, targets) = (ends("source")?, ends("target")?);
    let ranks = sim.ranks().count();
    let thread = |target: usize| target % (ranks * threads) / ranks;
    let pairs: BTreeSet<_> = sources
        .iter()
        .zip(&targets)
        .map(|(s, t)| (*s, thread(*t)))
        .collect();
    let parts = |bits: u32| {
        let parts: BTreeSet<_> = pairs.iter().map(|(s, w)| (s >> bits, *w)).collect();
        parts.len() as f64
    };
    let senders: BTreeSet<_> = sources.into_iter().collect();
    let m = sim.memory();
    Ok(Held {
        nodes: (m.nodes + m.buffers) as f64,
        connections: m.connections as f64,
        tables: m.tables as f64,
        count: sim.num_connections() as f64,
        senders: senders.len() as f64,
        sources: pairs.len() as f64,
        blocks: parts(8),
        pages: parts(14),
    })
}

/// Bytes of connections. Equal ones: 4 for each, 4 for each source and thread that has any, and the
/// tables of blocks of 256 sources and of pages. Plastic ones: 12, with a weight; 20 for each
/// source, with the time of its last spike and its trace.
fn formula(network: Network, held: &Held) -> f64 {
    let (connection, source, block) = match network {
        Network::Plastic => (12.0, 20.0, 228.0),
        _ => (4.0, 4.0, 136.0),
    };
    let tables = block * held.blocks + 48.0 * held.pages;
    connection * held.count + source * held.sources + tables
}

#[test]
fn memory_of_a_rank_is_in_proportion_to_what_it_holds() -> ovenbird::Result<()> {
    for (network, n, indegree) in [
        (Network::Equal, 6000, 200),
        (Network::Plastic, 6000, 100),
        (Network::Grid, 6000, 60),
        (Network::Scattered, 6000, 60),
        (Network::Listed, 6000, 60),
    ] {
        let whole = held(None, 1, network, n, indegree)?;
        for (ranks, threads) in [(1, 1), (2, 1), (4, 1), (8, 1), (1, 8), (4, 8)] {
            let parts = super::on(ranks, |rank| {
                held(Some(rank), threads, network, n, indegree)
            });
            for part in parts {
                let part = part?;
                let place = format!("{network:?}, {ranks} ranks x {threads}: {part:?}");
                let share = part.count / whole.count;
                assert!((share * ranks as f64 - 1.0).abs() < 0.03, "{share} {place}");
                let nodes = part.nodes / (whole.nodes / ranks as f64);
                // of threads and of ranks
                let slack = 1.1 + (threads * ranks) as f64 * 0.01;
                assert!((0.97..slack).contains(&nodes), "{nodes} {place}");
                let predicted = part.connections / formula(network, &part);
                assert!((0.9..1.1).contains(&predicted), "{predicted} {place}");
                // where spikes are sent selectively, a bit for each own node and other rank at most
                let routes = (n as f64 / ranks as f64 / 64.0).ceil() * 8.0 * (ranks - 1) as f64;
                let listed = if network == Network::Listed {
                    16.0
                } else {
                    0.0
                };
                let positions = listed * (n as f64 / ranks as f64).ceil();
                assert!(part.tables < 4000.0 + routes + positions, "{place}");
                assert!(part.tables >= positions - 16.0, "{place}");
            }
        }
    }
    Ok(())
}

#[test]
fn a_rank_takes_less_than_a_bit_for_each_node_that_it_has_nothing_to_do_with()
-> ovenbird::Result<()> {
    for (network, threads) in [
        (Network::Equal, 1),
        (Network::Plastic, 1),
        (Network::Equal, 12),
        (Network::Plastic, 12),
    ] {
        // the same share of ever larger networks
        let share = |ranks: usize| {
            let rank = OneOf::boxed(ranks);
            held(Some(rank), threads, network, 500 * ranks as i64, 20)
        };
        let (few, many) = (share(200)?, share(2000)?);
        assert_eq!((few.count, many.count), (10_000.0, 10_000.0));
        assert!((many.nodes / few.nodes - 1.0).abs() < 1e-9);
        let place = format!("{network:?}, {threads} threads: {few:?} {many:?}");
        // sources and blocks that the same connections come from, and senders that are routed
        let expected = formula(network, &many) - formula(network, &few);
        let routes = 4.0 * (many.senders - few.senders);
        let more = many.connections - few.connections;
        // what 1800 further ranks take, each with 500 nodes
        let tables = many.tables - few.tables - routes;
        assert!(tables / 1800.0 < 256.0, "{place}");
        let bits = (more - expected) * 8.0 / (500.0 * 1800.0);
        assert!(bits < 0.5, "{bits} bits for each further node: {place}");
    }
    Ok(())
}
