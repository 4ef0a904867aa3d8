//! A raster on its way in: read once, kept in blocks beside the assets, committed as one dataset.

use super::georeference::Georeference;
use super::intake::{Intake, Progress};
use super::reach::{FAR, farthest};
use super::report::FileReport;
use crate::crs::{Choice, SiteFrame, Transform, stated_epoch};
use crate::fault::{Fault, Kind, Result};
use crate::formats::SourceFrame;
use crate::formats::raster::{About, Content, GeoTiff};
use crate::geom::Bounds;
use crate::model::{Class, DatasetName, SiteCode};
use crate::store::{Dataset, Entry, Folder, Form, GridSpec, OfColours, OfHeights, PyramidWriter, Site, Standing};
use crate::units::Geodetic;
use sha2::{Digest, Sha256};
use std::cell::OnceCell;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// Points along each edge of a raster whose places make its box.
const ALONG: u32 = 64;

/// What was seen of the pixels on the way in.
struct Seen {
    low: f64,
    high: f64,
    void: u64,
    all: u64,
}

impl Seen {
    fn new() -> Self {
        Self { low: f64::INFINITY, high: f64::NEG_INFINITY, void: 0, all: 0 }
    }
    fn height(&mut self, height: f32) {
        self.all += 1;
        if height.is_nan() {
            self.void += 1;
        } else {
            self.low = self.low.min(f64::from(height));
            self.high = self.high.max(f64::from(height));
        }
    }
    fn colour(&mut self, [.., alpha]: [u8; 4]) {
        self.all += 1;
        self.void += u64::from(alpha == 0);
    }
}

