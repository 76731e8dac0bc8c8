//! `Kernel`: one simulation, as Python sees it.

use crate::connections::Connections;
use crate::convert::{self, Arrays};
use crate::error::{ForPython, to_python};
use crate::pair;
use crate::parameter::PyParameter;
use crate::ranks::Ranks;
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use ovenbird::core::error::Kind;
use ovenbird::core::node::{KeyInfo, Role};
use ovenbird::core::simulation::{
    Filter, Group, Progress, Progression, RunControl, TripartiteSynapses,
};
use ovenbird::{Error, Simulation};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

/// One simulation: nodes, connections and time, without any global state.
#[pyclass(module = "ovenbird._ovenbird")]
pub struct Kernel {
    pub simulation: Simulation,
    /// The number of resets so far: sets of nodes belong to the epoch in which they were made.
    pub epoch: u64,
    /// What the handler of a signal raised while the engine was at work.
    raised: Arc<Mutex<Option<PyErr>>>,
    /// The index and the name of the model that was asked for last.
    model: Mutex<Option<(usize, Py<PyString>)>>,
}

impl Kernel {
    /// The name of a node's model as a string of Python, which is not made again if the last node
    /// was of the same model.
    pub fn model_of(&self, py: Python<'_>, id: u32) -> PyResult<Py<PyString>> {
        let index = self.simulation.model_index_of(id).for_python(py)?;
        let mut last = self.model.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, name)) = &*last
            && *known == index
        {
            return Ok(name.clone_ref(py));
        }
        let name = PyString::intern(py, self.simulation.model_name(index)).unbind();
        Ok(last.insert((index, name)).1.clone_ref(py))
    }
}

/// Writes to whatever `sys.stdout` is.
struct PythonStdout;

impl Write for PythonStdout {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        Python::attach(|py| {
            py.import("sys")?
                .getattr("stdout")?
                .call_method1("write", (text.as_ref(),))
                .map(drop)
        })
        .map_err(|e| std::io::Error::other(e.to_string()))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Python::attach(|py| {
            py.import("sys")?
                .getattr("stdout")?
                .call_method0("flush")
                .map(drop)
        })
        .map_err(|e| std::io::Error::other(e.to_string()))
    }
}

fn describe_key<'py>(
    py: Python<'py>,
    key: &KeyInfo,
    default: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let d = PyDict::new(py);
    d.set_item("name", &key.name)?;
    d.set_item("unit", key.unit)?;
    d.set_item("doc", key.doc)?;
    d.set_item("type", key.type_name)?;
    d.set_item("default", default)?;
    let role = match key.role {
        Role::Parameter | Role::WriteOnly => "parameter",
        Role::State => "state",
        Role::ReadOnly => "read-only",
        Role::Recordable => "recordable",
    };
    d.set_item("role", role)?;
    Ok(d)
}

impl Kernel {
    /// The exception for an error of a call that signals can interrupt.
    pub fn exception(&self, py: Python<'_>, error: Error) -> PyErr {
        let mut raised = self.raised.lock().unwrap_or_else(PoisonError::into_inner);
        match raised.take().filter(|_| error.kind == Kind::Interrupted) {
            Some(raised) => raised,
            None => to_python(py, error),
        }
    }

    fn status_of<'py>(
        &self,
        py: Python<'py>,
        group: &Group<'_>,
        keys: Option<&[String]>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let all;
        let keys = match keys {
            Some(keys) => keys,
            None => {
                all = self.simulation.status_keys(group);
                &all
            }
        };
        let d = PyDict::new(py);
        for key in keys {
            if let Some(column) = self.simulation.get(group, key) {
                d.set_item(key, convert::to_column(py, column)?)?;
            }
        }
        Ok(d)
    }
}

#[pymethods]
impl Kernel {
    /// A kernel of this process alone, or the part of one rank in one.
    #[new]
    #[pyo3(signature = (ranks=None))]
    fn new(ranks: Option<&mut Ranks>) -> PyResult<Self> {
        let registry = ovenbird::models::registry();
        let mut simulation = match ranks {
            Some(ranks) => Simulation::with_ranks(registry, ranks.take()?),
            None => Simulation::new(registry),
        };
        simulation.set_console(Box::new(PythonStdout));
        let raised = Arc::new(Mutex::new(None));
        let seen = Arc::clone(&raised);
        simulation.set_watch(Box::new(move || {
            let raised = Python::attach(|py| py.check_signals()).err();
            let stop = raised.is_some();
            if stop {
                *seen.lock().unwrap_or_else(PoisonError::into_inner) = raised;
            }
            stop
        }));
        Ok(Kernel {
            simulation,
            epoch: 0,
            model: Mutex::new(None),
            raised,
        })
    }

