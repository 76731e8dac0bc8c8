//! Gap junctions: what coupled neurons tell each other about their membrane potentials.
//!
//! Each sender gives, for each step of a slice, the coefficients of a polynomial in the time within
//! the step (Hahne et al. 2015, Front. Neuroinform. 9:22). Each receiver sums those of its
//! neighbours, weighted; the coupling current follows from the sum and its own potential.

use crate::math::{LANES, Lanes, Real, Width};
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
    /// Whether entries have other weights than `weights` and `receivers` know of.
    reweighted: bool,
}

/// A node at which entries end.
#[derive(Clone, Copy, Debug)]
struct Receiver {
    family: u32,
    local: u32,
    /// The number of entries up to its last.
    end: u32,
    /// The sum of their weights.
    weight: f64,
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
        self.receivers.clear();
        let same = |a: &GapEntry, b: &GapEntry| (a.family, a.local) == (b.family, b.local);
        let mut end = 0;
        for entries in self.entries.chunk_by(same) {
            end += entries.len() as u32;
            self.receivers.push(Receiver {
                family: entries[0].family as u32,
                local: entries[0].local,
                end,
                weight: 0.0,
            });
        }
        self.weigh();
    }

    /// Sets the weight of an entry.
    pub fn set_weight(&mut self, entry: usize, weight: f64) {
        self.entries[entry].weight = weight;
        self.reweighted = true;
    }

    /// Takes over weights that were set since [`GapTable::arrange`].
    pub fn take_weights(&mut self) {
        if self.reweighted {
            self.weigh();
        }
    }

    fn weigh(&mut self) {
        self.weights.clear();
        self.weights.extend(self.entries.iter().map(|e| e.weight));
        let mut start = 0;
        for to in &mut self.receivers {
            to.weight = self.weights[start..to.end as usize].iter().sum();
            start = to.end as usize;
        }
        self.reweighted = false;
    }

    /// Sums what the senders of each receiver sent, weighted, into the parts of the families. What
    /// was there is overwritten.
    ///
    /// A piece of each sender at a time, so that those of some hundred senders stay in a near cache
    /// for all receivers.
    pub fn receive(&self, parts: &mut [Option<GapPart>], arrived: &Sent, width: Width) {
        for to in &self.receivers {
            if let Some(part) = &mut parts[to.family as usize] {
                part.weight[to.local as usize] = to.weight;
            }
        }
        width.run(
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
                        }
                    }
                }
            },
        );
    }
}

