//! `cimbra diff`: two versions of a file, compared as their imports would be.

use super::import::Source;
use super::{Outcome, say};
use crate::api::encode::diff;
use crate::app::worker::worker;
use crate::fault::{Fault, Result};
use crate::formats::Limits;
use crate::ingest::Intake;
use crate::model::{Collections, DatasetName};
use crate::query::{Change, Diff, Differences, Scope};
use crate::store::{Row, Snapshot, Store};
use crate::units::Instant;
use serde_json::{Value, json};
use std::fmt::Write;
use std::sync::Arc;

/// List what two versions of a file do not have in common
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cimbra diff tower-2025.ifc tower-2026.ifc\n  cimbra diff old.city.jsonl new.city.jsonl --height-offset 43.4 --json"
)]
pub struct Args {
    #[command(flatten)]
    source: Source,
}

/// The times at which the two versions come into a store that is made for them.
const TIMES: [Instant; 2] = [Instant(1_000), Instant(2_000)];

impl Args {
    /// Compares.
    ///
    /// # Errors
    /// Not two files, options that contradict each other, a file that cannot be taken.
    pub fn run(mut self) -> Result<Outcome> {
        let [old, new] = self.source.files.as_slice() else {
            return Err(Fault::bad_input(format!("takes two files, not {}", self.source.files.len()))
                .remedy("name the earlier version, then the later one"));
        };
        let files = [old.clone(), new.clone()];
        let mut options = self.source.options()?;
        options.dataset.get_or_insert(DatasetName::new("model")?);
        let dir = tempfile::tempdir().map_err(|e| Fault::io("making a store to compare in", &e))?;
        let store = Store::open(&dir.path().join("store"))?;
        let mut refused = 0;
        for (file, time) in files.iter().zip(TIMES) {
            let clock = Arc::new(move || time);
            let (options, worker) = (options.clone(), Some(worker(Limits::default(), false)));
            let intake = Intake { store: Some(&store), options, worker, clock, progress: &|_| {} };
            let report = intake.import(std::slice::from_ref(file))?;
            if let Some(error) = report.files.iter().find_map(|f| f.error.as_ref()) {
                return Err(Fault::bad_input(error.clone()));
            }
            refused += report.refused;
        }
        let sites = store.sites();
        let site = sites.first().ok_or_else(|| Fault::internal("two imports made no site"))?;
        let snapshot = site.snapshot();
        let [from, to] = TIMES;
        let found = Diff { scope: Scope::All, readable: Collections::ALL, from, to }.ask(&snapshot)?;
        say(&if self.source.json { as_json(&snapshot, &found, refused) } else { as_text(&snapshot, &found, refused) })?;
        Ok(if refused > 0 { Outcome::SomeRefused } else { Outcome::Done })
    }
}

fn label(snapshot: &Snapshot, row: Option<Row>) -> String {
    let asset = row.and_then(|row| snapshot.asset(row));
    asset.map_or_else(String::new, |a| format!("{} {} {}", a.class().name(), a.id(), a.name()).trim_end().to_owned())
}

fn as_text(snapshot: &Snapshot, found: &Differences, refused: usize) -> String {
    let mut out = String::new();
    for change in &found.changes {
        let volume = |v: Option<f64>| v.map_or_else(|| "?".to_owned(), |v| format!("{v:.3}"));
        _ = match (change.from, change.to) {
            (None, to) => writeln!(out, "+ {}", label(snapshot, to)),
            (from, None) => writeln!(out, "- {}", label(snapshot, from)),
            (from, to) => {
                let mut what = Vec::new();
                what.extend(change.renewed.then(|| format!("was {}", label(snapshot, from))));
                what.extend(change.moved.map(|metres| format!("moved {metres:.3} m")));
                let [a, b] = change.volumes.map(volume);
                what.extend(change.reshaped.then(|| format!("reshaped, {a} to {b} m³")));
                what.extend((!change.attributes.is_empty()).then(|| format!("other {}", change.attributes.join(", "))));
                writeln!(out, "~ {}: {}", label(snapshot, to), what.join("; "))
            }
        };
    }
    let [added, removed, changed] = counts(&found.changes);
    _ = write!(out, "{added} added, {removed} removed, {changed} changed, {} unchanged", found.unchanged);
    if refused > 0 {
        _ = write!(out, "; {refused} objects of the files were refused ('cimbra check' names them)");
    }
    out
}

fn counts(changes: &[Change]) -> [usize; 3] {
    let count = |is: fn(&Change) -> bool| changes.iter().filter(|c| is(c)).count();
    [count(|c| c.from.is_none()), count(|c| c.to.is_none()), count(|c| c.from.is_some() && c.to.is_some())]
}

fn as_json(snapshot: &Snapshot, found: &Differences, refused: usize) -> String {
    let changes: Vec<Value> = found.changes.iter().map(|change| diff::change(snapshot, change)).collect();
    let [added, removed, changed] = counts(&found.changes);
    json!({ "added": added, "removed": removed, "changed": changed, "unchanged": found.unchanged, "refused": refused,
        "changes": changes })
    .to_string()
}
