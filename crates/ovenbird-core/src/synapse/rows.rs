//! Compressed rows of spike connections: for each source, the cells that its spikes go to.
//!
//! A row is cut into segments of one synapse model and one delay. Within a segment the entries are
//! sorted by cell (target), and by weight where there are several to one target, so that the order
//! of every sum is the same however nodes are spread over workers. An entry is a 4-byte cell; a
//! weight of its own takes 8 bytes more, weights that are shared are stored once.

use super::SourceIndex;
use crate::event::{ChannelKey, Ring, Spike};
use crate::time::Step;

/// A connection as users see it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Connection {
    pub source: u32,
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
}

/// Where a connection is in its worker's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    segment: u32,
    entry: u32,
}

impl Position {
    /// A key by which positions can be looked up.
    pub fn key(self) -> (u32, u32) {
        (self.segment, self.entry)
    }
}

/// New connections of one worker, before they are compressed.
#[derive(Debug, Default)]
pub struct Pending {
    batches: Vec<Batch>,
}

/// Connections of one model to one channel, in the order in which they were made.
#[derive(Debug)]
struct Batch {
    model: u16,
    channel: ChannelKey,
    counts: bool,
    sources: Vec<u32>,
    locals: Vec<u32>,
    weights: Flat<f64>,
    delays: Flat<u32>,
}

/// A list that is stored once while all its elements are equal.
#[derive(Clone, Debug)]
enum Flat<T> {
    Same(T, usize),
    Each(Vec<T>),
}

impl<T: Copy + PartialEq> Flat<T> {
    fn push(&mut self, x: T) {
        match self {
            Flat::Same(y, n) if *y == x || *n == 0 => {
                *y = x;
                *n += 1;
            }
            Flat::Same(y, n) => {
                let mut list = Vec::with_capacity(2 * *n);
                list.resize(*n, *y);
                list.push(x);
                *self = Flat::Each(list);
            }
            Flat::Each(list) => list.push(x),
        }
    }

    fn truncate(&mut self, len: usize) {
        match self {
            Flat::Same(_, n) => *n = len,
            Flat::Each(list) => list.truncate(len),
        }
    }

    fn get(&self, i: usize) -> T {
        match self {
            Flat::Same(x, _) => *x,
            Flat::Each(list) => list[i],
        }
    }

    fn same(&self) -> Option<T> {
        match self {
            Flat::Same(x, _) => Some(*x),
            Flat::Each(_) => None,
        }
    }
}

impl Pending {
    /// Whether there is nothing new.
    pub fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// The number of new connections.
    pub fn len(&self) -> usize {
        self.batches.iter().map(|b| b.sources.len()).sum()
    }

    /// The number of new connections of a model.
    pub fn count(&self, model: u16) -> usize {
        self.batches
            .iter()
            .filter(|b| b.model == model)
            .map(|b| b.sources.len())
            .sum()
    }

    /// The channels that new connections go to.
    pub fn channels(&self) -> impl Iterator<Item = ChannelKey> + '_ {
        self.batches.iter().map(|b| b.channel)
    }

    /// The lengths of all batches, to go back to.
    pub fn mark(&self) -> Vec<usize> {
        self.batches.iter().map(|b| b.sources.len()).collect()
    }

    /// Drops everything that was added since `mark` was taken.
    pub fn truncate(&mut self, mark: &[usize]) {
        self.batches.truncate(mark.len());
        for (b, &n) in self.batches.iter_mut().zip(mark) {
            b.sources.truncate(n);
            b.locals.truncate(n);
            b.weights.truncate(n);
            b.delays.truncate(n);
        }
    }

    /// Adds a connection.
    #[inline]
    pub fn push(&mut self, c: Connection) {
        let fits = |b: &Batch| b.model == c.model && b.channel == c.channel && b.counts == c.counts;
        let batch = match self.batches.iter_mut().rposition(|b| fits(b)) {
            Some(i) => &mut self.batches[i],
            None => {
                self.batches.push(Batch {
                    model: c.model,
                    channel: c.channel,
                    counts: c.counts,
                    sources: Vec::new(),
                    locals: Vec::new(),
                    weights: Flat::Same(c.weight, 0),
                    delays: Flat::Same(c.delay, 0),
                });
                self.batches.last_mut().expect("just pushed")
            }
        };
        batch.sources.push(c.source);
        batch.locals.push(c.local);
        batch.weights.push(c.weight);
        batch.delays.push(c.delay);
    }
}

