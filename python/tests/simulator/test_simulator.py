"""Building networks and running them."""

import copy

import numpy as np
import pytest

import ovenbird as ob
from ovenbird.units import Hz, UnitError, ms, mV, nS, pA, pF, s


def observed_neuron(**params):
    """A simulator with a neuron, a voltmeter and a spike recorder."""
    sim = ob.Simulator(dt=0.1 * ms)
    neuron = sim.create(ob.iaf_psc_alpha, **params)
    voltmeter, spikes = sim.create(ob.voltmeter), sim.create(ob.spike_recorder)
    sim.connect(voltmeter, neuron)
    sim.connect(neuron, spikes)
    return sim, neuron, voltmeter, spikes


def noisy_neuron(seed=None, **params):
    sim = ob.Simulator(dt=0.1 * ms, seed=seed)
    neuron = sim.create(ob.iaf_psc_alpha)
    noise = sim.create(ob.poisson_generator, 2, rate=[80000.0, 15000.0] * Hz, **params)
    voltmeter, spikes = sim.create(ob.voltmeter), sim.create(ob.spike_recorder)
    sim.connect(noise, neuron, weight=[1.2, -1.0] * pA, delay=1 * ms)
    sim.connect(voltmeter, neuron)
    sim.connect(neuron, spikes)
    return sim, voltmeter, spikes


def test_a_subthreshold_membrane_charges_exponentially():
    sim, _, voltmeter, _ = observed_neuron(I_e=200 * pA)
    results = sim.simulate(100 * ms)
    expected = -70 + 200 * 10 / 250 * (1 - np.exp(-results.times / (10 * ms)))
    np.testing.assert_allclose(results.trace(voltmeter) / mV, expected, rtol=1e-12)


def test_a_neuron_under_constant_current():
    sim, _, voltmeter, spikes = observed_neuron(I_e=376 * pA)
    results = sim.simulate(1000 * ms)
    trace = results.trace(voltmeter, "V_m") / mV
    assert f"{trace[0]:.2f} {trace.max():.2f}" == "-69.85 -55.00"
    assert results.n_events(spikes) == 16 == int((np.diff(trace) < -10).sum())
    assert results.rate(spikes) == 16.0


def test_a_neuron_under_noise():
    sim, voltmeter, spikes = noisy_neuron(seed=3)
    results = sim.simulate(2000 * ms)
    trace = results.trace(voltmeter, "V_m") / mV
    assert trace.mean() == pytest.approx(-61.3, abs=0.4)
    assert trace.std() == pytest.approx(4.95, abs=0.3)
    assert results.rate(spikes) == pytest.approx(47, abs=3)


def test_a_script_in_the_manner_of_brainunit_reads_the_same(capsys):
    u = ob.units
    sim = ob.Simulator(dt=0.1 * u.ms)
    neuron = sim.create(ob.iaf_psc_alpha, 1, I_e=376.0 * u.pA)
    vm = sim.create(ob.voltmeter)
    sim.connect(vm, neuron)
    res = sim.simulate(1000.0 * u.ms)
    t = np.asarray(u.get_mantissa(res.times / u.ms))
    v = np.asarray(u.get_mantissa(res.trace(vm, "V_m") / u.mV)).reshape(-1)
    n_spikes = int((np.diff(v) < -10.0).sum())
    print(f"V_m: start {v[0]:.2f} mV, max {v.max():.2f} mV, {n_spikes} spikes in 1000 ms")
    assert capsys.readouterr().out == (
        "V_m: start -69.85 mV, max -55.00 mV, 16 spikes in 1000 ms\n"
    )
    assert len(t) == len(v) == 10_000


def test_each_channel_of_a_generator_has_its_weight():
    sim = ob.Simulator()
    noise = sim.create(ob.poisson_generator, 2, rate=[0.0, 10000.0])
    neurons = sim.create(ob.iaf_psc_alpha, 3)
    sim.connect(noise, neurons, weight=[500.0, -10.0])
    found = sim.connections(noise, neurons).get("source", "weight")
    for channel, weight in zip(noise, (500.0, -10.0), strict=True):
        weights = np.asarray(found["weight"])[found["source"] == channel.global_id[0]]
        assert weights.tolist() == [weight] * 3


