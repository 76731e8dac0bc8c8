//! # spike_generator
//!
//! Sends spikes at given times to all its targets.
//!
//! Spike i has the time stamp `spike_times[i]`, relative to `origin`. Where `spike_weights` is
//! given, the weights of the connections are multiplied with `spike_weights[i]`; where
//! `spike_multiplicities` is given, the spike counts as `spike_multiplicities[i]` spikes. Times
//! must be in ascending order; several spikes may have the same time. Spikes outside
//! `start < time <= stop` are not sent.
//!
//! How times that are not on the grid are taken:
//!
//! ```text
//! default                they are errors
//! allow_offgrid_times    they are rounded up to the end of their step
//! shift_now_spikes       times equal to the present time move to the next step, zero too
//! precise_times          spikes are sent at the end of their step with their offset from it
//! ```

use ovenbird_core::error::{Error, Result};
use ovenbird_core::model::{
    ElementType, Emission, Moment, NodeInfo, Pulse, Settling, Signal, Stimulator, Targets,
};
use ovenbird_core::time::{Clock, Step};

ovenbird_core::params! {
    /// Times of the spikes, relative to origin.
    spike_times: Vec<f64> = Vec::new(), "ms";
    /// Factors on the weights of the connections, one per spike, or none.
    spike_weights: Vec<f64> = Vec::new();
    /// How often each spike counts, one number per spike, or none.
    spike_multiplicities: Vec<i64> = Vec::new();
    /// Whether spikes are sent with their offset from the grid.
    precise_times: bool = false;
    /// Whether times off the grid are rounded up.
    allow_offgrid_times: bool = false;
    /// Whether spikes at the present time are moved to the next step.
    shift_now_spikes: bool = false;
}

/// The stimulator model `spike_generator`.
pub struct SpikeGenerator;

/// What is sent, by time stamp.
pub struct Derived {
    /// Ascending, relative to origin.
    stamps: Vec<Step>,
    pulses: Vec<Pulse>,
}

fn bad<T>(text: impl Into<String>) -> Result<T> {
    Err(Error::bad_property(text))
}

/// The stamp of a spike at `t` ms, on the grid.
fn stamp(p: &Params, t: f64, at: &Settling<'_>) -> Result<Step> {
    let stamp = match at.clock.on_grid(t) {
        _ if t < 0.0 => None,
        Some(step) => Some(step),
        None => p.allow_offgrid_times.then(|| at.clock.stamp(t)),
    };
    let Some(stamp) = stamp else {
        return bad(format!(
            "spike_generator: Time point {t} is not representable in current resolution."
        ));
    };
    let stamp = stamp + Step::from(p.shift_now_spikes && at.origin + stamp == at.now);
    if stamp == 0 && !p.shift_now_spikes {
        return bad("spike time cannot be set to 0.");
    }
    Ok(stamp)
}

fn settle_times(p: &mut Params, at: &Settling<'_>) -> Result<()> {
    let mut previous = f64::NEG_INFINITY;
    let mut times = Vec::with_capacity(p.spike_times.len());
    for &t in &p.spike_times {
        if previous > t {
            return bad("Spike times must be sorted in non-descending order.");
        }
        previous = t;
        if !p.precise_times {
            times.push(at.clock.ms(stamp(p, t, at)?));
            continue;
        }
        if t == 0.0 {
            return bad("spike time cannot be set to 0.");
        }
        if t < 0.0 {
            return bad(format!("spike time cannot be negative, got {t}."));
        }
        times.push(t);
    }
    p.spike_times = times;
    Ok(())
}

fn check_weights(p: &Params) -> Result<()> {
    let n = p.spike_weights.len();
    if n == 0 || n == p.spike_times.len() {
        return Ok(());
    }
    bad(
        "spike_weights must have the same number of elements as spike_times, or 0 elements to \
         clear the property.",
    )
}

fn check_multiplicities(p: &Params) -> Result<()> {
    let n = p.spike_multiplicities.len();
    if n != 0 && n != p.spike_times.len() {
        return bad(
            "spike_multiplicities must have the same number of elements as spike_times or 0 \
             elements to clear the property.",
        );
    }
    let impossible = |m: &&i64| u32::try_from(**m).is_err();
    match p.spike_multiplicities.iter().find(impossible) {
        None => Ok(()),
        Some(m) => bad(format!(
            "spike_multiplicities must be between 0 and {}, got {m}",
            u32::MAX
        )),
    }
}

/// How long before its stamp a spike at `t` ms is; differences within rounding are none.
fn offset(stamp: f64, t: f64) -> f64 {
    let offset = stamp - t;
    if offset.abs() < f64::EPSILON * (stamp + t).abs() * 2.0 {
        0.0
    } else {
        offset
    }
}

impl Stimulator for SpikeGenerator {
    type Params = Params;
    type Derived = Derived;
    type Cache = ();

