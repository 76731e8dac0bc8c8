//! Parameters: values that are drawn or computed where they are used.
//!
//! A [`Parameter`] is an immutable expression; its leaves are constants, random distributions and
//! places in space. Every leaf draws anew each time that it is evaluated, so `p - p` is not 0.

mod bounds;
mod context;
mod error;
mod evaluate;
mod expression;
mod profiles;
#[cfg(test)]
mod tests;

pub use bounds::{Interval, Region};
pub use context::{Context, MAX_DIMENSIONS, Needs, Points};
pub use error::ParameterError;
pub use expression::{BinaryOp, Comparison, Place, UnaryOp};

use crate::rng::{Key, Purpose, Stream};
use expression::Node;
use std::sync::Arc;

/// Most draws before [`Parameter::redraw`] gives up.
const MAX_REDRAWS: u32 = 1000;
/// Deepest nesting of expressions; bounds the stack that evaluation takes.
const MAX_DEPTH: u32 = 1000;

/// A value that is drawn or computed anew at each use. Cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    node: Arc<Node>,
    spatial: bool,
    constant: bool,
    integer: bool,
    depth: u32,
    needs: Needs,
}

fn check(
    parameter: &'static str,
    argument: &'static str,
    value: f64,
    allowed: &'static str,
    valid: bool,
) -> Result<(), ParameterError> {
    if valid {
        Ok(())
    } else {
        Err(ParameterError::Domain {
            parameter,
            argument,
            allowed,
            value,
        })
    }
}

fn finite(parameter: &'static str, argument: &'static str, v: f64) -> Result<(), ParameterError> {
    check(parameter, argument, v, "finite", v.is_finite())
}

fn not_nan(parameter: &'static str, argument: &'static str, v: f64) -> Result<(), ParameterError> {
    check(parameter, argument, v, "a number", !v.is_nan())
}

fn positive(parameter: &'static str, argument: &'static str, v: f64) -> Result<(), ParameterError> {
    check(
        parameter,
        argument,
        v,
        "> 0 and finite",
        v > 0.0 && v.is_finite(),
    )
}

fn not_negative(
    parameter: &'static str,
    argument: &'static str,
    v: f64,
) -> Result<(), ParameterError> {
    let valid = v >= 0.0 && v.is_finite();
    check(parameter, argument, v, ">= 0 and finite", valid)
}

fn is_integer(x: f64) -> bool {
    x.fract() == 0.0
}

impl Parameter {
    fn random(node: Node, integer: bool) -> Self {
        Self {
            node: Arc::new(node),
            spatial: false,
            constant: false,
            integer,
            depth: 0,
            needs: Needs::default(),
        }
    }

    fn spatial(node: Node, needs: Needs) -> Self {
        Self {
            spatial: true,
            needs,
            ..Self::random(node, false)
        }
    }

    fn nested(node: Node, parts: &[&Parameter], integer: bool) -> Result<Self, ParameterError> {
        let depth = 1 + parts.iter().map(|p| p.depth).max().unwrap_or(0);
        if depth > MAX_DEPTH {
            return Err(ParameterError::TooDeep);
        }
        let spatial = parts.iter().any(|p| p.spatial);
        let constant = parts.iter().all(|p| p.constant);
        let needs = parts.iter().fold(Needs::default(), |n, p| n.or(p.needs));
        Ok(Self {
            node: Arc::new(node),
            spatial,
            constant,
            integer,
            depth,
            needs,
        })
    }

    /// Always `value`.
    pub fn constant(value: f64) -> Result<Self, ParameterError> {
        finite("constant", "value", value)?;
        let node = Node::Constant(value);
        Ok(Self {
            constant: true,
            ..Self::random(node, is_integer(value))
        })
    }

    /// Uniform in [min, max).
    pub fn uniform(min: f64, max: f64) -> Result<Self, ParameterError> {
        finite("uniform", "min", min)?;
        finite("uniform", "max", max)?;
        if min >= max {
            return Err(ParameterError::EmptyRange { min, max });
        }
        check(
            "uniform",
            "max - min",
            max - min,
            "finite",
            (max - min).is_finite(),
        )?;
        Ok(Self::random(Node::Uniform { min, max }, false))
    }

    /// Integers in [0, max), equally likely.
    pub fn uniform_int(max: i64) -> Result<Self, ParameterError> {
        check("uniform_int", "max", max as f64, "> 0", max > 0)?;
        Ok(Self::random(
            Node::UniformInt {
                max: max.unsigned_abs(),
            },
            true,
        ))
    }

