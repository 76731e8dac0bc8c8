//! Nodes in space: layers, positions, distances, and what lies inside a mask.

use super::{Nodes, Simulation};
use crate::error::{Error, Kind, Result};
use crate::parameter::{Context, MAX_DIMENSIONS, Parameter, Points};
use crate::rank::Call;
use crate::rng::{Key, Purpose, Stream};
use crate::space::{Draws, Found, Layer, Mask, Point, Reader, Search};
use std::sync::Arc;

/// The layers of a simulation by their first node.
#[derive(Clone, Debug, Default)]
pub(super) struct Layers(Vec<(u32, Arc<Layer>)>);

/// The layer that was read last, and what reads its positions.
#[derive(Default)]
pub(super) struct LayerReader<'a>(Option<(&'a Arc<Layer>, Reader<'a>)>);

impl Layers {
    /// The layer of a node, and its place there.
    pub fn find(&self, id: u32) -> Option<(&Arc<Layer>, usize)> {
        let i = self.0.partition_point(|(first, _)| *first <= id);
        let (first, layer) = self.0.get(i.checked_sub(1)?)?;
        let place = (id - first) as usize;
        (place < layer.len()).then_some((layer, place))
    }

    /// The layer and position of a node, one of about `count` that are asked for in any order.
    pub fn read<'a>(
        &'a self,
        id: u32,
        reader: &mut LayerReader<'a>,
        count: usize,
    ) -> Option<(&'a Layer, Point)> {
        let (layer, place) = self.find(id)?;
        let known = reader.0.take().filter(|known| Arc::ptr_eq(known.0, layer));
        let (_, reader) = reader
            .0
            .insert(known.unwrap_or_else(|| (layer, layer.reader(count))));
        Some((layer, reader.position(place)))
    }

    /// Bytes held for positions.
    pub fn bytes(&self) -> usize {
        self.0.iter().map(|(_, layer)| layer.bytes()).sum()
    }

    /// Drops the layers whose first node is `first` or a later one.
    pub fn drop_from(&mut self, first: u32) {
        self.0.retain(|(f, _)| *f < first);
    }

    /// The one layer that all nodes are in, and their places there.
    pub fn common(&self, ids: &[u32]) -> Result<(Arc<Layer>, Vec<u32>)> {
        let Some((layer, _)) = ids.first().and_then(|&id| self.find(id)) else {
            return Err(no_layer(ids.first()));
        };
        let mut places = Vec::with_capacity(ids.len());
        for id in ids {
            match self.find(*id) {
                Some((other, place)) if Arc::ptr_eq(layer, other) => places.push(place as u32),
                _ => return Err(no_layer(Some(id))),
            }
        }
        Ok((layer.clone(), places))
    }
}

fn no_layer(id: Option<&u32>) -> Error {
    let which = id.map_or("there are no nodes".to_owned(), |id| {
        format!("node {id} has none, or is in another layer")
    });
    Error::new(
        Kind::LayerExpected,
        format!("nodes of one layer, with positions in space, are expected; {which}"),
    )
}

/// Where the nodes of a new layer shall be.
#[derive(Clone, Debug, PartialEq)]
pub enum Positions {
    /// On a grid.
    Grid {
        shape: Vec<i64>,
        center: Option<Vec<f64>>,
        extent: Option<Vec<f64>>,
        wrap: bool,
    },
    /// At given places: a column of coordinates for each dimension.
    Free {
        columns: Vec<Vec<f64>>,
        extent: Option<Vec<f64>>,
        wrap: bool,
    },
    /// At drawn places: a Parameter for each dimension.
    Drawn {
        coordinates: Vec<Parameter>,
        n: usize,
        extent: Option<Vec<f64>>,
        wrap: bool,
    },
}

/// The position of a node of which none is known.
const UNKNOWN: Point = [f64::NAN; MAX_DIMENSIONS];

/// Positions that a rank tells the others at a time.
const POSITIONS: usize = 1 << 16;

/// Refuses to read a position that only the rank of its node knows.
pub(super) fn check_known(layer: &Layer, place: usize, id: u32) -> Result<()> {
    if layer.knows(place) {
        return Ok(());
    }
    Err(Error::new(
        Kind::Kernel,
        format!(
            "The position of node {id} is known on its own rank only, since it was given in a list: \
             GetPosition and what builds on it are for local nodes then. Ask for local nodes, or \
             keep the list; positions on grids and drawn ones are known on all ranks."
        ),
    ))
}

