//! Spike counts of Poisson generators for many targets at once.
//!
//! A 32-bit word decides a count. The probabilities, in units of 2^-32, are cut to integers, so
//! that words map to counts exactly; the fractions cut off make up the few top words, for which
//! words of another block pick the count from the distribution of the fractions. Counts thus
//! follow the Poisson distribution to the precision of `f64`, and the common case is one look-up
//! in a small table of integers.

use super::{DriveWords, Key, Stream};
use crate::math::Registers;

/// Means above this are drawn from streams; up to it fewer than 512 counts have a weight.
const MAX_TABLE_MEAN: f64 = 1000.0;
/// Columns of a table that registers hold, and the places that are looked up together there.
const ENTRIES: usize = 32;
const TOGETHER: usize = 16;
const WORDS: f64 = 4_294_967_296.0;
/// Derivation words of the keys for top words and for large means.
const TOP: u32 = 0x746f_7000;
const LARGE: u32 = 0x6c61_7200;

/// Maps uniform words to Poisson counts of one mean.
#[derive(Clone, Debug)]
pub struct PoissonSampler {
    mean: f64,
    method: Method,
    fractions: Fractions,
}

#[derive(Clone, Debug)]
enum Method {
    Zero,
    Table(Table),
    Large,
}

/// Walker's alias method with integer weights: exact, and one look-up per word.
///
/// The number of columns is fixed in the type, so that look-ups need no check and vectorise.
#[derive(Clone, Debug)]
enum Table {
    C32(Box<[Column; ENTRIES]>),
    C128(Box<[Column; 128]>),
    C512(Box<[Column; 512]>),
}

/// Words of a column below `cut` mean one outcome, the others another. From the low end: `cut`
/// (32 bits), the outcome below and the outcome above it (16 bits each).
type Column = u64;

fn column(cut: u64, below: u16, above: u16) -> Column {
    cut | u64::from(below) << 32 | u64::from(above) << 48
}

/// Outcome for top words.
const TOP_WORD: u16 = u16::MAX;

/// Distribution of the count for top words: cumulative weights of the counts from 0 without the
/// mode, which has the rest of `total`.
#[derive(Clone, Debug, Default)]
struct Fractions {
    cumulative: Vec<f64>,
    mode: usize,
    total: f64,
}

impl Fractions {
    fn count(&self, uniform: f64) -> f64 {
        let x = uniform * self.total;
        let k = self.cumulative.partition_point(|&c| c <= x);
        (if k < self.cumulative.len() {
            k
        } else {
            self.mode
        }) as f64
    }
}

/// Poisson probabilities from 0 until they are negligible against 2^-64.
fn probabilities(mean: f64) -> Vec<f64> {
    let mode = mean as usize;
    let mut up = vec![1.0];
    let mut p = 1.0;
    let mut k = mode;
    while p > 1e-26 {
        k += 1;
        p *= mean / k as f64;
        up.push(p);
    }
    let mut all = vec![0.0; mode];
    p = 1.0;
    for k in (0..mode).rev() {
        p *= (k + 1) as f64 / mean;
        all[k] = p;
    }
    all.append(&mut up);
    // Both flanks from the small end.
    let total = all[..mode].iter().sum::<f64>() + all[mode..].iter().rev().sum::<f64>();
    all.iter_mut().for_each(|p| *p /= total);
    all
}

/// Integer weights of the counts (trailing zeros removed) and of the top words.
fn split(mean: f64) -> (Vec<u64>, u64, Fractions) {
    let mode = mean as usize;
    let mut cumulative = Vec::new();
    let mut weights = Vec::new();
    let mut fractions = 0.0;
    for (k, p) in probabilities(mean).into_iter().enumerate() {
        let weight = if k == mode { 0.0 } else { p * WORDS };
        weights.push(weight as u64);
        fractions += weight - weight.floor();
        cumulative.push(fractions);
    }
    let total = fractions.ceil();
    let others: u64 = weights.iter().sum();
    weights[mode] = (1u64 << 32) - others - total as u64;
    let used = weights.iter().rposition(|&w| w > 0).map_or(0, |k| k + 1);
    weights.truncate(used);
    (
        weights,
        total as u64,
        Fractions {
            cumulative,
            mode,
            total,
        },
    )
}

