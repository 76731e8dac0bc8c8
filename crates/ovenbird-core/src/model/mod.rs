//! What a model is: tables of parameters and state, ports, and a step.

mod archive;
mod growth;
mod history;
mod info;
mod neuron;
mod recent;
mod recorder;
mod stimulator;
mod synapse;
mod table;

pub use archive::{Archive, ArchiveColumns, ArchiveParams};
pub use growth::{Element, Elements, GROWTH_CURVES, Growth, GrowthCurve, Span};
pub use history::{EPSILON as HISTORY_EPSILON, History, Post, PostSide};
pub(crate) use history::{RECENT as HISTORY_RECENT, Unread};
pub use info::{ElementType, Event, NodeInfo, Port};
pub use neuron::{
    Block, Constants, Failure, Forced, GapInput, GapSignal, Inputs, Neuron, Output, Read,
    StepContext, Variable, VariableFamily,
};
pub(crate) use recent::SpikeTimes;
pub use recorder::{RecorderInfo, RecorderKind};
pub use stimulator::{Emission, Moment, Pulse, Reading, Settling, Signal, Stimulator, Targets};
pub use synapse::{
    CommonSpec, Layout, NO_LABEL, Nothing, Number, NumberSpec, Numbers, Synapse, SynapseInfo,
    SynapseKind, SynapseOps, Variant,
};
pub use table::{Check, Columns, Field, FieldSpec, Shape, Table, first_bad_row};

/// The checks that a parameter table can name.
pub mod checks {
    pub use super::table::{
        ANY, Check, MAYBE_INFINITE, NON_NEGATIVE, POSITIVE, POSITIVE_TIME, TIME, UNIT_INTERVAL,
    };
}
