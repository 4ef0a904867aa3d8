//! Implicit tilings: where a site's tree is nothing but squares and their quarters, or cubes and their eighths, and one tile for each
//! leaf, its tiles follow from level, column, row and layer, and are told by bits instead of one by one.
//!
//! What a building opens to is told one by one. Nothing but leaves takes a shell's place, all at once; of an octree the cubes between
//! would be empty, and a reader that halves errors level by level would show nothing where the shell is gone and a cube has not opened.

use super::cell::{CUBES, Cell, Parts, Spot};
use super::members::{Place, WIDER};
use super::tree::{Planner, STAND_INS, Tile, gather, waiting};
use crate::geom::Bounds;
use std::sync::Arc;

/// How the tiles of a tileset are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Tiling {
    /// One by one, in JSON.
    #[default]
    Explicit,
    /// By bits (OGC 22-025r4 §7), as far as the tree is a quadtree or an octree; one by one above and below.
    Implicit,
}

/// How many levels a subtree has: 21 squares, or 73 cubes.
pub const SUBTREE: u32 = 3;
/// The error that the last tile with parts still has where a reader halves errors level by level, metres.
const LAST: f64 = 4.0;

/// All that is in one cell, as an implicit tiling: a square or cube that holds others down to tiles that are never divided.
#[derive(Debug, Clone)]
pub struct Implied {
    cell: Arc<Cell>,
    place: Place,
    /// Whether its inner tiles draw what stands in.
    afar: bool,
}

/// What is there in some levels of an implicit tiling, each level in Morton order.
#[derive(Debug)]
pub struct Subtree {
    /// The cells of the levels one after another.
    pub cells: Vec<Option<Arc<Cell>>>,
    /// Whether there is a subtree below, in the order of the level after the last.
    pub below: Vec<bool>,
}

