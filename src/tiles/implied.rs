//! What a plan has at a level, column, row and layer of an implicit tiling: subtrees, and the same tiles as by their names.

use super::address::Address;
use super::plan::{File, Plan};
use super::tiles3d::{self, Compression, Manner, padded, straight};
use crate::fault::{Fault, Result};
use crate::formats::tiles3d::{Told, subtree};
use crate::lod::{Implied, Planner, Spot, Tiling};
use rayon::prelude::*;

/// What is asked of a site's implicit tiling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarter {
    /// The tiling's name.
    pub tiling: String,
    /// How its contents are kept.
    pub compression: Compression,
    /// Where, counted from the tiling's own square or cube.
    pub spot: Spot,
    /// Whether it has been asked for with a layer, as the tiles of an octree are.
    pub octree: bool,
    /// Whether the subtree that begins there, else the tile's content.
    pub subtree: bool,
}

impl Quarter {
    /// Reads `<folder>/<level>/<x>/<y>.glb` or `.subtree`, or `<y>-<z>` so among cubes; nothing for what is no such name.
    pub fn read(folder: &str, level: &str, x: &str, file: &str) -> Option<Self> {
        let (place, ending) = file.split_once('.')?;
        let (y, z) = place.split_once('-').map_or((place, None), |(y, z)| (y, Some(z)));
        // One name each: no sign, no zeros before.
        let number = |text: &str| text.parse::<u32>().ok().filter(|n| n.to_string() == text);
        let subtree = match ending {
            "glb" => false,
            "subtree" => true,
            _ => return None,
        };
        let (tiling, compression) = tiles3d::named(folder);
        let spot = Spot { level: number(level)?, x: number(x)?, y: number(y)?, z: number(z.unwrap_or("0"))? };
        Some(Self { tiling: tiling.into(), compression, spot, octree: z.is_some(), subtree })
    }
    pub(super) const fn manner(&self) -> Manner {
        Manner { compression: self.compression, tiling: Tiling::Implicit }
    }
    fn missing(&self) -> Fault {
        Fault::not_found(format!("there is no {self} in the city as it is now"))
            .remedy("read tileset.json and its subtrees again: they tell of the tiles there are")
    }
}

impl std::fmt::Display for Quarter {
    /// Its path beside a site's `tileset.json`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Spot { level, x, y, z } = self.spot;
        let folder = tiles3d::folder(&self.tiling, self.compression);
        write!(f, "{folder}/{level}/{x}/{y}")?;
        if self.octree {
            write!(f, "-{z}")?;
        }
        write!(f, ".{}", if self.subtree { "subtree" } else { "glb" })
    }
}

impl Plan {
    /// The name by which the content at a place is a file like any other.
    ///
    /// # Errors
    /// [`Kind::NotFound`](crate::fault::Kind::NotFound) when nothing is drawn there.
    pub fn content_at(&self, quarter: &Quarter) -> Result<Address> {
        self.content_of(quarter).map(|(address, _)| address)
    }

    /// The same, with what is to be written.
    ///
    /// # Errors
    /// As [`content_at`](Self::content_at).
    pub(super) fn content_of(&self, quarter: &Quarter) -> Result<(Address, File)> {
        let planner = self.planner(quarter.manner());
        let found = named(&planner, quarter).and_then(|implied| {
            let recipe = planner.implied_tile(&implied, implied.cell(quarter.spot)?).content?;
            Some((Address::Tile(self.hash(recipe.mark, quarter.manner())), File::Tile(recipe)))
        });
        found.ok_or_else(|| quarter.missing())
    }

    /// The bytes of the subtree at a place: only what is in it is measured.
    ///
    /// # Errors
    /// As [`content_at`](Self::content_at), also for a place at which no subtree begins; as
    /// [`Snapshot::geometry`](crate::store::Snapshot::geometry).
    pub fn subtree_at(&self, quarter: &Quarter) -> Result<Vec<u8>> {
        let planner = self.planner(quarter.manner());
        let begins = quarter.spot.level.is_multiple_of(crate::lod::SUBTREE);
        let found = named(&planner, quarter).filter(|_| begins);
        let found = found.and_then(|implied| Some((implied.subtree(quarter.spot)?, implied)));
        let (levels, implied) = found.ok_or_else(|| quarter.missing())?;
        let mut tiles: Vec<Option<Told>> = levels
            .cells
            .par_iter()
            .map(|cell| {
                let Some(cell) = cell else { return Ok(None) };
                let tile = planner.implied_tile(&implied, cell);
                let drawn = tile.content.as_ref().map(|recipe| self.measured(recipe)).transpose()?;
                let error = drawn.map_or(tile.least, |(_, error)| tile.least.max(error));
                let content = drawn.map(|(bounds, _)| bounds);
                // A leaf is what it draws; what is in others is known by their members alone.
                let bounds = content.filter(|_| error == 0.0).unwrap_or(tile.reach);
                let around = |bounds| straight(&padded(&bounds));
                Ok(Some(Told { bounds: around(bounds), error, content: content.map(around) }))
            })
            .collect::<Result<_>>()?;
        // The parts of the tile k are the tiles n k + 1 to n k + n: each level is n times the one above, after all of those.
        for k in (1..tiles.len()).rev() {
            let below = tiles[k].map_or(0.0, |part| part.error);
            if let Some(above) = &mut tiles[(k - 1) / implied.parts()] {
                above.error = above.error.max(below);
            }
        }
        Ok(subtree(&tiles, &levels.below))
    }

    /// Tells of all that is at places of one of its implicit tilings, subtrees and contents; no shape is read for it.
    pub(super) fn quarters(&self, implied: &Implied, manner: Manner, tell: &mut dyn FnMut(Quarter, Option<File>)) {
        let planner = self.planner(manner);
        let octree = implied.is_octree();
        let at = |spot, compression, subtree| Quarter { tiling: implied.name(), compression, spot, octree, subtree };
        for root in implied.subtrees() {
            tell(at(root, Compression::None, true), None);
            let Some(subtree) = implied.subtree(root) else { continue };
            for (index, cell) in subtree.cells.iter().enumerate() {
                if let Some(recipe) = cell.as_ref().and_then(|cell| planner.implied_tile(implied, cell).content) {
                    tell(at(implied.spot(root, index), manner.compression, false), Some(File::Tile(recipe)));
                }
            }
        }
    }
}

/// The implicit tiling that a place is in.
fn named(planner: &Planner<'_>, quarter: &Quarter) -> Option<Implied> {
    planner.implied(&quarter.tiling).filter(|implied| implied.is_octree() == quarter.octree)
}
