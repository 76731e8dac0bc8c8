"""Completion in IPython shows what a collection has."""

from __future__ import annotations

import builtins
import warnings

import pytest

import ovenbird.nest as nest

interactive = pytest.importorskip("IPython.core.interactiveshell")


@pytest.fixture(scope="module")
def shell():
    before = vars(builtins).copy()
    shell = interactive.InteractiveShell.instance()
    yield shell
    interactive.InteractiveShell.clear_instance()
    # other packages take these names as the sign of an interactive session
    for name in vars(builtins).keys() - before.keys():
        delattr(builtins, name)


def completions(shell, text):
    from IPython.core.completer import provisionalcompleter

    with provisionalcompleter(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {match.text for match in shell.Completer.completions(text, len(text))}


@pytest.fixture(autouse=True)
def names(shell):
    nest.ResetKernel()
    neurons = nest.Create("iaf_psc_alpha", 2)
    nest.Connect(neurons, neurons, syn_spec="stdp_synapse")
    shell.user_ns.update(nest=nest, neurons=neurons, conns=nest.GetConnections())


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("neurons.V_", {"V_m", "V_th", "V_reset"}),
        ("neurons.tau_s", {"tau_syn_ex", "tau_syn_in"}),
        ("conns.tau_", {"tau_plus"}),
        ("nest.reso", {"resolution"}),
        ("nest.GetC", {"GetConnections"}),
        ("nest.random.unif", {"uniform", "uniform_int"}),
    ],
)
def test_attributes(shell, text, wanted):
    assert wanted <= completions(shell, text)
