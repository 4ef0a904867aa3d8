//! Heights of the ground, exact against what numpy makes of the pixels that GDAL reads where pyproj puts them.

use super::{import, oracle, written};
use crate::support::{Server, key, shared};
use cimbra::model::Collections;
use cimbra::store::{Relief, Store};
use serde_json::{Value, json};
use std::path::Path;

/// Metres: pixels are kept with 32 bits.
const EXACT: f64 = 2e-4;

/// Compares places with what the oracle says of them; gives how many had a height.
fn agree(relief: &Relief, places: &Value, add: f64, what: &str) -> usize {
    let places: Vec<(f64, f64, Option<f64>)> = serde_json::from_value(places.clone()).unwrap();
    let at: Vec<[f64; 2]> = places.iter().map(|(lon, lat, _)| [*lon, *lat]).collect();
    let mut found = 0;
    for ((lon, lat, expected), ground) in places.iter().zip(relief.ground(&at, 0.0).unwrap()) {
        match (expected, ground) {
            (None, None) => {}
            (Some(expected), Some((_, ground))) => {
                found += 1;
                assert!((ground.source - expected).abs() < EXACT, "{what} at {lon}, {lat}: {ground:?}, not {expected}");
                assert!((ground.height - expected - add).abs() < EXACT, "{what} at {lon}, {lat}: {ground:?} and {add}");
            }
            (expected, ground) => {
                assert_eq!(
                    expected.is_some(),
                    ground.is_some(),
                    "{what} at {lon}, {lat}: {ground:?}, not {expected:?}"
                );
            }
        }
    }
    found
}

#[test]
fn every_form_of_geotiff_gives_the_heights_that_gdal_reads() {
    let dir = tempfile::tempdir().unwrap();
    let all = written(dir.path());
    assert!(all.len() > 20);
    for (number, one) in all.iter().enumerate() {
        let file = Path::new(one["file"].as_str().unwrap());
        let store = dir.path().join(format!("store-{number}"));
        let more: Vec<&str> = one["args"].as_array().unwrap().iter().map(|a| a.as_str().unwrap()).collect();
        let (code, report, told) = import(file, &store, &more);
        assert_eq!((code, &report["objects"]), (Some(0), &json!(1)), "{}: {told}", file.display());
        assert_eq!(report["files"][0]["classes"], json!({ "relief": 1 }));
        let relief = Relief::new(&Store::open(&store).unwrap(), Collections::ALL);
        assert!(agree(&relief, &one["places"], 0.0, &file.display().to_string()) > 30, "{}", file.display());
    }
}

#[test]
fn the_finest_terrain_answers_and_a_void_is_filled_by_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let all = written(dir.path());
    let file = |name: &str| {
        let ends = format!("{name}.tif");
        all.iter().find(|one| one["file"].as_str().unwrap().ends_with(&ends)).unwrap()
    };
    let store = dir.path().join("store");
    for name in ["mercator", "int16-void", "plain"] {
        assert_eq!(import(Path::new(file(name)["file"].as_str().unwrap()), &store, &[]).0, Some(0));
    }
    let opened = Store::open(&store).unwrap();
    let relief = Relief::new(&opened, Collections::ALL);
    let finest: Vec<_> = relief.terrains().map(|(c, _)| c.dataset().to_string()).collect();
    assert_eq!(finest[0], "mercator", "its pixels are 6.8 m apart: {finest:?}");
    assert!(agree(&relief, &file("mercator")["places"], 0.0, "mercator") > 30);
    // In the hole of the one the other has its say, wherever the mercator one does not reach.
    let hole = [8.542_3, 47.370_9];
    let names = |relief: &Relief, place| relief.ground(&[place], 0.0).unwrap()[0].map(|(c, _)| c.dataset().to_string());
    let who = names(&relief, hole);
    assert_eq!(who.as_deref(), Some("plain"), "the hole of int16-void");
    let site = opened.sites()[0].clone();
    let plain = relief.terrains().map(|(c, _)| c.dataset().clone()).find(|d| d.as_str() == "plain").unwrap();
    assert!(site.remove_coverage(&plain, cimbra::units::Instant(5)).unwrap().is_some());
    assert!(site.remove_coverage(&plain, cimbra::units::Instant(6)).unwrap().is_none());
    assert_eq!(names(&Relief::new(&opened, Collections::ALL), hole), None);
    // Who holds what was removed reads on; who opens the store anew does not find it.
    assert_eq!(names(&relief, hole).as_deref(), Some("plain"));
    drop((site, relief, opened));
    let again = Store::open(&store).unwrap();
    let kept: Vec<_> = again.sites()[0].coverages().iter().map(|c| c.dataset().to_string()).collect();
    assert_eq!(kept, ["int16-void", "mercator"]);
    let folders = std::fs::read_dir(store.join("sites/000000000001/coverages")).unwrap().count();
    assert_eq!(folders, 4, "a manifest and a folder each, nothing of what was removed");
}

