//! What passes between nodes: spikes between workers, and sums that wait for their step.

mod ring;
mod spikes;

pub use ring::{ChannelKey, Ring};
pub use spikes::Spike;
