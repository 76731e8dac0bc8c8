//! A family of neurons: the columns of one model. `status` holds what users see of it, `update` the
//! loops over its nodes.

mod blocks;
mod changes;
mod status;
mod update;

use super::classes::Classes;
use super::family::{NeuronOps, Part, UpdateContext, part_mut, part_ref};
use super::schedule::Schedule;
use crate::error::{Error, Kind, Result};
use crate::model::{
    Archive, ArchiveColumns, ArchiveParams, Columns, Elements, Event, Growth, Neuron, NodeInfo,
    Port, PostSide, Table,
};
use crate::synapse::GapPart;
use crate::time::{Clock, Step};
use blocks::{BLOCK, NodeBlock};
use std::hash::Hasher;
use update::Scratch;

type Row<M> = <<M as Neuron>::Columns as Columns>::Row;

#[derive(Clone, PartialEq)]
struct Class<P> {
    model: P,
    archive: ArchiveParams,
}

impl<P: Table> Class<P> {
    fn feed(&self, hasher: &mut dyn Hasher) {
        self.model.feed(hasher);
        self.archive.feed(hasher);
    }
}

/// A node taken out of its columns, to be changed and put back.
struct Node<M: Neuron> {
    class: Class<M::Params>,
    row: Row<M>,
    archive: Archive,
    elements: Elements,
}

impl<M: Neuron> Clone for Node<M> {
    fn clone(&self) -> Self {
        Node {
            class: self.class.clone(),
            row: self.row.clone(),
            archive: self.archive,
            elements: self.elements.clone(),
        }
    }
}

/// What one worker holds of a family of neurons.
struct NeuronPart<M: Neuron> {
    ids: Vec<u32>,
    class: Vec<u32>,
    state: M::Columns,
    archive: ArchiveColumns,
    /// Frozen nodes by place, ascending.
    frozen: Vec<u32>,
    connected: Vec<bool>,
    blocks: Vec<NodeBlock>,
    schedule: Schedule,
    /// The state at the beginning of a slice that is iterated.
    saved: Vec<Row<M>>,
    scratch: Scratch,
}

impl<M: Neuron> Default for NeuronPart<M> {
    fn default() -> Self {
        NeuronPart {
            ids: Vec::new(),
            class: Vec::new(),
            state: M::Columns::default(),
            archive: ArchiveColumns::default(),
            frozen: Vec::new(),
            connected: Vec::new(),
            blocks: Vec::new(),
            schedule: Schedule::default(),
            saved: Vec::new(),
            scratch: Scratch::default(),
        }
    }
}

/// All nodes of the model `M`, or of a copy of it.
pub struct NeuronFamily<M: Neuron> {
    info: NodeInfo,
    name: String,
    default: Node<M>,
    classes: Classes<Class<M::Params>>,
    derived: Vec<M::Derived>,
    zeros: Vec<f64>,
}

impl<M: Neuron> Default for NeuronFamily<M> {
    fn default() -> Self {
        NeuronFamily {
            info: M::INFO,
            name: M::INFO.name.to_owned(),
            default: Node {
                class: Class {
                    model: M::Params::default(),
                    archive: ArchiveParams::default(),
                },
                row: Row::<M>::default(),
                archive: Archive::default(),
                elements: Elements::default(),
            },
            classes: Classes::default(),
            derived: Vec::new(),
            zeros: vec![0.0; BLOCK],
        }
    }
}