/// Columns for the outcomes 0, 1, ... of the given weights and [`TOP_WORD`] of weight `top`; at
/// most `N` have a weight.
fn columns<const N: usize>(weights: &[u64], top: u64) -> Box<[Column; N]> {
    let capacity = (1 << 32) / N as u64;
    let counts = (0u16..).zip(weights).map(|(k, &w)| (w, k));
    let outcomes = counts.chain([(top, TOP_WORD)]).filter(|&(w, _)| w > 0);
    let outcomes = outcomes.chain(std::iter::repeat((0, 0))).take(N);
    let (mut small, mut large): (Vec<_>, Vec<_>) = outcomes.partition(|&(w, _)| w < capacity);
    let mut columns = Box::new([0; N]);
    for (start, slot) in (0..).step_by(capacity as usize).zip(columns.iter_mut()) {
        // As many outcomes as columns are left, of the same sum. So beside a small outcome there
        // is a large one, and without small ones all are as large as a column.
        let Some((donor, above)) = large.pop() else {
            break;
        };
        let Some((weight, below)) = small.pop() else {
            *slot = column(start, above, above);
            continue;
        };
        *slot = column(start + weight, below, above);
        let left = (donor - (capacity - weight), above);
        if left.0 < capacity {
            small.push(left)
        } else {
            large.push(left)
        }
    }
    columns
}

impl Table {
    fn new(weights: &[u64], top: u64) -> Self {
        let outcomes = weights.iter().filter(|&&w| w > 0).count() + 1;
        if outcomes <= ENTRIES {
            Self::C32(columns(weights, top))
        } else if outcomes <= 128 {
            Self::C128(columns(weights, top))
        } else {
            Self::C512(columns(weights, top))
        }
    }
}

impl PoissonSampler {
    /// A sampler of counts with the given mean, which must be finite and not negative.
    ///
    /// # Panics
    /// If the mean is negative or not finite.
    pub fn new(mean: f64) -> Self {
        assert!(
            mean.is_finite() && mean >= 0.0,
            "a Poisson mean is finite and >= 0, not {mean}"
        );
        if mean == 0.0 || mean > MAX_TABLE_MEAN {
            let method = if mean == 0.0 {
                Method::Zero
            } else {
                Method::Large
            };
            return Self {
                mean,
                method,
                fractions: Fractions::default(),
            };
        }
        let (weights, top, fractions) = split(mean);
        let method = Method::Table(Table::new(&weights, top));
        Self {
            mean,
            method,
            fractions,
        }
    }

    /// The mean count.
    pub fn mean(&self) -> f64 {
        self.mean
    }
}

/// Counts for the words, with [`TOP_WORD`] for top words; returns whether there are any.
#[inline(always)]
fn count<const N: usize>(columns: &[Column; N], words: &[u32], out: &mut [f64]) -> bool {
    let shift = 32 - N.trailing_zeros();
    let mut most = 0;
    for (&word, out) in words.iter().zip(out) {
        let column = columns[(word >> shift) as usize];
        let (cut, outcomes) = (column as u32, (column >> 32) as u32);
        let count = if word < cut {
            outcomes & 0xffff
        } else {
            outcomes >> 16
        };
        most = most.max(count);
        *out = f64::from(count as i32);
    }
    most == u32::from(TOP_WORD)
}

/// As [`count`], with the columns in registers.
#[inline(always)]
fn count_in_registers(
    registers: Registers,
    columns: &[Column; ENTRIES],
    words: &[u32],
    out: &mut [f64],
) -> bool {
    if words.len() < TOGETHER {
        return count(columns, words, out);
    }
    let (mut cuts, mut outcomes) = ([0; ENTRIES], [0; ENTRIES]);
    for ((column, cut), outcomes) in columns.iter().zip(&mut cuts).zip(&mut outcomes) {
        (*cut, *outcomes) = (*column as u32, (column >> 32) as u32);
    }
    let shift = 32 - ENTRIES.trailing_zeros();
    let (words, last_words) = words.as_chunks::<TOGETHER>();
    let (out, last_out) = out.as_chunks_mut::<TOGETHER>();
    let mut top = 0;
    for (words, out) in words.iter().zip(out) {
        let places = words.map(
            #[inline(always)]
            |word| word >> shift,
        );
        let cuts = registers.words(&cuts, places);
        let counts = registers.half(*words, cuts, registers.words(&outcomes, places));
        top |= registers.equal(counts, [u32::from(TOP_WORD); TOGETHER]);
        *out = registers.numbers(counts);
    }
    count(columns, last_words, last_out) | (top != 0)
}

