//! A whole model looked at: what is part of what, which storey lies where, which room a device is in.

mod devices;
mod label;
mod storeys;
mod words;

use super::finding::{self, Finding, Kind};
use crate::crs::SiteFrame;
use crate::geom::{Bounds, Mesh};
use crate::model::{Asset, AssetId, Class, Collection, DatasetName, Value};
use crate::store::{AssetRef, Row, Snapshot};
use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use words::Words;

/// Assets of a file that are remembered for this, at some 120 bytes each; of larger files only the meshes are looked at.
const ASSETS: usize = 500_000;
/// Bytes of meshes of rooms that are kept.
const SPACES: usize = 64 << 20;
/// Boxes whose faces are nearer than this are in one place; metres.
const SAME_PLACE: f64 = 0.01;
/// Steps up from a part.
const DEEPEST: usize = 64;

/// What is kept of an asset until the whole file is in: a city has hundreds of thousands.
struct Seen {
    /// Longitude, latitude, height.
    bounds: Bounds,
    /// The numbers of its id and its parent's; [`NONE`] without a parent.
    id: u32,
    parent: u32,
    /// The numbers of what it says of its storey and, being one, of its level; [`NONE`] where it says nothing.
    storey: u32,
    level: u32,
    class: Class,
}

/// No parent, no storey, no level.
const NONE: u32 = u32::MAX;
/// Assets back to which a parent's id is looked for, so that it's kept once: parts come beside what they are part of.
const BESIDE: usize = 8;

/// What a storey says of itself.
#[derive(Default)]
struct Level {
    name: String,
    index: Option<i64>,
    elevation: Option<f64>,
}

/// The assets of one file, as far as they matter to each other.
#[derive(Default)]
pub(super) struct ModelCheck {
    seen: Vec<Seen>,
    ids: Words,
    /// The words for storeys, each once, and what storeys say of themselves.
    storeys: Vec<Arc<str>>,
    storey_numbers: HashMap<Arc<str>, u32>,
    levels: Vec<Level>,
    /// Their numbers by id, made when one is looked for: all are in by then.
    by_id: OnceCell<Vec<u32>>,
    /// Rooms with their meshes, in the site's east-north-up frame.
    spaces: Vec<(usize, Mesh)>,
    bytes: usize,
    left_out: usize,
}

/// What there is beside the file.
#[derive(Clone, Copy)]
pub(super) struct Beside<'a> {
    /// The site, before or after the file is committed.
    pub there: Option<&'a Snapshot>,
    /// What files before have brought into a check.
    pub brought: &'a HashSet<AssetId>,
    /// Before the commit: what the dataset keeps of its former version, objects and layers, for it is refused in this one.
    pub kept: Option<&'a HashSet<&'a str>>,
}

/// Where findings go.
pub(super) type Tell<'a> = dyn FnMut(Kind, Finding) + 'a;

impl ModelCheck {
    /// Remembers an asset.
    pub fn see(&mut self, asset: &Asset) {
        if self.seen.len() >= ASSETS {
            self.left_out += 1;
            return;
        }
        let number = self.seen.len();
        let level = if asset.class == Class::Storey { end_of(&self.levels) } else { NONE };
        if level != NONE {
            self.levels.push(level_of(asset));
        }
        let (id, parent) = (self.kept(&asset.id), asset.parent.as_ref().map_or(NONE, |parent| self.kept(parent)));
        let storey = asset.storey.as_ref().map_or(NONE, |storey| self.storey_number(storey));
        self.seen.push(Seen { bounds: asset.bounds, id, parent, storey, level, class: asset.class });
        let mesh = asset.geometry.mesh.as_ref().filter(|_| asset.class.collection() == Collection::Spaces);
        if let Some(mesh) = mesh {
            let size = mesh.positions.len() * 12 + mesh.triangles.len() * 12;
            if self.bytes + size <= SPACES {
                self.bytes += size;
                let bare = Mesh { surfaces: Vec::new(), textures: None, ..mesh.clone() };
                self.spaces.push((number, bare));
            }
        }
    }

