"""SynapseCollection: indexing, table, parameters."""

import json
from typing import Any

import numpy as np
import pytest

import ovenbird.nest as nest


@pytest.fixture
def conns() -> nest.SynapseCollection:
    """Four connections of one model and two of a copy of it."""
    nodes = nest.Create("iaf_psc_alpha", 2)
    nest.Connect(nodes, nodes, syn_spec={"weight": [[1.0, 2.0], [3.0, 4.0]]})
    nest.CopyModel("static_synapse", "copy_synapse")
    nest.Connect(nodes, nodes, "one_to_one", "copy_synapse")
    return nest.GetConnections()


def test_sequence(conns: nest.SynapseCollection) -> None:
    assert len(conns) == 6
    sources = [1, 1, 2, 2, 1, 2]
    assert list(conns.sources()) == conns.source == sources
    assert conns[::-1].source == sources[::-1]
    assert conns[1:3].source == sources[1:3]
    assert [conn.source for conn in conns] == sources
    assert conns[-1].source == 2
    assert conns[0] == conns[0] and conns[0] != conns[1] and conns == conns[:]
    assert len(conns[3:1]) == 0
    with pytest.raises(IndexError):
        conns[6]
    with pytest.raises(TypeError):
        conns["a"]
    with pytest.raises(NotImplementedError):
        conns == 3  # noqa: B015


def test_get(conns: nest.SynapseCollection) -> None:
    assert sorted(conns.weight) == [1.0, 1.0, 1.0, 2.0, 3.0, 4.0]
    assert conns.get(["target", "delay"])["delay"] == [1.0] * 6
    assert conns.get()["weight"] == conns.get("weight") == conns.weight
    assert conns[0].get(["source", "target"]) == {"source": 1, "target": 1}
    assert conns[0].weight == 1.0
    assert list(conns[0].sources()) == [1]
    assert conns.get("foo") == []
    for keys in ("foo", ["foo"]):
        with pytest.raises(KeyError):
            conns[0].get(keys)
    with pytest.raises(KeyError, match="static_synapse"):
        conns.get(["foo"])
    with pytest.raises(TypeError):
        conns.get(3)
    assert json.loads(conns.get("weight", output="json")) == conns.weight
    assert np.isnan(conns.distance).all()


def test_get_table(conns: nest.SynapseCollection) -> None:
    pytest.importorskip("pandas")
    table = conns.get(["weight", "target"], output="pandas")
    assert list(table.index) == conns.source
    assert list(table["weight"]) == conns.weight


def test_set(conns: nest.SynapseCollection) -> None:
    conns.weight = 2.0
    assert conns.weight == [2.0] * 6
    conns.set(weight=np.arange(6.0), delay=2.0)
    assert conns.weight == list(range(6))
    assert conns.delay == [2.0] * 6
    conns.set([{"weight": 3.0}] * 5 + [{"delay": 0.5}])
    assert conns.weight == [3.0] * 5 + [5.0]
    assert conns.delay == [2.0] * 5 + [0.5]
    for params, error in [
        ({"foo": 1.0}, nest.NESTErrors.UnaccessedDictionaryEntry),
        ({"source": 1}, nest.NESTErrors.UnaccessedDictionaryEntry),
        ([{"weight": 1.0}], TypeError),
        (3, TypeError),
        (None, TypeError),
    ]:
        with pytest.raises(error):
            conns.set(params)
    with pytest.raises(TypeError):
        conns.set({"weight": 1.0}, delay=2.0)


def test_text(conns: nest.SynapseCollection) -> None:
    assert str(conns[4:]) == (
        " source   target   synapse model   weight   delay \n"
        "-------- -------- --------------- -------- -------\n"
        "      1        1    copy_synapse    1.000   1.000\n"
        "      2        2    copy_synapse    1.000   1.000"
    )
    assert conns._repr_html_().count("<tr>") == 7


def test_long_tables_are_shortened() -> None:
    nodes = nest.Create("iaf_psc_alpha", 7)
    nest.Connect(nodes, nodes)
    conns = nest.GetConnections()
    assert len(str(conns[:34]).splitlines()) == 36
    lines = str(conns).splitlines()
    assert len(lines) == 33
    assert set(lines[17].split()) == {"\u22ee"}
    conns.print_full = True
    assert len(str(conns).splitlines()) == 51


