//! The nodes of a block in lanes: in groups of eight, or each lane with a node of its own.

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

/// Nodes that are advanced a lane at a time: what they put into a lane, and what they take back.
pub trait LaneNodes<S: System<Lanes>> {
    /// Puts a node's constants, state and step size into a lane.
    fn load(&mut self, node: usize, lane: usize, system: &mut S, y: &mut S::State, h: &mut Lanes);

    /// Takes the state and the step size back from a lane.
    fn store(&mut self, node: usize, lane: usize, y: &S::State, h: f64);
}

impl<Y: StateVector<Lanes>> Rkf45<Y> {
    /// Advances the first `count` of `nodes` over the time `interval`. A lane whose node is done
    /// goes on with the next node, so that nodes that need many steps do not hold up others. The
    /// result is that of [`Rkf45::advance`], bit for bit.
    ///
    /// # Errors
    /// When a node could not be advanced; its state is not stored.
    #[inline(always)]
    pub fn advance_nodes<S: System<Lanes, State = Y>>(
        &mut self,
        mut system: S,
        control: &Control<Lanes>,
        interval: f64,
        count: usize,
        nodes: &mut impl LaneNodes<S>,
        mut y: Y,
    ) -> Result<(), Failure> {
        let end = Lanes::splat(interval);
        let (mut t, mut h) = (end, end);
        let mut node: [Option<usize>; LANES] = [None; LANES];
        let mut attempts = [0; LANES];
        let mut waiting = 0..count;
        let mut running = LaneMask::splat(false);
        loop {
            if !running.all() {
                for lane in (0..LANES).filter(|&lane| !running.lane(lane)) {
                    if let Some(done) = node[lane].take() {
                        nodes.store(done, lane, &y, h.lane(lane));
                    }
                    if let Some(next) = waiting.next() {
                        nodes.load(next, lane, &mut system, &mut y, &mut h);
                        node[lane] = Some(next);
                        attempts[lane] = 0;
                        t.set_lane(lane, 0.0);
                    }
                }
                running = t.lt(end);
                if !running.any() {
                    return Ok(());
                }
            }
            let mut stuck = self.trial_step(&system, control, end, running, &mut t, &mut y, &mut h);
            attempts.iter_mut().for_each(|a| *a += 1);
            running = t.lt(end);
            stuck.too_many_steps = running & LaneMask::from_fn(|l| attempts[l] >= MAX_ATTEMPTS);
            if let Err(Failure { index: lane, what }) = stuck.check(0) {
                let index = node[lane].unwrap_or(0);
                return Err(Failure { index, what });
            }
        }
    }
}
