//! What became of connections that have their ends in common with others, for the sets that were
//! made before and name them by number.

use super::connections::Ends;
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

/// What happened to connections with the same ends and model.
#[derive(Clone, Debug)]
pub(super) enum Move {
    /// The connection with this number was removed.
    Gone(u32),
    /// The connections have new numbers.
    To(Vec<u32>),
}

#[derive(Clone, Debug)]
struct Moved {
    /// The generation that began with it.
    generation: u64,
    ends: Ends,
    what: Move,
}

/// Moves in the order in which they happened, as far back as a set may ask for.
#[derive(Debug, Default)]
pub(super) struct Moves {
    list: Vec<Moved>,
    /// The generations of the sets that exist.
    readers: Vec<Weak<u64>>,
}

impl Moves {
    /// A generation for a set to hold: what happens after it is remembered as long as it is held.
    pub fn reader(&mut self, generation: u64) -> Arc<u64> {
        let last = self.readers.last().and_then(Weak::upgrade);
        last.filter(|held| **held == generation).unwrap_or_else(|| {
            let new = Arc::new(generation);
            self.readers.push(Arc::downgrade(&new));
            new
        })
    }

    /// Remembers what happened when `generation` began, and forgets what no set can ask for.
    pub fn add(&mut self, generation: u64, moves: impl Iterator<Item = (Ends, Move)>) {
        self.readers.retain(|held| held.strong_count() > 0);
        let held = self.readers.iter().filter_map(Weak::upgrade);
        let oldest = held.map(|g| *g).min().unwrap_or(generation);
        let known = self.list.partition_point(|m| m.generation <= oldest);
        self.list.drain(..known);
        self.list.extend(moves.map(|(ends, what)| Moved {
            generation,
            ends,
            what,
        }));
    }

    /// What happened after a generation, by ends, in order.
    pub fn since(&self, generation: u64) -> BTreeMap<Ends, Vec<&Move>> {
        let first = self.list.partition_point(|m| m.generation <= generation);
        let mut by_ends: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for m in &self.list[first..] {
            by_ends.entry(m.ends).or_default().push(&m.what);
        }
        by_ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_what_sets_that_exist_can_ask_for() {
        let mut moves = Moves::default();
        let gone = |n| std::iter::once(((1, 2, 0), Move::Gone(n)));
        let held = moves.reader(4);
        for generation in 5..10 {
            let other = moves.reader(generation - 1);
            moves.add(generation, gone(0));
            drop(other);
        }
        assert_eq!(moves.since(*held)[&(1, 2, 0)].len(), 5);
        assert_eq!(moves.since(8)[&(1, 2, 0)].len(), 1);
        drop(held);
        for generation in 10..1000 {
            let set = moves.reader(generation - 1);
            moves.add(generation, gone(0));
            assert_eq!(moves.since(*set)[&(1, 2, 0)].len(), 1);
        }
        assert_eq!((moves.list.len(), moves.readers.len()), (1, 1));
    }
}