def test_empty() -> None:
    conns = nest.GetConnections()
    assert len(conns) == 0
    assert conns.get() == {} and conns.weight == ()
    conns.set(weight=3.0)
    assert str(conns) == "The synapse collection does not contain any connections."
    assert len(nest.SynapseCollection(None)) == 0
    with pytest.raises(TypeError):
        nest.SynapseCollection(3)


def test_reset_invalidates(conns: nest.SynapseCollection) -> None:
    nest.ResetKernel()
    assert conns.get() == {} and conns.weight == ()
    nest.Create("iaf_psc_alpha")
    with pytest.raises(nest.NESTError, match="InvalidSynapseCollection"):
        conns.get()
    with pytest.raises(nest.NESTError, match="InvalidSynapseCollection"):
        conns.weight = 2.0


def test_status_functions(conns: nest.SynapseCollection) -> None:
    nest.SetStatus(conns, "weight", 2.0)
    assert list(nest.GetStatus(conns, "weight")) == [2.0] * 6
    assert nest.GetStatus(conns[0], "weight") == (2.0,)
    assert nest.GetStatus(conns, ["weight", "delay"]) == ((2.0, 1.0),) * 6
    assert nest.GetStatus(conns)[5]["synapse_model"] == "copy_synapse"


def _mixed_network() -> tuple[Any, Any]:
    neurons = nest.Create("iaf_psc_alpha", 30) + nest.Create("iaf_psc_exp", 20)
    nest.CopyModel("static_synapse", "other_synapse", {"weight": 3.0})
    nest.Connect(neurons, neurons, {"rule": "fixed_indegree", "indegree": 7})
    random_weights = {"synapse_model": "other_synapse", "weight": nest.random.normal()}
    nest.Connect(
        neurons[:10], neurons[5:40], {"rule": "pairwise_bernoulli", "p": 0.4}, random_weights
    )
    nest.Connect(nest.Create("poisson_generator", 2), neurons)
    nest.Connect(neurons, nest.Create("spike_recorder"))
    nest.Connect(nest.Create("multimeter"), neurons[:3])
    return neurons, nest.GetNodes()


@pytest.mark.parametrize("threads", [1, 3])
def test_filters_give_what_they_say(threads: int) -> None:
    nest.local_num_threads = threads
    neurons, everything = _mixed_network()
    table = nest.GetConnections().get(["source", "target", "synapse_model", "weight"])
    rows = list(zip(*table.values(), strict=True))
    sides = [None, neurons[3], neurons[::4], neurons[30:], everything[-4:], everything]
    for source in sides:
        for target in sides:
            for model in (None, "static_synapse", "other_synapse"):
                found = nest.GetConnections(source, target, model)
                expected = [
                    row
                    for row in rows
                    if (source is None or row[0] in source)
                    and (target is None or row[1] in target)
                    and model in (None, row[2])
                ]
                assert len(found) == len(expected)
                if not expected:
                    continue
                columns = found.get(["source", "target", "synapse_model", "weight"])
                if len(found) == 1:
                    columns = {key: [value] for key, value in columns.items()}
                assert list(zip(*columns.values(), strict=True)) == expected


def test_indexing_by_arrays() -> None:
    neurons = nest.Create("iaf_psc_alpha", 5)
    nest.Connect(neurons, neurons, syn_spec={"weight": nest.random.uniform(-1.0, 1.0)})
    conns = nest.GetConnections()
    weights = np.array(conns.weight)
    assert conns[weights > 0].weight == weights[weights > 0].tolist()
    assert conns[[3, -1, 0]].weight == weights[[3, -1, 0]].tolist()
    assert len(conns[[]]) == 0
    assert conns[np.argsort(weights)].weight == sorted(weights)
    for wrong, error in (([25], IndexError), ([True], IndexError), ([0.5], TypeError)):
        with pytest.raises(error):
            conns[wrong]


def test_sets_outlive_changes_of_others() -> None:
    neurons = nest.Create("iaf_psc_alpha", 40)
    nest.Connect(neurons, neurons, {"rule": "fixed_total_number", "N": 600})
    conns = nest.GetConnections()
    picked = conns[::7]
    before = list(zip(picked.sources(), picked.targets(), strict=True))
    picked.set(weight=list(range(len(picked))), delay=2.0)
    assert picked.weight == [float(i) for i in range(len(picked))]
    picked.set(weight=[-float(i) for i in range(len(picked))])
    assert picked.weight == [-float(i) for i in range(len(picked))]
    picked.set(weight=list(range(len(picked))))
    conns[1].disconnect()
    more = nest.Create("iaf_psc_alpha", 20)
    nest.Connect(neurons, more, {"rule": "fixed_indegree", "indegree": 3})
    assert list(zip(picked.sources(), picked.targets(), strict=True)) == before
    assert picked.weight == [float(i) for i in range(len(picked))]
    assert set(picked.delay) == {2.0}
    assert nest.num_connections == 600 - 1 + 60
    picked.disconnect()
    assert nest.num_connections == 599 + 60 - len(before)
    with pytest.raises(nest.NESTErrors.InexistentConnection):
        picked.get("weight")


