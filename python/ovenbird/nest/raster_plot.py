"""Raster plots of spikes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._arguments import array
from ._plotting import column, file_names, pyplot, read_columns
from .kernel_status import kernel_value
from .node_collection import NodeCollection

__all__ = [
    "extract_events",
    "from_data",
    "from_device",
    "from_file",
    "from_file_numpy",
    "from_file_pandas",
]

Events = NDArray[np.float64]


def extract_events(data: Any, time: Any = None, sel: Any = None) -> Events:
    """Return the events of some senders within a time window.

    Parameters
    ----------
    data
        Array with a row per event: sender and time in ms.
    time
        Events before this time, or from ``time[0]`` up to and without ``time[1]``.
    sel
        Ids of the senders.
    """
    events = array(data, "data")
    if events.ndim != 2 or events.shape[1] < 2:
        raise ValueError(
            "data must be an array with the columns sender and time, "
            f"got an array of shape {events.shape}"
        )
    chosen = np.ones(len(events), dtype=bool)
    if time is not None:
        begin, end = _window(time)
        chosen &= (events[:, 1] >= begin) & (events[:, 1] < end)
    if sel is not None:
        chosen &= np.isin(events[:, 0], np.asarray(sel))
    return events[chosen]


def _window(time: Any) -> tuple[float, float]:
    if np.ndim(time) == 0:
        return 0.0, float(time)
    if len(time) == 1:
        return 0.0, float(time[0])
    if len(time) != 2:
        raise ValueError(f"time must be an end, or a begin and an end, got {len(time)} values")
    return float(time[0]), float(time[1])


def from_data(data: Any, sel: Any = None, **kwargs: Any) -> Any:
    """Plot an array with a row per event: sender and time in ms.

    Parameters
    ----------
    data
        The events.
    sel
        Ids of the senders to plot.
    kwargs
        As for `from_device`.
    """
    data = array(data, "data")
    if data.ndim == 0:
        raise TypeError(f"data must be an array with a row per event, got {data.dtype}")
    if len(data) == 0:
        raise ValueError("No data to plot.")
    events = extract_events(data, sel=sel)
    if len(events) == 0:
        raise ValueError(f"No data to plot: there are no events of the senders {sel}.")
    return _plot(events[:, 1], events[:, 0], **kwargs)


def from_file(fname: Any, **kwargs: Any) -> Any:
    """Plot the spikes in one or several files of the ascii recording backend.

    Times in steps are taken to be steps of the present resolution.

    Parameters
    ----------
    fname
        Name of a file, or a list of names.
    kwargs
        As for `from_device`.
    """
    names, table = read_columns(file_names(fname))
    in_steps = "time_step" in names
    places = (
        column(names, "sender", 0),
        column(names, "time_step" if in_steps else "time_ms", 1),
    )
    return from_data(table[:, places], in_steps=in_steps, **kwargs)


def from_file_numpy(fname: Any, **kwargs: Any) -> Any:
    """Plot the spikes in files, as `from_file`."""
    return from_file(fname, **kwargs)


def from_file_pandas(fname: Any, **kwargs: Any) -> Any:
    """Plot the spikes in files, as `from_file`."""
    return from_file(fname, **kwargs)


def from_device(
    detec: NodeCollection,
    hist: bool = True,
    hist_binwidth: float = 5.0,
    grayscale: bool = False,
    title: str | None = None,
    xlabel: str | None = None,
) -> Any:
    """Plot the spikes that a recorder has in memory or has written to files.

    Parameters
    ----------
    detec
        A spike recorder.
    hist
        Whether to add a histogram of the rate.
    hist_binwidth
        Width of its bins in ms.
    grayscale
        Whether to plot without colours.
    title, xlabel
        Texts of the plot.

    Returns
    -------
    list
        The line of the raster.
    """
    if not isinstance(detec, NodeCollection):
        raise TypeError(f"Please provide a 'spike_recorder', got {type(detec).__name__}.")
    status = detec[0].get() if len(detec) == 1 else {}
    if "record_to" not in status or "interval" in status:
        raise TypeError("Please provide a single 'spike_recorder'.")
    if title is None:
        title = f"Raster plot from device '{detec.global_id}'"
    if status["record_to"] == "ascii":
        files = list(status["filenames"])
        return from_file(
            files,
            hist=hist,
            hist_binwidth=hist_binwidth,
            grayscale=grayscale,
            title=title,
            xlabel=xlabel,
        )
    if status["record_to"] != "memory":
        raise ValueError(
            "No data to plot. Make sure that 'record_to' is set to either 'ascii' or 'memory', "
            f"it is {status['record_to']!r}."
        )
    events = status["events"]
    if len(events["times"]) == 0:
        raise ValueError("No events recorded by 'spike_recorder'.")
    return _plot(
        events["times"],
        events["senders"],
        hist,
        hist_binwidth,
        grayscale,
        title,
        xlabel,
        in_steps=status["time_in_steps"],
    )


def _plot(
    times: Any,
    senders: Any,
    hist: bool = True,
    hist_binwidth: float = 5.0,
    grayscale: bool = False,
    title: str | None = None,
    xlabel: str | None = None,
    in_steps: bool = False,
) -> Any:
    plt = pyplot()
    step: float = kernel_value("resolution") if in_steps else 1.0
    colour, bar_colour = ("black", "gray") if grayscale else ("C0", "C1")
    figure = plt.figure()
    if hist:
        raster, rate = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        _rate_histogram(rate, np.asarray(times), senders, hist_binwidth, bar_colour, step)
        bottom = rate
    else:
        raster = bottom = figure.subplots()
    line = raster.plot(times, senders, ".", color=colour)
    raster.set_ylabel("Neuron ID")
    raster.set_title("Raster plot" if title is None else title)
    default = "Steps" if in_steps else "Time (ms)"
    bottom.set_xlabel(default if xlabel is None else xlabel)
    plt.draw()
    return line


def _rate_histogram(
    axes: Any, times: Events, senders: Sequence[int], width_ms: float, colour: str, unit: float
) -> None:
    """Draw the rate in bins of some ms; times are in units of `unit` ms."""
    if not width_ms > 0:
        raise ValueError(f"hist_binwidth must be positive, got {width_ms}")
    width = width_ms / unit
    begin = width * np.floor(times.min() / width)
    edges = begin + width * np.arange(int((times.max() - begin) // width) + 2)
    counts, _ = np.histogram(times, edges)
    rate = 1000.0 * counts / (width_ms * len(np.unique(senders)))
    axes.bar(edges[:-1], rate, width=width, align="edge", color=colour, edgecolor="black")
    axes.set_ylabel("Rate (spks/s)")
