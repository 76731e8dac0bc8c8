"""Run PyNEST example scripts on Ovenbird and on NEST, and compare the figures they arrive at.

`python tools/examples.py DIR --peer-python PYTHON --timeout 60` runs each script below DIR (such
as NEST's `pynest/examples`) as a process of its own, one at a time, and prints a table of
outcomes. Scripts that take long are shortened alike for both (`SHORTER`).

Figures are what the kernel counts, what recorders hold, what is drawn, and the numbers that are
printed. They are the same if they agree to a relative 1e-6, and close if they agree to 1e-3, the
tolerance of solvers of differential equations. A script that draws random numbers is run by NEST
with further seeds; its figures agree if each lies in the range that NEST's span, widened by
`WIDENING` times that range and `SLACK` of its middle.
"""

from __future__ import annotations

import argparse
import ast
import collections
import dataclasses
import json
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence

TOOLS = pathlib.Path(__file__).resolve().parent

Figures = Mapping[str, float]

SAME = 1e-6
CLOSE = 1e-3
WIDENING = 2.0
SLACK = 0.02
CLOCK = re.compile(r"second|time|factor|memory|\bETA\b|\bs$|\d s\b|Hz sim|rusage", re.IGNORECASE)
"""Printed lines about how long something took."""
MESSAGE = re.compile(r"\[INFO\]|Number of OpenMP threads:|Not using MPI")
NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w.])")

SHORTER: dict[str, list[tuple[str, str, str]]] = {
    "EI_clustered_network/run_simulation.py": [
        ("EI_clustered_network/sim_params.py", '"simtime": 10000.0', '"simtime": 1000.0'),
        ("EI_clustered_network/sim_params.py", '"n_vp": 4', '"n_vp": 2'),
    ],
    "brunel_alpha_evolution_strategies.py": [
        ("", '"max_generations": 20', '"max_generations": 2'),
    ],
    "gap_junctions_inhibitory_network.py": [
        ("", "threads = 8", "threads = 2"),
        ("", "simtime = 501.0", "simtime = 101.0"),
    ],
    "hpc_benchmark.py": [
        ("", '"num_threads": 4', '"num_threads": 2'),
        ("", '"scale": 1.0', '"scale": 0.1'),
    ],
    "store_restore_network.py": [("", "num_threads = 4", "num_threads = 2")],
    "structural_plasticity.py": [("", "t_sim = 200000.0", "t_sim = 10000.0")],
    "sudoku/sudoku_solver.py": [
        ("", "num_threads = 8", "num_threads = 2"),
        ("", "max_sim_time = 10000", "max_sim_time = 2000"),
    ],
}
"""Text to replace in scripts that take minutes: file (the script itself if empty), old, new."""


@dataclasses.dataclass
class Run:
    """What one run of a script came to."""

    figures: dict[str, float] | None
    """None if it did not finish."""
    seconds: float = 0.0
    reason: str = ""
    """Why it did not finish."""


def scripts_below(folder: pathlib.Path) -> list[pathlib.Path]:
    """The scripts in a folder, without the modules that its other files import."""
    files = [path for path in sorted(folder.rglob("*.py")) if not path.is_symlink()]
    imported: set[pathlib.Path] = set()
    for path in files:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            else:
                continue
            imported.update(path.parent / f"{name}.py" for name in names)
    return [path for path in files if path not in imported]


def shorten(copy: pathlib.Path, script: str) -> None:
    """Make the replacements for `script` in a copy of the folder of examples."""
    for name, old, new in SHORTER.get(script, []):
        path = copy / (name or script)
        text = path.read_text()
        if old not in text:
            raise ValueError(f"{path.name} does not contain {old!r}, which is to be shortened")
        path.write_text(text.replace(old, new))


