//! The Python extension module `ovenbird._ovenbird`: conversion only, no logic.

#![deny(unsafe_code)]

mod connections;
mod convert;
mod error;
mod kernel;
mod nodes;
mod pair;
mod parameter;
mod ranks;
mod space;

use pyo3::prelude::*;

/// The engine of Ovenbird.
#[pymodule]
mod _ovenbird {
    #[pymodule_export]
    use super::connections::Connections;
    #[pymodule_export]
    use super::kernel::Kernel;
    #[pymodule_export]
    use super::nodes::{NodeSet, Spans};
    #[pymodule_export]
    use super::parameter::PyParameter;
    #[pymodule_export]
    use super::ranks::{Ranks, finish_mpi, start_mpi};
    #[pymodule_export]
    use super::space::{
        PyMask, connection_distances, create_drawn, create_free, create_grid, displacements,
        evaluate_to_points, find_positions, layer, positions, select_by_mask,
    };

    /// Whether this build has MPI.
    #[pymodule_export]
    const HAVE_MPI: bool = ovenbird_mpi::AVAILABLE;
}
