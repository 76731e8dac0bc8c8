"""Networks in SONATA files."""

from ..unavailable import SonataNetwork

__all__ = [
    "SonataNetwork",
]
