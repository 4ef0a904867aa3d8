//! A generated community, read back by readers of its own that share no code with the generator.

mod files;
mod imported;
mod networks;
mod tower;
mod traps;

use cimbra::ingest::generate::{Community, Manifest, write};
use serde_json::Value;
use std::collections::HashMap;
use std::path::Path;

/// A community of so many households in a directory that goes with the first value.
fn community(households: u32, seed: u64) -> (tempfile::TempDir, Manifest) {
    let dir = tempfile::tempdir().unwrap();
    let manifest = write(dir.path(), &Community { households, seed, density: 1.0 }, &mut |_| {}).unwrap();
    (dir, manifest)
}

/// The rows of a table by the names of their columns.
fn rows(file: &Path) -> Vec<HashMap<String, String>> {
    csv::Reader::from_path(file).unwrap().deserialize().map(Result::unwrap).collect()
}

/// The features of a GeoJSON file.
fn features(file: &Path) -> Vec<Value> {
    let document: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    document["features"].as_array().unwrap().clone()
}
