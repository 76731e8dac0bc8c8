//! Splitting a number of distinct pairs over the nodes that they end on.

use crate::rng::Stream;

/// Sums of counts that can change, each found or changed in logarithmic time.
struct Weights {
    tree: Vec<u64>,
}

impl Weights {
    fn new(counts: impl Iterator<Item = u64>) -> Self {
        let mut tree: Vec<u64> = std::iter::once(0).chain(counts).collect();
        for i in 1..tree.len() {
            let parent = i + (i & i.wrapping_neg());
            if parent < tree.len() {
                tree[parent] += tree[i];
            }
        }
        Weights { tree }
    }

    /// Takes one off the count that holds the `rank`-th unit, and returns its index.
    fn take(&mut self, mut rank: u64) -> usize {
        let mut at = 0;
        let mut step = self.tree.len().next_power_of_two();
        while step > 0 {
            if at + step < self.tree.len() && self.tree[at + step] <= rank {
                at += step;
                rank -= self.tree[at];
            }
            step /= 2;
        }
        let index = at;
        let mut i = at + 1;
        while i < self.tree.len() {
            self.tree[i] -= 1;
            i += i & i.wrapping_neg();
        }
        index
    }
}

/// How many of `total` distinct pairs, drawn uniformly, fall to each node; `room` is the number of
/// pairs that a node can have, in all at least `total`.
///
/// A binomial number falls to each node first. That is a uniform choice of pairs, too many or too
/// few by about the root of `total`; removing or adding random ones leaves it uniform.
pub fn split_distinct(total: u64, room: &[u64], stream: &mut Stream) -> Vec<u64> {
    let all: u64 = room.iter().sum();
    let p = total as f64 / all.max(1) as f64;
    let mut counts: Vec<u64> = room.iter().map(|&r| stream.binomial(r, p)).collect();
    let mut drawn: u64 = counts.iter().sum();
    if drawn > total {
        let mut taken = Weights::new(counts.iter().copied());
        while drawn > total {
            counts[taken.take(stream.below(drawn))] -= 1;
            drawn -= 1;
        }
    } else if drawn < total {
        let mut free = Weights::new(room.iter().zip(&counts).map(|(r, c)| r - c));
        while drawn < total {
            counts[free.take(stream.below(all - drawn))] += 1;
            drawn += 1;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Key, Purpose};
    use proptest::prelude::*;

    fn stream(call: u32) -> Stream {
        Stream::new(Key::new(3, Purpose::ConnectRule), call, 0, 0)
    }

    proptest! {
        #[test]
        fn adds_up_within_the_room(
            room in proptest::collection::vec(0u64..30, 1..40),
            share in 0.0f64..=1.0,
            call in 0u32..100,
        ) {
            let total = (room.iter().sum::<u64>() as f64 * share) as u64;
            let counts = split_distinct(total, &room, &mut stream(call));
            prop_assert_eq!(counts.iter().sum::<u64>(), total);
            prop_assert!(counts.iter().zip(&room).all(|(c, r)| c <= r));
        }
    }

    /// Mean and variance of the hypergeometric distribution.
    #[test]
    fn counts_are_hypergeometric() {
        let room = [10u64, 30, 5, 55];
        let (total, runs) = (40u64, 20_000);
        let mut sums = [(0.0, 0.0); 4];
        for call in 0..runs {
            let counts = split_distinct(total, &room, &mut stream(call));
            for (sum, c) in sums.iter_mut().zip(counts) {
                *sum = (sum.0 + c as f64, sum.1 + (c * c) as f64);
            }
        }
        for (&r, (sum, squares)) in room.iter().zip(sums) {
            let n = f64::from(runs);
            let (share, k) = (r as f64 / 100.0, total as f64);
            let mean = k * share;
            let variance = mean * (1.0 - share) * (100.0 - k) / 99.0;
            let found = (sum / n, squares / n - (sum / n).powi(2));
            assert!(
                (found.0 - mean).abs() < 4.0 * (variance / n).sqrt(),
                "{r}: {found:?}"
            );
            assert!(
                (found.1 / variance - 1.0).abs() < 0.06,
                "{r}: {found:?}, {variance}"
            );
        }
    }
}
