//! What a check found: findings as values, counts, and both as text and JSON.

use super::rule::{Rule, Severity};
use crate::fault::{Fault, Result};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

/// Findings of one rule that are told one by one; the others are counted.
const TOLD: usize = 200;

/// One thing that does not hold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// How much it weighs.
    pub severity: Severity,
    /// The rule's name ([`Rule::name`]).
    pub rule: &'static str,
    /// The file within the tileset's folder.
    pub file: Arc<str>,
    /// Where in it: a JSON pointer (RFC 6901), for implicit tiles with level and coordinates after it.
    #[serde(rename = "where")]
    pub place: String,
    /// What is wrong, with figures.
    pub what: String,
    /// What mends it.
    pub remedy: &'static str,
}

/// What was looked through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Files of JSON that make up the tree, the first one too.
    pub tilesets: usize,
    /// Files of implicit availability.
    pub subtrees: usize,
    /// Tiles, explicit and implicit.
    pub tiles: usize,
    /// Contents, each as often as tiles name it.
    pub contents: usize,
    /// Feature ids of all contents.
    pub features: u64,
    /// Different ids (the column `id`, or of semantic ID) that are shown once everything is refined.
    pub ids: usize,
    /// Vertices, those of instances each.
    pub vertices: u64,
    /// Triangles, those of instances each.
    pub triangles: u64,
    /// Bytes of all files, each as often as it is named.
    pub bytes: u64,
    /// Tiles from the root to the deepest one, external tilesets counted on.
    pub levels: usize,
    /// The most tiles of one JSON file.
    pub most_tiles: usize,
}

/// A checked tileset.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// What was checked, as the caller named it.
    pub file: String,
    /// Findings of weight.
    pub errors: usize,
    /// Findings of lesser weight.
    pub warnings: usize,
    /// What was looked through.
    pub counts: Counts,
    /// The first 200 findings of each rule.
    pub findings: Vec<Finding>,
    /// How many findings each rule has in all.
    pub totals: BTreeMap<&'static str, usize>,
    /// What was met and not looked into, with how often.
    pub not_looked_into: BTreeMap<String, usize>,
    #[serde(skip)]
    pub(super) told: BTreeMap<&'static str, usize>,
}

impl Report {
    /// Whether nothing was found.
    pub const fn is_clean(&self) -> bool {
        self.errors == 0 && self.warnings == 0
    }
    /// For people: findings, errors first, then counts.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let mut sorted: Vec<&Finding> = self.findings.iter().collect();
        sorted.sort_by_key(|f| f.severity);
        for Finding { severity, rule, file, place, what, remedy } in sorted {
            let weight = if *severity == Severity::Error { "error" } else { "warning" };
            let _ = writeln!(out, "{weight} [{rule}] {file} {place}: {what}; {remedy}");
        }
        for (rule, total) in self.totals.iter().filter(|(_, total)| **total > TOLD) {
            let _ = writeln!(out, "  [{rule}] {total} in all, {TOLD} of them told");
        }
        for (what, times) in &self.not_looked_into {
            let _ = writeln!(out, "  not looked into: {what} ({times})");
        }
        let Counts {
            tilesets,
            subtrees,
            tiles,
            contents,
            features,
            ids,
            vertices,
            triangles,
            bytes,
            levels,
            most_tiles,
        } = self.counts;
        let _ = writeln!(
            out,
            "{}: {tiles} tiles on {levels} levels in {tilesets} tilesets (at most {most_tiles} in one) and {subtrees} subtrees; \
             {contents} contents, {features} features, {ids} ids shown, {vertices} vertices, {triangles} triangles, {:.1} MB",
            self.file,
            bytes as f64 / 1e6
        );
        let _ = write!(out, "{} errors, {} warnings", self.errors, self.warnings);
        out
    }
    /// The whole report as one JSON object.
    ///
    /// # Errors
    /// [`Kind::Internal`](crate::fault::Kind::Internal) only.
    pub fn json(&self) -> Result<serde_json::Value> {
        serde_json::to_value(self).map_err(|e| Fault::internal(format!("writing a report: {e}")))
    }
    /// Takes what one file gave.
    pub(super) fn absorb(&mut self, log: Log) {
        for finding in log.findings {
            let told = self.told.entry(finding.rule).or_default();
            *told += 1;
            if *told <= TOLD {
                self.findings.push(finding);
            }
        }
        for (rule, n) in log.totals {
            match rule.severity() {
                Severity::Error => self.errors += n,
                Severity::Warning => self.warnings += n,
            }
            *self.totals.entry(rule.name()).or_default() += n;
        }
        for (what, n) in log.unseen {
            *self.not_looked_into.entry(what).or_default() += n;
        }
    }
}

/// What is found in one file.
#[derive(Debug)]
pub(super) struct Log {
    file: Arc<str>,
    findings: Vec<Finding>,
    totals: BTreeMap<Rule, usize>,
    unseen: BTreeMap<String, usize>,
}

impl Log {
    pub fn new(file: &str) -> Self {
        Self { file: file.into(), findings: Vec::new(), totals: BTreeMap::new(), unseen: BTreeMap::new() }
    }
    /// Takes a finding; words are made only for those that are told.
    pub fn find(&mut self, rule: Rule, place: impl Into<String>, what: impl Into<String>) {
        let total = self.totals.entry(rule).or_default();
        *total += 1;
        if *total <= TOLD {
            self.findings.push(Finding {
                severity: rule.severity(),
                rule: rule.name(),
                file: self.file.clone(),
                place: place.into(),
                what: what.into(),
                remedy: rule.remedy(),
            });
        }
    }
    /// Tells of what is not looked into.
    pub fn unseen(&mut self, what: impl Into<String>) {
        // Names come from files: not more of them than people read.
        if self.unseen.len() < 50 {
            *self.unseen.entry(what.into()).or_default() += 1;
        }
    }
}
