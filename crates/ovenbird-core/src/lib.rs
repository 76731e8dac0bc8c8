//! The engine of Ovenbird: everything that a simulation needs except the models.
pub mod math;
pub mod ode;
pub mod parameter;
pub mod rng;
