//! Changing and removing connections that exist.

use super::connections::{Changes, ConnectionSet, Ends, Filter, Handle, KEYS, Place, RowKey};
use super::devices::Listening;
use super::{Simulation, SynapseModel};
use crate::connect::Rule;
use crate::error::{Error, Kind, Result};
use crate::event::ChannelKey;
use crate::model::Event;
use crate::synapse::{Connection, Position};
use crate::value::{Dict, Value};
use std::collections::{BTreeMap, BTreeSet};

impl Simulation {
    /// Sets weights, delays, or numbers of stateful models, for all connections or for none.
    ///
    /// # Errors
    /// When a key is not known, cannot be set, or a value is not right.
    pub fn set_connections(&mut self, set: &mut ConnectionSet, params: &Dict) -> Result<()> {
        self.refuse_while_prepared_for_delay(params)?;
        if self.set_all_weights(set, params)? {
            return Ok(());
        }
        self.try_refresh(set)?;
        let n = set.len();
        let models: BTreeSet<u16> = set.handles().iter().map(|h| h.model).collect();
        let mut changes = Changes::default();
        for (key, value) in params.iter() {
            if !self.settable(&models, key, value.list_len().is_some())? {
                continue;
            }
            let list = self.connection_numbers(key, value, n)?;
            match key {
                "weight" => changes.weights = Some(self.weights_to_set(set, list)),
                "delay" => {
                    let steps: Result<Vec<_>> =
                        list.iter().map(|&ms| self.delay_steps(ms)).collect();
                    changes.delays = Some(steps?);
                }
                _ => changes.numbers.push((key.to_owned(), list)),
            }
        }
        self.draw_calls += 1;
        let plastic = self.plan_plastic(set, &changes)?;
        self.write_connections(set, changes.weights.as_deref(), changes.delays.as_deref())?;
        self.write_plastic(set, plastic)
    }

    /// Sets one weight for all connections of the network or of a model, if that is what is asked
    /// for and [`Simulation::set_in_place`] would do it; says whether it did.
    fn set_all_weights(&mut self, set: &ConnectionSet, params: &Dict) -> Result<bool> {
        let mut entries = params.iter();
        let (Some(("weight", value)), None) = (entries.next(), entries.next()) else {
            return Ok(false);
        };
        if !matches!(value, Value::Float(_) | Value::Int(_)) {
            return Ok(false);
        }
        let Some(models) = self.models_of_rows(set) else {
            return Ok(false);
        };
        let common = |&m: &u16| self.synapse_model(m).info.common_weight;
        if models.iter().any(common) || !self.settable(&models, "weight", false)? {
            return Ok(false);
        }
        let amount = crate::connect::Amount::from_value("weight", value.clone())?;
        let Some(weight) = amount.same() else {
            return Ok(false);
        };
        let mut separate: BTreeSet<u16> = BTreeSet::new();
        for rows in self.workers.iter().map(|w| &w.rows) {
            for &model in &models {
                match rows.differs(model, weight) {
                    None => return Ok(false),
                    Some(true) => drop(separate.insert(model)),
                    Some(false) => {}
                }
            }
        }
        if !self.separate_in_place(&separate) {
            return Ok(false);
        }
        self.note_separated(&separate);
        for worker in &mut self.workers {
            models
                .iter()
                .for_each(|&m| worker.rows.put_weights(m, weight));
        }
        self.draw_calls += 1;
        Ok(true)
    }

    /// Weights to set, where connections with a weight in common keep it.
    fn weights_to_set(&self, set: &ConnectionSet, mut list: Vec<f64>) -> Vec<f64> {
        for (weight, h) in list.iter_mut().zip(set.handles()) {
            if self.synapse_model(h.model).info.common_weight {
                *weight = self.see(h.place).weight;
            }
        }
        list
    }

    /// Whether a key is set in any connections of these models; `false` passes over it. A value for
    /// all connections is for those that know the key, `each` with one of its own must know it.
    fn settable(&self, models: &BTreeSet<u16>, key: &str, each: bool) -> Result<bool> {
        let knows = |model: &SynapseModel| match key {
            "weight" => !model.info.common_weight,
            "delay" => true,
            _ => model.number(key).is_some(),
        };
        let models: Vec<_> = models.iter().map(|&m| self.synapse_model(m)).collect();
        let Some(model) = models.iter().find(|m| !knows(m)) else {
            return Ok(true);
        };
        let strict = self.settings.dict_miss_is_error;
        if models.iter().any(|m| knows(m)) && !(each && strict) {
            return Ok(true);
        }
        if model.is_common(key) || KEYS.contains(&key) {
            return Err(Error::new(
                Kind::UnaccessedEntry,
                format!(
                    "Unaccessed elements in params, in function connection.set(): {key} of a {} \
                     cannot be set",
                    model.name
                ),
            ));
        }
        if !strict {
            return Ok(false);
        }
        let mut keys = vec!["weight", "delay"];
        keys.extend(model.numbers().iter().map(|n| n.name));
        let place = format!("function connection.set() of a {}", model.name);
        Err(Error::unknown_key(&place, key, keys))
    }

