//! Specifications of Connect from users' dictionaries.

use super::rules::{RULES, Rule};
use super::space::SpaceSpec;
use super::spec::{AmountRef, ConnSpec, SynSpec, SynSpecRef};
use super::third::ThirdRule;
use crate::error::{Error, Kind, Result};
use crate::parameter::Parameter;
use crate::space::Mask;
use crate::value::{Dict, Value};

fn required<'a>(spec: &'a Dict, rule: &str, key: &str) -> Result<&'a Value> {
    spec.get(key).ok_or_else(|| {
        Error::new(
            Kind::Index,
            format!("the rule {rule} needs '{key}' in the conn_spec"),
        )
    })
}

/// Refuses what no parameter of a synapse can be.
fn refuse_other_than_numbers(key: &str, value: &Value) -> Result<()> {
    match value {
        Value::Int(_) | Value::Float(_) => Ok(()),
        Value::Ints(_) | Value::Floats(_) | Value::Parameter(_) => Ok(()),
        other => Err(Error::bad_property(format!(
            "Cannot handle parameter type: {key} must be a number, an array of numbers or a \
             Parameter, got {}",
            other.type_name()
        ))),
    }
}

/// A whole number or a Parameter.
fn count(spec: &Dict, rule: &str, key: &str) -> Result<Parameter> {
    match required(spec, rule, key)? {
        Value::Parameter(p) => Ok(p.clone()),
        other => Ok(Parameter::constant(other.as_int(key)? as f64)?),
    }
}

/// A number or a Parameter.
fn number(spec: &Dict, rule: &str, key: &str) -> Result<Parameter> {
    match required(spec, rule, key)? {
        Value::Parameter(p) => Ok(p.clone()),
        other => {
            let x = other.as_float(key)?;
            Parameter::constant(x)
                .map_err(|_| Error::bad_property(format!("{key} must be finite, got {x}")))
        }
    }
}

impl ConnSpec {
    /// The rule and switches in a user's `conn_spec`; unknown keys are ignored unless `strict`.
    ///
    /// # Errors
    /// When the rule is not known, a key is missing or not known, or a value has the wrong type.
    fn from_dict(spec: &Dict, strict: bool) -> Result<Self> {
        let name = match spec.get("rule") {
            Some(rule) => rule.as_str("rule")?,
            None => return Err(Error::new(Kind::Index, "conn_spec needs a 'rule'")),
        };
        let space = space_spec(spec, name)?;
        let in_space = space.is_some();
        let (rule, own): (_, &[&str]) = match name {
            "one_to_one" => (Rule::OneToOne, &[]),
            "all_to_all" => (Rule::AllToAll, &[]),
            "fixed_indegree" => (
                Rule::FixedIndegree(count(spec, name, "indegree")?),
                &["indegree"],
            ),
            "fixed_outdegree" => (
                Rule::FixedOutdegree(count(spec, name, "outdegree")?),
                &["outdegree"],
            ),
            "fixed_total_number" => {
                let n = required(spec, name, "N")?.as_int("N")?;
                let n = u64::try_from(n).map_err(|_| {
                    Error::bad_property(format!(
                        "Total number of connections cannot be negative: {n}"
                    ))
                })?;
                (Rule::FixedTotalNumber(n), &["N"])
            }
            "pairwise_bernoulli" if in_space && spec.get("p").is_none() => {
                (Rule::PairwiseBernoulli(Parameter::constant(1.0)?), &[])
            }
            "pairwise_bernoulli" => (Rule::PairwiseBernoulli(number(spec, name, "p")?), &["p"]),
            "symmetric_pairwise_bernoulli" => (
                Rule::SymmetricPairwiseBernoulli(number(spec, name, "p")?),
                &["p"],
            ),
            "pairwise_poisson" => {
                let key = match spec.get("p") {
                    Some(_) if in_space => "p",
                    _ => "pairwise_avg_num_conns",
                };
                (
                    Rule::PairwisePoisson(number(spec, name, key)?),
                    &["pairwise_avg_num_conns"],
                )
            }
            _ => {
                let e = Error::unknown(Kind::BadProperty, "Connection rule", name, RULES);
                return Err(e.within("Unknown connectivity rule"));
            }
        };
        const SWITCHES: [&str; 3] = ["allow_autapses", "allow_multapses", "make_symmetric"];
        for (key, _) in spec.iter() {
            let spatial = in_space && SPACE_KEYS.contains(&key);
            if in_space && !spatial && !own.contains(&key) {
                return Err(Error::new(
                    Kind::Value,
                    format!(
                        "'{key}' is not allowed in conn_spec when connecting with mask or kernel"
                    ),
                ));
            }
            let known = key == "rule" || own.contains(&key) || SWITCHES.contains(&key) || spatial;
            if strict && !known {
                let known = own.iter().chain(&SWITCHES).copied();
                return Err(unknown("conn_spec", key, known));
            }
        }
        let switch = |key: &str, default: bool| match spec.get(key) {
            Some(v) => v.as_bool(key),
            None => Ok(default),
        };
        Ok(ConnSpec {
            rule,
            allow_autapses: switch("allow_autapses", true)?,
            allow_multapses: switch("allow_multapses", true)?,
            make_symmetric: switch("make_symmetric", false)?,
            space,
        })
    }
}

