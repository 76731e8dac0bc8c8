//! `NodeSet`: an ascending set of node ids, the base of the collection class of a Python dialect.

use crate::error::to_python;
use crate::kernel::Kernel;
use ovenbird::Error;
use ovenbird::core::error::Kind;
use ovenbird::core::simulation::Progression;
use pyo3::exceptions::{PyIndexError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyInt, PyList, PyString, PyType};

/// Nodes `first, first + step, ..., last` of one model.
type Span = (u32, u32, u32, Py<PyString>);

fn size((first, last, step, _): &Span) -> usize {
    ((last - first) / step) as usize + 1
}

/// What a [`NodeSet`] consists of. A collection class is called with it to make a set of nodes
/// that are known to exist.
#[pyclass(module = "ovenbird._ovenbird")]
pub struct Spans {
    kernel: Option<Py<Kernel>>,
    spans: Vec<Span>,
    epoch: u64,
    sliced: bool,
}

#[pymethods]
impl Spans {
    #[new]
    fn new(kernel: Py<Kernel>, spans: Vec<Span>, epoch: u64, sliced: bool) -> Self {
        Spans {
            kernel: Some(kernel),
            spans,
            epoch,
            sliced,
        }
    }
}

/// An ascending set of nodes of one kernel. Classes derived from it have an attribute `_kernel`,
/// a method `_spans_of` that makes [`Spans`] of what they are constructed from, and a method
/// `_select` for indices other than integers.
#[pyclass(module = "ovenbird._ovenbird", subclass, frozen, weakref)]
pub struct NodeSet {
    kernel: Py<Kernel>,
    list: List,
    epoch: u64,
    sliced: bool,
}

/// The spans of a set.
enum List {
    One(Span),
    /// With the number of nodes up to and including each span.
    Several(Vec<Span>, Vec<usize>),
}

impl NodeSet {
    fn spans(&self) -> &[Span] {
        match &self.list {
            List::One(span) => std::slice::from_ref(span),
            List::Several(spans, _) => spans,
        }
    }

    /// The set of one node.
    ///
    /// # Errors
    /// When there is no such node.
    fn of_node(cls: &Bound<'_, PyType>, id: u32) -> PyResult<Self> {
        let py = cls.py();
        let kernel = cls.getattr(intern!(py, "_kernel"))?;
        let kernel = kernel.cast_into::<Kernel>()?;
        let (model, epoch) = {
            let kernel = kernel.borrow();
            (kernel.model_of(py, id)?, kernel.epoch)
        };
        Ok(NodeSet {
            kernel: kernel.unbind(),
            list: List::One((id, id, 1, model)),
            epoch,
            sliced: false,
        })
    }

    fn from_spans(spans: &mut Spans) -> PyResult<Self> {
        let kernel = spans
            .kernel
            .take()
            .ok_or_else(|| PyTypeError::new_err("these spans have become a set already"))?;
        let mut list = std::mem::take(&mut spans.spans);
        let list = match list.pop() {
            Some(span) if list.is_empty() => List::One(span),
            last => {
                list.extend(last);
                let mut n = 0;
                let ends = list.iter().map(|span| {
                    n += size(span);
                    n
                });
                let ends = ends.collect();
                List::Several(list, ends)
            }
        };
        Ok(NodeSet {
            kernel,
            list,
            epoch: spans.epoch,
            sliced: spans.sliced,
        })
    }

    fn len(&self) -> usize {
        match &self.list {
            List::One(span) => size(span),
            List::Several(_, ends) => ends.last().copied().unwrap_or(0),
        }
    }

    /// The id of the only node, unless there are more or the kernel was reset since.
    pub fn only(&self, epoch: u64) -> Option<u32> {
        match &self.list {
            List::One((first, last, ..)) if first == last && self.epoch == epoch => Some(*first),
            _ => None,
        }
    }