    const INFO: NodeInfo = NodeInfo::new(
        "spike_generator",
        ElementType::Stimulator,
        "Sends spikes at given times",
        include_str!("spike_generator.rs"),
    );
    const SIGNAL: Signal = Signal::Spikes;
    const SIGNED: bool = true;

    fn settle(p: &mut Params, at: &Settling<'_>) -> Result<()> {
        if p.precise_times && (p.allow_offgrid_times || p.shift_now_spikes) {
            return bad(
                "Option precise_times cannot be set to true when either allow_offgrid_times or \
                 shift_now_spikes is set to true.",
            );
        }
        let options = ["precise_times", "allow_offgrid_times", "shift_now_spikes"];
        let new_times = at.sets("spike_times");
        if options.iter().any(|o| at.sets(o)) && !new_times && !p.spike_times.is_empty() {
            return bad(
                "Options can only be set together with spike times or if no spike times have been \
                 set.",
            );
        }
        if new_times {
            settle_times(p, at)?;
        }
        // those of earlier times may be replaced next: until a run only new ones count
        if at.sets("spike_weights") {
            check_weights(p)?;
        }
        if at.sets("spike_multiplicities") {
            check_multiplicities(p)?;
        }
        Ok(())
    }

    fn check_ready(p: &Params) -> Result<()> {
        check_weights(p)?;
        check_multiplicities(p)
    }

    fn derive(p: &Params, clock: &Clock) -> Derived {
        let mut derived = Derived {
            stamps: Vec::with_capacity(p.spike_times.len()),
            pulses: Vec::with_capacity(p.spike_times.len()),
        };
        for (i, &t) in p.spike_times.iter().enumerate() {
            let (stamp, offset) = if p.precise_times {
                let stamp = clock.stamp(t);
                (stamp, offset(clock.ms(stamp), t))
            } else {
                (clock.round(t), 0.0)
            };
            derived.stamps.push(stamp);
            derived.pulses.push(Pulse {
                count: p.spike_multiplicities.get(i).map_or(1, |&m| m as u32),
                factor: p.spike_weights.get(i).copied().unwrap_or(1.0),
                offset,
            });
        }
        derived
    }

    fn emit(
        _: &Params,
        derived: &Derived,
        at: &Moment,
        _: Targets<'_>,
        (): &mut (),
        _: &mut [f64],
    ) -> Emission {
        let stamp = at.step + 1 - at.origin;
        let first = derived.stamps.partition_point(|&s| s < stamp);
        let n = derived.stamps[first..]
            .iter()
            .take_while(|&&s| s == stamp)
            .count();
        if n == 0 {
            return Emission::Silent;
        }
        Emission::Pulses(derived.pulses[first..first + n].to_vec())
    }

    fn is_active(at: &Moment) -> bool {
        at.start < at.step + 1 && at.step < at.stop
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(mut p: Params, now: Step) -> Result<Params> {
        let changed = ["spike_times"];
        let at = Settling {
            changed: &changed,
            model: "spike_generator",
            clock: &Clock::default(),
            now,
            origin: 0,
        };
        SpikeGenerator::settle(&mut p, &at).map(|()| p)
    }

    fn times(times: &[f64]) -> Params {
        Params {
            spike_times: times.to_vec(),
            ..Params::default()
        }
    }

    #[test]
    fn times_must_be_on_the_grid_in_order_and_after_zero() {
        assert!(settled(times(&[0.1, 0.3, 0.3]), 0).is_ok());
        for wrong in [&[0.0][..], &[0.15], &[-0.1], &[2.0, 1.0]] {
            assert!(settled(times(wrong), 0).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn times_off_the_grid_go_to_the_end_of_their_step() {
        let mut p = times(&[0.31, 0.4]);
        p.allow_offgrid_times = true;
        assert_eq!(settled(p, 0).unwrap().spike_times, [0.4, 0.4]);
    }

    #[test]
    fn present_times_move_to_the_next_step() {
        let mut p = times(&[0.4, 0.5]);
        p.shift_now_spikes = true;
        assert_eq!(settled(p, 4).unwrap().spike_times, [0.5, 0.5]);
    }

    #[test]
    fn a_precise_time_is_its_stamp_less_its_offset() {
        let clock = Clock::default();
        let mut p = times(&[0.31, 0.4, 7.777_77]);
        p.precise_times = true;
        let d = SpikeGenerator::derive(&settled(p.clone(), 0).unwrap(), &clock);
        assert_eq!(d.stamps, [4, 4, 78]);
        assert_eq!(d.pulses[1].offset, 0.0);
        for ((&stamp, pulse), t) in d.stamps.iter().zip(&d.pulses).zip(p.spike_times) {
            assert!((clock.ms(stamp) - pulse.offset - t).abs() < 1e-15);
            assert!((0.0..clock.resolution()).contains(&pulse.offset));
        }
    }
}
