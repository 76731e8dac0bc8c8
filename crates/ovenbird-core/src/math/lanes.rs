//! Eight `f64` that move together.
//!
//! The number of lanes is fixed, so that the grouping of neurons, and with it every result, is the
//! same whether a machine works on two, four, or eight `f64` at a time. Operations are written out
//! lane by lane and compile to vector instructions once they are inlined into a function that
//! enables them (`pulp::Arch::dispatch`), which is why all of them are `#[inline(always)]`. Loops
//! would do the same but take the compiler minutes in a solver with thousands of operations.

use std::ops::{Add, BitAnd, BitOr, Div, Mul, Neg, Not, Sub};

use super::real::{Mask, Real};
use super::registers::LookUp;

/// The number of values in a [`Lanes`].
pub const LANES: usize = 8;

/// Eight `f64` on which every operation acts lane by lane.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C, align(64))]
pub struct Lanes(pub [f64; LANES]);

/// Eight truth values, each a word of all ones or all zeros.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct LaneMask([u64; LANES]);

/// An array with one element per lane.
macro_rules! each_lane {
    ($lane:ident => $value:expr) => {
        [
            {
                const $lane: usize = 0;
                $value
            },
            {
                const $lane: usize = 1;
                $value
            },
            {
                const $lane: usize = 2;
                $value
            },
            {
                const $lane: usize = 3;
                $value
            },
            {
                const $lane: usize = 4;
                $value
            },
            {
                const $lane: usize = 5;
                $value
            },
            {
                const $lane: usize = 6;
                $value
            },
            {
                const $lane: usize = 7;
                $value
            },
        ]
    };
}

impl Lanes {
    /// Builds a value from a function of the lane number.
    #[inline(always)]
    pub fn from_fn(mut value: impl FnMut(usize) -> f64) -> Self {
        Self(each_lane!(LANE => value(LANE)))
    }

    /// The first lanes from `values`, of which there must not be more than [`LANES`]; the others
    /// repeat the last, so that they go the ways that it goes, or are zero if there is none.
    #[inline(always)]
    pub fn load(values: &[f64]) -> Self {
        match values.first_chunk::<LANES>() {
            Some(chunk) if values.len() == LANES => Self(*chunk),
            _ => Self::load_some(values),
        }
    }

    /// Apart, since the compiler would make one copy of unknown length of both cases.
    #[cold]
    #[inline(never)]
    fn load_some(values: &[f64]) -> Self {
        let mut out = [values.last().copied().unwrap_or(0.0); LANES];
        out[..values.len()].copy_from_slice(values);
        Self(out)
    }

    /// Stores the first lanes, as many as `out` has elements, but no more than [`LANES`].
    #[inline(always)]
    pub fn store(self, out: &mut [f64]) {
        match out.first_chunk_mut::<LANES>() {
            Some(chunk) => *chunk = self.0,
            None => out.copy_from_slice(&self.0[..out.len()]),
        }
    }

    #[inline(always)]
    fn zip(self, other: Self, op: impl Fn(f64, f64) -> f64) -> Self {
        Self(each_lane!(LANE => op(self.0[LANE], other.0[LANE])))
    }

    #[inline(always)]
    fn compare(self, other: Self, op: impl Fn(f64, f64) -> bool) -> LaneMask {
        LaneMask(each_lane!(LANE => word(op(self.0[LANE], other.0[LANE]))))
    }
}

#[inline(always)]
fn word(value: bool) -> u64 {
    if value { u64::MAX } else { 0 }
}

impl LaneMask {
    /// True in the first `count` lanes.
    #[inline(always)]
    pub fn first(count: usize) -> Self {
        Self::from_fn(|lane| lane < count)
    }

    /// Builds a mask from a function of the lane number.
    #[inline(always)]
    pub fn from_fn(value: impl Fn(usize) -> bool) -> Self {
        Self(each_lane!(LANE => word(value(LANE))))
    }

