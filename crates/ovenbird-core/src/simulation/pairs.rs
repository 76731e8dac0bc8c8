//! Connections of populations that a rule pairs one to one: many pairs at a time.

use super::maker::{Maker, Numbers, amounts, check_finite, survey};
use super::scattered::{Amounts, Put, Synapse};
use super::{DelayRange, Worker};
use crate::connect::{AmountRef, RuleContext};
use crate::error::Result;
use crate::node::Run;
use crate::parameter::Context;
use crate::synapse::BLOCK_BITS;
use std::ops::Range;

/// Pairs that are made together: what is looked up about them stays in the first-level cache.
const CHUNK: usize = 1024;
/// Pairs of a chunk are put in the order of the blocks of their sources if these are at most so
/// many.
const BLOCKS: usize = 128;
/// So many pairs tell whether neighbours have sources of one block.
const SAMPLE: usize = 32;

/// Some of the pairs whose target is on a worker.
#[derive(Default)]
struct Chunk {
    /// Where they are in the populations.
    places: Vec<u32>,
    /// Where the targets are in their family.
    locals: Vec<u32>,
    /// Family and class of the targets, each with the end of those that have them.
    kinds: Vec<(usize, u32, usize)>,
    /// Buffers for putting the pairs in another order.
    blocks: Vec<u32>,
    ordered: [Vec<u32>; 2],
}

impl Chunk {
    fn clear(&mut self) {
        self.places.clear();
        self.locals.clear();
        self.kinds.clear();
    }

    /// Adds the pairs of some places, whose targets are nodes of a run, where the targets are on
    /// worker `w` and the pairs are allowed.
    fn add(&mut self, cx: &RuleContext<'_>, places: Range<usize>, run: &Run, w: usize) {
        let targets = &cx.targets[places.clone()];
        if run.is_compact() && cx.allow_autapses {
            self.places.extend(places.map(|place| place as u32));
            self.locals
                .extend(targets.iter().map(|&id| run.compact(id)));
            return;
        }
        for (place, &target) in places.zip(targets) {
            let at = run.locate(target).filter(|at| at.worker as usize == w);
            if let Some(at) = at
                && (cx.allow_autapses || cx.sources[place] != target)
            {
                self.places.push(place as u32);
                self.locals.push(at.local);
            }
        }
    }

    /// Notes the family of the pairs from the `first` on, and their classes.
    fn classify(&mut self, first: usize, family: usize, classes: &[u32]) {
        let new = &self.locals[first..];
        let Some(&local) = new.first() else {
            return;
        };
        let class = classes[local as usize];
        if first == 0 && new.iter().all(|&local| classes[local as usize] == class) {
            self.kinds.push((family, class, new.len()));
            return;
        }
        for (i, &local) in self.locals.iter().enumerate().skip(first) {
            let class = classes[local as usize];
            match self.kinds.last_mut() {
                Some(last) if (last.0, last.1) == (family, class) => last.2 = i + 1,
                _ => self.kinds.push((family, class, i + 1)),
            }
        }
    }

    /// Puts pairs whose sources are of one block side by side, if they are not already. Those of a
    /// block keep their order. `first` is the first block that sources can be of.
    fn order(&mut self, sources: &[u32], first: u32) {
        let block = |&place: &u32| (sources[place as usize] >> BLOCK_BITS) - first;
        let few = &self.places[..self.places.len().min(SAMPLE)];
        let changes = few.windows(2).filter(|w| block(&w[0]) != block(&w[1]));
        if self.kinds.len() != 1 || 2 * changes.count() < few.len() {
            return;
        }
        self.blocks.clear();
        self.blocks.extend(self.places.iter().map(block));
        let mut next = [0u32; BLOCKS + 1];
        for &block in &self.blocks {
            next[block as usize + 1] += 1;
        }
        for i in 1..next.len() {
            next[i] += next[i - 1];
        }
        let n = self.places.len();
        let [places, locals] = &mut self.ordered;
        places.resize(n, 0);
        locals.resize(n, 0);
        let (to_places, to_locals) = (&mut places[..n], &mut locals[..n]);
        for ((&block, &place), &local) in self.blocks.iter().zip(&self.places).zip(&self.locals) {
            let at = &mut next[block as usize];
            to_places[*at as usize] = place;
            to_locals[*at as usize] = local;
            *at += 1;
        }
        std::mem::swap(places, &mut self.places);
        std::mem::swap(locals, &mut self.locals);
    }

