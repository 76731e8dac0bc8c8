//! The Python extension module `ovenbird._ovenbird`: conversion only, no logic.

#![deny(unsafe_code)]

mod connections;
mod convert;
mod error;
mod kernel;
mod parameter;
mod ranks;

use pyo3::prelude::*;

/// The engine of Ovenbird.
#[pymodule]
mod _ovenbird {
    #[pymodule_export]
    use super::connections::Connections;
    #[pymodule_export]
    use super::kernel::Kernel;
    #[pymodule_export]
    use super::parameter::PyParameter;
    #[pymodule_export]
    use super::ranks::{Ranks, finish_mpi, start_mpi};

    /// Whether this build has MPI.
    #[pymodule_export]
    const HAVE_MPI: bool = ovenbird_mpi::AVAILABLE;
}
