//! Datasets that are not made of assets: rasters and tilesets beside them, each a manifest and a folder of its own.
//!
//! A coverage is there as soon as its manifest has its name: what was written before lies in a folder that no manifest names,
//! and is swept away when the store is opened next.

mod adopted;
mod grid;
mod pyramid;
mod relief;

pub use adopted::IMPLICIT;
pub use grid::{Grid, GridSpec, Ground};
pub(super) use pyramid::{Blocks, blocks};
pub use pyramid::{EDGE, OfColours, OfHeights, Pixel, PixelKind, PixelReader, Pyramid, PyramidWriter};
pub use relief::{Found, Relief};

use super::archive::embedded::{sync_dir, write_whole};
use super::site::Site;
use super::{Committed, Dataset, Entry, Standing};
use crate::fault::{Fault, Kind, Result};
use crate::geom::Bounds;
use crate::model::{Class, Collections, DatasetName, SiteCode};
use crate::units::Instant;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use xxhash_rust::xxh3::xxh3_64;

/// What a coverage is, as its manifest says it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Form {
    /// Heights of the ground.
    Terrain(GridSpec),
    /// A picture seen from above.
    Imagery(GridSpec),
    /// A tileset: of another tool, left where it lies, or of a point cloud, in the coverage's folder.
    Tileset(Adopted),
}

/// A tileset that is served as it lies: where that is, and how it is moved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adopted {
    /// Its folder; a relative one lies in the coverage's own, such as that of a point cloud's tiles.
    pub folder: PathBuf,
    /// The name of its first JSON file.
    pub entry: String,
    /// The rigid move between geocentric axes, where there is one: a matrix, column after column.
    pub shift: Option<[f64; 16]>,
    /// The transform above the root of each further JSON file, by its path in the folder.
    pub above: BTreeMap<String, [f64; 16]>,
    /// The box around it where it stands now, between geocentric axes: the middle and three half axes.
    pub around: [f64; 12],
    /// Its geometric error, metres.
    pub error: f64,
    /// The box of [`IMPLICIT`], which tells the same contents by bits, where the folder has that; otherwise as `around`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub implicit: Option<Box<[f64; 12]>>,
}

/// A coverage's manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    dataset: String,
    title: String,
    class: String,
    /// The folder of its files, a random number.
    folder: String,
    source: Option<String>,
    /// Milliseconds since 1970.
    imported: i64,
    /// Longitude, latitude, ellipsoidal height: west, south, low, east, north, high.
    bounds: [f64; 6],
    form: Form,
}

/// What a coverage offers to read.
#[derive(Debug)]
pub enum Content {
    /// Heights of the ground.
    Terrain(Grid),
    /// A picture seen from above.
    Imagery(Grid),
    /// A tileset.
    Tileset(Adopted),
}

/// A dataset that is not made of assets.
#[derive(Debug)]
pub struct Coverage {
    site: SiteCode,
    dataset: DatasetName,
    manifest: Manifest,
    class: Class,
    id: u64,
    folder: PathBuf,
    content: Content,
}

impl Coverage {
    /// The site it is in.
    pub fn site(&self) -> &SiteCode {
        &self.site
    }
    /// The dataset it is.
    pub fn dataset(&self) -> &DatasetName {
        &self.dataset
    }
    /// What people call it: its file's name.
    pub fn title(&self) -> &str {
        &self.manifest.title
    }
    /// What it shows; who may read this class's collection may read the coverage.
    pub fn class(&self) -> Class {
        self.class
    }
    /// Its box in longitude, latitude and ellipsoidal height.
    pub fn bounds(&self) -> Bounds {
        let [west, south, low, east, north, high] = self.manifest.bounds;
        Bounds { min: [west, south, low], max: [east, north, high] }
    }
    /// Its own number: another import has another one, also in another process.
    pub fn id(&self) -> u64 {
        self.id
    }
    /// The SHA-256 (hex) under which its file is kept, if it is.
    pub fn source(&self) -> Option<&str> {
        self.manifest.source.as_deref()
    }
    /// The folder of its own files; of a tileset that is moved, those of its JSON files that say where it stands.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
    /// What it offers to read.
    pub fn content(&self) -> &Content {
        &self.content
    }
    /// Whether somebody who may read `readable` may read it.
    pub fn is_in(&self, readable: Collections) -> bool {
        readable.contains(self.class.collection())
    }
    /// The heights, where it has any.
    pub fn terrain(&self) -> Option<&Grid> {
        if let Content::Terrain(grid) = &self.content { Some(grid) } else { None }
    }
    /// The picture, where it is one.
    pub fn imagery(&self) -> Option<&Grid> {
        if let Content::Imagery(grid) = &self.content { Some(grid) } else { None }
    }
    /// The tileset, where it is one.
    pub fn tileset(&self) -> Option<&Adopted> {
        if let Content::Tileset(adopted) = &self.content { Some(adopted) } else { None }
    }

