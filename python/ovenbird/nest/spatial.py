"""Positions of nodes, and parameters that depend on them."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np

from .parameter import CreateParameter, Parameter

__all__ = ["distance", "free", "grid", "pos", "source_pos", "target_pos"]


class grid:
    """Positions on a grid.

    Parameters
    ----------
    shape
        Number of nodes in each of two or three dimensions.
    center
        Center of the layer, the origin by default.
    extent
        Size of the layer in each dimension, 1 by default.
    edge_wrap
        Whether boundaries are periodic.
    """

    def __init__(
        self, shape: Any, center: Any = None, extent: Any = None, edge_wrap: bool = False
    ) -> None:
        self.shape = shape
        self.center = center
        self.extent = extent
        self.edge_wrap = edge_wrap


class free:
    """Positions anywhere: given, or drawn from parameters.

    Parameters
    ----------
    pos
        List of positions, a `Parameter` for all dimensions, or a list of one per dimension.
    extent
        Size of the layer in each dimension; by default that of the positions, rounded up.
    edge_wrap
        Whether boundaries are periodic.
    num_dimensions
        Number of dimensions, for a single `Parameter` without `extent`.

    Raises
    ------
    TypeError
        If the number of dimensions is not given exactly once.
    ValueError
        If the number of dimensions is neither 2 nor 3.
    """

    def __init__(
        self,
        pos: Any,
        extent: Any = None,
        edge_wrap: bool = False,
        num_dimensions: int | None = None,
    ) -> None:
        if extent is not None and num_dimensions:
            raise TypeError("extent and number of dimensions cannot be specified at the same time")
        self.pos: Any
        if isinstance(pos, (list, tuple, np.ndarray)):
            if num_dimensions:
                raise TypeError(
                    "number of dimensions cannot be specified when using an array of positions"
                )
            self.pos = _parameters(pos) if _all_parameters(pos) else pos
        elif isinstance(pos, Parameter):
            if extent is not None and not isinstance(extent, (list, tuple, np.ndarray)):
                raise TypeError(f"extent must be a list of lengths, got {type(extent).__name__}")
            count = len(extent) if extent is not None else num_dimensions
            if count is not None and (isinstance(count, bool) or not isinstance(count, Integral)):
                raise TypeError(f"num_dimensions must be an integer, got {type(count).__name__}")
            if not count:
                raise TypeError(
                    "could not infer number of dimensions. Set num_dimensions or extent when "
                    "using Parameter as pos"
                )
            if not 2 <= count <= 3:
                raise ValueError(f"Number of dimensions must be 2 or 3, got {count}")
            self.pos = _parameters([pos] * int(count))
        else:
            raise TypeError(
                f"pos must be either an array of positions, or a Parameter, "
                f"got {type(pos).__name__}"
            )
        self.extent = extent
        self.edge_wrap = edge_wrap


class Coordinates(tuple[Parameter, ...]):
    """One parameter for each dimension of positions that are drawn."""

    __slots__ = ()


def _all_parameters(values: Any) -> bool:
    return len(values) == sum(isinstance(value, Parameter) for value in values)


def _parameters(parameters: Any) -> Coordinates:
    if not 2 <= len(parameters) <= 3:
        raise ValueError(f"Number of dimensions must be 2 or 3, got {len(parameters)}")
    return Coordinates(parameters)


class DistanceParameter(Parameter):
    """The distance between source and target; its attributes are the distances along an axis."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(CreateParameter("distance", {})._datum)

    @property
    def x(self) -> Parameter:
        """Distance along the x axis."""
        return self.n(1)

    @property
    def y(self) -> Parameter:
        """Distance along the y axis."""
        return self.n(2)

    @property
    def z(self) -> Parameter:
        """Distance along the z axis."""
        return self.n(3)

    @staticmethod
    def n(dimension: int) -> Parameter:
        """Return the distance along one axis, counted from 1."""
        return CreateParameter("distance", {"dimension": dimension})


class pos:
    """Position of a node; for parameters of nodes."""

    x = CreateParameter("position", {"dimension": 0})
    y = CreateParameter("position", {"dimension": 1})
    z = CreateParameter("position", {"dimension": 2})

    @staticmethod
    def n(dimension: int) -> Parameter:
        """Return a coordinate, counted from 0."""
        return CreateParameter("position", {"dimension": dimension})


class source_pos:
    """Position of the source of a connection."""

    x = CreateParameter("position", {"dimension": 0, "synaptic_endpoint": 1})
    y = CreateParameter("position", {"dimension": 1, "synaptic_endpoint": 1})
    z = CreateParameter("position", {"dimension": 2, "synaptic_endpoint": 1})

    @staticmethod
    def n(dimension: int) -> Parameter:
        """Return a coordinate, counted from 0."""
        return CreateParameter("position", {"dimension": dimension, "synaptic_endpoint": 1})


class target_pos:
    """Position of the target of a connection."""

    x = CreateParameter("position", {"dimension": 0, "synaptic_endpoint": 2})
    y = CreateParameter("position", {"dimension": 1, "synaptic_endpoint": 2})
    z = CreateParameter("position", {"dimension": 2, "synaptic_endpoint": 2})

    @staticmethod
    def n(dimension: int) -> Parameter:
        """Return a coordinate, counted from 0."""
        return CreateParameter("position", {"dimension": dimension, "synaptic_endpoint": 2})


distance = DistanceParameter()
