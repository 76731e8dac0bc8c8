//! What the engine asks of a family of nodes, whatever their model.

use crate::error::{Error, Kind, Result};
use crate::event::{Ring, Spike};
use crate::math::Width;
use crate::model::{Event, Growth, NodeInfo, Port, PostSide, RecorderKind, Shape, Table};
use crate::rng::Key;
use crate::synapse::GapPart;
use crate::time::{Clock, Step};
use crate::value::{Column, Dict, Value};
use std::any::Any;

/// Where a node is: its worker and its place among the worker's nodes of its family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
    pub worker: u32,
    pub local: u32,
}

/// What one worker holds of a family.
pub type Part = Box<dyn Any + Send + Sync>;

/// The part of `P` in `part`. A family only ever meets the parts that it made.
pub(crate) fn part_ref<P: 'static>(part: &Part) -> &P {
    part.downcast_ref()
        .expect("a family's part has the family's type")
}

/// The part of `P` in `part`, to change.
pub(crate) fn part_mut<P: 'static>(part: &mut Part) -> &mut P {
    part.downcast_mut()
        .expect("a family's part has the family's type")
}

/// What a key stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Declared by the model, settable.
    Parameter,
    /// A state variable.
    State,
    /// A state variable that cannot be set.
    ReadOnly,
    /// A state variable that can be set but is not in the status.
    WriteOnly,
    /// Can be recorded but is not in the status.
    Recordable,
}

impl Role {
    /// Whether the status of a node has the key.
    pub fn in_status(self) -> bool {
        !matches!(self, Role::WriteOnly | Role::Recordable)
    }
}

/// A key of a model, for documentation and for checks.
#[derive(Clone, Debug)]
pub struct KeyInfo {
    pub name: String,
    pub unit: &'static str,
    pub doc: &'static str,
    pub type_name: &'static str,
    pub role: Role,
    pub shape: Shape,
    /// Whether a multimeter can record it.
    pub recordable: bool,
}

impl KeyInfo {
    /// The keys of a table of parameters.
    pub fn parameters<T: Table>() -> impl Iterator<Item = KeyInfo> {
        T::FIELDS.iter().map(|f| KeyInfo {
            name: f.name.to_owned(),
            unit: f.unit,
            doc: f.doc.trim(),
            type_name: f.type_name,
            role: Role::Parameter,
            shape: f.shape,
            recordable: false,
        })
    }
}

/// A value to set: for all nodes, or one for each.
#[derive(Clone, Debug)]
pub enum Setting {
    Same(Value),
    Each(Vec<Value>),
}

impl Setting {
    /// The value for the node with index `i` among those that are set.
    pub fn of(&self, i: usize) -> &Value {
        match self {
            Setting::Same(v) => v,
            Setting::Each(v) => &v[i],
        }
    }
}

/// What a change of parameters may depend on.
#[derive(Clone, Copy, Debug)]
pub struct SetContext {
    pub clock: Clock,
    pub now: Step,
    /// Whether nodes are being run, so that recorders are locked.
    pub prepared: bool,
    /// Whether unknown keys are errors (else they are passed over).
    pub strict: bool,
}

/// A request of a multimeter to sample a node, and the samples of the present slice.
#[derive(Debug)]
pub struct Tap {
    /// Index of the recorder among all recorders.
    pub recorder: usize,
    /// The order of the target in the recorder's connections.
    pub order: usize,
    pub family: usize,
    pub local: u32,
    pub names: Vec<String>,
    /// Steps between samples, and the stamp of the first if it is not 0.
    pub interval: Step,
    pub offset: Step,
    /// Samples, `names.len()` numbers each, and their stamps.
    pub stamps: Vec<Step>,
    pub values: Vec<f64>,
}

impl Tap {
    /// Whether there is a sample with this stamp.
    pub fn is_due(&self, stamp: Step) -> bool {
        stamp >= self.offset && (stamp - self.offset) % self.interval == 0
    }
}

/// What a family needs to update one worker's nodes over a slice.
pub struct UpdateContext<'a> {
    pub clock: Clock,
    /// The first step of the slice.
    pub origin: Step,
    /// The steps of the slice to take.
    pub from: usize,
    pub to: usize,
    pub ring: &'a mut Ring,
    /// The first cell of each of the family's input channels.
    pub cells: &'a [Option<usize>],
    pub spikes: &'a mut Vec<Spike>,
    /// The family's taps on this worker, by node.
    pub taps: &'a mut [Tap],
    /// The key of the random draws of neurons.
    pub key: Key,
    /// The vector instructions that nodes are advanced with.
    pub width: Width,
    /// Input through gap junctions of the present slice.
    pub gap: Option<&'a mut GapPart>,
}

