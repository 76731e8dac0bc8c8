//! `Connections`: an ordered set of connections of a kernel.

use crate::convert;
use crate::kernel::Kernel;
use numpy::PyArray1;
use ovenbird::core::error::Error;
use ovenbird::core::simulation::{ConnectionSet, Simulation};
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
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

    /// The set; who waits for it lets other threads of Python run.
    fn set(&self, py: Python<'_>) -> MutexGuard<'_, ConnectionSet> {
        let locked = self.set.lock_py_attached(py);
        locked.unwrap_or_else(PoisonError::into_inner)
    }

    /// What a call of the engine on the set gives, which signals can interrupt.
    fn call<T: Send>(
        &self,
        py: Python<'_>,
        call: impl FnOnce(&mut Simulation, &mut ConnectionSet) -> Result<T, Error> + Send,
    ) -> PyResult<T> {
        let mut kernel = self.kernel.try_borrow_mut(py)?;
        let simulation = &mut kernel.simulation;
        let result = py.detach(|| {
            let mut set = self.set.lock().unwrap_or_else(PoisonError::into_inner);
            call(simulation, &mut set)
        });
        result.map_err(|e| kernel.exception(py, e))
    }
}

#[pymethods]
impl Connections {
    fn __len__(&self, py: Python<'_>) -> usize {
        self.set(py).len()
    }

    /// The connections with the given indices.
    fn take(&self, py: Python<'_>, indices: &Bound<'_, PyArray1<i64>>) -> PyResult<Self> {
        let indices = convert::indices(indices, self.set(py).len())?;
        let set = self.call(py, |simulation, set| {
            simulation.take_connections(set, &indices)
        })?;
        Ok(Connections::new(self.kernel.clone_ref(py), set))
    }

    /// Values by key, a column each; all keys if none are named.
    #[pyo3(signature = (keys))]
    fn get<'py>(&self, py: Python<'py>, keys: Option<Vec<String>>) -> PyResult<Bound<'py, PyDict>> {
        let keys = match keys {
            Some(keys) => keys,
            None => self.call(py, |simulation, set| simulation.connection_keys(set))?,
        };
        let out = PyDict::new(py);
        for key in keys {
            let column = self.call(py, |simulation, set| {
                simulation.connection_values(set, &key)
            })?;
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
        self.call(py, |simulation, set| {
            simulation.set_connections(set, &params)
        })
    }

    /// Removes the connections.
    fn disconnect(&self, py: Python<'_>) -> PyResult<()> {
        self.call(py, |simulation, set| simulation.disconnect(set))
    }
}
