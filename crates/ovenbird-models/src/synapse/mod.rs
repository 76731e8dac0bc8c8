//! Synapse models.

mod gap_junction;
mod static_synapse;

pub use gap_junction::GAP_JUNCTION;
pub use static_synapse::STATIC_SYNAPSE;
