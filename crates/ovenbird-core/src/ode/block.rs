//! The nodes of a block, advanced over one interval, each with steps of its own.

use super::rkf45::{STAGES, Span, Trial};
use super::{
    Control, Failures, MAX_ATTEMPTS, PerLane, Population, Rkf45, StateVector, System, lane_groups,
    step_sizes,
};
use crate::math::{LANES, LaneMask, Lanes, Mask, Real};
use crate::model::Failure;
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

/// Nodes whose interval is not over after the first trial step, with the times reached. Those that
/// need many more steps come first, so that they are not what all lanes wait for at the end.
#[derive(Default)]
struct Waiting {
    queues: [Queue; QUEUES],
}

#[derive(Default)]
struct Queue {
    nodes: Vec<(usize, f64)>,
    count: usize,
    taken: usize,
}

/// Queues of waiting nodes.
const QUEUES: usize = 3;

/// A group of lanes under way.
struct Flight<S, const D: usize> {
    system: S,
    y: [Lanes; D],
    /// The slopes at the stages of the present trial step.
    slopes: [[Lanes; D]; STAGES],
    t: Lanes,
    h: Lanes,
    running: LaneMask,
    stuck: Failures<LaneMask>,
    /// The nodes, if they are consecutive and at their first trial step.
    group: Range<usize>,
    /// After the first trial step: the node of each lane that is running, and its trial steps so far.
    nodes: [usize; LANES],
    attempts: [u32; LANES],
}

impl Waiting {
    /// Notes the nodes of a group that have not reached the end of the interval, with the times
    /// reached and the step sizes suggested.
    #[inline(always)]
    fn note(&mut self, group: &Range<usize>, t: &Lanes, h: &Lanes, interval: f64) {
        for queue in &mut self.queues {
            queue.nodes.resize(queue.count + LANES, (0, 0.0));
        }
        for ((node, t), h) in group.clone().zip(t.0).zip(h.0) {
            let left = interval - t;
            // more than four steps of the suggested size, more than two, or fewer
            let queue = usize::from(left <= 4.0 * h) + usize::from(left <= 2.0 * h);
            let queue = &mut self.queues[queue];
            queue.nodes[queue.count] = (node, t);
            queue.count += usize::from(t < interval);
        }
    }

