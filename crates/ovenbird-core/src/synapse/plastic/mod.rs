//! Connections with parameters or state of their own: for each source a row of groups.
//!
//! A group holds the connections of a source that share synapse model, parameters, and the state
//! that depends on the source's spikes alone. The group stores that state once; an entry is a
//! 4-byte cell, its weight (unless all of the model share it), and what it has of its own. Within a
//! group entries are sorted by delay, cell and weight. In a row groups are sorted by model and by
//! what they share from the start, so that the order of every sum is the same however
//! nodes are spread over workers. Where all rows of a block have one group of one kind and delay,
//! what its groups have in common is stored once.

mod build;
mod forget;
mod sets;

use super::ahead::Ahead;
use super::delivery::{Delivery, Scratch};
use super::directory::Directory;
use super::pending::{BLOCK_BITS, BLOCK_ROWS, Batch, Pending};
use super::rows::{COUNTS, Connection, Position, Runs, Transmission};
use super::siblings::Order;
use super::starts::Starts;
use crate::event::{Ring, Spike};
use crate::math::Width;
use crate::model::{PostSide, SynapseOps};
use crate::rng::Key;
use crate::time::{Clock, Step};
use build::Builder;
use forget::Reading;
use sets::ModelSets;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

/// Entries of one row that share model, parameters and state.
#[derive(Clone, Copy, Debug, Default)]
struct Group {
    entries: u32,
    runs: u32,
    weights: u32,
    extras: u32,
    /// The first word of the state: the time of the last spike, then the model's words.
    state: u32,
    class: u32,
    /// By which the groups of a row are sorted after model and flags; see [`sets::Template`].
    order: u64,
    model: u16,
    flags: u8,
}

/// What the groups of a block have in common where each row has one of the same kind and delay.
/// Rows then begin at their first entry.
#[derive(Clone, Copy, Debug)]
struct Alike {
    group: Group,
    delay: u32,
    /// Words of state of a group, weights of an entry, and words of its own.
    state: u32,
    weights: u32,
    extras: u32,
}

#[derive(Debug)]
enum Groups {
    /// All groups, and a last one that only marks the ends.
    Each(Box<[Group]>),
    Alike(Box<Alike>),
}

impl Default for Groups {
    fn default() -> Self {
        Groups::Each(Box::default())
    }
}

/// The rows of consecutive sources.
#[derive(Debug, Default)]
struct Block {
    starts: Starts,
    groups: Groups,
    runs: Box<[u32]>,
    cells: Box<[u32]>,
    weights: Box<[f64]>,
    extras: Box<[f64]>,
    states: Box<[f64]>,
    order: Option<Box<Order>>,
}

impl Block {
    /// The groups of the row of a source, by its number in the block.
    #[inline(always)]
    fn row(&self, source: usize) -> Range<usize> {
        match self.groups {
            Groups::Each(_) => self.starts.row(source),
            Groups::Alike(_) => match self.starts.place(source) {
                Some(place) => place..place + 1,
                None => 0..0,
            },
        }
    }

    /// All groups.
    fn groups(&self) -> Range<usize> {
        match &self.groups {
            Groups::Each(groups) => 0..groups.len().saturating_sub(1),
            Groups::Alike(_) => 0..self.starts.len(),
        }
    }

    #[inline(always)]
    fn group(&self, group: usize) -> Group {
        match &self.groups {
            Groups::Each(groups) => groups[group],
            Groups::Alike(alike) => {
                let entries = self.starts.at(group).start as u32;
                Group {
                    entries,
                    weights: entries * alike.weights,
                    extras: entries * alike.extras,
                    state: group as u32 * alike.state,
                    ..alike.group
                }
            }
        }
    }

    /// The model of a group.
    fn model(&self, group: usize) -> u16 {
        match &self.groups {
            Groups::Each(groups) => groups[group].model,
            Groups::Alike(alike) => alike.group.model,
        }
    }

    /// The entries of a group.
    #[inline(always)]
    fn entries(&self, group: usize) -> Range<usize> {
        match &self.groups {
            Groups::Each(groups) => {
                groups[group].entries as usize..groups[group + 1].entries as usize
            }
            Groups::Alike(_) => self.starts.at(group),
        }
    }

    /// The group that an entry is in.
    fn group_of(&self, entry: u32) -> usize {
        match &self.groups {
            Groups::Each(groups) => groups.partition_point(|g| g.entries <= entry) - 1,
            Groups::Alike(_) => self.starts.place_of(entry),
        }
    }

