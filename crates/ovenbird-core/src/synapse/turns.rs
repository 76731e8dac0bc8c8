//! The order in which batches of pending connections were added to.

/// A stretch of connections of one batch from the sources of a block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Turn {
    block: u32,
    batch: u32,
    /// The first of them among those of the batch and block.
    first: u32,
}

/// Stretches of connections in the order in which they were made, block by block. A stretch goes on
/// as long as no other batch gets connections from the sources of the block, so that they are few.
#[derive(Debug)]
pub(super) struct Turns {
    now: u32,
    list: Vec<Turn>,
    /// For each block the batch of its last stretch.
    last: Vec<u32>,
}

const NONE: u32 = u32::MAX;

impl Default for Turns {
    fn default() -> Self {
        Turns {
            now: 1,
            list: Vec::new(),
            last: Vec::new(),
        }
    }
}

impl Turns {
    /// The number of the present turn, which is not 0.
    #[inline(always)]
    pub fn now(&self) -> u32 {
        self.now
    }

    /// Begins a turn.
    pub fn next(&mut self) {
        self.now = self.now.wrapping_add(1).max(1);
    }

    /// Notes that a batch, which has `held` connections from the sources of a block, gets more.
    #[cold]
    pub fn take(&mut self, block: u32, batch: usize, held: usize) {
        let (at, batch) = (block as usize, batch as u32);
        if self.last.len() <= at {
            self.last.resize(at + 1, NONE);
        }
        if std::mem::replace(&mut self.last[at], batch) != batch {
            self.list.push(Turn {
                block,
                batch,
                first: held as u32,
            });
        }
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Drops all stretches but the first `len`.
    pub fn truncate(&mut self, len: usize) {
        self.list.truncate(len);
        self.last.clear();
        self.next();
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.list.capacity() * size_of::<Turn>() + self.last.capacity() * 4
    }

    /// Puts stretches of one block beside each other.
    pub fn sort(&mut self) {
        self.list.sort_by_key(|turn| turn.block);
    }

    /// Forgets the blocks before `block`, whose connections are pending no more.
    pub fn advance(&mut self, block: usize) {
        self.list.retain(|turn| turn.block as usize >= block);
        let done = self.last.iter_mut().take(block);
        done.for_each(|batch| *batch = NONE);
    }

    /// Numbers the connections of a block from `first` on in the order in which they were made;
    /// `lens` has how many there are of each batch. The stretches are sorted.
    pub fn number(&self, block: usize, lens: &[usize], first: u32) -> Numbers {
        let from = self.list.partition_point(|t| (t.block as usize) < block);
        let to = self.list.partition_point(|t| t.block as usize <= block);
        let stretches = &self.list[from..to];
        let mut ends: Vec<u32> = lens.iter().map(|&n| n as u32).collect();
        let sizes = stretches.iter().rev().map(|t| {
            let end = std::mem::replace(&mut ends[t.batch as usize], t.first);
            end - t.first
        });
        let mut sizes: Vec<u32> = sizes.collect();
        sizes.reverse();
        let mut next = first;
        let mut list: Vec<(u32, u32, u32)> = Vec::with_capacity(sizes.len());
        for (t, n) in stretches.iter().zip(sizes) {
            list.push((t.batch, n, next));
            next += n;
        }
        list.sort_by_key(|&(batch, ..)| batch);
        Numbers { list }
    }
}

/// Numbers of the connections of a block.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// Batch, length and first number of each stretch, by batch.
    list: Vec<(u32, u32, u32)>,
}

impl Numbers {
    /// The numbers of the connections of a batch, in the order in which it keeps them.
    pub fn of(&self, batch: usize) -> impl Iterator<Item = u32> + '_ {
        let from = self.list.partition_point(|t| (t.0 as usize) < batch);
        let stretches = self.list[from..]
            .iter()
            .take_while(move |t| t.0 as usize == batch);
        stretches.flat_map(|&(_, n, first)| first..first + n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_by_turns() {
        let mut turns = Turns::default();
        // batches 0 and 2 by turns from block 3, batch 1 from another block
        for (block, batch, held) in [(3, 0, 0), (3, 0, 2), (1, 1, 0), (3, 2, 0), (3, 0, 3)] {
            turns.next();
            turns.take(block, batch, held);
        }
        assert_eq!(turns.len(), 4);
        turns.sort();
        let numbers = turns.number(3, &[5, 0, 2], 10);
        let of = |batch| numbers.of(batch).collect::<Vec<_>>();
        assert_eq!(
            (of(0), of(1), of(2)),
            (vec![10, 11, 12, 15, 16], vec![], vec![13, 14])
        );
        assert_eq!(turns.number(1, &[5, 4, 2], 0).of(1).count(), 4);
    }
}
