//! Changes of connections that have parameters or state of their own.

use super::Simulation;
use super::connections::{Changes, ConnectionSet, Ends, Filter, Handle, Place};
use super::models::LABEL;
use crate::error::{Error, Kind, Result};
use crate::model::Event;
use crate::synapse::{Full, Position};
use std::collections::{BTreeMap, BTreeSet};

/// What becomes of a connection: another weight in its place, or all of it anew.
enum Change {
    Weight(f64),
    Anew(Full),
}

/// Changes of connections by worker and place.
#[derive(Default)]
pub(super) struct PlasticChanges {
    changes: Vec<(u32, Position, Change)>,
    /// Labels of connections of stimulators: worker, drive and entry.
    labels: Vec<((u32, u32, u32), i32)>,
    /// Worker and source of connections that get a longer delay.
    longer: Vec<(u32, u32)>,
}

impl Simulation {
    /// What is to become of the connections of a set, checked, with nothing changed yet.
    pub(super) fn plan_plastic(
        &self,
        set: &ConnectionSet,
        changes: &Changes,
    ) -> Result<PlasticChanges> {
        let mut plan = PlasticChanges::default();
        for (i, h) in set.handles().iter().enumerate() {
            let model = self.synapse_model(h.model);
            let mut specs = Vec::new();
            for (key, list) in &changes.numbers {
                if let Some((at, spec)) = model.number(key) {
                    specs.push((at, spec.checked(list[i])?));
                }
            }
            let (Place::Plastic(w, at), Some(ops)) = (h.place, &model.ops) else {
                self.plan_label(h, changes, i, &mut plan)?;
                continue;
            };
            let worker = &self.workers[w as usize];
            let weight = changes.weights.as_ref().map(|l| l[i]);
            let delay = changes.delays.as_ref().map(|l| l[i]);
            let (mut words, last) = worker.plastic.words(at);
            let old = worker.plastic.weight(at);
            let new = weight.unwrap_or(old);
            let sign = ops.sends_negative(&words, old);
            specs.iter().for_each(|&(at, x)| words[at] = x);
            ops.check(&words, new).map_err(|e| {
                e.within(&format!(
                    "Setting status of '{}' connecting from node ID {} to node ID {} via port {}",
                    model.name,
                    h.source,
                    h.target,
                    at.key().1
                ))
            })?;
            let negative = ops.sends_negative(&words, new);
            if specs.is_empty() && delay.is_none() && negative == sign {
                if !model.info.common_weight {
                    plan.changes.push((w, at, Change::Weight(new)));
                }
                continue;
            }
            let mut connection = worker.plastic.connection(at, h.source, &worker.ring);
            let (channel, local) = (connection.channel, connection.local);
            let sent = if negative { -1.0 } else { 1.0 };
            let family = channel.family as usize;
            connection.channel = self
                .channel_for(w as usize, family, channel, local, sent, Event::Spike)
                .unwrap_or(channel);
            connection.weight = new;
            if let Some(delay) = delay {
                if delay > connection.delay {
                    plan.longer.push((w, h.source));
                }
                connection.delay = delay;
            }
            let full = Full {
                connection,
                words,
                last,
            };
            plan.changes.push((w, at, Change::Anew(full)));
        }
        Ok(plan)
    }

    /// Plans a change of the label of a device's connection, which has no other numbers.
    fn plan_label(
        &self,
        h: &Handle,
        changes: &Changes,
        i: usize,
        plan: &mut PlasticChanges,
    ) -> Result<()> {
        let model = self.synapse_model(h.model);
        let known = changes.numbers.iter();
        for (key, list) in known.filter(|(key, _)| model.number(key).is_some()) {
            match h.place {
                Place::Drive(w, d, entry) if key == LABEL => {
                    plan.labels.push(((w, d, entry), list[i] as i32));
                }
                _ => {
                    return Err(Error::new(
                        Kind::NotImplemented,
                        format!(
                            "{key} of the connection from node {} to the device {} cannot be set; \
                             give it to Connect",
                            h.source, h.target
                        ),
                    ));
                }
            }
        }
        Ok(())
    }

