//! Coordinates become points, lines and areas.

use super::model::{Coordinates, Geometry};
use crate::formats::feature::{Parts, Ring};
use crate::formats::reader::clip;

/// What a geometry holds.
pub(super) fn parts(geometry: &Geometry) -> Result<Parts, String> {
    let mut parts = Parts::default();
    take(&mut parts, geometry)?;
    Ok(parts)
}

fn take(parts: &mut Parts, geometry: &Geometry) -> Result<(), String> {
    let c = &geometry.coordinates;
    let wrong = || format!("the coordinates are not nested as a {} needs", geometry.kind);
    match geometry.kind.as_str() {
        "Point" => {
            let point = position(parts, c).ok_or_else(wrong)?;
            parts.point(point);
        }
        "MultiPoint" => row(parts, c).ok_or_else(wrong)?.into_iter().for_each(|p| parts.point(p)),
        "LineString" => line(parts, c).ok_or_else(wrong)?,
        "MultiLineString" => lists(c).and_then(|l| l.iter().try_for_each(|l| line(parts, l))).ok_or_else(wrong)?,
        "Polygon" => parts_of_polygon(parts, c).ok_or_else(wrong)??,
        "MultiPolygon" => {
            for polygon in lists(c).ok_or_else(wrong)? {
                parts_of_polygon(parts, polygon).ok_or_else(wrong)??;
            }
        }
        "GeometryCollection" => geometry.geometries.iter().try_for_each(|g| take(parts, g))?,
        other => return Err(format!("'{}' is not a geometry type of GeoJSON", clip(other))),
    }
    Ok(())
}

fn position(parts: &mut Parts, c: &Coordinates) -> Option<[f64; 3]> {
    let Coordinates::Position(xy, z) = c else { return None };
    Some(parts.at((*xy, *z)))
}

fn row(parts: &mut Parts, c: &Coordinates) -> Option<Ring> {
    lists(c)?.iter().map(|p| position(parts, p)).collect()
}

fn line(parts: &mut Parts, c: &Coordinates) -> Option<()> {
    let line = row(parts, c)?;
    parts.line(line);
    Some(())
}

/// Nothing when the nesting is wrong; an error when the outline covers nothing.
fn parts_of_polygon(parts: &mut Parts, c: &Coordinates) -> Option<Result<(), String>> {
    let rings: Vec<Ring> = lists(c)?.iter().map(|ring| row(parts, ring)).collect::<Option<_>>()?;
    // A polygon of no rings is nested wrongly; RFC 7946 §3.1 calls it empty only as a whole.
    (!rings.is_empty()).then(|| parts.area(rings))
}

fn lists(c: &Coordinates) -> Option<&[Coordinates]> {
    if let Coordinates::Lists(lists) = c { Some(lists) } else { None }
}
