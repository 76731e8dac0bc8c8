"""Long lists of pairs with lent arrays, and few targets among many connections of a source."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import ovenbird.nest as nest

PAIRS = 300_000
KEYS = ["source", "target", "weight", "delay"]


def pairs() -> tuple[Any, Any, Any, Any]:
    """Ends between 60 neurons, weights of both signs, delays of which some take two bytes."""
    rng = np.random.default_rng(3)
    pre, post = rng.integers(1, 61, (2, PAIRS))
    return pre, post, rng.normal(0.0, 1.0, PAIRS), rng.integers(1, 400, PAIRS) / 10.0


def connect(parts: int, change: Any = np.asarray) -> dict[str, Any]:
    """The connections after a list was connected in so many parts."""
    nest.ResetKernel()
    nest.Create("iaf_psc_alpha", 60)
    pre, post, weights, delays = pairs()
    for part in np.array_split(np.arange(PAIRS), parts):
        amounts = {"weight": change(weights[part]), "delay": change(delays[part])}
        nest.Connect(
            pre[part], post[part], "one_to_one", {"synapse_model": "static_synapse", **amounts}
        )
    found: dict[str, Any] = nest.GetConnections().get(KEYS)
    return found


def strided(values: Any) -> Any:
    """The same numbers, every other of an array."""
    return np.repeat(values, 2)[::2]


def read_only(values: Any) -> Any:
    """The same numbers in an array that cannot be written to."""
    copy = values.copy()
    copy.flags.writeable = False
    return copy


@pytest.mark.parametrize("change", [np.asarray, strided, read_only, list])
def test_a_long_list_is_its_parts(change: Any) -> None:
    whole, parts = connect(1, change), connect(3)
    for key in KEYS:
        np.testing.assert_array_equal(whole[key], parts[key])


def test_single_precision_is_taken_as_it_is() -> None:
    whole = connect(1, lambda values: values.astype(np.float32))
    expected = np.sort(pairs()[2].astype(np.float32).astype(float))
    np.testing.assert_array_equal(np.sort(whole["weight"]), expected)


@pytest.mark.parametrize(
    ("which", "value"), [("delay", 0.0), ("delay", np.nan), ("weight", np.inf), ("target", 61)]
)
def test_a_long_list_that_is_wrong_at_its_end_changes_nothing(which: str, value: float) -> None:
    nest.ResetKernel()
    nodes = nest.Create("iaf_psc_alpha", 60)
    nest.Connect(nodes, nodes, "all_to_all", {"weight": 2.0})
    before = nest.GetConnections().get(KEYS)
    pre, post, weights, delays = pairs()
    given = {"weight": weights, "delay": delays, "target": post}
    given[which][-1] = value
    amounts = {"weight": weights, "delay": delays}
    with pytest.raises(nest.NESTError):
        nest.Connect(pre, post, "one_to_one", {"synapse_model": "static_synapse", **amounts})
    assert nest.num_connections == 3600
    after = nest.GetConnections().get(KEYS)
    assert all(np.array_equal(before[key], after[key]) for key in KEYS)


@pytest.mark.parametrize("threads", [1, 2])
def test_few_targets_are_found_in_long_rows(threads: int) -> None:
    nest.ResetKernel()
    nest.local_num_threads = threads
    sources = nest.Create("iaf_psc_alpha", 4)
    targets = nest.Create("iaf_psc_alpha", 900) + nest.Create("iaf_psc_exp", 900)
    nest.Connect(sources, targets, "all_to_all", {"weight": 2.0})
    nest.Connect(sources, targets[::3], "all_to_all", {"weight": -1.0, "delay": 2.0})
    many = {"rule": "fixed_outdegree", "outdegree": 1200}
    nest.CopyModel("static_synapse", "other")
    nest.Connect(sources, targets, many, {"synapse_model": "other"})
    nest.Simulate(1.0)
    everything = nest.GetConnections().get(KEYS)
    for which in ([0], [1799], [5, 6], [899, 900], [300, 1200, 1500]):
        some = targets[which]
        expected = np.isin(everything["target"], some.tolist())
        found = nest.GetConnections(target=some).get(KEYS)
        for key in KEYS:
            np.testing.assert_array_equal(found[key], np.asarray(everything[key])[expected])


def test_empty_lists_are_refused() -> None:
    nest.Create("iaf_psc_alpha", 3)
    nothing = np.array([], dtype=int)
    with pytest.raises(nest.NESTErrors.IllegalConnection, match="lists of nodes are empty"):
        nest.Connect(nothing, nothing, "one_to_one")
