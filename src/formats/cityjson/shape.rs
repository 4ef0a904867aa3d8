//! Which of an object's geometries is its shape and which its footprint, and whether its solids hold.

use super::boundary::{Group, Parts, Space};
use super::model::{Geometry, Object};
use crate::formats::picture::Lost;
use crate::geom::{Closure, Face, Polygon, Shape, SurfaceKind, area_vector, closure, open_rings, turning, volume};

/// Points nearer than this are one corner, in the unit of the coordinates: files store millimetres.
const WELD: f64 = 1e-3;
/// A "solid" with more than this share of its edges open is refused.
///
/// Of the solids that real files offer (3DBAG, two releases, 6,648 solids) 17 do not close: small slits at up to 6 % of the edges. A cube without
/// one side has a third of its edges open.
const OPEN_SHARE: f64 = 0.1;

/// An object's shapes, and what was changed on the way.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    pub shape: Shape,
    pub footprint: Vec<Polygon>,
    /// The level of detail of the shape as the file writes it.
    pub lod: Option<String>,
    pub remark: Option<Remark>,
    /// The textures of the shape that are not shown.
    pub lost: Vec<Lost>,
}

/// What was changed; counted over the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Remark {
    /// The solid lacked its ground: it is added.
    NoGround,
    /// The solid has slits: taken as surfaces.
    Slits,
    /// The solid was inside out: turned.
    Turned,
    /// The best level of detail does not hold: the next one is taken.
    LowerLod,
}

/// The shape of the highest level of detail that holds, and the footprint.
pub(super) fn choose(object: &Object, space: &Space) -> Result<Chosen, String> {
    let mut levels: Vec<&Geometry> = object.geometry.iter().collect();
    // Highest first, in the file's order within a level.
    levels.sort_by(|a, b| b.lod.number.total_cmp(&a.lod.number));
    let (detailed, flat): (Vec<_>, Vec<_>) = levels.into_iter().partition(|g| !is_footprint(g));
    let mut chosen = Chosen::default();
    for geometry in &flat {
        let areas = space.parts(geometry)?.groups.into_iter().flat_map(|g| g.faces);
        chosen.footprint.extend(areas.map(|f| f.polygon));
    }
    let mut failed: Option<String> = None;
    for level in detailed.chunk_by(|a, b| a.lod.number.total_cmp(&b.lod.number).is_eq()) {
        match shape_of(level, space, object.kind.starts_with("Building")) {
            Ok((shape, remark, lost)) => {
                (chosen.shape, chosen.lost) = (shape, lost);
                chosen.lod = level.first().map(|g| g.lod.text.clone()).filter(|t| !t.is_empty());
                chosen.remark = if failed.is_some() { Some(Remark::LowerLod) } else { remark };
                failed = None;
                break;
            }
            Err(refusal) => {
                failed.get_or_insert(refusal);
            }
        }
    }
    if let Some(refusal) = failed {
        return Err(refusal);
    }
    if detailed.is_empty() && !chosen.footprint.is_empty() {
        chosen.shape = Shape::Areas(chosen.footprint.clone());
        chosen.lod = flat.first().map(|g| g.lod.text.clone()).filter(|t| !t.is_empty());
    }
    if let (true, Shape::Faces { faces, .. }) = (chosen.footprint.is_empty(), &chosen.shape) {
        chosen.footprint = ground(faces);
    }
    Ok(chosen)
}

/// Level 0 is what an object covers; its finer forms (0.1 to 0.3) count as well.
fn is_footprint(geometry: &Geometry) -> bool {
    geometry.lod.number < 1.0
        && !geometry.lod.text.is_empty()
        && matches!(geometry.kind.as_str(), "MultiSurface" | "CompositeSurface")
}

/// Ground surfaces seen from above.
fn ground(faces: &[Face]) -> Vec<Polygon> {
    faces.iter().filter(|f| f.kind == SurfaceKind::Ground).map(|f| reversed(&f.polygon)).collect()
}

fn reversed(polygon: &Polygon) -> Polygon {
    let back = |ring: &Vec<[f64; 3]>| ring.iter().rev().copied().collect::<Vec<_>>();
    Polygon { exterior: back(&polygon.exterior), interiors: polygon.interiors.iter().map(back).collect() }
}

/// A shape, what was changed about it, and which of its textures are not shown.
type Shaped = (Shape, Option<Remark>, Vec<Lost>);

