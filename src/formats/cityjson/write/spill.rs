//! Features on their way to the file: kept in a file of no name, so that memory holds only where they are.

use super::pool::Tables;
use crate::fault::{Fault, Result};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};

/// City objects that belong to one root, with all that they point to.
pub(super) struct Feature {
    pub root: String,
    pub objects: Vec<(String, Value)>,
    pub tables: Tables,
}

/// A feature as it is kept: objects, vertices, textures, materials, places in textures.
type Kept = (Vec<(String, Value)>, Vec<[i64; 3]>, Vec<Value>, Vec<Value>, Vec<Value>);

/// Features by their roots, in the order in which roots appear.
pub(super) struct Spill {
    file: BufWriter<File>,
    length: u64,
    roots: Vec<(String, Vec<(u64, u64)>)>,
    places: HashMap<String, usize>,
}

impl Spill {
    /// # Errors
    /// [`Kind::Io`](crate::fault::Kind::Io) when there is no room.
    pub fn new() -> Result<Self> {
        let file = tempfile::tempfile().map_err(|e| Fault::io("making room for the export", &e))?;
        Ok(Self { file: BufWriter::new(file), length: 0, roots: Vec::new(), places: HashMap::new() })
    }
    /// Keeps a feature.
    ///
    /// # Errors
    /// As [`Spill::new`].
    pub fn push(&mut self, feature: &Feature) -> Result<()> {
        let Feature { root, objects, tables } = feature;
        let line = json!([objects, tables.vertices, tables.textures, tables.materials, tables.places]).to_string();
        self.file.write_all(line.as_bytes()).map_err(|e| Fault::io("keeping the export", &e))?;
        let next = self.roots.len();
        let place = *self.places.entry(root.clone()).or_insert(next);
        if place == next {
            self.roots.push((root.clone(), Vec::new()));
        }
        let length = line.len() as u64;
        if let Some((_, pieces)) = self.roots.get_mut(place) {
            pieces.push((self.length, length));
        }
        self.length += length;
        Ok(())
    }
    /// Gives the pieces of each root, root after root.
    ///
    /// # Errors
    /// As [`Spill::new`], and what `give` says.
    pub fn drain(self, give: &mut dyn FnMut(&str, Vec<Feature>) -> Result<()>) -> Result<()> {
        let reading = |e: &std::io::Error| Fault::io("reading the export again", e);
        let mut file = self.file.into_inner().map_err(|e| Fault::io("keeping the export", e.error()))?;
        for (root, pieces) in &self.roots {
            let mut features = Vec::with_capacity(pieces.len());
            for (offset, length) in pieces {
                file.seek(SeekFrom::Start(*offset)).map_err(|e| reading(&e))?;
                let mut text = Vec::new();
                (&mut file).take(*length).read_to_end(&mut text).map_err(|e| reading(&e))?;
                let kept: Kept =
                    serde_json::from_slice(&text).map_err(|e| Fault::internal(format!("a kept feature: {e}")))?;
                let (objects, vertices, textures, materials, places) = kept;
                features.push(Feature {
                    root: root.clone(),
                    objects,
                    tables: Tables { vertices, textures, materials, places, ..Tables::default() },
                });
            }
            give(root, features)?;
        }
        Ok(())
    }
}
