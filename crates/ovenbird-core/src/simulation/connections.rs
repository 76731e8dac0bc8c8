//! Connections of a simulation: finding, reading, changing, removing them.

use super::Simulation;
use super::devices::Listening;
use crate::error::{Error, Kind, Result};
use crate::event::ChannelKey;
use crate::model::SynapseKind;
use crate::synapse::{Connection, Position, SourceIndex, Wanted};
use crate::value::{Column, Value};
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

/// Which connections are wanted; `None` means any.
#[derive(Clone, Debug, Default)]
pub struct Filter<'a> {
    pub sources: Option<&'a [u32]>,
    pub targets: Option<&'a [u32]>,
    pub model: Option<u16>,
    pub label: Option<i64>,
}

/// What connections are to become.
#[derive(Default)]
pub(super) struct Changes {
    pub weights: Option<Vec<f64>>,
    pub delays: Option<Vec<u32>>,
    pub numbers: Vec<(String, Vec<f64>)>,
}

/// Where a connection is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Place {
    Row(u32, Position),
    Plastic(u32, Position),
    Gap(u32, u32),
    Drive(u32, u32, u32),
    Listening(u32),
    Sampling(u32),
}

impl Place {
    /// The place as a number, within the list that holds the connection.
    fn port(self) -> u32 {
        match self {
            Place::Row(_, at) | Place::Plastic(_, at) => at.key().1,
            Place::Gap(_, i) | Place::Drive(.., i) | Place::Listening(i) | Place::Sampling(i) => i,
        }
    }
}

/// Of how many connections that are visited one looks at the clock.
const LOOK: usize = 4096;

/// An index that occurs more than once.
fn first_repeated(indices: &[usize]) -> Option<usize> {
    if indices.is_sorted_by(|a, b| a < b) {
        return None;
    }
    let mut sorted = indices.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).find(|w| w[0] == w[1]).map(|w| w[0])
}

/// One connection in a set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Handle {
    pub source: u32,
    pub target: u32,
    pub model: u16,
    /// Which of the connections of the same ends and model, in the order in which they were made.
    pub nth: u32,
    /// Whether there are no others of these ends and model.
    pub alone: bool,
    pub place: Place,
}

impl Handle {
    /// What sets are sorted by: of one model those between neurons come first, then those to
    /// devices, then those from devices.
    fn order(&self) -> (u16, u8, u32, u32) {
        let rank = match self.place {
            Place::Row(..) | Place::Plastic(..) | Place::Gap(..) => 0,
            Place::Listening(_) => 1,
            Place::Sampling(_) | Place::Drive(..) => 2,
        };
        (self.model, rank, self.source, self.target)
    }

    pub(super) fn ends(&self) -> Ends {
        (self.source, self.target, self.model)
    }
}

/// An ordered set of connections: by model, source and target; those that have all these in common
/// in the order in which they were made. It stays what it is when connections are made, changed or
/// removed.
#[derive(Clone, Debug, Default)]
pub struct ConnectionSet {
    members: Members,
    generation: Arc<u64>,
}

#[derive(Clone, Debug)]
enum Members {
    Listed(Vec<Handle>),
    Whole(Arc<Whole>),
}

impl Default for Members {
    fn default() -> Self {
        Members::Listed(Vec::new())
    }
}

/// All connections, or all of a model. They are listed when one of them is asked for, and before
/// any connection is made, moved or removed.
#[derive(Debug)]
pub(super) struct Whole {
    model: Option<u16>,
    len: usize,
    listed: OnceLock<Vec<Handle>>,
}

/// The key of a position in rows.
pub(super) type RowKey = (u32, u32);

/// Source, target and model of a connection.
pub(super) type Ends = (u32, u32, u16);

/// Everything about a connection that users see.
pub(super) struct Seen {
    pub weight: f64,
    pub delay: u32,
    receptor: i64,
}

/// The keys that connections of all models have, but for some the weight.
pub(super) const KEYS: [&str; 10] = [
    "delay",
    "port",
    "receptor",
    "sizeof",
    "source",
    "synapse_id",
    "synapse_model",
    "target",
    "target_thread",
    "weight",
];