    fn refuse_while_prepared_for_delay(&self, params: &Dict) -> Result<()> {
        if params.get("delay").is_some() {
            return self.refuse_while_prepared("Changing delays");
        }
        Ok(())
    }

    fn connection_numbers(&self, key: &str, value: &Value, n: usize) -> Result<Vec<f64>> {
        let amount = crate::connect::Amount::from_value(key, value.clone())?;
        if let Some(v) = amount.list()
            && v.len() != n
        {
            return Err(Error::new(
                Kind::Index,
                format!("{key} has {} values for {n} connections", v.len()),
            ));
        }
        match amount {
            crate::connect::Amount::Each(list) => return Ok(list.into_owned()),
            crate::connect::Amount::Same(x) => return Ok(vec![x; n]),
            crate::connect::Amount::Drawn(_) => {}
        }
        let purpose = crate::rng::Purpose::SynapseParameter;
        let key = crate::rng::Key::new(self.settings.seed(), purpose).derive(1, 0);
        let mut stream = crate::rng::Stream::new(key, self.draw_calls, 0, 0);
        (0..n).map(|i| amount.get(i, &mut stream)).collect()
    }

    fn write_connections(
        &mut self,
        set: &ConnectionSet,
        weights: Option<&[f64]>,
        delays: Option<&[u32]>,
    ) -> Result<()> {
        if let (Some(weights), None) = (weights, delays)
            && self.set_in_place(set, weights)
        {
            return Ok(());
        }
        self.list_wholes();
        let own = match weights {
            Some(list) => self.with_shared_weights(set, list),
            None => BTreeSet::new(),
        };
        self.note_separated(&own);
        let mut rebuild: BTreeMap<u32, Vec<(RowKey, usize)>> = BTreeMap::new();
        for (i, h) in set.handles().iter().enumerate() {
            let (weight, delay) = (weights.map(|w| w[i]), delays.map(|d| d[i]));
            match h.place {
                Place::Row(w, at) if weight.is_some() || delay.is_some() => {
                    rebuild.entry(w).or_default().push((at.key(), i));
                }
                place => self.write_one(place, weight, delay),
            }
        }
        if let Some(list) = delays {
            list.iter().for_each(|&d| self.delays.note(d));
        }
        let rebuilt = !rebuild.is_empty();
        if rebuilt {
            self.write_rows(rebuild, weights, delays, &own);
        }
        let moves = |h: &Handle| matches!(h.place, Place::Drive(..));
        if rebuilt || set.handles().iter().any(moves) {
            self.generation += 1;
            self.arrange()?;
        }
        Ok(())
    }

    /// Changes a connection that is in no row.
    fn write_one(&mut self, place: Place, weight: Option<f64>, delay: Option<u32>) {
        match place {
            Place::Row(..) | Place::Plastic(..) => {}
            Place::Gap(w, k) => {
                if let Some(weight) = weight {
                    let gaps = &mut self.workers[w as usize].gaps;
                    gaps.set_weight(k as usize, weight);
                }
            }
            Place::Drive(w, d, k) => {
                let e = &mut self.workers[w as usize].drives[d as usize].entries[k as usize];
                e.delay = delay.unwrap_or(e.delay);
                if let Some(x) = weight {
                    e.weight = x;
                    let f = e.channel.family as usize;
                    let (channel, local) = (e.channel, e.local);
                    if let Some(new) =
                        self.channel_for(w as usize, f, channel, local, x, Event::Spike)
                    {
                        let drive = &mut self.workers[w as usize].drives[d as usize];
                        drive.entries[k as usize].channel = new;
                    }
                }
            }
            Place::Listening(k) => update(&mut self.devices.listening[k as usize], weight, delay),
            Place::Sampling(k) => update(&mut self.devices.sampling[k as usize], weight, delay),
        }
    }

