//! Lane groups: the nodes of a block, eight at a time.

use super::Failures;
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
