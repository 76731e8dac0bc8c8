"""Physical units: `[80000.0, 15000.0] * units.Hz`, `(trace / units.mV)`, `time.to(units.s)`.

A `Quantity` is a number or a NumPy array times a `Unit`. Scales are kept as fractions, so that a
conversion between decimal prefixes rounds at most once. Quantities of brainunit, pint,
quantities and astropy are understood wherever one of ours is (see `as_quantity`).
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

Dimension = tuple[int, int, int, int, int, int, int]
"""Exponents of metre, kilogram, second, ampere, kelvin, mole and candela."""

_BASE_SYMBOLS = ("m", "kg", "s", "A", "K", "mol", "cd")
_NO_DIMENSION: Dimension = (0, 0, 0, 0, 0, 0, 0)
_PREFIXES = {"G": 9, "M": 6, "k": 3, "": 0, "c": -2, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15}


class UnitError(ValueError):
    """A quantity has another dimension than the one that is wanted."""


class Unit:
    """A unit of measurement: a scale relative to the SI base units, and a dimension.

    Units multiply, divide and take integer powers. A number, a sequence or an array times a unit
    is a `Quantity`.
    """

    __slots__ = ("dimension", "scale", "symbol")
    __array_ufunc__ = None

    def __init__(self, symbol: str, scale: Fraction, dimension: Dimension) -> None:
        self.symbol = symbol
        self.scale = scale
        self.dimension = dimension

    @property
    def dimension_name(self) -> str:
        """The dimension in words, such as ``voltage``, or as a product of SI base units."""
        return _DIMENSION_NAMES.get(self.dimension) or _base_product(self.dimension)

    def __repr__(self) -> str:
        return f"Unit({self.symbol!r})"

    def __str__(self) -> str:
        return self.symbol

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Unit):
            return NotImplemented
        return self.scale == other.scale and self.dimension == other.dimension

    def __hash__(self) -> int:
        return hash((self.scale, self.dimension))

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, Unit):
            return _named(
                _joined(self.symbol, other.symbol, "*"),
                self.scale * other.scale,
                _add(self.dimension, other.dimension, 1),
            )
        return Quantity(1.0, self) * other

    def __rmul__(self, other: Any) -> Any:
        quantity = as_quantity(other)
        if quantity is not None:
            return quantity * self
        return Quantity(other, self)

    def __truediv__(self, other: Any) -> Any:
        if isinstance(other, Unit):
            return _named(
                _joined(self.symbol, other.symbol, "/"),
                self.scale / other.scale,
                _add(self.dimension, other.dimension, -1),
            )
        return Quantity(1.0, self) / other

    def __rtruediv__(self, other: Any) -> Any:
        quantity = as_quantity(other)
        if quantity is not None:
            return quantity / self
        return Quantity(other, self**-1)

    def __pow__(self, exponent: float) -> Unit:
        return _power(self, exponent)


class Quantity:
    """A number or an array of numbers with a unit.

    ``+``, ``-`` and comparisons convert to the unit of the left operand and refuse another
    dimension; a result without dimension is a plain number or array. ``np.asarray`` gives the
    numbers in the quantity's own unit.

    Parameters
    ----------
    value
        A number, or anything that `numpy.asarray` takes.
    unit
        The unit of the number.
    """

    __slots__ = ("unit", "value")
    __array_ufunc__ = None
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, value: ArrayLike, unit: Unit) -> None:
        self.value: Any = _number(value)
        self.unit = unit

    def to(self, unit: Unit) -> Quantity:
        """The same quantity in another unit of the same dimension."""
        return Quantity(self.to_value(unit), unit)

    def to_value(self, unit: Unit) -> Any:
        """The plain number, or array, in `unit`."""
        if unit.dimension != self.unit.dimension:
            raise UnitError(f"cannot convert {_described(self.unit)} to {_described(unit)}")
        return _rescale(self.value, self.unit.scale / unit.scale)

    @property
    def mantissa(self) -> Any:
        """The plain number or array in the quantity's own unit."""
        return self.value

    magnitude = mantissa

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array; ``()`` for a single number."""
        return np.shape(self.value)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return np.ndim(self.value)

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(np.size(self.value))

    @property
    def dtype(self) -> np.dtype[Any]:
        """The NumPy type of the numbers."""
        return np.asarray(self.value).dtype

    @property
    def T(self) -> Quantity:
        """The transposed array."""
        return Quantity(np.transpose(self.value), self.unit)

    def reshape(self, *shape: Any) -> Quantity:
        """The same numbers in another shape."""
        return Quantity(np.asarray(self.value).reshape(*shape), self.unit)

    # NumPy's functions call these methods and pass `dtype` and `out`.

    def mean(self, axis: int | None = None, dtype: None = None, out: None = None) -> Quantity:
        """The arithmetic mean."""
        return Quantity(np.mean(self.value, axis=axis), self.unit)

    def std(
        self, axis: int | None = None, dtype: None = None, out: None = None, ddof: int = 0
    ) -> Quantity:
        """The standard deviation."""
        return Quantity(np.std(self.value, axis=axis, ddof=ddof), self.unit)

    def min(self, axis: int | None = None, out: None = None) -> Quantity:
        """The smallest element."""
        return Quantity(np.min(self.value, axis=axis), self.unit)

    def max(self, axis: int | None = None, out: None = None) -> Quantity:
        """The largest element."""
        return Quantity(np.max(self.value, axis=axis), self.unit)

    def sum(self, axis: int | None = None, dtype: None = None, out: None = None) -> Quantity:
        """The sum of the elements."""
        return Quantity(np.sum(self.value, axis=axis), self.unit)

    def tolist(self) -> Any:
        """The numbers in the quantity's own unit as Python lists."""
        return np.asarray(self.value).tolist()

    def item(self) -> Any:
        """The single number that the quantity holds, in its own unit."""
        return np.asarray(self.value).item()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.value, dtype=dtype, copy=True if copy is None else copy)

    def __len__(self) -> int:
        if self.ndim == 0:
            raise TypeError("a quantity that is a single number has no length")
        return len(self.value)

    def __getitem__(self, index: Any) -> Quantity:
        if self.ndim == 0:
            raise TypeError("a quantity that is a single number cannot be indexed")
        return Quantity(self.value[index], self.unit)

    def __iter__(self) -> Iterator[Quantity]:
        for index in range(len(self)):
            yield self[index]

    def __repr__(self) -> str:
        value = np.array2string(self.value, separator=", ") if self.ndim else repr(self.value)
        return f"Quantity({value}, {self.unit.symbol!r})"

    def __str__(self) -> str:
        return f"{self.value} {self.unit.symbol}"

    def __format__(self, spec: str) -> str:
        return f"{format(self.value, spec)} {self.unit.symbol}"

    def __bool__(self) -> bool:
        return bool(self.value)

    def __float__(self) -> NoReturn:
        raise TypeError(
            f"a quantity in {self.unit.symbol} is no plain number: divide it by the unit that you "
            f"want, as in `quantity / units.{self.unit.symbol}`"
        )

    def __neg__(self) -> Quantity:
        return Quantity(-self.value, self.unit)

    def __pos__(self) -> Quantity:
        return self

    def __abs__(self) -> Quantity:
        return Quantity(abs(self.value), self.unit)

    def __round__(self, digits: int = 0) -> Quantity:
        return Quantity(np.round(self.value, digits), self.unit)

    def __add__(self, other: Any) -> Quantity:
        return Quantity(self.value + self._same(other, "add"), self.unit)

    def __radd__(self, other: Any) -> Quantity:
        return Quantity(self._same(other, "add") + self.value, self.unit)

    def __sub__(self, other: Any) -> Quantity:
        return Quantity(self.value - self._same(other, "subtract"), self.unit)

    def __rsub__(self, other: Any) -> Quantity:
        return Quantity(self._same(other, "subtract") - self.value, self.unit)

    def __mul__(self, other: Any) -> Any:
        right = _split(other)
        return _quantity(self.value * right.value, self.unit * right.unit)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        right = _split(other)
        return _quantity(self.value / right.value, self.unit / right.unit)

    def __rtruediv__(self, other: Any) -> Any:
        left = _split(other)
        return _quantity(left.value / self.value, left.unit / self.unit)

    def __pow__(self, exponent: float) -> Any:
        return _quantity(self.value**exponent, self.unit**exponent)

    def __eq__(self, other: object) -> Any:
        right = as_quantity(other)
        if right is None or right.unit.dimension != self.unit.dimension:
            return False
        return self.value == right.to_value(self.unit)

    def __ne__(self, other: object) -> Any:
        return np.logical_not(self == other) if self.ndim else not self == other

    def __lt__(self, other: Any) -> Any:
        return self._compare(other, operator.lt)

    def __le__(self, other: Any) -> Any:
        return self._compare(other, operator.le)

    def __gt__(self, other: Any) -> Any:
        return self._compare(other, operator.gt)

    def __ge__(self, other: Any) -> Any:
        return self._compare(other, operator.ge)

    def _compare(self, other: Any, relation: Callable[[Any, Any], Any]) -> Any:
        return relation(self.value, self._same(other, "compare"))

    def _is_plain(self) -> bool:
        """Whether this stands for numbers that never had a unit."""
        return False

    def _same(self, other: Any, verb: str) -> Any:
        """The numbers of `other` in this quantity's unit."""
        quantity = as_quantity(other)
        if quantity is None:
            raise UnitError(f"cannot {verb} {_described(self.unit)} and a plain number")
        if quantity.unit.dimension != self.unit.dimension:
            raise UnitError(
                f"cannot {verb} {_described(self.unit)} and {_described(quantity.unit)}"
            )
        return quantity.to_value(self.unit)


