"""Cases of Connect between nodes in space, for rules.py.

Each makes about the number of connections wanted between nodes scattered over a square.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

PARTNERS = 200
"""Connections per node."""


def radius(nodes: int, partners: float) -> float:
    """The radius of a circle that holds so many of the nodes in a square of size 1."""
    return math.sqrt(partners / (nodes * math.pi))


def mask(nest: Any, nodes: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """All nodes in a circle."""
    circle = {"circular": {"radius": radius(nodes, PARTNERS)}}
    return {"rule": "pairwise_bernoulli", "mask": circle, "allow_oversized_mask": True}, {}


def kernel(nest: Any, nodes: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """A Gaussian in a circle of three standard deviations; weights and delays with distance."""
    std = radius(nodes, PARTNERS) / math.sqrt(2.0)
    conn, _ = mask(nest, nodes)
    conn["mask"] = {"circular": {"radius": 3.0 * std}}
    distance = nest.spatial.distance
    conn["p"] = nest.spatial_distributions.gaussian(distance, std=std)
    return conn, {"weight": 1.0 - distance, "delay": 1.0 + 5.0 * distance}


def indegree(nest: Any, nodes: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """So many sources of each node, chosen by an exponential in a circle."""
    reach = radius(nodes, 2 * PARTNERS)
    conn = {"rule": "fixed_indegree", "indegree": PARTNERS, "mask": {"circular": {"radius": reach}}}
    decay = nest.spatial_distributions.exponential(nest.spatial.distance, beta=reach / 2.0)
    return {**conn, "p": decay, "allow_oversized_mask": True}, {}


def outdegree(nest: Any, nodes: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """So many targets of each node in a circle."""
    conn, _ = indegree(nest, nodes)
    del conn["p"], conn["indegree"]
    return {**conn, "rule": "fixed_outdegree", "outdegree": PARTNERS}, {}


def open_kernel(nest: Any, nodes: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """A narrow Gaussian over all nodes."""
    std = radius(nodes, PARTNERS) / math.sqrt(2.0)
    p = nest.spatial_distributions.gaussian(nest.spatial.distance, std=std)
    return {"rule": "pairwise_bernoulli", "p": p}, {}


Case = Callable[[Any, int], tuple[dict[str, Any], dict[str, Any]]]
CASES: dict[str, Case] = {
    case.__name__: case for case in (mask, kernel, indegree, outdegree, open_kernel)
}


def prepared(nest: Any, name: str, connections: int) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """The nodes of a case, its rule and its synapses."""
    nodes = max(connections // PARTNERS, 2)
    uniform = nest.random.uniform(-0.5, 0.5)
    places = nest.spatial.free(uniform, extent=[1.0, 1.0], edge_wrap=True)
    layer = nest.Create("iaf_psc_alpha", nodes, positions=places)
    return (layer, *CASES[name](nest, nodes))
