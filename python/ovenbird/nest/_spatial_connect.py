"""Connect where positions matter: what NEST calls connecting layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .mask import mask_datum
from .parameter import Parameter

_RULES = ("pairwise_bernoulli", "pairwise_poisson", "fixed_indegree", "fixed_outdegree")
_DEGREE = {"fixed_indegree": "indegree", "fixed_outdegree": "outdegree"}


def _is_spatial(values: Mapping[str, Any]) -> bool:
    return any(isinstance(value, Parameter) and value.is_spatial() for value in values.values())


def needs_positions(conn: Mapping[str, Any], synapses: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether a connection rule or its synapses depend on positions."""
    rule = str(conn["rule"])
    return (
        "mask" in conn
        or "use_on_source" in conn
        or ("p" in conn and "pairwise_bernoulli" not in rule)
        or ("pairwise_avg_num_conns" in conn and "pairwise_poisson" not in rule)
        or _is_spatial(conn)
        or any(_is_spatial(synapse) for synapse in synapses)
    )


def spatial_rule(conn: Mapping[str, Any], pre: Any, post: Any) -> dict[str, Any]:
    """Return the rule for the kernel, with its mask as an object.

    Raises
    ------
    TypeError
        If nodes have no positions.
    ValueError
        If the rule or a key cannot be used with positions.
    """
    for name, side in (("Presynaptic", pre), ("Postsynaptic", post)):
        if getattr(side, "spatial", None) is None:
            raise TypeError(f"{name} NodeCollection must have spatial information")
    rule = conn["rule"]
    if rule not in _RULES:
        raise ValueError(
            "When using kernel or mask, the only possible connection rules are "
            f"{', '.join(map(repr, _RULES))}, got {rule!r}"
        )
    if rule in _DEGREE and _DEGREE[rule] not in conn:
        raise KeyError(_DEGREE[rule])
    prepared = dict(conn)
    if "mask" in prepared:
        prepared["mask"] = mask_datum(prepared["mask"])
    if rule == "pairwise_bernoulli":
        prepared.setdefault("use_on_source", False)
    return prepared