def test_completion_and_html() -> None:
    neurons = nest.Create("iaf_psc_alpha", 2) + nest.Create("parrot_neuron")
    nest.Connect(neurons[0], neurons[1])
    assert {"V_m", "tau_syn_ex", "get", "global_id"} <= set(dir(neurons))
    assert "V_m" not in dir(neurons[2])
    assert {"weight", "delay", "get", "source"} <= set(dir(nest.GetConnections()))
    assert "<td>parrot_neuron</td><td>1</td><td>3</td>" in neurons._repr_html_()
    assert "<td>iaf_psc_alpha</td><td>2</td>" in neurons._repr_html_()


@pytest.mark.parametrize("threads", [1, 2])
def test_weights_set_in_place_stay_with_their_connections(threads: int) -> None:
    """Own and shared weights, connections of the same ends, and back to one weight for all."""
    nest.local_num_threads = threads
    nodes = nest.Create("iaf_psc_alpha", 30)
    nest.Connect(nodes, nodes, {"rule": "fixed_indegree", "indegree": 40})
    nest.Connect(nodes, nodes, {"rule": "fixed_indegree", "indegree": 5}, {"weight": -3.0})
    conns = nest.GetConnections()
    before = np.array(conns.get("weight"))
    below = before < 0.0
    for weights in (np.linspace(9.0, 1.0, len(conns)), np.full(len(conns), 2.0)):
        signed = np.where(below, -weights, weights)
        conns.set(weight=signed)
        assert np.array_equal(conns.get("weight"), signed)
        assert np.array_equal(np.sort(nest.GetConnections().get("weight")), np.sort(signed))
    some = nest.GetConnections(nodes[3])
    some.set(weight=7.0)
    changed = np.array(conns.get("weight"))
    of_source = np.array(conns.get("source")) == nodes[3].global_id
    assert np.all(changed[of_source] == 7.0)
    assert np.array_equal(changed[~of_source], signed[~of_source])


def test_a_symmetric_all_to_all_is_refused() -> None:
    nodes = nest.Create("iaf_psc_alpha", 3)
    rule = {"rule": "all_to_all", "make_symmetric": True}
    with pytest.raises(nest.NESTErrors.NotImplemented, match="symmetric connections"):
        nest.Connect(nodes, nodes, rule)
    assert nest.num_connections == 0


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("seed", range(6))
def test_a_held_collection_keeps_naming_the_same_connections(seed, threads):
    """However weights of some of many connections with the same ends change, and in which form."""
    rng = np.random.default_rng(seed)
    nest.ResetKernel()
    nest.local_num_threads = threads
    nodes = nest.Create("iaf_psc_alpha", 5)
    sources = nodes[: int(rng.integers(1, 4))]
    delays = rng.permutation(np.arange(1, 7)) / 10
    for delay in delays[:4]:
        weight = float(rng.choice([-3.0, 2.0, 2.0, 7.0]))
        nest.Connect(sources, nodes, syn_spec={"weight": weight, "delay": float(delay)})
    held = nest.GetConnections()
    keys = ["source", "target", "delay"]
    named, weights = held.get(keys), np.array(held.weight)
    for step in range(8):
        if step % 3 == 0:
            at = int(rng.integers(len(held)))
            weights[at] = rng.normal() * 10
            held[at].weight = weights[at]
        elif step % 3 == 1:
            start, stop = sorted(rng.integers(len(held), size=2).tolist())
            weights[start : stop + 1] = step
            held[start : stop + 1].weight = float(step)
        else:
            weights = rng.permutation(weights)
            held.weight = weights.tolist()
        assert held.get(keys) == named
        assert held.weight == weights.tolist()


