"""The attributes of the kernel: name, type, default and meaning, once."""

from __future__ import annotations

from typing import Any, Final

from ._state import VerbosityLevel


class KernelAttribute:
    """A kernel attribute as a descriptor of the `nest` module.

    Parameters
    ----------
    kind
        Type of the value.
    doc
        Meaning, in one sentence.
    default
        Value after a reset, None if there is none worth stating.
    readonly
        Whether the attribute cannot be set.
    """

    def __init__(self, kind: str, doc: str, default: Any = None, *, readonly: bool = False) -> None:
        self.kind = kind
        self.default = default
        self.readonly = readonly
        self.name = ""
        lines = [doc]
        if default is not None:
            lines.append(f"Default: {default!r}.")
        if readonly:
            lines.append("Read-only.")
        self.__doc__ = " ".join(lines) + f"\n\n:type: {kind}"

    @property
    def _default(self) -> Any:
        return self.default

    @property
    def _readonly(self) -> bool:
        return self.readonly

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        from .kernel_status import kernel_value

        try:
            return kernel_value(self.name)
        except KeyError as error:
            raise AttributeError(f"`{self.name}` is not available in this build") from error

    def __set__(self, instance: Any, value: Any) -> None:
        if self.readonly:
            raise AttributeError(f"`{self.name}` is a read only kernel attribute.")
        from .kernel_status import SetKernelStatus

        SetKernelStatus({self.name: value})

    def __delete__(self, instance: Any) -> None:
        raise AttributeError(f"`{self.name}` is a kernel attribute and cannot be deleted.")


def _fixed(kind: str, doc: str) -> KernelAttribute:
    return KernelAttribute(kind, doc, readonly=True)


