//! Neurons coupled by gap junctions, against values of NEST 3.10.

use crate::{assert_close, multimeter, number, values};
use ovenbird::Result;
use ovenbird::core::math::Width;
use ovenbird::core::simulation::{Filter, RunControl};
use ovenbird::prelude::*;

/// Two neurons coupled by a gap junction:
/// `a, b = nest.Create("hh_psc_alpha_gap", 2); a.I_e = 200.; b.I_e = 100.`,
/// `nest.Connect(a, b, {"rule": "one_to_one", "make_symmetric": True},
/// {"synapse_model": "gap_junction", "weight": 30.0})`, and a multimeter of interval 0.1 for both.
fn pair(settings: &[(&str, Value)], runs: &[f64]) -> Result<(Simulation, Nodes)> {
    let mut sim = ovenbird::simulation();
    sim.set_status(&settings.iter().cloned().collect())?;
    let n = sim.create("hh_psc_alpha_gap", 2)?;
    sim.set(
        &n.ids(),
        &dict([("I_e", Value::Floats(vec![200.0, 100.0]))]),
    )?;
    let mut rule = ConnSpec::new(Rule::OneToOne);
    rule.make_symmetric = true;
    sim.connect(&[1], &[2], &rule, &[gap_junction(&sim, 30.0)?])?;
    let m = multimeter(&mut sim, &n, &["V_m"])?;
    runs.iter().try_for_each(|&ms| sim.simulate(ms))?;
    Ok((sim, m))
}

fn gap_junction(sim: &Simulation, weight: f64) -> Result<SynSpec> {
    Ok(SynSpec {
        model: sim.synapse_index("gap_junction")?,
        weight: Amount::Same(weight),
        delay: None,
        receptor: vec![0],
        numbers: Vec::new(),
        elements: None,
    })
}

/// Compares `V_m` of both neurons of a pair at some steps and after the last run.
fn check_pair(
    settings: &[(&str, Value)],
    runs: &[f64],
    steps: &[usize],
    references: [&[f64]; 2],
) -> Result<()> {
    let (sim, m) = pair(settings, runs)?;
    for (node, references) in [1, 2].into_iter().zip(references) {
        let trace = values(&sim, &m, node, 0);
        for (step, &reference) in steps.iter().zip(references) {
            let what = format!("{settings:?}: V_m of node {node} at step {step}");
            assert_close(trace[step - 1], reference, &what);
        }
        let last = number(&sim, node, "V_m");
        let what = format!("{settings:?}: V_m of node {node} at the end");
        assert_close(last, references[steps.len()], &what);
    }
    Ok(())
}

const STEPS: [usize; 6] = [1, 2, 10, 11, 100, 150];

#[test]
fn waveform_relaxation_of_order_three_gives_the_trace_of_nest() -> Result<()> {
    let a = [
        -69.11888346507025,
        -68.66075238132824,
        -65.64784627516484,
        -65.32722952086219,
        -85.01240360425314,
        -64.70358220745062,
        -56.545769646365414,
    ];
    let b = [
        -69.34827979282537,
        -69.0829731522594,
        -66.84361349120633,
        -66.56603778909272,
        -86.22084568393514,
        -66.12344086692063,
        -58.15745379573082,
    ];
    check_pair(&[], &[20.0], &STEPS, [&a, &b])
}

#[test]
fn waveform_relaxation_of_order_one_gives_the_trace_of_nest() -> Result<()> {
    let a = [
        -69.11882441245396,
        -68.66066665099954,
        -65.6480145137101,
        -65.32744293846343,
        -85.00383206289601,
        -64.6996161619748,
        -56.54359312972089,
    ];
    let b = [
        -69.34845020075578,
        -69.08327172972872,
        -66.84425700435835,
        -66.56669082474986,
        -86.20591388358623,
        -66.11970071071286,
        -58.15568955079716,
    ];
    let order = [("wfr_interpolation_order", Value::Int(1))];
    check_pair(&order, &[20.0], &STEPS, [&a, &b])
}

#[test]
fn waveform_relaxation_of_order_zero_gives_the_trace_of_nest() -> Result<()> {
    let a = [
        -69.12809732869712,
        -68.67994520369243,
        -65.75015973299107,
        -65.43897719609825,
        -86.33884169026128,
        -65.75144052128408,
        -57.38397102518785,
    ];
    let b = [
        -69.36605492275733,
        -69.11650427988401,
        -66.9635003348115,
        -66.69398597951404,
        -87.45267766307747,
        -67.16302518372171,
        -58.9546489650573,
    ];
    let order = [("wfr_interpolation_order", Value::Int(0))];
    check_pair(&order, &[20.0], &STEPS, [&a, &b])
}

