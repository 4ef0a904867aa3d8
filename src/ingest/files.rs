//! Which files an import takes, in which order, and what they are called.

use crate::fault::{Fault, Result};
use crate::formats::companions;
use crate::formats::head_of;
use crate::formats::tiles3d::{is_tileset, own_files};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// The files to take: those named, and of directories the visible files in them, by name, but for those that belong to another:
/// a shapefile's companions, and what the tileset of a folder's `tileset.json` is made of.
///
/// # Errors
/// A directory that cannot be read, or no file at all.
pub fn expand(files: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for file in files {
        if !file.is_dir() {
            all.push(file.clone());
            continue;
        }
        let about = |e: &std::io::Error| Fault::io("reading", e).about(file.display().to_string());
        let mut inside = Vec::new();
        for entry in std::fs::read_dir(file).map_err(|e| about(&e))? {
            let path = entry.map_err(|e| about(&e))?.path();
            let hidden = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
            if !hidden && !path.is_dir() {
                inside.push(path);
            }
        }
        if inside.iter().any(|path| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("gdbtable"))) {
            let fault = Fault::bad_input("is a file geodatabase, which is not read").about(file.display().to_string());
            return Err(fault.remedy("convert it with GDAL: ogr2ogr out.gpkg FOLDER.gdb"));
        }
        // What belongs to a file beside it comes in with it.
        let mut belonging: HashSet<PathBuf> = inside.iter().flat_map(|file| companions(file)).collect();
        belonging.extend(own_files(&inside));
        inside.retain(|path| !belonging.contains(path));
        inside.sort();
        all.append(&mut inside);
    }
    match all.is_empty() {
        true => Err(Fault::bad_input("there is no file to take")),
        false => Ok(all),
    }
}

/// What of the directories among `files` [`expand`] passes over: hidden files and all directories, such as the `.truth` of a
/// generated community. Visible directories beside a `tileset.json` are the tileset's.
pub fn left_out(files: &[PathBuf]) -> Vec<String> {
    let hidden = |path: &Path| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
    let mut left = Vec::new();
    for dir in files.iter().filter(|file| file.is_dir()) {
        let Ok(entries) = std::fs::read_dir(dir) else { continue };
        let is_tileset = head_of(&dir.join("tileset.json")).is_ok_and(|head| is_tileset(&head));
        let paths = entries.flatten().map(|entry| entry.path());
        let passed = paths.filter(|path| hidden(path) || path.is_dir() && !is_tileset);
        left.extend(passed.map(|path| path.display().to_string()));
    }
    left.sort();
    left
}

/// The file's name without the ending that its format has.
pub(super) fn stem(file: &Path, endings: &[&str]) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let lower = name.to_lowercase();
    let endings = endings.iter().filter(|e| lower.ends_with(&format!(".{e}"))).map(|e| e.len() + 1);
    match endings.max() {
        // Lower case may differ in length from what it was made from; then the plain stem does.
        Some(length) if lower.len() == name.len() && name.is_char_boundary(name.len() - length) => {
            name[..name.len() - length].to_owned()
        }
        _ => file.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
    }
}
