//! One file on its way in: objects placed in parallel batches, put in the file's order, committed together.

use super::assemble::assemble;
use super::check::ModelCheck;
use super::finding::{Finding, Kind as FindingKind};
use super::former;
use super::georeference::Georeference;
use super::inspect::Inspection;
use super::intake::{Intake, Progress};
use super::judge::{Open, Taken};
use super::lighten::Lightening;
use super::reach::{FAR, REACH, farthest};
use super::repair::{is_body, mend_asset};
use super::report::{FileReport, Renamed};
use super::stamp::Stamp;
use super::survey::Survey;
use super::waiting::Waiting;
use crate::crs::SiteFrame;
use crate::fault::{Fault, Kind, Result};
use crate::formats::{SourceFrame, SourceItem, SourceObject, companions};
use crate::geom::Bounds;
use crate::model::{Asset, AssetId, Class, DatasetName, Geometry, SiteCode};
use crate::store::{Dataset, Draft, Entry, Keeping, Put, Site, Standing};
use crate::units::Geodetic;
use rayon::prelude::*;
use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

/// Objects and points after which a batch is placed.
const BATCH: (usize, usize) = (1024, 500_000);
/// An object and its way onto the globe; none for an object without a point.
type Placeable = (SourceObject, Option<Arc<Georeference>>);
/// An asset, and what was found in its mesh.
type Mended = (Asset, Vec<(FindingKind, Finding)>);

/// The state of one file's import.
pub(super) struct FileImport<'i, 's> {
    intake: &'i Intake<'i>,
    file: &'i Path,
    site: &'s OnceCell<Arc<Site>>,
    code: SiteCode,
    dataset: DatasetName,
    frame: Option<SiteFrame>,
    /// Holds the first items, where they are to say what the frame is.
    pub survey: Option<Survey<'i>>,
    declared: SourceFrame,
    of_file: Option<Arc<Georeference>>,
    others: HashMap<Arc<str>, std::result::Result<Arc<Georeference>, String>>,
    batch: Vec<Placeable>,
    weight: usize,
    waiting: Waiting,
    pictures: super::pictures::Waiting,
    /// Assets that are to be put next, together.
    ready: Vec<Asset>,
    extent: Bounds,
    draft: Option<Draft<'s>>,
    stamp: Stamp,
    /// The ids taken, where there is no draft to know them.
    seen: HashSet<AssetId>,
    /// What the files of the command have taken.
    taken: &'i mut Taken,
    check: ModelCheck,
    light: Lightening,
    inspection: Inspection,
    report: &'i mut FileReport,
}

impl<'i, 's> FileImport<'i, 's> {
    pub fn new(
        intake: &'i Intake<'i>,
        file: &'i Path,
        site: &'s OnceCell<Arc<Site>>,
        (code, dataset): (SiteCode, DatasetName),
        origin: Option<Geodetic>,
        taken: &'i mut Taken,
        report: &'i mut FileReport,
    ) -> Result<Self> {
        Ok(Self {
            intake,
            file,
            site,
            code,
            dataset,
            frame: origin.map(SiteFrame::new),
            survey: None,
            declared: SourceFrame::default(),
            of_file: None,
            others: HashMap::new(),
            batch: Vec::new(),
            weight: 0,
            waiting: Waiting::default(),
            pictures: super::pictures::Waiting::default(),
            ready: Vec::new(),
            extent: Bounds::EMPTY,
            draft: None,
            stamp: Stamp::of(file)?,
            seen: HashSet::new(),
            taken,
            check: ModelCheck::default(),
            light: Lightening::default(),
            inspection: Inspection::default(),
            report,
        })
    }

    /// Takes one item of the reader.
    ///
    /// # Errors
    /// What refuses the whole file.
    pub fn take(&mut self, item: SourceItem) -> Result<()> {
        let Some(survey) = &mut self.survey else { return self.item(item) };
        if survey.see(item)? { self.settle() } else { Ok(()) }
    }

    /// Takes what the survey held, in the frame that it found.
    fn settle(&mut self) -> Result<()> {
        let Some(survey) = self.survey.take() else { return Ok(()) };
        let (origin, held) = survey.end()?;
        self.frame = origin.map(SiteFrame::new);
        held.into_iter().try_for_each(|item| self.item(item))
    }

