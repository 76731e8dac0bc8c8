//! # noise_generator
//!
//! Sends a Gaussian noise current, an independent one to each target. In the interval with index j,
//! which lasts `dt` and begins at `start + j dt` as seen by the targets, the current is
//!
//! ```text
//! I_j = mean + sqrt(std^2 + std_mod^2 sin(2 pi frequency t + phase)) N_j
//! ```
//!
//! with t the time one step into the interval and standard normal numbers N_j. A multimeter records
//! the mean over the targets.

use ovenbird_core::error::{Error, Kind, Result};
use ovenbird_core::math::{cos, sin};
use ovenbird_core::model::{
    ElementType, Emission, Moment, NodeInfo, Reading, Settling, Signal, Stimulator, Targets,
};
use ovenbird_core::rng::NormalDrive;
use ovenbird_core::time::{Clock, Step};

ovenbird_core::params! {
    /// Mean of the current.
    mean: f64 = 0.0, "pA";
    /// Standard deviation of the current.
    std: f64 = 0.0, "pA";
    /// Modulation of the standard deviation.
    std_mod: f64 = 0.0, "pA";
    /// Frequency of the modulation.
    frequency: f64 = 0.0, "Hz";
    /// Phase of the modulation.
    phase: f64 = 0.0, "deg";
    /// Interval between changes of the current; ten times the resolution unless set.
    dt: f64 = 1.0, "ms", MAYBE_INFINITE;
}

/// The stimulator model `noise_generator`.
pub struct NoiseGenerator;

/// The time grid.
pub struct Derived {
    clock: Clock,
    /// Length of an interval.
    steps: Step,
}

/// Steps in an interval unless set.
const DEFAULT_STEPS: Step = 10;

/// Normal numbers of the targets in the present interval.
#[derive(Default)]
pub struct Cache {
    drive: Option<NormalDrive>,
    interval: Option<u64>,
    normals: Vec<f64>,
}

impl Params {
    /// The argument of the modulation.
    fn angle(&self, clock: &Clock, step: Step) -> f64 {
        use std::f64::consts::PI;
        2.0 * PI * self.frequency / 1000.0 * clock.ms(step) + self.phase * 2.0 * PI / 360.0
    }

    fn deviation(&self, clock: &Clock, step: Step) -> f64 {
        if self.std_mod == 0.0 {
            return self.std;
        }
        let modulation = sin(self.angle(clock, step)) * self.std_mod * self.std_mod;
        (self.std * self.std + modulation).max(0.0).sqrt()
    }
}

/// A part of the modulation in the status; zero before the first run.
fn part(p: &Params, clock: &Clock, now: Step, of: fn(f64) -> f64) -> f64 {
    if now == 0 {
        0.0
    } else {
        of(p.angle(clock, now))
    }
}

const READINGS: &[Reading<Params>] = &[
    Reading {
        name: "y_0",
        unit: "",
        doc: "Cosine of the modulation at the present time",
        get: |p, clock, now| part(p, clock, now, cos),
    },
    Reading {
        name: "y_1",
        unit: "",
        doc: "Sine of the modulation at the present time",
        get: |p, clock, now| part(p, clock, now, sin),
    },
];

fn check_interval(dt: f64, at: &Settling<'_>) -> Result<()> {
    let clock = at.clock;
    if dt > 0.0 && clock.on_grid(dt).is_some_and(|steps| steps > 0) {
        return Ok(());
    }
    let time = if dt.is_finite() {
        let (tics, steps) = (clock.ticks(dt), dt / clock.resolution());
        format!("{dt} ms (= {tics} tics = {steps} steps)")
    } else {
        format!("{dt} ms")
    };
    Err(Error::new(
        Kind::StepMultipleRequired,
        format!(
            "The time property dt = {time} of model {} must be a multiple of the resolution \
             {} ms (= {} tics = 1 step).",
            at.model,
            clock.resolution(),
            clock.ticks_per_step()
        ),
    ))
}

impl Stimulator for NoiseGenerator {
    type Params = Params;
    type Derived = Derived;
    type Cache = Cache;

    const INFO: NodeInfo = NodeInfo::new(
        "noise_generator",
        ElementType::Stimulator,
        "Sends independent Gaussian noise currents to its targets",
        include_str!("noise_generator.rs"),
    );
    const SIGNAL: Signal = Signal::Currents;

    fn readings() -> &'static [Reading<Params>] {
        READINGS
    }

    fn settle(p: &mut Params, at: &Settling<'_>) -> Result<()> {
        if p.std < 0.0 || p.std_mod < 0.0 {
            return Err(Error::bad_property(
                "The standard deviation cannot be negative.",
            ));
        }
        if p.std_mod > p.std {
            return Err(Error::bad_property(
                "The modulation amplitude must be smaller or equal to the baseline amplitude.",
            ));
        }
        check_interval(p.dt, at)?;
        p.dt = at.clock.ms(at.clock.round(p.dt));
        Ok(())
    }

    fn recalibrate(p: &mut Params, clock: &Clock) {
        let fits = clock.on_grid(p.dt).is_some_and(|steps| steps > 0);
        if !fits {
            p.dt = clock.ms(DEFAULT_STEPS);
        }
    }

    fn derive(p: &Params, clock: &Clock) -> Derived {
        Derived {
            clock: *clock,
            steps: clock.round(p.dt).max(1),
        }
    }

    fn emit(
        p: &Params,
        derived: &Derived,
        at: &Moment,
        targets: Targets<'_>,
        cache: &mut Cache,
        out: &mut [f64],
    ) -> Emission {
        if p.std == 0.0 {
            return Emission::Current(p.mean);
        }
        // the first step in which the device is active
        let onset = (at.start - 1).max(0);
        let interval = (at.step - onset) / derived.steps;
        let index = interval as u64;
        if cache.interval != Some(index) || cache.normals.len() != out.len() {
            let drive = cache.drive.get_or_insert_with(|| {
                let (ids, occurrences) = (targets.ids.to_vec(), targets.occurrences.to_vec());
                NormalDrive::new(at.key, at.id, ids, occurrences)
            });
            cache.normals.resize(out.len(), 0.0);
            drive.normals(index, &mut cache.normals);
            cache.interval = Some(index);
        }
        let first = onset + interval * derived.steps;
        let deviation = p.deviation(&derived.clock, first + 1);
        for (x, normal) in out.iter_mut().zip(&cache.normals) {
            *x = p.mean + deviation * normal;
        }
        Emission::Each
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deviation_follows_the_modulation() {
        let p = Params {
            std: 5.0,
            std_mod: 3.0,
            frequency: 250.0,
            phase: 90.0,
            ..Params::default()
        };
        let clock = Clock::default();
        // sin is 1, 0 and -1 at 0, 1 and 2 ms
        for (step, variance) in [(0, 34.0), (10, 25.0), (20, 16.0), (30, 25.0)] {
            let deviation = p.deviation(&clock, step);
            assert!((deviation * deviation - variance).abs() < 1e-12);
        }
    }

    #[test]
    fn the_default_interval_follows_the_resolution_where_it_must() {
        for (resolution, dt) in [(0.05, 1.0), (0.25, 1.0), (0.3, 3.0), (2.0, 20.0)] {
            let mut p = Params::default();
            NoiseGenerator::recalibrate(&mut p, &Clock::new(1000, resolution).unwrap());
            assert_eq!(p.dt, dt);
        }
    }
}
