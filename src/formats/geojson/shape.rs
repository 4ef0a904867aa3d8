//! Coordinates become points, lines and areas; areas with a height become solids.

use super::model::{Coordinates, Geometry};
use crate::formats::reader::clip;
use crate::geom::{Face, Polygon, Shape, extrude, turning};
use crate::model::{Attributes, Value};

/// Properties that give the height of the top above the ground in metres, in order of preference.
pub(super) const HEIGHTS: &[&str] = &[
    "height",
    "building:height",
    "measuredHeight",
    "measured_height",
    "bldg_height",
    "building_height",
    "render_height",
    "Height",
    "HEIGHT",
    "hoogte",
    "高度",
    "楼高",
];
/// Properties that give the height of the top in the source's own heights; used with one of [`BASES`].
pub(super) const TOPS: &[&str] = &["b3_h_dak_max", "b3_h_max", "h_dak_max", "roof_elevation"];
/// Properties that give the height of the ground in the source's own heights.
pub(super) const BASES: &[&str] =
    &["base_height", "ground_height", "base_elevation", "b3_h_maaiveld", "h_maaiveld", "地面高程"];
/// Properties that give how far above the ground the lowest part begins (OpenStreetMap's `min_height`).
pub(super) const RAISED: &[&str] = &["min_height", "building:min_height", "render_min_height"];

/// What a geometry holds, by dimension.
#[derive(Debug, Default)]
pub(super) struct Parts {
    points: Vec<[f64; 3]>,
    lines: Vec<Vec<[f64; 3]>>,
    areas: Vec<Polygon>,
    /// Whether a position gives a height of its own.
    has_z: bool,
}

/// The shape, its footprint, and whether it was extruded.
pub(super) type Shaped = (Shape, Vec<Polygon>, bool);

/// The shape of a feature with these properties.
pub(super) fn shape(geometry: &Geometry, properties: &Attributes) -> Result<Shaped, String> {
    let mut parts = Parts::default();
    parts.take(geometry)?;
    if parts.areas.is_empty() {
        let shape = match (parts.lines.is_empty(), parts.points.is_empty()) {
            (false, _) => Shape::Lines(parts.lines),
            (true, false) => Shape::Points(parts.points),
            (true, true) => Shape::Empty,
        };
        return Ok((shape, Vec::new(), false));
    }
    let ring_base = parts.areas.iter().flat_map(Polygon::points).map(|p| p[2]).fold(f64::INFINITY, f64::min);
    let base = number(properties, BASES);
    let ground = base.map_or(ring_base, |(_, v)| v);
    let height = match (number(properties, HEIGHTS), number(properties, TOPS)) {
        (Some((name, height)), _) => Some((name, height)),
        (None, Some((name, top))) if base.is_some() || parts.has_z => Some((name, top - ground)),
        _ => None,
    };
    let Some((name, height)) = height.filter(|(_, h)| *h != 0.0) else {
        if let Some((_, z)) = base {
            parts.areas.iter_mut().for_each(|p| level(p, z));
        }
        return Ok((Shape::Areas(parts.areas), Vec::new(), false));
    };
    let raised = number(properties, RAISED).map_or(0.0, |(_, v)| v);
    if !(height > 0.0 && height - raised > 0.0) {
        return Err(format!("a top {height} m above a bottom {raised} m ('{name}') makes no building"));
    }
    let bottom = ground + raised;
    let faces: Vec<Face> = parts.areas.iter().flat_map(|p| extrude(p, bottom, height - raised)).collect();
    if faces.is_empty() {
        return Err("the outline has no area".into());
    }
    parts.areas.iter_mut().for_each(|p| level(p, bottom));
    Ok((Shape::Faces { faces, solid: true }, parts.areas, true))
}

fn level(polygon: &mut Polygon, z: f64) {
    polygon.exterior.iter_mut().chain(polygon.interiors.iter_mut().flatten()).for_each(|p| p[2] = z);
}

