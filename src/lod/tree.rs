//! The tree of tiles of one site: stand-ins from afar, full shapes near, a building's inside nearest.

use super::block::Block;
use super::draw;
use super::light;
use super::members::{Member, Place};
use super::quad::{Load, Quad, split};
use crate::fault::Result;
use crate::geom::Bounds;
use crate::store::{Row, Snapshot};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A node: what to draw in its place while its error is small enough on the screen, and its parts for when it is not.
/// Parts replace the node's own content.
#[derive(Debug, Clone)]
pub struct Tile {
    /// A box around all that it and its parts draw; east-north-up metres.
    pub bounds: Bounds,
    /// How far its content is from the full shape, metres; never less than any part's. 0 for a leaf that has no lighter form.
    pub error: f64,
    /// What it draws; nothing for a tile that only gathers parts.
    pub content: Option<Content>,
    /// The same in a lighter form, to be drawn first where making it shows that it saves enough: only for a leaf, whose error it
    /// is at most.
    pub light: Option<Content>,
    /// Its parts.
    pub children: Vec<Tile>,
}

/// What one tile draws.
#[derive(Debug, Clone)]
pub struct Content {
    /// A box around it.
    pub bounds: Bounds,
    /// How it is drawn.
    pub look: Look,
    /// The features, ordered by their ids.
    pub draws: Vec<Draw>,
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

/// One feature in one tile.
#[derive(Debug, Clone)]
pub struct Draw {
    /// The asset.
    pub row: Row,
    /// Its shape in this tile.
    pub form: Form,
}

/// A feature's shape in a tile.
#[derive(Debug, Clone)]
pub enum Form {
    /// The full shape: that of these rows, or its own.
    Whole(Option<Arc<[Row]>>),
    /// Lighter shapes in place of the full ones of these rows, or of its own.
    Light(Option<Arc<[Row]>>),
    /// A block that stands in for it.
    Block(Arc<Block>),
    /// A box, where nothing better is known or needed.
    Box(Bounds),
}

/// At most this many features in a leaf, and this many triangles unless it holds one feature only.
const LEAF: (usize, u64) = (300, 60_000);
/// At most this many markers in a leaf.
const MARKERS: usize = 2000;
/// At most this many stand-ins in a tile.
const STAND_INS: usize = 1024;
/// A body that is not a building stands in for itself when it has at most this many triangles.
const LIGHT: u32 = 500;
/// A block farther from its building than this is a poor likeness, metres.
const POOR: f64 = 10.0;
/// A tile may spend this many triangles on showing buildings of poor likeness as they are.
const LIKENESS: u32 = 12_000;
/// The least error of blocks: they lack colours and openings even where their shape is true. Metres.
const BLOCK_ERROR: f64 = 4.0;
/// The error of a tile whose parts are small things or the inside of a building. Metres.
const NEAR: f64 = 4.0;
/// The error of a tile whose parts are rooms. Metres.
const NEAREST: f64 = 1.0;
/// A leaf may have a lighter form when it has this many triangles, at least half of them in detailed shapes.
const HEAVY: u64 = 1000;
/// A wall, window or room of more triangles than this is detailed.
const DETAILED: u32 = 50;
/// So is a whole building, road or tree of more than this: a model, not what a survey of a city makes of it.
const DETAILED_BODY: u32 = 10_000;

/// The tree over `members`; nothing when there are none.
///
/// # Errors
/// As [`Snapshot::geometry`].
pub fn build(snapshot: &Snapshot, members: &[Member]) -> Result<Option<Tile>> {
    let blocks = members
        .par_iter()
        .enumerate()
        .filter(|(_, m)| m.place == Place::Body && is_building(snapshot, m.row))
        .map(|(i, m)| Ok((i, block(snapshot, m)?)))
        .collect::<Result<BTreeMap<usize, _>>>()?;
    let planner = Planner { snapshot, members, blocks };
    let of = |place| (0..members.len()).filter(|i| members[*i].place == place && !members[*i].indoors).collect();
    let bodies: Vec<usize> = of(Place::Body);
    // Where nothing is seen from afar, small things must be.
    let stand_ins = bodies.is_empty();
    let near = [Place::Small, Place::Glass, Place::Marker];
    let mut tiles: Vec<Tile> = near.into_iter().filter_map(|place| planner.near(of(place), place, stand_ins)).collect();
    let seen: Vec<usize> =
        if stand_ins { (0..members.len()).filter(|i| !members[*i].indoors).collect() } else { bodies.clone() };
    let root = match planner.near(bodies, Place::Body, true) {
        Some(mut root) if !root.children.is_empty() => {
            root.children.extend(tiles);
            root
        }
        None if tiles.is_empty() => return Ok(None),
        None if tiles.len() == 1 && tiles[0].content.is_some() && !tiles[0].children.is_empty() => tiles.remove(0),
        leaf => {
            tiles.splice(0..0, leaf);
            planner.inner(tiles, &seen)
        }
    };
    Ok(Some(planner.closed(root)))
}

fn is_building(snapshot: &Snapshot, row: Row) -> bool {
    snapshot.asset(row).is_some_and(|a| a.class() == crate::model::Class::Building)
}

/// The block that stands in for a building.
fn block(snapshot: &Snapshot, member: &Member) -> Result<Arc<Block>> {
    let mut points = Vec::new();
    let own = [member.row];
    if !member.boxed {
        for row in member.pieces.as_deref().unwrap_or(&own) {
            if let Some(drawn) = draw::drawn(snapshot, *row)? {
                points.extend(drawn.points());
            }
        }
    }
    if points.is_empty() {
        points.extend(member.bounds.corners());
    }
    points.retain(|p| p.iter().all(|v| v.is_finite()));
    Block::around(&points).map(Arc::new).ok_or_else(|| crate::fault::Fault::internal("a building without a place"))
}

struct Planner<'a> {
    snapshot: &'a Snapshot,
    members: &'a [Member],
    blocks: BTreeMap<usize, Arc<Block>>,
}

