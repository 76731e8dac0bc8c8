"""Arithmetic of units, and quantities of other libraries."""

import pickle

import numpy as np
import pytest

from ovenbird import units
from ovenbird.units import Hz, MOhm, Quantity, UnitError, kHz, ms, mV, nS, pA, s, uV


def test_numbers_sequences_and_arrays_times_a_unit():
    assert 376.0 * pA == Quantity(376.0, pA)
    rates = [80000.0, 15000.0] * Hz
    assert isinstance(rates, Quantity)
    np.testing.assert_array_equal(np.asarray(rates), [80000.0, 15000.0])
    assert isinstance(np.arange(3) * ms, Quantity)
    assert isinstance(ms * np.arange(3), Quantity)


def test_dividing_by_the_unit_gives_plain_numbers():
    assert (2 * s) / ms == 2000.0
    trace = np.array([-70.0, -55.0]) * mV
    assert isinstance(trace / mV, np.ndarray)
    assert units.get_mantissa(trace / mV) is not None
    np.testing.assert_array_equal(units.get_mantissa(trace / mV), [-70.0, -55.0])


@pytest.mark.parametrize("tenths", range(1, 200))
def test_conversion_between_prefixes_rounds_once(tenths):
    value = tenths / 10
    assert (value * ms).to_value(s) == value / 1000
    assert (value * s).to_value(ms) == value * 1000
    assert (value * mV).to_value(uV) == value * 1000


def test_products_take_the_name_of_the_unit_that_they_are():
    assert str(2.0 * nS * (3.0 * mV)) == "6.0 pA"
    assert (5.0 * MOhm * (2.0 * pA)).to(mV) == 0.01 * mV
    assert str(1 / (2.0 * ms)) == "0.5 kHz"
    assert (1 / (2.0 * ms)).to_value(Hz) == 500.0
    assert str(3 * mV / ms) == "3.0 kHz" or (3 * mV / ms).unit == units.parse_unit("mV/ms")
    assert (4.0 * mV * mV) ** 0.5 == 2.0 * mV


def test_sums_and_comparisons_convert():
    assert 1 * s + 500 * ms == 1.5 * s
    assert 1 * s - 1 * ms == 999 * ms
    assert 1 * s > 999 * ms
    assert max([3 * ms, 1 * s, 20 * ms]) == 1 * s
    assert 1 * mV != 1 * ms
    np.testing.assert_array_equal([1, 2] * ms < 1500 * units.us, [True, False])
    np.testing.assert_array_equal([1, 2] * ms == 1000 * units.us, [True, False])
    np.testing.assert_array_equal([1, 2] * ms != 1000 * units.us, [False, True])


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        (lambda: 1 * ms + 1 * mV, "cannot add ms (time) and mV (voltage)"),
        (lambda: 1 * ms < 1 * mV, "cannot compare ms (time) and mV (voltage)"),
        (lambda: 1 * ms - 3.0, "cannot subtract ms (time) and a plain number"),
        (lambda: (1 * ms).to(mV), "cannot convert ms (time) to mV (voltage)"),
        (lambda: [1 * ms, 2] * Hz, "a sequence mixes quantities and plain numbers"),
        (lambda: ms**0.5, "ms to the power of 0.5 is no unit"),
        (lambda: units.strip(3 * mV, pA, "I_e"), "I_e wants pA (current), got mV (voltage)"),
        (lambda: units.strip(3 * mV, "", "n"), "n wants a plain number, got mV (voltage)"),
        (lambda: units.strip(3 * mV, "enum", "n"), "n takes no unit, got mV (voltage)"),
    ],
)
def test_another_dimension_is_refused(operation, message):
    with pytest.raises(UnitError) as error:
        operation()
    assert str(error.value) == message


def test_a_quantity_does_not_become_a_plain_number_by_itself():
    with pytest.raises(TypeError, match=r"divide it by the unit"):
        float(3 * mV)
    with pytest.raises(TypeError, match="needs numbers"):
        "3" * mV


def test_shapes_and_statistics():
    table = np.arange(6.0).reshape(3, 2) * mV
    assert table.shape == (3, 2) and table.ndim == 2 and table.size == 6 and len(table) == 3
    assert table[0].shape == (2,) and table[1, 1] == 3 * mV
    assert table.mean() == 2.5 * mV and table.min() == 0 * mV and table.max() == 5 * mV
    np.testing.assert_array_equal(np.asarray(table.mean(axis=0)), [2.0, 3.0])
    assert table.reshape(-1).shape == (6,) and table.T.shape == (2, 3)
    assert [q / mV for q in table[0]] == [0.0, 1.0]
    assert f"{1.23456 * mV:.2f}" == "1.23 mV" and repr(1.5 * mV) == "Quantity(1.5, 'mV')"
    with pytest.raises(TypeError, match="no length"):
        len(1 * mV)


def test_quantities_pickle():
    quantity = pickle.loads(pickle.dumps([1.0, 2.0] * mV))
    assert quantity.unit == mV
    np.testing.assert_array_equal(quantity.value, [1.0, 2.0])


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("mV/ms", mV / ms),
        ("1/ms", kHz),
        ("ms^-1", kHz),
        ("spikes/s", Hz),
        ("nS/mV", nS / mV),
        ("uS/cm^2", units.uS / units.cm**2),
        ("µm", units.um),
        ("", units.UNITLESS),
    ],
)
def test_units_in_tables_are_understood(text, unit):
    assert units.parse_unit(text) == unit


def test_what_is_no_unit_is_not_taken_for_one():
    assert units.parse_unit("integer") is None
    assert units.parse_unit("list of mV") is None


def _pint():
    pint = pytest.importorskip("pint")
    registry = pint.UnitRegistry()
    return registry.pA, registry.mV, registry.kHz, registry.ms


def _brainunit():
    u = pytest.importorskip("brainunit")
    return u.pA, u.mV, u.kHz, u.ms


def _quantities():
    pq = pytest.importorskip("quantities")
    return pq.pA, pq.mV, pq.kHz, pq.ms


def _astropy():
    u = pytest.importorskip("astropy.units")
    return u.pA, u.mV, u.kHz, u.ms


@pytest.mark.parametrize("library", [_pint, _brainunit, _quantities, _astropy])
def test_quantities_of_other_libraries(library):
    picoampere, millivolt, kilohertz, millisecond = library()
    assert units.strip(376.0 * picoampere, "pA", "I_e") == 376.0
    assert units.strip(-70.0 * millivolt, "mV", "V_m") == -70.0
    rates = units.strip(np.array([80.0, 15.0]) * kilohertz, "Hz", "rate")
    np.testing.assert_array_equal(rates, [80000.0, 15000.0])
    assert units.strip(millisecond, "ms", "dt") == 1.0
    assert units.strip([1.0 * millisecond, 2.0 * millisecond], "ms", "times").tolist() == [1, 2]
    product = units.as_quantity(2.0 * millivolt / millisecond)
    assert product.unit.dimension == (mV / ms).dimension
    with pytest.raises(UnitError, match=r"I_e wants pA \(current\), got .* \(voltage\)"):
        units.strip(3.0 * millivolt, "pA", "I_e")


def test_functions_of_numpy_reduce_quantities():
    trace = np.array([[1.0, 2.0], [3.0, 6.0]]) * mV
    for reduce in (np.mean, np.std, np.min, np.max, np.sum):
        expected = reduce(trace.value, axis=0)
        got = reduce(trace, axis=0)
        assert got.unit == mV
        np.testing.assert_array_equal(got.value, expected)
    assert np.std(trace, ddof=1).value == np.std(trace.value, ddof=1)
