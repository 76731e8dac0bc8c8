//! Groups of lanes: what a model tells of its nodes so that eight of them can be integrated
//! together.

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

/// What a model tells of its nodes so that they can be integrated.
pub trait Population {
    /// The right-hand side for a group of lanes.
    type System: PerLane;

    /// The right-hand side with the constants of the first node in each lane.
    fn first(&self) -> Self::System;

    /// Makes it that of consecutive nodes, at most [`LANES`]. Lanes without a node may hold
    /// anything finite.
    fn set_group(&self, system: &mut Self::System, nodes: Range<usize>);

    /// Puts one node's part of the right-hand side into a lane.
    fn set_lane(&self, system: &mut Self::System, lane: usize, node: usize);
}

impl<D> Constants<'_, D> {
    /// What a right-hand side takes from the constants of the first node, in every lane.
    #[inline(always)]
    pub fn first<S: PerLane>(&self, part: impl Fn(&D) -> &S::One) -> S {
        S::spread(part(self.of(0)))
    }

    /// Puts what a right-hand side takes from the constants of consecutive nodes into the lanes,
    /// where nodes have constants of their own; else every lane has them from the beginning.
    #[inline(always)]
    pub fn set_group<S: PerLane>(
        &self,
        system: &mut S,
        nodes: Range<usize>,
        part: impl Fn(&D) -> &S::One,
    ) {
        if let Constants::Each { .. } = self {
            for (lane, node) in nodes.enumerate() {
                system.place(lane, part(self.of(node)));
            }
        }
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
