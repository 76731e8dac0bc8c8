"""Positions of nodes; not available, see `nest.unavailable`."""

from __future__ import annotations

from .unavailable import NO_POSITIONS, Unavailable, function

__all__ = ["distance", "free", "grid", "pos", "source_pos", "target_pos"]

grid = function("spatial.grid", NO_POSITIONS)
free = function("spatial.free", NO_POSITIONS)
distance = Unavailable("spatial.distance", NO_POSITIONS)
pos = Unavailable("spatial.pos", NO_POSITIONS)
source_pos = Unavailable("spatial.source_pos", NO_POSITIONS)
target_pos = Unavailable("spatial.target_pos", NO_POSITIONS)
