//! Connections whose targets follow each other in any order, as rules by source make them: where
//! each target is gets looked up once for all connections of a call.

use super::gathered::BySign;
use super::maker::{Maker, Numbers, positions, survey, turn};
use super::signs::{PlacesBySign, Signs};
use super::{DelayRange, Worker};
use crate::connect::{AmountRef, ConnSpec, Draws, Grouping, PairBuffers, RuleContext};
use crate::error::Result;
use crate::event::ChannelKey;
use crate::model::{Event, Port};
use crate::parameter::Context;
use crate::synapse::{BLOCK_BITS, BatchKind, Pending, is_short};
use std::ops::Range;

/// Where a node is on a worker: its place, and its family and port among those that occur.
#[derive(Clone, Copy)]
pub(super) struct Spot {
    pub local: u32,
    /// `ABSENT` for nodes of other workers.
    pub port: u32,
}

const ABSENT: u32 = u32::MAX;

/// The spots of a population as targets of one synapse.
#[derive(Default)]
pub(super) struct Spots {
    pub list: Vec<Spot>,
    /// Which of them have got a connection.
    pub reached: Vec<bool>,
    /// Whether all of them are on the worker.
    all: bool,
}

impl Spots {
    /// Which of the nodes with these indices are on the worker. No branch depends on it: on several
    /// workers it is as good as random.
    fn present(&self, indices: &[u32], hits: &mut Vec<u32>) {
        hits.clear();
        if self.all {
            hits.extend(0..indices.len() as u32);
            return;
        }
        hits.resize(indices.len() + 1, 0);
        let mut n = 0;
        for (i, &index) in indices.iter().enumerate() {
            hits[n] = i as u32;
            n += usize::from(self.list[index as usize].port != ABSENT);
        }
        hits.truncate(n);
    }
}

/// Ports of targets, each with the batches of long and short delays, and of these those of positive
/// and negative weights.
#[derive(Default)]
struct Ports {
    list: Vec<(usize, Port)>,
    batches: Vec<[[Option<usize>; 2]; 2]>,
}

/// The amounts of one synapse.
pub(super) enum Amounts {
    Same(f64, u32),
    Each,
}

/// One synapse of the call on one worker.
pub(super) struct Synapse {
    pub s: usize,
    pub targets: Spots,
    /// The sources as targets, for rules that connect both ways.
    sources: Spots,
    ports: Ports,
    pub amounts: Amounts,
    pub gathered: BySign,
    /// Whether all connections have the same delay.
    one_delay: bool,
    /// The longest delay of the connections that are made together.
    pub longest: u32,
    /// What told the last batch from others of its port when [`Put::turn`] was called: whether
    /// delays are short, and weights negative.
    last: (bool, bool),
    signs: Signs,
    by_sign: PlacesBySign,
}

impl Synapse {
    /// Synapse `s` of a call, without targets yet.
    pub fn new(maker: &Maker<'_>, s: usize) -> Result<Self> {
        let amounts = match (maker.weights[s], &maker.synapses[s].delay) {
            (Some(weight), Some(AmountRef::Same(ms))) => Amounts::Same(weight, maker.steps(*ms)?),
            _ => Amounts::Each,
        };
        Ok(Synapse {
            s,
            targets: Spots::default(),
            sources: Spots::default(),
            ports: Ports::default(),
            amounts,
            gathered: BySign::default(),
            one_delay: matches!(maker.synapses[s].delay, Some(AmountRef::Same(_))),
            longest: 0,
            last: (false, false),
            signs: Signs::default(),
            by_sign: PlacesBySign::default(),
        })
    }

    /// Weight and delay of connection `i`.
    #[inline(always)]
    fn amount(&self, i: usize, n: &Numbers) -> (f64, u32) {
        match self.amounts {
            Amounts::Same(weight, delay) => (weight, delay),
            Amounts::Each => (n.weights[i], n.delays[i]),
        }
    }

