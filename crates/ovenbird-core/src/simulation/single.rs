//! One connection between two neurons, without the detour over rules and lists, for programs that
//! call Connect in a loop.

use super::connect::delay_steps;
use super::{Phase, Simulation};
use crate::connect::{AmountRef, ConnSpec, Rule, SynSpecRef};
use crate::event::ChannelKey;
use crate::model::{Event, Port, SynapseKind, Variant};
use crate::node::Location;
use crate::synapse::{BatchKind, GapEntry};
use std::time::Instant;

/// What is known of a connection once nothing can fail any more.
struct Plain {
    source: u32,
    family: usize,
    at: Location,
    /// Where spikes arrive; nowhere for a gap junction.
    port: Option<Port>,
}

impl Simulation {
    /// Makes one connection between neurons, or one each way, as [`Simulation::connect`] does, if
    /// everything about it is plain; says whether it did. If not, nothing is changed, and the
    /// general way makes it or tells what is wrong.
    pub(super) fn connect_plain(
        &mut self,
        source: u32,
        target: u32,
        rule: &ConnSpec,
        synapse: &SynSpecRef<'_>,
    ) -> bool {
        let start = Instant::now();
        let Some((weight, delay)) = self.plain_amounts(rule, synapse) else {
            return false;
        };
        let both = rule.make_symmetric;
        if source == target && !rule.allow_autapses {
            return false;
        }
        let Some(there) = self.plain(source, target, synapse) else {
            return false;
        };
        let back = match both.then(|| self.plain(target, source, synapse)) {
            Some(None) => return false,
            back => back.flatten(),
        };
        self.list_wholes();
        let shared = self.shares_weight(synapse);
        for plain in [Some(there), back].into_iter().flatten() {
            self.put_plain(&plain, synapse.model, (weight, shared), delay);
        }
        self.delays.note(delay);
        self.connect_calls += 1;
        self.generation += 1;
        self.timers.connect.add_short(start);
        true
    }

    /// Weight and delay of plain connections.
    fn plain_amounts(&self, rule: &ConnSpec, synapse: &SynSpecRef<'_>) -> Option<(f64, u32)> {
        let model = self.synapse_model(synapse.model);
        let plain_rule = match rule.rule {
            Rule::OneToOne => true,
            Rule::AllToAll => !rule.make_symmetric,
            _ => false,
        };
        let plain = plain_rule
            && rule.space.is_none()
            && model.ops.is_none()
            && (rule.make_symmetric || !model.info.requires_symmetric)
            && synapse.numbers.is_empty()
            && synapse.elements.is_none()
            && self.phase == Phase::Idle
            && self.ranks.alone();
        let AmountRef::Same(weight) = synapse.weight else {
            return None;
        };
        let ms = match synapse.delay {
            Some(AmountRef::Same(ms)) => ms,
            None => self.settings.wfr_comm_interval,
            Some(_) => return None,
        };
        let delay = delay_steps(ms, &self.clock, &self.delays, self.has_run).ok()?;
        (plain && weight.is_finite()).then_some((weight, delay))
    }

    /// Where a connection goes, if both ends are neurons that can have it.
    fn plain(&self, source: u32, target: u32, synapse: &SynSpecRef<'_>) -> Option<Plain> {
        let [receptor] = synapse.receptor[..] else {
            return None;
        };
        let model = self.synapse_model(synapse.model);
        let from = &self.families[self.nodes.run(source).ok()?.family];
        let (family, at) = self.nodes.locate(target).ok()?;
        let (at, to) = (at?, &self.families[family]);
        let ops = from.neurons().and(to.neurons())?;
        let port = match model.info.kind {
            SynapseKind::GapJunction => {
                let coupled = from.info().gap_junctions && to.info().gap_junctions;
                if !coupled || receptor != 0 {
                    return None;
                }
                None
            }
            SynapseKind::Static if model.variant == Variant::Hpc && receptor != 0 => return None,
            SynapseKind::Static => {
                let class = ops.class(&self.workers[at.worker as usize].parts[family], at.local);
                Some(ops.port(class, Event::Spike, receptor).ok()?)
            }
            SynapseKind::Stateful => return None,
        };
        Some(Plain {
            source,
            family,
            at,
            port,
        })
    }

    fn put_plain(
        &mut self,
        plain: &Plain,
        model: u16,
        (weight, shared): (f64, Option<f64>),
        delay: u32,
    ) {
        let (family, local) = (plain.family, plain.at.local);
        let worker = &mut self.workers[plain.at.worker as usize];
        let Some(port) = plain.port else {
            worker.gaps.entries.push(GapEntry {
                family,
                local,
                source: plain.source,
                weight,
            });
            return;
        };
        if let Some(ops) = self.families[family].neurons() {
            ops.connected(&mut worker.parts[family], &[local]);
        }
        worker.pending.turn();
        let batch = worker.pending.index_of(BatchKind {
            model,
            channel: ChannelKey {
                family: family as u32,
                channel: port.channel(weight) as u32,
            },
            counts: port.counts,
            weight: shared,
            delay: Some(delay),
            short: false,
            template: Some(0),
        });
        worker.pending.reach(batch, plain.source);
        let connection = (plain.source, delay, weight);
        worker.pending.add(batch, connection, local);
    }
}
