"""Connect, Disconnect and GetConnections: endpoints, specifications, shapes of arrays."""

import time
from typing import Any

import numpy as np
import pytest

import ovenbird.nest as nest

Pair = tuple[nest.NodeCollection, nest.NodeCollection]


@pytest.fixture
def sides() -> Pair:
    nest.CopyModel("static_synapse", "copy_synapse")
    return nest.Create("iaf_psc_alpha", 3), nest.Create("iaf_psc_alpha", 4)


def pairs(conns: nest.SynapseCollection) -> set[tuple[int, int]]:
    return set(zip(conns.sources(), conns.targets(), strict=True))


def test_rules(sides: Pair) -> None:
    pre, post = sides
    nest.Connect(pre, post)
    assert pairs(nest.GetConnections()) == {(s, t) for s in (1, 2, 3) for t in (4, 5, 6, 7)}
    conns = nest.Connect(pre, post[:3], "one_to_one", return_synapsecollection=True)
    assert len(conns) == 3 + 9
    nest.Connect(pre, post, {"rule": "fixed_indegree", "indegree": 2}, "copy_synapse")
    copied = nest.GetConnections(synapse_model="copy_synapse")
    assert sorted(copied.targets()) == [4, 4, 5, 5, 6, 6, 7, 7]
    assert nest.num_connections == 12 + 3 + 8


def test_arrays_fill_the_rule(sides: Pair) -> None:
    pre, post = sides
    weights = np.arange(12.0).reshape(4, 3)
    nest.Connect(pre, post, syn_spec={"weight": weights, "delay": (1.0 + weights).tolist()})
    conns = nest.GetConnections()
    for source, target, weight, delay in zip(
        conns.sources(), conns.targets(), conns.weight, conns.delay, strict=True
    ):
        assert weight == weights[target - 4, source - 1]
        assert delay == weight + 1.0


def test_arrays_of_degrees(sides: Pair) -> None:
    pre, post = sides
    weights = np.arange(8.0).reshape(4, 2)
    nest.Connect(pre, post, {"rule": "fixed_indegree", "indegree": 2}, {"weight": weights})
    for number, target in enumerate(post):
        assert sorted(nest.GetConnections(target=target).weight) == weights[number].tolist()


def test_integer_arrays_are_numbers(sides: Pair) -> None:
    pre, post = sides
    nest.Connect(pre, post[:3], "one_to_one", {"weight": [1, 2, 3]})
    assert nest.GetConnections().weight == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("rule", "weights", "error"),
    [
        ("all_to_all", np.ones((3, 4)), ValueError),
        ("all_to_all", np.ones(12), TypeError),
        ("all_to_all", [], TypeError),
        ("all_to_all", np.ones((4, 3, 1)), TypeError),
        ("one_to_one", np.ones(2), ValueError),
        ("one_to_one", np.ones((3, 1)), TypeError),
        ({"rule": "fixed_indegree", "indegree": 2}, np.ones((3, 2)), ValueError),
        ({"rule": "fixed_outdegree", "outdegree": 2}, np.ones((4, 2)), ValueError),
        ({"rule": "fixed_total_number", "N": 5}, np.ones(4), ValueError),
        ({"rule": "pairwise_bernoulli", "p": 0.5}, np.ones((4, 3)), TypeError),
        ("all_to_all", np.full((4, 3), "a"), TypeError),
    ],
)
def test_wrong_shapes(sides: Pair, rule: object, weights: object, error: type[Exception]) -> None:
    pre, post = sides
    with pytest.raises(error, match="'weight'"):
        nest.Connect(pre, post, rule, {"weight": weights})
    assert nest.num_connections == 0


def test_ids_that_repeat(sides: Pair) -> None:
    sources, targets = [1, 1, 3, 2], np.array([4, 4, 5, 4], dtype=np.uint64)
    spec = {"weight": np.array([1.0, 2.0, 3.0, 4.0]), "delay": 1.5}
    nest.Connect(sources, targets, "one_to_one", spec)
    conns = nest.GetConnections()
    found = sorted(zip(conns.sources(), conns.targets(), conns.weight, strict=True))
    assert found == [(1, 4, 1.0), (1, 4, 2.0), (2, 4, 4.0), (3, 5, 3.0)]
    assert set(conns.delay) == {1.5}


