//! Masks: regions relative to a node.

use super::layer::{Layer, Point};
use crate::error::{Error, Kind, Result};
use crate::math::vectorize;
use crate::parameter::MAX_DIMENSIONS;
use crate::rng::{cos, sin};
use std::f64::consts::PI;
use std::sync::Arc;

/// A box that holds a region.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    pub lower: Point,
    pub upper: Point,
}

impl Bounds {
    /// The box of the negatives of its points.
    fn mirrored(&self) -> Bounds {
        Bounds {
            lower: self.upper.map(|x| -x),
            upper: self.lower.map(|x| -x),
        }
    }
}

/// Sine and cosine of the azimuth and of the polar angle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rotation {
    azimuth: (f64, f64),
    polar: (f64, f64),
}

impl Rotation {
    pub(super) fn degrees(azimuth: f64, polar: f64) -> Self {
        let turn = |degrees: f64| {
            let angle = degrees * PI / 180.0;
            (sin(angle), cos(angle))
        };
        Rotation {
            azimuth: turn(azimuth),
            polar: turn(polar),
        }
    }
}

/// What rounding may add to the size of a rotated box.
const ROTATED_MARGIN: f64 = 1e-12;

#[derive(Debug, PartialEq)]
pub(super) enum Shape {
    /// A box, turned about its center.
    Box {
        bounds: Bounds,
        rotation: Option<Rotation>,
    },
    Ball {
        center: Point,
        radius: f64,
    },
    /// An ellipse or ellipsoid with the lengths of its axes.
    Ellipsoid {
        center: Point,
        axes: Point,
        rotation: Option<Rotation>,
    },
    /// So many places of a grid, the first at `first` from the node's own.
    Grid {
        first: [i64; MAX_DIMENSIONS],
        shape: [i64; MAX_DIMENSIONS],
    },
    Intersection(Mask, Mask),
    Union(Mask, Mask),
    Difference(Mask, Mask),
    Shifted(Mask, Point),
}

/// A region relative to a node, in two or three dimensions. Cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub struct Mask {
    pub(super) shape: Arc<Shape>,
    pub(super) dimensions: usize,
}

impl Mask {
    pub(super) fn new(shape: Shape, dimensions: usize) -> Self {
        Mask {
            shape: Arc::new(shape),
            dimensions,
        }
    }

