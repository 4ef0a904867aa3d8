//! A block that stands in for one asset's mesh in a picture: as the shape is coloured, with an error that holds for every point of both.

use super::block::Block;
use super::colour;
use crate::fault::Result;
use crate::geom::{Mesh, Surface, SurfaceKind, inside};
use crate::model::SiteCode;
use crate::store::{Row, Snapshot};
use quick_cache::sync::Cache;
use std::sync::Arc;

/// The first of these many kinds and colours of a shape speak for all.
const SKINS: usize = 16;

/// A block in the place of a mesh.
#[derive(Debug)]
pub struct Proxy {
    block: Block,
    /// What the surfaces are that stand steeply, and the others.
    walls: Vec<Skin>,
    roofs: Vec<Skin>,
    error: f64,
}

/// Surfaces of one kind and colour, with their area in square metres.
#[derive(Debug, Clone, Copy)]
struct Skin {
    surface: Surface,
    area: f64,
}

/// Blocks by their assets' versions. Bounded.
pub struct Proxies(Cache<(SiteCode, u64), Arc<Proxy>>);

impl std::fmt::Debug for Proxies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} proxies", self.0.len())
    }
}

impl Default for Proxies {
    /// Room for 250,000, at about 300 bytes each when they are there.
    fn default() -> Self {
        Self(Cache::new(250_000))
    }
}

impl Proxies {
    /// The block in the place of a row's mesh, whatever its error; nothing for a row without a mesh.
    ///
    /// # Errors
    /// As [`Snapshot::geometry`].
    pub fn of(&self, snapshot: &Snapshot, row: Row) -> Result<Option<Arc<Proxy>>> {
        let Some(asset) = snapshot.asset(row) else { return Ok(None) };
        let key = (snapshot.site().clone(), asset.version());
        if let Some(proxy) = self.0.get(&key) {
            return Ok(Some(proxy));
        }
        let geometry = snapshot.geometry(row)?;
        let Some(proxy) = geometry.mesh.as_ref().and_then(Proxy::of) else { return Ok(None) };
        let proxy = Arc::new(proxy);
        self.0.insert(key, proxy.clone());
        Ok(Some(proxy))
    }
    /// As [`Proxies::of`], only where no point of the block is farther than `most` metres from the mesh, nor the other way.
    ///
    /// # Errors
    /// As [`Snapshot::geometry`].
    pub fn within(&self, snapshot: &Snapshot, row: Row, most: f64) -> Result<Option<Arc<Proxy>>> {
        Ok(self.of(snapshot, row)?.filter(|proxy| proxy.error <= most))
    }
}

impl Proxy {
    /// The block around a mesh; nothing when that has no triangle with a place.
    fn of(mesh: &Mesh) -> Option<Self> {
        let points: Vec<[f64; 3]> = mesh.points().filter(|p| p.iter().all(|v| v.is_finite())).collect();
        let block = Block::upright(&points).filter(|_| !mesh.triangles.is_empty())?;
        let (mut walls, mut roofs) = (Vec::new(), Vec::new());
        for (surface, run) in mesh.runs() {
            for t in mesh.triangles.get(run).unwrap_or_default() {
                let [Some(a), Some(b), Some(c)] = t.map(|i| mesh.point(i)) else { continue };
                let (u, v): ([f64; 3], [f64; 3]) =
                    (std::array::from_fn(|k| b[k] - a[k]), std::array::from_fn(|k| c[k] - a[k]));
                let n = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
                let area = n.iter().map(|d| d * d).sum::<f64>().sqrt() / 2.0;
                let steep = n[2].abs() < area;
                if surface.kind != SurfaceKind::Ground {
                    add(if steep { &mut walls } else { &mut roofs }, surface, area);
                }
            }
        }
        let error = error(&block, mesh);
        Some(Self { block, walls, roofs, error })
    }
    /// No point of the block is farther from the mesh, nor the other way; metres.
    pub fn error(&self) -> f64 {
        self.error
    }
    /// Its walls, roof and ground. A side whose surfaces differ has their mean colour, in linear light; `colour_of` says what a surface
    /// looks like.
    pub fn mesh(&self, colour_of: impl Fn(&Surface) -> [u8; 3]) -> Mesh {
        let mut mesh = self.block.mesh();
        for surface in &mut mesh.surfaces {
            let (own, other) = match surface.kind {
                SurfaceKind::Wall => (&self.walls, &self.roofs),
                SurfaceKind::Roof => (&self.roofs, &self.walls),
                _ => continue,
            };
            let skins = if own.is_empty() { other } else { own };
            let Some(first) = skins.first() else { continue };
            (surface.kind, surface.colour) = (first.surface.kind, first.surface.colour);
            if skins.len() > 1 {
                let all: f64 = skins.iter().map(|s| s.area).sum();
                let mean = |k: usize| {
                    let light = |s: &Skin| f64::from(colour::linear(colour_of(&s.surface)[k])) * s.area / all;
                    colour::stored(skins.iter().map(light).sum())
                };
                surface.colour = Some([mean(0), mean(1), mean(2), u8::MAX]);
            }
        }
        mesh
    }
}

