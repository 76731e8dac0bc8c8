//! The processes of MPI's world, for any number of simulations in turn.

use mpi::datatype::{Partition, PartitionMut};
use mpi::environment::Universe;
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator as _, CommunicatorCollectives as _};
use mpi::{Count, Threading};
use ovenbird_core::error::{Error, Kind, Result};
use ovenbird_core::rank::{Communicator, Gathered, Head, Lost, Ranks};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Words of a rank that travel with its head; further ones take a second round.
const INLINE: usize = 125;
/// Words in the block of a head: stamp, note, number of words, and the first words.
const BLOCK: usize = 3 + INLINE;
/// Where the number of a simulation stands in its stamps.
const SIMULATION: u32 = 48;
/// The bit of a stamp that marks a call that failed on a rank, which parts nobody.
const FAILED: u64 = 1 << 63;

/// What the simulations of this process share.
struct Shared {
    communicator: SimpleCommunicator,
    /// Ends MPI when dropped; `None` where someone else has begun it.
    universe: Option<Universe>,
    simulations: u64,
    /// Whether ranks have been in different calls; no further call is possible.
    parted: bool,
    send: Vec<u64>,
    receive: Vec<u64>,
}

// SAFETY: a communicator is an opaque handle of the MPI library, which is told by `start` that
// calls may come from any thread, one at a time; the mutex around `Shared` sees to the latter.
#[allow(unsafe_code)]
unsafe impl Send for Shared {}

static SHARED: Mutex<Option<Shared>> = Mutex::new(None);

fn shared() -> MutexGuard<'static, Option<Shared>> {
    SHARED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One simulation's way to the other processes.
struct World {
    rank: usize,
    ranks: usize,
    simulation: u64,
}

/// Joins the processes of this program; returns how many there are.
///
/// # Errors
/// When MPI cannot be called from more than one thread in turn, or has ended.
pub fn start() -> Result<usize> {
    let mut shared = shared();
    if let Some(known) = &*shared {
        return Ok(known.communicator.size() as usize);
    }
    let begun = mpi::initialize_with_threading(Threading::Serialized);
    let universe = begun.map(|(universe, _)| universe);
    if mpi::environment::threading_support() < Threading::Serialized {
        return Err(Error::new(
            Kind::Kernel,
            "MPI was started so that only one thread may call it; start it with support for \
             threads (at least MPI_THREAD_SERIALIZED), or let Ovenbird start it",
        ));
    }
    let communicator = SimpleCommunicator::world().duplicate();
    let size = communicator.size() as usize;
    *shared = Some(Shared {
        communicator,
        universe,
        simulations: 0,
        parted: false,
        send: vec![0; BLOCK],
        receive: vec![0; BLOCK * size],
    });
    Ok(size)
}

/// A simulation's way to the other processes; `None` unless [`start`] found any. Simulations are
/// told apart by the order in which they are made, which must be the same on all ranks.
pub fn world() -> Option<Box<dyn Communicator>> {
    let mut shared = shared();
    let known = shared.as_mut()?;
    if known.communicator.size() == 1 {
        return None;
    }
    known.simulations += 1;
    let simulation = known.simulations;
    Some(Box::new(World::new(known, simulation)))
}

/// Leaves the other processes and ends MPI. A rank that waits for this one in another call gets an
/// error that says so.
///
/// # Errors
/// When another rank was in another call.
pub fn finish() -> Result<()> {
    let whole = match &*shared() {
        Some(known) if !known.parted => Some(World::new(known, 0)),
        _ => None,
    };
    let left = whole.map_or(Ok(()), |world| Ranks::new(Box::new(world)).leave());
    let known = shared().take();
    if let Some(Shared {
        communicator,
        universe,
        ..
    }) = known
    {
        drop(communicator);
        drop(universe);
    }
    left
}

fn count(n: usize) -> std::result::Result<Count, Lost> {
    Count::try_from(n).map_err(|_| Lost {
        rank: None,
        reason: format!("{n} words are more than one message can hold"),
    })
}

/// Counts of words from each rank, and where they begin.
fn places(counts: &[Count]) -> Vec<Count> {
    let before = counts.iter().scan(0, |sum, n| {
        let start = *sum;
        *sum += n;
        Some(start)
    });
    before.collect()
}

