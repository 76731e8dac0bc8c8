//! Counter-based random numbers.
//!
//! Every draw is a function of (seed, purpose, what it is for, index of the draw), never of the
//! order in which workers draw. So for one seed the bits do not depend on the number of threads
//! or ranks, nor on the SIMD width.

mod distributions;
mod elementary;
mod noise;
mod philox;
mod places;
mod poisson;
#[cfg(test)]
mod statistics;

use noise::DriveWords;
pub use noise::NormalDrive;
pub use philox::{philox4x32, philox4x32_many};
pub use places::{Draw, PlaceStreams};
pub use poisson::{PoissonDrive, PoissonSampler};

pub use elementary::{cos, sin};
pub(crate) use elementary::{exp, ln, ln_1p, pow};

/// What random numbers are used for; each purpose has keys of its own.
///
/// The codes are part of the results for a seed: never change or reuse one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Purpose {
    /// Parameters and initial states of nodes.
    NodeParameter = 1,
    /// Who is connected to whom.
    ConnectRule = 2,
    /// Weights, delays and other parameters of synapses.
    SynapseParameter = 3,
    /// Spike counts of Poisson generators, per target and step.
    Poisson = 4,
    /// Amplitudes of noise generators, per target and interval.
    Noise = 5,
    /// Draws that nodes make while they are updated.
    Neuron = 6,
    /// Explicit evaluation of a parameter by the user.
    Evaluate = 7,
    /// Positions of nodes in space.
    Position = 8,
    /// Draws that synapses make while spikes are delivered.
    Synapse = 9,
    /// Creation and deletion of connections by structural plasticity.
    StructuralPlasticity = 10,
    /// Draws that stimulating devices other than Poisson and noise generators make.
    Device = 11,
}

/// A Philox key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key([u32; 2]);

/// Key and last counter word under which keys are derived. No stream gets there: a stream's last
/// word counts its blocks from zero, and it changes its key at this one.
const DERIVE: u32 = u32::MAX;
const ROOT: [u32; 2] = [0x6f76_656e, 0x6269_7264];

impl Key {
    /// The key of a purpose under a seed.
    pub fn new(seed: u64, purpose: Purpose) -> Self {
        let [k0, k1, ..] = philox4x32(
            [seed as u32, (seed >> 32) as u32, purpose as u32, DERIVE],
            ROOT,
        );
        Self([k0, k1])
    }

    /// A key of its own for each `(a, b)`.
    pub fn derive(self, a: u32, b: u32) -> Self {
        let [k0, k1, ..] = philox4x32([a, b, 0, DERIVE], self.0);
        Self([k0, k1])
    }

    /// The two words of the key.
    #[inline(always)]
    pub fn words(self) -> [u32; 2] {
        self.0
    }
}

/// A sequence of draws, identified by a key and three words.
#[derive(Clone, Debug)]
pub struct Stream {
    key: Key,
    identity: [u32; 3],
    /// Index of the next block.
    block: u32,
    words: [u32; 4],
    /// Words of the present block that are used up.
    used: usize,
}

impl Stream {
    /// The stream `(a, b, c)` under `key`, from its first draw.
    pub fn new(key: Key, a: u32, b: u32, c: u32) -> Self {
        Self {
            key,
            identity: [a, b, c],
            block: 0,
            words: [0; 4],
            used: 4,
        }
    }

    fn refill(&mut self) {
        if self.block == DERIVE {
            self.key = self.key.derive(DERIVE, DERIVE);
            self.block = 0;
        }
        let [a, b, c] = self.identity;
        self.words = philox4x32([a, b, c, self.block], self.key.0);
        self.block += 1;
        self.used = 0;
    }

    /// 32 uniform bits.
    pub fn next_u32(&mut self) -> u32 {
        if self.used == 4 {
            self.refill();
        }
        let word = self.words[self.used];
        self.used += 1;
        word
    }

    /// 64 uniform bits: two words, the low one first.
    pub fn next_u64(&mut self) -> u64 {
        let low = u64::from(self.next_u32());
        low | u64::from(self.next_u32()) << 32
    }

