//! New connections of one worker, before they are compressed into rows.
//!
//! They are kept apart by synapse model, channel and shared weight, and by block of sources, so that
//! rows are made block by block and what was pending of a block is dropped before the next. Since
//! connections are made target by target, a target is stored once for the sources that follow each
//! other; a source then takes one byte, four with a delay of its own, and twelve with a weight of its
//! own.

use super::rows::Connection;
use crate::event::ChannelKey;
use std::ops::Range;

/// A block holds the rows of `1 << BLOCK_BITS` consecutive sources.
pub const BLOCK_BITS: u32 = 8;
/// Rows in a block.
pub(super) const BLOCK_ROWS: usize = 1 << BLOCK_BITS;

/// Visits the sources whose row in their block is not empty.
pub(super) fn visit_sources<B>(
    blocks: &[Option<Box<B>>],
    row: impl Fn(&B, usize) -> Range<usize>,
    mut visit: impl FnMut(u32),
) {
    for (b, block) in blocks.iter().enumerate() {
        let Some(block) = block else {
            continue;
        };
        (0..BLOCK_ROWS)
            .filter(|&i| !row(block, i).is_empty())
            .for_each(|i| visit((b << BLOCK_BITS | i) as u32));
    }
}

/// From so many sources on their blocks are marked instead of sorted.
const MANY_SOURCES: usize = 256;

/// The blocks that hold the rows of `sources`, sorted.
pub fn blocks_of(sources: &[u32]) -> Vec<u32> {
    let mut blocks: Vec<u32> = Vec::new();
    if sources.len() >= MANY_SOURCES {
        let last = sources.iter().max().map_or(0, |id| id >> BLOCK_BITS);
        let mut marked = vec![false; last as usize + 1];
        for id in sources {
            marked[(id >> BLOCK_BITS) as usize] = true;
        }
        blocks.extend((0..=last).filter(|&b| marked[b as usize]));
        return blocks;
    }
    for source in sources {
        let block = source >> BLOCK_BITS;
        if blocks.last() != Some(&block) {
            blocks.push(block);
        }
    }
    blocks.sort_unstable();
    blocks.dedup();
    blocks
}

/// What the connections of a batch have in common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchKind {
    /// Index of the synapse model.
    pub model: u16,
    /// Where the spikes arrive.
    pub channel: ChannelKey,
    /// Whether spikes are counted instead of weighted.
    pub counts: bool,
    /// The weight of all, or `None` where each has its own.
    pub weight: Option<f64>,
    /// The delay of all in steps, or `None` where each has its own.
    pub delay: Option<u32>,
    /// The parameters and state that all start with, for connections that have such, or `None`
    /// where each starts with its own.
    pub template: Option<u32>,
}

/// Most batches with a constant delay; later ones store the delay of each connection.
const CONSTANT_DELAYS: usize = 64;

impl BatchKind {
    fn same(&self, other: &BatchKind) -> bool {
        let bits = |k: &BatchKind| k.weight.map(f64::to_bits);
        (
            self.model,
            self.channel,
            self.counts,
            bits(self),
            self.delay,
            self.template,
        ) == (
            other.model,
            other.channel,
            other.counts,
            bits(other),
            other.delay,
            other.template,
        )
    }
}

/// New connections of one worker.
#[derive(Debug, Default)]
pub struct Pending {
    pub(super) batches: Vec<Batch>,
}

/// Connections of one kind, in the order in which they were made.
#[derive(Debug)]
pub struct Batch {
    pub(super) kind: BatchKind,
    pub(super) blocks: Blocks,
    len: usize,
}

/// The connections of a batch by block of sources, with what its kind does not share.
#[derive(Debug)]
pub(super) enum Blocks {
    Shared(Vec<Bucket<u8>>),
    OwnDelay(Vec<Bucket<u32>>),
    OwnWeight(Vec<Bucket<[u32; 3]>>),
    OwnTemplate(Vec<Bucket<[u32; 4]>>),
}

/// Does the same to the buckets of a batch, whatever their entries are.
macro_rules! each_kind {
    ($blocks:expr, $buckets:ident => $do:expr) => {
        match $blocks {
            Blocks::Shared($buckets) => $do,
            Blocks::OwnDelay($buckets) => $do,
            Blocks::OwnWeight($buckets) => $do,
            Blocks::OwnTemplate($buckets) => $do,
        }
    };
}

