//! Several files, sites and datasets: the rules of the command line.

use super::{blocks, import, only};
use cimbra::ingest::ImportOptions;
use cimbra::model::SiteCode;
use cimbra::store::Store;
use std::fs::write;

#[test]
fn the_first_import_makes_a_site_and_later_ones_need_to_say_which_when_there_are_two() {
    let dir = tempfile::tempdir().unwrap();
    let (store, a) = (Store::open(&dir.path().join("store")).unwrap(), dir.path().join("a.city.jsonl"));
    write(&a, blocks(3, 10)).unwrap();
    let first = import(Some(&store), &[&a], ImportOptions::default());
    assert_eq!(first.files[0].site.as_deref(), Some("000000000001"));
    let [x, y, z] = only(&store).extent().center();
    let origin = store.sites()[0].frame().origin();
    assert!(
        (origin.lon - x).abs() < 1e-9 && (origin.lat - y).abs() < 1e-9 && origin.h < z,
        "the middle, at the bottom"
    );
    let second = SiteCode::new("320106003001").unwrap();
    let options = ImportOptions { site: Some(second.clone()), ..ImportOptions::default() };
    assert_eq!(import(Some(&store), &[&a], options).objects, 3);
    assert_eq!(store.site(&second).unwrap().snapshot().len(), 3);
    let third = import(Some(&store), &[&a], ImportOptions::default());
    let error = third.files[0].error.as_ref().unwrap();
    assert!(error.contains("site: ") && error.contains("320106003001"), "{error}");
}

#[test]
fn an_id_of_another_dataset_is_renamed_and_reported_and_a_new_version_ends_what_it_lacks() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("store")).unwrap();
    let (a, b) = (dir.path().join("a.city.jsonl"), dir.path().join("b.city.jsonl"));
    write(&a, blocks(3, 10)).unwrap();
    write(&b, blocks(2, 20)).unwrap();
    let report = import(Some(&store), &[&a, &b], ImportOptions::default());
    assert_eq!((report.objects, report.files[1].renamed.len()), (5, 2));
    assert_eq!(report.files[1].renamed[0].renamed, "b~b0");
    write(&a, blocks(2, 10)).unwrap();
    let report = import(Some(&store), &[&a], ImportOptions::default());
    assert_eq!((report.files[0].unchanged, report.files[0].removed), (2, 1));
    assert!(only(&store).find("b2").is_none());
}

#[test]
fn a_refused_file_does_not_hold_the_name_of_its_stem() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("store")).unwrap();
    let (broken, a, other) = (dir.path().join("a.ifc"), dir.path().join("a.city.jsonl"), dir.path().join("a.csv"));
    write(&broken, "ISO-10303-21;\nHEADER;").unwrap();
    write(&a, blocks(3, 10)).unwrap();
    write(&other, "id,x,y,z,crs\np,458000,5438000,100,EPSG:25832\n").unwrap();
    let report = import(Some(&store), &[&broken, &a, &other], ImportOptions::default());
    assert_eq!((report.files[1].objects, report.files[1].error.as_ref()), (3, None), "{}", report.text());
    let error = report.files[2].error.as_ref().unwrap();
    assert!(report.files[0].error.is_some() && error.contains("just imported from"), "{error}");
}

#[test]
fn what_is_refused_in_a_new_version_stays_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let (store, a) = (Store::open(&dir.path().join("store")).unwrap(), dir.path().join("a.city.jsonl"));
    write(&a, blocks(3, 10)).unwrap();
    import(Some(&store), &[&a], ImportOptions::default());
    let before = only(&store).asset(only(&store).find("b1").unwrap()).unwrap().version();
    // A corner number that no vertex has: b1 is refused.
    let broken: Vec<String> = blocks(3, 12)
        .lines()
        .map(|l| if l.contains(r#""id":"b1""#) { l.replace("[[0,2,3,1]]", "[[0,2,3,99]]") } else { l.to_owned() })
        .collect();
    write(&a, broken.join("\n")).unwrap();
    let report = import(Some(&store), &[&a], ImportOptions::default());
    assert_eq!((report.objects, report.refused, report.files[0].replaced), (2, 1, 2), "{}", report.json());
    let city = only(&store);
    assert_eq!(city.asset(city.find("b1").unwrap()).unwrap().version(), before);
    assert_eq!(city.len(), 3);
}

#[test]
fn a_directory_gives_its_files_and_a_stranger_among_them_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let files = dir.path().join("files");
    std::fs::create_dir_all(files.join("below")).unwrap();
    write(files.join("a.city.jsonl"), blocks(3, 10)).unwrap();
    write(files.join("notes.txt"), "nothing to see").unwrap();
    write(files.join(".hidden"), "nothing to see").unwrap();
    let store = Store::open(&dir.path().join("store")).unwrap();
    let report = import(Some(&store), &[&files], ImportOptions::default());
    assert_eq!((report.files.len(), report.objects, report.refused), (2, 3, 1), "{}", report.json());
    assert!(report.files[1].error.as_ref().unwrap().contains("3D Tiles (tileset.json)"), "{}", report.json());
}
