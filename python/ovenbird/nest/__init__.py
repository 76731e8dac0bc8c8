"""The PyNEST interface: ``import ovenbird.nest as nest`` runs PyNEST scripts.

It follows NEST 3.10, and NEST 3.9 where calls of the two can be told apart. The attributes of
the kernel are attributes of this module: ``nest.resolution = 0.1``.
"""

from __future__ import annotations

import sys
from typing import Any

from ovenbird import errors as NESTErrors

from . import (
    ll_api,
    logic,
    math,
    random,
    spatial,
    spatial_distributions,
)
from ._module import NestModule
from ._module import missing as _missing
from ._state import VerbosityLevel, _kernel, userdict
from .build_info import DIALECT as __version__
from .compartments import Compartments, Receptors
from .connect import CollocatedSynapses, Connect, Disconnect, GetConnections, TripartiteConnect
from .info import GetStatus, SetStatus, authors, get_verbosity, help, message, set_verbosity
from .kernel_status import GetKernelStatus, SetKernelStatus
from .layer_plots import PlotLayer, PlotProbabilityParameter, PlotSources, PlotTargets
from .layers import (
    Displacement,
    Distance,
    DumpLayerConnections,
    DumpLayerNodes,
    FindCenterElement,
    FindNearestElement,
    GetPosition,
    GetSourceNodes,
    GetSourcePositions,
    GetTargetNodes,
    GetTargetPositions,
    SelectNodesByMask,
)
from .mask import CreateMask, Mask
from .models import ConnectionRules, CopyModel, GetDefaults, Models, SetDefaults
from .node_collection import NodeCollection
from .nodes import Create, GetLocalNodeCollection, GetNodes, PrintNodes
from .parallel import (
    GetLocalVPs,
    NumProcesses,
    Rank,
    SetAcceptableLatency,
    SetMaxBuffered,
    SyncProcesses,
)
from .parameter import CreateParameter, Parameter
from .serialize import serialize_data, to_json
from .simulation import Cleanup, Install, Prepare, ResetKernel, Run, RunManager, Simulate
from .sonata import SonataNetwork
from .structural_plasticity import DisableStructuralPlasticity, EnableStructuralPlasticity
from .synapse_collection import SynapseCollection
from .unavailable import set_communicator

NESTError = NESTErrors.KernelException

__all__ = [
    "Cleanup",
    "CollocatedSynapses",
    "Compartments",
    "Connect",
    "ConnectionRules",
    "CopyModel",
    "Create",
    "CreateMask",
    "CreateParameter",
    "DisableStructuralPlasticity",
    "Disconnect",
    "Displacement",
    "Distance",
    "DumpLayerConnections",
    "DumpLayerNodes",
    "EnableStructuralPlasticity",
    "FindCenterElement",
    "FindNearestElement",
    "GetConnections",
    "GetDefaults",
    "GetKernelStatus",
    "GetLocalNodeCollection",
    "GetLocalVPs",
    "GetNodes",
    "GetPosition",
    "GetSourceNodes",
    "GetSourcePositions",
    "GetStatus",
    "GetTargetNodes",
    "GetTargetPositions",
    "Install",
    "Mask",
    "Models",
    "NESTError",
    "NESTErrors",
    "NestModule",
    "NodeCollection",
    "NumProcesses",
    "Parameter",
    "PlotLayer",
    "PlotProbabilityParameter",
    "PlotSources",
    "PlotTargets",
    "Prepare",
    "PrintNodes",
    "Rank",
    "Receptors",
    "ResetKernel",
    "Run",
    "RunManager",
    "SelectNodesByMask",
    "SetAcceptableLatency",
    "SetDefaults",
    "SetKernelStatus",
    "SetMaxBuffered",
    "SetStatus",
    "Simulate",
    "SonataNetwork",
    "SynapseCollection",
    "SyncProcesses",
    "TripartiteConnect",
    "VerbosityLevel",
    "__version__",
    "_kernel",
    "authors",
    "get_verbosity",
    "help",
    "ll_api",
    "logic",
    "math",
    "message",
    "random",
    "serialize_data",
    "set_communicator",
    "set_verbosity",
    "spatial",
    "spatial_distributions",
    "to_json",
    "userdict",
]


def __getattr__(name: str) -> Any:
    return _missing(sys.modules[__name__], name)


sys.modules[__name__].__class__ = NestModule
