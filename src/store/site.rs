//! One site: its log, its one writer and the snapshot that readers get.

use super::archive::embedded::{Blobs, Cache, Log, Op, Piece, Replayed, sync_dir, write_whole};
use super::coverage::{Blocks, Coverages};
use super::edit::{Edit, Numbers};
use super::live::Live;
use super::overlay::Over;
use super::snapshot::Snapshot;
use super::variant::Variants;
use super::{Dataset, Draft, sources};
use crate::crs::SiteFrame;
use crate::fault::{Fault, Kind, Result};
use crate::model::{AssetId, SiteCode};
use crate::units::{Geodetic, Instant};
use foldhash::HashSet;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use xxhash_rust::xxh3::xxh3_128_with_seed;

/// What a node's sites share.
#[derive(Debug)]
pub(super) struct Node {
    /// Grows with every commit on any site.
    pub revision: AtomicU64,
    /// How many logs of variants have been opened.
    pub overlays: AtomicU32,
    pub cache: Arc<Cache>,
    /// Blocks of rasters.
    pub blocks: Arc<Blocks>,
    /// The ids that drafts take, site by site: one at a time has a draft of a site.
    pub claims: Mutex<Vec<(SiteCode, Claimed)>>,
    /// The store's directory.
    pub dir: PathBuf,
    /// Readings, alarms, and the telling of what changes.
    pub live: Live,
    /// Keeps the directory ours while anything of the store is in use; let go last.
    pub _lock: Held,
}

/// The ids that a draft has put or is about to.
#[derive(Debug, Clone, Default)]
pub(super) struct Claimed {
    /// Each as 128 bits that nobody outside can foresee: the texts of a city's ids would be much to keep.
    ids: Arc<Mutex<HashSet<u128>>>,
    seed: u64,
}

impl Claimed {
    /// Takes an id; `false` when it was there.
    pub fn insert(&self, id: &str) -> bool {
        self.ids().insert(xxh3_128_with_seed(id.as_bytes(), self.seed))
    }
    pub fn contains(&self, id: &str) -> bool {
        self.ids().contains(&xxh3_128_with_seed(id.as_bytes(), self.seed))
    }
    fn remove(&self, id: &str) {
        self.ids().remove(&xxh3_128_with_seed(id.as_bytes(), self.seed));
    }
    fn ids(&self) -> MutexGuard<'_, HashSet<u128>> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A locked file.
#[derive(Debug)]
pub(super) struct Held(pub File);

impl Drop for Held {
    /// Closing the file would do, were it not for a child process that is just being started and has it still.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

/// What it takes to write; there is one, and a draft holds it.
#[derive(Debug)]
pub(super) struct Writer {
    pub log: Log,
    numbers: Numbers,
}

/// A community: one origin, one frame, one snapshot at a time, one writer at a time. Or a variant of one, whose snapshot is the
/// community's with changes of its own on top.
#[derive(Debug)]
pub struct Site {
    code: SiteCode,
    frame: SiteFrame,
    pub(super) node: Arc<Node>,
    /// The community's snapshot, also where this is a variant of it.
    snapshot: Arc<RwLock<Arc<Snapshot>>>,
    /// Held while the next snapshot is made from the present one.
    publishing: Mutex<()>,
    writer: Mutex<Option<Writer>>,
    returned: Condvar,
    coverages: Arc<Coverages>,
    pub(super) variants: Variants,
    /// What makes it a variant.
    pub(super) over: Option<Over>,
}

/// `site.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SiteFile {
    code: String,
    /// Longitude, latitude in degrees, ellipsoidal height in metres.
    origin: [f64; 3],
    /// Milliseconds since 1970.
    created: i64,
}

const SITE_FILE: &str = "site.json";
const LOG_FILE: &str = "assets.log";

impl Site {
    /// Makes a site's directory on disk. The site is there once `site.json` is.
    pub(super) fn create(dir: &Path, code: &SiteCode, origin: Geodetic, at: Instant) -> Result<()> {
        std::fs::create_dir_all(dir).map_err(|e| Fault::io(&format!("making {}", dir.display()), &e))?;
        dir.parent().map_or(Ok(()), sync_dir)?;
        Log::create(&dir.join(LOG_FILE))?;
        let file = SiteFile { code: code.to_string(), origin: origin.to_array(), created: at.0 };
        let text =
            serde_json::to_vec_pretty(&file).map_err(|e| Fault::internal(format!("writing {SITE_FILE}: {e}")))?;
        write_whole(&dir.join(SITE_FILE), &text)
    }

