//! The rules of the house (ARCHITECTURE.md), checked over the sources as text.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::fs;
use std::path::{Path, PathBuf};

/// Rooms and their floors; a room leans only on lower floors.
const FLOORS: &[(&str, u8)] = &[
    ("fault", 0),
    ("units", 0),
    ("bytes", 0),
    ("geom", 1),
    ("crs", 2),
    ("model", 3),
    ("index", 4),
    ("formats", 4),
    ("store", 5),
    ("filter", 6),
    ("lod", 6),
    ("ingest", 7),
    ("live", 7),
    ("query", 7),
    ("analysis", 7),
    ("tiles", 7),
    ("render", 7),
    ("onemap", 8),
    ("api", 9),
    ("app", 10),
];

/// Outside engines and the only places that may name them.
const HOMES: &[(&str, &[&str])] = &[
    ("axum", &["src/api/", "src/onemap/gateway/", "src/app/listen.rs"]),
    ("hyper", &["src/app/listen.rs"]),
    ("hyper_util", &["src/app/listen.rs"]),
    ("wgpu", &["src/render/gpu", "src/render/pass"]),
    ("proj_sys", &["src/crs/proj.rs"]),
    // Inside crs the word is also that file's own module.
    ("proj", &["src/crs/"]),
    ("rstar", &["src/index/rtree.rs"]),
    ("h3o", &["src/index/hex.rs"]),
    ("fjall", &["src/store/archive/"]),
    // In the list of readers the word is that folder's own module.
    ("flatgeobuf", &["src/formats/flatgeobuf/", "src/formats/reader.rs"]),
    ("geozero", &["src/formats/feature/collect.rs", "src/formats/geopackage/"]),
    ("osmpbf", &["src/formats/osm/"]),
    ("rusqlite", &["src/formats/geopackage/"]),
    ("encoding_rs", &["src/formats/"]),
    ("zip", &["src/formats/shapefile/packed.rs", "src/formats/table/workbook.rs"]),
    ("calamine", &["src/formats/table/workbook.rs"]),
    ("parquet", &["src/formats/geoparquet/", "src/store/archive/"]),
    ("wkt", &["src/filter/parse.rs"]),
    ("ifc_lite_processing", &["src/formats/ifc/lite/"]),
    ("ifc_lite_geometry", &["src/formats/ifc/lite/"]),
    ("ifc_lite_core", &["src/formats/ifc/lite/"]),
    ("rustix", &["src/formats/worker/process.rs", "src/app/cli/read.rs", "src/app/listen.rs"]),
    ("tobj", &["src/formats/obj/"]),
    ("las", &["src/formats/points/"]),
    ("tiff", &["src/formats/raster/"]),
    // Inside render the word is also that room's own module.
    ("image", &["src/formats/picture/", "src/render/"]),
    ("anyhow", &["src/main.rs"]),
];

const BANNED_NAMES: &[&str] = &["util", "utils", "helper", "helpers", "common", "manager", "misc", "types"];

struct Source {
    path: String,
    text: String,
    /// Lines that are compiled outside tests, without comments.
    code: Vec<String>,
}

fn sources() -> Vec<Source> {
    fn walk(dir: &Path, out: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, out);
            } else if path.extension().is_some_and(|e| e == "rs") {
                out.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    walk(&root.join("src"), &mut files);
    files.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let own = text.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default();
        let code = own.lines().filter(|l| !l.trim_start().starts_with("//")).map(str::to_owned).collect();
        Source { path: path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/"), text, code }
    };
    files.into_iter().map(read).collect()
}

fn room(path: &str) -> &str {
    path.trim_start_matches("src/").split(['/', '.']).next().unwrap()
}

fn floor(room: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

/// Whether `line` names `word` as a whole word.
fn names(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(part) && (word.ends_with(':') || !after.is_some_and(part))
    })
}

fn offences(rule: impl Fn(&Source, &str) -> Option<String>) -> String {
    let mut found = String::new();
    for source in sources() {
        for line in &source.code {
            if let Some(what) = rule(&source, line) {
                found.push_str(&format!("{}: {what}: {}\n", source.path, line.trim()));
            }
        }
    }
    found
}

#[test]
fn every_source_lives_in_a_room() {
    for source in sources() {
        let room = room(&source.path);
        assert!(matches!(room, "lib" | "main") || floor(room).is_some(), "{} is in no room", source.path);
    }
}

#[test]
fn imports_go_down_only() {
    let found = offences(|source, line| {
        let own = room(&source.path);
        let own_floor = floor(own)?;
        FLOORS.iter().find_map(|(other, other_floor)| {
            let path = format!("crate::{other}");
            let sideways = *other != own && (*other_floor > own_floor || (*other_floor == own_floor && own_floor > 0));
            (sideways && names(line, &path)).then(|| format!("{own} leans on {other}"))
        })
    });
    assert!(found.is_empty(), "{found}");
}

