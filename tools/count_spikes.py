"""Run one script under Ovenbird or NEST and report the spikes that its neurons fired.

`python tools/count_spikes.py ovenbird|nest SCRIPT REPORT` runs the script unchanged and writes
a JSON with the spikes, summed over all calls of `Simulate`, and the wall time in seconds.
"""

from __future__ import annotations

import functools
import json
import pathlib
import runpy
import sys
import time
from collections.abc import Callable
from typing import Any


class Counter:
    """Sums the kernel's count of spikes, which each call of `Simulate` starts anew."""

    def __init__(self) -> None:
        self.spikes = 0

    def counted(self, simulate: Callable, read: Callable[..., int]) -> Callable:
        """`simulate`, followed by adding up what `read` returns for the same `self`, if any."""

        @functools.wraps(simulate)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            result = simulate(*args, **kwargs)
            self.spikes += read(*args)
            return result

        return wrapper


def count_in_module(counter: Counter, nest: Any) -> None:
    """Count in `nest.Simulate`; NEST's module refuses attributes, its dictionary does not."""
    vars(nest)["Simulate"] = counter.counted(nest.Simulate, lambda *_: nest.local_spike_counter)


def run_ovenbird(script: str, counter: Counter) -> None:
    """Run through `ovenbird run`."""
    import ovenbird.nest
    from ovenbird.cli import main
    from ovenbird.simulator import Simulator

    count_in_module(counter, ovenbird.nest)
    Simulator.simulate = counter.counted(  # type: ignore[method-assign]
        Simulator.simulate, lambda self, *_: self._kernel.get_status()["local_spike_counter"]
    )
    if status := main(["run", script]):
        sys.exit(status)


def run_nest(script: str, counter: Counter) -> None:
    """Run under NEST itself."""
    import nest

    nest.verbosity = nest.VerbosityLevel.ERROR
    count_in_module(counter, nest)
    runpy.run_path(script, run_name="__main__")


def main() -> None:
    """Run and report."""
    simulator, script, report = sys.argv[1:]
    counter = Counter()
    begin = time.perf_counter()
    {"ovenbird": run_ovenbird, "nest": run_nest}[simulator](script, counter)
    result = {"spikes": int(counter.spikes), "seconds": round(time.perf_counter() - begin, 3)}
    pathlib.Path(report).write_text(json.dumps(result))


if __name__ == "__main__":
    main()
