//! Random variates from a stream. The algorithms are frozen: they are part of the results for a
//! seed.

use super::elementary::{exp, ln, ln_1p, ln_normal};
use super::{EPS64, Stream};

const LN_SQRT_TAU: f64 = 0.918_938_533_204_672_7;
/// Mean up to which counts are drawn by inversion.
const INVERSION: f64 = 10.0;

/// A rational approximation: coefficients of numerator and denominator, constant term first.
type Rational = ([f64; 8], [f64; 8]);

// M. J. Wichura (1988): Algorithm AS 241. Applied Statistics 37:477-484.
#[expect(clippy::excessive_precision, reason = "the digits as published")]
const CENTRE: Rational = (
    [
        3.387_132_872_796_366_608,
        1.331_416_678_917_843_774_5e2,
        1.971_590_950_306_551_442_7e3,
        1.373_169_376_550_946_112_5e4,
        4.592_195_393_154_987_145_7e4,
        6.726_577_092_700_870_085_3e4,
        3.343_057_558_358_812_810_5e4,
        2.509_080_928_730_122_672_7e3,
    ],
    [
        1.0,
        4.231_333_070_160_091_125_2e1,
        6.871_870_074_920_579_083e2,
        5.394_196_021_424_751_107_7e3,
        2.121_379_430_158_659_586_7e4,
        3.930_789_580_009_271_061e4,
        2.872_908_573_572_194_267_4e4,
        5.226_495_278_852_854_561e3,
    ],
);
#[expect(clippy::excessive_precision, reason = "the digits as published")]
const TAIL: Rational = (
    [
        1.423_437_110_749_683_577_34,
        4.630_337_846_156_545_295_9,
        5.769_497_221_460_691_405_5,
        3.647_848_324_763_204_605_04,
        1.270_458_252_452_368_382_58,
        2.417_807_251_774_506_117_7e-1,
        2.272_384_498_926_918_458_33e-2,
        7.745_450_142_783_414_076_4e-4,
    ],
    [
        1.0,
        2.053_191_626_637_758_821_87,
        1.676_384_830_183_803_849_4,
        6.897_673_349_851_000_045_5e-1,
        1.481_039_764_274_800_745_9e-1,
        1.519_866_656_361_645_719_66e-2,
        5.475_938_084_995_344_946e-4,
        1.050_750_071_644_416_843_24e-9,
    ],
);
#[expect(clippy::excessive_precision, reason = "the digits as published")]
const FAR_TAIL: Rational = (
    [
        6.657_904_643_501_103_777_2,
        5.463_784_911_164_114_369_9,
        1.784_826_539_917_291_335_8,
        2.965_605_718_285_048_912_3e-1,
        2.653_218_952_657_612_309_3e-2,
        1.242_660_947_388_078_438_6e-3,
        2.711_555_568_743_487_578_15e-5,
        2.010_334_399_292_288_132_65e-7,
    ],
    [
        1.0,
        5.998_322_065_558_879_376_9e-1,
        1.369_298_809_227_358_053_1e-1,
        1.487_536_129_085_061_485_25e-2,
        7.868_691_311_456_132_591e-4,
        1.846_318_317_510_054_681_8e-5,
        1.421_511_758_316_445_888_7e-7,
        2.044_263_103_389_939_785_64e-15,
    ],
);

#[inline(always)]
fn rational((numerator, denominator): &Rational, x: f64) -> f64 {
    let (mut n, mut d) = (numerator[7], denominator[7]);
    for i in (0..7).rev() {
        n = n * x + numerator[i];
        d = d * x + denominator[i];
    }
    n / d
}

/// Probability of the tail beyond the quantile, in (0, 1/2]; the top bit is left for the sign.
#[inline(always)]
fn tail_probability(low: u32, high: u32) -> f64 {
    let magnitude = f64::from((high & 0x7fff_ffff) as i32);
    (magnitude * 4_294_967_296.0 + (f64::from(low) + 0.5)) * EPS64
}

#[inline(always)]
fn with_sign(x: f64, high: u32) -> f64 {
    if high >> 31 == 1 { -x } else { x }
}

