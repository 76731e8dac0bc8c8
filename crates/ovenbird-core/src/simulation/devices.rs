//! Devices and what connects them: recorders and those that they listen to, and stimulators that
//! are themselves recorded. Devices are not spread over workers.

use crate::device::Drive;
use crate::error::Result;
use crate::event::Spike;
use crate::model::{Emission, Targets};
use crate::node::{Family, NodeTable, Part};
use crate::rank::Layout;
use crate::record::Recorder;
use crate::synapse::SourceIndex;
use crate::time::{Clock, Step};
use std::collections::BTreeMap;

/// A connection to a recorder.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Listening {
    pub source: u32,
    pub recorder: u32,
    pub weight: f64,
    /// In steps.
    pub delay: u32,
    pub model: u16,
    /// For a multimeter its number among those of the node, from 1; else 0.
    pub receptor: i64,
}

/// A sample that waits for the next slice, when its multimeter will ask for it.
struct Sample {
    stamp: Step,
    order: usize,
    recorder: usize,
    sender: u32,
    values: Vec<f64>,
}

/// A recorder's place.
#[derive(Clone, Copy, Debug)]
struct RecorderAt {
    id: u32,
    family: usize,
    local: u32,
}

/// A stimulator that spike recorders record.
struct RecordedStimulator {
    drive: Drive,
    recorders: Vec<usize>,
    ids: Vec<u32>,
    occurrences: Vec<u32>,
    cache: Box<dyn std::any::Any + Send + Sync>,
}

/// A stimulator whose current a multimeter samples.
pub(super) struct Probe {
    pub recorder: usize,
    pub order: usize,
    pub id: u32,
    family: usize,
    local: u32,
    targets: Vec<u32>,
    occurrences: Vec<u32>,
    cache: Box<dyn std::any::Any + Send + Sync>,
    interval: Step,
    offset: Step,
    columns: usize,
}

/// All devices of a simulation.
#[derive(Default)]
pub(super) struct Devices {
    /// The parts of families of devices, by family; `None` for neurons.
    pub parts: Vec<Option<Part>>,
    /// Connections from neurons and stimulators to spike recorders.
    pub listening: Vec<Listening>,
    /// Connections from multimeters to their targets.
    pub sampling: Vec<Listening>,
    /// Multimeters that are connected to nodes on other ranks.
    pub linked: Vec<u32>,
    /// How many multimeters have been connected to a node.
    meters: BTreeMap<u32, i64>,
    recorders: Vec<RecorderAt>,
    /// The neurons of this rank that are listened to, by their number on it.
    index: SourceIndex,
    layout: Option<Layout>,
    /// The recorders that listen to each source in `index`, source by source.
    hearing: Vec<u32>,
    /// Where in `hearing` those of each source end.
    hearing_ends: Vec<u32>,
    stimulators: Vec<RecordedStimulator>,
    probes: Vec<Probe>,
    samples: Vec<Sample>,
}

/// The second numbers of pairs, row by row for the first ones and else in their order, and where
/// those of each row end.
fn by_row(pairs: &[(usize, u32)], rows: usize) -> (Vec<u32>, Vec<u32>) {
    let mut places = vec![0; rows];
    pairs.iter().for_each(|p| places[p.0] += 1);
    let mut begin = 0;
    for place in &mut places {
        begin += std::mem::replace(place, begin);
    }
    let mut list = vec![0; pairs.len()];
    for &(row, x) in pairs {
        list[places[row] as usize] = x;
        places[row] += 1;
    }
    (list, places)
}

impl Devices {
    /// The part of a family of devices, made when it is first asked for.
    pub fn part(&mut self, f: usize, family: &dyn Family) -> &mut Part {
        if self.parts.len() <= f {
            self.parts.resize_with(f + 1, || None);
        }
        self.parts[f].get_or_insert_with(|| family.new_part())
    }

