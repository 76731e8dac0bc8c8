//! Connect: from pairs to connections, each with the worker that owns its target.

use super::maker::{Maker, Ports, Stateful, check_gap};
use super::timers::Stopwatch;
use super::{DelayRange, Simulation, Single};
use crate::connect::{AmountRef, ConnSpec, Grouping, Rule, RuleContext, Side, Space, SynSpecRef};
use crate::device::Drive;
use crate::error::{Error, Kind, Result};
use crate::model::{ElementType, Event, RecorderKind, Signal, SynapseKind, Variant};
use crate::node::Family;
use crate::rank::Call;
use crate::rng::{Key, Purpose};
use crate::synapse::{BLOCK_BITS, PendingMark, blocks_of};
use crate::time::Clock;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use std::time::Instant;

/// Most constant weights that are stored once for all their connections; those of later constants
/// are stored per connection.
const SHARED_WEIGHTS: usize = 64;

/// The expected number of connections from which on they are made by all threads.
const WORTH_THREADS: f64 = 2000.0;

/// The number of pairs below which the processor time of a call is not asked for.
const SHORT: usize = 1000;

/// What to do instead of connecting from a recorder that is sent to.
const RECORDER_HINT: &str = " A spike recorder is the target: connect the neuron to the recorder.";

/// What to do instead of connecting to a recorder that asks for what it records.
pub(super) const METER_HINT: &str =
    " A multimeter is the source: connect the multimeter to the node that it samples.";

/// What a node sends along its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sends {
    Spikes,
    Device(Signal),
    Requests,
    Nothing,
}

impl Simulation {
    /// A delay in steps, rounded to the nearest.
    ///
    /// # Errors
    /// When it is below the resolution or outside a fixed range.
    pub(super) fn delay_steps(&self, ms: f64) -> Result<u32> {
        delay_steps(ms, &self.clock, &self.delays, self.has_run)
    }