fn shape_of(level: &[&Geometry], space: &Space, building: bool) -> Result<Shaped, String> {
    let mut all = Parts::default();
    for geometry in level {
        let parts = space.parts(geometry)?;
        all.points.extend(parts.points);
        all.lines.extend(parts.lines);
        all.groups.extend(parts.groups);
        all.lost.extend(parts.lost);
    }
    let mut remark = None;
    let (mut faces, mut solid) = (Vec::new(), !all.groups.is_empty());
    for mut group in all.groups {
        if group.solid {
            remark = remark.max(check(&mut group)?);
        }
        solid &= group.solid && remark != Some(Remark::Slits);
        faces.extend(group.faces);
    }
    if !faces.is_empty() {
        if building && faces.iter().all(|f| f.kind == SurfaceKind::Other) {
            name_surfaces(&mut faces);
        }
        all.lost.extend(space.pictures.bound(&mut faces));
        return Ok((Shape::Faces { faces, solid }, remark, all.lost));
    }
    match (all.lines.is_empty(), all.points.is_empty()) {
        (false, _) => Ok((Shape::Lines(all.lines), None, Vec::new())),
        (true, false) => Ok((Shape::Points(all.points), None, Vec::new())),
        (true, true) => Err("the geometry has no surface, line or point".into()),
    }
}

/// Refuses what is no solid, turns what is inside out, and says what is not quite one.
fn check(group: &mut Group) -> Result<Option<Remark>, String> {
    let mut remark = None;
    let mut closed = if group.closed { Closure::default() } else { closure(&group.faces, WELD) };
    if closed.only_lowest && add_ground(&mut group.faces) {
        remark = Some(Remark::NoGround);
        closed = closure(&group.faces, WELD);
    }
    if closed.is_closed() {
        if volume(&group.faces) < 0.0 {
            group.faces.iter_mut().for_each(Face::turn);
            remark = Some(Remark::Turned);
        }
        return Ok(remark);
    }
    #[expect(clippy::cast_precision_loss, reason = "a share of counts")]
    let share = closed.open_edges as f64 / closed.edges.max(1) as f64;
    if share <= OPEN_SHARE {
        return Ok(Some(Remark::Slits));
    }
    let [x, y, z] = closed.near.unwrap_or_default();
    Err(format!("the solid does not close: {} open edges, one near ({x:.3} {y:.3} {z:.3})", closed.open_edges))
}

/// Closes a solid that is open only at the bottom, as many block models are; whether that did it.
fn add_ground(faces: &mut Vec<Face>) -> bool {
    let Some(rings) = open_rings(faces, WELD) else { return false };
    let largest = rings.iter().map(|r| turning(r)).max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or(0.0);
    let (outer, inner): (Vec<_>, Vec<_>) = rings.into_iter().partition(|r| turning(r) * largest > 0.0);
    let mut grounds: Vec<Polygon> =
        outer.into_iter().map(|exterior| Polygon { exterior, interiors: Vec::new() }).collect();
    for hole in inner {
        let around = |p: &Polygon| hole.first().is_some_and(|corner| covers(&p.exterior, *corner));
        let Some(home) = grounds.iter().position(around) else { return false };
        grounds.iter_mut().skip(home).take(1).for_each(|p| p.interiors.push(hole.clone()));
    }
    // Where no surface is named, none is here: slope will tell.
    let named = faces.iter().any(|f| f.kind != SurfaceKind::Other);
    let kind = if named { SurfaceKind::Ground } else { SurfaceKind::Other };
    let before = faces.len();
    faces.extend(grounds.iter().map(|p| Face::plain(reversed(p), kind, None)));
    let done = closure(faces, WELD).is_closed();
    if !done {
        faces.truncate(before);
    }
    done
}

/// Whether the ring goes around the point, seen from above (even-odd rule).
fn covers(ring: &[[f64; 3]], [x, y, _]: [f64; 3]) -> bool {
    let ends = ring.iter().zip(ring.iter().cycle().skip(1));
    let crossed = |([ax, ay, _], [bx, by, _]): &(&[f64; 3], &[f64; 3])| {
        (ay > &y) != (by > &y) && x < (bx - ax) * (y - ay) / (by - ay) + ax
    };
    ends.filter(crossed).count() % 2 == 1
}

/// Tells walls, roofs and grounds of a building apart by slope and height where the file does not.
fn name_surfaces(faces: &mut [Face]) {
    let low = |face: &Face| face.polygon.exterior.iter().map(|p| p[2]).fold(f64::INFINITY, f64::min);
    let lowest = faces.iter().map(low).fold(f64::INFINITY, f64::min);
    for face in faces {
        let [x, y, z] = area_vector(&face.polygon.exterior);
        let slope = z / (x * x + y * y + z * z).sqrt();
        face.kind = match slope {
            s if s > 0.1 => SurfaceKind::Roof,
            s if s < -0.9 && low(face) < lowest + 0.1 => SurfaceKind::Ground,
            s if s.abs() <= 0.1 => SurfaceKind::Wall,
            _ => SurfaceKind::Other,
        };
    }
}
