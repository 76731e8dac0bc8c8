//! Tests of parameters.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::rng::Purpose;

fn key() -> Key {
    Key::new(9, Purpose::Evaluate)
}

fn value(p: Result<Parameter, ParameterError>) -> f64 {
    p.unwrap()
        .evaluate(&mut Stream::new(key(), 0, 0, 0), &Context::default())
        .unwrap()
}

fn constant(x: f64) -> Parameter {
    Parameter::constant(x).unwrap()
}

/// Values, each from a stream of its own.
fn sample(p: &Parameter) -> Vec<f64> {
    let stream = |id| Stream::new(key(), 3, id, 0);
    let value = |id| p.evaluate(&mut stream(id), &Context::default());
    (0..40_000).map(|id| value(id).unwrap()).collect()
}

fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, n) = values
        .into_iter()
        .fold((0.0, 0.0), |(s, n), x| (s + x, n + 1.0));
    sum / n
}

#[test]
fn arguments_outside_their_domain_are_refused() {
    let nan = f64::NAN;
    let inf = f64::INFINITY;
    let p = constant(1.0);
    let refused = [
        Parameter::constant(nan),
        Parameter::constant(inf),
        Parameter::uniform(1.0, 1.0),
        Parameter::uniform(2.0, 1.0),
        Parameter::uniform(nan, 1.0),
        Parameter::uniform(0.0, inf),
        Parameter::uniform(-1e308, 1e308),
        Parameter::uniform_int(0),
        Parameter::uniform_int(-3),
        Parameter::normal(0.0, -1.0),
        Parameter::normal(nan, 1.0),
        Parameter::normal(0.0, inf),
        Parameter::lognormal(inf, 1.0),
        Parameter::exponential(-1.0),
        Parameter::exponential(nan),
        Parameter::min(&p, nan),
        Parameter::redraw(&p, 2.0, 1.0),
        Parameter::redraw(&p, nan, 1.0),
    ];
    for (i, result) in refused.into_iter().enumerate() {
        assert!(result.is_err(), "case {i}");
    }
    let error = Parameter::normal(0.0, -1.0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "parameter normal: std must be >= 0 and finite, but is -1"
    );
}

#[test]
fn operations_on_constants() {
    let (a, b) = (&constant(3.0), &constant(2.0));
    let binary = |op| value(Parameter::binary(op, a, b));
    assert_eq!(binary(BinaryOp::Add), 5.0);
    assert_eq!(binary(BinaryOp::Subtract), 1.0);
    assert_eq!(binary(BinaryOp::Multiply), 6.0);
    assert_eq!(binary(BinaryOp::Divide), 1.5);
    assert_eq!(binary(BinaryOp::Power), 9.0);
    let compare = |op| [(a, b), (b, a), (a, a)].map(|(x, y)| value(Parameter::compare(op, x, y)));
    assert_eq!(compare(Comparison::Less), [0.0, 1.0, 0.0]);
    assert_eq!(compare(Comparison::LessEqual), [0.0, 1.0, 1.0]);
    assert_eq!(compare(Comparison::Equal), [0.0, 0.0, 1.0]);
    assert_eq!(compare(Comparison::NotEqual), [1.0, 1.0, 0.0]);
    assert_eq!(compare(Comparison::GreaterEqual), [1.0, 0.0, 1.0]);
    assert_eq!(compare(Comparison::Greater), [1.0, 0.0, 0.0]);
    assert_eq!(value(Parameter::unary(UnaryOp::Negate, a)), -3.0);
    for (op, f) in [
        (UnaryOp::Exp, f64::exp as fn(f64) -> f64),
        (UnaryOp::Sin, f64::sin),
        (UnaryOp::Cos, f64::cos),
    ] {
        assert!((value(Parameter::unary(op, a)) / f(3.0) - 1.0).abs() < 1e-15);
    }
    assert_eq!(value(Parameter::min(a, 1.0)), 1.0);
    assert_eq!(value(Parameter::max(a, 1.0)), 3.0);
    assert_eq!(value(Parameter::conditional(&constant(0.0), a, b)), 2.0);
    assert_eq!(value(Parameter::conditional(&constant(0.5), a, b)), 3.0);
}