    fn check(&self, py: Python<'_>) -> PyResult<()> {
        if self.spans().is_empty() || self.epoch == self.kernel.borrow(py).epoch {
            return Ok(());
        }
        let message = "InvalidNodeCollection: ResetKernel invalidates all NodeCollections created \
                       before it; create the nodes again";
        Err(to_python(py, Error::new(Kind::Kernel, message)))
    }

    /// The node at a place as a set.
    fn at(&self, py: Python<'_>, place: usize) -> Spans {
        let (span, before) = match &self.list {
            List::One(span) => (span, 0),
            List::Several(spans, ends) => {
                let number = ends.partition_point(|&end| end <= place);
                let span = &spans[number];
                (span, ends[number] - size(span))
            }
        };
        let (first, last, step, model) = span;
        let id = first + (place - before) as u32 * step;
        debug_assert!(id <= *last);
        Spans {
            kernel: Some(self.kernel.clone_ref(py)),
            spans: vec![(id, id, 1, model.clone_ref(py))],
            epoch: self.epoch,
            sliced: false,
        }
    }
}

/// The one node id in a list, if it is a list with one whole number.
fn single_id(data: &Bound<'_, PyAny>) -> Option<u32> {
    let list = data.cast_exact::<PyList>().ok()?;
    if list.len() != 1 {
        return None;
    }
    let item = list.get_item(0).ok()?;
    if item.is_exact_instance_of::<PyBool>() {
        return None;
    }
    item.extract::<u32>().ok()
}

#[pymethods]
impl NodeSet {
    #[new]
    #[classmethod]
    #[pyo3(signature = (data=None))]
    fn new(cls: &Bound<'_, PyType>, data: Option<Bound<'_, PyAny>>) -> PyResult<Self> {
        let py = cls.py();
        if let Some(id) = data.as_ref().and_then(single_id) {
            return NodeSet::of_node(cls, id);
        }
        if let Some(spans) = data.as_ref().and_then(|d| d.cast::<Spans>().ok()) {
            return NodeSet::from_spans(&mut spans.borrow_mut());
        }
        let spans = cls.call_method1(intern!(py, "_spans_of"), (data,))?;
        NodeSet::from_spans(&mut spans.cast::<Spans>()?.borrow_mut())
    }

    fn __len__(&self) -> usize {
        self.len()
    }

    fn __getitem__<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (py, set) = (slf.py(), slf.get());
        set.check(py)?;
        let Ok(index) = key.cast_exact::<PyInt>() else {
            return slf.call_method1(intern!(py, "_select"), (key,));
        };
        let n = set.len() as i64;
        let place = index.extract::<i64>().ok().filter(|i| (-n..n).contains(i));
        let Some(place) = place else {
            return Err(PyIndexError::new_err(format!(
                "index value outside of the NodeCollection: {index} with size {n}"
            )));
        };
        slf.get_type()
            .call1((set.at(py, place.rem_euclid(n) as usize),))
    }

    /// The spans, as tuples of first id, last id, step, and model.
    #[getter]
    fn _spans(&self, py: Python<'_>) -> Vec<Span> {
        let copy = |(first, last, step, model): &Span| (*first, *last, *step, model.clone_ref(py));
        self.spans().iter().map(copy).collect()
    }

    /// The number of the reset after which the nodes were made.
    #[getter]
    fn _epoch(&self) -> u64 {
        self.epoch
    }

    /// Whether this is a part of a set of several spans.
    #[getter]
    fn _sliced(&self) -> bool {
        self.sliced
    }

    /// Refuses a set from before the last reset.
    fn _check(&self, py: Python<'_>) -> PyResult<()> {
        self.check(py)
    }

    /// The ids as the kernel takes them.
    fn _parts(&self, py: Python<'_>) -> PyResult<Vec<Progression>> {
        self.check(py)?;
        let part = |&(first, last, step, _): &Span| (first, last, step);
        Ok(self.spans().iter().map(part).collect())
    }
}
