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


set_communicator = function("set_communicator", "the simulation runs in one process")