impl Intake<'_> {
    /// Takes a GeoTIFF as the dataset `name` of site `code`.
    ///
    /// # Errors
    /// What refuses the file: no frame, no value in it, a dataset of another kind of that name.
    pub(super) fn raster(
        &self,
        file: &Path,
        site: &OnceCell<Arc<Site>>,
        code: &SiteCode,
        name: DatasetName,
        report: &mut FileReport,
    ) -> Result<()> {
        self.without_grid("a raster keeps the way from its CRS, not a file that it needs")?;
        let mut raster = match self.for_every_file() {
            Some(worker) => GeoTiff::open_in(worker, file, self.options.content)?,
            None => GeoTiff::open(file, self.options.content)?,
        };
        let about = raster.about.clone();
        let (width, height) = (about.width, about.height);
        let [x, y] = about.affine.apply(f64::from(width) / 2.0, f64::from(height) / 2.0);
        let near = Some([x, y, 0.0]);
        let frame = SourceFrame { crs: self.with_heights(about.crs.as_deref()), placement: None, assumed: false };
        let georeference = Georeference::new(&frame, &self.options, near, None)?;
        report.frame = Some(georeference.label.clone());
        report.accuracy_metres = georeference.accuracy;
        report.notes.extend(georeference.notes.iter().chain(&about.notes).chain(&self.options.remarks).cloned());
        let Some(transform) = georeference.transform() else {
            return Err(Fault::bad_input("names no CRS, and a raster is not placed by --origin")
                .remedy("say which one with --crs EPSG:n, or EPSG:n+m with heights"));
        };
        let super::ImportOptions { height_offset, allow_ballpark, helmert, .. } = self.options;
        let epoch = transform.epoch();
        let choice = Choice { height_offset, height_grid: None, allow_ballpark, helmert, epoch, near, site: None };
        let class = self.options.class.unwrap_or(Class::Relief);
        let content = about.content;

        // Read whole before anything is made: a broken file leaves nothing behind.
        let source = hash(file)?;
        let scratch = self.store.map(crate::store::Store::scratch).transpose()?;
        let seen = self.pixels(&mut raster, scratch.as_ref())?;
        if seen.void == seen.all {
            return Err(Fault::bad_input("has no pixel with a value"));
        }
        let (low, high) = if content == Content::Heights { (seen.low, seen.high) } else { (0.0, 0.0) };
        let bounds = outline(&about, transform, [low, high])?;
        let resolution = resolution(&about, transform, low)?;
        let [lon, lat, _] = bounds.center();
        let share = seen.void as f64 / seen.all as f64 * 100.0;
        let says = match content {
            Content::Heights => format!("heights from {low:.3} to {high:.3} in its CRS"),
            Content::Colours => "colours".to_owned(),
        };
        let ([west, south, _], [east, north, _]) = (bounds.min, bounds.max);
        report.notes.push(format!(
            "{width} by {height} pixels {resolution:.3} m apart from {west:.6}, {south:.6} to {east:.6}, {north:.6}; {says}; {share:.1} % without a value"
        ));
        report.take_in(class);
        let Some((store, folder)) = self.store.zip(scratch) else { return Ok(()) };
        self.not_of_assets(site.get(), &name)?;
        let site = self.make_site(site, store, code, Geodetic::new(lon, lat, bounds.min[2]), report)?;
        remark_distance(site.frame(), &bounds, report);
        if site.keep_source(file)? != source {
            return Err(
                Fault::new(Kind::Conflict, "changed while it was read").remedy("import it again when it stands still")
            );
        }
        let spec = GridSpec::new([width, height], about.affine, georeference.label.clone(), &choice, resolution);
        let form = if content == Content::Heights { Form::Terrain(spec) } else { Form::Imagery(spec) };
        self.put(site, name, class, bounds, form, (folder, Some(source)), report)
    }

    /// Makes the files in a folder a coverage of the site.
    #[expect(clippy::too_many_arguments, reason = "all that a dataset is")]
    pub(super) fn put(
        &self,
        site: &Site,
        name: DatasetName,
        class: Class,
        bounds: Bounds,
        form: Form,
        (folder, source): (Folder, Option<String>),
        report: &mut FileReport,
    ) -> Result<()> {
        if let Some(old) = site.coverage(&name) {
            if !self.options.replace && !old.bounds().intersects(&bounds) {
                return Err(Fault::new(Kind::Conflict, format!("covers nothing of what dataset '{name}' does")).remedy(
                    "import it beside that under another name with --dataset NAME, or say that it takes its place with --replace",
                ));
            }
            report.replaced = 1;
        } else {
            report.added = 1;
        }
        let at = (self.clock)();
        let title = report.title();
        let crs = report.frame.clone().unwrap_or_default();
        // What people said of it stays; what is imported is shown.
        let accuracy = report.accuracy_metres;
        let entry = Entry { accuracy, standing: Standing::Published, ..site.snapshot().entry_of(&name) };
        let dataset = Dataset { name, title, crs, source, imported: at, layers: Vec::new(), entry };
        (self.progress)(Progress::Committing);
        let done = site.put_coverage(dataset, class, bounds, form, folder, at)?;
        (report.removed, report.revision) = (done.removed, Some(done.revision));
        Ok(())
    }

    /// Reads every pixel, into `folder` where there is one.
    fn pixels(&self, raster: &mut GeoTiff, folder: Option<&Folder>) -> Result<Seen> {
        let (mut seen, (width, height)) = (Seen::new(), (raster.about.width, raster.about.height));
        let mut rows = 0;
        let mut tell = || {
            rows += 1;
            if rows % 1024 == 0 {
                (self.progress)(Progress::Objects(rows));
            }
        };
        if raster.about.content == Content::Heights {
            let mut out = folder.map(|f| PyramidWriter::new(f.path(), width, height, OfHeights)).transpose()?;
            raster.heights(&mut |row| {
                row.iter().for_each(|h| seen.height(*h));
                tell();
                out.as_mut().map_or(Ok(()), |out| out.row(row.iter().map(|h| h.to_le_bytes())))
            })?;
            out.zip(folder).map_or(Ok(()), |(out, folder)| out.finish(folder.path(), OfHeights))?;
        } else {
            let mut out = folder.map(|f| PyramidWriter::new(f.path(), width, height, OfColours)).transpose()?;
            raster.colours(&mut |row| {
                row.iter().for_each(|c| seen.colour(*c));
                tell();
                out.as_mut().map_or(Ok(()), |out| out.row(row.iter().copied()))
            })?;
            out.zip(folder).map_or(Ok(()), |(out, folder)| out.finish(folder.path(), OfColours))?;
        }
        Ok(seen)
    }

    /// The declared CRS with the heights that the caller adds to it: `--crs EPSG:2056+5728` for a file that says EPSG:2056.
    pub(super) fn with_heights(&self, declared: Option<&str>) -> Option<String> {
        let declared = declared?;
        let (code, epoch) = stated_epoch(declared);
        let given = self.options.crs.as_deref();
        let fuller = given.filter(|g| g.strip_prefix(code).is_some_and(|heights| heights.starts_with('+')));
        Some(match (fuller, epoch) {
            (Some(fuller), Some(epoch)) => format!("{fuller}@{epoch}"),
            (fuller, _) => fuller.unwrap_or(declared).to_owned(),
        })
    }

    /// Refuses a height grid for what cannot have one, for the reason `why`.
    pub(super) fn without_grid(&self, why: &str) -> Result<()> {
        match &self.options.height_grid {
            None => Ok(()),
            Some(grid) => Err(Fault::parameter("height-grid", format!("'{}' cannot be taken: {why}", grid.name()))
                .remedy("give one number with --height-offset M, or make the heights ellipsoidal first")),
        }
    }

    /// Refuses a dataset that has assets, unless they are to end.
    pub(super) fn not_of_assets(&self, site: Option<&Arc<Site>>, name: &DatasetName) -> Result<()> {
        let Some(snapshot) = site.map(|site| site.snapshot()).filter(|_| !self.options.replace) else { return Ok(()) };
        if snapshot.collections_of(name, None).is_empty() {
            return Ok(());
        }
        Err(Fault::new(Kind::Conflict, format!("is no set of objects, and dataset '{name}' holds assets, which would all end"))
            .remedy("import it beside them under another name with --dataset NAME, or say that it takes their place with --replace"))
    }
}