@pytest.mark.parametrize("change", ["connect", "pair", "device", "disconnect", "delays", "reset"])
def test_a_collection_of_all_is_that_of_its_time(change: str) -> None:
    """What nobody has looked at yet when the network changes is what it was."""
    nodes = nest.Create("iaf_psc_alpha", 20)
    nest.rng_seed = 3
    draw = {"weight": nest.random.uniform(1.0, 2.0), "delay": nest.random.uniform(1.0, 2.0)}
    nest.Connect(nodes, nodes, {"rule": "fixed_indegree", "indegree": 5}, draw)
    seen, found = nest.GetConnections(), nest.GetConnections()
    static = nest.GetConnections(synapse_model="static_synapse")
    expected = seen.get(["source", "target", "delay"])
    if change == "connect":
        nest.Connect(nodes[5:], nodes, "all_to_all", "stdp_synapse")
    elif change == "pair":
        nest.Connect(nodes[3], nodes[4], "one_to_one", {"weight": 0.5})
    elif change == "device":
        nest.Connect(nest.Create("poisson_generator"), nodes)
    elif change == "disconnect":
        nest.Connect(nodes[3], nodes[4], "one_to_one", "stdp_synapse")
        found = nest.GetConnections(synapse_model="static_synapse")
        nest.Disconnect(nodes[3], nodes[4], syn_spec={"synapse_model": "stdp_synapse"})
    elif change == "delays":
        seen[7].set(delay=1.9)
        expected["delay"][7] = 19 * 0.1
    else:
        nest.ResetKernel()
        assert len(found) == 100 and len(found[3:5]) == 2
        nest.Create("iaf_psc_alpha")
        with pytest.raises(nest.NESTErrors.KernelException):
            found.get("source")
        return
    for conns in (found, static):
        assert len(conns) == 100
        assert conns.get(["source", "target", "delay"]) == expected


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("drawn", [False, True])
def test_one_weight_for_all(threads: int, drawn: bool) -> None:
    """One weight is set for all connections of a model, and for no other."""
    nest.local_num_threads = threads
    nodes = nest.Create("iaf_psc_alpha", 30)
    nest.CopyModel("static_synapse", "other")
    weight = nest.random.uniform(1.0, 2.0) if drawn else 2.0
    for model in ("static_synapse", "other"):
        syn = {"synapse_model": model, "weight": weight}
        nest.Connect(nodes, nodes, {"rule": "fixed_indegree", "indegree": 7}, syn)
    other = nest.GetConnections(synapse_model="other")
    ends = [nest.GetConnections().get(key) for key in ("source", "target")]
    before = nest.GetConnections(synapse_model="static_synapse").get("weight")
    for new in (3.0, 2.0, 2, -1.0, 4.5):
        other.set(weight=new)
        assert set(other.get("weight")) == {new}
        assert nest.GetConnections(synapse_model="static_synapse").get("weight") == before
        assert [nest.GetConnections().get(key) for key in ("source", "target")] == ends
    nest.GetConnections().weight = 0.25
    assert set(nest.GetConnections().get("weight")) == {0.25}
    with pytest.raises(nest.NESTErrors.UnaccessedDictionaryEntry):
        nest.GetConnections().set(sizeof=3)
    with pytest.raises(nest.NESTErrors.NESTError):
        nest.GetConnections().set(weight=float("nan"))
    assert set(nest.GetConnections().get("weight")) == {0.25}


def test_a_value_for_all_is_for_those_that_know_it() -> None:
    nodes = nest.Create("iaf_psc_alpha", 2)
    pair = {"rule": "one_to_one"}
    for model in ("static_synapse", "stdp_synapse", "stdp_synapse_hom", "static_synapse_hom_w"):
        nest.Connect(nodes, nodes, pair, model)
    conns = nest.GetConnections()
    conns.set({"alpha": 0.5, "weight": 3.0, "Kplus": 0.25, "delay": 2.0})
    by_model = {model: nest.GetConnections(synapse_model=model) for model in nest.synapse_models}
    assert by_model["stdp_synapse"].alpha == [0.5, 0.5]
    assert by_model["stdp_synapse"].Kplus == by_model["stdp_synapse_hom"].Kplus == [0.25, 0.25]
    for model in ("static_synapse", "stdp_synapse", "stdp_synapse_hom"):
        assert by_model[model].weight == [3.0, 3.0]
    assert nest.GetDefaults("stdp_synapse_hom", "alpha") == 1.0
    assert nest.GetDefaults("static_synapse_hom_w", "weight") == 1.0
    assert conns.delay == [2.0] * 8
    for params in (
        {"alpha": [1.0] * 8},
        {"weight": [1.0] * 8},
        {"foo": 1.0},
        {"port": 1},
        {"weight": 7.0, "foo": 1.0},
    ):
        with pytest.raises(nest.NESTErrors.UnaccessedDictionaryEntry):
            conns.set(params)
    assert by_model["stdp_synapse"].alpha == [0.5, 0.5]
    assert by_model["static_synapse"].weight == [3.0, 3.0]


