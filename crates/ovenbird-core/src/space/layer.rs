//! Layers: the nodes of one call of Create, and the geometry of the space that they are in.

use super::places::{Draws, Grid, List, Places, Reader};
use crate::error::{Error, Result};
use crate::math::first_not_finite;
use crate::parameter::MAX_DIMENSIONS;

/// Coordinates; those beyond the number of dimensions are 0.
pub type Point = [f64; MAX_DIMENSIONS];

/// The positions of the nodes of one call of Create.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    places: Places,
    lower_left: Point,
    extent: Point,
    wrap: bool,
}

/// The least and the greatest coordinate in each dimension.
#[derive(Clone, Copy)]
struct Span {
    low: Point,
    high: Point,
}

impl Span {
    fn new(dimensions: usize) -> Self {
        let start = |x: f64| std::array::from_fn(|d| if d < dimensions { x } else { 0.0 });
        Span {
            low: start(f64::INFINITY),
            high: start(f64::NEG_INFINITY),
        }
    }

    /// Takes coordinates in; returns one that is not finite.
    fn note(&mut self, d: usize, coordinates: &[f64]) -> Option<f64> {
        self.low[d] = coordinates.iter().copied().fold(self.low[d], f64::min);
        self.high[d] = coordinates.iter().copied().fold(self.high[d], f64::max);
        first_not_finite(coordinates)
    }
}

fn bad<T>(text: impl Into<String>) -> Result<T> {
    Err(Error::bad_property(text))
}

/// A vector of the right length with finite numbers.
fn point(what: &str, v: &[f64], dimensions: usize) -> Result<Point> {
    if v.len() != dimensions {
        return bad(format!(
            "Expected a {dimensions}-dimensional position: {what} has {} numbers",
            v.len()
        ));
    }
    if let Some(x) = first_not_finite(v) {
        return bad(format!("{what} must be finite, got {x}"));
    }
    let mut point = [0.0; MAX_DIMENSIONS];
    point[..dimensions].copy_from_slice(v);
    Ok(point)
}

/// The size of a layer.
fn checked_extent(v: &[f64], dimensions: usize) -> Result<Point> {
    let extent = point("extent", v, dimensions)?;
    match extent.iter().find(|x| **x < 0.0) {
        Some(x) => bad(format!("extent must be >= 0 in each dimension, got {x}")),
        None => Ok(extent),
    }
}

fn check_dimensions(dimensions: usize) -> Result<()> {
    if (2..=MAX_DIMENSIONS).contains(&dimensions) {
        return Ok(());
    }
    bad(format!(
        "Positions must have 2 or 3 coordinates, got {dimensions}."
    ))
}

impl Layer {
    /// Nodes on a grid. They are numbered along the last dimension first; the second dimension
    /// runs downwards.
    ///
    /// # Errors
    /// When the shape has not two or three positive entries, or extent or center do not fit it.
    pub fn grid(
        shape: &[i64],
        center: Option<&[f64]>,
        extent: Option<&[f64]>,
        wrap: bool,
    ) -> Result<Self> {
        let dimensions = shape.len();
        if let Some(n) = shape.iter().find(|&&n| n < 1) {
            return bad(format!("All shape entries must be positive, got {n}."));
        }
        if !(2..=MAX_DIMENSIONS).contains(&dimensions) {
            return bad(format!(
                "Shape must be of length 2 or 3, got {dimensions} entries."
            ));
        }
        let size = shape
            .iter()
            .try_fold(1u32, |n, &k| n.checked_mul(u32::try_from(k).ok()?));
        if size.is_none() {
            return bad(format!("A grid of shape {shape:?} has too many nodes."));
        }
        let extent = match extent {
            Some(v) => checked_extent(v, dimensions)?,
            None => [1.0; MAX_DIMENSIONS],
        };
        let center = match center {
            Some(v) => point("center", v, dimensions)?,
            None => [0.0; MAX_DIMENSIONS],
        };
        let lower_left = std::array::from_fn(|d| center[d] - extent[d] / 2.0);
        let counts: Vec<u32> = shape.iter().map(|&n| n as u32).collect();
        Ok(Layer {
            places: Places::Grid(Grid::new(counts, lower_left, extent)),
            lower_left,
            extent,
            wrap,
        })
    }

