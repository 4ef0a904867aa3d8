//! What stands for an asset in a picture: its mesh, or a marker where its geometry is a point, a line or a bare area.

use std::sync::Arc;

use glam::{DMat3, DVec3};

use crate::crs::SiteFrame;
use crate::geom::Mesh;
use crate::lod::{Drawn, shape};
use crate::model::{Footprint, Geometry};

/// The least radius of a marker in metres.
const LEAST: f64 = 0.25;

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
) -> Option<Drawn> {
    if let Some(mesh) = &geometry.mesh {
        return Some(if from == to { Drawn::Stored(geometry) } else { carry(mesh, from, to).into() });
    }
    let radius = radius.max(LEAST);
    match &geometry.footprint {
        Footprint::Areas(areas) if !filled => {
            let border = |ring: &Vec<[f64; 3]>| ring.iter().map(|p| to.to_enu((*p).into())).collect();
            let borders: Vec<Vec<[f64; 3]>> = areas.iter().flatten().map(border).collect();
            Some(shape::tube(&borders, radius / 4.0).into())
        }
        footprint => shape::of_footprint(footprint, to, radius, radius / 3.0).map(Drawn::from),
    }
}

/// A mesh of one site's frame in another's: both are Cartesian, so it is turned and moved as it is.
pub(super) fn carry(mesh: &Mesh, from: &SiteFrame, to: &SiteFrame) -> Mesh {
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
        // Pictures are drawn from here in their mean colour.
        textures: None,
    }
}
