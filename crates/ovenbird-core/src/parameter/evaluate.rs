//! Values of parameters: one at a time, or a whole array.

use super::context::element;
use super::expression::Node;
use super::{BinaryOp, Comparison, Context, MAX_REDRAWS, Parameter, ParameterError};
use super::{Place, Points, UnaryOp};
use crate::math::vectorize;
use crate::rng::{Draw, Stream, cos, exp, pow, sin};

/// Values that are looked at together before any of them is redrawn.
const LOOKED_AT: usize = 64;
/// Values of which those out of bounds are redrawn together.
const REDRAWN: usize = 512;

/// Replaces each value by a function of it.
#[inline(always)]
fn change(values: &mut [f64], f: impl Fn(f64) -> f64) {
    vectorize(
        #[inline(always)]
        || {
            for x in values {
                *x = f(*x);
            }
        },
    );
}

/// One bit for each of up to 64 values, set where it is out of bounds.
fn outside(values: &[f64], min: f64, max: f64) -> u64 {
    vectorize(
        #[inline(always)]
        || {
            let mut bits = 0u64;
            for (i, &x) in (0u64..).zip(values) {
                bits |= u64::from(!((min <= x) & (x <= max))) << i;
            }
            bits
        },
    )
}

impl Parameter {
    /// One value, with random numbers from `stream`; `ctx` holds one element.
    pub fn evaluate(&self, stream: &mut Stream, ctx: &Context) -> Result<f64, ParameterError> {
        self.value_at(stream, ctx, 0)
    }

    /// The value of element `i` of `ctx`.
    fn value_at(
        &self,
        stream: &mut Stream,
        ctx: &Context,
        i: usize,
    ) -> Result<f64, ParameterError> {
        Ok(match &*self.node {
            Node::Constant(value) => *value,
            Node::Uniform { min, max } => in_range(stream.uniform(), *min, *max),
            Node::UniformInt { max } => stream.below(*max) as f64,
            Node::Normal { mean, std } => mean + std * stream.normal(),
            Node::Lognormal { mean, std } => stream.lognormal(*mean, *std),
            Node::Exponential { beta } => beta * stream.exponential(),
            Node::Position { place, dimension } => element(position(ctx, *place, *dimension)?, i),
            Node::Distance { dimension } => {
                let displacement = displacement(ctx)?;
                match dimension {
                    Some(d) => element(coordinate(DISTANCE, displacement, *d)?, i).abs(),
                    None => {
                        let columns = displacement.columns().iter();
                        let squares = columns.map(|c| element(c, i)).map(|x| x * x);
                        squares.sum::<f64>().sqrt()
                    }
                }
            }
            Node::Profile(profile, x) => profile.at(x.value_at(stream, ctx, i)?),
            Node::PlaneProfile(profile, x, y) => {
                let x = x.value_at(stream, ctx, i)?;
                profile.at(x, y.value_at(stream, ctx, i)?)
            }
            Node::Unary(op, a) => apply_unary(*op, a.value_at(stream, ctx, i)?),
            Node::Binary(op, a, b) => {
                let a = a.value_at(stream, ctx, i)?;
                apply_binary(*op, a, b.value_at(stream, ctx, i)?)
            }
            Node::Compare(op, a, b) => {
                let a = a.value_at(stream, ctx, i)?;
                f64::from(holds(*op, a, b.value_at(stream, ctx, i)?))
            }
            Node::Min(a, value) => smaller(a.value_at(stream, ctx, i)?, *value),
            Node::Max(a, value) => larger(a.value_at(stream, ctx, i)?, *value),
            Node::Redraw { inner, min, max } => redraw(inner, *min, *max, stream, ctx, i)?,
            Node::Conditional { condition, yes, no } => {
                let chosen = if condition.value_at(stream, ctx, i)? != 0.0 {
                    yes
                } else {
                    no
                };
                chosen.value_at(stream, ctx, i)?
            }
        })
    }

