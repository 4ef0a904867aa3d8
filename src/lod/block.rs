//! A block that stands in for a building from afar, and how far it is from the truth.

use super::members::Member;
use super::shape;
use super::tree::BLOCK_ERROR;
use super::{colour, draw};
use crate::fault::{Fault, Result};
use crate::geom::{Bounds, Mesh, Parallelogram, Triangle, area_vector, cover};
use crate::store::Snapshot;
use quick_cache::sync::Cache;
use std::sync::{Arc, OnceLock};

/// An upright box around a building: the least rectangle around it seen from above, from its lowest to its highest point.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// The rectangle's corners, counter-clockwise from above; east and north metres.
    pub ring: [[f64; 2]; 4],
    /// The lowest height, metres up.
    pub low: f64,
    /// The highest height, metres up.
    pub high: f64,
    /// No point of the building's surface is farther from the block's than this; nor is a corner of the block from the nearest one of the
    /// building. Between its corners the block may be farther: see [`Block::bound`]. Metres.
    pub error: f64,
    /// The mean sRGB of the surfaces that show pictures, by their areas; nothing where none does.
    pub skin: Option<[u8; 3]>,
    /// Its bound, once that has been asked for.
    bound: OnceLock<f64>,
}

impl Block {
    /// The block around `points`, the corners of a surface; nothing when there are none.
    pub fn around(points: &[[f64; 3]], surface: &[Triangle]) -> Option<Self> {
        let mut block = Self::upright(points)?;
        // Each triangle is as near to one of the faces as its deepest corner below that one.
        let out = surface.iter().map(|triangle| block.deepest(triangle)).fold(0.0, f64::max);
        let corners = block.ring.iter().flat_map(|[x, y]| [[*x, *y, block.low], [*x, *y, block.high]]);
        let back = corners.map(|c| points.iter().map(|p| distance2(*p, c)).fold(f64::INFINITY, f64::min).sqrt());
        block.error = back.fold(out, f64::max);
        Some(block)
    }
    /// No point of it is farther from the surface in it than this, nor the other way, metres. It is no more than the error, or than the
    /// least one of a tile of blocks, where these hold between the corners too.
    pub fn bound(&self, surface: &[Triangle]) -> f64 {
        self.error.max(cover(&self.faces(), surface, self.error.max(BLOCK_ERROR)))
    }
    /// Its six faces.
    fn faces(&self) -> [Parallelogram; 6] {
        let [a, b, c, d] = self.ring;
        let up = [0.0, 0.0, self.high - self.low];
        let level = |from: [f64; 2], to: [f64; 2]| [to[0] - from[0], to[1] - from[1], 0.0];
        let wall = |from: [f64; 2], to: [f64; 2]| [[from[0], from[1], self.low], level(from, to), up];
        let flat = |height: f64| [[a[0], a[1], height], level(a, b), level(a, d)];
        [wall(a, b), wall(b, c), wall(c, d), wall(d, a), flat(self.low), flat(self.high)]
    }
    /// The block around `points`, whose error nobody has measured; nothing when there are none.
    pub(super) fn upright(points: &[[f64; 3]]) -> Option<Self> {
        let bounds = Bounds::of(points.iter().copied());
        if bounds.is_empty() {
            return None;
        }
        let (low, high) = (bounds.min[2], bounds.max[2]);
        let ring = rectangle(&hull(points.iter().map(|p| [p[0], p[1]]).collect()));
        Some(Self { ring, low, high, error: f64::INFINITY, skin: None, bound: OnceLock::new() })
    }
    /// Its walls, roof and ground.
    pub fn mesh(&self) -> Mesh {
        let mut mesh = shape::prism(&self.ring, self.low, self.high);
        if let Some([r, g, b]) = self.skin {
            mesh.surfaces.iter_mut().for_each(|surface| surface.colour = Some([r, g, b, u8::MAX]));
        }
        mesh
    }
    /// The box around it.
    pub fn bounds(&self) -> Bounds {
        Bounds::of(self.ring.iter().flat_map(|[x, y]| [[*x, *y, self.low], [*x, *y, self.high]]))
    }
    /// The greatest distance between two points of it, metres.
    pub fn diagonal(&self) -> f64 {
        let [[x, y], _, [u, v], _] = self.ring;
        (u - x).hypot(v - y).hypot(self.high - self.low)
    }
    /// How deep the deepest corner of a triangle inside lies below that face which makes this least.
    fn deepest(&self, triangle: &Triangle) -> f64 {
        let [a, b, _, d] = self.ring;
        let along = |p: &[f64; 3], from: [f64; 2], to: [f64; 2]| {
            let (u, size) = ([to[0] - from[0], to[1] - from[1]], (to[0] - from[0]).hypot(to[1] - from[1]));
            let along = if size > 0.0 { ((p[0] - from[0]) * u[0] + (p[1] - from[1]) * u[1]) / size } else { 0.0 };
            [along, size - along]
        };
        let depths = triangle.map(|p| {
            let ([w, e], [s, n]) = (along(&p, a, b), along(&p, a, d));
            [w, e, s, n, p[2] - self.low, self.high - p[2]]
        });
        (0..6).map(|k| depths.iter().map(|p| p[k]).fold(0.0, f64::max)).fold(f64::INFINITY, f64::min)
    }
}

