"""`NodeCollection`: an ascending set of nodes with its algebra and its parameters."""

from __future__ import annotations

import html
import operator
from collections.abc import Iterable, Iterator, Mapping
from itertools import starmap
from typing import Any, ClassVar, SupportsIndex, cast

import numpy as np
from numpy.typing import NDArray

from ovenbird import errors
from ovenbird._ovenbird import NodeSet, Spans

from . import _runs
from ._arguments import output_of
from ._node_status import hierarchical, read_status, to_frame
from ._placement import description, layer_of
from ._runs import Run, Runs
from ._state import _kernel
from ._values import NodeIds, node_ids, params_to_kernel
from .compartments import CompartmentalPart
from .serialize import to_json


class NodeCollection(NodeSet):
    """An ascending set of unique nodes.

    Indexing, slicing and iteration give collections. Parameters are read and written as
    attributes, or with `get` and `set`.

    Parameters
    ----------
    data
        Ascending, unique ids of existing nodes. Nothing gives the empty collection.

    Raises
    ------
    BadProperty
        If ids are not unique or not in ascending order.
    UnknownNode
        If a node does not exist.
    """

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]
    _kernel: ClassVar = _kernel

    @staticmethod
    def _spans_of(data: Iterable[int] | None) -> Spans:
        """Return what a collection of `data` consists of."""
        if isinstance(data, NodeCollection):
            data._check()
            return Spans(_kernel, data._spans, data._epoch, data._sliced)
        ids = node_ids(() if data is None else data)
        if len(ids) > 1:
            _check_ascending(ids)
        return Spans(_kernel, _runs_of(ids), _kernel.epoch, False)

    @classmethod
    def _of(cls, runs: Iterable[tuple[int, int, int, str]]) -> NodeCollection:
        """Return the collection of runs that are known to exist now."""
        return cls(Spans(_kernel, list(runs), _kernel.epoch, False))

    @property
    def _runs(self) -> Runs:
        return tuple(starmap(Run, self._spans))

    def _to_kernel(self) -> NodeIds:
        return NodeIds(self._parts())

    # Set algebra

    def __iter__(self) -> Iterator[NodeCollection]:
        if len(self) == 0:
            return
        self._check()
        epoch = self._epoch
        for first, last, step, model in self._spans:
            for node_id in range(first, last + 1, step):
                yield NodeCollection(Spans(_kernel, [(node_id, node_id, 1, model)], epoch, False))

    def __contains__(self, node_id: object) -> bool:
        return _runs.contains(self._runs, _as_id(node_id))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, NodeCollection):
            raise NotImplementedError(f"Cannot compare NodeCollection to {type(other).__name__}")
        return layer_of(self) == layer_of(other) and _runs.same(self._runs, other._runs)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __add__(self, other: object) -> NodeCollection:
        if not isinstance(other, NodeCollection):
            if isinstance(other, int) and other == 0:
                return self
            raise TypeError(
                f"Cannot add object of type '{type(other).__name__}' to 'NodeCollection'"
            )
        if not other._runs:
            return self
        if not self._runs:
            return other
        self._check()
        other._check()
        added = other._runs
        if layer_of(self) is None and layer_of(other) is not None and len(self._runs) > 1:
            # the sum is in no layer; NEST refuses a layer only beside a single range of nodes
            added = tuple(run._replace(model=str(run.model)) for run in added)
        elif layer_of(self) is not None or layer_of(other) is not None:
            raise errors.BadProperty(
                "Can only join NodeCollections with same metadata, and each call of Create with "
                "positions makes a layer of its own."
            )
        if self._sliced or other._sliced:
            raise errors.BadProperty(
                "Cannot add NodeCollection to a sliced composite. Join the collections first and "
                "slice the sum, or build it with NodeCollection(sorted(a.tolist() + b.tolist()))"
            )
        return _make(_runs.joined(self._runs, added), self._epoch, False)

    def __radd__(self, other: object) -> NodeCollection:
        return self + other

    def _select(self, key: Any) -> NodeCollection:
        """Return the nodes at an index that is no plain integer."""
        if isinstance(key, slice):
            return self._slice(key)
        if isinstance(key, (list, tuple)):
            return self._pick(_index_array(key))
        if isinstance(key, np.ndarray):
            if key.ndim != 1:
                raise TypeError("NumPy indices must be one-dimensional")
            return self._pick(key)
        try:
            index = operator.index(key)
        except TypeError:
            raise IndexError(
                "only integers, slices, lists, tuples, and numpy arrays are valid indices of a "
                f"NodeCollection, got {type(key).__name__}"
            ) from None
        return self[int(index)]

    def _slice(self, key: slice) -> NodeCollection:
        size = len(self)
        step = 1 if key.step is None else operator.index(key.step)
        if step < 1:
            raise IndexError("slicing step for NodeCollection must be strictly positive")
        start = _slice_bound(key.start, size, 0, "start")
        stop = _slice_bound(key.stop, size, size, "stop")
        if size and start >= size:
            raise IndexError("slice start value outside of the NodeCollection")
        if start >= stop:
            raise errors.BadParameter(f"start < stop required. Got start {start} and stop {stop}.")
        runs = _runs.sliced(self._runs, start, stop, step)
        contiguous = len(runs) == 1 and runs[0].step == 1
        unchanged = runs == self._runs
        return _make(runs, self._epoch, self._sliced if unchanged else not contiguous)

    def _pick(self, index: NDArray[Any]) -> NodeCollection:
        """Return the nodes at an array of positions, or where an array of bools is true."""
        if index.dtype == np.bool_:
            if len(index) != len(self):
                raise IndexError(
                    "Bool index array must be the same length as NodeCollection, got "
                    f"{len(index)} for {len(self)}"
                )
            index = np.flatnonzero(index)
        if index.size == 0:
            return _make((), _kernel.epoch, False)
        if index.dtype.kind not in "iu":
            raise TypeError("Indices must be integers or bools")
        size = len(self)
        outside = (index < -size) | (index >= size)
        if outside.any():
            raise IndexError(
                f"index value outside of the NodeCollection: {index[outside][0]} with size {size}"
            )
        index = np.where(index < 0, index + size, index)
        if len(np.unique(index)) != len(index):
            raise ValueError("All node IDs in a NodeCollection have to be unique")
        ids = _runs.ids_of(self._runs)[index]
        _check_ascending(ids)
        return _make(_runs_of(ids), self._epoch, False)

    def index(self, node_id: int) -> int:
        """Return the position of a node.

        Raises
        ------
        ValueError
            If the node is not in the collection.
        """
        found = _runs.position(self._runs, _as_id(node_id))
        if found is None:
            raise ValueError(f"{node_id} is not in NodeCollection")
        return found

    def tolist(self) -> list[int]:
        """Return the node ids as a list."""
        return cast("list[int]", _runs.ids_of(self._runs).tolist())

    def _serialized(self) -> list[int]:
        return self.tolist()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        ids = _runs.ids_of(self._runs)
        return ids if dtype is None else ids.astype(dtype)

    def _to_array(self, selection: str = "all") -> dict[str | int, list[int]]:
        """Return the node ids, all of them, by rank, or by thread."""
        if selection == "all":
            return {"All": self.tolist()}
        ids = _runs.ids_of(self._runs)
        processes = ids % _kernel.get_attribute("total_num_virtual_procs")
        here = processes % _kernel.num_ranks == _kernel.rank
        if selection == "rank":
            return {f"Rank {_kernel.rank}": ids[here].tolist()}
        if selection != "thread":
            raise errors.BadParameter(
                f"to_array() accepts only 'all', 'rank', 'thread', but got '{selection}'."
            )
        threads = processes // _kernel.num_ranks
        return {
            thread: ids[here & (threads == thread)].tolist()
            for thread in range(_kernel.get_attribute("local_num_threads"))
        }

    def __copy__(self) -> NodeCollection:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> NodeCollection:
        return self

    def __repr__(self) -> str:
        space = self.spatial if self._runs else None
        if space is None:
            return _runs.described(self._runs, self._sliced)
        whole = self._runs[0].first == layer_of(self) and self._runs[0].step == 1
        text = _runs.described(self._runs, not whole or len(self) == 1 or self._sliced)
        return text.replace("metadata=None", "metadata=spatial", 1)

    def _repr_html_(self) -> str:
        if not len(self):
            return "<p>NodeCollection(&lt;empty&gt;)</p>"
        head = "".join(f"<th>{text}</th>" for text in ("model", "size", "first", "last", "step"))
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in cells) + "</tr>"
            for cells in (
                (run.model, run.size, run.first, run.last, run.step) for run in self._runs
            )
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    # Parameters

    @property
    def spatial(self) -> dict[str, Any] | None:
        """Description of the layer, or None for a collection without positions."""
        return description(self)

    def get(self, *params: Any, output: str = "") -> Any:
        """Return parameters of the nodes.

        Parameters
        ----------
        params
            Nothing for all parameters, the name of one, or a list of names. More than one
            argument is a path into a dictionary such as ``get("events", "times")``, whose last
            element may be a list.
        output
            ``"pandas"`` for a `DataFrame` with node ids as index, ``"json"`` for a string.

        Returns
        -------
        Any
            A value for the name of one parameter and a dictionary otherwise. For more than one
            node each value is a tuple with one element per node, `None` where a node does not
            have the parameter; for a path it is a list.

        Raises
        ------
        ValueError
            If the collection is empty.
        KeyError
            If no node has the parameter.
        """
        output_of(output, "pandas", "json")
        if not self._runs:
            raise ValueError("Cannot get parameter of empty NodeCollection")
        parts = self._parts()
        if len(params) > 1:
            result = hierarchical(self, parts, params)
        else:
            result = read_status(self, parts, params[0] if params else None)
        if output == "json":
            return to_json(result)
        if output == "pandas":
            return to_frame(result, params[-1] if params else None, self.tolist())
        return result

    def set(self, params: Any = None, **kwargs: Any) -> None:
        """Set parameters of the nodes.

        Parameters
        ----------
        params
            Dictionary of parameters, or a sequence of dictionaries, one per node or a single one
            for all. A value is for all nodes, a sequence of one value per node, or a `Parameter`
            drawn per node.
        kwargs
            The parameters as keywords, instead of `params`.

        Raises
        ------
        TypeError
            If both or neither are given, or a list of values has the wrong length.
        BadParameter
            If there is not one dictionary per node.
        UnaccessedDictionaryEntry
            If a node does not have a parameter.
        """
        if not self._runs:
            return
        self._check()
        if kwargs:
            if params is not None:
                raise TypeError("must either provide params or kwargs, but not both.")
            params = kwargs
        if isinstance(params, Mapping):
            _kernel.set_nodes(self._parts(), params_to_kernel(params))
        elif isinstance(params, (list, tuple)):
            self._set_each(len(self) * params if len(params) == 1 else params)
        else:
            raise TypeError(
                "params must be a dictionary or a list of dictionaries, one per node, got "
                f"{type(params).__name__}"
            )

    def _set_each(self, params: list[Any] | tuple[Any, ...]) -> None:
        for entry in params:
            if not isinstance(entry, Mapping):
                raise TypeError(
                    f"a list of params must contain dictionaries, got {type(entry).__name__}"
                )
        if len(params) != len(self):
            raise errors.BadParameter(
                f"List of dictionaries must be the same size as the NodeCollection ({len(self)}), "
                f"{len(params)} given."
            )
        converted = [params_to_kernel(entry) for entry in params]
        keys = converted[0].keys()
        if keys and all(
            entry.keys() == keys
            and not any(isinstance(v, (list, np.ndarray, dict)) for v in entry.values())
            for entry in converted
        ):
            columns = {key: [entry[key] for entry in converted] for key in keys}
            _kernel.set_nodes(self._parts(), columns)
            return
        for node, entry in zip(self, converted, strict=True):
            if entry:
                _kernel.set_nodes(node._parts(), entry)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"'NodeCollection' object has no attribute {name!r}")
        if not self._runs:
            raise AttributeError(f"Cannot get attribute {name!r} of empty NodeCollection")
        return self.get(name)

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, CompartmentalPart) and value.is_applied():
            return
        self.set({name: value})

    def __dir__(self) -> list[str]:
        names = set(super().__dir__())
        if self._epoch == _kernel.epoch:
            for first, *_ in {span[3]: span for span in self._spans}.values():
                names.update(NodeCollection([first]).get())
        return sorted(names)


