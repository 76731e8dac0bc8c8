//! Nodes in space, and `Mask`: conversion for functions that take a kernel.

use crate::convert;
use crate::error::{ForPython, to_python};
use crate::kernel::Kernel;
use crate::parameter::PyParameter;
use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2};
use ovenbird::core::simulation::Positions;
use ovenbird::core::space::{Mask, Point};
use ovenbird::{Error, Simulation};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// A region of space, relative to a node.
#[pyclass(name = "Mask", module = "ovenbird._ovenbird", frozen)]
#[derive(Clone)]
pub struct PyMask(pub Mask);

#[pymethods]
impl PyMask {
    /// The mask that a dictionary describes.
    #[staticmethod]
    fn from_dict(py: Python<'_>, spec: &Bound<'_, PyDict>) -> PyResult<Self> {
        let spec = convert::dict(spec)?;
        Mask::from_dict(&spec).map(PyMask).for_python(py)
    }

    fn __and__(&self, py: Python<'_>, other: &Self) -> PyResult<Self> {
        self.0.intersection(&other.0).map(PyMask).for_python(py)
    }

    fn __or__(&self, py: Python<'_>, other: &Self) -> PyResult<Self> {
        self.0.union(&other.0).map(PyMask).for_python(py)
    }

    fn __sub__(&self, py: Python<'_>, other: &Self) -> PyResult<Self> {
        self.0.difference(&other.0).map(PyMask).for_python(py)
    }

    /// Whether a point is in the mask.
    fn contains(&self, py: Python<'_>, point: Vec<f64>) -> PyResult<bool> {
        self.0.contains(&point).for_python(py)
    }

    /// The lower and the upper corner of a box that holds the mask.
    fn bounds(&self) -> (Vec<f64>, Vec<f64>) {
        let (bounds, n) = (self.0.bounds(), self.0.dimensions());
        (bounds.lower[..n].to_vec(), bounds.upper[..n].to_vec())
    }
}

fn create(py: Python<'_>, kernel: &mut Kernel, model: &str, p: &Positions) -> PyResult<(u32, u32)> {
    let nodes = kernel.simulation.create_layer(model, p).for_python(py)?;
    Ok((nodes.first, nodes.last))
}

/// Makes nodes on a grid; returns the first and the last id.
#[pyfunction]
pub fn create_grid(
    py: Python<'_>,
    mut kernel: PyRefMut<'_, Kernel>,
    model: &str,
    shape: Vec<i64>,
    center: Option<Vec<f64>>,
    extent: Option<Vec<f64>>,
    wrap: bool,
) -> PyResult<(u32, u32)> {
    let positions = Positions::Grid {
        shape,
        center,
        extent,
        wrap,
    };
    create(py, &mut kernel, model, &positions)
}

/// Makes nodes at given positions, a row each; returns the first and the last id.
#[pyfunction]
pub fn create_free(
    py: Python<'_>,
    mut kernel: PyRefMut<'_, Kernel>,
    model: &str,
    positions: PyReadonlyArray2<'_, f64>,
    extent: Option<Vec<f64>>,
    wrap: bool,
) -> PyResult<(u32, u32)> {
    let array = positions.as_array();
    let columns = array.columns().into_iter().map(|c| c.to_vec());
    let positions = Positions::Free {
        columns: columns.collect(),
        extent,
        wrap,
    };
    create(py, &mut kernel, model, &positions)
}

/// Makes `n` nodes whose coordinates are drawn; returns the first and the last id.
#[pyfunction]
pub fn create_drawn(
    py: Python<'_>,
    mut kernel: PyRefMut<'_, Kernel>,
    model: &str,
    coordinates: Vec<PyRef<'_, PyParameter>>,
    n: usize,
    extent: Option<Vec<f64>>,
    wrap: bool,
) -> PyResult<(u32, u32)> {
    let positions = Positions::Drawn {
        coordinates: coordinates.iter().map(|p| p.0.clone()).collect(),
        n,
        extent,
        wrap,
    };
    create(py, &mut kernel, model, &positions)
}

/// Center, extent, wrap and shape (for grids) of the layer that a node is in.
#[pyfunction]
pub fn layer<'py>(
    py: Python<'py>,
    kernel: PyRef<'py, Kernel>,
    id: u32,
) -> PyResult<Option<Bound<'py, PyDict>>> {
    let Some((layer, _)) = kernel.simulation.layer_of(id) else {
        return Ok(None);
    };
    let d = PyDict::new(py);
    d.set_item("center", layer.center().into_pyarray(py))?;
    d.set_item("edge_wrap", layer.wrap())?;
    d.set_item("extent", layer.extent().to_vec().into_pyarray(py))?;
    if let Some(shape) = layer.shape() {
        let shape: Vec<i64> = shape.iter().map(|&n| i64::from(n)).collect();
        d.set_item("shape", shape.into_pyarray(py))?;
    }
    Ok(Some(d))
}

