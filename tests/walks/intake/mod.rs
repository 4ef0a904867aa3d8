//! Files on their way in: the real ones, the bad ones, and a process that dies in the middle.

mod check;
mod crash;
mod diff;
mod epochs;
mod frames;
mod height_grid;
mod lost;
mod mended;
mod place;
mod real;
mod refusals;
mod several;
mod together;
mod worker;
mod worker_all;

use cimbra::ingest::{ImportOptions, Intake, Report};
use cimbra::store::{Snapshot, Store};
use cimbra::units::{Clock, Instant};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Imports into `store`, or checks where there is none.
pub fn import(store: Option<&Store>, files: &[&Path], options: ImportOptions) -> Report {
    let clock: Clock = Arc::new(|| Instant(1_790_000_000_000));
    let files: Vec<PathBuf> = files.iter().map(|f| f.to_path_buf()).collect();
    Intake { store, options, worker: None, clock, progress: &|_| {} }.import(&files).unwrap()
}

/// The store's only site now.
pub fn only(store: &Store) -> Arc<Snapshot> {
    let sites = store.sites();
    assert_eq!(sites.len(), 1);
    sites[0].snapshot()
}

/// The header of a CityJSONSeq in UTM zone 32 (EPSG:25832), millimetres around (458000, 5438000, 100).
fn header() -> String {
    r#"{"type":"CityJSON","version":"2.0","transform":{"scale":[0.001,0.001,0.001],"translate":[458000,5438000,100]},"metadata":{"referenceSystem":"https://www.opengis.net/def/crs/EPSG/0/25832"},"CityObjects":{},"vertices":[]}"#
        .to_owned()
}

/// One line: a building `id` that is a closed box of 10 x 10 x `height` metres at (`x`, `y`) metres from the translation.
fn block(id: &str, x: i64, y: i64, height: i64) -> String {
    let corner = |i: i64| {
        let (dx, dy, dz) = ((i & 1) * 10, (i >> 1 & 1) * 10, (i >> 2) * height);
        format!("[{},{},{}]", (x + dx) * 1000, (y + dy) * 1000, dz * 1000)
    };
    let vertices: Vec<String> = (0..8).map(corner).collect();
    let faces = "[[0,2,3,1]],[[4,5,7,6]],[[0,1,5,4]],[[1,3,7,5]],[[3,2,6,7]],[[2,0,4,6]]";
    format!(
        r#"{{"type":"CityJSONFeature","id":"{id}","CityObjects":{{"{id}":{{"type":"Building","attributes":{{"height":{height}}},"geometry":[{{"type":"Solid","lod":"1.2","boundaries":[[{faces}]]}}]}}}},"vertices":[{}]}}"#,
        vertices.join(",")
    )
}

/// A CityJSONSeq of `count` blocks in rows of 100, named `b0`, `b1`, …
fn blocks(count: i64, height: i64) -> String {
    let lines = (0..count).map(|i| block(&format!("b{i}"), i % 100 * 20, i / 100 * 20, height));
    std::iter::once(header()).chain(lines).collect::<Vec<_>>().join("\n") + "\n"
}
