//! Neurons that are integrated adaptively, against values of NEST 3.10.

use ovenbird::Result;
use ovenbird::core::math::Width;
use ovenbird::prelude::*;

const TOLERANCE: f64 = 1e-9;

fn assert_close(value: f64, reference: f64, what: &str) {
    let error = (value - reference).abs() / reference.abs().max(1e-3);
    assert!(
        error < TOLERANCE,
        "{what}: {value} instead of {reference}, relative error {error:e}"
    );
}

fn values(sim: &Simulation, recorder: &Nodes, sender: u32, column: usize) -> Vec<f64> {
    let events = sim.events(recorder.first).expect("a recorder");
    let of = events.senders.iter().zip(&events.values[column]);
    of.filter(|(s, _)| **s == sender).map(|(_, v)| *v).collect()
}

fn spikes(sim: &Simulation, recorder: &Nodes, sender: u32) -> Vec<f64> {
    let events = sim.events(recorder.first).expect("a recorder");
    let of = events.senders.iter().zip(&events.times);
    of.filter(|(s, _)| **s == sender).map(|(_, t)| *t).collect()
}

fn value(sim: &Simulation, id: u32, key: &str) -> Value {
    let ids = [id];
    let group = &sim.groups(&ids).expect("a node")[0];
    sim.get(group, key).expect("a key").at(0)
}

fn number(sim: &Simulation, id: u32, key: &str) -> f64 {
    value(sim, id, key).as_float(key).expect("a number")
}

fn multimeter(sim: &mut Simulation, of: &Nodes, names: &[&str]) -> Result<Nodes> {
    let m = sim.create("multimeter", 1)?;
    let names = names.iter().map(|&n| n.to_owned()).collect();
    let params = dict([
        ("interval", sim.clock().resolution().into()),
        ("record_from", Value::Strs(names)),
    ]);
    sim.set(&m.ids(), &params)?;
    let synapse = [static_synapse(sim, 1.0, 1.0)?];
    sim.connect(&m.ids(), &of.ids(), &all_to_all(), &synapse)?;
    Ok(m)
}

/// `n = nest.Create("hh_psc_alpha", 4); n.I_e = [360., 620., 630., 650.]`,
/// `nest.Simulate(200.)`, and the times of a spike recorder.
#[test]
fn hh_psc_alpha_spikes_with_the_current() -> Result<()> {
    let mut sim = ovenbird::simulation();
    let n = sim.create("hh_psc_alpha", 4)?;
    let i_e = Value::Floats(vec![360.0, 620.0, 630.0, 650.0]);
    sim.set(&n.ids(), &dict([("I_e", i_e)]))?;
    let recorder = sim.create("spike_recorder", 1)?;
    let synapse = [static_synapse(&sim, 1.0, 1.0)?];
    sim.connect(&n.ids(), &recorder.ids(), &all_to_all(), &synapse)?;
    sim.simulate(200.0)?;
    assert_eq!(spikes(&sim, &recorder, 1), [4.2]);
    assert_eq!(spikes(&sim, &recorder, 2), [2.9, 21.9, 41.8]);
    let third = [
        2.9, 21.5, 40.4, 59.5, 78.6, 97.8, 116.9, 136.0, 155.2, 174.3, 193.4,
    ];
    assert_eq!(spikes(&sim, &recorder, 3), third);
    let fourth = [
        2.8, 20.9, 39.1, 57.3, 75.5, 93.6, 111.8, 130.0, 148.2, 166.3, 184.5,
    ];
    assert_eq!(spikes(&sim, &recorder, 4), fourth);
    Ok(())
}

