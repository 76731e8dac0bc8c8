//! Stimulating devices at work: what they send to the targets on a worker.

mod drive;

pub(crate) use drive::occurrences;
pub use drive::{Drive, DriveEntry};
