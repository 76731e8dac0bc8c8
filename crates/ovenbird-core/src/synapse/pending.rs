//! New connections of one worker, before they are compressed into rows.
//!
//! They are kept apart by synapse model, channel and shared weight, and by block of sources, so
//! that rows are made block by block and what was pending of a block is dropped before the next.
//! Since connections are made target by target, a target is stored once for the sources that follow
//! each other; a source then takes one byte, four with a delay of its own, nine with a weight of
//! its own, and ten with both, or twelve where delays are long.

use super::buckets::{Bucket, Buckets, By, extend, extend_runs};
use super::entry::Entry;
use super::rows::Connection;
use super::turns::Turns;
use crate::event::ChannelKey;

/// A block holds the rows of `1 << BLOCK_BITS` consecutive sources.
pub const BLOCK_BITS: u32 = 8;
/// Rows in a block.
pub(super) const BLOCK_ROWS: usize = 1 << BLOCK_BITS;

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
    /// Whether all delays are below [`SHORT_DELAYS`], where each connection has its own and a
    /// weight of its own, too.
    pub short: bool,
    /// The parameters and state that all start with, for connections that have such, or `None`
    /// where each starts with its own.
    pub template: Option<u32>,
}

/// Most batches with a constant delay; later ones store the delay of each connection.
const CONSTANT_DELAYS: usize = 64;

/// Delays in steps below this are stored in one byte.
const SHORT_DELAYS: u32 = 1 << 8;

/// Whether a delay in steps is stored in one byte where the batch does not share it.
pub fn is_short(delay: u32) -> bool {
    delay < SHORT_DELAYS
}

impl BatchKind {
    /// The kind for connections none of which has a delay above `most` steps.
    pub fn with_delays_up_to(mut self, most: u32) -> Self {
        self.short =
            is_short(most) && (self.weight, self.delay) == (None, None) && self.template.is_some();
        self
    }

    fn same(&self, other: &BatchKind) -> bool {
        let bits = |k: &BatchKind| k.weight.map(f64::to_bits);
        (
            self.model,
            self.channel,
            self.counts,
            bits(self),
            (self.delay, self.short),
            self.template,
        ) == (
            other.model,
            other.channel,
            other.counts,
            bits(other),
            (other.delay, other.short),
            other.template,
        )
    }
}

/// New connections of one worker.
#[derive(Debug, Default)]
pub struct Pending {
    pub(super) batches: Vec<Batch>,
    pub(super) turns: Turns,
    /// The batch that [`Pending::turn_to`] last named.
    named: usize,
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
    Shared(Buckets<u8>),
    OwnDelay(Buckets<u32>),
    OwnWeight(Buckets<[u8; 9]>),
    OwnShort(Buckets<[u8; 10]>),
    OwnBoth(Buckets<[u32; 3]>),
    OwnTemplate(Buckets<[u32; 4]>),
}

/// Does the same to the buckets of a batch, whatever their entries are.
macro_rules! each_kind {
    ($blocks:expr, $buckets:ident => $do:expr) => {
        match $blocks {
            Blocks::Shared($buckets) => $do,
            Blocks::OwnDelay($buckets) => $do,
            Blocks::OwnWeight($buckets) => $do,
            Blocks::OwnShort($buckets) => $do,
            Blocks::OwnBoth($buckets) => $do,
            Blocks::OwnTemplate($buckets) => $do,
        }
    };
}

/// The lengths of what connections from some sources can add to, to go back to.
#[derive(Debug, Default)]
pub struct PendingMark {
    /// For each batch its connections, blocks and buckets.
    batches: Vec<(usize, usize, usize)>,
    /// Batch by batch the connections in each of the blocks in question.
    lens: Vec<usize>,
    turns: usize,
}

impl Batch {
    fn new(kind: BatchKind) -> Self {
        let blocks = match (kind.weight, kind.delay) {
            _ if kind.template.is_none() => Blocks::OwnTemplate(Buckets::default()),
            (None, Some(_)) => Blocks::OwnWeight(Buckets::default()),
            (None, None) if kind.short => Blocks::OwnShort(Buckets::default()),
            (None, None) => Blocks::OwnBoth(Buckets::default()),
            (_, None) => Blocks::OwnDelay(Buckets::default()),
            _ => Blocks::Shared(Buckets::default()),
        };
        Batch {
            kind,
            blocks,
            len: 0,
        }
    }

