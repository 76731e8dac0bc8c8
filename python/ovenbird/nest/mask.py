"""`Mask`: a region of space in which partners of a node are looked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ovenbird._ovenbird import Mask as _Datum

from ._arguments import text
from ._values import params_to_kernel, to_kernel


class Mask:
    """A region of space, relative to a node. Made by `CreateMask`.

    Masks are combined with ``&``, ``|`` and ``-``.

    Parameters
    ----------
    data
        Mask of the kernel.
    spec
        The dictionary that describes it, if it is not a combination.
    """

    __slots__ = ("_datum", "_spec")

    def __init__(self, data: _Datum, spec: Mapping[str, Any] | None = None) -> None:
        if not isinstance(data, _Datum):
            raise TypeError(
                f"Expected MaskObject, got {type(data).__name__}; use the 'CreateMask()' function "
                "to create a 'Mask'."
            )
        self._datum = data
        self._spec = spec

    def _to_kernel(self) -> _Datum:
        return self._datum

    def __or__(self, rhs: Any) -> Mask:
        return Mask(self._datum | _operand(rhs, "|"))

    def __and__(self, rhs: Any) -> Mask:
        return Mask(self._datum & _operand(rhs, "&"))

    def __sub__(self, rhs: Any) -> Mask:
        return Mask(self._datum - _operand(rhs, "-"))

    def Inside(self, point: Sequence[float]) -> bool:
        """Return whether a point is in the mask, its border included."""
        return self._datum.contains([float(x) for x in point])


def _operand(value: Any, operator: str) -> _Datum:
    if isinstance(value, Mask):
        return value._datum
    raise NotImplementedError(f"Both operands of {operator} must be masks.")


def CreateMask(masktype: str, specs: Mapping[str, Any], anchor: Any = None) -> Mask:
    """Return a `Mask`.

    Parameters
    ----------
    masktype
        In two dimensions ``circular`` (`radius`), ``doughnut`` (`inner_radius`,
        `outer_radius`), ``elliptical`` (`major_axis`, `minor_axis`), ``rectangular``
        (`lower_left`, `upper_right`); in three ``spherical`` (`radius`), ``ellipsoidal``
        (`major_axis`, `minor_axis`, `polar_axis`), ``box`` (`lower_left`, `upper_right`). On
        grids ``grid`` (`shape`: numbers of columns, rows and, in three dimensions, planes).
    specs
        The values named in brackets. Boxes and ellipses may have an `azimuth_angle` and, in
        three dimensions, a `polar_angle`, in degrees; round masks an `anchor`, their center.
    anchor
        Moves the mask relative to the node; for a grid the place in the mask that the node has.

    Raises
    ------
    UndefinedName
        If the type is unknown.
    BadProperty
        If the values do not make a mask.
    """
    text(masktype, "masktype", "the name of a mask")
    described: dict[str, Any] = {masktype: specs}
    if anchor is not None:
        described["anchor"] = anchor
    return Mask(mask_datum(described), described)


def mask_datum(spec: Any) -> _Datum:
    """Return the mask of the kernel for a `Mask` or a dictionary that describes one."""
    if isinstance(spec, Mask):
        return spec._datum
    if isinstance(spec, Mapping):
        return _Datum.from_dict(params_to_kernel(spec))
    raise TypeError(f"a mask must be a Mask or a dictionary, got {type(to_kernel(spec)).__name__}")