    /// Gathers the connections from a source to those of its partners that `hits` names.
    fn gather(&mut self, source: u32, partners: &[u32], hits: &[u32], numbers: &Numbers) {
        let own = matches!(self.amounts, Amounts::Each);
        let (_, _, below) = if own {
            survey(&[], &numbers.weights)
        } else {
            (0, 0, 0)
        };
        let one_sign = below == 0 || below == partners.len();
        if self.ports.list.len() == 1 && hits.len() == partners.len() && one_sign {
            let list = self.gathered.of(0, below > 0);
            list.extend(source, partners);
            if own {
                list.extend_numbers(&numbers.weights, &numbers.delays);
            }
            return;
        }
        for &i in hits {
            let (i, p) = (i as usize, partners[i as usize]);
            let port = self.targets.list[p as usize].port;
            if own {
                let weight = numbers.weights[i];
                let list = self.gathered.of(port, weight < 0.0);
                list.add(source, p);
                list.extend_numbers(&[weight], &[numbers.delays[i]]);
            } else {
                self.gathered.of(port, false).add(source, p);
            }
        }
    }
}

impl Maker<'_> {
    /// Makes those connections between neurons that end on worker `w`, of simple synapses.
    pub(super) fn make_scattered(
        &self,
        cx: &RuleContext<'_>,
        rule: &ConnSpec,
        split: &[u64],
        w: usize,
        worker: &mut Worker,
    ) -> Result<DelayRange> {
        let grouping = rule.rule.grouping();
        let mut delays = DelayRange::default();
        let mut synapses: Vec<_> = (0..self.synapses.len())
            .map(|s| self.scattered(s, cx, grouping, w, worker))
            .collect::<Result<_>>()?;
        let (mut draws, mut numbers) = (Draws::default(), Numbers::default());
        let (mut buffers, mut hits) = (PairBuffers::default(), Vec::new());
        let ends = cx.sources.iter().chain(cx.targets);
        let last = ends.copied().max().unwrap_or(0);
        let ascending = |ids: &[u32]| ids.is_sorted_by(|a, b| a < b);
        let in_turn = self.repeats_model() || !ascending(cx.sources);
        let gathers = !in_turn && ascending(cx.targets);
        let within = gathers && cx.sources == cx.targets;
        for at in 0..grouping.len(cx) {
            self.watch.pass(at)?;
            rule.rule.draw(cx, at, split, &mut draws)?;
            if draws.partners.is_empty() {
                continue;
            }
            let context = positions(cx, at, &draws.partners, &mut buffers);
            for synapse in &mut synapses {
                if in_turn {
                    turn(worker);
                }
                if let Amounts::Same(_, delay) = synapse.amounts {
                    delays.note(delay);
                } else {
                    self.numbers_of_node(
                        synapse.s,
                        (grouping, at),
                        &draws,
                        &context,
                        &mut numbers,
                    )?;
                    let (least, most, _) = survey(&numbers.delays, &[]);
                    delays.note(least);
                    delays.note(most);
                    synapse.longest = most;
                }
                let mut put = Put {
                    maker: self,
                    w,
                    worker,
                    last,
                };
                match grouping {
                    Grouping::BySource | Grouping::ByTarget => {
                        synapse.targets.present(&draws.partners, &mut hits);
                        put.outgoing(cx, synapse, at, (&draws, &hits), &mut numbers, gathers);
                    }
                    Grouping::Mutual if within && matches!(synapse.amounts, Amounts::Same(..)) => {
                        put.mutual_within(cx, synapse, at, &draws.partners);
                    }
                    Grouping::Mutual => put.mutual(cx, synapse, at, &draws.partners, &numbers),
                }
            }
        }
        for synapse in &mut synapses {
            let mut put = Put {
                maker: self,
                w,
                worker,
                last,
            };
            put.gathered(synapse);
            self.note_reached(cx.targets, &synapse.targets, &synapse.ports, worker);
            self.note_reached(cx.sources, &synapse.sources, &synapse.ports, worker);
        }
        Ok(delays)
    }

    /// The numbers of synapse `s` of the connections that are made for the node with index `at`.
    fn numbers_of_node(
        &self,
        s: usize,
        (grouping, at): (Grouping, usize),
        draws: &Draws,
        context: &Context<'_>,
        numbers: &mut Numbers,
    ) -> Result<()> {
        let n = draws.partners.len();
        if grouping == Grouping::Mutual {
            return self.numbers(s, at, (0..2 * n).map(|_| 0), context, numbers);
        }
        let places = (0..n).map(|i| draws.place(i));
        self.numbers(s, at, places, context, numbers)
    }

    fn scattered(
        &self,
        s: usize,
        cx: &RuleContext<'_>,
        grouping: Grouping,
        w: usize,
        worker: &Worker,
    ) -> Result<Synapse> {
        let mut synapse = Synapse::new(self, s)?;
        synapse.targets = self.spots(&mut synapse, cx.targets, w, worker)?;
        if grouping == Grouping::Mutual {
            synapse.sources = self.spots(&mut synapse, cx.sources, w, worker)?;
        }
        Ok(synapse)
    }

    /// The index of the port of nodes of a family and class among those of a synapse.
    pub(super) fn port_index(
        &self,
        synapse: &mut Synapse,
        (family, class): (usize, u32),
        receptor: i64,
    ) -> Result<u32> {
        let port = self.port(synapse.s, family, class, Event::Spike, receptor)?;
        Ok(synapse.ports.index(family, port))
    }

    fn spots(
        &self,
        synapse: &mut Synapse,
        ids: &[u32],
        w: usize,
        worker: &Worker,
    ) -> Result<Spots> {
        let receptor = self.synapses[synapse.s].receptor[0];
        let absent = Spot {
            local: 0,
            port: ABSENT,
        };
        let mut list = vec![absent; ids.len()];
        // the last port found, by family and class
        let mut known = ((usize::MAX, 0), ABSENT);
        for stretch in self.nodes.stretches(ids) {
            let (places, run) = stretch?;
            let Some(ops) = self.families[run.family].neurons() else {
                continue;
            };
            let classes = ops.classes(&worker.parts[run.family]);
            for (spot, &id) in list[places.clone()].iter_mut().zip(&ids[places]) {
                let Some(at) = run.locate(id).filter(|at| at.worker as usize == w) else {
                    continue;
                };
                let kind = (run.family, classes[at.local as usize]);
                if kind != known.0 {
                    known = (kind, self.port_index(synapse, kind, receptor)?);
                }
                *spot = Spot {
                    local: at.local,
                    port: known.1,
                };
            }
        }
        Ok(Spots {
            reached: vec![false; list.len()],
            all: list.iter().all(|spot| spot.port != ABSENT),
            list,
        })
    }

    fn note_reached(&self, ids: &[u32], spots: &Spots, ports: &Ports, worker: &mut Worker) {
        for (i, _) in ids.iter().enumerate().take(spots.list.len()) {
            if spots.reached[i] {
                let spot = spots.list[i];
                let family = ports.list[spot.port as usize].0;
                if let Some(ops) = self.families[family].neurons() {
                    ops.connected(&mut worker.parts[family], &[spot.local]);
                }
            }
        }
    }
}

