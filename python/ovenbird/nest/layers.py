"""Nodes in space: their positions and distances, and what is connected to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ovenbird import _ovenbird, errors

from ._arguments import coordinates, file_name
from ._placement import held_here, layer_of, placed
from ._state import _kernel
from .connect import GetConnections
from .mask import Mask
from .node_collection import NodeCollection
from .parallel import NumProcesses, Rank

Rows = NDArray[np.float64]


def GetPosition(nodes: NodeCollection) -> list[Any]:
    """Return the positions of nodes.

    Returns
    -------
    list
        A list of coordinates for each node, or for a single node its coordinates.

    Raises
    ------
    LayerExpected
        If the nodes have no positions.
    """
    if not isinstance(nodes, NodeCollection):
        raise TypeError(
            f"nodes must be a NodeCollection with spatial extent, got {type(nodes).__name__}"
        )
    rows = cast("list[Any]", _positions(nodes).tolist())
    return cast("list[Any]", rows[0]) if len(rows) == 1 else rows


def _positions(nodes: NodeCollection) -> Rows:
    return _ovenbird.positions(_kernel, placed(nodes)._parts())


def _rows(points: Any) -> Rows:
    """Return positions as an array with a row for each; a single array is one position."""
    if isinstance(points, np.ndarray) and points.ndim == 1:
        points = (points,)
    if not isinstance(points, (list, tuple, np.ndarray)):
        raise TypeError(
            "from_arg must be either a NodeCollection or a list/tuple of positions, "
            f"got {type(points).__name__}"
        )
    if not len(points):
        raise ValueError("from_arg must hold at least one position")
    if not all(isinstance(point, (list, tuple, np.ndarray)) for point in points):
        raise TypeError("each position must be a list, tuple or array of coordinates")
    lengths = {len(point) for point in points}
    if len(lengths) > 1:
        raise ValueError("all positions must have the same number of coordinates")
    return np.ascontiguousarray(points, dtype=np.float64)


def _vectors(from_arg: Any, to_arg: Any) -> Rows:
    """Return shortest vectors: to nodes from positions, and from nodes to nodes the negatives.

    The signs are those of PyNEST.
    """
    if not isinstance(to_arg, NodeCollection):
        raise TypeError(f"to_arg must be a NodeCollection, got {type(to_arg).__name__}")
    points = from_arg if isinstance(from_arg, NodeCollection) else _rows(from_arg)
    n, m = len(points), len(to_arg)
    if n > 1 and m > 1 and n != m:
        raise ValueError(
            f"to_arg and from_arg must have same size unless one have size 1, got {m} and {n}."
        )
    if isinstance(points, NodeCollection):
        return _ovenbird.displacements(_kernel, _positions(to_arg), placed(points)._parts())
    return _ovenbird.displacements(_kernel, points, placed(to_arg)._parts())


def Displacement(from_arg: Any, to_arg: NodeCollection) -> list[list[float]]:
    """Return shortest vectors between nodes, or from positions to nodes.

    Parameters
    ----------
    from_arg
        Nodes, or a list of positions.
    to_arg
        Nodes. One of the two may be single.

    Returns
    -------
    list of list of float
        From positions the vectors to the nodes. Between two collections, as in PyNEST, the
        vectors from the nodes of `to_arg` to those of `from_arg`, in the space of `from_arg`.
    """
    return cast("list[list[float]]", _vectors(from_arg, to_arg).tolist())


def Distance(from_arg: Any, to_arg: NodeCollection) -> list[float]:
    """Return distances between nodes, or from positions to nodes.

    Parameters
    ----------
    from_arg
        Nodes, or a list of positions.
    to_arg
        Nodes. One of the two may be single.
    """
    return cast("list[float]", _lengths(_vectors(from_arg, to_arg)).tolist())


def _lengths(vectors: Rows) -> Rows:
    squares = vectors[:, 0] * vectors[:, 0]
    for column in vectors.T[1:]:
        squares = squares + column * column
    return np.sqrt(squares)


def FindNearestElement(layer: NodeCollection, locations: Any, find_all: bool = False) -> Any:
    """Return the nodes of a layer that are nearest to some locations.

    Parameters
    ----------
    layer
        Nodes with positions.
    locations
        One position, or a sequence of positions.
    find_all
        Whether to return all nodes at the least distance, not only the first.

    Returns
    -------
    NodeCollection or list
        For one location a node, or with `find_all` a list of nodes; for several a list of these.
    """
    if not isinstance(layer, NodeCollection):
        raise TypeError(f"layer must be a NodeCollection, got {type(layer).__name__}")
    if not len(layer):
        raise ValueError("layer cannot be empty")
    if not isinstance(locations, Iterable):
        raise TypeError("locations must be coordinate array or list of coordinate arrays")
    listed = list(locations)
    if not listed:
        raise ValueError("locations must hold at least one position")
    if not isinstance(listed[0], Iterable):
        listed = [listed]
    result: list[Any] = []
    for location in listed:
        distances = _lengths(_vectors(coordinates(location, "a location"), layer))
        least = distances.min()
        if find_all:
            nearest = np.flatnonzero(np.abs(distances - least) <= 1e-14 * least)
            result.append([layer[int(index)] for index in nearest])
        else:
            result.append(layer[int(distances.argmin())])
    return result[0] if len(result) == 1 else result


def FindCenterElement(layer: NodeCollection) -> NodeCollection:
    """Return the node that is nearest to the center of a layer."""
    if not isinstance(layer, NodeCollection):
        raise TypeError(f"layer must be a NodeCollection, got {type(layer).__name__}")
    space = placed(layer).spatial
    assert space is not None
    return cast("NodeCollection", FindNearestElement(layer, space["center"]))


def SelectNodesByMask(
    layer: NodeCollection, anchor: Sequence[float], mask_obj: Mask
) -> NodeCollection:
    """Return the nodes of a layer inside a mask that is laid around `anchor`."""
    if not isinstance(layer, NodeCollection):
        raise TypeError(f"layer must be a NodeCollection, got {type(layer).__name__}.")
    if not isinstance(mask_obj, Mask):
        raise TypeError(
            f"mask_obj must be a Mask, made by CreateMask, got {type(mask_obj).__name__}"
        )
    parts = placed(layer)._parts()
    point = coordinates(anchor, "anchor").reshape(-1).tolist()
    found = _ovenbird.select_by_mask(_kernel, parts, point, mask_obj._datum)
    return NodeCollection([id_ for a, b, step in found for id_ in range(a, b + 1, step)])


def _ends(
    source: NodeCollection, target: NodeCollection, syn_model: str | None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the sources and the targets of connections."""
    conns = GetConnections(source, target, synapse_model=syn_model)
    ends = (conns._column("source"), conns._column("target"))
    return np.array(ends[0], dtype=np.int64), np.array(ends[1], dtype=np.int64)