    /// Normal distribution.
    pub fn normal(mean: f64, std: f64) -> Result<Self, ParameterError> {
        finite("normal", "mean", mean)?;
        not_negative("normal", "std", std)?;
        Ok(Self::random(Node::Normal { mean, std }, false))
    }

    /// Exponential of a normal variate of the given mean and standard deviation.
    pub fn lognormal(mean: f64, std: f64) -> Result<Self, ParameterError> {
        finite("lognormal", "mean", mean)?;
        not_negative("lognormal", "std", std)?;
        Ok(Self::random(Node::Lognormal { mean, std }, false))
    }

    /// Exponential distribution of mean `beta`.
    pub fn exponential(beta: f64) -> Result<Self, ParameterError> {
        not_negative("exponential", "beta", beta)?;
        Ok(Self::random(Node::Exponential { beta }, false))
    }

    /// A coordinate (index from 0) of a position.
    pub fn position(place: Place, dimension: usize) -> Self {
        let needs = Needs {
            node: place == Place::Node,
            source: place == Place::Source,
            target: place == Place::Target,
            displacement: false,
        };
        Self::spatial(Node::Position { place, dimension }, needs)
    }

    /// The distance between source and target, in all or in one dimension (index from 0).
    pub fn distance(dimension: Option<usize>) -> Self {
        let needs = Needs {
            displacement: true,
            ..Needs::default()
        };
        Self::spatial(Node::Distance { dimension }, needs)
    }

    /// A function of `a`.
    pub fn unary(op: UnaryOp, a: &Self) -> Result<Self, ParameterError> {
        Self::nested(
            Node::Unary(op, a.clone()),
            &[a],
            op == UnaryOp::Negate && a.integer,
        )
    }

    /// An operation on `a` and `b`.
    pub fn binary(op: BinaryOp, a: &Self, b: &Self) -> Result<Self, ParameterError> {
        let closed = matches!(op, BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply);
        let integer = closed && a.integer && b.integer;
        Self::nested(Node::Binary(op, a.clone(), b.clone()), &[a, b], integer)
    }

    /// 1 where the comparison of `a` and `b` holds, else 0.
    pub fn compare(op: Comparison, a: &Self, b: &Self) -> Result<Self, ParameterError> {
        Self::nested(Node::Compare(op, a.clone(), b.clone()), &[a, b], true)
    }

    /// The smaller one of `a` and `value`.
    pub fn min(a: &Self, value: f64) -> Result<Self, ParameterError> {
        not_nan("min", "value", value)?;
        Self::nested(
            Node::Min(a.clone(), value),
            &[a],
            a.integer && is_integer(value),
        )
    }

    /// The larger one of `a` and `value`.
    pub fn max(a: &Self, value: f64) -> Result<Self, ParameterError> {
        not_nan("max", "value", value)?;
        Self::nested(
            Node::Max(a.clone(), value),
            &[a],
            a.integer && is_integer(value),
        )
    }

    /// The first value of `a` in [min, max]; an error if 1000 draws yield none.
    pub fn redraw(a: &Self, min: f64, max: f64) -> Result<Self, ParameterError> {
        not_nan("redraw", "min", min)?;
        not_nan("redraw", "max", max)?;
        if min > max {
            return Err(ParameterError::RedrawBounds { min, max });
        }
        Self::nested(
            Node::Redraw {
                inner: a.clone(),
                min,
                max,
            },
            &[a],
            a.integer,
        )
    }

    /// `yes` where `condition` is not 0, else `no`.
    pub fn conditional(condition: &Self, yes: &Self, no: &Self) -> Result<Self, ParameterError> {
        let node = Node::Conditional {
            condition: condition.clone(),
            yes: yes.clone(),
            no: no.clone(),
        };
        Self::nested(node, &[condition, yes, no], yes.integer && no.integer)
    }

    /// Whether the value depends on positions.
    pub fn is_spatial(&self) -> bool {
        self.spatial
    }

    /// The value of a constant, else `None`.
    pub fn as_constant(&self) -> Option<f64> {
        if !self.is_constant() {
            return None;
        }
        let mut unused = Stream::new(Key::new(0, Purpose::Evaluate), 0, 0, 0);
        self.evaluate(&mut unused, &Context::default()).ok()
    }

    /// Whether all evaluations give the same value.
    pub fn is_constant(&self) -> bool {
        self.constant
    }

    /// Whether all values are integers.
    pub fn is_integer(&self) -> bool {
        self.integer
    }

    /// Which positions the value depends on.
    pub fn needs(&self) -> Needs {
        self.needs
    }
}
