//! The resident part of every version, in chunks that states share: a commit copies the chunks it touches.

use super::archive::embedded::{Blob, Version};
use crate::geom::Bounds;
use crate::model::{Class, Collection, Grain};
use std::ops::Deref;
use std::sync::Arc;

/// Rows in a chunk: small enough to copy in microseconds, large enough that the list of chunks stays short.
const CHUNK: usize = 1024;
/// The revision that never comes: the end of what is current.
pub(super) const OPEN: u32 = u32::MAX;

/// One version of one asset: 104 bytes, its id and name apart.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub bounds: Bounds,
    pub hash: u64,
    pub blob: Blob,
    /// The parent's number among the words; [`NO_WORD`] without one.
    pub parent: u32,
    /// The number of its setting.
    pub setting: u32,
    /// The revision that made it.
    pub from: u32,
    /// The revision that ended it, or [`OPEN`].
    pub to: u32,
    /// Where the id starts in its chunk's text; the name follows it.
    text_at: u32,
    id_len: u16,
    name_len: u16,
    pub class: Class,
    pub grain: Grain,
}

/// Stands for no word.
pub(super) const NO_WORD: u32 = u32::MAX;

impl Record {
    /// The longest name, in bytes.
    pub const LONGEST_NAME: usize = u16::MAX as usize;

    /// Its id and its name in its chunk's text.
    fn texts<'a>(&self, text: &'a str) -> (&'a str, &'a str) {
        let start = self.text_at as usize;
        let both = text.get(start..start + usize::from(self.id_len) + usize::from(self.name_len));
        both.unwrap_or_default().split_at_checked(usize::from(self.id_len)).unwrap_or_default()
    }
    pub fn is_current(&self) -> bool {
        self.to == OPEN
    }
    /// A current version made by `version`, in numbers.
    pub fn new(version: &Version, parent: u32, setting: u32, from: u32) -> Self {
        let &Version { bounds, hash, blob, class, grain, .. } = version;
        let (to, text_at, id_len, name_len) = (OPEN, 0, 0, 0);
        Self { bounds, hash, blob, parent, setting, from, to, text_at, id_len, name_len, class, grain }
    }
    /// Whether it held at revision `at`; `None` asks for now.
    pub fn holds(&self, at: Option<u32>) -> bool {
        at.map_or(self.is_current(), |at| self.from <= at && at < self.to)
    }
}

/// A version where it lies, with its texts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept<'a> {
    record: &'a Record,
    text: &'a str,
}

impl Deref for Kept<'_> {
    type Target = Record;

    fn deref(&self) -> &Record {
        self.record
    }
}

impl<'a> Kept<'a> {
    pub fn id(&self) -> &'a str {
        self.record.texts(self.text).0
    }
    pub fn name(&self) -> &'a str {
        self.record.texts(self.text).1
    }
}

#[derive(Debug, Clone)]
struct Chunk {
    rows: Vec<Record>,
    /// The ids and names of the rows: together they take half of what a piece of memory for each would.
    text: String,
    /// The bytes of `text` that no row uses any more.
    waste: usize,
    /// Around everything current in it, by collection; only of those that have something there, which are few.
    bounds: Vec<(Collection, Bounds)>,
    stale: bool,
}

impl Chunk {
    fn intern(&mut self, record: &mut Record, id: &str, name: &str) {
        if self.waste > self.text.len() / 2 {
            let old = std::mem::take(&mut self.text);
            for row in &mut self.rows {
                let (id, name) = row.texts(&old);
                row.text_at = self.text.len() as u32;
                self.text.extend([id, name]);
            }
            self.waste = 0;
        }
        (record.text_at, record.id_len, record.name_len) = (self.text.len() as u32, id.len() as u16, name.len() as u16);
        self.text.extend([id, name]);
    }
}

/// Versions by row number.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    chunks: Vec<Arc<Chunk>>,
}