    /// The number of an id: that of an asset seen just before, where it has it, so that what is said several times is kept once.
    fn kept(&mut self, id: &str) -> u32 {
        let mut beside = self.seen.iter().rev().take(BESIDE).flat_map(|seen| [seen.id, seen.parent]);
        let known = beside.find(|number| self.ids.get(*number) == Some(id));
        known.unwrap_or_else(|| self.ids.push(id))
    }
    fn id_of(&self, seen: &Seen) -> &str {
        self.ids.get(seen.id).unwrap_or_default()
    }
    fn parent_of(&self, seen: &Seen) -> Option<&str> {
        self.ids.get(seen.parent)
    }
    fn storey_number(&mut self, storey: &Arc<str>) -> u32 {
        // Neighbours in a file are mostly of one storey.
        let last = self.seen.last().map_or(NONE, |seen| seen.storey);
        if self.storeys.get(last as usize) == Some(storey) {
            return last;
        }
        let next = end_of(&self.storeys);
        let number = *self.storey_numbers.entry(storey.clone()).or_insert(next);
        if number == next {
            self.storeys.push(storey.clone());
        }
        number
    }
    /// The storey that an asset says it is in.
    fn storey_of(&self, seen: &Seen) -> Option<&str> {
        self.storeys.get(seen.storey as usize).map(AsRef::as_ref)
    }
    /// What a storey says of itself.
    fn level_of(&self, seen: &Seen) -> Option<&Level> {
        self.levels.get(seen.level as usize)
    }

    /// Looks at what was seen by itself: storeys, and what is in them.
    pub fn conclude(&mut self, tell: &mut Tell<'_>) {
        if self.left_out > 0 {
            let said = format!("{} more assets are too many to look at how they fit together", self.left_out);
            let last = self.seen.last();
            last.iter().for_each(|s| {
                tell(finding::NOT_CHECKED, Finding::new(finding::NOT_CHECKED, self.id_of(s), s.class, None, &*said))
            });
            return;
        }
        self.storeys(tell);
    }

    /// Looks at what was seen, and concluded, `around` it what the site and other files have.
    pub fn beside(&self, dataset: &DatasetName, frame: Option<&SiteFrame>, around: Beside<'_>, tell: &mut Tell<'_>) {
        if self.left_out > 0 {
            return;
        }
        for (one, parent) in self.orphans(dataset, around) {
            let said = format!("says that it is part of {parent}, which is not there");
            tell(finding::MISSING_PARENT, self.finding(one, finding::MISSING_PARENT, said));
        }
        if let Some(frame) = frame {
            self.devices(dataset, frame, around.there, tell);
        }
    }

    /// Those whose parent is not there, with its id.
    fn orphans<'a>(
        &'a self,
        dataset: &'a DatasetName,
        Beside { there, brought, kept }: Beside<'a>,
    ) -> impl Iterator<Item = (&'a Seen, &'a str)> {
        // What the dataset had before is about to end.
        let stays = move |asset: AssetRef<'_>| {
            let is_kept = |kept: &HashSet<&str>| {
                kept.contains(asset.source_id()) || asset.layer().is_some_and(|layer| kept.contains(layer))
            };
            asset.dataset() != dataset || kept.is_none_or(is_kept)
        };
        // Most parents stand beside their parts: then they have one number.
        let mut there_is = vec![false; self.ids.len()];
        for one in &self.seen {
            there_is.get_mut(one.id as usize).into_iter().for_each(|is| *is = true);
        }
        self.seen.iter().filter(move |one| there_is.get(one.parent as usize) != Some(&true)).filter_map(move |one| {
            let parent = self.parent_of(one).filter(|p| !self.has(p) && !brought.contains(*p))?;
            let called = |s: &Snapshot| [s.find_brought(dataset, parent), s.find(parent)];
            let rows = there.map_or([None, None], called).into_iter().flatten();
            let known = rows.filter_map(|row| there.and_then(|s| s.asset(row))).any(stays);
            (!known).then_some((one, parent))
        })
    }

    /// Whether a later file may change what [`ModelCheck::beside`] says: by a parent, or by rooms around devices.
    pub fn is_open(&self, dataset: &DatasetName, around: Beside<'_>) -> bool {
        let indoors = |s: &Seen| matches!(s.class.collection(), Collection::Devices | Collection::Cameras);
        self.left_out == 0 && (self.seen.iter().any(indoors) || self.orphans(dataset, around).next().is_some())
    }
    /// About how many bytes it takes.
    pub fn weight(&self) -> usize {
        self.seen.len() * 120 + self.bytes
    }
    /// Whether the file itself has an asset of this id.
    pub fn has(&self, id: &str) -> bool {
        self.numbered(id).is_some()
    }

    /// Whether most of what the dataset holds comes again in its place under other ids: an exporter renewed them.
    pub fn stands_for(&self, dataset: &DatasetName, there: &Snapshot) -> bool {
        let placed = |row: &Row| there.asset(*row).is_some_and(|a| a.dataset() == dataset && !a.bounds().is_empty());
        let held = there.rows().filter(placed).count();
        let frame = there.frame();
        let apart = |a: &Bounds, b: &Bounds| {
            let both = a.min.iter().zip(b.min).chain(a.max.iter().zip(b.max));
            both.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
        };
        let again = |one: &&Seen| {
            let own = frame.bounds_to_index(&one.bounds);
            !one.bounds.is_empty()
                && there.in_box(&one.bounds, None).into_iter().filter(placed).any(|row| {
                    let former = there.asset(row).filter(|a| a.class() == one.class);
                    former.is_some_and(|a| apart(&own, &frame.bounds_to_index(&a.bounds())) < SAME_PLACE)
                })
        };
        held > 0 && self.seen.iter().filter(again).count() * 2 > held
    }

    /// The number of the asset of an id.
    fn numbered(&self, id: &str) -> Option<usize> {
        let of = |number: &u32| self.seen.get(*number as usize).map_or("", |seen| self.id_of(seen));
        let by_id = self.by_id.get_or_init(|| {
            let mut by_id: Vec<u32> = (0..).take(self.seen.len()).collect();
            // Of several with one id the first comes in, and the others are refused: the sort keeps their order.
            by_id.sort_by(|a, b| of(a).cmp(of(b)));
            by_id
        });
        let number = *by_id.get(by_id.partition_point(|number| of(number) < id))?;
        (of(&number) == id).then_some(number as usize)
    }
    /// What an asset is part of, nearest first; itself is the first.
    fn chain(&self, from: usize) -> impl Iterator<Item = &Seen> {
        let up = |at: &&Seen| self.parent_of(at).and_then(|p| self.numbered(p)).and_then(|i| self.seen.get(i));
        std::iter::successors(self.seen.get(from), up).take(DEEPEST)
    }
    fn finding(&self, of: &Seen, kind: Kind, said: impl Into<String>) -> Finding {
        let near = (!of.bounds.is_empty()).then(|| of.bounds.center());
        Finding::new(kind, self.id_of(of), of.class, near, said)
    }
}

