//! Look-ups in small tables, and other things for which some machines have an instruction.
//!
//! To pick from a table in vector registers takes a fraction of the time of loads from memory.

use super::elementary::exponent_and_factor;
use super::{LANES, Lanes};

/// How many words of 32 bits the widest register holds.
pub const WORDS: usize = 16;

/// A way to look something up.
pub trait LookUp: Copy {
    /// The entries at some places, of which the lowest four bits count.
    fn entries(self, table: &[u64; 16], places: [u64; LANES]) -> [u64; LANES];

    /// Each x as n and m with x = 2^n m, n integral and m in [1, 2), where x is positive. For zero n
    /// is -inf, for infinity infinite, and m is finite; otherwise n or m is NaN.
    #[inline(always)]
    fn split(self, x: Lanes) -> (Lanes, Lanes) {
        exponent_and_factor(x)
    }
}

/// Look-ups in memory, which every machine has.
#[derive(Clone, Copy, Debug)]
pub struct Memory;

impl LookUp for Memory {
    #[inline(always)]
    fn entries(self, table: &[u64; 16], places: [u64; LANES]) -> [u64; LANES] {
        let mut entries = [0; LANES];
        for (entry, place) in entries.iter_mut().zip(places) {
            *entry = table[place as usize % 16];
        }
        entries
    }
}

#[cfg(target_arch = "x86_64")]
mod machine {
    use super::{LANES, Lanes, LookUp};

    /// Proof that the machine has the instructions.
    #[derive(Clone, Copy, Debug)]
    pub struct Registers(pulp::x86::V4);

    impl Registers {
        /// If the instructions are among those of `arch`.
        #[inline(always)]
        pub fn among(arch: pulp::Arch) -> Option<Self> {
            match arch {
                pulp::Arch::V4(simd) => Some(Self(simd)),
                _ => None,
            }
        }

        /// Which words are equal, from the lowest bit on.
        #[inline(always)]
        pub(crate) fn equal(self, a: [u32; 16], b: [u32; 16]) -> u16 {
            let f = self.0.avx512f;
            f._mm512_cmpeq_epi32_mask(pulp::cast(a), pulp::cast(b))
        }

        /// Which words of `a` are greater than those of `b`, from the lowest bit on.
        #[inline(always)]
        pub(crate) fn greater(self, a: [u32; 16], b: [u32; 16]) -> u16 {
            let f = self.0.avx512f;
            f._mm512_cmpgt_epu32_mask(pulp::cast(a), pulp::cast(b))
        }

        /// The words whose bits are set, side by side, and zeros behind them.
        #[inline(always)]
        pub(crate) fn pack(self, words: [u32; 16], which: u16) -> [u32; 16] {
            let f = self.0.avx512f;
            pulp::cast(f._mm512_maskz_compress_epi32(which, pulp::cast(words)))
        }

        /// The low half of each of `halves` where `a` is less than `b`, else the high half.
        #[inline(always)]
        pub(crate) fn half(self, a: [u32; 16], b: [u32; 16], halves: [u32; 16]) -> [u32; 16] {
            let f = self.0.avx512f;
            let halves = pulp::cast(halves);
            let high = f._mm512_srli_epi32::<16>(halves);
            let low = f._mm512_and_si512(halves, f._mm512_set1_epi32(0xffff));
            pulp::cast(f._mm512_mask_mov_epi32(high, self.greater(b, a), low))
        }

        /// Each word as a number.
        #[inline(always)]
        pub(crate) fn numbers(self, words: [u32; 16]) -> [f64; 16] {
            let halves: [[u32; 8]; 2] = pulp::cast(words);
            pulp::cast(halves.map(
                #[inline(always)]
                |half| self.0.avx512f._mm512_cvtepu32_pd(pulp::cast(half)),
            ))
        }

        /// The entries at some places, of which the lowest five bits count.
        #[inline(always)]
        pub(crate) fn words(self, table: &[u32; 32], places: [u32; 16]) -> [u32; 16] {
            let [low, high]: [[u32; 16]; 2] = pulp::cast(*table);
            pulp::cast(self.0.avx512f._mm512_permutex2var_epi32(
                pulp::cast(low),
                pulp::cast(places),
                pulp::cast(high),
            ))
        }
    }

    impl LookUp for Registers {
        #[inline(always)]
        fn entries(self, table: &[u64; 16], places: [u64; LANES]) -> [u64; LANES] {
            let [low, high]: [[u64; LANES]; 2] = pulp::cast(*table);
            pulp::cast(self.0.avx512f._mm512_permutex2var_epi64(
                pulp::cast(low),
                pulp::cast(places),
                pulp::cast(high),
            ))
        }

        #[inline(always)]
        fn split(self, x: Lanes) -> (Lanes, Lanes) {
            use std::arch::x86_64::{_MM_MANT_NORM_1_2, _MM_MANT_SIGN_NAN};
            let f = self.0.avx512f;
            let x = pulp::cast(x.0);
            let exponent: [f64; LANES] = pulp::cast(f._mm512_getexp_pd(x));
            let factor = f._mm512_getmant_pd::<_MM_MANT_NORM_1_2, _MM_MANT_SIGN_NAN>(x);
            (Lanes(exponent), Lanes(pulp::cast(factor)))
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod machine {
    use super::{LANES, LookUp};

    /// No machine has the instructions: without values.
    #[derive(Clone, Copy, Debug)]
    pub enum Registers {}

    impl Registers {
        pub fn among(_: pulp::Arch) -> Option<Self> {
            None
        }

        pub(crate) fn equal(self, _: [u32; 16], _: [u32; 16]) -> u16 {
            match self {}
        }

        pub(crate) fn greater(self, _: [u32; 16], _: [u32; 16]) -> u16 {
            match self {}
        }

        pub(crate) fn pack(self, _: [u32; 16], _: u16) -> [u32; 16] {
            match self {}
        }

        pub(crate) fn half(self, _: [u32; 16], _: [u32; 16], _: [u32; 16]) -> [u32; 16] {
            match self {}
        }

        pub(crate) fn numbers(self, _: [u32; 16]) -> [f64; 16] {
            match self {}
        }

        pub(crate) fn words(self, _: &[u32; 32], _: [u32; 16]) -> [u32; 16] {
            match self {}
        }
    }

    impl LookUp for Registers {
        fn entries(self, _: &[u64; 16], _: [u64; LANES]) -> [u64; LANES] {
            match self {}
        }
    }
}

pub use machine::Registers;
