"""Nodes in space, without random numbers: layers, masks, displacements, parameters, dumps."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from .base import Arrays, experiment

ONCE = (0.1,)
"""Nothing here depends on the resolution."""

PLANE: dict[str, dict[str, Any]] = {
    "circle": {"circular": {"radius": 0.31}},
    "far_circle": {"circular": {"radius": 0.3}, "anchor": [0.21, -0.13]},
    "ring": {"doughnut": {"inner_radius": 0.1, "outer_radius": 0.4}},
    "box": {"rectangular": {"lower_left": [-0.1, -0.3], "upper_right": [0.3, 0.2]}},
    "turned_box": {
        "rectangular": {
            "lower_left": [-0.1, -0.3],
            "upper_right": [0.3, 0.2],
            "azimuth_angle": 33.0,
        }
    },
    "ellipse": {"elliptical": {"major_axis": 0.7, "minor_axis": 0.3, "azimuth_angle": 120.0}},
    "far_ellipse": {
        "elliptical": {"major_axis": 0.6, "minor_axis": 0.4, "anchor": [0.1, 0.15]},
        "anchor": [-0.05, 0.03],
    },
}
SOLID: dict[str, dict[str, Any]] = {
    "ball": {"spherical": {"radius": 0.4}},
    "box": {"box": {"lower_left": [-0.2, -0.3, -0.1], "upper_right": [0.3, 0.1, 0.4]}},
    "turned_box": {
        "box": {
            "lower_left": [-0.2, -0.3, -0.1],
            "upper_right": [0.3, 0.1, 0.35],
            "azimuth_angle": 20.0,
            "polar_angle": 50.0,
        }
    },
    "ellipsoid": {
        "ellipsoidal": {
            "major_axis": 0.9,
            "minor_axis": 0.5,
            "polar_axis": 0.6,
            "azimuth_angle": 40.0,
            "polar_angle": 70.0,
        }
    },
}


def _scattered(n: int, dimensions: int) -> list[list[float]]:
    """Irregular positions between -0.5 and 0.5."""
    steps = (0.7548776662466927, 0.5698402909980532, 0.8191725133961645)
    return [[k * steps[d] % 1.0 - 0.5 for d in range(dimensions)] for k in range(1, n + 1)]


def _layers(nest: Any, dimensions: int, wrap: bool) -> tuple[Any, Any]:
    """A grid and a free layer."""
    space, size = nest.spatial, [1.0] * dimensions
    shape = [7, 6] if dimensions == 2 else [4, 3, 5]
    grid = space.grid(shape, extent=size, edge_wrap=wrap)
    free = space.free(_scattered(60, dimensions), extent=size, edge_wrap=wrap)
    return nest.Create("iaf_psc_alpha", positions=grid), nest.Create(
        "iaf_psc_alpha", positions=free
    )


def _connections(nest: Any, label: str, quantity: str = "") -> Arrays:
    """The pairs that are connected, and perhaps a number for each; then removes them."""
    conns = nest.GetConnections()
    pairs = np.array([conns.get("source"), conns.get("target")]).reshape(2, -1)
    order = np.lexsort(pairs[::-1])
    arrays = {f"{label}/senders": (pairs[0] * 1000 + pairs[1])[order].astype(np.float64)}
    if quantity:
        arrays[f"{label}/{quantity}"] = np.array(conns.get(quantity), dtype=float)[order]
    conns.disconnect()
    return arrays


def _masks(nest: Any, masks: dict[str, dict[str, Any]], dimensions: int) -> Arrays:
    arrays: Arrays = {}
    for wrap in (False, True):
        nest.ResetKernel()
        grid, free = _layers(nest, dimensions, wrap)
        for name, mask in masks.items():
            for on_source in (False, True):
                rule = {"rule": "pairwise_bernoulli", "mask": mask, "use_on_source": on_source}
                weight = {"weight": 1.0 + nest.spatial.distance}
                for label, pre, post in (("grid", grid, free), ("free", free, grid)):
                    nest.Connect(pre, post, rule, weight)
                    where = f"{name}_{label}_{'wrap' if wrap else 'open'}_{on_source}"
                    arrays.update(_connections(nest, where, "weight"))
    return arrays


@experiment("space", ONCE)
def plane_masks(nest: Any, resolution: float) -> Arrays:
    """All nodes inside each mask in two dimensions."""
    return _masks(nest, PLANE, 2)


@experiment("space", ONCE)
def solid_masks(nest: Any, resolution: float) -> Arrays:
    """All nodes inside each mask in three dimensions."""
    return _masks(nest, SOLID, 3)


@experiment("space", ONCE)
def grid_masks(nest: Any, resolution: float) -> Arrays:
    """All places of masks on grids, at their corner and at an anchor."""
    grid, free = _layers(nest, 2, False)
    arrays: Arrays = {}
    for label, anchor in (("corner", {}), ("anchored", {"anchor": [1, 2]})):
        mask = {"grid": {"shape": [2, 4]}, **anchor}
        nest.Connect(free, grid, {"rule": "pairwise_bernoulli", "mask": mask})
        arrays.update(_connections(nest, f"{label}_targets"))
        rule = {"rule": "pairwise_bernoulli", "mask": mask, "use_on_source": True}
        nest.Connect(grid, free, rule)
        arrays.update(_connections(nest, f"{label}_sources"))
    return arrays


@experiment("space", ONCE)
def combined_masks(nest: Any, resolution: float) -> Arrays:
    """Nodes inside intersections, unions and differences of masks."""
    grid, free = _layers(nest, 2, True)
    circle = nest.CreateMask("circular", {"radius": 0.4})
    box = nest.CreateMask("rectangular", {"lower_left": [-0.1, -0.2], "upper_right": [0.45, 0.3]})
    arrays: Arrays = {}
    masks = {"both": circle & box, "either": circle | box, "rest": circle - box}
    for name, mask in masks.items():
        for label, layer in (("grid", grid), ("free", free)):
            found = nest.SelectNodesByMask(layer, [0.12, -0.21], mask)
            arrays[f"{name}_{label}/senders"] = np.array(found.tolist(), dtype=float)
    return arrays


@experiment("space", ONCE)
def geometry(nest: Any, resolution: float) -> Arrays:
    """Positions, displacements, distances and what layers say of themselves."""
    arrays: Arrays = {}
    for dimensions in (2, 3):
        for wrap in (False, True):
            grid, free = _layers(nest, dimensions, wrap)
            label = f"{dimensions}d_{wrap}"
            point = [[0.4, -0.3, 0.45][:dimensions]]
            arrays[f"{label}/positions"] = np.ravel(nest.GetPosition(grid))
            arrays[f"{label}/part"] = np.ravel(nest.GetPosition(free[3:50:7]))
            arrays[f"{label}/vectors"] = np.ravel(nest.Displacement(grid[2], free))
            arrays[f"{label}/pairs"] = np.ravel(nest.Displacement(grid[:20], free[:20]))
            arrays[f"{label}/from_point"] = np.ravel(nest.Displacement(point, free))
            arrays[f"{label}/distances"] = np.array(nest.Distance(free, grid[11]))
            arrays[f"{label}/center"] = np.array(free.spatial["center"])
            arrays[f"{label}/extent"] = np.array(free.spatial["extent"])
            nearest = nest.FindNearestElement(grid, point * 2)
            nodes = [node.tolist()[0] - grid.tolist()[0] for node in nearest]
            center = nest.FindCenterElement(free).tolist()[0] - free.tolist()[0]
            arrays[f"{label}/counts"] = np.array([*nodes, center], dtype=float)
    return arrays


@experiment("space", ONCE)
def parameters(nest: Any, resolution: float) -> Arrays:
    """Parameters of nodes and connections that depend on positions."""
    space, profile, arrays = nest.spatial, nest.spatial_distributions, {}
    distance = space.distance
    for wrap in (False, True):
        grid, free = _layers(nest, 2, wrap)
        free.set(V_m=-60.0 + 5.0 * space.pos.x - space.pos.y)
        arrays[f"{wrap}/V_m"] = np.array(free.V_m)
        expressions = {
            "exponential": profile.exponential(distance, beta=0.3),
            "gaussian": profile.gaussian(distance, mean=0.1, std=0.2),
            "gaussian2d": profile.gaussian2D(
                distance.x, distance.y, mean_x=0.1, mean_y=-0.1, std_x=0.3, std_y=0.2, rho=0.4
            ),
            "gamma": profile.gamma(distance, kappa=2.5, theta=0.15),
            "gabor": profile.gabor(
                space.target_pos.x - space.source_pos.x,
                space.target_pos.y - space.source_pos.y,
                theta=30.0,
                gamma=0.7,
                std=0.4,
                lam=0.6,
                psi=20.0,
            ),
            "chosen": nest.logic.conditional(distance < 0.4, nest.math.exp(-distance), 0.01),
            "bounded": nest.math.max(nest.math.min(1.0 - 2.0 * distance, 0.8), 0.1),
            "waves": nest.math.sin(9.0 * distance.x) * nest.math.cos(5.0 * distance.y) ** 2,
        }
        for name, expression in expressions.items():
            applied = expression.apply(grid[17], [[0.1 * i - 0.5, 0.3] for i in range(11)])
            arrays[f"{wrap}_{name}/applied"] = np.array(applied)
            nest.Connect(
                grid, free, {"rule": "pairwise_bernoulli", "p": 1.0}, {"weight": expression}
            )
            arrays.update(_connections(nest, f"{wrap}_{name}", "weight"))
    return arrays


@experiment("space", ONCE)
def dumps(nest: Any, resolution: float) -> Arrays:
    """What is written of nodes and connections, and the partners of nodes."""
    grid, free = _layers(nest, 2, True)
    rule = {"rule": "pairwise_bernoulli", "mask": PLANE["circle"]}
    nest.Connect(grid, free, rule, {"weight": nest.spatial.distance, "delay": 1.5})
    arrays: Arrays = {}
    with tempfile.TemporaryDirectory() as folder:
        name = Path(folder, "dump.txt")
        nest.DumpLayerNodes(free, name)
        arrays["nodes/table"] = np.loadtxt(name).ravel()
        nest.DumpLayerConnections(grid, free, "static_synapse", name)
        table = np.loadtxt(name)
        arrays["connections/table"] = table[np.lexsort(table.T[1::-1])].ravel()
    for i in (0, 17, 41):
        targets = nest.GetTargetNodes(grid[i], free)[0]
        arrays[f"{i}/senders"] = np.array(targets.tolist(), dtype=float)
        places = np.array(nest.GetTargetPositions(grid[i], free)[0])
        arrays[f"{i}/places"] = places[np.lexsort(places.T)].ravel()
    sources = nest.GetSourceNodes(grid, free[5])[0]
    arrays["sources/senders"] = np.array(sources.tolist(), dtype=float)
    return arrays
