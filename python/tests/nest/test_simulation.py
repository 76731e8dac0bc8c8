"""Running, the progress bar, recording, and what a reset leaves."""

import contextlib
import io
import json

import numpy as np
import pytest

import ovenbird.nest as nest
from ovenbird.nest.progress import TextBar


def test_simulate_advances_the_clock() -> None:
    nest.Create("iaf_psc_alpha")
    nest.Simulate(1.5)
    assert nest.biological_time == 1.5
    with nest.RunManager():
        nest.Run(1.0)
        nest.Run(1)
    assert nest.biological_time == 3.5


@pytest.mark.parametrize("t", [-1.0, 0.05, np.inf, np.nan, 1e300])
def test_bad_times(t: float) -> None:
    with pytest.raises(nest.NESTErrors.BadParameter):
        nest.Simulate(t)
    nest.Simulate(1.0)
    assert nest.biological_time == 1.0


@pytest.mark.parametrize("t", ["a", None, True, [1.0]])
def test_times_must_be_numbers(t: object) -> None:
    with pytest.raises(TypeError):
        nest.Simulate(t)


def test_run_needs_prepare() -> None:
    for use in (lambda: nest.Run(1.0), nest.Cleanup):
        with pytest.raises(nest.NESTError):
            use()


def test_an_error_in_a_context_still_cleans_up() -> None:
    with pytest.raises(ZeroDivisionError), nest.RunManager():
        raise ZeroDivisionError
    nest.Simulate(1.0)


def test_membrane_charges_as_the_closed_form() -> None:
    neuron = nest.Create("iaf_psc_alpha", params={"I_e": 100.0})
    meter = nest.Create("multimeter", params={"record_from": ["V_m"], "interval": 0.1})
    nest.Connect(meter, neuron)
    nest.Simulate(20.0)
    events = meter.get("events")
    steady = 100.0 * 10.0 / 250.0
    expected = -70.0 + steady * (1.0 - np.exp(-events["times"] / 10.0))
    assert len(events["times"]) > 100
    assert np.allclose(events["V_m"], expected, rtol=1e-12)
    assert set(events["senders"]) == {1}


def test_spikes_arrive_in_the_recorder() -> None:
    generator = nest.Create("spike_generator", params={"spike_times": [1.0, 2.5]})
    recorder = nest.Create("spike_recorder")
    nest.Connect(generator, recorder)
    nest.Simulate(5.0)
    assert list(recorder.get("events", "times")) == [1.0, 2.5]
    assert recorder.n_events == 2
    assert json.loads(recorder.get("events", ["times"], output="json")) == {"times": [1.0, 2.5]}
    recorder.n_events = 0
    assert recorder.n_events == 0


def test_progress_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    nest.Create("iaf_psc_alpha")
    nest.print_time = True
    nest.Simulate(20.0)
    out = capsys.readouterr().out
    assert out.endswith("\n") and "\r[" in out
    assert "100%  Model time: 20.0 ms, Real-time factor:" in out
    nest.ResetKernel()
    assert nest.print_time is False


def test_progress_bar_text() -> None:
    seconds = iter([0.0, 30.0, 90.0, 120.0])
    stream = io.StringIO()
    bar = TextBar(stream, lambda: next(seconds))
    bar(25.0, 100.0, 0.5)
    bar(50.0, 100.0, 0.5)
    bar(100.0, 100.0, 0.5)
    bar.close()
    quarter, half, whole = stream.getvalue().strip("\r\n").split("\r")
    assert quarter.startswith("[######..................]  25%") and quarter.endswith("ETA: 1:30")
    assert half.rstrip().endswith("ETA: 1:30")
    assert whole.startswith("[" + 24 * "#" + "] 100%") and "ETA" not in whole
    assert len(whole) >= len(half.rstrip())


def test_userdict_survives_a_reset() -> None:
    nest.userdict["key"] = 1
    nest.ResetKernel()
    assert nest.userdict.pop("key") == 1


def test_install_is_refused() -> None:
    with pytest.raises(nest.NESTErrors.DynamicModuleManagementError, match="mymodule"):
        nest.Install("mymodule")


def test_serialisation() -> None:
    nodes = nest.Create("iaf_psc_alpha", 2)
    data = {"a": np.arange(2), "b": nodes, "c": np.float64(1.5), "d": (np.bool_(True), [nodes[0]])}
    expected = {"a": [0, 1], "b": [1, 2], "c": 1.5, "d": [True, [[1]]]}
    assert nest.serialize_data(data) == expected
    assert json.loads(nest.to_json(data)) == expected
    assert nest.to_json(nodes, indent=None) == "[1, 2]"
    nest.Connect(nodes[0], nodes[1])
    assert nest.serialize_data(nest.GetConnections())["target"] == 2
    with pytest.raises(TypeError):
        nest.to_json(nest.random.uniform())


@pytest.mark.parametrize("threads", [1, 2])
def test_what_is_set_between_runs_holds_from_then_on(threads: int) -> None:
    def spikes(prepared: bool) -> list[list[float]]:
        nest.ResetKernel()
        nest.local_num_threads = threads
        neurons = nest.Create("iaf_psc_exp", 100)
        parrot = nest.Create("parrot_neuron")
        current, times = nest.Create("dc_generator"), nest.Create("spike_generator")
        recorder, meter = nest.Create("spike_recorder"), nest.Create("multimeter")
        meter.record_from = ["V_m"]
        nest.Connect(current, neurons[50:])
        nest.Connect(times, parrot)
        nest.Connect(neurons + parrot, recorder)
        nest.Connect(meter, neurons[:3])
        run = nest.Run if prepared else nest.Simulate
        with nest.RunManager() if prepared else contextlib.nullcontext():
            for part in range(3):
                neurons[:50].I_e = [300.0 + 10.0 * i for i in range(50)]
                neurons[10].tau_m = 10.0 + part
                current.amplitude = 450.0
                times.spike_times = [150.0 * part + 20.0]
                run(50.0)
                neurons[:50].I_e = 0.0
                current.amplitude = 0.0
                run(100.0)
        events, samples = recorder.events, meter.events
        return [events["times"].tolist(), events["senders"].tolist(), samples["V_m"].tolist()]

    apart, together = spikes(prepared=False), spikes(prepared=True)
    assert len(apart[0]) > 300
    assert together == apart


def test_weights_of_spikes_that_do_not_fit_are_refused_by_runs_alone() -> None:
    times = {"spike_times": [1.0, 2.0], "spike_weights": [1.0, 2.0]}
    generator = nest.Create("spike_generator", params=times)
    nest.Connect(generator, nest.Create("iaf_psc_alpha"))
    generator.spike_times = [3.0]
    assert len(nest.GetConnections()) == 1
    for _ in range(2):
        with pytest.raises(nest.NESTErrors.BadProperty, match="spike_weights"):
            nest.Simulate(1.0)
    generator.spike_weights = [2.0]
    nest.Simulate(1.0)
    nest.Prepare()
    generator.spike_times = [4.0, 5.0]
    for _ in range(2):
        with pytest.raises(nest.NESTErrors.BadProperty, match="spike_weights"):
            nest.Run(1.0)
    generator.spike_weights = [1.0, 1.0]
    nest.Run(1.0)
    nest.Cleanup()
    assert nest.biological_time == 2.0
