"""Stimulators, recorders, `parrot_neuron` and `static_synapse`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import (
    Arrays,
    collect,
    drive,
    experiment,
    grid,
    meter,
    neuron_run,
    recorder,
    spike_train,
)


def _respond(nest: Any, resolution: float, generator: Any, duration: float = 100.0) -> Arrays:
    """The response of a leaky membrane that cannot spike."""
    neuron = nest.Create("iaf_psc_exp", params={"V_th": 1e9})
    nest.Connect(generator, neuron, syn_spec={"weight": 2.0, "delay": grid(2.0, resolution)})
    return neuron_run(nest, resolution, neuron, ("V_m",), duration)


@experiment("spike_generator")
def weights_and_multiplicities(nest: Any, resolution: float) -> Arrays:
    """Weights scale the synapse's; a multiplicity repeats the spike; times may repeat."""
    params = {
        "spike_times": [5.0, 10.0, 10.0, 30.0, 50.0, 70.0],
        "spike_weights": [100.0, 50.0, -20.0, 0.0, 10.0, -100.0],
        "spike_multiplicities": [1, 2, 3, 4, 5, 1],
    }
    generator = nest.Create("spike_generator", params=params)
    spikes = recorder(nest, generator)
    return {**_respond(nest, resolution, generator), **collect(generated=spikes)}


@experiment("spike_generator")
def active_window(nest: Any, resolution: float) -> Arrays:
    """`origin`, `start` and `stop` bound the spikes that are sent."""
    params = {"spike_times": spike_train(40, 1.0, 100.0, resolution), "spike_weights": []}
    window = {"origin": 10.0, "start": 15.0, "stop": 60.0}
    generator = nest.Create("spike_generator", params={**params, **window})
    spikes = recorder(nest, generator)
    nest.Simulate(120.0)
    return collect(generated=spikes)


OFF_GRID = [4.013, 4.5, 9.951, 10.0, 17.777, 31.049, 40.001]


@experiment("spike_generator")
def off_grid_times(nest: Any, resolution: float) -> Arrays:
    """Times off the grid are moved to the end of their step."""
    params = {"spike_times": OFF_GRID, "allow_offgrid_times": True}
    generator = nest.Create("spike_generator", params=params)
    parrot = nest.Create("parrot_neuron")
    nest.Connect(generator, parrot, syn_spec={"delay": grid(1.0, resolution)})
    direct, relayed = recorder(nest, generator), recorder(nest, parrot)
    nest.Simulate(60.0)
    return collect(direct=direct, relayed=relayed)


@experiment("spike_generator")
def precise_times(nest: Any, resolution: float) -> Arrays:
    """Times off the grid are kept."""
    generator = nest.Create(
        "spike_generator", params={"spike_times": OFF_GRID, "precise_times": True}
    )
    spikes = recorder(nest, generator)
    nest.Simulate(60.0)
    return collect(generated=spikes)


@experiment("spike_generator")
def shifted_times(nest: Any, resolution: float) -> Arrays:
    """A spike at the present time moves into the first step."""
    params = {"spike_times": [0.0, 5.0, 20.0], "shift_now_spikes": True}
    generator = nest.Create("spike_generator", params=params)
    spikes = recorder(nest, generator)
    nest.Simulate(30.0)
    generator.set({"spike_times": [30.0, 35.0]})
    nest.Simulate(30.0)
    return collect(generated=spikes)


@experiment("dc_generator")
def dc_window(nest: Any, resolution: float) -> Arrays:
    """A current bounded by `start` and `stop` relative to `origin`, recorded at its source."""
    params = {"amplitude": 100.0, "origin": 10.0, "start": 5.0, "stop": 45.0}
    generator = nest.Create("dc_generator", params=params)
    current = meter(nest, generator, ("I",), resolution)
    return {**_respond(nest, resolution, generator), **collect(current=current)}


@experiment("dc_generator")
def dc_changes(nest: Any, resolution: float) -> Arrays:
    """The amplitude set between two runs; two generators on one neuron."""
    generators = nest.Create("dc_generator", 2, params={"amplitude": [50.0, -20.0]})
    neuron = nest.Create("iaf_psc_alpha")
    nest.Connect(generators, neuron, syn_spec={"delay": grid(1.0, resolution)})
    traces = meter(nest, neuron, ("V_m",), resolution)
    nest.Simulate(30.0)
    generators.amplitude = [400.0, 70.0]
    nest.Simulate(30.0)
    return collect(traces=traces)


@experiment("step_current_generator")
def steps(nest: Any, resolution: float) -> Arrays:
    """Steps of current, recorded at their source, within an active window."""
    params = {
        "amplitude_times": [grid(t, resolution) for t in (1.0, 12.0, 13.0, 40.0, 70.0)],
        "amplitude_values": [100.0, -50.0, 200.0, 0.0, 80.0],
        "start": 8.0,
        "stop": 85.0,
    }
    generator = nest.Create("step_current_generator", params=params)
    current = meter(nest, generator, ("I",), resolution)
    return {**_respond(nest, resolution, generator), **collect(current=current)}


