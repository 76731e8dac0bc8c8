//! A family of neurons: the columns of one model, and the loops over them.

use super::classes::Classes;
use super::family::{
    Family, KeyInfo, Location, NeuronOps, Part, Role, SetContext, Setting, Tap, UpdateContext,
    check_keys, part_mut, part_ref,
};
use super::schedule::Schedule;
use crate::error::{Error, Kind, Result};
use crate::event::Spike;
use crate::model::{
    Archive, ArchiveColumns, ArchiveParams, Block, Columns, Constants, Event, Field, Forced,
    GapSignal, Inputs, Neuron, NodeInfo, Output, Port, Read, Shape, StepContext, Table,
};
use crate::synapse::GapPart;
use crate::time::{Clock, Step};
use crate::value::{Column, Dict, Value};
use std::hash::Hasher;

/// Nodes whose state and coming inputs stay in the cache over the steps of a slice.
const BLOCK: usize = 512;

type Row<M> = <<M as Neuron>::Columns as Columns>::Row;

#[derive(Clone, PartialEq)]
struct Class<P> {
    model: P,
    archive: ArchiveParams,
}

impl<P: Table> Class<P> {
    fn feed(&self, hasher: &mut dyn Hasher) {
        self.model.feed(hasher);
        self.archive.feed(hasher);
    }
}

/// A node taken out of its columns, to be changed and put back.
struct Node<M: Neuron> {
    class: Class<M::Params>,
    row: Row<M>,
    archive: Archive,
}

impl<M: Neuron> Clone for Node<M> {
    fn clone(&self) -> Self {
        Node {
            class: self.class.clone(),
            row: self.row.clone(),
            archive: self.archive,
        }
    }
}

/// What one worker holds of a family of neurons.
struct NeuronPart<M: Neuron> {
    ids: Vec<u32>,
    class: Vec<u32>,
    state: M::Columns,
    archive: ArchiveColumns,
    /// Frozen nodes by place, ascending.
    frozen: Vec<u32>,
    connected: Vec<bool>,
    /// The class shared by all nodes of each block, where there is one.
    uniform: Vec<Option<u32>>,
    schedule: Schedule,
    /// The state at the beginning of a slice that is iterated.
    saved: Vec<Row<M>>,
    scratch: Scratch,
}

impl<M: Neuron> Default for NeuronPart<M> {
    fn default() -> Self {
        NeuronPart {
            ids: Vec::new(),
            class: Vec::new(),
            state: M::Columns::default(),
            archive: ArchiveColumns::default(),
            frozen: Vec::new(),
            connected: Vec::new(),
            uniform: Vec::new(),
            schedule: Schedule::default(),
            saved: Vec::new(),
            scratch: Scratch::default(),
        }
    }
}

/// All nodes of the model `M`, or of a copy of it.
pub struct NeuronFamily<M: Neuron> {
    info: NodeInfo,
    name: String,
    default: Node<M>,
    classes: Classes<Class<M::Params>>,
    derived: Vec<M::Derived>,
    zeros: Vec<f64>,
}

impl<M: Neuron> Default for NeuronFamily<M> {
    fn default() -> Self {
        NeuronFamily {
            info: M::INFO,
            name: M::INFO.name.to_owned(),
            default: Node {
                class: Class {
                    model: M::Params::default(),
                    archive: ArchiveParams::default(),
                },
                row: Row::<M>::default(),
                archive: Archive::default(),
            },
            classes: Classes::default(),
            derived: Vec::new(),
            zeros: vec![0.0; BLOCK],
        }
    }
}

impl<M: Neuron> NeuronFamily<M> {
    fn node(&self, part: &Part, local: usize) -> Node<M> {
        let part = part_ref::<NeuronPart<M>>(part);
        Node {
            class: self.classes.get(part.class[local]).clone(),
            row: part.state.row(local),
            archive: part.archive.row(local),
        }
    }

