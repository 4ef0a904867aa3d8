//! A block that stands in for a building from afar, and how far it is from the truth.

use super::members::Member;
use super::shape;
use super::{colour, draw};
use crate::fault::{Fault, Result};
use crate::geom::{Bounds, Mesh, area_vector};
use crate::store::Snapshot;
use quick_cache::sync::Cache;
use std::sync::Arc;

/// An upright box around a building: the least rectangle around it seen from above, from its lowest to its highest point.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// The rectangle's corners, counter-clockwise from above; east and north metres.
    pub ring: [[f64; 2]; 4],
    /// The lowest height, metres up.
    pub low: f64,
    /// The highest height, metres up.
    pub high: f64,
    /// The greatest distance between the block and the building's vertices, taken both ways: from a vertex to the
    /// block's surface, and from a corner of the block to the nearest vertex. Metres.
    pub error: f64,
    /// The mean sRGB of the surfaces that show pictures, by their areas; nothing where none does.
    pub skin: Option<[u8; 3]>,
}

impl Block {
    /// The block around `points`; nothing when there are none.
    pub fn around(points: &[[f64; 3]]) -> Option<Self> {
        let bounds = Bounds::of(points.iter().copied());
        if bounds.is_empty() {
            return None;
        }
        let (low, high) = (bounds.min[2], bounds.max[2]);
        let ring = rectangle(&hull(points.iter().map(|p| [p[0], p[1]]).collect()));
        let mut block = Self { ring, low, high, error: 0.0, skin: None };
        let out = points.iter().map(|p| block.depth(*p)).fold(0.0, f64::max);
        let corners = ring.iter().flat_map(|[x, y]| [[*x, *y, low], [*x, *y, high]]);
        let back = corners.map(|c| points.iter().map(|p| distance2(*p, c)).fold(f64::INFINITY, f64::min).sqrt());
        block.error = back.fold(out, f64::max);
        Some(block)
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
    /// How deep a point inside lies below the nearest face.
    fn depth(&self, p: [f64; 3]) -> f64 {
        let [a, b, _, d] = self.ring;
        let side = |from: [f64; 2], to: [f64; 2]| {
            let (u, size) = ([to[0] - from[0], to[1] - from[1]], (to[0] - from[0]).hypot(to[1] - from[1]));
            let along = if size > 0.0 { ((p[0] - from[0]) * u[0] + (p[1] - from[1]) * u[1]) / size } else { 0.0 };
            along.min(size - along)
        };
        side(a, b).min(side(a, d)).min(p[2] - self.low).min(self.high - p[2]).max(0.0)
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
        let (mut points, mut pictures) = (Vec::new(), Pictures::default());
        let own = [member.row];
        if !member.boxed {
            for row in member.pieces().map_or(&own[..], |pieces| pieces) {
                if let Some(drawn) = draw::drawn(snapshot, *row)? {
                    points.extend(drawn.points());
                    pictures.add(&drawn);
                }
            }
        }
        if points.is_empty() {
            points.extend(member.bounds.corners());
        }
        points.retain(|p| p.iter().all(|v| v.is_finite()));
        let block = Block::around(&points).ok_or_else(|| Fault::internal("a building without a place"))?;
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

fn distance2(a: [f64; 3], b: [f64; 3]) -> f64 {
    (0..3).map(|k| (a[k] - b[k]) * (a[k] - b[k])).sum()
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
        let turned = |x: f64, y: f64, z: f64| [100.0 + c * x - s * y, 50.0 + s * x + c * y, z];
        let eaves = [(0.0, 0.0), (12.0, 0.0), (12.0, 8.0), (0.0, 8.0)];
        let mut points: Vec<_> = eaves.iter().flat_map(|(x, y)| [turned(*x, *y, 0.0), turned(*x, *y, 6.0)]).collect();
        points.extend([turned(0.0, 4.0, 9.0), turned(12.0, 4.0, 9.0)]);
        let block = Block::around(&points).unwrap();
        let area = turn(block.ring[0], block.ring[1], block.ring[2]);
        assert!((area - 96.0).abs() < 1e-6, "{area}");
        assert_eq!((block.low, block.high), (0.0, 9.0));
        // The block's upper corners are 3 m above the eaves, the nearest vertices.
        assert!((block.error - 3.0).abs() < 1e-6, "{}", block.error);
        assert!(Block::around(&[]).is_none());
        assert!(Block::around(&[[1.0, 2.0, 3.0]]).is_some_and(|b| b.error == 0.0));
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
        let corners = vec![Default::default(); mesh.triangles.len()];
        let textures = Textures { list: vec![texture], of: vec![Some(0), Some(0), None], corners };
        mesh.textures = Some(Box::new(textures));
        for (surface, colour) in mesh.surfaces.iter_mut().zip([[255, 0, 0, 255], [255; 4], [0, 255, 0, 255]]) {
            surface.colour = Some(colour);
        }
        pictures.add(&mesh);
        // A quarter of all light is 137 in sRGB.
        assert_eq!(pictures.mean(), Some([255, 137, 137]));
        let block = Block { skin: pictures.mean(), ..Block::around(&mesh.points().collect::<Vec<_>>()).unwrap() };
        let all =
            |surface: &Surface| surface.colour == Some([255, 137, 137, 255]) || surface.kind == SurfaceKind::Other;
        assert!(block.mesh().surfaces.iter().all(all));
    }
}
