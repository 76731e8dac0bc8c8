//! What can be wrong with a parameter.

use super::{MAX_DEPTH, MAX_REDRAWS};

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
    /// A leaf that needs both ends of a connection is evaluated for a node, or for nothing.
    #[error("the {what} is only known while spatially distributed nodes are being connected")]
    OnlyConnecting {
        /// What the leaf asks for.
        what: &'static str,
    },
    /// The position of one node is asked for while connecting two.
    #[error("the position of the node is ambiguous when connecting; use source_pos or target_pos")]
    OneOfTwo,
    /// The position of a node that has none.
    #[error("the position of the node is not known: it needs spatially distributed nodes")]
    NoPosition,
    /// A spatial leaf asks for a coordinate that the space does not have.
    #[error("the {what} has {available} dimensions; dimension {dimension} (from 0) does not exist")]
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
