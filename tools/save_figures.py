"""Matplotlib backend that writes figures to files instead of showing them.

Selected by `MPLBACKEND=module://save_figures`. Every `plt.show()` writes the open figures as
`$FIGURE_PREFIX-<n>.png` and closes them; figures that are never shown are written at exit.
"""

import atexit
import itertools
import os

from matplotlib import pyplot as plt
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg

_numbers = itertools.count(1)


def save_open_figures() -> None:
    """Write and close all open figures."""
    prefix = os.environ["FIGURE_PREFIX"]
    for number in plt.get_fignums():
        plt.figure(number).savefig(f"{prefix}-{next(_numbers)}.png")
        plt.close(number)


class FigureManager(FigureManagerBase):
    """Manager whose `show` saves."""

    @classmethod
    def pyplot_show(cls, *, block: bool | None = None) -> None:
        """What `plt.show()` calls."""
        save_open_figures()


class FigureCanvas(FigureCanvasAgg):
    """Canvas that draws into memory."""

    manager_class = FigureManager


atexit.register(save_open_figures)