def _grouped(
    keys: NDArray[np.int64], values: NDArray[np.int64], nodes: NodeCollection
) -> list[NDArray[np.int64]]:
    """Return for each node the values whose key it is, in their order."""
    order = np.argsort(keys, kind="stable")
    wanted = np.asarray(nodes)
    begin = np.searchsorted(keys, wanted, side="left", sorter=order)
    end = np.searchsorted(keys, wanted, side="right", sorter=order)
    return [values[order[a:b]] for a, b in zip(begin, end, strict=True)]


def _require(value: Any, name: str) -> None:
    if not isinstance(value, NodeCollection):
        raise TypeError(f"{name} must be a NodeCollection, got {type(value).__name__}.")


def GetTargetNodes(
    sources: NodeCollection, tgt_layer: NodeCollection, syn_model: str | None = None
) -> tuple[NodeCollection, ...]:
    """Return for each source the nodes of `tgt_layer` that it is connected to.

    Parameters
    ----------
    sources, tgt_layer
        Nodes.
    syn_model
        Name of a synapse model; None for all.
    """
    _require(sources, "sources")
    _require(tgt_layer, "tgt_layer")
    source, target = _ends(sources, tgt_layer, syn_model)
    return tuple(NodeCollection(np.unique(t)) for t in _grouped(source, target, sources))


def GetSourceNodes(
    src_layer: NodeCollection, targets: NodeCollection, syn_model: str | None = None
) -> tuple[NodeCollection, ...]:
    """Return for each target the nodes of `src_layer` that are connected to it.

    Parameters
    ----------
    src_layer, targets
        Nodes.
    syn_model
        Name of a synapse model; None for all.
    """
    _require(src_layer, "src_layer")
    _require(targets, "targets")
    source, target = _ends(src_layer, targets, syn_model)
    return tuple(NodeCollection(np.unique(s)) for s in _grouped(target, source, targets))


