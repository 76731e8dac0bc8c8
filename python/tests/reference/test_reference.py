"""Ovenbird reproduces NEST's stored results of the deterministic experiments."""

from __future__ import annotations

import functools

import numpy as np
import pytest

import ovenbird.nest as nest
from experiments import EXPERIMENTS
from store import DATA, Digest, differences, load, save

CASES = [
    pytest.param(experiment, resolution, id=f"{experiment.name}@{resolution}")
    for experiment in EXPERIMENTS.values()
    for resolution in experiment.resolutions
]


@functools.cache
def stored(model: str) -> dict[str, dict[str, Digest]]:
    """NEST's results for one model."""
    return load(DATA / f"{model}.npz")[0]


@pytest.mark.parametrize(("experiment", "resolution"), CASES)
def test_same_numbers_as_nest(experiment, resolution):
    expected = stored(experiment.model)[f"{experiment.name}@{resolution}"]
    found = experiment.run(nest, resolution)
    problems = differences(expected, found, experiment.tolerance)
    assert not problems, "\n".join(problems)


def test_every_stored_result_is_compared():
    compared = {
        f"{e.name}@{resolution}" for e in EXPERIMENTS.values() for resolution in e.resolutions
    }
    models = sorted({experiment.model for experiment in EXPERIMENTS.values()})
    assert sorted(path.stem for path in DATA.glob("*.npz")) == models
    assert {key for model in models for key in stored(model)} == compared


def test_store_round_trip(tmp_path):
    values = {"traces/V_m": np.linspace(-70.0, -55.0, 1234), "spikes/times": np.empty(0)}
    digests = {"model/name@0.1": {name: Digest.of(array) for name, array in values.items()}}
    save(tmp_path / "model.npz", digests, {"program": "NEST"})
    read, meta = load(tmp_path / "model.npz")
    assert meta == {"program": "NEST"}
    assert not differences(read["model/name@0.1"], values, 0.0)


def departed(change):
    """The differences found after one array is changed."""
    values = {
        "traces/V_m": -60.0 + 10.0 * np.sin(np.arange(1000.0)),
        "spikes/times": np.array([1.0, 2.0, 5.0]),
    }
    expected = {name: Digest.of(array) for name, array in values.items()}
    changed = {name: array.copy() for name, array in values.items()}
    change(changed)
    return differences(expected, changed, 1e-9)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda v: v.pop("spikes/times"), "not returned"),
        (lambda v: v.update({"spikes/senders": np.ones(3)}), "not stored"),
        (lambda v: v.update({"spikes/times": np.array([1.0, 2.0])}), "2 values, NEST gives 3"),
        (lambda v: v["spikes/times"].__setitem__(1, 2.001), "off by 0.001"),
        (lambda v: v["traces/V_m"].__setitem__(slice(None, None, 11), -60.0), "value"),
        (lambda v: v["traces/V_m"].__setitem__(501, -59.0), "r.m.s."),
        (lambda v: v["traces/V_m"].__setitem__(0, np.nan), "nan"),
    ],
)
def test_a_departure_is_found(change, word):
    problems = departed(change)
    assert problems and any(word in problem for problem in problems), problems


def test_rounding_is_no_departure():
    assert not departed(lambda v: v["traces/V_m"].__imul__(1.0 + 1e-14))