    /// As many times 64 uniform bits as there is room: the same as [`Stream::next_u64`] one by one.
    pub fn fill_u64(&mut self, mut out: &mut [u64]) {
        while !out.is_empty() && (self.used != 4 || out.len() < FEW) {
            out[0] = self.next_u64();
            out = &mut out[1..];
        }
        let blocks = out.len() / 2;
        if (self.block as usize).saturating_add(blocks) < DERIVE as usize {
            let (identity, key, first) = (self.identity, self.key.0, self.block);
            let (whole, rest) = out.split_at_mut(2 * blocks);
            crate::math::vectorize(
                #[inline(always)]
                || fill_blocks(identity, key, first, whole.as_chunks_mut::<2>().0),
            );
            self.block += blocks as u32;
            out = rest;
        }
        out.iter_mut().for_each(|x| *x = self.next_u64());
    }

    /// As many integers in [0, n) as there is room, `n` being less than 2^32: the same as
    /// [`Stream::below`] one by one. Appends to `out`; `words` is a buffer.
    pub fn fill_below(&mut self, n: u32, count: usize, words: &mut Vec<u64>, out: &mut Vec<u32>) {
        assert!(n > 0, "fill_below(n) draws from [0, n) and needs n > 0");
        let before = self.clone();
        words.resize(count, 0);
        self.fill_u64(words);
        let first = out.len();
        out.resize(first + count, 0);
        let n64 = u64::from(n);
        let (new, words) = (&mut out[first..], &words[..count]);
        let rejected = crate::math::vectorize(
            #[inline(always)]
            || {
                let mut rejected = false;
                for (x, &word) in new.iter_mut().zip(words) {
                    let low = (word & 0xffff_ffff) * n64;
                    let high = (word >> 32) * n64 + (low >> 32);
                    *x = (high >> 32) as u32;
                    // the lower half of the product is below n: `below` may have to draw again
                    rejected |= (high & 0xffff_ffff) == 0 && (low & 0xffff_ffff) < n64;
                }
                rejected
            },
        );
        if rejected {
            *self = before;
            new.iter_mut().for_each(|x| *x = self.below(n64) as u32);
        }
    }

    /// As many normals as there is room: the same as `mean + std *` [`Stream::normal`] one by one.
    pub fn fill_normal(&mut self, mean: f64, std: f64, out: &mut [f64]) {
        if out.len() <= FEW_NORMALS {
            out.iter_mut().for_each(|x| *x = mean + std * self.normal());
            return;
        }
        let mut words = [0u64; NORMALS];
        for part in out.chunks_mut(words.len()) {
            self.fill_u64(&mut words[..part.len()]);
            crate::math::vectorize(
                #[inline(always)]
                || normals(&words, (mean, std), part),
            );
        }
    }

    /// As many numbers uniform in [0, 1) as there is room: the same as [`Stream::uniform`] one by
    /// one.
    pub fn fill_uniform(&mut self, out: &mut [f64]) {
        let mut words = [0u64; 128];
        for part in out.chunks_mut(words.len()) {
            let words = &mut words[..part.len()];
            self.fill_u64(words);
            uniforms(words, part);
        }
    }

    /// Uniform in [0, 1), a multiple of 2^-53.
    pub fn uniform(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * EPS53
    }

    /// Uniform in (0, 1), an odd multiple of 2^-53.
    pub fn uniform_open(&mut self) -> f64 {
        ((self.next_u64() >> 12) as f64 + 0.5) * (2.0 * EPS53)
    }

    /// Uniform in (0, 1] with full precision towards 0, for use in tails.
    fn uniform_fine(&mut self) -> f64 {
        (self.next_u64() as f64 + 0.5) * EPS64
    }

    /// Uniform integer in [0, n), without bias (Lemire 2019, ACM TOMACS 29:3).
    ///
    /// # Panics
    /// If `n` is 0: there is no integer to draw.
    pub fn below(&mut self, n: u64) -> u64 {
        assert!(n > 0, "below(n) draws from [0, n) and needs n > 0");
        let mut product = u128::from(self.next_u64()) * u128::from(n);
        if (product as u64) < n {
            let threshold = n.wrapping_neg() % n;
            while (product as u64) < threshold {
                product = u128::from(self.next_u64()) * u128::from(n);
            }
        }
        (product >> 64) as u64
    }

    /// True with probability `p` (never for `p <= 0`, always for `p >= 1`).
    pub fn bernoulli(&mut self, p: f64) -> bool {
        self.uniform() < p
    }
}

/// Blocks that are made together: lanes of a vector.
const BLOCKS: usize = 8;
/// Fewer numbers of 64 bits than this are drawn one by one.
const FEW: usize = 6;

