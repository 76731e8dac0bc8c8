//! The sets of parameters that the connections of one model have on one worker.

use crate::model::{Layout, SynapseOps};
use crate::synapse::Delivery;
use crate::time::Step;
use std::any::Any;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;

/// Parameters and state that new connections start with.
#[derive(Clone, Debug)]
pub(super) struct Template {
    pub class: u32,
    /// The time of the source's last spike, and the shared state.
    pub state: Vec<f64>,
    /// What each connection has of its own.
    pub own: Vec<f64>,
    /// When it was made, in steps.
    pub born: Step,
    /// By which groups of a row are sorted: a hash of parameters, state and when it was made. Since
    /// all of a row see the same spikes, those that agree in it have the same state ever after.
    pub order: u64,
}

/// Interned lists of words.
#[derive(Default)]
struct Interned {
    by_hash: HashMap<u64, Vec<u32>>,
}

/// Feeds the bits of words into one number, the same on every machine and worker.
pub(super) fn hash(lists: &[&[f64]]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for x in lists.iter().copied().flatten() {
        hasher.write_u64(x.to_bits());
    }
    hasher.finish()
}

fn same(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(x, y)| x.to_bits() == y.to_bits())
}

impl Interned {
    fn find(&self, hash: u64, is: impl Fn(u32) -> bool) -> Option<u32> {
        self.by_hash.get(&hash)?.iter().copied().find(|&i| is(i))
    }

    fn add(&mut self, hash: u64, index: u32) {
        self.by_hash.entry(hash).or_default().push(index);
    }
}

/// The sets of parameters of one model.
#[derive(Default)]
pub(super) struct ModelSets {
    ops: Option<Arc<dyn SynapseOps>>,
    layout: Option<Layout>,
    common_weight: Option<f64>,
    reads: bool,
    classes: Vec<Vec<f64>>,
    /// For each class a number that depends on nothing but its words.
    salts: Vec<u32>,
    class_index: Interned,
    pub templates: Vec<Template>,
    template_index: Interned,
    constants: Option<Box<dyn Any + Send + Sync>>,
    derived: usize,
}

impl ModelSets {
    pub fn set_ops(&mut self, ops: &Arc<dyn SynapseOps>) {
        let known = self.ops.as_ref().is_some_and(|o| Arc::ptr_eq(o, ops));
        if known {
            return;
        }
        self.ops = Some(ops.clone());
        self.layout = Some(ops.layout());
        let info = ops.info();
        self.common_weight = info.common_weight.then(|| ops.weight());
        self.reads = info.reads_history;
        self.constants = None;
    }

    pub fn layout(&self) -> Layout {
        self.layout
            .expect("a model is known before its connections")
    }

    fn ops(&self) -> &dyn SynapseOps {
        let ops = self.ops.as_ref();
        &**ops.expect("a model is known before its connections")
    }

    pub fn reads(&self) -> bool {
        self.reads
    }

    pub fn common_weight(&self) -> Option<f64> {
        self.common_weight
    }

    pub fn never(&self) -> f64 {
        self.ops().never()
    }

    /// Parameters and label of a class.
    pub fn class(&self, class: u32) -> &[f64] {
        &self.classes[class as usize]
    }

    /// A number for a class that is the same on every worker.
    pub fn salt(&self, class: u32) -> u32 {
        self.salts[class as usize]
    }

    /// The index of a set of parameters with a label.
    fn intern(&mut self, words: &[f64]) -> u32 {
        let hash = hash(&[words]);
        let classes = &self.classes;
        let found = self
            .class_index
            .find(hash, |i| same(&classes[i as usize], words));
        found.unwrap_or_else(|| {
            let index = self.classes.len() as u32;
            self.classes.push(words.to_vec());
            self.salts.push(hash as u32);
            self.class_index.add(hash, index);
            index
        })
    }

    /// The index of parameters and state that connections start with.
    pub fn template(&mut self, words: &[f64], last: f64, born: Step) -> u32 {
        let layout = self.layout();
        let (class_words, rest) = words.split_at(layout.class());
        let (state, own) = rest.split_at(layout.state);
        let hash_all = hash(&[words, &[last, born as f64]]);
        let (templates, classes) = (&self.templates, &self.classes);
        let found = self.template_index.find(hash_all, |i| {
            let t = &templates[i as usize];
            same(&classes[t.class as usize], class_words)
                && same(&t.state[1..], state)
                && same(&t.own, own)
                && (t.state[0].to_bits(), t.born) == (last.to_bits(), born)
        });
        found.unwrap_or_else(|| {
            let class = self.intern(class_words);
            let state: Vec<f64> = std::iter::once(last).chain(state.iter().copied()).collect();
            let index = self.templates.len() as u32;
            self.templates.push(Template {
                class,
                born,
                order: hash(&[class_words, &state, &[born as f64]]),
                state,
                own: own.to_vec(),
            });
            self.template_index.add(hash_all, index);
            index
        })
    }

    /// Forgets templates, which only new connections use.
    pub fn drop_templates(&mut self) {
        self.templates = Vec::new();
        self.template_index = Interned::default();
    }

    /// Brings what delivery needs up to date.
    pub fn derive(&mut self) {
        if self.ops.is_some() && (self.constants.is_none() || self.derived != self.classes.len()) {
            self.constants = Some(self.ops().constants(&self.classes));
            self.derived = self.classes.len();
        }
    }

    pub fn deliver(&self, class: usize, state: &mut [f64], spike: &mut Delivery<'_, '_>) {
        let constants = self.constants.as_deref().expect("derived before a run");
        self.ops().deliver(constants, class, state, spike);
    }

    pub fn bytes(&self) -> usize {
        let words: usize = self.classes.iter().map(Vec::capacity).sum();
        words * 8 + self.classes.capacity() * size_of::<Vec<f64>>()
    }
}
