//! What commits do to a snapshot: the one way from changes to the next state, for a commit and for opening a store alike.

use super::archive::embedded::{Op, Version};
use super::clash;
use super::dataset::{Dataset, Edition};
use super::snapshot::{Era, Row, Setting, Snapshot};
use super::table::{Kept, NO_WORD, Record};
use crate::index::{Entry, key};
use crate::model::{AssetId, Class};
use crate::units::Instant;
use std::collections::HashMap;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// The numbers of words and settings; kept by the site's writer.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    words: HashMap<Arc<str>, u32>,
    settings: HashMap<Arc<Setting>, u32>,
}

/// Entries that wait to become a level of an era's indexes.
#[derive(Default)]
struct Batch {
    ids: Vec<(u32, u32)>,
    parts: Vec<(u32, u32)>,
    boxes: Vec<Entry>,
}

impl Batch {
    fn add_to(self, era: &mut Era) {
        era.ids.add(self.ids);
        era.parts.add(self.parts);
        era.boxes.add(self.boxes);
    }
}

/// A snapshot in the making. One edit may take many commits; the indexes follow at the end.
pub(super) struct Edit<'a> {
    next: Snapshot,
    numbers: &'a mut Numbers,
    /// Rows of ids that this edit has touched and the indexes do not know yet, by the id's hash: opening a city of a million
    /// must not leave a million pieces of freed memory between what stays.
    fresh: HashMap<u32, u32>,
    /// The same by id, where another id has the hash.
    collided: HashMap<AssetId, u32>,
    now: Batch,
    past: Batch,
    revision: u32,
    /// The mark of the log that the changes come from; 0 for the site's own.
    mark: u64,
}

impl<'a> Edit<'a> {
    pub fn new(next: Snapshot, numbers: &'a mut Numbers) -> Self {
        let revision = next.times.len() as u32;
        let (fresh, collided) = (HashMap::new(), HashMap::new());
        Self { next, numbers, fresh, collided, now: Batch::default(), past: Batch::default(), revision, mark: 0 }
    }
    /// As [`Edit::new`], with changes of another log, which is laid over the site's.
    pub fn over(next: Snapshot, numbers: &'a mut Numbers, mark: u64) -> Self {
        Self { mark, ..Self::new(next, numbers) }
    }

    /// Applies one commit of encoded changes, a piece at a time; `None` when one cannot be read or holds no changes.
    pub fn commit(
        &mut self,
        dataset: &Dataset,
        at: Instant,
        changes: impl IntoIterator<Item = Option<impl AsRef<[u8]>>>,
    ) -> Option<()> {
        let latest = self.next.times.last().copied().unwrap_or(Instant::MIN);
        self.next.times.push_back(at.max(latest));
        self.revision += 1;
        let mut datasets = self.next.datasets.to_vec();
        match datasets.iter_mut().find(|d| d.name == dataset.name) {
            Some(known) => *known = dataset.clone(),
            None => datasets.push(dataset.clone()),
        }
        self.next.datasets = datasets.into();
        let mut changed = false;
        for bytes in changes {
            for op in Op::decode(bytes?.as_ref()) {
                changed = true;
                match self.laid_over(op?, dataset) {
                    Op::Put(version) => self.put(version, dataset),
                    Op::Remove(id) => self.remove(&id),
                }
            }
        }
        self.note_edition(dataset, changed);
        Some(())
    }

    /// A change of a log that is laid over the site's, as it is there: its blobs lie in that log. An asset whose id the site has given
    /// to another dataset's since is called as if it came after that, and one that is called otherwise now is found by its source's id.
    fn laid_over(&self, mut op: Op, dataset: &Dataset) -> Op {
        if self.mark == 0 {
            return op;
        }
        let (Op::Put(Version { id, .. }) | Op::Remove(id)) = &op;
        let held = |id: &str| self.find(id).and_then(|row| self.next.now.rows.get(row));
        let is_own = |r: Kept<'_>| self.next.setting(&r).is_some_and(|setting| setting.dataset == dataset.name);
        let names = || {
            let source = AssetId::from(clash::source_id(&self.next.site, &dataset.name, id));
            clash::names(&self.next.site, &dataset.name, &source).into_iter()
        };
        let called = match held(id) {
            Some(record) if is_own(record) => None,
            Some(_) => names().find(|id| held(id).is_none_or(is_own)),
            // The draft saw it under a name that it no longer needs, or did not need yet. What this same commit put is another.
            None => names().find(|id| held(id).is_some_and(|r| is_own(r) && r.from < self.revision)),
        };
        match (&mut op, called) {
            (Op::Put(version), Some(called)) => {
                // A tile's name must say that it is called so.
                version.hash ^= xxh3_64(called.as_bytes());
                version.id = called;
            }
            (Op::Remove(id), Some(called)) => *id = called,
            (_, None) => {}
        }
        if let Op::Put(version) = &mut op {
            version.blob.offset |= self.mark;
        }
        op
    }

    /// Notes what the commit left of its dataset; one that only described it leaves no edition.
    fn note_edition(&mut self, dataset: &Dataset, changed: bool) {
        let Dataset { name, title, crs, source, entry, .. } = dataset;
        let editions = self.next.editions.get(name);
        let last = editions.and_then(|all| all.last());
        if !changed && last.is_some_and(|last| last.standing == entry.standing && last.source == *source) {
            return;
        }
        let edition = Edition {
            revision: u64::from(self.revision),
            at: self.next.times.last().copied().unwrap_or(Instant::MIN),
            title: title.clone(),
            crs: crs.clone(),
            source: source.clone(),
            assets: self.next.count_of(name),
            standing: entry.standing,
        };
        self.next.editions.entry(name.clone()).or_default().push_back(Arc::new(edition));
    }