/// A family: all nodes of one model (a copy of a model is a family of its own).
pub trait Family: Send + Sync {
    /// What the model is.
    fn info(&self) -> &NodeInfo;
    /// The family's name: the model's, or the copy's.
    fn name(&self) -> &str;
    /// A family without nodes with the same defaults and another name.
    fn copy(&self, name: &str) -> Box<dyn Family>;
    /// What the model's keys are, those that depend on parameters as in the defaults.
    fn keys(&self) -> Vec<KeyInfo>;
    /// The names that a multimeter can record from a node, or by default.
    fn recordables(&self, node: Option<(&Part, u32)>) -> Vec<String>;
    /// The status that a new node has, without the entries that all nodes have.
    fn defaults(&self, clock: &Clock) -> Dict;
    /// Changes the defaults, all or nothing.
    fn set_defaults(&mut self, context: &SetContext, params: &Dict) -> Result<()>;
    /// An empty part.
    fn new_part(&self) -> Part;
    /// How many nodes a part holds.
    fn held(&self, part: &Part) -> usize;
    /// Appends nodes with the given ids to a part.
    fn create(&mut self, part: &mut Part, ids: &[u32]);
    /// Drops all but the first `n` nodes of a part, the others being new and not connected.
    fn truncate(&self, part: &mut Part, n: usize);
    /// One key of several nodes at the time `now`; `None` if nodes have no such key.
    fn get(
        &self,
        parts: &[&Part],
        at: &[Location],
        key: &str,
        clock: &Clock,
        now: Step,
    ) -> Option<Column>;
    /// Changes several nodes, all or nothing.
    fn set(
        &mut self,
        context: &SetContext,
        parts: &mut [&mut Part],
        at: &[Location],
        settings: &[(String, Setting)],
    ) -> Result<()>;
    /// Checks what [`Family::set`] would do, without doing it.
    fn check(
        &self,
        context: &SetContext,
        parts: &[&Part],
        at: &[Location],
        settings: &[(String, Setting)],
    ) -> Result<()>;
    /// Whether a node is frozen.
    fn is_frozen(&self, part: &Part, local: u32) -> bool;
    /// Stops or resumes updating a node.
    fn freeze(&self, part: &mut Part, local: u32, frozen: bool);
    /// Bytes that a part holds.
    fn bytes(&self, part: &Part) -> usize;
    /// Brings derived constants up to date before a run from `now` on.
    ///
    /// # Errors
    /// When a node cannot run with the parameters it has.
    fn prepare(&mut self, parts: &mut [&mut Part], clock: &Clock, now: Step) -> Result<()>;
    /// Checks that devices can run with the parameters they have, once they are prepared.
    ///
    /// # Errors
    /// When one cannot.
    fn check_ready(&self, _: &Part) -> Result<()> {
        Ok(())
    }

    /// Fits the defaults to a new time grid, while there are no nodes.
    fn recalibrate(&mut self, _: &Clock) {}

    /// The shape of a key's value.
    fn shape(&self, key: &str) -> Option<Shape> {
        self.keys()
            .into_iter()
            .find(|k| k.name == key)
            .map(|k| k.shape)
    }

    /// What only neurons do.
    fn neurons(&self) -> Option<&dyn NeuronOps> {
        None
    }
    /// What only stimulators do.
    fn stimulators(&self) -> Option<&dyn StimulatorOps> {
        None
    }
    /// What only recorders do.
    fn recorders(&self) -> Option<&dyn RecorderOps> {
        None
    }
    /// What only recorders do, with changes.
    fn recorders_mut(&mut self) -> Option<&mut dyn RecorderOps> {
        None
    }
}

