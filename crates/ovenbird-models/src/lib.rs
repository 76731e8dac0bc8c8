//! The models of Ovenbird, one file each. This file holds the only lists of them.

pub mod neuron;
pub mod recorder;
pub mod stimulator;
pub mod synapse;

use ovenbird_core::model::SynapseInfo;
use ovenbird_core::node::{Family, NeuronFamily, RecorderFamily, StimulatorFamily};
use ovenbird_core::simulation::Registry;

type Maker = fn() -> Box<dyn Family>;

/// Makes the families of node models.
const NODES: &[Maker] = &[
    || Box::new(NeuronFamily::<neuron::GlifCond>::default()),
    || Box::new(NeuronFamily::<neuron::HhPscAlpha>::default()),
    || Box::new(NeuronFamily::<neuron::HhPscAlphaGap>::default()),
    || Box::new(NeuronFamily::<neuron::IafPscAlpha>::default()),
    || Box::new(NeuronFamily::<neuron::IafPscDelta>::default()),
    || Box::new(NeuronFamily::<neuron::IafPscExp>::default()),
    || Box::new(NeuronFamily::<neuron::Izhikevich>::default()),
    || Box::new(NeuronFamily::<neuron::ParrotNeuron>::default()),
    || Box::new(StimulatorFamily::<stimulator::DcGenerator>::default()),
    || Box::new(StimulatorFamily::<stimulator::NoiseGenerator>::default()),
    || Box::new(StimulatorFamily::<stimulator::PoissonGenerator>::default()),
    || Box::new(StimulatorFamily::<stimulator::SpikeGenerator>::default()),
    || Box::new(StimulatorFamily::<stimulator::StepCurrentGenerator>::default()),
    || Box::new(RecorderFamily::new(recorder::MULTIMETER)),
    || Box::new(RecorderFamily::new(recorder::SPIKE_RECORDER)),
    || Box::new(RecorderFamily::new(recorder::VOLTMETER)),
    || Box::new(RecorderFamily::new(recorder::WEIGHT_RECORDER)),
];

/// The synapse models.
const SYNAPSES: &[SynapseInfo] = &[synapse::STATIC_SYNAPSE, synapse::GAP_JUNCTION];

/// All models, for a new simulation.
pub fn registry() -> Registry {
    Registry {
        nodes: NODES,
        synapses: SYNAPSES,
    }
}
