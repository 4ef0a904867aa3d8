//! The files of a tileset that is served as it lies, and of one that is moved.

use super::{Adopted, Coverage};
use crate::fault::{Fault, Kind, Result};
use crate::formats::tiles3d::{inside, media};
use std::fs;
use std::path::PathBuf;

/// The JSON of a point cloud's tileset in which its tiles are told by bits (OGC 22-025r4 §7).
pub const IMPLICIT: &str = "implicit.json";

/// The most files of one tileset that are listed.
const FILES: usize = 5_000_000;

impl Adopted {
    /// The file of the folder that a reader begins with; `implicit` for one who would rather have the tiles told by bits.
    pub fn first(&self, implicit: bool) -> &'static str {
        if implicit && self.implicit.is_some() { IMPLICIT } else { "tileset.json" }
    }
}

impl Coverage {
    /// Where a file of its tileset lies, and its media type; `tileset.json` is the first, whatever that is called. The JSON of a
    /// tileset that is moved was written anew when it was adopted, anything else is as it came.
    ///
    /// # Errors
    /// [`Kind::NotFound`] for what is no file of a tileset, or lies outside of its folder.
    pub fn adopted_file(&self, path: &str) -> Result<(PathBuf, &'static str)> {
        let adopted = self.adopted()?;
        let path = plain(path);
        let is_entry = path == "tileset.json" || path == adopted.entry;
        let path = if is_entry { adopted.entry.as_str() } else { path.as_str() };
        let kind = media(path).ok_or_else(|| Fault::not_found("there is no such file in this tileset"))?;
        let is_moved = adopted.shift.is_some() && (is_entry || adopted.above.contains_key(path));
        let folder = if is_moved { self.folder() } else { &adopted.folder };
        Ok((inside(folder, path)?, kind))
    }

    /// The paths of all files of its tileset, in order, its first as `tileset.json`: what lies in its folder and is of a kind that
    /// tilesets are made of.
    ///
    /// # Errors
    /// [`Kind::Io`] when a folder cannot be read.
    pub fn adopted_files(&self) -> Result<Vec<String>> {
        let adopted = self.adopted()?;
        let io = |e: &std::io::Error| Fault::io("listing a tileset", e).about(adopted.folder.display().to_string());
        let (mut files, mut folders) = (Vec::new(), vec![String::new()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(adopted.folder.join(&folder)).map_err(|e| io(&e))? {
                let entry = entry.map_err(|e| io(&e))?;
                let Ok(name) = entry.file_name().into_string() else { continue };
                let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
                // A link that leads to a folder is not followed: it may lead up again.
                if entry.file_type().map_err(|e| io(&e))?.is_dir() {
                    folders.push(path);
                } else if self.adopted_file(&path).is_ok() {
                    files.push(if path == adopted.entry { "tileset.json".to_owned() } else { path });
                }
                if files.len() + folders.len() > FILES {
                    return Err(Fault::new(Kind::TooLarge, format!("the tileset has more than {FILES} files")));
                }
            }
        }
        files.sort();
        files.dedup();
        Ok(files)
    }

    fn adopted(&self) -> Result<&Adopted> {
        self.tileset().ok_or_else(|| Fault::internal("a tileset that is none"))
    }
}

/// A path without the steps that go nowhere (`./`, `//`); one that goes up stays as it is, and leads to nothing.
fn plain(path: &str) -> String {
    let steps: Vec<&str> = path.split('/').filter(|step| !matches!(*step, "" | ".")).collect();
    steps.join("/")
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_path_has_one_spelling() {
        for spelt in ["a/b.json", "./a/b.json", "a//b.json", "/a/./b.json", "a/b.json/"] {
            assert_eq!(plain(spelt), "a/b.json");
        }
        assert_eq!(plain("./../a"), "../a");
    }
}
