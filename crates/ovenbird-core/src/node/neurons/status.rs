//! Status of neurons: keys, defaults, get and set.

use super::blocks::blocks;
use super::changes::{Changes, Plan};
use super::{Class, NeuronFamily, NeuronPart, Node, Row};
use crate::error::Result;
use crate::model::{Archive, ArchiveParams, Columns, Field, Neuron, NodeInfo, Read, Shape, Table};
use crate::node::family::{
    Family, KeyInfo, Location, NeuronOps, Part, Role, SetContext, Setting, check_keys, part_mut,
    part_ref,
};
use crate::time::{Clock, Step};
use crate::value::{Column, Dict, Value};

impl<M: Neuron> NeuronFamily<M> {
    fn node(&self, part: &Part, local: usize) -> Node<M> {
        let part = part_ref::<NeuronPart<M>>(part);
        Node {
            class: self.classes.get(part.class[local]).clone(),
            row: part.state.row(local),
            archive: part.archive.row(local),
            elements: part.archive.elements(local),
        }
    }

    /// The nodes at some places as they will be once `settings` are applied.
    fn plan<'a>(
        &self,
        context: &SetContext,
        parts: &[&Part],
        at: &[Location],
        settings: &'a [(String, Setting)],
    ) -> Result<Plan<'a, M>> {
        let names = settings.iter().map(|(k, _)| k.as_str());
        check_keys(context, &self.name, names, &self.keys())?;
        let mut plan = Plan::new(Changes::of(settings, &self.info));
        for l in at {
            let part = part_ref::<NeuronPart<M>>(parts[l.worker as usize]);
            let added = plan.add(context, &self.classes, part, l.local as usize);
            added.map_err(|e| {
                let id = part.ids[l.local as usize];
                e.within(&format!(
                    "Setting status of a '{}' with node ID {id}",
                    self.name
                ))
            })?;
        }
        Ok(plan)
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
        if key == "synaptic_elements" {
            return Some(node.elements.to_value());
        }
        archive_value(&node.archive, (0.0, 0), key)
    }

    /// A key that depends on what plastic synapses read of a node.
    fn history_value(&self, part: &NeuronPart<M>, local: usize, key: &str) -> Option<Value> {
        let history = part.archive.history.as_ref()?;
        let known = self.info.archives && matches!(key, "post_trace" | "archiver_length");
        let archive = part.archive.row(local);
        known
            .then(|| archive_value(&archive, history.status(local), key))
            .flatten()
    }
}

pub(super) fn family_value<M: Neuron>(p: &M::Params, row: &Row<M>, key: &str) -> Option<f64> {
    M::families().iter().find_map(|f| {
        let i: usize = key.strip_prefix(f.prefix)?.parse().ok()?;
        (1..=(f.count)(p))
            .contains(&i)
            .then(|| (f.get)(p, row, i - 1))
    })
}

/// Synaptic elements in the status: name, description, whether it is shown.
const ELEMENT_KEYS: [(&str, &str, Role); 2] = [
    (
        "synaptic_elements",
        "Synaptic elements for structural plasticity, a dictionary for each by name",
        Role::State,
    ),
    (
        "synaptic_elements_param",
        "Changes of existing synaptic elements, a dictionary for each by name",
        Role::WriteOnly,
    ),
];

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

fn archive_value(archive: &Archive, read: (f64, usize), key: &str) -> Option<Value> {
    match key {
        "t_spike" => Some(Value::Float(archive.last_spike)),
        "Ca" => Some(Value::Float(archive.calcium)),
        "post_trace" => Some(Value::Float(read.0)),
        "archiver_length" => Some(Value::Int(read.1 as i64)),
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
        let parameters = KeyInfo::parameters::<M::Params>();
        let mut keys: Vec<_> = parameters.chain(variables).chain(families).collect();
        if self.info.archives {
            keys.extend(KeyInfo::parameters::<ArchiveParams>());
            keys.extend(ARCHIVE_STATE.iter().map(|&(name, unit, doc)| KeyInfo {
                name: name.to_owned(),
                unit,
                doc,
                type_name: <f64 as Field>::TYPE,
                role: if name == "Ca" {
                    Role::State
                } else {
                    Role::ReadOnly
                },
                shape: Shape::Scalar,
                recordable: false,
            }));
            keys.extend(ELEMENT_KEYS.iter().map(|&(name, doc, role)| KeyInfo {
                name: name.to_owned(),
                unit: "",
                doc,
                type_name: "dict",
                role,
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
        let same = |(key, value): (&str, &Value)| (key.to_owned(), Setting::Same(value.clone()));
        let settings: Vec<_> = params.iter().map(same).collect();
        let changes = Changes::<M>::of(&settings, &self.info);
        // what grows does so from when a node is made
        let context = SetContext { now: 0, ..*context };
        let old = &self.default;
        let mut new = old.clone();
        new.class = changes.class(&old.class, 0)?;
        if changes.grows {
            let grown = (&mut new.archive, &mut new.elements);
            changes.grow(&context, &old.class.archive, 0, grown)?;
        }
        changes.write((&old.class.model, &new.class.model), 0, &mut new.row)?;
        self.default = new;
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
        let first = part.ids.len() - ids.len();
        part.archive.push(self.default.archive, ids.len());
        if !self.default.elements.is_empty() {
            for i in first..part.ids.len() {
                part.archive.put_elements(i, self.default.elements.clone());
            }
        }
        part.connected.resize(part.ids.len(), false);
    }

    fn truncate(&self, part: &mut Part, n: usize) {
        let part = part_mut::<NeuronPart<M>>(part);
        part.ids.truncate(n);
        part.class.truncate(n);
        part.state.truncate(n);
        part.archive.truncate(n);
        part.connected.truncate(n);
        part.frozen.retain(|&local| (local as usize) < n);
    }

    fn get(
        &self,
        parts: &[&Part],
        at: &[Location],
        key: &str,
        clock: &Clock,
        now: Step,
    ) -> Option<Column> {
        if self.info.archives && matches!(key, "Ca" | "synaptic_elements") {
            let t = clock.ms(now);
            let values = at.iter().map(|l| {
                let part = part_ref::<NeuronPart<M>>(parts[l.worker as usize]);
                let i = l.local as usize;
                if key == "synaptic_elements" {
                    return part.archive.elements(i).to_value();
                }
                let p = &self.classes.get(part.class[i]).archive;
                Value::Float(part.archive.row(i).calcium_at(t, p))
            });
            return Some(Column::from_values(values.collect()));
        }
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
                let part = part_ref::<NeuronPart<M>>(parts[l.worker as usize]);
                if let Some(value) = self.history_value(part, l.local as usize, key) {
                    return Some(value);
                }
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
        let plan = {
            let parts: Vec<&Part> = parts.iter().map(|p| &**p).collect();
            self.plan(context, &parts, at, settings)?
        };
        plan.apply(&mut self.classes, parts, at);
        if settings.iter().any(|(k, _)| k == "ignore_and_spike_offset") {
            for l in at {
                let part = part_mut::<NeuronPart<M>>(parts[l.worker as usize]);
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
            part.blocks = blocks(&part.class);
        }
        for part in parts.iter_mut() {
            let part = part_mut::<NeuronPart<M>>(part);
            if let Some(growth) = &mut part.archive.growth {
                growth.step = clock.resolution();
            }
            if let Some(history) = &mut part.archive.history {
                for (i, &class) in part.class.iter().enumerate() {
                    let p = &self.classes.get(class).archive;
                    history.set_rates(i, (p.tau_minus, p.tau_minus_triplet));
                }
            }
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
