//! How the nodes of a part are divided for the update.

use std::ops::Range;

/// Most nodes of a block; their state stays in the first-level cache over the steps of a slice.
pub(super) const BLOCK: usize = 512;

/// From how many nodes on those with the same constants have a block to themselves.
const ALONE: usize = 64;

/// Nodes that take their steps together.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct NodeBlock {
    pub nodes: Range<usize>,
    /// The class of all of them, if they share one; the loop over such a block vectorises.
    pub class: Option<u32>,
}

/// Divides nodes, given their classes, into blocks in their order.
pub(super) fn blocks(classes: &[u32]) -> Vec<NodeBlock> {
    let mut blocks = Vec::new();
    // where the present stretch of short runs begins
    let (mut mixed, mut at) = (0, 0);
    for run in classes.chunk_by(|a, b| a == b) {
        let end = at + run.len();
        if run.len() >= ALONE {
            cut(classes, mixed..at, &mut blocks);
            cut(classes, at..end, &mut blocks);
            mixed = end;
        }
        at = end;
    }
    cut(classes, mixed..at, &mut blocks);
    blocks
}

/// Cuts nodes into blocks of at most [`BLOCK`].
fn cut(classes: &[u32], nodes: Range<usize>, blocks: &mut Vec<NodeBlock>) {
    for start in nodes.clone().step_by(BLOCK) {
        let nodes = start..nodes.end.min(start + BLOCK);
        let first = classes[start];
        let same = classes[nodes.clone()].iter().all(|&c| c == first);
        blocks.push(NodeBlock {
            nodes,
            class: same.then_some(first),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Blocks follow each other, are neither empty nor too long, and know their class.
        #[test]
        fn blocks_cover_the_nodes_in_order(runs in prop::collection::vec((0u32..4, 1usize..700), 0..12)) {
            let classes: Vec<u32> = runs.iter().flat_map(|&(c, n)| vec![c; n]).collect();
            let mut next = 0;
            for block in blocks(&classes) {
                prop_assert_eq!(block.nodes.start, next);
                prop_assert!(!block.nodes.is_empty() && block.nodes.len() <= BLOCK);
                let own = &classes[block.nodes.clone()];
                let same = own.iter().all(|&c| c == own[0]);
                prop_assert_eq!(block.class, same.then_some(own[0]));
                next = block.nodes.end;
            }
            prop_assert_eq!(next, classes.len());
        }
    }

    #[test]
    fn long_runs_stand_alone_and_short_ones_together() {
        let mut classes = vec![0; 600];
        classes.extend([1, 2, 1, 2]);
        classes.extend([3; ALONE]);
        let found: Vec<_> = blocks(&classes)
            .into_iter()
            .map(|b| (b.nodes, b.class))
            .collect();
        let expected = [
            (0..512, Some(0)),
            (512..600, Some(0)),
            (600..604, None),
            (604..668, Some(3)),
        ];
        assert_eq!(found, expected);
    }
}