    /// The next state.
    pub fn finish(mut self) -> Snapshot {
        self.now.add_to(&mut self.next.now);
        self.past.add_to(&mut self.next.past);
        self.next.extents = self.next.now.rows.extents();
        self.next
    }

    fn find(&self, id: &str) -> Option<u32> {
        match self.touched(id) {
            Some(row) => Some(row).filter(|row| self.next.now.rows.get(*row).is_some_and(|r| r.is_current())),
            None => self.next.lookup(id, None).map(Row::place),
        }
    }

    /// The row of an id that this edit has touched, ended or not.
    fn touched(&self, id: &str) -> Option<u32> {
        let row = *self.fresh.get(&key(id))?;
        if self.is_of(row, id) { Some(row) } else { self.collided.get(id).copied() }
    }

    fn touch(&mut self, id: &AssetId, row: u32) {
        let first = *self.fresh.entry(key(id)).or_insert(row);
        if self.is_of(first, id) {
            self.fresh.insert(key(id), row);
        } else {
            self.collided.insert(id.clone(), row);
        }
    }

    fn is_of(&self, row: u32, id: &str) -> bool {
        self.next.now.rows.get(row).is_some_and(|r| r.id() == id)
    }

    fn put(&mut self, version: Version, dataset: &Dataset) {
        let parent = version.parent.clone().map_or(NO_WORD, |word| self.word(word));
        let setting =
            Setting { dataset: dataset.name.clone(), storey: version.storey.clone(), layer: version.layer.clone() };
        let source = clash::source_id(&self.next.site, &dataset.name, &version.id);
        self.next.clashes |= *source != *version.id;
        let source = key(source);
        let setting = self.setting(setting);
        let record = Record::new(&version, parent, setting, self.revision);
        let entry = |row| Entry::new(row, &self.next.frame.bounds_to_index(&record.bounds));
        let (parent, class) = (self.next.parent_word(&record).map(|w| key(w)), record.class);
        let row = match self.find(&version.id) {
            Some(row) => {
                self.now.boxes.extend(entry(row));
                let old_parent = self.retire(row);
                self.now.parts.extend(parent.filter(|_| old_parent != Some(record.parent)).map(|p| (p, row)));
                self.next.now.rows.set(row, record, &version.id, &version.name);
                row
            }
            None => {
                let row = self.next.now.rows.len() as u32;
                self.now.boxes.extend(entry(row));
                self.now.ids.push((source, row));
                self.now.parts.extend(parent.map(|p| (p, row)));
                self.next.now.rows.push(record, &version.id, &version.name)
            }
        };
        self.touch(&version.id, row);
        self.count(class, setting, |n| n + 1);
    }

    fn remove(&mut self, id: &AssetId) {
        if let Some(row) = self.find(id) {
            self.retire(row);
            self.next.now.rows.end(row, self.revision);
            self.touch(id, row);
        }
    }

    /// Moves a current version to the past; its row awaits a successor or its end. Gives the version's parent word.
    fn retire(&mut self, row: u32) -> Option<u32> {
        let old = self.next.now.rows.get(row)?;
        let parent = old.parent;
        let (class, setting) = (old.class, old.setting);
        self.count(class, setting, |n| n - 1);
        let old = self.next.now.rows.get(row)?;
        // What came and went within one commit never was.
        if old.from < self.revision {
            let place = self.next.past.rows.len() as u32;
            self.past.ids.push((key(self.next.source_id(old)), place));
            self.past.parts.extend(self.next.parent_word(&old).map(|w| (key(w), place)));
            self.past.boxes.extend(Entry::new(place, &self.next.frame.bounds_to_index(&old.bounds)));
            let mut ended = Record::clone(&old);
            ended.to = self.revision;
            self.next.past.rows.push(ended, old.id(), old.name());
        }
        Some(parent)
    }

    /// Changes how many assets of this class and setting are current.
    fn count(&mut self, class: Class, setting: u32, change: impl Fn(usize) -> usize) {
        let number = class.collection() as usize;
        if let Some(count) = self.next.counts.get_mut(number) {
            *count = change(*count);
        }
        let Some(setting) = self.next.settings.get(setting as usize) else { return };
        let part = (setting.dataset.clone(), setting.layer.clone());
        if let Some(count) = self.next.by_dataset.entry(part).or_default().get_mut(number) {
            *count = change(*count);
        }
    }

    fn word(&mut self, word: Arc<str>) -> u32 {
        if let Some(number) = self.numbers.words.get(&word) {
            return *number;
        }
        let number = self.next.words.len() as u32;
        self.next.words.push_back(word.clone());
        self.numbers.words.insert(word, number);
        number
    }

    fn setting(&mut self, setting: Setting) -> u32 {
        if let Some(number) = self.numbers.settings.get(&setting) {
            return *number;
        }
        let (number, setting) = (self.next.settings.len() as u32, Arc::new(setting));
        self.next.settings.push_back(setting.clone());
        self.numbers.settings.insert(setting, number);
        number
    }
}
