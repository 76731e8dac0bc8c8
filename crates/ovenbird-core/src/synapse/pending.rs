//! New connections of one worker, before they are compressed into rows.
//!
//! They are kept apart by synapse model, channel and shared weight, and by block of sources, so that
//! rows are made block by block and what was pending of a block is dropped before the next.

use super::rows::Connection;
use crate::event::ChannelKey;

/// A block holds the rows of `1 << BLOCK_BITS` consecutive sources.
pub(super) const BLOCK_BITS: u32 = 8;
/// Rows in a block.
pub(super) const BLOCK_ROWS: usize = 1 << BLOCK_BITS;

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
}

impl BatchKind {
    fn same(&self, other: &BatchKind) -> bool {
        let bits = |k: &BatchKind| k.weight.map(f64::to_bits);
        (self.model, self.channel, self.counts, bits(self))
            == (other.model, other.channel, other.counts, bits(other))
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
    pub(super) blocks: Vec<Bucket>,
    len: usize,
}

/// Connections of one kind from the sources of one block.
#[derive(Debug, Default)]
pub(super) struct Bucket {
    /// From the low end: the target's place (32 bits), the source's row (8), the delay (24).
    entries: Vec<u64>,
    /// A weight each, unless they share one.
    pub(super) weights: Vec<f64>,
}

impl Bucket {
    /// Row, delay in steps, and place of the target of each connection.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, u32, u32)> + '_ {
        self.entries.iter().map(|&e| {
            let row = (e >> 32) as usize % BLOCK_ROWS;
            (row, (e >> 40) as u32, e as u32)
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// The lengths of everything in a [`Pending`], to go back to.
#[derive(Debug, Default)]
pub struct PendingMark {
    blocks: Vec<usize>,
    lens: Vec<usize>,
}

#[inline(always)]
fn entry(source: u32, local: u32, delay: u32) -> u64 {
    let row = u64::from(source) % BLOCK_ROWS as u64;
    u64::from(local) | row << 32 | u64::from(delay) << 40
}

impl Batch {
    /// Makes room for connections from sources up to `last`.
    pub fn reach(&mut self, last: u32) {
        let blocks = (last >> BLOCK_BITS) as usize + 1;
        if self.blocks.len() < blocks {
            self.blocks.resize_with(blocks, Bucket::default);
        }
    }

    /// Adds connections of the shared weight from `sources`, within [`Batch::reach`], to one target.
    #[inline]
    pub fn extend_shared(&mut self, sources: impl Iterator<Item = u32>, local: u32, delay: u32) {
        for source in sources {
            self.push_shared(source, local, delay);
        }
    }

    /// Adds a connection of the shared weight from a source within [`Batch::reach`].
    #[inline]
    pub fn push_shared(&mut self, source: u32, local: u32, delay: u32) {
        let bucket = &mut self.blocks[(source >> BLOCK_BITS) as usize];
        bucket.entries.push(entry(source, local, delay));
        self.len += 1;
    }

    /// Adds a connection of its own weight from a source within [`Batch::reach`].
    #[inline]
    pub fn push_own(&mut self, source: u32, local: u32, delay: u32, weight: f64) {
        let bucket = &mut self.blocks[(source >> BLOCK_BITS) as usize];
        bucket.entries.push(entry(source, local, delay));
        bucket.weights.push(weight);
        self.len += 1;
    }
}

impl Pending {
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

    /// The present lengths.
    pub fn mark(&self) -> PendingMark {
        let buckets = self.batches.iter().flat_map(|b| &b.blocks);
        PendingMark {
            blocks: self.batches.iter().map(|b| b.blocks.len()).collect(),
            lens: buckets.map(|b| b.entries.len()).collect(),
        }
    }

    /// Drops everything that was added since `mark` was taken.
    pub fn truncate(&mut self, mark: &PendingMark) {
        self.batches.truncate(mark.blocks.len());
        let mut lens = mark.lens.iter();
        for (batch, &blocks) in self.batches.iter_mut().zip(&mark.blocks) {
            batch.blocks.truncate(blocks);
            batch.len = 0;
            for (bucket, &n) in batch.blocks.iter_mut().zip(lens.by_ref()) {
                bucket.entries.truncate(n);
                bucket.weights.truncate(n);
                batch.len += n;
            }
        }
    }

    /// The index of the batch of a kind, which is made if there is none.
    pub fn batch(&mut self, kind: BatchKind) -> usize {
        let found = self.batches.iter().rposition(|b| b.kind.same(&kind));
        found.unwrap_or_else(|| {
            self.batches.push(Batch {
                kind,
                blocks: Vec::new(),
                len: 0,
            });
            self.batches.len() - 1
        })
    }

    /// The batch with an index.
    pub fn batch_mut(&mut self, index: usize) -> &mut Batch {
        &mut self.batches[index]
    }

    /// Adds one connection.
    pub fn push(&mut self, c: Connection) {
        let index = self.batch(BatchKind {
            model: c.model,
            channel: c.channel,
            counts: c.counts,
            weight: (!c.own_weight).then_some(c.weight),
        });
        let batch = &mut self.batches[index];
        batch.reach(c.source);
        if c.own_weight {
            batch.push_own(c.source, c.local, c.delay, c.weight);
        } else {
            batch.push_shared(c.source, c.local, c.delay);
        }
    }
}