    /// The node with `changes` applied and checked.
    fn changed(&self, node: &Node<M>, changes: &[(&str, &Value)]) -> Result<Node<M>> {
        let mut new = node.clone();
        for &(key, value) in changes {
            if let Some(field) = M::Params::field(key) {
                (field.set)(&mut new.class.model, value)?;
            } else if let Some(field) = ArchiveParams::field(key) {
                (field.set)(&mut new.class.archive, value)?;
            }
        }
        if new.class.model != node.class.model {
            M::check(&new.class.model)?;
            M::migrate(&node.class.model, &new.class.model, &mut new.row);
        }
        for &(key, value) in changes {
            if let Some(variable) = M::variables().iter().find(|v| v.name == key)
                && let Some(write) = variable.write
            {
                if let Value::Float(x) = value
                    && !x.is_finite()
                {
                    return Err(Error::bad_property(format!(
                        "{key} must be finite, got {x}"
                    )));
                }
                write(&new.class.model, &mut new.row, value)?;
            }
        }
        Ok(new)
    }

    /// The nodes as they will be once `settings` are applied.
    fn plan(
        &self,
        context: &SetContext,
        parts: &[&Part],
        at: &[Location],
        settings: &[(String, Setting)],
    ) -> Result<Vec<Node<M>>> {
        check_keys(
            context,
            &self.name,
            settings.iter().map(|(k, _)| k.as_str()),
            &self.keys(),
        )?;
        let changed = at.iter().enumerate().map(|(i, l)| {
            let part = part_ref::<NeuronPart<M>>(parts[l.worker as usize]);
            let node = self.node(parts[l.worker as usize], l.local as usize);
            let changes: Vec<_> = settings
                .iter()
                .map(|(k, s)| (k.as_str(), s.of(i)))
                .collect();
            let new = self.changed(&node, &changes).map_err(|e| {
                let id = part.ids[l.local as usize];
                e.within(&format!(
                    "Setting status of a '{}' with node ID {id}",
                    self.name
                ))
            })?;
            let other = M::channels(&new.class.model) != M::channels(&node.class.model);
            if other && part.connected[l.local as usize] {
                return Err(Error::bad_property(
                    "The neuron has connections, therefore the number of ports cannot be reduced.",
                ));
            }
            Ok(new)
        });
        changed.collect()
    }

    fn value_of(&self, node: &Node<M>, key: &str) -> Option<Value> {
        if let Some(field) = M::Params::field(key) {
            return Some((field.get)(&node.class.model));
        }
        if let Some(variable) = M::variables().iter().find(|v| v.name == key) {
            return Some(match variable.read {
                Read::Number(get) => Value::Float(get(&node.class.model, &node.row)),
                Read::Status(get) => get(&node.class.model, &node.row),
            });
        }
        if let Some(x) = family_value::<M>(&node.class.model, &node.row, key) {
            return Some(Value::Float(x));
        }
        if !self.info.archives {
            return None;
        }
        if let Some(field) = ArchiveParams::field(key) {
            return Some((field.get)(&node.class.archive));
        }
        archive_value(&node.archive, key)
    }

    /// A number that a multimeter records.
    fn record(&self, part: &NeuronPart<M>, local: usize, name: &str) -> f64 {
        let model = &self.classes.get(part.class[local]).model;
        let row = part.state.row(local);
        match M::variables()
            .iter()
            .find(|v| v.name == name)
            .map(|v| &v.read)
        {
            Some(Read::Number(get)) => get(model, &row),
            _ => family_value::<M>(model, &row, name).unwrap_or(f64::NAN),
        }
    }

    fn sample(
        &self,
        part: &NeuronPart<M>,
        stamp: Step,
        nodes: std::ops::Range<usize>,
        taps: &mut [Tap],
    ) {
        let first = taps.partition_point(|t| (t.local as usize) < nodes.start);
        for tap in taps[first..]
            .iter_mut()
            .take_while(|t| (t.local as usize) < nodes.end)
        {
            if tap.is_due(stamp) && part.frozen.binary_search(&tap.local).is_err() {
                tap.stamps.push(stamp);
                for name in &tap.names {
                    tap.values.push(self.record(part, tap.local as usize, name));
                }
            }
        }
    }