    /// The lanes where it is true, in order.
    #[inline(always)]
    pub fn lanes(self) -> impl Iterator<Item = usize> {
        let mut bits = (0..LANES).fold(0u32, |bits, lane| bits | (self.0[lane] as u32 & 1) << lane);
        std::iter::from_fn(move || {
            let lane = bits.trailing_zeros() as usize;
            bits &= bits.wrapping_sub(1);
            (lane < LANES).then_some(lane)
        })
    }

    /// Makes it true in a lane.
    #[inline(always)]
    pub fn set(&mut self, lane: usize) {
        self.0[lane] = u64::MAX;
    }
}

impl Add for Lanes {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
}

impl Sub for Lanes {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }
}

impl Mul for Lanes {
    type Output = Self;

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }
}

impl Div for Lanes {
    type Output = Self;

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        self.zip(other, |a, b| a / b)
    }
}

impl Neg for Lanes {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        self.zip(self, |a, _| -a)
    }
}

impl BitAnd for LaneMask {
    type Output = Self;

    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        Self(each_lane!(LANE => self.0[LANE] & other.0[LANE]))
    }
}

impl BitOr for LaneMask {
    type Output = Self;

    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        Self(each_lane!(LANE => self.0[LANE] | other.0[LANE]))
    }
}

impl Not for LaneMask {
    type Output = Self;

    #[inline(always)]
    fn not(self) -> Self {
        Self(each_lane!(LANE => !self.0[LANE]))
    }
}

impl Mask for LaneMask {
    #[inline(always)]
    fn splat(value: bool) -> Self {
        Self(each_lane!(_LANE => word(value)))
    }

    #[inline(always)]
    fn any(self) -> bool {
        let w = self.0;
        ((w[0] | w[1]) | (w[2] | w[3])) | ((w[4] | w[5]) | (w[6] | w[7])) != 0
    }

    #[inline(always)]
    fn all(self) -> bool {
        let w = self.0;
        ((w[0] & w[1]) & (w[2] & w[3])) & ((w[4] & w[5]) & (w[6] & w[7])) != 0
    }

    #[inline(always)]
    fn lane(self, lane: usize) -> bool {
        self.0[lane] != 0
    }
}

impl Real for Lanes {
    const LANES: usize = LANES;

    type Mask = LaneMask;

    #[inline(always)]
    fn splat(value: f64) -> Self {
        Self(each_lane!(_LANE => value))
    }

    #[inline(always)]
    fn lane(self, lane: usize) -> f64 {
        self.0[lane]
    }

    #[inline(always)]
    fn set_lane(&mut self, lane: usize, value: f64) {
        self.0[lane] = value;
    }

    #[inline(always)]
    fn map_bits(self, map: impl Fn(u64) -> u64) -> Self {
        self.zip(self, |a, _| f64::from_bits(map(a.to_bits())))
    }

    #[inline(always)]
    fn look_up(
        self,
        look_up: impl LookUp,
        table: &[u64; 16],
        combine: impl Fn(u64, u64) -> u64,
    ) -> Self {
        let bits = each_lane!(LANE => self.0[LANE].to_bits());
        let entries = look_up.entries(table, bits);
        Self(each_lane!(LANE => f64::from_bits(combine(bits[LANE], entries[LANE]))))
    }

    #[inline(always)]
    fn split(self, look_up: impl LookUp) -> (Self, Self) {
        look_up.split(self)
    }

    #[inline(always)]
    fn select(mask: LaneMask, if_true: Self, if_false: Self) -> Self {
        Self(each_lane!(LANE => {
            if mask.0[LANE] != 0 { if_true.0[LANE] } else { if_false.0[LANE] }
        }))
    }

    #[inline(always)]
    fn lt(self, other: Self) -> LaneMask {
        self.compare(other, |a, b| a < b)
    }

    #[inline(always)]
    fn le(self, other: Self) -> LaneMask {
        self.compare(other, |a, b| a <= b)
    }

    #[inline(always)]
    fn abs(self) -> Self {
        self.zip(self, |a, _| a.abs())
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        Self(each_lane!(LANE => self.0[LANE].mul_add(factor.0[LANE], term.0[LANE])))
    }
}
