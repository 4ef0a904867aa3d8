//! What is drawn in a view, as what, and which building it opens from.

use super::cell::{Cell, Limits};
use super::draw;
use super::view::View;
use crate::crs::SiteFrame;
use crate::fault::Result;
use crate::geom::Bounds;
use crate::model::{Class, Collection, Collections, Has, may_be_personal};
use crate::store::{AssetRef, Row, Snapshot};
use rayon::prelude::*;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use xxhash_rust::xxh3::Xxh3Default;

/// How a member is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Seen from afar: buildings, roads, water, relief.
    Body,
    /// Seen from near: walls, furniture, pipes.
    Small,
    /// Seen from near, and seen through: rooms, storeys and grids, which hold other things.
    Glass,
    /// A point, drawn as one of many equal markers.
    Marker,
}

impl Place {
    /// Its name in the addresses of tiles.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Body => "bodies",
            Self::Small => "things",
            Self::Glass => "rooms",
            Self::Marker => "markers",
        }
    }
    /// The one of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Body, Self::Small, Self::Glass, Self::Marker].into_iter().find(|place| place.name() == name)
    }
}

/// One asset of a view that is drawn.
#[derive(Debug)]
pub struct Member {
    /// The asset.
    pub row: Row,
    /// How it is shown.
    pub place: Place,
    /// Whether it is a building: a block stands in for it.
    pub building: bool,
    /// Whether nothing but its box is known.
    pub boxed: bool,
    /// At least how many triangles draw it at full detail.
    pub triangles: u32,
    /// A box around all that draws it, east-north-up metres.
    pub bounds: Bounds,
    /// A hash of all that draws it and is said of it, whatever row it has.
    pub mark: u128,
    /// What a building is made of, where that is not itself alone.
    pub family: Option<Box<Family>>,
}

/// What a building is made of.
#[derive(Debug)]
pub struct Family {
    /// The rows whose shapes together are its shape; itself unless said otherwise.
    pub pieces: Option<Arc<[Row]>>,
    /// Whether it is drawn by nothing but walls that are seen inside it, too.
    pub by_walls: bool,
    /// What is seen when one comes near.
    pub things: Option<Arc<Cell>>,
    /// Its rooms.
    pub rooms: Option<Arc<Cell>>,
    /// As the building's own mark, with all that is inside it.
    deep: u128,
}

/// How much a tile holds at most.
pub(super) const LEAF: Limits = Limits { members: 300, triangles: 60_000 };
/// A box that is drawn in a member's place is at most this much wider, to each side; metres.
pub(super) const WIDER: f64 = 0.25;

impl Member {
    /// Its diagonal, metres.
    pub fn size(&self) -> f64 {
        self.bounds.diagonal()
    }
    /// The rows whose shapes draw it, where these are others than its own.
    pub fn pieces(&self) -> Option<&Arc<[Row]>> {
        self.family.as_ref()?.pieces.as_ref()
    }
    /// As `mark`, with all that is inside it.
    pub fn deep(&self) -> u128 {
        self.family.as_ref().map_or(self.mark, |f| f.deep)
    }
    /// What is seen when it opens: things, then rooms.
    pub fn inside(&self) -> impl Iterator<Item = &Arc<Cell>> {
        self.family.iter().flat_map(|f| f.things.iter().chain(&f.rooms))
    }
    /// A box around all that may be drawn of it or in its place. A corner of the least rectangle around points lies on a circle
    /// over two of them, so that it is never farther beyond their box than half the box is wide the other way.
    pub fn reach(&self) -> Bounds {
        let Bounds { min, max } = self.bounds;
        let turned = |k: usize| if self.building && k < 2 { (max[1 - k] - min[1 - k]) / 2.0 } else { 0.0 };
        let by: [f64; 3] = std::array::from_fn(|k| turned(k) + WIDER + 0.01);
        let own = Bounds { min: std::array::from_fn(|k| min[k] - by[k]), max: std::array::from_fn(|k| max[k] + by[k]) };
        self.inside().fold(own, |b, cell| b.union(cell.reach))
    }
}

/// Which assets of a snapshot are drawn.
pub(super) struct Scene<'a> {
    pub snapshot: &'a Snapshot,
    pub view: &'a View,
    pub allowed: Collections,
    /// What the view's filter matches, where it has one.
    pub chosen: Option<&'a HashSet<Row>>,
}

/// What an asset is to a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// It is drawn, and so is what it is.
    Own,
    /// It only lends its shape to the building that it is in.
    Shell,
}

/// What is known of a row while members are collected.
struct Candidate<'a> {
    asset: AssetRef<'a>,
    part: Part,
    /// The id of the building that it is or lies in.
    building: Option<&'a str>,
    has: Has,
    triangles: u32,
    bounds: Bounds,
}

