//! Makes the rows of a block from those it has and from new connections.

use super::sets::ModelSets;
use super::{Alike, Block, Group, Groups};
use crate::event::Ring;
use crate::synapse::build::{encode, order_bits};
use crate::synapse::pending::{BLOCK_ROWS, Batch};
use crate::synapse::rows::COUNTS;
use crate::synapse::starts::Starts;
use std::cmp::Ordering;
use std::collections::HashMap;

/// What the entries of a group share.
#[derive(Clone, Debug)]
struct Shared {
    model: u16,
    flags: u8,
    order: u64,
    class: u32,
    state: Vec<f64>,
}

impl Shared {
    fn rank(&self) -> (u16, u8, u64, u32) {
        (self.model, self.flags, self.order, self.class)
    }

    /// In the order of groups in a row; those of different rows can differ in their state alone.
    fn compare(&self, other: &Shared) -> Ordering {
        let bits = |s: &Shared| s.state.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        let ranks = self.rank().cmp(&other.rank());
        ranks.then_with(|| bits(self).cmp(&bits(other)))
    }
}

/// An entry of a row on its way to its place.
#[derive(Clone, Copy, Debug, Default)]
struct Item {
    /// Index of what it shares.
    shared: u32,
    /// Where what it has of its own begins.
    own: u32,
    /// Delay and cell.
    key: u64,
    weight: f64,
    /// Whether it comes to a row for the first time.
    new: bool,
}

impl Item {
    /// Several connections between two nodes stand in the order of their weights when they are made
    /// and stay in it: weights change, and rows are made anew when it suits this worker alone.
    fn rank(&self) -> (u32, u64, bool, u64) {
        let weight = if self.new { order_bits(self.weight) } else { 0 };
        (self.shared, self.key, self.new, weight)
    }
}

/// Makes blocks, with buffers that serve one after another.
#[derive(Default)]
pub(super) struct Builder {
    /// For each batch the cell of its first node.
    firsts: Vec<u32>,
    shared: Vec<Shared>,
    items: Vec<Item>,
    own: Vec<f64>,
    starts: Vec<u32>,
    sorted: Vec<u64>,
}

impl Builder {
    pub fn new(batches: &[Batch], ring: &Ring) -> Self {
        let first = |b: &Batch| {
            let cell = ring.first_cell(b.kind.channel);
            cell.expect("the ring has every channel in use") as u32
        };
        Builder {
            firsts: batches.iter().map(first).collect(),
            ..Builder::default()
        }
    }

    /// Puts what is pending for block `b` into `block`.
    pub fn rebuild(
        &mut self,
        block: &mut Block,
        b: usize,
        batches: &mut [Batch],
        sets: &mut [ModelSets],
    ) {
        if !batches.iter().any(|batch| batch.has(b)) {
            return;
        }
        self.clear();
        let mut rows = vec![0u32; BLOCK_ROWS + 1];
        count_old(block, &mut rows);
        for batch in &*batches {
            batch.for_each_row(b, |row| rows[row + 1] += 1);
        }
        self.start(&rows);
        self.take_old(block, &[], sets);
        for (i, batch) in batches.iter_mut().enumerate() {
            self.take_new(i, b, batch, sets);
        }
        *block = self.finish(sets);
    }

    /// Removes entries, sorted by their index, from a block.
    pub fn thin(&mut self, block: &mut Block, gone: &[u32], sets: &mut [ModelSets]) {
        self.clear();
        let mut rows = vec![0u32; BLOCK_ROWS + 1];
        count_old(block, &mut rows);
        for row in 0..BLOCK_ROWS {
            for g in block.row(row) {
                let entries = block.entries(g);
                let before = |e: usize| gone.partition_point(|&x| (x as usize) < e);
                rows[row + 1] -= (before(entries.end) - before(entries.start)) as u32;
            }
        }
        self.start(&rows);
        self.take_old(block, gone, sets);
        *block = self.finish(sets);
    }

    fn clear(&mut self) {
        self.shared.clear();
        self.items.clear();
        self.own.clear();
    }

    /// Where the items of each row go, from their numbers, each behind its row.
    fn start(&mut self, rows: &[u32]) {
        self.starts.clear();
        let mut sum = 0u32;
        for &n in rows {
            sum = sum
                .checked_add(n)
                .expect("a block of rows holds fewer than 2^32 connections");
            self.starts.push(sum);
        }
        self.items.resize(sum as usize, Item::default());
    }

