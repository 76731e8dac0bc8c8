//! What a simulation tells its other ranks, and what it hears from them.

use super::{DelayRange, Simulation};
use crate::error::{Error, Kind, Result};
use crate::rank::{Call, Ranks};
use crate::synapse::{GapPart, Sent};
use std::ops::Range;
use std::time::Instant;

/// What coupled nodes exchange in a slice.
#[derive(Default)]
pub(super) struct Couplings {
    /// Whether any rank has or had a gap junction.
    pub any: bool,
    /// The rows that go to each rank in turn: worker, family and slot of the sender.
    pub routes: Vec<(u32, u32, u32)>,
    /// Rows for each rank.
    pub counts: Vec<usize>,
    /// Numbers in a row.
    pub width: usize,
    /// The steps of a slice of which something is sent.
    pub steps: Range<usize>,
    /// What arrived. One rank alone has the senders of each worker and family together; of several,
    /// each has them in the order in which it asked for them.
    pub arrived: Sent,
    words: Vec<u64>,
}

impl Couplings {
    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.arrived.bytes()
            + self.words.capacity() * 8
            + self.routes.capacity() * size_of::<(u32, u32, u32)>()
            + self.counts.capacity() * size_of::<usize>()
    }
}

/// What all ranks must have in common, beside the range of delays.
const STANDING: [&str; 9] = [
    "the number of nodes",
    "the number of calls of Connect",
    "the time in steps",
    "local_num_threads",
    "rng_seed",
    "tics_per_ms",
    "tics_per_step",
    "min_delay and max_delay as they were set",
    "the simulation time",
];

fn range_word(range: Option<(u32, u32)>) -> u64 {
    range.map_or(0, |(min, max)| u64::from(min) << 32 | u64::from(max))
}

impl Simulation {
    /// The ranks of this simulation.
    pub fn ranks(&self) -> &Ranks {
        &self.ranks
    }

    /// Waits until all ranks have come here.
    ///
    /// # Errors
    /// When a rank made another call, or is lost.
    pub fn synchronize(&mut self) -> Result<()> {
        self.ranks.synchronize()
    }

    /// Tells the other ranks that this one makes no further call.
    ///
    /// # Errors
    /// When a rank waits in another call, or is lost.
    pub fn leave(&mut self) -> Result<()> {
        self.ranks.leave()
    }

    /// The rank that asked for the last run to stop.
    pub fn stopped_by(&self) -> Option<usize> {
        self.stopped_by
    }

    /// Brings the ranks to one result of a call, to one range of delays, and to one set of models
    /// whose connections do not share weights. `flags` are joined.
    ///
    /// # Errors
    /// The same on all ranks: when the call failed on one, or they differ in what they have.
    pub(super) fn agree(
        &mut self,
        call: Call,
        flags: u64,
        steps: i64,
        result: Result<()>,
    ) -> Result<u64> {
        if self.ranks.alone() {
            return result.map(|()| flags);
        }
        let mine = [
            self.network_size() as u64,
            u64::from(self.connect_calls),
            self.now() as u64,
            self.settings.threads as u64,
            self.settings.seed(),
            self.clock.ticks_per_ms() as u64,
            self.clock.ticks_per_step() as u64,
            range_word(self.delays.fixed),
            steps as u64,
            range_word(self.delays.found),
            self.separated,
        ];
        let all = self.ranks.gather(call, flags, result.map(|()| &mine[..]))?;
        let first = all.of(0);
        for (rank, words) in all.parts().enumerate() {
            for (i, name) in STANDING.iter().enumerate() {
                if words[i] != first[i] {
                    return Err(Error::new(
                        Kind::Kernel,
                        format!(
                            "The ranks differ in {name}: rank 0 has {}, rank {rank} has {}. All \
                             ranks must make the same calls with the same arguments",
                            first[i], words[i]
                        ),
                    ));
                }
            }
            let found = words[STANDING.len()];
            let range = (found != 0).then_some(((found >> 32) as u32, found as u32));
            self.delays.merge(DelayRange {
                found: range,
                fixed: None,
            });
            self.separated |= words[STANDING.len() + 1];
        }
        Ok(all.heads.iter().fold(0, |flags, head| flags | head.note))
    }

