//! Gap junctions: what coupled neurons tell each other about their membrane potentials.
//!
//! Each sender gives, for each step of a slice, the coefficients of a polynomial in the time within
//! the step (Hahne et al. 2015, Front. Neuroinform. 9:22). Each receiver sums those of its
//! neighbours, weighted; the coupling current follows from the sum and its own potential.

use crate::math::{LANES, Lanes, Real};
use crate::model::{GapInput, GapSignal};
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
    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<GapEntry>() + self.slots.capacity() * 4
    }

    /// Adds a connection, in canonical order: by receiver, then sender, then as made.
    pub fn sort(&mut self) {
        self.entries.sort_by_key(|e| (e.family, e.local, e.source));
    }
}

/// What one worker's nodes of a family send and receive through gap junctions in a slice.
#[derive(Debug, Default)]
pub struct GapPart {
    /// The places of the nodes that send, ascending.
    pub senders: Vec<u32>,
    /// Coefficients sent: per sender, per step, per term.
    pub outgoing: Vec<f64>,
    interpolation: Interpolation,
    lags: usize,
    nodes: usize,
    /// The potentials of the last iteration: per sender, per step.
    last: Vec<f64>,
    weight: Vec<f64>,
    /// Coefficients received: per node, per step, per term.
    incoming: Vec<f64>,
}

impl GapPart {
    /// Bytes held.
    pub fn bytes(&self) -> usize {
        let floats = [&self.outgoing, &self.last, &self.weight, &self.incoming];
        self.senders.capacity() * 4 + floats.iter().map(|v| v.capacity() * 8).sum::<usize>()
    }

    /// Room for `nodes` nodes of which `senders` send, in slices of `lags` steps. Returns whether
    /// anything changed; otherwise all is kept.
    pub fn arrange(
        &mut self,
        nodes: usize,
        senders: Vec<u32>,
        lags: usize,
        order: Interpolation,
    ) -> bool {
        if self.nodes == nodes
            && self.senders == senders
            && self.lags == lags
            && self.interpolation == order
        {
            return false;
        }
        let width = lags * order.terms();
        *self = GapPart {
            outgoing: vec![0.0; senders.len() * width],
            last: vec![0.0; senders.len() * lags],
            weight: vec![0.0; nodes],
            incoming: vec![0.0; nodes * width],
            senders,
            interpolation: order,
            lags,
            nodes,
        };
        true
    }

    /// Numbers that a sender sends per slice.
    pub fn width(&self) -> usize {
        self.lags * self.interpolation.terms()
    }

    /// What arrives at a range of nodes in a step.
    pub fn input(&self, nodes: Range<usize>, lag: usize) -> GapInput<'_> {
        let width = self.width();
        GapInput {
            weight: &self.weight[nodes.clone()],
            coefficients: &self.incoming[nodes.start * width..nodes.end * width],
            stride: width,
            offset: lag * self.interpolation.terms(),
            terms: self.interpolation.terms(),
        }
    }

    /// Sends a constant over some steps of the slice, and zero over the others.
    pub fn send_constant(&mut self, slot: usize, v: f64, lags: Range<usize>) {
        let (width, terms) = (self.width(), self.interpolation.terms());
        let row = &mut self.outgoing[slot * width..][..width];
        row.fill(0.0);
        for step in row.chunks_exact_mut(terms).take(lags.end).skip(lags.start) {
            step[0] = v;
        }
        self.last[slot * self.lags..][..self.lags].fill(0.0);
    }

    /// Sends polynomials through what a range of nodes tell of a step of length `h` ms; returns
    /// the largest change of a potential at the step's end since the last iteration.
    pub fn send_polynomials(
        &mut self,
        nodes: Range<usize>,
        signal: &GapSignal<'_>,
        lag: usize,
        h: f64,
    ) -> f64 {
        let (width, terms) = (self.width(), self.interpolation.terms());
        let first = self
            .senders
            .partition_point(|&l| (l as usize) < nodes.start);
        let mut largest = 0.0f64;
        for (slot, &local) in self.senders.iter().enumerate().skip(first) {
            let local = local as usize;
            if local >= nodes.end {
                break;
            }
            let i = local - nodes.start;
            let end = signal.end[i];
            let c = self.interpolation.coefficients(
                (signal.start[i], h * signal.start_slope[i]),
                (end, h * signal.end_slope[i]),
            );
            self.outgoing[slot * width + lag * terms..][..terms].copy_from_slice(&c[..terms]);
            let last = &mut self.last[slot * self.lags + lag];
            largest = largest.max((end - *last).abs());
            *last = end;
        }
        largest
    }

    /// Forgets what arrived.
    pub fn clear_incoming(&mut self) {
        self.weight.fill(0.0);
        self.incoming.fill(0.0);
    }

    /// Sums what the senders of one receiver sent, weighted: `entries`, all of this receiver, and
    /// the place of each one's row in `sent`.
    #[inline(always)]
    pub fn receive(&mut self, entries: &[GapEntry], slots: &[u32], sent: &[f64]) {
        let Some(local) = entries.first().map(|e| e.local as usize) else {
            return;
        };
        self.weight[local] = entries.iter().fold(0.0, |sum, e| sum + e.weight);
        let width = self.width();
        let row = &mut self.incoming[local * width..][..width];
        let inputs = Inputs {
            entries,
            slots,
            sent,
            width,
        };
        let (chunks, tail) = row.as_chunks_mut::<LANES>();
        // each pass looks at all entries anew; ten steps or twenty of a cubic make one
        let (long, chunks) = chunks.as_chunks_mut::<10>();
        let (middle, short) = chunks.as_chunks_mut::<5>();
        let mut first = 0;
        for to in long {
            inputs.sum(to, &mut first);
        }
        for to in middle {
            inputs.sum(to, &mut first);
        }
        for to in short.as_chunks_mut::<1>().0 {
            inputs.sum(to, &mut first);
        }
        for (k, value) in tail.iter_mut().enumerate() {
            let terms = entries.iter().zip(slots);
            *value = terms.fold(0.0, |sum, (entry, &slot)| {
                sum + entry.weight * sent[slot as usize * width + first + k]
            });
        }
    }
}

