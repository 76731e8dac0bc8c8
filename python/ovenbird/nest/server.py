"""The REST server of NEST; not available, see `nest.unavailable`."""

from __future__ import annotations

from .unavailable import function

__all__ = ["run_mpi_app"]

run_mpi_app = function("server.run_mpi_app", "the REST server is missing")
