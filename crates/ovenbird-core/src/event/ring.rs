//! A worker's ring buffer: for each coming step, the sums that wait for each input channel.
//!
//! A slot holds one step. In a slot each (family, channel) that receives anything has a contiguous
//! run of one sum per node of the worker, so that a whole family reads its input as a slice, and a
//! connection addresses its target by one index, the *cell*.

use crate::time::Step;

/// An input channel of a family of nodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelKey {
    /// Index of the family.
    pub family: u32,
    /// Index of the channel.
    pub channel: u32,
}

/// The ring buffer of one worker.
#[derive(Debug, Default)]
pub struct Ring {
    data: Vec<f64>,
    slots: usize,
    stride: usize,
    /// Channels in the order of their cells, with their first cell and number of nodes.
    channels: Vec<(ChannelKey, usize, usize)>,
}

impl Ring {
    /// The slot of `step`.
    #[inline(always)]
    pub fn slot(&self, step: Step) -> usize {
        step as usize % self.slots
    }

    /// The number of slots.
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// All cells of `step`.
    #[inline(always)]
    pub fn at(&mut self, step: Step) -> &mut [f64] {
        let first = self.slot(step) * self.stride;
        &mut self.data[first..first + self.stride]
    }

    /// All cells of the step that is `delay` steps after the one of `slot`; `delay` is less than
    /// the number of slots.
    #[inline(always)]
    pub fn after(&mut self, slot: usize, delay: u32) -> &mut [f64] {
        let mut slot = slot + delay as usize;
        if slot >= self.slots {
            slot -= self.slots;
        }
        &mut self.data[slot * self.stride..][..self.stride]
    }

    /// All cells of `step`, to read.
    #[inline(always)]
    pub fn read(&self, step: Step) -> &[f64] {
        let first = self.slot(step) * self.stride;
        &self.data[first..first + self.stride]
    }

    /// The first cell of a channel, if anything can arrive there.
    pub fn first_cell(&self, key: ChannelKey) -> Option<usize> {
        self.channels.iter().find(|c| c.0 == key).map(|c| c.1)
    }

    /// The channel and the node to which `cell` belongs.
    pub fn locate(&self, cell: usize) -> (ChannelKey, usize) {
        let i = self.channels.partition_point(|c| c.1 <= cell) - 1;
        let (key, first, _) = self.channels[i];
        (key, cell - first)
    }

    /// The channel to which `cell` belongs, its first cell, and its number of nodes.
    pub fn channel_of(&self, cell: usize) -> (ChannelKey, usize, usize) {
        self.channels[self.channels.partition_point(|c| c.1 <= cell) - 1]
    }

    /// The channels in the order of their cells.
    pub fn channels(&self) -> &[(ChannelKey, usize, usize)] {
        &self.channels
    }

    /// Makes room for `channels` (each with its number of nodes, sorted) and `slots` steps from
    /// `now` on. What waits for coming steps is kept. Returns whether cells moved.
    pub fn arrange(&mut self, channels: &[(ChannelKey, usize)], slots: usize, now: Step) -> bool {
        let mut first = 0;
        let layout: Vec<_> = channels
            .iter()
            .map(|&(key, n)| {
                let start = first;
                // whole cache lines, so that channels do not share one
                first += n.next_multiple_of(8);
                (key, start, n)
            })
            .collect();
        if layout == self.channels && slots == self.slots {
            return false;
        }
        let moved = layout != self.channels;
        let mut next = Ring {
            data: vec![0.0; first * slots],
            slots,
            stride: first,
            channels: layout,
        };
        if self.slots > 0 {
            for step in now..now + self.slots.min(slots) as Step {
                for &(key, start, n) in &self.channels {
                    if let Some(to) = next.first_cell(key) {
                        let from = self.slot(step) * self.stride + start;
                        let values = &self.data[from..from + n];
                        next.at(step)[to..to + n].copy_from_slice(values);
                    }
                }
            }
        }
        *self = next;
        moved
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.data.capacity() * size_of::<f64>()
    }

    /// Drops everything that waits.
    pub fn clear(&mut self) {
        self.data.fill(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_survives_a_new_arrangement() {
        let key = |family, channel| ChannelKey { family, channel };
        let mut ring = Ring::default();
        ring.arrange(&[(key(1, 0), 3)], 4, 0);
        ring.at(6)[2] = 5.0;
        assert!(ring.arrange(&[(key(0, 1), 2), (key(1, 0), 4)], 8, 5));
        let cell = ring.first_cell(key(1, 0)).unwrap();
        assert_eq!(ring.at(6)[cell + 2], 5.0);
        assert_eq!(ring.at(7).iter().sum::<f64>(), 0.0);
        assert_eq!(ring.locate(cell + 2), (key(1, 0), 2));
    }
}
