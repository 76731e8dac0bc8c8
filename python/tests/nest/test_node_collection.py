"""NodeCollection: algebra, text, parameters, validity."""

import json
import time

import numpy as np
import pytest

import ovenbird.nest as nest

PAD = "\n" + " " * 15


@pytest.fixture
def alpha() -> nest.NodeCollection:
    return nest.Create("iaf_psc_alpha", 3)


@pytest.fixture
def mixed(alpha: nest.NodeCollection) -> nest.NodeCollection:
    return alpha + nest.Create("iaf_psc_exp", 4)


def test_text(mixed: nest.NodeCollection) -> None:
    one = "NodeCollection(metadata=None, model=iaf_psc_alpha, size=1, first=2)"
    assert repr(mixed[1]) == one
    assert str(nest.NodeCollection()) == "NodeCollection(<empty>)"
    assert str(mixed) == (
        f"NodeCollection(metadata=None,{PAD}model=iaf_psc_alpha, size=3, first=1, last=3;"
        f"{PAD}model=iaf_psc_exp, size=4, first=4, last=7)"
    )
    assert str(mixed[::2]) == (
        f"NodeCollection(metadata=None,{PAD}model=iaf_psc_alpha, size=2, first=1, last=3, step=2;"
        f"{PAD}model=iaf_psc_exp, size=2, first=5, last=7, step=2)"
    )


def test_indices_and_slices(mixed: nest.NodeCollection) -> None:
    ids = list(range(1, 8))
    assert [node.tolist()[0] for node in mixed] == ids
    for index in range(-7, 7):
        assert mixed[index].tolist() == [ids[index]]
    assert mixed[1:6].tolist() == ids[1:6]
    assert mixed[1:6:2].tolist() == ids[1:6:2]
    assert mixed[::2][1:3].tolist() == ids[::2][1:3]
    assert mixed[[0, 3]].tolist() == [1, 4]
    assert mixed[(2, -1)].tolist() == [3, 7]
    assert mixed[np.array([0, 6])].tolist() == [1, 7]
    assert mixed[[True, False] * 3 + [True]].tolist() == [1, 3, 5, 7]
    assert len(mixed[[]]) == 0


