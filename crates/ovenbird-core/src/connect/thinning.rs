//! Kernels without a mask: pairs are proposed by an upper bound of the kernel, and the proposals
//! thinned out, so that far nodes cost next to nothing.

use super::rules::{Grouping, RuleContext};
use super::space::{PROPOSAL, Space, SpaceBuffers};
use crate::error::Result;
use crate::parameter::{Interval, MAX_DIMENSIONS, Parameter, Region};
use crate::rng::{Stream, ln, ln_1p};
use crate::space::{Bounds, Point, Visit};

/// Pools with fewer nodes are looked through one by one.
pub(super) const LEAST: usize = 256;
/// A block with so few proposals in the mean is not divided.
const FEW: f64 = 8.0;
/// From this probability on all nodes of a block are proposed.
const MANY: f64 = 0.3;
/// Rounding of bounds, relative.
const MARGIN: f64 = 1e-9;

impl Space {
    /// Draws the partners of the driver `at` by the probability `p`.
    pub(super) fn thin(
        &self,
        p: &Parameter,
        cx: &RuleContext<'_>,
        at: usize,
        buffers: &mut SpaceBuffers,
        partners: &mut Vec<u32>,
    ) -> Result<()> {
        self.propose(p, cx, at, buffers);
        self.kernel_values(p, cx, at, buffers)?;
        buffers.draw_choices(cx, at);
        let (pool, driver) = match self.grouping {
            Grouping::BySource => (cx.targets, cx.sources[at]),
            _ => (cx.sources, cx.targets[at]),
        };
        for (i, &candidate) in buffers.found.nodes.iter().enumerate() {
            let accepted = buffers.uniform[i] * buffers.proposed[i] < buffers.values[i];
            let autapse = !cx.allow_autapses && pool[candidate as usize] == driver;
            if accepted && !autapse {
                partners.push(candidate);
            }
        }
        Ok(())
    }

    /// Proposes nodes: each with the bound of the probability in its block.
    fn propose(&self, p: &Parameter, cx: &RuleContext<'_>, at: usize, buffers: &mut SpaceBuffers) {
        let SpaceBuffers {
            found, proposed, ..
        } = buffers;
        let candidates = &mut found.nodes;
        candidates.clear();
        proposed.clear();
        let Some(tree) = &self.tree else {
            return;
        };
        let here = self.drivers().position(at);
        let mut stream = cx.stream(at, PROPOSAL);
        let bound = std::cell::Cell::new(1.0);
        let ask = |bounds: &Bounds, number: usize| {
            let interval = self.kernel_bounds(p, &here, bounds);
            let high = (interval.high * (1.0 + MARGIN)).min(1.0);
            bound.set(high);
            if high <= 0.0 {
                Visit::Skip
            } else if high * number as f64 <= FEW || interval.low >= 0.25 * high {
                Visit::Take
            } else {
                Visit::Divide
            }
        };
        tree.walk(ask, |nodes| {
            let high = bound.get();
            let before = candidates.len();
            let high = propose_from(nodes, high, &mut stream, candidates);
            proposed.resize(proposed.len() + (candidates.len() - before), high);
        });
    }

    /// Bounds of the kernel between the driver at `here` and all places in a box.
    fn kernel_bounds(&self, p: &Parameter, here: &Point, bounds: &Bounds) -> Interval {
        let dimensions = self.geometry.dimensions();
        let pool: [Interval; MAX_DIMENSIONS] =
            std::array::from_fn(|d| Interval::new(bounds.lower[d], bounds.upper[d]));
        let driver: [Interval; MAX_DIMENSIONS] = std::array::from_fn(|d| Interval::point(here[d]));
        let by_source = self.grouping == Grouping::BySource;
        let (source, target) = if by_source {
            (driver, pool)
        } else {
            (pool, driver)
        };
        let displacement = std::array::from_fn(|d| {
            Interval::new(
                target[d].low - source[d].high,
                target[d].high - source[d].low,
            )
        });
        let region = Region {
            source,
            target,
            displacement,
            dimensions,
        };
        self.folded_bounds(p, region, 0)
    }

    /// Bounds over a region whose displacements from dimension `d` on are not the shortest yet:
    /// where they reach over half the size of the space, the region falls into two.
    fn folded_bounds(&self, p: &Parameter, mut region: Region, d: usize) -> Interval {
        if d == region.dimensions {
            return p.bounds(&region);
        }
        if !self.geometry.wraps(d) {
            return self.folded_bounds(p, region, d + 1);
        }
        let size = self.geometry.extent()[d];
        let half = 0.5 * size;
        let Interval { low, high } = region.displacement[d];
        if high - low >= size {
            region.displacement[d] = Interval::new(-half, half);
            return self.folded_bounds(p, region, d + 1);
        }
        let middle = 0.5 * (low + high);
        let turns = if middle.abs() <= half {
            0.0
        } else {
            (middle / size).round() * size
        };
        let (low, high) = (low - turns, high - turns);
        let edge = half * (1.0 + MARGIN);
        let mut part = |low: f64, high: f64| {
            region.displacement[d] = Interval::new(low, high);
            self.folded_bounds(p, region, d + 1)
        };
        if high > half {
            part(low, edge).hull(part(-edge, high - size))
        } else if low < -half {
            part(-edge, high).hull(part(low + size, edge))
        } else {
            part(low, high)
        }
    }
}

/// Appends nodes, each with the probability that is returned: `high`, or 1 where all are taken.
fn propose_from(nodes: &[u32], high: f64, stream: &mut Stream, chosen: &mut Vec<u32>) -> f64 {
    if high >= MANY {
        chosen.extend_from_slice(nodes);
        return 1.0;
    }
    // jumps over the gaps between successes
    let scale = 1.0 / ln_1p(-high);
    let mut next = 0usize;
    loop {
        let gap = ln(stream.uniform_open()) * scale;
        if gap >= (nodes.len() - next) as f64 {
            return high;
        }
        next += gap as usize;
        chosen.push(nodes[next]);
        next += 1;
        if next >= nodes.len() {
            return high;
        }
    }
}
