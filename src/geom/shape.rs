//! Shapes as sources give them, in `f64`, before they become meshes.

use super::{Bounds, Mesh, Shown, SurfaceKind};

/// A planar polygon in space: an exterior ring and holes; rings are not closed (the first point is not repeated).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Polygon {
    /// The outer ring, counter-clockwise seen from outside the solid, or from above for a footprint.
    pub exterior: Vec<[f64; 3]>,
    /// Holes, each in the opposite sense.
    pub interiors: Vec<Vec<[f64; 3]>>,
}

impl Polygon {
    /// All points of all rings.
    pub fn points(&self) -> impl Iterator<Item = &[f64; 3]> + '_ {
        self.exterior.iter().chain(self.interiors.iter().flatten())
    }
}

/// One face of a surface model with what it is the surface of.
#[derive(Debug, Clone, PartialEq)]
pub struct Face {
    /// The face's rings.
    pub polygon: Polygon,
    /// What it is the surface of.
    pub kind: SurfaceKind,
    /// sRGB and straight alpha where the source gives a colour.
    pub colour: Option<[u8; 4]>,
    /// The picture on it, where it has one; its colour is then that one's mean.
    pub shown: Option<Box<Shown>>,
}

impl Face {
    /// A face without a picture.
    pub const fn plain(polygon: Polygon, kind: SurfaceKind, colour: Option<[u8; 4]>) -> Self {
        Self { polygon, kind, colour, shown: None }
    }
    /// Turns it to the other side: every ring runs the other way.
    pub fn turn(&mut self) {
        let mut rest = self.shown.as_mut().map_or(&mut [][..], |shown| &mut shown.at);
        for ring in std::iter::once(&mut self.polygon.exterior).chain(&mut self.polygon.interiors) {
            ring.reverse();
            let (own, after) = rest.split_at_mut(ring.len().min(rest.len()));
            own.reverse();
            rest = after;
        }
    }
}

/// A shape in one frame.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Shape {
    /// Nothing with a place.
    #[default]
    Empty,
    /// Points.
    Points(Vec<[f64; 3]>),
    /// Lines of two points or more.
    Lines(Vec<Vec<[f64; 3]>>),
    /// Areas on the ground (footprints, grids).
    Areas(Vec<Polygon>),
    /// Faces; `solid` when the source says that they enclose a volume.
    Faces {
        /// The faces.
        faces: Vec<Face>,
        /// Whether the source calls this a solid.
        solid: bool,
    },
    /// Triangles.
    Mesh(Mesh),
}

impl Shape {
    /// Gives every point in the order of the lists.
    pub fn each(&self, mut give: impl FnMut([f64; 3])) {
        match self {
            Self::Empty => {}
            Self::Points(points) => points.iter().copied().for_each(give),
            Self::Lines(lines) => lines.iter().flatten().copied().for_each(give),
            Self::Areas(areas) => areas.iter().for_each(|area| area.points().copied().for_each(&mut give)),
            Self::Faces { faces, .. } => faces.iter().for_each(|f| f.polygon.points().copied().for_each(&mut give)),
            Self::Mesh(mesh) => mesh.points().for_each(give),
        }
    }
    /// The smallest box around the shape.
    pub fn bounds(&self) -> Bounds {
        match self {
            Self::Empty => Bounds::EMPTY,
            Self::Points(points) => Bounds::of(points.iter().copied()),
            Self::Lines(lines) => Bounds::of(lines.iter().flatten().copied()),
            Self::Areas(areas) => Bounds::of(areas.iter().flat_map(Polygon::points).copied()),
            Self::Faces { faces, .. } => Bounds::of(faces.iter().flat_map(|f| f.polygon.points()).copied()),
            Self::Mesh(mesh) => mesh.bounds(),
        }
    }
}
