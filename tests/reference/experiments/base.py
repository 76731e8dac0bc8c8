"""What experiments are made of: the registry, deterministic input, recorded events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]
RESOLUTIONS = (0.05, 0.1, 0.25, 1.0)
EXACT = 1e-9
"""Bound for traces of models with exact or fixed-step integration, relative to the span."""
ODE = 1e-6
"""Bound for traces of models with an adaptive solver, relative to the span."""
SOLVER = 5e-3
"""Bound where the solver's own tolerance decides, an error of 1e-3 per step: where it accepts or
refuses a step by the last bit, traces part by up to that."""


@dataclass(frozen=True)
class Experiment:
    """A deterministic simulation that returns named arrays.

    Array names are `<recorder>/<quantity>`. Times, senders and counts must be reproduced;
    everything else is a trace that must agree within `tolerance` of its span.
    """

    name: str
    model: str
    run: Callable[[Any, float], Arrays]
    resolutions: tuple[float, ...]
    tolerance: float


EXPERIMENTS: dict[str, Experiment] = {}


def experiment(
    model: str, resolutions: tuple[float, ...] = RESOLUTIONS, tolerance: float = EXACT
) -> Callable[[Callable[[Any, float], Arrays]], Callable[[Any, float], Arrays]]:
    """Register a function of a PyNEST-like module and the resolution as an experiment."""

    def register(function: Callable[[Any, float], Arrays]) -> Callable[[Any, float], Arrays]:
        name = f"{model}/{function.__name__}"
        if name in EXPERIMENTS:
            raise ValueError(f"experiment {name} is defined twice")

        def run(nest: Any, resolution: float) -> Arrays:
            nest.ResetKernel()
            nest.resolution = resolution
            return function(nest, resolution)

        EXPERIMENTS[name] = Experiment(name, model, run, resolutions, tolerance)
        return function

    return register


def grid(value: float, resolution: float) -> float:
    """The multiple of the resolution nearest to a time in ms, at least one step."""
    return round(max(1, round(value / resolution)) * resolution, 6)


def spike_train(n: int, begin: float, end: float, resolution: float, phase: float = 0.0) -> list:
    """About `n` irregular grid times in [begin, end), without repetition."""
    fractions = (phase + np.arange(1, n + 1) * 0.6180339887498949) % 1.0
    times = begin + (end - begin) * np.sort(fractions)
    steps = np.unique(np.maximum(1, np.round(times / resolution).astype(int)))
    return [round(float(step) * resolution, 6) for step in steps]


def amplitudes(n: int, scale: float) -> list[float]:
    """`n` irregular values between 0.5 and 1.5 times `scale`."""
    return [scale * (0.5 + k * 0.41421356237309503 % 1.0) for k in range(1, n + 1)]


def drive(
    nest: Any,
    targets: Any,
    resolution: float,
    weight: float,
    *,
    n: int = 30,
    begin: float = 1.0,
    end: float = 150.0,
    delay: float = 1.0,
    receptor: int = 0,
    phase: float = 0.0,
) -> Any:
    """Connect an irregular spike train with irregular weights to the targets."""
    times = spike_train(n, begin, end, resolution, phase)
    params = {"spike_times": times, "spike_weights": amplitudes(len(times), 1.0)}
    generator = nest.Create("spike_generator", params=params)
    synapse = {"weight": weight, "delay": grid(delay, resolution), "receptor_type": receptor}
    nest.Connect(generator, targets, syn_spec=synapse)
    return generator


def meter(nest: Any, nodes: Any, quantities: Sequence[str], interval: float, **params: Any) -> Any:
    """A multimeter on the nodes."""
    settings = {"record_from": list(quantities), "interval": interval, **params}
    multimeter = nest.Create("multimeter", params=settings)
    nest.Connect(multimeter, nodes)
    return multimeter


def recorder(nest: Any, nodes: Any, **params: Any) -> Any:
    """A spike recorder on the nodes."""
    spike_recorder = nest.Create("spike_recorder", params=params)
    nest.Connect(nodes, spike_recorder)
    return spike_recorder


def collect(**recorders: Any) -> Arrays:
    """Everything that the recorders hold, ordered by time, then by sender."""
    arrays: Arrays = {}
    for label, device in recorders.items():
        events = {key: np.asarray(values) for key, values in device.events.items()}
        order = np.lexsort((events["senders"], events["times"]))
        for key in sorted(events):
            arrays[f"{label}/{key}"] = events[key][order].astype(np.float64)
    return arrays


def neuron_run(
    nest: Any,
    resolution: float,
    neurons: Any,
    quantities: Sequence[str],
    duration: float = 200.0,
) -> Arrays:
    """Simulate with every step of the neurons recorded, and their spikes."""
    traces = meter(nest, neurons, quantities, resolution)
    spikes = recorder(nest, neurons)
    nest.Simulate(duration)
    return collect(traces=traces, spikes=spikes)
