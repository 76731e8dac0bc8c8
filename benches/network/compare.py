#!/usr/bin/env python3
"""Runs each network on Ovenbird and on NEST by turns and prints the ratios.

One row for each network and number of threads: how many times faster Ovenbird builds the network
(create and connect; with prepare in the next column), simulates it, and how many times less memory
it takes at its peak; last the mean rates of both, which should agree. Medians over ``--runs``.
``--cpu`` compares processor time, which other load on the machine disturbs less.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
NETWORKS: dict[str, tuple[str, dict[str, str]]] = {
    "brunel_small": ("brunel.py", {"ORDER": "500", "T": "1000"}),
    "brunel": ("brunel.py", {"ORDER": "2500", "T": "300"}),
    "brunel_delta": ("brunel.py", {"ORDER": "2500", "T": "300", "MODEL": "iaf_psc_delta"}),
    "brunel_spread": ("brunel.py", {"ORDER": "1000", "T": "300", "SPREAD": "1"}),
    "microcircuit": ("microcircuit.py", {"SCALE": "0.1", "T": "1000"}),
    "plastic": ("plastic.py", {"SCALE": "0.2", "T": "250"}),
    "conductance": ("conductance.py", {"T": "500"}),
    "conductance_hh": ("conductance.py", {"T": "100", "MODEL": "hh_cond_exp_traub"}),
    "coupled": ("coupled.py", {"T": "51"}),
}
Row = dict[str, Any]


def measure(python: str, module: str, script: str, settings: dict[str, str]) -> Row:
    """Runs a network in a fresh process and returns its report."""
    done = subprocess.run(
        [python, str(HERE / script)],
        env={**os.environ, "PYNEST_QUIET": "1", **settings, "SIM": module},
        capture_output=True,
        text=True,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0 or not lines:
        raise SystemExit(f"{script} failed on {module} with {settings}:\n{done.stderr[-2000:]}")
    row: Row = json.loads(lines[-1])
    return row


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help=", ".join(NETWORKS))
    parser.add_argument("--own-python", default=sys.executable)
    parser.add_argument("--peer-python", default=sys.executable)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--cpu", action="store_true", help="compare processor time")
    parser.add_argument("--least", type=float, default=0.0, help="simulate ratio to require")
    args = parser.parse_args()
    unknown = [name for name in args.networks if name not in NETWORKS]
    if unknown:
        parser.error(f"no network {unknown[0]}; there are {', '.join(NETWORKS)}")
    suffix = "_cpu_s" if args.cpu else "_s"

    def seconds(*phases: str) -> Callable[[Row], float]:
        return lambda row: sum(row[phase + suffix] for phase in phases)

    columns: dict[str, Callable[[Row], float]] = {
        "simulate": seconds("simulate"),
        "build": seconds("create", "connect"),
        "+prepare": seconds("create", "connect", "prepare"),
        "memory": lambda row: float(row["peak_mb"]),
    }
    print(f"{'network':14} threads" + "".join(f"{name:>10}" for name in columns) + "  rates (Hz)")
    short = False
    for name in args.networks or NETWORKS:
        script, settings = NETWORKS[name]
        for threads in args.threads:
            settings = {**settings, "THREADS": str(threads)}
            peer, own = [], []
            for _ in range(args.runs):
                peer.append(measure(args.peer_python, "nest", script, settings))
                own.append(measure(args.own_python, "ovenbird.nest", script, settings))
            ratios = [
                statistics.median(map(f, peer)) / statistics.median(map(f, own))
                for f in columns.values()
            ]
            short |= ratios[0] < args.least
            rates = f"{peer[0]['rate_hz']:.2f} {own[0]['rate_hz']:.2f}"
            print(f"{name:14} {threads:7}" + "".join(f"{r:10.2f}" for r in ratios), " " + rates)
    return int(short)


if __name__ == "__main__":
    sys.exit(main())
