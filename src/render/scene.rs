//! What a picture shows: painted meshes with the number that stands for each in the id image.

use glam::DVec3;

use super::camera::Sight;
use super::style::Paint;
use crate::fault::{Fault, Kind, Result};
use crate::geom::{Bounds, Mesh};
use crate::lod::Drawn;

/// The most triangles of one picture. With 52 bytes each they take 156 MB on the adapter.
pub const MAX_TRIANGLES: usize = 3_000_000;

/// One thing in the picture.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its number in the id image, from 1; several items may share one. 0 is the background.
    pub id: u32,
    /// Its triangles in the site's east-north-up frame.
    pub mesh: Drawn,
    /// How it looks.
    pub paint: Paint,
}

/// What is behind everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Background {
    /// Sky and ground.
    #[default]
    Sky,
    /// One sRGB colour.
    Flat([u8; 3]),
    /// Nothing: alpha 0.
    Transparent,
}

/// Everything in one picture besides the camera.
#[derive(Debug, Clone)]
pub struct Scene {
    /// The things, in any order.
    pub items: Vec<Item>,
    /// What is behind them.
    pub background: Background,
    /// Metres up (z) at which the ground is drawn behind things; none draws no ground.
    pub ground: Option<f64>,
    /// Whether the sun throws shadows.
    pub shadows: bool,
    /// Metres from the eye within which it does: the fewer, the sharper they are.
    pub shaded: f64,
}

impl Default for Scene {
    fn default() -> Self {
        Self { items: Vec::new(), background: Background::Sky, ground: None, shadows: true, shaded: f64::INFINITY }
    }
}

/// A scene as the adapter takes it: offsets from the eye, three a triangle, and one record a triangle.
#[derive(Debug, Default)]
pub(super) struct Triangles {
    /// Metres from the eye, axes east, north, up.
    pub offsets: Vec<[f32; 3]>,
    /// Normal, colour with flags in the highest byte, id, 0.
    pub faces: Vec<[u32; 4]>,
    /// How many triangles are solid; glass comes after them and throws no shadow.
    pub solid: usize,
    /// The box of the offsets that lie where shadows are thrown.
    pub bounds: Option<Bounds>,
}

impl Scene {
    /// How many triangles the scene has.
    pub fn triangles(&self) -> usize {
        self.items.iter().map(|i| i.mesh.triangles.len()).sum()
    }

    /// The box around everything; empty without items.
    pub fn bounds(&self) -> Bounds {
        self.items.iter().fold(Bounds::EMPTY, |b, i| b.union(i.mesh.bounds()))
    }

    /// The nearest item on a line of sight with the point where it is met, in `f64` and without an adapter.
    ///
    /// Glass is looked through, as in the id image.
    pub fn hit(&self, sight: Sight) -> Option<(u32, [f64; 3])> {
        let mut nearest: Option<(f64, u32)> = None;
        for item in self.items.iter().filter(|i| !i.paint.glass) {
            if sight.enters(&item.mesh.bounds()).is_none() {
                continue;
            }
            for corners in corners_of(&item.mesh) {
                if let Some(t) = meet(corners, sight)
                    && nearest.is_none_or(|(best, _)| t < best)
                {
                    nearest = Some((t, item.id));
                }
            }
        }
        nearest.map(|(t, id)| (id, (sight.origin + sight.direction * t).into()))
    }

    /// The triangles as offsets from `eye`, subtracted in `f64` so that a centimetre stays sharp anywhere in the site.
    ///
    /// # Errors
    /// [`Kind::TooLarge`] over [`MAX_TRIANGLES`].
    pub(super) fn triangles_from(&self, eye: DVec3) -> Result<Triangles> {
        let count = self.triangles();
        if count > MAX_TRIANGLES {
            return Err(Fault::new(
                Kind::TooLarge,
                format!("the picture has {count} triangles, over the limit of {MAX_TRIANGLES}"),
            )
            .remedy("show less: a smaller bbox, a storey, fewer layers"));
        }
        let mut out = Triangles {
            offsets: Vec::with_capacity(count * 3),
            faces: Vec::with_capacity(count),
            ..Triangles::default()
        };
        let mut bounds = Bounds::EMPTY;
        let (glass, solid): (Vec<&Item>, Vec<&Item>) = self.items.iter().partition(|i| i.paint.glass);
        out.solid = solid.iter().map(|i| i.mesh.triangles.len()).sum();
        for item in solid.into_iter().chain(glass) {
            let shift = DVec3::from(item.mesh.origin) - eye;
            for (surface, range) in item.mesh.runs() {
                let colour = item.paint.word(&surface);
                for corners in item.mesh.triangles.get(range).into_iter().flatten() {
                    let Some(corners) = corners_at(&item.mesh, corners) else { continue };
                    let [a, b, c] = corners;
                    let normal = (b - a).cross(c - a).normalize_or(DVec3::Z);
                    out.faces.push([pack_normal(normal), colour, item.id, 0]);
                    for corner in corners {
                        let offset = corner + shift;
                        if offset.length() <= self.shaded {
                            bounds.extend(offset.into());
                        }
                        out.offsets.push(offset.as_vec3().into());
                    }
                }
            }
        }
        out.bounds = (!bounds.is_empty()).then_some(bounds);
        Ok(out)
    }
}

/// A triangle's corners as offsets from the mesh's origin; none when it names a position that is not there.
fn corners_at(mesh: &Mesh, triangle: &[u32; 3]) -> Option<[DVec3; 3]> {
    let at = |i: u32| mesh.positions.get(i as usize).map(|p| DVec3::from(p.map(f64::from)));
    Some([at(triangle[0])?, at(triangle[1])?, at(triangle[2])?])
}

/// Every triangle's corners in the mesh's frame.
fn corners_of(mesh: &Mesh) -> impl Iterator<Item = [DVec3; 3]> + '_ {
    let origin = DVec3::from(mesh.origin);
    mesh.triangles.iter().filter_map(move |t| Some(corners_at(mesh, t)?.map(|c| c + origin)))
}

/// Where a line of sight meets a triangle, in metres along it (Möller and Trumbore 1997).
fn meet([a, b, c]: [DVec3; 3], sight: Sight) -> Option<f64> {
    let (ab, ac) = (b - a, c - a);
    let p = sight.direction.cross(ac);
    let det = ab.dot(p);
    if det.abs() < 1e-12 {
        return None;
    }
    let s = sight.origin - a;
    let u = s.dot(p) / det;
    let q = s.cross(ab);
    let v = sight.direction.dot(q) / det;
    let t = ac.dot(q) / det;
    (u >= 0.0 && v >= 0.0 && u + v <= 1.0 && t > 0.0).then_some(t)
}

/// A unit vector in 32 bits: octahedral mapping, two signed 16-bit numbers. The shader unpacks it.
fn pack_normal(n: DVec3) -> u32 {
    let n = n / (n.x.abs() + n.y.abs() + n.z.abs());
    let sign = |v: f64| if v >= 0.0 { 1.0 } else { -1.0 };
    let (x, y) = if n.z >= 0.0 { (n.x, n.y) } else { ((1.0 - n.y.abs()) * sign(n.x), (1.0 - n.x.abs()) * sign(n.y)) };
    #[expect(clippy::cast_possible_truncation, reason = "the rounded value lies within ±32767")]
    let bits = |v: f64| u32::from(((v.clamp(-1.0, 1.0) * 32767.0).round() as i16).cast_unsigned());
    bits(x) | bits(y) << 16
}
