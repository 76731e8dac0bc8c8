//! One seed gives the same bits on every processor: fingerprints of what networks did, found on
//! x86-64 with AVX-512 and met by all other instruction sets, also those of 64-bit Arm.

use ovenbird::core::simulation::Filter;
use ovenbird::prelude::*;

const NODES: i64 = 43;

/// A weight that makes a neuron spike now and then: in nS, in mV or in pA.
fn strength(neuron: &str) -> f64 {
    match neuron {
        _ if neuron.contains("cond") => 3.0,
        "iaf_psc_delta" | "izhikevich" => 0.6,
        _ if neuron.starts_with("hh") => 200.0,
        _ => 40.0,
    }
}

/// A small network with random weights, delays, potentials and input; what its neurons sent, and
/// how the potentials and the weights were in the end.
fn simulate(neuron: &str, synapse: &str, receptor: i64) -> ovenbird::Result<Vec<u64>> {
    let mut sim = ovenbird::simulation();
    sim.set_status(&dict([("local_num_threads", 2i64.into())]))?;
    let ids = sim.create(neuron, NODES)?.ids();
    let noise = sim.create("poisson_generator", 1)?.ids();
    sim.set(&noise, &dict([("rate", 8000.0.into())]))?;
    let recorder = sim.create("spike_recorder", 1)?;
    let start = Parameter::normal(-65.0, 3.0)?;
    sim.set(&ids, &dict([("V_m", Value::Parameter(start))]))?;
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
    sim.connect(&ids, &recorder.ids(), &all_to_all(), &plain)?;
    sim.simulate(200.0)?;
    let events = sim.events(recorder.first)?;
    assert!(events.times.len() > 50, "{neuron} is active");
    let senders = events.senders.iter().map(|&id| u64::from(id));
    let times = events.times.iter().map(|t| t.to_bits());
    let mut seen: Vec<u64> = senders.chain(times).collect();
    for group in sim.groups(&ids)? {
        if let Some(column) = sim.get(&group, "V_m") {
            seen.extend((0..group.ids.len()).map(|i| bits(&column.at(i))));
        }
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

/// Fingerprints by neuron, synapse and receptor. They change where the numbers of a model do; the
/// failed test prints the new ones.
const FINGERPRINTS: &[(&str, &str, i64, u64)] = &[
    (
        "hh_cond_exp_traub",
        "static_synapse",
        0,
        0x6524_165a_cb8f_a855,
    ),
    ("hh_psc_alpha", "static_synapse", 0, 0xa432_4870_9497_fe96),
    (
        "hh_psc_alpha_gap",
        "static_synapse",
        0,
        0xdd9f_fc7c_007c_52a9,
    ),
    ("iaf_cond_alpha", "static_synapse", 0, 0x2d1d_9afa_ab21_9664),
    ("iaf_cond_exp", "static_synapse", 0, 0xc79a_b02d_0334_80f1),
    ("iaf_psc_delta", "static_synapse", 0, 0x3e93_3b6c_8979_4aca),
    ("iaf_psc_exp", "static_synapse", 0, 0x7e46_9ae7_5c28_150a),
    ("izhikevich", "static_synapse", 0, 0x44b6_4759_117f_b088),
    (
        "iaf_psc_alpha",
        "bernoulli_synapse",
        0,
        0x9d8d_da25_ba4a_a22d,
    ),
    ("iaf_psc_alpha", "ht_synapse", 0, 0x7c60_205b_d675_5ec0),
    ("iaf_psc_alpha", "jonke_synapse", 0, 0x1087_6582_019e_22e5),
    (
        "iaf_psc_alpha",
        "quantal_stp_synapse",
        0,
        0x6a84_78cc_ec59_4e13,
    ),
    (
        "iaf_psc_alpha",
        "stdp_nn_pre_centered_synapse",
        0,
        0x0688_0950_9600_a2eb,
    ),
    (
        "iaf_psc_alpha",
        "stdp_nn_restr_synapse",
        0,
        0x786f_cf93_f540_8afa,
    ),
    (
        "iaf_psc_alpha",
        "stdp_nn_symm_synapse",
        0,
        0xc0a5_9348_f0b3_7f6a,
    ),
    (
        "iaf_psc_alpha",
        "stdp_pl_synapse_hom",
        0,
        0xa0c5_f63e_c14c_bed0,
    ),
    ("iaf_psc_alpha", "stdp_synapse", 0, 0x7f54_6058_2e3a_97dc),
    (
        "iaf_psc_alpha",
        "stdp_synapse_hom",
        0,
        0x7f54_6058_2e3a_97dc,
    ),
    (
        "iaf_psc_alpha",
        "stdp_triplet_synapse",
        0,
        0x109a_b627_d2c3_3dec,
    ),
    (
        "iaf_psc_alpha",
        "tsodyks2_synapse",
        0,
        0x0d99_5622_83e3_7f31,
    ),
    ("iaf_psc_alpha", "tsodyks_synapse", 0, 0xead9_ccd1_2c20_c4d0),
    (
        "iaf_psc_alpha",
        "vogels_sprekeler_synapse",
        0,
        0xccf7_6d91_589c_b91c,
    ),
    ("glif_cond", "static_synapse", 1, 0x0e62_6ce7_a73e_8f9a),
];

#[test]
fn bits_are_those_of_every_machine() -> ovenbird::Result<()> {
    let mut other = Vec::new();
    for &(neuron, synapse, receptor, expected) in FINGERPRINTS {
        let found = fingerprint(&simulate(neuron, synapse, receptor)?);
        if found != expected {
            other.push(format!("{neuron} with {synapse}: {found:#018x}"));
        }
    }
    assert!(other.is_empty(), "{other:#?}");
    Ok(())
}