    /// Makes rows anew with other weights and delays; `rebuild` has the places of the connections
    /// on each worker, with their indices. Connections of the models `own` get weights of their
    /// own.
    fn write_rows(
        &mut self,
        mut rebuild: BTreeMap<u32, Vec<(RowKey, usize)>>,
        weights: Option<&[f64]>,
        delays: Option<&[u32]>,
        own: &BTreeSet<u16>,
    ) {
        for w in 0..self.workers.len() {
            let mut entries = rebuild.remove(&(w as u32)).unwrap_or_default();
            entries.sort_unstable();
            // on all workers alike, since the order of sums depends on which weights are shared
            let blocks = if own.is_empty() {
                blocks_of(entries.iter().map(|e| e.0))
            } else {
                self.workers[w].rows.blocks()
            };
            let mut coming = entries.into_iter().peekable();
            self.rebuild_rows(w, &blocks, |c, at| {
                let index = coming.next_if(|e| e.0 == at.key()).map(|e| e.1);
                Some(Connection {
                    weight: index.zip(weights).map_or(c.weight, |(i, x)| x[i]),
                    delay: index.zip(delays).map_or(c.delay, |(i, d)| d[i]),
                    own_weight: c.own_weight || own.contains(&c.model),
                    ..c
                })
            });
        }
    }

    /// The models of which connections in `set` share a weight with others that is not to be
    /// theirs.
    fn with_shared_weights(&self, set: &ConnectionSet, weights: &[f64]) -> BTreeSet<u16> {
        let leaves = |(h, weight): &(&Handle, &f64)| match h.place {
            Place::Row(w, at) => {
                let (old, own) = self.workers[w as usize].rows.weight(at);
                !own && old != **weight
            }
            _ => false,
        };
        let handles = set.handles().iter().zip(weights);
        handles.filter(leaves).map(|(h, _)| h.model).collect()
    }

    /// Notes that connections of these models have weights of their own from now on, on all ranks.
    fn note_separated(&mut self, models: &BTreeSet<u16>) {
        for model in models {
            self.separated |= 1 << (model % 64);
        }
    }

    /// Gives each connection a weight of its own where any rank has set weights of some of its
    /// model: the order of sums depends on which weights are shared.
    pub(super) fn separate_agreed(&mut self) -> Result<()> {
        let mask = self.separated;
        if mask == 0 || self.separation == (mask, self.generation) {
            return Ok(());
        }
        let all = self.workers.iter().flat_map(|w| w.rows.models_that_share());
        let models: BTreeSet<u16> = all.filter(|m| mask >> (m % 64) & 1 != 0).collect();
        if !self.separate_in_place(&models) {
            for w in 0..self.workers.len() {
                let blocks = self.workers[w].rows.blocks();
                self.rebuild_rows(w, &blocks, |c, _| {
                    Some(Connection {
                        own_weight: c.own_weight || models.contains(&c.model),
                        ..c
                    })
                });
            }
            self.generation += 1;
            self.arrange()?;
        }
        self.separation = (mask, self.generation);
        Ok(())
    }

    /// Gives each connection of some models a weight of its own where it is, on all workers or on
    /// none; says whether that was possible.
    fn separate_in_place(&mut self, models: &BTreeSet<u16>) -> bool {
        let can = |w: &super::Worker| models.iter().all(|&m| w.rows.can_separate(m));
        if !self.workers.iter().all(can) {
            return false;
        }
        for worker in &mut self.workers {
            models.iter().for_each(|&m| worker.rows.separate(m));
        }
        true
    }

    /// Sets weights where they are, unless a connection would change its channel or its place in a
    /// row by it; says whether that was possible. If not, nothing is changed but how weights are
    /// kept.
    fn set_in_place(&mut self, set: &ConnectionSet, weights: &[f64]) -> bool {
        let mut rows: Vec<(usize, Position, f64)> = Vec::with_capacity(set.len());
        let mut separate: BTreeSet<u16> = BTreeSet::new();
        for (h, &weight) in set.handles().iter().zip(weights) {
            let (w, at) = match h.place {
                Place::Row(w, at) => (w as usize, at),
                Place::Plastic(..) => continue,
                _ => return false,
            };
            let (old, own) = self.workers[w].rows.weight(at);
            if (old < 0.0) != (weight < 0.0) {
                return false;
            }
            if !own && old != weight {
                separate.insert(h.model);
            }
            rows.push((w, at, weight));
        }
        // on all workers alike, since the order of sums depends on which weights are shared
        if !self.separate_in_place(&separate) {
            return false;
        }
        self.note_separated(&separate);
        let mut swap = |workers: &mut [super::Worker]| {
            for (w, at, weight) in &mut rows {
                let rows = &mut workers[*w].rows;
                let old = rows.weight(*at).0;
                rows.put_weight(*at, *weight);
                *weight = old;
            }
        };
        swap(&mut self.workers);
        let in_order = set
            .handles()
            .iter()
            .filter(|h| !h.alone)
            .all(|h| match h.place {
                Place::Row(w, at) => self.workers[w as usize].rows.is_in_order(at),
                _ => true,
            });
        if !in_order {
            swap(&mut self.workers);
        }
        in_order
    }

