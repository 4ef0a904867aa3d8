//! Two versions of a file, compared: what came, went, moved, grew, or only has another id.

use super::{block, header};
use crate::support::run;
use serde_json::Value;
use std::path::Path;

fn write(path: &Path, blocks: &[(&str, i64, i64)]) {
    let lines = blocks.iter().map(|(id, x, height)| block(id, *x, 0, *height));
    std::fs::write(path, std::iter::once(header()).chain(lines).collect::<Vec<_>>().join("\n") + "\n").unwrap();
}

#[test]
fn every_kind_of_difference_is_told_by_id_and_with_volumes() {
    let dir = tempfile::tempdir().unwrap();
    let [old, new] = ["old.city.jsonl", "new.city.jsonl"].map(|name| dir.path().join(name));
    write(&old, &[("same", 0, 5), ("moves", 20, 5), ("grows", 40, 5), ("goes", 60, 5), ("first-id", 80, 5)]);
    write(&new, &[("second-id", 80, 5), ("same", 0, 5), ("moves", 21, 5), ("grows", 40, 7), ("comes", 100, 3)]);
    let ask = |more: &[&str]| {
        let done = run(&[&["diff", old.to_str().unwrap(), new.to_str().unwrap()], more].concat());
        assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    };
    let told: Value = serde_json::from_str(&ask(&["--json"])).unwrap();
    let counts = ["added", "removed", "changed", "unchanged"].map(|name| told[name].as_u64().unwrap());
    assert_eq!(counts, [1, 1, 3, 1], "{told}");
    let change = |id: &str| told["changes"].as_array().unwrap().iter().find(|c| c["id"] == id).unwrap();
    // The projection of EPSG:25832 shortens by 0.04 % there.
    let near = |value: &Value, expected: f64| (value.as_f64().unwrap() / expected - 1.0).abs() < 0.002;
    assert_eq!(change("comes")["change"], serde_json::json!(["added"]));
    assert!(near(&change("comes")["volume"]["to"], 300.0) && change("comes")["volume"]["from"].is_null());
    assert_eq!(change("goes")["change"], serde_json::json!(["removed"]));
    assert_eq!(change("moves")["change"], serde_json::json!(["moved"]));
    assert!(near(&change("moves")["moved"], 1.0), "{told}");
    assert_eq!(change("grows")["change"], serde_json::json!(["reshaped", "reattributed"]));
    assert_eq!(change("grows")["attributes"], serde_json::json!(["height"]));
    assert!(near(&change("grows")["volume"]["from"], 500.0) && near(&change("grows")["volume"]["to"], 700.0), "{told}");
    assert_eq!(change("second-id")["change"], serde_json::json!(["renewed"]));
    assert_eq!(change("second-id")["was"], "first-id");
    let text = ask(&[]);
    assert!(text.contains("+ building comes") && text.contains("- building goes"), "{text}");
    assert!(text.contains("moved 1.000 m") && text.contains("was building first-id"), "{text}");
    assert!(text.ends_with("1 added, 1 removed, 3 changed, 1 unchanged\n"), "{text}");
}

/// Walls are computed anew where they stand, with their openings, and come in other triangles there; they are the same walls.
#[test]
fn a_storey_that_only_moved_has_only_moved_things() {
    let dir = tempfile::tempdir().unwrap();
    let community = dir.path().join("community");
    let made = run(&["generate", "--households", "24", "--seed", "7", community.to_str().unwrap()]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let old = community.join("tower-1.ifc");
    let text = std::fs::read_to_string(&old).unwrap();
    let (here, there) = ("IFCCARTESIANPOINT((0.0,0.0,7.1))", "IFCCARTESIANPOINT((0.15,0.0,7.1))");
    assert_eq!(text.matches(here).count(), 1, "where the second storey stands");
    let new = dir.path().join("moved.ifc");
    std::fs::write(&new, text.replace(here, there)).unwrap();
    let done = run(&["diff", old.to_str().unwrap(), new.to_str().unwrap(), "--json"]);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    let told: Value = serde_json::from_slice(&done.stdout).unwrap();
    let changes = told["changes"].as_array().unwrap();
    let walls = changes.iter().filter(|c| c["class"] == "wall").count();
    assert!(walls > 100 && changes.len() > walls + 100, "{walls} of {}", changes.len());
    assert_eq!([&told["added"], &told["removed"]], [0, 0]);
    for change in changes {
        assert_eq!(change["change"], serde_json::json!(["moved"]), "{change}");
        assert!((change["moved"].as_f64().unwrap() - 0.15).abs() < 0.001, "{change}");
    }
}

#[test]
fn what_cannot_be_compared_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let old = dir.path().join("old.city.jsonl");
    write(&old, &[("a", 0, 5)]);
    let told = |arguments: &[&str]| {
        let done = run(arguments);
        (done.status.code(), String::from_utf8_lossy(&done.stderr).into_owned())
    };
    let old = old.to_str().unwrap();
    let (code, words) = told(&["diff", old]);
    assert!(code == Some(2) && words.contains("two files"), "{words}");
    let (code, words) = told(&["diff", old, "/nowhere/new.city.jsonl"]);
    assert!(code == Some(2) && words.contains("/nowhere/new.city.jsonl"), "{words}");
}
