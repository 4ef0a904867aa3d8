//! What an import did: in numbers per class, with every refusal and its reason.

use super::finding::Findings;
use super::lighten::Lightweight;
use super::points::PointCount;
use crate::fault::Fault;
use crate::model::Class;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Refused objects that the text form names; the JSON form names all.
const NAMED: usize = 20;

/// The report of one import or check.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Report {
    /// Whether this was a check, which changes nothing.
    pub check: bool,
    /// Objects that came in (or would).
    pub objects: usize,
    /// Objects and files refused.
    pub refused: usize,
    /// Time taken.
    pub seconds: f64,
    /// The files in the order they were taken.
    pub files: Vec<FileReport>,
    /// What lies in a directory that was named and was not looked into: hidden files and further directories.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
}

/// What became of one file.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FileReport {
    /// The file's path as given.
    pub file: String,
    /// The format it was read as.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// The dataset it is in the site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// The site's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// The frame its coordinates were taken in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame: Option<String>,
    /// How good the change of frame is, metres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy_metres: Option<f64>,
    /// How far `--origin` moved the model from the place that the file claims.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved_metres: Option<f64>,
    /// What was assumed, changed or left out.
    pub notes: Vec<String>,
    /// Objects in, by class.
    pub classes: BTreeMap<String, usize>,
    /// Objects in.
    pub objects: usize,
    /// Of those, new in the site.
    pub added: usize,
    /// Of those, with a new version.
    pub replaced: usize,
    /// Of those, the same as before.
    pub unchanged: usize,
    /// Objects of the dataset's former version that this file no longer has.
    pub removed: usize,
    /// Of the new ones, those that stand for one that ended: the source gave it another id.
    #[serde(skip_serializing_if = "is_zero")]
    pub under_new_ids: usize,
    /// Objects whose id another dataset or site has: the source's id and the one given.
    pub renamed: Vec<Renamed>,
    /// Devices that go on under another id, for their source renewed its own: with them go readings, alarms and bindings.
    pub renewed: Vec<Renewed>,
    /// Objects refused.
    pub refused: Vec<Refused>,
    /// What is wrong with the objects that came in, and what of it was put right.
    #[serde(flatten)]
    pub findings: Findings,
    /// What repeated and simplified shapes save.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lightweight: Option<Lightweight>,
    /// What a point cloud holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub points: Option<PointCount>,
    /// Why the whole file was refused; then nothing of it came in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The site's revision that the file made: that of its edition in the catalogue. Of a variant, how many commits it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// Time taken.
    pub seconds: f64,
}

/// An object whose id was taken.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Renamed {
    /// The source's id.
    pub id: String,
    /// The id here.
    pub renamed: String,
}

/// A device whose source gave it another id.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Renewed {
    /// The id it had.
    pub was: String,
    /// The id it has.
    pub id: String,
}

/// An object that did not come in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Refused {
    /// Its id or its position in the file.
    pub object: String,
    /// What it would have been, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Why.
    pub reason: String,
}