    /// The number of dimensions.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    fn is_grid(&self) -> bool {
        matches!(*self.shape, Shape::Grid { .. })
    }

    fn combine(&self, other: &Mask, shape: impl Fn(Mask, Mask) -> Shape) -> Result<Mask> {
        if self.is_grid() || other.is_grid() {
            return Err(Error::new(
                Kind::Kernel,
                "Grid masks can not be combined; use a rectangular or box mask",
            ));
        }
        if self.dimensions != other.dimensions {
            return Err(Error::bad_property(format!(
                "Masks must have same number of dimensions, not {} and {}.",
                self.dimensions, other.dimensions
            )));
        }
        Ok(Mask::new(
            shape(self.clone(), other.clone()),
            self.dimensions,
        ))
    }

    /// What is in both masks.
    ///
    /// # Errors
    /// When one of them is a grid mask, or they differ in dimensions.
    pub fn intersection(&self, other: &Mask) -> Result<Mask> {
        self.combine(other, Shape::Intersection)
    }

    /// What is in one of the masks.
    ///
    /// # Errors
    /// As [`Mask::intersection`].
    pub fn union(&self, other: &Mask) -> Result<Mask> {
        self.combine(other, Shape::Union)
    }

    /// What is in this mask but not in the other.
    ///
    /// # Errors
    /// As [`Mask::intersection`].
    pub fn difference(&self, other: &Mask) -> Result<Mask> {
        self.combine(other, Shape::Difference)
    }

    /// The mask moved by `by`.
    #[must_use]
    pub fn shifted(&self, by: Point) -> Mask {
        Mask::new(Shape::Shifted(self.clone(), by), self.dimensions)
    }

    /// The mask turned around its origin: a point is in it if its negative is in this mask.
    #[must_use]
    pub fn mirrored(&self) -> Mask {
        let negative = |p: &Point| p.map(|x| -x);
        let shape = match &*self.shape {
            Shape::Box { bounds, rotation } => Shape::Box {
                bounds: bounds.mirrored(),
                rotation: *rotation,
            },
            Shape::Ball { center, radius } => Shape::Ball {
                center: negative(center),
                radius: *radius,
            },
            Shape::Ellipsoid {
                center,
                axes,
                rotation,
            } => Shape::Ellipsoid {
                center: negative(center),
                axes: *axes,
                rotation: *rotation,
            },
            Shape::Grid { first, shape } => Shape::Grid {
                first: std::array::from_fn(|d| 1 - first[d] - shape[d]),
                shape: *shape,
            },
            Shape::Intersection(a, b) => Shape::Intersection(a.mirrored(), b.mirrored()),
            Shape::Union(a, b) => Shape::Union(a.mirrored(), b.mirrored()),
            Shape::Difference(a, b) => Shape::Difference(a.mirrored(), b.mirrored()),
            Shape::Shifted(mask, by) => Shape::Shifted(mask.mirrored(), negative(by)),
        };
        Mask::new(shape, self.dimensions)
    }

    /// The mask as it applies to a layer.
    ///
    /// # Errors
    /// When it does not fit the layer: in dimensions, as a grid mask without grid, or, unless
    /// `oversized`, as a mask greater than a layer with periodic boundaries.
    pub fn for_layer(&self, layer: &Layer, oversized: bool) -> Result<Mask> {
        let dimensions = layer.dimensions();
        if let Shape::Grid { first, shape } = *self.shape {
            let Some(counts) = layer.shape() else {
                return Err(Error::bad_property(
                    "Grid masks can only be used with grid layers.",
                ));
            };
            self.check_dimensions(dimensions)?;
            let too_large = |d: usize| layer.wraps(d) && shape[d] > i64::from(counts[d]);
            if !oversized && (0..dimensions).any(too_large) {
                return Err(oversize());
            }
            return Ok(grid_box(layer, counts, &first, &shape));
        }
        self.check_dimensions(dimensions)?;
        let bounds = self.bounds();
        let extent = layer.extent();
        let too_large = |d: usize| layer.wraps(d) && bounds.upper[d] - bounds.lower[d] > extent[d];
        if !oversized && (0..dimensions).any(too_large) {
            return Err(oversize());
        }
        Ok(self.clone())
    }

    fn check_dimensions(&self, dimensions: usize) -> Result<()> {
        if self.dimensions == dimensions {
            return Ok(());
        }
        Err(Error::bad_property(format!(
            "Mask is incompatible with layer: it has {} dimensions, the layer {dimensions}.",
            self.dimensions
        )))
    }

    /// A box that holds the mask.
    pub fn bounds(&self) -> Bounds {
        let around = |center: &Point, radii: Point| Bounds {
            lower: std::array::from_fn(|d| center[d] - radii[d]),
            upper: std::array::from_fn(|d| center[d] + radii[d]),
        };
        match &*self.shape {
            Shape::Box {
                bounds,
                rotation: None,
            } => *bounds,
            Shape::Box {
                bounds,
                rotation: Some(rotation),
            } => rotated_bounds(bounds, rotation, self.dimensions),
            Shape::Ball { center, radius } => around(center, [*radius; MAX_DIMENSIONS]),
            Shape::Ellipsoid {
                center,
                axes,
                rotation,
            } => match rotation {
                None => around(center, axes.map(|a| a / 2.0)),
                Some(_) => {
                    let longest = axes.iter().copied().fold(0.0, f64::max);
                    around(center, [longest / 2.0; MAX_DIMENSIONS])
                }
            },
            Shape::Grid { first, shape } => Bounds {
                lower: std::array::from_fn(|d| first[d] as f64),
                upper: std::array::from_fn(|d| (first[d] + shape[d]) as f64),
            },
            Shape::Intersection(a, b) => {
                let (a, b) = (a.bounds(), b.bounds());
                Bounds {
                    lower: std::array::from_fn(|d| a.lower[d].max(b.lower[d])),
                    upper: std::array::from_fn(|d| a.upper[d].min(b.upper[d])),
                }
            }
            Shape::Union(a, b) => {
                let (a, b) = (a.bounds(), b.bounds());
                Bounds {
                    lower: std::array::from_fn(|d| a.lower[d].min(b.lower[d])),
                    upper: std::array::from_fn(|d| a.upper[d].max(b.upper[d])),
                }
            }
            Shape::Difference(a, _) => a.bounds(),
            Shape::Shifted(mask, by) => {
                let Bounds { lower, upper } = mask.bounds();
                Bounds {
                    lower: std::array::from_fn(|d| lower[d] + by[d]),
                    upper: std::array::from_fn(|d| upper[d] + by[d]),
                }
            }
        }
    }

    /// Whether a point is in the mask.
    ///
    /// # Errors
    /// When the point has another number of dimensions, or the mask is made for a grid.
    pub fn contains(&self, point: &[f64]) -> Result<bool> {
        if self.is_grid() {
            return Err(Error::new(
                Kind::Kernel,
                "Grid mask must be applied to a grid layer.",
            ));
        }
        if point.len() != self.dimensions {
            return Err(Error::bad_property(format!(
                "Expected a {}-dimensional position, got {} numbers.",
                self.dimensions,
                point.len()
            )));
        }
        let columns: Vec<&[f64]> = point.chunks(1).collect();
        let mut inside = [false];
        self.test(&columns, &mut inside);
        Ok(inside[0])
    }

    /// Writes which points are in the mask; `columns` are their coordinates. A grid mask must have
    /// been made to fit its layer before.
    pub fn test(&self, columns: &[&[f64]], inside: &mut [bool]) {
        match &*self.shape {
            Shape::Box {
                bounds,
                rotation: None,
            } => test_box(bounds, columns, inside),
            Shape::Box {
                bounds,
                rotation: Some(rotation),
            } => each(columns, inside, |p| {
                let center = middle(bounds);
                let turned = rotation.undo(&difference(&p, &center));
                (0..columns.len()).all(|d| {
                    let x = turned[d] + center[d];
                    bounds.lower[d] - ROTATED_MARGIN <= x && x <= bounds.upper[d] + ROTATED_MARGIN
                })
            }),
            Shape::Ball { center, radius } => test_ball(center, *radius, columns, inside),
            Shape::Ellipsoid {
                center,
                axes,
                rotation,
            } => {
                let scales = axes.map(|a| 4.0 / (a * a));
                each(columns, inside, |p| {
                    let p = difference(&p, center);
                    let p = rotation.as_ref().map_or(p, |r| r.undo(&p));
                    let terms = (0..columns.len()).map(|d| p[d] * p[d] * scales[d]);
                    terms.sum::<f64>() <= 1.0
                });
            }
            Shape::Grid { .. } => inside.fill(false),
            Shape::Intersection(a, b) => {
                a.test(columns, inside);
                b.merge(columns, inside, |x, y| x & y);
            }
            Shape::Union(a, b) => {
                a.test(columns, inside);
                b.merge(columns, inside, |x, y| x | y);
            }
            Shape::Difference(a, b) => {
                a.test(columns, inside);
                b.merge(columns, inside, |x, y| x & !y);
            }
            Shape::Shifted(mask, by) => {
                let moved: Vec<Vec<f64>> = columns
                    .iter()
                    .zip(by)
                    .map(|(column, by)| column.iter().map(|x| x - by).collect())
                    .collect();
                let moved: Vec<&[f64]> = moved.iter().map(Vec::as_slice).collect();
                mask.test(&moved, inside);
            }
        }
    }

    fn merge(&self, columns: &[&[f64]], inside: &mut [bool], how: impl Fn(bool, bool) -> bool) {
        let mut other = vec![false; inside.len()];
        self.test(columns, &mut other);
        for (x, y) in inside.iter_mut().zip(other) {
            *x = how(*x, y);
        }
    }
}

