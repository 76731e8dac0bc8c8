//! Parameters: values that are drawn or computed where they are used.
//!
//! A [`Parameter`] is an immutable expression; its leaves are constants, random distributions and
//! places in space. Every leaf draws anew each time that it is evaluated, so `p - p` is not 0.

use std::sync::Arc;

use crate::rng::{Key, Stream, cos, exp, pow, sin};

/// Most draws before [`Parameter::redraw`] gives up.
const MAX_REDRAWS: u32 = 1000;
/// Deepest nesting of expressions; bounds the stack that evaluation takes.
const MAX_DEPTH: u32 = 1000;

/// Why a parameter cannot be made or evaluated.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ParameterError {
    /// An argument of a constructor is outside its domain.
    #[error("parameter {parameter}: {argument} must be {allowed}, but is {value}")]
    Domain {
        /// Name of the parameter type.
        parameter: &'static str,
        /// Name of the argument.
        argument: &'static str,
        /// The domain, in words.
        allowed: &'static str,
        /// What was given.
        value: f64,
    },
    /// The bounds of a uniform distribution leave nothing between them.
    #[error("parameter uniform: min < max required, but min is {min} and max is {max}")]
    EmptyRange {
        /// Lower bound.
        min: f64,
        /// Upper bound.
        max: f64,
    },
    /// The bounds of a redraw leave nothing between them.
    #[error("parameter redraw: min <= max required, but min is {min} and max is {max}")]
    RedrawBounds {
        /// Lower bound.
        min: f64,
        /// Upper bound.
        max: f64,
    },
    /// No value between the bounds came up.
    #[error(
        "Number of redraws exceeded limit of {MAX_REDRAWS}: no value of the parameter was in \
         [{min}, {max}]; widen the bounds of redraw"
    )]
    RedrawLimit {
        /// Lower bound.
        min: f64,
        /// Upper bound.
        max: f64,
    },
    /// A spatial leaf is evaluated where there is no such place.
    #[error(
        "the {what} is not known here; {}",
        if *.what == "position of the node" {
            "it needs a spatially distributed node, not a connection"
        } else {
            "it can only be used when connecting spatially distributed nodes"
        }
    )]
    NoPosition {
        /// What the leaf asks for.
        what: &'static str,
    },
    /// A spatial leaf asks for a coordinate that the space does not have.
    #[error("the {what} has {available} dimensions; dimension index {dimension} does not exist")]
    NoDimension {
        /// What the leaf asks for.
        what: &'static str,
        /// Index from 0.
        dimension: usize,
        /// Number of dimensions of the space.
        available: usize,
    },
    /// The expression is nested too deeply.
    #[error("the parameter is nested more than {MAX_DEPTH} operations deep; simplify it")]
    TooDeep,
}

/// Operations on two parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// `a + b`
    Add,
    /// `a - b`
    Subtract,
    /// `a * b`
    Multiply,
    /// `a / b`
    Divide,
    /// `a` to the power `b`
    Power,
}

/// Comparisons of two parameters; true is 1 and false is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `a < b`
    Less,
    /// `a <= b`
    LessEqual,
    /// `a == b`
    Equal,
    /// `a != b`
    NotEqual,
    /// `a >= b`
    GreaterEqual,
    /// `a > b`
    Greater,
}

/// Functions of one parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `-a`
    Negate,
    /// Exponential function
    Exp,
    /// Sine
    Sin,
    /// Cosine
    Cos,
}

/// Whose position a spatial leaf takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Of the node whose parameter is evaluated.
    Node,
    /// Of the source of a connection.
    Source,
    /// Of the target of a connection.
    Target,
}

/// Where a parameter is evaluated: what its spatial leaves see.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Context<'a> {
    /// Position of the node whose parameter is evaluated.
    pub node: Option<&'a [f64]>,
    /// Position of the source of the connection.
    pub source: Option<&'a [f64]>,
    /// Position of the target of the connection.
    pub target: Option<&'a [f64]>,
    /// Vector from source to target, by the shortest way in a space with periodic boundaries.
    pub displacement: Option<&'a [f64]>,
}

