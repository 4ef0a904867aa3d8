//! `cimbra demo`: a generated community, imported by the ordinary intake, played and served.

use super::progress::Bar;
use super::{Outcome, say};
use crate::app::clock;
use crate::app::config::Config;
use crate::app::serve::{Start, serve};
use crate::app::worker::worker;
use crate::fault::{Fault, Kind, Result};
use crate::formats::Limits;
use crate::ingest::generate::{Community, made, write};
use crate::ingest::{ImportOptions, Intake};
use crate::live::simulate::Fleet;
use crate::model::{DatasetName, Role, SiteCode};
use crate::store::Store;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Make the demo community if it is missing, play its readings and serve it
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  cimbra demo\n  cimbra demo --households 5004 --dir ./large --store ./var/large")]
pub struct Args {
    /// How many households the community has
    #[arg(long, value_name = "N", default_value_t = 500)]
    households: u32,
    /// What everything in it follows from
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Where its files are written
    #[arg(long, value_name = "DIR", default_value = "./demo")]
    dir: PathBuf,
    /// The store's directory
    #[arg(long, value_name = "DIR", default_value = "./var/demo")]
    store: PathBuf,
    /// Where to listen
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// The MQTT broker to take readings from besides
    #[arg(long, value_name = "URL")]
    mqtt: Option<String>,
    /// Readings a second that are played; 0 plays none
    #[arg(long, value_name = "N", default_value_t = 130.0)]
    rate: f64,
}

impl Args {
    /// Serves the demo until stopped.
    ///
    /// # Errors
    /// A directory that holds something else, a store that another process holds, an address in use.
    pub fn run(self) -> Result<Outcome> {
        let community = Community { households: self.households, seed: self.seed, ..Community::default() };
        let fresh = made(&self.dir).is_none_or(|(there, _)| there != community);
        if fresh {
            let manifest = write(&self.dir, &community, &mut |_| {})?;
            let all: u64 = manifest.counts.values().sum();
            say(&format!("made {}: {} households, {all} objects", self.dir.display(), self.households))?;
        }
        import(&self.dir, &self.store, fresh)?;
        let play = (self.rate > 0.0).then(|| Fleet::read(&self.dir).map(|fleet| (fleet, self.rate))).transpose()?;
        let config = Config { store: self.store, listen: self.listen, mqtt: self.mqtt, ..Config::default() };
        serve(&config, Start { portal_role: Some(Role::Operator), play })?;
        Ok(Outcome::Done)
    }
}

/// Imports what the store does not have yet; all of it anew when the files are new.
fn import(dir: &Path, store: &Path, fresh: bool) -> Result<()> {
    let (_, code) = made(dir).ok_or_else(|| {
        Fault::new(Kind::Corrupt, "the directory holds no whole community").about(dir.display().to_string())
    })?;
    let code = SiteCode::new(&code)?;
    let store = Store::open(store)?;
    let entries = std::fs::read_dir(dir).map_err(|e| Fault::io("reading the community", &e))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).filter(|p| p.is_file()).collect();
    files.sort();
    let snapshot = store.site(&code).map(|site| site.snapshot());
    let has = |file: &PathBuf| {
        let stem = file.file_name().and_then(|n| n.to_str()).and_then(|n| n.split('.').next()).unwrap_or_default();
        let name = DatasetName::from_stem(stem);
        snapshot.as_ref().is_some_and(|s| s.datasets().any(|d| d.name == name))
    };
    if !fresh {
        files.retain(|file| !has(file));
    }
    if files.is_empty() {
        return Ok(());
    }
    let bar = Bar::counting("objects");
    let progress = |step: crate::ingest::Progress| bar.step(step);
    let options = ImportOptions { site: Some(code), ..ImportOptions::default() };
    let (clock, worker) = (clock::system(), Some(worker(Limits::default(), false)));
    let report = Intake { store: Some(&store), options, worker, clock, progress: &progress }.import(&files)?;
    drop(bar);
    super::import::tell(&report, false).map(drop)
}
