"""Plots: what is drawn and how it is labelled."""

import builtins

import numpy as np
import pytest

import ovenbird as ob
from ovenbird.units import ms, pA


@pytest.fixture
def run():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    sim = ob.Simulator()
    neurons = sim.create(ob.iaf_psc_alpha, 2, I_e=[376.0, 500.0] * pA)
    voltmeter, spikes = sim.create(ob.voltmeter), sim.create(ob.spike_recorder)
    sim.connect(voltmeter, neurons)
    sim.connect(neurons, spikes)
    yield sim.simulate(200 * ms), voltmeter, spikes
    import matplotlib.pyplot as plt

    plt.close("all")


def test_trace_draws_one_line_for_each_node(run):
    results, voltmeter, _ = run
    axes = ob.plot.trace(results, voltmeter, "V_m")
    assert len(axes.lines) == 2
    np.testing.assert_array_equal(axes.lines[0].get_xdata(), np.asarray(results.times))
    expected = np.asarray(results.trace(voltmeter))[:, 1]
    np.testing.assert_array_equal(axes.lines[1].get_ydata(), expected)
    assert axes.get_xlabel() == "time (ms)" and axes.get_ylabel() == "V_m (mV)"
    assert not axes.spines["top"].get_visible() and not axes.spines["right"].get_visible()


def test_raster_draws_every_spike_into_the_given_axes(run):
    import matplotlib.pyplot as plt

    results, _, spikes = run
    _, given = plt.subplots()
    axes = ob.plot.raster(results, spikes, ax=given, color="red")
    assert axes is given and axes.lines[0].get_color() == "red"
    assert len(axes.lines[0].get_xdata()) == results.n_events(spikes)
    assert axes.get_xlim() == (0.0, 200.0) and axes.get_ylabel() == "neuron"


def test_quantities_can_be_plotted_directly(run):
    import matplotlib.pyplot as plt

    results, voltmeter, _ = run
    (line, _) = plt.plot(results.times, results.trace(voltmeter))
    np.testing.assert_array_equal(line.get_xdata(), np.asarray(results.times))


def test_without_matplotlib_the_error_says_what_to_install(run, monkeypatch):
    results, voltmeter, _ = run
    original = builtins.__import__

    def missing(name, *args, **kwargs):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return original(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ImportError, match="pip install matplotlib"):
        ob.plot.trace(results, voltmeter)
