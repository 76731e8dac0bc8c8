//! Spikes on their way between ranks.
//!
//! The spikes of a slice go to all ranks, or, where that is less, to those that hold targets of
//! their senders. Where slices are long enough, in steps and in work, they are taken in halves: the
//! spikes of one half travel while the next half is updated, and are delivered before the half
//! after that, which is as early as the smallest delay asks for. Between runs, and wherever else
//! all that was sent must be where it would be on one rank, [`Simulation::settle_exchange`] ends
//! what is under way.

use super::Simulation;
use crate::error::Result;
use crate::event::Spike;
use crate::rank::Call;
use crate::time::Step;
use std::time::Instant;

/// Slices of fewer steps are not halved.
const LEAST_OVERLAP: usize = 4;

/// Nor are those in half of which the nodes of a rank take fewer steps in all: one more exchange
/// takes longer than what it would travel under.
const LEAST_WORK: usize = 4000;

/// How spikes pass between ranks where that is not left to the simulation. Results do not depend on
/// it; all ranks must have the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExchangePolicy {
    /// Whether spikes go only to ranks that hold targets of their senders.
    pub selective: Option<bool>,
    /// Whether spikes travel while nodes are updated, in slices of at least two steps.
    pub overlap: Option<bool>,
}

/// How spikes pass between ranks.
#[derive(Default)]
pub(super) struct Exchange {
    policy: ExchangePolicy,
    /// Which own nodes have targets on each other rank, where spikes are sent there alone.
    routes: Option<Routes>,
    /// The state of the connections that `routes` belongs to.
    known: Option<(u64, usize)>,
    /// Whether spikes travel while nodes are updated.
    overlaps: bool,
    /// The slice to which the spikes under way belong.
    flight: Option<Step>,
    /// Spikes of the second half of the last slice, with its origin, not yet delivered.
    pub late: (Step, Vec<Spike>),
    /// The first step of which it is not recorded yet what stimulators sent.
    unrecorded: Option<Step>,
    words: Vec<u64>,
    counts: Vec<usize>,
}

impl Exchange {
    /// Bytes held.
    pub fn bytes(&self) -> usize {
        let words = self.words.capacity() + self.counts.capacity() + self.late.1.capacity();
        self.routes.as_ref().map_or(0, Routes::bytes) + words * 8
    }

    /// Forgets what is under way.
    pub fn clear(&mut self) {
        self.late = (0, Vec::new());
        self.unrecorded = None;
    }
}

/// Which nodes of a rank have targets on each other rank.
struct Routes {
    own: usize,
    /// For each rank its nodes by number, which is their place among the nodes of this rank.
    to: Vec<Route>,
}

/// The nodes of a rank that have targets on one other: whatever is smaller.
enum Route {
    /// A bit for each.
    Bits(Box<[u64]>),
    /// Their numbers, sorted.
    Few(Box<[u32]>),
}

impl Route {
    fn new(bits: &[u64]) -> Self {
        let set: usize = bits.iter().map(|w| w.count_ones() as usize).sum();
        if set >= 2 * bits.len() {
            return Route::Bits(bits.into());
        }
        let ones = (0u32..).zip(bits).flat_map(|(word, &bits)| {
            let here = (0..64).filter(move |bit| bits >> bit & 1 == 1);
            here.map(move |bit| word * 64 + bit)
        });
        Route::Few(ones.collect())
    }

    fn has(&self, node: usize) -> bool {
        match self {
            Route::Bits(bits) => bits[node / 64] >> (node % 64) & 1 == 1,
            Route::Few(list) => list.binary_search(&(node as u32)).is_ok(),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Route::Bits(bits) => size_of_val(&**bits),
            Route::Few(list) => size_of_val(&**list),
        }
    }
}

impl Routes {
    /// Whether a node of this rank has targets on another rank.
    fn leads(&self, rank: usize, sender: u32) -> bool {
        self.to[rank].has(sender as usize / self.to.len())
    }

    fn bytes(&self) -> usize {
        let routes = self.to.iter().map(Route::bytes).sum::<usize>();
        routes + self.to.capacity() * size_of::<Route>()
    }
}

/// A bit for each node of each other rank: whether it has targets here.
struct Wanted {
    bits: Vec<u64>,
    own: usize,
    ranks: usize,
    /// Words for the nodes of one rank.
    stride: usize,
}