#[test]
fn exchange_once_per_step_gives_the_trace_of_nest() -> Result<()> {
    let a = [
        -69.11010471594236,
        -68.663004372113,
        -65.73803169706817,
        -65.42719727971763,
        -86.32285044667327,
        -65.74304113046713,
        -57.37971969413851,
    ];
    let b = [
        -69.35705864049095,
        -69.10707089466256,
        -66.9532367100355,
        -66.68378837080373,
        -87.43970961248769,
        -67.15463696249998,
        -58.95054341878869,
    ];
    check_pair(
        &[("use_wfr", Value::Bool(false))],
        &[20.0],
        &STEPS,
        [&a, &b],
    )
}

/// Runs that end within a slice.
#[test]
fn partial_slices_give_the_trace_of_nest() -> Result<()> {
    let a = [
        -65.32722952086219,
        -85.01240301816425,
        -64.70358090061956,
        -56.54576892174729,
    ];
    let b = [
        -66.56603778909272,
        -86.22084507311827,
        -66.12343957729036,
        -58.15745310621087,
    ];
    check_pair(&[], &[5.3, 7.2, 7.5], &[11, 100, 150], [&a, &b])
}

#[test]
fn the_interval_of_communication_bounds_a_slice() -> Result<()> {
    let a = [
        -65.32722929664504,
        -85.012401256648,
        -64.70357958692274,
        -56.54576908536185,
    ];
    let b = [
        -66.56603806938394,
        -86.2208424317891,
        -66.12343825549478,
        -58.15745325209915,
    ];
    let interval = [("wfr_comm_interval", Value::Float(0.5))];
    check_pair(&interval, &[20.0], &[11, 100, 150], [&a, &b])?;
    let a = [
        -65.32722932509714,
        -85.01240142672104,
        -64.70357968640067,
        -56.54576736651757,
    ];
    let b = [
        -66.56603806108092,
        -86.22084263572532,
        -66.12343835411576,
        -58.157451619220005,
    ];
    let interval = [("wfr_comm_interval", Value::Float(0.25))];
    check_pair(&interval, &[20.0], &[11, 100, 150], [&a, &b])?;
    let (sim, _) = pair(&interval, &[])?;
    assert_eq!(sim.status().get("min_delay"), Some(&Value::Float(0.3)));
    assert_eq!(sim.status().get("max_delay"), Some(&Value::Float(1.0)));
    Ok(())
}

#[test]
fn too_few_iterations_are_warned_of() -> Result<()> {
    let (mut sim, _) = pair(&[("wfr_max_iterations", Value::Int(1))], &[1.5])?;
    let warnings = sim.take_warnings();
    let expected = [
        "Maximum number of iterations reached at interval 0-1 ms",
        "Maximum number of iterations reached at interval 1-1.5 ms",
    ];
    assert_eq!(warnings, expected);
    let (mut sim, _) = pair(&[], &[1.5])?;
    assert!(sim.take_warnings().is_empty());
    Ok(())
}

#[test]
fn attributes_of_the_waveform_relaxation_are_checked() -> Result<()> {
    let refused = [
        ("wfr_tol", Value::Float(-1.0)),
        ("wfr_max_iterations", Value::Int(0)),
        ("wfr_interpolation_order", Value::Int(2)),
        ("wfr_comm_interval", Value::Float(0.01)),
    ];
    for (key, value) in refused {
        let mut sim = ovenbird::simulation();
        let before = sim.status();
        let error = sim.set_status(&dict([(key, value)])).expect_err(key);
        assert!(
            error.to_string().contains(key) || key.ends_with("order"),
            "{error}"
        );
        assert_eq!(sim.status().get(key), before.get(key));
    }
    let mut sim = ovenbird::simulation();
    sim.set_status(&dict([("use_wfr", Value::Bool(false))]))?;
    assert_eq!(
        sim.status().get("wfr_comm_interval"),
        Some(&Value::Float(0.1))
    );
    let interval = dict([("wfr_comm_interval", 1.0.into())]);
    assert!(sim.set_status(&interval).is_err());
    Ok(())
}

