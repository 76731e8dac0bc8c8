//! Models in small networks against closed forms and against properties that must hold.
#![allow(clippy::unwrap_used, reason = "a failure of a helper fails its test")]

use ovenbird::prelude::*;

const H: f64 = 0.1;

fn simulation(resolution: f64) -> Simulation {
    let mut sim = ovenbird::simulation();
    sim.set_status(&dict([("resolution", resolution.into())]))
        .unwrap();
    sim
}

fn make(sim: &mut Simulation, model: &str, params: Dict) -> u32 {
    let id = sim.create(model, 1).unwrap().first;
    sim.set(&[id], &params).unwrap();
    id
}

/// Connects with a weight and a delay in ms to a receptor.
fn wire(sim: &mut Simulation, from: u32, to: u32, (weight, delay): (f64, f64), receptor: i64) {
    let mut synapse = static_synapse(sim, weight, delay).unwrap();
    synapse.receptor = vec![receptor];
    sim.connect(&[from], &[to], &all_to_all(), &[synapse])
        .unwrap();
}

fn floats(values: &[f64]) -> Value {
    Value::Floats(values.to_vec())
}

/// A multimeter that samples one quantity of a node in each step.
fn sample(sim: &mut Simulation, node: u32, name: &str, interval: f64) -> u32 {
    let params = dict([
        ("interval", interval.into()),
        ("record_from", Value::Strs(vec![name.into()])),
    ]);
    let meter = make(sim, "multimeter", params);
    wire(sim, meter, node, (1.0, 1.0), 0);
    meter
}

fn recorder(sim: &mut Simulation, node: u32) -> u32 {
    let recorder = make(sim, "spike_recorder", Dict::new());
    wire(sim, node, recorder, (1.0, 1.0), 0);
    recorder
}

fn number(sim: &Simulation, id: u32, key: &str) -> f64 {
    let ids = [id];
    let groups = sim.groups(&ids).unwrap();
    let column = sim.get(&groups[0], key).unwrap();
    column.at(0).as_float(key).unwrap()
}

#[test]
fn a_spike_arrives_after_its_delay_with_its_weight() {
    for (model, weight) in [("iaf_psc_delta", 2.5), ("iaf_psc_delta", -1.0)] {
        let mut sim = simulation(H);
        let source = make(
            &mut sim,
            "spike_generator",
            dict([("spike_times", floats(&[1.0]))]),
        );
        let neuron = make(&mut sim, model, Dict::new());
        wire(&mut sim, source, neuron, (weight, 1.5), 0);
        let meter = sample(&mut sim, neuron, "V_m", H);
        sim.simulate(10.0).unwrap();
        let events = sim.events(meter).unwrap();
        for (&t, &v) in events.times.iter().zip(&events.values[0]) {
            let since = t - 2.5;
            let exact = if since < -1e-9 {
                0.0
            } else {
                weight * (-since / 10.0).exp()
            };
            assert!((v + 70.0 - exact).abs() < 1e-12, "{t}: {v}");
        }
    }
}

#[test]
fn exponential_currents_add_up_by_sign() {
    let mut sim = simulation(H);
    let params = dict([
        ("spike_times", floats(&[1.0, 2.0])),
        ("spike_weights", floats(&[1.0, -2.0])),
    ]);
    let source = make(&mut sim, "spike_generator", params);
    let taus = dict([("tau_syn_ex", 1.0.into()), ("tau_syn_in", 4.0.into())]);
    let neuron = make(&mut sim, "iaf_psc_exp", taus);
    wire(&mut sim, source, neuron, (100.0, 1.0), 0);
    let ex = sample(&mut sim, neuron, "I_syn_ex", H);
    let inh = sample(&mut sim, neuron, "I_syn_in", H);
    sim.simulate(20.0).unwrap();
    for (meter, onset, peak, tau) in [(ex, 2.0, 100.0, 1.0), (inh, 3.0, -200.0, 4.0)] {
        let events = sim.events(meter).unwrap();
        for (&t, &i) in events.times.iter().zip(&events.values[0]) {
            let since: f64 = t - onset;
            let exact = if since < -1e-9 {
                0.0
            } else {
                peak * (-since / tau).exp()
            };
            assert!((i - exact).abs() < 1e-10, "{t}: {i} {exact}");
        }
    }
}

