//! Collective calls that neither hang nor leave ranks in different states.

use super::{Communicator, Gathered, Head, Layout, Local, Lost};
use crate::error::{Error, Kind, Result};

/// The collective calls, by the names that users know them by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    Connect,
    Prepare,
    /// The sources of gap junctions, and what they send in a slice.
    Couple,
    /// The targets of stimulators that multimeters sample.
    Probe,
    /// The end of Prepare.
    Ready,
    /// The sources that have targets on each rank.
    Route,
    Run,
    /// The spikes of a slice.
    Spikes,
    /// Synaptic elements, and connections that may be removed.
    Structure,
    Finish,
    Find,
    /// Positions that were given in a list, which the ranks of their nodes know.
    Position,
    Sync,
    Exit,
}

impl Call {
    const ALL: [Call; 14] = [
        Call::Connect,
        Call::Prepare,
        Call::Couple,
        Call::Probe,
        Call::Ready,
        Call::Route,
        Call::Run,
        Call::Spikes,
        Call::Structure,
        Call::Finish,
        Call::Find,
        Call::Position,
        Call::Sync,
        Call::Exit,
    ];

    /// What the user called.
    pub fn name(self) -> &'static str {
        match self {
            Call::Connect => "Connect",
            Call::Prepare | Call::Ready | Call::Probe | Call::Route => "Prepare",
            Call::Couple => "Run (gap junctions)",
            Call::Run => "Run",
            Call::Spikes => "Run (spikes of a slice)",
            Call::Structure => "Run (structural plasticity)",
            Call::Finish => "Run (its end)",
            Call::Find => "GetNodes or SelectNodesByMask",
            Call::Position => "Connect or DumpLayerConnections (positions)",
            Call::Sync => "SyncProcesses",
            Call::Exit => "the end of its program",
        }
    }
}

/// Marks the stamp of a rank on which the call failed.
const FAILED: u64 = 1 << 63;
/// Stamps are sequence number and call.
const CALLS: u64 = 32;

fn name_of(stamp: u64) -> &'static str {
    let call = Call::ALL.get(((stamp & !FAILED) % CALLS) as usize);
    call.map_or("an unknown call", |c| c.name())
}

/// The ranks of a simulation, as one of them sees them.
pub struct Ranks {
    communicator: Box<dyn Communicator>,
    rank: usize,
    ranks: usize,
    /// The number of collective calls so far.
    sequence: u64,
    /// What was begun and not completed yet: the call, and the error of this rank.
    pending: Option<(Call, Option<Error>)>,
    /// Words that this rank has sent to others.
    sent: u64,
    /// Why no further call is possible.
    broken: Option<Error>,
    all: Gathered,
}

impl Default for Ranks {
    fn default() -> Self {
        Ranks::new(Box::<Local>::default())
    }
}

impl Ranks {
    /// Ranks that talk through `communicator`.
    pub fn new(communicator: Box<dyn Communicator>) -> Self {
        Ranks {
            rank: communicator.rank(),
            ranks: communicator.ranks(),
            communicator,
            sequence: 0,
            pending: None,
            sent: 0,
            broken: None,
            all: Gathered::default(),
        }
    }

    /// The number of this rank.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// The number of ranks.
    pub fn count(&self) -> usize {
        self.ranks
    }

    /// Whether there is no other rank, so that nothing needs to be exchanged.
    pub fn alone(&self) -> bool {
        self.ranks == 1
    }

    /// Room for words that is kept from call to call.
    pub fn words(&self) -> usize {
        self.all.words.capacity()
    }