/// As above with `I_e = 650.`: `V_m`, `Act_m`, `Inact_h`, `Act_n` at 25, 100, 200 ms.
#[test]
fn hh_psc_alpha_gives_the_trace_of_nest() -> Result<()> {
    const TRACE: [(usize, [f64; 4]); 3] = [
        (
            250,
            [
                -73.84551414014882,
                0.01744236553103527,
                0.27286976507419164,
                0.5593783097801415,
            ],
        ),
        (
            1000,
            [
                -70.17999523398629,
                0.027198460345916355,
                0.4063778183853017,
                0.4442627413692015,
            ],
        ),
        (
            2000,
            [
                -56.5219866295808,
                0.12876213664653688,
                0.4476921824523979,
                0.3936014224017651,
            ],
        ),
    ];
    let mut sim = ovenbird::simulation();
    let n = sim.create("hh_psc_alpha", 1)?;
    sim.set(&n.ids(), &dict([("I_e", 650.0.into())]))?;
    let names = ["V_m", "Act_m", "Inact_h", "Act_n"];
    let m = multimeter(&mut sim, &n, &names)?;
    sim.simulate(200.1)?;
    for (step, row) in TRACE {
        for (column, reference) in row.into_iter().enumerate() {
            let what = format!("{} at step {step}", names[column]);
            assert_close(values(&sim, &m, 1, column)[step - 1], reference, &what);
        }
    }
    Ok(())
}

