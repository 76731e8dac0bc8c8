//! Which virtual process, rank and thread a node belongs to.

/// How nodes are spread: over virtual processes in turn, and these over ranks in turn, as in NEST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    rank: u32,
    ranks: u32,
    threads: u32,
}

impl Layout {
    /// The layout as seen by one of `ranks` ranks with `threads` threads each.
    pub fn new(rank: usize, ranks: usize, threads: usize) -> Self {
        Layout {
            rank: rank as u32,
            ranks: ranks as u32,
            threads: threads as u32,
        }
    }

    /// The number of this rank.
    pub fn rank(self) -> usize {
        self.rank as usize
    }

    /// The number of ranks.
    pub fn ranks(self) -> usize {
        self.ranks as usize
    }

    /// Threads of each rank.
    pub fn threads(self) -> usize {
        self.threads as usize
    }

    /// The number of virtual processes.
    pub fn vps(self) -> u32 {
        self.ranks * self.threads
    }

    /// The virtual process of node `id`.
    #[inline]
    pub fn vp(self, id: u32) -> u32 {
        id % self.vps()
    }

    /// The rank of node `id`.
    #[inline]
    pub fn rank_of(self, id: u32) -> usize {
        (self.vp(id) % self.ranks) as usize
    }

    /// Whether this rank has node `id`.
    #[inline]
    pub fn is_here(self, id: u32) -> bool {
        self.ranks == 1 || id % self.ranks == self.rank
    }

    /// The number of node `id` among those of its rank.
    #[inline]
    pub fn number(self, id: u32) -> u32 {
        id / self.ranks
    }

    /// The thread of node `id` on its rank.
    #[inline]
    pub fn thread_of(self, id: u32) -> usize {
        (self.vp(id) / self.ranks) as usize
    }

    /// The virtual process of a thread of this rank.
    #[inline]
    pub fn vp_of_thread(self, thread: usize) -> u32 {
        thread as u32 * self.ranks + self.rank
    }

    /// The first id from `id` on that belongs to virtual process `vp`.
    #[inline]
    pub fn first_from(self, id: u32, vp: u32) -> u64 {
        let vps = self.vps();
        u64::from(id) + u64::from((vp + vps - id % vps) % vps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_virtual_process_has_one_thread_of_one_rank() {
        let layout = Layout::new(1, 3, 2);
        let of = |vp| (layout.rank_of(vp), layout.thread_of(vp));
        let places: Vec<_> = (0..6).map(of).collect();
        assert_eq!(places, [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)]);
        assert_eq!([0, 1].map(|t| layout.vp_of_thread(t)), [1, 4]);
        assert_eq!([6, 7, 10].map(|id| layout.first_from(id, 4)), [10, 10, 10]);
    }
}
