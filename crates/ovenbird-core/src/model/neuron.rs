//! The trait of a neuron model: tables, ports, derived constants, and a step over a block.

use super::info::{Event, NodeInfo, Port};
use super::table::{Columns, Table};
use crate::error::Result;
use crate::math::{Lanes, Real, Registers};
use crate::rng::Key;
use crate::synapse::Interpolation;
use crate::time::{Clock, Step};
use crate::value::Value;
use std::ops::Range;

/// How a state variable is read.
pub enum Read<M: Neuron> {
    /// A number, which a multimeter can record.
    Number(fn(&M::Params, &Row<M>) -> f64),
    /// Any value, shown in the status only.
    Status(fn(&M::Params, &Row<M>) -> Value),
}

type Row<M> = <<M as Neuron>::Columns as Columns>::Row;

/// How a state variable is set: parameters, state, value.
type Write<M> = fn(&<M as Neuron>::Params, &mut Row<M>, &Value) -> Result<()>;

/// A quantity of the state that users see.
pub struct Variable<M: Neuron> {
    /// The key, letter for letter as in NEST.
    pub name: &'static str,
    /// The unit, empty for a pure number.
    pub unit: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// How it is read.
    pub read: Read<M>,
    /// Whether a multimeter can record it.
    pub recordable: bool,
    /// Whether it is a part of the status.
    pub in_status: bool,
    /// How it is set, if it can be.
    pub write: Option<Write<M>>,
}

impl<M: Neuron> Variable<M> {
    /// A recordable number that is also in the status.
    pub const fn new(
        name: &'static str,
        unit: &'static str,
        doc: &'static str,
        get: fn(&M::Params, &Row<M>) -> f64,
    ) -> Self {
        Variable {
            name,
            unit,
            doc,
            read: Read::Number(get),
            recordable: true,
            in_status: true,
            write: None,
        }
    }

    /// A value that is in the status but cannot be recorded.
    pub const fn status(
        name: &'static str,
        unit: &'static str,
        doc: &'static str,
        get: fn(&M::Params, &Row<M>) -> Value,
    ) -> Self {
        Variable {
            name,
            unit,
            doc,
            read: Read::Status(get),
            recordable: false,
            in_status: true,
            write: None,
        }
    }

    /// The same variable, settable.
    #[must_use]
    pub const fn writable(mut self, set: Write<M>) -> Self {
        self.write = Some(set);
        self
    }

    /// The same variable, not a part of the status.
    #[must_use]
    pub const fn recordable(mut self) -> Self {
        self.in_status = false;
        self
    }

    /// The same variable, not for recording.
    #[must_use]
    pub const fn unrecorded(mut self) -> Self {
        self.recordable = false;
        self
    }
}

/// Recordable quantities of which a node has as many as its parameters say: `prefix1`, `prefix2`, …
pub struct VariableFamily<M: Neuron> {
    /// The name without its number.
    pub prefix: &'static str,
    /// The unit.
    pub unit: &'static str,
    /// What they are.
    pub doc: &'static str,
    /// How many a node has.
    pub count: fn(&M::Params) -> usize,
    /// Reads the one with index `i`, from zero.
    pub get: fn(&M::Params, &Row<M>, usize) -> f64,
}

/// Time, resolution and random keys of the step being taken.
#[derive(Clone, Copy, Debug)]
pub struct StepContext {
    /// The step: it covers the interval from `step` to `step + 1`.
    pub step: Step,
    /// The step's position in its slice.
    pub lag: usize,
    /// The resolution in ms.
    pub h: f64,
    /// Registers to look something up in, where the machine has them.
    pub registers: Option<Registers>,
    /// The key of the random draws of neurons.
    pub key: Key,
    /// Whether this is an iteration of coupled nodes: the state will be set back. There are no
    /// spikes and no refractoriness then, and the external current stays what it was before.
    pub iterating: bool,
}

/// Derived constants of the nodes of a block.
pub enum Constants<'a, D> {
    /// All nodes share them.
    Same(&'a D),
    /// Node `i` has `sets[class[i]]`.
    Each {
        /// One per distinct set of parameters.
        sets: &'a [D],
        /// The index of each node's set.
        class: &'a [u32],
    },
}

impl<D> Constants<'_, D> {
    /// The constants of node `i`.
    #[inline(always)]
    pub fn of(&self, i: usize) -> &D {
        match self {
            Constants::Same(c) => c,
            Constants::Each { sets, class } => &sets[class[i] as usize],
        }
    }

    /// Whether the constants of any node of the block have a property.
    #[inline(always)]
    pub fn any(&self, property: impl Fn(&D) -> bool) -> bool {
        match self {
            Constants::Same(c) => property(c),
            Constants::Each { sets, class } => class.iter().any(|&k| property(&sets[k as usize])),
        }
    }
}

