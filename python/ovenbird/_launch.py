"""The processes that an MPI launcher has started this program as."""

from __future__ import annotations

import atexit
import os
import sys
from typing import Final

from ovenbird import _ovenbird

# Where launchers tell a process how many there are: Open MPI, MPICH and its kin.
_SIZES: Final = ("OMPI_COMM_WORLD_SIZE", "PMI_SIZE")
SWITCH: Final = "OVENBIRD_MPI"


def launched() -> int:
    """Return the number of processes that the launcher has started, 1 without a launcher.

    The environment variable ``OVENBIRD_MPI=off`` makes each of them a program of its own.
    """
    if os.environ.get(SWITCH, "").lower() in ("off", "0", "no", "false"):
        return 1
    sizes = [os.environ.get(name, "") for name in _SIZES]
    return max([int(size) for size in sizes if size.isdecimal()], default=1)


def processes() -> _ovenbird.Ranks | None:
    """Return a way to the other processes of this program, or None if there are none.

    Each simulation needs its own, and all processes make them in the same order.

    Raises
    ------
    RuntimeError
        If there are several processes and this build cannot make them one simulation.
    """
    size = launched()
    if size == 1:
        return None
    if not _ovenbird.HAVE_MPI:
        raise RuntimeError(
            f"this program was started as {size} processes, but this build of Ovenbird has no "
            f"MPI, so that each would run the whole simulation. Build it with MPI (`make mpi`), "
            f"use threads (local_num_threads), or set {SWITCH}=off if each process is meant to "
            f"run a simulation of its own"
        )
    # Where processes share cores, those that wait must not keep the others from working.
    os.environ.setdefault("OMPI_MCA_mpi_yield_when_idle", "1")
    atexit.unregister(_finish)
    atexit.register(_finish)
    found = _ovenbird.start_mpi()
    if found != size:
        raise RuntimeError(
            f"the launcher has started {size} processes, but MPI knows of {found}: the launcher "
            f"belongs to another MPI library than the one that Ovenbird was built with"
        )
    return _ovenbird.Ranks.of_mpi()


def _finish() -> None:
    try:
        _ovenbird.finish_mpi()
    except Exception as error:
        # The interpreter is ending, so there is nobody left to catch it.
        print(f"ovenbird: {error}", file=sys.stderr)
