"""Checks of arguments, with messages that name the argument and say what it should be."""

from __future__ import annotations

import numbers
import os
from typing import Any

import numpy as np
from numpy.typing import NDArray


def text(value: Any, name: str, meaning: str) -> str:
    """Return a string argument."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be {meaning}, got {type(value).__name__}")
    return value


def number(value: Any, name: str) -> float:
    """Return a number as a float."""
    if not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number, got {type(value).__name__}")
    try:
        return float(value)
    except OverflowError:
        raise OverflowError(f"{name} is beyond the range of floating-point numbers") from None


def file_name(value: Any, name: str) -> str:
    """Return the name of a file."""
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"{name} must be the name of a file, got {type(value).__name__}")
    path = os.fspath(value)
    if not isinstance(path, str):
        raise TypeError(f"{name} must be the name of a file, got {type(path).__name__}")
    return path


def output_of(value: Any, *allowed: str) -> str:
    """Return the form in which a result is wanted: one of `allowed`, or empty."""
    wanted = text(value, "output", " or ".join(repr(name) for name in allowed))
    if wanted and wanted not in allowed:
        raise ValueError(
            f"output must be {' or '.join(repr(name) for name in allowed)}, got {wanted!r}"
        )
    return wanted


def array(values: Any, name: str) -> NDArray[Any]:
    """Return a sequence as an array of any type, whose rows have one length."""
    try:
        return np.asarray(values)
    except (ValueError, TypeError):
        raise ValueError(f"{name} must be an array whose rows have the same length") from None


def coordinates(value: Any, name: str) -> NDArray[np.float64]:
    """Return a position, or an array of positions."""
    try:
        return np.ascontiguousarray(value, dtype=np.float64)
    except (ValueError, TypeError):
        raise TypeError(f"{name} must be a position, a sequence of numbers") from None
