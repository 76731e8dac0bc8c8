//! Models of a simulation: the registered ones, their defaults, and copies.

use super::{Simulation, Worker};
use crate::error::{Error, Kind, Result};
use crate::model::{NumberSpec, Shape, SynapseInfo, SynapseKind, SynapseOps, Variant, checks};
use crate::node::{Family, KeyInfo, Role, SetContext};
use crate::value::{Dict, Value};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The models that a simulation knows from the start.
#[derive(Clone)]
pub struct Registry {
    /// Makes a family of each node model.
    pub nodes: &'static [fn() -> Box<dyn Family>],
    /// The synapse models.
    pub synapses: &'static [SynapseInfo],
}

impl Registry {
    pub(super) fn build(&self) -> (Vec<Box<dyn Family>>, Vec<SynapseModel>) {
        let families = self.nodes.iter().map(|make| make()).collect();
        (
            families,
            self.synapses.iter().flat_map(SynapseModel::all).collect(),
        )
    }
}

/// A synapse model, or a copy of one, with its defaults.
#[derive(Clone, Debug)]
pub struct SynapseModel {
    pub info: SynapseInfo,
    pub variant: Variant,
    pub name: String,
    pub weight: f64,
    /// In ms.
    pub delay: f64,
    pub receptor: i64,
    /// Records what its synapses transmit.
    pub weight_recorder: Option<u32>,
    /// The model with its common properties, if it is a stateful one.
    pub(super) ops: Option<Arc<dyn SynapseOps>>,
    /// The default words of a stateful model.
    pub(super) words: Vec<f64>,
}

/// The greatest number of synapse models.
pub const MAX_SYNAPSE_MODELS: usize = 511;

/// The key of the label of connections.
pub(super) const LABEL: &str = "synapse_label";

impl SynapseModel {
    /// The forms in which a model is offered.
    fn all(info: &SynapseInfo) -> Vec<Self> {
        let forms: &[(Variant, &str)] = if info.variants {
            &[
                (Variant::Plain, ""),
                (Variant::Hpc, "_hpc"),
                (Variant::Labeled, "_lbl"),
            ]
        } else {
            &[(Variant::Plain, "")]
        };
        forms
            .iter()
            .map(|&(variant, suffix)| SynapseModel::new(*info, variant, suffix))
            .collect()
    }

    fn new(mut info: SynapseInfo, variant: Variant, suffix: &str) -> Self {
        if variant == Variant::Labeled {
            info.kind = SynapseKind::Stateful;
        }
        let stateful = info.kind == SynapseKind::Stateful;
        let ops = info.make.filter(|_| stateful).map(|make| make());
        let words = ops.as_ref().map_or(Vec::new(), |o| o.defaults());
        SynapseModel {
            info,
            variant,
            name: format!("{}{suffix}", info.name),
            weight: info.weight,
            delay: 1.0,
            receptor: 0,
            weight_recorder: None,
            ops,
            words,
        }
    }

    /// The weight that connections have for which none is given.
    pub(crate) fn default_weight(&self) -> f64 {
        match &self.ops {
            Some(ops) if self.info.common_weight => ops.weight(),
            _ => self.weight,
        }
    }

    /// The delay in ms that connections have for which none is given, if they have one.
    pub(crate) fn default_delay(&self) -> Option<f64> {
        self.info.has_delay.then_some(self.delay)
    }

    /// The word of a connection that a key stands for.
    pub(crate) fn number(&self, key: &str) -> Option<(usize, NumberSpec)> {
        let ops = self.ops.as_ref()?;
        let layout = ops.layout();
        if key == LABEL {
            return (self.variant == Variant::Labeled).then(|| (layout.label(), label_spec()));
        }
        let numbers = ops.numbers();
        let i = numbers.iter().position(|n| n.name == key)?;
        Some((i + usize::from(i >= layout.label()), numbers[i]))
    }

    /// The keys of the words of a connection.
    pub(super) fn numbers(&self) -> Vec<NumberSpec> {
        let mut numbers = self.ops.as_ref().map_or(Vec::new(), |o| o.numbers());
        if self.variant == Variant::Labeled {
            numbers.push(label_spec());
        }
        numbers
    }

    /// Whether a key is a property that all connections have in common.
    pub fn is_common(&self, key: &str) -> bool {
        self.ops.as_ref().is_some_and(|o| o.common(key).is_some())
    }

