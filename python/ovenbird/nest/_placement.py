"""How a collection knows that its nodes are in space."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ovenbird import _ovenbird, errors

from ._state import _kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .node_collection import NodeCollection


class PlacedModel(str):
    """Name of the model of nodes that have positions.

    Parts of a collection made with positions keep this name, so they know of their layer, as in
    NEST; collections made of node ids do not.

    Parameters
    ----------
    name
        Name of the model.
    layer
        First node of the layer.
    """

    __slots__ = ("layer",)

    layer: int

    def __new__(cls, name: str, layer: int) -> PlacedModel:
        self = super().__new__(cls, name)
        self.layer = layer
        return self


def layer_of(nodes: NodeCollection) -> int | None:
    """Return the first node of the layer that a collection is a part of, or None."""
    runs = nodes._runs
    model = runs[0].model if runs else None
    return model.layer if isinstance(model, PlacedModel) else None


def placed(nodes: NodeCollection) -> NodeCollection:
    """Return a collection if it knows of its layer, and raise `LayerExpected` otherwise."""
    nodes._check()
    if layer_of(nodes) is None:
        raise errors.LayerExpected(
            "a NodeCollection with positions is expected: one made by Create with positions, or a "
            "slice of it"
        )
    return nodes


def held_here(nodes: NodeCollection) -> NDArray[np.bool_]:
    """Return which nodes belong to this process."""
    blocks = _kernel.get_nodes(nodes._parts(), ["local"])
    return np.concatenate([np.asarray(columns["local"], dtype=bool) for _, columns in blocks])


def description(nodes: NodeCollection) -> dict[str, Any] | None:
    """Return what `NodeCollection.spatial` says, or None for nodes without positions."""
    first = layer_of(nodes)
    if first is None:
        return None
    nodes._check()
    layer = _ovenbird.layer(_kernel, first)
    if layer is None:
        return None
    layer["network_size"] = len(nodes)
    if "shape" not in layer:
        held = held_here(nodes)
        here = np.asarray(nodes)[held]
        layer["positions"] = _ovenbird.positions(_kernel, here) if held.any() else ()
    return dict(sorted(layer.items()))
