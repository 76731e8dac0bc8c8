//! Connections whose targets follow each other in any order, as rules by source make them: where
//! each target is gets looked up once for all connections of a call.

use super::maker::{Maker, Numbers, positions, survey};
use super::{DelayRange, Worker};
use crate::connect::{Amount, ConnSpec, Draws, Grouping, PairBuffers, RuleContext};
use crate::error::Result;
use crate::event::ChannelKey;
use crate::model::{Event, Port};
use crate::synapse::{BatchKind, Pending};
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
struct Spots {
    list: Vec<Spot>,
    /// Which of them have got a connection.
    reached: Vec<bool>,
}

impl Spots {
    /// Which of the nodes with these indices are on the worker. No branch depends on it: on several
    /// workers it is as good as random.
    fn present(&self, indices: &[u32], hits: &mut Vec<u32>) {
        hits.clear();
        hits.resize(indices.len() + 1, 0);
        let mut n = 0;
        for (i, &index) in indices.iter().enumerate() {
            hits[n] = i as u32;
            n += usize::from(self.list[index as usize].port != ABSENT);
        }
        hits.truncate(n);
    }
}

/// Ports of targets, each with the batches of positive and negative weights.
#[derive(Default)]
struct Ports {
    list: Vec<(usize, Port)>,
    batches: Vec<[Option<usize>; 2]>,
}

/// The amounts of one synapse.
pub(super) enum Amounts {
    Same(f64, u32),
    Each,
}

/// One synapse of the call on one worker.
pub(super) struct Synapse {
    pub s: usize,
    targets: Spots,
    /// The sources as targets, for rules that connect both ways.
    sources: Spots,
    ports: Ports,
    pub amounts: Amounts,
    /// Whether all connections have the same delay.
    one_delay: bool,
}

impl Synapse {
    /// Synapse `s` of a call, without targets yet.
    pub fn new(maker: &Maker<'_>, s: usize) -> Result<Self> {
        let amounts = match (maker.weights[s], &maker.synapses[s].delay) {
            (Some(weight), Some(Amount::Same(ms))) => Amounts::Same(weight, maker.steps(*ms)?),
            _ => Amounts::Each,
        };
        Ok(Synapse {
            s,
            targets: Spots::default(),
            sources: Spots::default(),
            ports: Ports::default(),
            amounts,
            one_delay: matches!(maker.synapses[s].delay, Some(Amount::Same(_))),
        })
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
        for at in 0..grouping.len(cx) {
            self.watch.pass(at)?;
            rule.rule.draw(cx, at, split, &mut draws)?;
            if draws.partners.is_empty() {
                continue;
            }
            let context = positions(cx, at, &draws.partners, &mut buffers);
            for synapse in &mut synapses {
                match synapse.amounts {
                    Amounts::Same(_, delay) => delays.note(delay),
                    Amounts::Each => {
                        let pairs = match grouping {
                            Grouping::Mutual => 2 * draws.partners.len(),
                            _ => draws.partners.len(),
                        };
                        let place = |i: usize| match grouping {
                            Grouping::Mutual => 0,
                            _ => draws.place(i),
                        };
                        let places = (0..pairs).map(place);
                        self.numbers(synapse.s, at, places, &context, &mut numbers)?;
                        let (least, most, _) = survey(&numbers.delays, &[]);
                        delays.note(least);
                        delays.note(most);
                    }
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
                        for &i in &hits {
                            let p = draws.partners[i as usize] as usize;
                            put.one(synapse, cx.sources[at], p, i as usize, &numbers);
                        }
                    }
                    Grouping::Mutual => {
                        for (i, &p) in draws.partners.iter().enumerate() {
                            let p = p as usize;
                            put.one(synapse, cx.sources[p], at, 2 * i, &numbers);
                            put.back(synapse, cx.targets[at], p, 2 * i + 1, &numbers);
                        }
                    }
                }
            }
        }
        for synapse in &synapses {
            self.note_reached(cx.targets, &synapse.targets, &synapse.ports, worker);
            self.note_reached(cx.sources, &synapse.sources, &synapse.ports, worker);
        }
        Ok(delays)
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
            self.batches.push([None; 2]);
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
    /// Connection `i`, from `source` to the target with index `to`.
    #[inline(always)]
    fn one(&mut self, synapse: &mut Synapse, source: u32, to: usize, i: usize, n: &Numbers) {
        let spot = synapse.targets.list[to];
        if spot.port != ABSENT {
            synapse.targets.reached[to] = true;
            self.connection(synapse, source, spot, i, n);
        }
    }

    /// Connection `i`, from `source` to the rule's source with index `to`.
    #[inline(always)]
    fn back(&mut self, synapse: &mut Synapse, source: u32, to: usize, i: usize, n: &Numbers) {
        let spot = synapse.sources.list[to];
        if spot.port != ABSENT {
            synapse.sources.reached[to] = true;
            self.connection(synapse, source, spot, i, n);
        }
    }

    /// Connection `i`, from `source` to where a spot says.
    #[inline(always)]
    pub fn connection(
        &mut self,
        synapse: &mut Synapse,
        source: u32,
        spot: Spot,
        i: usize,
        n: &Numbers,
    ) {
        let (weight, delay) = match synapse.amounts {
            Amounts::Same(weight, delay) => (weight, delay),
            Amounts::Each => (n.weights[i], n.delays[i]),
        };
        let (pending, batch) = self.batch(synapse, spot.port, weight, delay);
        pending.add(batch, (source, delay, weight), spot.local);
    }

    /// The batch for connections with weights and delays like these to a port.
    #[inline(always)]
    fn batch(
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
        let known = &mut synapse.ports.batches[port as usize][usize::from(weight < 0.0)];
        let batch = *known.get_or_insert_with(|| {
            let to = synapse.ports.list[port as usize];
            let shared = synapse.one_delay.then_some(delay);
            let kind = self.maker.kind((synapse.s, self.w), to, weight, shared);
            reached(pending, kind, self.last)
        });
        (pending, batch)
    }

    /// Connections to one port, with the numbers of `pairs`, from the source that `source` gives for
    /// each to the place in `locals`.
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
            let (pending, batch) = self.batch(synapse, port, weights[0], delays[0]);
            let connection = |i: usize| (source(i), delays[i], weights[i]);
            pending.add_runs(batch, locals.len(), connection, target);
            return;
        }
        for (i, &local) in locals.iter().enumerate() {
            self.connection(synapse, source(i), Spot { local, port }, pairs.start + i, n);
        }
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