impl Simulation {
    /// Makes nodes in space.
    ///
    /// # Errors
    /// When the positions are not right, there is no such model, or no room. Then no nodes are
    /// made.
    pub fn create_layer(&mut self, model: &str, positions: &Positions) -> Result<Nodes> {
        let layer = match positions {
            Positions::Grid {
                shape,
                center,
                extent,
                wrap,
            } => Layer::grid(shape, center.as_deref(), extent.as_deref(), *wrap)?,
            Positions::Free {
                columns,
                extent,
                wrap,
            } => Layer::free(columns.clone(), extent.as_deref(), *wrap)?,
            Positions::Drawn {
                coordinates,
                n,
                extent,
                wrap,
            } => {
                let draws = self.draws(coordinates, *n);
                Layer::drawn(draws, extent.as_deref(), *wrap)?
            }
        };
        let mut layer = layer;
        let nodes = self.create(model, layer.len() as i64)?;
        let layout = self.nodes.layout();
        if layout.ranks() > 1 && self.is_neuron(self.nodes.run(nodes.first)?.family) {
            let first = (nodes.first..).find(|&id| layout.is_here(id));
            let place = first.map_or(0, |id| id - nodes.first);
            layer.keep(place as usize, layout.ranks());
        }
        self.layers.0.push((nodes.first, Arc::new(layer)));
        Ok(nodes)
    }

    /// The one layer that nodes are in, and their places there, where all of these are known.
    fn known(&self, ids: &[u32]) -> Result<(Arc<Layer>, Vec<u32>)> {
        let (layer, places) = self.layers.common(ids)?;
        for (&id, &place) in ids.iter().zip(&places) {
            check_known(&layer, place as usize, id)?;
        }
        Ok((layer, places))
    }

    /// The coordinates of nodes at some places of a layer, a column for each dimension, wherever
    /// they are known. All ranks must call this together where they do not know all.
    ///
    /// # Errors
    /// When a rank is in another call.
    pub(super) fn columns_of(&mut self, layer: &Layer, places: &[u32]) -> Result<Vec<Vec<f64>>> {
        if layer.knows_all() {
            return Ok(layer.columns(places));
        }
        let dimensions = layer.dimensions();
        let known: Vec<u32> = (0..layer.len() as u32)
            .filter(|&place| layer.knows(place as usize))
            .collect();
        let mut all = vec![vec![f64::NAN; layer.len()]; dimensions];
        let own = layer.columns(&known);
        let ranks = self.ranks.count();
        let per_rank = layer.len().div_ceil(ranks);
        for from in (0..per_rank).step_by(POSITIONS) {
            let here = from.min(known.len())..(from + POSITIONS).min(known.len());
            let mut words = vec![u64::from(known.first().copied().unwrap_or(0))];
            for column in &own {
                words.extend(column[here.clone()].iter().map(|x| x.to_bits()));
            }
            let arrived = self.ranks.gather(Call::Position, 0, Ok(&words))?;
            for words in arrived.parts() {
                let (first, coordinates) = (words[0] as usize, &words[1..]);
                let n = coordinates.len() / dimensions;
                for (d, column) in all.iter_mut().enumerate() {
                    let places = (first + from * ranks..).step_by(ranks);
                    for (place, bits) in places.zip(&coordinates[d * n..][..n]) {
                        column[place] = f64::from_bits(*bits);
                    }
                }
            }
        }
        let is_whole = places.len() == layer.len() && places.is_sorted();
        if !is_whole {
            for column in &mut all {
                *column = places.iter().map(|&place| column[place as usize]).collect();
            }
        }
        Ok(all)
    }

    /// How the positions of `n` nodes are drawn, whoever draws them.
    fn draws(&mut self, coordinates: &[Parameter], n: usize) -> Draws {
        let call = self.draw_calls;
        self.draw_calls += 1;
        Draws {
            coordinates: coordinates.to_vec(),
            count: n,
            key: Key::new(self.settings.seed(), Purpose::Position),
            call,
        }
    }

    /// The layer that a node is in, and its place there.
    pub fn layer_of(&self, id: u32) -> Option<(&Layer, usize)> {
        let (layer, place) = self.layers.find(id)?;
        Some((layer, place))
    }

    /// The positions of nodes of one layer, and the number of dimensions.
    ///
    /// # Errors
    /// When the nodes are not in one layer, or the position of one is known on another rank only.
    pub fn positions(&self, ids: &[u32]) -> Result<(Vec<Point>, usize)> {
        let (layer, places) = self.known(ids)?;
        let mut reader = layer.reader(places.len());
        let positions = places.iter().map(|&p| reader.position(p as usize));
        Ok((positions.collect(), layer.dimensions()))
    }

