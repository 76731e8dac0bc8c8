//! The spike history that a neuron model keeps for plastic synapses and for homeostasis.

use super::growth::{Elements, Growth, Span};
use super::history::History;
use crate::math::exp;

/// Parameters of the archive, a part of every archiving neuron's status.
mod params {
    crate::params! {
        /// Time constant of the depression trace read by plastic synapses.
        tau_minus: f64 = 20.0, "ms", POSITIVE;
        /// Time constant of the slow depression trace of the triplet rule.
        tau_minus_triplet: f64 = 110.0, "ms", POSITIVE;
        /// Time constant of the calcium concentration.
        tau_Ca: f64 = 10000.0, "ms", POSITIVE;
        /// Increment of the calcium concentration at each spike.
        beta_Ca: f64 = 0.001, "", POSITIVE;
        /// Whether spikes come at fixed intervals, whatever the dynamics.
        ignore_and_spike: bool = false;
        /// Time from now to the first spike at fixed intervals.
        ignore_and_spike_offset: f64 = 1.0, "ms", POSITIVE_TIME;
        /// Interval between spikes at fixed intervals.
        ignore_and_spike_interval: f64 = 100.0, "ms", POSITIVE_TIME;
    }
}

pub use params::Params as ArchiveParams;

/// The archive of one neuron.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Archive {
    /// Time of the last spike in ms, negative before the first.
    pub last_spike: f64,
    /// Calcium concentration at `calcium_time`.
    pub calcium: f64,
    /// When `calcium` was last brought up to date, in ms.
    pub calcium_time: f64,
}

impl Default for Archive {
    fn default() -> Self {
        Archive {
            last_spike: -1.0,
            calcium: 0.0,
            calcium_time: 0.0,
        }
    }
}

impl Archive {
    /// The calcium concentration at `t` ms.
    pub fn calcium_at(&self, t: f64, p: &ArchiveParams) -> f64 {
        self.calcium * exp((self.calcium_time - t) / p.tau_Ca)
    }

    /// Brings calcium and the elements that depend on it up to `t` ms, integrated in steps of
    /// `step`.
    pub fn advance(&mut self, elements: &mut Elements, t: f64, step: f64, p: &ArchiveParams) {
        elements.grow(&Span {
            from: self.calcium_time,
            to: t,
            calcium: self.calcium,
            tau: p.tau_Ca,
            step,
        });
        self.calcium = self.calcium_at(t, p);
        self.calcium_time = t;
    }
}

/// The archives of many neurons.
#[derive(Debug, Default)]
pub struct ArchiveColumns {
    nodes: Vec<Archive>,
    /// What plastic synapses will read, if any node has such inputs.
    pub history: Option<Box<History>>,
    /// The synaptic elements of nodes, if any has some.
    pub growth: Option<Box<Growth>>,
}

impl ArchiveColumns {
    /// Appends `n` archives like `row`.
    pub fn push(&mut self, row: Archive, n: usize) {
        self.nodes.resize(self.nodes.len() + n, row);
    }

    /// Drops all but the first `n` archives.
    pub fn truncate(&mut self, n: usize) {
        self.nodes.truncate(n);
        if let Some(growth) = &mut self.growth {
            growth.truncate(n);
        }
    }

    /// The archive of node `i`.
    pub fn row(&self, i: usize) -> Archive {
        self.nodes[i]
    }

    /// Sets the archive of node `i`.
    pub fn put(&mut self, i: usize, row: Archive) {
        self.nodes[i] = row;
    }

    /// Notes `count` spikes of node `i` at `t` ms.
    #[inline]
    pub fn spike(&mut self, i: usize, t: f64, count: u32, p: &ArchiveParams) {
        let a = &mut self.nodes[i];
        a.last_spike = t;
        if let Some(growth) = &mut self.growth {
            let step = growth.step;
            if let Some(elements) = growth.of_mut(i) {
                a.advance(elements, t, step, p);
            }
        }
        a.calcium *= exp((a.calcium_time - t) / p.tau_Ca);
        (0..count).for_each(|_| a.calcium += p.beta_Ca);
        a.calcium_time = t;
        if let Some(history) = &mut self.history {
            (0..count).for_each(|_| history.spike(i, t));
        }
    }

    /// The elements of node `i`.
    pub fn elements(&self, i: usize) -> Elements {
        let of = self.growth.as_ref().and_then(|g| g.of(i));
        of.cloned().unwrap_or_default()
    }

    /// Sets the elements of node `i`.
    pub fn put_elements(&mut self, i: usize, elements: Elements) {
        if self.growth.is_some() || !elements.is_empty() {
            self.growth.get_or_insert_default().put(i, elements);
        }
    }

    /// Brings node `i` up to `t` ms if it has elements.
    pub fn grow(&mut self, i: usize, t: f64, p: &ArchiveParams) {
        if let Some(growth) = &mut self.growth {
            let step = growth.step;
            if let Some(elements) = growth.of_mut(i) {
                self.nodes[i].advance(elements, t, step, p);
            }
        }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        let history = self.history.as_ref().map_or(0, |h| h.bytes());
        let growth = self.growth.as_ref().map_or(0, |g| g.bytes());
        self.nodes.capacity() * size_of::<Archive>() + history + growth
    }
}
