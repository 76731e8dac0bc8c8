"""Creating and finding nodes."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from itertools import chain
from typing import Any

from ovenbird import errors

from ._layer_creation import create_layer
from ._placement import held_here
from ._state import _kernel
from ._values import params_to_kernel
from .node_collection import NodeCollection

MAX_NODES = 2**32 - 1


def Create(model: str, n: Any = 1, params: Any = None, positions: Any = None) -> NodeCollection:
    """Create nodes.

    Parameters
    ----------
    model
        Name of a node model, see `nest.node_models`.
    n
        Number of nodes. A dictionary here is taken as `params`.
    params
        Dictionary of parameters, or a sequence of dictionaries, one per node. A value is for
        all nodes, a sequence of one value per node, or a `Parameter` drawn per node.
    positions
        `nest.spatial.grid` or `nest.spatial.free`: where the nodes are.

    Returns
    -------
    NodeCollection
        The nodes.

    Raises
    ------
    UnknownModelName
        If the model does not exist.
    UnaccessedDictionaryEntry
        If the model does not have a parameter. Then no nodes are made.
    """
    if isinstance(n, Mapping) and params is None:
        if positions is not None:
            raise ValueError(
                "A parameter dictionary can be passed as second argument only if Create() is "
                "called with two arguments."
            )
        n, params = 1, n
    if not isinstance(model, str):
        raise TypeError(f"model must be the name of a node model, got {type(model).__name__}")
    if positions is not None:
        return _with_params(create_layer(model, n, params, positions), params)
    count = _count(n)
    if not (params is None or isinstance(params, Mapping)):
        _check_list(params, count)
    if isinstance(params, Mapping) and params:
        first, last = _kernel.create_with(model, count, params_to_kernel(params))
        return NodeCollection._of([(first, last, 1, model)])
    first, last = _kernel.create(model, count)
    return _with_params(NodeCollection._of([(first, last, 1, model)]), params)


def _with_params(nodes: NodeCollection, params: Any) -> NodeCollection:
    """Return new nodes with parameters set; takes them back if these are refused."""
    if not params:
        return nodes
    try:
        nodes.set(params)
    except BaseException:
        _kernel.drop_nodes(nodes._spans[0][0])
        raise
    return nodes


def _count(n: Any) -> int:
    if isinstance(n, str) or not isinstance(n, numbers.Real):
        raise TypeError(f"n must be the number of nodes, got {type(n).__name__}")
    if not isinstance(n, numbers.Integral) and not float(n).is_integer():
        raise TypeError(f"n must have an integer value, got {n!r}")
    count = int(float(n)) if not isinstance(n, numbers.Integral) else int(n)
    if count < 1:
        error = errors.BadProperty if count < 0 else errors.BadParameterValue
        raise error(f"n must be at least 1, got {_shown(count)}")
    if count > MAX_NODES:
        raise errors.KernelException(
            f"{_shown(count)} nodes are more than the {MAX_NODES} that can exist"
        )
    return count


def _shown(count: int) -> str:
    return str(count) if abs(count) < 10**30 else "a number of more than 30 digits"


def _check_list(params: Any, count: int) -> None:
    if not isinstance(params, (list, tuple)) or not all(isinstance(p, Mapping) for p in params):
        raise TypeError("params must be either a dict of parameters or a list or tuple of dicts")
    if len(params) != count:
        raise TypeError(
            f"list of params must have one dictionary per node, got {len(params)} for {count} nodes"
        )


def GetNodes(
    properties: Mapping[str, Any] | None = None, local_only: bool = False
) -> NodeCollection:
    """Return the nodes whose parameters have the given values.

    Parameters
    ----------
    properties
        Names and values that all must match; nothing for all nodes.
    local_only
        Whether to return only the nodes of this process. Otherwise, where `properties` has more
        than the model, all processes must make this call.
    """
    if properties is None:
        properties = {}
    if not isinstance(properties, Mapping):
        raise TypeError(f"properties must be a dictionary, got {type(properties).__name__}")
    parts = _kernel.find_nodes(params_to_kernel(properties), bool(local_only))
    return NodeCollection(chain.from_iterable(range(a, b + 1, step) for a, b, step in parts))


def GetLocalNodeCollection(nc: NodeCollection) -> NodeCollection:
    """Return the nodes of a collection that belong to this process; devices belong to all."""
    if not isinstance(nc, NodeCollection):
        raise TypeError(
            f"GetLocalNodeCollection requires a NodeCollection, got {type(nc).__name__}"
        )
    nc._check()
    if _kernel.num_ranks == 1 or not nc:
        return nc
    return nc[held_here(nc)]


def PrintNodes() -> None:
    """Print the ids and models of all nodes, one line per range of ids."""
    size = _kernel.network_size
    if not size:
        return
    width = len(str(size))
    for first, last, _, model in _kernel.model_runs([(1, size, 1)]):
        if first == last:
            print(f"{first:>{width}} {'':{width + 4}}{model}")
        else:
            print(f"{first:>{width}} .. {last:>{width}} {model}")


def model_names() -> list[str]:
    """Return the names of all node and synapse models."""
    return sorted([*_kernel.node_models, *_kernel.synapse_models])
