"""Stochastic results agree with NEST's in distribution."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

import ovenbird.nest as nest
from distributions import EXPERIMENTS, sample
from store import DATA

STORED = json.loads((DATA / "distributions.json").read_text())["samples"]


def test_every_sample_is_stored():
    assert list(STORED) == list(EXPERIMENTS)


@pytest.mark.long
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_same_distribution_as_nest(name):
    found = sample(nest, name)
    assert found.keys() == STORED[name].keys()
    problems = []
    for key, expected in STORED[name].items():
        difference = abs(np.mean(found[key]) - np.mean(expected))
        if difference <= EXPERIMENTS[name].relative * abs(np.mean(expected)):
            continue
        # Welch's test; the seeds are fixed, so the small level only guards the choice of seeds.
        level = stats.ttest_ind(found[key], expected, equal_var=False).pvalue
        if not level > 1e-3:
            problems.append(f"{key}: {found[key]}, NEST gives {expected} (p = {level:.2g})")
    assert not problems, "\n".join(problems)
