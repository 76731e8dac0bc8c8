//! One seed gives the same bits on every processor and with all its vector instructions:
//! fingerprints of what networks do, the same on x86-64 and on 64-bit Arm.

use ovenbird::core::math::Width;
use ovenbird::core::simulation::Filter;
use ovenbird::prelude::*;

const NODES: i64 = 43;

/// A weight that makes a neuron spike now and then.
fn strength(neuron: &str) -> f64 {
    match neuron {
        // nS
        _ if neuron.contains("cond") => 3.0,
        // mV
        "iaf_psc_delta" | "izhikevich" => 0.6,
        // pA
        _ if neuron.starts_with("hh") => 200.0,
        _ => 40.0,
    }
}

/// Couples each neuron with the next and the fifth after it.
fn couple(sim: &mut Simulation, ids: &[u32]) -> ovenbird::Result<()> {
    let junction = SynSpec {
        model: sim.synapse_index("gap_junction")?,
        delay: None,
        ..static_synapse(sim, 0.8, 1.0)?
    };
    let mut rule = ConnSpec::new(Rule::OneToOne);
    rule.make_symmetric = true;
    for distance in [1, 5] {
        let mut others = ids.to_vec();
        others.rotate_left(distance);
        sim.connect(ids, &others, &rule, std::slice::from_ref(&junction))?;
    }
    Ok(())
}

/// A small network with random weights, delays, potentials, spikes and currents; what its neurons
/// send, and how the potentials and the weights are in the end.
fn simulate(neuron: &str, synapse: &str, width: Width) -> ovenbird::Result<Vec<u64>> {
    let mut sim = ovenbird::simulation();
    sim.set_width(width);
    // a slice of coupled neurons has seven steps, whose 28 numbers end within a piece of sixteen
    sim.set_status(&dict([
        ("local_num_threads", 2i64.into()),
        ("wfr_comm_interval", 0.7.into()),
    ]))?;
    let ids = sim.create(neuron, NODES)?.ids();
    let noise = sim.create("poisson_generator", 1)?.ids();
    sim.set(&noise, &dict([("rate", 8000.0.into())]))?;
    let current = sim.create("noise_generator", 1)?.ids();
    sim.set(&current, &dict([("std", 10.0.into())]))?;
    let recorder = sim.create("spike_recorder", 1)?;
    let start = Parameter::normal(-65.0, 3.0)?;
    sim.set(&ids, &dict([("V_m", Value::Parameter(start))]))?;
    // the receptors of glif_cond are numbered from one on
    let receptor = i64::from(neuron == "glif_cond");
    let on = |mut spec: SynSpec| {
        spec.receptor = vec![receptor];
        [spec]
    };
    let strength = strength(neuron);
    let input = on(static_synapse(&sim, strength, 1.0)?);
    sim.connect(&noise, &ids, &all_to_all(), &input)?;
    let delay = Parameter::max(&Parameter::exponential(2.0)?, 1.0)?;
    let recurrent = on(SynSpec {
        model: sim.synapse_index(synapse)?,
        weight: Amount::Drawn(Parameter::uniform(0.2 * strength, strength)?),
        delay: Some(Amount::Drawn(delay)),
        ..static_synapse(&sim, 1.0, 1.0)?
    });
    sim.connect(&ids, &ids, &fixed_indegree(10)?, &recurrent)?;
    let plain = [static_synapse(&sim, 1.0, 1.0)?];
    sim.connect(&current, &ids, &all_to_all(), &plain)?;
    sim.connect(&ids, &recorder.ids(), &all_to_all(), &plain)?;
    if neuron.ends_with("_gap") {
        couple(&mut sim, &ids)?;
    }
    sim.simulate(100.0)?;
    let events = sim.events(recorder.first)?;
    assert!(
        events.times.len() > 50,
        "{neuron} with {synapse} is active: {}",
        events.times.len()
    );
    let senders = events.senders.iter().map(|&id| u64::from(id));
    let times = events.times.iter().map(|t| t.to_bits());
    let mut seen: Vec<u64> = senders.chain(times).collect();
    for group in sim.groups(&ids)? {
        let column = sim.get(&group, "V_m").expect("neurons have a membrane");
        seen.extend((0..group.ids.len()).map(|i| bits(&column.at(i))));
    }
    let mut all = sim.connections(&Filter {
        model: Some(recurrent[0].model),
        ..Filter::default()
    })?;
    let weights = sim.connection_values(&mut all, "weight")?.expect("a key");
    seen.extend((0..all.len()).map(|i| bits(&weights.at(i))));
    Ok(seen)
}