    /// Nodes at given positions, a column of coordinates for each dimension. Without an extent it
    /// is that of the positions, rounded up.
    ///
    /// # Errors
    /// When there are not two or three columns of equal length, a position is not finite or lies
    /// outside the extent, or a single node has no extent.
    pub fn free(columns: Vec<Vec<f64>>, extent: Option<&[f64]>, wrap: bool) -> Result<Self> {
        check_dimensions(columns.len())?;
        let n = columns[0].len();
        if columns.iter().any(|c| c.len() != n) {
            return bad("Positions must have the same number of coordinates.");
        }
        let mut span = Span::new(columns.len());
        let mut columns_in_turn = columns.iter().enumerate();
        let odd = columns_in_turn.find_map(|(d, column)| span.note(d, column));
        Layer::between(Places::Listed(List::new(columns)), span, odd, extent, wrap)
    }

    /// Nodes at drawn positions; otherwise as [`Layer::free`].
    ///
    /// # Errors
    /// As [`Layer::free`], and when a Parameter cannot be evaluated.
    pub fn drawn(draws: Draws, extent: Option<&[f64]>, wrap: bool) -> Result<Self> {
        let dimensions = draws.coordinates.len();
        check_dimensions(dimensions)?;
        let (mut span, mut odd) = (Span::new(dimensions), None);
        draws.for_each(|d, _, drawn| odd = odd.or(span.note(d, drawn)))?;
        Layer::between(Places::Drawn(draws), span, odd, extent, wrap)
    }

    /// A layer of nodes within a span; `odd` is a coordinate that is not finite.
    fn between(
        places: Places,
        Span { low, high }: Span,
        odd: Option<f64>,
        extent: Option<&[f64]>,
        wrap: bool,
    ) -> Result<Self> {
        let (n, dimensions) = (places.len(), places.dimensions());
        if n == 0 {
            return bad("Empty positions array.");
        }
        if let Some(x) = odd {
            return bad(format!("Positions must be finite, got {x}"));
        }
        let center: Point = std::array::from_fn(|d| (high[d] + low[d]) / 2.0);
        let size = match extent {
            Some(v) => checked_extent(v, dimensions)?,
            None if n == 1 => {
                return Err(Error::new(
                    crate::error::Kind::Kernel,
                    "If only one node is created, 'extent' must be specified.",
                ));
            }
            None => {
                let span: Point = std::array::from_fn(|d| (high[d] - low[d]).ceil());
                span
            }
        };
        let lower_left: Point = std::array::from_fn(|d| center[d] - size[d] / 2.0);
        if extent.is_some() {
            for d in 0..dimensions {
                if low[d] < lower_left[d] || high[d] > center[d] + size[d] / 2.0 {
                    return bad(format!(
                        "Node position outside of layer: coordinate {d} goes from {} to {}, which \
                         is more than the extent {}",
                        low[d], high[d], size[d]
                    ));
                }
            }
        }
        Ok(Layer {
            places,
            lower_left,
            extent: size,
            wrap,
        })
    }

    /// The number of nodes.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are no nodes; a layer always has some.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of dimensions, 2 or 3.
    pub fn dimensions(&self) -> usize {
        self.places.dimensions()
    }

    /// Keeps of positions that were given those of every `step`th node from `first` on.
    pub(crate) fn keep(&mut self, first: usize, step: usize) {
        self.places.keep(first, step);
    }

    /// Whether the position of a node is known here: one that was given is where its node is.
    pub fn knows(&self, node: usize) -> bool {
        self.places.knows(node)
    }

    /// Whether the positions of all nodes are known here.
    pub fn knows_all(&self) -> bool {
        self.places.knows_all()
    }