    pub fn recorder<'a>(
        &'a self,
        families: &[Box<dyn Family>],
        f: usize,
        local: u32,
    ) -> Option<&'a Recorder> {
        let part = self.parts.get(f)?.as_ref()?;
        Some(families[f].recorders()?.recorder_ref(part, local))
    }

    pub fn recorder_mut<'a>(
        &'a mut self,
        families: &[Box<dyn Family>],
        f: usize,
        local: u32,
    ) -> Option<&'a mut Recorder> {
        let part = self.parts.get_mut(f)?.as_mut()?;
        Some(families[f].recorders()?.recorder(part, local))
    }

    /// Finds recorders and who is heard by whom, and opens what recorders write to.
    pub fn prepare(
        &mut self,
        families: &[Box<dyn Family>],
        nodes: &NodeTable,
        clock: &Clock,
        environment: &crate::record::Environment,
    ) -> Result<()> {
        self.find_recorders(families, nodes);
        for i in 0..self.recorders.len() {
            let at = self.recorders[i];
            if let Some(r) = self.recorder_mut(families, at.family, at.local) {
                r.prepare(clock, environment)?;
            }
        }
        self.index_listeners(families, nodes)
    }

    /// Lists all recorders in the order of their ids.
    pub fn find_recorders(&mut self, families: &[Box<dyn Family>], nodes: &NodeTable) {
        self.parts.resize_with(families.len(), || None);
        self.recorders.clear();
        for run in nodes
            .runs()
            .iter()
            .filter(|r| families[r.family].recorders().is_some())
        {
            for id in run.first..=run.last() {
                let Some(local) = run.locate(id).map(|at| at.local) else {
                    continue;
                };
                self.recorders.push(RecorderAt {
                    id,
                    family: run.family,
                    local,
                });
            }
        }
    }

    fn index_of(&self, recorder: u32) -> usize {
        self.recorders.partition_point(|r| r.id < recorder)
    }

    fn index_listeners(&mut self, families: &[Box<dyn Family>], nodes: &NodeTable) -> Result<()> {
        let layout = nodes.layout();
        self.layout = Some(layout);
        let sources = self.listening.iter().map(|l| l.source);
        let own = sources.filter(|&id| layout.is_here(id));
        self.index = SourceIndex::new(own.map(|id| layout.number(id)));
        let mut heard = Vec::new();
        self.stimulators.clear();
        for l in &self.listening {
            let recorder = self.index_of(l.recorder);
            let (family, Some(at)) = nodes.locate(l.source)? else {
                continue;
            };
            if let Some(ops) = families[family].stimulators() {
                let known = self.stimulators.iter().position(|s| s.drive.id == l.source);
                let s = known.unwrap_or_else(|| {
                    self.stimulators.push(RecordedStimulator {
                        drive: Drive::new(l.source, family, at.local),
                        recorders: Vec::new(),
                        ids: Vec::new(),
                        occurrences: Vec::new(),
                        cache: ops.new_cache(),
                    });
                    self.stimulators.len() - 1
                });
                self.stimulators[s].recorders.push(recorder);
                self.stimulators[s].ids.push(l.recorder);
            } else if let Some(row) = self.index.row(layout.number(l.source)) {
                heard.push((row, recorder as u32));
            }
        }
        (self.hearing, self.hearing_ends) = by_row(&heard, self.index.len());
        for s in &mut self.stimulators {
            s.occurrences = crate::device::occurrences(&s.ids);
        }
        Ok(())
    }

    /// Writes spikes of neurons to the recorders that hear them.
    pub fn record_spikes(
        &mut self,
        families: &[Box<dyn Family>],
        clock: &Clock,
        origin: Step,
        spikes: &[Spike],
    ) {
        let Some(layout) = self.layout.filter(|_| !self.index.is_empty()) else {
            return;
        };
        for spike in spikes.iter().filter(|s| layout.is_here(s.sender())) {
            let Some(row) = self.index.row(layout.number(spike.sender())) else {
                continue;
            };
            let stamp = origin + spike.lag() as Step + 1;
            let begin = if row > 0 {
                self.hearing_ends[row - 1]
            } else {
                0
            };
            for k in begin..self.hearing_ends[row] {
                let at = self.recorders[self.hearing[k as usize] as usize];
                if let Some(r) = self.recorder_mut(families, at.family, at.local) {
                    for _ in 0..spike.count() {
                        r.write(stamp, spike.sender(), &[], &[], clock);
                    }
                }
            }
        }
    }

    /// Lets recorded stimulators send to their recorders.
    pub fn record_stimulators(
        &mut self,
        families: &[Box<dyn Family>],
        clock: &Clock,
        steps: std::ops::Range<Step>,
        keys: super::worker::DeviceKeys,
    ) {
        for step in steps {
            for s in 0..self.stimulators.len() {
                let source = &mut self.stimulators[s];
                let Some(ops) = families[source.drive.family].stimulators() else {
                    continue;
                };
                let Some(part) = &self.parts[source.drive.family] else {
                    continue;
                };
                let mut out = vec![0.0; source.ids.len()];
                let targets = Targets {
                    ids: &source.ids,
                    occurrences: &source.occurrences,
                };
                let (key, local) = (keys.of(ops), source.drive.local);
                let sent = ops.emit(
                    part,
                    local,
                    step,
                    key,
                    targets,
                    &mut *source.cache,
                    &mut out,
                );
                let spikes = |k: usize| -> Vec<(u64, f64)> {
                    match &sent {
                        Emission::Pulses(pulses) => pulses
                            .iter()
                            .map(|p| (u64::from(p.count), p.offset))
                            .collect(),
                        Emission::Each => vec![(out[k] as u64, 0.0)],
                        _ => Vec::new(),
                    }
                };
                let (id, recorders) = (source.drive.id, source.recorders.clone());
                for (k, recorder) in recorders.into_iter().enumerate() {
                    let at = self.recorders[recorder];
                    let Some(r) = self.recorder_mut(families, at.family, at.local) else {
                        continue;
                    };
                    for (count, offset) in spikes(k) {
                        for _ in 0..count {
                            r.write_precise((step + 1, offset), id, &[], &[], clock);
                        }
                    }
                }
            }
        }
    }

    /// Takes over samples that workers took, to be written at the start of the next slice.
    pub fn take_samples(&mut self, workers: &mut [super::Worker], families: &[Box<dyn Family>]) {
        for worker in workers {
            if !std::mem::take(&mut worker.sampled) {
                continue;
            }
            for (f, taps) in worker.taps.iter_mut().enumerate() {
                let Some(ops) = families[f].neurons() else {
                    continue;
                };
                let ids = ops.ids(&worker.parts[f]);
                for tap in taps {
                    let width = tap.names.len();
                    for (i, &stamp) in tap.stamps.iter().enumerate() {
                        self.samples.push(Sample {
                            stamp,
                            order: tap.order,
                            recorder: tap.recorder,
                            sender: ids[tap.local as usize],
                            values: tap.values[i * width..(i + 1) * width].to_vec(),
                        });
                    }
                    tap.stamps.clear();
                    tap.values.clear();
                }
            }
        }
    }

    /// Makes the probes of stimulators; `targets` gives the targets of a stimulator.
    pub fn arrange_probes(
        &mut self,
        families: &[Box<dyn Family>],
        nodes: &NodeTable,
        clock: &Clock,
        targets: impl Fn(u32) -> Vec<u32>,
    ) -> Result<()> {
        self.probes.clear();
        for (recorder, order, l) in self.sampling_orders() {
            let (family, Some(node)) = nodes.locate(l.source)? else {
                continue;
            };
            let Some(ops) = families[family].stimulators() else {
                continue;
            };
            let at = self.recorders[recorder];
            let Some(r) = self.recorder(families, at.family, at.local) else {
                continue;
            };
            let (interval, offset) = r.sampling_steps(clock);
            let columns = r.sampling.record_from.len();
            if columns == 0 {
                continue;
            }
            let targets = targets(l.source);
            let occurrences = crate::device::occurrences(&targets);
            let cache = ops.new_cache();
            let id = l.source;
            let probe = Probe {
                recorder,
                order,
                id,
                family,
                local: node.local,
                targets,
                occurrences,
                cache,
                interval,
                offset,
                columns,
            };
            self.probes.push(probe);
        }
        Ok(())
    }

    /// For each connection of a multimeter: the recorder's index, the order of the target among
    /// the recorder's, and the connection.
    pub fn sampling_orders(&self) -> Vec<(usize, usize, Listening)> {
        let mut orders = vec![0; self.recorders.len()];
        self.sampling
            .iter()
            .map(|l| {
                let r = self.index_of(l.recorder);
                orders[r] += 1;
                (r, orders[r] - 1, *l)
            })
            .collect()
    }

    /// The number of the multimeter that is being connected to a node.
    pub fn next_meter(&mut self, node: u32) -> i64 {
        let n = self.meters.entry(node).or_default();
        *n += 1;
        *n
    }

    /// Notes that a multimeter is connected to a node on another rank.
    pub fn link(&mut self, families: &[Box<dyn Family>], id: u32, (f, local): (usize, u32)) {
        if let Some(r) = self.recorder_mut(families, f, local)
            && !r.linked
        {
            r.linked = true;
            self.linked.push(id);
        }
    }

    /// Tells sampling recorders anew to which nodes they are connected.
    pub fn note_connected(&mut self, families: &[Box<dyn Family>], nodes: &NodeTable) {
        self.find_recorders(families, nodes);
        for i in 0..self.recorders.len() {
            let at = self.recorders[i];
            if let Some(r) = self.recorder_mut(families, at.family, at.local) {
                r.connected.clear();
                r.linked = false;
            }
        }
        for i in 0..self.linked.len() {
            let at = self.recorders[self.index_of(self.linked[i])];
            if let Some(r) = self.recorder_mut(families, at.family, at.local) {
                r.linked = true;
            }
        }
        self.meters.clear();
        for i in 0..self.sampling.len() {
            let l = self.sampling[i];
            let last = self.meters.entry(l.source).or_default();
            *last = l.receptor.max(*last);
            let at = self.recorders[self.index_of(l.recorder)];
            if let Some(r) = self.recorder_mut(families, at.family, at.local) {
                r.connected.insert(l.source);
            }
        }
    }

    /// The recorder with an index.
    pub fn recorder_at(&self, families: &[Box<dyn Family>], index: usize) -> Option<&Recorder> {
        let at = self.recorders[index];
        self.recorder(families, at.family, at.local)
    }

    /// Samples the currents that stimulators send.
    pub fn probe(
        &mut self,
        families: &[Box<dyn Family>],
        steps: std::ops::Range<Step>,
        keys: super::worker::DeviceKeys,
    ) {
        for step in steps {
            for p in &mut self.probes {
                let stamp = step + 1;
                let due = stamp >= p.offset && (stamp - p.offset) % p.interval == 0;
                let (Some(ops), Some(part)) =
                    (families[p.family].stimulators(), &self.parts[p.family])
                else {
                    continue;
                };
                let mut out = vec![0.0; p.targets.len()];
                let targets = Targets {
                    ids: &p.targets,
                    occurrences: &p.occurrences,
                };
                let sent = ops.emit(
                    part,
                    p.local,
                    step,
                    keys.of(ops),
                    targets,
                    &mut *p.cache,
                    &mut out,
                );
                let current = match sent {
                    Emission::Current(x) => x,
                    Emission::Each => out.iter().sum::<f64>() / out.len().max(1) as f64,
                    _ => 0.0,
                };
                if due {
                    let values = vec![current; p.columns];
                    let (order, recorder, sender) = (p.order, p.recorder, p.id);
                    self.samples.push(Sample {
                        stamp,
                        order,
                        recorder,
                        sender,
                        values,
                    });
                }
            }
        }
    }

    /// Bytes that connections to recorders take.
    pub fn bytes(&self) -> usize {
        (self.listening.capacity() + self.sampling.capacity()) * size_of::<Listening>()
            + self.index.bytes()
            + (self.hearing.capacity() + self.hearing_ends.capacity()) * size_of::<u32>()
    }

    /// The stimulators that multimeters of this rank sample.
    pub fn sampled(&self) -> impl Iterator<Item = u32> {
        self.sampling.iter().map(|l| l.source)
    }

    /// Writes the samples that wait, in the order of time and then of connection.
    pub fn write_samples(&mut self, families: &[Box<dyn Family>], clock: &Clock) {
        let mut samples = std::mem::take(&mut self.samples);
        samples.sort_by_key(|s| (s.recorder, s.stamp, s.order));
        for s in samples.drain(..) {
            let at = self.recorders[s.recorder];
            if let Some(r) = self.recorder_mut(families, at.family, at.local) {
                r.write(s.stamp, s.sender, &s.values, &[], clock);
            }
        }
        self.samples = samples;
    }

    /// Calls `f` for every recorder.
    pub fn for_each_recorder(
        &mut self,
        families: &[Box<dyn Family>],
        mut f: impl FnMut(&mut Recorder) -> Result<()>,
    ) -> Result<()> {
        for i in 0..self.recorders.len() {
            let at = self.recorders[i];
            if let Some(r) = self.recorder_mut(families, at.family, at.local) {
                f(r)?;
            }
        }
        Ok(())
    }

    /// Drops what waits, when time is set back.
    pub fn forget(&mut self) {
        self.samples.clear();
    }
}
