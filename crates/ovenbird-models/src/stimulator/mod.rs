//! Stimulating devices.

mod dc_generator;
mod noise_generator;
mod poisson_generator;
mod spike_generator;
mod step_current_generator;

pub use dc_generator::DcGenerator;
pub use noise_generator::NoiseGenerator;
pub use poisson_generator::PoissonGenerator;
pub use spike_generator::SpikeGenerator;
pub use step_current_generator::StepCurrentGenerator;
