"""Collections and parameters."""

from ..compartments import Compartments, Receptors
from ..connect import CollocatedSynapses
from ..mask import Mask
from ..node_collection import NodeCollection
from ..parameter import CreateParameter, Parameter
from ..serialize import serialize_data, to_json
from ..synapse_collection import SynapseCollection

__all__ = [
    "CollocatedSynapses",
    "Compartments",
    "CreateParameter",
    "Mask",
    "NodeCollection",
    "Parameter",
    "Receptors",
    "SynapseCollection",
    "serialize_data",
    "to_json",
]
