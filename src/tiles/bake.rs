//! A whole tileset as files, for a file server or an object store: names that never mean other bytes, so that what is there already
//! is not written again and what is asked for may be kept for good.

use super::address::Address;
use super::coding::{Coding, Effort};
use super::implied::Quarter;
use super::plan::{File, Plan};
use super::tiles3d::{self, IMPLICIT, Manner};
use crate::fault::{Fault, Result};
use crate::store::Coverage;
use rayon::prelude::*;
use std::collections::HashSet;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// What became of a tileset's files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Baked {
    /// Tiles there are.
    pub tiles: usize,
    /// Tilesets there are, the site's own among them.
    pub tilesets: usize,
    /// Subtrees of implicit tilings there are.
    pub subtrees: usize,
    /// How many of the tiles were there before.
    pub kept: usize,
    /// The bytes of all of them.
    pub bytes: u64,
    /// Files of former tilesets in the folder, which nothing names now.
    pub stale: usize,
    /// The features that tiles show at full detail, and buildings that give way to their walls: as counted in the files.
    pub features: usize,
}

/// A file that is to be written.
enum Job {
    /// Under a name that never means other bytes.
    Lasting(Address, File),
    /// At a place of an implicit tiling, which keeps its name when what is there changes.
    At(Quarter, File),
    /// A subtree.
    Subtree(Quarter),
}

impl Job {
    /// Whether it shows features as fully as they are ever shown.
    fn shows_all(&self) -> bool {
        matches!(self, Self::Lasting(_, File::Tile(recipe)) | Self::At(_, File::Tile(recipe)) if recipe.shows_all())
    }
    const fn is_tile(&self) -> bool {
        matches!(self, Self::At(..)) || matches!(self, Self::Lasting(_, file) if file.is_tile())
    }
    fn path(&self, folder: &Path) -> PathBuf {
        folder.join(match self {
            Self::Lasting(address, _) => address.to_string(),
            Self::At(quarter, _) | Self::Subtree(quarter) => quarter.to_string(),
        })
    }
    fn written(&self, plan: &Plan, manner: Manner) -> Result<Vec<u8>> {
        match self {
            Self::Lasting(_, file) | Self::At(_, file) => plan.written(file, manner),
            Self::Subtree(quarter) => plan.subtree_at(quarter),
        }
    }
}

/// All that a tileset needs but its `tileset.json`, each once.
fn jobs(plan: &Plan, manner: Manner) -> Vec<Job> {
    let (mut jobs, mut places, mut known) = (Vec::new(), Vec::new(), HashSet::new());
    let mut tell = |hash, file: File| {
        if known.insert((hash, file.is_tile())) {
            let address = if file.is_tile() { Address::Tile(hash) } else { Address::Tileset(hash) };
            jobs.push(Job::Lasting(address, file));
        }
    };
    plan.walk(manner, &mut tell, &mut |implied| {
        plan.quarters(implied, manner, &mut |quarter, file| {
            places.push(match file {
                Some(file) => Job::At(quarter, file),
                None => Job::Subtree(quarter),
            });
        });
    });
    jobs.append(&mut places);
    jobs
}