impl<M: Neuron> NeuronOps for NeuronFamily<M> {
    fn classes<'a>(&self, part: &'a Part) -> &'a [u32] {
        &part_ref::<NeuronPart<M>>(part).class
    }

    fn port(&self, class: u32, event: Event, receptor: i64) -> Result<Port> {
        let params = &self.classes.get(class).model;
        if let Some(port) = M::port(params, event, receptor) {
            return Ok(port);
        }
        let known: Vec<i64> = (0..64)
            .filter(|&r| M::port(params, event, r).is_some())
            .collect();
        if known.is_empty() {
            return Err(Error::illegal_connection(format!(
                "The target node or synapse model does not support {} input ({}).",
                event.name(),
                self.name
            )));
        }
        let list = known
            .iter()
            .map(i64::to_string)
            .collect::<Vec<_>>()
            .join(", ");
        let elsewhere = [Event::Spike, Event::Current]
            .iter()
            .any(|&e| M::port(params, e, receptor).is_some());
        let kind = if elsewhere {
            Kind::IncompatibleReceptorType
        } else {
            Kind::UnknownReceptorType
        };
        Err(Error::new(
            kind,
            format!(
                "Receptor type {receptor} is not available in {} for {} input; it has {list}",
                self.name,
                event.name()
            ),
        ))
    }

    fn receptor(&self, class: u32, channel: usize) -> i64 {
        M::receptor(&self.classes.get(class).model, channel)
    }

    fn channels(&self) -> usize {
        self.classes
            .values()
            .iter()
            .map(|c| M::channels(&c.model))
            .max()
            .unwrap_or(0)
    }

    fn connected(&self, part: &mut Part, locals: &[u32]) {
        let connected = &mut part_mut::<NeuronPart<M>>(part).connected;
        locals.iter().for_each(|&i| connected[i as usize] = true);
    }

    fn update(&self, part: &mut Part, cx: &mut UpdateContext<'_>) -> Result<()> {
        let part = part_mut::<NeuronPart<M>>(part);
        if part.ids.is_empty() {
            return Ok(());
        }
        let mut scratch = Scratch::take(&mut part.scratch);
        let blocks = std::mem::take(&mut part.blocks);
        let result = blocks
            .iter()
            .try_for_each(|block| self.update_block(part, block, cx, &mut scratch));
        part.blocks = blocks;
        part.scratch = scratch;
        if let Some(gap) = cx.gap.as_deref_mut() {
            self.send_potentials(part, gap);
        }
        result
    }

    fn iterate(&self, part: &mut Part, cx: &mut UpdateContext<'_>) -> Result<f64> {
        let part = part_mut::<NeuronPart<M>>(part);
        let mut scratch = Scratch::take(&mut part.scratch);
        part.saved.clear();
        part.saved
            .extend((0..part.ids.len()).map(|i| part.state.row(i)));
        let blocks = std::mem::take(&mut part.blocks);
        let result = self.iterate_blocks(part, &blocks, cx, &mut scratch);
        part.blocks = blocks;
        for (i, mut row) in part.saved.drain(..).enumerate() {
            M::carry(&part.state.row(i), &mut row);
            part.state.put(i, row);
        }
        part.scratch = scratch;
        result
    }

    fn send(&self, part: &Part, gap: &mut GapPart) {
        self.send_potentials(part_ref::<NeuronPart<M>>(part), gap);
    }

    fn check_finite(&self, part: &Part, clock: &Clock, now: Step) -> Result<()> {
        let part = part_ref::<NeuronPart<M>>(part);
        match part.state.first_bad_row() {
            None => Ok(()),
            Some((i, variable)) => Err(Error::new(
                Kind::NumericalInstability,
                format!(
                    "{} with node ID {}: state variable {variable} is not finite at {} ms",
                    self.name,
                    part.ids[i],
                    clock.ms(now)
                ),
            )),
        }
    }

    fn ids<'a>(&self, part: &'a Part) -> &'a [u32] {
        &part_ref::<NeuronPart<M>>(part).ids
    }

    fn listen(&self, part: &mut Part, local: u32) {
        let part = part_mut::<NeuronPart<M>>(part);
        let i = local as usize;
        let p = &self.classes.get(part.class[i]).archive;
        let history = part.archive.history.get_or_insert_default();
        history.listen(i, (p.tau_minus, p.tau_minus_triplet));
    }

    fn post<'a>(&self, part: &'a mut Part) -> PostSide<'a> {
        let part = part_mut::<NeuronPart<M>>(part);
        PostSide {
            ids: &part.ids,
            history: part.archive.history.as_deref_mut(),
        }
    }

    fn begin(&self, part: &mut Part, n: usize, t: f64) {
        let part = part_mut::<NeuronPart<M>>(part);
        let first = part.ids.len() - n;
        for i in first..part.ids.len() {
            let archive = part.archive.row(i);
            let calcium_time = t;
            part.archive.put(
                i,
                Archive {
                    calcium_time,
                    ..archive
                },
            );
        }
    }

    fn growth<'a>(&self, part: &'a Part) -> Option<&'a Growth> {
        let part = part_ref::<NeuronPart<M>>(part);
        part.archive.growth.as_deref()
    }

    fn growth_mut<'a>(&self, part: &'a mut Part) -> Option<&'a mut Growth> {
        let part = part_mut::<NeuronPart<M>>(part);
        part.archive.growth.as_deref_mut()
    }

    fn grow(&self, part: &mut Part, t: f64) {
        let part = part_mut::<NeuronPart<M>>(part);
        if part.archive.growth.is_some() {
            for (i, &class) in part.class.iter().enumerate() {
                let p = &self.classes.get(class).archive;
                part.archive.grow(i, t, p);
            }
        }
    }

    fn rewind(&self, part: &mut Part, t: f64) {
        let part = part_mut::<NeuronPart<M>>(part);
        if let Some(history) = &mut part.archive.history {
            (0..part.ids.len()).for_each(|i| history.clear(i));
        }
        for i in 0..part.ids.len() {
            let archive = part.archive.row(i);
            part.archive.put(
                i,
                Archive {
                    last_spike: -1.0,
                    calcium: archive.calcium_at(t, &self.classes.get(part.class[i]).archive),
                    calcium_time: 0.0,
                },
            );
        }
    }
}
