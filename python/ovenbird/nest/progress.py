"""Progress of a running simulation."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, TextIO

from ._optional import optional_module

Progress = Callable[[float, float, float], None]
BAR_WIDTH = 24


def _duration(seconds: float) -> str:
    """Return a time as minutes and seconds, or with hours."""
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, secs = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{secs:02}" if hours else f"{minutes}:{secs:02}"


class TextBar:
    """A line that is written anew at each step.

    Parameters
    ----------
    stream
        Where to write, as a rule the terminal.
    clock
        Wall clock in seconds.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.perf_counter) -> None:
        self._stream = stream
        self._clock = clock
        self._begin = clock()
        self._width = 0

    def __call__(self, done_ms: float, total_ms: float, realtime_factor: float) -> None:
        """Show how much of the model time is done."""
        line = self.line(done_ms, total_ms, realtime_factor)
        padding = " " * (self._width - len(line))
        self._width = len(line)
        self._stream.write(f"\r{line}{padding}")
        self._stream.flush()

    def line(self, done_ms: float, total_ms: float, realtime_factor: float) -> str:
        """Return the text of the line."""
        fraction = min(1.0, done_ms / total_ms) if total_ms > 0 else 1.0
        filled = int(fraction * BAR_WIDTH)
        bar = "#" * filled + "." * (BAR_WIDTH - filled)
        line = (
            f"[{bar}] {100 * fraction:3.0f}%  Model time: {done_ms:.1f} ms, "
            f"Real-time factor: {realtime_factor:.4f}"
        )
        if 0 < fraction < 1:
            left = (self._clock() - self._begin) * (1 - fraction) / fraction
            line += f", ETA: {_duration(left)}"
        return line

    def close(self) -> None:
        """End the line."""
        if self._width:
            self._stream.write("\n")
            self._stream.flush()


class NotebookBar:
    """A progress bar of tqdm.

    Parameters
    ----------
    bar_type
        Class of the bar.
    """

    def __init__(self, bar_type: Any) -> None:
        self._bar_type = bar_type
        self._bar: Any = None

    def __call__(self, done_ms: float, total_ms: float, realtime_factor: float) -> None:
        """Show how much of the model time is done."""
        if self._bar is None:
            self._bar = self._bar_type(total=round(total_ms, 3), unit="ms", desc="Model time")
        self._bar.set_postfix_str(f"Real-time factor {realtime_factor:.4f}")
        self._bar.update(round(done_ms, 3) - self._bar.n)

    def close(self) -> None:
        """Finish the bar."""
        if self._bar is not None:
            self._bar.close()


def _in_notebook() -> bool:
    """Return whether this code runs in a kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and type(shell).__name__ == "ZMQInteractiveShell"


def progress_bar() -> TextBar | NotebookBar:
    """Return a progress bar for the terminal, or for a notebook if the packages exist."""
    if _in_notebook():
        try:
            optional_module("ipywidgets", "a progress bar in a notebook")
            tqdm = optional_module("tqdm.notebook", "a progress bar in a notebook").tqdm
        except ImportError:
            return TextBar(sys.stdout)
        return NotebookBar(tqdm)
    return TextBar(sys.stdout)