@pytest.mark.parametrize(
    ("key", "error"),
    [
        (7, IndexError),
        (-8, IndexError),
        (slice(7, None), IndexError),
        (slice(None, 8), IndexError),
        (slice(None, None, -1), IndexError),
        (slice(2, 2), nest.NESTErrors.BadParameter),
        ([3, 1], nest.NESTErrors.BadProperty),
        ([1, 1], ValueError),
        ([1, 9], IndexError),
        ([1.0], TypeError),
        ([1, True], TypeError),
        ([True] * 3, IndexError),
        (np.array([[1]]), TypeError),
        ("a", IndexError),
    ],
)
def test_bad_indices(mixed: nest.NodeCollection, key: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        mixed[key]


def test_sums(alpha: nest.NodeCollection) -> None:
    more = nest.Create("iaf_psc_alpha", 2)
    assert (alpha + more).tolist() == [1, 2, 3, 4, 5]
    assert more + alpha == alpha + more == sum([alpha, more])
    assert "size=5, first=1, last=5" in str(alpha + more)
    assert alpha + nest.NodeCollection() == alpha
    with pytest.raises(nest.NESTErrors.BadProperty, match="overlapping"):
        alpha + alpha[:1]
    with pytest.raises(nest.NESTErrors.BadProperty, match="sliced composite"):
        (alpha + more)[::2] + alpha[1]
    with pytest.raises(TypeError):
        alpha + 1


def test_a_layer_joins_several_ranges(mixed: nest.NodeCollection) -> None:
    layer = nest.Create("parrot_neuron", positions=nest.spatial.grid([2, 2]))
    total = mixed + layer
    assert total.tolist() == mixed.tolist() + layer.tolist() and total.spatial is None
    assert str(total).startswith("NodeCollection(metadata=None,")
    assert (total + nest.Create("parrot_neuron")).tolist()[-1] == layer[-1].global_id + 1
    for left, right in ((layer, mixed), (mixed[:1], layer), (layer[:2], layer[2:])):
        with pytest.raises(nest.NESTErrors.BadProperty, match="same metadata"):
            left + right


def test_comparison(alpha: nest.NodeCollection) -> None:
    assert alpha == nest.NodeCollection([1, 2, 3])
    assert alpha[::2] == nest.NodeCollection([1, 3])
    assert alpha != nest.NodeCollection([1, 2])
    with pytest.raises(NotImplementedError):
        alpha == 3  # noqa: B015
    with pytest.raises(TypeError):
        hash(alpha)


def test_from_ids(mixed: nest.NodeCollection) -> None:
    assert nest.NodeCollection(range(2, 6)).tolist() == [2, 3, 4, 5]
    assert nest.NodeCollection(np.array([1, 5], dtype=np.uint64)).tolist() == [1, 5]
    assert not nest.NodeCollection([])
    for ids, error in [
        ([2, 2], nest.NESTErrors.BadProperty),
        ([3, 2], nest.NESTErrors.BadProperty),
        ([99], nest.NESTErrors.UnknownNode),
        ([0], nest.NESTErrors.UnknownNode),
        ([-1], OverflowError),
        (["a"], TypeError),
        ([1.5], TypeError),
    ]:
        with pytest.raises(error):
            nest.NodeCollection(ids)


def test_membership(mixed: nest.NodeCollection) -> None:
    assert 3 in mixed and 8 not in mixed and -1 not in mixed
    assert mixed[::2].index(5) == 2
    with pytest.raises(ValueError, match="2 is not in"):
        mixed[::2].index(2)
    with pytest.raises(TypeError):
        "a" in mixed  # noqa: B015


def test_arrays(mixed: nest.NodeCollection) -> None:
    assert np.array(mixed).tolist() == mixed.tolist() == list(range(1, 8))
    assert np.array(mixed, dtype=float).dtype == np.float64
    assert mixed._to_array() == {"All": mixed.tolist()}
    assert mixed._to_array("rank") == {"Rank 0": mixed.tolist()}
    with pytest.raises(nest.NESTErrors.BadParameter):
        mixed._to_array("foo")


def test_ids_by_thread() -> None:
    nest.local_num_threads = 2
    nodes = nest.Create("iaf_psc_alpha", 5)
    assert nodes._to_array("thread") == {0: [2, 4], 1: [1, 3, 5]}


def test_get(mixed: nest.NodeCollection) -> None:
    mixed.C_m = [200.0 + i for i in range(7)]
    assert mixed.C_m == tuple(200.0 + i for i in range(7))
    assert mixed[1].get("C_m") == 201.0
    assert mixed[0].get(["C_m", "V_m"]) == {"C_m": 200.0, "V_m": -70.0}
    assert mixed.get(("C_m",)) == {"C_m": mixed.C_m}
    assert mixed.get()["C_m"] == mixed.C_m
    assert mixed.V_min[:3] == (-np.inf,) * 3
    assert mixed.V_min[3:] == (None,) * 4
    assert mixed.spatial is None
    assert json.loads(mixed.get("C_m", output="json")) == list(mixed.C_m)
    assert isinstance(mixed[0].global_id, int)


def test_get_table(mixed: nest.NodeCollection) -> None:
    pytest.importorskip("pandas")
    table = mixed.get(["C_m", "model"], output="pandas")
    assert list(table.index) == mixed.tolist()
    assert list(table["model"]) == list(mixed.model)
    assert mixed[0].get("C_m", output="pandas").shape == (1, 1)


def test_get_errors(alpha: nest.NodeCollection) -> None:
    with pytest.raises(KeyError, match="did you mean 'tau_m'"):
        alpha.get("tau_mm")
    with pytest.raises(KeyError):
        alpha.get(["V_m", "foo"])
    assert not hasattr(alpha, "foo")
    with pytest.raises(TypeError, match=r"pass a list: get\(\['V_m', 'C_m'\]\)"):
        alpha.get("V_m", "C_m")
    with pytest.raises(TypeError):
        alpha.get(3)
    with pytest.raises(ValueError, match="empty"):
        nest.NodeCollection().get()
    with pytest.raises(AttributeError):
        nest.NodeCollection().V_m  # noqa: B018


def test_hierarchical_get() -> None:
    recorders = nest.Create("spike_recorder", 2)
    times = recorders.get("events", "times")
    assert len(times) == 2 and all(len(t) == 0 for t in times)
    assert set(recorders.get("events", ["times", "senders"])) == {"times", "senders"}
    assert len(recorders[0].get("events", "times")) == 0
    with pytest.raises(KeyError):
        recorders.get("events", "foo")
    with pytest.raises(TypeError):
        recorders.get(["events"], "times")


def test_set(alpha: nest.NodeCollection) -> None:
    alpha.set(V_m=-60.0)
    assert alpha.V_m == (-60.0,) * 3
    alpha.set({"V_m": np.array([1.0, 2.0, 3.0]), "C_m": 100.0})
    assert alpha.V_m == (1.0, 2.0, 3.0)
    alpha.set([{"V_m": 4.0}, {"V_m": 5.0}, {"V_m": 6.0}])
    assert alpha.V_m == (4.0, 5.0, 6.0)
    alpha.set([{"V_m": 7.0}, {}, {"C_m": 90.0}])
    assert alpha.V_m == (7.0, 5.0, 6.0)
    assert alpha.C_m == (100.0, 100.0, 90.0)
    alpha[::2].V_m = -50.0
    assert alpha.V_m == (-50.0, 5.0, -50.0)
    alpha.V_m = nest.CreateParameter("constant", {"value": -65.0}) + 1
    assert alpha.V_m == (-64.0,) * 3
    nest.NodeCollection().set()


def test_a_single_dictionary_is_for_all(alpha: nest.NodeCollection) -> None:
    alpha.set([{"V_m": -63.0, "C_m": 200.0}])
    assert set(alpha.V_m) == {-63.0} and set(alpha.C_m) == {200.0}
    nest.SetStatus(alpha, ({"V_m": -62.0},))
    assert set(alpha.V_m) == {-62.0}
    with pytest.raises(nest.NESTErrors.BadParameter):
        alpha.set([{"V_m": -61.0}] * (len(alpha) - 1))
    with pytest.raises(nest.NESTErrors.BadParameter):
        alpha.set([])


def test_set_errors_change_nothing(alpha: nest.NodeCollection) -> None:
    with pytest.raises(nest.NESTErrors.UnaccessedDictionaryEntry):
        alpha.set({"V_m": 0.0, "foo": 1.0})
    with pytest.raises(IndexError):
        alpha.V_m = [1.0, 2.0]
    with pytest.raises(TypeError):
        alpha.set({"V_m": 1.0}, C_m=3.0)
    with pytest.raises(TypeError):
        alpha.set()
    with pytest.raises(nest.NESTErrors.BadParameter, match="same size as the NodeCollection"):
        alpha.set([{"V_m": 0.0}] * 4)
    with pytest.raises(nest.NESTErrors.BadParameter):
        nest.SetStatus(alpha, [{"V_m": 0.0}] * 2)
    with pytest.raises(nest.NESTErrors.TypeMismatch, match="V_m must be a number"):
        alpha.V_m = alpha
    assert alpha.V_m == (-70.0,) * 3


def test_vectors_are_not_split() -> None:
    generators = nest.Create("spike_generator", 2, {"spike_times": [1.0, 2.0]})
    for generator in generators:
        assert list(generator.spike_times) == [1.0, 2.0]


def test_reset_invalidates(alpha: nest.NodeCollection) -> None:
    nest.ResetKernel()
    nest.Create("iaf_psc_exp", 3)
    for use in (
        lambda: alpha.V_m,
        lambda: alpha.set(V_m=1.0),
        lambda: alpha[0],
        lambda: alpha + nest.NodeCollection([1]),
        lambda: nest.Connect(alpha, alpha),
        lambda: nest.GetConnections(alpha),
    ):
        with pytest.raises(nest.NESTError, match="InvalidNodeCollection"):
            use()
    assert alpha.tolist() == [1, 2, 3]


def test_a_large_population_is_read_fast() -> None:
    nodes = nest.Create("iaf_psc_alpha", 100_000)
    best = np.inf
    for _ in range(5):
        begin = time.perf_counter()
        values = nodes.V_m
        best = min(best, time.perf_counter() - begin)
    assert len(values) == 100_000
    assert best < 0.05


def test_create() -> None:
    assert nest.Create("iaf_psc_alpha", {"V_m": 3.0}).V_m == 3.0
    assert nest.Create("iaf_psc_alpha", 2.0, [{"V_m": 1.0}, {"V_m": 2.0}]).V_m == (1.0, 2.0)
    size = nest.network_size
    for args, error in [
        (("iaf_psc_alphaa",), nest.NESTErrors.UnknownModelName),
        (("iaf_psc_alpha", 0), nest.NESTErrors.BadParameterValue),
        (("iaf_psc_alpha", 2.5), TypeError),
        (("iaf_psc_alpha", "2"), TypeError),
        (("iaf_psc_alpha", 2, 3), TypeError),
        (("iaf_psc_alpha", 2, ()), TypeError),
        (("iaf_psc_alpha", 2, [{}]), TypeError),
    ]:
        with pytest.raises(error):
            nest.Create(*args)
    assert nest.network_size == size
    with pytest.raises(TypeError):
        nest.Create("iaf_psc_alpha", positions=[[0.0, 0.0]])


def test_find_nodes(mixed: nest.NodeCollection, capsys: pytest.CaptureFixture[str]) -> None:
    mixed[4].V_m = -60.0
    assert nest.GetNodes() == mixed
    assert nest.GetNodes({"model": "iaf_psc_exp"}).tolist() == [4, 5, 6, 7]
    assert nest.GetNodes({"V_m": -60.0}).tolist() == [5]
    assert not nest.GetNodes({"V_m": 3.0})
    nest.PrintNodes()
    assert capsys.readouterr().out == "1 .. 3 iaf_psc_alpha\n4 .. 7 iaf_psc_exp\n"


def test_status_functions(alpha: nest.NodeCollection) -> None:
    nest.SetStatus(alpha, "V_m", [1.0, 2.0, 3.0])
    assert nest.GetStatus(alpha, "V_m") == (1.0, 2.0, 3.0)
    assert nest.GetStatus(alpha[0], ["V_m", "C_m"]) == ((1.0, 250.0),)
    assert nest.GetStatus(alpha)[2]["V_m"] == 3.0
    assert nest.GetStatus(nest.NodeCollection()) == ()
    assert json.loads(nest.GetStatus(alpha, "V_m", output="json")) == [1.0, 2.0, 3.0]
    with pytest.raises(TypeError):
        nest.GetStatus(3)
