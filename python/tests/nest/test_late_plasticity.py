"""Plastic connections that are made when their targets have spiked already."""

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