def test_ids_that_repeat_need_one_to_one(sides: Pair) -> None:
    for args, error in [
        (([1, 1], [4, 5]), ValueError),
        (([1, 1], [4], "one_to_one"), ValueError),
        (([1.0, 1.0], [4, 5], "one_to_one"), TypeError),
        (([1, 1], [4, 99], "one_to_one"), nest.NESTErrors.UnknownNode),
        ((3, [4]), TypeError),
        (([2, 1], [4, 5]), nest.NESTErrors.BadProperty),
    ]:
        with pytest.raises(error):
            nest.Connect(*args)
    assert nest.num_connections == 0
    nest.Connect([1, 2], [4, 5])
    assert nest.num_connections == 4


def test_collocated_tables_row_by_row(sides: Pair) -> None:
    pre, post = sides
    weights = np.arange(1.0, 1.0 + len(pre) * len(post))
    table = weights.reshape(len(post), len(pre))
    nest.Connect(pre, post, syn_spec=nest.CollocatedSynapses({"weight": weights}, {"weight": 0.5}))
    conns = nest.GetConnections()
    made = {
        (source, target): weight
        for source, target, weight in zip(conns.source, conns.target, conns.weight, strict=True)
        if weight != 0.5
    }
    assert made == {
        (source, target): table[j, i]
        for i, source in enumerate(pre.tolist())
        for j, target in enumerate(post.tolist())
    }
    rule = {"rule": "fixed_indegree", "indegree": 2}
    spec = nest.CollocatedSynapses({"weight": np.arange(2.0 * len(post)) + 100.0}, {"weight": 0.5})
    nest.Connect(pre, post, rule, spec)
    for j, target in enumerate(post):
        drawn = [w for w in nest.GetConnections(target=target).weight if w >= 100.0]
        assert sorted(drawn) == [100.0 + 2 * j, 101.0 + 2 * j]
    for bad in ("all_to_all", {"rule": "fixed_outdegree", "outdegree": 2}):
        with pytest.raises(ValueError, match="'weight' has to have"):
            nest.Connect(pre, post, bad, nest.CollocatedSynapses({"weight": weights[1:]}))
    with pytest.raises(TypeError, match="One-dimensional"):
        nest.Connect(pre, post, "all_to_all", {"weight": weights})


def test_collocated_synapses(sides: Pair) -> None:
    pre, post = sides
    weights = np.arange(12.0).reshape(4, 3)
    spec = nest.CollocatedSynapses(
        {"weight": 2.0}, {"synapse_model": "copy_synapse", "weight": weights}
    )
    assert len(spec) == 2
    nest.Connect(pre, post, syn_spec=spec)
    assert set(nest.GetConnections(synapse_model="static_synapse").weight) == {2.0}
    copied = nest.GetConnections(synapse_model="copy_synapse")
    assert sorted(copied.weight) == list(range(12))
    with pytest.raises(TypeError):
        nest.CollocatedSynapses({"weight": 1.0}, 3)
    with pytest.raises(nest.NESTErrors.BadProperty):
        nest.Connect(pre, post, syn_spec=nest.CollocatedSynapses())


@pytest.mark.parametrize(
    ("conn_spec", "syn_spec", "error"),
    [
        (3, None, TypeError),
        ({"indegree": 2}, None, KeyError),
        ("al_to_all", None, nest.NESTErrors.BadProperty),
        ({"rule": "all_to_all", "foo": 1}, None, nest.NESTErrors.UnaccessedDictionaryEntry),
        ("one_to_one", None, nest.NESTErrors.DimensionMismatch),
        (None, 3, TypeError),
        (None, "static_synapsee", nest.NESTErrors.UnknownSynapseType),
        (None, {"synapse_model": 3}, TypeError),
        (None, {"foo": 1.0}, nest.NESTErrors.UnaccessedDictionaryEntry),
        (None, {"delay": 0.01}, nest.NESTErrors.BadDelay),
        ({"rule": "all_to_all", "mask": {}}, None, TypeError),
    ],
)
def test_bad_specifications(
    sides: Pair, conn_spec: object, syn_spec: object, error: type[Exception]
) -> None:
    pre, post = sides
    with pytest.raises(error):
        nest.Connect(pre, post, conn_spec, syn_spec)
    assert nest.num_connections == 0


