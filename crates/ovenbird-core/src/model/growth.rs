//! Synaptic elements: the places at which a neuron can make connections, which grow and retract
//! with its calcium concentration (Butz & van Ooyen 2013).
//!
//! The number z of elements of one kind follows dz/dt = rate · g(Ca). The growth curve g is
//! positive below the calcium concentration `eps` and negative above, so that a neuron strives for
//! the activity that belongs to `eps`. A connection takes one whole element at each of its ends.

use crate::error::{Error, Kind, Result};
use crate::math::{exp, expm1, vectorize};
use crate::value::{Dict, Value};

/// The names of the growth curves.
pub const GROWTH_CURVES: [&str; 3] = ["gaussian", "linear", "sigmoid"];

/// The parameters of all growth curves.
const CURVE_KEYS: [&str; 3] = ["eps", "eta", "psi"];

/// How growth depends on the calcium concentration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum GrowthCurve {
    /// g(Ca) = 1 - Ca / eps, integrated exactly.
    Linear { eps: f64 },
    /// g(Ca) = 2 exp(-((Ca - xi) / zeta)²) - 1 with zeros at `eta` and `eps`.
    Gaussian { eta: f64, eps: f64 },
    /// g(Ca) = 2 / (1 + exp((Ca - eps) / psi)) - 1.
    Sigmoid { eps: f64, psi: f64 },
}

/// A span of time in which a neuron does not spike.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Beginning and end in ms.
    pub from: f64,
    pub to: f64,
    /// The calcium concentration at the beginning, and its time constant in ms.
    pub calcium: f64,
    pub tau: f64,
    /// The step of the integration in ms.
    pub step: f64,
}

/// Steps whose growth is computed at a time.
const STEPS: usize = 64;

impl Span {
    /// The sum over the steps of `growth` at the calcium concentration after each, by forward
    /// Euler.
    #[inline(always)]
    fn sum(&self, growth: impl Fn(f64) -> f64) -> f64 {
        let mut left = (((self.to - self.from) / self.step - 0.5).ceil()).max(0.0) as u64;
        let loss = self.step / self.tau;
        let (mut calcium, mut sum) = (self.calcium, 0.0);
        let mut values = [0.0; STEPS];
        while left > 0 {
            let n = left.min(STEPS as u64) as usize;
            for x in &mut values[..n] {
                calcium -= calcium * loss;
                *x = calcium;
            }
            vectorize(
                #[inline(always)]
                || values.iter_mut().for_each(|x| *x = growth(*x)),
            );
            values[..n].iter().for_each(|x| sum += x);
            left -= n as u64;
        }
        sum
    }
}

/// x · scale, and zero at x = 0 also where the scale is infinite.
#[inline(always)]
fn scaled(x: f64, scale: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x * scale }
}

impl GrowthCurve {
    fn named(name: &str) -> Result<Self> {
        match name {
            "linear" => Ok(GrowthCurve::Linear { eps: 0.7 }),
            "gaussian" => Ok(GrowthCurve::Gaussian { eta: 0.1, eps: 0.7 }),
            "sigmoid" => Ok(GrowthCurve::Sigmoid { eps: 0.7, psi: 0.1 }),
            _ => {
                let what = "Growth curve";
                Err(Error::unknown(Kind::BadProperty, what, name, GROWTH_CURVES))
            }
        }
    }

    /// The name that users know it by.
    pub fn name(&self) -> &'static str {
        match self {
            GrowthCurve::Linear { .. } => "linear",
            GrowthCurve::Gaussian { .. } => "gaussian",
            GrowthCurve::Sigmoid { .. } => "sigmoid",
        }
    }

    fn parameters(&mut self) -> Vec<(&'static str, &mut f64)> {
        match self {
            GrowthCurve::Linear { eps } => vec![("eps", eps)],
            GrowthCurve::Gaussian { eta, eps } => vec![("eps", eps), ("eta", eta)],
            GrowthCurve::Sigmoid { eps, psi } => vec![("eps", eps), ("psi", psi)],
        }
    }

    /// By how much z grows in a span, for a growth rate of one.
    fn growth(&self, span: &Span) -> f64 {
        match *self {
            GrowthCurve::Linear { eps } => {
                let change = span.calcium * expm1((span.from - span.to) / span.tau);
                span.tau * change / eps + (span.to - span.from)
            }
            GrowthCurve::Gaussian { eta, eps } => {
                let centre = (eta + eps) * 0.5;
                let scale = 2.0 * std::f64::consts::LN_2.sqrt() / (eta - eps);
                let growth = |calcium: f64| {
                    let x = scaled(calcium - centre, scale);
                    2.0 * exp(-(x * x)) - 1.0
                };
                span.step * span.sum(growth)
            }
            GrowthCurve::Sigmoid { eps, psi } => {
                let scale = 1.0 / psi;
                let growth = |calcium: f64| 2.0 / (1.0 + exp(scaled(calcium - eps, scale))) - 1.0;
                span.step * span.sum(growth)
            }
        }
    }
}

