//! Neuron models, one file each.

mod glif_cond;
mod hh_psc_alpha;
mod hh_psc_alpha_gap;
pub mod hodgkin_huxley;
mod iaf_psc_alpha;

pub use glif_cond::GlifCond;
pub use hh_psc_alpha::HhPscAlpha;
pub use hh_psc_alpha_gap::HhPscAlphaGap;
pub use iaf_psc_alpha::IafPscAlpha;
