//! The connections of a chunk whose targets have spikes to read, sorted so that spikes of many of
//! them are applied together.

use super::delivery::{CHUNK, Locals, PairRule, Window};
use crate::math::LANES;
use crate::model::{HISTORY_RECENT as RECENT, History, Unread};

/// Most targets have fewer new spikes than these.
const FEW: usize = 4;

/// In how many parts readers are counted.
const APART: usize = 4;

/// A connection whose target has spikes to read.
#[derive(Clone, Copy, Default)]
struct Reader {
    local: u32,
    entry: u16,
    unread: Unread,
}

/// The connections of a chunk whose targets have spikes to read.
pub(super) struct Readers {
    len: usize,
    list: [Reader; CHUNK],
    /// How many have more spikes to read than this.
    more: [usize; RECENT],
    /// Those with the most spikes first: the entry, and the place of the newest spike to read among
    /// the newest of all targets.
    entries: [u16; CHUNK],
    places: [usize; CHUNK],
    /// In that order; whole vectors are calculated.
    weights: [f64; CHUNK + LANES],
    times: [f64; CHUNK + LANES],
}

impl Default for Readers {
    fn default() -> Self {
        Readers {
            len: 0,
            list: [Reader::default(); CHUNK],
            more: [0; RECENT],
            entries: [0; CHUNK],
            places: [0; CHUNK],
            weights: [0.0; CHUNK + LANES],
            times: [0.0; CHUNK + LANES],
        }
    }
}

/// How many of a target's newest spikes are not before `time`.
#[inline(always)]
fn count_from(times: &[f64], time: f64) -> u8 {
    times.iter().map(|t| u8::from(*t >= time)).sum()
}

impl Readers {
    /// Takes what is unread from what is for all targets.
    #[inline(never)]
    pub fn pick(&mut self, locals: &Locals<'_>, history: &History) {
        let table = history.unread();
        let mut len = 0;
        for (entry, &cell) in locals.cells.iter().enumerate() {
            let local = cell - locals.first as u32;
            let unread = table[local as usize];
            self.list[len % CHUNK] = Reader {
                local,
                entry: entry as u16,
                unread,
            };
            len += usize::from(unread.is_any());
        }
        self.len = len;
    }

    /// Finds what is unread. Returns whether there are any spikes not at hand.
    pub fn find(&mut self, window: &Window, locals: &Locals<'_>, history: &History) -> bool {
        let mut active = 0;
        for (entry, &cell) in locals.cells.iter().enumerate() {
            let local = cell - locals.first as u32;
            self.list[active % CHUNK] = Reader {
                local,
                entry: entry as u16,
                unread: Unread::default(),
            };
            active += usize::from(history.newest()[local as usize] >= window.from);
        }
        let (mut len, mut odd) = (0, false);
        for k in 0..active.min(CHUNK) {
            let reader = self.list[k];
            let times = &history.heads[reader.local as usize];
            let mut known = count_from(&times[..FEW], window.from);
            if usize::from(known) == FEW {
                known = count_from(times, window.from);
            }
            let late = match times[0] >= window.to {
                true => count_from(times, window.to),
                false => 0,
            };
            let unread = Unread::new(known, late);
            odd |= unread.is_odd();
            self.list[len] = Reader { unread, ..reader };
            len += usize::from(unread.is_any());
        }
        self.len = len;
        odd
    }

    /// Facilitates by the spikes that are not at hand, and notes those that are, for the
    /// connections of which this was not known.
    #[cold]
    #[inline(never)]
    pub fn look_up<P: PairRule>(
        &mut self,
        rule: &P,
        window: &Window,
        weights: &mut [f64],
        history: &History,
    ) {
        let odd = self.list[..self.len]
            .iter_mut()
            .filter(|r| r.unread.is_odd());
        for reader in odd {
            let local = reader.local as usize;
            let posts = history.window(local, window.from, window.to);
            let late = count_from(&history.heads[local], window.to);
            let at_hand = match usize::from(late) < RECENT / 2 {
                true => posts.len().min(RECENT - 1 - usize::from(late)),
                false => 0,
            };
            let w = &mut weights[usize::from(reader.entry)];
            for post in &posts[..posts.len() - at_hand] {
                *w = rule.facilitate(*w, window.interval(post.time));
            }
            reader.unread = match at_hand {
                0 => Unread::default(),
                n => Unread::new(n as u8 + late, late),
            };
        }
    }

    /// Sorts by the number of spikes to read. Neighbours are counted apart, so that the next need
    /// not wait for a sum that was just stored.
    #[inline(never)]
    pub fn sort(&mut self) {
        let list = &self.list[..self.len];
        let mut next = [[0; APART]; RECENT];
        for (i, reader) in list.iter().enumerate() {
            next[reader.unread.len() % RECENT][i % APART] += 1;
        }
        let mut more = 0;
        for (next, longer) in next.iter_mut().zip(&mut self.more).rev() {
            *longer = more;
            for next in next {
                more += std::mem::replace(next, more);
            }
        }
        for (i, reader) in list.iter().enumerate() {
            let place = &mut next[reader.unread.len() % RECENT][i % APART];
            self.entries[*place % CHUNK] = reader.entry;
            self.places[*place % CHUNK] = reader.local as usize * RECENT + reader.unread.late();
            *place += 1;
        }
    }

    /// Facilitates the weights, by the oldest spikes first; `spikes` are the newest of all targets.
    #[inline(always)]
    pub fn facilitate<P: PairRule>(
        &mut self,
        rule: &P,
        window: &Window,
        weights: &mut [f64],
        spikes: &[f64],
    ) {
        let entries = &self.entries[..self.more[0].min(CHUNK)];
        for (own, &entry) in self.weights.iter_mut().zip(entries) {
            *own = weights[usize::from(entry)];
        }
        for nth in (0..RECENT - 1).rev() {
            let n = self.more[nth].min(CHUNK);
            if n == 0 {
                continue;
            }
            for (time, place) in self.times.iter_mut().zip(&self.places[..n]) {
                *time = spikes[place + nth];
            }
            // whole vectors; those behind have no spike here
            let behind: [f64; LANES] = std::array::from_fn(|i| self.weights[n + i]);
            let padded = n.next_multiple_of(LANES);
            for (w, time) in self.weights[..padded].iter_mut().zip(&self.times[..padded]) {
                *w = rule.facilitate(*w, window.interval(*time));
            }
            self.weights[n..n + LANES].copy_from_slice(&behind);
        }
        for (own, &entry) in self.weights.iter().zip(entries) {
            weights[usize::from(entry)] = *own;
        }
    }
}
