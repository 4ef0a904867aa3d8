//! Terrain in quantized-mesh tiles (quantized-mesh 1.0), in the geographic tiling scheme: two tiles at level 0, rows from the south.

mod encode;
mod mesh;

use crate::crs::SiteFrame;
use crate::fault::Result;
use crate::geom::Bounds;
use crate::store::Relief;
use crate::units::Geodetic;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde_json::{Value, json};
use std::sync::Arc;

/// Cells along a tile's edge.
const CELLS: usize = 64;
/// The deepest level: cells of 6 mm.
const DEEPEST: u8 = 24;
/// What finished tiles may weigh together, bytes.
const CACHED: u64 = 64 << 20;
/// Metres in a degree of latitude, nearly.
const DEGREE: f64 = 111_320.0;

/// The error, in metres, at which a client takes a tile of level 0 to be: a quarter of the equator over 65 posts (what CesiumJS
/// expects of every quantized-mesh layer); half of it at each next level.
pub const LEVEL_ZERO_ERROR: f64 = 6_378_137.0 * std::f64::consts::TAU * 0.25 / (65.0 * 2.0);

/// The error of the tiles of a level: no point of the ground, as the level's posts have it, is farther from the mesh. A quarter
/// of what clients expect, metres.
pub fn error(level: u8) -> f64 {
    LEVEL_ZERO_ERROR / 4.0 / 2.0_f64.powi(i32::from(level))
}

/// One tile of the geographic scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Address {
    /// The level.
    pub z: u8,
    /// The column, from 180 degrees west.
    pub x: u32,
    /// The row, from the south pole.
    pub y: u32,
}

impl Address {
    /// The tile, if the scheme has it.
    pub fn new(z: u8, x: u32, y: u32) -> Option<Self> {
        (z <= DEEPEST && x < 2 << z && y < 1 << z).then_some(Self { z, x, y })
    }
    /// Degrees along an edge at a level.
    fn degrees(z: u8) -> f64 {
        180.0 / f64::from(1_u32 << z)
    }
}

/// The ground over one tile: posts from west to east, then from south to north, with one more around the tile on each side.
struct Posts {
    address: Address,
    /// Heights above the ellipsoid; `NaN` where there is no ground.
    heights: Vec<f64>,
}

impl Posts {
    /// Posts along an edge, the ones around the tile included.
    const WIDE: usize = CELLS + 3;

    fn new(relief: &Relief, address: Address) -> Result<Self> {
        let posts = -1..=CELLS as i32 + 1;
        let places: Vec<[f64; 2]> =
            posts.clone().flat_map(|j| posts.clone().map(move |i| Self::place_of(address, i, j))).collect();
        let metres = Address::degrees(address.z) / CELLS as f64 * DEGREE;
        let ground = relief.ground(&places, metres)?;
        let heights = ground.into_iter().map(|ground| ground.map_or(f64::NAN, |(_, ground)| ground.height)).collect();
        Ok(Self { address, heights })
    }
    fn place_of(address: Address, i: i32, j: i32) -> [f64; 2] {
        let step = Address::degrees(address.z) / CELLS as f64;
        // Counted from the globe's corner, so that neighbours have the very same numbers on their common edge.
        let at = |tile: u32, k: i32| (f64::from(tile) * CELLS as f64 + f64::from(k)) * step;
        [at(address.x, i) - 180.0, (at(address.y, j) - 90.0).clamp(-90.0, 90.0)]
    }
    /// Longitude and latitude of a post of the tile.
    fn place(&self, i: usize, j: usize) -> [f64; 2] {
        Self::place_of(self.address, i as i32, j as i32)
    }
    /// The height of a post of the tile: the ellipsoid's own where there is no ground.
    fn height(&self, i: usize, j: usize) -> f64 {
        let height = self.heights[(j + 1) * Self::WIDE + i + 1];
        or_zero(height)
    }
    /// The direction that the ground faces at a post of the tile, between geocentric axes.
    fn normal(&self, i: usize, j: usize) -> [f64; 3] {
        // The ground ends level: the step down to the ellipsoid is nothing that light should fall on.
        let own = self.heights[(j + 1) * Self::WIDE + i + 1];
        let at = |i: usize, j: usize| {
            let height = self.heights[j * Self::WIDE + i];
            if own.is_nan() || height.is_nan() { or_zero(own) } else { height }
        };
        let [lon, lat] = self.place(i, j);
        let step = Address::degrees(self.address.z) / CELLS as f64 * DEGREE;
        // Where meridians meet, a metre to the east is no direction.
        let east_step = (step * lat.to_radians().cos()).max(step * 1e-3);
        let slope =
            [(at(i + 2, j + 1) - at(i, j + 1)) / (2.0 * east_step), (at(i + 1, j + 2) - at(i + 1, j)) / (2.0 * step)];
        let length = (slope[0] * slope[0] + slope[1] * slope[1] + 1.0).sqrt();
        let enu = [-slope[0] / length, -slope[1] / length, 1.0 / length];
        let axes = SiteFrame::new(Geodetic::new(lon, lat, 0.0)).enu_to_ecef();
        std::array::from_fn(|k| axes[k] * enu[0] + axes[4 + k] * enu[1] + axes[8 + k] * enu[2])
    }
}

