"""Parameter objects: arithmetic, functions, distributions, errors."""

import math
import operator

import numpy as np
import pytest

import ovenbird.nest as nest


def constant(value: float) -> nest.Parameter:
    return nest.CreateParameter("constant", {"value": value})


@pytest.mark.parametrize(
    "function",
    [operator.add, operator.sub, operator.mul, operator.truediv]
    + [operator.lt, operator.le, operator.eq, operator.ne, operator.ge, operator.gt],
)
@pytest.mark.parametrize(("a", "b"), [(31.0, 5.0), (5.0, 31.0), (5.0, 5.0)])
def test_operators(function: operator, a: float, b: float) -> None:
    expected = float(function(a, b))
    assert function(constant(a), constant(b)).GetValue() == expected
    assert function(constant(a), b).GetValue() == expected
    assert function(a, constant(b)).GetValue() == expected


def test_power_and_signs() -> None:
    assert (constant(3.0) ** 2).GetValue() == 9.0
    assert (-constant(3.0)).GetValue() == -3.0
    assert (+constant(3.0)).GetValue() == 3.0
    for use in (lambda: constant(3.0) ** constant(2.0), lambda: 2 ** constant(3.0)):
        with pytest.raises(TypeError):
            use()
    for other in ("a", None, [1]):
        with pytest.raises(NotImplementedError):
            constant(3.0) + other


def test_functions() -> None:
    p = constant(0.5)
    assert nest.math.exp(p).GetValue() == math.exp(0.5)
    assert nest.math.sin(p).GetValue() == math.sin(0.5)
    assert nest.math.cos(p).GetValue() == math.cos(0.5)
    assert nest.math.min(p, 0.2).GetValue() == 0.2
    assert nest.math.max(p, 0.2).GetValue() == 0.5
    assert nest.logic.conditional(p < 1, 1.0, constant(2.0)).GetValue() == 1.0
    assert nest.logic.conditional(p > 1, 1.0, constant(2.0)).GetValue() == 2.0
    with pytest.raises(TypeError):
        nest.math.exp(3.0)
    with pytest.raises(TypeError):
        nest.logic.conditional(True, 1.0, 2.0)


def test_redraw() -> None:
    nodes = nest.Create("iaf_psc_alpha", 500)
    values = nest.math.redraw(nest.random.normal(), -0.5, 1.0).apply(nodes)
    assert min(values) >= -0.5 and max(values) <= 1.0


@pytest.mark.parametrize(
    ("parameter", "mean", "deviation"),
    [
        (nest.random.uniform(2.0, 4.0), 3.0, 2.0 / math.sqrt(12.0)),
        (nest.random.uniform_int(10), 4.5, math.sqrt(99.0 / 12.0)),
        (nest.random.normal(1.0, 0.5), 1.0, 0.5),
        (nest.random.exponential(2.0), 2.0, 2.0),
        (nest.random.lognormal(0.0, 0.5), math.exp(0.125), 0.604),
    ],
)
def test_distributions(parameter: nest.Parameter, mean: float, deviation: float) -> None:
    values = np.array(parameter.apply(nest.Create("iaf_psc_alpha", 20_000)))
    standard_error = deviation / math.sqrt(len(values))
    assert abs(values.mean() - mean) < 5.0 * standard_error
    assert abs(values.std() / deviation - 1.0) < 0.1


def test_each_use_draws_anew() -> None:
    p = nest.random.uniform()
    values = (p - p).apply(nest.Create("iaf_psc_alpha", 100))
    assert len(set(values)) > 90


def test_nodes_and_weights() -> None:
    nodes = nest.Create("iaf_psc_alpha", 200, {"V_m": nest.random.uniform(-70.0, -55.0)})
    assert all(-70.0 <= v < -55.0 for v in nodes.V_m)
    assert len(set(nodes.V_m)) > 190
    nest.Connect(nodes, nodes, "one_to_one", {"weight": nest.random.uniform(1.0, 2.0)})
    weights = nest.GetConnections().weight
    assert all(1.0 <= w < 2.0 for w in weights)
    assert len(set(weights)) > 190


@pytest.mark.parametrize(
    ("kind", "specs", "error"),
    [
        ("unform", {}, nest.NESTErrors.UndefinedName),
        ("uniform", {"mni": 0.0}, nest.NESTErrors.UnaccessedDictionaryEntry),
        ("uniform", {"min": 1.0, "max": 0.0}, nest.NESTErrors.BadProperty),
        ("uniform_int", {"max": 0}, nest.NESTErrors.BadProperty),
        ("uniform_int", {"max": 2.5}, nest.NESTErrors.TypeMismatch),
        ("constant", {}, IndexError),
        ("constant", {"value": "a"}, nest.NESTErrors.TypeMismatch),
        ("constant", 3, nest.NESTErrors.TypeMismatch),
        ("lognormal", {"std": -1.0}, nest.NESTErrors.BadProperty),
    ],
)
def test_bad_specifications(kind: str, specs: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        nest.CreateParameter(kind, specs)


def test_construction_is_left_to_functions() -> None:
    with pytest.raises(TypeError, match="CreateParameter"):
        nest.Parameter(3.0)
    assert not nest.random.uniform().is_spatial()
