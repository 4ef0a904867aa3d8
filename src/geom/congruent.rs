//! The same shape in several places: found by how it is made up, proved by moving it onto the other.

use super::Mesh;
use super::nearest::sub;
use super::triangulate::{cross, dot, length};
use foldhash::fast::FixedState;
use foldhash::{HashMap, HashMapExt};
use std::hash::{BuildHasher, Hash, Hasher};

/// A rotation, then a shift: what moves a shape without changing it. Never a mirror.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Motion {
    /// The rotation's rows.
    pub rotation: [[f64; 3]; 3],
    /// Where (0, 0, 0) goes; metres.
    pub origin: [f64; 3],
}

const UPRIGHT: [[f64; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

impl Motion {
    /// What moves offsets from `origin` to their place.
    pub const fn from(origin: [f64; 3]) -> Self {
        Self { rotation: UPRIGHT, origin }
    }
    /// Where `p` goes.
    pub fn apply(&self, p: [f64; 3]) -> [f64; 3] {
        std::array::from_fn(|k| dot(self.rotation[k], p) + self.origin[k])
    }
    /// The mesh moved: its offsets are turned, and its origin becomes the motion's.
    pub fn place(&self, shape: &Mesh) -> Mesh {
        #[expect(clippy::cast_possible_truncation, reason = "a turned offset is as small as it was")]
        let turn = |p: &[f32; 3]| {
            let p = p.map(f64::from);
            self.rotation.map(|row| dot(row, p) as f32)
        };
        let positions = shape.positions.iter().map(turn).collect();
        Mesh {
            origin: self.origin,
            positions,
            triangles: shape.triangles.clone(),
            surfaces: shape.surfaces.clone(),
            textures: shape.textures.clone(),
        }
    }
}

/// The motion that takes the offsets of `shape` to the points of `other`, when the two are the same but for it: every corner within
/// `tolerance` metres, in the same order, with the same triangles and surfaces.
pub fn motion(shape: &Mesh, other: &Mesh, tolerance: f64) -> Option<Motion> {
    if shape.triangles != other.triangles
        || shape.surfaces != other.surfaces
        || shape.textures != other.textures
        || shape.positions.len() != other.positions.len()
    {
        return None;
    }
    let from = |i: usize| shape.positions.get(i).map(|p| p.map(f64::from));
    let to = |i: usize| other.positions.get(i).map(|p| p.map(f64::from));
    let [a, b, c] = corners(shape)?;
    let (here, there) = (frame([from(a)?, from(b)?, from(c)?])?, frame([to(a)?, to(b)?, to(c)?])?);
    // The rotation that takes one frame's axes to the other's: there × hereᵀ.
    let rotation: [[f64; 3]; 3] =
        std::array::from_fn(|i| std::array::from_fn(|j| (0..3).map(|k| there[k][i] * here[k][j]).sum()));
    // What is only moved, not turned, keeps its bits.
    let still = (0..3).all(|i| (0..3).all(|j| (rotation[i][j] - f64::from(u8::from(i == j))).abs() < 1e-12));
    let rotation = if still { UPRIGHT } else { rotation };
    let turned = Motion { rotation, origin: [0.0; 3] };
    let shift = sub(to(a)?, turned.apply(from(a)?));
    let fits = shape.positions.iter().zip(&other.positions).all(|(p, q)| {
        let away = sub(sub(q.map(f64::from), turned.apply(p.map(f64::from))), shift);
        dot(away, away) <= tolerance * tolerance
    });
    let origin = std::array::from_fn(|k| other.origin[k] + shift[k]);
    fits.then_some(Motion { rotation, origin })
}

/// Three corners far from each other: the first, the farthest from it, the farthest from the line between.
fn corners(mesh: &Mesh) -> Option<[usize; 3]> {
    let at: Vec<[f64; 3]> = mesh.positions.iter().map(|p| p.map(f64::from)).collect();
    let a = *at.first()?;
    let far = |measure: &dyn Fn([f64; 3]) -> f64| {
        let each = at.iter().enumerate().map(|(i, p)| (measure(*p), i));
        each.max_by(|x, y| x.0.total_cmp(&y.0).then(y.1.cmp(&x.1))).filter(|(d, _)| *d > 1e-6).map(|(_, i)| i)
    };
    let b = far(&|p| length(sub(p, a)))?;
    let along = sub(*at.get(b)?, a);
    let c = far(&|p| length(cross(along, sub(p, a))) / length(along))?;
    Some([0, b, c])
}

/// Three axes at right angles, by three points that are not in line.
fn frame([a, b, c]: [[f64; 3]; 3]) -> Option<[[f64; 3]; 3]> {
    let unit = |v: [f64; 3]| {
        let size = length(v);
        (size > 1e-9).then(|| v.map(|d| d / size))
    };
    let u = unit(sub(b, a))?;
    let w = unit(cross(u, sub(c, a)))?;
    Some([u, cross(w, u), w])
}

/// What a mesh keeps wherever it is moved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Print {
    /// A number of its triangles and surfaces.
    make_up: u64,
    /// The sum of its corners' distances from the first; metres.
    spread: f64,
}

impl Print {
    /// That of a mesh.
    pub fn of(mesh: &Mesh) -> Self {
        let mut hasher = FixedState::default().build_hasher();
        mesh.positions.len().hash(&mut hasher);
        hasher.write(bytemuck::cast_slice(&mesh.triangles));
        mesh.surfaces.iter().for_each(|s| (s.first, s.kind, s.colour).hash(&mut hasher));
        Self { make_up: hasher.finish(), spread: spread(mesh) }
    }
}

/// A shape met before.
#[derive(Debug)]
struct Known<T> {
    shape: Mesh,
    spread: f64,
    called: T,
}

/// Shapes met so far, each under what does not change when it is moved.
#[derive(Debug)]
pub struct Shapes<T> {
    known: HashMap<u64, Vec<Known<T>>>,
    tolerance: f64,
    /// Positions that are kept, and how many may be.
    kept: usize,
    most: usize,
}

/// Shapes that look alike by their make-up and are tried before one is taken for new.
const TRIED: usize = 1024;

impl<T: Copy> Shapes<T> {
    /// No shapes; two are the same when every corner is within `tolerance` metres. At most `most` positions are kept: shapes met
    /// after that are compared and not remembered.
    pub fn new(tolerance: f64, most: usize) -> Self {
        Self { known: HashMap::new(), tolerance, kept: 0, most }
    }
    /// The shape that `mesh` of this print repeats, by what it was called, and how to move it there.
    pub fn find(&self, mesh: &Mesh, print: Print) -> Option<(T, Motion)> {
        let alike = self.known.get(&print.make_up)?;
        #[expect(clippy::cast_precision_loss, reason = "a count of corners")]
        let within = 2.0 * self.tolerance * mesh.positions.len() as f64;
        let alike = alike.iter().filter(|known| (known.spread - print.spread).abs() <= within);
        let found = |known: &Known<T>| Some((known.called, motion(&known.shape, mesh, self.tolerance)?));
        alike.filter_map(found).next()
    }
    /// Remembers a shape of this print under a name.
    pub fn insert(&mut self, mesh: &Mesh, print: Print, called: T) {
        if self.kept + mesh.positions.len() > self.most {
            return;
        }
        let alike = self.known.entry(print.make_up).or_default();
        if alike.len() < TRIED {
            self.kept += mesh.positions.len();
            alike.push(Known { shape: mesh.clone(), spread: print.spread, called });
        }
    }
}

fn spread(mesh: &Mesh) -> f64 {
    let Some(first) = mesh.positions.first().map(|p| p.map(f64::from)) else { return 0.0 };
    mesh.positions.iter().map(|p| length(sub(p.map(f64::from), first))).sum()
}