def _make(runs: Runs, epoch: int, sliced: bool) -> NodeCollection:
    return NodeCollection(Spans(_kernel, runs, epoch, sliced))


def _runs_of(ids: NDArray[np.int64]) -> Runs:
    """Return ascending ids as runs, asking the kernel for their models."""
    if len(ids) == 0:
        return ()
    return tuple(Run(*run) for run in _kernel.model_runs(_runs.contiguous_parts(ids)))


def from_kernel(value: Any) -> Any:
    """Return a value of the kernel for users: a tuple, which stands for nodes, as collection."""
    return NodeCollection(value) if isinstance(value, tuple) else value


def _check_ascending(ids: NDArray[np.int64]) -> None:
    steps = np.diff(ids)
    if (steps > 0).all():
        return
    if len(np.unique(ids)) < len(ids):
        raise errors.BadProperty("All node IDs in a NodeCollection have to be unique")
    place = int(np.flatnonzero(steps < 0)[0])
    raise errors.BadProperty(
        f"Indices must be sorted in ascending order; {ids[place]} comes before {ids[place + 1]}"
    )


def _as_id(value: object) -> int:
    """Return a node id, which may be a float with an integral value."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    try:
        return operator.index(cast("SupportsIndex", value))
    except TypeError:
        raise TypeError(f"an integer is required as node id, got {type(value).__name__}") from None


def _index_array(key: list[Any] | tuple[Any, ...]) -> NDArray[Any]:
    """Return a list of positions or of bools as an array; the two do not mix."""
    if all(isinstance(item, (bool, np.bool_)) for item in key):
        return np.array(key, dtype=np.int64 if not key else np.bool_)
    if not all(isinstance(item, (int, np.integer)) and not isinstance(item, bool) for item in key):
        raise TypeError("Indices must be integers or bools")
    return np.array(key, dtype=np.int64)


def _slice_bound(bound: Any, size: int, default: int, name: str) -> int:
    if bound is None:
        return default
    value = operator.index(bound)
    if not -size <= value <= size:
        raise IndexError(f"slice {name} value outside of the NodeCollection")
    return value + size if value < 0 else value
