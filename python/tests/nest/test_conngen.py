"""Connection sets of the package csa."""

from __future__ import annotations

import pytest

import ovenbird.nest as nest

csa = pytest.importorskip("csa")


@pytest.fixture(autouse=True)
def reset():
    nest.ResetKernel()


def pairs(conns):
    return sorted(zip(conns.sources(), conns.targets(), strict=True))


def test_a_mask_joins_the_nodes_at_its_indices():
    pre = nest.Create("iaf_psc_alpha", 4)
    nest.Create("iaf_psc_alpha", 3)
    post = nest.Create("parrot_neuron", 6)[::2]
    made = nest.Connect(pre, post, {"rule": "conngen", "cg": csa.oneToOne}, {"weight": 7.0}, True)
    assert pairs(made) == [(1, 8), (2, 10), (3, 12)]
    assert made.get("weight") == [7.0] * 3


def test_values_become_weights_and_delays_by_their_place():
    nodes = nest.Create("iaf_psc_alpha", 5)
    cg = csa.cset(csa.full, 1.5, -3.0)
    spec = {"rule": "conngen", "cg": cg, "params_map": {"weight": 1, "delay": 0}}
    nest.Connect(nodes[:2], nodes[2:], spec)
    conns = nest.GetConnections()
    assert len(conns) == 6
    assert set(conns.weight) == {-3.0} and set(conns.delay) == {1.5}


def test_a_random_set_is_what_csa_draws():
    nodes = nest.Create("iaf_psc_alpha", 20)
    mask = csa.random(0.2)
    expected = list(csa.cross(range(20), range(20)) * mask)
    nest.Connect(nodes, nodes, {"rule": "conngen", "cg": mask})
    conns = pairs(nest.GetConnections())
    assert conns == sorted((i + 1, j + 1) for i, j in expected)
    assert 40 < len(conns) < 130


def test_an_empty_set_makes_nothing():
    nodes = nest.Create("iaf_psc_alpha", 3)
    nest.Connect(nodes, nodes, {"rule": "conngen", "cg": csa.empty})
    assert nest.num_connections == 0


def test_the_rule_is_listed():
    assert "conngen" in nest.connection_rules
    assert nest.build_info["have_libneurosim"]


@pytest.mark.parametrize(
    ("spec", "syn", "error", "text"),
    [
        ({}, None, "BadProperty", "needs 'cg'"),
        ({"cg": 3}, None, "BadProperty", "got int"),
        ({"cg": csa.cset(csa.full, 1.0)}, None, "DimensionMismatch", "this has 1"),
        ({"cg": csa.cset(csa.full, 1.0, 2.0)}, None, "BadProperty", "params_map"),
        (
            {"cg": csa.cset(csa.full, 1.0, 2.0), "params_map": {"weight": 0}},
            None,
            "BadProperty",
            "indices of weight and delay",
        ),
        (
            {"cg": csa.cset(csa.full, 1.0, 2.0), "params_map": {"weight": 0, "delay": 0}},
            None,
            "BadProperty",
            "cannot be the same",
        ),
        (
            {"cg": csa.cset(csa.full, 1.0, 2.0), "params_map": {"weight": 0, "delay": 1}},
            {"weight": 2.0},
            "BadProperty",
            "cannot be specified in syn_spec",
        ),
        ({"params_mop": {}}, None, "UnaccessedDictionaryEntry", "did you mean 'params_map'"),
        (
            {"cg": csa.full},
            nest.CollocatedSynapses({}, {}),
            "BadProperty",
            "collocated",
        ),
    ],
)
def test_what_does_not_fit_is_refused(spec, syn, error, text):
    nodes = nest.Create("iaf_psc_alpha", 3)
    with pytest.raises(getattr(nest.NESTErrors, error), match=text):
        nest.Connect(nodes, nodes, {"rule": "conngen", **spec}, syn)
    assert nest.num_connections == 0


def test_delays_below_the_resolution_are_refused():
    nodes = nest.Create("iaf_psc_alpha", 3)
    cg = csa.cset(csa.full, 1.0, 0.0)
    spec = {"rule": "conngen", "cg": cg, "params_map": {"weight": 0, "delay": 1}}
    with pytest.raises(nest.NESTErrors.BadDelay):
        nest.Connect(nodes, nodes, spec)
    assert nest.num_connections == 0
