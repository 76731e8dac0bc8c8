//! What one thread owns: nodes, the connections that end on them, and what waits for them.

use crate::device::{Drive, DriveEntry};
use crate::error::{Error, Result};
use crate::event::{ChannelKey, Ring, Spike};
use crate::math::Width;
use crate::model::{Event, PostSide};
use crate::node::{Family, Part, Tap, UpdateContext};
use crate::rng::{Key, Purpose};
use crate::synapse::{
    BLOCK_BITS, GapPart, GapTable, Pending, PlasticContext, PlasticRows, Rows, Sent, Transmission,
};
use crate::time::{Clock, Step};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Everything that one thread needs in a slice; no two share a cache line. What the calling thread
/// collects after each slice comes first and stands together: lines that pass from thread to thread
/// are most of what a short slice costs on several.
#[derive(Default)]
#[repr(C, align(128))]
pub(super) struct Worker {
    pub spikes: Vec<Spike>,
    pub reports: Vec<Transmission>,
    pub failure: Option<Error>,
    /// The largest change in the last iteration of coupled nodes.
    pub change: f64,
    /// Whether taps hold samples.
    pub sampled: bool,
    /// This worker's nodes of each family. Devices are all on the first worker.
    pub parts: Vec<Part>,
    pub ring: Ring,
    pub rows: Rows,
    pub pending: Pending,
    pub plastic: PlasticRows,
    /// Stimulators with targets here, in the order of their ids: which of them was connected first
    /// must not matter.
    pub drives: Vec<Drive>,
    /// For each family, the samples that recorders take of its nodes here.
    pub taps: Vec<Vec<Tap>>,
    pub gaps: GapTable,
    pub gap_parts: Vec<Option<GapPart>>,
    /// The first cell of each input channel, for each family.
    pub cells: Vec<Vec<Option<usize>>>,
    /// The families of neurons that have nodes here.
    active: Vec<usize>,
}

/// The context for family `f`; a macro, since it borrows many fields of the worker apart.
macro_rules! context {
    ($worker:ident, $slice:ident, $f:ident) => {
        UpdateContext {
            clock: $slice.clock,
            origin: $slice.origin,
            from: $slice.from,
            to: $slice.to,
            ring: &mut $worker.ring,
            cells: &$worker.cells[$f],
            spikes: &mut $worker.spikes,
            taps: &mut $worker.taps[$f],
            key: $slice.keys.neurons,
            width: $slice.width,
            gap: $worker.gap_parts[$f].as_mut(),
        }
    };
}

/// What all workers know of the slice at hand.
pub(super) struct SliceInfo<'a> {
    pub clock: Clock,
    pub origin: Step,
    pub from: usize,
    pub to: usize,
    /// The shortest delay in steps.
    pub shortest: usize,
    pub families: &'a [Box<dyn Family>],
    /// Spikes to deliver first, and the origin of the slice in which they were emitted.
    pub spikes: (Step, &'a [Spike]),
    pub keys: RunKeys,
    pub width: Width,
    /// Devices, by the first worker's parts: shared to read while workers run.
    pub devices: &'a [Option<Part>],
}

/// Keys of the draws of a run.
#[derive(Clone, Copy)]
pub(super) struct RunKeys {
    pub devices: DeviceKeys,
    pub neurons: Key,
    pub synapses: Key,
}

impl RunKeys {
    pub fn new(seed: u64) -> Self {
        RunKeys {
            devices: DeviceKeys {
                spikes: Key::new(seed, Purpose::Poisson),
                currents: Key::new(seed, Purpose::Noise),
            },
            neurons: Key::new(seed, Purpose::Neuron),
            synapses: Key::new(seed, Purpose::Synapse),
        }
    }
}

/// Keys of the draws that devices make.
#[derive(Clone, Copy)]
pub(super) struct DeviceKeys {
    pub spikes: Key,
    pub currents: Key,
}

impl Worker {
    pub fn new(families: &[Box<dyn Family>]) -> Self {
        let mut worker = Worker::default();
        families.iter().for_each(|f| worker.add_family(&**f));
        worker
    }

    /// Makes room for a new family.
    pub fn add_family(&mut self, family: &dyn Family) {
        self.parts.push(family.new_part());
        self.taps.push(Vec::new());
        self.gap_parts.push(None);
        self.cells.push(Vec::new());
    }

    /// The stimulators with ids in a block.
    pub fn drives_in(&self, block: u32) -> &[Drive] {
        let from = self.drives.partition_point(|d| d.id >> BLOCK_BITS < block);
        let to = self.drives.partition_point(|d| d.id >> BLOCK_BITS <= block);
        &self.drives[from..to]
    }

