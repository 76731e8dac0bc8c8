//! What a call of Connect asks for.

use super::rules::Rule;
use super::space::SpaceSpec;
use crate::error::{Error, Kind, Result};
use crate::math::first_not_finite;
use crate::parameter::{Context, Parameter};
use crate::rng::Stream;
use crate::value::Value;
use std::borrow::Cow;

/// An amount that refers to nothing.
pub type Amount = AmountRef<'static>;

/// A synapse that refers to nothing.
pub type SynSpec = SynSpecRef<'static>;

/// A number for each connection: one for all, from a list, which may be kept elsewhere, or drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum AmountRef<'a> {
    Same(f64),
    Each(Cow<'a, [f64]>),
    Drawn(Parameter),
}

impl<'a> AmountRef<'a> {
    /// The amount that a user gave for `key`.
    ///
    /// # Errors
    /// When it is neither number, list of numbers, nor Parameter, or not finite.
    pub fn from_value(key: &str, value: Value) -> Result<Self> {
        let amount = match value {
            Value::Floats(v) => AmountRef::Each(v.into()),
            Value::Ints(v) => AmountRef::Each(v.iter().map(|&i| i as f64).collect()),
            Value::Parameter(p) => AmountRef::Drawn(p),
            other => AmountRef::Same(other.as_float(key)?),
        };
        amount.finite(key)
    }

    /// The amounts that a user gave for `key` in an array.
    ///
    /// # Errors
    /// When one is not finite.
    pub fn from_array(key: &str, array: &'a [f64]) -> Result<Self> {
        AmountRef::Each(array.into()).finite(key)
    }

    /// Refuses numbers that are not finite.
    fn finite(self, key: &str) -> Result<Self> {
        let bad = match &self {
            AmountRef::Same(x) => first_not_finite(&[*x]),
            AmountRef::Each(list) => first_not_finite(list),
            AmountRef::Drawn(_) => None,
        };
        match bad {
            Some(x) => {
                let kind = match key {
                    "delay" => Kind::BadDelay,
                    _ => Kind::BadProperty,
                };
                Err(Error::new(kind, format!("{key} must be finite, got {x}")))
            }
            None => Ok(self),
        }
    }

    /// The amount of one connection: element `place` of a list, or the next draw of `stream`.
    ///
    /// # Errors
    /// When a list is too short or a draw fails.
    pub fn get(&self, place: usize, stream: &mut Stream) -> Result<f64> {
        let of_list = |list: &[f64]| {
            list.get(place).copied().ok_or_else(|| {
                Error::new(
                    Kind::Value,
                    format!(
                        "a list of {} values is too short for the connections made",
                        list.len()
                    ),
                )
            })
        };
        match self {
            AmountRef::Same(x) => Ok(*x),
            AmountRef::Each(list) => of_list(list),
            AmountRef::Drawn(p) => {
                let x = p.evaluate(stream, &Context::default())?;
                if x.is_finite() {
                    return Ok(x);
                }
                Err(Error::bad_property(format!(
                    "a Parameter gave {x}, which is not finite"
                )))
            }
        }
    }

    /// The amounts of all connections, if they are in a list.
    pub fn list(&self) -> Option<&[f64]> {
        match self {
            AmountRef::Each(list) => Some(list),
            AmountRef::Same(_) | AmountRef::Drawn(_) => None,
        }
    }

    /// The one amount of all connections, if it is one.
    pub fn same(&self) -> Option<f64> {
        match self {
            AmountRef::Same(x) => Some(*x),
            AmountRef::Drawn(p) => p.as_constant(),
            AmountRef::Each(_) => None,
        }
    }
}

/// A rule with its switches.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnSpec {
    pub rule: Rule,
    pub allow_autapses: bool,
    pub allow_multapses: bool,
    pub make_symmetric: bool,
    /// For nodes in space: masks and kernels.
    pub space: Option<SpaceSpec>,
}

impl ConnSpec {
    /// A rule with autapses and multapses allowed.
    pub fn new(rule: Rule) -> Self {
        ConnSpec {
            rule,
            allow_autapses: true,
            allow_multapses: true,
            make_symmetric: false,
            space: None,
        }
    }
}

/// The synapses that a rule makes.
#[derive(Clone, Debug, PartialEq)]
pub struct SynSpecRef<'a> {
    /// Index of the synapse model.
    pub model: u16,
    pub weight: AmountRef<'a>,
    /// In ms; `None` for models without delay.
    pub delay: Option<AmountRef<'a>>,
    pub receptor: Vec<i64>,
    /// Parameters and state of stateful models: the index of the word, and what it is.
    pub numbers: Vec<(usize, AmountRef<'a>)>,
    /// The synaptic elements that connections take at their source and at their target.
    pub elements: Option<Box<(String, String)>>,
}

impl SynSpecRef<'_> {
    /// Synapses of one weight, one delay in ms, and one receptor.
    pub fn new(model: u16, weight: f64, delay: Option<f64>, receptor: i64) -> Self {
        SynSpecRef {
            model,
            weight: AmountRef::Same(weight),
            delay: delay.map(AmountRef::Same),
            receptor: vec![receptor],
            numbers: Vec::new(),
            elements: None,
        }
    }

    /// The Parameters that amounts are drawn from.
    pub fn parameters(&self) -> impl Iterator<Item = &Parameter> {
        let own = [Some(&self.weight), self.delay.as_ref()];
        let numbers = self.numbers.iter().map(|(_, amount)| amount);
        let amounts = own.into_iter().flatten().chain(numbers);
        amounts.filter_map(|a| match a {
            AmountRef::Drawn(p) => Some(p),
            AmountRef::Same(_) | AmountRef::Each(_) => None,
        })
    }

    /// The receptor of the connection at `place`.
    ///
    /// # Errors
    /// When a list of receptors is too short.
    pub fn receptor(&self, place: usize) -> Result<i64> {
        match self.receptor.as_slice() {
            [r] => Ok(*r),
            list => list.get(place).copied().ok_or_else(|| {
                Error::new(
                    Kind::Value,
                    format!(
                        "{} receptor types are too few for the connections made",
                        list.len()
                    ),
                )
            }),
        }
    }
}
