"""Creating and finding nodes."""

from ..nodes import Create, GetLocalNodeCollection, GetNodes, PrintNodes

__all__ = [
    "Create",
    "GetLocalNodeCollection",
    "GetNodes",
    "PrintNodes",
]