impl Planner<'_> {
    /// The tree over members of one kind; `stand_ins` when its inner tiles must be seen too.
    fn near(&self, of: Vec<usize>, place: Place, stand_ins: bool) -> Option<Tile> {
        if of.is_empty() {
            return None;
        }
        let quad = self.split(&of, place);
        let tile = self.grow(&quad, &of, place, stand_ins);
        let seen = stand_ins || place == Place::Body;
        // A lone leaf among small things waits behind an empty tile until one is near.
        Some(if tile.children.is_empty() && !seen { self.gather(vec![tile], waiting(place)) } else { tile })
    }

    /// The leaves over members of one kind, without a tree above them.
    fn leaves(&self, of: Vec<usize>, place: Place) -> Vec<Tile> {
        let mut parts = Vec::new();
        if !of.is_empty() {
            self.split(&of, place).leaves(&mut parts);
        }
        parts.iter().map(|part| self.leaf(&part.iter().map(|i| of[*i]).collect::<Vec<_>>(), place)).collect()
    }

    fn split(&self, of: &[usize], place: Place) -> Quad {
        let load = |i: &usize| {
            let [x, y, _] = self.members[*i].bounds.center();
            Load { at: [x, y], triangles: self.members[*i].triangles }
        };
        let loads: Vec<Load> = of.iter().map(load).collect();
        let (most, triangles) = if place == Place::Marker { (MARKERS, u64::MAX) } else { LEAF };
        split(&loads, most, triangles)
    }

    fn grow(&self, quad: &Quad, of: &[usize], place: Place, stand_ins: bool) -> Tile {
        match quad {
            Quad::Leaf(part) => self.leaf(&part.iter().map(|i| of[*i]).collect::<Vec<_>>(), place),
            Quad::Inner(parts) => {
                let children: Vec<Tile> = parts.iter().map(|p| self.grow(p, of, place, stand_ins)).collect();
                if stand_ins {
                    let mut under = Vec::new();
                    quad.leaves(&mut under);
                    self.inner(children, &under.concat().iter().map(|i| of[*i]).collect::<Vec<_>>())
                } else {
                    self.gather(children, waiting(place))
                }
            }
        }
    }

    /// A leaf of full shapes. A building that opens is a tile of its own beside the others.
    fn leaf(&self, of: &[usize], place: Place) -> Tile {
        let (open, plain): (Vec<usize>, Vec<usize>) = of.iter().partition(|i| !self.members[**i].inside.is_empty());
        let mut tiles: Vec<Tile> = open.iter().map(|i| self.open(*i)).collect();
        if !plain.is_empty() {
            let look = match place {
                Place::Glass => Look::Glass,
                Place::Marker => Look::Markers,
                Place::Body | Place::Small => Look::Solid,
            };
            let content = self.content(&plain, look, |i| self.whole(i));
            let heavy = look != Look::Markers && self.is_heavy(&plain);
            let light = heavy.then(|| self.content(&plain, look, |i| self.lighter(i)));
            let bounds = light.as_ref().map_or(content.bounds, |light| light.bounds);
            let error = if heavy { light::MOST } else { 0.0 };
            tiles.insert(0, Tile { bounds, error, content: Some(content), light, children: Vec::new() });
        }
        if tiles.len() == 1
            && let Some(only) = tiles.pop()
        {
            only
        } else {
            self.inner(tiles, of)
        }
    }

    /// A building that gives way to its inside.
    fn open(&self, number: usize) -> Tile {
        let member = &self.members[number];
        let of = |place| member.inside.iter().copied().filter(|i| self.members[*i].place == place).collect::<Vec<_>>();
        let small = member.inside.iter().copied().filter(|i| self.members[*i].place != Place::Glass).collect();
        // Its leaves are its own parts, without tiles between, so that it gives way to all of its inside at once.
        let mut children = self.leaves(small, Place::Small);
        let rooms = self.leaves(of(Place::Glass), Place::Glass);
        if !rooms.is_empty() {
            children.push(self.gather(rooms, NEAREST));
        }
        // A building drawn by its walls only is a block until the walls themselves come.
        let by_walls = member
            .pieces
            .as_ref()
            .is_some_and(|p| p.iter().all(|row| *row != member.row && self.is_inside(member, *row)));
        let content = self.content(&[number], Look::Solid, |i| if by_walls { self.stand_in(i) } else { self.whole(i) });
        let error = if by_walls { self.stand_in_error(number) } else { NEAR };
        self.closed(Tile { bounds: content.bounds, error, content: Some(content), light: None, children })
    }

    fn is_inside(&self, member: &Member, row: Row) -> bool {
        member.inside.iter().any(|i| self.members[*i].row == row)
    }

    /// An inner tile that draws stand-ins for `of`: the greatest of them, so that the error is what the others measure.
    fn inner(&self, children: Vec<Tile>, of: &[usize]) -> Tile {
        let mut tile = self.gather(children, NEAR.max(BLOCK_ERROR));
        let mut shown = of.to_vec();
        let size = |i: &usize| self.members[*i].bounds.diagonal();
        shown.sort_by(|a, b| size(b).total_cmp(&size(a)).then_with(|| self.id(*a).cmp(&self.id(*b))));
        let hidden = shown.split_off(shown.len().min(STAND_INS));
        let whole = self.poor(&shown);
        let left = shown.iter().filter(|i| !whole.contains(i));
        let error = left.map(|i| self.stand_in_error(*i)).fold(0.0, f64::max);
        tile.error = tile.error.max(error).max(hidden.first().map_or(0.0, size));
        if !shown.is_empty() {
            let rooms = shown.iter().all(|i| self.members[*i].place == Place::Glass);
            let look = if rooms { Look::Glass } else { Look::Solid };
            let form = |i| if whole.contains(&i) { self.whole(i) } else { self.stand_in(i) };
            tile.content = Some(self.content(&shown, look, form));
        }
        self.closed(tile)
    }

    /// The buildings whose blocks mislead most (courtyards, a tower on a hall), as far as their own triangles can be
    /// afforded; the worst first.
    fn poor(&self, shown: &[usize]) -> BTreeSet<usize> {
        let error = |i: &usize| self.blocks.get(i).map_or(0.0, |b| b.error);
        let mut worst: Vec<usize> =
            shown.iter().copied().filter(|i| error(i) > POOR && !self.members[*i].boxed).collect();
        worst.sort_by(|a, b| error(b).total_cmp(&error(a)).then_with(|| self.id(*a).cmp(&self.id(*b))));
        let mut left = LIKENESS;
        worst.retain(|i| match left.checked_sub(self.members[*i].triangles) {
            Some(rest) => {
                left = rest;
                true
            }
            None => false,
        });
        worst.into_iter().collect()
    }

    /// A tile that draws nothing itself.
    fn gather(&self, children: Vec<Tile>, error: f64) -> Tile {
        self.closed(Tile { bounds: Bounds::EMPTY, error, content: None, light: None, children })
    }

    /// Makes the box hold all, and the error at least that of each part.
    fn closed(&self, mut tile: Tile) -> Tile {
        let own = tile.content.as_ref().map_or(Bounds::EMPTY, |c| c.bounds);
        tile.bounds = tile.children.iter().fold(own, |b, c| b.union(c.bounds));
        tile.error = tile.children.iter().map(|c| c.error).fold(tile.error, f64::max);
        tile
    }

    fn content(&self, of: &[usize], look: Look, form: impl Fn(usize) -> Form) -> Content {
        let mut sorted = of.to_vec();
        sorted.sort_by(|a, b| self.id(*a).cmp(&self.id(*b)));
        let mut bounds = Bounds::EMPTY;
        let draws = sorted.into_iter().map(|i| {
            let form = form(i);
            bounds = bounds.union(match &form {
                Form::Whole(_) => self.members[i].bounds,
                Form::Light(_) => grown(self.members[i].bounds, light::MOST),
                Form::Block(block) => grown(block.bounds(), 0.01),
                Form::Box(bounds) => grown(*bounds, 0.01),
            });
            Draw { row: self.members[i].row, form }
        });
        let draws = draws.collect();
        Content { bounds, look, draws }
    }

    fn whole(&self, i: usize) -> Form {
        let member = &self.members[i];
        if member.boxed { Form::Box(member.bounds) } else { Form::Whole(member.pieces.clone()) }
    }

    fn lighter(&self, i: usize) -> Form {
        match self.whole(i) {
            Form::Whole(pieces) => Form::Light(pieces),
            form => form,
        }
    }

    /// Whether a lighter form of these may save much; told by the counts of triangles alone, before anything is read.
    fn is_heavy(&self, of: &[usize]) -> bool {
        let triangles = |i: &usize| u64::from(self.members[*i].triangles);
        let detailed = |i: &&usize| {
            let member = &self.members[**i];
            member.triangles > if member.place == Place::Body { DETAILED_BODY } else { DETAILED }
        };
        let all: u64 = of.iter().map(triangles).sum();
        all >= HEAVY && 2 * of.iter().filter(detailed).map(triangles).sum::<u64>() >= all
    }

    fn stand_in(&self, i: usize) -> Form {
        let member = &self.members[i];
        match self.blocks.get(&i) {
            Some(block) => Form::Block(block.clone()),
            None if member.place == Place::Body && member.triangles <= LIGHT => self.whole(i),
            // Half a metre at least, so that a point is something.
            None => Form::Box(grown(member.bounds, 0.25)),
        }
    }

    fn stand_in_error(&self, i: usize) -> f64 {
        match self.stand_in(i) {
            Form::Whole(_) | Form::Light(_) => 0.0,
            Form::Block(block) => block.error.max(BLOCK_ERROR),
            // Its shape touches each side of its box, so no point of one is farther from the other than this.
            Form::Box(bounds) => bounds.diagonal(),
        }
    }

    fn id(&self, i: usize) -> Option<&str> {
        self.snapshot.asset(self.members[i].row).map(|a| a.id())
    }
}

const fn waiting(place: Place) -> f64 {
    if matches!(place, Place::Glass) { NEAREST } else { NEAR }
}

fn grown(bounds: Bounds, by: f64) -> Bounds {
    Bounds { min: bounds.min.map(|v| v - by), max: bounds.max.map(|v| v + by) }
}