    /// Makes connections between nodes.
    ///
    /// # Errors
    /// When a node does not exist, the rule does not fit the populations, a synapse does not fit
    /// its nodes, or a number is not right. Then no connection is made.
    pub fn connect(
        &mut self,
        sources: &[u32],
        targets: &[u32],
        rule: &ConnSpec,
        synapses: &[SynSpecRef<'_>],
    ) -> Result<()> {
        let single = Single::of(sources, targets, rule, synapses);
        if single.is_some_and(|single| self.connect_plain(&single)) {
            return Ok(());
        }
        self.connect_general(sources, targets, rule, synapses)
    }

    /// Makes connections in the general way.
    pub(super) fn connect_general(
        &mut self,
        sources: &[u32],
        targets: &[u32],
        rule: &ConnSpec,
        synapses: &[SynSpecRef<'_>],
    ) -> Result<()> {
        let few = sources.len().saturating_mul(targets.len()) < SHORT;
        let start = Instant::now();
        let stopwatch = (!few).then(Stopwatch::start);
        self.watch.start();
        let listed = self.list_held();
        let mark = if rule.make_symmetric || rule.rule.reverses() {
            self.mark(&[sources, targets].concat())
        } else {
            self.mark(sources)
        };
        let made = listed
            .and_then(|()| Self::check_elements(rule, synapses))
            .and_then(|()| self.connect_here(sources, targets, rule, synapses));
        self.watch.commit();
        let result = self.agree(Call::Connect, 0, 0, made).map(drop);
        if result.is_err() {
            self.roll_back(&mark);
        } else {
            self.connect_calls += 1;
            self.generation += 1;
            if let Some(elements) = synapses.first().and_then(|s| s.elements.as_deref()) {
                self.take_connected(sources, targets, rule, elements);
            }
        }
        match stopwatch {
            Some(stopwatch) => self.timers.connect.add(&stopwatch),
            None => self.timers.connect.add_short(start.elapsed().as_secs_f64()),
        }
        result
    }

    /// Makes the connections that live on this rank.
    fn connect_here(
        &mut self,
        sources: &[u32],
        targets: &[u32],
        rule: &ConnSpec,
        synapses: &[SynSpecRef<'_>],
    ) -> Result<()> {
        self.refuse_while_prepared("Connecting")?;
        self.nodes.families(sources)?;
        self.nodes.families(targets)?;
        let space = self.space(sources, targets, rule, synapses, true)?;
        let context = RuleContext {
            sources,
            targets,
            allow_autapses: rule.allow_autapses,
            allow_multapses: rule.allow_multapses,
            key: Key::new(self.settings.seed(), Purpose::ConnectRule),
            call: self.connect_calls,
            space: space.as_ref(),
        };
        rule.rule.check(&context, rule.make_symmetric)?;
        self.check_room(rule.rule.expected(&context))?;
        self.check_arrays(&context, rule, synapses)?;
        self.check_symmetry(&context, rule, synapses)?;
        self.check_populations(&context, rule)?;
        self.make(&context, rule, synapses)?;
        if rule.make_symmetric && matches!(rule.rule, Rule::OneToOne) {
            let swapped = RuleContext {
                sources: targets,
                targets: sources,
                ..context
            };
            self.check_populations(&swapped, rule)?;
            self.make(&swapped, rule, synapses)?;
        }
        Ok(())
    }

    /// The two populations in space, if the rule or the synapses depend on it; where `own`, targets
    /// on other ranks may be left out.
    pub(super) fn space(
        &mut self,
        sources: &[u32],
        targets: &[u32],
        rule: &ConnSpec,
        synapses: &[SynSpecRef<'_>],
        own: bool,
    ) -> Result<Option<Space>> {
        let mut parameters = synapses.iter().flat_map(SynSpecRef::parameters);
        let spec = match &rule.space {
            Some(spec) => spec.clone(),
            None if parameters.any(crate::parameter::Parameter::is_spatial) => Default::default(),
            None => return Ok(None),
        };
        let source = self.side(sources)?;
        let target = if sources == targets {
            source.clone()
        } else if own && self.draws_own(sources, targets, &rule.rule)? {
            self.own_side(targets)?
        } else {
            self.side(targets)?
        };
        Space::new(&spec, &rule.rule, source, target, synapses).map(Some)
    }

    fn side(&mut self, ids: &[u32]) -> Result<Side> {
        let (layer, places) = self.layers.common(ids)?;
        let columns = Arc::new(self.columns_of(&layer, &places)?);
        let every = (0, 1);
        Ok(Side {
            layer,
            columns,
            every,
        })
    }

    /// Whether a rule is drawn on this rank for its own targets alone, which stand at equal
    /// distances among the targets.
    fn draws_own(&self, sources: &[u32], targets: &[u32], rule: &Rule) -> Result<bool> {
        let consecutive = targets.windows(2).all(|pair| pair[1] == pair[0] + 1);
        if self.ranks.alone() || !consecutive || rule.grouping() != Grouping::ByTarget {
            return Ok(false);
        }
        let mut families = self.nodes.families(sources)?;
        families.extend(self.nodes.families(targets)?);
        Ok(families.iter().all(|f| self.is_neuron(f.0)))
    }

    /// The nodes of this rank among consecutive ones.
    fn own_side(&self, ids: &[u32]) -> Result<Side> {
        let (layer, places) = self.layers.common(ids)?;
        let first = (0..ids.len()).find(|&at| self.nodes.is_here(ids[at]));
        let every = (first.unwrap_or(0), self.ranks.count());
        let own = places.iter().skip(every.0).step_by(every.1).copied();
        let own: Vec<u32> = first.map_or(Vec::new(), |_| own.collect());
        let columns = Arc::new(layer.columns(&own));
        Ok(Side {
            layer,
            columns,
            every,
        })
    }

    fn check_arrays(
        &self,
        cx: &RuleContext<'_>,
        rule: &ConnSpec,
        synapses: &[SynSpecRef<'_>],
    ) -> Result<()> {
        let wanted = rule.rule.array_len(cx);
        for syn in synapses {
            let delay = syn.delay.as_ref();
            let known = [("weight", Some(&syn.weight)), ("delay", delay)];
            let numbers = syn.numbers.iter().map(|n| ("a parameter", Some(&n.1)));
            for (name, amount) in known.into_iter().chain(numbers) {
                let Some(v) = amount.and_then(AmountRef::list) else {
                    continue;
                };
                if wanted != Some(v.len()) {
                    let fits = wanted.map_or("no list".to_owned(), |n| format!("{n} values"));
                    return Err(Error::new(
                        Kind::Value,
                        format!(
                            "{name} has {} values, but {} with these populations takes {fits}",
                            v.len(),
                            rule.rule.name()
                        ),
                    ));
                }
            }
            if syn.receptor.len() != 1 && wanted != Some(syn.receptor.len()) {
                return Err(Error::new(
                    Kind::Value,
                    format!(
                        "{} receptor types do not fit the connections",
                        syn.receptor.len()
                    ),
                ));
            }
        }
        Ok(())
    }

    fn check_symmetry(
        &self,
        cx: &RuleContext<'_>,
        rule: &ConnSpec,
        synapses: &[SynSpecRef<'_>],
    ) -> Result<()> {
        let number = |a: &AmountRef<'_>| a.same().is_some();
        for syn in synapses {
            let info = &self.synapse_model(syn.model).info;
            let scalar = number(&syn.weight)
                && syn.delay.as_ref().is_none_or(number)
                && syn.numbers.iter().all(|n| number(&n.1));
            let self_symmetric = rule.rule == Rule::AllToAll && cx.sources == cx.targets && scalar;
            if info.requires_symmetric && !rule.make_symmetric && !self_symmetric {
                return Err(Error::bad_property(format!(
                    "Connections with this synapse model can only be created as one-to-one \
                     connections with \"make_symmetric\" set to true or as all-to-all connections \
                     with equal source and target populations and default or scalar parameters; \
                     the model is {}.",
                    info.name
                )));
            }
            if !rule.make_symmetric {
                continue;
            }
            if syn.parameters().any(|p| p.as_constant().is_none()) {
                return Err(Error::new(
                    Kind::NotImplemented,
                    "Connections with random parameters cannot be made symmetric: they would \
                     differ between the two directions; use numbers or arrays",
                ));
            }
        }
        Ok(())
    }

    fn check_populations(&self, cx: &RuleContext<'_>, rule: &ConnSpec) -> Result<()> {
        let on_source = rule.space.as_ref().is_some_and(|s| s.on_source);
        let to_devices = match &rule.rule {
            Rule::PairwiseBernoulli(_) => on_source,
            Rule::PairwisePoisson(_) => cx.space.is_some(),
            rule => rule.allows_devices(),
        };
        if to_devices {
            return Ok(());
        }
        for (family, id) in self.nodes.families(cx.targets)? {
            if !self.is_neuron(family) {
                if cx.space.is_some() {
                    return Err(Error::illegal_connection(format!(
                        "Spatial Connect with {} to devices is not possible: node {id} is a {}.",
                        rule.rule.name(),
                        self.families[family].name()
                    )));
                }
                return Err(Error::illegal_connection(format!(
                    "Cannot use this rule ({}) to connect to nodes without proxies (usually devices): \
                     node {id} is a {}.",
                    rule.rule.name(),
                    self.families[family].name()
                )));
            }
        }
        Ok(())
    }

    /// The ports that connections will use: an error if a target lacks one.
    fn ports(
        &self,
        targets: &[u32],
        synapses: &[SynSpecRef<'_>],
        kinds: &[SynapseKind],
        events: &[Event],
    ) -> Result<Ports> {
        let mut ports = Ports::new();
        let mut found: Vec<(usize, u32)> = Vec::new();
        for stretch in self.nodes.stretches(targets) {
            let (places, run) = stretch?;
            let Some(ops) = self.families[run.family].neurons() else {
                continue;
            };
            let parts = self.workers.iter().map(|w| &w.parts[run.family]);
            let classes: Vec<&[u32]> = parts.map(|part| ops.classes(part)).collect();
            if let Some(class) = only_class(&classes, places.len()) {
                let here = |&id: &u32| run.locate(id).is_some();
                if found.last() != Some(&(run.family, class)) && targets[places].iter().any(here) {
                    found.push((run.family, class));
                }
                continue;
            }
            let here = targets[places].iter().filter_map(|&id| run.locate(id));
            for at in here {
                let class = classes[at.worker as usize][at.local as usize];
                if found.last() != Some(&(run.family, class)) {
                    found.push((run.family, class));
                }
            }
        }
        for (f, class) in found {
            let Some(ops) = self.families[f].neurons() else {
                continue;
            };
            for (s, syn) in synapses.iter().enumerate() {
                if kinds[s] == SynapseKind::GapJunction {
                    check_gap(&*self.families[f], &syn.receptor)?;
                    continue;
                }
                self.check_target(syn, f)?;
                for &event in events {
                    for &receptor in &syn.receptor {
                        let key = (s, f, class, event == Event::Spike, receptor);
                        if let Entry::Vacant(slot) = ports.entry(key) {
                            slot.insert(ops.port(class, event, receptor)?);
                        }
                    }
                }
            }
        }
        Ok(ports)
    }

    /// Checks that multimeters, which take a receptor of their own, can use synapse models.
    fn check_requests(&self, synapses: &[SynSpecRef<'_>]) -> Result<()> {
        for syn in synapses {
            let model = self.synapse_model(syn.model);
            if model.variant == Variant::Hpc {
                return Err(Error::illegal_connection(format!(
                    "Only rport==0 allowed for HPC synapses. A multimeter needs one of its own; \
                     use {} instead of {}.",
                    model.info.name, model.name
                )));
            }
        }
        Ok(())
    }

    /// Checks that a synapse model can have targets of a family.
    fn check_target(&self, syn: &SynSpecRef<'_>, family: usize) -> Result<()> {
        let model = self.synapse_model(syn.model);
        let family = &self.families[family];
        if model.info.reads_history && !family.info().archives {
            return Err(Error::illegal_connection(format!(
                "The target node does not support STDP synapses. {} keeps no spike history, which \
                 {} reads.",
                family.name(),
                model.name
            )));
        }
        if model.variant == Variant::Hpc && syn.receptor.iter().any(|&r| r != 0) {
            return Err(Error::illegal_connection(format!(
                "Only rport==0 allowed for HPC synapses. Use {} instead.",
                model.info.name
            )));
        }
        Ok(())
    }

    /// What the connections of a stateful synapse have in common, made known to all workers.
    fn stateful<'a>(&mut self, syn: &SynSpecRef<'a>) -> Result<Option<Stateful<'a>>> {
        let model = self.synapse_model(syn.model);
        let Some(ops) = model.ops.clone() else {
            return Ok(None);
        };
        let mut words = model.words.clone();
        let mut varying = Vec::new();
        for (at, amount) in &syn.numbers {
            match amount.same() {
                Some(x) => words[*at] = x,
                None => varying.push((*at, amount.clone())),
            }
        }
        let specs = model.numbers();
        let checked = !syn.numbers.is_empty();
        self.share_model(syn.model);
        if let Some(weight) = syn.weight.same()
            && varying.is_empty()
            && checked
        {
            ops.check(&words, weight)?;
        }
        let never = ops.never();
        let now = self.now();
        let template = |w: &mut super::Worker| w.plastic.template(syn.model, &words, never, now);
        let templates = self.workers.iter_mut().map(template).collect();
        let named = |at: usize| {
            let mut names = specs.iter().map(|s| s.name);
            let model = self.synapse_model(syn.model);
            let name = names.find(|name| model.number(name).is_some_and(|n| n.0 == at));
            name.and_then(|name| model.number(name)).map(|n| n.1)
        };
        let varying = varying
            .into_iter()
            .filter_map(|(at, amount)| named(at).map(|spec| (at, spec, amount)))
            .collect();
        Ok(Some(Stateful {
            ops,
            words,
            varying,
            checked,
            templates,
        }))
    }

    /// Whether connections of a constant weight share it: so do those of the first such weights.
    /// All workers decide alike, since the order of their sums depends on it.
    pub(super) fn shares_weight(&mut self, synapse: &SynSpecRef<'_>) -> Option<f64> {
        let weight = synapse.weight.same().filter(|w| w.is_finite())?;
        self.shares(synapse.model, weight)
    }

    /// A finite weight, if connections of a model can share it.
    pub(super) fn shares(&mut self, model: u16, weight: f64) -> Option<f64> {
        let entry = (model, weight.to_bits());
        if !self.shared_weights.contains(&entry) {
            if self.shared_weights.len() == SHARED_WEIGHTS {
                return None;
            }
            self.shared_weights.push(entry);
        }
        Some(weight)
    }

    /// What the sources send, each kind once.
    fn kinds_of(&self, ids: &[u32]) -> Result<Vec<Sends>> {
        let mut kinds = Vec::new();
        for (f, _) in self.nodes.families(ids)? {
            let kind = sends(&*self.families[f]);
            if kind == Sends::Nothing {
                let hint = match self.families[f].recorders().map(|r| r.kind()) {
                    Some(RecorderKind::Spikes) => RECORDER_HINT,
                    _ => "",
                };
                return Err(Error::illegal_connection(format!(
                    "{} does not send anything, it cannot be the source of a connection.{hint}",
                    self.families[f].name()
                )));
            }
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        Ok(kinds)
    }

    pub(super) fn make(
        &mut self,
        cx: &RuleContext<'_>,
        rule: &ConnSpec,
        synapses: &[SynSpecRef<'_>],
    ) -> Result<()> {
        let both: Vec<u32>;
        let (sources, targets) = if rule.rule.reverses() && cx.sources != cx.targets {
            both = [cx.sources, cx.targets].concat();
            (&both[..], &both[..])
        } else {
            (cx.sources, cx.targets)
        };
        let kinds = self.kinds_of(sources)?;
        let mut events: Vec<Event> = Vec::new();
        for kind in &kinds {
            match kind {
                Sends::Spikes | Sends::Device(Signal::Spikes) => events.push(Event::Spike),
                Sends::Device(Signal::Currents) => events.push(Event::Current),
                Sends::Requests | Sends::Nothing => {}
            }
        }
        if kinds.contains(&Sends::Requests) {
            self.check_requests(synapses)?;
        }
        let families = self.nodes.families(targets)?;
        let all_neurons = families.iter().all(|f| self.is_neuron(f.0));
        let kinds_of_synapses: Vec<_> = synapses
            .iter()
            .map(|s| self.synapse_model(s.model).info.kind)
            .collect();
        let ports = self.ports(targets, synapses, &kinds_of_synapses, &events)?;
        let split = rule.rule.split(cx);
        let weights = synapses.iter().map(|s| self.shares_weight(s)).collect();
        let stateful: Result<Vec<_>> = synapses.iter().map(|s| self.stateful(s)).collect();
        let stateful = stateful?;
        self.start_threads()?;
        self.workers.iter_mut().for_each(super::maker::turn);
        let maker = Maker {
            clock: self.clock,
            families: &self.families,
            nodes: &self.nodes,
            watch: &self.watch,
            synapses,
            kinds: kinds_of_synapses,
            infos: synapses
                .iter()
                .map(|s| self.synapse_model(s.model).info)
                .collect(),
            stateful,
            weights,
            ports,
            key: Key::new(self.settings.seed(), Purpose::SynapseParameter),
            call: self.connect_calls,
            delays: self.delays,
            now: self.now(),
            has_run: self.has_run,
            gap_interval: self.settings.wfr_comm_interval,
            requests: kinds.contains(&Sends::Requests),
        };
        let fast = all_neurons && kinds == [Sends::Spikes];
        let result = if fast {
            let pool = self.pool.as_mut().expect("threads are started");
            let pool = (rule.rule.expected(cx) >= WORTH_THREADS).then_some(pool);
            maker.make_all(cx, rule, &split, &mut self.workers, pool)
        } else {
            maker.make_one_by_one(cx, rule, &split, &mut self.workers, &mut self.devices)
        };
        self.delays.merge(result?);
        Ok(())
    }

    /// Refuses connections that cannot be held: too many for an index, or for the memory.
    pub(super) fn check_room(&self, expected: f64) -> Result<()> {
        let vps = f64::from(self.nodes.layout().vps());
        let limit = f64::from(u32::MAX) * vps;
        let bytes = expected * 4.0 / self.ranks.count() as f64;
        let fits = expected <= limit && Vec::<u8>::new().try_reserve_exact(bytes as usize).is_ok();
        if fits {
            return Ok(());
        }
        Err(Error::new(
            Kind::Kernel,
            format!(
                "Too many connections: {expected:e} do not fit in memory, or exceed the {limit:e} \
                 that {vps} threads can hold"
            ),
        ))
    }

    /// How much there is of everything that connections from `senders` can add to; what they cannot
    /// reach is not looked at, so that a small call in a large network is cheap.
    pub(super) fn mark(&self, senders: &[u32]) -> Mark {
        self.mark_blocks(blocks_of(senders))
    }

    /// As [`Simulation::mark`], for the blocks of the senders.
    pub(super) fn mark_blocks(&self, senders: Vec<u32>) -> Mark {
        let workers = self.workers.iter();
        let drives = workers.clone().map(|w| {
            let drive = |d: &Drive| (d.id, d.entries.len());
            let found = senders.iter().flat_map(|&block| w.drives_in(block));
            found.map(drive).collect()
        });
        Mark {
            pending: workers.clone().map(|w| w.pending.mark(&senders)).collect(),
            plastic: workers
                .clone()
                .map(|w| w.plastic.pending.mark(&senders))
                .collect(),
            gaps: workers.clone().map(|w| w.gaps.entries.len()).collect(),
            drives: drives.collect(),
            listening: self.devices.listening.len(),
            sampling: self.devices.sampling.len(),
            linked: self.devices.linked.len(),
            shared_weights: self.shared_weights.len(),
            delays: self.delays,
            senders,
        }
    }

    pub(super) fn roll_back(&mut self, mark: &Mark) {
        for (i, w) in self.workers.iter_mut().enumerate() {
            w.pending.truncate(&mark.senders, &mark.pending[i]);
            w.plastic.pending.truncate(&mark.senders, &mark.plastic[i]);
            w.gaps.entries.truncate(mark.gaps[i]);
            let known: BTreeMap<u32, usize> = mark.drives[i].iter().copied().collect();
            w.drives.retain_mut(|d| {
                if mark.senders.binary_search(&(d.id >> BLOCK_BITS)).is_err() {
                    return true;
                }
                let held = known.get(&d.id);
                d.entries.truncate(held.copied().unwrap_or(0));
                held.is_some()
            });
        }
        self.devices.listening.truncate(mark.listening);
        self.devices.sampling.truncate(mark.sampling);
        self.devices.linked.truncate(mark.linked);
        self.shared_weights.truncate(mark.shared_weights);
        self.delays = mark.delays;
        self.devices.note_connected(&self.families, &self.nodes);
    }
}

/// A point to which a failed Connect goes back.
pub(super) struct Mark {
    /// The blocks of ids that the senders are in.
    senders: Vec<u32>,
    pending: Vec<PendingMark>,
    plastic: Vec<PendingMark>,
    gaps: Vec<usize>,
    drives: Vec<Vec<(u32, usize)>>,
    listening: usize,
    sampling: usize,
    linked: usize,
    shared_weights: usize,
    delays: DelayRange,
}

/// One more than the longest delay, in steps.
pub(super) const MAX_DELAY: u32 = 1 << 24;

pub(super) fn delay_steps(
    ms: f64,
    clock: &Clock,
    range: &DelayRange,
    has_run: bool,
) -> Result<u32> {
    let bad = |text: String| Err(Error::new(Kind::BadDelay, text));
    if !ms.is_finite() {
        return bad(format!("Delay value {ms} is invalid: it must be finite"));
    }
    let steps = clock.delay(ms);
    if steps < 1 {
        return bad(format!(
            "Delay value {ms} is invalid: Delay must be greater than or equal to resolution"
        ));
    }
    if steps >= i64::from(MAX_DELAY) {
        return bad(format!(
            "Delay value {ms} is invalid: it must be less than {MAX_DELAY} steps"
        ));
    }
    let steps = steps as u32;
    if has_run || range.fixed.is_some() {
        let (min, max) = range.range();
        if steps < min || steps > max {
            return bad(format!(
                "Delay value {ms} is invalid: Minimum and maximum delay cannot be changed any more, \
                 they are {} and {} ms",
                clock.ms(min.into()),
                clock.ms(max.into())
            ));
        }
    }
    Ok(steps)
}

/// The class of all nodes of a family, if they have but one; looked for where the targets are about
/// as many as they are.
fn only_class(classes: &[&[u32]], targets: usize) -> Option<u32> {
    let nodes: usize = classes.iter().map(|c| c.len()).sum();
    let first = *classes.iter().find_map(|c| c.first())?;
    let same = |list: &&[u32]| list.iter().fold(true, |all, &c| all & (c == first));
    (nodes <= 4 * targets && classes.iter().all(same)).then_some(first)
}

pub(super) fn sends(family: &dyn Family) -> Sends {
    match family.info().element {
        ElementType::Neuron => Sends::Spikes,
        ElementType::Stimulator => match family.stimulators() {
            Some(ops) => Sends::Device(ops.signal()),
            None => Sends::Nothing,
        },
        ElementType::Recorder => match family.recorders().map(|r| r.kind()) {
            Some(RecorderKind::Samples { .. }) => Sends::Requests,
            _ => Sends::Nothing,
        },
        ElementType::Other => Sends::Nothing,
    }
}