    fn item(&mut self, item: SourceItem) -> Result<()> {
        match item {
            SourceItem::Frame(frame) => {
                self.declared = frame;
                if self.declared.placement.is_some() {
                    self.place_file(None)?;
                }
            }
            SourceItem::Refused { object, reason } => self.report.refuse(&object, None, reason),
            SourceItem::Note(note) => self.report.notes.push(note),
            // A check keeps nothing.
            SourceItem::Picture(_) if self.intake.store.is_none() => {}
            SourceItem::Picture(bytes) => self.pictures.take(bytes, self.site.get().map(AsRef::as_ref))?,
            SourceItem::Object(object) => self.object(*object)?,
        }
        Ok(())
    }

    /// Places what is left and commits.
    ///
    /// # Errors
    /// Nothing came in, or the store refused; also what `kept` says, which gives the copy of the file.
    pub fn finish(mut self, kept: impl FnOnce() -> Result<Keeping>) -> Result<()> {
        self.settle()?;
        self.flush()?;
        for asset in std::mem::take(&mut self.waiting).end() {
            self.ready(asset)?;
        }
        self.put_ready()?;
        if self.report.objects == 0 {
            let refused = self.report.refused.len();
            let why = if refused > 0 {
                format!("all of its {refused} objects are refused")
            } else {
                "holds no objects".into()
            };
            return Err(Fault::bad_input(why));
        }
        (self.intake.progress)(Progress::Checking);
        self.remark_distance();
        self.report.lightweight = std::mem::take(&mut self.light).finish(self.simplifies());
        let findings = &mut self.report.findings;
        self.check.conclude(&mut |kind, finding| findings.add(kind, finding));
        let known = self.site.get().map(|site| site.snapshot());
        let (check, inspection) = (std::mem::take(&mut self.check), std::mem::take(&mut self.inspection));
        let mut open = Open { dataset: self.dataset.clone(), frame: self.frame, check, inspection };
        let holds = self.taken.judge_or_hold(&mut open, known.as_deref(), self.report)?;
        drop(known);
        self.taken.ids.extend(std::mem::take(&mut self.seen));
        let Some(mut draft) = self.draft.take() else {
            self.taken.held = holds.then_some(open);
            return Ok(());
        };
        let site = self.site.get().ok_or_else(|| Fault::internal("the draft has no site"))?;
        former::keep_refused(&mut draft, &site.snapshot(), &self.dataset, self.report)?;
        if !self.intake.options.replace {
            former::not_another(&site.snapshot(), &self.dataset, &draft, &open.check)?;
        }
        // What is remembered of a city's assets makes room for the next snapshot.
        self.taken.held = holds.then_some(open);
        let bound = former::bound(self.intake.store, site, &self.dataset);
        let before = site.snapshot();
        (self.intake.progress)(Progress::Committing);
        draft.retire_others();
        let kept = kept()?;
        if Stamp::of(self.file)? != self.stamp {
            return Err(
                Fault::new(Kind::Conflict, "changed while it was read").remedy("import it again when it stands still")
            );
        }
        draft.of_source(&kept.settle()?);
        for beside in companions(self.file) {
            let (hash, name) = (site.keep_source(&beside)?, beside.file_name().unwrap_or_default().to_string_lossy());
            self.report.notes.push(format!("{name} is kept with it as source {hash}"));
        }
        let done = draft.commit((self.intake.clock)())?;
        (self.report.added, self.report.replaced) = (done.added, done.replaced);
        (self.report.unchanged, self.report.removed) = (done.unchanged, done.removed);
        self.report.revision = Some(done.revision);
        self.report.under_new_ids = former::under_new_ids(&before, site, &self.dataset, self.report)?;
        former::tell_bound(&bound, self.intake.store, site, self.report)
    }