    /// The channel to which a connection moves when its weight becomes `weight`.
    pub(super) fn channel_for(
        &self,
        w: usize,
        family: usize,
        channel: ChannelKey,
        local: u32,
        weight: f64,
        event: Event,
    ) -> Option<ChannelKey> {
        let ops = self.families[family].neurons()?;
        let class = ops.class(&self.workers[w].parts[family], local);
        let receptor = ops.receptor(class, channel.channel as usize);
        let port = ops.port(class, event, receptor).ok()?;
        if port.positive != channel.channel as usize && port.negative != channel.channel as usize {
            return None;
        }
        Some(ChannelKey {
            channel: port.channel(weight) as u32,
            ..channel
        })
    }

    /// Makes blocks of a worker's rows anew from what `change` makes of each connection.
    fn rebuild_rows(
        &mut self,
        w: usize,
        blocks: &[u32],
        mut change: impl FnMut(Connection, Position) -> Option<Connection>,
    ) {
        for &block in blocks {
            let worker = &mut self.workers[w];
            let changed = worker
                .rows
                .take_block(block, &worker.ring, |at, c| change(c, at));
            for mut c in changed {
                let f = c.channel.family as usize;
                let channel = self.channel_for(w, f, c.channel, c.local, c.weight, Event::Spike);
                c.channel = channel.unwrap_or(c.channel);
                self.workers[w].pending.push(c);
            }
        }
    }

    /// Removes connections.
    ///
    /// # Errors
    /// When one of them does not exist any more.
    pub fn disconnect(&mut self, set: &mut ConnectionSet) -> Result<()> {
        self.refuse_while_prepared("Disconnecting")?;
        self.ending_early(|sim| sim.disconnect_set(set))
    }

    fn disconnect_set(&mut self, set: &mut ConnectionSet) -> Result<()> {
        self.refresh(set)?;
        let ends = set.handles().iter().map(|h| (h.source, h.target, h.model));
        let ends: Vec<Ends> = ends.collect();
        self.remove(set)?;
        for (source, target, model) in ends {
            if let Some((pre, post)) = self.elements_of(model) {
                self.take_elements([source].into_iter(), &pre, -1);
                self.take_elements([target].into_iter(), &post, -1);
            }
        }
        Ok(())
    }

    /// Removes the connections of a set, which may be during a run.
    pub(super) fn remove(&mut self, set: &mut ConnectionSet) -> Result<()> {
        self.refresh(set)?;
        self.list_held()?;
        let mut rows: Vec<Vec<RowKey>> = vec![Vec::new(); self.workers.len()];
        let mut plastic = rows.clone();
        let mut gone: BTreeMap<(u8, u32, u32), BTreeSet<u32>> = BTreeMap::new();
        for (i, h) in set.handles().iter().enumerate() {
            self.watch.pass(i)?;
            match h.place {
                Place::Row(w, at) => rows[w as usize].push(at.key()),
                Place::Plastic(w, at) => plastic[w as usize].push(at.key()),
                Place::Gap(w, i) => drop(gone.entry((0, w, 0)).or_default().insert(i)),
                Place::Drive(w, d, i) => drop(gone.entry((1, w, d)).or_default().insert(i)),
                Place::Listening(i) => drop(gone.entry((2, 0, 0)).or_default().insert(i)),
                Place::Sampling(i) => drop(gone.entry((3, 0, 0)).or_default().insert(i)),
            }
        }
        for removed in rows.iter_mut().chain(&mut plastic) {
            self.watch.look()?;
            removed.sort_unstable();
        }
        self.watch.look()?;
        self.watch.commit();
        self.note_removed(set);
        for ((kind, w, d), indices) in gone {
            let worker = &mut self.workers[w as usize];
            match kind {
                0 => retain(&mut worker.gaps.entries, &indices),
                1 => retain(&mut worker.drives[d as usize].entries, &indices),
                2 => retain(&mut self.devices.listening, &indices),
                _ => retain(&mut self.devices.sampling, &indices),
            }
        }
        for (worker, removed) in self.workers.iter_mut().zip(plastic) {
            if !removed.is_empty() {
                worker.remove_plastic(&self.families, &self.clock, &removed.into_iter().collect());
            }
        }
        for (w, removed) in rows.iter().enumerate() {
            let blocks = blocks_of(removed.iter().copied());
            self.rebuild_rows(w, &blocks, |c, at| {
                removed.binary_search(&at.key()).is_err().then_some(c)
            });
        }
        self.devices.note_connected(&self.families, &self.nodes);
        self.generation += 1;
        self.arrange()
    }
}

