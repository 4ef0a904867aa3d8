//! The tree of tiles of one site: stand-ins from afar, full shapes near, a building's inside nearest. It is made a document at a
//! time, from members alone: no shape is read before a tile's error or bytes are asked for.

use super::cell::{CUBES, Cell, Parts, greatest_of};
use super::grove::Grove;
use super::implied::{Implied, Tiling};
use super::light;
use super::members::{Member, Place};
use crate::geom::Bounds;
use crate::store::Snapshot;
use std::sync::{Arc, OnceLock};
use xxhash_rust::xxh3::Xxh3Default;

/// A node before anything is measured: what to draw in its place while its error is small enough on the screen, and its parts for
/// when it is not. Parts replace the node's own content.
#[derive(Debug, Clone)]
pub struct Tile {
    /// A box around all that it and its parts may draw; east-north-up metres.
    pub reach: Bounds,
    /// Its error is at least this, metres, and that of what stands in it; 0 for a leaf that has no lighter form.
    pub least: f64,
    /// What it draws; nothing for a tile that only gathers parts.
    pub content: Option<Arc<Recipe>>,
    /// The same in a lighter form, to be drawn first where making it shows that it saves enough: only for a leaf.
    pub light: Option<Arc<Recipe>>,
    /// The document that stands here, instead of anything else.
    pub nested: Option<Stem>,
    /// The implicit tiling that stands here, instead of anything else.
    pub implied: Option<Implied>,
    /// Its parts.
    pub children: Vec<Tile>,
}

/// How a tile's features are drawn, all alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Look {
    /// As meshes.
    Solid,
    /// As meshes that are seen through.
    Glass,
    /// As equal markers.
    Markers,
}

/// As what members are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Detail {
    /// At full detail.
    Whole,
    /// Within a few centimetres.
    Light,
    /// By what stands in for them.
    StandIns,
}

/// What one tile draws.
#[derive(Debug)]
pub struct Recipe {
    /// How it is drawn.
    pub look: Look,
    /// As what.
    pub detail: Detail,
    /// The features, ordered by their ids.
    pub members: Vec<Arc<Member>>,
    /// A hash of all this, whatever rows there are.
    pub mark: u128,
    /// The box around it and its error, once they have been measured.
    pub(super) measured: OnceLock<(Bounds, f64)>,
}

/// Where a document begins: a tileset of its own within that of a site.
#[derive(Debug, Clone)]
pub enum Stem {
    /// All of a site.
    Site,
    /// What is in a cell, shown so; from afar too, where the flag says so.
    Cell(Arc<Cell>, Place, bool),
    /// A building that opens.
    Building(Arc<Member>),
    /// Part of the inside of a building with very much in it.
    Inside(Arc<Cell>, Place),
}

/// At most this many stand-ins in a tile.
pub(super) const STAND_INS: usize = 1024;
/// The least error of blocks: they lack colours and openings even where their shape is true. Metres.
pub(super) const BLOCK_ERROR: f64 = 4.0;
/// The error of a tile whose parts are small things or the inside of a building. Metres.
const NEAR: f64 = 4.0;
/// The error of a tile that draws nothing itself and whose parts must be seen from everywhere. Metres.
const FAR: f64 = 8192.0;
/// The error of a tile whose parts are rooms. Metres.
const NEAREST: f64 = 1.0;
/// A leaf may have a lighter form when it has this many triangles, at least half of them in detailed shapes.
const HEAVY: u64 = 1000;
/// A wall, window or room of more triangles than this is detailed.
const DETAILED: u32 = 50;
/// So is a whole building, road or tree of more than this: a model, not what a survey of a city makes of it.
const DETAILED_BODY: u32 = 10_000;
/// How many levels of quarters a document has below its root: at most 85 tiles, and what stands in its leaves.
const LEVELS: usize = 3;
/// How many levels of eighths: at most 73 tiles.
const LAYERS: usize = 2;
/// Of a tree of more members than this a site's tileset has one level only: a server that has just started is to answer it at once.
const MANY: usize = 20_000;
/// A leaf with more buildings that open than this is a document of its own.
const OPEN: usize = 8;
/// At most this many tiles in the document of a building.
const PARTS: usize = 900;