/// The standard normal of 64 uniform bits, by the inverse of the distribution function; the top
/// bit is the sign, so that both tails have full precision. No branches: it vectorises.
#[inline(always)]
pub(super) fn normal_quantile(low: u32, high: u32) -> f64 {
    let p = tail_probability(low, high);
    let q = 0.5 - p;
    let centre = q * rational(&CENTRE, 0.180_625 - q * q);
    let r = (-ln_normal(p)).sqrt();
    let near = rational(&TAIL, r - 1.6);
    let far = rational(&FAR_TAIL, r - 5.0);
    let tail = if r > 5.0 { far } else { near };
    with_sign(if q <= 0.425 { centre } else { tail }, high)
}

/// Whether [`normal_quantile`] is beyond its central part: so for 15 % of the words.
#[inline(always)]
pub(super) fn is_in_tail(low: u32, high: u32) -> bool {
    0.5 - tail_probability(low, high) > 0.425
}

/// The same bits as [`normal_quantile`] where not [`is_in_tail`].
#[inline(always)]
pub(super) fn central_normal_quantile(low: u32, high: u32) -> f64 {
    let q = 0.5 - tail_probability(low, high);
    with_sign(q * rational(&CENTRE, 0.180_625 - q * q), high)
}

/// The same bits as [`normal_quantile`] where [`is_in_tail`]; what is beyond the near tail is too
/// rare for lanes.
#[inline(always)]
pub(super) fn tail_normal_quantiles<const N: usize>(words: &[u64; N]) -> [f64; N] {
    let mut out = [0.0; N];
    let mut far = false;
    for (x, word) in out.iter_mut().zip(words) {
        let (low, high) = (*word as u32, (*word >> 32) as u32);
        let r = (-ln_normal(tail_probability(low, high))).sqrt();
        far |= r > 5.0;
        *x = with_sign(rational(&TAIL, r - 1.6), high);
    }
    if far {
        for (x, &word) in out.iter_mut().zip(words) {
            *x = normal_quantile_single(word as u32, (word >> 32) as u32);
        }
    }
    out
}

/// The same bits as [`normal_quantile`]; faster for a single number.
fn normal_quantile_single(low: u32, high: u32) -> f64 {
    let p = tail_probability(low, high);
    let q = 0.5 - p;
    if q <= 0.425 {
        return with_sign(q * rational(&CENTRE, 0.180_625 - q * q), high);
    }
    let r = (-ln_normal(p)).sqrt();
    let tail = if r > 5.0 {
        rational(&FAR_TAIL, r - 5.0)
    } else {
        rational(&TAIL, r - 1.6)
    };
    with_sign(tail, high)
}

/// `ln(n!)` minus Stirling's formula.
fn stirling_error(n: f64) -> f64 {
    const SMALL: [f64; 16] = [
        0.0,
        0.081_061_466_795_327_26,
        0.041_340_695_955_409_29,
        0.027_677_925_684_998_34,
        0.020_790_672_103_765_093,
        0.016_644_691_189_821_193,
        0.013_876_128_823_070_748,
        0.011_896_709_945_891_77,
        0.010_411_265_261_972_096,
        0.009_255_462_182_712_733,
        0.008_330_563_433_362_87,
        0.007_573_675_487_951_841,
        0.006_942_840_107_209_53,
        0.006_408_994_188_004_207,
        0.005_951_370_112_758_848,
        0.005_554_733_551_962_801,
    ];
    if n < 16.0 {
        return SMALL[n as usize];
    }
    let z = 1.0 / (n * n);
    (1.0 / 12.0 - z * (1.0 / 360.0 - z * (1.0 / 1260.0 - z * (1.0 / 1680.0 - z / 1188.0)))) / n
}

/// `x ln(x / m) + m - x` without cancellation near `x = m` (Loader 2000), for `x > 0`.
fn deviance(x: f64, m: f64) -> f64 {
    let difference = x - m;
    if difference.abs() >= 0.1 * (x + m) {
        return x * ln(x / m) - difference;
    }
    let v = difference / (x + m);
    let square = v * v;
    let mut sum = difference * v;
    let mut term = 2.0 * x * v;
    // The terms fall by 100 or more each time.
    for odd in 1..12 {
        term *= square;
        sum += term / f64::from(2 * odd + 1);
    }
    sum
}

