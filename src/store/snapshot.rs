//! A site at one revision: everything resident, immutable, shared with the revisions beside it.

use super::archive::embedded::{Blobs, Instance};
use super::asset::AssetRef;
use super::clash;
use super::dataset::{Dataset, Edition, Standing};
use super::overlay::Overlay;
use super::table::{Kept, NO_WORD, OPEN, Record, Table};
use crate::crs::SiteFrame;
use crate::fault::{Fault, Result};
use crate::geom::Bounds;
use crate::index::{Entry, Forest, Names, key};
use crate::model::{Attributes, Collection, Collections, DatasetName, Geometry, SiteCode};
use crate::units::Instant;
use std::sync::Arc;

/// Names a version of an asset in its site. A current asset keeps its row through all its changes; a row that came from a
/// question about the past names that past version. Rows are given in order and never again to another asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row(pub(super) u32);

impl Row {
    const PAST: u32 = 1 << 31;

    pub(super) const fn past(number: u32) -> Self {
        Self(number | Self::PAST)
    }
    /// Whether it names a version that has been replaced or has ended.
    pub const fn is_past(self) -> bool {
        self.0 & Self::PAST != 0
    }
    /// The row as a number, for cursors.
    pub const fn number(self) -> u32 {
        self.0
    }
    /// The row of a number; one that was never given names nothing.
    pub const fn from_number(number: u32) -> Self {
        Self(number)
    }
    pub(super) const fn place(self) -> u32 {
        self.0 & !Self::PAST
    }
}

/// What many assets have in common: dataset, storey and layer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Setting {
    pub dataset: DatasetName,
    pub storey: Option<Arc<str>>,
    pub layer: Option<Arc<str>>,
}

/// How many assets there are of each collection, by the collection's number.
pub(super) type Counts = [usize; Collection::COUNT];

/// Current versions or past ones, with where they are and what they are called.
#[derive(Debug, Clone, Default)]
pub(super) struct Era {
    pub rows: Table,
    /// By own id.
    pub ids: Names,
    /// By the parent's id.
    pub parts: Names,
    /// By box.
    pub boxes: Forest,
}

/// A site at one revision.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub(super) site: SiteCode,
    pub(super) frame: SiteFrame,
    pub(super) now: Era,
    pub(super) past: Era,
    pub(super) words: imbl::Vector<Arc<str>>,
    pub(super) settings: imbl::Vector<Arc<Setting>>,
    /// When each revision was made; never descending.
    pub(super) times: imbl::Vector<Instant>,
    pub(super) counts: Counts,
    /// What each dataset has, by the layers of its file.
    pub(super) by_dataset: imbl::OrdMap<(DatasetName, Option<Arc<str>>), Counts>,
    /// Whether any asset is called otherwise than by its source.
    pub(super) clashes: bool,
    /// Around everything current of each collection.
    pub(super) extents: [Bounds; Collection::COUNT],
    pub(super) datasets: Arc<[Dataset]>,
    pub(super) editions: imbl::OrdMap<DatasetName, imbl::Vector<Arc<Edition>>>,
    pub(super) blobs: Arc<Blobs>,
    /// What makes it a variant's.
    pub(super) over: Option<Arc<Overlay>>,
}

