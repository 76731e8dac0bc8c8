"""The exception classes, and the names whose use is an error."""

import inspect
import pickle

import pytest

import ovenbird.nest as nest
from ovenbird import errors

CLASSES = [cls for _, cls in inspect.getmembers(errors, inspect.isclass)]


def test_the_classes_are_flat() -> None:
    assert len(set(CLASSES)) == 57
    for cls in set(CLASSES) - {errors.KernelException}:
        assert cls.__bases__ == (errors.KernelException,)
        assert cls.__doc__.startswith("Raised when ") and cls.__doc__.endswith(".")
    assert nest.NESTErrors is errors
    assert nest.NESTError is errors.KernelException is nest.ll_api.NESTError


def test_name_and_message() -> None:
    error = errors.BadProperty("C_m must be positive")
    assert (error.errorname, error.errormessage) == ("BadProperty", "C_m must be positive")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


@pytest.mark.parametrize(
    "use",
    [
        lambda: nest.set_communicator(None),
        lambda: nest.server.run_mpi_app(),
    ],
)
def test_what_is_not_available_says_so(use: object) -> None:
    with pytest.raises(errors.NotImplemented, match=r"^nest\.\w+.* is not available: \w+"):
        use()


def test_music_is_refused() -> None:
    with pytest.raises(NotImplementedError, match="MUSIC"):
        nest.SetAcceptableLatency("port", 1.0)
    with pytest.raises(NotImplementedError, match="MUSIC"):
        nest.SetMaxBuffered("port", 1)


def test_wiring_the_wrong_way_round_says_which_way_is_right() -> None:
    nest.ResetKernel()
    neuron, meter, recorder = map(nest.Create, ("iaf_psc_alpha", "multimeter", "spike_recorder"))
    with pytest.raises(errors.IllegalConnection, match="A multimeter is the source: connect"):
        nest.Connect(neuron, meter)
    with pytest.raises(errors.IllegalConnection, match="A spike recorder is the target: connect"):
        nest.Connect(recorder, neuron)
    assert nest.num_connections == 0


@pytest.mark.parametrize("resolution", [0.0, -1.0, 1e-9])
def test_a_resolution_below_a_tick_is_refused(resolution: float) -> None:
    with pytest.raises(errors.KernelException, match="at least one tick") as raised:
        nest.resolution = resolution
    assert raised.type is errors.KernelException


def test_a_spike_recorder_has_one_receptor() -> None:
    nest.ResetKernel()
    neuron, recorder = map(nest.Create, ("iaf_psc_alpha", "spike_recorder"))
    with pytest.raises(errors.UnknownReceptorType, match="Receptor type 1 .* it has 0"):
        nest.Connect(neuron, recorder, syn_spec={"receptor_type": 1})
    assert nest.num_connections == 0
