//! Geometry as bytes: positions to the bit, triangle numbers in two bytes where they fit.

use super::bytes::{Bytes, Sink};
use crate::fault::{Fault, Result};
use crate::formats::{put_textures, textures};
use crate::geom::{Mesh, Motion, Surface, SurfaceKind};
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
        Some(mesh) if !mesh.holds() => Err(Fault::bad_input("the mesh has triangles or surfaces beyond its positions")),
        _ => Ok(()),
    }
}

/// A shape that lies elsewhere in the log, and how to move it here.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Placed {
    /// Where the geometry lies that has the shape for its mesh, whole.
    pub offset: u64,
    /// Its packed length in bytes.
    pub length: u32,
    /// From the shape's offsets to this asset's place.
    pub motion: Motion,
}

/// A geometry as it is stored.
#[derive(Debug, PartialEq)]
pub(crate) enum Stored {
    /// With its own mesh, or none.
    Whole(Geometry),
    /// With the shape of another one.
    Placed(Footprint, Placed),
}

/// What the number of a mesh's form is greater by where textures follow.
const TEXTURED: u8 = 3;

/// Bytes of a mesh below which it is not worth sharing.
const SHARED: usize = 300;

/// Whether a mesh is large enough for its shape to be shared.
pub(crate) const fn is_shared(mesh: &Mesh) -> bool {
    mesh.positions.len() * 12 + mesh.triangles.len() * 6 >= SHARED
}

/// Appends `geometry` to `out`.
pub(crate) fn encode_geometry(geometry: &Geometry, out: &mut Vec<u8>) {
    encode_footprint(&geometry.footprint, out);
    match &geometry.mesh {
        Some(mesh) => encode_mesh(mesh, out),
        None => out.u8(0),
    }
}

/// Appends a geometry whose mesh is a shape that lies elsewhere.
pub(crate) fn encode_placed(footprint: &Footprint, placed: &Placed, out: &mut Vec<u8>) {
    encode_footprint(footprint, out);
    out.u8(3);
    out.u64(placed.offset);
    out.u32(placed.length);
    out.f64s(&placed.motion.origin);
    // Two rows of a rotation say the third.
    placed.motion.rotation.iter().take(2).for_each(|row| out.f64s(row));
}

