"""The object API: a network and its simulation as one value.

A `Simulator` keeps the list of the calls that built its network. `Simulator.simulate` starts from
that network at time 0, `Simulator.cont` goes on from where the last run ended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ovenbird import units
from ovenbird._launch import launched, processes
from ovenbird._ovenbird import Connections, Kernel
from ovenbird._suggest import did_you_mean
from ovenbird.models import ModelHandle, ModelSpec
from ovenbird.nodes import NodeSet, joined, node_set
from ovenbird.results import Recording, Results, step_time

_RULE_KEYS = frozenset(
    {"indegree", "outdegree", "N", "p", "rho", "allow_autapses", "allow_multapses"}
    | {"make_symmetric", "mask", "use_on_source"}
)
_SYNAPSE_KEYS = frozenset({"weight", "delay", "receptor_type", "synapse_label"})
_CURRENT_SOURCES = frozenset(
    {"ac_generator", "dc_generator", "noise_generator", "step_current_generator"}
)
_OWN_ARGUMENTS = {"resolution": "dt", "local_num_threads": "threads", "rng_seed": "seed"}
_IN_RESULTS = frozenset({"events", "n_events"})
_MAX_SEED = 2**32 - 1


@dataclass(frozen=True)
class _Step:
    """One call that built the network, to be made again on a new kernel."""

    method: str
    args: tuple[Any, ...]

    def apply(self, kernel: Kernel) -> None:
        getattr(kernel, self.method)(*self.args)


@dataclass(frozen=True)
class _SetConnections:
    """Parameters that were set on the connections that a query found."""

    query: tuple[Any, ...]
    params: dict[str, Any]

    def apply(self, kernel: Kernel) -> None:
        kernel.get_connections(*self.query).set(self.params)


class Simulator:
    """A network of model neurons and the time that it is simulated over.

    Any number of simulators live side by side and do not touch each other. Numbers without a
    unit are in ms, mV, pA, pF, nS and Hz, and quantities of `ovenbird.units`, brainunit, pint,
    quantities or astropy are taken everywhere.

    A program that is started as several processes (``mpirun -n 4 python script.py``) has one
    network, of which each process holds a part: all make the same calls, and reading never waits
    for others. Results, values of nodes and connections are those of the process: recorders hold
    what its own nodes do, and values of nodes elsewhere are NaN, or None where they are no numbers.

    Parameters
    ----------
    dt
        The resolution, 0.1 ms by default. Voltmeters and multimeters sample at this interval
        unless they are created with an ``interval`` of their own.
    seed
        Seeds all random numbers: connectivity, distributions, generators, stochastic models. The
        same seed gives the same results; without one the engine's fixed default is used.
    threads
        The number of threads. The results do not depend on it.
    settings
        Further attributes of the kernel by NEST's names, such as ``use_wfr=False``.

    Examples
    --------
    >>> import ovenbird as ob
    >>> from ovenbird.units import ms, pA
    >>> sim = ob.Simulator(dt=0.1 * ms)
    >>> neuron = sim.create(ob.iaf_psc_alpha, I_e=376 * pA)
    >>> voltmeter = sim.create(ob.voltmeter)
    >>> sim.connect(voltmeter, neuron)
    >>> sim.simulate(1000 * ms).trace(voltmeter, "V_m").max()
    Quantity(-55.00107..., 'mV')
    """

    def __init__(
        self,
        dt: Any = 0.1,
        *,
        seed: int | None = None,
        threads: int = 1,
        **settings: Any,
    ) -> None:
        if seed is not None:
            _check_seed("seed", seed)
        _check_settings(settings)
        self._dt = _milliseconds(dt, "dt")
        self._given_seed = seed
        self._generator_seeds: list[int] = []
        self._settings = {
            "resolution": self._dt,
            "local_num_threads": threads,
            **{key: units.strip(value, units.ms, key) for key, value in settings.items()},
        }
        self._token = object()
        self._recipe: list[_Step | _SetConnections] = []
        self._specs: dict[str, ModelSpec] = {}
        self._recorders: list[NodeSet] = []
        self._observed: dict[int, NDArray[np.int64]] = {}
        self._steps = 0
        self._interrupted = False
        self._kernel: Kernel | None = None
        self._build()

    @property
    def dt(self) -> units.Quantity:
        """The resolution."""
        return units.Quantity(self._dt, units.ms)

    @property
    def time(self) -> units.Quantity:
        """How far the current run has come."""
        return units.Quantity(step_time(self._steps, self._dt), units.ms)

    @property
    def rank(self) -> int:
        """The number of this process among those that hold the network, from 0."""
        return self._live().rank

    @property
    def processes(self) -> int:
        """The number of processes that hold the network."""
        return self._live().num_ranks

    @property
    def seed(self) -> int | None:
        """The seed in use; None for the engine's default.

        Seeds that generators were created with (``rng_seed``) are part of it.
        """
        if not self._generator_seeds:
            return self._given_seed
        if self._given_seed is None and len(self._generator_seeds) == 1:
            return self._generator_seeds[0]
        seeds = [self._given_seed or 0, *self._generator_seeds]
        return int(np.random.SeedSequence(seeds).generate_state(1)[0]) % _MAX_SEED

    def create(
        self,
        model: ModelHandle | str,
        size: int = 1,
        *,
        params: Mapping[str, Any] | None = None,
        rng_seed: int | None = None,
        **more: Any,
    ) -> NodeSet:
        """Create `size` nodes of a model.

        Parameters
        ----------
        model
            A model, such as ``ob.iaf_psc_alpha``, or its name.
        size
            How many; of a generator this is the number of its channels.
        params, more
            Parameters: one value for all nodes, a sequence with one for each, or a distribution
            of `ovenbird.random`.
        rng_seed
            Accepted for generators: it goes into the seed of the whole simulator (it is that seed
            if the simulator was made without one and no other generator brings its own). Streams
            of different nodes are independent with or without it.
        """
        name, bound = _model(model)
        spec = self._spec(name)
        if spec.kind == "synapse":
            raise ValueError(f"{name} is a synapse model: pass it to connect(synapse={name!r})")
        _check_count("size", size)
        values = spec.plain({**bound, **(params or {}), **more}, size)
        if spec.samples and "interval" in spec.unit_names:
            values.setdefault("interval", self._dt)
        if rng_seed is not None:
            self._add_generator_seed(rng_seed)
        kernel = self._live()
        if self._steps and values:
            self._try_create(name, size, values)
        first, last = self._do(_Step("create", (name, size)))
        nodes = NodeSet(self, (range(first, last + 1),))
        if values:
            try:
                kernel.set_nodes(nodes._parts(), values)
            except BaseException:
                self._recipe.pop()
                self._kernel = None
                raise
            self._recipe.append(_Step("set_nodes", (nodes._parts(), values)))
        if spec.kind == "recorder":
            self._recorders.append(nodes)
        return nodes

    def connect(
        self,
        pre: NodeSet,
        post: NodeSet,
        rule: str | Mapping[str, Any] = "all_to_all",
        *,
        weight: Any = None,
        delay: Any = None,
        receptor: Any = None,
        synapse: ModelHandle | str = "static_synapse",
        **more: Any,
    ) -> None:
        """Connect `pre` to `post`.

        Recorders are connected in the direction of observation: ``connect(voltmeter, neurons)``
        for those that sample, ``connect(neurons, spike_recorder)`` for those that receive.

        Parameters
        ----------
        pre, post
            The nodes at both ends, as `create` returned them.
        rule
            ``all_to_all``, ``one_to_one``, ``fixed_indegree``, ``pairwise_bernoulli``, ...; its
            parameters follow by keyword (``indegree=100``), or `rule` is a dictionary with all.
        weight, delay
            One value for all connections, a distribution of `ovenbird.random`, or an array:
            with ``all_to_all`` one value for each of `pre` (the channels of a generator), or one
            for each pair in the shape ``(len(post), len(pre))``; with ``one_to_one`` one for each
            pair; with
            ``fixed_indegree`` the shape is ``(len(post), indegree)``. Weights are in pA, nS or
            mV, as the model of `post` takes them.
        receptor
            The port at `post`; a number or one of the names in ``ob.<model>.receptors``.
        synapse
            A synapse model, such as ``ob.static_synapse(weight=20 * pA)``, or its name.
        more
            Parameters of the rule and of the synapse.
        """
        for role, nodes in (("pre", pre), ("post", post)):
            self._own(nodes, role)
        self._check_direction(pre, post)
        name, bound = _model(synapse)
        spec = self._spec(name)
        if spec.kind != "synapse":
            raise ValueError(f"synapse={name!r} is no synapse model but a {spec.kind}")
        if not isinstance(rule, (str, Mapping)):
            raise TypeError(f"a rule is a name or a dictionary, got {rule!r}")
        conn = {"rule": rule} if isinstance(rule, str) else dict(rule)
        if "rule" not in conn:
            raise ValueError("a rule that is a dictionary needs the key 'rule'")
        given = {"weight": weight, "delay": delay, "receptor_type": self._port(post, receptor)}
        values = {**bound, **{key: value for key, value in given.items() if value is not None}}
        for key, value in more.items():
            if key in _RULE_KEYS:
                conn[key] = value
            elif key in spec.unit_names or key in _SYNAPSE_KEYS:
                values[key] = value
            else:
                known = {*_RULE_KEYS, *_SYNAPSE_KEYS, *spec.unit_names}
                raise TypeError(
                    f"neither the rule {conn['rule']!r} nor {name} has a parameter "
                    f"{key!r}{did_you_mean(key, known)}"
                )
        if "weight" in values:
            values["weight"] = self._plain_weight(values["weight"], name, pre, post)
        if "delay" in values:
            values["delay"] = units.strip(values["delay"], units.ms, "delay")
        plain = {
            key: _per_connection(key, value, str(conn["rule"]), len(pre), len(post))
            for key, value in spec.plain(values).items()
        }
        args = (pre._parts(), post._parts(), conn, [{"synapse_model": name, **plain}])
        self._observed.clear()
        try:
            self._do(_Step("connect", args))
        except BaseException:
            if not self._steps:
                self._kernel = None
            raise

    def copy_model(self, model: ModelHandle | str, name: str, **params: Any) -> str:
        """Define the model `name` as `model` with other defaults; returns `name`."""
        existing, bound = _model(model)
        given = {**bound, **params}
        spec = self._spec(existing)
        if spec.kind == "synapse" and "weight" in given:
            given["weight"] = _any_weight(given["weight"])
        values = spec.plain(given)
        self._do(_Step("copy_model", (existing, name, values)))
        return name

    def connections(
        self,
        pre: NodeSet | None = None,
        post: NodeSet | None = None,
        synapse: ModelHandle | str | None = None,
    ) -> ConnectionSet:
        """The connections from `pre` to `post` with a synapse model; None stands for any."""
        for role, nodes in (("pre", pre), ("post", post)):
            if nodes is not None:
                self._own(nodes, role)
        source = None if pre is None else pre._parts()
        target = None if post is None else post._parts()
        name = None if synapse is None else _model(synapse)[0]
        if name is not None:
            self._spec(name)
        return ConnectionSet(self, (source, target, name, None))

    def simulate(self, duration: Any) -> Results:
        """Run from time 0: the network as it was built, in its initial state.

        What was created, connected or set since (parameters set between runs as well) is part of
        the network. The same simulator gives the same results each time.
        """
        if self._steps or self._interrupted:
            self.reset()
        return self._run(duration)

    def reset(self) -> None:
        """Go back to time 0, as `simulate` does by itself.

        Where the engine refuses to change a network that has been simulated (new connections
        whose delays are out of the range of those it ran with), it takes the change after this.
        """
        self._kernel = None
        self._steps = 0
        self._interrupted = False
        if launched() > 1:
            # all processes build together, not whenever one of them reads
            self._build()

    def cont(self, duration: Any) -> Results:
        """Go on from where the last run ended. The results are those of this stretch alone."""
        if self._interrupted:
            raise RuntimeError("the last run did not end: start anew with simulate()")
        return self._run(duration)

    def _run(self, duration: Any) -> Results:
        length = _milliseconds(duration, "the duration")
        if not (length >= 0 and np.isfinite(length)):
            raise ValueError(f"a duration must be finite and not negative, got {length} ms")
        steps = round(length / self._dt)
        if abs(length / self._dt - steps) > 1e-6:
            raise ValueError(f"a duration must be a multiple of dt = {self.dt}, got {length} ms")
        kernel = self._live()
        first = self._steps
        if steps:
            kernel.prepare(first > 0)
            self._interrupted = True
            try:
                kernel.run(length, None)
            finally:
                kernel.cleanup()
            self._interrupted = False
        self._steps += steps
        kernel.flush_recorders()
        return Results(self._token, first, steps, self._dt, self._collect(kernel))

    def _collect(self, kernel: Kernel) -> dict[int, Recording]:
        """Take what the recorders hold, so that the next run begins with empty ones."""
        data: dict[int, Recording] = {}
        for recorders in self._recorders:
            spec = self._spec(recorders.models[0])
            for node in recorders.global_id.tolist():
                parts = [(node, node, 1)]
                ((_, columns),) = kernel.get_nodes(parts, ["events", "record_to"])
                if "record_to" not in columns:
                    continue
                target = str(columns["record_to"][0])
                if target != "memory":
                    data[node] = Recording(spec.name, unavailable=_elsewhere(spec.name, target))
                    continue
                observed = self._observed_by(kernel, spec, node)
                data[node] = Recording(
                    spec.name,
                    self._in_ms(columns["events"][0]),
                    observed,
                    self._column_units(observed) if spec.samples else {},
                    spec.samples,
                )
                kernel.set_nodes(parts, {"n_events": 0})
        return data

    def _in_ms(self, events: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
        """The columns of a recorder, with times in ms also where it counts steps and offsets."""
        columns = {key: np.asarray(column) for key, column in events.items()}
        if "offsets" in columns:
            offsets = columns.pop("offsets")
            columns["times"] = step_time(columns["times"], self._dt) - offsets
        return columns

    def _observed_by(self, kernel: Kernel, spec: ModelSpec, node: int) -> NDArray[np.int64]:
        """The nodes that a recorder is connected to, ascending, each once."""
        if node not in self._observed:
            own = [(node, node, 1)]
            source, target = (own, None) if spec.samples else (None, own)
            found = kernel.get_connections(source, target, None, None)
            key = "target" if spec.samples else "source"
            ids = found.get([key])[key] if len(found) else []
            self._observed[node] = np.unique(np.asarray(ids, dtype=np.int64))
        return self._observed[node]

    def _column_units(self, observed: NDArray[np.int64]) -> dict[str, units.Unit]:
        """The units of what can be recorded from the observed nodes."""
        if not len(observed):
            return {}
        parts = [(int(observed[0]), int(observed[0]), 1)]
        spec = self._spec(self._live().model_runs(parts)[0][3])
        return {name: spec.unit(name) for name in spec.recordables}

    def _build(self) -> Kernel:
        """A kernel in the state that the recipe leads to, at time 0."""
        kernel = Kernel(processes())
        settings = dict(self._settings)
        if self.seed is not None:
            settings["rng_seed"] = self.seed or _MAX_SEED
        kernel.set_status(settings)
        for step in self._recipe:
            step.apply(kernel)
        self._kernel = kernel
        self._steps = 0
        self._observed.clear()
        return kernel

    def _live(self) -> Kernel:
        return self._build() if self._kernel is None else self._kernel

    def _do(self, step: _Step | _SetConnections) -> Any:
        """Apply a step to the live kernel and, if that succeeds, to those to come."""
        kernel = self._live()
        done = getattr(kernel, step.method)(*step.args) if isinstance(step, _Step) else None
        if isinstance(step, _SetConnections):
            step.apply(kernel)
        self._recipe.append(step)
        return done

    def _try_create(self, name: str, size: int, values: dict[str, Any]) -> None:
        """Create the nodes in another kernel first: a failure must not end a run."""
        trial = Kernel()
        trial.set_status(self._settings)
        for step in self._recipe:
            if isinstance(step, _Step) and step.method in ("copy_model", "create"):
                step.apply(trial)
        first, last = trial.create(name, size)
        trial.set_nodes([(first, last, 1)], values)

    def _add_generator_seed(self, seed: int) -> None:
        _check_seed("rng_seed", seed)
        if self._steps:
            raise ValueError(
                "rng_seed cannot be given in the middle of a run; use Simulator(seed=)"
            )
        self._generator_seeds.append(int(seed))
        self._kernel = None

    def _spec(self, name: str) -> ModelSpec:
        if name not in self._specs:
            self._specs[name] = ModelSpec.read(self._live(), name)
        return self._specs[name]

    def _own(self, nodes: object, role: str) -> None:
        if not isinstance(nodes, NodeSet):
            raise TypeError(f"{role} must be nodes that create() returned, got {nodes!r}")
        if nodes._simulator is not self:
            raise ValueError(f"{role} belongs to another simulator")
        if not len(nodes):
            raise ValueError(f"{role} is an empty node set")

    def _check_direction(self, pre: NodeSet, post: NodeSet) -> None:
        for model in post.models:
            if self._spec(model).samples:
                raise ValueError(f"a {model} observes: write connect({model}, nodes), not reversed")
        for model in pre.models:
            spec = self._spec(model)
            if spec.kind == "recorder" and not spec.samples:
                raise ValueError(f"a {model} receives: write connect(nodes, {model}), not reversed")

    def _port(self, post: NodeSet, receptor: Any) -> Any:
        """The number of a receptor that is given by name."""
        if not isinstance(receptor, str):
            return receptor
        ports: set[int] = set()
        for model in post.models:
            known: dict[str, int] = self._live().describe(model)["receptors"]
            if receptor not in known:
                raise ValueError(
                    f"{model} has no receptor {receptor!r}{did_you_mean(receptor, known)}; "
                    f"it has {', '.join(known) or 'none with a name'}"
                )
            ports.add(known[receptor])
        if len(ports) != 1:
            raise ValueError(f"receptor {receptor!r} has different ports in the models of post")
        return ports.pop()

    def _plain_weight(self, weight: Any, synapse: str, pre: NodeSet, post: NodeSet) -> Any:
        quantity = units.as_quantity(weight)
        if quantity is None:
            return weight
        if "delay" not in self._spec(synapse).unit_names:
            return units.strip(quantity, units.nS, f"the weight of a {synapse}")
        what = f"the weight of a connection to {post.models[0]}"
        if set(pre.models) & _CURRENT_SOURCES:
            return units.strip(quantity, "", f"{what} from a {pre.models[0]}")
        wanted = _weight_unit(post.models[0])
        return _any_weight(quantity) if wanted is None else units.strip(quantity, wanted, what)

    def _models_of(self, nodes: NodeSet) -> list[str]:
        if not len(nodes):
            return []
        return [run[3] for run in self._live().model_runs(nodes._parts())]

    def _known_names(self, nodes: NodeSet) -> list[str]:
        if not len(nodes):
            return []
        return sorted(self._joint_spec(nodes).unit_names)

    def _joint_spec(self, nodes: NodeSet) -> ModelSpec:
        """One description of all models in a node set; its units are those of the first model."""
        specs = [self._spec(model) for model in nodes.models]
        table = {key: unit for spec in reversed(specs) for key, unit in spec.unit_names.items()}
        types = {key: kind for spec in reversed(specs) for key, kind in spec.types.items()}
        name = " and ".join(nodes.models)
        return ModelSpec(name, specs[0].kind, table, specs[0].recordables, types)

    def _get(self, nodes: NodeSet, names: list[str] | None) -> dict[str, Any]:
        if not len(nodes):
            return {}
        spec = self._joint_spec(nodes)
        hidden = _IN_RESULTS if spec.kind == "recorder" else frozenset()
        if hidden.intersection(names or ()):
            raise AttributeError(
                f"what a {spec.name} recorded is in the results of the run: "
                "results.events(recorder), results.n_events(recorder)"
            )
        runs = self._live().get_nodes(nodes._parts(), names)
        common = [
            key
            for key in runs[0][1]
            if key not in hidden and all(key in columns for _, columns in runs)
        ]
        return {
            key: joined([columns[key] for _, columns in runs], spec.unit(key), len(nodes) == 1)
            for key in common
        }

    def _set(self, nodes: NodeSet, params: dict[str, Any]) -> None:
        self._own(nodes, "the node set")
        values = self._joint_spec(nodes).plain(params, len(nodes))
        self._do(_Step("set_nodes", (nodes._parts(), values)))
        self._merge_last_sets()

    def _merge_last_sets(self) -> None:
        """Drop the step before the last where the last one overrides all of it."""
        steps = self._recipe[-2:]
        if len(steps) == 2 and all(_sets_nodes(step) for step in steps):
            before, last = (step for step in steps if isinstance(step, _Step))
            if before.args[0] == last.args[0] and before.args[1].keys() == last.args[1].keys():
                del self._recipe[-2]

    def __repr__(self) -> str:
        size = self._live().network_size
        return f"<Simulator of {size} nodes, dt = {self.dt}, at {self.time}>"


class ConnectionSet:
    """The connections that `Simulator.connections` found, as of now, whenever it is asked.

    Of several processes each has those that end on its own nodes.
    """

    def __init__(self, simulator: Simulator, query: tuple[Any, ...]) -> None:
        self._simulator = simulator
        self._query = query

    def get(self, *names: str) -> dict[str, Any]:
        """Values by name, one array each: ``source``, ``target``, ``weight``, ``delay``, ..."""
        found = self._found()
        columns: dict[str, Any] = dict(found.get(list(names) or None))
        for name in names if len(found) else ():
            if name not in columns:
                known = found.take(np.zeros(1, np.int64)).get(None)
                raise ValueError(f"connections have no value {name!r}{did_you_mean(name, known)}")
        if isinstance(columns.get("delay"), np.ndarray):
            columns["delay"] = units.Quantity(columns["delay"], units.ms)
        return columns

    def set(self, **params: Any) -> None:
        """Set parameters: one value for all connections or a sequence with one for each."""
        simulator = self._simulator
        columns = self._found().get(["synapse_model", "source", "target"])
        models = {str(name) for name in columns.get("synapse_model", ())}
        if not models and simulator.processes > 1:
            return
        if not models:
            raise ValueError("there are no such connections")
        if "weight" in params:
            pre, post = (node_set(simulator, columns[end]) for end in ("source", "target"))
            weight = simulator._plain_weight(params["weight"], min(models), pre, post)
            params = {**params, "weight": weight}
        simulator._do(_SetConnections(self._query, simulator._spec(min(models)).plain(params)))

    def _found(self) -> Connections:
        return self._simulator._live().get_connections(*self._query)

    def __len__(self) -> int:
        return len(self._found())

    def __repr__(self) -> str:
        return f"<{len(self)} connections>"


def _model(model: object) -> tuple[str, dict[str, Any]]:
    if isinstance(model, ModelHandle):
        return model.name, model.params
    if isinstance(model, str):
        return model, {}
    raise TypeError(f"a model is given as ob.iaf_psc_alpha or by its name, got {model!r}")


def _milliseconds(value: Any, what: str) -> float:
    number = units.strip(value, units.ms, what)
    if isinstance(number, bool) or not isinstance(number, (int, float, np.number)):
        raise TypeError(f"{what} must be a time, such as 1 * ms, got {value!r}")
    return float(number)


def _check_settings(settings: Mapping[str, Any]) -> None:
    known = [*Kernel().get_status(), *_OWN_ARGUMENTS.values()] if settings else []
    for key in settings:
        if key in _OWN_ARGUMENTS:
            raise TypeError(f"{key} is given as {_OWN_ARGUMENTS[key]}")
        if key not in known:
            raise TypeError(f"Simulator has no setting {key!r}{did_you_mean(key, known)}")


def _check_count(name: str, count: object) -> None:
    whole = isinstance(count, (int, np.integer)) and not isinstance(count, bool)
    if not whole or int(count) < 1:  # type: ignore[call-overload]
        raise ValueError(f"{name} must be a whole number from 1 on, got {count!r}")


def _check_seed(name: str, seed: object) -> None:
    whole = isinstance(seed, (int, np.integer)) and not isinstance(seed, bool)
    if not whole or not 0 <= int(seed) < _MAX_SEED:  # type: ignore[call-overload]
        raise ValueError(f"{name} must be a whole number from 0 to {_MAX_SEED - 1}, got {seed!r}")


def _sets_nodes(step: _Step | _SetConnections) -> bool:
    return isinstance(step, _Step) and step.method == "set_nodes"


def _elsewhere(model: str, backend: str) -> str:
    return f"this {model} records to {backend!r}: read it there, or set record_to='memory'"


def _weight_unit(model: str) -> str | None:
    """The unit of synaptic weights by the convention in models' names; None if it says nothing."""
    names = (("_psc_delta", "mV"), ("izhikevich", "mV"), ("_cond_", "nS"), ("_psc_", "pA"))
    for part, unit in names:
        if part in f"{model}_":
            return unit
    return None


def _any_weight(weight: Any) -> Any:
    """Plain numbers of a weight where any of the units of weights will do."""
    quantity = units.as_quantity(weight)
    if quantity is None:
        return weight
    for unit in (units.pA, units.nS, units.mV):
        if unit.dimension == quantity.unit.dimension:
            return quantity.to_value(unit)
    return units.strip(quantity, units.pA, "weight")


def _per_connection(key: str, value: Any, rule: str, n_pre: int, n_post: int) -> Any:
    """A flat array in the order in which the rule makes connections."""
    if not isinstance(value, (np.ndarray, Sequence)) or isinstance(value, str):
        return value
    array = np.asarray(value)
    if rule == "all_to_all":
        if array.shape == (n_pre,):
            return np.tile(array, n_post)
        if array.shape == (n_post, n_pre) or (n_pre == 1 and array.shape == (n_post,)):
            return array.ravel()
        raise ValueError(
            f"{key} has the shape {array.shape}: with all_to_all from {n_pre} to {n_post} nodes "
            f"it must be ({n_pre},), one for each of pre, or ({n_post}, {n_pre}), one for each pair"
        )
    return array.ravel()
