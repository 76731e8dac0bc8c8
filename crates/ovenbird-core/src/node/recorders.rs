//! A family of recorders.

use super::family::{
    Family, KeyInfo, Location, Part, RecorderOps, Role, SetContext, Setting, check_keys, part_mut,
    part_ref,
};
use super::stimulators::check_window;
use crate::error::{Error, Kind, Result};
use crate::model::{NodeInfo, RecorderInfo, RecorderKind, Shape, Table};
use crate::record::{BACKENDS, Recorder, RecorderParams, SampleParams};
use crate::time::{Clock, Step};
use crate::value::{Column, Dict, Value};

/// All recorders of one model.
pub struct RecorderFamily {
    info: RecorderInfo,
    name: String,
    default: Recorder,
}

/// Recorders are not spread over workers: one list, on the first.
type List = Vec<Recorder>;

impl RecorderFamily {
    /// A family of recorders without nodes.
    pub fn new(info: RecorderInfo) -> Self {
        RecorderFamily {
            info,
            name: info.node.name.to_owned(),
            default: Recorder::new(0, info.node.name, info.kind),
        }
    }

    fn samples(&self) -> bool {
        matches!(self.info.kind, RecorderKind::Samples { .. })
    }

    /// Applies `changes` to a copy of `old`.
    fn changed(
        &self,
        context: &SetContext,
        old: &Recorder,
        changes: &[(&str, &Value)],
    ) -> Result<Recorder> {
        if context.prepared && !changes.is_empty() {
            return Err(Error::bad_property(
                "Recorder parameters cannot be changed between Prepare and Cleanup.",
            ));
        }
        let mut new = old.clone();
        let names_file = |key: &str| ["label", "record_to", "file_extension"].contains(&key);
        if !changes.iter().any(|(key, _)| names_file(key)) {
            new.filenames.clone_from(&old.filenames);
        }
        for &(key, value) in changes {
            if let Some(field) = RecorderParams::field(key) {
                (field.set)(&mut new.params, value)?;
            } else if let Some(field) = SampleParams::field(key).filter(|_| self.samples()) {
                (field.set)(&mut new.sampling, value)?;
            } else if key == "n_events" && value.as_int(key)? != 0 {
                return Err(Error::bad_property(
                    "n_events can only be set to 0, which clears it",
                ));
            } else if key == "senders" || key == "targets" {
                let ids = value.as_nodes(key)?;
                let list = if key == "senders" {
                    &mut new.senders
                } else {
                    &mut new.targets
                };
                *list = ids;
            }
        }
        self.check(context, old, &mut new)?;
        Ok(new)
    }

    fn check(&self, context: &SetContext, old: &Recorder, new: &mut Recorder) -> Result<()> {
        let p = &new.params;
        if !BACKENDS.contains(&p.record_to.as_str()) {
            return Err(Error::unknown(
                Kind::BadProperty,
                "Recording backend",
                &p.record_to,
                BACKENDS,
            ));
        }
        check_window(&context.clock, (p.start, p.stop, p.origin))?;
        if p.precision > 64 {
            return Err(Error::bad_property("precision must be at most 64"));
        }
        if p.time_in_steps != old.params.time_in_steps && context.now > 0 {
            return Err(Error::bad_property(
                "Property time_in_steps cannot be set after Simulate has been called.",
            ));
        }
        if !self.samples() {
            return Ok(());
        }
        if new.sampling != old.sampling && (old.linked || !old.connected.is_empty()) {
            return Err(Error::bad_property(
                "The recording interval, the interval offset and the list of properties to record \
                 cannot be changed after the multimeter has been connected to nodes.",
            ));
        }
        let s = &new.sampling;
        if s.interval < context.clock.resolution() {
            return Err(Error::bad_property(
                "The sampling interval must be at least as long as the simulation resolution.",
            ));
        }
        if context.clock.exact(s.interval).is_none() {
            return Err(Error::bad_property(
                "The sampling interval must be a multiple of the simulation resolution",
            ));
        }
        if s.offset != 0.0 && context.clock.exact(s.offset).is_none() {
            return Err(Error::bad_property(
                "The offset for the sampling interval must be a multiple of the simulation resolution",
            ));
        }
        Ok(())
    }

    /// The recorders as they will be once `settings` are applied, without their data.
    fn plan(
        &self,
        context: &SetContext,
        part: &Part,
        at: &[Location],
        settings: &[(String, Setting)],
    ) -> Result<Vec<Recorder>> {
        check_keys(
            context,
            &self.name,
            settings.iter().map(|(k, _)| k.as_str()),
            &self.keys(),
        )?;
        let list = part_ref::<List>(part);
        let changed = at.iter().enumerate().map(|(i, l)| {
            let old = &list[l.local as usize];
            let changes: Vec<_> = settings
                .iter()
                .map(|(k, s)| (k.as_str(), s.of(i)))
                .collect();
            self.changed(context, old, &changes).map_err(|e| {
                e.within(&format!(
                    "Setting status of a '{}' with node ID {}",
                    self.name, old.id
                ))
            })
        });
        changed.collect()
    }

