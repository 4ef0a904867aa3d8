//! A point cloud's tiles as CesiumJS takes them within the whole map.

use super::implicit::opens;
use super::{assert_none, node};
use crate::support::las::{deep, las};
use crate::support::{Server, run};

#[test]
fn cesium_shows_a_point_cloud_of_several_tiles_without_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let (file, store) = (dir.path().join("scan.laz"), dir.path().join("store"));
    std::fs::write(&file, las(7, true, 60_000)).unwrap();
    let done = run(&["import", file.to_str().unwrap(), "--store", store.to_str().unwrap()]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let server = Server::start(&store, &[]);
    let seen = node("adopted.mjs", &[&format!("{}/3dtiles/tileset.json", server.base)]);
    for list in ["/failed", "/outside", "/errors"] {
        assert_none(&seen, list);
    }
    let contents = seen["contents"].as_array().unwrap();
    let tiles: Vec<_> = contents.iter().filter(|c| c[0].as_str().unwrap().contains("/adopted/")).collect();
    let glbs = tiles.iter().filter(|c| c[0].as_str().unwrap().ends_with(".glb")).count();
    assert!(glbs > 2, "{seen:#}");
    for one in tiles {
        let (lon, lat) = (one[1].as_f64().unwrap(), one[2].as_f64().unwrap());
        assert!((lon - 118.796).abs() < 0.02 && (lat - 32.037).abs() < 0.02, "{one}");
    }
}

#[test]
fn a_point_cloud_by_subtrees_is_shown_whole_by_four_readers() {
    let dir = tempfile::tempdir().unwrap();
    let (file, store) = (dir.path().join("scan.laz"), dir.path().join("store"));
    std::fs::write(&file, deep()).unwrap();
    let done = run(&["import", file.to_str().unwrap(), "--store", store.to_str().unwrap()]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let folder = "/adopted/000000000001/scan";
    let server = Server::start(&store, &[]);
    let (_, tileset) = server.get(&format!("{folder}/tileset.json"));
    let (mut waiting, mut paths) = (vec![&tileset["root"]], Vec::new());
    while let Some(tile) = waiting.pop() {
        paths.extend(tile["content"]["uri"].as_str().map(|uri| format!("{folder}/{uri}")));
        waiting.extend(tile["children"].as_array().into_iter().flatten());
    }
    // Subtrees have three levels.
    assert!(paths.len() > 8 && paths.iter().any(|path| path.contains("/6-")), "{paths:?}");
    let wanted = paths.iter().map(String::as_str).collect();
    for way in [format!("{folder}/tileset.json"), "/3dtiles/tileset.json".to_owned()] {
        opens("a cloud", &format!("{}{way}?tiling=implicit", server.base), &wanted);
    }
}
