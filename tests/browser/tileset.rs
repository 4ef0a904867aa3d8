//! Tilesets as strangers open them: CesiumJS, 3d-tiles-renderer and iTowns on pages of another origin, loaders.gl, the Khronos glTF
//! validator; and as files, with the checker over them.

use super::{assert_none, node};
use crate::support::{Server, run, shared, town};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// What is compared of a feature, besides one column of the source's own.
const COLUMNS: [&str; 5] = ["id", "class", "name", "parent", "storey"];
/// What covers the ground that others cover, or is drawn as part of another: no map draws these.
const NOT_DRAWN: [&str; 5] = ["address", "building_part", "grid", "storey", "way"];

/// Imports a shared file into a store of its own; every viewer must show all of it.
fn shows_all_of(file: &str, more: &[&str], own: &str) {
    let Some(shared) = shared() else { return };
    let dir = tempfile::tempdir().unwrap();
    let (input, store) = (shared.join("data").join(file), dir.path().join("store"));
    let mut import = vec!["import", input.to_str().unwrap(), "--store", store.to_str().unwrap()];
    import.extend(more);
    let imported = run(&import);
    assert!(imported.status.code().is_some_and(|code| code < 2), "{}", String::from_utf8_lossy(&imported.stderr));
    shows_all(Server::start(&store, &[]), &store, own);
}

/// Opens the whole map of a server in every viewer: each shows all there is to draw, once, with its columns. Then bakes and checks it.
fn shows_all(server: Server, store: &Path, own: &str) {
    let wanted = drawable(&server, own);
    let url = format!("{}/3dtiles/tileset.json", server.base);
    let arguments: Vec<&str> = [url.as_str()].into_iter().chain(COLUMNS).chain([own]).collect();
    let read = node("readers.mjs", &arguments);
    assert_none(&read, "/errors");
    for form in ["plain", "packed"] {
        for list in ["errors", "invalid"] {
            assert_none(&read, &format!("/{form}/{list}"));
        }
        assert!(read[form]["contents"].as_u64().unwrap() > 3, "{form}");
        assert_eq!(compared(&format!("loaders.gl, {form}"), &wanted, &read[form]["rows"]), wanted.len());
    }
    let seen = node("viewers.mjs", &arguments);
    for viewer in ["cesium", "renderer", "itowns"] {
        for list in ["failed", "outside", "errors"] {
            assert_none(&seen, &format!("/{viewer}/{list}"));
        }
        assert_eq!(seen[viewer]["loaded"], true, "{viewer}");
        assert_eq!(seen[viewer]["unnamed"].as_u64().unwrap_or(0), 0, "{viewer}: some have no id");
        let named = compared(viewer, &wanted, &seen[viewer]["rows"]);
        assert_eq!(named, wanted.len(), "{viewer}: not all is drawn");
    }
    // What a click tells in iTowns.
    assert!(compared("itowns, clicked", &wanted, &seen["itowns"]["clicked"]) > 0, "nothing is met by a click");
    server.kill();
    is_clean(store);
}

/// The columns of every item that the map draws: what has a geometry of its own and is not drawn as another.
fn drawable(server: &Server, own: &str) -> BTreeMap<String, Vec<Value>> {
    let (_, page) = server.get("/collections/assets/items?limit=10000");
    let items = page["features"].as_array().unwrap();
    assert_eq!(page["numberMatched"].as_u64(), Some(items.len() as u64), "one page holds all");
    let drawn = items
        .iter()
        .filter(|f| !f["geometry"].is_null() && !NOT_DRAWN.contains(&f["properties"]["class"].as_str().unwrap()));
    let columns =
        |item: &Value| COLUMNS[1..].iter().chain([&own]).map(|name| plain(&item["properties"][*name])).collect();
    let wanted: BTreeMap<_, Vec<_>> = drawn.map(|f| (f["id"].as_str().unwrap().to_owned(), columns(f))).collect();
    assert!(wanted.len() > 200 && wanted.values().any(|columns| !columns.last().unwrap().is_null()), "{own}");
    wanted
}

/// A value as all viewers tell it: an empty text is none, a number is a number.
fn plain(value: &Value) -> Value {
    match value {
        Value::String(text) if text.is_empty() => Value::Null,
        Value::Number(number) => number.as_f64().into(),
        other => other.clone(),
    }
}

/// How many features a viewer's rows show: each there is to draw, with what the items say of it. Only a click meets one twice.
fn compared(viewer: &str, wanted: &BTreeMap<String, Vec<Value>>, rows: &Value) -> usize {
    let rows = rows.as_array().unwrap();
    let mut met = BTreeMap::<&str, usize>::new();
    for row in rows.iter().map(|row| row.as_array().unwrap()) {
        let id = row[0].as_str().unwrap();
        let columns: Vec<Value> = row[1..].iter().map(plain).collect();
        assert_eq!(wanted.get(id), Some(&columns), "{viewer}: {id}");
        *met.entry(id).or_default() += 1;
    }
    let twice: Vec<_> = met.iter().filter(|(_, times)| **times > 1).take(5).collect();
    assert!(twice.is_empty() || viewer.ends_with("clicked"), "{viewer}: drawn in several tiles: {twice:?}");
    met.len()
}

/// The checker finds nothing in the whole tileset as files, plain and packed.
fn is_clean(store: &Path) {
    for compression in ["none", "meshopt"] {
        let dir = tempfile::tempdir().unwrap();
        let (store, folder) = (store.to_str().unwrap(), dir.path().to_str().unwrap());
        let baked = run(&["bake", folder, "--store", store, "--compression", compression, "--precompress", "none"]);
        assert!(baked.status.success(), "{}", String::from_utf8_lossy(&baked.stderr));
        let checked = run(&["check", folder]);
        let text = String::from_utf8_lossy(&checked.stdout);
        assert!(checked.status.success() && text.contains("0 errors, 0 warnings"), "{compression}: {text}");
    }
}

#[test]
fn every_viewer_shows_all_of_delft() {
    shows_all_of("cityjson/delft.city.jsonl", &["--height-offset", "43.5"], "b3_h_dak_max");
}

#[test]
fn every_viewer_shows_all_of_a_bim() {
    shows_all_of("ifc/Duplex_Architecture.ifc", &["--origin", "118.78,32.04,20"], "ifc_type");
}

#[test]
fn every_viewer_shows_all_of_a_community() {
    let town = town(&[]);
    shows_all(town.server, &town.store, "ifc_type");
}
