//! 3D Tiles 1.0 and 1.1 that other tools made: looked through before they are adopted, and moved rigidly where they stand wrong.
//!
//! Contents are not read: b3dm, i3dm, pnts, cmpt, glTF and whatever else a tileset names go to clients as they are. What is
//! looked at is the tree: versions, bounding volumes, the files that it names and that they lie within its folder.

mod belong;
pub mod check;
mod media;
mod points;
mod rebase;
mod subtree;
mod volume;

pub use belong::own_files;
pub use media::media;
pub use points::{Vertex, points_glb};
pub use rebase::rebased;
pub use subtree::{SUBTREE_SCHEMA, Told, subtree};
pub use volume::{Box12, corners, moved};

use super::reader::{clip, open};
use super::uri::percent_decoded;
use crate::fault::{Fault, Kind, Result};
use crate::geom::matrix::{IDENTITY, Matrix, times};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Component, Path, PathBuf};

/// The most bytes of one tileset's JSON.
const LARGEST: u64 = 256 << 20;
/// The most tiles, JSON files and steps down.
const TILES: usize = 5_000_000;
const FILES: usize = 200_000;
const DEEPEST: usize = 200;

/// What the first file of every tileset is served as.
const FIRST: &str = "tileset.json";

/// Whether a file that begins with `head` is the JSON of a tileset.
pub fn is_tileset(head: &[u8]) -> bool {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let has = |word: &[u8]| head.windows(word.len()).any(|w| w == word);
    text.starts_with(b"{") && has(b"\"asset\"") && has(b"\"geometricError\"") && has(b"\"root\"")
}

/// What a tileset is found to be.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    /// `asset.version`.
    pub version: String,
    /// The error of the whole, metres.
    pub error: f64,
    /// The root's box between geocentric axes, or in the tileset's own where it has no place.
    pub bounds: Box12,
    /// The root's own transform.
    pub root: Matrix,
    /// The transform above each JSON file but the first, by its path within the folder.
    pub above: BTreeMap<String, Matrix>,
    /// Tiles, external tilesets' own included; those of implicit tilings not counted.
    pub tiles: usize,
    /// Files of content that are there.
    pub contents: usize,
    /// Files that are named and not there.
    pub missing: Vec<String>,
    /// The files in the first file's own folder, none of its subfolders, that it names; those of implicit tilings as templates.
    pub beside: BTreeSet<String>,
    /// Whether an implicit tiling divides a region, which cannot be moved.
    pub divides_regions: bool,
}

/// Looks through the tileset whose first JSON is `file`.
///
/// # Errors
/// One that is no tileset of 1.0 or 1.1, has no volume, names files outside its folder or on other servers, or has none of its
/// contents: each with what to do.
pub fn survey(file: &Path) -> Result<Survey> {
    let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.canonicalize().map_err(|e| Fault::io("opening the tileset's folder", &e))?;
    let entry = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut found = Survey { root: IDENTITY, ..Survey::default() };
    let mut waiting: Vec<(String, Matrix, usize)> = vec![(entry.clone(), IDENTITY, 0)];
    while let Some((path, above, depth)) = waiting.pop() {
        let about = |fault: Fault| fault.about(clip(&path));
        let json = &parse(&folder.join(&path)).map_err(about)?;
        if depth > DEEPEST || found.above.len() > FILES {
            return Err(about(Fault::new(Kind::TooLarge, "external tilesets nest without end, or are over 200,000")));
        }
        let root = &json["root"];
        if path == entry && depth == 0 {
            found.version = version(json).map_err(about)?;
            found.error = json["geometricError"].as_f64().filter(|e| e.is_finite() && *e >= 0.0).unwrap_or_default();
            found.root = transform(root).map_err(about)?;
            let volume = &root["boundingVolume"];
            let own = volume::local(volume).map(|own| moved(&found.root, &own)).or_else(|| volume::region(volume));
            found.bounds = own.ok_or_else(|| about(Fault::bad_input("has a root without a sound bounding volume")))?;
        } else {
            version(json).map_err(about)?;
            if found.above.insert(path.clone(), above).is_some_and(|known| known != above) {
                return Err(about(Fault::bad_input("is used at several places, which is not adopted")));
            }
        }
        tiles(root, &above, &path, &folder, depth, &mut found, &mut waiting, 0).map_err(about)?;
    }
    if entry != FIRST && found.above.contains_key(FIRST) {
        return Err(Fault::bad_input(format!("names '{FIRST}', and is itself served under that name"))
            .remedy(format!("rename that file, or make this one {FIRST}")));
    }
    if found.contents == 0 {
        return Err(Fault::bad_input(format!("has none of its contents: {} files are missing", found.missing.len()))
            .remedy("adopt the tileset.json where it lies, with its folder"));
    }
    Ok(found)
}

fn parse(path: &Path) -> Result<Value> {
    let mut bytes = Vec::new();
    open(path)?.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|e| Fault::io("reading", &e))?;
    if bytes.len() as u64 > LARGEST {
        return Err(Fault::new(Kind::TooLarge, "is over 256 MiB"));
    }
    serde_json::from_slice(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes)).map_err(|e| {
        let said: String = e.to_string().chars().take(200).collect();
        Fault::bad_input(format!("is not JSON: {said}"))
    })
}

