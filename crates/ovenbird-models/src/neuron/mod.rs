//! Neuron models, one file each.

mod glif_cond;
mod hh_psc_alpha;
mod hh_psc_alpha_gap;
pub mod hodgkin_huxley;
mod iaf_psc_alpha;
mod iaf_psc_delta;
mod iaf_psc_exp;
mod izhikevich;
mod parrot_neuron;

pub use glif_cond::GlifCond;
pub use hh_psc_alpha::HhPscAlpha;
pub use hh_psc_alpha_gap::HhPscAlphaGap;
pub use iaf_psc_alpha::IafPscAlpha;
pub use iaf_psc_delta::IafPscDelta;
pub use iaf_psc_exp::IafPscExp;
pub use izhikevich::Izhikevich;
pub use parrot_neuron::ParrotNeuron;
