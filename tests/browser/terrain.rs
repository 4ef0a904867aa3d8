//! Terrain as CesiumJS takes it, unmodified and from another origin.

use super::{assert_none, node};
use crate::support::{Server, run, shared};
use serde_json::json;

#[test]
fn cesium_stands_on_the_ground_that_the_server_says() {
    let Some(shared) = shared() else { return };
    let dir = tempfile::tempdir().unwrap();
    let (file, store) = (shared.join("data/dem/zh_dem_25.tif"), dir.path().join("store"));
    let (file, place) = (file.to_str().unwrap(), store.to_str().unwrap());
    let done = run(&["import", file, "--store", place, "--crs", "EPSG:21781", "--height-offset", "47.5"]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let server = Server::start(&store, &[]);
    let points: Vec<[f64; 2]> =
        (0..40).map(|k| [8.475 + 0.0028 * f64::from(k), 47.345 + 0.0018 * f64::from(k)]).collect();
    let seen = node("terrain.mjs", &[&format!("{}/terrain", server.base), &json!(points).to_string()]);
    for list in ["/failed", "/outside", "/errors"] {
        assert_none(&seen, list);
    }
    assert_eq!(seen["normals"], true);
    let (_, told) = server.post("/terrain/height", None, &json!({ "points": points }));
    let mut worst = 0.0_f64;
    for (sampled, told) in seen["heights"].as_array().unwrap().iter().zip(told["heights"].as_array().unwrap()) {
        worst = worst.max((sampled.as_f64().unwrap() - told["height"].as_f64().unwrap()).abs());
    }
    // Between posts 9 m apart in the finest level, and within a quarter of the error that clients expect there, 4.7 m.
    assert!(worst < 3.0, "{worst} m");
    assert!((seen["ground"].as_f64().unwrap() - told["heights"][0]["height"].as_f64().unwrap()).abs() < 20.0, "{seen}");
    eprintln!("Cesium is at most {worst:.2} m from the ground at {} places", points.len());
}