    /// The shortest vectors from points to nodes of one layer; one point may be for all nodes, and
    /// one node for all points.
    ///
    /// # Errors
    /// When the nodes are not in one layer, the position of one is known on another rank only, or
    /// the numbers or dimensions do not fit.
    pub fn displacements(
        &self,
        points: &[Point],
        dimensions: usize,
        ids: &[u32],
    ) -> Result<Vec<Point>> {
        let (layer, places) = self.known(ids)?;
        check_dimensions(dimensions, layer.dimensions())?;
        let (n, m) = (points.len(), places.len());
        if n != m && n != 1 && m != 1 {
            return Err(Error::bad_property(format!(
                "NodeCollections must have equal length or one must have size 1: {n} and {m}."
            )));
        }
        let of = |i: usize, len: usize| if len == 1 { 0 } else { i };
        let mut reader = layer.reader(m);
        let vector = |i: usize| {
            let node = reader.position(places[of(i, m)] as usize);
            layer.displacement(&points[of(i, n)], &node)
        };
        let count = if n == 1 { m } else { n };
        Ok((0..count).map(vector).collect())
    }

    /// The distances between the ends of connections, in the space of the target; NaN where an end
    /// has no position.
    ///
    /// # Errors
    /// When the position of an end is known on another rank only.
    pub fn connection_distances(&self, sources: &[u32], targets: &[u32]) -> Result<Vec<f64>> {
        for &id in sources.iter().chain(targets) {
            if let Some((layer, place)) = self.layers.find(id) {
                check_known(layer, place, id)?;
            }
        }
        let mut ends = [LayerReader::default(), LayerReader::default()];
        let [from, to] = &mut ends;
        let distance = |(source, target): (&u32, &u32)| {
            let from = self.layers.read(*source, from, sources.len());
            let to = self.layers.read(*target, to, targets.len());
            match (from, to) {
                (Some((from, s)), Some((to, t))) if from.dimensions() == to.dimensions() => {
                    to.distance(&s, &t)
                }
                _ => f64::NAN,
            }
        };
        Ok(sources.iter().zip(targets).map(distance).collect())
    }

    /// The nodes inside a mask at `anchor`, ascending. All ranks must call this together where
    /// positions were given in a list.
    ///
    /// # Errors
    /// When the nodes are not in one layer, the mask does not fit it, or a rank is in another call.
    pub fn select_by_mask(&mut self, ids: &[u32], anchor: &[f64], mask: &Mask) -> Result<Vec<u32>> {
        if anchor.len() != 2 && anchor.len() != 3 {
            return Err(Error::bad_property(format!(
                "Center must be 2- or 3-dimensional, got {} numbers.",
                anchor.len()
            )));
        }
        let (layer, places) = self.layers.common(ids)?;
        if anchor.len() != layer.dimensions() {
            return Err(Error::new(
                Kind::TypeMismatch,
                format!(
                    "the anchor has {} dimensions, the layer {}",
                    anchor.len(),
                    layer.dimensions()
                ),
            ));
        }
        let mask = mask.for_layer(&layer, false)?;
        let known: Vec<usize> = (0..ids.len())
            .filter(|&i| layer.knows(places[i] as usize))
            .collect();
        let places: Vec<u32> = known.iter().map(|&i| places[i]).collect();
        let search = Search::new(layer.columns(&places), mask, &layer);
        let mut point = [0.0; MAX_DIMENSIONS];
        point[..anchor.len()].copy_from_slice(anchor);
        let mut found = Found::default();
        search.find(&point, &mut found);
        let mut nodes: Vec<u32> = found
            .nodes
            .iter()
            .map(|&i| ids[known[i as usize]])
            .collect();
        if !layer.knows_all() {
            let words: Vec<u64> = nodes.iter().map(|&id| u64::from(id)).collect();
            let all = self.ranks.gather(Call::Find, 0, Ok(&words))?;
            nodes = all.words.iter().map(|&id| id as u32).collect();
        }
        nodes.sort_unstable();
        Ok(nodes)
    }

