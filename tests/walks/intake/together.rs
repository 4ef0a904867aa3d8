//! Files that come together: tables after the models that their rows are part of, imports that make one site at once, and a file
//! whose exporter renewed all ids.

use super::{blocks, import, only};
use cimbra::ingest::{ImportOptions, Intake, Report};
use cimbra::store::Store;
use cimbra::units::{Clock, Instant};
use std::fs::write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[test]
fn a_parent_that_an_earlier_file_of_the_command_brings_is_not_missing() {
    let dir = tempfile::tempdir().unwrap();
    let (store, devices, town) =
        (Store::open(&dir.path().join("store")).unwrap(), dir.path().join("b.csv"), dir.path().join("a.city.jsonl"));
    let row = |id: &str, parent: &str| format!("{id},458005,5438005,101,EPSG:25832,{parent}\n");
    write(&devices, format!("id,x,y,z,crs,parent\n{}{}", row("d0", "b0"), row("d1", "nobody"))).unwrap();
    write(&town, blocks(3, 10)).unwrap();
    // A check before the import, which finds nothing in the store.
    for store in [None, Some(&store)] {
        let report = import(store, &[&town, &devices], ImportOptions::default());
        assert_eq!(report.objects, 5, "{}", report.text());
        let findings = report.files.iter().flat_map(|file| &file.findings.findings);
        let missing: Vec<_> = findings.filter(|f| f.kind == "missing_parent").map(|f| f.id.as_str()).collect();
        assert_eq!(missing, ["d1"]);
    }
}

/// The files of a command are judged together, whatever their order; they are taken in that order all the same.
#[test]
fn what_a_later_file_of_the_command_brings_is_not_missing_either() {
    let dir = tempfile::tempdir().unwrap();
    let (devices, town) = (dir.path().join("a.csv"), dir.path().join("b.city.jsonl"));
    let row = |id: &str, parent: &str| format!("{id},458005,5438005,101,EPSG:25832,{parent}\n");
    write(&devices, format!("id,x,y,z,crs,parent\n{}{}", row("d0", "b0"), row("d1", "nobody"))).unwrap();
    write(&town, blocks(3, 10)).unwrap();
    let stored = Store::open(&dir.path().join("store")).unwrap();
    for store in [None, Some(&stored)] {
        let report = import(store, &[&devices, &town], ImportOptions::default());
        assert_eq!(report.objects, 5, "{}", report.text());
        let missing: Vec<_> = findings(&report, "missing_parent").map(|(file, id)| (file, id.to_owned())).collect();
        assert_eq!(missing, [(0, "d1".to_owned())]);
        assert!(report.files[0].file.ends_with("a.csv"));
    }
    let snapshot = only(&stored);
    let device = snapshot.asset(snapshot.find("d0").unwrap()).unwrap();
    let parent = snapshot.asset(device.parent().unwrap()).unwrap();
    assert_eq!(parent.id(), "b0", "and it is bound");
    // What the next file of the same command does not bring is still missed, also where that one is refused.
    write(&town, "{").unwrap();
    let report = import(None, &[&devices, &town], ImportOptions::default());
    assert_eq!(findings(&report, "missing_parent").count(), 2, "{}", report.text());
}

/// What the dataset itself had before does not stay, but for what is refused of the file.
#[test]
fn a_parent_that_a_new_version_ends_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let (store, file) = (Store::open(&dir.path().join("store")).unwrap(), dir.path().join("a.csv"));
    let row = |id: &str, x: i64, parent: &str| format!("{id},{x},5438005,101,EPSG:25832,{parent}\n");
    let missing = |rows: String| {
        write(&file, format!("id,x,y,z,crs,parent\n{rows}")).unwrap();
        let report = import(Some(&store), &[&file], ImportOptions::default());
        findings(&report, "missing_parent").map(|(_, id)| id.to_owned()).collect::<Vec<_>>()
    };
    let both = row("a", 458_005, "") + &row("b", 458_005, "a");
    assert!(missing(both.clone()).is_empty());
    // A row that is refused stays as it was.
    assert!(missing(row("a", 9_000_000_000, "") + &row("b", 458_006, "a")).is_empty());
    assert_eq!(missing(row("b", 458_007, "a")), ["b"]);
    assert!(missing(both).is_empty());
}