#[test]
fn moments_of_the_distributions() {
    let cases = [
        (Parameter::uniform(-1.0, 3.0).unwrap(), 1.0, 16.0 / 12.0),
        (Parameter::uniform_int(5).unwrap(), 2.0, 2.0),
        (Parameter::normal(-2.0, 3.0).unwrap(), -2.0, 9.0),
        (Parameter::exponential(2.5).unwrap(), 2.5, 6.25),
        (
            Parameter::lognormal(0.1, 0.5).unwrap(),
            (0.1 + 0.125f64).exp(),
            (0.25f64.exp() - 1.0) * (0.2 + 0.25f64).exp(),
        ),
    ];
    for (p, first, variance) in cases {
        let values = sample(&p);
        let got = mean(values.iter().copied());
        let standard_error = (variance / values.len() as f64).sqrt();
        assert!(
            (got - first).abs() < 4.0 * standard_error,
            "{p:?}: mean {got}"
        );
        let got = mean(values.iter().map(|x| (x - first) * (x - first)));
        assert!((got / variance - 1.0).abs() < 0.06, "{p:?}: variance {got}");
    }
    assert_eq!(value(Parameter::exponential(0.0)), 0.0);
}

/// One leaf is drawn at a time, so an expression of one leaf has the same values either way.
#[test]
fn many_values_of_one_leaf_are_those_of_single_evaluations() {
    let normal = Parameter::normal(1.0, 2.0).unwrap();
    let scaled = Parameter::binary(
        BinaryOp::Multiply,
        &normal,
        &Parameter::constant(3.0).unwrap(),
    );
    let leaves = [
        normal.clone(),
        Parameter::uniform(-1.0, 2.0).unwrap(),
        Parameter::exponential(2.0).unwrap(),
        scaled.unwrap(),
        Parameter::max(&Parameter::min(&normal, 2.0).unwrap(), 0.5).unwrap(),
    ];
    for p in leaves {
        let (mut one, mut many) = (Stream::new(key(), 1, 2, 3), Stream::new(key(), 1, 2, 3));
        let mut out = vec![0.0; 333];
        p.fill(&mut many, &Context::default(), &mut out).unwrap();
        for x in out {
            assert_eq!(Ok(x), p.evaluate(&mut one, &Context::default()), "{p:?}");
        }
    }
    let half = Parameter::redraw(&normal, 1.0, 4.0).unwrap();
    let mut out = vec![0.0; 20_000];
    half.fill(
        &mut Stream::new(key(), 1, 2, 3),
        &Context::default(),
        &mut out,
    )
    .unwrap();
    assert!(out.iter().all(|x| (1.0..=4.0).contains(x)));
    // the mean of a half-normal cut at 1.5 standard deviations
    assert!((mean(out) - (1.0 + 2.0 * 0.621_95)).abs() < 0.03);
}

#[test]
fn every_leaf_draws_anew() {
    let p = Parameter::uniform(0.0, 1.0).unwrap();
    let difference = Parameter::binary(BinaryOp::Subtract, &p, &p).unwrap();
    let values = sample(&difference);
    assert!(values.iter().all(|&x| x != 0.0));
    // Of two independent uniforms.
    let variance = mean(values.iter().map(|x| x * x));
    assert!((variance * 6.0 - 1.0).abs() < 0.03);
}

#[test]
fn redraw_keeps_bounds_and_gives_up() {
    let int = Parameter::uniform_int(3).unwrap();
    let one = Parameter::redraw(&int, 1.0, 1.0).unwrap();
    assert!(sample(&one).iter().all(|&x| x == 1.0));
    let normal = Parameter::normal(0.0, 1.0).unwrap();
    let half = Parameter::redraw(&normal, 0.0, f64::INFINITY).unwrap();
    let values = sample(&half);
    assert!(values.iter().all(|&x| x >= 0.0));
    assert!((mean(values) - (2.0 / std::f64::consts::PI).sqrt()).abs() < 0.015);
    let never = Parameter::redraw(&normal, 90.0, 91.0).unwrap();
    let mut stream = Stream::new(key(), 0, 0, 0);
    let error = never.evaluate(&mut stream, &Context::default());
    let error = error.unwrap_err();
    assert_eq!(
        error,
        ParameterError::RedrawLimit {
            min: 90.0,
            max: 91.0
        }
    );
}

#[test]
fn values_are_redrawn_one_after_another() {
    let ctx = Context::default();
    let normal = Parameter::normal(1.5, 0.75).unwrap();
    let uniform = Parameter::uniform(0.0, 1.5).unwrap();
    let sum = Parameter::binary(BinaryOp::Add, &normal, &constant(0.1)).unwrap();
    for (inner, n) in [(&normal, 1300), (&normal, 30), (&uniform, 700), (&sum, 600)] {
        for min in [0.1, 1.0] {
            let redrawn = Parameter::redraw(inner, min, f64::INFINITY).unwrap();
            let mut stream = Stream::new(key(), 1, 2, 3);
            let mut one = stream.clone();
            let mut expected = inner.filled(&mut one, &ctx, n).unwrap();
            for x in &mut expected {
                while *x < min {
                    *x = inner.evaluate(&mut one, &ctx).unwrap();
                }
            }
            assert_eq!(redrawn.filled(&mut stream, &ctx, n).unwrap(), expected);
            assert_eq!(stream.next_u64(), one.next_u64());
        }
    }
    let never = Parameter::redraw(&normal, 90.0, 91.0).unwrap();
    let result = never.filled(&mut Stream::new(key(), 0, 0, 0), &ctx, 40);
    assert!(matches!(result, Err(ParameterError::RedrawLimit { .. })));
}