/// Keys that may stand in the conn_spec of any rule in space.
const SPACE_KEYS: [&str; 7] = [
    "rule",
    "mask",
    "p",
    "use_on_source",
    "allow_autapses",
    "allow_multapses",
    "allow_oversized_mask",
];

/// What the specification says about space, if it does.
fn space_spec(spec: &Dict, rule: &str) -> Result<Option<SpaceSpec>> {
    let has = |key: &str| spec.get(key).is_some();
    let depends = spec.iter().any(|(_, v)| match v {
        Value::Parameter(p) => p.is_spatial(),
        _ => false,
    });
    let pairwise = rule.contains("pairwise_bernoulli");
    if !depends && !has("mask") && !has("use_on_source") && (pairwise || !has("p")) {
        return Ok(None);
    }
    let flag = |key: &str| spec.get(key).map_or(Ok(false), |v| v.as_bool(key));
    if has("use_on_source") && rule != "pairwise_bernoulli" {
        return Err(Error::new(
            Kind::Value,
            "'use_on_source' can only be set when using pairwise_bernoulli",
        ));
    }
    let mask = match spec.get("mask") {
        None => None,
        Some(Value::Mask(mask)) => Some(mask.clone()),
        Some(Value::Dict(dict)) => Some(Mask::from_dict(dict)?),
        Some(other) => return Err(other.mismatch("mask", "a Mask or a dictionary")),
    };
    let degree = matches!(rule, "fixed_indegree" | "fixed_outdegree");
    Ok(Some(SpaceSpec {
        mask,
        on_source: flag("use_on_source")?,
        oversized: flag("allow_oversized_mask")?,
        kernel: match degree && has("p") {
            true => Some(number(spec, rule, "p")?),
            false => None,
        },
    }))
}

/// The synaptic elements that a syn_spec names.
fn elements(spec: &Dict) -> Result<Option<(String, String)>> {
    let name = |key: &str| spec.get(key).map(|v| v.as_str(key).map(str::to_owned));
    match (name("pre_synaptic_element"), name("post_synaptic_element")) {
        (None, None) => Ok(None),
        (Some(pre), Some(post)) => Ok(Some((pre?, post?))),
        _ => Err(Error::bad_property(
            "Structural plasticity requires both a pre- and postsynaptic element.",
        )),
    }
}

fn unknown<'a>(spec: &str, key: &str, known: impl Iterator<Item = &'a str>) -> Error {
    let hint = crate::suggest::nearest(key, known);
    let hint = hint.map_or(String::new(), |n| format!("; did you mean '{n}'?"));
    Error::new(
        Kind::UnaccessedEntry,
        format!("Unaccessed elements in {spec}, in function Connect: {key}{hint}"),
    )
}

