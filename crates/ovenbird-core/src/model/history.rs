//! The spikes of neurons that plastic synapses will still read, with the traces that they left.
//!
//! A neuron forgets at a spike, as NEST does: the oldest spike goes if every incoming connection
//! has read it, and the one after it is longer ago than any delay can reach. Connections that are
//! made later find what is left then. Forgetting is put off, though: [`History::forget`] makes up
//! for all spikes since the last time, and results do not depend on when it is called.
//!
//! What most reads need stands apart: the times of the newest few spikes of each neuron, in columns
//! for reads of all neurons at once and side by side for reads of one, and the traces after the
//! newest two.

use super::recent::Recent;
use crate::math::{Real, exp, exp_fused, vectorize};
use std::collections::BTreeMap;
use std::ops::Range;

/// Spikes closer than this count as simultaneous (ms).
pub const EPSILON: f64 = 1e-6;

/// A spike of a neuron.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Post {
    /// When it was (ms).
    pub time: f64,
    /// The depression trace just after it.
    pub trace: f64,
    /// The slow depression trace of the triplet rule just after it.
    pub triplet: f64,
}

/// The times of how many of the newest spikes are kept at hand.
pub(crate) const RECENT: usize = 16;

const NO_SPIKES: [f64; RECENT] = [f64::NEG_INFINITY; RECENT];

#[derive(Clone, Debug, Default)]
struct Log {
    posts: Vec<Post>,
    listening: bool,
    /// Whether there was a spike since the neuron last forgot, and how many deliveries were noted
    /// when the last one came.
    spiked: Option<u32>,
    triplet_rate: f64,
    /// The longest delay of any connection that there was (ms).
    reach: f64,
}

/// How connections that were removed or got another delay have read.
#[derive(Clone, Debug, Default)]
struct Exceptions {
    /// From when on those that were removed had not read (ms), and how many of them: one entry for
    /// all between the same two spikes, so that there are no more of them than spikes held.
    removed: Vec<(f64, i32)>,
    /// Spans of time whose spikes were read once more, or once less, than once by each connection.
    recounted: Vec<(Range<f64>, i32)>,
}

impl Exceptions {
    /// Whether `connections`, which had not read from these times on, and those that are no more
    /// have all read a spike at `time`, as far as their number tells.
    fn counts(&self, connections: &[f64], time: f64) -> bool {
        let present = connections.iter().map(|&h| (h, 1));
        let all = present.chain(self.removed.iter().copied());
        let unread: i32 = all
            .filter(|(h, _)| time >= h + EPSILON)
            .map(|(_, n)| n)
            .sum();
        let inside = |span: &Range<f64>| time >= span.start + EPSILON && time < span.end + EPSILON;
        let more = self.recounted.iter().filter(|(span, _)| inside(span));
        more.map(|(_, n)| n).sum::<i32>() >= unread
    }
}

/// The number of posts before `time`, counted from the newest, since reads are of late ones.
#[inline(always)]
fn count_before(posts: &[Post], time: f64) -> usize {
    let mut n = posts.len();
    while n > 0 && posts[n - 1].time >= time {
        n -= 1;
        if posts.len() - n == 16 {
            return posts[..n].partition_point(|p| p.time < time);
        }
    }
    n
}

/// Least number of spikes to hold before any are dropped, per neuron.
const KEPT: usize = 32;

/// A number of spikes to read, less than [`RECENT`], and how many newer ones there are that are not
/// read yet, less than half of it; or a mark that the times of those to read may not all be at
/// hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Unread(u8);

impl Unread {
    /// `known` spikes at hand have not been read, `late` of them are not read yet.
    #[inline(always)]
    pub fn new(known: u8, late: u8) -> Self {
        let both = late << 4 | known.wrapping_sub(late);
        let odd = (usize::from(known) == RECENT) | (usize::from(late) >= RECENT / 2);
        Unread(if odd { 0x80 } else { both })
    }

    /// All of it as bits.
    #[inline(always)]
    pub fn bits(self) -> u8 {
        self.0
    }

