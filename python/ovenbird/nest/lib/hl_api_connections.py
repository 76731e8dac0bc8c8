"""Making, finding and removing connections."""

from ..connect import Connect, Disconnect, GetConnections, TripartiteConnect

__all__ = [
    "Connect",
    "Disconnect",
    "GetConnections",
    "TripartiteConnect",
]