    /// The keys that connections can be made with.
    pub(crate) fn connect_keys(&self) -> Vec<&'static str> {
        let mut keys = vec!["synapse_model", "receptor_type"];
        if !self.info.common_weight {
            keys.push("weight");
        }
        if self.info.has_delay {
            keys.push("delay");
        }
        keys.extend(self.numbers().iter().map(|n| n.name));
        keys
    }

    /// Bytes that a connection takes where neighbours share what can be shared.
    pub(super) fn bytes(&self) -> i64 {
        let weight = if self.info.common_weight { 0 } else { 8 };
        let own = self.ops.as_ref().map_or(0, |o| o.layout().entry);
        match self.info.kind {
            SynapseKind::GapJunction => 24,
            _ => 4 + weight + 8 * own as i64,
        }
    }

    fn set_common(&mut self, key: &str, value: &Value) -> Option<Result<()>> {
        let changed = self.ops.as_ref()?.with_common(key, value)?;
        Some(changed.map(|ops| self.ops = Some(ops)))
    }

    fn changed(&self, simulation: &Simulation, params: &Dict) -> Result<Self> {
        let mut new = self.clone();
        for (key, value) in params.iter() {
            if let Some(result) = new.set_common(key, value) {
                result?;
                continue;
            }
            if let Some((at, spec)) = self.number(key) {
                new.words[at] = spec.word(value)?;
                continue;
            }
            match key {
                "weight" => new.weight = finite(key, value.as_float(key)?)?,
                "delay" if self.info.has_delay => {
                    let ms = value.as_float(key)?;
                    new.delay = simulation.clock.ms(simulation.delay_steps(ms)?.into());
                }
                "delay" => {
                    return Err(Error::bad_property(format!("{} has no delay", self.name)));
                }
                "receptor_type" => {
                    new.receptor = value.as_int(key)?;
                    if new.receptor < 0 {
                        let text =
                            format!("receptor_type must not be negative, got {}", new.receptor);
                        return Err(Error::new(Kind::Index, text));
                    }
                }
                "weight_recorder" => new.weight_recorder = recorder_of(simulation, value)?,
                _ if !simulation.settings.dict_miss_is_error => {}
                _ => {
                    let place = format!("synapse model {}", self.name);
                    let common = self.ops.as_ref().map_or(Vec::new(), |o| o.common_keys());
                    let known = self.connect_keys().into_iter().skip(1);
                    let known = known.chain(["weight_recorder"]);
                    let known = known.chain(common.iter().map(|c| c.name));
                    return Err(Error::unknown_key(&place, key, known));
                }
            }
        }
        if let Some(ops) = &new.ops
            && !params.is_empty()
        {
            ops.check(&new.words, new.weight)?;
        }
        Ok(new)
    }
}

fn label_spec() -> NumberSpec {
    NumberSpec {
        name: LABEL,
        unit: "",
        doc: "Label by which connections can be found, -1 if it has none",
        check: checks::NON_NEGATIVE,
        integer: true,
        is_state: false,
    }
}

fn finite(key: &str, x: f64) -> Result<f64> {
    if x.is_finite() {
        return Ok(x);
    }
    Err(Error::bad_property(format!(
        "{key} must be finite, got {x}"
    )))
}

fn recorder_of(simulation: &Simulation, value: &Value) -> Result<Option<u32>> {
    let ids = match value {
        Value::Int(id) => Value::Ints(vec![*id]).as_nodes("weight_recorder")?,
        other => other.as_nodes("weight_recorder")?,
    };
    match ids.as_slice() {
        [] => Ok(None),
        [id] => {
            let (family, _) = simulation.nodes.locate(*id)?;
            let kind = simulation.families[family].recorders().map(|r| r.kind());
            if kind != Some(crate::model::RecorderKind::Weights) {
                return Err(Error::bad_property(format!(
                    "weight_recorder must be a weight_recorder; node {id} is a {}",
                    simulation.families[family].name()
                )));
            }
            Ok(Some(*id))
        }
        _ => Err(Error::bad_property("weight_recorder must be a single node")),
    }
}

impl Simulation {
    /// The names of the node models, sorted.
    pub fn node_models(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.families.iter().map(|f| f.name()).collect();
        names.sort_unstable();
        names
    }

    /// The names of the synapse models, sorted.
    pub fn synapse_models(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.synapses.iter().map(|s| s.name.as_str()).collect();
        names.sort_unstable();
        names
    }

    /// The synapse model with an index.
    pub fn synapse_model(&self, index: u16) -> &SynapseModel {
        &self.synapses[usize::from(index)]
    }

    pub(super) fn family_index(&self, name: &str) -> Option<usize> {
        self.families.iter().position(|f| f.name() == name)
    }