    fn open(dir: &Path, site: &SiteCode, manifest: Manifest, blocks: &Arc<Blocks>) -> Result<Self> {
        let unfit = |what: &str| Fault::new(Kind::Corrupt, format!("'{what}' in a coverage's manifest is not known"));
        let dataset = DatasetName::new(&manifest.dataset)?;
        let class = Class::from_source(&manifest.class).ok_or_else(|| unfit(&manifest.class))?;
        let id = u64::from_str_radix(&manifest.folder, 16).map_err(|_| unfit(&manifest.folder))?;
        let folder = dir.join(&manifest.folder);
        let [west, south, low, east, north, high] = manifest.bounds;
        let bounds = Bounds { min: [west, south, low], max: [east, north, high] };
        let grid = |spec: &GridSpec| Grid::open(&folder, spec.clone(), bounds, id, blocks.clone());
        let content = match &manifest.form {
            Form::Terrain(spec) => Content::Terrain(grid(spec)?),
            Form::Imagery(spec) => Content::Imagery(grid(spec)?),
            // An absolute path stays what it is.
            Form::Tileset(adopted) => {
                Content::Tileset(Adopted { folder: folder.join(&adopted.folder), ..adopted.clone() })
            }
        };
        Ok(Self { site: site.clone(), dataset, manifest, class, id, folder, content })
    }
}

/// The coverages of one site.
#[derive(Debug)]
pub(super) struct Coverages {
    dir: PathBuf,
    blocks: Arc<Blocks>,
    list: RwLock<Arc<[Arc<Coverage>]>>,
}

/// A new folder for the files of a coverage ([`Store::scratch`](super::Store::scratch)); gone with all that is in it when it is dropped before it was put.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    name: String,
    kept: bool,
}