def test_simulate_starts_anew_and_cont_goes_on():
    sim, neuron, voltmeter, spikes = observed_neuron(I_e=376 * pA)
    whole = sim.simulate(200 * ms)
    assert sim.time == 200 * ms
    again = sim.simulate(120 * ms)
    rest = sim.cont(80 * ms)
    assert sim.time == 200 * ms and rest.start == 120 * ms and rest.stop == 200 * ms
    parts = [np.asarray(part.trace(voltmeter)) for part in (again, rest)]
    np.testing.assert_array_equal(np.concatenate(parts), np.asarray(whole.trace(voltmeter)))
    times = [np.asarray(part.spikes(spikes)) for part in (again, rest)]
    np.testing.assert_array_equal(np.concatenate(times), np.asarray(whole.spikes(spikes)))
    assert np.asarray(neuron.V_m) == np.asarray(whole.trace(voltmeter))[-1]


def test_results_are_values():
    sim, _, voltmeter, spikes = observed_neuron(I_e=376 * pA)
    first = sim.simulate(100 * ms)
    before = np.asarray(first.trace(voltmeter)).copy()
    sim.cont(100 * ms)
    sim.simulate(50 * ms)
    np.testing.assert_array_equal(np.asarray(first.trace(voltmeter)), before)
    assert first.n_events(spikes) == 1 and first.stop == 100 * ms


def test_the_seed_decides():
    def run(seed, **params):
        sim, _, spikes = noisy_neuron(seed, **params)
        once = np.asarray(sim.simulate(200 * ms).spikes(spikes))
        np.testing.assert_array_equal(once, np.asarray(sim.simulate(200 * ms).spikes(spikes)))
        return once.tolist()

    assert run(1) == run(1) == run(None, rng_seed=1)
    assert run(1) != run(2)
    assert run(None, rng_seed=0) != run(None)
    assert run(1, rng_seed=0) != run(1)


def test_the_number_of_threads_does_not_change_results():
    def run(threads):
        sim = ob.Simulator(seed=5, threads=threads)
        neurons = sim.create(ob.iaf_psc_alpha, 40, I_e=400.0)
        spikes = sim.create(ob.spike_recorder)
        rule = {"rule": "fixed_indegree", "indegree": 5}
        sim.connect(neurons, neurons, rule, weight=30 * pA, delay=1.5 * ms)
        sim.connect(neurons, spikes)
        found = sim.simulate(100 * ms).spikes(spikes)
        return sorted(zip(np.asarray(found).tolist(), found.senders.tolist(), strict=True))

    assert run(1) == run(2)


def test_two_simulators_do_not_touch_each_other():
    one, neuron, voltmeter, _ = observed_neuron(I_e=100 * pA)
    alone = np.asarray(one.simulate(50 * ms).trace(voltmeter))
    other, other_neuron, other_voltmeter, _ = observed_neuron(I_e=376 * pA)
    other.simulate(30 * ms)
    one.simulate(20 * ms)
    other.cont(10 * ms)
    other_neuron.I_e = 0 * pA
    rest = np.asarray(one.cont(30 * ms).trace(voltmeter))
    np.testing.assert_array_equal(rest, alone[200:])
    assert neuron.I_e == 100 * pA
    with pytest.raises(ValueError, match="belongs to another simulator"):
        one.connect(other_voltmeter, neuron)
    with pytest.raises(ValueError, match="belongs to another simulator"):
        one.simulate(1 * ms).trace(other_voltmeter)


def test_parameters_of_nodes():
    sim = ob.Simulator()
    neurons = sim.create(ob.iaf_psc_alpha, 3, I_e=[1.0, 2.0, 3.0] * pA)
    np.testing.assert_array_equal(np.asarray(neurons.I_e), [1.0, 2.0, 3.0])
    neurons.C_m = 0.2 * 1000 * pF
    neurons[1].I_e = 1e-3 * ob.units.nA
    neurons.set(V_th=-50 * mV, tau_m=0.02 * s)
    assert neurons[1].I_e == 1 * pA and neurons[0].tau_m == 20 * ms
    assert neurons.get("V_th", "t_ref")["t_ref"].tolist() == [2.0] * 3
    assert neurons.models == ["iaf_psc_alpha"]
    assert "tau_m" in dir(neurons)
    with pytest.raises(AttributeError, match="iaf_psc_alpha has no parameter 'tau_mm'.*'tau_m'"):
        _ = neurons.tau_mm
    with pytest.raises(ValueError, match="iaf_psc_alpha has no parameter 'tau_mm'.*'tau_m'"):
        neurons.get("V_m", "tau_mm")
    with pytest.raises(UnitError, match=r"I_e wants pA \(current\), got mV \(voltage\)"):
        neurons.I_e = 3 * mV
    assert copy.deepcopy(neurons) is neurons and copy.copy(neurons) is neurons


