//! Implicit tilings as strangers open them: plain CesiumJS, `3d-tiles-renderer`, iTowns and `@loaders.gl/3d-tiles` show what is shown
//! tile by tile.

use super::{assert_none, delft, node};
use crate::support::{Server, town};
use serde_json::Value;
use std::collections::BTreeSet;

/// Opens a tileset in the four; each shows all of `wanted`.
pub fn opens(what: &str, url: &str, wanted: &BTreeSet<&str>) {
    let seen = node("implicit.mjs", &[url]);
    for reader in ["cesium", "renderer", "itowns"] {
        for list in ["failed", "outside", "errors"] {
            assert_none(&seen, &format!("/{reader}/{list}"));
        }
    }
    assert_none(&seen, "/loaders/errors");
    assert_none(&seen, "/loaders/invalid");
    assert_eq!(seen["cesium"]["loaded"], true);
    assert!(!wanted.is_empty());
    for reader in ["cesium", "renderer", "itowns", "loaders"] {
        let shown: BTreeSet<&str> = seen[reader]["ids"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let missing: Vec<_> = wanted.difference(&shown).collect();
        assert!(
            missing.is_empty(),
            "{what}: {reader} lacks {} of {}, such as {:?}",
            missing.len(),
            wanted.len(),
            missing[0]
        );
        eprintln!("{what}: {} ids in {reader}, {} contents", shown.len(), seen[reader]["contents"]);
    }
}

/// The ids of a collection.
fn ids(items: &Value) -> BTreeSet<&str> {
    items["features"].as_array().unwrap().iter().map(|f| f["id"].as_str().unwrap()).collect()
}

#[test]
fn delft_by_subtrees_is_shown_whole_by_four_readers() {
    let dir = tempfile::tempdir().unwrap();
    let Some(server) = delft(dir.path()) else { return };
    let (_, items) = server.get("/collections/buildings/items?limit=10000&skipGeometry=true");
    opens("Delft", &format!("{}/3dtiles/tileset.json?tiling=implicit", server.base), &ids(&items));
}

#[test]
fn the_elements_of_a_community_by_subtrees_are_shown_whole_by_four_readers() {
    let town = town(&[]);
    let (_, items) = town.server.get("/collections/elements/items?limit=10000&skipGeometry=true");
    let url = format!("{}/collections/elements/3dtiles/tileset.json?tiling=implicit", town.server.base);
    let drawn: BTreeSet<&str> = ids(&items);
    opens("the small community", &url, &drawn);
}

#[test]
fn the_elements_of_a_tower_by_cubes_are_shown_whole_by_four_readers() {
    let dir = crate::tiles::city::tower().closed();
    let server = Server::start(dir.path(), &[]);
    let (_, items) = server.get("/collections/elements/items?limit=10000&skipGeometry=true");
    let url = format!("{}/collections/elements/3dtiles/tileset.json?tiling=implicit", server.base);
    let (_, _, text) = server.get_bytes("/collections/elements/3dtiles/tileset.json?tiling=implicit", &[]);
    assert!(String::from_utf8_lossy(&text).contains("OCTREE"));
    opens("a tower", &url, &ids(&items));
}
