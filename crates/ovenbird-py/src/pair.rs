//! Connecting two single nodes without the detour over dictionaries of the engine, for loops over
//! single calls.

use crate::nodes::NodeSet;
use ovenbird::Simulation;
use ovenbird::core::connect::{Amount, ConnSpec, Rule, SynSpec};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyString};

/// Two nodes, and how they are connected.
pub struct Pair {
    pub source: u32,
    pub target: u32,
    pub rule: ConnSpec,
    pub synapse: SynSpec,
}

impl Pair {
    /// What the arguments of Connect ask for if they are plain: single nodes, a rule that pairs
    /// nodes, and numbers. `None` if they are not, or not right: the general way tells what is
    /// wrong.
    pub fn plain(
        simulation: &Simulation,
        epoch: u64,
        [pre, post, conn, syn]: [&Bound<'_, PyAny>; 4],
    ) -> Option<Pair> {
        let node = |side: &Bound<'_, PyAny>| side.cast::<NodeSet>().ok()?.get().only(epoch);
        Some(Pair {
            source: node(pre)?,
            target: node(post)?,
            rule: rule(conn)?,
            synapse: synapse(simulation, syn)?,
        })
    }
}

fn named_rule(name: &Bound<'_, PyAny>) -> Option<Rule> {
    match name.cast_exact::<PyString>().ok()?.to_str().ok()? {
        "one_to_one" => Some(Rule::OneToOne),
        "all_to_all" => Some(Rule::AllToAll),
        _ => None,
    }
}

fn rule(conn: &Bound<'_, PyAny>) -> Option<ConnSpec> {
    if conn.is_none() {
        return Some(ConnSpec::new(Rule::AllToAll));
    }
    let Ok(dict) = conn.cast_exact::<PyDict>() else {
        return Some(ConnSpec::new(named_rule(conn)?));
    };
    let py = conn.py();
    let mut given = Given::new(dict);
    let mut spec = ConnSpec::new(named_rule(&given.take(intern!(py, "rule"))?)?);
    for (key, switch) in [
        (intern!(py, "make_symmetric"), &mut spec.make_symmetric),
        (intern!(py, "allow_autapses"), &mut spec.allow_autapses),
        (intern!(py, "allow_multapses"), &mut spec.allow_multapses),
    ] {
        if let Some(value) = given.take(key) {
            *switch = value.cast_exact::<PyBool>().ok()?.is_true();
        }
    }
    given.is_empty().then_some(spec)
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

fn number(value: &Bound<'_, PyAny>) -> Option<Amount> {
    let x = match value.cast_exact::<PyFloat>() {
        Ok(x) => x.value(),
        Err(_) => value.cast_exact::<PyInt>().ok()?.extract().ok()?,
    };
    x.is_finite().then_some(Amount::Same(x))
}

fn synapse(simulation: &Simulation, syn: &Bound<'_, PyAny>) -> Option<SynSpec> {
    let model = |name: &Bound<'_, PyAny>| {
        let name = name.cast_exact::<PyString>().ok()?;
        simulation.synapse_index(name.to_str().ok()?).ok()
    };
    let default = || simulation.synapse_index("static_synapse").ok();
    if syn.is_none() {
        return Some(simulation.default_synapse(default()?));
    }
    let Ok(dict) = syn.cast_exact::<PyDict>() else {
        return Some(simulation.default_synapse(model(syn)?));
    };
    let py = syn.py();
    let mut given = Given::new(dict);
    let index = match given.take(intern!(py, "synapse_model")) {
        Some(name) => model(&name)?,
        None => default()?,
    };
    let mut spec = simulation.default_synapse(index);
    if let Some(weight) = given.take(intern!(py, "weight")) {
        if simulation.synapse_model(index).is_common("weight") {
            return None;
        }
        spec.weight = number(&weight)?;
    }
    if let Some(delay) = given.take(intern!(py, "delay")) {
        spec.delay.as_ref()?;
        spec.delay = Some(number(&delay)?);
    }
    if let Some(receptor) = given.take(intern!(py, "receptor_type")) {
        spec.receptor[0] = receptor.cast_exact::<PyInt>().ok()?.extract().ok()?;
    }
    given.is_empty().then_some(spec)
}
