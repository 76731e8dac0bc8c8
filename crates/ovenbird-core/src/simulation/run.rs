//! Prepare, run, clean up.

use super::timers::Stopwatch;
use super::worker::RunKeys;
use super::{Phase, Simulation};
use crate::error::{Error, Kind, Result};
use crate::event::Spike;
use crate::node::{Part, Tap};
use crate::parallel::Pool;
use crate::rank::Call;
use crate::synapse::PlasticContext;
use crate::time::Step;
use std::time::{Duration, Instant};

/// How far a run is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Simulated since the run began, and in all, in ms.
    pub done: f64,
    pub total: f64,
    /// Seconds since the run began.
    pub elapsed: f64,
}

impl Progress {
    /// Simulated time over time spent.
    pub fn real_time_factor(&self) -> f64 {
        if self.elapsed > 0.0 {
            self.done / 1000.0 / self.elapsed
        } else {
            0.0
        }
    }
}

/// Whether a run goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunControl {
    Continue,
    Stop,
}

/// Time between two calls of a run's observer.
const OBSERVE: Duration = Duration::from_millis(50);

/// Simulated steps between two checks that all state is finite.
const CHECK_STEPS: usize = 64;

impl Simulation {
    /// Makes everything ready to run.
    ///
    /// # Errors
    /// When a run is being prepared already, or a recorder cannot open its file.
    pub fn prepare(&mut self) -> Result<()> {
        self.prepare_files(false)
    }

    /// Makes everything ready for a run that goes on where the last one ended: recorders add to
    /// the files that they wrote.
    ///
    /// # Errors
    /// As [`Simulation::prepare`].
    pub fn prepare_to_continue(&mut self) -> Result<()> {
        self.prepare_files(true)
    }

    fn prepare_files(&mut self, append: bool) -> Result<()> {
        match self.phase {
            Phase::Idle => {}
            Phase::Prepared => {
                return Err(Error::new(
                    Kind::Kernel,
                    "Prepare was called before; call Cleanup first",
                ));
            }
            Phase::Broken => {
                return Err(Error::new(
                    Kind::Kernel,
                    "A run has failed and left the network in an inconsistent state; \
                     call ResetKernel",
                ));
            }
        }
        let start = Stopwatch::start();
        let environment = self.environment(append);
        let opened = self
            .devices
            .prepare(&self.families, &self.nodes, &self.clock, &environment);
        let result = self.prepare_together(opened);
        self.prepare_failed = result.is_err();
        if result.is_err() {
            self.close()?;
            return result;
        }
        self.phase = Phase::Prepared;
        self.timers.prepare.add(&start);
        Ok(())
    }

    /// Arranges nodes and connections of all ranks for a run; `opened` tells whether this rank's
    /// recorders are ready.
    fn prepare_together(&mut self, opened: Result<()>) -> Result<()> {
        let coupled = self.workers.iter().any(|w| !w.gaps.entries.is_empty());
        let opened = opened.and_then(|()| self.ready_structure());
        let flags = u64::from(coupled) | u64::from(self.needs_routes()) << 1;
        let flags = self.agree(Call::Prepare, flags, 0, opened)?;
        self.learn_driven()?;
        let arranged = self.ending_early(Self::try_arrange);
        let arranged = arranged.and_then(|()| self.check_ready());
        let arranged = arranged.and_then(|()| self.separate_agreed());
        // as in NEST, nodes go on iterating when the last gap junction is gone
        self.gaps.any |= flags & 1 != 0;
        if !self.gaps.any {
            self.agree(Call::Ready, 0, 0, arranged)?;
            return self.plan_exchange(flags & 2 != 0);
        }
        let changed = self.arrange_gaps(arranged)?;
        let changed = self.agree(Call::Ready, u64::from(changed), 0, Ok(()))? != 0;
        if changed && self.taken == 0 {
            self.send_gaps_anew();
        }
        self.plan_exchange(flags & 2 != 0)
    }

    /// The slice length in steps: the smallest delay, where gap junctions count as what they bound
    /// a slice to.
    fn slice_steps(&self) -> usize {
        let (min, _) = self.delays.range();
        // a slice may be shorter than the smallest delay, which a spike's lag must fit in
        (min as usize).min(Spike::MAX_LAG - 1)
    }

