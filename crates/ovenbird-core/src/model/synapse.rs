//! What a synapse model is: its parameters and state as tables, and what it does with a spike.
//!
//! Connections with equal parameters share one set of them. State that depends on the source's
//! spikes alone is shared by all connections of the source for which it is equal; the weight, and
//! state that depends on the target, is stored for each connection.

use super::info::page;
use super::table::{Check, FieldSpec, Table};
use crate::connect::Amount;
use crate::error::{Error, Result};
use crate::synapse::Delivery;
use crate::value::Value;
use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

/// How a synapse model transmits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SynapseKind {
    /// Spikes with a fixed weight and delay.
    Static,
    /// A continuous coupling of membrane potentials.
    GapJunction,
    /// Spikes, with parameters or state beyond weight and delay.
    Stateful,
}

/// The forms in which a model is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// Under its own name.
    Plain,
    /// As `X_hpc`: only receptor 0.
    Hpc,
    /// As `X_lbl`: connections carry a label.
    Labeled,
}

/// A synapse model.
#[derive(Clone, Copy, Debug)]
pub struct SynapseInfo {
    /// The model's name.
    pub name: &'static str,
    /// One line on what it is.
    pub summary: &'static str,
    /// The model's source, whose `//!` head is its page.
    pub source: &'static str,
    /// How it transmits.
    pub kind: SynapseKind,
    /// Whether connections carry a delay.
    pub has_delay: bool,
    /// Whether connections must be made in both directions.
    pub requires_symmetric: bool,
    /// Whether the model is also offered as `X_hpc` and `X_lbl`.
    pub variants: bool,
    /// The weight of connections for which none is given.
    pub weight: f64,
    /// Whether all connections of the model have the weight of its common properties.
    pub common_weight: bool,
    /// Whether it reads the spike history of its targets.
    pub reads_history: bool,
    /// Whether stimulators can be its sources.
    pub from_devices: bool,
    /// Whether chance decides on what it transmits.
    pub stochastic: bool,
    /// Makes what the engine works with, for stateful models.
    pub make: Option<fn() -> Arc<dyn SynapseOps>>,
}

impl SynapseInfo {
    /// A model with a fixed weight and delay.
    pub const fn new(name: &'static str, summary: &'static str, source: &'static str) -> Self {
        SynapseInfo {
            name,
            summary,
            source,
            kind: SynapseKind::Static,
            has_delay: true,
            requires_symmetric: false,
            variants: true,
            weight: 1.0,
            common_weight: false,
            reads_history: false,
            from_devices: false,
            stochastic: false,
            make: None,
        }
    }

    /// A model that does more with a spike than a static one: `S`.
    pub const fn stateful<S: Synapse>(
        name: &'static str,
        summary: &'static str,
        source: &'static str,
    ) -> Self {
        SynapseInfo {
            kind: SynapseKind::Stateful,
            make: Some(make::<S>),
            ..SynapseInfo::new(name, summary, source)
        }
    }

    /// The model's page: the `//!` head of its source.
    pub fn page(&self) -> String {
        page(self.source)
    }
}

/// A number that is kept as an `f64`.
pub trait Number: Copy {
    /// Whether users see an integer.
    const INTEGER: bool;
    /// From what is kept.
    fn from_word(word: f64) -> Self;
    /// As it is kept.
    fn to_word(self) -> f64;
}

impl Number for f64 {
    const INTEGER: bool = false;
    fn from_word(word: f64) -> Self {
        word
    }
    fn to_word(self) -> f64 {
        self
    }
}

impl Number for i64 {
    const INTEGER: bool = true;
    fn from_word(word: f64) -> Self {
        word as i64
    }
    fn to_word(self) -> f64 {
        self as f64
    }
}

/// A table of numbers, which can be kept as words; declared by [`numbers!`](crate::numbers).
pub trait Numbers: Table {
    /// The number of words.
    const LEN: usize;
    /// Whether each is an integer.
    const INTEGER: &'static [bool];
    /// From words.
    fn load(words: &[f64]) -> Self;
    /// Into words.
    fn store(&self, words: &mut [f64]);
}

