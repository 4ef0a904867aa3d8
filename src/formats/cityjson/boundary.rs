//! Boundaries of every geometry type become faces, lines or points in real coordinates.

use super::model::{Geometry, Material, Semantics, Templates, Transform};
use super::nested::{NOTHING, Nested};
use super::texture::{Album, Dress};
use crate::formats::picture::{Lost, Pictures};
use crate::formats::reader::clip;
use crate::geom::{At, Face, Polygon, Shown, SurfaceKind};

/// What one geometry holds; one of the lists is used.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub points: Vec<[f64; 3]>,
    pub lines: Vec<Vec<[f64; 3]>>,
    /// Each group is one surface model; solids one by one, their shells together.
    pub groups: Vec<Group>,
    /// Textures that are not shown.
    pub lost: Vec<Lost>,
}

#[derive(Debug, Default)]
pub(super) struct Group {
    pub faces: Vec<Face>,
    pub solid: bool,
    /// Whether the vertex numbers alone say that a solid closes.
    pub closed: bool,
}

/// Where vertex numbers lead.
pub(super) struct Space<'a> {
    pub vertices: &'a [[f64; 3]],
    pub transform: Option<Transform>,
    pub templates: Option<&'a Templates>,
    pub materials: &'a [Material],
    pub album: &'a Album,
    pub pictures: &'a Pictures,
}

/// What is said of the surfaces of a geometry, as deeply nested as they are.
#[derive(Clone, Copy)]
struct Told<'a> {
    semantics: Option<&'a Semantics>,
    kinds: Option<&'a Nested>,
    /// One material for all of them, or one for each.
    material: Option<usize>,
    materials: Option<&'a Nested>,
    /// The texture of each.
    textures: Option<&'a Nested>,
}

impl<'a> Told<'a> {
    /// Of several themes the first by name is drawn.
    fn of(geometry: &'a Geometry, kinds: Option<&'a Nested>, textures: Option<&'a Nested>) -> Self {
        let semantics = geometry.semantics.as_ref();
        let theme = geometry.material.values().next();
        let (material, materials) = (theme.and_then(|t| t.value), theme.map(|t| &t.values));
        Self { semantics, kinds, material, materials, textures }
    }
    fn inner(self, i: usize) -> Self {
        let inner = |values: Option<&'a Nested>| values.and_then(|v| v.lists()?.get(i));
        Self { kinds: inner(self.kinds), materials: inner(self.materials), textures: inner(self.textures), ..self }
    }
    fn kind(self, i: usize) -> SurfaceKind {
        let value = number(self.kinds, i);
        let semantic = value.and_then(|v| self.semantics?.surfaces.get(v));
        semantic.map_or(SurfaceKind::Other, |s| surface_kind(&s.kind))
    }
    fn colour(self, i: usize, materials: &[Material]) -> Option<[u8; 4]> {
        materials.get(self.material.or_else(|| number(self.materials, i))?)?.colour()
    }
}

fn number(values: Option<&Nested>, i: usize) -> Option<usize> {
    let number = values?.numbers()?.get(i).copied().filter(|v| *v != NOTHING)?;
    usize::try_from(number).ok()
}

type Refusal = String;

