//! What it costs to exchange spikes between processes, each way: to all ranks or to those that
//! hold targets, at once or while nodes are updated.
//!
//! `mpirun -n 4 target/release/deps/exchange-... [network ...]`, after
//! `cargo bench -p ovenbird-mpi --features mpi --no-run`. Every network runs by turns with each way
//! several times; the least times count. Bytes and times are those of rank 0. With a number among
//! the arguments ranks are so many threads of this process instead: they sleep while they wait, so
//! that processor time is what the work takes, also on a machine that is busy with other things.

use ovenbird::core::parameter::Parameter;
use ovenbird::core::rank::{Communicator, in_process};
use ovenbird::core::simulation::ExchangePolicy;
use ovenbird::prelude::*;
use std::io::Write;
use std::time::Instant;

/// Turns.
const TURNS: usize = 5;

/// A network whose neurons fire on their own, more regularly than not.
#[derive(Clone, Copy)]
struct Network {
    name: &'static str,
    neurons: i64,
    indegree: u32,
    /// Whether sources are random or neighbours that share their rank more often than not.
    local: bool,
    /// The smallest delay in steps of 0.1 ms.
    delay: u32,
    /// Biological time (ms).
    time: f64,
}

const fn network(
    name: &'static str,
    neurons: i64,
    indegree: u32,
    delay: u32,
    time: f64,
) -> Network {
    Network {
        name,
        neurons,
        indegree,
        local: false,
        delay,
        time,
    }
}

const NETWORKS: [Network; 11] = [
    network("small", 100, 20, 15, 1000.0),
    network("brunel", 5000, 500, 15, 300.0),
    network("sparse-1", 20_000, 1, 15, 300.0),
    network("sparse-2", 20_000, 2, 15, 300.0),
    network("sparse-3", 20_000, 3, 15, 300.0),
    network("sparse-8", 20_000, 8, 15, 300.0),
    Network {
        local: true,
        ..network("local", 20_000, 20, 15, 300.0)
    },
    network("delay-2", 2000, 100, 2, 200.0),
    network("delay-4", 2000, 100, 4, 200.0),
    network("delay-8", 2000, 100, 8, 200.0),
    network("delay-15", 2000, 100, 15, 200.0),
];

/// What one run costs.
#[derive(Clone, Copy)]
struct Cost {
    wall: f64,
    exchange: f64,
    cpu: f64,
    bytes: f64,
    words: f64,
}

type Rank = Box<dyn Communicator>;

/// Processor time of this thread so far, in seconds.
fn cpu() -> f64 {
    let spent = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let first = spent.split_whitespace().next();
    first.and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(0.0) * 1e-9
}

fn build(
    rank: Option<Rank>,
    network: &Network,
    policy: ExchangePolicy,
) -> ovenbird::Result<Simulation> {
    let ranks = rank.as_ref().map_or(1, |r| r.ranks()) as u32;
    let registry = ovenbird::models::registry();
    let mut sim = match rank {
        Some(rank) => Simulation::with_ranks(registry, rank),
        None => Simulation::new(registry),
    };
    sim.set_exchange(policy);
    let cells = sim.create("iaf_psc_alpha", network.neurons)?.ids();
    let currents = (0..cells.len()).map(|i| 400.0 + (i % 97) as f64).collect();
    sim.set(&cells, &dict([("I_e", Value::Floats(currents))]))?;
    let start = Parameter::uniform(-70.0, -55.0).expect("a range");
    sim.set(&cells, &dict([("V_m", Value::Parameter(start))]))?;
    let delay = f64::from(network.delay) * 0.1;
    // too weak to change the rates, which would differ between networks
    let synapse = [static_synapse(&sim, 0.1, delay)?];
    if network.local {
        let n = cells.len();
        for k in 1..=network.indegree as usize {
            // three of four neighbours share the rank
            let away = if k % 4 == 0 { k } else { k * ranks as usize };
            let others: Vec<u32> = (0..n).map(|i| cells[(i + away) % n]).collect();
            sim.connect(&cells, &others, &ConnSpec::new(Rule::OneToOne), &synapse)?;
        }
    } else {
        sim.connect(&cells, &cells, &fixed_indegree(network.indegree)?, &synapse)?;
    }
    sim.simulate(30.0)?;
    Ok(sim)
}

