//! Nodes of a simulation: making them, reading and setting their status.

use super::space::{LayerReader, check_known};
use super::timers::Stopwatch;
use super::{Nodes, Simulation};
use crate::error::{Error, Kind, Result};
use crate::model::Shape;
use crate::node::{Location, Part, Setting};
use crate::parameter::{Context, Parameter, Points};
use crate::rank::Call;
use crate::rng::{Key, Purpose, Stream};
use crate::value::{Column, Dict, Value};

/// Keys that every node has, computed from where it is.
const COMMON: [&str; 10] = [
    "element_type",
    "frozen",
    "global_id",
    "local",
    "model",
    "model_id",
    "node_uses_wfr",
    "thread",
    "thread_local_id",
    "vp",
];

/// Those of them that are known of nodes on other ranks.
const ELSEWHERE: [&str; 6] = [
    "element_type",
    "global_id",
    "local",
    "model",
    "model_id",
    "vp",
];

/// What is set on a group of nodes: parameters and state, and `frozen` apart.
type GroupSettings = (Vec<(String, Setting)>, Option<Setting>);

/// Consecutive nodes of one model in a list of nodes.
pub struct Group<'a> {
    pub ids: &'a [u32],
    pub(super) family: usize,
    /// Where those are that this rank holds.
    pub(super) at: Vec<Location>,
    /// Their indices among the ids, unless it holds all.
    held: Option<Vec<u32>>,
}

impl<'a> Group<'a> {
    fn starting(ids: &'a [u32], family: usize) -> Self {
        Group {
            ids,
            family,
            at: Vec::new(),
            held: None,
        }
    }

    /// Adds the next id, which is at a place or on another rank.
    fn push(&mut self, all: &'a [u32], i: usize, at: Option<Location>) {
        let n = self.ids.len();
        self.ids = &all[i - n..=i];
        if at.is_none() && self.held.is_none() {
            self.held = Some((0..n as u32).collect());
        }
        if let Some(at) = at {
            self.at.push(at);
            if let Some(held) = &mut self.held {
                held.push(n as u32);
            }
        }
    }

    /// The indices of the nodes that this rank holds.
    fn held(&self) -> impl Iterator<Item = usize> {
        let some = self.held.iter().flatten().map(|&i| i as usize);
        some.chain(
            0..if self.held.is_none() {
                self.ids.len()
            } else {
                0
            },
        )
    }

    /// The values of the nodes that this rank holds, with gaps for the others.
    fn spread(&self, column: Column) -> Column {
        let Some(held) = &self.held else {
            return column;
        };
        let mut values = vec![Value::Unknown; self.ids.len()];
        for (k, &i) in held.iter().enumerate() {
            values[i as usize] = column.at(k);
        }
        Column::Values(values)
    }
}

impl Simulation {
    /// The number of nodes.
    pub fn network_size(&self) -> usize {
        self.nodes.len()
    }

    /// Makes `n` nodes of a model.
    ///
    /// # Errors
    /// When there is no such model or no room.
    pub fn create(&mut self, model: &str, n: i64) -> Result<Nodes> {
        self.refuse_while_prepared("Creating nodes")?;
        let Some(f) = self.family_index(model) else {
            return Err(match self.synapse_index(model) {
                Ok(_) => Error::new(
                    Kind::UnknownModelName,
                    format!("{model} is a synapse model; Create makes nodes"),
                ),
                Err(_) => self.unknown_model(Kind::UnknownModelName, model),
            });
        };
        if n < 1 {
            return Err(Error::bad_property(format!("Create needs n >= 1, got {n}")));
        }
        let count = u32::try_from(n).map_err(|_| {
            Error::new(
                Kind::Kernel,
                format!("{n} nodes are more than the {} that can exist", u32::MAX),
            )
        })?;
        // refuses what no machine holds, instead of ending the process
        if Vec::<u8>::new()
            .try_reserve_exact(count as usize / self.ranks.count() * 64)
            .is_err()
        {
            return Err(Error::new(
                Kind::Kernel,
                format!("{n} nodes do not fit in memory"),
            ));
        }
        let start = Stopwatch::start();
        let spread = self.is_neuron(f);
        let now = self.clock.ms(self.now());
        let family = &mut self.families[f];
        let first;
        if spread {
            let held: Vec<_> = self
                .workers
                .iter()
                .map(|w| family.held(&w.parts[f]))
                .collect();
            let (id, ids) = self.nodes.add(f, count, &held, true)?;
            first = id;
            for (worker, ids) in self.workers.iter_mut().zip(&ids) {
                family.create(&mut worker.parts[f], ids);
                if let Some(ops) = family.neurons().filter(|_| now > 0.0) {
                    ops.begin(&mut worker.parts[f], ids.len(), now);
                }
            }
        } else {
            let part = self.devices.part(f, &**family);
            let mut held = vec![0; self.workers.len()];
            held[0] = family.held(part);
            let (id, ids) = self.nodes.add(f, count, &held, false)?;
            first = id;
            family.create(part, &ids[0]);
        }
        self.timers.create.add(&start);
        Ok(Nodes {
            first,
            last: first + (count - 1),
        })
    }

