//! A call that is told to end changes nothing, and can be made again.

use ovenbird::core::error::Kind;
use ovenbird::core::simulation::{ConnectionSet, Filter};
use ovenbird::core::value::Column;
use ovenbird::prelude::*;

const NEURONS: u32 = 4000;

/// A network with many connections with and without state, none of them arranged yet.
fn network(threads: i64) -> ovenbird::Result<Simulation> {
    let mut sim = ovenbird::simulation();
    sim.set_status(&dict([("local_num_threads", threads.into())]))?;
    let ids = sim.create("iaf_psc_alpha", NEURONS.into())?.ids();
    sim.set(&ids, &dict([("I_e", 1000.0.into())]))?;
    for (model, indegree) in [("static_synapse", 400), ("stdp_synapse", 100)] {
        let drawn = Parameter::normal(1.0, 0.5).expect("the width is positive");
        let weight = Value::Parameter(drawn);
        let spec = dict([("synapse_model", model.into()), ("weight", weight)]);
        let spec = sim.syn_spec(spec)?;
        sim.connect(&ids, &ids, &fixed_indegree(indegree)?, &[spec])?;
    }
    Ok(sim)
}

/// Makes a call again and again, each time told to end, and once not; how often it ended.
fn interrupted<T>(
    sim: &mut Simulation,
    mut call: impl FnMut(&mut Simulation) -> ovenbird::Result<T>,
) -> (usize, T) {
    let before = sim.num_connections();
    let mut ended = 0;
    sim.set_watch(Box::new(|| true));
    while ended < 3 {
        match call(sim) {
            Ok(done) => return (ended, done),
            Err(e) => assert_eq!(e.kind, Kind::Interrupted, "{e}"),
        }
        assert_eq!(sim.num_connections(), before);
        ended += 1;
    }
    sim.set_watch(Box::new(|| false));
    (ended, call(sim).expect("nothing tells it to end"))
}

/// Ends and weights of all connections, and the weights after a run.
fn outcome(sim: &mut Simulation) -> ovenbird::Result<Vec<Option<Column>>> {
    sim.set_watch(Box::new(|| false));
    let mut all = sim.connections(&Filter::default())?;
    let mut columns = Vec::new();
    for key in ["source", "target", "weight"] {
        columns.push(sim.connection_values(&mut all, key)?);
    }
    sim.simulate(12.0)?;
    columns.push(sim.connection_values(&mut all, "weight")?);
    Ok(columns)
}

#[test]
fn prepare_ends_and_goes_on_where_it_ended() -> ovenbird::Result<()> {
    for threads in [1, 2] {
        let mut sim = network(threads)?;
        let (ended, ()) = interrupted(&mut sim, Simulation::prepare);
        assert!(ended > 0, "the network is too small for this test");
        sim.cleanup()?;
        assert!(outcome(&mut sim)? == outcome(&mut network(threads)?)?);
    }
    Ok(())
}

#[test]
fn connections_are_found_after_a_search_that_ended() -> ovenbird::Result<()> {
    let mut sim = network(2)?;
    let sources: Vec<u32> = (1..=NEURONS / 2).collect();
    let filter = Filter {
        sources: Some(&sources),
        ..Filter::default()
    };
    let (ended, set) = interrupted(&mut sim, |sim| sim.connections(&filter));
    assert!(ended > 0, "the network is too small for this test");
    assert_eq!(set.len(), network(2)?.connections(&filter)?.len());
    assert!(outcome(&mut sim)? == outcome(&mut network(2)?)?);
    Ok(())
}

#[test]
fn disconnecting_removes_all_or_nothing() -> ovenbird::Result<()> {
    let mut sim = network(2)?;
    let model = sim.synapse_index("static_synapse")?;
    let filter = Filter {
        model: Some(model),
        ..Filter::default()
    };
    // all of a model, which is listed when it is needed
    let remove = |sim: &mut Simulation, set: &ConnectionSet| sim.disconnect(&mut set.clone());
    let set = sim.connections(&filter)?;
    let (ended, ()) = interrupted(&mut sim, |sim| remove(sim, &set));
    assert!(ended > 0, "the network is too small for this test");
    assert_eq!(sim.connections(&filter)?.len(), 0);
    let mut other = network(2)?;
    let set = other.connections(&filter)?;
    remove(&mut other, &set)?;
    assert!(outcome(&mut sim)? == outcome(&mut other)?);
    Ok(())
}