#[test]
fn a_current_at_receptor_one_is_filtered() {
    let mut sim = simulation(H);
    let source = make(
        &mut sim,
        "dc_generator",
        dict([("amplitude", 50.0.into()), ("start", 5.0.into())]),
    );
    let neuron = make(&mut sim, "iaf_psc_exp", Dict::new());
    wire(&mut sim, source, neuron, (1.0, 1.0), 1);
    let meter = sample(&mut sim, neuron, "I_syn_ex", H);
    sim.simulate(30.0).unwrap();
    let events = sim.events(meter).unwrap();
    let onset = events
        .times
        .iter()
        .zip(&events.values[0])
        .find(|e| *e.1 > 0.0)
        .map(|e| *e.0 - H)
        .unwrap();
    for (&t, &i) in events.times.iter().zip(&events.values[0]) {
        let exact = 50.0 * (1.0 - (-(t - onset).max(0.0) / 2.0).exp());
        assert!((i - exact).abs() < 1e-10, "{t}: {i} {exact}");
    }
}

#[test]
fn escape_noise_fires_with_its_intensity_whatever_the_threads() {
    let run = |threads: i64| {
        let mut sim = simulation(H);
        sim.set_status(&dict([("local_num_threads", threads.into())]))
            .unwrap();
        let neurons = sim.create("iaf_psc_exp", 200).unwrap().ids();
        // held at V_reset, 15 mV below threshold: rho exp(-15 / 5) = 100 per second
        let params = dict([
            ("delta", 5.0.into()),
            ("rho", (100.0 * 3.0f64.exp()).into()),
            ("t_ref", 0.0.into()),
        ]);
        sim.set(&neurons, &params).unwrap();
        let recorder = make(&mut sim, "spike_recorder", Dict::new());
        let synapse = [static_synapse(&sim, 1.0, 1.0).unwrap()];
        sim.connect(&neurons, &[recorder], &all_to_all(), &synapse)
            .unwrap();
        sim.simulate(500.0).unwrap();
        let events = sim.events(recorder).unwrap();
        (events.times, events.senders)
    };
    let (times, senders) = run(1);
    let (n, expected) = (times.len() as f64, 200.0 * 0.5 * 100.0);
    assert!((n - expected).abs() < 4.0 * f64::sqrt(expected), "{n}");
    assert_eq!(run(3), (times, senders));
}

#[test]
fn late_spikes_are_damped_to_the_end_of_the_refractory_period() {
    let late = |refractory_input: bool| {
        let mut sim = simulation(H);
        let times = dict([("spike_times", floats(&[1.0, 2.0]))]);
        let source = make(&mut sim, "spike_generator", times);
        let params = dict([
            ("refractory_input", refractory_input.into()),
            ("t_ref", 5.0.into()),
        ]);
        let neuron = make(&mut sim, "iaf_psc_delta", params);
        wire(&mut sim, source, neuron, (20.0, 1.0), 0);
        let spikes = recorder(&mut sim, neuron);
        sim.simulate(7.1).unwrap();
        assert_eq!(sim.events(spikes).unwrap().times[0], 2.0);
        number(&sim, neuron, "V_m") + 70.0
    };
    // the second arrives at 3 ms, in the step with 41 steps left before the first free one
    let exact = 20.0 * (-4.1f64 / 10.0).exp();
    assert!((late(true) - exact).abs() < 1e-12, "{}", late(true));
    assert_eq!(late(false), 0.0);
}