def test_empty_sides(sides: Pair) -> None:
    for pre, post in ((nest.NodeCollection(), sides[1]), (sides[0], [])):
        with pytest.raises(nest.NESTErrors.IllegalConnection, match="empty NodeCollection"):
            nest.Connect(pre, post)


def test_get_connections_filters(sides: Pair) -> None:
    pre, post = sides
    nest.Connect(pre, post)
    nest.Connect(pre, post, syn_spec="copy_synapse")
    assert len(nest.GetConnections()) == 24
    assert pairs(nest.GetConnections(pre[:2], post[::2])) == {(1, 4), (1, 6), (2, 4), (2, 6)}
    assert len(nest.GetConnections(synapse_model="copy_synapse")) == 12
    assert len(nest.GetConnections(source=post)) == 0
    for kwargs, error in [
        ({"source": [1, 2]}, TypeError),
        ({"synapse_model": "copy_synapsee"}, nest.NESTErrors.UnknownSynapseType),
        ({"synapse_model": 3}, nest.NESTErrors.TypeMismatch),
        ({"synapse_label": "a"}, nest.NESTErrors.TypeMismatch),
    ]:
        with pytest.raises(error):
            nest.GetConnections(**kwargs)


def test_disconnect(sides: Pair) -> None:
    pre, post = sides
    nest.Connect(pre, post)
    nest.Disconnect(pre, post[:3])
    assert nest.num_connections == 9
    nest.Disconnect(nest.GetConnections(target=post[3]))
    assert nest.num_connections == 6
    nest.Connect(pre, post, syn_spec="copy_synapse")
    nest.Disconnect(pre, post, conn_spec="all_to_all", syn_spec={"synapse_model": "copy_synapse"})
    assert nest.num_connections == 6
    with pytest.raises(nest.NESTErrors.InexistentConnection):
        nest.Disconnect(pre[0], post[0])
    for args in ((pre,), (pre, post, "one_to_one"), (pre, [4]), ()):
        with pytest.raises(TypeError):
            nest.Disconnect(*args)


@pytest.mark.parametrize("autapses", [True, False])
def test_fixed_total_number_without_multapses(autapses: bool) -> None:
    nodes = nest.Create("iaf_psc_alpha", 12)
    allowed = 144 if autapses else 132
    spec = {"rule": "fixed_total_number", "allow_multapses": False, "allow_autapses": autapses}
    for number in (0, 1, 60, allowed - 1, allowed):
        nest.Connect(nodes, nodes, {**spec, "N": number})
        conns = nest.GetConnections()
        assert len(conns) == len(pairs(conns)) == number
        assert autapses or all(s != t for s, t in pairs(conns))
        conns.disconnect()
    with pytest.raises(nest.NESTErrors.BadProperty, match=f"give {allowed}"):
        nest.Connect(nodes, nodes, {**spec, "N": allowed + 1})


def test_single_calls_refuse_as_others_do() -> None:
    a, b = nest.Create("iaf_psc_alpha", 2)
    recorder = nest.Create("spike_recorder")
    cases: list[tuple[Any, ...]] = [
        (recorder, a),
        (a, b, "one_to_two"),
        (a, b, {"rule": "one_to_one", "autapses": True}),
        (a, b, None, {"weigth": 1.0}),
        (a, b, None, {"delay": 0.01}),
        (a, b, None, {"weight": float("nan")}),
        (a, b, None, {"receptor_type": 3}),
        (a, b, None, {"synapse_model": "static"}),
        (a, b, {"rule": "one_to_one", "make_symmetric": 1}),
        (a, b, "one_to_one", "gap_junction"),
    ]
    for case in cases:
        with pytest.raises((nest.NESTError, ValueError)):
            nest.Connect(*case)
    assert nest.num_connections == 0
    nest.Connect(a, b, {"rule": "one_to_one", "make_symmetric": True}, {"weight": 2})
    assert pairs(nest.GetConnections()) == {(1, 2), (2, 1)}
    nest.ResetKernel()
    with pytest.raises(nest.NESTError, match="ResetKernel"):
        nest.Connect(a, b)