impl Implied {
    pub(super) const fn new(cell: Arc<Cell>, place: Place, afar: bool) -> Self {
        Self { cell, place, afar }
    }
    /// Its name: how its members are shown, and where its square or cube is.
    pub fn name(&self) -> String {
        let Spot { level, x, y, z } = self.cell.spot;
        let square = format!("{}-{level}-{x}-{y}", self.place.name());
        if self.is_octree() { format!("{square}-{z}") } else { square }
    }
    /// Whether its tiles are cubes; else they are squares.
    pub fn is_octree(&self) -> bool {
        self.parts() == CUBES
    }
    /// Into how many a tile is divided.
    pub fn parts(&self) -> usize {
        self.cell.parts().unwrap_or_default()
    }
    /// How many levels have tiles.
    pub fn levels(&self) -> u32 {
        self.cell.levels
    }
    /// Its cube, or its square between the lowest and the highest that is drawn, wider by what reaches beyond: where a reader halves it,
    /// it meets the cells nearly, and all of it lies within.
    pub fn bounds(&self) -> Bounds {
        let (reach, (at, half)) = (self.cell.reach, self.cell.spot.cube());
        let axes = if self.is_octree() { 3 } else { 2 };
        let over = |k: usize| (at[k] - half - reach.min[k]).max(reach.max[k] - at[k] - half);
        let half = half + (0..axes).map(over).fold(0.0, f64::max);
        let side = |k: usize, half: f64, reach: f64| if k < axes { at[k] + half } else { reach };
        Bounds {
            min: std::array::from_fn(|k| side(k, -half, reach.min[k])),
            max: std::array::from_fn(|k| side(k, half, reach.max[k])),
        }
    }
    /// Its error for readers that take no errors from subtrees and halve it level by level: no less than what any of its tiles
    /// has, and enough for the last one with parts. Told without measuring anything, metres.
    pub fn error(&self) -> f64 {
        let halved = (0..self.cell.levels.saturating_sub(2)).fold(LAST, |error, _| 2.0 * error);
        let greatest = self.cell.greatest(STAND_INS + 1).first().map_or(0.0, |m| super::measure::worst(m));
        halved.max(greatest).max(2.0 * WIDER)
    }
    /// What is there from `root` on, which is counted from the tiling's own square; nothing when no tile is there.
    pub fn subtree(&self, root: Spot) -> Option<Subtree> {
        let (mut cells, mut row) = (Vec::new(), vec![Some(self.cell.at(root)?.clone())]);
        for _ in 0..SUBTREE {
            let parts = |cell: &Option<Arc<Cell>>| match cell.as_ref().map(|cell| &cell.parts) {
                Some(Parts::Cells(parts)) => parts.to_vec(),
                _ => vec![None; self.parts()],
            };
            let next = row.iter().flat_map(parts).collect();
            cells.append(&mut std::mem::replace(&mut row, next));
        }
        Some(Subtree { cells, below: row.iter().map(Option::is_some).collect() })
    }
    /// Where all its subtrees begin, the uppermost first.
    pub fn subtrees(&self) -> Vec<Spot> {
        let (mut found, mut waiting) = (Vec::new(), vec![Spot::WHOLE]);
        while let Some(root) = waiting.pop() {
            let Some(subtree) = self.subtree(root) else { continue };
            let below = (0_u32..).zip(subtree.below).filter(|(_, there)| *there);
            waiting.extend(below.map(|(morton, _)| self.down(root, SUBTREE, morton)));
            found.push(root);
        }
        found
    }
    /// The spot of the cell `index` of a subtree that begins at `root`.
    pub fn spot(&self, root: Spot, index: usize) -> Spot {
        let (mut level, mut first, mut row) = (0, 0, 1);
        while index >= first + row {
            (level, first, row) = (level + 1, first + row, row * self.parts());
        }
        self.down(root, level, u32::try_from(index - first).unwrap_or_default())
    }
    /// The spot `morton` of the level that is `levels` below `root`.
    fn down(&self, root: Spot, levels: u32, morton: u32) -> Spot {
        let axes = if self.is_octree() { 3 } else { 2 };
        (0..levels).rev().fold(root, |spot, level| spot.part(morton >> (axes * level) & ((1 << axes) - 1)))
    }
    /// The cell at `spot`, which is counted from the tiling's own square.
    pub fn cell(&self, spot: Spot) -> Option<&Arc<Cell>> {
        self.cell.at(spot)
    }
}

impl Planner<'_> {
    /// The implicit tiling of this name; nothing where there is no such cell, or not only tiles that are never divided in it.
    pub fn implied(&self, name: &str) -> Option<Implied> {
        let mut words = name.split('-');
        let place = words.next().and_then(Place::named)?;
        let mut number = || words.next()?.parse().ok();
        let spot = Spot { level: number()?, x: number()?, y: number()?, z: number().unwrap_or_default() };
        let cell = self.grove.tree(place)?.at(spot)?;
        let found = Implied::new(cell.clone(), place, place == Place::Body || self.grove.tree(Place::Body).is_none());
        let holds = cell.plain && matches!(cell.parts, Parts::Cells(_)) && found.name() == name;
        holds.then_some(found)
    }
    /// The tile of one of its cells, without its parts.
    pub fn implied_tile(&self, of: &Implied, cell: &Arc<Cell>) -> Tile {
        match &cell.parts {
            // The full shapes alone: what is told by bits has no lighter form between.
            Parts::Leaf(members) => Tile { least: 0.0, light: None, ..self.leaf(members, of.place, Some(&cell.shown)) },
            Parts::Cells(_) if of.afar => {
                // A cell of one part shows what the one below shows, lest it be a hole.
                let solid = cell.solid();
                let tile = self.inner(Vec::new(), solid.greatest(STAND_INS + 1), Some(&solid.shown));
                Tile { reach: cell.reach, ..tile }
            }
            Parts::Cells(_) => Tile { reach: cell.reach, ..gather(Vec::new(), waiting(of.place)) },
        }
    }
}
