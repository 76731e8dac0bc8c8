"""`hh_psc_alpha`, `hh_psc_alpha_gap`."""

from __future__ import annotations

from typing import Any

from .base import (
    EXACT,
    ODE,
    SOLVER,
    Arrays,
    collect,
    drive,
    experiment,
    meter,
    neuron_run,
    recorder,
)

HH = ("V_m", "Act_m", "Inact_h", "Act_n", "I_syn_ex", "I_syn_in")
GAP = (*HH, "Inact_p")
FINE = (0.05, 0.1, 0.25)


@experiment("hh_psc_alpha", tolerance=ODE)
def firing(nest: Any, resolution: float) -> Arrays:
    """A spike train under the current `I_e`."""
    neuron = nest.Create("hh_psc_alpha", params={"I_e": 650.0})
    return neuron_run(nest, resolution, neuron, ("V_m", "Act_m", "Inact_h", "Act_n"), 100.0)


@experiment("hh_psc_alpha", tolerance=SOLVER)
def subthreshold(nest: Any, resolution: float) -> Arrays:
    """Damped oscillation below threshold, from an initial state off the defaults."""
    params = {"I_e": 100.0, "V_m": -67.0, "Act_m": 0.04, "Inact_h": 0.6, "Act_n": 0.33}
    neuron = nest.Create("hh_psc_alpha", params=params)
    return neuron_run(nest, resolution, neuron, ("V_m", "Act_m", "Inact_h", "Act_n"), 100.0)


@experiment("hh_psc_alpha", tolerance=ODE)
def hh_synaptic_input(nest: Any, resolution: float) -> Arrays:
    """Excitatory and inhibitory spikes."""
    neuron = nest.Create("hh_psc_alpha", params={"I_e": 200.0})
    drive(nest, neuron, resolution, 1500.0, n=30)
    drive(nest, neuron, resolution, -150.0, n=20, delay=2.0, phase=0.3)
    return neuron_run(nest, resolution, neuron, HH)


@experiment("hh_psc_alpha", tolerance=ODE)
def hh_custom_parameters(nest: Any, resolution: float) -> Arrays:
    """Every parameter off its default."""
    params = {
        "C_m": 120.0,
        "E_K": -80.0,
        "E_L": -56.0,
        "E_Na": 55.0,
        "I_e": 700.0,
        "g_K": 3400.0,
        "g_L": 25.0,
        "g_Na": 12500.0,
        "t_ref": 5.0,
        "tau_syn_ex": 0.8,
        "tau_syn_in": 4.0,
    }
    neuron = nest.Create("hh_psc_alpha", params=params)
    drive(nest, neuron, resolution, 400.0, n=20)
    drive(nest, neuron, resolution, -100.0, n=20, phase=0.3)
    return neuron_run(nest, resolution, neuron, HH, 100.0)


@experiment("hh_psc_alpha", resolutions=FINE, tolerance=ODE)
def hh_device_currents(nest: Any, resolution: float) -> Arrays:
    """A current device that switches on and off within the run."""
    neuron = nest.Create("hh_psc_alpha")
    params = {"amplitude": 700.0, "start": 10.0, "stop": 60.0}
    nest.Connect(nest.Create("dc_generator", params=params), neuron)
    return neuron_run(nest, resolution, neuron, ("V_m",), 100.0)


@experiment("hh_psc_alpha_gap", resolutions=FINE, tolerance=ODE)
def uncoupled(nest: Any, resolution: float) -> Arrays:
    """Two neurons without gap junctions, under current and spikes."""
    neurons = nest.Create("hh_psc_alpha_gap", 2)
    neurons.I_e = [200.0, 60.0]
    drive(nest, neurons, resolution, 300.0, n=20, end=90.0)
    drive(nest, neurons, resolution, -60.0, n=15, end=90.0, phase=0.3)
    return neuron_run(nest, resolution, neurons, GAP, 100.0)


@experiment("hh_psc_alpha_gap", resolutions=FINE, tolerance=ODE)
def gap_custom_parameters(nest: Any, resolution: float) -> Arrays:
    """Every parameter off its default."""
    params = {
        "C_m": 45.0,
        "E_K": -88.0,
        "E_L": -68.0,
        "E_Na": 70.0,
        "I_e": 180.0,
        "V_m": -75.0,
        "g_Kv1": 10.0,
        "g_Kv3": 8500.0,
        "g_L": 9.0,
        "g_Na": 4700.0,
        "t_ref": 3.0,
        "tau_syn_ex": 0.5,
        "tau_syn_in": 3.0,
    }
    neuron = nest.Create("hh_psc_alpha_gap", params=params)
    drive(nest, neuron, resolution, 150.0, n=20, end=90.0)
    return neuron_run(nest, resolution, neuron, GAP, 100.0)


