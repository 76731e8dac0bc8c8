//! Recording devices.

mod multimeter;
mod spike_recorder;
mod voltmeter;
mod weight_recorder;

pub use multimeter::MULTIMETER;
pub use spike_recorder::SPIKE_RECORDER;
pub use voltmeter::VOLTMETER;
pub use weight_recorder::WEIGHT_RECORDER;