impl Stem {
    /// A hash of all that its document says, whatever rows there are.
    pub fn mark(&self) -> u128 {
        let mut hasher = Xxh3Default::new();
        match self {
            Self::Site => hasher.update(b"site"),
            Self::Cell(cell, place, afar) => {
                hasher.update(b"cell");
                hasher.update(&[*place as u8, u8::from(*afar)]);
                hasher.update(&cell.mark.to_le_bytes());
            }
            Self::Building(member) => {
                hasher.update(b"building");
                hasher.update(&member.deep().to_le_bytes());
            }
            Self::Inside(cell, place) => {
                hasher.update(b"inside");
                hasher.update(&[*place as u8]);
                hasher.update(&cell.mark.to_le_bytes());
            }
        }
        hasher.digest128()
    }
}

/// Makes documents of one snapshot's grove.
pub struct Planner<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) grove: &'a Grove,
    tiling: Tiling,
}

impl<'a> Planner<'a> {
    /// Of the grove of this snapshot.
    pub const fn new(snapshot: &'a Snapshot, grove: &'a Grove, tiling: Tiling) -> Self {
        Self { snapshot, grove, tiling }
    }

    /// The root tile of a document; nothing when nothing is drawn.
    pub fn document(&self, stem: &Stem) -> Option<Tile> {
        Some(match stem {
            Stem::Site => return self.site(),
            Stem::Cell(cell, place, afar) => self.grow(cell, *place, *afar, levels(cell)),
            Stem::Building(member) => self.open(member),
            Stem::Inside(cell, place) => gather(self.within(cell, *place), waiting(*place)),
        })
    }

    fn site(&self) -> Option<Tile> {
        let tree = |place| self.grove.tree(place);
        // Where nothing is seen from afar, small things must be.
        let bodies = tree(Place::Body);
        let near = [Place::Small, Place::Glass, Place::Marker];
        let mut tiles: Vec<Tile> = near.into_iter().filter_map(|place| self.near(place, bodies.is_none())).collect();
        match self.near(Place::Body, true) {
            Some(mut root) if !root.children.is_empty() => {
                root.reach = tiles.iter().fold(root.reach, |b, t| b.union(t.reach));
                root.children.extend(tiles);
                Some(root)
            }
            // What is told by bits from its root on is seen from afar by itself.
            Some(root) if root.implied.is_some() => {
                tiles.insert(0, root);
                Some(gather(tiles, FAR))
            }
            None if tiles.is_empty() => None,
            None if tiles.iter().any(|tile| tile.implied.is_some()) => Some(gather(tiles, FAR)),
            None if tiles.len() == 1 && tiles[0].content.is_some() && !tiles[0].children.is_empty() => tiles.pop(),
            leaf => {
                tiles.splice(0..0, leaf);
                let seen = match bodies {
                    Some(bodies) => bodies.greatest(STAND_INS + 1).to_vec(),
                    None => {
                        let trees = near.into_iter().filter_map(tree);
                        greatest_of(trees.flat_map(|t| t.greatest(STAND_INS + 1).to_vec()).collect(), STAND_INS + 1)
                    }
                };
                Some(self.inner(tiles, &seen, None))
            }
        }
    }

    /// The tree over members of one kind; `afar` when its inner tiles must be seen too.
    fn near(&self, place: Place, afar: bool) -> Option<Tile> {
        let cell = self.grove.tree(place)?;
        let tile = self.grow(cell, place, afar, if cell.count > MANY { 1 } else { levels(cell) });
        // A lone leaf among small things waits behind an empty tile until one is near.
        Some(if tile.children.is_empty() && tile.implied.is_none() && !afar {
            gather(vec![tile], waiting(place))
        } else {
            tile
        })
    }