impl Wanted {
    fn new(own: usize, ranks: usize, nodes: usize) -> Self {
        // nodes are on ranks in turn
        let stride = (nodes / ranks + 1).div_ceil(64);
        Wanted {
            bits: vec![0; stride * (ranks - 1)],
            own,
            ranks,
            stride,
        }
    }

    /// Marks a source that has a target here.
    fn mark(&mut self, source: u32) {
        let (i, rank) = (source as usize / self.ranks, source as usize % self.ranks);
        if rank != self.own {
            let start = self.stride * (rank - usize::from(rank > self.own));
            self.bits[start + i / 64] |= 1 << (i % 64);
        }
    }

    /// Words for each rank.
    fn counts(&self) -> Vec<usize> {
        let words = |rank| if rank == self.own { 0 } else { self.stride };
        (0..self.ranks).map(words).collect()
    }
}

impl Simulation {
    /// Whether spikes go only to ranks that hold targets of their senders.
    pub fn sends_selectively(&self) -> bool {
        self.exchange.routes.is_some()
    }

    /// Whether spikes travel while nodes are updated.
    pub fn overlaps_exchange(&self) -> bool {
        self.exchange.overlaps
    }

    /// Chooses how spikes pass between ranks from the next Prepare on.
    pub fn set_exchange(&mut self, policy: ExchangePolicy) {
        self.exchange.policy = policy;
        self.exchange.known = None;
    }

    /// Where an update that starts within the present slice must end at the latest.
    pub(super) fn end_of_piece(&self) -> usize {
        let half = self.min_delay / 2;
        if self.exchange.overlaps && self.taken < half {
            half
        } else {
            self.min_delay
        }
    }

    /// The first step of which it is time to record what stimulators sent, if it is: recorders hold
    /// that in the order in which they would if halved slices were whole.
    pub(super) fn due_from(&mut self, from: usize, to: usize) -> Option<Step> {
        let first = self.origin + from as Step;
        let first = self.exchange.unrecorded.take().unwrap_or(first);
        let waits = self.exchange.overlaps && to < self.min_delay;
        self.exchange.unrecorded = waits.then_some(first);
        (!waits).then_some(first)
    }

    /// Whether connections have changed since it was found which ranks have targets of whom.
    pub(super) fn needs_routes(&self) -> bool {
        self.exchange.known != Some((self.generation, self.num_connections()))
    }

    /// Finds how spikes are to pass between ranks in the runs to come; `rerouted` tells, on all
    /// ranks alike, whether any has other connections than before.
    pub(super) fn plan_exchange(&mut self, rerouted: bool) -> Result<()> {
        if self.ranks.alone() {
            return Ok(());
        }
        let wanted = self.exchange.policy.overlap;
        let work = self.network_size() / self.ranks.count() * (self.min_delay / 2);
        let pays = self.min_delay >= LEAST_OVERLAP && work >= LEAST_WORK;
        self.exchange.overlaps = !self.couples() && self.min_delay >= 2 && wanted.unwrap_or(pays);
        if rerouted {
            self.find_routes()?;
        }
        Ok(())
    }

    /// Finds which own nodes have targets on which ranks, and whether to go by that: spikes go to
    /// all ranks where a sender has targets on more than half of them, on average.
    pub(super) fn find_routes(&mut self) -> Result<()> {
        let (own, ranks) = (self.ranks.rank(), self.ranks.count());
        let nodes = self.network_size();
        let mut wanted = Wanted::new(own, ranks, nodes);
        for w in &self.workers {
            w.rows.sources(|id| wanted.mark(id));
            w.plastic.sources(|id| wanted.mark(id));
        }
        let pairs: u64 = wanted.bits.iter().map(|w| u64::from(w.count_ones())).sum();
        let counts = wanted.counts();
        let asked = Ok(&wanted.bits[..]);
        let all = self.ranks.scatter(Call::Route, pairs, asked, &counts)?;
        let pairs: u64 = all.heads.iter().map(|h| h.note).sum();
        let pays = 2 * pairs <= (nodes * (ranks - 1)) as u64;
        let selective = self.exchange.policy.selective.unwrap_or(pays);
        self.exchange.routes = selective.then(|| Routes {
            own,
            to: all.parts().map(Route::new).collect(),
        });
        // a bit for each node, which no later call needs
        drop(self.ranks.take_words());
        self.exchange.known = Some((self.generation, self.num_connections()));
        Ok(())
    }