def test_a_label_for_all_is_for_labelled_connections() -> None:
    nodes, generator = nest.Create("iaf_psc_alpha", 2), nest.Create("poisson_generator")
    nest.Connect(generator, nodes)
    nest.Connect(nodes, nodes, "one_to_one", "static_synapse_lbl")
    conns = nest.GetConnections()
    conns.set(synapse_label=3)
    assert conns.get("synapse_label") == [None, None, 3, 3]


@pytest.mark.parametrize("threads", [1, 3])
def test_the_order_is_that_of_models_then_kinds_of_ends(threads: int) -> None:
    """The ids of NEST's models rise as here; copies follow as they were made."""
    nest.local_num_threads = threads
    models = ["bernoulli_synapse", "ht_synapse", "static_synapse", "static_synapse_lbl"]
    models += ["stdp_nn_symm_synapse", "stdp_synapse", "stdp_synapse_hom", "tsodyks_synapse"]
    nest.CopyModel("tsodyks_synapse", "second")
    nest.CopyModel("bernoulli_synapse", "first")
    models += ["second", "first"]
    meter, generator = nest.Create("multimeter"), nest.Create("dc_generator")
    nodes, recorder = nest.Create("iaf_psc_alpha", 2), nest.Create("spike_recorder")
    late = nest.Create("multimeter")
    nest.Connect(late, nodes)
    nest.Connect(generator, nodes)
    nest.Connect(meter, nodes)
    nest.Connect(nodes, recorder)
    for model in reversed(models):
        nest.Connect(nodes, nodes, "one_to_one", model)
    conns = nest.GetConnections()
    assert list(dict.fromkeys(conns.synapse_model)) == models
    ids = conns.get("synapse_id")
    assert ids == sorted(ids)
    static = nest.GetConnections(synapse_model="static_synapse")
    ends = list(zip(static.sources(), static.targets(), strict=True))
    assert ends == [(3, 3), (4, 4), (3, 5), (4, 5), *((s, t) for s in (1, 2, 6) for t in (3, 4))]


@pytest.mark.parametrize("model", ["static_synapse", "stdp_synapse"])
def test_the_selected_one_of_several_connections_goes(model: str) -> None:
    nodes = nest.Create("iaf_psc_alpha", 2)
    for weight in (1.0, 2.0, 3.0):
        nest.Connect(nodes, nodes, "one_to_one", {"synapse_model": model, "weight": weight})
    conns = nest.GetConnections()
    conns[conns.weight.index(2.0)].disconnect()
    assert nest.GetConnections(nodes[0]).weight == [1.0, 3.0]
    nest.Disconnect(nodes[0], nodes[0], syn_spec={"synapse_model": model})
    assert nest.GetConnections(nodes[0]).weight == 3.0
    assert nest.GetConnections(nodes[1]).weight == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("model", ["static_synapse", "stdp_synapse", "tsodyks2_synapse"])
@pytest.mark.parametrize("threads", [1, 2])
def test_connections_with_the_same_ends_are_in_the_order_in_which_they_were_made(
    model: str, threads: int
) -> None:
    # NEST gives the same lists as long as few connections leave a source
    nest.local_num_threads = threads
    nodes = nest.Create("iaf_psc_alpha", 3)
    ends = np.array([1, 1, 2, 1]), np.array([2, 2, 3, 2])
    weights, delays = np.array([4.0, 1.0, 3.0, 2.0]), np.array([2.0, 1.0, 3.0, 1.0])
    spec = {"synapse_model": model, "weight": weights, "delay": delays}
    nest.Connect(*ends, "one_to_one", spec)
    held = nest.GetConnections(nodes[0])
    assert held.weight == [4.0, 1.0, 2.0]
    assert held.delay == [2.0, 1.0, 1.0]
    held.weight = [10.0, 20.0, 30.0]
    nest.Connect(nodes[0], nodes[1], syn_spec={"synapse_model": model, "weight": 0.5})
    nest.Simulate(5.0)
    assert held.weight == [10.0, 20.0, 30.0]
    held.delay = [1.0, 3.0, 1.5]
    assert nest.GetConnections(nodes[0]).get(["weight", "delay"]) == {
        "weight": [10.0, 20.0, 30.0, 0.5],
        "delay": [1.0, 3.0, 1.5, 1.0],
    }
    held[1].disconnect()
    assert nest.GetConnections(nodes[0]).weight == [10.0, 30.0, 0.5]
    assert held[2].weight == 30.0