    /// Keeps an error of this rank until all ranks learn of it, at the end of the next slice.
    pub(super) fn fail_together(&mut self, error: Error) -> Result<()> {
        if self.ranks.alone() {
            return Err(error);
        }
        self.failure.get_or_insert(error);
        Ok(())
    }

    /// Finds who sends to whom through gap junctions, on this rank and others; returns whether
    /// anything has changed here.
    pub(super) fn arrange_gaps(&mut self, ready: Result<()>) -> Result<bool> {
        let layout = self.nodes.layout();
        let mut wanted: Vec<(usize, u32)> = self
            .workers
            .iter()
            .flat_map(|w| w.gaps.entries.iter())
            .map(|e| (layout.rank_of(e.source), e.source))
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut counts = vec![0; layout.ranks()];
        wanted.iter().for_each(|w| counts[w.0] += 1);
        let words: Vec<u64> = wanted.iter().map(|w| u64::from(w.1)).collect();
        let asked = self
            .ranks
            .scatter(Call::Couple, 0, ready.map(|()| &words[..]), &counts)?;
        let ids: Vec<u32> = asked.words.iter().map(|&w| w as u32).collect();
        self.gaps.counts = asked.parts().map(<[u64]>::len).collect();
        let changed = self.place_senders(&ids)?;
        let slots: Vec<usize> = if self.ranks.alone() {
            let firsts = self.first_rows();
            let row =
                |&(w, f, slot): &(u32, u32, u32)| firsts[w as usize][f as usize] + slot as usize;
            self.gaps.routes.iter().map(row).collect()
        } else {
            (0..wanted.len()).collect()
        };
        for w in &mut self.workers {
            w.gaps.arrange(|source| {
                slots[wanted.partition_point(|w| *w < (layout.rank_of(source), source))]
            });
        }
        Ok(changed)
    }

    /// The first row of what arrives from each worker and family, on one rank alone.
    fn first_rows(&self) -> Vec<Vec<usize>> {
        let mut rows = 0;
        let mut first = |part: &Option<GapPart>| {
            let first = rows;
            rows += part.as_ref().map_or(0, |p| p.senders.len());
            first
        };
        let workers = self.workers.iter();
        workers
            .map(|w| w.gap_parts.iter().map(&mut first).collect())
            .collect()
    }

    /// Makes room for what coupled nodes of this rank send and receive; `ids` are the senders that
    /// each rank has asked for, in turn.
    fn place_senders(&mut self, ids: &[u32]) -> Result<bool> {
        let mut lists = vec![vec![Vec::new(); self.families.len()]; self.workers.len()];
        let mut places = Vec::with_capacity(ids.len());
        for &id in ids {
            if let (f, Some(at)) = self.nodes.locate(id)? {
                lists[at.worker as usize][f].push(at.local);
                places.push((at.worker, f as u32, at.local));
            }
        }
        let order = self.settings.interpolation();
        // nodes that could be coupled take part in iterations, so that their steps of integration
        // do not depend on who shares their worker
        let iterates: Vec<bool> = (0..self.families.len()).map(|f| self.uses_wfr(f)).collect();
        let mut changed = false;
        for (w, lists) in self.workers.iter_mut().zip(&mut lists) {
            let mut receives = vec![false; self.families.len()];
            w.gaps
                .entries
                .iter()
                .for_each(|e| receives[e.family] = true);
            for (f, list) in lists.iter_mut().enumerate() {
                let nodes = self.families[f].held(&w.parts[f]);
                if list.is_empty() && !receives[f] && !(iterates[f] && nodes > 0) {
                    w.gap_parts[f] = None;
                    continue;
                }
                list.sort_unstable();
                list.dedup();
                let part = w.gap_parts[f].get_or_insert_default();
                changed |= part.arrange(nodes, list.clone(), self.min_delay, order);
            }
        }
        let slot = |(w, f, local): (u32, u32, u32)| {
            let list = &lists[w as usize][f as usize];
            (w, f, list.partition_point(|&l| l < local) as u32)
        };
        self.gaps.routes = places.into_iter().map(slot).collect();
        self.gaps.width = order.width(self.min_delay);
        Ok(changed)
    }

