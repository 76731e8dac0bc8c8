//! Delivery of one spike along the connections of a group: the loops that synapse models share.

use super::plastic::Columns;
use crate::event::Ring;
use crate::math::{LANES, Lanes, Real, exp, vectorize};
use crate::model::{HISTORY_EPSILON as EPSILON, HISTORY_RECENT as RECENT};
use crate::model::{History, Post, PostSide};
use crate::rng::{Key, Stream};
use crate::time::Step;

/// A rule of plasticity that changes the weight by pairs of spikes.
///
/// Functions must be `#[inline(always)]`, so that they are compiled for the widest vector unit.
pub trait PairRule {
    /// Whether the trace is of the nearest spike alone.
    const NEAREST: bool = false;
    /// The weight after a spike of the target; `interval` is the time from the source's last spike
    /// to the arrival of the target's at the synapse (ms).
    fn facilitate<R: Real>(&self, weight: R, interval: R) -> R;
    /// The weight after a spike of the source; `trace` is that of the target.
    fn depress<R: Real>(&self, weight: R, trace: R) -> R;
}

/// Entries that are taken through each stage together.
const CHUNK: usize = 128;
const ROUNDS: usize = RECENT - 1;

/// Buffers of a delivery.
pub(super) struct Scratch {
    weights: [f64; CHUNK],
    /// For each entry what the trace was after the last spike, and its exponent since.
    traces: [f64; CHUNK],
    exponents: [f64; CHUNK],
    /// Spikes of targets to facilitate by, in rounds: the entry and the interval.
    entries: [[u8; CHUNK + 1]; ROUNDS],
    intervals: [[f64; CHUNK + 1]; ROUNDS],
    picked: [f64; CHUNK],
}

impl Default for Scratch {
    fn default() -> Self {
        Scratch {
            weights: [0.0; CHUNK],
            traces: [0.0; CHUNK],
            exponents: [0.0; CHUNK],
            entries: [[0; CHUNK + 1]; ROUNDS],
            intervals: [[0.0; CHUNK + 1]; ROUNDS],
            picked: [0.0; CHUNK],
        }
    }
}

/// One spike on its way to targets that share parameters and state.
pub struct Delivery<'a, 'p> {
    /// When the spike was emitted (ms).
    pub time: f64,
    /// When the source spiked before (ms).
    pub last: f64,
    pub(super) step: Step,
    pub(super) source: u32,
    /// Which of the spikes of this step.
    pub(super) repeat: u32,
    /// The length of a step (ms).
    pub(super) h: f64,
    pub(super) slot: usize,
    pub(super) columns: Columns<'a>,
    pub(super) ring: &'a mut Ring,
    pub(super) posts: &'a mut [PostSide<'p>],
    pub(super) key: Key,
    /// Takes the weight that each connection sent; NaN where it sent nothing.
    pub(super) sent: Option<&'a mut Vec<f64>>,
    pub(super) scratch: &'a mut Scratch,
}

/// What a target did before the spike reached it.
pub struct Past<'a> {
    history: Option<(&'a History, usize)>,
    /// The time of the spike, at the target's side of the delay.
    at: f64,
    from: f64,
    delay: f64,
    last: f64,
}

impl Past<'_> {
    /// The target's spikes since the source's last one.
    pub fn posts(&self) -> &[Post] {
        match self.history {
            Some((h, i)) => h.window(i, self.from, self.at + EPSILON),
            None => &[],
        }
    }

    /// The time from the source's last spike to the arrival of `post` at the synapse.
    pub fn interval(&self, post: &Post) -> f64 {
        post.time + self.delay - self.last
    }

    /// The target's traces: of all its spikes, of the nearest, and the slow one.
    pub fn traces(&self) -> (f64, f64, f64) {
        self.history
            .map_or((0.0, 0.0, 0.0), |(h, i)| h.traces(i, self.at))
    }
}

/// Entries of one delay whose targets are neighbours in one channel.
struct Segment {
    first_cell: usize,
    family: usize,
    delay: u32,
    entries: std::ops::Range<usize>,
}

impl Delivery<'_, '_> {
    /// Time since the source's last spike (ms).
    pub fn interval(&self) -> f64 {
        self.time - self.last
    }

