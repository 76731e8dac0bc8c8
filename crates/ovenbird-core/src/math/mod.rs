//! Elementary functions that give the same bits at every SIMD width.
//!
//! [`Real`] is the number type that numerical code is generic over: a plain `f64`, or [`Lanes`],
//! eight `f64` that move together. Every operation of `Lanes` is the operation of `f64` applied to
//! each lane, so a lane's bits depend neither on its neighbours nor on the instruction set that the
//! code was compiled for. That rests on two rules that all code here keeps: no fused
//! multiply-add, and no call into the system's mathematical library.

mod elementary;
mod lanes;
mod propagators;
mod real;
#[cfg(test)]
mod tests;

pub use crate::rng::{cos, sin};
pub use elementary::{exp, exp_linear, expm1, ln};
pub use lanes::{LANES, LaneMask, Lanes};
pub use propagators::{phi1, phi2};
pub use real::{Mask, Real};

/// Runs `op` compiled for the widest vector instructions of this machine.
///
/// `op` must be an `#[inline(always)]` closure that calls only `#[inline(always)]` functions for
/// this to have an effect. The result has the same bits on every machine.
#[inline]
pub fn vectorize<O>(op: impl FnOnce() -> O) -> O {
    pulp::Arch::new().dispatch(op)
}