/// What is stored of a connection: the row of its source, in the lowest byte, and numbers that the
/// batch does not share.
pub(super) trait Entry: Copy {
    fn new(row: u8, delay: u32, weight: f64) -> Self;
    fn row(self) -> usize;
    /// The delay in steps, where all share `shared` or each has its own.
    fn delay(self, shared: u32) -> u32;
    fn weight(self, shared: f64) -> f64;
    fn template(self, shared: u32) -> u32 {
        shared
    }
}

impl Entry for u8 {
    fn new(row: u8, _: u32, _: f64) -> Self {
        row
    }
    fn row(self) -> usize {
        usize::from(self)
    }
    fn delay(self, shared: u32) -> u32 {
        shared
    }
    fn weight(self, shared: f64) -> f64 {
        shared
    }
}

/// Delays are shorter than 2^24 steps.
impl Entry for u32 {
    #[inline(always)]
    fn new(row: u8, delay: u32, _: f64) -> Self {
        delay << 8 | u32::from(row)
    }
    fn row(self) -> usize {
        (self & 0xff) as usize
    }
    fn delay(self, _: u32) -> u32 {
        self >> 8
    }
    fn weight(self, shared: f64) -> f64 {
        shared
    }
}

/// Row and delay, then the weight in halves: 12 bytes without padding.
impl Entry for [u32; 3] {
    #[inline(always)]
    fn new(row: u8, delay: u32, weight: f64) -> Self {
        let bits = weight.to_bits();
        [
            u32::new(row, delay, weight),
            bits as u32,
            (bits >> 32) as u32,
        ]
    }
    fn row(self) -> usize {
        self[0].row()
    }
    fn delay(self, shared: u32) -> u32 {
        self[0].delay(shared)
    }
    fn weight(self, _: f64) -> f64 {
        f64::from_bits(u64::from(self[2]) << 32 | u64::from(self[1]))
    }
}

/// As with a weight of its own, then the template.
impl Entry for [u32; 4] {
    fn new(row: u8, delay: u32, weight: f64) -> Self {
        let [first, low, high] = <[u32; 3]>::new(row, delay, weight);
        [first, low, high, 0]
    }
    fn row(self) -> usize {
        self[0].row()
    }
    fn delay(self, shared: u32) -> u32 {
        self[0].delay(shared)
    }
    fn weight(self, shared: f64) -> f64 {
        [self[0], self[1], self[2]].weight(shared)
    }
    fn template(self, _: u32) -> u32 {
        self[3]
    }
}

/// Bytes of a full chunk. Chunks neither move nor leave slack, and what one block gave back serves
/// the rows of the next.
const CHUNK_BYTES: usize = 1 << 16;

/// Connections of one kind from the sources of one block.
#[derive(Debug)]
pub(super) struct Bucket<T> {
    full: Vec<Chunk<T>>,
    last: Chunk<T>,
}

#[derive(Debug)]
struct Chunk<T> {
    /// Targets: the place of each, and its first entry.
    targets: Vec<(u32, u32)>,
    /// The target of the last entry, or a number that is no target.
    target: u32,
    entries: Vec<T>,
}

impl<T> Default for Chunk<T> {
    fn default() -> Self {
        Chunk {
            targets: Vec::new(),
            target: u32::MAX,
            entries: Vec::new(),
        }
    }
}

impl<T> Default for Bucket<T> {
    fn default() -> Self {
        Bucket {
            full: Vec::new(),
            last: Chunk::default(),
        }
    }
}

impl<T: Entry> Chunk<T> {
    fn truncate(&mut self, n: usize) {
        self.entries.truncate(n);
        let targets = self.targets.partition_point(|t| (t.1 as usize) < n);
        self.targets.truncate(targets);
        self.target = self.targets.last().map_or(u32::MAX, |t| t.0);
    }

    #[inline(always)]
    fn for_each(&self, visit: &mut impl FnMut(T, u32)) {
        let ends = self.targets.iter().skip(1).map(|t| t.1 as usize);
        let ends = ends.chain([self.entries.len()]);
        for (&(target, first), end) in self.targets.iter().zip(ends) {
            for &entry in &self.entries[first as usize..end] {
                visit(entry, target);
            }
        }
    }
}

impl<T: Entry> Bucket<T> {
    const CHUNK: usize = CHUNK_BYTES / size_of::<T>();

    fn bytes(&self) -> usize {
        let chunk = |c: &Chunk<T>| {
            c.entries.capacity() * size_of::<T>() + c.targets.capacity() * size_of::<(u32, u32)>()
        };
        size_of::<Self>() + self.chunks().map(chunk).sum::<usize>()
    }

    fn chunks(&self) -> impl Iterator<Item = &Chunk<T>> {
        self.full.iter().chain([&self.last])
    }

