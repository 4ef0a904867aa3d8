//! Terrain tiles, decoded by a reader of their own and compared with the raster post by post.

use super::{import, oracle, written};
use crate::support::{Server, shared};
use serde_json::Value;
use std::path::Path;

/// Reads every finest tile by the oracle.
fn judged(server: &Server, file: &Path, crs: &str, offset: f64) -> Value {
    let url = format!("{}/terrain", server.base);
    let seen = oracle(&["terrain", &url, file.to_str().unwrap(), crs, &offset.to_string()]);
    assert_eq!(seen["wrong"].as_array().map(Vec::len), Some(0), "{seen:#}");
    let number = |name: &str| seen[name].as_f64().unwrap();
    assert!(number("tiles") > 3.0 && number("triangles") > 100.0, "{seen:#}");
    // The clients' error is four times what the mesh keeps.
    assert!(number("worst_error") <= number("allowed") / 4.0 + 1e-3, "{seen:#}");
    seen
}

#[test]
fn tiles_hold_the_raster_s_heights_and_meet_without_gaps() {
    let dir = tempfile::tempdir().unwrap();
    let all = written(dir.path());
    for name in ["plain", "degrees"] {
        let one = all.iter().find(|one| one["file"].as_str().unwrap().ends_with(&format!("/{name}.tif"))).unwrap();
        let (file, store) = (Path::new(one["file"].as_str().unwrap()), dir.path().join(name));
        assert_eq!(import(file, &store, &["--height-offset", "40"]).0, Some(0));
        let server = Server::start(&store, &[]);
        let seen = judged(&server, file, "", 40.0);
        assert!(seen["worst_vertex"].as_f64().unwrap() < 2e-3, "{seen:#}");
    }
}

#[test]
fn a_real_terrain_is_tiled_and_cached_by_its_version() {
    let Some(shared) = shared() else { return };
    let dir = tempfile::tempdir().unwrap();
    let (file, store) = (shared.join("data/dem/zh_dem_25.tif"), dir.path().join("store"));
    assert_eq!(import(&file, &store, &["--crs", "EPSG:21781", "--height-offset", "47.5"]).0, Some(0));
    let server = Server::start(&store, &[]);
    let seen = judged(&server, &file, "EPSG:21781", 47.5);
    assert!(seen["worst_vertex"].as_f64().unwrap() < 2e-2, "{seen:#}");
    eprintln!("{seen}");
    let layer = server.get("/terrain/layer.json").1;
    let range = &layer["available"][12][0];
    let path = format!("/terrain/12/{}/{}.terrain", range["startX"], range["startY"]);
    let (status, headers, body) = server.get_bytes(&path, &[]);
    assert_eq!((status, headers["content-type"].to_str().unwrap()), (200, "application/vnd.quantized-mesh"));
    assert_eq!(headers["cache-control"], "no-cache");
    let tag = headers["etag"].to_str().unwrap();
    assert_eq!(server.get_bytes(&path, &[("If-None-Match", tag)]).0, 304);
    let versioned = format!("{path}?v={}", layer["version"].as_str().unwrap());
    let (_, headers, again) = server.get_bytes(&versioned, &[]);
    assert!(headers["cache-control"].to_str().unwrap().contains("immutable") && again == body);
    // Both roots are there, and nothing where no terrain is.
    for (path, status) in [
        ("0/0/0.terrain", 200),
        ("0/1/0.terrain", 200),
        ("0/2/0.terrain", 404),
        ("5/0/0.terrain", 404),
        ("12/99999999999/1.terrain", 404),
        ("99/0/0.terrain", 404),
        ("3/1/-1.terrain", 404),
        ("3/1/1.png", 404),
        ("0/0/+0.terrain", 404),
    ] {
        assert_eq!(server.get(&format!("/terrain/{path}")).0, status, "{path}");
    }
}
