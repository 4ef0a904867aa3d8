//! Whether two geometries are one shape, and how far it has moved between them.

use super::{Footprint, Geometry};
use crate::crs::SiteFrame;
use crate::geom::Mesh;

/// Steps of corners that differ by less than this are one step, metres: finer than files hold their coordinates, and than a
/// repeated conversion.
const SAME: f64 = 0.001;

impl Geometry {
    /// How far the same shape has moved from here to `other`, metres, in a site's frame; `None` when the shape is another.
    pub fn shift(&self, other: &Self, frame: &SiteFrame) -> Option<f64> {
        if self == other {
            return Some(0.0);
        }
        match (&self.mesh, &other.mesh) {
            (Some(a), Some(b)) => same_topology(a, b).then(|| along(a.points().zip(b.points())))?,
            (None, None) => {
                let (a, b) = (corners(&self.footprint, frame), corners(&other.footprint, frame));
                (a.iter().map(Vec::len).eq(b.iter().map(Vec::len)))
                    .then(|| along(a.into_iter().flatten().zip(b.into_iter().flatten())))?
            }
            _ => None,
        }
    }
}

fn same_topology(a: &Mesh, b: &Mesh) -> bool {
    a.positions.len() == b.positions.len() && a.triangles == b.triangles
}

/// The length of the one step that brings every first point to its second; `None` when there is no such step.
fn along(mut pairs: impl Iterator<Item = ([f64; 3], [f64; 3])>) -> Option<f64> {
    let step = |(a, b): ([f64; 3], [f64; 3])| -> [f64; 3] { std::array::from_fn(|k| b[k] - a[k]) };
    let length = |v: [f64; 3]| v.iter().map(|c| c * c).sum::<f64>().sqrt();
    let Some(first) = pairs.next().map(step) else { return Some(0.0) };
    let same = |pair| {
        let own = step(pair);
        length(std::array::from_fn(|k| own[k] - first[k])) < SAME
    };
    pairs.all(same).then(|| length(first))
}

/// The corners of a footprint in the site's metres, ring by ring.
fn corners(footprint: &Footprint, frame: &SiteFrame) -> Vec<Vec<[f64; 3]>> {
    let metres = |ring: &Vec<[f64; 3]>| ring.iter().map(|p| frame.to_enu((*p).into())).collect();
    match footprint {
        Footprint::None => Vec::new(),
        Footprint::Point(point) => vec![vec![frame.to_enu((*point).into())]],
        Footprint::Lines(lines) => lines.iter().map(metres).collect(),
        Footprint::Areas(areas) => areas.iter().flatten().map(metres).collect(),
    }
}