/// Declares numbers that connections of a model have, as [`params!`](crate::params) does for
/// nodes: `struct Params`, which can be kept as words.
#[macro_export]
macro_rules! numbers {
    ($( $(#[doc = $doc:literal])+ $name:ident : $ty:ty = $default:expr
        $(, $unit:literal $(, $check:expr)?)? ; )*) => {
        $crate::params! {
            $( $(#[doc = $doc])+ $name: $ty = $default $(, $unit $(, $check)?)?; )*
        }

        impl $crate::model::Numbers for Params {
            const LEN: usize = Self::INTEGER.len();
            const INTEGER: &'static [bool] =
                &[ $( <$ty as $crate::model::Number>::INTEGER, )* ];
            #[inline(always)]
            fn load(words: &[f64]) -> Self {
                let mut words = words.iter().copied();
                let mut next = || words.next().unwrap_or(0.0);
                let _ = &mut next;
                Params { $( $name: $crate::model::Number::from_word(next()), )* }
            }
            #[inline(always)]
            fn store(&self, words: &mut [f64]) {
                let mut words = words.iter_mut();
                let _ = &mut words;
                $( if let Some(word) = words.next() {
                    *word = $crate::model::Number::to_word(self.$name);
                } )*
            }
        }
    };
}

/// No numbers at all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Nothing;

impl Table for Nothing {
    const FIELDS: &'static [FieldSpec<Self>] = &[];
}

impl Numbers for Nothing {
    const LEN: usize = 0;
    const INTEGER: &'static [bool] = &[];
    fn load(_: &[f64]) -> Self {
        Nothing
    }
    fn store(&self, _: &mut [f64]) {}
}

/// A synapse model with parameters or state beyond weight and delay.
pub trait Synapse: Send + Sync + Sized + 'static {
    /// What each connection has.
    type Params: Numbers;
    /// What all connections of the model, or of a copy of it, have in common.
    type Common: Table;
    /// What changes with the source's spikes alone.
    type State: Numbers;
    /// What changes with the target, or by chance: kept for each connection.
    type Entry: Numbers;
    /// What delivery needs, a pure function of the parameters.
    type Constants: Send + Sync + 'static;

    /// Name, summary, capabilities.
    const INFO: SynapseInfo;

    /// The time of the source's last spike before there was any (ms).
    const NEVER: f64 = 0.0;

    /// Relations between the numbers of a connection.
    ///
    /// # Errors
    /// When they do not fit together.
    fn check(_: &Self::Params, _: &Self::State, _weight: f64) -> Result<()> {
        Ok(())
    }

    /// The weight that all connections share, where they do.
    fn weight(_: &Self::Common) -> f64 {
        Self::INFO.weight
    }

    /// Whether what a connection sends is negative.
    fn sends_negative(_: &Self::Params, _: &Self::Common, weight: f64) -> bool {
        weight < 0.0
    }

    /// What delivery needs.
    fn constants(p: &Self::Params, c: &Self::Common) -> Self::Constants;

    /// Transmits one spike to all targets that share parameters and state.
    fn deliver(k: &Self::Constants, s: &mut Self::State, spike: &mut Delivery<'_, '_>);
}

/// A number of connections as the engine knows it.
#[derive(Clone, Copy, Debug)]
pub struct NumberSpec {
    pub name: &'static str,
    pub unit: &'static str,
    pub doc: &'static str,
    pub check: Check,
    pub integer: bool,
    /// Whether it changes as spikes pass.
    pub is_state: bool,
}

impl NumberSpec {
    /// The word for a user's value.
    ///
    /// # Errors
    /// When the value has the wrong type or is outside the domain.
    pub fn word(&self, value: &Value) -> Result<f64> {
        if self.integer {
            return self.checked(value.as_int(self.name)? as f64);
        }
        self.checked(value.as_float(self.name)?)
    }

    /// `x` if it is in the domain.
    ///
    /// # Errors
    /// When it is not.
    pub fn checked(&self, x: f64) -> Result<f64> {
        if self.integer && x != x.trunc() {
            return Err(Error::new(
                crate::error::Kind::TypeMismatch,
                format!("{} must be an integer, got {x}", self.name),
            ));
        }
        self.check.test(self.name, x)?;
        Ok(x)
    }

    /// A user's value for many connections; numbers are checked, draws are not.
    ///
    /// # Errors
    /// When a number is outside the domain, or the type is wrong.
    pub fn amount(&self, value: &Value) -> Result<Amount> {
        let amount = Amount::from_value(self.name, value.clone())?;
        if let Amount::Same(_) = amount {
            self.word(value)?;
        }
        for &x in amount.list().unwrap_or_default() {
            self.checked(x)?;
        }
        Ok(amount)
    }

    /// A word as a user's value.
    pub fn value(&self, word: f64) -> Value {
        if self.integer {
            Value::Int(word as i64)
        } else {
            Value::Float(word)
        }
    }
}

/// A key of the common properties.
#[derive(Clone, Copy, Debug)]
pub struct CommonSpec {
    pub name: &'static str,
    pub unit: &'static str,
    pub doc: &'static str,
    pub type_name: &'static str,
}

/// How many words there are of each kind. All words of a connection stand one after another:
/// parameters, label, state, and what each connection has of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    pub params: usize,
    pub state: usize,
    pub entry: usize,
}

impl Layout {
    /// The words that do not change: parameters and label.
    pub fn class(&self) -> usize {
        self.params + 1
    }

    /// The place of the label.
    pub fn label(&self) -> usize {
        self.params
    }

    /// Where the words of each connection begin.
    pub fn entry_start(&self) -> usize {
        self.class() + self.state
    }

    /// All words.
    pub fn all(&self) -> usize {
        self.entry_start() + self.entry
    }
}

/// The label of connections that have none.
pub const NO_LABEL: f64 = -1.0;

/// What the engine asks of a stateful synapse model with its common properties.
pub trait SynapseOps: Send + Sync + Debug {
    /// Name, summary, capabilities.
    fn info(&self) -> SynapseInfo;
    /// How many words connections have.
    fn layout(&self) -> Layout;
    /// The numbers of connections, in the order of their words, without the label.
    fn numbers(&self) -> Vec<NumberSpec>;
    /// The words of a connection for which nothing is given.
    fn defaults(&self) -> Vec<f64>;
    /// The time of the last spike before there was any (ms).
    fn never(&self) -> f64;
    /// The keys of the common properties.
    fn common_keys(&self) -> Vec<CommonSpec>;
    /// A common property.
    fn common(&self, key: &str) -> Option<Value>;
    /// The same model with other common properties; `None` if there is no such key.
    fn with_common(&self, key: &str, value: &Value) -> Option<Result<Arc<dyn SynapseOps>>>;
    /// Whether the numbers of a connection fit together.
    fn check(&self, words: &[f64], weight: f64) -> Result<()>;
    /// The weight that all connections share.
    fn weight(&self) -> f64;
    /// Whether what a connection sends is negative.
    fn sends_negative(&self, words: &[f64], weight: f64) -> bool;
    /// What delivery needs, for the given sets of parameters.
    fn constants(&self, classes: &[Vec<f64>]) -> Box<dyn Any + Send + Sync>;
    /// Transmits one spike to targets that share parameters and state.
    fn deliver(
        &self,
        constants: &(dyn Any + Send + Sync),
        class: usize,
        state: &mut [f64],
        spike: &mut Delivery<'_, '_>,
    );
}

/// A stateful model with its common properties.
struct Typed<S: Synapse> {
    common: S::Common,
}

fn make<S: Synapse>() -> Arc<dyn SynapseOps> {
    Arc::new(Typed::<S> {
        common: S::Common::default(),
    })
}

impl<S: Synapse> Debug for Typed<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(S::INFO.name)
    }
}