def get_mantissa(value: Any) -> Any:
    """The plain numbers of a quantity in its own unit; a plain number or array as it is."""
    quantity = as_quantity(value)
    return value if quantity is None else quantity.value


def get_unit(value: Any) -> Unit:
    """The unit of a quantity; `UNITLESS` for a plain number or array."""
    quantity = as_quantity(value)
    return UNITLESS if quantity is None else quantity.unit


def as_quantity(value: Any) -> Quantity | None:
    """A quantity of ours from a quantity of any library; None for what carries no unit.

    Understood are quantities of brainunit, pint, quantities and astropy, recognised by their
    attributes, and sequences of quantities.
    """
    if isinstance(value, Quantity):
        return None if value._is_plain() else value
    if isinstance(value, Unit):
        return Quantity(1.0, value)
    if value is None or isinstance(value, (str, bytes, int, float, complex, np.generic, dict)):
        return None
    if isinstance(value, (list, tuple)):
        return _from_sequence(value)
    for convert in (_from_brainunit, _from_astropy, _from_pint, _from_quantities):
        found = convert(value)
        if found is not None:
            return found
    return None


def strip(value: Any, unit: Unit | str, name: str) -> Any:
    """Plain numbers in `unit` from a quantity; what is no quantity is returned as it is.

    Raises
    ------
    UnitError
        If the quantity has another dimension; the message names `name` and both dimensions.
    """
    quantity = as_quantity(value)
    if quantity is None:
        return value
    wanted = parse_unit(unit) if isinstance(unit, str) else unit
    if wanted is None:
        raise UnitError(f"{name} takes no unit, got {_described(quantity.unit)}")
    if quantity.unit.dimension != wanted.dimension:
        raise UnitError(f"{name} wants {_described(wanted)}, got {_described(quantity.unit)}")
    return quantity.to_value(wanted)


