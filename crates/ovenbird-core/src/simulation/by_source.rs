//! Rules that go by source, turned around so that their connections are made a target at a time.

use super::maker::{Maker, Numbers};
use super::{DelayRange, Worker};
use crate::connect::{Amount, ConnSpec, Draws, RuleContext};
use crate::error::Result;
use crate::parameter::Context;

/// Connections that are collected before they are made.
const COLLECTED: usize = 1 << 22;

/// Connections by source: pairs of indices of target and source.
struct Collected {
    pairs: Vec<(u32, u32)>,
    /// Where the sources of each target begin, when they are sorted.
    begins: Vec<usize>,
    sources: Vec<u32>,
}

impl Collected {
    /// Sorts by target, and keeps the order of the sources of each.
    fn sort(&mut self) {
        self.begins.fill(0);
        for &(target, _) in &self.pairs {
            self.begins[target as usize + 1] += 1;
        }
        for t in 1..self.begins.len() {
            self.begins[t] += self.begins[t - 1];
        }
        self.sources.resize(self.pairs.len(), 0);
        for (target, source) in self.pairs.drain(..) {
            // the begin of a target moves on, to that of the next one in the end
            let place = &mut self.begins[target as usize];
            self.sources[*place] = source;
            *place += 1;
        }
    }

    fn of(&self, target: usize) -> &[u32] {
        let begin = target.checked_sub(1).map_or(0, |t| self.begins[t]);
        &self.sources[begin..self.begins[target]]
    }
}

impl Maker<'_> {
    /// Whether all connections of a synapse are alike, so that no numbers go with them.
    pub(super) fn all_alike(&self) -> bool {
        (0..self.synapses.len()).all(|s| {
            let one_delay = matches!(self.synapses[s].delay, Some(Amount::Same(_)));
            self.is_simple(s) && self.weights[s].is_some() && one_delay
        })
    }

    /// Makes the connections between neurons that end on worker `w` for a rule that goes by source
    /// and synapses that are [all alike](Maker::all_alike).
    pub(super) fn make_turned(
        &self,
        cx: &RuleContext<'_>,
        rule: &ConnSpec,
        w: usize,
        worker: &mut Worker,
    ) -> Result<DelayRange> {
        let mut delays = DelayRange::default();
        let mine: Vec<bool> = cx.targets.iter().map(|&t| self.nodes.is_on(t, w)).collect();
        let mut draws = Draws::default();
        let mut collected = Collected {
            pairs: Vec::new(),
            begins: vec![0; cx.targets.len() + 1],
            sources: Vec::new(),
        };
        for at in 0..cx.sources.len() {
            rule.rule.draw(cx, at, &[], &mut draws)?;
            let here = draws.partners.iter().filter(|&&t| mine[t as usize]);
            collected.pairs.extend(here.map(|&t| (t, at as u32)));
            if collected.pairs.len() >= COLLECTED {
                self.add_collected(cx, &mut collected, w, worker, &mut delays)?;
            }
        }
        self.add_collected(cx, &mut collected, w, worker, &mut delays)?;
        Ok(delays)
    }

    fn add_collected(
        &self,
        cx: &RuleContext<'_>,
        collected: &mut Collected,
        w: usize,
        worker: &mut Worker,
        delays: &mut DelayRange,
    ) -> Result<()> {
        collected.sort();
        let last = cx.sources.iter().copied().max().unwrap_or(0);
        let (mut row, mut numbers) = (Draws::default(), Numbers::default());
        for (t, &id) in cx.targets.iter().enumerate() {
            let sources = collected.of(t);
            if sources.is_empty() {
                continue;
            }
            let (family, Some(at)) = self.nodes.locate(id)? else {
                continue;
            };
            row.partners.clear();
            row.partners.extend_from_slice(sources);
            for s in 0..self.synapses.len() {
                self.add_row(
                    (s, w),
                    t,
                    (family, at),
                    (cx.sources, last),
                    &row,
                    &Context::default(),
                    &mut numbers,
                    worker,
                    delays,
                )?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Collected;

    #[test]
    fn pairs_are_sorted_by_target() {
        let mut collected = Collected {
            pairs: vec![(2, 0), (0, 1), (2, 1), (0, 2), (3, 2)],
            begins: vec![0; 5],
            sources: Vec::new(),
        };
        collected.sort();
        let rows: Vec<&[u32]> = (0..4).map(|t| collected.of(t)).collect();
        let expected: [&[u32]; 4] = [&[1, 2], &[], &[0, 1], &[2]];
        assert_eq!(rows, expected);
    }
}