    /// Sends each connection's weight times `factor`.
    pub fn scale(&mut self, factor: f64) {
        let c = &self.columns;
        let mut from = 0;
        for (delay, n) in c.runs.clone() {
            let sums = self.ring.after(self.slot, delay);
            let cells = &c.cells[from..from + n];
            if c.counts {
                cells.iter().for_each(|&cell| sums[cell as usize] += 1.0);
            } else {
                for (&cell, w) in cells.iter().zip(&c.weights[from..from + n]) {
                    sums[cell as usize] += w * factor;
                }
            }
            from += n;
        }
        if let Some(sent) = self.sent.as_deref_mut() {
            sent.extend(c.weights.iter().map(|w| w * factor));
        }
    }

    /// Sends the same to all targets.
    pub fn send_all(&mut self, weight: f64) {
        let c = &self.columns;
        let amount = if c.counts { 1.0 } else { weight };
        let mut from = 0;
        for (delay, n) in c.runs.clone() {
            let sums = self.ring.after(self.slot, delay);
            for &cell in &c.cells[from..from + n] {
                sums[cell as usize] += amount;
            }
            from += n;
        }
        if let Some(sent) = self.sent.as_deref_mut() {
            sent.extend(c.cells.iter().map(|_| weight));
        }
    }

    /// The stretches of entries that share a delay and a channel.
    fn segments(&self) -> Vec<Segment> {
        let mut segments = Vec::new();
        let mut from = 0;
        for (delay, n) in self.columns.runs.clone() {
            let end = from + n;
            while from < end {
                let (key, first_cell, nodes) =
                    self.ring.channel_of(self.columns.cells[from] as usize);
                let cells = &self.columns.cells[from..end];
                let inside = cells.partition_point(|&c| (c as usize) < first_cell + nodes);
                segments.push(Segment {
                    first_cell,
                    family: key.family as usize,
                    delay,
                    entries: from..from + inside,
                });
                from += inside;
            }
        }
        segments
    }

    /// Changes each weight by the spikes of its target since the source's last spike and by this
    /// spike, and sends it.
    pub fn pair<P: PairRule>(&mut self, rule: &P) {
        for segment in self.segments() {
            let Some(history) = self.posts[segment.family].history.as_deref_mut() else {
                continue;
            };
            let delay = f64::from(segment.delay) * self.h;
            let window = Window {
                from: (self.last - delay) + EPSILON,
                at: self.time - delay,
                delay,
                last: self.last,
            };
            let sums = self.ring.after(self.slot, segment.delay);
            let c = &mut self.columns;
            let cells = &c.cells[segment.entries.clone()];
            let weights = &mut c.weights[segment.entries];
            for (cells, weights) in cells.chunks(CHUNK).zip(weights.chunks_mut(CHUNK)) {
                let locals = Locals {
                    cells,
                    first: segment.first_cell,
                };
                let scratch = &mut *self.scratch;
                vectorize(
                    #[inline(always)]
                    || pair_chunk(rule, &window, &locals, weights, history, scratch),
                );
                if c.counts {
                    cells.iter().for_each(|&cell| sums[cell as usize] += 1.0);
                } else {
                    for (&cell, w) in cells.iter().zip(&*weights) {
                        sums[cell as usize] += *w;
                    }
                }
            }
        }
        if let Some(sent) = self.sent.as_deref_mut() {
            sent.extend_from_slice(self.columns.weights);
        }
    }

