//! What can go wrong, by kind. The Python side maps each kind to one exception class.

use crate::parameter::ParameterError;
use crate::suggest::nearest;
use thiserror::Error as ThisError;

/// The result of a call that can fail with an [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Kinds of errors that differ only in their class and text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    BackendPrepared,
    BadDelay,
    BadParameter,
    BadParameterValue,
    BadProperty,
    DimensionMismatch,
    IllegalConnection,
    IncompatibleReceptorType,
    Index,
    InexistentConnection,
    Interrupted,
    Io,
    Kernel,
    LayerExpected,
    NewModelNameExists,
    NotImplemented,
    NumericalInstability,
    StepMultipleRequired,
    TimeMultipleRequired,
    Type,
    TypeMismatch,
    UnaccessedEntry,
    UndefinedName,
    UnknownComponent,
    UnknownModelName,
    UnknownNode,
    UnknownReceptorType,
    UnknownSynapseType,
    Value,
    SolverFailure,
    Overflow,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 29] = [
        Kind::BackendPrepared,
        Kind::BadDelay,
        Kind::BadParameter,
        Kind::BadParameterValue,
        Kind::BadProperty,
        Kind::DimensionMismatch,
        Kind::IllegalConnection,
        Kind::IncompatibleReceptorType,
        Kind::Index,
        Kind::InexistentConnection,
        Kind::Io,
        Kind::Kernel,
        Kind::NewModelNameExists,
        Kind::NotImplemented,
        Kind::NumericalInstability,
        Kind::StepMultipleRequired,
        Kind::TimeMultipleRequired,
        Kind::Type,
        Kind::TypeMismatch,
        Kind::UnaccessedEntry,
        Kind::UnknownComponent,
        Kind::UnknownModelName,
        Kind::UnknownNode,
        Kind::UnknownReceptorType,
        Kind::UnknownSynapseType,
        Kind::Value,
        Kind::SolverFailure,
        Kind::Overflow,
        Kind::Interrupted,
    ];

    /// The exception class of this kind in the PyNEST dialect.
    pub fn class_name(self) -> &'static str {
        match self {
            Kind::BackendPrepared => "BackendPrepared",
            Kind::BadDelay => "BadDelay",
            Kind::BadParameter => "BadParameter",
            Kind::BadParameterValue => "BadParameterValue",
            Kind::BadProperty => "BadProperty",
            Kind::DimensionMismatch => "DimensionMismatch",
            Kind::IllegalConnection => "IllegalConnection",
            Kind::IncompatibleReceptorType => "IncompatibleReceptorType",
            Kind::Index => "IndexError",
            Kind::InexistentConnection => "InexistentConnection",
            Kind::Interrupted => "KeyboardInterrupt",
            Kind::Io => "IOError",
            Kind::Kernel => "KernelException",
            Kind::LayerExpected => "LayerExpected",
            Kind::NewModelNameExists => "NewModelNameExists",
            Kind::NotImplemented => "NotImplemented",
            Kind::NumericalInstability => "NumericalInstability",
            Kind::StepMultipleRequired => "StepMultipleRequired",
            Kind::TimeMultipleRequired => "TimeMultipleRequired",
            Kind::Type => "TypeError",
            Kind::TypeMismatch => "TypeMismatch",
            Kind::UnaccessedEntry => "UnaccessedDictionaryEntry",
            Kind::UndefinedName => "UndefinedName",
            Kind::UnknownComponent => "UnknownComponent",
            Kind::UnknownModelName => "UnknownModelName",
            Kind::UnknownNode => "UnknownNode",
            Kind::UnknownReceptorType => "UnknownReceptorType",
            Kind::UnknownSynapseType => "UnknownSynapseType",
            Kind::Value => "ValueError",
            Kind::SolverFailure => "GSLSolverFailure",
            Kind::Overflow => "OverflowError",
        }
    }
}

/// An error of the engine: its kind and a text that says what, where, why and how to mend it.
#[derive(Clone, Debug, PartialEq, ThisError)]
#[error("{message}")]
pub struct Error {
    /// The kind, by which callers tell errors apart.
    pub kind: Kind,
    /// The text for a person.
    pub message: String,
}

impl Error {
    /// An error of `kind`.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Error {
            kind,
            message: message.into(),
        }
    }

    /// A parameter outside its domain.
    pub fn bad_property(message: impl Into<String>) -> Self {
        Error::new(Kind::BadProperty, message)
    }

    /// A connection that cannot be made.
    pub fn illegal_connection(message: impl AsRef<str>) -> Self {
        Error::new(
            Kind::IllegalConnection,
            format!(
                "Creation of connection is not possible because:\n{}",
                message.as_ref()
            ),
        )
    }

    /// A name that is not one of `known`, with the nearest one that is.
    pub fn unknown<'a>(
        kind: Kind,
        what: &str,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        let hint = match nearest(name, known.iter().copied()) {
            Some(near) => format!("; did you mean '{near}'?"),
            None if known.len() <= 20 => format!("; there are {}", known.join(", ")),
            None => String::new(),
        };
        let text = match kind {
            Kind::UnknownModelName => format!("'{name}' is not a known model name{hint}"),
            _ => format!("{what} '{name}' is not known{hint}"),
        };
        Error::new(kind, text)
    }

    /// A key that a dictionary should not hold, with the nearest valid one.
    pub fn unknown_key<'a>(
        place: &str,
        key: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let hint = nearest(key, known).map_or(String::new(), |n| format!("; did you mean '{n}'?"));
        Error::new(
            Kind::UnaccessedEntry,
            format!("Unaccessed elements in params, in {place}: {key}{hint}"),
        )
    }

    /// The same error with where it happened put before its text.
    #[must_use]
    pub fn within(mut self, place: &str) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }
}

impl From<ParameterError> for Error {
    fn from(e: ParameterError) -> Self {
        let kind = match e {
            ParameterError::RedrawLimit { .. }
            | ParameterError::TooDeep
            | ParameterError::NoPosition
            | ParameterError::NoDimension { .. } => Kind::Kernel,
            ParameterError::RedrawBounds { .. }
            | ParameterError::OnlyConnecting { .. }
            | ParameterError::OneOfTwo => Kind::BadParameterValue,
            ParameterError::Domain { .. } | ParameterError::EmptyRange { .. } => Kind::BadProperty,
        };
        Error::new(kind, e.to_string())
    }
}
