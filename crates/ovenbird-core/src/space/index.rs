//! Finding the nodes of a layer near a place.

use super::layer::{Layer, Point};
use super::mask::{Bounds, Mask};
use crate::parameter::MAX_DIMENSIONS;
use std::ops::Range;

/// Nodes that a cell should hold on average, at least.
const NODES_PER_CELL: f64 = 4.0;
/// Cells across a mask, at most.
const CELLS_PER_MASK: f64 = 12.0;

/// Nodes sorted into the cells of a regular grid; the cells along the last dimension stand one
/// after another, so that a row of them is one range.
#[derive(Clone, Debug)]
pub struct Index {
    lower: Point,
    per_cell: Point,
    cells: [usize; MAX_DIMENSIONS],
    /// Where each cell begins, and the number of nodes.
    starts: Vec<u32>,
    /// The index of each node in the population, in the order of the cells.
    order: Vec<u32>,
    /// Coordinates in the order of the cells.
    columns: Vec<Vec<f64>>,
}

/// A search for the nodes of an index inside a mask.
#[derive(Clone, Debug)]
pub struct Search {
    pub index: Index,
    mask: Mask,
    bounds: Bounds,
    /// Lower corner and size of the space, where boundaries are periodic; the size is 0 in
    /// dimensions in which they are not.
    period: Option<(Point, Point)>,
    /// Whether images of the mask can meet, so that a node may be found in several.
    overlaps: bool,
    keeps_relative: bool,
}

/// What a search has found, and its buffers.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The nodes, as indices of the population.
    pub nodes: Vec<u32>,
    /// Their coordinates relative to the anchor, as far as [`Search::gives_relative`].
    pub relative: [Vec<f64>; MAX_DIMENSIONS],
    near: [Vec<f64>; MAX_DIMENSIONS],
    inside: Vec<bool>,
}

impl Found {
    /// Leaves out the node at `place`.
    pub fn remove(&mut self, place: usize) {
        self.nodes.remove(place);
        for column in &mut self.relative {
            if place < column.len() {
                column.remove(place);
            }
        }
    }
}

impl Index {
    /// An index of nodes with the given coordinates, with cells for queries of size `query`.
    pub fn new(columns: &[Vec<f64>], query: Option<Point>) -> Self {
        let n = columns[0].len();
        let dimensions = columns.len();
        let (mut lower, mut size) = ([0.0; MAX_DIMENSIONS], [0.0; MAX_DIMENSIONS]);
        for (d, column) in columns.iter().enumerate() {
            lower[d] = column.iter().copied().fold(f64::INFINITY, f64::min);
            size[d] = column.iter().copied().fold(f64::NEG_INFINITY, f64::max) - lower[d];
        }
        // as many cells in each dimension as keep them filled
        let most = (n as f64 / NODES_PER_CELL).powf(1.0 / dimensions as f64);
        let (mut cells, mut per_cell) = ([1; MAX_DIMENSIONS], [0.0; MAX_DIMENSIONS]);
        for d in 0..dimensions {
            let wanted = match query {
                Some(q) if q[d] > 0.0 => size[d] / q[d] * CELLS_PER_MASK,
                _ => most,
            };
            cells[d] = (wanted.min(most).ceil() as usize).clamp(1, 1 << 20);
            if size[d] > 0.0 {
                per_cell[d] = cells[d] as f64 / size[d];
            }
        }
        let mut index = Index {
            lower,
            per_cell,
            cells,
            starts: Vec::new(),
            order: vec![0; n],
            columns: vec![vec![0.0; n]; dimensions],
        };
        index.sort(columns);
        index
    }