    /// From bits.
    #[inline(always)]
    pub fn from_bits(bits: u8) -> Self {
        Unread(bits)
    }

    /// The number of spikes to read; none if they are not at hand.
    #[inline(always)]
    pub fn len(self) -> usize {
        usize::from(self.0 & 0xf)
    }

    /// The place of the newest spike to read.
    #[inline(always)]
    pub fn late(self) -> usize {
        usize::from(self.0 >> 4 & 0x7)
    }

    /// Whether the spikes to read must be looked up in the history.
    #[inline(always)]
    pub fn is_odd(self) -> bool {
        self.0 & 0x80 != 0
    }
}

/// The traces of all neurons at one time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traces {
    /// The time, and whether they are those of the nearest spikes alone.
    of: Option<(f64, bool)>,
    pub values: Vec<f64>,
    /// The number of spikes after that time.
    late: Vec<u8>,
    /// What the source that reads at that time has not read.
    unread: Vec<Unread>,
}

/// The spike histories of a family's neurons on one worker.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The times of each neuron's newest spikes, the newest first; -inf where there is none.
    pub(crate) heads: Vec<[f64; RECENT]>,
    /// The same by column.
    pub(crate) recent: Recent,
    /// The traces just after the newest spike, and after the one before it.
    after: [Vec<f64>; 2],
    /// One over the time constants of the traces.
    pub(crate) rates: Vec<f64>,
    /// The traces that were read last.
    pub(crate) read: Vec<f64>,
    logs: Vec<Log>,
    exceptions: BTreeMap<usize, Exceptions>,
    held: usize,
    limit: usize,
    /// The spikes since neurons last forgot, and the deliveries until now.
    since: usize,
    delivered: u32,
    traces: Traces,
    counts: Vec<u8>,
}

/// Adds to `counts` how many of the newest spikes of each neuron are not before `time`.
#[inline(always)]
fn count_from(recent: &Recent, time: f64, counts: &mut [u8]) {
    for nth in 0..RECENT {
        let mut any = 0;
        for (count, spike) in counts.iter_mut().zip(recent.column(nth)) {
            let one = u8::from(*spike >= time);
            *count += one;
            any |= one;
        }
        // in the columns that follow are older ones
        if any == 0 {
            break;
        }
    }
}

/// What a synapse reads of its targets.
pub struct PostSide<'a> {
    /// Global ids.
    pub ids: &'a [u32],
    /// The history, if any of them has plastic inputs.
    pub history: Option<&'a mut History>,
}

impl History {
    /// Keeps the spikes of neuron `i` from now on; `tau` are the time constants of its traces.
    pub fn listen(&mut self, i: usize, tau: (f64, f64)) {
        if i >= self.heads.len() {
            self.heads.resize(i + 1, NO_SPIKES);
            self.recent.grow(i + 1);
            self.after.iter_mut().for_each(|c| c.resize(i + 1, 0.0));
            self.rates.resize(i + 1, 0.0);
            self.read.resize(i + 1, 0.0);
            self.logs.resize_with(i + 1, Log::default);
        }
        self.logs[i].listening = true;
        self.set_rates(i, tau);
    }

    /// Notes that neuron `i` has a connection with this delay (ms).
    pub fn reach(&mut self, i: usize, delay: f64) {
        let log = &mut self.logs[i];
        log.reach = log.reach.max(delay);
    }

    /// Notes that a connection to neuron `i` was removed, which had not read from `time` on.
    pub fn leave_unread(&mut self, i: usize, time: f64) {
        let posts = &self.logs[i].posts;
        let read = |from: f64| posts.partition_point(|p| p.time < from + EPSILON);
        let removed = &mut self.exceptions.entry(i).or_default().removed;
        let n = read(time);
        match removed.iter_mut().rev().find(|r| read(r.0) == n) {
            Some(same) => same.1 += 1,
            None => removed.push((time, 1)),
        }
    }

    /// Notes that a connection to neuron `i`, which had not read from `old` on, will read from
    /// `new` on, since its delay was changed.
    pub fn move_reader(&mut self, i: usize, old: f64, new: f64) {
        let (span, more) = if new < old {
            (new..old, 1)
        } else {
            (old..new, -1)
        };
        let of = self.exceptions.entry(i).or_default();
        of.recounted.push((span, more));
    }

