//! Structural plasticity: connections come and go with the synaptic elements of neurons (Butz & van
//! Ooyen 2013; Diaz-Pier et al. 2016).
//!
//! At each update, for each kind of synapse that can grow: neurons with fewer elements than
//! connections lose random ones, first on the sending side and then on the receiving side; what is
//! vacant on both sides is then paired at random. Draws are keyed by update, kind of synapse and
//! neuron, and lists are in the order of ids, so the structure depends neither on threads nor
//! ranks.

use super::connections::{ConnectionSet, Filter, Place};
use super::{Phase, Simulation};
use crate::connect::{ConnSpec, Rule, RuleContext, SynSpec, SynSpecRef};
use crate::error::{Error, Kind, Result};
use crate::model::Element;
use crate::rank::Call;
use crate::rng::{Key, Purpose, Stream};
use crate::time::Step;
use crate::value::{Dict, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A kind of synapse that structural plasticity makes and removes.
#[derive(Clone, Debug, PartialEq)]
pub struct GrownSynapse {
    /// The user's name for it.
    pub name: String,
    /// Index of the synapse model.
    pub model: u16,
    /// The names of the synaptic elements at the sending and the receiving end.
    pub elements: (String, String),
    pub allow_autapses: bool,
    pub allow_multapses: bool,
    /// Weight, delay and other numbers, where they are not the model's defaults.
    pub numbers: Dict,
}

/// Which elements are drawn.
#[derive(Clone, Copy)]
enum Draw {
    LostBySource = 0,
    LostByTarget = 1,
    Paired = 2,
}

/// The elements of one name of a node.
#[derive(Clone, Copy)]
struct Count {
    vacant: i64,
    exists: bool,
}

/// The elements of one name of all nodes that have it, by id.
type Census = BTreeMap<u32, Count>;

/// A connection in the order in which connections are drawn: source, target, number among those.
type Ends = (u32, u32, u32);

/// Draws `n` of a list without replacement, in random order.
fn sample<T>(list: &mut Vec<T>, n: usize, stream: &mut Stream) {
    for i in 0..n.min(list.len()) {
        let left = (list.len() - i) as u64;
        let other = i + stream.below(left) as usize;
        list.swap(i, other);
    }
    list.truncate(n);
}

impl Simulation {
    /// Lets connections come and go with synaptic elements from the next run on.
    pub fn enable_structural_plasticity(&mut self) {
        self.settings.structural_plasticity = true;
    }

    /// Leaves connections as they are from the next run on.
    pub fn disable_structural_plasticity(&mut self) {
        self.settings.structural_plasticity = false;
    }

    /// Whether connections come and go with synaptic elements.
    pub fn has_structural_plasticity(&self) -> bool {
        self.settings.structural_plasticity
    }

    /// The kinds of synapses that a user's `structural_plasticity_synapses` describes.
    pub(super) fn grown_synapses(&self, value: &Value) -> Result<Vec<GrownSynapse>> {
        let key = "structural_plasticity_synapses";
        let as_dict = |key: &str, value: &Value| match value {
            Value::Dict(d) => Ok(d.clone()),
            other => Err(other.mismatch(key, "a dictionary")),
        };
        let entries = as_dict(key, value)?;
        let entry = |(name, d): (&str, &Value)| {
            let grown = self.grown_synapse(name, &as_dict(name, d)?);
            grown.map_err(|e| e.within(&format!("{key} '{name}'")))
        };
        entries.iter().map(entry).collect()
    }

    fn grown_synapse(&self, name: &str, dict: &Dict) -> Result<GrownSynapse> {
        let mut spec = dict.clone();
        spec.0
            .retain(|(k, _)| !matches!(k.as_str(), "allow_autapses" | "allow_multapses"));
        let switch = |key: &str| dict.get(key).map_or(Ok(true), |v| v.as_bool(key));
        let synapse = self.syn_spec(spec.clone())?;
        let Some(elements) = synapse.elements.as_deref().cloned() else {
            return Err(Error::bad_property(
                "pre_synaptic_element and/or post_synaptic_elements is missing.",
            ));
        };
        let model = self.synapse_model(synapse.model);
        if model.info.requires_symmetric {
            return Err(Error::new(
                Kind::NotImplemented,
                format!(
                    "structural plasticity makes no symmetric connections, as {} needs",
                    model.name
                ),
            ));
        }
        let amounts = [Some(&synapse.weight), synapse.delay.as_ref()];
        let numbers = synapse.numbers.iter().map(|n| &n.1);
        if amounts
            .into_iter()
            .flatten()
            .chain(numbers)
            .any(|a| a.list().is_some())
        {
            return Err(Error::bad_property(
                "a list of values does not fit connections whose number is not known; give a number \
                 or a Parameter",
            ));
        }
        let drawn = synapse
            .parameters()
            .any(crate::parameter::Parameter::is_spatial);
        if drawn {
            return Err(Error::new(
                Kind::NotImplemented,
                "Parameters that depend on positions cannot be used for structural plasticity",
            ));
        }
        match synapse.delay.as_ref().map(|d| (d, d.same())) {
            Some((_, Some(ms))) => drop(self.delay_steps(ms)?),
            Some((_, None)) if self.delays.fixed.is_none() => {
                return Err(Error::bad_property(
                    "Structural Plasticity: to use different delays for synapses you must specify \
                     the min and max delay in the kernel parameters.",
                ));
            }
            _ => {}
        }
        let own = |k: &str| {
            !matches!(
                k,
                "synapse_model" | "pre_synaptic_element" | "post_synaptic_element"
            )
        };
        spec.0.retain(|(k, _)| own(k));
        Ok(GrownSynapse {
            name: name.to_owned(),
            model: synapse.model,
            elements,
            allow_autapses: switch("allow_autapses")?,
            allow_multapses: switch("allow_multapses")?,
            numbers: spec,
        })
    }

    /// The kinds of synapses that grow, as users see them.
    pub(super) fn grown_synapses_value(&self) -> Value {
        let entry = |g: &GrownSynapse| {
            let mut dict: Dict = [
                ("allow_autapses", Value::Bool(g.allow_autapses)),
                ("allow_multapses", Value::Bool(g.allow_multapses)),
                ("post_synaptic_element", Value::Str(g.elements.1.clone())),
                ("pre_synaptic_element", Value::Str(g.elements.0.clone())),
                (
                    "synapse_model",
                    Value::Str(self.synapse_model(g.model).name.clone()),
                ),
            ]
            .into_iter()
            .collect();
            dict.0.extend(g.numbers.0.iter().cloned());
            (g.name.clone(), Value::Dict(dict))
        };
        Value::Dict(self.settings.grown_synapses.iter().map(entry).collect())
    }

    fn spec_of(&self, g: &GrownSynapse) -> Result<SynSpec> {
        let mut dict = g.numbers.clone();
        dict.set(
            "synapse_model",
            Value::Str(self.synapse_model(g.model).name.clone()),
        );
        self.syn_spec(dict)
    }

    /// Lets the delays of connections that may come be known, as those of connections are.
    pub(super) fn note_grown_delays(&mut self) -> Result<()> {
        for g in &self.settings.grown_synapses.clone() {
            let delay = self.spec_of(g)?.delay.and_then(|d| d.same());
            if let Some(ms) = delay {
                let steps = self.delay_steps(ms)?;
                self.delays.note(steps);
            }
        }
        Ok(())
    }

    /// Checks that the structure can be updated in a run, if it will be.
    pub(super) fn ready_structure(&mut self) -> Result<()> {
        match self.structure_interval()? {
            Some(_) => self.note_grown_delays(),
            None => Ok(()),
        }
    }

    /// The steps between updates of the structure, if there are any.
    pub(super) fn structure_interval(&self) -> Result<Option<Step>> {
        if !self.settings.structural_plasticity {
            return Ok(None);
        }
        let ms = self.settings.structural_plasticity_update_interval;
        match self.clock.exact(ms).filter(|&n| n > 0) {
            Some(steps) => Ok(Some(steps)),
            None => Err(Error::bad_property(format!(
                "structural_plasticity_update_interval must be a multiple of the resolution, {} ms; \
                 it is {ms} ms",
                self.clock.resolution()
            ))),
        }
    }

    /// Brings all synaptic elements up to the present time.
    pub(super) fn grow_elements(&mut self) {
        let families = &self.families;
        let grows = |w: &super::Worker| {
            let mut parts = families.iter().zip(&w.parts);
            parts.any(|(f, p)| f.neurons().is_some_and(|n| n.growth(p).is_some()))
        };
        if !self.workers.iter().any(grows) {
            return;
        }
        let t = self.clock.ms(self.now());
        let grow = |w: &mut super::Worker| {
            for (family, part) in families.iter().zip(&mut w.parts) {
                if let Some(ops) = family.neurons() {
                    ops.grow(part, t);
                }
            }
        };
        match &mut self.pool {
            Some(pool) => pool.run(&mut self.workers, |_, w| grow(w)),
            None => self.workers.iter_mut().for_each(grow),
        }
    }

    /// Takes `n` elements of a name at nodes for connections, or gives them back; nodes on other
    /// ranks and those without such elements are passed over.
    pub(super) fn take_elements(&mut self, ids: impl Iterator<Item = u32>, name: &str, n: i64) {
        for id in ids {
            let Ok((f, Some(at))) = self.nodes.locate(id) else {
                continue;
            };
            let Some(ops) = self.families[f].neurons() else {
                continue;
            };
            let growth = ops.growth_mut(&mut self.workers[at.worker as usize].parts[f]);
            let elements = growth.and_then(|g| g.of_mut(at.local as usize));
            if let Some(element) = elements.and_then(|e| e.get_mut(name)) {
                element.connect(n);
            }
        }
    }

    /// The elements at which connections of a model end, if it is one that grows.
    pub(super) fn elements_of(&self, model: u16) -> Option<(String, String)> {
        let mut grown = self.settings.grown_synapses.iter().rev();
        grown.find(|g| g.model == model).map(|g| g.elements.clone())
    }

    /// Checks that connections can be made with synaptic elements by a rule.
    pub(super) fn check_elements(rule: &ConnSpec, synapses: &[SynSpecRef<'_>]) -> Result<()> {
        if synapses.iter().all(|s| s.elements.is_none()) {
            return Ok(());
        }
        let (kind, text) = if synapses.len() > 1 {
            (
                Kind::Kernel,
                "Structural plasticity can only be used with a single syn_spec.",
            )
        } else if rule.make_symmetric {
            (
                Kind::NotImplemented,
                "Symmetric connections are not supported in combination with structural plasticity.",
            )
        } else if !matches!(rule.rule, Rule::OneToOne | Rule::AllToAll) {
            (
                Kind::NotImplemented,
                "This connection rule is not implemented for structural plasticity; use one_to_one \
                 or all_to_all.",
            )
        } else {
            return Ok(());
        };
        Err(Error::new(kind, text))
    }

    /// Takes the elements of the connections that a rule has made.
    pub(super) fn take_connected(
        &mut self,
        sources: &[u32],
        targets: &[u32],
        rule: &ConnSpec,
        (pre, post): &(String, String),
    ) {
        let made = |s: u32, t: u32| rule.allow_autapses || s != t;
        match rule.rule {
            Rule::OneToOne => {
                let pairs = || sources.iter().copied().zip(targets.iter().copied());
                let pairs = || pairs().filter(|&(s, t)| made(s, t));
                self.take_elements(pairs().map(|p| p.0), pre, 1);
                self.take_elements(pairs().map(|p| p.1), post, 1);
            }
            _ => {
                let both: BTreeSet<u32> = sources.iter().copied().collect();
                let both: BTreeSet<u32> = targets
                    .iter()
                    .copied()
                    .filter(|t| both.contains(t))
                    .collect();
                let others = |id: u32, n: usize| {
                    n as i64 - i64::from(!rule.allow_autapses && both.contains(&id))
                };
                for &s in sources {
                    self.take_elements([s].into_iter(), pre, others(s, targets.len()));
                }
                for &t in targets {
                    self.take_elements([t].into_iter(), post, others(t, sources.len()));
                }
            }
        }
    }

    /// What all ranks have found, rank by rank.
    fn on_all_ranks(&mut self, words: Vec<u64>) -> Result<Vec<u64>> {
        if self.ranks.alone() {
            return Ok(words);
        }
        let all = self.ranks.gather(Call::Structure, 0, Ok(&words))?;
        Ok(all.words.clone())
    }

    fn visit_elements(&mut self, mut f: impl FnMut(u32, &mut crate::model::Elements)) {
        for w in &mut self.workers {
            for (family, part) in self.families.iter().zip(&mut w.parts) {
                let Some(ops) = family.neurons() else {
                    continue;
                };
                if ops.growth(part).is_none() {
                    continue;
                }
                let ids = ops.ids(part).to_vec();
                if let Some(growth) = ops.growth_mut(part) {
                    growth.iter_mut().for_each(|(i, e)| f(ids[i], e));
                }
            }
        }
    }

    fn census(&mut self, name: &str) -> Result<Census> {
        let mut words = Vec::new();
        self.visit_elements(|id, elements| {
            if let Some(e) = elements.get_mut(name) {
                words.push(u64::from(id) << 1 | u64::from(e.exists()));
                words.push(e.vacant() as u64);
            }
        });
        let words = self.on_all_ranks(words)?;
        let count = |w: &[u64; 2]| {
            let count = Count {
                vacant: w[1] as i64,
                exists: w[0] & 1 != 0,
            };
            ((w[0] >> 1) as u32, count)
        };
        Ok(words.as_chunks::<2>().0.iter().map(count).collect())
    }
}

/// One update of one kind of synapse.
struct Rewiring<'a> {
    grown: &'a GrownSynapse,
    key: Key,
}

impl Simulation {
    /// Updates the structure at the present time, which is between two slices or within one.
    pub(super) fn update_structure(&mut self) -> Result<()> {
        debug_assert_eq!(self.phase, Phase::Prepared);
        self.settle_exchange()?;
        self.list_wholes();
        if self.taken == 0 {
            // connections that go still deliver what was sent, those that come do not
            let (emitted, spikes) = std::mem::take(&mut self.waiting);
            self.deliver_early(emitted, &spikes);
        }
        self.grow_elements();
        let key = Key::new(self.settings.seed(), Purpose::StructuralPlasticity);
        let grown = self.settings.grown_synapses.clone();
        for (k, grown) in grown.iter().enumerate() {
            let key = key.derive(self.structure_updates, k as u32);
            self.rewire(&Rewiring { grown, key })?;
        }
        self.visit_elements(|_, elements| elements.iter_mut().for_each(Element::decay));
        self.structure_updates += 1;
        self.settle()?;
        if self.sends_selectively() {
            self.share_spikes()?;
            self.find_routes()?;
        }
        Ok(())
    }

    fn rewire(&mut self, r: &Rewiring<'_>) -> Result<()> {
        let (pre, post) = &r.grown.elements;
        for draw in [Draw::LostBySource, Draw::LostByTarget] {
            let (sources, targets) = (self.census(pre)?, self.census(post)?);
            self.retract(r, draw, &sources, &targets)?;
        }
        let (sources, targets) = (self.census(pre)?, self.census(post)?);
        let pairs = self.pairs(r, &sources, &targets)?;
        if pairs.is_empty() {
            return Ok(());
        }
        let (sources, targets): (Vec<u32>, Vec<u32>) = pairs.into_iter().unzip();
        let synapse = self.spec_of(r.grown)?;
        let rule = ConnSpec::new(Rule::OneToOne);
        let context = RuleContext {
            sources: &sources,
            targets: &targets,
            allow_autapses: true,
            allow_multapses: true,
            key: Key::new(self.settings.seed(), Purpose::ConnectRule),
            call: self.connect_calls,
            space: None,
        };
        self.make(&context, &rule, &[synapse])?;
        self.connect_calls += 1;
        self.generation += 1;
        self.take_connected(&sources, &targets, &rule, &r.grown.elements);
        Ok(())
    }

    /// Connections of the model between neurons that have the elements, on all ranks, in order; and
    /// those of them that are kept here.
    fn candidates(
        &mut self,
        r: &Rewiring<'_>,
        losers: &[u32],
        draw: Draw,
        (sources, targets): (&Census, &Census),
    ) -> Result<(Vec<Ends>, ConnectionSet)> {
        let (from, to) = match draw {
            Draw::LostByTarget => (None, Some(losers)),
            Draw::LostBySource | Draw::Paired => (Some(losers), None),
        };
        let set = self.connections(&Filter {
            sources: from,
            targets: to,
            model: Some(r.grown.model),
            label: None,
        })?;
        let mut here = Vec::new();
        let mut words = Vec::new();
        for (i, h) in set.handles().iter().enumerate() {
            let between = matches!(h.place, Place::Row(..) | Place::Plastic(..));
            // a source whose elements are all gone loses its connections, whatever their target
            let ends = match draw {
                Draw::LostBySource => targets.get(&h.target).is_some_and(|c| c.exists),
                Draw::LostByTarget => sources.contains_key(&h.source),
                Draw::Paired => true,
            };
            if between && ends {
                here.push(i);
                words.push(u64::from(h.source) << 32 | u64::from(h.target));
                words.push(h.nth.into());
            }
        }
        let words = self.on_all_ranks(words)?;
        let ends = |w: &[u64; 2]| ((w[0] >> 32) as u32, w[0] as u32, w[1] as u32);
        let mut all: Vec<Ends> = words.as_chunks::<2>().0.iter().map(ends).collect();
        all.sort_unstable();
        Ok((all, self.take_connections(&set, &here)?))
    }

    /// Removes random connections of neurons that have more of them than elements on one side.
    fn retract(
        &mut self,
        r: &Rewiring<'_>,
        draw: Draw,
        sources: &Census,
        targets: &Census,
    ) -> Result<()> {
        let losing = match draw {
            Draw::LostByTarget => targets,
            Draw::LostBySource | Draw::Paired => sources,
        };
        let lost = losing.iter().filter(|(_, c)| c.vacant < 0);
        let lost: Vec<(u32, usize)> = lost
            .map(|(&id, c)| (id, c.vacant.unsigned_abs() as usize))
            .collect();
        if lost.is_empty() {
            return Ok(());
        }
        let losers: Vec<u32> = lost.iter().map(|l| l.0).collect();
        let (all, here) = self.candidates(r, &losers, draw, (sources, targets))?;
        let mut by_loser: BTreeMap<u32, Vec<Ends>> = BTreeMap::new();
        for ends in all {
            let loser = match draw {
                Draw::LostByTarget => ends.1,
                Draw::LostBySource | Draw::Paired => ends.0,
            };
            by_loser.entry(loser).or_default().push(ends);
        }
        let mut gone = BTreeSet::new();
        for (id, n) in lost {
            if let Some(mut list) = by_loser.remove(&id) {
                let mut stream = Stream::new(r.key, draw as u32, id, 0);
                sample(&mut list, n, &mut stream);
                gone.extend(list);
            }
        }
        let (pre, post) = &r.grown.elements;
        self.take_elements(gone.iter().map(|e| e.0), pre, -1);
        self.take_elements(gone.iter().map(|e| e.1), post, -1);
        let handles = here.handles().iter().enumerate();
        let removed: Vec<usize> = handles
            .filter(|(_, h)| gone.contains(&(h.source, h.target, h.nth)))
            .map(|(i, _)| i)
            .collect();
        self.remove(&mut self.take_connections(&here, &removed)?)
    }

    /// Random pairs of vacant elements that become connections.
    fn pairs(
        &mut self,
        r: &Rewiring<'_>,
        sources: &Census,
        targets: &Census,
    ) -> Result<Vec<(u32, u32)>> {
        let total = |census: &Census| -> f64 {
            let vacant = census.values().map(|c| c.vacant.max(0));
            vacant.map(|n| n as f64).sum()
        };
        let (n, m) = (total(sources), total(targets));
        if n == 0.0 || m == 0.0 {
            return Ok(Vec::new());
        }
        self.check_room(n.max(m))?;
        let list = |census: &Census| -> Vec<u32> {
            let vacant = census.iter().filter(|(_, c)| c.vacant > 0);
            vacant
                .flat_map(|(&id, c)| std::iter::repeat_n(id, c.vacant as usize))
                .collect()
        };
        let (mut from, mut to) = (list(sources), list(targets));
        let mut stream = Stream::new(r.key, Draw::Paired as u32, 0, 0);
        let n = from.len().min(to.len());
        let longer = if from.len() > n { &mut from } else { &mut to };
        sample(longer, n, &mut stream);
        let mut pairs: Vec<(u32, u32)> = from.into_iter().zip(to).collect();
        if !r.grown.allow_autapses {
            pairs.retain(|(s, t)| s != t);
        }
        if !r.grown.allow_multapses && !pairs.is_empty() {
            let senders: BTreeSet<u32> = pairs.iter().map(|p| p.0).collect();
            let senders: Vec<u32> = senders.into_iter().collect();
            let (all, _) = self.candidates(r, &senders, Draw::Paired, (sources, targets))?;
            let mut seen: BTreeSet<(u32, u32)> = all.into_iter().map(|e| (e.0, e.1)).collect();
            pairs.retain(|&pair| seen.insert(pair));
        }
        Ok(pairs)
    }
}
