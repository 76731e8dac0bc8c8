"""Making, finding and removing connections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ovenbird import errors
from ovenbird._suggest import did_you_mean

from . import _conngen
from ._arguments import array, text
from ._spatial_connect import needs_positions, spatial_rule
from ._state import _kernel
from ._values import params_to_kernel, to_kernel
from .node_collection import NodeCollection
from .parameter import Parameter
from .synapse_collection import SynapseCollection

if TYPE_CHECKING:
    from ovenbird._ovenbird import Ids

# bound once, for loops over single calls
_connect_pair = _kernel.connect_pair


class CollocatedSynapses:
    """Several synapses for each pair of nodes that a rule connects.

    Parameters
    ----------
    syn_specs
        One dictionary per synapse, as `syn_spec` of `Connect`. Tables of values may be given as
        arrays of two dimensions, or row by row in one.
    """

    def __init__(self, *syn_specs: Mapping[str, Any]) -> None:
        for spec in syn_specs:
            if not isinstance(spec, Mapping):
                raise TypeError(f"CollocatedSynapses takes dictionaries, got {type(spec).__name__}")
        self.syn_specs = syn_specs

    def __len__(self) -> int:
        return len(self.syn_specs)


def Connect(
    pre: Any,
    post: Any,
    conn_spec: str | Mapping[str, Any] | None = None,
    syn_spec: str | Mapping[str, Any] | CollocatedSynapses | None = None,
    return_synapsecollection: bool = False,
) -> SynapseCollection | None:
    """Connect nodes.

    Parameters
    ----------
    pre, post
        Collections, or sequences of node ids. Ids may repeat if the rule is ``one_to_one``.
    conn_spec
        Name of a rule, or dictionary with ``rule`` and its parameters. Default ``all_to_all``.
        ``conngen`` takes a connection set of the package csa as ``cg``, and as ``params_map``
        the places of ``weight`` and ``delay`` among its values.
    syn_spec
        Name of a synapse model, dictionary with ``synapse_model``, ``weight``, ``delay``,
        ``receptor_type`` and parameters of the model, or `CollocatedSynapses`. Values are
        numbers, `Parameter` objects, or arrays with a shape that fits the rule: one value per
        pair for ``one_to_one`` and ``fixed_total_number``; targets by sources for
        ``all_to_all``; targets by in-degree, and sources by out-degree, for ``fixed_indegree``
        and ``fixed_outdegree``.
    return_synapsecollection
        Whether to return the connections between `pre` and `post`.

    Raises
    ------
    TypeError, ValueError
        If the shape of an array does not fit the rule, or ids repeat with another rule.
    IllegalConnection
        If nodes cannot be connected.

    Notes
    -----
    A connection that is made between runs also carries the spikes of the last interval, as long
    as the smallest delay, which have not been delivered yet. In NEST it does so only if the
    sender had a connection of the same synapse model before.
    """
    if not return_synapsecollection and _connect_pair(pre, post, conn_spec, syn_spec):
        return None
    return _connect(pre, post, conn_spec, syn_spec, return_synapsecollection)


def _connect(
    pre: Any,
    post: Any,
    conn_spec: str | Mapping[str, Any] | None,
    syn_spec: str | Mapping[str, Any] | CollocatedSynapses | None,
    return_synapsecollection: bool,
) -> SynapseCollection | None:
    """Connect in the general way, for what is not a single pair."""
    conn = _conn_dict(conn_spec)
    sources, targets = _endpoints(pre, post, conn["rule"])
    synapses = _syn_dicts(syn_spec)
    if conn["rule"] == "conngen":
        return _connect_set(conn, sources, targets, synapses, return_synapsecollection)
    if needs_positions(conn, synapses):
        conn = spatial_rule(conn, sources, targets)
    flat = isinstance(syn_spec, CollocatedSynapses)
    shape = _Shape(conn, len(sources), len(targets), flat=flat)
    syn = [shape.synapse(spec) for spec in synapses]
    _kernel.connect(_to_ids(sources), _to_ids(targets), params_to_kernel(conn), syn)
    if not return_synapsecollection:
        return None
    return GetConnections(_as_collection(sources), _as_collection(targets))


def _connect_set(
    conn: Mapping[str, Any],
    sources: Any,
    targets: Any,
    synapses: Sequence[Mapping[str, Any]],
    return_synapsecollection: bool,
) -> SynapseCollection | None:
    """Connect the pairs of a connection set one by one."""
    pre, post, spec = _conngen.pairs(conn, sources, targets, synapses)
    if len(pre):
        Connect(pre, post, "one_to_one", spec)
    return GetConnections(sources, targets) if return_synapsecollection else None


def TripartiteConnect(
    pre: NodeCollection,
    post: NodeCollection,
    third: NodeCollection,
    conn_spec: str | Mapping[str, Any],
    third_factor_conn_spec: str | Mapping[str, Any],
    syn_specs: str | Mapping[str, Any] | None = None,
) -> None:
    """Connect nodes, and bring third-factor nodes into play for some of the connections.

    For each connection from `pre` to `post` that `conn_spec` makes, `third_factor_conn_spec`
    decides whether a third node is connected, too: from the source to it, and from it to the
    target.

    Parameters
    ----------
    pre, post, third
        The populations.
    conn_spec
        Rule of the primary connections, as for `Connect`.
    third_factor_conn_spec
        Dictionary with ``rule``, ``"third_factor_bernoulli_with_pool"``, the probability ``p``
        that a connection has a third factor (default 1), the ``pool_size`` of each target
        (default all third nodes), and ``pool_type``: ``"random"`` pools are drawn for each
        target, ``"block"`` pools cut from the third population one after another.
    syn_specs
        Synapses by projection, ``primary``, ``third_in`` and ``third_out``, each as `syn_spec` of
        `Connect`, but without arrays, or the name of a synapse model for all three. Default
        ``static_synapse``.

    Raises
    ------
    IllegalConnection
        If a rule does not exist, or nodes cannot be connected.
    BadProperty
        If pools do not fit the populations.
    """
    sides = {"Presynaptic": pre, "Postsynaptic": post, "Third-factor": third}
    for name, side in sides.items():
        if not isinstance(side, NodeCollection):
            raise TypeError(f"{name} nodes must be a NodeCollection, got {type(side).__name__}")
        if not len(side):
            raise errors.IllegalConnection(f"{name} nodes cannot be an empty NodeCollection")
    specs = _projections(syn_specs)
    for key in specs:
        if key not in PROJECTIONS:
            raise errors.UnaccessedDictionaryEntry(
                "Unaccessed elements in syn_specs, in function TripartiteConnect: "
                f"{key}{did_you_mean(key, PROJECTIONS)}"
            )
    synapses = [_scalar_synapses(specs.get(key), key) for key in PROJECTIONS]
    conn, third_conn = _conn_dict(conn_spec), _conn_dict(third_factor_conn_spec)
    rules = _kernel.get_attribute("connection_rules")
    if conn["rule"] not in rules:
        raise errors.IllegalConnection(
            f"Unknown connection rule {conn['rule']!r}; there are {', '.join(rules)}"
        )
    ids = [side._parts() for side in sides.values()]
    _kernel.connect_tripartite(ids, params_to_kernel(conn), params_to_kernel(third_conn), synapses)


PROJECTIONS = ("primary", "third_in", "third_out")


def _projections(syn_specs: Any) -> dict[str, Any]:
    """Return the synapses of the projections that are given, by their names."""
    if syn_specs is None:
        return {}
    if isinstance(syn_specs, str):
        return dict.fromkeys(PROJECTIONS, syn_specs)
    if not isinstance(syn_specs, Mapping):
        raise TypeError(
            "syn_specs must be the name of a synapse model, or a dictionary with the keys "
            f"{', '.join(PROJECTIONS)}, got {type(syn_specs).__name__}"
        )
    return dict(syn_specs)


def _scalar_synapses(spec: Any, projection: str) -> list[dict[str, Any]]:
    """Return the synapses of one projection for the kernel; arrays have no meaning there."""
    synapses = _syn_dicts(spec)
    for synapse in synapses:
        for key, value in synapse.items():
            if _is_array(value):
                raise ValueError(
                    "Tripartite connections do not accept parameter lists, but "
                    f"'syn_specs[{projection}][{key}]' is a list or similar."
                )
    return [params_to_kernel(synapse) for synapse in synapses]


def _conn_dict(conn_spec: Any) -> dict[str, Any]:
    if conn_spec is None:
        return {"rule": "all_to_all"}
    if isinstance(conn_spec, str):
        return {"rule": conn_spec}
    if not isinstance(conn_spec, Mapping):
        raise TypeError(f"conn_spec must be a string or dict, got {type(conn_spec).__name__}")
    if "rule" not in conn_spec:
        raise KeyError(
            "conn_spec needs the key 'rule', the name of a connection rule; "
            f"got the keys {sorted(map(str, conn_spec))}"
        )
    text(conn_spec["rule"], "conn_spec['rule']", "the name of a connection rule")
    return dict(conn_spec)


def _syn_dicts(syn_spec: Any) -> Sequence[Mapping[str, Any]]:
    if syn_spec is None:
        return ({},)
    if isinstance(syn_spec, str):
        return ({"synapse_model": syn_spec},)
    if isinstance(syn_spec, Mapping):
        return (syn_spec,)
    if isinstance(syn_spec, CollocatedSynapses):
        if not syn_spec.syn_specs:
            raise errors.BadProperty("CollocatedSynapses() needs at least one dictionary")
        return syn_spec.syn_specs
    raise TypeError("syn_spec must be a string, dict or CollocatedSynapses object")


Endpoint = NodeCollection | NDArray[np.int64]


def _endpoints(pre: Any, post: Any, rule: Any) -> tuple[Endpoint, Endpoint]:
    """Return both sides as collections, or both as arrays if the ids of one repeat."""
    sides = (("pre", pre), ("post", post))
    sources, targets = (_endpoint(side, name, rule == "one_to_one") for name, side in sides)
    if isinstance(sources, NodeCollection) and isinstance(targets, NodeCollection):
        for name, side in (("Presynaptic", sources), ("Postsynaptic", targets)):
            side._check()
            if not len(side):
                raise errors.IllegalConnection(
                    "Creation of connection is not possible because:\n"
                    f"{name} nodes cannot be an empty NodeCollection"
                )
        return sources, targets
    if rule != "one_to_one":
        raise ValueError(
            "When connecting two arrays with non-unique IDs, `conn_spec` must be 'one_to_one', "
            f"got {rule!r}."
        )
    if len(sources) != len(targets):
        raise ValueError(
            "If 'pre' or 'post' contain non-unique IDs, then they must have the same length, "
            f"got {len(sources)} and {len(targets)}."
        )
    if not len(sources):
        raise errors.IllegalConnection(
            "Creation of connection is not possible because:\nThe lists of nodes are empty"
        )
    return _id_array(sources, "pre"), _id_array(targets, "post")


def _endpoint(side: Any, name: str, one_to_one: bool) -> Any:
    """Return a collection if the ids are unique and the rule does not take their order."""
    if isinstance(side, NodeCollection):
        return side
    if isinstance(side, (str, Parameter, SynapseCollection)) or not hasattr(side, "__iter__"):
        raise TypeError(
            f"'{name}' must be a NodeCollection or a sequence of node IDs, "
            f"got {type(side).__name__}"
        )
    ids = array(side if isinstance(side, np.ndarray) else list(side), f"'{name}'")
    if ids.dtype.kind == "O":
        raise TypeError(f"'{name}' node IDs must be integers.")
    if not one_to_one and len(np.unique(ids)) == ids.size:
        return NodeCollection(ids)
    return ids


def _id_array(side: Any, name: str) -> NDArray[np.int64]:
    ids = np.asarray(side)
    if ids.ndim != 1:
        raise ValueError(f"'{name}' must be a one-dimensional array of node IDs")
    if ids.dtype.kind not in "iu":
        raise TypeError(f"'{name}' node IDs must be integers.")
    if ids.dtype.kind == "u" and ids.size and ids.max() > np.iinfo(np.int64).max:
        raise OverflowError(f"'{name}' contains a node ID beyond the range of 64-bit integers")
    return ids.astype(np.int64, copy=False)


def _to_ids(side: Endpoint) -> Ids:
    return side._parts() if isinstance(side, NodeCollection) else side


def _as_collection(side: Endpoint) -> NodeCollection:
    return side if isinstance(side, NodeCollection) else NodeCollection(np.unique(side))


class _Shape:
    """The shape that arrays of synapse parameters must have for a rule and two populations.

    With `flat`, the rows of a table may also stand one after another, in one dimension.
    """

    def __init__(
        self, conn: Mapping[str, Any], n_pre: int, n_post: int, *, flat: bool = False
    ) -> None:
        self.rule = conn["rule"]
        self.flat = flat
        self.expected: tuple[Any, ...] = ()
        self.meaning = ""
        if self.rule == "one_to_one":
            self.expected = (n_pre,)
        elif self.rule == "fixed_total_number":
            self.expected = (conn.get("N"),)
        elif self.rule == "all_to_all":
            self.expected, self.meaning = (n_post, n_pre), " (n_target x n_sources)"
        elif self.rule == "fixed_indegree":
            self.expected = (n_post, conn.get("indegree"))
            self.meaning = " (n_target x indegree)"
        elif self.rule == "fixed_outdegree":
            self.expected = (n_pre, conn.get("outdegree"))
            self.meaning = " (n_sources x outdegree)"

    def synapse(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        """Return one synapse for the kernel, its arrays checked and flattened."""
        model = spec.get("synapse_model", "static_synapse")
        if not isinstance(model, str):
            raise TypeError(
                f"'synapse_model' must be specified by a 'str', got {type(model).__name__}."
            )
        converted = {
            key: self.array(key, value) if _is_array(value) else to_kernel(value)
            for key, value in spec.items()
            if key != "synapse_model"
        }
        return params_to_kernel({"synapse_model": model, **converted})

    def array(self, key: str, value: Any) -> Any:
        """Return `value` as a flat array."""
        values = array(value, f"'{key}'")
        if values.ndim == 0:
            return values.item()
        if self.flat and values.ndim == 1 and len(self.expected) == 2:
            values = self.rows(key, values)
        if values.ndim != len(self.expected):
            raise TypeError(self.wrong_dimension(key, values.ndim))
        if values.shape != self.expected:
            wanted = "x".join(str(extent) for extent in self.expected)
            got = "x".join(str(extent) for extent in values.shape)
            raise ValueError(
                f"'{key}' has to be an array of dimension {wanted}{self.meaning}, "
                f"a scalar or a dictionary; got an array of dimension {got}."
            )
        if values.dtype.kind not in "iuf":
            raise TypeError(f"'{key}' has to be an array of numbers, got {values.dtype}")
        kind = np.float64 if values.dtype.kind == "f" else np.int64
        return np.ascontiguousarray(values, dtype=kind).reshape(-1)

    def rows(self, key: str, values: NDArray[Any]) -> NDArray[Any]:
        """Return values in one dimension as the table that they are the rows of."""
        count, each = self.expected
        if not isinstance(each, (int, np.integer)):
            return values
        if values.size != count * each:
            raise ValueError(
                f"'{key}' has to have {count * each} values, {count} times {each}"
                f"{self.meaning}; got {values.size}."
            )
        return values.reshape(self.expected)

    def wrong_dimension(self, key: str, dimension: int) -> str:
        """Return the message for an array that has the wrong number of dimensions."""
        if dimension == 1:
            return (
                f"'{key}' has the wrong type. One-dimensional parameter arrays can only be used "
                "in conjunction with rule 'one_to_one' or 'fixed_total_number', "
                f"not '{self.rule}'."
            )
        if dimension == 2:
            return (
                f"'{key}' has the wrong type. Two-dimensional parameter arrays can only be used "
                "in conjunction with rules 'all_to_all', 'fixed_indegree' or 'fixed_outdegree', "
                f"not '{self.rule}'."
            )
        return f"'{key}' has {dimension} dimensions; parameter arrays have one or two."


def _is_array(value: Any) -> bool:
    if isinstance(value, (str, Mapping, NodeCollection, Parameter)):
        return False
    return isinstance(value, (list, tuple, range, np.ndarray)) or hasattr(value, "__array__")


def Disconnect(
    *args: Any,
    conn_spec: str | Mapping[str, Any] | None = None,
    syn_spec: str | Mapping[str, Any] | None = None,
) -> None:
    """Remove connections.

    Parameters
    ----------
    args
        A `SynapseCollection`, or two `NodeCollection` objects.
    conn_spec
        Rule that pairs sources and targets, ``one_to_one`` (default) or ``all_to_all``.
    syn_spec
        Synapse model of the connections, default ``static_synapse``.

    Raises
    ------
    InexistentConnection
        If a connection does not exist.
    """
    if len(args) == 1 and isinstance(args[0], SynapseCollection):
        if conn_spec is not None or syn_spec is not None:
            raise ValueError(
                "conn_spec and syn_spec do not apply to a SynapseCollection, which names each "
                "connection"
            )
        args[0].disconnect()
        return
    if len(args) != 2 or not all(isinstance(arg, NodeCollection) for arg in args):
        raise TypeError(
            "Arguments must be either a SynapseCollection or two NodeCollections; "
            "conn_spec and syn_spec must be given as keywords"
        )
    conn = _conn_dict("one_to_one" if conn_spec is None else conn_spec)
    if isinstance(syn_spec, CollocatedSynapses):
        raise TypeError("Disconnect removes one kind of synapse per call")
    syn = {"synapse_model": "static_synapse", **_syn_dicts(syn_spec)[0]}
    pre, post = args
    _kernel.disconnect(pre._parts(), post._parts(), params_to_kernel(conn), params_to_kernel(syn))


def GetConnections(
    source: NodeCollection | None = None,
    target: NodeCollection | None = None,
    synapse_model: str | None = None,
    synapse_label: int | None = None,
) -> SynapseCollection:
    """Return the connections that match all given arguments.

    They are in the order of synapse models (NEST's models in its order, then copies as they were
    made), in which connections to devices and then those from devices come last, then of sources,
    of targets, and of their making, on any number of threads. NEST goes by the thread of the target
    before the source, and does not sort the connections of one source by target.

    Parameters
    ----------
    source, target
        Nodes at either end; None for all.
    synapse_model
        Name of a synapse model; None for all.
    synapse_label
        Label of connections of models whose name ends in ``_lbl``; None for all.

    Raises
    ------
    TypeError
        If `source` or `target` is not a `NodeCollection`.
    UnknownSynapseType
        If the model does not exist.
    """
    sides: list[Any] = []
    for name, side in (("source", source), ("target", target)):
        if side is None:
            sides.append(None)
        elif isinstance(side, NodeCollection):
            sides.append(side._parts())
        else:
            raise TypeError(f"{name} must be NodeCollection, got {type(side).__name__}.")
    if synapse_model is not None and not isinstance(synapse_model, str):
        raise errors.TypeMismatch(
            f"'synapse_model' must be a string, got {type(synapse_model).__name__}"
        )
    label = to_kernel(synapse_label)
    if label is not None and (isinstance(label, bool) or not isinstance(label, int)):
        raise errors.TypeMismatch(
            f"'synapse_label' must be an integer, got {type(synapse_label).__name__}"
        )
    if label is not None and not -(2**63) <= label < 2**63:
        raise errors.BadParameterValue(f"'synapse_label' must fit into 64 bits, got {label}")
    return SynapseCollection(_kernel.get_connections(sides[0], sides[1], synapse_model, label))
