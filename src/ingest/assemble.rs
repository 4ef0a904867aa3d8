//! A source object becomes an asset: every point placed once, faces made a mesh, a footprint found.

use super::georeference::Georeference;
use crate::crs::SiteFrame;
use crate::fault::{Fault, Result};
use crate::formats::SourceObject;
use crate::geom::{Bounds, Face, Mesh, Polygon, Shape, SurfaceKind, faces_to_mesh, turning};
use crate::model::{Asset, Footprint, Geometry};
use foldhash::HashMap;
use geo::{ConvexHull, MultiPoint};

/// The asset that `object` becomes in the site of `frame`.
///
/// # Errors
/// A coordinate that cannot be placed, or a shape that leaves nothing.
pub(super) fn assemble(object: SourceObject, georeference: &Georeference, frame: &SiteFrame) -> Result<Asset> {
    let placed = Placed::new(&object, georeference, frame)?;
    let mesh = match &object.shape {
        Shape::Faces { faces, .. } => {
            let faces: Option<Vec<Face>> = faces
                .iter()
                .map(|f| Some(Face { polygon: placed.polygon(&f.polygon, |p| p.enu)?, kind: f.kind, colour: f.colour }))
                .collect();
            Some(faces_to_mesh(&faces.unwrap_or_default()))
        }
        Shape::Mesh(mesh) => {
            let points: Option<Vec<[f64; 3]>> = mesh.points().map(|p| placed.get(&p).map(|p| p.enu)).collect();
            Some(Mesh::from_points(&points.unwrap_or_default(), mesh.triangles.clone(), mesh.surfaces.clone()))
        }
        _ => None,
    };
    if mesh.as_ref().is_some_and(|m| m.triangles.is_empty()) {
        return Err(Fault::bad_input("its surfaces have no area"));
    }
    let footprint = footprint(&object, &placed);
    Ok(object.into_asset(Geometry { footprint, mesh }, placed.bounds))
}

/// Every point of a shape.
pub(super) fn points(shape: &Shape) -> Vec<[f64; 3]> {
    match shape {
        Shape::Empty => Vec::new(),
        Shape::Points(points) => points.clone(),
        Shape::Lines(lines) => lines.concat(),
        Shape::Areas(areas) => areas.iter().flat_map(Polygon::points).copied().collect(),
        Shape::Faces { faces, .. } => faces.iter().flat_map(|f| f.polygon.points()).copied().collect(),
        Shape::Mesh(mesh) => mesh.points().collect(),
    }
}

/// One point in both frames.
#[derive(Clone, Copy)]
struct Point {
    /// Longitude, latitude, ellipsoidal height.
    geodetic: [f64; 3],
    /// East, north, up from the site's origin, metres.
    enu: [f64; 3],
}

/// An object's points by their source coordinates: faces share corners, and each is placed once.
struct Placed {
    by_source: HashMap<[u64; 3], Point>,
    bounds: Bounds,
}

fn key(p: &[f64; 3]) -> [u64; 3] {
    p.map(f64::to_bits)
}

impl Placed {
    fn new(object: &SourceObject, georeference: &Georeference, frame: &SiteFrame) -> Result<Self> {
        let mut sources = points(&object.shape);
        sources.extend(object.footprint.iter().flat_map(Polygon::points));
        sources.sort_unstable_by_key(key);
        sources.dedup_by_key(|p| key(p));
        let mut geodetic = sources.clone();
        georeference.to_geodetic(&mut geodetic)?;
        let bounds = Bounds::of(geodetic.iter().copied());
        if !bounds.is_empty() && bounds.max[0] - bounds.min[0] > 180.0 {
            return Err(Fault::bad_input("spans the antimeridian").remedy("cut it there (RFC 7946 §3.1.9)"));
        }
        let each = sources.iter().zip(&geodetic);
        let by_source = each.map(|(s, g)| (key(s), Point { geodetic: *g, enu: frame.to_enu((*g).into()) })).collect();
        Ok(Self { by_source, bounds })
    }
    fn get(&self, source: &[f64; 3]) -> Option<Point> {
        self.by_source.get(&key(source)).copied()
    }
    fn ring(&self, ring: &[[f64; 3]], which: fn(Point) -> [f64; 3]) -> Option<Vec<[f64; 3]>> {
        ring.iter().map(|p| self.get(p).map(which)).collect()
    }
    fn polygon(&self, polygon: &Polygon, which: fn(Point) -> [f64; 3]) -> Option<Polygon> {
        let interiors: Option<_> = polygon.interiors.iter().map(|ring| self.ring(ring, which)).collect();
        Some(Polygon { exterior: self.ring(&polygon.exterior, which)?, interiors: interiors? })
    }
    fn geodetic(&self, points: &[[f64; 3]]) -> Vec<[f64; 3]> {
        self.ring(points, |p| p.geodetic).unwrap_or_default()
    }
    fn areas<'a>(&self, polygons: impl Iterator<Item = &'a Polygon>) -> Vec<Vec<Vec<[f64; 3]>>> {
        polygons.filter_map(|p| self.polygon(p, |p| p.geodetic)).filter_map(|p| rings(&p)).collect()
    }
}