/// How far a block and the mesh in it are from each other at most, metres: the block's diagonal where the mesh does not close or leaves
/// the middle of the block empty.
///
/// Each triangle lies within some depth of one of the six faces. What is deeper than that below every face is a smaller box that the
/// surface does not enter; where the surface winds around it, every way from a face to the smaller box meets the surface, and none is
/// longer than the three depths together.
fn error(block: &Block, mesh: &Mesh) -> f64 {
    let [a, b, _, d] = block.ring;
    let (along, across) = (from_to(a, b), from_to(a, d));
    let sizes = [along.1, across.1, block.high - block.low];
    // Along the block's three sides, from its first corner.
    let within = |p: [f64; 3]| {
        let q = [p[0] - a[0], p[1] - a[1]];
        [q[0] * along.0[0] + q[1] * along.0[1], q[0] * across.0[0] + q[1] * across.0[1], p[2] - block.low]
    };
    let mut depths = [[0.0_f64; 2]; 3];
    for t in &mesh.triangles {
        let [Some(a), Some(b), Some(c)] = t.map(|i| mesh.point(i).map(within)) else { continue };
        let below = |k: usize, far: bool| {
            let depth = |p: &[f64; 3]| if far { sizes[k] - p[k] } else { p[k] };
            [a, b, c].iter().map(depth).fold(0.0, f64::max)
        };
        let faces = (0..3).flat_map(|k| [(below(k, false), k, 0), (below(k, true), k, 1)]);
        if let Some((depth, k, side)) = faces.min_by(|a, b| a.0.total_cmp(&b.0)) {
            depths[k][side] = depths[k][side].max(depth);
        }
    }
    let hollow = (0..3).any(|k| depths[k][0] + depths[k][1] >= sizes[k]);
    let [x, y, z]: [f64; 3] = std::array::from_fn(|k| (depths[k][0] + sizes[k] - depths[k][1]) / 2.0);
    let middle = [a[0] + x * along.0[0] + y * across.0[0], a[1] + x * along.0[1] + y * across.0[1], block.low + z];
    // Otherwise it is only known that both are in the block.
    let sides = if hollow || mesh.volume().is_none() || !inside(mesh, middle).inside {
        sizes
    } else {
        depths.map(|[near, far]| near.max(far))
    };
    sides.iter().map(|side| side * side).sum::<f64>().sqrt()
}

/// The direction from one place to another and how far it is.
fn from_to(a: [f64; 2], b: [f64; 2]) -> ([f64; 2], f64) {
    let (x, y) = (b[0] - a[0], b[1] - a[1]);
    let size = x.hypot(y);
    (if size > 0.0 { [x / size, y / size] } else { [0.0; 2] }, size)
}

