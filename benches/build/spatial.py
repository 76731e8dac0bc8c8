#!/usr/bin/env python3
"""How long Connect takes between nodes in space, on Ovenbird and on NEST.

Each case makes about ``--connections`` connections between nodes scattered over a square. Cases run
by turns in processes of their own; one row for each with the processor time per connection of both
(connecting, and making the connections ready to run) and their ratio.
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import os
import subprocess
import sys
import time
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


def measure(module: str, name: str, connections: int, threads: int) -> None:
    """Runs a case and prints its report."""
    nest = importlib.import_module(module)
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    nest.local_num_threads = threads
    nodes = max(connections // PARTNERS, 2)
    uniform = nest.random.uniform(-0.5, 0.5)
    places = nest.spatial.free(uniform, extent=[1.0, 1.0], edge_wrap=True)
    layer = nest.Create("iaf_psc_alpha", nodes, positions=places)
    conn, syn = CASES[name](nest, nodes)
    start = time.process_time()
    nest.Connect(layer, layer, conn, syn)
    nest.Prepare()
    spent = time.process_time() - start
    print(json.dumps({"cpu_s": spent, "connections": nest.num_connections}))


def report(python: str, module: str, name: str, args: argparse.Namespace) -> dict[str, float]:
    """Measures a case in a fresh process."""
    command = [python, __file__, "--one", module, name, "--threads", str(args.threads)]
    done = subprocess.run(
        [*command, "--connections", str(args.connections)],
        env={**os.environ, "PYNEST_QUIET": "1"},
        capture_output=True,
        text=True,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0 or not lines:
        raise SystemExit(f"{name} failed on {module}:\n{done.stderr[-2000:]}")
    row: dict[str, float] = json.loads(lines[-1])
    return row


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--one", nargs=2, metavar=("MODULE", "CASE"), help=argparse.SUPPRESS)
    parser.add_argument("--own-python", default=sys.executable)
    parser.add_argument("--peer-python", help="Python with NEST; only Ovenbird without")
    parser.add_argument("--connections", type=int, default=10_000_000)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    if args.one:
        measure(*args.one, args.connections, args.threads)
        return
    print(f"{'case':12} {'connections':>12} {'own ns':>8} {'peer ns':>8} {'ratio':>7}")
    for name in args.cases or CASES:
        if name not in CASES:
            parser.error(f"no case {name}; there are {', '.join(CASES)}")
        own = report(args.own_python, "ovenbird.nest", name, args)
        made = own["connections"]
        per_own = own["cpu_s"] / made * 1e9
        line = f"{name:12} {made:12.0f} {per_own:8.1f}"
        if args.peer_python:
            peer = report(args.peer_python, "nest", name, args)
            per_peer = peer["cpu_s"] / peer["connections"] * 1e9
            line += f" {per_peer:8.1f} {per_peer / per_own:7.1f}"
        print(line, flush=True)


if __name__ == "__main__":
    main()
