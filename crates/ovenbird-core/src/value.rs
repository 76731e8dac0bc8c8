//! Values as they come from and go to users: dictionaries of typed entries.

use crate::error::{Error, Kind, Result};
use crate::parameter::Parameter;
use crate::space::Mask;

/// A value of a parameter, state variable or status entry.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Not known here: another rank holds the node.
    Unknown,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(String),
    Ints(Vec<i64>),
    Floats(Vec<f64>),
    Bools(Vec<bool>),
    Strs(Vec<String>),
    /// Node ids: a collection of nodes.
    Nodes(Vec<u32>),
    Dict(Dict),
    /// Drawn or computed where it is used.
    Parameter(Parameter),
    /// A region of space.
    Mask(Mask),
}

impl Value {
    /// What kind of value this is, in words.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Unknown => "None",
            Value::Bool(_) => "a bool",
            Value::Int(_) => "an integer",
            Value::Float(_) => "a number",
            Value::Str(_) => "a string",
            Value::Ints(_) => "a list of integers",
            Value::Floats(_) => "a list of numbers",
            Value::Bools(_) => "a list of bools",
            Value::Strs(_) => "a list of strings",
            Value::Nodes(_) => "a NodeCollection",
            Value::Dict(_) => "a dictionary",
            Value::Parameter(_) => "a Parameter",
            Value::Mask(_) => "a Mask",
        }
    }

    /// The length of a list, else `None`.
    pub fn list_len(&self) -> Option<usize> {
        match self {
            Value::Ints(v) => Some(v.len()),
            Value::Floats(v) => Some(v.len()),
            Value::Bools(v) => Some(v.len()),
            Value::Strs(v) => Some(v.len()),
            _ => None,
        }
    }

    /// Element `i` of a list.
    pub fn element(&self, i: usize) -> Option<Value> {
        match self {
            Value::Ints(v) => v.get(i).copied().map(Value::Int),
            Value::Floats(v) => v.get(i).copied().map(Value::Float),
            Value::Bools(v) => v.get(i).copied().map(Value::Bool),
            Value::Strs(v) => v.get(i).cloned().map(Value::Str),
            _ => None,
        }
    }

    /// The number in this value; integers count.
    pub fn as_float(&self, key: &str) -> Result<f64> {
        match self {
            Value::Float(x) => Ok(*x),
            Value::Int(i) => Ok(*i as f64),
            _ => Err(self.mismatch(key, "a number")),
        }
    }

    /// The integer in this value.
    pub fn as_int(&self, key: &str) -> Result<i64> {
        match self {
            Value::Int(i) => Ok(*i),
            _ => Err(self.mismatch(key, "an integer")),
        }
    }

    /// The numbers in a list.
    pub fn as_floats(&self, key: &str) -> Result<Vec<f64>> {
        match self {
            Value::Floats(v) => Ok(v.clone()),
            Value::Ints(v) => Ok(v.iter().map(|&i| i as f64).collect()),
            _ => Err(self.mismatch(key, "a list of numbers")),
        }
    }

    /// The truth value in this value.
    pub fn as_bool(&self, key: &str) -> Result<bool> {
        match self {
            Value::Bool(b) => Ok(*b),
            _ => Err(self.mismatch(key, "a bool")),
        }
    }

    /// The string in this value.
    pub fn as_str(&self, key: &str) -> Result<&str> {
        match self {
            Value::Str(s) => Ok(s),
            _ => Err(self.mismatch(key, "a string")),
        }
    }

    /// The node ids in this value; a list of integers counts.
    pub fn as_nodes(&self, key: &str) -> Result<Vec<u32>> {
        match self {
            Value::Nodes(ids) => Ok(ids.clone()),
            Value::Ints(ids) => ids
                .iter()
                .map(|&id| {
                    u32::try_from(id).map_err(|_| {
                        Error::new(
                            Kind::UnknownNode,
                            format!("{key}: node {id} does not exist"),
                        )
                    })
                })
                .collect(),
            Value::Floats(v) if v.is_empty() => Ok(Vec::new()),
            _ => Err(self.mismatch(key, "a NodeCollection")),
        }
    }

    /// The error that says that `key` wants something else than this value.
    pub fn mismatch(&self, key: &str, wanted: &str) -> Error {
        Error::new(
            Kind::TypeMismatch,
            format!("{key} must be {wanted}, got {}", self.type_name()),
        )
    }
}

impl From<f64> for Value {
    fn from(x: f64) -> Self {
        Value::Float(x)
    }
}

impl From<i64> for Value {
    fn from(x: i64) -> Self {
        Value::Int(x)
    }
}

impl From<bool> for Value {
    fn from(x: bool) -> Self {
        Value::Bool(x)
    }
}

impl From<&str> for Value {
    fn from(x: &str) -> Self {
        Value::Str(x.to_owned())
    }
}

/// A dictionary that keeps the order of its entries.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dict(pub Vec<(String, Value)>);

impl Dict {
    /// An empty dictionary.
    pub fn new() -> Self {
        Dict::default()
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.iter().find(|(k, _)| k == key).map(|(_, v)| v)
    }

    /// Sets `key`, replacing an earlier value.
    pub fn set(&mut self, key: impl Into<String>, value: Value) {
        let key = key.into();
        match self.0.iter_mut().find(|(k, _)| *k == key) {
            Some(entry) => entry.1 = value,
            None => self.0.push((key, value)),
        }
    }

    /// Entries in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(k, v)| (k.as_str(), v))
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<K: Into<String>> FromIterator<(K, Value)> for Dict {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(iter: I) -> Self {
        Dict(iter.into_iter().map(|(k, v)| (k.into(), v)).collect())
    }
}

/// The values of one key over several nodes or connections.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    Floats(Vec<f64>),
    Ints(Vec<i64>),
    Bools(Vec<bool>),
    Values(Vec<Value>),
    /// Where not all have the key.
    Partial(Vec<Option<Value>>),
}

impl Column {
    /// A column of single values, in the tightest form that holds them all.
    pub fn from_values(values: Vec<Value>) -> Self {
        if values.iter().all(|v| matches!(v, Value::Float(_))) && !values.is_empty() {
            Column::Floats(values.iter().filter_map(|v| v.as_float("").ok()).collect())
        } else if values.iter().all(|v| matches!(v, Value::Int(_))) && !values.is_empty() {
            Column::Ints(values.iter().filter_map(|v| v.as_int("").ok()).collect())
        } else if values.iter().all(|v| matches!(v, Value::Bool(_))) && !values.is_empty() {
            Column::Bools(values.iter().filter_map(|v| v.as_bool("").ok()).collect())
        } else {
            Column::Values(values)
        }
    }

    /// A column of values that some may lack; `None` if all do.
    pub fn from_options(values: Vec<Option<Value>>) -> Option<Self> {
        if values.iter().all(Option::is_some) {
            return Some(Column::from_values(values.into_iter().flatten().collect()));
        }
        let any = values.iter().any(Option::is_some);
        any.then_some(Column::Partial(values))
    }

    /// The value with index `i`.
    ///
    /// # Panics
    /// When there is none.
    pub fn at(&self, i: usize) -> Value {
        match self {
            Column::Floats(v) => Value::Float(v[i]),
            Column::Ints(v) => Value::Int(v[i]),
            Column::Bools(v) => Value::Bool(v[i]),
            Column::Values(v) => v[i].clone(),
            Column::Partial(v) => v[i].clone().expect("a value for each index"),
        }
    }
}
