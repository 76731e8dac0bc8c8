//! Where nodes are: global id to family, worker and place, and back.

use super::Location;
use crate::error::{Error, Kind, Result};
use crate::rank::Layout;
use std::ops::Range;

/// A run of consecutive ids of one family, made by one call.
#[derive(Clone, Debug)]
pub struct Run {
    /// The first id.
    pub first: u32,
    /// How many.
    pub count: u32,
    /// Index of the family.
    pub family: usize,
    /// The place of the run's first node on each worker; for devices, the place in the family.
    base: Vec<u32>,
    /// How the nodes are spread over virtual processes; devices are on all ranks.
    layout: Option<Layout>,
}

impl Run {
    /// The last id.
    pub fn last(&self) -> u32 {
        self.first + (self.count - 1)
    }

    /// How many nodes the family held on each worker before; devices are all on the first.
    pub fn held_before(&self) -> &[u32] {
        if self.layout.is_some() {
            &self.base
        } else {
            &self.base[..1]
        }
    }

    /// The worker and place of a node of this run; `None` if another rank holds it.
    pub fn locate(&self, id: u32) -> Option<Location> {
        let layout = match self.layout {
            Some(layout) if !self.is_compact() => layout,
            _ => {
                return Some(Location {
                    worker: 0,
                    local: self.compact(id),
                });
            }
        };
        if !layout.is_here(id) {
            return None;
        }
        let worker = layout.thread_of(id);
        Some(Location {
            worker: worker as u32,
            local: self.base[worker] + (id - self.first) / layout.vps(),
        })
    }

    /// Whether one worker holds all nodes of the run, one after another.
    pub fn is_compact(&self) -> bool {
        self.layout.is_none_or(|layout| layout.vps() == 1)
    }

    /// The place of a node of a run that [is compact](Run::is_compact), on the first worker.
    #[inline(always)]
    pub fn compact(&self, id: u32) -> u32 {
        self.base[0] + (id - self.first)
    }

    /// How many nodes up to `last` belong to virtual process `vp`; all, for devices.
    pub fn count_to(&self, last: u32, vp: u32) -> u64 {
        let end = u64::from(last.min(self.last())) + 1;
        match self.layout {
            None => end - u64::from(self.first),
            Some(layout) => end
                .saturating_sub(layout.first_from(self.first, vp))
                .div_ceil(u64::from(layout.vps())),
        }
    }
}

/// All nodes in the order of their ids, which start at 1.
#[derive(Clone, Debug)]
pub struct NodeTable {
    runs: Vec<Run>,
    layout: Layout,
    next: u32,
}

impl NodeTable {
    /// An empty table for nodes that are spread like this.
    pub fn new(layout: Layout) -> Self {
        NodeTable {
            runs: Vec::new(),
            layout,
            next: 1,
        }
    }

    /// The number of nodes.
    pub fn len(&self) -> usize {
        self.next as usize - 1
    }

    /// Whether there are no nodes.
    pub fn is_empty(&self) -> bool {
        self.next == 1
    }

    /// Runs in the order of their ids.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// How nodes are spread.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Whether worker `w` of this rank owns neuron `id`.
    #[inline]
    pub fn is_on(&self, id: u32, w: usize) -> bool {
        self.layout.vp(id) == self.layout.vp_of_thread(w)
    }

    /// Whether this rank owns neuron `id`.
    #[inline]
    pub fn is_here(&self, id: u32) -> bool {
        self.layout.is_here(id)
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        let bases = self.runs.iter().map(|r| r.base.capacity() * 4);
        self.runs.capacity() * size_of::<Run>() + bases.sum::<usize>()
    }

    /// Adds `count` nodes to `family`, which holds `held[w]` nodes on worker `w` so far. Returns
    /// the first id and the ids for each worker (or all for worker 0 where nodes are not spread).
    ///
    /// # Errors
    /// When ids run out.
    pub fn add(
        &mut self,
        family: usize,
        count: u32,
        held: &[usize],
        spread: bool,
    ) -> Result<(u32, Vec<Vec<u32>>)> {
        let first = self.next;
        self.next = first
            .checked_add(count)
            .filter(|&n| n < u32::MAX)
            .ok_or_else(|| {
                Error::new(
                    Kind::Kernel,
                    format!(
                        "{count} more nodes would exceed the {} that can exist",
                        u32::MAX - 1
                    ),
                )
            })?;
        let layout = self.layout;
        let mut ids = vec![Vec::new(); layout.threads()];
        if spread {
            for (w, list) in ids.iter_mut().enumerate() {
                let start = layout.first_from(first, layout.vp_of_thread(w));
                let here = (start..u64::from(self.next)).step_by(layout.vps() as usize);
                list.extend(here.map(|id| id as u32));
            }
        } else {
            ids[0].extend(first..self.next);
        }
        let base = held.iter().map(|&n| n as u32).collect();
        self.runs.push(Run {
            first,
            count,
            family,
            base,
            layout: spread.then_some(layout),
        });
        Ok((first, ids))
    }

    /// Drops the nodes from `first` on, the first of a call, and gives their runs back.
    pub fn drop_from(&mut self, first: u32) -> Vec<Run> {
        let kept = self.runs.partition_point(|r| r.first < first);
        self.next = first;
        self.runs.split_off(kept)
    }

