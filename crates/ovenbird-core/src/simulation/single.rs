//! One connection between two neurons, without the detour over rules and lists, for programs that
//! call Connect in a loop.

use super::{Phase, Simulation};
use crate::connect::{ConnSpec, Rule, SynSpec, SynSpecRef};
use crate::error::Result;
use crate::event::ChannelKey;
use crate::model::{Event, Port, SynapseKind, Variant};
use crate::node::Location;
use crate::synapse::{BatchKind, GapEntry};
use std::time::Instant;

/// A connection between two nodes, or one each way, whose weight and delay are numbers. Its rules
/// do not ask whether multapses are allowed.
#[derive(Clone, Debug, PartialEq)]
pub struct Single {
    pub source: u32,
    pub target: u32,
    /// Whether the rule is one_to_one; otherwise it is all_to_all.
    pub one_to_one: bool,
    pub allow_autapses: bool,
    pub make_symmetric: bool,
    /// Index of the synapse model.
    pub model: u16,
    pub weight: f64,
    /// In ms; `None` for models without delay.
    pub delay: Option<f64>,
    pub receptor: i64,
}

impl Single {
    /// What a call of Connect asks for, if it can be said like this.
    pub(super) fn of(
        sources: &[u32],
        targets: &[u32],
        rule: &ConnSpec,
        synapses: &[SynSpecRef<'_>],
    ) -> Option<Single> {
        let (&[source], &[target], [synapse]) = (sources, targets, synapses) else {
            return None;
        };
        let one_to_one = match rule.rule {
            Rule::OneToOne => true,
            Rule::AllToAll => false,
            _ => return None,
        };
        let delay = match &synapse.delay {
            None => None,
            Some(delay) => Some(delay.same()?),
        };
        let [receptor] = synapse.receptor[..] else {
            return None;
        };
        let plain =
            rule.space.is_none() && synapse.numbers.is_empty() && synapse.elements.is_none();
        plain.then_some(Single {
            source,
            target,
            one_to_one,
            allow_autapses: rule.allow_autapses,
            make_symmetric: rule.make_symmetric,
            model: synapse.model,
            weight: synapse.weight.same()?,
            delay,
            receptor,
        })
    }

    fn rule(&self) -> ConnSpec {
        let rule = if self.one_to_one {
            Rule::OneToOne
        } else {
            Rule::AllToAll
        };
        ConnSpec {
            allow_autapses: self.allow_autapses,
            make_symmetric: self.make_symmetric,
            ..ConnSpec::new(rule)
        }
    }

    fn synapse(&self) -> SynSpec {
        SynSpec::new(self.model, self.weight, self.delay, self.receptor)
    }
}

/// An end of a connection.
struct End {
    id: u32,
    family: usize,
    at: Location,
}

/// What is known of a connection once nothing can fail any more.
struct Plain {
    source: u32,
    family: usize,
    at: Location,
    /// Where spikes arrive; nowhere for a gap junction.
    port: Option<Port>,
}

impl Simulation {
    /// A connection with the defaults of a synapse model.
    pub fn single(&self, source: u32, target: u32, model: u16) -> Single {
        let defaults = self.synapse_model(model);
        Single {
            source,
            target,
            one_to_one: false,
            allow_autapses: true,
            make_symmetric: false,
            model,
            weight: defaults.default_weight(),
            delay: defaults.default_delay(),
            receptor: defaults.receptor,
        }
    }

    /// Makes a connection between two nodes, or one each way, as [`Simulation::connect`] does.
    ///
    /// # Errors
    /// As [`Simulation::connect`].
    pub fn connect_single(&mut self, single: &Single) -> Result<()> {
        if self.connect_plain(single) {
            return Ok(());
        }
        let (source, target) = ([single.source], [single.target]);
        self.connect_general(&source, &target, &single.rule(), &[single.synapse()])
    }

    /// Makes one connection between neurons, or one each way, if everything about it is plain; says
    /// whether it did. If not, nothing is changed, and the general way makes it or tells what is
    /// wrong.
    pub(super) fn connect_plain(&mut self, single: &Single) -> bool {
        // listing what is held takes longer than any connection
        let brief = self.wholes.is_empty();
        let calls = if brief { self.timed_calls.weight() } else { 1 };
        let begin = (calls > 0).then(Instant::now);
        if !self.can_be_plain(single) {
            return false;
        }
        let (Some(source), Some(target)) = (self.end(single.source), self.end(single.target))
        else {
            return false;
        };
        let ms = single.delay.unwrap_or(self.settings.wfr_comm_interval);
        let Ok(delay) = self.delay_steps(ms) else {
            return false;
        };
        let Some(there) = self.plain(&source, &target, single) else {
            return false;
        };
        let both = single.make_symmetric;
        let back = match both.then(|| self.plain(&target, &source, single)) {
            Some(None) => return false,
            back => back.flatten(),
        };
        self.list_wholes();
        let shared = self.shares(single.model, single.weight);
        let weight = (single.weight, shared);
        for plain in [Some(there), back].into_iter().flatten() {
            self.put_plain(&plain, single.model, weight, delay);
        }
        self.delays.note(delay);
        self.connect_calls += 1;
        self.generation += 1;
        if brief {
            self.timed_calls.count();
        }
        if let Some(begin) = begin {
            let seconds = begin.elapsed().as_secs_f64() * calls as f64;
            self.timers.connect.add_short(seconds);
        }
        true
    }

    /// Whether all that is known of a connection without its nodes and its delay is plain.
    fn can_be_plain(&self, single: &Single) -> bool {
        let model = self.synapse_model(single.model);
        (single.one_to_one || !single.make_symmetric)
            && (single.source != single.target || single.allow_autapses)
            && model.ops.is_none()
            && (single.make_symmetric || !model.info.requires_symmetric)
            && single.weight.is_finite()
            && self.phase == Phase::Idle
            && self.ranks.alone()
    }

    /// An end of a connection, if it is a node of this process.
    fn end(&self, id: u32) -> Option<End> {
        let (family, at) = self.nodes.locate(id).ok()?;
        at.map(|at| End { id, family, at })
    }

    /// Where a connection goes, if both ends are neurons that can have it.
    fn plain(&self, source: &End, target: &End, single: &Single) -> Option<Plain> {
        let (model, receptor) = (self.synapse_model(single.model), single.receptor);
        let (from, to) = (&self.families[source.family], &self.families[target.family]);
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
                let part = &self.workers[target.at.worker as usize].parts[target.family];
                let class = ops.class(part, target.at.local);
                Some(ops.port(class, Event::Spike, receptor).ok()?)
            }
            SynapseKind::Stateful => return None,
        };
        Some(Plain {
            source: source.id,
            family: target.family,
            at: target.at,
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