/// The synaptic elements of one kind that a neuron has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Element {
    /// How many there are; a connection takes a whole one.
    pub z: f64,
    /// How many are taken by connections.
    pub connected: i64,
    /// Whether fractions count when it matters whether there are any.
    pub continuous: bool,
    /// Elements per ms.
    pub growth_rate: f64,
    /// The fraction of vacant elements that is lost at each update of the structure.
    pub tau_vacant: f64,
    /// How growth depends on the calcium concentration.
    pub curve: GrowthCurve,
}

impl Default for Element {
    fn default() -> Self {
        Element {
            z: 0.0,
            connected: 0,
            continuous: true,
            growth_rate: 1.0,
            tau_vacant: 0.1,
            curve: GrowthCurve::Linear { eps: 0.7 },
        }
    }
}

impl Element {
    /// Elements that are not taken; negative when connections have lost theirs.
    pub fn vacant(&self) -> i64 {
        (self.z.floor() as i64).saturating_sub(self.connected)
    }

    /// Whether there are any.
    pub fn exists(&self) -> bool {
        let count = if self.continuous {
            self.z
        } else {
            self.z.floor()
        };
        count != 0.0
    }

    /// Takes `n` elements for connections, or gives them back; missing ones come into being.
    pub fn connect(&mut self, n: i64) {
        self.connected += n;
        let whole = self.z.floor();
        if self.connected as f64 > whole {
            self.z = self.connected as f64 + (self.z - whole);
        }
    }

    /// Loses a part of the vacant elements.
    pub fn decay(&mut self) {
        let vacant = self.vacant();
        if vacant > 0 {
            self.z -= vacant as f64 * self.tau_vacant;
        }
    }

    fn grow(&mut self, span: &Span) {
        let grown = self.z + self.growth_rate * self.curve.growth(span);
        self.z = if grown > 0.0 { grown } else { 0.0 };
    }

    /// Changes what a user's dictionary names.
    fn set(&mut self, name: &str, dict: &Dict, strict: bool) -> Result<()> {
        if let Some(curve) = dict.get("growth_curve") {
            let curve = curve.as_str("growth_curve")?;
            if curve != self.curve.name() {
                self.curve = GrowthCurve::named(curve)?;
            }
        }
        for (key, value) in dict.iter() {
            let finite = || {
                let x = value.as_float(key)?;
                if x.is_finite() {
                    return Ok(x);
                }
                Err(Error::bad_property(format!(
                    "{key} of the synaptic element {name} must be finite, got {x}"
                )))
            };
            match key {
                "growth_curve" => {}
                "z" => self.z = finite()?,
                "z_connected" => {
                    self.connected = value.as_int(key)?;
                    if self.connected < 0 {
                        return Err(Error::bad_property(format!(
                            "z_connected of the synaptic element {name} cannot be negative, got {}",
                            self.connected
                        )));
                    }
                }
                "continuous" => self.continuous = value.as_bool(key)?,
                "growth_rate" => self.growth_rate = finite()?,
                "tau_vacant" => self.tau_vacant = finite()?,
                _ => {
                    let curve = self.curve.name();
                    let mut own = self.curve.parameters();
                    match own.iter_mut().find(|(k, _)| *k == key) {
                        Some((_, x)) => **x = finite()?,
                        // a parameter of another curve, which a script may set for all of them
                        None if CURVE_KEYS.contains(&key) => drop(finite()?),
                        None if !strict => {}
                        None => {
                            let place = format!(
                                "the synaptic element {name} with the growth curve {curve}"
                            );
                            let known = KEYS.into_iter().chain(own.iter().map(|(k, _)| *k));
                            return Err(Error::unknown_key(&place, key, known));
                        }
                    }
                }
            }
        }
        self.check(name)
    }

