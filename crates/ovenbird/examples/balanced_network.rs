//! A balanced random network of excitatory and inhibitory neurons (Brunel 2000, Journal of
//! Computational Neuroscience 8:183-208), driven by Poisson noise, on two threads.
#![expect(clippy::print_stdout, reason = "an example reports what it found")]

use ovenbird::prelude::*;

const EXCITATORY: i64 = 800;
const INHIBITORY: i64 = 200;

fn main() -> ovenbird::Result<()> {
    let mut sim = ovenbird::simulation();
    sim.set_status(&dict([
        ("local_num_threads", 2.into()),
        ("rng_seed", 1.into()),
    ]))?;

    let ex = sim.create("iaf_psc_alpha", EXCITATORY)?.ids();
    let inh = sim.create("iaf_psc_alpha", INHIBITORY)?.ids();
    let noise = sim.create("poisson_generator", 1)?.ids();
    let recorder = sim.create("spike_recorder", 1)?;
    sim.set(&noise, &dict([("rate", 6_000.0.into())]))?;

    let all = [ex.clone(), inh.clone()].concat();
    let excite = [static_synapse(&sim, 20.0, 1.5)?];
    let inhibit = [static_synapse(&sim, -160.0, 1.5)?];
    sim.connect(&noise, &all, &all_to_all(), &excite)?;
    sim.connect(&ex, &all, &fixed_indegree(80)?, &excite)?;
    sim.connect(&inh, &all, &fixed_indegree(20)?, &inhibit)?;
    sim.connect(&all, &recorder.ids(), &all_to_all(), &excite)?;

    sim.simulate(1000.0)?;

    let spikes = sim.events(recorder.first)?.times.len();
    let rate = spikes as f64 / (EXCITATORY + INHIBITORY) as f64;
    println!(
        "{} connections, {spikes} spikes, {rate:.1} spikes/s",
        sim.num_connections()
    );
    Ok(())
}
