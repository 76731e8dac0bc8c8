"""An interrupt ends a run quickly, and the kernel goes on from there."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import ovenbird.nest as nest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")


@contextmanager
def interrupt_after(seconds: float) -> Iterator[list[float]]:
    """Send SIGINT to this process; gives a list that will hold the time of sending."""
    sent: list[float] = []

    def send() -> None:
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    # a process started in the background may have been told to ignore the signal
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(seconds, send)
    timer.start()
    try:
        yield sent
    finally:
        timer.cancel()
        timer.join()
        signal.signal(signal.SIGINT, handler)


@pytest.fixture(autouse=True, params=[1, 2])
def network(request):
    """A network that would run for hours, on one and on two threads."""
    nest.ResetKernel()
    nest.local_num_threads = request.param
    neurons = nest.Create("iaf_psc_alpha", 200, params={"I_e": 400.0})
    nest.Connect(neurons, neurons, {"rule": "fixed_indegree", "indegree": 10}, {"weight": 1.0})
    yield neurons
    nest.ResetKernel()


def test_simulate_returns_within_a_second():
    with interrupt_after(0.3) as sent, pytest.raises(KeyboardInterrupt):
        nest.Simulate(1e8)
    assert time.monotonic() - sent[0] < 1.0


def test_the_kernel_is_usable_afterwards(network):
    recorder = nest.Create("spike_recorder")
    nest.Connect(network, recorder)
    with interrupt_after(0.3), pytest.raises(KeyboardInterrupt):
        nest.Simulate(1e8)
    reached = nest.biological_time
    assert 0.0 < reached < 1e8
    nest.Simulate(50.0)
    assert nest.biological_time == pytest.approx(reached + 50.0)
    assert recorder.events["times"].max() > reached
    nest.ResetKernel()
    assert nest.network_size == 0


def test_an_interrupted_run_within_prepare_and_cleanup():
    nest.Prepare()
    with interrupt_after(0.3), pytest.raises(KeyboardInterrupt):
        nest.Run(1e8)
    nest.Run(10.0)
    nest.Cleanup()
    nest.Simulate(10.0)


def test_an_interrupted_run_is_the_run_that_was_asked_for_so_far(network):
    """The state after an interrupt is the same as after a run of that length."""
    with interrupt_after(0.3), pytest.raises(KeyboardInterrupt):
        nest.Simulate(1e8)
    reached, threads = nest.biological_time, nest.local_num_threads
    interrupted = network.V_m
    nest.ResetKernel()
    nest.local_num_threads = threads
    neurons = nest.Create("iaf_psc_alpha", 200, params={"I_e": 400.0})
    nest.Connect(neurons, neurons, {"rule": "fixed_indegree", "indegree": 10}, {"weight": 1.0})
    nest.Simulate(reached)
    assert neurons.V_m == interrupted


@pytest.mark.parametrize(
    ("rule", "synapse"),
    [
        ({"rule": "fixed_indegree", "indegree": 5000}, {"weight": nest.random.normal()}),
        ({"rule": "fixed_outdegree", "outdegree": 5000}, {"weight": nest.random.normal()}),
        ({"rule": "all_to_all"}, {"synapse_model": "stdp_synapse", "tau_plus": 10.0}),
    ],
)
def test_connect_ends_and_makes_nothing(network, rule, synapse):
    nodes = nest.Create("iaf_psc_alpha", 40000)
    recorder = nest.Create("spike_recorder")
    before = nest.num_connections
    with interrupt_after(0.1) as sent, pytest.raises(KeyboardInterrupt):
        nest.Connect(nodes, nodes, rule, synapse)
    assert time.monotonic() - sent[0] < 1.0
    assert nest.num_connections == before
    nest.Connect(network, recorder)
    nest.Connect(nodes[:10], nodes[:10], "all_to_all")
    assert nest.num_connections == before + 200 + 100
    nest.Simulate(100.0)
    assert recorder.n_events > 0


def test_an_interrupted_connect_can_be_made_again(network):
    """The draws are those that an undisturbed call would have made."""
    nodes = nest.Create("iaf_psc_alpha", 20000)
    huge = {"rule": "fixed_indegree", "indegree": 20000}
    with interrupt_after(0.1), pytest.raises(KeyboardInterrupt):
        nest.Connect(nodes, nodes, huge, {"weight": nest.random.normal()})
    small = {"rule": "fixed_indegree", "indegree": 3}
    nest.Connect(nodes[:50], nodes[:50], small)
    again = nest.GetConnections(nodes).get(["source", "target"])
    threads = nest.local_num_threads
    nest.ResetKernel()
    nest.local_num_threads = threads
    neurons = nest.Create("iaf_psc_alpha", 200, params={"I_e": 400.0})
    nest.Connect(neurons, neurons, {"rule": "fixed_indegree", "indegree": 10}, {"weight": 1.0})
    nodes = nest.Create("iaf_psc_alpha", 20000)
    nest.Connect(nodes[:50], nodes[:50], small)
    assert nest.GetConnections(nodes).get(["source", "target"]) == again


def several_million_connections():
    """A network whose connections take a while to arrange, list and remove."""
    threads = nest.local_num_threads
    nest.ResetKernel()
    nest.local_num_threads = threads
    nodes = nest.Create("iaf_psc_alpha", 6000)
    rule = {"rule": "fixed_indegree", "indegree": 600}
    nest.Connect(nodes, nodes, rule, {"weight": nest.random.normal()})
    return nodes


@pytest.mark.parametrize(
    "call",
    [
        lambda nodes: nest.Simulate(0.1),
        lambda nodes: nest.GetConnections(nodes[:5900]),
        lambda nodes: nest.GetConnections().get("weight"),
    ],
)
def test_an_interrupt_while_connections_are_arranged_or_found(call):
    nodes = several_million_connections()
    before = nest.num_connections
    with interrupt_after(0.03) as sent, pytest.raises(KeyboardInterrupt):
        call(nodes)
        # so fast that the interrupt comes too late for it
        time.sleep(1.0)
    assert time.monotonic() - sent[0] < 1.0
    assert nest.num_connections == before
    nest.Simulate(1.0)
    assert len(nest.GetConnections(target=nodes[:10])) == 10 * 600


def test_an_interrupted_disconnect_removes_all_or_nothing():
    several_million_connections()
    before = nest.num_connections
    with interrupt_after(0.1), pytest.raises(KeyboardInterrupt):
        nest.GetConnections().disconnect()
        time.sleep(1.0)
    assert nest.num_connections in (0, before)
    nest.GetConnections().disconnect()
    assert nest.num_connections == 0
