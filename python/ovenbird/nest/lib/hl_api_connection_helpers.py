"""Helpers for connections."""

from ..connect import CollocatedSynapses
from ..node_collection import NodeCollection
from ..parameter import Parameter
from ..unavailable import Mask

__all__ = [
    "CollocatedSynapses",
    "Mask",
    "NodeCollection",
    "Parameter",
]