/// Writes a site's tileset into `folder`: tiles first, `tileset.json` last, so that nothing names what is not there. `step` is told
/// how many files of how many are done, from any thread. Files of tilesets before that nothing names any more are counted, and with
/// `prune` removed: nobody should have one of those tilesets open.
///
/// # Errors
/// As [`Snapshot::geometry`](crate::store::Snapshot::geometry); [`Kind::Io`](crate::fault::Kind::Io) when a file cannot be written;
/// [`Kind::Internal`](crate::fault::Kind::Internal) when the files do not show each feature that is drawn.
pub fn bake(
    plan: &Plan,
    folder: &Path,
    manner: impl Into<Manner>,
    prune: bool,
    step: &(dyn Fn(usize, usize) + Sync),
) -> Result<Baked> {
    let manner = manner.into();
    let made = |folder: &Path| {
        fs::create_dir_all(folder).map_err(|e| Fault::io("making the folder", &e).about(folder.display().to_string()))
    };
    made(folder)?;
    let (full, others): (Vec<Job>, Vec<Job>) = jobs(plan, manner).into_iter().partition(Job::shows_all);
    let all = || full.iter().chain(&others);
    let subtrees = all().filter(|job| matches!(job, Job::Subtree(_))).count();
    let tiles = all().filter(|job| job.is_tile()).count();
    let tilesets = all().count() - subtrees - tiles + 1;
    let mut baked = Baked { tiles, tilesets, subtrees, ..Baked::default() };
    let total = full.len() + others.len() + 1;
    let [done, kept, features] = [const { AtomicUsize::new(0) }; 3];
    let bytes = AtomicU64::new(0);
    let write = |job: &Job, shows_all: bool| -> Result<()> {
        let path = job.path(folder);
        let there = match job {
            Job::Lasting(..) if job.is_tile() => read_tile(&path),
            Job::Lasting(..) => read_document(&path),
            _ => None,
        };
        let (count, size) = match there {
            Some(there) => {
                kept.fetch_add(usize::from(job.is_tile()), Ordering::Relaxed);
                there
            }
            None => {
                let written = job.written(plan, manner)?;
                made(path.parent().unwrap_or(folder))?;
                put(&path, &written)?;
                (count_in(&written), written.len() as u64)
            }
        };
        if shows_all {
            features.fetch_add(count, Ordering::Relaxed);
        }
        bytes.fetch_add(size, Ordering::Relaxed);
        step(done.fetch_add(1, Ordering::Relaxed) + 1, total);
        Ok(())
    };
    // Full shapes before what stands in for them, which is made of the same shapes while these are still at hand.
    full.par_iter().with_max_len(1).try_for_each(|file| write(file, true))?;
    others.par_iter().with_max_len(1).try_for_each(|file| write(file, false))?;
    let root = tiles3d::of_site(plan, manner, "")?;
    put(&folder.join("tileset.json"), &root)?;
    step(total, total);
    baked.kept = kept.into_inner();
    baked.bytes = bytes.into_inner() + root.len() as u64;
    baked.features = features.into_inner();
    let named: HashSet<PathBuf> = all().map(|job| job.path(folder)).collect();
    for path in files(folder)? {
        if named.contains(&path) || path == folder.join("tileset.json") {
            continue;
        }
        baked.stale += 1;
        if prune {
            let beside = Coding::ALL.iter().map(|coding| coding.beside(&path));
            [path.clone()].into_iter().chain(beside).try_for_each(|path| gone(&path))?;
        }
    }
    let drawn = plan.features();
    if baked.features != drawn {
        let shown = baked.features;
        return Err(Fault::internal(format!("{drawn} features are drawn, and the tiles show {shown} of them"))
            .about(folder.display().to_string())
            .remedy("bake into an empty folder; if that says the same, please report it"));
    }
    Ok(baked)
}

/// Copies the files of an adopted tileset into `folder`, its first one last; those that are there with as many bytes and
/// of the same time are kept. Gives how many files there are.
///
/// # Errors
/// [`Kind::Io`](crate::fault::Kind::Io) when a file cannot be read or written.
pub fn adopted(coverage: &Coverage, folder: &Path, step: &(dyn Fn(usize, usize) + Sync)) -> Result<usize> {
    let mut files = coverage.adopted_files()?;
    files.sort_by_key(|path| path == "tileset.json");
    let io = |path: &Path, e: &std::io::Error| Fault::io("copying", e).about(path.display().to_string());
    for (done, path) in files.iter().enumerate() {
        let (from, _) = coverage.adopted_file(path)?;
        let to = folder.join(path);
        let about = |path: &Path| fs::metadata(path).and_then(|about| Ok((about.len(), about.modified()?))).ok();
        let of = about(&from);
        if of.is_none() || about(&to) != of {
            let above = to.parent().unwrap_or(folder);
            fs::create_dir_all(above).map_err(|e| io(above, &e))?;
            let half = to.with_extension("part");
            // With its time, by which the next run knows it.
            let copied = fs::copy(&from, &half).and_then(|_| {
                let file = fs::File::options().write(true).open(&half)?;
                of.map_or(Ok(()), |(_, time)| file.set_modified(time))?;
                fs::rename(&half, &to)
            });
            copied.map_err(|e| io(&to, &e))?;
        }
        step(done + 1, files.len());
    }
    Ok(files.len())
}

/// Writes a file whole or not at all: under another name beside its own first.
///
/// # Errors
/// What `write` gives; [`Kind::Io`](crate::fault::Kind::Io) when the file cannot be made or get its name.
pub fn whole<T>(path: &Path, write: impl FnOnce(&mut fs::File) -> Result<T>) -> Result<T> {
    let io = |e: &std::io::Error| Fault::io("writing", e).about(path.display().to_string());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    // A file for others to read, as any other program would write it; the builder's own are private.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder).map_err(|e| io(&e))?;
    let told = write(file.as_file_mut())?;
    file.persist(path).map_err(|e| io(&e.error))?;
    Ok(told)
}

