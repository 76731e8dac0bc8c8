//! Spike counts of Poisson generators for many targets at once.
//!
//! A 32-bit word decides a count. The probabilities, in units of 2^-32, are cut to integers, so
//! that words map to counts exactly; the fractions cut off make up the few top words, for which
//! a word of another block picks the count from the distribution of the fractions. Counts thus
//! follow the Poisson distribution to the precision of `f64`, and the common case is a
//! comparison with a few integers.

use super::{DriveWords, Key, Stream};

/// Number of thresholds up to which comparing with all of them is fastest (means up to about 10).
const MAX_THRESHOLDS: usize = 44;
/// Means above this are drawn from streams; its table has 4 bits less than a word.
const MAX_TABLE_MEAN: f64 = 1000.0;
const WORDS: f64 = 4_294_967_296.0;
/// Counts are compared in groups of this many lanes, held in registers.
const LANES: usize = 32;
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
    /// The count is the number of thresholds at or below the word. As many as all means that the
    /// word is a top word. Stored with the top bit flipped, for signed comparison.
    Thresholds(Vec<i32>),
    /// Walker's alias method with integer weights: exact.
    Alias {
        shift: u32,
        columns: Vec<Column>,
    },
    Large,
}

/// The words of a column below `cut` mean `below`, the others `above`.
#[derive(Clone, Copy, Debug)]
struct Column {
    cut: u32,
    below: u16,
    above: u16,
}

/// Outcome of [`Method::Alias`] for top words.
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

fn thresholds(weights: &[u64]) -> Vec<i32> {
    let mut sum = 0;
    let below_end = weights.iter().map(|w| {
        sum += w;
        sum
    });
    below_end
        .filter(|&t| t < 1 << 32)
        .map(|t| (t as u32 ^ 1 << 31) as i32)
        .collect()
}

