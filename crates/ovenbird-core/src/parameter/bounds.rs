//! Bounds of a parameter over a region of space, by interval arithmetic.

use super::context::MAX_DIMENSIONS;
use super::evaluate::holds;
use super::expression::{Node, PlaneProfile, Profile};
use super::{BinaryOp, Comparison, Parameter, Place, UnaryOp};
use crate::math;

/// All numbers from `low` to `high`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

/// Intervals of the positions and displacements of pairs of nodes.
#[derive(Clone, Copy, Debug)]
pub struct Region {
    pub source: [Interval; MAX_DIMENSIONS],
    pub target: [Interval; MAX_DIMENSIONS],
    pub displacement: [Interval; MAX_DIMENSIONS],
    /// Number of dimensions in use.
    pub dimensions: usize,
}

impl Interval {
    /// All numbers.
    pub const ALL: Interval = Interval {
        low: f64::NEG_INFINITY,
        high: f64::INFINITY,
    };

    /// The interval between two numbers, and all numbers if one of them is not a number.
    pub fn new(low: f64, high: f64) -> Self {
        if low <= high {
            Interval { low, high }
        } else {
            Self::ALL
        }
    }

    /// A single number.
    pub fn point(x: f64) -> Self {
        Self::new(x, x)
    }

    /// The smallest interval that holds both.
    #[must_use]
    pub fn hull(self, other: Interval) -> Interval {
        Self::new(self.low.min(other.low), self.high.max(other.high))
    }

    fn of(values: &[f64]) -> Interval {
        if values.iter().any(|x| x.is_nan()) {
            return Self::ALL;
        }
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        Self::new(low, values.iter().copied().fold(low, f64::max))
    }

    /// Of the absolute values.
    fn abs(self) -> Interval {
        let high = self.high.abs().max(self.low.abs());
        if self.low <= 0.0 && self.high >= 0.0 {
            Self::new(0.0, high)
        } else {
            Self::new(self.low.abs().min(self.high.abs()), high)
        }
    }

    /// Of the squares.
    fn square(self) -> Interval {
        let Interval { low, high } = self.abs();
        Self::new(low * low, high * high)
    }
}

/// Of e^-x.
fn decay(x: Interval) -> Interval {
    Interval::new(math::exp(-x.high), math::exp(-x.low))
}

impl Parameter {
    /// An interval that holds all values that the parameter can take in `region`. It need not be
    /// the smallest one.
    pub fn bounds(&self, region: &Region) -> Interval {
        match &*self.node {
            Node::Constant(x) => Interval::point(*x),
            Node::Uniform { min, max } => Interval::new(*min, *max),
            Node::UniformInt { max } => Interval::new(0.0, (*max - 1) as f64),
            Node::Normal { .. } => Interval::ALL,
            Node::Lognormal { .. } | Node::Exponential { .. } => Interval::new(0.0, f64::INFINITY),
            Node::Position { place, dimension } => {
                let of = match place {
                    Place::Node => return Interval::ALL,
                    Place::Source => &region.source,
                    Place::Target => &region.target,
                };
                let inside = *dimension < region.dimensions;
                if inside {
                    of[*dimension]
                } else {
                    Interval::ALL
                }
            }
            Node::Distance { dimension: Some(d) } if *d < region.dimensions => {
                region.displacement[*d].abs()
            }
            Node::Distance { dimension: Some(_) } => Interval::ALL,
            Node::Distance { dimension: None } => distance(region),
            Node::Profile(profile, x) => profile.bounds(x.bounds(region)),
            Node::PlaneProfile(profile, x, y) => profile.bounds(x.bounds(region), y.bounds(region)),
            Node::Unary(op, a) => unary(*op, a.bounds(region)),
            Node::Binary(op, a, b) => binary(*op, a.bounds(region), b.bounds(region)),
            Node::Compare(op, a, b) => compare(*op, a.bounds(region), b.bounds(region)),
            Node::Min(a, value) => {
                let a = a.bounds(region);
                Interval::new(a.low.min(*value), a.high.min(*value))
            }
            Node::Max(a, value) => {
                let a = a.bounds(region);
                Interval::new(a.low.max(*value), a.high.max(*value))
            }
            Node::Redraw { inner, min, max } => {
                let inner = inner.bounds(region);
                Interval::new(inner.low.max(*min), inner.high.min(*max))
            }
            Node::Conditional { condition, yes, no } => {
                let condition = condition.bounds(region);
                if condition == Interval::point(0.0) {
                    no.bounds(region)
                } else if condition.low > 0.0 || condition.high < 0.0 {
                    yes.bounds(region)
                } else {
                    yes.bounds(region).hull(no.bounds(region))
                }
            }
        }
    }
}

