"""Functions of distance; not available, see `nest.unavailable`."""

from __future__ import annotations

from .unavailable import NO_POSITIONS, function

__all__ = ["exponential", "gabor", "gamma", "gaussian", "gaussian2D"]

exponential = function("spatial_distributions.exponential", NO_POSITIONS)
gabor = function("spatial_distributions.gabor", NO_POSITIONS)
gamma = function("spatial_distributions.gamma", NO_POSITIONS)
gaussian = function("spatial_distributions.gaussian", NO_POSITIONS)
gaussian2D = function("spatial_distributions.gaussian2D", NO_POSITIONS)