fn alias(weights: &[u64], top: u64) -> Method {
    let outcomes = weights.len() + 1;
    let bits = outcomes.next_power_of_two().trailing_zeros();
    let shift = 32 - bits;
    let capacity = 1u64 << shift;
    let mut rest: Vec<(u64, u16)> = weights
        .iter()
        .enumerate()
        .map(|(k, &w)| (w, k as u16))
        .chain([(top, TOP_WORD)])
        .collect();
    rest.resize(1 << bits, (0, 0));
    let (mut small, mut large): (Vec<_>, Vec<_>) =
        rest.into_iter().partition(|&(w, _)| w < capacity);
    let mut columns = Vec::with_capacity(1 << bits);
    // Weights sum to columns times capacity, so that a large one is left for every small one.
    while let Some((weight, outcome)) = small.pop() {
        let Some((big, donor)) = large.pop() else {
            break;
        };
        let start = (columns.len() as u64) << shift;
        columns.push(Column {
            cut: (start + weight) as u32,
            below: outcome,
            above: donor,
        });
        let left = (big - (capacity - weight), donor);
        if left.0 < capacity {
            small.push(left)
        } else {
            large.push(left)
        }
    }
    while let Some((_, outcome)) = large.pop() {
        let start = (columns.len() as u64) << shift;
        columns.push(Column {
            cut: start as u32,
            below: outcome,
            above: outcome,
        });
    }
    Method::Alias { shift, columns }
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
        let method = if weights.len() <= MAX_THRESHOLDS {
            Method::Thresholds(thresholds(&weights))
        } else {
            alias(&weights, top)
        };
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

/// Counts for the words; returns whether any of them is a top word.
#[inline(always)]
fn count_thresholds(thresholds: &[i32], words: &[u32], out: &mut [f64]) -> bool {
    let mut most = 0;
    let mut words = words.chunks_exact(LANES);
    let mut outs = out.chunks_exact_mut(LANES);
    for (w, o) in (&mut words).zip(&mut outs) {
        let mut counts = [0i32; LANES];
        let mut flipped = [0i32; LANES];
        for i in 0..LANES {
            flipped[i] = (w[i] ^ 1 << 31) as i32;
        }
        for &t in thresholds {
            for i in 0..LANES {
                counts[i] += i32::from(flipped[i] >= t);
            }
        }
        for i in 0..LANES {
            most = most.max(counts[i]);
            o[i] = f64::from(counts[i]);
        }
    }
    for (&w, o) in words.remainder().iter().zip(outs.into_remainder()) {
        let w = (w ^ 1 << 31) as i32;
        let count = thresholds.iter().map(|&t| i32::from(w >= t)).sum();
        most = most.max(count);
        *o = f64::from(count);
    }
    most as usize == thresholds.len()
}

/// As [`count_thresholds`]; top words give the count [`TOP_WORD`].
#[inline(always)]
fn count_alias(shift: u32, columns: &[Column], words: &[u32], out: &mut [f64]) -> bool {
    let mut most = 0;
    for (&w, o) in words.iter().zip(out) {
        let column = columns[(w >> shift) as usize];
        let count = if w < column.cut {
            column.below
        } else {
            column.above
        };
        most = most.max(count);
        *o = f64::from(count);
    }
    most == TOP_WORD
}

/// The counts of one Poisson generator for a list of targets.
///
/// A count is a function of key, generator, target, occurrence and step only: it does not
/// depend on which other targets are in the list.
#[derive(Clone, Debug)]
pub struct PoissonDrive {
    words: DriveWords,
}

impl PoissonDrive {
    /// A drive for the connections of `generator` to `targets`; `occurrences[i]` counts the
    /// earlier connections to the same target.
    ///
    /// # Panics
    /// If the lists differ in length.
    pub fn new(key: Key, generator: u32, targets: Vec<u32>, occurrences: Vec<u32>) -> Self {
        Self {
            words: DriveWords::new(key, generator, targets, occurrences),
        }
    }

    /// Writes the counts of all targets in a step to `out`. Run it inside a SIMD dispatch.
    ///
    /// # Panics
    /// If `out` has not one entry per target.
    #[inline(always)]
    pub fn counts(&mut self, sampler: &PoissonSampler, step: u64, out: &mut [f64]) {
        assert_eq!(out.len(), self.words.len(), "one count per target");
        match &sampler.method {
            Method::Zero => out.fill(0.0),
            Method::Large => self.large_counts(sampler.mean, step, out),
            Method::Thresholds(thresholds) => {
                self.words.fill(step / 4);
                let words = self.words.word((step % 4) as usize);
                if count_thresholds(thresholds, words, out) {
                    self.resolve(sampler, thresholds.len() as f64, step, out);
                }
            }
            Method::Alias { shift, columns } => {
                self.words.fill(step / 4);
                let words = self.words.word((step % 4) as usize);
                if count_alias(*shift, columns, words, out) {
                    self.resolve(sampler, f64::from(TOP_WORD), step, out);
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
    fn resolve(&self, sampler: &PoissonSampler, top: f64, step: u64, out: &mut [f64]) {
        for (i, count) in out
            .iter_mut()
            .enumerate()
            .filter(|(_, count)| **count == top)
        {
            *count = sampler.fractions.count(self.stream(TOP, i, step).uniform());
        }
    }

    #[inline(never)]
    fn large_counts(&self, mean: f64, step: u64, out: &mut [f64]) {
        for (i, count) in out.iter_mut().enumerate() {
            *count = self.stream(LARGE, i, step).poisson(mean) as f64;
        }
    }
}

#[cfg(test)]
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
        pulp::Arch::new().dispatch(|| drive.counts(&sampler, step, &mut out));
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
                    (total - p * WORDS).abs() < 2e-5 * p + 1e-13,
                    "mean {mean}, count {k}"
                );
            }
        }
    }

    #[test]
    fn tables_give_each_count_its_number_of_words() {
        let (weights, top, _) = split(2.0);
        let limits = thresholds(&weights);
        let mut start = 0u64;
        let mut out = [0.0];
        for (k, weight) in weights
            .iter()
            .chain([&top])
            .enumerate()
            .filter(|(_, w)| **w > 0)
        {
            for word in [start, start + weight - 1] {
                let is_top = count_thresholds(&limits, &[word as u32], &mut out);
                assert_eq!((out[0], is_top), (k as f64, k == weights.len()));
            }
            start += weight;
        }
        let (weights, top, _) = split(300.0);
        let Method::Alias { shift, columns } = alias(&weights, top) else {
            panic!()
        };
        let mut words = vec![0u64; weights.len()];
        let mut top_words = 0;
        let mut add = |outcome: u16, n: u64| match outcome {
            TOP_WORD => top_words += n,
            k => words[usize::from(k)] += n,
        };
        for (i, column) in columns.iter().enumerate() {
            let below = u64::from(column.cut) - ((i as u64) << shift);
            add(column.below, below);
            add(column.above, (1 << shift) - below);
        }
        assert_eq!((words, top_words), (weights, top));
    }

    #[test]
    fn top_words_are_resolved_from_the_fractions() {
        let mut drive = drive(0..64);
        let sampler = PoissonSampler::new(2.0);
        let Method::Thresholds(limits) = &sampler.method else {
            panic!()
        };
        let top = limits.len() as f64;
        let mut out = vec![top; 64];
        out[3] = 1.0;
        drive.resolve(&sampler, top, 8, &mut out);
        assert_eq!(out[3], 1.0);
        assert!(out.iter().all(|&c| c <= 40.0 && c == c.floor()));
        let mean = out.iter().sum::<f64>() / 64.0;
        assert!(
            mean > 4.0,
            "fractions weigh all counts alike, but their mean is {mean}"
        );
        drive.counts(&sampler, 0, &mut out);
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
            let mut plain = vec![0.0; 100];
            drive(0..100).counts(&PoissonSampler::new(mean), step, &mut plain);
            prop_assert_eq!(&whole, &plain, "SIMD dispatch changes bits");
        }
    }
}