    /// The index of a synapse model.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn synapse_index(&self, name: &str) -> Result<u16> {
        let last = self.last_synapse.load(Ordering::Relaxed);
        if self
            .synapses
            .get(usize::from(last))
            .is_some_and(|s| s.name == name)
        {
            return Ok(last);
        }
        let Some(i) = self.synapses.iter().position(|s| s.name == name) else {
            let known = self.synapses.iter().map(|s| s.name.as_str());
            return Err(Error::unknown(
                Kind::UnknownSynapseType,
                "Synapse model",
                name,
                known,
            ));
        };
        self.last_synapse.store(i as u16, Ordering::Relaxed);
        Ok(i as u16)
    }

    /// The family of a node model.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn family(&self, name: &str) -> Result<&dyn Family> {
        match self.family_index(name) {
            Some(i) => Ok(&*self.families[i]),
            None => Err(self.unknown_model(Kind::UnknownModelName, name)),
        }
    }

    pub(super) fn unknown_model(&self, kind: Kind, name: &str) -> Error {
        let nodes = self.families.iter().map(|f| f.name());
        let known = nodes.chain(self.synapses.iter().map(|s| s.name.as_str()));
        Error::unknown(kind, "Model", name, known)
    }

    /// The keys of a model, for documentation.
    ///
    /// # Errors
    /// When there is no node model of this name.
    pub fn keys(&self, name: &str) -> Result<Vec<KeyInfo>> {
        Ok(self.family(name)?.keys())
    }

    /// The keys of a synapse model, for documentation.
    pub fn synapse_keys(&self, model: u16) -> Vec<KeyInfo> {
        let info = &self.synapse_model(model).info;
        let has_delay = info.has_delay;
        let synapse = self.synapse_model(model);
        let weight = match info.kind {
            SynapseKind::GapJunction => ("nS", "Conductance of the coupling"),
            _ => ("", "Weight, in the unit of the target's input"),
        };
        let key = |name: &str, unit, doc, type_name| KeyInfo {
            name: name.to_owned(),
            unit,
            doc,
            type_name,
            role: Role::Parameter,
            shape: Shape::Scalar,
            recordable: false,
        };
        let mut keys = vec![
            key("weight", weight.0, weight.1, "float"),
            key("receptor_type", "", "Receptor of the target", "int"),
            key(
                "weight_recorder",
                "",
                "Records what these synapses transmit",
                "NodeCollection",
            ),
        ];
        if has_delay {
            keys.insert(1, key("delay", "ms", "Time from spike to effect", "float"));
        }
        let common = synapse.ops.as_ref().map_or(Vec::new(), |o| o.common_keys());
        keys.retain(|k| common.iter().all(|c| c.name != k.name));
        keys.extend(
            common
                .into_iter()
                .map(|c| key(c.name, c.unit, c.doc, c.type_name)),
        );
        keys.extend(synapse.numbers().into_iter().map(|n| {
            let type_name = if n.integer { "int" } else { "float" };
            let role = if n.is_state {
                Role::State
            } else {
                Role::Parameter
            };
            KeyInfo {
                role,
                ..key(n.name, n.unit, n.doc, type_name)
            }
        }));
        keys
    }

    pub(super) fn set_context(&self) -> SetContext {
        SetContext {
            clock: self.clock,
            now: self.now(),
            prepared: self.phase == super::Phase::Prepared,
            strict: self.settings.dict_miss_is_error,
        }
    }

    /// How many nodes of a family each thread has; each has all devices.
    fn instances(&self, family: usize) -> Vec<i64> {
        let layout = self.nodes.layout();
        let runs = || self.nodes.runs().iter().filter(|run| run.family == family);
        (0..layout.threads())
            .map(|w| layout.vp_of_thread(w))
            .map(|vp| runs().map(|run| run.count_to(run.last(), vp) as i64).sum())
            .collect()
    }

    /// Adds what NEST reports with the defaults of a node model: the nodes there are by thread, and
    /// the place of a node that is none.
    fn add_placeholders(&self, family: usize, dict: &mut Dict) {
        let instances = self.instances(family);
        dict.set("available", Value::Ints(vec![0; instances.len()]));
        dict.set("capacity", Value::Ints(instances.clone()));
        dict.set("instantiations", Value::Ints(instances));
        dict.set("global_id", Value::Int(0));
        dict.set("local", Value::Bool(true));
        for key in ["thread", "thread_local_id", "vp"] {
            dict.set(key, Value::Int(-1));
        }
    }

    /// The defaults of a model.
    ///
    /// # Errors
    /// When there is no model of this name.
    pub fn defaults(&self, name: &str) -> Result<Dict> {
        if let Some(i) = self.family_index(name) {
            let family = &self.families[i];
            let mut dict = family.defaults(&self.clock);
            let recordables = family.recordables(None);
            if !recordables.is_empty() {
                dict.set("recordables", Value::Strs(recordables));
            }
            let receptors = family.info().receptors;
            if !receptors.is_empty() {
                let types = receptors.iter().map(|&(n, r)| (n, Value::Int(r))).collect();
                dict.set("receptor_types", Value::Dict(types));
            }
            dict.set(
                "element_type",
                Value::Str(family.info().element.name().to_owned()),
            );
            dict.set("model", Value::Str(name.to_owned()));
            dict.set("model_id", Value::Int(i as i64));
            dict.set("type_id", Value::Str(family.info().name.to_owned()));
            dict.set("frozen", Value::Bool(false));
            dict.set("node_uses_wfr", Value::Bool(self.uses_wfr(i)));
            self.add_placeholders(i, &mut dict);
            return Ok(dict);
        }
        let Ok(i) = self.synapse_index(name) else {
            if crate::record::BACKENDS.contains(&name) {
                let kind = Value::Str("recording_backend".to_owned());
                return Ok(std::iter::once(("element_type", kind)).collect());
            }
            return Err(self.unknown_model(Kind::UnknownComponent, name));
        };
        let s = self.synapse_model(i);
        let mut dict = Dict::new();
        dict.set("weight", Value::Float(s.weight));
        dict.set("delay", Value::Float(s.delay));
        dict.set("receptor_type", Value::Int(s.receptor));
        dict.set("has_delay", Value::Bool(s.info.has_delay));
        dict.set("requires_symmetric", Value::Bool(s.info.requires_symmetric));
        dict.set("num_connections", Value::Int(self.connections_of(i) as i64));
        dict.set("synapse_model", Value::Str(s.name.clone()));
        dict.set("synapse_modelid", Value::Int(i64::from(i)));
        dict.set(
            "weight_recorder",
            Value::Nodes(s.weight_recorder.into_iter().collect()),
        );
        dict.set("element_type", Value::Str("synapse".to_owned()));
        dict.set("sizeof", Value::Int(s.bytes()));
        if let Some(ops) = &s.ops {
            for key in ops.common_keys() {
                ops.common(key.name)
                    .into_iter()
                    .for_each(|v| dict.set(key.name, v));
            }
        }
        for number in s.numbers() {
            if let Some((at, _)) = s.number(number.name) {
                dict.set(number.name, number.value(s.words[at]));
            }
        }
        Ok(dict)
    }

    /// Changes the defaults of a model, for nodes and connections that will be made.
    ///
    /// # Errors
    /// When there is no model of this name, or a parameter is not right; then nothing is changed.
    pub fn set_defaults(&mut self, name: &str, params: &Dict) -> Result<()> {
        let context = self.set_context();
        if let Some(i) = self.family_index(name) {
            self.families[i].set_defaults(&context, params)?;
        } else if let Ok(i) = self.synapse_index(name) {
            let new = self.synapse_model(i).changed(self, params)?;
            self.synapses[usize::from(i)] = new;
            self.share_model(i);
        } else {
            return Err(self.unknown_model(Kind::UnknownComponent, name));
        }
        self.settings.models_changed = true;
        Ok(())
    }

    /// Makes `new` a copy of the model `existing`, with other defaults.
    ///
    /// # Errors
    /// When there is no such model, the new name is taken, or a parameter is not right.
    pub fn copy_model(&mut self, existing: &str, new: &str, params: &Dict) -> Result<()> {
        if self.family_index(new).is_some() || self.synapse_index(new).is_ok() {
            return Err(Error::new(
                Kind::NewModelNameExists,
                format!("Model {new} is an existing model; choose another name"),
            ));
        }
        if let Some(i) = self.family_index(existing) {
            let mut family = self.families[i].copy(new);
            family.set_defaults(&self.set_context(), params)?;
            self.workers
                .iter_mut()
                .for_each(|w: &mut Worker| w.add_family(&*family));
            self.families.push(family);
        } else if let Ok(i) = self.synapse_index(existing) {
            if self.synapses.len() >= MAX_SYNAPSE_MODELS {
                return Err(Error::new(
                    Kind::Kernel,
                    format!("Synapse model count exceeded: there are {MAX_SYNAPSE_MODELS}"),
                ));
            }
            let mut model = self.synapse_model(i).changed(self, params)?;
            model.name = new.to_owned();
            self.synapses.push(model);
        } else {
            return Err(self.unknown_model(Kind::UnknownModelName, existing));
        }
        self.settings.models_changed = true;
        Ok(())
    }

    /// Tells the workers of a stateful model with its common properties.
    pub(super) fn share_model(&mut self, model: u16) {
        let synapse = &self.synapses[usize::from(model)];
        let Some(ops) = &synapse.ops else {
            return;
        };
        for w in &mut self.workers {
            w.plastic.set_model(model, ops);
            if synapse.info.common_weight {
                let entries = w.drives.iter_mut().flat_map(|d| &mut d.entries);
                for e in entries.filter(|e| e.model == model) {
                    e.weight = ops.weight();
                }
            }
        }
    }
}
