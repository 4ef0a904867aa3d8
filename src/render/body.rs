//! What stands for an asset in a picture: its mesh, or a marker where its geometry is a point, a line or a bare area.

use std::sync::Arc;

use glam::{DMat3, DVec3};

use super::{point_marker, tube};
use crate::crs::SiteFrame;
use crate::geom::{Mesh, Polygon, triangulate};
use crate::model::{Footprint, Geometry};

/// The least radius of a marker in metres.
const LEAST: f64 = 0.25;

/// A mesh in a scene: one of the store's, shared, or one made for the picture.
#[derive(Debug, Clone)]
pub enum Body {
    /// In the store's geometry.
    Stored(Arc<Geometry>),
    /// Made here.
    Made(Arc<Mesh>),
}

impl std::ops::Deref for Body {
    type Target = Mesh;

    fn deref(&self) -> &Mesh {
        static EMPTY: Mesh =
            Mesh { origin: [0.0; 3], positions: Vec::new(), triangles: Vec::new(), surfaces: Vec::new() };
        match self {
            Self::Stored(geometry) => geometry.mesh.as_ref().unwrap_or(&EMPTY),
            Self::Made(mesh) => mesh,
        }
    }
}

impl From<Mesh> for Body {
    fn from(mesh: Mesh) -> Self {
        Self::Made(Arc::new(mesh))
    }
}

/// The body of a geometry stored in the frame `from`, in the frame `to`; markers are `radius` metres wide or a little
/// more. None for an asset without a place.
///
/// A bare area is `filled`, as a lawn is, or shown by its border, as a grid is.
pub(super) fn body(
    geometry: Arc<Geometry>,
    from: &SiteFrame,
    to: &SiteFrame,
    radius: f64,
    filled: bool,
) -> Option<Body> {
    if let Some(mesh) = &geometry.mesh {
        return Some(if from == to { Body::Stored(geometry) } else { carried(mesh, from, to).into() });
    }
    let radius = radius.max(LEAST);
    let point = |p: &[f64; 3]| to.to_enu((*p).into());
    let line = |points: &[[f64; 3]], radius| tube(&points.iter().map(point).collect::<Vec<_>>(), radius);
    Some(match &geometry.footprint {
        Footprint::None => return None,
        Footprint::Point(at) => point_marker(point(at), radius).into(),
        Footprint::Lines(lines) => joined(lines.iter().map(|l| line(l, radius / 3.0))).into(),
        Footprint::Areas(areas) if filled => joined(areas.iter().map(|rings| flat(rings, to))).into(),
        Footprint::Areas(areas) => joined(areas.iter().flatten().map(|ring| line(ring, radius / 4.0))).into(),
    })
}

/// A polygon of closed rings in longitude, latitude and height, as a flat mesh.
fn flat(rings: &[Vec<[f64; 3]>], to: &SiteFrame) -> Mesh {
    let open =
        |ring: &Vec<[f64; 3]>| -> Vec<[f64; 3]> { ring.iter().skip(1).map(|p| to.to_enu((*p).into())).collect() };
    let Some((exterior, interiors)) = rings.split_first() else { return Mesh::default() };
    let polygon = Polygon { exterior: open(exterior), interiors: interiors.iter().map(open).collect() };
    let points: Vec<[f64; 3]> = polygon.points().copied().collect();
    Mesh::from_points(&points, triangulate(&polygon), Vec::new())
}

/// A mesh of one site's frame in another's: both are Cartesian, so it is turned and moved as it is.
fn carried(mesh: &Mesh, from: &SiteFrame, to: &SiteFrame) -> Mesh {
    let axes = |frame: &SiteFrame| {
        let m = frame.enu_to_ecef();
        DMat3::from_cols(DVec3::new(m[0], m[1], m[2]), DVec3::new(m[4], m[5], m[6]), DVec3::new(m[8], m[9], m[10]))
    };
    let turn = axes(to).transpose() * axes(from);
    let turned = |p: &[f32; 3]| (turn * DVec3::from(p.map(f64::from))).as_vec3().into();
    Mesh {
        origin: to.to_enu(from.to_geodetic(mesh.origin)),
        positions: mesh.positions.iter().map(turned).collect(),
        triangles: mesh.triangles.clone(),
        surfaces: mesh.surfaces.clone(),
    }
}

/// Several meshes as one, around the first one's origin.
fn joined(meshes: impl Iterator<Item = Mesh>) -> Mesh {
    let mut points = Vec::new();
    let mut triangles = Vec::new();
    for mesh in meshes {
        #[expect(clippy::cast_possible_truncation, reason = "one asset has far fewer than 2^32 points")]
        let base = points.len() as u32;
        points.extend(mesh.points());
        triangles.extend(mesh.triangles.iter().map(|t| t.map(|i| i + base)));
    }
    Mesh::from_points(&points, triangles, Vec::new())
}
