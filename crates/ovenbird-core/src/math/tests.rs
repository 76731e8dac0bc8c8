//! Accuracy against the standard library, special values, and equality of lanes and scalars.

use proptest::prelude::*;

use super::rates::{ExponentialRates, LinearRates};
use super::*;

/// The distance in units in the last place, infinite for a NaN on one side only.
fn ulps(a: f64, b: f64) -> u64 {
    if a.is_nan() && b.is_nan() {
        return 0;
    }
    if a.is_nan() != b.is_nan() {
        return u64::MAX;
    }
    let ordered = |x: f64| {
        let bits = x.to_bits() as i64;
        if bits < 0 {
            i64::MIN.wrapping_sub(bits)
        } else {
            bits
        }
    };
    ordered(a).abs_diff(ordered(b))
}

/// A deterministic sequence that fills [0, 1) evenly.
fn weyl(count: u32) -> impl Iterator<Item = f64> {
    (0..count).map(|i| (f64::from(i) * 0.618_033_988_749_894_9).fract())
}

fn worst(points: impl Iterator<Item = f64>, f: fn(f64) -> f64, exact: fn(f64) -> f64) -> u64 {
    points.map(|x| ulps(f(x), exact(x))).max().expect("points")
}

#[test]
fn exp_is_within_an_ulp() {
    assert!(worst(weyl(300_000).map(|u| 1500.0 * u - 760.0), exp, f64::exp) <= 1);
    assert!(worst(weyl(100_000).map(|u| 2.0 * u - 1.0), exp, f64::exp) <= 1);
    assert!(worst(weyl(100_000).map(|u| 40.0 * u - 745.5), exp, f64::exp) <= 1);
}

#[test]
fn expm1_is_within_two_ulps() {
    assert!(worst(weyl(300_000).map(|u| 800.0 * u - 60.0), expm1, f64::exp_m1) <= 2);
    assert!(worst(weyl(300_000).map(|u| 6.0 * u - 3.0), expm1, f64::exp_m1) <= 2);
    let tiny = weyl(100_000).map(|u| (-1.0f64).powi((u * 1e6) as i32) * 10f64.powf(-308.0 * u));
    assert!(worst(tiny, expm1, f64::exp_m1) <= 2);
}

#[test]
fn ln_is_within_an_ulp() {
    assert!(
        worst(
            weyl(300_000).map(|u| 10f64.powf(631.0 * u - 323.0)),
            ln,
            f64::ln
        ) <= 1
    );
    assert!(worst(weyl(300_000).map(|u| 0.5 + 1.5 * u), ln, f64::ln) <= 1);
    assert!(worst(weyl(100_000).map(|u| 1.0 + 1e-6 * (u - 0.5)), ln, f64::ln) <= 1);
}

#[test]
fn special_values() {
    let inf = f64::INFINITY;
    assert_eq!(exp(0.0), 1.0);
    assert_eq!(exp(-0.0), 1.0);
    assert_eq!(exp(inf), inf);
    assert_eq!(exp(-inf).to_bits(), 0);
    assert_eq!(exp(709.79), inf);
    assert_eq!(exp(709.782_712_893_384), 709.782_712_893_384f64.exp());
    assert_eq!(exp(-746.0), 0.0);
    assert_eq!(exp(-745.0), 5e-324);
    assert!(exp(f64::NAN).is_nan());

    assert_eq!(expm1(0.0).to_bits(), 0);
    assert_eq!(expm1(-0.0).to_bits(), (-0.0f64).to_bits());
    assert_eq!(expm1(inf), inf);
    assert_eq!(expm1(-inf), -1.0);
    assert_eq!(expm1(709.7), 709.7f64.exp_m1());
    assert!(expm1(f64::NAN).is_nan());

    assert_eq!(ln(1.0).to_bits(), 0);
    assert_eq!(ln(0.0), -inf);
    assert_eq!(ln(-0.0), -inf);
    assert_eq!(ln(inf), inf);
    assert!(ln(-1.0).is_nan());
    assert!(ln(-inf).is_nan());
    assert!(ln(f64::NAN).is_nan());
    assert_eq!(ln(5e-324), 5e-324f64.ln());
}

