"""Reading the status of nodes in the shapes that `NodeCollection.get` offers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from ._names import unknown_key
from ._optional import optional_module
from ._state import _kernel
from ._values import to_list
from .compartments import wrapped

if TYPE_CHECKING:
    from ovenbird._ovenbird import Column, Parts

    from .node_collection import NodeCollection

Blocks = list[tuple[int, "dict[str, Column]"]]


def read_status(nodes: NodeCollection, parts: Parts, keys: Any) -> Any:
    """Return one parameter, a dictionary of some, or with None of all parameters."""
    if keys is None:
        blocks = _kernel.get_nodes(parts, None)
        names = sorted({name for _, columns in blocks for name in columns})
        return {name: _per_node(nodes, blocks, name) for name in names}
    if isinstance(keys, str):
        return _per_node(nodes, _blocks(parts, [keys]), keys)
    names = key_list(keys)
    blocks = _blocks(parts, names)
    return {name: _per_node(nodes, blocks, name) for name in names}


def key_list(keys: Any) -> list[str]:
    """Return an iterable of names as a list."""
    try:
        names = list(keys)
    except TypeError:
        names = [keys]
    if not all(isinstance(name, str) for name in names):
        raise TypeError("Params should be either a string or an iterable of strings")
    return names


def _blocks(parts: Parts, keys: list[str]) -> Blocks:
    """Return the columns of some keys, each of which at least one node must have."""
    blocks = _kernel.get_nodes(parts, list(dict.fromkeys(keys)))
    for key in keys:
        if not any(key in columns for _, columns in blocks):
            present = {name for _, columns in _kernel.get_nodes(parts, None) for name in columns}
            models = dict.fromkeys(model for *_, model in _kernel.model_runs(parts))
            raise unknown_key(key, ", ".join(models), present)
    return blocks


def _values(blocks: Blocks, key: str) -> list[Any]:
    """Return one value per node, None where a node does not have the key."""
    if len(blocks) == 1 and key in blocks[0][1]:
        return to_list(blocks[0][1][key])
    values: list[Any] = []
    for count, columns in blocks:
        values += to_list(columns[key]) if key in columns else [None] * count
    return values


def _per_node(nodes: NodeCollection, blocks: Blocks, key: str) -> Any:
    """Return the value of a single node, or a tuple with the values of several."""
    values = _values(blocks, key)
    if any(isinstance(value, tuple) for value in values):
        # A tuple of the kernel stands for nodes.
        values = [None if value is None else type(nodes)(value) for value in values]
    if key in ("compartments", "receptors"):
        values = wrapped(nodes, key, values)
    return values[0] if len(values) == 1 else tuple(values)


def hierarchical(nodes: NodeCollection, parts: Parts, path: tuple[Any, ...]) -> Any:
    """Return what lies at a path into a dictionary-valued parameter."""
    *steps, last = path
    if not all(isinstance(step, str) for step in steps):
        raise TypeError(
            "First argument must be a string, specifying path into hierarchical dictionary"
        )
    values = _values(_blocks(parts, [steps[0]]), steps[0])
    for depth in range(1, len(steps)):
        # PyNEST passes over steps that do not lead to a dictionary.
        inner = [_item(value, steps[depth], steps[:depth]) for value in values]
        values = [
            new if isinstance(new, dict) else old for new, old in zip(inner, values, strict=True)
        ]
    if isinstance(last, str):
        found = [_item(value, last, steps) for value in values]
        return found[0] if len(found) == 1 else found
    result: dict[str, Any] = {}
    for key in key_list(last):
        found = [_item(value, key, steps) for value in values]
        result[key] = found[0] if len(found) == 1 else found
    return result


def _item(value: Any, key: str, path: Iterable[str]) -> Any:
    if value is None:
        return None
    where = "', '".join(path)
    if not isinstance(value, dict):
        raise TypeError(
            f"'{where}' is not a dictionary that could contain '{key}'; "
            f"to read several parameters pass a list: get(['{where}', '{key}'])"
        )
    if key not in value:
        raise unknown_key(key, f"'{where}'", value)
    return value[key]


def to_frame(result: Any, keys: Any, index: list[int]) -> Any:
    """Return what `get` gives as a pandas `DataFrame` with one row per node."""
    pandas = optional_module("pandas", "output='pandas'")
    columns = result if isinstance(result, dict) and not isinstance(keys, str) else {keys: result}
    if len(index) == 1:
        columns = {name: [value] for name, value in columns.items()}
    rows = {name: _cells(values) for name, values in columns.items()}
    return pandas.DataFrame(rows, index=tuple(index))


def _cells(values: Iterable[Any]) -> list[Any]:
    """Return cells for a table; a vector is one cell."""
    return [value.tolist() if isinstance(value, np.ndarray) else value for value in values]