def _places(groups: list[NDArray[np.int64]], layer: NodeCollection) -> list[list[list[float]]]:
    """Return the positions of the nodes in each group, all of them in `layer`."""
    positions, ids = _positions(layer), np.asarray(layer)
    return [positions[np.searchsorted(ids, group)].tolist() for group in groups]


def GetTargetPositions(
    sources: NodeCollection, tgt_layer: NodeCollection, syn_model: str | None = None
) -> list[list[list[float]]]:
    """Return for each source the positions of the nodes of `tgt_layer` it is connected to.

    Parameters
    ----------
    sources, tgt_layer
        Nodes, those of `tgt_layer` with positions.
    syn_model
        Name of a synapse model; None for all.
    """
    _require(sources, "sources")
    _require(tgt_layer, "tgt_layer")
    placed(tgt_layer)
    source, target = _ends(sources, tgt_layer, syn_model)
    return _places(_grouped(source, target, sources), tgt_layer)


def GetSourcePositions(
    src_layer: NodeCollection, targets: NodeCollection, syn_model: str | None = None
) -> list[list[list[float]]]:
    """Return for each target the positions of the nodes of `src_layer` connected to it.

    Parameters
    ----------
    src_layer, targets
        Nodes, those of `src_layer` with positions.
    syn_model
        Name of a synapse model; None for all.
    """
    _require(src_layer, "src_layer")
    _require(targets, "targets")
    placed(src_layer)
    source, target = _ends(src_layer, targets, syn_model)
    return _places(_grouped(target, source, targets), src_layer)


def _file_name(outname: Any) -> str:
    """Return the name of this process's file: several put their rank before the first dot."""
    name = file_name(outname, "outname")
    count = NumProcesses()
    if count == 1:
        return name
    stem, dot, ending = name.partition(".")
    return f"{stem}-{Rank():0{len(str(count - 1))}d}{dot}{ending}"


def _text(numbers: Iterable[float]) -> str:
    return " ".join(f"{x:g}" for x in numbers)


def DumpLayerNodes(layer: NodeCollection, outname: Any) -> None:
    """Write the ids and positions of the nodes of this process to a file, a line for each.

    Parameters
    ----------
    layer
        Nodes with positions.
    outname
        Name of the file, which is overwritten.
    """
    _require(layer, "layer")
    here = np.asarray(placed(layer))[held_here(layer)]
    positions = _ovenbird.positions(_kernel, here) if len(here) else ()
    with open(_file_name(outname), "w", encoding="utf-8") as out:
        for node_id, position in zip(here, positions, strict=True):
            out.write(f"{node_id} {_text(position)}\n")


def DumpLayerConnections(
    source_layer: NodeCollection, target_layer: NodeCollection, synapse_model: str, outname: Any
) -> None:
    """Write connections to a file: source, target, weight, delay and displacement on a line.

    Parameters
    ----------
    source_layer
        Nodes with positions.
    target_layer
        Nodes; the displacement to those without positions is NaN.
    synapse_model
        Name of the synapse model.
    outname
        Name of the file, which is overwritten.
    """
    _require(source_layer, "source_layer")
    _require(target_layer, "target_layer")
    layer = layer_of(placed(source_layer))
    assert layer is not None
    conns = GetConnections(source_layer, target_layer, synapse_model=synapse_model)
    keys = ("source", "target", "weight", "delay")
    source, target, weight, delay = (conns._column(key) for key in keys)
    senders, which = np.unique(np.array(source, dtype=np.int64), return_inverse=True)
    # all processes ask, also those that have none of the connections
    starts = _ovenbird.find_positions(_kernel, layer, senders)[which]
    if layer_of(target_layer) is None:
        vectors = np.full_like(starts, np.nan)
    elif source:
        vectors = _pairwise(starts, target_layer, np.array(target, dtype=np.int64))
    else:
        vectors = starts
    with open(_file_name(outname), "w", encoding="utf-8") as out:
        for row in zip(source, target, weight, delay, vectors, strict=True):
            out.write(f"{row[0]} {row[1]} {row[2]:g} {row[3]:g} {_text(row[4])}\n")


def _pairwise(starts: Rows, layer: NodeCollection, ends: NDArray[np.int64]) -> Rows:
    """Return the shortest vectors from positions to nodes of a layer, which may repeat."""
    if starts.shape[1] != _positions(layer[0]).shape[1]:
        raise errors.BadProperty("source and target layer must have the same number of dimensions")
    return _ovenbird.displacements(_kernel, starts, ends)
