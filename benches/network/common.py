"""What the network benchmarks share: the simulator under test, clocks, and the report."""

from __future__ import annotations

import importlib
import json
import os
import resource
import time
from typing import Any


def setting(name: str, default: float) -> float:
    """A number from the environment."""
    return float(os.environ.get(name, default))


def simulator() -> Any:
    """The module named by ``SIM``, reset, silent, and with ``THREADS`` threads."""
    nest = importlib.import_module(os.environ.get("SIM", "ovenbird.nest"))
    levels = getattr(nest, "VerbosityLevel", None)
    if levels is None:
        nest.set_verbosity("M_ERROR")
    else:
        nest.verbosity = levels.ERROR
    nest.ResetKernel()
    nest.local_num_threads = int(setting("THREADS", 1))
    nest.rng_seed = int(setting("SEED", 1))
    return nest


class Stopwatch:
    """Wall time and processor time of the phases of a program.

    Processor time is what a noisy machine leaves comparable; on several threads it includes the
    time that threads spend waiting for each other.
    """

    def __init__(self) -> None:
        self.row: dict[str, Any] = {}
        self._restart()

    def _restart(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def lap(self, phase: str) -> None:
        """Notes the time since the last lap."""
        self.row[f"{phase}_s"] = time.perf_counter() - self._wall
        self.row[f"{phase}_cpu_s"] = time.process_time() - self._cpu
        self._restart()

    def report(self, **extra: Any) -> None:
        """Prints everything as one line of JSON."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({**self.row, **extra, "peak_mb": peak}), flush=True)


def run(nest: Any, clock: Stopwatch, recorder: Any, warmup: float, duration: float) -> int:
    """Runs the network and returns the number of spikes recorded after the warm-up."""
    nest.Prepare()
    clock.lap("prepare")
    nest.Run(warmup)
    clock.lap("warmup")
    before = int(recorder.n_events)
    nest.Run(duration)
    clock.lap("simulate")
    nest.Cleanup()
    return int(recorder.n_events) - before