#[test]
fn forced_spikes_come_at_their_times_in_every_model() {
    for model in [
        "iaf_psc_alpha",
        "iaf_psc_exp",
        "iaf_psc_delta",
        "izhikevich",
    ] {
        let mut sim = simulation(H);
        let params = dict([
            ("ignore_and_spike", true.into()),
            ("ignore_and_spike_offset", 2.5.into()),
            ("ignore_and_spike_interval", 10.0.into()),
            ("I_e", 1000.0.into()),
        ]);
        let neuron = make(&mut sim, model, params);
        let spikes = recorder(&mut sim, neuron);
        sim.simulate(20.0).unwrap();
        sim.simulate(20.0).unwrap();
        let times = sim.events(spikes).unwrap().times;
        assert_eq!(times, [2.5, 12.5, 22.5, 32.5], "{model}");
        let again = dict([("ignore_and_spike_offset", 3.0.into())]);
        sim.set(&[neuron], &again).unwrap();
        sim.simulate(5.0).unwrap();
        assert_eq!(sim.events(spikes).unwrap().times[4], 43.0, "{model}");
        sim.set(&[neuron], &dict([("ignore_and_spike", false.into())]))
            .unwrap();
        sim.simulate(50.0).unwrap();
        assert!(sim.events(spikes).unwrap().times.len() > 8, "{model}");
    }
}

#[test]
fn parrots_repeat_with_multiplicity_and_ignore_receptor_one() {
    let mut sim = simulation(H);
    let params = dict([
        ("spike_times", floats(&[1.0, 1.0, 3.0])),
        ("spike_multiplicities", Value::Ints(vec![2, 1, 4])),
    ]);
    let source = make(&mut sim, "spike_generator", params);
    let [first, second, deaf] = [0; 3].map(|_| make(&mut sim, "parrot_neuron", Dict::new()));
    wire(&mut sim, source, first, (-7.0, 1.0), 0);
    wire(&mut sim, first, second, (0.0, 2.0), 0);
    wire(&mut sim, source, deaf, (1.0, 1.0), 1);
    let recorders = [first, second, deaf].map(|n| recorder(&mut sim, n));
    sim.simulate(10.0).unwrap();
    let times = recorders.map(|r| sim.events(r).unwrap().times);
    assert_eq!(times[0], [2.0, 2.0, 2.0, 4.0, 4.0, 4.0, 4.0]);
    assert_eq!(times[1], [4.0, 4.0, 4.0, 6.0, 6.0, 6.0, 6.0]);
    assert!(times[2].is_empty());
}

#[test]
fn precise_spikes_are_recorded_with_their_offset() {
    let mut sim = simulation(H);
    let exact = [0.123, 0.2, 1.456_7];
    let params = dict([
        ("spike_times", floats(&exact)),
        ("precise_times", true.into()),
    ]);
    let source = make(&mut sim, "spike_generator", params);
    let spikes = recorder(&mut sim, source);
    sim.simulate(5.0).unwrap();
    let times = sim.events(spikes).unwrap().times;
    assert_eq!(times.len(), 3);
    assert!(times.iter().zip(exact).all(|(t, x)| (t - x).abs() < 1e-15));
}

#[test]
fn spikes_need_as_many_weights_when_they_are_sent() {
    let mut sim = simulation(H);
    let params = dict([
        ("spike_times", floats(&[1.0])),
        ("spike_weights", floats(&[1.0])),
    ]);
    let source = make(&mut sim, "spike_generator", params);
    sim.set(&[source], &dict([("spike_times", floats(&[1.0, 2.0]))]))
        .unwrap();
    let error = sim.simulate(1.0).unwrap_err();
    assert!(error.message.contains("spike_weights must have the same"));
    sim.set(&[source], &dict([("spike_weights", floats(&[1.0, 2.0]))]))
        .unwrap();
    sim.simulate(1.0).unwrap();
}

#[test]
fn a_step_current_is_what_its_times_and_values_say() {
    let mut sim = simulation(H);
    let params = dict([
        ("amplitude_times", floats(&[2.0, 4.0, 9.0])),
        ("amplitude_values", floats(&[10.0, -5.0, 0.0])),
    ]);
    let source = make(&mut sim, "step_current_generator", params);
    let neuron = make(&mut sim, "iaf_psc_delta", Dict::new());
    wire(&mut sim, source, neuron, (1.0, H), 0);
    let meter = sample(&mut sim, neuron, "V_m", H);
    sim.simulate(12.0).unwrap();
    let events = sim.events(meter).unwrap();
    // the target integrates a current from one step after it arrives on
    let rise = |t: f64| 10.0 / 250.0 * (1.0 - (-t.max(0.0) / 10.0).exp());
    for (&t, &v) in events.times.iter().zip(&events.values[0]) {
        let exact = 10.0 * rise(t - 2.1) - 15.0 * rise(t - 4.1) + 5.0 * rise(t - 9.1);
        assert!((v + 70.0 - exact).abs() < 1e-12, "{t}: {v} {exact}");
    }
}

