//! A mesh as the bytes of quantized-mesh 1.0: header, vertices, indices, edges, and the extension with normals.

use super::mesh::Mesh;
use super::{CELLS, Posts};
use crate::crs::to_ecef;
use crate::units::Geodetic;

/// The largest number of a quantized coordinate.
const MOST: f64 = 32_767.0;
/// The extension with normals, two bytes for each vertex.
const OCT_VERTEX_NORMALS: u8 = 1;
/// Semi-axes of WGS 84, metres.
const RADII: [f64; 3] = [6_378_137.0, 6_378_137.0, 6_356_752.314_245_179];

/// The bytes of a tile.
pub(super) fn encode(posts: &Posts, mesh: &Mesh) -> Vec<u8> {
    let heights: Vec<f64> = mesh.posts.iter().map(|[i, j]| posts.height(*i, *j)).collect();
    let places: Vec<[f64; 3]> = mesh
        .posts
        .iter()
        .zip(&heights)
        .map(|([i, j], h)| {
            let [lon, lat] = posts.place(*i, *j);
            to_ecef(Geodetic::new(lon, lat, *h))
        })
        .collect();
    // The numbers as they are read again: heights are counted from the rounded ends.
    let low = heights.iter().copied().fold(f64::INFINITY, f64::min) as f32;
    let high = heights.iter().copied().fold(f64::NEG_INFINITY, f64::max) as f32;
    let (centre, radius) = sphere(&places);
    let mut out = Vec::new();
    centre.iter().for_each(|c| out.extend(c.to_le_bytes()));
    out.extend(low.to_le_bytes());
    out.extend(high.to_le_bytes());
    centre.iter().for_each(|c| out.extend(c.to_le_bytes()));
    out.extend(radius.to_le_bytes());
    occlusion(centre, &places).iter().for_each(|c| out.extend(c.to_le_bytes()));

    let (from, range) = (f64::from(low), (f64::from(high) - f64::from(low)).max(f64::MIN_POSITIVE));
    let along = |k: usize| (k as f64 / CELLS as f64 * MOST).round() as u16;
    let above = |h: &f64| ((h - from) / range * MOST).round().clamp(0.0, MOST) as u16;
    let u: Vec<u16> = mesh.posts.iter().map(|[i, _]| along(*i)).collect();
    let v: Vec<u16> = mesh.posts.iter().map(|[_, j]| along(*j)).collect();
    let h: Vec<u16> = heights.iter().map(above).collect();
    out.extend((mesh.posts.len() as u32).to_le_bytes());
    [u, v, h].iter().for_each(|numbers| deltas(numbers, &mut out));

    // At most 65² vertices, so that indices take two bytes, and what comes before has an even length.
    out.extend((mesh.triangles.len() as u32).to_le_bytes());
    let mut next = 0;
    for index in mesh.triangles.as_flattened() {
        let code = next - index;
        out.extend((code as u16).to_le_bytes());
        if code == 0 {
            next += 1;
        }
    }
    // West, south, east, north; in order along the edge.
    for (axis, side) in [(0, 0), (1, 0), (0, CELLS), (1, CELLS)] {
        let mut edge: Vec<(usize, u16)> =
            mesh.posts.iter().zip(0..).filter(|(p, _)| p[axis] == side).map(|(p, n)| (p[1 - axis], n)).collect();
        edge.sort_unstable();
        out.extend((edge.len() as u32).to_le_bytes());
        edge.iter().for_each(|(_, number)| out.extend(number.to_le_bytes()));
    }
    out.push(OCT_VERTEX_NORMALS);
    out.extend((mesh.posts.len() as u32 * 2).to_le_bytes());
    mesh.posts.iter().for_each(|[i, j]| out.extend(oct(posts.normal(*i, *j))));
    out
}

/// Differences from one number to the next, with the sign in the last bit.
fn deltas(numbers: &[u16], out: &mut Vec<u8>) {
    let mut before = 0_i32;
    for number in numbers {
        let delta = i32::from(*number) - before;
        out.extend((((delta << 1) ^ (delta >> 31)) as u16).to_le_bytes());
        before = i32::from(*number);
    }
}

/// A sphere around points: about the middle of their box.
fn sphere(points: &[[f64; 3]]) -> ([f64; 3], f64) {
    let end = |k: usize, of: fn(f64, f64) -> f64, from: f64| points.iter().map(|p| p[k]).fold(from, of);
    let centre: [f64; 3] =
        std::array::from_fn(|k| (end(k, f64::min, f64::INFINITY) + end(k, f64::max, f64::NEG_INFINITY)) / 2.0);
    let distance = |p: &[f64; 3]| (0..3).map(|k| (p[k] - centre[k]).powi(2)).sum::<f64>().sqrt();
    (centre, points.iter().map(distance).fold(0.0, f64::max))
}

/// The point in the ellipsoid's scaled space that is hidden by the horizon only when all `points` are, on the line to `centre`.
fn occlusion(centre: [f64; 3], points: &[[f64; 3]]) -> [f64; 3] {
    let scaled = |p: &[f64; 3]| -> [f64; 3] { std::array::from_fn(|k| p[k] / RADII[k]) };
    let length = |p: [f64; 3]| p.iter().map(|c| c * c).sum::<f64>().sqrt();
    let unit = |p: [f64; 3]| p.map(|c| c / length(p).max(f64::MIN_POSITIVE));
    let direction = unit(scaled(&centre));
    let mut farthest = 0.0_f64;
    for point in points.iter().map(scaled) {
        let magnitude = length(point).max(1.0);
        let to = unit(point);
        let cos_alpha: f64 = (0..3).map(|k| to[k] * direction[k]).sum();
        let cross = [
            to[1] * direction[2] - to[2] * direction[1],
            to[2] * direction[0] - to[0] * direction[2],
            to[0] * direction[1] - to[1] * direction[0],
        ];
        let cos_beta = 1.0 / magnitude;
        let sin_beta = (magnitude * magnitude - 1.0).sqrt() * cos_beta;
        let part = 1.0 / (cos_alpha * cos_beta - length(cross) * sin_beta);
        // A point beyond the horizon of every point of the line: the tile is as wide as the globe and never hidden.
        farthest = if part.is_finite() && part > 0.0 { farthest.max(part) } else { WIDE_AS_THE_GLOBE };
    }
    direction.map(|c| c * farthest.min(WIDE_AS_THE_GLOBE))
}

/// So far out, in radii, that the globe hides it from hardly anywhere.
const WIDE_AS_THE_GLOBE: f64 = 1e6;

/// A direction in two bytes (Cigolle et al. 2014).
fn oct([x, y, z]: [f64; 3]) -> [u8; 2] {
    let sum = x.abs() + y.abs() + z.abs();
    let (mut u, mut v) = (x / sum, y / sum);
    if z < 0.0 {
        (u, v) = ((1.0 - v.abs()) * 1.0_f64.copysign(u), (1.0 - u.abs()) * 1.0_f64.copysign(v));
    }
    [u, v].map(|c| ((c.clamp(-1.0, 1.0) * 0.5 + 0.5) * 255.0).round() as u8)
}