    /// Visits the rows of the connections.
    pub(super) fn for_each_row(&self, mut visit: impl FnMut(usize)) {
        for chunk in self.chunks() {
            chunk.entries.iter().for_each(|e| visit(e.row()));
        }
    }

    /// Visits the connections: what is stored, and the place of the target.
    #[inline(always)]
    pub(super) fn for_each(&self, mut visit: impl FnMut(T, u32)) {
        self.chunks().for_each(|c| c.for_each(&mut visit));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.last.entries.is_empty()
    }

    fn len(&self) -> usize {
        self.full.len() * Self::CHUNK + self.last.entries.len()
    }

    #[inline(always)]
    fn push(&mut self, entry: T, target: u32) {
        if self.last.entries.len() == Self::CHUNK {
            self.begin_chunk();
        }
        let last = &mut self.last;
        if last.target != target {
            last.target = target;
            last.targets.push((target, last.entries.len() as u32));
        }
        last.entries.push(entry);
    }

    #[cold]
    fn begin_chunk(&mut self) {
        let mut next = Chunk::default();
        next.entries.reserve_exact(Self::CHUNK);
        self.full.push(std::mem::replace(&mut self.last, next));
    }

    fn truncate(&mut self, n: usize) {
        while n <= self.full.len() * Self::CHUNK
            && let Some(before) = self.full.pop()
        {
            self.last = before;
        }
        self.last.truncate(n - self.full.len() * Self::CHUNK);
    }
}

fn extend<T: Entry>(
    buckets: &mut [Bucket<T>],
    connections: impl Iterator<Item = (u32, u32, f64)>,
    target: u32,
) -> usize {
    let mut n = 0;
    for (source, delay, weight) in connections {
        let bucket = &mut buckets[(source >> BLOCK_BITS) as usize];
        bucket.push(T::new(source as u8, delay, weight), target);
        n += 1;
    }
    n
}

/// The lengths of what connections from some sources can add to, to go back to.
#[derive(Debug, Default)]
pub struct PendingMark {
    /// For each batch its connections and blocks.
    batches: Vec<(usize, usize)>,
    /// Batch by batch the connections in each of the blocks in question.
    lens: Vec<usize>,
}

impl Batch {
    fn new(kind: BatchKind) -> Self {
        let blocks = match (kind.weight, kind.delay) {
            _ if kind.template.is_none() => Blocks::OwnTemplate(Vec::new()),
            (None, _) => Blocks::OwnWeight(Vec::new()),
            (_, None) => Blocks::OwnDelay(Vec::new()),
            _ => Blocks::Shared(Vec::new()),
        };
        Batch {
            kind,
            blocks,
            len: 0,
        }
    }

    fn bytes(&self) -> usize {
        each_kind!(&self.blocks, buckets => buckets.iter().map(Bucket::bytes).sum())
    }

    /// The number of blocks of sources.
    pub(super) fn num_blocks(&self) -> usize {
        each_kind!(&self.blocks, buckets => buckets.len())
    }

    /// Whether there is something from the sources of block `b`.
    pub(super) fn has(&self, b: usize) -> bool {
        each_kind!(&self.blocks, buckets => buckets.get(b).is_some_and(|x| !x.is_empty()))
    }

    /// Visits the rows of what is pending from the sources of block `b`.
    #[inline(always)]
    pub(super) fn for_each_row(&self, b: usize, visit: impl FnMut(usize)) {
        each_kind!(&self.blocks, buckets => if let Some(bucket) = buckets.get(b) {
            bucket.for_each_row(visit);
        });
    }

    /// Takes what is pending from the sources of block `b` and visits it: row, delay in steps, place
    /// of the target, weight and template.
    #[inline(always)]
    pub(super) fn take(&mut self, b: usize, mut visit: impl FnMut(usize, u32, u32, f64, u32)) {
        let weight = self.kind.weight.unwrap_or(0.0);
        let (delay, template) = (
            self.kind.delay.unwrap_or(0),
            self.kind.template.unwrap_or(0),
        );
        each_kind!(&mut self.blocks, buckets => if let Some(bucket) = buckets.get_mut(b) {
            std::mem::take(bucket).for_each(|e, target| visit(
                e.row(), e.delay(delay), target, e.weight(weight), e.template(template)
            ));
        });
    }

    /// Makes room for connections from sources up to `last`.
    pub fn reach(&mut self, last: u32) {
        let blocks = (last >> BLOCK_BITS) as usize + 1;
        if self.num_blocks() < blocks {
            each_kind!(&mut self.blocks, buckets => buckets.resize_with(blocks, Bucket::default));
        }
    }

