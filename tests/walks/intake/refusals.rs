//! Bad input: the exit status, the words, and a store that is byte for byte what it was.

use super::{block, blocks, header, import};
use crate::support::{cimbra, run};
use cimbra::ingest::ImportOptions;
use std::collections::BTreeMap;
use std::fs::write;
use std::path::{Path, PathBuf};

/// Every file of a store but its lock, with its bytes.
pub(super) fn bytes_of(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(bytes_of(&path));
        } else if path.file_name().is_some_and(|n| n != "lock") {
            all.insert(path.clone(), std::fs::read(&path).unwrap());
        }
    }
    all
}

/// A file that must be refused whole, and a word of the reason.
struct Bad {
    name: &'static str,
    content: Vec<u8>,
    arguments: &'static [&'static str],
    reason: &'static str,
}

fn bad(name: &'static str, content: impl Into<Vec<u8>>, reason: &'static str) -> Bad {
    Bad { name, content: content.into(), arguments: &[], reason }
}

fn step(data: &str) -> String {
    format!("ISO-10303-21;\nHEADER;\nFILE_SCHEMA(('IFC4'));\nENDSEC;\nDATA;\n{data}\nENDSEC;\nEND-ISO-10303-21;\n")
}

fn bad_files() -> Vec<Bad> {
    let good = blocks(3, 10);
    let crs = |code: &str| good.replace("EPSG/0/25832", code);
    let no_crs = good.replace(r#","metadata":{"referenceSystem":"https://www.opengis.net/def/crs/EPSG/0/25832"}"#, "");
    let deep = "[".repeat(100_000);
    let whole = |data: &str| format!(r#"{{"type":"CityJSON","version":"2.0","CityObjects":{data},"vertices":[]}}"#);
    let project = "#1=IFCPROJECT('0YvctVUKr0kugbFTf53O9L',$,'p',$,$,$,$,$,$);";
    vec![
        bad("cut.city.jsonl", good.as_bytes()[..good.len() - 40].to_vec(), "line 4"),
        bad("cut.ifc", step(project).as_bytes()[..90].to_vec(), "cut short"),
        bad("wrong.city.json", r#"{"type":"CityJSON","version":"2.0",]"#, "wrong.city.json"),
        bad("nothing.city.json", "", "is empty"),
        bad("picture.ifc", b"\x89PNG\r\n\x1a\n0000".to_vec(), "PNG"),
        bad("really.ifc", good.clone(), "CityJSON by its content and IFC by its name"),
        bad("old.city.json", whole("{}").replace("2.0", "1.0"), "1.0"),
        bad("nowhere.city.jsonl", no_crs, "--crs EPSG:n"),
        bad("unknown.city.jsonl", crs("EPSG/0/999999"), "999999"),
        Bad { arguments: &["--crs", "EPSG:4326"], ..bad("contra.city.jsonl", good.clone(), "contradicts") },
        Bad { arguments: &["--crs", "EPSG:25833"], ..bad("contra2.city.jsonl", good.clone(), "contradicts") },
        bad("elsewhere.city.jsonl", good.replace("[458000,5438000,100]", "[9458000,5438000,100]"), "coordinate"),
        bad(
            "dutch.city.jsonl",
            crs("EPSG/0/7415").replace("[458000,5438000,100]", "[85000,446000,0]"),
            "--height-offset",
        ),
        bad("deep.city.json", whole(&deep), "deep.city.json"),
        bad("deep.ifc", step(&format!("#1=IFCWALL({});", "(".repeat(100_000))), "deep"),
        bad("schema.ifc", step(project).replace("IFC4", "AUTOMOTIVE_DESIGN"), "AUTOMOTIVE_DESIGN"),
        bad("placeless.ifc", step(project), "--origin"),
        bad("hollow.ifc", step("#1=IFCCARTESIANPOINT((0.,0.,0.));"), "no IfcProject"),
        bad("twice.ifc", step(&format!("{project}\n{}", project.replace("#1", "#2"))), "--origin"),
        bad("noise.ifc", step(&"#;'(=/*\u{0}#9=#9;".repeat(200)), "noise.ifc"),
    ]
}

#[test]
fn bad_files_exit_2_with_the_reason_and_change_no_byte() {
    let dir = tempfile::tempdir().unwrap();
    let (store, good) = (dir.path().join("store"), dir.path().join("good.city.jsonl"));
    let fresh = dir.path().join("fresh");
    write(&good, blocks(2, 10)).unwrap();
    let at = store.to_str().unwrap();
    assert_eq!(run(&["import", good.to_str().unwrap(), "--store", at]).status.code(), Some(0));
    // The readings' engine tidies its own files when a new store is opened a second time; after that opening changes nothing.
    drop(cimbra::store::Store::open(&store).unwrap());
    let before = bytes_of(&store);
    for Bad { name, content, arguments, reason } in bad_files() {
        let file = dir.path().join(name);
        write(&file, content).unwrap();
        let file = file.to_str().unwrap();
        for into in [at, fresh.to_str().unwrap()] {
            let out = run(&[&["import", file, "--store", into], arguments].concat());
            let told = String::from_utf8_lossy(&out.stderr).into_owned();
            assert_eq!(out.status.code(), Some(2), "{name}: {told}");
            assert!(told.contains(reason), "{name}: no '{reason}' in: {told}");
            assert!(told.len() < 4000, "{name}: words for people: {} bytes", told.len());
            assert!(!told.contains("panicked"), "{name}: {told}");
        }
        let checked = run(&[&["check", file], arguments].concat());
        assert_eq!(checked.status.code(), Some(2), "{name}: check says the same");
        assert!(bytes_of(&store) == before, "{name} changed the store");
    }
    assert!(!bytes_of(&fresh).keys().any(|p| p.ends_with("site.json")), "no refused file made a site");
}

#[test]
fn a_file_that_claims_gigabytes_is_refused_without_eating_them() {
    let dir = tempfile::tempdir().unwrap();
    for (name, head) in [("big.ifc", "ISO-10303-21;\n".to_owned()), ("big.city.jsonl", header())] {
        let path = dir.path().join(name);
        write(&path, head).unwrap();
        // Three gigabytes that take no room on disk: zeros.
        std::fs::File::options().write(true).open(&path).unwrap().set_len(3 << 30).unwrap();
        // The address space of two would not hold the three, were they read.
        let plain = cimbra(&["check", path.to_str().unwrap()]);
        let mut bounded = std::process::Command::new("bash");
        bounded.args(["-c", "ulimit -v 2097152; exec \"$@\"", "bash"]).arg(plain.get_program()).args(plain.get_args());
        let out = bounded.stdin(std::process::Stdio::null()).output().unwrap();
        let told = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(out.status.code(), Some(2), "{name}: {told}");
        assert!(told.contains(name), "{name}: {told}");
    }
}

/// Lines of a CityJSONSeq, each with whether it must be refused.
fn mixed() -> Vec<(String, Option<&'static str>)> {
    let b = |i: i64| block(&format!("b{i}"), i * 20, 0, 10);
    vec![
        (b(0), None),
        (b(1).replace("[[4,5,7,6]],[[0,1,5,4]],", ""), Some("does not close")),
        (b(2), None),
        (b(0), Some("twice")),
        (b(3).replace("[[0,2,3,1]]", "[[0,2,3,77]]"), Some("77")),
        (b(4).replace("[80000,0,0]", "[4e12,0,0]"), Some("coordinate")),
        (b(5), None),
    ]
}

#[test]
fn a_refused_object_leaves_the_others_in_and_is_named_with_its_reason() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("mixed.city.jsonl");
    let lines = mixed();
    let text: Vec<_> = std::iter::once(header()).chain(lines.iter().map(|(line, _)| line.clone())).collect();
    write(&file, text.join("\n")).unwrap();
    let store = dir.path().join("store");
    let out = run(&["import", file.to_str().unwrap(), "--json", "--store", store.to_str().unwrap()]);
    assert_eq!(out.status.code(), Some(1), "{}", String::from_utf8_lossy(&out.stderr));
    let report: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!((&report["objects"], &report["refused"]), (&3.into(), &4.into()), "{report:#}");
    let reasons = report["files"][0]["refused"].as_array().unwrap();
    for wanted in lines.iter().filter_map(|(_, reason)| *reason) {
        assert!(reasons.iter().any(|r| r["reason"].as_str().unwrap().contains(wanted)), "{wanted}: {reasons:#?}");
    }
    let told = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(told.contains("refused b1"), "refusals go to stderr as well: {told}");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..proptest::prelude::ProptestConfig::with_cases(24) })]
    #[test]
    fn whatever_is_broken_the_rest_comes_in(broken in proptest::collection::vec(0..6_u8, 1..40)) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("some.city.jsonl");
        let line = |(i, how): (usize, &u8)| {
            let good = block(&format!("b{i}"), i as i64 * 20, 0, 10);
            match how {
                0 => good.replace("[[4,5,7,6]],[[0,1,5,4]],", ""),
                1 => good.replace("[[0,2,3,1]]", "[[0,2,3,8]]"),
                2 => good.replace(r#""Solid""#, r#""MultiSurface""#),
                _ => good,
            }
        };
        let text: Vec<_> = std::iter::once(header()).chain(broken.iter().enumerate().map(line)).collect();
        write(&file, text.join("\n")).unwrap();
        let report = import(None, &[&file], ImportOptions::default());
        let bad = broken.iter().filter(|how| **how < 3).count();
        proptest::prop_assert_eq!(report.objects, if bad == broken.len() { 0 } else { broken.len() - bad });
        proptest::prop_assert_eq!(report.files[0].refused.len(), bad);
        let named: Vec<_> = report.files[0].refused.iter().map(|r| r.object.clone()).collect();
        let wanted: Vec<_> = broken.iter().enumerate().filter(|(_, how)| **how < 3).map(|(i, _)| format!("b{i}")).collect();
        proptest::prop_assert_eq!(named, wanted);
    }
}
