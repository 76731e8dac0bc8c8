//! Ranks: the processes, or threads, that run one simulation together.

use crate::error::ForPython;
use ovenbird::core::rank::{self, Communicator};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// A rank's way to the others, for one kernel.
#[pyclass(module = "ovenbird._ovenbird")]
pub struct Ranks(Option<Box<dyn Communicator>>);

impl Ranks {
    /// The communicator, which one kernel takes.
    pub fn take(&mut self) -> PyResult<Box<dyn Communicator>> {
        let taken = "these ranks belong to another kernel; each kernel needs its own";
        self.0.take().ok_or_else(|| PyValueError::new_err(taken))
    }
}

#[pymethods]
impl Ranks {
    /// The ranks of `n` threads of this process, one for each thread's kernel.
    #[staticmethod]
    fn in_process(n: usize) -> Vec<Ranks> {
        let all = rank::in_process(n).into_iter();
        all.map(|c| Ranks(Some(c))).collect()
    }

    /// The processes that the launcher of MPI has started; `None` unless there are several.
    #[staticmethod]
    fn of_mpi() -> Option<Ranks> {
        ovenbird_mpi::world().map(|c| Ranks(Some(c)))
    }
}

/// Joins the processes of MPI; returns how many there are.
#[pyfunction]
pub fn start_mpi(py: Python<'_>) -> PyResult<usize> {
    py.detach(ovenbird_mpi::start).for_python(py)
}

/// Leaves the processes of MPI.
#[pyfunction]
pub fn finish_mpi(py: Python<'_>) -> PyResult<()> {
    py.detach(ovenbird_mpi::finish).for_python(py)
}