    /// As many values as there is room, with random numbers from `stream`, each for its element of
    /// `ctx`. Leaves draw for all values at a time, so the values differ from those of single
    /// evaluations, but not in distribution.
    ///
    /// # Errors
    /// When a value cannot be had; what `out` holds is then undefined.
    pub fn fill<S: Draw>(
        &self,
        stream: &mut S,
        ctx: &Context,
        out: &mut [f64],
    ) -> Result<(), ParameterError> {
        match &*self.node {
            Node::Constant(value) => out.fill(*value),
            Node::Normal { mean, std } => stream.fill_normal(*mean, *std, out),
            Node::Uniform { min, max } => {
                stream.fill_uniform(out);
                change(out, |x| in_range(x, *min, *max));
            }
            Node::Position { place, dimension } => {
                spread(position(ctx, *place, *dimension)?, out);
            }
            Node::Distance { dimension } => fill_distance(ctx, *dimension, out)?,
            Node::Profile(profile, x) => {
                x.fill(stream, ctx, out)?;
                profile.apply(out);
            }
            Node::PlaneProfile(profile, x, y) => {
                x.fill(stream, ctx, out)?;
                profile.apply(out, &y.filled(stream, ctx, out.len())?);
            }
            Node::Unary(op, a) => {
                a.fill(stream, ctx, out)?;
                fill_unary(*op, out);
            }
            Node::Binary(op, a, b) => {
                a.fill(stream, ctx, out)?;
                fill_binary(*op, out, b, stream, ctx)?;
            }
            Node::Compare(op, a, b) => {
                a.fill(stream, ctx, out)?;
                let other = b.filled(stream, ctx, out.len())?;
                for (x, y) in out.iter_mut().zip(other) {
                    *x = f64::from(holds(*op, *x, y));
                }
            }
            Node::Min(a, value) => {
                a.fill(stream, ctx, out)?;
                change(out, |x| smaller(x, *value));
            }
            Node::Max(a, value) => {
                a.fill(stream, ctx, out)?;
                change(out, |x| larger(x, *value));
            }
            Node::Redraw { inner, min, max } => {
                fill_redrawn(inner, *min, *max, stream, ctx, out)?;
            }
            // a redraw may fail where its branch is not taken
            Node::Conditional { condition, yes, no } if !yes.redraws() && !no.redraws() => {
                let condition = condition.filled(stream, ctx, out.len())?;
                yes.fill(stream, ctx, out)?;
                let no = no.filled(stream, ctx, out.len())?;
                for ((x, condition), no) in out.iter_mut().zip(condition).zip(no) {
                    *x = if condition != 0.0 { *x } else { no };
                }
            }
            _ => {
                stream.each(0..out.len(), |stream, i| {
                    out[i] = self.value_at(stream, ctx, i)?;
                    Ok::<(), ParameterError>(())
                })?;
                stream.advance();
            }
        }
        Ok(())
    }

    /// [`Parameter::fill`] into a new vector.
    pub fn filled<S: Draw>(
        &self,
        stream: &mut S,
        ctx: &Context,
        n: usize,
    ) -> Result<Vec<f64>, ParameterError> {
        let mut out = vec![0.0; n];
        self.fill(stream, ctx, &mut out)?;
        Ok(out)
    }

    /// Whether a redraw is anywhere in the expression.
    fn redraws(&self) -> bool {
        match &*self.node {
            Node::Redraw { .. } => true,
            Node::Profile(_, a) | Node::Unary(_, a) | Node::Min(a, _) | Node::Max(a, _) => {
                a.redraws()
            }
            Node::PlaneProfile(_, a, b) | Node::Binary(_, a, b) | Node::Compare(_, a, b) => {
                a.redraws() || b.redraws()
            }
            Node::Conditional { condition, yes, no } => {
                condition.redraws() || yes.redraws() || no.redraws()
            }
            _ => false,
        }
    }
}

/// Rounding can lift the largest draws to `max`, which is excluded.
#[inline(always)]
fn in_range(unit: f64, min: f64, max: f64) -> f64 {
    let value = min + unit * (max - min);
    if value < max {
        value
    } else {
        max.next_down().max(min)
    }
}

