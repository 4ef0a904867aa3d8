//! What is drawn of a site in a view, kept in order so that a commit sorts in only what it changed.

use super::cell::{Cell, Limits};
use super::members::{LEAF, Member, Place, Scene};
use super::view::View;
use crate::fault::Result;
use crate::model::{Class, Collections};
use crate::store::{Row, Snapshot};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// At most this many markers in a leaf.
const MARKERS: Limits = Limits { members: 2000, triangles: u64::MAX };
/// Of more changed rows than this, all is looked at anew.
const MANY: usize = 20_000;

/// The members of a view of one snapshot, in a tree for each way in which they are shown. It never changes; the next one shares
/// what stayed as it was.
#[derive(Debug, Clone, Default)]
pub struct Grove {
    trees: BTreeMap<Place, Arc<Cell>>,
}

impl Grove {
    /// Of the assets of `view` in the `allowed` collections, and of these, where its filter has `chosen` some, only those.
    ///
    /// # Errors
    /// As [`Snapshot::geometry`].
    pub fn of(snapshot: &Snapshot, view: &View, allowed: Collections, chosen: Option<&HashSet<Row>>) -> Result<Self> {
        let members = Scene { snapshot, view, allowed, chosen }.members(&view.rows(snapshot))?;
        let trees = by_place(members).into_iter();
        Ok(Self { trees: trees.filter_map(|(place, of)| Some((place, Cell::over(of, limits(place))?))).collect() })
    }

    /// The grove of `snapshot`, which follows `before`, whose grove this is; of a view without a filter.
    ///
    /// # Errors
    /// As [`Snapshot::geometry`].
    pub fn after(&self, before: &Snapshot, snapshot: &Snapshot, view: &View, allowed: Collections) -> Result<Self> {
        if view.at().is_some() {
            return Self::of(snapshot, view, allowed, None);
        }
        let changed = snapshot.changed_since(before);
        let [old, new] = [before, snapshot].map(|snapshot| Scene { snapshot, view, allowed, chosen: None });
        let Some(touched) = touched(&old, &new, &changed) else { return Self::of(snapshot, view, allowed, None) };
        let (gone, come) = (old.members(&whole(&old, &touched))?, new.members(&whole(&new, &touched))?);
        // What is drawn as before keeps its place, and the cells above it with that.
        let key = |m: &Arc<Member>| (m.row, m.deep());
        let was: HashMap<_, _> = gone.iter().map(|m| (key(m), ())).collect();
        let is: HashMap<_, _> = come.iter().map(|m| (key(m), ())).collect();
        let mut gone = by_place(gone.into_iter().filter(|m| !is.contains_key(&key(m))).collect());
        let mut come = by_place(come.into_iter().filter(|m| !was.contains_key(&key(m))).collect());
        let places: BTreeSet<Place> = gone.keys().chain(come.keys()).copied().collect();
        let mut trees = self.trees.clone();
        for place in places {
            let (gone, come) = (gone.remove(&place).unwrap_or_default(), come.remove(&place).unwrap_or_default());
            match Cell::after(trees.get(&place), gone, come, limits(place)) {
                Some(tree) => trees.insert(place, tree),
                None => trees.remove(&place),
            };
        }
        Ok(Self { trees })
    }

    /// The tree of what is shown so.
    pub(super) fn tree(&self, place: Place) -> Option<&Arc<Cell>> {
        self.trees.get(&place)
    }
    /// How many members there are, those inside of buildings apart.
    pub fn len(&self) -> usize {
        self.trees.values().map(|tree| tree.count).sum()
    }
    /// How many there are with those inside of buildings.
    pub fn features(&self) -> usize {
        let inside = |m: &Arc<Member>| m.inside().map(|cell| cell.count).sum::<usize>();
        self.trees.values().map(|tree| tree.count + tree.members().iter().map(inside).sum::<usize>()).sum()
    }
    /// Whether nothing is drawn.
    pub fn is_empty(&self) -> bool {
        self.trees.is_empty()
    }
}

pub(super) const fn limits(place: Place) -> Limits {
    if matches!(place, Place::Marker) { MARKERS } else { LEAF }
}

fn by_place(members: Vec<Arc<Member>>) -> BTreeMap<Place, Vec<Arc<Member>>> {
    let mut sorted: BTreeMap<Place, Vec<Arc<Member>>> = BTreeMap::new();
    for member in members {
        sorted.entry(member.place).or_default().push(member);
    }
    sorted
}

/// The changed rows with the buildings they are, or were, in; nothing where these are too many to be looked for one by one.
fn touched(old: &Scene<'_>, new: &Scene<'_>, changed: &[Row]) -> Option<BTreeSet<Row>> {
    let mut touched = BTreeSet::new();
    let moved = |row: &Row| !keeps_its_place(old.snapshot, new.snapshot, *row);
    let mut waiting: Vec<(Row, bool)> = changed.iter().map(|row| (*row, moved(row))).collect();
    let mut known: BTreeSet<Row> = waiting.iter().filter(|(_, moved)| *moved).map(|(row, _)| *row).collect();
    while let Some((row, moved)) = waiting.pop() {
        if known.len() + changed.len() > MANY {
            return None;
        }
        for scene in [old, new] {
            touched.insert(scene.home(row).unwrap_or(row));
        }
        // Where an asset came, went, or lies elsewhere in the tree of parts, all that is below it may have another home.
        if moved {
            for scene in [old, new] {
                let below = scene.snapshot.children(row).into_iter().filter(|child| known.insert(*child));
                waiting.extend(below.map(|child| (child, true)));
            }
        }
    }
    Some(touched)
}

fn keeps_its_place(old: &Snapshot, new: &Snapshot, row: Row) -> bool {
    let place = |snapshot: &Snapshot| {
        snapshot.asset(row).map(|a| (a.id().to_owned(), a.class(), a.parent(), a.parent_id().map(str::to_owned)))
    };
    place(old).is_some_and(|old| Some(old) == place(new))
}

/// The touched rows of a scene, the buildings among them with all that is in them.
fn whole(scene: &Scene<'_>, touched: &BTreeSet<Row>) -> Vec<Row> {
    let mut rows: BTreeSet<Row> = BTreeSet::new();
    let mut waiting: Vec<Row> = touched.iter().copied().collect();
    while let Some(row) = waiting.pop() {
        if scene.snapshot.asset(row).is_none() || !rows.insert(row) {
            continue;
        }
        if scene.home(row).is_some_and(|home| touched.contains(&home)) {
            let below = scene.snapshot.children(row).into_iter();
            waiting.extend(below.filter(|r| scene.snapshot.asset(*r).is_some_and(|a| a.class() != Class::Building)));
        }
    }
    rows.into_iter().collect()
}
