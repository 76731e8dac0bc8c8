"""Runs of node ids against plain sets and lists of ids."""

import itertools

import numpy as np
import pytest

from ovenbird import errors
from ovenbird.nest import _runs
from ovenbird.nest._runs import Run

RUNS = (Run(1, 4, 1, "a"), Run(5, 9, 2, "b"), Run(12, 12, 1, "b"), Run(20, 24, 1, "a"))
IDS = [1, 2, 3, 4, 5, 7, 9, 12, 20, 21, 22, 23, 24]


def test_ids_and_ends() -> None:
    assert _runs.ids_of(RUNS).tolist() == IDS
    assert _runs.ends(RUNS) == [4, 7, 8, 13]
    assert _runs.ids_of(()).dtype == np.int64


@pytest.mark.parametrize("step", [1, 2, 3, 5, 20])
def test_slices_agree_with_lists(step: int) -> None:
    for start, stop in itertools.combinations(range(len(IDS) + 1), 2):
        taken = _runs.sliced(RUNS, start, stop, step)
        assert _runs.ids_of(taken).tolist() == IDS[start:stop:step]
        assert all(run.size >= 1 for run in taken)


def test_membership_and_position_agree_with_lists() -> None:
    for node_id in range(-1, 30):
        assert _runs.contains(RUNS, node_id) == (node_id in IDS)
        expected = IDS.index(node_id) if node_id in IDS else None
        assert _runs.position(RUNS, node_id) == expected


def test_join_merges_touching_runs_of_one_model() -> None:
    left, right = (Run(1, 3, 1, "a"), Run(8, 9, 1, "a")), (Run(4, 7, 1, "a"),)
    assert _runs.joined(left, right) == (Run(1, 9, 1, "a"),)
    assert _runs.joined(right, left) == (Run(1, 9, 1, "a"),)
    assert len(_runs.joined((Run(1, 3, 1, "a"),), (Run(4, 7, 1, "b"),))) == 2


def test_join_refuses_overlap() -> None:
    with pytest.raises(errors.BadProperty, match="Node 3 is in both"):
        _runs.joined((Run(1, 3, 1, "a"),), (Run(3, 7, 1, "a"),))


def test_sameness_ignores_how_ids_are_grouped() -> None:
    split = (Run(1, 1, 1, "a"), Run(3, 3, 1, "a"))
    assert _runs.same(split, (Run(1, 3, 2, "a"),))
    assert not _runs.same(split, (Run(1, 3, 2, "b"),))
    assert not _runs.same(split, (Run(1, 2, 1, "a"),))


def test_contiguous_parts() -> None:
    parts = _runs.contiguous_parts(np.array([1, 2, 3, 7, 9, 10]))
    assert parts == [(1, 3, 1), (7, 7, 1), (9, 10, 1)]