#[test]
fn exp_linear_is_smooth_through_zero() {
    assert_eq!(exp_linear(0.0, 1.0), 1.0);
    for u in weyl(100_000) {
        let x = 4.0 * u - 2.0;
        let exact = x / -(-x).exp_m1();
        let value = exp_linear(x, (-x).exp());
        assert!((value / exact - 1.0).abs() < 1e-14, "{x}: {value} {exact}");
    }
}

#[test]
fn extrema_take_the_other_value_for_nan() {
    assert_eq!(Real::max(f64::NAN, 1.0), 1.0);
    assert_eq!(Real::min(f64::NAN, 1.0), 1.0);
    assert_eq!(Real::max(2.0, 1.0), 2.0);
    assert_eq!(Real::min(2.0, 1.0), 1.0);
}

#[test]
fn masks() {
    let a = LaneMask::from_fn(|lane| lane % 2 == 0);
    assert!(a.any() && !a.all() && a.lane(2) && !a.lane(3));
    assert!((a | !a).all());
    assert!(!(a & !a).any());
    assert_eq!(LaneMask::splat(true), a | !a);
    let finite = Lanes([
        0.0,
        -1.0,
        f64::NAN,
        f64::INFINITY,
        -f64::INFINITY,
        1e308,
        5e-324,
        2.0,
    ]);
    assert_eq!(
        finite.is_finite(),
        LaneMask::from_fn(|lane| finite.0[lane].is_finite())
    );
}

#[test]
fn partial_groups() {
    let values: Vec<f64> = (1..=10).map(f64::from).collect();
    for count in 0..=LANES {
        let lanes = Lanes::load(&values[..count]);
        for (lane, &value) in values.iter().enumerate().take(LANES) {
            let expected = match count {
                0 => 0.0,
                _ => value.min(count as f64),
            };
            assert_eq!(lanes.0[lane], expected);
            assert_eq!(LaneMask::first(count).lane(lane), lane < count);
        }
        let mut out = vec![-1.0; count];
        Lanes::load(&values[..LANES]).store(&mut out);
        assert_eq!(out, values[..count]);
    }
    let mut out = vec![-1.0; 10];
    Lanes::splat(2.0).store(&mut out);
    assert_eq!(out[7..], [2.0, -1.0, -1.0]);
}

/// Applies an operation to lanes, and to their values one by one; the bits must be equal.
fn check(
    a: [f64; LANES],
    b: [f64; LANES],
    lanes: impl Fn(Lanes, Lanes) -> Lanes,
    one: impl Fn(f64, f64) -> f64,
) -> Result<(), TestCaseError> {
    let together = lanes(Lanes(a), Lanes(b));
    for lane in 0..LANES {
        let alone = one(a[lane], b[lane]);
        let same = together.0[lane].to_bits() == alone.to_bits()
            || together.0[lane].is_nan() && alone.is_nan();
        prop_assert!(same, "lane {}: {} and {}", lane, together.0[lane], alone);
    }
    Ok(())
}

