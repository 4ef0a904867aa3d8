//! Whether a point lies inside a closed mesh, and how far from its surface.

use super::Mesh;
use super::nearest::{Triangle, distance2, sub};
use super::triangulate::{cross, dot, length};

/// Where a point lies with regard to a mesh.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Inside {
    /// Whether the surface winds around it: exact for a closed mesh, and for a nearly closed one what most of it says.
    pub inside: bool,
    /// Metres to the nearest point of the surface.
    pub distance: f64,
}

/// Where `p` lies, by the solid angle of every triangle (van Oosterom and Strackee, 1983): a ray could meet an edge or a gap.
pub fn inside(mesh: &Mesh, p: [f64; 3]) -> Inside {
    let p = sub(p, mesh.origin);
    let corner = |i: u32| mesh.positions.get(i as usize).map(|c| c.map(f64::from));
    let (mut angle, mut least) = (0.0, f64::INFINITY);
    for [a, b, c] in &mesh.triangles {
        let (Some(a), Some(b), Some(c)) = (corner(*a), corner(*b), corner(*c)) else { continue };
        let t: Triangle = [a, b, c];
        least = f64::min(least, distance2(p, &t));
        let [a, b, c] = t.map(|q| sub(q, p));
        let [la, lb, lc] = [a, b, c].map(length);
        let under = la * lb * lc + dot(a, b) * lc + dot(b, c) * la + dot(c, a) * lb;
        angle += 2.0 * dot(a, cross(b, c)).atan2(under);
    }
    Inside { inside: angle.abs() > std::f64::consts::TAU, distance: least.sqrt() }
}
