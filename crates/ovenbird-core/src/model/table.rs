//! Parameter and state tables: everything about a quantity is declared once.
//!
//! [`params!`](crate::params) declares the parameters of a model with name, default, unit, check
//! and doc; [`state!`](crate::state) its state variables. Defaults, get, set, documentation and the
//! column layout all derive from them.

use crate::error::{Error, Kind, Result};
use crate::value::Value;
use std::hash::{Hash, Hasher};

/// The values that a parameter accepts beside being finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Check {
    min: f64,
    min_inclusive: bool,
    max: f64,
    finite: bool,
}

/// Any finite value.
pub const ANY: Check = Check {
    min: f64::NEG_INFINITY,
    min_inclusive: true,
    max: f64::INFINITY,
    finite: true,
};
/// Greater than zero.
pub const POSITIVE: Check = Check {
    min: 0.0,
    min_inclusive: false,
    ..ANY
};
/// Zero or more.
pub const NON_NEGATIVE: Check = Check {
    min: 0.0,
    min_inclusive: true,
    ..ANY
};
/// Between zero and one.
pub const UNIT_INTERVAL: Check = Check {
    min: 0.0,
    max: 1.0,
    ..ANY
};
/// Any number, an infinite one too.
pub const MAYBE_INFINITE: Check = Check {
    finite: false,
    ..ANY
};
/// A point in time, possibly infinite.
pub const TIME: Check = MAYBE_INFINITE;
/// A point in time that is not negative, possibly infinite.
pub const POSITIVE_TIME: Check = Check {
    min: 0.0,
    min_inclusive: false,
    ..MAYBE_INFINITE
};

impl Check {
    /// The domain in words.
    pub fn describe(&self) -> String {
        let finite = if self.finite { "finite" } else { "a number" };
        let min = match (self.min == f64::NEG_INFINITY, self.min_inclusive) {
            (true, _) => String::new(),
            (false, true) => format!(" and >= {}", self.min),
            (false, false) => format!(" and > {}", self.min),
        };
        let max = if self.max == f64::INFINITY {
            String::new()
        } else {
            format!(" and <= {}", self.max)
        };
        format!("{finite}{min}{max}")
    }

    pub(crate) fn test(&self, key: &str, x: f64) -> Result<()> {
        let above = if self.min_inclusive {
            x >= self.min
        } else {
            x > self.min
        };
        if x.is_nan() || (self.finite && !x.is_finite()) || !above || x > self.max {
            return Err(Error::bad_property(format!(
                "{key} must be {}, got {x}",
                self.describe()
            )));
        }
        Ok(())
    }
}

/// How many values a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Scalar,
    List,
}

/// A type that a parameter or state variable can have.
pub trait Field: Clone + PartialEq + Send + Sync + 'static {
    /// The type in words.
    const TYPE: &'static str;
    /// One value or a list.
    const SHAPE: Shape;
    /// This as a user's value.
    fn to_value(&self) -> Value;
    /// A user's value as this type.
    fn from_value(key: &str, value: &Value) -> Result<Self>;
    /// Whether every number in it passes `check`.
    fn check(&self, key: &str, check: &Check) -> Result<()>;
    /// Feeds the exact bits into `hasher`.
    fn feed(&self, hasher: &mut dyn Hasher);
    /// Whether every number in it is finite.
    #[inline]
    fn is_finite(&self) -> bool {
        true
    }
    /// Bytes on the heap.
    fn heap_bytes(&self) -> usize {
        0
    }
}

impl Field for f64 {
    const TYPE: &'static str = "float";
    const SHAPE: Shape = Shape::Scalar;
    fn to_value(&self) -> Value {
        Value::Float(*self)
    }
    fn from_value(key: &str, value: &Value) -> Result<Self> {
        value.as_float(key)
    }
    fn check(&self, key: &str, check: &Check) -> Result<()> {
        check.test(key, *self)
    }
    fn feed(&self, mut hasher: &mut dyn Hasher) {
        self.to_bits().hash(&mut hasher);
    }
    #[inline]
    fn is_finite(&self) -> bool {
        f64::is_finite(*self)
    }
}

impl Field for bool {
    const TYPE: &'static str = "bool";
    const SHAPE: Shape = Shape::Scalar;
    fn to_value(&self) -> Value {
        Value::Bool(*self)
    }
    fn from_value(key: &str, value: &Value) -> Result<Self> {
        value.as_bool(key)
    }
    fn check(&self, _: &str, _: &Check) -> Result<()> {
        Ok(())
    }
    fn feed(&self, mut hasher: &mut dyn Hasher) {
        self.hash(&mut hasher);
    }
}

