//! `cimbra check`: what an import would do, and whether a tileset holds.

use super::import::{Source, complain, tell};
use super::progress::Bar;
use super::{Outcome, say};
use crate::fault::{Fault, Result};
use crate::formats::tiles3d::check::{CheckLimits, check};
use crate::formats::{head_of, tiles3d};
use crate::ingest::{ImportOptions, Progress};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Say what an import would take, refuse and mend, what is wrong with the model and how light it can be, without doing it
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cimbra check delft.city.jsonl --height-offset 43.4 --json\n  cimbra check tower.ifc --origin 118.78,32.04,12\n  cimbra check baked/tileset.json\n\nFindings are named by id, warnings first; what is mended on the way in says so. --json names 200 of a kind and counts all.\n\nOf a tileset (its JSON file, or a folder with a tileset.json) every file is looked through: each vertex within its volumes, errors, counts, offsets, bitstreams, ids. Exit status: 0 nothing found, 1 something found, 2 it cannot be read."
)]
pub struct Args {
    #[command(flatten)]
    source: Source,
}

/// The first JSON of a tileset, where that is what `file` is.
fn tileset(file: &Path) -> Option<PathBuf> {
    let first = if file.is_dir() { file.join("tileset.json") } else { file.to_owned() };
    let head = first.is_file().then(|| head_of(&first).ok()).flatten()?;
    tiles3d::is_tileset(&head).then_some(first)
}

impl Args {
    /// Checks.
    ///
    /// # Errors
    /// Options that contradict each other, or a tileset that cannot be read.
    pub fn run(mut self) -> Result<Outcome> {
        let options = self.source.options()?;
        let found: Vec<(&PathBuf, Option<PathBuf>)> = self.source.files.iter().map(|f| (f, tileset(f))).collect();
        let tilesets: Vec<PathBuf> = found.iter().filter_map(|(_, tileset)| tileset.clone()).collect();
        let others: Vec<PathBuf> =
            found.iter().filter(|(_, tileset)| tileset.is_none()).map(|(f, _)| (*f).clone()).collect();
        let (mut outcome, mut whole) = (Outcome::Done, json!({ "check": true }));
        if !others.is_empty() {
            let bar = Bar::counting("objects");
            let report = self.source.intake(&others, None, options.clone(), &bar);
            drop(bar);
            let report = report?;
            if !self.source.json || tilesets.is_empty() {
                outcome = tell(&report, self.source.json)?;
            } else {
                outcome = complain(&report)?;
                whole = serde_json::from_str(&report.json()).map_err(|e| Fault::internal(format!("a report: {e}")))?;
            }
        }
        if tilesets.is_empty() {
            return Ok(outcome);
        }
        let mut reports = Vec::new();
        for file in &tilesets {
            let (report, own) = self.tileset(file, &options)?;
            reports.push(report);
            if own == Outcome::SomeRefused && outcome == Outcome::Done {
                outcome = own;
            }
        }
        if self.source.json {
            whole["tilesets"] = Value::Array(reports);
            let text = serde_json::to_string_pretty(&whole).map_err(|e| Fault::internal(format!("a report: {e}")))?;
            say(&text)?;
        }
        Ok(outcome)
    }

    /// Checks one tileset and says what its adoption would do; its report, and whether something was found.
    fn tileset(&self, file: &Path, options: &ImportOptions) -> Result<(Value, Outcome)> {
        let bar = Bar::counting("contents");
        let adoption = self.source.intake(&[file.to_owned()], None, options.clone(), &bar)?;
        let report = check(file, &CheckLimits::default(), &|contents| bar.step(Progress::Objects(contents)))?;
        drop(bar);
        let files = || adoption.files.iter();
        let told: Vec<&String> = files().flat_map(|file| file.notes.iter().chain(&file.error)).collect();
        if !self.source.json {
            say(&report.text())?;
            told.iter().try_for_each(|note| say(&format!("  as a dataset: {note}")))?;
        }
        let mut json = report.json()?;
        json["adoption"] = json!({ "adopted": files().all(|file| file.error.is_none()), "notes": told });
        Ok((json, if report.is_clean() { Outcome::Done } else { Outcome::SomeRefused }))
    }
}
