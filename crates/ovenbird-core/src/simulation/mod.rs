//! A simulation as a value: its nodes, its connections, its time.

mod attributes;
mod changes;
mod connect;
mod connections;
mod devices;
mod exchange;
mod gathered;
mod growth;
mod maker;
mod memory;
pub(crate) mod models;
mod nodes;
mod one_by_one;
mod pairs;
mod pieces;
mod plastic;
mod ranks;
mod removals;
mod run;
mod scattered;
mod settings;
mod signs;
mod single;
mod slice;
mod space;
mod timers;
mod tripartite;
mod typed;
mod watch;
mod worker;

pub use connections::{ConnectionSet, Filter};
pub use exchange::ExchangePolicy;
pub use growth::GrownSynapse;
pub use memory::Memory;
pub use models::{Registry, SynapseModel};
pub use nodes::{Group, Progression};
pub use run::{Progress, RunControl};
pub use settings::Settings;
pub use single::Single;
pub use space::Positions;
pub use timers::{Spent, Timers};
pub use tripartite::TripartiteSynapses;
pub use typed::{Events, Nodes};
pub use watch::Ask;

use crate::error::{Error, Result};
use crate::event::Spike;
use crate::math::Width;
use crate::node::{Family, NodeTable};
use crate::parallel::Pool;
use crate::rank::{Communicator, Ranks};
use crate::time::{Clock, Step};
use devices::Devices;
use exchange::Exchange;
use ranks::Couplings;
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Weak;
use std::sync::atomic::AtomicU16;
use timers::Sampling;
use watch::Watch;
use worker::{RunKeys, Worker};

/// The extremes of the delays of all connections, in steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DelayRange {
    /// Smallest and greatest delay so far.
    found: Option<(u32, u32)>,
    /// Set by the user.
    fixed: Option<(u32, u32)>,
}

impl DelayRange {
    fn note(&mut self, delay: u32) {
        let (min, max) = self.found.unwrap_or((delay, delay));
        self.found = Some((min.min(delay), max.max(delay)));
    }

    fn merge(&mut self, other: DelayRange) {
        if let Some((min, max)) = other.found {
            self.note(min);
            self.note(max);
        }
    }

    fn range(&self) -> (u32, u32) {
        self.fixed.or(self.found).unwrap_or((1, 1))
    }
}

/// What a simulation is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Idle,
    Prepared,
    /// A run failed; only a reset helps.
    Broken,
}

/// One simulation. Any number of them can exist in a process; they share nothing.
pub struct Simulation {
    registry: Registry,
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    families: Vec<Box<dyn Family>>,
    synapses: Vec<SynapseModel>,
    /// The synapse model that was asked for last by its name.
    last_synapse: AtomicU16,
    nodes: NodeTable,
    layers: space::Layers,
    workers: Vec<Worker>,
    devices: Devices,
    pool: Option<Pool>,
    ranks: Ranks,
    phase: Phase,
    /// Whether the last Prepare failed, after which Cleanup may be called.
    prepare_failed: bool,
    /// The first step of the present slice, and the steps of it that have been taken.
    origin: Step,
    taken: usize,
    /// Spikes of the present slice, and of the last one with its origin, not yet delivered.
    emitted: Vec<Spike>,
    waiting: (Step, Vec<Spike>),
    delays: DelayRange,
    /// Synapse models and constant weights (as bits) that connections share.
    shared_weights: Vec<(u16, u64)>,
    /// The models of which each connection has a weight of its own since weights were set, by
    /// their number modulo 64; and those for which a generation has it so.
    separated: u64,
    separation: (u64, u64),
    /// The slice length of the current run.
    min_delay: usize,
    /// The keys of the draws of the current run.
    keys: RunKeys,
    /// Calls of Connect, of set with Parameters, and of evaluate, which key their draws.
    connect_calls: u32,
    draw_calls: u32,
    /// Updates of the structure, which key their draws.
    structure_updates: u32,
    /// Counts changes of the connections, so that their handles know when to look anew.
    generation: u64,
    /// Which connections went so far, for sets that hold others of the same ends.
    removals: removals::Removals,
    /// Sets of all connections that may not be listed yet.
    wholes: Vec<Weak<connections::Whole>>,
    /// The generation that is in its final form.
    arranged: Option<u64>,
    /// Whether nodes were set since what they need for a run was derived.
    nodes_changed: bool,
    spike_count: u64,
    has_run: bool,
    timers: Timers,
    /// Which of the connections that are made one by one are timed.
    timed_calls: Sampling,
    width: Width,
    gaps: Couplings,
    exchange: Exchange,
    /// What stimulators that are sampled here drive on other ranks.
    driven_elsewhere: BTreeMap<u32, Vec<u32>>,
    /// The rank that asked for a run to stop.
    stopped_by: Option<usize>,
    /// Whether this rank asks for the run to stop.
    wants_stop: bool,
    /// An error of this rank of which the others do not know yet.
    failure: Option<Error>,
    /// What users should hear of and is no error.
    warnings: Vec<String>,
    console: Box<dyn Write + Send + Sync>,
    watch: Watch,
}

