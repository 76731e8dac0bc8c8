//! # spike_recorder
//!
//! Stores the sender and the time of each spike that it receives, once per spike where a spike
//! event stands for several. Connect the neurons to the recorder; the delay of the connection does
//! not shift the times. Only spikes with start < t <= stop (relative to origin) are stored.

use ovenbird_core::model::{ElementType, NodeInfo, RecorderInfo, RecorderKind};

/// The recorder model `spike_recorder`.
pub const SPIKE_RECORDER: RecorderInfo = RecorderInfo {
    node: NodeInfo::new(
        "spike_recorder",
        ElementType::Recorder,
        "Stores senders and times of spikes",
        include_str!("spike_recorder.rs"),
    ),
    kind: RecorderKind::Spikes,
};