#[derive(Debug, PartialEq)]
enum Node {
    Constant(f64),
    Uniform {
        min: f64,
        max: f64,
    },
    UniformInt {
        max: u64,
    },
    Normal {
        mean: f64,
        std: f64,
    },
    Lognormal {
        mean: f64,
        std: f64,
    },
    Exponential {
        beta: f64,
    },
    Position {
        place: Place,
        dimension: usize,
    },
    Distance {
        dimension: Option<usize>,
    },
    Unary(UnaryOp, Parameter),
    Binary(BinaryOp, Parameter, Parameter),
    Compare(Comparison, Parameter, Parameter),
    Min(Parameter, f64),
    Max(Parameter, f64),
    Redraw {
        inner: Parameter,
        min: f64,
        max: f64,
    },
    Conditional {
        condition: Parameter,
        yes: Parameter,
        no: Parameter,
    },
}

/// A value that is drawn or computed anew at each use. Cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    node: Arc<Node>,
    spatial: bool,
    constant: bool,
    integer: bool,
    depth: u32,
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
        }
    }

    fn spatial(node: Node) -> Self {
        Self {
            spatial: true,
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
        Ok(Self {
            node: Arc::new(node),
            spatial,
            constant,
            integer,
            depth,
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
        positive("normal", "std", std)?;
        Ok(Self::random(Node::Normal { mean, std }, false))
    }

    /// Exponential of a normal variate of the given mean and standard deviation.
    pub fn lognormal(mean: f64, std: f64) -> Result<Self, ParameterError> {
        finite("lognormal", "mean", mean)?;
        positive("lognormal", "std", std)?;
        Ok(Self::random(Node::Lognormal { mean, std }, false))
    }

    /// Exponential distribution of mean `beta`.
    pub fn exponential(beta: f64) -> Result<Self, ParameterError> {
        let valid = beta >= 0.0 && beta.is_finite();
        check("exponential", "beta", beta, ">= 0 and finite", valid)?;
        Ok(Self::random(Node::Exponential { beta }, false))
    }

    /// A coordinate (index from 0) of a position.
    pub fn position(place: Place, dimension: usize) -> Self {
        Self::spatial(Node::Position { place, dimension })
    }

    /// The distance between source and target, in all or in one dimension (index from 0).
    pub fn distance(dimension: Option<usize>) -> Self {
        Self::spatial(Node::Distance { dimension })
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
        let mut unused = Stream::new(
            crate::rng::Key::new(0, crate::rng::Purpose::Evaluate),
            0,
            0,
            0,
        );
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

    /// One value, with random numbers from `stream`.
    pub fn evaluate(&self, stream: &mut Stream, ctx: &Context) -> Result<f64, ParameterError> {
        Ok(match &*self.node {
            Node::Constant(value) => *value,
            Node::Uniform { min, max } => uniform(stream, *min, *max),
            Node::UniformInt { max } => stream.below(*max) as f64,
            Node::Normal { mean, std } => mean + std * stream.normal(),
            Node::Lognormal { mean, std } => stream.lognormal(*mean, *std),
            Node::Exponential { beta } => beta * stream.exponential(),
            Node::Position { place, dimension } => position(ctx, *place, *dimension)?,
            Node::Distance { dimension } => distance(ctx, *dimension)?,
            Node::Unary(op, a) => apply_unary(*op, a.evaluate(stream, ctx)?),
            Node::Binary(op, a, b) => {
                let a = a.evaluate(stream, ctx)?;
                apply_binary(*op, a, b.evaluate(stream, ctx)?)
            }
            Node::Compare(op, a, b) => {
                let a = a.evaluate(stream, ctx)?;
                f64::from(holds(*op, a, b.evaluate(stream, ctx)?))
            }
            Node::Min(a, value) => {
                let a = a.evaluate(stream, ctx)?;
                if *value < a { *value } else { a }
            }
            Node::Max(a, value) => {
                let a = a.evaluate(stream, ctx)?;
                if *value > a { *value } else { a }
            }
            Node::Redraw { inner, min, max } => redraw(inner, *min, *max, stream, ctx)?,
            Node::Conditional { condition, yes, no } => {
                let chosen = if condition.evaluate(stream, ctx)? != 0.0 {
                    yes
                } else {
                    no
                };
                chosen.evaluate(stream, ctx)?
            }
        })
    }

    /// As many values as there is room, one after another from `stream`. Leaves draw for all values
    /// at a time, so the values differ from those of single evaluations, but not in distribution.
    ///
    /// # Errors
    /// When a value cannot be had; what `out` holds is then undefined.
    pub fn fill(
        &self,
        stream: &mut Stream,
        ctx: &Context,
        out: &mut [f64],
    ) -> Result<(), ParameterError> {
        match &*self.node {
            Node::Constant(value) => out.fill(*value),
            Node::Normal { mean, std } => {
                stream.fill_normal(out);
                out.iter_mut().for_each(|x| *x = mean + std * *x);
            }
            Node::Uniform { min, max } => {
                stream.fill_uniform(out);
                out.iter_mut().for_each(|x| *x = in_range(*x, *min, *max));
            }
            Node::Unary(op, a) => {
                a.fill(stream, ctx, out)?;
                out.iter_mut().for_each(|x| *x = apply_unary(*op, *x));
            }
            Node::Binary(op, a, b) => {
                a.fill(stream, ctx, out)?;
                let mut other = vec![0.0; out.len()];
                b.fill(stream, ctx, &mut other)?;
                for (x, y) in out.iter_mut().zip(other) {
                    *x = apply_binary(*op, *x, y);
                }
            }
            Node::Min(a, value) => {
                a.fill(stream, ctx, out)?;
                out.iter_mut()
                    .for_each(|x| *x = if *value < *x { *value } else { *x });
            }
            Node::Max(a, value) => {
                a.fill(stream, ctx, out)?;
                out.iter_mut()
                    .for_each(|x| *x = if *value > *x { *value } else { *x });
            }
            Node::Redraw { inner, min, max } => {
                inner.fill(stream, ctx, out)?;
                for x in out.iter_mut().filter(|x| !(*min <= **x && **x <= *max)) {
                    *x = redraw(inner, *min, *max, stream, ctx)?;
                }
            }
            _ => {
                for x in out {
                    *x = self.evaluate(stream, ctx)?;
                }
            }
        }
        Ok(())
    }

    /// A value for each id, each from the stream of its own (key, call, id): on any split of the
    /// ids the values are the same. Appends to `out`, unless there is an error.
    pub fn evaluate_many(
        &self,
        key: Key,
        call: u32,
        ids: impl IntoIterator<Item = u64>,
        out: &mut Vec<f64>,
    ) -> Result<(), ParameterError> {
        let elements = ids.into_iter().map(|id| (id, Context::default()));
        self.evaluate_many_at(key, call, elements, out)
    }

    /// As [`Parameter::evaluate_many`], each id in a context of its own.
    pub fn evaluate_many_at<'c>(
        &self,
        key: Key,
        call: u32,
        elements: impl IntoIterator<Item = (u64, Context<'c>)>,
        out: &mut Vec<f64>,
    ) -> Result<(), ParameterError> {
        let before = out.len();
        for (id, ctx) in elements {
            let mut stream = Stream::new(key, call, id as u32, (id >> 32) as u32);
            match self.evaluate(&mut stream, &ctx) {
                Ok(value) => out.push(value),
                Err(error) => {
                    out.truncate(before);
                    return Err(error);
                }
            }
        }
        Ok(())
    }
}

fn uniform(stream: &mut Stream, min: f64, max: f64) -> f64 {
    in_range(stream.uniform(), min, max)
}

/// Rounding can lift the largest draws to `max`, which is excluded.
fn in_range(unit: f64, min: f64, max: f64) -> f64 {
    let value = min + unit * (max - min);
    if value < max {
        value
    } else {
        max.next_down().max(min)
    }
}

fn redraw(
    inner: &Parameter,
    min: f64,
    max: f64,
    stream: &mut Stream,
    ctx: &Context,
) -> Result<f64, ParameterError> {
    for _ in 0..MAX_REDRAWS {
        let value = inner.evaluate(stream, ctx)?;
        if min <= value && value <= max {
            return Ok(value);
        }
    }
    Err(ParameterError::RedrawLimit { min, max })
}

fn coordinate(what: &'static str, x: &[f64], dimension: usize) -> Result<f64, ParameterError> {
    let available = x.len();
    let missing = ParameterError::NoDimension {
        what,
        dimension,
        available,
    };
    x.get(dimension).copied().ok_or(missing)
}

fn position(ctx: &Context, place: Place, dimension: usize) -> Result<f64, ParameterError> {
    let (what, position) = match place {
        Place::Node => ("position of the node", ctx.node),
        Place::Source => ("position of the source", ctx.source),
        Place::Target => ("position of the target", ctx.target),
    };
    coordinate(
        what,
        position.ok_or(ParameterError::NoPosition { what })?,
        dimension,
    )
}

fn distance(ctx: &Context, dimension: Option<usize>) -> Result<f64, ParameterError> {
    let what = "distance between source and target";
    let displacement = ctx
        .displacement
        .ok_or(ParameterError::NoPosition { what })?;
    match dimension {
        Some(dimension) => Ok(coordinate(what, displacement, dimension)?.abs()),
        None => Ok(displacement.iter().map(|x| x * x).sum::<f64>().sqrt()),
    }
}

fn apply_unary(op: UnaryOp, a: f64) -> f64 {
    match op {
        UnaryOp::Negate => -a,
        UnaryOp::Exp => exp(a),
        UnaryOp::Sin => sin(a),
        UnaryOp::Cos => cos(a),
    }
}

fn apply_binary(op: BinaryOp, a: f64, b: f64) -> f64 {
    match op {
        BinaryOp::Add => a + b,
        BinaryOp::Subtract => a - b,
        BinaryOp::Multiply => a * b,
        BinaryOp::Divide => a / b,
        BinaryOp::Power => pow(a, b),
    }
}

fn holds(op: Comparison, a: f64, b: f64) -> bool {
    match op {
        Comparison::Less => a < b,
        Comparison::LessEqual => a <= b,
        Comparison::Equal => a == b,
        Comparison::NotEqual => a != b,
        Comparison::GreaterEqual => a >= b,
        Comparison::Greater => a > b,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::rng::Purpose;

    fn key() -> Key {
        Key::new(9, Purpose::Evaluate)
    }

    fn value(p: Result<Parameter, ParameterError>) -> f64 {
        p.unwrap()
            .evaluate(&mut Stream::new(key(), 0, 0, 0), &Context::default())
            .unwrap()
    }

    fn constant(x: f64) -> Parameter {
        Parameter::constant(x).unwrap()
    }

    fn sample(p: &Parameter) -> Vec<f64> {
        let mut out = Vec::new();
        p.evaluate_many(key(), 3, 0..40_000, &mut out).unwrap();
        out
    }

    fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
        let (sum, n) = values
            .into_iter()
            .fold((0.0, 0.0), |(s, n), x| (s + x, n + 1.0));
        sum / n
    }

    #[test]
    fn arguments_outside_their_domain_are_refused() {
        let nan = f64::NAN;
        let inf = f64::INFINITY;
        let p = constant(1.0);
        let refused = [
            Parameter::constant(nan),
            Parameter::constant(inf),
            Parameter::uniform(1.0, 1.0),
            Parameter::uniform(2.0, 1.0),
            Parameter::uniform(nan, 1.0),
            Parameter::uniform(0.0, inf),
            Parameter::uniform(-1e308, 1e308),
            Parameter::uniform_int(0),
            Parameter::uniform_int(-3),
            Parameter::normal(0.0, 0.0),
            Parameter::normal(0.0, -1.0),
            Parameter::normal(nan, 1.0),
            Parameter::normal(0.0, inf),
            Parameter::lognormal(0.0, 0.0),
            Parameter::lognormal(inf, 1.0),
            Parameter::exponential(-1.0),
            Parameter::exponential(nan),
            Parameter::min(&p, nan),
            Parameter::redraw(&p, 2.0, 1.0),
            Parameter::redraw(&p, nan, 1.0),
        ];
        for (i, result) in refused.into_iter().enumerate() {
            assert!(result.is_err(), "case {i}");
        }
        let error = Parameter::normal(0.0, -1.0).unwrap_err();
        assert_eq!(
            error.to_string(),
            "parameter normal: std must be > 0 and finite, but is -1"
        );
    }

    #[test]
    fn operations_on_constants() {
        let (a, b) = (&constant(3.0), &constant(2.0));
        let binary = |op| value(Parameter::binary(op, a, b));
        assert_eq!(binary(BinaryOp::Add), 5.0);
        assert_eq!(binary(BinaryOp::Subtract), 1.0);
        assert_eq!(binary(BinaryOp::Multiply), 6.0);
        assert_eq!(binary(BinaryOp::Divide), 1.5);
        assert_eq!(binary(BinaryOp::Power), 9.0);
        let compare =
            |op| [(a, b), (b, a), (a, a)].map(|(x, y)| value(Parameter::compare(op, x, y)));
        assert_eq!(compare(Comparison::Less), [0.0, 1.0, 0.0]);
        assert_eq!(compare(Comparison::LessEqual), [0.0, 1.0, 1.0]);
        assert_eq!(compare(Comparison::Equal), [0.0, 0.0, 1.0]);
        assert_eq!(compare(Comparison::NotEqual), [1.0, 1.0, 0.0]);
        assert_eq!(compare(Comparison::GreaterEqual), [1.0, 0.0, 1.0]);
        assert_eq!(compare(Comparison::Greater), [1.0, 0.0, 0.0]);
        assert_eq!(value(Parameter::unary(UnaryOp::Negate, a)), -3.0);
        for (op, f) in [
            (UnaryOp::Exp, f64::exp as fn(f64) -> f64),
            (UnaryOp::Sin, f64::sin),
            (UnaryOp::Cos, f64::cos),
        ] {
            assert!((value(Parameter::unary(op, a)) / f(3.0) - 1.0).abs() < 1e-15);
        }
        assert_eq!(value(Parameter::min(a, 1.0)), 1.0);
        assert_eq!(value(Parameter::max(a, 1.0)), 3.0);
        assert_eq!(value(Parameter::conditional(&constant(0.0), a, b)), 2.0);
        assert_eq!(value(Parameter::conditional(&constant(0.5), a, b)), 3.0);
    }

    #[test]
    fn moments_of_the_distributions() {
        let cases = [
            (Parameter::uniform(-1.0, 3.0).unwrap(), 1.0, 16.0 / 12.0),
            (Parameter::uniform_int(5).unwrap(), 2.0, 2.0),
            (Parameter::normal(-2.0, 3.0).unwrap(), -2.0, 9.0),
            (Parameter::exponential(2.5).unwrap(), 2.5, 6.25),
            (
                Parameter::lognormal(0.1, 0.5).unwrap(),
                (0.1 + 0.125f64).exp(),
                (0.25f64.exp() - 1.0) * (0.2 + 0.25f64).exp(),
            ),
        ];
        for (p, first, variance) in cases {
            let values = sample(&p);
            let got = mean(values.iter().copied());
            let standard_error = (variance / values.len() as f64).sqrt();
            assert!(
                (got - first).abs() < 4.0 * standard_error,
                "{p:?}: mean {got}"
            );
            let got = mean(values.iter().map(|x| (x - first) * (x - first)));
            assert!((got / variance - 1.0).abs() < 0.06, "{p:?}: variance {got}");
        }
        assert_eq!(value(Parameter::exponential(0.0)), 0.0);
    }

    /// One leaf is drawn at a time, so an expression of one leaf has the same values either way.
    #[test]
    fn many_values_of_one_leaf_are_those_of_single_evaluations() {
        let normal = Parameter::normal(1.0, 2.0).unwrap();
        let scaled = Parameter::binary(
            BinaryOp::Multiply,
            &normal,
            &Parameter::constant(3.0).unwrap(),
        );
        let leaves = [
            normal.clone(),
            Parameter::uniform(-1.0, 2.0).unwrap(),
            Parameter::exponential(2.0).unwrap(),
            scaled.unwrap(),
            Parameter::max(&Parameter::min(&normal, 2.0).unwrap(), 0.5).unwrap(),
        ];
        for p in leaves {
            let (mut one, mut many) = (Stream::new(key(), 1, 2, 3), Stream::new(key(), 1, 2, 3));
            let mut out = vec![0.0; 333];
            p.fill(&mut many, &Context::default(), &mut out).unwrap();
            for x in out {
                assert_eq!(Ok(x), p.evaluate(&mut one, &Context::default()), "{p:?}");
            }
        }
        let half = Parameter::redraw(&normal, 1.0, 4.0).unwrap();
        let mut out = vec![0.0; 20_000];
        half.fill(
            &mut Stream::new(key(), 1, 2, 3),
            &Context::default(),
            &mut out,
        )
        .unwrap();
        assert!(out.iter().all(|x| (1.0..=4.0).contains(x)));
        // the mean of a half-normal cut at 1.5 standard deviations
        assert!((mean(out) - (1.0 + 2.0 * 0.621_95)).abs() < 0.03);
    }

    #[test]
    fn every_leaf_draws_anew() {
        let p = Parameter::uniform(0.0, 1.0).unwrap();
        let difference = Parameter::binary(BinaryOp::Subtract, &p, &p).unwrap();
        let values = sample(&difference);
        assert!(values.iter().all(|&x| x != 0.0));
        // Of two independent uniforms.
        let variance = mean(values.iter().map(|x| x * x));
        assert!((variance * 6.0 - 1.0).abs() < 0.03);
    }

    #[test]
    fn redraw_keeps_bounds_and_gives_up() {
        let int = Parameter::uniform_int(3).unwrap();
        let one = Parameter::redraw(&int, 1.0, 1.0).unwrap();
        assert!(sample(&one).iter().all(|&x| x == 1.0));
        let normal = Parameter::normal(0.0, 1.0).unwrap();
        let half = Parameter::redraw(&normal, 0.0, f64::INFINITY).unwrap();
        let values = sample(&half);
        assert!(values.iter().all(|&x| x >= 0.0));
        assert!((mean(values) - (2.0 / std::f64::consts::PI).sqrt()).abs() < 0.015);
        let never = Parameter::redraw(&normal, 90.0, 91.0).unwrap();
        let mut out = vec![7.0];
        let error = never.evaluate_many(key(), 0, 0..5, &mut out).unwrap_err();
        assert_eq!(
            error,
            ParameterError::RedrawLimit {
                min: 90.0,
                max: 91.0
            }
        );
        assert_eq!(out, [7.0]);
    }

    #[test]
    fn values_do_not_depend_on_the_split_of_the_ids() {
        let p = Parameter::normal(0.0, 1.0).unwrap();
        let mut parts = Vec::new();
        for ids in [0..17, 17..18, 18..40_000] {
            p.evaluate_many(key(), 3, ids, &mut parts).unwrap();
        }
        assert_eq!(parts, sample(&p));
        let mut other_call = Vec::new();
        p.evaluate_many(key(), 4, [0, 1 << 32], &mut other_call)
            .unwrap();
        assert_ne!(other_call[0], parts[0]);
        assert_ne!(other_call[0], other_call[1]);
    }

    #[test]
    fn spatial_leaves_read_the_context() {
        let ctx = Context {
            source: Some(&[1.0, 2.0]),
            displacement: Some(&[-3.0, 4.0]),
            ..Context::default()
        };
        let at = |p: Parameter| p.evaluate(&mut Stream::new(key(), 0, 0, 0), &ctx);
        assert_eq!(at(Parameter::position(Place::Source, 1)), Ok(2.0));
        assert_eq!(at(Parameter::distance(None)), Ok(5.0));
        assert_eq!(at(Parameter::distance(Some(0))), Ok(3.0));
        let missing = at(Parameter::position(Place::Node, 0)).unwrap_err();
        assert!(
            missing
                .to_string()
                .contains("position of the node is not known")
        );
        let third = at(Parameter::position(Place::Source, 2)).unwrap_err();
        assert!(matches!(
            third,
            ParameterError::NoDimension { available: 2, .. }
        ));
    }

    #[test]
    fn properties_follow_the_expression() {
        let int = Parameter::uniform_int(4).unwrap();
        let two = constant(2.0);
        let sum = Parameter::binary(BinaryOp::Add, &int, &two).unwrap();
        assert!(sum.is_integer() && !sum.is_constant() && !sum.is_spatial());
        assert!(
            !Parameter::binary(BinaryOp::Divide, &int, &two)
                .unwrap()
                .is_integer()
        );
        assert!(
            Parameter::binary(BinaryOp::Divide, &two, &two)
                .unwrap()
                .is_constant()
        );
        let far = Parameter::binary(BinaryOp::Add, &int, &Parameter::distance(None)).unwrap();
        assert!(far.is_spatial() && !far.is_constant());
    }

    #[test]
    fn deep_expressions_are_evaluated_and_deeper_ones_refused() {
        let mut p = constant(0.0);
        for _ in 0..MAX_DEPTH {
            p = Parameter::binary(BinaryOp::Add, &p, &constant(1.0)).unwrap();
        }
        assert_eq!(value(Ok(p.clone())), f64::from(MAX_DEPTH));
        assert_eq!(
            Parameter::unary(UnaryOp::Negate, &p).unwrap_err(),
            ParameterError::TooDeep
        );
    }
}
