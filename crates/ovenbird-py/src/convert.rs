//! Values between Python and the engine.

use crate::error::to_python;
use crate::parameter::PyParameter;
use crate::space::PyMask;
use numpy::{IntoPyArray, PyArray1, PyArrayMethods, PyReadonlyArray1};
use ovenbird::Error;
use ovenbird::core::error::Kind;
use ovenbird::core::simulation::Progression;
use ovenbird::core::value::{Column, Dict, Value};
use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

/// A user's value for `key`.
pub fn value(key: &str, any: &Bound<'_, PyAny>) -> PyResult<Value> {
    if let Ok(b) = any.cast::<PyBool>() {
        return Ok(Value::Bool(b.is_true()));
    }
    if let Ok(x) = any.cast::<PyFloat>() {
        return Ok(Value::Float(x.value()));
    }
    if any.is_instance_of::<PyInt>() {
        let i = any.extract::<i64>().map_err(|_| {
            PyOverflowError::new_err(format!("{key}: {any} does not fit in a 64-bit integer"))
        })?;
        return Ok(Value::Int(i));
    }
    if let Ok(s) = any.cast::<PyString>() {
        return Ok(Value::Str(s.to_str()?.to_owned()));
    }
    if let Ok(p) = any.cast::<PyParameter>() {
        return Ok(Value::Parameter(p.get().0.clone()));
    }
    if let Ok(m) = any.cast::<PyMask>() {
        return Ok(Value::Mask(m.get().0.clone()));
    }
    if let Ok(d) = any.cast::<PyDict>() {
        return Ok(Value::Dict(dict(d)?));
    }
    if any.hasattr("_parts")? {
        return Ok(Value::Nodes(ids(&any.call_method0("_parts")?)?));
    }
    if let Some(list) = array(any) {
        return Ok(list);
    }
    if any.is_instance_of::<PyList>() || any.is_instance_of::<PyTuple>() {
        return sequence(key, any);
    }
    if let Ok(item) = any.call_method0("item") {
        return scalar(key, &item);
    }
    let kind = any.get_type().name()?;
    Err(PyTypeError::new_err(format!(
        "{key}: a value of type {kind} cannot be used; give a number, bool, string, list, array, \
         dictionary, NodeCollection or Parameter"
    )))
}

/// A NumPy scalar's value; truth values of NumPy are refused, as where a bool is meant.
fn scalar(key: &str, item: &Bound<'_, PyAny>) -> PyResult<Value> {
    if item.is_instance_of::<PyBool>() {
        return Err(PyTypeError::new_err(format!(
            "{key}: use Python's bool, not NumPy's"
        )));
    }
    if item.hasattr("item")? {
        return Err(PyTypeError::new_err(format!(
            "{key}: only scalars and 1-D arrays can be used"
        )));
    }
    value(key, item)
}

fn array(any: &Bound<'_, PyAny>) -> Option<Value> {
    if let Ok(a) = any.extract::<PyReadonlyArray1<'_, f64>>() {
        return Some(Value::Floats(a.as_array().to_vec()));
    }
    if let Ok(a) = any.extract::<PyReadonlyArray1<'_, i64>>() {
        return Some(Value::Ints(a.as_array().to_vec()));
    }
    if let Ok(a) = any.extract::<PyReadonlyArray1<'_, bool>>() {
        return Some(Value::Bools(a.as_array().to_vec()));
    }
    let convert = |target: &str| any.call_method1("astype", (target,)).ok();
    let kind: String = any
        .getattr("dtype")
        .ok()?
        .getattr("kind")
        .ok()?
        .extract()
        .ok()?;
    let ndim: usize = any.getattr("ndim").ok()?.extract().ok()?;
    match (kind.as_str(), ndim) {
        ("f", 1) => array(&convert("float64")?),
        ("i" | "u", 1) => array(&convert("int64")?),
        _ => None,
    }
}