fn oversize() -> Error {
    Error::bad_property(
        "Mask size must not exceed layer size; set allow_oversized_mask to override.",
    )
}

fn difference(a: &Point, b: &Point) -> Point {
    std::array::from_fn(|d| a[d] - b[d])
}

fn middle(bounds: &Bounds) -> Point {
    std::array::from_fn(|d| (bounds.upper[d] + bounds.lower[d]) * 0.5)
}

impl Rotation {
    /// The point that the rotation would turn into `p`.
    #[inline(always)]
    fn undo(&self, p: &Point) -> Point {
        let ((az_sin, az_cos), (pol_sin, pol_cos)) = (self.azimuth, self.polar);
        let along = p[0] * az_cos + p[1] * az_sin;
        [
            along * pol_cos - p[2] * pol_sin,
            -p[0] * az_sin + p[1] * az_cos,
            along * pol_sin + p[2] * pol_cos,
        ]
    }

    /// Turns a point: about the second axis by the polar angle, then about the third by the
    /// azimuth.
    fn apply(&self, p: &Point) -> Point {
        let ((az_sin, az_cos), (pol_sin, pol_cos)) = (self.azimuth, self.polar);
        let (x, z) = (
            p[0] * pol_cos + p[2] * pol_sin,
            -p[0] * pol_sin + p[2] * pol_cos,
        );
        [x * az_cos - p[1] * az_sin, x * az_sin + p[1] * az_cos, z]
    }
}