    /// Neurons for which it matters from when on each single connection has not read.
    pub fn uneven(&self) -> impl Iterator<Item = usize> {
        let uneven = self.exceptions.iter().filter(|e| !e.1.recounted.is_empty());
        uneven.map(|e| *e.0)
    }

    /// Notes how many deliveries there were since neurons last forgot. Those that belong to the
    /// start of a slice, but came when it had begun at `begun`, count as if they had come then.
    pub fn note_deliveries(&mut self, delivered: u32, begun: Option<f64>) {
        self.delivered = delivered;
        self.traces.of = None;
        let Some(begun) = begun else {
            return;
        };
        for (log, newest) in self.logs.iter_mut().zip(self.recent.column(0)) {
            if log.spiked.is_some() && *newest > begun + EPSILON {
                log.spiked = Some(delivered);
            }
        }
    }

    /// Sets the time constants of the traces of neuron `i`.
    pub fn set_rates(&mut self, i: usize, (tau, triplet): (f64, f64)) {
        if let (Some(rate), Some(log)) = (self.rates.get_mut(i), self.logs.get_mut(i)) {
            *rate = 1.0 / tau;
            log.triplet_rate = 1.0 / triplet;
        }
    }

    /// Notes a spike of neuron `i` at `t` ms.
    pub fn spike(&mut self, i: usize, t: f64) {
        let Some(log) = self.logs.get_mut(i).filter(|log| log.listening) else {
            return;
        };
        let rate = self.rates[i];
        let decayed = |trace: f64, since: f64, rate: f64| trace * exp((since - t) * rate);
        let (trace, triplet) = log.posts.last().map_or((0.0, 0.0), |p| {
            (
                decayed(p.trace, p.time, rate),
                decayed(p.triplet, p.time, log.triplet_rate),
            )
        });
        let post = Post {
            time: t,
            trace: trace + 1.0,
            triplet: triplet + 1.0,
        };
        let times = &mut self.heads[i];
        times.copy_within(0..RECENT - 1, 1);
        times[0] = t;
        self.recent.set(i, times);
        self.after[1][i] = self.after[0][i];
        self.after[0][i] = post.trace;
        let log = &mut self.logs[i];
        log.posts.push(post);
        log.spiked = Some(self.delivered);
        self.held += 1;
        self.since += 1;
    }

    /// The time of the newest spike of each neuron, -inf where there is none.
    #[inline(always)]
    pub(crate) fn newest(&self) -> &[f64] {
        self.recent.column(0)
    }

    /// The spikes of neuron `i` from `from` on and before `to`.
    pub fn window(&self, i: usize, from: f64, to: f64) -> &[Post] {
        let posts = &self.logs[i].posts[..];
        let end = count_before(posts, to);
        &posts[count_before(&posts[..end], from)..end]
    }

    /// The last spike of neuron `i` before `time`.
    pub fn last_before(&self, i: usize, time: f64) -> Option<&Post> {
        let posts = &self.logs[i].posts[..];
        count_before(posts, time).checked_sub(1).map(|b| &posts[b])
    }

    /// The traces of neuron `i` at `t`, just before any spike at that time: all spikes, the nearest
    /// alone, and the slow one of the triplet rule.
    pub fn traces(&self, i: usize, t: f64) -> (f64, f64, f64) {
        let Some(post) = self.last_before(i, t - EPSILON) else {
            return (0.0, 0.0, 0.0);
        };
        let nearest = exp_fused((post.time - t) * self.rates[i]);
        let triplet = post.triplet * exp((post.time - t) * self.logs[i].triplet_rate);
        (post.trace * nearest, nearest, triplet)
    }