def test_what_is_set_between_runs_holds_for_the_next():
    sim, neuron, _, spikes = observed_neuron()
    rates = []
    for current in (300.0, 376.0, 500.0):
        neuron.I_e = current * pA
        rates.append(sim.simulate(1000 * ms).rate(spikes))
    assert rates[0] == 0.0 and rates[1] == 16.0 and rates[2] > 30
    results = sim.simulate(1000 * ms)
    assert results.rate(spikes) == rates[2]


def test_node_sets():
    sim = ob.Simulator()
    neurons = sim.create(ob.iaf_psc_alpha, 10)
    others = sim.create(ob.iaf_psc_exp, 2)
    assert len(neurons) == 10 and neurons[-1].global_id.tolist() == [10]
    assert neurons[2:8:3].global_id.tolist() == [3, 6]
    assert neurons[[0, 4]].global_id.tolist() == [1, 5]
    assert neurons[np.arange(10) > 7].global_id.tolist() == [9, 10]
    both = neurons[8:] + others
    assert both.models == ["iaf_psc_alpha", "iaf_psc_exp"] and len(both) == 4
    assert [node.global_id[0] for node in both] == [9, 10, 11, 12]
    assert neurons[3] in neurons and others not in neurons
    assert neurons[:2] == neurons[[0, 1]] and len({neurons[:2], neurons[[0, 1]]}) == 1
    np.testing.assert_array_equal(np.asarray(both.C_m), [250.0] * 4)
    assert len(neurons[5:5]) == 0 and "no node" in repr(neurons[5:5])
    with pytest.raises(IndexError, match="index 10 is out of range for 10 nodes"):
        neurons[10]
    with pytest.raises(ValueError, match="nodes in common"):
        neurons + neurons[:1]
    with pytest.raises(ValueError, match="must ascend"):
        neurons[[3, 1]]


def test_rules_and_synapses():
    sim = ob.Simulator(seed=2)
    pre, post = sim.create(ob.iaf_psc_alpha, 20), sim.create(ob.iaf_psc_alpha, 4)
    sim.connect(pre, post, "fixed_indegree", indegree=5, weight=2 * pA, delay=2 * ms)
    sim.connect(pre[:4], post, "one_to_one", weight=[1.0, 2.0, 3.0, 4.0] * pA)
    sim.connect(
        pre, post, {"rule": "fixed_total_number", "N": 7},
        synapse=ob.static_synapse(weight=3 * pA), delay=4 * ms,
    )  # fmt: skip
    assert len(sim.connections(pre, post)) == 20 + 4 + 7
    strong = sim.copy_model(ob.static_synapse, "strong", weight=50 * pA)
    sim.connect(pre[:7], post[0], synapse=strong, delay=3 * ms)
    found = sim.connections(synapse=strong)
    assert found.get("weight")["weight"].tolist() == [50.0] * 7
    assert np.asarray(found.get("delay")["delay"]).tolist() == [3.0] * 7
    found.set(weight=12.0)
    sim.simulate(10 * ms)
    sim.simulate(10 * ms)
    assert found.get("weight")["weight"].tolist() == [12.0] * 7
    weights = sim.connections(pre, post, ob.static_synapse).get("weight")["weight"]
    assert sorted(weights.tolist()) == [1.0] + [2.0] * 21 + [3.0] * 8 + [4.0]
    found = sim.connections(pre[2], post[2], ob.static_synapse).get("weight", "delay")
    assert 3.0 in np.asarray(found["weight"]) and found["delay"].unit == ms


def test_weights_for_each_pair():
    sim = ob.Simulator()
    pre, post = sim.create(ob.iaf_psc_alpha, 2), sim.create(ob.iaf_psc_alpha, 3)
    matrix = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    sim.connect(pre, post, weight=matrix * pA)
    found = sim.connections(pre, post).get("source", "target", "weight")
    rows, columns = np.asarray(found["target"]) - 3, np.asarray(found["source"]) - 1
    np.testing.assert_array_equal(np.asarray(found["weight"]), matrix[rows, columns])
    with pytest.raises(ValueError, match=r"weight has the shape \(4,\).*\(2,\), one for each"):
        sim.connect(pre, post, weight=[1.0, 2.0, 3.0, 4.0])


