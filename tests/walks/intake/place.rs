//! What a file may do to a site: not end another file's assets, not reach across the globe, not say to a terminal what to do.

use super::{block, header};
use crate::support::run;
use cimbra::store::Store;
use serde_json::Value;
use std::path::Path;

fn points(path: &Path, places: &[(&str, f64, f64)]) {
    let row = |(id, lon, lat): &(&str, f64, f64)| format!("{id},bin,{lon},{lat},5\n");
    std::fs::write(path, places.iter().map(row).fold("id,class,lon,lat,h\n".to_owned(), |all, row| all + &row))
        .unwrap();
}

/// Imports and gives the exit code, the JSON report and what stderr says.
fn import(file: &Path, store: &Path, more: &[&str]) -> (Option<i32>, Value, String) {
    let (file, store) = (file.to_str().unwrap(), store.to_str().unwrap());
    let done = run(&[&["import", file, "--store", store, "--json"], more].concat());
    let report = serde_json::from_slice(&done.stdout).unwrap_or_default();
    (done.status.code(), report, String::from_utf8_lossy(&done.stderr).into_owned())
}

#[test]
fn another_file_of_the_same_name_ends_nothing_unless_told() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    let (first, other) = (dir.path().join("town.csv"), dir.path().join("other/town.csv"));
    std::fs::create_dir_all(other.parent().unwrap()).unwrap();
    points(&first, &[("a", 118.78, 32.04), ("b", 118.781, 32.04)]);
    points(&other, &[("c", 118.782, 32.04)]);
    assert_eq!(import(&first, &store, &[]).0, Some(0));
    let (code, _, told) = import(&other, &store, &[]);
    assert!(code == Some(2) && told.contains("--dataset") && told.contains("--replace"), "{told}");
    let (code, report, _) = import(&other, &store, &["--replace"]);
    assert_eq!((code, &report["files"][0]["removed"]), (Some(0), &2.into()));
    // A file that shares one object is a version, and may end the others.
    points(&first, &[("c", 118.783, 32.04), ("d", 118.783, 32.041)]);
    assert_eq!(import(&first, &store, &[]).0, Some(0));
}

#[test]
fn what_lies_beyond_a_sites_reach_is_refused_and_does_not_move_its_origin() {
    let dir = tempfile::tempdir().unwrap();
    let (file, store) = (dir.path().join("town.csv"), dir.path().join("store"));
    points(&file, &[("a", 118.78, 32.04), ("stray", 0.0, 0.0), ("b", 118.782, 32.042), ("c", 118.784, 32.044)]);
    let (code, report, told) = import(&file, &store, &[]);
    assert_eq!((code, &report["objects"], &report["refused"]), (Some(1), &3.into(), &1.into()), "{told}");
    assert!(told.contains("stray") && told.contains("--site"), "{told}");
    let origin = Store::open(&store).unwrap().sites()[0].frame().origin();
    assert!((origin.lon - 118.782).abs() < 1e-9 && (origin.lat - 32.042).abs() < 1e-9, "{origin:?}");
    let far = dir.path().join("far.city.jsonl");
    std::fs::write(&far, format!("{}\n{}\n", header(), block("x", 0, 0, 5))).unwrap();
    let (code, report, told) = import(&far, &store, &[]);
    assert_eq!((code, &report["refused"]), (Some(2), &1.into()), "a file counts by its objects: {told}");
    assert!(told.contains("km from the origin"), "{told}");
}

#[test]
fn a_site_across_the_antimeridian_has_its_origin_among_its_buildings() {
    let dir = tempfile::tempdir().unwrap();
    let (file, store) = (dir.path().join("islands.csv"), dir.path().join("store"));
    points(&file, &[("east", 179.995, 10.0), ("west", -179.999, 10.0)]);
    assert_eq!(import(&file, &store, &[]).0, Some(0));
    let origin = Store::open(&store).unwrap().sites()[0].frame().origin();
    assert!((origin.lon - 179.998).abs() < 1e-9, "{origin:?}");
}

#[test]
fn rows_cut_short_and_words_for_a_terminal_are_refused_in_plain_text() {
    let dir = tempfile::tempdir().unwrap();
    let (file, store) = (dir.path().join("devices.csv"), dir.path().join("store"));
    let rows = "id,class,lon,lat\nD1,smoke_detector,118.78,32.04\nD5,smoke_detector\n\"D6,smoke_detector,118,32";
    std::fs::write(&file, rows).unwrap();
    let (code, report, told) = import(&file, &store, &[]);
    assert_eq!((code, &report["objects"], &report["refused"]), (Some(1), &1.into(), &2.into()), "{told}");
    assert!(told.contains("D5") && told.contains("has 2 cells"), "{told}");
    let rows = "id,class,lon,lat\n\u{1b}]0;owned\u{7},bin,x,32.04\nD2,bin,118.78,32.04\n";
    std::fs::write(&file, rows).unwrap();
    let (_, _, told) = import(&file, &dir.path().join("other"), &[]);
    assert!(told.contains("owned") && !told.contains(['\u{1b}', '\u{7}']), "{told:?}");
}

#[test]
fn a_mistyped_file_leaves_no_store_behind() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    let (code, _, told) = import(Path::new("/nowhere/tower.ifc"), &store, &[]);
    assert!(code == Some(2) && told.contains("/nowhere/tower.ifc") && !store.exists(), "{told}");
}