    /// The run that holds `id`.
    ///
    /// # Errors
    /// When there is no such node.
    pub fn run(&self, id: u32) -> Result<&Run> {
        let i = self.runs.partition_point(|r| r.first <= id);
        match i.checked_sub(1).map(|i| &self.runs[i]) {
            Some(run) if id <= run.last() => Ok(run),
            _ => Err(Error::new(
                Kind::UnknownNode,
                match self.len() {
                    0 => format!("Node with id {id} does not exist; there are no nodes"),
                    n => format!("Node with id {id} does not exist; ids go from 1 to {n}"),
                },
            )),
        }
    }

    /// Splits ids into stretches that lie in one run each: where in `ids`, and the run.
    pub fn stretches<'a>(&'a self, ids: &'a [u32]) -> Stretches<'a> {
        Stretches {
            table: self,
            ids,
            at: 0,
        }
    }

    /// The families of nodes, each with the first of its nodes, in the order in which they occur.
    ///
    /// # Errors
    /// When a node does not exist.
    pub fn families(&self, ids: &[u32]) -> Result<Vec<(usize, u32)>> {
        let mut families: Vec<(usize, u32)> = Vec::new();
        for stretch in self.stretches(ids) {
            let (places, run) = stretch?;
            if families.iter().all(|known| known.0 != run.family) {
                families.push((run.family, ids[places.start]));
            }
        }
        Ok(families)
    }

    /// The family, worker and place of node `id`; no place if another rank holds it.
    ///
    /// # Errors
    /// When there is no such node.
    pub fn locate(&self, id: u32) -> Result<(usize, Option<Location>)> {
        let run = self.run(id)?;
        Ok((run.family, run.locate(id)))
    }
}

/// Stretches of a list of ids, see [`NodeTable::stretches`].
pub struct Stretches<'a> {
    table: &'a NodeTable,
    ids: &'a [u32],
    at: usize,
}

impl<'a> Iterator for Stretches<'a> {
    type Item = Result<(Range<usize>, &'a Run)>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.at;
        let run = match self.table.run(*self.ids.get(start)?) {
            Ok(run) => run,
            Err(e) => {
                self.at = self.ids.len();
                return Some(Err(e));
            }
        };
        self.at += leading(&self.ids[start..], |id| {
            id.wrapping_sub(run.first) < run.count
        });
        Some(Ok((start..self.at, run)))
    }
}

/// How many ids at the beginning have a property; long stretches are looked through many at a time.
fn leading(ids: &[u32], has: impl Fn(u32) -> bool) -> usize {
    const FEW: usize = 16;
    const MANY: usize = 64;
    let one_by_one = |ids: &[u32]| ids.iter().take_while(|&&id| has(id)).count();
    let few = one_by_one(&ids[..ids.len().min(FEW)]);
    if few < FEW {
        return few;
    }
    let all = |part: &&[u32; MANY]| part.iter().fold(true, |all, &id| all & has(id));
    let parts = ids[FEW..].as_chunks::<MANY>().0;
    let many = FEW + MANY * parts.iter().take_while(all).count();
    many + one_by_one(&ids[many..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_end_where_the_run_does() {
        for n in [0, 1, 15, 16, 17, 79, 80, 81, 300] {
            let ids: Vec<u32> = (0..n).collect();
            for limit in 0..=n {
                assert_eq!(leading(&ids, |id| id < limit), limit as usize);
            }
        }
    }

    #[test]
    fn every_node_has_one_place() {
        for (ranks, threads) in [(1, 1), (1, 2), (1, 7), (2, 1), (3, 2), (5, 3)] {
            let mut found = Vec::new();
            for rank in 0..ranks {
                let layout = Layout::new(rank, ranks, threads);
                let mut table = NodeTable::new(layout);
                let mut held = vec![vec![0; threads]; 2];
                let mut places = std::collections::BTreeSet::new();
                for (family, count) in [(0, 5), (1, 1), (0, 13), (1, 4)] {
                    let (_, ids) = table.add(family, count, &held[family], true).unwrap();
                    for (w, list) in ids.iter().enumerate() {
                        for (k, &id) in list.iter().enumerate() {
                            let place = Location {
                                worker: w as u32,
                                local: (held[family][w] + k) as u32,
                            };
                            assert_eq!(table.locate(id).unwrap(), (family, Some(place)));
                            assert!(table.is_on(id, w) && table.is_here(id));
                            assert!(places.insert((family, place.worker, place.local)));
                            found.push(id);
                        }
                        let run = table.runs().last().unwrap();
                        let vp = layout.vp_of_thread(w);
                        assert_eq!(run.count_to(run.last(), vp), list.len() as u64);
                        held[family][w] += list.len();
                    }
                }
                let elsewhere = (1..=23).filter(|&id| table.locate(id).unwrap().1.is_none());
                assert_eq!(elsewhere.count(), 23 - places.len());
                assert!(table.locate(0).is_err() && table.locate(24).is_err());
            }
            found.sort_unstable();
            assert_eq!(found, (1..=23).collect::<Vec<u32>>());
        }
    }
}
