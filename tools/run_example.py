"""Run one PyNEST script under Ovenbird or NEST and report the figures that it arrived at.

`python tools/run_example.py ovenbird|nest SCRIPT REPORT [SEED]` runs the script unchanged and
writes a JSON of named numbers: what the kernel counted and the recorders held, each time before
`ResetKernel` and at the end, and what was drawn. `SEED` is added to every seed of the kernel.
It imports nothing of this project but the plugin, so that it runs where only NEST is installed.
"""

from __future__ import annotations

import functools
import json
import pathlib
import random
import runpy
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

Figures = dict[str, float]

COUNTED = ("network_size", "num_connections", "biological_time")
SAMPLES = 20
"""Values at evenly spaced places of a recorded series that are reported with its moments."""


def moments(name: str, values: Any) -> Figures:
    """Length, mean and standard deviation of a series of numbers, and some of its values."""
    try:
        array = np.asarray(values, dtype=float).ravel()
    except (TypeError, ValueError):
        return {}
    found = {f"{name} length": float(array.size)}
    finite = array[np.isfinite(array)]
    if finite.size:
        found[f"{name} mean"] = float(finite.mean())
        found[f"{name} std"] = float(finite.std())
        places = np.linspace(0, finite.size - 1, min(SAMPLES, finite.size)).astype(int)
        for sample, place in enumerate(places):
            found[f"{name} sample {sample}"] = float(finite[place])
    return found


def kernel_figures(nest: Any, prefix: str) -> Figures:
    """What the kernel counts, and what each recorder holds."""
    found = {f"{prefix} {key}": float(nest.get(key)) for key in COUNTED}
    if not found[f"{prefix} network_size"]:
        return {}
    for node in nest.GetNodes({"element_type": "recorder"}):
        recorder = node.get()
        name = f"{prefix} {node.global_id} {recorder['model']}"
        if "n_events" in recorder:
            found[f"{name} n_events"] = float(recorder["n_events"])
        events = recorder.get("events", {})
        order: Any = slice(None)
        if "times" in events and "senders" in events:
            order = np.lexsort((events["senders"], events["times"]))
        for key, values in events.items():
            found.update(moments(f"{name} {key}", np.asarray(values)[order]))
    return found


def drawn_figures() -> Figures:
    """The data of every line, image and cloud of points in the open figures of matplotlib."""
    if "matplotlib.pyplot" not in sys.modules:
        return {}
    from matplotlib import pyplot as plt

    found: Figures = {}
    for number in plt.get_fignums():
        for index, axes in enumerate(plt.figure(number).axes):
            name = f"figure {number} axes {index}"
            drawn: list[tuple[str, Any]] = []
            for place, line in enumerate(axes.lines):
                drawn.append((f"line {place} x", line.get_xdata(orig=False)))
                drawn.append((f"line {place} y", line.get_ydata(orig=False)))
            for place, cloud in enumerate(axes.collections):
                points: Any = np.ma.filled(np.ma.asarray(cloud.get_offsets(), float), np.nan)
                if points.ndim == 2:
                    points = points[np.lexsort(points.T)]
                drawn.append((f"cloud {place}", points))
            for place, image in enumerate(axes.images):
                drawn.append((f"image {place}", np.asarray(image.get_array())))
            for label, values in drawn:
                found.update(moments(f"{name} {label}", values))
            found[f"{name} patches"] = float(len(axes.patches))
    return found


class Collector:
    """Watches one run of a script."""

    def __init__(self, nest: Any, seed: int) -> None:
        self.nest = nest
        self.seed = seed
        self.figures: Figures = {}
        self.networks = 0
        self.spikes = 0.0
        self.simulated = 0.0

    def collect(self) -> None:
        """Add the figures of the network as it is now."""
        name = f"network {self.networks}"
        self.networks += 1
        self.figures.update(kernel_figures(self.nest, name))
        self.figures[f"{name} spikes"] = self.spikes
        self.spikes = 0.0

    def run(self, function: Callable) -> Callable:
        """`Simulate` or `Run`, with the spikes counted."""

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            begin = time.perf_counter()
            result = function(*args, **kwargs)
            self.simulated += time.perf_counter() - begin
            self.spikes += self.nest.local_spike_counter
            return result

        return wrapper

    def reset(self, function: Callable) -> Callable:
        """`ResetKernel`, with the figures of the network collected first."""

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            self.collect()
            result = function(*args, **kwargs)
            self.set_seed()
            return result

        return wrapper

    def set_seed(self) -> None:
        """Move the kernel away from its default seed, if another than the first run is asked."""
        if self.seed:
            self.nest.SetKernelStatus({"rng_seed": self.nest.rng_seed + self.seed})

    def moved(self, function: Callable) -> Callable:
        """`SetKernelStatus` or `set`, with a seed among its arguments moved."""

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            result = function(*args, **kwargs)
            named = {**kwargs, **(args[0] if args and isinstance(args[0], dict) else {})}
            if "rng_seed" in named:
                function({"rng_seed": named["rng_seed"] + self.seed})
            return result

        return wrapper

    def install(self) -> None:
        """Put the wrappers into the module; NEST's refuses attributes, its dictionary does not."""
        names = vars(self.nest)
        if self.seed:
            kind: Any = type(self.nest)
            plain = kind.__setattr__

            def moved(module: Any, name: str, value: Any) -> None:
                plain(module, name, value + self.seed if name == "rng_seed" else value)

            kind.__setattr__ = moved
            self.set_seed()
            names["SetKernelStatus"] = self.moved(self.nest.SetKernelStatus)
        for name in ("Simulate", "Run"):
            names[name] = self.run(getattr(self.nest, name))
        names["ResetKernel"] = self.reset(self.nest.ResetKernel)


def run(simulator: str, script: str, seed: int = 0) -> dict[str, Any]:
    """Run the script to its end and return its figures and times in seconds."""
    if simulator == "ovenbird":
        import ovenbird.as_nest  # noqa: F401
    import nest

    collector = Collector(nest, seed)
    collector.install()
    np.random.seed(1 + seed)
    random.seed(1 + seed)
    sys.path.insert(0, str(pathlib.Path(script).resolve().parent))
    sys.argv = [script]
    begin = time.perf_counter()
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as exit_:
        if exit_.code:
            raise
    seconds = time.perf_counter() - begin
    collector.collect()
    figures = {**collector.figures, **drawn_figures()}
    return {
        "figures": figures,
        "seconds": round(seconds, 3),
        "simulated": round(collector.simulated, 3),
    }


def main(arguments: Iterable[str]) -> None:
    """Run and report."""
    simulator, script, report, *seed = arguments
    pathlib.Path(report).write_text(json.dumps(run(simulator, script, *map(int, seed))))


if __name__ == "__main__":
    main(sys.argv[1:])