@cache
def parse_unit(text: str) -> Unit | None:
    """The unit that a table writes as `text`, such as ``mV/ms``; None for what is no unit."""
    symbols = _registry()
    unit = UNITLESS
    sign = 1
    for token in re.split(r"([*/·])", text.replace("**", "^").replace(" ", "*").strip("*")):
        if token in ("*", "·", ""):
            continue
        if token == "/":
            sign = -1
            continue
        match = re.fullmatch(r"([A-Za-zµμΩ]+|1)(?:\^?\(?(-?\d+)\)?)?", token)
        if match is None or not (match[1] == "1" or match[1] in symbols):
            return None
        factor = UNITLESS if match[1] == "1" else symbols[match[1]]
        power = sign * int(match[2] or 1)
        unit = unit * factor**power if power > 0 else unit / factor**-power
        sign = 1
    return Unit(text, unit.scale, unit.dimension) if unit != UNITLESS else unit


def _number(value: ArrayLike) -> Any:
    """A Python number for a scalar, an array otherwise; integers become floating point."""
    array = np.asarray(value)
    if array.dtype.kind not in "biufc":
        raise TypeError(f"a quantity needs numbers, got {value!r}")
    if array.dtype.kind != "c":
        array = array.astype(np.float64, copy=False)
    return array.item() if array.ndim == 0 else array


