"""Store NEST's samples of the stochastic experiments in `data/distributions.json`.

Run with an interpreter that has NEST: `python tests/reference/make_distributions.py [NAME ...]`
(all experiments by default; the others' stored samples are kept).
"""

from __future__ import annotations

import json
import pathlib
import sys

import nest

from distributions import EXPERIMENTS, sample

PATH = pathlib.Path(__file__).parent / "data" / "distributions.json"


def main() -> None:
    """Run the named experiments and store one file with all samples."""
    nest.verbosity = nest.VerbosityLevel.ERROR
    stored = json.loads(PATH.read_text())["samples"] if PATH.exists() else {}
    for name in sys.argv[1:] or list(EXPERIMENTS):
        values = sample(nest, name)
        stored[name] = {key: [float(f"{x:.8g}") for x in xs] for key, xs in values.items()}
        print(name, stored[name], flush=True)
        content = {
            "program": "NEST",
            "version": nest.__version__,
            "command": "python tests/reference/make_distributions.py",
            "samples": {key: stored[key] for key in EXPERIMENTS if key in stored},
        }
        PATH.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