impl Folder {
    /// A new folder in `scratch`.
    pub(super) fn new(scratch: &Path) -> Result<Self> {
        let number = getrandom::u64().map_err(|e| Fault::internal(format!("no random numbers: {e}")))?;
        let name = format!("{number:016x}");
        let path = scratch.join(&name);
        let made = std::fs::create_dir_all(&path);
        made.map_err(|e| Fault::io(&format!("making {}", path.display()), &e))?;
        Ok(Self { path, name, kept: false })
    }
    /// Where to write.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.kept {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

impl Coverages {
    /// The coverages in `dir`. What an interrupted import left there is removed.
    ///
    /// # Errors
    /// A manifest or a file that is not what was written.
    pub fn open(dir: PathBuf, site: &SiteCode, blocks: Arc<Blocks>) -> Result<Self> {
        let mut list = Vec::new();
        let entries = std::fs::read_dir(&dir).into_iter().flatten().flatten().map(|entry| entry.path());
        let (manifests, others): (Vec<_>, Vec<_>) = entries.partition(|p| p.extension().is_some_and(|e| e == "json"));
        for path in manifests {
            let about = |fault: Fault| fault.about(path.display().to_string());
            let text = std::fs::read(&path).map_err(|e| about(Fault::io("reading", &e)))?;
            let manifest: Manifest = serde_json::from_slice(&text)
                .map_err(|e| about(Fault::new(Kind::Corrupt, e.to_string()).remedy("restore it from a backup")))?;
            list.push(Arc::new(Coverage::open(&dir, site, manifest, &blocks).map_err(about)?));
        }
        let named = |path: &PathBuf| list.iter().any(|c| path.file_name().is_some_and(|n| *n == *c.manifest.folder));
        for left in others.iter().filter(|path| !named(path)) {
            let _ = if left.is_dir() { std::fs::remove_dir_all(left) } else { std::fs::remove_file(left) };
        }
        list.sort_by(|a, b| a.dataset.cmp(&b.dataset));
        Ok(Self { dir, blocks, list: RwLock::new(list.into()) })
    }
    fn list(&self) -> Arc<[Arc<Coverage>]> {
        self.list.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
    fn manifest(&self, dataset: &DatasetName) -> PathBuf {
        // A name may be longer than a file's may be.
        self.dir.join(format!("{:016x}.json", xxh3_64(dataset.as_str().as_bytes())))
    }
    /// Shows `next` in place of the coverage called `dataset`, and removes the files of that one.
    fn show(&self, dataset: &DatasetName, next: Option<Arc<Coverage>>) {
        let mut list = self.list.write().unwrap_or_else(PoisonError::into_inner);
        let (old, mut kept): (Vec<_>, Vec<_>) = list.iter().cloned().partition(|c| c.dataset == *dataset);
        kept.extend(next);
        kept.sort_by(|a, b| a.dataset.cmp(&b.dataset));
        *list = kept.into();
        drop(list);
        // Whoever reads them has them open.
        for folder in old.iter().map(|c| self.dir.join(&c.manifest.folder)) {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

impl Site {
    /// The coverages now, by their datasets' names.
    pub fn coverages(&self) -> Arc<[Arc<Coverage>]> {
        self.coverages_of().list()
    }
    /// The coverage called `dataset`.
    pub fn coverage(&self, dataset: &DatasetName) -> Option<Arc<Coverage>> {
        self.coverages().iter().find(|c| c.dataset == *dataset).cloned()
    }
    /// Makes what was written into `folder` the coverage called as `dataset`, durably, in place of all that the dataset has; told
    /// like any commit.
    ///
    /// # Errors
    /// [`Kind::Io`] when the disk refuses, [`Kind::Corrupt`] when the files in `folder` do not fit `form`.
    pub fn put_coverage(
        &self,
        dataset: Dataset,
        class: Class,
        bounds: Bounds,
        form: Form,
        mut folder: Folder,
        at: Instant,
    ) -> Result<Committed> {
        if self.over.is_some() {
            return Err(Fault::new(Kind::Conflict, "a variant is made of assets alone"));
        }
        let ([west, south, low], [east, north, high]) = (bounds.min, bounds.max);
        let manifest = Manifest {
            dataset: dataset.name.to_string(),
            title: dataset.title.clone(),
            class: class.name().to_owned(),
            folder: folder.name.clone(),
            source: dataset.source.clone(),
            imported: dataset.imported.0,
            bounds: [west, south, low, east, north, high],
            form,
        };
        let coverages = self.coverages_of();
        let name = dataset.name.clone();
        let text =
            serde_json::to_vec_pretty(&manifest).map_err(|e| Fault::internal(format!("writing a manifest: {e}")))?;
        let into = coverages.dir.join(&folder.name);
        let moved = std::fs::create_dir_all(&coverages.dir).and_then(|()| std::fs::rename(&folder.path, &into));
        moved.map_err(|e| Fault::io(&format!("moving a coverage into {}", into.display()), &e))?;
        folder.path = into;
        let next = Arc::new(Coverage::open(&coverages.dir, self.code(), manifest, &coverages.blocks)?);
        // A draft, so that one import at a time writes and the change is told.
        let mut draft = self.draft(dataset)?;
        draft.retire_others();
        sync_dir(&coverages.dir)?;
        write_whole(&coverages.manifest(&name), &text)?;
        folder.kept = true;
        coverages.show(&name, Some(next));
        draft.commit(at)
    }
    /// Removes the coverage called `dataset`, durably, and its entry in the catalogue; `None` when there is none. Its file stays
    /// among the sources.
    ///
    /// # Errors
    /// [`Kind::Io`] when the disk refuses.
    pub fn remove_coverage(&self, dataset: &DatasetName, at: Instant) -> Result<Option<Committed>> {
        let Some(old) = self.coverage(dataset).filter(|_| self.over.is_none()) else { return Ok(None) };
        let Manifest { title, source, .. } = old.manifest.clone();
        let known = self.snapshot().datasets().find(|d| d.name == *dataset).cloned();
        let unnamed = || Dataset {
            name: dataset.clone(),
            title,
            crs: String::new(),
            source,
            imported: at,
            layers: Vec::new(),
            entry: Default::default(),
        };
        let entry = Entry { standing: Standing::Deleted, ..Entry::default() };
        let draft = self.draft(Dataset { entry, ..known.unwrap_or_else(unnamed) })?;
        let coverages = self.coverages_of();
        let path = coverages.manifest(dataset);
        std::fs::remove_file(&path).map_err(|e| Fault::io(&format!("removing {}", path.display()), &e))?;
        sync_dir(&coverages.dir)?;
        coverages.show(dataset, None);
        draft.commit(at).map(Some)
    }
}
