//! The tower as IFC: read by IfcOpenShell and by ifc-lite, which must find the same in the same place.

use super::community;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The Python with IfcOpenShell that `make setup` builds; `None`, said aloud, where it is missing.
#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn python() -> Option<PathBuf> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/bin/python");
    let python = std::env::var_os("CIMBRA_PYTHON").map_or(python, PathBuf::from);
    let can = Command::new(&python).args(["-c", "import ifcopenshell"]).output().is_ok_and(|o| o.status.success());
    if !can {
        println!("skipped: {} has no ifcopenshell; `make setup` installs it", python.display());
    }
    can.then_some(python)
}

fn devices(dir: &Path) -> Vec<HashMap<String, String>> {
    csv::Reader::from_path(dir.join("devices.csv")).unwrap().deserialize().map(Result::unwrap).collect()
}

#[test]
fn ifcopenshell_finds_no_fault_and_every_detector_in_its_room() {
    let Some(python) = python() else { return };
    let (dir, _) = community(12, 3);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/ifc_oracle.py");
    let output = Command::new(python).arg(script).arg(dir.path().join("tower-1.ifc")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["problems"], serde_json::json!([]));
    assert_eq!(told["crs"], "EPSG:4549");
    let products = told["products"].as_object().unwrap();
    let mut classes = BTreeMap::<&str, usize>::new();
    for product in products.values() {
        *classes.entry(product["class"].as_str().unwrap()).or_default() += 1;
    }
    // Two storeys of homes over the open one; a unit's storey has 3 flats of 25 rooms, a core of 4 and 2 lift shafts.
    assert_eq!(classes["IfcSpace"], 2 * (2 * (3 + 25 + 4) + 2 + 7));
    assert_eq!((classes["IfcSlab"], classes["IfcStairFlight"]), (4, 4));
    assert_eq!(classes["IfcOpeningElement"], classes["IfcDoor"] + classes["IfcWindow"]);
    assert!(told["names"].as_object().unwrap().values().any(|n| n == "101室 厨房"), "Chinese names come through");
    let mut inside = 0;
    for row in devices(dir.path()) {
        let Some(space) = products.get(&row["parent"]) else { continue };
        let at = ["x", "y", "z"].map(|c| row[c].parse::<f64>().unwrap());
        let bound = |side: &str, k: usize| space[side][k].as_f64().unwrap();
        assert!((0..3).all(|k| bound("low", k) - 2e-3 <= at[k] && at[k] <= bound("high", k) + 2e-3), "{row:?} {space}");
        inside += 1;
    }
    assert!(inside > 12);
}

#[test]
fn ifc_lite_finds_the_boxes_that_ifcopenshell_finds() {
    let Some(python) = python() else { return };
    let (dir, _) = community(12, 4);
    let path = dir.path().join("tower-1.ifc");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/ifc_oracle.py");
    let output = Command::new(python).arg(script).arg(&path).output().unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let products = told["products"].as_object().unwrap();
    let read = ifc_lite_processing::process_geometry(&std::fs::read(&path).unwrap());
    assert_eq!((read.stats.total_csg_failures, read.stats.products_with_failures), (0, 0));
    let mut heights: HashMap<String, [f64; 2]> = HashMap::new();
    for mesh in &read.meshes {
        let id = mesh.global_id.clone().unwrap();
        let range = heights.entry(id).or_insert([f64::MAX, f64::MIN]);
        for z in mesh.positions.iter().skip(2).step_by(3).map(|&z| f64::from(z) + mesh.origin[2]) {
            *range = [range[0].min(z), range[1].max(z)];
        }
    }
    assert_eq!(heights.len(), products.len());
    let ground = products.values().map(|p| p["low"][2].as_f64().unwrap()).fold(f64::MAX, f64::min);
    let lowest = heights.values().map(|h| h[0]).fold(f64::MAX, f64::min);
    for (id, [low, high]) in heights {
        let expected = ["low", "high"].map(|side| products[&id][side][2].as_f64().unwrap() - ground);
        assert!((low - lowest - expected[0]).abs() < 1e-3 && (high - lowest - expected[1]).abs() < 1e-3, "{id}");
    }
}
