//! `Parameter`: an expression that the engine evaluates.

use crate::error::ForPython;
use ovenbird::core::parameter::{BinaryOp, Comparison, Parameter, ParameterError, Place, UnaryOp};
use pyo3::basic::CompareOp;
use pyo3::prelude::*;

/// A value that is drawn or computed where it is used.
#[pyclass(name = "Parameter", module = "ovenbird._ovenbird", frozen)]
#[derive(Clone)]
pub struct PyParameter(pub Parameter);

fn made(py: Python<'_>, p: Result<Parameter, ParameterError>) -> PyResult<PyParameter> {
    p.map(PyParameter)
        .map_err(ovenbird::Error::from)
        .for_python(py)
}

#[pymethods]
impl PyParameter {
    #[staticmethod]
    fn constant(py: Python<'_>, value: f64) -> PyResult<Self> {
        made(py, Parameter::constant(value))
    }

    #[staticmethod]
    fn uniform(py: Python<'_>, min: f64, max: f64) -> PyResult<Self> {
        made(py, Parameter::uniform(min, max))
    }

    #[staticmethod]
    fn uniform_int(py: Python<'_>, max: i64) -> PyResult<Self> {
        made(py, Parameter::uniform_int(max))
    }

    #[staticmethod]
    fn normal(py: Python<'_>, mean: f64, std: f64) -> PyResult<Self> {
        made(py, Parameter::normal(mean, std))
    }

    #[staticmethod]
    fn lognormal(py: Python<'_>, mean: f64, std: f64) -> PyResult<Self> {
        made(py, Parameter::lognormal(mean, std))
    }

    #[staticmethod]
    fn exponential(py: Python<'_>, beta: f64) -> PyResult<Self> {
        made(py, Parameter::exponential(beta))
    }

    /// A coordinate of the node (endpoint 0), of the source (1) or of the target (2).
    #[staticmethod]
    fn position(dimension: usize, endpoint: u8) -> Self {
        let place = match endpoint {
            1 => Place::Source,
            2 => Place::Target,
            _ => Place::Node,
        };
        PyParameter(Parameter::position(place, dimension))
    }

    /// The distance in all dimensions or in one of them, counted from 0.
    #[staticmethod]
    #[pyo3(signature = (dimension))]
    fn distance(dimension: Option<usize>) -> Self {
        PyParameter(Parameter::distance(dimension))
    }

    #[staticmethod]
    fn exponential_profile(py: Python<'_>, x: &Self, beta: f64) -> PyResult<Self> {
        made(py, Parameter::exponential_profile(&x.0, beta))
    }

    #[staticmethod]
    fn gaussian_profile(py: Python<'_>, x: &Self, mean: f64, std: f64) -> PyResult<Self> {
        made(py, Parameter::gaussian_profile(&x.0, mean, std))
    }

    #[staticmethod]
    fn gamma_profile(py: Python<'_>, x: &Self, kappa: f64, theta: f64) -> PyResult<Self> {
        made(py, Parameter::gamma_profile(&x.0, kappa, theta))
    }

    #[staticmethod]
    fn gaussian2d_profile(
        py: Python<'_>,
        x: &Self,
        y: &Self,
        mean: [f64; 2],
        std: [f64; 2],
        rho: f64,
    ) -> PyResult<Self> {
        let p = Parameter::gaussian2d_profile([&x.0, &y.0], mean, std, rho);
        made(py, p)
    }

    /// `shape` holds theta, gamma, std, lam and psi.
    #[staticmethod]
    fn gabor_profile(py: Python<'_>, x: &Self, y: &Self, shape: [f64; 5]) -> PyResult<Self> {
        made(py, Parameter::gabor_profile([&x.0, &y.0], shape))
    }

    #[staticmethod]
    fn exp(py: Python<'_>, parameter: &Self) -> PyResult<Self> {
        made(py, Parameter::unary(UnaryOp::Exp, &parameter.0))
    }

    #[staticmethod]
    fn sin(py: Python<'_>, parameter: &Self) -> PyResult<Self> {
        made(py, Parameter::unary(UnaryOp::Sin, &parameter.0))
    }

    #[staticmethod]
    fn cos(py: Python<'_>, parameter: &Self) -> PyResult<Self> {
        made(py, Parameter::unary(UnaryOp::Cos, &parameter.0))
    }

    #[staticmethod]
    fn min(py: Python<'_>, parameter: &Self, value: f64) -> PyResult<Self> {
        made(py, Parameter::min(&parameter.0, value))
    }

    #[staticmethod]
    fn max(py: Python<'_>, parameter: &Self, value: f64) -> PyResult<Self> {
        made(py, Parameter::max(&parameter.0, value))
    }

    #[staticmethod]
    fn redraw(py: Python<'_>, parameter: &Self, min: f64, max: f64) -> PyResult<Self> {
        made(py, Parameter::redraw(&parameter.0, min, max))
    }

    #[staticmethod]
    fn conditional(py: Python<'_>, condition: &Self, a: &Self, b: &Self) -> PyResult<Self> {
        made(py, Parameter::conditional(&condition.0, &a.0, &b.0))
    }

    fn is_spatial(&self) -> bool {
        self.0.is_spatial()
    }

    fn __add__(&self, py: Python<'_>, other: &Self) -> PyResult<Self> {
        made(py, Parameter::binary(BinaryOp::Add, &self.0, &other.0))
    }

    fn __sub__(&self, py: Python<'_>, other: &Self) -> PyResult<Self> {
        made(py, Parameter::binary(BinaryOp::Subtract, &self.0, &other.0))
    }

    fn __mul__(&self, py: Python<'_>, other: &Self) -> PyResult<Self> {
        made(py, Parameter::binary(BinaryOp::Multiply, &self.0, &other.0))
    }

    fn __truediv__(&self, py: Python<'_>, other: &Self) -> PyResult<Self> {
        made(py, Parameter::binary(BinaryOp::Divide, &self.0, &other.0))
    }

    fn __pow__(&self, py: Python<'_>, exponent: f64, _modulo: Option<i64>) -> PyResult<Self> {
        let exponent = made(py, Parameter::constant(exponent))?;
        made(py, Parameter::binary(BinaryOp::Power, &self.0, &exponent.0))
    }

    fn __neg__(&self, py: Python<'_>) -> PyResult<Self> {
        made(py, Parameter::unary(UnaryOp::Negate, &self.0))
    }

    fn __richcmp__(&self, py: Python<'_>, other: &Self, op: CompareOp) -> PyResult<Self> {
        let op = match op {
            CompareOp::Lt => Comparison::Less,
            CompareOp::Le => Comparison::LessEqual,
            CompareOp::Eq => Comparison::Equal,
            CompareOp::Ne => Comparison::NotEqual,
            CompareOp::Ge => Comparison::GreaterEqual,
            CompareOp::Gt => Comparison::Greater,
        };
        made(py, Parameter::compare(op, &self.0, &other.0))
    }
}
