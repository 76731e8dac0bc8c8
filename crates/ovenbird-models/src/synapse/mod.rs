//! Synapse models.

mod gap_junction;
mod multiplicative;
mod static_synapse;
mod static_synapse_hom_w;
mod stdp_pl_synapse_hom;
mod stdp_synapse;
mod stdp_synapse_hom;

pub use gap_junction::GAP_JUNCTION;
pub use static_synapse::StaticSynapse;
pub use static_synapse_hom_w::StaticSynapseHomW;
pub use stdp_pl_synapse_hom::StdpPlSynapseHom;
pub use stdp_synapse::StdpSynapse;
pub use stdp_synapse_hom::StdpSynapseHom;