def test_mistakes_are_refused_at_the_call_and_leave_no_trace():
    sim, neuron, voltmeter, spikes = observed_neuron(I_e=376 * pA)
    delta = sim.create(ob.iaf_psc_delta)
    before = len(sim.connections())
    mistakes = [
        (lambda: sim.create("iaf_psc_alpa"), "iaf_psc_alpha"),
        (lambda: sim.create(ob.static_synapse), "is a synapse model"),
        (lambda: sim.create(ob.iaf_psc_alpha, I_e=3 * mV), r"I_e wants pA \(current\), got mV"),
        (lambda: sim.create(ob.iaf_psc_alpha, I_ee=3 * pA), "did you mean 'I_e'"),
        (lambda: sim.create(ob.iaf_psc_alpha, 2, C_m=-1.0), "."),
        (lambda: sim.create(3), "by its name"),
        (lambda: sim.create(ob.iaf_psc_alpha, 0), "size must be a whole number from 1 on, got 0"),
        (lambda: sim.create(ob.iaf_psc_alpha, 2.0), "size must be a whole number"),
        (lambda: sim.create(ob.iaf_psc_alpha, I_e=[1, 2] * pA), "I_e has 2 values for one node"),
        (lambda: sim.create(ob.iaf_psc_alpha, 2, I_e=[1, 2, 3]), "I_e has 3 values for 2 nodes"),
        (lambda: sim.create(ob.iaf_psc_alpha, 2, I_e=np.ones((2, 1))), r"shape \(2, 1\)"),
        (lambda: sim.create(ob.iaf_psc_alpha, I_e=float("nan")), "I_e must be finite, got NaN"),
        (lambda: ob.iaf_psc_alpha(I_e=3 * mV), r"I_e wants pA \(current\), got mV"),
        (lambda: neuron.set(3), "parameters are a dictionary"),
        (lambda: setattr(neuron, "I_e", [1.0, 2.0]), "I_e has 2 values for one node"),
        (lambda: sim.create(ob.poisson_generator, rng_seed=-1), "rng_seed must be"),
        (lambda: ob.Simulator(seed=1.5), "seed must be a whole number"),
        (lambda: ob.Simulator(resolution=0.2), "resolution is given as dt"),
        (lambda: ob.Simulator(local_num_threads=2), "is given as threads"),
        (lambda: ob.Simulator(dt="fast"), "dt must be a time"),
        (lambda: ob.Simulator(dt=-0.1), "resolution"),
        (lambda: ob.Simulator(dt=1 * mV), r"dt wants ms \(time\), got mV \(voltage\)"),
        (lambda: sim.connect(neuron, voltmeter), r"connect\(voltmeter, nodes\)"),
        (lambda: sim.connect(spikes, neuron), r"connect\(nodes, spike_recorder\)"),
        (lambda: sim.connect(ob.iaf_psc_alpha, neuron), "pre must be nodes"),
        (lambda: sim.connect(neuron[:0], neuron), "pre is an empty node set"),
        (lambda: sim.connect(neuron, neuron, "one_to_won"), "one_to_"),
        (lambda: sim.connect(neuron, neuron, weihgt=1.0), "did you mean 'weight'"),
        (lambda: sim.connect(neuron, neuron, weight=1 * nS), r"wants pA \(current\), got nS"),
        (lambda: sim.connect(neuron, delta, weight=1 * pA), r"wants mV \(voltage\), got pA"),
        (lambda: sim.connect(neuron, neuron, delay=1 * mV), r"delay wants ms \(time\), got mV"),
        (lambda: sim.connect(neuron, neuron, synapse=ob.voltmeter), "is no synapse model"),
        (lambda: sim.connect(neuron, neuron, receptor="AMPA"), "no receptor 'AMPA'"),
        (lambda: sim.connect(neuron, neuron, 3), "a rule is a name or a dictionary"),
        (lambda: sim.connect(neuron, neuron, delay=-1 * ms), "(?i)delay"),
        (lambda: sim.connect(neuron, neuron, weight=float("nan")), "weight must be finite"),
        (lambda: sim.connections().get("weigth"), "did you mean 'weight'"),
        (lambda: sim.connections().set(weight=1 * nS), r"wants pA \(current\), got nS"),
        (lambda: sim.copy_model(ob.static_synapse, "x", weight=1 * ms), "weight wants pA"),
        (lambda: sim.simulate("long"), "the duration must be a time"),
        (lambda: sim.simulate(-1 * ms), "not negative"),
        (lambda: sim.simulate(float("nan")), "not negative"),
        (lambda: sim.simulate(float("inf")), "finite"),
        (lambda: sim.simulate(1.05 * ms), "must be a multiple of dt = 0.1 ms"),
        (lambda: sim.simulate(3 * mV), r"the duration wants ms \(time\), got mV"),
    ]
    for mistake, message in mistakes:
        with pytest.raises(Exception, match=message) as error:
            mistake()
        assert not isinstance(error.value, AssertionError)
        assert "4 nodes" in repr(sim)
    assert len(sim.connections()) == before
    assert sim.simulate(1000 * ms).rate(spikes) == 16.0