/// The words of the blocks from `first` on, two to each number.
#[inline(always)]
fn fill_blocks(identity: [u32; 3], key: [u32; 2], first: u32, out: &mut [[u64; 2]]) {
    let (whole, rest) = out.as_chunks_mut::<BLOCKS>();
    let mut next = first;
    for part in whole {
        eight_blocks(identity, key, next, part);
        next = next.wrapping_add(BLOCKS as u32);
    }
    if !rest.is_empty() {
        let mut last = [[0u64; 2]; BLOCKS];
        eight_blocks(identity, key, next, &mut last);
        for (out, words) in rest.iter_mut().zip(last) {
            *out = words;
        }
    }
}

#[inline(always)]
fn eight_blocks(identity: [u32; 3], key: [u32; 2], first: u32, out: &mut [[u64; 2]; BLOCKS]) {
    let [a, b, c] = identity;
    for (i, out) in (0..).zip(out) {
        let [w0, w1, w2, w3] = philox4x32([a, b, c, first.wrapping_add(i)], key).map(u64::from);
        *out = [w0 | w1 << 32, w2 | w3 << 32];
    }
}

/// Numbers uniform in [0, 1).
fn uniforms(words: &[u64], out: &mut [f64]) {
    for (x, &word) in out.iter_mut().zip(words) {
        *x = (word >> 11) as f64 * EPS53;
    }
}

/// How many normals are made at a time.
const NORMALS: usize = 128;
/// Up to so many are drawn one by one, as values that are out of bounds are.
const FEW_NORMALS: usize = 4;
/// Normals of a loop without a rest.
const LANES: usize = 16;
/// Likewise in the tails, where there are few.
const TAIL_LANES: usize = 16;

/// Normals as if all were central, and which are not.
#[inline(always)]
fn central(
    words: &[u64; LANES],
    (mean, std): (f64, f64),
    out: &mut [f64; LANES],
    beyond: &mut [bool; LANES],
) {
    for ((x, beyond), &word) in out.iter_mut().zip(beyond).zip(words) {
        let (low, high) = (word as u32, (word >> 32) as u32);
        *x = mean + std * distributions::central_normal_quantile(low, high);
        *beyond = distributions::is_in_tail(low, high);
    }
}

/// Normals of the first words: all as if they were central, then those in the tails.
#[inline(always)]
fn normals(words: &[u64; NORMALS], (mean, std): (f64, f64), out: &mut [f64]) {
    let mut beyond = [false; NORMALS];
    let words_of = words.as_chunks::<LANES>().0;
    let beyond_of = beyond.as_chunks_mut::<LANES>().0;
    let (whole, rest) = out.as_chunks_mut::<LANES>();
    let n = whole.len();
    for ((x, beyond), words) in whole.iter_mut().zip(&mut *beyond_of).zip(words_of) {
        central(words, (mean, std), x, beyond);
    }
    if !rest.is_empty() {
        let mut last = [0.0; LANES];
        central(&words_of[n], (mean, std), &mut last, &mut beyond_of[n]);
        for (out, x) in rest.iter_mut().zip(last) {
            *out = x;
        }
    }
    let mut tails = [0u8; NORMALS + TAIL_LANES];
    let mut found = 0;
    for (i, &beyond) in beyond[..out.len()].iter().enumerate() {
        tails[found] = i as u8;
        found += usize::from(beyond);
    }
    // filled up with the first tail again
    let first = tails[0];
    tails[found..][..TAIL_LANES].fill(first);
    let padded = found.next_multiple_of(TAIL_LANES);
    for places in tails[..padded].as_chunks::<TAIL_LANES>().0 {
        let picked = places.map(|i| words[usize::from(i)]);
        let values = distributions::tail_normal_quantiles(&picked);
        for (&i, x) in places.iter().zip(values) {
            out[usize::from(i)] = mean + std * x;
        }
    }
}

