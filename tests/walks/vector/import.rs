//! The command line over vector files: companions, archives, mappings, places.

use super::made;
use crate::support::run;
use serde_json::Value;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use zip::write::SimpleFileOptions;

fn report(store: &Path, arguments: &[&str]) -> Value {
    let mut all = vec!["import", "--json", "--store", store.to_str().unwrap()];
    all.extend(arguments);
    let output = run(&all);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

fn pack(zip: &Path, entries: &[(&str, &Path)]) {
    let mut out = zip::ZipWriter::new(File::create(zip).unwrap());
    for (name, file) in entries {
        out.start_file(*name, SimpleFileOptions::default()).unwrap();
        out.write_all(&std::fs::read(file).unwrap()).unwrap();
    }
    out.finish().unwrap();
}

#[test]
fn a_folder_of_a_shapefile_is_one_file_and_all_of_it_is_kept() {
    let (dir, from) = (tempfile::tempdir().unwrap(), made());
    let folder = dir.path().join("delivery");
    std::fs::create_dir(&folder).unwrap();
    for ending in ["shp", "shx", "dbf", "prj", "cpg"] {
        std::fs::copy(
            from.path().join(format!("values.{ending}")),
            folder.join(format!("Values.{}", ending.to_uppercase())),
        )
        .unwrap();
    }
    let store = dir.path().join("store");
    let done = report(&store, &[folder.to_str().unwrap()]);
    let [file] = &done["files"].as_array().unwrap()[..] else { panic!("{done:#}") };
    assert_eq!(
        (&file["format"], &file["objects"], &file["frame"]),
        (&"Shapefile".into(), &2.into(), &"EPSG:4549".into())
    );
    let notes = file["notes"].to_string();
    for ending in ["SHX", "DBF", "PRJ", "CPG"] {
        assert!(notes.contains(&format!("Values.{ending} is kept with it")), "{notes}");
    }
    assert_eq!(std::fs::read_dir(store.join("sources")).unwrap().count(), 5);
}

#[test]
fn an_archive_of_a_shapefile_comes_in_and_other_archives_say_what_they_are() {
    let (dir, from) = (tempfile::tempdir().unwrap(), made());
    let at = |name: &str| from.path().join(name);
    let zip = dir.path().join("values.zip");
    let (shp, dbf, prj) = (at("values.shp"), at("values.dbf"), at("values.prj"));
    // Names that climb are never used as names.
    let mut entries: Vec<(&str, &Path)> =
        vec![("../../x/values.SHP", &shp), ("../../x/values.dbf", &dbf), ("../../x/values.prj", &prj)];
    pack(&zip, &entries);
    let done = report(&dir.path().join("store"), &[zip.to_str().unwrap()]);
    assert_eq!((&done["objects"], &done["files"][0]["dataset"]), (&2.into(), &"values".into()), "{done:#}");
    entries.push(("other.shp", &shp));
    for (entries, said) in [
        (entries, "2 Shapefiles"),
        (vec![("doc.kml", shp.as_path())], "KMZ"),
        (vec![("model.ifc", shp.as_path())], "IFCZIP"),
        (vec![("readme.txt", shp.as_path())], "readme.txt"),
    ] {
        pack(&zip, &entries);
        let done = report(&dir.path().join("other"), &[zip.to_str().unwrap()]);
        assert!(done["files"][0]["error"].as_str().unwrap().contains(said), "{said}: {done:#}");
    }
}

#[test]
fn a_mapping_says_what_fields_mean_and_what_it_cannot_say_is_refused() {
    let (dir, from) = (tempfile::tempdir().unwrap(), made());
    let (map, file) = (dir.path().join("map.toml"), from.path().join("values.gpkg"));
    let store = dir.path().join("store");
    let import = |toml: &str| {
        std::fs::write(&map, toml).unwrap();
        report(&store, &[file.to_str().unwrap(), "--map", map.to_str().unwrap()])
    };
    let done = import("[fields]\nid = \"B-{code}\"\n[class]\ndefault = \"building\"");
    assert_eq!(done["files"][0]["classes"]["building"], 2, "{done:#}");
    let wrong = import("[fields]\nid = \"NO\"");
    let error = wrong["files"][0]["error"].as_str().unwrap();
    assert!(error.contains("'NO', which no column has") && error.contains("名称"), "{error}");
    std::fs::write(&map, "[class]\ndefault = \"building\"").unwrap();
    let model = dir.path().join("a.city.json");
    std::fs::write(&model, r#"{"type":"CityJSON","version":"2.0","CityObjects":{},"vertices":[]}"#).unwrap();
    let done = report(&store, &[model.to_str().unwrap(), "--map", map.to_str().unwrap()]);
    assert!(done["files"][0]["error"].as_str().unwrap().contains("a mapping is for features and tables"), "{done:#}");
}