#[inline(always)]
fn smaller(x: f64, value: f64) -> f64 {
    if value < x { value } else { x }
}

#[inline(always)]
fn larger(x: f64, value: f64) -> f64 {
    if value > x { value } else { x }
}

fn redraw(
    inner: &Parameter,
    min: f64,
    max: f64,
    stream: &mut Stream,
    ctx: &Context,
    i: usize,
) -> Result<f64, ParameterError> {
    for _ in 0..MAX_REDRAWS {
        let value = inner.value_at(stream, ctx, i)?;
        if min <= value && value <= max {
            return Ok(value);
        }
    }
    Err(ParameterError::RedrawLimit { min, max })
}

/// Draws all values, then those anew that are out of bounds, in their order.
fn fill_redrawn<S: Draw>(
    inner: &Parameter,
    min: f64,
    max: f64,
    stream: &mut S,
    ctx: &Context,
    out: &mut [f64],
) -> Result<(), ParameterError> {
    inner.fill(stream, ctx, out)?;
    let leaf = matches!(&*inner.node, Node::Normal { .. } | Node::Uniform { .. });
    for (k, some) in out.chunks_mut(REDRAWN).enumerate() {
        let mut places = [0u16; REDRAWN];
        let n = list_outside(some, min, max, &mut places);
        if let (true, Some(stream)) = (leaf, stream.single()) {
            redraw_leaf(inner, min, max, stream, ctx, &places[..n], some)?;
            continue;
        }
        let first = k * REDRAWN;
        let beyond = places[..n].iter().map(|&i| first + usize::from(i));
        stream.each(beyond, |stream, i| {
            some[i - first] = redraw(inner, min, max, stream, ctx, i)?;
            Ok::<(), ParameterError>(())
        })?;
    }
    stream.advance();
    Ok(())
}

/// Writes where values are out of bounds; returns how many are.
fn list_outside(values: &[f64], min: f64, max: f64, places: &mut [u16; REDRAWN]) -> usize {
    let mut n = 0;
    for (k, some) in values.chunks(LOOKED_AT).enumerate() {
        let mut bits = outside(some, min, max);
        while bits != 0 {
            places[n] = (k * LOOKED_AT) as u16 + bits.trailing_zeros() as u16;
            bits &= bits - 1;
            n += 1;
        }
    }
    n
}

/// Redraws the values at `places` one after another, as [`redraw`] does, for a leaf, of which many
/// draws at a time are the draws one by one.
fn redraw_leaf(
    leaf: &Parameter,
    min: f64,
    max: f64,
    stream: &mut Stream,
    ctx: &Context,
    mut places: &[u16],
    values: &mut [f64],
) -> Result<(), ParameterError> {
    let mut buffer = [0.0; LOOKED_AT];
    let mut failed = 0;
    while !places.is_empty() {
        // each place needs a draw at least, so that none is too many
        let drawn = &mut buffer[..places.len().min(LOOKED_AT)];
        leaf.fill(stream, ctx, drawn)?;
        for &value in &*drawn {
            if min <= value && value <= max {
                values[usize::from(places[0])] = value;
                places = &places[1..];
                failed = 0;
            } else {
                failed += 1;
                if failed == MAX_REDRAWS {
                    return Err(ParameterError::RedrawLimit { min, max });
                }
            }
        }
    }
    Ok(())
}

/// Writes a column, whose single value may stand for all.
fn spread(column: &[f64], out: &mut [f64]) {
    match column {
        [one] => out.fill(*one),
        many => out.copy_from_slice(&many[..out.len()]),
    }
}

const DISTANCE: &str = "distance between source and target";

fn coordinate<'a>(
    what: &'static str,
    points: Points<'a>,
    dimension: usize,
) -> Result<&'a [f64], ParameterError> {
    points.column(dimension).ok_or(ParameterError::NoDimension {
        what,
        dimension,
        available: points.dimensions(),
    })
}