fn or_zero(height: f64) -> f64 {
    if height.is_nan() { 0.0 } else { height }
}

#[derive(Clone)]
struct Weigh;

impl Weighter<(u64, Address), Arc<[u8]>> for Weigh {
    fn weight(&self, _: &(u64, Address), bytes: &Arc<[u8]>) -> u64 {
        bytes.len() as u64
    }
}

/// Makes tiles of terrain when they are asked for, and keeps them while there is room. Takes long: call it off the async threads.
pub struct Terrain {
    tiles: Cache<(u64, Address), Arc<[u8]>, Weigh>,
}

impl Default for Terrain {
    fn default() -> Self {
        Self { tiles: Cache::with_weighter(4096, CACHED, Weigh) }
    }
}

impl Terrain {
    /// The tile at `address`; nothing where no terrain is that deep, but at level 0, where clients need both tiles.
    ///
    /// # Errors
    /// As [`Relief::ground`].
    pub fn tile(&self, relief: &Relief, address: Address) -> Result<Option<Arc<[u8]>>> {
        let is_there = |r: &[u32; 4]| {
            let [west, south, east, north] = *r;
            (west..=east).contains(&address.x) && (south..=north).contains(&address.y)
        };
        if address.z > 0 && !available(relief, address.z).iter().any(is_there) {
            return Ok(None);
        }
        // Terrains that may be read are part of the key: the rights of a caller.
        let key = (relief.version(), address);
        let make = || Posts::new(relief, address).map(|posts| encode::encode(&posts, &mesh::mesh(&posts)).into());
        self.tiles.get_or_insert_with(&key, make).map(Some)
    }
}

/// The deepest level at which posts are as near to each other as a terrain's pixels.
fn depth(resolution: f64) -> u8 {
    let posts = 180.0 * DEGREE / CELLS as f64 / resolution.max(1e-3);
    posts.log2().ceil().clamp(0.0, f64::from(DEEPEST)) as u8
}

/// The rectangles of tiles there are at a level: west, south, east, north, both ends included.
fn available(relief: &Relief, z: u8) -> Vec<[u32; 4]> {
    if z == 0 {
        return vec![[0, 0, 1, 0]];
    }
    let edge = Address::degrees(z);
    let deep = relief.terrains().filter(|(_, grid)| depth(grid.spec().resolution) >= z);
    deep.map(|(coverage, _)| {
        let Bounds { min, max } = coverage.bounds();
        let column = |lon: f64| (((lon + 180.0) / edge) as u32).min((2 << z) - 1);
        let row = |lat: f64| (((lat + 90.0) / edge) as u32).min((1 << z) - 1);
        [column(min[0]), row(min[1]), column(max[0]), row(max[1])]
    })
    .collect()
}

/// The layer's description, `layer.json`.
pub fn layer(relief: &Relief) -> Value {
    let deepest = relief.terrains().map(|(_, grid)| depth(grid.spec().resolution)).max().unwrap_or(0);
    let range =
        |[west, south, east, north]: [u32; 4]| json!({ "startX": west, "startY": south, "endX": east, "endY": north });
    let levels = (0..=deepest).map(|z| Value::from_iter(available(relief, z).into_iter().map(range)));
    let names: Vec<_> = relief.terrains().map(|(coverage, _)| coverage.title()).collect();
    json!({
        "tilejson": "2.1.0", "name": "terrain", "description": names.join(", "), "version": format!("{:016x}", relief.version()),
        "format": "quantized-mesh-1.0", "scheme": "tms", "projection": "EPSG:4326", "extensions": ["octvertexnormals"],
        "tiles": ["{z}/{x}/{y}.terrain?v={version}"], "bounds": [-180, -90, 180, 90],
        "minzoom": 0, "maxzoom": deepest, "available": levels.collect::<Value>(),
    })
}