    fn put(&mut self, row: usize, item: Item) {
        let next = &mut self.starts[row];
        self.items[*next as usize] = item;
        *next += 1;
    }

    /// Takes the entries that a block has, except those in `gone`.
    fn take_old(&mut self, block: &Block, gone: &[u32], sets: &[ModelSets]) {
        let mut gone = gone.iter().copied().peekable();
        for row in 0..BLOCK_ROWS {
            for g in block.row(row) {
                let group = &block.group(g);
                let set = &sets[usize::from(group.model)];
                let width = set.layout().entry;
                let state = &block.states[group.state as usize..][..set.layout().state + 1];
                self.shared.push(Shared {
                    model: group.model,
                    flags: group.flags,
                    order: group.order,
                    class: group.class,
                    state: state.to_vec(),
                });
                let shared = self.shared.len() as u32 - 1;
                let mut e = group.entries;
                for (delay, n) in block.runs(g) {
                    for entry in e..e + n as u32 {
                        if gone.next_if_eq(&entry).is_some() {
                            continue;
                        }
                        let nth = (entry - group.entries) as usize;
                        let own = self.own.len() as u32;
                        let from = group.extras as usize + nth * width;
                        self.own
                            .extend_from_slice(&block.extras[from..from + width]);
                        let weight = match set.common_weight() {
                            Some(_) => 0.0,
                            None => block.weights[group.weights as usize + nth],
                        };
                        let key = u64::from(delay) << 32 | u64::from(block.cells[entry as usize]);
                        self.put(
                            row,
                            Item {
                                shared,
                                own,
                                key,
                                weight,
                                new: false,
                            },
                        );
                    }
                    e += n as u32;
                }
            }
        }
    }

    /// Takes what is pending of a batch for block `b`.
    fn take_new(&mut self, batch_index: usize, b: usize, batch: &mut Batch, sets: &[ModelSets]) {
        let kind = batch.kind;
        let set = &sets[usize::from(kind.model)];
        let first = self.firsts[batch_index];
        let flags = if kind.counts { COUNTS } else { 0 };
        let base = self.shared.len() as u32;
        let to_shared = |template: u32| {
            let t = &set.templates[template as usize];
            Shared {
                model: kind.model,
                flags,
                order: t.order,
                class: t.class,
                state: t.state.clone(),
            }
        };
        let mut known: HashMap<u32, u32> = HashMap::new();
        let mut last = (u32::MAX, 0);
        batch.take(b, |row, d, local, w, t| {
            if t != last.0 {
                let next = base + known.len() as u32;
                let at = *known.entry(t).or_insert(next);
                if at == next {
                    self.shared.push(to_shared(t));
                }
                last = (t, at);
            }
            let own = self.own.len() as u32;
            self.own.extend_from_slice(&set.templates[t as usize].own);
            let item = Item {
                shared: last.1,
                own,
                key: u64::from(d) << 32 | u64::from(first + local),
                weight: if set.common_weight().is_some() {
                    0.0
                } else {
                    w
                },
                new: true,
            };
            self.put(row, item);
        });
    }

    /// Numbers what is shared in canonical order, equal ones alike.
    fn number(&mut self) {
        if self.shared.len() < 2 {
            return;
        }
        let mut order: Vec<u32> = (0..self.shared.len() as u32).collect();
        order.sort_by(|&a, &b| self.shared[a as usize].compare(&self.shared[b as usize]));
        let mut numbers = vec![0u32; order.len()];
        let mut list: Vec<Shared> = Vec::new();
        for &i in &order {
            let s = &self.shared[i as usize];
            if list.last().is_none_or(|l| l.compare(s).is_ne()) {
                list.push(s.clone());
            }
            numbers[i as usize] = list.len() as u32 - 1;
        }
        self.shared = list;
        for item in &mut self.items {
            item.shared = numbers[item.shared as usize];
        }
    }

