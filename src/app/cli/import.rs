//! `cimbra import`, and what `cimbra check` shares with it.

use super::progress::Bar;
use super::send::send;
use super::{Outcome, plain, say};
use crate::app::clock;
use crate::app::worker::worker;
use crate::crs::{Helmert, Similarity};
use crate::fault::{Fault, Result};
use crate::formats::Limits;
use crate::formats::control_points;
use crate::ingest::{ImportOptions, Intake, Report, height_grid};
use crate::model::VariantName;
use crate::store::Store;
use std::io::Write;
use std::path::{Path, PathBuf};

/// What both commands take.
#[derive(Debug, clap::Args)]
pub(super) struct Source {
    /// Files, or directories whose files are taken
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// The site's 12-digit community code [default: the only site there is]
    #[arg(long, value_name = "CODE")]
    site: Option<String>,
    /// The dataset's name [default: the file's name without its ending]
    #[arg(long, value_name = "NAME")]
    dataset: Option<String>,
    /// The CRS of files that name none: EPSG:n, or EPSG:n+m with heights
    #[arg(long, value_name = "EPSG:n[+n]")]
    crs: Option<String>,
    /// Metres to add to the source's heights to make them ellipsoidal; 0 takes them as ellipsoidal
    #[arg(long, value_name = "M", allow_hyphen_values = true)]
    height_offset: Option<f64>,
    /// A GTX or GeoTIFF file of the (quasi-)geoid's heights above the ellipsoid, which make the source's heights ellipsoidal
    #[arg(long, value_name = "FILE", conflicts_with = "height_offset")]
    height_grid: Option<PathBuf>,
    /// Where a model's (0, 0, 0) goes, and which way its y axis points; the origin of a new site for other files
    #[arg(long, value_name = "LON,LAT,H[,HEADING]", allow_hyphen_values = true)]
    origin: Option<String>,
    /// The class of features that name none
    #[arg(long, value_name = "CLASS")]
    class: Option<String>,
    /// Take a change of datum that is tens of metres off, where there is no other; the report says so
    #[arg(long)]
    allow_ballpark: bool,
    /// How a local grid sits in the CRS: EAST,NORTH,ROTATION,SCALE of the plane, or DX,DY,DZ,RX,RY,RZ,SCALE,pv|cf of the datum
    /// (metres, arcseconds, parts per million)
    #[arg(long, value_name = "PARAMETERS", allow_hyphen_values = true)]
    helmert: Option<String>,
    /// A CSV table of points known in both systems (columns x, y, east, north), to which the four parameters are fitted
    #[arg(long, value_name = "FILE", conflicts_with = "helmert")]
    control_points: Option<PathBuf>,
    /// The decimal year at which positions of WGS 84 or ITRF hold, such as 2026.5 [default: the one that the source states]
    #[arg(long, value_name = "YEAR")]
    epoch: Option<f64>,
    /// A TOML file that says which fields of features and tables are the id, the name, the class, …
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,
    /// The text of that file.
    #[arg(skip)]
    mapping: Option<String>,
    /// What the one band of a raster is, where its form leaves that open: terrain or imagery
    #[arg(long = "as", value_name = "WHAT")]
    content: Option<String>,
    /// Which axis of a model points up: y or z [default: y; z with --crs]
    #[arg(long, value_name = "AXIS")]
    up: Option<String>,
    /// Take the place of all that the dataset holds, also when the file has nothing in common with it
    #[arg(long)]
    replace: bool,
    /// Print one JSON report instead of text
    #[arg(long)]
    pub(super) json: bool,
}

/// Import files into a store
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cimbra import delft.city.jsonl --height-offset 43.4\n  cimbra import pipes.geojson --crs EPSG:4549+5737 --height-grid quasigeoid.gtx\n  cimbra import tower.ifc --origin 118.78,32.04,12,0 --site 320106003001\n  cimbra import demo --store ./var/demo --json\n  cimbra import phones.csv --crs GCJ-02\n  cimbra import houses.xlsx --map map.toml\n  cimbra import survey.geojson --crs EPSG:4549 --control-points points.csv\n  cimbra import tower-new.ifc --dataset tower --variant taller\n  cimbra import delft.city.jsonl --height-offset 43.4 --url http://127.0.0.1:8080 --key $KEY"
)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    /// The planning variant that is changed instead of the site; made when it is new
    #[arg(long, value_name = "NAME")]
    variant: Option<String>,
    /// The store's directory [default: ./var/cimbra]
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
    /// The running server that takes the files instead of a store here
    #[arg(long, value_name = "URL", conflicts_with = "store")]
    url: Option<String>,
    /// Its key, of role integrator or admin [default: $CIMBRA_KEY]
    #[arg(long, value_name = "K", requires = "url")]
    key: Option<String>,
}

