//! `Connections`: an ordered set of connections of a kernel.

use crate::convert;
use crate::error::ForPython;
use crate::kernel::Kernel;
use numpy::PyArray1;
use ovenbird::core::simulation::ConnectionSet;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// An ordered set of connections; it stays valid when connections are added later.
#[pyclass(module = "ovenbird._ovenbird", frozen)]
pub struct Connections {
    pub kernel: Py<Kernel>,
    /// Found again when connections were made or removed since.
    pub set: Mutex<ConnectionSet>,
}

impl Connections {
    /// Connections of a kernel.
    pub fn new(kernel: Py<Kernel>, set: ConnectionSet) -> Self {
        Connections {
            kernel,
            set: Mutex::new(set),
        }
    }

    fn set(&self) -> MutexGuard<'_, ConnectionSet> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Connections {
    fn __len__(&self) -> usize {
        self.set().len()
    }

    /// The connections with the given indices.
    fn take(&self, py: Python<'_>, indices: &Bound<'_, PyArray1<i64>>) -> PyResult<Self> {
        let indices = convert::indices(indices, self.set().len())?;
        let kernel = self.kernel.borrow(py);
        let set = kernel.simulation.take_connections(&self.set(), &indices);
        let set = set.for_python(py)?;
        drop(kernel);
        Ok(Connections::new(self.kernel.clone_ref(py), set))
    }

    /// Values by key, a column each; all keys if none are named.
    #[pyo3(signature = (keys))]
    fn get<'py>(&self, py: Python<'py>, keys: Option<Vec<String>>) -> PyResult<Bound<'py, PyDict>> {
        let mut kernel = self.kernel.borrow_mut(py);
        let keys = keys.unwrap_or_else(|| kernel.simulation.connection_keys(&self.set()));
        let out = PyDict::new(py);
        for key in keys {
            let column = kernel
                .simulation
                .connection_values(&mut self.set(), &key)
                .for_python(py)?;
            if let Some(column) = column {
                out.set_item(key, convert::to_column(py, column)?)?;
            }
        }
        Ok(out)
    }

    /// Sets weights, delays, or parameters of the synapse models.
    #[pyo3(name = "set")]
    fn set_values(&self, py: Python<'_>, params: &Bound<'_, PyDict>) -> PyResult<()> {
        let params = convert::dict(params)?;
        let mut kernel = self.kernel.borrow_mut(py);
        kernel
            .simulation
            .set_connections(&mut self.set(), &params)
            .for_python(py)
    }

    /// Removes the connections.
    fn disconnect(&self, py: Python<'_>) -> PyResult<()> {
        self.kernel
            .borrow_mut(py)
            .simulation
            .disconnect(&mut self.set())
            .for_python(py)
    }
}
