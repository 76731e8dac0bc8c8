//! When nodes spike that are set to spike at fixed intervals.

use crate::model::{ArchiveParams, Forced};
use crate::time::{Clock, Step};
use std::collections::BTreeMap;

/// The schedule of one worker's nodes of a family.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    /// By place the steps left to the next spike, of nodes that have ever been scheduled.
    left: BTreeMap<u32, Step>,
    active: bool,
}

impl Schedule {
    /// Whether any node spikes at fixed intervals.
    #[inline]
    pub fn is_active(&self) -> bool {
        self.active
    }

    /// Makes the next spike of a node come after its offset, counted from the next run on.
    pub fn restart(&mut self, local: u32) {
        self.left.remove(&local);
    }

    /// Takes in the `nodes`, by place, that spike at fixed intervals.
    pub fn arrange<'a>(
        &mut self,
        nodes: impl Iterator<Item = (u32, &'a ArchiveParams)>,
        clock: &Clock,
    ) {
        self.active = false;
        for (local, p) in nodes.filter(|(_, p)| p.ignore_and_spike) {
            self.active = true;
            let offset = || clock.round(p.ignore_and_spike_offset).max(1);
            self.left.entry(local).or_insert_with(offset);
        }
    }

    /// Takes a step of the nodes in `range` and says what they do. `params` gives the parameters
    /// of a node, or none for a node that takes no step.
    pub fn step<'a>(
        &mut self,
        range: &std::ops::Range<usize>,
        params: impl Fn(u32) -> Option<&'a ArchiveParams>,
        clock: &Clock,
        out: &mut [Forced],
    ) {
        out.fill(Forced::No);
        for (&local, left) in self.left.range_mut(range.start as u32..range.end as u32) {
            let Some(p) = params(local).filter(|p| p.ignore_and_spike) else {
                continue;
            };
            *left -= 1;
            let due = *left == 0;
            if due {
                *left = clock.round(p.ignore_and_spike_interval).max(1);
            }
            out[local as usize - range.start] = if due { Forced::Spike } else { Forced::Silent };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spikes_come_after_the_offset_and_then_at_intervals() {
        let clock = Clock::default();
        let p = ArchiveParams {
            ignore_and_spike: true,
            ignore_and_spike_offset: 0.3,
            ignore_and_spike_interval: 0.5,
            ..ArchiveParams::default()
        };
        let mut schedule = Schedule::default();
        schedule.arrange([(7, &p)].into_iter(), &clock);
        let mut out = [Forced::No; 4];
        let spikes: Vec<i32> = (1..=14)
            .filter(|_| {
                schedule.step(&(5..9), |_| Some(&p), &clock, &mut out);
                assert_eq!([out[0], out[1], out[3]], [Forced::No; 3]);
                out[2] == Forced::Spike
            })
            .collect();
        assert_eq!(spikes, [3, 8, 13]);
        schedule.arrange(std::iter::empty(), &clock);
        assert!(!schedule.is_active());
    }
}
