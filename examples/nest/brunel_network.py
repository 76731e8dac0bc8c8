"""A balanced random network in PyNEST's dialect (Brunel, 2000), run as it is.

``ovenbird run examples/nest/brunel_network.py`` gives it Ovenbird for ``nest``.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import nest
import numpy as np

ORDER = 250
N_EXCITATORY, N_INHIBITORY = 4 * ORDER, ORDER
J, G, ETA, DELAY = 0.5, 5.0, 1.2, 1.5
V_TH, TAU_M = 20.0, 20.0
TIME = 500.0

nest.ResetKernel()
nest.set(resolution=0.1, rng_seed=55, local_num_threads=2)

params = {"tau_m": TAU_M, "V_th": V_TH, "E_L": 0.0, "V_reset": 10.0, "V_m": 0.0, "t_ref": 2.0}
excitatory = nest.Create("iaf_psc_delta", N_EXCITATORY, params=params)
inhibitory = nest.Create("iaf_psc_delta", N_INHIBITORY, params=params)
neurons = excitatory + inhibitory
noise = nest.Create("poisson_generator", params={"rate": 1000.0 * ETA * V_TH / (J * TAU_M)})
recorder = nest.Create("spike_recorder")

synapse = {"weight": J, "delay": DELAY}
nest.Connect(noise, neurons, syn_spec=synapse)
nest.Connect(excitatory, neurons, {"rule": "fixed_indegree", "indegree": 100}, synapse)
synapse = {"weight": -G * J, "delay": DELAY}
nest.Connect(inhibitory, neurons, {"rule": "fixed_indegree", "indegree": 25}, synapse)
nest.Connect(neurons, recorder)

nest.Simulate(TIME)

events = recorder.events
rate = recorder.n_events / len(neurons) / TIME * 1000.0
print(f"{recorder.n_events} spikes, {rate:.1f} spikes/s per neuron")

figure, (raster, histogram) = plt.subplots(
    2, sharex=True, height_ratios=[3, 1], figsize=(8, 5), layout="constrained"
)
raster.plot(events["times"], events["senders"], ".", color="#1b3a4b", markersize=1.5)
raster.set_ylabel("neuron")
raster.set_title(f"a balanced network: {rate:.1f} spikes/s")
bins = np.arange(0.0, TIME + 1.0)
weights = np.full(len(events["times"]), 1000.0 / len(neurons))
histogram.hist(events["times"], bins, weights=weights, color="#c1440e")
histogram.set(xlabel="time (ms)", ylabel="rate (spikes/s)", xlim=(0.0, TIME))
for axes in (raster, histogram):
    axes.spines[["top", "right"]].set_visible(False)

Path("out").mkdir(exist_ok=True)
figure.savefig("out/brunel_network.png", dpi=150)
print("figure: out/brunel_network.png")
