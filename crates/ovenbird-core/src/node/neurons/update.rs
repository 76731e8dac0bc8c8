//! The loops over blocks of neurons: step, send, sample, iterate.

use super::blocks::{BLOCK, NodeBlock};
use super::status::family_value;
use super::{NeuronFamily, NeuronPart, Row};
use crate::error::{Error, Kind, Result};
use crate::event::Spike;
use crate::model::{
    Block, Columns, Constants, Forced, GapSignal, Inputs, Neuron, Output, Read, StepContext,
};
use crate::node::family::{Tap, UpdateContext};
use crate::synapse::GapPart;
use crate::time::{Clock, Step};

/// Most spikes that one node can send in a step; each is recorded and kept apart.
const MOST_SPIKES: u32 = 1 << 24;

impl<M: Neuron> NeuronFamily<M> {
    /// A number that a multimeter records.
    fn record(&self, part: &NeuronPart<M>, local: usize, name: &str) -> f64 {
        let model = &self.classes.get(part.class[local]).model;
        let row = part.state.row(local);
        match M::variables()
            .iter()
            .find(|v| v.name == name)
            .map(|v| &v.read)
        {
            Some(Read::Number(get)) => get(model, &row),
            _ => family_value::<M>(model, &row, name).unwrap_or(f64::NAN),
        }
    }

    fn sample(
        &self,
        part: &NeuronPart<M>,
        stamp: Step,
        nodes: std::ops::Range<usize>,
        taps: &mut [Tap],
    ) {
        let first = taps.partition_point(|t| (t.local as usize) < nodes.start);
        for tap in taps[first..]
            .iter_mut()
            .take_while(|t| (t.local as usize) < nodes.end)
        {
            if tap.is_due(stamp) && part.frozen.binary_search(&tap.local).is_err() {
                tap.stamps.push(stamp);
                for name in &tap.names {
                    tap.values.push(self.record(part, tap.local as usize, name));
                }
            }
        }
    }

    /// Takes one step of a block. An iteration leaves the inputs in the ring.
    fn step_block(
        &self,
        part: &mut NeuronPart<M>,
        block: &NodeBlock,
        lag: usize,
        cx: &mut UpdateContext<'_>,
        scratch: &mut Scratch,
        iterating: bool,
    ) -> Result<()> {
        let nodes = block.nodes.clone();
        let step = cx.origin + lag as Step;
        let context = StepContext {
            step,
            lag,
            h: cx.clock.resolution(),
            registers: cx.width.registers(),
            key: cx.key,
            iterating,
        };
        let len = nodes.len();
        let constants = match block.class {
            Some(class) => Constants::Same(&self.derived[class as usize]),
            None => Constants::Each {
                sets: &self.derived,
                class: &part.class[nodes.clone()],
            },
        };
        scratch.fired[..len].fill(0);
        let result = {
            let inputs = Inputs {
                slot: cx.ring.read(step),
                offsets: cx.cells,
                zeros: &self.zeros,
                start: nodes.start,
                len,
            };
            let block = Block {
                len,
                ids: &part.ids[nodes.clone()],
                constants,
                state: part.state.view(nodes.clone()),
                gap: cx.gap.as_deref().map(|g| g.input(nodes.clone(), lag)),
                forced: part.schedule.is_active().then_some(&scratch.forced[..len]),
            };
            let mut output = Output {
                fired: &mut scratch.fired[..len],
                multiple: &mut scratch.multiple,
                gap: iterating.then(|| scratch.gap.signal(len, lag == cx.from)),
            };
            cx.width.run(
                #[inline(always)]
                || M::step(&context, block, &inputs, &mut output),
            )
        };
        if let Err(failure) = result {
            return Err(Error::new(
                Kind::SolverFailure,
                format!(
                    "{} with node ID {} failed at {} ms: {}",
                    self.name,
                    part.ids[nodes.start + failure.index],
                    cx.clock.ms(step),
                    failure.what
                ),
            ));
        }
        if !iterating {
            let cells = cx.ring.at(step);
            for &first in cx.cells.iter().flatten() {
                clear(&mut cells[first + nodes.start..first + nodes.end]);
            }
        }
        Ok(())
    }

