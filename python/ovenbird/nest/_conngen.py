"""The rule ``conngen``: connection sets of the package csa, the connection-set algebra."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ovenbird import errors
from ovenbird._suggest import did_you_mean

from ._optional import optional_module
from ._state import _kernel
from .node_collection import NodeCollection

KEYS = ("rule", "cg", "params_map", "allow_autapses", "allow_multapses")
VALUES = ("weight", "delay")

Ids = NDArray[np.int64]


def is_available() -> bool:
    """Return whether the package csa is installed."""
    return find_spec("csa") is not None


def pairs(
    conn: Mapping[str, Any],
    pre: NodeCollection,
    post: NodeCollection,
    synapses: Any,
) -> tuple[Ids, Ids, dict[str, Any]]:
    """Return what a connection set joins: ids of sources and of targets, and one synapse.

    Parameters
    ----------
    conn
        The rule with ``cg``, a mask or connection set of csa, and, if the set has values,
        ``params_map`` with the places of weight and delay among them.
    pre, post
        The nodes that the indices of the set count, from 0.
    synapses
        The synapses of the connections; there must be one.

    Raises
    ------
    BadProperty
        If something does not fit the connection set.
    """
    csa = optional_module("csa", "the connection rule 'conngen'")
    for key in conn:
        if key not in KEYS:
            raise errors.UnaccessedDictionaryEntry(
                f"Unaccessed elements in conn_spec: {key}{did_you_mean(str(key), KEYS)}; "
                "conngen takes cg and params_map"
            )
    if len(synapses) > 1:
        raise errors.BadProperty("Connection rule conngen cannot be used with collocated synapses.")
    if _kernel.num_ranks > 1:
        raise errors.NotImplemented(
            "the rule conngen is available in one process only: random connection sets would "
            "differ between processes"
        )
    cg = conn.get("cg")
    if not isinstance(cg, (csa.connset.CSet, csa.connset.ConnectionSet)):
        raise errors.BadProperty(
            "conngen needs 'cg', a mask or connection set of the package csa such as "
            f"csa.cset(csa.random(0.1), 1.0, 1.5); got {type(cg).__name__}"
        )
    places = _places(conn, csa.arity(cg), synapses[0])
    rows = list(csa.cross(range(len(pre)), range(len(post))) * cg)
    ends = np.array([row[:2] for row in rows], dtype=np.int64).reshape(-1, 2)
    spec = dict(synapses[0])
    for name, place in places.items():
        spec[name] = np.array([row[2 + place] for row in rows], dtype=np.float64)
    return np.asarray(pre)[ends[:, 0]], np.asarray(post)[ends[:, 1]], spec


def _places(conn: Mapping[str, Any], arity: int, synapse: Mapping[str, Any]) -> dict[str, int]:
    """Return the places of weight and delay among the values of a connection set."""
    if arity == 0:
        return {}
    if arity != 2:
        raise errors.DimensionMismatch(
            f"a connection set has either two values, weight and delay, or none; this has {arity}"
        )
    if "params_map" not in conn:
        raise errors.BadProperty(
            "A params_map has to be given if the ConnectionGenerator has values, for example "
            "{'weight': 0, 'delay': 1}."
        )
    if "weight" in synapse or "delay" in synapse:
        raise errors.BadProperty(
            "Properties weight and delay cannot be specified in syn_spec if the "
            "ConnectionGenerator has values."
        )
    given = conn["params_map"]
    if not isinstance(given, Mapping) or any(name not in given for name in VALUES):
        raise errors.BadProperty(
            f"The parameter map has to contain the indices of weight and delay, got {given!r}."
        )
    places = {name: given[name] for name in VALUES}
    if sorted(places.values(), key=repr) != [0, 1]:
        raise errors.BadProperty(
            "The indices for weight and delay have to be either 0 or 1 and cannot be the same, "
            f"got {places['weight']!r} and {places['delay']!r}."
        )
    return places