    /// The last spike of neuron `i` before `time`, and the trace after it or, for the nearest
    /// alone, one; -inf and zero where there is none.
    #[inline(always)]
    pub(crate) fn start_of_trace(&self, i: usize, time: f64, nearest: bool) -> (f64, f64) {
        let (newest, trace) = match (self.recent.column(0)[i], self.recent.column(1)[i]) {
            (newest, _) if newest < time => (newest, self.after[0][i]),
            (_, newest) if newest < time => (newest, self.after[1][i]),
            _ => self.older(i, time),
        };
        let one = nearest && trace > 0.0;
        (newest, if one { 1.0 } else { trace })
    }

    #[inline(never)]
    fn older(&self, i: usize, time: f64) -> (f64, f64) {
        let last = self.last_before(i, time);
        last.map_or((f64::NEG_INFINITY, 0.0), |p| (p.time, p.trace))
    }

    /// The traces of all neurons at `t`, of all spikes or of the nearest alone, and where those
    /// that are read go.
    pub(crate) fn traces_at(&mut self, t: f64, nearest: bool) -> (&[f64], &mut [f64]) {
        if self.traces.of != Some((t, nearest)) {
            let mut traces = std::mem::take(&mut self.traces);
            traces.of = Some((t, nearest));
            traces.values.resize(self.heads.len(), 0.0);
            traces.late.resize(self.heads.len(), 0);
            self.fill_traces(t, nearest, &mut traces.values);
            traces.late.fill(0);
            vectorize(
                #[inline(always)]
                || count_from(&self.recent, t + EPSILON, &mut traces.late),
            );
            self.traces = traces;
        }
        (&self.traces.values, &mut self.read)
    }

    fn fill_traces(&self, t: f64, nearest: bool, values: &mut [f64]) {
        let (newest, older) = (self.recent.column(0), self.recent.column(1));
        let before = t - EPSILON;
        let mut odd = false;
        vectorize(
            #[inline(always)]
            || {
                let spikes = newest.iter().zip(older);
                let traces = self.after[0].iter().zip(&self.after[1]);
                let columns = spikes.zip(traces).zip(&self.rates);
                for (((spikes, traces), rate), value) in columns.zip(&mut *values) {
                    let first = *spikes.0 < before;
                    let spike = f64::select(first, *spikes.0, *spikes.1);
                    let trace = f64::select(first, *traces.0, *traces.1);
                    let one = nearest && trace > 0.0;
                    *value = f64::select(one, 1.0, trace) * exp_fused((spike - t) * rate);
                }
                odd = older
                    .iter()
                    .fold(false, |odd, spike| odd | (*spike >= before));
            },
        );
        if odd {
            let late = older.iter().enumerate().filter(|o| *o.1 >= before);
            for (i, _) in late {
                let (spike, trace) = self.start_of_trace(i, before, nearest);
                values[i] = trace * exp_fused((spike - t) * self.rates[i]);
            }
        }
    }

    /// Looks up for all neurons what a source has not read that read before `from`, and reads at
    /// the time of the traces that are known. Returns whether there are any spikes not at hand.
    pub(crate) fn look_up_unread(&mut self, from: f64) -> bool {
        let (recent, traces) = (&self.recent, &mut self.traces);
        traces.unread.clear();
        traces.unread.resize(traces.late.len(), Unread::default());
        let mut counts = std::mem::take(&mut self.counts);
        counts.clear();
        counts.resize(traces.late.len(), 0);
        let odd = vectorize(
            #[inline(always)]
            || {
                count_from(recent, from, &mut counts);
                let mut all = 0;
                let columns = counts.iter().zip(&traces.late);
                for ((known, late), unread) in columns.zip(&mut traces.unread) {
                    *unread = Unread::new(*known, *late);
                    all |= unread.0;
                }
                Unread(all).is_odd()
            },
        );
        self.counts = counts;
        odd
    }

    /// What all neurons have at the time of the traces that are known: traces, what was looked up
    /// as unread, and where traces that are read go.
    pub(crate) fn at_hand(&mut self) -> (&[f64], &[Unread], &mut [f64]) {
        (&self.traces.values, &self.traces.unread, &mut self.read)
    }

    /// Whether the traces of all neurons at `t` are known.
    pub(crate) fn knows_traces_at(&self, t: f64, nearest: bool) -> bool {
        self.traces.of == Some((t, nearest))
    }