/// Counts of one step, for the widest SIMD registers there are.
struct Counting<'a> {
    words: &'a mut DriveWords,
    table: &'a Table,
    step: u64,
    out: &'a mut [f64],
    registers: Option<Registers>,
}

impl pulp::NullaryFnOnce for Counting<'_> {
    /// Whether there are top words.
    type Output = bool;

    #[inline(always)]
    fn call(self) -> bool {
        self.words.fill(self.step / 4);
        let words = self.words.word((self.step % 4) as usize);
        match self.table {
            Table::C32(columns) => match self.registers {
                Some(registers) => count_in_registers(registers, columns, words, self.out),
                None => count(columns, words, self.out),
            },
            Table::C128(columns) => count(columns, words, self.out),
            Table::C512(columns) => count(columns, words, self.out),
        }
    }
}

/// The counts of one Poisson generator for a list of targets.
///
/// A count is a function of key, generator, target, occurrence and step only: it does not
/// depend on which other targets are in the list.
#[derive(Clone, Debug)]
pub struct PoissonDrive {
    arch: pulp::Arch,
    words: DriveWords,
}

impl PoissonDrive {
    /// A drive for the connections of `generator` to `targets`; `occurrences[i]` counts the
    /// earlier connections to the same target.
    ///
    /// # Panics
    /// If the lists differ in length.
    pub fn new(key: Key, generator: u32, targets: Vec<u32>, occurrences: Vec<u32>) -> Self {
        let words = DriveWords::new(key, generator, targets, occurrences);
        Self {
            arch: pulp::Arch::new(),
            words,
        }
    }

    /// Writes the counts of all targets in a step to `out`.
    ///
    /// Four steps that begin at a multiple of 4 share their words: go through steps in order.
    ///
    /// # Panics
    /// If `out` has not one entry per target.
    pub fn counts(&mut self, sampler: &PoissonSampler, step: u64, out: &mut [f64]) {
        assert_eq!(out.len(), self.words.len(), "one count per target");
        match &sampler.method {
            Method::Zero => out.fill(0.0),
            Method::Large => self.large_counts(sampler.mean, step, out),
            Method::Table(table) => {
                let counting = Counting {
                    words: &mut self.words,
                    table,
                    step,
                    out: &mut *out,
                    registers: Registers::among(self.arch),
                };
                if self.arch.dispatch(counting) {
                    self.resolve(sampler, step, out);
                }
            }
        }
    }

    /// The stream of one target in one step, apart from the words.
    fn stream(&self, tag: u32, index: usize, step: u64) -> Stream {
        let key = self
            .words
            .key
            .derive(tag, 0)
            .derive(step as u32, (step >> 32) as u32);
        let (target, occurrence) = (self.words.targets[index], self.words.occurrences[index]);
        Stream::new(key, target, occurrence, self.words.generator)
    }

    #[cold]
    #[inline(never)]
    fn resolve(&self, sampler: &PoissonSampler, step: u64, out: &mut [f64]) {
        let top = f64::from(TOP_WORD);
        for (i, count) in out
            .iter_mut()
            .enumerate()
            .filter(|(_, count)| **count == top)
        {
            *count = sampler.fractions.count(self.stream(TOP, i, step).uniform());
        }
    }

