//! What the phases of a simulation have cost.

use std::time::Instant;

/// Seconds spent, as NEST names them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timers {
    pub create: Spent,
    pub connect: Spent,
    pub simulate: Spent,
    pub prepare: Spent,
    /// The shortest and the longest slice; inf and -inf before the first.
    pub update: (f64, f64),
    /// Collecting the spikes of slices, of which exchanging them with other ranks.
    pub gather: f64,
    pub exchange: f64,
    /// Exchanging what coupled nodes send.
    pub couple: f64,
}

impl Default for Timers {
    fn default() -> Self {
        Timers {
            create: Spent::default(),
            connect: Spent::default(),
            simulate: Spent::default(),
            prepare: Spent::default(),
            update: (f64::INFINITY, f64::NEG_INFINITY),
            gather: 0.0,
            exchange: 0.0,
            couple: 0.0,
        }
    }
}

/// Seconds by the clock on the wall, and of processor time of all threads.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spent {
    pub wall: f64,
    pub cpu: f64,
}

impl Spent {
    pub(super) fn add(&mut self, stopwatch: &Stopwatch) {
        let wall = stopwatch.begin.elapsed().as_secs_f64();
        self.wall += wall;
        self.cpu += match (stopwatch.cpu, cpu_seconds()) {
            (Some(begin), Some(end)) => end - begin,
            _ => wall,
        };
    }

    /// Adds what one thread did in a time too short to ask the system for its processor time.
    pub(super) fn add_short(&mut self, begin: Instant) {
        let wall = begin.elapsed().as_secs_f64();
        self.wall += wall;
        self.cpu += wall;
    }
}

/// The moment at which something began.
pub(super) struct Stopwatch {
    pub begin: Instant,
    cpu: Option<f64>,
}

impl Stopwatch {
    pub fn start() -> Self {
        Stopwatch {
            begin: Instant::now(),
            cpu: cpu_seconds(),
        }
    }
}

/// The processor time of this process so far, where the system tells.
#[cfg(unix)]
fn cpu_seconds() -> Option<f64> {
    let t = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Some(t.tv_sec as f64 + t.tv_nsec as f64 * 1e-9)
}

#[cfg(not(unix))]
fn cpu_seconds() -> Option<f64> {
    None
}
