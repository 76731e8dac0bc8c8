//! Compressed rows of spike connections: for each source, the cells that its spikes go to.
//!
//! A row is cut into groups of one synapse model and, where it is shared, one weight. A group's
//! entries are sorted by delay and then by cell (target), and by weight where there are several to
//! one target, so that the order of every sum is the same however nodes are spread over workers. An
//! entry is a 4-byte cell; a weight of its own takes 8 bytes more; shared weights are stored once.
//! Delays are run-length coded: a word of four bytes for each delay of a group. Where all groups of
//! a block are alike and have one delay, that is stored once for all.
//!
//! Rows are kept in blocks of consecutive sources; new connections make only the blocks of their
//! sources anew.

use super::ahead::Ahead;
use super::build::Builder;
use super::directory::Directory;
use super::pending::{BLOCK_BITS, BLOCK_ROWS, Batch, Pending};
use super::siblings::Order;
use super::starts::Starts;
use super::sums::{add_each, add_same};
use super::wanted::{LONG, Wanted};
use crate::event::{ChannelKey, Ring, Spike};
use crate::time::Step;
use std::ops::Range;

/// A connection as users see it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Connection {
    pub source: u32,
    /// The target's channel and place on its worker.
    pub channel: ChannelKey,
    pub local: u32,
    pub weight: f64,
    /// Whether the weight is stored for this connection alone.
    pub own_weight: bool,
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
    pub(super) block: u32,
    pub(super) group: u32,
    pub(super) entry: u32,
    pub(super) delay: u32,
}

impl Position {
    pub(super) fn new(block: u32, group: u32, entry: u32, delay: u32) -> Self {
        Position {
            block,
            group,
            entry,
            delay,
        }
    }

    /// The delay in steps.
    pub fn delay(self) -> u32 {
        self.delay
    }

    /// A key by which positions can be looked up; [`Rows::for_each`] goes by it.
    pub fn key(self) -> (u32, u32) {
        (self.block, self.entry)
    }
}

pub(super) const OWN: u8 = 1;
pub(super) const COUNTS: u8 = 2;
const REPORTS: u8 = 4;

/// Entries of one row with one model, and one weight unless each has its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    /// The first entry, and the first word of the delays.
    pub entries: u32,
    pub runs: u32,
    /// The first weight, or the index of the shared one.
    pub weights: u32,
    pub model: u16,
    pub flags: u8,
}

/// The groups of a block.
#[derive(Debug)]
pub(super) enum Groups {
    /// All groups, and a last one that only marks the ends.
    Each(Box<[Group]>),
    /// In each row one group like this, all of whose entries have this delay. Rows begin at their
    /// first entry, which is also where weights of their own do.
    Alike(Group, u32),
}

impl Default for Groups {
    fn default() -> Self {
        Groups::Each(Box::default())
    }
}

/// The rows of consecutive sources.
#[derive(Debug, Default)]
pub(super) struct Block {
    pub starts: Starts,
    pub groups: Groups,
    /// Delays: the number of entries in the low half, their delay in the high half. A word without
    /// entries holds the upper half of the delays that follow in its group.
    pub runs: Box<[u32]>,
    pub cells: Box<[u32]>,
    pub weights: Box<[f64]>,
    pub order: Option<Box<Order>>,
}

/// Decodes the delays of a group: delay and number of entries.
#[derive(Clone)]
pub(super) struct Runs<'a> {
    words: std::slice::Iter<'a, u32>,
    high: u32,
    /// A delay that no word holds, and how many entries have it.
    one: (u32, usize),
}

impl<'a> Runs<'a> {
    pub fn new(words: &'a [u32]) -> Self {
        Runs {
            words: words.iter(),
            high: 0,
            one: (0, 0),
        }
    }

    /// One delay of all `n` entries.
    pub fn one(delay: u32, n: usize) -> Self {
        Runs {
            one: (delay, n),
            ..Runs::new(&[])
        }
    }
}

impl Iterator for Runs<'_> {
    type Item = (u32, usize);

    #[inline(always)]
    fn next(&mut self) -> Option<(u32, usize)> {
        loop {
            let Some(&word) = self.words.next() else {
                let (delay, n) = std::mem::take(&mut self.one);
                return (n > 0).then_some((delay, n));
            };
            if word & 0xffff != 0 {
                return Some((self.high | word >> 16, (word & 0xffff) as usize));
            }
            self.high = word & 0xffff_0000;
        }
    }
}