/// What the engine asks of a family of neurons.
pub trait NeuronOps: Sync {
    /// The index of each node's set of parameters: nodes with the same have the same ports.
    fn classes<'a>(&self, part: &'a Part) -> &'a [u32];
    /// The index of a node's set of parameters.
    fn class(&self, part: &Part, local: u32) -> u32 {
        self.classes(part)[local as usize]
    }
    /// Where events of a kind on a receptor go, for nodes of a class.
    fn port(&self, class: u32, event: Event, receptor: i64) -> Result<Port>;
    /// The receptor to which an input channel belongs.
    fn receptor(&self, class: u32, channel: usize) -> i64;
    /// The greatest number of input channels of any node.
    fn channels(&self) -> usize;
    /// Notes that nodes have incoming connections.
    fn connected(&self, part: &mut Part, locals: &[u32]);
    /// Advances a part's nodes over a slice.
    fn update(&self, part: &mut Part, context: &mut UpdateContext<'_>) -> Result<()>;
    /// Advances coupled nodes over a slice and back, to iterate what they send; returns the largest
    /// change of a membrane potential against the last iteration.
    fn iterate(&self, part: &mut Part, context: &mut UpdateContext<'_>) -> Result<f64>;
    /// Sends the present membrane potentials of coupled nodes as constants.
    fn send(&self, part: &Part, gap: &mut GapPart);
    /// Checks that all state is finite.
    fn check_finite(&self, part: &Part, clock: &Clock, now: Step) -> Result<()>;
    /// The ids of a part's nodes.
    fn ids<'a>(&self, part: &'a Part) -> &'a [u32];
    /// Keeps the spikes of a node for plastic synapses from now on.
    fn listen(&self, part: &mut Part, local: u32);
    /// What synapses read of a part's nodes.
    fn post<'a>(&self, part: &'a mut Part) -> PostSide<'a>;
    /// Notes that time has been set back from `t` ms, so that histories start anew.
    fn rewind(&self, part: &mut Part, t: f64);
    /// Notes that the last `n` nodes of a part came into being at `t` ms.
    fn begin(&self, part: &mut Part, n: usize, t: f64);
    /// The synaptic elements of a part's nodes, if any has some.
    fn growth<'a>(&self, part: &'a Part) -> Option<&'a Growth>;
    /// The synaptic elements of a part's nodes, to change.
    fn growth_mut<'a>(&self, part: &'a mut Part) -> Option<&'a mut Growth>;
    /// Brings the synaptic elements of a part's nodes up to `t` ms.
    fn grow(&self, part: &mut Part, t: f64);
}

/// What the engine asks of a family of stimulators.
pub trait StimulatorOps: Sync {
    /// Spikes or currents.
    fn signal(&self) -> crate::model::Signal;
    /// Whether the weights of its spikes can have another sign than those of its connections.
    fn signed(&self) -> bool;
    /// Room for what a worker keeps for a device.
    fn new_cache(&self) -> Box<dyn Any + Send + Sync>;
    /// What a device sends in a step.
    #[expect(
        clippy::too_many_arguments,
        reason = "device, moment, targets and buffers"
    )]
    fn emit(
        &self,
        part: &Part,
        local: u32,
        step: Step,
        key: Key,
        targets: crate::model::Targets<'_>,
        cache: &mut (dyn Any + Send + Sync),
        out: &mut [f64],
    ) -> crate::model::Emission;
}

/// What the engine asks of a family of recorders.
pub trait RecorderOps {
    /// What the recorders collect.
    fn kind(&self) -> RecorderKind;
    /// The recorder with place `local`.
    fn recorder<'a>(&self, part: &'a mut Part, local: u32) -> &'a mut crate::record::Recorder;
    /// The recorder with place `local`, to read.
    fn recorder_ref<'a>(&self, part: &'a Part, local: u32) -> &'a crate::record::Recorder;
}

/// The keys of `settings` that are not among `known`: an error, or passed over.
pub(crate) fn check_keys<'a>(
    context: &SetContext,
    model: &str,
    settings: impl Iterator<Item = &'a str>,
    known: &[KeyInfo],
) -> Result<()> {
    for key in settings {
        match known.iter().find(|k| k.name == key) {
            Some(k) if k.role == Role::ReadOnly || k.role == Role::Recordable => {
                return Err(Error::new(
                    Kind::UnaccessedEntry,
                    format!("Unaccessed elements in params, in model {model}: {key} cannot be set"),
                ));
            }
            Some(_) => {}
            None if context.strict => {
                let names = known
                    .iter()
                    .filter(|k| matches!(k.role, Role::Parameter | Role::State | Role::WriteOnly))
                    .map(|k| k.name.as_str());
                return Err(Error::unknown_key(&format!("model {model}"), key, names));
            }
            None => {}
        }
    }
    Ok(())
}
