"""What the plotting modules share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._arguments import file_name
from ._optional import optional_module


def pyplot() -> Any:
    """Return `matplotlib.pyplot`."""
    return optional_module("matplotlib.pyplot", "plotting")


def file_names(fname: Any) -> list[Path]:
    """Return one file name, or several, as paths."""
    if isinstance(fname, (list, tuple)):
        return [Path(file_name(name, "each file name")) for name in fname]
    return [Path(file_name(fname, "fname"))]


def read_columns(paths: Iterable[Path]) -> tuple[list[str], NDArray[np.float64]]:
    """Read data files of the ascii recording backend, or plain tables of numbers.

    Returns
    -------
    list of str
        Names of the columns, empty for a plain table.
    ndarray
        One row per event, of all files.
    """
    names: list[str] = []
    tables = []
    for path in paths:
        rows = []
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                cells = line.split()
                if not cells or line.startswith("#"):
                    continue
                try:
                    rows.append([float(cell) for cell in cells])
                except ValueError:
                    if rows:
                        raise ValueError(f"{path}: cannot read the row {line.strip()!r}") from None
                    names = cells
        if rows:
            tables.append(np.array(rows))
    if not tables:
        listed = ", ".join(str(path) for path in paths)
        raise ValueError(f"there are no data in {listed}")
    return names, np.concatenate(tables)


def column(names: Sequence[str], wanted: str, default: int) -> int:
    """Return the number of a named column, or `default` for a table without names."""
    if not names:
        return default
    if wanted not in names:
        raise ValueError(f"the data have no column {wanted!r}; there are {', '.join(names)}")
    return list(names).index(wanted)
