"""The sparsely connected network of Brunel (2000), J Comput Neurosci 8:183-208, model A.

``ORDER`` inhibitory and four times as many excitatory neurons, each connected to a tenth of both.
All synapses of a kind have the same weight and delay. ``MODEL`` is iaf_psc_alpha, iaf_psc_exp or
iaf_psc_delta; ``SPREAD=1`` draws a weight and a delay for every synapse instead.
"""

from __future__ import annotations

import math
import os

from common import Stopwatch, run, setting, simulator

TAU_M, C_M, TAU_SYN, THRESHOLD = 20.0, 250.0, 0.5, 20.0
G, ETA, DELAY, PSP = 5.0, 2.0, 1.5, 0.1


def peak_response(model: str) -> float:
    """The largest potential (mV) that a current of 1 pA, or a jump of 1 mV, causes."""
    if model == "iaf_psc_delta":
        return 1.0
    a, scale = 1 / TAU_SYN - 1 / TAU_M, 1 / C_M

    def response(t: float) -> float:
        fast, slow = math.exp(-t / TAU_SYN), math.exp(-t / TAU_M)
        if model == "iaf_psc_exp":
            return scale * (slow - fast) / a
        return scale * math.e / TAU_SYN * ((slow - fast) / a**2 - t * fast / a)

    return max(response(0.001 * i) for i in range(20_000))


def main() -> None:
    order, duration = int(setting("ORDER", 2500)), setting("T", 300.0)
    model = os.environ.get("MODEL", "iaf_psc_alpha")
    spread = setting("SPREAD", 0) == 1
    weight = PSP / peak_response(model)
    nest = simulator()
    clock = Stopwatch()
    neuron = {
        "tau_m": TAU_M,
        "C_m": C_M,
        "t_ref": 2.0,
        "E_L": 0.0,
        "V_m": 0.0,
        "V_reset": 0.0,
        "V_th": THRESHOLD,
    }
    if model != "iaf_psc_delta":
        neuron.update(tau_syn_ex=TAU_SYN, tau_syn_in=TAU_SYN)
    excitatory = nest.Create(model, 4 * order, params=neuron)
    inhibitory = nest.Create(model, order, params=neuron)
    neurons = excitatory + inhibitory
    # events per second that, each of PSP mV, drive the free membrane to ETA times threshold
    area = {
        "iaf_psc_delta": TAU_M,
        "iaf_psc_exp": TAU_SYN * TAU_M / C_M,
        "iaf_psc_alpha": math.e * TAU_SYN * TAU_M / C_M,
    }[model]
    rate = 1000.0 * ETA * THRESHOLD / (weight * area)
    noise = nest.Create("poisson_generator", params={"rate": rate})
    recorder = nest.Create("spike_recorder")
    clock.lap("create")

    def synapse(w: float) -> dict[str, object]:
        if not spread:
            return {"weight": w, "delay": DELAY}
        draw, bounds = nest.random.normal, sorted((0.0, math.copysign(math.inf, w)))
        weights = nest.math.redraw(draw(w, abs(w) / 10), min=bounds[0], max=bounds[1])
        delays = nest.math.redraw(draw(DELAY, DELAY / 2), min=0.1, max=math.inf)
        return {"weight": weights, "delay": delays}

    nest.Connect(noise, neurons, syn_spec={"weight": weight, "delay": DELAY})
    nest.Connect(excitatory[:1000], recorder)
    for sources, w in ((excitatory, weight), (inhibitory, -G * weight)):
        rule = {"rule": "fixed_indegree", "indegree": len(sources) // 10}
        nest.Connect(sources, neurons, rule, synapse(w))
    clock.lap("connect")
    spikes = run(nest, clock, recorder, 100.0, duration)
    recorded = min(1000, len(excitatory))
    rate_hz = spikes / recorded / duration * 1000
    clock.report(rate_hz=rate_hz, synapses=5 * order * (order // 2))


if __name__ == "__main__":
    main()