/// Parameters that differ, spikes of both signs, an external current, and two runs:
/// `n = nest.Create("hh_psc_alpha", 3, {"C_m": [80., 100., 130.], "I_e": [300., 500., 700.],
/// "tau_syn_ex": [.2, 1., 2.]}); pre = nest.Create("hh_psc_alpha", params={"I_e": 700.})`,
/// `nest.Connect(pre, n, syn_spec={"weight": [[200.], [-100.], [300.]], "delay": 1.5})`,
/// `dc = nest.Create("dc_generator", params={"amplitude": 200., "start": 20., "stop": 30.})`.
#[test]
fn hh_psc_alpha_takes_all_inputs() -> Result<()> {
    let mut sim = ovenbird::simulation();
    let n = sim.create("hh_psc_alpha", 3)?;
    let lists = dict([
        ("C_m", Value::Floats(vec![80.0, 100.0, 130.0])),
        ("I_e", Value::Floats(vec![300.0, 500.0, 700.0])),
        ("tau_syn_ex", Value::Floats(vec![0.2, 1.0, 2.0])),
    ]);
    sim.set(&n.ids(), &lists)?;
    let pre = sim.create("hh_psc_alpha", 1)?;
    sim.set(&pre.ids(), &dict([("I_e", 700.0.into())]))?;
    for (target, weight) in [(1, 200.0), (2, -100.0), (3, 300.0)] {
        let synapse = [static_synapse(&sim, weight, 1.5)?];
        sim.connect(&pre.ids(), &[target], &all_to_all(), &synapse)?;
    }
    let dc = sim.create("dc_generator", 1)?;
    let pulse = [
        ("amplitude", 200.0.into()),
        ("start", 20.0.into()),
        ("stop", 30.0.into()),
    ];
    sim.set(&dc.ids(), &dict(pulse))?;
    let synapse = [static_synapse(&sim, 1.0, 1.0)?];
    sim.connect(&dc.ids(), &n.ids(), &all_to_all(), &synapse)?;
    sim.simulate(37.3)?;
    sim.simulate(12.7)?;
    for (key, references) in [
        (
            "V_m",
            [-62.747915608115434, -61.1559960672989, -66.95561653565768],
        ),
        (
            "Act_n",
            [0.3483265828328755, 0.371244000486575, 0.39799243722443695],
        ),
    ] {
        for (i, reference) in references.into_iter().enumerate() {
            let value = number(&sim, n.first + i as u32, key);
            assert_close(value, reference, &format!("{key} of node {}", i + 1));
        }
    }
    Ok(())
}

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
fn coupled_network(threads: i64, width: Width) -> Result<Vec<u64>> {
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

/// Neurons under currents that make some of them spike, connected at random; their state after
/// 50 ms.
fn spiking_network(model: &str, width: Width) -> Result<Vec<u64>> {
    let mut sim = ovenbird::simulation();
    sim.set_width(width);
    let n = sim.create(model, 21)?;
    let ids = n.ids();
    let spread = Value::Floats((0..21).map(|i| 60.0 * f64::from(i)).collect());
    sim.set(&ids, &dict([("I_e", spread)]))?;
    let recorder = sim.create("spike_recorder", 1)?;
    let synapse = [static_synapse(&sim, 1.0, 1.0)?];
    sim.connect(&ids, &recorder.ids(), &all_to_all(), &synapse)?;
    let rule = ConnSpec::new(Rule::FixedIndegree(Parameter::constant(4.0)?));
    for weight in [2.0, -3.0] {
        let synapse = [static_synapse(&sim, weight, 1.0)?];
        sim.connect(&ids, &ids, &rule, &synapse)?;
    }
    sim.simulate(50.0)?;
    let events = sim.events(recorder.first)?;
    assert!(events.times.len() > 20, "{model}: {}", events.times.len());
    let v = ids.iter().map(|&id| number(&sim, id, "V_m"));
    Ok(v.chain(events.times).map(f64::to_bits).collect())
}

#[test]
fn vector_instructions_change_no_bit() -> Result<()> {
    let plain = Width::least();
    let coupled = coupled_network(1, plain)?;
    for width in Width::available() {
        assert_eq!(coupled_network(1, width)?, coupled, "{width:?}");
    }
    for model in [
        "iaf_psc_alpha",
        "iaf_cond_exp",
        "iaf_cond_alpha",
        "hh_cond_exp_traub",
        "hh_psc_alpha",
        "hh_psc_alpha_gap",
    ] {
        let expected = spiking_network(model, plain)?;
        for width in Width::available() {
            assert_eq!(
                spiking_network(model, width)?,
                expected,
                "{model} {width:?}"
            );
        }
    }
    Ok(())
}

const GLIF_NAMES: [&str; 8] = [
    "V_m",
    "I",
    "g_1",
    "g_2",
    "threshold",
    "threshold_spike",
    "threshold_voltage",
    "ASCurrents_sum",
];

/// `V_m`, `threshold`, `threshold_spike`, `threshold_voltage`, `ASCurrents_sum` of GLIF1 to GLIF5 at
/// 75 ms and 200 ms, and the number of spikes and their last step.
const GLIF: [([[f64; 5]; 2], usize, usize); 5] = [
    (
        [
            [-78.85, -51.68, 0.0, 0.0, 0.0],
            [-78.25633374591622, -51.68, 0.0, 0.0, 0.0],
        ],
        18,
        3799,
    ),
    (
        [
            [
                -54.48417004198309,
                -49.24265070778087,
                2.4373492922191287,
                0.0,
                0.0,
            ],
            [
                -67.86833243422123,
                -47.35155604299112,
                4.3284439570088775,
                0.0,
                0.0,
            ],
        ],
        26,
        3788,
    ),
    (
        [
            [-78.85, -51.68, 0.0, 0.0, -107.7285521887311],
            [-78.68730202626477, -51.68, 0.0, 0.0, -61.30688087414726],
        ],
        9,
        2961,
    ),
    (
        [
            [
                -58.21232293037093,
                -50.51168510808398,
                1.1683148919160162,
                0.0,
                -175.3419914650981,
            ],
            [
                -84.03092770305528,
                -49.89709575055414,
                1.7829042494458602,
                0.0,
                -83.24091712210134,
            ],
        ],
        12,
        3030,
    ),
    (
        [
            [
                -58.34417897311515,
                -49.429245685456024,
                1.1696355862970151,
                1.0811187282469645,
                -177.0573350758798,
            ],
            [
                -84.14035722428319,
                -50.05161119072831,
                1.7881095304141712,
                -0.15972072114247948,
                -83.41881173824135,
            ],
        ],
        12,
        3037,
    ),
];

/// Five `glif_cond` with the mechanisms of GLIF1 to GLIF5 at the resolution 0.05, and
/// `pre = nest.Create("hh_psc_alpha", params={"I_e": 650.})`,
/// `dc = nest.Create("dc_generator", params={"amplitude": 400., "start": 50., "stop": 150.})`,
/// `nest.Connect(dc, n, syn_spec={"delay": 0.05})`,
/// `nest.Connect(pre, n, syn_spec={"weight": 20., "delay": 0.05, "receptor_type": 1})`,
/// `nest.Connect(pre, n, syn_spec={"weight": -20., "delay": 1.5, "receptor_type": 2})`.
#[test]
fn glif_cond_gives_the_trace_of_nest_at_all_levels() -> Result<()> {
    let mut sim = ovenbird::simulation();
    sim.set_status(&dict([("resolution", 0.05.into())]))?;
    let n = sim.create("glif_cond", 5)?;
    let levels = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, 0), (1, 1, 1)];
    for (id, (r, asc, a)) in n.ids().into_iter().zip(levels) {
        let mechanisms = [
            ("spike_dependent_threshold", Value::Bool(r == 1)),
            ("after_spike_currents", Value::Bool(asc == 1)),
            ("adapting_threshold", Value::Bool(a == 1)),
        ];
        sim.set(&[id], &dict(mechanisms))?;
    }
    let pre = sim.create("hh_psc_alpha", 1)?;
    sim.set(&pre.ids(), &dict([("I_e", 650.0.into())]))?;
    let dc = sim.create("dc_generator", 1)?;
    let pulse = [
        ("amplitude", 400.0.into()),
        ("start", 50.0.into()),
        ("stop", 150.0.into()),
    ];
    sim.set(&dc.ids(), &dict(pulse))?;
    let short = static_synapse(&sim, 1.0, 0.05)?;
    let of = |weight: f64, delay: f64, receptor: i64| -> Result<SynSpec> {
        Ok(SynSpec {
            receptor: vec![receptor],
            ..static_synapse(&sim, weight, delay)?
        })
    };
    let (first, second) = (of(20.0, 0.05, 1)?, of(-20.0, 1.5, 2)?);
    sim.connect(
        &dc.ids(),
        &n.ids(),
        &all_to_all(),
        std::slice::from_ref(&short),
    )?;
    sim.connect(&pre.ids(), &n.ids(), &all_to_all(), &[first])?;
    sim.connect(&pre.ids(), &n.ids(), &all_to_all(), &[second])?;
    let recorder = sim.create("spike_recorder", 1)?;
    sim.connect(&n.ids(), &recorder.ids(), &all_to_all(), &[short])?;
    let m = multimeter(&mut sim, &n, &GLIF_NAMES)?;
    sim.simulate(200.05)?;
    for (id, (rows, count, last)) in n.ids().into_iter().zip(GLIF) {
        for (step, row) in [1500, 4000].into_iter().zip(rows) {
            for (column, reference) in [0, 4, 5, 6, 7].into_iter().zip(row) {
                let what = format!("{} of node {id} at step {step}", GLIF_NAMES[column]);
                assert_close(values(&sim, &m, id, column)[step - 1], reference, &what);
            }
        }
        let g = &values(&sim, &m, id, 3);
        assert_close(g[1499], -0.12796380783416414, "g_2");
        assert_close(g[3999], -0.33975513777257393, "g_2");
        let times = spikes(&sim, &recorder, id);
        assert_eq!(times.len(), count, "spikes of node {id}");
        assert_eq!((times[count - 1] / 0.05).round() as usize, last);
    }
    Ok(())
}

