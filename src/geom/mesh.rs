//! Triangle meshes: `f32` offsets from an `f64` origin, with surfaces that say what they are.

use super::{Bounds, Textures};
use foldhash::{HashMap, HashMapExt};

/// What a run of triangles is the surface of (CityGML 3.0 thematic surfaces).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub enum SurfaceKind {
    /// Not said, or none of the others.
    #[default]
    Other,
    /// `WallSurface` and other outer walls.
    Wall,
    /// `RoofSurface`.
    Roof,
    /// `GroundSurface`.
    Ground,
    /// `FloorSurface`, `OuterFloorSurface`, `CeilingSurface`.
    Floor,
    /// `Window` and glazing.
    Window,
    /// `Door`.
    Door,
}

impl SurfaceKind {
    /// Every kind, in the order of its stored number.
    pub const ALL: [Self; 7] =
        [Self::Other, Self::Wall, Self::Roof, Self::Ground, Self::Floor, Self::Window, Self::Door];
}

/// A run of triangles that are one surface; it ends where the next begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Surface {
    /// Index of the first triangle.
    pub first: u32,
    /// What it is the surface of.
    pub kind: SurfaceKind,
    /// sRGB and straight alpha where the source gives a colour.
    pub colour: Option<[u8; 4]>,
}

/// Triangles, counter-clockwise seen from outside, over `f32` offsets from an `f64` origin in the same frame.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mesh {
    /// Where offset (0, 0, 0) is; metres.
    pub origin: [f64; 3],
    /// Offsets from the origin; metres.
    pub positions: Vec<[f32; 3]>,
    /// Three position numbers each.
    pub triangles: Vec<[u32; 3]>,
    /// Runs of triangles in ascending order of `first`; empty means one surface of kind other.
    pub surfaces: Vec<Surface>,
    /// Pictures on the surfaces, where there are any. A surface under one has that one's mean for its colour.
    pub textures: Option<Box<Textures>>,
}

impl Mesh {
    /// The position numbered `i` in the mesh's frame.
    pub fn point(&self, i: u32) -> Option<[f64; 3]> {
        self.positions.get(i as usize).map(|p| self.place(*p))
    }
    /// An offset moved into the mesh's frame.
    pub fn place(&self, offset: [f32; 3]) -> [f64; 3] {
        std::array::from_fn(|k| self.origin[k] + f64::from(offset[k]))
    }
    /// An offset of any precision moved into the mesh's frame.
    pub fn place_exact(&self, offset: [f64; 3]) -> [f64; 3] {
        std::array::from_fn(|k| self.origin[k] + offset[k])
    }
    /// Every position in the mesh's frame.
    pub fn points(&self) -> impl Iterator<Item = [f64; 3]> + '_ {
        self.positions.iter().map(|p| self.place(*p))
    }
    /// The smallest box around the positions.
    pub fn bounds(&self) -> Bounds {
        Bounds::of(self.points())
    }
    /// Surfaces with their triangle ranges; the whole mesh as one of kind other when none are named.
    pub fn runs(&self) -> impl Iterator<Item = (Surface, std::ops::Range<usize>)> + '_ {
        (0..self.surfaces.len().max(1)).map(|number| self.run(number))
    }
    /// The one of [`Mesh::runs`] of this number.
    pub fn run(&self, number: usize) -> (Surface, std::ops::Range<usize>) {
        let whole = Surface { first: 0, kind: SurfaceKind::Other, colour: None };
        let surface = self.surfaces.get(number).copied().unwrap_or(whole);
        let end = self.surfaces.get(number + 1).map_or(self.triangles.len(), |s| s.first as usize);
        (surface, surface.first as usize..end)
    }
    /// The volume in cubic metres, where the triangles close: every edge is passed as often one way as the other. Positions
    /// count as one where their offsets are equal.
    pub fn volume(&self) -> Option<f64> {
        let mut edges: HashMap<[[u32; 3]; 2], i32> = HashMap::new();
        let mut six_fold = 0.0;
        for triangle in &self.triangles {
            let corner = |i: u32| self.positions.get(i as usize).copied();
            let [a, b, c] = triangle.map(corner);
            let corners = [a?, b?, c?];
            for k in 0..3 {
                // Adding zero makes one of the two zeros.
                let [from, to] = [corners[k], corners[(k + 1) % 3]].map(|p| p.map(|c| (c + 0.0).to_bits()));
                let (edge, way) = if from <= to { ([from, to], 1) } else { ([to, from], -1) };
                *edges.entry(edge).or_default() += way;
            }
            let [[ax, ay, az], [bx, by, bz], [cx, cy, cz]] = corners.map(|p| p.map(f64::from));
            six_fold += ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx);
        }
        let closed = !edges.is_empty() && edges.values().all(|balance| *balance == 0);
        closed.then_some(six_fold / 6.0)
    }
    /// Makes a mesh from absolute positions; the origin is the middle of their box, so offsets stay small.
    pub fn from_points(points: &[[f64; 3]], triangles: Vec<[u32; 3]>, surfaces: Vec<Surface>) -> Self {
        let bounds = Bounds::of(points.iter().copied());
        let origin = if bounds.is_empty() { [0.0; 3] } else { bounds.center() };
        #[expect(
            clippy::cast_possible_truncation,
            reason = "offsets are small by construction; f32 is the storage form"
        )]
        let positions = points.iter().map(|p| std::array::from_fn(|k| (p[k] - origin[k]) as f32)).collect();
        Self { origin, positions, triangles, surfaces, textures: None }
    }
}
