"""Drawings of networks as graphs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ._arguments import file_name
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
    ext_conns
        Whether connections to nodes outside `nodes` lead to one node ``ext`` instead of each to
        its own target.
    plot_modelnames
        Whether nodes are labelled with their model, too.

    Raises
    ------
    ImportError
        If the package pydot is missing.
    """
    if not isinstance(nodes, NodeCollection):
        raise TypeError(f"nodes must be a 'NodeCollection', got {type(nodes).__name__}.")
    if len(nodes) == 0:
        raise ValueError("nodes must at least contain one node.")
    filename = file_name(filename, "filename")
    kind = Path(filename).suffix
    if kind not in (".png", ".pdf"):
        raise ValueError(f"Filename must end in '.png' or '.pdf', got {filename!r}.")
    graph = _graph(nodes, ext_conns, plot_modelnames)
    write = graph.write_pdf if kind == ".pdf" else graph.write_png
    write(filename)


def _graph(nodes: NodeCollection, ext_conns: bool, plot_modelnames: bool) -> Any:
    pydot = optional_module("pydot", "plot_network")
    conns = GetConnections(nodes)
    graph = pydot.Dot(rankdir="LR", ranksep="5")
    inside = set(nodes.tolist())
    drawn = set(inside)
    for source, target in zip(conns.sources(), conns.targets(), strict=True):
        if ext_conns and target not in inside:
            graph.add_edge(pydot.Edge(str(source), "ext"))
        else:
            graph.add_edge(pydot.Edge(str(source), str(target)))
            drawn.add(target)
    if plot_modelnames:
        for node in NodeCollection(sorted(drawn)):
            name = str(node.global_id)
            graph.add_node(pydot.Node(name, label=f"{name}\\n{node.model}"))
    return graph
