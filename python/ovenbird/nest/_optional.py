"""Packages that only some functions need."""

from __future__ import annotations

import importlib
from typing import Any


def optional_module(name: str, purpose: str) -> Any:
    """Import a module that may be missing.

    Raises
    ------
    ImportError
        If it is missing; says what needs it and how to install it.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise ImportError(
            f"{purpose} needs the package {package}; install it with pip install {package}"
        ) from error
