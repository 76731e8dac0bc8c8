//! Neuron models, one file each.

pub mod glif_cond;
pub mod hh_psc_alpha;
pub mod hh_psc_alpha_gap;
pub mod hodgkin_huxley;
mod iaf_psc_alpha;

pub use iaf_psc_alpha::IafPscAlpha;
