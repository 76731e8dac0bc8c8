"""PyNEST scripts as several processes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

Launch = Callable[..., "subprocess.CompletedProcess[str]"]

NETWORK = """
import sys
import nest

nest.total_num_virtual_procs = int(sys.argv[1]) * nest.NumProcesses()
nest.overwrite_files = True
cells = nest.Create("iaf_psc_alpha", 60, params={"I_e": 300.0})
cells.V_m = nest.random.uniform(-70.0, -56.0)
noise = nest.Create("poisson_generator", params={"rate": 8000.0})
recorder = nest.Create(
    "spike_recorder", params={"record_to": "ascii", "label": "s", "time_in_steps": True}
)
weight = nest.random.normal(20.0, 5.0)
nest.Connect(noise, cells, syn_spec={"weight": 20.0})
nest.Connect(cells, cells, {"rule": "fixed_indegree", "indegree": 8}, {"weight": weight})
nest.Connect(
    cells,
    cells,
    {"rule": "pairwise_bernoulli", "p": 0.05},
    {"synapse_model": "stdp_synapse", "weight": weight},
)
layer = nest.Create(
    "iaf_psc_exp", n=40, positions=nest.spatial.free(nest.random.uniform(-1, 1), num_dimensions=2)
)
near = {
    "rule": "pairwise_bernoulli",
    "p": nest.spatial_distributions.exponential(nest.spatial.distance, beta=0.5),
    "mask": {"circular": {"radius": 0.7}},
}
nest.Connect(layer, layer, near, {"weight": 1.0 + nest.spatial.distance, "delay": 2.0})
spots = nest.Create(
    "iaf_psc_exp", positions=nest.spatial.free([[0.1 * (i % 7), 0.3 * (i // 7)] for i in range(21)])
)
nest.Connect(layer, spots, near, {"weight": 1.0 + nest.spatial.distance, "delay": 2.0})
nest.Connect(spots, layer, near, {"weight": 1.0 + nest.spatial.distance, "delay": 2.0})
disc = nest.CreateMask("circular", {"radius": 0.15})
assert len(nest.SelectNodesByMask(spots, [0.3, 0.3], disc)) == 3
assert len(spots.spatial["positions"]) == len(nest.GetLocalNodeCollection(spots))
nest.DumpLayerConnections(spots, layer, "static_synapse", "dump.txt")
nest.TripartiteConnect(
    cells,
    cells,
    layer,
    {"rule": "fixed_indegree", "indegree": 2},
    {"rule": "third_factor_bernoulli_with_pool", "p": 0.5},
)
nest.Connect(cells, recorder)
nest.Simulate(60.0)
nest.Simulate(39.8)
targets = nest.NodeCollection([*cells.tolist(), *layer.tolist(), *spots.tolist()])
conns = nest.GetConnections(target=targets)
rows = zip(conns.source, conns.target, conns.weight, conns.delay)
with open(f"conns-{nest.Rank()}.txt", "w") as out:
    out.writelines(f"{row}\\n" for row in rows)
status = nest.GetKernelStatus()
assert (status["time_communicate_spike_data"] > 0.0) == (nest.NumProcesses() > 1)
assert status["time_communicate_spike_data"] <= status["time_gather_spike_data"]
"""


def outcome(folder: Path) -> tuple[list[str], list[str]]:
    """Return all spikes and connections that processes have written, and remove the files."""
    found = []
    for pattern in ("s-*.dat", "conns-*.txt"):
        lines: list[str] = []
        for path in folder.glob(pattern):
            lines += [
                line
                for line in path.read_text().splitlines()
                if line[0].isdigit() or line[0] == "("
            ]
            path.unlink()
        found.append(sorted(lines))
    return found[0], found[1]


def test_spikes_and_weights_are_those_of_one_process(
    launch: Launch, processes: int, tmp_path: Path
) -> None:
    def run(n: int, threads: int) -> tuple[list[str], list[str]]:
        done = launch(NETWORK, n, str(threads))
        assert done.returncode == 0, done.stderr
        files = sorted(path.name for path in tmp_path.glob("s-*.dat"))
        digits = len(str(n * threads))
        assert files == [f"s-062-{vp:0{digits}d}.dat" for vp in range(n * threads)]
        return outcome(tmp_path)

    alone = run(1, 1)
    assert len(alone[0]) > 100 and len(alone[1]) > 500
    for threads in (1, 2):
        assert run(processes, threads) == alone


def test_each_process_knows_its_own_nodes(launch: Launch, processes: int) -> None:
    script = """
import sys
import nest
cells = nest.Create("iaf_psc_alpha", 7)
recorder = nest.Create("spike_recorder")
n, rank = nest.NumProcesses(), nest.Rank()
assert nest.num_processes == n and nest.total_num_virtual_procs == n * nest.local_num_threads
assert list(nest.GetLocalVPs()) == [rank]
assert cells.vp == tuple(i % n for i in cells.tolist())
local = tuple(i % n == rank for i in cells.tolist())
assert cells.local == local
assert cells.V_m == tuple(-70.0 if here else None for here in local)
mine = [i for i, here in zip(cells.tolist(), local) if here]
assert nest.GetLocalNodeCollection(cells).tolist() == mine
assert nest.GetNodes({"model": "iaf_psc_alpha"}, local_only=True).tolist() == mine
assert nest.GetNodes({"V_m": -70.0}).tolist() == cells.tolist()
assert recorder.local and recorder.vp == rank
for cell, here in zip(cells, local):
    if here:
        assert cell.get("V_m") == -70.0 and cell.get()["thread"] == 0
    else:
        assert sorted(cell.get()) == [
            "element_type", "global_id", "local", "model", "model_id", "vp"
        ]
        try:
            cell.get("V_m")
        except KeyError:
            pass
        else:
            raise AssertionError("a node elsewhere has no potential here")
nest.SyncProcesses()
nest.Connect(cells, cells)
conns = nest.GetConnections()
conns.weight = [2.0] * len(conns)
try:
    conns.set(weight=[1.0] * 49)
except NotImplementedError as e:
    assert "connections of this process" in str(e)
else:
    assert n == 1
try:
    nest.total_num_virtual_procs = n + 1
except nest.NESTErrors.NESTError as e:
    assert "must be a multiple" in str(e) or n == 1
sys.stdout.write(f"rank {rank} passed\\n")
"""
    done = launch(script, processes)
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.split("\n"))[1:] == [f"rank {r} passed" for r in range(processes)]


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("nest.Simulate(5.0)", "rank 0 reached Prepare where"),
        ("raise SystemExit(1)", "rank 0 reached the end of its program where"),
    ],
)
def test_processes_that_diverge_end_with_a_clear_word(
    launch: Launch, processes: int, part: str, message: str
) -> None:
    script = f"""
import nest
cells = nest.Create("iaf_psc_alpha", 10)
nest.Connect(cells, cells)
if nest.Rank() == 0:
    {part}
nest.Connect(cells, cells)
"""
    done = launch(script, processes)
    assert done.returncode != 0
    assert message in done.stderr and "reached Connect" in done.stderr


def test_an_error_on_one_process_is_raised_on_all(launch: Launch, processes: int) -> None:
    script = """
import sys
import nest
cells = nest.Create("iaf_psc_alpha", 10)
try:
    nest.Connect(cells, cells, "one_to_one", {"weight": 1.0, "delay": [1.0] * 9 + [-1.0]})
except nest.NESTErrors.BadDelay as e:
    sys.stdout.write(f"{e}\\n")
assert nest.num_connections == 0
cells[2].I_e = -1e308
cells[2].C_m = 1e-3
try:
    nest.Simulate(100.0)
except nest.NESTErrors.NumericalInstability as e:
    sys.stdout.write(f"{e}\\n")
"""
    done = launch(script, processes)
    assert done.returncode == 0, done.stderr
    lines = sorted(line for line in done.stdout.split("\n") if line)
    assert len(lines) == 2 * processes and len(set(lines)) == 2, done.stdout


def test_several_processes_without_mpi_are_refused() -> None:
    script = """
import os
os.environ["OMPI_COMM_WORLD_SIZE"] = "4"
from ovenbird import _launch, _ovenbird
_ovenbird.HAVE_MPI = False
try:
    import ovenbird.nest
except RuntimeError as e:
    assert "started as 4 processes" in str(e) and "make mpi" in str(e), e
else:
    raise AssertionError("each process would have run the whole simulation")
os.environ["OVENBIRD_MPI"] = "off"
import ovenbird.nest as nest
assert nest.NumProcesses() == 1
"""
    subprocess.run([sys.executable, "-c", script], check=True)


OBJECTS = """
import sys
import numpy as np
import ovenbird as ob
from ovenbird.units import Hz, ms, pA

sim = ob.Simulator(dt=0.1 * ms, seed=3, threads=int(sys.argv[1]))
cells = sim.create("iaf_psc_alpha", 20, I_e=380 * pA)
noise = sim.create("poisson_generator", rate=8000 * Hz)
recorder = sim.create("spike_recorder")
meter = sim.create("voltmeter")
sim.connect(noise, cells, weight=20 * pA)
sim.connect(cells, cells, "fixed_indegree", indegree=5, weight=30 * pA, delay=1.5 * ms)
sim.connect(cells, recorder)
sim.connect(meter, cells)
first = sim.simulate(50 * ms)
own = [i for i in cells.global_id.tolist() if i % sim.processes == sim.rank]
spikes = first.spikes(recorder)
assert spikes.nodes.tolist() == own and len(spikes) == first.n_events(recorder) > 0
assert first.trace(meter, "V_m").shape == (500, len(own))
potentials = np.asarray(cells.V_m / ob.units.mV)
assert (np.flatnonzero(~np.isnan(potentials)) + cells.global_id[0]).tolist() == own
links = sim.connections(cells, cells)
assert set(links.get("target")["target"].tolist()) <= set(own)
links.set(weight=10 * pA)
sim.reset()
again = sim.simulate(30 * ms)
later = sim.cont(20 * ms)
for name, result in (("first", first), ("again", again), ("later", later)):
    events = result.events(recorder)
    times = np.asarray(events["times"] / ms).tolist()
    for sender, t in zip(events["senders"].tolist(), times):
        sys.stdout.write(f"{name} {sender} {t!r}\\n")
"""


def test_simulator_gives_each_process_the_results_of_its_nodes(
    launch: Launch, processes: int
) -> None:
    def run(n: int, threads: int) -> list[str]:
        done = launch(OBJECTS, n, str(threads))
        assert done.returncode == 0, done.stderr
        return sorted(line for line in done.stdout.split("\n") if line)

    alone = run(1, 1)
    assert len(alone) > 50
    assert len({line.split()[0] for line in alone}) == 3
    for threads in (1, 2):
        assert run(processes, threads) == alone


def test_processes_end_when_one_of_them_is_killed_in_a_run(tmp_path: Path, processes: int) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        """
import os
import nest
nest.set_verbosity("M_ERROR")
cells = nest.Create("iaf_psc_alpha", 100, params={"I_e": 400.0})
nest.Connect(cells, cells, {"rule": "fixed_indegree", "indegree": 10}, {"weight": 1.0})
nest.Simulate(10.0)
with open(f"part-{nest.Rank()}", "w") as out:
    out.write(str(os.getpid()))
os.rename(f"part-{nest.Rank()}", f"pid-{nest.Rank()}")
nest.Simulate(1e8)
with open(f"ended-{nest.Rank()}", "w"):
    pass
"""
    )
    root = ["--allow-run-as-root"] if os.geteuid() == 0 else []
    ovenbird = [sys.executable, "-m", "ovenbird.cli", "run", str(script)]
    mpirun = ["mpirun", "--oversubscribe", *root, "-n", str(processes), *ovenbird]
    with subprocess.Popen(
        mpirun, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as launcher:
        files = [tmp_path / f"pid-{rank}" for rank in range(processes)]
        until(lambda: all(f.exists() for f in files))
        members = [int(f.read_text()) for f in files]
        assert all(running(member) for member in members)
        time.sleep(0.5)
        os.kill(members[1], signal.SIGKILL)
        try:
            _, said = launcher.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            launcher.kill()
            raise
    assert launcher.returncode != 0
    assert "rank 1" in said and "signal 9" in said, said
    until(lambda: not any(running(member) for member in members), 20.0)
    assert not list(tmp_path.glob("ended-*"))


def test_processes_end_when_their_launcher_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        """
import os, sys, time
import nest
nest.set_verbosity("M_ERROR")
nest.Create("iaf_psc_alpha", 10)
nest.SyncProcesses()
with open(f"pid-{nest.Rank()}", "w") as out:
    out.write(str(os.getpid()))
if nest.Rank() == 0:
    time.sleep(600)
try:
    nest.Simulate(10.0)
except nest.NESTErrors.NESTError as e:
    with open("word", "w") as out:
        out.write(str(e))
    raise
"""
    )
    root = ["--allow-run-as-root"] if os.geteuid() == 0 else []
    ovenbird = [sys.executable, "-m", "ovenbird.cli", "run", str(script)]
    mpirun = ["mpirun", "--oversubscribe", *root, "-n", "2", *ovenbird]
    with subprocess.Popen(mpirun, cwd=tmp_path, stderr=subprocess.DEVNULL) as launcher:
        files = [tmp_path / f"pid-{rank}" for rank in (0, 1)]
        until(lambda: all(f.exists() and f.read_text() for f in files))
        sleeper, waiter = (int(f.read_text()) for f in files)
        launcher.kill()
    try:
        until(lambda: not running(waiter))
        # unless the MPI library has ended it first, it says why it ends
        if (tmp_path / "word").exists():
            word = (tmp_path / "word").read_text()
            assert "the launcher" in word and "has ended" in word, word
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(sleeper, signal.SIGKILL)


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it has not come true in time"
        time.sleep(0.05)


def running(process: int) -> bool:
    """Whether a process exists and has not ended."""
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return status.rsplit(")", 1)[1].split()[0] != "Z"