impl Field for i64 {
    const TYPE: &'static str = "int";
    const SHAPE: Shape = Shape::Scalar;
    fn to_value(&self) -> Value {
        Value::Int(*self)
    }
    fn from_value(key: &str, value: &Value) -> Result<Self> {
        value.as_int(key)
    }
    fn check(&self, key: &str, check: &Check) -> Result<()> {
        check.test(key, *self as f64)
    }
    fn feed(&self, mut hasher: &mut dyn Hasher) {
        self.hash(&mut hasher);
    }
}

impl Field for i32 {
    const TYPE: &'static str = "int";
    const SHAPE: Shape = Shape::Scalar;
    fn to_value(&self) -> Value {
        Value::Int(i64::from(*self))
    }
    fn from_value(key: &str, value: &Value) -> Result<Self> {
        i32::try_from(value.as_int(key)?)
            .map_err(|_| Error::new(Kind::Overflow, format!("{key} does not fit in 32 bits")))
    }
    fn check(&self, key: &str, check: &Check) -> Result<()> {
        check.test(key, f64::from(*self))
    }
    fn feed(&self, mut hasher: &mut dyn Hasher) {
        self.hash(&mut hasher);
    }
}

impl Field for String {
    const TYPE: &'static str = "str";
    const SHAPE: Shape = Shape::Scalar;
    fn to_value(&self) -> Value {
        Value::Str(self.clone())
    }
    fn from_value(key: &str, value: &Value) -> Result<Self> {
        value.as_str(key).map(str::to_owned)
    }
    fn check(&self, _: &str, _: &Check) -> Result<()> {
        Ok(())
    }
    fn feed(&self, mut hasher: &mut dyn Hasher) {
        self.hash(&mut hasher);
    }
    fn heap_bytes(&self) -> usize {
        self.capacity()
    }
}

impl Field for Vec<f64> {
    const TYPE: &'static str = "list of floats";
    const SHAPE: Shape = Shape::List;
    fn to_value(&self) -> Value {
        Value::Floats(self.clone())
    }
    fn from_value(key: &str, value: &Value) -> Result<Self> {
        match value {
            Value::Floats(v) => Ok(v.clone()),
            Value::Ints(v) => Ok(v.iter().map(|&i| i as f64).collect()),
            other => Err(other.mismatch(key, "a list of numbers")),
        }
    }
    fn check(&self, key: &str, check: &Check) -> Result<()> {
        self.iter()
            .enumerate()
            .try_for_each(|(i, &x)| check.test(&format!("{key}[{i}]"), x))
    }
    fn feed(&self, mut hasher: &mut dyn Hasher) {
        self.len().hash(&mut hasher);
        self.iter().for_each(|x| x.to_bits().hash(&mut hasher));
    }
    fn is_finite(&self) -> bool {
        self.iter().all(|x| x.is_finite())
    }
    fn heap_bytes(&self) -> usize {
        self.capacity() * size_of::<f64>()
    }
}

impl Field for Vec<i64> {
    const TYPE: &'static str = "list of ints";
    const SHAPE: Shape = Shape::List;
    fn to_value(&self) -> Value {
        Value::Ints(self.clone())
    }
    fn from_value(key: &str, value: &Value) -> Result<Self> {
        match value {
            Value::Ints(v) => Ok(v.clone()),
            Value::Floats(v) if v.is_empty() => Ok(Vec::new()),
            other => Err(other.mismatch(key, "a list of integers")),
        }
    }
    fn check(&self, key: &str, check: &Check) -> Result<()> {
        self.iter()
            .enumerate()
            .try_for_each(|(i, &x)| check.test(&format!("{key}[{i}]"), x as f64))
    }
    fn feed(&self, mut hasher: &mut dyn Hasher) {
        self.hash(&mut hasher);
    }
    fn heap_bytes(&self) -> usize {
        self.capacity() * size_of::<i64>()
    }
}

impl Field for Vec<String> {
    const TYPE: &'static str = "list of strings";
    const SHAPE: Shape = Shape::List;
    fn to_value(&self) -> Value {
        Value::Strs(self.clone())
    }
    fn from_value(key: &str, value: &Value) -> Result<Self> {
        match value {
            Value::Strs(v) => Ok(v.clone()),
            Value::Floats(v) if v.is_empty() => Ok(Vec::new()),
            Value::Ints(v) if v.is_empty() => Ok(Vec::new()),
            other => Err(other.mismatch(key, "a list of strings")),
        }
    }
    fn check(&self, _: &str, _: &Check) -> Result<()> {
        Ok(())
    }
    fn feed(&self, mut hasher: &mut dyn Hasher) {
        self.hash(&mut hasher);
    }
    fn heap_bytes(&self) -> usize {
        self.iter().map(String::capacity).sum()
    }
}

