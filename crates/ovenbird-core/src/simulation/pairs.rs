//! Connections of populations that a rule pairs one to one: many pairs at a time.

use super::maker::{Maker, Numbers};
use super::scattered::{Amounts, Put, Spot, Synapse};
use super::{DelayRange, Worker};
use crate::connect::RuleContext;
use crate::error::Result;
use crate::parameter::Context;

/// Pairs that are made together: what is looked up about them stays in the first-level cache.
const CHUNK: usize = 512;

/// Some of the pairs whose target is on a worker.
#[derive(Default)]
struct Chunk {
    /// Where they are in the populations.
    places: Vec<u32>,
    /// Where the targets are in their family.
    locals: Vec<u32>,
    /// The family and class of each target.
    kinds: Vec<(usize, u32)>,
}

impl Chunk {
    fn clear(&mut self) {
        self.places.clear();
        self.locals.clear();
        self.kinds.clear();
    }
}

impl Maker<'_> {
    /// Makes those of the pairs of equal places that end on worker `w`, of simple synapses.
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
        let mut numbers = [Numbers::default(), Numbers::default()];
        let mut chunk = Chunk::default();
        let mut flush = |chunk: &mut Chunk, worker: &mut Worker| -> Result<()> {
            self.note_connected(chunk, worker);
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
                let end = places.end.min(places.start + CHUNK - chunk.places.len());
                let classes = ops.classes(&worker.parts[run.family]);
                for place in places.start..end {
                    self.watch.pass(place)?;
                    let (source, target) = (cx.sources[place], cx.targets[place]);
                    let at = run.locate(target).filter(|at| at.worker as usize == w);
                    if let Some(at) = at
                        && (cx.allow_autapses || source != target)
                    {
                        chunk.places.push(place as u32);
                        chunk.locals.push(at.local);
                        let class = classes[at.local as usize];
                        chunk.kinds.push((run.family, class));
                    }
                }
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
        let mut locals = &chunk.locals[..];
        for same in chunk.kinds.chunk_by(|a, b| a.0 == b.0) {
            let (here, rest) = locals.split_at(same.len());
            locals = rest;
            let family = same[0].0;
            if let Some(ops) = self.families[family].neurons() {
                ops.connected(&mut worker.parts[family], here);
            }
        }
    }

    fn make_chunk(
        &self,
        cx: &RuleContext<'_>,
        chunk: &Chunk,
        synapse: &mut Synapse,
        put: &mut Put<'_, '_>,
        [numbers, one]: &mut [Numbers; 2],
        delays: &mut DelayRange,
    ) -> Result<()> {
        if chunk.places.is_empty() {
            return Ok(());
        }
        match synapse.amounts {
            Amounts::Same(_, delay) => delays.note(delay),
            Amounts::Each => {
                self.numbers_of_pairs(synapse.s, &chunk.places, numbers, one)?;
                numbers.delays.iter().for_each(|&d| delays.note(d));
            }
        }
        let receptor = self.synapses[synapse.s].receptor[0];
        let mut known = (
            chunk.kinds[0],
            self.port_index(synapse, chunk.kinds[0], receptor)?,
        );
        for (i, &place) in chunk.places.iter().enumerate() {
            let kind = chunk.kinds[i];
            if kind != known.0 {
                known = (kind, self.port_index(synapse, kind, receptor)?);
            }
            let spot = Spot {
                local: chunk.locals[i],
                port: known.1,
            };
            put.connection(synapse, cx.sources[place as usize], spot, i, numbers);
        }
        Ok(())
    }

    /// The numbers of synapse `s` of pairs. Each pair has random numbers of its own.
    fn numbers_of_pairs(
        &self,
        s: usize,
        places: &[u32],
        out: &mut Numbers,
        one: &mut Numbers,
    ) -> Result<()> {
        let context = Context::default();
        let places = places.iter().map(|&p| p as usize);
        let mut parameters = self.synapses[s].parameters();
        if parameters.all(|p| p.as_constant().is_some()) {
            return self.numbers(s, 0, places, &context, out);
        }
        out.weights.clear();
        out.delays.clear();
        for place in places {
            self.numbers(s, place, std::iter::once(place), &context, one)?;
            out.weights.extend_from_slice(&one.weights);
            out.delays.extend_from_slice(&one.delays);
        }
        Ok(())
    }
}
