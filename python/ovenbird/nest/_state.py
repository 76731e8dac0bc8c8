"""The default kernel and what this namespace keeps beside it.

This is the only place in the package that holds a kernel for everybody.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any, Final

from ovenbird._launch import processes
from ovenbird._ovenbird import Kernel


class VerbosityLevel(enum.IntEnum):
    """How important a message must be to be shown."""

    ALL = 0
    DEBUG = 5
    STATUS = 7
    INFO = 10
    PROGRESS = 15
    DEPRECATED = 18
    WARNING = 20
    ERROR = 30
    FATAL = 40
    QUIET = 100


@dataclass
class Front:
    """State of the namespace that the kernel does not know.

    Attributes
    ----------
    warned
        Attributes without effect that have been set, each of which is warned of once.
    verbosity
        Least severity of the messages shown. A reset keeps it.
    print_time
        Whether a run shows its progress.
    """

    warned: set[str] = field(default_factory=set)
    verbosity: VerbosityLevel = VerbosityLevel.INFO
    print_time: bool = False


_kernel: Final = Kernel(processes())
front: Final = Front()
userdict: Final[dict[str, Any]] = {}