const EACH: u8 = 1;
const COUNTS: u8 = 2;
const REPORTS: u8 = 4;

/// Entries of one row with one model and delay, and one weight unless each has its own.
#[derive(Clone, Copy, Debug)]
struct Segment {
    /// The first entry.
    first: u32,
    /// The first weight, or the index of the shared one.
    weights: u32,
    delay: u32,
    model: u16,
    flags: u8,
}

/// A delivered spike that a weight recorder wants to know of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transmission {
    pub stamp: Step,
    pub connection: Connection,
    pub count: u32,
}

/// The spike connections that end on one worker.
#[derive(Debug, Default)]
pub struct Rows {
    index: SourceIndex,
    /// The first segment of each row, and one past the last.
    first_segment: Vec<u32>,
    /// Segments, and a last one that only marks the end of the entries.
    segments: Vec<Segment>,
    cells: Vec<u32>,
    weights: Vec<f64>,
    shared: Vec<f64>,
    /// Models whose connections always store their own weight.
    own_weights: Vec<u16>,
    /// Models whose transmissions are reported.
    reporting: Vec<u16>,
}

/// An entry on its way into a row.
#[derive(Clone, Copy)]
struct Entry {
    model: u16,
    flags: u8,
    delay: u32,
    cell: u32,
    weight: f64,
}

impl Entry {
    fn segment_key(&self) -> (u16, u8, u32, u64) {
        let shared = if self.flags & EACH == 0 {
            order_bits(self.weight)
        } else {
            0
        };
        (self.model, self.flags, self.delay, shared)
    }

    fn key(&self) -> (u16, u8, u32, u64, u32, u64) {
        let (model, flags, delay, shared) = self.segment_key();
        (
            model,
            flags,
            delay,
            shared,
            self.cell,
            order_bits(self.weight),
        )
    }
}

/// Bits whose numerical order is the order of the floats.
fn order_bits(x: f64) -> u64 {
    let bits = x.to_bits();
    if bits >> 63 == 1 {
        !bits
    } else {
        bits | 1 << 63
    }
}

