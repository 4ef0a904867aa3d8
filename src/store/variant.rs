//! Planning variants on disk: each a log of its own beside its site's, so that nothing of the site changes.

use super::archive::embedded::{Blobs, Log, Op, mark, sync_dir, write_whole};
use super::overlay::{Over, Overlay};
use super::site::Site;
use super::snapshot::Snapshot;
use super::store::Store;
use crate::fault::{Fault, Kind, Result};
use crate::model::VariantName;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, RwLock};
use xxhash_rust::xxh3::xxh3_64;

/// The variants of a site, and where they lie.
#[derive(Debug, Default)]
pub(super) struct Variants {
    dir: PathBuf,
    list: RwLock<BTreeMap<VariantName, Arc<Site>>>,
}

/// `<hash of the name>.json` beside the log of that stem: a name may be longer than a file's may be. The variant is there while this
/// file is, and the log holds a commit.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct VariantFile {
    name: String,
}

impl Variants {
    pub fn of(dir: PathBuf) -> Self {
        Self { dir, list: RwLock::default() }
    }
    fn file(&self, name: &VariantName) -> PathBuf {
        self.dir.join(format!("{:016x}.json", xxh3_64(name.as_str().as_bytes())))
    }
}

impl Site {
    /// The variants that there are, by name; each answers as its site does.
    pub fn variants(&self) -> Vec<Arc<Self>> {
        let list = self.variants.list.read().unwrap_or_else(PoisonError::into_inner);
        list.values().filter(|variant| variant.over.as_ref().is_some_and(Over::is_there)).cloned().collect()
    }
    /// The variant of this name.
    pub fn variant(&self, name: &VariantName) -> Option<Arc<Self>> {
        let list = self.variants.list.read().unwrap_or_else(PoisonError::into_inner);
        list.get(name).filter(|variant| variant.over.as_ref().is_some_and(Over::is_there)).cloned()
    }
    /// The name of the variant that this is.
    pub fn variant_name(&self) -> Option<&VariantName> {
        self.over.as_ref().map(Over::name)
    }
    /// The variant of this name to write to. A new one is there for others once something is committed to it.
    ///
    /// # Errors
    /// [`Kind::Io`] when the disk refuses, [`Kind::Conflict`] where this is a variant itself.
    pub fn variant_to_write(&self, name: &VariantName) -> Result<Arc<Self>> {
        if self.over.is_some() {
            return Err(Fault::new(Kind::Conflict, "a variant has no variants"));
        }
        let mut list = self.variants.list.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = list.get(name) {
            return Ok(there.clone());
        }
        let (dir, file) = (&self.variants.dir, self.variants.file(name));
        std::fs::create_dir_all(dir).map_err(|e| Fault::io(&format!("making {}", dir.display()), &e))?;
        dir.parent().map_or(Ok(()), sync_dir)?;
        Log::create(&file.with_extension("log"))?;
        let text = serde_json::to_vec(&VariantFile { name: name.to_string() })
            .map_err(|e| Fault::internal(format!("writing a variant's name: {e}")))?;
        write_whole(&file, &text)?;
        let made = Arc::new(self.open_variant(name.clone(), &file.with_extension("log"))?);
        list.insert(name.clone(), made.clone());
        Ok(made)
    }
    /// Lets go of what [`Site::variant_to_write`] made, unless something was committed to it or somebody else has it still.
    pub fn forget_unwritten(&self, name: &VariantName) {
        let mut list = self.variants.list.write().unwrap_or_else(PoisonError::into_inner);
        let is_there = |variant: &Arc<Self>| variant.over.as_ref().is_some_and(Over::is_there);
        // Who has it not can get it only from the list, which is held.
        if list.get(name).is_none_or(|variant| Arc::strong_count(variant) > 1 || is_there(variant)) {
            return;
        }
        list.remove(name);
        let file = self.variants.file(name);
        // What stays is swept away with the next start; a name without its log would not be opened.
        if std::fs::remove_file(&file).is_ok() && sync_dir(&self.variants.dir).is_ok() {
            let _ = std::fs::remove_file(file.with_extension("log"));
        }
    }
    /// Removes the variant of this name, durably, after what is being written to it; whoever looks at it may go on.
    ///
    /// # Errors
    /// [`Kind::NotFound`] for no such variant, [`Kind::Io`] when the disk refuses.
    pub fn remove_variant(&self, name: &VariantName) -> Result<()> {
        let missing = || Fault::not_found(format!("site {} has no variant '{name}'", self.code())).about("variant");
        let variant = self.variant(name).ok_or_else(missing)?;
        let over = variant.over.as_ref().ok_or_else(missing)?;
        let writer = variant.writer();
        let remove = || {
            // Removed by another, while this one waited.
            if over.is_gone() {
                return Err(missing());
            }
            let file = self.variants.file(name);
            // Held to the end, so that one of its name begins only after this one's log is gone.
            let mut list = self.variants.list.write().unwrap_or_else(PoisonError::into_inner);
            match std::fs::remove_file(&file) {
                Err(e) if e.kind() != ErrorKind::NotFound => {
                    return Err(Fault::io(&format!("removing {}", file.display()), &e));
                }
                _ => {}
            }
            // Without its file it would not be opened again: nothing more may be written to it, whether or not the disk goes on.
            over.remove();
            list.remove(name);
            sync_dir(&self.variants.dir)?;
            // Swept away with the next start where it stays.
            let _ = std::fs::remove_file(file.with_extension("log"));
            Ok(())
        };
        let removed = remove();
        variant.give_back(writer);
        removed
    }