    /// Sends the spikes of this rank that begin at `first`, and collects those that were sent
    /// before, or all where nothing is updated meanwhile.
    pub(super) fn exchange_spikes(&mut self, first: usize, updated: Result<()>) -> Result<()> {
        if self.ranks.alone() {
            return updated;
        }
        let start = Instant::now();
        let updated = match self.failure.take() {
            Some(e) => updated.and(Err(e)),
            None => updated,
        };
        let words = &mut self.exchange.words;
        words.clear();
        let counts = &mut self.exchange.counts;
        counts.clear();
        let new = &self.emitted[first..];
        match &self.exchange.routes {
            None => words.extend(new.iter().map(|s| s.bits())),
            Some(routes) => {
                for rank in 0..routes.to.len() {
                    let before = words.len();
                    if rank == routes.own {
                        words.extend(new.iter().map(|s| s.bits()));
                    } else {
                        let leads = |s: &&Spike| routes.leads(rank, s.sender());
                        words.extend(new.iter().filter(leads).map(|s| s.bits()));
                    }
                    counts.push(words.len() - before);
                }
            }
        }
        self.emitted.truncate(first);
        if self.exchange.flight.is_some() {
            self.complete_exchange(false)?;
        }
        let exchange = &self.exchange;
        let counts = exchange.routes.is_some().then_some(&exchange.counts[..]);
        let words = updated.map(|()| &exchange.words[..]);
        let note = u64::from(self.wants_stop);
        self.ranks.begin(Call::Spikes, note, words, counts)?;
        self.exchange.flight = Some(self.origin);
        if !self.exchange.overlaps {
            self.complete_exchange(false)?;
        }
        self.timers.exchange += start.elapsed().as_secs_f64();
        Ok(())
    }

    /// Waits for the spikes under way, and keeps them until they are delivered: those of the slice
    /// before at the start of the next one, or within it if that has begun.
    fn complete_exchange(&mut self, between: bool) -> Result<()> {
        let Some(origin) = self.exchange.flight.take() else {
            return Ok(());
        };
        let all = self.ranks.complete()?;
        if self.stopped_by.is_none() {
            self.stopped_by = all.heads.iter().position(|h| h.note != 0);
        }
        let place = if origin == self.origin {
            &mut self.emitted
        } else if between {
            self.waiting.0 = origin;
            &mut self.waiting.1
        } else {
            self.exchange.late.0 = origin;
            &mut self.exchange.late.1
        };
        let before = place.len();
        place.extend(all.words.iter().map(|&w| Spike::from_bits(w)));
        // sorted by rank already, which this sort makes use of
        place[before..].sort();
        Ok(())
    }

    /// Ends what is under way between ranks: all that was sent in the present slice is held here,
    /// and of the slice before nothing is left to deliver, unless the present one is to begin.
    pub(super) fn settle_exchange(&mut self) -> Result<()> {
        if self.ranks.alone() {
            return Ok(());
        }
        if let Some(first) = self.exchange.unrecorded.take() {
            self.record_devices(first, self.now());
        }
        let (origin, spikes) = std::mem::take(&mut self.exchange.late);
        if !spikes.is_empty() {
            self.deliver_early(origin, &spikes);
            self.record_weights();
        }
        let start = Instant::now();
        self.complete_exchange(true)?;
        let took = start.elapsed().as_secs_f64();
        self.timers.exchange += took;
        self.timers.gather += took;
        Ok(())
    }

    /// Lets all ranks have all spikes that are not delivered yet, for connections that come before
    /// they are.
    pub(super) fn share_spikes(&mut self) -> Result<()> {
        if self.exchange.routes.is_none() {
            return Ok(());
        }
        let layout = self.nodes.layout();
        let own = |s: &&Spike| layout.rank_of(s.sender()) == layout.rank();
        let mut words = vec![0];
        words.extend(self.waiting.1.iter().filter(own).map(|s| s.bits()));
        words[0] = words.len() as u64 - 1;
        words.extend(self.emitted.iter().filter(own).map(|s| s.bits()));
        let all = self.ranks.gather(Call::Spikes, 0, Ok(&words))?;
        self.waiting.1.clear();
        self.emitted.clear();
        for words in all.parts() {
            let (waiting, emitted) = words[1..].split_at(words[0] as usize);
            let spikes = |words: &[u64]| words.iter().map(|&w| Spike::from_bits(w)).collect();
            let (mut waiting, mut emitted): (Vec<_>, Vec<_>) = (spikes(waiting), spikes(emitted));
            self.waiting.1.append(&mut waiting);
            self.emitted.append(&mut emitted);
        }
        self.waiting.1.sort();
        self.emitted.sort();
        Ok(())
    }
}