    fn check(&self, name: &str) -> Result<()> {
        if self.tau_vacant <= 0.0 {
            return Err(Error::bad_property(format!(
                "All time constants must be strictly positive: tau_vacant of the synaptic element \
                 {name} is {}",
                self.tau_vacant
            )));
        }
        match self.curve {
            GrowthCurve::Sigmoid { psi, .. } if psi < 0.0 => Err(Error::bad_property(format!(
                "psi parameter must be greater than 0: that of the synaptic element {name} is {psi}"
            ))),
            _ => Ok(()),
        }
    }

    fn to_dict(self) -> Dict {
        let mut dict: Dict = [
            ("growth_rate", Value::Float(self.growth_rate)),
            ("tau_vacant", Value::Float(self.tau_vacant)),
            ("continuous", Value::Bool(self.continuous)),
            ("z", Value::Float(self.z)),
            ("z_connected", Value::Int(self.connected)),
            ("growth_curve", Value::Str(self.curve.name().to_owned())),
        ]
        .into_iter()
        .collect();
        let mut curve = self.curve;
        for (key, x) in curve.parameters() {
            dict.set(key, Value::Float(*x));
        }
        dict
    }
}

/// The keys that elements with any curve have.
const KEYS: [&str; 6] = [
    "continuous",
    "growth_curve",
    "growth_rate",
    "tau_vacant",
    "z",
    "z_connected",
];

/// The synaptic elements of a neuron, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Elements(Vec<(String, Element)>);

impl Elements {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The elements with a name.
    pub fn get(&self, name: &str) -> Option<&Element> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, e)| e)
    }

    /// The elements with a name, to change.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Element> {
        self.0.iter_mut().find(|(n, _)| n == name).map(|(_, e)| e)
    }

    /// Each kind of element, to change.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Element> {
        self.0.iter_mut().map(|(_, e)| e)
    }

    /// The elements that a user's `synaptic_elements` describes.
    ///
    /// # Errors
    /// When a key is not known or a value is not right.
    pub fn from_value(value: &Value, strict: bool) -> Result<Self> {
        let mut elements = Vec::new();
        for (name, dict) in as_dict("synaptic_elements", value)?.iter() {
            let mut element = Element::default();
            element.set(name, as_dict(name, dict)?, strict)?;
            elements.push((name.to_owned(), element));
        }
        elements.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(Elements(elements))
    }

    /// Changes existing elements as a user's `synaptic_elements_param` says.
    ///
    /// # Errors
    /// When an element or a key is not known, or a value is not right.
    pub fn update(&mut self, value: &Value, strict: bool) -> Result<()> {
        for (name, dict) in as_dict("synaptic_elements_param", value)?.iter() {
            let dict = as_dict(name, dict)?;
            if let Some(element) = self.get_mut(name) {
                element.set(name, dict, strict)?;
                continue;
            }
            if !strict {
                continue;
            }
            if self.0.is_empty() {
                return Err(Error::bad_property(format!(
                    "there is no synaptic element '{name}' to change: the neuron has none; set \
                     synaptic_elements"
                )));
            }
            let known: Vec<&str> = self.0.iter().map(|(n, _)| n.as_str()).collect();
            return Err(Error::unknown(
                Kind::BadProperty,
                "Synaptic element",
                name,
                known,
            ));
        }
        Ok(())
    }

    /// As users see them.
    pub fn to_value(&self) -> Value {
        let entry = |(name, e): &(String, Element)| (name.clone(), Value::Dict(e.to_dict()));
        Value::Dict(self.0.iter().map(entry).collect())
    }

    /// Grows all of them over a span.
    pub fn grow(&mut self, span: &Span) {
        self.iter_mut().for_each(|e| e.grow(span));
    }
}

