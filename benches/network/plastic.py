"""A balanced network with power-law STDP between its excitatory neurons.

After Morrison, Aertsen & Diesmann (2007), Neural Comput 19:1437-1467: alpha-shaped currents, fixed
indegrees, a Poisson drive. ``SCALE`` sizes the 11,250 neurons, ``INDEGREE`` their inputs.
"""

from __future__ import annotations

import math

from common import Stopwatch, run, setting, simulator

TAU_M, C_M, TAU_SYN, THRESHOLD, DELAY = 10.0, 250.0, 0.326, 20.0, 1.5
PSP, G, ETA = 0.14, 5.0, 1.685


def peak_response() -> float:
    """The largest potential (mV) that an alpha-shaped current of 1 pA causes."""
    a = 1 / TAU_SYN - 1 / TAU_M

    def response(t: float) -> float:
        fast, slow = math.exp(-t / TAU_SYN), math.exp(-t / TAU_M)
        return math.e / (TAU_SYN * C_M) * ((slow - fast) / a**2 - t * fast / a)

    return max(response(0.001 * i) for i in range(10_000))


def main() -> None:
    scale, share, duration = setting("SCALE", 0.2), setting("INDEGREE", 0.2), setting("T", 250.0)
    sizes = round(9000 * scale), round(2250 * scale)
    degrees = round(9000 * share), round(2250 * share)
    weight = PSP / share / peak_response()
    nest = simulator()
    clock = Stopwatch()
    neuron = {
        "E_L": 0.0,
        "V_reset": 0.0,
        "V_th": THRESHOLD,
        "C_m": C_M,
        "tau_m": TAU_M,
        "t_ref": 0.5,
        "tau_syn_ex": TAU_SYN,
        "tau_syn_in": TAU_SYN,
        "tau_minus": 30.0,
    }
    populations = [nest.Create("iaf_psc_alpha", n, params=neuron) for n in sizes]
    for nodes in populations:
        nodes.V_m = nest.random.normal(5.7, 7.2)
    events_per_ms = ETA * THRESHOLD * C_M / (weight * math.e * TAU_SYN * TAU_M)
    noise = nest.Create("poisson_generator", params={"rate": 1000.0 * events_per_ms})
    recorder = nest.Create("spike_recorder")
    clock.lap("create")
    nest.CopyModel("static_synapse", "excites", {"weight": weight, "delay": DELAY})
    nest.CopyModel("static_synapse", "inhibits", {"weight": -G * weight, "delay": DELAY})
    rule = {"lambda": 0.1, "alpha": 0.0513, "mu": 0.4, "tau_plus": 15.0}
    nest.CopyModel("stdp_pl_synapse_hom", "learns", {"weight": weight, "delay": DELAY, **rule})
    excitatory, inhibitory = populations
    for targets, synapse in ((excitatory, "learns"), (inhibitory, "excites")):
        nest.Connect(noise, targets, syn_spec="excites")
        for sources, degree, kind in zip(populations, degrees, (synapse, "inhibits"), strict=True):
            rule = {"rule": "fixed_indegree", "indegree": degree, "allow_autapses": False}
            nest.Connect(sources, targets, rule, kind)
    nest.Connect(excitatory[:1000], recorder)
    clock.lap("connect")
    spikes = run(nest, clock, recorder, 50.0, duration)
    rate_hz = spikes / min(1000, sizes[0]) / duration * 1000
    clock.report(rate_hz=rate_hz, synapses=sum(sizes) * sum(degrees))


if __name__ == "__main__":
    main()
