"""Attributes of the kernel on the module, and the functions that set and get them."""

import inspect
import warnings

import numpy as np
import pytest

import ovenbird.nest as nest
from ovenbird.nest.kernel_attributes import ATTRIBUTES


@pytest.mark.parametrize("name", sorted(set(ATTRIBUTES) - {"cycle_time_log"}))
def test_each_attribute_has_value_and_doc(name: str) -> None:
    attribute = getattr(type(nest), name)
    assert attribute.__doc__.count(":type:") == 1
    value = getattr(nest, name)
    if attribute.default is not None:
        assert value == attribute.default
        assert type(value).__name__ == attribute.kind


@pytest.mark.parametrize("name", sorted(n for n, a in ATTRIBUTES.items() if a.readonly))
def test_readonly(name: str) -> None:
    with pytest.raises(AttributeError, match="read only"):
        setattr(nest, name, 1)
    with pytest.raises(ValueError, match="readonly"):
        nest.SetKernelStatus({name: 1})


def test_set_and_get() -> None:
    nest.rng_seed = 12
    assert nest.rng_seed == nest.get("rng_seed") == nest.GetKernelStatus("rng_seed") == 12
    nest.set(rng_seed=13, resolution=0.2)
    assert nest.get("rng_seed", "resolution") == (13, 0.2)
    assert nest.GetKernelStatus(["resolution", "rng_seed"]) == (0.2, 13)
    assert nest.kernel_status["resolution"] == 0.2
    nest.ResetKernel()
    assert nest.resolution == 0.1


def test_unknown_names() -> None:
    with pytest.raises(AttributeError, match="did you mean 'rng_seed'"):
        nest.rng_sed = 3
    with pytest.raises(AttributeError, match="did you mean 'resolution'"):
        nest.resolutio  # noqa: B018
    with pytest.raises(ValueError, match="did you mean 'resolution'"):
        nest.SetKernelStatus({"resolutio": 0.2})
    with pytest.raises(KeyError):
        nest.GetKernelStatus("foo")
    with pytest.raises(TypeError):
        nest.GetKernelStatus(42)
    with pytest.raises(AttributeError):
        nest.Create = 3
    with pytest.raises(AttributeError):
        del nest.rng_seed


def test_a_bad_entry_leaves_all_others_alone() -> None:
    with pytest.raises(ValueError):
        nest.SetKernelStatus({"rng_seed": 99, "foo": 1})
    with pytest.raises(nest.NESTErrors.TypeMismatch):
        nest.set(rng_seed=99, verbosity=20)
    assert nest.rng_seed == 143202461


def test_unknown_names_can_be_ignored(capsys: pytest.CaptureFixture[str]) -> None:
    nest.dict_miss_is_error = False
    nest.SetKernelStatus({"foo": 1, "rng_seed": 7})
    assert nest.rng_seed == 7
    assert "[WARNING]" in capsys.readouterr().out


def test_attributes_that_contradict_each_other_are_refused() -> None:
    nest.set(total_num_virtual_procs=2, local_num_threads=2)
    for all_threads, threads in ((1, 2), (3, 2), (2, 1)):
        with pytest.raises(nest.NESTErrors.BadProperty, match="local_num_threads"):
            nest.set(total_num_virtual_procs=all_threads, local_num_threads=threads)
    assert nest.local_num_threads == 2
    nest.set(eprop_update_interval=3000.0, eprop_learning_window=2000.0)
    for bad in (
        {"eprop_learning_window": 3001.0},
        {"eprop_learning_window": 0.0},
        {"eprop_update_interval": -1.0},
        {"eprop_update_interval": 10.0, "eprop_learning_window": 20.0},
    ):
        with pytest.raises(nest.NESTErrors.BadProperty, match="eprop"):
            nest.set(**bad)
    assert nest.get("eprop_update_interval", "eprop_learning_window") == (3000.0, 2000.0)
    nest.set(eprop_update_interval=1000.0, eprop_learning_window=1000.0)


