//! Search by name and code: Chinese and Latin, ranked, exact before prefix before part.

use crate::fault::Result;
use crate::model::{Collections, SiteCode, Value};
use crate::store::{Row, Snapshot};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Attributes that name or number an asset besides its name and id.
const CODES: &[&str] = &[
    "code",
    "house_code",
    "address",
    "door_plate",
    "panel_text",
    "serial",
    "name_en",
    "name_zh",
    "LongName",
    "long_name",
    "Tag",
    "tag",
    "identificatie",
    "number",
];

struct Entry {
    row: Row,
    version: u64,
    /// Lower-case name, id and codes.
    texts: Box<[Box<str>]>,
}

/// What one site's search knows, as of one revision.
struct Texts {
    revision: u64,
    entries: HashMap<Row, Entry>,
}

/// Search over sites; keeps each site's texts until the site changes, and then reads only what changed.
#[derive(Default)]
pub struct Search(Mutex<HashMap<SiteCode, Arc<Texts>>>);

/// One thing found: which snapshot, which row, how well it fits (greater is better, at most 1).
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Index into the snapshots asked.
    pub snapshot: usize,
    /// The asset.
    pub row: Row,
    /// 1 for the whole text, less for a part of it.
    pub score: f64,
}

impl Search {
    /// The best `limit` assets of the `visible` collections for `words`, best first; every word must be found in the asset's name, id or codes.
    ///
    /// # Errors
    /// Attributes that cannot be paged in.
    pub fn find(
        &self,
        snapshots: &[Arc<Snapshot>],
        words: &str,
        limit: usize,
        visible: Collections,
    ) -> Result<Vec<Found>> {
        let whole = words.trim().to_lowercase();
        let parts: Vec<&str> = whole.split_whitespace().collect();
        let mut found = Vec::new();
        for (i, snapshot) in snapshots.iter().enumerate() {
            let texts = self.texts(snapshot)?;
            for entry in texts.entries.values() {
                let Some(score) = score(&entry.texts, &whole, &parts) else { continue };
                let seen = snapshot.asset(entry.row).is_some_and(|asset| visible.contains(asset.class().collection()));
                if seen {
                    found.push(Found { snapshot: i, row: entry.row, score });
                }
            }
        }
        // Buildings come before what is in them when both fit as well; then the order of rows, for a stable answer.
        let rank = |f: &Found| {
            let asset = snapshots.get(f.snapshot).and_then(|s| s.asset(f.row));
            asset.map_or(u8::MAX, |a| a.class() as u8)
        };
        found.sort_by(|a, b| {
            b.score.total_cmp(&a.score).then(rank(a).cmp(&rank(b))).then((a.snapshot, a.row).cmp(&(b.snapshot, b.row)))
        });
        found.truncate(limit);
        Ok(found)
    }
    fn texts(&self, snapshot: &Snapshot) -> Result<Arc<Texts>> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let old = held.get(snapshot.site()).cloned();
        if let Some(texts) = &old
            && texts.revision == snapshot.revision()
        {
            return Ok(texts.clone());
        }
        let mut entries = HashMap::with_capacity(snapshot.len());
        for row in snapshot.rows() {
            let Some(asset) = snapshot.asset(row) else { continue };
            let version = asset.version();
            let known = old.as_ref().and_then(|t| t.entries.get(&row)).filter(|e| e.version == version);
            let texts = match known {
                Some(entry) => entry.texts.clone(),
                None => {
                    let codes = snapshot.attributes(row)?;
                    let codes = codes.iter().filter(|(name, _)| CODES.contains(&name.as_str()));
                    let codes = codes.filter_map(|(_, value)| match value {
                        Value::Text(text) => Some(text.to_lowercase()),
                        Value::Int(number) => Some(number.to_string()),
                        _ => None,
                    });
                    let own = [asset.name().to_lowercase(), asset.id().to_lowercase()];
                    own.into_iter().chain(codes).filter(|t| !t.is_empty()).map(Into::into).collect()
                }
            };
            entries.insert(row, Entry { row, version, texts });
        }
        let texts = Arc::new(Texts { revision: snapshot.revision(), entries });
        held.insert(snapshot.site().clone(), texts.clone());
        Ok(texts)
    }
}

#[expect(clippy::cast_precision_loss, reason = "lengths of names")]
fn score(texts: &[Box<str>], whole: &str, parts: &[&str]) -> Option<f64> {
    let share = |part: &str, text: &str| part.len() as f64 / text.len().max(1) as f64;
    let best = texts
        .iter()
        .filter_map(|text| match &**text {
            text if text == whole => Some(1.0),
            text if text.starts_with(whole) => Some(0.8 + 0.1 * share(whole, text)),
            text if text.contains(whole) => Some(0.6 + 0.1 * share(whole, text)),
            _ => None,
        })
        .max_by(f64::total_cmp);
    best.or_else(|| {
        let all = parts.len() > 1 && parts.iter().all(|part| texts.iter().any(|text| text.contains(part)));
        all.then_some(0.5)
    })
}
