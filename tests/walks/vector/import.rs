//! The command line over vector files: companions, archives, mappings, places.

use super::{made, oracle};
use crate::support::{Server, key, run};
use cimbra::ingest::{ImportOptions, Intake};
use cimbra::model::Footprint;
use cimbra::store::Store;
use cimbra::units::{Clock, Instant};
use serde_json::Value;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use zip::write::SimpleFileOptions;

fn report(store: &Path, arguments: &[&str]) -> Value {
    let mut all = vec!["import", "--json", "--store", store.to_str().unwrap()];
    all.extend(arguments);
    let output = run(&all);
    serde_json::from_slice(&output.stdout).expect("a report")
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

#[test]
fn a_system_without_a_code_puts_points_where_proj_does() {
    let dir = tempfile::tempdir().unwrap();
    let wanted = oracle(&["place", dir.path().to_str().unwrap()]);
    let store = Store::open(&dir.path().join("store")).unwrap();
    let clock: Clock = Arc::new(|| Instant(1_790_000_000_000));
    let options = ImportOptions::default();
    let files = ["shp", "gpkg", "fgb"].map(|ending| dir.path().join(format!("own-{ending}.{ending}")));
    let report =
        Intake { store: Some(&store), options, worker: None, clock, progress: &|_| {} }.import(&files).unwrap();
    assert_eq!((report.objects, report.refused), (3, 0), "{}", report.text());
    let snapshot = store.sites()[0].snapshot();
    for ending in ["shp", "gpkg", "fgb"] {
        let asset = snapshot.asset(snapshot.find(&format!("in-{ending}")).unwrap()).unwrap().to_asset().unwrap();
        let Footprint::Point([lon, lat, h]) = asset.geometry.footprint else {
            panic!("{:?}", asset.geometry.footprint)
        };
        let at = [0, 1].map(|k| wanted[k].as_f64().unwrap());
        // 1e-9 degrees are a tenth of a millimetre.
        assert!(
            (lon - at[0]).abs() < 1e-9 && (lat - at[1]).abs() < 1e-9 && h == 7.5,
            "{ending}: {lon} {lat} {h} {at:?}"
        );
    }
}

#[test]
fn a_server_takes_an_archive_and_a_mapping_and_the_command_says_to_pack() {
    let (dir, from) = (tempfile::tempdir().unwrap(), made());
    let at = |name: &str| from.path().join(name);
    let (zip, store, map) = (dir.path().join("values.zip"), dir.path().join("store"), dir.path().join("map.toml"));
    let (shp, dbf, prj) = (at("values.shp"), at("values.dbf"), at("values.prj"));
    pack(&zip, &[("values.shp", shp.as_path()), ("values.dbf", &dbf), ("values.prj", &prj)]);
    std::fs::write(&map, "[fields]\nid = \"楼{id}\"\n[class]\ndefault = \"building\"").unwrap();
    let key = key(&store, "integrator");
    let server = Server::start(&store, &[]);
    let send = |file: &Path| {
        let (file, map) = (file.to_str().unwrap(), map.to_str().unwrap());
        let output = run(&["import", "--json", file, "--map", map, "--url", &server.base, "--key", &key]);
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let done = send(&zip);
    assert_eq!((&done["objects"], &done["files"][0]["format"]), (&2.into(), &"Shapefile".into()), "{done:#}");
    assert_eq!(server.get("/collections/buildings/items/楼a").0, 200);
    let refused = send(&shp);
    assert!(refused["files"][0]["error"].as_str().unwrap().contains("values.zip"), "{refused:#}");
}
