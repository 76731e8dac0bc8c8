//! Ranks: processes (or threads that stand for them) that hold one network together.
//!
//! Every rank makes the same calls. A node lives on the rank of its virtual process, with the
//! connections that end on it. A [`Communicator`] moves words between ranks; [`Ranks`] makes its
//! calls safe: each carries a stamp of call and sequence number, so that ranks that have diverged
//! get an error instead of waiting for each other, and an error on one rank ends the call on all.

mod collective;
mod in_process;
mod layout;
mod local;

pub use collective::{Call, Ranks};
pub use in_process::in_process;
pub use layout::Layout;
pub use local::Local;

/// What a rank says ahead of its words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Which call this is. Where the stamps of ranks differ, words need not arrive.
    pub stamp: u64,
    /// A word that arrives in any case.
    pub note: u64,
}

/// Words from all ranks, in the order of ranks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gathered {
    /// What each rank said.
    pub heads: Vec<Head>,
    /// All words.
    pub words: Vec<u64>,
    /// Where in `words` those of each rank end.
    pub ends: Vec<usize>,
}

impl Gathered {
    /// The words of one rank.
    pub fn of(&self, rank: usize) -> &[u64] {
        let start = rank.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.words[start..self.ends[rank]]
    }

    /// The words of each rank.
    pub fn parts(&self) -> impl Iterator<Item = &[u64]> {
        (0..self.ends.len()).map(|rank| self.of(rank))
    }

    /// Whether all ranks gave the same stamp.
    pub fn agrees(&self) -> bool {
        self.heads.windows(2).all(|w| w[0].stamp == w[1].stamp)
    }

    /// Forgets everything, to be filled anew.
    pub fn clear(&mut self) {
        self.heads.clear();
        self.words.clear();
        self.ends.clear();
    }
}

/// A rank can no longer be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Which, where that is known.
    pub rank: Option<usize>,
    /// What happened.
    pub reason: String,
}

/// Moves words between ranks. All calls are collective. Ranks need not make the same one: where
/// stamps differ, each gets the heads of all, whatever it called.
pub trait Communicator: Send + Sync {
    /// The number of this rank, from 0.
    fn rank(&self) -> usize;

    /// The number of ranks.
    fn ranks(&self) -> usize;

    /// Begins to give words to other ranks: all of them to all, or, with `counts`, to each rank its
    /// part of `counts[rank]` words. [`Communicator::complete`] comes next.
    ///
    /// # Errors
    /// When a rank cannot be reached.
    fn begin(&mut self, head: Head, words: &[u64], counts: Option<&[usize]>) -> Result<(), Lost>;

    /// Ends what was begun last: waits for the other ranks and collects what they give.
    ///
    /// # Errors
    /// When a rank cannot be reached.
    fn complete(&mut self, all: &mut Gathered) -> Result<(), Lost>;

    /// Lets no rank wait for this one any more: the others find it lost.
    fn abandon(&mut self, reason: &str);
}
