//! GeoJSON, whole and in sequence.

use super::{Target, real};

const FEATURES: [&str; 4] = [
    r#"{"type":"Feature","id":"a","properties":{"height":"9 m","min_height":1,"name":"三号楼"},"geometry":{"type":"Polygon","coordinates":[[[118.7,32.0],[118.71,32.0],[118.71,32.01],[118.7,32.01],[118.7,32.0]],[[118.702,32.002],[118.704,32.002],[118.704,32.004],[118.702,32.002]]]}}"#,
    r#"{"type":"Feature","properties":{"id":7,"class":"smoke_detector","storey":"12A","parent":"a"},"geometry":{"type":"Point","coordinates":[118.7,32.0,36.5]}}"#,
    r#"{"type":"Feature","id":3,"properties":{"class":"pipe"},"geometry":{"type":"MultiLineString","coordinates":[[[118.7,32.0,1],[118.71,32.0,1]]]}}"#,
    r#"{"type":"Feature","properties":null,"geometry":{"type":"GeometryCollection","geometries":[{"type":"MultiPolygon","coordinates":[[[[118.7,32.0],[118.71,32.0],[118.71,32.01],[118.7,32.0]]]]},{"type":"MultiPoint","coordinates":[[118.7,32.0]]}]}}"#,
];

const WORDS: &[&str] = &[
    "FeatureCollection",
    "Feature",
    "features",
    "geometry",
    "coordinates",
    "properties",
    "Polygon",
    "MultiPolygon",
    "Point",
    "LineString",
    "GeometryCollection",
    "height",
    "min_height",
    "b3_h_dak_max",
    "id",
    "class",
    "crs",
    "\"crs\":{\"type\":\"name\",\"properties\":{\"name\":\"EPSG:4549\"}},",
    "\x1e",
    "\n",
    "\u{feff}",
    "\\u0000",
    "null",
    "[118.7,32.0],",
];

#[test]
fn any_bytes_are_read_or_refused() {
    let whole = format!(r#"{{"type":"FeatureCollection","name":"层","features":[{}]}}"#, FEATURES.join(",\n"));
    let mut seeds = vec![
        whole.into_bytes(),
        FEATURES.join("\n").into_bytes(),
        format!("\x1e{}\n", FEATURES.join("\n\x1e")).into_bytes(),
    ];
    seeds.extend(real("geojson/3dbag_footprints.geojson"));
    let test = "fuzz::geojson::any_bytes_are_read_or_refused";
    Target { test, reader: "GeoJSON", ending: "geojson", seeds, words: WORDS }.run();
}