def _rescale(value: Any, ratio: Fraction) -> Any:
    if ratio == 1:
        return value
    scaled = value * float(ratio.numerator) if ratio.numerator != 1 else value
    return scaled / float(ratio.denominator) if ratio.denominator != 1 else scaled


def _quantity(value: Any, unit: Unit) -> Any:
    """`value * unit`, as a plain number when the unit has no dimension."""
    if unit.dimension == _NO_DIMENSION:
        return _rescale(value, unit.scale)
    return Quantity(value, unit)


def _split(value: Any) -> Quantity:
    """Any operand as a quantity: a plain number is one without dimension."""
    return as_quantity(value) or Quantity(value, UNITLESS)


def _add(left: Dimension, right: Dimension, sign: int) -> Dimension:
    a, b, c, d, e, f, g = (x + sign * y for x, y in zip(left, right, strict=True))
    return (a, b, c, d, e, f, g)


def _joined(left: str, right: str, sign: str) -> str:
    if not right:
        return left
    if not left:
        return right if sign == "*" else f"1/{right}"
    compound = sign == "/" and re.search(r"[*/]", right)
    return f"{left}/({right})" if compound else left + sign + right


def _base_product(dimension: Dimension) -> str:
    pairs = zip(_BASE_SYMBOLS, dimension, strict=True)
    parts = [name if power == 1 else f"{name}^{power}" for name, power in pairs if power]
    return " ".join(parts) or "no dimension"


def _described(unit: Unit) -> str:
    if unit.dimension == _NO_DIMENSION:
        return "a plain number"
    return f"{unit.symbol} ({unit.dimension_name})"


def _named(symbol: str, scale: Fraction, dimension: Dimension) -> Unit:
    """A unit under its own name where it has one (nS * mV is pA), under `symbol` otherwise."""
    return _by_value().get((scale, dimension)) or Unit(symbol, scale, dimension)


def _root(number: int, degree: int) -> int | None:
    root = round(number ** (1 / degree))
    return next((r for r in (root - 1, root, root + 1) if r >= 0 and r**degree == number), None)


def _power(unit: Unit, exponent: float) -> Unit:
    power = Fraction(exponent).limit_denominator(12)
    dims = [power * d for d in unit.dimension]
    scale = unit.scale**power.numerator
    top, bottom = (_root(n, power.denominator) for n in (scale.numerator, scale.denominator))
    if float(power) != exponent or any(d.denominator != 1 for d in dims) or not (top and bottom):
        raise UnitError(f"{unit.symbol} to the power of {exponent} is no unit")
    a, b, c, d, e, f, g = (int(x) for x in dims)
    base = f"({unit.symbol})" if re.search(r"[*/^]", unit.symbol) else unit.symbol
    symbol = f"1/{base}" if power == -1 else f"{base}^{power}"
    return _named(symbol, Fraction(top, bottom), (a, b, c, d, e, f, g))


def _from_sequence(values: list[Any] | tuple[Any, ...]) -> Quantity | None:
    parts = [as_quantity(value) for value in values]
    if not any(part is not None for part in parts):
        return None
    if any(part is None for part in parts):
        raise UnitError("a sequence mixes quantities and plain numbers")
    first = parts[0]
    assert first is not None
    return Quantity([first._same(part, "combine") for part in parts], first.unit)


