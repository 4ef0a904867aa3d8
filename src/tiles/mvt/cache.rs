//! Finished vector tiles, kept while there is room; each is made once, however many ask at a time.

use super::grid::Tile;
use super::tile::Finished;
use crate::fault::Result;
use crate::model::{Collections, SiteCode};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

/// What finished tiles may weigh together, bytes.
const CACHED: u64 = 64 << 20;

/// What a tile is of. Rights are part of the key: what one caller may see is never answered to another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// The sites that lie in the tile, with their revisions.
    pub sites: Vec<(SiteCode, u64)>,
    /// The collections that the caller may read.
    pub rights: Collections,
    /// What is asked, in one spelling.
    pub question: String,
    /// Where.
    pub tile: Tile,
}

#[derive(Clone)]
struct Weigh;

impl Weighter<Key, Finished> for Weigh {
    fn weight(&self, key: &Key, tile: &Finished) -> u64 {
        (tile.bytes.len() + key.question.len() + 32 * key.sites.len() + 128) as u64
    }
}

/// The vector tiles that were made.
pub struct Flat {
    tiles: Cache<Key, Finished, Weigh>,
}

impl Default for Flat {
    fn default() -> Self {
        Self { tiles: Cache::with_weighter(4096, CACHED, Weigh) }
    }
}

impl Flat {
    /// The tile of a key, from `make` where it is not there yet. Takes long: call it off the async threads.
    ///
    /// # Errors
    /// What `make` gives.
    pub fn tile(&self, key: &Key, make: impl FnOnce() -> Result<Finished>) -> Result<Finished> {
        self.tiles.get_or_insert_with(key, make)
    }
}
