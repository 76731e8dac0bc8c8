//! Kernel attributes: the settings of a simulation and what it reports of itself.

use super::connect::MAX_DELAY;
use super::growth::GrownSynapse;
use super::{Simulation, attributes};
use crate::error::{Error, Kind, Result};
use crate::record::Environment;
use crate::synapse::Interpolation;
use crate::time::Clock;
use crate::value::{Dict, Value};

/// What a user can set on a simulation as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    pub threads: usize,
    pub rng_seed: u64,
    /// Index into [`RNG_TYPES`]: which set of streams the seed selects from.
    pub rng_type: usize,
    pub use_wfr: bool,
    /// Upper bound of a slice when coupled neurons iterate, in ms.
    pub wfr_comm_interval: f64,
    pub wfr_tol: f64,
    pub wfr_max_iterations: i64,
    pub wfr_interpolation_order: i64,
    pub data_path: String,
    pub data_prefix: String,
    pub overwrite_files: bool,
    pub print_time: bool,
    pub dict_miss_is_error: bool,
    /// Seconds that one slice may take.
    pub update_time_limit: f64,
    /// Whether connections come and go with synaptic elements.
    pub structural_plasticity: bool,
    /// In ms.
    pub structural_plasticity_update_interval: f64,
    /// The synapses that come and go.
    pub grown_synapses: Vec<GrownSynapse>,
    /// Whether defaults were set or models copied since the last reset, which fixes the resolution.
    pub models_changed: bool,
    /// Settings that are stored and reported and have no effect on this engine.
    pub inert: Dict,
}

/// Settings of NEST's communication and of parts that this engine does not have: name, default.
fn inert_defaults() -> Dict {
    let surviving = [
        ("eprop_update_interval", Value::Float(1000.0)),
        ("eprop_learning_window", Value::Float(1000.0)),
        ("eprop_reset_neurons_on_update", Value::Bool(true)),
        ("adaptive_target_buffers", Value::Bool(true)),
        ("buffer_size_target_data", Value::Int(2)),
        ("buffer_size_spike_data", Value::Int(2)),
        ("growth_factor_buffer_target_data", Value::Float(1.5)),
        ("growth_factor_buffer_spike_data", Value::Float(1.5)),
        ("max_buffer_size_target_data", Value::Int(16_777_216)),
    ];
    let resetting = [
        ("keep_source_table", Value::Bool(true)),
        ("use_compressed_spikes", Value::Bool(true)),
        ("spike_buffer_grow_extra", Value::Float(0.5)),
        ("spike_buffer_shrink_limit", Value::Float(0.2)),
        ("spike_buffer_shrink_spare", Value::Float(0.1)),
    ];
    surviving.into_iter().chain(resetting).collect()
}

/// The log of resizes of a spike buffer, which no process of this engine needs.
pub(super) fn resize_log() -> Dict {
    let columns = ["global_max_spikes_sent", "new_buffer_size", "times"];
    columns
        .map(|key| (key, Value::Floats(Vec::new())))
        .into_iter()
        .collect()
}

/// How many of the inert settings outlive a reset.
const SURVIVING: usize = 9;

/// The values that settings of the spike buffer can have.
pub(super) fn check_buffer(key: &str, value: &Value) -> Result<()> {
    let (range, what) = match key {
        "spike_buffer_grow_extra" => (0.0..=f64::MAX, ">= 0"),
        "spike_buffer_shrink_limit" | "spike_buffer_shrink_spare" => (0.0..=1.0, "from 0 to 1"),
        _ => return Ok(()),
    };
    let x = value.as_float(key)?;
    if range.contains(&x) {
        return Ok(());
    }
    Err(Error::bad_property(format!(
        "{key} must be {what}, got {x}"
    )))
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            threads: 1,
            rng_seed: 143_202_461,
            rng_type: DEFAULT_RNG_TYPE,
            use_wfr: true,
            wfr_comm_interval: 1.0,
            wfr_tol: 1e-4,
            wfr_max_iterations: 15,
            wfr_interpolation_order: 3,
            data_path: String::new(),
            data_prefix: String::new(),
            overwrite_files: false,
            print_time: false,
            dict_miss_is_error: true,
            update_time_limit: f64::INFINITY,
            structural_plasticity: false,
            structural_plasticity_update_interval: 10000.0,
            grown_synapses: Vec::new(),
            models_changed: false,
            inert: inert_defaults(),
        }
    }
}

impl Settings {
    /// The settings after a reset: some outlive it.
    pub(super) fn after_reset(&self) -> Settings {
        let mut new = Settings {
            data_path: self.data_path.clone(),
            data_prefix: self.data_prefix.clone(),
            ..Settings::default()
        };
        for (key, value) in self.inert.iter().take(SURVIVING) {
            new.inert.set(key, value.clone());
        }
        new
    }

    /// The seed of all streams: the user's seed within the set of streams of the user's type.
    /// The default type leaves the seed as it is.
    pub(super) fn seed(&self) -> u64 {
        let set = (self.rng_type + RNG_TYPES.len() - DEFAULT_RNG_TYPE) % RNG_TYPES.len();
        self.rng_seed + ((set as u64) << 32)
    }