    fn large_counts(&self, mean: f64, step: u64, out: &mut [f64]) {
        for (i, count) in out.iter_mut().enumerate() {
            *count = self.stream(LARGE, i, step).poisson(mean) as f64;
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::statistics::chi_square_z;
    use super::super::{Purpose, philox4x32};
    use super::*;
    use proptest::prelude::*;

    fn drive(targets: std::ops::Range<u32>) -> PoissonDrive {
        let occurrences = targets.clone().map(|t| t % 2).collect();
        PoissonDrive::new(
            Key::new(5, Purpose::Poisson),
            17,
            targets.collect(),
            occurrences,
        )
    }

    fn counts(drive: &mut PoissonDrive, mean: f64, step: u64) -> Vec<f64> {
        let mut out = vec![f64::NAN; drive.words.len()];
        let sampler = PoissonSampler::new(mean);
        drive.counts(&sampler, step, &mut out);
        out
    }

    #[test]
    fn counts_follow_the_poisson_distribution() {
        for mean in [0.0, 1e-3, 0.01, 0.5, 2.0, 9.0, 12.5, 30.0, 800.0, 2000.0] {
            let mut drive = drive(0..1003);
            let draws = (0..100).flat_map(|step| counts(&mut drive, mean, step));
            let pmf = probabilities(mean);
            let z = chi_square_z(draws.map(|c| c as u64), |k| {
                pmf.get(k as usize).copied().unwrap_or(0.0)
            });
            assert!(z < 3.0, "mean {mean}: z = {z}");
        }
    }

    #[test]
    fn probabilities_are_right() {
        for mean in [1e-9f64, 0.4, 2.0, 30.0] {
            let mut p = (-mean).exp();
            for (k, got) in probabilities(mean).into_iter().enumerate() {
                assert!(
                    (got / p - 1.0).abs() < 1e-13,
                    "mean {mean}, count {k}: {got} {p}"
                );
                p *= mean / (k + 1) as f64;
            }
        }
    }

    /// All words together, by weight: every count has its probability to the precision of f64.
    #[test]
    fn words_and_fractions_make_up_the_exact_distribution() {
        for mean in [1e-12, 0.01, 2.0, 9.7, 30.0, 999.5] {
            let (weights, top, fractions) = split(mean);
            assert_eq!(weights.iter().sum::<u64>() + top, 1 << 32);
            let mut last = 0.0;
            for (k, p) in probabilities(mean).into_iter().enumerate() {
                let mut share = fractions.cumulative[k] - last;
                last = fractions.cumulative[k];
                if k == fractions.mode {
                    share = fractions.total - fractions.cumulative.last().unwrap();
                }
                let total = weights.get(k).copied().unwrap_or(0) as f64 + share;
                assert!(
                    (total - p * WORDS).abs() < 1e-4 * p + 1e-13,
                    "mean {mean}, count {k}"
                );
            }
        }
    }

    fn words_of<const N: usize>(columns: &[Column; N], outcome: u16) -> u64 {
        let capacity = (1 << 32) / N as u64;
        let share = |(i, column): (u64, &Column)| {
            let below = (column & 0xffff_ffff) - i * capacity;
            let is = |shift: u32| u64::from((column >> shift) as u16 == outcome);
            below * is(32) + (capacity - below) * is(48)
        };
        (0..).zip(columns).map(share).sum()
    }

    #[test]
    fn tables_give_each_count_its_number_of_words() {
        for mean in [1e-300, 0.01, 2.0, 4.0, 30.0, 300.0, 1000.0] {
            let (weights, top, _) = split(mean);
            let words = |outcome| match Table::new(&weights, top) {
                Table::C32(columns) => words_of(&columns, outcome),
                Table::C128(columns) => words_of(&columns, outcome),
                Table::C512(columns) => words_of(&columns, outcome),
            };
            assert_eq!(words(TOP_WORD), top);
            for (k, weight) in (0..).zip(&weights) {
                assert_eq!(words(k), *weight, "mean {mean}, count {k}");
            }
        }
    }

    #[test]
    fn top_words_are_resolved_from_the_fractions() {
        let drive = drive(0..640);
        let sampler = PoissonSampler::new(2.0);
        let mut out = vec![f64::from(TOP_WORD); 640];
        out[3] = 1.0;
        drive.resolve(&sampler, 8, &mut out);
        assert_eq!(out[3], 1.0);
        let f = &sampler.fractions;
        let pmf = |k: u64| {
            let k = k as usize;
            let before = if k == 0 { 0.0 } else { f.cumulative[k - 1] };
            let rest = f.total - f.cumulative[f.cumulative.len() - 1];
            (f.cumulative[k] - before + if k == f.mode { rest } else { 0.0 }) / f.total
        };
        out.remove(3);
        assert!(chi_square_z(out.iter().map(|&c| c as u64), pmf) < 3.0);
    }

    #[test]
    fn words_come_from_the_documented_counter() {
        let mut drive = drive(10..13);
        for step in [6, (5u64 << 34) + 1] {
            drive.words.fill(step / 4);
            let base = Key::new(5, Purpose::Poisson);
            let high = (step >> 34) as u32;
            let key = if high == 0 {
                base
            } else {
                base.derive(high, u32::MAX)
            };
            let block = philox4x32([(step / 4) as u32, 11, 1, 17], key.words());
            assert_eq!(
                drive.words.word((step % 4) as usize)[1],
                block[(step % 4) as usize]
            );
        }
    }

    #[test]
    fn counts_are_the_same_at_every_width() {
        for mean in [0.01, 0.7, 4.0, 9.0, 40.0, 2000.0] {
            for targets in [0, 15, 63, 64, 128, 229] {
                for step in [0, 3, 1 << 33] {
                    let all = crate::math::Width::available().into_iter().map(|width| {
                        let mut drive = drive(0..targets);
                        drive.arch = width.arch();
                        counts(&mut drive, mean, step)
                    });
                    let all: Vec<_> = all.collect();
                    assert!(
                        all.iter().all(|one| *one == all[0]),
                        "{mean} {targets} {step}"
                    );
                }
            }
        }
    }

    /// At both ends of each column and of its parts, where random words hardly ever lie.
    #[test]
    fn columns_are_the_same_in_registers_and_in_memory() {
        let registers = crate::math::Width::available().into_iter();
        let Some(registers) = registers.filter_map(crate::math::Width::registers).next() else {
            return;
        };
        let mut tops = 0;
        for mean in [1e-9, 0.01, 2.0, 4.0] {
            let Method::Table(Table::C32(columns)) = PoissonSampler::new(mean).method else {
                panic!("{mean} has few outcomes");
            };
            let starts = (0..=u32::MAX).step_by((1 << 32) / ENTRIES);
            let words = starts.zip(&*columns).flat_map(|(start, &column)| {
                let cut = column as u32;
                [start, cut.saturating_sub(1), cut, start + (u32::MAX >> 5)]
            });
            let words: Vec<u32> = words.collect();
            for n in [128, 127, 113, 112, 15] {
                let (mut one, mut other) = (vec![f64::NAN; n], vec![f64::NAN; n]);
                for words in [&words[..n], &words[words.len() - n..]] {
                    let top = count(&columns, words, &mut one);
                    let found = count_in_registers(registers, &columns, words, &mut other);
                    assert_eq!((top, &one), (found, &other), "{mean} {n}");
                    tops += usize::from(top);
                }
            }
        }
        assert!(tops > 0, "some of the words are top words");
    }

    proptest! {
        #[test]
        fn counts_do_not_depend_on_the_split(
            cut in 1u32..99,
            mean in prop_oneof![0.0..10.0, 10.0..1500.0],
            step: u64,
        ) {
            let whole = counts(&mut drive(0..100), mean, step);
            let mut parts = counts(&mut drive(0..cut), mean, step);
            parts.extend(counts(&mut drive(cut..100), mean, step));
            prop_assert_eq!(&whole, &parts);
            if let Method::Table(table) = PoissonSampler::new(mean).method {
                let (mut words, mut plain) = (drive(0..100).words, vec![0.0; 100]);
                let (table, out) = (&table, &mut plain[..]);
                let counting = Counting { words: &mut words, table, step, out, registers: None };
                if !pulp::NullaryFnOnce::call(counting) {
                    prop_assert_eq!(&whole, &plain, "SIMD dispatch changes bits");
                }
            }
        }
    }
}
