//! From the pairs of a rule to connections, each with the worker that owns its target.

use super::connect::{MAX_DELAY, delay_steps};
use super::signs::{PlacesBySign, Signs};
use super::watch::Watch;
use super::{DelayRange, Worker};
use crate::connect::{
    AmountRef, ConnSpec, Draws, Grouping, PairBuffers, Rule, RuleContext, SynSpecRef,
};
use crate::error::{Error, Kind, Result};
use crate::event::ChannelKey;
use crate::math::first_not_finite;
use crate::model::{Event, NumberSpec, Port, SynapseInfo, SynapseKind, SynapseOps};
use crate::node::{Family, Location, NodeTable};
use crate::parallel::Pool;
use crate::parameter::Context;
use crate::rng::{Key, PlaceStreams, Stream};
use crate::synapse::{BatchKind, Connection, Full, GapEntry, Pending};
use crate::time::{Clock, Step};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Ports of target classes: by synapse, family, class, whether for spikes, and receptor.
pub(super) type Ports = BTreeMap<(usize, usize, u32, bool, i64), Port>;

/// What is needed to make connections.
pub(super) struct Maker<'a> {
    pub clock: Clock,
    pub families: &'a [Box<dyn Family>],
    pub nodes: &'a NodeTable,
    pub watch: &'a Watch,
    pub synapses: &'a [SynSpecRef<'a>],
    pub kinds: Vec<SynapseKind>,
    pub infos: Vec<SynapseInfo>,
    /// For each synapse what its connections share, if the model is a stateful one.
    pub stateful: Vec<Option<Stateful<'a>>>,
    /// For each synapse the weight that its connections share.
    pub weights: Vec<Option<f64>>,
    pub ports: Ports,
    pub key: Key,
    pub call: u32,
    /// The delays so far, and a fixed range.
    pub delays: DelayRange,
    pub now: Step,
    pub has_run: bool,
    /// What a gap junction bounds a slice to (ms).
    pub gap_interval: f64,
    /// Whether any source is a multimeter.
    pub requests: bool,
}

/// What the connections of a stateful synapse share.
pub(super) struct Stateful<'a> {
    pub ops: Arc<dyn SynapseOps>,
    /// The words of all, but for those that vary.
    pub words: Vec<f64>,
    pub varying: Vec<(usize, NumberSpec, AmountRef<'a>)>,
    /// Whether the numbers of a connection are to be checked together.
    pub checked: bool,
    /// On each worker the template of connections none of whose words vary.
    pub templates: Vec<u32>,
}

impl Stateful<'_> {
    /// A weight whose sign is that of what is sent.
    pub(super) fn sign(&self, words: &[f64], weight: f64) -> f64 {
        if self.ops.sends_negative(words, weight) {
            -1.0
        } else {
            1.0
        }
    }
}

/// A connection with its numbers, for a target wherever it is.
pub(super) struct Made {
    pub synapse: usize,
    pub source: u32,
    pub target: u32,
    pub weight: f64,
    pub delay: u32,
    pub receptor: i64,
    /// The words of a connection of a stateful model, where they vary.
    pub words: Vec<f64>,
}

/// Weights and delays of the connections of one node.
#[derive(Default)]
pub(super) struct Numbers {
    pub weights: Vec<f64>,
    pub delays: Vec<u32>,
    ms: Vec<f64>,
    /// A column for each word that varies.
    words: Vec<Vec<f64>>,
    pub signs: Signs,
    by_sign: PlacesBySign,
}

/// Gap junctions couple both ways, so either end must send and receive.
fn no_gaps(family: &dyn Family, what: &str) -> Error {
    let name = family.name();
    Error::illegal_connection(format!("{what}. {name} has no gap junctions."))
}

pub(super) fn check_gap(family: &dyn Family, receptor: &[i64]) -> Result<()> {
    if !family.info().gap_junctions {
        return Err(no_gaps(
            family,
            "The source node does not support gap junction output",
        ));
    }
    match receptor.iter().find(|&&r| r != 0) {
        Some(r) => Err(Error::new(
            Kind::UnknownReceptorType,
            format!("Receptor type {r} is not available for gap junctions; use 0"),
        )),
        None => Ok(()),
    }
}

