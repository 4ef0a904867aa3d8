//! One directory, one process: opening it, locking it, its sites.

use super::archive::embedded::{Weigh, sync_dir, write_whole};
use super::attachments::Attachments;
use super::coverage::Folder;
use super::event::Events;
use super::live::Live;
use super::pulse::{AssetState, Pulse};
use super::series::{Judge, Series, Taken};
use super::site::{Held, Node, Site};
use super::sources::{self, Keeping};
use crate::fault::{Fault, Kind, Result};
use crate::model::{Alarm, AssetId, Collections, Observation, Rule, SiteCode};
use crate::units::{Geodetic, Instant};
use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// The first line of the file `format`; the number grows when an older Cimbra could no longer read what is written.
const FORMAT: &str = "cimbra store 3";
/// The one before, of which all is read as it is; it is the present one from the moment that it is opened.
const BEFORE: &str = "cimbra store 2";
/// The bound of the cache for geometry and attributes unless the caller sets one, in bytes.
const CACHE: u64 = 256 << 20;

/// Where coverages lie while they are made.
const SCRATCH: &str = "scratch";

/// A store: everything a node keeps, in one directory that one process holds.
#[derive(Debug)]
pub struct Store {
    node: Arc<Node>,
    sites: RwLock<BTreeMap<SiteCode, Arc<Site>>>,
    creating: Mutex<()>,
    attachments: Attachments,
}

impl Store {
    /// Copies an imported file into the store, compressed, without a name for now; given up when `stop` is set.
    ///
    /// # Errors
    /// [`Kind::Io`] when it cannot be read or written.
    pub fn keep(&self, file: &Path, stop: &AtomicBool) -> Result<Keeping> {
        sources::keep(self.dir(), file, stop)
    }
    /// Opens the store in `dir`, making it when there is none, with a cache of 256 MiB.
    ///
    /// # Errors
    /// [`Kind::Conflict`] when another process holds it, [`Kind::BadInput`] when `dir` holds something else or a newer
    /// format, [`Kind::Corrupt`] when stored bytes are not what was written.
    pub fn open(dir: &Path) -> Result<Self> {
        Self::open_with(dir, CACHE)
    }
    /// As [`Store::open`], with the cache bounded to `cache` bytes.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_with(dir: &Path, cache: u64) -> Result<Self> {
        let shown = dir.display().to_string();
        let io = |e: std::io::Error| Fault::io(&format!("opening the store {shown}"), &e);
        check_ours(dir).map_err(|f| f.about(&*shown))?;
        std::fs::create_dir_all(dir.join("sites")).map_err(io)?;
        let lock = File::options().create(true).truncate(false).write(true).open(dir.join("lock")).map_err(io)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Fault::new(Kind::Conflict, "another process has this store open").about(shown).remedy(
                    "send the work to that process with --url (such as --url http://127.0.0.1:8080), or stop it first",
                ));
            }
            Err(TryLockError::Error(e)) => return Err(io(e)),
        }
        check_format(dir)?;
        sources::sweep(dir);
        let _ = std::fs::remove_dir_all(dir.join(SCRATCH));
        let cache = quick_cache::sync::Cache::with_weighter((cache / 4096).max(64) as usize, cache, Weigh);
        let (revision, cache, live) = (AtomicU64::new(0), Arc::new(cache), Live::open(dir)?);
        let claims = Mutex::default();
        let blocks = Arc::new(super::coverage::blocks());
        let overlays = AtomicU32::new(0);
        let node = Node { revision, overlays, cache, blocks, claims, dir: dir.to_owned(), live, _lock: Held(lock) };
        let attachments = Attachments::open(dir)?;
        let (node, creating) = (Arc::new(node), Mutex::new(()));
        let store = Self { node, sites: RwLock::default(), creating, attachments };
        for entry in std::fs::read_dir(dir.join("sites")).map_err(io)? {
            store.open_site(&entry.map_err(io)?.path())?;
        }
        // What cannot be settled now is in nobody's way.
        if let Err(fault) = store.settle_attachments() {
            tracing::error!(%fault, "attachments of assets that ended could not be settled");
        }
        Ok(store)
    }
    /// The sites, by code.
    pub fn sites(&self) -> Vec<Arc<Site>> {
        self.sites.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
    /// The site of this code.
    pub fn site(&self, code: &SiteCode) -> Option<Arc<Site>> {
        self.sites.read().unwrap_or_else(PoisonError::into_inner).get(code).cloned()
    }
    /// Makes a site whose frames have their origin at `origin` for good; it is on disk when this returns.
    ///
    /// # Errors
    /// [`Kind::Conflict`] when there is one of this code, [`Kind::BadInput`] when `origin` is not on the globe.
    pub fn create_site(&self, code: &SiteCode, origin: Geodetic, at: Instant) -> Result<Arc<Site>> {
        let on_globe = origin.lon.abs() <= 180.0 && origin.lat.abs() < 90.0 && origin.h.abs() <= 1e6;
        if !on_globe {
            return Err(Fault::parameter(
                "origin",
                "a site's origin is a longitude, a latitude between the poles and a height",
            ));
        }
        let _creating = self.creating.lock().unwrap_or_else(PoisonError::into_inner);
        if self.site(code).is_some() {
            return Err(Fault::new(Kind::Conflict, "the site exists").about(code.as_str()));
        }
        let dir = self.node.dir.join("sites").join(code.as_str());
        Site::create(&dir, code, origin, at)?;
        self.open_site(&dir)?;
        self.site(code).ok_or_else(|| Fault::internal("the new site is not there"))
    }
    /// Grows with every commit on any site and with every new site, also across restarts.
    pub fn revision(&self) -> u64 {
        self.node.revision.load(Ordering::Acquire)
    }
    /// The store's directory.
    pub fn dir(&self) -> &Path {
        &self.node.dir
    }

    /// A new folder for the files of a coverage, whose site may not be made yet.
    ///
    /// # Errors
    /// [`Kind::Io`] when the disk refuses.
    pub fn scratch(&self) -> Result<Folder> {
        Folder::new(&self.node.dir.join(SCRATCH))
    }

    /// Files attached to assets.
    pub fn attachments(&self) -> &Attachments {
        &self.attachments
    }
    /// Things, datastreams, observations, rules and alarms.
    pub fn series(&self) -> &Series {
        &self.node.live.series
    }
    /// Latest values and active alarms by asset.
    pub fn pulse(&self) -> &Pulse {
        &self.node.live.pulse
    }
    /// The state of every asset that has any, for somebody who may read `readable`, at a sequence number from which
    /// [`Store::events`] goes on without gap or overlap.
    pub fn standing(&self, readable: Collections) -> (u64, Vec<(AssetId, AssetState)>) {
        self.node.live.standing(readable)
    }
    /// What changed, in order.
    pub fn events(&self) -> &Events {
        &self.node.live.events
    }
    /// Takes readings, in order; when this returns they are on disk, with every change of an alarm that `judge` made of them,
    /// and told. Callers at the same time share one sync of the disk. Blocks; not for an async thread.
    ///
    /// # Errors
    /// [`Kind::NotFound`] for a datastream that does not exist and [`Kind::TooLarge`] for more than 50,000 readings: then none
    /// is taken. [`Kind::Io`] when the disk refuses.
    pub fn append(&self, readings: Vec<Observation>, judge: Judge) -> Result<Vec<Taken>> {
        self.node.live.append(readings, judge)
    }
    /// Changes an alarm as a person wants it, durably, and tells it; gives it as it is now.
    ///
    /// # Errors
    /// [`Kind::NotFound`] without such an alarm, what `act` refuses, [`Kind::Io`] when the disk refuses.
    pub fn act(&self, alarm: u64, act: impl FnOnce(&mut Alarm) -> Result<()>) -> Result<Arc<Alarm>> {
        self.node.live.act(alarm, act)
    }
    /// Keeps alarm rules, durably; one of the same id is replaced.
    ///
    /// # Errors
    /// [`Kind::TooLarge`] beyond 1,000 rules, [`Kind::Io`] when the disk refuses.
    pub fn put_rules(&self, rules: &[Rule]) -> Result<()> {
        self.node.live.put_rules(rules)
    }

    fn open_site(&self, dir: &Path) -> Result<()> {
        let number = self.sites.read().unwrap_or_else(PoisonError::into_inner).len() as u32;
        if let Some(site) = Site::open(dir, number, self.node.clone())? {
            let mut sites = self.sites.write().unwrap_or_else(PoisonError::into_inner);
            let site = Arc::new(site);
            self.node.live.add(&site)?;
            sites.insert(site.code().clone(), site);
        }
        Ok(())
    }
}

