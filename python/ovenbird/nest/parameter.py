"""`Parameter`: a random or computed value, drawn anew for each node or connection."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Any

from ovenbird import _ovenbird, errors
from ovenbird._suggest import did_you_mean

from ._state import _kernel
from .node_collection import NodeCollection

_Datum = _ovenbird.Parameter


class Parameter:
    """A value that is drawn or computed where it is used.

    Arithmetic and comparison with numbers and other parameters give parameters. Each use of a
    random parameter draws anew, so ``p - p`` is not 0. Made by `CreateParameter` and the
    functions of `nest.random`, `nest.math` and `nest.logic`.

    Parameters
    ----------
    datum
        Expression of the kernel.
    """

    __slots__ = ("_datum",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, datum: _Datum) -> None:
        if not isinstance(datum, _Datum):
            raise TypeError(
                "Expected low-level parameter object; use the 'CreateParameter()' function to "
                "create a 'Parameter'."
            )
        self._datum = datum

    def _to_kernel(self) -> _Datum:
        return self._datum

    def __add__(self, other: Any) -> Parameter:
        return Parameter(self._datum + operand(other, "add"))

    def __radd__(self, other: Any) -> Parameter:
        return Parameter(operand(other, "add") + self._datum)

    def __sub__(self, other: Any) -> Parameter:
        return Parameter(self._datum - operand(other, "subtract"))

    def __rsub__(self, other: Any) -> Parameter:
        return Parameter(operand(other, "subtract") - self._datum)

    def __mul__(self, other: Any) -> Parameter:
        return Parameter(self._datum * operand(other, "multiply"))

    def __rmul__(self, other: Any) -> Parameter:
        return Parameter(operand(other, "multiply") * self._datum)

    def __truediv__(self, other: Any) -> Parameter:
        return Parameter(self._datum / operand(other, "divide"))

    def __rtruediv__(self, other: Any) -> Parameter:
        return Parameter(operand(other, "divide") / self._datum)

    def __pow__(self, exponent: Any) -> Parameter:
        if not isinstance(exponent, numbers.Real):
            raise TypeError(
                f"the exponent of a Parameter must be a number, got {type(exponent).__name__}"
            )
        return Parameter(self._datum ** float(exponent))

    def __neg__(self) -> Parameter:
        return Parameter(-self._datum)

    def __pos__(self) -> Parameter:
        return self

    def __lt__(self, other: Any) -> Parameter:
        return Parameter(self._datum < operand(other, "compare"))

    def __le__(self, other: Any) -> Parameter:
        return Parameter(self._datum <= operand(other, "compare"))

    def __eq__(self, other: Any) -> Parameter:  # type: ignore[override]
        return Parameter(self._datum == operand(other, "compare"))

    def __ne__(self, other: Any) -> Parameter:  # type: ignore[override]
        return Parameter(self._datum != operand(other, "compare"))

    def __ge__(self, other: Any) -> Parameter:
        return Parameter(self._datum >= operand(other, "compare"))

    def __gt__(self, other: Any) -> Parameter:
        return Parameter(self._datum > operand(other, "compare"))

    def GetValue(self) -> float:
        """Return one value of the parameter."""
        return float(_kernel.evaluate(self._datum, 1)[0])

    def is_spatial(self) -> bool:
        """Return whether the parameter depends on positions."""
        return self._datum.is_spatial()

    def apply(self, spatial_nc: NodeCollection, positions: Any = None) -> tuple[float, ...]:
        """Return one value per node.

        Parameters
        ----------
        spatial_nc
            The nodes for which to evaluate.
        positions
            Positions relative to a single node; they need a collection with positions.
        """
        if not isinstance(spatial_nc, NodeCollection):
            raise TypeError(f"apply needs a NodeCollection, got {type(spatial_nc).__name__}")
        if positions is not None:
            if len(spatial_nc) != 1:
                raise ValueError("The NodeCollection must contain a single node ID only")
            raise errors.NotImplemented(
                "Parameter.apply with positions is not available: collections have no positions"
            )
        return tuple(_kernel.evaluate_nodes(self._datum, spatial_nc._parts()).tolist())


def operand(value: Any, action: str) -> _Datum:
    """Return a number or a parameter as an expression of the kernel."""
    if isinstance(value, Parameter):
        return value._datum
    if isinstance(value, numbers.Real):
        return _Datum.constant(float(value))
    raise NotImplementedError(
        f"cannot {action} a Parameter and {type(value).__name__}; use a number or a Parameter"
    )


def datum_of(value: Any, function: str) -> _Datum:
    """Return the expression of a `Parameter` that is an argument of `function`."""
    if isinstance(value, Parameter):
        return value._datum
    raise TypeError(f"{function} needs a Parameter as argument, got {type(value).__name__}")


def _number(specs: Mapping[str, Any], kind: str, key: str, default: float | None = None) -> float:
    if key not in specs:
        if default is None:
            raise IndexError(f"Parameter '{kind}' needs the key '{key}'")
        return default
    value = specs[key]
    if not isinstance(value, numbers.Real):
        raise errors.TypeMismatch(
            f"'{key}' of parameter '{kind}' must be a number, got {type(value).__name__}"
        )
    return float(value)


def _integer(specs: Mapping[str, Any], kind: str, key: str, default: int) -> int:
    value = specs.get(key, default)
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise errors.TypeMismatch(
            f"'{key}' of parameter '{kind}' must be an integer, got {value!r}"
        )
    return int(value)


_KEYS = {
    "constant": ("value",),
    "uniform": ("min", "max"),
    "uniform_int": ("max",),
    "normal": ("mean", "std"),
    "lognormal": ("mean", "std"),
    "exponential": ("beta",),
}
_SPATIAL = (
    "position", "distance", "exp_distribution", "gaussian", "gaussian2d", "gamma", "gabor",
)  # fmt: skip


def CreateParameter(parametertype: str, specs: Mapping[str, Any]) -> Parameter:
    """Return a `Parameter`.

    Parameters
    ----------
    parametertype
        ``constant`` (`value`), ``uniform`` (`min`, `max`), ``uniform_int`` (`max`), ``normal``
        and ``lognormal`` (`mean`, `std`), ``exponential`` (`beta`).
    specs
        The values named in brackets; those of distributions have defaults.

    Raises
    ------
    UndefinedName
        If the type is unknown.
    UnaccessedDictionaryEntry
        If `specs` has a key that the type does not.
    BadProperty
        If the values do not define a distribution.
    """
    if parametertype in _SPATIAL:
        raise errors.NotImplemented(
            f"Parameter type '{parametertype}' is not available: collections have no positions"
        )
    if parametertype not in _KEYS:
        near = did_you_mean(parametertype, _KEYS)
        raise errors.UndefinedName(f"The name {parametertype} is not defined{near or '.'}")
    if not isinstance(specs, Mapping):
        raise errors.TypeMismatch(
            f"the specification of a '{parametertype}' parameter must be a dictionary, "
            f"got {type(specs).__name__}"
        )
    allowed = _KEYS[parametertype]
    for key in specs:
        if key not in allowed:
            raise errors.UnaccessedDictionaryEntry(
                "Unaccessed elements in param, in function create_parameter:  "
                f"{key}{did_you_mean(key, allowed)}; "
                f"'{parametertype}' takes {', '.join(allowed)}"
            )
    return Parameter(_datum(parametertype, specs))


def _datum(kind: str, specs: Mapping[str, Any]) -> _Datum:
    if kind == "constant":
        return _Datum.constant(_number(specs, kind, "value"))
    if kind == "uniform":
        return _Datum.uniform(_number(specs, kind, "min", 0.0), _number(specs, kind, "max", 1.0))
    if kind == "uniform_int":
        return _Datum.uniform_int(_integer(specs, kind, "max", 1))
    if kind == "exponential":
        return _Datum.exponential(_number(specs, kind, "beta", 1.0))
    make = _Datum.normal if kind == "normal" else _Datum.lognormal
    return make(_number(specs, kind, "mean", 0.0), _number(specs, kind, "std", 1.0))
