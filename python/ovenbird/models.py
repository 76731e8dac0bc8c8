"""Models by name, as `ovenbird.iaf_psc_alpha`, and what the engine knows about each."""

from __future__ import annotations

import inspect
import keyword
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np

from ovenbird import units
from ovenbird._ovenbird import Kernel
from ovenbird._suggest import did_you_mean

_SETTABLE = ("parameter", "state")
_UNLIMITED = "unlimited"
_LARGEST = float(np.finfo(np.float64).max)
_COMPOUND = ("list", "dictionary", "NodeCollection")


@dataclass(frozen=True)
class ModelSpec:
    """What the engine says about a model: its kind and the unit of each of its values."""

    name: str
    kind: str
    unit_names: Mapping[str, str]
    recordables: Mapping[str, str]
    types: Mapping[str, str]

    @classmethod
    def read(cls, kernel: Kernel, name: str) -> ModelSpec:
        """The description of the model `name` in `kernel`."""
        about = kernel.describe(name)
        recordables = {item["name"]: item["unit"] for item in about["recordables"]}
        parameters = {item["name"]: item["unit"] for item in about["parameters"]}
        types = {item["name"]: item["type"] for item in about["parameters"]}
        return cls(name, about["kind"], {**recordables, **parameters}, recordables, types)

    @property
    def samples(self) -> bool:
        """Whether nodes of this model sample what they are connected to, as a voltmeter does."""
        return self.kind == "recorder" and "record_from" in self.unit_names

    def unit(self, key: str) -> units.Unit:
        """The unit in which the engine holds `key`; `UNITLESS` if it has none."""
        return units.parse_unit(self.unit_names.get(key, "")) or units.UNITLESS

    def plain(self, params: Mapping[str, Any], size: int | None = None) -> dict[str, Any]:
        """The same parameters as plain numbers and arrays in the engine's units.

        With `size`, the number of nodes, a sequence for a parameter that is one number per node
        must have that length.
        """
        values = {key: self._plain(key, value) for key, value in params.items()}
        if size is not None:
            for key, value in values.items():
                self._check_size(key, value, size)
        return values

    def _check_size(self, key: str, value: Any, size: int) -> None:
        shape = np.shape(value) if isinstance(value, (list, tuple, np.ndarray)) else ()
        if shape in ((), (size,)) or self.types.get(key, "list").startswith(_COMPOUND):
            return
        got = f"{shape[0]} values" if len(shape) == 1 else f"an array of shape {shape}"
        nodes = "one node" if size == 1 else f"{size} nodes"
        raise ValueError(f"{key} has {got} for {nodes}: give one number, or one for each node")

    def _plain(self, key: str, value: Any) -> Any:
        if units.as_quantity(value) is None:
            listed = isinstance(value, str) and self.types.get(key) == "list of strings"
            return [value] if listed else _owned(value)
        if key not in self.unit_names:
            raise ValueError(
                f"{self.name} has no parameter {key!r} with a unit"
                f"{did_you_mean(key, self.unit_names)}"
            )
        return _owned(units.strip(value, self.unit_names[key], key))


def _owned(value: Any) -> Any:
    """What the engine takes: arrays are copied, sequences of numbers become arrays."""
    if hasattr(value, "_to_kernel"):
        return value._to_kernel()
    if isinstance(value, np.ndarray):
        return value.item() if value.ndim == 0 else value.copy()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple, range)) and value:
        if all(isinstance(item, (bool, int, float, np.number)) for item in value):
            return np.array(value)
    return value


@cache
def catalogue() -> Kernel:
    """The kernel that is asked about models; nothing is ever created in it."""
    return Kernel()


@cache
def model_names() -> tuple[str, ...]:
    """The names of all node and synapse models, sorted."""
    return tuple(sorted({*catalogue().node_models, *catalogue().synapse_models}))