/// Blocks by what draws their buildings, whatever rows these have: what did not change is not read again. Bounded.
pub struct Blocks(Cache<u128, Arc<Block>>);

impl Default for Blocks {
    /// Room for half a million, at about 160 bytes each when they are there.
    fn default() -> Self {
        Self(Cache::new(500_000))
    }
}

impl Blocks {
    /// The block that stands in for a building.
    ///
    /// # Errors
    /// As [`Snapshot::geometry`].
    pub(super) fn of(&self, snapshot: &Snapshot, member: &Member) -> Result<Arc<Block>> {
        if let Some(block) = self.0.get(&member.mark) {
            return Ok(block);
        }
        let mut pictures = Pictures::default();
        let (points, surface) = surface(snapshot, member, &mut |drawn| pictures.add(drawn))?;
        let block = if surface.is_empty() {
            Block::upright(&member.bounds.corners()).map(|block| Block { error: 0.0, ..block })
        } else {
            Block::around(&points, &surface)
        };
        let block = block.ok_or_else(|| Fault::internal("a building without a place"))?;
        let block = Arc::new(Block { skin: pictures.mean(), ..block });
        self.0.insert(member.mark, block.clone());
        Ok(block)
    }
}

/// The colours of surfaces that show pictures, in linear light by their areas.
#[derive(Default)]
struct Pictures {
    light: [f64; 3],
    area: f64,
}

impl Pictures {
    fn add(&mut self, mesh: &Mesh) {
        for (number, (surface, run)) in mesh.runs().enumerate() {
            if mesh.texture(number).is_none() {
                continue;
            }
            let (Some(own), Some(triangles)) = (surface.colour, mesh.triangles.get(run)) else { continue };
            let twice = |t: &[u32; 3]| {
                let vector = area_vector(&t.map(|i| mesh.point(i).unwrap_or_default()));
                vector.iter().map(|v| v * v).sum::<f64>().sqrt()
            };
            let area: f64 = triangles.iter().map(twice).sum();
            self.area += area;
            for (light, channel) in self.light.iter_mut().zip(own) {
                *light += area * f64::from(colour::linear(channel));
            }
        }
    }
    fn mean(&self) -> Option<[u8; 3]> {
        (self.area > 0.0).then(|| self.light.map(|light| colour::stored(light / self.area)))
    }
}

/// The corners and the triangles of what draws a building; none of one that only has a box.
fn surface(snapshot: &Snapshot, member: &Member, see: &mut dyn FnMut(&Mesh)) -> Result<(Vec<[f64; 3]>, Vec<Triangle>)> {
    let (mut points, mut surface) = (Vec::new(), Vec::new());
    let own = [member.row];
    for row in member.pieces().map_or(&own[..], |pieces| pieces).iter().filter(|_| !member.boxed) {
        if let Some(drawn) = draw::drawn(snapshot, *row)? {
            points.extend(drawn.points());
            see(&drawn);
            surface.extend(drawn.triangles.iter().filter_map(|t| corners(&drawn, *t)));
        }
    }
    points.retain(|p: &[f64; 3]| p.iter().all(|v| v.is_finite()));
    surface.retain(|t: &Triangle| t.as_flattened().iter().all(|v| v.is_finite()));
    Ok((points, surface))
}

fn distance2(a: [f64; 3], b: [f64; 3]) -> f64 {
    (0..3).map(|k| (a[k] - b[k]) * (a[k] - b[k])).sum()
}

fn corners(mesh: &Mesh, [a, b, c]: [u32; 3]) -> Option<Triangle> {
    Some([mesh.point(a)?, mesh.point(b)?, mesh.point(c)?])
}

/// As [`Block::bound`], of a building's own block; measured once.
///
/// # Errors
/// As [`Snapshot::geometry`].
pub(super) fn bound(snapshot: &Snapshot, member: &Member, block: &Block) -> Result<f64> {
    if let Some(bound) = block.bound.get() {
        return Ok(*bound);
    }
    let (_, surface) = surface(snapshot, member, &mut |_| ())?;
    let bound = if surface.is_empty() { block.error } else { block.bound(&surface) };
    Ok(*block.bound.get_or_init(|| bound))
}