impl Snapshot {
    pub(super) fn empty(site: SiteCode, frame: SiteFrame, blobs: Arc<Blobs>) -> Self {
        Self {
            site,
            frame,
            now: Era::default(),
            past: Era::default(),
            words: imbl::Vector::new(),
            settings: imbl::Vector::new(),
            times: imbl::Vector::new(),
            counts: [0; Collection::COUNT],
            by_dataset: imbl::OrdMap::new(),
            clashes: false,
            extents: [Bounds::EMPTY; Collection::COUNT],
            datasets: Arc::default(),
            editions: imbl::OrdMap::new(),
            blobs,
            over: None,
        }
    }
    /// The site's code.
    pub fn site(&self) -> &SiteCode {
        &self.site
    }
    /// The site's frames.
    pub fn frame(&self) -> &SiteFrame {
        &self.frame
    }
    /// How many commits made it; grows by one with each.
    pub fn revision(&self) -> u64 {
        self.times.len() as u64
    }
    /// How many assets are current.
    pub fn len(&self) -> usize {
        self.counts.iter().sum()
    }
    /// Whether no asset is current.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The rows of everything current, ascending.
    pub fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        self.rows_after(None)
    }
    /// The rows of everything current that come after `after`, ascending; for cursors.
    pub fn rows_after(&self, after: Option<Row>) -> impl Iterator<Item = Row> + '_ {
        let first = after.map_or(0, |r| r.0.saturating_add(1));
        self.now.rows.iter_from(first).filter(|(_, r)| r.is_current()).map(|(row, _)| Row(row))
    }
    /// Everything that was there at `at`, ascending.
    pub fn rows_at(&self, at: Instant) -> Vec<Row> {
        self.revision_at(at).map_or_else(Vec::new, |at| self.rows_of_revision(u64::from(at)))
    }
    /// Everything that was there at a revision, ascending.
    pub(super) fn rows_of_revision(&self, revision: u64) -> Vec<Row> {
        let Ok(at) = u32::try_from(revision) else { return Vec::new() };
        let now = self.now.rows.iter_from(0).filter(|(_, r)| r.holds(Some(at)) && r.is_current());
        let past = self.past.rows.iter_from(0).filter(|(_, r)| r.holds(Some(at)));
        now.map(|(row, _)| Row(row)).chain(past.map(|(row, _)| Row::past(row))).collect()
    }
    /// Every version whose validity meets the closed interval from `start` to `end`; current rows first, then past ones.
    pub fn rows_between(&self, start: Instant, end: Instant) -> Vec<Row> {
        let now = self.now.rows.iter_from(0).filter(|(_, r)| r.is_current()).map(|(row, _)| Row(row));
        let past = self.past.rows.iter_from(0).map(|(row, _)| Row::past(row));
        let meets = |row: &Row| {
            self.asset(*row).is_some_and(|asset| {
                let (from, to) = asset.valid();
                from <= end && to > start
            })
        };
        now.chain(past).filter(meets).collect()
    }
    /// The current rows that changed since `older`, an earlier state of this site, and those that were current then; ascending.
    pub fn changed_since(&self, older: &Self) -> Vec<Row> {
        self.now.rows.changed_since(&older.now.rows).into_iter().map(Row).collect()
    }
    /// The asset of a row; absent when the row names nothing current and no past version.
    pub fn asset(&self, row: Row) -> Option<AssetRef<'_>> {
        self.record(row).and_then(|record| AssetRef::new(self, row, record))
    }
    /// The current asset of this id.
    pub fn find(&self, id: &str) -> Option<Row> {
        self.lookup(id, None)
    }
    /// The current asset that `dataset` brought and that its source calls `source`, whatever it is called here.
    pub fn find_brought(&self, dataset: &DatasetName, source: &str) -> Option<Row> {
        self.brought(dataset, source, None)
    }
    /// The asset of this id as it was at `at`.
    pub fn find_at(&self, id: &str, at: Instant) -> Option<Row> {
        self.lookup(id, Some(self.revision_at(at)?))
    }
    /// The current rows, or those of `at`, whose boxes meet `bounds` (longitude, latitude in degrees, height in metres);
    /// touching counts. Ascending.
    pub fn in_box(&self, bounds: &Bounds, at: Option<Instant>) -> Vec<Row> {
        match at.map(|at| self.revision_at(at)) {
            None => self.boxed(bounds, None),
            Some(None) => Vec::new(),
            Some(revision) => self.boxed(bounds, revision),
        }
    }
    /// The rows of a revision, or the current ones, whose boxes meet `bounds`.
    pub(super) fn boxed(&self, bounds: &Bounds, at: Option<u32>) -> Vec<Row> {
        let extent = self.extent();
        if at.is_none() && !extent.is_empty() && bounds.contains(&extent) {
            return self.rows().filter(|r| self.record(*r).is_some_and(|r| !r.bounds.is_empty())).collect();
        }
        let window = self.frame.bounds_to_index(bounds);
        let mut rows = Vec::new();
        self.now.boxes.candidates(&window, |row| rows.push(Row(row)));
        if at.is_some() {
            self.past.boxes.candidates(&window, |row| rows.push(Row::past(row)));
        }
        rows.retain(|row| self.record(*row).is_some_and(|r| r.holds(at) && r.bounds.intersects(bounds)));
        rows.sort_unstable();
        rows.dedup();
        rows
    }
    /// What is part of, or contained in, the asset of `row`, ascending; for a past version, as it last was.
    pub fn children(&self, row: Row) -> Vec<Row> {
        let Some(parent) = self.record(row) else { return Vec::new() };
        let at = parent.last();
        let mut rows: Vec<Row> = Vec::new();
        for id in [parent.id(), self.source_id(parent)] {
            rows.extend(self.now.parts.candidates(id).map(Row));
            if at.is_some() {
                rows.extend(self.past.parts.candidates(id).map(Row::past));
            }
        }
        rows.retain(|child| self.record(*child).is_some_and(|c| c.holds(at) && self.parent_of(&c, at) == Some(row)));
        rows.sort_unstable();
        rows.dedup();
        rows
    }
    /// The parent of `row`, its parent and so on; at most 64, and none twice.
    pub fn ancestors(&self, row: Row) -> Vec<Row> {
        let mut chain = vec![row];
        while let Some(parent) = chain.last().and_then(|last| self.asset(*last)).and_then(|a| a.parent()) {
            if chain.len() > 64 || chain.contains(&parent) {
                break;
            }
            chain.push(parent);
        }
        chain.remove(0);
        chain
    }
    /// How many current assets are in a collection.
    pub fn count(&self, collection: Collection) -> usize {
        self.counts.get(collection as usize).copied().unwrap_or(0)
    }
    /// The collections that current assets are in.
    pub fn collections(&self) -> Collections {
        present(&self.counts)
    }
    /// Whether there is anything of these collections, or ever was: history is asked for, too.
    pub fn has_ever(&self, collections: Collections) -> bool {
        let was = || self.past.rows.iter_from(0).any(|(_, r)| collections.contains(r.class.collection()));
        !self.collections().and(collections).is_empty() || was()
    }
    /// The collections that current assets of a dataset are in; of one layer of its file where `layer` names one.
    pub fn collections_of(&self, dataset: &DatasetName, layer: Option<&str>) -> Collections {
        let of_dataset = self.by_dataset.range((dataset.clone(), None)..).take_while(|((name, _), _)| name == dataset);
        let meant = of_dataset.filter(|((_, own), _)| layer.is_none_or(|layer| own.as_deref() == Some(layer)));
        meant.flat_map(|(_, counts)| present(counts).iter()).collect()
    }
    /// How many assets of a collection a dataset has now.
    pub fn count_in(&self, dataset: &DatasetName, collection: Collection) -> usize {
        let of_dataset = self.by_dataset.range((dataset.clone(), None)..).take_while(|((name, _), _)| name == dataset);
        of_dataset.filter_map(|(_, counts)| counts.get(collection as usize)).sum()
    }
    /// How many assets a dataset has now.
    pub fn count_of(&self, dataset: &DatasetName) -> usize {
        let of_dataset = self.by_dataset.range((dataset.clone(), None)..).take_while(|((name, _), _)| name == dataset);
        of_dataset.flat_map(|(_, counts)| counts).sum()
    }
    /// The box around everything current, in longitude, latitude and height; empty when nothing has a place.
    pub fn extent(&self) -> Bounds {
        self.extent_of(Collections::ALL)
    }
    /// As [`Snapshot::extent`], of these collections only.
    pub fn extent_of(&self, collections: Collections) -> Bounds {
        let extents = collections.iter().filter_map(|c| self.extents.get(c as usize));
        extents.fold(Bounds::EMPTY, |all, extent| all.union(*extent))
    }
    /// The datasets whose assets are in the city, in the order of their first import.
    pub fn datasets(&self) -> impl DoubleEndedIterator<Item = &Dataset> + Clone + '_ {
        self.datasets.iter().filter(|d| d.entry.standing == Standing::Published)
    }
    /// The datasets with those that are withdrawn or deleted.
    pub(super) fn all_datasets(&self) -> &[Dataset] {
        &self.datasets
    }
    /// What a dataset was after each commit that changed its assets, the first one first.
    pub fn editions(&self, dataset: &DatasetName) -> impl DoubleEndedIterator<Item = &Edition> + '_ {
        self.editions.get(dataset).into_iter().flatten().map(AsRef::as_ref)
    }
    /// A row's mesh as a shape that other rows may have too, and how it is moved to the row's place. Nothing for a row without
    /// a mesh.
    ///
    /// # Errors
    /// As [`Snapshot::geometry`].
    pub fn instance(&self, row: Row) -> Result<Option<Instance>> {
        self.blobs.instance(self.known(row)?.blob)
    }
    /// The geometry of a row, from disk or the cache; empty for an asset without.
    ///
    /// # Errors
    /// [`Kind::NotFound`](crate::fault::Kind::NotFound) for a row that names nothing,
    /// [`Kind::Corrupt`](crate::fault::Kind::Corrupt) when the disk does not hold what was written.
    pub fn geometry(&self, row: Row) -> Result<Arc<Geometry>> {
        self.blobs.geometry(self.known(row)?.blob)
    }
    /// The attributes of a row, from disk or the cache.
    ///
    /// # Errors
    /// As [`Snapshot::geometry`].
    pub fn attributes(&self, row: Row) -> Result<Arc<Attributes>> {
        self.blobs.attributes(self.known(row)?.blob)
    }

    fn known(&self, row: Row) -> Result<Kept<'_>> {
        self.record(row).ok_or_else(|| Fault::not_found(format!("site {} has no asset in row {}", self.site, row.0)))
    }
    pub(super) fn record(&self, row: Row) -> Option<Kept<'_>> {
        if row.is_past() {
            self.past.rows.get(row.place())
        } else {
            self.now.rows.get(row.0).filter(|r| r.is_current())
        }
    }
    pub(super) fn setting(&self, record: &Record) -> Option<&Setting> {
        self.settings.get(record.setting as usize).map(AsRef::as_ref)
    }
    pub(super) fn parent_word(&self, record: &Record) -> Option<&Arc<str>> {
        (record.parent != NO_WORD).then(|| self.words.get(record.parent as usize)).flatten()
    }
    pub(super) fn time_of(&self, revision: u32) -> Instant {
        if revision == OPEN {
            return Instant::MAX;
        }
        self.times.get((revision as usize).wrapping_sub(1)).copied().unwrap_or(Instant::MAX)
    }
    /// The revision in force at `at`; none before the first.
    fn revision_at(&self, at: Instant) -> Option<u32> {
        let (mut low, mut high) = (0, self.times.len());
        while low < high {
            let middle = (low + high) / 2;
            if self.times.get(middle).is_some_and(|t| *t <= at) { low = middle + 1 } else { high = middle }
        }
        (low > 0).then_some(low as u32)
    }
    /// The asset called `id`.
    pub(super) fn lookup(&self, id: &str, at: Option<u32>) -> Option<Row> {
        let sources = clash::possible_sources(id).take(if self.clashes { usize::MAX } else { 1 });
        sources
            .into_iter()
            .find_map(|source| self.known_as(source, at).find(|(_, record)| record.id() == id))
            .map(|(row, _)| row)
    }
    /// What sources may know as `source`, a few of other names among it.
    fn known_as<'a>(&'a self, source: &str, at: Option<u32>) -> impl Iterator<Item = (Row, Kept<'a>)> + 'a {
        let now = self.now.ids.candidates(source).map(Row);
        let past = at.map(|_| self.past.ids.candidates(source).map(Row::past));
        let rows = now.chain(past.into_iter().flatten());
        rows.filter_map(move |row| Some((row, self.record(row).filter(|record| record.holds(at))?)))
    }
    /// The asset that `dataset` brought and its source calls `source`.
    pub(super) fn brought(&self, dataset: &DatasetName, source: &str, at: Option<u32>) -> Option<Row> {
        let mut found = self.known_as(source, at);
        let is = |r: Kept<'_>| self.setting(&r).is_some_and(|s| s.dataset == *dataset) && self.source_id(r) == source;
        found.find(|(_, record)| is(*record)).map(|(row, _)| row)
    }
    /// The id that its source gave to an asset.
    pub(super) fn source_id<'a>(&self, record: Kept<'a>) -> &'a str {
        let setting = self.clashes.then(|| self.setting(&record)).flatten();
        setting.map_or(record.id(), |s| clash::source_id(&self.site, &s.dataset, record.id()))
    }
    /// The parent's row: what the child's own dataset calls so, then what is called so, then what another dataset calls so.
    pub(super) fn parent_of(&self, record: &Record, at: Option<u32>) -> Option<Row> {
        let word = self.parent_word(record)?;
        if !self.clashes {
            return self.lookup(word, at);
        }
        let own = self.setting(record).and_then(|s| self.brought(&s.dataset, word, at));
        let of_others = || self.known_as(word, at).find(|(_, r)| self.source_id(*r) == &**word).map(|(row, _)| row);
        own.or_else(|| self.lookup(word, at)).or_else(of_others)
    }
    /// The indexes of an era of this state, packed anew.
    pub(super) fn pack(&self, era: &Era) -> (Names, Names, Forest) {
        let (mut ids, mut parts, mut boxes) = (Vec::new(), Vec::new(), Vec::new());
        // Ended rows of the present answer nothing any more; in the past every row has ended.
        let ended = std::ptr::eq(era, &self.past);
        for (row, record) in era.rows.iter_from(0).filter(|(_, r)| ended || r.is_current()) {
            ids.push((key(self.source_id(record)), row));
            parts.extend(self.parent_word(&record).map(|p| (key(p), row)));
            boxes.extend(Entry::new(row, &self.frame.bounds_to_index(&record.bounds)));
        }
        (Names::packed(ids), Names::packed(parts), Forest::packed(boxes))
    }
}

fn present(counts: &Counts) -> Collections {
    Collections::of(|c| counts.get(c as usize).is_some_and(|n| *n > 0))
}
