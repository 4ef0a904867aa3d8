//! Files into a site: one commit a file, all of it or nothing.

use super::batch::FileImport;
use super::files::{expand, left_out, stem};
use super::georeference::{Georeference, Origin};
use super::judge::Taken;
use super::report::{FileReport, Report};
use super::survey::Survey;
use crate::crs::{HeightGrid, Helmert};
use crate::fault::{Fault, Kind, Result};
use crate::formats::points::is_las;
use crate::formats::raster::{Content, is_tiff};
use crate::formats::tiles3d::is_tileset;
use crate::formats::{Limits, Mapping, ReadOptions, Reader, Sink, Up, Worker, head_of, reader_for};
use crate::model::{Class, DatasetName, SiteCode, VariantName};
use crate::store::{Site, Store};
use crate::units::{Clock, Geodetic};
use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Why a site could not be made when another import was quicker.
const MADE_MEANWHILE: &str = "the site was made by another import meanwhile";
/// The site that an empty store gets when the caller names none.
const FIRST_SITE: &str = "000000000001";

/// What the caller decides about an import.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
    /// The site; absent: the only one there is, and `000000000001` in an empty store.
    pub site: Option<SiteCode>,
    /// The dataset's name; absent: the file's stem.
    pub dataset: Option<DatasetName>,
    /// The variant of the site that is changed; absent: the site itself.
    pub variant: Option<VariantName>,
    /// The CRS of a file that names none.
    pub crs: Option<String>,
    /// Metres that make the source's heights ellipsoidal.
    pub height_offset: Option<f64>,
    /// What makes them ellipsoidal place by place; of a file that the caller has at hand, so no text names it.
    pub height_grid: Option<HeightGrid>,
    /// Where an engineering model's (0, 0, 0) goes; for other files, a new site's origin.
    pub origin: Option<Origin>,
    /// The class of features that name none.
    pub class: Option<Class>,
    /// Take a ballpark change of datum, tens of metres off, where there is no other.
    pub allow_ballpark: bool,
    /// How the source's local grid sits in its CRS.
    pub helmert: Option<Helmert>,
    /// The decimal year at which the source's positions hold; absent: the one that it states, if it does.
    pub epoch: Option<f64>,
    /// Take a file in place of all that its dataset holds, also when the two have nothing in common.
    pub replace: bool,
    /// What the one band of a raster says, where its form leaves that open.
    pub content: Option<Content>,
    /// Which axis of a model points up; absent: as the format has it, and z in a model that `crs` places.
    pub up: Option<Up>,
    /// What the report of every file should tell besides.
    pub remarks: Vec<String>,
    /// Which fields of features and tables say what.
    pub mapping: Option<Arc<Mapping>>,
}

impl ImportOptions {
    /// The options named `site`, `dataset`, `variant`, `crs`, `height-offset`, `origin`, `class`, `allow-ballpark`, `helmert`,
    /// `epoch`, `replace`, `as`, `up` and `map` (a mapping's TOML text) as a command line or a URL has them.
    ///
    /// # Errors
    /// A value that is none, named.
    pub fn read<'t>(get: &dyn Fn(&str) -> Option<&'t str>) -> Result<Self> {
        let class = |name: &str| {
            Class::from_source(name).ok_or_else(|| {
                let names: Vec<_> = Class::ALL.iter().map(|c| c.name()).collect();
                Fault::parameter("class", format!("'{name}' is not a class"))
                    .remedy(format!("use one of {}", names.join(", ")))
            })
        };
        let number = |name: &'static str, of: &'static str| {
            let read = move |text: &str| {
                let number = text.parse().ok().filter(|m: &f64| m.is_finite());
                number.ok_or_else(|| Fault::parameter(name, format!("'{text}' is not a number of {of}")))
            };
            get(name).map(read).transpose()
        };
        let up = |word: &str| match word {
            "y" => Ok(Up::Y),
            "z" => Ok(Up::Z),
            _ => Err(Fault::parameter("up", format!("'{word}' is neither y nor z"))),
        };
        let content = |word: &str| match word {
            "terrain" => Ok(Content::Heights),
            "imagery" => Ok(Content::Colours),
            _ => Err(Fault::parameter("as", format!("'{word}' is neither terrain nor imagery"))),
        };
        Ok(Self {
            site: get("site").map(SiteCode::new).transpose()?,
            dataset: get("dataset").map(DatasetName::new).transpose()?,
            variant: get("variant").map(VariantName::new).transpose()?,
            crs: get("crs").map(str::to_owned),
            height_offset: number("height-offset", "metres")?,
            height_grid: None,
            origin: get("origin").map(str::parse).transpose()?,
            class: get("class").map(class).transpose()?,
            allow_ballpark: get("allow-ballpark") == Some("true"),
            helmert: get("helmert").map(str::parse).transpose()?,
            epoch: number("epoch", "a year")?,
            replace: get("replace") == Some("true"),
            content: get("as").map(content).transpose()?,
            up: get("up").map(up).transpose()?,
            remarks: Vec::new(),
            mapping: get("map").map(Mapping::parse).transpose()?.map(Arc::new),
        })
    }
    /// Which axis of a model points up, as far as the caller says.
    fn up(&self) -> Option<Up> {
        self.up.or_else(|| self.crs.is_some().then_some(Up::Z))
    }
}

