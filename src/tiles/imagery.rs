//! Imagery in 256 by 256 pixel tiles of the Web Mercator square, rows from the north, warped pixel by pixel where they are asked for.

use crate::crs::{HALF_SQUARE as HALF, from_web_mercator};
use crate::fault::{Fault, Result};
use crate::store::{Coverage, Grid, Pixel};
use png::{BitDepth, ColorType, Compression, Encoder};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde_json::{Value, json};
use std::sync::Arc;

/// Pixels along a tile's edge.
const EDGE: u32 = 256;
/// Pixels between places that are converted exactly; between them the way to the raster is as good as straight.
const STEP: u32 = 8;
/// The deepest level.
const DEEPEST: u8 = 24;
/// What finished tiles may weigh together, bytes.
const CACHED: u64 = 64 << 20;

/// One tile: level, column from the west, row from the north.
pub type Tile = (u8, u32, u32);

#[derive(Clone)]
struct Weigh;

impl Weighter<(u64, Tile), Arc<[u8]>> for Weigh {
    fn weight(&self, _: &(u64, Tile), bytes: &Arc<[u8]>) -> u64 {
        bytes.len() as u64
    }
}

/// Makes tiles of imagery when they are asked for, and keeps them while there is room. Takes long: call it off the async threads.
pub struct Imagery {
    tiles: Cache<(u64, Tile), Arc<[u8]>, Weigh>,
}

impl Default for Imagery {
    fn default() -> Self {
        Self { tiles: Cache::with_weighter(2048, CACHED, Weigh) }
    }
}

impl Imagery {
    /// The PNG of `tile` as `picture` shows it, transparent around it; nothing for what is no tile of the scheme.
    ///
    /// # Errors
    /// As [`PixelReader::pixel`](crate::store::PixelReader::pixel).
    pub fn tile(&self, picture: &Coverage, tile: Tile) -> Result<Option<Arc<[u8]>>> {
        let (z, x, y) = tile;
        let Some(grid) = picture.imagery().filter(|_| z <= DEEPEST && x < 1 << z && y < 1 << z) else {
            return Ok(None);
        };
        let make = || draw(grid, tile).and_then(|pixels| encode(&pixels)).map(Into::into);
        self.tiles.get_or_insert_with(&(picture.id(), tile), make).map(Some)
    }
}

/// Longitude and latitude of a place in a tile, in its pixels from the upper left corner.
fn place((z, x, y): Tile, column: f64, row: f64) -> [f64; 2] {
    let edge = 2.0 * HALF / f64::from(1_u32 << z);
    let east = (f64::from(x) + column / f64::from(EDGE)) * edge - HALF;
    let north = HALF - (f64::from(y) + row / f64::from(EDGE)) * edge;
    from_web_mercator([east, north])
}

/// Metres on the ground between pixels of a level at a latitude (degrees).
fn metres(z: u8, lat: f64) -> f64 {
    2.0 * HALF / f64::from(EDGE) / f64::from(1_u32 << z) * lat.to_radians().cos()
}

fn draw(grid: &Grid, tile: Tile) -> Result<Vec<Pixel>> {
    let mut out = vec![[0; 4]; (EDGE * EDGE) as usize];
    let middle = place(tile, f64::from(EDGE) / 2.0, f64::from(EDGE) / 2.0);
    let level = grid.level(metres(tile.0, middle[1]));
    let scale = 0.5_f64.powi(level as i32);
    let size = grid.pyramid().size(level);
    let mut reader = grid.pyramid().reader(level);
    // The corners of cells, converted one by one: a place beyond the CRS's area is only itself without a pixel.
    let nodes = EDGE / STEP + 1;
    let node = |k: u32| f64::from(k * STEP);
    let exact = |column: f64, row: f64| {
        let at = place(tile, column, row);
        grid.pixels(&[at]).ok().and_then(|found| found.first().copied())
    };
    let corners: Vec<Option<[f64; 2]>> =
        (0..nodes).flat_map(|j| (0..nodes).map(move |i| (i, j))).map(|(i, j)| exact(node(i), node(j))).collect();
    for row in 0..EDGE {
        for column in 0..EDGE {
            let (x, y) = (f64::from(column) + 0.5, f64::from(row) + 0.5);
            if !grid.covers(place(tile, x, y)) {
                continue;
            }
            let (i, j) = ((column / STEP) as usize, (row / STEP) as usize);
            let at = |i: usize, j: usize| corners[j * nodes as usize + i];
            let between = || {
                let (s, t) = ((x / f64::from(STEP)).fract(), (y / f64::from(STEP)).fract());
                let (a, b, c, d) = (at(i, j)?, at(i + 1, j)?, at(i, j + 1)?, at(i + 1, j + 1)?);
                let mix = |k: usize| (a[k] * (1.0 - s) + b[k] * s) * (1.0 - t) + (c[k] * (1.0 - s) + d[k] * s) * t;
                Some([mix(0), mix(1)])
            };
            // In the shallowest levels a cell is as wide as a country.
            let found = if tile.0 < 6 { exact(x, y) } else { between().or_else(|| exact(x, y)) };
            let Some([u, v]) = found.map(|place| place.map(|c| (c * scale).floor())) else { continue };
            if u >= 0.0 && v >= 0.0 && u < f64::from(size[0]) && v < f64::from(size[1]) {
                // The nearest pixel, so that colours are the file's own.
                out[(row * EDGE + column) as usize] = reader.pixel(u as u32, v as u32)?.unwrap_or_default();
            }
        }
    }
    Ok(out)
}

fn encode(pixels: &[Pixel]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, EDGE, EDGE);
    encoder.set_color(ColorType::Rgba);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fast);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(pixels.as_flattened())?;
        writer.finish()
    });
    written.map_err(|e| Fault::internal(format!("encoding a tile: {e}")))?;
    Ok(bytes)
}

/// What a client needs to know of a picture (TileJSON 3.0), whose tiles are at `base`.
pub fn describe(picture: &Coverage, base: &str) -> Value {
    let (min, max) = (picture.bounds().min, picture.bounds().max);
    let resolution = picture.imagery().map_or(1.0, |grid| grid.spec().resolution);
    let lat = (min[1] + max[1]) / 2.0;
    let deepest = (metres(0, lat) / resolution.max(1e-3)).log2().ceil().clamp(0.0, f64::from(DEEPEST)) as u8;
    // From where it is a pixel wide on.
    let wide = ((max[0] - min[0]).max(1e-9) / 360.0 * f64::from(EDGE)).log2();
    let first = (-wide).ceil().clamp(0.0, f64::from(deepest)) as u8;
    json!({
        "tilejson": "3.0.0", "name": picture.title(), "version": "1.0.0", "scheme": "xyz",
        "tiles": [format!("{base}/{{z}}/{{x}}/{{y}}.png?v={:016x}", picture.id())],
        "minzoom": first, "maxzoom": deepest, "bounds": [min[0], min[1], max[0], max[1]],
        "center": [(min[0] + max[0]) / 2.0, lat, deepest.saturating_sub(2).max(first)],
    })
}
