//! A tree of boxes over the nodes of a population, for kernels that fall with distance.

use super::mask::Bounds;
use crate::parameter::MAX_DIMENSIONS;
use std::ops::Range;

/// Most nodes in a block that is not divided any more.
const LEAF: usize = 32;

/// Nodes close to each other.
#[derive(Clone, Copy, Debug)]
struct Block {
    bounds: Bounds,
    begin: u32,
    end: u32,
    /// The first of two blocks that this one is divided into; 0 if it is not.
    children: u32,
}

/// Nodes in blocks, each divided into halves along its longest side.
#[derive(Clone, Debug)]
pub struct Tree {
    blocks: Vec<Block>,
    order: Vec<u32>,
}

/// What to do with a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visit {
    /// Leave it out.
    Skip,
    /// Take it as a whole.
    Take,
    /// Look at its halves, if it has any.
    Divide,
}

impl Tree {
    /// The tree of nodes with the given coordinates.
    pub fn new(columns: &[Vec<f64>]) -> Self {
        let n = columns[0].len();
        let mut tree = Tree {
            blocks: Vec::new(),
            order: (0..n as u32).collect(),
        };
        tree.add_block(columns, 0..n);
        let mut i = 0;
        while i < tree.blocks.len() {
            tree.divide(columns, i);
            i += 1;
        }
        tree
    }

    fn add_block(&mut self, columns: &[Vec<f64>], range: Range<usize>) {
        let mut bounds = Bounds {
            lower: [0.0; MAX_DIMENSIONS],
            upper: [0.0; MAX_DIMENSIONS],
        };
        for (d, column) in columns.iter().enumerate() {
            let coordinates = self.order[range.clone()]
                .iter()
                .map(|&i| column[i as usize]);
            bounds.lower[d] = coordinates.clone().fold(f64::INFINITY, f64::min);
            bounds.upper[d] = coordinates.fold(f64::NEG_INFINITY, f64::max);
        }
        self.blocks.push(Block {
            bounds,
            begin: range.start as u32,
            end: range.end as u32,
            children: 0,
        });
    }

    fn divide(&mut self, columns: &[Vec<f64>], i: usize) {
        let Block {
            bounds, begin, end, ..
        } = self.blocks[i];
        let (begin, end) = (begin as usize, end as usize);
        if end - begin <= LEAF {
            return;
        }
        let size = |d: &usize| bounds.upper[*d] - bounds.lower[*d];
        let longest = (0..columns.len())
            .max_by(|a, b| size(a).total_cmp(&size(b)).then(b.cmp(a)))
            .unwrap_or(0);
        let column = &columns[longest];
        let half = (end - begin) / 2;
        self.order[begin..end].select_nth_unstable_by(half, |a, b| {
            let (x, y) = (column[*a as usize], column[*b as usize]);
            x.total_cmp(&y).then(a.cmp(b))
        });
        // the order inside the halves must not depend on how they were found
        self.order[begin..begin + half].sort_unstable();
        self.order[begin + half..end].sort_unstable();
        self.blocks[i].children = self.blocks.len() as u32;
        self.add_block(columns, begin..begin + half);
        self.add_block(columns, begin + half..end);
    }

    /// Asks what to do with blocks, from the whole on; `number` is how many nodes a block has. The
    /// nodes of blocks that are taken go to `take`.
    pub fn walk(&self, mut ask: impl FnMut(&Bounds, usize) -> Visit, mut take: impl FnMut(&[u32])) {
        let mut stack = vec![0u32];
        while let Some(i) = stack.pop() {
            let block = &self.blocks[i as usize];
            let nodes = &self.order[block.begin as usize..block.end as usize];
            match ask(&block.bounds, nodes.len()) {
                Visit::Skip => {}
                Visit::Divide if block.children != 0 => {
                    stack.extend([block.children + 1, block.children]);
                }
                Visit::Take | Visit::Divide => take(nodes),
            }
        }
    }
}
