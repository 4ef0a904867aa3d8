//! Which files of a tileset's folder are its own, so that a folder is taken as the tileset and what else lies there.

use super::{is_tileset, survey};
use crate::formats::reader::{READERS, head_of};
use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

/// Endings of what nothing but a tileset is made of, and of what models in it look like.
const KINDS: &[&str] =
    &["b3dm", "i3dm", "pnts", "cmpt", "vctr", "subtree", "bin", "png", "jpg", "jpeg", "webp", "ktx2"];

/// Those of `files`, which lie in one folder, that belong to the tileset in the folder's `tileset.json`, if it has one: what it
/// names, what only tilesets are made of, and JSON that is nothing by itself, such as a schema. The first file is none of them.
pub fn own_files(files: &[PathBuf]) -> HashSet<PathBuf> {
    let is_first = |path: &&PathBuf| path.file_name().is_some_and(|name| name == super::FIRST);
    let head = |path: &Path| head_of(path).unwrap_or_default();
    let Some(first) = files.iter().find(is_first).filter(|first| is_tileset(&head(first))) else {
        return HashSet::new();
    };
    let ending = |path: &Path| path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    let is_named = |path: &Path| matches!(&*ending(path), "glb" | "gltf" | "json") && path != first;
    // It is looked through only where that decides something. One that is broken has all models beside it, and is refused.
    let named = files.iter().any(|path| is_named(path)).then(|| survey(first).ok()).flatten().map(|found| found.beside);
    let names = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        named.as_ref().map(|named| has(named, &name))
    };
    let belongs = |path: &Path| match &*ending(path) {
        "glb" | "gltf" => names(path).unwrap_or(true),
        "json" => {
            let head = head(path);
            names(path) == Some(true) || !is_tileset(&head) && !READERS.iter().any(|reader| reader.sniff(&head))
        }
        kind => KINDS.contains(&kind),
    };
    files.iter().filter(|path| *path != first && belongs(path)).cloned().collect()
}

/// Whether a name is among `named`, of which some are templates of implicit tilings.
fn has(named: &BTreeSet<String>, name: &str) -> bool {
    named.contains(name) || named.iter().filter(|one| one.contains('{')).any(|template| fits(template, name))
}

/// Whether a name is what a template with `{level}`, `{x}`, `{y}` and `{z}` makes of some numbers.
fn fits(template: &str, name: &str) -> bool {
    let Some((before, rest)) = template.split_once('{') else { return template == name };
    let (Some(name), Some((_, rest))) = (name.strip_prefix(before), rest.split_once('}')) else { return false };
    let after = name.trim_start_matches(|c: char| c.is_ascii_digit());
    after.len() < name.len() && fits(rest, after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_fits_what_numbers_make_of_it() {
        let template = "c_{level}_{x}_{y}.glb";
        assert!(fits(template, "c_0_12_3.glb") && fits("a.glb", "a.glb"));
        for other in ["c_0_12.glb", "c_0__3.glb", "c_0_1_2.gltf", "house.glb", "c_a_1_2.glb"] {
            assert!(!fits(template, other), "{other}");
        }
    }
}