/// Logarithm of the Poisson probability of `k`.
fn ln_poisson(k: f64, mean: f64) -> f64 {
    if k == 0.0 {
        return -mean;
    }
    -stirling_error(k) - deviance(k, mean) - 0.5 * ln(k) - LN_SQRT_TAU
}

/// Logarithm of the binomial probability of `k`, up to a term that depends on `n` only.
fn ln_binomial(k: f64, n: f64, p: f64) -> f64 {
    let part = |k: f64, mean: f64| {
        if k == 0.0 {
            mean
        } else {
            stirling_error(k) + deviance(k, mean) + 0.5 * ln(k) + LN_SQRT_TAU
        }
    };
    -part(k, n * p) - part(n - k, n * (1.0 - p))
}

impl Stream {
    /// A standard normal variate; uses two words.
    pub fn normal(&mut self) -> f64 {
        let low = self.next_u32();
        normal_quantile_single(low, self.next_u32())
    }

    /// An exponential variate of mean 1; uses two words.
    pub fn exponential(&mut self) -> f64 {
        0.0 - ln(self.uniform_fine())
    }

    /// The exponential of a normal variate of the given mean and standard deviation.
    pub fn lognormal(&mut self, mean: f64, std: f64) -> f64 {
        exp(mean + std * self.normal())
    }

    /// A gamma variate of scale 1; `shape` is positive and finite.
    ///
    /// Marsaglia and Tsang (2000), ACM TOMS 26:363-372.
    pub fn gamma(&mut self, shape: f64) -> f64 {
        debug_assert!(shape > 0.0 && shape.is_finite(), "shape {shape}");
        if shape < 1.0 {
            let boost = exp(ln(self.uniform_fine()) / shape);
            return self.gamma(shape + 1.0) * boost;
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let cube_root = 1.0 + c * x;
            if cube_root <= 0.0 {
                continue;
            }
            let v = cube_root * cube_root * cube_root;
            if ln(self.uniform_fine()) < 0.5 * x * x + d * (1.0 - v + ln(v)) {
                return d * v;
            }
        }
    }

    /// A Poisson count; `mean` is finite and not negative.
    ///
    /// Inversion for small means; else transformed rejection (PTRS; Hörmann 1993, Insurance:
    /// Mathematics and Economics 12:39-45).
    pub fn poisson(&mut self, mean: f64) -> u64 {
        debug_assert!(mean >= 0.0 && mean.is_finite(), "mean {mean}");
        if mean < INVERSION {
            return self.poisson_by_inversion(mean);
        }
        let b = 0.931 + 2.53 * mean.sqrt();
        let a = -0.059 + 0.024_83 * b;
        let inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
        let accepted_at_once = 0.9277 - 3.6224 / (b - 2.0);
        loop {
            let u = self.uniform() - 0.5;
            let v = self.uniform_fine();
            let us = 0.5 - u.abs();
            let k = ((2.0 * a / us + b) * u + mean + 0.43).floor();
            if us >= 0.07 && v <= accepted_at_once {
                return k as u64;
            }
            if k < 0.0 || (us < 0.013 && v > us) {
                continue;
            }
            if ln(v * inverse_alpha / (a / (us * us) + b)) <= ln_poisson(k, mean) {
                return k as u64;
            }
        }
    }

    fn poisson_by_inversion(&mut self, mean: f64) -> u64 {
        let mut rest = self.uniform();
        let mut p = exp(-mean);
        let mut k = 0;
        // Beyond the last count that has a probability above rounding errors, draw again.
        while rest >= p {
            rest -= p;
            k += 1;
            p *= mean / k as f64;
            if p < EPS64 && k as f64 > mean {
                rest = self.uniform();
                p = exp(-mean);
                k = 0;
            }
        }
        k
    }

