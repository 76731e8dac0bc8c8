//! Neuron models, one file each.

pub mod glif_cond;
pub mod hh_cond_exp_traub;
pub mod hh_psc_alpha;
pub mod hh_psc_alpha_gap;
pub mod hodgkin_huxley;
pub mod iaf_cond_alpha;
pub mod iaf_cond_exp;
pub mod iaf_psc_alpha;
pub mod iaf_psc_delta;
pub mod iaf_psc_exp;
mod integrated;
pub mod izhikevich;
pub mod parrot_neuron;
pub mod threshold;