    fn runs(&self, group: usize) -> Runs<'_> {
        match &self.groups {
            Groups::Each(groups) => {
                let (from, to) = (groups[group].runs, groups[group + 1].runs);
                Runs::new(&self.runs[from as usize..to as usize])
            }
            Groups::Alike(alike) => Runs::one(alike.delay, self.starts.at(group).len()),
        }
    }

    fn bytes(&self) -> usize {
        let groups = match &self.groups {
            Groups::Each(groups) => size_of_val(&**groups),
            Groups::Alike(alike) => size_of_val(&**alike),
        };
        size_of::<Block>()
            + self.starts.bytes()
            + groups
            + (self.runs.len() + self.cells.len()) * 4
            + (self.weights.len() + self.extras.len() + self.states.len()) * 8
            + self.order.as_ref().map_or(0, |order| order.bytes())
    }
}

/// The columns of a group's entries.
pub struct Columns<'a> {
    pub(super) cells: &'a [u32],
    pub(super) weights: &'a mut [f64],
    /// `width` words for each entry.
    pub(super) extras: &'a mut [f64],
    pub(super) width: usize,
    pub(super) runs: Runs<'a>,
    pub(super) counts: bool,
}

/// A connection with all its numbers: words in the order of [`crate::model::Layout`], and the time
/// of the source's last spike.
#[derive(Clone, Debug)]
pub struct Full {
    pub connection: Connection,
    pub words: Vec<f64>,
    pub last: f64,
}

/// What delivery needs to know of the simulation.
#[derive(Clone, Copy)]
pub struct PlasticContext<'a> {
    pub clock: &'a Clock,
    /// Key of the draws that synapses make.
    pub key: Key,
    /// Vector instructions to change weights with.
    pub width: Width,
    /// The shortest delay in steps.
    pub shortest: usize,
    /// Where the slice began at whose start the spikes would have been delivered on one rank, if
    /// part of it is over.
    pub begun: Option<Step>,
}

/// A spike whose turn it is to be delivered.
struct Turn {
    step: Step,
    /// Which of the spikes of its source in this step.
    repeat: u32,
    /// How many spikes of this step are delivered, about.
    alike: usize,
    /// Whether its connections were fetched from memory.
    fetched: bool,
}

/// The connections of one worker that have parameters or state of their own.
#[derive(Default)]
pub struct PlasticRows {
    /// New connections.
    pub pending: Pending,
    /// Blocks of the sources of the whole network, made where there are connections.
    blocks: Directory<Block>,
    sets: Vec<ModelSets>,
    len: usize,
    reporting: Vec<u16>,
    scratch: Box<Scratch>,
    /// What read histories since neurons last forgot.
    readings: Vec<Reading>,
    /// The shortest delay of the network in that time (ms).
    shortest: f64,
    /// Sources of connections that got a longer delay, which will read once more what they have
    /// read before, if neurons still have it by then.
    looking_back: BTreeSet<u32>,
    /// Whether all that is pending was there before, and comes back with another delay or state.
    pub comes_back: bool,
    /// Whether some but not all of what is pending has been absorbed.
    pub partly_absorbed: bool,
}