    /// Takes one step of a block. An iteration leaves the inputs in the ring.
    fn step_block(
        &self,
        part: &mut NeuronPart<M>,
        nodes: std::ops::Range<usize>,
        lag: usize,
        cx: &mut UpdateContext<'_>,
        scratch: &mut Scratch,
        iterating: bool,
    ) -> Result<()> {
        let step = cx.origin + lag as Step;
        let context = StepContext {
            step,
            lag,
            h: cx.clock.resolution(),
            key: cx.key,
            iterating,
        };
        let len = nodes.len();
        let constants = match part.uniform[nodes.start / BLOCK] {
            Some(class) => Constants::Same(&self.derived[class as usize]),
            None => Constants::Each {
                sets: &self.derived,
                class: &part.class[nodes.clone()],
            },
        };
        scratch.fired[..len].fill(0);
        let result = {
            let inputs = Inputs {
                slot: cx.ring.read(step),
                offsets: cx.cells,
                zeros: &self.zeros,
                start: nodes.start,
                len,
            };
            let block = Block {
                len,
                ids: &part.ids[nodes.clone()],
                constants,
                state: part.state.view(nodes.clone()),
                gap: cx.gap.as_deref().map(|g| g.input(nodes.clone(), lag)),
                forced: part.schedule.is_active().then_some(&scratch.forced[..len]),
            };
            let mut output = Output {
                fired: &mut scratch.fired[..len],
                multiple: &mut scratch.multiple,
                gap: iterating.then(|| scratch.gap.signal(len)),
            };
            crate::math::vectorize(
                #[inline(always)]
                || M::step(&context, block, &inputs, &mut output),
            )
        };
        if let Err(failure) = result {
            return Err(Error::new(
                Kind::SolverFailure,
                format!(
                    "{} with node ID {} failed at {} ms: {}",
                    self.name,
                    part.ids[nodes.start + failure.index],
                    cx.clock.ms(step),
                    failure.what
                ),
            ));
        }
        if !iterating {
            let cells = cx.ring.at(step);
            for &first in cx.cells.iter().flatten() {
                cells[first + nodes.start..first + nodes.end].fill(0.0);
            }
        }
        Ok(())
    }

    /// Decides for each node that spikes at fixed intervals whether it does so in this step.
    fn force(
        &self,
        part: &mut NeuronPart<M>,
        nodes: &std::ops::Range<usize>,
        clock: &Clock,
        forced: &mut [Forced],
    ) {
        let (class, frozen) = (&part.class, &part.frozen);
        let params = |local: u32| {
            let moves = frozen.binary_search(&local).is_err();
            moves.then(|| &self.classes.get(class[local as usize]).archive)
        };
        part.schedule.step(nodes, params, clock, forced);
    }

    /// Puts spikes at fixed intervals in the place of those of the dynamics.
    fn replace(scratch: &mut Scratch) {
        let forced = &scratch.forced;
        for (fired, f) in scratch.fired.iter_mut().zip(forced) {
            *fired = u8::from(f.decide(*fired != 0));
        }
        scratch
            .multiple
            .retain(|m| forced[m.0 as usize] == Forced::No);
    }

