//! Profiles of connectivity over distance: exponential, Gaussian, gamma, Gabor.

use super::expression::{Node, PlaneProfile, Profile};
use super::{Parameter, ParameterError, check, finite, positive};
use crate::math::{self, vectorize};
use crate::rng::{cos, pow, sin};
use std::f64::consts::PI;

impl Parameter {
    fn profile(profile: Profile, x: &Self) -> Result<Self, ParameterError> {
        Ok(Self {
            spatial: true,
            constant: false,
            ..Self::nested(Node::Profile(profile, x.clone()), &[x], false)?
        })
    }

    fn plane_profile(profile: PlaneProfile, x: &Self, y: &Self) -> Result<Self, ParameterError> {
        let node = Node::PlaneProfile(profile, x.clone(), y.clone());
        Ok(Self {
            spatial: true,
            constant: false,
            ..Self::nested(node, &[x, y], false)?
        })
    }

    /// exp(-x / beta)
    pub fn exponential_profile(x: &Self, beta: f64) -> Result<Self, ParameterError> {
        positive("exp_distribution", "beta", beta)?;
        let profile = Profile::Exponential {
            inv_beta: 1.0 / beta,
        };
        Self::profile(profile, x)
    }

    /// exp(-(x - mean)^2 / (2 std^2))
    pub fn gaussian_profile(x: &Self, mean: f64, std: f64) -> Result<Self, ParameterError> {
        finite("gaussian", "mean", mean)?;
        positive("gaussian", "std", std)?;
        let inv_two_var = 1.0 / (2.0 * std * std);
        Self::profile(Profile::Gaussian { mean, inv_two_var }, x)
    }

    /// The density of the gamma distribution of shape `kappa` and scale `theta`.
    pub fn gamma_profile(x: &Self, kappa: f64, theta: f64) -> Result<Self, ParameterError> {
        positive("gamma", "kappa", kappa)?;
        positive("gamma", "theta", theta)?;
        let inv_theta = 1.0 / theta;
        let profile = Profile::Gamma {
            kappa,
            inv_theta,
            scale: pow(inv_theta, kappa) / gamma(kappa),
        };
        Self::profile(profile, x)
    }

    /// A bivariate Gaussian with peak 1.
    pub fn gaussian2d_profile(
        [x, y]: [&Self; 2],
        mean: [f64; 2],
        std: [f64; 2],
        rho: f64,
    ) -> Result<Self, ParameterError> {
        finite("gaussian2d", "mean_x", mean[0])?;
        finite("gaussian2d", "mean_y", mean[1])?;
        positive("gaussian2d", "std_x", std[0])?;
        positive("gaussian2d", "std_y", std[1])?;
        check(
            "gaussian2d",
            "rho",
            rho,
            "> -1 and < 1",
            rho > -1.0 && rho < 1.0,
        )?;
        let rest = 1.0 - rho * rho;
        let form = [
            1.0 / (2.0 * rest * std[0] * std[0]),
            1.0 / (2.0 * rest * std[1] * std[1]),
            rho / (rest * std[0] * std[1]),
        ];
        Self::plane_profile(PlaneProfile::Gaussian { mean, form }, x, y)
    }

    /// A rectified Gabor function: `[theta, gamma, std, lam, psi]` are the orientation (degrees),
    /// the aspect ratio, the width, the wavelength and the phase (degrees).
    pub fn gabor_profile(
        [x, y]: [&Self; 2],
        [theta, aspect, std, lam, psi]: [f64; 5],
    ) -> Result<Self, ParameterError> {
        finite("gabor", "theta", theta)?;
        positive("gabor", "gamma", aspect)?;
        positive("gabor", "std", std)?;
        finite("gabor", "lam", lam)?;
        check("gabor", "lam", lam, "not 0", lam != 0.0)?;
        finite("gabor", "psi", psi)?;
        let angle = theta * PI / 180.0;
        let inv_two_var = 1.0 / (2.0 * std * std);
        let profile = PlaneProfile::Gabor {
            cos: cos(angle),
            sin: sin(angle),
            form: [aspect * aspect * inv_two_var, inv_two_var],
            wave: [2.0 * PI / lam, psi * PI / 180.0],
        };
        Self::plane_profile(profile, x, y)
    }
}

