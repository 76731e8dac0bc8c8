"""Stochastic experiments, summarised over seeds.

Random numbers differ between simulators, so these are compared in distribution: every experiment
is a function of a PyNEST-like module and a seed that returns named scalars, and `EXPERIMENTS`
says how many seeds give a sample. `make_distributions.py` stores a sample of NEST's.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Summary = dict[str, float]


@dataclass(frozen=True)
class Distribution:
    """One stochastic experiment and the seeds that sample it."""

    run: Callable[[Any, int], Summary]
    seeds: tuple[int, ...]
    relative: float
    """Difference of means, relative to the reference's, that passes whatever the scatter."""


def _spike_statistics(times: np.ndarray, senders: np.ndarray, n: int, duration: float) -> Summary:
    """Mean rate in spikes/s and mean coefficient of variation of the interspike intervals."""
    variations = []
    for sender in np.unique(senders):
        intervals = np.diff(np.sort(times[senders == sender]))
        if len(intervals) > 4:
            variations.append(intervals.std() / intervals.mean())
    summary = {"rate": 1000.0 * len(times) / (duration * n)}
    if variations:
        summary["cv_isi"] = float(np.mean(variations))
    return summary


def _population(nest: Any, seed: int, model: str, params: dict[str, Any], n: int) -> tuple:
    nest.ResetKernel()
    nest.rng_seed = seed
    neurons = nest.Create(model, n, params=params)
    meter = nest.Create(
        "multimeter", params={"record_from": ["V_m"], "interval": 1.0, "start": 100.0}
    )
    recorder = nest.Create("spike_recorder", params={"start": 100.0})
    nest.Connect(meter, neurons)
    nest.Connect(neurons, recorder)
    return neurons, meter, recorder


def _summarise(nest: Any, meter: Any, recorder: Any, n: int, duration: float) -> Summary:
    nest.Simulate(100.0 + duration)
    voltage = np.asarray(meter.events["V_m"])
    events = recorder.events
    summary = _spike_statistics(
        np.asarray(events["times"]), np.asarray(events["senders"]), n, duration
    )
    return {"V_m_mean": float(voltage.mean()), "V_m_std": float(voltage.std()), **summary}


def poisson_drive(
    nest: Any, seed: int, model: str = "iaf_psc_alpha", V_th: float = -55.0
) -> Summary:
    """100 neurons under independent excitatory and inhibitory Poisson input."""
    n = 100
    neurons, meter, recorder = _population(nest, seed, model, {"V_th": V_th}, n)
    weight = {"iaf_psc_alpha": 5.5, "iaf_psc_exp": 16.0, "iaf_psc_delta": 0.12}[model]
    excitation = nest.Create("poisson_generator", params={"rate": 16000.0})
    inhibition = nest.Create("poisson_generator", params={"rate": 4000.0})
    nest.Connect(excitation, neurons, syn_spec={"weight": weight, "delay": 1.0})
    nest.Connect(inhibition, neurons, syn_spec={"weight": -weight, "delay": 1.0})
    return _summarise(nest, meter, recorder, n, 1000.0)


def noise_drive(nest: Any, seed: int, dt: float = 1.0, V_th: float = -55.0) -> Summary:
    """100 neurons under independent Gaussian noise current held for `dt`."""
    n = 100
    neurons, meter, recorder = _population(nest, seed, "iaf_psc_exp", {"V_th": V_th}, n)
    noise = nest.Create("noise_generator", params={"mean": 330.0, "std": 250.0, "dt": dt})
    nest.Connect(noise, neurons)
    return _summarise(nest, meter, recorder, n, 1000.0)


def escape_noise(nest: Any, seed: int) -> Summary:
    """100 `iaf_psc_exp` neurons that fire with an exponential escape rate."""
    n = 100
    params = {"I_e": 350.0, "delta": 2.0, "rho": 20.0}
    _, meter, recorder = _population(nest, seed, "iaf_psc_exp", params, n)
    return _summarise(nest, meter, recorder, n, 1000.0)


def _synchrony(counts: np.ndarray, voltage: np.ndarray) -> Summary:
    """Fano factor of the population's spike count; share of the voltage's variance in common."""
    return {
        "fano": float(counts.var() / max(counts.mean(), 1e-12)),
        "chi": math.sqrt(float(voltage.mean(axis=0).var() / voltage.var(axis=1).mean())),
    }


