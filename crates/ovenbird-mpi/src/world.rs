//! The processes of MPI's world, for any number of simulations in turn.
//!
//! Every exchange begins with blocks of one size from each process to each other, whatever call it
//! belongs to, so that processes that are in different calls still understand each other. A block
//! says which call this is and holds the first words; where any process has more of them for any
//! other, a second round follows. Blocks become longer or shorter with what was exchanged last.
//! Among few processes a block is a message, no longer than its content; among many the blocks are
//! one collective exchange.

use crate::launcher::Launcher;
use mpi::environment::Universe;
use mpi::ffi;
use mpi::raw::AsRaw;
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator as _, Equivalence as _};
use mpi::{Count, Threading};
use ovenbird_core::error::{Error, Kind, Result};
use ovenbird_core::rank::{Communicator, Gathered, Head, Lost, Ranks};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Words of a block ahead of its content: stamp, note, words for the receiver, and the most words
/// for any receiver.
const HEAD: usize = 4;
/// The least and the most words in a block, and those of the blocks of a process for all others.
const LEAST: usize = 60;
const MOST: usize = 4092;
const ALL_BLOCKS: usize = 1 << 18;
/// Up to so many ranks send each other messages, which takes less than a collective exchange.
const FEW_RANKS: usize = 16;
/// The tag of these messages.
const TAG: Count = 1;
/// Where the number of a simulation stands in its stamps.
const SIMULATION: u32 = 48;
/// The bit of a stamp that marks a call that failed on a rank, which parts nobody.
const FAILED: u64 = 1 << 63;
/// Looks for others between which a waiting process lets the system run another one.
const PATIENCE: u32 = 200;
/// Time between two looks for the launcher.
const LOOK: Duration = Duration::from_secs(1);

type Exchanged = std::result::Result<(), Lost>;

/// An exchange that was begun.
struct Pending {
    requests: Vec<ffi::MPI_Request>,
    /// What this rank gives itself, which takes no way through MPI.
    own: Vec<u64>,
    /// What is sent, where it does not fit into the blocks, and how many words to each rank.
    words: Vec<u64>,
    counts: Option<Vec<usize>>,
}

/// An exchange of words that did not fit into blocks, and all that MPI may use until it is done.
struct Rest {
    request: ffi::MPI_Request,
    words: Vec<u64>,
    /// Where the words for and from each rank begin, and how many there are.
    sent: [Vec<Count>; 2],
    received: [Vec<Count>; 2],
    arrived: Vec<u64>,
}

/// What the simulations of this process share.
struct Shared {
    communicator: SimpleCommunicator,
    /// Ends MPI when dropped; `None` where someone else has begun it.
    universe: Option<Universe>,
    rank: usize,
    ranks: usize,
    /// Bytes that were sent to other ranks.
    sent: u64,
    simulations: u64,
    /// Whether ranks have been in different calls; no further call is possible.
    parted: bool,
    launcher: Option<Launcher>,
    looked: Instant,
    /// What has become of the launcher, without which MPI cannot end in order.
    orphaned: Option<String>,
    /// Words in a block, the same on all ranks.
    inline: usize,
    /// Blocks to and from each rank. MPI reads and writes them while something is pending.
    send: Vec<u64>,
    receive: Vec<u64>,
    pending: Option<Pending>,
    /// Room for requests that is kept from one exchange to the next.
    requests: Vec<ffi::MPI_Request>,
}

// SAFETY: communicators and requests are opaque handles of the MPI library, which is told by
// `start` that calls may come from any thread, one at a time; the mutex around `Shared` sees to the
// latter.
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
        return Ok(known.ranks);
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
    let ranks = communicator.size() as usize;
    *shared = Some(Shared {
        rank: communicator.rank() as usize,
        communicator,
        universe,
        ranks,
        sent: 0,
        simulations: 0,
        parted: false,
        launcher: Launcher::find(),
        looked: Instant::now(),
        orphaned: None,
        inline: LEAST,
        send: Vec::new(),
        receive: Vec::new(),
        pending: None,
        requests: Vec::new(),
    });
    Ok(ranks)
}

/// A simulation's way to the other processes; `None` unless [`start`] found any. Simulations are
/// told apart by the order in which they are made, which must be the same on all ranks.
pub fn world() -> Option<Box<dyn Communicator>> {
    let mut shared = shared();
    let known = shared.as_mut()?;
    if known.ranks == 1 {
        return None;
    }
    known.simulations += 1;
    let simulation = known.simulations;
    Some(Box::new(World::new(known, simulation)))
}

