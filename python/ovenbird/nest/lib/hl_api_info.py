"""Messages, help, and status functions."""

from .._state import VerbosityLevel
from ..info import GetStatus, SetStatus, get_verbosity, help, message, set_verbosity

__all__ = [
    "GetStatus",
    "SetStatus",
    "VerbosityLevel",
    "get_verbosity",
    "help",
    "message",
    "set_verbosity",
]
