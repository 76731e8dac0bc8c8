"""A balanced random network: 1000 excitatory and 250 inhibitory neurons (Brunel, 2000).

Inhibition is five times as strong as excitation. With external noise somewhat above the rate that
brings a neuron to threshold on its own, every neuron fires irregularly, at a fraction of the
frequency at which the population oscillates.
"""

from pathlib import Path

import ovenbird as ob
from ovenbird.units import kHz, ms, mV

N_EXCITATORY, N_INHIBITORY = 1000, 250
INDEGREE_EXCITATORY, INDEGREE_INHIBITORY = 100, 25
J, G, ETA = 0.5 * mV, 5.0, 1.2
DELAY = 1.5 * ms
V_TH, TAU_M = 20 * mV, 20 * ms

sim = ob.Simulator(dt=0.1 * ms, seed=55, threads=2)
lif = ob.iaf_psc_delta(
    tau_m=TAU_M, V_th=V_TH, E_L=0 * mV, V_reset=10 * mV, V_m=0 * mV, t_ref=2 * ms, C_m=250
)
excitatory = sim.create(lif, N_EXCITATORY)
inhibitory = sim.create(lif, N_INHIBITORY)
neurons = excitatory + inhibitory

rate_at_threshold = V_TH / (J * TAU_M)
noise = sim.create(ob.poisson_generator, rate=(ETA * rate_at_threshold).to(kHz))
recorder = sim.create(ob.spike_recorder)

sim.connect(noise, neurons, weight=J, delay=DELAY)
sim.connect(
    excitatory, neurons, "fixed_indegree", indegree=INDEGREE_EXCITATORY, weight=J, delay=DELAY
)
sim.connect(
    inhibitory, neurons, "fixed_indegree", indegree=INDEGREE_INHIBITORY, weight=-G * J, delay=DELAY
)
sim.connect(neurons, recorder)

results = sim.simulate(500 * ms)
print(f"{results.n_events(recorder)} spikes, {results.rate(recorder):.1f} spikes/s per neuron")

axes = ob.plot.raster(results, recorder)
axes.axhline(inhibitory.global_id[0] - 0.5, color="#c1440e", linewidth=1)
axes.set_title(f"a balanced network: {results.rate(recorder):.1f} spikes/s")

Path("out").mkdir(exist_ok=True)
axes.figure.savefig("out/balanced_network.png", dpi=150)
print("figure: out/balanced_network.png")
