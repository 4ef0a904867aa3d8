//! The tiles of a point cloud on their way to the disk, and the tree of them.

use super::heap::Spot;
use super::octree::UNIT;
use crate::fault::Result;
use crate::formats::tiles3d::{Box12, Vertex, points_glb};
use crate::geom::Bounds;
use crate::ingest::coverage::save;
use serde_json::{Value, json};
use std::fmt;
use std::path::{Path, PathBuf};

/// Metres by which boxes are wider than their points: rounding to 32 bits moves a point by half of that.
pub(super) const SLACK: f64 = 0.001;

/// Where a tile is, and what it is called: how often the whole cube has been halved, and how many cubes of its size are west, south
/// and below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct At {
    pub level: u32,
    pub place: [u64; 3],
}

impl At {
    /// The whole cube.
    pub const WHOLE: Self = Self { level: 0, place: [0; 3] };

    /// Its eighth number `k`: bit 0 east, bit 1 north, bit 2 up.
    pub fn eighth(self, k: usize) -> Self {
        let mut place = self.place;
        place.iter_mut().enumerate().for_each(|(axis, c)| *c = 2 * *c + (k >> axis & 1) as u64);
        Self { level: self.level + 1, place }
    }
    /// Which eighth it is of the cube above.
    pub fn number(self) -> usize {
        self.place.iter().enumerate().map(|(axis, c)| usize::from(c & 1 == 1) << axis).sum()
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [x, y, z] = self.place;
        write!(f, "{}-{x}-{y}-{z}", self.level)
    }
}

/// A tile.
#[derive(Debug)]
pub(super) struct Node {
    pub at: At,
    /// The box of its own points, where it has any; east-north-up metres.
    pub drawn: Option<Bounds>,
    /// Its geometric error, metres.
    pub error: f64,
    /// The box of all points in it and below, east-north-up metres.
    pub bounds: Bounds,
    pub children: Vec<Self>,
}

/// The middle and three half axes of a box that points in `bounds` are in once they are written.
pub(super) fn around(bounds: &Bounds) -> Box12 {
    let ([x, y, z], [a, b, c]) = (bounds.center(), bounds.size().map(|s| s / 2.0 + SLACK));
    [x, y, z, a, 0.0, 0.0, 0.0, b, 0.0, 0.0, 0.0, c]
}

impl Node {
    /// Takes a tile below this one.
    pub fn adopt(&mut self, child: Self) {
        self.bounds = self.bounds.union(child.bounds);
        self.children.push(child);
    }
    /// As `tileset.json` has it.
    pub fn json(&self) -> Value {
        let mut tile = json!({ "boundingVolume": { "box": around(&self.bounds) }, "geometricError": self.error });
        if self.drawn.is_some() {
            tile["content"] = json!({ "uri": format!("{}.glb", self.at) });
        }
        if !self.children.is_empty() {
            tile["children"] = self.children.iter().map(Self::json).collect();
        }
        tile
    }
}

/// Where a cloud's colours are from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colours {
    /// The points' own, with 8 bits as they are.
    Eight,
    /// The points' own, of 16 bits.
    Sixteen,
    /// The points' classes.
    Classes,
}

/// Writes tiles into a folder.
pub(super) struct Tiles<'a> {
    pub folder: &'a Path,
    /// Where points wait for their tile.
    pub scratch: &'a Path,
    pub colours: Colours,
    /// The most points of a tile and those below it that are sorted in memory.
    pub in_memory: u64,
    /// Tiles with content, so far.
    pub written: usize,
    /// Refuses when there is no time left; asked before each tile.
    pub go_on: &'a dyn Fn() -> Result<()>,
}

impl Tiles<'_> {
    /// Where the points of the tile `at` wait.
    pub fn spill(&self, at: At) -> PathBuf {
        self.scratch.join(at.to_string())
    }
    /// Writes the content of the tile `at`, if there are points.
    pub fn write(&mut self, at: At, points: &[Spot], error: f64) -> Result<Node> {
        let metres = |spot: &Spot| spot.place.map(|c| f64::from(c) * UNIT);
        let bounds = Bounds::of(points.iter().map(metres));
        if points.is_empty() {
            return Ok(Node { at, drawn: None, error, bounds, children: Vec::new() });
        }
        let origin = bounds.center().map(|c| (c / UNIT).round() * UNIT);
        let vertices: Vec<Vertex> = points
            .iter()
            .map(|spot| {
                let mut offset = metres(spot);
                offset.iter_mut().zip(origin).for_each(|(c, o)| *c -= o);
                Vertex::new(offset, colour(self.colours, spot), spot.class, spot.intensity, spot.returns)
            })
            .collect();
        save(self.folder, &format!("{at}.glb"), &points_glb(origin, &vertices)?)?;
        self.written += 1;
        Ok(Node { at, drawn: Some(bounds), error, bounds, children: Vec::new() })
    }
}

fn colour(colours: Colours, spot: &Spot) -> [u8; 3] {
    #[expect(clippy::cast_possible_truncation, reason = "the upper half, or numbers that are known to fit")]
    match colours {
        Colours::Eight => spot.colour.map(|c| c as u8),
        Colours::Sixteen => spot.colour.map(|c| (c >> 8) as u8),
        Colours::Classes => of_class(spot.class),
    }
}

/// A colour for each class (LAS 1.4 R15 table 17), sRGB.
const fn of_class(class: u8) -> [u8; 3] {
    match class {
        2 => [161, 130, 98],
        3 => [168, 208, 120],
        4 => [104, 172, 84],
        5 => [48, 128, 64],
        6 => [214, 110, 84],
        7 | 18 => [232, 72, 200],
        9 => [72, 132, 216],
        10 => [96, 88, 120],
        11 => [112, 112, 116],
        13..=16 => [232, 200, 72],
        17 => [148, 132, 176],
        _ => [188, 188, 188],
    }
}