impl<const N: usize> Field for [f64; N] {
    const TYPE: &'static str = "list of floats";
    const SHAPE: Shape = Shape::List;
    fn to_value(&self) -> Value {
        Value::Floats(self.to_vec())
    }
    fn from_value(key: &str, value: &Value) -> Result<Self> {
        let v = Vec::<f64>::from_value(key, value)?;
        let got = v.len();
        v.try_into()
            .map_err(|_| Error::bad_property(format!("{key} must hold {N} numbers, got {got}")))
    }
    fn check(&self, key: &str, check: &Check) -> Result<()> {
        self.iter().try_for_each(|&x| check.test(key, x))
    }
    fn feed(&self, mut hasher: &mut dyn Hasher) {
        self.iter().for_each(|x| x.to_bits().hash(&mut hasher));
    }
    fn is_finite(&self) -> bool {
        self.iter().all(|x| x.is_finite())
    }
}

/// The first number of a column that is not finite. Looks through chunks without branches.
#[doc(hidden)]
pub fn first_bad_row<T: Field>(column: &[T]) -> Option<usize> {
    let finite = |chunk: &[T]| chunk.iter().fold(true, |all, x| all & x.is_finite());
    let start = 64 * column.chunks(64).position(|chunk| !finite(chunk))?;
    let rest = &column[start..];
    rest.iter().position(|x| !x.is_finite()).map(|i| start + i)
}

/// One declared field of a table.
pub struct FieldSpec<T> {
    /// The key, letter for letter as in NEST.
    pub name: &'static str,
    /// The unit, empty for a pure number.
    pub unit: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// The type in words.
    pub type_name: &'static str,
    /// One value or a list.
    pub shape: Shape,
    /// The values it accepts.
    pub check: Check,
    /// Reads it.
    pub get: fn(&T) -> Value,
    /// Sets it from a user's value, checked.
    pub set: fn(&mut T, &Value) -> Result<()>,
    /// Feeds its bits into a hasher.
    pub feed: fn(&T, &mut dyn Hasher),
}

/// A struct declared by [`params!`](crate::params).
pub trait Table: Clone + Default + PartialEq + Send + Sync + 'static {
    /// The fields in the order of their declaration.
    const FIELDS: &'static [FieldSpec<Self>];

    /// The field named `key`.
    fn field(key: &str) -> Option<&'static FieldSpec<Self>> {
        Self::FIELDS.iter().find(|f| f.name == key)
    }

    /// Feeds all fields into `hasher`.
    fn feed(&self, hasher: &mut dyn Hasher) {
        Self::FIELDS.iter().for_each(|f| (f.feed)(self, hasher));
    }
}

/// State variables of many nodes, a column each; declared by [`state!`](crate::state).
pub trait Columns: Default + Send + Sync + 'static {
    /// The variables of one node.
    type Row: Clone + Default + Send + Sync + 'static;
    /// Mutable slices of all columns over a range of nodes.
    type View<'a>;

    /// The number of nodes.
    fn len(&self) -> usize;
    /// Whether there are no nodes.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Appends `n` nodes that start as `row`.
    fn push(&mut self, row: &Self::Row, n: usize);
    /// Drops all but the first `n` nodes.
    fn truncate(&mut self, n: usize);
    /// The variables of node `i`.
    fn row(&self, i: usize) -> Self::Row;
    /// Sets the variables of node `i`.
    fn put(&mut self, i: usize, row: Self::Row);
    /// The columns over `range`.
    fn view(&mut self, range: std::ops::Range<usize>) -> Self::View<'_>;
    /// The first node with a value that is not finite, and the variable.
    fn first_bad_row(&self) -> Option<(usize, &'static str)>;
    /// Bytes held.
    fn bytes(&self) -> usize;
}

