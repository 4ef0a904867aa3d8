//! Geometry as bytes: positions to the bit, triangle numbers in two bytes where they fit.

use super::bytes::{Bytes, Sink};
use crate::fault::{Fault, Result};
use crate::geom::{Mesh, Surface, SurfaceKind};
use crate::model::{Footprint, Geometry};

const _: () = assert!(cfg!(target_endian = "little"), "positions are stored as they lie in memory");

/// Whether `geometry` holds together: numbers finite, triangles within the positions, surfaces in order.
///
/// # Errors
/// [`Kind::BadInput`](crate::fault::Kind::BadInput) that says what does not hold.
pub(crate) fn check(geometry: &Geometry) -> Result<()> {
    let finite = |p: &[f64; 3]| p.iter().all(|c| c.is_finite());
    let footprint = match &geometry.footprint {
        Footprint::None => true,
        Footprint::Point(p) => finite(p),
        Footprint::Lines(lines) => lines.iter().flatten().all(finite),
        Footprint::Areas(areas) => areas.iter().flatten().flatten().all(finite),
    };
    if !footprint {
        return Err(Fault::bad_input("the footprint has a coordinate that is not a number"));
    }
    match &geometry.mesh {
        Some(mesh) if !finite(&mesh.origin) || !mesh.positions.iter().flatten().all(|c| c.is_finite()) => {
            Err(Fault::bad_input("the mesh has a coordinate that is not a number"))
        }
        Some(mesh) if !holds(mesh) => Err(Fault::bad_input("the mesh has triangles or surfaces beyond its positions")),
        _ => Ok(()),
    }
}

fn holds(mesh: &Mesh) -> bool {
    let (positions, triangles) = (mesh.positions.len(), mesh.triangles.len());
    positions <= u32::MAX as usize
        && triangles <= u32::MAX as usize
        && mesh.triangles.iter().flatten().all(|i| (*i as usize) < positions)
        && mesh.surfaces.iter().all(|s| s.first as usize <= triangles)
        && mesh.surfaces.is_sorted_by_key(|s| s.first)
}

/// Appends `geometry` to `out`.
pub(crate) fn encode_geometry(geometry: &Geometry, out: &mut Vec<u8>) {
    let line = |out: &mut Vec<u8>, points: &[[f64; 3]]| {
        out.u32(points.len() as u32);
        out.extend(bytemuck::cast_slice::<_, u8>(points));
    };
    match &geometry.footprint {
        Footprint::None => out.u8(0),
        Footprint::Point(p) => {
            out.u8(1);
            out.f64s(p);
        }
        Footprint::Lines(lines) => {
            out.u8(2);
            out.u32(lines.len() as u32);
            lines.iter().for_each(|l| line(out, l));
        }
        Footprint::Areas(areas) => {
            out.u8(3);
            out.u32(areas.len() as u32);
            for rings in areas {
                out.u32(rings.len() as u32);
                rings.iter().for_each(|r| line(out, r));
            }
        }
    }
    let Some(mesh) = &geometry.mesh else { return out.u8(0) };
    let short = mesh.positions.len() <= 1 << 16;
    out.u8(if short { 1 } else { 2 });
    out.f64s(&mesh.origin);
    out.u32(mesh.positions.len() as u32);
    out.extend(bytemuck::cast_slice::<_, u8>(&mesh.positions));
    out.u32(mesh.triangles.len() as u32);
    if short {
        mesh.triangles.iter().flatten().for_each(|i| out.extend((*i as u16).to_le_bytes()));
    } else {
        out.extend(bytemuck::cast_slice::<_, u8>(&mesh.triangles));
    }
    out.u32(mesh.surfaces.len() as u32);
    for surface in &mesh.surfaces {
        out.u32(surface.first);
        out.u8(SurfaceKind::ALL.iter().position(|k| *k == surface.kind).unwrap_or(0) as u8);
        out.u8(u8::from(surface.colour.is_some()));
        out.extend(surface.colour.unwrap_or_default());
    }
}

/// The geometry in `bytes`, or `None` when these are not what [`encode_geometry`] writes of a geometry that holds together.
pub(crate) fn decode_geometry(bytes: &[u8]) -> Option<Geometry> {
    let mut b = Bytes(bytes);
    let footprint = match b.u8()? {
        0 => Footprint::None,
        1 => Footprint::Point(b.f64s()?),
        2 => Footprint::Lines(lines(&mut b)?),
        3 => {
            let count = b.count(4)?;
            Footprint::Areas((0..count).map(|_| lines(&mut b)).collect::<Option<_>>()?)
        }
        _ => return None,
    };
    let mesh = match b.u8()? {
        0 => None,
        width @ (1 | 2) => Some(mesh(&mut b, width == 1)?),
        _ => return None,
    };
    b.end()?;
    let geometry = Geometry { footprint, mesh };
    check(&geometry).ok().map(|()| geometry)
}

fn lines(b: &mut Bytes) -> Option<Vec<Vec<[f64; 3]>>> {
    let count = b.count(4)?;
    (0..count)
        .map(|_| {
            let points = b.count(24)?;
            b.take(points * 24).map(bytemuck::pod_collect_to_vec)
        })
        .collect()
}

fn mesh(b: &mut Bytes, short: bool) -> Option<Mesh> {
    let origin = b.f64s()?;
    let positions = b.count(12)?;
    let positions = bytemuck::pod_collect_to_vec(b.take(positions * 12)?);
    let triangles = if short {
        let count = b.count(6)?;
        let numbers: Vec<[u16; 3]> = bytemuck::pod_collect_to_vec(b.take(count * 6)?);
        numbers.into_iter().map(|t| t.map(u32::from)).collect()
    } else {
        let count = b.count(12)?;
        bytemuck::pod_collect_to_vec(b.take(count * 12)?)
    };
    let count = b.count(10)?;
    let surfaces = (0..count)
        .map(|_| {
            let first = b.u32()?;
            let kind = *SurfaceKind::ALL.get(b.u8()? as usize)?;
            let coloured = b.u8()?;
            let colour: [u8; 4] = b.take(4)?.try_into().ok()?;
            Some(Surface { first, kind, colour: (coloured == 1).then_some(colour) })
        })
        .collect::<Option<_>>()?;
    Some(Mesh { origin, positions, triangles, surfaces })
}
