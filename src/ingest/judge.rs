//! How a file's objects fit with what there is besides: judged when all files of a command are in, so that none is told to lack
//! what a later one brings.

use super::check::ModelCheck;
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
    /// Whether a file's judgement should wait: files follow which may settle it, and there is room to keep it.
    pub fn holds(&self, open: &Open, there: Option<&Snapshot>) -> bool {
        self.more && open.is_open(there, &self.ids) && self.weight + open.weight() <= WAITING
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
        for (number, mut open) in self.open {
            let Some(report) = files.get_mut(number) else { continue };
            if let Err(fault) = open.judge(there.as_deref(), &self.ids, report) {
                report.notes.push(format!("how it fits with the other files is not known: {fault}"));
            }
        }
    }
}

impl Open {
    /// Says what is wrong between the file's objects and the site, or what a check has `brought`.
    ///
    /// # Errors
    /// Attributes or geometry that cannot be paged in.
    pub fn judge(
        &mut self,
        there: Option<&Snapshot>,
        brought: &HashSet<AssetId>,
        report: &mut FileReport,
    ) -> Result<()> {
        let Self { dataset, frame, check, inspection } = self;
        let findings = &mut report.findings;
        check.beside(dataset, frame.as_ref(), there, brought, &mut |kind, finding| findings.add(kind, finding));
        std::mem::take(inspection).end(there, dataset, frame.as_ref(), check, report)
    }
    fn is_open(&self, there: Option<&Snapshot>, brought: &HashSet<AssetId>) -> bool {
        self.inspection.is_open() || self.check.is_open(&self.dataset, there, brought)
    }
    fn weight(&self) -> usize {
        self.check.weight() + self.inspection.weight()
    }
}