/// The number of what is put next.
fn end_of<T>(all: &[T]) -> u32 {
    u32::try_from(all.len()).unwrap_or(NONE)
}

fn level_of(asset: &Asset) -> Level {
    let value = |name: &str| asset.attributes.iter().find(|(n, _)| n == name).map(|(_, value)| value);
    let index = match value("index") {
        Some(Value::Int(index)) => Some(*index),
        _ => None,
    };
    let elevation = match value("elevation") {
        Some(Value::Float(metres)) => Some(*metres),
        #[expect(clippy::cast_precision_loss, reason = "a storey's level is a small number")]
        Some(Value::Int(metres)) => Some(*metres as f64),
        _ => None,
    };
    Level { name: asset.name.clone(), index, elevation: elevation.filter(|e| e.is_finite()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Geometry;

    fn asset(id: &str, parent: Option<&str>, storey: Option<&str>) -> Asset {
        Asset {
            id: id.into(),
            class: if parent.is_some() { Class::BuildingPart } else { Class::Building },
            name: String::new(),
            parent: parent.map(Into::into),
            storey: storey.map(Into::into),
            layer: None,
            attributes: Vec::new(),
            geometry: Geometry::default(),
            bounds: Bounds::EMPTY,
        }
    }

    /// What a city's import remembers of each asset is most of what grows with the city.
    #[test]
    fn what_is_remembered_of_an_asset_is_small_and_words_said_again_are_kept_once() {
        assert!(size_of::<Seen>() <= 72, "{} bytes", size_of::<Seen>());
        let mut check = ModelCheck::default();
        for (id, parent, storey) in [
            ("a", None, Some("1F")),
            ("a-1", Some("a"), Some("2F")),
            ("b-1", Some("b"), Some("1F")),
            ("b", None, None),
            ("b-2", Some("b"), Some("1F")),
        ] {
            check.see(&asset(id, parent, storey));
        }
        let (parent, id) = (|i: usize| check.seen[i].parent, |i: usize| check.seen[i].id);
        assert!(parent(0) == NONE && parent(1) == id(0) && parent(2) == id(3) && parent(4) == id(3));
        let ids: Vec<_> = check.seen.iter().map(|seen| check.id_of(seen)).collect();
        assert_eq!(ids, ["a", "a-1", "b-1", "b", "b-2"]);
        let said: Vec<_> = check.seen.iter().map(|seen| check.storey_of(seen)).collect();
        assert_eq!(said, [Some("1F"), Some("2F"), Some("1F"), None, Some("1F")]);
        assert_eq!(check.storeys.len(), 2);
    }
}
