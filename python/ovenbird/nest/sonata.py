"""Networks described by SONATA files: nodes and edges in HDF5 and CSV, the rest in JSON.

The format is that of Dai et al. (2020), PLoS Comput. Biol. 16(2): e1007696, with models and
parameters of NEST in the tables of types.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ovenbird import errors

from ._optional import optional_module
from ._state import _kernel
from ._values import params_to_kernel
from .node_collection import NodeCollection
from .nodes import Create
from .simulation import Simulate

HYPERSLAB = 2**20
NEURON_TYPES = ("point_neuron", "point_process")
EDGE_COLUMNS = {"model_template": "synapse_model", "syn_weight": "weight"}
PER_EDGE = {"syn_weight": "weight", "delay": "delay"}


class SonataNetwork:
    """A network described by SONATA files.

    Parameters
    ----------
    config
        Path of the configuration of the network.
    sim_config
        Path of the configuration of the simulation, if that is another file.

    Raises
    ------
    ImportError
        If h5py is not installed.
    ValueError
        If the configuration is not for NEST, or lacks the resolution.
    """

    def __init__(
        self, config: str | os.PathLike[str], sim_config: str | os.PathLike[str] | None = None
    ) -> None:
        self._h5py = optional_module("h5py", "SonataNetwork")
        self._nodes: dict[str, NodeCollection] = {}
        self._is_built = False
        self._config = _read_config(config)
        if sim_config is not None:
            self._config.update(_read_config(sim_config))
        simulator = self._config.get("target_simulator")
        if simulator != "NEST":
            raise ValueError(
                "'target_simulator' in configuration file must be 'NEST', "
                f"got {simulator!r} in {config}"
            )
        if "dt" not in self._config.get("run", {}):
            raise ValueError(
                "Time resolution 'dt' must be specified in configuration file, under 'run'"
            )
        _kernel.set_status({"resolution": float(self._config["run"]["dt"])})

    @property
    def node_collections(self) -> dict[str, NodeCollection]:
        """The nodes by name of population."""
        return self._nodes

    @property
    def config(self) -> dict[str, Any]:
        """The configuration, with paths filled in."""
        return self._config

    def Create(self) -> dict[str, NodeCollection]:
        """Create the nodes.

        Returns
        -------
        dict
            The nodes by name of population.
        """
        for files in self._config["networks"]["nodes"]:
            table = files["node_types_file"]
            types = _read_table(table, "node_type_id")
            kinds = {row.get("model_type") for row in types.values()}
            if len(kinds) != 1:
                raise ValueError(
                    f"Only one model type per node types CSV file is supported; {table} has "
                    f"{', '.join(sorted(map(str, kinds)))}"
                )
            kind = kinds.pop()
            with self._h5py.File(files["nodes_file"], "r") as file:
                for name, population in file["nodes"].items():
                    type_ids = population["node_type_id"][:]
                    if kind in NEURON_TYPES:
                        self._nodes[name] = self._neurons(type_ids, types, table)
                    elif kind == "virtual":
                        self._nodes[name] = self._injectors(name, len(type_ids))
                    else:
                        raise ValueError(
                            f"Model type {kind!r} in {table} is not supported; there are "
                            f"{', '.join(NEURON_TYPES)} and virtual"
                        )
        return self._nodes

    def _neurons(
        self, type_ids: NDArray[Any], types: Mapping[str, Mapping[str, Any]], table: str
    ) -> NodeCollection:
        """Create neurons, consecutive ones of one model in one call."""
        for column in ("model_template", "dynamics_params"):
            if any(column not in row for row in types.values()):
                raise ValueError(f"Missing the required '{column}' header in {table}")
        models = {key: row["model_template"].replace("nest:", "") for key, row in types.items()}
        keys = [str(key) for key in type_ids.tolist()]
        if missing := set(keys) - set(types):
            raise ValueError(f"node types {sorted(missing)} are not in {table}")
        nodes = NodeCollection()
        first = 0
        for i in range(1, len(keys) + 1):
            if i == len(keys) or models[keys[i]] != models[keys[first]]:
                nodes += Create(models[keys[first]], i - first)
                first = i
        directory = self._config["components"]["point_neuron_models_dir"]
        for key in dict.fromkeys(keys):
            params = _read_json(Path(directory) / types[key]["dynamics_params"])
            nodes[np.array(keys) == key].set(params)
        return nodes

    def _injectors(self, name: str, count: int) -> NodeCollection:
        """Create generators that emit the spikes of an input file."""
        inputs = self._config.get("inputs", {}).values()
        paths = [entry["input_file"] for entry in inputs if entry.get("node_set") == name]
        if not paths:
            raise ValueError(f"Could not find an input file for population {name} in config file")
        with self._h5py.File(paths[0], "r") as file:
            spikes = file["spikes"]
            groups = [isinstance(entry, self._h5py.Group) for entry in spikes.values()]
            if any(groups) and not all(groups):
                raise ValueError(
                    "Unsupported HDF5 structure; groups and datasets cannot be on the same "
                    f"hierarchical level in input spikes file {paths[0]}"
                )
            if all(groups):
                if name not in spikes:
                    raise ValueError(
                        f"Did not find a matching HDF5 group name for population {name} in "
                        f"{paths[0]}; there are {', '.join(spikes)}"
                    )
                spikes = spikes[name]
            senders = next((spikes[key][:] for key in ("gids", "node_ids") if key in spikes), None)
            if senders is None:
                raise ValueError(f"No dataset called 'gids' or 'node_ids' in {paths[0]}")
            times = spikes["timestamps"][:]
        order = np.lexsort((times, senders))
        ends = np.searchsorted(senders[order], np.arange(count + 1))
        trains = [times[order[a:b]] for a, b in zip(ends[:-1], ends[1:], strict=True)]
        has_injector = "spike_train_injector" in _kernel.node_models
        model = "spike_train_injector" if has_injector else "spike_generator"
        params = [{"spike_times": train, "allow_offgrid_times": True} for train in trains]
        return Create(model, count, params)

    def Connect(self, hdf5_hyperslab_size: int | None = None) -> None:
        """Connect the nodes.

        Parameters
        ----------
        hdf5_hyperslab_size
            Number of edges that are read from a file at a time, default ``2**20``.
        """
        if not self._nodes:
            raise RuntimeError(
                "The SONATA network nodes must be created before any connections can be made"
            )
        size = _checked_size(hdf5_hyperslab_size)
        for files in self._config["networks"]["edges"]:
            synapses = self._synapses(files["edge_types_file"])
            try:
                with self._h5py.File(files["edges_file"], "r") as file:
                    for population in file["edges"].values():
                        self._connect_population(population, synapses, size, files["edges_file"])
            except BlockingIOError as error:
                path = os.path.realpath(files["edges_file"])
                raise BlockingIOError(f"{error.strerror} for {path}") from None
        self._is_built = True

    def _synapses(self, table: str) -> dict[str, dict[str, Any]]:
        """Return the synapses by edge type: what the table and its files of parameters say."""
        synapses = {}
        for key, row in _read_table(table, "edge_type_id").items():
            if "model_template" not in row:
                raise ValueError(f"Missing the required 'model_template' header in {table}")
            columns = {EDGE_COLUMNS.get(name, name): value for name, value in row.items()}
            known = _kernel.get_defaults(columns["synapse_model"])
            synapse = {
                name: value if name == "synapse_model" else _number(value)
                for name, value in columns.items()
                if name in known
            }
            if "dynamics_params" in columns:
                directory = self._config["components"]["synaptic_models_dir"]
                synapse |= _read_json(Path(directory) / columns["dynamics_params"])
            synapses[key] = params_to_kernel(synapse)
        return synapses

    def _connect_population(
        self, edges: Any, synapses: Mapping[str, dict[str, Any]], size: int, path: str
    ) -> None:
        """Connect the edges of one population of a file."""
        groups = [name for name, entry in edges.items() if name.isdigit()]
        if len(groups) > 1:
            raise errors.NotImplemented(
                f"Edges in {path} have {len(groups)} groups of attributes; one is supported"
            )
        attributes = edges[groups[0]] if groups else {}
        sides = []
        for name in ("source_node_id", "target_node_id"):
            population = edges[name].attrs["node_population"]
            if isinstance(population, bytes):
                population = population.decode()
            if population not in self._nodes:
                raise ValueError(f"Edges in {path} refer to an unknown population {population!r}")
            sides.append((edges[name], np.asarray(self._nodes[population])))
        count = len(edges["target_node_id"])
        values = {PER_EDGE[name]: attributes[name] for name in PER_EDGE if name in attributes}
        lengths = {"source_node_id": len(edges["source_node_id"])}
        lengths |= {"edge_type_id": len(edges["edge_type_id"])}
        lengths |= {name: len(column) for name, column in values.items()}
        for name, length in lengths.items():
            if length != count:
                raise errors.KernelException(
                    f"target_node_id and {name} datasets in {path} must be of the same size, "
                    f"got {count} and {length}"
                )
        for part in _parts(count, size):
            sources, targets = (ids[column[part]] for column, ids in sides)
            columns = {name: column[part].astype(float) for name, column in values.items()}
            type_ids = edges["edge_type_id"][part]
            for type_id in np.unique(type_ids):
                if str(type_id) not in synapses:
                    raise ValueError(f"Edges in {path} have an unknown edge type {type_id}")
                chosen = np.flatnonzero(type_ids == type_id)
                own = {name: column[chosen] for name, column in columns.items()}
                synapse = synapses[str(type_id)] | own
                rule = {"rule": "one_to_one"}
                _kernel.connect(sources[chosen], targets[chosen], rule, [synapse])

    def BuildNetwork(self, hdf5_hyperslab_size: int | None = None) -> dict[str, NodeCollection]:
        """Create the nodes and connect them.

        Parameters
        ----------
        hdf5_hyperslab_size
            Number of edges that are read from a file at a time, default ``2**20``.

        Returns
        -------
        dict
            The nodes by name of population.
        """
        _checked_size(hdf5_hyperslab_size)
        nodes = self.Create()
        self.Connect(hdf5_hyperslab_size)
        return nodes

    def Simulate(self) -> None:
        """Simulate for the time that the configuration gives."""
        if not self._is_built:
            raise RuntimeError("The SONATA network must be built before a simulation can be done")
        run = self._config["run"]
        duration = run.get("tstop", run.get("duration"))
        if duration is None:
            raise ValueError(
                "Simulation time 'tstop' or 'duration' must be specified in configuration file"
            )
        Simulate(float(duration))


def _read_json(path: str | os.PathLike[str]) -> Any:
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def _read_config(path: Any) -> dict[str, Any]:
    """Return a configuration, with the variables of its manifest filled in."""
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(
            "Path to JSON configuration file must be passed as 'str' or 'pathlib.Path', "
            f"got {type(path).__name__}"
        )
    file = Path(path).resolve(strict=True)
    config = _read_json(file)
    variables: dict[str, str] = {}
    for name, value in config.get("manifest", {}).items():
        name = name if name.startswith("$") else f"${name}"
        text = value.replace("${configdir}", ".")
        variables[name] = str(_replaced(text, variables))
    variables = {name: (file.parent / value).as_posix() for name, value in variables.items()}
    filled = _filled(config, variables)
    filled["manifest"] = {name[1:]: value for name, value in variables.items()}
    return filled


def _replaced(text: str, variables: Mapping[str, str]) -> str:
    for name in sorted(variables, key=len, reverse=True):
        text = text.replace(name, variables[name])
    return text


def _filled(entry: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(entry, dict):
        return {key: _filled(value, variables) for key, value in entry.items()}
    if isinstance(entry, list):
        return [_filled(value, variables) for value in entry]
    return _replaced(entry, variables) if isinstance(entry, str) else entry


def _read_table(path: str, key: str) -> dict[str, dict[str, str]]:
    """Return the rows of a table with columns apart by blanks, by the value of `key`."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = [
            [cell for cell in row if cell]
            for row in csv.reader(file, delimiter=" ", skipinitialspace=True)
        ]
    rows = [row for row in rows if row]
    if not rows or key not in rows[0]:
        raise ValueError(f"Missing the required '{key}' header in {path}")
    header = rows[0]
    table = {}
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(header):
            raise ValueError(f"line {number} of {path} has {len(row)} of {len(header)} columns")
        cells = dict(zip(header, row, strict=True))
        table[cells[key]] = {name: cell for name, cell in cells.items() if cell != "NULL"}
    return table


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _checked_size(size: int | None) -> int:
    if size is None:
        return HYPERSLAB
    if not isinstance(size, int) or isinstance(size, bool):
        raise TypeError(f"hdf5_hyperslab_size must be passed as int, got {type(size).__name__}")
    if size <= 0:
        raise ValueError(f"hdf5_hyperslab_size must be strictly positive, got {size}")
    return size


def _parts(count: int, size: int) -> Iterator[slice]:
    for first in range(0, count, size):
        yield slice(first, min(first + size, count))
