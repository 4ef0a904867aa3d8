//! A tile put together: which features go in when not all can, and the bytes.

use super::feature::{Feature, Reader, feature, number};
use super::grid::Tile;
use super::write::{Layer, Tag, weight};
use crate::fault::Result;
use crate::geom::Bounds;
use crate::store::{Row, Snapshot};
use rayon::prelude::*;
use std::cmp::Ordering;
use std::sync::Arc;

/// What a tile may weigh before it is compressed, bytes.
pub const BYTES: usize = 500_000;
/// How many features a tile may have.
pub const FEATURES: usize = 10_000;

/// A finished tile.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Finished {
    /// Its bytes.
    pub bytes: Arc<[u8]>,
    /// How many features it has.
    pub features: usize,
    /// How many assets at its place it leaves out because it would be too heavy.
    pub left_out: usize,
}

/// What goes into one layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The layer's name.
    pub name: String,
    /// The assets: index of the snapshot, and row.
    pub rows: Vec<(usize, Row)>,
}

/// The tile of these layers. One that would be over [`BYTES`] or [`FEATURES`] is made lighter: layers share what there is, small
/// ones first; in a layer that is too heavy all lose their source's attributes (those asked for by name stay), then the smallest
/// features are left out, by the diagonal of their box; among points a choice that is the same at every level.
///
/// # Errors
/// As [`Snapshot::geometry`].
pub fn encode(snapshots: &[Arc<Snapshot>], mut parts: Vec<Part>, tile: Tile, reader: Reader<'_>) -> Result<Finished> {
    let (mut room, mut places) = (BYTES, FEATURES);
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|i| parts[*i].rows.len());
    let mut layers: Vec<Option<Layer>> = parts.iter().map(|_| None).collect();
    let (mut features, mut left_out) = (0, 0);
    for (done, i) in order.iter().enumerate() {
        let left = parts.len() - done;
        let part = &mut parts[*i];
        let most = places / left;
        left_out += largest_first(snapshots, &mut part.rows, most);
        let of = |(at, row): &(usize, Row)| snapshots.get(*at).map_or(Ok(None), |s| feature(s, *row, tile, reader));
        let found = part.rows.par_iter().map(of).collect::<Result<Vec<_>>>()?;
        let found: Vec<Feature> = found.into_iter().flatten().collect();
        let share = room / left;
        let full = fill(&part.name, &found, true, share);
        let layer = match full.len() == found.len() || reader.only.is_some() {
            true => full,
            false => fill(&part.name, &found, false, share),
        };
        features += layer.len();
        left_out += found.len() - layer.len();
        (room, places) = (room - layer.bytes().min(room), places - layer.len().min(places));
        layers[*i] = Some(layer);
    }
    let mut bytes = Vec::new();
    layers.into_iter().flatten().for_each(|layer| layer.finish(&mut bytes));
    Ok(Finished { bytes: bytes.into(), features, left_out })
}

/// A layer of the first features that there is room for.
fn fill(name: &str, features: &[Feature], attributes: bool, room: usize) -> Layer {
    let mut layer = Layer::new(name);
    for feature in features {
        let source: &[Tag] = if attributes { &feature.source } else { &[] };
        // What it can take at most, so that the layer never has to give anything back.
        let most = feature.own.iter().chain(source).map(weight).sum::<usize>() + feature.shape.weight() + 32;
        if layer.bytes() + most > room {
            break;
        }
        layer.add(feature.number, &feature.shape, feature.own.iter().chain(source));
    }
    layer
}

/// Puts the largest first and keeps `most`; how many that leaves out.
fn largest_first(snapshots: &[Arc<Snapshot>], rows: &mut Vec<(usize, Row)>, most: usize) -> usize {
    let size = |bounds: Bounds| {
        let [dx, dy, _] = bounds.size();
        let across = if bounds.is_empty() { 0.0 } else { dx * bounds.min[1].to_radians().cos() };
        across.hypot(if bounds.is_empty() { 0.0 } else { dy })
    };
    let mut ranked: Vec<(f64, u64, (usize, Row))> = rows
        .iter()
        .filter_map(|(at, row)| {
            let asset = snapshots.get(*at)?.asset(*row)?;
            Some((size(asset.bounds()), number(asset.id()), (*at, *row)))
        })
        .collect();
    let before = |a: &(f64, u64, (usize, Row)), b: &(f64, u64, (usize, Row))| -> Ordering {
        b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2))
    };
    let left_out = ranked.len().saturating_sub(most);
    if left_out > 0 {
        ranked.select_nth_unstable_by(most, before);
        ranked.truncate(most);
    }
    ranked.sort_unstable_by(before);
    *rows = ranked.into_iter().map(|(_, _, row)| row).collect();
    left_out
}
