//! Neuron models, one file each.

pub mod hh_psc_alpha;
