//! What an expression is made of.

use super::Parameter;

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

/// A function of distance or displacement that serves as profile of a connectivity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Profile {
    /// exp(-x / beta)
    Exponential { inv_beta: f64 },
    /// exp(-(x - mean)^2 / (2 std^2))
    Gaussian { mean: f64, inv_two_var: f64 },
    /// Density of the gamma distribution.
    Gamma {
        kappa: f64,
        inv_theta: f64,
        scale: f64,
    },
}

/// A profile in two dimensions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum PlaneProfile {
    /// exp of a quadratic form, 1 at its mean.
    Gaussian {
        mean: [f64; 2],
        /// Factors of x^2, y^2 and x y.
        form: [f64; 3],
    },
    /// The positive half waves of a plane wave under a Gaussian.
    Gabor {
        cos: f64,
        sin: f64,
        /// Factors of the squares along and across the wave fronts.
        form: [f64; 2],
        /// Radians per length, and the phase.
        wave: [f64; 2],
    },
}

#[derive(Debug, PartialEq)]
pub(super) enum Node {
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
    Profile(Profile, Parameter),
    PlaneProfile(PlaneProfile, Parameter, Parameter),
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
