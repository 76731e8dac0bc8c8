//! One slice of simulated time: deliver, update, gather.

use super::Simulation;
use super::worker::SliceInfo;
use crate::error::{Error, Kind, Result};
use crate::synapse::PlasticContext;
use crate::time::Step;
use std::time::Instant;

impl Simulation {
    /// Takes the steps of the present slice up to `to`.
    pub(super) fn advance(&mut self, to: usize) -> Result<()> {
        let (origin, from) = (self.origin, self.taken);
        if self.couples() {
            self.workers.iter_mut().for_each(super::Worker::clear_gaps);
            // what was sent belongs to the end of a whole slice
            if from == 0 && origin > 0 {
                self.exchange_gaps(Ok(()))?;
            }
        }
        if from == 0 && origin > 0 {
            self.devices.write_samples(&self.families, &self.clock);
        }
        let (emitted, mut spikes) = if from == 0 {
            std::mem::take(&mut self.waiting)
        } else {
            std::mem::take(&mut self.exchange.late)
        };
        let updated = if self.couples() && self.settings.use_wfr {
            self.deliver_early(emitted, &spikes);
            self.relax(to)?;
            self.update(to, (0, &[]))
        } else {
            self.update(to, (emitted, &spikes))
        };
        if self.emitted.capacity() == 0 {
            spikes.clear();
            self.emitted = spikes;
        }
        self.gather(from, to, updated)?;
        self.taken = to;
        if to == self.min_delay {
            self.origin += self.min_delay as Step;
            self.taken = 0;
            self.waiting = (origin, std::mem::take(&mut self.emitted));
        }
        Ok(())
    }

    fn update(&mut self, to: usize, spikes: (Step, &[crate::event::Spike])) -> Result<()> {
        self.gaps.steps = self.taken..to;
        let slice = SliceInfo {
            clock: self.clock,
            origin: self.origin,
            from: self.taken,
            to,
            shortest: self.min_delay,
            families: &self.families,
            spikes,
            keys: self.keys,
            width: self.width,
            devices: &self.devices.parts,
        };
        let pool = self.pool.as_mut().expect("prepared before a run");
        pool.run(&mut self.workers, |_, w| w.update(&slice));
        self.first_failure()
    }

    /// Delivers spikes ahead of the update, so that iterations see them.
    pub(super) fn deliver_early(&mut self, emitted: Step, spikes: &[crate::event::Spike]) {
        let key = self.keys.synapses;
        let (clock, families) = (&self.clock, &self.families);
        let shortest = self.min_delay;
        let context = PlasticContext {
            clock,
            key,
            width: self.width,
            shortest,
            begun: (self.taken > 0).then_some(self.origin),
        };
        let pool = self.pool.as_mut().expect("prepared before a run");
        pool.run(&mut self.workers, |_, w| {
            w.deliver(families, &context, spikes, emitted);
        });
    }

    fn first_failure(&mut self) -> Result<()> {
        // all are taken: on several ranks the run goes on to the end of the slice
        let mut failures = self.workers.iter_mut().filter_map(|w| w.failure.take());
        let first = failures.next();
        failures.for_each(drop);
        first.map_or(Ok(()), Err)
    }

    /// Collects what the workers produced, in canonical order, records what is recorded on this
    /// rank, and exchanges spikes with other ranks.
    fn gather(&mut self, from: usize, to: usize, updated: Result<()>) -> Result<()> {
        let start = Instant::now();
        let first_new = self.emitted.len();
        for w in &mut self.workers {
            self.emitted.append(&mut w.spikes);
        }
        let new = &mut self.emitted[first_new..];
        if !new.is_sorted() {
            new.sort_unstable();
        }
        self.spike_count += new.iter().map(|s| u64::from(s.count())).sum::<u64>();
        let new = &self.emitted[first_new..];
        self.devices
            .record_spikes(&self.families, &self.clock, self.origin, new);
        self.devices.take_samples(&mut self.workers, &self.families);
        if let Some(first) = self.due_from(from, to) {
            self.record_devices(first, self.origin + to as Step);
        }
        self.record_weights();
        if from == 0 && self.couples() {
            self.record_gap_weights();
        }
        let result = self.exchange_spikes(first_new, updated);
        self.timers.gather += start.elapsed().as_secs_f64();
        result
    }

