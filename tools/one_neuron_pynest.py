"""The two simulations of `examples/seeds/one_neuron_brainpy_state.py` as a PyNEST script."""

import nest

nest.ResetKernel()
neuron = nest.Create("iaf_psc_alpha", params={"I_e": 376.0})
voltmeter = nest.Create("voltmeter")
nest.Connect(voltmeter, neuron)
nest.Simulate(1000.0)

nest.ResetKernel()
neuron = nest.Create("iaf_psc_alpha")
noise = nest.Create("poisson_generator", 2, params={"rate": [80000.0, 15000.0]})
nest.Connect(noise, neuron, syn_spec={"weight": [[1.2, -1.0]], "delay": 1.0})
nest.Simulate(1000.0)