impl Space<'_> {
    /// The geometry in real coordinates.
    pub fn parts(&self, geometry: &Geometry) -> Result<Parts, Refusal> {
        if geometry.kind == "GeometryInstance" {
            return self.instance(geometry);
        }
        let b = &geometry.boundaries.read();
        let depth = || format!("the boundaries are not nested as a {} needs", clip(&geometry.kind));
        let lists = |n: &Nested| n.lists().map(<[Nested]>::to_vec).ok_or_else(depth);
        let kinds = geometry.semantics.as_ref().map(|s| s.values.read());
        let textures = self.album.values(&geometry.texture);
        let told = Told::of(geometry, kinds.as_ref(), textures.as_ref());
        let mut parts = Parts::default();
        match geometry.kind.as_str() {
            "MultiPoint" => parts.points = self.row(b.numbers().ok_or_else(depth)?)?,
            "MultiLineString" => {
                for line in b.lists().ok_or_else(depth)? {
                    let line = self.row(line.numbers().ok_or_else(depth)?)?;
                    parts.lines.extend((line.len() > 1).then_some(line));
                }
            }
            "MultiSurface" | "CompositeSurface" => {
                let faces = self.faces(b, told, &mut parts.lost).ok_or_else(depth)??;
                parts.groups.push(Group { faces, solid: false, closed: false });
            }
            "Solid" => {
                let solid = self.solid(b, told, &mut parts.lost).ok_or_else(depth)??;
                parts.groups.push(solid);
            }
            "MultiSolid" | "CompositeSolid" => {
                for (i, solid) in lists(b)?.iter().enumerate() {
                    let solid = self.solid(solid, told.inner(i), &mut parts.lost).ok_or_else(depth)??;
                    parts.groups.push(solid);
                }
            }
            other => return Err(format!("'{}' is not a geometry type of CityJSON", clip(other))),
        }
        Ok(parts)
    }
    fn solid(&self, shells: &Nested, told: Told, lost: &mut Vec<Lost>) -> Option<Result<Group, Refusal>> {
        let mut faces = Vec::new();
        for (i, shell) in shells.lists()?.iter().enumerate() {
            match self.faces(shell, told.inner(i), lost)? {
                Ok(more) if faces.is_empty() => faces = more,
                Ok(more) => faces.extend(more),
                Err(refusal) => return Some(Err(refusal)),
            }
        }
        Some(Ok(Group { faces, solid: true, closed: closes(shells)? }))
    }
    /// The surfaces of one shell; nothing when the nesting is wrong.
    fn faces(&self, shell: &Nested, told: Told, lost: &mut Vec<Lost>) -> Option<Result<Vec<Face>, Refusal>> {
        let surfaces = shell.lists()?;
        let mut faces = Vec::with_capacity(surfaces.len());
        for (i, surface) in surfaces.iter().enumerate() {
            let mut polygon = Polygon::default();
            let dress = self.dress(told, i, surface, lost);
            let mut at = Vec::new();
            for (number, ring) in surface.lists()?.iter().enumerate() {
                let ring = self.row(ring.numbers()?).map(|ring| match &dress {
                    None => open_ring(ring),
                    Some(dress) => {
                        let (ring, shown) = open_both(ring, dress.rings.get(number).map_or(&[], Vec::as_slice));
                        // Rings that are left out below show nothing.
                        at.extend(if ring.len() > 2 { shown } else { Vec::new() });
                        ring
                    }
                });
                match (ring, number) {
                    (Ok(ring), 0) => polygon.exterior = ring,
                    (Ok(ring), _) if ring.len() > 2 => polygon.interiors.push(ring),
                    (Ok(_), _) => {}
                    (Err(refusal), _) => return Some(Err(refusal)),
                }
            }
            // A surface whose outer ring is a line or a point covers nothing; its neighbours still close without it.
            if polygon.exterior.len() > 2 {
                let own = dress.as_ref().and_then(|dress| dress.look.mean).map(|[r, g, b]| [r, g, b, u8::MAX]);
                let colour = own.or_else(|| told.colour(i, self.materials));
                let shown = dress.map(|dress| Box::new(Shown { texture: dress.texture, at }));
                faces.push(Face { polygon, kind: told.kind(i), colour, shown });
            }
        }
        Some(Ok(faces))
    }
    /// What surface `i` of the told ones shows.
    fn dress(&self, told: Told, i: usize, surface: &Nested, lost: &mut Vec<Lost>) -> Option<Dress> {
        match self.album.dress(told.textures?.lists()?.get(i)?, surface, self.pictures)? {
            Ok(dress) => Some(dress),
            Err(why) => {
                if !lost.contains(&why) {
                    lost.push(why);
                }
                None
            }
        }
    }
    fn row(&self, numbers: &[u32]) -> Result<Vec<[f64; 3]>, Refusal> {
        numbers.iter().map(|n| self.vertex(*n)).collect()
    }
    fn vertex(&self, number: u32) -> Result<[f64; 3], Refusal> {
        let count = self.vertices.len();
        let stored = self.vertices.get(number as usize);
        let stored = stored.ok_or_else(|| format!("vertex {number} does not exist (there are {count})"))?;
        let real = match self.transform {
            None => *stored,
            Some(t) => {
                let [[x, y, z], [sx, sy, sz], [tx, ty, tz]] = [*stored, t.scale, t.translate];
                [x * sx + tx, y * sy + ty, z * sz + tz]
            }
        };
        if real.iter().all(|v| v.is_finite()) { Ok(real) } else { Err(format!("vertex {number} is not a place")) }
    }
    /// A template turned and scaled by a row-major 4x4 matrix and moved to its reference point (CityJSON §3.4).
    fn instance(&self, geometry: &Geometry) -> Result<Parts, Refusal> {
        let templates = self.templates.ok_or("an instance stands in a file without templates")?;
        let number = geometry.template.ok_or("an instance names no template")?;
        let template = templates.templates.get(number).ok_or_else(|| format!("template {number} does not exist"))?;
        if template.kind == "GeometryInstance" {
            return Err(format!("template {number} is itself an instance"));
        }
        let [m @ .., _, _, _, w] = geometry.matrix.as_deref().unwrap_or(&[]) else {
            return Err("the transformation matrix has not 16 numbers".into());
        };
        let rows: Vec<[f64; 4]> = m.chunks_exact(4).filter_map(|row| row.try_into().ok()).collect();
        let (Ok(rows), true) = (<[[f64; 4]; 3]>::try_from(rows), m.len() == 12 && *w != 0.0) else {
            return Err("the transformation matrix has not 16 numbers".into());
        };
        let anchor = geometry.boundaries.read();
        let Some(&[anchor]) = anchor.numbers() else { return Err("an instance has not one reference point".into()) };
        let anchor = self.vertex(anchor)?;
        let own = Space {
            vertices: &templates.vertices,
            transform: None,
            templates: None,
            materials: &templates.materials,
            album: &templates.album,
            pictures: self.pictures,
        };
        let mut parts = own.parts(template)?;
        let [ax, ay, az] = anchor;
        let place = |p: &mut [f64; 3]| {
            let [x, y, z] = *p;
            let [rx, ry, rz] = rows.map(|[a, b, c, d]| (a * x + b * y + c * z + d) / w);
            *p = [rx + ax, ry + ay, rz + az];
        };
        parts.points.iter_mut().for_each(place);
        parts.lines.iter_mut().flatten().for_each(place);
        for face in parts.groups.iter_mut().flat_map(|g| &mut g.faces) {
            face.polygon.exterior.iter_mut().chain(face.polygon.interiors.iter_mut().flatten()).for_each(place);
        }
        Ok(parts)
    }
}