impl Block {
    /// The cells of a row, given its groups, and the weights of the first, to be fetched.
    #[inline(always)]
    fn ahead(&self, row: &Range<usize>) -> Ahead {
        let first = self.entries(row.start);
        let g = self.group(row.start);
        let weights = match g.flags & (OWN | COUNTS) {
            OWN => &self.weights[g.weights as usize..][..first.len()],
            _ => &[],
        };
        let end = self.entries(row.end - 1).end;
        Ahead::of(&self.cells[first.start..end], weights)
    }

    /// The groups of the row of a source, by its number in the block.
    #[inline(always)]
    pub fn row(&self, source: usize) -> Range<usize> {
        match self.groups {
            Groups::Each(_) => self.starts.row(source),
            Groups::Alike(..) => match self.starts.place(source) {
                Some(place) if !self.starts.at(place).is_empty() => place..place + 1,
                _ => 0..0,
            },
        }
    }

    /// All groups.
    pub fn groups(&self) -> Range<usize> {
        match &self.groups {
            Groups::Each(groups) => 0..groups.len().saturating_sub(1),
            Groups::Alike(..) => 0..self.starts.len(),
        }
    }

    /// What the groups have in common, once for those that are alike.
    fn kinds(&self) -> &[Group] {
        match &self.groups {
            Groups::Each(groups) => &groups[..groups.len().saturating_sub(1)],
            Groups::Alike(group, _) => std::slice::from_ref(group),
        }
    }

    #[inline(always)]
    pub fn group(&self, group: usize) -> Group {
        match &self.groups {
            Groups::Each(groups) => groups[group],
            Groups::Alike(alike, _) => {
                let entries = self.starts.at(group).start as u32;
                let own = alike.flags & OWN != 0;
                Group {
                    entries,
                    weights: if own { entries } else { alike.weights },
                    ..*alike
                }
            }
        }
    }

    /// The entries of a group.
    #[inline(always)]
    pub fn entries(&self, group: usize) -> Range<usize> {
        match &self.groups {
            Groups::Each(groups) => {
                groups[group].entries as usize..groups[group + 1].entries as usize
            }
            Groups::Alike(..) => self.starts.at(group),
        }
    }

    #[inline(always)]
    pub fn runs(&self, group: usize) -> Runs<'_> {
        match &self.groups {
            Groups::Each(groups) => {
                let (from, to) = (groups[group].runs, groups[group + 1].runs);
                Runs::new(&self.runs[from as usize..to as usize])
            }
            Groups::Alike(_, delay) => Runs::one(*delay, self.starts.at(group).len()),
        }
    }

    /// A number less than that of entries, by which those of the same ends and model are in the
    /// order in which they were made.
    pub fn place(&self, group: usize, entry: u32) -> u32 {
        let Some(order) = &self.order else {
            return entry;
        };
        let (first, cell) = (self.group(group).entries, self.cells[entry as usize]);
        match order.swaps.contain(first, cell) {
            true => self.cells.len() as u32 - 1 - entry,
            false => order.places.of(entry),
        }
    }

    pub fn weight(&self, g: &Group, entry: usize, shared: &[f64]) -> f64 {
        if g.flags & OWN != 0 {
            self.weights[g.weights as usize + entry - g.entries as usize]
        } else {
            shared[g.weights as usize]
        }
    }

    /// Visits the sources whose row is not empty, by their number in the block.
    fn sources(&self) -> impl Iterator<Item = usize> {
        (0..BLOCK_ROWS).filter(|&source| !self.row(source).is_empty())
    }

    fn bytes(&self) -> usize {
        let groups = match &self.groups {
            Groups::Each(groups) => size_of_val(&**groups),
            Groups::Alike(..) => 0,
        };
        size_of::<Block>()
            + self.starts.bytes()
            + groups
            + size_of_val(&*self.runs)
            + size_of_val(&*self.cells)
            + size_of_val(&*self.weights)
            + self.order.as_ref().map_or(0, |order| order.bytes())
    }
}

/// A delivered spike that a weight recorder wants to know of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transmission {
    pub stamp: Step,
    /// The place within the block, by which sets of connections name it, too.
    pub port: u32,
    pub connection: Connection,
    pub count: u32,
}

