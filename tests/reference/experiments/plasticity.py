"""Synapses with parameters or state of their own: weights and traces over a protocol of spikes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .base import Arrays, experiment, grid, neuron_run, spike_train

RESOLUTIONS = (0.1, 1.0)
PULSES = 12


def _protocol(
    nest: Any,
    resolution: float,
    model: str,
    synapse: Mapping[str, Any],
    common: Mapping[str, Any],
    quantities: tuple[str, ...],
) -> Arrays:
    """All pairs of parrots, with spikes that coincide and repeat, looked at several times."""
    nest.CopyModel(model, "synapse_in_use", common)
    params = {"tau_minus": 27.0, "tau_minus_triplet": 80.0}
    pre, post = (nest.Create("parrot_neuron", 3, params=params) for _ in range(2))
    for k, parrot in enumerate([*pre, *post]):
        times = spike_train(9 + 4 * k, 2.0, 380.0, resolution, phase=0.13 * k)
        times = sorted({*times, *(grid(t, resolution) for t in (100.0, 200.0, 201.0 + k))})
        train = {
            "spike_times": times,
            "spike_multiplicities": [1 + (i % 7 == 3) for i in range(len(times))],
        }
        generator = nest.Create("spike_generator", params=train)
        nest.Connect(generator, parrot, syn_spec={"delay": grid(1.0, resolution)})
    delays = [[grid(1.0 + 0.8 * i + 0.4 * j, resolution) for j in range(3)] for i in range(3)]
    spec = {"synapse_model": "synapse_in_use", "receptor_type": 1, "delay": delays, **synapse}
    nest.Connect(pre, post, syn_spec=spec)
    rows: dict[str, list[float]] = {key: [] for key in quantities}
    for _ in range(PULSES):
        nest.Simulate(35.0)
        for source in pre:
            for target in post:
                connection = nest.GetConnections(source, target)
                for key in quantities:
                    rows[key].append(connection.get(key))
    return {f"synapses/{key}": np.asarray(values, dtype=float) for key, values in rows.items()}


def _store(
    model: str,
    quantities: tuple[str, ...],
    synapse: Mapping[str, Any] | None = None,
    common: Mapping[str, Any] | None = None,
) -> Callable[[Any, float], Arrays]:
    def protocol(nest: Any, resolution: float) -> Arrays:
        return _protocol(nest, resolution, model, synapse or {}, common or {}, quantities)

    return experiment(model, RESOLUTIONS)(protocol)


STEP = {"weight": 40.0, "lambda": 0.1, "alpha": 1.1, "mu_plus": 0.4, "mu_minus": 0.7}
_store("stdp_synapse", ("weight", "Kplus"), STEP)
_store("stdp_synapse_hom", ("weight", "Kplus"), {"weight": 40.0}, {"lambda": 0.1, "mu_plus": 0.4})
_store("stdp_pl_synapse_hom", ("weight", "Kplus"), {"weight": 40.0}, {"alpha": 0.3})
_store("stdp_nn_symm_synapse", ("weight",), STEP)
_store("stdp_nn_restr_synapse", ("weight",), STEP)
_store("stdp_nn_pre_centered_synapse", ("weight", "Kplus"), STEP)
_store(
    "stdp_triplet_synapse",
    ("weight", "Kplus", "Kplus_triplet"),
    {"weight": -40.0, "Wmax": -90.0, "Aplus": 0.1, "Aminus_triplet": 0.02},
)
_store("vogels_sprekeler_synapse", ("weight", "Kplus"), {"weight": -0.5, "Wmax": -1.0, "eta": 0.02})
_store(
    "jonke_synapse",
    ("weight", "Kplus"),
    {"weight": 40.0},
    {"lambda": 0.1, "beta": 0.01, "mu_plus": 0.01, "mu_minus": 0.02},
)
_store("tsodyks_synapse", ("weight", "x", "y", "u"), {"tau_fac": 60.0, "U": 0.3})
_store("tsodyks_synapse_hom", ("x", "y", "u"), None, {"tau_fac": 60.0, "U": 0.3})
_store("tsodyks2_synapse", ("weight", "x", "u"), {"tau_fac": 60.0, "U": 0.3})
_store("ht_synapse", ("weight", "P"), {"tau_P": 90.0})


def _effect(nest: Any, resolution: float, model: str, synapse: Mapping[str, Any]) -> Arrays:
    """What a target receives through a synapse."""
    neuron = nest.Create("iaf_psc_exp", params={"V_th": 1e9})
    parrot = nest.Create("parrot_neuron")
    train = {"spike_times": spike_train(30, 2.0, 150.0, resolution)}
    generator = nest.Create("spike_generator", params=train)
    nest.Connect(generator, parrot, syn_spec={"delay": grid(1.0, resolution)})
    spec = {"synapse_model": model, "delay": grid(1.5, resolution), **synapse}
    nest.Connect(parrot, neuron, syn_spec=spec)
    return neuron_run(nest, resolution, neuron, ("V_m",))


@experiment("tsodyks_synapse", RESOLUTIONS)
def effect(nest: Any, resolution: float) -> Arrays:
    """The released resources scale the weight."""
    return _effect(nest, resolution, "tsodyks_synapse", {"weight": 300.0, "tau_fac": 60.0})


@experiment("static_synapse_hom_w", RESOLUTIONS)
def common_weight(nest: Any, resolution: float) -> Arrays:
    """A change of the common weight acts on connections that exist."""
    neuron = nest.Create("iaf_psc_exp", params={"V_th": 1e9})
    parrot = nest.Create("parrot_neuron")
    train = {"spike_times": spike_train(30, 2.0, 150.0, resolution)}
    generator = nest.Create("spike_generator", params=train)
    nest.SetDefaults("static_synapse_hom_w", {"weight": 200.0})
    for source, target in ((generator, parrot), (parrot, neuron), (generator, neuron)):
        nest.Connect(source, target, syn_spec={"synapse_model": "static_synapse_hom_w"})
    nest.Simulate(60.0)
    nest.SetDefaults("static_synapse_hom_w", {"weight": -350.0})
    return neuron_run(nest, resolution, neuron, ("V_m",), 120.0)
