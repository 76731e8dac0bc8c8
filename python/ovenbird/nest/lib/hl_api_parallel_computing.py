"""Processes and virtual processes."""

from ..parallel import (
    GetLocalVPs,
    NumProcesses,
    Rank,
    SetAcceptableLatency,
    SetMaxBuffered,
    SyncProcesses,
)

__all__ = [
    "GetLocalVPs",
    "NumProcesses",
    "Rank",
    "SetAcceptableLatency",
    "SetMaxBuffered",
    "SyncProcesses",
]
