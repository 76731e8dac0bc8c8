"""TripartiteConnect: third factors for the connections of a primary rule."""

import collections
from typing import Any

import pytest

import ovenbird.nest as nest

RULE = "third_factor_bernoulli_with_pool"
Nodes = nest.NodeCollection


def populations(n_pre: int, n_post: int, n_third: int) -> tuple[Nodes, Nodes, Nodes]:
    pre, post, third = (nest.Create("parrot_neuron", n) for n in (n_pre, n_post, n_third))
    return pre, post, third


def pairs(pre: Nodes, post: Nodes) -> list[tuple[int, int]]:
    conns = nest.GetConnections(pre, post)
    return list(zip(conns.sources(), conns.targets(), strict=True))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"rule": "one_to_one"}, 6),
        ({"rule": "all_to_all"}, 36),
        ({"rule": "fixed_indegree", "indegree": 3}, 18),
        ({"rule": "fixed_outdegree", "outdegree": 3}, 18),
        ({"rule": "fixed_total_number", "N": 23}, 23),
        ({"rule": "fixed_total_number", "N": 23, "allow_multapses": False}, 23),
    ],
)
def test_each_connection_has_a_third_factor(rule: dict[str, Any], expected: int) -> None:
    nest.local_num_threads = 2
    pre, post, third = populations(6, 6, 4)
    nest.TripartiteConnect(pre, post, third, rule, {"rule": RULE, "p": 1.0})
    primary = pairs(pre, post)
    incoming, outgoing = pairs(pre, third), pairs(third, post)
    assert len(primary) == len(incoming) == len(outgoing) == expected
    count = collections.Counter
    assert count(s for s, _ in primary) == count(s for s, _ in incoming)
    assert count(t for _, t in primary) == count(t for _, t in outgoing)
    assert count(t for _, t in incoming) == count(s for s, _ in outgoing)


def test_pools() -> None:
    pre, post, third = populations(200, 3, 12)
    spec = {"rule": RULE, "pool_type": "block", "pool_size": 4}
    nest.TripartiteConnect(pre, post, third, "all_to_all", spec)
    for number, target in enumerate(post):
        served = {s for s, _ in pairs(third, target)}
        assert served == set(third[4 * number : 4 * number + 4].tolist())
    spec = {"rule": RULE, "pool_size": 5, "p": 0.5}
    nest.CopyModel("static_synapse", "other_synapse", {"weight": 7.0, "delay": 3.0})
    syn = {"third_out": "other_synapse", "third_in": {"weight": nest.random.uniform(2.0, 3.0)}}
    nest.TripartiteConnect(pre, post, third, {"rule": "all_to_all"}, spec, syn)
    out = nest.GetConnections(third, post, "other_synapse")
    assert set(out.weight) == {7.0}
    # binomial with 600 trials: 4.5 standard deviations
    assert abs(len(out) - 300) < 56
    for target in post:
        assert len(set(nest.GetConnections(third, target, "other_synapse").source)) == 5
    incoming = nest.GetConnections(pre, third).weight
    assert sum(2.0 <= w < 3.0 for w in incoming) == len(out)


def test_threads_do_not_matter() -> None:
    networks = []
    for threads in (1, 3):
        nest.ResetKernel()
        nest.local_num_threads = threads
        pre, post, third = populations(20, 10, 7)
        spec = {"rule": RULE, "p": 0.6, "pool_size": 3}
        primary = {"rule": "fixed_outdegree", "outdegree": 4}
        nest.TripartiteConnect(pre, post, third, primary, spec)
        networks.append([pairs(pre, post), pairs(pre, third), pairs(third, post)])
    assert networks[0] == networks[1]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"third": {"rule": "all_to_all"}}, nest.NESTErrors.IllegalConnection),
        ({"primary": {"rule": RULE}}, nest.NESTErrors.IllegalConnection),
        ({"primary": {"rule": "one_to_one", "make_symmetric": True}}, nest.NESTErrors.BadProperty),
        ({"third": {"rule": RULE, "p": 1.5}}, nest.NESTErrors.BadProperty),
        ({"third": {"rule": RULE, "pool_size": 5}}, nest.NESTErrors.BadProperty),
        ({"third": {"rule": RULE, "pool_type": "row"}}, nest.NESTErrors.BadProperty),
        ({"third": {"rule": RULE, "pool": 1}}, nest.NESTErrors.UnaccessedDictionaryEntry),
        ({"syn": {"thrid_in": {}}}, nest.NESTErrors.UnaccessedDictionaryEntry),
        ({"syn": {"primary": {"weight": [1.0]}}}, ValueError),
        ({"syn": {"third_out": {"receptor_type": 7}}}, nest.NESTErrors.UnknownReceptorType),
    ],
)
def test_nothing_is_left_of_what_is_refused(changes: dict[str, Any], error: Any) -> None:
    pre, post, third = populations(4, 4, 4)
    primary, rule = (
        changes.get("primary", {"rule": "one_to_one"}),
        changes.get("third", {"rule": RULE}),
    )
    with pytest.raises(error):
        nest.TripartiteConnect(pre, post, third, primary, rule, changes.get("syn"))
    assert nest.num_connections == 0
    assert (nest.min_delay, nest.max_delay) == (0.1, 0.1)


def test_one_synapse_model_for_all_projections():
    nest.ResetKernel()
    pre, post, third = (nest.Create("iaf_psc_alpha", 3) for _ in range(3))
    rule = {"rule": "third_factor_bernoulli_with_pool", "pool_size": 1}
    nest.TripartiteConnect(pre, post, third, "one_to_one", rule, "stdp_synapse")
    assert len(nest.GetConnections(synapse_model="stdp_synapse")) == 9 == nest.num_connections