def test_unknown_keys_of_a_rule_can_be_ignored() -> None:
    nodes = nest.Create("iaf_psc_alpha", 2)
    rule = {"rule": "one_to_one", "indegre": 2}
    pool = {"rule": "third_factor_bernoulli_with_pool", "size": 2}
    with pytest.raises(nest.NESTErrors.UnaccessedDictionaryEntry, match="indegre"):
        nest.Connect(nodes, nodes, rule)
    with pytest.raises(nest.NESTErrors.UnaccessedDictionaryEntry, match="size"):
        nest.TripartiteConnect(nodes, nodes, nodes, {"rule": "one_to_one"}, pool)
    assert nest.num_connections == 0
    nest.dict_miss_is_error = False
    nest.Connect(nodes, nodes, rule)
    assert nest.num_connections == 2
    nest.TripartiteConnect(nodes, nodes, nodes, rule, pool)
    assert nest.num_connections == 8


def test_nodes_of_a_model_are_counted_by_thread() -> None:
    nest.local_num_threads = 2
    for model, counts in (("parrot_neuron", [2, 3]), ("spike_recorder", [5, 5])):
        nest.Create(model, 5)
        defaults = nest.GetDefaults(model)
        assert defaults["instantiations"].tolist() == defaults["capacity"].tolist() == counts
        assert defaults["available"].tolist() == [0, 0]
        place = [defaults[key] for key in ("global_id", "thread", "thread_local_id", "vp", "local")]
        assert place == [0, -1, -1, -1, True]
    with pytest.raises(nest.NESTErrors.UnaccessedDictionaryEntry, match="vp"):
        nest.SetDefaults("parrot_neuron", {"vp": 1})


def test_names_for_completion() -> None:
    names = dir(nest)
    assert {*nest.__all__, "resolution", "raster_plot", "get", "set"} - {"_kernel"} <= set(names)
    assert "Create" in dict(inspect.getmembers(nest)) and not hasattr(nest, "cycle_time_log")
    assert not {"Any", "sys", "annotations", "TYPE_CHECKING", "node_collection"} & set(names)


def test_verbosity_survives_a_reset(capsys: pytest.CaptureFixture[str]) -> None:
    nest.set_verbosity("M_WARNING")
    nest.ResetKernel()
    assert nest.verbosity is nest.get_verbosity() is nest.VerbosityLevel.WARNING
    nest.message("quiet")
    nest.message("loud", nest.VerbosityLevel.ERROR, function="f")
    nest.message(30, "g", "old order")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("[ERROR] [") and lines[0].endswith("] f: loud")
    assert lines[1].endswith("] g: old order")
    nest.set_verbosity(10)
    assert nest.verbosity is nest.VerbosityLevel.INFO
    with pytest.raises(AttributeError, match="did you mean"):
        nest.set_verbosity("M_WARNIN")


def test_defaults() -> None:
    assert nest.GetDefaults("iaf_psc_alpha", "C_m") == 250.0
    assert nest.GetDefaults("iaf_psc_alpha", ["C_m", "E_L"]) == [250.0, -70.0]
    nest.SetDefaults("iaf_psc_alpha", {"C_m": 200.0})
    nest.SetDefaults("iaf_psc_alpha", "E_L", -65.0)
    assert nest.Create("iaf_psc_alpha").get(["C_m", "E_L"]) == {"C_m": 200.0, "E_L": -65.0}
    nest.CopyModel("iaf_psc_alpha", "mine", {"C_m": 100.0})
    assert nest.Create("mine").C_m == 100.0
    nest.ResetKernel()
    assert "mine" not in nest.node_models
    assert nest.GetDefaults("iaf_psc_alpha", "C_m") == 250.0


def test_backends_have_no_defaults() -> None:
    assert nest.GetDefaults("ascii") == {"element_type": "recording_backend"}
    with pytest.raises(nest.NESTErrors.UnaccessedDictionaryEntry, match="recorders"):
        nest.SetDefaults("ascii", {"precision": 5})


