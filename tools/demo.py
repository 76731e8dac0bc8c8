"""Run the example scripts and print what each gave, beside what NEST gives.

`python tools/demo.py` runs them on Ovenbird, with figures and printed text in `out/`; NEST's
spike counts come from `tests/reference/demo_peer.json`. With `--peer-python PYTHON`, an
interpreter that has NEST, both are run in turn; `--store` then replaces the stored counts.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import pathlib
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parents[1]
TOOLS = ROOT / "tools"
SEEDS = ROOT / "examples" / "seeds"
PEER = ROOT / "tests" / "reference" / "demo_peer.json"
STATE_SCRIPT = "one_neuron_brainpy_state"
RANDOM = {
    "gap_junctions_inhibitory_network",
    "glif_cond_neuron",
    STATE_SCRIPT,
    "tutorial_2_poisson",
}
"""Scripts that draw random numbers, so that counts agree in distribution only."""


def with_our_imports(source: str) -> str:
    """A `brainpy.state` script with its import lines, and the set-up of what they import, ours."""
    kept = []
    for line in source.splitlines():
        if re.match(r"import (jax|brainstate)\b|(jax|brainstate)\.", line):
            continue
        line = re.sub(r"^import brainunit as u$", "import ovenbird.units as u", line)
        line = re.sub(r"^from brainpy import state as bp$", "import ovenbird as bp", line)
        kept.append(line)
    return "\n".join(kept) + "\n"


def script_to_run(script: pathlib.Path, out: pathlib.Path) -> pathlib.Path:
    """The script itself, or a copy in `out` with its import lines rewritten."""
    if script.stem != STATE_SCRIPT:
        return script
    copy = out / script.name
    copy.write_text(with_our_imports(script.read_text()))
    print(f"{script.name}: import lines rewritten for Ovenbird in {copy}")
    return copy


def run(
    python: str, simulator: str, script: pathlib.Path, out: pathlib.Path, tag: str = ""
) -> dict[str, Any]:
    """Run one script in a process of its own; raises if it fails.

    The founding scripts only show their figures, so a backend writes them to `out`. The
    project's own examples write theirs to `out/` of the folder that they run in.
    """
    own = SEEDS not in script.parents and script.is_relative_to(ROOT / "examples")
    out.mkdir(parents=True, exist_ok=True)
    prefix = out.resolve() / (script.stem + tag)
    figures = [f"{prefix.name}.png", f"{prefix.name}-*.png"]
    for old in (old for pattern in figures for old in out.glob(pattern)):
        old.unlink()
    report = prefix.with_name(prefix.name + ".json")
    command = [python, str(TOOLS / "count_spikes.py"), simulator, str(script), str(report)]
    environment = {
        **os.environ,
        "MPLBACKEND": "agg" if own else "module://save_figures",
        "FIGURE_PREFIX": str(prefix),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(TOOLS), os.environ.get("PYTHONPATH")])),
        "PYNEST_QUIET": "1",
    }
    log = prefix.with_name(prefix.name + ".txt")
    with log.open("w") as stream:
        code = subprocess.run(
            command,
            cwd=ROOT if own else out,
            env=environment,
            stdout=stream,
            stderr=subprocess.STDOUT,
        ).returncode
    if code:
        raise RuntimeError(f"{script.name} failed with status {code}:\n{log.read_text()[-3000:]}")
    result = json.loads(report.read_text())
    report.unlink()
    result["figures"] = sum(len(list(out.glob(pattern))) for pattern in figures)
    return result


def rust_examples() -> list[str]:
    """Names of the examples of the crate `ovenbird`, as cargo knows them."""
    command = ["cargo", "metadata", "--format-version", "1", "--no-deps"]
    packages = json.loads(subprocess.check_output(command, cwd=ROOT))["packages"]
    targets = next(p["targets"] for p in packages if p["name"] == "ovenbird")
    return sorted(target["name"] for target in targets if "example" in target["kind"])


def run_rust(name: str, out: pathlib.Path) -> dict[str, Any]:
    """Build one Rust example, then run it; its spikes are those that it prints."""
    command = ["cargo", "build", "--quiet", "--release", "-p", "ovenbird", "--example", name]
    subprocess.run(command, cwd=ROOT, check=True)
    begin = time.perf_counter()
    log = out / f"rust_{name}.txt"
    with log.open("w") as stream:
        command[1:3] = ["run", "--quiet"]
        subprocess.run(command, cwd=ROOT, check=True, stdout=stream)
    result: dict[str, Any] = {"seconds": round(time.perf_counter() - begin, 3), "figures": 0}
    if found := re.search(r"(\d+) spikes", log.read_text()):
        result["spikes"] = int(found[1])
    return result


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns, the first to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        print("  ".join(cells))


def peer_script(script: pathlib.Path) -> pathlib.Path:
    """What NEST runs: the script, or a PyNEST script with the same network."""
    if script.stem == STATE_SCRIPT:
        return TOOLS / "one_neuron_pynest.py"
    return script


def run_peer(python: str, scripts: Sequence[pathlib.Path], out: pathlib.Path) -> dict[str, Any]:
    """Run the founding scripts under NEST."""
    results = {}
    for script in scripts:
        result = run(python, "nest", peer_script(script), out, "-nest")
        results[script.stem] = {**result, "random": script.stem in RANDOM}
        print(f"NEST: {script.stem}: {results[script.stem]}", flush=True)
    return results


def store_peer(python: str, results: dict[str, Any]) -> None:
    """Store NEST's counts of spikes and figures."""
    command = [python, "-c", "import nest; print(nest.__version__)"]
    environment = {**os.environ, "PYNEST_QUIET": "1"}
    version = subprocess.check_output(command, env=environment, text=True).split()[-1]
    content = {
        "program": "NEST",
        "version": version,
        "command": "python tools/demo.py --peer-python PYTHON --store",
        "scripts": {
            name: {key: result[key] for key in ("spikes", "figures", "random")}
            for name, result in results.items()
        },
    }
    PEER.write_text(json.dumps(content, indent=1) + "\n")


