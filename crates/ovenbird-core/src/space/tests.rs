//! Tests of layers, masks and searches.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::parameter::Parameter;
use crate::rng::{Key, Purpose};
use crate::value::{Dict, Value};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn dict<const N: usize>(entries: [(&str, Value); N]) -> Dict {
    entries.into_iter().collect()
}

fn floats(v: &[f64]) -> Value {
    Value::Floats(v.to_vec())
}

fn mask<const N: usize>(name: &str, entries: [(&str, Value); N]) -> Mask {
    Mask::from_dict(&dict([(name, Value::Dict(dict(entries)))])).unwrap()
}

fn circle(radius: f64) -> Mask {
    mask("circular", [("radius", radius.into())])
}

fn rectangle(lower: [f64; 2], upper: [f64; 2]) -> Mask {
    let corners = [
        ("lower_left", floats(&lower)),
        ("upper_right", floats(&upper)),
    ];
    mask("rectangular", corners)
}

fn all(layer: &Layer) -> Vec<u32> {
    (0..layer.len() as u32).collect()
}

fn inside(mask: &Mask, points: &[(f64, f64)]) -> Vec<bool> {
    points
        .iter()
        .map(|(x, y)| mask.contains(&[*x, *y]).unwrap())
        .collect()
}

#[test]
fn grids_are_numbered_downwards_and_then_to_the_right() {
    let layer = Layer::grid(&[2, 3], Some(&[1.0, 0.0]), Some(&[2.0, 3.0]), false).unwrap();
    let positions: Vec<_> = (0..6).map(|i| layer.position(i)).collect();
    let expected = [
        [0.5, 1.0, 0.0],
        [0.5, 0.0, 0.0],
        [0.5, -1.0, 0.0],
        [1.5, 1.0, 0.0],
        [1.5, 0.0, 0.0],
        [1.5, -1.0, 0.0],
    ];
    assert_eq!(positions, expected);
    let cube = Layer::grid(&[2, 2, 2], None, None, false).unwrap();
    assert_eq!(cube.position(1), [-0.25, 0.25, 0.25]);
    assert_eq!(cube.position(2), [-0.25, -0.25, -0.25]);
}

#[test]
fn positions_that_are_not_stored_are_the_same_in_any_order() {
    let coordinates = vec![Parameter::uniform(-1.0, 1.0).unwrap(); 3];
    let draws = Draws {
        coordinates,
        count: 1000,
        key: Key::new(1, Purpose::Position),
        call: 0,
    };
    let drawn = Layer::drawn(draws, Some(&[2.0; 3]), false).unwrap();
    let grid = Layer::grid(&[10, 4, 25], Some(&[1.0, 0.0, 2.0]), Some(&[2.0; 3]), true).unwrap();
    for layer in [drawn, grid] {
        assert_eq!(layer.bytes(), 0);
        let nodes = all(&layer);
        let columns = layer.columns(&nodes);
        let listed = Layer::free(columns.clone(), None, false).unwrap();
        assert_eq!(listed.bytes(), 3 * 8 * nodes.len());
        let backwards: Vec<u32> = nodes.iter().rev().copied().collect();
        assert_eq!(layer.columns(&backwards), listed.columns(&backwards));
        let few = [999, 0, 256, 255];
        assert_eq!(layer.columns(&few), listed.columns(&few));
        assert!(
            few.iter()
                .all(|&i| layer.position(i as usize) == listed.position(i as usize))
        );
        let distinct: BTreeSet<u64> = columns[0].iter().map(|x| x.to_bits()).collect();
        assert!(distinct.len() >= 10);
    }
}

#[test]
fn layers_that_cannot_be_are_refused() {
    let free = |columns: &[&[f64]], extent: Option<&[f64]>| {
        Layer::free(columns.iter().map(|c| c.to_vec()).collect(), extent, false)
    };
    let refused = [
        Layer::grid(&[4], None, None, false),
        Layer::grid(&[0, 4], None, None, false),
        Layer::grid(&[1 << 20, 1 << 20], None, None, false),
        Layer::grid(&[2, 2], Some(&[0.0]), None, false),
        Layer::grid(&[2, 2], None, Some(&[-1.0, 1.0]), false),
        free(&[&[0.0, 1.0]], None),
        free(&[&[], &[]], None),
        free(&[&[0.0], &[0.0]], None),
        free(&[&[0.0, f64::NAN], &[0.0, 1.0]], None),
        free(&[&[0.0, 2.0], &[0.0, 1.0]], Some(&[1.0, 1.0])),
    ];
    for (i, layer) in refused.into_iter().enumerate() {
        assert!(layer.is_err(), "case {i}");
    }
}