    /// Opens the variants on disk. What was never committed to, and what a removal left, is swept away.
    pub(super) fn open_variants(&self) -> Result<()> {
        let mut list = BTreeMap::new();
        // Read once: what is swept away below is what was looked at here.
        let dir = &self.variants.dir;
        let paths = match std::fs::read_dir(dir) {
            Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path())).collect(),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(e) => Err(e),
        };
        let paths: Vec<PathBuf> = paths.map_err(|e| Fault::io(&format!("reading {}", dir.display()), &e))?;
        for path in paths.iter().filter(|path| path.extension().is_some_and(|e| e == "json")) {
            let about = |fault: Fault| fault.about(path.display().to_string());
            let text = std::fs::read(path).map_err(|e| about(Fault::io("reading", &e)))?;
            let file: VariantFile = serde_json::from_slice(&text)
                .map_err(|e| about(Fault::new(Kind::Corrupt, e.to_string()).remedy("restore it from a backup")))?;
            let name = VariantName::new(&file.name).map_err(about)?;
            let ends = |fault: Fault| match fault.kind {
                Kind::Corrupt => {
                    let remedy = "restore it from a backup, or end the variant by removing it and the .json beside it";
                    Fault { remedy: Some(remedy.into()), ..fault }
                }
                _ => fault,
            };
            let variant = self.open_variant(name.clone(), &path.with_extension("log")).map_err(ends)?;
            if variant.over.as_ref().is_some_and(Over::is_there) {
                list.insert(name, Arc::new(variant));
            }
        }
        let kept: BTreeSet<PathBuf> = list.keys().map(|name| self.variants.file(name)).collect();
        for left in paths.iter().filter(|path| !kept.contains(&path.with_extension("json"))) {
            let _ = std::fs::remove_file(left);
        }
        *self.variants.list.write().unwrap_or_else(PoisonError::into_inner) = list;
        Ok(())
    }
    fn open_variant(&self, name: VariantName, path: &Path) -> Result<Self> {
        let mut log = Log::open(path)?;
        let mut sets = Vec::new();
        log.replay(|set| {
            let holds = set.changes.iter().all(|bytes| Op::decode(bytes).all(|op| op.is_some()));
            sets.push(set);
            holds.then_some(())
        })?;
        let number = self.node.overlays.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let mark = mark(number).ok_or_else(|| {
            Fault::new(Kind::Unavailable, "no more variants can be told apart").remedy("start the server again")
        })?;
        let of_site = self.beneath();
        let blobs = Arc::new(Blobs {
            file: log.file.clone(),
            path: log.path.clone(),
            salt: log.salt,
            mark,
            ..Blobs::clone(&of_site.blobs)
        });
        Ok(self.under(Over::new(name, number, blobs, sets), log))
    }
}

impl Store {
    /// A snapshot of each site, in the order of their codes; of its `variant` where it has one that the caller `knows`.
    ///
    /// # Errors
    /// [`Kind::NotFound`] where no site has such a variant, with the names of those that the caller knows.
    pub fn seen(&self, variant: Option<&VariantName>, knows: &dyn Fn(&Overlay) -> bool) -> Result<Vec<Arc<Snapshot>>> {
        let sites = self.sites();
        let Some(name) = variant else { return Ok(sites.iter().map(|site| site.snapshot()).collect()) };
        let known =
            |variant: &Arc<Site>| Some(variant.snapshot()).filter(|snapshot| snapshot.overlay().is_some_and(knows));
        let of_site = |site: &Arc<Site>| site.variant(name).as_ref().and_then(known);
        let found: Vec<Option<Arc<Snapshot>>> = sites.iter().map(of_site).collect();
        if found.iter().all(Option::is_none) {
            let all = sites.iter().flat_map(|site| site.variants()).filter(|variant| known(variant).is_some());
            let names: BTreeSet<String> = all.filter_map(|v| v.variant_name().map(ToString::to_string)).collect();
            let there = match names.is_empty() {
                true => "there is none".to_owned(),
                false => format!("the variants are {}", names.into_iter().collect::<Vec<_>>().join(", ")),
            };
            return Err(Fault::not_found(format!("there is no variant '{name}'")).about("variant").remedy(there));
        }
        Ok(sites.iter().zip(found).map(|(site, found)| found.unwrap_or_else(|| site.snapshot())).collect())
    }
}