    /// Opens a site's directory; `None` when its making was never finished.
    pub(super) fn open(dir: &Path, number: u32, node: Arc<Node>) -> Result<Option<Self>> {
        let path = dir.join(SITE_FILE);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(Fault::io(&format!("reading {}", path.display()), &e)),
        };
        let file: SiteFile = serde_json::from_slice(&text).map_err(|e| {
            Fault::new(Kind::Corrupt, e.to_string())
                .about(path.display().to_string())
                .remedy("restore it from a backup")
        })?;
        let code = SiteCode::new(&file.code)?;
        if dir.file_name().is_none_or(|name| *name != *code.as_str()) {
            return Err(Fault::new(Kind::Conflict, format!("the directory holds site {code} and is not named so"))
                .about(dir.display().to_string())
                .remedy("move the copy out of the store"));
        }
        let frame = SiteFrame::new(file.origin.into());
        let mut log = Log::open(&dir.join(LOG_FILE))?;
        let blobs = Blobs {
            site: number,
            file: log.file.clone(),
            path: log.path.clone(),
            salt: log.salt,
            cache: node.cache.clone(),
            mark: 0,
            over: None,
        };
        let empty = Snapshot::empty(code.clone(), frame, Arc::new(blobs));
        let mut numbers = Numbers::default();
        let mut edit = Edit::new(empty, &mut numbers);
        log.replay(|Replayed { dataset, changes, at }| edit.commit(&dataset, at, changes.into_iter().map(Some)))?;
        let snapshot = edit.finish();
        let coverages = Coverages::open(dir.join("coverages"), &code, node.blocks.clone())?;
        node.revision.fetch_add(1 + log.revision(), Ordering::AcqRel);
        let site = Self {
            code,
            frame,
            node,
            snapshot: Arc::new(RwLock::new(Arc::new(snapshot))),
            publishing: Mutex::new(()),
            writer: Mutex::new(Some(Writer { log, numbers })),
            returned: Condvar::new(),
            coverages: Arc::new(coverages),
            variants: Variants::of(dir.join("variants")),
            over: None,
        };
        site.open_variants()?;
        Ok(Some(site))
    }
    /// A variant of this site, which writes to `log`.
    pub(super) fn under(&self, over: Over, log: Log) -> Self {
        Self {
            code: self.code.clone(),
            frame: self.frame,
            node: self.node.clone(),
            snapshot: self.snapshot.clone(),
            publishing: Mutex::new(()),
            writer: Mutex::new(Some(Writer { log, numbers: Numbers::default() })),
            returned: Condvar::new(),
            coverages: self.coverages.clone(),
            variants: Variants::default(),
            over: Some(over),
        }
    }

