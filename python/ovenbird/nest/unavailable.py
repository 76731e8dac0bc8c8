"""Parts of the interface that are not available: their names exist, their use is an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from ovenbird import errors


def not_available(name: str, needs: str) -> errors.NotImplemented:
    """Return the error for the use of `name`."""
    return errors.NotImplemented(f"nest.{name} is not available: {needs}")


def function(name: str, needs: str) -> Callable[..., NoReturn]:
    """Return a function that raises `NotImplemented` when called."""

    def unavailable(*args: Any, **kwargs: Any) -> NoReturn:
        raise not_available(name, needs)

    unavailable.__name__ = unavailable.__qualname__ = name
    unavailable.__doc__ = f"Raise an error.\n\nRaises\n------\nNotImplemented\n    Always: {needs}."
    return unavailable


class Unavailable:
    """An object of the namespace that raises `NotImplemented` as soon as it is used.

    Parameters
    ----------
    name
        Its name below `nest`.
    needs
        What is missing.
    """

    def __init__(self, name: str, needs: str) -> None:
        self._name = name
        self._needs = needs

    def __getattr__(self, attribute: str) -> NoReturn:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        raise not_available(self._name, self._needs)

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise not_available(self._name, self._needs)

    __call__ = __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _refuse
    __truediv__ = __rtruediv__ = __pow__ = __neg__ = __pos__ = _refuse
    __lt__ = __le__ = __ge__ = __gt__ = _refuse
    _to_kernel = _refuse

    def __repr__(self) -> str:
        return f"<nest.{self._name}: not available, {self._needs}>"


NO_POSITIONS = "collections have no positions"
NO_GROWTH = "structural plasticity is missing"

CreateMask = function("CreateMask", NO_POSITIONS)
Displacement = function("Displacement", NO_POSITIONS)
Distance = function("Distance", NO_POSITIONS)
DumpLayerConnections = function("DumpLayerConnections", NO_POSITIONS)
DumpLayerNodes = function("DumpLayerNodes", NO_POSITIONS)
FindCenterElement = function("FindCenterElement", NO_POSITIONS)
FindNearestElement = function("FindNearestElement", NO_POSITIONS)
GetPosition = function("GetPosition", NO_POSITIONS)
GetSourceNodes = function("GetSourceNodes", NO_POSITIONS)
GetSourcePositions = function("GetSourcePositions", NO_POSITIONS)
GetTargetNodes = function("GetTargetNodes", NO_POSITIONS)
GetTargetPositions = function("GetTargetPositions", NO_POSITIONS)
PlotLayer = function("PlotLayer", NO_POSITIONS)
PlotProbabilityParameter = function("PlotProbabilityParameter", NO_POSITIONS)
PlotSources = function("PlotSources", NO_POSITIONS)
PlotTargets = function("PlotTargets", NO_POSITIONS)
SelectNodesByMask = function("SelectNodesByMask", NO_POSITIONS)
EnableStructuralPlasticity = function("EnableStructuralPlasticity", NO_GROWTH)
DisableStructuralPlasticity = function("DisableStructuralPlasticity", NO_GROWTH)
set_communicator = function("set_communicator", "the simulation runs in one process")


class Mask:
    """A region of space; cannot be made as long as collections have no positions."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise not_available("Mask", NO_POSITIONS)


class SonataNetwork:
    """A network described in SONATA files; reading them is not available."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise not_available("SonataNetwork", "reading of SONATA files is missing")
