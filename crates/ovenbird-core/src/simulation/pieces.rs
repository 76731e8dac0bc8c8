//! Long lists of pairs, connected piece by piece: what is looked up about the nodes of a piece
//! stays in a near cache, and no copy of the lists is made.

use super::timers::Stopwatch;
use super::{Phase, Simulation};
use crate::connect::{AmountRef, ConnSpec, Rule, RuleContext, SynSpecRef};
use crate::error::{Kind, Result};
use crate::model::SynapseKind;
use crate::rng::{Key, Purpose};
use crate::synapse::BLOCK_BITS;
use std::ops::Range;

/// Pairs in a piece.
const PIECE: usize = 1 << 17;

/// A stretch of what a list gives for each connection.
fn part<'a>(amount: &'a AmountRef<'_>, places: &Range<usize>) -> AmountRef<'a> {
    match amount.list() {
        Some(list) => AmountRef::Each((&list[places.clone()]).into()),
        None => amount.clone(),
    }
}

/// Whether an amount is a number, or one for each of `n` connections.
fn fits(amount: &AmountRef<'_>, n: usize) -> bool {
    match amount {
        AmountRef::Same(_) => true,
        AmountRef::Drawn(_) => false,
        AmountRef::Each(list) => list.len() == n,
    }
}

impl Simulation {
    /// Connects the pairs of two long lists, as [`Simulation::connect`] does, if everything about
    /// them is plain; says whether it did. If not, or if a connection cannot be made, nothing is
    /// changed, and the general way makes them or tells what is wrong.
    ///
    /// # Errors
    /// When the call is to end early.
    pub fn connect_pairs(
        &mut self,
        sources: &[i64],
        targets: &[i64],
        rule: &ConnSpec,
        synapses: &[SynSpecRef<'_>],
    ) -> Result<bool> {
        let [synapse] = synapses else {
            return Ok(false);
        };
        let n = sources.len();
        let plain = n >= 2 * PIECE && n == targets.len() && self.in_pieces(n, rule, synapse);
        let Some(marked) = plain.then(|| self.blocks_of_ids(sources)).flatten() else {
            return Ok(false);
        };
        let blocks = (0..).zip(&marked).filter(|&(_, marked)| *marked);
        let blocks = blocks.map(|(block, _)| block).collect();
        let stopwatch = Stopwatch::start();
        self.watch.start();
        let listed = self.list_held();
        let mark = self.mark_blocks(blocks);
        let made =
            listed.and_then(|()| self.make_pieces((sources, targets), &marked, rule, synapse));
        self.watch.commit();
        match made {
            Ok(true) => {
                self.connect_calls += 1;
                self.generation += 1;
                self.timers.connect.add(&stopwatch);
                Ok(true)
            }
            Err(e) if e.kind == Kind::Interrupted => {
                self.roll_back(&mark);
                Err(e)
            }
            Ok(false) | Err(_) => {
                self.roll_back(&mark);
                Ok(false)
            }
        }
    }

    /// Whether connections by a rule are the same if they are made piece by piece.
    fn in_pieces(&self, n: usize, rule: &ConnSpec, synapse: &SynSpecRef<'_>) -> bool {
        let model = self.synapse_model(synapse.model);
        self.phase == Phase::Idle
            && self.ranks.alone()
            && rule.rule == Rule::OneToOne
            && !rule.make_symmetric
            && rule.space.is_none()
            && model.info.kind == SynapseKind::Static
            && !model.info.requires_symmetric
            && synapse.receptor.len() == 1
            && synapse.numbers.is_empty()
            && synapse.elements.is_none()
            && fits(&synapse.weight, n)
            && synapse.delay.as_ref().is_some_and(|delay| fits(delay, n))
            && self.check_room(n as f64).is_ok()
    }

    /// Of each block of sources whether any of the nodes are in it; `None` if a node does not
    /// exist.
    fn blocks_of_ids(&self, ids: &[i64]) -> Option<Vec<bool>> {
        let last = ids.iter().fold(0, |last, &id| last.max(id));
        let least = ids.iter().fold(last, |least, &id| least.min(id));
        if least < 1 || last as u64 > self.network_size() as u64 {
            return None;
        }
        let mut marked = vec![false; (last >> BLOCK_BITS) as usize + 1];
        for id in ids {
            *marked.get_mut((id >> BLOCK_BITS) as usize)? = true;
        }
        Some(marked)
    }

    /// Makes the connections; `false` if not all are between neurons that exist, or a source is not
    /// in a marked block, as where another thread writes to the lists.
    fn make_pieces(
        &mut self,
        (sources, targets): (&[i64], &[i64]),
        marked: &[bool],
        rule: &ConnSpec,
        synapse: &SynSpecRef<'_>,
    ) -> Result<bool> {
        let (mut pre, mut post) = (Vec::new(), Vec::new());
        for start in (0..sources.len()).step_by(PIECE) {
            let places = start..sources.len().min(start + PIECE);
            for (ids, out) in [(sources, &mut pre), (targets, &mut post)] {
                let ids = &ids[places.clone()];
                if ids.iter().fold(0, |bits, &id| bits | id) >> 32 != 0 {
                    return Ok(false);
                }
                out.clear();
                out.extend(ids.iter().map(|&id| id as u32));
                let families = self.nodes.families(out)?;
                if !families.iter().all(|f| self.is_neuron(f.0)) {
                    return Ok(false);
                }
            }
            let is_marked = |id: &u32| marked.get((id >> BLOCK_BITS) as usize) == Some(&true);
            if !pre.iter().all(is_marked) {
                return Ok(false);
            }
            let context = RuleContext {
                sources: &pre,
                targets: &post,
                allow_autapses: rule.allow_autapses,
                allow_multapses: rule.allow_multapses,
                key: Key::new(self.settings.seed(), Purpose::ConnectRule),
                call: self.connect_calls,
                space: None,
            };
            let synapse = SynSpecRef {
                weight: part(&synapse.weight, &places),
                delay: synapse.delay.as_ref().map(|delay| part(delay, &places)),
                receptor: synapse.receptor.clone(),
                numbers: Vec::new(),
                elements: None,
                ..*synapse
            };
            self.make(&context, rule, &[synapse])?;
        }
        Ok(true)
    }
}
