"""Plots of spikes and potentials from arrays and files."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ovenbird.nest as nest

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")

EVENTS = np.array([[1.0, 10.0], [2.0, 20.0], [1.0, 30.0], [3.0, 39.9], [3.0, 40.0]])


def test_extract_events() -> None:
    extract = nest.raster_plot.extract_events
    assert np.array_equal(extract(EVENTS), EVENTS)
    assert extract(EVENTS, time=[20.0, 40.0])[:, 1].tolist() == [20.0, 30.0, 39.9]
    assert extract(EVENTS, time=30.0)[:, 1].tolist() == [10.0, 20.0]
    assert extract(EVENTS, sel=[3])[:, 1].tolist() == [39.9, 40.0]
    with pytest.raises(ValueError):
        extract(EVENTS[:, 0])
    with pytest.raises(ValueError):
        extract(EVENTS, time=[1.0, 2.0, 3.0])


def test_raster_from_data_with_rates() -> None:
    import matplotlib.pyplot as plt

    (line,) = nest.raster_plot.from_data(EVENTS, hist=True, hist_binwidth=10.0)
    times, senders = line.get_data()
    assert np.array_equal(times, EVENTS[:, 1]) and np.array_equal(senders, EVENTS[:, 0])
    rates = [bar.get_height() for bar in plt.gcf().axes[1].patches]
    assert np.isclose(sum(rates) * 10.0e-3 * 3, len(EVENTS))
    with pytest.raises(ValueError, match="senders"):
        nest.raster_plot.from_data(EVENTS, sel=[9])
    plt.close("all")


def test_raster_from_file(tmp_path: Path) -> None:
    import matplotlib.pyplot as plt

    head = "# NEST version: 3.10.0\n# RecordingBackendASCII version: 2\nsender\ttime_ms\n"
    names = []
    for number, rows in enumerate((EVENTS[:2], EVENTS[2:])):
        names.append(tmp_path / f"spikes-{number}.dat")
        names[-1].write_text(head + "".join(f"{int(s)}\t{t:.3f}\n" for s, t in rows))
    (line,) = nest.raster_plot.from_file([str(name) for name in names])
    assert np.allclose(line.get_xdata(), EVENTS[:, 1])
    names[0].write_text(head.replace("time_ms", "time_step\ttime_offset") + "1\t10\t0.0\n")
    (line,) = nest.raster_plot.from_file(names[0], hist=False)
    assert line.get_xdata().tolist() == [10.0] and plt.gca().get_xlabel() == "Steps"
    plt.close("all")


@pytest.mark.parametrize("backend", ["memory", "ascii"])
def test_plots_over_steps(backend: str, tmp_path: Path) -> None:
    import matplotlib.pyplot as plt

    nest.set(data_path=str(tmp_path), overwrite_files=True)
    neurons = nest.Create("iaf_psc_alpha", 2, {"I_e": [500.0, 600.0]})
    recorders = nest.Create("spike_recorder", 2, {"time_in_steps": [False, True]})
    meters = nest.Create("voltmeter", 2, {"time_in_steps": [False, True]})
    for recorder, meter in zip(recorders, meters, strict=True):
        recorder.record_to = meter.record_to = backend
        nest.Connect(neurons, recorder)
        nest.Connect(meter, neurons)
    nest.Simulate(100.0)
    nest.data_path = ""
    drawn = []
    for recorder in recorders:
        (line,) = nest.raster_plot.from_device(recorder, hist_binwidth=10.0)
        raster, rate = plt.gcf().axes
        drawn.append((line.get_xdata(), [bar.get_height() for bar in rate.patches]))
    assert rate.get_xlabel() == "Steps"
    assert np.allclose(drawn[1][0], 10 * np.asarray(drawn[0][0]))
    assert np.allclose(drawn[1][1], drawn[0][1]) and sum(drawn[0][1]) > 0.0
    plt.close("all")
    traces = [nest.voltage_trace.from_device(meter)[0][0].get_data() for meter in meters]
    assert plt.gca().get_xlabel() == "Steps" and len(traces[0][0]) == 99
    assert np.allclose(traces[1][0], 10 * traces[0][0])
    assert np.allclose(traces[1][1], traces[0][1])
    plt.close("all")


def test_potentials_from_file(tmp_path: Path) -> None:
    import matplotlib.pyplot as plt

    table = np.array([[1, 1.0, -70.0], [2, 1.0, -60.0], [1, 2.0, -69.0], [2, 2.0, -61.0]])
    np.savetxt(tmp_path / "v.txt", table)
    lines = nest.voltage_trace.from_file(tmp_path / "v.txt", title="traces")
    assert [line[0].get_label() for line in lines] == ["Neuron 1", "Neuron 2"]
    assert lines[1][0].get_ydata().tolist() == [-60.0, -61.0]
    np.savetxt(tmp_path / "v.txt", table[:, :1])
    with pytest.raises(ValueError, match="columns"):
        nest.voltage_trace.from_file(tmp_path / "v.txt")
    plt.close("all")


def test_devices() -> None:
    import matplotlib.pyplot as plt

    neurons = nest.Create("iaf_psc_alpha", 2, {"I_e": 500.0})
    meter, recorder = nest.Create("voltmeter"), nest.Create("spike_recorder")
    nest.Connect(meter, neurons)
    nest.Connect(neurons, recorder)
    with pytest.raises(ValueError, match="No events"):
        nest.raster_plot.from_device(recorder)
    with pytest.raises(ValueError, match="No events"):
        nest.voltage_trace.from_device(meter)
    nest.Simulate(100.0)
    lines = nest.voltage_trace.from_device(meter)
    events = meter.events
    for node, line in zip(neurons, lines, strict=True):
        own = events["senders"] == node.global_id
        assert np.array_equal(line[0].get_ydata(), events["V_m"][own])
    assert len(nest.voltage_trace.from_device(meter, neurons[:1], timeunit="s")) == 1
    (raster,) = nest.raster_plot.from_device(recorder, hist=False)
    assert len(raster.get_xdata()) == recorder.n_events > 0
    with pytest.raises(TypeError):
        nest.raster_plot.from_device(meter)
    with pytest.raises(TypeError, match="V_m"):
        nest.voltage_trace.from_device(recorder)
    plt.close("all")


def test_network_as_graph() -> None:
    pytest.importorskip("pydot")
    from ovenbird.nest.visualization import _graph

    nodes = nest.Create("iaf_psc_alpha", 2) + nest.Create("parrot_neuron")
    nest.Connect(nodes[0], nodes[1:])
    nest.Connect(nodes[1], nodes[0])

    def edges(graph: Any) -> set[tuple[str, str]]:
        return {(edge.get_source(), edge.get_destination()) for edge in graph.get_edges()}

    assert edges(_graph(nodes, False, False)) == {("1", "2"), ("1", "3"), ("2", "1")}
    assert edges(_graph(nodes[:2], True, False)) == {("1", "2"), ("1", "ext"), ("2", "1")}
    labels = [node.get_label() for node in _graph(nodes[:2], False, True).get_nodes()]
    assert [label.strip('"') for label in labels] == [
        "1\\niaf_psc_alpha",
        "2\\niaf_psc_alpha",
        "3\\nparrot_neuron",
    ]


@pytest.mark.parametrize("threads", [1, 2])
def test_raster_of_a_recorder_that_writes_files(tmp_path: Path, threads: int) -> None:
    nest.local_num_threads = threads
    nest.data_path = str(tmp_path)
    nodes = nest.Create("iaf_psc_alpha", 4, {"I_e": 500.0})
    memory, files = nest.Create("spike_recorder"), nest.Create("spike_recorder")
    files.record_to = "ascii"
    nest.Connect(nodes, memory)
    nest.Connect(nodes, files)
    nest.Simulate(200.0)
    lines = [nest.raster_plot.from_device(recorder)[0] for recorder in (memory, files)]
    points = [sorted(zip(*line.get_data(), strict=True)) for line in lines]
    np.testing.assert_allclose(points[0], points[1])
    assert len(points[0]) > 4
    nest.data_path = ""
    files.record_to = "screen"
    with pytest.raises(ValueError, match="'screen'"):
        nest.raster_plot.from_device(files)


@pytest.mark.parametrize("as_object", [False, True])
@pytest.mark.parametrize("anchor", [None, [1, 2]])
def test_grid_masks_frame_the_nodes_that_they_select(anchor: Any, as_object: bool) -> None:
    nest.ResetKernel()
    layer = nest.Create("iaf_psc_alpha", positions=nest.spatial.grid([11, 9], extent=[22.0, 9.0]))
    mask: Any = {"grid": {"shape": [4, 3]}}
    if anchor is not None:
        mask["anchor"] = anchor
    rule = {"rule": "pairwise_bernoulli", "p": 1.0, "mask": mask}
    nest.Connect(layer, layer, rule)
    node = nest.FindCenterElement(layer)
    drawn = nest.CreateMask("grid", {"shape": [4, 3]}, anchor=anchor) if as_object else mask
    axes = nest.PlotTargets(node, layer, mask=drawn).axes[0]
    frame = min(axes.patches, key=lambda patch: patch.get_width())
    assert (frame.get_width(), frame.get_height()) == (pytest.approx(8.0), pytest.approx(3.0))
    inside = {
        int(other.global_id)
        for other in layer
        if frame.get_x() < nest.GetPosition(other)[0] < frame.get_x() + frame.get_width()
        and frame.get_y() < nest.GetPosition(other)[1] < frame.get_y() + frame.get_height()
    }
    assert inside == set(nest.GetConnections(node).targets())


def test_grid_masks_need_a_grid() -> None:
    nest.ResetKernel()
    layer = nest.Create("iaf_psc_alpha", positions=nest.spatial.free([[0.0, 0.0], [0.2, 0.1]]))
    with pytest.raises(ValueError, match="around nodes of a grid"):
        nest.PlotTargets(layer[0], layer, mask={"grid": {"shape": [2, 2]}})
