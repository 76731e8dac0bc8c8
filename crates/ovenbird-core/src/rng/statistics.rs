//! Goodness of fit, for tests.

use std::collections::BTreeMap;

/// How many standard deviations the chi-square of counts lies above its mean (Wilson-Hilferty).
/// Counts that are expected fewer than 10 times are pooled.
pub fn chi_square_z(counts: impl Iterator<Item = u64>, pmf: impl Fn(u64) -> f64) -> f64 {
    let mut seen = BTreeMap::new();
    let mut n = 0.0;
    for count in counts {
        *seen.entry(count).or_insert(0.0) += 1.0;
        n += 1.0;
    }
    let (mut chi2, mut bins) = (0.0, 0);
    let (mut pooled_seen, mut pooled) = (n, n);
    let last = seen.keys().last().map_or(0, |k| k + 1);
    for k in 0..=last {
        let (expected, observed) = (n * pmf(k), seen.get(&k).copied().unwrap_or(0.0));
        assert!(expected > 0.0 || observed == 0.0, "{k} is impossible");
        if expected >= 10.0 {
            chi2 += (observed - expected) * (observed - expected) / expected;
            bins += 1;
            pooled_seen -= observed;
            pooled -= expected;
        }
    }
    if pooled >= 1.0 {
        chi2 += (pooled_seen - pooled) * (pooled_seen - pooled) / pooled;
        bins += 1;
    }
    if bins < 2 {
        return 0.0;
    }
    let dof = f64::from(bins - 1);
    let spread = 2.0 / (9.0 * dof);
    ((chi2 / dof).cbrt() - (1.0 - spread)) / spread.sqrt()
}

/// The Kolmogorov-Smirnov distance times the square root of the number of samples; above 1.63
/// with probability 0.01.
pub fn ks_distance(samples: impl Iterator<Item = f64>, cdf: impl Fn(f64) -> f64) -> f64 {
    let mut samples: Vec<f64> = samples.collect();
    samples.sort_by(f64::total_cmp);
    let n = samples.len() as f64;
    let mut distance = 0.0f64;
    for (i, &x) in samples.iter().enumerate() {
        let p = cdf(x);
        distance = distance.max(p - i as f64 / n).max((i + 1) as f64 / n - p);
    }
    distance * n.sqrt()
}