    fn emit(
        &self,
        part: &mut NeuronPart<M>,
        nodes: std::ops::Range<usize>,
        lag: usize,
        cx: &mut UpdateContext<'_>,
        scratch: &mut Scratch,
    ) {
        let t = cx.clock.ms(cx.origin + lag as Step + 1);
        let mut send = |i: usize, count: u32| {
            let class = self.classes.get(part.class[i]);
            part.archive.spike(i, t, count, &class.archive);
            Spike::push_all(cx.spikes, lag, part.ids[i], count);
        };
        let (words, rest) = scratch.fired[..nodes.len()].as_chunks::<8>();
        for (w, word) in words.iter().enumerate() {
            if u64::from_ne_bytes(*word) != 0 {
                (0..8)
                    .filter(|&k| word[k] != 0)
                    .for_each(|k| send(nodes.start + 8 * w + k, 1));
            }
        }
        let tail = nodes.end - rest.len();
        (0..rest.len())
            .filter(|&k| rest[k] != 0)
            .for_each(|k| send(tail + k, 1));
        for (i, count) in scratch.multiple.drain(..) {
            send(nodes.start + i as usize, count);
        }
    }

    /// Takes the steps of a slice for a block with frozen nodes, which keep state and input.
    fn thaw(&self, part: &NeuronPart<M>, nodes: &std::ops::Range<usize>) -> Vec<(usize, Row<M>)> {
        part.frozen
            .iter()
            .map(|&i| i as usize)
            .filter(|i| nodes.contains(i))
            .map(|i| (i, part.state.row(i)))
            .collect()
    }

    fn update_block(
        &self,
        part: &mut NeuronPart<M>,
        nodes: std::ops::Range<usize>,
        cx: &mut UpdateContext<'_>,
        scratch: &mut Scratch,
    ) -> Result<()> {
        let frozen = self.thaw(part, &nodes);
        for lag in cx.from..cx.to {
            let step = cx.origin + lag as Step;
            let mut held = Vec::new();
            for (i, _) in &frozen {
                for &first in cx.cells.iter().flatten() {
                    held.push((first + i, cx.ring.read(step)[first + i]));
                }
            }
            if part.schedule.is_active() {
                let forced = &mut scratch.forced[..nodes.len()];
                self.force(part, &nodes, &cx.clock, forced);
            }
            self.step_block(part, nodes.clone(), lag, cx, scratch, false)?;
            if part.schedule.is_active() {
                Self::replace(scratch);
            }
            for (i, row) in &frozen {
                part.state.put(*i, row.clone());
                scratch.fired[i - nodes.start] = 0;
                scratch.multiple.retain(|m| m.0 as usize != i - nodes.start);
            }
            for (cell, value) in held {
                cx.ring.at(step)[cell] = value;
            }
            self.emit(part, nodes.clone(), lag, cx, scratch);
            if !cx.taps.is_empty() {
                self.sample(part, step + 1, nodes.clone(), cx.taps);
            }
        }
        Ok(())
    }
}

/// Buffers that a part's update reuses from block to block.
struct Scratch {
    fired: Vec<u8>,
    multiple: Vec<(u32, u32)>,
    forced: Vec<Forced>,
    gap: GapScratch,
}

impl Default for Scratch {
    fn default() -> Self {
        Scratch {
            fired: vec![0; BLOCK],
            multiple: Vec::new(),
            forced: vec![Forced::No; BLOCK],
            gap: GapScratch::default(),
        }
    }
}

/// What the nodes of a block tell their neighbours, a column each; empty without coupling.
#[derive(Default)]
struct GapScratch([Vec<f64>; 4]);

impl GapScratch {
    fn signal(&mut self, len: usize) -> GapSignal<'_> {
        let [start, start_slope, end, end_slope] = self.0.each_mut().map(|column| {
            column.resize(BLOCK, 0.0);
            &mut column[..len]
        });
        GapSignal {
            start,
            start_slope,
            end,
            end_slope,
        }
    }
}

fn blocks(n: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    (0..n)
        .step_by(BLOCK)
        .map(move |start| start..n.min(start + BLOCK))
}

fn family_value<M: Neuron>(p: &M::Params, row: &Row<M>, key: &str) -> Option<f64> {
    M::families().iter().find_map(|f| {
        let i: usize = key.strip_prefix(f.prefix)?.parse().ok()?;
        (1..=(f.count)(p))
            .contains(&i)
            .then(|| (f.get)(p, row, i - 1))
    })
}

