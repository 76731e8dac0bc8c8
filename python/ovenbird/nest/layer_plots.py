"""Pictures of nodes in space, their partners, masks and kernels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ovenbird import _ovenbird

from ._optional import optional_module
from ._placement import placed
from ._plotting import pyplot
from ._state import _kernel
from .layers import GetPosition, GetSourcePositions, GetTargetPositions
from .mask import Mask, mask_datum
from .node_collection import NodeCollection
from .parameter import Parameter

Extent = NDArray[np.float64]


def _require(value: Any, name: str, single: bool = False) -> None:
    if not isinstance(value, NodeCollection):
        raise TypeError(f"{name} must be a NodeCollection, got {type(value).__name__}.")
    if single and len(value) != 1:
        raise TypeError(f"{name} must be a single element NodeCollection, it has {len(value)}.")


def _space(layer: NodeCollection) -> dict[str, Any]:
    space = placed(layer).spatial
    assert space is not None
    return space


def _axes(fig: Any, dimensions: int) -> tuple[Any, Any]:
    """Return a figure, a new one if there is none, and its axes."""
    if fig is not None:
        return fig, fig.gca()
    fig = pyplot().figure()
    return fig, fig.add_subplot(111, projection="3d" if dimensions == 3 else None)


def _draw_extent(axes: Any, center: Extent, extent: Extent) -> None:
    """Frame the region of a layer, and show a little more than that."""
    lower = center - extent / 2.0
    frame = pyplot().Rectangle(tuple(lower), *extent, fc="none", ec="0.5", lw=1, zorder=1)
    axes.add_patch(frame)
    margin = 0.05 * extent
    upper = lower + extent + margin
    lower = lower - margin
    axes.set(
        aspect="equal", xlim=(lower[0], upper[0]), ylim=(lower[1], upper[1]), xticks=(), yticks=()
    )


def PlotLayer(
    layer: NodeCollection, fig: Any = None, nodecolor: Any = "b", nodesize: float = 20
) -> Any:
    """Draw all nodes of a layer.

    Parameters
    ----------
    layer
        Nodes with positions.
    fig
        Figure to draw into; a new one by default.
    nodecolor, nodesize
        Color and size of the nodes.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    _require(layer, "layer")
    space = _space(layer)
    extent = space["extent"]
    positions = np.atleast_2d(GetPosition(layer)).T
    fig, axes = _axes(fig, len(extent))
    if len(extent) == 2:
        axes.scatter(*positions, s=nodesize, facecolor=nodecolor)
        _draw_extent(axes, space["center"], extent)
    else:
        axes.scatter(*positions, s=nodesize, c=nodecolor)
    pyplot().draw_if_interactive()
    return fig


def PlotTargets(
    src_nrn: NodeCollection,
    tgt_layer: NodeCollection,
    syn_type: str | None = None,
    fig: Any = None,
    mask: Mask | Mapping[str, Any] | None = None,
    probability_parameter: Parameter | None = None,
    src_color: Any = "red",
    src_size: float = 50,
    tgt_color: Any = "blue",
    tgt_size: float = 20,
    mask_color: Any = "yellow",
    probability_cmap: Any = "Greens",
) -> Any:
    """Draw the targets of a node in a layer.

    Parameters
    ----------
    src_nrn
        The source, a single node.
    tgt_layer
        The layer in which its targets are.
    syn_type
        Name of a synapse model; None for all.
    fig
        Figure to draw into; a new one by default.
    mask, probability_parameter
        Drawn around the source if given, see `PlotProbabilityParameter`.
    src_color, src_size, tgt_color, tgt_size, mask_color, probability_cmap
        How things are drawn.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    _require(src_nrn, "src_nrn", single=True)
    _require(tgt_layer, "tgt_layer")
    targets = GetTargetPositions(src_nrn, tgt_layer, syn_type)[0]
    return _plot_partners(
        src_nrn,
        tgt_layer,
        targets,
        fig,
        (mask, mask_color),
        (probability_parameter, probability_cmap),
        [(src_color, src_size), (tgt_color, tgt_size)],
    )


def PlotSources(
    src_layer: NodeCollection,
    tgt_nrn: NodeCollection,
    syn_type: str | None = None,
    fig: Any = None,
    mask: Mask | Mapping[str, Any] | None = None,
    probability_parameter: Parameter | None = None,
    tgt_color: Any = "red",
    tgt_size: float = 50,
    src_color: Any = "blue",
    src_size: float = 20,
    mask_color: Any = "yellow",
    probability_cmap: Any = "Greens",
) -> Any:
    """Draw the sources of a node in a layer.

    Parameters
    ----------
    src_layer
        The layer in which the sources are.
    tgt_nrn
        The target, a single node.
    syn_type
        Name of a synapse model; None for all.
    fig
        Figure to draw into; a new one by default.
    mask, probability_parameter
        Drawn around the target if given, see `PlotProbabilityParameter`.
    tgt_color, tgt_size, src_color, src_size, mask_color, probability_cmap
        How things are drawn.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    _require(src_layer, "src_layer")
    _require(tgt_nrn, "tgt_nrn", single=True)
    sources = GetSourcePositions(src_layer, tgt_nrn, syn_type)[0]
    return _plot_partners(
        tgt_nrn,
        src_layer,
        sources,
        fig,
        (mask, mask_color),
        (probability_parameter, probability_cmap),
        [(tgt_color, tgt_size), (src_color, src_size)],
    )


