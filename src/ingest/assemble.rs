//! A source object becomes an asset: every point placed once, faces made a mesh, a footprint found.

use super::georeference::Georeference;
use crate::crs::SiteFrame;
use crate::fault::{Fault, Result};
use crate::formats::SourceObject;
use crate::geom::{Bounds, Mesh, Polygon, Shape, SurfaceKind, faces_to_mesh, turning};
use crate::model::{Asset, Footprint, Geometry};
use foldhash::{HashMap, HashMapExt};
use geo::{ConvexHull, MultiPoint};

/// The asset that `object` becomes in the site of `frame`.
///
/// # Errors
/// A coordinate that cannot be placed, or a shape that leaves nothing.
pub(super) fn assemble(mut object: SourceObject, georeference: &Georeference, frame: &SiteFrame) -> Result<Asset> {
    let placed = Placed::new(&object, georeference, frame)?;
    let footprint = footprint(&object, &placed);
    let mut walk = placed.walk(0);
    let mesh = match &mut object.shape {
        Shape::Faces { faces, .. } => {
            faces.iter_mut().for_each(|face| walk.place(&mut face.polygon));
            Some(faces_to_mesh(faces))
        }
        Shape::Mesh(mesh) => {
            let points = walk.row(mesh.positions.len(), |p| p.enu);
            let own = std::mem::take(mesh);
            Some(Mesh { textures: own.textures, ..Mesh::from_points(&points, own.triangles, own.surfaces) })
        }
        _ => None,
    };
    if mesh.as_ref().is_some_and(|m| m.triangles.is_empty()) {
        return Err(Fault::bad_input("its surfaces have no area"));
    }
    Ok(object.into_asset(Geometry { footprint, mesh }, placed.bounds))
}

/// One point in both frames.
#[derive(Clone, Copy)]
struct Point {
    /// Longitude, latitude, ellipsoidal height.
    geodetic: [f64; 3],
    /// East, north, up from the site's origin, metres.
    enu: [f64; 3],
}

/// An object's corners: faces share them, and each place is placed once.
struct Placed {
    /// The different ones, in the order in which they are met.
    points: Vec<Point>,
    /// Which of them each corner is: those of the shape, as [`Shape::each`] gives them, then those of the footprint.
    numbers: Vec<u32>,
    bounds: Bounds,
    /// How many corners are the shape's.
    of_shape: usize,
}

fn key(p: &[f64; 3]) -> (u64, u64, u64) {
    let [x, y, z] = p.map(f64::to_bits);
    (x, y, z)
}

impl Placed {
    fn new(object: &SourceObject, georeference: &Georeference, frame: &SiteFrame) -> Result<Self> {
        let (count, _) = object.corners();
        let mut numbers: Vec<u32> = Vec::with_capacity(count);
        let mut known: HashMap<(u64, u64, u64), u32> = HashMap::with_capacity(count / 4);
        let mut geodetic: Vec<[f64; 3]> = Vec::new();
        let mut number = |corner: [f64; 3]| {
            *known.entry(key(&corner)).or_insert_with(|| {
                geodetic.push(corner);
                u32::try_from(geodetic.len() - 1).unwrap_or(u32::MAX)
            })
        };
        object.shape.each(|corner| numbers.push(number(corner)));
        let of_shape = numbers.len();
        numbers.extend(object.footprint.iter().flat_map(Polygon::points).map(|corner| number(*corner)));
        georeference.to_geodetic(&mut geodetic)?;
        let bounds = Bounds::of(geodetic.iter().copied());
        if !bounds.is_empty() && bounds.max[0] - bounds.min[0] > 180.0 {
            return Err(Fault::bad_input("spans the antimeridian").remedy("cut it there (RFC 7946 §3.1.9)"));
        }
        let points = geodetic.into_iter().map(|g| Point { geodetic: g, enu: frame.to_enu(g.into()) }).collect();
        Ok(Self { points, numbers, bounds, of_shape })
    }
    /// The corners from one on, as the source has them one after another.
    fn walk(&self, from: usize) -> Walk<'_> {
        Walk { placed: self, rest: self.numbers.get(from..).unwrap_or_default() }
    }
}

/// A way along an object's corners.
struct Walk<'a> {
    placed: &'a Placed,
    rest: &'a [u32],
}

impl Walk<'_> {
    /// The next `count` corners.
    fn row(&mut self, count: usize, which: fn(&Point) -> [f64; 3]) -> Vec<[f64; 3]> {
        let (row, rest) = self.rest.split_at_checked(count).unwrap_or_default();
        self.rest = rest;
        row.iter().filter_map(|i| self.placed.points.get(*i as usize)).map(which).collect()
    }
    /// Moves the corners of the next polygon into the site's frame.
    fn place(&mut self, polygon: &mut Polygon) {
        for corner in polygon.exterior.iter_mut().chain(polygon.interiors.iter_mut().flatten()) {
            if let Some((number, rest)) = self.rest.split_first() {
                self.rest = rest;
                *corner = self.placed.points.get(*number as usize).map_or(*corner, |p| p.enu);
            }
        }
    }
    /// The next polygon, which is as long as `like`.
    fn polygon(&mut self, like: &Polygon, which: fn(&Point) -> [f64; 3]) -> Polygon {
        let exterior = self.row(like.exterior.len(), which);
        Polygon { exterior, interiors: like.interiors.iter().map(|ring| self.row(ring.len(), which)).collect() }
    }
    /// The next polygons as GeoJSON rings; those for which `is` holds.
    fn areas<'p>(&mut self, polygons: impl Iterator<Item = (&'p Polygon, bool)>) -> Vec<Vec<Vec<[f64; 3]>>> {
        let placed = polygons.filter_map(|(polygon, is)| {
            if is {
                return rings(&self.polygon(polygon, |p| p.geodetic));
            }
            self.rest = self.rest.get(polygon.points().count()..).unwrap_or_default();
            None
        });
        placed.collect()
    }
}

/// What the object covers: as the source says, else its ground, else the hull of its corners at its lowest height.
fn footprint(object: &SourceObject, placed: &Placed) -> Footprint {
    let said = placed.walk(placed.of_shape).areas(object.footprint.iter().map(|p| (p, true)));
    if !said.is_empty() {
        return Footprint::Areas(said);
    }
    let mut walk = placed.walk(0);
    match &object.shape {
        Shape::Empty => Footprint::None,
        Shape::Points(points) => match walk.row(points.len(), |p| p.geodetic).as_slice() {
            [one] => Footprint::Point(*one),
            several => hull(several, placed.bounds.min[2]),
        },
        Shape::Lines(lines) => Footprint::Lines(lines.iter().map(|l| walk.row(l.len(), |p| p.geodetic)).collect()),
        Shape::Areas(areas) => Footprint::Areas(walk.areas(areas.iter().map(|p| (p, true)))),
        Shape::Faces { faces, .. } => {
            let ground = walk.areas(faces.iter().map(|f| (&f.polygon, f.kind == SurfaceKind::Ground)));
            if ground.is_empty() { of_all(placed) } else { Footprint::Areas(ground) }
        }
        Shape::Mesh(_) => of_all(placed),
    }
}

fn of_all(placed: &Placed) -> Footprint {
    let points: Vec<[f64; 3]> = placed.points.iter().map(|p| p.geodetic).collect();
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