const ARCHIVE_STATE: [(&str, &str, &str); 4] = [
    (
        "t_spike",
        "ms",
        "Time of the last spike, -1 before the first",
    ),
    ("Ca", "", "Calcium concentration"),
    (
        "post_trace",
        "",
        "Depression trace read by plastic synapses",
    ),
    ("archiver_length", "", "Spikes kept for plastic synapses"),
];

fn archive_value(archive: &Archive, key: &str) -> Option<Value> {
    match key {
        "t_spike" => Some(Value::Float(archive.last_spike)),
        "Ca" => Some(Value::Float(archive.calcium)),
        "post_trace" => Some(Value::Float(0.0)),
        "archiver_length" => Some(Value::Int(0)),
        "synaptic_elements" => Some(Value::Dict(Dict::new())),
        _ => None,
    }
}

impl<M: Neuron> Family for NeuronFamily<M> {
    fn info(&self) -> &NodeInfo {
        &self.info
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn copy(&self, name: &str) -> Box<dyn Family> {
        Box::new(NeuronFamily::<M> {
            name: name.to_owned(),
            default: self.default.clone(),
            ..NeuronFamily::default()
        })
    }

    fn keys(&self) -> Vec<KeyInfo> {
        let fields = M::Params::FIELDS.iter().map(|f| KeyInfo {
            name: f.name.to_owned(),
            unit: f.unit,
            doc: f.doc.trim(),
            type_name: f.type_name,
            role: Role::Parameter,
            shape: f.shape,
            recordable: false,
        });
        let variables = M::variables().iter().map(|v| KeyInfo {
            name: v.name.to_owned(),
            unit: v.unit,
            doc: v.doc.trim(),
            type_name: if matches!(v.read, Read::Number(_)) {
                "float"
            } else {
                "value"
            },
            role: match (v.write.is_some(), v.in_status) {
                (true, true) => Role::State,
                (true, false) => Role::WriteOnly,
                (false, true) => Role::ReadOnly,
                (false, false) => Role::Recordable,
            },
            shape: if matches!(v.read, Read::Number(_)) {
                Shape::Scalar
            } else {
                Shape::List
            },
            recordable: v.recordable,
        });
        let families = M::families().iter().flat_map(|f| {
            (1..=(f.count)(&self.default.class.model)).map(|i| KeyInfo {
                name: format!("{}{i}", f.prefix),
                unit: f.unit,
                doc: f.doc,
                type_name: "float",
                role: Role::Recordable,
                shape: Shape::Scalar,
                recordable: true,
            })
        });
        let mut keys: Vec<_> = fields.chain(variables).chain(families).collect();
        if self.info.archives {
            keys.extend(ArchiveParams::FIELDS.iter().map(|f| KeyInfo {
                name: f.name.to_owned(),
                unit: f.unit,
                doc: f.doc.trim(),
                type_name: f.type_name,
                role: Role::Parameter,
                shape: f.shape,
                recordable: false,
            }));
            keys.extend(ARCHIVE_STATE.iter().map(|&(name, unit, doc)| KeyInfo {
                name: name.to_owned(),
                unit,
                doc,
                type_name: <f64 as Field>::TYPE,
                role: Role::ReadOnly,
                shape: Shape::Scalar,
                recordable: false,
            }));
        }
        keys
    }

    fn recordables(&self, node: Option<(&Part, u32)>) -> Vec<String> {
        let class = match node {
            Some((part, local)) => self
                .classes
                .get(part_ref::<NeuronPart<M>>(part).class[local as usize]),
            None => &self.default.class,
        };
        let mut names: Vec<_> = M::variables()
            .iter()
            .filter(|v| v.recordable)
            .map(|v| v.name.to_owned())
            .chain(M::families().iter().flat_map(|f| {
                (1..=(f.count)(&class.model)).map(move |i| format!("{}{i}", f.prefix))
            }))
            .collect();
        names.sort();
        names
    }

    fn defaults(&self, _: &Clock) -> Dict {
        self.keys()
            .into_iter()
            .filter(|k| k.role.in_status())
            .filter_map(|k| self.value_of(&self.default, &k.name).map(|v| (k.name, v)))
            .collect()
    }

    fn set_defaults(&mut self, context: &SetContext, params: &Dict) -> Result<()> {
        check_keys(
            context,
            &self.name,
            params.iter().map(|(k, _)| k),
            &self.keys(),
        )?;
        let changes: Vec<_> = params.iter().collect();
        self.default = self.changed(&self.default, &changes)?;
        Ok(())
    }

    fn new_part(&self) -> Part {
        Box::new(NeuronPart::<M>::default())
    }

    fn held(&self, part: &Part) -> usize {
        part_ref::<NeuronPart<M>>(part).ids.len()
    }

    fn create(&mut self, part: &mut Part, ids: &[u32]) {
        let class = self.classes.intern(self.default.class.clone(), Class::feed);
        let part = part_mut::<NeuronPart<M>>(part);
        part.ids.extend_from_slice(ids);
        part.class.resize(part.ids.len(), class);
        part.state.push(&self.default.row, ids.len());
        part.archive.push(self.default.archive, ids.len());
        part.connected.resize(part.ids.len(), false);
    }

    fn get(
        &self,
        parts: &[&Part],
        at: &[Location],
        key: &str,
        _: &Clock,
        _: Step,
    ) -> Option<Column> {
        if let Some(Read::Number(get)) = M::variables()
            .iter()
            .find(|v| v.name == key)
            .map(|v| &v.read)
        {
            let values = at.iter().map(|l| {
                let part = part_ref::<NeuronPart<M>>(parts[l.worker as usize]);
                let i = l.local as usize;
                get(&self.classes.get(part.class[i]).model, &part.state.row(i))
            });
            return Some(Column::Floats(values.collect()));
        }
        if let Some(field) = M::Params::field(key) {
            let values = at.iter().map(|l| {
                let part = part_ref::<NeuronPart<M>>(parts[l.worker as usize]);
                (field.get)(&self.classes.get(part.class[l.local as usize]).model)
            });
            return Some(Column::from_values(values.collect()));
        }
        let values: Option<Vec<_>> = at
            .iter()
            .map(|l| {
                if key == "has_connections" && M::variables().iter().any(|v| v.name == key) {
                    let part = part_ref::<NeuronPart<M>>(parts[l.worker as usize]);
                    return Some(Value::Bool(part.connected[l.local as usize]));
                }
                self.value_of(&self.node(parts[l.worker as usize], l.local as usize), key)
            })
            .collect();
        values.map(Column::from_values)
    }

    fn set(
        &mut self,
        context: &SetContext,
        parts: &mut [&mut Part],
        at: &[Location],
        settings: &[(String, Setting)],
    ) -> Result<()> {
        let changed = {
            let parts: Vec<&Part> = parts.iter().map(|p| &**p).collect();
            self.plan(context, &parts, at, settings)?
        };
        for (l, new) in at.iter().zip(changed) {
            let class = self.classes.intern(new.class, Class::feed);
            let part = part_mut::<NeuronPart<M>>(parts[l.worker as usize]);
            part.class[l.local as usize] = class;
            part.state.put(l.local as usize, new.row);
            part.archive.put(l.local as usize, new.archive);
            if settings.iter().any(|(k, _)| k == "ignore_and_spike_offset") {
                part.schedule.restart(l.local);
            }
        }
        Ok(())
    }

    fn check(
        &self,
        context: &SetContext,
        parts: &[&Part],
        at: &[Location],
        settings: &[(String, Setting)],
    ) -> Result<()> {
        self.plan(context, parts, at, settings).map(drop)
    }

    fn is_frozen(&self, part: &Part, local: u32) -> bool {
        part_ref::<NeuronPart<M>>(part)
            .frozen
            .binary_search(&local)
            .is_ok()
    }

    fn freeze(&self, part: &mut Part, local: u32, frozen: bool) {
        let list = &mut part_mut::<NeuronPart<M>>(part).frozen;
        match (list.binary_search(&local), frozen) {
            (Err(i), true) => list.insert(i, local),
            (Ok(i), false) => drop(list.remove(i)),
            _ => {}
        }
    }

    fn bytes(&self, part: &Part) -> usize {
        let part = part_ref::<NeuronPart<M>>(part);
        part.ids.capacity() * 4
            + part.class.capacity() * 4
            + part.state.bytes()
            + part.archive.bytes()
            + part.connected.capacity()
    }

    fn prepare(&mut self, parts: &mut [&mut Part], clock: &Clock, _: Step) -> Result<()> {
        let mut used = vec![false; self.classes.values().len()];
        for part in parts.iter() {
            part_ref::<NeuronPart<M>>(part)
                .class
                .iter()
                .for_each(|&c| used[c as usize] = true);
        }
        if used.iter().filter(|&&u| !u).count() > used.len() / 2 {
            let renamed = self.classes.retain(&used, Class::feed);
            for part in parts.iter_mut() {
                part_mut::<NeuronPart<M>>(part)
                    .class
                    .iter_mut()
                    .for_each(|c| *c = renamed[*c as usize]);
            }
        }
        self.derived = self
            .classes
            .values()
            .iter()
            .map(|c| M::derive(&c.model, clock))
            .collect();
        for part in parts.iter_mut() {
            let part = part_mut::<NeuronPart<M>>(part);
            part.uniform = blocks(part.ids.len())
                .map(|b| {
                    let first = part.class[b.start];
                    part.class[b].iter().all(|&c| c == first).then_some(first)
                })
                .collect();
        }
        let classes = self.classes.values();
        let forces = classes.iter().any(|c| c.archive.ignore_and_spike);
        for part in parts {
            let part = part_mut::<NeuronPart<M>>(part);
            let class = if forces { &part.class[..] } else { &[] };
            let nodes = class.iter().map(|&c| &classes[c as usize].archive);
            part.schedule.arrange((0..).zip(nodes), clock);
        }
        Ok(())
    }

    fn neurons(&self) -> Option<&dyn NeuronOps> {
        Some(self)
    }
}

impl<M: Neuron> NeuronOps for NeuronFamily<M> {
    fn class(&self, part: &Part, local: u32) -> u32 {
        part_ref::<NeuronPart<M>>(part).class[local as usize]
    }

