"""Kernels of several ranks, which are threads here; see also python/tests/mpi."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from ovenbird import errors
from ovenbird._ovenbird import Kernel, Ranks

SYNAPSE = [{"synapse_model": "static_synapse", "weight": 20.0, "delay": 1.0}]


def on_ranks(n: int, body: Callable[[Kernel], Any]) -> list[Any]:
    """Return what each of `n` ranks returns, or the exception that it raises."""
    results: list[Any] = [None] * n

    def run(rank: int, ranks: Ranks) -> None:
        try:
            results[rank] = body(Kernel(ranks))
        except Exception as error:
            results[rank] = error

    threads = [threading.Thread(target=run, args=item) for item in enumerate(Ranks.in_process(n))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    return results


def network(kernel: Kernel) -> list[tuple[int, float]]:
    first, last = kernel.create("iaf_psc_alpha", 30)
    cells = [(first, last, 1)]
    kernel.set_nodes(cells, {"I_e": 400.0})
    recorder, _ = kernel.create("spike_recorder", 1)
    rule = {"rule": "fixed_indegree", "indegree": 5}
    kernel.connect(cells, cells, rule, SYNAPSE)
    kernel.connect(cells, [(recorder, recorder, 1)], {"rule": "all_to_all"}, SYNAPSE)
    kernel.prepare()
    kernel.run(150.0, None)
    kernel.cleanup()
    (_, columns), *_ = kernel.get_nodes([(recorder, recorder, 1)], ["events"])
    events = columns["events"][0]
    return list(zip(events["senders"].tolist(), events["times"].tolist(), strict=True))


@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_ranks_record_the_spikes_of_their_nodes(ranks: int) -> None:
    alone = network(Kernel())
    assert len(alone) > 50
    for rank, spikes in enumerate(on_ranks(ranks, network)):
        assert spikes == [spike for spike in alone if spike[0] % ranks == rank]


def test_status_tells_rank_and_virtual_processes() -> None:
    def body(kernel: Kernel) -> tuple[Any, ...]:
        kernel.set_status({"total_num_virtual_procs": 6})
        status = kernel.get_status()
        names = ("mpi_rank", "num_processes", "local_num_threads", "total_num_virtual_procs")
        kernel.synchronize()
        return (*(status[name] for name in names), kernel.rank, kernel.num_ranks)

    assert on_ranks(3, body) == [(rank, 3, 2, 6, rank, 3) for rank in range(3)]


def test_virtual_processes_must_be_a_multiple_of_the_ranks() -> None:
    def body(kernel: Kernel) -> None:
        kernel.set_status({"total_num_virtual_procs": 4})

    for error in on_ranks(3, body):
        assert isinstance(error, errors.BadProperty)
        assert "must be a multiple of the number of processes, 3; got 4" in str(error)


def test_ranks_in_different_calls_get_an_error_that_names_both() -> None:
    def body(kernel: Kernel) -> None:
        first, last = kernel.create("iaf_psc_alpha", 4)
        if kernel.rank == 0:
            kernel.synchronize()
        cells = [(first, last, 1)]
        kernel.connect(cells, cells, {"rule": "all_to_all"}, SYNAPSE)

    for error in on_ranks(2, body):
        assert isinstance(error, errors.KernelException)
        assert "rank 0 reached SyncProcesses where rank 1 reached Connect" in str(error)


def test_a_rank_that_goes_away_is_noticed() -> None:
    def body(kernel: Kernel) -> None:
        if kernel.rank == 1:
            del kernel
            return
        kernel.synchronize()

    error, gone = on_ranks(2, body)
    assert gone is None
    assert isinstance(error, errors.KernelException) and "rank 1 is lost" in str(error)
