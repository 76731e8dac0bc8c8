"""Suggestions for misspelt names."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(name: object, candidates: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the candidate nearest to `name`, or ``""``."""
    names = [candidate for candidate in candidates if candidate != name]
    lower = {candidate.lower(): candidate for candidate in reversed(names)}
    close = difflib.get_close_matches(str(name).lower(), lower, n=1, cutoff=0.6)
    return f"; did you mean '{lower[close[0]]}'?" if close else ""


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