/// A network of coupled neurons with spikes, sampled after 30.4 ms.
pub fn coupled_network(threads: i64, width: Width) -> Result<Vec<u64>> {
    let mut sim = ovenbird::simulation();
    sim.set_width(width);
    sim.set_status(&dict([("local_num_threads", threads.into())]))?;
    let n = sim.create("hh_psc_alpha_gap", 23)?;
    let ids = n.ids();
    let spread = |a: f64, b: f64| {
        Value::Floats(
            (0..23)
                .map(|i| a + b * (f64::from(i) * 0.618).fract())
                .collect(),
        )
    };
    sim.set(
        &ids,
        &dict([("V_m", spread(-80.0, 40.0)), ("I_e", spread(0.0, 300.0))]),
    )?;
    let mut rule = ConnSpec::new(Rule::OneToOne);
    rule.make_symmetric = true;
    for k in [1, 4, 9] {
        let neighbours: Vec<u32> = (0..23).map(|i| 1 + (i + k) % 23).collect();
        sim.connect(&ids, &neighbours, &rule, &[gap_junction(&sim, 0.7)?])?;
    }
    let inhibitory = [static_synapse(&sim, -50.0, 1.0)?];
    sim.connect(
        &ids,
        &ids,
        &ConnSpec::new(Rule::FixedIndegree(Parameter::constant(5.0)?)),
        &inhibitory,
    )?;
    sim.simulate(17.3)?;
    sim.simulate(13.1)?;
    let v = ids.iter().map(|&id| number(&sim, id, "V_m"));
    Ok(v.map(f64::to_bits).collect())
}

#[test]
fn coupled_neurons_have_the_same_bits_on_any_number_of_threads() -> Result<()> {
    let one = coupled_network(1, Width::widest())?;
    for threads in [2, 3] {
        let other = coupled_network(threads, Width::widest())?;
        assert_eq!(other, one, "{threads} threads");
    }
    Ok(())
}

/// Four neurons in two coupled pairs, of which the first is driven, after 7 ms.
fn two_pairs(second: bool) -> Result<Simulation> {
    let mut sim = ovenbird::simulation();
    sim.create("hh_psc_alpha_gap", 4)?;
    sim.set(&[1], &dict([("I_e", 600.0.into())]))?;
    let mut rule = ConnSpec::new(Rule::OneToOne);
    rule.make_symmetric = true;
    let sources: &[u32] = if second { &[1, 3] } else { &[1] };
    let targets: Vec<u32> = sources.iter().map(|id| id + 1).collect();
    sim.connect(sources, &targets, &rule, &[gap_junction(&sim, 5.0)?])?;
    sim.simulate(7.0)?;
    Ok(sim)
}

fn potentials(sim: &Simulation) -> [u64; 2] {
    [1, 2].map(|id| number(sim, id, "V_m").to_bits())
}

#[test]
fn nothing_is_left_of_the_last_gap_junction() -> Result<()> {
    let mut seen = Vec::new();
    for second in [true, false] {
        let mut sim = two_pairs(second)?;
        let mut set = sim.connections(&Filter {
            sources: Some(&[1, 2]),
            ..Filter::default()
        })?;
        assert_eq!(set.len(), 2);
        sim.disconnect(&mut set)?;
        sim.simulate(50.0)?;
        let last = number(&sim, 2, "V_m");
        assert_close(last, -69.605_897_962_978_99, "an uncoupled neuron");
        seen.push(potentials(&sim));
    }
    assert_eq!(seen[0], seen[1]);
    Ok(())
}

#[test]
fn weights_set_between_runs_count_at_once() -> Result<()> {
    let outcome = |prepared: bool| -> Result<[u64; 2]> {
        let mut sim = two_pairs(false)?;
        let run = |sim: &mut Simulation| match prepared {
            true => sim.run(7.0, &mut |_| RunControl::Continue).map(drop),
            false => sim.simulate(7.0),
        };
        if prepared {
            sim.prepare()?;
        }
        run(&mut sim)?;
        let before = potentials(&sim);
        let mut all = sim.connections(&Filter::default())?;
        sim.set_connections(&mut all, &dict([("weight", 50.0.into())]))?;
        run(&mut sim)?;
        assert_ne!(potentials(&sim), before);
        Ok(potentials(&sim))
    };
    assert_eq!(outcome(true)?, outcome(false)?);
    Ok(())
}
