"""Synapse models with parameters or state of their own: keys, labels, errors, chance."""

import numpy as np
import pytest

import ovenbird.nest as nest
from ovenbird import errors


def connect(model: str, pairs: int = 1, **params: object) -> nest.SynapseCollection:
    pre, post = nest.Create("parrot_neuron", pairs), nest.Create("iaf_psc_alpha", pairs)
    nest.Connect(pre, post, "one_to_one", {"synapse_model": model, **params})
    return nest.GetConnections(pre, post)


def test_every_spike_synapse_has_its_variants() -> None:
    names = [n for n in nest.synapse_models if not n.endswith(("_hpc", "_lbl"))]
    assert {f"{n}{s}" for n in names if n != "gap_junction" for s in ("", "_hpc", "_lbl")} == set(
        nest.synapse_models
    ) - {"gap_junction"}
    for name in names:
        if name != "gap_junction":
            plain, labeled = nest.GetDefaults(name), nest.GetDefaults(f"{name}_lbl")
            assert labeled["synapse_label"] == -1 and "synapse_label" not in plain
            assert plain.keys() | {"synapse_label"} == labeled.keys()


def test_parameters_come_as_numbers_arrays_and_draws() -> None:
    conns = connect(
        "stdp_synapse",
        4,
        weight=[1.0, 2.0, 3.0, 4.0],
        tau_plus=[10.0, 20.0, 30.0, 40.0],
        alpha=nest.random.uniform(1.0, 2.0),
        Kplus=0.5,
    )
    assert conns.tau_plus == [10.0, 20.0, 30.0, 40.0]
    assert len(set(conns.alpha)) == 4 and all(1.0 <= a < 2.0 for a in conns.alpha)
    assert conns.Kplus == [0.5] * 4 and conns.weight == [1.0, 2.0, 3.0, 4.0]
    conns[1:3].set(tau_plus=[7.0, 8.0], weight=5.0)
    assert conns.tau_plus == [10.0, 7.0, 8.0, 40.0]
    assert conns.weight == [1.0, 5.0, 5.0, 4.0]
    conns[2].disconnect()
    assert nest.GetConnections().tau_plus == [10.0, 7.0, 40.0]


def test_common_properties_are_set_for_the_model_alone() -> None:
    conns = connect("stdp_pl_synapse_hom", 2, Kplus=[0.25, 0.5])
    with pytest.raises(errors.NotImplemented, match=r'"mu" can only be set via SetDefaults\(\)'):
        connect("stdp_pl_synapse_hom", mu=0.5)
    with pytest.raises(errors.UnaccessedDictionaryEntry, match="mu of a stdp_pl_synapse_hom"):
        conns.set(mu=0.5)
    nest.SetDefaults("stdp_pl_synapse_hom", {"mu": 0.5})
    assert nest.GetDefaults("stdp_pl_synapse_hom", "mu") == 0.5
    assert "mu" not in conns[0].get() and conns.Kplus == [0.25, 0.5]


def test_a_common_weight_belongs_to_the_model() -> None:
    conns = connect("static_synapse_hom_w", 2)
    other = connect("static_synapse", weight=3.0)
    with pytest.raises(errors.NotImplemented, match='"weight" can only be set'):
        connect("static_synapse_hom_w", weight=3.0)
    with pytest.raises(errors.UnaccessedDictionaryEntry, match="weight"):
        conns.set(weight=2.0)
    with pytest.raises(KeyError):
        conns[0].get("weight")
    assert len(other) == 1
    assert nest.GetConnections().get("weight") == [3.0, None, None]


@pytest.mark.parametrize("source", ["parrot_neuron", "poisson_generator"])
def test_labels_find_connections(source: str) -> None:
    pre, post = nest.Create(source), nest.Create("iaf_psc_alpha", 3)
    spec = {"synapse_model": "static_synapse_lbl", "weight": 2.0}
    nest.Connect(pre, post[:2], syn_spec={**spec, "synapse_label": 7})
    nest.Connect(pre, post[2], syn_spec=spec)
    found = nest.GetConnections(synapse_label=7)
    assert list(found.targets()) == post[:2].tolist() and found.weight == [2.0, 2.0]
    assert sorted(nest.GetConnections(pre).synapse_label) == [-1, 7, 7]
    found[0].synapse_label = 8
    assert len(nest.GetConnections(synapse_label=7)) == 1
    assert list(nest.GetConnections(synapse_label=8).targets()) == [post[0].global_id]
    with pytest.raises(errors.BadProperty, match="synapse_label"):
        found.set(synapse_label=-2)
    with pytest.raises(errors.UnaccessedDictionaryEntry, match="synapse_label"):
        nest.Connect(pre, post, syn_spec={"synapse_label": 1})


