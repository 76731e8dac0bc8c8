//! Masks from users' dictionaries.

use super::layer::Point;
use super::mask::{Bounds, Mask, Rotation, Shape};
use crate::error::{Error, Kind, Result};
use crate::math::first_not_finite;
use crate::parameter::MAX_DIMENSIONS;
use crate::value::{Dict, Value};

/// The names of the masks, sorted.
const MASKS: [&str; 8] = [
    "box",
    "circular",
    "doughnut",
    "ellipsoidal",
    "elliptical",
    "grid",
    "rectangular",
    "spherical",
];

fn bad<T>(text: impl Into<String>) -> Result<T> {
    Err(Error::bad_property(text))
}

/// The entries of one mask.
struct Spec<'a> {
    name: &'a str,
    dict: &'a Dict,
    dimensions: usize,
}

impl Spec<'_> {
    fn required(&self, key: &str) -> Result<&Value> {
        self.dict.get(key).ok_or_else(|| {
            Error::new(
                Kind::Index,
                format!("the mask '{}' needs the key '{key}'", self.name),
            )
        })
    }

    fn number(&self, key: &str) -> Result<f64> {
        self.finite(key, self.required(key)?.as_float(key)?)
    }

    fn number_or(&self, key: &str, default: f64) -> Result<f64> {
        match self.dict.get(key) {
            Some(value) => self.finite(key, value.as_float(key)?),
            None => Ok(default),
        }
    }

    fn finite(&self, key: &str, x: f64) -> Result<f64> {
        if x.is_finite() {
            return Ok(x);
        }
        bad(format!(
            "'{key}' of the mask '{}' must be finite, got {x}",
            self.name
        ))
    }

    fn positive(&self, key: &str) -> Result<f64> {
        let x = self.number(key)?;
        if x > 0.0 {
            return Ok(x);
        }
        bad(format!(
            "{key} > 0 required for the mask '{}', got {x}",
            self.name
        ))
    }

    fn point(&self, key: &str) -> Result<Point> {
        point(key, self.required(key)?, self.dimensions)
    }

    fn point_or_origin(&self, key: &str) -> Result<Point> {
        match self.dict.get(key) {
            Some(value) => point(key, value, self.dimensions),
            None => Ok([0.0; MAX_DIMENSIONS]),
        }
    }

    /// The rotation, if there is one.
    fn rotation(&self) -> Result<Option<Rotation>> {
        self.only_3d("polar_angle")?;
        let azimuth = self.number_or("azimuth_angle", 0.0)?;
        let polar = self.number_or("polar_angle", 0.0)?;
        let turned = azimuth != 0.0 || polar != 0.0;
        Ok(turned.then(|| Rotation::degrees(azimuth, polar)))
    }

    fn only_3d(&self, key: &str) -> Result<()> {
        if self.dimensions == 2 && self.dict.get(key).is_some() {
            return bad(format!("{key} not defined in 2D (mask '{}')", self.name));
        }
        Ok(())
    }

    fn only(&self, allowed: &[&str]) -> Result<()> {
        for (key, _) in self.dict.iter() {
            if !allowed.contains(&key) {
                let hint = crate::suggest::nearest(key, allowed.iter().copied());
                let hint = hint.map_or(String::new(), |n| format!("; did you mean '{n}'?"));
                return Err(Error::new(
                    Kind::UnaccessedEntry,
                    format!(
                        "Unaccessed elements in specs, in function CreateMask: {key}{hint}; the \
                         mask '{}' takes {}",
                        self.name,
                        allowed.join(", ")
                    ),
                ));
            }
        }
        Ok(())
    }

    fn box_shape(&self) -> Result<Shape> {
        let (lower, upper) = (self.point("lower_left")?, self.point("upper_right")?);
        if (0..self.dimensions).any(|d| lower[d] >= upper[d]) {
            return bad(format!(
                "Upper right must be strictly to the right and above lower left (mask '{}').",
                self.name
            ));
        }
        Ok(Shape::Box {
            bounds: Bounds { lower, upper },
            rotation: self.rotation()?,
        })
    }

    fn ball(&self) -> Result<Shape> {
        Ok(Shape::Ball {
            center: self.point_or_origin("anchor")?,
            radius: self.positive("radius")?,
        })
    }

    fn doughnut(&self) -> Result<Mask> {
        let (inner, outer) = (self.number("inner_radius")?, self.number("outer_radius")?);
        if inner >= outer {
            return bad(format!(
                "inner_radius < outer_radius required for the mask 'doughnut', got {inner} and \
                 {outer}"
            ));
        }
        if outer <= 0.0 {
            return bad(format!(
                "outer_radius > 0 required for the mask 'doughnut', got {outer}"
            ));
        }
        let center = self.point_or_origin("anchor")?;
        let ball = |radius: f64| Mask::new(Shape::Ball { center, radius }, 2);
        if inner <= 0.0 {
            return Ok(ball(outer));
        }
        ball(outer).difference(&ball(inner))
    }

    fn ellipsoid(&self) -> Result<Shape> {
        self.only_3d("polar_axis")?;
        let (major, minor) = (self.positive("major_axis")?, self.positive("minor_axis")?);
        if major < minor {
            return bad(format!(
                "major_axis greater than minor_axis required for the mask '{}', got {major} and \
                 {minor}",
                self.name
            ));
        }
        let polar = if self.dimensions == 3 {
            self.positive("polar_axis")?
        } else {
            1.0
        };
        Ok(Shape::Ellipsoid {
            center: self.point_or_origin("anchor")?,
            axes: [major, minor, polar],
            rotation: self.rotation()?,
        })
    }
}

