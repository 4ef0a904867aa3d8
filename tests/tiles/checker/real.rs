//! The checker over the sample, over tilesets of others, and over a city written by hand.

use super::report;
use crate::support::{run, shared};
use crate::tiles::city;
use crate::tiles::real::{REAL, imported, snapshot};
use cimbra::formats::tiles3d::check::Report;
use cimbra::lod::View;
use cimbra::model::Collections;
use cimbra::tiles::bake::bake;
use cimbra::tiles::tiles3d::Compression;
use cimbra::tiles::{Plan, Tiles};
use std::path::Path;

/// Writes a plan's tileset into `folder`; gives where it begins.
pub fn written(plan: &Plan, folder: &Path, compression: Compression) -> std::path::PathBuf {
    let baked = bake(plan, folder, compression, false, &|_, _| ()).unwrap();
    assert_eq!(baked.features, plan.features());
    folder.join("tileset.json")
}

fn clean(file: &Path) -> Report {
    let report = report(file);
    assert!(report.is_clean(), "{}", report.text());
    report
}

#[test]
fn the_sample_is_clean() {
    let report = clean(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tiles/sample/tileset.json"));
    assert!(
        report.counts.contents > 3 && report.counts.ids > 10 && report.not_looked_into.is_empty(),
        "{}",
        report.text()
    );
}

#[test]
fn a_city_written_by_hand_is_clean_and_every_id_is_shown() {
    let city = city::town();
    let plan = Tiles::default().plan(&city.snapshot(), &View::Map, Collections::ALL).unwrap();
    for compression in [Compression::None, Compression::Meshopt] {
        let dir = tempfile::tempdir().unwrap();
        let report = clean(&written(&plan, dir.path(), compression));
        // Buildings, compounds, pipes, devices, walls with a slab, rooms, a flat footprint, a road; the tower opens.
        assert_eq!(report.counts.ids, 700 + 20 + 30 + 85 + 5 + 3 + 1 + 1, "{}", report.text());
        assert!(report.not_looked_into.is_empty(), "{}", report.text());
    }
}

#[test]
fn tilesets_of_others_are_clean() {
    let Some(shared) = shared() else { return };
    let of = |path: &str| clean(&shared.join("data").join(path).join("tileset.json"));
    let old = of("3dtiles/TilesetWithRequestVolume");
    assert_eq!((old.counts.tilesets, old.counts.contents), (2, 6));
    assert_eq!(old.not_looked_into["what b3dm contents hold"], 5);
    assert_eq!(of("gltf/GpuInstancesMetadata").counts.features, 10);
    assert_eq!(of("gltf/MetadataGranularities").counts.contents, 20);
    of("gltf/EXT_structural_metadata/FeatureIdTextureAndPropertyTable");
    of("gltf/EXT_structural_metadata/SimplePropertyTexture");
}

#[test]
fn the_command_says_what_it_found_and_ends_as_it_should() {
    let dir = tempfile::tempdir().unwrap();
    let mut files = super::sound::sound();
    files.write(dir.path());
    let file = dir.path().join("tileset.json");
    let check = |more: &[&str]| run(&[&["check", file.to_str().unwrap()], more].concat());
    let done = check(&[]);
    let text = String::from_utf8(done.stdout).unwrap();
    assert_eq!(done.status.code(), Some(0), "{text}");
    assert!(
        text.contains("11 tiles on 4 levels")
            && text.contains("0 errors, 0 warnings")
            && text.contains("as a dataset: "),
        "{text}"
    );
    files.set("tileset.json", "/root/refine", Some("replace".into()));
    files.write(dir.path());
    let done = check(&["--json"]);
    let json: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    let one = &json["tilesets"][0];
    assert_eq!(
        (done.status.code(), &one["errors"], &one["adoption"]["adopted"]),
        (Some(1), &1.into(), &true.into()),
        "{json:#}"
    );
    let finding = &one["findings"][0];
    assert_eq!(
        (&finding["rule"], &finding["where"], &finding["severity"]),
        (&"refine".into(), &"/root/refine".into(), &"error".into())
    );
    assert!(
        finding["file"] == "tileset.json" && finding["what"] == "is 'replace'" && finding["remedy"].is_string(),
        "{finding:#}"
    );
    let folder = run(&["check", dir.path().to_str().unwrap()]);
    assert_eq!(folder.status.code(), Some(1), "a folder stands for its tileset.json");
    std::fs::write(&file, r#"{"asset":{"version":"1.1"},"geometricError":1,"root":"#).unwrap();
    assert_eq!(check(&[]).status.code(), Some(2));
}

#[test]
fn real_files_are_written_without_a_finding() {
    let Some(shared) = shared() else { return };
    for (name, more) in REAL {
        let (_dir, store) = imported(&shared.join("data").join(name), more);
        let plan = Tiles::default().plan(&snapshot(&store), &View::Map, Collections::ALL).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let report = clean(&written(&plan, dir.path(), Compression::None));
        assert!(report.counts.ids > 100 && report.not_looked_into.is_empty(), "{name}: {}", report.text());
    }
}