    /// The community's code.
    pub fn code(&self) -> &SiteCode {
        &self.code
    }
    /// The site's frames.
    pub fn frame(&self) -> &SiteFrame {
        &self.frame
    }
    /// The site now. It never changes; keep it as long as you like.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.over.as_ref().map_or_else(|| self.beneath(), |over| over.snapshot(&|| self.beneath()))
    }
    /// The community's own snapshot.
    pub(super) fn beneath(&self) -> Arc<Snapshot> {
        self.snapshot.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
    /// Begins a change by `dataset`, after waiting for the draft before it.
    ///
    /// # Errors
    /// [`Kind::Unavailable`] when an earlier failure of the disk stopped all writing, [`Kind::Conflict`] for a variant that was
    /// removed.
    pub fn draft(&self, dataset: Dataset) -> Result<Draft<'_>> {
        let writer = self.writer();
        if let Some(over) = self.over.as_ref().filter(|over| over.is_gone()) {
            self.give_back(writer);
            return Err(Fault::new(Kind::Conflict, format!("variant '{}' was removed meanwhile", over.name())));
        }
        Draft::new(self, writer, dataset)
    }
    /// What it takes to write, when whoever had it has given it back.
    pub(super) fn writer(&self) -> Writer {
        let mut slot = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match slot.take() {
                Some(writer) => return writer,
                None => slot = self.returned.wait(slot).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
    /// Packs the indexes anew when changes beside them have grown; readers and drafts go on meanwhile. Says whether it did.
    ///
    /// # Errors
    /// None today.
    pub fn repack(&self) -> Result<bool> {
        let old = self.beneath();
        if ![&old.now, &old.past].iter().any(|e| e.ids.is_grown() || e.parts.is_grown() || e.boxes.is_grown()) {
            return Ok(false);
        }
        let (now, past) = (old.pack(&old.now), old.pack(&old.past));
        let _publishing = self.publishing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = Snapshot::clone(&self.beneath());
        for (era, old, (ids, parts, boxes)) in [(&mut next.now, &old.now, now), (&mut next.past, &old.past, past)] {
            era.ids = era.ids.rebased(&old.ids, ids);
            era.parts = era.parts.rebased(&old.parts, parts);
            era.boxes = era.boxes.rebased(&old.boxes, boxes);
        }
        self.show(next);
        Ok(true)
    }
    pub(super) fn coverages_of(&self) -> &Coverages {
        &self.coverages
    }
    /// Keeps an imported file as it is, compressed, under the SHA-256 (hex) of its content, which is given back.
    ///
    /// # Errors
    /// [`Kind::Io`] when it cannot be read or written.
    pub fn keep_source(&self, file: &Path) -> Result<String> {
        sources::keep(&self.node.dir, file, &AtomicBool::new(false))?.settle()
    }

    /// The content of an imported file by its SHA-256 (hex).
    ///
    /// # Errors
    /// [`Kind::Io`] when it is not there or cannot be read.
    pub fn source(&self, hash: &str) -> Result<Box<dyn std::io::Read + Send>> {
        sources::open(&self.node.dir, hash)
    }

    pub(super) fn publish(&self, writer: &mut Writer, dataset: &Dataset, at: Instant, changes: &[Piece]) -> Result<()> {
        let unreadable =
            || Fault::internal("a commit that is on disk could not be read back").remedy("start the server again");
        if let Some(over) = &self.over {
            return over.take(&writer.log, dataset, at, changes).ok_or_else(unreadable);
        }
        let publishing = self.publishing.lock().unwrap_or_else(PoisonError::into_inner);
        let Writer { log, numbers } = writer;
        let mut edit = Edit::new(Snapshot::clone(&self.snapshot()), numbers);
        let (mut measuring, mut gone) = (Vec::new(), Vec::new());
        // Read again a piece at a time: the changes of a whole city are better not all in memory.
        let pieces = changes.iter().map(|piece| {
            let bytes = log.piece(*piece)?;
            for op in Op::decode(&bytes).flatten() {
                match op {
                    Op::Remove(id) if self.node.live.series.thing_of(&id).is_some() => gone.push(id),
                    op => measuring.extend(op.measuring().cloned()),
                }
            }
            Some(bytes)
        });
        edit.commit(dataset, at, pieces).ok_or_else(unreadable)?;
        self.show(edit.finish());
        self.node.revision.fetch_add(1, Ordering::AcqRel);
        drop(publishing);
        self.node.live.committed(&self.snapshot(), &measuring, &gone);
        Ok(())
    }
    fn show(&self, next: Snapshot) {
        let mut shown = self.snapshot.write().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *shown, Arc::new(next));
        drop(shown);
        // The last holder of an old state pays for freeing it, outside the lock.
        drop(old);
    }
    /// A new draft's ids, none yet. What a variant calls its own is taken from nobody.
    pub(super) fn claimed(&self) -> Claimed {
        let claimed = Claimed { seed: RandomState::new().hash_one(0), ..Claimed::default() };
        if self.over.is_none() {
            self.claims().push((self.code.clone(), claimed.clone()));
        }
        claimed
    }
    /// Takes an id that this site does not have for its draft; `false` when another site has it or is about to.
    pub(super) fn claim(&self, id: &AssetId, own: &Claimed) -> bool {
        // Claimed first and looked for after: of two that claim at once both may go without, and never both have it. A commit
        // elsewhere shows its assets before it lets its claims go.
        own.insert(id);
        let others: Vec<Claimed> =
            self.claims().iter().filter(|(site, _)| *site != self.code).map(|(_, ids)| ids.clone()).collect();
        let claimed = others.iter().any(|ids| ids.contains(id));
        let has = |snapshot: &Snapshot| snapshot.find(id).is_some() || snapshot.reserves(id, None);
        let taken = claimed || self.node.live.others(&self.code).iter().any(|site| has(&site.snapshot()));
        if taken {
            own.remove(id);
        }
        !taken
    }
    /// Lets go of what the draft that ended had claimed.
    pub(super) fn release(&self) {
        if self.over.is_some() {
            return;
        }
        self.claims().retain(|(site, _)| *site != self.code);
    }
    fn claims(&self) -> MutexGuard<'_, Vec<(SiteCode, Claimed)>> {
        self.node.claims.lock().unwrap_or_else(PoisonError::into_inner)
    }
    pub(super) fn give_back(&self, writer: Writer) {
        *self.writer.lock().unwrap_or_else(PoisonError::into_inner) = Some(writer);
        self.returned.notify_one();
    }
}
