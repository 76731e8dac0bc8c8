//! The nodes of a block in lanes: in groups of eight, or each lane with a node of its own.

use super::rkf45::Trial;
use super::{Control, Failures, MAX_ATTEMPTS, Rkf45, StateVector, System};
use crate::math::{LANES, LaneMask, Lanes, Mask, Real};
use crate::model::{Constants, Failure};
use std::ops::Range;

/// The lane groups of a block of `len` nodes; the last one may be smaller than the others.
#[inline(always)]
pub fn lane_groups(len: usize) -> impl Iterator<Item = Range<usize>> {
    (0..len)
        .step_by(LANES)
        .map(move |first| first..len.min(first + LANES))
}

/// One of the derived constants for a lane group. Lanes without a node repeat the last one's.
#[inline(always)]
pub fn lanes_of<D>(
    constants: &Constants<'_, D>,
    group: &Range<usize>,
    get: impl Fn(&D) -> f64,
) -> Lanes {
    match constants {
        Constants::Same(c) => Lanes::splat(get(c)),
        Constants::Each { sets, class } => {
            let class = &class[group.clone()];
            Lanes::from_fn(|lane| get(&sets[class[lane.min(class.len() - 1)] as usize]))
        }
    }
}

/// The step sizes to begin with: those carried over, and the resolution where there is none yet.
#[inline(always)]
pub fn step_sizes(carried: &[f64], resolution: f64) -> Lanes {
    let h = Lanes::load(carried);
    Lanes::select(h.gt(Lanes::splat(0.0)), h, Lanes::splat(resolution))
}

/// Where a count is positive, for consecutive nodes.
#[inline(always)]
pub fn where_positive(counts: &[i32]) -> LaneMask {
    match counts.first_chunk::<LANES>() {
        Some(counts) => LaneMask::from_fn(|lane| counts[lane] > 0),
        None => LaneMask::from_fn(|lane| counts.get(lane).is_some_and(|&count| count > 0)),
    }
}

impl Failures<LaneMask> {
    /// The first failure in a lane group that begins at node `first`.
    ///
    /// # Errors
    /// When a lane could not be advanced.
    #[inline(always)]
    pub fn check(&self, first: usize) -> Result<(), Failure> {
        if self.is_empty() {
            return Ok(());
        }
        let failed = |mask: LaneMask| (0..LANES).find(|&lane| mask.lane(lane));
        let causes = [
            (self.non_finite, "its state is not finite any more"),
            (
                self.step_underflow,
                "no step size is small enough for the error allowed",
            ),
            (self.too_many_steps, "too many steps are needed"),
        ];
        match causes
            .iter()
            .find_map(|&(mask, what)| Some((failed(mask)?, what)))
        {
            Some((lane, what)) => Err(Failure {
                index: first + lane,
                what,
            }),
            None => Ok(()),
        }
    }
}

/// The same quantities for each lane.
pub trait PerLane {
    /// Those of one lane.
    type One;

    /// The same in every lane.
    fn spread(one: &Self::One) -> Self;

    /// Those of a lane.
    fn pick(&self, lane: usize) -> Self::One;

    /// Sets those of a lane.
    fn place(&mut self, lane: usize, one: &Self::One);
}

impl PerLane for Lanes {
    type One = f64;

    #[inline(always)]
    fn spread(one: &f64) -> Self {
        Lanes::splat(*one)
    }

    #[inline(always)]
    fn pick(&self, lane: usize) -> f64 {
        self.0[lane]
    }

    #[inline(always)]
    fn place(&mut self, lane: usize, one: &f64) {
        self.0[lane] = *one;
    }
}

/// Implements [`PerLane`](crate::ode::PerLane) for a struct that is generic over the type of its
/// fields: for `Name<Lanes>` in terms of `Name<f64>`.
#[macro_export]
macro_rules! per_lane {
    ($name:ident { $($field:ident),* $(,)? }) => {
        impl $crate::ode::PerLane for $name<$crate::math::Lanes> {
            type One = $name<f64>;

            #[inline(always)]
            fn spread(one: &$name<f64>) -> Self {
                $name { $( $field: $crate::ode::PerLane::spread(&one.$field), )* }
            }

            #[inline(always)]
            fn pick(&self, lane: usize) -> $name<f64> {
                $name { $( $field: $crate::ode::PerLane::pick(&self.$field, lane), )* }
            }

            #[inline(always)]
            fn place(&mut self, lane: usize, one: &$name<f64>) {
                $( $crate::ode::PerLane::place(&mut self.$field, lane, &one.$field); )*
            }
        }
    };
}

