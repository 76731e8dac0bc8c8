"""Making, finding and removing connections."""

from ..connect import Connect, Disconnect, GetConnections
from ..unavailable import TripartiteConnect

__all__ = [
    "Connect",
    "Disconnect",
    "GetConnections",
    "TripartiteConnect",
]
