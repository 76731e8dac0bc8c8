"""Models and their defaults."""

from ..models import ConnectionRules, CopyModel, GetDefaults, Models, SetDefaults

__all__ = [
    "ConnectionRules",
    "CopyModel",
    "GetDefaults",
    "Models",
    "SetDefaults",
]