impl ConnectionSet {
    /// The number of connections.
    pub fn len(&self) -> usize {
        match &self.members {
            Members::Listed(handles) => handles.len(),
            Members::Whole(whole) => whole.len,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The connections of a set that is listed, as it is once it was refreshed.
    pub(super) fn handles(&self) -> &[Handle] {
        match &self.members {
            Members::Listed(handles) => handles,
            Members::Whole(whole) => whole.listed.get().expect("the set is listed"),
        }
    }
}

impl Simulation {
    /// The number of connections.
    pub fn num_connections(&self) -> usize {
        let of_workers = self.workers.iter().map(|w| {
            let driven: usize = w.drives.iter().map(|d| d.entries.len()).sum();
            let plastic = w.plastic.len() + w.plastic.pending.len();
            w.rows.len() + w.pending.len() + plastic + w.gaps.entries.len() + driven
        });
        of_workers.sum::<usize>() + self.devices.listening.len() + self.devices.sampling.len()
    }

    pub(super) fn connections_of(&self, model: u16) -> usize {
        let mut n = 0;
        for w in &self.workers {
            n += w.rows.count(model) + w.pending.count(model);
            n += w.plastic.count(model) + w.plastic.pending.count(model);
            n += w
                .drives
                .iter()
                .flat_map(|d| &d.entries)
                .filter(|e| e.model == model)
                .count();
        }
        let devices = self.devices.listening.iter().chain(&self.devices.sampling);
        n += devices.filter(|l| l.model == model).count();
        if self.synapse_model(model).info.kind == SynapseKind::GapJunction {
            n += self
                .workers
                .iter()
                .map(|w| w.gaps.entries.len())
                .sum::<usize>();
        }
        n
    }

    pub(super) fn gap_model(&self) -> u16 {
        let gap = |s: &super::SynapseModel| s.info.kind == SynapseKind::GapJunction;
        self.synapses.iter().position(gap).unwrap_or(0) as u16
    }

    /// Brings new connections into their rows, so that they can be found.
    pub(super) fn settle(&mut self) -> Result<()> {
        if self.arranged != Some(self.generation) {
            self.devices.find_recorders(&self.families, &self.nodes);
            self.try_arrange()?;
        }
        Ok(())
    }

    /// The connections that pass a filter, in the order of model, source, target.
    ///
    /// # Errors
    /// When a node does not exist.
    pub fn connections(&mut self, filter: &Filter<'_>) -> Result<ConnectionSet> {
        self.ending_early(|sim| sim.find_set(filter))
    }

    pub(super) fn find_set(&mut self, filter: &Filter<'_>) -> Result<ConnectionSet> {
        self.settle()?;
        let members = match filter {
            Filter {
                sources: None,
                targets: None,
                model,
                label: None,
            } => {
                let whole = Arc::new(Whole {
                    model: *model,
                    len: model.map_or_else(|| self.num_connections(), |m| self.connections_of(m)),
                    listed: OnceLock::new(),
                });
                self.wholes.retain(|held| held.strong_count() > 0);
                self.wholes.push(Arc::downgrade(&whole));
                Members::Whole(whole)
            }
            _ => Members::Listed(self.find_connections(filter)?),
        };
        Ok(ConnectionSet {
            members,
            generation: self.removals.reader(self.generation),
        })
    }

    /// The connections of a set with the given indices.
    ///
    /// # Errors
    /// When an index is out of range or occurs twice.
    pub fn take_connections(
        &self,
        set: &ConnectionSet,
        indices: &[usize],
    ) -> Result<ConnectionSet> {
        let all = self.try_list(set)?;
        if let Some(twice) = first_repeated(indices) {
            return Err(Error::new(
                Kind::Index,
                format!("index {twice} occurs more than once; a connection can be chosen once"),
            ));
        }
        let handles = indices.iter().map(|&i| {
            all.get(i).copied().ok_or_else(|| {
                Error::new(
                    Kind::Index,
                    format!("index {i} is out of range for {} connections", all.len()),
                )
            })
        });
        Ok(ConnectionSet {
            members: Members::Listed(handles.collect::<Result<_>>()?),
            generation: set.generation.clone(),
        })
    }

    /// The connections of a set.
    fn list<'a>(&self, set: &'a ConnectionSet) -> Result<&'a [Handle]> {
        match &set.members {
            Members::Listed(handles) => Ok(handles),
            Members::Whole(whole) => self.list_whole(whole),
        }
    }