def printed_figures(text: str) -> dict[str, float]:
    """The numbers that a script printed, named by the words around them.

    Lines about how long something took are left out, and so are NEST's messages.
    """
    found: dict[str, float] = {}
    seen: collections.Counter[str] = collections.Counter()
    for line in text.splitlines():
        if MESSAGE.match(line) or CLOCK.search(line):
            continue
        words = NUMBER.sub("#", line).strip()[:60]
        seen[words] += 1
        for place, number in enumerate(NUMBER.findall(line)):
            found[f"printed {words!r} {seen[words]} number {place}"] = float(number)
    return found


def reason_of(error: str) -> str:
    """The last line of an error's text, shortened to name a missing model or module."""
    lines = [line.strip() for line in error.splitlines() if line.strip()]
    last = lines[-1] if lines else "no message"
    if missing := re.search(r"No module named '([\w.]+)'", last):
        return f"needs Python module {missing[1]}"
    if re.search(r"Unknown(Model|Synapse|Node|Component)|unknown model|is not a known", last):
        name = re.search(r"['\"`]?([a-z]+\w*_\w+|\w+_generator)['\"`]?", last.split(":", 1)[-1])
        return f"missing model {name[1]}" if name else last[:150]
    return last[:150]


def run_script(
    python: str, simulator: str, folder: pathlib.Path, script: str, seed: int, timeout: float
) -> Run:
    """Run one script in a copy of its folder."""
    with tempfile.TemporaryDirectory(prefix="examples-") as scratch:
        copy = pathlib.Path(scratch) / "examples"
        shutil.copytree(folder, copy)
        shorten(copy, script)
        report = pathlib.Path(scratch) / "report.json"
        program = [python, str(TOOLS / "run_example.py"), simulator, str(copy / script)]
        environment = {**os.environ, "MPLBACKEND": "agg", "PYNEST_QUIET": "1"}
        try:
            done = subprocess.run(
                [*program, str(report), str(seed)],
                cwd=(copy / script).parent,
                env=environment,
                timeout=timeout,
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
                errors="replace",
            )
        except subprocess.TimeoutExpired:
            return Run(None, timeout, f"not done after {timeout:g} s")
        if done.returncode or not report.exists():
            status = f"status {done.returncode}: " if done.returncode not in (0, 1) else ""
            return Run(None, 0.0, status + reason_of(done.stderr or done.stdout))
        result = json.loads(report.read_text())
    return Run({**result["figures"], **printed_figures(done.stdout)}, result["seconds"])


def is_same(own: float, peer: float) -> bool:
    """Whether two figures agree but for rounding."""
    return math.isclose(own, peer, rel_tol=SAME, abs_tol=1e-9) or own == peer


def differing(own: Figures, peer: Figures) -> list[str]:
    """Names of figures that are not the same, or that only one side has."""
    names = sorted(set(own) | set(peer))
    return [
        name
        for name in names
        if name not in own or name not in peer or not is_same(own[name], peer[name])
    ]


def spread_of(name: str, figures: Figures) -> float:
    """The standard deviation of the series that a figure is one of."""
    series = re.sub(r" (sample \d+|mean|std)$", "", name)
    return abs(figures.get(f"{series} std", 0.0))


def is_close(name: str, own: Figures, peer: Figures) -> bool:
    """Whether a figure differs by no more than a solver's tolerance."""
    if name not in own or name not in peer:
        return False
    tolerance = CLOSE * max(abs(peer[name]), spread_of(name, peer))
    return abs(own[name] - peer[name]) <= tolerance


def is_sample(name: str) -> bool:
    """Whether a figure is one value of a series, which random numbers leave no meaning."""
    return " sample " in name


def within(own: float, peers: Sequence[float]) -> bool:
    """Whether a figure lies in the widened range of NEST's runs."""
    low, high = min(peers), max(peers)
    margin = WIDENING * (high - low) + SLACK * abs(high + low) / 2 + 1e-9
    return low - margin <= own <= high + margin


def outside(own: Figures, peers: Sequence[Figures]) -> list[str]:
    """Names of figures that random numbers do not explain.

    Figures that not every run of NEST has, such as printed lines whose number varies, are left out.
    """
    shared = set(peers[0]).intersection(*peers[1:])
    names = sorted(name for name in shared if not is_sample(name))
    return [
        name
        for name in names
        if name not in own or not within(own[name], [peer[name] for peer in peers])
    ]