#[test]
fn noise_has_its_moments_and_keeps_them_over_threads() {
    let run = |threads: i64| {
        let mut sim = simulation(H);
        sim.set_status(&dict([("local_num_threads", threads.into())]))
            .unwrap();
        let params = dict([
            ("mean", 100.0.into()),
            ("std", 40.0.into()),
            ("dt", 0.5.into()),
        ]);
        let source = make(&mut sim, "noise_generator", params);
        let neurons = sim.create("iaf_psc_delta", 100).unwrap().ids();
        let params = dict([("tau_m", 5.0.into()), ("V_th", 1e6.into())]);
        sim.set(&neurons, &params).unwrap();
        let synapse = [static_synapse(&sim, 1.0, 1.0).unwrap()];
        sim.connect(&[source], &neurons, &all_to_all(), &synapse)
            .unwrap();
        let mut all = Vec::new();
        for _ in 0..40 {
            sim.simulate(50.0).unwrap();
            all.extend(neurons.iter().map(|&n| number(&sim, n, "V_m") + 70.0));
        }
        all
    };
    let v = run(1);
    let n = v.len() as f64;
    let mean = v.iter().sum::<f64>() / n;
    let variance = v.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
    // each interval adds s N with s = std tau / C (1 - q) and the sum over intervals is geometric
    let q = (-0.5f64 / 5.0).exp();
    let exact = (40.0f64 * 5.0 / 250.0 * (1.0 - q)).powi(2) / (1.0 - q * q);
    assert!((mean - 2.0).abs() < 4.0 * (exact / n).sqrt(), "{mean}");
    assert!((variance / exact - 1.0).abs() < 4.0 * (2.0 / n).sqrt() + 0.02);
    assert_eq!(run(3), v);
}

#[test]
fn the_phase_of_the_modulation_can_be_read() {
    let mut sim = simulation(H);
    let params = dict([("frequency", 10.0.into()), ("phase", 30.0.into())]);
    let source = make(&mut sim, "noise_generator", params);
    assert_eq!(number(&sim, source, "y_1"), 0.0);
    sim.simulate(10.0).unwrap();
    assert!((number(&sim, source, "y_1") - 66f64.to_radians().sin()).abs() < 1e-14);
    assert!((number(&sim, source, "y_0") - 66f64.to_radians().cos()).abs() < 1e-14);
    assert!(sim.set(&[source], &dict([("y_0", 1.0.into())])).is_err());
}

#[test]
fn the_default_interval_of_noise_follows_the_resolution() {
    for (resolution, dt) in [(0.25, 1.0), (0.3, 3.0), (2.0, 20.0)] {
        let sim = simulation(resolution);
        let defaults = sim.defaults("noise_generator").unwrap();
        assert_eq!(defaults.get("dt"), Some(&Value::Float(dt)));
    }
}

#[test]
fn izhikevich_neurons_spike_regularly_with_adaptation() {
    let mut sim = simulation(H);
    let neuron = make(&mut sim, "izhikevich", dict([("I_e", 10.0.into())]));
    let spikes = recorder(&mut sim, neuron);
    sim.simulate(1000.0).unwrap();
    let times = sim.events(spikes).unwrap().times;
    let intervals: Vec<f64> = times.windows(2).map(|w| w[1] - w[0]).collect();
    assert!(intervals.len() > 10 && intervals[0] < intervals[1]);
    let last = &intervals[intervals.len() - 5..];
    assert!(last.iter().all(|i| (i - last[0]).abs() < 0.21));
}
