"""Models as attributes of the package."""

import inspect

import pytest

import ovenbird as ob
from ovenbird.models import describe, model_names


def test_every_model_is_an_attribute_and_listed():
    listed = set(dir(ob))
    assert {"iaf_psc_alpha", "voltmeter", "static_synapse", "Simulator", "units"} <= listed
    assert set(model_names()) <= listed
    assert not listed & {"Any", "TYPE_CHECKING", "annotations", "importlib", "_ovenbird"}
    assert all(hasattr(ob, name) for name in listed)
    assert ob.iaf_psc_alpha.name == "iaf_psc_alpha"
    assert ob.iaf_psc_alpha is ob.iaf_psc_alpha


def test_the_kinds_of_models():
    assert ob.iaf_psc_alpha.kind == "neuron"
    assert ob.poisson_generator.kind == "stimulator"
    assert ob.voltmeter.kind == "recorder"
    assert ob.static_synapse.kind == "synapse"


def test_documentation_and_signature_come_from_the_engine():
    parameters = inspect.signature(ob.iaf_psc_alpha).parameters
    assert parameters["C_m"].default == 250.0
    assert "tau_syn_ex" in ob.iaf_psc_alpha.__doc__
    assert "Parameters\n----------" in describe("iaf_psc_alpha")
    assert "V_m" in ob.iaf_psc_alpha.recordables


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("iaf_psc_alpa", "iaf_psc_alpha"), ("Voltmeter", "voltmeter"), ("Simulater", "Simulator")],
)
def test_an_unknown_name_is_refused_with_the_nearest(wrong, right):
    with pytest.raises(AttributeError, match=f"{wrong}.*did you mean '{right}'"):
        getattr(ob, wrong)


def test_calling_a_handle_gives_other_defaults():
    handle = ob.iaf_psc_alpha(C_m=200.0)(I_e=1.0)
    assert handle.params == {"C_m": 200.0, "I_e": 1.0}
    assert ob.iaf_psc_alpha.params == {}
    with pytest.raises(TypeError, match="no parameter 'tau_mm'; did you mean 'tau_m'"):
        ob.iaf_psc_alpha(tau_mm=3)
    assert ob.Simulator().create(handle).C_m == 200.0 * ob.units.pF


def test_the_version_is_that_of_the_distribution():
    assert ob.__version__[0].isdigit()