    /// Puts the nodes into their cells, by counting.
    fn sort(&mut self, columns: &[Vec<f64>]) {
        let n = columns[0].len();
        let cell_of: Vec<u32> = (0..n)
            .map(|i| {
                let coordinates = columns.iter().enumerate();
                coordinates.fold(0, |cell, (d, column)| {
                    cell * self.cells[d] + self.cell(d, column[i])
                }) as u32
            })
            .collect();
        let count: usize = self.cells.iter().product();
        self.starts = vec![0; count + 1];
        for &cell in &cell_of {
            self.starts[cell as usize + 1] += 1;
        }
        for c in 0..count {
            self.starts[c + 1] += self.starts[c];
        }
        let mut next = self.starts.clone();
        for (i, &cell) in cell_of.iter().enumerate() {
            let place = next[cell as usize] as usize;
            next[cell as usize] += 1;
            self.order[place] = i as u32;
            for (sorted, column) in self.columns.iter_mut().zip(columns) {
                sorted[place] = column[i];
            }
        }
    }

    /// The cell in one dimension: never falls where `x` grows.
    fn cell(&self, d: usize, x: f64) -> usize {
        // a negative number becomes 0
        (((x - self.lower[d]) * self.per_cell[d]) as usize).min(self.cells[d] - 1)
    }

    /// The number of nodes.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there are no nodes.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Visits ranges of places that hold all nodes in a box, and some near it.
    fn rows(&self, bounds: &Bounds, mut visit: impl FnMut(Range<usize>)) {
        let last = self.columns.len() - 1;
        let from: [usize; MAX_DIMENSIONS] = std::array::from_fn(|d| self.cell(d, bounds.lower[d]));
        let to: [usize; MAX_DIMENSIONS] = std::array::from_fn(|d| self.cell(d, bounds.upper[d]));
        let mut row = |first: usize| {
            let (begin, end) = (first + from[last], first + to[last] + 1);
            let range = self.starts[begin] as usize..self.starts[end] as usize;
            if !range.is_empty() {
                visit(range);
            }
        };
        for i in from[0]..=to[0] {
            if last == 1 {
                row(i * self.cells[1]);
            } else {
                for j in from[1]..=to[1] {
                    row((i * self.cells[1] + j) * self.cells[2]);
                }
            }
        }
    }
}

impl Search {
    /// A search among nodes with the given coordinates; `space` has the boundaries.
    pub fn new(mut columns: Vec<Vec<f64>>, mask: Mask, space: &Layer) -> Self {
        let bounds = mask.bounds();
        let dimensions = columns.len();
        let (mut period, mut overlaps) = (None, false);
        if space.wrap() {
            for (d, column) in columns.iter_mut().enumerate() {
                column.iter_mut().for_each(|x| *x = space.inside(d, *x));
            }
            let (mut lower, mut size) = ([0.0; MAX_DIMENSIONS], [0.0; MAX_DIMENSIONS]);
            for d in (0..dimensions).filter(|&d| space.wraps(d)) {
                (lower[d], size[d]) = (space.lower_left()[d], space.extent()[d]);
                overlaps |= bounds.upper[d] - bounds.lower[d] >= size[d];
            }
            period = Some((lower, size));
        }
        let query = std::array::from_fn(|d| bounds.upper[d] - bounds.lower[d]);
        Search {
            index: Index::new(&columns, Some(query)),
            mask,
            bounds,
            period,
            overlaps,
            keeps_relative: true,
        }
    }

    /// Whether the coordinates relative to the anchor are those of the shortest way.
    pub fn gives_relative(&self) -> bool {
        let short = |d: usize, size: f64| {
            let reach = self.bounds.upper[d].abs().max(self.bounds.lower[d].abs());
            size == 0.0 || reach <= 0.5 * size
        };
        match self.period {
            None => true,
            Some((_, size)) => !self.overlaps && (0..MAX_DIMENSIONS).all(|d| short(d, size[d])),
        }
    }

    /// Sets whether searches give the coordinates relative to the anchor; at first they do.
    pub fn keeps_relative(&mut self, keeps: bool) {
        self.keeps_relative = keeps;
    }