/// What a model tells of its nodes so that they can be integrated; `S` is the right-hand side for a
/// group of lanes.
pub trait Population<S: PerLane> {
    /// The right-hand side of consecutive nodes, at most [`LANES`]. Lanes without a node may hold
    /// anything finite.
    fn group(&self, nodes: Range<usize>) -> S;

    /// Puts one node's part of the right-hand side into a lane.
    fn set_lane(&self, system: &mut S, lane: usize, node: usize);
}

impl<D> Constants<'_, D> {
    /// What a right-hand side takes from the constants of consecutive nodes, a lane each.
    #[inline(always)]
    pub fn lanes<S: PerLane>(&self, nodes: Range<usize>, part: impl Fn(&D) -> &S::One) -> S {
        let mut system = S::spread(part(self.of(nodes.start)));
        if let Constants::Each { .. } = self {
            for (lane, node) in nodes.enumerate() {
                system.place(lane, part(self.of(node)));
            }
        }
        system
    }

    /// Puts what a right-hand side takes from the constants of one node into a lane; returns it.
    #[inline(always)]
    pub fn place<S: PerLane>(
        &self,
        system: &mut S,
        lane: usize,
        node: usize,
        part: impl Fn(&D) -> &S::One,
    ) -> &S::One {
        let one = part(self.of(node));
        if let Constants::Each { .. } = self {
            system.place(lane, one);
        }
        one
    }
}

/// The nodes of a block while they are integrated.
struct Block<'a, 'b, const D: usize> {
    columns: &'a mut [&'b mut [f64]; D],
    step_size: &'a mut [f64],
    interval: f64,
}

/// The state of the lanes.
struct Flight<const D: usize> {
    y: [Lanes; D],
    t: Lanes,
    h: Lanes,
    running: LaneMask,
}

/// Nodes whose interval is not over after the first trial step, with the times reached, and which
/// of them are in the lanes.
struct Unfinished {
    nodes: Vec<(usize, f64)>,
    taken: usize,
    lanes: [Option<usize>; LANES],
    attempts: [u32; LANES],
}

impl<const D: usize> Block<'_, '_, D> {
    #[inline(always)]
    fn load(&self, nodes: &Range<usize>) -> Flight<D> {
        Flight {
            y: std::array::from_fn(|k| Lanes::load(&self.columns[k][nodes.clone()])),
            t: Lanes::splat(0.0),
            h: step_sizes(&self.step_size[nodes.clone()], self.interval),
            running: LaneMask::first(nodes.len()),
        }
    }

    #[inline(always)]
    fn store(&mut self, nodes: &Range<usize>, lanes: &Flight<D>) {
        for (column, y) in self.columns.iter_mut().zip(&lanes.y) {
            y.store(&mut column[nodes.clone()]);
        }
        lanes.h.store(&mut self.step_size[nodes.clone()]);
    }

    /// Stores the nodes of lanes that are done, and gives these lanes to nodes that wait.
    #[inline(always)]
    fn refill<S: PerLane>(
        &mut self,
        population: &impl Population<S>,
        system: &mut S,
        lanes: &mut Flight<D>,
        unfinished: &mut Unfinished,
    ) {
        for lane in 0..LANES {
            if lanes.running.lane(lane) {
                continue;
            }
            if let Some(done) = unfinished.lanes[lane].take() {
                for (column, y) in self.columns.iter_mut().zip(&lanes.y) {
                    column[done] = y.lane(lane);
                }
                self.step_size[done] = lanes.h.lane(lane);
            }
            if let Some(&(next, reached)) = unfinished.nodes.get(unfinished.taken) {
                population.set_lane(system, lane, next);
                for (column, y) in self.columns.iter().zip(&mut lanes.y) {
                    y.set_lane(lane, column[next]);
                }
                lanes.h.set_lane(lane, self.step_size[next]);
                lanes.t.set_lane(lane, reached);
                unfinished.taken += 1;
                unfinished.lanes[lane] = Some(next);
                unfinished.attempts[lane] = 1;
            }
        }
        lanes.running = lanes.t.lt(Lanes::splat(self.interval));
    }
}

