//! Where the positions of a layer come from. Those of a grid and drawn ones are not stored: they
//! are computed where they are asked for, the same on every rank.

use super::layer::Point;
use crate::parameter::{Context, MAX_DIMENSIONS, Parameter, ParameterError};
use crate::rng::{Key, Stream};

/// Positions that are drawn together from a stream of their own.
const CHUNK: usize = 256;

/// Positions that a Parameter for each dimension gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Draws {
    pub coordinates: Vec<Parameter>,
    /// The number of nodes.
    pub count: usize,
    pub key: Key,
    /// The call that the draws belong to.
    pub call: u32,
}

/// The positions of the nodes of a layer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Places {
    Grid(Grid),
    Listed(List),
    Drawn(Draws),
}

/// Positions that were given, of the nodes that are held here.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct List {
    /// The number of nodes, held or not.
    count: usize,
    /// The first node that is held, and the distance to the next.
    first: usize,
    step: usize,
    /// A column of coordinates for each dimension.
    columns: Vec<Vec<f64>>,
}

impl List {
    /// The positions of all nodes.
    pub fn new(columns: Vec<Vec<f64>>) -> Self {
        List {
            count: columns[0].len(),
            first: 0,
            step: 1,
            columns,
        }
    }

    /// Keeps the positions of every `step`th node from `first` on, of a list that has all.
    fn keep(&mut self, first: usize, step: usize) {
        for column in &mut self.columns {
            let kept = column.iter().skip(first).step_by(step).copied();
            *column = kept.collect();
        }
        (self.first, self.step) = (first, step);
    }

    /// Where the position of a node is, if it is held.
    fn place(&self, node: usize) -> Option<usize> {
        let beyond = node.checked_sub(self.first)?;
        (node < self.count && beyond.is_multiple_of(self.step)).then(|| beyond / self.step)
    }
}

/// Nodes at regular distances.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Grid {
    /// The number of nodes in each dimension.
    pub shape: Vec<u32>,
    start: Point,
    width: Point,
    /// How many consecutive nodes have the same coordinate.
    runs: [u32; MAX_DIMENSIONS],
}

impl Grid {
    /// Nodes are numbered along the last dimension first; the second dimension runs downwards.
    pub fn new(shape: Vec<u32>, low: Point, extent: Point) -> Self {
        let down = |d: usize| if d == 1 { -extent[d] } else { extent[d] };
        let nodes = |d: usize| shape.get(d).copied().unwrap_or(1);
        Grid {
            start: std::array::from_fn(|d| if d == 1 { low[d] + extent[d] } else { low[d] }),
            width: std::array::from_fn(|d| down(d) / f64::from(nodes(d))),
            runs: std::array::from_fn(|d| (d + 1..MAX_DIMENSIONS).map(nodes).product()),
            shape,
        }
    }

    fn coordinate(&self, d: usize, node: u32) -> f64 {
        let width = self.width[d];
        let i = node / self.runs[d] % self.shape[d];
        self.start[d] + width * f64::from(i) + width * 0.5
    }
}

impl Draws {
    /// Draws the coordinates of the chunk that begins at `first` in dimension `d`.
    ///
    /// # Errors
    /// When the Parameter cannot be evaluated.
    fn fill(&self, d: usize, first: usize, out: &mut [f64]) -> Result<(), ParameterError> {
        let chunk = (first / CHUNK) as u32;
        let mut stream = Stream::new(self.key, self.call, d as u32, chunk);
        self.coordinates[d].fill(&mut stream, &Context::default(), out)
    }

    /// Visits the coordinates of all nodes, chunk by chunk: the dimension, the first node, and
    /// their coordinates.
    ///
    /// # Errors
    /// When a Parameter cannot be evaluated.
    pub(super) fn for_each(
        &self,
        mut visit: impl FnMut(usize, usize, &[f64]),
    ) -> Result<(), ParameterError> {
        let mut chunk = [0.0; CHUNK];
        for d in 0..self.coordinates.len() {
            for first in (0..self.count).step_by(CHUNK) {
                let out = &mut chunk[..CHUNK.min(self.count - first)];
                self.fill(d, first, out)?;
                visit(d, first, out);
            }
        }
        Ok(())
    }
}

/// Why drawing cannot fail: a layer is only made of Parameters that gave all positions once.
const DRAWN_BEFORE: &str = "the same draws were made when the layer was";