@experiment("step_current_generator")
def off_grid_steps(nest: Any, resolution: float) -> Arrays:
    """Times off the grid are moved to the end of their step."""
    params = {
        "allow_offgrid_times": True,
        "amplitude_times": [4.013, 17.777, 40.001],
        "amplitude_values": [100.0, -50.0, 200.0],
    }
    generator = nest.Create("step_current_generator", params=params)
    return _respond(nest, resolution, generator)


@experiment("step_current_generator")
def replaced_steps(nest: Any, resolution: float) -> Arrays:
    """New amplitudes given between two runs."""
    params = {"amplitude_times": [5.0, 20.0], "amplitude_values": [100.0, 300.0]}
    generator = nest.Create("step_current_generator", params=params)
    neuron = nest.Create("iaf_psc_alpha")
    nest.Connect(generator, neuron)
    traces = meter(nest, neuron, ("V_m",), resolution)
    nest.Simulate(40.0)
    generator.set({"amplitude_times": [50.0, 60.0], "amplitude_values": [-100.0, 10.0]})
    nest.Simulate(40.0)
    return collect(traces=traces)


@experiment("noise_generator")
def constant_mean(nest: Any, resolution: float) -> Arrays:
    """Without scatter the noise current equals its mean within the active window."""
    params = {"mean": 150.0, "std": 0.0, "dt": grid(3.0, resolution), "start": 5.0, "stop": 60.0}
    generator = nest.Create("noise_generator", params=params)
    return _respond(nest, resolution, generator)


def _oscillating(nest: Any, n: int) -> Any:
    neurons = nest.Create("iaf_psc_alpha", n)
    neurons.I_e = [380.0 + 40.0 * k for k in range(n)]
    return neurons


@experiment("multimeter")
def intervals_and_windows(nest: Any, resolution: float) -> Arrays:
    """`interval`, `offset`, `start`, `stop` and `origin` select the samples."""
    neurons = _oscillating(nest, 2)
    interval = grid(3.0, resolution)
    settings: dict[str, dict[str, float]] = {
        "plain": {},
        "shifted": {"offset": grid(2.0, resolution)},
        "window": {"start": 20.0, "stop": 60.0},
        "origin": {"origin": 10.0, "start": 5.0, "stop": 51.0},
    }
    meters = {
        label: meter(nest, neurons, ("V_m", "I_syn_ex"), interval, **params)
        for label, params in settings.items()
    }
    nest.Simulate(90.0)
    return collect(**meters)


@experiment("multimeter")
def separate_connections(nest: Any, resolution: float) -> Arrays:
    """Neurons connected one by one, of two models, to one multimeter; and a voltmeter."""
    nodes = _oscillating(nest, 2) + nest.Create("iaf_psc_delta", params={"I_e": 390.0})
    multimeter = nest.Create("multimeter", params={"record_from": ["V_m"]})
    for node in nodes:
        nest.Connect(multimeter, node)
    voltmeter = nest.Create("voltmeter", params={"interval": 2.0})
    nest.Connect(voltmeter, nodes[1:])
    nest.Simulate(50.0)
    return collect(multimeter=multimeter, voltmeter=voltmeter)


@experiment("multimeter")
def time_in_steps(nest: Any, resolution: float) -> Arrays:
    """Times as steps and offsets."""
    neuron = _oscillating(nest, 1)
    multimeter = meter(nest, neuron, ("V_m",), 2.0, time_in_steps=True)
    spikes = recorder(nest, neuron, time_in_steps=True)
    nest.Simulate(60.0)
    return collect(samples=multimeter, spikes=spikes)


@experiment("multimeter")
def samples_across_runs(nest: Any, resolution: float) -> Arrays:
    """The sample at the end of a run arrives with the next; resetting `n_events` clears."""
    neuron = _oscillating(nest, 1)
    kept, cleared = (meter(nest, neuron, ("V_m",), 1.0) for _ in range(2))
    counts = []
    for duration in (10.0, 7.0, 5.0):
        nest.Simulate(duration)
        counts.append([kept.n_events, cleared.n_events])
        cleared.n_events = 0
    nest.Simulate(10.0)
    return {**collect(kept=kept, cleared=cleared), "n_events/counts": np.ravel(counts) * 1.0}


@experiment("spike_recorder")
def recorder_windows(nest: Any, resolution: float) -> Arrays:
    """`origin`, `start` and `stop` select spikes."""
    neurons = _oscillating(nest, 3)
    everything = recorder(nest, neurons)
    window = recorder(nest, neurons, start=30.0, stop=80.0)
    origin = recorder(nest, neurons, origin=20.0, start=10.0, stop=70.0)
    nest.Simulate(120.0)
    return collect(everything=everything, window=window, origin=origin)


