//! # weight_recorder
//!
//! Stores what synapses transmit: time, sender, target, weight, receptor. It is not connected to
//! nodes; synapse models name it (`CopyModel` or `SetDefaults` with `weight_recorder`). `senders`
//! and `targets` limit what is stored.

use ovenbird_core::model::{ElementType, NodeInfo, RecorderInfo, RecorderKind};

/// The recorder model `weight_recorder`.
pub const WEIGHT_RECORDER: RecorderInfo = RecorderInfo {
    node: NodeInfo::new(
        "weight_recorder",
        ElementType::Recorder,
        "Stores the weights that synapses transmit",
        include_str!("weight_recorder.rs"),
    ),
    kind: RecorderKind::Weights,
};
