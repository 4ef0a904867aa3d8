//! Tilesets as strangers open them: plain CesiumJS from another origin, loaders.gl, the Khronos glTF validator.

use super::{assert_none, node};
use crate::support::{Server, run, shared, town};
use serde_json::Value;
use std::collections::HashSet;

/// Imports a shared file into a store of its own, serves it and opens it.
fn imports_and_opens(file: &str, more: &[&str], collection: &str) {
    let Some(shared) = shared() else { return };
    let dir = tempfile::tempdir().unwrap();
    let (input, store) = (shared.join("data").join(file), dir.path().join("store"));
    let mut import = vec!["import", input.to_str().unwrap(), "--store", store.to_str().unwrap()];
    import.extend(more);
    let imported = run(&import);
    assert!(imported.status.code().is_some_and(|code| code < 2), "{}", String::from_utf8_lossy(&imported.stderr));
    opens(file, &Server::start(&store, &[]), collection);
}

/// Opens the whole map of a server everywhere; all of `collection` must be drawn.
fn opens(what: &str, server: &Server, collection: &str) {
    let seen = node("tileset.mjs", &[&format!("{}/3dtiles/tileset.json", server.base)]);
    for list in ["/cesium/failed", "/cesium/outside", "/cesium/errors", "/readers/errors", "/readers/invalid"] {
        assert_none(&seen, list);
    }
    assert_eq!(seen["cesium"]["loaded"], true);
    assert!(seen["readers"]["contents"].as_u64().unwrap() > 0 && seen["readers"]["features"].as_u64().unwrap() > 0);
    let drawn: HashSet<&str> = seen["cesium"]["ids"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let (_, items) = server.get(&format!("/collections/{collection}/items?limit=10000&skipGeometry=true"));
    let items = items["features"].as_array().unwrap();
    let missing: Vec<&str> = items.iter().map(|f| f["id"].as_str().unwrap()).filter(|id| !drawn.contains(id)).collect();
    assert!(
        !items.is_empty() && missing.is_empty(),
        "{} of {} are not drawn, such as {:?}",
        missing.len(),
        items.len(),
        missing.first()
    );
    eprintln!("{what}: {} ids in Cesium, {} contents", drawn.len(), seen["readers"]["contents"]);
}

#[test]
fn delft_opens_in_cesium_and_loaders() {
    imports_and_opens("cityjson/delft.city.jsonl", &["--height-offset", "43.5"], "buildings");
}

#[test]
fn the_duplex_opens_in_cesium_and_loaders() {
    imports_and_opens("ifc/Duplex_Architecture.ifc", &["--origin", "118.78,32.04,20"], "spaces");
}

#[test]
fn the_markers_of_a_community_open_in_cesium_and_loaders() {
    opens("the small community", &town(&[]).server, "devices");
}