/// What arrives at one receiver.
struct Inputs<'a> {
    entries: &'a [GapEntry],
    slots: &'a [u32],
    sent: &'a [f64],
    width: usize,
}

impl Inputs<'_> {
    /// Stores the weighted sums of `N` times eight numbers from `first` on, and moves on; several
    /// sums at once keep the additions from waiting for each other.
    #[inline(always)]
    fn sum<const N: usize>(&self, to: &mut [[f64; LANES]; N], first: &mut usize) {
        let mut sums = [Lanes::default(); N];
        for (entry, &slot) in self.entries.iter().zip(self.slots) {
            let weight = Lanes::splat(entry.weight);
            let row = &self.sent[slot as usize * self.width + *first..][..N * LANES];
            for (sum, values) in sums.iter_mut().zip(row.as_chunks::<LANES>().0) {
                *sum = *sum + weight * Lanes(*values);
            }
        }
        for (to, sum) in to.iter_mut().zip(sums) {
            *to = sum.0;
        }
        *first += N * LANES;
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

    #[test]
    fn lower_orders_meet_the_values() {
        let of = |order: Interpolation| order.coefficients((1.0, 2.0), (3.0, -1.0));
        assert_eq!(of(Interpolation::Constant), [1.0, 0.0, 0.0, 0.0]);
        assert_eq!(of(Interpolation::Linear), [1.0, 2.0, 0.0, 0.0]);
    }

    #[test]
    fn what_is_sent_arrives_weighted_and_summed() {
        let mut part = GapPart::default();
        assert!(part.arrange(3, vec![1], 2, Interpolation::Linear));
        assert!(!part.arrange(3, vec![1], 2, Interpolation::Linear));
        let signal = GapSignal {
            start: &mut [0.0, -60.0, 0.0],
            start_slope: &mut [0.0; 3],
            end: &mut [0.0, -58.0, 0.0],
            end_slope: &mut [0.0; 3],
        };
        assert_eq!(part.send_polynomials(0..3, &signal, 1, 0.1), 58.0);
        assert_eq!(part.send_polynomials(0..3, &signal, 1, 0.1), 0.0);
        let sent = part.outgoing.clone();
        let from = |weight| GapEntry {
            family: 0,
            local: 2,
            source: 1,
            weight,
        };
        part.receive(&[from(2.0), from(1.0)], &[0, 0], &sent);
        let input = part.input(1..3, 1);
        assert_eq!(input.weight, [0.0, 3.0]);
        let all = |i| [0, 1, 2, 3].map(|k| input.coefficient(i, k));
        assert_eq!(all(0), [0.0; 4]);
        assert_eq!(all(1), [-180.0, 6.0, 0.0, 0.0]);
        part.send_constant(0, -70.0, 1..2);
        assert_eq!(part.outgoing, [0.0, 0.0, -70.0, 0.0]);
        assert_eq!(part.send_polynomials(0..3, &signal, 1, 0.1), 58.0);
    }
}
