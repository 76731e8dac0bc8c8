//! # static_synapse
//!
//! A synapse with a fixed weight and delay: each presynaptic spike has an effect of `weight` on the
//! target after `delay`.

use ovenbird_core::model::{SynapseInfo, SynapseKind};

/// The synapse model `static_synapse`.
pub const STATIC_SYNAPSE: SynapseInfo = SynapseInfo {
    name: "static_synapse",
    summary: "Synapse with a fixed weight and delay",
    source: include_str!("static_synapse.rs"),
    kind: SynapseKind::Static,
    has_delay: true,
    requires_symmetric: false,
};
