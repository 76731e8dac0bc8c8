"""The form in which traces are stored: samples, their length, and moments of the whole.

One file per model holds all samples in one vector of float64 and, in a JSON text, where the
arrays of each experiment and resolution lie in it.
"""

from __future__ import annotations

import json
import pathlib
from dataclasses import dataclass
from typing import Any

import numpy as np

DATA = pathlib.Path(__file__).parent / "data"
SAMPLES = 100
"""Arrays longer than 1.5 times this are thinned to about this many samples."""
EVENTS = ("times", "senders", "counts", "offsets")


def is_event(name: str) -> bool:
    """Whether an array lists discrete events rather than a trace."""
    return name.rsplit("/", 1)[1] in EVENTS


def stride(length: int) -> int:
    """Distance of stored samples: a prime above six, so that it meets every sender in turn."""
    if length <= 1.5 * SAMPLES:
        return 1
    step = max(7, -(-length // SAMPLES))
    while any(step % divisor == 0 for divisor in range(2, int(step**0.5) + 1)):
        step += 1
    return step


@dataclass(frozen=True)
class Digest:
    """What is kept of one array: its length, every n-th value, and its moments."""

    length: int
    samples: np.ndarray
    moments: np.ndarray
    """Minimum, maximum, mean and root mean square over all values; empty if there are none."""

    @classmethod
    def of(cls, values: np.ndarray) -> Digest:
        """Digest of an array."""
        moments = (
            np.array([values.min(), values.max(), values.mean(), np.sqrt(np.mean(values**2))])
            if len(values)
            else np.empty(0)
        )
        return cls(len(values), values[:: stride(len(values))], moments)


Digests = dict[str, dict[str, Digest]]
"""Digest by `<experiment>@<resolution>` and name of the array."""


def save(path: pathlib.Path, digests: Digests, meta: dict[str, Any]) -> None:
    """Write one model's digests."""
    parts: list[np.ndarray] = []
    index: dict[str, dict[str, int]] = {}
    for key, arrays in digests.items():
        index[key] = {}
        for name, digest in arrays.items():
            index[key][name] = digest.length
            parts += [digest.samples, digest.moments]
    values = np.concatenate(parts).astype("<f8")
    text = json.dumps({**meta, "index": index}, separators=(",", ":"))
    np.savez_compressed(path, values=values, meta=np.array(text))


def load(path: pathlib.Path) -> tuple[Digests, dict[str, Any]]:
    """Read one model's digests and what the file says about their origin."""
    with np.load(path) as content:
        values = content["values"]
        meta = json.loads(str(content["meta"]))
    digests: Digests = {}
    position = 0
    for key, arrays in meta.pop("index").items():
        digests[key] = {}
        for name, length in arrays.items():
            n_samples = -(-length // stride(length))
            n_moments = 4 if length else 0
            middle, end = position + n_samples, position + n_samples + n_moments
            digests[key][name] = Digest(length, values[position:middle], values[middle:end])
            position = end
    if position != len(values):
        raise ValueError(f"{path.name}: {len(values)} values stored, the index needs {position}")
    return digests, meta


def differences(
    expected: dict[str, Digest], actual: dict[str, np.ndarray], tolerance: float
) -> list[str]:
    """Where arrays depart from what is stored, in words; empty where they agree."""
    missing, surplus = sorted(expected.keys() - actual.keys()), sorted(actual.keys() - expected)
    problems = [f"{name}: not returned" for name in missing]
    problems += [f"{name}: returned but not stored" for name in surplus]
    for name in sorted(expected.keys() & actual.keys()):
        reference, found = expected[name], Digest.of(actual[name])
        if found.length != reference.length:
            problems.append(f"{name}: {found.length} values, NEST gives {reference.length}")
            continue
        if not reference.length:
            continue
        # Event times are multiples of a microsecond, so anything below that is rounding.
        span = max(reference.moments[1] - reference.moments[0], 1e-12)
        bound = 1e-9 if is_event(name) else tolerance * span
        for what, left, right in (
            ("value", reference.samples, found.samples),
            ("minimum, maximum, mean, r.m.s.", reference.moments, found.moments),
        ):
            # A root mean square or mean adds up over the values and so carries their rounding.
            limit = bound + 1e-13 * float(np.abs(left).max())
            excess = np.abs(left - right)
            worst = int(np.argmax(np.where(np.isnan(excess), np.inf, excess)))
            if not excess[worst] <= limit:
                problems.append(
                    f"{name}: {what} {worst} (stride {stride(reference.length)}) is "
                    f"{right[worst]!r}, NEST gives {left[worst]!r}: off by {excess[worst]:.3g}, "
                    f"allowed {limit:.3g}"
                )
    return problems
