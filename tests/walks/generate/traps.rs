//! The traps of a generated community: what is told as true differs from what the files say, and nobody else knows it.

use super::{community, rows};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

#[test]
fn every_kind_of_trap_is_set_and_the_truth_tells_it() {
    let (dir, _) = community(500, 3);
    let devices: HashMap<String, HashMap<String, String>> =
        rows(&dir.path().join("devices.csv")).into_iter().map(|row| (row["id"].clone(), row)).collect();
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for trap in rows(&dir.path().join(".truth/traps.csv")) {
        *kinds.entry(trap["trap"].clone()).or_default() += 1;
        let device = &devices[&trap["device"]];
        let other = devices.get(&trap["other"]);
        // What a device's name says of its number, unit and storey is true; so is its storey.
        let said = |row: &HashMap<String, String>, storey: &str| {
            let label = storey.trim_end_matches('层');
            row["panel_text"].contains(label)
        };
        match trap["trap"].as_str() {
            "swapped" => {
                let (a, b) = (&device["panel_text"], &other.unwrap()["panel_text"]);
                let number = |row: &HashMap<String, String>| row["id"].rsplit('-').next().unwrap().to_owned();
                assert_ne!(a, b);
                assert!(a.ends_with(&number(other.unwrap())) && b.ends_with(&number(device)), "{trap:?} {a} {b}");
            }
            "duplicate" => assert_eq!(device["panel_text"], other.unwrap()["panel_text"]),
            "misplaced" => assert_eq!(device["storey"], trap["truth"]),
            "mislabelled" => {
                assert_eq!(device["storey"], trap["truth"]);
                assert!(!said(device, &format!("{}F", trap["truth"])), "{device:?}");
            }
            "replaced" => assert!(device["serial"] != trap["truth"] && trap["truth"].starts_with("SN")),
            "by_phone" => {
                assert_eq!(device["crs"], "GCJ-02");
                let [x, y] = ["x", "y"].map(|c| device[c].parse::<f64>().unwrap());
                assert!((118.78..118.80).contains(&x) && (32.03..32.06).contains(&y), "{device:?}");
            }
            "moved" => assert_eq!(device["class"], "camera"),
            other => panic!("nobody knows the trap {other}"),
        }
    }
    let known = ["by_phone", "duplicate", "mislabelled", "misplaced", "moved", "replaced", "swapped"];
    assert_eq!(kinds.keys().map(String::as_str).collect::<Vec<_>>(), known);
    assert!(kinds["misplaced"] >= 3 && kinds["misplaced"] <= 10, "{kinds:?}");
    let styles: Vec<bool> = ["1-", "2号楼", "3#", "004栋"]
        .map(|style| devices.values().any(|d| d["class"] != "camera" && d["panel_text"].starts_with(style)))
        .to_vec();
    assert_eq!(styles, [true; 4], "every building has a panel of its own make");
    let labels = ["12A", "架空层", "避难层", "夹层", "B2"];
    assert!(labels.iter().all(|label| devices.values().any(|d| d["storey"] == **label)), "labels that are no numbers");
    assert!(!devices.values().any(|d| ["4", "14", "24", "13"].contains(&d["storey"].as_str())));
}

#[test]
fn cameras_are_entered_with_a_pose_and_only_the_moved_ones_stand_otherwise() {
    let (dir, _) = community(500, 3);
    let truth: HashMap<String, HashMap<String, String>> =
        rows(&dir.path().join(".truth/cameras.csv")).into_iter().map(|row| (row["device"].clone(), row)).collect();
    let cameras: Vec<_> =
        rows(&dir.path().join("devices.csv")).into_iter().filter(|r| r["class"] == "camera").collect();
    assert_eq!(truth.len(), cameras.len());
    for camera in &cameras {
        let number = |name: &str| camera[name].parse::<f64>().unwrap();
        assert!((0.0..360.0).contains(&number("heading")) && (-90.0..0.0).contains(&number("pitch")), "{camera:?}");
        assert!(number("hfov") > number("vfov") && number("range") > 5.0 && number("height") > 1.0, "{camera:?}");
        let true_one = &truth[&camera["id"]];
        let same = ["x", "y", "z", "heading"].iter().all(|c| true_one[*c] == camera[*c]);
        assert_eq!(true_one["moved"] == "false", same, "{camera:?} {true_one:?}");
    }
    assert!(truth.values().any(|row| row["moved"] == "true"));
}

#[test]
fn nothing_but_the_generator_and_tests_read_the_truth() {
    fn walk(dir: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let reads = text.lines().any(|line| {
                (line.contains("\".truth") || line.contains(".truth/")) && !line.trim_start().starts_with("//")
            });
            // The command's help says where it lies.
            let knows = ["src/ingest/generate/", "src/app/cli/generate.rs"];
            let shown = path.to_string_lossy().replace('\\', "/");
            if reads && !knows.iter().any(|place| shown.contains(place)) {
                found.push(path.display().to_string());
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert_eq!(found, Vec::<String>::new());
}