fn turn(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> f64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

/// Drops points that lie within the four outermost ones: most of a building's, and none of its hull's.
fn strip(points: &mut Vec<[f64; 2]>) {
    let most = |x: f64, y: f64| {
        let reach = |p: &&[f64; 2]| x * p[0] + y * p[1];
        points.iter().max_by(|a, b| reach(a).total_cmp(&reach(b))).copied()
    };
    let sides = [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)].map(|(x, y)| most(x, y));
    let [Some(a), Some(b), Some(c), Some(d)] = sides else { return };
    let within = |p: &[f64; 2]| [(a, b), (b, c), (c, d), (d, a)].iter().all(|(from, to)| turn(*from, *to, *p) > 0.0);
    points.retain(|p| !within(p));
}

/// The convex hull, counter-clockwise (Andrew's monotone chain).
fn hull(mut points: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    strip(&mut points);
    points.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    points.dedup();
    let mut chain: Vec<[f64; 2]> = Vec::new();
    let mut half = |points: &mut dyn Iterator<Item = [f64; 2]>| {
        let start = chain.len();
        for p in points {
            while chain.len() >= start + 2 && turn(chain[chain.len() - 2], chain[chain.len() - 1], p) <= 0.0 {
                chain.pop();
            }
            chain.push(p);
        }
        chain.pop();
    };
    half(&mut points.iter().copied());
    half(&mut points.iter().rev().copied());
    if chain.is_empty() { points } else { chain }
}

