//! Elementary functions that give the same bits at every SIMD width.
//!
//! [`Real`] is the number type that numerical code is generic over: a plain `f64`, or [`Lanes`],
//! eight `f64` that move together. Every operation of `Lanes` is the operation of `f64` applied to
//! each lane, so a lane's bits depend neither on its neighbours nor on the instruction set that the
//! code was compiled for. That rests on two rules that all code here keeps: no multiply-add is
//! fused but those written as [`Real::mul_add`], which round once on every machine, and no call
//! into the system's mathematical library.

mod elementary;
mod lanes;
mod polynomial;
mod power;
mod propagators;
mod rates;
mod real;
mod registers;
#[cfg(test)]
mod tests;
mod voltage;

pub use crate::rng::{cos, sin};
pub use elementary::{exp, exp_fused, exp_linear, exp2, expm1, ln, log2};
pub use lanes::{LANES, LaneMask, Lanes};
pub use power::{DecayingPower, fractional_power, power};
pub use propagators::{phi1, phi2};
pub use real::{Mask, Real};
pub(crate) use registers::WORDS;
pub use registers::{LookUp, Memory, Registers};
pub use voltage::{Anchor, VoltageRates};

/// Vector instructions to compile a loop for. Results have the same bits with all of them.
#[derive(Clone, Copy, Debug)]
pub struct Width(pulp::Arch);

impl Width {
    /// The widest of this machine.
    #[inline(always)]
    pub fn widest() -> Self {
        Width(pulp::Arch::new())
    }

    /// Those that every machine has.
    pub fn least() -> Self {
        Width(pulp::Arch::Scalar)
    }

    /// All that this machine has, from the least to the widest.
    pub fn available() -> Vec<Self> {
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        let wide = [
            pulp::x86::V3::try_new().map(pulp::Arch::V3),
            pulp::x86::V4::try_new().map(pulp::Arch::V4),
        ];
        #[cfg(target_arch = "aarch64")]
        let wide = [pulp::aarch64::Neon::try_new().map(pulp::Arch::Neon)];
        #[cfg(not(any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64")))]
        let wide: [Option<pulp::Arch>; 0] = [];
        let least = std::iter::once(pulp::Arch::Scalar);
        least.chain(wide.into_iter().flatten()).map(Width).collect()
    }

    /// Registers to look something up in, if this width has them.
    pub fn registers(self) -> Option<Registers> {
        Registers::among(self.0)
    }

    /// What the tests of other modules force.
    #[cfg(test)]
    pub(crate) fn arch(self) -> pulp::Arch {
        self.0
    }

    /// Runs `op`, which must be an `#[inline(always)]` closure that calls only `#[inline(always)]`
    /// functions for the width to have an effect.
    #[inline(always)]
    pub fn run<O>(self, op: impl FnOnce() -> O) -> O {
        self.0.dispatch(op)
    }
}

/// Runs `op` compiled for the widest vector instructions of this machine; see [`Width::run`].
#[inline]
pub fn vectorize<O>(op: impl FnOnce() -> O) -> O {
    Width::widest().run(op)
}

/// The first of some numbers that is infinite or NaN. It is looked for only where there is one: the
/// check alone runs in vectors.
pub fn first_not_finite(list: &[f64]) -> Option<f64> {
    let finite = vectorize(
        #[inline(always)]
        || {
            let mut finite = 1u32;
            for x in list {
                finite &= u32::from(x.is_finite());
            }
            finite == 1
        },
    );
    if finite {
        return None;
    }
    list.iter().copied().find(|x| !x.is_finite())
}