    /// Bytes held for positions.
    pub fn bytes(&self) -> usize {
        self.places.bytes()
    }

    /// Reads the positions of about `count` nodes in any order.
    pub fn reader(&self, count: usize) -> Reader<'_> {
        Reader::new(&self.places, count)
    }

    /// Reads positions in the order of nodes.
    pub fn reader_in_order(&self) -> Reader<'_> {
        Reader::in_order(&self.places)
    }

    /// The position of a node.
    pub fn position(&self, node: usize) -> Point {
        self.reader_in_order().position(node)
    }

    /// The coordinates of some nodes, a column for each dimension.
    pub fn columns(&self, nodes: &[u32]) -> Vec<Vec<f64>> {
        let mut reader = if nodes.is_sorted() {
            self.reader_in_order()
        } else {
            self.reader(nodes.len())
        };
        let mut columns = vec![Vec::with_capacity(nodes.len()); self.dimensions()];
        for &node in nodes {
            let position = reader.position(node as usize);
            for (column, x) in columns.iter_mut().zip(position) {
                column.push(x);
            }
        }
        columns
    }

    /// The number of nodes in each dimension of a grid.
    pub fn shape(&self) -> Option<&[u32]> {
        match &self.places {
            Places::Grid(grid) => Some(&grid.shape),
            _ => None,
        }
    }

    /// The size in each dimension.
    pub fn extent(&self) -> &[f64] {
        &self.extent[..self.dimensions()]
    }

    /// The least coordinates of the layer's region.
    pub fn lower_left(&self) -> &[f64] {
        &self.lower_left[..self.dimensions()]
    }

    /// The middle of the layer's region.
    pub fn center(&self) -> Vec<f64> {
        let middle = |(low, size): (&f64, &f64)| low + size / 2.0;
        self.lower_left()
            .iter()
            .zip(self.extent())
            .map(middle)
            .collect()
    }

    /// Whether boundaries are periodic.
    pub fn wrap(&self) -> bool {
        self.wrap
    }

    /// Whether boundaries are periodic in one dimension: not where it has no size.
    pub fn wraps(&self, dimension: usize) -> bool {
        self.wrap && self.extent[dimension] > 0.0
    }

    /// The shortest vector from one position to another.
    pub fn displacement(&self, from: &Point, to: &Point) -> Point {
        let mut vector = [0.0; MAX_DIMENSIONS];
        for d in 0..self.dimensions() {
            let mut x = to[d] - from[d];
            if self.wraps(d) {
                let (size, half) = (self.extent[d], 0.5 * self.extent[d]);
                x = (x + half) % size - half;
                if x < -half {
                    x += size;
                }
            }
            vector[d] = x;
        }
        vector
    }

    /// The length of the shortest vector from one position to another.
    pub fn distance(&self, from: &Point, to: &Point) -> f64 {
        let vector = self.displacement(from, to);
        vector.iter().map(|x| x * x).sum::<f64>().sqrt()
    }

    /// Turns differences of coordinates into shortest ones.
    pub fn shorten(&self, dimension: usize, differences: &mut [f64]) {
        if !self.wraps(dimension) {
            return;
        }
        let size = self.extent[dimension];
        let inverse = 1.0 / size;
        crate::math::vectorize(
            #[inline(always)]
            || {
                for x in differences {
                    // rounds to the nearest, halves away from zero
                    let turns = *x * inverse;
                    *x -= size * (turns + 0.499_999_999_999_999_94f64.copysign(turns)).trunc();
                }
            },
        );
    }

    /// The point of the layer's region that a position stands for.
    pub fn inside(&self, dimension: usize, x: f64) -> f64 {
        if !self.wraps(dimension) {
            return x;
        }
        let (low, size) = (self.lower_left[dimension], self.extent[dimension]);
        let offset = (x - low) % size;
        low + offset + if low + offset < low { size } else { 0.0 }
    }
}