/// The raster's box in longitude, latitude and ellipsoidal height, by places along its edges.
fn outline(raster: &About, transform: &Transform, [low, high]: [f64; 2]) -> Result<Bounds> {
    let (w, h) = (f64::from(raster.width), f64::from(raster.height));
    let mut points = Vec::new();
    for k in 0..=ALONG {
        let share = f64::from(k) / f64::from(ALONG);
        for [u, v] in [[share * w, 0.0], [share * w, h], [0.0, share * h], [w, share * h], [share * w, h / 2.0]] {
            let [x, y] = raster.affine.apply(u, v);
            points.extend([[x, y, low], [x, y, high]]);
        }
    }
    transform.forward(&mut points)?;
    let bounds = Bounds::of(points);
    if bounds.max[0] - bounds.min[0] > 180.0 {
        return Err(Fault::bad_input("spans the antimeridian").remedy("cut it there, such as with gdalwarp -te"));
    }
    Ok(bounds)
}

/// Metres between pixels in the middle of the raster, the larger of both directions.
fn resolution(raster: &About, transform: &Transform, height: f64) -> Result<f64> {
    let (u, v) = (f64::from(raster.width) / 2.0, f64::from(raster.height) / 2.0);
    let at = |u: f64, v: f64| {
        let [x, y] = raster.affine.apply(u, v);
        [x, y, height]
    };
    let mut points = [at(u, v), at(u + 1.0, v), at(u, v + 1.0)];
    transform.forward(&mut points)?;
    let frame = SiteFrame::new(points[0].into());
    let length = |p: [f64; 3]| {
        let [x, y, _] = frame.to_enu(p.into());
        x.hypot(y)
    };
    Ok(length(points[1]).max(length(points[2])))
}

pub(super) fn remark_distance(frame: &SiteFrame, bounds: &Bounds, report: &mut FileReport) {
    let middle = Bounds { min: bounds.center(), max: bounds.center() };
    let distance = farthest(frame, &middle);
    if distance > FAR {
        let km = distance / 1000.0;
        report.notes.push(format!("lies {km:.0} km from the site's origin: is it the right site (--site)?"));
    }
}

/// SHA-256 of a file, hex.
pub(super) fn hash(file: &Path) -> Result<String> {
    let io = |e: std::io::Error| Fault::io("reading", &e).about(file.display().to_string());
    let mut hasher = Sha256::new();
    std::io::copy(&mut File::open(file).map_err(io)?, &mut hasher).map_err(io)?;
    Ok(hasher.finalize().iter().map(|b| format!("{b:02x}")).collect())
}

/// Writes a file durably.
pub(super) fn save(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let path = folder.join(name);
    let write = || {
        let mut file = File::create(&path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|e| Fault::io(&format!("writing {}", path.display()), &e))
}
