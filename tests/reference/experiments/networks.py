"""Small networks without random numbers, and runs in pieces."""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import Arrays, collect, drive, experiment, grid, meter, neuron_run, recorder


def _matrix(rows: int, columns: int, scale: float, offset: float) -> np.ndarray:
    """Irregular weights between `offset` and `offset + scale`."""
    indices = np.arange(1, rows * columns + 1).reshape(rows, columns)
    return offset + scale * (indices * 0.7548776662466927 % 1.0)


def _network(nest: Any, resolution: float, model: str, scale: float) -> Any:
    """Ten neurons, eight excitatory and two inhibitory, all to all with irregular weights."""
    neurons = nest.Create(model, 10)
    neurons.I_e = [340.0 + 12.0 * k for k in range(10)]
    neurons.V_m = [-70.0 + 1.3 * (k * 7 % 10) for k in range(10)]
    excitatory, inhibitory = neurons[:8], neurons[8:]
    delays = np.vectorize(lambda d: grid(d, resolution))(_matrix(10, 8, 4.0, 1.0))
    weights = _matrix(10, 8, scale, 0.2 * scale)
    nest.Connect(excitatory, neurons, "all_to_all", {"weight": weights, "delay": delays})
    inhibition = {"weight": -4.0 * scale, "delay": grid(1.0, resolution)}
    nest.Connect(inhibitory, neurons, "all_to_all", inhibition)
    return neurons


@experiment("networks")
def alpha_network(nest: Any, resolution: float) -> Arrays:
    """Recurrent `iaf_psc_alpha` neurons."""
    neurons = _network(nest, resolution, "iaf_psc_alpha", 40.0)
    return neuron_run(nest, resolution, neurons, ("V_m",))


@experiment("networks")
def exp_network(nest: Any, resolution: float) -> Arrays:
    """Recurrent `iaf_psc_exp` neurons."""
    neurons = _network(nest, resolution, "iaf_psc_exp", 80.0)
    return neuron_run(nest, resolution, neurons, ("V_m",))


@experiment("networks")
def delta_network(nest: Any, resolution: float) -> Arrays:
    """Recurrent `iaf_psc_delta` neurons."""
    neurons = _network(nest, resolution, "iaf_psc_delta", 0.3)
    return neuron_run(nest, resolution, neurons, ("V_m",))


@experiment("networks")
def mixed_network(nest: Any, resolution: float) -> Arrays:
    """Models of several kinds in one chain, each driving the next."""
    models = ("iaf_psc_alpha", "parrot_neuron", "iaf_psc_exp", "iaf_psc_delta")
    weights = (1.0, 900.0, 20.0, 900.0)
    nodes = [nest.Create(model) for model in models]
    drive(nest, nodes[0], resolution, 900.0, n=60)
    for source, target, weight in zip(nodes, nodes[1:] + nodes[:1], weights):
        nest.Connect(source, target, syn_spec={"weight": weight, "delay": grid(2.0, resolution)})
    spikes = recorder(nest, nodes[0] + nodes[1] + nodes[2] + nodes[3])
    traces = meter(nest, nodes[0] + nodes[2] + nodes[3], ("V_m",), resolution)
    nest.Simulate(200.0)
    return collect(traces=traces, spikes=spikes)


@experiment("networks")
def autapses_and_multapses(nest: Any, resolution: float) -> Arrays:
    """A neuron that excites itself, twice, and inhibits its neighbour three times."""
    neurons = nest.Create("iaf_psc_alpha", 2, params={"I_e": 400.0})
    for delay in (1.0, 3.0):
        synapse = {"weight": 60.0, "delay": grid(delay, resolution)}
        nest.Connect(neurons[:1], neurons[:1], syn_spec=synapse)
    for delay in (1.0, 1.0, 2.0):
        synapse = {"weight": -30.0, "delay": grid(delay, resolution)}
        nest.Connect(neurons[:1], neurons[1:], syn_spec=synapse)
    return neuron_run(nest, resolution, neurons, ("V_m",))


@experiment("networks")
def simulate_in_pieces(nest: Any, resolution: float) -> Arrays:
    """Runs whose lengths are no multiples of the minimal delay of five steps."""
    neurons = _network(nest, resolution, "iaf_psc_exp", 80.0)
    connections = nest.GetConnections()
    connections.delay = np.round(np.asarray(connections.delay) + 4 * resolution, 6)
    traces, spikes = meter(nest, neurons, ("V_m",), resolution), recorder(nest, neurons)
    for steps in (1, 2, 7, 13, 4, 101, 33, 39):
        nest.Simulate(round(steps * resolution, 6))
    nest.Simulate(60.0)
    return collect(traces=traces, spikes=spikes)


@experiment("networks")
def prepare_run_cleanup(nest: Any, resolution: float) -> Arrays:
    """Several `Run` between `Prepare` and `Cleanup`, then a `Simulate`."""
    neurons = _network(nest, resolution, "iaf_psc_alpha", 40.0)
    traces, spikes = meter(nest, neurons, ("V_m",), resolution), recorder(nest, neurons)
    nest.Prepare()
    for steps in (3, 17, 60):
        nest.Run(round(steps * resolution, 6))
    nest.Cleanup()
    nest.Simulate(60.0)
    return collect(traces=traces, spikes=spikes)


@experiment("networks")
def frozen_neurons(nest: Any, resolution: float) -> Arrays:
    """A frozen neuron keeps its state; thawed it goes on."""
    neurons = nest.Create("iaf_psc_alpha", 3, params={"I_e": 400.0})
    neurons[1].frozen = True
    traces, spikes = meter(nest, neurons[:1], ("V_m",), resolution), recorder(nest, neurons)
    nest.Simulate(40.0)
    held = np.array(neurons.V_m)
    neurons[1].frozen = False
    nest.Simulate(40.0)
    return {
        **collect(traces=traces, spikes=spikes),
        "state/held": held,
        "state/final": np.array(neurons.V_m),
    }