    /// Makes `n` nodes of a model with parameters of their own, or none.
    ///
    /// # Errors
    /// As [`Simulation::create`] and [`Simulation::set`].
    pub fn create_with(&mut self, model: &str, n: i64, params: &Dict) -> Result<Nodes> {
        let nodes = self.create(model, n)?;
        let ids: Vec<u32> = (nodes.first..=nodes.last).collect();
        if let Err(e) = self.set(&ids, params) {
            self.drop_nodes(nodes.first);
            return Err(e);
        }
        Ok(nodes)
    }

    /// Removes the nodes from `first` on, which are new and have no connections.
    pub fn drop_nodes(&mut self, first: u32) {
        self.layers.drop_from(first);
        for run in self.nodes.drop_from(first) {
            let family = &self.families[run.family];
            if family.neurons().is_some() {
                for (worker, &n) in self.workers.iter_mut().zip(run.held_before()) {
                    family.truncate(&mut worker.parts[run.family], n as usize);
                }
            } else if let Some(part) = self.devices.parts[run.family].as_mut() {
                family.truncate(part, run.held_before()[0] as usize);
            }
        }
    }

    /// The index of a node's model, until the next reset.
    ///
    /// # Errors
    /// When there is no such node.
    pub fn model_index_of(&self, id: u32) -> Result<usize> {
        Ok(self.nodes.run(id)?.family)
    }

    /// The name of the node model of an index.
    pub fn model_name(&self, model: usize) -> &str {
        self.families[model].name()
    }

    pub(super) fn is_neuron(&self, family: usize) -> bool {
        self.families[family].neurons().is_some()
    }

    pub(super) fn uses_wfr(&self, family: usize) -> bool {
        self.settings.use_wfr && self.families[family].info().gap_junctions
    }