fn specs<T: Numbers>(is_state: bool) -> impl Iterator<Item = NumberSpec> {
    T::FIELDS
        .iter()
        .zip(T::INTEGER)
        .map(move |(f, &integer)| NumberSpec {
            name: f.name,
            unit: f.unit,
            doc: f.doc.trim(),
            check: f.check,
            integer,
            is_state,
        })
}

impl<S: Synapse> SynapseOps for Typed<S> {
    fn info(&self) -> SynapseInfo {
        S::INFO
    }

    fn layout(&self) -> Layout {
        Layout {
            params: S::Params::LEN,
            state: S::State::LEN,
            entry: S::Entry::LEN,
        }
    }

    fn numbers(&self) -> Vec<NumberSpec> {
        specs::<S::Params>(false)
            .chain(specs::<S::State>(true))
            .chain(specs::<S::Entry>(true))
            .collect()
    }

    fn defaults(&self) -> Vec<f64> {
        let layout = self.layout();
        let mut words = vec![NO_LABEL; layout.all()];
        S::Params::default().store(&mut words[..layout.params]);
        S::State::default().store(&mut words[layout.class()..layout.entry_start()]);
        S::Entry::default().store(&mut words[layout.entry_start()..]);
        words
    }

    fn never(&self) -> f64 {
        S::NEVER
    }

    fn common_keys(&self) -> Vec<CommonSpec> {
        S::Common::FIELDS
            .iter()
            .map(|f| CommonSpec {
                name: f.name,
                unit: f.unit,
                doc: f.doc.trim(),
                type_name: f.type_name,
            })
            .collect()
    }

    fn common(&self, key: &str) -> Option<Value> {
        S::Common::field(key).map(|f| (f.get)(&self.common))
    }

    fn with_common(&self, key: &str, value: &Value) -> Option<Result<Arc<dyn SynapseOps>>> {
        let field = S::Common::field(key)?;
        let mut common = self.common.clone();
        Some((field.set)(&mut common, value).map(|()| Arc::new(Typed::<S> { common }) as _))
    }

    fn check(&self, words: &[f64], weight: f64) -> Result<()> {
        let state = S::State::load(&words[self.layout().class()..]);
        S::check(&S::Params::load(words), &state, weight)
    }

    fn weight(&self) -> f64 {
        S::weight(&self.common)
    }

    fn sends_negative(&self, words: &[f64], weight: f64) -> bool {
        S::sends_negative(&S::Params::load(words), &self.common, weight)
    }

    fn constants(&self, classes: &[Vec<f64>]) -> Box<dyn Any + Send + Sync> {
        let derive = |words: &Vec<f64>| S::constants(&S::Params::load(words), &self.common);
        Box::new(classes.iter().map(derive).collect::<Vec<_>>())
    }

    fn deliver(
        &self,
        constants: &(dyn Any + Send + Sync),
        class: usize,
        state: &mut [f64],
        spike: &mut Delivery<'_, '_>,
    ) {
        let constants = constants.downcast_ref::<Vec<S::Constants>>();
        let k = &constants.expect("made by the same model")[class];
        let mut s = S::State::load(state);
        S::deliver(k, &mut s, spike);
        s.store(state);
    }
}