    fn port(&self, class: u32, event: Event, receptor: i64) -> Result<Port> {
        let params = &self.classes.get(class).model;
        if let Some(port) = M::port(params, event, receptor) {
            return Ok(port);
        }
        let known: Vec<i64> = (0..64)
            .filter(|&r| M::port(params, event, r).is_some())
            .collect();
        if known.is_empty() {
            return Err(Error::illegal_connection(format!(
                "The target node or synapse model does not support {} input ({}).",
                event.name(),
                self.name
            )));
        }
        let list = known
            .iter()
            .map(i64::to_string)
            .collect::<Vec<_>>()
            .join(", ");
        let elsewhere = [Event::Spike, Event::Current]
            .iter()
            .any(|&e| M::port(params, e, receptor).is_some());
        let kind = if elsewhere {
            Kind::IncompatibleReceptorType
        } else {
            Kind::UnknownReceptorType
        };
        Err(Error::new(
            kind,
            format!(
                "Receptor type {receptor} is not available in {} for {} input; it has {list}",
                self.name,
                event.name()
            ),
        ))
    }

    fn receptor(&self, class: u32, channel: usize) -> i64 {
        M::receptor(&self.classes.get(class).model, channel)
    }

    fn channels(&self) -> usize {
        self.classes
            .values()
            .iter()
            .map(|c| M::channels(&c.model))
            .max()
            .unwrap_or(0)
    }