impl Shared {
    /// Tells all ranks a head, a number of words and the first of them, and collects theirs.
    fn heads(&mut self, head: Head, words: &[u64], all: &mut Gathered) {
        self.send[0] = head.stamp;
        self.send[1] = head.note;
        self.send[2] = words.len() as u64;
        let first = words.len().min(INLINE);
        self.send[3..3 + first].copy_from_slice(&words[..first]);
        self.communicator
            .all_gather_into(&self.send[..], &mut self.receive[..]);
        all.clear();
        all.heads
            .extend(self.receive.chunks_exact(BLOCK).map(|block| Head {
                stamp: block[0],
                note: block[1],
            }));
        let call = |h: &Head| h.stamp & !FAILED;
        self.parted |= all.heads.windows(2).any(|w| call(&w[0]) != call(&w[1]));
    }

    /// Collects what did not travel with the heads.
    fn gather(&mut self, words: &[u64], all: &mut Gathered) -> std::result::Result<(), Lost> {
        let lens: Vec<usize> = self
            .receive
            .chunks_exact(BLOCK)
            .map(|block| block[2] as usize)
            .collect();
        let rest: Vec<usize> = lens.iter().map(|n| n.saturating_sub(INLINE)).collect();
        let total: usize = rest.iter().sum();
        let mut further = vec![0u64; total];
        count(total)?;
        if total > 0 {
            let counts: Vec<Count> = rest.iter().map(|&n| n as Count).collect();
            let places = places(&counts);
            let mut parts = PartitionMut::new(&mut further[..], &counts[..], &places[..]);
            let mine = &words[words.len().min(INLINE)..];
            self.communicator.all_gather_varcount_into(mine, &mut parts);
        }
        let mut further = &further[..];
        for (block, (&n, &rest)) in self.receive.chunks_exact(BLOCK).zip(lens.iter().zip(&rest)) {
            all.words.extend_from_slice(&block[3..3 + n.min(INLINE)]);
            let (own, others) = further.split_at(rest);
            all.words.extend_from_slice(own);
            further = others;
            all.ends.push(all.words.len());
        }
        Ok(())
    }

    fn scatter(
        &mut self,
        words: &[u64],
        counts: &[usize],
        all: &mut Gathered,
    ) -> std::result::Result<(), Lost> {
        count(words.len())?;
        let sent: Vec<Count> = counts.iter().map(|&n| n as Count).collect();
        let mut arriving = vec![0 as Count; counts.len()];
        self.communicator
            .all_to_all_into(&sent[..], &mut arriving[..]);
        let total: usize = arriving.iter().map(|&n| n as usize).sum();
        count(total)?;
        all.words.resize(total, 0);
        let (from, to) = (places(&sent), places(&arriving));
        let parts = Partition::new(words, &sent[..], &from[..]);
        let mut received = PartitionMut::new(&mut all.words[..], &arriving[..], &to[..]);
        self.communicator
            .all_to_all_varcount_into(&parts, &mut received);
        let ends = to.iter().zip(&arriving).map(|(a, n)| (a + n) as usize);
        all.ends.extend(ends);
        Ok(())
    }
}

impl World {
    fn new(shared: &Shared, simulation: u64) -> Self {
        World {
            rank: shared.communicator.rank() as usize,
            ranks: shared.communicator.size() as usize,
            simulation,
        }
    }

    /// Exchanges heads, and words where all ranks are in the same call.
    fn exchange(
        &self,
        head: Head,
        words: &[u64],
        counts: Option<&[usize]>,
        all: &mut Gathered,
    ) -> std::result::Result<(), Lost> {
        let lost = |reason: &str| Lost {
            rank: None,
            reason: reason.to_owned(),
        };
        let mut shared = shared();
        let shared = shared.as_mut().ok_or_else(|| lost("MPI has ended"))?;
        if shared.parted {
            return Err(lost("the ranks have diverged before"));
        }
        let head = Head {
            stamp: head.stamp | self.simulation << SIMULATION,
            ..head
        };
        shared.heads(head, if counts.is_some() { &[] } else { words }, all);
        if !all.agrees() {
            return Ok(());
        }
        match counts {
            Some(counts) => shared.scatter(words, counts, all),
            None => shared.gather(words, all),
        }
    }
}

impl Communicator for World {
    fn rank(&self) -> usize {
        self.rank
    }

    fn ranks(&self) -> usize {
        self.ranks
    }

    fn all_gather(
        &mut self,
        head: Head,
        words: &[u64],
        all: &mut Gathered,
    ) -> std::result::Result<(), Lost> {
        self.exchange(head, words, None, all)
    }

    fn all_to_all(
        &mut self,
        head: Head,
        words: &[u64],
        counts: &[usize],
        all: &mut Gathered,
    ) -> std::result::Result<(), Lost> {
        self.exchange(head, words, Some(counts), all)
    }

    // a process that ends is found by the launcher, which ends the others
    fn abandon(&mut self, _: &str) {}
}