    pub(super) fn interpolation(&self) -> Interpolation {
        match self.wfr_interpolation_order {
            0 => Interpolation::Constant,
            1 => Interpolation::Linear,
            _ => Interpolation::Cubic,
        }
    }
}

/// Names of random number generators that NEST knows. All numbers come from Philox 4x32-10; each
/// name has a set of streams of its own, so that another name gives other numbers.
pub(super) const RNG_TYPES: [&str; 6] = [
    "Philox_32",
    "Philox_64",
    "Threefry_32",
    "Threefry_64",
    "mt19937",
    "mt19937_64",
];

const DEFAULT_RNG_TYPE: usize = 5;

/// The error that says that an attribute cannot be set now or to this value.
pub(super) fn locked(what: &str) -> Error {
    Error::new(Kind::Kernel, what)
}

impl Simulation {
    pub(super) fn time_limit(&self) -> f64 {
        crate::time::MAX_TICKS as f64 / self.clock.ticks_per_ms() as f64
    }

    /// Sets kernel attributes, all or none.
    ///
    /// # Errors
    /// When an attribute is not known, cannot be set, not set now, or not to this value.
    pub fn set_status(&mut self, params: &Dict) -> Result<()> {
        let mut settings = self.settings.clone();
        let mut clock = (None, None);
        let mut delays = (None, None);
        let mut threads = None;
        let mut rewind = false;
        for (key, value) in params.iter() {
            match key {
                "resolution" => clock.0 = Some(value.as_float(key)?),
                "tics_per_ms" => clock.1 = Some(value.as_int(key)?),
                "min_delay" => delays.0 = Some(value.as_float(key)?),
                "max_delay" => delays.1 = Some(value.as_float(key)?),
                "local_num_threads" => set_threads(&mut threads, key, value, 1)?,
                "total_num_virtual_procs" => {
                    set_threads(&mut threads, key, value, self.ranks.count())?;
                }
                "biological_time" => rewind = self.checked_rewind(value)?,
                _ => attributes::set_one(self, &mut settings, key, value)?,
            }
        }
        if clock.1.is_some() && clock.0.is_none() {
            return Err(Error::bad_property(
                "tics_per_ms must be set together with resolution.",
            ));
        }
        let new_clock = match clock {
            (Some(resolution), ticks) => {
                let ticks = ticks.unwrap_or(self.clock.ticks_per_ms());
                let new = Clock::new(ticks, resolution)?;
                self.check_unlocked(new != self.clock, "time representation")?;
                Some(new)
            }
            _ => None,
        };
        if let Some(n) = threads {
            self.check_unlocked(n != self.settings.threads, "number of threads")?;
            settings.threads = n;
        }
        let range = self.checked_delays(delays, new_clock.unwrap_or(self.clock))?;
        let resolution = new_clock.unwrap_or(self.clock).resolution();
        check_comm_interval(&mut settings, params, resolution)?;
        check_eprop(&settings.inert, params)?;
        self.settings = settings;
        if let Some(new) = new_clock {
            self.change_clock(new);
        }
        if let Some(n) = threads.filter(|&n| n != self.workers.len()) {
            self.set_workers(n);
        }
        if range.is_some() {
            self.delays.fixed = range;
        }
        if rewind {
            self.rewind();
        }
        match params.get("structural_plasticity_synapses") {
            Some(_) => self.note_grown_delays(),
            None => Ok(()),
        }
    }

    fn change_clock(&mut self, new: Clock) {
        if new == self.clock {
            return;
        }
        if let Some((min, max)) = self.delays.fixed {
            let (min, max) = (self.clock.ms(min.into()), self.clock.ms(max.into()));
            let steps = |n: i64| n.clamp(1, i64::from(MAX_DELAY) - 1) as u32;
            self.delays.fixed = Some((steps(new.floor(min)), steps(new.ceil(max))));
        }
        self.clock = new;
        self.families.iter_mut().for_each(|f| f.recalibrate(&new));
        for model in &mut self.synapses {
            model.delay = new.ms(new.ceil(model.delay).max(1));
        }
    }

    fn check_unlocked(&self, changes: bool, what: &str) -> Result<()> {
        if !changes {
            return Ok(());
        }
        let reason = if !self.nodes.is_empty() {
            "Nodes have been created"
        } else if self.has_run {
            "Network has been simulated"
        } else if self.settings.models_changed {
            "Model defaults have been modified"
        } else {
            return Ok(());
        };
        Err(locked(&format!(
            "{reason}: {what} cannot be changed. Call ResetKernel first."
        )))
    }

    fn checked_rewind(&self, value: &Value) -> Result<bool> {
        let t = value.as_float("biological_time")?;
        if t != 0.0 {
            return Err(Error::bad_property(
                "biological_time can only be set to 0.0.",
            ));
        }
        self.refuse_while_prepared("Setting biological_time")?;
        Ok(self.now() > 0)
    }