def test_a_failed_create_does_not_end_a_run():
    sim, neuron, voltmeter, spikes = observed_neuron(I_e=376 * pA)
    whole = np.asarray(sim.simulate(100 * ms).trace(voltmeter))
    sim.simulate(50 * ms)
    with pytest.raises(Exception, match="."):
        sim.create(ob.iaf_psc_alpha, C_m=-1.0)
    assert "4 nodes" not in repr(sim) and sim.time == 50 * ms
    np.testing.assert_array_equal(np.asarray(sim.cont(50 * ms).trace(voltmeter)), whole[500:])


class InterruptedKernel:
    """A kernel whose runs are interrupted."""

    def __init__(self, kernel):
        self.kernel = kernel

    def __getattr__(self, name):
        return getattr(self.kernel, name)

    def run(self, ms, progress):
        self.kernel.run(ms / 2, progress)
        raise KeyboardInterrupt


def test_after_an_interrupt_a_simulator_starts_anew_but_does_not_go_on():
    sim, _, voltmeter, _ = observed_neuron(I_e=376 * pA)
    whole = np.asarray(sim.simulate(100 * ms).trace(voltmeter))
    sim._kernel = InterruptedKernel(sim._kernel)
    with pytest.raises(KeyboardInterrupt):
        sim.cont(10 * ms)
    with pytest.raises(RuntimeError, match="start anew"):
        sim.cont(10 * ms)
    np.testing.assert_array_equal(np.asarray(sim.simulate(100 * ms).trace(voltmeter)), whole)


def test_a_node_can_be_created_in_the_middle_of_a_run():
    sim, neuron, _, _ = observed_neuron(I_e=376 * pA)
    weights = sim.create(ob.weight_recorder)
    sim.copy_model(ob.static_synapse, "observed", weight_recorder=weights)
    sim.simulate(50 * ms)
    late = sim.create(ob.weight_recorder, senders=neuron)
    with pytest.raises(Exception, match=f"node ID {late.global_id[0] + 1}.*tau_m"):
        sim.create(ob.iaf_psc_alpha, tau_m=-1.0)
    assert sim.time == 50 * ms


def test_vectors_of_parameters_have_units():
    sim = ob.Simulator()
    generator = sim.create(ob.spike_generator, 2, spike_times=[1.0, 2.5] * ms)
    both = generator.spike_times
    assert [times.unit for times in both] == [ms, ms]
    generator[0].spike_times = [0.003, 0.004] * s
    assert generator[0].spike_times.value.tolist() == [3.0, 4.0]
    assert generator[1].spike_times.value.tolist() == [1.0, 2.5]
    meter = sim.create(ob.multimeter, record_from="V_m")
    assert meter.record_from == ["V_m"]


def test_a_weight_recorder_gives_events():
    sim = ob.Simulator()
    neurons = sim.create(ob.iaf_psc_alpha, 2, I_e=500 * pA)
    recorder = sim.create(ob.weight_recorder)
    synapse = sim.copy_model(ob.static_synapse, "observed", weight_recorder=recorder)
    sim.connect(neurons[0], neurons[1], synapse=synapse, weight=3 * pA)
    results = sim.simulate(50 * ms)
    events = results.events(recorder)
    assert events["weights"].tolist() == [3.0] * 3 and results.n_events(recorder) == 3
    assert set(events["senders"]) == {1} and set(events["targets"]) == {2}
    with pytest.raises(ValueError, match="use events"):
        results.spikes(recorder)


