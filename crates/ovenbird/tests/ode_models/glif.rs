//! `glif_cond`, against values of NEST 3.10.

use crate::{assert_close, multimeter, number, spikes, value, values};
use ovenbird::Result;
use ovenbird::prelude::*;

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

/// `V_m`, `threshold`, `threshold_spike`, `threshold_voltage`, `ASCurrents_sum` of GLIF1 to GLIF5
/// at 75 ms and 200 ms, and the number of spikes and their last step.
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
