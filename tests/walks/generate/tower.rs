//! The tower as IFC: IfcOpenShell finds no fault with it, and the intake's reader finds the same in the same place.

use super::community;
use crate::support::python;
use cimbra::formats::ifc::Ifc;
use cimbra::formats::{ReadOptions, Reader, SourceItem};
use cimbra::geom::Shape;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::process::Command;

/// What IfcOpenShell says of a file.
fn oracle(file: &Path) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/tower_oracle.py");
    let output = Command::new(python()).arg(script).arg(file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn devices(dir: &Path) -> Vec<HashMap<String, String>> {
    csv::Reader::from_path(dir.join("devices.csv")).unwrap().deserialize().map(Result::unwrap).collect()
}

#[test]
fn ifcopenshell_finds_no_fault_and_every_detector_in_its_room() {
    let (dir, _) = community(12, 3);
    let told = oracle(&dir.path().join("tower-1.ifc"));
    assert_eq!(told["problems"], serde_json::json!([]));
    assert_eq!(told["crs"], "EPSG:4549");
    let products = told["products"].as_object().unwrap();
    let mut classes = BTreeMap::<&str, usize>::new();
    for product in products.values() {
        *classes.entry(product["class"].as_str().unwrap()).or_default() += 1;
    }
    // Two storeys of homes over the open one; a unit's storey has 3 flats of 25 rooms, a core of 4 and 2 lift shafts.
    assert_eq!(classes["IfcSpace"], 2 * (2 * (3 + 25 + 4) + 2 + 7));
    // Every unit has its own slab on each of three storeys, and a roof.
    assert_eq!((classes["IfcSlab"], classes["IfcStairFlight"]), (8, 4));
    assert_eq!(classes["IfcOpeningElement"], classes["IfcDoor"] + classes["IfcWindow"]);
    // From the room up, by IfcOpenShell's own walk.
    let chains: Vec<&Value> = told["chains"].as_object().unwrap().values().collect();
    for unit in ["1单元", "2单元"] {
        let kitchen = serde_json::json!(["厨房", "101室", "1", unit, "1号楼"]);
        assert_eq!(chains.iter().filter(|c| ***c == kitchen).count(), 1, "Chinese names come through: {chains:?}");
    }
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
fn a_section_of_a_building_is_a_unit_only_where_the_file_says_so() {
    let (dir, _) = community(12, 3);
    let path = dir.path().join("tower-1.ifc");
    let text = std::fs::read_to_string(&path).unwrap();
    let classes = |text: &str| {
        std::fs::write(&path, text).unwrap();
        let mut classes = BTreeMap::<&str, usize>::new();
        Ifc.read(&path, &ReadOptions::default(), &mut |item| {
            if let SourceItem::Object(object) = item
                && object.attributes[0].1 == cimbra::model::Value::Text("IfcBuilding".into())
            {
                *classes.entry(object.class.name()).or_default() += 1;
            }
            Ok(())
        })
        .unwrap();
        classes
    };
    assert_eq!(classes(&text), BTreeMap::from([("building", 1), ("building_unit", 2)]));
    let wing = text.replace("'BuildingUnit'", "'East wing'");
    assert_eq!(classes(&wing), BTreeMap::from([("building", 1), ("building_part", 2)]));
    // A building of its own within a complex stays one.
    let whole = wing.replace(".PARTIAL.", ".ELEMENT.");
    assert_eq!(classes(&whole), BTreeMap::from([("building", 3)]));
}

#[test]
fn the_reader_finds_the_heights_that_ifcopenshell_finds() {
    let (dir, _) = community(12, 4);
    let path = dir.path().join("tower-1.ifc");
    let told = oracle(&path);
    let products = told["products"].as_object().unwrap();
    let mut heights: HashMap<String, [f64; 2]> = HashMap::new();
    Ifc.read(&path, &ReadOptions::default(), &mut |item| {
        match item {
            SourceItem::Object(object) => {
                if let Shape::Mesh(mesh) = &object.shape {
                    let bounds = mesh.bounds();
                    heights.insert(object.id.to_string(), [bounds.min[2], bounds.max[2]]);
                }
            }
            SourceItem::Refused { object, reason } => panic!("{object}: {reason}"),
            SourceItem::Frame(_) | SourceItem::Note(_) | SourceItem::Picture(_) => {}
        }
        Ok(())
    })
    .unwrap();
    // Openings are cut out of their walls and are nothing of their own.
    let shown: Vec<&String> = products.keys().filter(|&id| products[id]["class"] != "IfcOpeningElement").collect();
    assert_eq!(heights.len(), shown.len());
    let ground = products.values().map(|p| p["low"][2].as_f64().unwrap()).fold(f64::MAX, f64::min);
    let lowest = heights.values().map(|h| h[0]).fold(f64::MAX, f64::min);
    for id in shown {
        let [low, high] = heights[id];
        let expected = ["low", "high"].map(|side| products[id][side][2].as_f64().unwrap() - ground);
        assert!((low - lowest - expected[0]).abs() < 1e-3 && (high - lowest - expected[1]).abs() < 1e-3, "{id}");
    }
}
