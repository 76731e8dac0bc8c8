//! Connect: from pairs to connections, each with the worker that owns its target.

use super::devices::Listening;
use super::{DelayRange, Simulation, Worker};
use crate::connect::{Amount, ConnSpec, Pair, Rule, RuleContext, SynSpec};
use crate::device::{Drive, DriveEntry};
use crate::error::{Error, Kind, Result};
use crate::event::ChannelKey;
use crate::model::{ElementType, Event, Port, RecorderKind, Signal, SynapseKind};
use crate::node::{Family, Location, NodeTable};
use crate::rng::{Key, Purpose, Stream};
use crate::synapse::{Connection, GapEntry};
use crate::time::Clock;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Instant;

/// What a node sends along its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sends {
    Spikes,
    Device(Signal),
    Requests,
    Nothing,
}

/// What is needed to make one connection.
struct Maker<'a> {
    clock: Clock,
    families: &'a [Box<dyn Family>],
    nodes: &'a NodeTable,
    synapses: &'a [SynSpec],
    kinds: Vec<SynapseKind>,
    /// Ports of target classes: by synapse, family, class, event.
    ports: BTreeMap<(usize, usize, u32, bool, i64), Port>,
    key: Key,
    call: u32,
    /// The delays so far, and a fixed range.
    delays: DelayRange,
    /// What a gap junction bounds a slice to (ms).
    gap_interval: f64,
}