    fn connected(&self, part: &mut Part, local: u32) {
        part_mut::<NeuronPart<M>>(part).connected[local as usize] = true;
    }

    fn update(&self, part: &mut Part, cx: &mut UpdateContext<'_>) -> Result<()> {
        let part = part_mut::<NeuronPart<M>>(part);
        let mut scratch = std::mem::take(&mut part.scratch);
        let result = blocks(part.ids.len())
            .try_for_each(|nodes| self.update_block(part, nodes, cx, &mut scratch));
        part.scratch = scratch;
        if let Some(gap) = cx.gap.as_deref_mut() {
            self.send_potentials(part, gap, cx.from..cx.to);
        }
        result
    }

    fn iterate(&self, part: &mut Part, cx: &mut UpdateContext<'_>) -> Result<f64> {
        let part = part_mut::<NeuronPart<M>>(part);
        let mut scratch = std::mem::take(&mut part.scratch);
        part.saved.clear();
        part.saved
            .extend((0..part.ids.len()).map(|i| part.state.row(i)));
        let result = self.iterate_blocks(part, cx, &mut scratch);
        for (i, mut row) in part.saved.drain(..).enumerate() {
            M::carry(&part.state.row(i), &mut row);
            part.state.put(i, row);
        }
        part.scratch = scratch;
        result
    }

