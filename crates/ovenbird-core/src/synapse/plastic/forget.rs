//! What neurons forget of their histories, by what plastic connections have read.

use super::{Block, PlasticRows};
use crate::event::Ring;
use crate::model::PostSide;
use crate::time::Clock;
use std::collections::{BTreeMap, BTreeSet};

/// A spike that a group of connections read histories for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub block: u32,
    pub group: u32,
    /// The time of the source's spike before (ms).
    pub last: f64,
}

/// Block and group, and a reading's place in the list of all with the time of the spike before it.
type OfGroup = ((u32, u32), (u32, f64));

/// Least number of readings after which neurons forget, and how many for each group.
const READINGS: usize = 1 << 16;
const READINGS_PER_GROUP: usize = 4;

/// When the connections of a group had read last.
struct Readings<'a> {
    /// Places in the list of all readings, and the time of the spike before each.
    before: &'a [(u32, f64)],
    last: f64,
}

impl Readings<'_> {
    /// The time of the source's last spike after this many readings of all groups.
    fn after(&self, n: u32) -> f64 {
        match self.before.last() {
            Some(&(nth, _)) if nth >= n => self.before[self.before.partition_point(|r| r.0 < n)].1,
            _ => self.last,
        }
    }
}

/// A connection that reads a history.
struct Reader<'a> {
    family: usize,
    local: usize,
    delay: u32,
    readings: &'a Readings<'a>,
}

impl PlasticRows {
    /// Visits the targets whose history is read (family and node) with the delays of connections in
    /// steps.
    pub fn readers(&self, ring: &Ring, mut visit: impl FnMut(usize, usize, u32)) {
        self.visit_readers(ring, &[], |r| visit(r.family, r.local, r.delay));
    }

