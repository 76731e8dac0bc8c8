//! Several ranks, which are threads here, give the same bits as one, and never hang.

mod bodies;
mod memory;

use bodies::{Outcome, Rank, compare};
use ovenbird::Simulation;
use ovenbird::core::rank::in_process;
use ovenbird::core::simulation::{Progress, RunControl};

const RANKS: [usize; 4] = [1, 2, 3, 5];
const THREADS: [usize; 3] = [1, 2, 3];

/// What each of `n` ranks returns from `f`.
fn on<T: Send>(n: usize, f: impl Fn(Rank) -> T + Sync) -> Vec<T> {
    std::thread::scope(|scope| {
        let start = |rank| {
            let f = &f;
            scope.spawn(move || f(rank))
        };
        let threads: Vec<_> = in_process(n).into_iter().map(start).collect();
        let join = |t: std::thread::ScopedJoinHandle<'_, T>| t.join().expect("a rank passes");
        threads.into_iter().map(join).collect()
    })
}

fn everywhere(
    reference: &Outcome,
    run: impl Fn(Option<Rank>, usize) -> ovenbird::Result<Outcome> + Sync,
) {
    for ranks in RANKS {
        for threads in THREADS {
            on(ranks, |rank| compare(rank, threads, reference, &run));
        }
    }
}

#[test]
fn a_random_network_has_the_same_bits_on_any_number_of_ranks() -> ovenbird::Result<()> {
    let reference = bodies::random_network(None, 1)?;
    bodies::check_active(&reference, 500, 1000, 6000);
    everywhere(&reference, bodies::random_network);
    Ok(())
}

#[test]
fn a_sparse_network_has_the_same_bits_on_any_number_of_ranks() -> ovenbird::Result<()> {
    let reference = bodies::sparse(None, 1)?;
    bodies::check_active(&reference, 300, 1000, 200);
    everywhere(&reference, bodies::sparse);
    Ok(())
}

#[test]
fn a_network_that_grows_has_the_same_bits_on_any_number_of_ranks() -> ovenbird::Result<()> {
    let reference = bodies::grown(None, 1)?;
    bodies::check_active(&reference, 100, 1000, 50);
    everywhere(&reference, bodies::grown);
    Ok(())
}

#[test]
fn nodes_in_space_have_the_same_bits_on_any_number_of_ranks() -> ovenbird::Result<()> {
    let reference = bodies::in_space(None, 1)?;
    bodies::check_active(&reference, 100, 500, 5000);
    everywhere(&reference, bodies::in_space);
    Ok(())
}

#[test]
fn connections_between_the_same_nodes_keep_their_order_on_any_number_of_ranks()
-> ovenbird::Result<()> {
    let reference = bodies::multapses(None, 1)?;
    bodies::check_active(&reference, 200, 1000, 4900);
    everywhere(&reference, bodies::multapses);
    Ok(())
}

#[test]
fn numbers_drawn_for_pairs_have_the_same_bits_on_any_number_of_ranks() -> ovenbird::Result<()> {
    let reference = bodies::drawn_pairs(None, 1)?;
    bodies::check_active(&reference, 300, 1000, 6500);
    everywhere(&reference, bodies::drawn_pairs);
    Ok(())
}

#[test]
fn recorded_weights_are_the_same_on_any_number_of_ranks() -> ovenbird::Result<()> {
    let reference = bodies::recorded_weights(None, 1)?;
    bodies::check_active(&reference, 100, 1000, 480);
    let (count, in_order) = reference.recorded_weights();
    assert!(count > 1000 && in_order, "{count}");
    everywhere(&reference, bodies::recorded_weights);
    Ok(())
}

#[test]
fn coupled_neurons_have_the_same_bits_on_any_number_of_ranks() -> ovenbird::Result<()> {
    for iterate in [true, false] {
        let reference = bodies::coupled(None, 1, iterate)?;
        bodies::check_active(&reference, 5, 100, 60);
        everywhere(&reference, |rank, threads| {
            bodies::coupled(rank, threads, iterate)
        });
    }
    Ok(())
}