impl Args {
    /// Imports.
    ///
    /// # Errors
    /// Options that contradict each other, or a store that another process holds.
    pub fn run(mut self) -> Result<Outcome> {
        let variant = self.variant.as_deref().map(VariantName::new).transpose()?;
        let options = ImportOptions { variant, ..self.source.options()? };
        if let Some(url) = &self.url {
            if options.height_grid.is_some() {
                return Err(Fault::parameter("height-grid", "is a file here, which the server cannot open")
                    .remedy("import on the server's machine with --store; or make the heights ellipsoidal first"));
            }
            let mut parameters = self.source.parameters();
            parameters.extend(self.variant.clone().map(|name| ("variant", name)));
            let mut report = send(url, self.key.as_deref(), &self.source.files, &parameters)?;
            report.files.iter_mut().for_each(|file| file.notes.extend(options.remarks.iter().cloned()));
            return tell(&report, self.source.json);
        }
        // A mistyped name must not leave a store behind.
        if let Some(missing) =
            self.source.files.iter().find(|file| !file.exists()).filter(|_| self.source.files.len() == 1)
        {
            return Err(Fault::bad_input("there is no such file").about(missing.display().to_string()));
        }
        let store = Store::open(self.store.as_deref().unwrap_or(Path::new("./var/cimbra")))?;
        self.source.take(Some(&store), options)
    }
}

impl Source {
    /// The import's options under their own names.
    fn parameters(&self) -> Vec<(&'static str, String)> {
        let options = [
            ("site", self.site.clone()),
            ("dataset", self.dataset.clone()),
            ("crs", self.crs.clone()),
            ("height-offset", self.height_offset.map(|m| m.to_string())),
            ("origin", self.origin.clone()),
            ("class", self.class.clone()),
            ("allow-ballpark", self.allow_ballpark.then(|| "true".to_owned())),
            ("replace", self.replace.then(|| "true".to_owned())),
            ("helmert", self.helmert.clone()),
            ("up", self.up.clone()),
            ("as", self.content.clone()),
            ("epoch", self.epoch.map(|year| year.to_string())),
            ("map", self.mapping.clone()),
        ];
        options.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
    pub(super) fn options(&mut self) -> Result<ImportOptions> {
        let fit = self.control_points.as_deref().map(fit).transpose()?;
        self.helmert = fit.as_ref().map(|(helmert, _)| helmert.to_string()).or(self.helmert.take());
        self.mapping = self.map.as_deref().map(mapping_text).transpose()?;
        let parameters = self.parameters();
        let read = ImportOptions::read(&|name| parameters.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str()))?;
        let height_grid = self.height_grid.as_deref().map(height_grid).transpose()?;
        Ok(ImportOptions { remarks: fit.map(|(_, remarks)| remarks).unwrap_or_default(), height_grid, ..read })
    }
    fn take(&self, store: Option<&Store>, options: ImportOptions) -> Result<Outcome> {
        let bar = Bar::counting("objects");
        let report = self.intake(&self.files, store, options, &bar);
        drop(bar);
        tell(&report?, self.json)
    }
    /// Takes `files` in, or without a store looks at what would come in.
    pub(super) fn intake(
        &self,
        files: &[PathBuf],
        store: Option<&Store>,
        options: ImportOptions,
        bar: &Bar,
    ) -> Result<Report> {
        let progress = |step: crate::ingest::Progress| bar.step(step);
        let worker = Some(worker(Limits::default(), false));
        let intake = Intake { store, options, worker, clock: clock::system(), progress: &progress };
        intake.import(files)
    }
}

/// A mapping file's text.
fn mapping_text(file: &Path) -> Result<String> {
    let about = |fault: Fault| fault.about(file.display().to_string());
    let bytes = std::fs::metadata(file).map_err(|e| about(Fault::io("opening", &e)))?;
    if !bytes.is_file() || bytes.len() > 1 << 20 {
        return Err(about(Fault::parameter("map", "is not a text file of at most 1 MiB")));
    }
    std::fs::read_to_string(file).map_err(|e| about(Fault::io("reading", &e)))
}

/// The four parameters that fit a table of control points, and what to tell of the fit.
fn fit(file: &Path) -> Result<(Helmert, Vec<String>)> {
    let points = control_points(file)?;
    let fit = Similarity::fit(&points)?;
    let sizes: Vec<f64> = fit.residuals.iter().map(|[e, n]| e.hypot(*n)).collect();
    let worst = sizes.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or_default();
    let all: Vec<_> = sizes.iter().map(|metres| format!("{metres:.3}")).collect();
    let told = format!(
        "the local grid is fitted to {} control points: root mean square {:.3} m, worst {:.3} m at point {}; each: {}",
        points.len(),
        fit.rms(),
        worst.1,
        worst.0 + 1,
        all.join(", ")
    );
    let enough = (points.len() < 3).then(|| "two control points leave nothing to check them by".to_owned());
    Ok((Helmert::Plane(fit.similarity), std::iter::once(told).chain(enough).collect()))
}

/// Prints the report; refusals go to stderr, whatever the form.
///
/// # Errors
/// A terminal that cannot be written to.
pub fn tell(report: &Report, json: bool) -> Result<Outcome> {
    let outcome = complain(report)?;
    say(&if json { report.json() } else { report.text() })?;
    Ok(outcome)
}

/// Prints what was refused on stderr; says how it ended.
///
/// # Errors
/// A terminal that cannot be written to.
pub fn complain(report: &Report) -> Result<Outcome> {
    let refusals = report.refusals();
    std::io::stderr().write_all(plain(&refusals).as_bytes()).map_err(|e| Fault::io("writing to stderr", &e))?;
    for file in report.files.iter().filter_map(|f| f.error.as_ref()) {
        writeln!(std::io::stderr(), "cimbra: {}", plain(file)).map_err(|e| Fault::io("writing to stderr", &e))?;
    }
    Ok(match (report.objects, report.refused) {
        (0, _) => Outcome::NothingDone,
        (_, 0) => Outcome::Done,
        _ => Outcome::SomeRefused,
    })
}
