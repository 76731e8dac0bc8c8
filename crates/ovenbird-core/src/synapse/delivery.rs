//! Delivery of one spike along the connections of a group: the loops that synapse models share.

use super::plastic::Columns;
use super::readers::Readers;
use crate::event::Ring;
use crate::math::{Real, exp_fused, vectorize};
use crate::model::{HISTORY_EPSILON as EPSILON, History, Post, PostSide};
use crate::rng::{Key, Stream};
use crate::time::Step;
use std::cell::Cell;

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
pub(super) const CHUNK: usize = 1024;
/// How many targets there may be for each entry of a row, for which what is unread is looked up for
/// all targets at once.
const TARGETS_PER_ENTRY: usize = 8;

/// Buffers of a delivery.
pub(super) struct Scratch {
    /// For each entry the target's trace.
    traces: [f64; CHUNK],
    readers: Readers,
    segments: Vec<Segment>,
}

impl Default for Scratch {
    fn default() -> Self {
        Scratch {
            traces: [0.0; CHUNK],
            readers: Readers::default(),
            segments: Vec::new(),
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
    /// How many spikes of this step are delivered, about.
    pub(super) alike: usize,
    /// The length of a step (ms).
    pub(super) h: f64,
    pub(super) slot: usize,
    pub(super) columns: Columns<'a>,
    pub(super) ring: &'a mut Ring,
    pub(super) posts: &'a mut [PostSide<'p>],
    pub(super) key: Key,
    pub(super) salt: (u32, u32),
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
    read: Cell<Option<f64>>,
}

impl Past<'_> {
    /// The trace of all spikes of the target, which becomes its `post_trace`.
    pub fn trace(&self) -> f64 {
        let trace = self.traces().0;
        self.read.set(Some(trace));
        trace
    }

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
    fn segments(&mut self) -> Vec<Segment> {
        let mut segments = std::mem::take(&mut self.scratch.segments);
        segments.clear();
        let mut from = 0;
        for (delay, n) in self.columns.runs.clone() {
            let end = from + n;
            while from < end {
                let (key, first_cell, nodes) =
                    self.ring.channel_of(self.columns.cells[from] as usize);
                let cells = &self.columns.cells[from..end];
                let last = first_cell + nodes - 1;
                let inside = match cells.last() {
                    Some(&cell) if cell as usize <= last => cells.len(),
                    _ => cells.partition_point(|&c| c as usize <= last),
                };
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
        let segments = self.segments();
        for segment in &segments {
            let Some(history) = self.posts[segment.family].history.as_deref_mut() else {
                continue;
            };
            let delay = f64::from(segment.delay) * self.h;
            let at = self.time - delay;
            let window = Window {
                from: (self.last - delay) + EPSILON,
                to: at + EPSILON,
                before: at - EPSILON,
                at,
                delay,
                last: self.last,
            };
            // the traces of all targets at once pay for themselves where many of them are read
            let targets = history.newest().len();
            let reads = segment.entries.len() * self.alike;
            let all = reads * 2 > targets || history.knows_traces_at(at, P::NEAREST);
            let dense = all && segment.entries.len() * TARGETS_PER_ENTRY > targets;
            let sums = self.ring.after(self.slot, segment.delay);
            let c = &mut self.columns;
            let cells = &c.cells[segment.entries.clone()];
            let weights = &mut c.weights[segment.entries.clone()];
            touch(cells, weights);
            let odd = dense && {
                history.traces_at(at, P::NEAREST);
                history.look_up_unread(window.from)
            };
            for (cells, weights) in cells.chunks(CHUNK).zip(weights.chunks_mut(CHUNK)) {
                let locals = Locals {
                    cells,
                    first: segment.first_cell,
                };
                let scratch = &mut *self.scratch;
                if all {
                    pick_traces::<P>(&window, &locals, history, scratch);
                } else {
                    make_traces::<P>(&window, &locals, history, scratch);
                }
                let readers = &mut scratch.readers;
                let odd = if dense {
                    readers.pick(&locals, history);
                    odd
                } else {
                    readers.find(&window, &locals, history)
                };
                if odd {
                    readers.look_up(rule, &window, weights, history);
                }
                readers.sort();
                let spikes = history.heads.as_flattened();
                vectorize(
                    #[inline(always)]
                    || {
                        readers.facilitate(rule, &window, weights, spikes);
                        for (w, trace) in weights.iter_mut().zip(&scratch.traces) {
                            *w = rule.depress(*w, *trace);
                        }
                    },
                );
                if c.counts {
                    cells.iter().for_each(|&cell| sums[cell as usize] += 1.0);
                } else {
                    send(sums, cells, weights);
                }
            }
        }
        self.scratch.segments = segments;
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
        let segments = self.segments();
        let base = self.key.derive(self.salt.0, self.salt.1);
        for segment in &segments {
            // which of the connections of the same ends and delay
            let (mut nth, mut before) = (0, u32::MAX);
            let delay = f64::from(segment.delay) * self.h;
            let side = &mut self.posts[segment.family];
            let sums = self.ring.after(self.slot, segment.delay);
            let c = &mut self.columns;
            for e in segment.entries.clone() {
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
                    read: Cell::new(None),
                };
                let which = (nth << 8) | self.repeat & 0xff;
                let key = base.derive(segment.delay, which);
                let ids = (self.source, side.ids[local]);
                let mut stream = Stream::new(key, ids.0, ids.1, self.step as u32);
                let width = c.width;
                let own = &mut c.extras[e * width..(e + 1) * width];
                let sent = visit(&mut c.weights[e], own, &past, &mut stream);
                let read = past.read.get();
                if let (Some(trace), Some(h)) = (read, side.history.as_deref_mut()) {
                    h.read[local] = trace;
                }
                if let Some(w) = sent {
                    sums[cell as usize] += if c.counts { 1.0 } else { w };
                }
                if let Some(list) = self.sent.as_deref_mut() {
                    list.push(sent.unwrap_or(f64::NAN));
                }
            }
        }
        self.scratch.segments = segments;
    }
}

/// The part of the histories that a spike reads.
pub(super) struct Window {
    /// Spikes from this time on have not been read before.
    pub from: f64,
    /// Spikes from this time on are not read yet.
    pub to: f64,
    /// Spikes from this time on are not in the trace.
    before: f64,
    /// The time of the source's spike, at the target's side of the delay.
    at: f64,
    delay: f64,
    last: f64,
}

impl Window {
    /// The time from the source's last spike to the arrival of one of a target.
    #[inline(always)]
    pub fn interval<R: Real>(&self, post: R) -> R {
        post + R::splat(self.delay) - R::splat(self.last)
    }
}

/// The targets of a chunk as places in their family.
pub(super) struct Locals<'a> {
    /// Cells of neighbours in one channel.
    pub cells: &'a [u32],
    pub first: usize,
}

