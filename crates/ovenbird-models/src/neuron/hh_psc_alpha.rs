//! hh
use ovenbird_core::math::{Real, exp_linear};
use ovenbird_core::ode::System;

pub const V_M: usize = 0;
pub const HH_M: usize = 1;
pub const HH_H: usize = 2;
pub const HH_N: usize = 3;
pub const DI_EXC: usize = 4;
pub const I_EXC: usize = 5;
pub const DI_INH: usize = 6;
pub const I_INH: usize = 7;
/// Dimension of the state.
pub const DIM: usize = 8;

/// The voltage-dependent rates of the gates, in 1/ms.
#[derive(Clone, Copy, Debug)]
pub struct Rates<R> {
    pub alpha_m: R,
    pub beta_m: R,
    pub alpha_h: R,
    pub beta_h: R,
    pub alpha_n: R,
    pub beta_n: R,
}

impl<R: Real> Rates<R> {
    #[inline(always)]
    pub fn at(v: R) -> Self {
        let c = R::splat;
        let u = v + c(65.0);
        // e^(-u/20) and e^(-u/10) are powers of e^(-u/80).
        let exp_80 = (u * c(-1.0 / 80.0)).exp();
        let exp_40 = exp_80 * exp_80;
        let exp_20 = exp_40 * exp_40;
        let exp_10 = exp_20 * exp_20;
        let exp_18 = (u * c(-1.0 / 18.0)).exp();
        let x_n = (v + c(55.0)) * c(0.1);
        let x_m = (v + c(40.0)) * c(0.1);
        Self {
            alpha_m: exp_linear(x_m, exp_10 * c(EXP_2_5)),
            beta_m: exp_18 * c(4.0),
            alpha_h: exp_20 * c(0.07),
            beta_h: c(1.0) / (c(1.0) + exp_10 * c(EXP_3)),
            alpha_n: c(0.1) * exp_linear(x_n, exp_10 * c(EXP_1)),
            beta_n: exp_80 * c(0.125),
        }
    }
}
const EXP_1: f64 = std::f64::consts::E;
const EXP_2_5: f64 = 12.182_493_960_703_473;
const EXP_3: f64 = 20.085_536_923_187_668;

pub struct Dynamics<R> {
    pub g_na: R,
    pub g_k: R,
    pub g_l: R,
    pub e_na: R,
    pub e_k: R,
    pub e_l: R,
    pub inv_c_m: R,
    pub inv_tau_ex: R,
    pub inv_tau_in: R,
    pub current: R,
}

impl<R: Real> System<R> for Dynamics<R> {
    type State = [R; DIM];

    #[inline(always)]
    fn derivatives(&self, _t: R, y: &[R; DIM], f: &mut [R; DIM]) {
        let [v, m, h, n, di_ex, i_ex, di_in, i_in] = *y;
        let r = Rates::at(v);
        let i_na = self.g_na * m * m * m * h * (v - self.e_na);
        let i_k = self.g_k * n * n * n * n * (v - self.e_k);
        let i_l = self.g_l * (v - self.e_l);
        let one = R::splat(1.0);
        f[V_M] = (self.current + i_ex + i_in - (i_na + i_k + i_l)) * self.inv_c_m;
        f[HH_M] = r.alpha_m * (one - m) - r.beta_m * m;
        f[HH_H] = r.alpha_h * (one - h) - r.beta_h * h;
        f[HH_N] = r.alpha_n * (one - n) - r.beta_n * n;
        f[DI_EXC] = -di_ex * self.inv_tau_ex;
        f[I_EXC] = di_ex - i_ex * self.inv_tau_ex;
        f[DI_INH] = -di_in * self.inv_tau_in;
        f[I_INH] = di_in - i_in * self.inv_tau_in;
    }
}
