//! The trait of a stimulating device: what it sends in a step, to all targets or to each.

use super::info::NodeInfo;
use super::table::Table;
use crate::error::Result;
use crate::rng::Key;
use crate::time::{Clock, Step};

/// What a stimulator sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    Spikes,
    Currents,
}

/// The targets of one stimulator on one worker: global ids, and for targets connected more than
/// once the number of the connection.
#[derive(Clone, Copy, Debug)]
pub struct Targets<'a> {
    /// Global ids.
    pub ids: &'a [u32],
    /// Zero for the first connection to a target, one for the second, …
    pub occurrences: &'a [u32],
}

/// A spike of a stimulator: its multiplicity and what the connection's weight is multiplied with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pulse {
    /// How many spikes.
    pub count: u32,
    /// Factor on the connection's weight, for one spike.
    pub factor: f64,
    /// How long before the end of the step, in ms.
    pub offset: f64,
}

/// What a stimulator sends in one step.
#[derive(Clone, Debug, PartialEq)]
pub enum Emission {
    /// Nothing.
    Silent,
    /// The same spikes to all targets.
    Pulses(Vec<Pulse>),
    /// The same current (pA) to all targets.
    Current(f64),
    /// To each target its own number of spikes or its own current, written to the buffer.
    Each,
}

/// What the final form of a device's parameters may depend on.
#[derive(Clone, Copy, Debug)]
pub struct Settling<'a> {
    /// The keys that the user set.
    pub changed: &'a [&'a str],
    /// The model's name.
    pub model: &'a str,
    /// The time grid.
    pub clock: &'a Clock,
    /// The present time.
    pub now: Step,
    /// The device's origin.
    pub origin: Step,
}

impl Settling<'_> {
    /// Whether the user set `key`.
    pub fn sets(&self, key: &str) -> bool {
        self.changed.contains(&key)
    }
}

/// A number in a device's status that follows from its parameters and the time.
pub struct Reading<P> {
    /// The key, letter for letter as in NEST.
    pub name: &'static str,
    /// The unit, empty for a pure number.
    pub unit: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// Its value at a time.
    pub get: fn(&P, &Clock, Step) -> f64,
}

/// A stimulating device.
pub trait Stimulator: Send + Sync + Sized + 'static {
    /// Declared by [`params!`](crate::params).
    type Params: Table;
    /// What is derived from parameters and resolution.
    type Derived: Send + Sync + 'static;
    /// What a worker keeps between steps; a pure function of the step, so that it may be lost.
    type Cache: Default + Send + Sync + 'static;

    /// Name, summary, capabilities.
    const INFO: NodeInfo;
    /// Spikes or currents.
    const SIGNAL: Signal;
    /// Whether its pulses can have negative factors.
    const SIGNED: bool = false;

    /// What users see beside the parameters.
    fn readings() -> &'static [Reading<Self::Params>] {
        &[]
    }

    /// Brings a set of parameters into its final form (for example rounds times to the grid) and
    /// checks it.
    ///
    /// # Errors
    /// When the parameters make no device.
    fn settle(_p: &mut Self::Params, _at: &Settling<'_>) -> Result<()> {
        Ok(())
    }

    /// Fits the defaults to a new time grid, before there are devices.
    fn recalibrate(_p: &mut Self::Params, _clock: &Clock) {}

    /// Checks before a run what may be inconsistent between two settings.
    ///
    /// # Errors
    /// When the device cannot run.
    fn check_ready(_p: &Self::Params) -> Result<()> {
        Ok(())
    }

    /// What the emission needs.
    fn derive(p: &Self::Params, clock: &Clock) -> Self::Derived;

    /// Takes over what lasts from before a change of parameters at `now`; without `_old` the
    /// device has not run yet.
    fn carry_over(_new: &mut Self::Derived, _old: Option<&Self::Derived>, _now: Step) {}

    /// What the device sends in `step`, relative to its origin, given that it is active. Spikes
    /// with stamp `step + 1`, currents that a target with delay `d` integrates from `step + d`.
    fn emit(
        p: &Self::Params,
        derived: &Self::Derived,
        at: &Moment,
        targets: Targets<'_>,
        cache: &mut Self::Cache,
        out: &mut [f64],
    ) -> Emission;

    /// Whether the device may send in the step at `at`.
    fn is_active(at: &Moment) -> bool {
        let (start, stop) = (at.start, at.stop);
        let shifted = match Self::SIGNAL {
            Signal::Spikes => at.step,
            Signal::Currents => at.step + 2,
        };
        start < shifted && shifted <= stop
    }
}

/// A moment in the life of a device.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The step: it covers the interval from `step` to `step + 1`.
    pub step: Step,
    /// The device's origin.
    pub origin: Step,
    /// Origin plus start.
    pub start: Step,
    /// Origin plus stop.
    pub stop: Step,
    /// The device's global id.
    pub id: u32,
    /// The key of the device's random draws.
    pub key: Key,
}
