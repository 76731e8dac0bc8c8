//! What a recording device is, as data; recorders differ only in what they collect.

use super::info::NodeInfo;

/// What a recorder collects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecorderKind {
    /// Sender and time of spikes.
    Spikes,
    /// Samples of the recordables of its targets.
    Samples {
        /// The recordables it starts with.
        preset: &'static [&'static str],
    },
    /// Weights that synapses report when they transmit.
    Weights,
}

/// A recorder model.
#[derive(Clone, Copy, Debug)]
pub struct RecorderInfo {
    /// Name, summary, page.
    pub node: NodeInfo,
    /// What it collects.
    pub kind: RecorderKind,
}