#[test]
fn spatial_leaves_read_the_context() {
    let ctx = Context {
        source: Some(Points::same(&[1.0, 2.0])),
        displacement: Some(Points::same(&[-3.0, 4.0])),
        ..Context::default()
    };
    let at = |p: Parameter| p.evaluate(&mut Stream::new(key(), 0, 0, 0), &ctx);
    assert_eq!(at(Parameter::position(Place::Source, 1)), Ok(2.0));
    assert_eq!(at(Parameter::distance(None)), Ok(5.0));
    assert_eq!(at(Parameter::distance(Some(0))), Ok(3.0));
    let missing = at(Parameter::position(Place::Node, 0)).unwrap_err();
    assert!(
        missing
            .to_string()
            .contains("position of the node is not known")
    );
    let third = at(Parameter::position(Place::Source, 2)).unwrap_err();
    assert!(matches!(
        third,
        ParameterError::NoDimension { available: 2, .. }
    ));
}

#[test]
fn properties_follow_the_expression() {
    let int = Parameter::uniform_int(4).unwrap();
    let two = constant(2.0);
    let sum = Parameter::binary(BinaryOp::Add, &int, &two).unwrap();
    assert!(sum.is_integer() && !sum.is_constant() && !sum.is_spatial());
    assert!(
        !Parameter::binary(BinaryOp::Divide, &int, &two)
            .unwrap()
            .is_integer()
    );
    assert!(
        Parameter::binary(BinaryOp::Divide, &two, &two)
            .unwrap()
            .is_constant()
    );
    let far = Parameter::binary(BinaryOp::Add, &int, &Parameter::distance(None)).unwrap();
    assert!(far.is_spatial() && !far.is_constant());
}

#[test]
fn deep_expressions_are_evaluated_and_deeper_ones_refused() {
    let mut p = constant(0.0);
    for _ in 0..MAX_DEPTH {
        p = Parameter::binary(BinaryOp::Add, &p, &constant(1.0)).unwrap();
    }
    assert_eq!(value(Ok(p.clone())), f64::from(MAX_DEPTH));
    assert_eq!(
        Parameter::unary(UnaryOp::Negate, &p).unwrap_err(),
        ParameterError::TooDeep
    );
}

#[test]
fn profiles_have_their_closed_forms() {
    let ctx = Context {
        displacement: Some(Points::same(&[0.3, -0.4])),
        ..Context::default()
    };
    let at = |p: Result<Parameter, ParameterError>| {
        p.unwrap()
            .evaluate(&mut Stream::new(key(), 0, 0, 0), &ctx)
            .unwrap()
    };
    let close = |x: f64, y: f64| assert!((x / y - 1.0).abs() < 1e-14, "{x} {y}");
    let r = &Parameter::distance(None);
    let (x, y) = (&Parameter::distance(Some(0)), &Parameter::distance(Some(1)));
    close(at(Parameter::exponential_profile(r, 0.2)), (-2.5f64).exp());
    close(
        at(Parameter::gaussian_profile(r, 0.1, 0.2)),
        (-2.0f64).exp(),
    );
    close(
        at(Parameter::gamma_profile(r, 3.0, 0.5)),
        0.5f64.powi(2) * (-1.0f64).exp() / (0.125 * 2.0),
    );
    let (mean, std, rho): ([f64; 2], [f64; 2], f64) = ([0.1, 0.0], [0.2, 0.5], 0.6);
    let (u, v) = (1.0, 0.8);
    let exponent = -(u * u + v * v - 2.0 * rho * u * v) / (2.0 * (1.0 - rho * rho));
    let bell = Parameter::gaussian2d_profile([x, y], mean, std, rho);
    close(at(bell), f64::exp(exponent));
    let gabor = Parameter::gabor_profile([x, y], [90.0, 2.0, 0.5, 3.0, 30.0]);
    let wave = (std::f64::consts::TAU * -0.3 / 3.0 + std::f64::consts::PI / 6.0).cos();
    close(at(gabor), (-2.0 * (0.64 + 0.09f64)).exp() * wave);
}

