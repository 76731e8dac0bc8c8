"""What a run recorded, as a value that later runs do not change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ovenbird import units
from ovenbird._suggest import did_you_mean
from ovenbird.nodes import NodeSet


@dataclass(frozen=True)
class Recording:
    """What one recorder node gathered during one run."""

    model: str
    """The recorder's model."""
    columns: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    """Its events by column: ``times``, ``senders`` and what else the recorder writes."""
    observed: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    """The ids of the nodes that it is connected to, ascending, each once."""
    units: Mapping[str, units.Unit] = field(default_factory=dict)
    """The units of the columns that have one."""
    samples: bool = False
    """Whether it samples at an interval, as a voltmeter does, or takes events."""
    unavailable: str = ""
    """Why there is nothing to read, if so."""


class Spikes:
    """The spikes that a spike recorder received, in the order of their times.

    Unpacks as ``times, senders = res.spikes(recorder)``; `numpy.asarray` gives the times in ms.

    Attributes
    ----------
    times : Quantity
        The time of each spike.
    senders : numpy.ndarray
        The id of the node that emitted each spike.
    nodes : numpy.ndarray
        The ids of all nodes that are recorded from, silent ones included.
    """

    def __init__(
        self, times: NDArray[np.float64], senders: NDArray[np.int64], nodes: NDArray[np.int64]
    ) -> None:
        order = np.argsort(times, kind="stable")
        self.times = units.Quantity(times[order], units.ms)
        self.senders = senders[order]
        self.nodes = nodes

    @property
    def counts(self) -> NDArray[np.int64]:
        """The number of spikes of each of `nodes`."""
        index = np.searchsorted(self.nodes, self.senders)
        return np.bincount(index, minlength=len(self.nodes)).astype(np.int64)

    def train(self, node: NodeSet | int) -> units.Quantity:
        """The spike times of one node, given by its id or as a set of one node."""
        ids = node.global_id.tolist() if isinstance(node, NodeSet) else [node]
        if len(ids) != 1:
            raise ValueError(f"a spike train is that of one node, got {len(ids)} nodes")
        if ids[0] not in self.nodes:
            raise ValueError(f"the recorder is not connected to node {ids[0]}")
        return self.times[self.senders == ids[0]]

    def trains(self) -> dict[int, units.Quantity]:
        """The spike times of every recorded node by its id."""
        order = np.argsort(self.senders, kind="stable")
        ends = np.cumsum(self.counts)[:-1]
        times = np.split(self.times.value[order], ends)
        return {
            node: units.Quantity(train, units.ms)
            for node, train in zip(self.nodes.tolist(), times, strict=True)
        }

    def __len__(self) -> int:
        return len(self.senders)

    def __iter__(self) -> Iterator[Any]:
        return iter((self.times, self.senders))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self.times.__array__(dtype, copy)

    def __repr__(self) -> str:
        return f"<{len(self)} spikes of {len(self.nodes)} nodes>"


