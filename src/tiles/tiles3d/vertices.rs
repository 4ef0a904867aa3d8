//! Triangles on a grid: vertices with flat normals, colours and feature numbers, in glTF's axes.

use crate::geom::{At, Bounds, Mesh, Motion, Surface};

/// The finest grid's step, metres, as a power of two: what is finer is seen by no eye and grows the bytes.
const FINEST: i32 = -11;
/// The coarsest grid's step of 16 bits: half of it, the most by which a coordinate is moved, is less than 2 mm.
const COARSEST: i32 = -8;
/// The step of a grid that 16 bits are not enough for: less than 1 mm by half, and `f32` holds its numbers exactly up to 32 km.
const WIDE: i32 = -9;
/// The greatest number of 16 bits, with one to spare for what a turned shape's rounding adds.
const REACH: f64 = 32_766.0;
/// What a grid of 16 bits spans at most, metres; less the metre by which its middle is rounded.
pub(super) const SPAN: f64 = 254.0;

/// A grid that positions are rounded to. Its steps are powers of two and its origins whole metres, so that what was one point
/// in two parts or tiles of one step stays one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Grid {
    /// East-north-up metres of its middle.
    pub origin: [f64; 3],
    /// Metres between neighbours.
    pub step: f64,
    /// Whether its numbers may need more than 16 bits.
    pub wide: bool,
}

impl Grid {
    /// The finest grid over a box.
    pub fn over(bounds: &Bounds) -> Self {
        if bounds.is_empty() {
            return Self { origin: [0.0; 3], step: 2f64.powi(FINEST), wide: false };
        }
        Self::around(bounds.center().map(f64::round), bounds)
    }
    /// The finest grid around (0, 0, 0) over a box.
    pub fn of_shape(bounds: &Bounds) -> Self {
        Self::around([0.0; 3], bounds)
    }
    fn around(origin: [f64; 3], bounds: &Bounds) -> Self {
        let far = |k: usize| (bounds.min[k] - origin[k]).abs().max((bounds.max[k] - origin[k]).abs());
        let far = (0..3).map(far).fold(0.0, f64::max);
        let step = (FINEST..=COARSEST).map(|e| 2f64.powi(e)).find(|step| far <= REACH * step);
        Self { origin, step: step.unwrap_or_else(|| 2f64.powi(WIDE)), wide: step.is_none() }
    }
    /// East-north-up metres as numbers of the grid in glTF's axes: x east, y up, z south.
    #[expect(clippy::cast_possible_truncation, reason = "rounded, and what is drawn is not 8,000 km wide")]
    fn at(&self, p: [f64; 3]) -> [i32; 3] {
        let [x, y, z]: [i32; 3] = std::array::from_fn(|k| ((p[k] - self.origin[k]) / self.step).round() as i32);
        [x, z, -y]
    }
}

/// No vertex.
const NONE: u32 = u32::MAX;

/// A moved mesh whose positions are on a grid.
pub(super) struct Placed<'a> {
    mesh: &'a Mesh,
    motion: &'a Motion,
    at: Vec<[i32; 3]>,
    /// The last vertex made of each position, and the one made before each vertex; nothing between one appending and the next.
    first_of: Vec<u32>,
    next_of: Vec<u32>,
}

impl<'a> Placed<'a> {
    pub fn new(mesh: &'a Mesh, motion: &'a Motion, grid: &Grid) -> Self {
        let at: Vec<[i32; 3]> = mesh.positions.iter().map(|p| grid.at(motion.apply(p.map(f64::from)))).collect();
        let (first_of, next_of) = (vec![NONE; at.len()], Vec::with_capacity(2 * at.len()));
        Self { mesh, motion, at, first_of, next_of }
    }
}

/// Vertex columns, all of one length, and triangles over them.
#[derive(Default)]
pub(super) struct Vertices {
    /// Numbers of a grid.
    pub positions: Vec<[i32; 3]>,
    /// Unit normals in 127ths; the fourth byte keeps each at four bytes.
    pub normals: Vec<[i8; 4]>,
    /// Linear red, green, blue and straight alpha.
    pub colours: Vec<[u8; 4]>,
    /// The feature's number and two bytes that keep each at four.
    pub features: Vec<[u16; 2]>,
    /// What each vertex shows of the picture; nothing where there is none.
    pub shown: Vec<At>,
    /// Three vertex numbers each.
    pub triangles: Vec<[u32; 3]>,
}

