"""The founding scripts run unchanged and give NEST's spikes and figures."""

from __future__ import annotations

import json
import math
import pathlib
import re
import sys

import numpy as np
import pytest

import ovenbird as ob
from ovenbird.units import Hz, ms, mV, pA

ROOT = pathlib.Path(__file__).parents[3]
sys.path.insert(0, str(ROOT / "tools"))

import demo  # noqa: E402

PEER = json.loads(demo.PEER.read_text())["scripts"]
SCRIPTS = sorted(demo.SEEDS.glob("*.py"))
SLOW = "gap_junctions_inhibitory_network"


def test_every_script_has_a_stored_count():
    assert sorted(PEER) == [script.stem for script in SCRIPTS]


@pytest.mark.parametrize(
    "script",
    [pytest.param(s, id=s.stem, marks=pytest.mark.long if s.stem == SLOW else ()) for s in SCRIPTS],
)
def test_same_spikes_as_nest(script, tmp_path):
    expected = PEER[script.stem]
    copy = demo.script_to_run(script, tmp_path)
    result = demo.run(sys.executable, "ovenbird", copy, tmp_path)
    if script.stem == demo.STATE_SCRIPT:
        assert result["figures"] == 1
    else:
        assert result["figures"] == expected["figures"]
    if expected["random"]:
        # Two counts of independent spikes differ by about the root of their sum.
        allowed = 5.0 * math.sqrt(2.0 * expected["spikes"])
        assert abs(result["spikes"] - expected["spikes"]) <= allowed
    else:
        assert result["spikes"] == expected["spikes"]


def test_the_state_script_prints_the_numbers_that_it_should(tmp_path):
    script = demo.script_to_run(demo.SEEDS / f"{demo.STATE_SCRIPT}.py", tmp_path)
    demo.run(sys.executable, "ovenbird", script, tmp_path)
    first, second, third = (tmp_path / f"{demo.STATE_SCRIPT}.txt").read_text().splitlines()
    assert first == "V_m: start -69.85 mV, max -55.00 mV, 16 spikes in 1000 ms"
    numbers = re.fullmatch(r"V_m: mean (-\d+\.\d\d) mV, std (\d+\.\d\d) mV", second)
    assert numbers is not None
    assert float(numbers[1]) == pytest.approx(-61.2, abs=0.5)
    assert float(numbers[2]) == pytest.approx(5.0, abs=0.5)
    rate = re.fullmatch(r"firing rate: (\d+\.\d\d) spks/s", third)
    assert rate is not None and float(rate[1]) == pytest.approx(47.0, abs=8.0)


def test_the_noise_of_the_state_script_over_seeds():
    figures = []
    for seed in range(20):
        sim = ob.Simulator(dt=0.1 * ms)
        neuron = sim.create(ob.iaf_psc_alpha)
        rates = [80000.0, 15000.0] * Hz
        noise = sim.create(ob.poisson_generator, 2, rate=rates, rng_seed=seed)
        voltmeter, spikes = sim.create(ob.voltmeter), sim.create(ob.spike_recorder)
        sim.connect(noise, neuron, weight=[1.2, -1.0] * pA, delay=1.0 * ms)
        sim.connect(voltmeter, neuron)
        sim.connect(neuron, spikes)
        results = sim.simulate(1000 * ms)
        voltage = results.trace(voltmeter) / mV
        figures.append((voltage.mean(), voltage.std(), results.rate(spikes)))
    wanted = np.array([-61.2, 5.0, 47.0])
    assert np.all(np.abs(np.array(figures) - wanted) <= [0.5, 0.5, 8.0])
    assert len({mean for mean, _, _ in figures}) == 20


def test_only_the_import_lines_of_the_state_script_change():
    source = (demo.SEEDS / f"{demo.STATE_SCRIPT}.py").read_text().splitlines()
    changed = demo.with_our_imports("\n".join(source)).splitlines()
    imports = ["import ovenbird.units as u", "import ovenbird as bp"]
    assert [line for line in changed if line not in source] == imports
    lost = [line for line in source if line not in changed]
    assert all(line.startswith(("import ", "from ", "jax.", "brainstate.")) for line in lost)
