//! Delivery of one spike along the connections of a group: the loops that synapse models share.

use super::plastic::Columns;
use crate::event::Ring;
use crate::math::{LANES, Real, exp_fused, vectorize};
use crate::model::{HISTORY_EPSILON as EPSILON, HISTORY_RECENT as RECENT};
use crate::model::{History, Post, PostSide, Unread};
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
const CHUNK: usize = 256;
/// Spikes of a target that are taken together with those of other targets; older ones are taken one
/// by one.
const STAGES: usize = RECENT;

/// Most targets have fewer new spikes than these.
const FEW: usize = 4;

/// How many targets there may be for each entry of a row, for which what is unread is looked up for
/// all targets at once.
const TARGETS_PER_ENTRY: usize = 8;

/// Spikes of targets to facilitate by: the entry and the time. Those of a stage belong to different
/// entries, and are as many spikes back as the number of the stage.
#[derive(Clone, Copy)]
struct Stage {
    len: usize,
    entries: [u8; CHUNK],
    times: [f64; CHUNK],
}

/// Buffers of a delivery.
pub(super) struct Scratch {
    /// For each entry the target's trace, and what its target did since the source's last spike.
    traces: [f64; CHUNK],
    unread: [Unread; CHUNK],
    stages: [Stage; STAGES],
    /// Entries whose target has spiked.
    active: [u8; CHUNK],
    picked: [f64; CHUNK],
    segments: Vec<Segment>,
}

