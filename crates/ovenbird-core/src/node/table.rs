//! Where nodes are: global id to family, worker and place, and back.

use super::Location;
use crate::error::{Error, Kind, Result};

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
    /// Whether the nodes are spread over the workers.
    spread: bool,
}

impl Run {
    /// The last id.
    pub fn last(&self) -> u32 {
        self.first + (self.count - 1)
    }

    /// How many nodes the family held on each worker before; devices are all on the first.
    pub fn held_before(&self) -> &[u32] {
        if self.spread {
            &self.base
        } else {
            &self.base[..1]
        }
    }

    /// The worker and place of a node of this run.
    pub fn locate(&self, id: u32) -> Location {
        if !self.spread {
            return Location {
                worker: 0,
                local: self.base[0] + (id - self.first),
            };
        }
        let workers = self.base.len() as u32;
        let worker = id % workers;
        let first_here = self.first + (worker + workers - self.first % workers) % workers;
        Location {
            worker,
            local: self.base[worker as usize] + (id - first_here) / workers,
        }
    }
}

/// All nodes in the order of their ids, which start at 1.
#[derive(Clone, Debug)]
pub struct NodeTable {
    runs: Vec<Run>,
    workers: usize,
    next: u32,
}

impl NodeTable {
    /// An empty table for nodes spread over `workers`.
    pub fn new(workers: usize) -> Self {
        NodeTable {
            runs: Vec::new(),
            workers,
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

    /// The worker that owns neuron `id`.
    pub fn worker(&self, id: u32) -> usize {
        id as usize % self.workers
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
        let mut ids = vec![Vec::new(); self.workers];
        if spread {
            for (w, list) in ids.iter_mut().enumerate() {
                let workers = self.workers as u32;
                let start = first + (w as u32 + workers - first % workers) % workers;
                list.extend((start..self.next).step_by(self.workers));
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
            spread,
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

    /// The family, worker and place of node `id`.
    ///
    /// # Errors
    /// When there is no such node.
    pub fn locate(&self, id: u32) -> Result<(usize, Location)> {
        let run = self.run(id)?;
        Ok((run.family, run.locate(id)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_node_has_one_place() {
        for workers in [1, 2, 3, 7] {
            let mut table = NodeTable::new(workers);
            let mut held = vec![vec![0; workers]; 2];
            let mut places = std::collections::BTreeSet::new();
            for (family, count) in [(0, 5), (1, 1), (0, 13), (1, 4)] {
                let (_, ids) = table.add(family, count, &held[family], true).unwrap();
                for (w, list) in ids.iter().enumerate() {
                    for (k, &id) in list.iter().enumerate() {
                        let place = Location {
                            worker: w as u32,
                            local: (held[family][w] + k) as u32,
                        };
                        assert_eq!(table.locate(id).unwrap(), (family, place));
                        assert!(places.insert((family, place.worker, place.local)));
                    }
                    held[family][w] += list.len();
                }
            }
            assert_eq!(places.len(), 23);
            assert!(table.locate(0).is_err() && table.locate(24).is_err());
        }
    }
}
