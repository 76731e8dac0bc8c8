//! What became of connections that have their ends in common with others, for the sets that were
//! made before and name them by number.

use super::Simulation;
use super::connections::{ConnectionSet, Ends, Filter, Handle, Numbered};
use crate::error::Result;
use std::collections::{BTreeMap, BTreeSet};
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

impl Simulation {
    /// Remembers what is being removed, so that other sets can find the connections that stay.
    pub(super) fn note_removed(&mut self, set: &ConnectionSet) {
        let mut handles: Vec<&Handle> = set.handles().iter().collect();
        // the last of several connections first, so that the numbers of the others stay valid
        handles.sort_by_key(|h| (h.ends(), std::cmp::Reverse(h.nth)));
        let generation = self.generation + 1;
        let gone = handles.into_iter().map(|h| (h.ends(), Move::Gone(h.nth)));
        self.moves.add(generation, gone);
    }

    /// Weights and delays of all connections that share their ends with one of `set` or with
    /// another of `models`.
    pub(super) fn siblings(
        &mut self,
        set: &ConnectionSet,
        models: &BTreeSet<u16>,
    ) -> Result<Numbered> {
        let shared = |handles: &[Handle]| -> BTreeSet<Ends> {
            let shared = handles.iter().filter(|h| !h.alone());
            shared.map(Handle::ends).collect()
        };
        let mut ends = shared(set.handles());
        for &model in models {
            ends.extend(shared(&self.find_connections(&Filter {
                model: Some(model),
                ..Filter::default()
            })?));
        }
        self.values_between(ends.into_iter())
    }

    /// Weights and delays of all connections with some ends, in their order.
    fn values_between(&mut self, ends: impl Iterator<Item = Ends>) -> Result<Numbered> {
        let mut values: BTreeMap<Ends, Vec<_>> = ends.map(|ends| (ends, Vec::new())).collect();
        if values.is_empty() {
            return Ok(values);
        }
        let mut sources: Vec<u32> = values.keys().map(|ends| ends.0).collect();
        sources.dedup();
        let all = self.find_connections(&Filter {
            sources: Some(&sources),
            ..Filter::default()
        })?;
        for h in &all {
            if let Some(list) = values.get_mut(&h.ends()) {
                let seen = self.see(h.place);
                list.push((seen.weight.to_bits(), seen.delay));
            }
        }
        Ok(values)
    }

    /// Remembers how the order of connections with the same ends changed: `expected` is what they
    /// should be in the order before.
    pub(super) fn note_order(&mut self, expected: Numbered) -> Result<()> {
        let now = self.values_between(expected.keys().copied())?;
        let mut moves = Vec::new();
        for (ends, values) in expected {
            let Some(found) = now.get(&ends) else {
                continue;
            };
            let mut taken = vec![false; found.len()];
            let numbers: Vec<u32> = values
                .iter()
                .filter_map(|value| {
                    let free = |&i: &usize| !taken[i] && found[i] == *value;
                    let i = (0..found.len()).find(free)?;
                    taken[i] = true;
                    Some(i as u32)
                })
                .collect();
            let moved = (0..).zip(&numbers).any(|(i, &n)| i != n);
            if numbers.len() == values.len() && moved {
                moves.push((ends, Move::To(numbers)));
            }
        }
        self.moves.add(self.generation, moves.into_iter());
        Ok(())
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
