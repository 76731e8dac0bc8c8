"""Sets of node ids as runs: a contiguous population of any size costs one tuple."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ovenbird import errors


class Run(NamedTuple):
    """Node ids ``first, first + step, ..., last`` of one model. A run is never empty."""

    first: int
    last: int
    step: int
    model: str

    @property
    def size(self) -> int:
        """Number of ids."""
        return (self.last - self.first) // self.step + 1

    def ids(self) -> range:
        """Return the ids."""
        return range(self.first, self.last + 1, self.step)

    def part(self, start: int, stop: int, step: int) -> Run:
        """Return the ids at positions ``start, start + step, ...`` below `stop`."""
        taken = self.ids()[start:stop:step]
        width = taken.step if len(taken) > 1 else 1
        return Run(taken[0], taken[-1], width, self.model)


Runs = tuple[Run, ...]


def ends(runs: Runs) -> list[int]:
    """Return the number of ids up to and including each run."""
    return list(accumulate(run.size for run in runs))


def ids_of(runs: Runs) -> NDArray[np.int64]:
    """Return all ids as an array."""
    if not runs:
        return np.empty(0, dtype=np.int64)
    blocks = [np.arange(run.first, run.last + 1, run.step, dtype=np.int64) for run in runs]
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


def contains(runs: Runs, node_id: int) -> bool:
    """Return whether `node_id` is in one of the ascending runs."""
    index = bisect.bisect_right(runs, node_id, key=lambda run: run.first) - 1
    return index >= 0 and node_id in runs[index].ids()


def position(runs: Runs, node_id: int) -> int | None:
    """Return how many ids precede `node_id`, or None if it is not there."""
    index = bisect.bisect_right(runs, node_id, key=lambda run: run.first) - 1
    if index < 0 or node_id not in runs[index].ids():
        return None
    return sum(run.size for run in runs[:index]) + runs[index].ids().index(node_id)


def sliced(runs: Runs, start: int, stop: int, step: int) -> Runs:
    """Return the ids at positions ``start, start + step, ...`` below `stop`."""
    taken: list[Run] = []
    offset = 0
    for run in runs:
        begin = start - offset if start >= offset else (start - offset) % step
        end = min(stop - offset, run.size)
        if begin < end:
            taken.append(run.part(begin, end, step))
        offset += run.size
        if offset >= stop:
            break
    return tuple(taken)


def joined(left: Runs, right: Runs) -> Runs:
    """Return the union of two sets of contiguous runs, merged where they touch.

    Raises
    ------
    BadProperty
        If an id is in both.
    """
    merged: list[Run] = []
    for run in sorted(left + right):
        before = merged[-1] if merged else None
        if before is not None and run.first <= before.last:
            raise overlapping(run.first)
        if before is not None and run.first == before.last + 1 and run.model == before.model:
            merged[-1] = Run(before.first, run.last, 1, run.model)
        else:
            merged.append(run)
    return tuple(merged)


def overlapping(node_id: int) -> errors.BadProperty:
    """Return the error for two collections that share `node_id`."""
    return errors.BadProperty(
        f"Cannot join overlapping NodeCollections. Node {node_id} is in both; "
        "a NodeCollection holds each node once."
    )


def contiguous_parts(ids: NDArray[np.int64]) -> list[tuple[int, int, int]]:
    """Return strictly ascending `ids` as (first, last, 1) tuples."""
    if ids[-1] - ids[0] == len(ids) - 1:
        return [(int(ids[0]), int(ids[-1]), 1)]
    breaks = np.flatnonzero(np.diff(ids) != 1) + 1
    first = ids[np.concatenate(([0], breaks))]
    last = ids[np.concatenate((breaks - 1, [len(ids) - 1]))]
    return [(int(a), int(b), 1) for a, b in zip(first, last, strict=True)]


def same(left: Runs, right: Runs) -> bool:
    """Return whether two sets hold the same ids of the same models."""
    if left == right:
        return True
    if sum(run.size for run in left) != sum(run.size for run in right):
        return False
    return model_borders(left) == model_borders(right) and bool(
        np.array_equal(ids_of(left), ids_of(right))
    )


def model_borders(runs: Runs) -> list[tuple[int, str]]:
    """Return the positions at which the model changes, with the model that begins there."""
    offsets: Sequence[int] = [0, *ends(runs)[:-1]]
    starts = list(zip(offsets, (run.model for run in runs), strict=True))
    return starts[:1] + [here for before, here in pairwise(starts) if here[1] != before[1]]


def described(runs: Runs, is_sliced: bool) -> str:
    """Return the text that a collection of these runs prints."""
    if not runs:
        return "NodeCollection(<empty>)"
    if not is_sliced and len(runs) == 1:
        return f"NodeCollection(metadata=None, {whole_run(runs[0])})"
    indent = "\n" + " " * len("NodeCollection(")
    if not is_sliced:
        lines = ";".join(indent + whole_run(run) for run in runs)
    else:
        lines = "".join(
            indent + part_run(run, is_last=index == len(runs) - 1) for index, run in enumerate(runs)
        )
    return f"NodeCollection(metadata=None,{lines})"


def whole_run(run: Run) -> str:
    """Describe a contiguous run."""
    text = f"model={run.model}, size={run.size}, first={run.first}"
    return text if run.size == 1 else f"{text}, last={run.last}"


def part_run(run: Run, *, is_last: bool) -> str:
    """Describe a part of a sliced collection, punctuated as PyNEST does."""
    text = f"model={run.model}, size={run.size}, first={run.first}, last={run.last}"
    if run.step > 1:
        text += f", step={run.step}"
    closes = run.size == 1 or run.step > 1
    return f"{text};" if closes and not is_last else text