impl Table {
    /// How many rows have ever been given.
    pub fn len(&self) -> usize {
        self.chunks.last().map_or(0, |last| (self.chunks.len() - 1) * CHUNK + last.rows.len())
    }
    pub fn get(&self, row: u32) -> Option<Kept<'_>> {
        let chunk = self.chunks.get(row as usize / CHUNK)?;
        Some(Kept { record: chunk.rows.get(row as usize % CHUNK)?, text: &chunk.text })
    }
    /// Rows from `first` on.
    pub fn iter_from(&self, first: u32) -> impl Iterator<Item = (u32, Kept<'_>)> + '_ {
        let (chunk, skip) = (first as usize / CHUNK, first as usize % CHUNK);
        let chunks = self.chunks.get(chunk..).unwrap_or_default().iter().enumerate();
        chunks.flat_map(move |(i, c)| {
            let skip = if i == 0 { skip } else { 0 };
            let rows = c.rows.iter().enumerate().skip(skip);
            rows.map(move |(k, record)| (((chunk + i) * CHUNK + k) as u32, Kept { record, text: &c.text }))
        })
    }
    pub fn push(&mut self, mut record: Record, id: &str, name: &str) -> u32 {
        let row = self.len() as u32;
        if (row as usize).is_multiple_of(CHUNK) {
            if let Some(full) = self.chunks.last_mut() {
                Arc::make_mut(full).text.shrink_to_fit();
            }
            let (rows, text) = (Vec::new(), String::new());
            self.chunks.push(Arc::new(Chunk { rows, text, waste: 0, bounds: Vec::new(), stale: true }));
        }
        if let Some(chunk) = self.chunks.last_mut().map(Arc::make_mut) {
            chunk.intern(&mut record, id, name);
            chunk.rows.push(record);
            chunk.stale = true;
        }
        row
    }
    /// Replaces a row by a later version.
    pub fn set(&mut self, row: u32, mut record: Record, id: &str, name: &str) {
        let Some(chunk) = self.chunks.get_mut(row as usize / CHUNK).map(Arc::make_mut) else { return };
        let Some(old) = chunk.rows.get(row as usize % CHUNK) else { return };
        if old.texts(&chunk.text) == (id, name) {
            (record.text_at, record.id_len, record.name_len) = (old.text_at, old.id_len, old.name_len);
        } else {
            chunk.waste += usize::from(old.id_len) + usize::from(old.name_len);
            chunk.intern(&mut record, id, name);
        }
        chunk.stale = true;
        if let Some(place) = chunk.rows.get_mut(row as usize % CHUNK) {
            *place = record;
        }
    }
    /// Ends a row.
    pub fn end(&mut self, row: u32, to: u32) {
        let Some(chunk) = self.chunks.get_mut(row as usize / CHUNK).map(Arc::make_mut) else { return };
        chunk.stale = true;
        if let Some(record) = chunk.rows.get_mut(row as usize % CHUNK) {
            record.to = to;
        }
    }
    /// The rows whose version differs from that of `older`, an earlier state of the same table; ascending. Chunks that both share
    /// are passed over.
    pub fn changed_since(&self, older: &Self) -> Vec<u32> {
        let mut changed = Vec::new();
        for (number, chunk) in self.chunks.iter().enumerate() {
            let before = older.chunks.get(number);
            if before.is_some_and(|before| Arc::ptr_eq(before, chunk)) {
                continue;
            }
            for (at, record) in chunk.rows.iter().enumerate() {
                let was = before.and_then(|before| before.rows.get(at));
                if was.is_none_or(|was| (was.from, was.to) != (record.from, record.to)) {
                    changed.push((number * CHUNK + at) as u32);
                }
            }
        }
        changed
    }
    /// The box around everything current of each collection, by the collection's number. Looks into chunks that changed only.
    pub fn extents(&mut self) -> [Bounds; Collection::COUNT] {
        let mut extents = [Bounds::EMPTY; Collection::COUNT];
        for chunk in &mut self.chunks {
            if chunk.stale {
                let chunk = Arc::make_mut(chunk);
                let mut own = [Bounds::EMPTY; Collection::COUNT];
                for record in chunk.rows.iter().filter(|r| r.is_current() && !r.bounds.is_empty()) {
                    let bounds = &mut own[record.class.collection() as usize];
                    *bounds = bounds.union(record.bounds);
                }
                let own = Collection::ALL.into_iter().zip(own);
                chunk.bounds = own.filter(|(_, bounds)| !bounds.is_empty()).collect();
                chunk.stale = false;
            }
            for (collection, bounds) in &chunk.bounds {
                let extent = &mut extents[*collection as usize];
                *extent = extent.union(*bounds);
            }
        }
        extents
    }
}
