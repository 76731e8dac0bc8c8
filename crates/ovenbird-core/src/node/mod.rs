//! Nodes: families of one model each, and the table that finds a node's place in them.

mod classes;
mod family;
mod neurons;
mod recorders;
mod schedule;
mod stimulators;
mod table;

pub use family::{
    Family, KeyInfo, Location, NeuronOps, Part, RecorderOps, Role, SetContext, Setting,
    StimulatorOps, Tap, UpdateContext,
};
pub use neurons::NeuronFamily;
pub use recorders::RecorderFamily;
pub use stimulators::StimulatorFamily;
pub use table::{NodeTable, Run};
