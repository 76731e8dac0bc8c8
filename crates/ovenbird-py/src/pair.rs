//! Connecting two single nodes without the detour over dictionaries of the engine, for loops over
//! single calls.

use crate::nodes::NodeSet;
use ovenbird::Simulation;
use ovenbird::core::simulation::Single;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyString};

/// What the arguments of Connect ask for if they are plain: single nodes, a rule that pairs nodes,
/// and numbers. `None` if they are not, or not right: the general way tells what is wrong.
pub fn single(
    simulation: &Simulation,
    epoch: u64,
    [pre, post, conn, syn]: [&Bound<'_, PyAny>; 4],
) -> Option<Single> {
    let node = |side: &Bound<'_, PyAny>| side.cast::<NodeSet>().ok()?.get().only(epoch);
    let mut single = synapse(simulation, [node(pre)?, node(post)?], syn)?;
    take_rule(conn, &mut single)?;
    Some(single)
}

fn is_one_to_one(name: &Bound<'_, PyAny>) -> Option<bool> {
    match name.cast_exact::<PyString>().ok()?.to_str().ok()? {
        "one_to_one" => Some(true),
        "all_to_all" => Some(false),
        _ => None,
    }
}

fn take_rule(conn: &Bound<'_, PyAny>, single: &mut Single) -> Option<()> {
    if conn.is_none() {
        return Some(());
    }
    let Ok(dict) = conn.cast_exact::<PyDict>() else {
        single.one_to_one = is_one_to_one(conn)?;
        return Some(());
    };
    let py = conn.py();
    let mut given = Given::new(dict);
    single.one_to_one = is_one_to_one(&given.take(intern!(py, "rule"))?)?;
    if let Some(value) = given.take(intern!(py, "make_symmetric")) {
        single.make_symmetric = switch(&value)?;
    }
    if let Some(value) = given.take(intern!(py, "allow_autapses")) {
        single.allow_autapses = switch(&value)?;
    }
    if let Some(value) = given.take(intern!(py, "allow_multapses")) {
        switch(&value)?;
    }
    given.is_empty().then_some(())
}

fn switch(value: &Bound<'_, PyAny>) -> Option<bool> {
    Some(value.cast_exact::<PyBool>().ok()?.is_true())
}

/// The entries of a dictionary that have not been taken yet.
struct Given<'a, 'py> {
    dict: &'a Bound<'py, PyDict>,
    left: usize,
}

impl<'a, 'py> Given<'a, 'py> {
    fn new(dict: &'a Bound<'py, PyDict>) -> Self {
        Given {
            dict,
            left: dict.len(),
        }
    }

    /// What is given for a key that was not taken before.
    fn take(&mut self, key: &Bound<'py, PyString>) -> Option<Bound<'py, PyAny>> {
        if self.left == 0 {
            return None;
        }
        let value = self.dict.get_item(key).ok()??;
        self.left -= 1;
        Some(value)
    }

    fn is_empty(&self) -> bool {
        self.left == 0
    }
}

fn number(value: &Bound<'_, PyAny>) -> Option<f64> {
    let x = match value.cast_exact::<PyFloat>() {
        Ok(x) => x.value(),
        Err(_) => value.cast_exact::<PyInt>().ok()?.extract().ok()?,
    };
    x.is_finite().then_some(x)
}

fn synapse(
    simulation: &Simulation,
    [source, target]: [u32; 2],
    syn: &Bound<'_, PyAny>,
) -> Option<Single> {
    let default = || simulation.synapse_index("static_synapse").ok();
    let of_model = |model| simulation.single(source, target, model);
    let model = |name: &Bound<'_, PyAny>| {
        let name = name.cast_exact::<PyString>().ok()?;
        simulation.synapse_index(name.to_str().ok()?).ok()
    };
    if syn.is_none() {
        return Some(of_model(default()?));
    }
    let Ok(dict) = syn.cast_exact::<PyDict>() else {
        return Some(of_model(model(syn)?));
    };
    let py = syn.py();
    let mut given = Given::new(dict);
    let index = match given.take(intern!(py, "synapse_model")) {
        Some(name) => model(&name)?,
        None => default()?,
    };
    let mut single = of_model(index);
    if let Some(weight) = given.take(intern!(py, "weight")) {
        if simulation.synapse_model(index).is_common("weight") {
            return None;
        }
        single.weight = number(&weight)?;
    }
    if let Some(delay) = given.take(intern!(py, "delay")) {
        *single.delay.as_mut()? = number(&delay)?;
    }
    if let Some(receptor) = given.take(intern!(py, "receptor_type")) {
        single.receptor = receptor.cast_exact::<PyInt>().ok()?.extract().ok()?;
    }
    given.is_empty().then_some(single)
}
