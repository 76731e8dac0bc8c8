//! What the phases of a simulation have cost.

use std::time::Instant;

/// Seconds spent, as NEST names them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timers {
    pub create: Spent,
    pub connect: Spent,
    /// Connections made one by one, for which the clock is read now and then.
    pub brief: Brief,
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
            brief: Brief::default(),
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

    /// Adds what one thread did in a time too short to ask the system for its processor time, as
    /// often as `times`.
    pub(super) fn add_short(&mut self, begin: Instant, times: f64) {
        let wall = begin.elapsed().as_secs_f64() * times;
        self.wall += wall;
        self.cpu += wall;
    }
}

/// Calls that take hardly longer than reading the clock. The first ones are timed one by one,
/// then one of several, which stands for all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Brief {
    calls: u64,
}

impl Brief {
    const ALL_OF_FIRST: u64 = 64;
    const ONE_OF: u64 = 16;

    /// When the present call began and how many it stands for, if it is timed.
    pub(super) fn begin(self) -> Option<(Instant, f64)> {
        if self.calls < Self::ALL_OF_FIRST {
            Some((Instant::now(), 1.0))
        } else if self.calls.is_multiple_of(Self::ONE_OF) {
            Some((Instant::now(), Self::ONE_OF as f64))
        } else {
            None
        }
    }

    pub(super) fn count(&mut self) {
        self.calls += 1;
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
