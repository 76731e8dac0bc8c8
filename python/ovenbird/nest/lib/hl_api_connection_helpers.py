"""Helpers for connections."""

from ..connect import CollocatedSynapses
from ..mask import Mask
from ..node_collection import NodeCollection
from ..parameter import Parameter

__all__ = [
    "CollocatedSynapses",
    "Mask",
    "NodeCollection",
    "Parameter",
]
