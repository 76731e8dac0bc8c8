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

    /// Brings a set of parameters into its final form (for example rounds times to the grid) and
    /// checks it. `changed` holds the keys that the user set; `now` is the present time.
    ///
    /// # Errors
    /// When the parameters make no device.
    fn settle(_p: &mut Self::Params, _changed: &[&str], _clock: &Clock, _now: Step) -> Result<()> {
        Ok(())
    }

    /// What the emission needs.
    fn derive(p: &Self::Params, clock: &Clock) -> Self::Derived;

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
