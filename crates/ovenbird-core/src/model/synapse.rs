//! What a synapse model is, as data.

use super::info::page;

/// How a synapse model transmits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SynapseKind {
    /// Spikes with a fixed weight and delay.
    Static,
    /// A continuous coupling of membrane potentials.
    GapJunction,
}

/// A synapse model.
#[derive(Clone, Copy, Debug)]
pub struct SynapseInfo {
    /// The model's name.
    pub name: &'static str,
    /// One line on what it is.
    pub summary: &'static str,
    /// The model's source, whose `//!` head is its page.
    pub source: &'static str,
    /// How it transmits.
    pub kind: SynapseKind,
    /// Whether connections carry a delay.
    pub has_delay: bool,
    /// Whether connections must be made in both directions.
    pub requires_symmetric: bool,
}

impl SynapseInfo {
    /// The model's page: the `//!` head of its source.
    pub fn page(&self) -> String {
        page(self.source)
    }
}
