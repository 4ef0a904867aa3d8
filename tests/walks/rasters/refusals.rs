//! Rasters that cannot be taken: each is one error with its remedy, and nothing of it stays.

use super::{import, written};
use crate::support::run;
use crate::support::tiff::{doubles, placed, shorts, tiff};
use std::path::{Path, PathBuf};

fn with(more: &[(u16, u16, u32, Vec<u8>)]) -> Vec<u8> {
    tiff(&[placed(), more.to_vec()].concat())
}

#[test]
fn a_bad_raster_is_one_error_with_its_remedy_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let good = with(&[]);
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("no place", tiff(&[]), "gdal_translate -a_ullr"),
        ("no crs", tiff(&placed()[..2]), "--crs EPSG:n"),
        ("control points", tiff(&[(33_922, 12, 12, doubles(&[0.0; 12]))]), "gdalwarp"),
        ("a scale of nothing", with(&[(33_550, 12, 3, doubles(&[0.0, 10.0, 0.0]))]), "places nothing"),
        ("a scale that is no number", with(&[(33_550, 12, 3, doubles(&[f64::NAN, 10.0, 0.0]))]), "places nothing"),
        ("geocentric", with(&[(34_735, 3, 8, shorts(&[1, 1, 0, 1, 1024, 0, 1, 3]))]), "geocentric"),
        ("unknown crs", with(&[(34_735, 3, 12, shorts(&[1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 1]))]), "EPSG:1"),
        (
            "feet of a stranger",
            with(&[(34_735, 3, 16, shorts(&[1, 1, 0, 3, 1024, 0, 1, 1, 3072, 0, 1, 32632, 4099, 0, 1, 9014]))]),
            "9014",
        ),
        ("white at zero", with(&[(262, 3, 1, vec![0, 0])]), "MINISBLACK"),
        (
            "all void",
            with(&[
                (42_113, 2, 4, b"100\0".to_vec()),
                (339, 3, 1, vec![2, 0]),
                (257, 3, 1, vec![1, 0]),
                (256, 3, 1, vec![1, 0]),
                (278, 3, 1, vec![1, 0]),
                (279, 4, 1, vec![2, 0, 0, 0]),
            ]),
            "no pixel with a value",
        ),
        ("cut short", good[..80].to_vec(), "not whole"),
        ("too wide", with(&[(256, 4, 1, vec![0, 0, 32, 0])]), "gdal_retile"),
        (
            "too many pixels",
            with(&[(256, 4, 1, vec![0, 0, 2, 0]), (257, 4, 1, vec![0, 0, 2, 0]), (278, 4, 1, vec![0, 0, 2, 0])]),
            "2^32",
        ),
        (
            "a strip of gigabytes",
            with(&[(256, 4, 1, vec![0, 0, 1, 0]), (257, 4, 1, vec![0, 128, 0, 0]), (278, 4, 1, vec![0, 128, 0, 0])]),
            "TILED=YES",
        ),
        ("strips missing", with(&[(278, 3, 1, vec![1, 0])]), "no sound TIFF"),
        (
            "palette",
            with(&[(262, 3, 1, vec![3, 0]), (258, 3, 1, vec![8, 0]), (279, 4, 1, vec![64, 0, 0, 0])]),
            "-expand rgb",
        ),
        ("cmyk", with(&[(262, 3, 1, vec![5, 0])]), "is not read"),
        ("far away", with(&[(33_922, 12, 6, doubles(&[0.0, 0.0, 0.0, 9e9, 9e9, 0.0]))]), "EPSG:32632"),
    ];
    for (what, bytes, wanted) in cases {
        let (file, store) = (dir.path().join("case.tif"), dir.path().join("store"));
        std::fs::write(&file, bytes).unwrap();
        let (code, _, told) = import(&file, &store, &[]);
        assert!(code == Some(2) && told.contains(wanted) && told.contains("case.tif"), "{what}: {told}");
        let left: Vec<PathBuf> = ["scratch", "sites"]
            .iter()
            .flat_map(|name| std::fs::read_dir(store.join(name)).into_iter().flatten())
            .map(|e| e.unwrap().path())
            .collect();
        assert!(left.is_empty(), "{what}: {left:?}");
    }
    let (file, store) = (dir.path().join("good.tif"), dir.path().join("store"));
    std::fs::write(&file, good).unwrap();
    assert_eq!(import(&file, &store, &[]).0, Some(0), "so that the others are refused for what is wrong with them");
}

#[test]
fn rasters_and_assets_do_not_take_each_other_s_names_unless_told() {
    let dir = tempfile::tempdir().unwrap();
    let all = written(dir.path());
    let named = |name: &str| {
        let ends = format!("/{name}.tif");
        Path::new(all.iter().find_map(|one| one["file"].as_str().filter(|f| f.ends_with(&ends))).unwrap())
    };
    let (store, csv) = (dir.path().join("store"), dir.path().join("ground.csv"));
    std::fs::write(&csv, "id,class,lon,lat,h\nb1,bin,8.54,47.37,400\n").unwrap();
    assert_eq!(import(&csv, &store, &[]).0, Some(0));
    let (code, _, told) = import(named("plain"), &store, &["--dataset", "ground"]);
    assert!(code == Some(2) && told.contains("--replace") && told.contains("assets"), "{told}");
    let (code, report, _) = import(named("plain"), &store, &["--dataset", "ground", "--replace"]);
    assert_eq!((code, &report["files"][0]["removed"]), (Some(0), &1.into()));
    let (code, _, told) = import(&csv, &store, &["--replace"]);
    assert!(code == Some(2) && told.contains("--dataset"), "{told}");
    let (code, _, told) = import(named("mercator"), &store, &["--dataset", "ground"]);
    assert!(code == Some(2) && told.contains("covers nothing"), "another place: {told}");
    // A check says the same and makes nothing.
    let check = run(&["check", named("plain").to_str().unwrap(), "--json"]);
    let report: serde_json::Value = serde_json::from_slice(&check.stdout).unwrap();
    assert_eq!((check.status.code(), &report["objects"]), (Some(0), &1.into()));
}