    fn finish(&mut self, sets: &[ModelSets]) -> Block {
        self.number();
        let n = self.items.len();
        let own_weights = self.items.iter().filter(|i| {
            let model = self.shared[i.shared as usize].model;
            sets[usize::from(model)].common_weight().is_none()
        });
        let mut parts = Parts {
            cells: Vec::with_capacity(n),
            weights: Vec::with_capacity(own_weights.count()),
            extras: Vec::with_capacity(self.own.len()),
            ..Parts::default()
        };
        let mut items = std::mem::take(&mut self.items);
        let mut starts = Vec::with_capacity(BLOCK_ROWS + 1);
        let mut from = 0;
        for row in 0..BLOCK_ROWS {
            starts.push(parts.groups.len() as u32);
            let to = self.starts[row] as usize;
            let row = &mut items[from..to];
            if !row.is_sorted_by_key(Item::rank) {
                // entries that are equal in all of this can differ in what they have of their own,
                // and stay in the order in which they were made
                row.sort_by_key(Item::rank);
            }
            for group in row.chunk_by(|a, b| a.shared == b.shared) {
                self.append(&mut parts, group, sets);
            }
            from = to;
        }
        starts.push(parts.groups.len() as u32);
        parts.groups.push(Group {
            entries: n as u32,
            runs: parts.runs.len() as u32,
            weights: parts.weights.len() as u32,
            extras: parts.extras.len() as u32,
            model: u16::MAX,
            ..Group::default()
        });
        self.items = items;
        parts.into_block(starts, sets)
    }

    fn append(&mut self, parts: &mut Parts, group: &[Item], sets: &[ModelSets]) {
        let shared = &self.shared[group[0].shared as usize];
        let set = &sets[usize::from(shared.model)];
        let width = set.layout().entry;
        parts.groups.push(Group {
            entries: parts.cells.len() as u32,
            runs: parts.runs.len() as u32,
            weights: parts.weights.len() as u32,
            extras: parts.extras.len() as u32,
            state: parts.states.len() as u32,
            class: shared.class,
            order: shared.order,
            model: shared.model,
            flags: shared.flags,
        });
        parts.states.extend_from_slice(&shared.state);
        self.sorted.clear();
        self.sorted.extend(group.iter().map(|i| i.key));
        encode(&self.sorted, &mut parts.runs);
        parts.cells.extend(group.iter().map(|i| i.key as u32));
        if set.common_weight().is_none() {
            parts.weights.extend(group.iter().map(|i| i.weight));
        }
        if width > 0 {
            for item in group {
                let own = item.own as usize;
                parts.extras.extend_from_slice(&self.own[own..own + width]);
            }
        }
    }
}

/// The columns of a block that grow.
#[derive(Default)]
struct Parts {
    groups: Vec<Group>,
    runs: Vec<u32>,
    cells: Vec<u32>,
    weights: Vec<f64>,
    extras: Vec<f64>,
    states: Vec<f64>,
}

impl Parts {
    /// A block whose rows begin at these groups.
    fn into_block(self, mut starts: Vec<u32>, sets: &[ModelSets]) -> Block {
        let mut block = Block {
            cells: self.cells.into(),
            weights: self.weights.into(),
            extras: self.extras.into(),
            states: self.states.into(),
            ..Block::default()
        };
        match alike(&self.groups, &self.runs, &starts, sets) {
            Some(alike) => {
                for start in &mut starts {
                    *start = self.groups[*start as usize].entries;
                }
                block.groups = Groups::Alike(Box::new(alike));
                // states are found by the place of a row, so none may be empty
                block.starts = Starts::new(&starts, BLOCK_ROWS - 1);
            }
            None => {
                block.groups = Groups::Each(self.groups.into());
                block.runs = self.runs.into();
                block.starts = Starts::new(&starts, BLOCK_ROWS / 2);
            }
        }
        block
    }
}

/// What groups, of which the last marks the ends, have in common where no row has two of them, and
/// all are of one kind and delay.
fn alike(groups: &[Group], runs: &[u32], starts: &[u32], sets: &[ModelSets]) -> Option<Alike> {
    let (_, groups) = groups.split_last()?;
    let first = *groups.first()?;
    let kind = |g: &Group| (g.model, g.flags, g.class, g.order);
    let delay = *runs.first()? >> 16;
    let same = runs.len() == groups.len()
        && starts.windows(2).all(|row| row[1] - row[0] < 2)
        && groups.iter().all(|g| kind(g) == kind(&first))
        && runs.iter().all(|run| run >> 16 == delay);
    let set = &sets[usize::from(first.model)];
    same.then(|| Alike {
        group: first,
        delay,
        state: set.layout().state as u32 + 1,
        weights: u32::from(set.common_weight().is_none()),
        extras: set.layout().entry as u32,
    })
}

/// Adds the entries that a block has to the numbers of entries, each behind its row.
fn count_old(block: &Block, rows: &mut [u32]) {
    for row in 0..BLOCK_ROWS {
        for g in block.row(row) {
            rows[row + 1] += block.entries(g).len() as u32;
        }
    }
}
