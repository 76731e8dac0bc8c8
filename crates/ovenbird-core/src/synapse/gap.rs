//! Gap junctions: what coupled neurons tell each other about their membrane potentials.
//!
//! In each step of a slice a polynomial in the time within the step stands for a sender's potential
//! (Hahne et al. 2015, Front. Neuroinform. 9:22). Each receiver sums those of its neighbours,
//! weighted; the coupling current follows from the sum and its own potential. What is sent and
//! summed are values and slopes at the points between the steps: they determine the polynomials,
//! which are linear in them, and are about half as many numbers as the coefficients of cubics.

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
    /// Numbers per point: the value, and the slope where it matters.
    fn numbers(self) -> usize {
        match self {
            Interpolation::Constant | Interpolation::Linear => 1,
            Interpolation::Cubic => 2,
        }
    }

    /// Numbers that a sender sends in a slice of `lags` steps.
    pub fn width(self, lags: usize) -> usize {
        (lags + 1) * self.numbers()
    }

    /// The coefficients of a step's polynomial from the numbers at its start and at its end, of
    /// which there are at most four; slopes are per step.
    #[inline(always)]
    pub(crate) fn coefficients<R: Real>(self, ends: [R; 4]) -> [R; 4] {
        let (zero, two, three) = (R::splat(0.0), R::splat(2.0), R::splat(3.0));
        match self {
            Interpolation::Constant => [ends[0], zero, zero, zero],
            Interpolation::Linear => [ends[0], ends[1] - ends[0], zero, zero],
            Interpolation::Cubic => {
                let [y0, f0, y1, f1] = ends;
                let quadratic = -three * y0 + three * y1 - two * f0 - f1;
                [y0, f0, quadratic, two * y0 - two * y1 + f0 + f1]
            }
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

    /// Sums what the senders of each receiver sent of some steps, weighted, into the parts of the
    /// families. What was there is overwritten.
    ///
    /// A piece of each sender at a time, so that those of some hundred senders stay in a near cache
    /// for all receivers.
    pub fn receive(
        &self,
        parts: &mut [Option<GapPart>],
        arrived: &Sent,
        steps: &Range<usize>,
        width: Width,
    ) {
        for to in &self.receivers {
            if let Some(part) = &mut parts[to.family as usize] {
                part.weight[to.local as usize] = to.weight;
            }
        }
        for part in parts.iter_mut().flatten() {
            part.received = steps.clone();
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

/// The numbers of a row that are summed together, those of eight points of a cubic.
#[derive(Clone, Copy, Debug, Default)]
struct Piece(Lanes, Lanes);

impl Piece {
    const LEN: usize = 2 * LANES;

    /// Its numbers.
    #[inline(always)]
    fn numbers(&self) -> impl Iterator<Item = f64> {
        self.0.0.into_iter().chain(self.1.0)
    }

    /// The first numbers from `values`; the others may be anything.
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

    /// Sets the numbers of a point, 1 or 2, in a row.
    #[inline(always)]
    fn set<const NUMBERS: usize>(&mut self, row: usize, point: usize, numbers: [f64; NUMBERS]) {
        let (column, at) = (point * NUMBERS / Piece::LEN, point * NUMBERS % Piece::LEN);
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
    /// What is sent: of each sender a row, per point, per number.
    pub outgoing: Sent,
    interpolation: Interpolation,
    lags: usize,
    nodes: usize,
    /// The potentials of the last iteration: per step, per node.
    last: Vec<f64>,
    weight: Vec<f64>,
    /// Sums received: per point, per number, per node.
    sums: Vec<f64>,
    /// The steps that they are of.
    received: Range<usize>,
}

impl GapPart {
    /// Bytes held.
    pub fn bytes(&self) -> usize {
        let floats = [&self.last, &self.weight, &self.sums];
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
        let width = order.width(lags);
        let mut outgoing = Sent::default();
        outgoing.resize(senders.len(), width);
        *self = GapPart {
            outgoing,
            last: vec![0.0; nodes * lags],
            weight: vec![0.0; nodes],
            sums: vec![0.0; nodes * width],
            received: 0..0,
            senders,
            interpolation: order,
            lags,
            nodes,
        };
        true
    }

    /// What arrives at a range of nodes in a step; nothing in one of which nothing was received.
    pub fn input(&self, nodes: Range<usize>, lag: usize) -> GapInput<'_> {
        let point = self.interpolation.numbers() * self.nodes;
        let ends = match self.received.contains(&lag) {
            true => &self.sums[lag * point..][..2 * point],
            false => &[],
        };
        GapInput {
            weight: &self.weight[nodes.clone()],
            ends,
            stride: self.nodes,
            nodes,
            interpolation: self.interpolation,
        }
    }

    /// Sends a constant.
    pub fn send_constant(&mut self, slot: usize, v: f64) {
        let numbers = self.interpolation.numbers();
        let mut row = vec![0.0; self.interpolation.width(self.lags)];
        row.iter_mut().step_by(numbers).for_each(|value| *value = v);
        self.outgoing.fill(slot, &row);
    }

    /// Forgets the potentials of the last iteration.
    pub fn forget_last(&mut self) {
        self.last.fill(0.0);
    }

    /// Sends what a range of nodes tell of a step of length `h` ms, of its start only where the
    /// signal says so; returns the largest change of a potential at the step's end since the last
    /// iteration, also of nodes that send nothing.
    pub fn send(&mut self, nodes: Range<usize>, signal: &GapSignal<'_>, lag: usize, h: f64) -> f64 {
        if signal.starts {
            self.send_point(&nodes, lag, (signal.start, signal.start_slope), h);
        }
        self.send_point(&nodes, lag + 1, (signal.end, signal.end_slope), h);
        let last = &mut self.last[lag * self.nodes..][nodes];
        let mut largest = 0.0f64;
        for (last, end) in last.iter_mut().zip(&*signal.end) {
            largest = largest.max((end - *last).abs());
            *last = *end;
        }
        largest
    }

    /// Sends values and slopes of a range of nodes at a point.
    fn send_point(
        &mut self,
        nodes: &Range<usize>,
        point: usize,
        (v, slope): (&[f64], &[f64]),
        h: f64,
    ) {
        let first = self
            .senders
            .partition_point(|&l| (l as usize) < nodes.start);
        let senders = self.senders[first..].iter().map(|&l| l as usize);
        for (slot, local) in (first..).zip(senders.take_while(|&l| l < nodes.end)) {
            let i = local - nodes.start;
            match self.interpolation {
                Interpolation::Constant | Interpolation::Linear => {
                    self.outgoing.set(slot, point, [v[i]]);
                }
                Interpolation::Cubic => self.outgoing.set(slot, point, [v[i], h * slope[i]]),
            }
        }
    }

    /// Forgets what arrived.
    pub fn clear_incoming(&mut self) {
        self.weight.fill(0.0);
        self.sums.fill(0.0);
        self.received = 0..0;
    }

    /// Stores some of the sums of a receiver; the last ones beyond the width are no sums.
    #[inline(always)]
    fn receive(&mut self, local: usize, column: usize, sums: &Piece) {
        let first = column * Piece::LEN * self.nodes;
        let mut rows = self.sums[first..].chunks_exact_mut(self.nodes);
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
        for ends in [[1.0, 3.0, 2.0, -1.0], [-70.0, -69.0, 0.5, 4.0]] {
            let c = Interpolation::Cubic.coefficients(ends);
            let at = |s: f64| c[0] + s * (c[1] + s * (c[2] + s * c[3]));
            let slope = |s: f64| c[1] + s * (2.0 * c[2] + 3.0 * s * c[3]);
            assert_eq!([at(0.0), slope(0.0), at(1.0), slope(1.0)], ends);
        }
    }

    #[test]
    fn lower_orders_meet_the_values() {
        let of = |order: Interpolation| order.coefficients([5.0, 4.0, f64::NAN, f64::NAN]);
        assert_eq!(of(Interpolation::Constant), [5.0, 0.0, 0.0, 0.0]);
        assert_eq!(of(Interpolation::Linear), [5.0, -1.0, 0.0, 0.0]);
    }

    #[test]
    fn what_is_sent_arrives_weighted_and_summed() {
        let mut part = GapPart::default();
        assert!(part.arrange(3, vec![1], 2, Interpolation::Linear));
        assert!(!part.arrange(3, vec![1], 2, Interpolation::Linear));
        let signal = GapSignal {
            starts: true,
            start: &mut [0.0, -60.0, 0.0],
            start_slope: &mut [0.0; 3],
            end: &mut [0.0, -58.0, 0.0],
            end_slope: &mut [0.0; 3],
        };
        assert_eq!(part.send(0..3, &signal, 1, 0.1), 58.0);
        assert_eq!(part.send(0..3, &signal, 1, 0.1), 0.0);
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
        let width = Interpolation::Linear.width(2);
        arrived.resize(1, width);
        arrived.copy(0, &part.outgoing);
        let mut parts = [Some(part)];
        table.receive(&mut parts, &arrived, &(1..2), Width::widest());
        let mut part = parts[0].take().unwrap();
        let input = part.input(1..3, 1);
        assert_eq!(input.weight, [0.0, 3.0]);
        assert_eq!(input.coefficients(0), [0.0; 4]);
        assert_eq!(input.coefficients(1), [-180.0, 6.0, 0.0, 0.0]);
        let lanes = input.lanes(0..2).map(|l| [l.0[0], l.0[1]]);
        assert_eq!(lanes, [[0.0, -180.0], [0.0, 6.0], [0.0; 2], [0.0; 2]]);
        let before = part.input(1..3, 0);
        assert_eq!(before.coefficients(1), [0.0; 4], "a step that was not sent");
        assert_eq!(before.lanes(0..2), [Lanes::default(); 4]);
        part.send_constant(0, -70.0);
        part.forget_last();
        assert_eq!(part.send(0..3, &signal, 1, 0.1), 58.0);
        let sent: Vec<f64> = part.outgoing.row(0, width).collect();
        assert_eq!(sent, [-70.0, -60.0, -58.0]);
    }

    #[test]
    fn nothing_arrives_where_the_last_junction_is_removed() {
        let mut part = GapPart::default();
        part.arrange(2, vec![0], 1, Interpolation::Cubic);
        part.send_constant(0, -60.0);
        let mut arrived = Sent::default();
        arrived.resize(1, Interpolation::Cubic.width(1));
        arrived.copy(0, &part.outgoing);
        let entry = |local| GapEntry {
            family: 0,
            local,
            source: 1,
            weight: 2.0,
        };
        let mut parts = [Some(part)];
        let mut receive = |entries: Vec<GapEntry>| {
            let mut table = GapTable {
                entries,
                ..GapTable::default()
            };
            table.arrange(|_| 0);
            parts[0].as_mut().unwrap().clear_incoming();
            table.receive(&mut parts, &arrived, &(0..1), Width::widest());
            let input = parts[0].as_ref().unwrap().input(0..2, 0);
            [0, 1].map(|node| input.coefficients(node)[0])
        };
        assert_eq!(receive(vec![entry(0), entry(1)]), [-120.0, -120.0]);
        assert_eq!(receive(vec![entry(1)]), [0.0, -120.0]);
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
            let width = order.width(lags);
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
                table.receive(&mut parts, &arrived, &(0..lags), width);
                let part = parts[0].as_ref().unwrap();
                assert_eq!(part.weight, [0.0, 5.0, 0.0]);
                for (k, sums) in part.sums.chunks_exact(nodes).enumerate() {
                    let sum = 2.0 * number(0, k) + 3.0 * number(2, k);
                    assert_eq!(sums, [0.0, sum, 0.0], "{order:?}, number {k}");
                }
            }
        }
    }
}
