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
    /// Sends a packet to each rank and collects one from each.
    fn exchange(
        &mut self,
        packet: impl Fn(usize) -> Packet,
        all: &mut Gathered,
    ) -> Result<(), Lost> {
        let gone = |rank: usize| Lost {
            rank: Some(rank),
            reason: "its thread has ended".to_owned(),
        };
        if self.to.is_empty() {
            return Err(gone(self.rank));
        }
        // all are sent before any is awaited, so that a lost rank keeps no other waiting; a rank
        // that does not take its packet is found below, where it sends none
        for (rank, to) in self.to.iter().enumerate() {
            drop(to.send(packet(rank)));
        }
        all.clear();
        for (rank, from) in self.from.iter_mut().enumerate() {
            let from = from.get_mut().unwrap_or_else(PoisonError::into_inner);
            let packet = from.recv().map_err(|_| gone(rank))?;
            all.heads.push(packet.head);
            all.words.extend_from_slice(&packet.words);
            all.ends.push(all.words.len());
        }
        Ok(())
    }
}

impl Communicator for InProcess {
    fn rank(&self) -> usize {
        self.rank
    }

    fn ranks(&self) -> usize {
        self.ranks
    }

    fn all_gather(&mut self, head: Head, words: &[u64], all: &mut Gathered) -> Result<(), Lost> {
        let words: Arc<[u64]> = words.into();
        let packet = |_| Packet {
            head,
            words: Arc::clone(&words),
        };
        self.exchange(packet, all)
    }

    fn all_to_all(
        &mut self,
        head: Head,
        words: &[u64],
        counts: &[usize],
        all: &mut Gathered,
    ) -> Result<(), Lost> {
        let part = |rank: usize| {
            let start: usize = counts[..rank].iter().sum();
            Packet {
                head,
                words: words[start..start + counts[rank]].into(),
            }
        };
        self.exchange(part, all)
    }

    fn abandon(&mut self, _: &str) {
        self.to.clear();
        self.from.clear();
    }
}
