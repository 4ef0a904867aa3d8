//! An asset's own shape at full detail: its mesh, or what is made of its points, lines and areas.

use super::shape;
use crate::fault::Result;
use crate::geom::{Light, Mesh};
use crate::model::{Footprint, Geometry, Grain, Has};
use crate::store::{AssetRef, Row, Snapshot};
use std::sync::Arc;

/// Half the width of the tube that draws a line, metres.
pub const TUBE: f64 = 0.15;
/// From the middle of the marker that draws a point to its tips, metres.
pub const MARKER: f64 = 0.3;

/// A mesh in the site's east-north-up frame: the stored one, or one made for drawing.
#[derive(Debug, Clone)]
pub enum Drawn {
    /// The geometry's own mesh.
    Stored(Arc<Geometry>),
    /// Made from points, lines, areas or a box.
    Made(Arc<Mesh>),
    /// A lighter form of a stored one.
    Light(Arc<Light>),
}

impl std::ops::Deref for Drawn {
    type Target = Mesh;

    fn deref(&self) -> &Mesh {
        static EMPTY: Mesh = Mesh {
            origin: [0.0; 3],
            positions: Vec::new(),
            triangles: Vec::new(),
            surfaces: Vec::new(),
            textures: None,
        };
        match self {
            Self::Stored(geometry) => geometry.mesh.as_ref().unwrap_or(&EMPTY),
            Self::Made(mesh) => mesh,
            Self::Light(light) => &light.mesh,
        }
    }
}

impl From<Mesh> for Drawn {
    fn from(mesh: Mesh) -> Self {
        Self::Made(Arc::new(mesh))
    }
}

/// The full shape of a row; nothing for one without a place.
///
/// # Errors
/// As [`Snapshot::geometry`].
pub fn drawn(snapshot: &Snapshot, row: Row) -> Result<Option<Drawn>> {
    let geometry = snapshot.geometry(row)?;
    if geometry.mesh.as_ref().is_some_and(|m| !m.triangles.is_empty()) {
        return Ok(Some(Drawn::Stored(geometry)));
    }
    Ok(shape::of_footprint(&geometry.footprint, snapshot.frame(), MARKER, TUBE).map(Drawn::from))
}

/// The east-north-up metres of a row whose geometry is a point.
///
/// # Errors
/// As [`Snapshot::geometry`].
pub fn point(snapshot: &Snapshot, row: Row) -> Result<Option<[f64; 3]>> {
    Ok(match snapshot.geometry(row)?.footprint {
        Footprint::Point(p) => Some(snapshot.frame().to_enu(p.into())),
        _ => None,
    })
}

/// What an asset's geometry is made of, and at least how many triangles draw it. What an earlier build wrote is read for it.
///
/// # Errors
/// As [`Snapshot::geometry`].
pub(super) fn told(snapshot: &Snapshot, asset: &AssetRef<'_>) -> Result<(Has, u32)> {
    let told = match asset.grain().told() {
        Some(told) => Some(told),
        None => Grain::of(&*snapshot.geometry(asset.row())?).told(),
    };
    Ok(told.unwrap_or((Has::Nothing, 0)))
}
