"""Runs programs as several processes under mpirun; skipped where this build has no MPI."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ovenbird import _ovenbird

Launch = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--processes", type=int, default=2, help="processes under mpirun")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if _ovenbird.HAVE_MPI and shutil.which("mpirun"):
        return
    skip = pytest.mark.skip(reason="built without MPI; see make test-mpi")
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and "without_mpi" not in item.name:
            item.add_marker(skip)


@pytest.fixture
def processes(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--processes", default=2))


@pytest.fixture
def launch(tmp_path: Path) -> Launch:
    """Run a PyNEST script as `n` processes; each prints lines, which come back sorted."""

    def run(script: str, n: int, *args: str) -> subprocess.CompletedProcess[str]:
        path = tmp_path / "script.py"
        path.write_text(script, encoding="utf-8")
        root = ["--allow-run-as-root"] if os.geteuid() == 0 else []
        ovenbird = [sys.executable, "-m", "ovenbird.cli", "run"]
        command = ["mpirun", "--oversubscribe", *root, "-n", str(n), *ovenbird, str(path), *args]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=120, cwd=tmp_path, check=False
        )

    return run