    /// Words that this rank has sent to others so far, without heads.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// The words that the last call has gathered.
    pub fn take_words(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.all.words)
    }

    /// How nodes are spread over these ranks with `threads` threads each.
    pub fn layout(&self, threads: usize) -> Layout {
        Layout::new(self.rank, self.ranks, threads)
    }

    /// Gives words, or the error that kept this rank from having any, to all ranks.
    ///
    /// # Errors
    /// On all ranks alike: when a rank gave an error, made another call, or is lost.
    pub fn gather(&mut self, call: Call, note: u64, words: Result<&[u64]>) -> Result<&Gathered> {
        self.collective(call, note, words, None)
    }

    /// Gives each rank a part of some words, or the error that kept this rank from having any.
    ///
    /// # Errors
    /// On all ranks alike: when a rank gave an error, made another call, or is lost.
    pub fn scatter(
        &mut self,
        call: Call,
        note: u64,
        words: Result<&[u64]>,
        counts: &[usize],
    ) -> Result<&Gathered> {
        self.collective(call, note, words, Some(counts))
    }

    /// Waits until all ranks have come here.
    ///
    /// # Errors
    /// When a rank made another call or is lost.
    pub fn synchronize(&mut self) -> Result<()> {
        if self.alone() {
            return Ok(());
        }
        self.gather(Call::Sync, 0, Ok(&[])).map(drop)
    }

    /// Tells the other ranks that this one makes no further call. Ranks that wait for it in another
    /// call get an error that says so.
    ///
    /// # Errors
    /// When another rank made another call or is lost.
    pub fn leave(&mut self) -> Result<()> {
        if self.alone() || self.broken.is_some() {
            return Ok(());
        }
        let left = self.gather(Call::Exit, 0, Ok(&[])).map(drop);
        let text = "the ranks have ended their programs";
        self.broken.get_or_insert(Error::new(Kind::Kernel, text));
        left
    }

    /// Begins to give words, or the error that kept this rank from having any, to all ranks, or,
    /// with
    /// `counts`, to each its part. [`Ranks::complete`] comes next.
    ///
    /// # Errors
    /// When no further call is possible, or a rank is lost.
    pub fn begin(
        &mut self,
        call: Call,
        note: u64,
        words: Result<&[u64]>,
        counts: Option<&[usize]>,
    ) -> Result<()> {
        if self.pending.is_some() {
            // of a run that has failed here
            drop(self.complete());
        }
        if let Some(e) = &self.broken {
            // an error of this rank alone says more than that the ranks have parted
            return Err(words.err().unwrap_or_else(|| e.clone()));
        }
        let code = Call::ALL.iter().position(|&c| c == call).unwrap_or(0) as u64;
        let stamp = self.sequence * CALLS + code;
        self.sequence += 1;
        let own_part = counts.map_or(0, |c| c[self.rank]);
        let begun = match &words {
            Ok(words) => {
                let others = counts.map_or(self.ranks - 1, |_| 1);
                self.sent += ((words.len() - own_part) * others) as u64;
                self.communicator.begin(Head { stamp, note }, words, counts)
            }
            Err(_) => {
                let stamp = stamp | FAILED;
                self.communicator.begin(Head { stamp, note }, &[], None)
            }
        };
        if let Err(lost) = begun {
            return Err(self.lose(call, &lost));
        }
        self.pending = Some((call, words.err()));
        Ok(())
    }

    /// Ends the call that was begun last.
    ///
    /// # Errors
    /// On all ranks alike: when a rank gave an error, made another call, or is lost.
    pub fn complete(&mut self) -> Result<&Gathered> {
        let Some((call, own)) = self.pending.take() else {
            let text = "the ranks have no call to complete";
            return Err(Error::new(Kind::Kernel, text));
        };
        if let Err(lost) = self.communicator.complete(&mut self.all) {
            return Err(self.lose(call, &lost));
        }
        if self.all.agrees() && own.is_none() {
            return Ok(&self.all);
        }
        Err(self.explain(call, own))
    }

    fn collective(
        &mut self,
        call: Call,
        note: u64,
        words: Result<&[u64]>,
        counts: Option<&[usize]>,
    ) -> Result<&Gathered> {
        self.begin(call, note, words, counts)?;
        self.complete()
    }

    /// Why a call cannot go on, the same on all ranks.
    fn explain(&mut self, call: Call, own: Option<Error>) -> Error {
        let stamps: Vec<u64> = self.all.heads.iter().map(|h| h.stamp).collect();
        let first = stamps[0] & !FAILED;
        if stamps.iter().any(|s| s & !FAILED != first) {
            let e = diverged(&stamps, self.sequence);
            self.broken = Some(e.clone());
            return own.unwrap_or(e);
        }
        let text = own.map_or(Vec::new(), |e| encode(&e));
        let told = self
            .communicator
            .begin(Head::default(), &text, None)
            .and_then(|()| self.communicator.complete(&mut self.all));
        if let Err(lost) = told {
            return self.lose(call, &lost);
        }
        let errors: Vec<(usize, Error)> = self
            .all
            .parts()
            .enumerate()
            .filter(|(_, words)| !words.is_empty())
            .map(|(rank, words)| (rank, decode(words)))
            .collect();
        let alike = errors.len() == self.ranks && errors.iter().all(|e| e.1 == errors[0].1);
        let (rank, mut error) = errors[0].clone();
        if !alike {
            error.message = format!("{} (on rank {rank} of {})", error.message, self.ranks);
        }
        error
    }

    fn lose(&mut self, call: Call, lost: &Lost) -> Error {
        let who = lost
            .rank
            .map_or("a rank".to_owned(), |r| format!("rank {r}"));
        let e = Error::new(
            Kind::Kernel,
            format!(
                "{who} is lost while rank {} is in {}: {}; the simulation cannot go on",
                self.rank,
                call.name(),
                lost.reason
            ),
        );
        self.communicator.abandon(&e.message);
        self.broken = Some(e.clone());
        e
    }
}

