//! Things, datastreams, observations, alarms and rules: durable history, with what is latest in memory.
//!
//! A write is on disk before it returns. Writers that come while one is syncing wait together, and the next of them takes
//! the readings of all into one commit with one sync.

mod append;
mod desk;
mod table;

pub(super) use append::Context;
pub use append::{Judge, Taken, Verdict};
pub use table::{Named, ThingSpec};

use super::archive::embedded::{Head, Ledger};
use crate::fault::{Fault, Result};
use crate::model::{Alarm, Datastream, Observation, Quality, Rule, SiteCode, Thing};
use crate::units::Instant;
use append::Job;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};
use table::Table;

/// Everything measured, and the alarms that came of it.
#[derive(Debug)]
pub struct Series {
    ledger: Ledger,
    table: RwLock<Table>,
    /// Held by the one who commits.
    writing: Mutex<()>,
    /// What waits for the next commit.
    waiting: Mutex<Vec<Arc<Job>>>,
    /// The last sequence number told.
    told: AtomicU64,
}

/// How many sequence numbers one commit may tell; after a crash they are skipped, so none is told twice.
const SEQUENCE_SLACK: u64 = 1 << 20;

/// A datastream with its latest reading and its counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// The datastream.
    pub datastream: Arc<Datastream>,
    /// How many readings of each kind there were.
    pub quality: Quality,
    /// The earliest phenomenon time in history; absent without readings.
    pub first: Option<Instant>,
    /// The reading of the greatest phenomenon time.
    pub latest: Option<Observation>,
}

/// Which observations of a datastream, and in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// From this phenomenon time and number on, included.
    pub from: (Instant, u64),
    /// To this phenomenon time and number, included.
    pub to: (Instant, u64),
    /// Latest first.
    pub backwards: bool,
}

impl Span {
    /// All of them, earliest first.
    pub const ALL: Self = Self { from: (Instant::MIN, 0), to: (Instant::MAX, u64::MAX), backwards: false };
}

/// What one commit changed, in the order in which it came about.
#[derive(Debug, Default)]
pub(super) struct Changed {
    /// The datastream and its latest reading.
    pub latest: Vec<(Arc<Thing>, Arc<Datastream>, Observation)>,
    pub alarms: Vec<Arc<Alarm>>,
}

