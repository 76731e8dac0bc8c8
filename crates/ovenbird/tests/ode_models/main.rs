//! Neurons that are integrated adaptively, against values of NEST 3.10.

mod coupled;
mod glif;

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
    let coupled = coupled::coupled_network(1, plain)?;
    for width in Width::available() {
        assert_eq!(coupled::coupled_network(1, width)?, coupled, "{width:?}");
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