    /// Adds connections, each with its source within [`Batch::reach`], delay and weight, to the
    /// target at a place. Delays and weights that the batch shares are not looked at.
    #[inline]
    pub fn extend(&mut self, connections: impl Iterator<Item = (u32, u32, f64)>, target: u32) {
        self.len += each_kind!(
            &mut self.blocks,
            buckets => extend(buckets, connections, target)
        );
    }
}

impl Pending {
    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.batches.iter().map(Batch::bytes).sum()
    }

    /// Whether there is nothing new.
    pub fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// The number of new connections.
    pub fn len(&self) -> usize {
        self.batches.iter().map(|b| b.len).sum()
    }

    /// The number of new connections of a model.
    pub fn count(&self, model: u16) -> usize {
        let wanted = self.batches.iter().filter(|b| b.kind.model == model);
        wanted.map(|b| b.len).sum()
    }

    /// The channels that new connections go to.
    pub fn channels(&self) -> impl Iterator<Item = ChannelKey> + '_ {
        self.batches.iter().map(|b| b.kind.channel)
    }

    /// The present lengths of what is in `blocks`, which are sorted.
    pub fn mark(&self, blocks: &[u32]) -> PendingMark {
        let mut mark = PendingMark::default();
        for batch in &self.batches {
            mark.batches.push((batch.len, batch.num_blocks()));
            each_kind!(&batch.blocks, buckets => {
                let held = blocks.iter().map_while(|&b| buckets.get(b as usize));
                mark.lens.extend(held.map(Bucket::len));
            });
        }
        mark
    }

    /// Drops everything that was added in `blocks` since `mark` was taken of them.
    pub fn truncate(&mut self, blocks: &[u32], mark: &PendingMark) {
        self.batches.truncate(mark.batches.len());
        let mut lens = mark.lens.iter();
        for (batch, &(len, held)) in self.batches.iter_mut().zip(&mark.batches) {
            batch.len = len;
            each_kind!(&mut batch.blocks, buckets => {
                buckets.truncate(held);
                let old = blocks.iter().take_while(|&&b| (b as usize) < held);
                for (&b, &n) in old.zip(lens.by_ref()) {
                    buckets[b as usize].truncate(n);
                }
            });
        }
    }

    /// The index of the batch of a kind, which is made if there is none; it may store delays that
    /// are constant.
    pub fn index_of(&mut self, mut kind: BatchKind) -> usize {
        let find =
            |batches: &[Batch], kind: &BatchKind| batches.iter().rposition(|b| b.kind.same(kind));
        let mut found = find(&self.batches, &kind);
        if found.is_none() && kind.delay.is_some() && self.batches.len() >= CONSTANT_DELAYS {
            kind.delay = None;
            found = find(&self.batches, &kind);
        }
        found.unwrap_or_else(|| {
            self.batches.push(Batch::new(kind));
            self.batches.len() - 1
        })
    }

    /// The batch of a kind, as [`Pending::index_of`].
    pub fn batch(&mut self, kind: BatchKind) -> &mut Batch {
        let index = self.index_of(kind);
        &mut self.batches[index]
    }

    /// Makes room in the batch with this index for connections from sources up to `last`.
    pub fn reach(&mut self, index: usize, last: u32) {
        self.batches[index].reach(last);
    }

    /// Adds a connection to the batch with this index, as [`Batch::extend`].
    #[inline(always)]
    pub fn add(&mut self, index: usize, connection: (u32, u32, f64), target: u32) {
        self.batches[index].extend(std::iter::once(connection), target);
    }

    /// Adds one connection.
    pub fn push(&mut self, c: Connection) {
        let batch = self.batch(BatchKind {
            model: c.model,
            channel: c.channel,
            counts: c.counts,
            weight: (!c.own_weight).then_some(c.weight),
            delay: None,
            template: Some(0),
        });
        batch.reach(c.source);
        batch.extend([(c.source, c.delay, c.weight)].into_iter(), c.local);
    }

    /// Adds one connection that starts with the parameters and state of a template.
    pub fn push_template(&mut self, c: Connection, template: u32) {
        let batch = self.batch(BatchKind {
            model: c.model,
            channel: c.channel,
            counts: c.counts,
            weight: None,
            delay: None,
            template: None,
        });
        batch.reach(c.source);
        if let Blocks::OwnTemplate(buckets) = &mut batch.blocks {
            let [first, low, high] = <[u32; 3]>::new(c.source as u8, c.delay, c.weight);
            let bucket = &mut buckets[(c.source >> BLOCK_BITS) as usize];
            bucket.push([first, low, high, template], c.local);
            batch.len += 1;
        }
    }
}
