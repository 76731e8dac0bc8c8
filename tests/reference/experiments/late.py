"""Plastic connections made, removed or changed when their targets have spiked already.

What such a connection reads depends on which spikes its target still holds: those that an earlier
connection has yet to read, and those before its last spike that some delay can reach.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .base import Arrays, experiment, grid, spike_train

RESOLUTIONS = (0.1, 0.5)
STEP = {"weight": 40.0, "lambda": 0.1, "alpha": 1.1, "mu_plus": 0.4, "mu_minus": 0.7}
MODELS: dict[str, dict[str, Any]] = {
    "stdp_synapse": STEP,
    "stdp_synapse_hom": {"weight": 40.0},
    "stdp_pl_synapse_hom": {"weight": 40.0},
    "stdp_nn_symm_synapse": STEP,
    "stdp_nn_restr_synapse": STEP,
    "stdp_nn_pre_centered_synapse": STEP,
    "stdp_triplet_synapse": {"weight": 40.0, "Wmax": 90.0, "Aplus": 0.1, "Aminus": 0.05},
    "vogels_sprekeler_synapse": {"weight": 0.5, "Wmax": 1.0, "eta": 0.02},
    "jonke_synapse": {"weight": 40.0},
}
# one source hardly spikes, so that what it has not read stays
SPIKES = (60, 37, 3, 22, 51)


def _parrots(nest: Any, resolution: float, counts: Sequence[int], phase: float) -> Any:
    """Parrots that repeat irregular trains."""
    parrots = nest.Create("parrot_neuron", len(counts), params={"tau_minus": 27.0})
    for k, (parrot, n) in enumerate(zip(parrots, counts, strict=True)):
        times = spike_train(n, 2.0, 580.0, resolution, phase=phase + 0.13 * k)
        generator = nest.Create("spike_generator", params={"spike_times": times})
        nest.Connect(generator, parrot, syn_spec={"delay": grid(1.0, resolution)})
    return parrots


class Program:
    """Sources, targets, and what becomes of connections between them."""

    def __init__(self, nest: Any, resolution: float) -> None:
        self.nest, self.resolution = nest, resolution
        self.pre = _parrots(nest, resolution, SPIKES, 0.0)
        self.post = _parrots(nest, resolution, (45, 31, 4), 0.41)
        self.made: list[tuple[int, int, str]] = []
        self.rows: list[float] = []
        # the shortest and the longest delay of the network
        for delay in (1.0, 6.0):
            self.nest.Connect(self.pre[0], self.post, syn_spec=self._spec(delay, weight=0.0))

    def _spec(self, delay: float, **entries: Any) -> dict[str, Any]:
        return {"delay": grid(delay, self.resolution), "receptor_type": 1, **entries}

    def connect(self, source: int, target: int, model: str, delay: float) -> None:
        """One connection, whose weight is followed from now on."""
        spec = self._spec(delay, synapse_model=model, **MODELS[model])
        self.nest.Connect(self.pre[source], self.post[target], syn_spec=spec)
        self.made.append((source, target, model))

    def found(self, source: int, target: int, model: str) -> Any:
        """The connection of a model between two nodes."""
        return self.nest.GetConnections(self.pre[source], self.post[target], synapse_model=model)

    def run(self, *durations: float) -> None:
        """Simulates, and notes all weights after each part."""
        for duration in durations:
            self.nest.Simulate(grid(duration, self.resolution))
            self.rows += [self.found(*one).get("weight") for one in self.made]

    def disconnect(self, source: int, target: int, model: str) -> None:
        """Removes a connection."""
        self.found(source, target, model).disconnect()
        self.made.remove((source, target, model))

    def result(self) -> Arrays:
        """The weights."""
        return {"synapses/weight": np.asarray(self.rows, dtype=float)}


def _start(program: Program) -> None:
    for target in range(3):
        for source, delay in ((0, 1.0), (1, 2.5)):
            program.connect(source, target, "stdp_synapse", delay)


def _store(model: str) -> Callable[[Any, float], Arrays]:
    def late(nest: Any, resolution: float) -> Arrays:
        """Connections of one model, at several times and with several delays."""
        program = Program(nest, resolution)
        _start(program)
        program.run(150.0)
        program.connect(3, 0, model, 1.0)
        program.connect(2, 0, model, 5.5)
        program.connect(3, 2, model, 3.0)
        program.run(3.5, 71.0, 30.0)
        program.connect(4, 0, model, 4.0)
        program.connect(3, 1, model, 1.0)
        program.connect(4, 1, model, 2.0)
        program.run(60.0, 120.0, 150.0)
        return program.result()

    late.__name__ = model
    return experiment("late_connections", RESOLUTIONS)(late)


for _model in MODELS:
    _store(_model)


@experiment("late_connections", RESOLUTIONS)
def to_neurons_without_plastic_inputs(nest: Any, resolution: float) -> Arrays:
    """The first plastic connections of neurons that have spiked."""
    program = Program(nest, resolution)
    program.run(120.0)
    for target in range(3):
        program.connect(target, target, "stdp_nn_pre_centered_synapse", 1.0 + target)
    program.run(90.0)
    program.connect(4, 0, "stdp_triplet_synapse", 2.0)
    program.run(200.0)
    return program.result()


@experiment("late_connections", RESOLUTIONS)
def after_others_were_removed(nest: Any, resolution: float) -> Arrays:
    """Spikes that a removed connection had yet to read are never forgotten."""
    program = Program(nest, resolution)
    _start(program)
    program.connect(2, 0, "stdp_synapse", 2.0)
    program.connect(2, 1, "stdp_synapse", 2.0)
    program.run(130.0)
    program.disconnect(2, 0, "stdp_synapse")
    program.disconnect(1, 2, "stdp_synapse")
    program.run(140.0)
    for target in range(3):
        program.connect(3, target, "stdp_nn_restr_synapse", 1.5)
        program.connect(4, target, "stdp_synapse_hom", 3.0)
    program.run(100.0, 150.0)
    return program.result()


@experiment("late_connections", RESOLUTIONS)
def after_delays_were_changed(nest: Any, resolution: float) -> Arrays:
    """A changed delay leaves spikes unread, or has them read twice."""
    program = Program(nest, resolution)
    _start(program)
    program.connect(3, 0, "stdp_synapse", 2.0)
    program.connect(3, 1, "stdp_synapse", 1.0)
    program.run(130.0)
    program.found(3, 0, "stdp_synapse").delay = grid(5.5, resolution)
    program.found(1, 1, "stdp_synapse").delay = grid(1.5, resolution)
    program.found(3, 1, "stdp_synapse").delay = grid(4.0, resolution)
    program.run(8.0, 97.0)
    for target in range(3):
        program.connect(4, target, "stdp_synapse_hom", 1.0)
        program.connect(2, target, "stdp_nn_symm_synapse", 2.0)
    program.run(100.0, 150.0)
    return program.result()