/// The weighted sum of some rows; four sums at a time keep the additions from waiting for each
/// other.
#[inline(always)]
fn weighted_sum(rows: &[Piece], slots: &[u32], weights: &[f64]) -> Piece {
    let mut sums = [Piece::default(); 4];
    macro_rules! add {
        ($sum:expr, $slot:expr, $weight:expr) => {
            let (weight, row) = (Lanes::splat($weight), &rows[$slot as usize]);
            $sum.0 = weight.mul_add(row.0, $sum.0);
            $sum.1 = weight.mul_add(row.1, $sum.1);
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
    let [a, b, c, d] = sums;
    Piece((a.0 + b.0) + (c.0 + d.0), (a.1 + b.1) + (c.1 + d.1))
}

/// The numbers of a row that are summed together, four steps of a cubic.
#[derive(Clone, Copy, Debug, Default)]
struct Piece(Lanes, Lanes);

impl Piece {
    const LEN: usize = 2 * LANES;

    /// Its numbers.
    #[inline(always)]
    fn numbers(&self) -> impl Iterator<Item = f64> {
        self.0.0.into_iter().chain(self.1.0)
    }

    /// The first numbers from `values`; the others are zero.
    fn load(values: &[f64]) -> Self {
        let (first, second) = values.split_at(values.len().min(LANES));
        Piece(Lanes::load(first), Lanes::load(second))
    }
}

/// Rows of numbers, one of each sender: the first pieces of all rows, then the next.
#[derive(Debug, Default)]
pub struct Sent {
    pieces: Vec<Piece>,
    rows: usize,
}

impl Sent {
    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.pieces.capacity() * size_of::<Piece>()
    }

    /// Makes it `rows` rows of `width` numbers; what they are is to be set.
    pub fn resize(&mut self, rows: usize, width: usize) {
        self.rows = rows;
        self.pieces
            .resize(width.div_ceil(Piece::LEN) * rows, Piece::default());
    }

    /// Sets a row.
    pub fn fill(&mut self, row: usize, numbers: &[f64]) {
        for (column, numbers) in numbers.chunks(Piece::LEN).enumerate() {
            self.pieces[column * self.rows + row] = Piece::load(numbers);
        }
    }

    /// Sets the rows from `first` on to those of `other`, which are as long.
    pub fn copy(&mut self, first: usize, other: &Sent) {
        let columns = self.pieces.chunks_exact_mut(self.rows.max(1));
        for (column, from) in columns.zip(other.columns()) {
            column[first..first + other.rows].copy_from_slice(from);
        }
    }

    /// The first numbers of a row.
    pub fn row(&self, row: usize, width: usize) -> impl Iterator<Item = f64> {
        let pieces = self.pieces.iter().skip(row).step_by(self.rows.max(1));
        pieces.flat_map(Piece::numbers).take(width)
    }

    /// The first pieces of all rows, then the next.
    fn columns(&self) -> impl Iterator<Item = &[Piece]> {
        self.pieces.chunks_exact(self.rows.max(1))
    }

    /// Sets the `TERMS` numbers of a step, 1, 2 or 4, in a row.
    #[inline(always)]
    fn set<const TERMS: usize>(&mut self, row: usize, lag: usize, numbers: [f64; TERMS]) {
        let (column, at) = (lag * TERMS / Piece::LEN, lag * TERMS % Piece::LEN);
        let piece = &mut self.pieces[column * self.rows + row];
        let half = if at < LANES {
            &mut piece.0
        } else {
            &mut piece.1
        };
        if let Some((place, _)) = half.0[at % LANES..].split_first_chunk_mut() {
            *place = numbers;
        }
    }
}

/// What one worker's nodes of a family send and receive through gap junctions in a slice.
#[derive(Debug, Default)]
pub struct GapPart {
    /// The places of the nodes that send, ascending.
    pub senders: Vec<u32>,
    /// Coefficients sent: of each sender a row, per step, per term.
    pub outgoing: Sent,
    interpolation: Interpolation,
    lags: usize,
    nodes: usize,
    /// The potentials of the last iteration: per step, per node.
    last: Vec<f64>,
    weight: Vec<f64>,
    /// Coefficients received: per step, per term, per node.
    incoming: Vec<f64>,
}

impl GapPart {
    /// Bytes held.
    pub fn bytes(&self) -> usize {
        let floats = [&self.last, &self.weight, &self.incoming];
        self.outgoing.bytes()
            + self.senders.capacity() * 4
            + floats.iter().map(|v| v.capacity() * 8).sum::<usize>()
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
        let mut outgoing = Sent::default();
        outgoing.resize(senders.len(), width);
        *self = GapPart {
            outgoing,
            last: vec![0.0; nodes * lags],
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
        let mut row = vec![0.0; self.width()];
        let steps = row.chunks_exact_mut(self.interpolation.terms());
        for step in steps.take(lags.end).skip(lags.start) {
            step[0] = v;
        }
        self.outgoing.fill(slot, &row);
    }

    /// Forgets the potentials of the last iteration.
    pub fn forget_last(&mut self) {
        self.last.fill(0.0);
    }

    /// Sends polynomials through what a range of nodes tell of a step of length `h` ms; returns
    /// the largest change of a potential at the step's end since the last iteration, also of nodes
    /// that send nothing.
    pub fn send_polynomials(
        &mut self,
        nodes: Range<usize>,
        signal: &GapSignal<'_>,
        lag: usize,
        h: f64,
    ) -> f64 {
        match self.interpolation {
            Interpolation::Constant => self.send::<1>(nodes, signal, lag, h),
            Interpolation::Linear => self.send::<2>(nodes, signal, lag, h),
            Interpolation::Cubic => self.send::<4>(nodes, signal, lag, h),
        }
    }

    fn send<const TERMS: usize>(
        &mut self,
        nodes: Range<usize>,
        signal: &GapSignal<'_>,
        lag: usize,
        h: f64,
    ) -> f64 {
        let is_here = |l: &&u32| (**l as usize) < nodes.end;
        let first = self
            .senders
            .partition_point(|&l| (l as usize) < nodes.start);
        let senders = self.senders[first..].iter().take_while(is_here);
        for (slot, &local) in (first..).zip(senders) {
            let i = local as usize - nodes.start;
            let c = self.interpolation.coefficients(
                (signal.start[i], h * signal.start_slope[i]),
                (signal.end[i], h * signal.end_slope[i]),
            );
            let numbers = std::array::from_fn::<f64, TERMS, _>(|k| c[k]);
            self.outgoing.set(slot, lag, numbers);
        }
        let last = &mut self.last[lag * self.nodes..][nodes];
        let mut largest = 0.0f64;
        for (last, end) in last.iter_mut().zip(&*signal.end) {
            largest = largest.max((end - *last).abs());
            *last = *end;
        }
        largest
    }

    /// Forgets what arrived.
    pub fn clear_incoming(&mut self) {
        self.weight.fill(0.0);
        self.incoming.fill(0.0);
    }

    /// Stores some of the sums of a receiver; the last ones beyond the width are no sums.
    #[inline(always)]
    fn receive(&mut self, local: usize, column: usize, sums: &Piece) {
        let first = column * Piece::LEN * self.nodes;
        let mut rows = self.incoming[first..].chunks_exact_mut(self.nodes);
        for half in [sums.0, sums.1] {
            for (sum, row) in half.0.into_iter().zip(rows.by_ref()) {
                row[local] = sum;
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
            starts: false,
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
        let mut arrived = Sent::default();
        arrived.resize(1, part.width());
        arrived.copy(0, &part.outgoing);
        let mut parts = [Some(part)];
        table.receive(&mut parts, &arrived, Width::widest());
        let mut part = parts[0].take().unwrap();
        let input = part.input(1..3, 1);
        assert_eq!(input.weight, [0.0, 3.0]);
        let all = |i| [0, 1, 2, 3].map(|k| input.coefficient(i, k));
        assert_eq!(all(0), [0.0; 4]);
        assert_eq!(all(1), [-180.0, 6.0, 0.0, 0.0]);
        assert_eq!(input.lanes(0, 0..2).0[..2], [0.0, -180.0]);
        part.send_constant(0, -70.0, 1..2);
        part.forget_last();
        let sent: Vec<f64> = part.outgoing.row(0, part.width()).collect();
        assert_eq!(sent, [0.0, 0.0, -70.0, 0.0]);
        assert_eq!(part.send_polynomials(0..3, &signal, 1, 0.1), 58.0);
    }

    #[test]
    fn sums_of_rows_that_end_within_a_piece() {
        let (nodes, lags) = (3, 5);
        for order in [
            Interpolation::Constant,
            Interpolation::Linear,
            Interpolation::Cubic,
        ] {
            let mut part = GapPart::default();
            part.arrange(nodes, vec![0, 1, 2], lags, order);
            let width = part.width();
            let number = |sender: usize, k: usize| (sender * width + k) as f64;
            let mut arrived = Sent::default();
            arrived.resize(nodes, width);
            for sender in 0..nodes {
                let row: Vec<f64> = (0..width).map(|k| number(sender, k)).collect();
                arrived.fill(sender, &row);
            }
            let entry = |source| GapEntry {
                family: 0,
                local: 1,
                source,
                weight: 2.0,
            };
            let mut table = GapTable {
                entries: vec![entry(0), entry(2)],
                ..GapTable::default()
            };
            table.arrange(|source| source as usize);
            table.set_weight(1, 3.0);
            table.take_weights();
            let mut parts = [Some(part)];
            for width in Width::available() {
                table.receive(&mut parts, &arrived, width);
                let part = parts[0].as_ref().unwrap();
                assert_eq!(part.weight, [0.0, 5.0, 0.0]);
                for (k, sums) in part.incoming.chunks_exact(nodes).enumerate() {
                    let sum = 2.0 * number(0, k) + 3.0 * number(2, k);
                    assert_eq!(sums, [0.0, sum, 0.0], "{order:?}, number {k}");
                }
            }
        }
    }
}
