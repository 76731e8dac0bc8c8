//! One slice of simulated time: deliver, update, gather.

use super::Simulation;
use super::worker::{DeviceKeys, SliceInfo};
use crate::error::{Error, Kind, Result};
use crate::rng::{Key, Purpose};
use crate::time::Step;

impl Simulation {
    pub(super) fn device_keys(&self) -> DeviceKeys {
        let seed = self.settings.seed();
        DeviceKeys {
            spikes: Key::new(seed, Purpose::Poisson),
            currents: Key::new(seed, Purpose::Noise),
        }
    }

    /// Takes the steps of the present slice up to `to`.
    pub(super) fn advance(&mut self, to: usize) -> Result<()> {
        let (origin, from) = (self.origin, self.taken);
        if self.couples() {
            self.workers.iter_mut().for_each(super::Worker::clear_gaps);
            // what was sent belongs to the end of a whole slice
            if from == 0 && origin > 0 {
                self.exchange_gaps();
            }
        }
        if from == 0 && origin > 0 {
            self.devices.write_samples(&self.families, &self.clock);
        }
        let (emitted, spikes) = if from == 0 {
            std::mem::take(&mut self.waiting)
        } else {
            (0, Vec::new())
        };
        let keys = self.device_keys();
        if self.couples() && self.settings.use_wfr {
            self.deliver_early(emitted, &spikes);
            self.relax(to)?;
            self.update(to, (0, &[]), keys)?;
        } else {
            self.update(to, (emitted, &spikes), keys)?;
        }
        self.gather(from, to, keys);
        self.taken = to;
        if to == self.min_delay {
            self.origin += self.min_delay as Step;
            self.taken = 0;
            self.waiting = (origin, std::mem::take(&mut self.emitted));
        }
        Ok(())
    }

    fn update(
        &mut self,
        to: usize,
        spikes: (Step, &[crate::event::Spike]),
        keys: DeviceKeys,
    ) -> Result<()> {
        let slice = SliceInfo {
            clock: self.clock,
            origin: self.origin,
            from: self.taken,
            to,
            families: &self.families,
            spikes,
            device_key: keys,
            neuron_key: Key::new(self.settings.seed(), Purpose::Neuron),
            width: self.width,
            devices: &self.devices.parts,
        };
        let pool = self.pool.as_mut().expect("prepared before a run");
        pool.run(&mut self.workers, |_, w| w.update(&slice));
        self.first_failure()
    }

    /// Delivers spikes ahead of the update, so that iterations see them.
    fn deliver_early(&mut self, emitted: Step, spikes: &[crate::event::Spike]) {
        let pool = self.pool.as_mut().expect("prepared before a run");
        pool.run(&mut self.workers, |_, w| {
            w.rows.deliver(&mut w.ring, spikes, emitted, &mut w.reports);
        });
    }

    fn first_failure(&mut self) -> Result<()> {
        match self.workers.iter_mut().find_map(|w| w.failure.take()) {
            Some(e) => Err(e),
            None => Ok(()),
        }
    }

    /// Collects what the workers produced, in canonical order.
    fn gather(&mut self, from: usize, to: usize, keys: DeviceKeys) {
        let first_new = self.emitted.len();
        for w in &mut self.workers {
            self.emitted.append(&mut w.spikes);
        }
        let new = &mut self.emitted[first_new..];
        if !new.is_sorted() {
            new.sort_unstable();
        }
        self.spike_count += new.iter().map(|s| u64::from(s.count())).sum::<u64>();
        let new = self.emitted[first_new..].to_vec();
        self.devices
            .record_spikes(&self.families, &self.clock, self.origin, &new);
        let steps = self.origin + from as Step..self.origin + to as Step;
        self.devices
            .record_stimulators(&self.families, &self.clock, steps.clone(), keys);
        self.devices.take_samples(&mut self.workers, &self.families);
        self.devices.probe(&self.families, steps, keys);
        self.record_weights();
    }