#[test]
fn a_real_terrain_is_asked_over_http() {
    let Some(shared) = shared() else { return };
    let dir = tempfile::tempdir().unwrap();
    let (file, store) = (shared.join("data/dem/zh_dem_25.tif"), dir.path().join("store"));
    let (code, _, told) = import(&file, &store, &["--crs", "EPSG:21781"]);
    assert_eq!(code, Some(0), "without a word on heights they are taken as ellipsoidal: {told}");
    let (code, report, told) = import(&file, &store, &["--crs", "EPSG:21781+5728", "--height-offset", "47.5"]);
    assert_eq!((code, &report["files"][0]["replaced"]), (Some(0), &json!(1)), "{told}");
    let integrator = key(&store, "integrator");
    let server = Server::start(&store, &[]);
    let places = oracle(&["heights", file.to_str().unwrap(), "EPSG:21781", "60"]);
    let points: Vec<[f64; 2]> =
        places.as_array().unwrap().iter().map(|p| [p[0].as_f64().unwrap(), p[1].as_f64().unwrap()]).collect();
    let (status, all) = server.post("/terrain/height", None, &json!({ "points": points }));
    assert_eq!(status, 200, "{all}");
    let mut found = 0;
    for (place, one) in places.as_array().unwrap().iter().zip(all["heights"].as_array().unwrap()) {
        let single = server.get(&format!("/terrain/height?lon={}&lat={}", place[0], place[1])).1;
        assert_eq!(single, *one);
        match place[2].as_f64() {
            None => assert!(one["height"].is_null() && one["dataset"].is_null(), "{one}"),
            Some(expected) => {
                // Two libraries' ways from LV03 may differ by a metre and a half on the ground, which is steep here.
                let (height, ground) = (one["height"].as_f64().unwrap(), one["groundHeight"].as_f64().unwrap());
                assert!(
                    (height - ground - 47.5).abs() < 1e-6 && (ground - expected).abs() < 2e-2,
                    "{one}, not {expected}"
                );
                assert_eq!((&one["dataset"], &one["method"]), (&json!("zh_dem_25"), &json!("bilinear")));
                found += 1;
            }
        }
    }
    assert!(found >= 60, "{found}");
    let audit = std::fs::read_to_string(store.join("audit.jsonl")).unwrap_or_default();
    assert!(!audit.contains("/terrain/height"), "a question is no write: {audit}");
    for (path, name) in
        [("lon=8.5", "lat"), ("lon=8.5&lat=91", "lat"), ("lon=x&lat=1", "lon"), ("lon=1&lat=1&z=2", "z")]
    {
        let (status, problem) = server.get(&format!("/terrain/height?{path}"));
        assert_eq!((status, &problem["errors"][0]["name"]), (400, &json!(name)), "{problem}");
    }
    for body in [
        json!({ "points": [[8.5, 95.0]] }),
        json!({ "points": [[8.5]] }),
        json!({}),
        json!({ "points": vec![[1.0, 1.0]; 10_001] }),
    ] {
        assert_eq!(server.post("/terrain/height", None, &body).0, 400);
    }
    let one = server.get("/collections/zh_dem_25").1;
    let links: Vec<_> = one["links"].as_array().unwrap().iter().map(|l| l["href"].as_str().unwrap()).collect();
    assert!(
        links.iter().any(|l| l.ends_with("/terrain/layer.json"))
            && one["extent"]["spatial"]["bbox"][0][2].as_f64().unwrap() > 400.0
    );
    let listed = server.get("/collections").1.to_string();
    assert!(listed.contains("zh_dem_25"));
    assert_eq!(server.get("/collections/zh_dem_25/items").0, 404, "it has no items");
    let revision = |server: &Server| {
        server.get_bytes("/health/live", &[]).1["cimbra-revision"].to_str().unwrap().parse::<u64>().unwrap()
    };
    let before = revision(&server);
    let delete = |path: &str, key: Option<&str>| {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut request = agent.delete(format!("{}{path}", server.base));
        if let Some(key) = key {
            request = request.header("Authorization", format!("Bearer {key}"));
        }
        request.call().unwrap().status().as_u16()
    };
    assert_eq!(delete("/collections/zh_dem_25", None), 401);
    assert_eq!(delete("/collections/buildings", Some(&integrator)), 409);
    assert_eq!(delete("/collections/zh_dem_25", Some(&integrator)), 200);
    assert_eq!(delete("/collections/zh_dem_25", Some(&integrator)), 404);
    assert!(revision(&server) > before, "the change is told");
    assert!(server.get(&format!("/terrain/height?lon={}&lat={}", points[0][0], points[0][1])).1["height"].is_null());
}

#[test]
fn who_may_not_read_a_collection_does_not_read_its_terrain_either() {
    let dir = tempfile::tempdir().unwrap();
    let all = written(dir.path());
    let plain = all.iter().find(|one| one["file"].as_str().unwrap().ends_with("/plain.tif")).unwrap();
    let store = dir.path().join("store");
    assert_eq!(import(Path::new(plain["file"].as_str().unwrap()), &store, &["--class", "camera"]).0, Some(0));
    let viewer = key(&store, "viewer");
    let server = Server::start(&store, &[]);
    let place = &plain["places"][0];
    let path = format!("/terrain/height?lon={}&lat={}", place[0], place[1]);
    assert!(server.get(&path).1["height"].is_null());
    let (_, _, body) = server.get_bytes(&path, &[("X-API-Key", &viewer)]);
    assert!(serde_json::from_slice::<Value>(&body).unwrap()["height"].is_number());
    assert_eq!(server.get("/collections/plain").0, 404);
    let layers = [server.get("/terrain/layer.json").1, {
        let (_, _, body) = server.get_bytes("/terrain/layer.json", &[("X-API-Key", &viewer)]);
        serde_json::from_slice(&body).unwrap()
    }];
    assert_eq!(layers[0]["maxzoom"], 0);
    assert!(layers[1]["maxzoom"].as_u64().unwrap() > 10 && layers[0]["version"] != layers[1]["version"]);
}
