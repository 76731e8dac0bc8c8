"""Random parameters: numbers that are drawn anew for each node or connection they are given to.

``sim.create(ob.iaf_psc_alpha, 100, V_m=ob.random.uniform(-70 * mV, -55 * mV))`` and
``sim.connect(a, b, weight=ob.random.normal(20 * pA, 2 * pA))``. The simulator's seed decides what
is drawn, so that each run from time 0 starts with the same values.
"""

from __future__ import annotations

from typing import Any

from ovenbird import units
from ovenbird._ovenbird import Parameter

__all__ = ["RandomQuantity", "exponential", "lognormal", "normal", "uniform"]


class RandomQuantity(units.Quantity):
    """A distribution with a unit, made by the functions of this module.

    It can be scaled, shifted and negated: ``5 * pA + ob.random.exponential(1 * pA)``.

    Attributes
    ----------
    value
        The distribution, as the engine takes it.
    unit
        The unit of the numbers that are drawn.
    """

    __slots__ = ("_text",)

    def __init__(self, parameter: Parameter, unit: units.Unit, text: str) -> None:
        self.value = parameter
        self.unit = unit
        self._text = text

    def to_value(self, unit: units.Unit) -> Parameter:
        """The distribution of the numbers in `unit`."""
        ratio = units.Quantity(1.0, self.unit).to_value(unit)
        return self.value if ratio == 1.0 else self.value * Parameter.constant(ratio)

    def _is_plain(self) -> bool:
        return self.unit == units.UNITLESS

    def _to_kernel(self) -> Parameter:
        return self.value

    def __mul__(self, other: Any) -> RandomQuantity:
        factor = units.as_quantity(other) or units.Quantity(other, units.UNITLESS)
        scaled = self.value * Parameter.constant(_single(factor))
        return RandomQuantity(scaled, self.unit * factor.unit, f"{self._text} * {other}")

    __rmul__ = __mul__

    def __neg__(self) -> RandomQuantity:
        return self * -1.0

    def __add__(self, other: Any) -> RandomQuantity:
        shift = Parameter.constant(_number(other, self.unit, "a random parameter's summand"))
        return RandomQuantity(self.value + shift, self.unit, f"{self._text} + {other}")

    __radd__ = __add__

    def __sub__(self, other: Any) -> RandomQuantity:
        return self + (-other)

    def __rsub__(self, other: Any) -> RandomQuantity:
        return -self + other

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise TypeError(f"{self!r} is a distribution, no number: pass it to create or connect")

    def __repr__(self) -> str:
        return f"<random: {self._text}>"

    __str__ = __repr__


def normal(mean: Any, std: Any, *, low: Any = None, high: Any = None) -> RandomQuantity:
    """A normal distribution.

    Parameters
    ----------
    mean, std
        Mean and standard deviation.
    low, high
        Values outside are drawn again.
    """
    unit = units.get_unit(mean)
    at, wide = (_number(value, unit, name) for value, name in ((mean, "mean"), (std, "std")))
    parameter = Parameter.normal(at, wide)
    text = f"normal({mean}, {std}"
    if low is not None or high is not None:
        bounds = [
            default if bound is None else _number(bound, unit, name)
            for bound, default, name in ((low, -1e300, "low"), (high, 1e300, "high"))
        ]
        parameter = Parameter.redraw(parameter, *bounds)
        text += f", low={low}, high={high}"
    return RandomQuantity(parameter, unit, f"{text})")


def uniform(low: Any, high: Any) -> RandomQuantity:
    """A uniform distribution from `low` up to, but without, `high`."""
    unit = units.get_unit(low)
    parameter = Parameter.uniform(_number(low, unit, "low"), _number(high, unit, "high"))
    return RandomQuantity(parameter, unit, f"uniform({low}, {high})")


def lognormal(mean: float, std: float) -> RandomQuantity:
    """A lognormal distribution; `mean` and `std` are those of the logarithm.

    Multiply it with a unit: ``ob.random.lognormal(3, 0.5) * pA``.
    """
    numbers = [
        _number(value, units.UNITLESS, name) for value, name in ((mean, "mean"), (std, "std"))
    ]
    return RandomQuantity(
        Parameter.lognormal(*numbers), units.UNITLESS, f"lognormal({mean}, {std})"
    )


def exponential(mean: Any) -> RandomQuantity:
    """An exponential distribution with this mean."""
    unit = units.get_unit(mean)
    parameter = Parameter.exponential(_number(mean, unit, "mean"))
    return RandomQuantity(parameter, unit, f"exponential({mean})")


def _single(quantity: units.Quantity) -> float:
    if quantity.ndim:
        raise TypeError("a random parameter is scaled by one number, not by several")
    return float(quantity.value)


def _number(value: Any, unit: units.Unit, name: str) -> float:
    """One number in `unit`; a number without a unit where `unit` is none."""
    quantity = units.as_quantity(value)
    if quantity is None and unit != units.UNITLESS:
        raise units.UnitError(f"{name} wants {unit} ({unit.dimension_name}), got a plain number")
    number = value if quantity is None else units.strip(quantity, unit, name)
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise TypeError(f"{name} must be one number, got {value!r}")
    return float(number)