impl Vertices {
    /// Appends the triangles of some runs of a mesh, all of one texture, that span an area; says whether there was one. Corners of
    /// one position that agree in colour, in what they show, and in their normal but for its rounding, are one vertex. Takes as long
    /// as the runs are.
    pub fn append(
        &mut self,
        placed: &mut Placed<'_>,
        runs: &[usize],
        feature: u32,
        colour: impl Fn(&Surface) -> [u8; 4],
    ) -> bool {
        let Placed { mesh, motion, at: placed, first_of, next_of } = placed;
        let (base, before) = (self.positions.len(), self.triangles.len());
        #[expect(clippy::cast_possible_truncation, reason = "at most 65,535 features; a tile's vertices fit u32")]
        let (feature, base_number) = (feature as u16, base as u32);
        for run in runs {
            let (surface, range) = mesh.run(*run);
            let is_textured = mesh.texture(*run).is_some();
            let colour = colour(&surface);
            for (number, triangle) in range.clone().zip(mesh.triangles.get(range).unwrap_or_default()) {
                let Some(normal) = normal(mesh, motion, *triangle) else { continue };
                if is_flat(triangle.map(|i| placed[i as usize])) {
                    continue;
                }
                let shown = is_textured.then(|| mesh.shown(number)).flatten();
                let corners = [0, 1, 2].map(|k| {
                    let (i, shown) = (triangle[k], shown.map(|shown| shown[k]));
                    let mut at = first_of[i as usize];
                    while at != NONE {
                        let vertex = base + at as usize;
                        let same = self.colours[vertex] == colour && alike(self.normals[vertex], normal);
                        if same && shown.is_none_or(|shown| self.shown[vertex] == shown) {
                            return base_number + at;
                        }
                        at = next_of[at as usize];
                    }
                    #[expect(clippy::cast_possible_truncation, reason = "a tile's vertices fit u32")]
                    let made = next_of.len() as u32;
                    next_of.push(first_of[i as usize]);
                    first_of[i as usize] = made;
                    self.positions.push(placed[i as usize]);
                    self.normals.push(normal);
                    self.colours.push(colour);
                    self.features.push([feature, 0]);
                    self.shown.extend(shown);
                    base_number + made
                });
                self.triangles.push(corners);
            }
        }
        next_of.clear();
        for run in runs {
            let triangles = mesh.triangles.get(mesh.run(*run).1).unwrap_or_default();
            triangles.as_flattened().iter().for_each(|i| first_of[*i as usize] = NONE);
        }
        self.triangles.len() > before
    }
    /// Puts triangles and vertices in the order that compresses best.
    pub fn reorder(&mut self) {
        let count = self.positions.len();
        let mut corners = meshopt::optimize_vertex_cache_strip(self.triangles.as_flattened(), count);
        let order = meshopt::optimize_vertex_fetch_remap(&corners, count);
        corners.iter_mut().for_each(|i| *i = order[*i as usize]);
        self.triangles = corners.as_chunks().0.to_vec();
        moved(&mut self.positions, &order);
        moved(&mut self.normals, &order);
        moved(&mut self.colours, &order);
        moved(&mut self.features, &order);
        if !self.shown.is_empty() {
            moved(&mut self.shown, &order);
        }
    }
}

fn moved<T: Copy + Default>(column: &mut Vec<T>, order: &[u32]) {
    let mut new = vec![T::default(); column.len()];
    column.iter().zip(order).for_each(|(value, place)| new[*place as usize] = *value);
    *column = new;
}

/// Whether two normals differ by no more than their rounding may.
fn alike(a: [i8; 4], b: [i8; 4]) -> bool {
    (0..3).all(|k| a[k].abs_diff(b[k]) <= 1)
}

/// Whether three points of a grid are in line.
fn is_flat(corners: [[i32; 3]; 3]) -> bool {
    let [a, b, c] = corners.map(|p| p.map(i64::from));
    let u: [i64; 3] = std::array::from_fn(|k| b[k] - a[k]);
    let v: [i64; 3] = std::array::from_fn(|k| c[k] - a[k]);
    u[1] * v[2] == u[2] * v[1] && u[2] * v[0] == u[0] * v[2] && u[0] * v[1] == u[1] * v[0]
}

/// The moved triangle's normal in glTF's axes; nothing for one that spans no area or names a position that is not there.
fn normal(mesh: &Mesh, motion: &Motion, triangle: [u32; 3]) -> Option<[i8; 4]> {
    let [a, b, c] = triangle.map(|i| mesh.positions.get(i as usize).map(|p| p.map(f64::from)));
    let (a, b, c) = (a?, b?, c?);
    let u: [f64; 3] = std::array::from_fn(|k| b[k] - a[k]);
    let v: [f64; 3] = std::array::from_fn(|k| c[k] - a[k]);
    let n = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    let length = n.iter().map(|d| d * d).sum::<f64>().sqrt();
    if !length.is_normal() {
        return None;
    }
    let n = motion.rotation.map(|row| (row[0] * n[0] + row[1] * n[1] + row[2] * n[2]) / length);
    #[expect(clippy::cast_possible_truncation, reason = "between -127 and 127")]
    let [x, y, z] = n.map(|d| (d * 127.0).round() as i8);
    Some([x, z, -y, 0])
}