/// Runs a body for each node of a block, with its index and its derived constants. When all nodes
/// share their constants the loop is compiled apart, so that it vectorises.
#[macro_export]
macro_rules! for_each_node {
    ($constants:expr, $len:expr, |$i:ident, $c:ident| $body:block) => {
        match $constants {
            $crate::model::Constants::Same($c) => {
                for $i in 0..$len $body
            }
            $crate::model::Constants::Each { sets, class } => {
                let class = &class[..$len];
                for $i in 0..$len {
                    let $c = &sets[class[$i] as usize];
                    $body
                }
            }
        }
    };
}

/// A block of nodes: a range of one worker's nodes of one model.
pub struct Block<'a, M: Neuron> {
    /// The number of nodes.
    pub len: usize,
    /// The global ids.
    pub ids: &'a [u32],
    /// The derived constants.
    pub constants: Constants<'a, M::Derived>,
    /// The state.
    pub state: <M::Columns as Columns>::View<'a>,
    /// Input through gap junctions, if any node of the block has them.
    pub gap: Option<GapInput<'a>>,
    /// What nodes that spike at fixed intervals do in this step, if any node of the block is one:
    /// a [`Forced`] per node. The engine replaces their spikes after the step; a model need only
    /// look where its state depends on it.
    pub forced: Option<&'a [Forced]>,
}

/// Whether a node spikes by its dynamics, or what takes the place of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forced {
    /// The dynamics decide.
    No,
    /// The node does not spike.
    Silent,
    /// The node spikes.
    Spike,
}

impl Forced {
    /// Whether the node spikes, given what the dynamics say.
    #[inline(always)]
    pub fn decide(self, dynamics: bool) -> bool {
        match self {
            Forced::No => dynamics,
            Forced::Silent => false,
            Forced::Spike => true,
        }
    }
}

/// What gap junctions bring to the nodes of a block in the current step: for node `i` the current
/// is `sum_k c_k s^k - weight[i] * V_m`, with `s` in [0, 1] the time in the step.
#[derive(Clone)]
pub struct GapInput<'a> {
    /// The sum of the weights of each node's gap junctions (nS).
    pub weight: &'a [f64],
    /// What determines the coefficients, a row of all nodes for each number: those at the start of
    /// the step, then those at its end; empty where all are zero.
    pub(crate) ends: &'a [f64],
    pub(crate) stride: usize,
    pub(crate) nodes: Range<usize>,
    pub(crate) interpolation: Interpolation,
}

impl GapInput<'_> {
    /// The coefficients of node `i` (pA).
    #[inline(always)]
    pub fn coefficients(&self, i: usize) -> [f64; 4] {
        self.of_rows(
            #[inline(always)]
            |start| self.ends.get(start + i).copied().unwrap_or(0.0),
        )
    }

    /// Those of consecutive nodes, at most eight.
    #[inline(always)]
    pub fn lanes(&self, nodes: Range<usize>) -> [Lanes; 4] {
        self.of_rows(
            #[inline(always)]
            |start| match self.ends.get(start + nodes.start..start + nodes.end) {
                Some(values) => Lanes::load(values),
                None => Lanes::default(),
            },
        )
    }

    /// Of the numbers that `row` reads from where each row begins.
    #[inline(always)]
    fn of_rows<R: Real>(&self, row: impl Fn(usize) -> R) -> [R; 4] {
        let (start, next) = (self.nodes.start, self.stride);
        let ends = [
            row(start),
            row(start + next),
            row(start + 2 * next),
            row(start + 3 * next),
        ];
        self.interpolation.coefficients(ends)
    }
}

/// What coupled nodes tell of their membrane potentials in an iteration: values (mV) and slopes
/// (mV/ms) at both ends of the step.
pub struct GapSignal<'a> {
    /// Whether values and slopes at the start are to be set. Later steps of a slice begin with what
    /// the one before has ended with.
    pub starts: bool,
    pub start: &'a mut [f64],
    pub start_slope: &'a mut [f64],
    pub end: &'a mut [f64],
    pub end_slope: &'a mut [f64],
}

/// What arrives at the nodes of a block in one step.
pub struct Inputs<'a> {
    pub(crate) slot: &'a [f64],
    pub(crate) offsets: &'a [Option<usize>],
    pub(crate) zeros: &'a [f64],
    pub(crate) start: usize,
    pub(crate) len: usize,
}

