//! GeoPackage (OGC 12-128r19): every table of features a layer, read from SQLite that can neither write nor hang.

mod database;
mod layer;

use super::feature::Features;
use super::{ReadOptions, Reader, Sink, SourceFrame, SourceItem};
use crate::fault::Result;
use database::Database;
use layer::{Kind, Layer};
use std::path::Path;

/// The reader of GeoPackages.
///
/// Each table of features is a layer, views among them. A row's id is its column `id` or what a mapping says, else
/// `TABLE.n` with the number of its primary key. Tables without geometry come in as objects without a place where their
/// rows have an id, and are counted otherwise; tiles are counted.
#[derive(Debug, Clone, Copy)]
pub struct GeoPackage;

impl Reader for GeoPackage {
    fn name(&self) -> &'static str {
        "GeoPackage"
    }
    fn extensions(&self) -> &'static [&'static str] {
        &["gpkg"]
    }
    fn takes_mapping(&self) -> bool {
        true
    }
    fn sniff(&self, head: &[u8]) -> bool {
        head.starts_with(b"SQLite format 3\0")
    }
    fn read(&self, file: &Path, options: &ReadOptions, sink: &mut Sink) -> Result<()> {
        read(file, options, sink).map_err(|e| e.about(file.display().to_string()))
    }
}

fn read(file: &Path, options: &ReadOptions, sink: &mut Sink) -> Result<()> {
    let database = Database::open(file)?;
    let mut layers = database.layers()?;
    let mut features = Features::new(options);
    if let Some(mapping) = features.mapping() {
        mapping.check_layers(&layers.iter().map(|l| l.table.as_str()).collect::<Vec<_>>())?;
        layers.retain(|l| mapping.takes_layer(&l.table));
        mapping.check(&layers.iter().flat_map(|l| l.columns.iter().map(String::as_str)).collect::<Vec<_>>(), false)?;
    }
    let placed = |layer: &&Layer| layer.kind == Kind::Features;
    // One CRS is the file's where every layer has it; a layer of an undefined one must not be taken for another's.
    let first = layers.iter().find(placed).and_then(|l| l.crs.clone());
    let frame = first.filter(|crs| layers.iter().filter(placed).all(|l| l.crs.as_ref() == Some(crs)));
    for layer in &mut layers {
        layer.crs = layer.crs.take().filter(|crs| frame.as_ref() != Some(crs));
    }
    sink(SourceItem::Frame(SourceFrame { crs: frame.map(|crs| crs.to_string()), placement: None, assumed: false }))?;
    for layer in &layers {
        layer.read(&database, &mut features, sink)?;
    }
    features.end(sink)
}