def row(name: str, result: dict[str, Any], peer: dict[str, Any]) -> list[str]:
    """One line of the table."""
    mark = " (random)" if peer.get("random") else ""
    return [
        name,
        str(result.get("spikes", "-")),
        f"{peer['spikes']}{mark}" if peer else "-",
        f"{result['seconds']:.2f}",
        f"{peer['seconds']:.2f}" if "seconds" in peer else "-",
        str(result["figures"]),
    ]


def run_all(peer: dict[str, Any], out: pathlib.Path) -> tuple[list[list[str]], int]:
    """Run every example on Ovenbird; the rows of the table and the number of failures."""
    jobs: list[tuple[str, Callable[[], dict[str, Any]], dict[str, Any]]] = []
    for script in sorted(SEEDS.glob("*.py")):
        copy = script_to_run(script, out)
        run_it = functools.partial(run, sys.executable, "ovenbird", copy, out)
        jobs.append((script.stem, run_it, peer[script.stem]))
    for api in ("nest", "python"):
        for script in sorted((ROOT / "examples" / api).glob("*.py")):
            run_it = functools.partial(run, sys.executable, "ovenbird", script, out)
            jobs.append((f"{api}/{script.stem}", run_it, {}))
    for name in rust_examples():
        jobs.append((f"rust/{name}", functools.partial(run_rust, name, out), {}))

    rows = []
    failures = 0
    for name, job, reference in jobs:
        print(f"{name} ...", flush=True)
        try:
            rows.append(row(name, job(), reference))
        except (RuntimeError, subprocess.CalledProcessError) as error:
            print(error)
            rows.append([name, "failed", "-", "-", "-", "-"])
            failures += 1
    return rows, failures


def main() -> int:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "out")
    parser.add_argument("--peer-python", help="interpreter that has NEST, to be run beside")
    parser.add_argument("--store", action="store_true", help="store NEST's results, run no more")
    options = parser.parse_args()
    if options.store and not options.peer_python:
        parser.error("--store needs --peer-python, an interpreter that has NEST")
    out: pathlib.Path = options.out.resolve()
    out.mkdir(parents=True, exist_ok=True)

    peer = json.loads(PEER.read_text())["scripts"] if PEER.exists() else {}
    if options.peer_python:
        peer = run_peer(options.peer_python, sorted(SEEDS.glob("*.py")), out)
    if options.store:
        store_peer(options.peer_python, peer)
        return 0

    rows, failures = run_all(peer, out)
    print()
    titles = ["script", "spikes", "NEST's spikes", "seconds", "NEST's seconds", "figures"]
    print_table([titles, *rows])
    print(f"\nFigures and printed text are in {out}. Scripts marked random draw from generators")
    print("that differ between the simulators: their counts agree in distribution.")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
