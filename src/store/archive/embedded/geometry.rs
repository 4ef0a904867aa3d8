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

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(positions: usize) -> Geometry {
        let points: Vec<[f64; 3]> = (0..positions).map(|i| [i as f64, -1.5, 1e6 + i as f64 / 3.0]).collect();
        let surfaces = vec![
            Surface { first: 0, kind: SurfaceKind::Roof, colour: None },
            Surface { first: 1, kind: SurfaceKind::Door, colour: Some([0, 1, 2, 3]) },
        ];
        let triangles = (2..positions as u32).map(|i| [0, i - 1, i]).collect();
        let ring = vec![[118.780_000_000_1, 32.04, 0.0], [118.79, 32.04, 0.0], [118.79, 32.05, 1.0]];
        let footprint = Footprint::Areas(vec![vec![ring.clone()], vec![ring, vec![]]]);
        Geometry { footprint, mesh: Some(Mesh::from_points(&points, triangles, surfaces)) }
    }

    #[test]
    fn geometry_comes_back_to_the_bit() {
        let point = Geometry { footprint: Footprint::Point([1.0, -0.0, f64::MIN_POSITIVE]), mesh: None };
        let lines = Geometry { footprint: Footprint::Lines(vec![vec![[0.1; 3]; 2], vec![]]), mesh: None };
        for geometry in [point, lines, Geometry::default(), sample(5), sample(65_536), sample(65_537)] {
            let mut bytes = vec![];
            encode_geometry(&geometry, &mut bytes);
            assert!(decode_geometry(&bytes).as_ref() == Some(&geometry));
            assert_eq!(decode_geometry(&bytes[..bytes.len() - 1]), None);
        }
    }

    /// Whatever the bytes: no panic, no allocation beyond them, and nothing that does not hold together.
    #[test]
    fn mutated_bytes_are_refused_or_hold_together() {
        use rand::{Rng, RngExt, SeedableRng};
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(7);
        let mut whole = vec![];
        encode_geometry(&sample(9), &mut whole);
        let mut whole_meshes = 0;
        for _ in 0..200_000 {
            let mut bytes = whole.clone();
            for _ in 0..random.random_range(1..4) {
                let at = random.random_range(0..bytes.len());
                match random.random_range(0..4) {
                    0 => bytes.truncate(at + 1),
                    1 => bytes[at] ^= 1 << random.random_range(0..8),
                    2 => bytes[at] = [0, 1, 0x7f, 0xff][random.random_range(0..4)],
                    _ => random.fill_bytes(&mut bytes[at..]),
                }
            }
            if let Some(mesh) = decode_geometry(&bytes).and_then(|g| g.mesh) {
                assert!(mesh.runs().all(|(_, run)| mesh.triangles.get(run).is_some()));
                assert!(mesh.triangles.iter().flatten().all(|i| mesh.point(*i).is_some()));
                whole_meshes += 1;
            }
        }
        assert!((10_000..190_000).contains(&whole_meshes), "both ends must be met: {whole_meshes}");
    }
}
