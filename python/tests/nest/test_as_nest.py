"""Import time, and the registration under the name `nest`; each in its own interpreter."""

import subprocess
import sys

import pytest


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


def checked(code: str) -> str:
    result = run(code)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_import_is_light_and_silent() -> None:
    out = checked(
        "import sys, ovenbird.nest\n"
        "heavy = {'pandas', 'matplotlib', 'scipy', 'IPython'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    assert out == ""


def test_alias_is_the_same_module() -> None:
    checked(
        "import ovenbird.as_nest, nest, ovenbird.nest\n"
        "import nest.voltage_trace, nest.raster_plot, nest.lib.hl_api_types as types\n"
        "from nest.lib.hl_api_helper import is_iterable\n"
        "from nest import random, spatial\n"
        "import sys\n"
        "assert nest is ovenbird.nest and types.NodeCollection is nest.NodeCollection\n"
        "assert nest.voltage_trace is sys.modules['ovenbird.nest.voltage_trace']\n"
        "assert nest.voltage_trace.__spec__.name == 'ovenbird.nest.voltage_trace'\n"
        "assert sys.modules['nest._state'] is sys.modules['ovenbird.nest._state']\n"
        "nest.resolution = 0.2\n"
        "assert ovenbird.nest.resolution == 0.2"
    )


@pytest.mark.parametrize("name", ["nest.nothing", "nest.lib.nothing"])
def test_unknown_submodules(name: str) -> None:
    checked(
        "import ovenbird.as_nest\n"
        f"try:\n    import {name}\n"
        "except ModuleNotFoundError as error:\n    pass\n"
        "else:\n    raise AssertionError"
    )


def test_another_nest_is_not_replaced() -> None:
    result = run(
        "import sys, types\nsys.modules['nest'] = types.ModuleType('nest')\nimport ovenbird.as_nest"
    )
    assert result.returncode != 0
    assert "ImportError: a module named 'nest' is already imported" in result.stderr