ATTRIBUTES: Final[dict[str, KernelAttribute]] = {
    # Time
    "resolution": KernelAttribute("float", "Length of a simulation step in ms.", 0.1),
    "biological_time": KernelAttribute(
        "float", "Time simulated so far in ms; can be set to 0 to rewind the clock."
    ),
    "to_do": _fixed("int", "Number of steps still to be simulated in the current run."),
    "tics_per_ms": KernelAttribute(
        "float", "Number of tics per ms; can only be set together with the resolution.", 1000.0
    ),
    "ms_per_tic": _fixed("float", "Length of a tic, the unit of time, in ms."),
    "tics_per_step": _fixed("int", "Number of tics per simulation step."),
    "T_max": _fixed("float", "Largest time that can be represented, in ms."),
    "T_min": _fixed("float", "Smallest time that can be represented, in ms."),
    "min_delay": KernelAttribute(
        "float", "Smallest delay in the network in ms; set together with max_delay.", 0.1
    ),
    "max_delay": KernelAttribute(
        "float", "Largest delay in the network in ms; set together with min_delay.", 0.1
    ),
    # Random numbers
    "rng_type": KernelAttribute(
        "str",
        "Name of a set of random number streams. All come from the generator Philox 4x32-10; each "
        "of the names in rng_types gives other numbers for the same seed.",
        "mt19937_64",
    ),
    "rng_types": _fixed("list[str]", "Names that rng_type can take."),
    "rng_seed": KernelAttribute(
        "int", "Seed of all random numbers, from 1 to 2**32 - 1.", 143202461
    ),
    # Parallel execution
    "total_num_virtual_procs": KernelAttribute(
        "int", "Number of virtual processes, which is threads times processes.", 1
    ),
    "local_num_threads": KernelAttribute("int", "Number of threads per process.", 1),
    "num_processes": _fixed("int", "Number of processes."),
    "off_grid_spiking": _fixed("bool", "Whether spikes carry times within a step."),
    # Buffers for communication between processes
    "adaptive_target_buffers": KernelAttribute(
        "bool", "Whether buffers for the exchange of connections grow as needed.", True
    ),
    "buffer_size_target_data": KernelAttribute(
        "int", "Size of the buffer for the exchange of connections.", 2
    ),
    "buffer_size_spike_data": KernelAttribute(
        "int", "Size of the buffer for the exchange of spikes.", 2
    ),
    "growth_factor_buffer_target_data": KernelAttribute(
        "float", "Factor by which the buffer for the exchange of connections grows.", 1.5
    ),
    "max_buffer_size_target_data": KernelAttribute(
        "int", "Largest size of the buffer for the exchange of connections.", 16777216
    ),
    "spike_buffer_grow_extra": KernelAttribute(
        "float", "Spare room, as a fraction, when the spike buffer grows.", 0.5
    ),
    "spike_buffer_shrink_limit": KernelAttribute(
        "float", "Used fraction of the spike buffer below which it shrinks; 0 for never.", 0.2
    ),
    "spike_buffer_shrink_spare": KernelAttribute(
        "float", "Spare room, as a fraction, when the spike buffer shrinks.", 0.1
    ),
    "spike_buffer_resize_log": _fixed("dict", "Times and sizes of changes of the spike buffer."),
    "send_buffer_size_secondary_events": _fixed(
        "int", "Bytes of the buffer that sends continuous signals."
    ),
    "recv_buffer_size_secondary_events": _fixed(
        "int", "Bytes of the buffer that receives continuous signals."
    ),
    # Waveform relaxation
    "use_wfr": KernelAttribute(
        "bool", "Whether continuous signals are iterated until they agree.", True
    ),
    "wfr_comm_interval": KernelAttribute(
        "float", "Upper bound in ms of the communication interval with waveform relaxation.", 1.0
    ),
    "wfr_tol": KernelAttribute(
        "float", "Change between iterations at which waveform relaxation ends.", 1e-4
    ),
    "wfr_max_iterations": KernelAttribute(
        "int", "Largest number of iterations of waveform relaxation.", 15
    ),
    "wfr_interpolation_order": KernelAttribute(
        "int", "Order of the polynomials between steps: 0, 1 or 3.", 3
    ),
    # Plasticity
    "structural_plasticity_synapses": KernelAttribute(
        "dict", "Synapses that structural plasticity makes, with the elements that they join."
    ),
    "structural_plasticity_update_interval": KernelAttribute(
        "float", "Time in ms between updates of the structure.", 10000.0
    ),
    "growth_curves": _fixed("list[str]", "Names of the growth curves."),
    "eprop_update_interval": KernelAttribute(
        "float", "Time in ms between weight updates of e-prop.", 1000.0
    ),
    "eprop_learning_window": KernelAttribute(
        "float", "Time in ms at the end of an update interval in which e-prop learns.", 1000.0
    ),
    "eprop_reset_neurons_on_update": KernelAttribute(
        "bool", "Whether neurons start anew at each update of e-prop.", True
    ),
    # Data and messages
    "data_path": KernelAttribute("str", "Directory of data files; empty for the current one."),
    "data_prefix": KernelAttribute("str", "Prefix of the names of data files."),
    "overwrite_files": KernelAttribute("bool", "Whether existing data files are replaced.", False),
    "print_time": KernelAttribute("bool", "Whether a run shows its progress.", False),
    "verbosity": KernelAttribute(
        "VerbosityLevel", "Least severity of the messages shown.", VerbosityLevel.INFO
    ),
    "dict_miss_is_error": KernelAttribute(
        "bool", "Whether unknown names in dictionaries are errors, or ignored.", True
    ),
    # The network
    "network_size": _fixed("int", "Number of nodes."),
    "num_connections": _fixed("int", "Number of connections."),
    "local_spike_counter": _fixed("int", "Number of spikes of neurons in the last run."),
    "node_models": _fixed("list[str]", "Names of the node models."),
    "synapse_models": _fixed("list[str]", "Names of the synapse models."),
    "connection_rules": _fixed("list[str]", "Names of the connection rules."),
    "recording_backends": _fixed("list[str]", "Names that record_to can take."),
    "stimulation_backends": _fixed("list[str]", "Names that stimulus_source can take."),
    "max_num_syn_models": _fixed("int", "Largest number of synapse models."),
    "keep_source_table": KernelAttribute(
        "bool", "Whether the sources of connections stay known after the first run.", True
    ),
    "use_compressed_spikes": KernelAttribute(
        "bool", "Whether connections are sorted by their source.", True
    ),
    # The program
    "build_info": _fixed("dict", "What this build offers."),
    "kernel_status": _fixed("dict", "All attributes of the kernel."),
    "memory_size": _fixed("int", "Virtual memory of the process in kB, -1 if unknown."),
    "memory_network": _fixed("int", "Bytes that nodes, buffers and connections hold."),
    "memory_nodes": _fixed("int", "Bytes of the state and the recorded data of nodes."),
    "memory_buffers": _fixed("int", "Bytes of the buffers in which input waits for its step."),
    "memory_connections": _fixed("int", "Bytes of all connections."),
    "time_construction_create": _fixed("float", "Wall-clock time spent in making nodes, in s."),
    "time_construction_connect": _fixed(
        "float",
        "Wall-clock time spent in making connections, in s. Of many calls that make one connection "
        "each, one in 17 is timed, and stands for the others.",
    ),
    "time_communicate_prepare": _fixed(
        "float", "Wall-clock time spent in bringing connections into their final form, in s."
    ),
    "time_simulate": _fixed("float", "Wall-clock time spent in simulating, in s."),
    "min_update_time": _fixed("float", "Shortest wall-clock time of an update in s."),
    "max_update_time": _fixed("float", "Longest wall-clock time of an update in s."),
    "update_time_limit": KernelAttribute(
        "float", "Wall-clock time of an update in s beyond which a run ends.", float("inf")
    ),
    "cycle_time_log": _fixed("dict", "Durations of updates; only in builds with detailed timers."),
}

INERT: Final = frozenset(
    {
        "adaptive_target_buffers",
        "buffer_size_target_data",
        "buffer_size_spike_data",
        "growth_factor_buffer_target_data",
        "max_buffer_size_target_data",
        "spike_buffer_grow_extra",
        "spike_buffer_shrink_limit",
        "spike_buffer_shrink_spare",
        "keep_source_table",
        "use_compressed_spikes",
    }
)
"""Attributes of NEST's communication, which are kept and reported and have no effect here."""