/// The rectangle of least area around a convex ring: one of its sides lies along one of the ring's.
fn rectangle(ring: &[[f64; 2]]) -> [[f64; 2]; 4] {
    let around = |u: [f64; 2]| {
        let v = [-u[1], u[0]];
        let range = |axis: [f64; 2]| {
            ring.iter()
                .map(|p| p[0] * axis[0] + p[1] * axis[1])
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), d| (l.min(d), h.max(d)))
        };
        let ((a, b), (c, d)) = (range(u), range(v));
        let at = |s: f64, t: f64| [s * u[0] + t * v[0], s * u[1] + t * v[1]];
        ((b - a) * (d - c), [at(a, c), at(b, c), at(b, d), at(a, d)])
    };
    let mut best = around([1.0, 0.0]);
    for (i, a) in ring.iter().enumerate() {
        let b = ring[(i + 1) % ring.len()];
        let size = (b[0] - a[0]).hypot(b[1] - a[1]);
        if size > 0.0 {
            let tried = around([(b[0] - a[0]) / size, (b[1] - a[1]) / size]);
            if tried.0 < best.0 * (1.0 - 1e-9) {
                best = tried;
            }
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turned_house_gets_a_turned_block_and_its_ridge_is_the_error() {
        let (s, c) = 0.5f64.sin_cos();
        let turned = |[x, y, z]: [f64; 3]| [100.0 + c * x - s * y, 50.0 + s * x + c * y, z];
        let [p, q, r, t] = [[0.0, 0.0], [12.0, 0.0], [12.0, 8.0], [0.0, 8.0]];
        let at = |[x, y]: [f64; 2], z: f64| turned([x, y, z]);
        let (w, e) = (turned([0.0, 4.0, 9.0]), turned([12.0, 4.0, 9.0]));
        let mut house = Vec::new();
        for (a, b) in [(p, q), (q, r), (r, t), (t, p)] {
            house.extend([[at(a, 0.0), at(b, 0.0), at(b, 6.0)], [at(a, 0.0), at(b, 6.0), at(a, 6.0)]]);
        }
        house.extend([
            [at(p, 6.0), at(q, 6.0), e],
            [at(p, 6.0), e, w],
            [at(r, 6.0), at(t, 6.0), w],
            [at(r, 6.0), w, e],
        ]);
        house.extend([[at(q, 6.0), at(r, 6.0), e], [at(t, 6.0), at(p, 6.0), w]]);
        house.extend([[at(p, 0.0), at(r, 0.0), at(q, 0.0)], [at(p, 0.0), at(t, 0.0), at(r, 0.0)]]);
        let block = Block::around(house.as_flattened(), &house).unwrap();
        let area = turn(block.ring[0], block.ring[1], block.ring[2]);
        assert!((area - 96.0).abs() < 1e-6, "{area}");
        assert_eq!((block.low, block.high), (0.0, 9.0));
        // The block's upper edges are 3 m above the eaves, the nearest corners, and 2.4 m from the nearest place of the roof.
        assert!((block.error - 3.0).abs() < 1e-6, "{}", block.error);
        let bound = block.bound(&house);
        assert!((3.0..=BLOCK_ERROR).contains(&bound), "{bound}");
        assert!(Block::around(&[], &[]).is_none());
        assert!(Block::around(&[[1.0, 2.0, 3.0]], &[[[1.0, 2.0, 3.0]; 3]]).is_some_and(|b| b.error == 0.0));
    }

    /// What is told of an arch, a court and two slabs is what another way of measuring finds, though all their corners lie on the block.
    #[test]
    fn a_hollow_block_says_how_hollow_it_is() {
        let slab = |[x, y, z]: [f64; 3], [u, v, w]: [f64; 3]| {
            let mesh = shape::prism(&[[x, y], [u, y], [u, v], [x, v]], z, w);
            mesh.triangles.iter().filter_map(|t| corners(&mesh, *t)).collect::<Vec<_>>()
        };
        let pier = |x: f64| slab([x, 0.0, 0.0], [x + 2.0, 30.0, 40.0]);
        let arch = [pier(0.0), pier(48.0), slab([0.0, 0.0, 38.0], [50.0, 30.0, 40.0])].concat();
        let side = |y: f64| slab([0.0, y, 0.0], [50.0, y + 4.0, 40.0]);
        let court = [
            side(0.0),
            side(46.0),
            slab([0.0, 0.0, 0.0], [4.0, 50.0, 40.0]),
            slab([46.0, 0.0, 0.0], [50.0, 50.0, 40.0]),
        ];
        let two = [side(0.0), side(46.0)].concat();
        for (name, surface, least) in [("arch", arch, 15.0), ("court", court.concat(), 20.0), ("two slabs", two, 20.0)]
        {
            let block = Block::around(surface.as_flattened(), &surface).unwrap();
            let bound = block.bound(&surface);
            let mesh = block.mesh();
            let own: Vec<Triangle> = mesh.triangles.iter().filter_map(|t| corners(&mesh, *t)).collect();
            // From points of a grid over the block's faces to points over the surface: another way, and no more than the truth.
            let points = |triangles: &[Triangle]| -> Vec<[f64; 3]> {
                let on = |t: &Triangle, i: u32, j: u32| {
                    let (u, v) = (f64::from(i) / 24.0, f64::from(j) / 24.0);
                    std::array::from_fn(|k| t[0][k] + u * (t[1][k] - t[0][k]) + v * (t[2][k] - t[0][k]))
                };
                let of = |t: &Triangle| {
                    (0..=24)
                        .flat_map(|i| (0..=24 - i).map(move |j| (i, j)))
                        .map(|(i, j)| on(t, i, j))
                        .collect::<Vec<_>>()
                };
                triangles.iter().flat_map(of).collect()
            };
            let (from, onto) = (points(&own), points(&surface));
            let away = |p: &[f64; 3]| {
                onto.iter().map(|q| (0..3).map(|k| (p[k] - q[k]).powi(2)).sum::<f64>()).fold(f64::INFINITY, f64::min)
            };
            // The grid over the surface is 3 m wide at most.
            let real = from.iter().map(away).fold(0.0, f64::max).sqrt() - 3.0;
            assert!(bound >= real && bound >= least, "{name}: {bound} for {real}");
            assert!(block.error < bound, "{name}: its corners alone say {}", block.error);
        }
    }

    #[test]
    fn a_block_has_the_mean_of_what_its_building_shows_pictures_on() {
        use crate::geom::{Sheer, Surface, SurfaceKind, Texture, Textures, Wrap};
        let mut mesh = shape::prism(&[[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0]], 0.0, 3.0);
        let mut pictures = Pictures::default();
        pictures.add(&mesh);
        assert_eq!(pictures.mean(), None);
        // Walls of 48 m² in red, the roof of 16 m² in white, the ground without a picture.
        let wrap = [Wrap::Repeat; 2];
        let texture = Texture { picture: [1; 32], tint: [255; 4], wrap, sheer: Sheer::Never };
        let shown = vec![Default::default(); mesh.triangles.len()];
        let textures = Textures { list: vec![texture], of: vec![Some(0), Some(0), None], corners: shown };
        mesh.textures = Some(Box::new(textures));
        for (surface, colour) in mesh.surfaces.iter_mut().zip([[255, 0, 0, 255], [255; 4], [0, 255, 0, 255]]) {
            surface.colour = Some(colour);
        }
        pictures.add(&mesh);
        // A quarter of all light is 137 in sRGB.
        assert_eq!(pictures.mean(), Some([255, 137, 137]));
        let surface: Vec<Triangle> = mesh.triangles.iter().filter_map(|t| corners(&mesh, *t)).collect();
        let block = Block { skin: pictures.mean(), ..Block::around(surface.as_flattened(), &surface).unwrap() };
        let all =
            |surface: &Surface| surface.colour == Some([255, 137, 137, 255]) || surface.kind == SurfaceKind::Other;
        assert!(block.mesh().surfaces.iter().all(all));
    }
}