/// The random numbers of one quantity of one synapse of a call.
#[derive(Clone, Copy)]
pub(super) struct Streams {
    key: Key,
    call: u32,
    last: u32,
}

impl Streams {
    /// Those of the connections of the node with index `at`.
    pub fn at(self, at: u32) -> Stream {
        Stream::new(self.key, self.call, at, self.last)
    }

    /// Those of the pairs at some places.
    pub fn of(self, places: &[u32]) -> PlaceStreams<'_> {
        PlaceStreams::new(self.key, [self.call, self.last], places)
    }
}

/// Fills `out` with the amounts of connections whose places in arrays are `places`.
pub(super) fn amounts(
    amount: &AmountRef<'_>,
    places: impl ExactSizeIterator<Item = usize> + Clone,
    stream: &mut Stream,
    context: &Context<'_>,
    out: &mut Vec<f64>,
) -> Result<()> {
    match amount {
        AmountRef::Same(x) => {
            out.clear();
            out.resize(places.len(), *x);
        }
        AmountRef::Each(list) => {
            out.clear();
            let first = places.clone().next().unwrap_or(0);
            let mut steps = places.clone().zip(first..);
            match list.get(first..first + places.len()) {
                Some(stretch) if steps.all(|(a, b)| a == b) => out.extend_from_slice(stretch),
                _ if places.clone().all(|place| place < list.len()) => {
                    out.extend(places.map(|place| list[place]));
                }
                _ => {
                    for place in places {
                        out.push(amount.get(place, stream)?);
                    }
                }
            }
            // lists were checked when they were given
            if first_not_finite(out).is_some() {
                return Err(Error::bad_property(
                    "a list was changed while connections were made from it: not all of it is finite",
                ));
            }
        }
        AmountRef::Drawn(p) => {
            // what is there already is written over
            out.resize(places.len(), 0.0);
            p.fill(stream, context, out)?;
            check_finite(out)?;
        }
    }
    Ok(())
}

/// Checks what a parameter gave.
pub(super) fn check_finite(list: &[f64]) -> Result<()> {
    if let Some(x) = first_not_finite(list) {
        return Err(Error::bad_property(format!(
            "a Parameter gave {x}, which is not finite"
        )));
    }
    Ok(())
}

/// The smallest and the greatest of some delays, and how many weights are negative.
pub(super) fn survey(delays: &[u32], weights: &[f64]) -> (u32, u32, usize) {
    crate::math::vectorize(
        #[inline(always)]
        || {
            let (mut least, mut most, mut negative) = (u32::MAX, 0, 0u64);
            for &d in delays {
                (least, most) = (least.min(d), most.max(d));
            }
            for &w in weights {
                negative += u64::from(w < 0.0);
            }
            (least, most, negative as usize)
        },
    )
}

/// What the amounts of the connections of one node can depend on.
pub(super) fn positions<'a>(
    cx: &RuleContext<'_>,
    at: usize,
    partners: &[u32],
    buffers: &'a mut PairBuffers,
) -> Context<'a> {
    match cx.space {
        Some(space) => space.amounts_context(at, partners, buffers),
        None => Context::default(),
    }
}

