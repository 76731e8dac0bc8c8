"""The founding scripts run unchanged and give NEST's spikes and figures."""

from __future__ import annotations

import json
import math
import pathlib
import sys

import pytest

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


def test_only_the_import_lines_of_the_state_script_change():
    source = (demo.SEEDS / f"{demo.STATE_SCRIPT}.py").read_text().splitlines()
    changed = demo.with_our_imports("\n".join(source)).splitlines()
    imports = ["import ovenbird.units as u", "import ovenbird as bp"]
    assert [line for line in changed if line not in source] == imports
    lost = [line for line in source if line not in changed]
    assert all(line.startswith(("import ", "from ", "jax.", "brainstate.")) for line in lost)