/// What the object covers: as the source says, else its ground, else the hull of its corners at its lowest height.
fn footprint(object: &SourceObject, placed: &Placed) -> Footprint {
    let said = placed.areas(object.footprint.iter());
    if !said.is_empty() {
        return Footprint::Areas(said);
    }
    match &object.shape {
        Shape::Empty => Footprint::None,
        Shape::Points(points) => match placed.geodetic(points).as_slice() {
            [one] => Footprint::Point(*one),
            several => hull(several, placed.bounds.min[2]),
        },
        Shape::Lines(lines) => Footprint::Lines(lines.iter().map(|l| placed.geodetic(l)).collect()),
        Shape::Areas(areas) => Footprint::Areas(placed.areas(areas.iter())),
        Shape::Faces { faces, .. } => {
            let ground = placed.areas(faces.iter().filter(|f| f.kind == SurfaceKind::Ground).map(|f| &f.polygon));
            if ground.is_empty() { of_all(placed) } else { Footprint::Areas(ground) }
        }
        Shape::Mesh(_) => of_all(placed),
    }
}

fn of_all(placed: &Placed) -> Footprint {
    let mut points: Vec<[f64; 3]> = placed.by_source.values().map(|p| p.geodetic).collect();
    // The map's order varies from run to run; the hull's first corner must not.
    points.sort_unstable_by_key(key);
    hull(&points, placed.bounds.min[2])
}

/// The convex hull seen from above, at height `h`; a line or a point when there is nothing between its corners.
fn hull(points: &[[f64; 3]], h: f64) -> Footprint {
    let flat: MultiPoint<f64> = points.iter().map(|p| geo::Point::new(p[0], p[1])).collect();
    let hull = flat.convex_hull();
    let ring: Vec<[f64; 3]> = hull.exterior().coords().map(|c| [c.x, c.y, h]).collect();
    let corners = ring.get(..ring.len().saturating_sub(1)).unwrap_or_default();
    match corners {
        [] => Footprint::None,
        [one] => Footprint::Point(*one),
        [a, b] if a == b => Footprint::Point(*a),
        [a, b] => Footprint::Lines(vec![vec![*a, *b]]),
        _ => Footprint::Areas(vec![vec![ring]]),
    }
}

/// GeoJSON rings of a polygon: closed, the exterior counter-clockwise and holes clockwise (RFC 7946 §3.1.6).
///
/// A ring that covers nothing seen from above (a wall) is no part of a footprint.
fn rings(polygon: &Polygon) -> Option<Vec<Vec<[f64; 3]>>> {
    let exterior = ring(&polygon.exterior, true)?;
    Some(std::iter::once(exterior).chain(polygon.interiors.iter().filter_map(|r| ring(r, false))).collect())
}

fn ring(ring: &[[f64; 3]], left: bool) -> Option<Vec<[f64; 3]>> {
    let twice = turning(ring);
    // Square degrees: a square millimetre is about 1e-16 of them.
    if ring.len() < 3 || twice.abs() < 1e-16 {
        return None;
    }
    let mut closed = ring.to_vec();
    if (twice > 0.0) != left {
        closed.reverse();
    }
    closed.extend(closed.first().copied());
    Some(closed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_are_closed_and_turn_as_geojson_wants_and_hulls_do_not_fail_on_lines_and_points() {
        let clockwise = Polygon {
            exterior: vec![[0.0, 0.0, 1.0], [0.0, 1e-4, 1.0], [1e-4, 1e-4, 1.0], [1e-4, 0.0, 1.0]],
            interiors: vec![],
        };
        let rings = rings(&clockwise).unwrap();
        assert_eq!(rings[0].first(), rings[0].last());
        assert!(turning(&rings[0][..4]) > 0.0);
        assert_eq!(hull(&[[1.0, 2.0, 3.0]], 3.0), Footprint::Point([1.0, 2.0, 3.0]));
        assert_eq!(hull(&[], 0.0), Footprint::None);
        let line = hull(&[[0.0, 0.0, 5.0], [1.0, 1.0, 4.0], [0.5, 0.5, 4.5]], 4.0);
        assert_eq!(line, Footprint::Lines(vec![vec![[0.0, 0.0, 4.0], [1.0, 1.0, 4.0]]]));
    }
}