    /// Records what stimulators send in some steps to recorders and multimeters.
    pub(super) fn record_devices(&mut self, from: Step, to: Step) {
        let keys = self.keys.devices;
        self.devices
            .record_stimulators(&self.families, &self.clock, from..to, keys);
        self.devices.probe(&self.families, from..to, keys);
    }

    /// Writes what synapses reported to weight recorders, by time, sender and target.
    pub(super) fn record_weights(&mut self) {
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
                    [receptor, i64::from(r.port)],
                    c,
                ));
            }
        }
        reports.sort_by_key(|r| (r.0, r.1, r.2));
        for (stamp, source, target, ports, c) in reports {
            self.record_weight(c.model, stamp, (source, target), ports, c.weight);
        }
    }

    /// Writes the weights of gap junctions, through which something passes in each slice.
    fn record_gap_weights(&mut self) {
        let model = self.gap_model();
        if self.synapse_model(model).weight_recorder.is_none() {
            return;
        }
        let mut seen = Vec::new();
        for w in &self.workers {
            for (i, e) in w.gaps.entries.iter().enumerate() {
                let ids = self.families[e.family]
                    .neurons()
                    .map(|n| n.ids(&w.parts[e.family]));
                if let Some(ids) = ids {
                    seen.push((e.source, ids[e.local as usize], i as i64, e.weight));
                }
            }
        }
        seen.sort_by_key(|&(source, target, port, _)| (source, target, port));
        for (source, target, port, weight) in seen {
            self.record_weight(model, self.origin + 1, (source, target), [0, port], weight);
        }
    }

    /// Writes a weight to the recorder of a synapse model, if it wants it; `ports` are the receptor
    /// and the port of the connection.
    fn record_weight(
        &mut self,
        model: u16,
        stamp: Step,
        (source, target): (u32, u32),
        ports: [i64; 2],
        weight: f64,
    ) {
        let Some(id) = self.synapse_model(model).weight_recorder else {
            return;
        };
        let Ok((f, Some(at))) = self.nodes.locate(id) else {
            return;
        };
        let Some(r) = self.devices.recorder_mut(&self.families, f, at.local) else {
            return;
        };
        let wanted = |list: &[u32], id: u32| list.is_empty() || list.contains(&id);
        if wanted(&r.senders, source) && wanted(&r.targets, target) {
            let ints = [ports[0], ports[1], i64::from(target)];
            r.write(stamp, source, &[weight], &ints, &self.clock);
        }
    }

    /// Whether any gap junctions exist or did, on any rank.
    pub(super) fn couples(&self) -> bool {
        self.gaps.any
    }

    /// Iterates the coupled nodes over the rest of the slice until what they send no longer
    /// changes, also where the update that follows ends before, at step `to`.
    fn relax(&mut self, to: usize) -> Result<()> {
        self.gaps.steps = self.taken..self.min_delay;
        for _ in 0..self.settings.wfr_max_iterations {
            let slice = SliceInfo {
                clock: self.clock,
                origin: self.origin,
                from: self.taken,
                to: self.min_delay,
                shortest: self.min_delay,
                families: &self.families,
                spikes: (0, &[]),
                keys: self.keys,
                width: self.width,
                devices: &self.devices.parts,
            };
            let pool = self.pool.as_mut().expect("prepared before a run");
            pool.run(&mut self.workers, |_, w| w.iterate(&slice));
            let iterated = self.first_failure();
            if self.exchange_gaps(iterated)? <= self.settings.wfr_tol {
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

    /// Checks that no state has become infinite or not a number.
    pub(super) fn check_finite(&mut self) -> Result<()> {
        let (now, clock, families) = (self.now(), self.clock, &self.families);
        let pool = self.pool.as_mut().expect("prepared before a run");
        pool.run(&mut self.workers, |_, w| {
            w.failure = w.check_finite(families, &clock, now).err();
        });
        self.first_failure()
    }

    /// The error for a run that is not prepared.
    pub(super) fn not_prepared(what: &str) -> Error {
        Error::new(
            Kind::Kernel,
            format!("{what} called without calling Prepare first"),
        )
    }
}