    fn object(&mut self, object: SourceObject) -> Result<()> {
        let (weight, first) = object.corners();
        let georeference = match (first, object.crs.clone()) {
            (None, _) => None,
            (Some(near), None) => Some(self.place_file(Some(near))?),
            (Some(near), Some(crs)) => match self.place_other(crs, near) {
                Ok(georeference) => Some(georeference),
                Err(reason) => {
                    self.report.refuse(&object.id, Some(object.class), reason);
                    return Ok(());
                }
            },
        };
        self.weight += weight;
        self.batch.push((object, georeference));
        if self.batch.len() >= BATCH.0 || self.weight >= BATCH.1 { self.flush() } else { Ok(()) }
    }

    /// The file's own way onto the globe, made at its first coordinate.
    fn place_file(&mut self, near: Option<[f64; 3]>) -> Result<Arc<Georeference>> {
        if let Some(made) = &self.of_file {
            return Ok(made.clone());
        }
        let site = self.frame.as_ref().map(SiteFrame::origin);
        let made = Arc::new(self.intake.georeference(&self.declared, near, site)?);
        self.report.frame = Some(made.label.clone());
        self.report.accuracy_metres = made.accuracy;
        self.report.moved_metres = made.moved;
        self.report.notes.extend(made.notes.iter().chain(&self.intake.options.remarks).cloned());
        self.of_file = Some(made.clone());
        Ok(made)
    }
    /// The way of an object with a CRS of its own; made once for each.
    fn place_other(&mut self, crs: Arc<str>, near: [f64; 3]) -> std::result::Result<Arc<Georeference>, String> {
        let (intake, report, site) = (self.intake, &mut *self.report, self.frame.as_ref().map(SiteFrame::origin));
        let make = || {
            let made = Georeference::of_crs(&crs, &intake.options, near, site).map_err(|f| f.to_string())?;
            report.frame.get_or_insert_with(|| made.label.clone());
            report.notes.extend(made.notes.iter().cloned());
            Ok(Arc::new(made))
        };
        self.others.entry(crs.clone()).or_insert_with(make).clone()
    }

    /// Places the batch and puts it.
    fn flush(&mut self) -> Result<()> {
        let batch = std::mem::take(&mut self.batch);
        self.weight = 0;
        if batch.is_empty() {
            return Ok(());
        }
        // Without an origin nothing here has a place, and every object is told so by its own coordinates.
        let frame = self.site_frame().unwrap_or_else(|_| SiteFrame::new(Geodetic::default()));
        let model = self.is_model();
        let placed: Vec<std::result::Result<Mended, (AssetId, Class, Fault)>> = batch
            .into_par_iter()
            .map(|(object, georeference)| {
                let (id, class, body) = (object.id.clone(), object.class, is_body(&object, model));
                match georeference {
                    Some(georeference) => {
                        let mut asset = assemble(object, &georeference, &frame).map_err(|fault| (id, class, fault))?;
                        let findings = mend_asset(&mut asset, body, &frame);
                        Ok((asset, findings))
                    }
                    None => Ok((object.into_asset(Geometry::default(), Bounds::EMPTY), Vec::new())),
                }
            })
            .collect();
        if self.knows_shapes() {
            let meshes: Vec<_> = placed.iter().flatten().filter_map(|(a, _)| a.geometry.mesh.as_ref()).collect();
            self.light.take(&meshes, self.simplifies());
        }
        for asset in placed {
            let asset = asset.map(|(asset, findings)| {
                findings.into_iter().for_each(|(kind, finding)| self.report.findings.add(kind, finding));
                asset
            });
            match asset {
                Ok(asset) if farthest(&frame, &asset.bounds) > REACH => {
                    let km = farthest(&frame, &asset.bounds) / 1000.0;
                    let why = format!(
                        "reaches {km:.0} km from the origin of site {}: is it the right site (--site), and the right frame (--crs, --origin)?",
                        self.code
                    );
                    self.report.refuse(&asset.id, Some(asset.class), why);
                }
                Ok(asset) => self.asset(asset)?,
                Err((id, class, fault)) => self.report.refuse(&id, Some(class), fault.to_string()),
            }
        }
        self.put_ready()?;
        (self.intake.progress)(Progress::Objects(self.report.objects + self.report.refused.len() + self.waiting.len()));
        Ok(())
    }