    /// The number of this rank.
    #[getter]
    fn rank(&self) -> usize {
        self.simulation.ranks().rank()
    }

    /// The number of ranks.
    #[getter]
    fn num_ranks(&self) -> usize {
        self.simulation.ranks().count()
    }

    /// Waits until all ranks have come here.
    fn synchronize(&mut self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.simulation.synchronize()).for_python(py)
    }

    /// Removes nodes, connections and copied models, and sets time and settings back.
    fn reset(&mut self) {
        self.simulation.reset();
        self.model = Mutex::new(None);
        self.epoch += 1;
    }

    #[getter]
    fn epoch(&self) -> u64 {
        self.epoch
    }

    #[getter]
    fn node_models(&self) -> Vec<String> {
        self.simulation
            .node_models()
            .into_iter()
            .map(str::to_owned)
            .collect()
    }

    #[getter]
    fn synapse_models(&self) -> Vec<String> {
        self.simulation
            .synapse_models()
            .into_iter()
            .map(str::to_owned)
            .collect()
    }

    #[getter]
    fn network_size(&self) -> usize {
        self.simulation.network_size()
    }

    #[getter]
    fn num_connections(&self) -> usize {
        self.simulation.num_connections()
    }

    /// What a model is: summary, page, parameters, recordables, receptors.
    fn describe<'py>(&self, py: Python<'py>, model: &str) -> PyResult<Bound<'py, PyDict>> {
        let d = PyDict::new(py);
        d.set_item("name", model)?;
        let defaults = self.simulation.defaults(model).for_python(py)?;
        let parameters = PyList::empty(py);
        let recordables = PyList::empty(py);
        let receptors = PyDict::new(py);
        if let Ok(i) = self.simulation.synapse_index(model) {
            let s = self.simulation.synapse_model(i);
            d.set_item("kind", "synapse")?;
            d.set_item("summary", s.info.summary)?;
            d.set_item("doc", s.info.page())?;
            for key in self.simulation.synapse_keys(i) {
                let default = defaults
                    .get(&key.name)
                    .map(|v| convert::to_object(py, v))
                    .transpose()?;
                parameters.append(describe_key(py, &key, default)?)?;
            }
        } else {
            let family = self.simulation.family(model).for_python(py)?;
            let info = family.info();
            d.set_item("kind", info.element.name())?;
            d.set_item("summary", info.summary)?;
            d.set_item("doc", info.page())?;
            for &(name, receptor) in info.receptors {
                receptors.set_item(name, receptor)?;
            }
            let names = family.recordables(None);
            for key in family.keys() {
                if names.contains(&key.name) {
                    recordables.append(describe_key(py, &key, None)?)?;
                }
                if key.role != Role::Recordable {
                    let default = defaults
                        .get(&key.name)
                        .map(|v| convert::to_object(py, v))
                        .transpose()?;
                    parameters.append(describe_key(py, &key, default)?)?;
                }
            }
        }
        d.set_item("parameters", parameters)?;
        d.set_item("recordables", recordables)?;
        d.set_item("receptors", receptors)?;
        Ok(d)
    }

    /// The defaults of a model.
    fn get_defaults<'py>(&self, py: Python<'py>, model: &str) -> PyResult<Bound<'py, PyDict>> {
        convert::to_dict(py, &self.simulation.defaults(model).for_python(py)?)
    }

    /// Changes the defaults of a model, all or nothing.
    fn set_defaults(
        &mut self,
        py: Python<'_>,
        model: &str,
        params: &Bound<'_, PyDict>,
    ) -> PyResult<()> {
        let params = convert::dict(params)?;
        self.simulation.set_defaults(model, &params).for_python(py)
    }

    /// Makes a copy of a model under a new name, with other defaults.
    fn copy_model(
        &mut self,
        py: Python<'_>,
        existing: &str,
        new: &str,
        params: &Bound<'_, PyDict>,
    ) -> PyResult<()> {
        let params = convert::dict(params)?;
        self.simulation
            .copy_model(existing, new, &params)
            .for_python(py)
    }

    /// Makes `n` nodes; returns the first and the last id.
    fn create(&mut self, py: Python<'_>, model: &str, n: i64) -> PyResult<(u32, u32)> {
        let nodes = self.simulation.create(model, n).for_python(py)?;
        Ok((nodes.first, nodes.last))
    }

    /// Makes `n` nodes with parameters of their own, or none; returns the first and the last id.
    fn create_with(
        &mut self,
        py: Python<'_>,
        model: &str,
        n: i64,
        params: &Bound<'_, PyDict>,
    ) -> PyResult<(u32, u32)> {
        let params = convert::dict(params)?;
        let nodes = self.simulation.create_with(model, n, &params);
        let nodes = nodes.for_python(py)?;
        Ok((nodes.first, nodes.last))
    }

    /// Removes the nodes from `first` on, which are new and have no connections.
    fn drop_nodes(&mut self, first: u32) {
        self.simulation.drop_nodes(first);
    }

    /// Splits `(first, last, step)` parts where the model changes.
    fn model_runs(
        &self,
        py: Python<'_>,
        parts: &Bound<'_, PyAny>,
    ) -> PyResult<Vec<(u32, u32, u32, String)>> {
        let mut runs = Vec::new();
        for part in convert::progressions(parts)? {
            for ((first, last, step), model) in self.simulation.model_runs(part).for_python(py)? {
                runs.push((first, last, step, model.to_owned()));
            }
        }
        Ok(runs)
    }

    /// The status of nodes: for each run of nodes of one model, their number and their columns.
    #[pyo3(signature = (parts, keys))]
    fn get_nodes<'py>(
        &self,
        py: Python<'py>,
        parts: &Bound<'py, PyAny>,
        keys: Option<Vec<String>>,
    ) -> PyResult<Vec<(usize, Bound<'py, PyDict>)>> {
        let ids = convert::ids(parts)?;
        let groups = self.simulation.groups(&ids).for_python(py)?;
        groups
            .iter()
            .map(|g| Ok((g.ids.len(), self.status_of(py, g, keys.as_deref())?)))
            .collect()
    }

    /// Sets parameters and state of nodes, all or nothing.
    fn set_nodes(
        &mut self,
        py: Python<'_>,
        parts: &Bound<'_, PyAny>,
        params: &Bound<'_, PyDict>,
    ) -> PyResult<()> {
        let (ids, params) = (convert::ids(parts)?, convert::dict(params)?);
        self.simulation.set(&ids, &params).for_python(py)
    }

    /// The nodes whose status has all the given values.
    #[pyo3(signature = (params, local_only))]
    fn find_nodes(
        &mut self,
        py: Python<'_>,
        params: &Bound<'_, PyDict>,
        local_only: bool,
    ) -> PyResult<Vec<Progression>> {
        let params = convert::dict(params)?;
        let found = py.detach(|| self.simulation.find(&params, local_only));
        Ok(convert::to_progressions(&found.for_python(py)?))
    }

    /// Makes connections by a rule.
    fn connect(
        &mut self,
        py: Python<'_>,
        pre: &Bound<'_, PyAny>,
        post: &Bound<'_, PyAny>,
        conn: &Bound<'_, PyDict>,
        syn: Vec<Bound<'_, PyDict>>,
    ) -> PyResult<()> {
        let lists = [pre, post].map(|side| side.extract::<PyReadonlyArray1<'_, i64>>().ok());
        let rule = self
            .simulation
            .conn_spec(&convert::dict(conn)?)
            .for_python(py)?;
        let arrays: Vec<Arrays<'_>> = syn.iter().map(Arrays::of).collect::<PyResult<_>>()?;
        let synapses = syn
            .iter()
            .zip(&arrays)
            .map(|(d, arrays)| {
                let (rest, given) = (arrays.rest(d)?, arrays.slices());
                self.simulation.syn_spec_of(rest, given).for_python(py)
            })
            .collect::<PyResult<Vec<_>>>()?;
        let slices = lists
            .each_ref()
            .map(|list| list.as_ref().and_then(|list| list.as_slice().ok()));
        if let [Some(sources), Some(targets)] = slices {
            let made = py.detach(|| {
                let simulation = &mut self.simulation;
                simulation.connect_pairs(sources, targets, &rule, &synapses)
            });
            if made.map_err(|e| self.exception(py, e))? {
                return Ok(());
            }
        }
        let (pre, post) = (convert::ids(pre)?, convert::ids(post)?);
        py.detach(|| self.simulation.connect(&pre, &post, &rule, &synapses))
            .map_err(|e| self.exception(py, e))
    }

    /// Connects two single nodes if the arguments of Connect are plain; says whether they are.
    fn connect_pair(
        &mut self,
        py: Python<'_>,
        pre: &Bound<'_, PyAny>,
        post: &Bound<'_, PyAny>,
        conn: &Bound<'_, PyAny>,
        syn: &Bound<'_, PyAny>,
    ) -> PyResult<bool> {
        let Some(single) = pair::single(&self.simulation, self.epoch, [pre, post, conn, syn])
        else {
            return Ok(false);
        };
        self.simulation.connect_single(&single).for_python(py)?;
        Ok(true)
    }

    /// Makes connections by a rule, and from and to third factors by another; `syn` has the
    /// synapses of the primary, the incoming and the outgoing connections.
    fn connect_tripartite(
        &mut self,
        py: Python<'_>,
        ids: [Bound<'_, PyAny>; 3],
        conn: &Bound<'_, PyDict>,
        third: &Bound<'_, PyDict>,
        syn: [Vec<Bound<'_, PyDict>>; 3],
    ) -> PyResult<()> {
        let [pre, post, between] = &ids;
        let (pre, post, between) = (
            convert::ids(pre)?,
            convert::ids(post)?,
            convert::ids(between)?,
        );
        let rule = self
            .simulation
            .conn_spec(&convert::dict(conn)?)
            .for_python(py)?;
        let third = self
            .simulation
            .third_rule(&convert::dict(third)?)
            .for_python(py)?;
        let specs = |list: &[Bound<'_, PyDict>]| {
            let spec = |d: &Bound<'_, PyDict>| {
                let d = convert::dict(d)?;
                self.simulation.syn_spec(d).for_python(py)
            };
            list.iter().map(spec).collect::<PyResult<Vec<_>>>()
        };
        let [primary, third_in, third_out] = &syn;
        let synapses = TripartiteSynapses {
            primary: specs(primary)?,
            third_in: specs(third_in)?,
            third_out: specs(third_out)?,
        };
        let nodes = [&pre[..], &post, &between];
        py.detach(|| {
            self.simulation
                .connect_tripartite(nodes, &rule, &third, &synapses)
        })
        .map_err(|e| self.exception(py, e))
    }

    /// Removes a connection for each pair of a rule.
    fn disconnect(
        &mut self,
        py: Python<'_>,
        pre: &Bound<'_, PyAny>,
        post: &Bound<'_, PyAny>,
        conn: &Bound<'_, PyDict>,
        syn: &Bound<'_, PyDict>,
    ) -> PyResult<()> {
        let (pre, post) = (convert::ids(pre)?, convert::ids(post)?);
        let rule = self
            .simulation
            .conn_spec(&convert::dict(conn)?)
            .for_python(py)?
            .rule;
        let synapse = self
            .simulation
            .syn_spec(convert::dict(syn)?)
            .for_python(py)?;
        let elements = synapse.elements.as_deref();
        let model = synapse.model;
        py.detach(|| {
            self.simulation
                .disconnect_pairs(&pre, &post, &rule, model, elements)
        })
        .map_err(|e| self.exception(py, e))
    }

    /// Whether connections come and go with synaptic elements.
    #[getter]
    fn structural_plasticity(&self) -> bool {
        self.simulation.has_structural_plasticity()
    }

    #[setter]
    fn set_structural_plasticity(&mut self, on: bool) {
        if on {
            self.simulation.enable_structural_plasticity();
        } else {
            self.simulation.disable_structural_plasticity();
        }
    }

    /// The connections that pass all filters.
    #[pyo3(signature = (source, target, synapse_model, synapse_label))]
    fn get_connections(
        slf: Bound<'_, Self>,
        py: Python<'_>,
        source: Option<&Bound<'_, PyAny>>,
        target: Option<&Bound<'_, PyAny>>,
        synapse_model: Option<&str>,
        synapse_label: Option<i64>,
    ) -> PyResult<Connections> {
        let kernel = slf.clone().unbind();
        let mut this = slf.borrow_mut();
        let sources = source.map(convert::ids).transpose()?;
        let targets = target.map(convert::ids).transpose()?;
        let model = match synapse_model {
            Some(name) => Some(this.simulation.synapse_index(name).for_python(py)?),
            None => None,
        };
        let filter = Filter {
            sources: sources.as_deref(),
            targets: targets.as_deref(),
            model,
            label: synapse_label.filter(|&l| l != -1),
        };
        let simulation = &mut this.simulation;
        let set = py.detach(|| simulation.connections(&filter));
        let set = set.map_err(|e| this.exception(py, e))?;
        Ok(Connections::new(kernel, set))
    }

    /// Makes everything ready to run; `again` to go on, recorders then add to their files.
    #[pyo3(signature = (again=false))]
    fn prepare(&mut self, py: Python<'_>, again: bool) -> PyResult<()> {
        py.detach(|| match again {
            true => self.simulation.prepare_to_continue(),
            false => self.simulation.prepare(),
        })
        .map_err(|e| self.exception(py, e))?;
        // an interrupt that came too late to end the call would otherwise be raised where the
        // caller cannot know that the network is prepared
        match py.check_signals() {
            Err(interrupt) if self.simulation.ranks().alone() => {
                let ended = self.simulation.cleanup();
                ended.map_err(|e| self.exception(py, e))?;
                Err(interrupt)
            }
            checked => checked,
        }
    }

    /// Runs for `ms`; `progress(done_ms, total_ms, seconds)` is called several times a second.
    #[pyo3(signature = (ms, progress=None))]
    fn run(&mut self, py: Python<'_>, ms: f64, progress: Option<Py<PyAny>>) -> PyResult<()> {
        let mut interrupt: Option<PyErr> = None;
        let result = py.detach(|| {
            self.simulation.run(ms, &mut |p: Progress| {
                let seen = Python::attach(|py| {
                    py.check_signals()?;
                    match &progress {
                        Some(f) => f
                            .call1(py, (p.done, p.total, p.real_time_factor()))
                            .map(drop),
                        None => Ok(()),
                    }
                });
                match seen {
                    Ok(()) => RunControl::Continue,
                    Err(e) => {
                        interrupt = Some(e);
                        RunControl::Stop
                    }
                }
            })
        });
        match (interrupt, self.simulation.stopped_by()) {
            (Some(e), _) => Err(e),
            (None, Some(rank)) if matches!(result, Ok(RunControl::Stop)) => Err(to_python(
                py,
                Error::new(Kind::Kernel, format!("rank {rank} has stopped the run")),
            )),
            _ => result.map(drop).for_python(py),
        }
    }

    /// Ends what `prepare` began.
    fn cleanup(&mut self, py: Python<'_>) -> PyResult<()> {
        self.simulation.cleanup().for_python(py)
    }

    /// What a user should know of the runs since the last call.
    fn take_warnings(&mut self) -> Vec<String> {
        self.simulation.take_warnings()
    }

    /// Writes samples that would otherwise wait for the next slice.
    fn flush_recorders(&mut self) {
        self.simulation.collect();
    }

    /// All kernel attributes.
    fn get_status<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        convert::to_dict(py, &self.simulation.status())
    }

    /// One kernel attribute; `None` if there is none of this name.
    fn get_attribute(&self, py: Python<'_>, name: &str) -> PyResult<Option<Py<PyAny>>> {
        let value = self.simulation.attribute(name);
        value.map(|v| convert::to_object(py, &v)).transpose()
    }

    /// Sets kernel attributes, all or none.
    fn set_status(&mut self, py: Python<'_>, params: &Bound<'_, PyDict>) -> PyResult<()> {
        let params = convert::dict(params)?;
        self.simulation.set_status(&params).for_python(py)
    }

    /// `n` values of a parameter.
    fn evaluate<'py>(
        &mut self,
        py: Python<'py>,
        parameter: &PyParameter,
        n: i64,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let n = usize::try_from(n).map_err(|_| {
            to_python(
                py,
                Error::new(Kind::BadParameterValue, format!("n must be >= 0, got {n}")),
            )
        })?;
        Ok(self
            .simulation
            .evaluate(&parameter.0, n)
            .for_python(py)?
            .into_pyarray(py))
    }

    /// The values of a parameter at some nodes.
    fn evaluate_nodes<'py>(
        &mut self,
        py: Python<'py>,
        parameter: &PyParameter,
        parts: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let ids = convert::ids(parts)?;
        Ok(self
            .simulation
            .evaluate_nodes(&parameter.0, &ids)
            .for_python(py)?
            .into_pyarray(py))
    }
}
