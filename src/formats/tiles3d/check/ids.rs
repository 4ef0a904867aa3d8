//! Which ids leaves show, over a whole tileset.

use super::clip;
use super::report::Log;
use super::rule::Rule;
use std::collections::HashMap;
use xxhash_rust::xxh3::xxh3_64;

/// The most ids that are kept in mind: a gigabyte of them, nearly.
const MOST: usize = 30_000_000;

/// The ids that are shown once everything is refined, by their hashes: eight bytes for each instead of its text.
#[derive(Default)]
pub(super) struct Ids {
    shown: HashMap<u64, u32>,
    files: Vec<Box<str>>,
}

impl Ids {
    /// Takes the ids of a content that stays in view when everything is refined.
    pub fn take(&mut self, ids: Vec<String>, file: &str, log: &mut Log) {
        if ids.is_empty() {
            return;
        }
        let number = self.files.len() as u32;
        self.files.push(file.into());
        for id in ids {
            let hash = xxh3_64(id.as_bytes());
            if self.shown.len() >= MOST && !self.shown.contains_key(&hash) {
                log.unseen(format!("ids beyond {MOST}"));
                continue;
            }
            let first = *self.shown.entry(hash).or_insert(number);
            if first != number {
                let other = self.files.get(first as usize).map_or("", |f| f);
                log.find(Rule::IdTwice, "", format!("'{}' is shown here and by '{}' at once", clip(&id), clip(other)));
            }
        }
    }
    /// How many there are.
    pub fn distinct(&self) -> usize {
        self.shown.len()
    }
}
