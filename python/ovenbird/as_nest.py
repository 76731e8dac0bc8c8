"""Register `ovenbird.nest` as `nest`, for scripts and packages that import that name.

Import this module before the first ``import nest``. It also works as a plugin of pytest:
``pytest -p ovenbird.as_nest``.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Final

import ovenbird.nest

REAL: Final = "ovenbird.nest"
ALIAS: Final = "nest"


class _SameModule(Loader):
    """Loads a module under the alias by handing out the real one, so that there is one kernel."""

    def __init__(self, real_name: str) -> None:
        self._real_name = real_name
        self._spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(self._real_name)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The import machinery has stored the alias; relative imports need the real name.
        module.__spec__ = self._spec


class _AliasFinder(MetaPathFinder):
    """Finds ``nest`` and its submodules."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != ALIAS and not fullname.startswith(f"{ALIAS}."):
            return None
        real_name = REAL + fullname[len(ALIAS) :]
        real = importlib.util.find_spec(real_name)
        if real is None:
            return None
        is_package = real.submodule_search_locations is not None
        return ModuleSpec(fullname, _SameModule(real_name), is_package=is_package)


def register() -> None:
    """Make ``import nest`` give `ovenbird.nest`.

    Raises
    ------
    ImportError
        If another module of this name is already imported.
    """
    present = sys.modules.get(ALIAS)
    if present is not None and present is not ovenbird.nest:
        raise ImportError(
            f"a module named '{ALIAS}' is already imported from "
            f"{getattr(present, '__file__', 'an unknown place')}; "
            "import ovenbird.as_nest before it"
        )
    if not any(isinstance(finder, _AliasFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _AliasFinder())
    for name, module in list(sys.modules.items()):
        if name == REAL or name.startswith(f"{REAL}."):
            sys.modules[ALIAS + name[len(REAL) :]] = module


register()
