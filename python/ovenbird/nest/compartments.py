"""The compartments and receptors of a multi-compartment node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from .node_collection import NodeCollection

Self = TypeVar("Self", bound="CompartmentalPart")
Elements = tuple[Mapping[str, Any], ...]


class CompartmentalPart:
    """A tuple of dictionaries that belongs to a node and can be extended in place.

    Parameters
    ----------
    node_collection
        The node.
    elements
        One dictionary per element.
    """

    def __init__(self, node_collection: NodeCollection, elements: Any) -> None:
        self._node = node_collection
        self._elements = self._checked(elements)
        self._applied = False

    def _checked(self, elements: Any) -> Elements:
        if isinstance(elements, Mapping):
            return (elements,)
        if isinstance(elements, type(self)):
            return elements._elements
        if isinstance(elements, (list, tuple)) and all(isinstance(e, Mapping) for e in elements):
            return tuple(elements)
        raise TypeError(
            f"{type(self).__name__} consists of dictionaries; give a dictionary, a list of "
            f"dictionaries or {type(self).__name__}, not {type(elements).__name__}"
        )

    def __add__(self: Self, other: Any) -> Self:
        return type(self)(self._node, self._elements + self._checked(other))

    def __iadd__(self: Self, other: Any) -> Self:
        added = self._checked(other)
        self._node.set({f"add_{type(self).__name__.lower()}": list(added)})
        result = type(self)(self._node, self._elements + added)
        result._applied = True
        return result

    def is_applied(self) -> bool:
        """Return whether the node has these elements already, as after ``+=``."""
        return self._applied

    def _to_kernel(self) -> list[dict[str, Any]]:
        return [dict(element) for element in self._elements]

    def __getitem__(self, key: int) -> Mapping[str, Any]:
        return self._elements[key]

    def __len__(self) -> int:
        return len(self._elements)

    def __str__(self) -> str:
        return str(self._elements)

    def _serialized(self) -> list[dict[str, Any]]:
        return self._to_kernel()

    def get_tuple(self) -> Elements:
        """Return the elements."""
        return self._elements


class Compartments(CompartmentalPart):
    """The compartments of a node."""


class Receptors(CompartmentalPart):
    """The receptors of a node."""


def wrapped(nodes: NodeCollection, key: str, values: list[Any]) -> list[Any]:
    """Return the values of `compartments` or `receptors` as objects that can be extended."""
    kind = Compartments if key == "compartments" else Receptors
    return [
        kind(node, value) if isinstance(value, (list, tuple)) else value
        for node, value in zip(nodes, values, strict=True)
    ]