fn point(key: &str, value: &Value, dimensions: usize) -> Result<Point> {
    let numbers = value.as_floats(key)?;
    if numbers.len() != dimensions {
        return bad(format!(
            "Expected a {dimensions}-dimensional position: {key} has {} numbers.",
            numbers.len()
        ));
    }
    if let Some(x) = first_not_finite(&numbers) {
        return bad(format!("{key} must be finite, got {x}"));
    }
    let mut out = [0.0; MAX_DIMENSIONS];
    out[..dimensions].copy_from_slice(&numbers);
    Ok(out)
}

/// Two or three integers.
fn integers(key: &str, value: &Value) -> Result<Vec<i64>> {
    match value {
        Value::Ints(v) if (2..=MAX_DIMENSIONS).contains(&v.len()) => {
            const LIMIT: i64 = 1 << 31;
            match v.iter().find(|i| !(-LIMIT..LIMIT).contains(*i)) {
                None => Ok(v.clone()),
                Some(i) => bad(format!("{key} {i} is out of range")),
            }
        }
        Value::Ints(v) => bad(format!(
            "{key} of a grid mask must have 2 or 3 entries, got {}",
            v.len()
        )),
        other => Err(other.mismatch(key, "a list of 2 or 3 integers")),
    }
}

fn grid(spec: &Spec<'_>, anchor: Option<&Value>) -> Result<Mask> {
    spec.only(&["shape"])?;
    let counts = integers("shape", spec.required("shape")?)?;
    if let Some(n) = counts.iter().find(|&&n| n < 1) {
        return bad(format!("shape of a grid mask must be positive, got {n}"));
    }
    let anchor = match anchor {
        Some(value) => integers("anchor", value)?,
        None => vec![0; counts.len()],
    };
    if anchor.len() != counts.len() {
        return bad(format!(
            "anchor must have as many entries as the shape of the grid mask, {}",
            counts.len()
        ));
    }
    let (mut first, mut shape) = ([0; MAX_DIMENSIONS], [1; MAX_DIMENSIONS]);
    for d in 0..counts.len() {
        first[d] = -anchor[d];
        shape[d] = counts[d];
    }
    Ok(Mask::new(Shape::Grid { first, shape }, counts.len()))
}

impl Mask {
    /// The mask that a dictionary describes: its name, with a dictionary of its parameters, and
    /// perhaps an `anchor`.
    ///
    /// # Errors
    /// When the name or a key is not known, or a value is not right.
    pub fn from_dict(dict: &Dict) -> Result<Mask> {
        let mut names = dict.iter().filter(|(key, _)| *key != "anchor");
        let (Some((name, value)), None) = (names.next(), names.next()) else {
            return bad(format!(
                "a mask must have exactly one of the keys {}, and may have an anchor",
                MASKS.join(", ")
            ));
        };
        if !MASKS.contains(&name) {
            let e = Error::unknown(Kind::UndefinedName, "Mask", name, MASKS);
            return Err(e.within(&format!("The name {name} is not defined")));
        }
        let Value::Dict(inner) = value else {
            return Err(value.mismatch(name, "a dictionary"));
        };
        let dimensions = match name {
            "box" | "spherical" | "ellipsoidal" => 3,
            _ => 2,
        };
        let spec = Spec {
            name,
            dict: inner,
            dimensions,
        };
        let angles = ["azimuth_angle", "polar_angle"];
        let keys = |own: &[&'static str]| [own, &angles[..]].concat();
        let shape = match name {
            "grid" => return grid(&spec, dict.get("anchor")),
            "doughnut" => {
                spec.only(&["inner_radius", "outer_radius", "anchor"])?;
                return anchored(spec.doughnut()?, dict);
            }
            "circular" | "spherical" => {
                spec.only(&["radius", "anchor"])?;
                spec.ball()?
            }
            "rectangular" | "box" => {
                spec.only(&keys(&["lower_left", "upper_right"]))?;
                spec.box_shape()?
            }
            _ => {
                let own = ["major_axis", "minor_axis", "polar_axis", "anchor"];
                spec.only(&keys(&own))?;
                spec.ellipsoid()?
            }
        };
        anchored(Mask::new(shape, dimensions), dict)
    }
}

fn anchored(mask: Mask, dict: &Dict) -> Result<Mask> {
    match dict.get("anchor") {
        None => Ok(mask),
        Some(value) => Ok(mask.shifted(point("anchor", value, mask.dimensions())?)),
    }
}
