//! The Python extension module `ovenbird._ovenbird`: conversion only, no logic.
use pyo3::prelude::*;

#[pymodule]
mod _ovenbird {}