macro_rules! check_all {
    ($a:expr, $b:expr, $($op:expr),+ $(,)?) => {
        $(
            check($a, $b, $op, $op)?;
            check($a, $b, |a, b| vectorize(#[inline(always)] || $op(a, b)), $op)?;
        )+
    };
}

proptest! {
    #[test]
    fn lanes_have_the_bits_of_scalars(a: [f64; LANES], b: [f64; LANES]) {
        check_all!(
            a, b,
            |a, b| a + b,
            |a, b| a - b,
            |a, b| a * b,
            |a, b| a / b,
            |a, _| std::ops::Neg::neg(a),
            |a, _| Real::abs(a),
            Real::max,
            Real::min,
            |a, b| Real::select(Real::ge(a, b), a, b),
            |a, _| exp(a),
            |a, _| expm1(a),
            |a, _| ln(a),
        );
    }

    #[test]
    fn functions_of_lanes_have_the_bits_of_scalars(
        a in prop::array::uniform8(-800.0f64..800.0),
        b in prop::array::uniform8(-1.0f64..1.0),
    ) {
        check_all!(
            a, b,
            |a, _| exp(a),
            |a, b| exp_linear(b, exp(a)),
            |_, b| expm1(b),
            |a, _| ln(Real::abs(a)),
        );
    }
}

#[test]
fn exp2_is_accurate() {
    let points = || weyl(20_000).map(|u| 2040.0 * u - 1020.0);
    assert!(worst(points(), exp2, f64::exp2) <= 2);
    assert_eq!((exp2(0.0), exp2(-3.0), exp2(10.0)), (1.0, 0.125, 1024.0));
}

#[test]
fn exponential_rates_are_accurate() {
    let (a, b) = ([2.0, 0.0035, 1e-30, 1e30], [24.0, -20.0, 2.5, -700.0]);
    let rates = ExponentialRates::new(a, b);
    for v in weyl(20_000).map(|u| 2000.0 * u - 1000.0) {
        for (i, value) in rates.at(Memory, v).into_iter().enumerate() {
            let x = v / b[i];
            if x.abs() > 500.0 {
                continue;
            }
            let relative = value / (a[i] * x.exp()) - 1.0;
            let bound = (6.0 + x.abs() / 5.0) * 1e-15;
            assert!(relative.abs() < bound, "rate {i} at {v}: {relative}");
        }
    }
    assert_eq!(rates.at(Memory, 0.0).map(|r| r > 0.0), [true; 4]);
}

#[test]
fn log2_is_accurate() {
    for t in weyl(20_000).map(|u| 2040.0 * u - 1020.0) {
        let x = t.exp2();
        assert!((log2(x) - x.log2()).abs() <= 2e-16 * (1.0 + t.abs()), "{t}");
    }
}

/// t / (2^t - 1).
fn linear_rate(t: f64) -> f64 {
    if t == 0.0 {
        return 1.0 / std::f64::consts::LN_2;
    }
    if t.abs() > 1.0 {
        return t / (t.exp2() - 1.0);
    }
    t / (t * std::f64::consts::LN_2).exp_m1()
}

#[test]
fn linear_rates_do_not_cancel() {
    let a = [2.0, 300.0, 1e3, 1e-3];
    let turned = [
        LinearRates::new([a[0], a[1], a[2], a[3]]),
        LinearRates::new([a[1], a[2], a[3], a[0]]),
        LinearRates::new([a[2], a[3], a[0], a[1]]),
        LinearRates::new([a[3], a[0], a[1], a[2]]),
    ];
    let check = |t: [f64; 4]| {
        for (turn, rates) in turned.iter().enumerate() {
            let sixteenths = t.map(|t| 16.0 * t);
            for (i, value) in rates.at(Memory, sixteenths).into_iter().enumerate() {
                let relative = value / (a[(i + turn) % 4] * linear_rate(t[i])) - 1.0;
                assert!(relative.abs() < 1.1e-14, "{i} of {t:?}: {relative}");
            }
        }
    };
    let points = |scale: f64| weyl(5000).map(move |u| scale * (2.0 * u - 1.0));
    let (first, second) = (points(560.0), points(280.0).skip(7));
    let (third, tiny) = (points(90.0).skip(19), points(1.0).map(|t| t * t * t));
    for (((t, u), v), w) in first.zip(second).zip(third).zip(tiny) {
        check([t, u, v, w]);
        check([w, u, v, t]);
    }
    for t in [
        [234.0; 4],
        [-234.0; 4],
        [937.0, 1e-3, -1e-3, 5e-3],
        [-937.0, -1e-3, 1e-3, -5e-3],
        [1e-30, 937.0, 1e-6, -1e-7],
        [1e-30, -1e-30, 1e-30, 1e-30],
        [0.03124, -0.03124, 0.03126, -0.03126],
    ] {
        check(t);
    }
}

#[test]
fn linear_rates_are_least_accurate_next_to_a_half() {
    // there the power next to one and one are the farthest from what is left of them
    for a in weyl(60).map(|u| 10f64.powf(6.0 * u - 3.0)) {
        let rates = LinearRates::new([a; 4]);
        for t in weyl(500).map(|u| 0.5 + 0.1 * u) {
            let four = [t, -t, 1.01 * t, -0.99 * t];
            for (value, t) in rates.at(Memory, four).into_iter().zip(four) {
                let relative = value / (a * linear_rate(t / 16.0)) - 1.0;
                assert!(relative.abs() < 1.1e-14, "{a} at {t}: {relative}");
            }
        }
    }
}

#[test]
fn rates_of_lanes_have_the_bits_of_scalars() {
    let linear = LinearRates::new([540.0, 8.0, 0.06, 0.02]);
    let exponential =
        ExponentialRates::new([1.2, 0.0035, 0.0012, 0.025], [-42.0, -24.0, 34.0, 22.0]);
    let both = |look_up: Option<Registers>, v: Lanes| {
        let t = [1.5, -3.0, 40.0, 0.01].map(|factor| Lanes::splat(factor) * v);
        match look_up {
            Some(look_up) => (linear.at(look_up, t), exponential.at(look_up, v)),
            None => (linear.at(Memory, t), exponential.at(Memory, v)),
        }
    };
    for i in 0..200 {
        let v = Lanes::from_fn(|lane| 0.37 * f64::from(i) - 35.0 + 11.0 * lane as f64);
        for width in Width::available() {
            let (l, e) = width.run(|| both(width.registers(), v));
            for lane in 0..LANES {
                let v = v.lane(lane);
                let t = [1.5, -3.0, 40.0, 0.01].map(|factor| factor * v);
                let bits = |rates: [f64; 4]| rates.map(f64::to_bits);
                assert_eq!(
                    bits(l.map(|r| r.lane(lane))),
                    bits(linear.at(Memory, t)),
                    "{v}"
                );
                let alone = bits(exponential.at(Memory, v));
                assert_eq!(bits(e.map(|r| r.lane(lane))), alone, "{v}");
            }
        }
    }
}

#[test]
fn numbers_are_split_alike_at_every_width() {
    let split = |look_up: Option<Registers>, x: Lanes| match look_up {
        Some(look_up) => x.split(look_up),
        None => x.split(Memory),
    };
    for start in -1080..1020 {
        let x = Lanes::from_fn(|lane| f64::powi(2.0, start) * (1.0 + 0.19 * lane as f64));
        for width in Width::available() {
            let (n, m) = width.run(|| split(width.registers(), x));
            for lane in 0..LANES {
                let (x, n, m) = (x.lane(lane), n.lane(lane), m.lane(lane));
                if x == 0.0 {
                    assert!(n == f64::NEG_INFINITY && m.is_finite());
                    continue;
                }
                assert!(n == n.trunc() && (1.0..2.0).contains(&m), "{x}: {n}, {m}");
                let half = (n / 2.0).trunc();
                let power = f64::powi(2.0, half as i32) * m * f64::powi(2.0, (n - half) as i32);
                assert_eq!(power, x);
            }
        }
    }
    let odd = [
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        -1.0,
        -5e-324,
        -0.0,
        0.0,
        1.0,
    ];
    for width in Width::available() {
        let (n, m) = width.run(|| split(width.registers(), Lanes(odd)));
        let is_nan = |lane| n.lane(lane).is_nan() || m.lane(lane).is_nan();
        assert_eq!([1, 2, 3, 4].map(is_nan), [true; 4]);
        assert_eq!([0, 5, 6, 7].map(is_nan), [false; 4]);
        let powers = [0, 5, 6, 7].map(|lane| n.lane(lane));
        assert_eq!(
            powers,
            [f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY, 0.0]
        );
    }
}

#[test]
fn what_is_not_finite_is_found_anywhere() {
    assert_eq!(first_not_finite(&[]), None);
    for n in [1, 7, 8, 9, 64, 100] {
        let mut list = vec![1.0; n];
        assert_eq!(first_not_finite(&list), None);
        for place in [n - 1, n / 2, 0] {
            for bad in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
                list[place] = bad;
                let found = first_not_finite(&list).map(f64::to_bits);
                assert_eq!(found, Some(bad.to_bits()), "place {place} of {n}");
            }
        }
    }
}