    /// The positions of nodes of the layer that begins with node `first`, wherever they are known,
    /// and the number of dimensions. All ranks must call this together where positions were given
    /// in a list.
    ///
    /// # Errors
    /// When a node is not in the layer, or a rank is in another call.
    pub fn find_positions(&mut self, first: u32, ids: &[u32]) -> Result<(Vec<Point>, usize)> {
        let Some((layer, _)) = self.layers.find(first) else {
            return Err(no_layer(Some(&first)));
        };
        let layer = layer.clone();
        let dimensions = layer.dimensions();
        let outside = |id: &&u32| {
            let place = id.checked_sub(first);
            place.is_none_or(|place| place as usize >= layer.len())
        };
        let inside = match ids.iter().find(outside) {
            Some(id) => Err(no_layer(Some(id))),
            None => Ok(()),
        };
        if layer.knows_all() {
            inside?;
            let mut reader = layer.reader(ids.len());
            let points = ids.iter().map(|id| reader.position((id - first) as usize));
            return Ok((points.collect(), dimensions));
        }
        let layout = self.nodes.layout();
        let by_rank = |rank: usize| ids.iter().filter(move |&&id| layout.rank_of(id) == rank);
        let counts: Vec<usize> = (0..layout.ranks()).map(|r| by_rank(r).count()).collect();
        let asked: Vec<u64> = (0..layout.ranks())
            .flat_map(by_rank)
            .map(|&id| u64::from(id))
            .collect();
        let asked = inside.map(|()| &asked[..]);
        let all = self.ranks.scatter(Call::Position, 0, asked, &counts)?;
        let counts: Vec<usize> = all.parts().map(|ids| MAX_DIMENSIONS * ids.len()).collect();
        let point = |&id: &u64| layer.position((id as u32 - first) as usize);
        let points = all.words.iter().flat_map(point);
        let words: Vec<u64> = points.map(f64::to_bits).collect();
        let all = self.ranks.scatter(Call::Position, 0, Ok(&words), &counts)?;
        let told = all
            .parts()
            .map(|words| words.as_chunks::<MAX_DIMENSIONS>().0.iter());
        let mut told: Vec<_> = told.collect();
        let point = |id: &u32| match told[layout.rank_of(*id)].next() {
            Some(bits) => bits.map(f64::from_bits),
            None => UNKNOWN,
        };
        let points = ids.iter().map(point).collect();
        Ok((points, dimensions))
    }

    /// The values of a Parameter for connections from a node to some points.
    ///
    /// # Errors
    /// When the node has no position, it is known on another rank only, or the Parameter cannot be
    /// evaluated.
    pub fn evaluate_to_points(
        &mut self,
        p: &Parameter,
        id: u32,
        points: &[Point],
        dimensions: usize,
    ) -> Result<Vec<f64>> {
        let Some((layer, place)) = self.layers.find(id) else {
            return Err(Error::new(
                Kind::Kernel,
                format!("apply: node {id} has no position; it needs spatially distributed nodes"),
            ));
        };
        if dimensions != layer.dimensions() {
            return Err(Error::bad_property(format!(
                "Parameter apply: Target position has {dimensions} dimensions, but source position \
                 has {} dimensions.",
                layer.dimensions()
            )));
        }
        refuse_node_position(p)?;
        check_known(layer, place, id)?;
        let here = layer.position(place);
        let columns = |of: &dyn Fn(&Point, usize) -> f64| -> Vec<Vec<f64>> {
            (0..dimensions)
                .map(|d| points.iter().map(|p| of(p, d)).collect())
                .collect()
        };
        let target = columns(&|p, d| p[d]);
        let mut displacement = columns(&|p, d| p[d] - here[d]);
        for (d, column) in displacement.iter_mut().enumerate() {
            layer.shorten(d, column);
        }
        let context = Context {
            node: None,
            source: Some(Points::same(&here[..dimensions])),
            target: Some(Points::from_columns(target.iter().map(Vec::as_slice))),
            displacement: Some(Points::from_columns(displacement.iter().map(Vec::as_slice))),
        };
        let key = Key::new(self.settings.seed(), Purpose::Evaluate);
        let mut stream = Stream::new(key, self.draw_calls, 0, 0);
        self.draw_calls += 1;
        Ok(p.filled(&mut stream, &context, points.len())?)
    }
}

/// The position of "the node" has no meaning where there are two.
pub(super) fn refuse_node_position(p: &Parameter) -> Result<()> {
    if p.needs().node {
        return Err(crate::parameter::ParameterError::OneOfTwo.into());
    }
    Ok(())
}

fn check_dimensions(given: usize, wanted: usize) -> Result<()> {
    if given == wanted {
        return Ok(());
    }
    Err(Error::bad_property(format!(
        "Expected a {wanted}-dimensional position, got {given} dimensions."
    )))
}
