"""Reading and writing the attributes of the kernel."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any, Final

from ovenbird import errors
from ovenbird._suggest import did_you_mean

from . import _conngen
from ._state import VerbosityLevel, _kernel, front
from ._values import params_to_kernel
from .build_info import build_info
from .kernel_attributes import ATTRIBUTES, INERT
from .structural_plasticity import check_attributes


def _connection_rules() -> list[str]:
    """Return the rules of the kernel, and what packages that are installed add."""
    rules: list[str] = _kernel.get_attribute("connection_rules")
    return sorted([*rules, "conngen"]) if _conngen.is_available() else rules


_OF_FRONT: Final[dict[str, Callable[[], Any]]] = {
    "build_info": build_info,
    "connection_rules": _connection_rules,
    "memory_size": lambda: _memory_size(),
    "modules": lambda: [],
    "network_size": lambda: _kernel.network_size,
    "node_models": lambda: list(_kernel.node_models),
    "num_connections": lambda: _kernel.num_connections,
    "print_time": lambda: front.print_time,
    "synapse_models": lambda: list(_kernel.synapse_models),
    "verbosity": lambda: front.verbosity,
}
"""Attributes that need no look at the kernel's own."""


def kernel_status() -> dict[str, Any]:
    """Return all attributes of the kernel."""
    status = dict(_kernel.get_status())
    status.update({name: value() for name, value in _OF_FRONT.items()})
    return dict(sorted(status.items()))


def kernel_value(name: str) -> Any:
    """Return one attribute of the kernel."""
    if name == "kernel_status":
        return kernel_status()
    if name in _OF_FRONT:
        return _OF_FRONT[name]()
    value = _kernel.get_attribute(name)
    if value is None:
        known = kernel_status()
        raise KeyError(f"the kernel has no attribute {name!r}{did_you_mean(name, known)}")
    return value


def _memory_size() -> int:
    """Return the size of the process in kB, -1 where the system does not tell."""
    if sys.platform != "linux":
        return -1
    with open("/proc/self/status", encoding="ascii", errors="replace") as lines:
        for line in lines:
            if line.startswith("VmSize:"):
                return int(line.split()[1])
    return -1


def GetKernelStatus(keys: Any = None) -> Any:
    """Return attributes of the kernel.

    Parameters
    ----------
    keys
        Nothing for a dictionary of all, the name of one, or a sequence of names for a tuple.

    Raises
    ------
    KeyError
        If an attribute does not exist.
    """
    if keys is None:
        return kernel_status()
    if isinstance(keys, str):
        return kernel_value(keys)
    try:
        names = list(keys)
    except TypeError:
        raise TypeError("keys should be either a string or an iterable") from None
    return tuple(kernel_value(name) for name in names)


def SetKernelStatus(params: Mapping[str, Any]) -> None:
    """Set attributes of the kernel, all of them or, after an error, none.

    Parameters
    ----------
    params
        Names and values. Unknown names and those of read-only attributes are errors; with
        ``nest.dict_miss_is_error = False`` they are dropped with a warning.

    Raises
    ------
    ValueError
        If an attribute does not exist or is read-only.
    """
    if not isinstance(params, Mapping):
        raise TypeError(f"params must be a dictionary, got {type(params).__name__}")
    strict = params.get("dict_miss_is_error")
    if not isinstance(strict, bool):
        strict = _kernel.get_attribute("dict_miss_is_error")
    accepted = {}
    for name, value in params.items():
        problem = _problem(name)
        if problem is None:
            accepted[name] = value
        elif strict:
            raise ValueError(problem)
        else:
            from .info import message

            message(f"{problem}; ignored", VerbosityLevel.WARNING)
    _apply(accepted)


def _problem(name: Any) -> str | None:
    """Return what is wrong with setting the attribute `name`, if anything."""
    attribute = ATTRIBUTES.get(name)
    if attribute is None:
        return (
            f"`{name}` is not a valid kernel parameter{did_you_mean(name, ATTRIBUTES)}, "
            f"valid parameters are: {', '.join(repr(known) for known in sorted(ATTRIBUTES))}"
        )
    if attribute.readonly:
        return f"`{name}` is a readonly kernel parameter"
    return None


def _warn_inert(name: str, changed: bool) -> None:
    """Warn, once for each attribute, of a change that has no effect."""
    if changed and name not in front.warned:
        front.warned.add(name)
        warnings.warn(
            f"`{name}` has no effect here: buffers have the size that they need, and connections "
            "keep their sources; the value is kept and reported",
            stacklevel=5,
        )


def _apply(params: dict[str, Any]) -> None:
    verbosity = params.pop("verbosity", front.verbosity)
    if not isinstance(verbosity, VerbosityLevel):
        raise errors.TypeMismatch(
            f"Failed to cast 'verbosity' from {type(verbosity).__name__} to type VerbosityLevel; "
            "use a member such as nest.VerbosityLevel.WARNING"
        )
    print_time = params.pop("print_time", front.print_time)
    if not isinstance(print_time, bool):
        raise errors.TypeMismatch(
            f"Failed to cast 'print_time' from {type(print_time).__name__} to type bool"
        )
    if params:
        before = _kernel.get_status() if INERT & params.keys() else {}
        check_attributes(params)
        _kernel.set_status(params_to_kernel(params))
        for name in INERT & params.keys():
            _warn_inert(name, params[name] != before[name])
    front.verbosity = verbosity
    front.print_time = print_time