fn floats(value: Value) -> Vec<f64> {
    match value {
        Value::Floats(v) => v,
        other => panic!("{other:?} is no list of floats"),
    }
}

/// `n = nest.Create("glif_cond", 2); n[0].set(tau_syn=[1., 2., 3.], E_rev=[0., -80., -20.])`,
/// `n[1].E_L = -70.; n[1].V_m = -60.`, `pre` as above connected with weight 5 to receptor 3 of the
/// first and with weight 7 to receptor 2 of the second, `nest.Simulate(25.)`.
#[test]
fn glif_cond_has_as_many_receptors_as_its_parameters_say() -> Result<()> {
    let mut sim = ovenbird::simulation();
    let n = sim.create("glif_cond", 2)?;
    let receptors = |n: usize| {
        dict([
            (
                "tau_syn",
                Value::Floats(vec![1.0, 2.0, 3.0, 4.0][..n].to_vec()),
            ),
            (
                "E_rev",
                Value::Floats(vec![0.0, -80.0, -20.0, 0.0][..n].to_vec()),
            ),
        ])
    };
    sim.set(&[1], &receptors(3))?;
    sim.set(
        &[2],
        &dict([("E_L", Value::Float(-70.0)), ("V_m", Value::Float(-60.0))]),
    )?;
    assert_eq!(number(&sim, 2, "V_th"), -51.68);
    assert_eq!(floats(value(&sim, 1, "g")), [0.0]);
    assert_eq!(value(&sim, 1, "has_connections"), Value::Bool(false));
    let pre = sim.create("hh_psc_alpha", 1)?;
    sim.set(&pre.ids(), &dict([("I_e", 650.0.into())]))?;
    for (target, receptor, weight) in [(1, 3, 5.0), (2, 2, 7.0)] {
        let synapse = SynSpec {
            receptor: vec![receptor],
            ..static_synapse(&sim, weight, 1.0)?
        };
        sim.connect(&pre.ids(), &[target], &all_to_all(), &[synapse])?;
    }
    assert_eq!(value(&sim, 1, "has_connections"), Value::Bool(true));
    let m = multimeter(
        &mut sim,
        &Nodes {
            first: n.first,
            last: n.first,
        },
        &["g_3"],
    )?;
    sim.simulate(25.0)?;
    assert_close(
        number(&sim, 1, "V_m"),
        -67.24283997832126,
        "V_m of the first",
    );
    assert_close(
        number(&sim, 2, "V_m"),
        -73.52427153632595,
        "V_m of the second",
    );
    let (g, dg) = (floats(value(&sim, 1, "g")), floats(value(&sim, 1, "dg")));
    assert_eq!((&g[..2], &dg[..2]), (&[0.0, 0.0][..], &[0.0, 0.0][..]));
    assert_close(g[2], 5.079217299242776, "g of receptor 3");
    assert_close(dg[2], 1.6158916506974568, "dg of receptor 3");
    assert_eq!(values(&sim, &m, 1, 0).len(), 240);
    for n in [2, 4] {
        let error = sim.set(&[1], &receptors(n)).expect_err("connected");
        assert!(error.to_string().contains("number of ports"), "{error}");
    }
    for receptor in [0, 4, -1] {
        let synapse = SynSpec {
            receptor: vec![receptor],
            ..static_synapse(&sim, 1.0, 1.0)?
        };
        let result = sim.connect(&pre.ids(), &[1], &all_to_all(), &[synapse]);
        assert!(result.is_err(), "receptor {receptor}");
    }
    Ok(())
}

