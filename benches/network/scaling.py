#!/usr/bin/env python3
"""Speed-up by threads, and the cost of a synaptic event against the size of the network.

The first table runs networks with each number of threads by turns and prints how many times faster
than one thread they are built and simulated. The second divides the time that the Brunel network
takes on one thread, everything included, by the synaptic events that it delivers.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from typing import Any

from compare import NETWORKS, measure

OWN = "ovenbird.nest"


def seconds(rows: list[dict[str, Any]], *phases: str) -> float:
    """The median over runs of the wall time of some phases together."""
    return statistics.median(sum(row[f"{phase}_s"] for phase in phases) for row in rows)


def speed_up(python: str, networks: list[str], threads: list[int], runs: int) -> None:
    """Prints the table of numbers of threads."""
    print("| network | threads | build | +prepare | simulate |\n|---|---|---|---|---|")
    for network in networks:
        script, settings = NETWORKS[network]
        rows: dict[int, list[dict[str, Any]]] = {n: [] for n in [1, *threads]}
        for _ in range(runs):
            for n in rows:
                rows[n].append(measure(python, OWN, script, {**settings, "THREADS": str(n)}))
        for n in threads:
            phases = [("create", "connect"), ("create", "connect", "prepare"), ("simulate",)]
            ratios = [seconds(rows[1], *p) / seconds(rows[n], *p) for p in phases]
            cells = " | ".join(f"{ratio:.2f}" for ratio in ratios)
            print(f"| {network} | {n} | {cells} |", flush=True)


def event_cost(python: str, orders: list[int], runs: int) -> None:
    """Prints the table of sizes."""
    print("\n| ORDER | neurons | ns per event |\n|---|---|---|")
    for order in orders:
        duration = 500.0 * orders[0] / order + 100.0
        settings = {"ORDER": str(order), "T": str(duration), "THREADS": "1"}
        rows = [measure(python, OWN, "brunel.py", settings) for _ in range(runs)]
        neurons, out_degree = 5 * order, order // 2
        events = rows[0]["rate_hz"] * neurons * duration / 1000 * out_degree
        cost = seconds(rows, "simulate") / events * 1e9
        print(f"| {order} | {neurons} | {cost:.2f} |", flush=True)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    default = ["brunel", "microcircuit"]
    parser.add_argument("networks", nargs="*", default=default, help=", ".join(NETWORKS))
    parser.add_argument("--own-python", default=sys.executable)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, nargs="+", default=[2])
    parser.add_argument("--orders", type=int, nargs="+", default=[500, 1000, 2500, 5000])
    args = parser.parse_args()
    speed_up(args.own_python, args.networks, args.threads, args.runs)
    event_cost(args.own_python, args.orders, args.runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
