//! The networks and errors of the tests of ranks, on processes of MPI:
//! `mpirun -n 4 target/debug/deps/ranks-...`. Each process compares what it holds with one rank.

#[path = "../../ovenbird/tests/ranks/bodies.rs"]
mod bodies;

use bodies::{Rank, compare};

fn rank() -> Rank {
    ovenbird_mpi::world().expect("mpirun has started several processes")
}

fn networks() -> ovenbird::Result<()> {
    let random = bodies::random_network(None, 1)?;
    bodies::check_active(&random, 500, 1000, 6000);
    let devices = bodies::devices(None, 1)?;
    bodies::check_active(&devices, 100, 40, 30);
    let space = bodies::in_space(None, 1)?;
    let sparse = bodies::sparse(None, 1)?;
    bodies::check_active(&sparse, 300, 1000, 200);
    let grown = bodies::grown(None, 1)?;
    bodies::check_active(&grown, 100, 1000, 50);
    let multapses = bodies::multapses(None, 1)?;
    let weights = bodies::recorded_weights(None, 1)?;
    let pairs = bodies::drawn_pairs(None, 1)?;
    assert!(weights.recorded_weights().1);
    let apart = bodies::coupled_apart(None, 1)?;
    bodies::check_active(&apart, 10, 300, 80);
    let coupled = [true, false].map(|iterate| (iterate, bodies::coupled(None, 1, iterate)));
    for threads in [1, 2, 3] {
        compare(rank(), threads, &random, bodies::random_network);
        compare(rank(), threads, &devices, bodies::devices);
        compare(rank(), threads, &space, bodies::in_space);
        compare(rank(), threads, &sparse, bodies::sparse);
        compare(rank(), threads, &grown, bodies::grown);
        compare(rank(), threads, &multapses, bodies::multapses);
        compare(rank(), threads, &weights, bodies::recorded_weights);
        compare(rank(), threads, &pairs, bodies::drawn_pairs);
        compare(rank(), threads, &apart, bodies::coupled_apart);
        for (iterate, reference) in &coupled {
            let reference = reference.as_ref().map_err(Clone::clone)?;
            compare(rank(), threads, reference, |rank, threads| {
                bodies::coupled(rank, threads, *iterate)
            });
        }
    }
    Ok(())
}

fn main() -> ovenbird::Result<()> {
    let ranks = ovenbird_mpi::start()?;
    networks()?;
    let text = bodies::errors(rank())?;
    assert!(
        text.contains(&format!("(on rank {} of {ranks})", 7 % ranks)),
        "{text}"
    );
    let text = bodies::different_networks(rank())?;
    assert!(text.contains("rank 0 has 10, rank 1 has 11"), "{text}");
    // ranks that have diverged cannot go on, so this comes last
    let text = bodies::divergence(rank())?;
    assert!(text.contains("rank 0 reached Connect"), "{text}");
    ovenbird_mpi::finish()
}