    /// Splits a list of nodes where the model changes.
    ///
    /// # Errors
    /// When a node does not exist.
    pub fn groups<'a>(&self, ids: &'a [u32]) -> Result<Vec<Group<'a>>> {
        let mut groups: Vec<Group<'a>> = Vec::new();
        let mut run = None;
        for (i, &id) in ids.iter().enumerate() {
            let here = match run {
                Some(r) if in_run(r, id) => r,
                _ => self.nodes.run(id)?,
            };
            run = Some(here);
            let at = here.locate(id);
            if groups.last().is_none_or(|g| g.family != here.family) {
                groups.push(Group::starting(&ids[i..i], here.family));
            }
            if let Some(group) = groups.last_mut() {
                group.push(ids, i, at);
            }
        }
        Ok(groups)
    }

    fn parts(&self, family: usize) -> Vec<&Part> {
        if self.is_neuron(family) {
            self.workers.iter().map(|w| &w.parts[family]).collect()
        } else {
            vec![
                self.devices.parts[family]
                    .as_ref()
                    .unwrap_or(&self.workers[0].parts[family]),
            ]
        }
    }

    /// One key of a group of nodes; `None` if they have no such key.
    pub fn get(&self, group: &Group<'_>, key: &str) -> Option<Column> {
        let family = &self.families[group.family];
        let n = group.ids.len();
        let all = |v: Value| Some(Column::from_values(vec![v; n]));
        match key {
            "element_type" => all(Value::Str(family.info().element.name().to_owned())),
            "model" => all(Value::Str(family.name().to_owned())),
            "model_id" => all(Value::Int(group.family as i64)),
            "local" => {
                let mut local = vec![false; n];
                group.held().for_each(|i| local[i] = true);
                Some(Column::Bools(local))
            }
            "global_id" => Some(Column::Ints(
                group.ids.iter().map(|&i| i64::from(i)).collect(),
            )),
            "vp" => {
                let layout = self.nodes.layout();
                let vp = |&id: &u32| match self.is_neuron(group.family) {
                    true => layout.vp(id).into(),
                    false => layout.rank() as i64,
                };
                Some(Column::Ints(group.ids.iter().map(vp).collect()))
            }
            _ if group.at.is_empty() => None,
            _ => self.get_held(group, key).map(|c| group.spread(c)),
        }
    }

    /// One key of those nodes of a group that this rank holds.
    fn get_held(&self, group: &Group<'_>, key: &str) -> Option<Column> {
        let family = &self.families[group.family];
        let all = |v: Value| Some(Column::from_values(vec![v; group.at.len()]));
        match key {
            "node_uses_wfr" => all(Value::Bool(self.uses_wfr(group.family))),
            "thread" => {
                let worker = |l: &Location| i64::from(l.worker);
                Some(Column::Ints(group.at.iter().map(worker).collect()))
            }
            "thread_local_id" => {
                let id = |i: usize| self.thread_local_id(group.ids[i]);
                Some(Column::Ints(group.held().map(id).collect()))
            }
            "frozen" => {
                let parts = self.parts(group.family);
                let frozen = |l: &Location| family.is_frozen(parts[l.worker as usize], l.local);
                Some(Column::Bools(group.at.iter().map(frozen).collect()))
            }
            "recordables" => {
                let parts = self.parts(group.family);
                let names: Vec<_> = group
                    .at
                    .iter()
                    .map(|l| family.recordables(Some((parts[l.worker as usize], l.local))))
                    .collect();
                if names.iter().all(Vec::is_empty) {
                    return None;
                }
                Some(Column::Values(names.into_iter().map(Value::Strs).collect()))
            }
            "receptor_types" if !family.info().receptors.is_empty() => {
                let types = family
                    .info()
                    .receptors
                    .iter()
                    .map(|&(n, r)| (n, Value::Int(r)));
                all(Value::Dict(types.collect()))
            }
            "filenames" => self.filenames(group),
            _ => {
                let parts = self.parts(group.family);
                family.get(&parts, &group.at, key, &self.clock, self.now())
            }
        }
    }

    /// The files of recorders: those of the last run, or those that the next run would make.
    fn filenames(&self, group: &Group<'_>) -> Option<Column> {
        let environment = self.environment(false);
        let names = group.at.iter().map(|l| {
            let recorder = self
                .devices
                .recorder(&self.families, group.family, l.local)?;
            recorder.filenames(&environment).map(Value::Strs)
        });
        names.collect::<Option<_>>().map(Column::Values)
    }

    /// Where a node would be in NEST's list of a thread's nodes: devices are on every thread.
    fn thread_local_id(&self, id: u32) -> i64 {
        let vp = self.nodes.layout().vp(id);
        let runs = self.nodes.runs().iter().take_while(|r| r.first <= id);
        runs.map(|run| run.count_to(id, vp)).sum::<u64>() as i64 - 1
    }

    /// All keys of a group of nodes.
    pub fn status_keys(&self, group: &Group<'_>) -> Vec<String> {
        let family = &self.families[group.family];
        if group.at.is_empty() {
            return ELSEWHERE.iter().map(|&k| k.to_owned()).collect();
        }
        let mut keys: Vec<String> = COMMON.iter().map(|&k| k.to_owned()).collect();
        keys.extend(
            family
                .keys()
                .into_iter()
                .filter(|k| k.role.in_status())
                .map(|k| k.name),
        );
        keys.extend(["recordables".to_owned(), "receptor_types".to_owned()]);
        keys.sort();
        keys.dedup();
        keys
    }

    /// Sets parameters and state of nodes, for all nodes or for none.
    ///
    /// A value may be one for all nodes; a list, whose elements go to the nodes in turn where the
    /// key holds a single value; or a Parameter, drawn for each node.
    ///
    /// # Errors
    /// When a key is not known or a value is not right; then nothing is changed.
    pub fn set(&mut self, ids: &[u32], params: &Dict) -> Result<()> {
        if ids.is_empty() || params.is_empty() {
            return Ok(());
        }
        let groups = self.groups(ids)?;
        let mut work = Vec::with_capacity(groups.len());
        let mut before = 0;
        for group in &groups {
            let range = before..before + group.ids.len();
            before = range.end;
            work.push(self.settings_of(group, params, range, ids.len())?);
        }
        // only calls that draw count, so that those for the nodes of one rank alone do not part
        // ranks
        let drawn = |v: &Value| matches!(v, Value::Parameter(_));
        self.draw_calls += u32::from(params.iter().any(|(_, v)| drawn(v)));
        // with several families, try all before any is changed
        for dry in if groups.len() > 1 {
            &[true, false][..]
        } else {
            &[false][..]
        } {
            for (group, (settings, frozen)) in groups.iter().zip(&work) {
                self.apply(group, settings, frozen.as_ref(), *dry)?;
            }
        }
        Ok(())
    }

    fn apply(
        &mut self,
        group: &Group<'_>,
        settings: &[(String, Setting)],
        frozen: Option<&Setting>,
        dry: bool,
    ) -> Result<()> {
        let context = self.set_context();
        let neuron = self.is_neuron(group.family);
        let family = &mut self.families[group.family];
        let mut parts: Vec<&mut Part> = if neuron {
            self.workers
                .iter_mut()
                .map(|w| &mut w.parts[group.family])
                .collect()
        } else {
            vec![self.devices.part(group.family, &**family)]
        };
        if dry {
            return family.check(
                &context,
                &parts.iter().map(|p| &**p).collect::<Vec<_>>(),
                &group.at,
                settings,
            );
        }
        family.set(&context, &mut parts, &group.at, settings)?;
        self.nodes_changed = true;
        if let Some(frozen) = frozen {
            for (i, l) in group.at.iter().enumerate() {
                let on = frozen.of(i).as_bool("frozen")?;
                family.freeze(parts[l.worker as usize], l.local, on);
            }
        }
        Ok(())
    }

    /// The settings of one group, `range` among all `n` nodes that are set; `frozen` apart.
    fn settings_of(
        &self,
        group: &Group<'_>,
        params: &Dict,
        range: std::ops::Range<usize>,
        n: usize,
    ) -> Result<GroupSettings> {
        let family = &self.families[group.family];
        let keys = family.keys();
        let mut settings = Vec::new();
        let mut frozen = None;
        for (key, value) in params.iter() {
            let scalar = key == "frozen"
                || keys
                    .iter()
                    .any(|k| k.name == key && k.shape == Shape::Scalar);
            let setting = match value {
                Value::Parameter(p) => {
                    let ids: Vec<u32> = group.held().map(|i| group.ids[i]).collect();
                    Setting::Each(self.draw_for_nodes(p, &ids)?)
                }
                list if scalar && list.list_len().is_some() => {
                    let len = list.list_len().unwrap_or(0);
                    if len < n {
                        return Err(Error::new(
                            Kind::Index,
                            format!("{key} has {len} values for {n} nodes"),
                        ));
                    }
                    let own = group.held().filter_map(|i| list.element(range.start + i));
                    Setting::Each(own.collect())
                }
                other => Setting::Same(other.clone()),
            };
            match key {
                "frozen" => {
                    for (i, at) in group.held().enumerate() {
                        let id = group.ids[at];
                        if setting.of(i).as_bool(key)? && family.recorders().is_some() {
                            return Err(Error::bad_property(format!(
                                "Setting status of a '{}' with node ID {id}: recorders cannot be \
                                 frozen; use start and stop to limit what is recorded.",
                                family.name()
                            )));
                        }
                    }
                    frozen = Some(setting);
                }
                _ => settings.push((key.to_owned(), setting)),
            }
        }
        Ok((settings, frozen))
    }

    fn draw_for_nodes(&self, p: &Parameter, ids: &[u32]) -> Result<Vec<Value>> {
        let key = Key::new(self.settings.seed(), Purpose::NodeParameter);
        let mut reader = LayerReader::default();
        let count = if ids.is_sorted() { 0 } else { ids.len() };
        ids.iter()
            .map(|&id| {
                let mut stream = Stream::new(key, self.draw_calls, id, 0);
                let place = if p.needs().node {
                    self.layers.read(id, &mut reader, count)
                } else {
                    None
                };
                let node = place
                    .as_ref()
                    .map(|(l, p)| Points::same(&p[..l.dimensions()]));
                let context = Context {
                    node,
                    ..Context::default()
                };
                Ok(Value::Float(p.evaluate(&mut stream, &context)?))
            })
            .collect()
    }

    /// The values of a Parameter at some nodes.
    ///
    /// # Errors
    /// When the Parameter cannot be evaluated.
    pub fn evaluate_nodes(&mut self, p: &Parameter, ids: &[u32]) -> Result<Vec<f64>> {
        self.groups(ids)?;
        for &id in ids.iter().filter(|_| p.needs().node) {
            if let Some((layer, place)) = self.layers.find(id) {
                check_known(layer, place, id)?;
            }
        }
        let values = self.draw_for_nodes(p, ids)?;
        self.draw_calls += 1;
        values.iter().map(|v| v.as_float("value")).collect()
    }

    /// `n` values of a Parameter.
    ///
    /// # Errors
    /// When the Parameter cannot be evaluated.
    pub fn evaluate(&mut self, p: &Parameter, n: usize) -> Result<Vec<f64>> {
        let key = Key::new(self.settings.seed(), Purpose::Evaluate);
        let mut stream = Stream::new(key, self.draw_calls, 0, 0);
        self.draw_calls += 1;
        (0..n)
            .map(|_| Ok(p.evaluate(&mut stream, &Context::default())?))
            .collect()
    }

    /// The nodes whose status has all the given values, of this rank or of all. Ranks exchange what
    /// they find where that depends on more than model and id.
    ///
    /// # Errors
    /// When ranks need to exchange and are in different calls.
    pub fn find(&mut self, params: &Dict, local_only: bool) -> Result<Vec<u32>> {
        let mut found = self.find_here(params);
        let everywhere = |key: &str| key != "local" && ELSEWHERE.contains(&key);
        if local_only {
            let neuron = |id: u32| {
                let run = self.nodes.run(id);
                run.is_ok_and(|r| self.is_neuron(r.family))
            };
            found.retain(|&id| self.nodes.is_here(id) || !neuron(id));
        } else if !self.ranks.alone() && !params.iter().all(|(key, _)| everywhere(key)) {
            let words: Vec<u64> = found.iter().map(|&id| id.into()).collect();
            let all = self.ranks.gather(Call::Find, 0, Ok(&words))?;
            found = all.words.iter().map(|&id| id as u32).collect();
            found.sort_unstable();
            found.dedup();
        }
        Ok(found)
    }

    /// The nodes whose status, as far as this rank knows it, has all the given values.
    fn find_here(&self, params: &Dict) -> Vec<u32> {
        let ids: Vec<u32> = (1..=self.nodes.len() as u32).collect();
        let Ok(groups) = self.groups(&ids) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for group in groups {
            let columns: Vec<_> = params
                .iter()
                .map(|(k, v)| (self.get(&group, k), v))
                .collect();
            for (i, &id) in group.ids.iter().enumerate() {
                let holds = |(column, wanted): &(Option<Column>, &Value)| {
                    column.as_ref().is_some_and(|c| same(&c.at(i), wanted))
                };
                if columns.iter().all(holds) {
                    found.push(id);
                }
            }
        }
        found
    }
}

