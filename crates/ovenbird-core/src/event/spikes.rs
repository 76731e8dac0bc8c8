//! Spikes as they pass between workers.

/// One spike of a slice: lag, sender and multiplicity in one word, whose numerical order is the
/// canonical order of delivery: lag first, then sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spike(u64);

const COUNT_BITS: u32 = 17;
const ID_BITS: u32 = 32;

impl Spike {
    /// The largest multiplicity that one spike can carry; more are sent as several.
    pub const MAX_COUNT: u32 = (1 << COUNT_BITS) - 1;
    /// Slices have at most this many steps.
    pub const MAX_LAG: usize = 1 << (64 - COUNT_BITS - ID_BITS);

    /// A spike that `sender` emits `count` times in the step with position `lag` in its slice.
    pub fn new(lag: usize, sender: u32, count: u32) -> Self {
        debug_assert!(lag < Self::MAX_LAG && (1..=Self::MAX_COUNT).contains(&count));
        Spike(
            (lag as u64) << (COUNT_BITS + ID_BITS)
                | u64::from(sender) << COUNT_BITS
                | u64::from(count),
        )
    }

    /// Appends a spike of any multiplicity to `spikes`.
    pub fn push_all(spikes: &mut Vec<Spike>, lag: usize, sender: u32, mut count: u32) {
        while count > 0 {
            let part = count.min(Self::MAX_COUNT);
            spikes.push(Spike::new(lag, sender, part));
            count -= part;
        }
    }

    /// The spike as one word, for other ranks.
    pub fn bits(self) -> u64 {
        self.0
    }

    /// The spike from its word.
    pub fn from_bits(bits: u64) -> Self {
        Spike(bits)
    }

    /// The position in the slice of the step in which it was emitted.
    pub fn lag(self) -> usize {
        (self.0 >> (COUNT_BITS + ID_BITS)) as usize
    }

    /// The global id of the sender.
    pub fn sender(self) -> u32 {
        (self.0 >> COUNT_BITS) as u32
    }

    /// The multiplicity.
    pub fn count(self) -> u32 {
        (self.0 & u64::from(Self::MAX_COUNT)) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_lag_then_sender() {
        let mut s = [
            Spike::new(1, 3, 1),
            Spike::new(0, 9, 7),
            Spike::new(1, 2, 1),
        ];
        s.sort_unstable();
        assert_eq!(
            s.iter()
                .map(|s| (s.lag(), s.sender(), s.count()))
                .collect::<Vec<_>>(),
            [(0, 9, 7), (1, 2, 1), (1, 3, 1)]
        );
    }

    #[test]
    fn large_multiplicities_are_split() {
        let mut s = Vec::new();
        Spike::push_all(&mut s, 0, u32::MAX, 300_000);
        assert_eq!(s.iter().map(|s| s.count()).sum::<u32>(), 300_000);
        assert!(s.iter().all(|s| s.sender() == u32::MAX));
    }
}