/// Whether every edge between two vertex numbers is run through as often one way as the other. Numbers of one place that differ
/// leave a gap here which is none.
fn closes(shells: &Nested) -> Option<bool> {
    // An edge and the way that it is passed in one number: they sort fast.
    let mut passed: Vec<u64> = Vec::new();
    for shell in shells.lists()? {
        for surface in shell.lists()? {
            for ring in surface.lists()? {
                let ring = ring.numbers()?;
                if ring.iter().any(|number| *number > u32::MAX >> 1) {
                    return Some(false);
                }
                let Some(mut from) = ring.last().copied() else { continue };
                for to in ring.iter().copied() {
                    let edge = u64::from(from.min(to)) << 32 | u64::from(from.max(to)) << 1;
                    passed.extend((from != to).then_some(edge | u64::from(from < to)));
                    from = to;
                }
            }
        }
    }
    passed.sort_unstable();
    let balanced = |beside: &[u64]| 2 * beside.iter().filter(|edge| *edge & 1 == 1).count() == beside.len();
    Some(passed.chunk_by(|one, other| one >> 1 == other >> 1).all(balanced))
}

/// The ring without points that repeat their neighbour; files close rings now and then against the standard.
fn open_ring(mut ring: Vec<[f64; 3]>) -> Vec<[f64; 3]> {
    ring.dedup();
    while ring.len() > 1 && ring.first() == ring.last() {
        ring.pop();
    }
    ring
}

/// As [`open_ring`], with what its points show.
fn open_both(ring: Vec<[f64; 3]>, at: &[At]) -> (Vec<[f64; 3]>, Vec<At>) {
    let mut both: Vec<([f64; 3], At)> = ring.into_iter().zip(at.iter().copied()).collect();
    both.dedup_by(|a, b| a.0 == b.0);
    while both.len() > 1 && both.first().map(|b| b.0) == both.last().map(|b| b.0) {
        both.pop();
    }
    both.into_iter().unzip()
}

/// The kind for a semantic surface's type; extensions (`+…`) and the types of roads and waters are other.
fn surface_kind(name: &str) -> SurfaceKind {
    match name {
        "WallSurface" | "InteriorWallSurface" => SurfaceKind::Wall,
        "RoofSurface" => SurfaceKind::Roof,
        "GroundSurface" => SurfaceKind::Ground,
        "FloorSurface" | "OuterFloorSurface" | "CeilingSurface" | "OuterCeilingSurface" => SurfaceKind::Floor,
        "Window" => SurfaceKind::Window,
        "Door" => SurfaceKind::Door,
        _ => SurfaceKind::Other,
    }
}
