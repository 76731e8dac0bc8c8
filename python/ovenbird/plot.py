"""Plots of results. Needs Matplotlib; every function draws into axes and returns them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ovenbird import units
from ovenbird.nodes import NodeSet
from ovenbird.results import Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INK = "#1b3a4b"
_MANY_LINES = 10


def trace(
    results: Results,
    recorder: NodeSet,
    name: str = "V_m",
    ax: Axes | None = None,
    **style: Any,
) -> Axes:
    """Draw what a voltmeter or multimeter sampled against time.

    Parameters
    ----------
    results, recorder, name
        What to draw, as for `Results.trace`.
    ax
        Where to draw; new axes by default.
    style
        Passed on to `matplotlib.axes.Axes.plot`.
    """
    values = results.trace(recorder, name)
    times = results.sample_times(recorder) / units.ms
    axes = _axes(ax)
    if np.ndim(values) == 1 or np.shape(values)[1] > _MANY_LINES:
        style.setdefault("color", _INK)
    style.setdefault("linewidth", 1.0)
    axes.plot(times, units.get_mantissa(values), **style)
    unit = units.get_unit(values)
    _label(axes, results, f"{name} ({unit})" if unit != units.UNITLESS else name)
    return axes


def raster(results: Results, recorder: NodeSet, ax: Axes | None = None, **style: Any) -> Axes:
    """Draw the spikes of a spike recorder as dots: time across, one row for each neuron.

    Parameters
    ----------
    results, recorder
        What to draw, as for `Results.spikes`.
    ax
        Where to draw; new axes by default.
    style
        Passed on to `matplotlib.axes.Axes.plot`.
    """
    spikes = results.spikes(recorder)
    axes = _axes(ax)
    rows = max(1, len(spikes.nodes))
    look: dict[str, Any] = {"color": _INK, "marker": "|" if rows <= 100 else "."}
    look |= {"linestyle": "none", "markersize": float(np.clip(300 / rows, 1.5, 12))}
    axes.plot(spikes.times / units.ms, spikes.senders, **{**look, **style})
    if len(spikes.nodes):
        axes.set_ylim(spikes.nodes[0] - 0.5, spikes.nodes[-1] + 0.5)
    axes.locator_params(axis="y", integer=True)
    _label(axes, results, "neuron")
    return axes


def _axes(ax: Axes | None) -> Axes:
    if ax is not None:
        return ax
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            "ovenbird.plot needs Matplotlib, which is not installed: pip install matplotlib"
        ) from error
    return plt.subplots(figsize=(8, 4), layout="constrained")[1]


def _label(axes: Axes, results: Results, ylabel: str) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlim(results.start / units.ms, results.stop / units.ms)
    axes.set_xlabel("time (ms)")
    axes.set_ylabel(ylabel)