@pytest.mark.parametrize(
    ("model", "conn_spec", "syn_spec"),
    [
        ("iaf_psc_alpha", None, {}),
        ("iaf_psc_alpha", "one_to_one", {"synapse_model": "stdp_synapse"}),
        ("iaf_psc_alpha", {"rule": "all_to_all", "allow_multapses": False}, {"delay": 1.5}),
        ("iaf_psc_alpha", {"rule": "one_to_one", "make_symmetric": True}, {"weight": -3.0}),
        ("iaf_psc_alpha", None, {"synapse_model": "stdp_synapse", "weight": 4, "delay": 2.0}),
        ("glif_cond", "one_to_one", {"receptor_type": 2, "delay": 0.5}),
        (
            "hh_psc_alpha_gap",
            {"rule": "one_to_one", "make_symmetric": True, "allow_autapses": False},
            {"synapse_model": "gap_junction", "weight": 0.5},
        ),
    ],
)
def test_single_calls_connect_as_arrays_do(
    model: str, conn_spec: Any, syn_spec: dict[str, Any]
) -> None:
    made = []
    for as_array in (False, True):
        nest.ResetKernel()
        nest.Create(model, 3)
        weight: Any = syn_spec.get("weight", 1.0)
        if as_array:
            weight = np.array([weight] if "one_to_one" in str(conn_spec) else [[weight]])
        pair = nest.NodeCollection([2]), nest.NodeCollection([3])
        nest.Connect(*pair, conn_spec, {**syn_spec, "weight": weight})
        made.append(nest.GetConnections().get(output="json"))
    assert made[0] == made[1]


def test_single_calls_are_timed_with_what_they_list() -> None:
    many = nest.Create("iaf_psc_alpha", 300)
    a, b = many[0], many[1]
    nest.Connect(many, many)
    for _ in range(82):
        held = nest.GetConnections()
        before, start = nest.time_construction_connect, time.perf_counter()
        nest.Connect(a, b)
        wall = time.perf_counter() - start
        spent = nest.time_construction_connect - before
        # listing 90000 connections, which is timed whichever call does it
        assert 1e-6 < spent <= wall
        assert len(held) < nest.num_connections


def test_names_are_those_of_models_after_a_reset() -> None:
    for node, synapse in [("iaf_psc_alpha", "static_synapse"), ("iaf_psc_exp", "stdp_synapse")]:
        nest.ResetKernel()
        nest.CopyModel(node, f"my_{node}")
        nest.CopyModel(synapse, f"my_{synapse}")
        nodes = nest.Create(f"my_{node}", 2)
        a, b = nest.NodeCollection([1]), nest.NodeCollection([2])
        assert f"model=my_{node}," in repr(a)
        assert a == nodes[0]
        nest.Connect(a, b, None, {"synapse_model": f"my_{synapse}"})
        assert nest.GetConnections().synapse_model == f"my_{synapse}"
    with pytest.raises(nest.NESTErrors.UnknownSynapseType):
        nest.Connect(a, b, None, "my_static_synapse")


def test_single_gap_junctions_must_be_symmetric() -> None:
    a, b = nest.Create("hh_psc_alpha_gap", 2)
    for rule in (None, "one_to_one", "all_to_all", {"rule": "one_to_one"}):
        with pytest.raises(nest.NESTErrors.BadProperty, match="make_symmetric"):
            nest.Connect(a, b, rule, {"synapse_model": "gap_junction"})
    assert nest.num_connections == 0


def test_refused_parameters_leave_no_nodes() -> None:
    nest.local_num_threads = 2
    kept = nest.Create("iaf_psc_alpha", 3)
    for model, params in [
        ("iaf_psc_alpha", {"C_m": -1.0}),
        ("iaf_psc_alpha", {"C_mm": 1.0}),
        ("iaf_psc_alpha", [{"C_m": 1.0}] * 4 + [{"V_m": 0.0, "C_m": -1.0}]),
        ("poisson_generator", {"rate": -1.0}),
        ("multimeter", {"record_from": ["V_m"], "interval": -1.0}),
    ]:
        with pytest.raises(nest.NESTError):
            nest.Create(model, 5, params)
        assert nest.network_size == 3
    more = nest.Create("iaf_psc_alpha", 4, {"V_m": [1.0, 2.0, 3.0, 4.0]})
    assert more.tolist() == [4, 5, 6, 7]
    assert (kept + more).V_m == (-70.0, -70.0, -70.0, 1.0, 2.0, 3.0, 4.0)
    nest.Connect(kept, more)
    nest.Simulate(1.0)