#[test]
fn free_layers_have_the_extent_of_their_nodes_rounded_up() {
    let columns = vec![vec![0.0, 1.5], vec![1.0, 1.0]];
    let layer = Layer::free(columns, None, true).unwrap();
    assert_eq!(layer.extent(), [2.0, 0.0]);
    assert_eq!(layer.center(), [0.75, 1.0]);
    // a dimension without size is not periodic
    assert!(layer.wraps(0) && !layer.wraps(1));
    assert_eq!(
        layer.displacement(&[0.0, 0.0, 0.0], &[1.5, 7.0, 0.0]),
        [-0.5, 7.0, 0.0]
    );
}

#[test]
fn masks_have_their_shapes() {
    let points = [(0.0, 0.0), (1.0, 0.0), (0.6, 0.8), (0.8, 0.7), (-1.0, -1.0)];
    assert_eq!(
        inside(&circle(1.0), &points),
        [true, true, true, false, false]
    );
    let ring = mask(
        "doughnut",
        [("inner_radius", 0.5.into()), ("outer_radius", 1.0.into())],
    );
    assert_eq!(inside(&ring, &points), [false, true, true, false, false]);
    let square = rectangle([-1.0, -1.0], [0.6, 0.8]);
    assert_eq!(inside(&square, &points), [true, false, true, false, true]);
    let ellipse = mask(
        "elliptical",
        [
            ("major_axis", 4.0.into()),
            ("minor_axis", 2.0.into()),
            ("azimuth_angle", 90.0.into()),
        ],
    );
    assert_eq!(
        inside(&ellipse, &[(0.0, 1.99), (1.99, 0.0), (0.99, 0.0)]),
        [true, false, true]
    );
    let both = circle(1.0).intersection(&square).unwrap();
    assert_eq!(inside(&both, &points), [true, false, true, false, false]);
    let either = circle(1.0).union(&square).unwrap();
    assert_eq!(inside(&either, &points), [true, true, true, false, true]);
    let rest = circle(1.0).difference(&square).unwrap();
    assert_eq!(inside(&rest, &points), [false, true, false, false, false]);
    let moved = circle(1.0).shifted([1.0, 1.0, 0.0]);
    assert_eq!(inside(&moved, &points), [false, true, true, true, false]);
    assert_eq!(
        inside(&moved.mirrored(), &points),
        [false, false, false, false, true]
    );
}

#[test]
fn a_turned_square_is_a_diamond() {
    let corners = [
        ("lower_left", floats(&[-1.0, -1.0])),
        ("upper_right", floats(&[1.0, 1.0])),
        ("azimuth_angle", 45.0.into()),
    ];
    let diamond = mask("rectangular", corners);
    let tip = 2f64.sqrt();
    let points = [(tip, 0.0), (0.0, -tip), (0.9, 0.9), (0.7, 0.7)];
    assert_eq!(inside(&diamond, &points), [true, true, false, true]);
    let bounds = diamond.bounds();
    assert!((bounds.upper[0] - tip).abs() < 1e-12 && (bounds.lower[1] + tip).abs() < 1e-12);
}

#[test]
fn a_polar_angle_turns_the_third_axis_towards_the_first() {
    let spec = [
        ("lower_left", floats(&[-0.1, -0.1, -1.0])),
        ("upper_right", floats(&[0.1, 0.1, 1.0])),
        ("polar_angle", 90.0.into()),
    ];
    let rod = mask("box", spec);
    assert!(rod.contains(&[0.9, 0.0, 0.0]).unwrap());
    assert!(!rod.contains(&[0.0, 0.0, 0.9]).unwrap());
    let bounds = rod.bounds();
    assert!((bounds.upper[0] - 1.0).abs() < 1e-12 && bounds.upper[2] < 0.11);
}

#[test]
fn descriptions_that_make_no_mask_are_refused() {
    let bad = [
        dict([]),
        dict([("foo", Value::Dict(dict([])))]),
        dict([("circular", Value::Dict(dict([])))]),
        dict([("circular", 1.0.into())]),
        dict([("circular", Value::Dict(dict([("radius", 0.0.into())])))]),
        dict([(
            "circular",
            Value::Dict(dict([("radius", 1.0.into()), ("size", 1.0.into())])),
        )]),
        dict([
            ("circular", Value::Dict(dict([("radius", 1.0.into())]))),
            ("anchor", floats(&[1.0, 1.0, 1.0])),
        ]),
        dict([("grid", Value::Dict(dict([("shape", floats(&[1.0, 2.0]))])))]),
    ];
    for (i, spec) in bad.iter().enumerate() {
        assert!(Mask::from_dict(spec).is_err(), "case {i}");
    }
}

