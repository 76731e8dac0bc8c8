//! Makes the rows of a block: counts entries by row and group, puts each where it belongs, and sorts
//! what is not in order yet.

use super::pending::{BLOCK_ROWS, Batch};
use super::rows::{Block, COUNTS, Group, Groups, OWN};
use super::starts::Starts;
use crate::event::Ring;

/// Model, flags, and shared weight in the order of the floats: groups of a row are sorted by it.
type GroupKey = (u16, u8, u64);

/// Delays are sorted by counting where they span fewer steps than this.
const COUNTED_DELAYS: usize = 4096;

/// Bits whose numerical order is the order of the floats.
pub(super) fn order_bits(x: f64) -> u64 {
    let bits = x.to_bits();
    if bits >> 63 == 1 {
        !bits
    } else {
        bits | 1 << 63
    }
}

fn from_order_bits(bits: u64) -> f64 {
    f64::from_bits(if bits >> 63 == 1 {
        bits & !(1 << 63)
    } else {
        !bits
    })
}

fn sortable(delay: u32, cell: u32) -> u64 {
    u64::from(delay) << 32 | u64::from(cell)
}

/// Makes blocks of rows, with buffers that serve one block after another.
pub(super) struct Builder {
    /// The groups that can occur, sorted.
    keys: Vec<GroupKey>,
    /// For each batch its group and the cell of its first node.
    batches: Vec<(usize, u32)>,
    /// Entries by row and group, as delay and cell, with their weights.
    entries: Vec<u64>,
    weights: Vec<f64>,
    starts: Vec<u32>,
    sorted: Vec<u64>,
    sorted_weights: Vec<f64>,
    runs: Vec<u32>,
    groups: Vec<Group>,
    /// The first group of each row.
    rows: Vec<u32>,
    delays: Vec<u32>,
}

impl Builder {
    pub fn new(batches: &[Batch], ring: &Ring, shared: &mut Vec<f64>) -> Self {
        let key = |b: &Batch| {
            let kind = &b.kind;
            let flags = if kind.counts { COUNTS } else { 0 };
            match kind.weight {
                Some(w) => (kind.model, flags, order_bits(w)),
                None => (kind.model, flags | OWN, 0),
            }
        };
        let mut keys: Vec<GroupKey> = batches.iter().map(key).collect();
        keys.sort_unstable();
        keys.dedup();
        let place = |b: &Batch| {
            let group = keys.binary_search(&key(b)).unwrap_or(0);
            let first = ring.first_cell(b.kind.channel);
            let first = first.expect("the ring has every channel in use");
            (group, first as u32)
        };
        let places = batches.iter().map(place).collect();
        for k in keys.iter().filter(|k| k.1 & OWN == 0) {
            index_of(shared, from_order_bits(k.2));
        }
        Builder {
            keys,
            batches: places,
            entries: Vec::new(),
            weights: Vec::new(),
            starts: Vec::new(),
            sorted: Vec::new(),
            sorted_weights: Vec::new(),
            runs: Vec::new(),
            groups: Vec::new(),
            rows: Vec::new(),
            delays: Vec::new(),
        }
    }

    /// Puts what is pending for block `b` into `block`.
    pub fn rebuild(
        &mut self,
        block: &mut Block,
        b: usize,
        batches: &mut [Batch],
        shared: &mut Vec<f64>,
    ) {
        self.know(block, shared);
        self.count(block, b, batches, shared);
        let n = *self.starts.last().unwrap_or(&0) as usize;
        self.scatter(block, b, batches, shared, n);
        *block = self.compress(n, shared);
    }

    /// Adds the groups of a block that has rows to those that can occur.
    fn know(&mut self, block: &Block, shared: &[f64]) {
        let old = self.keys.clone();
        for g in block.groups() {
            let key = key_of(&block.group(g), shared);
            if let Err(i) = self.keys.binary_search(&key) {
                self.keys.insert(i, key);
            }
        }
        if self.keys.len() > old.len() {
            for (group, _) in &mut self.batches {
                *group = self.keys.binary_search(&old[*group]).unwrap_or(0);
            }
        }
    }

    /// The place of each row and group among the entries; the last is their number.
    fn count(&mut self, block: &Block, b: usize, batches: &[Batch], shared: &[f64]) {
        let width = self.keys.len();
        self.starts.clear();
        self.starts.resize(BLOCK_ROWS * width + 1, 0);
        let counts = &mut self.starts[1..];
        for (row, g) in rows_of(block) {
            let key = self.keys.binary_search(&key_of(&block.group(g), shared));
            counts[row * width + key.unwrap_or(0)] += block.entries(g).len() as u32;
        }
        for (batch, &(group, _)) in batches.iter().zip(&self.batches) {
            let counts = &mut counts[group..];
            batch.for_each_row(b, |row| counts[row * width] += 1);
        }
        let mut sum = 0u32;
        for start in &mut self.starts {
            sum = sum
                .checked_add(*start)
                .expect("a block of rows holds fewer than 2^32 connections");
            *start = sum;
        }
    }