class Results:
    """The recordings of one run, read by recorder.

    A run from ``start`` to ``stop`` holds what happened in the half-open interval (start, stop]:
    a state sampled at time t is the state at the end of the step that leads to t, and the last
    sample is at ``stop``.

    Attributes
    ----------
    start, stop : Quantity
        Where the run began and ended; ``start`` is 0 ms unless the run continued another one.
    """

    def __init__(
        self, owner: object, first_step: int, steps: int, dt: float, data: dict[int, Recording]
    ) -> None:
        self._owner = owner
        self._first = first_step
        self._steps = steps
        self._dt = dt
        self._data = data

    @property
    def start(self) -> units.Quantity:
        """The time at which the run began."""
        return units.Quantity(step_time(self._first, self._dt), units.ms)

    @property
    def stop(self) -> units.Quantity:
        """The time at which the run ended."""
        return units.Quantity(step_time(self._first + self._steps, self._dt), units.ms)

    @property
    def duration(self) -> units.Quantity:
        """The length of the run."""
        return units.Quantity(step_time(self._steps, self._dt), units.ms)

    @property
    def times(self) -> units.Quantity:
        """The end of every step of the run: where recorders sample unless told otherwise."""
        steps = np.arange(self._first + 1, self._first + self._steps + 1)
        return units.Quantity(step_time(steps, self._dt), units.ms)

    def trace(self, recorder: NodeSet, name: str = "V_m") -> units.Quantity | NDArray[Any]:
        """The samples of one quantity by a voltmeter or multimeter.

        Returns
        -------
        Quantity
            Of shape ``(n_samples,)`` if the recorder observes one node, and ``(n_samples,
            n_nodes)`` if it observes several, in the order of their ids. Samples are taken at
            `times`, or at `sample_times` if the recorder has its own ``interval``. Where a node
            has no sample (it was connected later) there is NaN. A quantity without a unit comes
            as a plain array.
        """
        recording = self._sampling(recorder)
        if name not in recording.columns or name in ("times", "senders"):
            recorded = [key for key in recording.columns if key not in ("times", "senders")]
            raise ValueError(
                f"{name!r} was not recorded by this {recording.model}"
                f"{did_you_mean(name, recorded)}; "
                f"recorded: {', '.join(recorded) or 'nothing'}. Choose with "
                f"create({recording.model}, record_from=[...])"
            )
        values = _table(recording, recording.columns[name])
        unit = recording.units.get(name, units.UNITLESS)
        return values if unit == units.UNITLESS else units.Quantity(values, unit)

    def sample_times(self, recorder: NodeSet) -> units.Quantity:
        """The times of the samples of a voltmeter or multimeter, as many as `trace` has rows."""
        steps = np.unique(np.rint(self._sampling(recorder).columns["times"] / self._dt))
        return units.Quantity(step_time(steps, self._dt), units.ms)

    def spikes(self, recorder: NodeSet) -> Spikes:
        """The spikes that a spike recorder received."""
        recordings = self._events_of(recorder)
        return Spikes(
            np.concatenate([r.columns["times"] for r in recordings]),
            np.concatenate([r.columns["senders"] for r in recordings]),
            np.unique(np.concatenate([r.observed for r in recordings])),
        )

    def n_events(self, recorder: NodeSet) -> int:
        """The number of events, or of samples of one node each, that a recorder received."""
        return sum(len(r.columns["times"]) for r in self._recordings(recorder))

    def rate(self, recorder: NodeSet) -> float:
        """The mean firing rate in spikes per second.

        This is the number of spikes divided by the number of recorded nodes, silent ones
        included, and by the duration of the run.
        """
        spikes = self.spikes(recorder)
        if not len(spikes.nodes):
            raise ValueError("there is no rate: nothing is connected to this recorder")
        if not self._steps:
            raise ValueError("there is no rate: the run has no duration")
        return len(spikes) / len(spikes.nodes) / float(self.duration / units.s)

    def events(self, recorder: NodeSet) -> dict[str, Any]:
        """Everything that a recorder wrote, by column, with units, in the order of arrival."""
        recordings = self._recordings(recorder)
        table: dict[str, Any] = {}
        for name in recordings[0].columns:
            column = np.concatenate([r.columns[name] for r in recordings])
            unit = units.ms if name == "times" else recordings[0].units.get(name, units.UNITLESS)
            table[name] = column if unit == units.UNITLESS else units.Quantity(column, unit)
        return table

    def _recordings(self, recorder: NodeSet) -> list[Recording]:
        if not isinstance(recorder, NodeSet):
            raise TypeError(
                f"results are read by recorder, as create() returned it; got {recorder!r}"
            )
        if recorder._simulator._token is not self._owner:
            raise ValueError("the recorder belongs to another simulator than these results")
        found = [self._data.get(node) for node in recorder.global_id.tolist()]
        recordings = [recording for recording in found if recording is not None]
        if len(recordings) < len(found) or not found:
            raise ValueError(
                f"{recorder!r} recorded nothing in this run: it is no recorder, "
                "or was created after the run"
            )
        for recording in recordings:
            if recording.unavailable:
                raise ValueError(recording.unavailable)
        return recordings

    def _sampling(self, recorder: NodeSet) -> Recording:
        recordings = self._recordings(recorder)
        if not recordings[0].samples:
            raise ValueError(
                f"a {recordings[0].model} records events and has no trace: use spikes(recorder) "
                "or events(recorder)"
            )
        if len(recordings) > 1:
            raise ValueError(
                f"a trace is that of one recorder, got {len(recordings)}: index the set"
            )
        return recordings[0]

    def _events_of(self, recorder: NodeSet) -> list[Recording]:
        recordings = self._recordings(recorder)
        if recordings[0].samples:
            raise ValueError(
                f"a {recordings[0].model} samples and records no spikes: use "
                "trace(recorder, name), or connect the neurons to a spike_recorder"
            )
        if "weights" in recordings[0].columns:
            raise ValueError(
                f"a {recordings[0].model} records what synapses transmit: use events(recorder)"
            )
        return recordings

    def __repr__(self) -> str:
        return f"<results of {len(self._data)} recorders from {self.start} to {self.stop}>"


def step_time(steps: Any, dt: float) -> Any:
    """The time of step numbers in ms: a division where 1/dt is whole, to round only once."""
    per_ms = round(1 / dt)
    return steps / per_ms if abs(per_ms * dt - 1) < 1e-12 else steps * dt


def _table(recording: Recording, values: NDArray[Any]) -> NDArray[Any]:
    """Samples by time, and by node if the recorder observes several."""
    times, senders = recording.columns["times"], recording.columns["senders"]
    nodes = recording.observed
    if len(nodes) == 1:
        return values
    at, row = np.unique(times, return_inverse=True)
    table = np.full((len(at), len(nodes)), np.nan)
    table[row, np.searchsorted(nodes, senders)] = values
    return table