    fn checked_delays(
        &self,
        delays: (Option<f64>, Option<f64>),
        clock: Clock,
    ) -> Result<Option<(u32, u32)>> {
        let (min, max) = match delays {
            (None, None) => return Ok(None),
            (Some(min), Some(max)) => (min, max),
            _ => {
                return Err(Error::bad_property(
                    "Both min_delay and max_delay have to be specified, and in one call.",
                ));
            }
        };
        let steps = |key: &str, ms: f64, n: i64| {
            if ms.is_finite() && (1..i64::from(MAX_DELAY)).contains(&n) {
                return Ok(n as u32);
            }
            let text = format!(
                "{key} must be at least the resolution, {} ms, and less than {MAX_DELAY} steps; got {ms} ms",
                clock.resolution()
            );
            Err(Error::new(Kind::BadDelay, text))
        };
        let (min, max) = (
            steps("min_delay", min, clock.floor(min))?,
            steps("max_delay", max, clock.ceil(max))?,
        );
        if min > max {
            return Err(Error::new(
                Kind::BadDelay,
                "min_delay must be smaller than or equal to max_delay",
            ));
        }
        if self.has_run {
            return Err(Error::new(
                Kind::BadDelay,
                "min_delay and max_delay cannot be changed after Simulate has been called",
            ));
        }
        if let Some((lo, hi)) = self.delays.found
            && (min > lo || max < hi)
        {
            return Err(Error::new(
                Kind::BadDelay,
                format!(
                    "existing connections have delays from {} to {} ms",
                    clock.ms(lo.into()),
                    clock.ms(hi.into())
                ),
            ));
        }
        Ok(Some((min, max)))
    }

    pub(super) fn environment(&self, append: bool) -> Environment {
        Environment {
            data_path: self.settings.data_path.clone(),
            data_prefix: self.settings.data_prefix.clone(),
            overwrite_files: self.settings.overwrite_files,
            append,
            network_size: self.network_size(),
            layout: self.nodes.layout(),
        }
    }
}

/// Fits the interval at which coupled nodes communicate to the resolution: it is never shorter,
/// and the same without waveform relaxation.
fn check_comm_interval(s: &mut Settings, params: &Dict, resolution: f64) -> Result<()> {
    if params.get("wfr_comm_interval").is_some() {
        if !s.use_wfr {
            return Err(locked(
                "wfr_comm_interval cannot be set while waveform relaxation is disabled; set \
                 use_wfr to True first",
            ));
        }
        if !s.wfr_comm_interval.is_finite() || s.wfr_comm_interval < resolution {
            return Err(locked(&format!(
                "wfr_comm_interval must be at least as long as the resolution, {resolution} ms, \
                 got {}",
                s.wfr_comm_interval
            )));
        }
    }
    if !s.use_wfr || s.wfr_comm_interval < resolution {
        s.wfr_comm_interval = resolution;
    }
    Ok(())
}

/// Refuses intervals of e-prop that are not positive, and a window of learning that is longer than
/// the interval at whose end it lies.
fn check_eprop(inert: &Dict, params: &Dict) -> Result<()> {
    const KEYS: [&str; 2] = ["eprop_update_interval", "eprop_learning_window"];
    for key in KEYS.into_iter().filter(|&key| params.get(key).is_some()) {
        let [interval, own] = [KEYS[0], key].map(|k| inert.get(k).map(|v| v.as_float(k)));
        let (Some(interval), Some(own)) = (interval.transpose()?, own.transpose()?) else {
            continue;
        };
        if !(own > 0.0 && own.is_finite()) {
            let text = format!("{key} must be positive and finite, got {own}");
            return Err(Error::bad_property(text));
        }
        if own > interval {
            return Err(Error::bad_property(format!(
                "{key} must not be longer than {}, {interval} ms; got {own}",
                KEYS[0]
            )));
        }
    }
    Ok(())
}

/// Notes the threads that an attribute asks for, which another one must not contradict.
fn set_threads(threads: &mut Option<usize>, key: &str, value: &Value, ranks: usize) -> Result<()> {
    let wanted = checked_threads(key, value, ranks)?;
    if threads.is_some_and(|other| other != wanted) {
        return Err(Error::bad_property(
            "total_num_virtual_procs must be local_num_threads times the number of processes",
        ));
    }
    *threads = Some(wanted);
    Ok(())
}

/// The threads of each of `ranks` ranks, if a value is for all of them together.
fn checked_threads(key: &str, value: &Value, ranks: usize) -> Result<usize> {
    let (all, ranks) = (value.as_int(key)?, ranks as i64);
    if all % ranks != 0 {
        return Err(Error::bad_property(format!(
            "{key} (threads times processes) must be a multiple of the number of processes, \
             {ranks}; got {all}"
        )));
    }
    let n = all / ranks;
    if !(1..=511).contains(&n) {
        return Err(Error::bad_property(format!(
            "{key} must be from {ranks} to {}, got {all}",
            511 * ranks
        )));
    }
    Ok(n as usize)
}
