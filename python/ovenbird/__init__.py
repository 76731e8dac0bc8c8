"""Ovenbird: a simulator for spiking neural networks.

`Simulator` is the object API; every model is an attribute of this module (``ob.iaf_psc_alpha``).
`ovenbird.units` has physical units, `ovenbird.random` random parameters, `ovenbird.plot` draws,
and `ovenbird.nest` runs PyNEST scripts.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ovenbird.models import ModelHandle as ModelHandle
    from ovenbird.nodes import NodeSet as NodeSet
    from ovenbird.results import Results as Results
    from ovenbird.results import Spikes as Spikes
    from ovenbird.simulator import Simulator as Simulator

    __version__: str

_SUBMODULES = ("errors", "nest", "plot", "random", "units")
_CLASSES = {
    "ModelHandle": "ovenbird.models",
    "NodeSet": "ovenbird.nodes",
    "Results": "ovenbird.results",
    "Simulator": "ovenbird.simulator",
    "Spikes": "ovenbird.results",
}


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return importlib.import_module(f"ovenbird.{name}")
    if name in _CLASSES:
        value = getattr(importlib.import_module(_CLASSES[name]), name)
    elif name == "__version__":
        value = _version()
    elif name.startswith("_"):
        raise AttributeError(f"module 'ovenbird' has no attribute {name!r}")
    else:
        models = importlib.import_module("ovenbird.models")
        suggest = importlib.import_module("ovenbird._suggest")
        known = models.model_names()
        if name not in known:
            near = suggest.did_you_mean(name, [*known, *_SUBMODULES, *_CLASSES])
            raise AttributeError(f"ovenbird has no model or attribute {name!r}{near}")
        value = models.ModelHandle(name)
    globals()[name] = value
    return value


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("ovenbird")
    except PackageNotFoundError:
        return "0+unknown"


def __dir__() -> list[str]:
    models = importlib.import_module("ovenbird.models")
    own = {name for name in globals() if name.startswith("__")}
    return sorted({*own, "__version__", *_SUBMODULES, *_CLASSES, *models.model_names()})