    /// Puts entries where their rows are, in the order in which they were made; drops the pending.
    /// Leaves in `starts` the end of each row and group.
    fn scatter(
        &mut self,
        block: &Block,
        b: usize,
        batches: &mut [Batch],
        shared: &[f64],
        n: usize,
    ) {
        let width = self.keys.len();
        self.entries.resize(n, 0);
        if self.keys.iter().any(|k| k.1 & OWN != 0) {
            self.weights.resize(n, 0.0);
        }
        for (row, g) in rows_of(block) {
            let group = &block.group(g);
            let key = self.keys.binary_search(&key_of(group, shared));
            let next = &mut self.starts[row * width + key.unwrap_or(0)];
            let mut e = group.entries as usize;
            for (delay, len) in block.runs(g) {
                for entry in e..e + len {
                    self.entries[*next as usize] = sortable(delay, block.cells[entry]);
                    if group.flags & OWN != 0 {
                        self.weights[*next as usize] = block.weight(group, entry, shared);
                    }
                    *next += 1;
                }
                e += len;
            }
        }
        for (i, batch) in batches.iter_mut().enumerate() {
            let (group, first) = self.batches[i];
            let own = batch.kind.weight.is_none();
            let starts = &mut self.starts[group..];
            let (entries, weights) = (&mut self.entries[..], &mut self.weights[..]);
            batch.take(b, |row, delay, local, weight, _| {
                let next = &mut starts[row * width];
                entries[*next as usize] = sortable(delay, first + local);
                if own {
                    weights[*next as usize] = weight;
                }
                *next += 1;
            });
        }
    }

    fn compress(&mut self, n: usize, shared: &mut Vec<f64>) -> Block {
        let width = self.keys.len();
        let mut cells = Vec::with_capacity(n);
        let mut weights = Vec::with_capacity(self.own_entries());
        self.runs.clear();
        self.groups.clear();
        self.rows.clear();
        let mut from = 0;
        for row in 0..BLOCK_ROWS {
            self.rows.push(self.groups.len() as u32);
            for k in 0..width {
                let to = self.starts[row * width + k] as usize;
                if to == from {
                    continue;
                }
                let (model, flags, weight) = self.keys[k];
                let own = flags & OWN != 0;
                self.groups.push(Group {
                    entries: cells.len() as u32,
                    runs: self.runs.len() as u32,
                    weights: if own {
                        weights.len() as u32
                    } else {
                        index_of(shared, from_order_bits(weight))
                    },
                    model,
                    flags,
                });
                self.sort(from..to, own);
                encode(&self.sorted, &mut self.runs);
                cells.extend(self.sorted.iter().map(|&e| e as u32));
                if own {
                    weights.extend_from_slice(&self.sorted_weights);
                }
                from = to;
            }
        }
        self.rows.push(self.groups.len() as u32);
        self.groups.push(Group {
            entries: n as u32,
            runs: self.runs.len() as u32,
            weights: 0,
            model: u16::MAX,
            flags: 0,
        });
        let mut block = Block {
            cells: cells.into(),
            weights: weights.into(),
            ..Block::default()
        };
        if let Some(delay) = self.one_delay() {
            block.groups = Groups::Alike(self.groups[0], delay);
            for start in &mut self.rows {
                *start = self.groups[*start as usize].entries;
            }
        } else {
            block.groups = Groups::Each(self.groups.as_slice().into());
            block.runs = self.runs.as_slice().into();
        }
        block.starts = Starts::new(&self.rows, BLOCK_ROWS / 2);
        block
    }

    /// The delay of all entries, if all rows have one group of one kind.
    fn one_delay(&self) -> Option<u32> {
        let groups = ends_excluded(&self.groups);
        let first = groups.first()?;
        let one = |rows: &[u32]| rows[1] - rows[0] < 2;
        let kind = |g: &Group| {
            let shared = g.flags & OWN == 0;
            (g.model, g.flags, shared.then_some(g.weights))
        };
        let delay = self.runs[0] >> 16;
        let alike = self.runs.len() == groups.len()
            && self.rows.windows(2).all(one)
            && groups.iter().all(|g| kind(g) == kind(first))
            && self.runs.iter().all(|run| run >> 16 == delay);
        alike.then_some(delay)
    }

