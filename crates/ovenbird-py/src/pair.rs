//! Connecting two single nodes without the detour over dictionaries of the engine, for loops over
//! single calls.

use crate::nodes::NodeSet;
use ovenbird::Simulation;
use ovenbird::core::connect::{Amount, ConnSpec, Rule, SynSpec};
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
    let mut named = None;
    let mut spec = ConnSpec::new(Rule::OneToOne);
    for (key, value) in dict {
        let key = key.cast_exact::<PyString>().ok()?;
        let switch = || Some(value.cast_exact::<PyBool>().ok()?.is_true());
        match key.to_str().ok()? {
            "rule" => named = Some(named_rule(&value)?),
            "allow_autapses" => spec.allow_autapses = switch()?,
            "allow_multapses" => spec.allow_multapses = switch()?,
            "make_symmetric" => spec.make_symmetric = switch()?,
            _ => return None,
        }
    }
    spec.rule = named?;
    Some(spec)
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
    let named = dict.get_item(pyo3::intern!(py, "synapse_model")).ok()?;
    let index = match named {
        Some(name) => model(&name)?,
        None => default()?,
    };
    let mut spec = simulation.default_synapse(index);
    for (key, value) in dict {
        let key = key.cast_exact::<PyString>().ok()?;
        match key.to_str().ok()? {
            "synapse_model" => {}
            "weight" if !simulation.synapse_model(index).is_common("weight") => {
                spec.weight = number(&value)?;
            }
            "delay" if spec.delay.is_some() => spec.delay = Some(number(&value)?),
            "receptor_type" => {
                spec.receptor[0] = value.cast_exact::<PyInt>().ok()?.extract().ok()?;
            }
            _ => return None,
        }
    }
    Some(spec)
}