impl Maker<'_> {
    pub(super) fn steps(&self, ms: f64) -> Result<u32> {
        delay_steps(ms, &self.clock, &self.delays, self.has_run)
    }

    /// Delays in steps: [`Maker::steps`] of each, many at a time.
    fn all_steps(&self, ms: &[f64], steps: &mut Vec<u32>) -> Result<()> {
        steps.clear();
        steps.resize(ms.len(), 0);
        let fit = self.clock.delays(ms, MAX_DELAY, steps);
        if !fit || self.has_run || self.delays.fixed.is_some() {
            for (x, out) in ms.iter().zip(steps) {
                *out = self.steps(*x)?;
            }
        }
        Ok(())
    }

    /// The numbers of synapse `s` of the connections of the node with index `at`, whose places in
    /// arrays are `places`.
    pub(super) fn numbers(
        &self,
        s: usize,
        at: usize,
        places: impl ExactSizeIterator<Item = usize> + Clone,
        context: &Context<'_>,
        out: &mut Numbers,
    ) -> Result<()> {
        self.numbers_by(s, out, |amount, streams, out| {
            let mut stream = streams.at(at as u32);
            amounts(amount, places.clone(), &mut stream, context, out)
        })
    }

    /// The numbers of synapse `s` of connections, of which `fill` gives one quantity at a time.
    pub(super) fn numbers_by(
        &self,
        s: usize,
        out: &mut Numbers,
        fill: impl Fn(&AmountRef<'_>, Streams, &mut Vec<f64>) -> Result<()>,
    ) -> Result<()> {
        let spec = &self.synapses[s];
        let streams = |key: Key, last: u32| Streams {
            key,
            call: self.call,
            last,
        };
        let first = s as u32 * 2;
        fill(&spec.weight, streams(self.key, first), &mut out.weights)?;
        let n = out.weights.len();
        if let Some(stateful) = &self.stateful[s] {
            out.words.resize_with(stateful.varying.len(), Vec::new);
            for ((word, spec, amount), column) in stateful.varying.iter().zip(&mut out.words) {
                let key = self.key.derive(2, *word as u32);
                fill(amount, streams(key, s as u32), column)?;
                column.iter().try_for_each(|&x| spec.checked(x).map(drop))?;
            }
        }
        match &spec.delay {
            // a gap junction counts as the interval at which coupled nodes communicate
            None => refill(&mut out.delays, n, self.steps(self.gap_interval)?),
            Some(AmountRef::Same(ms)) => refill(&mut out.delays, n, self.steps(*ms)?),
            Some(amount) => {
                fill(amount, streams(self.key, first + 1), &mut out.ms)?;
                self.all_steps(&out.ms, &mut out.delays)?;
            }
        }
        Ok(())
    }

    pub(super) fn port(
        &self,
        synapse: usize,
        family: usize,
        class: u32,
        event: Event,
        receptor: i64,
    ) -> Result<Port> {
        let key = (synapse, family, class, event == Event::Spike, receptor);
        self.ports.get(&key).copied().ok_or_else(|| {
            Error::new(
                Kind::UnknownReceptorType,
                format!("Receptor type {receptor} is not available"),
            )
        })
    }

    /// Puts a connection between neurons on the worker that owns the target.
    pub(super) fn add(
        &self,
        made: &Made,
        family: usize,
        at: Location,
        worker: &mut Worker,
        delays: &mut DelayRange,
    ) -> Result<()> {
        let model = self.synapses[made.synapse].model;
        let part = &mut worker.parts[family];
        let Some(ops) = self.families[family].neurons() else {
            return Ok(());
        };
        if self.kinds[made.synapse] == SynapseKind::GapJunction {
            let source = &*self.families[self.nodes.locate(made.source)?.0];
            if !source.info().gap_junctions {
                let what = "The target node or synapse model does not support gap junction input";
                return Err(no_gaps(source, what));
            }
            delays.note(made.delay);
            worker.gaps.entries.push(GapEntry {
                family,
                local: at.local,
                source: made.source,
                weight: made.weight,
            });
            return Ok(());
        }
        let class = ops.class(part, at.local);
        let port = self.port(made.synapse, family, class, Event::Spike, made.receptor)?;
        let stateful = self.stateful[made.synapse].as_ref();
        let words = match stateful {
            Some(s) if s.varying.is_empty() => &s.words,
            _ => &made.words,
        };
        let sign = stateful.map_or(made.weight, |s| s.sign(words, made.weight));
        delays.note(made.delay);
        ops.connected(part, &[at.local]);
        let connection = Connection {
            source: made.source,
            channel: ChannelKey {
                family: family as u32,
                channel: port.channel(sign) as u32,
            },
            local: at.local,
            weight: made.weight,
            own_weight: self.weights[made.synapse].is_none(),
            delay: made.delay,
            model,
            counts: port.counts,
        };
        let Some(stateful) = stateful else {
            worker.pending.push(connection);
            return Ok(());
        };
        if stateful.checked {
            stateful.ops.check(words, made.weight)?;
        }
        let full = Full {
            connection,
            words: words.clone(),
            last: stateful.ops.never(),
        };
        worker.plastic.push(&full, self.now);
        Ok(())
    }

    /// Makes connections between neurons, on the threads of `pool` if there is one.
    pub fn make_all(
        &self,
        cx: &RuleContext<'_>,
        rule: &ConnSpec,
        split: &[u64],
        workers: &mut [Worker],
        pool: Option<&mut Pool>,
    ) -> Result<DelayRange> {
        let simple = (0..self.synapses.len()).all(|s| self.is_simple(s));
        // synapses of one model that a pair has are made one after the other, pair by pair
        let paired = simple && matches!(rule.rule, Rule::OneToOne) && !self.repeats_model();
        let make = |w: usize, worker: &mut Worker| match rule.rule.grouping() {
            _ if paired => self.make_pairs(cx, w, worker),
            Grouping::ByTarget => self.make_by_target(cx, rule, split, w, worker),
            _ if simple => self.make_scattered(cx, rule, split, w, worker),
            _ => self.make_own(cx, rule, split, w, worker),
        };
        let mut all = DelayRange::default();
        let Some(pool) = pool else {
            for (w, worker) in workers.iter_mut().enumerate() {
                all.merge(make(w, worker)?);
            }
            return Ok(all);
        };
        struct Job<'a> {
            worker: &'a mut Worker,
            result: Result<DelayRange>,
        }
        let mut jobs: Vec<_> = workers
            .iter_mut()
            .map(|worker| Job {
                worker,
                result: Ok(DelayRange::default()),
            })
            .collect();
        pool.run(&mut jobs, |w, job| {
            job.result = make(w, job.worker);
        });
        for job in jobs {
            all.merge(job.result?);
        }
        Ok(all)
    }

    /// Makes the connections between neurons that end on worker `w`, target by target.
    fn make_by_target(
        &self,
        cx: &RuleContext<'_>,
        rule: &ConnSpec,
        split: &[u64],
        w: usize,
        worker: &mut Worker,
    ) -> Result<DelayRange> {
        let mut delays = DelayRange::default();
        let (mut draws, mut numbers) = (Draws::default(), Numbers::default());
        let mut pairs = PairBuffers::default();
        let last = cx.sources.iter().copied().max().unwrap_or(0);
        let in_turn = self.repeats_model() || !cx.targets.is_sorted_by(|a, b| a < b);
        for (t, &id) in cx.targets.iter().enumerate() {
            self.watch.pass(t)?;
            if !self.nodes.is_on(id, w) {
                continue;
            }
            rule.rule.draw(cx, t, split, &mut draws)?;
            if draws.partners.is_empty() {
                continue;
            }
            let (family, Some(at)) = self.nodes.locate(id)? else {
                continue;
            };
            let context = positions(cx, t, &draws.partners, &mut pairs);
            for s in 0..self.synapses.len() {
                if in_turn {
                    turn(worker);
                }
                if self.is_simple(s) {
                    let sources = (cx.sources, last);
                    self.add_row(
                        (s, w),
                        t,
                        (family, at),
                        sources,
                        &draws,
                        &context,
                        &mut numbers,
                        worker,
                        &mut delays,
                    )?;
                    continue;
                }
                let places = (0..draws.partners.len()).map(|i| draws.place(i));
                self.numbers(s, t, places, &context, &mut numbers)?;
                for (i, &p) in draws.partners.iter().enumerate() {
                    let source = cx.sources[p as usize];
                    let made = self.made(s, (source, id), draws.place(i), i, &numbers)?;
                    self.add(&made, family, at, worker, &mut delays)?;
                }
            }
        }
        Ok(delays)
    }

    /// Whether several of the synapses are of one model.
    pub(super) fn repeats_model(&self) -> bool {
        let models: BTreeSet<u16> = self.synapses.iter().map(|s| s.model).collect();
        models.len() < self.synapses.len()
    }

    /// Whether connections of a synapse can be made a row at a time.
    pub(super) fn is_simple(&self, s: usize) -> bool {
        let constant = match &self.stateful[s] {
            None => self.kinds[s] == SynapseKind::Static,
            Some(stateful) => {
                let one_weight = self.synapses[s].weight.same().is_some();
                stateful.varying.is_empty() && (one_weight || !stateful.checked)
            }
        };
        constant && self.synapses[s].receptor.len() == 1
    }

    fn made(
        &self,
        synapse: usize,
        (source, target): (u32, u32),
        place: usize,
        i: usize,
        numbers: &Numbers,
    ) -> Result<Made> {
        Ok(Made {
            synapse,
            source,
            target,
            weight: numbers.weights[i],
            delay: numbers.delays[i],
            receptor: self.synapses[synapse].receptor(place)?,
            words: self.words(synapse, i, numbers),
        })
    }

    /// The words of connection `i` of a stateful synapse, where they vary.
    fn words(&self, synapse: usize, i: usize, numbers: &Numbers) -> Vec<f64> {
        match &self.stateful[synapse] {
            Some(stateful) if !stateful.varying.is_empty() => {
                let mut words = stateful.words.clone();
                for ((at, ..), column) in stateful.varying.iter().zip(&numbers.words) {
                    words[*at] = column[i];
                }
                words
            }
            _ => Vec::new(),
        }
    }

    /// Adds the connections of synapse `s` from all partners in `draws` to one target; `sources`
    /// are the ids of the rule's sources and the greatest of them.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn add_row(
        &self,
        (s, w): (usize, usize),
        t: usize,
        (family, at): (usize, Location),
        (sources, last): (&[u32], u32),
        draws: &Draws,
        context: &Context<'_>,
        numbers: &mut Numbers,
        worker: &mut Worker,
        delays: &mut DelayRange,
    ) -> Result<()> {
        let spec = &self.synapses[s];
        let part = &mut worker.parts[family];
        let Some(ops) = self.families[family].neurons() else {
            return Ok(());
        };
        let class = ops.class(part, at.local);
        let port = self.port(s, family, class, Event::Spike, spec.receptor[0])?;
        ops.connected(part, &[at.local]);
        let stateful = self.stateful[s].as_ref();
        let pending = match stateful {
            Some(_) => &mut worker.plastic.pending,
            None => &mut worker.pending,
        };
        let kind =
            |weight: f64, delay: Option<u32>| self.kind((s, w), (family, port), weight, delay);
        let ids = draws.partners.iter().map(|&p| sources[p as usize]);
        if let (Some(weight), Some(AmountRef::Same(ms))) = (self.weights[s], &spec.delay) {
            let delay = self.steps(*ms)?;
            delays.note(delay);
            let batch = pending.index_of(kind(weight, Some(delay)));
            pending.reach(batch, last);
            pending.extend(batch, ids.map(|id| (id, delay, weight)), at.local);
            return Ok(());
        }
        let places = (0..draws.partners.len()).map(|i| draws.place(i));
        self.numbers(s, t, places, context, numbers)?;
        let (least, most, below) = survey(&numbers.delays, &numbers.weights);
        delays.note(least);
        delays.note(most);
        if let Some(weight) = self.weights[s] {
            let batch = pending.index_of(kind(weight, None));
            pending.reach(batch, last);
            let delays = ids.zip(&numbers.delays);
            pending.extend(
                batch,
                delays.map(|(id, &delay)| (id, delay, weight)),
                at.local,
            );
            return Ok(());
        }
        let below = match port.positive == port.negative {
            true => 0,
            false => below,
        };
        let constant = matches!(spec.delay, Some(AmountRef::Same(_))).then_some(least);
        let kind = |weight| kind(weight, constant).with_delays_up_to(most);
        let ends = (sources, last, at.local);
        add_own_weights(pending, ends, &draws.partners, numbers, below, kind);
        Ok(())
    }

    /// Makes those connections between neurons that end on worker `w`, for rules that do not go by
    /// target.
    fn make_own(
        &self,
        cx: &RuleContext<'_>,
        rule: &ConnSpec,
        split: &[u64],
        w: usize,
        worker: &mut Worker,
    ) -> Result<DelayRange> {
        let mut delays = DelayRange::default();
        self.for_each_made(cx, rule, split, |made| {
            if !self.nodes.is_on(made.target, w) {
                return Ok(());
            }
            let (family, Some(at)) = self.nodes.locate(made.target)? else {
                return Ok(());
            };
            self.add(made, family, at, worker, &mut delays)
        })?;
        Ok(delays)
    }

    /// Whether nothing that ends on a node is of interest to this rank: a neuron is elsewhere, and
    /// no multimeter needs to know.
    fn ignores(&self, id: u32) -> Result<bool> {
        let neuron = |f: usize| self.families[f].neurons().is_some();
        Ok(!self.nodes.is_here(id) && !self.requests && neuron(self.nodes.run(id)?.family))
    }

    /// Visits the connections of a rule with their numbers, all those that concern this rank.
    pub(super) fn for_each_made(
        &self,
        cx: &RuleContext<'_>,
        rule: &ConnSpec,
        split: &[u64],
        mut visit: impl FnMut(&Made) -> Result<()>,
    ) -> Result<()> {
        let (mut draws, mut numbers) = (Draws::default(), Numbers::default());
        let grouping = rule.rule.grouping();
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        let mut buffers = PairBuffers::default();
        for at in 0..grouping.len(cx) {
            self.watch.pass(at)?;
            if grouping == Grouping::ByTarget && self.ignores(cx.targets[at])? {
                continue;
            }
            rule.rule.draw(cx, at, split, &mut draws)?;
            let other = |p: &u32| *p as usize;
            let context = positions(cx, at, &draws.partners, &mut buffers);
            let partners = draws.partners.iter().map(other);
            pairs.clear();
            match grouping {
                Grouping::ByTarget => {
                    pairs.extend(partners.map(|p| (cx.sources[p], cx.targets[at])));
                }
                Grouping::BySource => {
                    pairs.extend(partners.map(|p| (cx.sources[at], cx.targets[p])));
                }
                Grouping::Mutual => pairs.extend(partners.flat_map(|p| {
                    let (source, target) = (cx.sources[p], cx.targets[at]);
                    [(source, target), (target, source)]
                })),
            }
            let place = |i: usize| match grouping {
                Grouping::Mutual => 0,
                _ => draws.place(i),
            };
            for s in 0..self.synapses.len() {
                let places = (0..pairs.len()).map(place);
                self.numbers(s, at, places, &context, &mut numbers)?;
                for (i, &pair) in pairs.iter().enumerate() {
                    visit(&self.made(s, pair, place(i), i, &numbers)?)?;
                }
            }
        }
        Ok(())
    }
}

