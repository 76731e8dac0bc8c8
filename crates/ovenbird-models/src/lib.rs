//! The models of Ovenbird, one file each. This file holds the only lists of them.

#![deny(unsafe_code)]

pub mod neuron;
pub mod recorder;
pub mod stimulator;
pub mod synapse;

use ovenbird_core::model::{Neuron, Stimulator, Synapse, SynapseInfo};
use ovenbird_core::node::{Family, NeuronFamily, RecorderFamily, StimulatorFamily};
use ovenbird_core::simulation::Registry;

type Maker = fn() -> Box<dyn Family>;

fn neurons<M: Neuron>() -> Box<dyn Family> {
    Box::new(NeuronFamily::<M>::default())
}

fn stimulators<S: Stimulator>() -> Box<dyn Family> {
    Box::new(StimulatorFamily::<S>::default())
}

/// Makes the families of node models.
const NODES: &[Maker] = &[
    neurons::<neuron::glif_cond::GlifCond>,
    neurons::<neuron::hh_cond_exp_traub::HhCondExpTraub>,
    neurons::<neuron::hh_psc_alpha::HhPscAlpha>,
    neurons::<neuron::hh_psc_alpha_gap::HhPscAlphaGap>,
    neurons::<neuron::iaf_cond_alpha::IafCondAlpha>,
    neurons::<neuron::iaf_cond_exp::IafCondExp>,
    neurons::<neuron::iaf_psc_alpha::IafPscAlpha>,
    neurons::<neuron::iaf_psc_delta::IafPscDelta>,
    neurons::<neuron::iaf_psc_exp::IafPscExp>,
    neurons::<neuron::izhikevich::Izhikevich>,
    neurons::<neuron::parrot_neuron::ParrotNeuron>,
    stimulators::<stimulator::dc_generator::DcGenerator>,
    stimulators::<stimulator::noise_generator::NoiseGenerator>,
    stimulators::<stimulator::poisson_generator::PoissonGenerator>,
    stimulators::<stimulator::spike_generator::SpikeGenerator>,
    stimulators::<stimulator::step_current_generator::StepCurrentGenerator>,
    || Box::new(RecorderFamily::new(recorder::MULTIMETER)),
    || Box::new(RecorderFamily::new(recorder::SPIKE_RECORDER)),
    || Box::new(RecorderFamily::new(recorder::VOLTMETER)),
    || Box::new(RecorderFamily::new(recorder::WEIGHT_RECORDER)),
];

/// The synapse models. Connections are listed in this order, which is NEST's.
const SYNAPSES: &[SynapseInfo] = &[
    synapse::BernoulliSynapse::INFO,
    synapse::GAP_JUNCTION,
    synapse::HtSynapse::INFO,
    synapse::JonkeSynapse::INFO,
    synapse::QuantalStpSynapse::INFO,
    synapse::StaticSynapse::INFO,
    synapse::StaticSynapseHomW::INFO,
    synapse::StdpNnPreCenteredSynapse::INFO,
    synapse::StdpNnRestrSynapse::INFO,
    synapse::StdpNnSymmSynapse::INFO,
    synapse::StdpPlSynapseHom::INFO,
    synapse::StdpSynapse::INFO,
    synapse::StdpSynapseHom::INFO,
    synapse::StdpTripletSynapse::INFO,
    synapse::Tsodyks2Synapse::INFO,
    synapse::TsodyksSynapse::INFO,
    synapse::TsodyksSynapseHom::INFO,
    synapse::VogelsSprekelerSynapse::INFO,
];

/// All models, for a new simulation.
pub fn registry() -> Registry {
    Registry {
        nodes: NODES,
        synapses: SYNAPSES,
    }
}
