"""A plastic network that is stored and restored, in numbers of NEST 3.10."""

from typing import Any

import numpy as np
import pytest

import ovenbird.nest as nest

EXCITATORY, INHIBITORY = 80, 20
SIZE = EXCITATORY + INHIBITORY
Ends = tuple[Any, Any, Any]

# Spikes, the sum of their times times senders, the sum of the plastic weights, that of weights
# times ends, and that of the membrane potentials: in the first run, and in that of the restored.
FIRST = [1770, 9121165.2, 1436.7043455722608, 58124159.33603245, -6635.355467064476]
RESTORED = [1689, 8635317.6, 1438.859292355522, 58244445.13273646, -6136.819864174881]


def prepare(potentials: Any) -> tuple[nest.NodeCollection, nest.NodeCollection]:
    """Return neurons with their input, and the recorder of their spikes, in a new kernel."""
    nest.ResetKernel()
    nest.local_num_threads = 2
    nest.CopyModel("stdp_synapse_hom", "plastic", {"Wmax": 2.4})
    nest.CopyModel("static_synapse", "fixed")
    neurons = nest.Create("iaf_psc_delta", SIZE, {"V_m": potentials})
    generators = nest.Create("spike_generator", SIZE)
    starts = [(1.0 + k % 7, 1.3 + 0.1 * (k % 5)) for k in range(SIZE)]
    times = [np.round(np.arange(start, 200.0, step), 1) for start, step in starts]
    generators.set([{"spike_times": list(of_one)} for of_one in times])
    recorder = nest.Create("spike_recorder")
    nest.Connect(generators, neurons, "one_to_one", {"weight": 2.9})
    nest.Connect(neurons, recorder)
    return neurons, recorder


def connect(synapses: dict[str, Ends]) -> None:
    for model, (sources, targets, weights) in synapses.items():
        spec = {"synapse_model": model, "weight": weights, "delay": np.full(len(sources), 1.5)}
        nest.Connect(sources, targets, "one_to_one", spec)


def figures(neurons: nest.NodeCollection, recorder: nest.NodeCollection) -> list[float]:
    events = recorder.events
    plastic = nest.GetConnections(synapse_model="plastic")
    weights = np.array(plastic.weight)
    ends = np.array(plastic.source) * 1000 + np.array(plastic.target)
    return [
        len(events["times"]),
        float(np.sum(events["times"] * events["senders"])),
        float(np.sum(weights)),
        float(np.sum(weights * ends)),
        float(np.sum(neurons.V_m)),
    ]


def test_a_restored_network_runs_as_in_nest() -> None:
    targets = np.tile(np.arange(1, SIZE + 1), 12)
    draws = np.arange(12 * SIZE)
    sources = 1 + (draws * 37 + draws // SIZE * 11) % EXCITATORY
    inhibiting = 1 + EXCITATORY + (draws[: 4 * SIZE] * 7) % INHIBITORY
    neurons, recorder = prepare(list(-70.0 + np.arange(SIZE) % 15))
    connect(
        {
            "plastic": (sources, targets, np.full(12 * SIZE, 1.2)),
            "fixed": (inhibiting, targets[: 4 * SIZE], np.full(4 * SIZE, -3.0)),
        }
    )
    nest.Simulate(200.0)
    assert figures(neurons, recorder) == pytest.approx(FIRST, rel=1e-12)
    stored: dict[str, Ends] = {}
    for model in ("plastic", "fixed"):
        conns = nest.GetConnections(synapse_model=model).get(["source", "target", "weight"])
        stored[model] = (conns["source"], conns["target"], conns["weight"])
    neurons, recorder = prepare(neurons.V_m)
    connect({model: (*map(np.array, ends),) for model, ends in stored.items()})
    nest.Simulate(200.0)
    assert figures(neurons, recorder) == pytest.approx(RESTORED, rel=1e-12)
