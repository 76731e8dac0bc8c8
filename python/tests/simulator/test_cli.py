"""The command line, run as its users run it."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[3] / "examples"


def ovenbird(*args, cwd=None):
    return subprocess.run(
        [sys.executable, "-m", "ovenbird.cli", *map(str, args)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=cwd,
    )


def test_models_are_listed_by_kind():
    done = ovenbird("models")
    assert done.returncode == 0
    for line in ("neuron:", "stimulator:", "recorder:", "synapse:"):
        assert line in done.stdout.splitlines()
    recorders = ovenbird("models", "--kind", "recorder").stdout
    assert "voltmeter" in recorders and "iaf_psc_alpha" not in recorders


def test_describe_prints_parameters_with_units_and_defaults():
    done = ovenbird("describe", "iaf_psc_alpha")
    assert done.returncode == 0
    (line,) = [line for line in done.stdout.splitlines() if line.split()[:1] == ["C_m"]]
    assert line.split()[1:3] == ["250", "pF"]


def test_describe_of_an_unknown_model_names_the_nearest():
    done = ovenbird("describe", "iaf_psc_alpa")
    assert done.returncode == 2
    assert done.stderr.strip().endswith("did you mean 'iaf_psc_alpha'?")


@pytest.mark.parametrize("command", ["models", "describe", "run", "bench"])
def test_every_command_has_help(command):
    done = ovenbird(command, "--help")
    assert done.returncode == 0 and f"usage: ovenbird {command}" in done.stdout.replace(
        "cli.py", "ovenbird"
    )


def test_a_script_sees_itself_its_arguments_and_its_neighbours(tmp_path):
    (tmp_path / "neighbour.py").write_text("VALUE = 7\n")
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, nest, neighbour, __main__\n"
        "print(nest.__name__, sys.argv[1:], neighbour.VALUE, __name__, __main__.__file__)\n"
        "sys.exit(3)\n"
    )
    done = ovenbird("run", script, "--flag", "x")
    assert done.stdout.split("\n")[0] == f"ovenbird.nest ['--flag', 'x'] 7 __main__ {script}"
    assert done.returncode == 3


def test_the_traceback_of_a_script_begins_in_the_script(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("def fail():\n    raise KeyError('gone')\nfail()\n")
    done = ovenbird("run", script)
    lines = done.stderr.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[1].strip().startswith(f'File "{script}", line 3')
    assert lines[-1] == "KeyError: 'gone'" and done.returncode == 1


def test_a_syntax_error_and_a_missing_script(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("a = \n")
    done = ovenbird("run", script)
    assert "SyntaxError" in done.stderr and "cli.py" not in done.stderr and done.returncode == 1
    done = ovenbird("run", tmp_path / "none.py")
    assert done.returncode == 2 and "No such file" in done.stderr


def test_bench_prints_the_real_time_factor():
    done = ovenbird("bench", "--neurons", 200, "--indegree", 20, "--time", 50)
    assert done.returncode == 0, done.stderr
    factor = done.stdout.splitlines()[-1].split()
    assert factor[:2] == ["real-time", "factor"] and float(factor[2]) > 0
    assert ovenbird("bench", "--neurons", 10, "--indegree", 20).returncode == 2
    assert ovenbird("bench", "--time", 0).returncode == 2


@pytest.mark.parametrize("name", ["python/one_neuron", "python/balanced_network"])
def test_examples_run_and_draw(name, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.setenv("MPLBACKEND", "agg")
    done = subprocess.run(
        [sys.executable, EXAMPLES / f"{name}.py"],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / f"{Path(name).name}.png").stat().st_size > 10_000


def test_the_pynest_example_runs_and_draws(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.setenv("MPLBACKEND", "agg")
    done = ovenbird("run", EXAMPLES / "nest" / "brunel_network.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "brunel_network.png").stat().st_size > 10_000