/// The blocks of sorted keys of positions.
fn blocks_of(keys: impl Iterator<Item = (u32, u32)>) -> Vec<u32> {
    let mut blocks: Vec<u32> = keys.map(|key| key.0).collect();
    blocks.dedup();
    blocks
}

fn update(l: &mut Listening, weight: Option<f64>, delay: Option<u32>) {
    l.weight = weight.unwrap_or(l.weight);
    l.delay = delay.unwrap_or(l.delay);
}

/// The pairs of a rule by which connections are removed.
fn pairs_of(sources: &[u32], targets: &[u32], rule: &Rule) -> Result<Vec<(u32, u32)>> {
    Ok(match rule {
        Rule::OneToOne if sources.len() == targets.len() => sources
            .iter()
            .copied()
            .zip(targets.iter().copied())
            .collect(),
        Rule::OneToOne => {
            return Err(Error::new(
                Kind::DimensionMismatch,
                "Source and Target population must be of the same size.",
            ));
        }
        Rule::AllToAll => sources
            .iter()
            .flat_map(|&s| targets.iter().map(move |&t| (s, t)))
            .collect(),
        other => {
            return Err(Error::bad_property(format!(
                "Disconnect knows the rules one_to_one and all_to_all, not {}",
                other.name()
            )));
        }
    })
}

fn retain<T>(list: &mut Vec<T>, removed: &BTreeSet<u32>) {
    let mut i = 0;
    list.retain(|_| {
        i += 1;
        !removed.contains(&(i - 1))
    });
}

impl Simulation {
    /// Whether connections between two nodes are kept on this rank: with the target, or with a
    /// source that sends to a recorder.
    fn is_kept_here(&self, (source, target): (u32, u32)) -> bool {
        let neuron = |id| self.nodes.run(id).is_ok_and(|r| self.is_neuron(r.family));
        let owner = if neuron(source) && !neuron(target) {
            source
        } else {
            target
        };
        self.nodes.is_here(owner)
    }

    /// Removes one connection of a model for each pair of a rule. The connections give back the
    /// synaptic elements of their model if it grows, else `elements`.
    ///
    /// # Errors
    /// When the rule is neither one to one nor all to all, or there is no such connection.
    pub fn disconnect_pairs(
        &mut self,
        sources: &[u32],
        targets: &[u32],
        rule: &Rule,
        model: u16,
        elements: Option<&(String, String)>,
    ) -> Result<()> {
        self.refuse_while_prepared("Disconnecting")?;
        let pairs = pairs_of(sources, targets, rule)?;
        let filter = Filter {
            sources: Some(sources),
            targets: Some(targets),
            model: Some(model),
            label: None,
        };
        self.ending_early(|sim| sim.disconnect_each(&pairs, &filter, model, elements))
    }

    /// Removes one of the connections that pass a filter, all of one model, for each pair.
    fn disconnect_each(
        &mut self,
        pairs: &[(u32, u32)],
        filter: &Filter<'_>,
        model: u16,
        elements: Option<&(String, String)>,
    ) -> Result<()> {
        let all = self.find_set(filter)?;
        let mut found: BTreeMap<(u32, u32), Vec<usize>> = BTreeMap::new();
        for (i, h) in all.handles().iter().enumerate().rev() {
            self.watch.pass(i)?;
            found.entry((h.source, h.target)).or_default().push(i);
        }
        let chosen: Result<Vec<usize>> = pairs
            .iter()
            .filter(|pair| self.is_kept_here(**pair))
            .enumerate()
            .map(|(i, pair)| {
                self.watch.pass(i)?;
                found.get_mut(pair).and_then(Vec::pop).ok_or_else(|| {
                    Error::new(
                        Kind::InexistentConnection,
                        format!(
                            "there is no connection from node {} to node {} with {}",
                            pair.0,
                            pair.1,
                            self.synapse_model(model).name
                        ),
                    )
                })
            })
            .collect();
        self.remove(&mut self.take_connections(&all, &chosen?)?)?;
        if let Some((pre, post)) = self.elements_of(model).as_ref().or(elements) {
            self.take_elements(pairs.iter().map(|p| p.0), pre, -1);
            self.take_elements(pairs.iter().map(|p| p.1), post, -1);
        }
        Ok(())
    }
}
