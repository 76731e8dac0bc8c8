//! Changing weights where they are, without making rows anew.

use super::build::order_bits;
use super::pending::BLOCK_ROWS;
use super::rows::{Block, COUNTS, OWN, Position, Rows};

impl Block {
    /// The groups of `model` that share a weight, one in a row at most, where each can keep its place
    /// when its connections get weights of their own; `None` if one cannot.
    fn separable(&self, model: u16) -> Option<Vec<usize>> {
        let mut found = Vec::new();
        for row in 0..BLOCK_ROWS {
            let groups = self.row(row).filter(|&g| self.groups[g].model == model);
            let mut shared = groups.clone().filter(|&g| self.groups[g].flags & OWN == 0);
            let Some(first) = shared.next() else {
                continue;
            };
            if groups.count() > 1 || self.groups[first].flags & COUNTS != 0 {
                return None;
            }
            found.push(first);
        }
        Some(found)
    }

    /// Stores the weight of each connection of some groups for it alone.
    fn separate(&mut self, groups: &[usize], shared: &[f64]) {
        let length = |g: usize| (self.groups[g + 1].entries - self.groups[g].entries) as usize;
        let lengths: Vec<usize> = groups.iter().map(|&g| length(g)).collect();
        self.weights.reserve_exact(lengths.iter().sum());
        for (&g, n) in groups.iter().zip(lengths) {
            let group = &mut self.groups[g];
            let weight = shared[group.weights as usize];
            group.weights = self.weights.len() as u32;
            group.flags |= OWN;
            self.weights.resize(self.weights.len() + n, weight);
        }
    }
}

impl Rows {
    /// Whether the connections of a model can get weights of their own where they are.
    pub fn can_separate(&self, model: u16) -> bool {
        let mut blocks = self.blocks.iter().flatten();
        blocks.all(|b| b.separable(model).is_some())
    }

    /// Stores the weight of each connection of a model for it alone, where
    /// [`Rows::can_separate`] holds.
    pub fn separate(&mut self, model: u16) {
        for block in self.blocks.iter_mut().flatten() {
            if let Some(groups) = block.separable(model) {
                block.separate(&groups, &self.shared);
            }
        }
    }

    /// Whether a weight that connections of a model share differs from `weight`; `None` if a
    /// connection of it has a weight of another sign.
    pub fn differs(&self, model: u16, weight: f64) -> Option<bool> {
        let mut differs = false;
        let negative = weight < 0.0;
        for block in self.blocks.iter().flatten() {
            for ends in block.groups.windows(2).filter(|w| w[0].model == model) {
                let (g, n) = (&ends[0], (ends[1].entries - ends[0].entries) as usize);
                if g.flags & OWN != 0 {
                    let own = &block.weights[g.weights as usize..][..n];
                    if !own
                        .iter()
                        .fold(true, |all, &w| all & ((w < 0.0) == negative))
                    {
                        return None;
                    }
                    continue;
                }
                let shared = self.shared[g.weights as usize];
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
        for block in self.blocks.iter_mut().flatten() {
            for ends in block.groups.windows(2).filter(|w| w[0].model == model) {
                let (g, n) = (&ends[0], (ends[1].entries - ends[0].entries) as usize);
                if g.flags & OWN != 0 {
                    block.weights[g.weights as usize..][..n].fill(weight);
                }
            }
        }
    }

    /// The weight of a connection, and whether it is stored for it alone.
    pub fn weight(&self, at: Position) -> (f64, bool) {
        let block = self.block(at);
        let g = &block.groups[at.group as usize];
        let weight = block.weight(g, at.entry as usize, &self.shared);
        (weight, g.flags & OWN != 0)
    }

    /// Sets the weight of a connection if it is stored for it alone.
    pub fn put_weight(&mut self, at: Position, weight: f64) {
        let block = self.blocks[at.block as usize].as_mut();
        let block = block.expect("positions lie in blocks that exist");
        let g = &block.groups[at.group as usize];
        if g.flags & OWN != 0 {
            block.weights[(g.weights + at.entry - g.entries) as usize] = weight;
        }
    }

    /// Whether a connection is in order among those of the same row, delay and cell, which go by
    /// weight.
    pub fn is_in_order(&self, at: Position) -> bool {
        let block = self.block(at);
        let g = &block.groups[at.group as usize];
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
