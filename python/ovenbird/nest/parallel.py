"""Processes and virtual processes."""

from __future__ import annotations

from ._state import _kernel


def Rank() -> int:
    """Return the number of this process."""
    return _kernel.rank


def NumProcesses() -> int:
    """Return the number of processes."""
    return _kernel.num_ranks


def SyncProcesses() -> None:
    """Wait until all processes have called this."""
    _kernel.synchronize()


def GetLocalVPs() -> range:
    """Return the virtual processes of this process."""
    return range(Rank(), int(_kernel.get_attribute("total_num_virtual_procs")), NumProcesses())


def SetAcceptableLatency(port_name: str, latency: float) -> None:
    """Refuse to set the latency of a MUSIC port.

    Raises
    ------
    NotImplementedError
        Always: MUSIC is not available.
    """
    raise NotImplementedError(f"MUSIC is not available; cannot set the latency of {port_name!r}")


def SetMaxBuffered(port_name: str, size: int) -> None:
    """Refuse to set the buffer of a MUSIC port.

    Raises
    ------
    NotImplementedError
        Always: MUSIC is not available.
    """
    raise NotImplementedError(f"MUSIC is not available; cannot set the buffer of {port_name!r}")
