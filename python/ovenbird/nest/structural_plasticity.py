"""Switching structural plasticity, with the conditions that NEST sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ovenbird import errors

from ._state import _kernel

_NEEDED = ("keep_source_table", "use_compressed_spikes")


def EnableStructuralPlasticity() -> None:
    """Let connections come and go with the synaptic elements of neurons.

    Raises
    ------
    KernelException
        With several threads, or if ``keep_source_table`` or ``use_compressed_spikes`` is False.
    """
    status = _kernel.get_status()
    if status["local_num_threads"] > 1:
        raise errors.KernelException(
            "Structural plasticity can not be used with multiple threads; set "
            "local_num_threads to 1 first"
        )
    for name in _NEEDED:
        if not status[name]:
            raise errors.KernelException(
                f"Structural plasticity can not be enabled if {name} has been set to false."
            )
    _kernel.structural_plasticity = True


def DisableStructuralPlasticity() -> None:
    """Leave connections as they are; synaptic elements still grow."""
    _kernel.structural_plasticity = False


def check_attributes(params: Mapping[str, Any]) -> None:
    """Refuse kernel attributes that NEST refuses while structural plasticity is enabled."""
    if not _kernel.structural_plasticity:
        return
    for name in _NEEDED:
        if params.get(name) is False:
            raise errors.KernelException(
                f"If structural plasticity is enabled, {name} can not be set to false; call "
                "DisableStructuralPlasticity first."
            )
    threads = {"local_num_threads": 1, "total_num_virtual_procs": _kernel.num_ranks}
    for name, most in threads.items():
        value = params.get(name)
        if isinstance(value, int) and value > most:
            raise errors.KernelException(
                "Number of threads unchanged. Error conditions: Structural plasticity enabled: "
                "multithreading cannot be enabled."
            )