    /// The trace of neuron `i` that was read last, and the number of spikes held.
    pub fn status(&self, i: usize) -> (f64, usize) {
        match (self.read.get(i), self.logs.get(i)) {
            (Some(read), Some(log)) => (*read, log.posts.len()),
            _ => (0.0, 0),
        }
    }

    /// Whether enough has gathered to look for spikes that can be forgotten.
    pub fn is_full(&self) -> bool {
        self.held > self.limit.max(KEPT * self.heads.len())
    }

    /// Whether there were no spikes since neurons last forgot.
    pub fn is_settled(&self) -> bool {
        self.since == 0
    }

    /// For each neuron how many deliveries came before its last spike, if it spiked since it last
    /// forgot.
    pub fn last_spikes(&self) -> Vec<Option<u32>> {
        self.logs.iter().map(|log| log.spiked).collect()
    }

    /// Has neurons forget what they would have forgotten at their spikes since the last time.
    ///
    /// `horizons` are the times from which on not all of a neuron's connections had read when it
    /// spiked last, and `each` those of the single connections of [`uneven`](Self::uneven) neurons;
    /// `shortest` is the shortest delay of the network at that time (ms).
    pub fn forget(&mut self, horizons: &[f64], each: &BTreeMap<usize, Vec<f64>>, shortest: f64) {
        self.held = 0;
        for (i, log) in self.logs.iter_mut().enumerate() {
            if log.spiked.take().is_some() {
                let exceptions = self.exceptions.get(&i);
                let removed = exceptions.iter().flat_map(|e| &e.removed);
                let horizon = removed.fold(horizons[i], |h, r| h.min(r.0)) + EPSILON;
                let is_read = |time: f64| match (each.get(&i), exceptions) {
                    (Some(each), Some(e)) => e.counts(each, time),
                    _ => time < horizon,
                };
                let posts = &log.posts;
                let last = posts.len() - 1;
                let recent = posts[last].time - (log.reach + shortest + EPSILON);
                let mut gone = 0;
                while gone + 1 < last && posts[gone + 1].time < recent && is_read(posts[gone].time)
                {
                    gone += 1;
                }
                log.posts.drain(..gone);
                let held = log.posts.len();
                if let Some(none) = self.heads[i].get_mut(held..) {
                    none.fill(f64::NEG_INFINITY);
                }
                self.recent.set(i, &self.heads[i]);
            }
            self.held += log.posts.len();
        }
        self.limit = 2 * self.held;
        (self.since, self.delivered) = (0, 0);
    }

