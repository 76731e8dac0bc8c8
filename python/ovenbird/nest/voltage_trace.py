"""Plots of membrane potentials."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._plotting import column, file_names, pyplot, read_columns
from .node_collection import NodeCollection

__all__ = ["from_device", "from_file"]

Trace = tuple[NDArray[np.float64], NDArray[np.float64]]
STEPS = "steps"
PER_UNIT = {"ms": 1.0, "s": 1e-3, STEPS: 1.0}


def from_file(fname: Any, title: str | None = None, grayscale: bool = False) -> list[Any]:
    """Plot potentials from files, over the times or steps that they hold.

    Parameters
    ----------
    fname
        Name of a file, or a list of names: tables with the columns sender, time and V_m, or
        time and V_m, or data of the ascii recording backend.
    title
        Title of the plot.
    grayscale
        Whether to plot without colours.

    Returns
    -------
    list
        The lines.
    """
    names, table = read_columns(file_names(fname))
    unit = "ms"
    if names:
        clock, unit = ("time_step", STEPS) if "time_step" in names else ("time_ms", "ms")
        columns = [column(names, name, 0) for name in ("sender", clock, "V_m")]
    elif table.shape[1] in (2, 3):
        columns = list(range(table.shape[1]))
    else:
        raise ValueError(
            "a table of potentials has the columns sender, time and V_m, or time and V_m, "
            f"got {table.shape[1]} columns"
        )
    times, potentials = table[:, columns[-2]], table[:, columns[-1]]
    if len(columns) == 2:
        traces = {"Membrane potential": (times, potentials)}
    else:
        senders = table[:, columns[0]].astype(int)
        traces = _by_sender(senders, times, potentials)
    return _plot(traces, title, grayscale, unit)


def from_device(
    detec: NodeCollection,
    neurons: Any = None,
    title: str | None = None,
    grayscale: bool = False,
    timeunit: str = "ms",
) -> list[Any]:
    """Plot the potentials that a voltmeter or multimeter has in memory or has written to files.

    Parameters
    ----------
    detec
        The recorder.
    neurons
        Ids of the neurons to plot, all by default.
    title
        Title of the plot.
    grayscale
        Whether to plot without colours.
    timeunit
        ``"ms"`` or ``"s"``; the axis counts steps if the recorder has ``time_in_steps``.

    Returns
    -------
    list
        The lines.
    """
    if not isinstance(detec, NodeCollection) or len(detec) != 1:
        raise ValueError("Please provide a single 'voltmeter' or 'multimeter'.")
    if timeunit not in ("ms", "s"):
        raise ValueError(f"timeunit must be 'ms' or 's', got {timeunit!r}")
    status = detec.get()
    if "V_m" not in status.get("record_from", ()):
        raise TypeError("Please provide a 'voltmeter' or a 'multimeter' measuring V_m.")
    title = "Membrane potential" if title is None else title
    unit = STEPS if status["time_in_steps"] else timeunit
    if status["record_to"] == "ascii":
        names, table = read_columns([Path(name) for name in status["filenames"]])
        clock = "time_step" if unit == STEPS else "time_ms"
        senders, times, values = (
            table[:, column(names, name, 0)] for name in ("sender", clock, "V_m")
        )
    elif status["record_to"] == "memory":
        events = status["events"]
        senders, times, values = (events[key] for key in ("senders", "times", "V_m"))
    else:
        raise ValueError(
            f"The data are neither in memory nor in files but were sent to {status['record_to']!r}."
        )
    if len(times) == 0:
        raise ValueError("No events recorded by the device; connect it and simulate first.")
    return _plot(_by_sender(senders, times, values, neurons), title, grayscale, unit)


def _by_sender(
    senders: NDArray[Any], times: NDArray[Any], values: NDArray[Any], chosen: Any = None
) -> dict[str, Trace]:
    """Return the traces by the label of their neuron, samples in the order of time."""
    present = np.unique(senders)
    wanted: Iterable[int] = present if chosen is None else np.asarray(chosen).reshape(-1)
    traces = {}
    for sender in wanted:
        if sender not in present:
            raise ValueError(f"there are no data of neuron {sender}")
        index = np.flatnonzero(senders == sender)
        index = index[np.argsort(times[index], kind="stable")]
        traces[f"Neuron {int(sender)}"] = (times[index], values[index])
    return traces


def _plot(traces: Mapping[str, Trace], title: str | None, grayscale: bool, unit: str) -> list[Any]:
    plt = pyplot()
    styles = ("-", "--", "-.", ":")
    lines = []
    for number, (label, (times, values)) in enumerate(traces.items()):
        look: dict[str, Any] = {}
        if grayscale:
            look = {"color": "black", "linestyle": styles[number % len(styles)]}
        lines.append(plt.plot(times * PER_UNIT[unit], values, label=label, **look))
    if title is not None:
        plt.title(title)
    plt.xlabel("Steps" if unit == STEPS else f"Time ({unit})")
    plt.ylabel("Membrane potential (mV)")
    plt.legend(loc="best")
    plt.draw()
    return lines
