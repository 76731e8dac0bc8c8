"""`izhikevich`."""

from __future__ import annotations

from typing import Any

from .base import Arrays, drive, experiment, neuron_run

ALL = ("V_m", "U_m")
KINDS = {
    "a": [0.02, 0.02, 0.02, 0.1, 0.1],
    "b": [0.2, 0.2, 0.2, 0.2, 0.26],
    "c": [-65.0, -55.0, -51.0, -65.0, -60.0],
    "d": [8.0, 4.0, 2.0, 2.0, -1.0],
    "V_m": [-65.0, -70.0, -60.0, -62.0, -64.0],
    "U_m": [-13.0, -14.0, -12.0, -12.4, -16.6],
}


def _kinds(nest: Any, **params: Any) -> Any:
    neurons = nest.Create("izhikevich", 5, params={"I_e": 10.0, **params})
    neurons.set(KINDS)
    return neurons


@experiment("izhikevich")
def consistent(nest: Any, resolution: float) -> Arrays:
    """Firing patterns with the consistent forward Euler scheme."""
    return neuron_run(nest, resolution, _kinds(nest), ALL)


@experiment("izhikevich")
def published(nest: Any, resolution: float) -> Arrays:
    """Firing patterns with the two half steps of the published algorithm."""
    return neuron_run(nest, resolution, _kinds(nest, consistent_integration=False), ALL)


@experiment("izhikevich")
def synaptic_input(nest: Any, resolution: float) -> Arrays:
    """Spikes and a current into both schemes, with a threshold off its default."""
    neurons = nest.Create("izhikevich", 2, params={"V_th": 25.0, "I_e": 3.0})
    neurons.consistent_integration = [True, False]
    drive(nest, neurons, resolution, 6.0, n=50)
    drive(nest, neurons, resolution, -4.0, n=30, delay=3.0, phase=0.2)
    generator = nest.Create("dc_generator", params={"amplitude": 5.0, "start": 40.0, "stop": 120.0})
    nest.Connect(generator, neurons)
    return neuron_run(nest, resolution, neurons, ALL)


@experiment("izhikevich")
def lower_bound_of_potential(nest: Any, resolution: float) -> Arrays:
    """`V_min` clamps the membrane potential under strong inhibition."""
    neuron = nest.Create("izhikevich", params={"V_min": -72.0})
    drive(nest, neuron, resolution, -15.0, n=50)
    return neuron_run(nest, resolution, neuron, ALL)
