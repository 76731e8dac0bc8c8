"""The tool that compares example scripts between simulators."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

TOOLS = Path(__file__).resolve().parents[3] / "tools"


@pytest.fixture
def examples(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module("examples")


SCRIPT = """
import nest
neuron = nest.Create("iaf_psc_alpha", params={"I_e": 400.0})
recorder = nest.Create("spike_recorder")
nest.Connect(neuron, recorder)
nest.Simulate(100.0)
print("spikes:", recorder.n_events)
"""


def test_a_script_gives_what_it_printed_recorded_and_counted(examples, tmp_path):
    (tmp_path / "one.py").write_text(SCRIPT)
    run = examples.run_script(sys.executable, "ovenbird", tmp_path, "one.py", 0, 60.0)
    spikes = run.figures["network 0 2 spike_recorder n_events"]
    assert spikes > 1
    assert run.figures["printed 'spikes: #' 1 number 0"] == spikes
    assert run.figures["network 0 spikes"] == spikes
    assert examples.compare(run, [run])[0] == "same"
    (tmp_path / "one.py").write_text(SCRIPT.replace("iaf_psc_alpha", "iaf_chs_2007"))
    run = examples.run_script(sys.executable, "ovenbird", tmp_path, "one.py", 0, 60.0)
    assert examples.compare(run, [run]) == ("missing model", "iaf_chs_2007")


def test_modules_that_scripts_import_are_no_scripts(examples, tmp_path):
    (tmp_path / "main.py").write_text("import network\n")
    (tmp_path / "network.py").write_text("import numpy\n")
    assert [path.name for path in examples.scripts_below(tmp_path)] == ["main.py"]


def test_figures_agree_exactly_or_within_the_spread_of_the_peer(examples):
    def run(rate, **more):
        return examples.Run({"rate": rate, **more})

    assert examples.compare(run(1.0), [run(1.0 + 1e-9)])[0] == "same"
    assert examples.compare(run(1.0005), [run(1.0)])[0] == "close"
    assert examples.compare(run(1.1), [run(1.0)])[0] == "differs"
    assert examples.is_close(
        "V_m sample 0", {"V_m sample 0": 0.005}, {"V_m sample 0": 0, "V_m std": 9}
    )
    peers = [run(10.0), run(11.0), run(12.0)]
    assert examples.compare(run(13.0), peers)[0] == "same statistics"
    assert examples.compare(run(30.0), peers)[0] == "differs"
    assert examples.compare(examples.Run({}), peers)[0] == "differs"
    failed = examples.Run(None, reason="ValueError: no")
    assert examples.compare(failed, peers)[0] == "failed"
    assert examples.compare(failed, [failed])[0] == "neither runs"
    assert examples.compare(run(1.0), [failed])[0] == "runs, NEST does not"


def test_printed_numbers_are_named_by_their_words(examples):
    message = "[INFO] [2026-01-02 15:00:00] Number of local nodes: 5\nNot using MPI\n"
    text = message + "rate: 3.5 Hz\nrate: 4 Hz\ntook 3 s\n"
    assert examples.printed_figures(text) == {
        "printed 'rate: # Hz' 1 number 0": 3.5,
        "printed 'rate: # Hz' 2 number 0": 4.0,
    }
