//! Shapefile, GeoPackage and FlatGeobuf against GDAL, which writes them and says what is in them.

mod alike;
mod broken;
mod import;
mod kinds;
mod osm;
mod tables;

use crate::support::python;
use cimbra::formats::{ReadOptions, SourceItem, SourceObject, reader_of};
use cimbra::geom::{Polygon, Shape};
use cimbra::model::Value;
use std::path::Path;
use std::process::Command;

/// All that a file gives.
#[derive(Default)]
struct Read {
    crs: Option<String>,
    objects: Vec<SourceObject>,
    refused: Vec<String>,
    notes: Vec<String>,
}

fn try_read(file: &Path, options: &ReadOptions) -> Result<Read, String> {
    let mut read = Read::default();
    let reader = reader_of(file).map_err(|e| e.to_string())?;
    let done = reader.read(file, options, &mut |item| {
        match item {
            SourceItem::Frame(frame) => read.crs = frame.crs,
            SourceItem::Object(object) => read.objects.push(*object),
            SourceItem::Refused { object, reason } => read.refused.push(format!("{object}: {reason}")),
            SourceItem::Note(note) => read.notes.push(note),
            SourceItem::Picture(_) => {}
        }
        Ok(())
    });
    done.map(|()| read).map_err(|e| e.to_string())
}

fn read(file: &Path) -> Read {
    try_read(file, &ReadOptions::default()).unwrap()
}

fn mapped(file: &Path, toml: &str) -> Result<Read, String> {
    let mapping = cimbra::formats::Mapping::parse(toml).map_err(|e| e.to_string())?;
    try_read(file, &ReadOptions { mapping: Some(mapping.into()), ..ReadOptions::default() })
}

fn oracle(arguments: &[&str]) -> serde_json::Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/vector_oracle.py");
    let out = Command::new(python()).arg("-W").arg("ignore").arg(script).args(arguments).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap_or_default()
}

/// The files of the oracle's `make`.
fn made() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    oracle(&["make", dir.path().to_str().unwrap()]);
    dir
}

/// Every different point of a shape, sorted.
fn corners(shape: &Shape) -> Vec<[f64; 3]> {
    let mut all: Vec<[f64; 3]> = match shape {
        Shape::Empty => Vec::new(),
        Shape::Points(points) => points.clone(),
        Shape::Lines(lines) => lines.concat(),
        Shape::Areas(areas) => areas.iter().flat_map(Polygon::points).copied().collect(),
        Shape::Faces { faces, .. } => faces.iter().flat_map(|f| f.polygon.points()).copied().collect(),
        Shape::Mesh(mesh) => mesh.points().collect(),
    };
    all.sort_by(|a, b| a.partial_cmp(b).unwrap());
    all.dedup();
    all
}

fn value<'o>(object: &'o SourceObject, name: &str) -> Option<&'o Value> {
    object.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value)
}