impl Simulation {
    /// A simulation without nodes that knows the models in `registry`.
    pub fn new(registry: Registry) -> Self {
        Simulation::on(registry, Ranks::default())
    }

    /// The part of one rank in a simulation that several ranks run together. Each rank has one, and
    /// makes the same calls.
    pub fn with_ranks(registry: Registry, communicator: Box<dyn Communicator>) -> Self {
        Simulation::on(registry, Ranks::new(communicator))
    }

    fn on(registry: Registry, ranks: Ranks) -> Self {
        let settings = Settings::default();
        let workers = settings.threads;
        let (families, synapses) = registry.build();
        let keys = RunKeys::new(settings.seed());
        let mut simulation = Simulation {
            registry,
            settings,
            clock: Clock::default(),
            families,
            synapses,
            last_synapse: AtomicU16::new(0),
            nodes: NodeTable::new(ranks.layout(workers)),
            layers: space::Layers::default(),
            workers: Vec::new(),
            devices: Devices::default(),
            pool: None,
            ranks,
            phase: Phase::Idle,
            origin: 0,
            taken: 0,
            emitted: Vec::new(),
            waiting: (0, Vec::new()),
            delays: DelayRange::default(),
            shared_weights: Vec::new(),
            separated: 0,
            separation: (0, 0),
            min_delay: 1,
            keys,
            connect_calls: 0,
            draw_calls: 0,
            structure_updates: 0,
            generation: 0,
            removals: removals::Removals::default(),
            wholes: Vec::new(),
            prepare_failed: false,
            arranged: None,
            nodes_changed: false,
            spike_count: 0,
            has_run: false,
            timers: Timers::default(),
            timed_calls: Sampling::default(),
            width: Width::widest(),
            gaps: Couplings::default(),
            exchange: Exchange::default(),
            driven_elsewhere: BTreeMap::new(),
            stopped_by: None,
            wants_stop: false,
            failure: None,
            warnings: Vec::new(),
            console: Box::new(std::io::sink()),
            watch: Watch::default(),
        };
        simulation.set_workers(workers);
        simulation
    }

    /// Removes nodes, connections, copied models and changed defaults, and sets time and settings
    /// back, except those that outlive a reset (data path and prefix, eprop settings).
    pub fn reset(&mut self) {
        self.list_wholes();
        let console = std::mem::replace(&mut self.console, Box::new(std::io::sink()));
        let watch = std::mem::take(&mut self.watch);
        let settings = self.settings.after_reset();
        // a handle from before the reset must not match a generation after it
        let generation = self.generation + 1;
        let ranks = std::mem::take(&mut self.ranks);
        *self = Simulation::on(self.registry.clone(), ranks);
        self.settings = settings;
        self.console = console;
        self.watch = watch;
        self.generation = generation;
    }

    /// Chooses the vector instructions that nodes are advanced with; results do not depend on it.
    pub fn set_width(&mut self, width: Width) {
        self.width = width;
    }

    /// Where the screen backend writes.
    pub fn set_console(&mut self, console: Box<dyn Write + Send + Sync>) {
        self.console = console;
    }

    /// What is asked now and then whether a call that takes long (Connect, GetConnections, Prepare,
    /// Disconnect) is to end; it then changes nothing, and returns an error of
    /// [`Kind::Interrupted`](crate::error::Kind::Interrupted).
    pub fn set_watch(&mut self, ask: Ask) {
        self.watch.ask = ask;
    }

    /// The warnings since the last call.
    pub fn take_warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }

    /// The present time in steps.
    pub fn now(&self) -> Step {
        self.origin + self.taken as Step
    }

    /// The time base and resolution.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Seconds spent so far.
    pub fn timers(&self) -> Timers {
        self.timers
    }

    fn set_workers(&mut self, n: usize) {
        self.nodes = NodeTable::new(self.ranks.layout(n));
        self.workers = (0..n).map(|_| Worker::new(&self.families)).collect();
        self.pool = None;
    }

    fn refuse_while_prepared(&self, what: &str) -> Result<()> {
        match self.phase {
            Phase::Idle => Ok(()),
            Phase::Prepared => Err(Error::new(
                crate::error::Kind::Kernel,
                format!("{what} is not possible between Prepare and Cleanup; call Cleanup first"),
            )),
            Phase::Broken => Ok(()),
        }
    }
}
