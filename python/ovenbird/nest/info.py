"""Messages, help, and the status functions of older scripts."""

from __future__ import annotations

import sys
import textwrap
import time
from typing import Any

from ovenbird._suggest import did_you_mean

from ._arguments import output_of
from ._state import VerbosityLevel, _kernel, front
from .node_collection import NodeCollection
from .nodes import model_names
from .serialize import to_json
from .synapse_collection import SynapseCollection

GENERAL_HELP = """\
This is the PyNEST interface of Ovenbird.

* nest.__version__ is the release of NEST whose interface this is; nest.build_info tells more.
* nest.node_models and nest.synapse_models list the models.
* nest.help(model) describes a model: its parameters, recordables and receptors.
* help(nest.Create) describes a function.
"""


def message(
    message: Any,
    severity: Any = VerbosityLevel.INFO,
    text: str | None = None,
    *,
    function: str | None = None,
    filename: str | None = None,
    lineno: int | None = None,
) -> None:
    """Print a message if it is at least as severe as `nest.verbosity`.

    Parameters
    ----------
    message
        The text.
    severity
        A `VerbosityLevel`.
    text
        For calls in the order of NEST 3.9, ``message(level, function, text)``.
    function, filename, lineno
        Where the message comes from; added to the text.
    """
    if text is not None:
        message, severity, function = text, message, severity
    if not isinstance(message, str):
        raise TypeError(f"a message must be a string, got {type(message).__name__}")
    level = _level(severity)
    if level < front.verbosity:
        return
    where = ":".join(str(part) for part in (filename, lineno) if part is not None)
    origin = " ".join(part for part in (function, where) if part)
    stamp = time.strftime("%Y-%m-%d %H:%M:%S")
    prefix = f"{origin}: " if origin else ""
    name = level.name if isinstance(level, VerbosityLevel) else str(level)
    print(f"[{name}] [{stamp}] {prefix}{message}", flush=True)


def _level(severity: Any) -> VerbosityLevel | int:
    """Return a level given as member, number, or name with or without ``M_``."""
    if isinstance(severity, str):
        name = severity.removeprefix("M_")
        if name not in VerbosityLevel.__members__:
            near = did_you_mean(name, VerbosityLevel.__members__)
            raise AttributeError(
                f"unknown verbosity level {severity!r}{near}; the levels are "
                f"{', '.join('M_' + known for known in VerbosityLevel.__members__)}"
            )
        return VerbosityLevel[name]
    if isinstance(severity, bool) or not isinstance(severity, int):
        raise TypeError(f"severity must be a VerbosityLevel, got {type(severity).__name__}")
    known = {level.value: level for level in VerbosityLevel}
    return known.get(int(severity), int(severity))


def get_verbosity() -> VerbosityLevel:
    """Return the verbosity, as `nest.verbosity` does."""
    return front.verbosity


def set_verbosity(level: str | int | VerbosityLevel) -> None:
    """Set the verbosity by a name such as ``"M_WARNING"``, a number, or a `VerbosityLevel`.

    Raises
    ------
    AttributeError
        If there is no level of this name.
    ValueError
        If there is no level of this number.
    """
    found = _level(level)
    if not isinstance(found, VerbosityLevel):
        raise ValueError(
            f"{level} is not a verbosity level; use one of "
            f"{', '.join(f'{known.name} ({known.value})' for known in VerbosityLevel)}"
        )
    front.verbosity = found


def GetStatus(
    nodes_or_conns: NodeCollection | SynapseCollection, keys: Any = None, output: str = ""
) -> Any:
    """Return parameters of nodes or connections, one entry for each.

    Parameters
    ----------
    nodes_or_conns
        The nodes or connections.
    keys
        Nothing for a dictionary each, the name of a parameter for a value each, or a list of
        names for a tuple of values each.
    output
        ``"json"`` for a string.
    """
    _require_collection(nodes_or_conns, "GetStatus")
    output_of(output, "json")
    count = len(nodes_or_conns)
    if count == 0:
        return "[]" if output == "json" else ()
    status = nodes_or_conns.get(keys)
    if isinstance(keys, str):
        result: Any = (status,) if count == 1 else status
    else:
        columns = {name: (values,) if count == 1 else values for name, values in status.items()}
        result = tuple(zip(*columns.values(), strict=True))
        if keys is None:
            result = tuple(dict(zip(columns, row, strict=True)) for row in result)
    return to_json(result) if output == "json" else result


