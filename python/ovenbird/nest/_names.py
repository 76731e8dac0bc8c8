"""Errors for misspelt names."""

from __future__ import annotations

from collections.abc import Iterable

from ovenbird._suggest import did_you_mean


class UnknownKeyError(KeyError, AttributeError):
    """A status dictionary lacks the key asked for.

    It is a `KeyError`, as for any dictionary, and an `AttributeError`, so that `hasattr` works
    on collections, whose attributes are these keys.
    """

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


def unknown_key(key: object, owner: str, candidates: Iterable[str]) -> UnknownKeyError:
    """Return the error for a `key` that `owner` does not have."""
    names = sorted(set(candidates))
    return UnknownKeyError(f"{owner} has no parameter {key!r}{did_you_mean(key, names)}")
