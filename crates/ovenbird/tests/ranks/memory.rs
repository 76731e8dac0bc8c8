//! What one rank of many holds, counted.

use super::Rank;
use ovenbird::Simulation;
use ovenbird::core::rank::{Communicator, Gathered, Head, Lost};
use ovenbird::prelude::*;

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

/// Bytes of nodes and buffers, of connections, and of all tables together.
#[derive(Clone, Copy, Debug)]
struct Held {
    nodes: f64,
    connections: f64,
    tables: f64,
    count: f64,
}

/// What a rank holds of a network of `n` neurons, each with `indegree` equal connections.
fn held(rank: Option<Rank>, n: i64, indegree: u32) -> ovenbird::Result<Held> {
    let registry = ovenbird::models::registry();
    let mut sim = match rank {
        Some(rank) => Simulation::with_ranks(registry, rank),
        None => Simulation::new(registry),
    };
    let cells = sim.create("iaf_psc_alpha", n)?.ids();
    let synapse = [static_synapse(&sim, 1.0, 1.5)?];
    sim.connect(&cells, &cells, &fixed_indegree(indegree)?, &synapse)?;
    sim.simulate(1.5)?;
    let m = sim.memory();
    Ok(Held {
        nodes: (m.nodes + m.buffers) as f64,
        connections: m.connections as f64,
        tables: m.tables as f64,
        count: sim.num_connections() as f64,
    })
}

/// Bytes of `count` equal connections from random ones of `n` sources: 4 for each connection; for
/// each source that has any 4 for its row and 20 for a group with its delay; and the tables of
/// blocks of 256 sources.
fn formula(n: f64, count: f64) -> f64 {
    let sources = n * (1.0 - (-count / n).exp());
    let blocks = n / 256.0;
    4.0 * count + 24.0 * sources + (8.0 + 200.0) * blocks
}

#[test]
fn memory_of_a_rank_is_in_proportion_to_what_it_holds() -> ovenbird::Result<()> {
    let (n, indegree) = (6000, 200);
    let whole = held(None, n, indegree)?;
    for ranks in [1, 2, 4, 8] {
        let parts = super::on(ranks, |rank| held(Some(rank), n, indegree));
        for part in parts {
            let part = part?;
            let share = part.count / whole.count;
            assert!((share * ranks as f64 - 1.0).abs() < 0.01, "{share}");
            let nodes = part.nodes / (whole.nodes * share);
            assert!((0.97..1.1).contains(&nodes), "{ranks} ranks: {nodes}");
            let predicted = part.connections / formula(n as f64, part.count);
            assert!(
                (0.85..1.02).contains(&predicted),
                "{ranks} ranks: {predicted}"
            );
            assert!(part.tables < 4000.0, "{ranks} ranks: {}", part.tables);
        }
    }
    Ok(())
}

#[test]
fn a_rank_takes_less_than_a_bit_for_each_node_that_it_has_nothing_to_do_with()
-> ovenbird::Result<()> {
    // the same share of ever larger networks
    let share = |ranks: usize| held(Some(OneOf::boxed(ranks)), 500 * ranks as i64, 20);
    let (few, many) = (share(200)?, share(2000)?);
    assert_eq!((few.count, many.count), (10_000.0, 10_000.0));
    assert!((many.nodes / few.nodes - 1.0).abs() < 1e-9);
    let more_nodes = 500.0 * 1800.0;
    // sources and blocks that the same connections come from, and the tables of the ranks
    let of_connections = |n: f64| {
        let sources = n * (1.0 - (-10_000.0 / n).exp());
        let blocks = n / 256.0 * (1.0 - (-10_000.0 / (n / 256.0)).exp());
        24.0 * sources + 200.0 * blocks
    };
    let expected = of_connections(1e6) - of_connections(1e5);
    let more = many.connections - few.connections;
    let bits = (more - expected) * 8.0 / more_nodes;
    assert!(bits < 1.0, "{bits} bits for each further node");
    // where spikes go: one bit for each node and rank, of which there are 500 to a rank
    let routes = 1800.0 * f64::from(501u32.div_ceil(64)) * 8.0;
    let of_ranks = (many.tables - few.tables - routes) / 1800.0;
    assert!(of_ranks < 256.0, "{of_ranks} bytes for each further rank");
    Ok(())
}
