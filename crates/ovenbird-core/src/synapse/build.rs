//! Makes the rows of a block: counts entries by row and group, puts each where it belongs, and
//! sorts what is not in order yet.

use super::pending::{BLOCK_ROWS, Batch};
use super::rows::{Block, COUNTS, Group, Groups, OWN};
use super::siblings::{Finder, Order, Sibling, Swaps, keep_disordered, place, take_swaps};
use super::starts::Starts;
use super::turns::{Numbers, Turns};
use crate::event::Ring;
use std::ops::Range;

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
    /// Where entries are sorted by counting, the end of those of each delay from `least` on.
    delays: Vec<u32>,
    least: usize,
    /// Numbers of the entries in the order in which they were made, where that of a row and group
    /// does not show it.
    numbers: Vec<u32>,
    finder: Finder,
    siblings: Vec<Sibling>,
    marks: Vec<u64>,
    places: Vec<u64>,
    swaps: Vec<u64>,
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
            least: 0,
            numbers: Vec::new(),
            finder: Finder::new(ring),
            siblings: Vec::new(),
            marks: Vec::new(),
            places: Vec::new(),
            swaps: Vec::new(),
        }
    }

    /// Puts what is pending for block `b` into `block`.
    pub fn rebuild(
        &mut self,
        block: &mut Block,
        b: usize,
        (batches, turns): (&mut [Batch], &Turns),
        shared: &mut Vec<f64>,
    ) {
        self.know(block, shared);
        self.count(block, b, batches, shared);
        let n = *self.starts.last().unwrap_or(&0) as usize;
        self.numbers.clear();
        if self.may_part(block, b, batches) {
            self.numbers.resize(n, 0);
            let lens: Vec<usize> = batches.iter().map(|batch| batch.len_in(b)).collect();
            let numbers = turns.number(b, &lens, block.cells.len() as u32);
            self.scatter::<true>(block, b, batches, shared, &numbers);
        } else {
            self.scatter::<false>(block, b, batches, shared, &Numbers::default());
        }
        *block = self.compress(n, shared);
    }

    /// Whether connections of one model from one source to one node can be in several batches, or
    /// in rows already.
    fn may_part(&self, block: &Block, b: usize, batches: &[Batch]) -> bool {
        if !block.cells.is_empty() {
            return true;
        }
        let kind = |batch: &&Batch| (batch.kind.model, batch.kind.channel.family);
        let mut here: Vec<&Batch> = batches.iter().filter(|batch| batch.has(b)).collect();
        here.sort_unstable_by_key(kind);
        here.chunk_by(|a, b| kind(a) == kind(b))
            .filter(|same| same.len() > 1)
            .any(|same| {
                let mut seen = [false; BLOCK_ROWS];
                same.iter().any(|batch| {
                    let mut rows = [false; BLOCK_ROWS];
                    batch.for_each_row(b, |row| rows[row] = true);
                    let both = rows.iter().zip(&seen).any(|(here, seen)| here & seen);
                    seen.iter_mut()
                        .zip(rows)
                        .for_each(|(seen, row)| *seen |= row);
                    both
                })
            })
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

    /// Puts entries where their rows are, with their numbers if these are `NUMBERED`, else in the
    /// order in which they were made; drops the pending. Leaves in `starts` the end of each row and
    /// group.
    fn scatter<const NUMBERED: bool>(
        &mut self,
        block: &Block,
        b: usize,
        batches: &mut [Batch],
        shared: &[f64],
        new: &Numbers,
    ) {
        let width = self.keys.len();
        let n = *self.starts.last().unwrap_or(&0) as usize;
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
                    self.numbers[*next as usize] = block.place(g, entry as u32);
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
            let (numbers, mut coming) = (&mut self.numbers[..], new.of(i));
            batch.take(b, |row, delay, local, weight, _| {
                let next = &mut starts[row * width];
                entries[*next as usize] = sortable(delay, first + local);
                if own {
                    weights[*next as usize] = weight;
                }
                if NUMBERED && let Some(number) = coming.next() {
                    numbers[*next as usize] = number;
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
        self.places.clear();
        self.swaps.clear();
        let mut from = 0;
        for row in 0..BLOCK_ROWS {
            self.rows.push(self.groups.len() as u32);
            let mut keys = 0..width;
            while let Some(first) = self.keys.get(keys.start).filter(|_| !keys.is_empty()) {
                let same = self.keys[keys.clone()]
                    .iter()
                    .take_while(|k| k.0 == first.0);
                let of_model = keys.start..keys.start + same.count();
                keys.start = of_model.end;
                let to = self.starts[row * width + of_model.end - 1] as usize;
                if to > from {
                    self.append((&mut cells, &mut weights), from, row, of_model, shared);
                    from = to;
                }
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
            order: Order::new(&self.places, &self.swaps),
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

    /// Appends the groups of a row whose keys, all of one model, are at `keys`; their entries begin
    /// at `from`.
    fn append(
        &mut self,
        (cells, weights): (&mut Vec<u32>, &mut Vec<f64>),
        mut from: usize,
        row: usize,
        keys: Range<usize>,
        shared: &mut Vec<f64>,
    ) {
        let first = row * self.keys.len();
        let to = self.starts[first + keys.end - 1] as usize;
        let as_made = self.are_as_made(from..to, first + keys.start..first + keys.end);
        self.siblings.clear();
        if !as_made {
            self.find_siblings(from..to, first, keys.clone());
        }
        for key in keys {
            let to = self.starts[first + key] as usize;
            if to == from {
                continue;
            }
            let (model, flags, weight) = self.keys[key];
            let own = flags & OWN != 0;
            let entries = cells.len() as u32;
            self.groups.push(Group {
                entries,
                runs: self.runs.len() as u32,
                weights: if own {
                    weights.len() as u32
                } else {
                    index_of(shared, from_order_bits(weight))
                },
                model,
                flags,
            });
            let moved = self.sort(from..to, own);
            if moved && as_made {
                self.find_neighbours(from..to, key);
            }
            self.locate_siblings(key, entries, own);
            encode(&self.sorted, &mut self.runs);
            cells.extend(self.sorted.iter().map(|&e| e as u32));
            if own {
                weights.extend_from_slice(&self.sorted_weights);
            }
            from = to;
        }
        if !self.siblings.is_empty() {
            place(&self.siblings, &mut self.places);
        }
    }

    /// Whether the entries of a row in a range, of one model, are of one group and in the order in
    /// which they were made; `ends` are the ends of groups.
    fn are_as_made(&self, range: Range<usize>, ends: Range<usize>) -> bool {
        if self.numbers.is_empty() {
            return true;
        }
        let last = self.starts[ends]
            .iter()
            .find(|&&end| end as usize > range.start);
        last.is_some_and(|&end| end as usize == range.end) && self.numbers[range].is_sorted()
    }

    /// An entry of the group with a key as one of several connections to a node.
    fn sibling(&self, i: usize, key: usize, node: u32, number: u32) -> Sibling {
        let own = self.keys[key].1 & OWN != 0;
        let weight = if own { order_bits(self.weights[i]) } else { 0 };
        Sibling {
            node,
            number,
            group: key as u32,
            key: (self.entries[i], weight),
            entry: 0,
        }
    }

    /// Finds siblings out of order among the numbered entries in a range, of groups with the given
    /// keys; the ends of the groups of their row begin at `first` in `starts`.
    fn find_siblings(&mut self, range: Range<usize>, first: usize, keys: Range<usize>) {
        let ends = first + keys.start..first + keys.end;
        let cells = self.entries[range.clone()].iter().map(|&e| e as u32);
        let mut found = Vec::new();
        self.finder
            .several(cells, |i, node| found.push((range.start + i, node)));
        for (i, node) in found {
            let before = self.starts[ends.clone()].partition_point(|&end| end as usize <= i);
            let sibling = self.sibling(i, keys.start + before, node, self.numbers[i]);
            self.siblings.push(sibling);
        }
        keep_disordered(&mut self.siblings);
    }

    /// Finds siblings out of order in a group that is alone of its model in its row, and whose
    /// entries are in the order in which they were made. Where that is by cell, siblings are
    /// neighbours.
    fn find_neighbours(&mut self, range: Range<usize>, key: usize) {
        let (by_cell, repeated) = survey_cells(&self.entries[range.clone()]);
        // numbered entries can reach a node through several channels
        let ends = [range.start, range.end - 1].map(|i| self.entries[i] as u32);
        let apart = !self.numbers.is_empty() && !self.finder.share_channel(ends);
        if !by_cell || apart {
            let cells = self.entries[range.clone()].iter().map(|&e| e as u32);
            let mut found = Vec::new();
            self.finder
                .several(cells, |i, node| found.push((range.start + i, node)));
            for (i, node) in found {
                let sibling = self.sibling(i, key, node, i as u32);
                self.siblings.push(sibling);
            }
            keep_disordered(&mut self.siblings);
            let first = self.groups.last().map_or(0, |g| g.entries);
            take_swaps(first, &mut self.siblings, &mut self.swaps);
        } else if repeated {
            mark_repeats(&self.entries[range.clone()], &mut self.marks);
            let mut siblings = std::mem::take(&mut self.siblings);
            let mut swaps = std::mem::take(&mut self.swaps);
            let first = self.groups.last().map_or(0, |g| g.entries);
            let of = |i: usize| self.sibling(i, key, self.entries[i] as u32, i as u32);
            let mut done = range.start;
            for (word, &marks) in self.marks.iter().enumerate() {
                let mut marks = marks;
                while marks != 0 {
                    let from = range.start + word * 64 + marks.trailing_zeros() as usize;
                    marks &= marks - 1;
                    if from < done {
                        continue;
                    }
                    let cell = self.entries[from] as u32;
                    let same = self.entries[from..range.end].iter();
                    done = from + same.take_while(|&&e| e as u32 == cell).count();
                    if (from..done).is_sorted_by_key(|i| of(i).key) {
                        continue;
                    }
                    if done - from == 2 {
                        Swaps::note(&mut swaps, first, cell);
                    } else {
                        siblings.extend((from..done).map(of));
                    }
                }
            }
            (self.siblings, self.swaps) = (siblings, swaps);
        }
    }

    /// Finds the entries of siblings of a group, which is sorted and begins with the entry `first`.
    fn locate_siblings(&mut self, key: usize, first: u32, own: bool) {
        for s in &mut self.siblings {
            if s.group as usize != key {
                continue;
            }
            // only those with the same delay where that is known
            let delay = ((s.key.0 >> 32) as usize).wrapping_sub(self.least);
            let to = self
                .delays
                .get(delay)
                .map_or(self.sorted.len(), |&end| end as usize);
            let from = match delay.checked_sub(1).and_then(|d| self.delays.get(d)) {
                Some(&end) => end as usize,
                None => 0,
            };
            let sorted = &self.sorted[from..to];
            let at = from + sorted.partition_point(|&e| e < s.key.0);
            let before = if own {
                let alike = sorted[at - from..].partition_point(|&e| e == s.key.0);
                let weights = &self.sorted_weights[at..at + alike];
                weights.partition_point(|&w| order_bits(w) < s.key.1)
            } else {
                0
            };
            s.entry = first + (at + before) as u32;
        }
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

    /// Puts entries by delay, cell and weight into `sorted` and `sorted_weights`; `false` if they
    /// are surely in order.
    fn sort(&mut self, range: Range<usize>, own: bool) -> bool {
        let entries = &self.entries[range.clone()];
        self.sorted.clear();
        self.sorted_weights.clear();
        self.delays.clear();
        if !own {
            self.sorted.extend_from_slice(entries);
            let in_order = self.sorted.is_sorted();
            if !in_order {
                self.sorted.sort_unstable();
            }
            return !in_order;
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
            self.least = least;
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
        true
    }
}

/// Marks entries whose cell is that of the next one, a bit each.
fn mark_repeats(entries: &[u64], marks: &mut Vec<u64>) {
    marks.clear();
    crate::math::vectorize(
        #[inline(always)]
        || {
            let next = &entries[1..];
            for (here, next) in entries.chunks(64).zip(next.chunks(64)) {
                let pairs = here.iter().zip(next).zip(0..);
                marks.push(pairs.fold(0u64, |all, ((&a, &b), i)| {
                    all | u64::from(a as u32 == b as u32) << i
                }));
            }
        },
    );
}

/// Whether entries are in the order of their cells, and whether any neighbours have the same cell.
fn survey_cells(entries: &[u64]) -> (bool, bool) {
    crate::math::vectorize(
        #[inline(always)]
        || {
            let (mut back, mut same) = (0u32, 0u32);
            for (&a, &b) in entries.iter().zip(entries.iter().skip(1)) {
                back |= u32::from(a as u32 > b as u32);
                same |= u32::from(a as u32 == b as u32);
            }
            (back == 0, same != 0)
        },
    )
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