def gap_junction_network(
    nest: Any, seed: int, gap_weight: float, n: int = 500, duration: float = 400.0
) -> Summary:
    """Inhibitory Hodgkin-Huxley network coupled by 60 gap junctions per neuron."""
    nest.ResetKernel()
    nest.resolution = 0.05
    nest.local_num_threads = 2
    nest.rng_seed = seed
    nest.use_wfr = True
    nest.wfr_comm_interval = 1.0
    nest.wfr_tol = 0.0001
    nest.wfr_max_iterations = 15
    nest.wfr_interpolation_order = 3
    transient = 100.0

    neurons = nest.Create("hh_psc_alpha_gap", n)
    recorder = nest.Create("spike_recorder", params={"start": transient})
    meter = nest.Create(
        "multimeter", params={"record_from": ["V_m"], "interval": 1.0, "start": transient}
    )
    noise = nest.Create("poisson_generator", params={"rate": 500.0})
    in_degree = {"rule": "fixed_indegree", "indegree": 50, "allow_autapses": False}
    nest.Connect(neurons, neurons, in_degree, {"weight": -50.0, "delay": 1.0})
    nest.Connect(noise, neurons, "all_to_all", {"weight": 300.0, "delay": 1.0})
    nest.Connect(neurons, recorder)
    nest.Connect(meter, neurons)
    neurons.V_m = nest.random.uniform(min=-80.0, max=-40.0)
    if gap_weight > 0.0:
        pairs = np.random.default_rng(seed).integers(1, n + 1, [n * 60 // 2, 2])
        for source, target in pairs.tolist():
            nest.Connect(
                nest.NodeCollection([source]),
                nest.NodeCollection([target]),
                {"rule": "one_to_one", "make_symmetric": True},
                {"synapse_model": "gap_junction", "weight": gap_weight},
            )

    nest.Simulate(transient + duration)
    times = np.asarray(recorder.events["times"])
    edges = np.arange(transient, transient + duration + 1.0, 2.0)
    counts = np.histogram(times, edges)[0]
    events = meter.events
    order = np.lexsort((events["times"], events["senders"]))
    voltage = np.asarray(events["V_m"])[order].reshape(n, -1)
    rate = 1000.0 * len(times) / (duration * n)
    return {"rate": rate, **_synchrony(counts, voltage)}


_MANY = tuple(range(1, 11))
_FEW = (1, 2, 3, 4, 5)

EXPERIMENTS: dict[str, Distribution] = {
    "poisson/iaf_psc_alpha": Distribution(poisson_drive, _MANY, 0.01),
    "poisson/iaf_psc_exp": Distribution(
        functools.partial(poisson_drive, model="iaf_psc_exp"), _MANY, 0.01
    ),
    "poisson/iaf_psc_delta": Distribution(
        functools.partial(poisson_drive, model="iaf_psc_delta"), _MANY, 0.01
    ),
    "poisson/free": Distribution(functools.partial(poisson_drive, V_th=1e9), _MANY, 0.01),
    "noise/dt=1.0": Distribution(noise_drive, _MANY, 0.01),
    "noise/dt=0.1": Distribution(functools.partial(noise_drive, dt=0.1), _MANY, 0.01),
    "noise/free": Distribution(functools.partial(noise_drive, V_th=1e9), _MANY, 0.01),
    "escape/iaf_psc_exp": Distribution(escape_noise, _MANY, 0.01),
    **{
        f"gap/weight={weight}": Distribution(
            functools.partial(gap_junction_network, gap_weight=weight), _FEW, 0.05
        )
        for weight in (0.0, 0.3, 0.54, 0.7)
    },
}


def sample(nest: Any, name: str, seeds: tuple[int, ...] | None = None) -> dict[str, list[float]]:
    """Run an experiment for its seeds; one list per quantity, in the order of the seeds."""
    experiment = EXPERIMENTS[name]
    runs = [experiment.run(nest, seed) for seed in seeds or experiment.seeds]
    keys = [key for key in runs[0] if all(key in run for run in runs)]
    return {key: [run[key] for run in runs] for key in keys}
