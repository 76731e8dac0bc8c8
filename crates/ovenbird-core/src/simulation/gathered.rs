//! Connections that rules by source make, gathered for a block of sources and put in the order of
//! their targets: so they take as little while they are pending as those that are made target by
//! target, and rows need not be sorted.
//!
//! The order of connections that have both ends in common stays.

use super::maker::survey;
use super::scattered::{Amounts, Put, Synapse};
use crate::synapse::BLOCK_BITS;

/// So many connections are put in order together, or as many as there are targets.
const MOST: usize = 1 << 18;
/// Fewer are not put in order.
const FEW: usize = 1 << 10;
/// Nor are they if fewer than one of so many targets has one.
const SPARSE: usize = 4;

/// Connections to one port from sources of one block, in the order in which they were made.
#[derive(Default)]
pub(super) struct Gathered {
    block: u32,
    /// The row of the source of each.
    rows: Vec<u8>,
    /// The index of the target of each in its population.
    targets: Vec<u32>,
    /// Numbers that the connections do not share.
    weights: Vec<f64>,
    delays: Vec<u32>,
    /// For each target where the next connection to it goes.
    next: Vec<u32>,
}

impl Gathered {
    /// Whether connections from another source can be added.
    pub fn takes(&self, source: u32, targets: usize) -> bool {
        self.rows.is_empty()
            || (source >> BLOCK_BITS == self.block && self.rows.len() < MOST.max(targets))
    }

    /// Adds a connection.
    #[inline(always)]
    pub fn add(&mut self, source: u32, target: u32) {
        self.block = source >> BLOCK_BITS;
        self.rows.push(source as u8);
        self.targets.push(target);
    }

    /// Adds connections from one source.
    pub fn extend(&mut self, source: u32, targets: &[u32]) {
        self.block = source >> BLOCK_BITS;
        self.targets.extend_from_slice(targets);
        self.rows.resize(self.targets.len(), source as u8);
    }

    /// Adds the numbers of connections.
    pub fn extend_numbers(&mut self, weights: &[f64], delays: &[u32]) {
        self.weights.extend_from_slice(weights);
        self.delays.extend_from_slice(delays);
    }

    fn clear(&mut self) {
        self.rows.clear();
        self.targets.clear();
        self.weights.clear();
        self.delays.clear();
    }
}

/// Connections of one synapse from sources of one block: for each port those with positive and
/// those with negative weights.
#[derive(Default)]
pub(super) struct BySign {
    list: Vec<[Gathered; 2]>,
}

impl BySign {
    /// Those to a port with weights of a sign.
    #[inline(always)]
    pub fn of(&mut self, port: u32, negative: bool) -> &mut Gathered {
        let port = port as usize;
        if self.list.len() <= port {
            self.list.resize_with(port + 1, Default::default);
        }
        &mut self.list[port][usize::from(negative)]
    }

    /// Whether connections from another source, to some of so many targets, can be added.
    pub fn takes(&self, source: u32, targets: usize) -> bool {
        self.list.iter().flatten().all(|g| g.takes(source, targets))
    }
}

impl Put<'_, '_> {
    /// Puts the gathered connections of a synapse with what is pending.
    pub fn gathered(&mut self, synapse: &mut Synapse) {
        let mut gathered = std::mem::take(&mut synapse.gathered);
        for (port, signs) in (0..).zip(&mut gathered.list) {
            for list in signs.iter_mut().filter(|list| !list.rows.is_empty()) {
                self.list(synapse, port, list);
                list.clear();
            }
        }
        synapse.gathered = gathered;
    }

    fn list(&mut self, synapse: &mut Synapse, port: u32, list: &mut Gathered) {
        let n = list.rows.len();
        let amounts = match synapse.amounts {
            Amounts::Same(weight, delay) => Some((weight, delay)),
            Amounts::Each => None,
        };
        let (weights, delays) = (&list.weights[..], &list.delays[..]);
        let amount = |i: usize| amounts.unwrap_or_else(|| (weights[i], delays[i]));
        synapse.longest = survey(delays, &[]).1;
        if n < FEW.max(synapse.targets.list.len() / SPARSE) {
            for (i, (&row, &target)) in list.rows.iter().zip(&list.targets).enumerate() {
                let source = list.block << BLOCK_BITS | u32::from(row);
                self.one(synapse, source, target as usize, amount(i));
            }
            return;
        }
        let (weight, delay) = amount(0);
        let (pending, batch) = self.batch(synapse, port, weight, delay);
        let spots = &mut synapse.targets;
        count(&list.targets, spots.list.len(), &mut list.next);
        for (reached, &n) in spots.reached.iter_mut().zip(&list.next) {
            *reached |= n > 0;
        }
        let place = |target: usize| spots.list[target].local;
        let ends = list.targets.iter().zip(&list.rows);
        if let Some((weight, delay)) = amounts {
            let connections = ends.map(|(&target, &row)| (target, (row, delay, weight)));
            pending.add_sorted(batch, list.block, &mut list.next, place, connections);
        } else {
            let numbers = delays.iter().zip(weights);
            let connections = ends
                .zip(numbers)
                .map(|((&target, &row), (&delay, &weight))| (target, (row, delay, weight)));
            pending.add_sorted(batch, list.block, &mut list.next, place, connections);
        }
    }
}

/// Counts the connections of each of so many targets.
fn count(targets: &[u32], among: usize, counts: &mut Vec<u32>) {
    counts.clear();
    counts.resize(among, 0);
    for &target in targets {
        counts[target as usize] += 1;
    }
}
