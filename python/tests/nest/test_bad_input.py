"""Bad input is refused at the call, with the right class, and leaves the kernel as it was."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ovenbird.nest as nest
from ovenbird import errors

NAN, INF = math.nan, math.inf
NOT_FINITE = [NAN, INF, -INF]


@pytest.fixture(autouse=True)
def nodes() -> Any:
    nest.ResetKernel()
    neurons = nest.Create("iaf_psc_alpha", 3)
    nest.Connect(neurons, neurons, "all_to_all", {"weight": 2.0, "delay": 1.0})
    return neurons


def everything() -> Any:
    """What a user can see of the kernel, apart from clocks of the machine."""
    timed = ("time_", "memory", "min_update", "max_update")
    status = {k: v for k, v in nest.GetKernelStatus().items() if not k.startswith(timed)}
    models = {name: nest.GetDefaults(name) for name in nest.node_models + nest.synapse_models}
    found = nest.GetNodes()
    network = [node.get() for node in found], nest.GetConnections().get()
    return repr((status, models, network))


def refused(error: type[BaseException], call: Callable[[], Any]) -> str:
    """Check that a call is refused without effect, and that the kernel still runs."""
    before = everything()
    with pytest.raises(error) as info:
        call()
    assert everything() == before
    nest.Simulate(1.0)
    return str(info.value)


def connect(conn: Any = None, syn: Any = None) -> Callable[[], Any]:
    return lambda: nest.Connect(nest.NodeCollection([1, 2]), nest.NodeCollection([2, 3]), conn, syn)


@pytest.mark.parametrize("value", NOT_FINITE)
@pytest.mark.parametrize("key", ["C_m", "tau_m", "t_ref", "tau_syn_ex", "E_L", "I_e", "V_m"])
def test_parameters_of_neurons_that_are_not_finite(nodes, key, value):
    assert key in refused(errors.BadProperty, lambda: nodes.set({key: value}))
    assert key in refused(errors.BadProperty, lambda: nodes.set({key: [1.0, value, 1.0]}))
    refused(errors.BadProperty, lambda: nest.SetDefaults("iaf_psc_alpha", {key: value}))
    refused(errors.BadProperty, lambda: nest.CopyModel("iaf_psc_alpha", "copy", {key: value}))


@pytest.mark.parametrize(
    ("key", "value", "error"),
    [
        ("C_m", 0.0, errors.BadProperty),
        ("tau_m", -1.0, errors.BadProperty),
        ("t_ref", -0.1, errors.BadProperty),
        ("V_th", NAN, errors.BadProperty),
        ("C_m", "large", errors.TypeMismatch),
        ("C_m", None, TypeError),
        ("C_m", 1j, TypeError),
        ("C_m", {"x": 1.0}, errors.TypeMismatch),
        ("C_m", 10**400, OverflowError),
        ("C_m", [1.0, 2.0], IndexError),
        ("frozen", 3, errors.TypeMismatch),
        ("V_mm", 1.0, errors.UnaccessedDictionaryEntry),
        ("global_id", 7, errors.UnaccessedDictionaryEntry),
    ],
)
def test_parameters_of_neurons(nodes, key, value, error):
    assert key in refused(error, lambda: nodes.set({"I_e": 1.0, key: value}))


@pytest.mark.parametrize("value", [0.0, *NOT_FINITE])
def test_the_reset_lies_below_the_threshold(nodes, value):
    refused(errors.BadProperty, lambda: nodes.set(V_reset=value))


def test_an_infinite_threshold_is_never_reached(nodes):
    nodes.set(V_th=INF, I_e=1e4)
    nest.Simulate(10.0)
    assert nodes[0].V_th == INF and nest.local_spike_counter == 0


def test_the_nearest_name_is_suggested(nodes):
    assert "'V_m'" in refused(errors.UnaccessedDictionaryEntry, lambda: nodes.set(V_mm=1.0))
    assert "'V_m'" in refused(KeyError, lambda: nodes.get("V_mm"))
    assert "'iaf_psc_alpha'" in refused(
        errors.UnknownModelName, lambda: nest.Create("iaf_psc_alhpa")
    )
    assert "'all_to_all'" in refused(errors.BadProperty, connect("all_to_al"))
    assert "'static_synapse'" in refused(errors.UnknownSynapseType, connect(None, "static_synapes"))
    assert "'resolution'" in refused(ValueError, lambda: nest.set(resoluton=0.2))


@pytest.mark.parametrize(
    ("model", "n", "error"),
    [
        ("iaf_psc_alpha", -1, errors.BadProperty),
        ("iaf_psc_alpha", 0, errors.BadParameterValue),
        ("iaf_psc_alpha", 1.5, TypeError),
        ("iaf_psc_alpha", NAN, TypeError),
        ("iaf_psc_alpha", "2", TypeError),
        ("iaf_psc_alpha", None, TypeError),
        ("iaf_psc_alpha", 2**40, errors.KernelException),
        ("nope", 1, errors.UnknownModelName),
        ("static_synapse", 1, errors.UnknownModelName),
        (3, 1, TypeError),
    ],
)
def test_numbers_of_nodes_and_models(model, n, error):
    refused(error, lambda: nest.Create(model, n))


@pytest.mark.parametrize("value", NOT_FINITE)
def test_weights_that_are_not_finite(nodes, value):
    array = np.full((2, 2), 1.0)
    array[1, 0] = value
    conns = nest.GetConnections()
    refused(errors.BadProperty, connect(None, {"weight": value}))
    refused(errors.BadProperty, connect(None, {"weight": array}))
    refused(errors.BadProperty, lambda: conns.set(weight=value))
    refused(errors.BadProperty, lambda: conns.set(weight=[1.0] * 8 + [value]))
    refused(errors.BadProperty, lambda: nest.SetDefaults("static_synapse", {"weight": value}))
    huge = nest.random.uniform(1.0, 2.0) * 1e308 * 1e308
    refused(errors.BadProperty, connect(None, {"weight": huge}))


@pytest.mark.parametrize("value", [*NOT_FINITE, 0.0, -1.0, 0.04, 1e-300, 1e300])
def test_delays(nodes, value):
    array = np.full((2, 2), 1.0)
    array[1, 0] = value
    conns = nest.GetConnections()
    refused(errors.BadDelay, connect(None, {"delay": value}))
    refused(errors.BadDelay, connect(None, {"delay": array}))
    refused(errors.BadDelay, lambda: conns.set(delay=value))
    refused(errors.BadDelay, lambda: conns.set(delay=[1.0] * 8 + [value]))
    refused(errors.BadDelay, lambda: nest.SetDefaults("static_synapse", {"delay": value}))


def test_drawn_delays_below_the_resolution():
    refused(errors.BadDelay, connect(None, {"delay": nest.random.uniform(-2.0, -1.0)}))


@pytest.mark.parametrize(("given", "used"), [(0.05, 0.1), (0.11, 0.1), (0.8499, 0.8), (0.85, 0.9)])
def test_delays_between_steps_go_to_the_nearest(given, used):
    nest.ResetKernel()
    neuron = nest.Create("iaf_psc_alpha")
    nest.Connect(neuron, neuron, syn_spec={"delay": given})
    assert nest.GetConnections().delay == used


@pytest.mark.parametrize(
    ("conn", "error"),
    [
        *(({"rule": "pairwise_bernoulli", "p": p}, errors.BadProperty)
          for p in [*NOT_FINITE, -0.1, 1.1]),
        ({"rule": "pairwise_bernoulli", "p": "half"}, errors.TypeMismatch),
        ({"rule": "pairwise_bernoulli"}, IndexError),
        ({"rule": "pairwise_bernoulli", "p": nest.random.uniform(2.0, 3.0)}, errors.BadProperty),
        *(({"rule": "pairwise_poisson", "pairwise_avg_num_conns": mean}, errors.BadProperty)
          for mean in [*NOT_FINITE, -1.0]),
        ({"rule": "fixed_indegree", "indegree": -1}, errors.BadProperty),
        ({"rule": "fixed_indegree", "indegree": 1.5}, errors.TypeMismatch),
        ({"rule": "fixed_indegree", "indegree": 3, "allow_multapses": False}, errors.BadProperty),
        ({"rule": "fixed_outdegree", "outdegree": -1}, errors.BadProperty),
        ({"rule": "fixed_total_number", "N": -1}, errors.BadProperty),
        ({"rule": "symmetric_pairwise_bernoulli", "p": 1.0, "allow_autapses": False,
          "make_symmetric": True}, errors.BadProperty),
        ({"rule": "all_to_al"}, errors.BadProperty),
        ({"p": 0.5}, KeyError),
        ({"rule": "all_to_all", "p": 0.5}, TypeError),
        (3, TypeError),
    ],
)  # fmt: skip
def test_rules(conn, error):
    refused(error, connect(conn))


@pytest.mark.parametrize(
    ("syn", "error"),
    [
        ({"synapse_model": "nope"}, errors.UnknownSynapseType),
        ({"synapse_model": 1}, TypeError),
        ({"color": 1.0}, errors.UnaccessedDictionaryEntry),
        ({"receptor_type": 1}, errors.UnknownReceptorType),
        ({"receptor_type": -1}, errors.UnknownReceptorType),
        ({"receptor_type": 1.5}, errors.TypeMismatch),
        ({"weight": "strong"}, errors.BadProperty),
        ({"weight": True}, errors.BadProperty),
        ({"weight": {"a": 1.0}}, errors.BadProperty),
        ({"weight": [[True] * 2] * 2}, TypeError),
        ({"delay": "long"}, errors.BadProperty),
        ({"receptor_type": True}, errors.BadProperty),
        ({"synapse_model": "stdp_synapse", "alpha": "a"}, errors.BadProperty),
        ({"weight": [1.0]}, TypeError),
        ({"weight": [[1.0]]}, ValueError),
        ({"weight": None}, TypeError),
    ],
)
def test_synapses(syn, error):
    refused(error, connect(None, syn))


def test_nodes_are_no_numbers(nodes):
    for key in ("weight", "delay", "receptor_type"):
        refused(errors.BadProperty, connect("one_to_one", {key: nodes}))
    refused(errors.TypeMismatch, lambda: nodes.set(V_m=nodes))
    refused(errors.TypeMismatch, lambda: nest.Create("iaf_psc_alpha", 3, {"V_m": nodes}))
    refused(errors.TypeMismatch, lambda: nest.SetDefaults("static_synapse", {"weight": nodes}))
    refused(errors.TypeMismatch, lambda: nest.SetKernelStatus({"rng_seed": nodes}))


def test_nodes_that_cannot_be_connected(nodes):
    recorder = nest.Create("spike_recorder")
    generator = nest.Create("poisson_generator")
    refused(errors.IllegalConnection, lambda: nest.Connect(recorder, nodes))
    refused(errors.IllegalConnection, lambda: nest.Connect(nodes, generator))
    refused(errors.IllegalConnection, lambda: nest.Connect(nest.NodeCollection(), nodes))
    refused(errors.DimensionMismatch, lambda: nest.Connect(nodes, nodes[:2], "one_to_one"))
    refused(errors.UnknownNode, lambda: nest.Connect([1, 99], [1, 2]))
    refused(errors.InexistentConnection, lambda: nest.Disconnect(generator, nodes[0]))


@pytest.mark.parametrize("duration", [-1.0, 0.11, 1e300, *NOT_FINITE])
def test_durations(duration):
    refused(errors.BadParameter, lambda: nest.Simulate(duration))


@pytest.mark.parametrize("duration", ["1", None, True, [1.0]])
def test_durations_that_are_no_numbers(duration):
    refused(TypeError, lambda: nest.Simulate(duration))


def test_run_and_cleanup_need_prepare():
    refused(errors.KernelException, lambda: nest.Run(1.0))
    refused(errors.KernelException, nest.Cleanup)
    with nest.RunManager():
        for call in (nest.Prepare, lambda: nest.Create("iaf_psc_alpha"), connect()):
            with pytest.raises(errors.KernelException):
                call()
        nest.Run(1.0)


@pytest.mark.parametrize(
    ("model", "params", "error"),
    [
        *(("poisson_generator", {"rate": rate}, errors.BadProperty) for rate in [*NOT_FINITE, -1]),
        *(("dc_generator", {"amplitude": x}, errors.BadProperty) for x in NOT_FINITE),
        ("dc_generator", {"start": NAN}, errors.BadProperty),
        ("dc_generator", {"start": 0.25}, errors.BadProperty),
        ("dc_generator", {"start": 2.0, "stop": 1.0}, errors.BadProperty),
        ("multimeter", {"interval": NAN}, errors.BadProperty),
        ("multimeter", {"interval": 0.0}, errors.BadProperty),
        ("multimeter", {"interval": 0.15}, errors.BadProperty),
        ("multimeter", {"offset": -1.0}, errors.BadProperty),
        ("multimeter", {"record_from": "V_m"}, errors.TypeMismatch),
        ("multimeter", {"frozen": True}, errors.BadProperty),
        ("spike_recorder", {"origin": 0.25}, errors.BadProperty),
        ("spike_recorder", {"record_to": "paper"}, errors.BadProperty),
        ("spike_recorder", {"n_events": 3}, errors.BadProperty),
    ],
)
def test_parameters_of_devices(model, params, error):
    device = nest.Create(model)
    refused(error, lambda: device.set(params))
    if "frozen" not in params:
        refused(error, lambda: nest.SetDefaults(model, params))


def test_a_multimeter_and_what_it_samples(nodes):
    meter = nest.Create("multimeter", params={"record_from": ["V_mm"]})
    assert "V_mm" in refused(errors.IllegalConnection, lambda: nest.Connect(meter, nodes))
    meter.record_from = ["V_m"]
    nest.Connect(meter, nodes)
    refused(errors.IllegalConnection, lambda: nest.Connect(meter, nodes[0]))
    refused(errors.BadProperty, lambda: meter.set(record_from=["I_syn_ex"]))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("resolution", 0.0),
        ("resolution", NAN),
        ("resolution", INF),
        ("resolution", 0.2),
        ("local_num_threads", 0),
        ("local_num_threads", -1),
        ("local_num_threads", 1.5),
        ("local_num_threads", 2),
        ("rng_seed", 0),
        ("rng_seed", 2**32),
        ("rng_seed", 1.5),
        ("rng_type", "dice"),
        ("min_delay", 0.5),
        ("wfr_tol", NAN),
        ("wfr_tol", -1.0),
        ("biological_time", 1.0),
        ("update_time_limit", NAN),
        ("overwrite_files", "yes"),
        ("print_time", "yes"),
    ],
)
def test_kernel_attributes(key, value):
    refused(errors.KernelException, lambda: nest.SetKernelStatus({"use_wfr": True, key: value}))


@pytest.mark.parametrize("key", ["network_size", "nope"])
def test_kernel_attributes_that_cannot_be_set(key):
    refused(ValueError, lambda: nest.SetKernelStatus({"rng_seed": 5, key: 1}))


@pytest.mark.parametrize(
    "use",
    [
        lambda nodes, conns: nodes.get("V_m"),
        lambda nodes, conns: nodes.V_m,
        lambda nodes, conns: nodes.set(V_m=1.0),
        lambda nodes, conns: nodes[0].V_m,
        lambda nodes, conns: nodes + nodes,
        lambda nodes, conns: nest.Connect(nodes, nodes),
        lambda nodes, conns: nest.GetConnections(nodes),
        lambda nodes, conns: nest.GetStatus(nodes),
        lambda nodes, conns: conns.get("weight"),
        lambda nodes, conns: conns.set(weight=1.0),
        lambda nodes, conns: conns.disconnect(),
    ],
)
def test_collections_from_before_a_reset(nodes, use):
    conns = nest.GetConnections()
    nest.ResetKernel()
    nest.Create("dc_generator", 5)
    assert "ResetKernel" in refused(errors.KernelException, lambda: use(nodes, conns))


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: nest.random.normal(0.0, -1.0), errors.BadProperty),
        (lambda: nest.random.uniform(1.0, 0.0), errors.BadProperty),
        (lambda: nest.random.uniform(NAN, 1.0), errors.BadProperty),
        (lambda: nest.random.exponential(-1.0), errors.BadProperty),
        (lambda: nest.NodeCollection([99]), errors.UnknownNode),
        (lambda: nest.NodeCollection([-1]), OverflowError),
        (lambda: nest.NodeCollection([1, 1]), errors.BadProperty),
        (lambda: nest.NodeCollection([2, 1]), errors.BadProperty),
        (lambda: nest.NodeCollection([1])[5], IndexError),
        (lambda: nest.GetDefaults("nope"), errors.UnknownComponent),
        (lambda: nest.SetDefaults("nope", {"x": 1.0}), errors.UnknownComponent),
        (lambda: nest.CopyModel("nope", "x"), errors.UnknownModelName),
        (lambda: nest.CopyModel("iaf_psc_alpha", "iaf_psc_exp"), errors.NewModelNameExists),
        (lambda: nest.GetConnections(synapse_model="nope"), errors.UnknownSynapseType),
    ],
)
def test_parameters_collections_and_models(make, error):
    refused(error, make)


THIRD = {"rule": "third_factor_bernoulli_with_pool"}


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda n: nest.Create("iaf_psc_alpha", 10**19), errors.KernelException, "4294967295"),
        (lambda n: nest.Create("iaf_psc_alpha", 10**400), errors.KernelException, "more than"),
        (lambda n: nest.Connect(3, n), TypeError, "'pre' must be a NodeCollection"),
        (lambda n: nest.Connect(n, None), TypeError, "'post' must be a NodeCollection"),
        (lambda n: nest.Connect(n, nest.GetConnections()), TypeError, "'post' must be a NodeCo"),
        (lambda n: nest.Connect(n, [[1], [2, 3]]), ValueError, "'post' must be an array"),
        (lambda n: nest.Connect([1, None], n), TypeError, "'pre' node IDs must be integers"),
        (lambda n: nest.Connect(n, n, {"rule": np.arange(3)}), TypeError, "connection rule"),
        (
            lambda n: nest.Connect(n, n, "all_to_all", {"weight": [[1.0], [2.0, 3.0]]}),
            ValueError,
            "'weight' must be an array whose rows",
        ),
        (lambda n: nest.GetConnections(synapse_label=2**70), errors.BadParameterValue, "64 bits"),
        (lambda n: nest.TripartiteConnect(n, n, n, "one_to_one", THIRD, 3), TypeError, "primary"),
        (
            lambda n: nest.TripartiteConnect(n, n, n, "one_to_one", THIRD, "nope"),
            errors.UnknownSynapseType,
            "nope",
        ),
        (lambda n: nest.SetDefaults(3, {"V_m": 1.0}), TypeError, "model must be the name"),
        (
            lambda n: nest.SetDefaults("static_synapse", {"receptor_type": -3}),
            IndexError,
            "receptor_type must not be negative",
        ),
        (
            lambda n: nest.SetDefaults("spike_recorder", {"record_to": "memmory"}),
            errors.BadProperty,
            "did you mean 'memory'",
        ),
        (lambda n: nest.random.uniform_int(10**19), errors.BadParameterValue, "64 bits"),
        (lambda n: nest.math.min(nest.random.uniform(), "a"), TypeError, "value must be a number"),
        (lambda n: nest.CreateMask(3, {}), TypeError, "masktype must be"),
        (lambda n: nest.spatial.free(nest.random.uniform(), 3), TypeError, "extent must be"),
        (
            lambda n: nest.spatial.free(nest.random.uniform(), num_dimensions=1.5),
            TypeError,
            "num_dimensions must be an integer",
        ),
        (lambda n: nest.GetStatus(n, "V_m", "jsn"), ValueError, "output must be 'json'"),
        (lambda n: n.get("V_m", output=3), TypeError, "output must be"),
        (lambda n: nest.GetConnections()[[[1], [2, 3]]], ValueError, "an index must be"),
        (lambda n: nest.help(3), TypeError, "name of a model"),
        (lambda n: nest.Models(np.arange(3)), TypeError, "mtype must be"),
        (lambda n: nest.raster_plot.from_file(3), TypeError, "fname must be the name of a file"),
        (lambda n: nest.raster_plot.from_data(3), TypeError, "data must be an array"),
        (lambda n: nest.visualization.plot_network(n, 3), TypeError, "filename must be"),
        (lambda n: nest.Create("iaf_psc_alhpa"), errors.UnknownModelName, "known model name; did"),
    ],
)
def test_messages_name_the_argument(nodes, call, error, text):
    assert text in refused(error, lambda: call(nodes))