/// The spike connections that end on one worker.
#[derive(Debug, Default)]
pub struct Rows {
    /// Blocks of the sources of the whole network, made where there are connections.
    pub(super) blocks: Directory<Block>,
    len: usize,
    /// The weights that connections share.
    pub(super) shared: Vec<f64>,
    /// Models whose transmissions are reported.
    reporting: Vec<u16>,
}

impl Rows {
    /// The number of connections.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no connections.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.blocks.values().map(Block::bytes).sum::<usize>() + self.blocks.bytes()
    }

    /// Reports transmissions of these models from now on.
    pub fn report(&mut self, models: &[u16]) {
        self.reporting = models.to_vec();
        let marks = |model: u16| if models.contains(&model) { REPORTS } else { 0 };
        for block in self.blocks.values_mut() {
            let groups = match &mut block.groups {
                Groups::Each(groups) => groups,
                Groups::Alike(group, _) => std::slice::from_mut(group),
            };
            for g in groups {
                g.flags = g.flags & !REPORTS | marks(g.model);
            }
        }
    }

    /// Adds new connections, addressed through `ring`, which has a cell for each, block by block
    /// while `go_on` says so; whether all were added.
    pub fn absorb(&mut self, pending: &mut Pending, ring: &Ring, go_on: &dyn Fn() -> bool) -> bool {
        let mut batches = std::mem::take(&mut pending.batches);
        if batches.is_empty() {
            return true;
        }
        let mut turns = std::mem::take(&mut pending.turns);
        turns.sort();
        let last = batches.iter().map(Batch::num_blocks).max().unwrap_or(0);
        let mut builder = Builder::new(&batches, ring, &mut self.shared);
        for b in 0..last {
            if !batches.iter().any(|batch| batch.has(b)) {
                continue;
            }
            if !go_on() {
                turns.advance(b);
                (pending.batches, pending.turns) = (batches, turns);
                return false;
            }
            let block = self.blocks.make(b);
            let before = block.cells.len();
            builder.rebuild(block, b, (&mut batches, &turns), &mut self.shared);
            self.len += block.cells.len() - before;
        }
        let reporting = std::mem::take(&mut self.reporting);
        if !reporting.is_empty() {
            self.report(&reporting);
        }
        true
    }

    /// Visits the sources of connections.
    pub fn sources(&self, mut visit: impl FnMut(u32)) {
        for (b, block) in self.blocks.iter() {
            block
                .sources()
                .for_each(|i| visit((b << BLOCK_BITS | i) as u32));
        }
    }

    /// The block of a sender and the groups of its row, if it has any.
    #[inline(always)]
    fn locate(&self, sender: u32) -> Option<(&Block, Range<usize>)> {
        let block = self.blocks.get((sender >> BLOCK_BITS) as usize)?;
        let groups = block.row(sender as usize % BLOCK_ROWS);
        (!groups.is_empty()).then_some((block, groups))
    }

    /// The block that a position lies in.
    pub(super) fn block(&self, at: Position) -> &Block {
        let block = self.blocks.get(at.block as usize);
        block.expect("positions lie in blocks that exist")
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
        let row = |spike: &Spike| Some((*spike, self.locate(spike.sender())?));
        let mut rows = spikes.iter().filter_map(row).peekable();
        while let Some((spike, (block, groups))) = rows.next() {
            let next = rows.peek().map(|(_, (block, row))| block.ahead(row));
            let mut ahead = next.unwrap_or_else(Ahead::none);
            let step = origin + spike.lag() as Step;
            let slot = ring.slot(step);
            for group in groups {
                let count = f64::from(spike.count());
                self.deliver_group(block, group, count, slot, ring, &mut ahead);
                if block.group(group).flags & REPORTS != 0 {
                    self.report_group(block, group, spike, step + 1, ring, reports);
                }
            }
        }
    }

    #[inline(always)]
    fn deliver_group(
        &self,
        block: &Block,
        group: usize,
        count: f64,
        slot: usize,
        ring: &mut Ring,
        ahead: &mut Ahead,
    ) {
        let g = block.group(group);
        let entries = block.entries(group);
        let mut cells = &block.cells[entries];
        let own = g.flags & (OWN | COUNTS) == OWN;
        let mut weights = match own {
            true => &block.weights[g.weights as usize..][..cells.len()],
            false => &[],
        };
        let w = match g.flags & COUNTS {
            0 if own => 0.0,
            0 => self.shared[g.weights as usize] * count,
            _ => count,
        };
        if let Groups::Alike(_, delay) = block.groups {
            let sums = ring.after(slot, delay);
            match own {
                true => add_each(sums, cells, weights, count, ahead),
                false => add_same(sums, cells, w, ahead),
            }
            return;
        }
        if own {
            for (delay, n) in block.runs(group) {
                let sums = ring.after(slot, delay);
                let (here, rest) = cells.split_at(n);
                let (of_here, other) = weights.split_at(n);
                (cells, weights) = (rest, other);
                add_each(sums, here, of_here, count, ahead);
            }
            return;
        }
        for (delay, n) in block.runs(group) {
            let sums = ring.after(slot, delay);
            let (here, rest) = cells.split_at(n);
            cells = rest;
            add_same(sums, here, w, ahead);
        }
    }

    #[cold]
    fn report_group(
        &self,
        block: &Block,
        group: usize,
        spike: Spike,
        stamp: Step,
        ring: &Ring,
        reports: &mut Vec<Transmission>,
    ) {
        self.visit_group(
            block,
            group,
            spike.sender(),
            ring,
            &Wanted::default(),
            &mut |port, _, connection| {
                reports.push(Transmission {
                    stamp,
                    port,
                    connection,
                    count: spike.count(),
                });
            },
        );
    }

    /// Visits those connections of a group whose target is wanted, with their entry and delay.
    #[inline(always)]
    fn visit_group(
        &self,
        block: &Block,
        group: usize,
        source: u32,
        ring: &Ring,
        wanted: &Wanted,
        visit: &mut impl FnMut(u32, u32, Connection),
    ) {
        let g = &block.group(group);
        let mut entry = g.entries as usize;
        // the channel of the last cell, its first one, and how many it has
        let mut known = (ChannelKey::default(), 0, 0);
        let mut visit = |e: usize, delay| {
            let cell = block.cells[e];
            if (cell as usize).wrapping_sub(known.1) >= known.2 {
                known = ring.channel_of(cell as usize);
            }
            let connection = Connection {
                source,
                channel: known.0,
                local: cell - known.1 as u32,
                weight: block.weight(g, e, &self.shared),
                own_weight: g.flags & OWN != 0,
                delay,
                model: g.model,
                counts: g.flags & COUNTS != 0,
            };
            visit(e as u32, delay, connection);
        };
        for (delay, n) in block.runs(group) {
            let run = entry..entry + n;
            entry += n;
            let cells = &block.cells[run.clone()];
            if wanted.takes_any_target() {
                run.for_each(|e| visit(e, delay));
            } else if let Some(places) = wanted.places(cells, ring) {
                places.for_each(|place| visit(run.start + place, delay));
            } else {
                run.filter(|&e| wanted.is_target(block.cells[e]))
                    .for_each(|e| visit(e, delay));
            }
        }
    }

    /// Visits all connections, by source.
    pub fn for_each(&self, ring: &Ring, mut visit: impl FnMut(Position, Connection)) {
        for (block, _) in self.blocks.iter() {
            self.for_block(block as u32, &Wanted::default(), ring, &mut visit);
        }
    }

    /// Visits the wanted connections from one source, or from all.
    pub fn find(
        &self,
        source: Option<u32>,
        wanted: &Wanted,
        ring: &Ring,
        mut visit: impl FnMut(Position, Connection),
    ) {
        match source {
            Some(source) => self.for_source(source, wanted, ring, &mut visit),
            None => {
                for (block, _) in self.blocks.iter() {
                    self.for_block(block as u32, wanted, ring, &mut visit);
                }
            }
        }
    }

    fn for_block(
        &self,
        block: u32,
        wanted: &Wanted,
        ring: &Ring,
        visit: &mut impl FnMut(Position, Connection),
    ) {
        for row in 0..BLOCK_ROWS as u32 {
            self.for_source(block << BLOCK_BITS | row, wanted, ring, visit);
        }
    }

    fn for_source(
        &self,
        source: u32,
        wanted: &Wanted,
        ring: &Ring,
        visit: &mut impl FnMut(Position, Connection),
    ) {
        let Some((block, groups)) = self.locate(source) else {
            return;
        };
        for group in groups {
            if wanted.model.is_some_and(|m| m != block.group(group).model) {
                continue;
            }
            let mut visit = |entry, delay, c| {
                let position = Position {
                    block: source >> BLOCK_BITS,
                    group: group as u32,
                    entry,
                    delay,
                };
                visit(position, c);
            };
            let first_run = block.runs(group).next().map_or(0, |(_, n)| n);
            if first_run >= LONG || wanted.may_be_in(&block.cells[block.entries(group)]) {
                self.visit_group(block, group, source, ring, wanted, &mut visit);
            }
        }
    }

    /// Removes the connections of a block of sources and gives what `keep` makes of them, those of
    /// the same ends and model in the order in which they were made.
    pub fn take_block(
        &mut self,
        block: u32,
        ring: &Ring,
        mut keep: impl FnMut(Position, Connection) -> Option<Connection>,
    ) -> Vec<Connection> {
        let mut kept = Vec::new();
        self.for_block(block, &Wanted::default(), ring, &mut |at, c| {
            kept.extend(keep(at, c).map(|c| (at, c)));
        });
        let Some(block) = self.blocks.take(block as usize) else {
            return Vec::new();
        };
        self.len -= block.cells.len();
        if block.order.is_some() {
            kept.sort_by_cached_key(|&(at, c)| {
                let ends = (c.source, c.model, c.channel.family, c.local);
                (ends, block.place(at.group as usize, at.entry))
            });
        }
        kept.into_iter().map(|(_, c)| c).collect()
    }

    /// A number by which connections of the same ends and model are in the order in which they were
    /// made.
    pub fn place(&self, at: Position) -> u32 {
        self.block(at).place(at.group as usize, at.entry)
    }

    /// The blocks of sources that have connections.
    pub fn blocks(&self) -> Vec<u32> {
        self.blocks.iter().map(|(b, _)| b as u32).collect()
    }

    /// Weight and delay (in steps) of a connection.
    pub fn weight_and_delay(&self, at: Position) -> (f64, u32) {
        let block = self.block(at);
        let g = &block.group(at.group as usize);
        (block.weight(g, at.entry as usize, &self.shared), at.delay)
    }

    /// The channel and place of a connection's target.
    pub fn target(&self, at: Position, ring: &Ring) -> (ChannelKey, u32) {
        let cell = self.block(at).cells[at.entry as usize];
        let (channel, local) = ring.locate(cell as usize);
        (channel, local as u32)
    }

    /// The models of the connections from some sources, or from all, sorted.
    pub fn models(&self, sources: Option<&[u32]>) -> Vec<u16> {
        let mut models: Vec<u16> = Vec::new();
        let mut note = |model: u16| {
            if let Err(at) = models.binary_search(&model) {
                models.insert(at, model);
            }
        };
        match sources {
            Some(list) => list
                .iter()
                .filter_map(|&source| self.locate(source))
                .for_each(|(block, groups)| groups.for_each(|g| note(block.group(g).model))),
            None => {
                let groups = self.blocks.values().flat_map(Block::kinds);
                groups.for_each(|g| note(g.model));
            }
        }
        models
    }

    /// The models of which connections share a weight.
    pub fn models_that_share(&self) -> Vec<u16> {
        let mut models: Vec<u16> = Vec::new();
        let groups = self.blocks.values().flat_map(Block::kinds);
        for g in groups.filter(|g| g.flags & OWN == 0) {
            if let Err(at) = models.binary_search(&g.model) {
                models.insert(at, g.model);
            }
        }
        models
    }

    /// The number of connections of a model.
    pub fn count(&self, model: u16) -> usize {
        let of_block = |b: &Block| -> usize {
            match &b.groups {
                Groups::Alike(group, _) if group.model == model => b.cells.len(),
                Groups::Alike(..) => 0,
                Groups::Each(groups) => groups
                    .windows(2)
                    .filter(|w| w[0].model == model)
                    .map(|w| (w[1].entries - w[0].entries) as usize)
                    .sum(),
            }
        };
        self.blocks.values().map(of_block).sum()
    }

    /// Follows cells that moved when the ring was arranged anew. `renamed` gives the new cell.
    pub fn rename(&mut self, renamed: impl Fn(usize) -> usize) {
        for block in self.blocks.values_mut() {
            for cell in &mut block.cells {
                *cell = renamed(*cell as usize) as u32;
            }
            if let Some(order) = &mut block.order {
                order.swaps.rename(&renamed);
            }
        }
    }
}