fn as_dict<'a>(key: &str, value: &'a Value) -> Result<&'a Dict> {
    match value {
        Value::Dict(dict) => Ok(dict),
        other => Err(other.mismatch(key, "a dictionary")),
    }
}

/// The synaptic elements of a family's neurons on one worker.
#[derive(Clone, Debug, Default)]
pub struct Growth {
    nodes: Vec<Elements>,
    /// The step of the integration in ms.
    pub step: f64,
}

impl Growth {
    /// The elements of node `i`, if it has any.
    pub fn of(&self, i: usize) -> Option<&Elements> {
        self.nodes.get(i).filter(|e| !e.is_empty())
    }

    /// The elements of node `i` to change, if it has any.
    pub fn of_mut(&mut self, i: usize) -> Option<&mut Elements> {
        self.nodes.get_mut(i).filter(|e| !e.is_empty())
    }

    /// Sets the elements of node `i`.
    pub fn put(&mut self, i: usize, elements: Elements) {
        if i >= self.nodes.len() {
            self.nodes.resize_with(i + 1, Elements::default);
        }
        self.nodes[i] = elements;
    }

    /// Drops the elements of all but the first `n` nodes.
    pub fn truncate(&mut self, n: usize) {
        self.nodes.truncate(n);
    }

    /// The nodes that have elements, by place.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &Elements)> {
        let nodes = self.nodes.iter().enumerate();
        nodes.filter(|(_, e)| !e.is_empty())
    }

    /// The nodes that have elements, to change.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (usize, &mut Elements)> {
        let nodes = self.nodes.iter_mut().enumerate();
        nodes.filter(|(_, e)| !e.is_empty())
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        let lists = self.nodes.iter().map(|e| e.0.capacity());
        self.nodes.capacity() * size_of::<Elements>()
            + lists.sum::<usize>() * size_of::<(String, Element)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grown(curve: GrowthCurve, calcium: f64, tau: f64, ms: f64) -> f64 {
        curve.growth(&Span {
            from: 0.0,
            to: ms,
            calcium,
            tau,
            step: 0.1,
        })
    }

    #[test]
    fn linear_growth_is_the_integral_of_decaying_calcium() {
        let (eps, tau, calcium, ms) = (0.05f64, 200.0f64, 0.3f64, 137.7f64);
        let integral = ms - calcium * tau * (1.0 - (-ms / tau).exp()) / eps;
        let got = grown(GrowthCurve::Linear { eps }, calcium, tau, ms);
        assert!((got - integral).abs() < 1e-12 * integral.abs());
    }

    #[test]
    fn growth_stands_still_at_the_target() {
        // calcium that hardly decays stays where the curve has its zero
        for curve in [
            GrowthCurve::Linear { eps: 0.3 },
            GrowthCurve::Gaussian { eta: 0.1, eps: 0.3 },
            GrowthCurve::Gaussian { eta: 0.3, eps: 0.7 },
            GrowthCurve::Sigmoid { eps: 0.3, psi: 0.1 },
        ] {
            assert!(grown(curve, 0.3, 1e15, 100.0).abs() < 1e-10, "{curve:?}");
        }
        let middle = GrowthCurve::Gaussian { eta: 0.1, eps: 0.3 };
        assert!((grown(middle, 0.2, 1e15, 100.0) - 100.0).abs() < 1e-10);
    }

    #[test]
    fn growth_without_width_is_a_step() {
        for curve in [
            GrowthCurve::Gaussian { eta: 0.3, eps: 0.3 },
            GrowthCurve::Sigmoid { eps: 0.3, psi: 0.0 },
        ] {
            assert!(
                (grown(curve, 0.4, 1e15, 10.0) + 10.0).abs() < 1e-12,
                "{curve:?}"
            );
        }
    }

    #[test]
    fn connections_take_whole_elements() {
        let mut e = Element {
            z: 2.5,
            ..Element::default()
        };
        e.connect(1);
        assert_eq!((e.vacant(), e.z), (1, 2.5));
        e.decay();
        assert_eq!(e.z, 2.4);
        e.connect(3);
        assert!((e.z - 4.4).abs() < 1e-15 && e.vacant() == 0);
        e.z = 1.9;
        assert_eq!(e.vacant(), -3);
        e.decay();
        assert_eq!(e.z, 1.9);
    }
}