impl<'a> Scene<'a> {
    /// What is drawn of `rows`, which hold all of a building's parts or none. An asset without a place is not drawn.
    ///
    /// # Errors
    /// As [`Snapshot::geometry`].
    pub fn members(&self, rows: &[Row]) -> Result<Vec<Arc<Member>>> {
        let candidates: Vec<Candidate<'_>> = rows
            .par_iter()
            .with_min_len(256)
            .filter_map(|row| self.snapshot.asset(*row))
            .filter(|asset| !asset.bounds().is_empty())
            .filter_map(|asset| self.part(&asset).map(|part| self.candidate(asset, part)))
            .collect::<Result<_>>()?;
        let is_building = |c: &&Candidate<'_>| c.asset.class() == Class::Building;
        // By their ids: at another time a building's version may be another than the one that its parts lead to.
        let buildings: HashMap<&str, Row> =
            candidates.iter().filter(is_building).map(|c| (c.asset.id(), c.asset.row())).collect();
        let (mut families, mut alone) = (HashMap::<Row, Vec<&Candidate<'_>>>::new(), Vec::new());
        for candidate in &candidates {
            match candidate.building.and_then(|id| buildings.get(id)) {
                Some(home) => families.entry(*home).or_default().push(candidate),
                None if candidate.part == Part::Shell => {}
                None => alone.push(candidate),
            }
        }
        let mut members: Vec<Arc<Member>> =
            alone.par_iter().with_min_len(256).filter_map(|c| self.plain(c)).map(Arc::new).collect();
        let families: Vec<(Row, Vec<&Candidate<'_>>)> = families.into_iter().collect();
        members.par_extend(families.par_iter().flat_map_iter(|(home, family)| self.family(*home, family)));
        Ok(members)
    }

    /// The building that `row` is, or lies in.
    pub fn home(&self, row: Row) -> Option<Row> {
        let mut chain = std::iter::once(row).chain(self.snapshot.ancestors(row));
        chain.find(|r| self.snapshot.asset(*r).is_some_and(|a| a.class() == Class::Building))
    }

    /// A building that has no shape of its own is drawn by its walls and slabs, also where these are not members.
    fn by_shells(&self) -> bool {
        self.view.is_of_buildings()
    }

    /// What the asset is to the view; nothing where it does not belong to it.
    fn part(&self, asset: &AssetRef<'_>) -> Option<Part> {
        if !self.allowed.contains(asset.class().collection()) {
            return None;
        }
        let is_chosen = |row: Row| self.chosen.is_none_or(|chosen| chosen.contains(&row));
        // What a building is made of goes with it, whatever a filter says of that.
        let with_home = || self.home(asset.row()).is_some_and(is_chosen);
        let is_chosen = is_chosen(asset.row()) || (asset.class() == Class::BuildingPart && with_home());
        if is_chosen && self.view.includes(asset) {
            return Some(Part::Own);
        }
        let lends = is_envelope(asset.class()) && (self.by_shells() || (self.chosen.is_some() && with_home()));
        lends.then_some(Part::Shell)
    }

    fn candidate(&self, asset: AssetRef<'a>, part: Part) -> Result<Candidate<'a>> {
        let (has, triangles) = draw::told(self.snapshot, &asset)?;
        let building = self.home(asset.row()).and_then(|home| self.snapshot.asset(home)).map(|home| home.id());
        let margin = if has == Has::Mesh { 0.01 } else { draw::MARKER };
        let bounds = in_metres(self.snapshot.frame(), &asset.bounds(), margin);
        Ok(Candidate { asset, part, building, has, triangles, bounds })
    }

    /// A building and what is in it, so far as it does not lie inside.
    fn family(&self, home: Row, family: &[&Candidate<'_>]) -> Vec<Arc<Member>> {
        let meshes = || family.iter().copied().filter(|c| c.has == Has::Mesh);
        let parts: Vec<_> = meshes().filter(|c| c.asset.class() == Class::BuildingPart).collect();
        let envelope: Vec<_> = meshes().filter(|c| is_envelope(c.asset.class())).collect();
        let opens =
            self.view.opens_buildings() && envelope.iter().any(|c| is_outer(c.asset.class()) && c.part == Part::Own);
        let (mut members, mut inside) = (Vec::new(), Vec::new());
        let mut building = None;
        for candidate in family.iter().copied() {
            let class = candidate.asset.class();
            if candidate.asset.row() == home {
                building = self.plain(candidate).map(|member| (candidate, member));
            } else if class != Class::BuildingPart
                && candidate.part == Part::Own
                && let Some(member) = self.plain(candidate)
            {
                let indoors = opens && class != Class::Building && member.place != Place::Marker;
                if indoors { &mut inside } else { &mut members }.push(Arc::new(member));
            }
        }
        match building {
            Some((own, member)) => members.push(Arc::new(self.dressed(member, own, &parts, &envelope, inside))),
            None => members.extend(inside),
        }
        members
    }

    /// A member drawn by itself; nothing when there is nothing to draw.
    fn plain(&self, c: &Candidate<'_>) -> Option<Member> {
        let class = c.asset.class();
        // Ways are for whoever looks for one: drawn, they would run through every room.
        if class == Class::Way {
            return None;
        }
        let place = match (class.collection(), c.has) {
            (_, Has::Point) => Place::Marker,
            (Collection::Buildings, _) => Place::Body,
            (Collection::Storeys | Collection::Spaces | Collection::Grids, _) => Place::Glass,
            (Collection::Components | Collection::Parts, Has::Mesh | Has::Areas) => Place::Body,
            _ => Place::Small,
        };
        // Projects, groups and the like have the box of what they hold and no shape; a storey or building is shown by it.
        let boxed = c.has == Has::Nothing;
        if boxed && !matches!(class.collection(), Collection::Buildings | Collection::Storeys) {
            return None;
        }
        let mut hasher = Xxh3Default::new();
        hasher.update(&c.asset.version().to_le_bytes());
        let parent = c.asset.parent_id_for(self.allowed).unwrap_or_default();
        hasher.update(&(parent.len() as u64).to_le_bytes());
        hasher.update(parent.as_bytes());
        // Two callers' tiles may differ in what names a person.
        hasher.update(&[u8::from(may_be_personal(class) && self.allowed.has_guarded()), u8::from(boxed)]);
        let mark = hasher.digest128();
        Some(Member {
            row: c.asset.row(),
            place,
            building: class == Class::Building,
            boxed,
            triangles: c.triangles.max(12),
            bounds: c.bounds,
            mark,
            family: None,
        })
    }

    /// A building with the shapes that draw it, its own and its parts', else its walls, slabs and roofs, and with its inside.
    fn dressed(
        &self,
        mut member: Member,
        own: &Candidate<'_>,
        parts: &[&Candidate<'_>],
        envelope: &[&Candidate<'_>],
        inside: Vec<Arc<Member>>,
    ) -> Member {
        let itself = (own.has == Has::Mesh).then_some(own);
        let mut pieces: Vec<&Candidate<'_>> = itself.into_iter().chain(parts.iter().copied()).collect();
        if pieces.is_empty() {
            pieces.extend(envelope);
        }
        if pieces.is_empty() && inside.is_empty() {
            return member;
        }
        // By their content, not by their rows, so that the same city gives the same bytes.
        pieces.sort_by(|a, b| a.asset.id().cmp(b.asset.id()));
        let within: BTreeSet<Row> = inside.iter().map(|m| m.row).collect();
        let by_walls = !pieces.is_empty() && pieces.iter().all(|p| within.contains(&p.asset.row()));
        let mut hasher = Xxh3Default::new();
        hasher.update(&member.mark.to_le_bytes());
        if !pieces.is_empty() {
            member.boxed = false;
            member.bounds = pieces.iter().fold(Bounds::EMPTY, |b, p| b.union(p.bounds));
            member.triangles = pieces.iter().map(|p| p.triangles).fold(0, u32::saturating_add);
            pieces.iter().for_each(|p| hasher.update(&p.asset.version().to_le_bytes()));
            member.mark = hasher.digest128();
        }
        let pieces = (!pieces.is_empty()).then(|| pieces.iter().map(|p| p.asset.row()).collect());
        let (rooms, things): (Vec<_>, Vec<_>) = inside.into_iter().partition(|m| m.place == Place::Glass);
        let (things, rooms) = (Cell::over(things, LEAF), Cell::over(rooms, LEAF));
        for cell in things.iter().chain(&rooms) {
            hasher.update(&cell.mark.to_le_bytes());
        }
        member.family = Some(Box::new(Family { pieces, by_walls, things, rooms, deep: hasher.digest128() }));
        member
    }
}

/// Whether elements of this class make the outside of a building without a shape of its own.
const fn is_envelope(class: Class) -> bool {
    is_outer(class)
        || matches!(
            class,
            Class::Slab
                | Class::Roof
                | Class::Door
                | Class::Window
                | Class::Column
                | Class::Beam
                | Class::Member
                | Class::Plate
                | Class::Stair
                | Class::Ramp
                | Class::Railing
                | Class::Footing
        )
}

/// Whether elements of this class can take the place of a building's shell.
const fn is_outer(class: Class) -> bool {
    matches!(class, Class::Wall | Class::CurtainWall)
}

/// The east-north-up box of a longitude/latitude/height box, `margin` metres wider. The margin grows by how much the
/// curved sides of such a box can bulge beyond its corners.
fn in_metres(frame: &SiteFrame, bounds: &Bounds, margin: f64) -> Bounds {
    const EARTH: f64 = 6.356e6;
    let metres = Bounds::of(bounds.corners().map(|c| frame.to_enu(c.into())));
    let half = metres.diagonal() / 2.0;
    let steep = bounds.min[1].abs().max(bounds.max[1].abs()).to_radians().tan().min(100.0);
    let margin = margin + half * half / (2.0 * EARTH) * (1.0 + steep);
    Bounds { min: metres.min.map(|v| v - margin), max: metres.max.map(|v| v + margin) }
}