def SetStatus(
    nodes_or_conns: NodeCollection | SynapseCollection, params: Any, val: Any = None
) -> None:
    """Set parameters of nodes or connections.

    Parameters
    ----------
    nodes_or_conns
        The nodes or connections.
    params
        Dictionary, sequence of one dictionary for all or one for each, or the name of a
        parameter if `val` is given.
    val
        Value of the one parameter.
    """
    _require_collection(nodes_or_conns, "SetStatus")
    if isinstance(params, str):
        if val is None:
            raise TypeError(f"SetStatus(..., {params!r}) needs a value as third argument")
        params = {params: val}
    if isinstance(params, (list, tuple)) and len(params) == 1:
        params = params[0]
    nodes_or_conns.set(params)


def _require_collection(value: Any, function: str) -> None:
    if not isinstance(value, (NodeCollection, SynapseCollection)):
        raise TypeError(
            f"{function} needs a NodeCollection or a SynapseCollection, got {type(value).__name__}"
        )


def help(obj: Any = None, return_text: bool = False) -> str | None:
    """Print or return the description of a model.

    Parameters
    ----------
    obj
        Name of a model, or a collection of nodes of one model; nothing for general help.
    return_text
        Whether to return the text instead of printing it.
    """
    if obj is None:
        text = GENERAL_HELP
    else:
        name = obj[0].model if isinstance(obj, NodeCollection) and len(obj) else obj
        text = _model_help(name)
    if return_text:
        return text
    sys.stdout.write(text)
    return None


def _model_help(name: Any) -> str:
    names = model_names()
    if not isinstance(name, str):
        raise TypeError(
            f"obj must be the name of a model or a collection of nodes, got {type(name).__name__}"
        )
    if name not in names:
        near = did_you_mean(name, names) or "."
        return (
            f"Sorry, there is no help for model '{name}'{near}\n"
            "Use the Python help() function to obtain help on PyNEST functions.\n"
        )
    page = _kernel.describe(name)
    title = f"{name} - {page['summary']}" if page.get("summary") else name
    blocks = [title, "=" * len(title), ""]
    if page.get("doc"):
        blocks += [textwrap.dedent(page["doc"]).strip(), ""]
    blocks += _table(
        "Parameters",
        [
            (entry["name"], _shown(entry.get("default")), entry.get("unit"), entry.get("doc"))
            for entry in page.get("parameters", ())
        ],
    )
    blocks += _table(
        "Recordables",
        [
            (entry["name"], "", entry.get("unit"), entry.get("doc"))
            for entry in page.get("recordables", ())
        ],
    )
    receptors = sorted(dict(page.get("receptors", {})).items(), key=lambda item: item[1])
    blocks += _table("Receptors", [(key, str(port), "", "") for key, port in receptors])
    return "\n".join(blocks).rstrip() + "\n"


def _shown(value: Any) -> str:
    return "" if value is None else f"{value}"


def _table(heading: str, rows: list[tuple[Any, ...]]) -> list[str]:
    """Return lines with aligned columns, under a heading."""
    if not rows:
        return []
    cells = [[str(cell or "") for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(3)]
    lines = [heading, "-" * len(heading)]
    for row in cells:
        columns = [f"{row[i]:<{widths[i]}}" for i in range(3) if widths[i]]
        lines.append("  " + "  ".join([*columns, " ".join(row[3].split())]).rstrip())
    return [*lines, ""]


def authors() -> None:
    """Print who to cite and under which licence the simulator may be used."""
    print(
        "Ovenbird, by the Ovenbird developers.\n"
        "Free software under the GNU General Public License, version 3 or later.\n"
        "The interface and the models follow NEST: cite the NEST release "
        "(https://www.nest-simulator.org) and the publications of the models that you use."
    )