fn in_run(run: &crate::node::Run, id: u32) -> bool {
    (run.first..=run.last()).contains(&id)
}

/// Equality of values, where an integer and a number may be equal.
fn same(a: &Value, b: &Value) -> bool {
    match (a.as_float(""), b.as_float("")) {
        (Ok(x), Ok(y)) => x == y,
        _ => a == b,
    }
}

/// Ids in arithmetic progression: first, last and step.
pub type Progression = (u32, u32, u32);

impl Simulation {
    /// Splits a progression of ids where the model changes.
    ///
    /// # Errors
    /// When a node does not exist.
    pub fn model_runs(&self, (first, last, step): Progression) -> Result<Vec<(Progression, &str)>> {
        let mut runs: Vec<(Progression, usize)> = Vec::new();
        let mut id = first;
        self.nodes.run(last)?;
        while id <= last {
            let run = self.nodes.run(id)?;
            let end = run.last().min(last);
            let final_id = id + (end - id) / step * step;
            match runs.last_mut() {
                Some((part, family)) if *family == run.family => part.1 = final_id,
                _ => runs.push(((id, final_id, step), run.family)),
            }
            let Some(next) = final_id.checked_add(step) else {
                break;
            };
            id = next;
        }
        Ok(runs
            .into_iter()
            .map(|(part, f)| (part, self.families[f].name()))
            .collect())
    }
}
