//! Look-ups in small tables.
//!
//! Where the machine has an instruction that picks from a table in vector registers, that takes a
//! fraction of the time of loads from memory.

use super::LANES;

/// A way to look something up.
pub trait LookUp: Copy {
    /// The entries at some places, of which the lowest four bits count.
    fn entries(self, table: &[u64; 16], places: [u64; LANES]) -> [u64; LANES];
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
    use super::{LANES, LookUp};

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
