//! The spikes of neurons that plastic synapses will still read, with the traces that they left.
//!
//! A spike is kept until every incoming synapse has read it, and the last spike always. The newest
//! few stand together in one cache line per neuron, since most reads need no more.

use crate::math::exp;

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
pub(crate) const RECENT: usize = 4;

/// What most reads need of a neuron.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct Head {
    /// The newest times first; -inf where there is none.
    pub times: [f64; RECENT],
    /// The traces just after the newest two.
    pub traces: [f64; 2],
    /// One over the time constant of the trace.
    pub rate: f64,
    /// The trace that was read last.
    pub read: f64,
}

impl Default for Head {
    fn default() -> Self {
        Head {
            times: [f64::NEG_INFINITY; RECENT],
            traces: [0.0; 2],
            rate: 0.0,
            read: 0.0,
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Log {
    posts: Vec<Post>,
    listening: bool,
    triplet_rate: f64,
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
const KEPT: usize = 8;

/// The spike histories of a family's neurons on one worker.
#[derive(Clone, Debug, Default)]
pub struct History {
    pub(crate) heads: Vec<Head>,
    logs: Vec<Log>,
    held: usize,
    limit: usize,
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
            self.heads.resize_with(i + 1, Head::default);
            self.logs.resize_with(i + 1, Log::default);
        }
        self.logs[i].listening = true;
        self.set_rates(i, tau);
    }

    /// Sets the time constants of the traces of neuron `i`.
    pub fn set_rates(&mut self, i: usize, (tau, triplet): (f64, f64)) {
        if let (Some(head), Some(log)) = (self.heads.get_mut(i), self.logs.get_mut(i)) {
            head.rate = 1.0 / tau;
            log.triplet_rate = 1.0 / triplet;
        }
    }

    /// Notes a spike of neuron `i` at `t` ms.
    pub fn spike(&mut self, i: usize, t: f64) {
        let (Some(head), Some(log)) = (self.heads.get_mut(i), self.logs.get_mut(i)) else {
            return;
        };
        if !log.listening {
            return;
        }
        let decayed = |trace: f64, since: f64, rate: f64| trace * exp((since - t) * rate);
        let (trace, triplet) = log.posts.last().map_or((0.0, 0.0), |p| {
            (
                decayed(p.trace, p.time, head.rate),
                decayed(p.triplet, p.time, log.triplet_rate),
            )
        });
        let post = Post {
            time: t,
            trace: trace + 1.0,
            triplet: triplet + 1.0,
        };
        head.times.copy_within(0..RECENT - 1, 1);
        head.times[0] = t;
        head.traces = [post.trace, head.traces[0]];
        log.posts.push(post);
        self.held += 1;
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
        let nearest = exp((post.time - t) * self.heads[i].rate);
        let triplet = post.triplet * exp((post.time - t) * self.logs[i].triplet_rate);
        (post.trace * nearest, nearest, triplet)
    }

    /// The trace of neuron `i` that was read last, and the number of spikes held.
    pub fn status(&self, i: usize) -> (f64, usize) {
        match (self.heads.get(i), self.logs.get(i)) {
            (Some(head), Some(log)) => (head.read, log.posts.len()),
            _ => (0.0, 0),
        }
    }

    /// Whether enough has gathered to look for spikes that can be dropped.
    pub fn is_full(&self) -> bool {
        self.held > self.limit.max(KEPT * self.heads.len())
    }

    /// Drops what no synapse will read: of each neuron the spikes before the last one that is not
    /// later than its entry in `horizons`.
    pub fn prune(&mut self, horizons: &[f64]) {
        self.held = 0;
        for (log, &horizon) in self.logs.iter_mut().zip(horizons) {
            let read = log.posts.partition_point(|p| p.time <= horizon);
            log.posts.drain(..read.saturating_sub(1));
            self.held += log.posts.len();
        }
        self.limit = 2 * self.held;
    }

    /// Forgets the spikes of neuron `i`.
    pub fn clear(&mut self, i: usize) {
        if let (Some(head), Some(log)) = (self.heads.get_mut(i), self.logs.get_mut(i)) {
            *head = Head {
                rate: head.rate,
                ..Head::default()
            };
            self.held -= log.posts.len();
            log.posts.clear();
        }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        let posts = self.logs.iter().map(|l| l.posts.capacity());
        self.heads.capacity() * size_of::<Head>()
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

    proptest! {
        #[test]
        fn what_was_pruned_would_not_have_been_read(
            steps in prop::collection::vec(1u32..50, 1..60), horizon in 0.0f64..200.0,
            reads in prop::collection::vec(0.0f64..100.0, 1..10),
        ) {
            let mut t = 0.0;
            let spikes: Vec<f64> = steps.iter().map(|&s| { t += f64::from(s) / 10.0; t }).collect();
            let whole = history(&spikes);
            let mut pruned = whole.clone();
            pruned.prune(&[horizon]);
            for after in reads {
                let at = horizon + after;
                let (from, to) = (horizon + EPSILON, at + EPSILON);
                prop_assert_eq!(whole.window(0, from, to), pruned.window(0, from, to));
                prop_assert_eq!(whole.traces(0, at + 2.0 * EPSILON), pruned.traces(0, at + 2.0 * EPSILON));
            }
            whole.clone().spike(0, t + 1.0);
            prop_assert_eq!(whole.heads[0].traces, pruned.heads[0].traces);
        }
    }
}