    /// Visits each connection: its weight, what it has of its own, what its target did, and random
    /// numbers of its own. What is returned is sent; `None` sends nothing.
    pub fn each(
        &mut self,
        mut visit: impl FnMut(&mut f64, &mut [f64], &Past<'_>, &mut Stream) -> Option<f64>,
    ) {
        let mut nth = 0;
        let mut before = u32::MAX;
        for segment in self.segments() {
            let delay = f64::from(segment.delay) * self.h;
            let side = &mut self.posts[segment.family];
            let sums = self.ring.after(self.slot, segment.delay);
            let c = &mut self.columns;
            for e in segment.entries {
                let cell = c.cells[e];
                let local = cell as usize - segment.first_cell;
                nth = if cell == before { nth + 1 } else { 0 };
                before = cell;
                let past = Past {
                    history: side.history.as_deref().map(|h| (h, local)),
                    at: self.time - delay,
                    from: (self.last - delay) + EPSILON,
                    delay,
                    last: self.last,
                };
                let which = (nth << 8) | self.repeat & 0xff;
                let key = self.key.derive(segment.delay, which);
                let ids = (self.source, side.ids[local]);
                let mut stream = Stream::new(key, ids.0, ids.1, self.step as u32);
                let width = c.width;
                let own = &mut c.extras[e * width..(e + 1) * width];
                let sent = visit(&mut c.weights[e], own, &past, &mut stream);
                if let Some(w) = sent {
                    sums[cell as usize] += if c.counts { 1.0 } else { w };
                }
                if let Some(list) = self.sent.as_deref_mut() {
                    list.push(sent.unwrap_or(f64::NAN));
                }
            }
        }
    }
}

/// The part of the histories that a spike reads.
struct Window {
    /// Spikes from this time on have not been read before.
    from: f64,
    /// The time of the source's spike, at the target's side of the delay.
    at: f64,
    delay: f64,
    last: f64,
}

/// The targets of a chunk as places in their family.
struct Locals<'a> {
    cells: &'a [u32],
    first: usize,
}

#[inline(always)]
fn pair_chunk<P: PairRule>(
    rule: &P,
    window: &Window,
    locals: &Locals<'_>,
    weights: &mut [f64],
    history: &mut History,
    s: &mut Scratch,
) {
    let n = weights.len();
    s.weights[..n].copy_from_slice(weights);
    let mut counts = [0usize; ROUNDS];
    let before = window.at - EPSILON;
    for (j, &cell) in locals.cells.iter().enumerate() {
        let i = cell as usize - locals.first;
        let head = &history.heads[i];
        let times = &head.times;
        if times[0] < before && times[ROUNDS] < window.from {
            s.exponents[j] = (times[0] - window.at) * head.rate;
            s.traces[j] = if P::NEAREST && head.trace > 0.0 {
                1.0
            } else {
                head.trace
            };
            // the oldest first
            let fresh = times
                .iter()
                .map(|t| usize::from(*t >= window.from))
                .sum::<usize>();
            for round in 0..ROUNDS {
                let to = counts[round];
                s.entries[round][to] = j as u8;
                let time = times[(fresh.wrapping_sub(1 + round)) % RECENT];
                s.intervals[round][to] = time + window.delay - window.last;
                counts[round] += usize::from(fresh > round);
            }
        } else {
            let mut w = s.weights[j];
            for post in history.window(i, window.from, window.at + EPSILON) {
                w = rule.facilitate(w, post.time + window.delay - window.last);
            }
            s.weights[j] = w;
            let (trace, nearest, _) = history.traces(i, window.at);
            s.traces[j] = if P::NEAREST { nearest } else { trace };
            s.exponents[j] = 0.0;
        }
    }
    for round in 0..ROUNDS {
        facilitate_round(rule, s, round, counts[round]);
    }
    let lanes = n.next_multiple_of(LANES);
    for at in (0..lanes).step_by(LANES) {
        let load = |values: &[f64; CHUNK]| Lanes::load(&values[at..at + LANES]);
        let trace = load(&s.traces) * exp(load(&s.exponents));
        rule.depress(load(&s.weights), trace)
            .store(&mut s.weights[at..at + LANES]);
        trace.store(&mut s.traces[at..at + LANES]);
    }
    weights.copy_from_slice(&s.weights[..n]);
    if !P::NEAREST {
        for (&cell, trace) in locals.cells.iter().zip(&s.traces) {
            history.heads[cell as usize - locals.first].read = *trace;
        }
    }
}

/// Facilitates the entries whose target has a spike in this round.
#[inline(always)]
fn facilitate_round<P: PairRule>(rule: &P, s: &mut Scratch, round: usize, n: usize) {
    let entries = &s.entries[round][..n];
    for (picked, &e) in s.picked.iter_mut().zip(entries) {
        *picked = s.weights[usize::from(e)];
    }
    let lanes = n.next_multiple_of(LANES);
    let intervals = &s.intervals[round][..lanes];
    for (w, interval) in s.picked[..lanes]
        .chunks_mut(LANES)
        .zip(intervals.chunks(LANES))
    {
        rule.facilitate(Lanes::load(w), Lanes::load(interval))
            .store(w);
    }
    for (picked, &e) in s.picked.iter().zip(entries) {
        s.weights[usize::from(e)] = *picked;
    }
}
