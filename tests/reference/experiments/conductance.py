"""`iaf_cond_exp`, `iaf_cond_alpha`, `hh_cond_exp_traub`."""

from __future__ import annotations

from typing import Any

from .base import ODE, Arrays, drive, experiment, grid, neuron_run

CONDUCTANCES = ("V_m", "g_ex", "g_in")
ALPHA = (*CONDUCTANCES, "t_ref_remaining")
FINE = (0.05, 0.1, 0.25)
"""Resolutions at which the rates of `hh_cond_exp_traub` do not run into 0 / 0 in NEST."""
TRAUB = (*CONDUCTANCES, "Act_m", "Inact_h", "Act_n")
CUSTOM = {
    "C_m": 180.0,
    "E_L": -68.5,
    "E_ex": 5.0,
    "E_in": -79.0,
    "I_e": 150.0,
    "V_m": -66.0,
    "V_reset": -63.0,
    "V_th": -52.25,
    "g_L": 12.0,
    "t_ref": 3.0,
    "tau_syn_ex": 0.8,
    "tau_syn_in": 3.5,
}
CUSTOM_TRAUB = {
    "C_m": 150.0,
    "E_K": -85.0,
    "E_L": -62.0,
    "E_Na": 55.0,
    "E_ex": 5.0,
    "E_in": -75.0,
    "I_e": 100.0,
    "V_T": -61.0,
    "V_m": -65.0,
    "g_K": 5500.0,
    "g_L": 12.0,
    "g_Na": 18000.0,
    "t_ref": 3.0,
    "tau_syn_ex": 3.0,
    "tau_syn_in": 7.0,
}


def _driven(
    nest: Any,
    resolution: float,
    model: str,
    params: dict[str, Any],
    weight: float,
    quantities: tuple[str, ...],
    duration: float = 200.0,
) -> Arrays:
    """Two neurons, one of them with the current `I_e`, under spikes of both signs."""
    neurons = nest.Create(model, 2, params=params)
    neurons[1].I_e = params.get("I_e", 0.0) + 200.0
    end = 0.75 * duration
    drive(nest, neurons, resolution, weight, n=60, end=end)
    drive(nest, neurons, resolution, -0.5 * weight, n=40, end=end, delay=2.0, phase=0.3)
    return neuron_run(nest, resolution, neurons, quantities, duration)


def _stepped(nest: Any, resolution: float, model: str, values: list[float]) -> Arrays:
    """A current that changes within the run."""
    neuron = nest.Create(model)
    steps = {"amplitude_times": [10.0, 60.0, 110.0], "amplitude_values": values}
    generator = nest.Create("step_current_generator", params=steps)
    nest.Connect(generator, neuron, syn_spec={"delay": grid(1.0, resolution)})
    return neuron_run(nest, resolution, neuron, ("V_m",), 150.0)


@experiment("iaf_cond_exp", tolerance=ODE)
def cond_exp_spikes(nest: Any, resolution: float) -> Arrays:
    """Conductances of both signs."""
    return _driven(nest, resolution, "iaf_cond_exp", {}, 40.0, CONDUCTANCES)


@experiment("iaf_cond_exp", tolerance=ODE)
def cond_exp_custom_parameters(nest: Any, resolution: float) -> Arrays:
    """Every parameter off its default."""
    return _driven(nest, resolution, "iaf_cond_exp", CUSTOM, 15.0, CONDUCTANCES)


@experiment("iaf_cond_exp", tolerance=ODE)
def cond_exp_current(nest: Any, resolution: float) -> Arrays:
    """Firing under steps of current."""
    return _stepped(nest, resolution, "iaf_cond_exp", [260.0, 500.0, 0.0])


@experiment("iaf_cond_alpha", tolerance=ODE)
def cond_alpha_spikes(nest: Any, resolution: float) -> Arrays:
    """Conductances of both signs."""
    return _driven(nest, resolution, "iaf_cond_alpha", {}, 30.0, ALPHA)


@experiment("iaf_cond_alpha", tolerance=ODE)
def cond_alpha_custom_parameters(nest: Any, resolution: float) -> Arrays:
    """Every parameter off its default, and conductances to begin with."""
    params = {**CUSTOM, "g_ex": 1.5, "dg_ex": 2.0, "g_in": 0.5, "dg_in": 1.0}
    return _driven(nest, resolution, "iaf_cond_alpha", params, 10.0, ALPHA)


@experiment("iaf_cond_alpha", tolerance=ODE)
def cond_alpha_current(nest: Any, resolution: float) -> Arrays:
    """Firing under steps of current."""
    return _stepped(nest, resolution, "iaf_cond_alpha", [260.0, 500.0, 0.0])


@experiment("hh_cond_exp_traub", resolutions=FINE, tolerance=ODE)
def traub_spikes(nest: Any, resolution: float) -> Arrays:
    """Conductances of both signs."""
    return _driven(nest, resolution, "hh_cond_exp_traub", {}, 12.0, TRAUB, 100.0)


@experiment("hh_cond_exp_traub", resolutions=FINE, tolerance=ODE)
def traub_custom_parameters(nest: Any, resolution: float) -> Arrays:
    """Every parameter off its default."""
    return _driven(nest, resolution, "hh_cond_exp_traub", CUSTOM_TRAUB, 10.0, TRAUB, 100.0)


@experiment("hh_cond_exp_traub", resolutions=FINE, tolerance=ODE)
def traub_current(nest: Any, resolution: float) -> Arrays:
    """Firing under steps of current."""
    return _stepped(nest, resolution, "hh_cond_exp_traub", [300.0, 800.0, 0.0])