fn sequence(key: &str, any: &Bound<'_, PyAny>) -> PyResult<Value> {
    let items: Vec<Value> = any
        .try_iter()?
        .map(|item| value(key, &item?))
        .collect::<PyResult<_>>()?;
    if items.iter().all(|v| matches!(v, Value::Int(_))) && !items.is_empty() {
        let ints = items.iter().filter_map(|v| v.as_int(key).ok());
        return Ok(Value::Ints(ints.collect()));
    }
    if items
        .iter()
        .all(|v| matches!(v, Value::Int(_) | Value::Float(_)))
    {
        let floats = items.iter().filter_map(|v| v.as_float(key).ok());
        return Ok(Value::Floats(floats.collect()));
    }
    if items.iter().all(|v| matches!(v, Value::Bool(_))) {
        let bools = items.iter().filter_map(|v| v.as_bool(key).ok());
        return Ok(Value::Bools(bools.collect()));
    }
    if items.iter().all(|v| matches!(v, Value::Str(_))) {
        let strings = items
            .iter()
            .filter_map(|v| v.as_str(key).ok().map(str::to_owned));
        return Ok(Value::Strs(strings.collect()));
    }
    let message = format!("{key}: a list must hold only numbers, only bools or only strings");
    Err(to_python(any.py(), Error::new(Kind::TypeMismatch, message)))
}

/// A user's dictionary.
pub fn dict(d: &Bound<'_, PyDict>) -> PyResult<Dict> {
    d.iter()
        .map(|(k, v)| {
            let key = name(&k)?;
            let v = value(&key, &v)?;
            Ok((key, v))
        })
        .collect()
}

/// A key of a dictionary.
fn name(key: &Bound<'_, PyAny>) -> PyResult<String> {
    key.extract()
        .map_err(|_| PyTypeError::new_err(format!("keys must be strings, got {key}")))
}

/// The keys of a `syn_spec` whose arrays are read where they are.
const ARRAYS: [&str; 2] = ["weight", "delay"];

/// Arrays of floats of a `syn_spec`, which are not copied. Whoever writes to one from another
/// thread during the call races with it, as with functions of NumPy that release the interpreter's
/// lock; what the engine reads it checks again.
pub struct Arrays<'py>([Option<PyReadonlyArray1<'py, f64>>; 2]);

impl<'py> Arrays<'py> {
    /// The weights and the delays, where they are contiguous arrays of floats.
    pub fn of(spec: &Bound<'py, PyDict>) -> PyResult<Self> {
        let mut found = [None, None];
        for (array, key) in found.iter_mut().zip(ARRAYS) {
            if let Some(any) = spec.get_item(key)? {
                let given = any.extract::<PyReadonlyArray1<'py, f64>>().ok();
                *array = given.filter(|array| array.as_slice().is_ok());
            }
        }
        Ok(Arrays(found))
    }

    /// The specification with an empty list in place of each array.
    pub fn rest(&self, spec: &Bound<'_, PyDict>) -> PyResult<Dict> {
        let Arrays([weights, delays]) = self;
        spec.iter()
            .map(|(key, item)| {
                let key = name(&key)?;
                let held = match key.as_str() {
                    "weight" => weights.is_some(),
                    "delay" => delays.is_some(),
                    _ => false,
                };
                let item = match held {
                    true => Value::Floats(Vec::new()),
                    false => value(&key, &item)?,
                };
                Ok((key, item))
            })
            .collect()
    }

    /// The numbers of the arrays.
    pub fn slices(&self) -> [Option<&[f64]>; 2] {
        let Arrays(arrays) = self;
        arrays
            .each_ref()
            .map(|array| array.as_ref().and_then(|array| array.as_slice().ok()))
    }
}

/// Node ids from `(first, last, step)` tuples or from an array of integers.
pub fn ids(any: &Bound<'_, PyAny>) -> PyResult<Vec<u32>> {
    if let Ok(a) = any.extract::<PyReadonlyArray1<'_, i64>>() {
        let array = a.as_array();
        // loops over a slice become vectors
        let copy: Vec<i64>;
        let list = match array.as_slice() {
            Some(list) => list,
            None => {
                copy = array.to_vec();
                &copy
            }
        };
        if list.iter().fold(0, |bits, &i| bits | i) >> 32 != 0
            && let Some(&i) = list.iter().find(|&&i| u32::try_from(i).is_err())
        {
            return Err(unknown_node(any.py(), i));
        }
        return Ok(list.iter().map(|&i| i as u32).collect());
    }
    let mut list = Vec::new();
    for (first, last, step) in progressions(any)? {
        list.extend((first..=last).step_by(step as usize));
    }
    Ok(list)
}

