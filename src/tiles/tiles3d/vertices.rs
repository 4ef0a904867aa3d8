//! A tile's triangles as one run of vertices with flat normals, colours and feature numbers, in glTF's axes.

use crate::geom::{Bounds, Mesh, Surface};
use crate::lod::{Drawn, shape};
use crate::tiles::colour;
use crate::tiles::content::Content;

/// Vertex columns, all of one length, and triangles over them.
#[derive(Default)]
pub(super) struct Vertices {
    /// Offsets from the tile's origin: x east, y up, z south.
    pub positions: Vec<[f32; 3]>,
    /// Unit normals in 127ths; the fourth byte keeps each at four bytes.
    pub normals: Vec<[i8; 4]>,
    /// Linear red, green, blue and straight alpha.
    pub colours: Vec<[u8; 4]>,
    /// The feature's number and two bytes that keep each at four; absent where instances carry the numbers.
    pub features: Option<Vec<[u16; 2]>>,
    /// Three vertex numbers each.
    pub triangles: Vec<[u32; 3]>,
}

/// East-north-up metres as an offset from `origin` in glTF's axes.
#[expect(clippy::cast_possible_truncation, reason = "an offset within a tile; f32 is the stored form")]
pub(super) fn offset(p: [f64; 3], origin: [f64; 3]) -> [f32; 3] {
    let d: [f64; 3] = std::array::from_fn(|k| p[k] - origin[k]);
    [d[0] as f32, d[2] as f32, -d[1] as f32]
}

/// All `meshes` in their order. Each feature gets at least one triangle: one whose mesh has none left that spans an area
/// gets a marker in its middle, so that no feature is lost.
pub(super) fn gather(content: &Content, meshes: &[(u32, Drawn)], alpha: u8) -> Vertices {
    let mut made = Vertices { features: Some(Vec::new()), ..Vertices::default() };
    let mut drawn = vec![false; content.features.len()];
    for (number, mesh) in meshes {
        let Some(feature) = content.features.get(*number as usize) else { continue };
        let colours = |surface: &Surface| colour::of(feature.class, surface, alpha);
        drawn[*number as usize] |= made.append(mesh, content.origin, *number, &colours);
    }
    for (number, feature) in content.features.iter().enumerate().filter(|(number, _)| !drawn[*number]) {
        #[expect(clippy::cast_possible_truncation, reason = "at most 65,535 features")]
        let number = number as u32;
        let bounds = meshes.iter().filter(|(n, _)| *n == number).map(|(_, d)| d.bounds());
        let bounds = bounds.fold(Bounds::EMPTY, Bounds::union);
        let middle = if bounds.is_empty() { content.origin } else { bounds.center() };
        let colour = |surface: &Surface| colour::of(feature.class, surface, u8::MAX);
        made.append(&shape::octahedron(middle, 0.01), content.origin, number, &colour);
    }
    made
}

/// The one marker that a tile's instances repeat, around (0, 0, 0): white, for the material that colours it.
pub(super) fn marker() -> Vertices {
    let mut made = Vertices::default();
    made.append(&shape::octahedron([0.0; 3], crate::lod::MARKER), [0.0; 3], 0, &|_| [u8::MAX; 4]);
    made
}

impl Vertices {
    /// Appends the triangles of `mesh` that span an area; says whether there was one. Corners that agree in position,
    /// normal and colour are one vertex.
    fn append(&mut self, mesh: &Mesh, origin: [f64; 3], feature: u32, colour: &dyn Fn(&Surface) -> [u8; 4]) -> bool {
        const NONE: u32 = u32::MAX;
        let mut first_of = vec![NONE; mesh.positions.len()];
        let mut next_of: Vec<u32> = Vec::new();
        let base = self.positions.len();
        let before = self.triangles.len();
        #[expect(clippy::cast_possible_truncation, reason = "at most 65,535 features; a tile's vertices fit u32")]
        let (feature, base_number) = (feature as u16, base as u32);
        for (surface, range) in mesh.runs() {
            let colour = colour(&surface);
            for triangle in mesh.triangles.get(range).unwrap_or_default() {
                let Some(normal) = normal(mesh, *triangle) else { continue };
                let corners = triangle.map(|i| {
                    let mut at = first_of[i as usize];
                    while at != NONE {
                        let vertex = base + at as usize;
                        if self.normals[vertex] == normal && self.colours[vertex] == colour {
                            return base_number + at;
                        }
                        at = next_of[at as usize];
                    }
                    #[expect(clippy::cast_possible_truncation, reason = "a tile's vertices fit u32")]
                    let made = next_of.len() as u32;
                    next_of.push(first_of[i as usize]);
                    first_of[i as usize] = made;
                    self.positions.push(offset(mesh.place(mesh.positions[i as usize]), origin));
                    self.normals.push(normal);
                    self.colours.push(colour);
                    if let Some(features) = &mut self.features {
                        features.push([feature, 0]);
                    }
                    base_number + made
                });
                self.triangles.push(corners);
            }
        }
        self.triangles.len() > before
    }
}

/// The triangle's normal in glTF's axes; nothing for one that spans no area or names a position that is not there.
fn normal(mesh: &Mesh, triangle: [u32; 3]) -> Option<[i8; 4]> {
    let [a, b, c] = triangle.map(|i| mesh.positions.get(i as usize).map(|p| p.map(f64::from)));
    let (a, b, c) = (a?, b?, c?);
    let u: [f64; 3] = std::array::from_fn(|k| b[k] - a[k]);
    let v: [f64; 3] = std::array::from_fn(|k| c[k] - a[k]);
    let n = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    let length = n.iter().map(|d| d * d).sum::<f64>().sqrt();
    if !length.is_normal() {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "between -127 and 127")]
    let [x, y, z] = n.map(|d| (d / length * 127.0).round() as i8);
    Some([x, z, -y, 0])
}