fn measure(
    rank: Option<Rank>,
    network: &Network,
    policy: ExchangePolicy,
) -> ovenbird::Result<Cost> {
    let mut sim = build(rank, network, policy)?;
    sim.synchronize()?;
    let before = sim.timers().exchange;
    let (sent, words) = (ovenbird_mpi::sent_bytes(), sim.ranks().sent());
    let (start, used) = (Instant::now(), cpu());
    sim.simulate(network.time)?;
    let slices = network.time * 10.0 / f64::from(network.delay);
    Ok(Cost {
        wall: start.elapsed().as_secs_f64(),
        exchange: sim.timers().exchange - before,
        cpu: cpu() - used,
        bytes: (ovenbird_mpi::sent_bytes() - sent) as f64 / slices,
        words: (sim.ranks().sent() - words) as f64 / slices,
    })
}

fn least(a: Cost, b: Cost) -> Cost {
    Cost {
        wall: a.wall.min(b.wall),
        exchange: a.exchange.min(b.exchange),
        cpu: a.cpu.min(b.cpu),
        ..b
    }
}

/// The costs of rank 0, where ranks are processes, or so many threads.
fn measure_first(
    threads: Option<usize>,
    network: &Network,
    policy: ExchangePolicy,
) -> ovenbird::Result<Cost> {
    let Some(threads) = threads else {
        return measure(ovenbird_mpi::world(), network, policy);
    };
    std::thread::scope(|scope| {
        let start = |rank| scope.spawn(move || measure(Some(rank), network, policy));
        let all: Vec<_> = in_process(threads).into_iter().map(start).collect();
        let mut costs = all.into_iter().map(|t| t.join().expect("a rank passes"));
        let first = costs.next().expect("there are ranks");
        costs.try_for_each(|cost| cost.map(drop))?;
        first
    })
}

fn main() -> ovenbird::Result<()> {
    // cargo adds options of its own
    let arguments = std::env::args().skip(1).filter(|a| !a.starts_with('-'));
    let (mut names, mut threads) = (Vec::new(), None);
    for argument in arguments {
        match argument.parse::<usize>() {
            Ok(n) => threads = Some(n),
            Err(_) => names.push(argument),
        }
    }
    let wanted = |network: &&Network| {
        let mut prefixes = names.iter();
        names.is_empty() || prefixes.any(|n| network.name.starts_with(&**n))
    };
    let first = match threads {
        Some(_) => true,
        None => {
            ovenbird_mpi::start()?;
            ovenbird_mpi::world().is_none_or(|w| w.rank() == 0)
        }
    };
    let mut out = std::io::stdout();
    let mut say = |line: String| {
        if first {
            drop(writeln!(out, "{line}"));
        }
    };
    let head =
        "| network | to | overlap | spikes sent | bytes sent | wall ms | exchange ms | cpu ms |";
    say(head.to_owned());
    say("|---|---|---|---|---|---|---|---|".to_owned());
    let ways = [(false, false), (false, true), (true, false), (true, true)];
    for network in NETWORKS.iter().filter(wanted) {
        let mut costs: [Option<Cost>; 4] = [None; 4];
        for _ in 0..TURNS {
            for (cost, (selective, overlap)) in costs.iter_mut().zip(ways) {
                let policy = ExchangePolicy {
                    selective: Some(selective),
                    overlap: Some(overlap),
                };
                let now = measure_first(threads, network, policy)?;
                *cost = Some(cost.map_or(now, |c| least(c, now)));
            }
        }
        for (cost, (selective, overlap)) in costs.iter().flatten().zip(ways) {
            say(row(network, cost, selective, overlap));
        }
    }
    match threads {
        Some(_) => Ok(()),
        None => ovenbird_mpi::finish(),
    }
}

fn row(network: &Network, cost: &Cost, selective: bool, overlap: bool) -> String {
    let to = if selective { "targets" } else { "all" };
    let overlap = if overlap { "yes" } else { "no" };
    format!(
        "| {} | {to} | {overlap} | {:.1} | {:.0} | {:.1} | {:.1} | {:.1} |",
        network.name,
        cost.words,
        cost.bytes,
        cost.wall * 1e3,
        cost.exchange * 1e3,
        cost.cpu * 1e3
    )
}
