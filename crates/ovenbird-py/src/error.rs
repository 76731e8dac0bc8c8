//! Errors of the engine as Python exceptions: the one place that maps them.

use ovenbird::Error;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// The exception for an engine's error: a class of `ovenbird.errors`, or a built-in one.
pub fn to_python(py: Python<'_>, error: Error) -> PyErr {
    let name = error.kind.class_name();
    let class = py
        .import("ovenbird.errors")
        .and_then(|errors| errors.getattr(name))
        .or_else(|_| py.import("builtins")?.getattr(name));
    match class.and_then(|class| class.call1((error.message.clone(),))) {
        Ok(instance) => PyErr::from_value(instance),
        Err(_) => PyRuntimeError::new_err(format!("{name}: {}", error.message)),
    }
}

/// Results of the engine as results of Python calls.
pub trait ForPython<T> {
    /// Turns an engine's error into an exception.
    fn for_python(self, py: Python<'_>) -> PyResult<T>;
}

impl<T> ForPython<T> for ovenbird::Result<T> {
    fn for_python(self, py: Python<'_>) -> PyResult<T> {
        self.map_err(|e| to_python(py, e))
    }
}