impl PlasticRows {
    /// The number of connections, without new ones.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none, new ones aside.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.blocks.values().map(Block::bytes).sum::<usize>()
            + self.blocks.bytes()
            + self.pending.bytes()
            + self.readings.capacity() * size_of::<Reading>()
            + self.sets.iter().map(ModelSets::bytes).sum::<usize>()
    }

    /// The model with an index, from now on with these common properties.
    pub fn set_model(&mut self, model: u16, ops: &Arc<dyn SynapseOps>) {
        let at = usize::from(model);
        if self.sets.len() <= at {
            self.sets.resize_with(at + 1, ModelSets::default);
        }
        self.sets[at].set_ops(ops);
        if !self.is_empty() {
            self.sets[at].derive();
        }
    }

    /// The index of a connection's parameters and initial state, for [`super::BatchKind`].
    pub fn template(&mut self, model: u16, words: &[f64], last: f64, now: Step) -> u32 {
        self.sets[usize::from(model)].template(words, last, now)
    }

    /// Adds a connection at the time `now`.
    pub fn push(&mut self, full: &Full, now: Step) {
        let c = full.connection;
        let template = self.template(c.model, &full.words, full.last, now);
        self.pending.push_template(c, template);
    }

    /// Notes that a connection of this source got a longer delay.
    pub fn look_back(&mut self, source: u32) {
        self.looking_back.insert(source);
    }

    /// Whether connections that got a longer delay are about to read for the first time since.
    fn looks_back(&mut self, spikes: &[Spike]) -> bool {
        !self.looking_back.is_empty()
            && spikes
                .iter()
                .fold(false, |any, s| self.looking_back.remove(&s.sender()) | any)
    }

    /// Reports transmissions of these models from now on.
    pub fn report(&mut self, models: &[u16]) {
        self.reporting = models.to_vec();
    }

    /// Adds the new connections, addressed through `ring`, which has a cell for each, block by
    /// block while `go_on` says so; whether all were added.
    pub fn absorb(&mut self, ring: &Ring, go_on: &dyn Fn() -> bool) -> bool {
        self.sets.iter_mut().for_each(ModelSets::derive);
        let mut batches = std::mem::take(&mut self.pending.batches);
        if batches.is_empty() {
            return true;
        }
        let mut turns = std::mem::take(&mut self.pending.turns);
        turns.sort();
        let last = batches.iter().map(Batch::num_blocks).max().unwrap_or(0);
        let mut builder = Builder::new(&batches, ring);
        for b in 0..last {
            if !batches.iter().any(|batch| batch.has(b)) {
                continue;
            }
            if !go_on() {
                turns.advance(b);
                (self.pending.batches, self.pending.turns) = (batches, turns);
                return false;
            }
            let block = self.blocks.make(b);
            let before = block.cells.len();
            builder.rebuild(block, b, (&mut batches, &turns), &mut self.sets);
            self.len += block.cells.len() - before;
        }
        self.sets.iter_mut().for_each(ModelSets::derive);
        self.sets.iter_mut().for_each(ModelSets::drop_templates);
        true
    }

    /// The block with a number, where rows or positions lie.
    fn block(&self, b: usize) -> &Block {
        let block = self.blocks.get(b);
        block.expect("rows and positions lie in blocks that exist")
    }

    /// Visits the sources of connections.
    pub fn sources(&self, mut visit: impl FnMut(u32)) {
        for (b, block) in self.blocks.iter() {
            let sources = (0..BLOCK_ROWS).filter(|&i| !block.row(i).is_empty());
            sources.for_each(|i| visit((b << BLOCK_BITS | i) as u32));
        }
    }

    fn locate(&self, sender: u32) -> (usize, Range<usize>) {
        let block = (sender >> BLOCK_BITS) as usize;
        match self.blocks.get(block) {
            Some(b) => (block, b.row(sender as usize % BLOCK_ROWS)),
            None => (0, 0..0),
        }
    }

    /// Lets spikes, emitted in the slice that starts at `origin`, act on their connections.
    pub fn deliver(
        &mut self,
        ring: &mut Ring,
        posts: &mut [PostSide<'_>],
        context: &PlasticContext<'_>,
        spikes: &[Spike],
        origin: Step,
        reports: &mut Vec<Transmission>,
    ) {
        if self.is_empty() {
            return;
        }
        let shortest = context.clock.ms(context.shortest as Step);
        if self.looks_back(spikes) | (shortest != self.shortest) {
            self.forget(ring, posts, context.clock);
            self.shortest = shortest;
        }
        let mut sent = Vec::new();
        let runs = spikes.chunk_by(|a, b| a.lag() == b.lag());
        let mut coming = spikes.iter().skip(1);
        let mut fetched = false;
        for (spike, alike) in runs.flat_map(|run| run.iter().map(|s| (s, run.len()))) {
            self.scratch.ahead = self.row_of(coming.next());
            let (b, groups) = self.locate(spike.sender());
            let first = groups.start;
            for group in groups {
                let model = self.block(b).model(group);
                let reporting = self.reporting.contains(&model);
                for repeat in 0..spike.count() {
                    sent.clear();
                    let turn = Turn {
                        step: origin + spike.lag() as Step,
                        repeat,
                        alike,
                        fetched: fetched && group == first,
                    };
                    let out = reporting.then_some(&mut sent);
                    let at = (b, group, spike.sender());
                    self.deliver_group(at, &turn, ring, posts, context, out);
                    if reporting {
                        self.report_group(at, turn.step + 1, &sent, ring, reports);
                    }
                }
            }
            fetched = self.scratch.ahead.is_done();
        }
        let begun = context.begun.map(|step| context.clock.ms(step));
        self.note_readings(posts, begun);
        self.forget_some(ring, posts, context.clock);
    }

    /// The first group of a spike's connections, to be fetched.
    fn row_of(&self, spike: Option<&Spike>) -> Ahead {
        let row = spike.map(|s| self.locate(s.sender()));
        let Some((b, groups)) = row.filter(|row| !row.1.is_empty()) else {
            return Ahead::none();
        };
        let block = self.block(b);
        let entries = block.entries(groups.start);
        let weights = block.group(groups.start).weights as usize;
        // there are none where all connections of the model share one
        let weights = block.weights.get(weights..weights + entries.len());
        Ahead::of(&block.cells[entries], weights.unwrap_or_default())
    }

    fn deliver_group(
        &mut self,
        (b, group, source): (usize, usize, u32),
        turn: &Turn,
        ring: &mut Ring,
        posts: &mut [PostSide<'_>],
        context: &PlasticContext<'_>,
        sent: Option<&mut Vec<f64>>,
    ) {
        let block = self.blocks.get_mut(b);
        let block = block.expect("rows lie in blocks that exist");
        let (g, entries) = (block.group(group), block.entries(group));
        let runs = match &block.groups {
            Groups::Each(groups) => {
                Runs::new(&block.runs[g.runs as usize..groups[group + 1].runs as usize])
            }
            Groups::Alike(alike) => Runs::one(alike.delay, entries.len()),
        };
        let set = &self.sets[usize::from(g.model)];
        let time = context.clock.ms(turn.step + 1);
        let (words, width) = (set.layout().state, set.layout().entry);
        let weights = match set.common_weight() {
            Some(_) => 0,
            None => entries.len(),
        };
        let state = &mut block.states[g.state as usize..][..words + 1];
        if set.reads() {
            let (block, group) = (b as u32, group as u32);
            let last = state[0];
            self.readings.push(Reading { block, group, last });
        }
        let mut delivery = Delivery {
            time,
            last: state[0],
            step: turn.step,
            source,
            repeat: turn.repeat,
            alike: turn.alike,
            h: context.clock.resolution(),
            slot: ring.slot(turn.step),
            columns: Columns {
                weights: &mut block.weights[g.weights as usize..][..weights],
                extras: &mut block.extras[g.extras as usize..][..entries.len() * width],
                cells: &block.cells[entries],
                width,
                runs,
                counts: g.flags & COUNTS != 0,
            },
            ring,
            posts,
            key: context.key,
            width: context.width,
            // connections of one pair must not share draws because they differ in their group
            salt: (u32::from(g.model), set.salt(g.class)),
            sent,
            scratch: &mut self.scratch,
            fetched: turn.fetched,
        };
        set.deliver(g.class as usize, &mut state[1..], &mut delivery);
        state[0] = time;
    }

    #[cold]
    fn report_group(
        &self,
        (b, group, source): (usize, usize, u32),
        stamp: Step,
        sent: &[f64],
        ring: &Ring,
        reports: &mut Vec<Transmission>,
    ) {
        let mut sent = sent.iter();
        self.visit_group(b, group, source, ring, &mut |at, c| {
            let Some(weight) = sent.next().copied().filter(|w| !w.is_nan()) else {
                return;
            };
            reports.push(Transmission {
                stamp,
                port: at.key().1,
                connection: Connection { weight, ..c },
                count: 1,
            });
        });
    }

    /// Visits the connections of a group.
    fn visit_group(
        &self,
        b: usize,
        group: usize,
        source: u32,
        ring: &Ring,
        visit: &mut impl FnMut(Position, Connection),
    ) {
        let block = self.block(b);
        let g = &block.group(group);
        let mut entry = g.entries as usize;
        for (delay, n) in block.runs(group) {
            for e in entry..entry + n {
                let at = Position::new(b as u32, group as u32, e as u32, delay);
                visit(at, self.connection(at, source, ring));
            }
            entry += n;
        }
    }

    /// Visits all connections, by source.
    pub fn for_each(&self, ring: &Ring, mut visit: impl FnMut(Position, Connection)) {
        for (block, _) in self.blocks.iter() {
            for row in 0..BLOCK_ROWS {
                self.for_source((block << BLOCK_BITS | row) as u32, ring, &mut visit);
            }
        }
    }

    /// Visits the connections of one source.
    pub fn for_source(
        &self,
        source: u32,
        ring: &Ring,
        mut visit: impl FnMut(Position, Connection),
    ) {
        let (b, groups) = self.locate(source);
        for group in groups {
            self.visit_group(b, group, source, ring, &mut visit);
        }
    }

    /// The weight of a connection.
    pub fn weight(&self, at: Position) -> f64 {
        let block = self.block(at.block as usize);
        let g = &block.group(at.group as usize);
        let set = &self.sets[usize::from(g.model)];
        match set.common_weight() {
            Some(w) => w,
            None => block.weights[(g.weights + at.entry - g.entries) as usize],
        }
    }

    /// The words of a connection and the time of its source's last spike.
    pub fn words(&self, at: Position) -> (Vec<f64>, f64) {
        let block = self.block(at.block as usize);
        let g = &block.group(at.group as usize);
        let set = &self.sets[usize::from(g.model)];
        let layout = set.layout();
        let state = &block.states[g.state as usize..][..layout.state + 1];
        let own = g.extras as usize + (at.entry - g.entries) as usize * layout.entry;
        let mut words = set.class(g.class).to_vec();
        words.extend_from_slice(&state[1..]);
        words.extend_from_slice(&block.extras[own..own + layout.entry]);
        (words, state[0])
    }

    /// The label of a connection, -1 if it has none.
    pub fn label(&self, at: Position) -> i64 {
        let g = &self.block(at.block as usize).group(at.group as usize);
        let set = &self.sets[usize::from(g.model)];
        set.class(g.class)[set.layout().label()] as i64
    }

    /// A connection of a source.
    pub fn connection(&self, at: Position, source: u32, ring: &Ring) -> Connection {
        let g = &self.block(at.block as usize).group(at.group as usize);
        let (channel, local) = ring.locate(self.cell(at) as usize);
        Connection {
            source,
            channel,
            local: local as u32,
            weight: self.weight(at),
            own_weight: true,
            delay: at.delay,
            model: g.model,
            counts: g.flags & COUNTS != 0,
        }
    }

    /// Sets the weight of a connection.
    pub fn set_weight(&mut self, at: Position, weight: f64) {
        let block = self.blocks.get_mut(at.block as usize);
        let block = block.expect("positions lie in blocks that exist");
        let g = &block.group(at.group as usize);
        block.weights[(g.weights + at.entry - g.entries) as usize] = weight;
    }

    /// The cell of a connection.
    pub fn cell(&self, at: Position) -> u32 {
        self.block(at.block as usize).cells[at.entry as usize]
    }

    /// A number by which connections of the same ends and model are in the order in which they were
    /// made.
    pub fn place(&self, at: Position) -> u32 {
        let order = &self.block(at.block as usize).order;
        order.as_ref().map_or(at.entry, |o| o.places.of(at.entry))
    }

    /// Makes the order of connections, each list with the same ends and model, that in which they
    /// are listed.
    pub fn order(&mut self, lists: &[Vec<Position>]) {
        let mut by_block: BTreeMap<u32, Vec<Vec<u32>>> = BTreeMap::new();
        for list in lists.iter().filter(|list| !list.is_empty()) {
            let entries = list.iter().map(|at| at.entry).collect();
            by_block.entry(list[0].block).or_default().push(entries);
        }
        for (b, sets) in by_block {
            if let Some(block) = self.blocks.get_mut(b as usize) {
                block.order.get_or_insert_default().places.put(&sets);
            }
        }
    }

    /// Removes the connections at the given places, which are sorted by block and entry.
    pub fn remove(&mut self, places: &BTreeSet<(u32, u32)>, ring: &Ring) {
        let mut builder = Builder::new(&[], ring);
        let mut left = places.iter().copied().peekable();
        while let Some(&(b, _)) = left.peek() {
            let here = std::iter::from_fn(|| left.next_if(|place| place.0 == b));
            let gone: Vec<u32> = here.map(|place| place.1).collect();
            if let Some(block) = self.blocks.get_mut(b as usize) {
                builder.thin(block, &gone, &mut self.sets);
                self.len -= gone.len();
            }
        }
    }

    /// The number of connections of a model, new ones aside.
    pub fn count(&self, model: u16) -> usize {
        let of_block = |b: &Block| -> usize {
            let groups = b.groups().filter(|&g| b.model(g) == model);
            groups.map(|g| b.entries(g).len()).sum()
        };
        self.blocks.values().map(of_block).sum()
    }

    /// Follows cells that moved when the ring was arranged anew. `renamed` gives the new cell.
    pub fn rename(&mut self, renamed: impl Fn(usize) -> usize) {
        for cell in self.blocks.values_mut().flat_map(|b| &mut b.cells) {
            *cell = renamed(*cell as usize) as u32;
        }
    }

    /// Forgets when sources spiked last.
    pub fn rewind(&mut self) {
        for block in self.blocks.values_mut() {
            for g in block.groups() {
                let g = block.group(g);
                block.states[g.state as usize] = self.sets[usize::from(g.model)].never();
            }
        }
        self.readings.clear();
    }
}
