"""Each test begins with an empty kernel."""

from collections.abc import Iterator

import pytest

import ovenbird.nest as nest


@pytest.fixture(autouse=True)
def fresh_kernel() -> Iterator[None]:
    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.INFO
    yield
    nest.ResetKernel()