fn rows<'py>(
    py: Python<'py>,
    points: &[Point],
    dimensions: usize,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let flat: Vec<f64> = points
        .iter()
        .flat_map(|p| p[..dimensions].iter().copied())
        .collect();
    flat.into_pyarray(py).reshape([points.len(), dimensions])
}

/// Points from rows of coordinates, and the number of dimensions.
fn points(py: Python<'_>, rows: &PyReadonlyArray2<'_, f64>) -> PyResult<(Vec<Point>, usize)> {
    let array = rows.as_array();
    let dimensions = array.ncols();
    if !(2..=3).contains(&dimensions) {
        let text = format!("positions must have 2 or 3 coordinates, got {dimensions}");
        return Err(to_python(py, Error::bad_property(text)));
    }
    let point = |row: numpy::ndarray::ArrayView1<'_, f64>| {
        let mut point = Point::default();
        point.iter_mut().zip(row).for_each(|(p, x)| *p = *x);
        point
    };
    Ok((array.rows().into_iter().map(point).collect(), dimensions))
}

/// The positions of nodes of one layer, a row each.
#[pyfunction]
pub fn positions<'py>(
    py: Python<'py>,
    kernel: PyRef<'py, Kernel>,
    parts: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let ids = convert::ids(parts)?;
    let (points, dimensions) = kernel.simulation.positions(&ids).for_python(py)?;
    rows(py, &points, dimensions)
}

/// The positions of nodes of the layer that begins with a node, a row each, wherever they are
/// known. All ranks must call this together where positions were given in a list.
#[pyfunction]
pub fn find_positions<'py>(
    py: Python<'py>,
    mut kernel: PyRefMut<'py, Kernel>,
    layer: u32,
    parts: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let ids = convert::ids(parts)?;
    let found = kernel.simulation.find_positions(layer, &ids);
    let (points, dimensions) = found.for_python(py)?;
    rows(py, &points, dimensions)
}

/// The shortest vectors from positions to nodes of one layer, a row each.
#[pyfunction]
pub fn displacements<'py>(
    py: Python<'py>,
    kernel: PyRef<'py, Kernel>,
    starts: PyReadonlyArray2<'py, f64>,
    parts: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let ids = convert::ids(parts)?;
    let (from, dimensions) = points(py, &starts)?;
    let simulation: &Simulation = &kernel.simulation;
    let vectors = simulation
        .displacements(&from, dimensions, &ids)
        .for_python(py)?;
    rows(py, &vectors, dimensions)
}

/// The distances between the ends of connections; NaN where an end has no position.
#[pyfunction]
pub fn connection_distances<'py>(
    py: Python<'py>,
    kernel: PyRef<'py, Kernel>,
    sources: PyReadonlyArray1<'py, i64>,
    targets: PyReadonlyArray1<'py, i64>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let ids = |array: &PyReadonlyArray1<'_, i64>| -> Vec<u32> {
        let id = |&i: &i64| u32::try_from(i).unwrap_or(0);
        array.as_array().iter().map(id).collect()
    };
    Ok(kernel
        .simulation
        .connection_distances(&ids(&sources), &ids(&targets))
        .for_python(py)?
        .into_pyarray(py))
}

/// The nodes of a layer inside a mask, as `(first, last, step)` parts.
#[pyfunction]
pub fn select_by_mask(
    py: Python<'_>,
    mut kernel: PyRefMut<'_, Kernel>,
    parts: &Bound<'_, PyAny>,
    anchor: Vec<f64>,
    mask: &PyMask,
) -> PyResult<Vec<(u32, u32, u32)>> {
    let ids = convert::ids(parts)?;
    let found = kernel
        .simulation
        .select_by_mask(&ids, &anchor, &mask.0)
        .for_python(py)?;
    Ok(convert::to_progressions(&found))
}

/// The values of a parameter for connections from a node to positions.
#[pyfunction]
pub fn evaluate_to_points<'py>(
    py: Python<'py>,
    mut kernel: PyRefMut<'py, Kernel>,
    parameter: &PyParameter,
    id: u32,
    to: PyReadonlyArray2<'py, f64>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let (points, dimensions) = points(py, &to)?;
    Ok(kernel
        .simulation
        .evaluate_to_points(&parameter.0, id, &points, dimensions)
        .for_python(py)?
        .into_pyarray(py))
}