/// Bytes that this process has sent to others.
pub fn sent_bytes() -> u64 {
    shared().as_ref().map_or(0, |known| known.sent)
}

/// Leaves the other processes and ends MPI. A rank that waits for this one in another call gets an
/// error that says so.
///
/// # Errors
/// When another rank was in another call.
pub fn finish() -> Result<()> {
    let whole = match &*shared() {
        Some(known) if !known.parted && known.orphaned.is_none() => Some(World::new(known, 0)),
        _ => None,
    };
    let left = whole.map_or(Ok(()), |world| Ranks::new(Box::new(world)).leave());
    let known = shared().take();
    if let Some(known) = known {
        if known.orphaned.is_some() {
            // MPI would wait for the launcher
            std::mem::forget(known);
        } else {
            drop(known.communicator);
            drop(known.universe);
        }
    }
    left
}

fn count(n: usize) -> std::result::Result<Count, Lost> {
    Count::try_from(n).map_err(|_| Lost {
        rank: None,
        reason: format!("{n} words are more than one message can hold"),
    })
}

/// Where parts of these lengths begin, and their lengths, as MPI counts.
fn places(lengths: &[usize]) -> std::result::Result<(Vec<Count>, Vec<Count>), Lost> {
    count(lengths.iter().sum())?;
    let starts = lengths.iter().scan(0, |sum, n| {
        *sum += n;
        Some((*sum - n) as Count)
    });
    Ok((
        starts.collect(),
        lengths.iter().map(|&n| n as Count).collect(),
    ))
}

impl Shared {
    /// Begins to send the blocks and to receive those of the others.
    fn begin(&mut self, head: Head, words: &[u64], counts: Option<&[usize]>) {
        let (inline, size) = (self.inline, HEAD + self.inline);
        self.send.resize(size * self.ranks, 0);
        self.receive.resize(size * self.ranks, 0);
        let to_others = |c: &[usize]| {
            let others = (0..).zip(c).filter(|(rank, _)| *rank != self.rank);
            others.map(|(_, n)| *n).max()
        };
        let longest = counts.map_or(words.len(), |c| to_others(c).unwrap_or(0));
        let mut own = Vec::new();
        let mut left = words;
        for (rank, block) in self.send.chunks_exact_mut(size).enumerate() {
            let mut part = match counts {
                Some(counts) => {
                    let (part, others) = left.split_at(counts[rank]);
                    left = others;
                    part
                }
                None => words,
            };
            if rank == self.rank {
                own = std::mem::take(&mut part).to_vec();
            }
            let n = part.len() as u64;
            block[..HEAD].copy_from_slice(&[head.stamp, head.note, n, longest as u64]);
            let first = part.len().min(inline);
            block[HEAD..HEAD + first].copy_from_slice(&part[..first]);
        }
        let requests = if self.ranks <= FEW_RANKS {
            self.send_messages(size)
        } else {
            vec![self.send_blocks(size)]
        };
        let words = if longest > inline { words } else { &[] };
        self.pending = Some(Pending {
            requests,
            own,
            words: words.to_vec(),
            counts: counts.map(<[usize]>::to_vec),
        });
    }

    /// Begins one exchange of blocks of `size` words among all ranks.
    #[allow(unsafe_code)]
    fn send_blocks(&mut self, size: usize) -> ffi::MPI_Request {
        self.sent += (size * (self.ranks - 1) * size_of::<u64>()) as u64;
        let kind = u64::equivalent_datatype().as_raw();
        // SAFETY: a request is an opaque handle, for which all bits are valid until MPI sets it.
        let mut request = unsafe { std::mem::zeroed() };
        // SAFETY: both buffers hold a block for each rank, and nothing touches or moves them before
        // `complete` has waited for the request.
        unsafe {
            ffi::MPI_Ialltoall(
                self.send.as_ptr().cast(),
                size as Count,
                kind,
                self.receive.as_mut_ptr().cast(),
                size as Count,
                kind,
                self.communicator.as_raw(),
                &mut request,
            );
        }
        request
    }

