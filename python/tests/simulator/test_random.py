"""Random parameters of nodes and connections."""

import numpy as np
import pytest
from scipy import stats

import ovenbird as ob
from ovenbird.units import UnitError, mV, nA, pA, s


def drawn(distribution, n=4000, seed=1):
    return ob.Simulator(seed=seed).create(ob.iaf_psc_alpha, n, V_m=distribution).V_m.value


@pytest.mark.parametrize(
    ("distribution", "expected"),
    [
        (ob.random.normal(-65 * mV, 2 * mV), stats.norm(-65, 2)),
        (ob.random.uniform(-70 * mV, -60 * mV), stats.uniform(-70, 10)),
        (ob.random.exponential(0.003 * ob.units.V), stats.expon(scale=3)),
        (ob.random.lognormal(1.0, 0.5) * mV, stats.lognorm(0.5, scale=np.e)),
        (-60 * mV - ob.random.exponential(3 * mV), stats.gamma(1, loc=0, scale=3)),
        (ob.random.normal(-65.0, 2.0), stats.norm(-65, 2)),
        (2 * ob.random.uniform(-35.0, -30.0), stats.uniform(-70, 10)),
    ],
    ids=str,
)
def test_distributions(distribution, expected):
    values = drawn(distribution)
    if expected.dist.name == "gamma":
        values = -60 - values
    assert stats.kstest(values, expected.cdf).pvalue > 1e-4


def test_a_truncated_normal_distribution():
    values = drawn(ob.random.normal(-65 * mV, 5 * mV, low=-66 * mV, high=-60 * mV))
    assert values.min() >= -66 and values.max() <= -60
    expected = stats.truncnorm(-0.2, 1.0, loc=-65, scale=5)
    assert stats.kstest(values, expected.cdf).pvalue > 1e-4


def test_the_seed_decides_and_a_run_begins_with_the_same_values():
    distribution = ob.random.uniform(-70 * mV, -60 * mV)
    assert drawn(distribution).tolist() == drawn(distribution).tolist()
    assert drawn(distribution).tolist() != drawn(distribution, seed=2).tolist()
    sim = ob.Simulator(seed=4, threads=2)
    neurons = sim.create(ob.iaf_psc_alpha, 10, V_m=distribution)
    before = neurons.V_m.value.tolist()
    sim.simulate(5.0)
    sim.reset()
    assert neurons.V_m.value.tolist() == before


@pytest.mark.parametrize("threads", [1, 2])
def test_weights_and_delays(threads):
    sim = ob.Simulator(seed=3, threads=threads)
    pre, post = sim.create(ob.iaf_psc_alpha, 30), sim.create(ob.iaf_psc_alpha, 40)
    weight = ob.random.normal(0.02 * nA, 2 * pA)
    sim.connect(pre, post, weight=weight, delay=ob.random.uniform(0.001 * s, 0.003 * s))
    found = sim.connections(pre, post).get("weight", "delay")
    assert stats.kstest(found["weight"], stats.norm(20, 2).cdf).pvalue > 1e-4
    assert 1.0 <= found["delay"].value.min() and found["delay"].value.max() <= 3.0
    sim.connections(pre, post).set(weight=ob.random.uniform(1 * pA, 2 * pA))
    again = sim.connections(pre, post).get("weight")["weight"]
    assert 1.0 <= again.min() < 1.1 and 1.9 < again.max() < 2.0


def test_parameters_of_pynest_are_taken():
    values = drawn(ob.nest.random.uniform(-70.0, -60.0))
    assert stats.kstest(values, stats.uniform(-70, 10).cdf).pvalue > 1e-4


def test_mistakes():
    sim = ob.Simulator()
    neurons = sim.create(ob.iaf_psc_alpha, 3)
    with pytest.raises(UnitError, match=r"V_m wants mV \(voltage\), got pA"):
        neurons.V_m = ob.random.uniform(1 * pA, 2 * pA)
    with pytest.raises(UnitError, match=r"wants pA \(current\), got mV"):
        sim.connect(neurons, neurons, weight=ob.random.normal(1 * mV, 1 * mV))
    with pytest.raises(UnitError, match="std wants pA"):
        ob.random.normal(3 * pA, 1 * mV)
    with pytest.raises(UnitError, match=r"std wants pA \(current\), got a plain number"):
        ob.random.normal(3 * pA, 1.0)
    with pytest.raises(TypeError, match="mean must be one number"):
        ob.random.exponential([1.0, 2.0])
    with pytest.raises(TypeError, match="is a distribution"):
        np.asarray(ob.random.exponential(1.0))
    assert repr(ob.random.normal(3 * pA, 1 * pA)) == "<random: normal(3.0 pA, 1.0 pA)>"