impl Profile {
    pub(super) fn at(self, x: f64) -> f64 {
        let mut one = [x];
        self.apply(&mut one);
        one[0]
    }

    /// Replaces distances by values of the profile.
    pub(super) fn apply(self, out: &mut [f64]) {
        match self {
            Profile::Exponential { inv_beta } => vectorize(
                #[inline(always)]
                || {
                    for x in out {
                        *x = math::exp(-*x * inv_beta);
                    }
                },
            ),
            Profile::Gaussian { mean, inv_two_var } => vectorize(
                #[inline(always)]
                || {
                    for x in out {
                        let d = *x - mean;
                        *x = math::exp(-d * d * inv_two_var);
                    }
                },
            ),
            Profile::Gamma {
                kappa,
                inv_theta,
                scale,
            } => {
                for x in out {
                    *x = pow(*x, kappa - 1.0) * math::exp(-inv_theta * *x) * scale;
                }
            }
        }
    }
}

impl PlaneProfile {
    pub(super) fn at(self, x: f64, y: f64) -> f64 {
        let mut one = [x];
        self.apply(&mut one, &[y]);
        one[0]
    }

    /// Replaces x coordinates by values of the profile; `ys` are the y coordinates.
    pub(super) fn apply(self, out: &mut [f64], ys: &[f64]) {
        match self {
            PlaneProfile::Gaussian { mean, form } => vectorize(
                #[inline(always)]
                || {
                    for (x, y) in out.iter_mut().zip(ys) {
                        let (dx, dy) = (*x - mean[0], *y - mean[1]);
                        *x = math::exp(-dx * dx * form[0] - dy * dy * form[1] + dx * dy * form[2]);
                    }
                },
            ),
            PlaneProfile::Gabor {
                cos: c,
                sin: s,
                form,
                wave,
            } => {
                for (x, y) in out.iter_mut().zip(ys) {
                    let along = *x * c + *y * s;
                    let across = -*x * s + *y * c;
                    let envelope = math::exp(-form[0] * along * along - form[1] * across * across);
                    *x = envelope * cos(wave[0] * across + wave[1]).max(0.0);
                }
            }
        }
    }
}

/// The gamma function of a positive number (Lanczos approximation with g = 7 and nine terms, to
/// about 1e-15 relative).
fn gamma(x: f64) -> f64 {
    const SERIES: [f64; 9] = [
        0.999_999_999_999_809_9,
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    if x < 0.5 {
        return PI / (sin(PI * x) * gamma(1.0 - x));
    }
    let x = x - 1.0;
    let terms = (1..).zip(&SERIES[1..]);
    let sum = terms.fold(SERIES[0], |sum, (i, c)| sum + c / (x + f64::from(i)));
    let t = x + 7.5;
    // the power is taken in two halves, since it can overflow where the product does not
    let half = pow(t, (x + 0.5) / 2.0);
    (2.0 * PI).sqrt() * half * math::exp(-t) * half * sum
}

#[cfg(test)]
mod tests {
    use super::gamma;

    #[test]
    fn gamma_function_of_integers_and_halves() {
        let mut factorial = 1.0;
        for n in 1..40 {
            assert!((gamma(f64::from(n)) / factorial - 1.0).abs() < 1e-13, "{n}");
            factorial *= f64::from(n);
        }
        let root = std::f64::consts::PI.sqrt();
        for (x, expected) in [
            (0.5, root),
            (1.5, root / 2.0),
            (0.25, 3.625_609_908_221_908),
        ] {
            assert!((gamma(x) / expected - 1.0).abs() < 1e-14, "{x}");
        }
        assert!(gamma(170.0).is_finite());
    }
}
