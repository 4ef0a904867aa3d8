//! A lighter mesh that stands in for another one from afar, no point of either farther from the other than asked.

use super::bands::banded;
use super::collapse::Collapse;
use super::hausdorff::{Between, hausdorff};
use super::nearest::{Triangle, normal};
use super::solid::Welded;
use super::soup::Soup;
use super::triangulate::length;
use super::{Mesh, Surface, SurfaceKind};

/// Points nearer than this are one point; metres.
pub const WELD: f64 = 1e-4;
/// A thing loses no more of its likeness than this share of its size.
const LIKENESS: f64 = 0.2;

/// A mesh that stands in for another one.
#[derive(Debug, Clone, PartialEq)]
pub struct Light {
    /// Its triangles; seen from both sides, for a thin body becomes a sheet.
    pub mesh: Mesh,
    /// Between which bounds the two-sided Hausdorff distance to the mesh it stands in for lies; metres.
    pub error: Between,
}

/// A mesh with as few triangles as are found, no point of which is farther than `most` metres from `mesh`, nor the other way; small
/// things are kept nearer than that. Surfaces keep their kind and colour, but for parts of a few `most` across and for strips of
/// twice `most`, which may be seen as what is beside them. It has at least two triangles where `mesh` has any, and its error is
/// measured apart from how it was made, against the triangles of `mesh` as they are.
///
/// A mesh with pictures on it stays as it is: their seams lie on edges that would be collapsed, and its plain colours, a few metres
/// away, would be no likeness.
pub fn simplify(mesh: &Mesh, most: f64) -> Light {
    let itself = || Light { mesh: mesh.clone(), error: Between::default() };
    // A millimetre is for welding, for the lap of bands and for the rounding of offsets.
    let within = most.min(LIKENESS * mesh.bounds().diagonal()) - 10.0 * WELD;
    let (soup, skins) = welded(mesh);
    if soup.corners.len() <= 2 || within <= 0.0 || mesh.textures.is_some() {
        return itself();
    }
    let corner = |i: u32| mesh.positions.get(i as usize).map_or([0.0; 3], |p| p.map(f64::from));
    let before: Vec<Triangle> = mesh.triangles.iter().map(|t| t.map(corner)).collect();
    let left = Collapse::new(soup, within).run();
    let tried = banded(&left).into_iter().chain([left]).filter(|soup| soup.corners.len() < mesh.triangles.len());
    let measured = tried.map(|soup| {
        let light = assembled(mesh.origin, &soup, &skins);
        let after: Vec<Triangle> = soup.triangles();
        let error = hausdorff(&before, &after, 1e-3);
        // Offsets are rounded when they are written: by less than this.
        let error = Between { least: error.least, most: error.most + WELD };
        Light { mesh: light, error }
    });
    measured.into_iter().find(|light| light.error.most <= most).unwrap_or_else(itself)
}

/// A surface's kind and colour.
type Skin = (SurfaceKind, Option<[u8; 4]>);

/// The triangles that have an area over welded points, and the kinds and colours of their groups.
fn welded(mesh: &Mesh) -> (Soup, Vec<Skin>) {
    let mut welded = Welded::new(WELD, mesh.positions.len());
    let numbers: Vec<u32> = mesh.positions.iter().map(|p| welded.number(p.map(f64::from))).collect();
    let mut skins: Vec<Skin> = Vec::new();
    let (mut corners, mut groups) = (Vec::new(), Vec::new());
    for (surface, run) in mesh.runs() {
        let skin = (surface.kind, surface.colour);
        let group = skins.iter().position(|s| *s == skin).unwrap_or_else(|| {
            skins.push(skin);
            skins.len() - 1
        });
        for triangle in mesh.triangles.get(run).unwrap_or_default() {
            let t = triangle.map(|i| numbers.get(i as usize).copied().unwrap_or_default());
            let shape: Triangle = t.map(|i| welded.points.get(i as usize).copied().unwrap_or_default());
            if t[0] != t[1] && t[1] != t[2] && t[2] != t[0] && length(normal(&shape)) > 0.0 {
                corners.push(t);
                groups.push(u32::try_from(group).unwrap_or(u32::MAX));
            }
        }
    }
    (Soup { points: welded.points, corners, groups }, skins)
}

fn assembled(origin: [f64; 3], soup: &Soup, skins: &[Skin]) -> Mesh {
    let points = &soup.points;
    let mut left: Vec<([u32; 3], u32)> = soup.corners.iter().copied().zip(soup.groups.iter().copied()).collect();
    left.sort_by_key(|(_, group)| *group);
    let mut mesh = Mesh { origin, ..Mesh::default() };
    let mut numbers = vec![u32::MAX; points.len()];
    let mut last = None;
    for (t, group) in left {
        if last.replace(group) != Some(group) {
            let (kind, colour) = skins.get(group as usize).copied().unwrap_or_default();
            let first = u32::try_from(mesh.triangles.len()).unwrap_or(u32::MAX);
            mesh.surfaces.push(Surface { first, kind, colour });
        }
        let corner = |i: u32| {
            let number = &mut numbers[i as usize];
            if *number == u32::MAX {
                *number = u32::try_from(mesh.positions.len()).unwrap_or(u32::MAX);
                #[expect(clippy::cast_possible_truncation, reason = "offsets from an origin near by, as they were")]
                mesh.positions.push(points[i as usize].map(|v| v as f32));
            }
            *number
        };
        let t = t.map(corner);
        mesh.triangles.push(t);
    }
    mesh
}