    /// The stretches of pairs whose targets have the same family and class.
    fn stretches(&self) -> impl Iterator<Item = (usize, u32, Range<usize>)> {
        let mut start = 0;
        self.kinds.iter().map(move |&(family, class, end)| {
            (family, class, std::mem::replace(&mut start, end)..end)
        })
    }
}

impl Maker<'_> {
    /// Makes those of the pairs of equal places that end on worker `w`, of simple synapses of
    /// different models.
    pub(super) fn make_pairs(
        &self,
        cx: &RuleContext<'_>,
        w: usize,
        worker: &mut Worker,
    ) -> Result<DelayRange> {
        let mut delays = DelayRange::default();
        let mut synapses = (0..self.synapses.len())
            .map(|s| Synapse::new(self, s))
            .collect::<Result<Vec<_>>>()?;
        let last = cx.sources.iter().copied().max().unwrap_or(0);
        let first = cx.sources.iter().copied().min().unwrap_or(0) >> BLOCK_BITS;
        let few_blocks = ((last >> BLOCK_BITS) - first) < BLOCKS as u32;
        let mut numbers = Numbers::default();
        let mut chunk = Chunk::default();
        let mut flush = |chunk: &mut Chunk, worker: &mut Worker| -> Result<()> {
            self.note_connected(chunk, worker);
            if few_blocks {
                chunk.order(cx.sources, first);
            }
            let mut put = Put {
                maker: self,
                w,
                worker,
                last,
            };
            for synapse in &mut synapses {
                self.make_chunk(cx, chunk, synapse, &mut put, &mut numbers, &mut delays)?;
            }
            chunk.clear();
            Ok(())
        };
        for stretch in self.nodes.stretches(cx.targets) {
            let (mut places, run) = stretch?;
            let Some(ops) = self.families[run.family].neurons() else {
                continue;
            };
            while !places.is_empty() {
                self.watch.look()?;
                let held = chunk.places.len();
                let end = places.end.min(places.start + CHUNK - held);
                chunk.add(cx, places.start..end, run, w);
                chunk.classify(held, run.family, ops.classes(&worker.parts[run.family]));
                places.start = end;
                if chunk.places.len() == CHUNK {
                    flush(&mut chunk, worker)?;
                }
            }
        }
        flush(&mut chunk, worker)?;
        Ok(delays)
    }

    fn note_connected(&self, chunk: &Chunk, worker: &mut Worker) {
        for (family, _, pairs) in chunk.stretches() {
            if let Some(ops) = self.families[family].neurons() {
                ops.connected(&mut worker.parts[family], &chunk.locals[pairs]);
            }
        }
    }

    fn make_chunk(
        &self,
        cx: &RuleContext<'_>,
        chunk: &Chunk,
        synapse: &mut Synapse,
        put: &mut Put<'_, '_>,
        numbers: &mut Numbers,
        delays: &mut DelayRange,
    ) -> Result<()> {
        if chunk.places.is_empty() {
            return Ok(());
        }
        match synapse.amounts {
            Amounts::Same(_, delay) => delays.note(delay),
            Amounts::Each => {
                self.numbers_of_pairs(synapse.s, &chunk.places, numbers)?;
                let (least, most, _) = survey(&numbers.delays, &[]);
                delays.note(least);
                delays.note(most);
                synapse.longest = most;
            }
        }
        let receptor = self.synapses[synapse.s].receptor[0];
        for (family, class, pairs) in chunk.stretches() {
            let port = self.port_index(synapse, (family, class), receptor)?;
            let source = |i: usize| cx.sources[chunk.places[pairs.start + i] as usize];
            put.stretch(synapse, port, pairs.clone(), source, &chunk.locals, numbers);
        }
        Ok(())
    }

    /// The numbers of synapse `s` of pairs at some places. Each pair has random numbers of its own,
    /// so that they do not depend on which worker makes it.
    fn numbers_of_pairs(&self, s: usize, places: &[u32], out: &mut Numbers) -> Result<()> {
        let context = Context::default();
        self.numbers_by(s, out, |amount, streams, out| match amount {
            AmountRef::Drawn(p) => {
                out.resize(places.len(), 0.0);
                p.fill(&mut streams.of(places), &context, out)?;
                check_finite(out)
            }
            _ => {
                let places = places.iter().map(|&p| p as usize);
                amounts(amount, places, &mut streams.at(0), &context, out)
            }
        })
    }
}