impl Default for Scratch {
    fn default() -> Self {
        let stage = Stage {
            len: 0,
            entries: [0; CHUNK],
            times: [0.0; CHUNK],
        };
        Scratch {
            traces: [0.0; CHUNK],
            unread: [Unread::default(); CHUNK],
            stages: [stage; STAGES],
            active: [0; CHUNK],
            picked: [0.0; CHUNK],
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

#[derive(Clone)]
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
                let odd = if dense {
                    pick_unread(&locals, history, scratch);
                    odd
                } else {
                    find_unread(&window, &locals, history, scratch)
                };
                find_times(&locals, history, scratch);
                if odd {
                    look_up(rule, &window, &locals, weights, history, scratch);
                }
                vectorize(
                    #[inline(always)]
                    || pair_chunk(rule, &window, weights, scratch),
                );
                for (&cell, w) in cells.iter().zip(&*weights) {
                    sums[cell as usize] += if c.counts { 1.0 } else { *w };
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
struct Window {
    /// Spikes from this time on have not been read before.
    from: f64,
    /// Spikes from this time on are not read yet.
    to: f64,
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
    fn interval<R: Real>(&self, post: R) -> R {
        post + R::splat(self.delay) - R::splat(self.last)
    }
}

/// The targets of a chunk as places in their family.
struct Locals<'a> {
    cells: &'a [u32],
    first: usize,
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

/// Changes the weights of a chunk, by the oldest spikes first.
#[inline(always)]
fn pair_chunk<P: PairRule>(rule: &P, window: &Window, weights: &mut [f64], s: &mut Scratch) {
    for stage in (0..STAGES).rev() {
        if s.stages[stage].len > 0 {
            facilitate_stage(rule, window, weights, s, stage);
        }
    }
    for (w, trace) in weights.iter_mut().zip(&s.traces) {
        *w = rule.depress(*w, *trace);
    }
}

/// Takes the traces of the targets of a chunk from those of all targets.
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

/// How many of a target's newest spikes are not before `time`.
#[inline(always)]
fn count_from(times: &[f64], time: f64) -> u8 {
    times.iter().map(|t| u8::from(*t >= time)).sum()
}

/// Takes what is unread for the entries of a chunk from what is for all targets.
fn pick_unread(locals: &Locals<'_>, history: &History, s: &mut Scratch) {
    let table = history.unread();
    let mut len = 0;
    let newest = &mut s.stages[0];
    for (j, (&cell, unread)) in locals.cells.iter().zip(&mut s.unread).enumerate() {
        *unread = table[cell as usize - locals.first];
        newest.entries[len % CHUNK] = j as u8;
        len += usize::from(unread.len() > 0);
    }
    newest.len = len;
}

/// Finds what is unread for the entries of a chunk. Returns whether there are any spikes not at
/// hand.
fn find_unread(window: &Window, locals: &Locals<'_>, history: &History, s: &mut Scratch) -> bool {
    let mut active = 0;
    for (j, unread) in s.unread[..locals.cells.len()].iter_mut().enumerate() {
        *unread = Unread::default();
        s.active[active % CHUNK] = j as u8;
        active += usize::from(history.newest()[locals.at(j)] >= window.from);
    }
    let (mut len, mut odd) = (0, false);
    let newest = &mut s.stages[0];
    for k in 0..active.min(CHUNK) {
        let j = s.active[k];
        let times = &history.heads[locals.at(usize::from(j))].0;
        let mut known = count_from(&times[..FEW], window.from);
        if usize::from(known) == FEW {
            known = count_from(times, window.from);
        }
        let late = match times[0] >= window.to {
            true => count_from(times, window.to),
            false => 0,
        };
        let unread = Unread::new(known, late);
        s.unread[usize::from(j)] = unread;
        odd |= unread.is_odd();
        newest.entries[len % CHUNK] = j;
        len += usize::from(unread.len() > 0);
    }
    newest.len = len;
    odd
}

/// Sorts the spikes at hand into stages; the entries of the first are known.
fn find_times(locals: &Locals<'_>, history: &History, s: &mut Scratch) {
    for nth in 0..STAGES - 1 {
        let (stage, next) = s.stages.split_at_mut(nth + 1);
        let (stage, next) = (&mut stage[nth], &mut next[0]);
        next.len = 0;
        for k in 0..stage.len.min(CHUNK) {
            let j = stage.entries[k];
            let unread = s.unread[usize::from(j)];
            let times = &history.heads[locals.at(usize::from(j))].0;
            stage.times[k] = times[(unread.late() + nth) % RECENT];
            next.entries[next.len % CHUNK] = j;
            next.len += usize::from(unread.len() > nth + 1);
        }
    }
}

/// Looks the spikes up for the entries where they are not all at hand: the newest go to their
/// stages, the weight is facilitated by those before.
#[cold]
#[inline(never)]
fn look_up<P: PairRule>(
    rule: &P,
    window: &Window,
    locals: &Locals<'_>,
    weights: &mut [f64],
    history: &History,
    s: &mut Scratch,
) {
    for (j, w) in weights.iter_mut().enumerate() {
        if !s.unread[j].is_odd() {
            continue;
        }
        let posts = history.window(locals.at(j), window.from, window.to);
        let (before, newest) = posts.split_at(posts.len().saturating_sub(STAGES));
        for post in before {
            *w = rule.facilitate(*w, window.interval(post.time));
        }
        for (post, stage) in newest.iter().rev().zip(&mut s.stages) {
            stage.entries[stage.len] = j as u8;
            stage.times[stage.len] = post.time;
            stage.len += 1;
        }
    }
}

/// Facilitates the entries whose target has a spike in this stage.
#[inline(always)]
fn facilitate_stage<P: PairRule>(
    rule: &P,
    window: &Window,
    weights: &mut [f64],
    s: &mut Scratch,
    nth: usize,
) {
    let stage = &s.stages[nth];
    let entries = &stage.entries[..stage.len];
    for (picked, &e) in s.picked.iter_mut().zip(entries) {
        *picked = weights[usize::from(e)];
    }
    // whole vectors: what is behind the last is not used
    let padded = stage.len.next_multiple_of(LANES).min(CHUNK);
    for (w, time) in s.picked[..padded].iter_mut().zip(&stage.times[..padded]) {
        *w = rule.facilitate(*w, window.interval(*time));
    }
    for (picked, &e) in s.picked.iter().zip(entries) {
        weights[usize::from(e)] = *picked;
    }
}