fn add(skins: &mut Vec<Skin>, surface: Surface, area: f64) {
    let same = |s: &Skin| (s.surface.kind, s.surface.colour) == (surface.kind, surface.colour);
    match skins.iter().position(same) {
        Some(i) => skins[i].area += area,
        None if skins.len() < SKINS => skins.push(Skin { surface, area }),
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::{Face, Polygon, Triangle, extrude, faces_to_mesh, hausdorff};

    fn footprint(rings: &[&[[f64; 2]]]) -> Polygon {
        let mut rings = rings.iter().map(|ring| ring.iter().map(|[x, y]| [50.0 + x, 20.0 + y, 0.0]).collect());
        Polygon { exterior: rings.next().unwrap(), interiors: rings.collect() }
    }

    fn rectangle([x, y]: [f64; 2], [u, v]: [f64; 2]) -> [[f64; 2]; 4] {
        [[x, y], [u, y], [u, v], [x, v]]
    }

    /// The real distance between a mesh and the block in its place, by another way than the one that is judged.
    fn apart(mesh: &Mesh) -> f64 {
        let triangles = |mesh: &Mesh| -> Vec<Triangle> {
            mesh.triangles.iter().map(|t| t.map(|i| mesh.point(i).unwrap())).collect()
        };
        let block = Proxy::of(mesh).unwrap().block.mesh();
        hausdorff(&triangles(&block), &triangles(mesh), 1e-3).least
    }

    fn told(faces: &[Face]) -> (f64, f64) {
        let mesh = faces_to_mesh(faces);
        (Proxy::of(&mesh).unwrap().error, apart(&mesh))
    }

    #[test]
    fn a_block_is_never_farther_from_its_shape_than_it_says() {
        let hall = extrude(&footprint(&[&rectangle([0.0, 0.0], [30.0, 20.0])]), 0.0, 8.0);
        assert_eq!(told(&hall).0, 0.0);
        // A gable: the block's upper edges are above the eaves.
        let at = |x: f64, y: f64, z: f64| [50.0 + x, 20.0 + y, z];
        let sloped = |ring: Vec<[f64; 3]>| {
            Face::plain(Polygon { exterior: ring, interiors: Vec::new() }, SurfaceKind::Roof, None)
        };
        let gable = vec![
            sloped(vec![at(0.0, 0.0, 0.0), at(0.0, 8.0, 0.0), at(12.0, 8.0, 0.0), at(12.0, 0.0, 0.0)]),
            sloped(vec![at(0.0, 0.0, 0.0), at(12.0, 0.0, 0.0), at(12.0, 0.0, 6.0), at(0.0, 0.0, 6.0)]),
            sloped(vec![at(12.0, 8.0, 0.0), at(0.0, 8.0, 0.0), at(0.0, 8.0, 6.0), at(12.0, 8.0, 6.0)]),
            sloped(vec![at(0.0, 0.0, 6.0), at(12.0, 0.0, 6.0), at(12.0, 4.0, 9.0), at(0.0, 4.0, 9.0)]),
            sloped(vec![at(12.0, 8.0, 6.0), at(0.0, 8.0, 6.0), at(0.0, 4.0, 9.0), at(12.0, 4.0, 9.0)]),
            sloped(vec![at(0.0, 0.0, 0.0), at(0.0, 0.0, 6.0), at(0.0, 4.0, 9.0), at(0.0, 8.0, 6.0), at(0.0, 8.0, 0.0)]),
            sloped(vec![
                at(12.0, 8.0, 0.0),
                at(12.0, 8.0, 6.0),
                at(12.0, 4.0, 9.0),
                at(12.0, 0.0, 6.0),
                at(12.0, 0.0, 0.0),
            ]),
        ];
        let (error, apart) = told(&gable);
        assert!((error - 3.0).abs() < 1e-5 && apart <= error && apart > 2.0, "{error} {apart}");
        // A bite out of a corner, a court, two slabs side by side, a table: vertices alone would not tell of some of them.
        let bite = [[0.0, 0.0], [30.0, 0.0], [30.0, 15.0], [27.0, 15.0], [27.0, 20.0], [0.0, 20.0]];
        let court = footprint(&[&rectangle([0.0, 0.0], [30.0, 20.0]), &rectangle([4.0, 4.0], [26.0, 16.0])]);
        let slab = |y: f64| extrude(&footprint(&[&rectangle([0.0, y], [30.0, y + 2.0])]), 0.0, 8.0);
        let leg = |x: f64| extrude(&footprint(&[&rectangle([x, 0.0], [x + 0.5, 20.0])]), 0.0, 6.0);
        let table = extrude(&footprint(&[&rectangle([0.0, 0.0], [30.0, 20.0])]), 6.0, 2.0);
        let (error, apart) = told(&extrude(&footprint(&[&bite]), 0.0, 8.0));
        assert!(error >= apart && error < 6.0, "{error} {apart}");
        for faces in
            [extrude(&court, 0.0, 8.0), [slab(0.0), slab(18.0)].concat(), [table, leg(0.0), leg(29.5)].concat()]
        {
            let (error, apart) = told(&faces);
            assert!(apart > 0.9 && error >= apart, "{error} {apart}");
        }
        // Without its ground it is not closed, and no more is claimed than that it is in the block.
        assert!((told(&hall[1..]).0 - 1364.0_f64.sqrt()).abs() < 1e-4);
    }

    #[test]
    fn a_side_of_several_colours_has_their_mean() {
        let mut hall = extrude(&footprint(&[&rectangle([0.0, 0.0], [30.0, 20.0])]), 0.0, 8.0);
        let white = Proxy::of(&faces_to_mesh(&hall)).unwrap().mesh(|_| [255; 3]);
        assert!(white.surfaces.iter().all(|s| s.colour.is_none()), "one kind each stays what it is");
        for (i, face) in hall.iter_mut().filter(|f| f.kind == SurfaceKind::Wall).enumerate() {
            face.colour = Some(if i % 2 == 0 { [0, 0, 0, 255] } else { [255, 255, 255, 255] });
        }
        let own = |surface: &Surface| surface.colour.map_or([9, 9, 9], |[r, g, b, _]| [r, g, b]);
        let mixed = Proxy::of(&faces_to_mesh(&hall)).unwrap().mesh(own);
        // 60 m of the walls' 100 m are black; 0.4 of full light is stored as 170.
        let half = mixed.surfaces.iter().find_map(|s| s.colour).unwrap();
        assert!((i32::from(half[0]) - 170).abs() < 3 || (i32::from(half[0]) - 203).abs() < 3, "{half:?}");
    }
}
