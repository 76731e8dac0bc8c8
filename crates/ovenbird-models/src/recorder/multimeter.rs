//! # multimeter
//!
//! Samples any recordable quantities of its targets at a regular interval. Connect the multimeter
//! to the nodes; what is to be recorded, interval and offset are fixed by the first connection.
//! A sample is stored once the slice of time after it begins, so the samples of the last slice of a
//! run are stored when the simulation goes on.

use ovenbird_core::model::{ElementType, NodeInfo, RecorderInfo, RecorderKind};

/// The recorder model `multimeter`.
pub const MULTIMETER: RecorderInfo = RecorderInfo {
    node: NodeInfo::new(
        "multimeter",
        ElementType::Recorder,
        "Samples recordable quantities of its targets",
        include_str!("multimeter.rs"),
    ),
    kind: RecorderKind::Samples { preset: &[] },
};
