//! A checker of 3D Tiles 1.0 and 1.1, stricter than the standard's own: the tree, its volumes against every vertex, every
//! count, bitstream and offset of the contents.
//!
//! A vertex may lie at most a millimetre outside a volume, and half a step of its quantisation more where it is quantised.
//! Nothing is looked up outside the tileset's folder. Memory holds one JSON file and, for each core, one content.

mod accessor;
mod buffers;
mod column;
mod container;
mod content;
mod document;
mod features;
mod ids;
mod implicit;
mod instance;
mod meshopt;
mod model;
mod picture;
mod primitive;
mod report;
mod rule;
mod scene;
mod schema;
mod semantics;
mod subtree;
mod table;
mod tile;
mod volume;
mod walk;

pub use report::{Counts, Finding, Report};
pub use rule::{Rule, Severity};

use crate::fault::Result;
use crate::formats::reader::clip;
use std::path::Path;

/// Metres by which a vertex may lie outside a volume.
pub const SLACK: f64 = 1e-3;

/// Bounds of what is looked at; what is beyond them is a finding of [`Rule::Limit`].
#[derive(Debug, Clone, Copy)]
pub struct CheckLimits {
    /// Bytes of one JSON or subtree file.
    pub json: u64,
    /// Bytes of one content, and of what it is unpacked to.
    pub content: u64,
    /// Tiles in all.
    pub tiles: usize,
    /// External tilesets and subtrees, one in another.
    pub depth: usize,
    /// Places of vertices of one content that are held against volumes.
    pub places: u64,
}

impl Default for CheckLimits {
    fn default() -> Self {
        Self { json: 256 << 20, content: 1 << 30, tiles: 50_000_000, depth: 200, places: 4_000_000_000 }
    }
}

/// Checks the tileset whose first JSON is `file`; `progress` is told how many contents are done.
///
/// # Errors
/// A first file that cannot be read or is no JSON of a tileset. Everything else is a finding.
pub fn check(file: &Path, limits: &CheckLimits, progress: &dyn Fn(usize)) -> Result<Report> {
    walk::whole(file, limits, progress)
}
