"""The conductance-based networks of Brette et al. (2007), J Comput Neurosci 23:349-398.

4000 neurons, 2 % of the pairs connected, started by a Poisson input of 50 ms to a few of
them. ``MODEL`` is iaf_cond_exp (benchmark 1) or hh_cond_exp_traub (benchmark 3).
"""

from __future__ import annotations

import os

from common import Stopwatch, run, setting, simulator

SHARED = {
    "C_m": 200.0,
    "g_L": 10.0,
    "E_L": -60.0,
    "E_ex": 0.0,
    "E_in": -80.0,
    "tau_syn_ex": 5.0,
    "tau_syn_in": 10.0,
}
NEURON = {
    "iaf_cond_exp": {"V_th": -50.0, "V_reset": -60.0, "t_ref": 5.0},
    "hh_cond_exp_traub": {
        "V_T": -63.0,
        "E_Na": 50.0,
        "E_K": -90.0,
        "g_Na": 20_000.0,
        "g_K": 6000.0,
        "V_m": -60.0,
    },
}
KICK, DELAY = 10.0, 0.1


def main() -> None:
    model, duration = os.environ.get("MODEL", "iaf_cond_exp"), setting("T", 500.0)
    sizes = 3200, 800
    nest = simulator()
    clock = Stopwatch()
    populations = [nest.Create(model, n, params={**SHARED, **NEURON[model]}) for n in sizes]
    kick = nest.Create("poisson_generator", params={"rate": 300.0, "stop": 50.0})
    recorder = nest.Create("spike_recorder")
    clock.lap("create")
    synapses = 0
    for sources, weight in zip(populations, (6.0, -67.0), strict=True):
        for targets in populations:
            number = len(sources) * len(targets) // 50
            rule = {"rule": "fixed_total_number", "N": number}
            nest.Connect(sources, targets, rule, {"weight": weight, "delay": DELAY})
            synapses += number
    started = populations[0][:50]
    nest.Connect(kick, started, syn_spec={"weight": 6.0 * KICK, "delay": DELAY})
    nest.Connect(populations[0] + populations[1], recorder)
    clock.lap("connect")
    spikes = run(nest, clock, recorder, 50.0, duration)
    clock.report(rate_hz=spikes / sum(sizes) / duration * 1000, synapses=synapses)


if __name__ == "__main__":
    main()
