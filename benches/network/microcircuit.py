"""The cortical microcircuit of Potjans and Diesmann (2014), Cereb Cortex 24:785-806.

``SCALE`` scales the numbers of neurons and of synapses per neuron together. At less than 1 weights
grow by the inverse root and a constant current replaces the input that is lost, so that mean and
variance of the input stay; the rates of the populations follow those of the full network.
"""

from __future__ import annotations

import math

import numpy as np
from common import Stopwatch, run, setting, simulator

SIZES = np.array([20683, 5834, 21915, 5479, 4850, 1065, 14395, 2948])
# probability of at least one connection; rows are targets, columns sources
PROBABILITY = np.array(
    [
        [0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0, 0.0076, 0.0],
        [0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0, 0.0042, 0.0],
        [0.0077, 0.0059, 0.0497, 0.135, 0.0067, 0.0003, 0.0453, 0.0],
        [0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0, 0.1057, 0.0],
        [0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0],
        [0.0548, 0.0269, 0.0257, 0.0022, 0.06, 0.3158, 0.0086, 0.0],
        [0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252],
        [0.0364, 0.001, 0.0034, 0.0005, 0.0277, 0.008, 0.0658, 0.1443],
    ]
)
EXTERNAL = np.array([1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100])
RATES = np.array([0.903, 2.965, 4.414, 5.876, 7.569, 8.633, 1.105, 7.829])
START_MEAN = np.array([-68.28, -63.16, -63.33, -63.45, -63.11, -61.66, -66.72, -61.43])
START_SD = np.array([5.36, 4.57, 4.74, 4.94, 4.94, 4.55, 5.46, 4.48])
C_M, TAU_M, TAU_SYN = 250.0, 10.0, 0.5
BACKGROUND, PSP, G = 8.0, 0.15, -4.0
NEURON = {
    "C_m": C_M,
    "tau_m": TAU_M,
    "tau_syn_ex": TAU_SYN,
    "tau_syn_in": TAU_SYN,
    "t_ref": 2.0,
    "E_L": -65.0,
    "V_reset": -65.0,
    "V_th": -50.0,
}


def current_for(psp: float) -> float:
    """The synaptic current (pA) whose potential peaks at ``psp`` mV."""
    ratio = TAU_SYN / TAU_M
    peak = math.log(ratio) * TAU_SYN / (ratio - 1)
    a = 1 / TAU_SYN - 1 / TAU_M
    return psp * C_M * a / (math.exp(-peak / TAU_M) - math.exp(-peak / TAU_SYN))


def main() -> None:
    scale, duration = setting("SCALE", 0.1), setting("T", 1000.0)
    sizes = np.round(SIZES * scale).astype(int)
    pairs = np.outer(SIZES, SIZES)
    full = np.log1p(-PROBABILITY) / np.log1p(-1 / pairs)
    synapses = np.round(full * scale**2).astype(int)
    w = current_for(PSP)
    weights = np.tile(np.where(np.arange(8) % 2 == 0, w, G * w), (8, 1))
    weights[0, 2] *= 2
    recurrent = (weights * full / SIZES[:, None]) @ RATES
    lost = recurrent + w * EXTERNAL * BACKGROUND
    constant = 1e-3 * TAU_SYN * (1 - math.sqrt(scale)) * lost
    w, weights = w / math.sqrt(scale), weights / math.sqrt(scale)

    nest = simulator()
    clock = Stopwatch()
    populations = []
    for i in range(8):
        nodes = nest.Create("iaf_psc_exp", int(sizes[i]), params={**NEURON, "I_e": constant[i]})
        nodes.V_m = nest.random.normal(float(START_MEAN[i]), float(START_SD[i]))
        populations.append(nodes)
    noise = nest.Create("poisson_generator", 8)
    noise.rate = [BACKGROUND * round(k * scale) for k in EXTERNAL]
    recorder = nest.Create("spike_recorder")
    clock.lap("create")

    draw, redraw = nest.random.normal, nest.math.redraw
    for i, targets in enumerate(populations):
        nest.Connect(noise[i], targets, syn_spec={"weight": w, "delay": 1.5})
        nest.Connect(targets, recorder)
        for j, sources in enumerate(populations):
            if synapses[i, j] == 0:
                continue
            mean, delay = float(weights[i, j]), (1.5, 0.75)[j % 2]
            low, high = (0.0, math.inf) if mean > 0 else (-math.inf, 0.0)
            synapse = {
                "weight": redraw(draw(mean, abs(mean) / 10), min=low, max=high),
                "delay": redraw(draw(delay, delay / 2), min=0.05, max=math.inf),
            }
            rule = {"rule": "fixed_total_number", "N": int(synapses[i, j])}
            nest.Connect(sources, targets, rule, synapse)
    clock.lap("connect")
    spikes = run(nest, clock, recorder, setting("WARMUP", 500.0), duration)
    rate_hz = spikes / sizes.sum() / duration * 1000
    clock.report(rate_hz=rate_hz, synapses=int(synapses.sum()))


if __name__ == "__main__":
    main()