/// Expressions of distance and positions, some of them random.
fn expressions() -> Vec<Parameter> {
    let r = Parameter::distance(None);
    let x = Parameter::distance(Some(0));
    let y = Parameter::position(Place::Source, 1);
    let c = |v| constant(v);
    let op = |op, a: &Parameter, b: &Parameter| Parameter::binary(op, a, b).unwrap();
    let falling = op(
        BinaryOp::Subtract,
        &c(1.0),
        &op(BinaryOp::Multiply, &c(1.5), &r),
    );
    let near = Parameter::compare(Comparison::Less, &r, &c(0.4)).unwrap();
    let noise = Parameter::uniform(0.5, 1.5).unwrap();
    let bell = Parameter::gaussian_profile(&r, 0.1, 0.2).unwrap();
    vec![
        Parameter::exponential_profile(&r, 0.3).unwrap(),
        Parameter::gamma_profile(&r, 2.5, 0.2).unwrap(),
        Parameter::gamma_profile(&r, 0.5, 0.2).unwrap(),
        Parameter::gaussian2d_profile([&x, &y], [0.1, -0.2], [0.3, 0.2], 0.7).unwrap(),
        Parameter::gabor_profile([&x, &y], [30.0, 0.5, 0.4, 0.7, 20.0]).unwrap(),
        Parameter::conditional(&near, &bell, &c(0.1)).unwrap(),
        Parameter::max(&falling, 0.0).unwrap(),
        Parameter::min(
            &op(BinaryOp::Divide, &c(0.1), &op(BinaryOp::Add, &r, &c(0.01))),
            1.0,
        )
        .unwrap(),
        op(BinaryOp::Multiply, &bell, &noise),
        Parameter::unary(
            UnaryOp::Exp,
            &Parameter::unary(UnaryOp::Negate, &r).unwrap(),
        )
        .unwrap(),
        op(BinaryOp::Power, &op(BinaryOp::Add, &r, &c(0.5)), &c(-1.5)),
        op(BinaryOp::Power, &y, &c(2.0)),
        op(
            BinaryOp::Multiply,
            &y,
            &Parameter::unary(UnaryOp::Sin, &x).unwrap(),
        ),
        bell,
    ]
}

proptest::proptest! {
    #[test]
    fn values_are_within_bounds_over_their_region(
        low in (-1.0..1.0f64, -1.0..1.0f64),
        size in (0.0..0.5f64, 0.0..0.5f64),
        inside in (0.0..1.0f64, 0.0..1.0f64),
        draw: u32,
    ) {
        let low = [low.0, low.1];
        let size = [size.0, size.1];
        let inside = [inside.0, inside.1];
        let mut region = Region {
            source: [Interval::point(0.0); 3],
            target: [Interval::point(0.0); 3],
            displacement: [Interval::point(0.0); 3],
            dimensions: 2,
        };
        let (mut source, mut displacement) = ([0.0; 2], [0.0; 2]);
        for d in 0..2 {
            source[d] = low[d] + inside[d] * size[d];
            displacement[d] = -source[d];
            region.source[d] = Interval::new(low[d], low[d] + size[d]);
            region.displacement[d] = Interval::new(-low[d] - size[d], -low[d]);
        }
        let ctx = Context {
            source: Some(Points::same(&source)),
            target: Some(Points::same(&[0.0, 0.0])),
            displacement: Some(Points::same(&displacement)),
            ..Context::default()
        };
        for p in expressions() {
            let bounds = p.bounds(&region);
            let value = p.evaluate(&mut Stream::new(key(), draw, 0, 0), &ctx).unwrap();
            let margin = 1e-9 * value.abs();
            proptest::prop_assert!(
                bounds.low - margin <= value && value <= bounds.high + margin,
                "{p:?}: {value} not in {bounds:?}"
            );
        }
    }
}

#[test]
fn arrays_have_the_values_of_their_elements() {
    let n = 5;
    let column = |step: f64| {
        (0..n)
            .map(|i| step * f64::from(i) - 0.3)
            .collect::<Vec<f64>>()
    };
    let (xs, ys) = (column(0.1), column(-0.2));
    let columns = [&xs[..], &ys[..]];
    let ctx = Context {
        source: Some(Points::from_columns(columns)),
        target: Some(Points::same(&[0.0, 0.0])),
        displacement: Some(Points::from_columns(columns)),
        ..Context::default()
    };
    let mut stream = Stream::new(key(), 0, 0, 0);
    for p in expressions() {
        let mut probe = Stream::new(key(), 1, 0, 0);
        let random = p.evaluate(&mut probe, &ctx) != p.evaluate(&mut probe, &ctx);
        let all = p.filled(&mut stream, &ctx, n as usize).unwrap();
        for (i, x) in all.iter().enumerate() {
            let here = [xs[i], ys[i]];
            let one = Context {
                source: Some(Points::same(&here)),
                displacement: Some(Points::same(&here)),
                ..ctx
            };
            let alone = p.evaluate(&mut stream, &one).unwrap();
            let same = (x - alone).abs() <= 1e-14 * x.abs();
            assert!(random || same, "{p:?}: {x} {alone}");
        }
    }
}
