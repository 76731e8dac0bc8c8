//! The nodes of a block, advanced over one interval, each with steps of its own.

use super::rkf45::{STAGES, Span, Trial};
use super::{
    Control, Failures, MAX_ATTEMPTS, PerLane, Population, Rkf45, StateVector, System, lane_groups,
    step_sizes,
};
use crate::math::{LANES, LaneMask, Lanes, LookUp, Mask, Memory, Real};
use crate::model::{Failure, StepContext};
use std::ops::Range;

/// Groups of lanes that are under way at a time. They take turns stage by stage: each stage needs the
/// one before it, and the arithmetic of the other group fills the wait.
const FLIGHTS: usize = 2;

/// The nodes of a block while they are integrated.
struct Block<'a, 'b, const D: usize> {
    columns: &'a mut [&'b mut [f64]; D],
    step_size: &'a mut [f64],
    interval: f64,
}

/// Nodes whose interval is not over after the first trial step, with the times reached.
///
/// They are handed out by the number of steps that they seem to need, those that need most first:
/// so lanes become free together, and at the end none has to wait for long.
struct Waiting {
    len: usize,
    times: Vec<f64>,
    /// The node after each node in its queue.
    next: Vec<u32>,
    /// The first node of each queue; the last queue is of nodes that wait no more.
    first: [u32; QUEUES + 1],
    /// Queues before this one are empty.
    queue: usize,
}

/// Queues of waiting nodes, by the number of steps that they seem to need; the first one is of all
/// that need more.
const QUEUES: usize = 12;

/// The end of a queue.
const NONE: u32 = u32::MAX;

/// A group of lanes under way.
struct Flight<S, const D: usize> {
    system: S,
    y: [Lanes; D],
    /// The slopes at the stages of the present trial step.
    slopes: [[Lanes; D]; STAGES],
    t: Lanes,
    h: Lanes,
    /// The time that the present trial step covers.
    span: Span<Lanes>,
    /// The error ratio of the trial step, and the states at its end.
    ratio: Lanes,
    new: [Lanes; D],
    running: LaneMask,
    stuck: Failures<LaneMask>,
    /// The nodes, if they are consecutive and at their first trial step.
    group: Range<usize>,
    /// After the first trial step: the node of each lane that is running, and its trial steps so far.
    nodes: [usize; LANES],
    attempts: [u32; LANES],
}

impl Waiting {
    /// None of `len` nodes.
    fn new(len: usize) -> Self {
        Self {
            len,
            times: Vec::new(),
            next: Vec::new(),
            first: [NONE; QUEUES + 1],
            queue: 0,
        }
    }

    /// Notes the nodes of a group that have not reached the end of the interval, with the times
    /// reached and the step sizes suggested.
    #[inline(always)]
    fn note(&mut self, group: &Range<usize>, t: &Lanes, h: &Lanes, interval: f64) {
        self.times.resize(self.len, 0.0);
        self.next.resize(self.len, NONE);
        let mut queues = [QUEUES as u32; LANES];
        for ((queue, t), h) in queues.iter_mut().zip(t.0).zip(h.0) {
            let left = interval - t;
            let steps = (left / h).min((QUEUES - 1) as f64);
            if left > 0.0 {
                *queue = (QUEUES - 1) as u32 - steps as u32;
            }
        }
        t.store(&mut self.times[group.clone()]);
        let next = &mut self.next[group.clone()];
        for ((node, next), queue) in (group.start as u32..).zip(next).zip(queues) {
            let first = &mut self.first[queue as usize];
            *next = *first;
            *first = node;
        }
        self.queue = 0;
    }

    #[inline(always)]
    fn next(&mut self) -> Option<(usize, f64)> {
        while self.queue < QUEUES {
            let first = &mut self.first[self.queue];
            if *first != NONE {
                let node = *first as usize;
                *first = self.next[node];
                return Some((node, self.times[node]));
            }
            self.queue += 1;
        }
        None
    }
}

impl<const D: usize> Block<'_, '_, D> {
    /// Fills the lanes for the first trial step of consecutive nodes.
    #[inline(always)]
    fn load<P: Population>(
        &self,
        population: &P,
        flight: &mut Flight<P::System, D>,
        group: Range<usize>,
    ) {
        population.set_group(&mut flight.system, group.clone());
        for (column, y) in self.columns.iter().zip(&mut flight.y) {
            *y = Lanes::load(&column[group.clone()]);
        }
        flight.t = Lanes::splat(0.0);
        flight.h = step_sizes(&self.step_size[group.clone()], self.interval);
        flight.running = LaneMask::first(group.len());
        flight.group = group;
    }