/// Refuses a directory that holds other things, before anything is made in it.
fn check_ours(dir: &Path) -> Result<()> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Ok(()) };
    let names: Vec<_> = entries.flatten().map(|e| e.file_name()).collect();
    let begun = |name: &std::ffi::OsString| ["lock", "sites", "format.new"].iter().any(|ours| *name == **ours);
    if names.iter().any(|name| name == "format") || names.iter().all(begun) {
        return Ok(());
    }
    Err(Fault::bad_input("the directory holds other things and is no store")
        .remedy("name a new or empty directory with --store"))
}

/// Reads the format's version, or writes it into a new store.
fn check_format(dir: &Path) -> Result<()> {
    let path = dir.join("format");
    match std::fs::read_to_string(&path) {
        Ok(text) if text.trim_end() == FORMAT => Ok(()),
        Ok(text) if text.trim_end() == BEFORE => write_whole(&path, format!("{FORMAT}\n").as_bytes()),
        Ok(text) => Err(Fault::bad_input(format!("the format is '{}', this Cimbra reads '{FORMAT}'", text.trim_end()))
            .about(path.display().to_string())
            .remedy("use the Cimbra that wrote the store")),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            write_whole(&path, format!("{FORMAT}\n").as_bytes())?;
            dir.parent().filter(|p| !p.as_os_str().is_empty()).map_or(Ok(()), sync_dir)
        }
        Err(e) => Err(Fault::io(&format!("reading {}", path.display()), &e)),
    }
}
