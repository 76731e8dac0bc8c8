"""Drawings of networks as graphs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ovenbird import errors

from ._optional import optional_module
from .connect import GetConnections
from .node_collection import NodeCollection

__all__ = ["plot_network"]


def plot_network(
    nodes: NodeCollection, filename: Any, ext_conns: bool = False, plot_modelnames: bool = False
) -> None:
    """Draw nodes and the connections that begin at them.

    Parameters
    ----------
    nodes
        The nodes.
    filename
        File to write, ending in ``.png`` or ``.pdf``.
    ext_conns, plot_modelnames
        Not available.

    Raises
    ------
    ImportError
        If the package pydot is missing.
    """
    if not isinstance(nodes, NodeCollection):
        raise TypeError(f"nodes must be a 'NodeCollection', got {type(nodes).__name__}.")
    if len(nodes) == 0:
        raise ValueError("nodes must at least contain one node.")
    for name, flag in (("ext_conns", ext_conns), ("plot_modelnames", plot_modelnames)):
        if flag:
            raise errors.NotImplemented(f"plot_network(..., {name}=True) is not available")
    kind = Path(filename).suffix
    if kind not in (".png", ".pdf"):
        raise ValueError(f"Filename must end in '.png' or '.pdf', got {filename!r}.")
    pydot = optional_module("pydot", "plot_network")
    conns = GetConnections(nodes)
    graph = pydot.Dot(rankdir="LR", ranksep="5")
    for source, target in zip(conns.sources(), conns.targets(), strict=True):
        graph.add_edge(pydot.Edge(str(source), str(target)))
    write = graph.write_pdf if kind == ".pdf" else graph.write_png
    write(str(filename))