impl Ports {
    fn index(&mut self, family: usize, port: Port) -> u32 {
        let known = self.list.iter().position(|p| *p == (family, port));
        known.unwrap_or_else(|| {
            self.list.push((family, port));
            self.batches.push(Default::default());
            self.list.len() - 1
        }) as u32
    }
}

/// Puts connections with what is pending on a worker.
pub(super) struct Put<'a, 'm> {
    pub maker: &'a Maker<'m>,
    pub w: usize,
    pub worker: &'a mut Worker,
    /// The greatest id of a source.
    pub last: u32,
}

impl Put<'_, '_> {
    /// The connections from the source with index `at` to those of its partners that `hits` names,
    /// which are gathered where that is asked for.
    fn outgoing(
        &mut self,
        cx: &RuleContext<'_>,
        synapse: &mut Synapse,
        at: usize,
        (draws, hits): (&Draws, &[u32]),
        numbers: &mut Numbers,
        gathers: bool,
    ) {
        let source = cx.sources[at];
        let mut both = Vec::new();
        if matches!(synapse.amounts, Amounts::Each) {
            let targets = draws.partners.iter().map(|&p| cx.targets[p as usize]);
            both = numbers.signs.both(targets, &numbers.weights);
        }
        if !gathers || !both.is_empty() {
            for &i in hits {
                if !both.is_empty() && both.binary_search(&(i as usize)).is_ok() {
                    self.turn(synapse, numbers.weights[i as usize]);
                }
                let p = draws.partners[i as usize] as usize;
                let amount = synapse.amount(i as usize, numbers);
                self.one(synapse, source, p, amount);
            }
            return;
        }
        if !synapse.gathered.takes(source, cx.targets.len()) {
            self.gathered(synapse);
        }
        synapse.gather(source, &draws.partners, hits, numbers);
    }

