//! A first look at a mesh: most are closed bodies with nothing to mend, and to see that costs little.

use super::check::{check, check_welded, cuts};
use super::mend::{Flaw, mend_welded};
use super::topology::Topology;
use super::{Mesh, WELD};

/// What looking a mesh through gives.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Examined {
    /// The mesh put right, where something was to be.
    pub mended: Option<Mesh>,
    /// What was put right.
    pub repaired: Vec<Flaw>,
    /// What is wrong still.
    pub left: Vec<Flaw>,
}

/// Mends a mesh as [`mend`](super::mend) does and checks as [`check`] does what comes of it.
pub fn examine(mesh: &Mesh, body: bool) -> Examined {
    let topology = Topology::new(mesh, WELD);
    if is_sound(mesh, &topology) {
        let mut left: Vec<Flaw> = cuts(&topology).into_iter().collect();
        for flaw in &mut left {
            flaw.near = mesh.place_exact(flaw.near);
        }
        return Examined { left, ..Examined::default() };
    }
    let (mended, repaired) = mend_welded(mesh, &topology, body);
    let mended = mended.filter(|m| !m.triangles.is_empty());
    let left = mended.as_ref().map_or_else(|| check_welded(mesh, &topology), check);
    Examined { mended, repaired, left }
}

/// Whether the mesh is one closed body that faces outward, with no corner and no triangle twice.
fn is_sound(mesh: &Mesh, topology: &Topology) -> bool {
    if topology.corners.len() != mesh.triangles.len() || topology.corners.is_empty() {
        return false;
    }
    // An edge is passed once each way, so triangles that come twice, and ends, show.
    let mut edges: Vec<([u32; 2], bool)> = Vec::with_capacity(3 * topology.corners.len());
    for [a, b, c] in &topology.corners {
        for (from, to) in [(a, b), (b, c), (c, a)] {
            edges.push(([*from.min(to), *from.max(to)], from < to));
        }
    }
    edges.sort_unstable();
    let (pairs, rest) = edges.as_chunks::<2>();
    let paired = |[(edge, one), (same, other)]: &[([u32; 2], bool); 2]| edge == same && !one && *other;
    let apart = pairs.windows(2).all(|two| two[0][0].0 != two[1][0].0);
    if !rest.is_empty() || !pairs.iter().all(paired) || !apart {
        return false;
    }
    let parts = topology.parts();
    parts.iter().all(|part| Some(part) == parts.first())
        && topology.six_fold(0..topology.corners.len()) > 0.0
        && mesh.runs().all(|(_, run)| corners_once(mesh, topology, run))
}

/// Whether no two positions of a surface are one corner.
fn corners_once(mesh: &Mesh, topology: &Topology, run: std::ops::Range<usize>) -> bool {
    let mut positions: Vec<u32> = mesh.triangles.get(run).unwrap_or_default().iter().flatten().copied().collect();
    positions.sort_unstable();
    positions.dedup();
    let number = |i: &u32| topology.numbers.get(*i as usize).copied();
    let mut numbers: Vec<Option<u32>> = positions.iter().map(number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.len() == positions.len()
}
