//! What the engine and its users can know of a model without running it.

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElementType {
    Neuron,
    Stimulator,
    Recorder,
    Other,
}

impl ElementType {
    /// The name that users see.
    pub fn name(self) -> &'static str {
        match self {
            ElementType::Neuron => "neuron",
            ElementType::Stimulator => "stimulator",
            ElementType::Recorder => "recorder",
            ElementType::Other => "other",
        }
    }
}

/// The families of events that pass along connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// Spikes, on the grid or with an offset inside the step.
    Spike,
    /// Currents from devices, in pA.
    Current,
    /// Requests of a multimeter for recorded data.
    DataLogging,
    /// The membrane potential of a neighbour coupled by a gap junction.
    GapJunction,
}

impl Event {
    /// The name for messages.
    pub fn name(self) -> &'static str {
        match self {
            Event::Spike => "spike",
            Event::Current => "current",
            Event::DataLogging => "data logging",
            Event::GapJunction => "gap junction",
        }
    }
}

/// Where the events of one receptor accumulate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port {
    /// The input channel for weights that are zero or positive.
    pub positive: usize,
    /// The input channel for negative weights.
    pub negative: usize,
    /// Whether the channel counts events instead of adding their weights.
    pub counts: bool,
}

impl Port {
    /// All events go to `channel`.
    pub const fn one(channel: usize) -> Self {
        Port {
            positive: channel,
            negative: channel,
            counts: false,
        }
    }

    /// Events go to a channel by the sign of their weight.
    pub const fn by_sign(positive: usize, negative: usize) -> Self {
        Port {
            positive,
            negative,
            counts: false,
        }
    }

    /// `channel` counts events, whatever their weight.
    pub const fn counting(channel: usize) -> Self {
        Port {
            positive: channel,
            negative: channel,
            counts: true,
        }
    }

    /// The channel for `weight`.
    pub fn channel(&self, weight: f64) -> usize {
        if weight < 0.0 {
            self.negative
        } else {
            self.positive
        }
    }
}

/// What a node model is, as data.
#[derive(Clone, Copy, Debug)]
pub struct NodeInfo {
    /// The model's name.
    pub name: &'static str,
    /// One line on what it is.
    pub summary: &'static str,
    /// The model's source, whose `//!` head is its page.
    pub source: &'static str,
    /// What kind of node.
    pub element: ElementType,
    /// Receptors that users know by name.
    pub receptors: &'static [(&'static str, i64)],
    /// Whether gap junctions may couple it.
    pub gap_junctions: bool,
    /// Whether it keeps the spike history that plastic synapses read.
    pub archives: bool,
}

impl NodeInfo {
    /// A model with no special capabilities.
    pub const fn new(
        name: &'static str,
        element: ElementType,
        summary: &'static str,
        source: &'static str,
    ) -> Self {
        NodeInfo {
            name,
            summary,
            source,
            element,
            receptors: &[],
            gap_junctions: false,
            archives: matches!(element, ElementType::Neuron),
        }
    }

    /// The model's page: the `//!` head of its source.
    pub fn page(&self) -> String {
        page(self.source)
    }
}

/// The `//!` head of a source text.
pub fn page(source: &str) -> String {
    source
        .lines()
        .take_while(|line| line.starts_with("//!"))
        .map(|line| line.strip_prefix("//! ").unwrap_or(&line[3..]))
        .collect::<Vec<_>>()
        .join("\n")
}