fn position<'a>(
    ctx: &Context<'a>,
    place: Place,
    dimension: usize,
) -> Result<&'a [f64], ParameterError> {
    let (what, points) = match place {
        Place::Node => {
            let points = ctx.node.ok_or(ParameterError::NoPosition)?;
            return coordinate("position of the node", points, dimension);
        }
        Place::Source => ("position of the source", ctx.source),
        Place::Target => ("position of the target", ctx.target),
    };
    let points = points.ok_or(ParameterError::OnlyConnecting { what })?;
    coordinate(what, points, dimension)
}

fn displacement<'a>(ctx: &Context<'a>) -> Result<Points<'a>, ParameterError> {
    ctx.displacement
        .ok_or(ParameterError::OnlyConnecting { what: DISTANCE })
}

fn fill_distance(
    ctx: &Context,
    dimension: Option<usize>,
    out: &mut [f64],
) -> Result<(), ParameterError> {
    let points = displacement(ctx)?;
    if let Some(d) = dimension {
        spread(coordinate(DISTANCE, points, d)?, out);
        out.iter_mut().for_each(|x| *x = x.abs());
        return Ok(());
    }
    match points.columns() {
        [x, y] if x.len() > 1 && y.len() > 1 => vectorize(
            #[inline(always)]
            || {
                for ((out, x), y) in out.iter_mut().zip(*x).zip(*y) {
                    *out = (x * x + y * y).sqrt();
                }
            },
        ),
        [x, y, z] if x.len() > 1 && y.len() > 1 && z.len() > 1 => vectorize(
            #[inline(always)]
            || {
                for (((out, x), y), z) in out.iter_mut().zip(*x).zip(*y).zip(*z) {
                    *out = (x * x + y * y + z * z).sqrt();
                }
            },
        ),
        columns => {
            for (i, out) in out.iter_mut().enumerate() {
                let squares = columns.iter().map(|c| element(c, i)).map(|x| x * x);
                *out = squares.sum::<f64>().sqrt();
            }
        }
    }
    Ok(())
}

fn apply_unary(op: UnaryOp, a: f64) -> f64 {
    match op {
        UnaryOp::Negate => -a,
        UnaryOp::Exp => exp(a),
        UnaryOp::Sin => sin(a),
        UnaryOp::Cos => cos(a),
    }
}

fn fill_unary(op: UnaryOp, out: &mut [f64]) {
    match op {
        UnaryOp::Negate => out.iter_mut().for_each(|x| *x = -*x),
        op => out.iter_mut().for_each(|x| *x = apply_unary(op, *x)),
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

/// `out` becomes `out op b`.
fn fill_binary<S: Draw>(
    op: BinaryOp,
    out: &mut [f64],
    b: &Parameter,
    stream: &mut S,
    ctx: &Context,
) -> Result<(), ParameterError> {
    #[inline(always)]
    fn combine(out: &mut [f64], other: &[f64], f: impl Fn(f64, f64) -> f64) {
        match other {
            [y] => out.iter_mut().for_each(|x| *x = f(*x, *y)),
            many => {
                for (x, y) in out.iter_mut().zip(many) {
                    *x = f(*x, *y);
                }
            }
        }
    }
    let constant;
    let array;
    let other: &[f64] = match &*b.node {
        Node::Constant(value) => {
            constant = [*value];
            &constant
        }
        _ => {
            array = b.filled(stream, ctx, out.len())?;
            &array
        }
    };
    vectorize(
        #[inline(always)]
        || match op {
            BinaryOp::Add => combine(out, other, |x, y| x + y),
            BinaryOp::Subtract => combine(out, other, |x, y| x - y),
            BinaryOp::Multiply => combine(out, other, |x, y| x * y),
            BinaryOp::Divide => combine(out, other, |x, y| x / y),
            BinaryOp::Power => combine(out, other, pow),
        },
    );
    Ok(())
}

pub(super) fn holds(op: Comparison, a: f64, b: f64) -> bool {
    match op {
        Comparison::Less => a < b,
        Comparison::LessEqual => a <= b,
        Comparison::Equal => a == b,
        Comparison::NotEqual => a != b,
        Comparison::GreaterEqual => a >= b,
        Comparison::Greater => a > b,
    }
}