/// What is given for `key` in an array, or else as a value that nobody looks at again.
fn amount<'a>(key: &str, value: &mut Value, array: Option<&'a [f64]>) -> Result<AmountRef<'a>> {
    match array {
        Some(array) => AmountRef::from_array(key, array),
        None => AmountRef::from_value(key, std::mem::replace(value, Value::Unknown)),
    }
}

impl crate::simulation::Simulation {
    /// The rule and switches in a user's `conn_spec`.
    ///
    /// # Errors
    /// When the rule or a key is not known, a key is missing, or a value has the wrong type.
    pub fn conn_spec(&self, spec: &Dict) -> Result<ConnSpec> {
        ConnSpec::from_dict(spec, self.settings.dict_miss_is_error)
    }

    /// The rule in a user's `third_factor_conn_spec`.
    ///
    /// # Errors
    /// When the rule or a key is not known, or a value is not right.
    pub fn third_rule(&self, spec: &Dict) -> Result<ThirdRule> {
        ThirdRule::from_dict(spec, self.settings.dict_miss_is_error)
    }

    /// Synapses as the defaults of a model say.
    fn default_synapse(&self, model: u16) -> SynSpec {
        let defaults = self.synapse_model(model);
        let (weight, delay) = (defaults.default_weight(), defaults.default_delay());
        SynSpec::new(model, weight, delay, defaults.receptor)
    }

    /// The synapses in a user's `syn_spec`; what it does not say comes from the model's defaults.
    ///
    /// # Errors
    /// When the model or a key is not known, or a value has the wrong type.
    pub fn syn_spec(&self, spec: Dict) -> Result<SynSpec> {
        self.syn_spec_of(spec, [None; 2])
    }

    /// The synapses in a user's `syn_spec`, with the weights and the delays that are given as
    /// arrays, whose keys have some list in the specification.
    ///
    /// # Errors
    /// As [`Simulation::syn_spec`](Self::syn_spec).
    pub fn syn_spec_of<'a>(
        &self,
        mut spec: Dict,
        [weights, delays]: [Option<&'a [f64]>; 2],
    ) -> Result<SynSpecRef<'a>> {
        let name = match spec.get("synapse_model") {
            Some(name) => name.as_str("synapse_model")?,
            None => "static_synapse",
        };
        let model = self.synapse_index(name)?;
        let defaults = self.synapse_model(model);
        let mut syn: SynSpecRef<'a> = self.default_synapse(model);
        for (key, value) in &mut spec.0 {
            let key = key.as_str();
            if defaults.is_common(key) {
                return Err(Error::new(
                    Kind::NotImplemented,
                    format!(
                        "Synapse parameter \"{key}\" can only be set via SetDefaults() or \
                         CopyModel()."
                    ),
                ));
            }
            if defaults.connect_keys().contains(&key) && key != "synapse_model" {
                refuse_other_than_numbers(key, value)?;
            }
            if let Some((at, number)) = defaults.number(key) {
                syn.numbers.push((at, number.amount(value)?));
                continue;
            }
            match key {
                "synapse_model" => {}
                "weight" => syn.weight = amount(key, value, weights)?,
                "delay" if defaults.info.has_delay => {
                    syn.delay = Some(amount(key, value, delays)?);
                }
                "delay" => {
                    return Err(Error::bad_property(format!(
                        "{} connection has no delay; leave 'delay' out of the syn_spec",
                        defaults.name
                    )));
                }
                "receptor_type" => {
                    syn.receptor = match value {
                        Value::Ints(list) => list.clone(),
                        other => vec![other.as_int(key)?],
                    }
                }
                "pre_synaptic_element" | "post_synaptic_element" => {}
                _ if !self.settings.dict_miss_is_error => {}
                _ => {
                    let known = defaults.connect_keys();
                    return Err(unknown("syn_spec", key, known.into_iter()));
                }
            }
        }
        syn.elements = elements(&spec)?.map(Box::new);
        Ok(syn)
    }
}
