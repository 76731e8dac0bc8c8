"""Structural plasticity in the PyNEST dialect."""

from __future__ import annotations

import numpy as np
import pytest

import ovenbird.nest as nest
from ovenbird import errors

# z of four kinds of elements and Ca of three neurons, computed with NEST 3.10
Z = np.array(
    [
        [0.0, 0.5674115930855902, 0.5404690473088836, 0.0],
        [0.0, 0.0, 0.10047604192133526, 0.0],
        [0.0, 0.0, 0.0, 0.0],
    ]
)
CA = np.array([0.01743914852998245, 0.042252975251333744, 0.08666601269041883])


@pytest.fixture(autouse=True)
def fresh() -> None:
    nest.ResetKernel()


def test_growth_agrees_with_the_peer() -> None:
    elements = {
        "l": {"growth_curve": "linear", "growth_rate": 1e-3, "eps": 0.01},
        "g": {"growth_curve": "gaussian", "growth_rate": 1e-3, "eta": 0.001, "eps": 0.02},
        "s": {"growth_curve": "sigmoid", "growth_rate": 2e-3, "eps": 0.008, "psi": 0.003, "z": 1.5},
        "n": {"growth_curve": "gaussian", "growth_rate": -1e-2, "eta": -0.1, "eps": 0.1, "z": 3.0},
    }
    params = {"synaptic_elements": elements, "beta_Ca": 0.002, "tau_Ca": 500.0}
    neurons = nest.Create("iaf_psc_alpha", 3, params)
    neurons.I_e = [380.0, 450.0, 700.0]
    nest.structural_plasticity_update_interval = 100.0
    for i in range(6):
        if i == 3:
            nest.EnableStructuralPlasticity()
        if i == 4:
            neurons.synaptic_elements_param = {"l": {"growth_rate": 5e-3, "z": 0.3}}
        nest.Simulate(150.3)
    z = [[node[name]["z"] for name in "lgsn"] for node in neurons.synaptic_elements]
    np.testing.assert_allclose(z, Z, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(neurons.Ca, CA, rtol=1e-9)


def test_disconnecting_gives_elements_back() -> None:
    syn = {"pre_synaptic_element": "a", "post_synaptic_element": "b"}
    params = {"synaptic_elements": {"a": {}, "b": {}}}
    neurons = nest.Create("iaf_psc_alpha", 3, params)
    nest.Connect(neurons, neurons, {"rule": "all_to_all", "allow_autapses": False}, syn)
    taken = [[node[name]["z_connected"] for name in "ab"] for node in neurons.synaptic_elements]
    assert taken == [[2, 2]] * 3
    nest.Disconnect(neurons[0], neurons[1], syn_spec=syn)
    taken = [[node[name]["z_connected"] for name in "ab"] for node in neurons.synaptic_elements]
    assert taken == [[1, 2], [2, 1], [2, 2]]


def test_refusals() -> None:
    nest.EnableStructuralPlasticity()
    for attribute in ({"local_num_threads": 2}, {"keep_source_table": False}):
        with pytest.raises(errors.KernelException, match="tructural plasticity"):
            nest.set(**attribute)
    nest.DisableStructuralPlasticity()
    nest.keep_source_table = False
    with pytest.raises(errors.KernelException, match="keep_source_table"):
        nest.EnableStructuralPlasticity()
    with pytest.raises(errors.UnaccessedDictionaryEntry, match="did you mean 'eps'"):
        nest.Create("iaf_psc_alpha", params={"synaptic_elements": {"a": {"epz": 1.0}}})


def test_parameters_of_other_growth_curves_have_no_effect():
    """A script may give all elements the same dictionary and change the curve alone."""
    given = {"eps": 0.5, "eta": 0.1, "psi": 0.2, "growth_rate": 0.1}
    own = {"linear": {"eps"}, "gaussian": {"eps", "eta"}, "sigmoid": {"eps", "psi"}}
    for curve, names in own.items():
        element = {"growth_curve": curve, **given}
        neuron = nest.Create("iaf_psc_alpha", params={"synaptic_elements": {"A": element}})
        kept = neuron.synaptic_elements["A"]
        assert {name: kept[name] for name in names} == {name: given[name] for name in names}
        assert not {"eps", "eta", "psi"} - names & kept.keys()
    with pytest.raises(nest.NESTErrors.UnaccessedDictionaryEntry, match="did you mean 'eps'"):
        element = {"growth_curve": "linear", "epss": 0.1}
        nest.Create("iaf_psc_alpha", params={"synaptic_elements": {"A": element}})