    /// Starts a thread for each worker, unless they run already.
    pub(super) fn start_threads(&mut self) -> Result<()> {
        if self.pool.is_none() {
            let pool = Pool::new(self.workers.len()).map_err(|e| {
                Error::new(
                    Kind::Kernel,
                    format!("cannot start {} threads: {e}", self.workers.len()),
                )
            })?;
            self.pool = Some(pool);
        }
        Ok(())
    }

    /// Makes a call that can end early, up to where it commits the watch.
    pub(super) fn ending_early<T>(
        &mut self,
        call: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        self.watch.start();
        let result = call(self);
        self.watch.commit();
        result
    }

    /// Brings nodes and connections into the form that a run needs, for calls that go through.
    pub(super) fn arrange(&mut self) -> Result<()> {
        self.watch.commit();
        self.try_arrange()
    }

    /// Brings nodes and connections into the form that a run needs. What is done when the call ends
    /// early need not be done again.
    ///
    /// # Errors
    /// When the call is to end.
    pub(super) fn try_arrange(&mut self) -> Result<()> {
        let steps = self.slice_steps();
        let now = self.now();
        self.start_threads()?;
        self.keys = RunKeys::new(self.settings.seed());
        let key = self.keys.synapses;
        self.prepare_families()?;
        let pool = self.pool.as_mut().expect("threads are started");
        if steps != self.min_delay && (self.taken > 0 || !self.emitted.is_empty()) {
            // slices get another length within a slice: what was emitted is delivered now
            let (origin, spikes) = (self.origin, std::mem::take(&mut self.emitted));
            let (clock, families) = (&self.clock, &self.families);
            let shortest = self.min_delay;
            let context = PlasticContext {
                clock,
                key,
                width: self.width,
                shortest,
                begun: None,
            };
            pool.run(&mut self.workers, |_, w| {
                w.deliver(families, &context, &spikes, origin);
            });
            self.origin += self.taken as Step;
            self.taken = 0;
        }
        self.min_delay = steps;
        let max = self.delays.range().1 as usize;
        let (families, clock, slots) = (&self.families, &self.clock, max + steps + 1);
        let watch = &self.watch;
        pool.run(&mut self.workers, |_, w| {
            w.arrange(families, slots, clock, now, &|| watch.look().is_ok());
        });
        watch.look()?;
        let reporting: Vec<u16> = (0..self.synapses.len() as u16)
            .filter(|&m| self.synapse_model(m).weight_recorder.is_some())
            .collect();
        for w in &mut self.workers {
            w.rows.report(&reporting);
            w.plastic.report(&reporting);
            w.gaps.sort();
        }
        self.arrange_taps()?;
        self.arranged = Some(self.generation);
        Ok(())
    }

    /// Derives what nodes need for a run from their parameters.
    fn prepare_families(&mut self) -> Result<()> {
        let now = self.now();
        for (f, family) in self.families.iter_mut().enumerate() {
            let mut parts: Vec<&mut Part> =
                match self.devices.parts.get_mut(f).and_then(Option::as_mut) {
                    Some(part) => vec![part],
                    None => self.workers.iter_mut().map(|w| &mut w.parts[f]).collect(),
                };
            family.prepare(&mut parts, &self.clock, now)?;
        }
        self.nodes_changed = false;
        Ok(())
    }

    /// Refuses devices that cannot run with the parameters they have.
    fn check_ready(&self) -> Result<()> {
        for (family, part) in self.families.iter().zip(&self.devices.parts) {
            part.as_ref().map_or(Ok(()), |p| family.check_ready(p))?;
        }
        Ok(())
    }

    /// Sends what the last slice would have sent, had all gap junctions existed.
    fn send_gaps_anew(&mut self) {
        self.gaps.steps = 0..self.min_delay;
        for w in &mut self.workers {
            for (f, gap) in w.gap_parts.iter_mut().enumerate() {
                if let (Some(gap), Some(ops)) = (gap, self.families[f].neurons()) {
                    ops.send(&w.parts[f], gap);
                }
            }
        }
    }

