//! Look-ups in tables that are held in vector registers, where the machine has an instruction for
//! that. It takes a fraction of the time of a gather.

/// Numbers that are looked up together.
pub const TOGETHER: usize = 16;

/// The entries of a table.
pub const ENTRIES: usize = 32;

#[cfg(target_arch = "x86_64")]
mod machine {
    use super::{ENTRIES, TOGETHER};

    /// Proof that the machine has the instruction.
    #[derive(Clone, Copy)]
    pub struct Registers(pulp::x86::V4);

    impl Registers {
        /// If the instruction is among those of `arch`.
        #[inline(always)]
        pub fn among(arch: pulp::Arch) -> Option<Self> {
            match arch {
                pulp::Arch::V4(simd) => Some(Self(simd)),
                _ => None,
            }
        }

        /// The entries at some places, of which the lowest five bits count.
        #[inline(always)]
        pub fn look_up(self, table: &[u32; ENTRIES], places: [u32; TOGETHER]) -> [u32; TOGETHER] {
            let [low, high]: [[u32; TOGETHER]; 2] = pulp::cast(*table);
            pulp::cast(self.0.avx512f._mm512_permutex2var_epi32(
                pulp::cast(low),
                pulp::cast(places),
                pulp::cast(high),
            ))
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod machine {
    use super::{ENTRIES, TOGETHER};

    /// No machine has the instruction: without values.
    #[derive(Clone, Copy)]
    pub enum Registers {}

    impl Registers {
        pub fn among(_: pulp::Arch) -> Option<Self> {
            None
        }

        pub fn look_up(self, _: &[u32; ENTRIES], _: [u32; TOGETHER]) -> [u32; TOGETHER] {
            match self {}
        }
    }
}

pub use machine::Registers;
