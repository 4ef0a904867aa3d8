//! Real files through the whole way in, and their tilesets read back: every vertex in every box, every attribute.

use super::tilesets::{Seen, walk};
use crate::support::{run, shared};
use cimbra::lod::View;
use cimbra::model::{Class, Collection, Collections};
use cimbra::store::{Snapshot, Store};
use cimbra::tiles::Tiles;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// A city and a BIM of the shared data, and what places them.
pub const REAL: [(&str, &[&str]); 2] = [
    ("cityjson/delft.city.jsonl", &["--height-offset", "43.5"]),
    ("ifc/Duplex_Architecture.ifc", &["--origin", "118.78,32.04,20,30"]),
];

pub fn imported(file: &Path, more: &[&str]) -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let mut arguments = vec!["import", file.to_str().unwrap(), "--store", dir.path().to_str().unwrap()];
    arguments.extend(more);
    let output = run(&arguments);
    assert!(output.status.code().is_some_and(|c| c < 2), "{}", String::from_utf8_lossy(&output.stderr));
    let store = Store::open(dir.path()).unwrap();
    (dir, store)
}

pub fn snapshot(store: &Store) -> Arc<Snapshot> {
    store.sites()[0].snapshot()
}

fn tileset(tiles: &Tiles, store: &Store, view: &View) -> Seen {
    let seen = walk(&tiles.plan(&snapshot(store), view, Collections::ALL).unwrap());
    assert!(seen.leaves.values().all(|n| *n == 1), "a feature in two leaves");
    seen
}

/// Checks the map and the dataset of an IFC file: everything with a shape is in a leaf, or is a building that opens.
fn ifc(name: &str) {
    let Some(shared) = shared() else { return };
    let (_dir, store) = imported(&shared.join("data/ifc").join(name), &["--origin", "118.78,32.04,20,30"]);
    let snapshot = snapshot(&store);
    let shaped = snapshot.rows().filter_map(|r| snapshot.asset(r)).filter(|a| a.has_mesh());
    let wanted: BTreeSet<String> = shaped.map(|a| a.id().to_string()).collect();
    let tiles = Tiles::default();
    let seen = tileset(&tiles, &store, &View::Assets);
    let missing: Vec<_> =
        wanted.iter().filter(|id| !seen.leaves.contains_key(*id) && !seen.inner.contains(*id)).collect();
    assert!(
        !wanted.is_empty() && missing.is_empty(),
        "{name}: {} not drawn, such as {:?}",
        missing.len(),
        missing.first()
    );
    let buildings = tileset(&tiles, &store, &View::Collection(Collection::Buildings));
    assert_eq!(buildings.leaves.len(), snapshot.count(Collection::Buildings), "{name}: each building is drawn");
    for collection in [Collection::Elements, Collection::Spaces, Collection::Storeys] {
        tileset(&tiles, &store, &View::Collection(collection));
    }
}

#[test]
fn ifc_files_are_drawn_whole() {
    for name in ["Duplex_Architecture.ifc", "AC20-FZK-Haus.ifc", "Duplex_Electrical.ifc", "AC11-Institute-Var-2.ifc"] {
        ifc(name);
    }
}

/// The attributes of the buildings of a CityJSON sequence, read without Cimbra.
fn attributes(file: &Path) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for line in std::fs::read_to_string(file).unwrap().lines().skip(1) {
        let feature: Value = serde_json::from_str(line).unwrap();
        for (id, object) in feature["CityObjects"].as_object().unwrap() {
            if object["type"] == "Building" {
                found.insert(id.clone(), object["attributes"].clone());
            }
        }
    }
    found
}

#[test]
fn delft_comes_back_with_every_building_and_attribute() {
    let Some(shared) = shared() else { return };
    let file = shared.join("data/cityjson/delft.city.jsonl");
    let (_dir, store) = imported(&file, &["--height-offset", "43.5"]);
    let wanted = attributes(&file);
    let seen = tileset(&Tiles::default(), &store, &View::Map);
    assert!(seen.leaves.keys().eq(wanted.keys()) && wanted.len() == 1115);
    let mut compared = 0;
    for (id, attributes) in &wanted {
        let row = &seen.rows[id];
        for (name, value) in attributes.as_object().unwrap() {
            let held = row.get(&format!("@{name}"));
            let same = match (value, held) {
                (Value::Null, None) => true,
                (Value::String(text), None) => text.is_empty(),
                (Value::Bool(b), Some(held)) if held.is_u64() => held.as_u64() == Some(u64::from(*b)),
                (Value::Number(n), Some(held)) if held.is_number() => n.as_f64() == held.as_f64(),
                (Value::String(text), Some(Value::String(held))) => text == held,
                // A column of several types, or a nested value, holds its JSON.
                (value, Some(Value::String(held))) => serde_json::from_str::<Value>(held).is_ok_and(|v| v == *value),
                _ => false,
            };
            assert!(same, "{id} {name}: {value} became {held:?}");
            compared += 1;
        }
    }
    assert!(compared > 30_000, "{compared}");
    let parts =
        snapshot(&store).rows().filter(|r| snapshot(&store).asset(*r).unwrap().class() == Class::BuildingPart).count();
    assert_eq!(parts, 1116, "parts are drawn as their buildings");
}
