"""Models and their defaults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ovenbird import errors
from ovenbird._suggest import did_you_mean

from ._arguments import output_of, text
from ._names import unknown_key
from ._state import _kernel
from ._values import params_to_kernel
from .kernel_status import kernel_status
from .node_collection import from_kernel
from .nodes import model_names
from .parameter import Parameter
from .serialize import to_json


def Models(mtype: str = "all", sel: str | None = None) -> tuple[str, ...]:
    """Return names of models in alphabetical order.

    Parameters
    ----------
    mtype
        ``"nodes"``, ``"synapses"`` or ``"all"``.
    sel
        Return only names that contain this text.
    """
    text(mtype, "mtype", "'all', 'nodes', or 'synapses'")
    if mtype == "nodes":
        names = sorted(_kernel.node_models)
    elif mtype == "synapses":
        names = sorted(_kernel.synapse_models)
    elif mtype == "all":
        names = model_names()
    else:
        raise ValueError(f"mtype has to be one of 'all', 'nodes', or 'synapses', got {mtype!r}")
    if sel is None:
        return tuple(names)
    if not isinstance(sel, str):
        raise TypeError(f"sel must be a string, got {type(sel).__name__}")
    return tuple(name for name in names if sel in name)


def ConnectionRules() -> tuple[str, ...]:
    """Return the names of the connection rules in alphabetical order."""
    return tuple(sorted(kernel_status()["connection_rules"]))


def GetDefaults(model: str, keys: Any = None, output: str = "") -> Any:
    """Return defaults of a model.

    Parameters
    ----------
    model
        Name of a node or synapse model, or of a recording backend.
    keys
        Nothing for all, the name of one parameter, or a list of names.
    output
        ``"json"`` for a string.

    Raises
    ------
    UnknownComponent
        If there is nothing of this name.
    KeyError
        If the model does not have the parameter.
    """
    if not isinstance(model, str):
        raise TypeError(f"model must be the name of a model, got {type(model).__name__}")
    output_of(output, "json")
    backends = kernel_status()["recording_backends"]
    known = model_names()
    if model in backends:
        defaults: dict[str, Any] = {"element_type": "recording_backend"}
    elif model in known:
        stored = _kernel.get_defaults(model)
        defaults = {key: from_kernel(value) for key, value in stored.items()}
    else:
        near = did_you_mean(model, [*known, *backends])
        raise errors.UnknownComponent(f"{model} is not a known component{near or '.'}")
    if keys is None:
        result: Any = defaults
    elif isinstance(keys, str):
        result = _default(defaults, model, keys)
    else:
        names = keys if isinstance(keys, Iterable) else [keys]
        result = [_default(defaults, model, key) for key in names]
    return to_json(result) if output == "json" else result


def _default(defaults: dict[str, Any], model: str, key: Any) -> Any:
    if key not in defaults:
        raise unknown_key(key, model, defaults)
    return defaults[key]


def SetDefaults(model: str, params: Any, val: Any = None) -> None:
    """Set defaults of a model, for nodes and connections made from now on.

    Parameters
    ----------
    model
        Name of a node or synapse model.
    params
        Dictionary of parameters, or the name of one if `val` is given.
    val
        Value of the one parameter.

    Raises
    ------
    ValueError
        If a value is a `Parameter`, or a list where a single value is needed.
    UnaccessedDictionaryEntry
        If the model does not have a parameter.
    """
    text(model, "model", "the name of a model")
    if val is not None:
        if not isinstance(params, str):
            raise TypeError("params must be the name of a parameter if val is given.")
        params = {params: val}
    if not isinstance(params, Mapping):
        raise TypeError("params must be dictionary unless val is given.")
    if model in _kernel.get_attribute("recording_backends"):
        if not params:
            return
        raise errors.UnaccessedDictionaryEntry(
            f"the recording backend '{model}' has no defaults of its own, got "
            f"{', '.join(map(repr, params))}; set them on the recorders, or with SetDefaults of "
            "their model"
        )
    if any(isinstance(value, (list, tuple, np.ndarray, Parameter)) for value in params.values()):
        defaults = GetDefaults(model)
        for key, value in params.items():
            _check_single(defaults, key, value)
    _kernel.set_defaults(model, params_to_kernel(params))


def _check_single(defaults: dict[str, Any], key: str, value: Any) -> None:
    vector = isinstance(value, (list, tuple, np.ndarray))
    scalar_wanted = isinstance(defaults.get(key), (bool, int, float, str))
    if isinstance(value, Parameter) or (vector and scalar_wanted):
        raise ValueError(
            "SetDefaults() accepts only explicit, single parameter values; "
            f"got {type(value).__name__} for '{key}'."
        )


def CopyModel(existing: str, new: str, params: Mapping[str, Any] | None = None) -> None:
    """Make a new model from an existing one.

    Parameters
    ----------
    existing
        Name of a node or synapse model.
    new
        Name for the copy.
    params
        Defaults of the copy that differ from those of the original.

    Raises
    ------
    UnknownModelName
        If `existing` does not exist.
    NewModelNameExists
        If `new` exists.
    """
    for name, value in (("existing", existing), ("new", new)):
        if not isinstance(value, str):
            raise TypeError(f"{name} must be the name of a model, got {type(value).__name__}")
    if params is not None and not isinstance(params, Mapping):
        raise TypeError(f"params must be a dictionary, got {type(params).__name__}")
    _kernel.copy_model(existing, new, params_to_kernel(params or {}))
