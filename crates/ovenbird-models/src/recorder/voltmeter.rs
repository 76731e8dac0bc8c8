//! # voltmeter
//!
//! A multimeter that starts out recording the membrane potential, `V_m`.

use ovenbird_core::model::{ElementType, NodeInfo, RecorderInfo, RecorderKind};

/// The recorder model `voltmeter`.
pub const VOLTMETER: RecorderInfo = RecorderInfo {
    node: NodeInfo::new(
        "voltmeter",
        ElementType::Recorder,
        "Samples the membrane potential of its targets",
        include_str!("voltmeter.rs"),
    ),
    kind: RecorderKind::Samples { preset: &["V_m"] },
};