def _plot_partners(
    node: NodeCollection,
    layer: NodeCollection,
    partners: Sequence[Sequence[float]],
    fig: Any,
    mask: tuple[Mask | Mapping[str, Any] | None, Any],
    probability: tuple[Parameter | None, Any],
    markers: Sequence[tuple[Any, float]],
) -> Any:
    """Draw a node and its partners; `markers` are the color and size of both."""
    space = _space(layer)
    center, extent = space["center"], space["extent"]
    fig, axes = _axes(fig, len(extent))
    (node_color, node_size), (color, size) = markers
    here = np.atleast_2d(GetPosition(node)).T
    points = np.array(partners, dtype=np.float64).reshape(-1, len(extent)).T
    if len(extent) == 2:
        axes.scatter(*points, s=size, facecolor=color)
        axes.scatter(*here, s=node_size, facecolor=node_color, alpha=0.4, zorder=-10)
        if mask[0] is not None or probability[0] is not None:
            lower, upper = center - extent, center + extent
            PlotProbabilityParameter(
                node,
                probability[0],
                mask=mask[0],
                edges=[lower[0], upper[0], lower[1], upper[1]],
                ax=axes,
                prob_cmap=probability[1],
                mask_color=mask[1],
            )
        _draw_extent(axes, center, extent)
    else:
        axes.scatter3D(*points, s=size, facecolor=color)
        axes.scatter3D(*here, s=node_size, facecolor=node_color, alpha=0.4, zorder=-10)
    pyplot().draw_if_interactive()
    return fig


def PlotProbabilityParameter(
    source: NodeCollection,
    parameter: Parameter | None = None,
    mask: Mask | Mapping[str, Any] | None = None,
    edges: Sequence[float] = (-0.5, 0.5, -0.5, 0.5),
    shape: Sequence[int] = (100, 100),
    ax: Any = None,
    prob_cmap: Any = "Greens",
    mask_color: Any = "yellow",
) -> None:
    """Draw the probability of connections from a node, and the mask, in two dimensions.

    Parameters
    ----------
    source
        A single node with a position.
    parameter
        Probability of a connection; depends on distance.
    mask
        Region of the partners, a dictionary as in `Connect` or a `Mask`.
    edges
        Left, right, lower and upper end of the region to draw.
    shape
        Number of values to compute along each axis.
    ax
        Axes to draw into; new ones by default.
    prob_cmap, mask_color
        How things are drawn.

    Raises
    ------
    ValueError
        If neither `parameter` nor `mask` is given.
    """
    _require(source, "source", single=True)
    if parameter is None and mask is None:
        raise ValueError("At least one of parameter or mask must be specified")
    plt = pyplot()
    if ax is None:
        _, ax = plt.subplots()
    left, right, lower, upper = edges
    ax.set_xlim(left, right)
    ax.set_ylim(lower, upper)
    if parameter is not None:
        if not isinstance(parameter, Parameter):
            raise TypeError(f"parameter must be a Parameter, got {type(parameter).__name__}")
        columns, rows = np.meshgrid(
            np.linspace(left, right, shape[0]), np.linspace(lower, upper, shape[1])
        )
        points = np.ascontiguousarray(np.stack([columns.ravel(), rows.ravel()], axis=1))
        node_id = placed(source).tolist()[0]
        values = _ovenbird.evaluate_to_points(_kernel, parameter._datum, node_id, points)
        image = ax.imshow(
            np.clip(values.reshape(columns.shape), 0.0, 1.0),
            extent=tuple(edges),
            origin="lower",
            cmap=prob_cmap,
            vmin=0.0,
            vmax=1.0,
        )
        plt.colorbar(image, ax=ax, fraction=0.046, pad=0.04)
    if mask is not None:
        _draw_mask(ax, mask, source, mask_color)


