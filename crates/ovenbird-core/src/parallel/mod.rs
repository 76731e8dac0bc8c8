//! Running the workers of a simulation in parallel.

#[expect(unsafe_code, reason = "lends disjoint elements of a slice to threads")]
mod pool;

pub use pool::Pool;
