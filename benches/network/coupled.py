"""Hodgkin-Huxley neurons coupled by gap junctions: Hahne et al. (2015), Front Neuroinform 9:22.

500 neurons with an inhibitory fixed indegree of 50, a Poisson drive, and 60 gap junctions each on
average, solved by waveform relaxation. ``WEIGHT`` is the conductance of a gap junction in nS.
"""

from __future__ import annotations

import numpy as np
from common import Stopwatch, run, setting, simulator

N, INDEGREE, GAPS = 500, 50, 60


def main() -> None:
    duration = setting("T", 51.0)
    nest = simulator()
    nest.resolution = 0.05
    nest.use_wfr, nest.wfr_interpolation_order = True, 3
    nest.wfr_comm_interval, nest.wfr_tol, nest.wfr_max_iterations = 1.0, 1e-4, 15
    pairs = np.random.default_rng(1).integers(N, size=(N * GAPS // 2, 2))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]].tolist()
    clock = Stopwatch()
    neurons = nest.Create("hh_psc_alpha_gap", N)
    neurons.V_m = nest.random.uniform(-80.0, -40.0)
    noise = nest.Create("poisson_generator", params={"rate": 500.0})
    recorder = nest.Create("spike_recorder")
    clock.lap("create")
    rule = {"rule": "fixed_indegree", "indegree": INDEGREE, "allow_autapses": False}
    nest.Connect(neurons, neurons, rule, {"weight": -50.0, "delay": 1.0})
    nest.Connect(noise, neurons, syn_spec={"weight": 300.0, "delay": 1.0})
    nest.Connect(neurons, recorder)
    gap = {"synapse_model": "gap_junction", "weight": setting("WEIGHT", 0.3)}
    both = {"rule": "one_to_one", "make_symmetric": True}
    for a, b in pairs:
        nest.Connect(neurons[a], neurons[b], both, gap)
    clock.lap("connect")
    spikes = run(nest, clock, recorder, 0.0, duration)
    clock.report(rate_hz=spikes / N / duration * 1000, synapses=N * (INDEGREE + GAPS))


if __name__ == "__main__":
    main()
