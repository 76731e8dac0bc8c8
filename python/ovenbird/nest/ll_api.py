"""Names that scripts expect in the low-level module."""

from __future__ import annotations

from ovenbird import errors as NESTErrors

from .kernel_attributes import KernelAttribute
from .unavailable import set_communicator

__all__ = ["KernelAttribute", "NESTError", "NESTErrors", "set_communicator"]

NESTError = NESTErrors.KernelException