    #[inline(always)]
    fn next(&mut self) -> Option<(usize, f64)> {
        let queue = self.queues.iter_mut().find(|q| q.taken < q.count)?;
        queue.taken += 1;
        Some(queue.nodes[queue.taken - 1])
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
}

impl<S, const D: usize> Flight<S, D>
where
    S: PerLane<One: System<f64, State = [f64; D]>>,
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
            running: LaneMask::splat(false),
            stuck: Failures::none(),
            group: 0..0,
            nodes: [0; LANES],
            attempts: [0; LANES],
        }
    }

    /// Evaluates the slopes of one stage of a trial step in each lane.
    ///
    /// This is plain arithmetic of one lane in a loop over lanes, which the compiler turns into one
    /// of vectors. One copy of the right-hand side serves all stages and groups.
    #[inline(always)]
    fn evaluate(&mut self, stage: usize, interval: f64) {
        let at = match stage {
            0 => self.y,
            1 => self.argument::<1>(interval),
            2 => self.argument::<2>(interval),
            3 => self.argument::<3>(interval),
            4 => self.argument::<4>(interval),
            5 => self.argument::<5>(interval),
            _ => unreachable!("there are six stages"),
        };
        let mut slopes = [Lanes::default(); D];
        for lane in 0..LANES {
            let one = self.system.pick(lane);
            let t = self.span(lane, interval).time(stage);
            let mut dydt = [0.0; D];
            one.derivatives(t, &of_lane(&at, lane), &mut dydt);
            dydt.each(
                #[inline(always)]
                |k| slopes[k].0[lane] = dydt[k],
            );
        }
        self.slopes[stage] = slopes;
    }

    /// The states at which a stage after the first is evaluated.
    #[inline(always)]
    fn argument<const STAGE: usize>(&self, interval: f64) -> [Lanes; D] {
        let mut at = [Lanes::default(); D];
        for lane in 0..LANES {
            let mut solver = self.solver(lane);
            let h = self.span(lane, interval).h;
            solver.argument::<STAGE, f64>(h, &of_lane(&self.y, lane));
            solver.trial.each(
                #[inline(always)]
                |k| at[k].0[lane] = solver.trial[k],
            );
        }
        at
    }

    /// The time that the trial step of a lane covers.
    #[inline(always)]
    fn span(&self, lane: usize, interval: f64) -> Span<f64> {
        Span::new(self.t.0[lane], self.h.0[lane], interval)
    }

    /// The solver of a lane, with the slopes evaluated so far.
    #[inline(always)]
    fn solver(&self, lane: usize) -> Rkf45<[f64; D]> {
        let [a, b, c, d, e, f] = &self.slopes;
        Rkf45::with_slopes([
            of_lane(a, lane),
            of_lane(b, lane),
            of_lane(c, lane),
            of_lane(d, lane),
            of_lane(e, lane),
            of_lane(f, lane),
        ])
    }

    /// The outcome of a trial step whose stages have been evaluated, and the states it leads to.
    #[inline(always)]
    fn outcome(&self, control: &Control<f64>, interval: f64) -> (Trial<Lanes>, [Lanes; D]) {
        let mut new = [Lanes::default(); D];
        let [mut h, mut end, mut ratio] = [Lanes::default(); 3];
        for lane in 0..LANES {
            let one = self.system.pick(lane);
            let mut solver = self.solver(lane);
            let y = of_lane(&self.y, lane);
            let trial = solver.outcome(&one, control, self.span(lane, interval), &y);
            y.each(
                #[inline(always)]
                |k| new[k].0[lane] = solver.trial[k],
            );
            h.0[lane] = trial.h;
            end.0[lane] = trial.end;
            ratio.0[lane] = trial.ratio;
        }
        (Trial { h, end, ratio }, new)
    }

    /// Takes the trial step whose stages have been evaluated where it is good enough.
    #[inline(always)]
    fn conclude(&mut self, control: &Control<f64>, interval: f64) {
        let (trial, new) = self.outcome(control, interval);
        self.stuck = trial.conclude::<true, _>(
            &new,
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

/// Advances all nodes of a block over the time `interval`: their states, a column per component,
/// and the step sizes that they carry over. The states are those of [`Rkf45::advance`], bit for bit,
/// and so are the step sizes but for nodes that take the whole interval in their first step: these
/// keep a suggestion that reaches beyond the interval, and how far it does makes no difference.
///
/// Consecutive nodes make their first trial step together. Those that need more are taken up one by
/// one by lanes that become free, so that nodes that need many steps do not hold up others.
///
/// # Errors
/// When a node could not be advanced.
#[inline(always)]
pub fn advance_nodes<P: Population, const D: usize>(
    population: &P,
    control: &Control<f64>,
    interval: f64,
    columns: &mut [&mut [f64]; D],
    step_size: &mut [f64],
) -> Result<(), Failure>
where
    P::System: PerLane<One: System<f64, State = [f64; D]>>,
{
    let count = step_size.len();
    let mut block = Block {
        columns,
        step_size,
        interval,
    };
    let mut groups = lane_groups(count);
    let mut waiting = Waiting::default();
    let mut flights: [Flight<P::System, D>; FLIGHTS] =
        std::array::from_fn(|_| Flight::grounded(population.first()));
    for (flight, group) in flights.iter_mut().zip(groups.by_ref()) {
        block.load(population, flight, group);
    }
    // groups without running lanes before the last that has some go along, unchanged
    while let Some(last) = flights.iter().rposition(|f| f.running.any()) {
        for stage in 0..STAGES {
            for flight in &mut flights[..=last] {
                flight.evaluate(stage, interval);
            }
        }
        for flight in &mut flights[..=last] {
            flight.conclude(control, interval);
        }
        for flight in &mut flights[..=last] {
            if flight.group.is_empty() {
                flight.check(interval)?;
            } else {
                block.store(flight, &mut waiting)?;
                if let Some(group) = groups.next() {
                    block.load(population, flight, group);
                }
            }
            if flight.group.is_empty() {
                block.refill(population, flight, &mut waiting);
            }
        }
    }
    Ok(())
}