    fn grow(&self, cell: &Arc<Cell>, place: Place, afar: bool, levels: usize) -> Tile {
        let cell = cell.solid();
        let nested = || nested(Stem::Cell(cell.clone(), place, afar), cell.reach);
        match &cell.parts {
            Parts::Leaf(members) if levels < LEVELS && is_crowded(members) => nested(),
            Parts::Leaf(members) => self.leaf(members, place, Some(&cell.shown)),
            Parts::Cells(_) if self.tiling == Tiling::Implicit && cell.plain => {
                implied(Implied::new(cell.clone(), place, afar))
            }
            Parts::Cells(_) if levels == 0 => nested(),
            Parts::Cells(parts) => {
                let children = parts.iter().flatten().map(|part| self.grow(part, place, afar, levels - 1)).collect();
                if afar {
                    self.inner(children, cell.greatest(STAND_INS + 1), Some(&cell.shown))
                } else {
                    gather(children, waiting(place))
                }
            }
        }
    }

    /// A leaf of full shapes. A building that opens is a tile of its own beside the others.
    pub(super) fn leaf(&self, members: &[Arc<Member>], place: Place, slot: Option<&OnceLock<Arc<Recipe>>>) -> Tile {
        let most = super::grove::limits(place).members;
        if members.len() > most {
            // All in one place: as many leaves as it takes.
            let sorted = self.sorted(members.to_vec());
            let leaves = sorted.chunks(most).map(|part| self.leaf(part, place, None)).collect();
            return self.inner(leaves, &greatest_of(sorted, STAND_INS + 1), None);
        }
        let (open, plain): (Vec<_>, Vec<_>) = members.iter().cloned().partition(|m| m.inside().next().is_some());
        let mut tiles: Vec<Tile> =
            open.into_iter().map(|m| (m.reach(), m)).map(|(reach, m)| nested(Stem::Building(m), reach)).collect();
        if !plain.is_empty() {
            let look = match place {
                Place::Glass => Look::Glass,
                Place::Marker => Look::Markers,
                Place::Body | Place::Small => Look::Solid,
            };
            let heavy = look != Look::Markers && is_heavy(&plain);
            let content = made(slot, || self.recipe(plain, look, Detail::Whole));
            let light = heavy.then(|| Arc::new(Recipe::new(look, Detail::Light, content.members.clone())));
            let least = if heavy { light::MOST } else { 0.0 };
            let reach = content.members.iter().fold(Bounds::EMPTY, |b, m| b.union(m.reach()));
            tiles.insert(0, Tile { least, light, content: Some(content), ..nothing(reach) });
        }
        if tiles.len() == 1
            && let Some(only) = tiles.pop()
        {
            only
        } else {
            self.inner(tiles, &greatest_of(members.to_vec(), STAND_INS + 1), None)
        }
    }

    /// A building that gives way to its inside.
    fn open(&self, member: &Arc<Member>) -> Tile {
        let Some(family) = &member.family else { return nothing(member.reach()) };
        // Its leaves are its own parts, without tiles between, so that it gives way to all of its inside at once.
        let mut children = family.things.as_ref().map_or_else(Vec::new, |cell| self.within(cell, Place::Small));
        if let Some(rooms) = &family.rooms {
            children.push(gather(self.within(rooms, Place::Glass), NEAREST));
        }
        // A building drawn by its walls only is a block until the walls themselves come.
        let detail = if family.by_walls { Detail::StandIns } else { Detail::Whole };
        let content = self.recipe(vec![member.clone()], Look::Solid, detail);
        Tile { least: NEAR, content: Some(content), children, ..nothing(member.reach()) }
    }

    fn within(&self, cell: &Arc<Cell>, place: Place) -> Vec<Tile> {
        let mut leaves = Vec::new();
        cell.leaves(&mut leaves);
        if leaves.len() <= PARTS / 2 {
            let members = |leaf: &&Arc<Cell>| {
                if let Parts::Leaf(members) = &leaf.parts {
                    self.leaf(members, place, Some(&leaf.shown))
                } else {
                    nothing(leaf.reach)
                }
            };
            return leaves.iter().map(members).collect();
        }
        let Parts::Cells(parts) = &cell.solid().parts else { return Vec::new() };
        parts.iter().flatten().map(|part| nested(Stem::Inside(part.clone(), place), part.reach)).collect()
    }