def test_devices_keep_the_order_in_which_they_were_connected() -> None:
    current = nest.Create("dc_generator")
    nodes = nest.Create("iaf_psc_alpha", 2)
    for weight in (3.0, -1.0, 2.0):
        nest.Connect(current, nodes, syn_spec={"weight": weight})
    held = nest.GetConnections(current, nodes[0])
    assert held.weight == [3.0, -1.0, 2.0]
    held[0].weight = -3.0
    nest.Simulate(1.0)
    assert held.weight == [-3.0, -1.0, 2.0]


def test_receptors_do_not_part_connections_with_the_same_ends() -> None:
    nodes = nest.Create("glif_cond", 2)
    weights = np.array([5.0, 1.0, 4.0, 2.0])
    spec = {
        "weight": weights,
        "delay": np.ones(4),
        "receptor_type": np.array([2, 1, 2, 1]),
    }
    nest.Connect(np.array([1] * 4), np.array([2] * 4), "one_to_one", spec)
    nest.Connect(nodes[0], nodes[1], syn_spec={"weight": 3.0, "receptor_type": 2})
    conns = nest.GetConnections()
    assert conns.get(["weight", "receptor"]) == {
        "weight": [5.0, 1.0, 4.0, 2.0, 3.0],
        "receptor": [2, 1, 2, 1, 2],
    }


@pytest.mark.parametrize("model", ["static_synapse", "stdp_synapse"])
def test_a_collection_never_takes_a_new_connection_for_one_of_its_own(model: str) -> None:
    nodes = nest.Create("iaf_psc_alpha", 3)
    spec = {"synapse_model": model, "weight": 10.0}
    nest.Connect(nodes[0], nodes[1:], "all_to_all", spec)
    held, other = nest.GetConnections(target=nodes[1]), nest.GetConnections(target=nodes[2])
    nest.Connect(nodes[0], nodes[1], "one_to_one", spec | {"weight": 5.0})
    assert held.weight == 10.0
    held.weight = 20.0
    assert nest.GetConnections(target=nodes[1]).weight == [20.0, 5.0]
    held.disconnect()
    assert nest.GetConnections(target=nodes[1]).weight == 5.0
    with pytest.raises(nest.NESTErrors.InexistentConnection):
        held.get("weight")
    other.weight = 7.0
    assert other.weight == 7.0


def test_a_connection_is_chosen_once() -> None:
    nodes = nest.Create("iaf_psc_alpha", 2)
    nest.Connect(nodes, nodes, "all_to_all", "stdp_synapse")
    conns = nest.GetConnections()
    with pytest.raises(IndexError, match="index 0 occurs more than once"):
        conns[[0, 0, 1, 2]]
    assert conns[[2, 0]].get("target") == [conns[2].target, conns[0].target]


@pytest.mark.parametrize("model", ["static_synapse", "stdp_synapse", "tsodyks2_synapse"])
def test_delays_leave_held_connections_what_they_are(model: str) -> None:
    nest.Create("iaf_psc_alpha", 2)
    spec = {
        "synapse_model": model,
        "weight": np.array([1.0, 2.0, 3.0]),
        "delay": np.array([1.0, 2.0, 1.0]),
    }
    nest.Connect(np.array([1] * 3), np.array([2] * 3), "one_to_one", spec)
    conns = nest.GetConnections()
    held = [conns[i] for i in range(3)]
    weights = conns.get("weight")
    delays = dict(zip(weights, [3.0, 1.0, 2.0], strict=True))
    conns.set(delay=[delays[w] for w in weights])
    assert [h.weight for h in held] == weights == conns.weight
    assert [h.delay for h in held] == [delays[w] for w in weights]


def test_labelled_connections_among_others_of_the_same_ends() -> None:
    nodes = nest.Create("iaf_psc_alpha", 2)
    for label, weight in ((1, 1.0), (2, 2.0), (1, 3.0)):
        spec = {"synapse_model": "static_synapse_lbl", "synapse_label": label, "weight": weight}
        nest.Connect(nodes[0], nodes[1], "one_to_one", spec)
    first, second = (nest.GetConnections(synapse_label=label) for label in (1, 2))
    second.set(delay=3.0)
    first.set(weight=7.0)
    assert first.weight == [7.0, 7.0]
    assert (second.weight, second.delay, second.synapse_label) == (2.0, 3.0, 2)
