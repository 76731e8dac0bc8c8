//! The connections of one stimulator that end on one worker.

use crate::event::{ChannelKey, Ring};
use crate::math::vectorize;
use crate::model::{Emission, Targets};
use crate::node::{Part, StimulatorOps};
use crate::rng::Key;
use crate::time::Step;
use std::any::Any;

/// A connection from a stimulator to a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DriveEntry {
    /// The target's global id.
    pub target: u32,
    /// The target's channel and place on its worker.
    pub channel: ChannelKey,
    pub local: u32,
    pub weight: f64,
    /// In steps.
    pub delay: u32,
    /// Index of the synapse model.
    pub model: u16,
    /// Whether spikes are counted instead of weighted.
    pub counts: bool,
    /// The label, -1 if it has none.
    pub label: i32,
    /// The connections of a stimulator are numbered in the order in which they were made.
    pub number: u32,
}

/// Entries with consecutive cells, one delay and one weight.
#[derive(Clone, Copy, Debug)]
struct Run {
    first: usize,
    len: usize,
    cell: usize,
    delay: u32,
    weight: f64,
    counts: bool,
}

/// One stimulator and its targets on one worker.
pub struct Drive {
    /// The stimulator's global id, family and place.
    pub id: u32,
    pub family: usize,
    pub local: u32,
    pub entries: Vec<DriveEntry>,
    /// The number of the next connection.
    next: u32,
    ids: Vec<u32>,
    occurrences: Vec<u32>,
    runs: Vec<Run>,
    /// For each entry the channel for spikes whose weight has the other sign, where the stimulator
    /// sends such; and the runs of these.
    reversed: Vec<ChannelKey>,
    reversed_runs: Vec<Run>,
    cache: Option<Box<dyn Any + Send + Sync>>,
    amounts: Vec<f64>,
}

impl Drive {
    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<DriveEntry>()
            + (self.ids.capacity() + self.occurrences.capacity()) * 4
            + (self.runs.capacity() + self.reversed_runs.capacity()) * size_of::<Run>()
            + self.reversed.capacity() * size_of::<ChannelKey>()
            + self.amounts.capacity() * 8
    }

    /// A stimulator without targets.
    pub fn new(id: u32, family: usize, local: u32) -> Self {
        Drive {
            id,
            family,
            local,
            entries: Vec::new(),
            next: 0,
            ids: Vec::new(),
            occurrences: Vec::new(),
            runs: Vec::new(),
            reversed: Vec::new(),
            reversed_runs: Vec::new(),
            cache: None,
            amounts: Vec::new(),
        }
    }

    /// Adds a connection, which gets a number.
    pub fn push(&mut self, entry: DriveEntry) {
        let number = self.next;
        self.next += 1;
        self.entries.push(DriveEntry { number, ..entry });
    }

    /// Sorts targets and finds the channels where they are reached; `reverse` gives the channel for
    /// weights of the other sign.
    pub fn sort(&mut self, signed: bool, reverse: impl Fn(&DriveEntry) -> ChannelKey) {
        self.entries.sort_by_key(|e| (e.channel, e.local));
        self.reversed.clear();
        if signed {
            self.reversed.extend(self.entries.iter().map(reverse));
        }
    }

    /// The channels in which the stimulator's events arrive.
    pub fn channels(&self) -> impl Iterator<Item = ChannelKey> {
        let direct = self.entries.iter().map(|e| e.channel);
        direct.chain(self.reversed.iter().copied())
    }

    /// Finds the cells of the sorted targets.
    pub fn prepare(&mut self, ring: &Ring, ops: &dyn StimulatorOps) {
        self.ids = self.entries.iter().map(|e| e.target).collect();
        self.occurrences = occurrences(&self.ids);
        self.amounts = vec![0.0; self.entries.len()];
        self.cache = Some(ops.new_cache());
        self.runs = runs(&self.entries, self.entries.iter().map(|e| e.channel), ring);
        self.reversed_runs = runs(&self.entries, self.reversed.iter().copied(), ring);
    }

    /// Adds to the ring what the stimulator sends in `step`.
    pub fn send(
        &mut self,
        ops: &dyn StimulatorOps,
        part: &Part,
        step: Step,
        key: Key,
        ring: &mut Ring,
    ) {
        let Some(cache) = &mut self.cache else { return };
        let targets = Targets {
            ids: &self.ids,
            occurrences: &self.occurrences,
        };
        match ops.emit(
            part,
            self.local,
            step,
            key,
            targets,
            &mut **cache,
            &mut self.amounts,
        ) {
            Emission::Silent => {}
            Emission::Pulses(pulses) => {
                for p in pulses {
                    let reversed = p.factor < 0.0 && !self.reversed.is_empty();
                    let runs = if reversed {
                        &self.reversed_runs
                    } else {
                        &self.runs
                    };
                    add_same(runs, step, p.factor, f64::from(p.count), ring);
                }
            }
            Emission::Current(current) => add_same(&self.runs, step, current, 1.0, ring),
            Emission::Each => {
                for run in &self.runs {
                    let sums = &mut ring.at(step + Step::from(run.delay))[run.cell..][..run.len];
                    let factor = if run.counts { 1.0 } else { run.weight };
                    add_each(sums, factor, &self.amounts[run.first..]);
                }
            }
        }
    }
}

/// Sends `count` events with the same amount to all targets.
fn add_same(runs: &[Run], step: Step, amount: f64, count: f64, ring: &mut Ring) {
    for run in runs {
        let x = if run.counts {
            count
        } else {
            run.weight * amount * count
        };
        let sums = &mut ring.at(step + Step::from(run.delay))[run.cell..][..run.len];
        vectorize(
            #[inline(always)]
            || sums.iter_mut().for_each(|sum| *sum += x),
        );
    }
}

/// Adds `factor` times each amount.
fn add_each(sums: &mut [f64], factor: f64, amounts: &[f64]) {
    vectorize(
        #[inline(always)]
        || {
            for (sum, x) in sums.iter_mut().zip(amounts) {
                *sum += factor * x;
            }
        },
    );
}

/// Joins entries that follow each other in the ring.
fn runs(
    entries: &[DriveEntry],
    channels: impl Iterator<Item = ChannelKey>,
    ring: &Ring,
) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (i, (e, channel)) in entries.iter().zip(channels).enumerate() {
        let Some(first) = ring.first_cell(channel) else {
            continue;
        };
        let cell = first + e.local as usize;
        match runs.last_mut() {
            Some(run)
                if run.cell + run.len == cell
                    && run.delay == e.delay
                    && run.weight.to_bits() == e.weight.to_bits()
                    && run.counts == e.counts =>
            {
                run.len += 1;
            }
            _ => runs.push(Run {
                first: i,
                len: 1,
                cell,
                delay: e.delay,
                weight: e.weight,
                counts: e.counts,
            }),
        }
    }
    runs
}

/// For each id, how many times it occurs before.
pub(crate) fn occurrences(ids: &[u32]) -> Vec<u32> {
    let mut seen = std::collections::HashMap::new();
    ids.iter()
        .map(|&id| {
            let n = seen.entry(id).or_insert(0);
            *n += 1;
            *n - 1
        })
        .collect()
}