    /// Arranges the ring and brings the connections into their final form, block by block while
    /// `go_on` says so.
    pub fn arrange(
        &mut self,
        families: &[Box<dyn Family>],
        slots: usize,
        clock: &Clock,
        now: Step,
        go_on: &dyn Fn() -> bool,
    ) {
        for drive in &mut self.drives {
            let signed = families[drive.family]
                .stimulators()
                .is_some_and(|s| s.signed());
            drive.sort(signed, |e| reverse(families, &self.parts, e));
        }
        let mut keys: Vec<ChannelKey> = self.ring.channels().iter().map(|c| c.0).collect();
        keys.extend(self.pending.channels());
        keys.extend(self.plastic.pending.channels());
        keys.extend(self.drives.iter().flat_map(Drive::channels));
        keys.sort_unstable();
        keys.dedup();
        let channels: Vec<_> = keys
            .into_iter()
            .map(|k| {
                (
                    k,
                    families[k.family as usize].held(&self.parts[k.family as usize]),
                )
            })
            .collect();
        let old = self.ring.channels().to_vec();
        if self.ring.arrange(&channels, slots, now) {
            let ring = &self.ring;
            let renamed = |cell: usize| {
                let i = old.partition_point(|c| c.1 <= cell) - 1;
                let (key, first, _) = old[i];
                ring.first_cell(key).expect("channels are never dropped") + cell - first
            };
            self.rows.rename(renamed);
            self.plastic.rename(renamed);
        }
        let absorbed = self.rows.absorb(&mut self.pending, &self.ring, go_on);
        if !absorbed || !self.absorb_plastic(families, clock, go_on) {
            return;
        }
        for (f, family) in families.iter().enumerate() {
            let channels = family.neurons().map_or(0, |n| n.channels());
            self.cells[f] = (0..channels)
                .map(|c| {
                    self.ring.first_cell(ChannelKey {
                        family: f as u32,
                        channel: c as u32,
                    })
                })
                .collect();
        }
        for drive in &mut self.drives {
            if let Some(ops) = families[drive.family].stimulators() {
                drive.prepare(&self.ring, ops);
            }
        }
    }

    /// Brings new connections with parameters or state into their rows, and has their targets keep
    /// the spikes that they will read. Whether it has come to its end.
    fn absorb_plastic(
        &mut self,
        families: &[Box<dyn Family>],
        clock: &Clock,
        go_on: &dyn Fn() -> bool,
    ) -> bool {
        let goes_on = std::mem::take(&mut self.plastic.partly_absorbed);
        let new = goes_on || !self.plastic.pending.is_empty();
        if new && !goes_on && !self.plastic.is_empty() {
            self.forget(families, clock);
        }
        if !self.plastic.absorb(&self.ring, go_on) {
            self.plastic.partly_absorbed = true;
            return false;
        }
        if std::mem::take(&mut self.plastic.comes_back) || !new {
            return true;
        }
        let parts = families.iter().zip(&self.parts);
        let mut longest: Vec<_> = parts.map(|(f, part)| vec![0; f.held(part)]).collect();
        self.plastic.readers(&self.ring, |family, local, delay| {
            let longest = &mut longest[family][local];
            *longest = delay.max(*longest);
        });
        for ((family, part), longest) in families.iter().zip(&mut self.parts).zip(&longest) {
            let Some(ops) = family.neurons() else {
                continue;
            };
            for (i, &delay) in (0..).zip(longest).filter(|(_, delay)| **delay > 0) {
                ops.listen(part, i);
                if let Some(history) = ops.post(part).history {
                    history.reach(i as usize, clock.ms(delay.into()));
                }
            }
        }
        true
    }

    /// Has neurons forget what no plastic synapse will read, up to now: before connections are
    /// made, removed or changed, since it depends on which there were.
    fn forget(&mut self, families: &[Box<dyn Family>], clock: &Clock) {
        let mut posts = posts(families, &mut self.parts);
        self.plastic.forget(&self.ring, &mut posts, clock);
    }

    /// Removes connections that have parameters or state, at places sorted by block and entry.
    pub fn remove_plastic(
        &mut self,
        families: &[Box<dyn Family>],
        clock: &Clock,
        places: &BTreeSet<(u32, u32)>,
    ) {
        self.forget(families, clock);
        let mut posts = posts(families, &mut self.parts);
        self.plastic
            .leave_unread(&self.ring, &mut posts, clock, places);
        self.plastic.remove(places, &self.ring);
    }

    /// Takes connections out that will come back in another form, with these delays.
    pub fn take_plastic(
        &mut self,
        families: &[Box<dyn Family>],
        clock: &Clock,
        places: &BTreeMap<(u32, u32), u32>,
    ) {
        self.forget(families, clock);
        let mut posts = posts(families, &mut self.parts);
        for (&place, &delay) in places {
            self.plastic
                .change_delay(&self.ring, &mut posts, clock, place, delay);
        }
        self.plastic
            .remove(&places.keys().copied().collect(), &self.ring);
        self.plastic.comes_back = true;
    }

