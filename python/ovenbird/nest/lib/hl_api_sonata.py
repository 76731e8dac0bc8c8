"""Networks in SONATA files."""

from ..sonata import SonataNetwork

__all__ = [
    "SonataNetwork",
]