    fn arrange_taps(&mut self) -> Result<()> {
        for w in &mut self.workers {
            w.taps.iter_mut().for_each(Vec::clear);
        }
        for (recorder, order, l) in self.devices.sampling_orders() {
            let (family, Some(at)) = self.nodes.locate(l.source)? else {
                continue;
            };
            if !self.is_neuron(family) {
                continue;
            }
            let Some(r) = self.devices.recorder_at(&self.families, recorder) else {
                continue;
            };
            if r.sampling.record_from.is_empty() {
                continue;
            }
            let (interval, offset) = r.sampling_steps(&self.clock);
            self.workers[at.worker as usize].taps[family].push(Tap {
                recorder,
                order,
                family,
                local: at.local,
                names: r.sampling.record_from.clone(),
                interval,
                offset,
                stamps: Vec::new(),
                values: Vec::new(),
            });
        }
        for taps in self.workers.iter_mut().flat_map(|w| &mut w.taps) {
            taps.sort_by_key(|t| t.local);
        }
        let (workers, elsewhere) = (&self.workers, &self.driven_elsewhere);
        self.devices
            .arrange_probes(&self.families, &self.nodes, &self.clock, |id| {
                let drives = workers
                    .iter()
                    .flat_map(|w| w.drives.iter().filter(|d| d.id == id));
                let mut targets: Vec<u32> = drives
                    .flat_map(|d| d.entries.iter().map(|e| e.target))
                    .chain(elsewhere.get(&id).into_iter().flatten().copied())
                    .collect();
                targets.sort_unstable();
                targets
            })
    }

    /// The steps of a run of `ms`.
    ///
    /// # Errors
    /// When it is negative, infinite, too long, or not a whole number of steps.
    pub fn run_steps(&self, ms: f64) -> Result<Step> {
        let bad = |text: String| Err(Error::new(Kind::BadParameter, text));
        if ms.is_nan() || ms < 0.0 {
            return bad(format!("The simulation time cannot be negative, got {ms}."));
        }
        if !ms.is_finite() {
            return bad(format!("The simulation time must be finite, got {ms}."));
        }
        let limit = self
            .clock
            .ms(crate::time::MAX_TICKS / self.clock.ticks_per_step())
            - self.clock.ms(self.now());
        if ms > limit {
            return bad(format!(
                "A simulation time of {ms} ms is too long: {limit} ms are left until the largest \
                 representable time."
            ));
        }
        match self.clock.exact(ms) {
            Some(steps) => Ok(steps),
            None => bad(format!(
                "The simulation time must be a multiple of the simulation resolution, {} ms; \
                 got {ms} ms.",
                self.clock.resolution()
            )),
        }
    }

    /// Runs for `ms`. The observer is called several times a second and may stop the run at the
    /// end of a slice; then `Stop` is returned and the simulation can go on from there.
    ///
    /// # Errors
    /// When the run is not prepared, the time is not right, or a node fails.
    pub fn run(
        &mut self,
        ms: f64,
        observe: &mut dyn FnMut(Progress) -> RunControl,
    ) -> Result<RunControl> {
        let steps = match self.phase {
            Phase::Prepared => self.run_steps(ms)?,
            _ => return Err(Self::not_prepared("Run")),
        };
        let ready = if self.nodes_changed {
            self.prepare_families().and_then(|()| self.check_ready())
        } else {
            Ok(())
        };
        // what is refused now is looked at again by the next run
        self.nodes_changed = ready.is_err();
        self.agree(Call::Run, 0, steps, ready)?;
        self.separate_agreed()?;
        let start = Stopwatch::start();
        self.spike_count = 0;
        self.keys = RunKeys::new(self.settings.seed());
        for w in &mut self.workers {
            w.find_active(&self.families);
            w.gaps.take_weights();
        }
        self.has_run |= steps > 0;
        self.stopped_by = None;
        self.wants_stop = false;
        let result = self
            .run_slices(steps, start.begin, observe)
            .and_then(|control| self.settle_exchange().map(|()| control))
            .and_then(|control| self.share_spikes().map(|()| control));
        self.grow_elements();
        let console = &mut self.console;
        let flushed = self
            .devices
            .for_each_recorder(&self.families, |r| r.flush(&mut **console));
        let failed = self.failure.take().map_or(Ok(()), Err);
        let mine = result.clone().and(failed);
        let agreed = self.agree(Call::Finish, 0, steps, mine.and(flushed));
        if agreed.is_err() && (result.is_err() || !self.ranks.alone()) {
            self.phase = Phase::Broken;
        }
        self.timers.simulate.add(&start);
        agreed.and(result)
    }