    /// Adds the effect of spikes, emitted in the slice that starts at `origin`, to the ring.
    pub fn deliver(
        &mut self,
        families: &[Box<dyn Family>],
        context: &PlasticContext<'_>,
        spikes: &[Spike],
        origin: Step,
    ) {
        self.rows
            .deliver(&mut self.ring, spikes, origin, &mut self.reports);
        if self.plastic.is_empty() {
            return;
        }
        let mut posts = posts(families, &mut self.parts);
        let reports = &mut self.reports;
        let ring = &mut self.ring;
        self.plastic
            .deliver(ring, &mut posts, context, spikes, origin, reports);
    }

    /// Delivers what waits, lets devices send, and advances the nodes.
    pub fn update(&mut self, slice: &SliceInfo<'_>) {
        let result = self.try_update(slice);
        self.failure = result.err();
    }

    fn try_update(&mut self, slice: &SliceInfo<'_>) -> Result<()> {
        let (emitted, spikes) = slice.spikes;
        let context = PlasticContext {
            clock: &slice.clock,
            key: slice.keys.synapses,
            width: slice.width,
            shortest: slice.shortest,
            begun: (slice.from > 0).then_some(slice.origin),
        };
        self.deliver(slice.families, &context, spikes, emitted);
        for lag in slice.from..slice.to {
            let step = slice.origin + lag as Step;
            for drive in &mut self.drives {
                let ops = slice.families[drive.family].stimulators();
                if let (Some(ops), Some(part)) = (ops, &slice.devices[drive.family]) {
                    let key = slice.keys.devices.of(ops);
                    drive.send(ops, part, step, key, &mut self.ring);
                }
            }
        }
        for i in 0..self.active.len() {
            let f = self.active[i];
            if let Some(ops) = slice.families[f].neurons() {
                ops.update(&mut self.parts[f], &mut context!(self, slice, f))?;
            }
            self.sampled |= self.taps[f].iter().any(|tap| !tap.stamps.is_empty());
        }
        Ok(())
    }

    /// Checks that no state here has become infinite or not a number.
    pub fn check_finite(
        &self,
        families: &[Box<dyn Family>],
        clock: &Clock,
        now: Step,
    ) -> Result<()> {
        for &f in &self.active {
            if let Some(ops) = families[f].neurons() {
                ops.check_finite(&self.parts[f], clock, now)?;
            }
        }
        Ok(())
    }

    /// Finds which families have nodes here, for a run.
    pub fn find_active(&mut self, families: &[Box<dyn Family>]) {
        let parts = families.iter().zip(&self.parts).enumerate();
        let active = parts.filter(|(_, (f, part))| f.neurons().is_some() && f.held(part) > 0);
        self.active = active.map(|(f, _)| f).collect();
    }

    /// One iteration of the coupled nodes over a slice.
    pub fn iterate(&mut self, slice: &SliceInfo<'_>) {
        self.change = 0.0;
        for f in 0..slice.families.len() {
            if self.gap_parts[f].is_none() {
                continue;
            }
            if let Some(ops) = slice.families[f].neurons() {
                match ops.iterate(&mut self.parts[f], &mut context!(self, slice, f)) {
                    Ok(change) => self.change = self.change.max(change),
                    Err(e) => self.failure = Some(e),
                }
            }
        }
    }

    /// Forgets what coupled nodes sent.
    pub fn clear_gaps(&mut self) {
        for part in self.gap_parts.iter_mut().flatten() {
            part.clear_incoming();
        }
    }

    /// Delivers what coupled nodes sent of some steps of the slice.
    pub fn receive_gaps(&mut self, arrived: &Sent, steps: &Range<usize>, width: Width) {
        self.gaps
            .receive(&mut self.gap_parts, arrived, steps, width);
    }
}

/// The histories of the nodes of a worker, by family.
fn posts<'a>(families: &'a [Box<dyn Family>], parts: &'a mut [Part]) -> Vec<PostSide<'a>> {
    let sides = families.iter().zip(parts);
    sides
        .map(|(family, part)| match family.neurons() {
            Some(ops) => ops.post(part),
            None => PostSide {
                ids: &[],
                history: None,
            },
        })
        .collect()
}

/// The channel that a connection of a stimulator would have with a weight of the other sign.
fn reverse(families: &[Box<dyn Family>], parts: &[Part], e: &DriveEntry) -> ChannelKey {
    let f = e.channel.family as usize;
    let port = families[f].neurons().and_then(|ops| {
        let class = ops.class(&parts[f], e.local);
        let receptor = ops.receptor(class, e.channel.channel as usize);
        ops.port(class, Event::Spike, receptor).ok()
    });
    match port {
        Some(port) => ChannelKey {
            channel: port.channel(-e.weight) as u32,
            ..e.channel
        },
        None => e.channel,
    }
}

impl DeviceKeys {
    pub fn of(&self, ops: &dyn crate::node::StimulatorOps) -> Key {
        match ops.signal() {
            crate::model::Signal::Spikes => self.spikes,
            crate::model::Signal::Currents => self.currents,
        }
    }
}