/// As [`whole`], with these bytes.
///
/// # Errors
/// [`Kind::Io`](crate::fault::Kind::Io) when it cannot be written.
pub fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    whole(path, |file| file.write_all(bytes).map_err(|e| Fault::io("writing", &e).about(path.display().to_string())))
}

/// How many features a tile that is there shows, and its bytes; nothing where there is none, or not all of one.
fn read_tile(path: &Path) -> Option<(usize, u64)> {
    let mut file = fs::File::open(path).ok()?;
    let size = file.metadata().ok()?.len();
    let mut head = [0; 20];
    file.read_exact(&mut head).ok()?;
    let (glb, json) =
        (u32::from_le_bytes(head[8..12].try_into().ok()?), u32::from_le_bytes(head[12..16].try_into().ok()?));
    if head[..4] != *b"glTF" || u64::from(glb) != size || u64::from(json) > size {
        return None;
    }
    let mut text = Vec::new();
    file.take(u64::from(json)).read_to_end(&mut text).ok()?;
    Some((rows(&text), size))
}

/// The bytes of a document that is there, of which no feature counts; nothing where there is none, or not all of one.
fn read_document(path: &Path) -> Option<(usize, u64)> {
    let text = fs::read(path).ok()?;
    serde_json::from_slice::<serde::de::IgnoredAny>(&text).ok()?;
    Some((0, text.len() as u64))
}

/// The files of tilesets in a folder, and in those in it, in order.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let io = |e: &std::io::Error| Fault::io("listing", e).about(folder.display().to_string());
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).map_err(|e| io(&e))? {
            let path = entry.map_err(|e| io(&e))?.path();
            let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
            match path.is_dir() {
                true => folders.push(path),
                false if matches!(ending, "glb" | "json" | "subtree") => files.push(path),
                false => {}
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Removes a file that may be there.
fn gone(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(Fault::io("removing", &e).about(path.display().to_string()))
        }
        _ => Ok(()),
    }
}

/// How many features a GLB shows; none for what is no GLB.
fn count_in(glb: &[u8]) -> usize {
    if !glb.starts_with(b"glTF") {
        return 0;
    }
    let length = glb.get(12..16).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes) as usize;
    glb.get(20..20 + length).map_or(0, rows)
}

/// The rows of the property table that a GLB's JSON tells of.
fn rows(json: &[u8]) -> usize {
    let told: Told = serde_json::from_slice(json).unwrap_or_default();
    told.extensions.metadata.tables.first().map_or(0, |table| table.count)
}

/// What a GLB's JSON says of its property tables; the rest is passed over.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Told {
    extensions: Extensions,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Extensions {
    #[serde(rename = "EXT_structural_metadata")]
    metadata: Metadata,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Metadata {
    #[serde(rename = "propertyTables")]
    tables: Vec<Table>,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Table {
    count: usize,
}

/// Writes each file of `folder`, and of the folders in it, in `codings` beside it. What is there for a name that never means other
/// bytes is kept.
///
/// # Errors
/// [`Kind::Io`](crate::fault::Kind::Io) when a file cannot be read or written.
pub fn precompress(folder: &Path, codings: &[Coding], step: &(dyn Fn(usize, usize) + Sync)) -> Result<()> {
    let io = |e: &std::io::Error| Fault::io("compressing", e).about(folder.display().to_string());
    let files = files(folder)?;
    let done = AtomicUsize::new(0);
    files.par_iter().with_max_len(1).try_for_each(|path| {
        let placed = path.components().any(|part| part.as_os_str() == IMPLICIT);
        let lasts = path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.parse::<Address>().is_ok());
        let changes = placed || !lasts;
        // What another run left of a file that may be another since is sent by servers in its place.
        for coding in Coding::ALL.iter().filter(|coding| changes && !codings.contains(coding)) {
            gone(&coding.beside(path))?;
        }
        for coding in codings {
            let beside = coding.beside(path);
            if changes || !beside.exists() {
                let bytes =
                    fs::read(path).and_then(|bytes| coding.encode(&bytes, Effort::Lasting)).map_err(|e| io(&e))?;
                put(&beside, &bytes)?;
            }
        }
        step(done.fetch_add(1, Ordering::Relaxed) + 1, files.len());
        Ok(())
    })
}