impl Locals<'_> {
    #[inline(always)]
    fn at(&self, j: usize) -> usize {
        self.cells[j] as usize - self.first
    }
}

/// Reads something of each cache line of a row, so that the memory brings all of them at once.
fn touch(cells: &[u32], weights: &[f64]) {
    let cells = cells.iter().step_by(64 / size_of::<u32>());
    let weights = weights.iter().step_by(64 / size_of::<f64>());
    let sums = (
        cells.fold(0, |sum, cell| sum ^ cell),
        weights.fold(0, |sum, w| sum ^ w.to_bits()),
    );
    std::hint::black_box(sums);
}

/// Adds the weights to the sums of their cells. A function of its own, so that the loop has the
/// registers.
#[inline(never)]
fn send(sums: &mut [f64], cells: &[u32], weights: &[f64]) {
    for (&cell, w) in cells.iter().zip(weights) {
        sums[cell as usize] += w;
    }
}

/// Takes the traces of the targets of a chunk from those of all targets.
#[inline(never)]
fn pick_traces<P: PairRule>(
    window: &Window,
    locals: &Locals<'_>,
    history: &mut History,
    s: &mut Scratch,
) {
    let (values, read) = history.traces_at(window.at, P::NEAREST);
    for (j, trace) in s.traces[..locals.cells.len()].iter_mut().enumerate() {
        let i = locals.at(j);
        *trace = values[i];
        if !P::NEAREST {
            read[i] = *trace;
        }
    }
}

/// Calculates the traces of the targets of a chunk.
fn make_traces<P: PairRule>(
    window: &Window,
    locals: &Locals<'_>,
    history: &mut History,
    s: &mut Scratch,
) {
    let n = locals.cells.len();
    let mut exponents = [0.0; CHUNK];
    let traces = &mut s.traces[..n];
    for (j, (trace, exponent)) in traces.iter_mut().zip(&mut exponents).enumerate() {
        let i = locals.at(j);
        let (newest, after) = history.start_of_trace(i, window.before, P::NEAREST);
        *trace = after;
        *exponent = (newest - window.at) * history.rates[i];
    }
    vectorize(
        #[inline(always)]
        || {
            for (trace, exponent) in traces.iter_mut().zip(&exponents) {
                *trace *= exp_fused(*exponent);
            }
        },
    );
    if !P::NEAREST {
        for (j, trace) in traces.iter().enumerate() {
            history.read[locals.at(j)] = *trace;
        }
    }
}
