use ovenbird_core::math::*;
use ovenbird_core::ode::*;
use ovenbird_models::neuron::hh_psc_alpha::*;
use std::time::Instant;
fn dynm<R: Real>(i: impl Fn(usize) -> f64) -> Dynamics<R> {
    let c = R::splat;
    let mut cur = c(0.0);
    for l in 0..R::LANES {
        cur.set_lane(l, i(l));
    }
    Dynamics {
        g_na: c(12000.),
        g_k: c(3600.),
        g_l: c(30.),
        e_na: c(50.),
        e_k: c(-77.),
        e_l: c(-54.402),
        inv_c_m: c(0.01),
        inv_tau_ex: c(5.),
        inv_tau_in: c(0.5),
        current: cur,
    }
}
fn init<R: Real>() -> [R; 8] {
    let v = -65.0f64;
    let r = Rates::at(v);
    let mut y = [R::splat(0.0); 8];
    y[0] = R::splat(v);
    y[1] = R::splat(r.alpha_m / (r.alpha_m + r.beta_m));
    y[2] = R::splat(r.alpha_h / (r.alpha_h + r.beta_h));
    y[3] = R::splat(r.alpha_n / (r.alpha_n + r.beta_n));
    y
}
#[inline(always)]
fn body<R: Real>(
    d: &Dynamics<R>,
    c: &Control<R>,
    s: &mut Rkf45<[R; 8]>,
    y: &mut [R; 8],
    h: &mut R,
    n: usize,
) -> bool {
    let mut ok = true;
    for _ in 0..n {
        ok &= s.advance(d, c, 0.1, R::Mask::splat(true), y, h).is_empty();
    }
    ok
}
#[inline(never)]
fn lanes(
    d: &Dynamics<Lanes>,
    c: &Control<Lanes>,
    s: &mut Rkf45<[Lanes; 8]>,
    y: &mut [Lanes; 8],
    h: &mut Lanes,
    n: usize,
) -> bool {
    vectorize(
        #[inline(always)]
        || body(d, c, s, y, h, n),
    )
}
#[inline(never)]
fn plain(
    d: &Dynamics<Lanes>,
    c: &Control<Lanes>,
    s: &mut Rkf45<[Lanes; 8]>,
    y: &mut [Lanes; 8],
    h: &mut Lanes,
    n: usize,
) -> bool {
    body(d, c, s, y, h, n)
}
#[inline(never)]
fn scalar(
    d: &Dynamics<f64>,
    c: &Control<f64>,
    s: &mut Rkf45<[f64; 8]>,
    y: &mut [f64; 8],
    h: &mut f64,
    n: usize,
) -> bool {
    body(d, c, s, y, h, n)
}
fn main() {
    let n = 20000;
    for same in [true, false] {
        let cur = |l: usize| if same { 650. } else { 650. + 3.7 * l as f64 };
        for _ in 0..3 {
            {
                let d = dynm::<f64>(cur);
                let c = Control::y(1e-3, 0.0);
                let mut y = init();
                let mut s = Rkf45::new(&y);
                let mut h = 0.1;
                let t = Instant::now();
                let ok = scalar(&d, &c, &mut s, &mut y, &mut h, n);
                println!(
                    "scalar {:.1} ns {} {:?}",
                    t.elapsed().as_nanos() as f64 / n as f64,
                    ok,
                    y[0]
                );
            }
            {
                let d = dynm::<Lanes>(cur);
                let c = Control::y(1e-3, 0.0);
                let mut y = init();
                let mut s = Rkf45::new(&y);
                let mut h = Lanes::splat(0.1);
                let t = Instant::now();
                let ok = lanes(&d, &c, &mut s, &mut y, &mut h, n);
                println!(
                    "lanes {:.1} ns {} {:?}",
                    t.elapsed().as_nanos() as f64 / n as f64 / 8.,
                    ok,
                    y[0].0[0]
                );
            }
            {
                let d = dynm::<Lanes>(cur);
                let c = Control::y(1e-3, 0.0);
                let mut y = init();
                let mut s = Rkf45::new(&y);
                let mut h = Lanes::splat(0.1);
                let t = Instant::now();
                let ok = plain(&d, &c, &mut s, &mut y, &mut h, n);
                println!(
                    "lanes sse2 {:.1} ns {} {:?}",
                    t.elapsed().as_nanos() as f64 / n as f64 / 8.,
                    ok,
                    y[0].0[0]
                );
            }
        }
    }
}
