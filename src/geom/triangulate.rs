//! Planar polygons in space, with holes, become triangles; faces become a mesh.

use super::{Face, Mesh, Polygon, Surface};
use foldhash::{HashMap, HashMapExt};

/// A ring's area vector: its length is twice the area, its direction the side from which the ring runs counter-clockwise
/// (Newell's method, so a ring that is not quite flat gives its mean plane).
pub fn area_vector(ring: &[[f64; 3]]) -> [f64; 3] {
    let Some(origin) = ring.first() else { return [0.0; 3] };
    // Differences from the first point keep the digits that map coordinates would lose in the products.
    let d = |p: &[f64; 3]| -> [f64; 3] { std::array::from_fn(|k| p[k] - origin[k]) };
    let mut sum = [0.0; 3];
    for (i, a) in ring.iter().enumerate() {
        let (a, b) = (d(a), d(&ring[(i + 1) % ring.len()]));
        let c = cross(a, b);
        sum = std::array::from_fn(|k| sum[k] + c[k]);
    }
    sum
}

/// Triangles of `polygon` as numbers of its [`points`](Polygon::points), counter-clockwise where its exterior is.
///
/// Nothing for a polygon without area or with a coordinate that is not a number; holes without area or reaching out of the
/// exterior's box are left out.
pub fn triangulate(polygon: &Polygon) -> Vec<[u32; 3]> {
    let normal = area_vector(&polygon.exterior);
    let size = length(normal);
    if !size.is_normal() || !polygon.points().all(sane) {
        return Vec::new();
    }
    if let ([_, _, _], []) = (&polygon.exterior[..], &polygon.interiors[..]) {
        return vec![[0, 1, 2]];
    }
    let Some(origin) = polygon.exterior.first() else { return Vec::new() };
    let [u, v] = plane(normal, size);
    let flat = |p: &[f64; 3]| {
        let d = std::array::from_fn(|k| p[k] - origin[k]);
        [dot(u, d), dot(v, d)]
    };
    let mut flattened: Vec<[f64; 2]> = polygon.exterior.iter().map(flat).collect();
    let mut numbers: Vec<usize> = (0..flattened.len()).collect();
    let edge = |k: usize, pick: fn(f64, f64) -> f64, from: f64| flattened.iter().map(|p| p[k]).fold(from, pick);
    let low = [0, 1].map(|k| edge(k, f64::min, f64::INFINITY));
    let high = [0, 1].map(|k| edge(k, f64::max, f64::NEG_INFINITY));
    let within = |p: &[f64; 2]| (0..2).all(|k| low[k] <= p[k] && p[k] <= high[k]);
    let mut holes = Vec::new();
    let mut next = flattened.len();
    for ring in &polygon.interiors {
        // earcut panics where a hole reaches out of the exterior's box; such a ring is no hole.
        let ring_flat: Vec<[f64; 2]> = ring.iter().map(flat).collect();
        if length(area_vector(ring)) > 0.0 && ring_flat.iter().all(within) {
            holes.push(flattened.len());
            flattened.extend(ring_flat);
            numbers.extend(next..next + ring.len());
        }
        next += ring.len();
    }
    let mut cut: Vec<usize> = Vec::new();
    earcut::Earcut::new().earcut(flattened.iter().copied(), &holes, &mut cut);
    let number = |i: usize| numbers.get(i).and_then(|n| u32::try_from(*n).ok());
    cut.chunks_exact(3)
        .filter_map(|t| {
            let [a, b, c] = [t[0], t[1], t[2]];
            let (p, q, r) = (flattened.get(a)?, flattened.get(b)?, flattened.get(c)?);
            let turn = (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]);
            // The plane's axes are chosen so that the exterior turns left.
            let [b, c] = if turn < 0.0 { [c, b] } else { [b, c] };
            Some([number(a)?, number(b)?, number(c)?])
        })
        .collect()
}

/// A mesh of `faces`: one surface for each kind and colour in ascending order, corners shared within a surface,
/// triangles counter-clockwise where their faces are. Faces without area give nothing.
pub fn faces_to_mesh(faces: &[Face]) -> Mesh {
    let mut order: Vec<&Face> = faces.iter().collect();
    order.sort_by_key(|f| (f.kind, f.colour));
    let (mut points, mut triangles) = (Vec::new(), Vec::new());
    let mut surfaces: Vec<Surface> = Vec::new();
    let mut known: HashMap<[u64; 3], u32> = HashMap::new();
    for face in order {
        let cut = triangulate(&face.polygon);
        if cut.is_empty() {
            continue;
        }
        if surfaces.last().is_none_or(|s| (s.kind, s.colour) != (face.kind, face.colour)) {
            known.clear();
            let first = u32::try_from(triangles.len()).unwrap_or(u32::MAX);
            surfaces.push(Surface { first, kind: face.kind, colour: face.colour });
        }
        let corners: Vec<u32> = face
            .polygon
            .points()
            .map(|p| {
                // Adding zero makes -0 and 0 one corner.
                *known.entry(p.map(|v| (v + 0.0).to_bits())).or_insert_with(|| {
                    points.push(*p);
                    u32::try_from(points.len() - 1).unwrap_or(u32::MAX)
                })
            })
            .collect();
        let corner = |i: u32| corners.get(i as usize).copied();
        triangles.extend(cut.iter().filter_map(|[a, b, c]| Some([corner(*a)?, corner(*b)?, corner(*c)?])));
    }
    Mesh::from_points(&points, triangles, surfaces)
}

/// Larger than any map coordinate in metres, and small enough that its square is exact in sums.
fn sane(p: &[f64; 3]) -> bool {
    p.iter().all(|v| v.abs() < 1e12)
}

/// Two unit vectors that span the plane with normal `normal` of length `size`, turning left seen from its tip.
fn plane(normal: [f64; 3], size: f64) -> [[f64; 3]; 2] {
    let n = normal.map(|v| v / size);
    let least = (0..3).min_by(|a, b| n[*a].abs().total_cmp(&n[*b].abs())).unwrap_or(0);
    let axis = std::array::from_fn(|k| if k == least { 1.0 } else { 0.0 });
    let u = cross(axis, n);
    let u = u.map(|v| v / length(u));
    [u, cross(n, u)]
}

pub(super) fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

pub(super) fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(super) fn length(a: [f64; 3]) -> f64 {
    dot(a, a).sqrt()
}
