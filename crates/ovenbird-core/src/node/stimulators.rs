//! A family of stimulating devices.

use super::family::{
    Family, KeyInfo, Location, Part, Role, SetContext, Setting, StimulatorOps, check_keys,
    part_mut, part_ref,
};
use crate::error::{Error, Kind, Result};
use crate::model::{
    Emission, Field, Moment, NodeInfo, Settling, Shape, Signal, Stimulator, Table, Targets,
};
use crate::rng::Key;
use crate::time::{Clock, FOREVER, Step};
use crate::value::{Column, Dict, Value};
use std::any::Any;

/// Parameters that all stimulating devices have.
mod window {
    crate::params! {
        /// Activation time, relative to origin.
        start: f64 = 0.0, "ms", TIME;
        /// Deactivation time, relative to origin.
        stop: f64 = f64::MAX, "ms", TIME;
        /// Reference time for start and stop.
        origin: f64 = 0.0, "ms", TIME;
        /// A name for the device.
        label: String = String::new();
        /// The source of data from outside the simulation; none is available.
        stimulus_source: String = String::new();
    }
}

/// Checks when a device starts, stops and has its origin, in ms.
pub(super) fn check_window(clock: &Clock, (start, stop, origin): (f64, f64, f64)) -> Result<()> {
    for (key, ms) in [("start", start), ("stop", stop), ("origin", origin)] {
        let never = clock.round(ms).abs() >= FOREVER;
        if !never && clock.exact(ms).is_none() {
            return Err(Error::bad_property(format!(
                "{key} must be a multiple of the simulation resolution, {} ms; got {ms} ms.",
                clock.resolution()
            )));
        }
    }
    if stop < start {
        return Err(Error::bad_property(format!(
            "stop >= start required; start is {start} ms and stop {stop} ms."
        )));
    }
    Ok(())
}

/// One device.
struct Device<S: Stimulator> {
    id: u32,
    params: S::Params,
    window: window::Params,
    derived: Option<S::Derived>,
    /// Whether parameters have changed since `derived` was made.
    stale: bool,
    /// Start, stop and origin in steps, the first two absolute.
    steps: (Step, Step, Step),
    frozen: bool,
}

impl<S: Stimulator> Device<S> {
    fn new(id: u32, params: S::Params, window: window::Params) -> Self {
        Device {
            id,
            params,
            window,
            derived: None,
            stale: true,
            steps: (0, 0, 0),
            frozen: false,
        }
    }
}

/// All devices of the model `S`, or of a copy of it.
pub struct StimulatorFamily<S: Stimulator> {
    info: NodeInfo,
    name: String,
    params: S::Params,
    window: window::Params,
}

impl<S: Stimulator> Default for StimulatorFamily<S> {
    fn default() -> Self {
        StimulatorFamily {
            info: S::INFO,
            name: S::INFO.name.to_owned(),
            params: S::Params::default(),
            window: window::Params::default(),
        }
    }
}

/// Devices are not spread over workers: one list, on the first.
type List<S> = Vec<Device<S>>;

impl<S: Stimulator> StimulatorFamily<S> {
    /// The parameters as they will be once `settings` are applied.
    fn plan(
        &self,
        context: &SetContext,
        part: &Part,
        at: &[Location],
        settings: &[(String, Setting)],
    ) -> Result<Vec<(S::Params, window::Params)>> {
        check_keys(
            context,
            &self.name,
            settings.iter().map(|(k, _)| k.as_str()),
            &self.keys(),
        )?;
        let list = part_ref::<List<S>>(part);
        let changed = at.iter().enumerate().map(|(i, l)| {
            let old = &list[l.local as usize];
            let changes: Vec<_> = settings
                .iter()
                .map(|(k, s)| (k.as_str(), s.of(i)))
                .collect();
            self.changed(context, (&old.params, &old.window), &changes)
                .map_err(|e| {
                    e.within(&format!(
                        "Setting status of a '{}' with node ID {}",
                        self.name, old.id
                    ))
                })
        });
        changed.collect()
    }

    fn changed(
        &self,
        context: &SetContext,
        old: (&S::Params, &window::Params),
        changes: &[(&str, &Value)],
    ) -> Result<(S::Params, window::Params)> {
        let (mut params, mut window) = (old.0.clone(), old.1.clone());
        for &(key, value) in changes {
            if let Some(field) = S::Params::field(key) {
                (field.set)(&mut params, value)?;
            } else if let Some(field) = window::Params::field(key) {
                (field.set)(&mut window, value)?;
            }
        }
        check_window(&context.clock, (window.start, window.stop, window.origin))?;
        if !window.stimulus_source.is_empty() {
            return Err(Error::new(
                Kind::BadProperty,
                format!(
                    "Stimulation backend '{}' is not available; leave stimulus_source empty",
                    window.stimulus_source
                ),
            ));
        }
        let keys: Vec<&str> = changes.iter().map(|c| c.0).collect();
        let settling = Settling {
            changed: &keys,
            model: &self.name,
            clock: &context.clock,
            now: context.now,
            origin: context.clock.round(window.origin),
        };
        S::settle(&mut params, &settling)?;
        Ok((params, window))
    }
}

fn value_of<S: Stimulator>(
    params: &S::Params,
    window: &window::Params,
    key: &str,
    (clock, now): (&Clock, Step),
) -> Option<Value> {
    if let Some(field) = S::Params::field(key) {
        return Some((field.get)(params));
    }
    if let Some(reading) = S::readings().iter().find(|r| r.name == key) {
        return Some(Value::Float((reading.get)(params, clock, now)));
    }
    window::Params::field(key).map(|field| (field.get)(window))
}