fn encode_footprint(footprint: &Footprint, out: &mut Vec<u8>) {
    let line = |out: &mut Vec<u8>, points: &[[f64; 3]]| {
        out.u32(points.len() as u32);
        out.extend(bytemuck::cast_slice::<_, u8>(points));
    };
    match footprint {
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
}

fn encode_mesh(mesh: &Mesh, out: &mut Vec<u8>) {
    let short = mesh.positions.len() <= 1 << 16;
    out.u8(if short { 1 } else { 2 } + if mesh.textures.is_some() { TEXTURED } else { 0 });
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
    if let Some(textures) = &mesh.textures {
        put_textures(textures, out);
    }
}

/// The geometry in `bytes`, or `None` when these are not what [`encode_geometry`] or [`encode_placed`] writes of a geometry that
/// holds together.
pub(crate) fn decode_geometry(bytes: &[u8]) -> Option<Stored> {
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
    let (mesh, placed) = match b.u8()? {
        0 => (None, None),
        width @ (1 | 2) => (Some(mesh(&mut b, width == 1)?), None),
        width @ (4 | 5) => {
            let mesh = mesh(&mut b, width - TEXTURED == 1)?;
            let textures = Some(Box::new(textures(&mut b, mesh.surfaces.len(), mesh.triangles.len())?));
            (Some(Mesh { textures, ..mesh }), None)
        }
        3 => (None, Some(placed(&mut b)?)),
        _ => return None,
    };
    b.end()?;
    let geometry = Geometry { footprint, mesh };
    check(&geometry).ok()?;
    Some(match placed {
        Some(placed) => Stored::Placed(geometry.footprint, placed),
        None => Stored::Whole(geometry),
    })
}

fn placed(b: &mut Bytes) -> Option<Placed> {
    let (offset, length, origin, u, v) = (b.u64()?, b.u32()?, b.f64s()?, b.f64s::<3>()?, b.f64s::<3>()?);
    let dot = |a: &[f64; 3], b: &[f64; 3]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let upright = (dot(&u, &u) - 1.0).abs() < 1e-6 && (dot(&v, &v) - 1.0).abs() < 1e-6 && dot(&u, &v).abs() < 1e-6;
    let w = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    let motion = Motion { rotation: [u, v, w], origin };
    (upright && origin.iter().all(|c| c.is_finite())).then_some(Placed { offset, length, motion })
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
    Some(Mesh { origin, positions, triangles, surfaces, textures: None })
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

    /// A shape as [`sample`], with a picture on its door.
    fn textured(positions: usize) -> Geometry {
        use crate::geom::{Sheer, Texture, Textures, Wrap};
        let wrap = [Wrap::Repeat, Wrap::Clamp];
        let texture = Texture { picture: [9; 32], tint: [255, 0, 1, 2], wrap, sheer: Sheer::Mixed };
        let Geometry { footprint, mesh } = sample(positions);
        let mesh = mesh.map(|mesh| {
            let corners = (0..mesh.triangles.len()).map(|k| [[k as f32, -0.5], [0.25, 1.0], [0.0, 1e-9]]).collect();
            let textures = Textures { list: vec![texture], of: vec![None, Some(0)], corners };
            Mesh { textures: Some(Box::new(textures)), ..mesh }
        });
        Geometry { footprint, mesh }
    }

    #[test]
    fn geometry_comes_back_to_the_bit() {
        let point = Geometry { footprint: Footprint::Point([1.0, -0.0, f64::MIN_POSITIVE]), mesh: None };
        let lines = Geometry { footprint: Footprint::Lines(vec![vec![[0.1; 3]; 2], vec![]]), mesh: None };
        for geometry in [
            point,
            lines,
            Geometry::default(),
            sample(5),
            sample(65_536),
            sample(65_537),
            textured(5),
            textured(65_537),
        ] {
            let mut bytes = vec![];
            encode_geometry(&geometry, &mut bytes);
            assert!(decode_geometry(&bytes) == Some(Stored::Whole(geometry)));
            assert_eq!(decode_geometry(&bytes[..bytes.len() - 1]), None);
        }
    }

    #[test]
    fn a_shape_that_lies_elsewhere_comes_back_with_its_place() {
        let (s, c) = 0.7_f64.sin_cos();
        let rotation = [[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]];
        let motion = Motion { rotation, origin: [1e5, -2.0, 3.5] };
        let (footprint, placed) = (Footprint::Point([1.0, 2.0, 3.0]), Placed { offset: 77, length: 9, motion });
        let mut bytes = vec![];
        encode_placed(&footprint, &placed, &mut bytes);
        assert_eq!(decode_geometry(&bytes), Some(Stored::Placed(footprint, placed)));
        let end = bytes.len();
        assert_eq!(decode_geometry(&bytes[..end - 1]), None);
        // The last number is a row's third, 0: it becomes 2.
        bytes[end - 1] ^= 0x40;
        assert_eq!(decode_geometry(&bytes), None, "two rows that are not at right angles");
    }

    /// Whatever the bytes: no panic, no allocation beyond them, and nothing that does not hold together.
    #[test]
    fn mutated_bytes_are_refused_or_hold_together() {
        use rand::{Rng, RngExt, SeedableRng};
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(7);
        let mut whole = vec![];
        encode_geometry(&sample(9), &mut whole);
        let mut with_pictures = vec![];
        encode_geometry(&textured(9), &mut with_pictures);
        let mut whole_meshes = 0;
        for round in 0..200_000 {
            let mut bytes = if round % 4 == 0 { with_pictures.clone() } else { whole.clone() };
            for _ in 0..random.random_range(1..4) {
                let at = random.random_range(0..bytes.len());
                match random.random_range(0..4) {
                    0 => bytes.truncate(at + 1),
                    1 => bytes[at] ^= 1 << random.random_range(0..8),
                    2 => bytes[at] = [0, 1, 0x7f, 0xff][random.random_range(0..4)],
                    _ => random.fill_bytes(&mut bytes[at..]),
                }
            }
            if let Some(Stored::Whole(Geometry { mesh: Some(mesh), .. })) = decode_geometry(&bytes) {
                assert!(mesh.holds() && mesh.runs().all(|(_, run)| mesh.triangles.get(run).is_some()));
                assert!(mesh.triangles.iter().flatten().all(|i| mesh.point(*i).is_some()));
                whole_meshes += 1;
            }
        }
        assert!((10_000..190_000).contains(&whole_meshes), "both ends must be met: {whole_meshes}");
    }
}
