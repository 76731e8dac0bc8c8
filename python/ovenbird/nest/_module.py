"""The type of the `nest` module: a module whose attributes include those of the kernel."""

from __future__ import annotations

import importlib
import types
from typing import Any

from ovenbird._suggest import did_you_mean

from .kernel_attributes import ATTRIBUTES
from .kernel_status import GetKernelStatus, SetKernelStatus

LAZY = ("raster_plot", "server", "visualization", "voltage_trace")


class NestModule(types.ModuleType):
    """A module with the attributes of the kernel.

    Kernel attributes can be read and set; nothing else of the module can be replaced.
    """

    def get(self, *args: Any) -> Any:
        """Return attributes of the kernel, as `GetKernelStatus`; several names give a tuple."""
        if not args:
            return GetKernelStatus()
        return GetKernelStatus(args[0] if len(args) == 1 else args)

    def set(self, **kwargs: Any) -> None:
        """Set attributes of the kernel given as keywords, as `SetKernelStatus`."""
        SetKernelStatus(kwargs)

    def __setattr__(self, name: str, value: Any) -> None:
        is_machinery = name.startswith("__") and name.endswith("__")
        if name in ATTRIBUTES or is_machinery or isinstance(value, types.ModuleType):
            super().__setattr__(name, value)
            return
        raise AttributeError(
            f"Cannot set attribute '{name}' on module 'nest'{did_you_mean(name, ATTRIBUTES)}"
        )

    def __dir__(self) -> list[str]:
        names = {name for name in super().__dir__() if name.startswith("__")}
        public = (name for name in self.__all__ if not name.startswith("_"))
        return sorted({*names, *public, *ATTRIBUTES, *LAZY, "get", "set"})


def missing(module: types.ModuleType, name: str) -> Any:
    """Return an attribute that is not there yet. As a method it would slow down all others."""
    if name in LAZY:
        return importlib.import_module(f"{module.__name__}.{name}")
    if name in ATTRIBUTES:
        raise AttributeError(f"`{name}` is not available in this build")
    known = [known for known in dir(module) if not known.startswith("_")]
    raise AttributeError(f"module 'nest' has no attribute '{name}'{did_you_mean(name, known)}")


for _name, _attribute in ATTRIBUTES.items():
    setattr(NestModule, _name, _attribute)
    _attribute.__set_name__(NestModule, _name)
