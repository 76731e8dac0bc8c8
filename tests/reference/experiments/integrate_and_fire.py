"""`iaf_psc_alpha`, `iaf_psc_exp`, `iaf_psc_delta`."""

from __future__ import annotations

from typing import Any

from .base import Arrays, collect, drive, experiment, grid, meter, neuron_run, recorder

ALL = ("V_m", "I_syn_ex", "I_syn_in")
CUSTOM = {
    "C_m": 180.0,
    "tau_m": 14.0,
    "E_L": -68.5,
    "V_th": -52.25,
    "V_reset": -71.5,
    "V_m": -66.0,
    "t_ref": 3.0,
    "I_e": 260.0,
}


def _driven(
    nest: Any,
    resolution: float,
    model: str,
    params: dict[str, Any],
    weight: float,
    quantities: tuple[str, ...] = ALL,
    inhibition: float = -0.5,
) -> Arrays:
    neuron = nest.Create(model, params=params)
    drive(nest, neuron, resolution, weight, n=60)
    drive(nest, neuron, resolution, inhibition * weight, n=40, delay=2.0, phase=0.3)
    return neuron_run(nest, resolution, neuron, quantities)


@experiment("iaf_psc_alpha")
def current(nest: Any, resolution: float) -> Arrays:
    """Regular firing under the current `I_e`."""
    neuron = nest.Create("iaf_psc_alpha", params={"I_e": 376.0})
    return neuron_run(nest, resolution, neuron, ("V_m",))


@experiment("iaf_psc_alpha")
def custom_parameters(nest: Any, resolution: float) -> Arrays:
    """Every parameter off its default, excitatory and inhibitory input."""
    params = {**CUSTOM, "tau_syn_ex": 0.7, "tau_syn_in": 3.3}
    return _driven(nest, resolution, "iaf_psc_alpha", params, 300.0)


@experiment("iaf_psc_alpha")
def equal_time_constants(nest: Any, resolution: float) -> Arrays:
    """The singular case in which membrane and synapses share their time constant."""
    params = {"tau_m": 10.0, "tau_syn_ex": 10.0, "tau_syn_in": 10.0, "I_e": 200.0}
    return _driven(nest, resolution, "iaf_psc_alpha", params, 60.0)


@experiment("iaf_psc_alpha")
def nearly_equal_time_constants(nest: Any, resolution: float) -> Arrays:
    """Time constants so near each other that the closed form loses digits."""
    params = {"tau_m": 10.0, "tau_syn_ex": 10.0001, "tau_syn_in": 9.99, "I_e": 200.0}
    return _driven(nest, resolution, "iaf_psc_alpha", params, 60.0)


@experiment("iaf_psc_alpha")
def lower_bound(nest: Any, resolution: float) -> Arrays:
    """`V_min` clamps the membrane potential under strong inhibition."""
    return _driven(nest, resolution, "iaf_psc_alpha", {"V_min": -72.5}, 400.0, inhibition=-2.0)


@experiment("iaf_psc_alpha")
def no_refractoriness(nest: Any, resolution: float) -> Arrays:
    """`t_ref` of zero under a strong current."""
    neuron = nest.Create("iaf_psc_alpha", params={"I_e": 900.0, "t_ref": 0.0})
    return neuron_run(nest, resolution, neuron, ("V_m",), 100.0)


@experiment("iaf_psc_alpha")
def heterogeneous_population(nest: Any, resolution: float) -> Arrays:
    """Five neurons that differ in current, initial potential and refractoriness."""
    neurons = nest.Create("iaf_psc_alpha", 5)
    neurons.I_e = [300.0, 374.0, 376.0, 420.0, 800.0]
    neurons.V_m = [-80.0, -70.0, -65.0, -60.0, -56.0]
    neurons[2:].t_ref = 5.0
    drive(nest, neurons, resolution, 120.0)
    return neuron_run(nest, resolution, neurons, ("V_m",))


@experiment("iaf_psc_alpha")
def changes_between_runs(nest: Any, resolution: float) -> Arrays:
    """Parameters and the membrane potential set while simulated time is at 50 and 100 ms."""
    neuron = nest.Create("iaf_psc_alpha", params={"I_e": 376.0})
    drive(nest, neuron, resolution, 200.0)
    traces, spikes = meter(nest, neuron, ALL, resolution), recorder(nest, neuron)
    nest.Simulate(50.0)
    neuron.set({"V_m": -75.0, "I_e": 420.0})
    nest.Simulate(50.0)
    neuron.set({"tau_m": 20.0, "C_m": 300.0, "V_th": -58.0, "tau_syn_ex": 5.0})
    nest.Simulate(50.0)
    return collect(traces=traces, spikes=spikes)


