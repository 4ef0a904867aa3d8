//! Planar polygons in space, with holes, become triangles; faces become a mesh.

use super::{Face, Mesh, Polygon, Shown, Surface, Textures};
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
    let mut triangles = Vec::new();
    Cutter::new().cut(polygon, &mut triangles);
    triangles
}

/// Cuts polygons into triangles, with the room that it needs for that kept from one to the next.
struct Cutter {
    earcut: earcut::Earcut<f64>,
    flat: Vec<[f64; 2]>,
    /// Which of the polygon's points each flat one is.
    numbers: Vec<u32>,
    holes: Vec<u32>,
    cut: Vec<u32>,
}

impl Cutter {
    fn new() -> Self {
        let (flat, numbers, holes, cut) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { earcut: earcut::Earcut::new(), flat, numbers, holes, cut }
    }
    /// Appends what [`triangulate`] gives.
    fn cut(&mut self, polygon: &Polygon, out: &mut Vec<[u32; 3]>) {
        let normal = area_vector(&polygon.exterior);
        let size = length(normal);
        let Some(origin) = polygon.exterior.first().filter(|_| size.is_normal() && polygon.points().all(sane)) else {
            return;
        };
        if let ([_, _, _], []) = (&polygon.exterior[..], &polygon.interiors[..]) {
            return out.push([0, 1, 2]);
        }
        let [u, v] = plane(normal, size);
        let project = |p: &[f64; 3]| {
            let d = std::array::from_fn(|k| p[k] - origin[k]);
            [dot(u, d), dot(v, d)]
        };
        let Self { earcut, flat, numbers, holes, cut } = self;
        flat.clear();
        flat.extend(polygon.exterior.iter().map(project));
        // The plane's axes are chosen so that the exterior turns left.
        let turn = |[p, q, r]: [[f64; 2]; 3]| (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]);
        if let ([a, b, c, d], []) = (&flat[..], &polygon.interiors[..])
            && [[*a, *b, *c], [*b, *c, *d], [*c, *d, *a], [*d, *a, *b]].into_iter().all(|three| turn(three) > 0.0)
        {
            return out.extend([[0, 1, 2], [0, 2, 3]]);
        }
        numbers.clear();
        numbers.extend((0..).take(flat.len()));
        let edge = |k: usize, pick: fn(f64, f64) -> f64, from: f64| flat.iter().map(|p| p[k]).fold(from, pick);
        let low = [0, 1].map(|k| edge(k, f64::min, f64::INFINITY));
        let high = [0, 1].map(|k| edge(k, f64::max, f64::NEG_INFINITY));
        let within = |p: &[f64; 2]| (0..2).all(|k| low[k] <= p[k] && p[k] <= high[k]);
        holes.clear();
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let mut next = flat.len();
        for ring in &polygon.interiors {
            // earcut panics where a hole reaches out of the exterior's box; such a ring is no hole.
            if length(area_vector(ring)) > 0.0 && ring.iter().map(project).all(|p| within(&p)) {
                holes.push(number(flat.len()));
                flat.extend(ring.iter().map(project));
                numbers.extend((number(next)..).take(ring.len()));
            }
            next += ring.len();
        }
        earcut.earcut(flat.iter().copied(), holes, cut);
        out.extend(cut.as_chunks::<3>().0.iter().filter_map(|t| {
            let [p, q, r] = t.map(|i| flat.get(i as usize));
            let [a, b, c] = t.map(|i| numbers.get(i as usize).copied());
            let [b, c] = if turn([*p?, *q?, *r?]) < 0.0 { [c, b] } else { [b, c] };
            Some([a?, b?, c?])
        }));
    }
}

/// A mesh of `faces`: one surface for each kind, colour and texture in ascending order, corners shared within a surface,
/// triangles counter-clockwise where their faces are. Faces without area give nothing.
pub fn faces_to_mesh(faces: &[Face]) -> Mesh {
    let mut order: Vec<&Face> = faces.iter().collect();
    order.sort_by_key(|f| (f.kind, f.colour, shown(f).map(|s| s.texture)));
    let (mut points, mut triangles) = (Vec::new(), Vec::new());
    let mut surfaces: Vec<Surface> = Vec::new();
    let mut known: HashMap<(u64, u64, u64), u32> = HashMap::new();
    let (mut cutter, mut cut, mut corners) = (Cutter::new(), Vec::new(), Vec::new());
    let (mut textures, mut last) = (order.iter().any(|f| shown(f).is_some()).then(Box::<Textures>::default), None);
    let mut numbers = std::collections::HashMap::new();
    for face in order {
        cut.clear();
        cutter.cut(&face.polygon, &mut cut);
        if cut.is_empty() {
            continue;
        }
        let texture = shown(face).map(|s| s.texture);
        if last.replace((face.kind, face.colour, texture)) != Some((face.kind, face.colour, texture)) {
            known.clear();
            if let Some(textures) = &mut textures {
                let number = texture.and_then(|t| textures.number(&t, &mut numbers));
                textures.of.push(number);
            }
            let first = u32::try_from(triangles.len()).unwrap_or(u32::MAX);
            surfaces.push(Surface { first, kind: face.kind, colour: face.colour });
        }
        corners.clear();
        corners.extend(face.polygon.points().map(|p| {
            // Adding zero makes -0 and 0 one corner.
            let [x, y, z] = p.map(|v| (v + 0.0).to_bits());
            *known.entry((x, y, z)).or_insert_with(|| {
                points.push(*p);
                u32::try_from(points.len() - 1).unwrap_or(u32::MAX)
            })
        }));
        let corner = |i: u32| corners.get(i as usize).copied();
        triangles.extend(cut.iter().filter_map(|[a, b, c]| Some([corner(*a)?, corner(*b)?, corner(*c)?])));
        if let Some(textures) = &mut textures {
            let at = shown(face).map_or(&[][..], |s| &s.at);
            let at = |i: u32| at.get(i as usize).copied().unwrap_or_default();
            textures.corners.extend(cut.iter().map(|t| t.map(at)));
        }
    }
    Mesh { textures, ..Mesh::from_points(&points, triangles, surfaces) }
}

/// What a face shows, where each of its corners does.
fn shown(face: &Face) -> Option<&Shown> {
    face.shown.as_deref().filter(|shown| shown.at.len() == face.polygon.points().count())
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
