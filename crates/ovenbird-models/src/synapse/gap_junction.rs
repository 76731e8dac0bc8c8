//! # gap_junction
//!
//! An electrical synapse: a current `weight (V_source - V_target)`, with the weight in nS, flows
//! into the target. It has no delay and must be made in both directions: one to one with
//! `make_symmetric`, or all to all within one population. With `use_wfr` the coupled neurons are
//! integrated by waveform relaxation, so that the coupling is instantaneous; without it, potentials
//! are exchanged once per step.
//!
//! References:
//! Hahne J et al. (2015) Frontiers in Neuroinformatics 9:22.
//! Mancilla JG et al. (2007) Journal of Neuroscience 27:2058-2073.

use ovenbird_core::model::{SynapseInfo, SynapseKind};

/// The synapse model `gap_junction`.
pub const GAP_JUNCTION: SynapseInfo = SynapseInfo {
    kind: SynapseKind::GapJunction,
    has_delay: false,
    requires_symmetric: true,
    variants: false,
    ..SynapseInfo::new(
        "gap_junction",
        "Electrical coupling of two neurons",
        include_str!("gap_junction.rs"),
    )
};