def show(own: Figures, peers: Sequence[Figures], names: Sequence[str]) -> str:
    """The first figures of a list, with their values."""
    parts = []
    for name in names[:3]:
        values = [f"{peer[name]:.6g}" if name in peer else "-" for peer in peers]
        parts.append(f"{name}: {own.get(name, math.nan):.6g} vs {', '.join(values)}")
    return f"{len(names)} figures differ; " + "; ".join(parts)


def compare(own: Run, peers: Sequence[Run]) -> tuple[str, str]:
    """Outcome and reason for one script, from our run and NEST's runs of several seeds."""
    peer = peers[0]
    if own.figures is None:
        if own.reason.startswith("missing model"):
            return "missing model", own.reason.removeprefix("missing model ")
        if own.reason.startswith("not done"):
            return "too long", own.reason
        return ("failed", own.reason) if peer.figures is not None else ("neither runs", peer.reason)
    if peer.figures is None:
        return "runs, NEST does not", peer.reason
    different = differing(own.figures, peer.figures)
    if not different:
        return "same", f"{len(own.figures)} figures"
    if all(is_close(name, own.figures, peer.figures) for name in different):
        return "close", f"{len(different)} of {len(own.figures)} figures differ by up to 1e-3"
    finished = [run.figures for run in peers if run.figures is not None]
    if len(finished) < 2 or not any(differing(peer.figures, run) for run in finished[1:]):
        return "differs", show(own.figures, [peer.figures], different)
    left = outside(own.figures, finished)
    if left:
        return "differs", show(own.figures, finished, left)
    return "same statistics", f"{sum(not is_sample(name) for name in own.figures)} figures"


def run_one(
    folder: pathlib.Path, script: str, peer_python: str, timeout: float, seeds: int
) -> list[str]:
    """The row of one script."""
    own = run_script(sys.executable, "ovenbird", folder, script, 0, timeout)
    if own.reason.startswith("missing model"):
        return [script, *compare(own, [Run(None)])[:1], "-", "-", own.reason]
    peers = [run_script(peer_python, "nest", folder, script, 0, timeout)]
    if own.figures and peers[0].figures and differing(own.figures, peers[0].figures):
        peers += [
            run_script(peer_python, "nest", folder, script, seed, timeout)
            for seed in range(1, seeds + 1)
        ]
    outcome, reason = compare(own, peers)
    times = [f"{run.seconds:.1f}" if run.figures else "-" for run in (own, peers[0])]
    return [script, outcome, *times, reason]


def print_table(rows: Iterable[Sequence[str]]) -> None:
    """Print rows in columns."""
    rows = list(rows)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths)]
        print("  ".join([*cells, row[-1]]))


def main() -> int:
    """Run the scripts and print the table; 1 if one differs or fails although its models exist."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path, help="the folder of the example scripts")
    parser.add_argument("scripts", nargs="*", help="names below the folder (default: all)")
    parser.add_argument("--peer-python", required=True, help="an interpreter that has NEST")
    parser.add_argument("--timeout", type=float, default=60.0, help="seconds for one run")
    parser.add_argument("--seeds", type=int, default=3, help="further runs of NEST where random")
    options = parser.parse_args()
    folder: pathlib.Path = options.folder.resolve()
    scripts = options.scripts or [str(p.relative_to(folder)) for p in scripts_below(folder)]
    rows = []
    for script in scripts:
        print(f"{script} ...", file=sys.stderr, flush=True)
        rows.append(run_one(folder, script, options.peer_python, options.timeout, options.seeds))
        print("   ", *rows[-1][1:], file=sys.stderr, flush=True)
    print_table([["script", "outcome", "seconds", "NEST's", "reason"], *rows])
    counts = collections.Counter(row[1] for row in rows)
    print()
    print(f"{len(rows)} scripts: " + ", ".join(f"{n} {name}" for name, n in sorted(counts.items())))
    return 1 if counts["differs"] or counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
