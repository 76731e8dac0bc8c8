//! Changing weights where they are, without making rows anew.

use super::build::order_bits;
use super::pending::BLOCK_ROWS;
use super::rows::{Block, COUNTS, Groups, OWN, Position, Rows};
use std::ops::Range;

impl Block {
    /// The groups of `model` that share a weight, one in a row at most, where each can keep its
    /// place when its connections get weights of their own; `None` if one cannot.
    fn separable(&self, model: u16) -> Option<Vec<usize>> {
        let mut found = Vec::new();
        for row in 0..BLOCK_ROWS {
            let groups = self.row(row).filter(|&g| self.group(g).model == model);
            let mut shared = groups.clone().filter(|&g| self.group(g).flags & OWN == 0);
            let Some(first) = shared.next() else {
                continue;
            };
            if groups.count() > 1 || self.group(first).flags & COUNTS != 0 {
                return None;
            }
            found.push(first);
        }
        Some(found)
    }

    /// Stores the weight of each connection of some groups for it alone.
    fn separate(&mut self, groups: &[usize], shared: &[f64]) {
        if let Groups::Alike(group, _) = &mut self.groups {
            let weight = shared[group.weights as usize];
            group.flags |= OWN;
            self.weights = vec![weight; self.cells.len()].into();
            return;
        }
        let lengths: Vec<usize> = groups.iter().map(|&g| self.entries(g).len()).collect();
        let Groups::Each(list) = &mut self.groups else {
            return;
        };
        let mut weights = std::mem::take(&mut self.weights).into_vec();
        weights.reserve_exact(lengths.iter().sum());
        for (&g, n) in groups.iter().zip(lengths) {
            let group = &mut list[g];
            let weight = shared[group.weights as usize];
            group.weights = weights.len() as u32;
            group.flags |= OWN;
            weights.resize(weights.len() + n, weight);
        }
        self.weights = weights.into();
    }

    /// The groups of a model.
    fn groups_of(&self, model: u16) -> impl Iterator<Item = usize> {
        self.groups().filter(move |&g| self.group(g).model == model)
    }

    /// Where the weights of a group are, if they are stored for each connection alone.
    fn own_weights(&self, group: usize) -> Option<Range<usize>> {
        let (g, n) = (self.group(group), self.entries(group).len());
        let first = g.weights as usize;
        (g.flags & OWN != 0).then_some(first..first + n)
    }
}

impl Rows {
    /// Whether the connections of a model can get weights of their own where they are.
    pub fn can_separate(&self, model: u16) -> bool {
        let mut blocks = self.blocks.values();
        blocks.all(|b| b.separable(model).is_some())
    }

    /// Stores the weight of each connection of a model for it alone, where
    /// [`Rows::can_separate`] holds.
    pub fn separate(&mut self, model: u16) {
        for block in self.blocks.values_mut() {
            if let Some(groups) = block.separable(model).filter(|g| !g.is_empty()) {
                block.separate(&groups, &self.shared);
            }
        }
    }

    /// Whether a weight that connections of a model share differs from `weight`; `None` if a
    /// connection of it has a weight of another sign.
    pub fn differs(&self, model: u16, weight: f64) -> Option<bool> {
        let mut differs = false;
        let negative = weight < 0.0;
        for block in self.blocks.values() {
            for group in block.groups_of(model) {
                if let Some(own) = block.own_weights(group) {
                    let signs = block.weights[own].iter().map(|&w| (w < 0.0) == negative);
                    // without an early end, which would keep it from being vectorised
                    if !signs.fold(true, |all, same| all & same) {
                        return None;
                    }
                    continue;
                }
                let shared = self.shared[block.group(group).weights as usize];
                if (shared < 0.0) != negative {
                    return None;
                }
                differs |= shared != weight;
            }
        }
        Some(differs)
    }

    /// Sets the weights of a model that are stored for one connection alone.
    pub fn put_weights(&mut self, model: u16, weight: f64) {
        for block in self.blocks.values_mut() {
            let groups = block.groups_of(model);
            let own: Vec<_> = groups.filter_map(|g| block.own_weights(g)).collect();
            for own in own {
                block.weights[own].fill(weight);
            }
        }
    }

    /// The weight of a connection, and whether it is stored for it alone.
    pub fn weight(&self, at: Position) -> (f64, bool) {
        let block = self.block(at);
        let g = &block.group(at.group as usize);
        let weight = block.weight(g, at.entry as usize, &self.shared);
        (weight, g.flags & OWN != 0)
    }

    /// Sets the weight of a connection if it is stored for it alone.
    pub fn put_weight(&mut self, at: Position, weight: f64) {
        let block = self.blocks.get_mut(at.block as usize);
        let block = block.expect("positions lie in blocks that exist");
        let g = &block.group(at.group as usize);
        if g.flags & OWN != 0 {
            block.weights[(g.weights + at.entry - g.entries) as usize] = weight;
        }
    }

    /// Whether a connection is in order among those of the same row, delay and cell, which go by
    /// weight.
    pub fn is_in_order(&self, at: Position) -> bool {
        let block = self.block(at);
        let g = &block.group(at.group as usize);
        let entry = at.entry as usize;
        let mut first = g.entries as usize;
        for (_, n) in block.runs(at.group as usize) {
            if entry < first + n {
                let weight = |e: usize| order_bits(block.weight(g, e, &self.shared));
                let fits =
                    |a: usize, b: usize| block.cells[a] != block.cells[b] || weight(a) <= weight(b);
                return (entry == first || fits(entry - 1, entry))
                    && (entry + 1 == first + n || fits(entry, entry + 1));
            }
            first += n;
        }
        true
    }
}