    fn bytes(&self) -> usize {
        each_kind!(&self.blocks, buckets => buckets.bytes())
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

    /// Takes what is pending from the sources of block `b` and visits it: row, delay in steps,
    /// place of the target, weight and template.
    #[inline(always)]
    pub(super) fn take(&mut self, b: usize, mut visit: impl FnMut(usize, u32, u32, f64, u32)) {
        let weight = self.kind.weight.unwrap_or(0.0);
        let (delay, template) = (
            self.kind.delay.unwrap_or(0),
            self.kind.template.unwrap_or(0),
        );
        each_kind!(&mut self.blocks, buckets => if let Some(bucket) = buckets.get_mut(b) {
            let bucket = std::mem::take(bucket);
            self.len -= bucket.len();
            bucket.for_each(|e, target| visit(
                e.row(), e.delay(delay), target, e.weight(weight), e.template(template)
            ));
        });
    }

    /// Makes room for connections from sources up to `last`.
    fn reach(&mut self, last: u32) {
        let blocks = (last >> BLOCK_BITS) as usize + 1;
        if self.num_blocks() < blocks {
            each_kind!(&mut self.blocks, buckets => buckets.reach(blocks));
        }
    }

    /// The number of connections from the sources of block `b`.
    pub(super) fn len_in(&self, b: usize) -> usize {
        each_kind!(&self.blocks, buckets => buckets.get(b).map_or(0, Bucket::len))
    }
}

impl Pending {
    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.batches.iter().map(Batch::bytes).sum::<usize>() + self.turns.bytes()
    }