/// Makes a trial step in each lane; returns it and the states that it leads to.
///
/// This is plain arithmetic of one lane in a loop over lanes, which the compiler turns into one of
/// vectors.
#[inline(always)]
fn attempt<S, const D: usize>(
    system: &S,
    control: &Control<f64>,
    interval: f64,
    lanes: &Flight<D>,
) -> (Trial<Lanes>, [Lanes; D])
where
    S: PerLane<One: System<f64, State = [f64; D]>>,
{
    let mut new = [Lanes::default(); D];
    let [mut h, mut end, mut ratio] = [Lanes::default(); 3];
    for lane in 0..LANES {
        let one = system.pick(lane);
        let mut y = [0.0; D];
        new.each(
            #[inline(always)]
            |k| y[k] = lanes.y[k].0[lane],
        );
        let mut solver = Rkf45::new(&y);
        let (t, step) = (lanes.t.0[lane], lanes.h.0[lane]);
        let trial = solver.attempt(&one, control, interval, t, step, &y);
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

/// Advances all nodes of a block over the time `interval`: their states, a column per component,
/// and the step sizes that they carry over. The result is that of [`Rkf45::advance`], bit for bit.
///
/// Consecutive nodes make their first trial step together, which for most is the whole interval.
/// For these the suggested step size stays what it was: it reaches beyond the interval and will not
/// be shortened, so how far does not matter. The others are taken up one by one by lanes that
/// become free, so that nodes that need many steps do not hold up others.
///
/// # Errors
/// When a node could not be advanced.
#[inline(always)]
pub fn advance_nodes<S, const D: usize>(
    population: &impl Population<S>,
    control: &Control<f64>,
    interval: f64,
    columns: &mut [&mut [f64]; D],
    step_size: &mut [f64],
) -> Result<(), Failure>
where
    S: PerLane<One: System<f64, State = [f64; D]>>,
{
    let (count, end) = (step_size.len(), Lanes::splat(interval));
    let mut block = Block {
        columns,
        step_size,
        interval,
    };
    let mut group = 0..count.min(LANES);
    let mut system = population.group(group.clone());
    let mut lanes = block.load(&group);
    let mut unfinished = Unfinished {
        nodes: Vec::new(),
        taken: 0,
        lanes: [None; LANES],
        attempts: [0; LANES],
    };
    while lanes.running.any() {
        let (trial, new) = attempt(&system, control, interval, &lanes);
        let stuck = trial.conclude::<true, _>(
            &new,
            end,
            lanes.running,
            &mut lanes.t,
            &mut lanes.y,
            &mut lanes.h,
        );
        if group.is_empty() {
            unfinished.check(stuck, &mut lanes, interval)?;
            if lanes.running.all() {
                continue;
            }
        } else {
            block.store(&group, &lanes);
            if (lanes.running & lanes.t.lt(end)).any() {
                stuck.check(group.start)?;
                let left = group.clone().zip(lanes.t.0).filter(|&(_, t)| t < interval);
                unfinished.nodes.extend(left);
            }
            group = group.end..count.min(group.end + LANES);
            if !group.is_empty() {
                system = population.group(group.clone());
                lanes = block.load(&group);
                continue;
            }
            lanes.running = LaneMask::splat(false);
            lanes.t = end;
        }
        block.refill(population, &mut system, &mut lanes, &mut unfinished);
    }
    Ok(())
}

impl Unfinished {
    /// Notes which lanes are still under way after a trial step.
    #[inline(always)]
    fn check<const D: usize>(
        &mut self,
        mut stuck: Failures<LaneMask>,
        lanes: &mut Flight<D>,
        interval: f64,
    ) -> Result<(), Failure> {
        lanes.running = lanes.t.lt(Lanes::splat(interval));
        self.attempts.iter_mut().for_each(|a| *a += 1);
        let many = LaneMask::from_fn(|lane| self.attempts[lane] >= MAX_ATTEMPTS);
        stuck.too_many_steps = lanes.running & many;
        stuck.check(0).map_err(|failure| Failure {
            index: self.lanes[failure.index].unwrap_or(0),
            ..failure
        })
    }
}