    /// Stores the nodes of a first trial step, and notes those that need more.
    #[inline(always)]
    fn store<S>(
        &mut self,
        flight: &mut Flight<S, D>,
        waiting: &mut Waiting,
    ) -> Result<(), Failure> {
        let group = std::mem::take(&mut flight.group);
        for (column, y) in self.columns.iter_mut().zip(&flight.y) {
            y.store(&mut column[group.clone()]);
        }
        flight.h.store(&mut self.step_size[group.clone()]);
        let unfinished = flight.running & flight.t.lt(Lanes::splat(self.interval));
        if unfinished.any() {
            flight.stuck.check(group.start)?;
            waiting.note(&group, &flight.t, &flight.h, self.interval);
        }
        flight.running = LaneMask::splat(false);
        Ok(())
    }

    /// Stores the nodes of lanes that are done, and gives these lanes to nodes that wait.
    #[inline(always)]
    fn refill<P: Population>(
        &mut self,
        population: &P,
        flight: &mut Flight<P::System, D>,
        waiting: &mut Waiting,
    ) {
        let done = flight.running & !flight.t.lt(Lanes::splat(self.interval));
        for lane in done.lanes() {
            let node = flight.nodes[lane];
            for (column, y) in self.columns.iter_mut().zip(&flight.y) {
                column[node] = y.0[lane];
            }
            self.step_size[node] = flight.h.0[lane];
        }
        flight.running = flight.running & !done;
        for lane in (!flight.running).lanes() {
            let Some((node, reached)) = waiting.next() else {
                break;
            };
            population.set_lane(&mut flight.system, lane, node);
            for (column, y) in self.columns.iter().zip(&mut flight.y) {
                y.0[lane] = column[node];
            }
            flight.h.0[lane] = self.step_size[node];
            flight.t.0[lane] = reached;
            flight.running.set(lane);
            flight.nodes[lane] = node;
            flight.attempts[lane] = 1;
        }
    }

    /// Advances all nodes.
    #[inline(always)]
    fn advance<P: Population>(
        mut self,
        population: &P,
        control: &Control<f64>,
        look_up: impl LookUp,
    ) -> Result<(), Failure>
    where
        P::System: PerLane<One: System<f64, State = [f64; D]>> + System<Lanes, State = [Lanes; D]>,
    {
        let interval = self.interval;
        let mut groups = lane_groups(self.step_size.len());
        let mut waiting = Waiting::new(self.step_size.len());
        // made in their places: `array::from_fn` copies
        let mut flights: [Flight<P::System, D>; FLIGHTS] = [
            Flight::grounded(population.first()),
            Flight::grounded(population.first()),
        ];
        for (flight, group) in flights.iter_mut().zip(groups.by_ref()) {
            self.load(population, flight, group);
        }
        // groups without running lanes before the last that has some go along, unchanged
        while let Some(last) = flights.iter().rposition(|f| f.running.any()) {
            for flight in &mut flights[..=last] {
                flight.begin(interval);
            }
            for stage in 0..STAGES {
                for flight in &mut flights[..=last] {
                    flight.evaluate(look_up, stage);
                }
            }
            for flight in &mut flights[..=last] {
                flight.weigh(control);
            }
            for flight in &mut flights[..=last] {
                flight.conclude(interval);
            }
            for flight in &mut flights[..=last] {
                if flight.group.is_empty() {
                    flight.check(interval)?;
                } else {
                    self.store(flight, &mut waiting)?;
                    if let Some(group) = groups.next() {
                        self.load(population, flight, group);
                    }
                }
                if flight.group.is_empty() {
                    self.refill(population, flight, &mut waiting);
                }
            }
        }
        Ok(())
    }
}

