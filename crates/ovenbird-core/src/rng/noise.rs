//! Words and standard normals for many targets of one generator at once.

use super::distributions::normal_quantile;
use super::{Key, philox4x32_many};

/// Philox words of a generator for a list of targets, one block of four words per target.
#[derive(Clone, Debug)]
pub(super) struct DriveWords {
    pub(super) key: Key,
    pub(super) generator: u32,
    pub(super) targets: Vec<u32>,
    pub(super) occurrences: Vec<u32>,
    block: Option<u64>,
    words: [Vec<u32>; 4],
}

impl DriveWords {
    pub(super) fn new(key: Key, generator: u32, targets: Vec<u32>, occurrences: Vec<u32>) -> Self {
        assert_eq!(
            targets.len(),
            occurrences.len(),
            "one occurrence per target"
        );
        let words = std::array::from_fn(|_| vec![0; targets.len()]);
        Self {
            key,
            generator,
            targets,
            occurrences,
            block: None,
            words,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.targets.len()
    }

    /// Makes `block` the present block of all targets.
    #[inline(always)]
    pub(super) fn fill(&mut self, block: u64) {
        if self.block == Some(block) {
            return;
        }
        let high = (block >> 32) as u32;
        let key = if high == 0 {
            self.key
        } else {
            self.key.derive(high, u32::MAX)
        };
        let [a, b, c, d] = &mut self.words;
        philox4x32_many(
            block as u32,
            &self.targets,
            &self.occurrences,
            self.generator,
            key.words(),
            [a, b, c, d],
        );
        self.block = Some(block);
    }

    /// Word `index` of the present block, for each target.
    #[inline(always)]
    pub(super) fn word(&self, index: usize) -> &[u32] {
        &self.words[index]
    }
}

/// Quantiles of two words each, for the widest SIMD registers there are.
struct Normals<'a> {
    words: &'a mut DriveWords,
    interval: u64,
    out: &'a mut [f64],
}

impl pulp::NullaryFnOnce for Normals<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.words.fill(self.interval / 2);
        let pair = 2 * (self.interval % 2) as usize;
        let (low, high) = (self.words.word(pair), self.words.word(pair + 1));
        for ((o, &low), &high) in self.out.iter_mut().zip(low).zip(high) {
            *o = normal_quantile(low, high);
        }
    }
}

/// Standard normals of one generator for a list of targets.
///
/// A number is a function of key, generator, target, occurrence and interval only: it does not
/// depend on which other targets are in the list.
#[derive(Clone, Debug)]
pub struct NormalDrive {
    arch: pulp::Arch,
    words: DriveWords,
}

impl NormalDrive {
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

    /// Writes the standard normals of all targets in an interval to `out`.
    ///
    /// Two intervals that begin at an even one share their words: go through them in order.
    ///
    /// # Panics
    /// If `out` has not one entry per target.
    pub fn normals(&mut self, interval: u64, out: &mut [f64]) {
        assert_eq!(out.len(), self.words.len(), "one number per target");
        self.arch.dispatch(Normals {
            words: &mut self.words,
            interval,
            out,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::statistics::ks_distance;
    use super::super::{Purpose, philox4x32};
    use super::*;

    fn drive(targets: std::ops::Range<u32>) -> NormalDrive {
        let zeros = vec![0; targets.len()];
        NormalDrive::new(Key::new(8, Purpose::Noise), 3, targets.collect(), zeros)
    }

    #[test]
    fn numbers_are_the_same_at_every_width() {
        for interval in [0, 1, 1 << 40] {
            let all = crate::math::Width::available().into_iter().map(|width| {
                let (mut drive, mut out) = (drive(0..101), vec![0.0; 101]);
                drive.arch = width.arch();
                drive.normals(interval, &mut out);
                out.into_iter().map(f64::to_bits).collect::<Vec<_>>()
            });
            let all: Vec<_> = all.collect();
            assert!(all.iter().all(|one| *one == all[0]), "{interval}");
        }
    }

    #[test]
    fn numbers_are_quantiles_of_the_words_of_their_target_on_any_split_and_width() {
        let mut out = vec![0.0; 101];
        for interval in [0, 1, 7, 1 << 40] {
            let mut whole = drive(0..101);
            whole.normals(interval, &mut out);
            let mut part = vec![0.0; 30];
            drive(50..80).normals(interval, &mut part);
            assert_eq!(out[50..80], part);
            let words = &mut whole.words;
            pulp::NullaryFnOnce::call(Normals {
                words,
                interval,
                out: &mut out[..101],
            });
            assert_eq!(out[50..80], part, "SIMD dispatch changes bits");
        }
        drive(0..101).normals(7, &mut out);
        let block = philox4x32([3, 42, 0, 3], Key::new(8, Purpose::Noise).words());
        assert_eq!(out[42], normal_quantile(block[2], block[3]));
    }

    #[test]
    fn numbers_are_standard_normal_and_uncorrelated() {
        let mut drive = drive(0..1000);
        let mut out = vec![0.0; 1000];
        let mut all = Vec::new();
        for interval in 0..100 {
            drive.normals(interval, &mut out);
            all.extend_from_slice(&out);
        }
        // Absolute values in quadratic form: exponential for the sum of two squares.
        let radius = all.chunks_exact(2).map(|p| p[0] * p[0] + p[1] * p[1]);
        assert!(ks_distance(radius, |r| 1.0 - (-r / 2.0).exp()) < 1.63);
        let n = all.len() as f64;
        assert!((all.iter().sum::<f64>() / n).abs() < 4.0 / n.sqrt());
        for lag in [1, 1000] {
            let covariance: f64 = all.iter().zip(&all[lag..]).map(|(a, b)| a * b).sum();
            assert!((covariance / n).abs() < 4.0 / n.sqrt(), "lag {lag}");
        }
    }
}
