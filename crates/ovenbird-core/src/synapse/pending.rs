//! New connections of one worker, before they are compressed into rows.
//!
//! They are kept apart by synapse model, channel and shared weight, and by block of sources, so that
//! rows are made block by block and what was pending of a block is dropped before the next. Since
//! connections are made target by target, a target is stored once for the sources that follow each
//! other; a source then takes one byte, and a delay or weight is stored where they are not constant.

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
    pub(super) blocks: Vec<Bucket>,
    len: usize,
}

/// Connections of one kind from the sources of one block.
#[derive(Debug)]
pub(super) struct Bucket {
    /// Targets: the place of each, and its first connection.
    targets: Vec<(u32, u32)>,
    /// The target of the last connection, or a number that is no target.
    target: u32,
    /// The row of each source.
    pub(super) rows: Vec<u8>,
    /// A delay each, unless they share one.
    delays: Vec<u32>,
    /// A weight each, unless they share one.
    weights: Vec<f64>,
    /// A template each, unless they share one.
    templates: Vec<u32>,
}

impl Default for Bucket {
    fn default() -> Self {
        Bucket {
            targets: Vec::new(),
            target: u32::MAX,
            rows: Vec::new(),
            delays: Vec::new(),
            weights: Vec::new(),
            templates: Vec::new(),
        }
    }
}

impl Bucket {
    /// Visits the connections: row, delay in steps, place of the target, and weight; `shared` are
    /// the weight and delay of those that share them.
    #[inline(always)]
    pub(super) fn for_each(
        &self,
        (weight, delay): (Option<f64>, Option<u32>),
        mut visit: impl FnMut(usize, u32, u32, f64),
    ) {
        let ends = self.targets.iter().skip(1).map(|t| t.1 as usize);
        let ends = ends.chain([self.rows.len()]);
        for (&(target, first), end) in self.targets.iter().zip(ends) {
            for i in first as usize..end {
                let delay = delay.unwrap_or_else(|| self.delays[i]);
                let weight = weight.unwrap_or_else(|| self.weights[i]);
                visit(self.rows[i] as usize, delay, target, weight);
            }
        }
    }

    /// As [`Bucket::for_each`], with the template of each connection.
    pub(super) fn for_each_template(
        &self,
        (weight, delay, template): (Option<f64>, Option<u32>, Option<u32>),
        mut visit: impl FnMut(usize, u32, u32, f64, u32),
    ) {
        let mut templates = self.templates.iter().copied();
        self.for_each((weight, delay), |row, delay, target, weight| {
            let template = template.or_else(|| templates.next()).unwrap_or(0);
            visit(row, delay, target, weight, template);
        });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    #[inline(always)]
    fn push(&mut self, source: u32, target: u32) {
        if self.target != target {
            self.target = target;
            // a bucket is a part of a block of rows, which holds fewer than 2^32 connections
            self.targets.push((target, self.rows.len() as u32));
        }
        self.rows.push(source as u8);
    }

    fn truncate(&mut self, n: usize) {
        self.rows.truncate(n);
        self.delays.truncate(n);
        self.weights.truncate(n);
        self.templates.truncate(n);
        let targets = self.targets.partition_point(|t| (t.1 as usize) < n);
        self.targets.truncate(targets);
        self.target = self.targets.last().map_or(u32::MAX, |t| t.0);
    }
}

/// The lengths of everything in a [`Pending`], to go back to.
#[derive(Debug, Default)]
pub struct PendingMark {
    blocks: Vec<usize>,
    lens: Vec<usize>,
}

impl Batch {
    /// Makes room for connections from sources up to `last`.
    pub fn reach(&mut self, last: u32) {
        let blocks = (last >> BLOCK_BITS) as usize + 1;
        if self.blocks.len() < blocks {
            self.blocks.resize_with(blocks, Bucket::default);
        }
    }

    /// Adds connections from `sources`, within [`Batch::reach`], to the target at a place. Delays
    /// and weights come from the iterators where the batch does not share them.
    #[inline]
    pub fn extend(
        &mut self,
        sources: impl Iterator<Item = u32>,
        target: u32,
        mut delays: impl Iterator<Item = u32>,
        mut weights: impl Iterator<Item = f64>,
    ) {
        let (own_delay, own_weight) = (self.kind.delay.is_none(), self.kind.weight.is_none());
        for source in sources {
            let bucket = &mut self.blocks[(source >> BLOCK_BITS) as usize];
            bucket.push(source, target);
            if own_delay {
                bucket.delays.extend(delays.next());
            }
            if own_weight {
                bucket.weights.extend(weights.next());
            }
            self.len += 1;
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
            lens: buckets.map(|b| b.rows.len()).collect(),
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
                bucket.truncate(n);
                batch.len += n;
            }
        }
    }

    /// The batch of a kind, which is made if there is none; it may store delays that are constant.
    pub fn batch(&mut self, mut kind: BatchKind) -> &mut Batch {
        let find =
            |batches: &[Batch], kind: &BatchKind| batches.iter().rposition(|b| b.kind.same(kind));
        let mut found = find(&self.batches, &kind);
        if found.is_none() && kind.delay.is_some() && self.batches.len() >= CONSTANT_DELAYS {
            kind.delay = None;
            found = find(&self.batches, &kind);
        }
        let index = found.unwrap_or_else(|| {
            self.batches.push(Batch {
                kind,
                blocks: Vec::new(),
                len: 0,
            });
            self.batches.len() - 1
        });
        &mut self.batches[index]
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
        let (delay, weight) = (std::iter::once(c.delay), std::iter::once(c.weight));
        batch.extend(std::iter::once(c.source), c.local, delay, weight);
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
        let bucket = &mut batch.blocks[(c.source >> BLOCK_BITS) as usize];
        bucket.push(c.source, c.local);
        bucket.delays.push(c.delay);
        bucket.weights.push(c.weight);
        bucket.templates.push(template);
        batch.len += 1;
    }
}