/// Declares the parameters of a model: `struct Params` with one line per parameter.
///
/// ```
/// ovenbird_core::params! {
///     /// Membrane capacitance.
///     C_m: f64 = 250.0, "pF", POSITIVE;
///     /// Leak potential.
///     E_L: f64 = -70.0, "mV";
/// }
/// ```
#[macro_export]
macro_rules! params {
    ($( $(#[doc = $doc:literal])+ $name:ident : $ty:ty = $default:expr
        $(, $unit:literal $(, $check:expr)?)? ; )*) => {
        /// The parameters of this model.
        #[derive(Clone, Debug, PartialEq)]
        #[allow(non_snake_case, reason = "a field's name is the key that users know")]
        pub struct Params { $( $(#[doc = $doc])+ pub $name: $ty, )* }

        impl Default for Params {
            fn default() -> Self { Params { $( $name: $default, )* } }
        }

        impl $crate::model::Table for Params {
            const FIELDS: &'static [$crate::model::FieldSpec<Self>] = &[ $( {
                #[allow(unused_imports, reason = "not every parameter names a check")]
                use $crate::model::checks::*;
                const CHECK: Check = $crate::first_or!(ANY $(, $($check)?)?);
                $crate::model::FieldSpec {
                    name: stringify!($name),
                    unit: $crate::first_or!("" $(, $unit)?),
                    doc: concat!($($doc),+),
                    type_name: <$ty as $crate::model::Field>::TYPE,
                    shape: <$ty as $crate::model::Field>::SHAPE,
                    check: CHECK,
                    get: |p| $crate::model::Field::to_value(&p.$name),
                    set: |p, v| {
                        let new = <$ty as $crate::model::Field>::from_value(stringify!($name), v)?;
                        $crate::model::Field::check(&new, stringify!($name), &CHECK)?;
                        p.$name = new;
                        Ok(())
                    },
                    feed: |p, h| $crate::model::Field::feed(&p.$name, h),
                }
            }, )* ];
        }
    };
}

/// The second argument if there is one, else the first.
#[doc(hidden)]
#[macro_export]
macro_rules! first_or {
    ($default:expr) => {
        $default
    };
    ($default:expr,) => {
        $default
    };
    ($default:expr, $given:expr) => {
        $given
    };
}

/// Declares the state of a model: `struct State` for one node, `StateColumns` for many, and
/// `StateView`, the columns over a range of nodes.
#[macro_export]
macro_rules! state {
    ($( $(#[doc = $doc:literal])+ $name:ident : $ty:ty = $default:expr ; )*) => {
        /// The state of one node of this model.
        #[derive(Clone, Debug, PartialEq)]
        #[allow(non_snake_case, reason = "names follow the equations")]
        pub struct State { $( $(#[doc = $doc])+ pub $name: $ty, )* }

        impl Default for State {
            fn default() -> Self { State { $( $name: $default, )* } }
        }

        /// The state of many nodes, a column per variable.
        #[derive(Debug, Default)]
        #[allow(non_snake_case, reason = "names follow the equations")]
        pub struct StateColumns { nodes: usize, $( $(#[doc = $doc])+ pub $name: Vec<$ty>, )* }

        /// The columns over a range of nodes; all slices have the same length.
        #[allow(non_snake_case, reason = "names follow the equations")]
        pub struct StateView<'a> {
            /// The number of nodes.
            pub len: usize,
            marker: std::marker::PhantomData<&'a mut ()>,
            $( $(#[doc = $doc])+ pub $name: &'a mut [$ty],
            )*
        }

        impl $crate::model::Columns for StateColumns {
            type Row = State;
            type View<'a> = StateView<'a>;

            fn len(&self) -> usize { self.nodes }
            fn push(&mut self, row: &State, n: usize) {
                self.nodes += n;
                let _ = row;
                $( self.$name.resize(self.nodes, row.$name.clone()); )*
            }
            fn truncate(&mut self, n: usize) {
                self.nodes = n;
                $( self.$name.truncate(n); )*
            }
            fn row(&self, i: usize) -> State {
                let _ = i;
                State { $( $name: self.$name[i].clone(), )* }
            }
            fn put(&mut self, i: usize, row: State) {
                let _ = (i, &row);
                $( self.$name[i] = row.$name; )*
            }
            fn view(&mut self, range: std::ops::Range<usize>) -> StateView<'_> {
                StateView {
                    len: range.len(),
                    marker: std::marker::PhantomData,
                    $( $name: &mut self.$name[range.clone()], )*
                }
            }
            fn first_bad_row(&self) -> Option<(usize, &'static str)> {
                $( if let Some(i) = $crate::model::first_bad_row(&self.$name) {
                    return Some((i, stringify!($name)));
                } )*
                None
            }
            fn bytes(&self) -> usize {
                0 $( + self.$name.capacity() * size_of::<$ty>()
                    + self.$name.iter().map($crate::model::Field::heap_bytes).sum::<usize>() )*
            }
        }
    };
}