    /// Sends what coupled nodes have to say where it is wanted, and delivers it. Returns the
    /// largest change of any of them.
    pub(super) fn exchange_gaps(&mut self, ready: Result<()>) -> Result<f64> {
        let change = self.workers.iter().fold(0.0f64, |m, w| m.max(w.change));
        let start = Instant::now();
        let Couplings {
            routes,
            counts,
            width,
            arrived,
            words,
            ..
        } = &mut self.gaps;
        let width = *width;
        let largest = if self.ranks.alone() {
            ready?;
            arrived.resize(routes.len(), width);
            let mut first = 0;
            for part in self
                .workers
                .iter()
                .flat_map(|w| w.gap_parts.iter().flatten())
            {
                arrived.copy(first, &part.outgoing);
                first += part.senders.len();
            }
            change
        } else {
            words.clear();
            for &(w, f, slot) in routes.iter() {
                if let Some(part) = &self.workers[w as usize].gap_parts[f as usize] {
                    let row = part.outgoing.row(slot as usize, width);
                    words.extend(row.map(f64::to_bits));
                }
            }
            let counts: Vec<usize> = counts.iter().map(|n| n * width).collect();
            let all = self.ranks.scatter(
                Call::Couple,
                change.to_bits(),
                ready.map(|()| &words[..]),
                &counts,
            )?;
            let floats: Vec<f64> = all.words.iter().map(|&w| f64::from_bits(w)).collect();
            arrived.resize(floats.len() / width, width);
            for (row, numbers) in floats.chunks_exact(width).enumerate() {
                arrived.fill(row, numbers);
            }
            let changes = all.heads.iter().map(|h| f64::from_bits(h.note));
            changes.fold(0.0, f64::max)
        };
        self.timers.couple += start.elapsed().as_secs_f64();
        let pool = self.pool.as_mut().expect("prepared before a run");
        let (arrived, steps, width) = (&self.gaps.arrived, &self.gaps.steps, self.width);
        pool.run(&mut self.workers, |_, w| {
            w.receive_gaps(arrived, steps, width);
        });
        Ok(largest)
    }

    /// Learns which nodes on other ranks are driven by the stimulators that are sampled here.
    pub(super) fn learn_driven(&mut self) -> Result<()> {
        if self.ranks.alone() {
            return Ok(());
        }
        let stimulates = |id: &u32| {
            let run = self.nodes.run(*id);
            run.is_ok_and(|r| self.families[r.family].stimulators().is_some())
        };
        let sampled = self.devices.sampled().filter(stimulates);
        let sampled: Vec<u64> = sampled.map(u64::from).collect();
        let all = self.ranks.gather(Call::Probe, 0, Ok(&sampled))?;
        let mut asked: Vec<u32> = all.words.iter().map(|&w| w as u32).collect();
        asked.sort_unstable();
        asked.dedup();
        self.driven_elsewhere.clear();
        if asked.is_empty() {
            return Ok(());
        }
        let drives = self.workers.iter().flat_map(|w| &w.drives);
        let words: Vec<u64> = drives
            .filter(|d| asked.binary_search(&d.id).is_ok())
            .flat_map(|d| {
                d.entries
                    .iter()
                    .map(|e| u64::from(d.id) << 32 | u64::from(e.target))
            })
            .collect();
        let own = self.ranks.rank();
        let all = self.ranks.gather(Call::Probe, 0, Ok(&words))?;
        for (_, words) in all.parts().enumerate().filter(|(rank, _)| *rank != own) {
            for &word in words.iter().filter(|w| sampled.contains(&(**w >> 32))) {
                let targets = self.driven_elsewhere.entry((word >> 32) as u32);
                targets.or_default().push(word as u32);
            }
        }
        Ok(())
    }
}