def _foreign(value: Any, scale: float, dimension: list[Any]) -> Quantity:
    powers = [Fraction(float(power)).limit_denominator(12) for power in dimension]
    if any(power.denominator != 1 for power in powers):
        raise UnitError(f"{value} has a dimension with fractional powers, which is not supported")
    a, b, c, d, e, f, g = (int(power) for power in powers)
    exact = Fraction(f"{scale:.14g}")
    dims: Dimension = (a, b, c, d, e, f, g)
    return Quantity(
        np.asarray(value), _named(f"{float(exact):g} {_base_product(dims)}", exact, dims)
    )


def _by_symbol(powers: dict[str, Any], symbols: tuple[str, ...]) -> list[Any]:
    unknown = set(powers) - set(symbols)
    if unknown:
        raise UnitError(f"cannot use the base unit {sorted(unknown)[0]!r}")
    return [powers.get(symbol, 0) for symbol in symbols]


def _from_brainunit(value: Any) -> Quantity | None:
    unit = getattr(value, "unit", value)
    mantissa = getattr(value, "mantissa", 1.0 if unit is value else None)
    dim = getattr(unit, "dim", None)
    if mantissa is None or dim is None or not hasattr(dim, "get_dimension"):
        return None
    names = ("m", "kg", "s", "A", "K", "mol", "cd")
    scale = float(unit.factor) * float(unit.base) ** float(unit.scale)
    return _foreign(mantissa, scale, [dim.get_dimension(name) for name in names])


def _from_astropy(value: Any) -> Quantity | None:
    unit = getattr(value, "unit", value)
    number = getattr(value, "value", 1.0 if unit is value else None)
    if number is None or not (hasattr(unit, "decompose") and hasattr(unit, "physical_type")):
        return None
    base = unit.decompose()
    powers = {str(b): p for b, p in zip(base.bases, base.powers, strict=True)}
    return _foreign(number, float(base.scale), _by_symbol(powers, _BASE_SYMBOLS))


def _from_pint(value: Any) -> Quantity | None:
    dimensionality = getattr(value, "dimensionality", None)
    if not hasattr(value, "_REGISTRY") or dimensionality is None:
        return None
    names = ("length", "mass", "time", "current", "temperature", "substance", "luminosity")
    powers = _by_symbol(dict(dimensionality), tuple(f"[{name}]" for name in names))
    number = getattr(value, "magnitude", 1.0)
    unit = value._REGISTRY.Quantity(1.0, getattr(value, "units", value))
    si = {"[length]": "m", "[mass]": "kg", "[time]": "s", "[current]": "A"}
    si |= {"[temperature]": "K", "[substance]": "mol", "[luminosity]": "cd"}
    target = " * ".join(f"{si[d]}**({p})" for d, p in dict(dimensionality).items())
    return _foreign(number, float(unit.to(target or "dimensionless").magnitude), powers)


def _from_quantities(value: Any) -> Quantity | None:
    simplified = getattr(getattr(value, "units", None), "simplified", None)
    if simplified is None or not hasattr(value, "magnitude"):
        return None
    powers = {unit.symbol: power for unit, power in simplified.dimensionality.items()}
    return _foreign(value.magnitude, float(simplified.magnitude), _by_symbol(powers, _BASE_SYMBOLS))


def _si(symbol: str, dimension: Dimension) -> Unit:
    """A unit from a prefixed symbol of an SI unit, such as ``mV``."""
    for base in ("Ohm", "Hz", "mol", "V", "A", "F", "S", "C", "g", "m", "s", "K"):
        prefix = symbol.removesuffix(base)
        if symbol.endswith(base) and prefix in _PREFIXES:
            power = _PREFIXES[prefix] - (3 if base == "g" else 0)
            return Unit(symbol, Fraction(10) ** power, dimension)
    raise UnitError(f"{symbol!r} is no prefixed SI unit")