/// Pipes end in manholes that come after them, and addresses lead to buildings that do.
#[test]
fn networks_and_addresses_are_judged_with_the_files_after_them() {
    let dir = tempfile::tempdir().unwrap();
    let [pipes, wells, doors, houses] = ["a.geojson", "b.geojson", "c.csv", "d.csv"].map(|name| dir.path().join(name));
    let feature = |id: &str, class: &str, more: &str, geometry: &str| {
        format!(r#"{{"type":"Feature","id":"{id}","properties":{{"class":"{class}"{more}}},"geometry":{geometry}}}"#)
    };
    let all = |features: &[String]| format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","));
    let line = r#"{"type":"LineString","coordinates":[[118.78,32.04],[118.7805,32.04]]}"#;
    let point = |lon: f64| format!(r#"{{"type":"Point","coordinates":[{lon},32.04]}}"#);
    write(&pipes, all(&[feature("p", "pipe", r#","from":"m1","to":"m2","kind":"rain""#, line)])).unwrap();
    let well = |id: &str, lon: f64| feature(id, "manhole", r#","kind":"rain""#, &point(lon));
    write(&wells, all(&[well("m1", 118.78), well("m2", 118.7805)])).unwrap();
    write(&doors, "id,class,lon,lat,h,building_id\nn1,address,118.78,32.04,5,h1\nn2,address,118.78,32.04,5,h9\n")
        .unwrap();
    write(&houses, "id,class,lon,lat,h\nh1,building,118.78,32.04,5\n").unwrap();
    let store = Store::open(&dir.path().join("store")).unwrap();
    let report = import(Some(&store), &[&pipes, &wells, &doors, &houses], ImportOptions::default());
    let text = report.text();
    assert_eq!((report.objects, report.refused), (6, 0), "{text}");
    assert!(!text.contains("no manhole and no valve is known"), "{text}");
    assert!(text.contains("1 addresses lead to what is not in the site yet"), "{text}");
    let alone = import(None, &[&pipes], ImportOptions::default());
    assert!(alone.text().contains("no manhole and no valve is known"), "{}", alone.text());
}

/// Findings of a kind, with the number of their file.
fn findings<'a>(report: &'a Report, kind: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    let all = report.files.iter().enumerate().flat_map(|(n, file)| file.findings.findings.iter().map(move |f| (n, f)));
    all.filter(move |(_, f)| f.kind == kind).map(|(n, f)| (n, f.id.as_str()))
}

#[test]
fn an_import_joins_the_site_that_another_made_while_it_was_about_to() {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(&dir.path().join("store")).unwrap());
    let (a, b) = (dir.path().join("a.city.jsonl"), dir.path().join("b.city.jsonl"));
    write(&a, blocks(3, 10)).unwrap();
    write(&b, blocks(300, 20)).unwrap();
    // The clock is asked just before the site is made: then the other import runs from beginning to end.
    let (first, other, there) = (AtomicBool::new(true), b.clone(), store.clone());
    let clock: Clock = Arc::new(move || {
        if first.swap(false, Ordering::Relaxed) {
            import(Some(&there), &[&other], ImportOptions::default());
        }
        Instant(1_790_000_000_000)
    });
    let intake =
        Intake { store: Some(&store), options: ImportOptions::default(), worker: None, clock, progress: &|_| {} };
    let report = intake.import(std::slice::from_ref(&a)).unwrap();
    assert_eq!((report.objects, report.refused, &report.files[0].error), (3, 0, &None), "{}", report.text());
    let snapshot = only(&store);
    assert_eq!(snapshot.len(), 303);
    // Both files have b0 in one place: that of the second lies where the first's does.
    let centre = |id: &str| snapshot.asset(snapshot.find(id).unwrap()).unwrap().bounds().center();
    let [[x, y, _], [u, v, _]] = [centre("b0"), centre("a~b0")];
    assert!((x - u).abs() < 1e-9 && (y - v).abs() < 1e-9, "{x} {y}, {u} {v}");
    let shape = |id: &str| snapshot.geometry(snapshot.find(id).unwrap()).unwrap().mesh.clone().unwrap().origin;
    let ([x, y, _], [u, v, _]) = (shape("b0"), shape("a~b0"));
    assert!((x - u).abs() < 0.01 && (y - v).abs() < 0.01, "{x} {y}, {u} {v}");
}

#[test]
fn a_report_says_how_many_came_again_under_new_ids() {
    let dir = tempfile::tempdir().unwrap();
    let (store, a) = (Store::open(&dir.path().join("store")).unwrap(), dir.path().join("a.city.jsonl"));
    write(&a, blocks(3, 10)).unwrap();
    let first = import(Some(&store), &[&a], ImportOptions::default());
    assert_eq!(first.files[0].under_new_ids, 0);
    let renew = |text: String, n: i64| text.replace(&format!("\"b{n}\""), &format!("\"c{n}\""));
    // The third is another building now, and not the same under a new id.
    let third = blocks(3, 20).lines().last().unwrap().to_owned();
    let mut lines: Vec<String> = blocks(3, 10).lines().map(str::to_owned).collect();
    *lines.last_mut().unwrap() = third;
    write(&a, (0..3).fold(lines.join("\n") + "\n", renew)).unwrap();
    let again = import(Some(&store), &[&a], ImportOptions::default());
    let file = &again.files[0];
    assert_eq!((file.added, file.removed, file.under_new_ids), (3, 3, 2), "{}", again.text());
    assert!(again.text().contains("2 of the ended came again under new ids"), "{}", again.text());
}
