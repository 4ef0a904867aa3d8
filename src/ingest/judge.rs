//! How a file's objects fit with what there is besides: judged when all files of a command are in, so that none is told to lack
//! what a later one brings.

use super::check::{Beside, ModelCheck};
use super::inspect::Inspection;
use super::report::FileReport;
use crate::crs::SiteFrame;
use crate::fault::Result;
use crate::model::{AssetId, DatasetName};
use crate::store::{Site, Snapshot};
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

/// Bytes that may wait for later files, all of a command's together; what is over them is judged at once.
const WAITING: usize = 128 << 20;

/// What the files of one command have taken so far.
#[derive(Default)]
pub(super) struct Taken {
    /// The datasets' names, and the files that have them.
    pub names: HashMap<DatasetName, PathBuf>,
    /// Ids, where a check keeps nothing else of a file.
    pub ids: HashSet<AssetId>,
    /// Whether more files follow the one at hand.
    pub more: bool,
    /// What is to be judged of the file at hand when the last one is in.
    pub held: Option<Open>,
    /// The same of the files before, by their number in the report.
    open: Vec<(usize, Open)>,
    /// Bytes of those.
    weight: usize,
}

/// What is left to say of a file, which others may settle.
pub(super) struct Open {
    pub dataset: DatasetName,
    pub frame: Option<SiteFrame>,
    pub check: ModelCheck,
    pub inspection: Inspection,
}

impl Taken {
    /// Judges a file that is about to be committed, or has it wait: where files follow which may settle what is found, and there
    /// is room to keep it.
    ///
    /// # Errors
    /// As [`Open::judge`].
    pub fn judge_or_hold(&self, open: &mut Open, there: Option<&Snapshot>, report: &mut FileReport) -> Result<bool> {
        let kept: HashSet<String> = report.refused.iter().map(|refused| refused.object.clone()).collect();
        let kept: HashSet<&str> = kept.iter().map(String::as_str).collect();
        let around = Beside { there, brought: &self.ids, kept: Some(&kept) };
        let waits = self.more && open.is_open(around) && self.weight + open.weight() <= WAITING;
        if !waits {
            open.judge(around, report)?;
        }
        Ok(waits)
    }
    /// Keeps what is held of the file that becomes number `file` of the report; of one that is refused nothing is.
    pub fn settle(&mut self, file: usize, came_in: bool) {
        if let Some(open) = self.held.take().filter(|_| came_in) {
            self.weight += open.weight();
            self.open.push((file, open));
        }
    }
    /// Judges the files that waited, with all that has come.
    pub fn judge(self, site: Option<&Arc<Site>>, files: &mut [FileReport]) {
        let there = site.map(|site| site.snapshot());
        let around = Beside { there: there.as_deref(), brought: &self.ids, kept: None };
        for (number, mut open) in self.open {
            let Some(report) = files.get_mut(number) else { continue };
            if let Err(fault) = open.judge(around, report) {
                report.notes.push(format!("how it fits with the other files is not known: {fault}"));
            }
        }
    }
}

impl Open {
    /// Says what is wrong between the file's objects and what is `around` it.
    ///
    /// # Errors
    /// Attributes or geometry that cannot be paged in.
    fn judge(&mut self, around: Beside<'_>, report: &mut FileReport) -> Result<()> {
        let Self { dataset, frame, check, inspection } = self;
        let findings = &mut report.findings;
        check.beside(dataset, frame.as_ref(), around, &mut |kind, finding| findings.add(kind, finding));
        std::mem::take(inspection).end(around.there, dataset, frame.as_ref(), check, report)
    }
    fn is_open(&self, around: Beside<'_>) -> bool {
        self.inspection.is_open() || self.check.is_open(&self.dataset, around)
    }
    fn weight(&self) -> usize {
        self.check.weight() + self.inspection.weight()
    }
}