class ModelHandle:
    """A model, to be passed to `Simulator.create` or as `synapse` to `Simulator.connect`.

    Calling a handle gives a handle with other default parameters:
    ``sim.create(ob.iaf_psc_alpha(I_e=376 * pA), 10)``.
    """

    def __init__(self, name: str, params: Mapping[str, Any] | None = None) -> None:
        self.__name__ = name
        self.params: dict[str, Any] = dict(params or {})

    @property
    def name(self) -> str:
        """The model's name."""
        return self.__name__

    @cached_property
    def _about(self) -> dict[str, Any]:
        return catalogue().describe(self.__name__)

    @property
    def kind(self) -> str:
        """``neuron``, ``stimulator``, ``recorder``, ``synapse`` or ``other``."""
        return str(self._about["kind"])

    @property
    def recordables(self) -> list[str]:
        """What a multimeter can record from the model."""
        return [item["name"] for item in self._about["recordables"]]

    @property
    def receptors(self) -> dict[str, int]:
        """The model's receptors by name, with the port that `receptor` takes."""
        return dict(self._about["receptors"])

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        return describe(self.__name__)

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.Signature(
            [
                inspect.Parameter(
                    item["name"], inspect.Parameter.KEYWORD_ONLY, default=item["default"]
                )
                for item in self._settable()
                if item["name"].isidentifier() and not keyword.iskeyword(item["name"])
            ]
        )

    def _settable(self) -> list[dict[str, Any]]:
        return [item for item in self._about["parameters"] if item["role"] in _SETTABLE]

    def __call__(self, **params: Any) -> ModelHandle:
        known = [item["name"] for item in self._settable()]
        for key in params:
            if key not in known:
                raise TypeError(f"{self.name} has no parameter {key!r}{did_you_mean(key, known)}")
        spec = ModelSpec.read(catalogue(), self.name)
        spec.plain({key: value for key, value in params.items() if key != "weight"})
        return ModelHandle(self.__name__, {**self.params, **params})

    def __repr__(self) -> str:
        params = ", ".join(f"{key}={value}" for key, value in self.params.items())
        return f"<model {self.__name__}{f'({params})' if params else ''}>"


def describe(name: str) -> str:
    """The page of a model as text: what it is, its parameters, recordables and receptors."""
    about = catalogue().describe(name)
    parts = [_without_fences(body(about))]
    parts += [_section(title, rows) for title, rows in tables(about)]
    return "\n\n".join(part for part in parts if part)


def body(about: Mapping[str, Any]) -> str:
    """What the page of a model says before its tables, as Markdown without a heading."""
    lines = str(about["doc"]).strip().splitlines()
    if lines and lines[0].startswith("# "):
        del lines[0]
    text = "\n".join(lines).strip()
    summary = str(about["summary"]).strip().rstrip(".")
    return text if text.startswith(summary) else f"{summary}.\n\n{text}".strip()


def tables(about: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """The tables of a model's page: titles, and rows of name, value with unit, and explanation."""
    found = []
    titles = {"parameter": "Parameters", "state": "State", "read-only": "Read only"}
    for role, title in titles.items():
        items = [item for item in about["parameters"] if item["role"] == role]
        values = [_shown(item["default"]) for item in items]
        rows = [
            (item["name"], _with_unit(value, item["unit"]), item["doc"])
            for item, value in zip(items, values, strict=True)
        ]
        found.append((title, rows))
    rows = [(item["name"], item["unit"], item["doc"]) for item in about["recordables"]]
    found.append(("Recordables", rows))
    found.append(("Receptors", [(key, str(port), "") for key, port in about["receptors"].items()]))
    return [(title, [(n, v, _sentence(d)) for n, v, d in rows]) for title, rows in found if rows]


def _with_unit(value: str, unit: str) -> str:
    return value if value in ("", _UNLIMITED) else f"{value} {unit}".strip()


def _sentence(text: str) -> str:
    joined = " ".join(text.split())
    return f"{joined}." if joined and joined[-1] not in ".!?" else joined


def _shown(value: Any) -> str:
    """A default value for people: empty where there is none."""
    if isinstance(value, float):
        return _UNLIMITED if abs(value) >= _LARGEST else f"{value:g}"
    if isinstance(value, (np.ndarray, list, tuple)):
        return f"[{', '.join(_shown(item) for item in value)}]" if len(value) else "[]"
    return "" if value is None or isinstance(value, dict) else str(value)


def _without_fences(text: str) -> str:
    """Markdown for a terminal: fenced blocks are indented instead."""
    lines = []
    fenced = False
    for line in text.splitlines():
        if line.startswith("```"):
            fenced = not fenced
        else:
            lines.append(f"    {line}".rstrip() if fenced else line)
    return "\n".join(lines)


def _section(title: str, rows: list[tuple[str, str, str]]) -> str:
    wide = max(len(name) for name, _, _ in rows)
    value = min(24, max(len(shown) for _, shown, _ in rows))
    lines = [f"    {n:<{wide}}  {v:<{value}}  {d}".rstrip() for n, v, d in rows]
    return "\n".join([title, "-" * len(title), *lines])