impl FileReport {
    pub(super) fn take_in(&mut self, class: Class) {
        self.objects += 1;
        *self.classes.entry(class.name().to_owned()).or_default() += 1;
    }
    pub(super) fn refuse(&mut self, object: &str, class: Option<Class>, reason: impl Into<String>) {
        self.refused.push(Refused {
            object: clipped(object, 512),
            class: class.map(|c| c.name().to_owned()),
            reason: clipped(&reason.into(), 1_000),
        });
    }
    /// What people call the dataset: the file's name.
    pub(super) fn title(&self) -> String {
        std::path::Path::new(&self.file).file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
    /// Takes back what was counted: the file is refused as a whole.
    pub(super) fn fail(&mut self, fault: &Fault) {
        let said = fault.to_string();
        self.error = Some(if said.contains(&self.file) { said } else { format!("{}: {said}", self.file) });
        (self.objects, self.added, self.replaced, self.unchanged, self.removed) = (0, 0, 0, 0, 0);
        self.classes.clear();
        self.findings.clear();
        self.lightweight = None;
        self.points = None;
        self.renamed.clear();
        self.renewed.clear();
        self.under_new_ids = 0;
    }
    fn text(&self, check: bool, out: &mut String) {
        let Self { file, objects, seconds, .. } = self;
        let format = self.format.as_deref().unwrap_or("unknown format");
        if self.error.is_some() {
            _ = writeln!(out, "{file}: refused");
        } else {
            let verb = if check { "would come in" } else { "in" };
            let into = match (&self.dataset, &self.site) {
                (Some(dataset), Some(site)) => format!(" as dataset {dataset} of site {site}"),
                _ => String::new(),
            };
            _ = writeln!(out, "{file} ({format}): {objects} objects {verb}{into} in {seconds:.1} s");
            let classes: Vec<_> = self.classes.iter().map(|(class, n)| format!("{n} {class}")).collect();
            _ = writeln!(out, "  {}", classes.join(", "));
            if !check {
                let Self { added, replaced, unchanged, removed, .. } = self;
                _ = writeln!(out, "  {added} new, {replaced} changed, {unchanged} unchanged, {removed} ended");
                if self.under_new_ids > 0 {
                    let same = self.under_new_ids;
                    _ = writeln!(out, "  {same} of the ended came again under new ids, by class, shape and place");
                }
            }
        }
        self.notes.iter().for_each(|note| _ = writeln!(out, "  note: {note}"));
        self.lightweight.iter().for_each(|light| light.text(out));
        self.points.iter().for_each(|points| points.text(out));
        self.findings.text(out);
        for Renamed { id, renamed } in self.renamed.iter().take(NAMED) {
            _ = writeln!(out, "  renamed: {id} is {renamed} here, for another dataset or site has its id");
        }
        more(self.renamed.len(), "renamed", out);
        for Renewed { was, id } in self.renewed.iter().take(NAMED) {
            _ = writeln!(
                out,
                "  renewed: {was} is {id} now, by class, shape and place; what was bound to it goes with it"
            );
        }
        more(self.renewed.len(), "renewed", out);
    }
    fn refusals(&self, out: &mut String) {
        for Refused { object, reason, .. } in self.refused.iter().take(NAMED) {
            _ = writeln!(out, "{}: refused {object}: {reason}", self.file);
        }
        more(self.refused.len(), "refused", out);
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// The beginning of a text, at most `most` characters: what a file says of itself may be of any length.
fn clipped(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn more(count: usize, what: &str, out: &mut String) {
    if count > NAMED {
        _ = writeln!(out, "  … and {} more {what}; --json names all", count - NAMED);
    }
}

impl Report {
    /// Adds what became of one more file.
    pub fn add(&mut self, file: FileReport) {
        self.objects += file.objects;
        // A file that is refused whole counts by its objects where they are known, else as one.
        self.refused += file.refused.len().max(usize::from(file.error.is_some()));
        self.files.push(file);
    }
    /// Calls the file at `path` by `name`: where an upload lay is nobody's business.
    pub fn call_file(&mut self, path: &std::path::Path, name: &str) {
        let path = path.display().to_string();
        for file in self.files.iter_mut().filter(|f| f.file == path) {
            file.file = name.to_owned();
            file.error = file.error.as_ref().map(|e| e.replace(&path, name));
        }
    }
    /// Why nothing came in, in one line: the files' errors and the first refused objects.
    pub fn summary(&self) -> String {
        let errors = self.files.iter().filter_map(|f| f.error.clone());
        let refused = self.files.iter().flat_map(|f| f.refused.iter().take(5));
        errors.chain(refused.map(|r| format!("{}: {}", r.object, r.reason))).collect::<Vec<_>>().join("; ")
    }
    /// The report for people, without the refused objects.
    pub fn text(&self) -> String {
        let mut out = String::new();
        self.files.iter().for_each(|f| f.text(self.check, &mut out));
        self.left_out.iter().for_each(|path| _ = writeln!(out, "left out: {path} (hidden, or a directory)"));
        let Self { objects, refused, seconds, .. } = self;
        _ = write!(out, "{objects} objects in, {refused} refused, {seconds:.1} s");
        out
    }
    /// The refused objects for people, a line each.
    pub fn refusals(&self) -> String {
        let mut out = String::new();
        self.files.iter().for_each(|f| f.refusals(&mut out));
        out
    }
    /// One JSON document.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_else(|e| format!("{{\"error\": \"{e}\"}}"))
    }
}
