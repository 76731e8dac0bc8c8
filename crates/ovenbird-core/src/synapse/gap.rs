//! Gap junctions: what coupled neurons tell each other about their membrane potentials.
//!
//! Each sender gives, for each step of a slice, the coefficients of a polynomial in the time within
//! the step (Hahne et al. 2015, Front. Neuroinform. 9:22). Each receiver sums those of its
//! neighbours, weighted; the coupling current follows from the sum and its own potential.

use crate::model::GapInput;
use std::ops::Range;

/// The order of the polynomial that stands for a membrane potential within a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Interpolation {
    Constant,
    Linear,
    #[default]
    Cubic,
}

impl Interpolation {
    /// Coefficients per step.
    pub fn terms(self) -> usize {
        match self {
            Interpolation::Constant => 1,
            Interpolation::Linear => 2,
            Interpolation::Cubic => 4,
        }
    }

    /// The coefficients for values and slopes (per step) at both ends of a step.
    fn coefficients(self, (y0, f0): (f64, f64), (y1, f1): (f64, f64)) -> [f64; 4] {
        match self {
            Interpolation::Constant => [y0, 0.0, 0.0, 0.0],
            Interpolation::Linear => [y0, y1 - y0, 0.0, 0.0],
            Interpolation::Cubic => [
                y0,
                f0,
                -3.0 * y0 + 3.0 * y1 - 2.0 * f0 - f1,
                2.0 * y0 - 2.0 * y1 + f0 + f1,
            ],
        }
    }
}

/// One direction of a gap junction, on the worker of its receiver.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GapEntry {
    /// The receiver's family and place.
    pub family: usize,
    pub local: u32,
    /// The sender's global id.
    pub source: u32,
    /// The conductance (nS).
    pub weight: f64,
}

/// The gap junctions of one worker, sorted by receiver and sender.
#[derive(Debug, Default)]
pub struct GapTable {
    pub entries: Vec<GapEntry>,
    /// The place of each entry's sender in the exchanged coefficients.
    pub slots: Vec<u32>,
}

impl GapTable {
    /// Adds a connection, in canonical order: by receiver, then sender, then as made.
    pub fn sort(&mut self) {
        self.entries.sort_by_key(|e| (e.family, e.local, e.source));
    }
}

/// What one worker's nodes of a family send and receive through gap junctions in a slice.
#[derive(Debug, Default)]
pub struct GapPart {
    /// The places of the nodes that send.
    pub senders: Vec<u32>,
    /// Coefficients sent: per sender, per step, per term.
    pub outgoing: Vec<f64>,
    /// Whether anything has been sent since the arrangement.
    pub has_sent: bool,
    interpolation: Interpolation,
    lags: usize,
    nodes: usize,
    /// The potentials of the last iteration: per sender, per step.
    last: Vec<f64>,
    weight: Vec<f64>,
    /// Coefficients received: per step, per node, per term.
    incoming: Vec<f64>,
}

impl GapPart {
    /// Room for `nodes` nodes of which `senders` send, in slices of `lags` steps. What has been
    /// received is kept when nothing changes.
    pub fn arrange(&mut self, nodes: usize, senders: Vec<u32>, lags: usize, order: Interpolation) {
        if self.nodes == nodes
            && self.senders == senders
            && self.lags == lags
            && self.interpolation == order
        {
            return;
        }
        let terms = order.terms();
        *self = GapPart {
            outgoing: vec![0.0; senders.len() * lags * terms],
            last: vec![0.0; senders.len() * lags],
            weight: vec![0.0; nodes],
            incoming: vec![0.0; nodes * lags * terms],
            senders,
            interpolation: order,
            lags,
            nodes,
            has_sent: false,
        };
    }

    /// Numbers that a sender sends per slice.
    pub fn width(&self) -> usize {
        self.lags * self.interpolation.terms()
    }

    /// What arrives at a range of nodes in a step.
    pub fn input(&self, nodes: Range<usize>, lag: usize) -> GapInput<'_> {
        let terms = self.interpolation.terms();
        let first = (lag * self.nodes + nodes.start) * terms;
        GapInput {
            weight: &self.weight[nodes.clone()],
            coefficients: &self.incoming[first..first + nodes.len() * terms],
            terms,
        }
    }

    /// Sends a constant over steps of the slice.
    pub fn send_constant(&mut self, slot: usize, v: f64, from: usize, to: usize) {
        self.has_sent = true;
        let terms = self.interpolation.terms();
        let row = &mut self.outgoing[slot * self.lags * terms..][..self.lags * terms];
        for lag in from..to {
            row[lag * terms..(lag + 1) * terms].fill(0.0);
            row[lag * terms] = v;
        }
        self.last[slot * self.lags..][..self.lags].fill(0.0);
    }

    /// Sends polynomials through `(slot, potential, slope per ms)` at both ends of a step; returns
    /// the largest change of a potential at the step's end since the last iteration.
    pub fn send_polynomial(
        &mut self,
        before: &[(usize, f64, f64)],
        after: &[(usize, f64, f64)],
        lag: usize,
        h: f64,
    ) -> f64 {
        self.has_sent = true;
        let terms = self.interpolation.terms();
        let mut largest = 0.0f64;
        for (&(slot, y0, f0), &(_, y1, f1)) in before.iter().zip(after) {
            let c = self.interpolation.coefficients((y0, h * f0), (y1, h * f1));
            let first = (slot * self.lags + lag) * terms;
            self.outgoing[first..first + terms].copy_from_slice(&c[..terms]);
            let last = &mut self.last[slot * self.lags + lag];
            largest = largest.max((y1 - *last).abs());
            *last = y1;
        }
        largest
    }

    /// Forgets what arrived, before a delivery.
    pub fn clear_incoming(&mut self) {
        self.weight.fill(0.0);
        self.incoming.fill(0.0);
    }

    /// Adds what one sender sent to one receiver.
    pub fn receive(&mut self, local: usize, weight: f64, sent: &[f64]) {
        let terms = self.interpolation.terms();
        self.weight[local] += weight;
        for (lag, c) in sent.chunks_exact(terms).enumerate() {
            let first = (lag * self.nodes + local) * terms;
            for (sum, c) in self.incoming[first..first + terms].iter_mut().zip(c) {
                *sum += weight * c;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cubic_meets_values_and_slopes_at_both_ends() {
        let c = Interpolation::Cubic.coefficients((1.0, 2.0), (3.0, -1.0));
        let at = |s: f64| c[0] + s * (c[1] + s * (c[2] + s * c[3]));
        let slope = |s: f64| c[1] + s * (2.0 * c[2] + 3.0 * s * c[3]);
        assert_eq!(
            (at(0.0), at(1.0), slope(0.0), slope(1.0)),
            (1.0, 3.0, 2.0, -1.0)
        );
    }
}