    fn site_frame(&mut self) -> Result<SiteFrame> {
        if let Some(frame) = self.frame {
            return Ok(frame);
        }
        let origin = self.of_file.as_ref().and_then(|g| g.model_origin()).ok_or_else(|| {
            Fault::bad_input("would make a new site and nothing in it has a place")
                .remedy("import a file with a place first, or give the site's origin with --origin LON,LAT,H")
        })?;
        Ok(*self.frame.insert(SiteFrame::new(origin)))
    }

    fn asset(&mut self, asset: Asset) -> Result<()> {
        self.check.see(&asset);
        self.extent = self.extent.union(asset.bounds);
        self.waiting.take(asset).map_or(Ok(()), |asset| self.ready(asset))
    }

    fn ready(&mut self, mut asset: Asset) -> Result<()> {
        self.inspection.asset(&mut asset, self.frame.as_ref(), &self.code);
        self.ready.push(asset);
        if self.ready.len() < BATCH.0 { Ok(()) } else { self.put_ready() }
    }

    /// Puts the assets that are ready.
    fn put_ready(&mut self) -> Result<()> {
        let assets = std::mem::take(&mut self.ready);
        let named: Vec<(AssetId, Class)> = assets.iter().map(|a| (a.id.clone(), a.class)).collect();
        let put = match self.intake.store {
            _ if assets.is_empty() => return Ok(()),
            Some(_) => self.draft()?.put_all(assets)?,
            None => named.iter().map(|(id, _)| self.look(id)).collect(),
        };
        for ((id, class), put) in named.into_iter().zip(put) {
            match put {
                Ok(put) => {
                    self.report.take_in(class);
                    if let Put::Renamed(renamed) = put {
                        self.report.renamed.push(Renamed { id: id.to_string(), renamed: renamed.to_string() });
                    }
                }
                Err(fault) if matches!(fault.kind, Kind::Conflict | Kind::BadInput | Kind::TooLarge) => {
                    self.report.refuse(&id, Some(class), fault.detail);
                }
                Err(fault) => return Err(fault),
            }
        }
        Ok(())
    }

    /// What a check says of an id, in place of a draft.
    fn look(&mut self, id: &AssetId) -> Result<Put> {
        let fault = || Fault::new(Kind::Conflict, "the id comes twice");
        if self.seen.insert(id.clone()) { Ok(Put::Added) } else { Err(fault()) }
    }

    fn draft(&mut self) -> Result<&mut Draft<'s>> {
        if self.draft.is_none() {
            let store = self.intake.store.ok_or_else(|| Fault::internal("a check has no draft"))?;
            let frame = self.site_frame()?;
            let site = self.intake.make_site(self.site, store, &self.code, frame.origin(), self.report)?;
            self.pictures.settle(site)?;
            let crs = self.report.frame.clone().unwrap_or_default();
            let title = self.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let imported = (self.intake.clock)();
            // What people said of it stays; what is imported is shown.
            let accuracy = self.report.accuracy_metres;
            let known = site.snapshot().entry_of(&self.dataset);
            let entry = Entry { accuracy, standing: Standing::Published, ..known };
            let dataset =
                Dataset { name: self.dataset.clone(), title, crs, source: None, imported, layers: Vec::new(), entry };
            self.draft = Some(site.draft(dataset)?);
        }
        self.draft.as_mut().ok_or_else(|| Fault::internal("the draft is not there"))
    }

    /// Whether the file is a building model, whose elements should be bodies.
    fn is_model(&self) -> bool {
        self.report.format.as_deref() == Some("IFC")
    }
    /// Whether it is told how often shapes come again: in a city's buildings they hardly do, and knowing them takes memory.
    fn knows_shapes(&self) -> bool {
        self.intake.store.is_none() || self.is_model()
    }
    /// Whether it is told how light the model can be: it takes a while, and an import keeps nothing of it.
    fn simplifies(&self) -> bool {
        self.intake.store.is_none() && self.is_model()
    }

    fn remark_distance(&mut self) {
        let Some(frame) = self.frame.filter(|_| !self.extent.is_empty()) else { return };
        let [x, y, _] = frame.to_index(self.extent.center().into());
        let distance = x.hypot(y);
        if distance > FAR {
            let km = distance / 1000.0;
            self.report.notes.push(format!("lies {km:.0} km from the site's origin: is it the right site (--site)?"));
        }
    }
}