def _couple(nest: Any, one: Any, other: Any, weight: float) -> None:
    """A gap junction between two neurons."""
    coupling = {"rule": "one_to_one", "make_symmetric": True}
    nest.Connect(one, other, coupling, {"synapse_model": "gap_junction", "weight": weight})


def _pair(nest: Any, resolution: float, gap_weight: float = 0.5, **kernel: Any) -> Arrays:
    """A driven and a silent neuron coupled by a gap junction."""
    nest.set(**kernel)
    neurons = nest.Create("hh_psc_alpha_gap", 2)
    neurons.I_e = [200.0, 0.0]
    drive(nest, neurons[1:], resolution, 150.0, n=10, end=50.0)
    _couple(nest, neurons[0], neurons[1], gap_weight)
    traces = meter(nest, neurons, ("V_m", "Inact_p"), resolution)
    spikes = recorder(nest, neurons)
    nest.Simulate(60.0)
    return collect(traces=traces, spikes=spikes)


def _relaxed(order: int) -> dict[str, Any]:
    return {
        "use_wfr": True,
        "wfr_comm_interval": 1.0,
        "wfr_tol": 0.0001,
        "wfr_max_iterations": 15,
        "wfr_interpolation_order": order,
    }


@experiment("hh_psc_alpha_gap", resolutions=FINE, tolerance=ODE)
def coupled_constant(nest: Any, resolution: float) -> Arrays:
    """Waveform relaxation with piecewise constant interpolation."""
    return _pair(nest, resolution, **_relaxed(0))


@experiment("hh_psc_alpha_gap", resolutions=FINE, tolerance=ODE)
def coupled_linear(nest: Any, resolution: float) -> Arrays:
    """Waveform relaxation with linear interpolation."""
    return _pair(nest, resolution, **_relaxed(1))


@experiment("hh_psc_alpha_gap", resolutions=FINE, tolerance=ODE)
def coupled_cubic(nest: Any, resolution: float) -> Arrays:
    """Waveform relaxation with cubic interpolation."""
    return _pair(nest, resolution, **_relaxed(3))


@experiment("hh_psc_alpha_gap", resolutions=FINE, tolerance=ODE)
def coupled_strongly(nest: Any, resolution: float) -> Arrays:
    """A strong junction, few iterations, a long communication interval."""
    kernel = {**_relaxed(3), "wfr_comm_interval": 2.0, "wfr_max_iterations": 4}
    return _pair(nest, resolution, 20.0, **kernel)


@experiment("hh_psc_alpha_gap", resolutions=FINE, tolerance=ODE)
def coupled_without_relaxation(nest: Any, resolution: float) -> Arrays:
    """Potentials exchanged once per step."""
    return _pair(nest, resolution, use_wfr=False)


@experiment("hh_psc_alpha_gap", resolutions=FINE, tolerance=ODE)
def coupled_population(nest: Any, resolution: float) -> Arrays:
    """Four neurons, all coupled to all, with inhibitory synapses on top."""
    nest.set(**_relaxed(3))
    neurons = nest.Create("hh_psc_alpha_gap", 4)
    neurons.I_e = [200.0, 150.0, 100.0, 0.0]
    neurons.V_m = [-70.0, -65.0, -75.0, -60.0]
    nest.Connect(neurons, neurons, "all_to_all", {"synapse_model": "gap_junction", "weight": 0.3})
    nest.Connect(neurons, neurons, "all_to_all", {"weight": -50.0, "delay": 1.0})
    return neuron_run(nest, resolution, neurons, ("V_m",), 60.0)


@experiment("hh_psc_alpha_gap", resolutions=FINE, tolerance=EXACT)
def beside_coupled(nest: Any, resolution: float) -> Arrays:
    """Neurons without gap junctions beside some that have them, whose iterations they share."""
    nest.set(**_relaxed(3))
    neurons = nest.Create("hh_psc_alpha_gap", 4)
    neurons.I_e = [500.0, 100.0, 300.0, 800.0]
    neurons.V_m = [-70.0, -65.0, -60.0, -57.0]
    _couple(nest, neurons[0], neurons[1], 2.0)
    return neuron_run(nest, resolution, neurons[2:], ("V_m",), 10.0)