    fn list_whole<'a>(&self, whole: &'a Whole) -> Result<&'a [Handle]> {
        if whole.listed.get().is_none() {
            let mut handles = Vec::with_capacity(whole.len);
            let filter = Filter {
                model: whole.model,
                ..Filter::default()
            };
            self.list_filtered(&filter, &mut handles)?;
            return Ok(whole.listed.get_or_init(|| handles));
        }
        Ok(whole.listed.get().map_or(&[], Vec::as_slice))
    }

    /// Lists what is held of all connections, since they are about to change.
    ///
    /// # Errors
    /// When the call is to end.
    pub(super) fn list_held(&mut self) -> Result<()> {
        for whole in &self.wholes {
            if let Some(whole) = whole.upgrade() {
                self.list_whole(&whole)?;
            }
        }
        self.wholes.clear();
        Ok(())
    }

    /// [`Simulation::list_held`] for calls that go through from here on.
    pub(super) fn list_wholes(&mut self) {
        self.watch.commit();
        let listed = self.list_held();
        debug_assert!(listed.is_ok(), "a call that goes through is not ended");
    }

    /// The models of a set, if it is all of the network or of a model, and each of its connections
    /// is in a row.
    pub(super) fn models_of_rows(&self, set: &ConnectionSet) -> Option<BTreeSet<u16>> {
        let Members::Whole(whole) = &set.members else {
            return None;
        };
        if *set.generation != self.generation || self.arranged != Some(self.generation) {
            return None;
        }
        let rows = || self.workers.iter().map(|w| &w.rows);
        let models: BTreeSet<u16> = match whole.model {
            Some(model) => [model].into(),
            None => rows().flat_map(|rows| rows.models(None)).collect(),
        };
        let counts = rows().flat_map(|rows| models.iter().map(|&m| rows.count(m)));
        (counts.sum::<usize>() == whole.len).then_some(models)
    }

    /// The connections that pass a filter, in order.
    pub(super) fn find_connections(&mut self, filter: &Filter<'_>) -> Result<Vec<Handle>> {
        self.settle()?;
        for ids in filter.sources.iter().chain(&filter.targets) {
            for stretch in self.nodes.stretches(ids) {
                stretch?;
            }
        }
        let mut handles = Vec::new();
        self.list_filtered(filter, &mut handles)?;
        Ok(handles)
    }

    /// # Errors
    /// When the call is to end.
    fn list_filtered(&self, filter: &Filter<'_>, handles: &mut Vec<Handle>) -> Result<()> {
        let sources = filter.sources.map(|ids| {
            let mut ids = ids.to_vec();
            ids.sort_unstable();
            ids.dedup();
            ids
        });
        let targets = filter.targets.map(|t| SourceIndex::new(t.iter().copied()));
        let mut seen = 0;
        let mut going = Ok(());
        self.visit(
            sources.as_deref(),
            filter,
            |source, target, model, place| {
                seen += 1;
                if seen % LOOK == 0 && going.is_ok() {
                    going = self.watch.look();
                }
                let wanted = going.is_ok()
                    && filter.model.is_none_or(|m| m == model)
                    && targets.as_ref().is_none_or(|t| t.row(target).is_some());
                if wanted {
                    handles.push(Handle {
                        source,
                        target,
                        model,
                        nth: 0,
                        alone: true,
                        place,
                    });
                }
            },
        );
        going?;
        sort(handles);
        self.watch.look()?;
        for same in handles.chunk_by_mut(|a, b| a.ends() == b.ends()) {
            if let [_, _, ..] = same {
                self.number(same);
            }
        }
        // labels differ between connections of the same ends, which are numbered together
        if let Some(label) = filter.label {
            handles.retain(|h| self.label(h.place) == label);
        }
        self.watch.look()
    }

    /// Puts connections of the same ends and model into the order in which they were made.
    fn number(&self, same: &mut [Handle]) {
        let made = |h: &Handle| match h.place {
            Place::Row(w, at) => self.workers[w as usize].rows.place(at),
            Place::Plastic(w, at) => self.workers[w as usize].plastic.place(at),
            Place::Drive(w, d, i) => {
                self.workers[w as usize].drives[d as usize].entries[i as usize].number
            }
            Place::Gap(_, i) | Place::Listening(i) | Place::Sampling(i) => i,
        };
        if !same.is_sorted_by_key(made) {
            same.sort_by_cached_key(made);
        }
        for (h, nth) in same.iter_mut().zip(0..) {
            (h.nth, h.alone) = (nth, false);
        }
    }

    /// What of the rows of worker `w` passes a filter. Targets that are no neurons have no cells.
    fn wanted(&self, filter: &Filter<'_>, w: usize) -> Wanted {
        let Some(targets) = filter.targets else {
            return Wanted::any(filter.model);
        };
        let channels = self.workers[w].ring.channels();
        let last = channels.last().map_or(0, |&(_, first, n)| first + n);
        let mut cells = Vec::new();
        for &id in targets {
            let Ok((family, Some(at))) = self.nodes.locate(id) else {
                continue;
            };
            if at.worker as usize != w {
                continue;
            }
            let of_node = channels.iter().filter(|c| c.0.family as usize == family);
            cells.extend(of_node.map(|(_, first, _)| first + at.local as usize));
        }
        Wanted::to(filter.model, &cells, last)
    }

    /// Visits the connections from some sources, which are sorted; of those in rows only what else
    /// passes `filter`.
    fn visit(
        &self,
        sources: Option<&[u32]>,
        filter: &Filter<'_>,
        mut f: impl FnMut(u32, u32, u16, Place),
    ) {
        let is_wanted = |source: u32| sources.is_none_or(|s| s.binary_search(&source).is_ok());
        let gap = self.gap_model();
        for (w, worker) in self.workers.iter().enumerate() {
            let ids = self.ids_by_family(w);
            let mut row = |at: Position, c: Connection| {
                let target = ids[c.channel.family as usize][c.local as usize];
                f(c.source, target, c.model, Place::Row(w as u32, at));
            };
            let mut wanted = self.wanted(filter, w);
            let ring = &worker.ring;
            // in the order of sets, so that they need no sorting
            let models = match filter.model {
                Some(model) => vec![model],
                None => worker.rows.models(sources),
            };
            for model in models {
                wanted.model = Some(model);
                match sources {
                    Some(list) => list
                        .iter()
                        .for_each(|&s| worker.rows.find(Some(s), &wanted, ring, &mut row)),
                    None => worker.rows.find(None, &wanted, ring, &mut row),
                }
            }
            let mut row = |at: Position, c: Connection| {
                let target = ids[c.channel.family as usize][c.local as usize];
                f(c.source, target, c.model, Place::Plastic(w as u32, at));
            };
            match sources {
                Some(list) => list
                    .iter()
                    .for_each(|&s| worker.plastic.for_source(s, ring, &mut row)),
                None => worker.plastic.for_each(ring, &mut row),
            }
            for (i, e) in worker.gaps.entries.iter().enumerate() {
                if is_wanted(e.source) {
                    let place = Place::Gap(w as u32, i as u32);
                    f(e.source, ids[e.family][e.local as usize], gap, place);
                }
            }
            for (d, drive) in worker.drives.iter().enumerate() {
                if !is_wanted(drive.id) {
                    continue;
                }
                for (i, e) in drive.entries.iter().enumerate() {
                    let place = Place::Drive(w as u32, d as u32, i as u32);
                    f(drive.id, e.target, e.model, place);
                }
            }
        }
        for (i, l) in self.devices.listening.iter().enumerate() {
            if is_wanted(l.source) {
                f(l.source, l.recorder, l.model, Place::Listening(i as u32));
            }
        }
        for (i, l) in self.devices.sampling.iter().enumerate() {
            if is_wanted(l.recorder) {
                f(l.recorder, l.source, l.model, Place::Sampling(i as u32));
            }
        }
    }

    fn ids_by_family(&self, worker: usize) -> Vec<&[u32]> {
        let parts = &self.workers[worker].parts;
        let ids = self.families.iter().zip(parts);
        ids.map(|(f, p)| f.neurons().map_or(&[][..], |n| n.ids(p)))
            .collect()
    }

    /// [`Simulation::list`] in a call that can end early.
    fn try_list<'a>(&self, set: &'a ConnectionSet) -> Result<&'a [Handle]> {
        self.watch.start();
        let listed = self.list(set);
        self.watch.commit();
        listed
    }

    /// [`Simulation::refresh`] in a call that can end early up to then.
    pub(super) fn try_refresh(&mut self, set: &mut ConnectionSet) -> Result<()> {
        self.ending_early(|sim| sim.refresh(set))
    }

    /// Finds the connections of a set again after others were made or removed.
    pub(super) fn refresh(&mut self, set: &mut ConnectionSet) -> Result<()> {
        self.settle()?;
        let handles = self.list(set)?;
        if *set.generation == self.generation {
            return Ok(());
        }
        let mut sources: Vec<u32> = handles.iter().map(|h| h.source).collect();
        sources.sort_unstable();
        sources.dedup();
        let gone = || {
            Error::new(
                Kind::InexistentConnection,
                "a connection of this collection has been removed",
            )
        };
        if sources.iter().any(|&s| self.nodes.run(s).is_err()) {
            return Err(gone());
        }
        let now = self.find_connections(&Filter {
            sources: Some(&sources),
            ..Filter::default()
        })?;
        let removed = self.removals.since(*set.generation);
        let mut found = Vec::with_capacity(set.len());
        // a set is in order, as a rule, so what is looked for comes next
        let mut next = 0;
        for h in set.handles() {
            let mut nth = h.nth;
            for &other in removed.get(&h.ends()).into_iter().flatten() {
                if other == nth {
                    return Err(gone());
                }
                nth -= u32::from(other < nth);
            }
            let key = (h.order(), nth);
            if now.get(next).map(|n| (n.order(), n.nth)) != Some(key) {
                let search = now.binary_search_by_key(&key, |n| (n.order(), n.nth));
                next = search.map_err(|_| gone())?;
            }
            found.push(now[next]);
            next += 1;
        }
        set.members = Members::Listed(found);
        set.generation = self.removals.reader(self.generation);
        Ok(())
    }

    pub(super) fn see(&self, place: Place) -> Seen {
        let receptor_of = |w: usize, channel: ChannelKey, local: u32| {
            let f = channel.family as usize;
            let part = &self.workers[w].parts[f];
            let ops = self.families[f].neurons();
            ops.map_or(0, |o| {
                o.receptor(o.class(part, local), channel.channel as usize)
            })
        };
        match place {
            Place::Row(w, at) => {
                let worker = &self.workers[w as usize];
                let (weight, delay) = worker.rows.weight_and_delay(at);
                let (channel, local) = worker.rows.target(at, &worker.ring);
                Seen {
                    weight,
                    delay,
                    receptor: receptor_of(w as usize, channel, local),
                }
            }
            Place::Plastic(w, at) => {
                let worker = &self.workers[w as usize];
                let (channel, local) = worker.ring.locate(worker.plastic.cell(at) as usize);
                Seen {
                    weight: worker.plastic.weight(at),
                    delay: at.delay(),
                    receptor: receptor_of(w as usize, channel, local as u32),
                }
            }
            Place::Gap(w, i) => {
                let weight = self.workers[w as usize].gaps.entries[i as usize].weight;
                let delay = self.clock.round(1.0).max(1) as u32;
                Seen {
                    weight,
                    delay,
                    receptor: 0,
                }
            }
            Place::Drive(w, d, i) => {
                let e = &self.workers[w as usize].drives[d as usize].entries[i as usize];
                let receptor = receptor_of(w as usize, e.channel, e.local);
                Seen {
                    weight: e.weight,
                    delay: e.delay,
                    receptor,
                }
            }
            Place::Listening(i) => seen_by(&self.devices.listening[i as usize]),
            Place::Sampling(i) => seen_by(&self.devices.sampling[i as usize]),
        }
    }

    /// One key of all connections of a set; `None` if connections have no such key.
    ///
    /// # Errors
    /// When a connection has been removed.
    pub fn connection_values(
        &mut self,
        set: &mut ConnectionSet,
        key: &str,
    ) -> Result<Option<Column>> {
        self.try_refresh(set)?;
        let h = set.handles();
        let ints = |f: &dyn Fn(&Handle) -> i64| Column::Ints(h.iter().map(f).collect());
        Ok(Some(match key {
            "source" => ints(&|h| i64::from(h.source)),
            "target" => ints(&|h| i64::from(h.target)),
            "synapse_id" => ints(&|h| i64::from(h.model)),
            "port" => ints(&|h| h.place.port().into()),
            "target_thread" => ints(&|h| match h.place {
                Place::Row(w, _)
                | Place::Plastic(w, _)
                | Place::Gap(w, _)
                | Place::Drive(w, ..) => i64::from(w),
                Place::Listening(i) => self.thread_of(&self.devices.listening[i as usize]),
                Place::Sampling(i) => self.thread_of(&self.devices.sampling[i as usize]),
            }),
            "sizeof" => ints(&|h| self.synapse_model(h.model).bytes()),
            "receptor" => ints(&|h| self.see(h.place).receptor),
            "weight"
                if h.iter()
                    .any(|h| self.synapse_model(h.model).info.common_weight) =>
            {
                let weight = |h: &Handle| {
                    let common = self.synapse_model(h.model).info.common_weight;
                    (!common).then(|| Value::Float(self.see(h.place).weight))
                };
                return Ok(Column::from_options(h.iter().map(weight).collect()));
            }
            "weight" => Column::Floats(h.iter().map(|h| self.see(h.place).weight).collect()),
            "delay" => {
                // the product, as NEST has it, not the nearest number to the delay in ms
                let resolution = self.clock.resolution();
                let ms = |h: &Handle| f64::from(self.see(h.place).delay) * resolution;
                Column::Floats(h.iter().map(ms).collect())
            }
            "synapse_model" => Column::Values(
                h.iter()
                    .map(|h| Value::Str(self.synapse_model(h.model).name.clone()))
                    .collect(),
            ),
            _ => return Ok(self.numbers_of(h, key)),
        }))
    }

    /// One number of the models of connections; `None` if none of them has it.
    fn numbers_of(&self, handles: &[Handle], key: &str) -> Option<Column> {
        let mut last = None;
        let value = |h: &Handle| {
            if last.as_ref().is_none_or(|(model, _)| *model != h.model) {
                last = Some((h.model, self.synapse_model(h.model).number(key)));
            }
            let (at, spec) = last.as_ref().and_then(|l| l.1)?;
            Some(spec.value(self.words(h)[at]))
        };
        Column::from_options(handles.iter().map(value).collect())
    }

    /// The words of a connection of a stateful model.
    pub(super) fn words(&self, h: &Handle) -> Vec<f64> {
        let model = self.synapse_model(h.model);
        match (h.place, &model.ops) {
            (Place::Plastic(w, at), _) => self.workers[w as usize].plastic.words(at).0,
            (_, Some(ops)) => {
                let mut words = model.words.clone();
                words[ops.layout().label()] = self.label(h.place) as f64;
                words
            }
            (_, None) => Vec::new(),
        }
    }

    /// The label of a connection, -1 if it has none.
    pub(super) fn label(&self, place: Place) -> i64 {
        match place {
            Place::Plastic(w, at) => self.workers[w as usize].plastic.label(at),
            Place::Drive(w, d, i) => {
                let drive = &self.workers[w as usize].drives[d as usize];
                drive.entries[i as usize].label.into()
            }
            _ => -1,
        }
    }

    /// The keys that any connection of a set has.
    ///
    /// # Errors
    /// When the call is to end.
    pub fn connection_keys(&self, set: &ConnectionSet) -> Result<Vec<String>> {
        let models: BTreeSet<u16> = self.try_list(set)?.iter().map(|h| h.model).collect();
        let mut keys: BTreeSet<&str> = KEYS.into_iter().filter(|&k| k != "weight").collect();
        for model in models {
            let model = self.synapse_model(model);
            keys.extend(model.numbers().iter().map(|n| n.name));
            if !model.info.common_weight {
                keys.insert("weight");
            }
        }
        Ok(keys.into_iter().map(str::to_owned).collect())
    }

    /// The thread of a device's connection: that of the node that is no device, else of the target.
    fn thread_of(&self, l: &Listening) -> i64 {
        let family = self.nodes.locate(l.source).map(|(family, _)| family);
        let sampled = l.receptor > 0;
        let id = if sampled || family.is_ok_and(|f| self.is_neuron(f)) {
            l.source
        } else {
            l.recorder
        };
        self.nodes.layout().thread_of(id) as i64
    }
}

/// Sorts connections by [`Handle::order`]; others keep their order. They come row by row, so a
/// row's connections are a stretch, which is short or sorted.
fn sort(handles: &mut [Handle]) {
    let row_of = |h: &Handle| {
        let (model, rank, source, _) = h.order();
        (model, rank, source)
    };
    if !handles.is_sorted_by_key(row_of) {
        handles.sort_by_key(row_of);
    }
    for row in handles.chunk_by_mut(|a, b| row_of(a) == row_of(b)) {
        if !row.is_sorted_by_key(|h| h.target) {
            row.sort_by_key(|h| h.target);
        }
    }
}

fn seen_by(l: &Listening) -> Seen {
    Seen {
        weight: l.weight,
        delay: l.delay,
        receptor: l.receptor,
    }
}
