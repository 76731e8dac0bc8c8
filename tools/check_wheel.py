"""Install the wheel in a bare virtual environment and run one neuron there.

`python tools/check_wheel.py DIST`: the folder must hold one abi3 wheel.
"""

from __future__ import annotations

import pathlib
import subprocess
import sys
import tempfile
import venv

SCRIPT = """
import ovenbird
import ovenbird.nest as nest

neuron = nest.Create("iaf_psc_alpha", params={"I_e": 376.0})
recorder = nest.Create("spike_recorder")
nest.Connect(neuron, recorder)
nest.Simulate(1000.0)
assert recorder.n_events == 16, recorder.n_events
print(f"{ovenbird.__file__}: {recorder.n_events} spikes")
"""


def main() -> None:
    """Check the wheel."""
    wheels = list(pathlib.Path(sys.argv[1]).glob("*.whl"))
    if len(wheels) != 1 or "-abi3-" not in wheels[0].name:
        sys.exit(f"expected one abi3 wheel in {sys.argv[1]}, found {[w.name for w in wheels]}")
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = str(pathlib.Path(folder) / "bin" / "python")
        install = [python, "-m", "pip", "install", "--quiet", str(wheels[0].resolve())]
        subprocess.run(install, check=True)
        subprocess.run([python, "-I", "-c", SCRIPT], check=True, cwd=folder)
    print(f"{wheels[0].name} works, {wheels[0].stat().st_size} bytes")


if __name__ == "__main__":
    main()
