//! Delivery of one spike along the connections of a group: the loops that synapse models share.

use super::ahead::Ahead;
use super::plastic::Columns;
use super::readers::Readers;
use super::sums::{add_each, add_same};
use crate::event::Ring;
use crate::math::{LookUp, Real, Width, exp_fused, vectorize};
use crate::model::{
    HISTORY_EPSILON as EPSILON, HISTORY_RECENT, History, Post, PostSide, SpikeTimes as Times,
};
use crate::rng::{Key, Stream};
use crate::time::Step;
use std::cell::Cell;

/// A rule of plasticity that changes the weight by pairs of spikes.
///
/// Functions must be `#[inline(always)]`, so that they are compiled for the widest vector unit.
pub trait PairRule {
    /// Whether the trace is of the nearest spike alone.
    const NEAREST: bool = false;
    /// Whether facilitation looks something up.
    const LOOKS_UP: bool = false;
    /// The weight after a spike of the target; `interval` is the time from the source's last spike
    /// to the arrival of the target's at the synapse (ms).
    fn facilitate<R: Real>(&self, look_up: impl LookUp, weight: R, interval: R) -> R;
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
    /// What is delivered next.
    pub ahead: Ahead,
}

impl Default for Scratch {
    fn default() -> Self {
        Scratch {
            traces: [0.0; CHUNK],
            readers: Readers::default(),
            segments: Vec::new(),
            ahead: Ahead::none(),
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
    pub(super) width: Width,
    pub(super) salt: (u32, u32),
    /// Takes the weight that each connection sent; NaN where it sent nothing.
    pub(super) sent: Option<&'a mut Vec<f64>>,
    pub(super) scratch: &'a mut Scratch,
    /// Whether the row was fetched from memory.
    pub(super) fetched: bool,
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
    first_cell: u32,
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
                add_same(sums, cells, 1.0, &mut self.scratch.ahead);
            } else {
                let weights = &c.weights[from..from + n];
                add_each(sums, cells, weights, factor, &mut self.scratch.ahead);
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
            let cells = &c.cells[from..from + n];
            add_same(sums, cells, amount, &mut self.scratch.ahead);
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
                    first_cell: first_cell as u32,
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
            let window = Window::new(self.time, self.last, delay);
            let c = &mut self.columns;
            let cells = &c.cells[segment.entries.clone()];
            let weights = &mut c.weights[segment.entries.clone()];
            if !self.fetched {
                touch(cells, weights);
            }
            let manner = Manner::choose::<P>(&window, cells.len(), self.alike, history);
            let sums = self.ring.after(self.slot, segment.delay);
            for (cells, weights) in cells.chunks(CHUNK).zip(weights.chunks_mut(CHUNK)) {
                let locals = Locals {
                    cells,
                    first: segment.first_cell,
                };
                let connections = (&locals, &mut *weights);
                let scratch = &mut *self.scratch;
                change(
                    rule,
                    &window,
                    manner,
                    connections,
                    history,
                    scratch,
                    self.width,
                );
                if c.counts {
                    add_same(sums, cells, 1.0, &mut scratch.ahead);
                } else {
                    send(sums, cells, weights, &mut scratch.ahead);
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
                let local = (cell - segment.first_cell) as usize;
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
    /// What a spike at `time` reads whose source spiked at `last` before (ms).
    pub fn new(time: f64, last: f64, delay: f64) -> Self {
        let at = time - delay;
        Window {
            from: (last - delay) + EPSILON,
            to: at + EPSILON,
            before: at - EPSILON,
            at,
            delay,
            last,
        }
    }

    /// The time from the source's last spike to the arrival of one of a target.
    #[inline(always)]
    pub fn interval<R: Real>(&self, post: R) -> R {
        post + R::splat(self.delay) - R::splat(self.last)
    }
}

/// How the connections of a segment read histories. What is made for all targets at once pays for
/// itself where many of them read it.
#[derive(Clone, Copy)]
enum Manner {
    /// Traces and what is unread are known for all targets; whether any spikes to read are not at
    /// hand.
    Dense { odd: bool },
    /// Traces are known for all targets.
    Traces,
    /// Nothing is.
    Each,
}

impl Manner {
    /// The manner of so many connections, where the spikes of about `alike` sources reach their
    /// targets at one time.
    fn choose<P: PairRule>(
        window: &Window,
        connections: usize,
        alike: usize,
        history: &mut History,
    ) -> Self {
        let targets = history.newest().len();
        let many = connections * alike * 2 > targets;
        if !many && !history.knows_traces_at(window.at, P::NEAREST) {
            return Manner::Each;
        }
        if connections * TARGETS_PER_ENTRY <= targets {
            return Manner::Traces;
        }
        history.traces_at(window.at, P::NEAREST);
        let odd = history.look_up_unread(window.from);
        Manner::Dense { odd }
    }
}

/// The targets of a chunk as places in their family.
pub(super) struct Locals<'a> {
    /// Cells of neighbours in one channel.
    pub cells: &'a [u32],
    /// The cell of the first of the family.
    pub first: u32,
}

impl Locals<'_> {
    #[inline(always)]
    pub fn of(&self, cell: u32) -> u32 {
        cell - self.first
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
fn send(sums: &mut [f64], cells: &[u32], weights: &[f64], ahead: &mut Ahead) {
    add_each(sums, cells, weights, 1.0, ahead);
}

/// Changes the weights of a chunk by the spikes of their targets and by that of the source.
fn change<P: PairRule>(
    rule: &P,
    window: &Window,
    manner: Manner,
    (locals, weights): (&Locals<'_>, &mut [f64]),
    history: &mut History,
    s: &mut Scratch,
    width: Width,
) {
    let (readers, traces) = (&mut s.readers, &mut s.traces[..weights.len()]);
    let ahead = &mut s.ahead;
    let odd = match manner {
        Manner::Dense { odd } => {
            readers.pick::<P>(locals, history, traces, ahead);
            odd
        }
        Manner::Traces => {
            pick_traces::<P>(window, locals, history, traces);
            readers.find(window, locals, history, ahead)
        }
        Manner::Each => {
            make_traces::<P>(window, locals, history, traces);
            readers.find(window, locals, history, ahead)
        }
    };
    if odd {
        readers.read_histories(rule, window, locals, weights, history);
    }
    let times = match manner {
        Manner::Dense { .. } => history.recent.all(),
        _ => Times {
            list: history.heads.as_flattened(),
            target: HISTORY_RECENT,
            older: 1,
        },
    };
    readers.sort(locals, width);
    readers.facilitate(rule, window, weights, times, width);
    width.run(
        #[inline(always)]
        || {
            for (w, trace) in weights.iter_mut().zip(&*traces) {
                *w = rule.depress(*w, *trace);
            }
        },
    );
}

/// Takes the traces of the targets of a chunk from those of all targets.
#[inline(never)]
fn pick_traces<P: PairRule>(
    window: &Window,
    locals: &Locals<'_>,
    history: &mut History,
    traces: &mut [f64],
) {
    let (values, read) = history.traces_at(window.at, P::NEAREST);
    for (&cell, trace) in locals.cells.iter().zip(traces) {
        let i = locals.of(cell) as usize;
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
    traces: &mut [f64],
) {
    let mut exponents = [0.0; CHUNK];
    let out = traces.iter_mut().zip(&mut exponents);
    for (&cell, (trace, exponent)) in locals.cells.iter().zip(out) {
        let i = locals.of(cell) as usize;
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
        for (&cell, trace) in locals.cells.iter().zip(&*traces) {
            history.read[locals.of(cell) as usize] = *trace;
        }
    }
}
