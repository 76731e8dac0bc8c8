//! Gap junctions: what coupled neurons tell each other about their membrane potentials.
//!
//! Each sender gives, for each step of a slice, the coefficients of a polynomial in the time within
//! the step (Hahne et al. 2015, Front. Neuroinform. 9:22). Each receiver sums those of its
//! neighbours, weighted; the coupling current follows from the sum and its own potential.

use crate::math::{LANES, Lanes, Real, vectorize};
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
    /// The place of each entry's sender among those that arrive, and its weight.
    slots: Vec<u32>,
    weights: Vec<f64>,
    receivers: Vec<Receiver>,
}

/// A node at which entries end.
#[derive(Clone, Copy, Debug)]
struct Receiver {
    family: u32,
    local: u32,
    /// The number of entries up to its last.
    end: u32,
}

impl GapTable {
    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<GapEntry>()
            + self.slots.capacity() * 4
            + self.weights.capacity() * 8
            + self.receivers.capacity() * size_of::<Receiver>()
    }

    /// Sorts in canonical order: by receiver, then sender, then as made.
    pub fn sort(&mut self) {
        self.entries.sort_by_key(|e| (e.family, e.local, e.source));
    }

    /// Prepares for what arrives; `slot` gives the place of a sender in it.
    pub fn arrange(&mut self, slot: impl Fn(u32) -> usize) {
        self.slots.clear();
        self.slots
            .extend(self.entries.iter().map(|e| slot(e.source) as u32));
        self.weights.clear();
        self.weights.extend(self.entries.iter().map(|e| e.weight));
        self.receivers.clear();
        let same = |a: &GapEntry, b: &GapEntry| (a.family, a.local) == (b.family, b.local);
        let mut end = 0;
        for entries in self.entries.chunk_by(same) {
            end += entries.len() as u32;
            self.receivers.push(Receiver {
                family: entries[0].family as u32,
                local: entries[0].local,
                end,
            });
        }
    }

    /// Sums what the senders of each receiver sent, weighted, into the parts of the families. What
    /// was there is overwritten.
    ///
    /// Eight numbers of each sender at a time, so that those of some hundred senders stay in the
    /// first-level cache for all receivers.
    pub fn receive(&self, parts: &mut [Option<GapPart>], arrived: &Arrived) {
        vectorize(
            #[inline(always)]
            || {
                for (column, rows) in arrived.columns().enumerate() {
                    let mut start = 0;
                    for to in &self.receivers {
                        let own = start..to.end as usize;
                        start = own.end;
                        if let Some(part) = &mut parts[to.family as usize] {
                            let weights = &self.weights[own.clone()];
                            let sum = weighted_sum(rows, &self.slots[own], weights);
                            part.receive(to.local as usize, column, &sum);
                            if column == 0 {
                                part.weight[to.local as usize] = weights.iter().sum();
                            }
                        }
                    }
                }
            },
        );
    }
}

/// The weighted sum of some rows; four sums at a time keep the additions from waiting for each other.
#[inline(always)]
fn weighted_sum(rows: &[[f64; LANES]], slots: &[u32], weights: &[f64]) -> Lanes {
    let mut sums = [Lanes::default(); 4];
    macro_rules! add {
        ($sum:expr, $slot:expr, $weight:expr) => {
            $sum = Lanes::splat($weight).mul_add(Lanes(rows[$slot as usize]), $sum)
        };
    }
    let (slots, last_slots) = slots.as_chunks::<4>();
    let (weights, last_weights) = weights.as_chunks::<4>();
    for (slots, weights) in slots.iter().zip(weights) {
        add!(sums[0], slots[0], weights[0]);
        add!(sums[1], slots[1], weights[1]);
        add!(sums[2], slots[2], weights[2]);
        add!(sums[3], slots[3], weights[3]);
    }
    for (&slot, &weight) in last_slots.iter().zip(last_weights) {
        add!(sums[0], slot, weight);
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3])
}

/// What senders have sent, eight numbers of each sender after another, then the next eight.
#[derive(Debug, Default)]
pub struct Arrived {
    values: Vec<[f64; LANES]>,
    senders: usize,
}

impl Arrived {
    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.values.capacity() * size_of::<[f64; LANES]>()
    }

    /// Takes a row of `width` numbers of each of `senders` senders.
    pub fn fill<'a>(
        &mut self,
        senders: usize,
        width: usize,
        rows: impl Iterator<Item = &'a [f64]>,
    ) {
        self.senders = senders;
        self.values
            .resize(width.div_ceil(LANES) * senders, [0.0; LANES]);
        for (slot, row) in rows.enumerate() {
            let (pieces, tail) = row.as_chunks::<LANES>();
            for (column, piece) in pieces.iter().enumerate() {
                self.values[column * senders + slot] = *piece;
            }
            if !tail.is_empty() {
                self.values[pieces.len() * senders + slot][..tail.len()].copy_from_slice(tail);
            }
        }
    }

    /// The eight first numbers of all senders, then the next.
    fn columns(&self) -> impl Iterator<Item = &[[f64; LANES]]> {
        self.values.chunks_exact(self.senders.max(1))
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
    /// Coefficients received: per step, per term, per node.
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
        let terms = self.interpolation.terms();
        GapInput {
            weight: &self.weight[nodes.clone()],
            coefficients: &self.incoming[lag * terms * self.nodes..][..terms * self.nodes],
            stride: self.nodes,
            nodes,
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

    /// Stores eight of the sums of a receiver.
    #[inline(always)]
    fn receive(&mut self, local: usize, column: usize, sums: &Lanes) {
        let first = column * LANES;
        for k in 0..LANES.min(self.width() - first) {
            self.incoming[(first + k) * self.nodes + local] = sums.0[k];
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
        let from = |weight| GapEntry {
            family: 0,
            local: 2,
            source: 1,
            weight,
        };
        let mut table = GapTable {
            entries: vec![from(2.0), from(1.0)],
            ..GapTable::default()
        };
        table.arrange(|_| 0);
        let mut arrived = Arrived::default();
        arrived.fill(1, part.width(), std::iter::once(&part.outgoing[..]));
        let mut parts = [Some(part)];
        table.receive(&mut parts, &arrived);
        let mut part = parts[0].take().unwrap();
        let input = part.input(1..3, 1);
        assert_eq!(input.weight, [0.0, 3.0]);
        let all = |i| [0, 1, 2, 3].map(|k| input.coefficient(i, k));
        assert_eq!(all(0), [0.0; 4]);
        assert_eq!(all(1), [-180.0, 6.0, 0.0, 0.0]);
        assert_eq!(input.lanes(0, 0..2).0[..2], [0.0, -180.0]);
        part.send_constant(0, -70.0, 1..2);
        assert_eq!(part.outgoing, [0.0, 0.0, -70.0, 0.0]);
        assert_eq!(part.send_polynomials(0..3, &signal, 1, 0.1), 58.0);
    }
}