    /// The connections to and from the target with index `at`.
    fn mutual(
        &mut self,
        cx: &RuleContext<'_>,
        synapse: &mut Synapse,
        at: usize,
        partners: &[u32],
        numbers: &Numbers,
    ) {
        for (i, &p) in partners.iter().enumerate() {
            let p = p as usize;
            let amount = synapse.amount(2 * i, numbers);
            self.one(synapse, cx.sources[p], at, amount);
            let amount = synapse.amount(2 * i + 1, numbers);
            self.back(synapse, cx.targets[at], p, amount);
        }
    }

    /// The connections to and from the node with index `at`, of a population that is connected with
    /// itself, with the same weight and delay.
    fn mutual_within(
        &mut self,
        cx: &RuleContext<'_>,
        synapse: &mut Synapse,
        at: usize,
        partners: &[u32],
    ) {
        let node = cx.targets[at];
        if !synapse.gathered.takes(node, cx.targets.len()) {
            self.gathered(synapse);
        }
        let spot = synapse.targets.list[at];
        if spot.port != ABSENT {
            synapse.targets.reached[at] = true;
            let amount = synapse.amount(0, &Numbers::default());
            // what has its source in the block of the node keeps its order with the connections
            // back
            let near = |p: u32| cx.sources[p as usize] >> BLOCK_BITS == node >> BLOCK_BITS;
            let (pending, batch) = self.batch(synapse, spot.port, amount.0, amount.1);
            let far = partners.iter().filter(|&&p| !near(p));
            let far = far.map(|&p| (cx.sources[p as usize], amount.1, amount.0));
            pending.extend(batch, far, spot.local);
            let gathered = synapse.gathered.of(spot.port, false);
            for &p in partners.iter().filter(|&&p| near(p)) {
                gathered.add(cx.sources[p as usize], at as u32);
            }
        }
        for &p in partners {
            let spot = synapse.targets.list[p as usize];
            if spot.port != ABSENT {
                synapse.gathered.of(spot.port, false).add(node, p);
            }
        }
    }

    /// A connection from `source` to the target with index `to`.
    #[inline(always)]
    pub fn one(&mut self, synapse: &mut Synapse, source: u32, to: usize, amount: (f64, u32)) {
        let spot = synapse.targets.list[to];
        if spot.port != ABSENT {
            synapse.targets.reached[to] = true;
            self.connection(synapse, source, spot, amount);
        }
    }

    /// A connection from `source` to the rule's source with index `to`.
    #[inline(always)]
    fn back(&mut self, synapse: &mut Synapse, source: u32, to: usize, amount: (f64, u32)) {
        let spot = synapse.sources.list[to];
        if spot.port != ABSENT {
            synapse.sources.reached[to] = true;
            self.connection(synapse, source, spot, amount);
        }
    }

    /// A connection from `source` to where a spot says.
    #[inline(always)]
    pub fn connection(
        &mut self,
        synapse: &mut Synapse,
        source: u32,
        spot: Spot,
        (weight, delay): (f64, u32),
    ) {
        let (pending, batch) = self.batch(synapse, spot.port, weight, delay);
        pending.add(batch, (source, delay, weight), spot.local);
    }

    /// Begins a turn where the batch changes: with the sign of weights, or from short to long
    /// delays.
    fn turn(&mut self, synapse: &mut Synapse, weight: f64) {
        let kind = (is_short(synapse.longest), weight < 0.0);
        if std::mem::replace(&mut synapse.last, kind) != kind {
            turn(self.worker);
        }
    }

