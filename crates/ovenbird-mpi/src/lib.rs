//! Ranks that are processes of MPI.
//!
//! [`start`] joins the processes that a launcher has started, [`world`] gives each simulation its
//! way to the others, and [`finish`] leaves. Without the feature `mpi` the crate builds anywhere,
//! and [`start`] says that there is no MPI.
//!
//! MPI is one per process, so this crate holds what its simulations share in one static.

#![deny(unsafe_code)]

#[cfg(not(feature = "mpi"))]
mod absent;
#[cfg(feature = "mpi")]
mod launcher;
#[cfg(feature = "mpi")]
mod world;

#[cfg(not(feature = "mpi"))]
pub use absent::{finish, sent_bytes, start, world};
#[cfg(feature = "mpi")]
pub use world::{finish, sent_bytes, start, world};

/// Whether this build has MPI.
pub const AVAILABLE: bool = cfg!(feature = "mpi");