fn distance(region: &Region) -> Interval {
    let squares = region.displacement[..region.dimensions]
        .iter()
        .map(|d| d.square());
    let (low, high) = squares.fold((0.0, 0.0), |(l, h), s| (l + s.low, h + s.high));
    Interval::new(f64::sqrt(low), f64::sqrt(high))
}

impl Profile {
    fn bounds(self, x: Interval) -> Interval {
        match self {
            Profile::Exponential { inv_beta } => {
                decay(Interval::new(x.low * inv_beta, x.high * inv_beta))
            }
            Profile::Gaussian { mean, inv_two_var } => {
                let square = Interval::new(x.low - mean, x.high - mean).square();
                decay(Interval::new(
                    square.low * inv_two_var,
                    square.high * inv_two_var,
                ))
            }
            Profile::Gamma {
                kappa, inv_theta, ..
            } => {
                if x.low < 0.0 {
                    return Interval::ALL;
                }
                // rises to the mode and falls beyond it
                let mode = ((kappa - 1.0) / inv_theta).max(0.0);
                Interval::new(0.0, self.at(mode.clamp(x.low, x.high)))
            }
        }
    }
}

impl PlaneProfile {
    fn bounds(self, x: Interval, y: Interval) -> Interval {
        let falling = |rate: f64, x: Interval, y: Interval| {
            let nearest = x.square().low + y.square().low;
            Interval::new(0.0, math::exp(-rate * nearest))
        };
        match self {
            PlaneProfile::Gaussian { mean, form } => {
                let [a, b, c] = form;
                // the smaller eigenvalue of the quadratic form a x^2 + b y^2 - c x y
                let rate = 0.5 * (a + b - ((a - b) * (a - b) + c * c).sqrt());
                let shift = |i: Interval, by: f64| Interval::new(i.low - by, i.high - by);
                falling(rate.max(0.0), shift(x, mean[0]), shift(y, mean[1]))
            }
            PlaneProfile::Gabor { form, .. } => falling(form[0].min(form[1]), x, y),
        }
    }
}

fn unary(op: UnaryOp, a: Interval) -> Interval {
    match op {
        UnaryOp::Negate => Interval::new(-a.high, -a.low),
        // the two exponential functions may differ in the last bits
        UnaryOp::Exp => Interval::new(0.0, math::exp(a.high) * (1.0 + 1e-12)),
        UnaryOp::Sin | UnaryOp::Cos => Interval::new(-1.0, 1.0),
    }
}

fn binary(op: BinaryOp, a: Interval, b: Interval) -> Interval {
    match op {
        BinaryOp::Add => Interval::new(a.low + b.low, a.high + b.high),
        BinaryOp::Subtract => Interval::new(a.low - b.high, a.high - b.low),
        BinaryOp::Multiply => Interval::of(&[
            a.low * b.low,
            a.low * b.high,
            a.high * b.low,
            a.high * b.high,
        ]),
        BinaryOp::Divide if b.low > 0.0 || b.high < 0.0 => Interval::of(&[
            a.low / b.low,
            a.low / b.high,
            a.high / b.low,
            a.high / b.high,
        ]),
        BinaryOp::Divide => Interval::ALL,
        BinaryOp::Power if b == Interval::point(2.0) => a.square(),
        BinaryOp::Power if b.low == b.high && a.low > 0.0 => {
            let ends = [a.low, a.high].map(|x| crate::rng::pow(x, b.low));
            let Interval { low, high } = Interval::of(&ends);
            Interval::new(low * (1.0 - 1e-12), high * (1.0 + 1e-12))
        }
        BinaryOp::Power => Interval::ALL,
    }
}

fn compare(op: Comparison, a: Interval, b: Interval) -> Interval {
    let always = match op {
        Comparison::Equal => a.low == a.high && b.low == b.high && a.low == b.low,
        Comparison::NotEqual => a.high < b.low || b.high < a.low,
        Comparison::Less | Comparison::LessEqual => holds(op, a.high, b.low),
        Comparison::Greater | Comparison::GreaterEqual => holds(op, a.low, b.high),
    };
    let never = match op {
        Comparison::Equal => a.high < b.low || b.high < a.low,
        Comparison::NotEqual => a.low == a.high && b.low == b.high && a.low == b.low,
        Comparison::Less | Comparison::LessEqual => !holds(op, a.low, b.high),
        Comparison::Greater | Comparison::GreaterEqual => !holds(op, a.high, b.low),
    };
    match (always, never) {
        (true, false) => Interval::point(1.0),
        (false, true) => Interval::point(0.0),
        _ => Interval::new(0.0, 1.0),
    }
}