fn version(json: &Value) -> Result<String> {
    match json.pointer("/asset/version").and_then(Value::as_str) {
        Some(version @ ("1.0" | "1.1")) => Ok(version.to_owned()),
        Some(version) => {
            Err(Fault::bad_input(format!("is 3D Tiles of version '{}'; 1.0 and 1.1 are adopted", clip(version)))
                .remedy("upgrade it, such as with npx 3d-tiles-tools upgrade"))
        }
        None => Err(Fault::bad_input("is no tileset: it has no asset.version")),
    }
}

/// A tile's own transform.
fn transform(tile: &Value) -> Result<Matrix> {
    let Some(list) = tile.get("transform") else { return Ok(IDENTITY) };
    let numbers: Option<Vec<f64>> = list.as_array().and_then(|list| list.iter().map(Value::as_f64).collect());
    let matrix = numbers.and_then(|n| Matrix::try_from(n).ok()).filter(|m| m.iter().all(|n| n.is_finite()));
    matrix.ok_or_else(|| Fault::bad_input("has a transform that is not sixteen numbers"))
}

#[expect(clippy::too_many_arguments, reason = "one step of a walk, and all that it gathers")]
fn tiles(
    tile: &Value,
    above: &Matrix,
    file: &str,
    folder: &Path,
    depth: usize,
    found: &mut Survey,
    waiting: &mut Vec<(String, Matrix, usize)>,
    level: usize,
) -> Result<()> {
    found.tiles += 1;
    if found.tiles > TILES || level > DEEPEST {
        return Err(Fault::new(Kind::TooLarge, format!("has over {TILES} tiles, or tiles over {DEEPEST} deep")));
    }
    let here = times(above, &transform(tile)?);
    let volume = &tile["boundingVolume"];
    if volume::local(volume).is_none() && volume::region(volume).is_none() && volume.get("extensions").is_none() {
        return Err(Fault::bad_input("has a tile without a sound bounding volume"));
    }
    if let Some(implicit) = tile.get("implicitTiling") {
        found.divides_regions |= volume.get("region").is_some();
        let template = implicit.pointer("/subtrees/uri").and_then(Value::as_str).unwrap_or_default();
        let first = ["{level}", "{x}", "{y}", "{z}"].iter().fold(template.to_owned(), |t, name| t.replace(name, "0"));
        match resolve(file, &first)? {
            path if folder.join(&path).is_file() => found.contents += 1,
            path => found.missing.push(path),
        }
        let subtrees = resolve(file, template)?;
        for content in contents(tile) {
            let path = resolve(file, content)?;
            found.beside.extend(Some(path).filter(|path| !path.contains('/')));
        }
        found.beside.extend(Some(subtrees).filter(|path| !path.contains('/')));
        return Ok(());
    }
    for content in contents(tile) {
        let path = resolve(file, content)?;
        if !folder.join(&path).is_file() {
            found.missing.push(path);
            continue;
        }
        inside(folder, &path)?;
        found.beside.extend(Some(&path).filter(|path| !path.contains('/')).cloned());
        if path.to_ascii_lowercase().ends_with(".json") {
            waiting.push((path, here, depth + 1));
        } else {
            found.contents += 1;
        }
    }
    let children = tile["children"].as_array().map(Vec::as_slice).unwrap_or_default();
    children.iter().try_for_each(|child| tiles(child, &here, file, folder, depth, found, waiting, level + 1))
}

/// The URIs of a tile's contents, `url` of old ones too.
fn contents(tile: &Value) -> impl Iterator<Item = &str> {
    let several = tile["contents"].as_array().map(Vec::as_slice).unwrap_or_default();
    let all = tile.get("content").into_iter().chain(several);
    all.filter_map(|content| content["uri"].as_str().or_else(|| content["url"].as_str()))
}

/// The path within the folder that `uri` in the file at `file` (a path within the folder) means.
fn resolve(file: &str, uri: &str) -> Result<String> {
    let outside = |why: &str| {
        Err(Fault::bad_input(format!("names '{}', which {why}", clip(uri)))
            .remedy("copy what it names into the tileset's folder"))
    };
    let bare = uri.split(['?', '#']).next().unwrap_or_default();
    if bare.contains("://") || bare.starts_with("//") || bare.starts_with("data:") {
        return outside("is not a file beside it");
    }
    let name = percent_decoded(bare);
    if name.starts_with('/') || name.contains(['\\', '\0']) || name.chars().any(char::is_control) {
        return outside("leaves its folder");
    }
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.pop().is_none() => return outside("leaves its folder"),
            ".." => {}
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

/// The file at `path` within `folder`, however links lead.
///
/// # Errors
/// [`Kind::NotFound`] for what is not there, is hidden, or lies elsewhere.
pub fn inside(folder: &Path, path: &str) -> Result<PathBuf> {
    let missing = || Fault::not_found(format!("there is no file '{}' in this tileset", clip(path)));
    let plain = Path::new(path)
        .components()
        .all(|c| matches!(c, Component::Normal(name) if !name.to_string_lossy().starts_with('.')));
    let real =
        Some(folder.join(path)).filter(|_| plain && !path.contains(['\\', '\0'])).and_then(|p| p.canonicalize().ok());
    let root = folder.canonicalize().map_err(|_| missing())?;
    real.filter(|real| real.starts_with(&root) && real.is_file()).ok_or_else(missing)
}