def _draw_mask(axes: Any, mask: Mask | Mapping[str, Any], node: NodeCollection, color: Any) -> None:
    """Draw a mask around a node, and its images in a space with periodic boundaries."""
    space = _space(node)
    datum = mask_datum(mask)
    described = mask._spec if isinstance(mask, Mask) else mask
    here = np.array(GetPosition(node))
    if len(here) != 2:
        raise ValueError("masks are drawn in two dimensions only")
    turns = (0, 1, -1) if space["edge_wrap"] else (0,)
    style = {"fc": color, "ec": "black", "alpha": 0.2, "lw": 2}
    for image in product(turns, turns):
        place = here + np.array(image) * space["extent"]
        if described is None:
            _fill_mask(axes, datum, place, color)
        else:
            axes.add_patch(_outline(described, place, space, {**style, "zorder": 0.5}))


def _outline(
    mask: Mapping[str, Any], place: Extent, space: Mapping[str, Any], style: dict[str, Any]
) -> Any:
    """Return the outline of a mask that is described by a dictionary."""
    shapes = optional_module("matplotlib.patches", "plotting")
    name = next(key for key in mask if key != "anchor")
    if name == "grid":
        corner, size = _grid_region(mask, place, space)
        return shapes.Rectangle(tuple(corner), *size, **style)
    spec = mask[name]
    center = place + np.asarray(mask.get("anchor", (0.0, 0.0)), dtype=np.float64)
    center = center + np.asarray(spec.get("anchor", (0.0, 0.0)), dtype=np.float64)
    angle = float(spec.get("azimuth_angle", 0.0))
    if name == "circular":
        return shapes.Circle(tuple(center), spec["radius"], **style)
    if name == "doughnut":
        outer, inner = spec["outer_radius"], max(spec["inner_radius"], 0.0)
        return shapes.Annulus(tuple(center), outer, outer - inner, **style)
    if name == "elliptical":
        axes = (spec["major_axis"], spec["minor_axis"])
        return shapes.Ellipse(tuple(center), *axes, angle=angle, **style)
    lower = np.asarray(spec["lower_left"], dtype=np.float64)
    size = np.asarray(spec["upper_right"], dtype=np.float64) - lower
    turned = {"angle": angle, "rotation_point": "center"}
    return shapes.Rectangle(tuple(center + lower), *size, **turned, **style)


def _grid_region(
    mask: Mapping[str, Any], place: Extent, space: Mapping[str, Any]
) -> tuple[Extent, Extent]:
    """Return the lower left corner and the size of a grid mask, whose rows go down."""
    if "shape" not in space:
        raise ValueError("a grid mask can be drawn around nodes of a grid only")
    cell = space["extent"] / np.asarray(space["shape"], dtype=np.float64)
    size = cell * np.asarray(mask["grid"]["shape"], dtype=np.float64)
    column, row = mask.get("anchor", (0, 0))
    corner = place + cell * np.array([-column - 0.5, row + 0.5]) - np.array([0.0, size[1]])
    return corner, size


def _fill_mask(axes: Any, datum: _ovenbird.Mask, place: Extent, color: Any) -> None:
    """Draw a combined mask, whose outline is not known, point by point."""
    lower, upper = (np.asarray(corner) for corner in datum.bounds())
    grid = [np.linspace(a, b, 200) for a, b in zip(lower, upper, strict=True)]
    inside = [[datum.contains([x, y]) for x in grid[0]] for y in grid[1]]
    x, y = grid[0] + place[0], grid[1] + place[1]
    axes.contourf(x, y, np.array(inside, dtype=float), levels=[0.5, 1.5], colors=[color], alpha=0.2)
