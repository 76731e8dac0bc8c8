//! Ranks that are threads of one process, with a channel from each to each other.

use super::{Communicator, Gathered, Head, Lost};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

/// What one rank sends to another in one call.
struct Packet {
    head: Head,
    words: Arc<[u64]>,
}

/// One end of the channels between ranks.
struct InProcess {
    rank: usize,
    /// To and from each rank; empty once this rank has left.
    to: Vec<Sender<Packet>>,
    /// A lock only since a receiver cannot be shared; nobody waits for it.
    from: Vec<Mutex<Receiver<Packet>>>,
    ranks: usize,
}

/// The communicators of `n` ranks, for a thread each. One that is dropped is lost to the others.
pub fn in_process(n: usize) -> Vec<Box<dyn Communicator>> {
    let mut ends: Vec<InProcess> = (0..n)
        .map(|rank| InProcess {
            rank,
            to: Vec::with_capacity(n),
            from: Vec::with_capacity(n),
            ranks: n,
        })
        .collect();
    for from in 0..n {
        for to in 0..n {
            let (sender, receiver) = channel();
            ends[from].to.push(sender);
            ends[to].from.push(Mutex::new(receiver));
        }
    }
    ends.into_iter()
        .map(|end| Box::new(end) as Box<dyn Communicator>)
        .collect()
}

impl InProcess {
    fn gone(&self, rank: usize) -> Lost {
        Lost {
            rank: Some(rank),
            reason: "its thread has ended".to_owned(),
        }
    }
}

impl Communicator for InProcess {
    fn rank(&self) -> usize {
        self.rank
    }

    fn ranks(&self) -> usize {
        self.ranks
    }

    fn begin(&mut self, head: Head, words: &[u64], counts: Option<&[usize]>) -> Result<(), Lost> {
        if self.to.is_empty() {
            return Err(self.gone(self.rank));
        }
        let whole: Option<Arc<[u64]>> = counts.is_none().then(|| words.into());
        let mut left = words;
        // a rank that does not take its packet is found by `complete`, to which it sends none
        for (rank, to) in self.to.iter().enumerate() {
            let words = match (&whole, counts) {
                (None, Some(counts)) => {
                    let (part, others) = left.split_at(counts[rank]);
                    left = others;
                    part.into()
                }
                (whole, _) => whole.clone().unwrap_or_default(),
            };
            drop(to.send(Packet { head, words }));
        }
        Ok(())
    }

    fn complete(&mut self, all: &mut Gathered) -> Result<(), Lost> {
        if self.to.is_empty() {
            return Err(self.gone(self.rank));
        }
        all.clear();
        for rank in 0..self.from.len() {
            let from = self.from[rank].get_mut();
            let from = from.unwrap_or_else(PoisonError::into_inner);
            let packet = from.recv().map_err(|_| self.gone(rank))?;
            all.heads.push(packet.head);
            all.words.extend_from_slice(&packet.words);
            all.ends.push(all.words.len());
        }
        Ok(())
    }

    fn abandon(&mut self, _: &str) {
        self.to.clear();
        self.from.clear();
    }
}
