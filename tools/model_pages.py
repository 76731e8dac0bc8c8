"""Write the pages of the models, `docs/models/*.md`, from what the engine says about them.

`python tools/model_pages.py` writes them, `--check` tells whether they are up to date.
"""

from __future__ import annotations

import argparse
import pathlib
import re
import sys
from collections.abc import Iterable
from typing import Any

from ovenbird.models import body, catalogue, model_names, tables

PAGES = pathlib.Path(__file__).resolve().parents[1] / "docs" / "models"
KINDS = {
    "neuron": "Neurons",
    "stimulator": "Stimulators",
    "recorder": "Recorders",
    "other": "Others",
    "synapse": "Synapses",
}
MODELS = frozenset(model_names())
HEADS = {
    "Parameters": ("name", "default", ""),
    "State": ("name", "initially", ""),
    "Read only": ("name", "initially", ""),
    "Recordables": ("name", "unit", ""),
    "Receptors": ("name", "port", ""),
}


def table(rows: Iterable[tuple[str, ...]]) -> str:
    """Rows, the first of which is the head, as a table in Markdown."""
    head, *others = [
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows
    ]
    return "\n".join([head, "|---" * (head.count(" | ") + 1) + "|", *others])


def references_as_list(text: str) -> str:
    """The text with each line of its references as an item."""
    before, mark, after = text.partition("References:\n")
    return before + mark + re.sub(r"(?m)^(?=\S)", "- ", f"\n{after}") if mark else text


VARIANTS = {"_hpc": "the name for large machines", "_lbl": "with a label on each connection"}


def documented() -> list[str]:
    """The models that have a page: all but the variants of synapses under other names."""
    return [name for name in model_names() if not name.endswith(tuple(VARIANTS))]


def variants(name: str) -> str:
    """A sentence on the other names of a model, if it has any."""
    known = [f"`{name}{end}` ({what})" for end, what in VARIANTS.items() if name + end in MODELS]
    return f"Also as {' and '.join(known)}." if known else ""


def page(about: dict[str, Any]) -> str:
    """The page of one model."""
    parts = [f"# {about['name']}", references_as_list(body(about)), variants(about["name"])]
    parts = [part for part in parts if part]
    for title, rows in tables(about):
        cells = [(f"`{name}`", value, text) for name, value, text in rows]
        parts += [f"## {title}", table([HEADS[title], *cells])]
    return "\n\n".join(parts) + "\n"


def index(abouts: list[dict[str, Any]]) -> str:
    """The list of all models."""
    parts = ["# Models"]
    for kind, title in KINDS.items():
        rows = [
            (f"[`{about['name']}`]({about['name']}.md)", about["summary"])
            for about in abouts
            if about["kind"] == kind
        ]
        if rows:
            parts += [f"## {title}", table([("model", ""), *rows])]
    return "\n\n".join(parts) + "\n"


def pages() -> dict[str, str]:
    """The text of every page by the name of its file."""
    abouts = [catalogue().describe(name) for name in documented()]
    return {"README.md": index(abouts), **{f"{about['name']}.md": page(about) for about in abouts}}


def stale(folder: pathlib.Path = PAGES) -> list[str]:
    """The names of the files that are missing, out of date or too many."""
    wanted = pages()
    present = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}
    return sorted(name for name in {*wanted, *present} if wanted.get(name) != present.get(name))


def main() -> int:
    """Write or check the pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if one is stale")
    names = stale()
    if parser.parse_args().check:
        for name in names:
            print(f"{PAGES / name} is stale: run python tools/model_pages.py", file=sys.stderr)
        return 1 if names else 0
    PAGES.mkdir(parents=True, exist_ok=True)
    wanted = pages()
    for name in names:
        if name in wanted:
            (PAGES / name).write_text(wanted[name], encoding="utf-8")
        else:
            (PAGES / name).unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