@pytest.mark.parametrize(
    ("model", "params", "error", "words"),
    [
        ("stdp_synapse", {"weight": -1.0, "Wmax": 3.0}, errors.BadProperty, "same sign"),
        ("stdp_synapse", {"Kplus": -1.0}, errors.BadProperty, "Kplus"),
        ("stdp_synapse", {"Wmx": 1.0}, errors.UnaccessedDictionaryEntry, "did you mean 'Wmax'"),
        ("tsodyks_synapse", {"U": 1.5}, errors.BadProperty, "U must be"),
        ("tsodyks_synapse", {"x": 0.7, "y": 0.5}, errors.BadProperty, "x \\+ y must be <= 1"),
        ("bernoulli_synapse", {"p_transmit": [1.5]}, errors.BadProperty, "p_transmit"),
        ("quantal_stp_synapse", {"n": 2.5}, errors.TypeMismatch, "n"),
        ("stdp_synapse_hpc", {"receptor_type": 1}, errors.IllegalConnection, "rport==0"),
    ],
)
def test_what_does_not_fit_is_refused(
    model: str, params: dict[str, object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        connect(model, **params)
    assert nest.num_connections == 0


def test_a_set_that_fails_changes_nothing() -> None:
    conns = connect("stdp_synapse", 2)
    with pytest.raises(errors.BadProperty, match="Setting status of 'stdp_synapse' connecting"):
        conns.set(weight=[2.0, -2.0])
    assert conns.weight == [1.0, 1.0]


def test_ends_that_a_model_cannot_have() -> None:
    neuron, recorder = nest.Create("iaf_psc_alpha"), nest.Create("spike_recorder")
    noise = nest.Create("poisson_generator")
    with pytest.raises(errors.IllegalConnection, match="does not support STDP"):
        nest.Connect(neuron, recorder, syn_spec="stdp_synapse")
    for model in ("stdp_synapse", "tsodyks_synapse"):
        with pytest.raises(errors.IllegalConnection, match="does not support spike input"):
            nest.Connect(noise, neuron, syn_spec=model)
    nest.Connect(neuron, recorder, syn_spec="tsodyks_synapse")
    nest.Connect(noise, neuron, syn_spec="static_synapse_hom_w")
    assert nest.num_connections == 2


def test_the_weight_recorder_sees_what_is_sent() -> None:
    recorder = nest.Create("weight_recorder")
    nest.CopyModel("tsodyks2_synapse", "recorded", {"weight_recorder": recorder})
    generator = nest.Create("spike_generator", params={"spike_times": [10.0, 20.0]})
    pre, post = nest.Create("parrot_neuron"), nest.Create("iaf_psc_alpha")
    nest.Connect(generator, pre)
    nest.Connect(pre, post, syn_spec={"synapse_model": "recorded", "weight": 8.0})
    nest.Simulate(30.0)
    x = 1.0 - 0.5 * np.exp(-10.0 / 800.0)
    np.testing.assert_allclose(recorder.events["weights"], [4.0, 8.0 * 0.5 * x], rtol=1e-14)


def test_chance_transmits_the_expected_fraction() -> None:
    pre, post = nest.Create("parrot_neuron"), nest.Create("parrot_neuron", 400)
    generator = nest.Create("spike_generator", params={"spike_times": np.arange(1.0, 51.0)})
    nest.Connect(generator, pre)
    nest.Connect(pre, post, syn_spec={"synapse_model": "bernoulli_synapse", "p_transmit": 0.3})
    recorder = nest.Create("spike_recorder")
    nest.Connect(post, recorder)
    nest.Simulate(60.0)
    n, p = 400 * 50, 0.3
    # four standard deviations
    assert abs(recorder.n_events - n * p) < 4 * np.sqrt(n * p * (1 - p))
    counts = np.bincount(recorder.events["senders"], minlength=402)[2:402]
    assert abs(counts.var() / (50 * p * (1 - p)) - 1.0) < 4 * np.sqrt(2 / 400)


def test_histories_are_kept_for_plastic_inputs_alone() -> None:
    nest.SetDefaults("iaf_psc_alpha", {"I_e": 800.0})
    plastic, plain = nest.Create("iaf_psc_alpha"), nest.Create("iaf_psc_alpha")
    pre = nest.Create("parrot_neuron")
    nest.Connect(pre, plastic, syn_spec="stdp_synapse")
    nest.Connect(pre, plain)
    nest.Simulate(100.0)
    assert plastic.archiver_length > 2 and plain.archiver_length == 0
    assert plastic.t_spike == plain.t_spike > 0.0


@pytest.mark.parametrize("model", ["static_synapse", "stdp_synapse"])
def test_the_weight_recorder_tells_multapses_apart(model: str) -> None:
    """Its ports are those by which GetConnections tells connections apart."""
    recorder = nest.Create("weight_recorder")
    nest.CopyModel(model, "recorded", {"weight_recorder": recorder})
    source = nest.Create("spike_generator", params={"spike_times": [1.0, 4.0]})
    pre, post = nest.Create("parrot_neuron", 2), nest.Create("iaf_psc_alpha", 2)
    nest.Connect(source, pre)
    for weight in (3.0, 2.0, 2.0):
        nest.Connect(pre, post, "all_to_all", {"synapse_model": "recorded", "weight": weight})
    nest.Simulate(10.0)
    conns = nest.GetConnections(synapse_model="recorded").get(["source", "target", "port"])
    made = sorted(zip(conns["source"], conns["target"], conns["port"], strict=True))
    events = recorder.events
    seen = zip(events["senders"], events["targets"], events["ports"], strict=True)
    assert len(set(made)) == 12
    assert sorted(seen) == sorted([tuple(row) for row in made] * 2)


def test_multimeters_need_a_receptor_that_hpc_synapses_lack() -> None:
    meter, neuron = nest.Create("multimeter"), nest.Create("iaf_psc_alpha")
    for model in ("static_synapse_hpc", "stdp_synapse", "bernoulli_synapse_lbl"):
        with pytest.raises(nest.NESTErrors.IllegalConnection):
            nest.Connect(meter, neuron, syn_spec=model)
    assert nest.num_connections == 0
    nest.Connect(meter, neuron, syn_spec="static_synapse_lbl")