impl Series {
    pub(super) fn open(dir: &Path) -> Result<Self> {
        std::fs::create_dir_all(dir).map_err(|e| Fault::io(&format!("making {}", dir.display()), &e))?;
        let (ledger, loaded) = Ledger::open(dir)?;
        let told = AtomicU64::new(loaded.head.sequence);
        let table = RwLock::new(Table::new(loaded)?);
        Ok(Self { ledger, table, writing: Mutex::default(), waiting: Mutex::default(), told })
    }
    fn table(&self) -> RwLockReadGuard<'_, Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }
    /// How many things there are; their ids are 1 to this number.
    pub fn thing_count(&self) -> u64 {
        self.table().things.len() as u64
    }
    /// How many datastreams there are; their ids are 1 to this number.
    pub fn datastream_count(&self) -> u64 {
        self.table().streams.len() as u64
    }
    /// How many observations there are; their numbers are 1 to this number.
    pub fn observation_count(&self) -> u64 {
        self.table().head.observation
    }
    /// The thing of this id.
    pub fn thing(&self, id: u64) -> Option<Arc<Thing>> {
        self.table().thing(id).cloned()
    }
    /// The thing that a sender means by its device's own id; in one site, where the sender says which.
    pub fn thing_named(&self, site: Option<&SiteCode>, code: &str) -> Named {
        self.table().named(site, code)
    }
    /// The thing of this device.
    pub fn thing_of(&self, device: &str) -> Option<Arc<Thing>> {
        let table = self.table();
        table.by_device.get(device).and_then(|id| table.thing(*id)).cloned()
    }
    /// The things of a site's devices, by id.
    pub fn things_of(&self, site: &SiteCode) -> Vec<Arc<Thing>> {
        self.table().things.iter().filter(|thing| thing.site == *site).cloned().collect()
    }
    /// The ids of a thing's datastreams, ascending.
    pub fn datastreams_of(&self, thing: u64) -> Vec<u64> {
        self.table().streams_of(thing).to_vec()
    }
    /// The datastream in which a thing's readings of a property go.
    pub fn datastream_of(&self, thing: u64, observed_property: &str) -> Option<Arc<Datastream>> {
        self.table().stream_of(thing, observed_property).map(|s| s.datastream.clone())
    }
    /// A datastream with its counts and latest reading.
    pub fn datastream(&self, id: u64) -> Option<Summary> {
        self.table().stream(id).map(table::Stream::summary)
    }
    /// Observations of one datastream with their numbers. Reads the disk as it goes.
    pub fn observations(
        &self,
        datastream: u64,
        span: Span,
    ) -> impl Iterator<Item = Result<(u64, Observation)>> + use<> {
        self.ledger.scan(datastream, span.from, span.to, span.backwards)
    }
    /// Observations of all datastreams by number, from `start` upwards, or downwards from it; `start` included.
    pub fn numbered(&self, start: u64, backwards: bool) -> impl Iterator<Item = Result<(u64, Observation)>> + '_ {
        self.ledger.numbered(start, backwards)
    }
    /// The observation of this number.
    ///
    /// # Errors
    /// What the disk says.
    pub fn observation(&self, number: u64) -> Result<Option<Observation>> {
        if number == 0 || number > self.observation_count() {
            return Ok(None);
        }
        self.ledger.numbered(number, false).next().transpose().map(|found| found.map(|(_, o)| o))
    }
    /// The rules, by id.
    pub fn rules(&self) -> Vec<Arc<Rule>> {
        self.table().rules.values().cloned().collect()
    }
    /// The alarms that are active, by id.
    pub fn active_alarms(&self) -> Vec<Arc<Alarm>> {
        self.table().active.values().cloned().collect()
    }
    /// The alarm of this id.
    ///
    /// # Errors
    /// What the disk says.
    pub fn alarm(&self, id: u64) -> Result<Option<Arc<Alarm>>> {
        let active = self.table().active.get(&id).cloned();
        if active.is_some() { Ok(active) } else { Ok(self.ledger.alarm(id)?.map(Arc::new)) }
    }
    /// All alarms, newest first, from `id` downwards. Reads the disk as it goes.
    pub fn alarms_down_from(&self, id: u64) -> impl Iterator<Item = Result<Alarm>> + use<> {
        self.ledger.alarms_down_from(id)
    }
    /// The last sequence number told; greater than any that was told before the store was opened.
    pub(super) fn sequence(&self) -> u64 {
        self.told.load(Ordering::Acquire)
    }
    /// The next sequence number.
    pub(super) fn tell(&self) -> u64 {
        self.told.fetch_add(1, Ordering::AcqRel) + 1
    }
    /// The head of the commit after `head`; its sequence is beyond what the commit will tell.
    fn next_head(&self, head: Head) -> Head {
        Head { commit: head.commit + 1, sequence: self.sequence() + SEQUENCE_SLACK, ..head }
    }
    /// Up to which revision of this site its devices have things.
    pub(super) fn site_revision(&self, code: &str) -> Option<u64> {
        self.table().sites.get(code).copied()
    }
    /// The latest reading of every datastream that has one.
    pub(super) fn latest(&self) -> Vec<(Arc<Thing>, Arc<Datastream>, Observation)> {
        let table = self.table();
        let one =
            |s: &table::Stream| Some((table.thing(s.datastream.thing)?.clone(), s.datastream.clone(), s.latest()?));
        table.streams.iter().filter_map(one).collect()
    }
}
