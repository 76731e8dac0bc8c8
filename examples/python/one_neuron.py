"""One neuron, driven first by a constant current and then by Poisson noise.

The top panel shows the membrane potential under a current just above threshold: the neuron fires
regularly. Below, excitatory and inhibitory noise nearly cancel and firing becomes irregular. Red
marks are spikes.
"""

from pathlib import Path

import matplotlib.pyplot as plt

import ovenbird as ob
from ovenbird.units import Hz, ms, pA


def constant_current():
    """Membrane potential and spikes under 376 pA."""
    sim = ob.Simulator(dt=0.1 * ms)
    neuron = sim.create(ob.iaf_psc_alpha, I_e=376 * pA)
    voltmeter = sim.create(ob.voltmeter)
    spikes = sim.create(ob.spike_recorder)
    sim.connect(voltmeter, neuron)  # a voltmeter observes,
    sim.connect(neuron, spikes)  # a spike recorder receives
    return sim.simulate(1000 * ms), voltmeter, spikes


def poisson_noise():
    """The same under noise: one generator with two channels, each with its weight."""
    sim = ob.Simulator(dt=0.1 * ms, seed=12)
    neuron = sim.create(ob.iaf_psc_alpha)
    noise = sim.create(ob.poisson_generator, 2, rate=[9_000, 5_500] * Hz)
    voltmeter = sim.create(ob.voltmeter)
    spikes = sim.create(ob.spike_recorder)
    sim.connect(noise, neuron, weight=[20, -20] * pA, delay=1 * ms)
    sim.connect(voltmeter, neuron)
    sim.connect(neuron, spikes)
    return sim.simulate(1000 * ms), voltmeter, spikes


runs = {"a constant current": constant_current, "Poisson noise": poisson_noise}
figure, panels = plt.subplots(2, sharex=True, figsize=(8, 5), layout="constrained")
for panel, (drive, run) in zip(panels, runs.items(), strict=True):
    results, voltmeter, recorder = run()
    voltage = results.trace(voltmeter, "V_m")
    rate = results.rate(recorder)
    print(f"{drive}: {rate:.0f} spikes/s, V_m {voltage.mean():.2f} +- {voltage.std():.2f}")
    ob.plot.trace(results, voltmeter, "V_m", ax=panel)
    times = results.spikes(recorder).times
    panel.eventplot(times / ms, lineoffsets=-52.5, linelengths=2.5, colors="#c1440e")
    panel.set_yticks(range(-70, -50, 5))
    panel.set_title(f"{drive}: {rate:.0f} spikes/s", loc="left", fontsize="medium")
panels[0].set_xlabel("")

Path("out").mkdir(exist_ok=True)
figure.savefig("out/one_neuron.png", dpi=110)
print("figure: out/one_neuron.png")
