//! Points, lines, areas and faces of one feature; areas with a height become solids.

use super::heights::{BASES, HEIGHTS, RAISED, TOPS, number};
use crate::geom::{Face, Polygon, Shape, SurfaceKind, closure, extrude, turning, volume};
use crate::model::Attributes;

/// x, y and, where given, z.
pub(in crate::formats) type Position = ([f64; 2], Option<f64>);
/// A ring or a line.
pub(in crate::formats) type Ring = Vec<[f64; 3]>;
/// The shape, its footprint, and whether it was extruded.
pub(super) type Shaped = (Shape, Vec<Polygon>, bool);

/// How far apart, in the source's units, two corners of faces may be to be one.
const WELD: f64 = 1e-6;

/// What a geometry holds, by dimension.
#[derive(Debug, Default)]
pub(in crate::formats) struct Parts {
    points: Vec<[f64; 3]>,
    lines: Vec<Ring>,
    areas: Vec<Polygon>,
    faces: Vec<Face>,
    /// Whether a position gives a height of its own.
    has_z: bool,
}

impl Parts {
    /// The position as a point of space, at height 0 where it has none.
    pub fn at(&mut self, (xy, z): Position) -> [f64; 3] {
        self.has_z |= z.is_some();
        [xy[0], xy[1], z.unwrap_or(0.0)]
    }
    /// Takes a point.
    pub fn point(&mut self, point: [f64; 3]) {
        self.points.push(point);
    }
    /// Takes a line; what does not leave its first point is none.
    pub fn line(&mut self, mut line: Ring) {
        line.dedup();
        self.lines.extend((line.len() > 1).then_some(line));
    }
    /// Takes an area of an outer ring and its holes, whichever way they turn.
    ///
    /// # Errors
    /// The outer ring covers nothing seen from above.
    pub fn area(&mut self, rings: impl IntoIterator<Item = Ring>) -> Result<(), String> {
        let mut rings = rings.into_iter();
        // The formats want the outer ring turning one way or the other; files that do not keep to it are common.
        let exterior = rings.next().and_then(|outer| ring(outer, true)).ok_or("the outline has no area")?;
        self.areas.push(Polygon { exterior, interiors: rings.filter_map(|hole| ring(hole, false)).collect() });
        Ok(())
    }
    /// Takes a face of a surface in space, whatever its direction, as it is wound.
    pub fn face(&mut self, rings: impl IntoIterator<Item = Ring>, kind: SurfaceKind) {
        let mut rings = rings.into_iter().map(open).filter(|ring| ring.len() > 2);
        if let Some(exterior) = rings.next() {
            self.faces.push(Face::plain(Polygon { exterior, interiors: rings.collect() }, kind, None));
        }
    }
    fn all(&self) -> impl Iterator<Item = &[f64; 3]> {
        let areas = self.areas.iter().flat_map(Polygon::points);
        let faces = self.faces.iter().flat_map(|f| f.polygon.points());
        self.points.iter().chain(self.lines.iter().flatten()).chain(areas).chain(faces)
    }
    /// The shape of a feature with these properties.
    ///
    /// # Errors
    /// A coordinate that is no number, or heights that make no building.
    pub(super) fn shape(mut self, properties: &Attributes) -> Result<Shaped, String> {
        if self.all().flatten().any(|v| !v.is_finite()) {
            return Err("a coordinate is not a number".into());
        }
        if !self.faces.is_empty() {
            // No format of features says whether its surfaces enclose a volume: they do where no edge is open.
            let solid = closure(&self.faces, WELD).is_closed();
            if solid && volume(&self.faces) < 0.0 {
                self.faces.iter_mut().for_each(|face| {
                    let Polygon { exterior, interiors } = &mut face.polygon;
                    std::iter::once(exterior).chain(interiors).for_each(|ring| ring.reverse());
                });
            }
            return Ok((Shape::Faces { faces: self.faces, solid }, Vec::new(), false));
        }
        if self.areas.is_empty() {
            let shape = match (self.lines.is_empty(), self.points.is_empty()) {
                (false, _) => Shape::Lines(self.lines),
                (true, false) => Shape::Points(self.points),
                (true, true) => Shape::Empty,
            };
            return Ok((shape, Vec::new(), false));
        }
        let ring_base = self.areas.iter().flat_map(Polygon::points).map(|p| p[2]).fold(f64::INFINITY, f64::min);
        let base = number(properties, BASES);
        let ground = base.map_or(ring_base, |(_, v)| v);
        let height = match (number(properties, HEIGHTS), number(properties, TOPS)) {
            (Some((name, height)), _) => Some((name, height)),
            (None, Some((name, top))) if base.is_some() || self.has_z => Some((name, top - ground)),
            _ => None,
        };
        let Some((name, height)) = height.filter(|(_, h)| *h != 0.0) else {
            if let Some((_, z)) = base {
                self.areas.iter_mut().for_each(|p| level(p, z));
            }
            return Ok((Shape::Areas(self.areas), Vec::new(), false));
        };
        let raised = number(properties, RAISED).map_or(0.0, |(_, v)| v);
        if !(height > 0.0 && height - raised > 0.0) {
            return Err(format!("a top {height} m above a bottom {raised} m ('{name}') makes no building"));
        }
        let bottom = ground + raised;
        let faces: Vec<Face> = self.areas.iter().flat_map(|p| extrude(p, bottom, height - raised)).collect();
        if faces.is_empty() {
            return Err("the outline has no area".into());
        }
        self.areas.iter_mut().for_each(|p| level(p, bottom));
        Ok((Shape::Faces { faces, solid: true }, self.areas, true))
    }
}

fn level(polygon: &mut Polygon, z: f64) {
    polygon.exterior.iter_mut().chain(polygon.interiors.iter_mut().flatten()).for_each(|p| p[2] = z);
}

/// The ring without repeated points and without its closing one.
fn open(mut ring: Ring) -> Ring {
    ring.dedup();
    while ring.len() > 1 && ring.first() == ring.last() {
        ring.pop();
    }
    ring
}

/// The open ring, turned left or right as asked; nothing when it covers nothing.
fn ring(ring: Ring, left: bool) -> Option<Ring> {
    let mut ring = open(ring);
    let twice = turning(&ring);
    if (twice > 0.0) != left {
        ring.reverse();
    }
    (ring.len() > 2 && twice != 0.0 && twice.is_finite()).then_some(ring)
}
