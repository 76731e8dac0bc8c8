"""What this build offers, in the words of NEST's `build_info`."""

from __future__ import annotations

import functools
import platform
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ovenbird._ovenbird import HAVE_MPI

DIALECT = "3.10.0"
EXIT_CODES = {
    "success": 0,
    "skipped": 200,
    "skipped_have_mpi": 202,
    "skipped_no_mpi": 201,
    "skipped_no_gsl": 204,
    "skipped_no_music": 205,
    "skipped_no_threading": 203,
    "scripterror": 126,
    "abort": 134,
    "userabort": 15,
    "segfault": 139,
    "exception": 125,
    "fatal": 127,
    "unknownerror": 10,
}


@functools.cache
def _facts() -> dict[str, Any]:
    from importlib import metadata  # slow to import, and seldom needed

    try:
        version = metadata.version("ovenbird")
    except metadata.PackageNotFoundError:
        version = "unknown"
    package = Path(__file__).resolve().parent.parent
    machine = platform.machine()
    system = platform.system().lower()
    return {
        "version": DIALECT,
        "ovenbird_version": version,
        "built": version,
        "prefix": str(package),
        "datadir": str(package),
        "docdir": str(package),
        "host": f"{machine}-{system}",
        "hostcpu": machine,
        "hostos": system,
        "hostvendor": "unknown",
        # Each flag tells whether the models and functions for which NEST needs the library exist.
        "have_boost": True,
        "have_gsl": True,
        "have_hdf5": find_spec("h5py") is not None,
        # what users ask it for: whether ``conngen`` works, which needs csa alone here
        "have_libneurosim": find_spec("csa") is not None,
        "have_mpi": HAVE_MPI,
        "have_music": False,
        "have_sionlib": False,
        "have_threads": True,
        "threads_model": "pool",
        "ndebug": True,
        "exitcode": 0,
        "test_exitcodes": EXIT_CODES,
    }


def build_info() -> dict[str, Any]:
    """Return a description of the build.

    ``version`` is the release of NEST whose interface this is, ``ovenbird_version`` the version
    of this package. ``have_gsl`` and the like tell whether the models and functions exist for
    which NEST needs the library of that name.
    """
    facts = _facts()
    return {**facts, "test_exitcodes": dict(facts["test_exitcodes"])}
