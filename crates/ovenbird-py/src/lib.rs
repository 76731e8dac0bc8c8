//! The Python extension module `ovenbird._ovenbird`: conversion only, no logic.

#![deny(unsafe_code)]

mod connections;
mod convert;
mod error;
mod kernel;
mod nodes;
mod pair;
mod parameter;

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
}