#[test]
fn few_coupled_neurons_have_the_same_bits_on_any_number_of_ranks() -> ovenbird::Result<()> {
    let reference = bodies::coupled_apart(None, 1)?;
    bodies::check_active(&reference, 10, 300, 80);
    everywhere(&reference, bodies::coupled_apart);
    Ok(())
}

#[test]
fn devices_have_the_same_bits_on_any_number_of_ranks() -> ovenbird::Result<()> {
    let reference = bodies::devices(None, 1)?;
    bodies::check_active(&reference, 100, 40, 30);
    everywhere(&reference, bodies::devices);
    Ok(())
}

#[test]
fn an_error_on_one_rank_ends_the_call_on_all_with_one_message() {
    for ranks in [2, 3] {
        let texts = on(ranks, |rank| {
            bodies::errors(rank).expect("errors as they should be")
        });
        assert!(texts.iter().all(|t| *t == texts[0]), "{texts:?}");
        assert!(
            texts[0].contains(&format!("(on rank 1 of {ranks})")),
            "{}",
            texts[0]
        );
    }
}

#[test]
fn ranks_that_diverge_get_an_error_that_names_both_calls() {
    let texts = on(3, |rank| {
        bodies::divergence(rank).expect("errors as they should be")
    });
    for text in texts {
        let both = "rank 0 reached Connect where ranks 1, 2 reached Prepare";
        assert!(text.contains(both), "{text}");
    }
}

#[test]
fn ranks_with_different_networks_get_an_error() {
    let texts = on(2, |rank| {
        bodies::different_networks(rank).expect("errors as they should be")
    });
    for text in texts {
        let both = "the number of nodes: rank 0 has 10, rank 1 has 11";
        assert!(text.contains(both), "{text}");
    }
}

#[test]
fn a_rank_that_dies_in_a_run_ends_the_others_with_a_clear_word() {
    let texts = on(3, |rank| {
        let me = rank.rank();
        let mut sim = Simulation::with_ranks(ovenbird::models::registry(), rank);
        sim.create("iaf_psc_alpha", 5)?;
        sim.prepare()?;
        let mut observe = |_: Progress| match me {
            1 => panic!("expected by the test"),
            _ => RunControl::Continue,
        };
        let run = std::panic::AssertUnwindSafe(|| sim.run(1e5, &mut observe).map(drop));
        std::panic::catch_unwind(run).unwrap_or(Ok(()))
    });
    assert!(texts[1].is_ok());
    for e in [&texts[0], &texts[2]] {
        let e = e.as_ref().expect_err("the run cannot end");
        assert!(e.message.contains("rank 1 is lost"), "{e}");
    }
}

#[test]
fn a_rank_that_wants_a_run_to_stop_stops_it_on_all() -> ovenbird::Result<()> {
    let ends = on(3, |rank| {
        let me = rank.rank();
        let mut sim = Simulation::with_ranks(ovenbird::models::registry(), rank);
        sim.create("iaf_psc_alpha", 5)?;
        sim.prepare()?;
        let stop = |_: Progress| match me {
            2 => RunControl::Stop,
            _ => RunControl::Continue,
        };
        let control = sim.run(1e6, &mut { stop })?;
        sim.cleanup()?;
        Ok((control, sim.now(), sim.stopped_by()))
    });
    let ends = ends.into_iter().collect::<ovenbird::Result<Vec<_>>>()?;
    assert!(ends.iter().all(|e| *e == ends[0]), "{ends:?}");
    let (control, now, by) = ends[0];
    assert_eq!((control, by), (RunControl::Stop, Some(2)));
    assert!(now < 10_000_000, "the run ends before its time: {now}");
    Ok(())
}
