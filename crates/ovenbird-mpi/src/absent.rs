//! Stands in where MPI was not built in.

use ovenbird_core::error::{Error, Kind, Result};
use ovenbird_core::rank::Communicator;

/// Joins the processes of this program; returns how many there are.
///
/// # Errors
/// Always: this build has no MPI.
pub fn start() -> Result<usize> {
    Err(Error::new(
        Kind::NotImplemented,
        "this build of Ovenbird has no MPI; build it with `make mpi`",
    ))
}

/// A way to the other processes; `None` since there are none.
pub fn world() -> Option<Box<dyn Communicator>> {
    None
}

/// Leaves the other processes.
///
/// # Errors
/// Never, without MPI.
pub fn finish() -> Result<()> {
    Ok(())
}

/// Bytes that this process has sent to others.
pub fn sent_bytes() -> u64 {
    0
}