fn unknown_node(py: Python<'_>, id: i64) -> PyErr {
    let message = format!("Node with id {id} does not exist");
    to_python(py, Error::new(Kind::UnknownNode, message))
}

/// `(first, last, step)` tuples.
pub fn progressions(any: &Bound<'_, PyAny>) -> PyResult<Vec<Progression>> {
    any.try_iter()?
        .map(|part| {
            let (first, last, step): (i64, i64, i64) = part?.extract()?;
            let id = |i: i64| u32::try_from(i).map_err(|_| unknown_node(any.py(), i));
            Ok((id(first)?, id(last)?, id(step.max(1))?))
        })
        .collect()
}

/// Ascending ids as `(first, last, step)` tuples.
pub fn to_progressions(ids: &[u32]) -> Vec<Progression> {
    let mut parts: Vec<Progression> = Vec::new();
    for &id in ids {
        match parts.last_mut() {
            Some(part) if part.1 + 1 == id => part.1 = id,
            _ => parts.push((id, id, 1)),
        }
    }
    parts
}

/// An engine's value for Python.
pub fn to_object(py: Python<'_>, value: &Value) -> PyResult<Py<PyAny>> {
    Ok(match value {
        Value::Unknown => py.None(),
        Value::Bool(b) => PyBool::new(py, *b).to_owned().into_any().unbind(),
        Value::Int(i) => i.into_pyobject(py)?.into_any().unbind(),
        Value::Float(x) => x.into_pyobject(py)?.into_any().unbind(),
        Value::Str(s) => s.into_pyobject(py)?.into_any().unbind(),
        Value::Ints(v) => v.clone().into_pyarray(py).into_any().unbind(),
        Value::Floats(v) => v.clone().into_pyarray(py).into_any().unbind(),
        Value::Bools(v) => v.clone().into_pyarray(py).into_any().unbind(),
        Value::Strs(v) => v.into_pyobject(py)?.into_any().unbind(),
        // the only values that arrive as tuples are collections of nodes
        Value::Nodes(v) => PyTuple::new(py, v)?.into_any().unbind(),
        Value::Dict(d) => to_dict(py, d)?.into_any().unbind(),
        Value::Parameter(p) => Py::new(py, PyParameter(p.clone()))?.into_any(),
        Value::Mask(m) => Py::new(py, PyMask(m.clone()))?.into_any(),
    })
}

/// An engine's dictionary for Python.
pub fn to_dict<'py>(py: Python<'py>, dict: &Dict) -> PyResult<Bound<'py, PyDict>> {
    let out = PyDict::new(py);
    for (key, value) in dict.iter() {
        out.set_item(key, to_object(py, value)?)?;
    }
    Ok(out)
}

/// A column for Python: an array, or a list where values are not single numbers.
pub fn to_column(py: Python<'_>, column: Column) -> PyResult<Py<PyAny>> {
    Ok(match column {
        Column::Floats(v) => v.into_pyarray(py).into_any().unbind(),
        Column::Ints(v) => v.into_pyarray(py).into_any().unbind(),
        Column::Bools(v) => v.into_pyarray(py).into_any().unbind(),
        Column::Values(v) => {
            let items: Vec<_> = v
                .iter()
                .map(|x| to_object(py, x))
                .collect::<PyResult<_>>()?;
            PyList::new(py, items)?.into_any().unbind()
        }
        Column::Partial(v) => {
            let item = |x: &Option<Value>| match x {
                Some(x) => to_object(py, x),
                None => Ok(py.None()),
            };
            let items: Vec<_> = v.iter().map(item).collect::<PyResult<_>>()?;
            PyList::new(py, items)?.into_any().unbind()
        }
    })
}

/// Indices from an array of integers.
pub fn indices(array: &Bound<'_, PyArray1<i64>>, len: usize) -> PyResult<Vec<usize>> {
    let inside = |&i: &i64| {
        usize::try_from(i).ok().filter(|&i| i < len).ok_or_else(|| {
            pyo3::exceptions::PyIndexError::new_err(format!(
                "index {i} is out of range for {len} connections"
            ))
        })
    };
    array.readonly().as_array().iter().map(inside).collect()
}