/// What is going on, for a progress bar.
#[derive(Debug, Clone, Copy)]
pub enum Progress<'a> {
    /// A file begins; its size in bytes.
    File(&'a Path, u64),
    /// So many objects of it have been read, and wait to be taken.
    Read(usize),
    /// So many objects of it have been taken or refused.
    Objects(usize),
    /// All of it is taken: how its objects hold together is looked at.
    Checking,
    /// It is written for good.
    Committing,
    /// The file is done with.
    Done(&'a FileReport),
}

/// An import into a store, or with none a check that does all but that.
pub struct Intake<'a> {
    /// Where to; `None` checks only.
    pub store: Option<&'a Store>,
    /// What the caller decides.
    pub options: ImportOptions,
    /// Reads files in a process of its own; without one, or what it is not for, this process does and breaks down with the
    /// reader.
    pub worker: Option<Worker>,
    /// Gives the time of commits.
    pub clock: Clock,
    /// Hears how it goes.
    pub progress: &'a dyn Fn(Progress),
}

impl Intake<'_> {
    /// Imports `files`, and the files of those that are directories, one after another; a file's failure is in the report
    /// and does not stop the others.
    ///
    /// # Errors
    /// Options that contradict each other or the store: then nothing was tried.
    pub fn import(&self, files: &[PathBuf]) -> Result<Report> {
        let started = Instant::now();
        let mut report = Report { check: self.store.is_none(), ..Report::default() };
        report.left_out = left_out(files);
        let files = expand(files)?;
        if self.options.dataset.is_some() && files.len() > 1 {
            return Err(Fault::parameter("dataset", format!("names one dataset for {} files", files.len()))
                .remedy("import one file at a time, or leave it out: a dataset is named after its file"));
        }
        let mut taken = Taken::default();
        for (number, file) in files.iter().enumerate() {
            taken.more = number + 1 < files.len();
            let begun = Instant::now();
            let mut done = FileReport { file: file.display().to_string(), ..FileReport::default() };
            let mut result = self.file(file, &mut taken, &mut done);
            if result.as_ref().is_err_and(|fault| fault.detail == MADE_MEANWHILE) {
                // What is placed already is placed around another origin: the file is taken anew, into the site that is there.
                taken.names.retain(|_, holder| *holder != *file);
                done = FileReport { file: file.display().to_string(), ..FileReport::default() };
                result = self.file(file, &mut taken, &mut done);
            }
            if let Err(fault) = result {
                // What was refused holds no name: another file of its stem may have it.
                taken.names.retain(|_, holder| *holder != *file);
                done.fail(&fault.about(file.display().to_string()));
            }
            done.seconds = begun.elapsed().as_secs_f64();
            taken.settle(number, done.error.is_none());
            (self.progress)(Progress::Done(&done));
            report.add(done);
        }
        let site = self.store.and_then(|store| store.site(&self.site().ok()?));
        let site = match &self.options.variant {
            Some(name) => site.and_then(|site| {
                // One that was begun for files that were all refused.
                site.forget_unwritten(name);
                site.variant(name)
            }),
            None => site,
        };
        taken.judge(site.as_ref(), &mut report.files);
        report.seconds = started.elapsed().as_secs_f64();
        Ok(report)
    }

    fn file(&self, file: &Path, taken: &mut Taken, report: &mut FileReport) -> Result<()> {
        let head = head_of(file)?;
        let beside: Option<(&str, Beside<'_>)> = match &head {
            head if is_tiff(head) => Some(("GeoTIFF", Self::raster)),
            head if is_tileset(head) => Some(("3D Tiles", Self::adopt)),
            head if is_las(head) => Some(("LAS", Self::cloud)),
            _ => None,
        };
        let reader = if beside.is_some() { None } else { Some(reader_for(file, &head)?) };
        report.format = beside.map(|(name, _)| name).or(reader.map(Reader::name)).map(str::to_owned);
        let size = std::fs::metadata(file).map_or(0, |m| m.len());
        (self.progress)(Progress::File(file, size));
        let endings = reader.map_or(COVERAGES, Reader::extensions);
        let name = self.options.dataset.clone().unwrap_or_else(|| DatasetName::from_stem(&stem(file, endings)));
        report.dataset = Some(name.to_string());
        if let Some(before) = taken.names.insert(name.clone(), file.to_owned()) {
            taken.names.insert(name.clone(), before.clone());
            return Err(Fault::new(
                Kind::Conflict,
                format!("dataset '{name}' was just imported from {}", before.display()),
            )
            .remedy("import it by itself under another name with --dataset NAME"));
        }
        // The site may be made only once something is sure to come in; the cell outlives the draft that borrows from it.
        let site = OnceCell::new();
        let code = self.site()?;
        report.site = Some(code.to_string());
        if let (Some((what, _)), Some(_)) = (beside, &self.options.variant) {
            return Err(Fault::parameter("variant", format!("is {what}, and a variant is made of assets alone"))
                .remedy("import it into the site itself, without --variant"));
        }
        if let Some(there) = self.there(&code)? {
            report.notes.extend(
                there
                    .variant_name()
                    .map(|name| format!("goes into variant '{name}' of site {code}, which itself stays as it is")),
            );
            _ = site.set(there);
        }
        if let Some((_, take)) = beside {
            return take(self, file, &site, &code, name, report);
        }
        let reader = reader.ok_or_else(|| Fault::internal("a file of no kind"))?;
        if let Some(there) = site.get() {
            not_a_coverage(there, &name)?;
        }
        if self.options.mapping.is_some() && !reader.takes_mapping() {
            let says = format!(
                "is {}, which says itself what its objects are: a mapping is for features and tables",
                reader.name()
            );
            return Err(Fault::parameter("map", says).remedy("import it without --map"));
        }
        let mapping = self.options.mapping.clone();
        let (class, up) = (self.options.class, self.options.up());
        let options = ReadOptions { class, mapping, up, limits: Limits::default() };
        let worker = self.worker.as_ref().filter(|worker| worker.reads(reader));
        let read = |sink: &mut Sink| match worker {
            Some(worker) => worker.read(file, &options, sink),
            None => reader.read(file, &options, sink),
        };
        // Others write to the site of a server while its worker reads: its one draft is begun when all is read.
        let read_first = |sink: &mut Sink| match (worker.filter(|worker| worker.every), self.store) {
            (Some(worker), Some(store)) => {
                worker.read_aside(file, &options, store.dir(), &|count| (self.progress)(Progress::Read(count)), sink)
            }
            _ => read(sink),
        };
        let origin = match site.get() {
            Some(there) => Some(there.frame().origin()),
            None => self.options.origin.map(|origin| origin.position),
        };
        let stop = AtomicBool::new(false);
        // The file is copied while it is read; a copy of what is refused is given up.
        std::thread::scope(|scope| {
            let copy = self.store.map(|store| scope.spawn(|| store.keep(file, &stop)));
            let mut import = FileImport::new(self, file, &site, (code, name), origin, taken, report)?;
            // A model whose CRS the caller names is in coordinates of that CRS, if nothing of its own places it.
            if origin.is_none() && (reader.name() != "IFC" || self.options.crs.is_some()) {
                import.survey = Some(Survey::new(&self.options));
            }
            let done = read_first(&mut |item| import.take(item)).and_then(|()| {
                import.finish(|| {
                    let copy = copy.ok_or_else(|| Fault::internal("a check keeps no file"))?;
                    copy.join().unwrap_or_else(|_| Err(Fault::internal("the copy broke down")))
                })
            });
            stop.store(true, Ordering::Relaxed);
            done
        })
    }

    /// The worker, where it reads every file.
    pub(super) fn for_every_file(&self) -> Option<&Worker> {
        self.worker.as_ref().filter(|worker| worker.every)
    }

    /// The site's code by the rules of the command line.
    fn site(&self) -> Result<SiteCode> {
        if let Some(code) = &self.options.site {
            return Ok(code.clone());
        }
        let sites = self.store.map(Store::sites).unwrap_or_default();
        match sites.as_slice() {
            [] => SiteCode::new(FIRST_SITE),
            [only] => Ok(only.code().clone()),
            several => {
                let codes: Vec<_> = several.iter().map(|s| s.code().as_str()).collect();
                Err(Fault::parameter("site", format!("is missing, and the store has {} sites", several.len()))
                    .remedy(format!("name one of {}, or a new one, with --site CODE", codes.join(", "))))
            }
        }
    }

    /// The site of this code where it is there, or the variant of it that is meant.
    fn there(&self, code: &SiteCode) -> Result<Option<Arc<Site>>> {
        let site = self.store.and_then(|store| store.site(code));
        match (&self.options.variant, site, self.store) {
            (Some(name), Some(site), _) => site.variant_to_write(name).map(Some),
            (Some(name), None, Some(_)) => {
                Err(Fault::parameter("variant", format!("'{name}' is of no site: there is no site {code} yet"))
                    .remedy("import what is there first, without --variant"))
            }
            (_, site, _) => Ok(site),
        }
    }

    /// Makes the site, unless it is there.
    pub(super) fn make_site<'s>(
        &self,
        cell: &'s OnceCell<Arc<Site>>,
        store: &Store,
        code: &SiteCode,
        origin: Geodetic,
        report: &mut FileReport,
    ) -> Result<&'s Arc<Site>> {
        if cell.get().is_none() {
            let made = store.create_site(code, origin, (self.clock)()).map_err(|fault| match store.site(code) {
                Some(_) => Fault::new(Kind::Conflict, MADE_MEANWHILE).about(code.as_str()).remedy("import it again"),
                None => fault,
            });
            _ = cell.set(made?);
            let Geodetic { lon, lat, h } = origin;
            let other = if self.options.site.is_none() { " (--site names another)" } else { "" };
            report.notes.push(format!("makes site {code}{other} with its origin at {lon:.7}, {lat:.7}, {h:.3}"));
        }
        cell.get().ok_or_else(|| Fault::internal("the site is not there"))
    }
    pub(super) fn georeference(
        &self,
        frame: &crate::formats::SourceFrame,
        near: Option<[f64; 3]>,
        site: Option<Geodetic>,
    ) -> Result<Georeference> {
        Georeference::new(frame, &self.options, near, site)
    }
}

/// Endings of what becomes a dataset beside the assets.
const COVERAGES: &[&str] = &["tif", "tiff", "gtiff", "json", "las", "laz"];

/// Takes a file as a dataset beside the assets.
type Beside<'a> = fn(&Intake<'a>, &Path, &OnceCell<Arc<Site>>, &SiteCode, DatasetName, &mut FileReport) -> Result<()>;

/// Refuses assets for a dataset that is a coverage.
fn not_a_coverage(site: &Site, name: &DatasetName) -> Result<()> {
    match site.coverage(name) {
        None => Ok(()),
        Some(_) => Err(Fault::new(
            Kind::Conflict,
            format!("dataset '{name}' is a raster, a tileset or a point cloud, and this holds objects"),
        )
        .remedy("import it under another name with --dataset NAME")),
    }
}