    /// Decides for each node that spikes at fixed intervals whether it does so in this step.
    fn force(
        &self,
        part: &mut NeuronPart<M>,
        nodes: &std::ops::Range<usize>,
        clock: &Clock,
        forced: &mut [Forced],
    ) {
        let (class, frozen) = (&part.class, &part.frozen);
        let params = |local: u32| {
            let moves = frozen.binary_search(&local).is_err();
            moves.then(|| &self.classes.get(class[local as usize]).archive)
        };
        part.schedule.step(nodes, params, clock, forced);
    }

    /// Puts spikes at fixed intervals in the place of those of the dynamics.
    fn replace(scratch: &mut Scratch) {
        let forced = &scratch.forced;
        for (fired, f) in scratch.fired.iter_mut().zip(forced) {
            *fired = u8::from(f.decide(*fired != 0));
        }
        scratch
            .multiple
            .retain(|m| forced[m.0 as usize] == Forced::No);
    }

    fn emit(
        &self,
        part: &mut NeuronPart<M>,
        nodes: std::ops::Range<usize>,
        lag: usize,
        cx: &mut UpdateContext<'_>,
        scratch: &mut Scratch,
    ) -> Result<()> {
        let stamp = cx.origin + lag as Step + 1;
        let too_many = |m: &&(u32, u32)| m.1 > MOST_SPIKES;
        if let Some(&(i, count)) = scratch.multiple.iter().find(too_many) {
            return Err(Error::new(
                Kind::Kernel,
                format!(
                    "{} with node ID {} sends {}{count} spikes in the step to {} ms, more than the \
                     {MOST_SPIKES} that a node can; reduce the rate of what drives it",
                    self.name,
                    part.ids[nodes.start + i as usize],
                    if count == u32::MAX { "at least " } else { "" },
                    cx.clock.ms(stamp),
                ),
            ));
        }
        let t = cx.clock.ms(stamp);
        let mut send = |i: usize, count: u32| {
            let class = self.classes.get(part.class[i]);
            part.archive.spike(i, t, count, &class.archive);
            Spike::push_all(cx.spikes, lag, part.ids[i], count);
        };
        for_each_set(&scratch.fired[..nodes.len()], |k| send(nodes.start + k, 1));
        for (i, count) in scratch.multiple.drain(..) {
            send(nodes.start + i as usize, count);
        }
        Ok(())
    }

    /// Takes the steps of a slice for a block with frozen nodes, which keep state and input.
    fn thaw(&self, part: &NeuronPart<M>, nodes: &std::ops::Range<usize>) -> Vec<(usize, Row<M>)> {
        part.frozen
            .iter()
            .map(|&i| i as usize)
            .filter(|i| nodes.contains(i))
            .map(|i| (i, part.state.row(i)))
            .collect()
    }

    pub(super) fn update_block(
        &self,
        part: &mut NeuronPart<M>,
        block: &NodeBlock,
        cx: &mut UpdateContext<'_>,
        scratch: &mut Scratch,
    ) -> Result<()> {
        let nodes = block.nodes.clone();
        let frozen = self.thaw(part, &nodes);
        for lag in cx.from..cx.to {
            let step = cx.origin + lag as Step;
            let mut held = Vec::new();
            for (i, _) in &frozen {
                for &first in cx.cells.iter().flatten() {
                    held.push((first + i, cx.ring.read(step)[first + i]));
                }
            }
            if part.schedule.is_active() {
                let forced = &mut scratch.forced[..nodes.len()];
                self.force(part, &nodes, &cx.clock, forced);
            }
            self.step_block(part, block, lag, cx, scratch, false)?;
            if part.schedule.is_active() {
                Self::replace(scratch);
            }
            for (i, row) in &frozen {
                part.state.put(*i, row.clone());
                scratch.fired[i - nodes.start] = 0;
                scratch.multiple.retain(|m| m.0 as usize != i - nodes.start);
            }
            for (cell, value) in held {
                cx.ring.at(step)[cell] = value;
            }
            self.emit(part, nodes.clone(), lag, cx, scratch)?;
            if !cx.taps.is_empty() {
                self.sample(part, step + 1, nodes.clone(), cx.taps);
            }
        }
        Ok(())
    }
}

/// Sets numbers to zero. By itself it becomes one call of `memset`; within the step it would be a
/// loop of narrow stores.
#[inline(never)]
fn clear(cells: &mut [f64]) {
    cells.fill(0.0);
}

