"""Plastic connections that are made when their targets have spiked already."""

from math import exp

import pytest

import ovenbird.nest as nest

MODELS = [
    "stdp_synapse",
    "stdp_nn_restr_synapse",
    "stdp_nn_symm_synapse",
    "stdp_nn_pre_centered_synapse",
    "stdp_triplet_synapse",
]


def weights(model: str, threads: int) -> list[tuple[int, float]]:
    nest.ResetKernel()
    nest.local_num_threads = threads
    nodes = nest.Create("iaf_psc_alpha", 5, {"I_e": [400.0 + 30.0 * i for i in range(5)]})
    old = {"synapse_model": "stdp_synapse_hom", "weight": 1.0, "delay": 1.0}
    nest.Connect(nodes, nodes, "all_to_all", old)
    nest.Simulate(200.0)
    late = {"synapse_model": model, "weight": 10.0, "delay": 1.0}
    nest.Connect(nodes[0], nodes, "all_to_all", late)
    nest.Simulate(200.0)
    found = nest.GetConnections(nodes[0], nodes, model)
    return sorted(zip(found.get("target"), found.get("weight"), strict=True))


@pytest.mark.parametrize("model", MODELS)
def test_late_connections_have_the_same_weights_on_any_number_of_threads(model: str) -> None:
    expected = weights(model, 1)
    assert all(weight != 10.0 for _, weight in expected)
    for threads in (2, 3, 4):
        assert weights(model, threads) == expected


def parrot(*times: float) -> nest.NodeCollection:
    """A neuron that spikes at these times."""
    node = nest.Create("parrot_neuron", params={"tau_minus": 20.0})
    generator = nest.Create("spike_generator", params={"spike_times": [t - 1.0 for t in times]})
    nest.Connect(generator, node, syn_spec={"delay": 1.0})
    return node


def connect(pre: nest.NodeCollection, post: nest.NodeCollection, model: str) -> None:
    spec = {"synapse_model": model, "weight": 50.0, "delay": 1.0, "receptor_type": 1}
    nest.Connect(pre, post, syn_spec=spec)


@pytest.mark.parametrize(
    ("read", "first"),
    [
        # at its spike at 50 ms the target forgets what was read and is not needed any more
        ((25.0, 45.0), 40.0),
        # what is read after that spike is not forgotten before the next one
        ((25.0, 45.0, 51.5), 40.0),
        ((25.0, 48.5, 51.5), 40.0),
        # a connection that never reads has it keep everything
        ((), 10.0),
        # 30 ms was unread at the last spike
        ((25.0, 51.5), 30.0),
    ],
)
def test_a_late_connection_pairs_with_the_first_spike_that_is_left(
    read: tuple[float, ...], first: float
) -> None:
    nest.ResetKernel()
    early, late, post = parrot(*read, 300.0), parrot(70.0), parrot(10.0, 20.0, 30.0, 40.0, 50.0)
    connect(early, post, "stdp_synapse_hom")
    nest.Simulate(60.0)
    connect(late, post, "stdp_nn_restr_synapse")
    nest.Simulate(20.0)
    x = 0.5
    x += 0.01 * (1.0 - x) * exp(-(first + 1.0) / 20.0)
    x -= 0.01 * x * exp(-(69.0 - 50.0) / 20.0)
    weight = nest.GetConnections(late, post, "stdp_nn_restr_synapse").get("weight")
    assert weight == pytest.approx(100.0 * x, rel=1e-13)


def test_spikes_that_a_removed_connection_had_not_read_stay() -> None:
    nest.ResetKernel()
    early, gone, late = parrot(25.0, 45.0), parrot(15.0), parrot(70.0)
    post = parrot(10.0, 20.0, 30.0, 40.0, 50.0)
    for source in (early, gone):
        connect(source, post, "stdp_synapse")
    nest.Simulate(35.0)
    nest.GetConnections(gone, post).disconnect()
    nest.Simulate(25.0)
    connect(late, post, "stdp_nn_restr_synapse")
    nest.Simulate(20.0)
    x = 0.5
    x += 0.01 * (1.0 - x) * exp(-(20.0 + 1.0) / 20.0)
    x -= 0.01 * x * exp(-(69.0 - 50.0) / 20.0)
    weight = nest.GetConnections(late, post).get("weight")
    assert weight == pytest.approx(100.0 * x, rel=1e-13)


def changed(threads: int) -> list[tuple[int, int, str, float]]:
    """Weights after connections were made, removed and changed over and over."""
    nest.ResetKernel()
    nest.local_num_threads = threads
    nodes = nest.Create("iaf_psc_alpha", 6, {"I_e": [390.0 + 40.0 * i for i in range(6)]})
    for delay in (1.0, 4.0):
        nest.Connect(nodes[0], nodes[0], syn_spec={"weight": 0.0, "delay": delay})
    for k, model in enumerate([*MODELS, "stdp_pl_synapse_hom", *MODELS]):
        spec = {"synapse_model": model, "weight": 10.0, "delay": 1.0 + 0.7 * (k % 4)}
        nest.Connect(nodes[k % 6], nodes, "all_to_all", spec)
        nest.Simulate(31.7)
        if k % 3 == 1:
            nest.GetConnections(nodes[(k + 1) % 6], nodes[k % 5]).disconnect()
        if k % 3 == 2:
            some = nest.GetConnections(nodes[k % 6], nodes[k % 4])
            some.delay = 1.0 + 0.3 * (k % 7)
        nest.Simulate(17.2)
    found = nest.GetConnections(nodes, nodes)
    keys = ("source", "target", "synapse_model", "weight")
    return sorted(zip(*(found.get(key) for key in keys), strict=True))


def test_networks_that_change_have_the_same_weights_on_any_number_of_threads() -> None:
    expected = changed(1)
    assert len({weight for *_, weight in expected}) > 50
    for threads in (2, 3, 4):
        assert changed(threads) == expected


@pytest.mark.parametrize(
    ("delay", "weight"),
    [(2.0, 28.287476224461393), (3.0, 28.832262099815058), (5.0, 26.740345840202266)],
)
def test_a_longer_delay_reads_what_is_held_by_then(delay: float, weight: float) -> None:
    """The weights are those of NEST 3.10.

    With 5 ms the spike at 20.6 ms would be read once more at 50.1 ms, but is forgotten at 32.7 ms.
    """
    nest.set(min_delay=0.1, max_delay=30.0)
    times = ([10.0, 25.0, 50.0], [15.0, 28.0, 45.0])
    params = [{"spike_times": spikes} for spikes in times]
    parrots = nest.Create("parrot_neuron", 2)
    nest.Connect(nest.Create("spike_generator", 2, params), parrots, "one_to_one", {"delay": 0.1})
    target = nest.Create("iaf_psc_alpha")
    nest.Connect(parrots[1], target, syn_spec={"weight": 5000.0, "delay": 1.0})
    stdp = {"synapse_model": "stdp_synapse", "weight": 10.0, "delay": 2.0, "lambda": 0.1}
    nest.Connect(parrots[0], target, syn_spec=stdp)
    conn = nest.GetConnections(parrots[0], target)
    nest.Simulate(30.0)
    conn.set(delay=delay)
    nest.Simulate(60.0)
    assert conn.get("weight") == pytest.approx(weight, rel=1e-12)