impl<S: Stimulator> Family for StimulatorFamily<S> {
    fn info(&self) -> &NodeInfo {
        &self.info
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn copy(&self, name: &str) -> Box<dyn Family> {
        Box::new(StimulatorFamily::<S> {
            info: self.info,
            name: name.to_owned(),
            params: self.params.clone(),
            window: self.window.clone(),
        })
    }

    fn keys(&self) -> Vec<KeyInfo> {
        let readings = S::readings().iter().map(|r| KeyInfo {
            name: r.name.to_owned(),
            unit: r.unit,
            doc: r.doc,
            type_name: <f64 as Field>::TYPE,
            role: Role::ReadOnly,
            shape: Shape::Scalar,
            recordable: false,
        });
        KeyInfo::parameters::<S::Params>()
            .chain(readings)
            .chain(KeyInfo::parameters::<window::Params>())
            .collect()
    }

    fn recordables(&self, _: Option<(&Part, u32)>) -> Vec<String> {
        match S::SIGNAL {
            Signal::Currents => vec!["I".to_owned()],
            Signal::Spikes => Vec::new(),
        }
    }

    fn defaults(&self, clock: &Clock) -> Dict {
        let value = |key: &str| value_of::<S>(&self.params, &self.window, key, (clock, 0));
        self.keys()
            .into_iter()
            .filter_map(|k| value(&k.name).map(|v| (k.name, v)))
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
        (self.params, self.window) =
            self.changed(context, (&self.params, &self.window), &changes)?;
        Ok(())
    }

    fn new_part(&self) -> Part {
        Box::new(List::<S>::new())
    }

    fn held(&self, part: &Part) -> usize {
        part_ref::<List<S>>(part).len()
    }

    fn create(&mut self, part: &mut Part, ids: &[u32]) {
        let new = |&id| Device::new(id, self.params.clone(), self.window.clone());
        part_mut::<List<S>>(part).extend(ids.iter().map(new));
    }

    fn truncate(&self, part: &mut Part, n: usize) {
        part_mut::<List<S>>(part).truncate(n);
    }

    fn get(
        &self,
        parts: &[&Part],
        at: &[Location],
        key: &str,
        clock: &Clock,
        now: Step,
    ) -> Option<Column> {
        let list = part_ref::<List<S>>(parts[0]);
        let values: Option<Vec<_>> = at
            .iter()
            .map(|l| &list[l.local as usize])
            .map(|d| value_of::<S>(&d.params, &d.window, key, (clock, now)))
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
        let list = part_mut::<List<S>>(parts[0]);
        for (l, (params, window)) in at.iter().zip(changed) {
            let d = &mut list[l.local as usize];
            (d.params, d.window, d.stale) = (params, window, true);
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

    fn is_frozen(&self, part: &Part, local: u32) -> bool {
        part_ref::<List<S>>(part)[local as usize].frozen
    }

    fn freeze(&self, part: &mut Part, local: u32, frozen: bool) {
        part_mut::<List<S>>(part)[local as usize].frozen = frozen;
    }

    fn bytes(&self, part: &Part) -> usize {
        part_ref::<List<S>>(part).capacity() * size_of::<Device<S>>()
    }

    fn prepare(&mut self, parts: &mut [&mut Part], clock: &Clock, now: Step) -> Result<()> {
        for d in part_mut::<List<S>>(parts[0]) {
            let w = &d.window;
            d.steps = (
                clock.round(w.origin + w.start),
                clock.round(w.origin + w.stop),
                clock.round(w.origin),
            );
            if d.stale {
                let mut derived = S::derive(&d.params, clock);
                S::carry_over(&mut derived, d.derived.as_ref(), now);
                d.derived = Some(derived);
                // one that cannot run yet is looked at again
                d.stale = S::check_ready(&d.params).is_err();
            }
        }
        Ok(())
    }

    fn check_ready(&self, part: &Part) -> Result<()> {
        let devices = part_ref::<List<S>>(part).iter();
        devices.filter(|d| d.stale).try_for_each(|d| {
            S::check_ready(&d.params)
                .map_err(|e| e.within(&format!("'{}' with node ID {}", self.name, d.id)))
        })
    }

    fn recalibrate(&mut self, clock: &Clock) {
        S::recalibrate(&mut self.params, clock);
    }

    fn stimulators(&self) -> Option<&dyn StimulatorOps> {
        Some(self)
    }
}

impl<S: Stimulator> StimulatorOps for StimulatorFamily<S> {
    fn signal(&self) -> Signal {
        S::SIGNAL
    }

    fn signed(&self) -> bool {
        S::SIGNED
    }

    fn new_cache(&self) -> Box<dyn Any + Send + Sync> {
        Box::new(S::Cache::default())
    }

    fn emit(
        &self,
        part: &Part,
        local: u32,
        step: Step,
        key: Key,
        targets: Targets<'_>,
        cache: &mut (dyn Any + Send + Sync),
        out: &mut [f64],
    ) -> Emission {
        let device = &part_ref::<List<S>>(part)[local as usize];
        let (start, stop, origin) = device.steps;
        let at = Moment {
            step,
            origin,
            start,
            stop,
            id: device.id,
            key,
        };
        let (Some(derived), Some(cache)) = (&device.derived, cache.downcast_mut()) else {
            return Emission::Silent;
        };
        if device.frozen || !S::is_active(&at) {
            return Emission::Silent;
        }
        S::emit(&device.params, derived, &at, targets, cache, out)
    }
}