    /// The number of successes in `n` trials of probability `p` in [0, 1].
    ///
    /// Inversion for small means; else transformed rejection (BTRS; Hörmann 1993, J. Stat.
    /// Comput. Simul. 46:101-110).
    pub fn binomial(&mut self, n: u64, p: f64) -> u64 {
        debug_assert!((0.0..=1.0).contains(&p), "p {p}");
        if p > 0.5 {
            return n - self.binomial(n, 1.0 - p);
        }
        let trials = n as f64;
        if trials * p < INVERSION {
            return self.binomial_by_inversion(n, p);
        }
        let spread = (trials * p * (1.0 - p)).sqrt();
        let b = 1.15 + 2.53 * spread;
        let a = -0.0873 + 0.0248 * b + 0.01 * p;
        let accepted_at_once = 0.92 - 4.2 / b;
        let alpha = (2.83 + 5.1 / b) * spread;
        let mode = ((trials + 1.0) * p).floor();
        loop {
            let u = self.uniform() - 0.5;
            let v = self.uniform_fine();
            let us = 0.5 - u.abs();
            let k = ((2.0 * a / us + b) * u + trials * p + 0.5).floor();
            if us >= 0.07 && v <= accepted_at_once {
                return k as u64;
            }
            if k < 0.0 || k > trials {
                continue;
            }
            if ln(v * alpha / (a / (us * us) + b))
                <= ln_binomial(k, trials, p) - ln_binomial(mode, trials, p)
            {
                return k as u64;
            }
        }
    }

    fn binomial_by_inversion(&mut self, n: u64, p: f64) -> u64 {
        let trials = n as f64;
        let odds = p / (1.0 - p);
        let none = exp(trials * ln_1p(-p));
        let mut rest = self.uniform();
        let mut probability = none;
        let mut k = 0;
        while rest >= probability {
            rest -= probability;
            k += 1;
            probability *= odds * ((trials + 1.0) / k as f64 - 1.0);
            if k > n || (probability < EPS64 && k as f64 > trials * p) {
                rest = self.uniform();
                probability = none;
                k = 0;
            }
        }
        k
    }
}

#[cfg(test)]
mod tests {
    use super::super::statistics::{chi_square_z, ks_distance};
    use super::super::{Key, Purpose};
    use super::*;

    const DRAWS: usize = 100_000;

    fn stream(id: u32) -> Stream {
        Stream::new(Key::new(11, Purpose::Evaluate), id, 0, 0)
    }

    #[test]
    fn normal_quantile_is_right_into_both_tails() {
        // (low word, high word, quantile of the upper tail)
        let cases = [
            (0, 0, 9.155_293_772_686_072),
            (0, 1, 6.230_260_137_970_806),
            (12_345, 0x400, 5.035_405_968_926_257),
            (0, 0x0800_0000, 1.862_731_867_421_651_5),
            (0, 0x1000_0000, 1.534_120_544_352_546_3),
            (0x8000_0000, 0x4000_0000, 0.674_489_749_829_738_4),
        ];
        for (low, high, x) in cases {
            let y = normal_quantile(low, high);
            assert!(
                (y / x - 1.0).abs() < 1e-14,
                "{low:x} {high:x}: {y} is not {x}"
            );
            assert_eq!(normal_quantile(low, high | 1 << 31), -y);
            assert_eq!(normal_quantile_single(low, high), y);
        }
    }

    /// Results for a seed are a promise: these numbers never change.
    #[test]
    fn algorithms_are_frozen() {
        let mut s = stream(0);
        assert_eq!(s.next_u64(), 0xe528_eb19_9d6f_6134);
        assert_eq!(s.uniform(), 0.930_681_833_028_831_1);
        assert_eq!(s.normal(), 1.003_991_638_808_834_6);
        assert_eq!(s.exponential(), 0.540_952_676_526_675_4);
        assert_eq!(s.lognormal(0.0, 1.0), 0.789_013_274_689_149_6);
        assert_eq!(s.gamma(0.7), 0.877_112_432_887_003_2);
        assert_eq!(s.below(1000), 380);
        assert_eq!([s.poisson(3.0), s.poisson(50.0)], [2, 43]);
        assert_eq!([s.binomial(20, 0.3), s.binomial(1000, 0.3)], [11, 288]);
    }