    /// Writes what synapses reported to weight recorders, by time, sender and target.
    fn record_weights(&mut self) {
        let mut reports = Vec::new();
        for w in 0..self.workers.len() {
            for r in std::mem::take(&mut self.workers[w].reports) {
                let c = r.connection;
                let f = c.channel.family as usize;
                let part = &self.workers[w].parts[f];
                let Some(ops) = self.families[f].neurons() else {
                    continue;
                };
                let receptor = ops.receptor(ops.class(part, c.local), c.channel.channel as usize);
                reports.push((
                    r.stamp,
                    c.source,
                    ops.ids(part)[c.local as usize],
                    receptor,
                    c,
                ));
            }
        }
        reports.sort_by_key(|r| (r.0, r.1, r.2));
        for (stamp, source, target, receptor, c) in reports {
            let Some(id) = self.synapse_model(c.model).weight_recorder else {
                continue;
            };
            let Ok((f, at)) = self.nodes.locate(id) else {
                continue;
            };
            let Some(r) = self.devices.recorder_mut(&self.families, f, at.local) else {
                continue;
            };
            let wanted = |list: &[u32], id: u32| list.is_empty() || list.contains(&id);
            if wanted(&r.senders, source) && wanted(&r.targets, target) {
                let ints = [receptor, 0, i64::from(target)];
                r.write(stamp, source, &[c.weight], &ints, &self.clock);
            }
        }
    }

    /// Whether any gap junctions exist.
    pub(super) fn couples(&self) -> bool {
        self.workers.iter().any(|w| !w.gaps.entries.is_empty())
    }

    /// Iterates the coupled nodes over the rest of the slice until what they send no longer
    /// changes, also where the update that follows ends before, at step `to`.
    fn relax(&mut self, to: usize) -> Result<()> {
        let keys = self.device_keys();
        for _ in 0..self.settings.wfr_max_iterations {
            let slice = SliceInfo {
                clock: self.clock,
                origin: self.origin,
                from: self.taken,
                to: self.min_delay,
                families: &self.families,
                spikes: (0, &[]),
                device_key: keys,
                neuron_key: Key::new(self.settings.seed(), Purpose::Neuron),
                width: self.width,
                devices: &self.devices.parts,
            };
            let pool = self.pool.as_mut().expect("prepared before a run");
            pool.run(&mut self.workers, |_, w| w.iterate(&slice));
            self.first_failure()?;
            self.exchange_gaps();
            let largest = self.workers.iter().fold(0.0f64, |m, w| m.max(w.change));
            if largest <= self.settings.wfr_tol {
                return Ok(());
            }
        }
        let ms = |step: usize| self.clock.ms(self.origin + step as Step);
        let warning = format!(
            "Maximum number of iterations reached at interval {}-{} ms",
            ms(self.taken),
            ms(to)
        );
        self.warnings.push(warning);
        Ok(())
    }

    /// Gathers what coupled nodes sent and delivers it.
    fn exchange_gaps(&mut self) {
        let sent = &mut self.gaps_sent;
        sent.clear();
        for part in self
            .workers
            .iter()
            .flat_map(|w| w.gap_parts.iter().flatten())
        {
            sent.extend_from_slice(&part.outgoing);
        }
        let pool = self.pool.as_mut().expect("prepared before a run");
        let sent = &*sent;
        pool.run(&mut self.workers, |_, w| w.receive_gaps(sent));
    }

    /// Checks that no state has become infinite or not a number.
    pub(super) fn check_finite(&self) -> Result<()> {
        let now = self.now();
        for w in &self.workers {
            for (family, part) in self.families.iter().zip(&w.parts) {
                if let Some(ops) = family.neurons() {
                    ops.check_finite(part, &self.clock, now)?;
                }
            }
        }
        Ok(())
    }

    /// The error for a run that is not prepared.
    pub(super) fn not_prepared(what: &str) -> Error {
        Error::new(
            Kind::Kernel,
            format!("{what} called without calling Prepare first"),
        )
    }
}
