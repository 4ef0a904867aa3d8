//! A model with faults made on purpose: every one is found by its id, and nothing else is.

use super::{import, only};
use cimbra::ingest::{FileReport, ImportOptions, Report};
use cimbra::store::Store;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// A square of 8 m at (`x`, `y`) metres from the middle, as a ring of degrees.
fn square(x: f64, y: f64) -> Value {
    let corner = |dx: f64, dy: f64| json!([118.78 + (x + dx) / 94_500.0, 32.04 + (y + dy) / 110_900.0]);
    json!([[corner(0.0, 0.0), corner(8.0, 0.0), corner(8.0, 8.0), corner(0.0, 8.0), corner(0.0, 0.0)]])
}

fn feature(properties: Value, geometry: Value) -> String {
    json!({"type": "Feature", "properties": properties, "geometry": geometry}).to_string()
}

/// A body of `height` metres on `base`.
fn body(id: &str, class: &str, parent: &str, x: f64, base: f64, height: f64) -> String {
    let properties = json!({"id": id, "class": class, "parent": parent, "base_height": base, "height": height});
    feature(properties, json!({"type": "Polygon", "coordinates": square(x, 0.0)}))
}

fn storey(id: &str, name: &str, index: i64, elevation: f64) -> String {
    let properties =
        json!({"id": id, "name": name, "class": "storey", "parent": "house", "index": index, "elevation": elevation});
    feature(properties, Value::Null)
}

fn device(id: &str, storey: Option<&str>, x: f64, h: f64) -> String {
    let at = json!([118.78 + (x + 4.0) / 94_500.0, 32.04 + 4.0 / 110_900.0, h]);
    feature(json!({"id": id, "class": "smoke_detector", "storey": storey}), json!({"type": "Point", "coordinates": at}))
}