#[test]
fn glif_cond_refuses_what_its_mechanisms_do_not_have() -> Result<()> {
    let mut sim = ovenbird::simulation();
    sim.create("glif_cond", 1)?;
    let yes = || Value::Bool(true);
    let pair = |a: f64, b: f64| Value::Floats(vec![a, b]);
    let refused = [
        dict([("adapting_threshold", yes())]),
        dict([("ASCurrents", pair(1.0, 2.0))]),
        dict([("threshold_spike", 1.0.into())]),
        dict([("threshold_voltage", 1.0.into())]),
        dict([("V_reset", Value::Float(-50.0))]),
        dict([("tau_syn", pair(1.0, 0.0))]),
        dict([("tau_syn", Value::Floats(vec![1.0]))]),
        dict([("g", pair(1.0, 1.0))]),
        dict([("has_connections", yes())]),
        dict([
            ("after_spike_currents", yes()),
            ("ASCurrents", Value::Floats(vec![3.0])),
        ]),
        dict([
            ("after_spike_currents", yes()),
            ("asc_init", Value::Floats(vec![3.0])),
        ]),
        dict([("after_spike_currents", yes()), ("asc_r", pair(2.0, 1.0))]),
        dict([
            ("spike_dependent_threshold", yes()),
            ("th_spike_decay", 0.0.into()),
        ]),
    ];
    let before = sim.status_keys(&sim.groups(&[1])?[0]);
    for params in refused {
        assert!(sim.set(&[1], &params).is_err(), "{params:?}");
    }
    assert!(!before.contains(&"threshold_spike".to_owned()));
    sim.set(&[1], &dict([("th_spike_decay", 0.0.into())]))?;
    let accepted = [
        ("spike_dependent_threshold", yes()),
        ("th_spike_decay", 0.01.into()),
        ("threshold_spike", 1.0.into()),
        ("after_spike_currents", yes()),
        ("ASCurrents", pair(3.0, 4.0)),
    ];
    sim.set(&[1], &dict(accepted))?;
    assert_eq!(floats(value(&sim, 1, "ASCurrents")), [3.0, 4.0]);
    Ok(())
}
