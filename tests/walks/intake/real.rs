//! The real files: nothing lost, everything in its place as pyproj has it.

use super::{import, only};
use crate::support::{python, shared};
use cimbra::geom::Bounds;
use cimbra::ingest::{ImportOptions, Origin};
use cimbra::model::{Collection, Footprint};
use cimbra::store::Store;
use cimbra::units::Geodetic;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

fn oracle(arguments: &[&str]) -> BTreeMap<String, Vec<f64>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/place_oracle.py");
    let out = Command::new(python()).arg(script).args(arguments).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

fn with_offset(metres: f64) -> ImportOptions {
    ImportOptions { height_offset: Some(metres), ..ImportOptions::default() }
}

/// Metres between two positions given in degrees, near latitude 50.
fn apart(lon: f64, lat: f64) -> f64 {
    (lon * 111_320.0).hypot(lat * 111_320.0)
}

#[test]
fn delft_comes_in_whole_and_each_building_stands_where_pyproj_puts_it() {
    let Some(shared) = shared() else { return };
    let (dir, file) = (tempfile::tempdir().unwrap(), shared.join("data/cityjson/delft.city.jsonl"));
    let store = Store::open(dir.path()).unwrap();
    let report = import(Some(&store), &[&file], with_offset(43.4));
    let done = &report.files[0];
    assert_eq!((report.objects, report.refused, done.added), (2231, 0, 2231), "{}", report.json());
    assert_eq!(done.classes, BTreeMap::from([("building".into(), 1115), ("building_part".into(), 1116)]));
    assert_eq!(done.frame.as_deref(), Some("EPSG:7415"));
    let city = only(&store);
    assert_eq!((city.len(), city.count(Collection::Buildings)), (2231, 1115));

    let operation = done.notes.iter().find_map(|n| n.strip_prefix("from EPSG:7415 by '")?.strip_suffix("'")).unwrap();
    let theirs = oracle(&["cityjson", file.to_str().unwrap(), "EPSG:28992", operation]);
    assert_eq!(theirs.len(), 1115);
    let mut worst: f64 = 0.0;
    for (id, theirs) in &theirs {
        let row = city.find(id).unwrap();
        let Footprint::Areas(areas) = &city.geometry(row).unwrap().footprint else { panic!("{id} has no area") };
        let ours = Bounds::of(areas.iter().flatten().flatten().copied());
        worst = worst.max(apart(ours.min[0] - theirs[0], ours.min[1] - theirs[1]));
        worst = worst.max(apart(ours.max[0] - theirs[2], ours.max[1] - theirs[3]));
        // A building's box holds its parts, whose solids reach its roof.
        let bounds = city.asset(row).unwrap().bounds();
        for part in city.children(row) {
            assert!(bounds.contains(&city.asset(part).unwrap().bounds()), "{id}");
        }
    }
    eprintln!("Delft: footprints are at most {:.3} mm from pyproj's", worst * 1000.0);
    assert!(worst < 0.01, "{worst} m");

    let again = import(Some(&store), &[&file], with_offset(43.4));
    assert_eq!((again.files[0].unchanged, again.files[0].removed), (2231, 0), "the same file changes nothing");
    let moved = import(Some(&store), &[&file], with_offset(44.4));
    assert_eq!((moved.files[0].replaced, only(&store).len()), (2231, 2231), "a new version replaces the old one");
}

#[test]
fn heights_are_asked_for_and_not_guessed() {
    let Some(shared) = shared() else { return };
    let (dir, file) = (tempfile::tempdir().unwrap(), shared.join("data/cityjson/delft.city.jsonl"));
    let store = Store::open(dir.path()).unwrap();
    let report = import(Some(&store), &[&file], ImportOptions::default());
    assert!(report.files[0].error.as_ref().unwrap().contains("--height-offset M"), "{}", report.json());
    assert!(store.sites().is_empty(), "a refused file makes no site");
}

#[test]
fn every_ifc_file_comes_in_and_stands_at_its_site() {
    let Some(shared) = shared() else { return };
    // What IfcOpenShell counts (tests/walks/ifc_oracle.rs compares them one by one): products, groups and the project.
    for (name, objects) in [
        ("AC11-Institute-Var-2", 804),
        ("AC20-FZK-Haus", 97),
        ("Duplex_Architecture", 246),
        ("Duplex_Electrical", 110),
        ("LargeBuilding", 128),
        ("Office_A", 910),
        ("derived_community_9bldg", 4438),
    ] {
        let (dir, file) = (tempfile::tempdir().unwrap(), shared.join(format!("data/ifc/{name}.ifc")));
        let store = Store::open(dir.path()).unwrap();
        let report = import(Some(&store), &[&file], ImportOptions::default());
        assert_eq!((report.objects, report.refused), (objects, 0), "{name}: {}", report.json());
        let city = only(&store);
        for collection in [Collection::Buildings, Collection::Storeys] {
            assert!(city.count(collection) > 0, "{name}");
        }
        let buildings = city.rows().filter_map(|r| city.asset(r)).filter(|a| a.class().name() == "building");
        for building in buildings {
            let size = city.frame().bounds_to_index(&building.bounds()).size();
            let sound = size.iter().all(|s| (1.0..300.0).contains(s));
            assert!(sound, "{name}: {} holds its parts: {size:?}", building.id());
        }
    }
}

#[test]
fn fzk_haus_stands_at_its_ifcsite_turned_by_true_north() {
    let Some(shared) = shared() else { return };
    let (dir, file) = (tempfile::tempdir().unwrap(), shared.join("data/ifc/AC20-FZK-Haus.ifc"));
    let store = Store::open(dir.path()).unwrap();
    import(Some(&store), &[&file], ImportOptions::default());
    let city = only(&store);
    let theirs = oracle(&["ifc", file.to_str().unwrap()]);
    assert!(theirs.len() >= 85, "{}", theirs.len());
    let mut worst: f64 = 0.0;
    for (id, theirs) in &theirs {
        let ours = city.asset(city.find(id).unwrap()).unwrap().bounds();
        worst = worst.max(apart(ours.min[0] - theirs[0], ours.min[1] - theirs[1]));
        worst = worst.max(apart(ours.max[0] - theirs[3], ours.max[1] - theirs[4]));
        worst = worst.max((ours.min[2] - theirs[2]).abs()).max((ours.max[2] - theirs[5]).abs());
    }
    eprintln!("FZK-Haus: boxes are at most {:.3} mm from IfcOpenShell's under pyproj", worst * 1000.0);
    assert!(worst < 0.01, "{worst} m");
}

#[test]
fn an_origin_given_wins_and_the_report_says_how_far_that_is() {
    let Some(shared) = shared() else { return };
    let (dir, file) = (tempfile::tempdir().unwrap(), shared.join("data/ifc/AC20-FZK-Haus.ifc"));
    let store = Store::open(dir.path()).unwrap();
    let position = Geodetic::new(8.436_539, 49.101_334_3, 110.0);
    let origin = Some(Origin { position, heading: Some(0.0) });
    let report = import(Some(&store), &[&file], ImportOptions { origin, ..ImportOptions::default() });
    let moved = report.files[0].moved_metres.unwrap();
    assert!((moved - 100.0).abs() < 0.5, "100 m to the north of the IfcSite: {moved}");
    assert_eq!(store.sites()[0].frame().origin(), position, "the new site's origin");
}