    /// Begins a message to and from each other rank, of blocks that stand `size` words apart.
    #[allow(unsafe_code)]
    fn send_messages(&mut self, size: usize) -> Vec<ffi::MPI_Request> {
        let kind = u64::equivalent_datatype().as_raw();
        let communicator = self.communicator.as_raw();
        let mut requests = std::mem::take(&mut self.requests);
        let others = (0..self.ranks).filter(|&rank| rank != self.rank);
        for rank in others.clone() {
            let block = &mut self.receive[rank * size..][..size];
            // SAFETY: a request is an opaque handle, for which all bits are valid until MPI sets
            // it.
            let mut request = unsafe { std::mem::zeroed() };
            // SAFETY: nothing touches or moves the block before `complete` has waited for the
            // request; a message is never longer than a block, whose size is the same on all ranks.
            unsafe {
                ffi::MPI_Irecv(
                    block.as_mut_ptr().cast(),
                    size as Count,
                    kind,
                    rank as Count,
                    TAG,
                    communicator,
                    &mut request,
                );
            }
            requests.push(request);
        }
        for rank in others {
            let block = &self.send[rank * size..][..size];
            let length = HEAD + (block[2] as usize).min(size - HEAD);
            self.sent += (length * size_of::<u64>()) as u64;
            // SAFETY: as above.
            let mut request = unsafe { std::mem::zeroed() };
            // SAFETY: nothing changes or moves the block before `complete` has waited for the
            // request.
            unsafe {
                ffi::MPI_Isend(
                    block.as_ptr().cast(),
                    length as Count,
                    kind,
                    rank as Count,
                    TAG,
                    communicator,
                    &mut request,
                );
            }
            requests.push(request);
        }
        let own = self.rank * size..self.rank * size + HEAD;
        self.receive[own.clone()].copy_from_slice(&self.send[own]);
        requests
    }

    /// Waits for exchanges, but not when the launcher has ended.
    #[allow(unsafe_code)]
    fn wait(&mut self, requests: &mut [ffi::MPI_Request]) -> Exchanged {
        let mut tries = 0u32;
        loop {
            let mut done = 0;
            // SAFETY: the requests are ones that MPI has given out and that have not ended yet.
            unsafe {
                ffi::MPI_Testall(
                    requests.len() as Count,
                    requests.as_mut_ptr(),
                    &mut done,
                    ffi::RSMPI_STATUSES_IGNORE,
                )
            };
            if done != 0 {
                return Ok(());
            }
            tries = tries.wrapping_add(1);
            if tries < PATIENCE {
                std::hint::spin_loop();
                continue;
            }
            std::thread::yield_now();
            if tries.is_multiple_of(PATIENCE) && self.looked.elapsed() > LOOK {
                self.looked = Instant::now();
                self.orphaned = self.launcher.as_ref().and_then(Launcher::ended);
                self.fail_if_orphaned()?;
            }
        }
    }

    fn fail_if_orphaned(&self) -> Exchanged {
        match &self.orphaned {
            Some(reason) => Err(Lost {
                rank: None,
                reason: reason.clone(),
            }),
            None => Ok(()),
        }
    }

    /// Collects the blocks, and what did not fit into them.
    fn complete(&mut self, all: &mut Gathered) -> Exchanged {
        all.clear();
        let Some(mut pending) = self.pending.take() else {
            return Ok(());
        };
        if let Err(lost) = self.wait(&mut pending.requests) {
            // MPI may still use it
            std::mem::forget(pending);
            return Err(lost);
        }
        self.requests = std::mem::take(&mut pending.requests);
        self.requests.clear();
        let (inline, size) = (self.inline, HEAD + self.inline);
        let blocks = self.receive.chunks_exact(size);
        all.heads.extend(blocks.clone().map(|block| Head {
            stamp: block[0],
            note: block[1],
        }));
        let call = |h: &Head| h.stamp & !FAILED;
        self.parted |= all.heads.windows(2).any(|w| call(&w[0]) != call(&w[1]));
        // all ranks have seen the same lengths, and come to the same block for the next exchange
        let longest = blocks.clone().map(|block| block[3] as usize).max();
        let longest = longest.unwrap_or(0);
        let most = (ALL_BLOCKS / self.ranks).clamp(LEAST, MOST);
        let wanted = (longest + longest / 4).next_power_of_two();
        self.inline = wanted.max(inline / 2).clamp(LEAST, most);
        if !all.agrees() {
            return Ok(());
        }
        let lengths: Vec<usize> = blocks.map(|block| block[2] as usize).collect();
        let own = std::mem::take(&mut pending.own);
        let rest = if longest > inline {
            let request = self.send_rest(pending, inline, &lengths)?;
            self.wait_rest(request)?
        } else {
            Vec::new()
        };
        let mut rest = &rest[..];
        for (block, &n) in self.receive.chunks_exact(size).zip(&lengths) {
            let first = n.min(inline);
            all.words.extend_from_slice(&block[HEAD..HEAD + first]);
            let (of_rank, others) = rest.split_at(n - first);
            all.words.extend_from_slice(of_rank);
            rest = others;
            if all.ends.len() == self.rank {
                all.words.extend_from_slice(&own);
            }
            all.ends.push(all.words.len());
        }
        Ok(())
    }

