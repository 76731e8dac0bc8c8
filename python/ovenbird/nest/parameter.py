"""`Parameter`: a random or computed value, drawn anew for each node or connection."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np

from ovenbird import _ovenbird, errors
from ovenbird._suggest import did_you_mean

from ._arguments import number, text
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
            return self._apply_to(spatial_nc, positions)
        return tuple(_kernel.evaluate_nodes(self._datum, spatial_nc._parts()).tolist())

    def _apply_to(self, node: NodeCollection, positions: Any) -> tuple[float, ...]:
        """Return one value per position, as for connections from the node to there."""
        if len(node) != 1:
            raise ValueError("The NodeCollection must contain a single node ID only")
        if not isinstance(positions, (list, tuple)):
            raise TypeError(
                f"Positions must be a list or tuple of positions, got {type(positions).__name__}"
            )
        for position in positions:
            if not isinstance(position, (list, tuple, np.ndarray)):
                raise TypeError("Each position must be a list or tuple")
            if len(position) != len(positions[0]):
                raise ValueError("All positions must have the same number of dimensions")
        if not positions:
            return ()
        node_id = node._parts()[0][0]
        rows = np.ascontiguousarray(positions, dtype=np.float64)
        return tuple(_ovenbird.evaluate_to_points(_kernel, self._datum, node_id, rows).tolist())


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
    return number(value, f"'{key}' of parameter '{kind}'")


def _integer(specs: Mapping[str, Any], kind: str, key: str, default: int) -> int:
    value = specs.get(key, default)
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise errors.TypeMismatch(
            f"'{key}' of parameter '{kind}' must be an integer, got {value!r}"
        )
    if not -(2**63) <= int(value) < 2**63:
        raise errors.BadParameterValue(
            f"'{key}' of parameter '{kind}' must fit into 64 bits, got {value}"
        )
    return int(value)


_KEYS = {
    "constant": ("value",),
    "uniform": ("min", "max"),
    "uniform_int": ("max",),
    "normal": ("mean", "std"),
    "lognormal": ("mean", "std"),
    "exponential": ("beta",),
    "position": ("dimension", "synaptic_endpoint"),
    "distance": ("dimension",),
    "exp_distribution": ("x", "beta"),
    "gaussian": ("x", "mean", "std"),
    "gaussian2d": ("x", "y", "mean_x", "mean_y", "std_x", "std_y", "rho"),
    "gamma": ("x", "kappa", "theta"),
    "gabor": ("x", "y", "theta", "gamma", "std", "lam", "psi"),
}


def CreateParameter(parametertype: str, specs: Mapping[str, Any]) -> Parameter:
    """Return a `Parameter`.

    Parameters
    ----------
    parametertype
        ``constant`` (`value`), ``uniform`` (`min`, `max`), ``uniform_int`` (`max`), ``normal``
        and ``lognormal`` (`mean`, `std`), ``exponential`` (`beta`); of nodes in space
        ``position`` (`dimension` from 0, `synaptic_endpoint`: 0 node, 1 source, 2 target),
        ``distance`` (`dimension` from 1, 0 for all), and functions of parameters `x` and `y`:
        ``exp_distribution`` (`x`, `beta`), ``gaussian`` (`x`, `mean`, `std`), ``gaussian2d``
        (`x`, `y`, `mean_x`, `mean_y`, `std_x`, `std_y`, `rho`), ``gamma`` (`x`, `kappa`,
        `theta`), ``gabor`` (`x`, `y`, `theta`, `gamma`, `std`, `lam`, `psi`).
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
    text(parametertype, "parametertype", "the name of a parameter type")
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


def _operand(specs: Mapping[str, Any], kind: str, key: str) -> _Datum:
    if key not in specs:
        raise IndexError(f"Parameter '{kind}' needs the key '{key}'")
    value = specs[key]
    if not isinstance(value, Parameter):
        raise errors.TypeMismatch(
            f"'{key}' of parameter '{kind}' must be a Parameter, got {type(value).__name__}"
        )
    return value._datum


def _datum(kind: str, specs: Mapping[str, Any]) -> _Datum:
    if kind == "constant":
        return _Datum.constant(_number(specs, kind, "value"))
    if kind == "uniform":
        return _Datum.uniform(_number(specs, kind, "min", 0.0), _number(specs, kind, "max", 1.0))
    if kind == "uniform_int":
        return _Datum.uniform_int(_integer(specs, kind, "max", 1))
    if kind == "exponential":
        return _Datum.exponential(_number(specs, kind, "beta", 1.0))
    if kind in ("normal", "lognormal"):
        make = _Datum.normal if kind == "normal" else _Datum.lognormal
        return make(_number(specs, kind, "mean", 0.0), _number(specs, kind, "std", 1.0))
    if kind == "position":
        return _position(specs)
    if kind == "distance":
        dimension = _integer(specs, kind, "dimension", 0)
        if not 0 <= dimension <= 3:
            raise errors.BadParameterValue(
                "Spatial distance parameter dimension cannot be negative, and must be 0 for the "
                f"whole distance or 1-3 for x-z, got {dimension}."
            )
        return _Datum.distance(dimension - 1 if dimension else None)
    return _profile(kind, specs)


def _position(specs: Mapping[str, Any]) -> _Datum:
    if "dimension" not in specs:
        raise errors.BadParameterValue(
            "Dimension must be specified when creating a node position parameter."
        )
    dimension = _integer(specs, "position", "dimension", 0)
    if dimension < 0:
        raise errors.BadParameterValue(
            f"Node position parameter dimension cannot be negative, got {dimension}."
        )
    endpoint = _integer(specs, "position", "synaptic_endpoint", 0)
    if not 0 <= endpoint <= 2:
        raise errors.BadParameterValue(
            "Synaptic endpoint must either be unspecified (0), source (1) or target (2), "
            f"got {endpoint}."
        )
    return _Datum.position(dimension, endpoint)


def _profile(kind: str, specs: Mapping[str, Any]) -> _Datum:
    x = _operand(specs, kind, "x")

    def number(key: str) -> float:
        return _number(specs, kind, key)

    if kind == "exp_distribution":
        return _Datum.exponential_profile(x, number("beta"))
    if kind == "gaussian":
        return _Datum.gaussian_profile(x, number("mean"), number("std"))
    if kind == "gamma":
        return _Datum.gamma_profile(x, number("kappa"), number("theta"))
    y = _operand(specs, kind, "y")
    if kind == "gabor":
        shape = [number(key) for key in ("theta", "gamma", "std", "lam", "psi")]
        return _Datum.gabor_profile(x, y, shape)
    mean, std = [number("mean_x"), number("mean_y")], [number("std_x"), number("std_y")]
    return _Datum.gaussian2d_profile(x, y, mean, std, number("rho"))
