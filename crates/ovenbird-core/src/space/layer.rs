//! Layers: the positions of nodes, and the geometry of the space that they are in.

use crate::error::{Error, Result};
use crate::parameter::MAX_DIMENSIONS;

/// Coordinates; those beyond the number of dimensions are 0.
pub type Point = [f64; MAX_DIMENSIONS];

/// The positions of the nodes of one call of Create.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    columns: Vec<Vec<f64>>,
    lower_left: Point,
    extent: Point,
    wrap: bool,
    shape: Option<Vec<u32>>,
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
    if let Some(x) = v.iter().find(|x| !x.is_finite()) {
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
        let Some(size) = size else {
            return bad(format!("A grid of shape {shape:?} has too many nodes."));
        };
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
        let columns = (0..dimensions)
            .map(|d| grid_column(d, &counts, size, lower_left[d], extent[d]))
            .collect();
        Ok(Layer {
            columns,
            lower_left,
            extent,
            wrap,
            shape: Some(counts),
        })
    }

    /// Nodes at given positions, a column of coordinates for each dimension. Without an extent it
    /// is that of the positions, rounded up.
    ///
    /// # Errors
    /// When there are not two or three columns of equal length, a position is not finite or lies
    /// outside the extent, or a single node has no extent.
    pub fn free(columns: Vec<Vec<f64>>, extent: Option<&[f64]>, wrap: bool) -> Result<Self> {
        let dimensions = columns.len();
        if !(2..=MAX_DIMENSIONS).contains(&dimensions) {
            return bad(format!(
                "Positions must have 2 or 3 coordinates, got {dimensions}."
            ));
        }
        let n = columns[0].len();
        if n == 0 {
            return bad("Empty positions array.");
        }
        if columns.iter().any(|c| c.len() != n) {
            return bad("Positions must have the same number of coordinates.");
        }
        let (mut low, mut high) = ([0.0; MAX_DIMENSIONS], [0.0; MAX_DIMENSIONS]);
        for (d, column) in columns.iter().enumerate() {
            if let Some(x) = column.iter().find(|x| !x.is_finite()) {
                return bad(format!("Positions must be finite, got {x}"));
            }
            low[d] = column.iter().copied().fold(f64::INFINITY, f64::min);
            high[d] = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
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
            columns,
            lower_left,
            extent: size,
            wrap,
            shape: None,
        })
    }

    /// The number of nodes.
    pub fn len(&self) -> usize {
        self.columns[0].len()
    }

    /// Whether there are no nodes; a layer always has some.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of dimensions, 2 or 3.
    pub fn dimensions(&self) -> usize {
        self.columns.len()
    }

    /// The coordinates of all nodes, a column for each dimension.
    pub fn columns(&self) -> &[Vec<f64>] {
        &self.columns
    }

    /// The position of a node.
    pub fn position(&self, node: usize) -> Point {
        let mut point = [0.0; MAX_DIMENSIONS];
        for (x, column) in point.iter_mut().zip(&self.columns) {
            *x = column[node];
        }
        point
    }

    /// The number of nodes in each dimension of a grid.
    pub fn shape(&self) -> Option<&[u32]> {
        self.shape.as_deref()
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

/// Coordinate `d` of all nodes of a grid.
fn grid_column(d: usize, shape: &[u32], size: u32, low: f64, extent: f64) -> Vec<f64> {
    let n = shape[d];
    // how many consecutive nodes have the same coordinate
    let run: u32 = shape[d + 1..].iter().product();
    let (start, extent) = if d == 1 {
        (low + extent, -extent)
    } else {
        (low, extent)
    };
    let width = extent / f64::from(n);
    let coordinate = |i: u32| start + width * f64::from(i) + width * 0.5;
    (0..size).map(|k| coordinate(k / run % n)).collect()
}