/// Three storeys of 3 m over 20 m of height, each with a room and a wall.
fn sound() -> Vec<String> {
    let mut lines = vec![body("house", "building", "", 0.0, 20.0, 9.0).replace(r#""parent":"","#, "")];
    for (i, name) in ["1F", "2F", "3F"].iter().enumerate() {
        let base = 20.0 + 3.0 * i as f64;
        lines.push(storey(&format!("s{i}"), name, i as i64, 3.0 * i as f64));
        lines.push(body(&format!("room{i}"), "space", &format!("s{i}"), 0.0, base, 2.8));
        lines.push(body(&format!("wall{i}"), "wall", &format!("s{i}"), 0.0, base, 2.8));
        lines.push(device(&format!("smoke{i}"), Some(name), 0.0, base + 2.5));
    }
    // Outdoors by its place and by what it says.
    lines.push(device("yard", None, 90.0, 20.0));
    lines
}

fn checked(lines: &[String], dir: &Path, store: Option<&Store>) -> Report {
    let file = dir.join("model.geojsonl");
    std::fs::write(&file, lines.join("\n")).unwrap();
    let options = ImportOptions { height_offset: Some(0.0), replace: true, ..ImportOptions::default() };
    let report = import(store, &[&file], options);
    assert_eq!(report.files[0].error, None, "{}", report.text());
    report
}

/// Kinds and ids that were found.
fn found(file: &FileReport) -> BTreeSet<(&str, &str)> {
    file.findings.findings.iter().map(|f| (f.kind.as_str(), f.id.as_str())).collect()
}

#[test]
fn every_fault_of_a_model_is_found_by_its_id_and_a_sound_one_has_none() {
    let dir = tempfile::tempdir().unwrap();
    let report = checked(&sound(), dir.path(), None);
    assert_eq!(found(&report.files[0]), BTreeSet::new(), "{}", report.text());

    let mut bad = sound();
    // A wall of the first storey that stands on the third, and one of the third in the ground of the first.
    bad.push(body("lost_up", "wall", "s0", 0.0, 26.2, 2.5));
    bad.push(body("lost_down", "wall", "s2", 0.0, 20.0, 2.5));
    bad.push(body("homeless", "wall", "house", 0.0, 20.0, 2.5));
    bad.push(body("orphan", "furniture", "nowhere", 0.0, 20.0, 0.8));
    bad.push(device("astray", Some("1F"), 60.0, 21.0));
    bad.push(device("liar", Some("3F"), 0.0, 21.0));
    bad.push(device("hangs_on_the_wall", Some("1层"), 4.2, 21.0));
    bad.push(device("smoke0", Some("1F"), 0.0, 22.0));
    bad.push(storey("s_label", "2F夹层", 3, 9.0));
    bad.push(storey("s_index", "5F", 1, 12.5));
    bad.push(storey("s_same", "6F", 4, 12.6));
    bad.push(storey("s_far", "7F", 5, 40.0));
    let report = checked(&bad, dir.path(), None);
    let expected = [
        ("outside_storey", "lost_up"),
        ("outside_storey", "lost_down"),
        ("no_storey", "homeless"),
        ("no_storey", "orphan"),
        ("missing_parent", "orphan"),
        ("device_outside_spaces", "astray"),
        ("device_other_storey", "liar"),
        ("storeys_out_of_order", "s_label"),
        ("storeys_out_of_order", "s_index"),
        ("storeys_overlap", "s_same"),
        ("storey_gap", "s_far"),
    ];
    // The orphan says no building and no storey, and its parent is unknown: nothing is known of where it belongs.
    let expected: BTreeSet<_> = expected.into_iter().filter(|e| *e != ("no_storey", "orphan")).collect();
    assert_eq!(found(&report.files[0]), expected, "{}", report.text());
    let refused: Vec<_> = report.files[0].refused.iter().map(|r| r.object.as_str()).collect();
    assert_eq!(refused, ["smoke0"], "an id that comes twice is refused");
    let json: Value = serde_json::from_str(&report.json()).unwrap();
    let file = &json["files"][0];
    assert_eq!(file["finding_totals"]["storeys_out_of_order"]["objects"], 2);
    let one = file["findings"].as_array().unwrap().iter().find(|f| f["id"] == "lost_up").unwrap();
    assert_eq!((&one["severity"], &one["repaired"], &one["class"]), (&json!("warning"), &json!(false), &json!("wall")));
    assert!((one["near"][2].as_f64().unwrap() - 27.45).abs() < 0.01, "{one}");
    assert!(
        report.text().contains("found outside_storey: 2 elements outside their storey, in 2 objects"),
        "{}",
        report.text()
    );
}

/// Two stairs of a house lead to storeys of their own, at the same levels.
#[test]
fn storeys_of_units_side_by_side_are_not_one_above_the_other() {
    let dir = tempfile::tempdir().unwrap();
    let mut lines = vec![body("house", "building", "", 0.0, 20.0, 6.0).replace(r#""parent":"","#, "")];
    for unit in ["u1", "u2"] {
        let properties = json!({"id": unit, "class": "building_unit", "parent": "house"});
        lines.push(feature(properties, Value::Null));
        for i in 0..2 {
            let own = storey(&format!("{unit}s{i}"), &format!("{}F", i + 1), i, 3.0 * i as f64);
            lines.push(own.replace(r#""parent":"house""#, &format!(r#""parent":"{unit}""#)));
        }
    }
    let report = checked(&lines, dir.path(), None);
    assert_eq!(found(&report.files[0]), BTreeSet::new(), "{}", report.text());
    // One stair with both pairs: now they are.
    let lines: Vec<String> = lines.iter().map(|l| l.replace(r#""parent":"u2""#, r#""parent":"u1""#)).collect();
    let report = checked(&lines, dir.path(), None);
    assert!(found(&report.files[0]).contains(&("storeys_overlap", "u2s0")), "{}", report.text());
}

/// Devices come in a file of their own, after the rooms.
#[test]
fn devices_are_looked_for_in_the_rooms_that_the_site_has() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("store")).unwrap();
    checked(&sound(), dir.path(), Some(&store));
    let file = dir.path().join("devices.geojsonl");
    // Rooms brought by a file without storeys of theirs say none; these devices differ by place only.
    let lines =
        [device("in", Some("2F"), 0.0, 24.0), device("out", Some("2F"), 60.0, 24.0), device("open", None, 60.0, 24.0)];
    std::fs::write(&file, lines.join("\n")).unwrap();
    let report = import(Some(&store), &[&file], ImportOptions { height_offset: Some(0.0), ..ImportOptions::default() });
    assert_eq!(found(&report.files[0]), BTreeSet::from([("device_outside_spaces", "out")]), "{}", report.text());
    assert!(only(&store).find("out").is_some(), "found, and in");

    // A file with a room of its own, as an electrical model has the roof: the others' rooms count still.
    let plant = body("plant", "space", "", 60.0, 29.0, 2.8).replace(r#""parent":"","#, "");
    let lines = [
        plant,
        device("below", Some("2F"), 0.0, 24.0),
        device("up", None, 60.0, 30.0),
        device("nowhere", Some("2F"), 90.0, 24.0),
        // A stairwell belongs to its lowest storey, and what hangs in it to the one where it hangs.
        body("well", "space", "ground", 30.0, 20.0, 8.8),
        feature(json!({"id": "ground", "name": "1F", "class": "storey"}), Value::Null),
        device("lamp", Some("2F"), 30.0, 24.0),
    ];
    let file = dir.path().join("electrical.geojsonl");
    std::fs::write(&file, lines.join("\n")).unwrap();
    let options = || ImportOptions { height_offset: Some(0.0), ..ImportOptions::default() };
    let report = import(Some(&store), &[&file], options());
    let expected = BTreeSet::from([("device_outside_spaces", "nowhere")]);
    assert_eq!(found(&report.files[0]), expected, "{}", report.text());

    // Its own room of before is none to hang a device in now.
    let lines = [device("below", Some("2F"), 0.0, 24.0), device("up", Some("roof"), 60.0, 30.0)];
    std::fs::write(&file, lines.join("\n")).unwrap();
    let report = import(Some(&store), &[&file], options());
    assert_eq!(found(&report.files[0]), BTreeSet::from([("device_outside_spaces", "up")]), "{}", report.text());
}

/// What is mended is what comes into the store.
#[test]
fn a_damaged_body_comes_in_mended() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("store")).unwrap();
    // A box of faces in a MultiSurface, one of them turned, one twice: surfaces are turned and counted, not closed.
    let faces = "[[0,2,3,1]],[[4,5,7,6]],[[0,4,5,1]],[[1,3,7,5]],[[3,2,6,7]],[[2,0,4,6]],[[2,0,4,6]]";
    let line = super::block("turned", 0, 0, 3);
    let start = line.find(r#""geometry""#).unwrap();
    let end = line.find("}}},").unwrap_or_else(|| line.find("}]}}").unwrap());
    let geometry = format!(r#""geometry":[{{"type":"MultiSurface","lod":"2","boundaries":[{faces}]"#);
    let line = format!("{}{geometry}{}", &line[..start], &line[end..]);
    let file = dir.path().join("damaged.city.jsonl");
    std::fs::write(&file, [super::header(), line].join("\n")).unwrap();
    let report =
        import(Some(&store), &[&file], ImportOptions { height_offset: Some(45.0), ..ImportOptions::default() });
    let kinds: BTreeSet<_> =
        report.files[0].findings.findings.iter().map(|f| (f.kind.as_str(), f.count, f.repaired)).collect();
    assert_eq!(
        kinds,
        BTreeSet::from([("duplicate_triangles", 2, true), ("flipped_faces", 2, true)]),
        "{}",
        report.text()
    );
    let snapshot = only(&store);
    let geometry = snapshot.geometry(snapshot.find("turned").unwrap()).unwrap();
    let volume = geometry.mesh.as_ref().unwrap().volume();
    assert!(volume.is_some_and(|v| (v - 300.0).abs() < 0.5), "{volume:?}");
}
