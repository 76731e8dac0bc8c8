//! What a network takes of memory, counted.

use super::{Simulation, Worker};
use crate::device::Drive;
use crate::event::Spike;
use crate::synapse::GapPart;

/// Bytes by what they hold. Capacity counts, used or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// State, parameters and recorded data of nodes.
    pub nodes: usize,
    /// Input that waits for its step.
    pub buffers: usize,
    /// Connections, compressed and new, of all kinds.
    pub connections: usize,
    /// Where nodes are, listed positions, who is recorded, and what passes between ranks.
    pub tables: usize,
}

impl Memory {
    /// All of it.
    pub fn total(&self) -> usize {
        self.nodes + self.buffers + self.connections + self.tables
    }
}

impl Simulation {
    /// Counts the memory of nodes, buffers and connections on this rank.
    pub fn memory(&self) -> Memory {
        let mut sum = Memory::default();
        for worker in &self.workers {
            sum.buffers += worker.ring.bytes();
            sum.connections += connections(worker);
            let parts = self.families.iter().zip(&worker.parts);
            sum.nodes += parts.map(|(f, p)| f.bytes(p)).sum::<usize>();
        }
        let spikes = self.emitted.capacity() + self.waiting.1.capacity();
        sum.tables = self.nodes.bytes()
            + self.layers.bytes()
            + self.devices.bytes()
            + self.gaps.bytes()
            + spikes * size_of::<Spike>()
            + self.ranks.words() * size_of::<u64>()
            + self.exchange.bytes();
        let devices = self.families.iter().zip(&self.devices.parts);
        sum.nodes += devices
            .filter_map(|(f, p)| p.as_ref().map(|p| f.bytes(p)))
            .sum::<usize>();
        sum
    }
}

fn connections(w: &Worker) -> usize {
    w.rows.bytes()
        + w.pending.bytes()
        + w.plastic.bytes()
        + w.drives.iter().map(Drive::bytes).sum::<usize>()
        + w.gaps.bytes()
        + w.gap_parts
            .iter()
            .flatten()
            .map(GapPart::bytes)
            .sum::<usize>()
}
