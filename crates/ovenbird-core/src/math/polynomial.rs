//! Polynomials in a form of few multiplications.

use super::Real;

/// A polynomial of degree 2 `STEPS` + 1 in f: with x = f + `shift` and p_0 = a f + b for `first`
/// [a, b] it is the last p_i = p_(i-1) (x^2 + c) + d, for the `steps` [c, d].
///
/// A shift that brings a polynomial into this form always exists: Eve J (1964) Numerische
/// Mathematik 6:17-21.
#[derive(Clone, Copy)]
pub(super) struct Polynomial<const STEPS: usize> {
    pub shift: f64,
    pub first: [f64; 2],
    pub steps: [[f64; 2]; STEPS],
}

impl<const STEPS: usize> Polynomial<STEPS> {
    /// A multiple of it in f / `slope`, and what that has to be multiplied with.
    pub const fn stretched(mut self, slope: f64) -> (Self, f64) {
        let square = slope * slope;
        let mut power = slope;
        self.shift /= slope;
        self.first[1] /= slope;
        let mut i = 0;
        while i < STEPS {
            power *= square;
            self.steps[i][0] /= square;
            self.steps[i][1] /= power;
            i += 1;
        }
        (self, power)
    }

    #[inline(always)]
    pub fn at<R: Real>(&self, f: R) -> R {
        let x = f + R::splat(self.shift);
        let u = x * x;
        let [a, b] = self.first.map(R::splat);
        let mut p = if self.first[0] == 1.0 {
            f + b
        } else {
            a.mul_add(f, b)
        };
        for [c, d] in self.steps {
            p = p.mul_add(u + R::splat(c), R::splat(d));
        }
        p
    }
}