fn rotated_bounds(bounds: &Bounds, rotation: &Rotation, dimensions: usize) -> Bounds {
    let center = middle(bounds);
    let mut out = Bounds {
        lower: [f64::INFINITY; MAX_DIMENSIONS],
        upper: [f64::NEG_INFINITY; MAX_DIMENSIONS],
    };
    for corner in 0..1 << dimensions {
        let side = |d: usize| {
            if corner >> d & 1 == 0 {
                bounds.lower[d]
            } else {
                bounds.upper[d]
            }
        };
        let turned = rotation.apply(&std::array::from_fn(|d| side(d) - center[d]));
        for d in 0..MAX_DIMENSIONS {
            out.lower[d] = out.lower[d].min(turned[d] + center[d]);
            out.upper[d] = out.upper[d].max(turned[d] + center[d]);
        }
    }
    out
}

/// The box around the places of a grid mask, half a place wider than their centers on each side.
fn grid_box(
    layer: &Layer,
    counts: &[u32],
    first: &[i64; MAX_DIMENSIONS],
    shape: &[i64; MAX_DIMENSIONS],
) -> Mask {
    let (mut lower, mut upper) = ([0.0; MAX_DIMENSIONS], [0.0; MAX_DIMENSIONS]);
    for (d, (size, n)) in layer.extent().iter().zip(counts).enumerate() {
        let width = size / f64::from(*n);
        let edge = |i: i64| width * i as f64 - width * 0.5;
        (lower[d], upper[d]) = (edge(first[d]), edge(first[d] + shape[d]));
    }
    // rows are counted downwards
    (lower[1], upper[1]) = (-upper[1], -lower[1]);
    let bounds = Bounds { lower, upper };
    let rotation = None;
    Mask::new(Shape::Box { bounds, rotation }, counts.len())
}

/// Tests point by point.
#[inline(always)]
fn each(columns: &[&[f64]], inside: &mut [bool], test: impl Fn(Point) -> bool) {
    let mut p = [0.0; MAX_DIMENSIONS];
    for (i, inside) in inside.iter_mut().enumerate() {
        for (x, column) in p.iter_mut().zip(columns) {
            *x = column[i];
        }
        *inside = test(p);
    }
}

fn test_box(bounds: &Bounds, columns: &[&[f64]], inside: &mut [bool]) {
    inside.fill(true);
    vectorize(
        #[inline(always)]
        || {
            for (d, column) in columns.iter().enumerate() {
                let (lower, upper) = (bounds.lower[d], bounds.upper[d]);
                for (inside, x) in inside.iter_mut().zip(*column) {
                    *inside &= (lower <= *x) & (*x <= upper);
                }
            }
        },
    );
}

/// Whether distances from the center are at most the radius. Where the sum of the coordinates is,
/// or one of them is not, that decides, so that rounding of the square root does not.
fn test_ball(center: &Point, radius: f64, columns: &[&[f64]], inside: &mut [bool]) {
    #[inline(always)]
    fn within(p: [f64; MAX_DIMENSIONS], radius: f64) -> bool {
        let [x, y, z] = p.map(f64::abs);
        let square = (x * x + y * y) + z * z;
        (x <= radius)
            & (y <= radius)
            & (z <= radius)
            & ((x + y + z <= radius) | (square.sqrt() <= radius))
    }
    let [cx, cy, cz] = *center;
    vectorize(
        #[inline(always)]
        || match columns {
            [xs, ys] => {
                for ((inside, x), y) in inside.iter_mut().zip(*xs).zip(*ys) {
                    *inside = within([x - cx, y - cy, 0.0], radius);
                }
            }
            [xs, ys, zs] => {
                for (((inside, x), y), z) in inside.iter_mut().zip(*xs).zip(*ys).zip(*zs) {
                    *inside = within([x - cx, y - cy, z - cz], radius);
                }
            }
            _ => inside.fill(false),
        },
    );
}
