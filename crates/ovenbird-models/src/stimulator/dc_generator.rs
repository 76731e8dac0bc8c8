//! # dc_generator
//!
//! Sends a constant current, from `start` to `stop` as seen by its targets.

use ovenbird_core::model::{ElementType, Emission, Moment, NodeInfo, Signal, Stimulator, Targets};
use ovenbird_core::time::Clock;

ovenbird_core::params! {
    /// Amplitude of the current.
    amplitude: f64 = 0.0, "pA";
}

/// The stimulator model `dc_generator`.
pub struct DcGenerator;

impl Stimulator for DcGenerator {
    type Params = Params;
    type Derived = ();
    type Cache = ();

    const INFO: NodeInfo = NodeInfo::new(
        "dc_generator",
        ElementType::Stimulator,
        "Sends a constant current",
        include_str!("dc_generator.rs"),
    );
    const SIGNAL: Signal = Signal::Currents;

    fn derive(_: &Params, _: &Clock) {}

    fn emit(
        p: &Params,
        (): &(),
        _: &Moment,
        _: Targets<'_>,
        (): &mut (),
        _: &mut [f64],
    ) -> Emission {
        Emission::Current(p.amplitude)
    }
}