    /// The batch for connections with weights and delays like these to a port.
    #[inline(always)]
    pub fn batch(
        &mut self,
        synapse: &mut Synapse,
        port: u32,
        weight: f64,
        delay: u32,
    ) -> (&mut Pending, usize) {
        let stateful = self.maker.stateful[synapse.s].as_ref();
        let pending = match stateful {
            Some(_) => &mut self.worker.plastic.pending,
            None => &mut self.worker.pending,
        };
        let known = &mut synapse.ports.batches[port as usize];
        let known = &mut known[usize::from(is_short(synapse.longest))][usize::from(weight < 0.0)];
        let batch = *known.get_or_insert_with(|| {
            let to = synapse.ports.list[port as usize];
            let shared = synapse.one_delay.then_some(delay);
            let kind = self.maker.kind((synapse.s, self.w), to, weight, shared);
            reached(pending, kind.with_delays_up_to(synapse.longest), self.last)
        });
        (pending, batch)
    }

    /// Connections to one port, with the numbers of `pairs`, from the source that `source` gives
    /// for each to the place in `locals`.
    pub fn stretch(
        &mut self,
        synapse: &mut Synapse,
        port: u32,
        pairs: Range<usize>,
        source: impl Fn(usize) -> u32,
        locals: &[u32],
        n: &Numbers,
    ) {
        let locals = &locals[pairs.clone()];
        let target = |i: usize| locals[i];
        if let Amounts::Same(weight, delay) = synapse.amounts {
            let (pending, batch) = self.batch(synapse, port, weight, delay);
            let connection = |i: usize| (source(i), delay, weight);
            pending.add_runs(batch, locals.len(), connection, target);
            return;
        }
        let (weights, delays) = (&n.weights[pairs.clone()], &n.delays[pairs.clone()]);
        let (_, _, below) = survey(&[], weights);
        if below == 0 || below == locals.len() {
            self.turn(synapse, weights[0]);
            let (pending, batch) = self.batch(synapse, port, weights[0], delays[0]);
            let connection = |i: usize| (source(i), delays[i], weights[i]);
            pending.add_runs(batch, locals.len(), connection, target);
            return;
        }
        // pairs of one source and target may be in either batch: then the order is that of the turns
        let both = synapse.signs.both((0..locals.len()).map(&source), weights);
        let mut by_sign = std::mem::take(&mut synapse.by_sign);
        for places in by_sign.of(weights, &both).iter().filter(|p| !p.is_empty()) {
            let place = |k: usize| places[k] as usize;
            let first = place(0);
            self.turn(synapse, weights[first]);
            let (pending, batch) = self.batch(synapse, port, weights[first], delays[first]);
            let connection = |k: usize| (source(place(k)), delays[place(k)], weights[place(k)]);
            pending.add_runs(batch, places.len(), connection, |k| target(place(k)));
        }
        for i in both {
            self.turn(synapse, weights[i]);
            let (amount, local) = (synapse.amount(pairs.start + i, n), locals[i]);
            self.connection(synapse, source(i), Spot { local, port }, amount);
        }
        synapse.by_sign = by_sign;
    }
}

#[cold]
fn reached(pending: &mut Pending, kind: BatchKind, last: u32) -> usize {
    let index = pending.index_of(kind);
    pending.reach(index, last);
    index
}

impl Maker<'_> {
    /// What connections with weights like `weight` to a port of a family have in common on worker
    /// `w`, where all or none share the delay.
    pub(super) fn kind(
        &self,
        (s, w): (usize, usize),
        (family, port): (usize, Port),
        weight: f64,
        delay: Option<u32>,
    ) -> BatchKind {
        let stateful = self.stateful[s].as_ref();
        let sign = stateful.map_or(weight, |x| x.sign(&x.words, weight));
        BatchKind {
            model: self.synapses[s].model,
            channel: ChannelKey {
                family: family as u32,
                channel: port.channel(sign) as u32,
            },
            counts: port.counts,
            weight: self.weights[s],
            delay,
            short: false,
            template: Some(stateful.map_or(0, |x| x.templates[w])),
        }
    }
}
