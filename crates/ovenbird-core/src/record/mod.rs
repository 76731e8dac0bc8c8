//! Recording: what recorders keep, and where it goes.

mod recorder;
mod text;

pub use recorder::{Data, Recorder, RecorderParams, SampleParams};
pub use text::{Environment, TextFile};

/// The names of the recording backends, sorted.
pub const BACKENDS: [&str; 3] = ["ascii", "memory", "screen"];
