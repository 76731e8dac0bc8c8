//! Pairs of `one_to_one` with drawn weights and delays.

use ovenbird::core::parameter::BinaryOp;
use ovenbird::core::simulation::Filter;
use ovenbird::core::value::Column;
use ovenbird::prelude::*;
use std::collections::BTreeSet;

/// Source, target, weight and delay.
type Made = (u32, u32, f64, f64);

fn parameter(p: std::result::Result<Parameter, impl std::fmt::Debug>) -> Parameter {
    p.expect("arguments are in their domains")
}

fn normal(mean: f64, std: f64) -> Parameter {
    parameter(Parameter::normal(mean, std))
}

/// The connections of a call, sorted by source and target.
fn connect(
    threads: i64,
    pairs: &[(u32, u32)],
    allow_autapses: bool,
    [weight, delay]: [&Parameter; 2],
) -> ovenbird::Result<Vec<Made>> {
    let mut sim = ovenbird::simulation();
    sim.set_status(&dict([("local_num_threads", threads.into())]))?;
    sim.create("iaf_psc_alpha", 9000)?;
    sim.create("iaf_psc_exp", 1000)?;
    let (sources, targets): (Vec<u32>, Vec<u32>) = pairs.iter().copied().unzip();
    let rule = ConnSpec {
        allow_autapses,
        ..ConnSpec::new(Rule::OneToOne)
    };
    let synapse = SynSpec {
        model: sim.synapse_index("static_synapse")?,
        weight: Amount::Drawn(weight.clone()),
        delay: Some(Amount::Drawn(delay.clone())),
        receptor: vec![0],
        numbers: Vec::new(),
        elements: None,
    };
    sim.connect(&sources, &targets, &rule, &[synapse])?;
    let mut found = sim.connections(&Filter::default())?;
    let mut column = |key: &str| -> ovenbird::Result<Vec<f64>> {
        match sim.connection_values(&mut found, key)? {
            Some(Column::Floats(list)) => Ok(list),
            Some(Column::Ints(list)) => Ok(list.into_iter().map(|x| x as f64).collect()),
            other => panic!("{key} is {other:?}"),
        }
    };
    let (sources, targets) = (column("source")?, column("target")?);
    let (weights, delays) = (column("weight")?, column("delay")?);
    let ends = sources.iter().zip(targets);
    let mut made: Vec<Made> = ends
        .zip(weights.into_iter().zip(delays))
        .map(|((&s, t), (w, d))| (s as u32, t as u32, w, d))
        .collect();
    made.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then(a.2.total_cmp(&b.2)));
    Ok(made)
}

fn in_order() -> Vec<(u32, u32)> {
    (1..=5000).map(|i| (i, 5000 + i)).collect()
}

/// Pairs whose ends jump to and fro, of targets of two models; some are autapses.
fn strewn() -> Vec<(u32, u32)> {
    let end = |i: u32, step: u32| 1 + i.wrapping_mul(step) % 10_000;
    let autapse = |i: u32| i.is_multiple_of(7);
    let pair = |i| (end(i, if autapse(i) { 7919 } else { 4003 }), end(i, 7919));
    (0..6000).map(pair).collect()
}

/// Parameters of all kinds: leaves, functions of them, those redrawn or drawn one by one.
fn parameters() -> [[Parameter; 2]; 3] {
    let uniform = parameter(Parameter::uniform(0.5, 3.0));
    let tail = parameter(Parameter::exponential(2.0));
    let at_least = |p: &Parameter| parameter(Parameter::max(p, 0.1));
    let redrawn = parameter(Parameter::redraw(&normal(1.5, 0.8), 0.3, 4.0));
    let sum = parameter(Parameter::binary(
        BinaryOp::Add,
        &normal(0.0, 1.0),
        &uniform,
    ));
    [
        [normal(1.0, 0.1), at_least(&normal(1.5, 0.3))],
        [sum.clone(), redrawn],
        [
            parameter(Parameter::redraw(&sum, 1.0, 9.0)),
            at_least(&tail),
        ],
    ]
}

#[test]
fn numbers_of_pairs_are_the_same_on_any_number_of_threads() -> ovenbird::Result<()> {
    for pairs in [in_order(), strewn()] {
        for [weight, delay] in &parameters() {
            let made = connect(1, &pairs, true, [weight, delay])?;
            assert_eq!(made.len(), pairs.len());
            for threads in [2, 3, 8] {
                assert!(
                    connect(threads, &pairs, true, [weight, delay])? == made,
                    "{weight:?}, {delay:?} on {threads} threads"
                );
            }
        }
    }
    Ok(())
}

#[test]
fn numbers_of_pairs_belong_to_their_places() -> ovenbird::Result<()> {
    let pairs = strewn();
    for [weight, delay] in &parameters() {
        let mut all = connect(2, &pairs, true, [weight, delay])?;
        // pairs that are left out shift no others, nor do those that follow
        let others = connect(2, &pairs, false, [weight, delay])?;
        let first: BTreeSet<_> = pairs[..700].iter().collect();
        let some = connect(3, &pairs[..700], true, [weight, delay])?;
        let few: Vec<_> = all.iter().filter(|m| first.contains(&(m.0, m.1))).collect();
        assert!(some.iter().eq(few));
        all.retain(|m| m.0 != m.1);
        assert!(others.len() > 5000 && others == all);
    }
    Ok(())
}

#[test]
fn numbers_of_pairs_are_independent_and_distributed_as_asked_for() -> ovenbird::Result<()> {
    let delay = parameter(Parameter::max(&normal(3.0, 0.5), 0.1));
    let made = connect(2, &in_order(), true, [&normal(1.0, 0.1), &delay])?;
    let n = made.len() as f64;
    let moments = |f: &dyn Fn(&Made) -> f64| {
        let mean = made.iter().map(f).sum::<f64>() / n;
        let variance = made.iter().map(|m| (f(m) - mean).powi(2)).sum::<f64>() / n;
        (mean, variance.sqrt())
    };
    let (w, d) = (moments(&|m| m.2), moments(&|m| m.3));
    // five standard errors; delays are rounded to 0.1, which adds 0.1^2 / 12 to their variance
    let spread = (0.25f64 + 0.01 / 12.0).sqrt();
    for ((mean, std), (m, s)) in [(w, (1.0, 0.1)), (d, (3.0, spread))] {
        assert!((mean - m).abs() < 5.0 * s / n.sqrt(), "mean {mean}");
        assert!((std - s).abs() < 5.0 * s / (2.0 * n).sqrt(), "std {std}");
    }
    let distinct: BTreeSet<u64> = made.iter().map(|m| m.2.to_bits()).collect();
    assert_eq!(distinct.len(), made.len());
    let correlation = |lag: usize, of: &dyn Fn(&Made) -> f64| {
        let terms = made.iter().zip(&made[lag..]);
        terms.map(|(a, b)| (a.2 - 1.0) / 0.1 * of(b)).sum::<f64>() / n
    };
    let delay = |m: &Made| (m.3 - 3.0) / spread;
    for lag in [0, 1, 2, 16, 32, 64, 128, 256] {
        let c = correlation(lag, &delay);
        assert!(c.abs() < 5.0 / n.sqrt(), "weight and delay {lag} on: {c}");
        let c = correlation(lag, &|m| (m.2 - 1.0) / 0.1);
        let limit = 5.0 / n.sqrt();
        assert!(lag == 0 || c.abs() < limit, "weights {lag} apart: {c}");
    }
    Ok(())
}
