"""Conversion of what users pass into what the kernel takes, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ovenbird._ovenbird import Column, Parts


class NodeIds:
    """A collection of nodes as a value for the kernel."""

    __slots__ = ("_spans",)

    def __init__(self, parts: Parts) -> None:
        self._spans = parts

    def _parts(self) -> Parts:
        return self._spans


_PLAIN = frozenset({bool, int, float, str})
"""Types that the kernel takes as they are."""


def to_kernel(value: Any) -> Any:
    """Return `value` as a plain Python or NumPy value for the kernel.

    Collections become `NodeIds`, `Parameter` objects the expressions that they wrap, NumPy
    scalars Python scalars, and other sequences lists. What the kernel does not know is passed
    on, for the kernel to refuse with the name of the parameter.
    """
    if type(value) in _PLAIN:
        return value
    datum = getattr(type(value), "_to_kernel", None)
    if datum is not None:
        return datum(value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.item() if value.ndim == 0 else value
    if isinstance(value, (list, tuple)):
        return [to_kernel(item) for item in value]
    if isinstance(value, range):
        return list(value)
    if isinstance(value, Mapping):
        return params_to_kernel(value)
    if hasattr(value, "__array__") and not isinstance(value, type):
        return np.asarray(value)
    return value


def params_to_kernel(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return a dictionary of parameters for the kernel; its keys must be strings."""
    converted = {}
    for key, value in params.items():
        if not isinstance(key, str):
            raise TypeError(
                f"Names of parameters must be strings, got {key!r} of type {type(key).__name__}"
            )
        converted[key] = to_kernel(value)
    return converted


def to_list(column: Column) -> list[Any]:
    """Return a column of the kernel as a list of Python values."""
    if isinstance(column, np.ndarray):
        return cast("list[Any]", column.tolist())
    return column


def node_ids(values: Any) -> NDArray[np.int64]:
    """Return `values` as an array of node ids, for the construction of a collection.

    Raises
    ------
    TypeError
        If a value is not an integer.
    OverflowError
        If a value is negative or too large.
    """
    ids = np.asarray(values if isinstance(values, np.ndarray) else list(values))
    if ids.size == 0:
        return np.empty(0, dtype=np.int64)
    if ids.ndim != 1 or ids.dtype.kind not in "iuf":
        raise TypeError("Node ids must be given as a one-dimensional sequence of integers")
    if ids.dtype.kind == "f" and not np.array_equal(ids, np.trunc(ids)):
        raise TypeError("Node ids must be integers, got a number with a fractional part")
    if ids.min() < 0 or ids.max() > np.iinfo(np.int64).max:
        raise OverflowError("Node ids must lie between 1 and the number of nodes")
    return ids.astype(np.int64)