impl<S, const D: usize> Flight<S, D>
where
    S: PerLane<One: System<f64, State = [f64; D]>> + System<Lanes, State = [Lanes; D]>,
{
    /// Lanes without nodes.
    #[inline(always)]
    fn grounded(system: S) -> Self {
        Self {
            system,
            y: [Lanes::default(); D],
            slopes: [[Lanes::default(); D]; STAGES],
            t: Lanes::default(),
            h: Lanes::default(),
            ratio: Lanes::default(),
            new: [Lanes::default(); D],
            span: Span::default(),
            running: LaneMask::splat(false),
            stuck: Failures::none(),
            group: 0..0,
            nodes: [0; LANES],
            attempts: [0; LANES],
        }
    }

    /// Begins a trial step.
    #[inline(always)]
    fn begin(&mut self, interval: f64) {
        self.span = Span::new(self.t, self.h, Lanes::splat(interval));
    }

    /// Evaluates the slopes of one stage of a trial step in each lane.
    ///
    /// One copy of the right-hand side serves all stages and groups.
    #[inline(always)]
    fn evaluate(&mut self, look_up: impl LookUp, stage: usize) {
        let at = match stage {
            0 => self.y,
            1 => self.argument::<1>(),
            2 => self.argument::<2>(),
            3 => self.argument::<3>(),
            4 => self.argument::<4>(),
            5 => self.argument::<5>(),
            _ => unreachable!("there are six stages"),
        };
        let mut slopes = [Lanes::default(); D];
        let t = self.span.time(stage);
        if stage == 0 {
            self.system.first_derivatives(look_up, t, &at, &mut slopes);
        } else {
            self.system.derivatives(look_up, t, &at, &mut slopes);
        }
        self.slopes[stage] = slopes;
    }

    /// The states at which a stage after the first is evaluated.
    #[inline(always)]
    fn argument<const STAGE: usize>(&self) -> [Lanes; D] {
        let mut solver = Rkf45::with_slopes(self.slopes);
        solver.argument::<STAGE, Lanes>(self.span.h, &self.y);
        solver.trial
    }

    /// Works out the error ratio of a trial step whose stages have been evaluated, and the states
    /// at its end.
    ///
    /// This is plain arithmetic of one lane in a loop over lanes, which the compiler turns into one
    /// of vectors; of operators on lanes it makes twice as many instructions here.
    #[inline(always)]
    fn weigh(&mut self, control: &Control<f64>) {
        let mut new = [Lanes::default(); D];
        let mut ratio = Lanes::default();
        for lane in 0..LANES {
            let one = self.system.pick(lane);
            let [a, b, c, d, e, f] = &self.slopes;
            let mut solver = Rkf45::with_slopes([
                of_lane(a, lane),
                of_lane(b, lane),
                of_lane(c, lane),
                of_lane(d, lane),
                of_lane(e, lane),
                of_lane(f, lane),
            ]);
            let y = of_lane(&self.y, lane);
            ratio.0[lane] = solver.outcome(&one, control, self.t.0[lane], self.span.h.0[lane], &y);
            y.each(
                #[inline(always)]
                |k| new[k].0[lane] = solver.trial[k],
            );
        }
        (self.ratio, self.new) = (ratio, new);
    }

    /// Takes the trial step that was weighed where it is good enough.
    #[inline(always)]
    fn conclude(&mut self, interval: f64) {
        let trial = Trial {
            span: self.span,
            ratio: self.ratio,
        };
        self.stuck = trial.conclude::<true, _>(
            &self.new,
            Lanes::splat(interval),
            self.running,
            &mut self.t,
            &mut self.y,
            &mut self.h,
        );
    }

    /// Counts the trial step that was made.
    ///
    /// # Errors
    /// When a lane cannot go on.
    #[inline(always)]
    fn check(&mut self, interval: f64) -> Result<(), Failure> {
        self.attempts.iter_mut().for_each(|a| *a += 1);
        let many = LaneMask::from_fn(|lane| self.attempts[lane] >= MAX_ATTEMPTS);
        self.stuck.too_many_steps = self.running & self.t.lt(Lanes::splat(interval)) & many;
        self.stuck.check(0).map_err(|failure| Failure {
            index: self.nodes[failure.index],
            ..failure
        })
    }
}

/// The components of one lane.
#[inline(always)]
fn of_lane<const D: usize>(y: &[Lanes; D], lane: usize) -> [f64; D] {
    let mut one = [0.0; D];
    y.each(
        #[inline(always)]
        |k| one[k] = y[k].0[lane],
    );
    one
}

/// Advances all nodes of a block over one step of the network: their states, a column per component,
/// and the step sizes that they carry over. The states are those of [`Rkf45::advance`], bit for bit,
/// and so are the step sizes but for nodes that take the whole interval in their first step: these
/// keep a suggestion that reaches beyond the interval, and how far it does makes no difference.
///
/// Consecutive nodes make their first trial step together. Those that need more are taken up one by
/// one by lanes that become free, so that nodes that need many steps do not hold up others.
///
/// Right-hand sides that read tables do so in registers, where the context has such.
///
/// # Errors
/// When a node could not be advanced.
#[inline(always)]
pub fn advance_nodes<P: Population, const D: usize>(
    population: &P,
    control: &Control<f64>,
    context: &StepContext,
    columns: &mut [&mut [f64]; D],
    step_size: &mut [f64],
) -> Result<(), Failure>
where
    P::System: PerLane<One: System<f64, State = [f64; D]>> + System<Lanes, State = [Lanes; D]>,
{
    let block = Block {
        columns,
        step_size,
        interval: context.h,
    };
    match context.registers {
        Some(registers) if P::System::LOOKS_UP => block.advance(population, control, registers),
        _ => block.advance(population, control, Memory),
    }
}