    fn send(&self, part: &Part, gap: &mut GapPart, steps: std::ops::Range<usize>) {
        self.send_potentials(part_ref::<NeuronPart<M>>(part), gap, steps);
    }

    fn check_finite(&self, part: &Part, clock: &Clock, now: Step) -> Result<()> {
        let part = part_ref::<NeuronPart<M>>(part);
        match part.state.first_non_finite() {
            None => Ok(()),
            Some((i, variable)) => Err(Error::new(
                Kind::NumericalInstability,
                format!(
                    "{} with node ID {}: state variable {variable} is not finite at {} ms",
                    self.name,
                    part.ids[i],
                    clock.ms(now)
                ),
            )),
        }
    }

    fn ids<'a>(&self, part: &'a Part) -> &'a [u32] {
        &part_ref::<NeuronPart<M>>(part).ids
    }

    fn rewind(&self, part: &mut Part) {
        let part = part_mut::<NeuronPart<M>>(part);
        for i in 0..part.ids.len() {
            let archive = part.archive.row(i);
            part.archive.put(
                i,
                Archive {
                    last_spike: -1.0,
                    calcium_time: 0.0,
                    ..archive
                },
            );
        }
    }
}

impl<M: Neuron> NeuronFamily<M> {
    /// Takes the steps of an iteration; returns the largest change of a membrane potential.
    fn iterate_blocks(
        &self,
        part: &mut NeuronPart<M>,
        cx: &mut UpdateContext<'_>,
        scratch: &mut Scratch,
    ) -> Result<f64> {
        let h = cx.clock.resolution();
        let mut largest = 0.0f64;
        for nodes in blocks(part.ids.len()) {
            for lag in cx.from..cx.to {
                self.step_block(part, nodes.clone(), lag, cx, scratch, true)?;
                if let Some(gap) = cx.gap.as_deref_mut() {
                    let signal = scratch.gap.signal(nodes.len());
                    largest = largest.max(gap.send_polynomials(nodes.clone(), &signal, lag, h));
                }
            }
        }
        Ok(largest)
    }

    /// Sends the present membrane potentials of the coupled nodes as constants over `steps`.
    fn send_potentials(
        &self,
        part: &NeuronPart<M>,
        gap: &mut GapPart,
        steps: std::ops::Range<usize>,
    ) {
        for slot in 0..gap.senders.len() {
            let v = self.record(part, gap.senders[slot] as usize, "V_m");
            gap.send_constant(slot, v, steps.clone());
        }
    }
}
