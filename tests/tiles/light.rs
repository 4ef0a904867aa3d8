//! Lighter forms of leaves: as near to the full ones as their tilesets say, by an oracle that reads the GLB itself.

use super::real::{imported, snapshot};
use super::tilesets::{address, documents, file};
use crate::support::{python, shared};
use cimbra::lod::View;
use cimbra::model::{Class, Collections};
use cimbra::store::Store;
use cimbra::tiles::{Plan, Tiles};
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Command;

fn plan(store: &Store) -> std::sync::Arc<Plan> {
    Tiles::default().plan(&snapshot(store), &View::Assets, Collections::ALL).unwrap()
}

/// The documents that are a leaf with its lighter form.
fn leaves(plan: &Plan) -> Vec<Value> {
    let all = documents(plan).into_values().map(|text| serde_json::from_str::<Value>(&text).unwrap());
    all.filter(|tileset| {
        let error = tileset["root"]["geometricError"].as_f64().unwrap();
        error > 0.0 && error <= 0.05
    })
    .collect()
}

/// Writes each leaf that has a lighter form to `folder`, full and light; gives their geometric errors.
fn written(plan: &Plan, folder: &std::path::Path) -> Vec<f64> {
    let mut errors: Vec<f64> = Vec::new();
    for leaf in leaves(plan) {
        let root = &leaf["root"];
        let Some([full]) = root["children"].as_array().map(Vec::as_slice) else { continue };
        assert_eq!(full["geometricError"], 0.0);
        for (name, tile) in [("light", root), ("full", full)] {
            let glb = file(plan, address(tile).unwrap());
            std::fs::write(folder.join(format!("{}.{name}.glb", errors.len())), glb).unwrap();
        }
        errors.push(root["geometricError"].as_f64().unwrap());
    }
    errors
}

#[test]
fn the_light_form_of_a_building_is_as_near_as_it_says_and_keeps_every_id() {
    let Some(shared) = shared() else { return };
    let (_dir, store) = imported(&shared.join("data/ifc/Duplex_Architecture.ifc"), &["--origin", "118.78,32.04,20"]);
    let folder = tempfile::tempdir().unwrap();
    let errors = written(&plan(&store), folder.path());
    // A repeated shape is made lighter once and stands in the tile once.
    let light = |n: usize| std::fs::read(folder.path().join(format!("{n}.light.glb"))).unwrap();
    let instanced = |n: &usize| light(*n).windows(23).any(|w| w == b"EXT_mesh_gpu_instancing");
    assert!((0..errors.len()).any(|n| instanced(&n)));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/light_oracle.py");
    let output = Command::new(python()).arg(script).arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert!(!found.is_empty() && found.len() == errors.len());
    let (mut full, mut light, mut ids) = (0, 0, BTreeSet::new());
    for (error, pair) in errors.iter().zip(&found) {
        let (before, after) = (pair["full"].as_u64().unwrap(), pair["light"].as_u64().unwrap());
        let worst = pair["worst"].as_f64().unwrap();
        // Both forms are rounded to the finest grid, each point by half a cell's diagonal at most.
        let rounded = 3f64.sqrt() * 2f64.powi(-11);
        assert!(worst <= error + rounded && *error <= 0.05, "a point is {worst} m away where {error} m are said");
        assert!(worst > error / 2.0, "{error} m said where points are {worst} m away at most");
        assert!(10 * after <= 7 * before, "{before} -> {after} triangles");
        (full, light) = (full + before, light + after);
        ids.extend(pair["ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()));
    }
    assert!(full > 20_000 && 4 * light <= full, "{full} -> {light} triangles in {} tiles", found.len());
    let snapshot = snapshot(&store);
    let drawn =
        |class| ids.iter().filter(|id| snapshot.asset(snapshot.find(id).unwrap()).unwrap().class() == class).count();
    assert!(drawn(Class::Door) > 10 && drawn(Class::Window) > 10, "{} of {} are doors", drawn(Class::Door), ids.len());
}

#[test]
fn a_measured_city_has_no_lighter_forms() {
    let Some(shared) = shared() else { return };
    let (_dir, store) = imported(&shared.join("data/cityjson/delft.city.jsonl"), &["--height-offset", "43.5"]);
    assert_eq!(leaves(&plan(&store)), Vec::<Value>::new());
}