    fn own_entries(&self) -> usize {
        let width = self.keys.len();
        let mut from = 0;
        let mut n = 0;
        for (i, &to) in self.starts[..BLOCK_ROWS * width].iter().enumerate() {
            if self.keys[i % width].1 & OWN != 0 {
                n += (to - from) as usize;
            }
            from = to;
        }
        n
    }

    /// Puts entries by delay, cell and weight into `sorted` and `sorted_weights`.
    fn sort(&mut self, range: std::ops::Range<usize>, own: bool) {
        let entries = &self.entries[range.clone()];
        self.sorted.clear();
        self.sorted_weights.clear();
        if !own {
            self.sorted.extend_from_slice(entries);
            if !self.sorted.is_sorted() {
                self.sorted.sort_unstable();
            }
            return;
        }
        let weights = &self.weights[range];
        let delay = |e: u64| (e >> 32) as usize;
        let (least, most) = entries.iter().fold((usize::MAX, 0), |(lo, hi), &e| {
            (lo.min(delay(e)), hi.max(delay(e)))
        });
        if least == most || most - least >= COUNTED_DELAYS {
            self.sorted.extend_from_slice(entries);
            self.sorted_weights.extend_from_slice(weights);
        } else {
            self.delays.clear();
            self.delays.resize(most - least + 2, 0);
            for &e in entries {
                self.delays[delay(e) - least + 1] += 1;
            }
            let mut sum = 0;
            for start in &mut self.delays {
                sum += *start;
                *start = sum;
            }
            self.sorted.resize(entries.len(), 0);
            self.sorted_weights.resize(entries.len(), 0.0);
            for (&e, &w) in entries.iter().zip(weights) {
                let next = &mut self.delays[delay(e) - least];
                self.sorted[*next as usize] = e;
                self.sorted_weights[*next as usize] = w;
                *next += 1;
            }
        }
        mend(&mut self.sorted, &mut self.sorted_weights);
    }
}

/// The index of a weight among the shared ones.
fn index_of(shared: &mut Vec<f64>, weight: f64) -> u32 {
    let bits = weight.to_bits();
    let found = shared.iter().rposition(|w| w.to_bits() == bits);
    found.unwrap_or_else(|| {
        shared.push(weight);
        shared.len() - 1
    }) as u32
}

/// All groups but the last, which marks the ends.
fn ends_excluded(groups: &[Group]) -> &[Group] {
    &groups[..groups.len().saturating_sub(1)]
}

fn key_of(g: &Group, shared: &[f64]) -> GroupKey {
    let flags = g.flags & (OWN | COUNTS);
    if flags & OWN != 0 {
        (g.model, flags, 0)
    } else {
        (g.model, flags, order_bits(shared[g.weights as usize]))
    }
}

/// Row and index of each group.
fn rows_of(block: &Block) -> impl Iterator<Item = (usize, usize)> + '_ {
    (0..BLOCK_ROWS).flat_map(|row| block.row(row).map(move |g| (row, g)))
}

/// Sorts stretches of entries that are out of order, by delay, cell and weight.
fn mend(entries: &mut [u64], weights: &mut [f64]) {
    let in_order = |i: usize, entries: &[u64], weights: &[f64]| {
        entries[i] < entries[i + 1]
            || (entries[i] == entries[i + 1]
                && order_bits(weights[i]) <= order_bits(weights[i + 1]))
    };
    let n = entries.len();
    if (1..n).all(|i| in_order(i - 1, entries, weights)) {
        return;
    }
    if entries.is_sorted() {
        // several connections between two nodes: only their weights are out of order
        let mut from = 0;
        for run in entries.chunk_by(|a, b| a == b) {
            weights[from..from + run.len()].sort_unstable_by_key(|&w| order_bits(w));
            from += run.len();
        }
        return;
    }
    let pairs = entries.iter().zip(&*weights);
    let mut pairs: Vec<(u64, u64)> = pairs.map(|(&e, &w)| (e, order_bits(w))).collect();
    pairs.sort_unstable();
    for (i, (e, w)) in pairs.into_iter().enumerate() {
        (entries[i], weights[i]) = (e, from_order_bits(w));
    }
}

/// Appends the delays of sorted entries.
pub(super) fn encode(sorted: &[u64], runs: &mut Vec<u32>) {
    let mut high = 0;
    for run in sorted.chunk_by(|a, b| a >> 32 == b >> 32) {
        let delay = (run[0] >> 32) as u32;
        if delay >> 16 != high {
            high = delay >> 16;
            runs.push(high << 16);
        }
        for part in run.chunks(0xffff) {
            runs.push(delay << 16 | part.len() as u32);
        }
    }
}