fn bits(value: &Value) -> u64 {
    match value {
        Value::Float(x) => x.to_bits(),
        other => panic!("{other:?} is no number"),
    }
}

/// The 64-bit hash of Fowler, Noll and Vo, of words.
fn fingerprint(words: &[u64]) -> u64 {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    let bytes = words.iter().flat_map(|word| word.to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, mix)
}

/// Fingerprints of neurons with static synapses. They change where the numbers of a model do; the
/// failed test prints the new ones.
const NEURONS: &[(&str, u64)] = &[
    ("hh_cond_exp_traub", 0xc97a_7363_6a47_62c6),
    ("hh_psc_alpha", 0x7f7a_5ae1_c5ff_7a71),
    ("hh_psc_alpha_gap", 0x5ca7_b002_3523_1b37),
    ("iaf_cond_alpha", 0x059c_36e2_5fdc_3d47),
    ("iaf_cond_exp", 0x913a_4694_83b6_e72e),
    ("iaf_psc_delta", 0xf00f_ee12_c7c2_3732),
    ("iaf_psc_exp", 0x304d_91e6_14f7_0e32),
    ("izhikevich", 0x97cf_4940_74b9_f8aa),
    ("glif_cond", 0xd2ea_0fe7_c9b2_56bd),
];

/// Fingerprints of synapses between `iaf_psc_alpha` neurons, likewise.
const SYNAPSES: &[(&str, u64)] = &[
    ("bernoulli_synapse", 0x1e3a_0ea4_b2b7_3afb),
    ("ht_synapse", 0xe713_67ce_3976_976c),
    ("jonke_synapse", 0xe2bf_51f3_de6e_f9ff),
    ("quantal_stp_synapse", 0xfa47_72f8_ebaa_e619),
    ("stdp_nn_pre_centered_synapse", 0xb90a_b53c_8d71_c281),
    ("stdp_nn_restr_synapse", 0x8a42_b736_8569_1e0f),
    ("stdp_nn_symm_synapse", 0xed0d_6b61_3221_b8e1),
    ("stdp_pl_synapse_hom", 0xc8b9_35c4_a281_284d),
    ("stdp_synapse", 0x4e9d_1cb7_d3dc_8365),
    ("stdp_synapse_hom", 0x4e9d_1cb7_d3dc_8365),
    ("stdp_triplet_synapse", 0x186c_3fd5_7ae3_1666),
    ("tsodyks2_synapse", 0x5e7e_214d_afd4_bb57),
    ("tsodyks_synapse", 0x88bc_1b05_c365_1bae),
    ("vogels_sprekeler_synapse", 0xc6a1_b8ed_b950_3788),
];

#[test]
fn bits_are_those_of_every_machine() -> ovenbird::Result<()> {
    let neurons = NEURONS
        .iter()
        .map(|&(n, expected)| (n, "static_synapse", expected));
    let synapses = SYNAPSES
        .iter()
        .map(|&(s, expected)| ("iaf_psc_alpha", s, expected));
    let mut other = Vec::new();
    for (neuron, synapse, expected) in neurons.chain(synapses) {
        for width in Width::available() {
            let found = fingerprint(&simulate(neuron, synapse, width)?);
            if found != expected {
                other.push(format!("{neuron} with {synapse}, {width:?}: {found:#018x}"));
            }
        }
    }
    assert!(other.is_empty(), "{other:#?}");
    Ok(())
}
