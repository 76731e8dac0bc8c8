//! What the engine promises beside its numbers: simulations are values, and nothing is lost or
//! silently wrong. (The same numbers as NEST: `python/tests/reference`. The same bits on any number
//! of threads: `determinism.rs`.)

#![allow(
    clippy::unwrap_used,
    reason = "a test fails where something is missing"
)]

use ovenbird::core::error::Kind;
use ovenbird::core::simulation::{Filter, RunControl};
use ovenbird::prelude::*;

/// A driven pair of neurons and the times of its spikes after `runs` runs of 50 ms.
struct Pair {
    sim: Simulation,
    recorder: u32,
}

impl Pair {
    fn new(current: f64) -> Self {
        let mut sim = ovenbird::simulation();
        let neurons = sim.create("iaf_psc_alpha", 2).unwrap().ids();
        let recorder = sim.create("spike_recorder", 1).unwrap().first;
        sim.set(&neurons, &dict([("I_e", current.into())])).unwrap();
        let synapse = [static_synapse(&sim, 50.0, 1.5).unwrap()];
        sim.connect(&neurons, &neurons, &all_to_all(), &synapse)
            .unwrap();
        sim.connect(&neurons, &[recorder], &all_to_all(), &synapse)
            .unwrap();
        Pair { sim, recorder }
    }

    fn times(&self) -> Vec<f64> {
        self.sim.events(self.recorder).unwrap().times
    }
}

#[test]
fn the_kernel_is_a_value() {
    let (mut apart_a, mut apart_b) = (Pair::new(400.0), Pair::new(500.0));
    apart_a.sim.simulate(200.0).unwrap();
    apart_b.sim.simulate(200.0).unwrap();
    let (mut a, mut b) = (Pair::new(400.0), Pair::new(500.0));
    for _ in 0..4 {
        a.sim.simulate(50.0).unwrap();
        b.sim.simulate(50.0).unwrap();
    }
    assert_ne!(a.times(), b.times());
    assert_eq!((a.times(), b.times()), (apart_a.times(), apart_b.times()));
}

#[test]
fn a_simulation_can_move_to_another_thread() {
    let mut here = Pair::new(450.0);
    let mut there = Pair::new(450.0);
    let there = std::thread::spawn(move || {
        there.sim.simulate(100.0).unwrap();
        there.times()
    });
    here.sim.simulate(100.0).unwrap();
    assert_eq!(here.times(), there.join().unwrap());
}

#[test]
fn setting_is_all_or_nothing() {
    let mut sim = ovenbird::simulation();
    let ids = sim.create("iaf_psc_alpha", 3).unwrap().ids();
    let bad: Dict = [("V_m", Value::Floats(vec![-60.0, -61.0, f64::NAN]))]
        .into_iter()
        .collect();
    assert_eq!(sim.set(&ids, &bad).unwrap_err().kind, Kind::BadProperty);
    let bad = dict([("tau_m", 5.0.into()), ("C_m", (-1.0).into())]);
    assert_eq!(sim.set(&ids, &bad).unwrap_err().kind, Kind::BadProperty);
    let misspelt = sim.set(&ids, &dict([("tau_M", 5.0.into())])).unwrap_err();
    assert_eq!(misspelt.kind, Kind::UnaccessedEntry);
    assert!(
        misspelt.message.contains("did you mean 'tau_m'"),
        "{misspelt}"
    );
    for (key, wanted) in [("V_m", -70.0), ("tau_m", 10.0), ("C_m", 250.0)] {
        for group in sim.groups(&ids).unwrap() {
            let column = sim.get(&group, key).unwrap();
            assert!(
                (0..3).all(|i| column.at(i) == Value::Float(wanted)),
                "{key}"
            );
        }
    }
}

#[test]
fn a_failed_connect_leaves_nothing_behind() {
    let mut sim = ovenbird::simulation();
    let ids = sim.create("iaf_psc_alpha", 4).unwrap().ids();
    let noise = sim.create("poisson_generator", 1).unwrap().ids();
    let list = |v: &[f64]| Amount::Each(v.to_vec().into());
    for sources in [&ids, &noise.repeat(4)] {
        let syn = SynSpec {
            delay: Some(list(&[1.0, 1.0, 1.0, 0.01])),
            ..static_synapse(&sim, 1.0, 1.0).unwrap()
        };
        let rule = ConnSpec::new(Rule::OneToOne);
        let e = sim.connect(sources, &ids, &rule, &[syn]).unwrap_err();
        assert_eq!(e.kind, Kind::BadDelay);
        assert_eq!(sim.num_connections(), 0);
        assert!(sim.connections(&Filter::default()).unwrap().is_empty());
    }
}

#[test]
fn a_state_that_is_not_finite_stops_the_run() {
    let mut sim = ovenbird::simulation();
    let ids = sim.create("iaf_psc_alpha", 3).unwrap().ids();
    let bottomless = dict([("C_m", 1e-3.into()), ("I_e", (-1e308).into())]);
    sim.set(&ids[1..2], &bottomless).unwrap();
    let e = sim.simulate(100.0).unwrap_err();
    assert_eq!(e.kind, Kind::NumericalInstability);
    assert!(
        e.message.contains("node ID 2") && e.message.contains("ms"),
        "{e}"
    );
}

#[test]
fn a_stopped_run_can_go_on() {
    let mut whole = Pair::new(450.0);
    whole.sim.simulate(5000.0).unwrap();
    let mut stopped = Pair::new(450.0);
    stopped.sim.prepare().unwrap();
    let mut left = 5000.0;
    while left > 0.0 {
        let before = stopped.sim.clock().ms(stopped.sim.now());
        stopped.sim.run(left, &mut |_| RunControl::Stop).unwrap();
        left -= stopped.sim.clock().ms(stopped.sim.now()) - before;
        left = (left * 10.0).round() / 10.0;
    }
    stopped.sim.cleanup().unwrap();
    assert_eq!(whole.times(), stopped.times());
}
