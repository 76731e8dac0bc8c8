"""Functions of parameters."""

from __future__ import annotations

from ._arguments import number
from .parameter import Parameter, _Datum, datum_of

__all__ = ["cos", "exp", "max", "min", "redraw", "sin"]


def exp(parameter: Parameter) -> Parameter:
    """Return the exponential of a parameter."""
    return Parameter(_Datum.exp(datum_of(parameter, "nest.math.exp")))


def sin(parameter: Parameter) -> Parameter:
    """Return the sine of a parameter, which is in radians."""
    return Parameter(_Datum.sin(datum_of(parameter, "nest.math.sin")))


def cos(parameter: Parameter) -> Parameter:
    """Return the cosine of a parameter, which is in radians."""
    return Parameter(_Datum.cos(datum_of(parameter, "nest.math.cos")))


def min(parameter: Parameter, value: float) -> Parameter:
    """Return the smaller of a parameter and a number."""
    return Parameter(_Datum.min(datum_of(parameter, "nest.math.min"), number(value, "value")))


def max(parameter: Parameter, value: float) -> Parameter:
    """Return the larger of a parameter and a number."""
    return Parameter(_Datum.max(datum_of(parameter, "nest.math.max"), number(value, "value")))


def redraw(parameter: Parameter, min: float, max: float) -> Parameter:
    """Return a parameter that is drawn again until it lies in the interval [min, max].

    The kernel gives up with an error after 1000 draws.
    """
    datum = datum_of(parameter, "nest.math.redraw")
    return Parameter(_Datum.redraw(datum, number(min, "min"), number(max, "max")))
