//! Which connections were removed of those that have their ends in common with others, for the sets
//! that were made before and name them by number.

use super::Simulation;
use super::connections::{ConnectionSet, Ends, Handle};
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

#[derive(Clone, Debug)]
struct Removed {
    /// The generation that began with it.
    generation: u64,
    ends: Ends,
    /// The number among the connections with the same ends and model.
    nth: u32,
}

/// Removed connections in the order in which they went, as far back as a set may ask for.
#[derive(Debug, Default)]
pub(super) struct Removals {
    list: Vec<Removed>,
    /// The generations of the sets that exist.
    readers: Vec<Weak<u64>>,
}

impl Removals {
    /// A generation for a set to hold: what happens after it is remembered as long as it is held.
    pub fn reader(&mut self, generation: u64) -> Arc<u64> {
        let last = self.readers.last().and_then(Weak::upgrade);
        last.filter(|held| **held == generation).unwrap_or_else(|| {
            let new = Arc::new(generation);
            self.readers.push(Arc::downgrade(&new));
            new
        })
    }

    /// Remembers what went when `generation` began, and forgets what no set can ask for.
    pub fn add(&mut self, generation: u64, removed: impl Iterator<Item = (Ends, u32)>) {
        self.readers.retain(|held| held.strong_count() > 0);
        let held = self.readers.iter().filter_map(Weak::upgrade);
        let oldest = held.map(|g| *g).min().unwrap_or(generation);
        let known = self.list.partition_point(|m| m.generation <= oldest);
        self.list.drain(..known);
        self.list.extend(removed.map(|(ends, nth)| Removed {
            generation,
            ends,
            nth,
        }));
    }

    /// What went after a generation, by ends, in order.
    pub fn since(&self, generation: u64) -> BTreeMap<Ends, Vec<u32>> {
        let first = self.list.partition_point(|m| m.generation <= generation);
        let mut by_ends: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for m in &self.list[first..] {
            by_ends.entry(m.ends).or_default().push(m.nth);
        }
        by_ends
    }
}

impl Simulation {
    /// Remembers what is being removed, so that other sets can find the connections that stay.
    pub(super) fn note_removed(&mut self, set: &ConnectionSet) {
        let mut handles: Vec<&Handle> = set.handles().iter().collect();
        // the last of several connections first, so that the numbers of the others stay valid
        handles.sort_by_key(|h| (h.ends(), std::cmp::Reverse(h.nth)));
        let generation = self.generation + 1;
        let gone = handles.into_iter().map(|h| (h.ends(), h.nth));
        self.removals.add(generation, gone);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_what_sets_that_exist_can_ask_for() {
        let mut removals = Removals::default();
        let gone = |n| std::iter::once(((1, 2, 0), n));
        let held = removals.reader(4);
        for generation in 5..10 {
            let other = removals.reader(generation - 1);
            removals.add(generation, gone(0));
            drop(other);
        }
        assert_eq!(removals.since(*held)[&(1, 2, 0)].len(), 5);
        assert_eq!(removals.since(8)[&(1, 2, 0)].len(), 1);
        drop(held);
        for generation in 10..1000 {
            let set = removals.reader(generation - 1);
            removals.add(generation, gone(0));
            assert_eq!(removals.since(*set)[&(1, 2, 0)].len(), 1);
        }
        assert_eq!((removals.list.len(), removals.readers.len()), (1, 1));
    }
}