def test_a_recorder_to_a_file(tmp_path):
    sim = ob.Simulator(data_path=str(tmp_path))
    neuron = sim.create(ob.iaf_psc_alpha, I_e=500 * pA)
    recorder = sim.create(ob.spike_recorder, record_to="ascii", label="spikes")
    memory = sim.create(ob.spike_recorder)
    sim.connect(neuron, recorder)
    sim.connect(neuron, memory)
    results = sim.simulate(100 * ms)
    with pytest.raises(ValueError, match="records to 'ascii'"):
        results.spikes(recorder)
    (name,) = recorder.filenames
    rows = [line.split() for line in open(name).read().splitlines()[3:]]
    assert [float(time) for _, time in rows] == np.asarray(results.spikes(memory)).tolist()


def test_a_file_goes_on_with_cont(tmp_path):
    sim = ob.Simulator(data_path=str(tmp_path), overwrite_files=True)
    neuron = sim.create(ob.iaf_psc_alpha, I_e=500 * pA)
    recorder = sim.create(ob.spike_recorder, record_to="ascii")
    sim.connect(neuron, recorder)

    def rows():
        (name,) = recorder.filenames
        return open(name).read().splitlines()[3:]

    sim.simulate(200 * ms)
    whole = rows()
    sim.simulate(100 * ms)
    first = rows()
    sim.cont(100 * ms)
    assert rows() == whole and 0 < len(first) < len(whole)


def test_gap_junctions():
    sim = ob.Simulator(dt=0.1 * ms)
    pair = sim.create(ob.hh_psc_alpha_gap, 2, I_e=[100.0, 0.0] * pA)
    meter = sim.create(ob.voltmeter)
    sim.connect(meter, pair)
    apart = sim.simulate(30 * ms).trace(meter).value
    with pytest.raises(UnitError, match=r"weight of a gap_junction wants nS.*got pA"):
        sim.connect(pair[0], pair[1], synapse="gap_junction", weight=1 * pA)
    sim.connect(
        pair[0], pair[1], "one_to_one", make_symmetric=True, synapse="gap_junction", weight=20 * nS
    )
    sim.reset()
    coupled = sim.simulate(30 * ms).trace(meter).value
    assert len(sim.connections(synapse=ob.gap_junction)) == 2
    assert np.ptp(coupled[100:], axis=1).mean() < 0.5 * np.ptp(apart[100:], axis=1).mean()


def test_weights_have_the_unit_of_the_target():
    sim = ob.Simulator()
    pre = sim.create(ob.iaf_psc_alpha)
    cases = [(ob.iaf_psc_exp, pA, nS), (ob.iaf_psc_delta, mV, pA), (ob.izhikevich, mV, pA)]
    cases += [(ob.glif_cond, nS, pA), (ob.hh_psc_alpha, pA, mV)]
    for model, right, wrong in cases:
        post = sim.create(model)
        sim.connect(pre, post, weight=2 * right, receptor=int(model is ob.glif_cond))
        assert sim.connections(pre, post).get("weight")["weight"].tolist() == [2.0]
        sim.connections(pre, post).set(weight=0.003 * right)
        assert sim.connections(pre, post).get("weight")["weight"].tolist() == [0.003]
        with pytest.raises(UnitError, match=model.name):
            sim.connect(pre, post, weight=2 * wrong, receptor=int(model is ob.glif_cond))


def test_copied_models():
    sim = ob.Simulator()
    name = sim.copy_model(ob.iaf_psc_alpha, "fast", tau_m=5 * ms)
    neuron = sim.create(name)
    assert neuron.tau_m == 5 * ms and neuron.models == ["fast"]
    sim.simulate(1 * ms)
    sim.simulate(1 * ms)
    assert neuron.tau_m == 5 * ms
    sim.reset()
    assert sim.time == 0 * ms and neuron.tau_m == 5 * ms
    sim.copy_model(ob.static_synapse, "slow", delay=10 * ms)
    sim.connect(neuron, neuron, synapse="slow")
    assert sim.connections(synapse="slow").get("delay")["delay"].tolist() == [10.0]


def test_settings_of_the_kernel():
    with pytest.raises(TypeError, match="'resolutoin'; did you mean 'resolution'"):
        ob.Simulator(resolutoin=3)
    sim = ob.Simulator(min_delay=0.5 * ms, max_delay=2 * ms)
    neuron = sim.create(ob.iaf_psc_alpha)
    with pytest.raises(Exception, match="(?i)delay"):
        sim.connect(neuron, neuron, delay=3 * ms)
