"""`glif_cond`: all five levels of the model."""

from __future__ import annotations

from typing import Any

from .base import ODE, Arrays, drive, experiment, grid, neuron_run

THRESHOLDS = ("threshold", "threshold_spike", "threshold_voltage")
ALL = ("V_m", "I", "g_1", "g_2", *THRESHOLDS, "ASCurrents_sum")
LEVELS = (
    (False, False, False),
    (True, False, False),
    (False, True, False),
    (True, True, False),
    (True, True, True),
)


def _levels(nest: Any, current: float = 0.0, **params: Any) -> Any:
    """One neuron of each level under a constant current in pA."""
    neurons = nest.Create("glif_cond", len(LEVELS), params=params)
    for neuron, (spike, currents, voltage) in zip(neurons, LEVELS):
        neuron.set(
            {
                "spike_dependent_threshold": spike,
                "after_spike_currents": currents,
                "adapting_threshold": voltage,
            }
        )
    generator = nest.Create("dc_generator", params={"amplitude": current})
    nest.Connect(generator, neurons)
    return neurons


@experiment("glif_cond", tolerance=ODE)
def levels_under_current(nest: Any, resolution: float) -> Arrays:
    """The five levels under a step of current."""
    neurons = _levels(nest)
    steps = {"amplitude_times": [20.0, 100.0], "amplitude_values": [450.0, 600.0]}
    generator = nest.Create("step_current_generator", params={**steps, "stop": 160.0})
    nest.Connect(generator, neurons, syn_spec={"delay": grid(1.0, resolution)})
    return neuron_run(nest, resolution, neurons, ALL)


@experiment("glif_cond", tolerance=ODE)
def levels_under_spikes(nest: Any, resolution: float) -> Arrays:
    """The five levels under excitatory and inhibitory conductances."""
    neurons = _levels(nest, 150.0)
    drive(nest, neurons, resolution, 20.0, n=60, receptor=1)
    drive(nest, neurons, resolution, 8.0, n=40, receptor=2, delay=2.0, phase=0.3)
    return neuron_run(nest, resolution, neurons, ALL)


@experiment("glif_cond", tolerance=ODE)
def levels_with_custom_parameters(nest: Any, resolution: float) -> Arrays:
    """Every parameter off its default, three receptors, three after-spike currents."""
    neurons = _levels(
        nest,
        260.0,
        C_m=70.0,
        E_L=-75.0,
        V_m=-74.0,
        V_reset=-73.0,
        V_th=-50.0,
        g_m=8.0,
        t_ref=3.0,
        E_rev=[0.0, -80.0, -20.0],
        tau_syn=[0.5, 3.0, 5.0],
        asc_amps=[-12.0, -150.0, 20.0],
        asc_decay=[0.005, 0.08, 0.02],
        asc_init=[1.0, -2.0, 3.0],
        asc_r=[1.0, 0.9, 0.8],
        th_spike_add=1.5,
        th_spike_decay=0.02,
        th_voltage_decay=0.06,
        th_voltage_index=0.01,
        voltage_reset_add=10.0,
        voltage_reset_fraction=0.3,
    )
    for receptor, weight in ((1, 12.0), (2, 6.0), (3, 3.0)):
        drive(nest, neurons, resolution, weight, receptor=receptor, phase=0.2 * receptor)
    return neuron_run(nest, resolution, neurons, (*ALL, "g_3"))