    /// Forgets the spikes of neuron `i`.
    pub fn clear(&mut self, i: usize) {
        if i < self.logs.len() {
            self.heads[i] = NO_SPIKES;
            self.recent.set(i, &NO_SPIKES);
            self.after.iter_mut().for_each(|c| c[i] = 0.0);
            let log = &mut self.logs[i];
            self.read[i] = 0.0;
            self.held -= log.posts.len();
            log.posts.clear();
            log.spiked = None;
            self.exceptions.remove(&i);
        }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        let posts = self.logs.iter().map(|l| l.posts.capacity());
        let columns = self.after.iter();
        let columns = columns.chain([&self.rates, &self.read, &self.traces.values]);
        let columns = columns.map(Vec::capacity).sum::<usize>();
        let counts = [&self.traces.late, &self.counts].map(Vec::capacity);
        self.heads.capacity() * size_of::<[f64; RECENT]>()
            + self.recent.bytes()
            + columns * size_of::<f64>()
            + counts.iter().sum::<usize>()
            + self.traces.unread.capacity()
            + self.logs.capacity() * size_of::<Log>()
            + posts.sum::<usize>() * size_of::<Post>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn history(spikes: &[f64]) -> History {
        let mut h = History::default();
        h.listen(0, (20.0, 110.0));
        spikes.iter().for_each(|&t| h.spike(0, t));
        h
    }

    #[test]
    fn traces_are_sums_of_exponentials() {
        let h = history(&[1.0, 5.0, 7.5]);
        let sum = |tau: f64, t: f64| {
            let past = [1.0, 5.0, 7.5].into_iter().filter(|&s| s < t);
            past.map(|s| ((s - t) / tau).exp()).sum::<f64>()
        };
        for t in [0.5, 1.0, 4.0, 5.0, 6.0, 7.5, 30.0] {
            let (trace, nearest, triplet) = h.traces(0, t);
            assert!((trace - sum(20.0, t)).abs() < 1e-14);
            assert!((triplet - sum(110.0, t)).abs() < 1e-14);
            let last = [1.0, 5.0, 7.5].into_iter().rfind(|&s| s < t);
            let expected = last.map_or(0.0, |s| ((s - t) / 20.0f64).exp());
            assert!((nearest - expected).abs() < 1e-15);
        }
    }

    #[test]
    fn neurons_without_plastic_inputs_keep_nothing() {
        let mut h = History::default();
        h.listen(2, (20.0, 110.0));
        h.spike(0, 1.0);
        h.spike(7, 1.0);
        assert_eq!((h.status(0), h.status(7)), ((0.0, 0), (0.0, 0)));
    }

    #[test]
    fn removed_connections_take_no_more_room_than_spikes() {
        let mut h = history(&[10.0, 20.0, 30.0]);
        for n in 0..1000 {
            h.leave_unread(0, f64::from(n) / 20.0);
        }
        let removed = &h.exceptions[&0].removed;
        assert_eq!(removed.len(), 4);
        assert_eq!(removed.iter().map(|r| r.1).sum::<i32>(), 1000);
    }

    /// The rule at each spike, with a counter for each spike of how many connections have read it.
    #[derive(Default)]
    struct Counters {
        posts: Vec<(f64, usize)>,
    }

    impl Counters {
        fn spike(&mut self, t: f64, connections: usize, beyond: f64) {
            while self.posts.len() > 1
                && self.posts[0].1 >= connections
                && t - self.posts[1].0 > beyond + EPSILON
            {
                self.posts.remove(0);
            }
            self.posts.push((t, 0));
        }

        fn read(&mut self, from: f64, to: f64) {
            let read = |t: f64| t >= from + EPSILON && t < to + EPSILON;
            let posts = self.posts.iter_mut().filter(|p| read(p.0));
            posts.for_each(|p| p.1 += 1);
        }
    }

    proptest! {
        /// Three connections read in turn, get other delays, and one is removed.
        #[test]
        fn forgetting_late_is_forgetting_at_each_spike(
            acts in prop::collection::vec((0u8..9, 1u32..60), 1..120),
            delays in [1u32..40, 1u32..40, 1u32..40], shortest in 1u32..10,
        ) {
            let mut delays = delays.map(|d| f64::from(d) / 10.0);
            let shortest = f64::from(shortest) / 10.0;
            let reach = delays.into_iter().fold(0.0, f64::max);
            let mut h = History::default();
            h.listen(0, (20.0, 110.0));
            h.reach(0, reach);
            let mut counters = Counters::default();
            let mut live = vec![0, 1, 2];
            let (mut t, mut last, mut before) = (0.0, [0.0; 3], [0.0; 3]);
            let mut reads: Vec<(usize, f64)> = Vec::new();
            for (act, steps) in acts {
                t += f64::from(steps) / 10.0;
                let connection = usize::from(act) % 3;
                if act < 3 {
                    h.note_deliveries(reads.len() as u32, None);
                    h.spike(0, t);
                    counters.spike(t, 3, reach + shortest);
                    continue;
                }
                if act < 6 {
                    if live.contains(&connection) {
                        let (from, delay) = (last[connection], delays[connection]);
                        counters.read(from - delay, t - delay);
                        last[connection] = t;
                        reads.push((connection, t));
                    }
                    continue;
                }
                let mut known = before;
                for &(c, time) in &reads[..h.last_spikes()[0].unwrap_or(0) as usize] {
                    known[c] = time;
                }
                let horizons: Vec<f64> = live.iter().map(|&c| known[c] - delays[c]).collect();
                let horizon = horizons.iter().copied().fold(f64::INFINITY, f64::min);
                let each = h.uneven().map(|i| (i, horizons.clone())).collect();
                h.forget(&[horizon], &each, shortest);
                reads.clear();
                before = last;
                let held: Vec<f64> = h.logs[0].posts.iter().map(|p| p.time).collect();
                let expected: Vec<f64> = counters.posts.iter().map(|p| p.0).collect();
                prop_assert_eq!(held, expected);
                let from = last[connection] - delays[connection];
                if act == 7 && live.contains(&connection) {
                    delays[connection] = f64::from(steps) / 10.0;
                    h.move_reader(0, from, last[connection] - delays[connection]);
                } else if act == 8 && live.len() > 1 && live.contains(&connection) {
                    h.leave_unread(0, from);
                    live.retain(|&c| c != connection);
                }
            }
        }

        #[test]
        fn columns_hold_the_times_that_heads_hold(
            acts in prop::collection::vec((0u8..8, 0usize..40), 1..150),
        ) {
            let mut h = History::default();
            let mut t = 0.0;
            for (act, i) in acts {
                t += 1.0;
                match act {
                    0 => h.listen(i, (20.0, 110.0)),
                    1 => h.clear(i),
                    2 => {
                        let all = vec![t; h.heads.len()];
                        h.forget(&all, &BTreeMap::new(), 0.1);
                    }
                    _ => h.spike(i, t),
                }
                for nth in 0..RECENT {
                    let heads: Vec<f64> = h.heads.iter().map(|times| times[nth]).collect();
                    prop_assert_eq!(h.recent.column(nth), &heads[..]);
                }
            }
        }

        #[test]
        fn the_traces_of_all_are_the_traces_of_each(
            spikes in prop::collection::vec((0usize..5, 1u32..30), 0..60), back in 0u32..80,
        ) {
            let mut h = History::default();
            (0..5).for_each(|i| h.listen(i, (10.0 + i as f64, 110.0)));
            let mut t = 0.0;
            for (i, steps) in spikes {
                t += f64::from(steps) / 10.0;
                h.spike(i, t);
            }
            let at = t - f64::from(back) / 10.0;
            let expected: Vec<f64> = (0..5).map(|i| h.traces(i, at).0).collect();
            prop_assert_eq!(h.traces_at(at, false).0, &expected[..]);
            let expected: Vec<f64> = (0..5).map(|i| h.traces(i, at).1).collect();
            prop_assert_eq!(h.traces_at(at, true).0, &expected[..]);
        }

        #[test]
        fn what_is_unread_for_all_is_what_is_unread_for_each(
            spikes in prop::collection::vec((0usize..3, 1u32..20), 0..90),
            back in 0u32..200, last in 0u32..600,
        ) {
            let mut h = History::default();
            (0..3).for_each(|i| h.listen(i, (10.0, 110.0)));
            let mut t = 0.0;
            for (i, steps) in spikes {
                t += f64::from(steps) / 10.0;
                h.spike(i, t);
            }
            let at = t - f64::from(back) / 10.0;
            let (from, to) = (at - f64::from(last) / 10.0 + EPSILON, at + EPSILON);
            h.traces_at(at, false);
            let odd = h.look_up_unread(from);
            let all = h.at_hand().1.to_vec();
            prop_assert_eq!(odd, all.iter().any(|u| u.is_odd()));
            for (i, unread) in all.into_iter().enumerate() {
                let times: Vec<f64> = h.window(i, from, to).iter().rev().map(|p| p.time).collect();
                let since = h.window(i, from, f64::INFINITY).len();
                let late = since - times.len();
                prop_assert_eq!(unread.is_odd(), since >= RECENT || late >= RECENT / 2);
                if !unread.is_odd() {
                    let heads = &h.heads[i][unread.late()..][..unread.len()];
                    prop_assert_eq!(heads, &times[..]);
                    let columns = h.recent.all();
                    let time = |n: usize| columns.list[i + (unread.late() + n) * columns.older];
                    let columns: Vec<f64> = (0..unread.len()).map(time).collect();
                    prop_assert_eq!(columns, times);
                }
            }
        }
    }
}
