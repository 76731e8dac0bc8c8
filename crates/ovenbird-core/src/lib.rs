//! The engine of Ovenbird: everything that a simulation needs except the models.
//!
//! A [`Simulation`](simulation::Simulation) is a value: nodes in families of one model each, held
//! as columns by workers; connections in compressed rows by source; time in slices of the smallest
//! delay. The models themselves come from a [`Registry`](simulation::Registry).

#![deny(unsafe_code)]

pub mod connect;
pub mod device;
pub mod error;
pub mod event;
pub mod math;
pub mod model;
pub mod node;
pub mod ode;
mod parallel;
pub mod parameter;
pub mod rank;
pub mod record;
pub mod rng;
pub mod simulation;
pub mod space;
pub mod suggest;
pub mod synapse;
pub mod time;
pub mod value;
