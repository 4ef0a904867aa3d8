//! GeoJSON, CSV, GeoParquet and GLB: the same ids, places and attributes in each, by readers that are not ours.

use super::{export, import, script, told};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const FEATURES: &str = r#"{"type":"FeatureCollection","features":[
{"type":"Feature","id":"house","properties":{"name":"1号楼","height":12.5,"floors":4,"listed":true,"tags":["a","b"],"id2":1},
 "geometry":{"type":"Polygon","coordinates":[[[118.78,32.04],[118.7801,32.04],[118.7801,32.0401],[118.78,32.04]]]}},
{"type":"Feature","id":"pipe","properties":{"class":"pipe","floors":1.5,"collection":"own"},
 "geometry":{"type":"MultiLineString","coordinates":[[[118.78,32.04,1],[118.781,32.04,2]],[[118.78,32.041,1],[118.781,32.041,2]]]}},
{"type":"Feature","id":"lamp","properties":{"class":"lamp_pole","parent":"house"},
 "geometry":{"type":"Point","coordinates":[118.7805,32.0405,7.25]}},
{"type":"Feature","id":"nowhere","properties":{"class":"address","name":"88号"},"geometry":null}
]}"#;

fn city(dir: &Path) -> std::path::PathBuf {
    let (source, store) = (dir.join("f.geojson"), dir.join("store"));
    std::fs::write(&source, FEATURES).unwrap();
    import(&source, &store, &[]);
    store
}

fn geojson(path: &Path) -> BTreeMap<String, Value> {
    let all: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    all["features"].as_array().unwrap().iter().map(|f| (f["id"].as_str().unwrap().to_owned(), f.clone())).collect()
}

#[test]
fn geojson_and_csv_hold_what_came_and_come_in_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = city(dir.path());
    let [out, again, csv] = ["out.geojson", "again", "out.csv"].map(|n| dir.path().join(n));
    export(&out, &store, &[]);
    let features = geojson(&out);
    let source: Value = serde_json::from_str(FEATURES).unwrap();
    for feature in source["features"].as_array().unwrap() {
        let id = feature["id"].as_str().unwrap();
        for (name, value) in feature["properties"].as_object().unwrap() {
            let name = if name == "collection" { "source.collection" } else { name };
            assert_eq!(features[id]["properties"][name], *value, "{id} {name}");
        }
    }
    assert_eq!(features["lamp"]["geometry"]["coordinates"], json!([118.7805, 32.0405, 7.25]));
    let heights = |line: usize| features["pipe"]["geometry"]["coordinates"][line][1][2].as_f64();
    assert_eq!((heights(0), heights(1)), (Some(2.0), Some(2.0)));
    assert!(features["nowhere"]["geometry"].is_null() && features["house"]["bbox"][5] == json!(12.5));
    assert!(import(&out, &again, &[]).contains("4 objects in, 0 refused"));

    export(&csv, &store, &["--filter", "class='lamp_pole'"]);
    let mut table = csv::Reader::from_path(&csv).unwrap();
    let header = table.headers().unwrap().clone();
    let row = table.records().next().unwrap().unwrap();
    let cell = |name: &str| &row[header.iter().position(|h| h == name).unwrap()];
    assert_eq!(["id", "parent", "lon", "lat", "h"].map(cell), ["lamp", "house", "118.7805", "32.0405", "7.25"]);
    _ = std::fs::remove_dir_all(&again);
    assert!(import(&csv, &again, &[]).contains("1 objects in, 0 refused"));
}

#[test]
fn geoparquet_says_the_same_to_pyarrow() {
    let dir = tempfile::tempdir().unwrap();
    let store = city(dir.path());
    let out = dir.path().join("out.parquet");
    export(&out, &store, &[]);
    let (is, text) = script("parquet_rows.py", &[&out]);
    assert!(is, "{text}");
    let read: Value = serde_json::from_str(&text).unwrap();
    let column = &read["geo"]["columns"]["geometry"];
    assert_eq!((&read["geo"]["version"], &column["encoding"]), (&json!("1.1.0"), &json!("WKB")));
    assert_eq!(column["geometry_types"], json!(["MultiLineString Z", "Point Z", "Polygon Z"]));
    let row = |id: &str| read["rows"].as_array().unwrap().iter().find(|r| r["id"] == id).unwrap();
    assert_eq!(
        (&row("house")["height"], &row("house")["listed"], &row("house")["tags"]),
        (&json!(12.5), &json!(true), &json!("[\"a\",\"b\"]"))
    );
    assert_eq!((&row("house")["floors"], &row("pipe")["floors"]), (&json!(4.0), &json!(1.5)));
    assert_eq!((&row("pipe")["source.collection"], &row("lamp")["parent"]), (&json!("own"), &json!("house")));
    assert_eq!(row("house")["bbox"]["zmax"], json!(12.5));
    assert!(row("nowhere")["geometry"].is_null() && row("nowhere")["bbox"]["xmin"].is_null());
    // ISO WKB: little-endian, point with z, three doubles.
    let point: String =
        [118.7805_f64, 32.0405, 7.25].iter().flat_map(|c| c.to_le_bytes()).map(|b| format!("{b:02x}")).collect();
    assert_eq!(row("lamp")["geometry"], json!(format!("01e9030000{point}")));
}

#[test]
fn a_glb_holds_every_place_under_its_id_and_endings_are_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let store = city(dir.path());
    let out = dir.path().join("out.glb");
    let said = export(&out, &store, &[]);
    assert!(said.contains("1 of them have no place"), "{said}");
    let tile = crate::tiles::reader::read(&std::fs::read(&out).unwrap());
    let ids: BTreeSet<&str> = tile.rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids, BTreeSet::from(["house", "lamp", "pipe"]));
    let drawn: BTreeSet<usize> = tile.vertices.iter().map(|(_, feature)| *feature).collect();
    assert_eq!(drawn.len(), 3);
    let (code, text) = told(&["export", "out.txt", "--store", store.to_str().unwrap()]);
    assert!(code == 2 && text.contains(".city.json"), "{text}");
    let before = std::fs::read(&out).unwrap();
    let (code, text) =
        told(&["export", out.to_str().unwrap(), "--store", store.to_str().unwrap(), "--collection", "bridges"]);
    assert!(code == 2 && text.contains("bridges") && std::fs::read(&out).unwrap() == before, "{text}");
}