/// The error for ranks that are in different calls.
fn diverged(stamps: &[u64], sequence: u64) -> Error {
    let mut groups: Vec<(u64, Vec<String>)> = Vec::new();
    for (rank, stamp) in stamps.iter().enumerate() {
        let stamp = stamp & !FAILED;
        match groups.iter_mut().find(|g| g.0 == stamp) {
            Some(group) => group.1.push(rank.to_string()),
            None => groups.push((stamp, vec![rank.to_string()])),
        }
    }
    let parts: Vec<String> = groups
        .iter()
        .map(|(stamp, ranks)| {
            let plural = if ranks.len() > 1 { "ranks" } else { "rank" };
            format!("{plural} {} reached {}", ranks.join(", "), name_of(*stamp))
        })
        .collect();
    Error::new(
        Kind::Kernel,
        format!(
            "The ranks have diverged at collective call {sequence}: {}. All ranks must make the \
             same calls of Connect, Prepare, Run, Simulate and SyncProcesses in the same \
             order",
            parts.join(" where ")
        ),
    )
}

/// An error as words: its kind, the length of its text, and the text.
fn encode(e: &Error) -> Vec<u64> {
    let kind = Kind::ALL.iter().position(|&k| k == e.kind);
    let mut words = vec![kind.unwrap_or(usize::MAX) as u64, e.message.len() as u64];
    words.extend(e.message.as_bytes().chunks(8).map(|bytes| {
        let mut word = [0; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        u64::from_le_bytes(word)
    }));
    words
}

fn decode(words: &[u64]) -> Error {
    let kind = Kind::ALL.get(words[0] as usize).copied();
    let mut bytes: Vec<u8> = words[2..].iter().flat_map(|w| w.to_le_bytes()).collect();
    bytes.truncate(words[1] as usize);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Error::new(kind.unwrap_or(Kind::Kernel), text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rank::in_process;

    /// What each of `n` ranks returns from `f`.
    fn on<T: Send>(n: usize, f: impl Fn(Ranks) -> T + Sync) -> Vec<T> {
        std::thread::scope(|scope| {
            let start = |c| {
                let f = &f;
                scope.spawn(move || f(Ranks::new(c)))
            };
            let threads: Vec<_> = in_process(n).into_iter().map(start).collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        })
    }

    #[test]
    fn words_arrive_by_rank() {
        let seen = on(3, |mut ranks| {
            let mine = vec![ranks.rank() as u64; ranks.rank()];
            let all = ranks.gather(Call::Spikes, 7, Ok(&mine)).unwrap().clone();
            (all.words.clone(), all.ends.clone(), all.heads[2].note)
        });
        for all in seen {
            assert_eq!(all, (vec![1, 2, 2], vec![0, 1, 3], 7));
        }
    }

    #[test]
    fn each_rank_gets_its_part() {
        let seen = on(3, |mut ranks| {
            let me = ranks.rank() as u64;
            // to rank r go r words that name sender and receiver
            let words = [10 * me + 1, 10 * me + 2, 10 * me + 2];
            let all = ranks.scatter(Call::Couple, 0, Ok(&words), &[0, 1, 2]);
            all.unwrap().words.clone()
        });
        assert_eq!(seen[0], []);
        assert_eq!(seen[1], [1, 11, 21]);
        assert_eq!(seen[2], [2, 2, 12, 12, 22, 22]);
    }

    #[test]
    fn an_error_on_one_rank_is_the_error_of_all_and_the_next_call_works() {
        let seen = on(3, |mut ranks| {
            let mine = match ranks.rank() {
                1 => Err(Error::new(Kind::BadDelay, "Delay value -1 ms is \u{fc}bel")),
                _ => Ok(&[5][..]),
            };
            let e = ranks.gather(Call::Connect, 0, mine).unwrap_err();
            ranks.synchronize().unwrap();
            e
        });
        for e in seen {
            assert_eq!(e.kind, Kind::BadDelay);
            assert_eq!(e.message, "Delay value -1 ms is \u{fc}bel (on rank 1 of 3)");
        }
    }

    #[test]
    fn the_same_error_on_all_ranks_is_told_as_it_is() {
        let seen = on(2, |mut ranks| {
            let mine = Err(Error::bad_property("no"));
            ranks.gather(Call::Connect, 0, mine).unwrap_err()
        });
        assert!(seen.iter().all(|e| *e == Error::bad_property("no")));
    }

    #[test]
    fn ranks_that_diverge_are_told_both_calls_and_cannot_go_on() {
        let seen = on(3, |mut ranks| {
            ranks.synchronize().unwrap();
            let e = if ranks.rank() == 2 {
                ranks.scatter(Call::Couple, 0, Ok(&[1, 2, 3]), &[1, 1, 1])
            } else {
                ranks.gather(Call::Connect, 0, Ok(&[]))
            };
            let e = e.unwrap_err();
            assert_eq!(ranks.synchronize().unwrap_err(), e);
            e.message
        });
        let text = "ranks 0, 1 reached Connect where rank 2 reached Run (gap junctions)";
        for e in seen {
            assert!(e.contains(text) && e.contains("collective call 2"), "{e}");
        }
    }

    #[test]
    fn a_rank_that_has_made_its_last_call_is_not_waited_for() {
        let seen = on(2, |mut ranks| match ranks.rank() {
            0 => ranks.leave().unwrap_err(),
            _ => ranks.gather(Call::Run, 0, Ok(&[])).unwrap_err(),
        });
        let text = "rank 0 reached the end of its program where rank 1 reached Run";
        assert!(seen.iter().all(|e| e.message.contains(text)), "{seen:?}");
        let left = on(3, |mut ranks| (ranks.leave(), ranks.leave()));
        assert!(left.iter().all(|l| l.0.is_ok() && l.1.is_ok()));
    }

    #[test]
    fn a_rank_that_dies_ends_the_others() {
        let seen = on(4, |mut ranks| {
            if ranks.rank() == 2 {
                return None;
            }
            Some(ranks.synchronize().unwrap_err().message)
        });
        for (rank, e) in seen.into_iter().enumerate().filter(|s| s.0 != 2) {
            let e = e.unwrap();
            let text = format!(" is lost while rank {rank} is in SyncProcesses: ");
            assert!(e.contains(&text), "{e}");
        }
    }
}
