"""Creating nodes with positions."""

from __future__ import annotations

import numbers
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ovenbird import _ovenbird, errors

from ._placement import PlacedModel
from ._state import _kernel
from .node_collection import NodeCollection
from .spatial import Coordinates, free, grid


def create_layer(model: str, n: Any, params: Any, positions: Any) -> NodeCollection:
    """Create nodes with positions; their parameters are left as they are.

    Parameters
    ----------
    model
        Name of a node model.
    n
        Number of nodes, for positions that are drawn.
    params
        The parameters that will be set, to check their number.
    positions
        `nest.spatial.grid` or `nest.spatial.free`.
    """
    if not isinstance(positions, (free, grid)):
        raise TypeError(
            "`positions` must be either a nest.spatial.free or a nest.spatial.grid object, "
            f"got {type(positions).__name__}"
        )
    if isinstance(n, str) or not isinstance(n, numbers.Real) or not float(n).is_integer():
        raise TypeError(f"n must have an integer value, got {n!r}")
    count = int(float(n))
    if not (params is None or isinstance(params, Mapping)):
        _check_params(params)
    wrap = positions.edge_wrap
    if not isinstance(wrap, bool):
        raise errors.TypeMismatch(f"'edge_wrap' must be a bool, got {type(wrap).__name__}")
    extent = _vector(positions.extent, "extent")
    if isinstance(positions, grid):
        if count > 1:
            raise ValueError("Cannot specify number of nodes with grid positions")
        center = _vector(positions.center, "center")
        shape = _shape(positions.shape)
        ends = _ovenbird.create_grid(_kernel, model, shape, center, extent, wrap)
    elif isinstance(positions.pos, Coordinates):
        if count < 1:
            raise errors.BadProperty(f"Empty positions array: n must be at least 1, got {count}.")
        drawn = [parameter._datum for parameter in positions.pos]
        ends = _ovenbird.create_drawn(_kernel, model, drawn, count, extent, wrap)
    else:
        rows = _rows(positions.pos)
        if count not in (1, len(rows)):
            warnings.warn(
                f"n is {count}, but there are {len(rows)} positions; their number counts",
                stacklevel=3,
            )
        ends = _ovenbird.create_free(_kernel, model, rows, extent, wrap)
    first, last = ends
    return NodeCollection._of([(first, last, 1, PlacedModel(model, first))])


def _check_params(params: Any) -> None:
    if not isinstance(params, (list, tuple)) or not all(isinstance(p, Mapping) for p in params):
        raise TypeError("params must be either a dict of parameters or a list or tuple of dicts")


def _vector(values: Any, name: str) -> list[float] | None:
    if values is None:
        return None
    try:
        return [float(x) for x in values]
    except (TypeError, ValueError):
        raise errors.TypeMismatch(f"'{name}' must be a list of numbers, got {values!r}") from None


def _shape(shape: Any) -> list[int]:
    try:
        entries = list(shape)
    except TypeError:
        raise errors.TypeMismatch(f"'shape' must be a list of integers, got {shape!r}") from None
    for entry in entries:
        if isinstance(entry, bool) or not isinstance(entry, numbers.Integral):
            raise errors.TypeMismatch(f"'shape' must hold integers, got {entry!r}")
    return [int(entry) for entry in entries]


def _rows(positions: Any) -> NDArray[np.float64]:
    """Return positions as an array with a row for each."""
    try:
        lengths = {len(position) for position in positions}
    except TypeError:
        raise errors.TypeMismatch(
            "'positions' must be a list of positions, each a list of 2 or 3 numbers"
        ) from None
    if not lengths:
        raise errors.BadProperty("Empty positions array.")
    if len(lengths) > 1:
        raise errors.BadProperty(
            f"Expected a {len(positions[0])}-dimensional position: positions have "
            f"{sorted(lengths)} coordinates"
        )
    try:
        return np.ascontiguousarray(positions, dtype=np.float64)
    except (TypeError, ValueError):
        raise errors.TypeMismatch(
            "'positions' must hold numbers; parameters must be given for all dimensions"
        ) from None
