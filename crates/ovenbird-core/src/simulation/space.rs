//! Nodes in space: layers, positions, distances, and what lies inside a mask.

use super::{Nodes, Simulation};
use crate::error::{Error, Kind, Result};
use crate::parameter::{Context, Parameter, Points};
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
        let nodes = self.create(model, layer.len() as i64)?;
        self.layers.0.push((nodes.first, Arc::new(layer)));
        Ok(nodes)
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
    /// When the nodes are not in one layer.
    pub fn positions(&self, ids: &[u32]) -> Result<(Vec<Point>, usize)> {
        let (layer, places) = self.layers.common(ids)?;
        let mut reader = layer.reader(places.len());
        let positions = places.iter().map(|&p| reader.position(p as usize));
        Ok((positions.collect(), layer.dimensions()))
    }

    /// The shortest vectors from points to nodes of one layer; one point may be for all nodes, and
    /// one node for all points.
    ///
    /// # Errors
    /// When the nodes are not in one layer, or the numbers or dimensions do not fit.
    pub fn displacements(
        &self,
        points: &[Point],
        dimensions: usize,
        ids: &[u32],
    ) -> Result<Vec<Point>> {
        let (layer, places) = self.layers.common(ids)?;
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
    pub fn connection_distances(&self, sources: &[u32], targets: &[u32]) -> Vec<f64> {
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
        sources.iter().zip(targets).map(distance).collect()
    }

    /// The nodes inside a mask at `anchor`, ascending.
    ///
    /// # Errors
    /// When the nodes are not in one layer, or the mask does not fit it.
    pub fn select_by_mask(&self, ids: &[u32], anchor: &[f64], mask: &Mask) -> Result<Vec<u32>> {
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
        let search = Search::new(layer.columns(&places), mask, &layer);
        let mut point = [0.0; crate::parameter::MAX_DIMENSIONS];
        point[..anchor.len()].copy_from_slice(anchor);
        let mut found = Found::default();
        search.find(&point, &mut found);
        let mut nodes: Vec<u32> = found.nodes.iter().map(|&i| ids[i as usize]).collect();
        nodes.sort_unstable();
        Ok(nodes)
    }

    /// The values of a Parameter for connections from a node to some points.
    ///
    /// # Errors
    /// When the node has no position, or the Parameter cannot be evaluated.
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