/// 2^-53
const EPS53: f64 = 1.0 / (1u64 << 53) as f64;
/// 2^-64
const EPS64: f64 = EPS53 / 2048.0;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stream_words_are_philox_blocks() {
        let key = Key::new(1, Purpose::Neuron);
        let mut s = Stream::new(key, 7, 8, 9);
        for block in 0..3 {
            for word in philox4x32([7, 8, 9, block], key.words()) {
                assert_eq!(s.next_u32(), word);
            }
        }
    }

    #[test]
    fn a_stream_that_runs_out_of_blocks_continues_under_another_key() {
        let key = Key::new(1, Purpose::Neuron);
        let mut s = Stream::new(key, 7, 8, 9);
        s.block = DERIVE;
        let next = philox4x32([7, 8, 9, 0], key.derive(DERIVE, DERIVE).words());
        assert_eq!(s.next_u32(), next[0]);
        assert_ne!(s.next_u32(), philox4x32([7, 8, 9, 0], key.words())[1]);
    }

    #[test]
    fn keys_differ_by_seed_purpose_and_derivation() {
        let a = Key::new(1, Purpose::Neuron);
        assert_ne!(a, Key::new(1, Purpose::Noise));
        assert_ne!(a, Key::new(2, Purpose::Neuron));
        assert_ne!(a, Key::new(1 << 32, Purpose::Neuron));
        assert_ne!(a.derive(0, 1), a.derive(1, 0));
    }

    #[test]
    fn uniforms_have_the_moments_of_the_interval() {
        let mut s = Stream::new(Key::new(3, Purpose::Evaluate), 0, 0, 0);
        let n = 100_000;
        let draws: Vec<f64> = (0..n).map(|_| s.uniform()).collect();
        assert!(draws.iter().all(|u| (0.0..1.0).contains(u)));
        let mean = draws.iter().sum::<f64>() / f64::from(n);
        let square = draws.iter().map(|u| u * u).sum::<f64>() / f64::from(n);
        // Four standard errors: 1/sqrt(12 n) and sqrt(4/45 n).
        assert!((mean - 0.5).abs() < 4.0 * (1.0 / 12e5f64).sqrt());
        assert!((square - 1.0 / 3.0).abs() < 4.0 * (4.0 / 45e5f64).sqrt());
        assert!((0..n).all(|_| (f64::MIN_POSITIVE..1.0).contains(&s.uniform_open())));
        assert!(!s.bernoulli(0.0) && s.bernoulli(1.0));
    }

    proptest! {
        #[test]
        fn many_draws_are_the_draws_one_by_one(
            seed: u64, skip in 0usize..5, n in 0usize..300, bound in 1u32..,
        ) {
            let mut one = Stream::new(Key::new(seed, Purpose::ConnectRule), 1, 2, 3);
            for _ in 0..skip {
                one.next_u32();
            }
            let mut many = one.clone();
            let mut out = vec![0; n];
            many.fill_u64(&mut out);
            prop_assert!(out.iter().all(|&x| x == one.next_u64()));
            let (mut words, mut below) = (Vec::new(), Vec::new());
            many.fill_below(bound, n, &mut words, &mut below);
            prop_assert!(below.iter().all(|&x| u64::from(x) == one.below(bound.into())));
            let mut normals = vec![0.0; n];
            many.fill_normal(0.0, 1.0, &mut normals);
            prop_assert!(normals.iter().all(|x| x.to_bits() == one.normal().to_bits()));
            many.fill_normal(-3.0, 0.7, &mut normals);
            let mut single = || -3.0 + 0.7 * one.normal();
            prop_assert!(normals.iter().all(|x| x.to_bits() == single().to_bits()));
            many.fill_uniform(&mut normals);
            prop_assert!(normals.iter().all(|&x| x == one.uniform()));
            prop_assert_eq!(many.next_u32(), one.next_u32());
        }

        #[test]
        fn below_stays_below(seed: u64, n in 1u64..) {
            let mut s = Stream::new(Key::new(seed, Purpose::ConnectRule), 1, 2, 3);
            prop_assert!((0..20).all(|_| s.below(n) < n));
        }
    }

    #[test]
    fn below_reaches_every_value_equally_often() {
        let mut s = Stream::new(Key::new(4, Purpose::ConnectRule), 0, 0, 0);
        let mut hits = [0u32; 6];
        for _ in 0..60_000 {
            hits[s.below(6) as usize] += 1;
        }
        let chi2: f64 = hits
            .iter()
            .map(|&h| (f64::from(h) - 1e4).powi(2) / 1e4)
            .sum();
        assert!(chi2 < 20.5, "chi2 = {chi2} at 5 degrees of freedom");
        // With n = 3 * 2^62 a biased draw would favour the first third 2:1.
        let n = 3 << 62;
        let low = (0..30_000).filter(|_| s.below(n) < 1 << 62).count();
        assert!((low as f64 - 1e4).abs() < 4.0 * (3e4f64 * 2.0 / 9.0).sqrt());
    }
}