    #[test]
    fn continuous_distributions() {
        let normal_cdf = |x: f64| {
            let mut term = x;
            let mut sum = x;
            for k in 1..200 {
                term *= x * x / f64::from(2 * k + 1);
                sum += term;
            }
            0.5 + sum * (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt()
        };
        let mut s = stream(1);
        assert!(ks_distance((0..DRAWS).map(|_| s.normal()), normal_cdf) < 1.63);
        let lognormals = (0..DRAWS).map(|_| s.lognormal(0.5, 2.0));
        assert!(ks_distance(lognormals, |x| normal_cdf((x.ln() - 0.5) / 2.0)) < 1.63);
        let exponentials = (0..DRAWS).map(|_| s.exponential());
        assert!(ks_distance(exponentials, |x| -(-x).exp_m1()) < 1.63);
    }

    #[test]
    fn gamma_distribution() {
        let root_pi = std::f64::consts::PI.sqrt();
        // (shape, gamma(shape + 1))
        for (shape, factorial) in [
            (0.5, root_pi / 2.0),
            (1.0, 1.0),
            (2.5, 1.875 * root_pi),
            (9.0, 362_880.0),
        ] {
            let cdf = |x: f64| {
                let mut term = x.powf(shape) * (-x).exp() / factorial;
                let mut sum = term;
                for k in 1..300 {
                    term *= x / (shape + f64::from(k));
                    sum += term;
                }
                sum
            };
            let mut s = stream(2);
            let d = ks_distance((0..DRAWS).map(|_| s.gamma(shape)), cdf);
            assert!(d < 1.63, "shape {shape}: {d}");
        }
    }

    #[test]
    fn poisson_counts() {
        for mean in [0.0, 0.01, 0.5, 2.0, 9.0, 10.0, 30.0, 800.0] {
            let mut s = stream(3);
            let z = chi_square_z((0..DRAWS).map(|_| s.poisson(mean)), |k| {
                if mean == 0.0 {
                    f64::from(k == 0)
                } else {
                    ln_poisson(k as f64, mean).exp()
                }
            });
            assert!(z < 3.0, "mean {mean}: z = {z}");
        }
        // Too large for a comparison by counts: first and second moment.
        let mut s = stream(4);
        let mean = 1e12;
        let scaled = |k: u64| (k as f64 - mean) / 1e6;
        let draws: Vec<f64> = (0..20_000).map(|_| scaled(s.poisson(mean))).collect();
        let first = draws.iter().sum::<f64>() / 2e4;
        let second = draws.iter().map(|x| x * x).sum::<f64>() / 2e4;
        assert!(first.abs() < 4.0 / 2e4f64.sqrt());
        assert!((second - 1.0).abs() < 4.0 * (2.0 / 2e4f64).sqrt());
    }

    #[test]
    fn poisson_probabilities_are_products() {
        // The reference of the chi-square test, against mean^k exp(-mean) / k!.
        for mean in [0.3f64, 7.0, 30.0] {
            let mut p = (-mean).exp();
            for k in 0..60 {
                assert!((ln_poisson(f64::from(k), mean).exp() / p - 1.0).abs() < 1e-13);
                p *= mean / f64::from(k + 1);
            }
        }
    }

    #[test]
    fn binomial_counts() {
        for (n, p) in [
            (1, 0.3),
            (20, 0.5),
            (1000, 0.001),
            (50, 0.4),
            (100, 0.93),
            (5000, 0.3),
            (7, 1.0),
        ] {
            let mut pmf = vec![0.0; n as usize + 1];
            pmf[0] = 1.0;
            // One trial more at a time.
            for trial in 1..=n as usize {
                for k in (0..=trial).rev() {
                    let before = if k == 0 { 0.0 } else { pmf[k - 1] };
                    pmf[k] = pmf[k] * (1.0 - p) + before * p;
                }
            }
            let mut s = stream(5);
            let draws = (0..DRAWS).map(|_| s.binomial(n, p));
            let z = chi_square_z(draws, |k| pmf.get(k as usize).copied().unwrap_or(0.0));
            assert!(z < 3.0, "n {n}, p {p}: z = {z}");
        }
    }
}
