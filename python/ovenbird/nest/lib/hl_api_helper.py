"""Small helpers that scripts import."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["SuppressedDeprecationWarning", "broadcast", "is_iterable", "stringify_path"]


def is_iterable(value: Any) -> bool:
    """Return whether `value` can be iterated over."""
    try:
        iter(value)
    except TypeError:
        return False
    return True


def broadcast(item: Any, length: int, allowed_types: Any, name: str = "item") -> Any:
    """Return `item` repeated `length` times if it is a single one, else `item` itself.

    Raises
    ------
    TypeError
        If `item` is a sequence of another length, or contains other types.
    """
    if isinstance(item, allowed_types):
        return length * (item,)
    if len(item) == 1:
        return length * item
    if len(item) != length:
        raise TypeError(
            f"'{name}' must be a single value, a list with one element or a list with {length} "
            f"elements, got {len(item)}"
        )
    return item


def stringify_path(path: Any) -> str:
    """Return a path as a string."""
    import os

    text = os.fspath(path)
    return text.decode() if isinstance(text, bytes) else str(text)


@contextmanager
def SuppressedDeprecationWarning(*functions: Any) -> Iterator[None]:
    """Silence deprecation warnings within a context."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        yield
