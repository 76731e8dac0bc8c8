//! The number type that numerical kernels are generic over.

use std::fmt::Debug;
use std::ops::{Add, BitAnd, BitOr, Div, Mul, Neg, Not, Sub};

use super::{LookUp, elementary};

/// The result of comparing two [`Real`] values: one truth value per lane.
pub trait Mask:
    Copy
    + Debug
    + PartialEq
    + BitAnd<Output = Self>
    + BitOr<Output = Self>
    + Not<Output = Self>
    + Send
    + Sync
    + 'static
{
    /// The same truth value in every lane.
    fn splat(value: bool) -> Self;

    /// Whether any lane is true.
    fn any(self) -> bool;

    /// Whether all lanes are true.
    fn all(self) -> bool;

    /// The truth value of one lane.
    fn lane(self, lane: usize) -> bool;
}

/// A real number, or a fixed number of them that are advanced together.
///
/// Arithmetic is that of IEEE 754 `f64` in every lane, rounded after each operation.
pub trait Real:
    Copy
    + Debug
    + Default
    + PartialEq
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + Send
    + Sync
    + 'static
{
    /// The number of values held.
    const LANES: usize;

    /// What comparisons give.
    type Mask: Mask;

    /// The same value in every lane.
    fn splat(value: f64) -> Self;

    /// The value of one lane.
    fn lane(self, lane: usize) -> f64;

    /// Sets the value of one lane.
    fn set_lane(&mut self, lane: usize, value: f64);

    /// The bit pattern of each lane after `map`, which must be the same pure function of the bits
    /// of one lane.
    fn map_bits(self, map: impl Fn(u64) -> u64) -> Self;

    /// The bit pattern that `combine`, a pure function, makes of each lane's and of the entry of
    /// `table` at the place in its lowest four bits.
    fn look_up(
        self,
        look_up: impl LookUp,
        table: &[u64; 16],
        combine: impl Fn(u64, u64) -> u64,
    ) -> Self;

    /// As a power of two and a factor, see [`LookUp::split`].
    fn split(self, look_up: impl LookUp) -> (Self, Self);

    /// `if_true` where `mask` holds, `if_false` elsewhere.
    fn select(mask: Self::Mask, if_true: Self, if_false: Self) -> Self;

    /// `self < other`; false where either is NaN.
    fn lt(self, other: Self) -> Self::Mask;

    /// `self <= other`; false where either is NaN.
    fn le(self, other: Self) -> Self::Mask;

    /// `self > other`; false where either is NaN.
    #[inline(always)]
    fn gt(self, other: Self) -> Self::Mask {
        other.lt(self)
    }

    /// `self >= other`; false where either is NaN.
    #[inline(always)]
    fn ge(self, other: Self) -> Self::Mask {
        other.le(self)
    }

    /// The absolute value.
    fn abs(self) -> Self;

    /// `self * factor + term`, rounded once, on every machine.
    fn mul_add(self, factor: Self, term: Self) -> Self;

    /// `self` where `self > other`, `other` elsewhere, so that a NaN in `self` yields `other`.
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self::select(self.gt(other), self, other)
    }

    /// `self` where `self < other`, `other` elsewhere, so that a NaN in `self` yields `other`.
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Self::select(self.lt(other), self, other)
    }

    /// Whether the value is neither infinite nor NaN.
    #[inline(always)]
    fn is_finite(self) -> Self::Mask {
        self.abs().lt(Self::splat(f64::INFINITY))
    }

    /// The exponential function, see [`exp`](super::exp).
    #[inline(always)]
    fn exp(self) -> Self {
        elementary::exp(self)
    }

    /// `exp(self) - 1` without loss of significance near zero, see [`expm1`](super::expm1).
    #[inline(always)]
    fn expm1(self) -> Self {
        elementary::expm1(self)
    }

    /// The natural logarithm, see [`ln`](super::ln).
    #[inline(always)]
    fn ln(self) -> Self {
        elementary::ln(self)
    }
}

impl Mask for bool {
    #[inline(always)]
    fn splat(value: bool) -> Self {
        value
    }

    #[inline(always)]
    fn any(self) -> bool {
        self
    }

    #[inline(always)]
    fn all(self) -> bool {
        self
    }

    #[inline(always)]
    fn lane(self, _lane: usize) -> bool {
        self
    }
}

impl Real for f64 {
    const LANES: usize = 1;

    type Mask = bool;

    #[inline(always)]
    fn splat(value: f64) -> Self {
        value
    }

    #[inline(always)]
    fn lane(self, _lane: usize) -> f64 {
        self
    }

    #[inline(always)]
    fn set_lane(&mut self, _lane: usize, value: f64) {
        *self = value;
    }

    #[inline(always)]
    fn map_bits(self, map: impl Fn(u64) -> u64) -> Self {
        f64::from_bits(map(self.to_bits()))
    }

    #[inline(always)]
    fn look_up(self, _: impl LookUp, table: &[u64; 16], combine: impl Fn(u64, u64) -> u64) -> Self {
        let bits = self.to_bits();
        f64::from_bits(combine(bits, table[bits as usize % 16]))
    }

    #[inline(always)]
    fn split(self, _: impl LookUp) -> (Self, Self) {
        elementary::exponent_and_factor(self)
    }

    #[inline(always)]
    fn select(mask: bool, if_true: Self, if_false: Self) -> Self {
        if mask { if_true } else { if_false }
    }

    #[inline(always)]
    fn lt(self, other: Self) -> bool {
        self < other
    }

    #[inline(always)]
    fn le(self, other: Self) -> bool {
        self <= other
    }

    #[inline(always)]
    fn abs(self) -> Self {
        f64::abs(self)
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        f64::mul_add(self, factor, term)
    }
}