    /// Makes planned changes of connections of a set.
    pub(super) fn write_plastic(
        &mut self,
        set: &ConnectionSet,
        plan: PlasticChanges,
    ) -> Result<()> {
        let mut gone = Gone::new();
        let mut anew = Vec::new();
        for ((w, d, entry), label) in plan.labels {
            let drive = &mut self.workers[w as usize].drives[d as usize];
            drive.entries[entry as usize].label = label;
        }
        for (w, at, change) in plan.changes {
            match change {
                Change::Weight(x) => self.workers[w as usize].plastic.set_weight(at, x),
                Change::Anew(full) => {
                    let places = gone.entry(w).or_default();
                    places.insert(at.key(), full.connection.delay);
                    anew.push((w, full));
                }
            }
        }
        if anew.is_empty() {
            return Ok(());
        }
        self.list_wholes();
        for (w, places) in &gone {
            self.workers[*w as usize].take_plastic(&self.families, &self.clock, places);
        }
        let now = self.now();
        for (w, full) in anew {
            self.workers[w as usize].plastic.push(&full, now);
        }
        for (w, source) in plan.longer {
            self.workers[w as usize].plastic.look_back(source);
        }
        let numbers = numbers_of(set, &gone);
        self.generation += 1;
        self.arrange()?;
        self.restore(&numbers)
    }

    /// Gives connections that came back, after others of the same ends, the numbers that they had
    /// among those.
    fn restore(&mut self, numbers: &BTreeMap<Ends, Vec<u32>>) -> Result<()> {
        let mut sources: Vec<u32> = numbers.keys().map(|ends| ends.0).collect();
        sources.dedup();
        if sources.is_empty() {
            return Ok(());
        }
        let found = self.find_connections(&Filter {
            sources: Some(&sources),
            ..Filter::default()
        })?;
        let mut lists: BTreeMap<u32, Vec<Vec<Position>>> = BTreeMap::new();
        for same in found.chunk_by(|a, b| a.ends() == b.ends()) {
            let Some(back) = numbers.get(&same[0].ends()) else {
                continue;
            };
            let came: BTreeSet<u32> = back.iter().copied().collect();
            let stayed = (0..same.len() as u32).filter(|nth| !came.contains(nth));
            let old = stayed.chain(back.iter().copied());
            let mut order: Vec<(u32, &Handle)> = old.zip(same).collect();
            order.sort_unstable_by_key(|&(nth, _)| nth);
            let places = order.iter().filter_map(|(_, h)| match h.place {
                Place::Plastic(w, at) => Some((w, at)),
                _ => None,
            });
            let (workers, list): (Vec<u32>, Vec<Position>) = places.unzip();
            if let Some(&w) = workers.first() {
                lists.entry(w).or_default().push(list);
            }
        }
        for (w, lists) in lists {
            self.workers[w as usize].plastic.order(&lists);
        }
        Ok(())
    }
}

/// By worker, connections that go and come back: their places, with the delays that they get.
type Gone = BTreeMap<u32, BTreeMap<(u32, u32), u32>>;

/// The numbers of those connections of a set that go and come back, in the order in which they
/// come, by the ends that they have in common with others.
fn numbers_of(set: &ConnectionSet, gone: &Gone) -> BTreeMap<Ends, Vec<u32>> {
    let mut numbers: BTreeMap<Ends, Vec<u32>> = BTreeMap::new();
    for h in set.handles().iter().filter(|h| !h.alone) {
        if let Place::Plastic(w, at) = h.place
            && gone
                .get(&w)
                .is_some_and(|places| places.contains_key(&at.key()))
        {
            numbers.entry(h.ends()).or_default().push(h.nth);
        }
    }
    numbers
}
