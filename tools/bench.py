"""Runs the benchmarks and writes what they measured to a page.

The hot paths one by one (criterion, of crates/ovenbird/benches), then, if there is an interpreter
that has NEST, each network of benches/network on both simulators by turns.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMPARE = ROOT / "benches" / "network" / "compare.py"


def kernels() -> list[str]:
    """The rows of the table of hot paths: time per neuron step, event or synapse."""
    subprocess.run(["cargo", "bench", "-p", "ovenbird"], cwd=ROOT, check=True)
    rows = []
    for directory in sorted((ROOT / "target" / "criterion").glob("*/*/new")):
        estimates = json.loads((directory / "estimates.json").read_text())
        benchmark = json.loads((directory / "benchmark.json").read_text())
        elements = (benchmark.get("throughput") or {}).get("Elements", 1)
        low, high = (
            estimates["median"]["confidence_interval"][bound] / elements
            for bound in ("lower_bound", "upper_bound")
        )
        median = estimates["median"]["point_estimate"] / elements
        name = benchmark["group_id"], benchmark["function_id"]
        rows.append(f"| {name[0]} | {name[1]} | {median:.2f} | {low:.2f} to {high:.2f} |")
    return rows


def networks(peer_python: str, runs: int, threads: list[int]) -> str:
    """The output of the comparison with NEST."""
    command = [sys.executable, str(COMPARE), "--own-python", sys.executable, "--runs", str(runs)]
    command += ["--peer-python", peer_python, "--threads", *map(str, threads)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"), help="default: %(default)s")
    parser.add_argument("--peer-python", help="an interpreter that has NEST")
    parser.add_argument("--runs", type=int, default=3, help="default: %(default)s")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    args = parser.parse_args()
    page = [
        "# Benchmarks",
        "",
        f"{platform.processor() or platform.machine()}, {platform.system()}, Python "
        f"{platform.python_version()}. Times mean something beside each other only.",
        "",
        "## Hot paths",
        "",
        "| path | of | ns each | 95 % of the medians |",
        "|---|---|---|---|",
        *kernels(),
    ]
    if args.peer_python:
        table = networks(args.peer_python, args.runs, args.threads)
        page += ["", "## Beside NEST", "", "```text", table.rstrip(), "```"]
    args.out.mkdir(parents=True, exist_ok=True)
    target = args.out / "bench.md"
    target.write_text("\n".join(page) + "\n")
    print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
