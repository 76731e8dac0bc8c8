"""Run the deterministic experiments under NEST and store them in `data/`.

Run with an interpreter that has NEST: `python tests/reference/make_reference.py [MODEL ...]`
stores (all models by default); with `--check` it compares with what is stored instead.
"""

from __future__ import annotations

import argparse
import sys

import nest

from experiments import EXPERIMENTS
from store import DATA, Digest, Digests, differences, load, save


def run_model(model: str, check: bool) -> list[str]:
    """Run all experiments of a model; returns the differences that a check found."""
    path = DATA / f"{model}.npz"
    stored = load(path)[0] if check else {}
    digests: Digests = {}
    problems: list[str] = []
    for experiment in EXPERIMENTS.values():
        if experiment.model != model:
            continue
        for resolution in experiment.resolutions:
            key = f"{experiment.name}@{resolution}"
            arrays = experiment.run(nest, resolution)
            if check:
                found = differences(stored[key], arrays, experiment.tolerance)
                problems += [f"{key}: {text}" for text in found]
            else:
                digests[key] = {name: Digest.of(values) for name, values in arrays.items()}
    if not check:
        meta = {
            "program": "NEST",
            "version": nest.__version__,
            "command": f"python tests/reference/make_reference.py {model}",
            "samples": "every stride(length)-th value, then minimum, maximum, mean, r.m.s.",
        }
        save(path, digests, meta)
    return problems


def main() -> int:
    """Store or check the named models."""
    models = sorted({experiment.model for experiment in EXPERIMENTS.values()})
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", help=f"one of {', '.join(models)} (default: all)")
    parser.add_argument("--check", action="store_true", help="compare instead of storing")
    options = parser.parse_args()
    if unknown := sorted(set(options.models) - set(models)):
        parser.error(f"unknown model {unknown[0]}; there are {', '.join(models)}")
    nest.verbosity = nest.VerbosityLevel.ERROR
    problems: list[str] = []
    for model in options.models or models:
        problems += run_model(model, options.check)
        print(f"{model}: {(DATA / f'{model}.npz').stat().st_size} bytes", flush=True)
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
