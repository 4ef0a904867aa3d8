//! A whole tileset as files, for a file server or an object store: names that never mean other bytes, so that what is there already
//! is not written again and what is asked for may be kept for good.

use super::address::Address;
use super::plan::{File, Plan};
use super::tiles3d::{self, Compression};
use crate::fault::{Fault, Result};
use rayon::prelude::*;
use std::collections::HashSet;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// What became of a tileset's files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Baked {
    /// Tiles there are.
    pub tiles: usize,
    /// Tilesets there are, the site's own among them.
    pub tilesets: usize,
    /// How many of these files were there before.
    pub kept: usize,
    /// The bytes of all of them.
    pub bytes: u64,
    /// The features that tiles show at full detail, and buildings that give way to their walls: as counted in the files.
    pub features: usize,
}

/// Writes a site's tileset into `folder`: tiles first, `tileset.json` last, so that nothing names what is not there. `step` is told
/// how many files of how many are done, from any thread.
///
/// # Errors
/// As [`Snapshot::geometry`](crate::store::Snapshot::geometry); [`Kind::Io`](crate::fault::Kind::Io) when a file cannot be written;
/// [`Kind::Internal`](crate::fault::Kind::Internal) when the files do not show each feature that is drawn.
pub fn bake(
    plan: &Plan,
    folder: &Path,
    compression: Compression,
    step: &(dyn Fn(usize, usize) + Sync),
) -> Result<Baked> {
    fs::create_dir_all(folder).map_err(|e| Fault::io("making the folder", &e).about(folder.display().to_string()))?;
    let (mut full, mut others, mut known) = (Vec::new(), Vec::new(), HashSet::new());
    let mut baked = Baked { tilesets: 1, ..Baked::default() };
    plan.walk(compression, &mut |hash, file| {
        if !known.insert((hash, file.is_tile())) {
            return;
        }
        *(if file.is_tile() { &mut baked.tiles } else { &mut baked.tilesets }) += 1;
        let address = if file.is_tile() { Address::Tile(hash) } else { Address::Tileset(hash) };
        let shows_all = matches!(&file, File::Tile(recipe) if recipe.shows_all());
        if shows_all { &mut full } else { &mut others }.push((address, file));
    });
    let total = full.len() + others.len() + 1;
    let [done, kept, features] = [const { AtomicUsize::new(0) }; 3];
    let bytes = AtomicU64::new(0);
    let write = |(address, file): &(Address, File), shows_all: bool| -> Result<()> {
        let path = folder.join(address.to_string());
        let there = if file.is_tile() { read_tile(&path) } else { None };
        let (count, size) = match there {
            Some(there) => {
                kept.fetch_add(1, Ordering::Relaxed);
                there
            }
            None => {
                let written = plan.written(file, compression)?;
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
    let root = tiles3d::of_site(plan, compression, "")?;
    put(&folder.join("tileset.json"), &root)?;
    step(total, total);
    baked.kept = kept.into_inner();
    baked.bytes = bytes.into_inner() + root.len() as u64;
    baked.features = features.into_inner();
    let drawn = plan.features();
    if baked.features != drawn {
        let shown = baked.features;
        return Err(Fault::internal(format!("{drawn} features are drawn, and the tiles show {shown} of them"))
            .about(folder.display().to_string())
            .remedy("bake into an empty folder; if that says the same, please report it"));
    }
    Ok(baked)
}

/// Writes a file whole or not at all.
///
/// # Errors
/// [`Kind::Io`](crate::fault::Kind::Io) when it cannot be written.
pub fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    let io = |e: &std::io::Error| Fault::io("writing", e).about(path.display().to_string());
    let mut builder = tempfile::Builder::new();
    // Files for others to read, as any other program would write them; the builder's own are private.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(path.parent().unwrap_or(Path::new("."))).map_err(|e| io(&e))?;
    file.write_all(bytes).map_err(|e| io(&e))?;
    file.persist(path).map_err(|e| io(&e.error))?;
    Ok(())
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

/// How many features a GLB shows; none for what is no GLB.
fn count_in(glb: &[u8]) -> usize {
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

/// An encoding that a server sends files in where its caller asks for it, prepared beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// `.gz` (RFC 1952), as nginx's `gzip_static` takes it.
    Gzip,
    /// `.br` (RFC 7932).
    Brotli,
    /// `.zst` (RFC 8878).
    Zstd,
}

impl std::str::FromStr for Encoding {
    type Err = Fault;

    fn from_str(word: &str) -> Result<Self> {
        match word {
            "gzip" => Ok(Self::Gzip),
            "br" => Ok(Self::Brotli),
            "zstd" => Ok(Self::Zstd),
            _ => Err(Fault::parameter("precompress", format!("'{word}' is none of gzip, br, zstd"))),
        }
    }
}

impl Encoding {
    const fn ending(self) -> &'static str {
        match self {
            Self::Gzip => "gz",
            Self::Brotli => "br",
            Self::Zstd => "zst",
        }
    }
    fn encode(self, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Gzip => {
                let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
                out.write_all(bytes)?;
                out.finish()
            }
            Self::Brotli => {
                let mut out = Vec::new();
                brotli::CompressorReader::new(bytes, 65_536, 6, 22).read_to_end(&mut out)?;
                Ok(out)
            }
            Self::Zstd => zstd::encode_all(bytes, 9),
        }
    }
}

/// Writes each file of `folder`, and of the folders in it, in `encodings` beside it. What is there for a name that never means other
/// bytes is kept.
///
/// # Errors
/// [`Kind::Io`](crate::fault::Kind::Io) when a file cannot be read or written.
pub fn precompress(folder: &Path, encodings: &[Encoding], step: &(dyn Fn(usize, usize) + Sync)) -> Result<()> {
    let io = |e: &std::io::Error| Fault::io("compressing", e).about(folder.display().to_string());
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(|e| io(&e))? {
            let path = entry.map_err(|e| io(&e))?.path();
            let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
            match path.is_dir() {
                true => folders.push(path),
                false if matches!(ending, "glb" | "json") => files.push(path),
                false => {}
            }
        }
    }
    files.sort();
    let done = AtomicUsize::new(0);
    files.par_iter().with_max_len(1).try_for_each(|path| {
        let changes = path.file_name().is_some_and(|name| name == "tileset.json");
        for encoding in encodings {
            let mut beside = path.clone().into_os_string();
            beside.push(format!(".{}", encoding.ending()));
            if changes || !Path::new(&beside).exists() {
                let bytes = fs::read(path).and_then(|bytes| encoding.encode(&bytes)).map_err(|e| io(&e))?;
                put(Path::new(&beside), &bytes)?;
            }
        }
        step(done.fetch_add(1, Ordering::Relaxed) + 1, files.len());
        Ok(())
    })
}
