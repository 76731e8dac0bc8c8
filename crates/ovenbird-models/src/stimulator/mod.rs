//! Stimulating devices.

pub mod dc_generator;
pub mod noise_generator;
pub mod poisson_generator;
pub mod spike_generator;
pub mod step_current_generator;