    /// Begins a turn: what is added from now on was made after what there is, whatever batches both
    /// go to. Within a turn the order in which batches were added to is not known.
    pub fn turn(&mut self) {
        self.turns.next();
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

    /// Begins a turn if the batch with this index is not the one that the last call named: of the
    /// connections that are added after such calls the order is known.
    pub fn turn_to(&mut self, index: usize) {
        if std::mem::replace(&mut self.named, index) != index {
            self.turn();
        }
    }

    /// The present lengths of what is in `blocks`, which are sorted.
    pub fn mark(&self, blocks: &[u32]) -> PendingMark {
        let mut mark = PendingMark {
            turns: self.turns.len(),
            ..PendingMark::default()
        };
        for batch in &self.batches {
            each_kind!(&batch.blocks, buckets => {
                mark.batches.push((batch.len, buckets.len(), buckets.list().len()));
                let held = blocks.iter().take_while(|&&b| (b as usize) < buckets.len());
                let len = |&b: &u32| buckets.get(b as usize).map_or(0, Bucket::len);
                mark.lens.extend(held.map(len));
            });
        }
        mark
    }

    /// Drops everything that was added in `blocks` since `mark` was taken of them.
    pub fn truncate(&mut self, blocks: &[u32], mark: &PendingMark) {
        self.batches.truncate(mark.batches.len());
        self.turns.truncate(mark.turns);
        let mut lens = mark.lens.iter();
        for (batch, &(len, held, made)) in self.batches.iter_mut().zip(&mark.batches) {
            batch.len = len;
            each_kind!(&mut batch.blocks, buckets => {
                buckets.truncate(held, made, blocks);
                let old = blocks.iter().take_while(|&&b| (b as usize) < held);
                for (&b, &n) in old.zip(lens.by_ref()) {
                    if let Some(bucket) = buckets.get_mut(b as usize) {
                        bucket.truncate(n);
                    }
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

    /// Makes room in the batch with this index for connections from sources up to `last`.
    pub fn reach(&mut self, index: usize, last: u32) {
        self.batches[index].reach(last);
    }

    /// Adds connections to the batch with this index, each with its source within
    /// [`Pending::reach`], delay and weight, to the target at a place. Delays and weights that the
    /// batch shares are not looked at.
    #[inline]
    pub fn extend(
        &mut self,
        index: usize,
        connections: impl Iterator<Item = (u32, u32, f64)>,
        target: u32,
    ) {
        let (batch, by) = (&mut self.batches[index], By::new(&mut self.turns, index));
        batch.len += each_kind!(
            &mut batch.blocks,
            buckets => match buckets {
                Buckets::Few(list) => extend(list, connections, target, by),
                Buckets::Many(spread) => extend(spread, connections, target, by),
            }
        );
    }

    /// Adds a connection to the batch with this index, as [`Pending::extend`].
    #[inline(always)]
    pub fn add(&mut self, index: usize, connection: (u32, u32, f64), target: u32) {
        self.extend(index, std::iter::once(connection), target);
    }

    /// Adds `n` connections as [`Pending::extend`] does, each to a target of its own; fast where
    /// sources are neighbours.
    #[inline(always)]
    pub fn add_runs(
        &mut self,
        index: usize,
        n: usize,
        connection: impl Fn(usize) -> (u32, u32, f64),
        target: impl Fn(usize) -> u32,
    ) {
        let (batch, by) = (&mut self.batches[index], By::new(&mut self.turns, index));
        batch.len += n;
        each_kind!(
            &mut batch.blocks,
            buckets => match buckets {
                Buckets::Few(list) => extend_runs(list, n, connection, target, by),
                Buckets::Many(spread) => extend_runs(spread, n, connection, target, by),
            }
        );
    }

    /// Adds connections of the batch with this index, from the sources of one block within
    /// [`Pending::reach`], in the order of their targets; those to one target keep theirs.
    /// `connections` gives the number of the target of each, the row of its source, delay and
    /// weight, `counts` how many there are to each target, and `place` where that is.
    pub fn add_sorted(
        &mut self,
        index: usize,
        block: u32,
        counts: &mut [u32],
        place: impl Fn(usize) -> u32,
        connections: impl ExactSizeIterator<Item = (u32, (u8, u32, f64))>,
    ) {
        let batch = &mut self.batches[index];
        let mut by = By::new(&mut self.turns, index);
        batch.len += connections.len();
        each_kind!(
            &mut batch.blocks,
            buckets => buckets.append(block, counts, place, connections, &mut by)
        );
    }

    /// The batch of a kind for a connection that is made after all others.
    fn batch_of_next(&mut self, kind: BatchKind, source: u32) -> usize {
        let index = self.index_of(kind);
        self.turn_to(index);
        self.reach(index, source);
        index
    }

    /// Adds one connection after all others.
    pub fn push(&mut self, c: Connection) {
        let kind = BatchKind {
            model: c.model,
            channel: c.channel,
            counts: c.counts,
            weight: (!c.own_weight).then_some(c.weight),
            delay: None,
            short: false,
            template: Some(0),
        };
        let index = self.batch_of_next(kind, c.source);
        self.add(index, (c.source, c.delay, c.weight), c.local);
    }

    /// Adds one connection after all others that starts with the parameters and state of a
    /// template.
    pub fn push_template(&mut self, c: Connection, template: u32) {
        let kind = BatchKind {
            model: c.model,
            channel: c.channel,
            counts: c.counts,
            weight: None,
            delay: None,
            short: false,
            template: None,
        };
        let index = self.batch_of_next(kind, c.source);
        let mut by = By::new(&mut self.turns, index);
        let batch = &mut self.batches[index];
        if let Blocks::OwnTemplate(buckets) = &mut batch.blocks {
            let [first, low, high] = <[u32; 3]>::new(c.source as u8, c.delay, c.weight);
            let block = (c.source >> BLOCK_BITS) as usize;
            buckets.push(block, [first, low, high, template], c.local, &mut by);
            batch.len += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synapse::buckets::FEW_BLOCKS;
    use proptest::prelude::*;

    /// Source, delay in steps, weight, and place of the target.
    type Made = (u32, u32, f64, u32);

    fn kind(own_weight: bool, own_delay: bool) -> BatchKind {
        BatchKind {
            model: 0,
            channel: ChannelKey::default(),
            counts: false,
            weight: (!own_weight).then_some(2.5),
            delay: (!own_delay).then_some(7),
            short: false,
            template: Some(0),
        }
    }

    /// How connections are added.
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum How {
        Singly,
        InRuns,
        Sorted,
    }

    fn add(pending: &mut Pending, kind: BatchKind, list: &[Made], how: How) {
        let index = pending.index_of(kind);
        let last = list.iter().map(|made| made.0).max().unwrap_or(0);
        pending.reach(index, last);
        match how {
            How::Singly => {
                for &(source, delay, weight, target) in list {
                    pending.add(index, (source, delay, weight), target);
                }
            }
            How::InRuns => {
                let connection = |i: usize| (list[i].0, list[i].1, list[i].2);
                pending.add_runs(index, list.len(), connection, |i| list[i].3);
            }
            How::Sorted => {
                let block = |made: &Made| made.0 >> BLOCK_BITS;
                let mut list = list.to_vec();
                list.sort_by_key(block);
                for part in list.chunk_by(|a, b| block(a) == block(b)) {
                    let mut counts = vec![0; 200];
                    part.iter().for_each(|made| counts[made.3 as usize] += 1);
                    let connections = part.iter().map(|&(source, delay, weight, target)| {
                        (target, (source as u8, delay, weight))
                    });
                    pending.add_sorted(
                        index,
                        block(&part[0]),
                        &mut counts,
                        |t| t as u32,
                        connections,
                    );
                }
            }
        }
    }

    /// Connections in the order in which they are pending within a block.
    fn as_added(list: &[Made], how: How) -> Vec<Made> {
        let mut list = list.to_vec();
        if how == How::Sorted {
            list.sort_by_key(|made| (made.0 >> BLOCK_BITS, made.3));
        }
        list
    }

    /// What is pending, block by block.
    fn take(pending: &mut Pending) -> Vec<Made> {
        let mut found = Vec::new();
        for batch in &mut pending.batches {
            for b in 0..batch.num_blocks() {
                let mut rows = Vec::new();
                batch.for_each_row(b, |row| rows.push(row));
                let before = found.len();
                batch.take(b, |row, delay, target, weight, _| {
                    found.push(((b << BLOCK_BITS | row) as u32, delay, weight, target));
                });
                let rows_taken = found[before..].iter().map(|m| m.0 as usize % BLOCK_ROWS);
                assert!(rows_taken.eq(rows));
            }
        }
        found
    }

    /// Lists of connections of which some follow each other from one block or to one target.
    fn lists() -> impl Strategy<Value = Vec<(Vec<Made>, How)>> {
        let far = (FEW_BLOCKS as u32) << BLOCK_BITS;
        let source = prop_oneof![6 => 0u32..500, 1 => far..far + 500];
        let stretch = (source, 1usize..40, 0u32..50, 0u32..2, 0u32..2).prop_map(
            |(source, n, target, step, next)| {
                let one = |i: u32| {
                    let weight = f64::from(source) + 0.1 * f64::from(i);
                    (source + step * i, 1 + i, weight, target + next * i)
                };
                (0..n as u32).map(one).collect::<Vec<Made>>()
            },
        );
        let list = prop::collection::vec(stretch, 1..8).prop_map(|parts| parts.concat());
        let how = prop_oneof![Just(How::Singly), Just(How::InRuns), Just(How::Sorted)];
        prop::collection::vec((list, how), 1..6)
    }

    proptest! {
        #[test]
        fn what_was_made_is_pending_in_its_order(
            lists in lists(), own_weight: bool, own_delay: bool, long: bool, kept in 0usize..6,
        ) {
            let kind = kind(own_weight, own_delay);
            let kind = if long { kind } else { kind.with_delays_up_to(255) };
            let mut pending = Pending::default();
            let mut expected: Vec<Made> = Vec::new();
            let far = FEW_BLOCKS as u32;
            let blocks: Vec<u32> = (0..=3).chain(far..=far + 3).collect();
            let kept = kept.min(lists.len());
            for (list, how) in &lists[..kept] {
                add(&mut pending, kind, list, *how);
                expected.extend(as_added(list, *how));
            }
            let mark = pending.mark(&blocks);
            for (list, how) in &lists[kept..] {
                add(&mut pending, kind, list, *how);
            }
            pending.truncate(&blocks, &mark);
            prop_assert_eq!(pending.len(), expected.len());
            for (list, how) in &lists {
                add(&mut pending, kind, list, *how);
                expected.extend(as_added(list, *how));
            }
            for made in &mut expected {
                made.1 = kind.delay.unwrap_or(made.1);
                made.2 = kind.weight.unwrap_or(made.2);
            }
            expected.sort_by_key(|made| made.0 >> BLOCK_BITS);
            prop_assert_eq!(take(&mut pending), expected);
        }
    }

    #[test]
    fn chunks_follow_each_other() {
        let kinds = [true, false].into_iter();
        for (own_weight, how) in kinds.flat_map(|own| [(own, How::InRuns), (own, How::Singly)]) {
            let kind = kind(own_weight, own_weight);
            let made = |i: u32| (i % 5, kind.delay.unwrap_or(i % 9), 2.5, i / 3);
            let list: Vec<Made> = (0..200_000).map(made).collect();
            let mut pending = Pending::default();
            add(&mut pending, kind, &list[..150_000], how);
            let mark = pending.mark(&[0]);
            add(&mut pending, kind, &list[..100_000], how);
            pending.truncate(&[0], &mark);
            add(&mut pending, kind, &list[150_000..], how);
            assert_eq!(pending.len(), list.len());
            assert_eq!(take(&mut pending), list);
        }
    }
}