_TIME: Dimension = (0, 0, 1, 0, 0, 0, 0)
_FREQUENCY: Dimension = (0, 0, -1, 0, 0, 0, 0)
_LENGTH: Dimension = (1, 0, 0, 0, 0, 0, 0)
_MASS: Dimension = (0, 1, 0, 0, 0, 0, 0)
_TEMPERATURE: Dimension = (0, 0, 0, 0, 1, 0, 0)
_AMOUNT: Dimension = (0, 0, 0, 0, 0, 1, 0)
_CONCENTRATION: Dimension = (-3, 0, 0, 0, 0, 1, 0)
_CURRENT: Dimension = (0, 0, 0, 1, 0, 0, 0)
_CHARGE: Dimension = (0, 0, 1, 1, 0, 0, 0)
_VOLTAGE: Dimension = (2, 1, -3, -1, 0, 0, 0)
_RESISTANCE: Dimension = (2, 1, -3, -2, 0, 0, 0)
_CONDUCTANCE: Dimension = (-2, -1, 3, 2, 0, 0, 0)
_CAPACITANCE: Dimension = (-2, -1, 4, 2, 0, 0, 0)

_DIMENSION_NAMES: dict[Dimension, str] = {
    _TIME: "time",
    _FREQUENCY: "frequency",
    _LENGTH: "length",
    _MASS: "mass",
    _TEMPERATURE: "temperature",
    _AMOUNT: "amount of substance",
    _CONCENTRATION: "concentration",
    _CURRENT: "current",
    _CHARGE: "charge",
    _VOLTAGE: "voltage",
    _RESISTANCE: "resistance",
    _CONDUCTANCE: "conductance",
    _CAPACITANCE: "capacitance",
}

UNITLESS = Unit("", Fraction(1), _NO_DIMENSION)

s, ms, us, ns = (_si(name, _TIME) for name in ("s", "ms", "us", "ns"))
Hz, kHz, MHz = (_si(name, _FREQUENCY) for name in ("Hz", "kHz", "MHz"))
V, mV, uV, nV = (_si(name, _VOLTAGE) for name in ("V", "mV", "uV", "nV"))
A, mA, uA, nA, pA, fA = (_si(name, _CURRENT) for name in ("A", "mA", "uA", "nA", "pA", "fA"))
F, mF, uF, nF, pF, fF = (_si(name, _CAPACITANCE) for name in ("F", "mF", "uF", "nF", "pF", "fF"))
S, mS, uS, nS, pS = (_si(name, _CONDUCTANCE) for name in ("S", "mS", "uS", "nS", "pS"))
Ohm, kOhm, MOhm, GOhm = (_si(name, _RESISTANCE) for name in ("Ohm", "kOhm", "MOhm", "GOhm"))
C, nC, pC, fC = (_si(name, _CHARGE) for name in ("C", "nC", "pC", "fC"))
m, cm, mm, um, nm = (_si(name, _LENGTH) for name in ("m", "cm", "mm", "um", "nm"))
kg, g, mg = (_si(name, _MASS) for name in ("kg", "g", "mg"))
K = _si("K", _TEMPERATURE)
mol, mmol = (_si(name, _AMOUNT) for name in ("mol", "mmol"))
M = Unit("M", Fraction(1000), _CONCENTRATION)
mM = Unit("mM", Fraction(1), _CONCENTRATION)
uM = Unit("uM", Fraction(1, 1000), _CONCENTRATION)
nM = Unit("nM", Fraction(1, 1_000_000), _CONCENTRATION)
minute = Unit("minute", Fraction(60), _TIME)

second, ohm, siemens = s, Ohm, S


@cache
def _registry() -> dict[str, Unit]:
    units = {unit.symbol: unit for unit in globals().values() if isinstance(unit, Unit)}
    return units | {"spikes": UNITLESS, "µm": um, "μm": um, "µs": us, "μs": us, "MΩ": MOhm}


@cache
def _by_value() -> dict[tuple[Fraction, Dimension], Unit]:
    return {(unit.scale, unit.dimension): unit for unit in reversed(_registry().values())}
