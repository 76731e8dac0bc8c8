"""Sets of nodes: what `Simulator.create` returns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ovenbird import units
from ovenbird._suggest import did_you_mean

if TYPE_CHECKING:
    from ovenbird.simulator import Simulator

Parts = list[tuple[int, int, int]]


class NodeSet:
    """Nodes of one simulator, in the order of their ids.

    A set has a length, can be indexed, sliced and masked, and sets add up. The nodes' parameters
    and state are its attributes: ``neurons.V_m`` is a quantity (one number for one node, an array
    for several) and ``neurons.I_e = 400 * pA`` sets all of them; a sequence sets one value each.
    """

    __slots__ = ("_ranges", "_simulator")
    _ranges: tuple[range, ...]
    _simulator: Simulator

    def __init__(self, simulator: Simulator, ranges: tuple[range, ...]) -> None:
        object.__setattr__(self, "_simulator", simulator)
        object.__setattr__(self, "_ranges", ranges)

    @property
    def global_id(self) -> NDArray[np.int64]:
        """The ids of the nodes, ascending, counted from 1."""
        parts = [np.arange(r.start, r.stop, r.step, dtype=np.int64) for r in self._ranges]
        return np.concatenate(parts) if parts else np.empty(0, np.int64)

    @property
    def models(self) -> list[str]:
        """The names of the models of the nodes, each once."""
        return list(dict.fromkeys(self._simulator._models_of(self)))

    def get(self, *names: str) -> dict[str, Any]:
        """Values by name, as the attributes give them; all of them if no name is given."""
        values = self._simulator._get(self, list(names) or None)
        for name in names:
            if name not in values:
                raise ValueError(self._unknown(name))
        return values

    def _unknown(self, name: str) -> str:
        known = self._simulator._known_names(self)
        who = " and ".join(self.models) or "an empty node set"
        return f"{who} has no parameter {name!r}{did_you_mean(name, known)}"

    def set(self, params: Mapping[str, Any] | None = None, /, **more: Any) -> None:
        """Set several parameters at once: either all of them are set or none."""
        if not isinstance(params, Mapping | None):
            raise TypeError(f"parameters are a dictionary or follow by keyword, got {params!r}")
        self._simulator._set(self, {**(params or {}), **more})

    def _parts(self) -> Parts:
        return [(r[0], r[-1], r.step) for r in self._ranges]

    def __len__(self) -> int:
        return sum(len(r) for r in self._ranges)

    def __iter__(self) -> Iterator[NodeSet]:
        for ids in self._ranges:
            for node in ids:
                yield NodeSet(self._simulator, (range(node, node + 1),))

    def __contains__(self, node: object) -> bool:
        if isinstance(node, NodeSet):
            same = node._simulator is self._simulator
            return same and all(node in self for node in node.global_id.tolist())
        return any(node in ids for ids in self._ranges)

    def __getitem__(self, index: Any) -> NodeSet:
        if isinstance(index, slice) and len(self._ranges) == 1:
            if index.step is not None and index.step < 1:
                raise ValueError("the step of a slice of nodes must be positive")
            return NodeSet(self._simulator, _non_empty(self._ranges[0][index]))
        ids = self.global_id
        if isinstance(index, (int, np.integer)):
            if not -len(ids) <= index < len(ids):
                raise IndexError(f"index {index} is out of range for {len(ids)} nodes")
            return NodeSet(self._simulator, _compressed(ids[[int(index)]]))
        chosen = ids[index if isinstance(index, slice) else np.asarray(index)]
        if np.any(np.diff(chosen) <= 0):
            raise ValueError("indices of nodes must ascend, without repetition")
        return NodeSet(self._simulator, _compressed(chosen))

    def __add__(self, other: object) -> NodeSet:
        if not isinstance(other, NodeSet):
            return NotImplemented
        if other._simulator is not self._simulator:
            raise ValueError("the two node sets belong to different simulators")
        both = np.sort(np.concatenate([self.global_id, other.global_id]))
        if np.any(np.diff(both) == 0):
            raise ValueError("the two node sets have nodes in common")
        return NodeSet(self._simulator, _compressed(both))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, NodeSet):
            return NotImplemented
        same = self._simulator is other._simulator
        return same and np.array_equal(self.global_id, other.global_id)

    def __hash__(self) -> int:
        return hash((id(self._simulator), self.global_id.tobytes()))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        values = self._simulator._get(self, [name])
        if name not in values:
            raise AttributeError(self._unknown(name))
        return values[name]

    def __setattr__(self, name: str, value: Any) -> None:
        if hasattr(type(self), name):
            raise AttributeError(f"{name!r} of a node set cannot be set")
        self.set({name: value})

    def __copy__(self) -> NodeSet:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> NodeSet:
        return self

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._simulator._known_names(self)})

    def __repr__(self) -> str:
        ids = ", ".join(
            str(r[0]) if len(r) == 1 else f"{r[0]}..{r[-1]}" + (f" by {r.step}" * (r.step > 1))
            for r in self._ranges
        )
        return f"<{len(self)} x {' + '.join(self.models) or 'no node'}: {ids or '-'}>"


def joined(columns: list[Any], unit: units.Unit, single: bool) -> Any:
    """One value out of the columns of consecutive runs of nodes, with its unit."""
    columns = [_filled(column) for column in columns]
    if any(not isinstance(column, np.ndarray) for column in columns):
        values = [_with_unit(value, unit) for column in columns for value in column]
        return values[0] if single else values
    array = np.concatenate(columns)
    if unit != units.UNITLESS:
        return units.Quantity(array[0] if single else array, unit)
    return array[0].item() if single else array


def _filled(column: Any) -> Any:
    """Numbers with NaN for the nodes of other processes, of which no value is known here."""
    known = [value for value in column if value is not None]
    numbers = all(isinstance(value, (int, float)) for value in known)
    if isinstance(column, np.ndarray) or len(known) == len(column) or not (known and numbers):
        return column
    return np.array([np.nan if value is None else value for value in column])


def node_set(simulator: Simulator, ids: Any) -> NodeSet:
    """The nodes with these ids, in any order and with repetition."""
    return NodeSet(simulator, _compressed(np.unique(np.asarray(ids, dtype=np.int64))))


def _with_unit(value: Any, unit: units.Unit) -> Any:
    numbers = isinstance(value, np.ndarray) and unit != units.UNITLESS
    return units.Quantity(value, unit) if numbers else value


def _non_empty(ids: range) -> tuple[range, ...]:
    return (ids,) if len(ids) else ()


def _compressed(ids: NDArray[np.int64]) -> tuple[range, ...]:
    """Ascending ids as ranges of consecutive ones."""
    if not len(ids):
        return ()
    breaks = np.flatnonzero(np.diff(ids) != 1) + 1
    runs = np.split(ids, breaks)
    return tuple(range(int(run[0]), int(run[-1]) + 1) for run in runs)