/// The first of `names` that holds a number, also as text with a metre sign (`"12.5 m"`).
fn number<'n>(properties: &Attributes, names: &[&'n str]) -> Option<(&'n str, f64)> {
    names.iter().find_map(|name| {
        let (_, value) = properties.iter().find(|(known, _)| known == name)?;
        #[expect(clippy::cast_precision_loss, reason = "a height in whole metres")]
        let number = match value {
            Value::Int(n) => *n as f64,
            Value::Float(n) => *n,
            Value::Text(text) => {
                let text = text.trim();
                text.strip_suffix('m').or(text.strip_suffix('米')).unwrap_or(text).trim_end().parse().ok()?
            }
            _ => return None,
        };
        number.is_finite().then_some((*name, number))
    })
}

impl Parts {
    fn take(&mut self, geometry: &Geometry) -> Result<(), String> {
        let c = &geometry.coordinates;
        let wrong = || format!("the coordinates are not nested as a {} needs", geometry.kind);
        match geometry.kind.as_str() {
            "Point" => {
                let point = self.position(c).ok_or_else(wrong)?;
                self.points.push(point);
            }
            "MultiPoint" => {
                let points = self.row(c).ok_or_else(wrong)?;
                self.points.extend(points);
            }
            "LineString" => self.line(c).ok_or_else(wrong)?,
            "MultiLineString" => lists(c).and_then(|l| l.iter().try_for_each(|l| self.line(l))).ok_or_else(wrong)?,
            "Polygon" => self.polygon(c).ok_or_else(wrong)??,
            "MultiPolygon" => {
                for polygon in lists(c).ok_or_else(wrong)? {
                    self.polygon(polygon).ok_or_else(wrong)??;
                }
            }
            "GeometryCollection" => geometry.geometries.iter().try_for_each(|g| self.take(g))?,
            other => return Err(format!("'{}' is not a geometry type of GeoJSON", clip(other))),
        }
        Ok(())
    }
    fn position(&mut self, c: &Coordinates) -> Option<[f64; 3]> {
        let Coordinates::Position([x, y], z) = c else { return None };
        self.has_z |= z.is_some();
        Some([*x, *y, z.unwrap_or(0.0)])
    }
    fn row(&mut self, c: &Coordinates) -> Option<Vec<[f64; 3]>> {
        lists(c)?.iter().map(|p| self.position(p)).collect()
    }
    fn line(&mut self, c: &Coordinates) -> Option<()> {
        let mut line = self.row(c)?;
        line.dedup();
        self.lines.extend((line.len() > 1).then_some(line));
        Some(())
    }
    /// Nothing when the nesting is wrong; an error when the outline covers nothing.
    fn polygon(&mut self, c: &Coordinates) -> Option<Result<(), String>> {
        let rings: Option<Vec<_>> = lists(c)?.iter().map(|ring| self.row(ring)).collect();
        let mut rings = rings?.into_iter();
        let exterior = ring(rings.next()?, true);
        let Some(exterior) = exterior else { return Some(Err("the outline has no area".into())) };
        // RFC 7946 §3.1.6 wants the outer ring counter-clockwise; files from before it do not keep to that.
        let interiors = rings.filter_map(|r| ring(r, false)).collect();
        self.areas.push(Polygon { exterior, interiors });
        Some(Ok(()))
    }
}

fn lists(c: &Coordinates) -> Option<&[Coordinates]> {
    if let Coordinates::Lists(lists) = c { Some(lists) } else { None }
}

/// The ring without its closing point, turned left or right as asked; nothing when it covers nothing.
fn ring(mut ring: Vec<[f64; 3]>, left: bool) -> Option<Vec<[f64; 3]>> {
    ring.dedup();
    while ring.len() > 1 && ring.first() == ring.last() {
        ring.pop();
    }
    let twice = turning(&ring);
    if (twice > 0.0) != left {
        ring.reverse();
    }
    (ring.len() > 2 && twice != 0.0 && twice.is_finite()).then_some(ring)
}
