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

    /// Adds seconds that one thread was at work, too few to ask the system for its processor time.
    pub(super) fn add_short(&mut self, seconds: f64) {
        self.wall += seconds;
        self.cpu += seconds;
    }
}

/// Which calls are timed, of many that take hardly longer than reading the clock: the first ones,
/// then one in `STRIDE`, which stands for the others.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sampling {
    calls: u64,
}

impl Sampling {
    const ALL: u64 = 64;
    /// A prime, so that loops of some calls each do not always have the same one timed.
    const STRIDE: u64 = 17;

    /// How many calls the next one stands for; 0 if it is not timed.
    pub fn weight(self) -> u64 {
        match self.calls.checked_sub(Self::ALL) {
            None => 1,
            // the one in the middle of those that it stands for
            Some(later) if later % Self::STRIDE == Self::STRIDE / 2 => Self::STRIDE,
            Some(_) => 0,
        }
    }

    pub fn count(&mut self) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timed_calls_stand_for_all() {
        let mut sampling = Sampling::default();
        let mut stood_for = 0;
        for calls in 1..1000u64 {
            stood_for += sampling.weight();
            sampling.count();
            assert!(stood_for.abs_diff(calls) <= Sampling::STRIDE / 2);
            assert!(calls > Sampling::ALL || stood_for == calls);
        }
    }
}
