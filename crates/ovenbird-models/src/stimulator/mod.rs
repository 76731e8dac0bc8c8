//! Stimulating devices.

mod dc_generator;
mod poisson_generator;

pub use dc_generator::DcGenerator;
pub use poisson_generator::PoissonGenerator;