impl Places {
    pub fn len(&self) -> usize {
        match self {
            Places::Grid(grid) => grid.shape.iter().product::<u32>() as usize,
            Places::Listed(list) => list.count,
            Places::Drawn(draws) => draws.count,
        }
    }

    pub fn dimensions(&self) -> usize {
        match self {
            Places::Grid(grid) => grid.shape.len(),
            Places::Listed(list) => list.columns.len(),
            Places::Drawn(draws) => draws.coordinates.len(),
        }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        match self {
            Places::Listed(list) => list.columns.iter().map(|c| c.capacity() * 8).sum(),
            _ => 0,
        }
    }

    /// Keeps of a list the positions of every `step`th node from `first` on.
    pub fn keep(&mut self, first: usize, step: usize) {
        if let Places::Listed(list) = self {
            list.keep(first, step);
        }
    }

    /// Whether the position of a node is known here.
    pub fn knows(&self, node: usize) -> bool {
        match self {
            Places::Listed(list) => list.place(node).is_some(),
            _ => true,
        }
    }

    /// Whether the positions of all nodes are known here.
    pub fn knows_all(&self) -> bool {
        match self {
            Places::Listed(list) => list.step == 1,
            _ => true,
        }
    }

    /// The coordinates of all nodes in each dimension, of places that all are known.
    fn columns(&self) -> Vec<Vec<f64>> {
        match self {
            Places::Listed(list) => list.columns.clone(),
            Places::Grid(grid) => {
                let column = |d| (0..self.len() as u32).map(move |k| grid.coordinate(d, k));
                (0..self.dimensions())
                    .map(|d| column(d).collect())
                    .collect()
            }
            Places::Drawn(draws) => {
                let mut columns = vec![Vec::with_capacity(draws.count); self.dimensions()];
                let kept = draws.for_each(|d, _, drawn| columns[d].extend_from_slice(drawn));
                kept.expect(DRAWN_BEFORE);
                columns
            }
        }
    }
}

/// Reads positions one after another; cheap for nodes in the order of their numbers, or for many.
pub struct Reader<'a> {
    places: &'a Places,
    /// Drawn coordinates from node `first` on.
    first: usize,
    columns: Vec<Vec<f64>>,
}

impl<'a> Reader<'a> {
    /// A reader of about `count` positions in any order.
    pub(super) fn new(places: &'a Places, count: usize) -> Self {
        let all = matches!(places, Places::Drawn(d) if count.saturating_mul(CHUNK) > d.count);
        Reader {
            places,
            first: 0,
            columns: if all { places.columns() } else { Vec::new() },
        }
    }

    /// A reader of positions in the order of nodes, which needs no room for all.
    pub(super) fn in_order(places: &'a Places) -> Self {
        Reader {
            places,
            first: 0,
            columns: Vec::new(),
        }
    }

    /// The position of a node; not a number where it is not known.
    pub fn position(&mut self, node: usize) -> Point {
        let mut point = [0.0; MAX_DIMENSIONS];
        match self.places {
            Places::Grid(grid) => {
                for (d, x) in point.iter_mut().take(grid.shape.len()).enumerate() {
                    *x = grid.coordinate(d, node as u32);
                }
            }
            Places::Listed(list) => {
                let place = list.place(node);
                for (x, column) in point.iter_mut().zip(&list.columns) {
                    *x = place.map_or(f64::NAN, |place| column[place]);
                }
            }
            Places::Drawn(draws) => {
                self.draw(draws, node);
                for (x, column) in point.iter_mut().zip(&self.columns) {
                    *x = column[node - self.first];
                }
            }
        }
        point
    }

    /// Draws the chunk that a node is in, unless it is here.
    fn draw(&mut self, draws: &Draws, node: usize) {
        let held = self.columns.first().map_or(0, Vec::len);
        if (self.first..self.first + held).contains(&node) {
            return;
        }
        self.first = node / CHUNK * CHUNK;
        let count = CHUNK.min(draws.count - self.first);
        self.columns.resize_with(draws.coordinates.len(), Vec::new);
        for (d, column) in self.columns.iter_mut().enumerate() {
            column.resize(count, 0.0);
            draws.fill(d, self.first, column).expect(DRAWN_BEFORE);
        }
    }
}