#[test]
fn grid_masks_cover_whole_places() {
    let layer = Layer::grid(&[5, 5], None, Some(&[5.0, 5.0]), false).unwrap();
    let grid = mask("grid", [("shape", Value::Ints(vec![2, 3]))]);
    let fitted = grid.for_layer(&layer, false).unwrap();
    // the node itself, the one to the right, and both rows below
    assert_eq!(
        inside(&fitted, &[(0.0, 0.0), (1.0, -2.0), (2.0, 0.0), (0.0, 1.0)]),
        [true, true, false, false]
    );
    let free = Layer::free(vec![vec![0.0, 1.0]; 2], None, false).unwrap();
    assert!(grid.for_layer(&free, false).is_err());
}

#[test]
fn a_mask_larger_than_a_periodic_layer_finds_nodes_in_each_of_its_images() {
    let layer = Layer::grid(&[5, 5], None, Some(&[5.0, 5.0]), true).unwrap();
    assert!(circle(3.0).for_layer(&layer, false).is_err());
    let big = circle(9.0).for_layer(&layer, true).unwrap();
    let search = Search::new(layer.columns(&all(&layer)), big, &layer);
    let mut found = Found::default();
    search.find(&[2.0, -2.0, 0.0], &mut found);
    // the images whose lower corner is in the layer, and one turn below
    let images = [(7.0, 8.0), (7.0, 3.0), (2.0, 8.0), (2.0, 3.0)];
    for node in 0..25 {
        let p = layer.position(node);
        let inside = |c: &&(f64, f64)| (p[0] - c.0).hypot(p[1] - c.1) <= 9.0;
        let times = found.nodes.iter().filter(|&&n| n == node as u32).count();
        assert_eq!(times, images.iter().filter(inside).count(), "node {node}");
    }
    assert!(found.nodes.len() > 50);
}

/// All nodes that are in a mask around an anchor, looked at one by one.
fn scan(layer: &Layer, mask: &Mask, anchor: &Point) -> Vec<u32> {
    let n = layer.dimensions();
    let turns: Vec<i32> = if layer.wrap() {
        (-3..=3).collect()
    } else {
        vec![0]
    };
    let mut found = Vec::new();
    for i in 0..layer.len() {
        let p = layer.position(i);
        let image = |turn: [i32; 3]| -> Vec<f64> {
            (0..n)
                .map(|d| p[d] + f64::from(turn[d]) * layer.extent()[d] - anchor[d])
                .collect()
        };
        let depth = if n == 3 { turns.clone() } else { vec![0] };
        let any = turns.iter().any(|&a| {
            turns.iter().any(|&b| {
                depth
                    .iter()
                    .any(|&c| mask.contains(&image([a, b, c])).unwrap())
            })
        });
        if any {
            found.push(i as u32);
        }
    }
    found
}

/// Relative coordinates are the shortest vectors from the anchor.
fn check_relative(layer: &Layer, anchor: &Point, found: &Found) {
    for (i, &node) in found.nodes.iter().enumerate() {
        let vector = layer.displacement(anchor, &layer.position(node as usize));
        for (x, column) in vector.iter().zip(&found.relative).take(layer.dimensions()) {
            assert!((x - column[i]).abs() < 1e-12);
        }
    }
}

fn arbitrary_mask() -> impl Strategy<Value = Mask> {
    let simple = prop_oneof![
        (0.05..0.7f64).prop_map(circle),
        (
            -0.5..0.1f64,
            -0.5..0.1f64,
            0.1..0.5f64,
            0.1..0.5f64,
            0.0..90.0f64
        )
            .prop_map(|(a, b, c, d, angle)| {
                let spec = [
                    ("lower_left", floats(&[a, b])),
                    ("upper_right", floats(&[c, d])),
                    ("azimuth_angle", angle.into()),
                ];
                mask("rectangular", spec)
            }),
        (0.4..0.9f64, 0.1..0.4f64, 0.0..180.0f64).prop_map(|(major, minor, angle)| {
            let spec = [
                ("major_axis", major.into()),
                ("minor_axis", minor.into()),
                ("azimuth_angle", angle.into()),
            ];
            mask("elliptical", spec)
        }),
    ];
    (simple.clone(), simple, 0..4, -0.3..0.3f64).prop_map(|(a, b, how, shift)| match how {
        0 => a,
        1 => a.union(&b).unwrap(),
        2 => a.difference(&b).unwrap().mirrored(),
        _ => a.intersection(&b).unwrap().shifted([shift, -shift, 0.0]),
    })
}

