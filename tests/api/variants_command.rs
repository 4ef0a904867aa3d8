//! Planning variants by the command line.

use super::variants::{FEWER, LAMPS};
use crate::support::run;
use std::collections::BTreeSet;
use std::path::Path;

/// Every file of a folder by its path within, those prepared for servers apart.
fn folder(dir: &Path) -> BTreeSet<(String, Vec<u8>)> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        let name = entry.file_name().unwrap().to_str().unwrap().to_owned();
        if entry.is_dir() {
            found.extend(folder(&entry).into_iter().map(|(path, bytes)| (format!("{name}/{path}"), bytes)));
        } else {
            found.insert((name, std::fs::read(&entry).unwrap()));
        }
    }
    found
}

#[test]
fn the_command_line_makes_lists_bakes_and_removes_a_variant() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let [store, straight, lamps] = ["store", "straight", "lamps.csv"].map(path);
    let done = |arguments: &[&str]| {
        let output = run(arguments);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned(), told)
    };
    let import = |text: &str, store: &str, more: &[&str]| {
        std::fs::write(&lamps, text).unwrap();
        done(&[&["import", &lamps, "--site", "320106003001", "--store", store], more].concat())
    };
    let (code, _, told) = import(LAMPS, &store, &["--variant", "dark"]);
    assert!(code == Some(2) && told.contains("without --variant"), "{told}");
    assert_eq!(import(LAMPS, &store, &[]).0, Some(0));
    let (code, said, told) = import(FEWER, &store, &["--variant", "dark"]);
    assert!(code == Some(0) && said.contains("variant 'dark'"), "{said}{told}");
    assert_eq!(import(LAMPS, &store, &["--variant", "a/b"]).0, Some(2));
    let (_, listed, _) = done(&["variant", "list", "--store", &store]);
    assert!(listed.starts_with("320106003001 dark  0 added, 1 replaced, 1 removed  20"), "{listed}");

    // Baked it is the city in which it is so, and no address says how it came.
    assert_eq!(import(LAMPS, &straight, &[]).0, Some(0));
    assert_eq!(import(FEWER, &straight, &[]).0, Some(0));
    let bake = |store: &str, out: &str, more: &[&str]| {
        let (code, _, told) = done(&[&["bake", &path(out), "--store", store, "--precompress", "none"], more].concat());
        assert_eq!(code, Some(0), "{told}");
        folder(Path::new(&path(out)))
    };
    let variant = bake(&store, "out-variant", &["--variant", "dark"]);
    assert!(variant == bake(&straight, "out-straight", &[]) && variant != bake(&store, "out-city", &[]));
    let (code, _, told) = done(&["bake", &path("out"), "--store", &store, "--variant", "none"]);
    assert!(code == Some(2) && told.contains("the variants are dark"), "{told}");

    assert_eq!(done(&["variant", "remove", "none", "--store", &store]).0, Some(2));
    assert_eq!(done(&["variant", "remove", "dark", "--store", &store]).0, Some(0));
    assert_eq!(done(&["variant", "list", "--store", &store]).1, "");
    let (code, _, told) = done(&["variant", "remove", "dark", "--store", &store]);
    assert!(code == Some(2) && told.contains("variant list"), "{told}");
}