@experiment("iaf_psc_alpha")
def relative_to_leak(nest: Any, resolution: float) -> Arrays:
    """Setting only `E_L` leaves the other potentials as they read before."""
    neuron = nest.Create("iaf_psc_alpha", params={"I_e": 300.0})
    neuron.E_L = -63.0
    return neuron_run(nest, resolution, neuron, ("V_m",), 100.0)


@experiment("iaf_psc_exp")
def current_and_spikes(nest: Any, resolution: float) -> Arrays:
    """Default parameters under current and excitatory and inhibitory spikes."""
    return _driven(nest, resolution, "iaf_psc_exp", {"I_e": 300.0}, 400.0)


@experiment("iaf_psc_exp")
def custom_exp_parameters(nest: Any, resolution: float) -> Arrays:
    """Every parameter off its default."""
    params = {**CUSTOM, "tau_syn_ex": 0.7, "tau_syn_in": 3.3}
    return _driven(nest, resolution, "iaf_psc_exp", params, 600.0)


@experiment("iaf_psc_exp")
def equal_exp_time_constants(nest: Any, resolution: float) -> Arrays:
    """The singular case in which membrane and synapses share their time constant."""
    params = {"tau_m": 8.0, "tau_syn_ex": 8.0, "tau_syn_in": 8.0, "I_e": 250.0}
    return _driven(nest, resolution, "iaf_psc_exp", params, 150.0)


@experiment("iaf_psc_exp")
def nearly_equal_exp_time_constants(nest: Any, resolution: float) -> Arrays:
    """Time constants so near each other that the closed form loses digits."""
    params = {"tau_m": 8.0, "tau_syn_ex": 8.0001, "tau_syn_in": 7.99, "I_e": 250.0}
    return _driven(nest, resolution, "iaf_psc_exp", params, 150.0)


@experiment("iaf_psc_exp")
def current_receptors(nest: Any, resolution: float) -> Arrays:
    """Currents into port 0 act directly, into port 1 through the excitatory kernel."""
    neuron = nest.Create("iaf_psc_exp", params={"tau_syn_ex": 4.0})
    delay = grid(1.0, resolution)
    direct = nest.Create("dc_generator", params={"amplitude": 120.0, "start": 20.0, "stop": 150.0})
    steps = {
        "amplitude_times": [grid(t, resolution) for t in (10.0, 60.0, 110.0)],
        "amplitude_values": [100.0, 350.0, -80.0],
    }
    filtered = nest.Create("step_current_generator", params=steps)
    nest.Connect(direct, neuron, syn_spec={"weight": 1.5, "delay": delay, "receptor_type": 0})
    nest.Connect(filtered, neuron, syn_spec={"weight": 0.8, "delay": delay, "receptor_type": 1})
    return neuron_run(nest, resolution, neuron, ALL)


@experiment("iaf_psc_delta")
def delta_current_and_spikes(nest: Any, resolution: float) -> Arrays:
    """Jumps of the membrane potential on top of a constant current."""
    return _driven(nest, resolution, "iaf_psc_delta", {"I_e": 330.0}, 3.0, ("V_m",))


@experiment("iaf_psc_delta")
def custom_delta_parameters(nest: Any, resolution: float) -> Arrays:
    """Every parameter off its default."""
    return _driven(nest, resolution, "iaf_psc_delta", CUSTOM, 4.0, ("V_m",))


@experiment("iaf_psc_delta")
def refractory_input(nest: Any, resolution: float) -> Arrays:
    """Input during refractoriness kept by one neuron and dropped by the other."""
    neurons = nest.Create("iaf_psc_delta", 2, params={"I_e": 380.0, "t_ref": 8.0, "tau_m": 15.0})
    neurons.refractory_input = [True, False]
    drive(nest, neurons, resolution, 2.5, n=80)
    return neuron_run(nest, resolution, neurons, ("V_m",))


@experiment("iaf_psc_delta")
def delta_lower_bound(nest: Any, resolution: float) -> Arrays:
    """`V_min` clamps the membrane potential under strong inhibition."""
    params = {"V_min": -74.0}
    return _driven(nest, resolution, "iaf_psc_delta", params, 4.0, ("V_m",), inhibition=-2.0)


@experiment("iaf_psc_delta")
def ignore_and_spike(nest: Any, resolution: float) -> Arrays:
    """Spikes at a fixed interval whatever the input."""
    params = {
        "ignore_and_spike": True,
        "ignore_and_spike_interval": 20.0,
        "ignore_and_spike_offset": 7.0,
    }
    neuron = nest.Create("iaf_psc_delta", params=params)
    spikes = recorder(nest, neuron)
    nest.Simulate(150.0)
    return collect(spikes=spikes)