    fn run_slices(
        &mut self,
        steps: Step,
        start: Instant,
        observe: &mut dyn FnMut(Progress) -> RunControl,
    ) -> Result<RunControl> {
        let structure = self.structure_interval()?;
        let total = self.clock.ms(steps);
        let end = self.now() + steps;
        let first = self.now();
        let mut next_look = start + OBSERVE;
        let mut unchecked = 0;
        let mut before = Instant::now();
        while self.now() < end {
            let left = (end - self.now()) as usize;
            let mut to = self.end_of_piece().min(self.taken + left);
            if let Some(interval) = structure {
                let since = self.now() % interval;
                if since == 0 {
                    self.update_structure()?;
                }
                to = to.min(self.taken + (interval - since) as usize);
            }
            unchecked += to - self.taken;
            self.advance(to)?;
            if unchecked >= CHECK_STEPS || self.now() >= end {
                if let Err(e) = self.check_finite() {
                    self.fail_together(e)?;
                }
                unchecked = 0;
            }
            let now = Instant::now();
            let took = (now - before).as_secs_f64();
            before = now;
            let (min, max) = self.timers.update;
            self.timers.update = (min.min(took), max.max(took));
            if took > self.settings.update_time_limit {
                let limit = self.settings.update_time_limit;
                self.fail_together(Error::new(
                    Kind::Kernel,
                    format!("Update time limit exceeded: a slice took longer than {limit} s"),
                ))?;
            }
            if self.stopped_by.is_some() {
                return Ok(RunControl::Stop);
            }
            if now >= next_look {
                next_look = now + OBSERVE;
                let done = self.clock.ms(self.now() - first);
                let elapsed = (now - start).as_secs_f64();
                if observe(Progress {
                    done,
                    total,
                    elapsed,
                }) == RunControl::Stop
                {
                    if self.ranks.alone() {
                        return Ok(RunControl::Stop);
                    }
                    // the ranks stop together, at the end of the next slice
                    self.wants_stop = true;
                }
                before = Instant::now();
            }
        }
        let elapsed = start.elapsed().as_secs_f64();
        Ok(observe(Progress {
            done: total,
            total,
            elapsed,
        }))
    }

    /// Ends what [`Simulation::prepare`] began: closes files.
    ///
    /// # Errors
    /// When nothing was prepared.
    pub fn cleanup(&mut self) -> Result<()> {
        match self.phase {
            Phase::Idle if self.prepare_failed => self.prepare_failed = false,
            Phase::Idle => return Err(Self::not_prepared("Cleanup")),
            Phase::Prepared => self.phase = Phase::Idle,
            Phase::Broken => {}
        }
        self.close()
    }

    /// Closes what recorders have opened.
    fn close(&mut self) -> Result<()> {
        self.devices.for_each_recorder(&self.families, |r| {
            r.cleanup();
            Ok(())
        })
    }

    /// Writes samples that would otherwise wait for the next slice, so that a recorder holds all
    /// of the time simulated so far.
    pub fn collect(&mut self) {
        self.devices.write_samples(&self.families, &self.clock);
    }

    /// Sets time back to zero. State stays, what is under way between nodes is dropped.
    pub(super) fn rewind(&mut self) {
        let now = self.clock.ms(self.now());
        self.origin = 0;
        self.taken = 0;
        self.emitted.clear();
        self.waiting = (0, Vec::new());
        self.exchange.clear();
        self.devices.forget();
        for w in &mut self.workers {
            w.ring.clear();
            w.spikes.clear();
            w.plastic.rewind();
            for (family, part) in self.families.iter().zip(&mut w.parts) {
                if let Some(ops) = family.neurons() {
                    ops.rewind(part, now);
                }
            }
        }
    }
}