/// Adds connections with weights of their own, of which so many count as negative, to one target at
/// a place, from some of the sources, of which the greatest id is known. `kind` gives what those with
/// weights like one have in common.
fn add_own_weights(
    pending: &mut Pending,
    (sources, last, local): (&[u32], u32, u32),
    partners: &[u32],
    numbers: &mut Numbers,
    below: usize,
    kind: impl Fn(f64) -> BatchKind,
) {
    // slices of one known length, and a range over it, make a loop without checks
    let all = partners.len();
    let (weights, delays) = (&numbers.weights[..all], &numbers.delays[..all]);
    let source = |i: usize| sources[partners[i] as usize];
    let connection = |i: usize| (source(i), delays[i], weights[i]);
    let batch_of = |pending: &mut Pending, weight: f64| {
        let batch = pending.index_of(kind(weight));
        pending.reach(batch, last);
        batch
    };
    if below == 0 || below == all {
        let batch = batch_of(pending, if below == 0 { 1.0 } else { -1.0 });
        match are_neighbours(partners) {
            true => pending.add_runs(batch, all, connection, |_| local),
            false => pending.extend(batch, (0..all).map(connection), local),
        }
        return;
    }
    let both = numbers.signs.both((0..all).map(source), weights);
    let by_sign = numbers.by_sign.of(weights, &both);
    for (places, weight) in by_sign.iter().zip([1.0, -1.0]) {
        let batch = batch_of(pending, weight);
        let places = places.iter().map(|&i| i as usize);
        pending.extend(batch, places.map(connection), local);
    }
    for i in both {
        let batch = pending.index_of(kind(weights[i]));
        pending.turn_to(batch);
        pending.add(batch, connection(i), local);
    }
}

/// Whether partners are likely to be neighbours in their order, as `all_to_all` has them.
fn are_neighbours(partners: &[u32]) -> bool {
    match partners {
        [first, .., last] => last.wrapping_sub(*first) as usize == partners.len() - 1,
        _ => false,
    }
}

/// Begins a turn: what is made next on a worker may have ends and model in common with what was
/// made before.
pub(super) fn turn(worker: &mut Worker) {
    worker.pending.turn();
    worker.plastic.pending.turn();
}

fn refill(list: &mut Vec<u32>, n: usize, x: u32) {
    list.clear();
    list.resize(n, x);
}