proptest! {
    #[test]
    fn an_indexed_search_finds_what_a_scan_finds(
        points in prop::collection::vec((-0.5..0.5f64, -0.5..0.5f64), 2..300),
        mask in arbitrary_mask(),
        anchor in (-0.6..0.6f64, -0.6..0.6f64),
        wrap: bool,
    ) {
        let columns = vec![
            points.iter().map(|p| p.0).collect(),
            points.iter().map(|p| p.1).collect(),
        ];
        let layer = Layer::free(columns, Some(&[2.0, 2.0]), wrap).unwrap();
        let anchor = [anchor.0, anchor.1, 0.0];
        let fitted = mask.for_layer(&layer, true).unwrap();
        let search = Search::new(layer.columns(&all(&layer)), fitted, &layer);
        let mut found = Found::default();
        search.find(&anchor, &mut found);
        if search.gives_relative() {
            check_relative(&layer, &anchor, &found);
        }
        found.nodes.sort_unstable();
        prop_assert_eq!(found.nodes, scan(&layer, &mask, &anchor));
    }

    #[test]
    fn a_search_in_three_dimensions_finds_what_a_scan_finds(
        points in prop::collection::vec((-0.5..0.5f64, -0.5..0.5f64, -0.5..0.5f64), 2..200),
        anchor in (-0.6..0.6f64, -0.6..0.6f64, -0.6..0.6f64),
        (radius, angle) in (0.05..0.5f64, 0.0..90.0f64),
        wrap: bool,
    ) {
        let columns = vec![
            points.iter().map(|p| p.0).collect(),
            points.iter().map(|p| p.1).collect(),
            points.iter().map(|p| p.2).collect(),
        ];
        let layer = Layer::free(columns, Some(&[1.5; 3]), wrap).unwrap();
        let ball = mask("spherical", [("radius", radius.into())]);
        let spec = [
            ("major_axis", 0.8.into()),
            ("minor_axis", 0.3.into()),
            ("polar_axis", 0.5.into()),
            ("azimuth_angle", angle.into()),
            ("polar_angle", (2.0 * angle).into()),
        ];
        let mask = ball.union(&mask("ellipsoidal", spec)).unwrap();
        let anchor = [anchor.0, anchor.1, anchor.2];
        let search = Search::new(layer.columns(&all(&layer)), mask.clone(), &layer);
        let mut found = Found::default();
        search.find(&anchor, &mut found);
        if search.gives_relative() {
            check_relative(&layer, &anchor, &found);
        }
        found.nodes.sort_unstable();
        prop_assert_eq!(found.nodes, scan(&layer, &mask, &anchor));
    }

    #[test]
    fn shortest_vectors_are_at_most_half_a_turn_and_lead_to_the_node(
        from in (-3.0..3.0f64, -3.0..3.0f64),
        to in (-3.0..3.0f64, -3.0..3.0f64),
    ) {
        let layer = Layer::free(vec![vec![0.0, 0.5]; 2], Some(&[2.0, 1.0]), true).unwrap();
        let (from, to) = ([from.0, from.1, 0.0], [to.0, to.1, 0.0]);
        let vector = layer.displacement(&from, &to);
        for d in 0..2 {
            let size = layer.extent()[d];
            prop_assert!(vector[d].abs() <= 0.5 * size + 1e-12);
            let turns = (to[d] - from[d] - vector[d]) / size;
            prop_assert!((turns - turns.round()).abs() < 1e-9);
            let mut difference = [to[d] - from[d]];
            layer.shorten(d, &mut difference);
            let gap = (difference[0] - vector[d]).abs();
            prop_assert!(gap < 1e-12 || (gap - size).abs() < 1e-12);
        }
    }

    #[test]
    fn a_tree_gives_each_node_once(
        points in prop::collection::vec((-0.5..0.5f64, -0.5..0.5f64), 1..500),
        cut in -0.5..0.5f64,
    ) {
        let columns = [
            points.iter().map(|p| p.0).collect::<Vec<_>>(),
            points.iter().map(|p| p.1).collect(),
        ];
        let tree = Tree::new(&columns);
        let mut found = Vec::new();
        let ask = |bounds: &Bounds, _| match bounds.lower[0] > cut {
            true => Visit::Skip,
            false => Visit::Divide,
        };
        tree.walk(ask, |nodes| found.extend_from_slice(nodes));
        found.sort_unstable();
        let mut once = found.clone();
        once.dedup();
        prop_assert_eq!(&found, &once);
        let left = (0..points.len() as u32).filter(|&i| points[i as usize].0 <= cut);
        prop_assert!(left.into_iter().all(|i| found.binary_search(&i).is_ok()));
    }
}
