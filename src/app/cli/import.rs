//! `cimbra import` and `cimbra check`.

use super::progress::Bar;
use super::send::send;
use super::{Outcome, say};
use crate::app::clock;
use crate::app::worker::worker;
use crate::fault::{Fault, Result};
use crate::formats::ifc::Limits;
use crate::ingest::{ImportOptions, Intake, Report};
use crate::store::Store;
use std::io::Write;
use std::path::{Path, PathBuf};

/// What both commands take.
#[derive(Debug, clap::Args)]
struct Source {
    /// Files, or directories whose files are taken
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
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
    /// Where a model's (0, 0, 0) goes, and which way its y axis points; the origin of a new site for other files
    #[arg(long, value_name = "LON,LAT,H[,HEADING]", allow_hyphen_values = true)]
    origin: Option<String>,
    /// The class of features that name none
    #[arg(long, value_name = "CLASS")]
    class: Option<String>,
    /// Print one JSON report instead of text
    #[arg(long)]
    json: bool,
}

/// Import files into a store
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cimbra import delft.city.jsonl --height-offset 43.4\n  cimbra import tower.ifc --origin 118.78,32.04,12,0 --site 320106003001\n  cimbra import demo --store ./var/demo --json\n  cimbra import delft.city.jsonl --height-offset 43.4 --url http://127.0.0.1:8080 --key $KEY"
)]
pub struct Args {
    #[command(flatten)]
    source: Source,
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

/// Say what an import would take and refuse, without doing it
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  cimbra check delft.city.jsonl --height-offset 43.4 --json")]
pub struct CheckArgs {
    #[command(flatten)]
    source: Source,
}

impl Args {
    /// Imports.
    ///
    /// # Errors
    /// Options that contradict each other, or a store that another process holds.
    pub fn run(self) -> Result<Outcome> {
        let options = self.source.options()?;
        if let Some(url) = &self.url {
            let report = send(url, self.key.as_deref(), &self.source.files, &self.source.parameters())?;
            return tell(&report, self.source.json);
        }
        let store = Store::open(self.store.as_deref().unwrap_or(Path::new("./var/cimbra")))?;
        self.source.take(Some(&store), options)
    }
}

impl CheckArgs {
    /// Checks.
    ///
    /// # Errors
    /// Options that contradict each other.
    pub fn run(self) -> Result<Outcome> {
        let options = self.source.options()?;
        self.source.take(None, options)
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
        ];
        options.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
    fn options(&self) -> Result<ImportOptions> {
        let parameters = self.parameters();
        ImportOptions::read(&|name| parameters.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str()))
    }
    fn take(&self, store: Option<&Store>, options: ImportOptions) -> Result<Outcome> {
        let bar = Bar::new();
        let progress = |step: crate::ingest::Progress| bar.step(step);
        let worker = Some(worker(Limits::default()));
        let intake = Intake { store, options, worker, clock: clock::system(), progress: &progress };
        let report = intake.import(&self.files)?;
        drop(bar);
        tell(&report, self.json)
    }
}

/// Prints the report; refusals go to stderr, whatever the form.
///
/// # Errors
/// A terminal that cannot be written to.
pub fn tell(report: &Report, json: bool) -> Result<Outcome> {
    let refusals = report.refusals();
    std::io::stderr().write_all(refusals.as_bytes()).map_err(|e| Fault::io("writing to stderr", &e))?;
    for file in report.files.iter().filter_map(|f| f.error.as_ref()) {
        writeln!(std::io::stderr(), "cimbra: {file}").map_err(|e| Fault::io("writing to stderr", &e))?;
    }
    say(&if json { report.json() } else { report.text() })?;
    Ok(match (report.objects, report.refused) {
        (0, _) => Outcome::NothingDone,
        (_, 0) => Outcome::Done,
        _ => Outcome::SomeRefused,
    })
}