impl Rows {
    /// The number of connections.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there are no connections.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.index.bytes()
            + self.first_segment.capacity() * 4
            + self.segments.capacity() * size_of::<Segment>()
            + self.cells.capacity() * 4
            + self.weights.capacity() * 8
    }

    /// Reports transmissions of these models from now on.
    pub fn report(&mut self, models: &[u16]) {
        self.reporting = models.to_vec();
        for s in &mut self.segments {
            s.flags = s.flags & !REPORTS
                | if models.contains(&s.model) {
                    REPORTS
                } else {
                    0
                };
        }
    }

    /// Adds new connections, addressed through `ring`, which has a cell for each.
    pub fn absorb(&mut self, pending: &mut Pending, ring: &Ring) {
        if pending.is_empty() {
            return;
        }
        let mut batches = std::mem::take(&mut pending.batches);
        if !self.is_empty() {
            let mut all = Pending::default();
            self.for_each(ring, |_, c| all.push(c));
            for b in batches {
                for i in 0..b.sources.len() {
                    all.push(b.connection(i));
                }
            }
            batches = all.batches;
        }
        self.build(&mut batches, ring);
    }

    fn build(&mut self, batches: &mut [Batch], ring: &Ring) {
        let n: usize = batches.iter().map(|b| b.sources.len()).sum();
        assert!(
            n < u32::MAX as usize,
            "a worker holds fewer than 2^32 connections"
        );
        for b in &*batches {
            let many = b.weights.same().is_none();
            if many && !self.own_weights.contains(&b.model) {
                self.own_weights.push(b.model);
            }
        }
        batches.sort_by_key(|b| {
            (
                b.model,
                b.counts,
                b.delays.same(),
                b.weights.same().map(order_bits),
            )
        });
        let index = SourceIndex::new(batches.iter().flat_map(|b| b.sources.iter().copied()));
        let (starts, order) = sort_by_source(batches, &index, n);
        self.segments.clear();
        self.first_segment.clear();
        self.cells = Vec::with_capacity(n);
        self.weights = Vec::new();
        self.shared.clear();
        let mut bases = vec![0];
        for b in &*batches {
            bases.push(bases[bases.len() - 1] + b.sources.len() as u32);
        }
        let first_cells: Vec<usize> = batches
            .iter()
            .map(|b| {
                ring.first_cell(b.channel)
                    .expect("every channel in use has cells")
            })
            .collect();
        let mut row = Vec::new();
        for r in 0..index.len() {
            row.clear();
            let mut batch = 0;
            for &place in &order[starts[r] as usize..starts[r + 1] as usize] {
                if !(bases[batch]..bases[batch + 1]).contains(&place) {
                    batch = bases.partition_point(|&b| b <= place) - 1;
                }
                let b = &batches[batch];
                let i = (place - bases[batch]) as usize;
                row.push(Entry {
                    model: b.model,
                    flags: self.flags(b.model, b.counts),
                    delay: b.delays.get(i),
                    cell: first_cells[batch] as u32 + b.locals[i],
                    weight: b.weights.get(i),
                });
            }
            if !row.is_sorted_by_key(Entry::key) {
                row.sort_unstable_by_key(Entry::key);
            }
            self.push_row(&row);
        }
        self.index = index;
        self.first_segment.push(self.segments.len() as u32);
        self.segments.push(Segment {
            first: self.cells.len() as u32,
            weights: 0,
            delay: 0,
            model: 0,
            flags: 0,
        });
        self.segments.shrink_to_fit();
    }

    fn flags(&self, model: u16, counts: bool) -> u8 {
        let each = if self.own_weights.contains(&model) {
            EACH
        } else {
            0
        };
        let reports = if self.reporting.contains(&model) {
            REPORTS
        } else {
            0
        };
        each | reports | if counts { COUNTS } else { 0 }
    }

    fn push_row(&mut self, row: &[Entry]) {
        self.first_segment.push(self.segments.len() as u32);
        for run in row.chunk_by(|a, b| a.segment_key() == b.segment_key()) {
            let head = run[0];
            let weights = if head.flags & EACH != 0 {
                self.weights.extend(run.iter().map(|e| e.weight));
                self.weights.len() - run.len()
            } else {
                self.share(head.weight)
            };
            self.segments.push(Segment {
                first: self.cells.len() as u32,
                weights: weights as u32,
                delay: head.delay,
                model: head.model,
                flags: head.flags,
            });
            self.cells.extend(run.iter().map(|e| e.cell));
        }
    }

    fn share(&mut self, weight: f64) -> usize {
        let bits = weight.to_bits();
        self.shared
            .iter()
            .rposition(|w| w.to_bits() == bits)
            .unwrap_or_else(|| {
                self.shared.push(weight);
                self.shared.len() - 1
            })
    }

    /// Adds the effect of spikes, emitted in the slice that starts at `origin`, to the ring.
    pub fn deliver(
        &self,
        ring: &mut Ring,
        spikes: &[Spike],
        origin: Step,
        reports: &mut Vec<Transmission>,
    ) {
        if self.is_empty() {
            return;
        }
        for spike in spikes {
            let Some(row) = self.index.row(spike.sender()) else {
                continue;
            };
            let step = origin + spike.lag() as Step;
            let (from, to) = (
                self.first_segment[row] as usize,
                self.first_segment[row + 1] as usize,
            );
            let count = f64::from(spike.count());
            for (segment, next) in self.segments[from..to]
                .iter()
                .zip(&self.segments[from + 1..])
            {
                let entries = segment.first as usize..next.first as usize;
                let cells = &self.cells[entries.clone()];
                let sums = ring.at(step + Step::from(segment.delay));
                if segment.flags & (EACH | COUNTS) == EACH {
                    let weights = &self.weights[segment.weights as usize..][..cells.len()];
                    for (&cell, &w) in cells.iter().zip(weights) {
                        sums[cell as usize] += w * count;
                    }
                } else {
                    let counts = segment.flags & COUNTS != 0;
                    let w = if counts {
                        count
                    } else {
                        self.shared[segment.weights as usize] * count
                    };
                    for &cell in cells {
                        sums[cell as usize] += w;
                    }
                }
                if segment.flags & REPORTS != 0 {
                    for e in entries {
                        let connection = self.connection(spike.sender(), segment, e, ring);
                        let stamp = step + 1;
                        reports.push(Transmission {
                            stamp,
                            connection,
                            count: spike.count(),
                        });
                    }
                }
            }
        }
    }

    fn connection(&self, source: u32, s: &Segment, entry: usize, ring: &Ring) -> Connection {
        let (channel, local) = ring.locate(self.cells[entry] as usize);
        let weight = if s.flags & EACH != 0 {
            self.weights[s.weights as usize + entry - s.first as usize]
        } else {
            self.shared[s.weights as usize]
        };
        Connection {
            source,
            channel,
            local: local as u32,
            weight,
            delay: s.delay,
            model: s.model,
            counts: s.flags & COUNTS != 0,
        }
    }

    /// Visits all connections, by source.
    pub fn for_each(&self, ring: &Ring, mut visit: impl FnMut(Position, Connection)) {
        for (row, source) in self.index.ids().enumerate() {
            self.visit_row(row, source, ring, &mut visit);
        }
    }

    /// Visits the connections of one source.
    pub fn for_source(
        &self,
        source: u32,
        ring: &Ring,
        mut visit: impl FnMut(Position, Connection),
    ) {
        if let Some(row) = self.index.row(source) {
            self.visit_row(row, source, ring, &mut visit);
        }
    }

    fn visit_row(
        &self,
        row: usize,
        source: u32,
        ring: &Ring,
        visit: &mut impl FnMut(Position, Connection),
    ) {
        for s in self.first_segment[row]..self.first_segment[row + 1] {
            let segment = &self.segments[s as usize];
            for e in segment.first..self.segments[s as usize + 1].first {
                let position = Position {
                    segment: s,
                    entry: e,
                };
                visit(position, self.connection(source, segment, e as usize, ring));
            }
        }
    }

    /// Weight and delay (in steps) of a connection.
    pub fn weight_and_delay(&self, at: Position) -> (f64, u32) {
        let s = &self.segments[at.segment as usize];
        let weight = if s.flags & EACH != 0 {
            self.weights[s.weights as usize + (at.entry - s.first) as usize]
        } else {
            self.shared[s.weights as usize]
        };
        (weight, s.delay)
    }

    /// Sets the weight of a connection in place; `false` if it shares its weight with others or if
    /// the new weight belongs to another channel.
    pub fn set_weight(&mut self, at: Position, weight: f64) -> bool {
        let s = &self.segments[at.segment as usize];
        if s.flags & EACH == 0 {
            return self.shared[s.weights as usize] == weight;
        }
        let old = &mut self.weights[s.weights as usize + (at.entry - s.first) as usize];
        if (*old < 0.0) != (weight < 0.0) {
            return false;
        }
        *old = weight;
        true
    }

    /// The channel and place of a connection's target.
    pub fn target(&self, at: Position, ring: &Ring) -> (ChannelKey, u32) {
        let (channel, local) = ring.locate(self.cells[at.entry as usize] as usize);
        (channel, local as u32)
    }

    /// Removes all connections. Models in `own_weights` will store a weight per connection.
    pub fn clear(&mut self, own_weights: impl Iterator<Item = u16>) {
        let mut own = std::mem::take(&mut self.own_weights);
        own.extend(own_weights);
        own.sort_unstable();
        own.dedup();
        let reporting = std::mem::take(&mut self.reporting);
        *self = Rows {
            own_weights: own,
            reporting,
            ..Rows::default()
        };
    }

    /// The number of connections of a model.
    pub fn count(&self, model: u16) -> usize {
        let ends = self.segments.iter().skip(1);
        let sizes = self
            .segments
            .iter()
            .zip(ends)
            .filter(|(s, _)| s.model == model);
        sizes.map(|(s, next)| (next.first - s.first) as usize).sum()
    }

    /// Follows cells that moved when the ring was arranged anew. `renamed` gives the new cell.
    pub fn rename(&mut self, renamed: impl Fn(usize) -> usize) {
        for cell in &mut self.cells {
            *cell = renamed(*cell as usize) as u32;
        }
    }
}

impl Batch {
    fn connection(&self, i: usize) -> Connection {
        Connection {
            source: self.sources[i],
            channel: self.channel,
            local: self.locals[i],
            weight: self.weights.get(i),
            delay: self.delays.get(i),
            model: self.model,
            counts: self.counts,
        }
    }
}

/// The start of each row, and the places of the connections (over all batches one after another)
/// ordered by row, in each row as they were made.
fn sort_by_source(batches: &[Batch], index: &SourceIndex, n: usize) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0u32; index.len() + 1];
    let row = |source: u32| index.row(source).expect("the index holds every source");
    for &source in batches.iter().flat_map(|b| &b.sources) {
        starts[row(source) + 1] += 1;
    }
    for r in 0..index.len() {
        starts[r + 1] += starts[r];
    }
    let mut next = starts.clone();
    let mut order = vec![0u32; n];
    for (place, &source) in batches.iter().flat_map(|b| &b.sources).enumerate() {
        let slot = &mut next[row(source)];
        order[*slot as usize] = place as u32;
        *slot += 1;
    }
    (starts, order)
}
