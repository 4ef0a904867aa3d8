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

/// Corners beyond which no mesh is looked at so.
const MANY: usize = 1 << 31;

/// An edge and the way that it is passed, in one number, by which edges sort fast: its ends are below 2³¹.
pub(super) fn passed(from: u32, to: u32) -> u64 {
    u64::from(from.min(to)) << 32 | u64::from(from.max(to)) << 1 | u64::from(from < to)
}

/// Whether the mesh is one closed body that faces outward, with no corner and no triangle twice.
fn is_sound(mesh: &Mesh, topology: &Topology) -> bool {
    if topology.corners.len() != mesh.triangles.len() || topology.corners.is_empty() || topology.points.len() > MANY {
        return false;
    }
    // An edge is passed once each way, so triangles that come twice, and ends, show.
    let mut edges: Vec<u64> = Vec::with_capacity(3 * topology.corners.len());
    for [a, b, c] in &topology.corners {
        edges.extend([passed(*a, *b), passed(*b, *c), passed(*c, *a)]);
    }
    edges.sort_unstable();
    let (pairs, rest) = edges.as_chunks::<2>();
    let paired = |[one, other]: &[u64; 2]| one & 1 == 0 && *other == one + 1;
    let apart = pairs.windows(2).all(|two| two[0][0] != two[1][0]);
    if !rest.is_empty() || !pairs.iter().all(paired) || !apart {
        return false;
    }
    let parts = topology.parts();
    parts.iter().all(|part| Some(part) == parts.first())
        && topology.six_fold(0..topology.corners.len()) > 0.0
        && corners_once(mesh, topology)
}

/// Whether no two positions of a surface are one corner.
fn corners_once(mesh: &Mesh, topology: &Topology) -> bool {
    // By corner: the surface that met it last, and as which position.
    let mut met = vec![(u32::MAX, 0); topology.points.len()];
    mesh.runs().zip(0..).all(|((_, run), surface)| {
        mesh.triangles.get(run).unwrap_or_default().iter().flatten().all(|position| {
            let number = topology.numbers.get(*position as usize);
            let Some(last) = number.and_then(|number| met.get_mut(*number as usize)) else { return false };
            if last.0 != surface {
                *last = (surface, *position);
            }
            last.1 == *position
        })
    })
}
