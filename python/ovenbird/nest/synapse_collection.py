"""`SynapseCollection`: an ordered set of connections and their parameters."""

from __future__ import annotations

import html
import operator
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from ovenbird import _ovenbird, errors
from ovenbird._ovenbird import Connections

from ._arguments import array, output_of
from ._names import unknown_key
from ._optional import optional_module
from ._state import _kernel
from ._values import params_to_kernel, to_list
from .serialize import to_json

if TYPE_CHECKING:
    from ovenbird._ovenbird import Column

EMPTY = "The synapse collection does not contain any connections."
HEADINGS = {
    "source": "source",
    "target": "target",
    "synapse_model": "synapse model",
    "weight": "weight",
    "delay": "delay",
}
FULL_ROWS = 34
SHOWN_ROWS = 15
_OWN = ("_conns", "_epoch", "print_full")


class SynapseCollection:
    """An ordered set of connections: by model, source and target.

    Connections that have all these in common are in the order in which they were made. NEST has
    them so as long as few connections leave a source, and else in no order to rely on. A collection
    keeps its connections whatever happens to others.

    Indexing, slicing and iteration give collections. Parameters are read and written as
    attributes, or with `get` and `set`. Set `print_full` to print all rows of the table.

    Ports tell apart the connections of one model with the same ends, in a collection and in what a
    ``weight_recorder`` writes, until connections are made, removed or given other weights.

    Parameters
    ----------
    data
        Connections of the kernel, or None for the empty collection.
    """

    __hash__ = None  # type: ignore[assignment]
    _conns: Connections | None
    _epoch: int
    print_full: bool

    def __init__(self, data: Connections | None) -> None:
        if data is not None and not isinstance(data, Connections):
            raise TypeError(
                f"Expected connections of the kernel, got {type(data).__name__}; "
                "use GetConnections() to obtain a SynapseCollection"
            )
        object.__setattr__(self, "_conns", data if data is not None and len(data) else None)
        object.__setattr__(self, "_epoch", _kernel.epoch)
        object.__setattr__(self, "print_full", False)

    def _live(self) -> Connections | None:
        """Return the connections, or None if there are none (any more).

        Connections of a network that a reset has removed count as none as long as no new nodes
        exist; once there is a new network, their use is an error.
        """
        if self._conns is None or self._epoch == _kernel.epoch:
            return self._conns
        if _kernel.network_size == 0:
            return None
        raise errors.KernelException(
            "InvalidSynapseCollection: ResetKernel invalidates all SynapseCollections obtained "
            "before it; call GetConnections again"
        )

    def __len__(self) -> int:
        return 0 if self._conns is None else len(self._conns)

    def __iter__(self) -> Iterator[SynapseCollection]:
        for index in range(len(self)):
            yield self._take(np.array([index], dtype=np.int64))

    def _take(self, indices: NDArray[np.int64]) -> SynapseCollection:
        taken = SynapseCollection(None if self._conns is None else self._conns.take(indices))
        object.__setattr__(taken, "_epoch", self._epoch)
        return taken

    def __getitem__(self, key: Any) -> SynapseCollection:
        if isinstance(key, slice):
            return self._take(np.arange(len(self), dtype=np.int64)[key])
        if isinstance(key, (list, tuple, np.ndarray)):
            return self._take(self._places(array(key, "an index")))
        try:
            index = operator.index(key)
        except TypeError:
            raise TypeError(
                "SynapseCollection indices must be integers, slices, or arrays of integers or "
                f"bools, not {type(key).__name__}"
            ) from None
        if not -len(self) <= index < len(self):
            raise IndexError(
                f"index value outside of the SynapseCollection: {index} with size {len(self)}"
            )
        return self._take(np.array([index % len(self)], dtype=np.int64))

    def _places(self, index: NDArray[Any]) -> NDArray[np.int64]:
        """Return the places that an array of integers, or of bools for each connection, names."""
        size = len(self)
        if index.ndim != 1:
            raise TypeError("arrays of indices of a SynapseCollection must be one-dimensional")
        if index.dtype == np.bool_:
            if len(index) != size:
                raise IndexError(
                    "Bool index array must be the same length as SynapseCollection, got "
                    f"{len(index)} for {size}"
                )
            return np.flatnonzero(index)
        if index.size and index.dtype.kind not in "iu":
            raise TypeError("Indices must be integers or bools")
        index = index.astype(np.int64)
        outside = (index < -size) | (index >= size)
        if outside.any():
            raise IndexError(
                "index value outside of the SynapseCollection: "
                f"{index[outside][0]} with size {size}"
            )
        return np.where(index < 0, index + size, index)

    def _identity(self) -> list[Column]:
        conns = self._live()
        if conns is None:
            return []
        keys = ["source", "target", "target_thread", "synapse_id", "port"]
        columns = conns.get(keys)
        return [columns[key] for key in keys]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SynapseCollection):
            raise NotImplementedError(f"Cannot compare SynapseCollection to {type(other).__name__}")
        pairs = zip(self._identity(), other._identity(), strict=False)
        return len(self) == len(other) and all(np.array_equal(a, b) for a, b in pairs)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def sources(self) -> Iterator[int]:
        """Return an iterator over the ids of the sources."""
        return iter(self._column("source"))

    def targets(self) -> Iterator[int]:
        """Return an iterator over the ids of the targets."""
        return iter(self._column("target"))

    def _column(self, key: str) -> list[Any]:
        """Return one value per connection, None where a model lacks `key`."""
        conns = self._live()
        return [] if conns is None else to_list(conns.get([key])[key])

    @property
    def distance(self) -> list[float]:
        """Distance between source and target; NaN for nodes without positions."""
        conns = self._live()
        if conns is None:
            return []
        ends = conns.get(["source", "target"])
        arrays = [np.asarray(ends[key], dtype=np.int64) for key in ("source", "target")]
        distances = _ovenbird.connection_distances(_kernel, arrays[0], arrays[1])
        return cast("list[float]", distances.tolist())

    def get(self, keys: Any = None, output: str = "") -> Any:
        """Return parameters of the connections.

        Parameters
        ----------
        keys
            Nothing for all parameters, the name of one, or a list of names.
        output
            ``"pandas"`` for a `DataFrame` with sources as index, ``"json"`` for a string.

        Returns
        -------
        Any
            For one connection the value, or a dictionary of values. For several a list with one
            element per connection, or a dictionary of lists; elements are `None` where the
            model of a connection does not have the parameter. An empty collection gives ``()``,
            or ``{}`` without `keys`.

        Raises
        ------
        KeyError
            If a connection lacks a parameter of a list of names, or a single connection lacks
            the parameter asked for.
        """
        output_of(output, "pandas", "json")
        conns = self._live()
        if conns is None and output == "pandas":
            return optional_module("pandas", "output='pandas'").DataFrame()
        if conns is None:
            return {} if keys is None else ()
        if keys is None:
            columns = {key: to_list(column) for key, column in conns.get(None).items()}
            columns = dict(sorted(columns.items()))
        elif isinstance(keys, str):
            columns = {keys: self._optional(conns, keys)}
        else:
            columns = self._required(conns, keys)
        if output == "pandas":
            return self._frame(columns)
        result: Any = columns
        if len(conns) == 1:
            result = {key: values[0] for key, values in columns.items()}
        if isinstance(keys, str):
            result = result[keys]
        return to_json(result) if output == "json" else result

    def _optional(self, conns: Connections, key: str) -> list[Any]:
        """Return the values of a key that some connections may lack; empty if all do."""
        column = conns.get([key]).get(key)
        values = [] if column is None else to_list(column)
        missing = all(value is None for value in values)
        if missing and len(conns) == 1:
            raise self._unknown(conns, key)
        return [] if missing else values

    def _required(self, conns: Connections, keys: Any) -> dict[str, list[Any]]:
        """Return the values of keys that all connections have."""
        try:
            names = list(keys)
        except TypeError:
            raise TypeError("keys should be either a string or an iterable") from None
        for name in names:
            if not isinstance(name, str):
                raise self._unknown(conns, name)
        columns = conns.get(list(dict.fromkeys(names)))
        result = {}
        for name in names:
            column = columns.get(name, [None])
            # an array has a value for each connection
            if isinstance(column, list) and any(value is None for value in column):
                raise self._unknown(conns, name)
            result[name] = to_list(column)
        return result

    def _unknown(self, conns: Connections, key: object) -> KeyError:
        models = dict.fromkeys(to_list(conns.get(["synapse_model"])["synapse_model"]))
        lacking = [
            model
            for model in models
            if not isinstance(key, str) or key not in _kernel.get_defaults(model)
        ]
        return unknown_key(key, ", ".join(lacking or models), conns.get(None))

    def _frame(self, columns: dict[str, list[Any]]) -> Any:
        pandas = optional_module("pandas", "output='pandas'")
        return pandas.DataFrame(columns, index=self._column("source"))

    def set(self, params: Any = None, **kwargs: Any) -> None:
        """Set parameters of the connections.

        Parameters
        ----------
        params
            Dictionary of parameters, or a sequence of dictionaries, one per connection. A value
            is for all connections that have the parameter, or a sequence of one value per
            connection.
        kwargs
            The parameters as keywords, instead of `params`.

        Raises
        ------
        TypeError
            If both or neither are given, or a list has the wrong length.
        NotImplementedError
            If this is one of several processes and a sequence has not one value for each of the
            connections here, which are those of this process.
        UnaccessedDictionaryEntry
            If no connection has a parameter, or one for which there is a value of its own does
            not have it.
        """
        conns = self._live()
        if conns is None:
            return
        if kwargs:
            if params is not None:
                raise TypeError("must either provide params or kwargs, but not both.")
            params = kwargs
        if isinstance(params, Mapping):
            converted = params_to_kernel(params)
            if _kernel.num_ranks > 1:
                _require_own(converted, len(conns))
            conns.set(converted)
        elif isinstance(params, (list, tuple)):
            self._set_each(conns, params)
        else:
            raise TypeError("params must be a dict or a list of dicts")

    def _set_each(self, conns: Connections, params: list[Any] | tuple[Any, ...]) -> None:
        if len(params) != len(conns) or not all(isinstance(entry, Mapping) for entry in params):
            raise TypeError(
                f"Status dict must be a dict, or a list of dicts of length {len(conns)}"
            )
        converted = [params_to_kernel(entry) for entry in params]
        keys = converted[0].keys()
        if keys and all(entry.keys() == keys for entry in converted):
            conns.set({key: [entry[key] for entry in converted] for key in keys})
            return
        for index, entry in enumerate(converted):
            if entry:
                conns.take(np.array([index], dtype=np.int64)).set(entry)

    def disconnect(self) -> None:
        """Remove the connections from the network.

        Of several connections of one model with the same ends those of the collection go; NEST
        removes the first ones instead.
        """
        conns = self._live()
        if conns is not None:
            conns.disconnect()

    def _serialized(self) -> Any:
        return self.get()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"'SynapseCollection' object has no attribute {name!r}")
        return self.get(name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _OWN:
            object.__setattr__(self, name, value)
        else:
            self.set({name: value})

    def __dir__(self) -> list[str]:
        names = set(super().__dir__())
        if self._conns is not None and self._epoch == _kernel.epoch:
            names.update(self._conns.get(None))
        return sorted(names)

    def __deepcopy__(self, memo: dict[int, Any]) -> SynapseCollection:
        return self

    def _rows(self) -> list[list[str]]:
        """Return the cells of the table; only the ends of a long one."""
        count = len(self)
        shortened = count > FULL_ROWS and not self.print_full
        index = np.arange(count, dtype=np.int64)
        if shortened:
            index = np.concatenate((index[:SHOWN_ROWS], index[-SHOWN_ROWS:]))
        columns = cast("Connections", self._conns).take(index).get(list(HEADINGS))
        texts = [
            [
                f"{value:#.4g}" if isinstance(value, float) else str(value)
                for value in to_list(column)
            ]
            for column in (columns[key] for key in HEADINGS)
        ]
        rows = [list(row) for row in zip(*texts, strict=True)]
        if shortened:
            rows.insert(SHOWN_ROWS, ["\u22ee "] * len(HEADINGS))
        return rows

    def __str__(self) -> str:
        if self._live() is None:
            return EMPTY
        rows = self._rows()
        # Ids and model names widen their columns, numbers have a fixed number of digits.
        widths = [len(text) + 2 for text in HEADINGS.values()]
        for number in range(3):
            widths[number] = max([widths[number], *(len(row[number]) for row in rows)])
        head = " ".join(
            f"{text:^{width}}" for text, width in zip(HEADINGS.values(), widths, strict=True)
        )
        lines = [head, " ".join("-" * width for width in widths)]
        cell_widths = [widths[0] - 1, *widths[1:]]
        for row in rows:
            cells = zip(row, cell_widths, strict=True)
            lines.append(" ".join(f"{cell:>{width}}" for cell, width in cells))
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        if self._live() is None:
            return f"<p>{EMPTY}</p>"
        head = "".join(f"<th>{text}</th>" for text in HEADINGS.values())
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
            for row in self._rows()
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _require_own(params: Mapping[str, Any], count: int) -> None:
    for key, value in params.items():
        if isinstance(value, (list, tuple, np.ndarray)) and len(value) != count:
            raise NotImplementedError(
                f"{key} has {len(value)} values for the {count} connections of this process; "
                "values for the connections of all processes cannot be set with one array"
            )
