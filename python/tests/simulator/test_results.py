"""Reading what a run recorded."""

import numpy as np
import pytest

import ovenbird as ob
from ovenbird.units import ms, mV, pA


@pytest.fixture(scope="module")
def run():
    """Three neurons of which the last is silent, watched by every kind of recorder."""
    sim = ob.Simulator(dt=0.1 * ms)
    neurons = sim.create(ob.iaf_psc_exp, 3, I_e=[400.0, 500.0, 0.0] * pA)
    recorders = {
        "voltmeter": sim.create(ob.voltmeter),
        "single": sim.create(ob.voltmeter),
        "multimeter": sim.create(ob.multimeter, record_from=["V_m", "I_syn_ex"], interval=0.5 * ms),
        "spikes": sim.create(ob.spike_recorder),
        "unused": sim.create(ob.spike_recorder),
    }
    sim.connect(recorders["voltmeter"], neurons)
    sim.connect(recorders["single"], neurons[1])
    sim.connect(recorders["multimeter"], neurons[1:])
    sim.connect(neurons, recorders["spikes"])
    return sim, neurons, recorders, sim.simulate(200 * ms)


def test_the_time_axis(run):
    *_, results = run
    times = np.asarray(results.times)
    np.testing.assert_array_equal(times, np.arange(1, 2001) / 10)
    assert results.times.unit == ms and results.duration == 200 * ms and results.start == 0 * ms


def test_traces_reach_the_end_of_the_run_and_have_a_column_for_each_node(run):
    _, neurons, recorders, results = run
    table = results.trace(recorders["voltmeter"], "V_m")
    assert table.shape == (2000, 3) and table.unit == mV
    np.testing.assert_array_equal(table.value[-1], np.asarray(neurons.V_m))
    single = results.trace(recorders["single"])
    assert single.shape == (2000,)
    np.testing.assert_array_equal(single.value, table.value[:, 1])


def test_a_recorder_with_an_interval_of_its_own(run):
    _, _, recorders, results = run
    current = results.trace(recorders["multimeter"], "I_syn_ex")
    assert current.shape == (400, 2) and current.unit == pA
    times = np.asarray(results.sample_times(recorders["multimeter"]))
    np.testing.assert_array_equal(times, np.arange(1, 401) / 2)
    voltages = results.trace(recorders["multimeter"], "V_m").value
    all_steps = results.trace(recorders["voltmeter"]).value
    np.testing.assert_array_equal(voltages, all_steps[4::5, 1:])


def test_spikes(run):
    _, neurons, recorders, results = run
    spikes = results.spikes(recorders["spikes"])
    times, senders = spikes
    assert times.unit == ms and len(times) == len(senders) == len(spikes) > 10
    assert np.all(np.diff(np.asarray(spikes)) >= 0)
    assert spikes.nodes.tolist() == neurons.global_id.tolist()
    assert spikes.counts.tolist()[2] == 0 and spikes.counts.sum() == len(spikes)
    trains = spikes.trains()
    assert list(trains) == [1, 2, 3] and len(trains[3]) == 0
    np.testing.assert_array_equal(np.asarray(spikes.train(neurons[1])), np.asarray(trains[2]))
    np.testing.assert_array_equal(np.asarray(spikes.train(1)), np.asarray(trains[1]))


def test_spikes_are_where_the_trace_is_reset(run):
    _, _, recorders, results = run
    trace = results.trace(recorders["single"]) / mV
    drops = np.flatnonzero(np.diff(trace) < -4) + 1
    train = results.spikes(recorders["spikes"]).train(2)
    np.testing.assert_allclose(np.asarray(train), np.asarray(results.times)[drops])


def test_rates_count_silent_nodes_and_the_whole_run(run):
    _, _, recorders, results = run
    count = results.n_events(recorders["spikes"])
    assert results.rate(recorders["spikes"]) == pytest.approx(count / 3 / 0.2)
    assert results.n_events(recorders["multimeter"]) == 800
    events = results.events(recorders["spikes"])
    assert events["times"].unit == ms and len(events["senders"]) == count


def test_mistakes_say_what_to_do(run):
    sim, neurons, recorders, results = run
    late = sim.create(ob.spike_recorder)
    mistakes = [
        (lambda: results.trace(recorders["voltmeter"], "V_n"), "did you mean 'V_m'"),
        (lambda: results.trace(recorders["voltmeter"], "I_syn_ex"), "recorded: V_m"),
        (lambda: results.trace(recorders["spikes"]), "use spikes"),
        (lambda: results.spikes(recorders["voltmeter"]), "use trace"),
        (lambda: results.spikes(neurons), "no recorder"),
        (lambda: results.spikes(late), "created after the run"),
        (lambda: results.spikes(ob.spike_recorder), "as create"),
        (lambda: results.rate(recorders["unused"]), "nothing is connected"),
        (lambda: results.spikes(recorders["spikes"]).train(99), "not connected to node 99"),
        (lambda: results.spikes(recorders["spikes"]).train(neurons), "of one node, got 3"),
    ]
    for mistake, message in mistakes:
        with pytest.raises((ValueError, TypeError), match=message):
            mistake()


def test_the_recorder_itself_does_not_answer_for_the_run(run):
    _, _, recorders, _ = run
    with pytest.raises(AttributeError, match=r"results.events\(recorder\)"):
        _ = recorders["spikes"].events
    assert "n_events" not in recorders["spikes"].get()


def test_a_recorder_that_counts_steps_is_read_in_ms():
    sim = ob.Simulator()
    neuron = sim.create(ob.iaf_psc_alpha, I_e=500 * pA)
    recorders = [sim.create(ob.spike_recorder, time_in_steps=steps) for steps in (False, True)]
    for recorder in recorders:
        sim.connect(neuron, recorder)
    results = sim.simulate(100 * ms)
    plain, counted = (np.asarray(results.spikes(recorder)) for recorder in recorders)
    assert len(plain) > 1
    np.testing.assert_allclose(counted, plain, rtol=1e-14)


def test_several_recorders_are_read_together():
    sim = ob.Simulator()
    neurons = sim.create(ob.iaf_psc_alpha, 2, I_e=500 * pA)
    recorders = sim.create(ob.spike_recorder, 2)
    for neuron, recorder in zip(neurons, recorders, strict=True):
        sim.connect(neuron, recorder)
    results = sim.simulate(100 * ms)
    assert results.spikes(recorders).counts.tolist() == [results.n_events(recorders[0])] * 2
    assert results.rate(recorders) == results.rate(recorders[0])


def test_a_recorder_that_writes_elsewhere_says_so():
    sim = ob.Simulator()
    neuron = sim.create(ob.iaf_psc_alpha)
    recorder = sim.create(ob.spike_recorder, record_to="screen")
    sim.connect(neuron, recorder)
    with pytest.raises(ValueError, match="records to 'screen'"):
        sim.simulate(1 * ms).spikes(recorder)