    /// Finds the nodes inside the mask at `anchor`. Where boundaries are periodic, two images of
    /// the mask are looked at in each dimension, as in NEST; a node inside several of them, as
    /// masks larger than the space have, is found as often.
    pub fn find(&self, anchor: &Point, found: &mut Found) {
        found.nodes.clear();
        found.relative.iter_mut().for_each(Vec::clear);
        let dimensions = self.index.columns.len();
        let Some((lower, size)) = self.period else {
            self.find_image(anchor, found);
            return;
        };
        // the image whose lower corner is in the space, and the one that reaches into it from below
        let (mut base, mut images) = (*anchor, [1; MAX_DIMENSIONS]);
        for d in (0..dimensions).filter(|&d| size[d] > 0.0) {
            let corner = self.bounds.lower[d];
            let mut offset = (anchor[d] + corner - lower[d]) % size[d];
            if offset < 0.0 {
                offset += size[d];
            }
            base[d] = offset - corner + lower[d];
            let reach = base[d] + self.bounds.upper[d] - lower[d];
            images[d] = 1 + usize::from(reach > size[d]);
        }
        for i in 0..images[0] {
            for j in 0..images[1] {
                for k in 0..images[2] {
                    let turns = [i as f64, j as f64, k as f64];
                    let image = std::array::from_fn(|d| base[d] - turns[d] * size[d]);
                    self.find_image(&image, found);
                }
            }
        }
    }

    fn find_image(&self, anchor: &Point, found: &mut Found) {
        let index = &self.index;
        // rounding of a difference must not lose nodes at the border
        let margin = |d: usize| {
            1e-9 * (anchor[d].abs() + self.bounds.lower[d].abs() + self.bounds.upper[d].abs())
                + f64::MIN_POSITIVE
        };
        let region = Bounds {
            lower: std::array::from_fn(|d| anchor[d] + self.bounds.lower[d] - margin(d)),
            upper: std::array::from_fn(|d| anchor[d] + self.bounds.upper[d] + margin(d)),
        };
        index.rows(&region, |range| {
            let n = range.len();
            if found.inside.len() < n {
                found.inside.resize(n, false);
                found.near.iter_mut().for_each(|near| near.resize(n, 0.0));
            }
            let inside = &mut found.inside[..n];
            let [x, y, z] = &mut found.near;
            let near = [&mut x[..n], &mut y[..n], &mut z[..n]];
            for ((near, column), here) in near.into_iter().zip(&index.columns).zip(anchor) {
                subtract(&column[range.clone()], *here, near);
            }
            let near = [&x[..n], &y[..n], &z[..n]];
            self.mask.test(&near[..index.columns.len()], inside);
            let (order, nodes) = (&index.order[range], &mut found.nodes);
            let relative = &mut found.relative;
            match (self.keeps_relative, index.columns.len()) {
                (false, _) => keep(order, [], inside, nodes, relative),
                (true, 2) => keep(order, [near[0], near[1]], inside, nodes, relative),
                (true, _) => keep(order, near, inside, nodes, relative),
            }
        });
    }
}

fn subtract(column: &[f64], here: f64, out: &mut [f64]) {
    crate::math::vectorize(
        #[inline(always)]
        || {
            for (out, x) in out.iter_mut().zip(column) {
                *out = x - here;
            }
        },
    );
}

/// Appends those nodes that are inside, with `D` of their coordinates. Writes all of them, which
/// needs no branches.
fn keep<const D: usize>(
    order: &[u32],
    near: [&[f64]; D],
    inside: &[bool],
    nodes: &mut Vec<u32>,
    relative: &mut [Vec<f64>; MAX_DIMENSIONS],
) {
    let (start, n) = (nodes.len(), order.len());
    nodes.resize(start + n, 0);
    for column in relative.iter_mut().take(D) {
        column.resize(start + n, 0.0);
    }
    let columns = relative
        .each_mut()
        .map(|column| column.get_mut(start..).unwrap_or_default());
    let new = &mut nodes[start..];
    let mut kept = 0;
    for i in 0..n {
        new[kept] = order[i];
        for d in 0..D {
            columns[d][kept] = near[d][i];
        }
        kept += usize::from(inside[i]);
    }
    nodes.truncate(start + kept);
    for column in relative.iter_mut().take(D) {
        column.truncate(start + kept);
    }
}