    fn value_of(&self, r: &Recorder, key: &str, clock: &Clock) -> Option<Value> {
        let ascii = r.params.record_to == "ascii";
        match key {
            "precision" if r.params.record_to == "memory" => None,
            "file_extension" if !ascii => None,
            "events" if r.params.record_to == "memory" => Some(Value::Dict(r.events(clock))),
            "n_events" => Some(Value::Int(r.n_events as i64)),
            "senders" | "targets" if r.kind == RecorderKind::Weights => {
                let list = if key == "senders" {
                    &r.senders
                } else {
                    &r.targets
                };
                Some(Value::Nodes(list.clone()))
            }
            _ => match RecorderParams::field(key) {
                Some(field) => Some((field.get)(&r.params)),
                None => SampleParams::field(key)
                    .filter(|_| self.samples())
                    .map(|field| (field.get)(&r.sampling)),
            },
        }
    }
}

fn read_only(name: &str, doc: &'static str, type_name: &'static str) -> KeyInfo {
    KeyInfo {
        name: name.to_owned(),
        unit: "",
        doc,
        type_name,
        role: Role::ReadOnly,
        shape: Shape::List,
        recordable: false,
    }
}

impl Family for RecorderFamily {
    fn info(&self) -> &NodeInfo {
        &self.info.node
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn copy(&self, name: &str) -> Box<dyn Family> {
        let mut default = self.default.clone();
        default.model = name.to_owned();
        Box::new(RecorderFamily {
            info: self.info,
            name: name.to_owned(),
            default,
        })
    }

    fn keys(&self) -> Vec<KeyInfo> {
        let parameter = |name: &str, doc, type_name, shape| KeyInfo {
            name: name.to_owned(),
            unit: "",
            doc,
            type_name,
            role: Role::Parameter,
            shape,
            recordable: false,
        };
        let mut keys: Vec<_> = KeyInfo::parameters::<RecorderParams>().collect();
        if self.samples() {
            keys.extend(KeyInfo::parameters::<SampleParams>());
        }
        if self.info.kind == RecorderKind::Weights {
            let limits = [
                ("senders", "Only these senders are recorded"),
                ("targets", "Only these targets are recorded"),
            ];
            keys.extend(limits.map(|(n, doc)| parameter(n, doc, "NodeCollection", Shape::List)));
        }
        keys.push(parameter(
            "n_events",
            "Events collected; set to 0 to clear",
            "int",
            Shape::Scalar,
        ));
        keys.push(read_only(
            "events",
            "What has been collected",
            "dictionary of arrays",
        ));
        keys.push(read_only(
            "filenames",
            "The files being written",
            "list of strings",
        ));
        keys
    }

    fn recordables(&self, _: Option<(&Part, u32)>) -> Vec<String> {
        Vec::new()
    }

    fn defaults(&self, clock: &Clock) -> Dict {
        self.keys()
            .into_iter()
            .filter_map(|k| {
                self.value_of(&self.default, &k.name, clock)
                    .map(|v| (k.name, v))
            })
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
        self.default = self.changed(context, &self.default, &changes)?;
        self.default.shape_columns();
        Ok(())
    }

    fn new_part(&self) -> Part {
        Box::new(List::new())
    }

    fn held(&self, part: &Part) -> usize {
        part_ref::<List>(part).len()
    }

    fn create(&mut self, part: &mut Part, ids: &[u32]) {
        let list = part_mut::<List>(part);
        for &id in ids {
            let mut recorder = self.default.clone();
            recorder.id = id;
            recorder.shape_columns();
            list.push(recorder);
        }
    }

    fn truncate(&self, part: &mut Part, n: usize) {
        part_mut::<List>(part).truncate(n);
    }

    fn get(
        &self,
        parts: &[&Part],
        at: &[Location],
        key: &str,
        clock: &Clock,
        _: Step,
    ) -> Option<Column> {
        let list = part_ref::<List>(parts[0]);
        let values: Option<Vec<_>> = at
            .iter()
            .map(|l| self.value_of(&list[l.local as usize], key, clock))
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
        let changed = self.plan(context, parts[0], at, settings)?;
        let list = part_mut::<List>(parts[0]);
        let clears = settings.iter().any(|(k, _)| k == "n_events");
        for (l, new) in at.iter().zip(changed) {
            let r = &mut list[l.local as usize];
            r.params = new.params;
            r.sampling = new.sampling;
            r.filenames = new.filenames;
            r.senders = new.senders;
            r.targets = new.targets;
            r.shape_columns();
            if clears {
                r.clear();
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
        self.plan(context, parts[0], at, settings).map(drop)
    }

    fn is_frozen(&self, _: &Part, _: u32) -> bool {
        false
    }

    fn freeze(&self, _: &mut Part, _: u32, _: bool) {}

    fn bytes(&self, part: &Part) -> usize {
        part_ref::<List>(part)
            .iter()
            .map(|r| r.data.stamps.capacity() * 12)
            .sum()
    }

    fn prepare(&mut self, _: &mut [&mut Part], _: &Clock, _: Step) -> Result<()> {
        Ok(())
    }

    fn recorders(&self) -> Option<&dyn RecorderOps> {
        Some(self)
    }

    fn recorders_mut(&mut self) -> Option<&mut dyn RecorderOps> {
        Some(self)
    }
}

impl RecorderOps for RecorderFamily {
    fn kind(&self) -> RecorderKind {
        self.info.kind
    }

    fn recorder<'a>(&self, part: &'a mut Part, local: u32) -> &'a mut Recorder {
        &mut part_mut::<List>(part)[local as usize]
    }

    fn recorder_ref<'a>(&self, part: &'a Part, local: u32) -> &'a Recorder {
        &part_ref::<List>(part)[local as usize]
    }
}