def test_defaults_refuse_what_is_not_single() -> None:
    for value in ([1.0], np.array([1.0]), nest.random.uniform()):
        with pytest.raises(ValueError, match="single parameter values"):
            nest.SetDefaults("iaf_psc_alpha", {"V_m": value})
    nest.SetDefaults("spike_generator", {"spike_times": [1.0, 2.0]})
    assert list(nest.GetDefaults("spike_generator", "spike_times")) == [1.0, 2.0]
    with pytest.raises(nest.NESTErrors.UnknownComponent, match="did you mean 'iaf_psc_exp'"):
        nest.GetDefaults("iaf_psc_expp")
    with pytest.raises(KeyError, match="did you mean"):
        nest.GetDefaults("iaf_psc_alpha", "tau_mm")
    with pytest.raises(nest.NESTErrors.NewModelNameExists):
        nest.CopyModel("iaf_psc_alpha", "iaf_psc_exp")
    with pytest.raises(nest.NESTErrors.UnknownModelName):
        nest.CopyModel("iaf_psc_alphaa", "mine")


def test_names() -> None:
    assert nest.Models("nodes") == tuple(sorted(nest.node_models))
    assert nest.Models("synapses", sel="static") == tuple(
        name for name in sorted(nest.synapse_models) if "static" in name
    )
    assert nest.ConnectionRules() == tuple(sorted(nest.connection_rules))
    with pytest.raises(ValueError):
        nest.Models("foo")
    assert set(nest.__all__) <= set(dir(type(nest))) | set(vars(nest))
    assert {"resolution", "Create", "raster_plot"} <= set(dir(nest))


def test_processes() -> None:
    assert nest.Rank() == 0
    assert nest.NumProcesses() == nest.num_processes == 1
    nest.local_num_threads = 3
    assert list(nest.GetLocalVPs()) == [0, 1, 2]
    assert nest.total_num_virtual_procs == 3


def test_build_info() -> None:
    info = nest.build_info
    assert info["version"] == nest.__version__
    assert info["have_gsl"] and not info["have_mpi"]


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    text = nest.help("iaf_psc_alpha", return_text=True)
    assert "C_m" in text and "pF" in text and "250" in text
    nest.help("iaf_psc_alpha")
    assert capsys.readouterr().out == text
    assert "did you mean 'iaf_psc_alpha'" in nest.help("iaf_psc_alpa", return_text=True)
    assert "nest.node_models" in nest.help(return_text=True)


def test_settings_without_effect_warn_once() -> None:
    from ovenbird.nest._state import front

    front.warned.clear()
    with pytest.warns(UserWarning, match="`buffer_size_spike_data` has no effect"):
        nest.buffer_size_spike_data = 100
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nest.buffer_size_spike_data = 200
        nest.keep_source_table = nest.keep_source_table
    assert nest.buffer_size_spike_data == 200
    nest.buffer_size_spike_data = 2
    with pytest.raises(nest.NESTErrors.BadProperty, match="must be >= 0, got -1"):
        nest.spike_buffer_grow_extra = -1.0


def test_timers() -> None:
    nodes = nest.Create("iaf_psc_alpha", 100)
    nest.Connect(nodes, nodes)
    nest.Simulate(10.0)
    assert 0 < nest.time_construction_create < 60
    assert 0 < nest.time_construction_connect < 60
    assert 0 < nest.time_simulate < 60
    with pytest.raises(AttributeError, match="read only"):
        nest.time_simulate = 0.0
    nest.ResetKernel()
    assert nest.time_simulate == 0.0


def test_processor_time() -> None:
    nest.ResetKernel()
    names = ["simulate", "construction_create", "construction_connect", "communicate_prepare"]
    assert nest.GetKernelStatus([f"time_{name}_cpu" for name in names]) == (0.0,) * 4
    nodes = nest.Create("iaf_psc_alpha", 2000)
    nest.Connect(nodes, nodes, {"rule": "fixed_indegree", "indegree": 500})
    for node in nodes[:20]:
        nest.Connect(node, node)
    nest.Simulate(50.0)
    for name in names:
        assert 0.0 < nest.GetKernelStatus(f"time_{name}_cpu") < 60.0
    # one thread cannot use more processor time than passes, but for the grain of the clocks
    spent = nest.GetKernelStatus("time_simulate_cpu")
    assert spent <= 1.1 * nest.GetKernelStatus("time_simulate") + 0.01
    with pytest.raises(ValueError):
        nest.SetKernelStatus({"time_simulate_cpu": 0.0})