impl<'a> Inputs<'a> {
    /// The sums that arrived at `channel`, one per node.
    #[inline(always)]
    pub fn channel(&self, channel: usize) -> &'a [f64] {
        match self.offsets.get(channel).copied().flatten() {
            Some(offset) => &self.slot[offset + self.start..][..self.len],
            None => &self.zeros[..self.len],
        }
    }

    /// Whether anything that sends to `channel` was ever connected. Where not, its sums have always
    /// been zero.
    #[inline(always)]
    pub fn connected(&self, channel: usize) -> bool {
        self.offsets.get(channel).copied().flatten().is_some()
    }
}

/// What the nodes of a block send in one step.
pub struct Output<'a> {
    /// 1 for each node that emits a spike, else 0, which all are at first.
    pub fired: &'a mut [u8],
    /// Spikes with a multiplicity: index in the block, and how many.
    pub multiple: &'a mut Vec<(u32, u32)>,
    /// To be filled in an iteration of coupled nodes.
    pub gap: Option<GapSignal<'a>>,
}

/// A node that could not take its step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Index in the block.
    pub index: usize,
    /// What went wrong.
    pub what: &'static str,
}

/// A model of a neuron. Its file reads from top to bottom like its page in a textbook.
pub trait Neuron: Send + Sync + Sized + 'static {
    /// Declared by [`params!`](crate::params).
    type Params: Table;
    /// Declared by [`state!`](crate::state).
    type Columns: Columns;
    /// Constants that the step needs, a pure function of parameters and resolution.
    type Derived: Send + Sync + 'static;

    /// Name, summary, capabilities.
    const INFO: NodeInfo;

    /// What users see of the state.
    fn variables() -> &'static [Variable<Self>];

    /// What users see of the state, where the number depends on the parameters.
    fn families() -> &'static [VariableFamily<Self>] {
        &[]
    }

    /// Relations between parameters.
    ///
    /// # Errors
    /// When the parameters together make no model.
    fn check(_: &Self::Params) -> Result<()> {
        Ok(())
    }

    /// Fits the state to changed parameters: what users read stays as it was.
    fn migrate(_old: &Self::Params, _new: &Self::Params, _row: &mut Row<Self>) {}

    /// The derived constants.
    fn derive(p: &Self::Params, clock: &Clock) -> Self::Derived;

    /// The number of input channels.
    fn channels(p: &Self::Params) -> usize;

    /// Where events of a kind on a receptor go; `None` if there is no such receptor.
    fn port(p: &Self::Params, event: Event, receptor: i64) -> Option<Port>;

    /// The receptor that `channel` belongs to.
    fn receptor(_p: &Self::Params, _channel: usize) -> i64 {
        0
    }

    /// Advances the nodes of a block by one step. Must be `#[inline(always)]`, so that it is
    /// compiled for the widest vector unit at hand.
    fn step(
        context: &StepContext,
        block: Block<'_, Self>,
        inputs: &Inputs<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), Failure>;

    /// Carries over to `restored`, the state at the beginning of a slice, what is to outlive an
    /// iteration of coupled nodes that ended in `iterated`.
    fn carry(_iterated: &Row<Self>, _restored: &mut Row<Self>) {}
}

/// Declares the numbers that users see of the state of a model: a `const VARIABLES` for
/// [`Neuron::variables`], from the types `Params` and `State` in scope.
///
/// Each line gives name, unit, how it is read, and how it is set if it can be. A name marked
/// `@recordable` can be recorded but is not a part of the status; `@unrecorded` is the opposite.
///
/// ```ignore
/// ovenbird_core::variables! { IafPscDelta;
///     /// Membrane potential.
///     V_m: "mV", |p, s| s.u + p.E_L, set |p, s, x| s.u = x - p.E_L;
/// }
/// ```
#[macro_export]
macro_rules! variables {
    ($model:ty; $( $(#[doc = $doc:literal])+ $(@$flag:ident)? $name:ident : $unit:literal,
        |$p:pat_param, $s:pat_param| $get:expr
        $(, set |$wp:pat_param, $ws:pat_param, $x:pat_param| $set:expr)? ; )*) => {
        const VARIABLES: &[$crate::model::Variable<$model>] = &[ $(
            $crate::model::Variable::<$model>::new(
                stringify!($name),
                $unit,
                concat!($($doc),+),
                |$p: &Params, $s: &State| $get,
            )
            $( .writable(|$wp: &Params, $ws: &mut State, value| {
                let $x = value.as_float(stringify!($name))?;
                $set;
                Ok(())
            }) )?
            $( .$flag() )?
        , )* ];
    };
}
