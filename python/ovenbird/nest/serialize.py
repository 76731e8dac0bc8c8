"""Conversion of results to plain Python values and to JSON."""

from __future__ import annotations

import json
from typing import Any

import numpy as np


def serialize_data(data: Any) -> Any:
    """Return `data` with arrays and collections replaced by plain Python values.

    A `NodeCollection` becomes the list of its ids, a `SynapseCollection` the dictionary of its
    parameters. Dictionaries, lists and tuples are converted element by element.
    """
    convert = getattr(type(data), "_serialized", None)
    if convert is not None:
        return convert(data)
    if isinstance(data, np.ndarray):
        return data.tolist()
    if isinstance(data, np.generic):
        return data.item()
    if isinstance(data, dict):
        return {key: serialize_data(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [serialize_data(value) for value in data]
    return data


def to_json(data: Any, **kwargs: Any) -> str:
    """Return `data` as a JSON string; `kwargs` are those of `json.dumps`."""
    return json.dumps(serialize_data(data), **kwargs)
