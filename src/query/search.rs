//! Search by name and code: Chinese and Latin, ranked, exact before prefix before part.

use crate::fault::Result;
use crate::model::{Collections, SiteCode, Value};
use crate::store::{Row, Snapshot};
use memchr::memmem;
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

/// One asset's texts: its lower-case name, id and codes, a line each.
struct Entry {
    row: Row,
    version: u64,
    /// Where its lines begin in the text; they end where the next entry's begin.
    start: usize,
}

/// What one site's search knows, as of one revision: one text for all, in which words are looked for at memory's speed.
struct Texts {
    revision: u64,
    /// Ascending by row, and so by where they begin.
    entries: Vec<Entry>,
    text: String,
}

impl Texts {
    fn lines(&self, at: usize) -> &str {
        let start = self.entries.get(at).map_or(self.text.len(), |e| e.start);
        let end = self.entries.get(at + 1).map_or(self.text.len(), |e| e.start);
        self.text.get(start..end).unwrap_or_default()
    }
    /// The entries in whose lines `word` stands, ascending.
    fn holding<'t>(&'t self, word: &'t str) -> impl Iterator<Item = usize> + 't {
        let mut last = None;
        memmem::find_iter(self.text.as_bytes(), word.as_bytes()).filter_map(move |place| {
            let entry = self.entries.partition_point(|e| e.start <= place).checked_sub(1)?;
            (last.replace(entry) != Some(entry)).then_some(entry)
        })
    }
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
            // Whatever fits has every word in it, the longest one too.
            let Some(longest) = parts.iter().max_by_key(|part| part.len()) else { continue };
            for entry in texts.holding(longest) {
                let Some(score) = score(texts.lines(entry), &whole, &parts) else { continue };
                let Some(row) = texts.entries.get(entry).map(|e| e.row) else { continue };
                let seen = snapshot.asset(row).filter(|asset| visible.contains(asset.class().collection()));
                // Buildings come before what is in them when both fit as well; then the order of rows, for a stable answer.
                found.extend(seen.map(|asset| (Found { snapshot: i, row, score }, asset.class() as u8)));
            }
        }
        let better = |(a, rank): &(Found, u8), (b, other): &(Found, u8)| {
            b.score.total_cmp(&a.score).then(rank.cmp(other)).then((a.snapshot, a.row).cmp(&(b.snapshot, b.row)))
        };
        if found.len() > limit {
            found.select_nth_unstable_by(limit, better);
            found.truncate(limit);
        }
        found.sort_unstable_by(better);
        Ok(found.into_iter().map(|(found, _)| found).collect())
    }
    fn texts(&self, snapshot: &Snapshot) -> Result<Arc<Texts>> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let old = held.get(snapshot.site()).cloned();
        if let Some(texts) = &old
            && texts.revision == snapshot.revision()
        {
            return Ok(texts.clone());
        }
        let mut new = Texts { revision: snapshot.revision(), entries: Vec::new(), text: String::new() };
        for row in snapshot.rows() {
            let Some(asset) = snapshot.asset(row) else { continue };
            let (version, start) = (asset.version(), new.text.len());
            let known = old.as_ref().and_then(|t| {
                let at = t.entries.binary_search_by_key(&row, |e| e.row).ok()?;
                t.entries.get(at).filter(|e| e.version == version).map(|_| t.lines(at))
            });
            match known {
                Some(lines) => new.text.push_str(lines),
                None => {
                    let codes = snapshot.attributes(row)?;
                    let codes = codes.iter().filter(|(name, _)| CODES.contains(&name.as_str()));
                    let codes = codes.filter_map(|(_, value)| match value {
                        Value::Text(text) => Some(text.to_lowercase()),
                        Value::Int(number) => Some(number.to_string()),
                        _ => None,
                    });
                    let own = [asset.name().to_lowercase(), asset.id().to_lowercase()];
                    for text in own.into_iter().chain(codes).filter(|t| !t.is_empty()) {
                        // A line is one text: none begins another within.
                        new.text.extend(text.chars().map(|c| if c == '\n' { ' ' } else { c }).chain(['\n']));
                    }
                }
            }
            new.entries.push(Entry { row, version, start });
        }
        let texts = Arc::new(new);
        held.insert(snapshot.site().clone(), texts.clone());
        Ok(texts)
    }
}

#[expect(clippy::cast_precision_loss, reason = "lengths of names")]
fn score(lines: &str, whole: &str, parts: &[&str]) -> Option<f64> {
    let share = |part: &str, text: &str| part.len() as f64 / text.len().max(1) as f64;
    let best = lines
        .lines()
        .filter_map(|text| match text {
            text if text == whole => Some(1.0),
            text if text.starts_with(whole) => Some(0.8 + 0.1 * share(whole, text)),
            text if text.contains(whole) => Some(0.6 + 0.1 * share(whole, text)),
            _ => None,
        })
        .max_by(f64::total_cmp);
    best.or_else(|| {
        let all = parts.len() > 1 && parts.iter().all(|part| lines.contains(part));
        all.then_some(0.5)
    })
}