    /// Visits the connections that read histories; `readings` are sorted by block and group.
    fn visit_readers(&self, ring: &Ring, readings: &[OfGroup], mut visit: impl FnMut(&Reader<'_>)) {
        let mut readings = readings.chunk_by(|a, b| a.0 == b.0).peekable();
        let mut before = Vec::new();
        for (b, block) in self.blocks.iter() {
            for g in block.groups() {
                let group = &block.group(g);
                if !self.sets[usize::from(group.model)].reads() {
                    continue;
                }
                before.clear();
                if let Some(own) = readings.next_if(|r| r[0].0 == (b as u32, g as u32)) {
                    before.extend(own.iter().map(|r| r.1));
                }
                let last = block.states[group.state as usize];
                let readings = Readings {
                    before: &before,
                    last,
                };
                visit_group(block, g, ring, &readings, &mut visit);
            }
        }
    }

    /// Has neurons forget what no synapse will read, if that was noted long enough.
    pub(super) fn forget_some(&mut self, ring: &Ring, posts: &mut [PostSide<'_>], clock: &Clock) {
        let groups: usize = self.blocks.values().map(|b| b.groups().len()).sum();
        let full = |p: &PostSide<'_>| p.history.as_deref().is_some_and(|h| h.is_full());
        if self.readings.len() > READINGS.max(READINGS_PER_GROUP * groups) || posts.iter().any(full)
        {
            self.forget(ring, posts, clock);
        }
    }

    /// Has neurons forget what they would have forgotten at each of their spikes until now.
    pub fn forget(&mut self, ring: &Ring, posts: &mut [PostSide<'_>], clock: &Clock) {
        let settled = |p: &PostSide<'_>| p.history.as_deref().is_none_or(|h| h.is_settled());
        if !posts.iter().all(settled) {
            self.forget_all(ring, posts, clock);
        }
        self.readings.clear();
        self.note_readings(posts, None);
    }

    fn forget_all(&self, ring: &Ring, posts: &mut [PostSide<'_>], clock: &Clock) {
        let mut readings: Vec<_> = (0..)
            .zip(&self.readings)
            .map(|(n, r)| ((r.block, r.group), (n, r.last)))
            .collect();
        readings.sort_by_key(|r| (r.0, r.1.0));
        let histories = || posts.iter().map(|p| p.history.as_deref());
        let spikes: Vec<_> = histories()
            .map(|h| h.map(|h| h.last_spikes()).unwrap_or_default())
            .collect();
        let mut horizons: Vec<_> = spikes
            .iter()
            .map(|s| vec![f64::INFINITY; s.len()])
            .collect();
        let list = |i| (i, Vec::new());
        let mut each: Vec<BTreeMap<usize, Vec<f64>>> = histories()
            .map(|h| {
                h.map(|h| h.uneven().map(list).collect())
                    .unwrap_or_default()
            })
            .collect();
        let uneven = each.iter().any(|lists| !lists.is_empty());
        let mut of_delay = (0, 0.0);
        self.visit_readers(ring, &readings, |r| {
            if let Some(&Some(n)) = spikes[r.family].get(r.local) {
                if r.delay != of_delay.0 {
                    of_delay = (r.delay, clock.ms(r.delay.into()));
                }
                let time = r.readings.after(n) - of_delay.1;
                let horizon = &mut horizons[r.family][r.local];
                *horizon = horizon.min(time);
                if uneven && let Some(list) = each[r.family].get_mut(&r.local) {
                    list.push(time);
                }
            }
        });
        for ((side, horizons), each) in posts.iter_mut().zip(&horizons).zip(&each) {
            if let Some(history) = side.history.as_deref_mut() {
                history.forget(horizons, each, self.shortest);
            }
        }
    }

    /// Tells histories how much was read before the spikes that follow, or before those since
    /// `begun` (ms).
    pub(super) fn note_readings(&self, posts: &mut [PostSide<'_>], begun: Option<f64>) {
        for history in posts.iter_mut().filter_map(|p| p.history.as_deref_mut()) {
            history.note_deliveries(self.readings.len() as u32, begun);
        }
    }

    /// Notes that the connections at these places will read no more.
    pub fn leave_unread(
        &self,
        ring: &Ring,
        posts: &mut [PostSide<'_>],
        clock: &Clock,
        places: &BTreeSet<(u32, u32)>,
    ) {
        for &place in places {
            if let Some((family, local, last, delay)) = self.reader_at(ring, place)
                && let Some(history) = posts[family].history.as_deref_mut()
            {
                history.leave_unread(local, last - clock.ms(delay.into()));
            }
        }
    }

    /// Notes that the delay of the connection at a place becomes `delay` steps.
    pub fn change_delay(
        &self,
        ring: &Ring,
        posts: &mut [PostSide<'_>],
        clock: &Clock,
        place: (u32, u32),
        delay: u32,
    ) {
        if let Some((family, local, last, old)) = self.reader_at(ring, place)
            && let Some(history) = posts[family].history.as_deref_mut()
            && old != delay
        {
            let from = |delay: u32| last - clock.ms(delay.into());
            history.move_reader(local, from(old), from(delay));
        }
    }

    /// Family and node of the target of a connection that reads a history, when its source spiked
    /// last, and its delay.
    fn reader_at(&self, ring: &Ring, (b, entry): (u32, u32)) -> Option<(usize, usize, f64, u32)> {
        let block = self.block(b as usize);
        let g = block.group_of(entry);
        let group = &block.group(g);
        if !self.sets[usize::from(group.model)].reads() {
            return None;
        }
        let mut left = (entry - group.entries) as usize;
        let (delay, _) = block.runs(g).find(|&(_, n)| {
            let here = left < n;
            left = left.wrapping_sub(n);
            here
        })?;
        let (key, local) = ring.locate(block.cells[entry as usize] as usize);
        let last = block.states[group.state as usize];
        Some((key.family as usize, local, last, delay))
    }
}

/// Visits the connections of a group.
fn visit_group(
    block: &Block,
    g: usize,
    ring: &Ring,
    readings: &Readings<'_>,
    visit: &mut impl FnMut(&Reader<'_>),
) {
    let mut e = block.entries(g).start;
    let (mut first, mut end, mut family) = (0, 0, 0);
    for (delay, n) in block.runs(g) {
        for &cell in &block.cells[e..e + n] {
            let cell = cell as usize;
            if !(first..end).contains(&cell) {
                let (key, start, nodes) = ring.channel_of(cell);
                (first, end, family) = (start, start + nodes, key.family as usize);
            }
            let local = cell - first;
            visit(&Reader {
                family,
                local,
                delay,
                readings,
            });
        }
        e += n;
    }
}
