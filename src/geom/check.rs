//! What is wrong with a mesh and is not for a program to put right: edges where it ends, triangles that cut through each other.

use super::mend::{Defect, Flaw};
use super::nearest::{Nearest, Triangle, normal, sub};
use super::sweep::crossing;
use super::topology::Topology;
use super::triangulate::{cross, dot, length};
use super::{Bounds, Mesh, WELD};
use std::cell::OnceCell;
use std::collections::BTreeMap;

/// Open edges beyond which nobody looks for corners on them: the mesh is no body at all.
const EDGES: usize = 1500;
/// Triangles of a mesh that is looked through for cuts.
const TRIANGLES: usize = 50_000;
/// Triangles that are sooner compared along a line than put into a tree.
const FEW: usize = 16_384;
/// Pairs of triangles that are compared in one mesh.
const PAIRS: usize = 2_000_000;

/// Where the mesh ends and where it cuts through itself. Triangles that share a corner, and parts that share none, are not
/// compared: a window is often made of overlapping bodies.
pub fn check(mesh: &Mesh) -> Vec<Flaw> {
    check_welded(mesh, &Topology::new(mesh, WELD))
}

/// As [`check`], of a mesh whose topology is known.
pub(super) fn check_welded(mesh: &Mesh, topology: &Topology) -> Vec<Flaw> {
    let mut flaws = ends(topology);
    flaws.extend(cuts(topology));
    for flaw in &mut flaws {
        flaw.near = std::array::from_fn(|k| mesh.origin[k] + flaw.near[k]);
    }
    flaws
}

/// Open edges, without those that only lack a corner of their neighbours'.
fn ends(topology: &Topology) -> Vec<Flaw> {
    let mut open = topology.open(&topology.edges());
    let mut junctions: Vec<u32> = Vec::new();
    if open.len() <= EDGES {
        let mut balance: BTreeMap<[u32; 2], i32> = BTreeMap::new();
        let mut ends: Vec<u32> = open.iter().flatten().copied().collect();
        ends.sort_unstable();
        ends.dedup();
        for [a, b] in &open {
            let on = between(topology, *a, *b, &ends);
            junctions.extend(&on);
            let mut from = *a;
            for to in on.into_iter().chain([*b]) {
                let forth = if from < to { 1 } else { -1 };
                *balance.entry([from.min(to), from.max(to)]).or_default() += forth;
                from = to;
            }
        }
        open = balance.into_iter().filter(|(_, n)| *n != 0).map(|(edge, _)| edge).collect();
    }
    junctions.sort_unstable();
    junctions.dedup();
    let place = |i: u32| topology.points[i as usize];
    let mut flaws = Vec::new();
    if let Some(first) = open.first() {
        let total = open.iter().map(|[a, b]| length(sub(place(*a), place(*b)))).sum();
        let near = topology.middle(*first);
        flaws.push(Flaw { defect: Defect::OpenEdges, count: open.len(), length: total, near });
    }
    if let Some(first) = junctions.first() {
        flaws.push(Flaw { defect: Defect::TJunctions, count: junctions.len(), length: 0.0, near: place(*first) });
    }
    flaws
}

/// The points among `ends` that lie on the way from `a` to `b`, in order.
fn between(topology: &Topology, a: u32, b: u32, ends: &[u32]) -> Vec<u32> {
    let (from, to) = (topology.points[a as usize], topology.points[b as usize]);
    let along = sub(to, from);
    let size = length(along);
    let mut on: Vec<(f64, u32)> = ends
        .iter()
        .filter(|i| **i != a && **i != b)
        .filter_map(|i| {
            let away = sub(topology.points[*i as usize], from);
            let at = dot(away, along) / size;
            let beside = length(cross(away, along)) / size;
            (at > WELD && at < size - WELD && beside <= 2.0 * WELD).then_some((at, *i))
        })
        .collect();
    on.sort_by(|x, y| x.0.total_cmp(&y.0));
    on.into_iter().map(|(_, i)| i).collect()
}

/// Triangles of one part that cut through each other.
pub(super) fn cuts(topology: &Topology) -> Option<Flaw> {
    let count = topology.corners.len();
    let first = topology.points.first().copied()?;
    let told = |defect, count, near| Some(Flaw { defect, count, length: 0.0, near });
    if count > TRIANGLES {
        return told(Defect::NotChecked, count, first);
    }
    let triangles: Vec<Triangle> = (0..count).map(|i| topology.triangle(i)).collect();
    let planes: Vec<Plane> = triangles.iter().map(Plane::of).collect();
    // Asked for last: few triangles cut another one.
    let parts = OnceCell::new();
    let (mut pairs, mut cutting, mut near) = (0, Vec::new(), None);
    let mut compare = |i: usize, j: usize| {
        if topology.corners[i].iter().any(|c| topology.corners[j].contains(c)) {
            return;
        }
        let (one, other) = (&triangles[i], &triangles[j]);
        let Some(at) = planes[j].pierced(one, other).or_else(|| planes[i].pierced(other, one)) else { return };
        let parts: &Vec<u32> = parts.get_or_init(|| topology.parts());
        if parts[i] == parts[j] {
            near.get_or_insert(at);
            cutting.extend([i, j]);
        }
    };
    if count <= FEW {
        crossing(&triangles, &mut compare);
    } else {
        let tree = Nearest::new(triangles.clone());
        for (i, triangle) in triangles.iter().enumerate() {
            tree.touching(&Bounds::of(*triangle), &mut |j| {
                pairs += 1;
                if j as usize > i {
                    compare(i, j as usize);
                }
                pairs < PAIRS
            });
            if pairs >= PAIRS {
                return told(Defect::NotChecked, count, first);
            }
        }
    }
    cutting.sort_unstable();
    cutting.dedup();
    near.and_then(|at| told(Defect::SelfIntersections, cutting.len(), at))
}

/// The plane of a triangle.
pub(super) struct Plane {
    /// Of length one; nothing for a triangle without area.
    up: [f64; 3],
    height: f64,
}

impl Plane {
    pub(super) fn of(triangle: &Triangle) -> Self {
        let up = normal(triangle);
        let size = length(up);
        let up = if size > 0.0 { up.map(|v| v / size) } else { [0.0; 3] };
        Self { up, height: dot(up, triangle[0]) }
    }
    /// Where a side of `one` goes through the inside of `other`, whose plane this is; touching and lying flat on each other is no
    /// cut.
    pub(super) fn pierced(&self, one: &Triangle, other: &Triangle) -> Option<[f64; 3]> {
        let heights = one.map(|p| dot(self.up, p) - self.height);
        let [a, b, c] = heights;
        if a.min(b).min(c) >= -WELD || a.max(b).max(c) <= WELD {
            return None;
        }
        (0..3).find_map(|k| {
            let (from, to) = (one[k], one[(k + 1) % 3]);
            let (h, g) = (heights[k], heights[(k + 1) % 3]);
            if h.abs() <= WELD || g.abs() <= WELD || h * g > 0.0 {
                return None;
            }
            let t = h / (h - g);
            let at: [f64; 3] = std::array::from_fn(|i| from[i] + t * (to[i] - from[i]));
            let inside = (0..3).all(|i| {
                let (a, side) = (other[i], sub(other[(i + 1) % 3], other[i]));
                let inward = cross(self.up, side);
                dot(sub(at, a), inward) > WELD * length(inward)
            });
            inside.then_some(at)
        })
    }
}