#[test]
fn grouped_imports_name_their_rooms() {
    // `use crate::{a, b}` would hide a room from the rule above.
    let found = offences(|_, line| line.contains("use crate::{").then(|| "a grouped import of rooms".to_owned()));
    assert!(found.is_empty(), "{found}");
}

#[test]
fn each_engine_has_one_home() {
    let found = offences(|source, line| {
        let (engine, _) = HOMES.iter().find(|(engine, homes)| {
            names(line, engine) && !line.contains("crate::") && !homes.iter().any(|home| source.path.starts_with(home))
        })?;
        // Words inside strings are not imports.
        (line.contains(&format!("{}::", engine.trim_end_matches(':'))) && !line.contains('"'))
            .then(|| format!("names {engine}"))
    });
    assert!(found.is_empty(), "{found}");
}

#[test]
fn inner_rooms_know_no_wire_form() {
    let found = offences(|source, line| {
        let inner = matches!(room(&source.path), "geom" | "crs" | "model" | "index");
        (inner && names(line, "serde")).then(|| "serde in an inner room".to_owned())
    });
    assert!(found.is_empty(), "{found}");
}

#[test]
fn only_app_has_a_clock_threads_and_the_environment() {
    const ONLY_APP: &[&str] = &[
        "SystemTime::now",
        "Timestamp::now",
        "env::var",
        "env::current_exe",
        "thread::spawn",
        "tokio::spawn",
        "unbounded_channel",
    ];
    let found = offences(|source, line| {
        let word = ONLY_APP.iter().find(|word| line.contains(**word))?;
        let allowed = room(&source.path) == "app" && *word != "unbounded_channel";
        (!allowed).then(|| format!("{word} outside app"))
    });
    assert!(found.is_empty(), "{found}");
}

#[test]
fn files_are_short_named_well_and_say_what_they_are_for() {
    let sources = sources();
    let mut lengths: Vec<usize> = sources.iter().map(|s| s.text.lines().count()).collect();
    lengths.sort_unstable();
    for source in &sources {
        let stem = Path::new(&source.path).file_stem().unwrap().to_string_lossy();
        assert!(source.text.starts_with("//! "), "{} does not open with a sentence", source.path);
        assert!(source.text.lines().count() <= 400, "{} is over 400 lines", source.path);
        assert!(!BANNED_NAMES.contains(&&*stem), "{} has a name that says nothing", source.path);
    }
    let median = lengths[lengths.len() / 2];
    assert!(median <= 150, "the median file has {median} lines");
}

#[test]
fn lints_are_on() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    for lint in ["unsafe_code", "missing_docs", "unwrap_used", "expect_used", "panic", "print_stdout"] {
        assert!(manifest.contains(&format!("{lint} = \"deny\"")), "{lint} is not denied");
    }
}

#[test]
fn outside_bytes_are_not_indexed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for door in ["src/formats/mod.rs", "src/live/inlet/mod.rs", "src/api/params.rs"] {
        let text = fs::read_to_string(root.join(door)).unwrap();
        assert!(text.contains("#![deny(clippy::indexing_slicing)]"), "{door} lets outside bytes be indexed");
    }
}

#[test]
fn the_rules_can_fail() {
    assert!(names("use crate::api::City;", "crate::api") && !names("use crate::apis::X;", "crate::api"));
    assert!(names("    axum::serve(x)", "axum") && !names("my_axum::x", "axum"));
    assert_eq!(room("src/geom/mesh.rs"), "geom");
    assert_eq!(room("src/fault.rs"), "fault");
}

#[test]
fn every_format_s_row_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = fs::read_to_string(root.join("docs/formats.md")).unwrap();
    let rows: Vec<&str> = table.lines().filter(|l| l.starts_with("| ") && !l.starts_with("| format")).collect();
    assert!(rows.len() >= 4, "{} rows", rows.len());
    for row in rows {
        let proofs = row.trim_end_matches(['|', ' ']).rsplit('|').next().unwrap();
        let named: Vec<&str> = proofs.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "no test is named: {row}");
        for proof in named {
            // `walks::intake` is a file or folder of tests/; a last part that is neither is a function in it.
            let parts: Vec<&str> = proof.split("::").collect();
            let place = |parts: &[&str]| {
                let path = root.join("tests").join(parts.join("/"));
                [path.join("mod.rs"), path.with_extension("rs")].into_iter().find(|p| p.is_file())
            };
            let function = || {
                let (name, module) = parts.split_last().unwrap();
                let text = fs::read_to_string(place(module)?).unwrap();
                text.contains(&format!("fn {name}(")).then_some(())
            };
            assert!(place(&parts).is_some() || function().is_some(), "`{proof}` is no test: {row}");
        }
    }
}