    /// Begins to exchange the words that did not fit into blocks.
    #[allow(unsafe_code)]
    fn send_rest(
        &mut self,
        pending: Pending,
        inline: usize,
        lengths: &[usize],
    ) -> std::result::Result<Rest, Lost> {
        let words = pending.words;
        count(words.len())?;
        let beyond = |n: &usize| n.saturating_sub(inline);
        let (mut from, counts) = match pending.counts {
            Some(counts) => (places(&counts)?.0, counts),
            None => (vec![0; self.ranks], vec![words.len(); self.ranks]),
        };
        for (start, n) in from.iter_mut().zip(&counts) {
            *start += (*n).min(inline) as Count;
        }
        let mut sizes: Vec<Count> = counts.iter().map(|n| beyond(n) as Count).collect();
        sizes[self.rank] = 0;
        self.sent += sizes.iter().map(|&n| n as u64 * 8).sum::<u64>();
        let lengths: Vec<usize> = lengths.iter().map(beyond).collect();
        let (to, arriving) = places(&lengths)?;
        // Open MPI takes equal addresses for an exchange in place, which ends at once where there
        // is nothing to do and leaves the ranks apart: neither may be that of an empty list
        let mut words = words;
        words.reserve(1);
        let mut arrived = Vec::with_capacity(lengths.iter().sum::<usize>().max(1));
        arrived.resize(lengths.iter().sum(), 0);
        let mut rest = Rest {
            // SAFETY: a request is an opaque handle, all bits of which are valid until MPI sets it.
            request: unsafe { std::mem::zeroed() },
            words,
            sent: [from, sizes],
            received: [to, arriving],
            arrived,
        };
        let kind = u64::equivalent_datatype().as_raw();
        // SAFETY: places and sizes lie within the words that are sent and received. `wait_rest`
        // keeps all buffers until MPI is done with them.
        unsafe {
            ffi::MPI_Ialltoallv(
                rest.words.as_ptr().cast(),
                rest.sent[1].as_ptr(),
                rest.sent[0].as_ptr(),
                kind,
                rest.arrived.as_mut_ptr().cast(),
                rest.received[1].as_ptr(),
                rest.received[0].as_ptr(),
                kind,
                self.communicator.as_raw(),
                &mut rest.request,
            );
        }
        Ok(rest)
    }

    /// The words that did not fit into blocks, by rank.
    fn wait_rest(&mut self, mut rest: Rest) -> std::result::Result<Vec<u64>, Lost> {
        match self.wait(std::slice::from_mut(&mut rest.request)) {
            Ok(()) => Ok(rest.arrived),
            Err(lost) => {
                // MPI may still use it
                std::mem::forget(rest);
                Err(lost)
            }
        }
    }
}

impl World {
    fn new(shared: &Shared, simulation: u64) -> Self {
        World {
            rank: shared.communicator.rank() as usize,
            ranks: shared.ranks,
            simulation,
        }
    }

    /// Calls `f` with what all simulations share.
    fn with(&self, f: impl FnOnce(&mut Shared) -> Exchanged) -> Exchanged {
        let lost = |reason: &str| Lost {
            rank: None,
            reason: reason.to_owned(),
        };
        let mut shared = shared();
        let shared = shared.as_mut().ok_or_else(|| lost("MPI has ended"))?;
        if shared.parted {
            return Err(lost("the ranks have diverged before"));
        }
        shared.fail_if_orphaned()?;
        f(shared)
    }
}

impl Communicator for World {
    fn rank(&self) -> usize {
        self.rank
    }

    fn ranks(&self) -> usize {
        self.ranks
    }

    fn begin(&mut self, head: Head, words: &[u64], counts: Option<&[usize]>) -> Exchanged {
        let head = Head {
            stamp: head.stamp | self.simulation << SIMULATION,
            ..head
        };
        self.with(|shared| {
            if shared.pending.is_some() {
                // of a simulation that ended within a run
                shared.complete(&mut Gathered::default())?;
            }
            shared.begin(head, words, counts);
            Ok(())
        })
    }

    fn complete(&mut self, all: &mut Gathered) -> Exchanged {
        self.with(|shared| shared.complete(all))
    }

    // a process that ends is found by the launcher, which ends the others
    fn abandon(&mut self, _: &str) {}
}
