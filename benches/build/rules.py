#!/usr/bin/env python3
"""What Connect and GetConnections cost, on Ovenbird and on NEST.

Rules without space make ``--connections`` connections between ``--neurons`` neurons, rules in
space (those of spatial.py) as many between nodes in a square. Each case runs in a process of its
own, Ovenbird and NEST by turns; one row for each has the processor time per connection of Connect,
the ratio, and the ratio when making the connections ready to run is counted, too. Rows of
GetConnections have the time of one call in milliseconds.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import spatial

Times = dict[str, float]


class Clock:
    """Processor time by name, of this process with all of its threads."""

    def __init__(self) -> None:
        self.seconds: Times = {}

    @contextmanager
    def lap(self, name: str) -> Iterator[None]:
        """Adds the time that a block takes."""
        start = time.process_time()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.process_time() - start


class Job:
    """A simulator with neurons, and how many connections are wanted."""

    def __init__(self, nest: Any, neurons: int, connections: int) -> None:
        self.nest, self.neurons, self.connections = nest, neurons, connections
        self.degree = max(connections // neurons, 1)
        self.p = connections / neurons**2
        self.rng = np.random.default_rng(1)
        self.clock = Clock()

    def nodes(self, number: int | None = None) -> Any:
        """Neurons."""
        return self.nest.Create("iaf_psc_alpha", number or self.neurons)

    def connect(self, *args: Any) -> None:
        """Connect, with its time."""
        with self.clock.lap("connect"):
            self.nest.Connect(*args)

    def drawn(self) -> dict[str, Any]:
        """Weights and delays that are drawn."""
        normal = self.nest.random.normal
        return {"weight": normal(1.0, 0.1), "delay": self.nest.math.max(normal(1.5, 0.3), 0.1)}


Case = Callable[[Job], None]


def all_to_all(job: Job) -> None:
    """Each source with each target."""
    few = max(job.connections // job.neurons, 1)
    job.connect(job.nodes(few), job.nodes(), "all_to_all")


def all_to_all_arrays(job: Job) -> None:
    """Each source with each target, by a matrix of weights."""
    few = max(job.connections // job.neurons, 1)
    weights = job.rng.normal(1.0, 0.1, (job.neurons, few))
    job.connect(job.nodes(few), job.nodes(), "all_to_all", {"weight": weights})


def one_to_one(job: Job) -> None:
    """Pairs of two populations, again and again."""
    number = min(job.connections, 500_000)
    pre, post = job.nodes(number), job.nodes(number)
    for _ in range(max(job.connections // number, 1)):
        job.connect(pre, post, "one_to_one")


def one_to_one_arrays(job: Job) -> None:
    """Pairs of two populations, with arrays of weights and delays, again and again."""
    number = min(job.connections, 500_000)
    pre, post = job.nodes(number), job.nodes(number)
    weights, delays = job.rng.normal(1.0, 0.1, number), job.rng.uniform(0.5, 2.0, number)
    for _ in range(max(job.connections // number, 1)):
        job.connect(pre, post, "one_to_one", {"weight": weights, "delay": delays})


def one_to_one_drawn(job: Job) -> None:
    """Pairs of two populations, with drawn weights and delays, again and again."""
    number = min(job.connections, 500_000)
    pre, post = job.nodes(number), job.nodes(number)
    for _ in range(max(job.connections // number, 1)):
        job.connect(pre, post, "one_to_one", job.drawn())


def pairs(job: Job, **amounts: Any) -> None:
    """A list of pairs that was drawn elsewhere."""
    job.nodes()
    pre, post = job.rng.integers(1, job.neurons + 1, (2, job.connections))
    job.connect(pre, post, "one_to_one", {"synapse_model": "static_synapse", **amounts})


def pairs_weights(job: Job) -> None:
    """A list of pairs, each with weight and delay."""
    weights = job.rng.normal(1.0, 0.1, job.connections)
    pairs(job, weight=weights, delay=job.rng.uniform(0.5, 2.0, job.connections))


def random(rule: str, drawn: bool = False, **switches: Any) -> Case:
    """A rule with degree, number or probability such that it makes the connections wanted."""

    def case(job: Job) -> None:
        amounts = {
            "fixed_indegree": {"indegree": job.degree},
            "fixed_outdegree": {"outdegree": job.degree},
            "fixed_total_number": {"N": job.connections},
            "pairwise_bernoulli": {"p": job.p},
            "pairwise_poisson": {"pairwise_avg_num_conns": job.p},
            "symmetric_pairwise_bernoulli": {"p": job.p / 2.0, "make_symmetric": True},
        }
        nodes = job.nodes()
        conn = {"rule": rule, **amounts[rule], **switches}
        job.connect(nodes, nodes, conn, job.drawn() if drawn else None)

    return case


def in_space(name: str) -> Case:
    """A case of spatial.py."""

    def case(job: Job) -> None:
        layer, conn, syn = spatial.prepared(job.nest, name, job.connections)
        job.connect(layer, layer, conn, syn)

    return case


def single(job: Job) -> None:
    """A loop over calls with one source and one target, one for each 100 connections."""
    nodes = list(job.nodes(1000))
    pairs = job.rng.integers(0, 1000, (max(job.connections // 100, 1), 2)).tolist()
    # one lap for all, since the clock takes as long as a call
    with job.clock.lap("connect"):
        for pre, post in pairs:
            job.nest.Connect(nodes[pre], nodes[post], "one_to_one", {"weight": 2.0, "delay": 1.0})


WITHOUT_SELF = {"allow_autapses": False, "allow_multapses": False}
BUILDS: dict[str, Case] = {
    "all_to_all": all_to_all,
    "all_to_all, matrix of weights": all_to_all_arrays,
    "one_to_one": one_to_one,
    "one_to_one, arrays": one_to_one_arrays,
    "one_to_one, drawn": one_to_one_drawn,
    "list of pairs": pairs,
    "list of pairs, arrays": pairs_weights,
    "fixed_indegree": random("fixed_indegree"),
    "fixed_indegree, distinct": random("fixed_indegree", **WITHOUT_SELF),
    "fixed_indegree, drawn": random("fixed_indegree", True),
    "fixed_outdegree": random("fixed_outdegree"),
    "fixed_outdegree, drawn": random("fixed_outdegree", True),
    "fixed_total_number": random("fixed_total_number"),
    "fixed_total_number, drawn": random("fixed_total_number", True),
    "pairwise_bernoulli": random("pairwise_bernoulli"),
    "pairwise_bernoulli, drawn": random("pairwise_bernoulli", True),
    "pairwise_poisson": random("pairwise_poisson"),
    "symmetric_pairwise_bernoulli": random("symmetric_pairwise_bernoulli", allow_autapses=False),
    **{f"space: {name}": in_space(name) for name in spatial.CASES},
    "single calls": single,
}


def query(job: Job) -> None:
    """GetConnections with filters, and what follows it, in a network of two models."""
    nest, nodes = job.nest, job.nodes()
    half = {"rule": "fixed_indegree", "indegree": max(job.degree // 2, 1)}
    nest.CopyModel("static_synapse", "other")
    nest.Connect(nodes, nodes, half)
    nest.Connect(nodes, nodes, half, {"synapse_model": "other", "weight": 2.0})
    nest.Prepare()
    nest.Cleanup()
    lap = job.clock.lap
    some = nodes[: max(job.neurons // 100, 1)]
    with lap("one source"):
        nest.GetConnections(nodes[0])
    with lap("one target"):
        nest.GetConnections(target=nodes[1])
    with lap("1 % of sources"):
        nest.GetConnections(some)
    with lap("1 % of targets"):
        nest.GetConnections(target=some)
    with lap("1 % of both"):
        nest.GetConnections(some, some)
    with lap("one model, 1 % of sources"):
        nest.GetConnections(some, synapse_model="other")
    with lap("one model"):
        found = nest.GetConnections(synapse_model="other")
    with lap("get weights of it"):
        found.get("weight")
    with lap("set a weight for it"):
        found.set(weight=3.0)
    with lap("set it again"):
        found.set(weight=4.0)
    with lap("set weights for it"):
        found.set(weight=np.linspace(1.0, 2.0, len(found)))
    del found
    with lap("all"):
        nest.GetConnections()


def measure(module: str, name: str, args: argparse.Namespace) -> None:
    """Runs a case and prints its report."""
    nest = importlib.import_module(module)
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    nest.local_num_threads = args.threads
    job = Job(nest, args.neurons, args.connections)
    if name == QUERIES:
        query(job)
    else:
        BUILDS[name](job)
        with job.clock.lap("ready"):
            nest.Prepare()
        job.clock.seconds["number"] = nest.num_connections
    print(json.dumps(job.clock.seconds))


QUERIES = "GetConnections"


def report(python: str, module: str, name: str, args: argparse.Namespace) -> Times:
    """Measures a case in a fresh process."""
    command = [python, __file__, "--one", module, name, "--threads", str(args.threads)]
    command += ["--connections", str(args.connections), "--neurons", str(args.neurons)]
    env = {**os.environ, "PYNEST_QUIET": "1"}
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0 or not lines:
        raise SystemExit(f"{name} failed on {module}:\n{done.stderr[-2000:]}")
    times: Times = json.loads(lines[-1])
    return times


def both(name: str, args: argparse.Namespace) -> tuple[Times, Times | None]:
    """A case on Ovenbird and, if there is one, on NEST."""
    own = report(args.own_python, "ovenbird.nest", name, args)
    return own, report(args.peer_python, "nest", name, args) if args.peer_python else None


def build_row(name: str, args: argparse.Namespace) -> None:
    """Measures a case of Connect and prints its row."""
    own, peer = both(name, args)

    def per_connection(times: Times, *parts: str) -> float:
        return sum(times[part] for part in parts) / max(times["number"], 1.0) * 1e9

    row = [f"{own['number']:.0f}", f"{per_connection(own, 'connect'):.1f}"]
    if peer:
        row.append(f"{per_connection(peer, 'connect'):.1f}")
        for parts in (["connect"], ["connect", "ready"]):
            row.append(f"{per_connection(peer, *parts) / per_connection(own, *parts):.1f}")
    print(f"| {name} | {' | '.join(row)} |", flush=True)


def query_rows(args: argparse.Namespace) -> None:
    """Measures GetConnections and prints a row for each filter."""
    own, peer = both(QUERIES, args)
    for name, seconds in own.items():
        row = [f"{seconds * 1e3:.2f}"]
        if peer:
            row += [f"{peer[name] * 1e3:.2f}", f"{peer[name] / max(seconds, 1e-9):.1f}"]
        print(f"| {name} | {' | '.join(row)} |", flush=True)


def table_head(*columns: str) -> None:
    """Prints the first two lines of a table."""
    print(f"| {' | '.join(columns)} |\n{'|---' * len(columns)}|", flush=True)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="all whose names begin so")
    parser.add_argument("--one", nargs=2, metavar=("MODULE", "CASE"), help=argparse.SUPPRESS)
    parser.add_argument("--own-python", default=sys.executable)
    parser.add_argument("--peer-python", help="Python with NEST; only Ovenbird without")
    parser.add_argument("--connections", type=int, default=10_000_000)
    parser.add_argument("--neurons", type=int, default=10_000)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    if args.one:
        measure(*args.one, args)
        return
    names = [*BUILDS, QUERIES]
    if args.cases:
        names = [name for name in names if any(name.startswith(case) for case in args.cases)]
    if not names:
        parser.error(f"no such case; there are {', '.join([*BUILDS, QUERIES])}")
    peers = ["peer ns", "ratio", "and ready"] if args.peer_python else []
    builds = [name for name in names if name in BUILDS]
    if builds:
        table_head("Connect", "connections", "own ns", *peers)
    for name in builds:
        build_row(name, args)
    if QUERIES in names:
        peers = ["peer ms", "ratio"] if args.peer_python else []
        table_head(QUERIES, "own ms", *peers)
        query_rows(args)


if __name__ == "__main__":
    main()