/// Calls `f` with the places of flags, 0 or 1, that are set; most stretches have none.
fn for_each_set(flags: &[u8], mut f: impl FnMut(usize)) {
    debug_assert!(flags.iter().all(|&flag| flag < 2), "flags are 0 or 1");
    let (stretches, rest) = flags.as_chunks::<STRETCH>();
    let mut last = [0; STRETCH];
    last[..rest.len()].copy_from_slice(rest);
    for (n, stretch) in stretches.iter().chain([&last]).enumerate() {
        if stretch.iter().fold(0, |any, flag| any | flag) == 0 {
            continue;
        }
        let mut bits = bits_of(stretch);
        while bits != 0 {
            f(n * STRETCH + bits.trailing_zeros() as usize);
            bits &= bits - 1;
        }
    }
}

const STRETCH: usize = u64::BITS as usize;

/// Flags, 0 or 1, as the bits of a number.
#[inline(always)]
fn bits_of(flags: &[u8; STRETCH]) -> u64 {
    /// Times eight bytes, brings byte i to bit 56 + i, and none to another of the bits above.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let eights = flags.as_chunks::<8>().0.iter();
    eights.enumerate().fold(0, |bits, (i, &eight)| {
        bits | u64::from_le_bytes(eight).wrapping_mul(GATHER) >> 56 << (8 * i)
    })
}

/// Buffers that a part's update reuses from block to block and from step to step.
#[derive(Default)]
pub(super) struct Scratch {
    fired: Vec<u8>,
    multiple: Vec<(u32, u32)>,
    forced: Vec<Forced>,
    gap: GapScratch,
}

impl Scratch {
    /// Takes the buffers out of their place, with room for a block.
    pub fn take(place: &mut Scratch) -> Scratch {
        let mut scratch = std::mem::take(place);
        scratch.fired.resize(BLOCK, 0);
        scratch.forced.resize(BLOCK, Forced::No);
        scratch
    }
}

/// What the nodes of a block tell their neighbours, a column each; empty without coupling.
#[derive(Default)]
struct GapScratch([Vec<f64>; 4]);

impl GapScratch {
    fn signal(&mut self, len: usize, starts: bool) -> GapSignal<'_> {
        let [start, start_slope, end, end_slope] = self.0.each_mut().map(|column| {
            column.resize(BLOCK, 0.0);
            &mut column[..len]
        });
        GapSignal {
            starts,
            start,
            start_slope,
            end,
            end_slope,
        }
    }

    /// Lets the next step begin with what this one ended with.
    fn pass_on(&mut self) {
        self.0.rotate_right(2);
    }
}

impl<M: Neuron> NeuronFamily<M> {
    /// Takes the steps of an iteration; returns the largest change of a membrane potential.
    pub(super) fn iterate_blocks(
        &self,
        part: &mut NeuronPart<M>,
        blocks: &[NodeBlock],
        cx: &mut UpdateContext<'_>,
        scratch: &mut Scratch,
    ) -> Result<f64> {
        let h = cx.clock.resolution();
        let mut largest = 0.0f64;
        for block in blocks {
            let nodes = &block.nodes;
            for lag in cx.from..cx.to {
                self.step_block(part, block, lag, cx, scratch, true)?;
                if let Some(gap) = cx.gap.as_deref_mut() {
                    let signal = scratch.gap.signal(nodes.len(), lag == cx.from);
                    largest = largest.max(gap.send(nodes.clone(), &signal, lag, h));
                    scratch.gap.pass_on();
                }
            }
        }
        Ok(largest)
    }

    /// Sends the present membrane potentials of the coupled nodes as constants.
    pub(super) fn send_potentials(&self, part: &NeuronPart<M>, gap: &mut GapPart) {
        gap.forget_last();
        for slot in 0..gap.senders.len() {
            let v = self.record(part, gap.senders[slot] as usize, "V_m");
            gap.send_constant(slot, v);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Each flag that is set is visited once, in order.
        #[test]
        fn set_flags_are_visited_in_order(flags in prop::collection::vec(0..2u8, 0..300)) {
            let mut visited = Vec::new();
            for_each_set(&flags, |i| visited.push(i));
            let set: Vec<_> = (0..flags.len()).filter(|&i| flags[i] != 0).collect();
            prop_assert_eq!(visited, set);
        }
    }
}