/// A connection with its numbers, for a target wherever it is.
struct Made {
    synapse: usize,
    source: u32,
    target: u32,
    weight: f64,
    delay: u32,
    receptor: i64,
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
        synapses: &[SynSpec],
    ) -> Result<()> {
        let start = Instant::now();
        self.refuse_while_prepared("Connecting")?;
        for &id in sources.iter().chain(targets) {
            self.nodes.run(id)?;
        }
        let context = RuleContext {
            sources,
            targets,
            allow_autapses: rule.allow_autapses,
            allow_multapses: rule.allow_multapses,
            key: Key::new(self.settings.seed(), Purpose::ConnectRule),
            call: self.connect_calls,
        };
        rule.rule.check(&context, rule.make_symmetric)?;
        self.check_arrays(&context, rule, synapses)?;
        self.check_symmetry(&context, rule, synapses)?;
        self.check_populations(&context, rule)?;
        let mark = self.mark();
        let result = self.make(&context, rule, synapses).and_then(|()| {
            let both = rule.make_symmetric && matches!(rule.rule, Rule::OneToOne);
            if both {
                let swapped = RuleContext {
                    sources: targets,
                    targets: sources,
                    ..context
                };
                self.check_populations(&swapped, rule)?;
                self.make(&swapped, rule, synapses)?;
            }
            Ok(())
        });
        if result.is_err() {
            self.roll_back(&mark);
        } else {
            self.connect_calls += 1;
            self.generation += 1;
        }
        self.timers.connect += start.elapsed().as_secs_f64();
        result
    }

    fn check_arrays(
        &self,
        cx: &RuleContext<'_>,
        rule: &ConnSpec,
        synapses: &[SynSpec],
    ) -> Result<()> {
        let wanted = rule.rule.array_len(cx);
        for syn in synapses {
            let delay = syn.delay.as_ref();
            let lists = [("weight", Some(&syn.weight)), ("delay", delay)];
            for (name, amount) in lists {
                let Some(Amount::Each(v)) = amount else {
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
        synapses: &[SynSpec],
    ) -> Result<()> {
        let number = |a: &Amount| a.same().is_some();
        for syn in synapses {
            let info = &self.synapse_model(syn.model).info;
            let scalar = number(&syn.weight) && syn.delay.as_ref().is_none_or(number);
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
            if rule.rule == Rule::AllToAll && !self_symmetric {
                return Err(Error::new(
                    Kind::NotImplemented,
                    "This connection rule does not support symmetric connections.",
                ));
            }
            if matches!(syn.weight, Amount::Drawn(_)) && !scalar {
                return Err(Error::new(
                    Kind::NotImplemented,
                    "Connections with random parameters cannot be made symmetric: weight or delay \
                     would differ between the two directions; use numbers or arrays",
                ));
            }
        }
        Ok(())
    }

    fn check_populations(&self, cx: &RuleContext<'_>, rule: &ConnSpec) -> Result<()> {
        if rule.rule.allows_devices() {
            return Ok(());
        }
        for &id in cx.targets {
            let (family, _) = self.nodes.locate(id)?;
            if !self.is_neuron(family) {
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

    fn maker<'a>(
        &'a self,
        targets: &[u32],
        synapses: &'a [SynSpec],
        events: &[Event],
    ) -> Result<Maker<'a>> {
        let mut maker = Maker {
            clock: self.clock,
            families: &self.families,
            nodes: &self.nodes,
            synapses,
            kinds: synapses
                .iter()
                .map(|s| self.synapse_model(s.model).info.kind)
                .collect(),
            ports: BTreeMap::new(),
            key: Key::new(self.settings.seed(), Purpose::SynapseParameter),
            call: self.connect_calls,
            delays: self.delays,
            gap_interval: self.settings.wfr_comm_interval,
        };
        for &id in targets {
            let (f, at) = self.nodes.locate(id)?;
            let Some(ops) = self.families[f].neurons() else {
                continue;
            };
            let class = ops.class(&self.workers[at.worker as usize].parts[f], at.local);
            for (s, syn) in synapses.iter().enumerate() {
                if maker.kinds[s] == SynapseKind::GapJunction {
                    maker.check_gap(f, &syn.receptor)?;
                    continue;
                }
                for &event in events {
                    for &receptor in &syn.receptor {
                        let key = (s, f, class, event == Event::Spike, receptor);
                        if let Entry::Vacant(slot) = maker.ports.entry(key) {
                            slot.insert(ops.port(class, event, receptor)?);
                        }
                    }
                }
            }
        }
        Ok(maker)
    }

    /// What the sources send, each kind once.
    fn kinds_of(&self, ids: &[u32]) -> Result<Vec<Sends>> {
        let mut kinds = Vec::new();
        let mut last = usize::MAX;
        for &id in ids {
            let (f, _) = self.nodes.locate(id)?;
            if f == last {
                continue;
            }
            last = f;
            let kind = sends(&*self.families[f]);
            if kind == Sends::Nothing {
                return Err(Error::illegal_connection(format!(
                    "{} does not send anything, it cannot be the source of a connection.",
                    self.families[f].name()
                )));
            }
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        Ok(kinds)
    }

    fn make(&mut self, cx: &RuleContext<'_>, rule: &ConnSpec, synapses: &[SynSpec]) -> Result<()> {
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
        let all_neurons = {
            let mut neurons = true;
            for &id in targets {
                neurons &= self.is_neuron(self.nodes.locate(id)?.0);
            }
            neurons
        };
        let split = rule.rule.split(cx);
        let mut workers = std::mem::take(&mut self.workers);
        // ports need the parts, which are needed to write: look them up first
        let ports = {
            self.workers = workers;
            let maker = self.maker(targets, synapses, &events)?;
            let ports = maker.ports;
            workers = std::mem::take(&mut self.workers);
            ports
        };
        let mut maker = Maker {
            clock: self.clock,
            families: &self.families,
            nodes: &self.nodes,
            synapses,
            kinds: synapses
                .iter()
                .map(|s| self.synapse_model(s.model).info.kind)
                .collect(),
            ports,
            key: Key::new(self.settings.seed(), Purpose::SynapseParameter),
            call: self.connect_calls,
            delays: self.delays,
            gap_interval: self.settings.wfr_comm_interval,
        };
        let fast = all_neurons && kinds == [Sends::Spikes];
        let result = if fast {
            let pool = self
                .pool
                .get_or_insert_with(|| crate::parallel::Pool::new(workers.len()));
            maker.make_in_parallel(cx, rule, &split, &mut workers, pool, self.has_run)
        } else {
            maker.make_one_by_one(
                cx,
                rule,
                &split,
                &mut workers,
                &mut self.devices,
                self.has_run,
            )
        };
        let found = maker.delays;
        self.workers = workers;
        if let Ok(range) = result {
            self.delays.merge(found);
            self.delays.merge(range);
            return Ok(());
        }
        result.map(drop)
    }

    /// How much there is of everything that Connect adds to.
    fn mark(&self) -> Mark {
        Mark {
            pending: self.workers.iter().map(|w| w.pending.mark()).collect(),
            gaps: self.workers.iter().map(|w| w.gaps.entries.len()).collect(),
            drives: self
                .workers
                .iter()
                .map(|w| w.drives.iter().map(|d| d.entries.len()).collect())
                .collect(),
            listening: self.devices.listening.len(),
            sampling: self.devices.sampling.len(),
        }
    }

    fn roll_back(&mut self, mark: &Mark) {
        for (i, w) in self.workers.iter_mut().enumerate() {
            w.pending.truncate(&mark.pending[i]);
            w.gaps.entries.truncate(mark.gaps[i]);
            w.drives.truncate(mark.drives[i].len());
            for (d, &n) in w.drives.iter_mut().zip(&mark.drives[i]) {
                d.entries.truncate(n);
            }
        }
        self.devices.listening.truncate(mark.listening);
        self.devices.sampling.truncate(mark.sampling);
        self.devices.note_connected(&self.families, &self.nodes);
    }
}

/// A point to which a failed Connect goes back.
struct Mark {
    pending: Vec<Vec<usize>>,
    gaps: Vec<usize>,
    drives: Vec<Vec<usize>>,
    listening: usize,
    sampling: usize,
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

fn sends(family: &dyn Family) -> Sends {
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

impl Maker<'_> {
    fn check_gap(&self, family: usize, receptor: &[i64]) -> Result<()> {
        if !self.families[family].info().gap_junctions {
            return Err(self.no_gaps(
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

    /// Gap junctions couple both ways, so either end must send and receive.
    fn no_gaps(&self, family: usize, what: &str) -> Error {
        let name = self.families[family].name();
        Error::illegal_connection(format!("{what}. {name} has no gap junctions."))
    }

    /// The stream of the numbers of one target's connections, or of one pair's.
    fn stream(&self, index: usize, by_pair: bool, synapse: usize) -> Stream {
        let tag = synapse as u32 * 2 + u32::from(by_pair);
        Stream::new(self.key, self.call, index as u32, tag)
    }

    fn numbers(
        &self,
        synapse: usize,
        pair: &Pair,
        cx: &RuleContext<'_>,
        stream: &mut Stream,
        has_run: bool,
    ) -> Result<Made> {
        let spec = &self.synapses[synapse];
        let delay = match &spec.delay {
            Some(amount) => {
                let ms = amount.get(pair.place, stream)?;
                delay_steps(ms, &self.clock, &self.delays, has_run)?
            }
            // a gap junction counts as the interval at which coupled nodes communicate
            None => delay_steps(self.gap_interval, &self.clock, &self.delays, has_run)?,
        };
        let (source, target) = cx.ends(pair);
        Ok(Made {
            synapse,
            source,
            target,
            weight: spec.weight.get(pair.place, stream)?,
            delay,
            receptor: spec.receptor(pair.place)?,
        })
    }

    fn port(&self, family: usize, class: u32, event: Event, made: &Made) -> Result<Port> {
        let key = (
            made.synapse,
            family,
            class,
            event == Event::Spike,
            made.receptor,
        );
        self.ports.get(&key).copied().ok_or_else(|| {
            Error::new(
                Kind::UnknownReceptorType,
                format!("Receptor type {} is not available", made.receptor),
            )
        })
    }

    /// Puts a connection between neurons on the worker that owns the target.
    fn add(
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
            let source = self.nodes.locate(made.source)?.0;
            if !self.families[source].info().gap_junctions {
                let what = "The target node or synapse model does not support gap junction input";
                return Err(self.no_gaps(source, what));
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
        let port = self.port(family, ops.class(part, at.local), Event::Spike, made)?;
        delays.note(made.delay);
        ops.connected(part, at.local);
        worker.pending.push(Connection {
            source: made.source,
            channel: ChannelKey {
                family: family as u32,
                channel: port.channel(made.weight) as u32,
            },
            local: at.local,
            weight: made.weight,
            delay: made.delay,
            model,
            counts: port.counts,
        });
        Ok(())
    }

    fn make_in_parallel(
        &mut self,
        cx: &RuleContext<'_>,
        rule: &ConnSpec,
        split: &[u64],
        workers: &mut [Worker],
        pool: &crate::parallel::Pool,
        has_run: bool,
    ) -> Result<DelayRange> {
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
        let maker = &*self;
        pool.run(&mut jobs, |w, job| {
            job.result = maker.make_for_worker(cx, rule, split, w, job.worker, has_run);
        });
        let mut all = DelayRange::default();
        for job in jobs {
            all.merge(job.result?);
        }
        Ok(all)
    }

    fn make_for_worker(
        &self,
        cx: &RuleContext<'_>,
        rule: &ConnSpec,
        split: &[u64],
        w: usize,
        worker: &mut Worker,
        has_run: bool,
    ) -> Result<DelayRange> {
        let mut delays = DelayRange::default();
        let n = self.synapses.len();
        if rule.rule.goes_by_target() {
            for (t, &id) in cx.targets.iter().enumerate() {
                if self.nodes.worker(id) != w {
                    continue;
                }
                let (family, at) = self.nodes.locate(id)?;
                let mut streams: Vec<_> = (0..n).map(|s| self.stream(t, false, s)).collect();
                rule.rule.pairs_of_target(cx, t, split, &mut |pair| {
                    (0..n).try_for_each(|s| {
                        let made = self.numbers(s, &pair, cx, &mut streams[s], has_run)?;
                        self.add(&made, family, at, worker, &mut delays)
                    })
                })?;
            }
            return Ok(delays);
        }
        let mut index = 0;
        rule.rule.all_pairs(cx, &mut |pair| {
            let (_, id) = cx.ends(&pair);
            index += 1;
            if self.nodes.worker(id) != w {
                return Ok(());
            }
            let (family, at) = self.nodes.locate(id)?;
            (0..n).try_for_each(|s| {
                let mut stream = self.stream(index - 1, true, s);
                let made = self.numbers(s, &pair, cx, &mut stream, has_run)?;
                self.add(&made, family, at, worker, &mut delays)
            })
        })?;
        Ok(delays)
    }

    /// Makes connections where devices take part, or kinds of nodes are mixed.
    fn make_one_by_one(
        &mut self,
        cx: &RuleContext<'_>,
        rule: &ConnSpec,
        split: &[u64],
        workers: &mut [Worker],
        devices: &mut super::devices::Devices,
        has_run: bool,
    ) -> Result<DelayRange> {
        let mut delays = DelayRange::default();
        let maker = &*self;
        let n = maker.synapses.len();
        if rule.rule.goes_by_target() {
            for t in 0..cx.targets.len() {
                let mut streams: Vec<_> = (0..n).map(|s| maker.stream(t, false, s)).collect();
                rule.rule.pairs_of_target(cx, t, split, &mut |pair| {
                    (0..n).try_for_each(|s| {
                        let made = maker.numbers(s, &pair, cx, &mut streams[s], has_run)?;
                        maker.place(&made, workers, devices, &mut delays)
                    })
                })?;
            }
        } else {
            let mut index = 0;
            rule.rule.all_pairs(cx, &mut |pair| {
                index += 1;
                (0..n).try_for_each(|s| {
                    let mut stream = maker.stream(index - 1, true, s);
                    let made = maker.numbers(s, &pair, cx, &mut stream, has_run)?;
                    maker.place(&made, workers, devices, &mut delays)
                })
            })?;
        }
        Ok(delays)
    }

    /// Makes one connection, whatever its ends are.
    fn place(
        &self,
        made: &Made,
        workers: &mut [Worker],
        devices: &mut super::devices::Devices,
        delays: &mut DelayRange,
    ) -> Result<()> {
        let (sf, s_at) = self.nodes.locate(made.source)?;
        let (tf, t_at) = self.nodes.locate(made.target)?;
        let from = sends(&*self.families[sf]);
        let target_kind = self.families[tf].info().element;
        let model = self.synapses[made.synapse].model;
        if from != Sends::Spikes && self.kinds[made.synapse] != SynapseKind::Static {
            return Err(Error::illegal_connection(format!(
                "{} cannot be connected with a gap junction.",
                self.families[sf].name()
            )));
        }
        match (from, target_kind) {
            (Sends::Spikes, ElementType::Neuron) => {
                self.add(made, tf, t_at, &mut workers[t_at.worker as usize], delays)
            }
            (Sends::Device(signal), ElementType::Neuron) => {
                let worker = &mut workers[t_at.worker as usize];
                self.add_drive(made, signal, (sf, s_at), (tf, t_at), worker, delays)
            }
            (Sends::Spikes | Sends::Device(Signal::Spikes), ElementType::Recorder)
                if self.hears_spikes(tf) =>
            {
                delays.note(made.delay);
                devices.listening.push(Listening {
                    source: made.source,
                    recorder: made.target,
                    weight: made.weight,
                    delay: made.delay,
                    model,
                    receptor: 0,
                });
                Ok(())
            }
            (Sends::Requests, _) => {
                delays.note(made.delay);
                self.check_recordables(made, (sf, s_at), (tf, t_at), workers, devices)?;
                let recorder = devices.recorder_mut(self.families, sf, s_at.local);
                if recorder.is_some_and(|r| !r.connected.insert(made.target)) {
                    return Err(Error::illegal_connection(format!(
                        "Each multimeter can only be connected once to a given node; node {} \
                         samples node {} already.",
                        made.source, made.target
                    )));
                }
                let receptor = devices.next_meter(made.target);
                devices.sampling.push(Listening {
                    source: made.target,
                    recorder: made.source,
                    weight: made.weight,
                    delay: made.delay,
                    model,
                    receptor,
                });
                Ok(())
            }
            _ => {
                let what = if from == Sends::Device(Signal::Currents) {
                    "current"
                } else {
                    "spike"
                };
                Err(Error::illegal_connection(format!(
                    "The target node {} ({}) does not support {what} input.",
                    made.target,
                    self.families[tf].name()
                )))
            }
        }
    }

    fn hears_spikes(&self, family: usize) -> bool {
        self.families[family]
            .recorders()
            .is_some_and(|r| r.kind() == RecorderKind::Spikes)
    }

    fn add_drive(
        &self,
        made: &Made,
        signal: Signal,
        (sf, s_at): (usize, Location),
        (tf, t_at): (usize, Location),
        worker: &mut Worker,
        delays: &mut DelayRange,
    ) -> Result<()> {
        let Some(ops) = self.families[tf].neurons() else {
            return Ok(());
        };
        let event = if signal == Signal::Spikes {
            Event::Spike
        } else {
            Event::Current
        };
        let class = ops.class(&worker.parts[tf], t_at.local);
        let port = self.port(tf, class, event, made)?;
        let model = self.synapses[made.synapse].model;
        let known = worker.drives.iter().position(|d| d.id == made.source);
        let drive = known.unwrap_or_else(|| {
            worker.drives.push(Drive::new(made.source, sf, s_at.local));
            worker.drives.len() - 1
        });
        let drive = &mut worker.drives[drive];
        if drive.entries.first().is_some_and(|e| e.model != model) {
            return Err(Error::illegal_connection(
                "All outgoing connections from a device must use the same synapse type.",
            ));
        }
        delays.note(made.delay);
        ops.connected(&mut worker.parts[tf], t_at.local);
        drive.entries.push(DriveEntry {
            target: made.target,
            channel: ChannelKey {
                family: tf as u32,
                channel: port.channel(made.weight) as u32,
            },
            local: t_at.local,
            weight: made.weight,
            delay: made.delay,
            model,
            counts: port.counts,
        });
        Ok(())
    }

    fn check_recordables(
        &self,
        made: &Made,
        (sf, s_at): (usize, Location),
        (tf, t_at): (usize, Location),
        workers: &[Worker],
        devices: &super::devices::Devices,
    ) -> Result<()> {
        let Some(recorder) = devices.recorder(self.families, sf, s_at.local) else {
            return Ok(());
        };
        let names = match self.families[tf].neurons() {
            Some(_) => {
                let part = &workers[t_at.worker as usize].parts[tf];
                self.families[tf].recordables(Some((part, t_at.local)))
            }
            None => self.families[tf].recordables(None),
        };
        if names.is_empty() || made.receptor != 0 {
            return Err(Error::illegal_connection(format!(
                "{} (node {}) has nothing to record on receptor {}.",
                self.families[tf].name(),
                made.target,
                made.receptor
            )));
        }
        for wanted in &recorder.sampling.record_from {
            if !names.contains(wanted) {
                let known = names.iter().map(String::as_str);
                let e = Error::unknown(Kind::IllegalConnection, "Recordable", wanted, known);
                let place = format!("Cannot connect with unknown recordable {wanted}");
                return Err(Error::illegal_connection(e.within(&place).message));
            }
        }
        Ok(())
    }
}
