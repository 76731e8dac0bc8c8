//! Running the workers of a simulation in parallel.

mod pool;

pub use pool::Pool;
