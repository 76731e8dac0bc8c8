"""Positions of nodes."""

from ..layer_plots import PlotLayer, PlotProbabilityParameter, PlotSources, PlotTargets
from ..layers import (
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
from ..mask import CreateMask

__all__ = [
    "CreateMask",
    "Displacement",
    "Distance",
    "DumpLayerConnections",
    "DumpLayerNodes",
    "FindCenterElement",
    "FindNearestElement",
    "GetPosition",
    "GetSourceNodes",
    "GetSourcePositions",
    "GetTargetNodes",
    "GetTargetPositions",
    "PlotLayer",
    "PlotProbabilityParameter",
    "PlotSources",
    "PlotTargets",
    "SelectNodesByMask",
]
