"""Running simulations and resetting the kernel."""

from __future__ import annotations

import numbers
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ovenbird import errors

from ._state import VerbosityLevel, _kernel, front
from .info import message
from .progress import progress_bar


def ResetKernel() -> None:
    """Remove all nodes, connections and copied models, and restore the defaults.

    Existing collections become invalid. `nest.verbosity`, `nest.userdict` and the paths of data
    files stay.
    """
    _kernel.reset()
    front.print_time = False


def Prepare() -> None:
    """Make the network ready for `Run`."""
    _kernel.prepare()


def Run(t: float) -> None:
    """Simulate for `t` ms between `Prepare` and `Cleanup`.

    Raises
    ------
    BadParameter
        If `t` is negative or not a multiple of the resolution.
    KernelException
        If the network is not prepared.
    """
    duration = _milliseconds(t)
    bar = progress_bar() if front.print_time and _kernel.rank == 0 else None
    try:
        _kernel.run(duration, bar)
    finally:
        if bar is not None:
            bar.close()
        for warning in _kernel.take_warnings():
            message(warning, VerbosityLevel.WARNING, function="Run")


def Cleanup() -> None:
    """End what `Prepare` began: close data files and free what only a run needs."""
    _kernel.cleanup()


def Simulate(t: float) -> None:
    """Simulate for `t` ms.

    Raises
    ------
    BadParameter
        If `t` is negative or not a multiple of the resolution.
    """
    duration = _milliseconds(t)
    with RunManager():
        Run(duration)


@contextmanager
def RunManager() -> Iterator[None]:
    """Return a context that prepares the network and cleans up after the runs within it.

    Examples
    --------
    >>> with nest.RunManager():
    ...     nest.Run(10)
    ...     nest.Run(20)
    """
    Prepare()
    try:
        yield
    finally:
        Cleanup()


def _milliseconds(t: Any) -> float:
    if isinstance(t, bool) or not isinstance(t, numbers.Real):
        raise TypeError(f"the simulation time must be a number of ms, got {type(t).__name__}")
    return float(t)


def Install(module_name: str) -> None:
    """Refuse to load an extension module, which this simulator cannot do.

    Raises
    ------
    DynamicModuleManagementError
        Always: extension modules are machine code made for NEST.
    """
    if not isinstance(module_name, str):
        raise TypeError(f"the name of a module must be a string, got {type(module_name).__name__}")
    raise errors.DynamicModuleManagementError(
        f"Module '{module_name}' could not be opened: extension modules compiled for NEST cannot "
        "be loaded; use one of the models in nest.node_models and nest.synapse_models"
    )
