//! The models of Ovenbird.

pub mod neuron;