@experiment("spike_recorder")
def recorder_across_runs(nest: Any, resolution: float) -> Arrays:
    """Spikes of the last slice are recorded; resetting `n_events` clears."""
    neurons = _oscillating(nest, 3)
    kept, cleared = recorder(nest, neurons), recorder(nest, neurons)
    counts = []
    for duration in (33.0, 20.0, 27.0):
        nest.Simulate(duration)
        counts.append([kept.n_events, cleared.n_events])
        cleared.n_events = 0
    nest.Simulate(40.0)
    return {**collect(kept=kept, cleared=cleared), "n_events/counts": np.ravel(counts) * 1.0}


@experiment("parrot_neuron")
def ports_and_multiplicities(nest: Any, resolution: float) -> Arrays:
    """Port 0 repeats each spike with its multiplicity whatever the weight; port 1 ignores."""
    parrots = nest.Create("parrot_neuron", 3)
    params = {"spike_times": [5.0, 10.0, 20.0], "spike_multiplicities": [1, 3, 2]}
    repeated = nest.Create("spike_generator", params=params)
    ignored = nest.Create("spike_generator", params={"spike_times": [7.0, 20.0]})
    nest.Connect(repeated, parrots[0], syn_spec={"weight": 0.0, "delay": grid(2.0, resolution)})
    ignoring = {"receptor_type": 1, "delay": grid(1.0, resolution)}
    nest.Connect(ignored, parrots[0], syn_spec=ignoring)
    nest.Connect(parrots[0], parrots[1], syn_spec={"weight": -3.0, "delay": grid(1.0, resolution)})
    nest.Connect(parrots[1], parrots[2], syn_spec={"delay": grid(4.0, resolution)})
    spikes = recorder(nest, parrots)
    neuron = nest.Create("iaf_psc_exp")
    nest.Connect(parrots[2], neuron, syn_spec={"weight": 150.0, "delay": grid(1.0, resolution)})
    traces = meter(nest, neuron, ("V_m", "I_syn_ex"), resolution)
    nest.Simulate(60.0)
    return collect(spikes=spikes, traces=traces)


@experiment("static_synapse")
def delays_and_signs(nest: Any, resolution: float) -> Arrays:
    """Several connections of one source with their own weights and delays."""
    times = spike_train(20, 1.0, 80.0, resolution)
    generator = nest.Create("spike_generator", params={"spike_times": times})
    parrot = nest.Create("parrot_neuron")
    nest.Connect(generator, parrot, syn_spec={"delay": grid(1.0, resolution)})
    targets = nest.Create("iaf_psc_alpha", 4)
    weights = [100.0, 250.0, -150.0, 0.0]
    delays = [grid(delay, resolution) for delay in (1.0, 1.5, 5.2, 12.0)]
    nest.Connect(
        parrot,
        targets,
        "all_to_all",
        {"weight": [[weight] for weight in weights], "delay": [[delay] for delay in delays]},
    )
    nest.Connect(parrot, targets, "all_to_all", {"weight": 40.0, "delay": grid(3.0, resolution)})
    return neuron_run(nest, resolution, targets, ("V_m", "I_syn_ex", "I_syn_in"), 100.0)


@experiment("static_synapse")
def changed_synapses(nest: Any, resolution: float) -> Arrays:
    """Weights and delays set on connections between two runs."""
    neurons = nest.Create("iaf_psc_exp", 3)
    neurons.I_e = [600.0, 0.0, 200.0]
    nest.Connect(neurons[:1], neurons, syn_spec={"weight": 300.0, "delay": grid(2.0, resolution)})
    nest.Connect(neurons[1:], neurons, syn_spec={"weight": -50.0, "delay": grid(4.0, resolution)})
    traces, spikes = meter(nest, neurons, ("V_m",), resolution), recorder(nest, neurons)
    nest.Simulate(50.0)
    connections = nest.GetConnections(neurons[:1])
    connections.weight = 500.0
    connections.delay = grid(3.0, resolution)
    nest.Simulate(50.0)
    nest.GetConnections(neurons[2:], neurons).weight = [-400.0, 100.0, 0.0]
    nest.Simulate(50.0)
    return collect(traces=traces, spikes=spikes)


@experiment("static_synapse")
def long_delays(nest: Any, resolution: float) -> Arrays:
    """Delays of the order of the simulated time beside the shortest one."""
    neurons = nest.Create("iaf_psc_delta", 2)
    drive(nest, neurons, resolution, 30.0, n=5, begin=1.0, end=30.0, delay=resolution)
    nest.Connect(neurons[:1], neurons[1:], syn_spec={"weight": 12.0, "delay": 60.0})
    nest.Connect(neurons[1:], neurons[:1], syn_spec={"weight": 8.0, "delay": 33.0})
    return neuron_run(nest, resolution, neurons, ("V_m",), 150.0)
