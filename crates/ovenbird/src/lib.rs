//! Ovenbird: a simulator for spiking neural networks.
pub use ovenbird_core as core;
pub use ovenbird_models as models;