    /// An inner tile that draws stand-ins for the greatest of its members.
    pub(super) fn inner(
        &self,
        children: Vec<Tile>,
        greatest: &[Arc<Member>],
        slot: Option<&OnceLock<Arc<Recipe>>>,
    ) -> Tile {
        let (shown, hidden) = greatest.split_at(greatest.len().min(STAND_INS));
        let hidden = hidden.first().map_or(0.0, |m| super::measure::worst(m));
        let mut tile = gather(children, NEAR.max(BLOCK_ERROR).max(hidden));
        if !shown.is_empty() {
            let look = if shown.iter().all(|m| m.place == Place::Glass) { Look::Glass } else { Look::Solid };
            // The parts of a cell hold all that stands in for them; what is gathered otherwise is looked at one by one.
            if slot.is_none() {
                tile.reach = shown.iter().fold(tile.reach, |b, m| b.union(m.reach()));
            }
            tile.content = Some(made(slot, || self.recipe(shown.to_vec(), look, Detail::StandIns)));
        }
        tile
    }

    fn recipe(&self, members: Vec<Arc<Member>>, look: Look, detail: Detail) -> Arc<Recipe> {
        Arc::new(Recipe::new(look, detail, self.sorted(members)))
    }

    fn sorted(&self, mut members: Vec<Arc<Member>>) -> Vec<Arc<Member>> {
        members.sort_by_cached_key(|m| self.snapshot.asset(m.row).map(|a| a.id()));
        members
    }
}

impl Recipe {
    /// Whether it shows its members as fully as they are ever shown: what stands in does where a building gives way to its walls.
    pub fn shows_all(&self) -> bool {
        let opens = |m: &Arc<Member>| m.family.as_ref().is_some_and(|f| f.by_walls) && m.inside().next().is_some();
        self.detail == Detail::Whole || (self.members.len() == 1 && self.members.iter().all(opens))
    }
    fn new(look: Look, detail: Detail, members: Vec<Arc<Member>>) -> Self {
        let mut hasher = Xxh3Default::new();
        hasher.update(format!("{look:?}{detail:?}").as_bytes());
        members.iter().for_each(|m| hasher.update(&m.mark.to_le_bytes()));
        Self { look, detail, members, mark: hasher.digest128(), measured: OnceLock::new() }
    }
}

fn made(slot: Option<&OnceLock<Arc<Recipe>>>, make: impl FnOnce() -> Arc<Recipe>) -> Arc<Recipe> {
    match slot {
        Some(slot) => slot.get_or_init(make).clone(),
        None => make(),
    }
}

const fn nothing(reach: Bounds) -> Tile {
    Tile { reach, least: 0.0, content: None, light: None, nested: None, implied: None, children: Vec::new() }
}

fn nested(stem: Stem, reach: Bounds) -> Tile {
    Tile { nested: Some(stem), ..nothing(reach) }
}

fn implied(of: Implied) -> Tile {
    let (least, reach) = (of.error(), of.bounds());
    Tile { least, implied: Some(of), ..nothing(reach) }
}

/// A tile that draws nothing itself.
pub(super) fn gather(children: Vec<Tile>, least: f64) -> Tile {
    let reach = children.iter().fold(Bounds::EMPTY, |b, t| b.union(t.reach));
    Tile { least, children, ..nothing(reach) }
}

/// How many levels of parts a document has below its root.
fn levels(cell: &Cell) -> usize {
    if cell.parts() == Some(CUBES) { LAYERS } else { LEVELS }
}

fn is_crowded(members: &[Arc<Member>]) -> bool {
    members.iter().filter(|m| m.inside().next().is_some()).count() > OPEN
}

/// Whether a lighter form of these may save much; told by the counts of triangles alone, before anything is read.
fn is_heavy(members: &[Arc<Member>]) -> bool {
    let detailed = |m: &&Arc<Member>| m.triangles > if m.place == Place::Body { DETAILED_BODY } else { DETAILED };
    let sum = |of: &mut dyn Iterator<Item = &Arc<Member>>| of.map(|m| u64::from(m.triangles)).sum::<u64>();
    let all = sum(&mut members.iter());
    all >= HEAVY && 2 * sum(&mut members.iter().filter(detailed)) >= all
}

pub(super) const fn waiting(place: Place) -> f64 {
    if matches!(place, Place::Glass) { NEAREST } else { NEAR }
}
